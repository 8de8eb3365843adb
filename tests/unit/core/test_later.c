/* Threads that are muted, and messages that are put away until later. */
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "core/arrive.h"
#include "core/mute.h"
#include "core/snooze.h"
#include "mime/mime.h"
#include "scene.h"

#include <string.h>

enum {
    NOW = 1790000000,
    HOUR = 3600
};

static const char config[] = "account work {\n"
                             "    address  ana@example.org\n"
                             "    incoming imaps://imap.invalid\n"
                             "}\n";

typedef struct {
    char *root;
    Session *session;
    Store *store;
    gint64 inbox, lists;
    gint64 first, answer; /* one thread */
} Fixture;

static gint64
deliver(Fixture *f, gint64 folder, const char *id, const char *parent)
{
    g_autofree char *text = g_strdup_printf(
        "From: b@x.example\nSubject: %s\nMessage-ID: <%s@x>\n%s%s%s\nbody\n",
        id, id, parent ? "In-Reply-To: <" : "", parent ? parent : "",
        parent ? "@x>\n" : "");
    ActAppend what = { .folder = folder, .bytes = text, .size = strlen(text) };
    g_autoptr(GError) error = NULL;
    gint64 row = act_append(f->session, &what, &error);

    g_assert_no_error(error);
    return row;
}

static void
set_up(Fixture *f, const void *data)
{
    clock_pin(NOW);
    f->session = scene_open(config, false, &f->root);
    f->store = session_store(f->session);
    f->inbox = session_make_folder(f->session, "work", "INBOX",
                                   FOLDER_ROLE_INBOX, NULL);
    f->lists = session_make_folder(f->session, "work", "Lists",
                                   FOLDER_ROLE_NONE, NULL);
    f->first = deliver(f, f->inbox, "one", NULL);
    f->answer = deliver(f, f->lists, "two", "one");
}

static void
tear_down(Fixture *f, const void *data)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(store_check(f->store, &error));
    g_assert_no_error(error);
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
    clock_pin(0);
}

/* "INBOX unread" */
static void
check_state(Fixture *f, gint64 id, const char *wanted)
{
    g_autoptr(StoreRow) row = store_row(f->store, id, NULL);
    g_autoptr(StoreFolder) folder = store_folder(f->store, row->folder, NULL);
    g_autofree char *tags = session_row_tags(row);
    g_autofree char *state = g_strdup_printf("%s %s", folder->name, tags);

    g_assert_cmpstr(state, ==, wanted);
}

static MessageSet *
set_of(gint64 id)
{
    MessageSet *set = message_set_create();

    g_array_append_val(set->ids, id);
    return set;
}

static void
toggle(Fixture *f, gint64 id)
{
    g_autoptr(MessageSet) set = set_of(id);
    g_autoptr(GError) error = NULL;

    g_assert_true(message_set_widen(f->session, set, &error));
    mute_toggle(f->session, set, &error);
    g_assert_no_error(error);
}

static void
test_mute(Fixture *f, const void *data)
{
    toggle(f, f->first);
    check_state(f, f->first, "Archive muted");
    check_state(f, f->answer, "Lists muted");
    g_assert_true(act_undo(f->session, NULL));
    check_state(f, f->first, "INBOX unread");
    check_state(f, f->answer, "Lists unread");
    g_assert_true(act_redo(f->session, NULL));
    toggle(f, f->answer);
    check_state(f, f->first, "Archive ");
}

/* What arrives in a muted thread is muted, until that is undone. */
static void
test_mute_arrived(Fixture *f, const void *data)
{
    gint64 later, other;

    toggle(f, f->first);
    later = deliver(f, f->inbox, "three", "two");
    other = deliver(f, f->inbox, "four", NULL);
    arrive(f->session, (gint64[]){ later, other }, 2, false);
    check_state(f, later, "Archive muted");
    check_state(f, other, "INBOX unread");
    g_assert_true(act_undo(f->session, NULL));
    check_state(f, f->first, "INBOX unread");
    check_state(f, later, "Archive ");
    later = deliver(f, f->inbox, "five", "three");
    arrive(f->session, &later, 1, false);
    check_state(f, later, "INBOX unread");
}

static void
snooze(Fixture *f, gint64 id, gint64 until)
{
    g_autoptr(MessageSet) set = set_of(id);
    g_autoptr(GError) error = NULL;

    snooze_until(f->session, set, until, &error);
    g_assert_no_error(error);
}

static void
let_pass(Fixture *f, gint64 now)
{
    clock_pin(now);
    snooze_start(session_snooze(f->session));
}

static void
test_snooze(Fixture *f, const void *data)
{
    g_assert_true(act_mark_read(f->session, f->first, NULL));
    snooze(f, f->first, NOW + HOUR);
    check_state(f, f->first, "Archive snoozed");
    let_pass(f, NOW + HOUR - 1);
    check_state(f, f->first, "Archive snoozed");
    let_pass(f, NOW + HOUR);
    check_state(f, f->first, "INBOX unread");
}

/* The same without a program that runs at that time. */
static void
test_snooze_over(Fixture *f, const void *data)
{
    Session *next;
    g_autofree char *file = NULL;
    g_autoptr(GError) error = NULL;

    snooze(f, f->answer, NOW + HOUR);
    check_state(f, f->answer, "Archive snoozed unread");
    session_destroy(f->session);
    clock_pin(NOW + 2 * HOUR);
    file = g_build_filename(f->root, "posthorn.conf", NULL);
    next = session_create(paths_create_below(f->root), &error);
    g_assert_no_error(error);
    cmd_table_add(session_table(next), cmd_builtins);
    session_configure(next, file, &error);
    g_assert_no_error(error);
    f->session = next;
    f->store = session_store(next);
    check_state(f, f->answer, "Archive snoozed unread");
    session_open_accounts(next, &error);
    g_assert_no_error(error);
    check_state(f, f->answer, "Lists unread");
}

/* Undone it does not come back; redone it does, and to the same folder when it
 * was put off once more. */
static void
test_snooze_undone(Fixture *f, const void *data)
{
    snooze(f, f->answer, NOW + HOUR);
    g_assert_true(act_undo(f->session, NULL));
    check_state(f, f->answer, "Lists unread");
    g_assert_true(act_redo(f->session, NULL));
    snooze(f, f->answer, NOW + 2 * HOUR);
    let_pass(f, NOW + HOUR);
    check_state(f, f->answer, "Archive snoozed unread");
    let_pass(f, NOW + 2 * HOUR);
    check_state(f, f->answer, "Lists unread");
}

/* Undo brings back that it is away when its time has passed: it comes back at
 * once, and does not stay away for ever. */
static void
test_snooze_passed(Fixture *f, const void *data)
{
    const char *const words[] = { "+todo", NULL };
    g_autoptr(MessageSet) set = set_of(f->first);

    snooze(f, f->first, NOW + HOUR);
    g_assert_true(act_tag(f->session, set, words, NULL));
    let_pass(f, NOW + HOUR);
    check_state(f, f->first, "INBOX todo unread");
    g_assert_true(act_undo(f->session, NULL));
    check_state(f, f->first, "INBOX unread");
    snooze(f, f->answer, NOW + 2 * HOUR);
    g_assert_true(act_undo(f->session, NULL));
    let_pass(f, NOW + 2 * HOUR);
    g_assert_true(act_redo(f->session, NULL));
    check_state(f, f->answer, "Lists unread");
}

/* Put off, and that undone: the first time counts again. */
static void
test_snooze_put_off(Fixture *f, const void *data)
{
    snooze(f, f->answer, NOW + HOUR);
    snooze(f, f->answer, NOW + 9 * HOUR);
    g_assert_true(act_undo(f->session, NULL));
    g_assert_true(act_mark_read(f->session, f->first, NULL));
    toggle(f, f->first);
    let_pass(f, NOW + HOUR);
    check_state(f, f->answer, "Lists muted unread");
}

/* Another program moved the message while it was away: another row, which the
 * server says is snoozed. */
static void
test_snooze_moved(Fixture *f, const void *data)
{
    const char *const words[] = { "+snoozed", NULL };
    g_autoptr(MessageSet) set = NULL;
    gint64 other;

    snooze(f, f->first, NOW + HOUR);
    g_assert_true(store_remove(f->store, f->first, NULL));
    other = deliver(f, f->lists, "one", NULL);
    set = set_of(other);
    let_pass(f, NOW + HOUR);
    check_state(f, other, "Lists unread");
    g_assert_true(act_tag(f->session, set, words, NULL));
    let_pass(f, NOW + HOUR);
    check_state(f, other, "INBOX unread");
}

/* `snooze now`; what went to the trash meanwhile stays there; what was moved
 * and lost its tag is left alone. */
static void
test_snooze_ended(Fixture *f, const void *data)
{
    g_autoptr(MessageSet) set = set_of(f->answer);
    g_autoptr(GError) error = NULL;

    snooze(f, f->first, NOW + HOUR);
    snooze(f, f->answer, NOW + HOUR);
    snooze(f, f->first, 0); /* the whole thread comes back */
    check_state(f, f->first, "INBOX unread");
    check_state(f, f->answer, "Lists unread");
    g_assert_false(snooze_until(f->session, set, 0, &error));
    g_assert_true(err_is(error, ERR_USAGE));
    snooze(f, f->answer, NOW + HOUR);
    g_assert_true(act_move_to_role(f->session, set, FOLDER_ROLE_TRASH, NULL));
    let_pass(f, NOW + HOUR);
    check_state(f, f->answer, "Trash unread");
    check_state(f, f->first, "INBOX unread");
}

/* Archived mail comes back to the inbox; a draft is refused, and nothing of
 * the others was done. */
static void
test_snooze_places(Fixture *f, const void *data)
{
    gint64 drafts = session_make_folder(f->session, "work", "Drafts",
                                        FOLDER_ROLE_DRAFTS, NULL);
    gint64 draft = deliver(f, drafts, "draft", NULL);
    g_autoptr(MessageSet) set = set_of(f->first);
    g_autoptr(GError) error = NULL;

    g_array_append_val(set->ids, draft);
    g_assert_false(snooze_until(f->session, set, NOW + HOUR, &error));
    g_assert_true(err_is(error, ERR_USAGE));
    check_state(f, f->first, "INBOX unread");
    g_array_set_size(set->ids, 1);
    g_assert_true(act_move_to_role(f->session, set, FOLDER_ROLE_ARCHIVE, NULL));
    snooze(f, f->first, NOW + HOUR);
    check_state(f, f->first, "Archive snoozed unread");
    let_pass(f, NOW + HOUR);
    check_state(f, f->first, "INBOX unread");
}

static void
add(const char *name, void (*test)(Fixture *, const void *))
{
    g_test_add(name, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    mime_init();
    g_test_init(&argc, &argv, NULL);
    add("/core/later/mute", test_mute);
    add("/core/later/mute-arrived", test_mute_arrived);
    add("/core/later/snooze", test_snooze);
    add("/core/later/snooze-over", test_snooze_over);
    add("/core/later/snooze-undone", test_snooze_undone);
    add("/core/later/snooze-passed", test_snooze_passed);
    add("/core/later/snooze-put-off", test_snooze_put_off);
    add("/core/later/snooze-moved", test_snooze_moved);
    add("/core/later/snooze-ended", test_snooze_ended);
    add("/core/later/snooze-places", test_snooze_places);
    return g_test_run();
}
