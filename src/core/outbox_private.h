/* The outbox as its own files see it. Main thread. */
#ifndef CORE_OUTBOX_PRIVATE_H
#define CORE_OUTBOX_PRIVATE_H

#include "base/job.h"
#include "core/outbox.h"
#include "outbox_entry.h"
#include "outbox_job.h"

typedef struct {
    void (*done)(guint n_sent, guint n_failed, void *user);
    void *user;
} OutboxWaiter;

struct Outbox {
    Session *session;
    char *folder;
    GHashTable *lanes; /* account name → OutboxLane */
    bool started;
    bool ended;         /* outbox_end(): nothing is begun any more */
    guint scan_source;  /* soon */
    guint clock_source; /* when the next entry is due */
    GFileMonitor *monitor;
    guint count, need_user; /* of the last scan */
    guint serial;           /* outbox_serial() */

    GArray *waiters; /* OutboxWaiter: outbox_flush() */
    guint n_sent, n_failed;
    guint flush_source;

    Worker *builder; /* makes the bytes of drafts; NULL: none was sent yet */
    GHashTable *staging;  /* ids whose bytes are copied to a file system */
    char *current_draft;  /* draft_current() */
    char *last_queued;    /* the entry; of this program */
    bool shown;           /* outbox_set_shown() */
    char *taken;          /* outbox_taken(): path of the draft; NULL: none */
    gint64 taken_before;
    GHashTable *leaving;  /* paths of drafts that before-send hooks look at, or
                             whose bytes are made */
};

/* What is sent one after the other: one account's. */
typedef struct {
    Outbox *outbox;
    char *account;
    Worker *worker;
    gint64 last; /* when the last message went, monotonic µs; 0: none did */
    bool busy;   /* a try is under way, or its password is asked for */
    OutboxRequest *request; /* while the password is asked for */

    /* Of a lane that only looks whether it could send; else NULL. */
    void (*checked)(const GError *error, void *user);
    void *checked_user;
} OutboxLane;

/* Begins a try of these ids (taken); the lane is busy until it ends. */
void outbox_lane_start(OutboxLane *lane, GPtrArray *ids);
void outbox_lane_free(OutboxLane *lane);

/* What it does is cancelled and answered. The lane stays: whoever is asked for
 * its password may still answer. */
void outbox_lane_end(OutboxLane *lane);

/* A try ended: tells, files copies, looks for what is next. */
void outbox_tried(OutboxLane *lane, const OutboxResult *result);

/* What follows an acceptance: the Sent copy, the parent's tag, the event; the
 * entry goes when all is done. With the lock; safe to be called again after a
 * crash anywhere in it. False: to be tried again later. */
bool outbox_file(Outbox *outbox, const char *id, GError **error);

typedef enum {
    OUTBOX_STAGE_FAILED,
    OUTBOX_STAGE_BEHIND, /* outbox_staged() is called when it is ready */
    OUTBOX_STAGE_READY,  /* the file is there, to be linked and unlinked */
} OutboxStage;

/* Brings the bytes of an entry to where a link into the folder can be made:
 * into its tmp/. folder: its path below the mail folder. */
OutboxStage outbox_stage(Outbox *outbox, const char *id, const char *folder,
                         GError **error);
char *outbox_stage_path(Outbox *outbox, const char *id, const char *folder);

/* They are there, or could not be copied. */
void outbox_staged(Outbox *outbox, const char *id, const GError *error);

/* Fires `send-failed` for an entry that needs the user, and says so. */
void outbox_tell_trouble(Outbox *outbox, const OutboxEntry *entry);

/* Puts the message into the account's own inbox (`outgoing demo:`). */
bool outbox_deliver_here(Outbox *outbox, const char *id, GError **error);

/* An event with account, from, to, subject, message_id, size, reason. */
Event *outbox_event(Outbox *outbox, const char *name, const OutboxEntry *entry);

/* A job of the thread that makes bytes of drafts. request is its user, too. */
void outbox_build(Outbox *outbox, const JobClass *class, void *request);

/* What a server said that it takes, for the next message. */
void outbox_note_server(Outbox *outbox, const char *lane,
                        const OutboxServer *server);

/* outbox_serial() is another, and the views are told. */
void outbox_changed(Outbox *outbox);

#endif
