/* From a draft, or from bytes, to the outbox: checks, the before-send hooks,
 * the building of the bytes. Main thread. */
#ifndef CORE_SEND_H
#define CORE_SEND_H

#include "core/draft.h"
#include "core/outbox.h"

typedef struct {
    gint64 at;    /* seconds UTC; 0: after the undo window */
    bool no_undo; /* nobody is there to take it back: no undo window */
} SendHow;

/* id: of the outbox entry; NULL on error. error: ERR_USAGE when a check or a
 * hook stops it; the draft stays as it is. */
typedef void (*SendDone)(const char *id, const GError *error, void *user);

/* How whoever writes the draft wants it to leave: text that flows, a receipt
 * asked for; and what his server takes. */
void send_take_options(Session *session, Draft *draft);

/* For how long it can be taken back when it was sent. */
guint send_undo_seconds(Session *session, const Draft *draft);

/* Queues a draft. done is called once, maybe later: hooks run before. */
void send_draft(Session *session, const char *path, const SendHow *how,
                SendDone done, void *user);

/* A whole message from another program (sendmail): header and body with any
 * line ends. What it points to stays until done is called. */
typedef struct {
    const char *account; /* or an identity; NULL: by the From field, by sender,
                            else the first one */
    const char *sender;  /* -f; NULL: from the From field */
    const char *const *recipients; /* NULL-terminated */
    bool read_recipients;          /* -t: add To, Cc and Bcc of the header */
    const char *path;              /* the file */
} SendMessage;

/* Queues it: Bcc is taken out, Date, Message-ID and From are added where
 * missing, all else stays as it is. */
void send_message(Session *session, const SendMessage *message, SendDone done,
                  void *user);

#endif
