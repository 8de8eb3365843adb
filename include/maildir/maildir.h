/* Maildir folders: names, flags, whole files only. A file is written in tmp/,
 * made durable (one at a time or a batch together), renamed into cur/, its
 * directory made durable; only then may a caller rely on it (promises P2, P3,
 * P78). Names carry no UID and no host name: "SECONDS.R<16 hex>.posthorn" and
 * ":2,FLAGS" behind. Blocking; any thread. */
#ifndef MAILDIR_MAILDIR_H
#define MAILDIR_MAILDIR_H

#include <glib.h>
#include <stdbool.h>

/* Flag letters of the Maildir convention, as bits. The same bits are used by
 * the store for the system flags of IMAP. */
typedef enum {
    MAILDIR_PASSED = 1 << 0,  /* P  $Forwarded */
    MAILDIR_REPLIED = 1 << 1, /* R  \Answered */
    MAILDIR_SEEN = 1 << 2,    /* S  \Seen */
    MAILDIR_TRASHED = 1 << 3, /* T  \Deleted */
    MAILDIR_DRAFT = 1 << 4,   /* D  \Draft */
    MAILDIR_FLAGGED = 1 << 5, /* F  \Flagged */
} MaildirFlags;

/* Makes folder/{cur,new,tmp}, mode 0700; fine when they exist. */
bool maildir_create(const char *folder, GError **error);

/* A base name that no other file has, without flags. Free with g_free(). */
char *maildir_unique_name(void);

/* "base" and flags to "base:2,FS"; letters in ASCII order. g_free(). */
char *maildir_file_name(const char *base, MaildirFlags flags);

/* Flags of a file name; letters we do not know are ignored. */
MaildirFlags maildir_name_flags(const char *file_name);

/* The base of a file name: what stands before ":2,". g_free(). */
char *maildir_name_base(const char *file_name);
/* Its bytes. */
gsize maildir_base_size(const char *file_name);

/* A folder name from a server as one safe directory name and back, one to one:
 * promise P55, P82. Letters, digits and blanks stay readable; a name whose
 * encoding is over 200 bytes becomes its beginning and a digest, for which
 * decode gives NULL, as for what is not of our making. Free with g_free().
 * Capital and small letters are different names here; where a disk takes them
 * for the same, store_folder_put() keeps the paths apart. */
char *maildir_encode_name(const char *mailbox);
char *maildir_decode_name(const char *directory);

/* "work/Lists/linux-mm": the directory of a mailbox below the mail root, its
 * hierarchy (delimiter, 0: none) as directories. Free with g_free(). */
char *maildir_folder_path(const char *account, const char *mailbox,
                          char delimiter);

/* Messages on their way into one folder. */
typedef struct MaildirBatch MaildirBatch;

/* folder must exist (maildir_create). */
MaildirBatch *maildir_batch_create(const char *folder, GError **error);

/* What is not committed is removed from tmp/. NULL is fine. */
void maildir_batch_destroy(MaildirBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MaildirBatch, maildir_batch_destroy)

/* Opens the next message, to be called base; then write any number of times;
 * then finish with the flags to show in its name, or drop. */
bool maildir_batch_begin(MaildirBatch *batch, const char *base,
                         GError **error);
bool maildir_batch_write(MaildirBatch *batch, const void *bytes, gsize size,
                         GError **error);
bool maildir_batch_finish(MaildirBatch *batch, MaildirFlags flags,
                          GError **error);
void maildir_batch_drop(MaildirBatch *batch);

/* One that is a whole, durable file already, to which nobody writes any more,
 * finished at once: a second name of it where the disk allows that, else a
 * copy. */
bool maildir_batch_adopt(MaildirBatch *batch, const char *base,
                         MaildirFlags flags, const char *source,
                         GError **error);

/* Messages finished and not committed yet, and their bytes. */
guint maildir_batch_count(const MaildirBatch *batch);
guint64 maildir_batch_bytes(const MaildirBatch *batch);

/* All finished messages: durable, then named in cur/, then cur/ durable. After
 * it returns true they may be recorded. On false none that was not yet named
 * appears; those already named are whole. */
bool maildir_batch_commit(MaildirBatch *batch, GError **error);

/* All finished messages: durable as tmp/BASE, not named. */
bool maildir_batch_stage(MaildirBatch *batch, GError **error);
/* Those of tmp/ are somebody else's from now on. */
void maildir_batch_leave(MaildirBatch *batch);

/* One message from memory, durable and named when it returns. */
bool maildir_deliver(const char *folder, const char *base, MaildirFlags flags,
                     const void *bytes, gsize size, GError **error);

/* The path of a message known as path (with flags as they were): path itself
 * when it exists, else the file of the same base in cur/, new/ or tmp/ of the
 * same folder, else NULL without error. Free with g_free(). */
char *maildir_locate(const char *path);

/* Renames the file at path into folder's cur/ (its own or another) with
 * flags, keeping its base. Returns the new path, or NULL. The directories are
 * not yet synced: see file_sync_dir(). Free with g_free(). */
char *maildir_rename(const char *path, const char *folder, MaildirFlags flags,
                     GError **error);

typedef struct {
    const char *path; /* borrowed for the call */
    const char *base;
    MaildirFlags flags;
    bool is_new; /* in new/ */
} MaildirEntry;

/* Calls each for every message in cur/ and new/; false from each ends the
 * scan. Dot files and directories are passed over. */
bool maildir_scan(const char *folder,
                  bool (*each)(const MaildirEntry *entry, void *user),
                  void *user, GError **error);

/* Removes what lies in tmp/ for longer than 36 hours. */
void maildir_sweep(const char *folder);

#endif
