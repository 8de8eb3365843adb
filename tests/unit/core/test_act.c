/* Acts in a session of their own, without a server: each one, what it tells,
 * undo, redo, and failures that must leave everything as it was (P77). */
#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "core/act.h"
#include "core/indexer.h"
#include "core/mute.h"
#include "mime/mime.h"
#include "scene.h"
#include "sync/sync.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static sqlite3 *writer; /* another one, which waits for no turn; or NULL */
static const char *mail_root;
static guint waits; /* for the disk, with mail */

/* Who waits for the disk to have mail holds nobody's turn to write. */
static void
note_wait(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *path = g_file_read_link(link, NULL);

    if (writer == NULL || !g_str_has_prefix(path, mail_root))
        return;
    waits++;
    g_assert_cmpint(sqlite3_exec(writer, "BEGIN IMMEDIATE; ROLLBACK", NULL,
                                 NULL, NULL), ==, SQLITE_OK);
}

/* In place of the C library's. */
int
fsync(int fd)
{
    note_wait(fd);
    return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    note_wait(fd);
    return (int)syscall(SYS_fdatasync, fd);
}

int
syncfs(int fd)
{
    note_wait(fd);
    return (int)syscall(SYS_syncfs, fd);
}

static const char config[] = "account work {\n"
                             "    address  ana@example.org\n"
                             "    incoming imaps://imap.invalid\n"
                             "}\n"
                             "account home {\n"
                             "    address  ana@home.example\n"
                             "    incoming imaps://imap.invalid\n"
                             "}\n";

typedef struct {
    char *root;
    Session *session;
    Store *store;
    gint64 inbox, lists;
    gint64 id[3];
    GString *heard; /* "event folder_before>folder tags_before>tags_after\n" */
} Fixture;

static void
on_event(Event *event, void *user)
{
    Fixture *f = user;
    const char *before = event_get(event, "folder_before");
    const char *folder = event_get(event, "folder");

    if (!g_str_has_prefix(event_name(event), "message-"))
        return;
    g_string_append_printf(
        f->heard, "%s %s>%s %s>%s\n", event_name(event), before ? before : "",
        folder ? folder : "", event_get(event, "tags_before"),
        event_get(event, "tags_after"));
}

static gint64
deliver(Fixture *f, gint64 folder, const char *subject)
{
    g_autofree char *text = g_strdup_printf(
        "From: b@x.example\nSubject: %s\nMessage-ID: <%s@x>\n\nbody\n", subject,
        subject);
    g_autoptr(GError) error = NULL;
    ActAppend what = { .folder = folder, .bytes = text, .size = strlen(text) };
    gint64 id = act_append(f->session, &what, &error);

    g_assert_no_error(error);
    return id;
}

static void
set_up(Fixture *f, const void *data)
{
    static const char *const names[] = { "one", "two", "three" };

    f->session = scene_open(config, false, &f->root);
    f->store = session_store(f->session);
    f->inbox = session_make_folder(f->session, "work", "INBOX",
                                   FOLDER_ROLE_INBOX, NULL);
    f->lists = session_make_folder(f->session, "work", "Lists",
                                   FOLDER_ROLE_NONE, NULL);
    for (int i = 0; i < 3; i++)
        f->id[i] = deliver(f, f->inbox, names[i]);
    f->heard = g_string_new(NULL);
    event_bus_listen(session_bus(f->session), NULL, on_event, f);
}

static void
tear_down(Fixture *f, const void *data)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(store_check(f->store, &error));
    g_assert_no_error(error);
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_string_free(f->heard, TRUE);
    g_free(f->root);
}

/* "INBOX unread|Archive todo" of the three. g_free(). */
static char *
states(Fixture *f)
{
    GString *text = g_string_new(NULL);

    for (int i = 0; i < 3; i++) {
        g_autoptr(StoreRow) row = store_row(f->store, f->id[i], NULL);
        g_autoptr(StoreFolder) folder =
            row && row->folder ? store_folder(f->store, row->folder, NULL)
                               : NULL;
        g_autofree char *tags = row ? session_row_tags(row) : NULL;

        g_string_append_printf(text, "%s%s %s", i ? "|" : "",
                               folder ? folder->name : "-", tags ? tags : "");
    }
    return g_string_free(text, FALSE);
}

static MessageSet *
first(Fixture *f, int n)
{
    MessageSet *set = message_set_create();

    g_array_append_vals(set->ids, f->id, (guint)n);
    return set;
}

typedef bool (*DoFn)(Fixture *f, const MessageSet *set, GError **error);

static bool
do_archive(Fixture *f, const MessageSet *set, GError **error)
{
    return act_move_to_role(f->session, set, FOLDER_ROLE_ARCHIVE, error);
}

static bool
do_trash(Fixture *f, const MessageSet *set, GError **error)
{
    return act_move_to_role(f->session, set, FOLDER_ROLE_TRASH, error);
}

static bool
do_junk(Fixture *f, const MessageSet *set, GError **error)
{
    return act_move_to_role(f->session, set, FOLDER_ROLE_JUNK, error);
}

static bool
do_move(Fixture *f, const MessageSet *set, GError **error)
{
    return act_move(f->session, set, f->lists, error);
}

static bool
do_stay(Fixture *f, const MessageSet *set, GError **error)
{
    return act_move(f->session, set, f->inbox, error);
}

static bool
do_tag(Fixture *f, const MessageSet *set, GError **error)
{
    static const char *const words[] = { "+todo", "later", "-unread", NULL };

    return act_tag(f->session, set, words, error);
}

static bool
do_same_tag(Fixture *f, const MessageSet *set, GError **error)
{
    static const char *const words[] = { "+unread", "-gone", NULL };

    return act_tag(f->session, set, words, error);
}

static bool
do_read(Fixture *f, const MessageSet *set, GError **error)
{
    return act_toggle_unread(f->session, set, error);
}

static bool
do_flag(Fixture *f, const MessageSet *set, GError **error)
{
    return act_toggle_flagged(f->session, set, error);
}

static bool
do_delete(Fixture *f, const MessageSet *set, GError **error)
{
    return act_delete(f->session, set, true, error);
}

typedef struct {
    const char *name;
    DoFn act;
    const char *states; /* after it on the first two */
    const char *heard;  /* of the first */
    const char *undone; /* heard when it is taken back, of the first */
} Case;

#define UNTOUCHED "INBOX unread|INBOX unread|INBOX unread"

static const Case cases[] = {
    { "archive", do_archive, "Archive unread|Archive unread|INBOX unread",
      "message-moved work/INBOX>work/Archive unread>unread\n",
      "message-moved work/Archive>work/INBOX unread>unread\n" },
    { "trash", do_trash, "Trash unread|Trash unread|INBOX unread",
      "message-moved work/INBOX>work/Trash unread>unread\n",
      "message-moved work/Trash>work/INBOX unread>unread\n" },
    { "junk", do_junk, "Junk unread|Junk unread|INBOX unread",
      "message-moved work/INBOX>work/Junk unread>unread\n",
      "message-moved work/Junk>work/INBOX unread>unread\n" },
    { "move", do_move, "Lists unread|Lists unread|INBOX unread",
      "message-moved work/INBOX>work/Lists unread>unread\n",
      "message-moved work/Lists>work/INBOX unread>unread\n" },
    { "tag", do_tag, "INBOX later todo|INBOX later todo|INBOX unread",
      "message-tagged >work/INBOX unread>later todo\n",
      "message-tagged >work/INBOX later todo>unread\n" },
    { "read", do_read, "INBOX |INBOX |INBOX unread",
      "message-tagged >work/INBOX unread>\n",
      "message-tagged >work/INBOX >unread\n" },
    { "flag", do_flag,
      "INBOX flagged unread|INBOX flagged unread|INBOX unread",
      "message-tagged >work/INBOX unread>flagged unread\n",
      "message-tagged >work/INBOX flagged unread>unread\n" },
    { "delete", do_delete, "- unread|- unread|INBOX unread",
      "message-deleted work/INBOX>work/INBOX unread>unread\n", NULL },
};

static void
assert_heard(Fixture *f, const Case *c, const char *once)
{
    g_autofree char *twice = g_strconcat(once, once, NULL);

    g_test_message("%s", c->name);
    g_assert_cmpstr(f->heard->str, ==, twice);
    g_string_set_size(f->heard, 0);
}

/* Each act, and undo, redo, undo of it. A message that no server has and that
 * was deleted may be gone from the disk: it does not come back. */
static void
test_acts(Fixture *f, const void *data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        g_autoptr(MessageSet) set = first(f, 2);
        g_autoptr(GError) error = NULL;
        g_autofree char *after = NULL;
        g_autofree char *undone = NULL;
        g_autofree char *redone = NULL;

        g_assert_true(c->act(f, set, &error));
        g_assert_no_error(error);
        after = states(f);
        g_assert_cmpstr(after, ==, c->states);
        assert_heard(f, c, c->heard);
        if (c->undone == NULL)
            continue;
        g_assert_true(act_undo(f->session, &error));
        undone = states(f);
        g_assert_cmpstr(undone, ==, UNTOUCHED);
        assert_heard(f, c, c->undone);
        g_assert_true(act_redo(f->session, &error));
        redone = states(f);
        g_assert_cmpstr(redone, ==, c->states);
        assert_heard(f, c, c->heard);
        g_assert_true(act_undo(f->session, &error));
        g_string_set_size(f->heard, 0);
    }
}

/* What changes nothing leaves nothing to undo, and what was undone before can
 * still be done again. */
static void
test_unchanged(Fixture *f, const void *data)
{
    static const DoFn acts[] = { do_stay, do_same_tag };
    g_autoptr(MessageSet) set = first(f, 2);
    g_autoptr(StoreAct) last = NULL;
    g_autofree char *after = NULL;

    g_assert_true(do_archive(f, set, NULL));
    g_assert_true(act_undo(f->session, NULL));
    g_string_set_size(f->heard, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(acts); i++) {
        g_autofree char *stayed = NULL;
        g_autoptr(StoreAct) act = NULL;

        g_assert_true(acts[i](f, set, NULL));
        stayed = states(f);
        g_assert_cmpstr(stayed, ==, UNTOUCHED);
        act = store_act_last(f->store, false, NULL);
        g_assert_null(act);
    }
    g_assert_cmpstr(f->heard->str, ==, "");
    g_assert_true(act_redo(f->session, NULL));
    after = states(f);
    g_assert_cmpstr(after, ==, cases[0].states);
    g_assert_true(do_archive(f, set, NULL)); /* once more */
    last = store_act_last(f->store, false, NULL);
    g_assert_cmpstr(last->label, ==, "Archived 2 messages");
    g_assert_true(act_undo(f->session, NULL));
    g_clear_pointer(&after, g_free);
    after = states(f);
    g_assert_cmpstr(after, ==, UNTOUCHED);
}

/* All messages follow the first. */
static void
test_toggle(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) one = first(f, 1);
    g_autoptr(MessageSet) all = first(f, 3);
    g_autofree char *after = NULL;
    g_autofree char *again = NULL;

    g_assert_true(act_toggle_flagged(f->session, one, NULL));
    g_assert_true(act_toggle_flagged(f->session, all, NULL));
    after = states(f);
    g_assert_cmpstr(after, ==, UNTOUCHED);
    g_assert_true(act_toggle_unread(f->session, all, NULL));
    again = states(f);
    g_assert_cmpstr(again, ==, "INBOX |INBOX |INBOX ");
}

static void
test_mark_read(Fixture *f, const void *data)
{
    g_autoptr(StoreAct) act = NULL;

    g_assert_true(act_mark_read(f->session, f->id[0], NULL));
    g_assert_cmpstr(f->heard->str, ==,
                    "message-tagged >work/INBOX unread>\n");
    g_assert_true(act_mark_read(f->session, f->id[0], NULL));
    g_assert_cmpstr(f->heard->str, ==,
                    "message-tagged >work/INBOX unread>\n");
    act = store_act_last(f->store, false, NULL);
    g_assert_null(act); /* nothing to undo */
}

/* A copy is a row and a whole file of its own; the message itself stays. */
static void
test_copy(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = first(f, 1);
    g_autoptr(GArray) ids = NULL;
    g_autofree char *after = NULL;
    g_autoptr(StoreFolder) lists = NULL;

    g_assert_true(act_copy(f->session, set, f->lists, NULL));
    after = states(f);
    g_assert_cmpstr(after, ==, UNTOUCHED);
    g_assert_cmpstr(f->heard->str, ==, "");
    ids = store_find_id(f->store, "one@x", NULL);
    g_assert_cmpuint(ids->len, ==, 2);
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(StoreRow) row =
            store_row(f->store, g_array_index(ids, gint64, i), NULL);
        g_autofree char *path = session_message_path(f->session, row);
        g_autofree char *bytes = NULL;

        g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
        g_assert_nonnull(strstr(bytes, "body"));
    }
    lists = store_folder(f->store, f->lists, NULL);
    g_assert_cmpuint(lists->total, ==, 1);
    g_assert_true(act_undo(f->session, NULL));
    g_clear_pointer(&lists, store_folder_free);
    lists = store_folder(f->store, f->lists, NULL);
    g_assert_cmpuint(lists->total, ==, 0);
    g_free(after);
    after = states(f);
    g_assert_cmpstr(after, ==, UNTOUCHED);
}

/* What an act needs: messages, the trash for deleting. Nothing is done. */
static void
test_refused(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) none = message_set_create();
    g_autoptr(MessageSet) set = first(f, 3);
    static const char *const bad[] = { "+", NULL };
    g_autofree char *after = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(cases[i].act(f, none, &error));
        g_assert_true(err_is(error, ERR_USAGE));
    }
    for (int i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        bool ok = i == 0   ? act_delete(f->session, set, false, &error)
                  : i == 1 ? act_move(f->session, set, 4711, &error)
                           : act_tag(f->session, set, bad, &error);

        g_assert_false(ok);
        g_assert_nonnull(error);
    }
    after = states(f);
    g_assert_cmpstr(after, ==, UNTOUCHED);
    g_assert_cmpstr(f->heard->str, ==, "");
    g_assert_true(act_undo(f->session, NULL)); /* says: nothing to undo */
    g_assert_true(act_redo(f->session, NULL));
}

/* A copy that cannot be written: no row, no file, nothing to undo. */
static void
test_no_room(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = first(f, 2);
    g_autoptr(StoreFolder) lists = store_folder(f->store, f->lists, NULL);
    g_autofree char *path = g_build_filename(
        session_paths(f->session)->mail, lists->path, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ids = NULL;
    g_autoptr(StoreAct) act = NULL;

    file_remove_tree(path, NULL);
    g_assert_true(g_file_set_contents(path, "in the way", -1, NULL));
    g_assert_false(act_copy(f->session, set, f->lists, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_nonnull(strstr(error->message, path));
    ids = store_find_id(f->store, "one@x", NULL);
    g_assert_cmpuint(ids->len, ==, 1);
    act = store_act_last(f->store, false, NULL);
    g_assert_null(act);
    g_unlink(path);
}

static guint
changed_folders(Fixture *f)
{
    g_autoptr(GHashTable) changed = sync_changed_folders(
        f->store, session_paths(f->session)->mail, "work", false, NULL);

    return g_hash_table_size(changed);
}

/* Files in a folder, whatever they are called. */
static guint
files_in(Fixture *f, gint64 id)
{
    static const char *const parts[] = { "cur", "new", "tmp" };
    g_autoptr(StoreFolder) folder = store_folder(f->store, id, NULL);
    guint n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename(
            session_paths(f->session)->mail, folder->path, parts[i], NULL);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

        while (dir && g_dir_read_name(dir))
            n++;
    }
    return n;
}

/* The last of three cannot be copied: the files of the first two, for which no
 * row was made, are not there to be found and uploaded. */
/* What is not on this machine cannot be copied, and nothing is half done. */
static void
test_copy_not_here(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = first(f, 2);
    g_autoptr(GError) error = NULL;

    g_assert_true(store_set_file(f->store, f->id[1], NULL, NULL));
    g_assert_false(act_copy(f->session, set, f->lists, &error));
    g_assert_true(err_is(error, ERR_REFUSED));
    g_assert_nonnull(strstr(error->message, "open the message, then copy it"));
    g_assert_cmpuint(files_in(f, f->lists), ==, 0);
}

static void
test_copy_fails(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = first(f, 3);
    g_autoptr(StoreRow) row = store_row(f->store, f->id[2], NULL);
    g_autofree char *path = session_message_path(f->session, row);
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ids = NULL;

    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    g_assert_false(act_copy(f->session, set, f->lists, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_cmpuint(files_in(f, f->lists), ==, 0);
    ids = store_find_id(f->store, "one@x", NULL);
    g_assert_cmpuint(ids->len, ==, 1);
}

static sqlite3 *
open_state(Fixture *f)
{
    sqlite3 *db = NULL;

    g_assert_cmpint(sqlite3_open(store_path(f->store), &db), ==, SQLITE_OK);
    return db;
}

/* A row that cannot be written leaves no file. */
static void
test_append_fails(Fixture *f, const void *data)
{
    sqlite3 *db = open_state(f);
    static const char text[] = "Message-ID: <four@x>\n\nbody\n";
    ActAppend what = { .folder = f->lists, .bytes = text,
                       .size = sizeof text - 1 };
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(sqlite3_exec(db, "CREATE TRIGGER no BEFORE INSERT ON message"
                                 " BEGIN SELECT RAISE(ABORT, 'no'); END", NULL,
                                 NULL, NULL), ==, SQLITE_OK);
    g_assert_cmpint(act_append(f->session, &what, &error), ==, 0);
    g_assert_true(err_is(error, ERR_LOCAL));
    g_assert_cmpuint(files_in(f, f->lists), ==, 0);
    g_assert_cmpint(sqlite3_exec(db, "DROP TRIGGER no", NULL, NULL, NULL), ==,
                    SQLITE_OK);
    sqlite3_close(db);
}

/* Nobody who writes waits until the disk has a copy or a message of our own,
 * and the disk is waited for once, not once for each (P35). */
static void
test_turn(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = first(f, 3);

    mail_root = session_paths(f->session)->mail;
    writer = open_state(f);
    waits = 0;
    g_assert_true(act_copy(f->session, set, f->lists, NULL));
    g_assert_cmpuint(waits, ==, 1);
    deliver(f, f->lists, "four");
    g_assert_cmpuint(waits, >, 1);
    sqlite3_close(g_steal_pointer(&writer));
    g_assert_cmpuint(files_in(f, f->lists), ==, 4);
}

/* Copied and not named yet, as after a kill: no message is missing or found,
 * and the settler gives the names (P77). */
static void
test_unnamed(Fixture *f, const void *data)
{
    ActAppend what = { .folder = f->lists, .bytes = "Message-ID: <four@x>\n\n",
                       .size = 22 };
    g_autoptr(ActMessage) message =
        act_message_create(f->session, &what, NULL);
    g_autoptr(StoreRow) row = NULL;
    g_autofree char *path = NULL;
    gint64 id;

    g_assert_cmpuint(files_in(f, f->lists), ==, 1);
    id = act_message_add(message, NULL);
    g_assert_cmpint(id, >, 0);
    row = store_row(f->store, id, NULL);
    path = session_message_path(f->session, row);
    g_assert_nonnull(strstr(path, "/tmp/"));
    g_assert_cmpuint(changed_folders(f), ==, 0);
    g_clear_pointer(&row, store_row_free);
    g_free(path);
    act_message_recorded(message);
    row = store_row(f->store, id, NULL);
    path = session_message_path(f->session, row);
    g_assert_nonnull(strstr(path, "/cur/"));
    g_assert_nonnull(strstr(row->file, "/cur/"));
}

/* What was changed is counted, not what was meant. */
static void
test_counts(Fixture *f, const void *data)
{
    static const char *const words[] = { "+todo", NULL };
    g_autoptr(MessageSet) one = first(f, 1);
    g_autoptr(MessageSet) all = first(f, 3);
    g_autoptr(StoreAct) last = NULL;

    g_assert_true(act_tag(f->session, one, words, NULL));
    g_assert_true(act_tag(f->session, all, words, NULL));
    last = store_act_last(f->store, false, NULL);
    g_assert_cmpstr(last->label, ==, "Tagged 2 messages +todo");
    g_clear_pointer(&last, store_act_free);
    g_assert_true(act_move(f->session, one, f->lists, NULL));
    all->threads = 3;
    g_assert_true(act_move(f->session, all, f->lists, NULL));
    last = store_act_last(f->store, false, NULL);
    g_assert_cmpstr(last->label, ==, "Moved 2 threads");
}

/* Undo takes back what the user did, whatever hooks did behind it. */
static void
test_by_hook(Fixture *f, const void *data)
{
    static const char *const words[] = { "+todo", NULL };
    g_autoptr(MessageSet) one = first(f, 1);
    g_autoptr(MessageSet) theirs = first(f, 2);
    g_autofree char *after = NULL;

    theirs->by_hook = true;
    g_assert_true(act_move(f->session, one, f->lists, NULL));
    g_assert_true(act_tag(f->session, theirs, words, NULL));
    g_assert_true(mute_toggle(f->session, theirs, NULL));
    g_assert_true(act_undo(f->session, NULL));
    after = states(f);
    g_assert_true(g_str_has_prefix(after, "INBOX "));
    g_assert_nonnull(strstr(after, "muted todo|"));
    g_assert_true(act_redo(f->session, NULL));
    g_assert_true(act_undo(f->session, NULL));
    g_assert_null(store_act_last(f->store, false, NULL));
}

/* On a screen what nobody else has is there until the act behind its deletion;
 * from the shell it is gone at once. */
static void
test_deleted(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) one = first(f, 1);
    g_autoptr(MessageSet) all = first(f, 2);
    g_autoptr(StoreRow) row = store_row(f->store, f->id[0], NULL);
    g_autofree char *path = session_message_path(f->session, row);
    g_autofree char *after = NULL;

    session_frontend(f->session)->has_screen = true;
    for (int i = 0; i < 2; i++) {
        g_assert_true(act_delete(f->session, one, true, NULL));
        session_settle(f->session);
        g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
        g_assert_true(act_undo(f->session, NULL));
        session_settle(f->session);
    }
    after = states(f);
    g_assert_true(g_str_has_prefix(after, "INBOX "));
    g_assert_true(act_delete(f->session, one, true, NULL));
    g_array_remove_index(all->ids, 0);
    g_assert_true(act_move(f->session, all, f->lists, NULL));
    session_settle(f->session);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    session_frontend(f->session)->has_screen = false;
    g_clear_pointer(&row, store_row_free);
    row = store_row(f->store, f->id[1], NULL);
    g_free(path);
    path = session_message_path(f->session, row);
    g_assert_true(act_delete(f->session, all, true, NULL));
    session_settle(f->session);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* Messages of two accounts go to the archive of their own. */
static void
test_own_account(Fixture *f, const void *data)
{
    gint64 inbox = session_make_folder(f->session, "home", "INBOX",
                                       FOLDER_ROLE_INBOX, NULL);
    gint64 other = deliver(f, inbox, "other");
    g_autoptr(MessageSet) set = first(f, 1);

    g_array_append_val(set->ids, other);
    g_assert_true(act_move_to_role(f->session, set, FOLDER_ROLE_ARCHIVE, NULL));
    g_assert_cmpstr(f->heard->str, ==,
                    "message-moved work/INBOX>work/Archive unread>unread\n"
                    "message-moved home/INBOX>home/Archive unread>unread\n");
}

/* What was done shows after a crash: the store is read by another connection
 * while the session that did it still runs (P77). */
static void
test_durable(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = first(f, 3);
    g_autoptr(Store) other = NULL;
    g_autoptr(StoreRow) row = NULL;

    g_assert_true(act_move(f->session, set, f->lists, NULL));
    other = store_open(session_paths(f->session)->state_db, NULL);
    row = store_row(other, f->id[2], NULL);
    g_assert_cmpint(row->folder, ==, f->lists);
    g_assert_cmpuint(store_pending_count(other, "work"), ==, 3);
}

/* What an act writes is not taken for another program's doing. */
static void
test_own_files(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = message_set_create();
    g_autofree char *path = NULL;
    g_autoptr(StoreRow) row = store_row(f->store, f->id[0], NULL);

    g_array_append_val(set->ids, f->id[1]);
    g_assert_true(act_copy(f->session, set, f->lists, NULL));
    g_assert_true(act_move(f->session, set, f->lists, NULL));
    g_assert_cmpuint(changed_folders(f), ==, 0);
    path = session_message_path(f->session, row);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpuint(changed_folders(f), ==, 1);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(Fixture *f, const void *data);
    } tests[] = {
        { "/core/act/acts", test_acts },
        { "/core/act/unchanged", test_unchanged },
        { "/core/act/toggle", test_toggle },
        { "/core/act/mark-read", test_mark_read },
        { "/core/act/copy", test_copy },
        { "/core/act/refused", test_refused },
        { "/core/act/own-files", test_own_files },
        { "/core/act/no-room", test_no_room },
        { "/core/act/P77/copy-fails", test_copy_fails },
        { "/core/act/copy-not-here", test_copy_not_here },
        { "/core/act/P77/append-fails", test_append_fails },
        { "/core/act/P77/unnamed", test_unnamed },
        { "/core/act/P35/turn", test_turn },
        { "/core/act/own-account", test_own_account },
        { "/core/act/counts", test_counts },
        { "/core/act/by-hook", test_by_hook },
        { "/core/act/deleted", test_deleted },
        { "/core/act/P77/durable", test_durable },
    };

    g_test_init(&argc, &argv, NULL);
    mime_init();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].fn,
                   tear_down);
    return g_test_run();
}
