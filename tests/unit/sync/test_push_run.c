/* P13: what the user does while a command is on its way, or the server says
 * no, is neither forgotten nor turned into something else. */
#include "bench.h"
#include "sync_private.h"

enum { STAR = STORE_FLAG_FLAGGED };

/* What the user does while the answer to the next call is awaited. */
static struct {
    const char *call;
    void (*act)(Bench *bench);
} scene;

static void
on_changing(void *user, const char *call)
{
    void (*act)(Bench *bench) = scene.act;

    if (act == NULL || strcmp(call, scene.call) != 0)
        return;
    scene.act = NULL; /* once */
    act(user);
}

static void
act_during(Bench *bench, const char *call, void (*act)(Bench *bench))
{
    scene.call = call;
    scene.act = act;
    bench->fake->changing = on_changing;
    bench->fake->user = bench;
}

static StoreRow *
row_of(Bench *bench, guint number)
{
    return store_row(bench->store, bench_row(bench, number), NULL);
}

static void
set_star(Bench *bench, guint number, bool on)
{
    g_autoptr(StoreRow) row = row_of(bench, number);
    unsigned flags = row->flags & STORE_SYSTEM_FLAGS;

    g_assert_true(store_set_flags(bench->store, row->id,
                                  on ? flags | STAR : flags & ~(unsigned)STAR,
                                  NULL));
}

static void
set_tags(Bench *bench, guint number, const char *tags)
{
    g_assert_true(
        store_set_tags(bench->store, bench_row(bench, number), tags, NULL));
}

static void
move_to(Bench *bench, guint number, const char *path)
{
    g_autoptr(StoreFolder) folder = path ? bench_folder(bench, path) : NULL;

    g_assert_true(store_set_folder(bench->store, bench_row(bench, number),
                                   folder ? folder->id : 0, NULL));
}

/* A message of ours in a folder, to be uploaded. */
static gint64
add_ours(Bench *bench, const char *path, guint number)
{
    g_autoptr(StoreFolder) folder = bench_folder(bench, path);
    g_autofree char *dir = g_build_filename(bench->mail, path, NULL);
    g_autofree char *base = g_strdup_printf("ours%u", number);
    g_autofree char *file = g_strdup_printf("%s/cur/%s:2,", path, base);
    g_autofree char *id = g_strdup_printf("m%u@example.org", number);
    g_autofree char *text = g_strdup_printf(
        "Subject: number %u\r\nMessage-ID: <%s>\r\n\r\nx\r\n", number, id);
    StoreMessage message = { .folder = folder->id, .file = file,
                             .message_id = id, .tags = "",
                             .size = strlen(text), .date = 1672653600 };

    g_assert_true(maildir_create(dir, NULL));
    g_assert_true(maildir_deliver(dir, base, 0, text, strlen(text), NULL));
    return store_message_add(bench->store, &message, NULL);
}

static void
push(Bench *bench)
{
    g_autoptr(GError) error = NULL;

    sync_push(&bench->sync, &error);
    g_assert_no_error(error);
}

/* The answers are there, and both sides have what is wanted. */
static void
end(Bench *bench)
{
    g_assert_null(scene.act);
    for (int i = 0; i < 2; i++) {
        bench_sync(bench);
        bench_settle(bench);
    }
    bench_check(bench);
    bench_destroy(bench);
}

static Bench *
begin(guint n, unsigned flags, const char *tags)
{
    Bench *bench = bench_create();

    for (guint i = 1; i <= n; i++) {
        fake_add(bench->fake, "INBOX", i, flags);
        fake_keyword(fake_find(fake_mailbox(bench->fake, "INBOX"), i), tags,
                     *tags != '\0');
    }
    bench_sync(bench);
    return bench;
}

static void
star(Bench *bench)
{
    set_star(bench, 1, true);
}

static void
no_star(Bench *bench)
{
    set_star(bench, 1, false);
}

static void
tag(Bench *bench)
{
    set_tags(bench, 1, "todo");
}

static void
no_tag(Bench *bench)
{
    set_tags(bench, 1, "");
}

/* Changed, and back before the server says OK to the change. */
static void
test_back(const void *data)
{
    void (*const *acts)(Bench *bench) = data;
    Bench *bench = begin(1, acts[1] == star ? STAR : 0,
                         acts[1] == tag ? "todo" : "");
    g_autoptr(StoreRow) row = NULL;

    acts[0](bench);
    act_during(bench, "store", acts[1]);
    push(bench);
    row = row_of(bench, 1);
    g_assert_cmpuint(row->flags & STORE_SYSTEM_FLAGS, ==,
                     acts[1] == star ? STAR : 0);
    g_assert_cmpstr(row->tags, ==, acts[1] == tag ? "todo" : "");
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    end(bench);
}

static void
test_upload_back(void)
{
    Bench *bench = begin(0, 0, "");

    add_ours(bench, "work/INBOX", 1);
    star(bench);
    act_during(bench, "append", no_star);
    push(bench);
    bench_sync(bench);
    g_assert_cmpuint(fake_find(fake_mailbox(bench->fake, "INBOX"), 1)->flags,
                     ==, 0);
    end(bench);
}

/* The upload arrived, its answer did not, and then the user changes a flag: it
 * is told, whoever finds the message there, the push or a look at the folder. */
static void
test_upload_lost(const void *pulled)
{
    Bench *bench = begin(0, 0, "");
    void (*const acts[])(Bench *bench) = { star, no_star };

    for (gsize i = 0; i < G_N_ELEMENTS(acts); i++) {
        guint number = (guint)i + 1;
        gint64 id = add_ours(bench, "work/INBOX", number);

        set_star(bench, number, acts[i] == no_star);
        bench->fake->cut_call = bench->fake->calls + 1;
        bench->fake->cut_after = true;
        while (fake_mailbox(bench->fake, "INBOX")->messages->len < number) {
            sync_push(&bench->sync, NULL);
            bench->fake->cut_call = bench->fake->calls + 1;
        }
        bench->fake->cut_call = 0;
        set_star(bench, number, acts[i] == star);
        if (pulled == NULL)
            push(bench);
        bench_sync(bench);
        g_assert_cmpint(bench_row(bench, number), ==, id);
        g_assert_cmpuint(
            fake_find(fake_mailbox(bench->fake, "INBOX"), number)->flags, ==,
            acts[i] == star ? STAR : 0);
    }
    g_assert_cmpuint(bench->fake->appends, ==, 2);
    end(bench);
}

/* What was done to the messages of begin(4, 0, ""). */
static void
act_on_four(Bench *bench)
{
    set_star(bench, 1, true);
    set_tags(bench, 2, "todo");
    move_to(bench, 3, "work/Archive");
    move_to(bench, 4, NULL);
}

static void
check_four(Bench *bench)
{
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");

    g_assert_cmpuint(inbox->messages->len, ==, 2);
    g_assert_cmpuint(fake_find(inbox, 1)->flags, ==, STAR);
    g_assert_cmpstr(fake_find(inbox, 2)->tags, ==, "todo");
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     1);
}

/* A mailbox that is locked is no word about what was to be done in it, and is
 * asked once. All stays pending, with the reason, and is done later. */
static void
test_locked(void)
{
    Bench *bench = begin(4, 0, "");
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    g_autoptr(GPtrArray) pending = NULL;
    g_autoptr(GError) error = NULL;

    act_on_four(bench);
    bench->fake->selected = NULL;
    inbox->refused = true;
    bench->fake->calls = 0;
    g_assert_false(sync_push(&bench->sync, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
    g_assert_nonnull(strstr(error->message, "4 changes"));
    g_assert_nonnull(strstr(error->message, "it is locked"));
    g_assert_cmpuint(bench->fake->calls, ==, 1);
    pending = store_pending(bench->store, "work", 0, NULL);
    g_assert_cmpuint(pending->len, ==, 4);
    g_assert_cmpstr(((StorePending *)pending->pdata[0])->reason, ==,
                    "INBOX: it is locked");
    inbox->refused = false;
    push(bench);
    check_four(bench);
    end(bench);
}

/* A NO for now leaves what it was the answer to, and all else is done. */
static void
test_for_now(const void *call)
{
    static const char *const codes[] = { "UNAVAILABLE", "INUSE", "SERVERBUG",
                                         "LIMIT", "EXPUNGEISSUED" };

    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
        Bench *bench = begin(4, 0, "");
        g_autofree char *text = g_strdup_printf("[%s] later", codes[i]);
        g_autoptr(GError) error = NULL;

        act_on_four(bench);
        bench->fake->no_call = call;
        bench->fake->no_text = text;
        g_assert_false(sync_push(&bench->sync, &error));
        g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
        g_assert_nonnull(strstr(error->message, text));
        g_assert_cmpuint(store_pending_count(bench->store, "work"), ==,
                         strcmp(call, "store") == 0 ? 2 : 1);
        bench->fake->no_call = NULL;
        bench_sync(bench); /* a look at what may have been moved */
        check_four(bench);
        end(bench);
    }
}

/* Without MOVE: what cannot go now from where it was copied goes later, and
 * stops nothing meanwhile. */
static void
test_left(void)
{
    Bench *bench = begin(2, 0, "");
    FakeMailbox *inbox = fake_mailbox(bench->fake, "INBOX");
    g_autoptr(GError) error = NULL;
    bool yielded;

    bench->fake->no_move = bench->fake->uidplus = true;
    move_to(bench, 1, "work/Archive");
    bench->fake->no_call = "expunge";
    bench->fake->no_text = "[INUSE] not now";
    sync_push(&bench->sync, NULL);
    bench->fake->no_call = NULL;
    g_assert_cmpuint(inbox->messages->len, ==, 2);
    inbox->refused = true;
    fake_add(bench->fake, "Archive", 50, 0);
    sync_account(&bench->sync, &yielded, &error);
    g_assert_true(err_is(error, ERR_REFUSED));
    g_assert_cmpuint(bench_rows(bench, 50), ==, 1);
    inbox->refused = false;
    bench_sync(bench);
    g_assert_cmpuint(inbox->messages->len, ==, 1);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 1);
    end(bench);
}

/* Without UIDPLUS what is deleted for good is but marked, and that is said. */
static void
test_marked(void)
{
    for (int uidplus = 0; uidplus < 2; uidplus++) {
        Bench *bench = begin(1, 0, "");

        bench->fake->uidplus = uidplus;
        g_assert_true(store_set_folder(bench->store, bench_row(bench, 1), 0,
                                       NULL));
        push(bench);
        g_assert_cmpuint(bench->warned, ==, uidplus ? 0 : 1);
        end(bench);
    }
}

/* A NO for good takes back what was asked: a keyword that is refused takes
 * neither the flag nor the move of its message with it. */
static void
test_for_good(void)
{
    Bench *bench = begin(1, 0, "");
    FakeMailbox *archive = fake_mailbox(bench->fake, "Archive");
    g_autoptr(StoreRow) row = NULL;

    set_tags(bench, 1, "todo");
    move_to(bench, 1, "work/Archive");
    bench->fake->no_call = "store";
    bench->fake->no_text = "[CANNOT] no such keyword";
    push(bench);
    bench->fake->no_call = NULL;
    g_assert_cmpuint(bench->warned, ==, 1);
    g_assert_cmpuint(archive->messages->len, ==, 1);
    row = row_of(bench, 1);
    g_assert_cmpstr(row->tags, ==, "");
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    end(bench);
}

static void
undo(Bench *bench)
{
    move_to(bench, 3, "work/Archive");
}

/* Message 3 in the archive and here, deleted for good. */
static Bench *
begin_deleted(void)
{
    Bench *bench = begin(2, 0, "");

    fake_add(bench->fake, "Archive", 3, STAR);
    bench_sync(bench);
    move_to(bench, 3, NULL);
    return bench;
}

/* Undone while an earlier command of the push is on its way: it is not
 * expunged, nor uploaded again. */
static void
test_undone_before(void)
{
    Bench *bench = begin_deleted();

    star(bench);
    act_during(bench, "store", undo);
    push(bench);
    g_assert_nonnull(fake_find(fake_mailbox(bench->fake, "Archive"), 1));
    end(bench);
}

/* Undone while the server expunges it: the row and its file stay, and it is
 * uploaded. */
static void
test_undone_during(void)
{
    Bench *bench = begin_deleted();
    gint64 id = bench_row(bench, 3);
    g_autoptr(GError) error = NULL;

    act_during(bench, "expunge", undo);
    sync_push(&bench->sync, &error);
    bench_sync(bench);
    g_assert_cmpint(bench_row(bench, 3), ==, id);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     1);
    g_assert_cmpuint(bench->warned, ==, 0);
    end(bench);
}

/* What undo would bring back next is not told by a push that holds it, but by
 * any other, and behind the next act. */
static void
test_held(gconstpointer again)
{
    Bench *bench = begin_deleted();
    const GPtrArray *there =
        fake_mailbox(bench->fake, "Archive")->messages;
    gint64 act = store_act_begin(bench->store, "Deleted", NULL);

    g_assert_true(store_act_note(bench->store, act, bench_row(bench, 3), NULL));
    bench->sync.hold_deleted = true;
    push(bench);
    g_assert_cmpuint(there->len, ==, 1);
    g_assert_cmpuint(store_pending_count(bench->store, NULL), ==, 1);
    if (again)
        store_act_begin(bench->store, "Tagged", NULL);
    else
        bench->sync.hold_deleted = false;
    push(bench);
    g_assert_cmpuint(there->len, ==, 0);
    end(bench);
}

/* Without a file there is nothing to upload: it is gone, which is said. */
static void
test_undone_without_file(void)
{
    Bench *bench = begin(0, 0, "");

    bench->sync.keep.after = G_MAXINT64;
    fake_add(bench->fake, "Archive", 3, STAR);
    bench_sync(bench);
    move_to(bench, 3, NULL);
    act_during(bench, "expunge", undo);
    push(bench);
    g_assert_cmpuint(bench->warned, ==, 1);
    g_assert_cmpuint(bench_rows(bench, 3), ==, 0);
    end(bench);
}

enum { MANY = 5005 }; /* more than are planned at once */

/* Rows of the archive that have no file, as if the server had them. */
static void
add_many(Bench *bench)
{
    g_autoptr(StoreFolder) archive = bench_folder(bench, "work/Archive");

    g_assert_true(store_begin(bench->store, NULL));
    for (guint32 i = 1; i <= MANY; i++) {
        StoreMessage message = { .folder = archive->id, .uid = i,
                                 .tags = "", .size = 1 };

        g_assert_cmpint(store_message_add(bench->store, &message, NULL), ==,
                        i);
    }
    g_assert_true(store_end(bench->store, true, NULL));
}

/* However many there are, one push tells them all. */
static void
test_many(void)
{
    Bench *bench = begin(0, 0, "");

    add_many(bench);
    g_assert_true(store_begin(bench->store, NULL));
    for (gint64 id = 1; id <= MANY; id++)
        g_assert_true(store_set_flags(bench->store, id, STAR, NULL));
    g_assert_true(store_end(bench->store, true, NULL));
    push(bench);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    g_assert_cmpuint(bench->fake->stores, ==, 2);
    bench_destroy(bench);
}

/* Another program's view of the store while row after row is changed. */
typedef struct {
    Bench *bench;
    Store *other;
    guint most; /* rows of one transaction */
} Slices;

static bool
one_of_many(void *user, guint i, GError **error)
{
    Slices *slices = user;
    guint seen = store_pending_count(slices->other, "work");

    slices->most = MAX(slices->most, i + 1 - seen);
    return store_set_flags(slices->bench->store, i + 1, STAR, error);
}

/* What is changed in slices lets others in between (sync_each()). */
static void
test_slices(void)
{
    Bench *bench = begin(0, 0, "");
    g_autofree char *path = g_build_filename(bench->root, "state.db", NULL);
    Slices slices = { bench, store_open(path, NULL), 0 };

    add_many(bench);
    g_assert_nonnull(slices.other);
    g_assert_true(sync_each(&bench->sync, MANY, one_of_many, &slices, NULL));
    g_assert_cmpuint(slices.most, ==, 200);
    g_assert_cmpuint(store_pending_count(slices.other, "work"), ==, MANY);
    store_close(slices.other);
    bench_destroy(bench);
}

/* What cannot be told (to a folder of this machine, and not here) stops nothing
 * that came later, and is no success. */
static void
test_many_stuck(void)
{
    Bench *bench = begin(0, 0, "");
    StoreFolder local = { .account = (char *)"here", .name = (char *)"Local",
                          .path = (char *)"here/Local", .selectable = true,
                          .local = true };
    gint64 folder = store_folder_put(bench->store, &local, NULL);
    g_autofree char *count = g_strdup_printf("%d changes", MANY);

    add_many(bench);
    g_assert_true(store_begin(bench->store, NULL));
    for (gint64 id = 1; id <= MANY; id++)
        g_assert_true(store_set_folder(bench->store, id, folder, NULL));
    g_assert_true(store_end(bench->store, true, NULL));
    fake_add(bench->fake, "INBOX", 1, 0);
    bench->sync.only = "work/INBOX";
    bench_try(bench);
    star(bench);
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(sync_push(&bench->sync, &error));
        g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
        g_assert_nonnull(strstr(error->message, count));
        g_assert_cmpuint(
            fake_find(fake_mailbox(bench->fake, "INBOX"), 1)->flags, ==, STAR);
    }
    bench_destroy(bench);
}

/* A tag that no server takes is not pending, and costs no command. */
static void
test_local_tag(void)
{
    Bench *bench = begin(1, 0, "");
    static const char *const local_tags[] = { "muted", NULL };
    static const char *const tags[] = { "büro", "büro muted", "muted", "" };

    bench->sync.local_tags = local_tags;
    bench->fake->calls = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(tags); i++) {
        g_autoptr(StoreRow) row = NULL;

        set_tags(bench, 1, tags[i]);
        push(bench);
        g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
        g_assert_cmpuint(bench->fake->calls, ==, 0);
        row = row_of(bench, 1);
        g_assert_cmpstr(row->tags, ==, tags[i]);
    }
    end(bench);
}

/* As the room core settles: a message that is nowhere goes, file and row. */
static void
settle_gone(Bench *bench)
{
    g_autoptr(GArray) ids = store_unsettled(bench->store, false, 0, NULL);

    for (guint i = 0; ids && i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);
        g_autoptr(StoreRow) row = store_row(bench->store, id, NULL);
        g_autofree char *path = NULL;
        g_autofree char *file = NULL;

        if (row->folder != 0 || row->server_folder != 0)
            continue;
        path = g_build_filename(bench->mail, row->file, NULL);
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_true(store_server_gone(bench->store, id, &file, NULL));
    }
}

static void
delete_it(Bench *bench)
{
    move_to(bench, 1, NULL);
    settle_gone(bench);
}

static void
archive_it(Bench *bench)
{
    move_to(bench, 1, "work/Archive");
    bench_settle(bench);
}

static void
keep_it(Bench *bench)
{
}

/* As if its folder or account went: not even the row is left. */
static void
forget_it(Bench *bench)
{
    g_autoptr(StoreRow) row = row_of(bench, 1);
    g_autofree char *path = g_build_filename(bench->mail, row->file, NULL);

    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_true(store_remove(bench->store, row->id, NULL));
}

typedef struct {
    const char *name;
    void (*act)(Bench *bench); /* while message 1 is uploaded to the inbox */
    guint inbox, archive;      /* messages in the end, with the other two */
} Upload;

static const Upload uploads[] = {
    { "deleted", delete_it, 2, 0 },
    { "archived", archive_it, 2, 1 },
    { "kept", keep_it, 3, 0 },
    { "forgotten", forget_it, 2, 0 },
};

static void
check_upload(Bench *bench, const Upload *upload)
{
    settle_gone(bench);
    g_assert_cmpuint(fake_mailbox(bench->fake, "INBOX")->messages->len, ==,
                     upload->inbox);
    g_assert_cmpuint(fake_mailbox(bench->fake, "Archive")->messages->len, ==,
                     upload->archive);
    end(bench);
}

/* Three are on their way in one command, and so is the wish for the first. */
static void
test_upload(const void *data)
{
    const Upload *upload = data;
    Bench *bench = begin(0, 0, "");

    bench->fake->multiappend = true;
    for (guint i = 1; i <= 3; i++)
        add_ours(bench, "work/INBOX", i);
    act_during(bench, "append", upload->act);
    push(bench);
    g_assert_cmpuint(bench->fake->appends, ==, 3);
    check_upload(bench, upload);
}

/* The same, and the answer is lost: whoever looks there first, the push or the
 * pull, finds it, and it goes where it is wanted. */
static void
upload_lost(const Upload *upload, bool performed, bool pulled)
{
    Bench *bench = begin(0, 0, "");

    bench->fake->multiappend = true;
    for (guint i = 1; i <= 3; i++)
        add_ours(bench, "work/INBOX", i);
    bench->fake->cut_append = true;
    bench->fake->cut_after = performed;
    g_assert_false(sync_push(&bench->sync, NULL));
    bench->fake->cut_append = false;
    upload->act(bench);
    bench_reopen(bench);
    if (pulled)
        bench_sync(bench);
    else
        push(bench);
    check_upload(bench, upload);
}

static void
test_upload_cut(const void *data)
{
    const Upload *upload = data;

    for (int i = 0; i < 4; i++)
        upload_lost(upload, i & 1, i & 2);
}

/* It cannot be looked for: it stays pending, and is asked for once. */
static void
test_upload_not_looked_for(void)
{
    Bench *bench = begin(0, 0, "");
    g_autoptr(GError) error = NULL;

    add_ours(bench, "work/INBOX", 1);
    bench->fake->cut_append = bench->fake->cut_after = true;
    g_assert_false(sync_push(&bench->sync, NULL));
    bench->fake->cut_append = false;
    bench->fake->no_call = "search";
    bench->fake->no_text = "no searching here";
    bench->fake->calls = bench->fake->cut_call = 0;
    g_assert_false(sync_push(&bench->sync, &error));
    g_assert_nonnull(strstr(error->message, "no searching here"));
    g_assert_cmpuint(bench->fake->calls, ==, 1);
    bench->fake->no_call = NULL;
    push(bench);
    g_assert_cmpuint(bench->fake->appends, ==, 1);
    end(bench);
}

/* Refused while it is deleted: it goes, and nothing is left to be told. */
static void
test_upload_refused(void)
{
    Bench *bench = begin(0, 0, "");
    g_autoptr(GError) error = NULL;

    add_ours(bench, "work/INBOX", 1);
    bench->fake->no_call = "append";
    bench->fake->no_text = "[LIMIT] too many";
    g_assert_false(sync_push(&bench->sync, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_REFUSED);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 1);
    bench->fake->no_call = NULL;
    delete_it(bench);
    g_assert_cmpuint(bench_rows(bench, 1), ==, 0);
    end(bench);
}

int
main(int argc, char **argv)
{
    static void (*const back[][2])(Bench *bench) = {
        { star, no_star }, { no_star, star }, { tag, no_tag }, { no_tag, tag }
    };
    static const char *const names[] = { "starred", "unstarred", "tagged",
                                         "untagged" };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(back); i++) {
        g_autofree char *name =
            g_strdup_printf("/push/P13/%s and back", names[i]);

        g_test_add_data_func(name, back[i], test_back);
    }
    g_test_add_func("/push/P13/unstarred while uploaded", test_upload_back);
    g_test_add_data_func("/push/P13/upload lost, pushed", NULL,
                         test_upload_lost);
    g_test_add_data_func("/push/P13/upload lost, pulled", "",
                         test_upload_lost);
    g_test_add_func("/push/P13/locked", test_locked);
    g_test_add_data_func("/push/P13/no for now, store", "store", test_for_now);
    g_test_add_data_func("/push/P13/no for now, move", "move", test_for_now);
    g_test_add_data_func("/push/P13/no for now, expunge", "expunge",
                         test_for_now);
    g_test_add_func("/push/P13/no for good", test_for_good);
    g_test_add_data_func("/push/P13/held", NULL, test_held);
    g_test_add_data_func("/push/P13/held, next act", "next", test_held);
    g_test_add_func("/push/P13/undone before", test_undone_before);
    g_test_add_func("/push/P13/undone during", test_undone_during);
    g_test_add_func("/push/P13/undone without file", test_undone_without_file);
    g_test_add_func("/push/P13/many", test_many);
    g_test_add_func("/push/P13/many in slices", test_slices);
    g_test_add_func("/push/P13/many that cannot be told", test_many_stuck);
    g_test_add_func("/push/P13/tags that stay here", test_local_tag);
    for (gsize i = 0; i < G_N_ELEMENTS(uploads); i++) {
        g_autofree char *name =
            g_strdup_printf("/push/P13/upload, %s", uploads[i].name);
        g_autofree char *cut =
            g_strdup_printf("/push/P13/upload cut, %s", uploads[i].name);

        g_test_add_data_func(name, &uploads[i], test_upload);
        if (uploads[i].act != forget_it)
            g_test_add_data_func(cut, &uploads[i], test_upload_cut);
    }
    g_test_add_func("/push/P13/upload not looked for",
                    test_upload_not_looked_for);
    g_test_add_func("/push/P13/upload refused", test_upload_refused);
    g_test_add_func("/push/P13/only marked", test_marked);
    g_test_add_func("/push/P13/left", test_left);
    return g_test_run();
}
