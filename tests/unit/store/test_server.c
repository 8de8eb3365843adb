/* What the server says, and what becomes of the user's side: merges, places,
 * disappearances, UIDVALIDITY, refusals. */
#include "store_fixture.h"

#include <string.h>

/* One flag in all eight situations; tags follow the same rule. */
static void
test_merge(void)
{
    static const struct {
        bool base, server, wanted, result;
    } rows[] = {
        { 0, 0, 0, 0 }, { 0, 0, 1, 1 }, { 0, 1, 0, 1 }, { 0, 1, 1, 1 },
        { 1, 0, 0, 0 }, { 1, 0, 1, 0 }, { 1, 1, 0, 0 }, { 1, 1, 1, 1 },
    };
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned flag = STORE_FLAG_FLAGGED;
        gint64 id =
            fixture_add(fixture, fixture->folders[F_INBOX], i + 1, NULL, NULL);
        g_autoptr(StoreRow) row = NULL;

        must(store_server_flags(store, id, rows[i].base ? flag : 0,
                                rows[i].base ? "todo" : "", error));
        must(store_set_flags(store, id, rows[i].wanted ? flag : 0, error));
        must(store_set_tags(store, id, rows[i].wanted ? "todo" : "", error));
        must(store_server_flags(store, id, rows[i].server ? flag : 0,
                                rows[i].server ? "todo" : NULL, error));
        row = fixture_row(fixture, id);
        g_assert_cmpuint(row->flags, ==, rows[i].result ? flag : 0);
        g_assert_cmpstr(row->tags, ==, rows[i].result ? "todo" : "");
        g_assert_cmpuint(row->server_flags, ==, rows[i].server ? flag : 0);
    }
}

static void
test_merge_tags(void)
{
    static const struct {
        const char *base, *server, *wanted, *result;
    } rows[] = {
        { "", "b a", "", "a b" },       { "a b", "a b", "b", "b" },
        { "a", "a c", "a b", "a b c" }, { "a", "", "a b", "b" },
        { "a aa", "a", "a aa", "a" },   { "a", "a  b", "", "b" },
    };
    g_autoptr(Fixture) fixture = fixture_create();

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 id =
            fixture_add(fixture, fixture->folders[F_INBOX], i + 1, NULL, NULL);
        g_autoptr(StoreRow) row = NULL;

        must(store_server_flags(fixture->store, id, 0, rows[i].base, error));
        must(store_set_tags(fixture->store, id, rows[i].wanted, error));
        must(store_server_flags(fixture->store, id, 0, rows[i].server, error));
        row = fixture_row(fixture, id);
        g_assert_cmpstr(row->tags, ==, rows[i].result);
    }
}

static guint
pending(const Fixture *fixture)
{
    return store_pending_count(fixture->store, "work");
}

static gint64
match(Store *store, gint64 folder, const char *message_id, guint64 size,
      gint64 date)
{
    const StoreSought sought = { message_id, size, date, date, false };

    return store_match(store, folder, &sought, NULL);
}

static gint64
match_object(Store *store, gint64 folder, const char *email_id,
             const char *message_id, guint64 size)
{
    const StoreSought sought = { message_id, size, 0, 0, false };

    return store_match_object(store, folder, email_id, &sought);
}

/* An append: made here, given a UID. */
static void
test_append(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 inbox = fixture->folders[F_INBOX];
    gint64 id = fixture_add(fixture, inbox, 0, "a@x", NULL);
    g_autoptr(StoreRow) row = NULL;

    g_assert_cmpuint(pending(fixture), ==, 1);
    g_assert_cmpint(match(store, inbox, "a@x", 0, 0), ==, id);
    must(store_pending_failed(store, id, "over quota", error));
    must(store_pending_refused(store, id, &(StoreAsk){ .place = true },
                               "over quota", error));
    g_assert_cmpuint(pending(fixture), ==, 1); /* never lost (P14) */
    must(store_server_place(store, id, inbox, 7, error));
    must(store_server_flags(store, id, 0, "", error));
    g_assert_cmpuint(pending(fixture), ==, 0);
    g_assert_cmpint(match(store, inbox, "a@x", 0, 0), ==, 0);
    row = fixture_row(fixture, id);
    g_assert_cmpuint(row->uid, ==, 7);
    g_assert_cmpint(row->server_folder, ==, inbox);
}

static void
test_pending_rows(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 id = fixture_add(fixture, fixture->folders[F_INBOX], 5, "a@x", NULL);
    g_autoptr(GPtrArray) rows = NULL;
    const StorePending *one;

    must(store_set_flags(store, id, STORE_FLAG_SEEN, error));
    must(store_set_folder(store, id, fixture->folders[F_ARCHIVE], error));
    must(store_pending_failed(store, id, "later", error));
    must(store_pending_failed(store, id, "later still", error));
    must((rows = store_pending(store, "work", 10, error)) != NULL);
    g_assert_cmpuint(rows->len, ==, 1);
    one = rows->pdata[0];
    g_assert_cmpint(one->id, ==, id);
    g_assert_cmpint(one->server_folder, ==, fixture->folders[F_INBOX]);
    g_assert_cmpint(one->folder, ==, fixture->folders[F_ARCHIVE]);
    g_assert_cmpuint(one->uid, ==, 5);
    g_assert_cmpuint(one->flags, ==, STORE_FLAG_SEEN);
    g_assert_cmpuint(one->server_flags, ==, 0);
    g_assert_cmpuint(one->attempts, ==, 2);
    g_assert_cmpstr(one->reason, ==, "later still");
    g_assert_cmpuint(store_pending_count(store, "local"), ==, 0);
    /* taken back by hand: nothing is left to do */
    must(store_set_flags(store, id, 0, error));
    must(store_set_folder(store, id, fixture->folders[F_INBOX], error));
    g_assert_cmpuint(pending(fixture), ==, 0);
}

/* Each takes back what was asked, and nothing else. */
static void
test_refused(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 archive = fixture->folders[F_ARCHIVE];
    gint64 trash = fixture->folders[F_TRASH];
    const StoreAsk asks[] = {
        { .word = "todo" },
        { .flags = STORE_FLAG_FLAGGED },
        { .place = true, .folder = archive }, /* and now he wants another */
        { .place = true, .folder = trash },
        { .flags = STORE_FLAG_SEEN },
        { .word = "work" },
    };
    const struct {
        gint64 folder;
        unsigned flags;
        const char *tags;
    } left[] = {
        { trash, STORE_FLAG_FLAGGED, "" },
        { trash, 0, "" },
        { trash, 0, "" },
        { fixture->folders[F_INBOX], 0, "" },
        { fixture->folders[F_INBOX], STORE_FLAG_SEEN, "" },
        { fixture->folders[F_INBOX], STORE_FLAG_SEEN, "work" },
    };
    gint64 id = fixture_add(fixture, fixture->folders[F_INBOX], 5, "a@x", NULL);
    g_autoptr(StoreRow) row = NULL;

    must(store_server_flags(store, id, STORE_FLAG_SEEN, "work", error));
    must(store_set_flags(store, id, STORE_FLAG_FLAGGED, error));
    must(store_set_tags(store, id, "todo", error));
    must(store_set_folder(store, id, fixture->folders[F_TRASH], error));
    for (gsize i = 0; i < G_N_ELEMENTS(asks); i++) {
        g_autoptr(StoreRow) now = NULL;

        must(store_pending_refused(store, id, &asks[i],
                                   "NO \x1b[31mread-only", error));
        now = fixture_row(fixture, id);
        g_assert_cmpuint(now->flags, ==, left[i].flags);
        g_assert_cmpstr(now->tags, ==, left[i].tags);
        g_assert_cmpint(now->folder, ==, left[i].folder);
        g_assert_cmpuint(pending(fixture), ==, i + 1 < G_N_ELEMENTS(asks));
    }
    row = fixture_row(fixture, id);
    g_assert_cmpint(row->folder, ==, fixture->folders[F_INBOX]);
    g_assert_cmpuint(row->flags, ==, STORE_FLAG_SEEN);
    g_assert_cmpstr(row->tags, ==, "work");
    g_assert_cmpuint(pending(fixture), ==, 0);
}

/* An account without a server owes nobody anything; a message moved into it
 * leaves the server. */
static void
test_local(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 here = fixture->folders[F_LOCAL];
    gint64 id = fixture_add(fixture, here, 0, "a@x", NULL);
    gint64 moved =
        fixture_add(fixture, fixture->folders[F_INBOX], 5, "b@x", NULL);

    must(store_set_flags(store, id, STORE_FLAG_SEEN, error));
    must(store_set_tags(store, id, "todo", error));
    g_assert_cmpuint(store_pending_count(store, NULL), ==, 0);
    must(store_set_folder(store, moved, here, error));
    g_assert_cmpuint(pending(fixture), ==, 1);
    must(store_server_place(store, moved, 0, 0, error));
    g_assert_cmpuint(store_pending_count(store, NULL), ==, 0);
    must(store_set_folder(store, id, fixture->folders[F_INBOX], error));
    g_assert_cmpuint(pending(fixture), ==, 1);
}

/* Deleted for good: kept until the server agrees; what is on no server is
 * given to the settler. */
static void
test_deleted(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 there =
        fixture_add(fixture, fixture->folders[F_TRASH], 5, "a@x", NULL);
    gint64 here =
        fixture_add(fixture, fixture->folders[F_LOCAL], 0, "b@x", NULL);
    g_autoptr(GArray) unsettled = NULL;
    g_autofree char *file = NULL;

    must(store_set_file(store, there, "work/Trash/cur/a:2,", error));
    must(store_set_folder(store, there, 0, error));
    must(store_set_folder(store, here, 0, error));
    g_assert_cmpuint(pending(fixture), ==, 1);
    must((unsettled = store_unsettled(store, false, 0, error)) != NULL);
    g_assert_cmpuint(unsettled->len, ==, 1);
    g_assert_cmpint(g_array_index(unsettled, gint64, 0), ==, here);
    must(store_server_gone(store, there, &file, error));
    g_assert_cmpstr(file, ==, "work/Trash/cur/a:2,");
    g_assert_cmpuint(pending(fixture), ==, 0);
    g_assert_null(store_row(store, there, NULL));
}

/* The answer to a move is lost; a sync makes a row for the message in its new
 * place before the engine knows the UID. */
static void
test_taken_over(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 archive = fixture->folders[F_ARCHIVE];
    gint64 id = fixture_add(fixture, fixture->folders[F_INBOX], 5, "a@x", NULL);
    gint64 other = fixture_add(fixture, archive, 9, "a@x", NULL);
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(StoreRow) gone = NULL;
    g_autoptr(GArray) unsettled = NULL;

    must(store_set_file(store, other, "work/Archive/cur/b:2,S", error));
    must(store_server_flags(store, other, STORE_FLAG_SEEN, "", error));
    must(store_set_folder(store, id, archive, error));
    must(store_set_flags(store, id, STORE_FLAG_FLAGGED, error));
    must(store_server_place(store, id, archive, 9, error));
    row = fixture_row(fixture, id);
    g_assert_cmpuint(row->uid, ==, 9);
    g_assert_cmpstr(row->file, ==, "work/Archive/cur/b:2,S");
    g_assert_cmpuint(row->flags, ==, STORE_FLAG_FLAGGED | STORE_FLAG_SEEN);
    gone = fixture_row(fixture, other);
    g_assert_cmpint(gone->folder, ==, 0);
    g_assert_null(gone->file);
    must((unsettled = store_unsettled(store, false, 0, error)) != NULL);
    g_assert_cmpuint(unsettled->len, ==, 2);
    g_assert_cmpuint(pending(fixture), ==, 1); /* STORE +FLAGS \Flagged */
}

static void
test_uids(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 inbox = fixture->folders[F_INBOX];
    gint64 nine = fixture_add(fixture, inbox, 9, "a@x", NULL);
    gint64 two = fixture_add(fixture, inbox, 2, "b@x", NULL);
    g_autoptr(GArray) uids = NULL;
    const StoreUid *uid;

    fixture_add(fixture, inbox, 0, "c@x", NULL);
    must(store_set_folder(fixture->store, two, 0, error));
    must(store_set_file(fixture->store, nine, "x", error));
    must((uids = store_uids(fixture->store, inbox, error)) != NULL);
    g_assert_cmpuint(uids->len, ==, 2);
    uid = &g_array_index(uids, StoreUid, 0);
    g_assert_true(uid->uid == 2 && uid->id == two && uid->leaving
                  && uid->deleted && !uid->here);
    uid = &g_array_index(uids, StoreUid, 1);
    g_assert_true(uid->uid == 9 && uid->id == nine && !uid->leaving
                  && uid->here);
}

/* P15: found again by what they are; acts that were not confirmed survive. */
static void
test_uidvalidity(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 inbox = fixture->folders[F_INBOX];
    gint64 kept = fixture_add(fixture, inbox, 1, "a@x", NULL);
    gint64 moved = fixture_add(fixture, inbox, 2, "b@x", NULL);
    gint64 lost = fixture_add(fixture, inbox, 3, "c@x", NULL);
    gint64 made = fixture_add(fixture, inbox, 0, "d@x", NULL);
    g_autoptr(GPtrArray) files = NULL;

    must(store_set_file(store, lost, "work/INBOX/cur/c:2,", error));
    must(store_set_folder(store, moved, fixture->folders[F_ARCHIVE], error));
    must(store_uidvalidity_changed(store, inbox, 77, error));
    g_assert_cmpuint(store_orphans(store, inbox), ==, 3);
    g_assert_cmpuint(pending(fixture), ==, 1); /* only the append */
    checked(store);
    g_assert_cmpint(match(store, inbox, "a@x", 100, 0), ==, kept);
    g_assert_cmpint(match(store, inbox, "b@x", 100, 0), ==, moved);
    g_assert_cmpint(
        match(store, fixture->folders[F_ARCHIVE], "b@x", 100, 0),
        ==, 0);
    must(store_server_place(store, kept, inbox, 11, error));
    must(store_server_place(store, moved, inbox, 12, error));
    must((files = store_orphans_settle(store, inbox, error)) != NULL);
    g_assert_cmpuint(files->len, ==, 1);
    g_assert_cmpstr(files->pdata[0], ==, "work/INBOX/cur/c:2,");
    g_assert_null(store_row(store, lost, NULL));
    g_assert_cmpint(match(store, inbox, "d@x", 100, 0), ==, made);
    g_assert_cmpuint(pending(fixture), ==, 2); /* the move is still wanted */
}

/* Without a Message-ID: same size and date. */
static void
test_match_by_size(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 inbox = fixture->folders[F_INBOX];
    gint64 id = fixture_add(fixture, inbox, 0, NULL, NULL);
    g_autoptr(StoreRow) row = fixture_row(fixture, id);

    g_assert_cmpint(
        match(fixture->store, inbox, NULL, 100, row->date), ==, id);
    g_assert_cmpint(
        match(fixture->store, inbox, NULL, 101, row->date), ==, 0);
    g_assert_cmpint(
        match(fixture->store, inbox, "a@x", 100, row->date), ==, 0);
}

/* Several have one Message-ID: size says which, then the arrival; where neither
 * does, the Message-ID alone, but for who wants the same size. */
static void
test_match_several(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 inbox = fixture->folders[F_INBOX];
    StoreMessage list = { .folder = inbox,
                          .uid = 2,
                          .message_id = "a@x",
                          .date = 10,
                          .arrival = 30,
                          .size = 130 };
    gint64 direct = fixture_add(fixture, inbox, 1, "a@x", NULL);
    StoreSought sought = { "a@x", 130, 10, 0, true };
    gint64 id = 0;

    must((id = store_message_add(store, &list, error)) != 0);
    must(store_uidvalidity_changed(store, inbox, 8, error));
    g_assert_cmpint(store_match(store, inbox, &sought, NULL), ==, id);
    sought.size = 100;
    g_assert_cmpint(store_match(store, inbox, &sought, NULL), ==, direct);
    sought.size = 101;
    sought.arrival = 30;
    g_assert_cmpint(store_match(store, inbox, &sought, NULL), ==, 0);
    sought.exact = false;
    g_assert_cmpint(store_match(store, inbox, &sought, NULL), ==, id);
    sought.arrival = 31;
    g_assert_cmpint(store_match(store, inbox, &sought, NULL), ==, direct);
}

/* A name that a server gave to two does not make them one. */
static void
test_match_object(void)
{
    static const StoreObject object = { "M1", 5 };
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 inbox = fixture->folders[F_INBOX];
    gint64 named = fixture_add(fixture, inbox, 1, "a@x", NULL);
    gint64 sized = fixture_add(fixture, inbox, 2, NULL, NULL);

    must(store_object_put(store, named, &object, error));
    must(store_object_put(store, sized, &object, error));
    must(store_uidvalidity_changed(store, inbox, 8, error));
    g_assert_cmpint(match_object(store, inbox, "M1", "a@x", 7), ==,
                    named);
    g_assert_cmpint(match_object(store, inbox, "M1", NULL, 100), ==,
                    sized);
    g_assert_cmpint(match_object(store, inbox, "M1", "b@x", 100), ==, 0);
    g_assert_cmpint(match_object(store, inbox, "M1", NULL, 101), ==, 0);
    g_assert_cmpint(match_object(store, inbox, "M2", "a@x", 100), ==, 0);
}

/* One server's name of a message means nothing to another one. */
static void
test_object_left(void)
{
    static const StoreObject object = { "M1", 5 };
    g_autoptr(Fixture) fixture = fixture_create();
    Store *store = fixture->store;
    gint64 id = fixture_add(fixture, fixture->folders[F_INBOX], 1, "a@x", NULL);

    must(store_set_file(store, id, "work/INBOX/cur/a:2,", error));
    must(store_object_put(store, id, &object, error));
    must(store_set_folder(store, id, fixture->folders[F_LOCAL], error));
    g_assert_cmpint(store_object_here(store, "work", "M1"), ==, id);
    g_assert_cmpint(store_object_here(store, "local", "M1"), ==, 0);
    must(store_server_place(store, id, 0, 0, error));
    g_assert_cmpint(store_object_here(store, "work", "M1"), ==, 0);
    g_assert_false(store_has_objects(store));
    g_assert_cmpint(store_save_date(store, id), ==, 0);
}

/* Written by whoever read the folder before it was renamed, its mark leaves
 * its name. */
static void
test_mark(void)
{
    g_autoptr(Fixture) fixture = fixture_create();
    gint64 id = fixture->folders[F_LISTS];
    g_autoptr(Store) other = store_open(fixture->path, NULL);
    g_autoptr(StoreFolder) renamed = store_folder(other, id, NULL);
    g_autoptr(StoreFolder) now = NULL;
    const StoreMark mark = { 2, 9, 77 };

    g_free(renamed->name);
    renamed->name = g_strdup("Letters");
    must(store_folder_put(other, renamed, error) == id);
    must(store_folder_mark(fixture->store, id, &mark, error));
    must(store_folder_set_selectable(fixture->store, id, false, error));
    now = store_folder(fixture->store, id, NULL);
    g_assert_cmpstr(now->name, ==, "Letters");
    g_assert_cmpuint(now->uidvalidity, ==, 2);
    g_assert_cmpuint(now->uidnext, ==, 9);
    g_assert_cmpuint(now->modseq, ==, 77);
    g_assert_false(now->selectable);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/server/merge", test_merge);
    g_test_add_func("/store/server/merge-tags", test_merge_tags);
    g_test_add_func("/store/server/append", test_append);
    g_test_add_func("/store/server/pending", test_pending_rows);
    g_test_add_func("/store/server/refused", test_refused);
    g_test_add_func("/store/server/local", test_local);
    g_test_add_func("/store/server/deleted", test_deleted);
    g_test_add_func("/store/server/taken-over", test_taken_over);
    g_test_add_func("/store/server/uids", test_uids);
    g_test_add_func("/store/server/uidvalidity", test_uidvalidity);
    g_test_add_func("/store/server/match-by-size", test_match_by_size);
    g_test_add_func("/store/server/match-several", test_match_several);
    g_test_add_func("/store/server/match-object", test_match_object);
    g_test_add_func("/store/server/object-left", test_object_left);
    g_test_add_func("/store/server/mark", test_mark);
    return g_test_run();
}
