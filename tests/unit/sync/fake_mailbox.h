/* The mailboxes of a server in this process, as IMAP has them (UIDs that only
 * grow, a modseq for each change), and Gmail's. */
#ifndef FAKE_MAILBOX_H
#define FAKE_MAILBOX_H

#include "base/err.h"
#include "sync/sync.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    guint32 uid;
    unsigned flags;
    char *tags;
    char *bytes;
    guint64 modseq;
} FakeMessage;

typedef struct {
    char *name;
    char *id; /* stays when it is renamed */
    const char *use; /* "\\Trash", …, or NULL */
    bool unsubscribed;
    bool refused;   /* SELECT */
    bool no_select; /* a name alone, until it is created anew … */
    bool unmarked;  /* … and LIST does not say so */
    ErrCode breaks; /* the connection, with it; 0: it does not */
    guint32 uidvalidity, uidnext;
    guint64 modseq;
    GPtrArray *messages; /* FakeMessage, by UID */
    GArray *gone;        /* guint32 */
} FakeMailbox;

/* What servers do about a message that they cannot read: all three are seen. */
typedef enum {
    FAKE_GIVES_OTHERS,
    FAKE_GIVES_BEFORE, /* those before it */
    FAKE_GIVES_NOTHING,
} FakeBad;

typedef struct {
    GPtrArray *mailboxes; /* FakeMailbox */
    FakeMailbox *selected;
    bool qresync, condstore, uidplus, preview;
    bool status;      /* LIST-STATUS */
    bool no_keywords; /* no \\* in PERMANENTFLAGS … */
    const char *keeps[3]; /* … but these */
    unsigned local_flags; /* nor these */
    bool objects;     /* OBJECTID and SAVEDATE */
    const char *same; /* the EMAILID of every message; NULL: of their bytes */
    bool gmail;       /* X-GM-EXT-1 */
    const char *unlisted; /* LIST leaves out names that begin so; or NULL */
    const char *all;  /* with it, the mailbox that has everything; or NULL */
    guint tells; /* messages with flags that are not there, at a FETCH */
    gsize words; /* with it, octets of the keyword of each */
    guint32 claims;   /* messages that it says to have; 0: as it is */
    guint32 finds;    /* with it, how many of them a search finds */
    guint calls;    /* so far */
    guint cut_call; /* this call fails; 0: none */
    bool cut_after; /* it was performed, and the answer was lost */
    bool cut_move; /* the call is the next move, or copy */
    bool no_move;  /* COPY and EXPUNGE instead */
    bool cut_append; /* … the next append */
    bool leaves;   /* a mailbox with news of it, and then says CLOSED */
    bool multiappend;
    const char *refused; /* a text that no upload may have; NULL: any */
    const char *bad; /* a text; what has it cannot be read; NULL: none */
    const char *busy; /* a response code, of every NO to a FETCH; or NULL */
    FakeBad gives;   /* of what is asked for together with such a message */
    bool bad_header; /* nor can its header */
    const char *untold; /* a text; the body of what has it is NIL */
    bool cancels;    /* the cut is one of ours */
    const char *no_call; /* this one, as for changing, is refused … */
    const char *no_text; /* … with these words */
    guint states; /* lists with the state of each mailbox */
    guint appends, moves, stores, bodies, headers, selects; /* performed */
    guint uploads, statuses; /* calls */
    guint searches; /* performed */
    char *ahead; /* the SELECT that was said to come: mailbox and modseq */
    bool asked; /* for bodies or headers, and did not answer yet */
    void (*searched)(void *user); /* called while the server searches */
    /* called while the answer to a store, move, expunge or append is awaited */
    void (*changing)(void *user, const char *call);
    void *user;
} Fake;

static inline void
fake_message_free(void *data)
{
    FakeMessage *message = data;

    g_free(message->tags);
    g_free(message->bytes);
    g_free(message);
}

static inline void
fake_mailbox_free(void *data)
{
    FakeMailbox *mailbox = data;

    g_free(mailbox->name);
    g_free(mailbox->id);
    g_ptr_array_unref(mailbox->messages);
    g_array_unref(mailbox->gone);
    g_free(mailbox);
}

static inline FakeMailbox *
fake_mailbox(Fake *fake, const char *name)
{
    FakeMailbox *mailbox;

    for (guint i = 0; i < fake->mailboxes->len; i++) {
        mailbox = fake->mailboxes->pdata[i];
        if (strcmp(mailbox->name, name) == 0)
            return mailbox;
    }
    mailbox = g_new0(FakeMailbox, 1);
    mailbox->name = g_strdup(name);
    mailbox->id = g_strdup_printf("F-%s", name);
    mailbox->uidvalidity = 7;
    mailbox->uidnext = 1;
    mailbox->modseq = 1;
    mailbox->messages = g_ptr_array_new_with_free_func(fake_message_free);
    mailbox->gone = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_ptr_array_add(fake->mailboxes, mailbox);
    return mailbox;
}

static inline Fake *
fake_create(void)
{
    Fake *fake = g_new0(Fake, 1);

    fake->mailboxes = g_ptr_array_new_with_free_func(fake_mailbox_free);
    fake->qresync = fake->condstore = fake->uidplus = true;
    fake_mailbox(fake, "INBOX");
    fake_mailbox(fake, "Archive");
    return fake;
}

static inline void
fake_destroy(Fake *fake)
{
    g_ptr_array_unref(fake->mailboxes);
    g_free(fake->ahead);
    g_free(fake);
}

static inline FakeMessage *
fake_put(FakeMailbox *mailbox, const char *bytes, unsigned flags,
         const char *tags)
{
    FakeMessage *message = g_new0(FakeMessage, 1);

    message->uid = mailbox->uidnext++;
    message->flags = flags;
    message->tags = g_strdup(tags);
    message->bytes = g_strdup(bytes);
    message->modseq = ++mailbox->modseq;
    g_ptr_array_add(mailbox->messages, message);
    return message;
}

/* A message with a Message-ID that says which one it is. */
static inline void
fake_add(Fake *fake, const char *mailbox, guint number, unsigned flags)
{
    g_autofree char *bytes = g_strdup_printf(
        "From: Ana <ana@example.org>\r\nSubject: number %u\r\n"
        "Message-ID: <m%u@example.org>\r\n"
        "Date: Mon, 2 Jan 2023 10:00:00 +0000\r\n\r\nbody %u\r\n",
        number, number, number);

    fake_put(fake_mailbox(fake, mailbox), bytes, flags, "");
}

static inline FakeMessage *
fake_find(FakeMailbox *mailbox, guint32 uid)
{
    for (guint i = 0; i < mailbox->messages->len; i++) {
        FakeMessage *message = mailbox->messages->pdata[i];

        if (message->uid == uid)
            return message;
    }
    return NULL;
}

static inline void
fake_remove(FakeMailbox *mailbox, guint32 uid)
{
    FakeMessage *message = fake_find(mailbox, uid);

    if (message == NULL)
        return;
    g_array_append_val(mailbox->gone, uid);
    mailbox->modseq++;
    g_ptr_array_remove(mailbox->messages, message);
}

/* Messages that a client shows: without UIDPLUS not those that are marked. */
static inline guint
fake_shown(const Fake *fake, const FakeMailbox *mailbox)
{
    guint n = 0;

    for (guint i = 0; i < mailbox->messages->len; i++) {
        const FakeMessage *message = mailbox->messages->pdata[i];

        n += fake->uidplus || !(message->flags & STORE_FLAG_TRASHED);
    }
    return n;
}

/* Another UIDVALIDITY. */
static inline void
fake_renumber(FakeMailbox *mailbox)
{
    mailbox->uidvalidity++;
    mailbox->uidnext += 100;
    g_array_set_size(mailbox->gone, 0);
    for (guint i = 0; i < mailbox->messages->len; i++)
        ((FakeMessage *)mailbox->messages->pdata[i])->uid += 100;
}

/* --- Gmail: a mailbox is a label, one more has everything ----------------- */

static inline FakeMessage *
fake_find_bytes(const FakeMailbox *mailbox, const char *bytes)
{
    for (guint i = 0; i < mailbox->messages->len; i++) {
        FakeMessage *message = mailbox->messages->pdata[i];

        if (strcmp(message->bytes, bytes) == 0)
            return message;
    }
    return NULL;
}

static inline bool
fake_is_all(const Fake *fake, const FakeMailbox *mailbox)
{
    return fake->all && strcmp(mailbox->name, fake->all) == 0;
}

/* One more label. */
static inline FakeMessage *
fake_label(Fake *fake, const char *name, const FakeMessage *message)
{
    FakeMailbox *mailbox = fake_mailbox(fake, name);
    FakeMessage *there = fake_find_bytes(mailbox, message->bytes);

    return there ? there
                 : fake_put(mailbox, message->bytes, message->flags,
                            message->tags);
}

/* Of the labels that a search for what has none looks at. */
static inline bool
fake_is_labelled(const Fake *fake, const FakeMessage *message)
{
    for (guint i = 0; i < fake->mailboxes->len; i++) {
        const FakeMailbox *mailbox = fake->mailboxes->pdata[i];

        if (!fake_is_all(fake, mailbox) && mailbox->use != NULL
            && (strcmp(mailbox->use, "\\Flagged") == 0
                || strcmp(mailbox->use, "\\Important") == 0))
            continue;
        if (!fake_is_all(fake, mailbox)
            && fake_find_bytes(mailbox, message->bytes))
            return true;
    }
    return false;
}

/* What is in the trash is nowhere else. */
static inline void
fake_trash(Fake *fake, const FakeMailbox *trash, const char *bytes)
{
    for (guint i = 0; i < fake->mailboxes->len; i++) {
        FakeMailbox *mailbox = fake->mailboxes->pdata[i];
        FakeMessage *message =
            mailbox == trash ? NULL : fake_find_bytes(mailbox, bytes);

        if (message)
            fake_remove(mailbox, message->uid);
    }
}

#endif
