/* Messages as files of a draft. They are copied by the thread that makes
 * messages, into the files of the draft, so that they stay when the messages
 * go. */
#include "draft_private.h"

#include "base/err.h"
#include "outbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
    MESSAGES = 100,
    OPEN_TRIES = 3,
};

typedef struct {
    Session *session;
    char *path; /* of the draft */
    DraftStarted done;
    void *user;
    GPtrArray *carries; /* DraftCarry: of the builder's thread meanwhile */
} Attaching;

static void
attaching_free(Attaching *attaching)
{
    g_ptr_array_unref(attaching->carries);
    g_free(attaching->path);
    g_free(attaching);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Attaching, attaching_free)

static void *
copy(Job *job, void *request, GError **error)
{
    Attaching *a = request;

    for (guint i = 0; i < a->carries->len; i++)
        if (!draft_carry_run(a->carries->pdata[i], error))
            break;
    return NULL;
}

/* The draft as it is by now. */
static Draft *
add_files(const Attaching *a, GError **error)
{
    g_autoptr(Draft) draft = draft_load(a->path, error);

    if (draft == NULL)
        return NULL;
    if (outbox_has_draft(session_outbox(a->session), a->path))
        return err_null(error, ERR_USAGE, "the draft is in the outbox");
    for (guint i = 0; i < a->carries->len; i++) {
        const DraftCarry *carry = a->carries->pdata[i];

        for (guint k = 0; k < carry->files->len; k++)
            g_ptr_array_add(draft->attach, g_strdup(carry->files->pdata[k]));
    }
    return draft_save(draft, error) ? g_steal_pointer(&draft) : NULL;
}

static void
copied(void *user, void *answer, const GError *error)
{
    Attaching *a = user;
    g_autoptr(GError) reason = error ? g_error_copy(error) : NULL;
    g_autoptr(Draft) draft = NULL;

    if (reason == NULL)
        draft = add_files(a, &reason);
    for (guint i = 0; reason && i < a->carries->len; i++)
        draft_carry_undo(a->carries->pdata[i]);
    a->done(draft, reason, a->user);
}

static const JobClass copy_class = {
    .name = "attach messages",
    .run = copy,
    .answer = copied,
    .free_request = (GDestroyNotify)attaching_free,
};

/* ENOENT: renamed since it was looked up. */
static int
open_row(Session *session, const StoreRow *row, GError **error)
{
    g_autofree char *path = session_message_path(session, row);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (path == NULL)
        err_set(error, ERR_LOCAL,
                "the message is not on this machine yet: open it first, so "
                "that it is fetched");
    else if (fd < 0 && errno != ENOENT)
        err_set_errno(error, errno, "%s", path);
    return fd;
}

int
draft_open_message(Session *session, gint64 id, GError **error)
{
    g_autoptr(GError) reason = NULL;
    int fd = -1;

    for (int i = 0; i < OPEN_TRIES && fd < 0 && reason == NULL; i++) {
        g_autoptr(StoreRow) row =
            store_row(session_store(session), id, &reason);

        if (row)
            fd = open_row(session, row, &reason);
    }
    if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    else if (fd < 0)
        err_set(error, ERR_RETRY, "the message is being moved just now");
    return fd;
}

static bool
add_message(Attaching *a, gint64 id, guint part, GError **error)
{
    int from = draft_open_message(a->session, id, error);

    if (from >= 0)
        g_ptr_array_add(a->carries, draft_carry_message(a->path, from, part));
    return from >= 0;
}

static bool
add_messages(Attaching *a, const DraftMessages *what, GError **error)
{
    if (what->ids->len == 0)
        return err_set(error, ERR_USAGE, "no message matches");
    if (what->ids->len > MESSAGES)
        return err_set(error, ERR_USAGE,
                       "%u messages match: at most %d are attached at once",
                       what->ids->len, MESSAGES);
    for (guint i = 0; i < what->ids->len; i++)
        if (!add_message(a, g_array_index(what->ids, gint64, i), what->part,
                         error))
            return false;
    return true;
}

void
draft_attach_messages(Session *session, const char *path,
                      const DraftMessages *what, DraftStarted done, void *user)
{
    g_autoptr(Attaching) a = g_new0(Attaching, 1);
    g_autoptr(GError) error = NULL;

    a->session = session;
    a->path = g_strdup(path);
    a->done = done;
    a->user = user;
    a->carries =
        g_ptr_array_new_with_free_func((GDestroyNotify)draft_carry_free);
    if (!add_messages(a, what, &error)) {
        done(NULL, error, user);
        return;
    }
    outbox_build(session_outbox(session), &copy_class, a);
    g_steal_pointer(&a);
}
