/* Messages that are to be sent. An entry is two files in paths->outbox:
 * ID.eml, the exact bytes, which change no more once they can have been sent,
 * and ID.json, the envelope with the state of every recipient. It is queued
 * when both are durable (promise P6).
 * Whoever changes an entry holds the lock (flock) of ID.eml, so no two
 * processes submit it (P80). Workers, one an account, are inside. Main thread.
 *
 * A message is tried at once, then after 1 minute, and after each failure
 * twice as long, at most 4 hours, for 5 days. Only recipients that were not
 * accepted are tried again.
 *
 * The rule for a message in doubt (the connection, or this process, ended
 * between the final dot and the whole reply, so that it was perhaps sent): a
 * double before a loss, and neither in silence. It is shown as in doubt, and
 * the same bytes with the same Message-ID are sent once more after a quarter of
 * an hour at the earliest; when that ends in doubt OUTBOX_DOUBTS times, it is
 * left to the user. It stays in doubt until a server takes or refuses it; until
 * then `outbox cancel` takes it out, `outbox retry` sends it now. */
#ifndef CORE_OUTBOX_H
#define CORE_OUTBOX_H

#include "core/session.h"

typedef enum {
    OUTBOX_WAITING, /* for its time, the undo window, or the network */
    OUTBOX_SENDING,
    OUTBOX_DEFERRED, /* tried; next try at next_try */
    OUTBOX_FAILED,   /* refused, or too old: needs the user */
    OUTBOX_IN_DOUBT, /* perhaps sent; next try at next_try, if any is left */
    OUTBOX_SENT,     /* about to leave the outbox */
} OutboxState;

typedef struct {
    char *address;
    OutboxState state;
    bool doubted; /* an earlier try ended in doubt */
    char *reply;  /* the server's last words and what they mean; sanitised; or
                     NULL */
} OutboxRecipient;

typedef struct {
    char *id;
    char *account;
    char *identity;        /* "work/club": of the account, that writes; NULL */
    char *sender;          /* of the envelope; "" the null sender */
    GPtrArray *recipients; /* OutboxRecipient */
    OutboxState state;     /* the one that needs most care among recipients */
    gint64 created;
    gint64 not_before; /* end of the undo window, or `--at` */
    gint64 next_try;   /* 0: at once */
    guint attempts;
    guint doubts;      /* tries that ended in doubt */
    unsigned notify;   /* reports that are wanted: SMTP_NOTIFY_…; 0: none */
    gint64 deliver_by; /* seconds, then it is to come back; 0: no limit */
    bool require_tls;  /* encrypted on the whole way, or not at all */
    bool server_hold;  /* the server may keep it until not_before */
    char *reason;      /* of the last failure, one line, sanitised; or NULL */
    bool committed;    /* the final dot was, or may have been, on its way */
    bool accepted;     /* by at least one recipient's server */
    bool filed;        /* the Sent copy is made, the parent tagged */
    gint64 parent;     /* row to be tagged, 0: none */
    bool no_copy;      /* a receipt: nothing for the Sent folder */
    bool is_forward;   /* tag passed, not replied */
    char *draft;       /* path of the draft it was made from; or NULL */
    char *message_id;  /* without <> */
    char *from;        /* for display; untrusted */
    char *to;
    char *subject;
    guint64 size;
} OutboxEntry;

void outbox_entry_free(OutboxEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutboxEntry, outbox_entry_free)

/* "waiting sending deferred failed in-doubt sent": a promise to scripts. */
const char *outbox_state_name(OutboxState state);

/* Does nothing until outbox_start(). */
Outbox *outbox_create(Session *session);
void outbox_destroy(Outbox *outbox);

/* What runs is cancelled and gives its last answers, for which there still have
 * to be accounts; nothing is begun any more. */
void outbox_end(Outbox *outbox);

/* From now on sends what is due, follows its clock, and watches the folder for
 * what other processes queue. Call when accounts are open. */
void outbox_start(Outbox *outbox);

/* Logs in to the account's `outgoing` server and leaves, or looks whether its
 * program is there; nothing is sent. done is called once, and at once with
 * ERR_USAGE where the account has no usable `outgoing`. */
void outbox_check(Outbox *outbox, const char *account,
                  void (*done)(const GError *error, void *user), void *user);

/* Something may be due: the network is back, the user wants it now. Cheap. */
void outbox_kick(Outbox *outbox);

/* Makes an entry of bytes; entry gives account, sender, recipients (addresses),
 * not_before, parent, draft and what is shown; id, state and size are set. When
 * it returns true, the message survives kill and power loss. */
bool
outbox_add(Outbox *outbox, OutboxEntry *entry, GBytes *bytes, GError **error);

/* The same for an entry whose bytes outbox_entry_write() has made. */
bool outbox_queue(Outbox *outbox, OutboxEntry *entry, GError **error);

/* All entries, oldest first, read from disk. Array of OutboxEntry; free with
 * g_ptr_array_unref(). An unreadable envelope is reported and left alone. */
GPtrArray *outbox_list(Outbox *outbox, GError **error);

/* One of them; outbox_entry_free(). */
OutboxEntry *outbox_find(Outbox *outbox, const char *id, GError **error);

/* What is sent of an entry, its first bytes, at most that many; the first NUL
 * ends them. Untrusted. g_free(); NULL on error. */
char *outbox_beginning(Outbox *outbox, const char *id, gsize most,
                       GError **error);

/* How many entries there are, and how many need the user. Cheap. */
guint outbox_count(Outbox *outbox, guint *need_user);

/* Tries again now whoever was not accepted: also failed and in doubt. */
bool outbox_retry(Outbox *outbox, const char *id, GError **error);

/* Takes the entry out; the draft is kept as draft_keep() does. Refused while it
 * is being sent. A draft whose message was accepted for some keeps only the
 * others. */
bool outbox_cancel(Outbox *outbox, const char *id, GError **error);

/* Of entries (NULL: there are none) the newest that waits for its undo window,
 * or for a later time, if that was the last that this program queued, minutes
 * ago; NULL: none. Borrowed. `undo` cancels it. */
const OutboxEntry *outbox_undoable(const Outbox *outbox,
                                   const GPtrArray *entries);

/* The page of the outbox has the focus: undo means what was done there. */
void outbox_set_shown(Outbox *outbox, bool shown);
bool outbox_is_shown(const Outbox *outbox);

/* The user's last act on that page took out an entry, which made its draft one
 * again: undo sends it. NULL: it was something else. Forgotten when the page
 * loses the focus, so that nothing is sent that was changed meanwhile, and when
 * something is queued. entry is as it was; false: it may have been sent, and is
 * not sent again by undo. */
bool outbox_set_taken(Outbox *outbox, const OutboxEntry *entry);

/* Its draft, borrowed; NULL: none. *not_before as it was. */
const char *outbox_taken(const Outbox *outbox, gint64 *not_before);

/* The most octets that the server of an account or identity took, as it said
 * when something was last sent; 0: not known. */
guint64 outbox_max_size(Outbox *outbox, const char *lane);

/* Did it offer then to take text of 8 bits? False: not known either. */
bool outbox_takes_8bit(Outbox *outbox, const char *lane);

/* Is a draft on its way into it: are its bytes being made? */
bool outbox_is_building(const Outbox *outbox);

/* Is this draft in the outbox, or on its way into it? Then nobody may change
 * it: what leaves is made of it. */
bool outbox_has_draft(Outbox *outbox, const char *path);

/* The paths of all such drafts, a set; g_hash_table_unref(). */
GHashTable *outbox_drafts(Outbox *outbox);

/* Sends what is due, once; done is called when every entry that was due has had
 * its try. For headless runs. n_failed: entries that now need the user. */
void outbox_flush(Outbox *outbox,
                  void (*done)(guint n_sent, guint n_failed, void *user),
                  void *user);

/* Another number as soon as an entry came, went or changed, also by another
 * process; session_state_changed() tells it. While it is the same, the entries
 * need not be read again. */
guint outbox_serial(const Outbox *outbox);

#endif
