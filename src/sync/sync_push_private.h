/* What the files of the push share: sync_push.c performs steps, uploads are in
 * sync_push_append.c, what the server accepted in sync_push_record.c. */
#ifndef SYNC_PUSH_PRIVATE_H
#define SYNC_PUSH_PRIVATE_H

#include "sync_private.h"

typedef struct {
    const Sync *sync;
    const GPtrArray *folders; /* StoreFolder, of all accounts */
    const StoreFolder *folder; /* the selected one */
    ImapOpened opened;         /* of its mailbox */
    GHashTable *closed;       /* folders that cannot be opened now → why */
    GHashTable *stuck;        /* ids of rows that stay pending */
    char *reason;             /* why the first of them does; safe */
    bool progress;            /* something was done in this round */
    guint left;               /* rows that were to be told in it */
} Pusher;

/* It cannot be told now and stays pending, with the reason (safe). */
bool push_later(Pusher *pusher, const StorePending *row, const char *reason,
                GError **error);

/* PUSH_LOOK and PUSH_APPEND; their mailbox is selected. */
bool push_look(Pusher *pusher, const PushStep *step, GError **error);
bool push_append(Pusher *pusher, const PushStep *step, GError **error);

/* Its rows are read again right before its command: those that are wanted
 * otherwise by now, or lie elsewhere, are left out. */
void push_renew(const Sync *sync, PushStep *step);

/* What the server accepted is its state from now on, whatever the user wants
 * meanwhile: if that is something else again, the row stays pending. Rows that
 * are gone are passed over. */
bool push_record_store(const Sync *sync, const PushStep *step, GError **error);

/* It is nowhere on the server any more. */
bool push_record_gone(const Sync *sync, const PushStep *step, GError **error);

/* uid 0: it was not told. Inside a transaction. */
bool push_record_place(Store *store, gint64 id, gint64 folder, guint32 uid,
                       GError **error);

#endif
