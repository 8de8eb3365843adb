/* Receipts for mail that was read (RFC 8098): asked for by senders, sent only
 * when the user says so. Main thread. */
#ifndef CORE_RECEIPT_H
#define CORE_RECEIPT_H

#include "core/session.h"
#include "mime/mime.h"

/* Who asks for a receipt of this message, and may have one: it is here, the
 * account's `read-receipts` is ask, and none was sent. message: when it is
 * loaded, else NULL. One address; NULL: nobody. g_free(). */
char *receipt_wanted(Session *session, gint64 id, MimeMessage *message);

/* Queues one to whom receipt_wanted() names, from the null sender, and tags the
 * message $MDNSent, so that there is never a second. */
bool receipt_send(Session *session, gint64 id, GError **error);

#endif
