/* The outbox's worker: takes the lock of an entry, writes down that it is being
 * sent, sends, writes down what became of it. Every state is durable before the
 * step that could make it false (outbox_entry.c, E2). Must not touch anything
 * of the main thread. */
#include "outbox_job.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/text.h"
#include "mime/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    PROGRAM_SECONDS = 300,
    EX_TEMPORARY = 75, /* sysexits.h: EX_TEMPFAIL */
};

/* One run over the entries that are due. */
typedef struct {
    const OutboxRequest *request;
    GCancellable *cancel;
    OutboxResult *result;
    int lock;        /* of the entry that is worked on: its bytes */
    SmtpConn *conn;  /* opened for the first entry that needs it */
    GError *trouble; /* why there is no connection: the rest is deferred */
} Try;

void
outbox_request_free(OutboxRequest *request)
{
    if (request == NULL)
        return;
    g_free(request->folder);
    g_ptr_array_unref(request->ids);
    g_free(request->stop);
    g_free(request->program);
    net_params_clear(&request->smtp.net);
    sasl_params_clear(&request->smtp.sasl);
    g_free(request);
}

void
outbox_result_free(OutboxResult *result)
{
    if (result == NULL)
        return;
    g_ptr_array_unref(result->entries);
    g_free(result);
}

static OutboxState
state_of(SmtpOutcome outcome)
{
    static const OutboxState states[] = {
        [SMTP_SENT] = OUTBOX_SENT,
        [SMTP_DEFERRED] = OUTBOX_DEFERRED,
        [SMTP_FAILED] = OUTBOX_FAILED,
        [SMTP_IN_DOUBT] = OUTBOX_IN_DOUBT,
    };

    return states[outcome];
}

/* "There is no such mailbox at that domain. (550 5.1.1 unknown user)" */
static char *
reply_words(const SmtpReply *reply)
{
    if (reply->code == 0)
        return NULL;
    return g_strdup_printf("%s (%d %s%s%s)", smtp_reply_explain(reply),
                           reply->code, reply->enhanced ? reply->enhanced : "",
                           reply->enhanced ? " " : "", reply->text);
}

static void
note_outcome(OutboxEntry *entry, OutboxRecipient *recipient,
             SmtpRecipient *told)
{
    g_free(recipient->reply);
    recipient->reply = reply_words(&told->reply);
    recipient->state = state_of(told->outcome);
    entry->accepted = entry->accepted || told->outcome == SMTP_SENT;
    if (told->outcome != SMTP_SENT && recipient->reply) {
        g_free(entry->reason);
        entry->reason = g_strdup(recipient->reply);
    }
    if (recipient->state == OUTBOX_DEFERRED
        && clock_now() - entry->created > OUTBOX_GIVE_UP)
        recipient->state = OUTBOX_FAILED;
    if (told->outcome == SMTP_IN_DOUBT
        || (told->outcome == SMTP_DEFERRED && recipient->doubted))
        outbox_entry_doubt(entry, recipient);
    smtp_reply_clear(&told->reply);
}

typedef struct {
    const char *folder;
    OutboxEntry *entry;
} Commit;

/* Before the final dot: from here on a crash leaves a doubt. */
static bool
commit(void *user, GError **error)
{
    Commit *c = user;

    c->entry->committed = true;
    return outbox_entry_save(c->folder, c->entry, error);
}

/* The connection, opened for the first entry that needs it, and anew when the
 * last one has had its time. */
static SmtpConn *
connection(Try *t)
{
    if (t->conn && !smtp_conn_is_usable(t->conn))
        g_clear_pointer(&t->conn, smtp_conn_close);
    if (t->conn == NULL && t->trouble == NULL)
        t->conn = smtp_conn_open(&t->request->smtp, t->cancel, &t->trouble);
    if (t->conn) {
        t->result->asked = true;
        t->result->server.max_size = smtp_conn_max_size(t->conn);
        t->result->server.takes_8bit = smtp_conn_takes_8bit(t->conn);
    }
    return t->conn;
}

/* The connection died in the middle: the next entry gets a new one, unless the
 * server cannot be trusted to speak at all. */
static void
drop_connection(Try *t, GError *error)
{
    g_clear_pointer(&t->conn, smtp_conn_close);
    if (err_is(error, ERR_PROTOCOL) || err_is(error, ERR_CANCELLED))
        t->trouble = error;
    else
        g_clear_error(&error);
}

/* Those of an entry that one transaction is for. */
typedef struct {
    SmtpRecipient *told;
    OutboxRecipient **whom;
    guint n;
} Round;

static void
round_clear(Round *round)
{
    g_free(round->told);
    g_free(round->whom);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Round, round_clear)

/* The next of them, as many as the server takes at once. */
static void
round_fill(Round *round, const OutboxEntry *entry, guint most)
{
    for (guint i = 0; i < entry->recipients->len && round->n < most; i++) {
        OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state != OUTBOX_SENDING)
            continue;
        round->whom[round->n] = recipient;
        round->told[round->n++].address = recipient->address;
    }
}

/* "452 too many recipients" is no judgement: whoever got it is offered again
 * behind those that were taken (RFC 5321, 4.5.3.1.10). */
static void
note_round(OutboxEntry *entry, Round *round)
{
    bool progress = false;

    for (guint i = 0; i < round->n; i++)
        progress = progress || round->told[i].outcome == SMTP_SENT;
    for (guint i = 0; i < round->n; i++) {
        bool again = progress && round->told[i].outcome == SMTP_DEFERRED
                     && round->told[i].reply.code == 452;

        note_outcome(entry, round->whom[i], &round->told[i]);
        if (again)
            round->whom[i]->state = OUTBOX_SENDING;
    }
}

/* A transaction. A connection that served messages before may have been ended
 * by the server meanwhile: as long as nothing can have been sent, that is no
 * failure of this message, and it gets a new one. */
static bool
transact(Try *t, SmtpMessage *message, const OutboxEntry *entry, GError **error)
{
    g_autoptr(GError) reason = NULL;
    bool used = smtp_conn_used(t->conn) > 0;

    if (smtp_send(t->conn, message, &reason))
        return true;
    if (used && err_is(reason, ERR_RETRY) && !entry->committed) {
        g_clear_pointer(&t->conn, smtp_conn_close);
        if (connection(t))
            return smtp_send(t->conn, message, error);
    }
    g_propagate_error(error, g_steal_pointer(&reason));
    return false;
}

static bool
is_unfinished(OutboxEntry *entry)
{
    outbox_entry_sum_up(entry);
    return entry->state == OUTBOX_SENDING;
}

/* True when the dialogue was whole. */
static bool
send_round(Try *t, OutboxEntry *entry, SmtpMessage *message)
{
    g_auto(Round) round = {
        .told = g_new0(SmtpRecipient, entry->recipients->len),
        .whom = g_new0(OutboxRecipient *, entry->recipients->len),
    };
    GError *error = NULL;

    entry->committed = false;
    round_fill(&round, entry, smtp_conn_max_recipients(t->conn));
    message->recipients = round.told;
    message->n_recipients = round.n;
    if (!transact(t, message, entry, &error)) {
        g_free(entry->reason);
        entry->reason = g_strdup(error->message);
        drop_connection(t, error);
        note_round(entry, &round);
        outbox_entry_defer(entry, entry->reason, clock_now());
        return false;
    }
    note_round(entry, &round);
    return true;
}

/* `--at` can be left to the server, if it holds mail so long. */
static bool
hold_there(const Try *t, OutboxEntry *entry)
{
    gint64 seconds = entry->not_before - clock_now();

    return entry->server_hold && seconds > 0
           && seconds <= smtp_conn_max_hold(t->conn);
}

/* Comes back in reports: the Message-ID, where it fits (RFC 3461, 4.4). */
static const char *
envelope_id(const OutboxEntry *entry)
{
    return entry->message_id && strlen(entry->message_id) <= 100
               ? entry->message_id
               : NULL;
}

/* Nothing but 7 bits; ERR_USAGE: what is signed cannot be had so. */
static bool
fill_7bit(int fd, void *user, GError **error)
{
    const Try *t = user;
    bool left;

    if (!mime_to_7bit(t->lock, fd, error) || !smtp_has_8bit(fd, &left, error))
        return false;
    return !left || err_set(error, ERR_USAGE, "it cannot be written in ASCII");
}

/* A server without 8BITMIME gets the message in 7 bits (RFC 6152, 3), as long
 * as nothing of it can have left (E5). Else it is refused when it is sent. */
static bool
fit_to_server(Try *t, OutboxEntry *entry, GError **error)
{
    g_autoptr(GError) reason = NULL;
    bool high;
    int fd;

    if (smtp_conn_takes_8bit(t->conn) || outbox_entry_may_be_out(entry))
        return true;
    if (!smtp_has_8bit(t->lock, &high, error))
        return false;
    if (!high)
        return true;
    fd = outbox_entry_rewrite(t->request->folder, entry, fill_7bit, t, &reason);
    if (fd < 0 && !err_is(reason, ERR_USAGE)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return false;
    }
    if (fd >= 0) {
        close(t->lock);
        t->lock = fd;
    }
    return true;
}

static void
send_smtp(Try *t, OutboxEntry *entry)
{
    Commit c = { t->request->folder, entry };
    SmtpMessage message = {
        .sender = entry->sender,
        .envid = envelope_id(entry),
        .notify = entry->notify,
        .deliver_by = (guint)entry->deliver_by,
        .require_tls = entry->require_tls,
        .commit = commit,
        .user = &c,
    };
    g_autoptr(GError) error = NULL;

    if (hold_there(t, entry))
        message.hold_until = entry->not_before;
    else if (entry->server_hold && entry->not_before > clock_now()) {
        entry->server_hold = false; /* it waits here */
        outbox_entry_recover(entry, 0);
        entry->attempts--;
        return;
    }
    if (!fit_to_server(t, entry, &error)) {
        outbox_entry_defer(entry, error->message, clock_now());
        return;
    }
    message.fd = t->lock;
    while (send_round(t, entry, &message) && is_unfinished(entry))
        if (!outbox_entry_save(t->request->folder, entry, &error)
            || connection(t) == NULL)
            break;
    if (is_unfinished(entry))
        outbox_entry_defer(entry, error ? error->message : t->trouble->message,
                           clock_now());
}

static void
program_outcome(OutboxEntry *entry, const SpawnResult *ended,
                const char *program)
{
    g_autofree char *words =
        text_sanitise(ended->errors ? ended->errors : "", -1, TEXT_LINE);
    g_autofree char *text =
        g_strdup_printf("%s ended with %d: %s", program, ended->status, words);
    bool ok = ended->status == 0 && !ended->timed_out;
    bool temporary = ended->timed_out || ended->status == EX_TEMPORARY;

    for (guint i = 0; i < entry->recipients->len && !temporary; i++) {
        OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state != OUTBOX_SENDING)
            continue;
        recipient->state = ok ? OUTBOX_SENT : OUTBOX_FAILED;
        g_free(recipient->reply);
        recipient->reply = ok ? NULL : g_strdup(text);
    }
    entry->accepted = entry->accepted || ok;
    if (temporary)
        outbox_entry_defer(entry, text, clock_now());
    else if (!ok) {
        g_free(entry->reason);
        entry->reason = g_strdup(text);
    }
}

/* sendmail -i -f SENDER -- RECIPIENT…, the message on its standard input: a
 * descriptor of its own, so that no child of it keeps our lock. */
static void
send_program(Try *t, OutboxEntry *entry)
{
    const char *program = t->request->program;
    g_autofree char *path = outbox_bytes_path(t->request->folder, entry->id);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_auto(SpawnResult) ended = { 0 };
    Commit c = { t->request->folder, entry };

    g_ptr_array_add(argv, (char *)program);
    g_ptr_array_add(argv, (char *)"-i");
    g_ptr_array_add(argv, (char *)"-f");
    g_ptr_array_add(argv, entry->sender);
    g_ptr_array_add(argv, (char *)"--");
    for (guint i = 0; i < entry->recipients->len; i++) {
        OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state == OUTBOX_SENDING)
            g_ptr_array_add(argv, recipient->address);
    }
    g_ptr_array_add(argv, NULL);
    SpawnParams params = {
        .argv = (const char *const *)argv->pdata,
        .input_fd = fd,
        .timeout_ms = PROGRAM_SECONDS * 1000,
    };
    if (fd >= 0 && commit(&c, &error)
        && spawn_run(&params, t->cancel, &ended, &error))
        program_outcome(entry, &ended, program);
    else
        outbox_entry_defer(entry, error ? error->message : "cannot be read",
                           clock_now());
    if (fd >= 0)
        close(fd);
}

/* Why nothing can be tried now, or NULL. */
static const char *
obstacle(Try *t)
{
    if (t->request->stop)
        return t->request->stop;
    if (t->request->program || connection(t))
        return NULL;
    t->result->auth_refused =
        t->result->auth_refused || err_is(t->trouble, ERR_AUTH);
    return t->trouble->message;
}

/* Not more than `send-rate` messages a minute. */
static void
keep_pace(const Try *t)
{
    gint64 last = t->result->last ? t->result->last : t->request->before;
    gint64 wait;
    GPollFD poll_fd;

    if (t->request->rate == 0 || last == 0)
        return;
    wait =
        last + 60 * G_USEC_PER_SEC / t->request->rate - g_get_monotonic_time();
    if (wait <= 0)
        return;
    if (t->cancel && g_cancellable_make_pollfd(t->cancel, &poll_fd)) {
        g_poll(&poll_fd, 1, (gint)(wait / 1000) + 1);
        g_cancellable_release_fd(t->cancel);
    } else {
        g_usleep((gulong)wait);
    }
}

static void
send_entry(Try *t, OutboxEntry *entry)
{
    const char *reason = obstacle(t);

    t->result->last = g_get_monotonic_time();

    if (reason)
        outbox_entry_defer(entry, reason, clock_now());
    else if (t->request->program)
        send_program(t, entry);
    else
        send_smtp(t, entry);
    outbox_entry_end(entry, clock_now());
    if (entry->state == OUTBOX_WAITING)
        entry->next_try = 0;
    /* The user ended the program: that was no try. */
    if (g_cancellable_is_cancelled(t->cancel) && entry->state == OUTBOX_DEFERRED
        && entry->attempts > 0) {
        entry->attempts--;
        entry->next_try = 0;
    }
}

static void
log_entry(const OutboxEntry *entry)
{
    g_autofree char *subject =
        text_sanitise(entry->subject ? entry->subject : "", -1, TEXT_LINE);

    log_add(entry->state == OUTBOX_SENT ? LOG_INFO : LOG_WARN, entry->account,
            "“%s” is %s%s%s", subject, outbox_state_name(entry->state),
            entry->reason && entry->state != OUTBOX_SENT ? ": " : "",
            entry->reason && entry->state != OUTBOX_SENT ? entry->reason : "");
}

/* With the lock held. False: the disk does not take the state, so nothing is
 * begun, or what happened stays as it was written down before. */
static bool
work_on(Try *t, OutboxEntry *entry, GError **error)
{
    const char *folder = t->request->folder;
    gint64 due;

    if (outbox_entry_recover(entry, clock_now())
        && !outbox_entry_save(folder, entry, error))
        return false;
    due = outbox_entry_due(entry);
    if (due < 0 || due > clock_now())
        return true;
    keep_pace(t);
    if (g_cancellable_is_cancelled(t->cancel))
        return true;
    outbox_entry_begin(entry);
    if (!outbox_entry_save(folder, entry, error))
        return false;
    send_entry(t, entry);
    log_entry(entry);
    return outbox_entry_save(folder, entry, error);
}

static void
try_entry(Try *t, const char *id)
{
    OutboxEntry *entry;
    g_autoptr(GError) error = NULL;

    t->lock = outbox_entry_lock(t->request->folder, id, NULL);
    if (t->lock < 0)
        return;
    entry = outbox_entry_load(t->request->folder, id, NULL);
    if (entry && !work_on(t, entry, &error))
        log_add(LOG_ERR, entry->account, "%s", error->message);
    if (entry)
        g_ptr_array_add(t->result->entries, entry);
    close(t->lock);
}

OutboxResult *
outbox_try(const OutboxRequest *request, GCancellable *cancel)
{
    Try t = { .request = request, .cancel = cancel };

    t.result = g_new0(OutboxResult, 1);
    t.result->entries =
        g_ptr_array_new_with_free_func((GDestroyNotify)outbox_entry_free);
    for (guint i = 0; i < request->ids->len; i++)
        if (!g_cancellable_is_cancelled(cancel))
            try_entry(&t, request->ids->pdata[i]);
    smtp_conn_close(t.conn);
    g_clear_error(&t.trouble);
    return t.result;
}

void *
outbox_job_run(Job *job, void *request, GError **error)
{
    return outbox_try(request, job_cancellable(job));
}

void *
outbox_job_check(Job *job, void *data, GError **error)
{
    const OutboxRequest *request = data;

    if (request->stop)
        err_set(error, ERR_USAGE, "%s", request->stop);
    else if (request->program && access(request->program, X_OK) != 0)
        err_set_errno(error, errno, "%s", request->program);
    else if (request->program == NULL)
        smtp_conn_close(
            smtp_conn_open(&request->smtp, job_cancellable(job), error));
    return NULL;
}
