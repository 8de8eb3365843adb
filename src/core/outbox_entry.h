/* An entry of the outbox on disk. Whoever writes one holds its lock. Blocking;
 * any thread. */
#ifndef CORE_OUTBOX_ENTRY_H
#define CORE_OUTBOX_ENTRY_H

#include "base/file.h"
#include "core/outbox.h"

enum {
    OUTBOX_FIRST_PAUSE = 60, /* seconds; then twice as long each time */
    OUTBOX_LONGEST_PAUSE = 4 * 3600,
    OUTBOX_GIVE_UP = 5 * 24 * 3600, /* after it was queued */
    OUTBOX_DOUBT_PAUSE = 15 * 60, /* at least, before one in doubt is resent */
    OUTBOX_DOUBTS = 3,            /* then it is left to the user */
};

/* An entry with no recipients. */
OutboxEntry *outbox_entry_create(void);
OutboxRecipient *outbox_entry_add(OutboxEntry *entry, const char *address);

/* The files of an entry. g_free(). */
char *outbox_bytes_path(const char *folder, const char *id);
char *outbox_envelope_path(const char *folder, const char *id);

/* Makes the bytes durable: what fill writes. Sets id and size. They mean
 * nothing until outbox_entry_save(). */
bool outbox_entry_write(const char *folder, OutboxEntry *entry, FileFill fill,
                        void *user, GError **error);

/* Puts other bytes, what fill writes, in the place of those of an entry whose
 * lock is held and of which nothing can have left. Returns the lock of the new
 * ones, to be closed beside the old one; -1 with *error: nothing has changed.
 */
int outbox_entry_rewrite(const char *folder, OutboxEntry *entry, FileFill fill,
                         void *user, GError **error);

/* Makes both files durable, the bytes first: when the envelope has its name,
 * the message is queued (P6). Sets id. */
bool outbox_entry_new(const char *folder, OutboxEntry *entry, GBytes *bytes,
                      GError **error);

/* The envelope as it is now. NULL with ERR_LOCAL; with ERR_USAGE when there is
 * no such entry. */
OutboxEntry *
outbox_entry_load(const char *folder, const char *id, GError **error);

bool
outbox_entry_save(const char *folder, const OutboxEntry *entry, GError **error);

/* Takes the lock: a descriptor of the bytes, to be closed to give it back; -1
 * with ERR_RETRY when somebody has it, ERR_USAGE when the entry is gone. */
int outbox_entry_lock(const char *folder, const char *id, GError **error);

/* Removes the envelope, then the bytes. */
bool outbox_entry_remove(const char *folder, const char *id, GError **error);

/* Removes bytes that never got an envelope, because the process died while it
 * made them: those older than a day, so that nobody else is about to. */
void outbox_entry_sweep(const char *folder);

/* Ids of all entries, oldest first. Array of char *. */
GPtrArray *outbox_entry_ids(const char *folder, GError **error);

/* The life of an entry: pure. */

/* When the next try is due; 0: at once; -1: it needs the user, or is done. */
gint64 outbox_entry_due(const OutboxEntry *entry);

/* Sets entry->state from the states of the recipients. */
void outbox_entry_sum_up(OutboxEntry *entry);

/* A try begins: whoever may be tried by itself is SENDING. */
void outbox_entry_begin(OutboxEntry *entry);

/* What a try that never ended has left (the process died): waiting, or in
 * doubt when the final dot may have been sent. False: there was none. */
bool outbox_entry_recover(OutboxEntry *entry, gint64 now);

/* The fate of a recipient is not known: E4. */
void outbox_entry_doubt(OutboxEntry *entry, OutboxRecipient *recipient);

/* A try that came to nothing for whoever is still SENDING: deferred, or failed
 * when the entry is too old. */
void outbox_entry_defer(OutboxEntry *entry, const char *reason, gint64 now);

/* The try has ended; sets next_try. */
void outbox_entry_end(OutboxEntry *entry, gint64 now);

/* Was it sent to anyone, or perhaps? Then its bytes stay as they are (E5). */
bool outbox_entry_may_be_out(const OutboxEntry *entry);

/* The user says: once more, for all but the accepted. */
void outbox_entry_again(OutboxEntry *entry);

#endif
