/* Gmail's All Mail: what lies in no other mailbox is a row of it, once. */
#include "bench.h"

#define ALL "All Mail"

static FakeMailbox *
use(Bench *bench, const char *name, const char *use)
{
    FakeMailbox *mailbox = fake_mailbox(bench->fake, name);

    mailbox->use = use;
    return mailbox;
}

static Bench *
gmail_create(void)
{
    Bench *bench = bench_create();
    Fake *fake = bench->fake;

    fake->gmail = fake->status = true;
    fake->qresync = false;
    fake->all = ALL;
    g_ptr_array_remove(fake->mailboxes, fake_mailbox(fake, "Archive"));
    use(bench, ALL, "\\All");
    use(bench, "Trash", "\\Trash");
    use(bench, "Starred", "\\Flagged");
    use(bench, "Important", "\\Important");
    return bench;
}

/* label NULL: archived. */
static FakeMessage *
mail(Bench *bench, guint number, const char *label)
{
    FakeMailbox *all = fake_mailbox(bench->fake, ALL);
    FakeMessage *message;

    fake_add(bench->fake, ALL, number, 0);
    message = all->messages->pdata[all->messages->len - 1];
    if (label)
        fake_label(bench->fake, label, message);
    return message;
}

/* As another program does it: All Mail's own marks stay. */
static void
unlabel(Bench *bench, const char *label, const FakeMessage *message)
{
    FakeMailbox *mailbox = fake_mailbox(bench->fake, label);

    fake_remove(mailbox, fake_find_bytes(mailbox, message->bytes)->uid);
}

static StoreFolder *
folder(Bench *bench, const char *name)
{
    g_autofree char *path = g_strdup_printf("work/%s", name);
    StoreFolder *found = bench_folder(bench, path);

    g_assert_nonnull(found);
    return found;
}

static gint64
folder_id(Bench *bench, const char *name)
{
    g_autoptr(StoreFolder) found = folder(bench, name);

    return found->id;
}

/* The one row of a message lies in this folder. */
static gint64
assert_in(Bench *bench, guint number, const char *name)
{
    gint64 id = bench_row(bench, number);
    g_autoptr(StoreRow) row = store_row(bench->store, id, NULL);

    g_assert_cmpuint(bench_rows(bench, number), ==, 1);
    g_assert_cmpint(row->folder, ==, folder_id(bench, name));
    g_assert_cmpint(row->server_folder, ==, row->folder);
    return id;
}

static bool
is_shown(const Bench *bench, const FakeMailbox *mailbox,
         const FakeMessage *message)
{
    if (mailbox->use
        && (strcmp(mailbox->use, "\\Flagged") == 0
            || strcmp(mailbox->use, "\\Important") == 0))
        return false;
    return !fake_is_all(bench->fake, mailbox)
           || !fake_is_labelled(bench->fake, message);
}

/* As bench_check(), of a mailbox what is shown. */
static guint
check_mailbox(Bench *bench, FakeMailbox *mailbox)
{
    g_autoptr(StoreFolder) found = folder(bench, mailbox->name);
    g_autoptr(GArray) uids = store_uids(bench->store, found->id, NULL);
    guint shown = 0;

    for (guint i = 0; i < mailbox->messages->len; i++)
        shown += is_shown(bench, mailbox, mailbox->messages->pdata[i]);
    for (guint i = 0; i < uids->len; i++) {
        const StoreUid *uid = &g_array_index(uids, StoreUid, i);

        bench_check_row(bench, uid, mailbox);
        g_assert_true(is_shown(bench, mailbox, fake_find(mailbox, uid->uid)));
    }
    g_assert_cmpuint(uids->len, ==, shown);
    g_assert_cmpuint(found->total, ==, shown);
    g_assert_cmpuint(bench_files(bench, found->path), ==, shown);
    return shown;
}

static void
check(Bench *bench)
{
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < bench->fake->mailboxes->len; i++)
        check_mailbox(bench, bench->fake->mailboxes->pdata[i]);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    store_check(bench->store, &error);
    g_assert_no_error(error);
}

/* So many bodies were fetched, none twice. */
static void
finish(Bench *bench, guint bodies)
{
    check(bench);
    g_assert_cmpuint(bench->fake->bodies, ==, bodies);
    bench_destroy(bench);
}

/* The row of a message in one of its folders goes into another one; 0: it is
 * deleted. */
static void
move_from(Bench *bench, guint number, const char *from, gint64 to)
{
    g_autofree char *message_id = g_strdup_printf("m%u@example.org", number);
    g_autoptr(GArray) rows = store_find_id(bench->store, message_id, NULL);
    gint64 folder = folder_id(bench, from);

    for (guint i = 0; i < rows->len; i++) {
        gint64 id = g_array_index(rows, gint64, i);
        g_autoptr(StoreRow) row = store_row(bench->store, id, NULL);

        if (row->folder == folder)
            g_assert_true(store_set_folder(bench->store, id, to, NULL));
    }
}

/* The user's own: 1 in the inbox, 2 archived, 3 with two labels, 4 archived,
 * starred and important, 5 in a mailbox of its own. */
static Bench *
some_mail(void)
{
    Bench *bench = gmail_create();
    FakeMessage *message;

    mail(bench, 1, "INBOX");
    mail(bench, 2, NULL);
    message = mail(bench, 3, "INBOX");
    fake_label(bench->fake, "Work", message);
    message = mail(bench, 4, "Starred");
    fake_label(bench->fake, "Important", message);
    mail(bench, 5, "Work");
    bench_sync(bench);
    return bench;
}

static const FakeMessage *
there(Bench *bench, guint number)
{
    return fake_mailbox(bench->fake, ALL)->messages->pdata[number - 1];
}

static void
test_first(void)
{
    Bench *bench = some_mail();
    g_autoptr(StoreFolder) all = folder(bench, ALL);
    guint selects;
    guint searches;

    check(bench);
    assert_in(bench, 1, "INBOX");
    assert_in(bench, 2, ALL);
    assert_in(bench, 4, ALL);
    assert_in(bench, 5, "Work");
    g_assert_cmpuint(bench_rows(bench, 3), ==, 2);
    g_assert_cmpuint(bench->fake->bodies, ==, 5);
    g_assert_cmpint(all->role, ==, FOLDER_ROLE_ARCHIVE);
    selects = bench->fake->selects;
    searches = bench->fake->searches;
    bench_sync(bench);
    g_assert_cmpuint(bench->fake->selects, ==, selects);
    g_assert_cmpuint(bench->fake->searches, ==, searches);
    bench_destroy(bench);
}

/* Rows from before Important was known for what it is go, but for what the user
 * did to them (P13). */
static void
test_important(void)
{
    Bench *bench = gmail_create();
    gint64 moved;
    FakeMailbox *important = fake_mailbox(bench->fake, "Important");

    important->use = NULL;
    fake_label(bench->fake, "Important", mail(bench, 1, "INBOX"));
    mail(bench, 2, "Important");
    bench_sync(bench);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 2);
    moved = bench_row(bench, 2);
    move_from(bench, 2, "Important", folder_id(bench, "Trash"));
    important->use = "\\Important";
    bench_sync(bench);
    bench_settle(bench);
    g_assert_cmpint(assert_in(bench, 2, "Trash"), ==, moved);
    bench_sync(bench);
    assert_in(bench, 1, "INBOX");
    check(bench);
    bench_destroy(bench);
}

/* A mailbox that is called so is none where another one is meant for it. */
static void
test_role(void)
{
    Bench *bench = gmail_create();
    g_autoptr(StoreFolder) before = NULL;
    g_autoptr(StoreFolder) after = NULL;

    fake_mailbox(bench->fake, "Archive");
    bench->fake->gmail = false;
    mail(bench, 1, NULL);
    bench_sync(bench);
    before = folder(bench, "Archive");
    g_assert_cmpint(before->role, ==, FOLDER_ROLE_ARCHIVE);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 0);
    bench->fake->gmail = true;
    bench_sync(bench);
    after = folder(bench, "Archive");
    g_assert_cmpint(after->role, ==, FOLDER_ROLE_NONE);
    assert_in(bench, 1, ALL);
    use(bench, "Archive", "\\Archive");
    bench_sync(bench);
    g_clear_pointer(&after, store_folder_free);
    after = folder(bench, "Archive");
    g_assert_cmpint(after->role, ==, FOLDER_ROLE_ARCHIVE);
    mail(bench, 2, NULL);
    bench_sync(bench);
    assert_in(bench, 2, ALL);
    check(bench);
    bench_destroy(bench);
}

/* only: a round of one folder, as when it was heard of. */
static void
archive_there(bool only, bool condstore)
{
    Bench *bench = some_mail();
    const FakeMessage *message = there(bench, 1);
    ImapFlags flags = { STORE_FLAG_FLAGGED, "todo" };
    g_autoptr(StoreRow) row = NULL;

    bench->fake->condstore = condstore;
    fake_flag_all(bench->fake, message->bytes, true, &flags);
    bench_sync(bench);
    bench->sync.only = only ? "work/INBOX" : NULL;
    unlabel(bench, "INBOX", message);
    bench_sync(bench);
    g_assert_cmpuint(bench->news, ==, 0);
    row = store_row(bench->store, assert_in(bench, 1, ALL), NULL);
    g_assert_cmpstr(row->tags, ==, "todo");
    check(bench);
    flags.system = STORE_FLAG_SEEN;
    fake_flag_all(bench->fake, message->bytes, true, &flags);
    bench->sync.only = NULL;
    bench_sync(bench);
    check(bench);
    bench->sync.only = only ? "work/INBOX" : NULL;
    fake_label(bench->fake, "INBOX", message);
    bench_sync(bench);
    assert_in(bench, 1, "INBOX");
    finish(bench, 5);
}

static void
test_archived_there(void)
{
    archive_there(false, true);
    archive_there(true, true);
    archive_there(false, false);
    archive_there(true, false);
}

static void
test_archived_here(void)
{
    Bench *bench = some_mail();
    gint64 id = bench_row(bench, 1);

    for (guint i = 0; i < 2; i++) {
        move_from(bench, 1, "INBOX", folder_id(bench, ALL));
        bench_sync(bench);
        bench_settle(bench);
        g_assert_cmpint(assert_in(bench, 1, ALL), ==, id);
        bench_sync(bench);
        check(bench);
        move_from(bench, 1, ALL, folder_id(bench, "INBOX"));
        bench_sync(bench);
        bench_settle(bench);
        g_assert_cmpint(assert_in(bench, 1, "INBOX"), ==, id);
        bench_sync(bench);
        check(bench);
    }
    g_assert_cmpuint(bench->fake->moves, ==, 4);
    g_assert_cmpuint(bench->fake->bodies, ==, 5);
    bench_destroy(bench);
}

/* A server that does not say under which UID it is there now, and has not moved
 * the mark for it: a row that waits is looked for. */
static void
test_archived_unseen(void)
{
    Bench *bench = some_mail();
    gint64 id = bench_row(bench, 1);

    bench->fake->uidplus = false;
    move_from(bench, 1, "INBOX", folder_id(bench, ALL));
    bench_sync(bench);
    bench_settle(bench);
    g_assert_cmpuint(store_unplaced(bench->store, folder_id(bench, ALL)), ==,
                     1);
    bench_sync(bench);
    g_assert_cmpint(assert_in(bench, 1, ALL), ==, id);
    finish(bench, 5);
}

/* What has another label is not of the rest. */
static void
test_archived_labelled(void)
{
    Bench *bench = some_mail();

    move_from(bench, 3, "INBOX", folder_id(bench, ALL));
    bench_sync(bench);
    bench_settle(bench);
    bench_sync(bench);
    assert_in(bench, 3, "Work");
    finish(bench, 5);
}

static void
test_label_removed(void)
{
    Bench *bench = some_mail();

    unlabel(bench, "Work", there(bench, 5));
    unlabel(bench, "Work", there(bench, 3));
    bench_sync(bench);
    assert_in(bench, 5, ALL);
    assert_in(bench, 3, "INBOX");
    check(bench);
    fake_label(bench->fake, "Other", there(bench, 2));
    bench_sync(bench);
    assert_in(bench, 2, "Other");
    finish(bench, 5);
}

/* What was changed here goes along. */
static void
test_changed_both(void)
{
    Bench *bench = some_mail();
    g_autoptr(StoreRow) row = NULL;

    g_assert_true(store_set_flags(bench->store, bench_row(bench, 1),
                                  STORE_FLAG_FLAGGED, NULL));
    g_assert_true(
        store_set_tags(bench->store, bench_row(bench, 4), "todo", NULL));
    unlabel(bench, "INBOX", there(bench, 1));
    fake_label(bench->fake, "Work", there(bench, 4));
    bench_sync(bench);
    bench_settle(bench);
    bench_sync(bench);
    row = store_row(bench->store, assert_in(bench, 1, ALL), NULL);
    g_assert_cmpuint(row->flags & STORE_SYSTEM_FLAGS, ==, STORE_FLAG_FLAGGED);
    g_assert_cmpuint(there(bench, 1)->flags, ==, STORE_FLAG_FLAGGED);
    g_clear_pointer(&row, store_row_free);
    row = store_row(bench->store, assert_in(bench, 4, "Work"), NULL);
    g_assert_cmpstr(row->tags, ==, "todo");
    g_assert_cmpstr(there(bench, 4)->tags, ==, "todo");
    finish(bench, 5);
}

/* Moved here while it was archived there: it is where the server has it, fetched
 * once more. */
static void
test_moved_both(void)
{
    Bench *bench = some_mail();

    move_from(bench, 1, "INBOX", folder_id(bench, "Work"));
    unlabel(bench, "INBOX", there(bench, 1));
    for (guint i = 0; i < 3; i++) {
        bench_sync(bench);
        bench_settle(bench);
    }
    assert_in(bench, 1, ALL);
    finish(bench, 6);
}

static void
test_trashed_there(void)
{
    Bench *bench = some_mail();
    FakeMailbox *trash = fake_mailbox(bench->fake, "Trash");
    g_autofree char *bytes = g_strdup(there(bench, 2)->bytes);

    fake_label(bench->fake, "Trash", there(bench, 2));
    fake_trash(bench->fake, trash, bytes);
    bench_sync(bench);
    assert_in(bench, 2, "Trash");
    finish(bench, 5);
}

/* Only headers are here. */
static void
test_headers_only(void)
{
    Bench *bench = gmail_create();
    const FakeMessage *message = mail(bench, 1, "INBOX");
    const FakeMessage *archived = mail(bench, 2, NULL);

    bench->sync.keep.after = G_MAXINT64;
    bench_sync(bench);
    assert_in(bench, 1, "INBOX");
    assert_in(bench, 2, ALL);
    unlabel(bench, "INBOX", message);
    fake_label(bench->fake, "INBOX", archived);
    bench->sync.only = "work/INBOX";
    bench_sync(bench);
    assert_in(bench, 1, ALL);
    assert_in(bench, 2, "INBOX");
    g_assert_cmpuint(bench->fake->bodies, ==, 0);
    bench_destroy(bench);
}

/* New mail in one mailbox is no reason to ask for the rest. */
static void
test_new_mail(void)
{
    Bench *bench = some_mail();
    guint searches = bench->fake->searches;

    mail(bench, 6, "INBOX");
    bench->sync.only = "work/INBOX";
    bench_sync(bench);
    assert_in(bench, 6, "INBOX");
    g_assert_cmpuint(bench->fake->searches, ==, searches);
    bench->sync.only = NULL;
    /* where UIDs are many, a slice at a time */
    fake_mailbox(bench->fake, ALL)->uidnext = 200000;
    mail(bench, 7, NULL);
    bench_sync(bench);
    assert_in(bench, 7, ALL);
    g_assert_cmpuint(bench->fake->searches, ==, searches + 3);
    g_assert_cmpuint(bench->news, ==, 2);
    check(bench);
    bench_destroy(bench);
}

static void
test_changed_here(void)
{
    Bench *bench = some_mail();
    gint64 id = bench_row(bench, 2);

    g_assert_true(store_set_flags(bench->store, id, STORE_FLAG_SEEN, NULL));
    g_assert_true(store_set_tags(bench->store, id, "todo", NULL));
    bench_sync(bench);
    g_assert_cmpuint(there(bench, 2)->flags, ==, STORE_FLAG_SEEN);
    g_assert_cmpstr(there(bench, 2)->tags, ==, "todo");
    bench_sync(bench);
    bench_settle(bench);
    check(bench);
    bench_destroy(bench);
}

/* To the trash as anywhere; for good not by losing a label. */
static void
test_deleted(void)
{
    Bench *bench = some_mail();

    move_from(bench, 2, ALL, folder_id(bench, "Trash"));
    move_from(bench, 4, ALL, 0);
    move_from(bench, 1, "INBOX", 0);
    move_from(bench, 3, "Work", 0);
    bench_sync(bench);
    bench_settle(bench);
    bench_sync(bench);
    assert_in(bench, 2, "Trash");
    assert_in(bench, 3, "INBOX");
    g_assert_cmpuint(bench_rows(bench, 1), ==, 0);
    g_assert_cmpuint(bench_rows(bench, 4), ==, 0);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Trash")->messages->len, ==, 1);
    g_assert_cmpuint(fake_mailbox(bench->fake, ALL)->messages->len, ==, 2);
    finish(bench, 5);
}

/* Many that went elsewhere go without a yes; many that are lost stay (P16). */
static void
test_many(void)
{
    Bench *bench = gmail_create();
    FakeMailbox *all = fake_mailbox(bench->fake, ALL);
    g_autoptr(StoreFolder) found = NULL;

    for (guint i = 1; i <= 60; i++)
        mail(bench, i, NULL);
    bench_sync(bench);
    check(bench);
    for (guint i = 0; i < 35; i++)
        fake_label(bench->fake, "Work", all->messages->pdata[i]);
    bench_sync(bench);
    check(bench);
    g_assert_cmpuint(bench->warned, ==, 0);
    g_assert_cmpuint(bench->fake->bodies, ==, 60);
    for (guint32 uid = 36; uid <= 59; uid++)
        fake_remove(all, uid);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 2);
    found = folder(bench, ALL);
    g_assert_cmpuint(found->total, ==, 25);
    bench->sync.accept_removals = true;
    bench_sync(bench);
    check(bench);
    bench_destroy(bench);
}

/* A search that finds nothing is no reason to forget what is here (P16). */
static void
test_blind(void)
{
    Bench *bench = gmail_create();

    for (guint i = 1; i <= 60; i++)
        mail(bench, i, NULL);
    bench_sync(bench);
    mail(bench, 61, "INBOX");
    bench->fake->claims = 61;
    bench->fake->finds = 0;
    bench_sync(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    for (guint i = 1; i <= 60; i++)
        assert_in(bench, i, ALL);
    bench->fake->claims = 0;
    bench_sync(bench);
    finish(bench, 61);
}

/* What is held is looked at again, though the mark has not moved since; else
 * what left another mailbox meanwhile would never be found (P16). */
static void
test_held(void)
{
    Bench *bench = gmail_create();

    for (guint i = 1; i <= 60; i++)
        mail(bench, i, NULL);
    mail(bench, 61, "INBOX");
    bench_sync(bench);
    bench->fake->claims = 61;
    bench->fake->finds = 0;
    unlabel(bench, "INBOX", there(bench, 61));
    for (guint i = 1; i <= 2; i++) {
        bench_sync(bench);
        g_assert_cmpuint(bench->warned, ==, i);
        assert_in(bench, 60, ALL);
    }
    bench->fake->claims = 0;
    bench_sync(bench);
    assert_in(bench, 61, ALL);
    g_assert_cmpuint(bench->warned, ==, 2);
    check(bench);
    bench_destroy(bench);
}

/* P32: what a server claims in a few words is not taken for messages; the other
 * folders go on (P37). */
static void
test_claims(void)
{
    Bench *bench = some_mail();
    static const guint32 found[] = { SYNC_REST_MOST + 1, G_MAXUINT32 };

    for (guint i = 0; i < G_N_ELEMENTS(found); i++) {
        bench->fake->claims = found[i];
        bench->fake->finds = found[i];
        mail(bench, 6 + 2 * i, "INBOX");
        mail(bench, 7 + 2 * i, NULL);
        g_assert_false(bench_try(bench));
        assert_in(bench, 6 + 2 * i, "INBOX");
        assert_in(bench, 2, ALL);
        g_assert_cmpuint(bench_rows(bench, 7 + 2 * i), ==, 0);
    }
    bench->fake->claims = 10; /* fewer than it finds then */
    bench->fake->finds = 11;
    g_assert_false(bench_try(bench));
    g_assert_cmpuint(bench_rows(bench, 7), ==, 0);
    bench->fake->claims = 0;
    bench_sync(bench);
    assert_in(bench, 7, ALL);
    check(bench);
    bench_destroy(bench);
}

/* A change of each kind, cut at each call. */
static void
change_all(Bench *bench)
{
    unlabel(bench, "INBOX", there(bench, 1));
    fake_label(bench->fake, "INBOX", there(bench, 4));
    unlabel(bench, "Work", there(bench, 5));
    move_from(bench, 2, ALL, folder_id(bench, "INBOX"));
}

static void
test_cut(void)
{
    bool cut = true;

    for (guint call = 1; cut; call++)
        for (int after = 0; after < 2; after++) {
            Bench *bench = some_mail();

            change_all(bench);
            bench->fake->calls = 0;
            bench->fake->cut_call = call;
            bench->fake->cut_after = after;
            cut = !bench_try(bench);
            bench->fake->cut_call = 0;
            bench_reopen(bench);
            for (guint i = 0; i < 3; i++) {
                bench_settle(bench);
                bench_sync(bench);
            }
            bench_settle(bench);
            assert_in(bench, 1, ALL);
            assert_in(bench, 2, "INBOX");
            assert_in(bench, 4, "INBOX");
            assert_in(bench, 5, ALL);
            check(bench);
            g_assert_cmpuint(bench->fake->bodies, ==, 5);
            bench_destroy(bench);
        }
}

/* The newest page first; what is here when it is cut is not asked for again. */
static void
test_large(void)
{
    Bench *bench = gmail_create();
    guint there_yet = 0;

    for (guint i = 1; i <= 450; i++)
        mail(bench, i, i % 9 ? NULL : "INBOX");
    bench->sync.headers_first = true;
    bench->sync.only = "work/INBOX";
    bench_sync(bench);
    g_assert_cmpuint(bench_rows(bench, 449), ==, 0);
    bench->sync.only = NULL;
    for (guint call = 1; there_yet == 0; call++) {
        g_autoptr(StoreFolder) found = NULL;

        bench->fake->calls = 0;
        bench->fake->cut_call = call;
        g_assert_false(bench_try(bench));
        bench_reopen(bench);
        found = bench_folder(bench, "work/" ALL);
        there_yet = found ? found->total : 0;
    }
    g_assert_cmpuint(there_yet, ==, SYNC_FIRST_PAGE);
    assert_in(bench, 449, ALL);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 0);
    bench->fake->cut_call = 0;
    bench_sync(bench);
    check(bench);
    g_assert_cmpuint(bench->fake->headers, ==, 400);
    g_assert_cmpuint(bench->fake->bodies, ==, 450);
    bench_destroy(bench);
}

/* What other mailboxes have is not found in the rest once more. */
static void
test_searched(void)
{
    Bench *bench = some_mail();
    g_auto(SyncFound) found = { 0 };
    g_autoptr(GError) error = NULL;

    mail(bench, 6, NULL);
    sync_search(&bench->sync, "work/" ALL, "TEXT \"body\"", &found, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found.rows->len, ==, 3);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 1);
    assert_in(bench, 6, ALL);
    bench_sync(bench);
    check(bench);
    bench_destroy(bench);
}

/* The user chose another language, and another time all UIDs are others. */
static void
test_renamed(void)
{
    Bench *bench = some_mail();
    FakeMailbox *all = fake_mailbox(bench->fake, ALL);
    gint64 id = bench_row(bench, 2);
    gint64 was = folder_id(bench, ALL);

    g_free(all->name);
    all->name = g_strdup("Alle Nachrichten");
    bench->fake->all = all->name;
    bench_sync(bench);
    g_assert_cmpint(folder_id(bench, "Alle Nachrichten"), ==, was);
    g_assert_cmpint(bench_row(bench, 2), ==, id);
    bench_settle(bench);
    check(bench);
    all->uidvalidity++;
    for (guint i = 0; i < all->messages->len; i++)
        ((FakeMessage *)all->messages->pdata[i])->uid = all->uidnext++;
    bench_sync(bench);
    g_assert_cmpint(bench_row(bench, 2), ==, id);
    finish(bench, 5);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/rest/first", test_first);
    g_test_add_func("/sync/rest/important", test_important);
    g_test_add_func("/sync/rest/role", test_role);
    g_test_add_func("/sync/rest/archived-there", test_archived_there);
    g_test_add_func("/sync/rest/archived-here", test_archived_here);
    g_test_add_func("/sync/rest/archived-unseen", test_archived_unseen);
    g_test_add_func("/sync/rest/archived-labelled", test_archived_labelled);
    g_test_add_func("/sync/rest/label-removed", test_label_removed);
    g_test_add_func("/sync/rest/changed-both", test_changed_both);
    g_test_add_func("/sync/rest/moved-both", test_moved_both);
    g_test_add_func("/sync/rest/trashed-there", test_trashed_there);
    g_test_add_func("/sync/rest/headers-only", test_headers_only);
    g_test_add_func("/sync/rest/new-mail", test_new_mail);
    g_test_add_func("/sync/rest/changed-here", test_changed_here);
    g_test_add_func("/sync/rest/deleted", test_deleted);
    g_test_add_func("/sync/rest/P16/many", test_many);
    g_test_add_func("/sync/rest/P16/blind", test_blind);
    g_test_add_func("/sync/rest/P16/held", test_held);
    g_test_add_func("/sync/rest/P32/claims", test_claims);
    g_test_add_func("/sync/rest/P19/cut", test_cut);
    g_test_add_func("/sync/rest/large", test_large);
    g_test_add_func("/sync/rest/searched", test_searched);
    g_test_add_func("/sync/rest/renamed", test_renamed);
    return g_test_run();
}
