/* GMime behind one door: load a message, read its headers, list its parts,
 * turn it into lines of text. Any thread; a MimeMessage belongs to one thread
 * at a time. mime_init() once at start. Everything returned is untrusted text
 * in valid UTF-8 unless said otherwise. Limits are named in mime/limits.h. */
#ifndef MIME_MIME_H
#define MIME_MIME_H

#include <gio/gio.h>
#include <stdbool.h>

void mime_init(void);

/* What a row of the store needs, from a raw header block or whole message. */
typedef struct {
    char *message_id; /* without <>, or NULL */
    char *in_reply_to;
    char **references; /* NULL-terminated, oldest first; at most 200 */
    char *subject;     /* decoded, unfolded; NULL: none */
    char *from_name;   /* NULL: none */
    char *from_addr;
    char *to; /* "Name <addr>, …" of To and Cc, at most 1000 bytes */
    char *list_id;
    gint64 date; /* 0: no valid Date */
    bool has_attachment; /* by Content-Type alone: multipart/mixed */
} MimeSummary;

void mime_summary_clear(MimeSummary *summary);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MimeSummary, mime_summary_clear)

/* Never fails: what cannot be read is NULL. Linear time. */
void mime_summarise(const char *bytes, gsize size, MimeSummary *summary);

typedef struct {
    char *name; /* display name or NULL */
    char *addr; /* local@domain, as written */
} MimeAddress;

void mime_address_free(MimeAddress *address);

/* An address list in header form, groups flattened; at most 10,000. Array of
 * MimeAddress. */
GPtrArray *mime_addresses(const char *text);

/* The same of a list that is to be sent to, of which nothing may be passed
 * over: ERR_USAGE names the first part that is no address, or the limit. */
GPtrArray *mime_addresses_strict(const char *text, GError **error);

/* The first of them without its name; NULL: there is none. g_free(). */
char *mime_first_address(const char *text);

/* "Name <addr>", quoted where needed, for a header being written. g_free(). */
char *mime_address_format(const char *name, const char *addr);

/* The address as the envelope has it: a domain outside ASCII in its ASCII form,
 * so that no server needs SMTPUTF8 for it. NULL when it cannot be mailed to.
 * g_free(). */
char *mime_envelope_address(const char *addr);

typedef struct MimeMessage MimeMessage;

/* Parses a file; bodies stay on disk until they are asked for (100 MB passes
 * through in pieces). ERR_LOCAL when it cannot be read. */
MimeMessage *mime_load_file(const char *path, GError **error);
/* Of an open file, which stays the caller's. */
MimeMessage *mime_load_fd(int fd, GError **error);
MimeMessage *mime_load_bytes(const char *bytes, gsize size);
/* Takes a reference; nothing is copied. */
MimeMessage *mime_load_shared(GBytes *bytes);
/* The same message for another thread: the bytes are shared. */
MimeMessage *mime_load_again(const MimeMessage *message);
void mime_message_free(MimeMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MimeMessage, mime_message_free)

/* Decoded value of the first field of that name, or NULL. Borrowed. */
const char *mime_header(MimeMessage *message, const char *name);

/* Calls each with every field, in order, decoded. */
void mime_headers(MimeMessage *message,
                  void (*each)(const char *name, const char *value,
                               void *user),
                  void *user);
gint64 mime_date(MimeMessage *message);

/* The value of a Date field (RFC 5322, 3.3), in UTC: it says nothing of where
 * this machine stands. g_free(). */
char *mime_date_text(gint64 time);

/* The mailboxes of every field of that name: the raw field is parsed before
 * names are decoded, so that no encoded word can add an address. Array of
 * MimeAddress, maybe empty. */
GPtrArray *mime_header_addresses(MimeMessage *message, const char *name);

/* The same, as mime_addresses_strict() reads them. */
GPtrArray *mime_header_addresses_strict(MimeMessage *message, const char *name,
                                        GError **error);

typedef struct {
    guint number;      /* 1…: for the user and `show --part N` */
    int depth;         /* 0: the root */
    char *content_type; /* "text/plain", lower case */
    char *charset;      /* or NULL */
    char *name;         /* file name wanted by the sender; untrusted, decoded */
    char *content_id;
    guint64 size;       /* decoded octets */
    bool is_multipart;
    bool is_attachment; /* shown in the files panel */
} MimePart;

/* All parts in document order, the root first. Borrowed array of MimePart. */
const GPtrArray *mime_parts(MimeMessage *message);

/* Decoded bytes of a part (text: as they are, not converted), at most limit
 * (0: all). Free with g_bytes_unref(). */
GBytes *mime_part_bytes(MimeMessage *message, guint number, gsize limit,
                        GError **error);

/* Streams a decoded part into a descriptor. */
bool mime_part_save(MimeMessage *message, guint number, int fd,
                    GError **error);

typedef enum {
    MIME_LINE_TEXT,
    MIME_LINE_QUOTE,     /* depth says how deep */
    MIME_LINE_SIGNATURE, /* "-- " and below */
    MIME_LINE_DIFF_ADD,
    MIME_LINE_DIFF_DEL,
    MIME_LINE_DIFF_HUNK,
    MIME_LINE_NOTE,    /* ours, not the sender's: "not text/plain: …" */
    MIME_LINE_LINK,    /* an entry of the list of links at the end */
    MIME_LINE_HEADING, /* from HTML */
    MIME_LINE_IMAGE,   /* no text: the place of an image */
} MimeLineKind;

/* The number of a link behind its text. */
typedef struct {
    guint others; /* equal ones of the sender's, behind the mark before it */
    char text[];  /* "[1]" */
} MimeMark;

typedef struct {
    MimeLineKind kind;
    int quote_depth;
    guint image; /* MIME_LINE_IMAGE: its number, 1… */
    char *text; /* sanitised (TEXT_BODY), at most width columns */
    int prefix; /* octets of it before the text: marks of quotes; behind one
                   that was broken, its indent too */
    const char *joint; /* it was broken: what stood between it and the next
                          line; NULL: it ends */
    GPtrArray *marks; /* MimeMark, in the line that was broken, in their order;
                         NULL: none */
    guint whole; /* number of that line in the text, images not counted */
} MimeLine;

typedef struct {
    char *target; /* the real URL, sanitised, percent-encoded where needed */
    char *shown;  /* text when it looked like another URL, else NULL */
    bool lies;    /* shown names another host than target */
} MimeLink;

/* An image that the text shows or that is attached; it is never loaded here. */
typedef struct {
    char *target; /* of a remote one: like MimeLink's; else NULL */
    guint part;   /* number of the part that it is; 0: remote */
    char *name;   /* alternative text, else a file name; sanitised, one line */
} MimeImage;

typedef struct {
    GPtrArray *lines;  /* MimeLine */
    GPtrArray *links;  /* MimeLink, number = index + 1 */
    GPtrArray *images; /* MimeImage, each once, number = index + 1 */
    guint remote_images; /* all that would be asked for, trackers not */
    guint trackers;      /* remote ones that nobody sees: of no size, or of a
                            pixel, or hidden; they are not among images */
    bool is_html;
    char *note; /* one line for the header pane, e.g. wrong charset; or NULL */
} MimeText;

typedef struct {
    int width;         /* columns to wrap to, at least 10 */
    bool prefer_html;  /* of multipart/alternative */
    bool raw;          /* the source instead */
    bool all_quotes;   /* else runs of over 12 quoted lines are folded into one
                          MIME_LINE_NOTE "⋯ 14 quoted lines" */
    bool list_links;   /* list of links behind HTML */
    bool number_urls;  /* "[1]" behind each URL of plain text */
    bool images;       /* a MIME_LINE_IMAGE below the line that has an image,
                          and behind all for each image that is attached */
} MimeTextOptions;

/* Renders what a reader wants to see first. Never fails: trouble is a
 * MIME_LINE_NOTE. */
MimeText *mime_text(MimeMessage *message, const MimeTextOptions *options);
void mime_text_free(MimeText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MimeText, mime_text_free)

/* First words of the readable text, one line, at most 200 bytes; NULL: none.
 * Reads at most 64 KiB of the message. g_free(). */
char *mime_snippet(MimeMessage *message);

/* The same for bytes that are the beginning of a message. */
char *mime_snippet_bytes(const char *bytes, gsize size);

/* A delivery report (RFC 3464) or a reader's receipt (RFC 8098): a stranger's
 * word. */
typedef struct {
    char *address; /* as it was written to, where that is said; sanitised */
    char *action;  /* "failed" "delayed" "delivered" "relayed" "expanded"; of a
                      receipt "displayed" "deleted" "dispatched" "processed" */
    char *status;  /* "5.1.1"; sanitised; or NULL */
    char *reason;  /* the other server's words; sanitised; or NULL */
} MimeReportRecipient;

typedef struct {
    char *envelope_id;     /* of the envelope (ENVID); sanitised; or NULL */
    char *message_id;      /* of the message that is enclosed; or NULL */
    GPtrArray *recipients; /* MimeReportRecipient; at least one */
} MimeReport;

/* NULL when the message is none. */
MimeReport *mime_report(MimeMessage *message);
void mime_report_free(MimeReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MimeReport, mime_report_free)

typedef struct {
    const char *from;    /* header form, one address */
    const char *to;      /* header form, or NULL */
    const char *cc;
    const char *subject;
    const char *message_id;  /* without <>; NULL: made on From's domain */
    const char *in_reply_to; /* without <> */
    const char *references;  /* space separated, without <> */
    gint64 date;
    const char *text;               /* UTF-8, lines end in \n */
    const char *html;               /* the same as HTML; NULL: text alone */
    const char *const *attachments; /* paths; NULL-terminated, or NULL */
    const char *const *extra;       /* "Name: value" fields; or NULL */
    bool format_flowed;
    bool smallest_charset; /* of text that has one smaller than UTF-8 */
    bool eight_bit; /* the server takes text that is not encoded; nothing that
                       is sealed leaves so */
    const struct MimeSeal *seal; /* mime/seal.h; NULL: as it is */
} MimeDraft;

/* The bytes to submit, CRLF line ends. There is no field for Bcc, so none can
 * leave (promise P69, P81). CR, LF, NUL in a value become blanks (P58). Lines
 * of at most 998 octets. No User-Agent, no host name, no path. */
GBytes *mime_build(const MimeDraft *draft, GError **error);

/* The same into a descriptor, from file to file in pieces: it takes no more
 * memory for large files than for small ones. */
bool mime_build_to(const MimeDraft *draft, int fd, GError **error);

/* The message of a descriptor written to another, for a server that takes ASCII
 * alone (RFC 6152, 3): each part with other bytes is encoded, the rest stays as
 * it is, and so does what is signed. From offset 0. */
bool mime_to_7bit(int from, int to, GError **error);

/* Text in Markdown (CommonMark, tables, strikethrough) as an HTML document:
 * HTML in it stays text, the signature is kept line by line. NULL: this build
 * cannot. g_free(). */
char *mime_markdown(const char *text);

/* "Name: …" with CRLF at its end, encoded and folded, of addresses in header
 * form; NULL with ERR_USAGE. For a field that mime_build() does not write.
 * g_free(). */
char *mime_address_field(const char *name, const char *text, GError **error);

/* A new Message-ID on the domain of addr, without <>. g_free(). */
char *mime_new_message_id(const char *addr);

/* The text of a message quoted for a reply: "> " before each line, signature
 * left out, format=flowed unwrapped and HTML as text. g_free(). */
char *mime_quote(MimeMessage *message);

/* Some lines of a text, MimeLine, quoted likewise, with those that were broken
 * to its width whole again: what the user selected. g_free(). */
char *mime_quote_lines(const GPtrArray *lines);

/* The same without marks of ours: for another program. g_free(). */
char *mime_join_lines(const GPtrArray *lines);

#endif
