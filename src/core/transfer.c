/* Messages in from files and out to files. Must not touch a server: an import
 * is pending like everything else the user does. */
#include "core/transfer.h"

#include "base/err.h"
#include "base/file.h"
#include "core/act.h"
#include "maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { STDIN_LIMIT = 256 << 20 };

typedef struct {
    Session *session;
    gint64 folder;
    guint n;
    GError *error;
} Import;

static bool
import_message(Import *import, const char *bytes, gsize size, unsigned flags)
{
    ActAppend what = { .folder = import->folder, .bytes = bytes,
                       .size = size, .flags = flags };

    if (act_append(import->session, &what, &import->error) == 0)
        return false;
    import->n++;
    return true;
}

/* Is this line, without its end, ">*From " (mboxrd)? */
static bool
is_from_line(const char *line, gsize size)
{
    while (size > 0 && *line == '>') {
        line++;
        size--;
    }
    return size >= 5 && memcmp(line, "From ", 5) == 0;
}

/* One message of an mbox, the quoting of "From " taken off. */
static bool
import_unquoted(Import *import, const char *bytes, gsize size)
{
    g_autoptr(GString) text = g_string_sized_new(size);
    const char *end = bytes + size;

    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', end - bytes);
        gsize length = (newline ? newline + 1 : end) - bytes;
        gsize skip = *bytes == '>' && is_from_line(bytes, length) ? 1 : 0;

        g_string_append_len(text, bytes + skip, length - skip);
        bytes += length;
    }
    return import_message(import, text->str, text->len, 0);
}

/* The next line that begins a message: "From " after an empty line. */
static const char *
next_from(const char *at, const char *end)
{
    while (at < end) {
        const char *newline = memchr(at, '\n', end - at);

        if (newline == NULL || newline + 6 > end)
            return end;
        if (newline > at && memcmp(newline + 1, "From ", 5) == 0
            && (newline[-1] == '\n'
                || (newline[-1] == '\r' && newline - 2 >= at)))
            return newline + 1;
        if (newline == at && memcmp(newline + 1, "From ", 5) == 0)
            return newline + 1;
        at = newline + 1;
    }
    return end;
}

static bool
import_mbox(Import *import, const char *bytes, gsize size)
{
    const char *end = bytes + size;

    while (bytes < end) {
        const char *head = memchr(bytes, '\n', end - bytes);
        const char *next;
        gsize length;

        if (head == NULL)
            return true;
        next = next_from(head, end);
        length = next - (head + 1);
        if (next < end && length > 0 && next[-1] == '\n')
            length--; /* the empty line between messages is not the message's */
        if (length > 0 && !import_unquoted(import, head + 1, length))
            return false;
        bytes = next;
    }
    return true;
}

static bool
import_bytes(Import *import, const char *bytes, gsize size, unsigned flags)
{
    if (size >= 5 && memcmp(bytes, "From ", 5) == 0)
        return import_mbox(import, bytes, size);
    return size == 0 || import_message(import, bytes, size, flags);
}

static bool
import_file(Import *import, const char *path, unsigned flags)
{
    g_autoptr(GMappedFile) map =
        g_mapped_file_new(path, FALSE, &import->error);

    return map != NULL
        && import_bytes(import, g_mapped_file_get_contents(map),
                        g_mapped_file_get_length(map), flags);
}

static bool
import_entry(const MaildirEntry *entry, void *user)
{
    return import_file(user, entry->path, entry->flags);
}

static bool
import_stdin(Import *import)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[65536];
    gssize got;

    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(&import->error, errno, "standard input");
        if (bytes->len + got > STDIN_LIMIT)
            return err_set(&import->error, ERR_USAGE, "standard input is over "
                           "256 MB: import it as a file");
        g_byte_array_append(bytes, buffer, got);
    }
    return import_bytes(import, (const char *)bytes->data, bytes->len, 0);
}

bool
transfer_import(Session *session, gint64 folder, const char *path, guint *n,
                GError **error)
{
    Import import = { .session = session, .folder = folder };
    g_autofree char *cur = g_build_filename(path, "cur", NULL);
    bool ok;

    if (strcmp(path, "-") == 0)
        ok = import_stdin(&import);
    else if (g_file_test(cur, G_FILE_TEST_IS_DIR))
        ok = maildir_scan(path, import_entry, &import, &import.error)
            && import.error == NULL;
    else if (g_file_test(path, G_FILE_TEST_IS_DIR))
        ok = err_set(&import.error, ERR_USAGE, "%s is no Maildir: it has no "
                     "folder cur", path);
    else
        ok = import_file(&import, path, 0);
    *n = import.n;
    if (import.error && import.error->domain != ERR_DOMAIN) {
        err_set(error, ERR_LOCAL, "%s", import.error->message);
        g_clear_error(&import.error);
    } else if (import.error) {
        g_propagate_error(error, import.error);
    }
    return ok;
}

typedef struct {
    const char *path;
    int fd;          /* of the mbox */
    MaildirBatch *batch;
} Export;

/* "From sender date", then each line, "From " lines quoted, an empty line. */
static bool
export_mbox(Export *export, const StoreRow *row, GMappedFile *map,
            GError **error)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(row->date);
    g_autofree char *when = date ? g_date_time_format(date, "%c") : NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    const char *bytes = g_mapped_file_get_contents(map);
    const char *end = bytes + g_mapped_file_get_length(map);

    g_string_printf(text, "From %s %s\n",
                    row->from_addr && !strpbrk(row->from_addr, " \t\r\n")
                        ? row->from_addr : "MAILER-DAEMON",
                    when ? when : "Thu Jan  1 00:00:00 1970");
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', end - bytes);
        gsize length = (newline ? newline + 1 : end) - bytes;

        if (is_from_line(bytes, length))
            g_string_append_c(text, '>');
        g_string_append_len(text, bytes, length);
        bytes += length;
    }
    if (text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    g_string_append_c(text, '\n');
    return file_write_all(export->fd, text->str, text->len, export->path,
                          error);
}

static bool
export_maildir(Export *export, const StoreRow *row, GMappedFile *map,
               GError **error)
{
    g_autofree char *base = maildir_unique_name();

    return maildir_batch_begin(export->batch, base, error)
        && maildir_batch_write(export->batch, g_mapped_file_get_contents(map),
                               g_mapped_file_get_length(map), error)
        && maildir_batch_finish(export->batch,
                                row->flags & STORE_SYSTEM_FLAGS, error);
}

static bool
export_row(Session *session, Export *export, gint64 id, GError **error)
{
    g_autoptr(StoreRow) row = store_row(session_store(session), id, error);
    g_autofree char *path = NULL;
    g_autoptr(GMappedFile) map = NULL;

    if (row == NULL)
        return false;
    path = session_message_path(session, row);
    if (path == NULL)
        return err_set(error, ERR_LOCAL, "message %" G_GINT64_FORMAT " is not "
                       "on this machine: `posthorn sync` first", id);
    map = g_mapped_file_new(path, FALSE, NULL);
    if (map == NULL)
        return err_set_errno(error, errno, "%s", path);
    return export->batch ? export_maildir(export, row, map, error)
                         : export_mbox(export, row, map, error);
}

static bool
export_open(Export *export, TransferFormat format, GError **error)
{
    if (format == TRANSFER_MAILDIR) {
        if (maildir_create(export->path, error))
            export->batch = maildir_batch_create(export->path, error);
        return export->batch != NULL;
    }
    export->fd = open(export->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                      0600);
    return export->fd >= 0 || err_set_errno(error, errno, "%s", export->path);
}

static bool
export_close(Export *export, GError **error)
{
    bool ok = true;

    if (export->batch) {
        ok = maildir_batch_commit(export->batch, error);
        maildir_batch_destroy(export->batch);
        return ok;
    }
    if (fsync(export->fd) < 0)
        ok = err_set_errno(error, errno, "%s", export->path);
    if (close(export->fd) < 0 && ok)
        ok = err_set_errno(error, errno, "%s", export->path);
    return ok;
}

bool
transfer_export(Session *session, const GArray *ids, TransferFormat format,
                const char *path, guint *n, GError **error)
{
    Export export = { .path = path, .fd = -1 };
    bool ok = true;

    *n = 0;
    if (!export_open(&export, format, error))
        return false;
    for (guint i = 0; ok && i < ids->len; i++) {
        ok = export_row(session, &export, g_array_index(ids, gint64, i),
                        error);
        *n += ok;
    }
    return export_close(&export, ok ? error : NULL) && ok;
}
