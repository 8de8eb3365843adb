/* The lines of a reply, one after the other, into a value. Pure. */
#ifndef SMTP_SMTP_REPLY_H
#define SMTP_SMTP_REPLY_H

#include "smtp/smtp.h"

enum {
    SMTP_LINE_BYTES = 4096,  /* RFC 5321 says 512; servers say more */
    SMTP_REPLY_LINES = 256,  /* of one reply */
    SMTP_REPLY_TEXT = 16384, /* octets kept of all its lines */
};

typedef struct {
    SmtpReply *reply; /* grows; to be cleared by the owner */
    GPtrArray *lines; /* char *: the text of each line, raw; or NULL */
    guint n_lines;
    bool complete;
} SmtpReplyReader;

/* Adds a line without its end. ERR_PROTOCOL when the line is malformed, has
 * another code than the one before, or is one too many. */
bool smtp_reply_add_line(SmtpReplyReader *reader, const char *line, gsize size,
                         GError **error);

/* A reply of our own making, for what is not even asked of the server. */
void smtp_reply_set(SmtpReply *reply, int code, const char *enhanced,
                    const char *text);
void smtp_reply_copy(SmtpReply *to, const SmtpReply *from);

#endif
