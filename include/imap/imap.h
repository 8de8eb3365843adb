/* IMAP4rev1 (RFC 3501) and IMAP4rev2 (RFC 9051), client side: blocking calls
 * on one connection, in one thread. Knows neither store nor screen nor
 * options. Each call heeds the connection's cancellable and deadlines. On
 * ERR_PROTOCOL, ERR_RETRY and ERR_CANCELLED the connection is dead: close it.
 * ERR_REFUSED leaves it usable. Server texts in errors are sanitised. */
#ifndef IMAP_IMAP_H
#define IMAP_IMAP_H

#include "base/uidset.h"
#include "net/net.h"
#include "sasl/sasl.h"

/* COMPRESS=DEFLATE (RFC 4978) where offered. */
typedef enum {
    IMAP_COMPRESS_OFF,
    IMAP_COMPRESS_ON,
    IMAP_COMPRESS_FAR, /* on, unless the server answers within 5 ms */
} ImapCompress;

typedef struct {
    NetParams net;   /* where, TLS, proxy */
    SaslParams sasl; /* who */
    bool sasl_ir;    /* use SASL-IR where offered (default true) */
    ImapCompress compress;
    char *version; /* of the program, told by ID; NULL: nothing is told */
    /* What the user says mailboxes are for, whatever the server says: "\\Sent",
     * its name, …; NULL: nothing. */
    char **uses;
} ImapParams;

typedef struct ImapConn ImapConn;

/* Dial, TLS, greeting, capabilities, login, ID, ENABLE. cancel is kept and
 * heeded by every later call. NULL on error: ERR_AUTH when refused. */
ImapConn *
imap_conn_open(const ImapParams *params, GCancellable *cancel, GError **error);

/* LOGOUT without waiting for the answer, then closes. NULL is fine. */
void imap_conn_close(ImapConn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImapConn, imap_conn_close)

/* Is the NO of a kind that passes (RFC 5530)? Asked again later the server may
 * say OK. */
bool imap_is_temporary(const GError *refusal);

/* Does it say that the mailbox, or the server, is busy now, whatever was asked
 * for (UNAVAILABLE, INUSE, LIMIT)? */
bool imap_is_busy(const GError *refusal);

/* Does it say that there is no such mailbox (NONEXISTENT)? */
bool imap_is_nonexistent(const GError *refusal);

/* Is a capability ("MOVE", "CONDSTORE") offered now, by name or as a part of
 * IMAP4rev2? Case-insensitive. */
bool imap_conn_can(const ImapConn *conn, const char *capability);

/* What the server wants the user to read (ALERT, RFC 9051, section 7.1) since
 * the last call, the last of several; sanitised. g_free(); NULL: nothing. */
char *imap_take_alert(ImapConn *conn);

/* Octets that APPEND takes (RFC 7889); 0: not told. */
guint64 imap_conn_append_limit(const ImapConn *conn);

/* What the names of the user's own mailboxes begin with (RFC 2342), "INBOX." or
 * "", and what separates their parts; NULL: the server does not say. Borrowed;
 * untrusted. */
const char *imap_conn_prefix(const ImapConn *conn, char *delimiter);

typedef struct {
    char *name;     /* UTF-8, decoded from modified UTF-7; untrusted */
    char delimiter; /* or 0 */
    bool no_select;
    bool subscribed;
    char *special_use; /* "\\Sent", …, or NULL */
    /* From LIST-STATUS or STATUS; have_status false: not known */
    bool have_status;
    guint32 messages, uidnext, uidvalidity, unseen;
    guint64 modseq;
    char *id; /* ImapSelected.mailbox_id, for the caller to keep; or NULL */
} ImapMailbox;

void imap_mailbox_free(ImapMailbox *mailbox);

/* LIST "" "*" with SPECIAL-USE, SUBSCRIBED and, when state is asked for, STATUS
 * returned where offered (RFC 5258, 5819, 6154). Array of ImapMailbox. */
GPtrArray *imap_list(ImapConn *conn, bool state, GError **error);

bool imap_status(ImapConn *conn, const char *mailbox, ImapMailbox *status,
                 GError **error);

typedef struct {
    guint32 uidvalidity;
    guint32 uidnext;
    guint64 modseq; /* HIGHESTMODSEQ; 0: NOMODSEQ */
    guint32 exists;
    bool read_only;
    bool keywords_allowed;  /* \* in PERMANENTFLAGS */
    char **permanent_flags; /* all of it; NULL: not told */
    bool resynced; /* QRESYNC was used: changes and vanished were reported */
    /* MAILBOXID (RFC 8474): stays when it is renamed; or NULL. Not asked of
     * STATUS, where Cyrus 3.6.1 sends what lies in its memory. */
    char *mailbox_id;
} ImapSelected;

void imap_selected_clear(ImapSelected *selected);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImapSelected, imap_selected_clear)

/* What lasts while a mailbox is selected. */
typedef struct {
    guint32 uidvalidity;
    unsigned local_flags; /* as in ImapFlags: the mailbox does not keep them */
    bool keywords_allowed;
    const char *const *permanent_flags; /* borrowed; NULL: not told */
} ImapOpened;

/* Of a mailbox that is the one selected; false: it is not. */
bool
imap_conn_opened(ImapConn *conn, const char *mailbox, ImapOpened *opened);

/* Does the mailbox keep this keyword when it is set (RFC 9051, section 7.1)? */
bool imap_keeps_keyword(const ImapOpened *opened, const char *keyword);

/* "\\Seen", of one bit of ImapFlags. */
const char *imap_flag_name(unsigned bit);

/* Flags of a message. system: MaildirFlags' bits of the same meaning
 * (maildir/maildir.h): P=$Forwarded R=\Answered S=\Seen T=\Deleted D=\Draft
 * F=\Flagged. keywords: space separated, sorted, untrusted; "" none. */
typedef struct {
    unsigned system;
    const char *keywords;
} ImapFlags;

/* A part of a message as BODYSTRUCTURE tells it. header: the lines that say its
 * type, name and disposition, each with CRLF; untrusted. */
typedef struct {
    char *section;  /* "1.2": what to ask for in BODY[] */
    char *header;   /* without the encoding */
    char *encoding; /* of a transfer, untrusted; NULL: a multipart */
    guint64 octets; /* as encoded */
    guint depth;
} ImapPart;

void imap_part_free(ImapPart *part);

/* What one FETCH response told. */
typedef struct {
    guint32 seq;
    guint32 uid; /* 0: not told */
    guint64 modseq;
    bool has_flags;
    ImapFlags flags;
    gint64 internaldate; /* seconds UTC; 0: not told */
    guint64 size;        /* RFC822.SIZE; 0: not told */
    const char *preview; /* PREVIEW (RFC 8970); NULL: not told; untrusted */
    const char *email_id; /* EMAILID (RFC 8474), or X-GM-MSGID behind "gm.":
                             of these bytes, wherever; NULL: not told */
    gint64 savedate;     /* SAVEDATE (RFC 8514), seconds UTC; 0: not told */
    GPtrArray *parts;    /* ImapPart, in document order; NULL: not told */
} ImapMessage;

/* Where responses go, in the order in which they come. A false return with
 * *error ends the call. Any function may be NULL. */
typedef struct {
    void *user;
    /* A literal of BODY[section] begins, of size octets; then its bytes. They
     * belong to the message that the next message() tells. */
    bool (*body_begin)(void *user, const char *section, guint64 size,
                       GError **error);
    bool (*body_bytes)(void *user, const void *bytes, gsize size,
                       GError **error);
    bool (*message)(void *user, const ImapMessage *message, GError **error);
    bool (*vanished)(void *user, const UidSet *uids, GError **error);
    /* Of imap_select(): what was told so far is of the mailbox that is left. */
    void (*closed)(void *user);
    /* Of imap_fetch_sets(), once: the first are asked for, and until the server
     * answers there is time for something else. */
    bool (*asked)(void *user, GError **error);
    /* Of imap_fetch_sets(): all of one set was told. *enough: no other set is
     * asked for; one that is on its way already is told all the same. */
    bool (*set_told)(void *user, bool *enough, GError **error);
} ImapSink;

typedef struct {
    guint32 uidvalidity;
    guint64 modseq;
    const UidSet *known; /* may be NULL */
} ImapResync;

/* SELECT; with resync and QRESYNC enabled, RFC 7162's form. Changed flags and
 * vanished UIDs go to sink (may be NULL). */
bool imap_select(ImapConn *conn, const char *mailbox, const ImapResync *resync,
                 const ImapSink *sink, ImapSelected *selected, GError **error);

/* A SELECT to be sent in the flight of the next imap_list(), which tells of the
 * mailbox what SELECT told. An imap_select() of the same, with the same resync,
 * that is the next command then sends nothing. A mailbox whose name may need a
 * literal is not sent ahead. resync may be NULL; its known is not used. */
void imap_select_ahead(ImapConn *conn, const char *mailbox,
                       const ImapResync *resync);

/* UID FETCH uids (items) [CHANGEDSINCE since, VANISHED with QRESYNC]. Sliced
 * so that no command line is over 8,000 octets, pipelined. items as written:
 * "UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER]". since 0: none. */
bool imap_fetch(ImapConn *conn, const UidSet *uids, const char *items,
                guint64 since, const ImapSink *sink, GError **error);

/* UID FETCH for each of several sets (UidSet) in their order. While one is told
 * the next is asked for, so that there is no round trip between them. */
bool imap_fetch_sets(ImapConn *conn, const GPtrArray *sets, const char *items,
                     const ImapSink *sink, GError **error);

/* UID SEARCH with criteria as written. Strings in them are UTF-8 in quotes,
 * with \ before " and \, and are sent as the server takes them. */
UidSet *imap_search(ImapConn *conn, const char *criteria, GError **error);

/* UID STORE +FLAGS.SILENT or -FLAGS.SILENT. UNCHANGEDSINCE (RFC 7162) is
 * not sent: one flag is added or taken, whatever became of the others. */
bool imap_store(ImapConn *conn, const UidSet *uids, bool add,
                const ImapFlags *flags, GError **error);

/* Old and new UIDs of COPYUID (RFC 4315), pair by pair. */
typedef struct {
    guint32 uidvalidity; /* 0: the server did not say */
    GArray *from;        /* guint32 */
    GArray *to;
} ImapCopied;

void imap_copied_clear(ImapCopied *copied);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImapCopied, imap_copied_clear)

/* UID MOVE, which the server must have; UID COPY. copied may be NULL. */
bool imap_move(ImapConn *conn, const UidSet *uids, const char *mailbox,
               ImapCopied *copied, GError **error);
bool imap_copy(ImapConn *conn, const UidSet *uids, const char *mailbox,
               ImapCopied *copied, GError **error);

/* STORE \Deleted and UID EXPUNGE; without UIDPLUS only marked, *marked set.
 * Plain EXPUNGE is never sent (promise P76). */
bool
imap_expunge(ImapConn *conn, const UidSet *uids, bool *marked, GError **error);

/* A message to be uploaded: a file's bytes (LF becomes CRLF). */
typedef struct {
    ImapFlags flags;
    gint64 internaldate; /* 0: now */
    int fd;
    guint32 uid; /* where it is now; 0: not told (no UIDPLUS) */
} ImapUpload;

/* APPEND of n messages: several only where there is MULTIAPPEND (RFC 3502), and
 * then all of them or none. */
bool imap_append(ImapConn *conn, const char *mailbox, ImapUpload *uploads,
                 guint n, guint32 *uidvalidity, GError **error);

/* special_use: "\\Sent", …, told where CREATE-SPECIAL-USE is offered, or NULL.
 * What is renamed or deleted while it is selected is left first. */
bool imap_create(ImapConn *conn, const char *mailbox, const char *special_use,
                 GError **error);
bool
imap_rename(ImapConn *conn, const char *from, const char *to, GError **error);
bool imap_delete(ImapConn *conn, const char *mailbox, GError **error);
bool
imap_subscribe(ImapConn *conn, const char *mailbox, bool on, GError **error);

/* Room on the server (RFC 9208), of the quota root of a mailbox that is
 * fullest. limit 0: there is no limit, or none is told. */
typedef struct {
    guint64 used, limit; /* octets */
} ImapQuota;

/* GETQUOTAROOT. Without QUOTA nothing is asked, limit is 0. */
bool imap_quota(ImapConn *conn, const char *mailbox, ImapQuota *quota,
                GError **error);

/* NOTIFY (RFC 5465): from here on news of all mailboxes come on this
 * connection. ERR_REFUSED: the server will not. */
bool imap_notify(ImapConn *conn, GError **error);

/* The server has stopped telling (NOTIFICATIONOVERFLOW): ask again. */
bool imap_notify_lapsed(const ImapConn *conn);

/* Mailboxes (UTF-8, untrusted) that changed by themselves since the last call;
 * IMAP_NEWS_ANY: not known which. Array of char *; g_ptr_array_unref(). */
#define IMAP_NEWS_ANY "*"
GPtrArray *imap_take_news(ImapConn *conn);

typedef struct {
    GCancellable *wake; /* or NULL */
    guint seconds;
    /* What happens from here on is told: behind the server's yes to IDLE, and
     * again with each renewal. May be NULL. */
    void (*listening)(void *user);
    void *user;
} ImapWait;

/* IDLE (RFC 2177), renewed by itself, else NOOP every minute, until the server
 * says that something changed (*changed true; imap_take_news() says what), wake
 * fires (*changed false) or the time is over. */
bool imap_idle(ImapConn *conn, const ImapWait *wait, bool *changed,
               GError **error);

bool imap_noop(ImapConn *conn, GError **error);

#endif
