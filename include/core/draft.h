/* A message being written. It is a file from its first moment, edited as a
 * whole by $EDITOR: header lines, an empty line, text. Beside it lies what the
 * user does not edit (account, kind, parent). Nothing here touches a server.
 * Main thread.
 *
 *   draft = *( field CRLF-or-LF ) [ LF text ]
 *   field = ( "From" / "To" / "Cc" / "Bcc" / "Reply-To" / "Subject" /
 *             "In-Reply-To" / "References" / "Attach" ) ":" value
 *
 * A line that begins with a blank continues the field above. "Attach" may
 * stand several times, each with one path. */
#ifndef CORE_DRAFT_H
#define CORE_DRAFT_H

#include "core/session.h"
#include "mime/mime.h"

typedef enum {
    DRAFT_NEW,
    DRAFT_REPLY,
    DRAFT_REPLY_ALL,
    DRAFT_REPLY_LIST,
    DRAFT_FORWARD,
    DRAFT_FORWARD_ATTACHED, /* the parent as a message/rfc822 file */
    DRAFT_AS_NEW,           /* begins as the parent: everything but its id */
    DRAFT_RESEND,           /* the same, subject and recipients as well */
} DraftKind;

typedef struct DraftSeal DraftSeal;

typedef struct {
    char *path;    /* the file; absolute */
    char *account; /* that sends it */
    DraftKind kind;
    gint64 parent; /* row of the message answered or forwarded; 0: none */
    gint64 saved;  /* when the file was last written; seconds UTC */
    bool open;     /* it is being written, or was when the program ended */

    /* Its copy in the Drafts folder: NULL-terminated, under which Message-IDs
     * it may be there; and what it has, to see whether it is as the draft. */
    char **copies;
    char *kept;

    /* As they stand in the file, unfolded; "" where absent, never NULL. */
    char *from;
    char *to;
    char *cc;
    char *bcc;
    char *reply_to;
    char *subject;
    char *in_reply_to; /* without <> */
    char *references;  /* separated by blanks, without <> */
    GPtrArray *attach; /* char *: absolute paths */
    char *text;        /* UTF-8, lines end in \n */
    bool markdown;     /* it leaves as text and as HTML */
    bool receipt;      /* the reader is asked for one (RFC 8098) */
    bool smallest;     /* in the smallest charset, not always in UTF-8 */
    bool eight_bit;    /* the server takes text that is not encoded */
    bool flowed;       /* long lines may be joined again (RFC 3676) */

    /* How it leaves; kept beside the file. */
    bool sign;
    bool encrypt;
    bool smime;   /* else OpenPGP */
    bool answers; /* an encrypted message */
    DraftSeal *seal; /* keys, once they were looked up; or NULL */

    GPtrArray *problems; /* char *: what could not be read, with its line */
} Draft;

void draft_free(Draft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Draft, draft_free)

/* What a draft begins with. All may be NULL or 0. */
typedef struct {
    DraftKind kind;
    gint64 parent;       /* needed for all kinds but DRAFT_NEW */
    MimeMessage *message; /* its file, loaded; taken. NULL: it is read */
    const char *account; /* NULL: the parent's, else the first one */
    const char *from;    /* NULL: the address the parent was sent to, else the
                            account's */
    const char *to, *cc, *bcc; /* added to what the kind gives */
    const char *subject;       /* instead of what the kind gives */
    const char *template;      /* a file in the form of a draft: its fields are
                                  added, its text stands above a quote */
    const char *quote;         /* what is quoted; NULL: all of the parent */
    const char *body;          /* instead of the quoted text; the signature is
                                  added all the same */
    const char *const *attach; /* paths; NULL-terminated */
    bool resume;    /* of DRAFT_AS_NEW: parent is a draft, to be gone on with */
    bool same_text; /* of it: to the letter, since we wrote it */
    const char *in_reply_to; /* of a new message; with or without <> */
    const char *references;
} DraftStart;

/* Makes a draft, derives what its kind says, writes it durably. Own addresses
 * are left out of To and Cc of a reply; Reply-To and Mail-Followup-To are
 * heeded; "Re:" and "Fwd:" are not doubled; a forward carries the files of its
 * parent. ERR_LOCAL when the parent is not on this machine. */
Draft *draft_start(Session *session, const DraftStart *start, GError **error);

/* draft: borrowed, NULL on error. */
typedef void (*DraftStarted)(Draft *draft, const GError *error, void *user);

/* The same, with the files of the parent copied behind: done is called once, at
 * once where there is none. */
void draft_start_behind(Session *session, const DraftStart *start,
                        DraftStarted done, void *user);

typedef struct {
    const GArray *ids; /* gint64: rows */
    guint part;        /* 0: the message itself */
} DraftMessages;

/* Reads a draft. A syntax error is no failure: it is in problems and becomes a
 * check that stops sending. ERR_LOCAL when the file cannot be read. */
Draft *draft_load(const char *path, GError **error);

/* Writes the file and its facts, durably. */
bool draft_save(Draft *draft, GError **error);

/* Removes the draft with its facts, its copy in the Drafts folder, and the
 * files that were made for it. */
bool draft_discard(Session *session, const char *path, GError **error);

/* The user writes on it from now on: a draft that is open when the program
 * dies is offered again (promise P26). */
void draft_opened(Session *session, const char *path);

/* The user does not write on it any more; it is kept as draft_keep() does. A
 * path that is no draft any more is fine. */
void draft_closed(Session *session, const char *path);

/* Puts the draft as it is into the Drafts folder of its account, in place of
 * its older copy, so that it can be finished on another machine; the engine
 * tells the server. Behind: it returns at once, and what cannot be kept so
 * stays a file and is said in the log. `keep-drafts here` keeps the file only.
 * The copy has a Bcc field, as what is sent never has. */
void draft_keep(Session *session, const char *path);

/* Is a copy of it put there? */
bool draft_is_kept_in_folder(Session *session, const Draft *draft);

/* Is this message a draft in a Drafts folder? */
bool draft_is_copy(Session *session, gint64 id);

/* The draft of this machine whose copy it is; NULL: none, or ERR_USAGE: it is
 * in the outbox. draft_free(). */
Draft *draft_of_copy(Session *session, gint64 id, GError **error);

/* Goes on with such a message of which there is no draft here: with a new one,
 * made of it as draft_start_behind() does. message: its file, taken; NULL: it
 * is read. ERR_LOCAL when it is not here. */
void draft_resume(Session *session, gint64 id, MimeMessage *message,
                  DraftStarted done, void *user);

/* Removes those whose copy was sent or deleted, here or elsewhere. */
void draft_sweep(Session *session);

/* Drafts that can be resumed, newest first: those in the outbox are left out,
 * and those whose copy was sent or deleted, here or elsewhere. Array of Draft,
 * free with g_ptr_array_unref(). */
GPtrArray *draft_list(Session *session, GError **error);

/* Sets a field by its name ("to", "subject", "account", …); saves nothing.
 * CR and LF in value become blanks. ERR_USAGE for an unknown name. */
bool
draft_set(Draft *draft, const char *field, const char *value, GError **error);

/* The same as the user means it: with From, signature and Reply-To become those
 * of who writes then, unless they were written over; with an account or an
 * identity, From becomes its address. ERR_USAGE where there is none of that
 * name. */
bool draft_change(Session *session, Draft *draft, const char *field,
                  const char *value, GError **error);

/* Adds a file, or the files that a pattern such as *.pdf stands for, where none
 * is called just so; "~/" is understood. ERR_LOCAL when it cannot be read. */
bool draft_attach(Draft *draft, const char *path, GError **error);

/* Adds messages to the draft at path, as they are, or part number part (1…) of
 * each, and saves it: behind, as draft_start_behind() does. ERR_USAGE when the
 * draft has left for the outbox meanwhile. */
void
draft_attach_messages(Session *session, const char *path,
                      const DraftMessages *what, DraftStarted done, void *user);

/* Takes file number (1…) away again. */
bool draft_detach(Draft *draft, guint number, GError **error);

/* The draft as its file has it, and back: what a before-send hook rewrites.
 * draft_parse() replaces all fields but path, account, kind and parent. */
char *draft_text(const Draft *draft);
void draft_parse(Draft *draft, const char *text);

/* For the review page. */

typedef enum {
    DRAFT_CHECK_OK,   /* "The text says “attached” and there is 1 file" */
    DRAFT_CHECK_WARN, /* worth a look; sending is allowed */
    DRAFT_CHECK_STOP, /* sending is refused */
} DraftCheckKind;

typedef struct {
    DraftCheckKind kind;
    char *text; /* one line; may hold words of the draft: sanitise */
} DraftCheck;

/* Array of DraftCheck, the worst first. */
GPtrArray *draft_checks(Session *session, const Draft *draft);

/* checks: array of DraftCheck, taken, maybe empty; NULL: it was given up. */
typedef void (*DraftKeysDone)(GPtrArray *checks, void *user);

/* What it lacks of keys to be signed and encrypted as it is meant; gpg is asked
 * behind, and done is called once, later. False: it needs none, or cannot be
 * sent for other reasons. */
bool draft_check_keys(Session *session, const char *path, DraftKeysDone done,
                      void *user);

/* Octets of text and files together, before encoding. */
guint64 draft_size(const Draft *draft);

/* "Re: Migration", "Reply to all": what the draft is called on the screen.
 * Borrowed; never NULL. */
const char *draft_kind_name(DraftKind kind);

/* The bytes to be sent, CRLF, without Bcc; as `v` of the review shows them:
 * before they are signed and encrypted. date: seconds UTC; message_id without
 * <>. */
GBytes *draft_build(const Draft *draft, const char *message_id, gint64 date,
                    GError **error);

/* The same into a descriptor, the files in pieces; signed and encrypted where
 * draft_seal() said so, which blocks for gpg. Any thread that has the draft for
 * itself. */
bool draft_build_to(const Draft *draft, const char *message_id, gint64 date,
                    int fd, GError **error);

/* Whose keys the draft needs, by its account's options, for draft_build_to().
 * ERR_USAGE names an address that cannot be mailed to. */
bool draft_seal(Session *session, Draft *draft, GError **error);

/* The key that signs it, as gpg finds it. g_free(). */
char *draft_signer(Session *session, const Draft *draft);

/* "sign and encrypt (OpenPGP)"; NULL: neither. Borrowed. */
const char *draft_seal_words(const Draft *draft);

/* Every address of To, Cc and Bcc once: the envelope. ERR_USAGE names one that
 * cannot be mailed to. NULL-terminated; free with g_strfreev(). */
char **draft_recipients(const Draft *draft, GError **error);

/* The draft that commands without a path mean: the review page that has the
 * focus says so. NULL: none. Borrowed. */
void draft_set_current(Session *session, const char *path);
const char *draft_current(Session *session);

#endif
