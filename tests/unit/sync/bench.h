/* An account in a scratch folder, a fake server, and the question whether both
 * hold the same. */
#ifndef BENCH_H
#define BENCH_H

#include "base/file.h"
#include "fake_server.h"
#include "maildir/maildir.h"

#include <glib/gstdio.h>

typedef struct {
    char *root;
    char *mail;
    Store *store;
    Fake *fake;
    Sync sync;
    guint arrived;
    guint news; /* of them, not quietly */
    guint warned;
} Bench;

typedef struct {
    StoreMessage message;
    char *id;
    char *subject;
} BenchFacts;

static inline char *
bench_field(const char *head, const char *name)
{
    const char *at = strstr(head, name);

    return at ? g_strndup(at + strlen(name), strcspn(at + strlen(name), ">\r"))
              : NULL;
}

static StoreMessage *
bench_describe(const char *bytes, gsize size)
{
    BenchFacts *facts = g_new0(BenchFacts, 1);
    g_autofree char *head = g_strndup(bytes, size);

    facts->id = bench_field(head, "Message-ID: <");
    facts->subject = bench_field(head, "Subject: ");
    facts->message.message_id = facts->id;
    facts->message.subject = facts->subject;
    facts->message.date = 1672653600;
    return &facts->message;
}

static void
bench_describe_free(StoreMessage *message)
{
    BenchFacts *facts = (BenchFacts *)message;

    g_free(facts->id);
    g_free(facts->subject);
    g_free(facts);
}

static void
bench_arrived(void *user, const gint64 *ids, guint n, bool quiet)
{
    ((Bench *)user)->arrived += n;
    ((Bench *)user)->news += quiet ? 0 : n;
}

static void
bench_warn(void *user, const char *text)
{
    ((Bench *)user)->warned++;
}

static inline void
bench_open(Bench *bench)
{
    g_autofree char *path = g_build_filename(bench->root, "state.db", NULL);
    g_autoptr(GError) error = NULL;

    bench->store = store_open(path, &error);
    g_assert_no_error(error);
    bench->sync.store = bench->store;
}

static inline Bench *
bench_create(void)
{
    Bench *bench = g_new0(Bench, 1);

    bench->root = g_dir_make_tmp("posthorn-sync-XXXXXX", NULL);
    bench->mail = g_build_filename(bench->root, "mail", NULL);
    bench->fake = fake_create();
    bench->sync = (Sync){
        .account = "work",
        .mail = bench->mail,
        .server = { &fake_class, bench->fake },
        .describe = bench_describe,
        .describe_free = bench_describe_free,
        .arrived = bench_arrived,
        .warn = bench_warn,
        .user = bench,
    };
    bench_open(bench);
    return bench;
}

/* As a kill would: what is not in the file is gone. */
static inline void
bench_reopen(Bench *bench)
{
    store_close(bench->store);
    bench_open(bench);
}

static inline void
bench_destroy(Bench *bench)
{
    store_close(bench->store);
    file_remove_tree(bench->root, NULL);
    fake_destroy(bench->fake);
    g_free(bench->root);
    g_free(bench->mail);
    g_free(bench);
}

static inline bool
bench_try(Bench *bench)
{
    bool yielded;

    return sync_account(&bench->sync, &yielded, NULL);
}

static inline void
bench_sync(Bench *bench)
{
    g_autoptr(GError) error = NULL;
    bool yielded;

    sync_account(&bench->sync, &yielded, &error);
    g_assert_no_error(error);
}

static inline StoreFolder *
bench_folder(Bench *bench, const char *path)
{
    return store_folder_by_path(bench->store, path, NULL);
}

/* The row of message number, wherever it is; 0: none. */
static inline gint64
bench_row(Bench *bench, guint number)
{
    g_autofree char *id = g_strdup_printf("m%u@example.org", number);
    g_autoptr(GArray) rows = store_find_id(bench->store, id, NULL);

    return rows && rows->len ? g_array_index(rows, gint64, 0) : 0;
}

static inline guint
bench_rows(Bench *bench, guint number)
{
    g_autofree char *id = g_strdup_printf("m%u@example.org", number);
    g_autoptr(GArray) rows = store_find_id(bench->store, id, NULL);

    return rows ? rows->len : 0;
}

static inline bool
bench_count_file(const MaildirEntry *entry, void *user)
{
    ++*(guint *)user;
    return true;
}

static inline guint
bench_files(Bench *bench, const char *path)
{
    g_autofree char *dir = g_build_filename(bench->mail, path, NULL);
    guint n = 0;

    if (g_file_test(dir, G_FILE_TEST_IS_DIR))
        maildir_scan(dir, bench_count_file, &n, NULL);
    return n;
}

static inline void
bench_check_row(Bench *bench, const StoreUid *uid, FakeMailbox *mailbox)
{
    const FakeMessage *message = fake_find(mailbox, uid->uid);
    g_autoptr(StoreRow) row = store_row(bench->store, uid->id, NULL);
    g_autofree char *path = NULL;
    g_autofree char *found = NULL;
    g_autofree char *bytes = NULL;

    g_assert_nonnull(message);
    g_assert_nonnull(row->file);
    g_assert_cmpuint(row->flags & STORE_SYSTEM_FLAGS, ==, message->flags);
    g_assert_cmpstr(row->tags, ==, message->tags);
    path = g_build_filename(bench->mail, row->file, NULL);
    found = maildir_locate(path);
    g_assert_nonnull(found);
    g_assert_true(g_file_get_contents(found, &bytes, NULL, NULL));
    g_assert_cmpstr(bytes, ==, message->bytes);
}

/* What the room core does behind: files follow their rows. */
static inline void
bench_settle(Bench *bench)
{
    g_autoptr(GArray) ids = store_unsettled(bench->store, false, 0, NULL);

    for (guint i = 0; ids && i < ids->len; i++) {
        gint64 id = g_array_index(ids, gint64, i);
        g_autoptr(StoreRow) row = store_row(bench->store, id, NULL);
        g_autoptr(StoreFolder) to =
            store_folder(bench->store, row->folder, NULL);
        g_autofree char *known =
            g_build_filename(bench->mail, row->file, NULL);
        g_autofree char *from = maildir_locate(known);
        g_autofree char *dir = NULL;
        g_autofree char *path = NULL;

        if (to == NULL)
            continue;
        g_assert_nonnull(from);
        dir = g_build_filename(bench->mail, to->path, NULL);
        g_assert_true(maildir_create(dir, NULL));
        path = maildir_rename(from, dir, row->flags & STORE_SYSTEM_FLAGS,
                              NULL);
        g_assert_nonnull(path);
        store_set_file(bench->store, id, path + strlen(bench->mail) + 1, NULL);
    }
}

/* Every message of the server once, whole, with its flags, and nothing else:
 * no row, no file; the store's own counts are true, nothing is pending. */
static inline void
bench_check(Bench *bench)
{
    g_autoptr(GError) error = NULL;
    guint files = 0;
    guint rows = 0;
    guint messages = 0;

    for (guint i = 0; i < bench->fake->mailboxes->len; i++) {
        FakeMailbox *mailbox = bench->fake->mailboxes->pdata[i];
        g_autofree char *path = g_strdup_printf("work/%s", mailbox->name);
        g_autoptr(StoreFolder) folder = bench_folder(bench, path);
        g_autoptr(GArray) uids = store_uids(bench->store, folder->id, NULL);

        g_assert_cmpuint(uids->len, ==, fake_shown(bench->fake, mailbox));
        for (guint j = 0; j < uids->len; j++)
            bench_check_row(bench, &g_array_index(uids, StoreUid, j), mailbox);
        rows += folder->total;
        files += bench_files(bench, path);
        messages += fake_shown(bench->fake, mailbox);
    }
    g_assert_cmpuint(rows, ==, messages);
    g_assert_cmpuint(files, ==, messages);
    g_assert_cmpuint(store_pending_count(bench->store, "work"), ==, 0);
    store_check(bench->store, &error);
    g_assert_no_error(error);
}

#endif
