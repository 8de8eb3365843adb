/* What a server may say before it is taken for broken (promise P30). Each
 * limit is tested below, at and above its value. */
#ifndef POP3_LIMITS_H
#define POP3_LIMITS_H

enum {
    POP3_LINE_BYTES = 8192,      /* of a line that is not of a message */
    POP3_CAPABILITIES = 500,     /* lines of CAPA */
    POP3_MESSAGES = 1000000,     /* lines of LIST and of UIDL */
    POP3_UIDL_BYTES = 70,        /* a longer unique id is known by its hash */
    POP3_HEADER_BYTES = 4 << 20, /* of TOP; the rest is passed over */
};

/* Of one message; what is larger breaks the connection. */
#define POP3_MESSAGE_BYTES (G_GUINT64_CONSTANT(4) << 30)

#endif
