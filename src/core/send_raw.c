/* A whole message from another program on its way to the outbox, as sendmail(8)
 * takes it. Must not touch more of it than it has to: line ends, Bcc, and the
 * fields that RFC 5322, 3.6 demands (RFC 6409, 8). */
#include "core/send.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/identity.h"
#include "mime/limits.h"
#include "mime/mime.h"
#include "outbox_private.h"
#include "send_clean.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE_BYTES = 65536,
    HOOK_BYTES = 32 << 20, /* of a message that hooks may rewrite */
};

typedef struct {
    Session *session;
    SendMessage what;
    const Account *account;
    const Account *writer; /* the account, or an identity of it */
    SendDone done;
    void *user;

    /* While the bytes are made, of the builder's thread. */
    OutboxEntry *entry;
    char *folder;
    char *path;    /* of the message as it came */
    char *address; /* of who writes */
    char *text;    /* as a hook rewrote it; or NULL */
    char *top;     /* the fields that it lacks */
} Raw;

static void
raw_free(Raw *raw)
{
    outbox_entry_free(raw->entry);
    g_free(raw->folder);
    g_free(raw->path);
    g_free(raw->address);
    g_free(raw->text);
    g_free(raw->top);
    g_free(raw);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Raw, raw_free)

/* The message as it came, to be read by the builder's thread. */
typedef struct {
    Raw *raw; /* of the main thread */
    char *path;
    bool with_text; /* there are hooks */
} Reading;

static void
reading_free(Reading *reading)
{
    g_free(reading->path);
    g_free(reading);
}

/* What was read of it. */
typedef struct {
    MimeMessage *message; /* the header, and what follows it by chance */
    MimeSummary summary;
    char *text; /* what hooks may rewrite; NULL: nobody wants to, or it is not
                   to be */
} Taken;

static void
taken_free(Taken *taken)
{
    mime_message_free(taken->message);
    mime_summary_clear(&taken->summary);
    g_free(taken->text);
    g_free(taken);
}

/* What the header lacks is put on top of it. */
static char *
missing_fields(const Raw *raw, MimeMessage *message)
{
    g_autoptr(GString) top = g_string_new(NULL);

    if (mime_header(message, "From") == NULL)
        g_string_append_printf(top, "From: %s\r\n", raw->address);
    if (mime_header(message, "Message-ID") == NULL)
        g_string_append_printf(top, "Message-ID: <%s>\r\n",
                               raw->entry->message_id);
    if (mime_header(message, "Date") == NULL) {
        g_autofree char *date = mime_date_text(clock_now());

        g_string_append_printf(top, "Date: %s\r\n", date);
    }
    return g_string_free(g_steal_pointer(&top), FALSE);
}

static void
add_once(OutboxEntry *entry, const char *address)
{
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *known = entry->recipients->pdata[i];

        if (strcmp(known->address, address) == 0)
            return;
    }
    outbox_entry_add(entry, address);
}

/* As the envelope has it. A name without a domain is a user of this machine, as
 * cron writes to and as: that is the account itself. NULL: it is no address. */
static char *
envelope_address(const Raw *raw, const char *text, GError **error)
{
    g_autoptr(GPtrArray) list = mime_addresses(text);
    const MimeAddress *one = list->len == 1 ? list->pdata[0] : NULL;
    g_autofree char *safe = text_sanitise(text, -1, TEXT_LINE);
    bool is_user =
        one && strchr(one->addr, '@') == NULL && !strpbrk(one->addr, " <>\r\n");
    char *address = NULL;

    if (one)
        address = mime_envelope_address(is_user ? raw->address : one->addr);
    return address ? address
                   : err_null(error, ERR_USAGE,
                              "“%s” is no address: write name@domain", safe);
}

static bool
add_recipient(const Raw *raw, const char *text, GError **error)
{
    g_autofree char *address = envelope_address(raw, text, error);

    if (address)
        add_once(raw->entry, address);
    return address != NULL;
}

/* -f, which may be the null sender; else From. */
static bool
set_sender(Raw *raw, const GPtrArray *from, GError **error)
{
    const char *sender = raw->what.sender;

    if (sender && (*sender == '\0' || strcmp(sender, "<>") == 0)) {
        raw->entry->sender = g_strdup("");
        return true;
    }
    if (sender == NULL && from->len > 0)
        sender = ((MimeAddress *)from->pdata[0])->addr;
    if (sender == NULL)
        sender = raw->address;
    raw->entry->sender = envelope_address(raw, sender, error);
    return raw->entry->sender != NULL;
}

static bool
add_recipients(const Raw *raw, MimeMessage *message, GError **error)
{
    static const char *const fields[] = { "To", "Cc", "Bcc" };
    const SendMessage *what = &raw->what;

    for (const char *const *address = what->recipients; address && *address;
         address++)
        if (!add_recipient(raw, *address, error))
            return false;
    for (gsize i = 0; what->read_recipients && i < G_N_ELEMENTS(fields); i++) {
        g_autoptr(GPtrArray) list =
            mime_header_addresses_strict(message, fields[i], error);

        if (list == NULL) {
            g_prefix_error(error, "%s: ", fields[i]);
            return false;
        }
        for (guint k = 0; k < list->len; k++)
            if (!add_recipient(raw, ((MimeAddress *)list->pdata[k])->addr,
                               error))
                return false;
    }
    return raw->entry->recipients->len > 0
           || err_set(error, ERR_USAGE,
                      "no recipient: name one, or use -t to take them from the "
                      "header");
}

/* By the account or identity named, else by From, else by -f, else the first
 * account. */
static bool
choose_writer(Raw *raw, const char *from, GError **error)
{
    const SendMessage *what = &raw->what;
    g_autofree char *address = mime_first_address(from);
    bool is_own = address && identity_is_own(raw->session, address);

    if (what->account) {
        raw->account = identity_owner(raw->session, what->account);
        raw->writer = session_account(raw->session, what->account);
        if (raw->writer && !strchr(what->account, '/'))
            raw->writer = identity_writer(raw->account, from, what->sender);
        return raw->writer
               || err_set(error, ERR_USAGE, "no account is called %s",
                          what->account);
    }
    raw->account =
        identity_sender(raw->session, "", is_own ? from : what->sender);
    if (raw->account == NULL)
        return err_set(error, ERR_USAGE,
                       "there is no account to send from: describe one in "
                       "posthorn.conf (`posthorn help account`)");
    raw->writer = identity_writer(raw->account, from, what->sender);
    return true;
}

/* The next piece; an end of it may begin in the one before. */
static gssize
read_more(int fd, char *bytes, gsize *size, bool *whole)
{
    gsize from = *size > 3 ? *size - 3 : 0;
    gssize got = read(fd, bytes + *size,
                      MIN(PIECE_BYTES, MIME_MAX_HEADER_BYTES - *size));

    if (got < 0)
        return errno == EINTR ? 1 : got;
    *size += (gsize)got;
    *whole = got == 0 || send_clean_header_ends(bytes, from, *size);
    return got;
}

/* The header, and as much of the body as happens to follow it. */
static char *
read_header(const char *path, gsize *size, GError **error)
{
    g_autofree char *bytes = g_malloc(MIME_MAX_HEADER_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    gssize got = fd;
    bool whole = false;

    *size = 0;
    while (got >= 0 && !whole && *size < MIME_MAX_HEADER_BYTES)
        got = read_more(fd, bytes, size, &whole);
    if (got < 0)
        err_set_errno(error, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    if (got < 0)
        return NULL;
    if (*size == 0)
        return err_null(error, ERR_USAGE, "the message is empty");
    return whole ? g_steal_pointer(&bytes)
                 : err_null(error, ERR_USAGE,
                            "the header of the message is longer than %d bytes",
                            MIME_MAX_HEADER_BYTES);
}

static void *
read_message(Job *job, void *request, GError **error)
{
    const Reading *reading = request;
    gsize size;
    g_autofree char *header = read_header(reading->path, &size, error);
    Taken *taken;

    if (header == NULL)
        return NULL;
    taken = g_new0(Taken, 1);
    taken->message = mime_load_bytes(header, size);
    mime_summarise(header, size, &taken->summary);
    if (reading->with_text)
        taken->text = send_clean_read(reading->path, HOOK_BYTES, &size);
    if (taken->text && !g_utf8_validate(taken->text, (gssize)size, NULL))
        g_clear_pointer(&taken->text, g_free);
    return taken;
}

static bool
fill_entry(Raw *raw, const Taken *taken, GError **error)
{
    MimeMessage *message = taken->message;
    g_autoptr(GPtrArray) from = mime_header_addresses(message, "From");
    OutboxEntry *entry = raw->entry;

    if (!choose_writer(raw, mime_header(message, "From"), error))
        return false;
    raw->address = g_strdup(account_address(raw->writer));
    if (!add_recipients(raw, message, error) || !set_sender(raw, from, error))
        return false;
    entry->account = g_strdup(account_name(raw->account));
    entry->identity = g_strdup(identity_name(raw->writer));
    entry->message_id = taken->summary.message_id
                            ? g_strdup(taken->summary.message_id)
                            : mime_new_message_id(raw->address);
    entry->from = g_strdup(mime_header(message, "From"));
    if (entry->from == NULL)
        entry->from = g_strdup(raw->address);
    entry->to = g_strdup(mime_header(message, "To"));
    entry->subject = g_strdup(taken->summary.subject);
    raw->top = missing_fields(raw, message);
    return true;
}

static bool
fill(int fd, void *user, GError **error)
{
    const Raw *raw = user;

    return raw->text ? send_clean_text(raw->top, raw->text, fd, error)
                     : send_clean_file(raw->top, raw->path, fd, error);
}

/* A hook may have taken fields away that have to be there. */
static void
look_again(Raw *raw)
{
    g_autoptr(MimeMessage) message =
        mime_load_bytes(raw->text, strlen(raw->text));

    g_free(raw->top);
    raw->top = missing_fields(raw, message);
}

static void *
build(Job *job, void *request, GError **error)
{
    Raw *raw = request;

    if (raw->text)
        look_again(raw);
    outbox_entry_write(raw->folder, raw->entry, fill, raw, error);
    return NULL;
}

static void
built(void *user, void *answer, const GError *error)
{
    Raw *raw = user;
    g_autoptr(GError) reason = error ? g_error_copy(error) : NULL;

    if (reason == NULL)
        outbox_queue(session_outbox(raw->session), raw->entry, &reason);
    raw->done(reason ? NULL : raw->entry->id, reason, raw->user);
}

static const JobClass build_class = {
    .name = "take message",
    .run = build,
    .answer = built,
    .free_request = (GDestroyNotify)raw_free,
};

static void
after_hooks(const char *text, const GError *refusal, void *user)
{
    g_autoptr(Raw) raw = user;

    if (refusal) {
        raw->done(NULL, refusal, raw->user);
        return;
    }
    raw->text = g_strdup(text);
    outbox_build(session_outbox(raw->session), &build_class, raw);
    g_steal_pointer(&raw);
}

static Event *
before_event(const Raw *raw)
{
    const OutboxEntry *entry = raw->entry;
    Event *event = event_create("before-send");

    event_set(event, "account", entry->account);
    event_set(event, "file", raw->path);
    event_set(event, "from", entry->from);
    event_set(event, "to", entry->to);
    event_set(event, "subject", entry->subject);
    event_set(event, "message_id", entry->message_id);
    return event;
}

static void
have_read(void *user, void *answer, const GError *error)
{
    g_autoptr(Raw) raw = g_steal_pointer(&((Reading *)user)->raw);
    const Taken *taken = answer;
    g_autoptr(GError) reason = error ? g_error_copy(error) : NULL;
    g_autoptr(Event) event = NULL;
    g_autofree char *text = NULL;

    if (reason || !fill_entry(raw, taken, &reason)) {
        raw->done(NULL, reason, raw->user);
        return;
    }
    event = before_event(raw);
    text = taken->text ? g_strconcat(raw->top, taken->text, NULL) : NULL;
    hooks_fire_before(session_hooks(raw->session), event, text, after_hooks,
                      raw);
    g_steal_pointer(&raw);
}

static const JobClass read_class = {
    .name = "read message",
    .run = read_message,
    .answer = have_read,
    .free_request = (GDestroyNotify)reading_free,
    .free_answer = (GDestroyNotify)taken_free,
};

void
send_message(Session *session, const SendMessage *what, SendDone done,
             void *user)
{
    Raw *raw = g_new0(Raw, 1);
    Reading *reading = g_new0(Reading, 1);

    raw->session = session;
    raw->what = *what;
    raw->entry = outbox_entry_create();
    raw->folder = g_strdup(session_outbox(session)->folder);
    raw->path = g_strdup(what->path);
    raw->done = done;
    raw->user = user;
    reading->raw = raw;
    reading->path = g_strdup(what->path);
    reading->with_text = hooks_has(session_hooks(session), "before-send");
    outbox_build(session_outbox(session), &read_class, reading);
}
