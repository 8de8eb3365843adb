/* The copy of a draft in the Drafts folder: it follows the draft, it is gone
 * when the draft is, and another machine goes on with it (P13, P26). */
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "core/account.h"
#include "core/act.h"
#include "core/indexer.h"
#include "core/send.h"
#include "mime/mime.h"
#include "scene.h"

#include <glib/gstdio.h>
#include <string.h>

static const char config[] = "set undo-send 0s\n"
                             "account work {\n"
                             "    name     \"Ana Lindqvist\"\n"
                             "    address  ana@lindqvist.example\n"
                             "    outgoing demo:\n"
                             "    signature \"Ana\"\n"
                             "}\n";

typedef struct {
    char *root;
    Session *session;
    gint64 parent;
} Fixture;

static void
set_up(Fixture *f, const void *data)
{
    static const char parent[] = "From: bob@x.example\n"
                                 "To: ana@lindqvist.example\n"
                                 "Subject: hi\nMessage-ID: <p@x>\n\ntext\n";
    g_autofree char *text = g_strconcat(config, data, NULL);
    ActAppend what = { .bytes = parent, .size = strlen(parent) };
    g_autoptr(GError) error = NULL;

    f->session = scene_open(text, false, &f->root);
    what.folder = session_make_folder(f->session, "work", "INBOX",
                                      FOLDER_ROLE_INBOX, &error);
    f->parent = act_append(f->session, &what, &error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *f, const void *data)
{
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

static Draft *
start(Fixture *f, DraftKind kind, const char *text)
{
    DraftStart how = { .kind = kind,
                       .parent = kind == DRAFT_NEW ? 0 : f->parent,
                       .to = kind == DRAFT_REPLY ? NULL : "bob@x.example",
                       .bcc = "Zoë <zoe@x.example>",
                       .body = text };
    g_autoptr(GError) error = NULL;
    Draft *draft = draft_start(f->session, &how, &error);

    g_assert_no_error(error);
    return draft;
}

/* Until the bytes are made and the row is there. */
static void
keep(Fixture *f, const char *path)
{
    draft_keep(f->session, path);
    while (outbox_is_building(session_outbox(f->session)))
        g_main_context_iteration(NULL, TRUE);
}

/* The rows that the user sees in the Drafts folder; the last one's id. */
static guint
copies(Fixture *f, gint64 *id)
{
    Store *store = session_store(f->session);
    g_autoptr(StoreFolder) folder =
        store_folder_by_role(store, "work", FOLDER_ROLE_DRAFTS, NULL);
    StoreView view = { .folder = folder ? folder->id : -1 };
    g_autoptr(GArray) ids = store_ids(store, &view, 0, NULL);

    if (id && ids->len > 0)
        *id = g_array_index(ids, gint64, ids->len - 1);
    return ids->len;
}

static char *
bytes_of(Fixture *f, gint64 id)
{
    g_autoptr(StoreRow) row = store_row(session_store(f->session), id, NULL);
    g_autofree char *path = session_message_path(f->session, row);
    char *bytes = NULL;

    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    g_assert_cmpuint(row->flags & STORE_FLAG_DRAFT, !=, 0);
    return bytes;
}

static void
test_follows(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, "one\n");
    g_autoptr(Draft) again = NULL;
    g_autofree char *bytes = NULL;
    gint64 first = 0;
    gint64 second = 0;

    g_assert_cmpuint(copies(f, NULL), ==, 0);
    keep(f, draft->path);
    g_assert_cmpuint(copies(f, &first), ==, 1);
    keep(f, draft->path); /* nothing changed: no other version */
    g_assert_cmpuint(copies(f, &second), ==, 1);
    g_assert_cmpint(first, ==, second);
    again = draft_load(draft->path, NULL);
    draft_set(again, "subject", "later", NULL);
    g_assert_true(draft_save(again, NULL));
    keep(f, draft->path);
    g_assert_cmpuint(copies(f, &second), ==, 1);
    g_assert_cmpint(first, !=, second);
    bytes = bytes_of(f, second);
    g_assert_nonnull(strstr(bytes, "Subject: later\r\n"));
    g_assert_nonnull(strstr(bytes, "zoe@x.example"));
    g_assert_true(draft_discard(f->session, draft->path, NULL));
    g_assert_cmpuint(copies(f, NULL), ==, 0);
}

static char *
facts_path(const char *path)
{
    return g_strdup_printf("%.*s.json", (int)strlen(path) - 4, path);
}

/* Between the transaction and the note of it the process dies: both names of a
 * copy are on record, so the next version leaves no other one behind. */
static void
test_after_crash(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, "one\n");
    g_autofree char *facts = facts_path(draft->path);
    g_autofree char *old = NULL;
    g_autofree char *one = NULL;
    g_autofree char *both = NULL;
    g_autoptr(Draft) first = NULL;
    g_autoptr(Draft) second = NULL;
    g_autoptr(GString) text = NULL;

    keep(f, draft->path);
    first = draft_load(draft->path, NULL);
    g_assert_true(g_file_get_contents(facts, &old, NULL, NULL));
    draft_set(first, "subject", "two", NULL);
    g_assert_true(draft_save(first, NULL));
    keep(f, draft->path);
    second = draft_load(draft->path, NULL);
    g_assert_cmpuint(g_strv_length(second->copies), ==, 1);
    both =
        g_strdup_printf("\"%s\",\"%s\"", first->copies[0], second->copies[0]);
    text = g_string_new(old);
    one = g_strdup_printf("\"%s\"", first->copies[0]);
    g_assert_cmpuint(g_string_replace(text, one, both, 1), ==, 1);
    g_assert_true(g_file_set_contents(facts, text->str, -1, NULL));
    keep(f, draft->path);
    g_assert_cmpuint(copies(f, NULL), ==, 1);
}

typedef struct {
    bool done;
    GError *error;
} Sent;

static void
sent(const char *id, const GError *error, void *user)
{
    Sent *result = user;

    result->done = true;
    result->error = error ? g_error_copy(error) : NULL;
}

static void
flushed(guint n_sent, guint n_failed, void *user)
{
    *(bool *)user = true;
}

static void
send(Fixture *f, const char *path)
{
    SendHow how = { .no_undo = true };
    Sent result = { 0 };
    bool done = false;

    send_draft(f->session, path, &how, sent, &result);
    while (!result.done)
        g_main_context_iteration(NULL, TRUE);
    g_assert_no_error(result.error);
    outbox_flush(session_outbox(f->session), flushed, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
}

/* On its way the draft is still there for a crash; sent, it is nowhere. */
static void
test_sent(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, "one\n");

    keep(f, draft->path);
    g_assert_cmpuint(copies(f, NULL), ==, 1);
    send(f, draft->path);
    g_assert_cmpuint(copies(f, NULL), ==, 0);
    g_assert_false(g_file_test(draft->path, G_FILE_TEST_EXISTS));
}

/* What is here goes, as if this were another machine. */
static void
forget_file(const char *path)
{
    g_autofree char *facts = facts_path(path);

    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_unlink(facts), ==, 0);
}

typedef struct {
    char *path;
    bool done;
} Resumed;

static void
resumed(Draft *draft, const GError *error, void *user)
{
    Resumed *result = user;

    g_assert_no_error(error);
    g_assert_false(result->done);
    result->path = g_strdup(draft->path);
    result->done = true;
}

static Draft *
resume(Fixture *f, gint64 id)
{
    Resumed result = { 0 };
    Draft *draft = draft_of_copy(f->session, id, NULL);

    if (draft)
        return draft;
    draft_resume(f->session, id, NULL, resumed, &result);
    while (!result.done)
        g_main_context_iteration(NULL, TRUE);
    draft = draft_load(result.path, NULL);
    g_free(result.path);
    return draft;
}

/* While it waits for its time its copy makes no second draft; taken back it is
 * one again, and in the folder, as is one that never was there. */
static void
wait_and_take_back(Fixture *f, bool kept)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, "one\n");
    g_autoptr(Draft) again = NULL;
    Outbox *outbox = session_outbox(f->session);
    SendHow how = { .at = clock_now() + 3600 };
    g_autoptr(GPtrArray) list = NULL;
    const OutboxEntry *entry;
    Sent result = { 0 };
    gint64 id = 0;

    if (kept)
        keep(f, draft->path);
    g_assert_cmpuint(copies(f, &id), ==, kept);
    send_draft(f->session, draft->path, &how, sent, &result);
    while (!result.done)
        g_main_context_iteration(NULL, TRUE);
    g_assert_no_error(result.error);
    if (kept) {
        g_autoptr(GError) error = NULL;

        g_assert_null(draft_of_copy(f->session, id, &error));
        g_assert_error(error, ERR_DOMAIN, ERR_USAGE);
    }
    list = outbox_list(outbox, NULL);
    entry = outbox_undoable(outbox, list);
    g_assert_nonnull(entry);
    g_assert_true(outbox_cancel(outbox, entry->id, NULL));
    while (outbox_is_building(outbox))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(copies(f, &id), ==, 1);
    again = resume(f, id);
    g_assert_cmpstr(again->path, ==, draft->path);
}

static void
test_waiting(Fixture *f, const void *data)
{
    wait_and_take_back(f, true);
}

static void
test_waiting_new(Fixture *f, const void *data)
{
    wait_and_take_back(f, false);
}

/* Sent later is taken back while it is the last that was queued. */
static void
test_waiting_two(Fixture *f, const void *data)
{
    g_autoptr(Draft) older = start(f, DRAFT_NEW, "one\n");
    g_autoptr(Draft) newer = start(f, DRAFT_NEW, "two\n");
    Outbox *outbox = session_outbox(f->session);
    SendHow how = { .at = clock_now() + 3600 };
    const char *const paths[] = { older->path, newer->path };
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GPtrArray) rest = NULL;
    const OutboxEntry *last;

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        Sent result = { 0 };

        send_draft(f->session, paths[i], &how, sent, &result);
        while (!result.done)
            g_main_context_iteration(NULL, TRUE);
        g_assert_no_error(result.error);
    }
    list = outbox_list(outbox, NULL);
    last = outbox_undoable(outbox, list);
    g_assert_cmpstr(last->draft, ==, newer->path);
    g_assert_true(outbox_cancel(outbox, last->id, NULL));
    rest = outbox_list(outbox, NULL);
    g_assert_null(outbox_undoable(outbox, rest));
    while (outbox_is_building(outbox))
        g_main_context_iteration(NULL, TRUE);
}

static const char odd_text[] =
    "Grüße,\n\ttab  and blanks  \nFrom here on\n.\n> quoted\n\n-- \nAna\n"
    "a very long line, a very long line, a very long line, a very long line\n";

static void
test_elsewhere(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_REPLY, odd_text);
    g_autofree char *file = g_build_filename(f->root, "f.bin", NULL);
    g_autoptr(Draft) other = NULL;
    g_autoptr(Draft) same = NULL;
    g_autoptr(StoreRow) parent = NULL;
    g_autofree char *got = NULL;
    gint64 id = 0;
    gsize size;

    g_assert_true(g_file_set_contents(file, "\0\r\n\xff", 4, NULL));
    g_assert_true(draft_attach(draft, file, NULL));
    draft_set(draft, "reply-to", "board@x.example", NULL);
    g_assert_true(draft_save(draft, NULL));
    keep(f, draft->path);
    g_assert_cmpuint(copies(f, &id), ==, 1);
    g_assert_true(draft_is_copy(f->session, id));
    same = resume(f, id);
    g_assert_cmpstr(same->path, ==, draft->path);
    forget_file(draft->path);

    other = resume(f, id);
    g_assert_cmpstr(other->path, !=, draft->path);
    g_assert_cmpstr(other->from, ==, draft->from);
    g_assert_cmpstr(other->to, ==, draft->to);
    g_assert_cmpstr(other->bcc, ==, draft->bcc);
    g_assert_cmpstr(other->reply_to, ==, draft->reply_to);
    g_assert_cmpstr(other->subject, ==, draft->subject);
    g_assert_cmpstr(other->in_reply_to, ==, "p@x");
    g_assert_cmpstr(other->references, ==, draft->references);
    g_assert_cmpstr(other->text, ==, draft->text);
    g_assert_cmpint(other->kind, ==, DRAFT_REPLY);
    g_assert_cmpint(other->parent, ==, f->parent);
    g_assert_cmpuint(other->attach->len, ==, 1);
    g_assert_true(
        g_file_get_contents(other->attach->pdata[0], &got, &size, NULL));
    g_assert_cmpmem(got, size, "\0\r\n\xff", 4);

    draft_set(other, "subject", "finished there", NULL);
    g_assert_true(draft_save(other, NULL));
    keep(f, other->path);
    g_assert_cmpuint(copies(f, NULL), ==, 1);
    send(f, other->path);
    g_assert_cmpuint(copies(f, NULL), ==, 0);
    parent = store_row(session_store(f->session), f->parent, NULL);
    g_assert_cmpuint(parent->flags & STORE_FLAG_REPLIED, !=, 0);
}

static void
test_forward_elsewhere(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_FORWARD, NULL);
    g_autoptr(Draft) other = NULL;
    gint64 id = 0;

    keep(f, draft->path);
    copies(f, &id);
    forget_file(draft->path);
    other = resume(f, id);
    g_assert_cmpint(other->kind, ==, DRAFT_FORWARD);
    g_assert_cmpint(other->parent, ==, f->parent);
    g_assert_cmpstr(other->in_reply_to, ==, "");
    g_assert_cmpstr(other->text, ==, draft->text);
}

/* One that another program wrote, without an id. */
static void
test_foreign(Fixture *f, const void *data)
{
    static const char text[] = "From: ana@lindqvist.example\n"
                               "To: bob@x.example\nSubject: mine\n\nbegun\n";
    ActAppend what = { .bytes = text,
                       .size = strlen(text),
                       .flags = STORE_FLAG_DRAFT };
    g_autoptr(Draft) draft = NULL;
    gint64 id;

    what.folder = session_make_folder(f->session, "work", "Drafts",
                                      FOLDER_ROLE_DRAFTS, NULL);
    id = act_append(f->session, &what, NULL);
    draft = resume(f, id);
    g_assert_cmpstr(draft->to, ==, "bob@x.example");
    g_assert_cmpstr(draft->text, ==, "begun\n");
    draft_set(draft, "subject", "mine too", NULL);
    g_assert_true(draft_save(draft, NULL));
    keep(f, draft->path);
    g_assert_cmpuint(copies(f, NULL), ==, 1);
}

/* Sent or deleted elsewhere: not offered any more. While it is written here it
 * stays, whatever became of the copy. */
static void
test_over(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, "one\n");
    g_autoptr(GPtrArray) list = NULL;
    gint64 id = 0;

    draft_opened(f->session, draft->path);
    keep(f, draft->path);
    copies(f, &id);
    g_assert_true(store_set_folder(session_store(f->session), id, 0, NULL));
    list = draft_list(f->session, NULL);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_true(((Draft *)list->pdata[0])->open);
    draft_closed(f->session, draft->path);
    g_clear_pointer(&list, g_ptr_array_unref);
    list = draft_list(f->session, NULL);
    g_assert_cmpuint(list->len, ==, 0);
    draft_sweep(f->session);
    g_assert_false(g_file_test(draft->path, G_FILE_TEST_EXISTS));
}

/* What was written since the last copy is nowhere else. */
static void
test_over_but_edited(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, "one\n");
    g_autoptr(Draft) kept = NULL;
    g_autoptr(GPtrArray) list = NULL;
    gint64 id = 0;

    keep(f, draft->path);
    copies(f, &id);
    kept = draft_load(draft->path, NULL);
    draft_set(kept, "subject", "more", NULL);
    g_assert_true(draft_save(kept, NULL));
    g_assert_true(store_set_folder(session_store(f->session), id, 0, NULL));
    list = draft_list(f->session, NULL);
    g_assert_cmpuint(list->len, ==, 1);
    draft_sweep(f->session);
    g_assert_true(g_file_test(draft->path, G_FILE_TEST_EXISTS));
}

static void
test_here(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, "one\n");

    keep(f, draft->path);
    g_assert_cmpuint(copies(f, NULL), ==, 0);
}

#define ADD(NAME, MORE, FN)                                                    \
    g_test_add("/core/draft-keep/" NAME, Fixture, MORE, set_up, FN, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    ADD("follows", "", test_follows);
    ADD("after-crash", "", test_after_crash);
    ADD("sent", "", test_sent);
    ADD("waiting", "", test_waiting);
    ADD("waiting-new", "", test_waiting_new);
    ADD("waiting-two", "", test_waiting_two);
    ADD("elsewhere", "", test_elsewhere);
    ADD("forward-elsewhere", "", test_forward_elsewhere);
    ADD("foreign", "", test_foreign);
    ADD("over", "", test_over);
    ADD("over-but-edited", "", test_over_but_edited);
    ADD("here", "set keep-drafts here\n", test_here);
    return g_test_run();
}
