/* One invented message: what it says, and its bytes. */
#ifndef DEMO_MAIL_H
#define DEMO_MAIL_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    DEMO_INBOX,
    DEMO_DRAFTS,
    DEMO_SENT,
    DEMO_ARCHIVE,
    DEMO_JUNK,
    DEMO_TRASH,
    DEMO_MM,
    DEMO_NOTMUCH,
    DEMO_CORP_INBOX,
    DEMO_CORP_DRAFTS,
    DEMO_CORP_SENT,
    DEMO_CORP_ARCHIVE,
    DEMO_FOLDERS,
} DemoFolder;

/* When a message without a date of its own was written is told by `when`, a
 * moment of November 2026 as the demo's inbox is drawn in the design. All of it
 * is moved along with the demo's own time. */
typedef struct {
    const char *when; /* "23 05:13": day and time, UTC */
    gint64 date;      /* seconds UTC where when is NULL */
    DemoFolder folder;
    const char *id;     /* left of the @ of its Message-ID */
    const char *parent; /* id of what it answers; NULL: begins a thread */
    const char *from;   /* "Name <addr>", UTF-8 */
    const char *to;     /* NULL: the user */
    const char *cc;
    const char *subject; /* NULL: no such field */
    const char *list;    /* List-Id */
    const char *charset; /* NULL: UTF-8 */
    const char *text;
    const char *html;  /* beside or instead of text */
    const char *files; /* "name size, …": sizes in bytes */
    const char *tags;
    const char *verdict; /* of the user's server: "fail", "unverified"; else
                            it passed, unless the user wrote it */
    unsigned flags;      /* STORE_FLAG_… */
} DemoMail;

extern const char demo_me[];   /* the user */
extern const char demo_work[]; /* the same at work */

/* The user's server, whose Authentication-Results are believed. */
#define DEMO_SERVER "mx.lindqvist.example"

/* The only DNS of the demo (dns_zone_create()): what domains want that others
 * pretend to be. */
extern const char demo_zone[];

/* Did the user write it? What he writes is not judged. */
bool demo_mail_is_own(const DemoMail *mail);

/* The handwritten part, newest first. */
extern const DemoMail demo_inbox[];
extern const guint demo_inbox_count;

/* Whole message. references: "<a@b> <c@d>", or NULL. g_string_free(). */
GString *demo_mail_bytes(const DemoMail *mail, const char *message_id,
                         const char *references);

/* "id@domain of the sender", without <>. g_free(). */
char *demo_mail_id(const DemoMail *mail);

#endif
