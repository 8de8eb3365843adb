/* A connection from inside. */
#ifndef IMAP_PRIVATE_H
#define IMAP_PRIVATE_H

#include "imap/imap.h"
#include "imap_decoder.h"

/* Where untagged responses of the present command go; zeroed for each. */
typedef struct {
    const ImapSink *sink;
    ImapSelected *selected;
    GPtrArray *mailboxes; /* ImapMailbox, of LIST */
    bool is_lsub;
    gsize names; /* octets of theirs */
    ImapMailbox *status; /* of STATUS */
    UidSet *found;       /* of SEARCH */
    ImapQuota *quota;
    ImapCopied *copied;
    bool flags_expected; /* of STORE */
    guint32 append_uidvalidity;
    GArray *appended; /* guint32: UIDs of APPEND, in their order */
} ImapAnswers;

/* A SELECT for which nobody asks yet (imap_ahead.c). */
typedef struct {
    char *mailbox; /* NULL: none is wished for */
    ImapResync resync;
    bool told; /* with what follows */
    ImapSelected selected;
    ImapSink sink;       /* into: */
    GArray *messages;    /* ImapMessage: UID, MODSEQ and flags alone */
    GStringChunk *words; /* of their keywords */
    gsize words_bytes;
    UidSet *vanished;
    bool lost; /* it was too much to be kept */
} ImapAhead;

/* What waits and measures goes by it: that of a test takes no time. */
typedef struct {
    gint64 (*now)(void); /* µs */
    int (*wait)(NetStream *stream, GCancellable *wake, guint seconds,
                GError **error); /* as net_wait() */
} ImapClock;

extern const ImapClock imap_clock;

struct ImapConn {
    ImapParams params;
    NetStream *stream;
    const ImapClock *clock;
    GCancellable *cancel;
    ImapDecoder in;
    GHashTable *capabilities; /* upper case */
    bool capabilities_told;   /* since the login began */
    guint tag;
    guint early;         /* a later command that was answered first; 0: none */
    GError *early_error; /* how; NULL: OK */
    guint owed[3];       /* tags that nobody waited for yet; 0: none */
    ImapAhead ahead;
    bool unsent;       /* something was written since */
    gint64 sent;       /* when the last commands were, µs */
    gint64 round_trip; /* the shortest from there to an answer, µs */
    char *selected;
    ImapOpened opened; /* of selected */
    char **permanent_flags; /* its own */
    ImapAnswers answers;
    bool preauth;
    bool uses_told; /* which of them are for no mailbox */
    bool qresync, condstore, utf8, rev2; /* enabled */
    char *prefix;         /* of the personal namespace; NULL: not told */
    char delimiter;       /* in it */
    char *alert;          /* not taken yet; safe */
    char *referral;       /* to another server, of the last refusal; safe */
    bool changed;         /* something happened unasked, for IDLE */
    bool overflow;        /* NOTIFY is off again */
    GPtrArray *news;      /* char *: where; NULL: nowhere */
    bool continues;       /* a "+" line came */
    char *challenge;      /* of the "+" line */
    bool literal_refused; /* NO instead of "+": not a broken stream */
    bool bye;
    char *bye_text;
};

/* From the greeting on, over a stream that it then owns; NULL on error. */
ImapConn *imap_conn_start(NetStream *stream, const ImapParams *params,
                          GCancellable *cancel, GError **error);

/* imap_command.c. A command is written piece by piece; a failure sticks in the
 * decoder. */
void imap_cmd_begin(ImapConn *conn, const char *text);
/* What it does first: reads all that is owed; drops what was kept. */
void imap_cmd_settle(ImapConn *conn);
/* A command sent behind what imap_setup() left unanswered: for a command that
 * reads the same whatever those answers are. */
void imap_cmd_begin_behind(ImapConn *conn, const char *text);
void imap_cmd_text(ImapConn *conn, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A string from anywhere: quoted, or a literal where it must be (P58). */
void imap_cmd_string(ImapConn *conn, const char *text);
void imap_cmd_mailbox(ImapConn *conn, const char *mailbox);
/* Needs it no literal, whichever way names are written? */
bool imap_cmd_is_quoted(const char *mailbox);
/* A literal header of size octets; waits for "+" where the server wants it. */
void imap_cmd_literal(ImapConn *conn, guint64 size);
void imap_cmd_flags(ImapConn *conn, const ImapFlags *flags);
/* Ends the line; the tag to wait for. What is waited for is sent first, all
 * that was ended since in one piece. */
guint imap_cmd_end(ImapConn *conn);
/* Sends what was ended, without waiting. */
void imap_cmd_send(ImapConn *conn);
/* Reads until the tagged answer. ERR_REFUSED for NO and BAD. */
bool imap_cmd_wait(ImapConn *conn, guint tag, GError **error);
/* Both. */
bool imap_cmd_finish(ImapConn *conn, GError **error);
/* A command of one text. */
bool imap_cmd_run(ImapConn *conn, GError **error, const char *text);
/* Reads until "+" or the tagged answer; true: continue. */
bool imap_cmd_continue(ImapConn *conn, guint tag, GError **error);
/* The same for a login: false without *error when the tagged answer is OK. */
bool imap_cmd_challenge(ImapConn *conn, guint tag, GError **error);
/* Reads one response that no command asked for. */
bool imap_cmd_read_unasked(ImapConn *conn, GError **error);
/* imap_fetch.c: an id of RFC 8474. g_free(); NULL: it is none. */
char *imap_object_id(ImapDecoder *in);

/* imap_structure.c: a body of BODYSTRUCTURE as ImapParts. */
GPtrArray *imap_structure_read(ImapDecoder *in);

/* Forgets where answers of the last command went. */
void imap_cmd_answers(ImapConn *conn, const ImapAnswers *answers);

/* imap_setup.c: ID, ENABLE, NAMESPACE, to be sent with the next command; their
 * answers are owed. */
void imap_setup(ImapConn *conn);
/* Reads what is owed. Before it what is to be enabled is not; after it what was
 * not is refused. */
bool imap_settle(ImapConn *conn, GError **error);
/* Will anything be enabled that changes how names are written? */
bool imap_setup_renames(const ImapConn *conn);
/* Is CONDSTORE enabled, or about to be? QRESYNC? */
bool imap_setup_condstore(const ImapConn *conn);
bool imap_setup_qresync(const ImapConn *conn);
void imap_response_enabled(ImapConn *conn);
void imap_response_namespace(ImapConn *conn);

/* imap_ahead.c. What a SELECT that is sent now tells is kept. */
void imap_ahead_listen(ImapConn *conn, ImapAnswers *answers);
/* It was answered, with OK or not. */
void imap_ahead_told(ImapConn *conn, bool ok);
/* Tells sink and *selected what was kept of this SELECT. *taken false: nothing
 * was. sink may be NULL. */
bool imap_ahead_take(ImapConn *conn, const char *mailbox,
                     const ImapResync *resync, const ImapSink *sink,
                     ImapSelected *selected, bool *taken, GError **error);
/* Another command is to be sent, and what was kept is too old for anyone. */
void imap_ahead_drop(ImapConn *conn);
/* And what is wished for. */
void imap_ahead_clear(ImapConn *conn);

/* imap_notify.c: a mailbox changed unasked; NULL: not known which. */
void imap_news_add(ImapConn *conn, const char *mailbox);

/* imap_quota.c */
void imap_response_quota(ImapConn *conn);

/* imap_response.c: one untagged response, from behind "* ". */
void imap_response(ImapConn *conn);
/* "[CODE …]" of a status response, if it stands there. */
void imap_response_code(ImapConn *conn);
/* What a server says to people: safe, and cut behind IMAP_WORDS_BYTES.
 * g_free(). */
char *imap_response_words(const char *text, gsize size);
/* A mailbox name; g_free(). */
char *imap_response_mailbox(ImapConn *conn);
enum {
    IMAP_FAR_USEC = 5000 /* of a round trip: not in this house */
};

/* FETCHes on their way at once, of which one took so long, µs (imap_fetch.c):
 * pure. The shortest round trip: G_MAXINT64 not known. */
guint imap_fetch_window(gint64 round_trip, gint64 took);

/* FETCH's attributes, imap_fetch.c. */
void imap_response_fetch(ImapConn *conn, guint32 seq);

/* imap_utf7.c: mailbox names (RFC 3501, 5.1.3). g_free(). */
char *imap_utf7_encode(const char *utf8);
char *imap_utf7_decode(const char *name);

/* "(\Seen a b)" to bits and words; imap_flags.c. */
void imap_flags_read(ImapDecoder *in, unsigned *system, char **keywords);
/* The flags as atoms; false: there is none. */
bool imap_flags_write(GString *to, const ImapFlags *flags);
unsigned imap_flag_bit(const char *flag);
/* Those that are not among PERMANENTFLAGS; NULL: not told, none. */
unsigned imap_flags_local(const char *const *permanent);
/* Labels of Gmail that can be keywords, with spaces between; *labels is freed
 * before. */
void imap_labels_read(ImapDecoder *in, char **labels);
/* Those that Gmail is to keep as labels, or those that it is not. g_free(). */
char *imap_keywords_pick(const char *keywords, bool labels);
/* Each word of both once, sorted, and the name of the mailbox, which is the
 * label that is not told. g_free(). */
char *imap_keywords_join(const char *keywords, const char *labels,
                         const char *mailbox);

#endif
