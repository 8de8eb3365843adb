/* Files that are whole or not there: private modes, durable before named.
 * Blocking; any thread. Files are 0600, directories 0700 whatever the umask;
 * a failed fsync or close is a failed write (promises P3, P17, P18, P54). */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <glib.h>
#include <stdbool.h>

/* Writes bytes to a new O_EXCL file beside path, makes it durable, renames it
 * over path, makes the directory durable. Error: ERR_LOCAL with path. */
bool file_write_atomic(const char *path, const void *bytes, gsize size,
                       GError **error);

/* The same for bytes that are not in memory: fill writes them to fd, from its
 * beginning on, may read it back, and leaves it open. */
typedef bool (*FileFill)(int fd, void *user, GError **error);
bool file_write_filled(const char *path, FileFill fill, void *user,
                       GError **error);

/* A file in folder that has no name, to be read and written: it goes with its
 * last descriptor, also when the program is killed. -1 with *error. */
int file_open_unnamed(const char *folder, GError **error);

/* Gives it one, durable or not; false: it can have none, copy it. */
bool file_name_unnamed(int fd, const char *path);

/* Adds the bytes of the open file from to those of to, in pieces. path is for
 * the message. */
bool file_copy_all(int from, int to, const char *path, GError **error);

/* The whole of a regular file, NUL-terminated behind *size bytes; refuses one
 * of over limit bytes. Free with g_free(). */
char *file_read(const char *path, gsize limit, gsize *size, GError **error);

/* Adds a line to a file of lines that is ours, as file_write_atomic() does; a
 * new one begins with heading, a line too. */
bool file_add_line(const char *path, const char *heading, const char *line,
                   GError **error);

/* mkdir -p with mode 0700. */
bool file_mkdir(const char *path, GError **error);

/* fsync of a directory, so that names made in it survive a power loss. */
bool file_sync_dir(const char *path, GError **error);

/* write(2) until all is written; handles EINTR and short writes. */
bool file_write_all(int fd, const void *bytes, gsize size, const char *path,
                    GError **error);

/* Removes a directory tree below and including path; symlinks are removed,
 * never followed. */
bool file_remove_tree(const char *path, GError **error);

/* A name from outside as one safe path component: printable, no '/', no
 * leading '.' or '-', at most 200 bytes, never empty. Free with g_free().
 * Not reversible; for attachments (promise P55). */
char *file_safe_name(const char *untrusted);

#endif
