/* A message as its signers saw it: raw fields in order, and a body that is read
 * in pieces. Private. */
#ifndef TRUST_MESSAGE_H
#define TRUST_MESSAGE_H

#include <glib.h>
#include <stdbool.h>

/* Borrowed from the message; not terminated. */
typedef struct {
    const char *raw; /* the whole field with its line end */
    gsize raw_size;
    const char *name; /* without the blanks before the colon */
    gsize name_size;
    const char *value; /* behind the colon, folded, without the line end */
    gsize value_size;
} TrustField;

typedef struct {
    GArray *fields;    /* TrustField, in order */
    GHashTable *named; /* lower-case name -> GArray of guint, in order */
    bool cut;          /* a limit hid fields: nothing can be verified */
    char *header;
    const char *body; /* in memory; NULL: read from fd */
    gsize body_size;
    int fd; /* -1: none */
    goffset body_offset;
} TrustMessage;

bool
trust_message_open(TrustMessage *message, const char *path, GError **error);
void trust_message_init(TrustMessage *message, const char *bytes, gsize size);
void trust_message_finish(TrustMessage *message);

static inline const TrustField *
trust_message_field(const TrustMessage *message, guint index)
{
    return &g_array_index(message->fields, TrustField, index);
}

bool trust_field_is(const TrustField *field, const char *name);

/* The value, unfolded: line ends gone, NUL a blank. g_free(). */
char *trust_field_text(const TrustField *field);

/* Indices of the fields of a name in lower case, in order; NULL: none.
 * Borrowed. */
const GArray *
trust_message_named(const TrustMessage *message, const char *name);

/* The only field of a name in lower case; NULL when there is none or another.
 * count may be NULL. */
const TrustField *trust_message_single(const TrustMessage *message,
                                       const char *name, guint *count);

/* Calls piece with the body, in order. False when it cannot be read. */
bool
trust_message_body(const TrustMessage *message,
                   void (*piece)(const char *bytes, gsize size, void *user),
                   void *user);

#endif
