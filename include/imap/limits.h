/* What a server may say before it is taken for broken (promise P30). Each
 * limit is tested below, at and above its value. */
#ifndef IMAP_LIMITS_H
#define IMAP_LIMITS_H

enum {
    IMAP_LINE_BYTES = 1 << 20,   /* of a line without its literals */
    IMAP_STRING_BYTES = 1 << 20, /* of a string kept in memory */
    IMAP_LIST_DEPTH = 32,        /* of parentheses */
    IMAP_CAPABILITIES = 500,
    IMAP_FLAGS = 200,      /* of one message, and of one mailbox */
    IMAP_FLAG_BYTES = 200, /* longer flags are left out */
    IMAP_MAILBOXES = 100000,
    IMAP_NAME_BYTES = 1000,    /* of a mailbox; a longer one is left out */
    IMAP_LIST_BYTES = 8 << 20, /* of all names of one list */
    IMAP_PARTS = 5000, /* of one message, as BODYSTRUCTURE tells them */
    IMAP_PARTS_BYTES = 4 << 20, /* of what it says of them together */
    IMAP_NEWS = 1000, /* mailboxes told as changed at one time */
    IMAP_SET_RANGES = 5000000,
    IMAP_WORDS_BYTES = 1000, /* of a text for people; its rest is left out */
};

/* Of one message; what is larger breaks the connection. */
#define IMAP_LITERAL_BYTES (G_GUINT64_CONSTANT(4) << 30)

#endif
