/* A store in a directory of its own, with one account of a server (INBOX,
 * Archive, Lists, Trash) and one without (Local). */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "store/store.h"

#include "base/file.h"

enum {
    F_INBOX,
    F_ARCHIVE,
    F_LISTS,
    F_TRASH,
    F_LOCAL,
    F_TOTAL
};

typedef struct {
    char *root;
    char *path;
    Store *store;
    gint64 folders[F_TOTAL];
} Fixture;

/* Inside call, `error` is a GError ** whose error is asserted not to be set. */
#define must(call)                                                             \
    do {                                                                       \
        g_autoptr(GError) must_error = NULL;                                   \
        GError **error = &must_error;                                          \
        bool must_ok = (call);                                                 \
        g_assert_no_error(must_error);                                         \
        g_assert_true(must_ok);                                                \
    } while (0)

/* Named `checked`, because it asserts what store_check() says. */
static inline void
checked(Store *store)
{
    must(store_check(store, error));
}

static inline gint64
fixture_folder(Fixture *fixture, const char *account, const char *name,
               FolderRole role)
{
    g_autofree char *path = g_strconcat(account, "/", name, NULL);
    StoreFolder folder = {
        .account = (char *)account,
        .name = (char *)name,
        .path = path,
        .delimiter = '/',
        .role = role,
        .selectable = true,
        .local = g_str_equal(account, "local"),
        .uidvalidity = 1,
    };
    gint64 id = 0;

    must((id = store_folder_put(fixture->store, &folder, error)) != 0);
    return id;
}

static inline void
fixture_open(Fixture *fixture)
{
    must((fixture->store = store_open(fixture->path, error)) != NULL);
}

static inline Fixture *
fixture_create(void)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fixture->root = g_dir_make_tmp("test_store_XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->root, "state.db", NULL);
    fixture_open(fixture);
    fixture->folders[F_INBOX] =
        fixture_folder(fixture, "work", "INBOX", FOLDER_ROLE_INBOX);
    fixture->folders[F_ARCHIVE] =
        fixture_folder(fixture, "work", "Archive", FOLDER_ROLE_ARCHIVE);
    fixture->folders[F_LISTS] =
        fixture_folder(fixture, "work", "Lists/linux", FOLDER_ROLE_NONE);
    fixture->folders[F_TRASH] =
        fixture_folder(fixture, "work", "Trash", FOLDER_ROLE_TRASH);
    fixture->folders[F_LOCAL] =
        fixture_folder(fixture, "local", "Notes", FOLDER_ROLE_NONE);
    return fixture;
}

static inline void
fixture_destroy(Fixture *fixture)
{
    checked(fixture->store);
    store_close(fixture->store);
    file_remove_tree(fixture->root, NULL);
    g_free(fixture->root);
    g_free(fixture->path);
    g_free(fixture);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_destroy)

/* A message that says little; uid 0: made here. */
static inline gint64
fixture_add(Fixture *fixture, gint64 folder, guint32 uid,
            const char *message_id, const char *in_reply_to)
{
    static gint64 date = 1000000;
    StoreMessage message = {
        .folder = folder,
        .uid = uid,
        .message_id = message_id,
        .in_reply_to = in_reply_to,
        .subject = message_id,
        .from_addr = "ana@example.org",
        .date = ++date,
        .arrival = date,
        .size = 100,
    };
    gint64 id = 0;

    must((id = store_message_add(fixture->store, &message, error)) != 0);
    return id;
}

/* The row of id, which must be there. */
static inline StoreRow *
fixture_row(Fixture *fixture, gint64 id)
{
    StoreRow *row = NULL;

    must((row = store_row(fixture->store, id, error)) != NULL);
    return row;
}

#endif
