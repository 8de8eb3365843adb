/* Maildir folders as they are found. A file whose name differs from what its
 * row knows was renamed by another program, and its flags count; one whose name
 * is as the row knows it is ours, and the row counts. */
#include "local.h"

#include "base/err.h"
#include "base/file.h"
#include "account_lock.h"
#include "facts.h"
#include "maildir/maildir.h"
#include "store/store_pop3.h"
#include "sync/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 64 * 1024, BATCH = 500, DEEPEST = 16 };

typedef struct {
    char *path; /* absolute */
    char *base;
    MaildirFlags flags;
    gint64 time;
    guint64 size;
} Found;

typedef struct {
    const LocalScan *scan;
    const StoreFolder *folder;
    GHashTable *files; /* base → Found */
    guint done;
} FolderScan;

static void
found_free(void *data)
{
    Found *found = data;

    g_free(found->path);
    g_free(found->base);
    g_free(found);
}

static bool
add_found(const MaildirEntry *entry, void *user)
{
    GHashTable *files = user;
    struct stat info;
    Found *found;

    if (stat(entry->path, &info) != 0 || !S_ISREG(info.st_mode))
        return true;
    found = g_new0(Found, 1);
    found->path = g_strdup(entry->path);
    found->base = g_strdup(entry->base);
    found->flags = entry->flags;
    found->time = info.st_mtime;
    found->size = (guint64)info.st_size;
    g_hash_table_replace(files, found->base, found);
    return true;
}

static char *
base_of(const char *file)
{
    g_autofree char *name = g_path_get_basename(file);

    return maildir_name_base(name);
}

/* A row whose file is there: takes up a rename by another program. */
static bool
settle_known(FolderScan *folder, const StoreFile *known, const Found *found,
             GError **error)
{
    Store *store = folder->scan->store;
    const char *file = found->path + strlen(folder->scan->mail) + 1;
    MaildirFlags was = maildir_name_flags(known->file);
    unsigned flags = (known->flags & ~(was ^ found->flags))
        | (found->flags & (was ^ found->flags));

    if (strcmp(file, known->file) == 0 || access(found->path, F_OK) != 0)
        return true; /* ours, or renamed since it was seen */
    return store_set_file(store, known->id, file, error)
        && (flags == known->flags
            || store_set_flags(store, known->id, flags, error));
}

/* Proven gone, and not only out of reach. */
static bool
is_gone(const char *path, bool *gone, GError **error)
{
    *gone = access(path, F_OK) != 0;
    return !*gone || errno == ENOENT || errno == ENOTDIR
           || err_set_errno(error, errno, "%s", path);
}

/* The user removed the file; or it went with its directory, and what a maildrop
 * has is fetched again: the row stays, so that it is not deleted there. */
static bool
lose_known(FolderScan *folder, gint64 id, bool lost, GError **error)
{
    Store *store = folder->scan->store;
    g_autoptr(StorePop3) entry =
        lost ? store_pop3_of(store, folder->scan->account, id, NULL) : NULL;

    return entry ? store_set_file(store, id, NULL, error)
                 : store_remove(store, id, error);
}

/* Takes known files out of the found ones; rows without a file go. */
static bool
match_known(FolderScan *folder, GError **error)
{
    Store *store = folder->scan->store;
    const char *mail = folder->scan->mail;
    bool lost = sync_directory_is_new(store, mail, folder->folder);
    g_autoptr(GPtrArray) files =
        store_files(store, folder->folder->id, error);
    bool ok = files != NULL;

    for (guint i = 0; ok && i < files->len; i++) {
        const StoreFile *known = files->pdata[i];
        g_autofree char *base = base_of(known->file);
        const Found *found = g_hash_table_lookup(folder->files, base);
        g_autofree char *path =
            g_build_filename(mail, known->file, NULL);
        bool gone = false;

        if (found)
            ok = settle_known(folder, known, found, error);
        else
            ok = is_gone(path, &gone, error);
        if (ok && gone)
            ok = lose_known(folder, known->id, lost, error);
        g_hash_table_remove(folder->files, base);
    }
    return ok && sync_directory_seen(store, mail, folder->folder, error);
}

static Facts *
read_facts(const Found *found)
{
    g_autofree char *bytes = g_malloc(HEAD_BYTES);
    int fd = open(found->path, O_RDONLY | O_CLOEXEC);
    gsize size = 0;
    gssize got = 1;

    if (fd < 0)
        return NULL;
    while (size < HEAD_BYTES && got != 0) {
        got = read(fd, bytes + size, HEAD_BYTES - size);
        if (got < 0 && errno != EINTR)
            break;
        size += (gsize)MAX(got, 0);
    }
    close(fd);
    return facts_create(bytes, size);
}

static bool
add_message(FolderScan *folder, const Found *found, GError **error)
{
    g_autoptr(Facts) facts = read_facts(found);
    Store *store = folder->scan->store;
    gint64 id;

    if (facts == NULL)
        return true; /* gone while we looked */
    facts->message.folder = folder->folder->id;
    facts->message.file = found->path + strlen(folder->scan->mail) + 1;
    facts->message.size = found->size;
    facts->message.arrival = found->time;
    facts->message.flags |= found->flags;
    id = store_lacking(store, folder->folder->id, facts->message.message_id,
                       found->size);
    if (id) /* its directory is back */
        return store_pop3_body(store, id, &facts->message, error);
    id = store_message_add(store, &facts->message, error);
    if (id != 0 && folder->scan->added)
        g_array_append_val(folder->scan->added, id);
    return id != 0;
}

static int
newest_first(gconstpointer a, gconstpointer b)
{
    const Found *one = *(const Found *const *)a;
    const Found *two = *(const Found *const *)b;

    return one->time < two->time ? 1 : one->time > two->time ? -1
        : strcmp(one->base, two->base);
}

/* Found files from..to, in the caller's transaction. */
static bool
add_batch(FolderScan *folder, const GPtrArray *found, guint from, guint to,
          GError **error)
{
    for (guint i = from; i < to; i++)
        if (!add_message(folder, found->pdata[i], error))
            return false;
    folder->done += to - from;
    if (folder->scan->progress)
        folder->scan->progress(folder->done, folder->scan->user);
    return true;
}

/* Files of messages that the user has just moved or deleted: they are where
 * they were until core has renamed them. */
static bool
forget_unsettled(FolderScan *folder, GError **error)
{
    g_autoptr(GPtrArray) files = NULL;

    if (g_hash_table_size(folder->files) == 0)
        return true;
    files = store_unsettled_files(folder->scan->store, error);
    for (guint i = 0; files && i < files->len; i++) {
        g_autofree char *base =
            base_of(((const StoreFile *)files->pdata[i])->file);

        g_hash_table_remove(folder->files, base);
    }
    return files != NULL;
}

static GPtrArray *
sorted_files(const FolderScan *folder)
{
    GPtrArray *found = g_ptr_array_new();
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, folder->files);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(found, value);
    g_ptr_array_sort(found, newest_first);
    return found;
}

/* All but the first batch, each in a transaction of its own. */
static bool
add_rest(FolderScan *folder, const GPtrArray *found, GError **error)
{
    const LocalScan *scan = folder->scan;

    for (guint from = BATCH; from < found->len; from += BATCH) {
        guint to = MIN(from + BATCH, found->len);
        bool ok;

        if (g_cancellable_is_cancelled(scan->cancel))
            return err_set(error, ERR_CANCELLED, "cancelled");
        if (!store_begin(scan->store, error))
            return false;
        ok = add_batch(folder, found, from, to, error);
        if (!store_end(scan->store, ok, ok ? error : NULL) || !ok)
            return false;
    }
    return true;
}

/* The directory was read before the transaction began, and core renames files
 * in transactions only. So a file that is still where it was found, and that
 * no row of the folder and none that is being moved knows in this transaction,
 * is of another program, and stays so. */
static bool
take_files(FolderScan *folder, GError **error)
{
    g_autoptr(GPtrArray) found = NULL;
    Store *store = folder->scan->store;
    bool ok;

    if (!store_begin(store, error))
        return false;
    ok = match_known(folder, error) && forget_unsettled(folder, error);
    found = sorted_files(folder);
    ok = ok && add_batch(folder, found, 0, MIN(found->len, BATCH), error);
    return store_end(store, ok, ok ? error : NULL) && ok
        && add_rest(folder, found, error);
}

static const struct {
    const char *name;
    FolderRole role;
} role_names[] = {
    { "inbox", FOLDER_ROLE_INBOX },     { "drafts", FOLDER_ROLE_DRAFTS },
    { "sent", FOLDER_ROLE_SENT },       { "sent mail", FOLDER_ROLE_SENT },
    { "archive", FOLDER_ROLE_ARCHIVE }, { "archives", FOLDER_ROLE_ARCHIVE },
    { "junk", FOLDER_ROLE_JUNK },       { "spam", FOLDER_ROLE_JUNK },
    { "trash", FOLDER_ROLE_TRASH },
};

static FolderRole
role_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(role_names); i++)
        if (g_ascii_strcasecmp(name, role_names[i].name) == 0)
            return role_names[i].role;
    return FOLDER_ROLE_NONE;
}

/* The row of the folder at path, made when it is new. */
static StoreFolder *
folder_of(const LocalScan *scan, const char *path, const char *name,
          GError **error)
{
    StoreFolder *known = store_folder_by_path(scan->store, path, NULL);
    StoreFolder made = {
        .account = (char *)scan->account, .name = (char *)name,
        .path = (char *)path, .delimiter = '/', .role = role_of(name),
        .selectable = true, .subscribed = true, .local = true,
    };
    gint64 id;

    if (known)
        return known;
    id = store_folder_put(scan->store, &made, error);
    return id ? store_folder(scan->store, id, error) : NULL;
}

static bool
scan_folder(const LocalScan *scan, const char *path, const char *name,
            GError **error)
{
    g_autofree char *full = g_build_filename(scan->mail, path, NULL);
    g_autoptr(StoreFolder) row = folder_of(scan, path, name, error);
    g_autoptr(GHashTable) files =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, found_free);
    FolderScan folder = { .scan = scan, .folder = row, .files = files };

    if (row == NULL || !maildir_create(full, error)
        || !maildir_scan(full, add_found, files, error))
        return false;
    if (scan->progress)
        scan->progress(0, scan->user);
    return take_files(&folder, error);
}

/* "INBOX" for the account's own directory, else the names below it. */
static char *
mailbox_name(const char *below)
{
    g_auto(GStrv) parts = g_strsplit(below, "/", -1);
    GString *name = g_string_new(NULL);

    for (char **part = parts; *part; part++) {
        /* Maildir++ writes a folder as ".Name.Below". */
        const char *text = **part == '.' ? *part + 1 : *part;
        g_autofree char *plain = maildir_decode_name(text);

        g_string_append_printf(name, "%s%s", name->len ? "/" : "",
                               plain ? plain : text);
    }
    if (name->len == 0)
        g_string_append(name, "INBOX");
    return g_string_free(name, FALSE);
}

static bool
is_part(const char *name)
{
    return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0
        || strcmp(name, "tmp") == 0 || strcmp(name, ".notmuch") == 0;
}

static bool
scan_tree(const LocalScan *scan, const char *path, const char *below,
          int depth, GError **error)
{
    g_autofree char *full = g_build_filename(scan->mail, path, NULL);
    g_autofree char *cur = g_build_filename(full, "cur", NULL);
    g_autofree char *name = mailbox_name(below);
    g_autoptr(GDir) dir = NULL;
    const char *entry;
    bool read = scan->unchanged == NULL
        || !g_hash_table_contains(scan->unchanged, path);

    if (read && g_file_test(cur, G_FILE_TEST_IS_DIR)
        && !scan_folder(scan, path, name, error))
        return false;
    dir = g_dir_open(full, 0, NULL);
    while (dir && depth < DEEPEST && (entry = g_dir_read_name(dir))) {
        g_autofree char *next = g_build_filename(path, entry, NULL);
        g_autofree char *next_full = g_build_filename(full, entry, NULL);
        g_autofree char *next_below =
            *below ? g_build_filename(below, entry, NULL) : g_strdup(entry);

        if (!is_part(entry) && g_file_test(next_full, G_FILE_TEST_IS_DIR)
            && !g_file_test(next_full, G_FILE_TEST_IS_SYMLINK)
            && !scan_tree(scan, next, next_below, depth + 1, error))
            return false;
    }
    return true;
}

bool
local_scan(const LocalScan *scan, GError **error)
{
    g_autofree char *root = maildir_encode_name(scan->account);
    int lock = account_lock(store_path(scan->store), scan->account,
                            scan->cancel, error);
    bool ok = lock >= 0 && scan_tree(scan, root, "", 0, error);

    if (lock >= 0)
        close(lock);
    return ok;
}
