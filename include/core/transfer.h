/* Messages in from files and out to files: single messages, mbox (the mboxrd
 * form: every ">*From " line gets one more ">"), Maildir. Main thread,
 * blocking: for the shell. */
#ifndef CORE_TRANSFER_H
#define CORE_TRANSFER_H

#include "core/session.h"

/* Puts the messages of path (a message, an mbox, a Maildir; "-": standard
 * input) into folder, each durable, to be uploaded when the account has a
 * server. *n counts those that are in, also when it ends with an error. */
bool transfer_import(Session *session, gint64 folder, const char *path,
                     guint *n, GError **error);

typedef enum {
    TRANSFER_MBOX,
    TRANSFER_MAILDIR,
} TransferFormat;

/* Writes the messages of rows ids to path: a new mbox file, or a new or old
 * Maildir. An mbox that exists is refused. A message that is not here ends it
 * with an error that names it. *n counts those written. */
bool transfer_export(Session *session, const GArray *ids,
                     TransferFormat format, const char *path, guint *n,
                     GError **error);

#endif
