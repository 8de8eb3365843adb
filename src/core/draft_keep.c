/* The copy of a draft in the Drafts folder of its account. Each version is a
 * message of its own, so that the server can be asked for it: a new Message-ID,
 * appended and the older one expunged by the engine (promise P13). What is
 * known under which Message-ID is written down before and after, so that a
 * crash between leaves no copy that nobody knows. */
#include "draft_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "core/account.h"
#include "core/act.h"
#include "core/indexer.h"
#include "maildir/maildir.h"
#include "mime/mime.h"
#include "outbox_private.h"
#include "settle.h"

#include <glib/gstdio.h>
#include <string.h>

#define COPY_ID "draft." /* what the Message-ID of a copy of ours begins with  \
                          */
#define ROW_ID "#"       /* stands for a message without one: its row */

typedef struct {
    Session *session;
    Draft *draft;
    char *maildir; /* the Drafts folder on the disk */
    char *bytes;   /* in its tmp/: the copy while it is made */
    char *message_id;
    char *forwarded; /* Message-ID of what it forwards; NULL: nothing */
    gint64 date;
    char *sum; /* of the draft */
    bool left; /* its page was just left */
} Keeping;

static void
keeping_free(Keeping *keeping)
{
    draft_free(keeping->draft);
    g_free(keeping->maildir);
    g_free(keeping->bytes);
    g_free(keeping->message_id);
    g_free(keeping->forwarded);
    g_free(keeping->sum);
    g_free(keeping);
}

/* What the copy would have: changes with everything that the user sees. */
static char *
sum_of(const Draft *draft)
{
    g_autofree char *text = draft_text(draft);
    const char *seal = draft_seal_words(draft);
    g_autofree char *all = g_strdup_printf(
        "%s\n%s\n%" G_GUINT64_FORMAT "\n%s", draft->account, text,
        draft_size(draft), seal ? seal : "");

    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
}

static bool
is_in_drafts(Session *session, const StoreRow *row)
{
    g_autoptr(StoreFolder) folder =
        row && row->folder
            ? store_folder(session_store(session), row->folder, NULL)
            : NULL;

    return folder && folder->role == FOLDER_ROLE_DRAFTS;
}

bool
draft_is_copy(Session *session, gint64 id)
{
    g_autoptr(StoreRow) row = store_row(session_store(session), id, NULL);

    return is_in_drafts(session, row);
}

/* Adds the rows of Drafts folders under one name of a copy. */
static void
add_rows(Session *session, const char *name, GArray *rows)
{
    Store *store = session_store(session);
    g_autoptr(GArray) ids = NULL;

    if (g_str_has_prefix(name, ROW_ID)) {
        gint64 id = g_ascii_strtoll(name + strlen(ROW_ID), NULL, 10);

        ids = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_array_append_val(ids, id);
    } else {
        ids = store_find_id(store, name, NULL);
    }
    for (guint i = 0; ids && i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);

        if (draft_is_copy(session, id))
            g_array_append_val(rows, id);
    }
}

static GArray *
rows_of(Session *session, char **copies)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (char **name = copies; name && *name; name++)
        add_rows(session, *name, rows);
    return rows;
}

bool
draft_is_over(Session *session, const Draft *draft)
{
    g_autofree char *sum = NULL;
    g_autoptr(StoreFolder) folder = NULL;
    g_autoptr(GArray) rows = NULL;

    if (draft->open || draft->copies == NULL || draft->copies[0] == NULL
        || draft->kept == NULL)
        return false;
    sum = sum_of(draft);
    if (strcmp(sum, draft->kept) != 0)
        return false; /* what was written since is nowhere else */
    folder = store_folder_by_role(session_store(session), draft->account,
                                  FOLDER_ROLE_DRAFTS, NULL);
    rows = rows_of(session, draft->copies);
    return folder && rows->len == 0;
}

static bool
remove_rows(Session *session, const GArray *rows, GError **error)
{
    for (guint i = 0; i < rows->len; i++)
        if (!store_set_folder(session_store(session),
                              g_array_index(rows, gint64, i), 0, error))
            return false;
    return true;
}

/* Files, server and screen follow. */
static void
follow(Session *session, const char *account)
{
    Account *owner = session_account(session, account);

    settler_kick(session_settler(session));
    indexer_kick(session_indexer(session));
    if (owner)
        account_kick(owner);
    session_rows_changed(session);
}

bool
draft_remove_copies(Session *session, const Draft *draft, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(GArray) rows = rows_of(session, draft->copies);
    bool ok;

    if (rows->len == 0)
        return true;
    if (!store_begin(store, error))
        return false;
    ok = remove_rows(session, rows, error);
    if (!store_end(store, ok, ok ? error : NULL) || !ok)
        return false;
    follow(session, draft->account);
    return true;
}

static gint64
drafts_folder(Session *session, const char *account, GError **error)
{
    g_autoptr(StoreFolder) folder = store_folder_by_role(
        session_store(session), account, FOLDER_ROLE_DRAFTS, NULL);

    return folder ? folder->id
                  : session_make_folder(session, account, "Drafts",
                                        FOLDER_ROLE_DRAFTS, error);
}

static char *
drafts_maildir(Session *session, const char *account, GError **error)
{
    gint64 id = drafts_folder(session, account, error);
    g_autoptr(StoreFolder) folder =
        id ? store_folder(session_store(session), id, error) : NULL;

    return folder ? g_build_filename(session_paths(session)->mail, folder->path,
                                     NULL)
                  : NULL;
}

/* On the screen when its page was just left: where it is was said to be
 * elsewhere. */
static void
tell_here_only(Session *session, const Draft *draft, bool left,
               const GError *error)
{
    Frontend *frontend = session_frontend(session);

    if (left && frontend->has_screen)
        frontend_tell(frontend, TELL_ERROR, false,
                      "the draft is on this machine only, :edit-draft goes on "
                      "with it: %s",
                      error->message);
    else
        log_add(LOG_WARN, draft->account,
                "a draft is kept on this machine only: %s", error->message);
}

/* One transaction: the new copy, and the older ones away. */
static bool
replace(Session *session, const Keeping *keeping, char **older, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(GArray) rows = rows_of(session, older);
    ActAppend what = { .path = keeping->bytes,
                       .flags = STORE_FLAG_DRAFT | STORE_FLAG_SEEN,
                       /* its bytes hide it */
                       .to = keeping->draft->encrypt ? keeping->draft->to
                                                     : NULL };
    g_autoptr(ActMessage) message = NULL;
    bool ok;

    what.folder = drafts_folder(session, keeping->draft->account, error);
    if (what.folder == 0)
        return false;
    message = act_message_create(session, &what, error);
    if (message == NULL || !store_begin(store, error))
        return false;
    ok = act_message_add(message, error) != 0
         && remove_rows(session, rows, error);
    if (!store_end(store, ok, ok ? error : NULL) || !ok)
        return false;
    act_message_recorded(message);
    return true;
}

static void
set_copies(Draft *draft, char **copies)
{
    g_strfreev(draft->copies);
    draft->copies = copies;
}

static char **
with_one_more(char **words, const char *word)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (char **old = words; old && *old; old++)
        g_strv_builder_add(builder, *old);
    g_strv_builder_add(builder, word);
    return g_strv_builder_end(builder);
}

/* The copy is made; the draft may have gone its way meanwhile. */
static bool
put_in(Keeping *keeping, GError **error)
{
    Session *session = keeping->session;
    const char *path = keeping->draft->path;
    g_autoptr(Draft) draft = draft_load(path, NULL);
    g_auto(GStrv) older = NULL;
    const char *only[] = { keeping->message_id, NULL };

    if (draft == NULL || outbox_has_draft(session_outbox(session), path))
        return true;
    older = g_strdupv(draft->copies);
    set_copies(draft, with_one_more(older, keeping->message_id));
    if (!draft_save_facts(draft, error)
        || !replace(session, keeping, older, error))
        return false;
    set_copies(draft, g_strdupv((char **)only));
    g_free(draft->kept);
    draft->kept = g_strdup(keeping->sum);
    follow(session, draft->account);
    return draft_save_facts(draft, error);
}

/* The fields that what is sent does not have, then the rest. Those of an
 * encrypted one are inside. */
static bool
fill(int fd, void *user, GError **error)
{
    const Keeping *keeping = user;
    const Draft *draft = keeping->draft;
    g_autofree char *bcc = NULL;
    g_autofree char *forwarded = NULL;

    if (draft->seal)
        return draft_build_to(draft, keeping->message_id, keeping->date, fd,
                              error);
    if (*draft->bcc) {
        bcc = mime_address_field("Bcc", draft->bcc, error);
        if (bcc == NULL
            || !file_write_all(fd, bcc, strlen(bcc), "the draft", error))
            return false;
    }
    if (keeping->forwarded) {
        forwarded = g_strdup_printf("X-Forwarded-Message-Id: <%s>\r\n",
                                    keeping->forwarded);
        if (!file_write_all(fd, forwarded, strlen(forwarded), "the draft",
                            error))
            return false;
    }
    return draft_build_to(draft, keeping->message_id, keeping->date, fd, error);
}

static void *
make_copy(Job *job, void *request, GError **error)
{
    Keeping *keeping = request;

    if (maildir_create(keeping->maildir, error))
        file_write_filled(keeping->bytes, fill, keeping, error);
    return NULL;
}

static void
made_copy(void *user, void *answer, const GError *error)
{
    Keeping *keeping = user;
    g_autoptr(GError) reason = error ? g_error_copy(error) : NULL;

    if (reason == NULL)
        put_in(keeping, &reason);
    g_unlink(keeping->bytes);
    if (reason && !err_is(reason, ERR_CANCELLED))
        tell_here_only(keeping->session, keeping->draft, keeping->left, reason);
}

static const JobClass keep_class = {
    .name = "keep draft",
    .run = make_copy,
    .answer = made_copy,
    .free_request = (GDestroyNotify)keeping_free,
};

/* The Message-ID of what the draft forwards. */
static char *
forwarded_id(Session *session, const Draft *draft)
{
    g_autoptr(StoreRow) row = NULL;

    if (draft->parent == 0
        || (draft->kind != DRAFT_FORWARD
            && draft->kind != DRAFT_FORWARD_ATTACHED))
        return NULL;
    row = store_row(session_store(session), draft->parent, NULL);
    return row && row->message_id && strpbrk(row->message_id, "\r\n<>") == NULL
               ? g_strdup(row->message_id)
               : NULL;
}

bool
draft_is_kept_in_folder(Session *session, const Draft *draft)
{
    return session_account(session, draft->account)
           && g_strcmp0(options_get(session_options(session), "keep-drafts",
                                    draft->account, NULL),
                        "here")
                  != 0;
}

static void
keep(Session *session, Draft *taken, bool left)
{
    Outbox *outbox = session_outbox(session);
    g_autoptr(Draft) draft = taken;
    g_autofree char *sum = sum_of(draft);
    g_autofree char *base = draft_sibling(draft->path, ".copy");
    g_autofree char *name = g_path_get_basename(base);
    g_autofree char *maildir = NULL;
    g_autofree char *id = NULL;
    g_autoptr(GError) error = NULL;
    Keeping *keeping;

    if (!draft_is_kept_in_folder(session, draft)
        || g_strcmp0(sum, draft->kept) == 0
        || outbox_has_draft(outbox, draft->path))
        return;
    maildir = drafts_maildir(session, draft->account, &error);
    if (maildir == NULL) {
        tell_here_only(session, draft, left, error);
        return;
    }
    id = mime_new_message_id(
        account_address(session_account(session, draft->account)));
    keeping = g_new0(Keeping, 1);
    keeping->session = session;
    keeping->left = left;
    keeping->maildir = g_steal_pointer(&maildir);
    keeping->bytes = g_build_filename(keeping->maildir, "tmp", name, NULL);
    keeping->message_id = g_strconcat(COPY_ID, id, NULL);
    keeping->forwarded = forwarded_id(session, draft);
    keeping->date = clock_now();
    keeping->sum = g_steal_pointer(&sum);
    keeping->draft = g_steal_pointer(&draft);
    keeping->draft->flowed = false; /* to be read back as it is */
    keeping->draft->markdown = false;
    draft_seal_copy(session, keeping->draft, keeping->forwarded);
    outbox_build(outbox, &keep_class, keeping);
}

void
draft_keep(Session *session, const char *path)
{
    Draft *draft = draft_load(path, NULL);

    if (draft)
        keep(session, draft, false);
}

static Draft *
set_open(const char *path, bool open)
{
    Draft *draft = draft_load(path, NULL);
    g_autoptr(GError) error = NULL;

    if (draft == NULL || draft->open == open)
        return draft;
    draft->open = open;
    if (!draft_save_facts(draft, &error))
        log_add(LOG_WARN, draft->account, "%s", error->message);
    return draft;
}

void
draft_opened(Session *session, const char *path)
{
    draft_free(set_open(path, true));
}

void
draft_closed(Session *session, const char *path)
{
    Draft *draft;

    /* What ends before it is in the outbox is offered again. */
    if (g_hash_table_contains(session_outbox(session)->leaving, path))
        return;
    draft = set_open(path, false);
    if (draft)
        keep(session, draft, true);
}

static char *
name_of(const StoreRow *row)
{
    return row->message_id
               ? g_strdup(row->message_id)
               : g_strdup_printf(ROW_ID "%" G_GINT64_FORMAT, row->id);
}

static bool
has_copy(const Draft *draft, const char *name)
{
    return draft && draft->copies
           && g_strv_contains((const char *const *)draft->copies, name);
}

/* Has a draft that is in the outbox the copy? */
static bool
is_leaving(Session *session, const char *name)
{
    g_autoptr(GHashTable) paths = outbox_drafts(session_outbox(session));
    GHashTableIter iter;
    void *path;
    bool found = false;

    g_hash_table_iter_init(&iter, paths);
    while (!found && g_hash_table_iter_next(&iter, &path, NULL)) {
        g_autoptr(Draft) draft = draft_load(path, NULL);

        found = has_copy(draft, name);
    }
    return found;
}

Draft *
draft_of_copy(Session *session, gint64 id, GError **error)
{
    g_autoptr(StoreRow) row = store_row(session_store(session), id, NULL);
    g_autofree char *name = row ? name_of(row) : NULL;
    g_autoptr(GPtrArray) list = name ? draft_list(session, NULL) : NULL;

    for (guint i = 0; list && i < list->len; i++)
        if (has_copy(list->pdata[i], name))
            return g_ptr_array_steal_index(list, i);
    if (name && is_leaving(session, name))
        err_set(error, ERR_USAGE,
                "this draft is in the outbox: go there (g o) and take it back "
                "(d), or run `posthorn outbox cancel`");
    return NULL;
}

void
draft_find_parent(Session *session, Draft *draft, MimeMessage *copy)
{
    const char *field = mime_header(copy, "X-Forwarded-Message-Id");
    g_autofree char *forwarded = draft_clean_ids(field ? field : "");
    const char *id = *forwarded ? forwarded : draft->in_reply_to;
    g_autoptr(GArray) ids =
        *id ? store_find_id(session_store(session), id, NULL) : NULL;

    draft->kind = DRAFT_NEW;
    draft->parent = ids && ids->len ? g_array_index(ids, gint64, 0) : 0;
    if (draft->parent == 0)
        return;
    if (*forwarded)
        draft->kind = DRAFT_FORWARD;
    else
        draft->kind = *draft->cc ? DRAFT_REPLY_ALL : DRAFT_REPLY;
}

typedef struct {
    char *name; /* of the copy */
    DraftStarted done;
    void *user;
} Resuming;

static void
resumed(Draft *draft, const GError *error, void *user)
{
    Resuming *r = user;
    const char *copies[] = { r->name, NULL };
    g_autoptr(GError) reason = error ? g_error_copy(error) : NULL;

    if (draft) {
        set_copies(draft, g_strdupv((char **)copies));
        g_free(draft->kept);
        draft->kept = sum_of(draft);
        draft_save_facts(draft, &reason);
    }
    r->done(reason ? NULL : draft, reason, r->user);
    g_free(r->name);
    g_free(r);
}

void
draft_resume(Session *session, gint64 id, MimeMessage *message,
             DraftStarted done, void *user)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreRow) row = store_row(session_store(session), id, &error);
    DraftStart start = { .kind = DRAFT_AS_NEW,
                         .parent = id,
                         .message = message,
                         .resume = true };
    Resuming *resuming;

    if (row == NULL) {
        mime_message_free(message);
        done(NULL, error, user);
        return;
    }
    resuming = g_new(Resuming, 1);
    *resuming = (Resuming){ name_of(row), done, user };
    start.same_text = g_str_has_prefix(resuming->name, COPY_ID);
    draft_start_behind(session, &start, resumed, resuming);
}
