/* Whole dialogues, read from tests/wire/imap/. A transcript is what a server
 * says (S:) and what the client has to say (C:), in order, and between them
 * what the client is told to do:
 *
 *   starttls | insecure | auth NAME | compress [far] | version TEXT
 *   no password | ticket | use USE MAILBOX   before all
 *   S… | C…         what both say: dialogue.h
 *   open CODE        connecting must fail: auth refused retry protocol
 *   do CALL CODE     a call and how it must end: no, or an error as above
 *   said TEXT        what the last error has among its words
 *   told TEXT        what the calls told, put together in order */
#include "base/err.h"
#include "dialogue.h"
#include "imap_private.h"
#include "tickets.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static Identity identity;

typedef struct {
    char **lines;
    ImapParams params;
    ImapConn *conn;
    GString *told;
    char *said; /* the last error; NULL: none */
} Case;

static bool
on_body(void *user, const char *section, guint64 size, GError **error)
{
    g_string_append_printf(user, "[%s]", section);
    return true;
}

static bool
on_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    g_string_append_len(user, bytes, (gssize)size);
    return true;
}

static bool
on_message(void *user, const ImapMessage *message, GError **error)
{
    g_string_append_printf(user, "(%u:%u:%s)", message->uid,
                           message->flags.system, message->flags.keywords);
    if (message->preview)
        g_string_append_printf(user, "<%s>", message->preview);
    if (message->email_id)
        g_string_append_printf(user, "<%s>", message->email_id);
    if (message->savedate)
        g_string_append_printf(user, "<%" G_GINT64_FORMAT ">",
                               message->savedate);
    for (guint i = 0; message->parts && i < message->parts->len; i++) {
        const ImapPart *part = message->parts->pdata[i];

        g_string_append_printf(user, "{%u %s %s %u|%s}", part->depth,
                               part->section,
                               part->encoding ? part->encoding : "-",
                               (guint)part->octets, part->header);
    }
    return true;
}

static bool
on_vanished(void *user, const UidSet *uids, GError **error)
{
    g_autofree char *text = uidset_format(uids);

    g_string_append_printf(user, "(vanished %s)", text);
    return true;
}

static void
on_closed(void *user)
{
    g_string_append(user, "(closed)");
}

static ImapSink
sink_of(Case *c)
{
    return (ImapSink){ .user = c->told,
                       .body_begin = on_body,
                       .body_bytes = on_bytes,
                       .message = on_message,
                       .vanished = on_vanished,
                       .closed = on_closed };
}

static bool
call_list(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_autoptr(GPtrArray) all = imap_list(c->conn, true, error);

    for (guint i = 0; all && i < all->len; i++) {
        const ImapMailbox *mailbox = all->pdata[i];

        g_string_append_printf(c->told, "(%s%s%s%s ", mailbox->name,
                               mailbox->no_select ? "!" : "",
                               mailbox->subscribed ? "+" : "",
                               mailbox->special_use ? mailbox->special_use
                                                    : "");
        if (!mailbox->have_status && mailbox->messages > 0)
            g_string_append(c->told, "?)");
        else
            g_string_append_printf(c->told, "%u)", mailbox->messages);
    }
    return all != NULL;
}

static bool
call_select(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_auto(ImapSelected) selected = { 0 };
    ImapOpened opened;
    ImapSink sink = sink_of(c);
    bool ok = imap_select(c->conn, argument, NULL, &sink, &selected, error);

    g_string_append_printf(c->told, "(%u %u %u%s)", selected.uidvalidity,
                           selected.uidnext, selected.exists,
                           selected.read_only ? " ro" : "");
    if (ok && selected.read_only && imap_conn_opened(c->conn, argument, &opened))
        g_string_append_printf(c->told, "[local %02x]", opened.local_flags);
    if (selected.mailbox_id)
        g_string_append_printf(c->told, "<%s>", selected.mailbox_id);
    return ok;
}

static bool
call_resync(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_auto(ImapSelected) selected = { 0 };
    ImapSink sink = sink_of(c);
    ImapResync resync = { .uidvalidity = 3, .modseq = 50 };
    g_autofree char *name = g_strcompress(argument);
    bool ok = imap_select(c->conn, name, &resync, &sink, &selected, error);

    g_string_append(c->told, selected.resynced ? "resynced" : "anew");
    return ok;
}

/* For the next list, and a "resync" of the same mailbox. */
static bool
call_ahead(Case *c, UidSet *uids, const char *argument, GError **error)
{
    ImapResync resync = { .uidvalidity = 3, .modseq = 50 };
    g_autofree char *name = g_strcompress(argument);

    imap_select_ahead(c->conn, name, &resync);
    return true;
}

static bool
call_opened(Case *c, UidSet *uids, const char *argument, GError **error)
{
    ImapOpened opened;
    bool is = imap_conn_opened(c->conn, argument, &opened);

    g_string_append(c->told, is ? "opened" : "not opened");
    return true;
}

static bool
call_fetch(Case *c, UidSet *uids, const char *argument, GError **error)
{
    ImapSink sink = sink_of(c);

    return imap_fetch(c->conn, uids, argument, 0, &sink, error);
}

/* The same, of what changed since. */
static bool
call_changes(Case *c, UidSet *uids, const char *argument, GError **error)
{
    ImapSink sink = sink_of(c);

    return imap_fetch(c->conn, uids, argument, 50, &sink, error);
}

static const ImapConn *asking;

static bool
on_asked(void *user, GError **error)
{
    g_assert_false(asking->unsent);
    g_string_append(user, "asked ");
    return true;
}

static bool
on_set_told(void *user, bool *enough, GError **error)
{
    GString *told = user;

    g_string_append_c(told, '|');
    *enough = strstr(told->str, "enough") != NULL;
    return true;
}

/* "UIDS;UIDS;… ITEMS": a set each. */
static bool
call_fetch_sets(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_auto(GStrv) words = g_strsplit(argument, " ", 2);
    g_auto(GStrv) parts = g_strsplit(words[0], ";", -1);
    g_autoptr(GPtrArray) sets =
        g_ptr_array_new_with_free_func((GDestroyNotify)uidset_destroy);
    ImapSink sink = sink_of(c);

    asking = c->conn;
    sink.asked = on_asked;
    sink.set_told = on_set_told;
    for (char **part = parts; *part; part++)
        g_ptr_array_add(sets, uidset_parse(*part, 1000, NULL));
    return imap_fetch_sets(c->conn, sets, words[1], &sink, error);
}

static bool
call_search(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_autoptr(UidSet) found = imap_search(c->conn, argument, error);
    g_autofree char *text = found ? uidset_format(found) : NULL;

    g_string_append(c->told, text ? text : "");
    return found != NULL;
}

static bool
store(Case *c, UidSet *uids, bool add, const char *argument, GError **error)
{
    ImapFlags flags = { .system = 4, .keywords = argument };

    return imap_store(c->conn, uids, add, &flags, error);
}

static bool
call_store(Case *c, UidSet *uids, const char *argument, GError **error)
{
    return store(c, uids, true, argument, error);
}

static bool
call_unstore(Case *c, UidSet *uids, const char *argument, GError **error)
{
    return store(c, uids, false, argument, error);
}

static void
tell_copied(Case *c, const ImapCopied *copied)
{
    for (guint i = 0; i < copied->to->len; i++)
        g_string_append_printf(c->told, "(%u>%u)",
                               g_array_index(copied->from, guint32, i),
                               g_array_index(copied->to, guint32, i));
}

static bool
call_move(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_auto(ImapCopied) copied = { 0 };
    bool ok = imap_move(c->conn, uids, argument, &copied, error);

    if (ok)
        tell_copied(c, &copied);
    return ok;
}

static bool
call_copy(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_auto(ImapCopied) copied = { 0 };
    bool ok = imap_copy(c->conn, uids, argument, &copied, error);

    if (ok)
        tell_copied(c, &copied);
    return ok;
}

static bool
call_expunge(Case *c, UidSet *uids, const char *argument, GError **error)
{
    bool marked = false;
    bool ok = imap_expunge(c->conn, uids, &marked, error);

    g_string_append(c->told, marked ? "marked" : "");
    return ok;
}

/* APPEND of this text n times. */
static bool
append_some(Case *c, const char *mailbox, const char *text, guint n,
            GError **error)
{
    gssize size = (gssize)strlen(text);
    ImapUpload uploads[2] = { 0 };
    guint32 uidvalidity;
    bool ok;

    for (guint i = 0; i < n; i++) {
        g_autofree char *path = NULL;

        uploads[i].flags = (ImapFlags){ .system = 4, .keywords = "k" };
        uploads[i].internaldate = 837596665 + i;
        uploads[i].fd = g_file_open_tmp("posthorn-XXXXXX", &path, NULL);
        g_unlink(path);
        g_assert_cmpint(write(uploads[i].fd, text, (gsize)size), ==, size);
    }
    ok = imap_append(c->conn, mailbox, uploads, n, &uidvalidity, error);
    for (guint i = 0; i < n; i++) {
        close(uploads[i].fd);
        g_string_append_printf(c->told, "(%u %u)", uidvalidity, uploads[i].uid);
    }
    return ok;
}

#define SIX_ON_THE_WIRE "a\nb\r\n"

static bool
call_append(Case *c, UidSet *uids, const char *argument, GError **error)
{
    return append_some(c, argument, SIX_ON_THE_WIRE, 1, error);
}

/* To Sent; the argument is how many octets the message has. */
static bool
call_append_octets(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_autofree char *text = line_of(argument);

    return append_some(c, "Sent", text, 1, error);
}

static bool
call_append_two(Case *c, UidSet *uids, const char *argument, GError **error)
{
    return append_some(c, argument, SIX_ON_THE_WIRE, 2, error);
}

static bool
call_create(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_autofree char *name = g_strcompress(argument);

    return imap_create(c->conn, name, NULL, error);
}

/* With a use; the argument stands before it. */
static bool
call_use(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_auto(GStrv) words = g_strsplit(argument, " ", 2);

    return imap_create(c->conn, words[0], words[1], error);
}

static bool
call_delete(Case *c, UidSet *uids, const char *argument, GError **error)
{
    return imap_delete(c->conn, argument, error);
}

static bool
call_rename(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_auto(GStrv) words = g_strsplit(argument, " ", 2);

    return imap_rename(c->conn, words[0], words[1], error);
}

static bool
call_prefix(Case *c, UidSet *uids, const char *argument, GError **error)
{
    char delimiter;
    const char *prefix = imap_conn_prefix(c->conn, &delimiter);

    if (prefix)
        g_string_append_printf(c->told, "(%s%c)", prefix, delimiter);
    else
        g_string_append(c->told, "(none)");
    return true;
}

static bool
call_quota(Case *c, UidSet *uids, const char *argument, GError **error)
{
    ImapQuota quota;
    bool ok = imap_quota(c->conn, argument, &quota, error);

    g_string_append_printf(c->told,
                           "(%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT ")",
                           quota.used, quota.limit);
    return ok;
}

static void
on_listening(void *user)
{
    g_string_append(((Case *)user)->told, "hears ");
}

static bool
call_idle(Case *c, UidSet *uids, const char *argument, GError **error)
{
    ImapWait wait = { .seconds = 100, .listening = on_listening, .user = c };
    bool changed = false;
    bool ok = imap_idle(c->conn, &wait, &changed, error);

    g_string_append(c->told, changed ? "changed" : "quiet");
    g_ptr_array_unref(imap_take_news(c->conn));
    return ok;
}

static gint64 hour_at; /* µs */

static gint64
hour_now(void)
{
    return hour_at;
}

static int
hour_wait(NetStream *stream, GCancellable *wake, guint seconds, GError **error)
{
    hour_at += seconds * G_USEC_PER_SEC;
    return 0;
}

static void
on_listening_since(void *user)
{
    g_string_append_printf(((Case *)user)->told, "hears at %ds ",
                           (int)(hour_at / G_USEC_PER_SEC));
}

/* Seconds in which nothing is said pass at once. */
static bool
call_silence(Case *c, UidSet *uids, const char *argument, GError **error)
{
    static const ImapClock clock = { hour_now, hour_wait };
    ImapWait wait = { .seconds = (guint)atoi(argument),
                      .listening = on_listening_since, .user = c };
    bool changed = false;
    bool ok;

    hour_at = 0;
    c->conn->clock = &clock;
    ok = imap_idle(c->conn, &wait, &changed, error);
    g_string_append(c->told, changed ? "changed" : "quiet");
    return ok;
}

/* Waits for news and tells where they are. */
static bool
call_news(Case *c, UidSet *uids, const char *argument, GError **error)
{
    ImapWait wait = { .seconds = 100, .listening = on_listening, .user = c };
    bool changed = false;
    bool ok = imap_idle(c->conn, &wait, &changed, error);
    g_autoptr(GPtrArray) news = imap_take_news(c->conn);

    for (guint i = 0; i < news->len; i++)
        g_string_append_printf(c->told, "(%s)", (char *)news->pdata[i]);
    if (imap_notify_lapsed(c->conn))
        g_string_append(c->told, "lapsed");
    return ok;
}

static bool
call_alert(Case *c, UidSet *uids, const char *argument, GError **error)
{
    g_autofree char *text = imap_take_alert(c->conn);

    g_string_append_printf(c->told, "(%s)", text ? text : "none");
    return true;
}

static bool
call_notify(Case *c, UidSet *uids, const char *argument, GError **error)
{
    return imap_notify(c->conn, error);
}

static bool
call_noop(Case *c, UidSet *uids, const char *argument, GError **error)
{
    return imap_noop(c->conn, error);
}

static const struct {
    const char *name;
    bool (*call)(Case *c, UidSet *uids, const char *argument, GError **error);
    bool takes_uids;
} calls[] = {
    { "list", call_list },       { "select", call_select },
    { "resync", call_resync },   { "ahead", call_ahead },
    { "opened", call_opened },   { "fetch", call_fetch, true },
    { "sets", call_fetch_sets }, { "changes", call_changes, true },
    { "search", call_search },   { "store", call_store, true },
    { "unstore", call_unstore, true },
    { "move", call_move, true },
    { "copy", call_copy, true }, { "expunge", call_expunge, true },
    { "append", call_append },   { "create", call_create },
    { "append-two", call_append_two },
    { "append-octets", call_append_octets },
    { "use", call_use },         { "delete", call_delete },
    { "rename", call_rename },   { "prefix", call_prefix },
    { "quota", call_quota },     { "notify", call_notify },
    { "news", call_news },       { "alert", call_alert },
    { "idle", call_idle },       { "noop", call_noop },
    { "silence", call_silence },
};

/* Takes the error. Whatever a server said in it, its words are safe (P59). */
static void
note_error(Case *c, const char *what, GError *error)
{
    g_test_message("%s: %s", what, error ? error->message : "ok");
    if (error == NULL)
        return;
    for (const char *at = error->message; *at; at++)
        g_assert_false(g_ascii_iscntrl(*at));
    g_free(c->said);
    c->said = g_strdup(error->message);
    g_error_free(error);
}

/* "CALL [UIDS] [ARGUMENT] CODE" */
static void
do_call(Case *c, const char *text)
{
    GError *error = NULL;
    g_autoptr(UidSet) uids = NULL;
    const char *space = strrchr(text, ' ');
    g_autofree char *head = g_strndup(text, (gsize)(space - text));
    g_auto(GStrv) words = g_strsplit(head, " ", 2);
    g_auto(GStrv) more = NULL;
    const char *argument = words[1] ? words[1] : "";

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        bool ok;

        if (strcmp(calls[i].name, words[0]) != 0)
            continue;
        if (calls[i].takes_uids) {
            more = g_strsplit(argument, " ", 2);
            uids = uidset_parse(more[0], 1000000, NULL);
            argument = more[1] ? more[1] : "";
        }
        ok = calls[i].call(c, uids, argument, &error);
        g_assert_cmpstr(dialogue_code(error), ==, space + 1);
        g_assert_cmpint(ok, ==, error == NULL);
        note_error(c, text, error);
        return;
    }
    g_error("no such call: %s", text);
}

static void
add_use(ImapParams *params, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 2);
    g_auto(GStrv) before = params->uses;
    g_autoptr(GStrvBuilder) uses = g_strv_builder_new();

    if (before)
        g_strv_builder_addv(uses, (const char **)before);
    g_strv_builder_addv(uses, (const char **)words);
    params->uses = g_strv_builder_end(uses);
}

static void
case_read(Case *c, const char *path)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    c->lines = g_strsplit(text, "\n", -1);
    c->told = g_string_new(NULL);
    c->params.net.host = g_strdup("imap.test");
    c->params.net.security = NET_TLS;
    c->params.net.fingerprint = certificate_fingerprint(&identity);
    c->params.sasl_ir = true;
    c->params.sasl.user = g_strdup("ana");
    c->params.sasl.password = g_strdup("secret");
    tickets_here = false;
    for (char **line = c->lines; *line; line++) {
        if (strcmp(*line, "starttls") == 0)
            c->params.net.security = NET_STARTTLS;
        else if (strcmp(*line, "insecure") == 0)
            c->params.net.security = NET_PLAIN;
        else if (strcmp(*line, "compress") == 0)
            c->params.compress = IMAP_COMPRESS_ON;
        else if (strcmp(*line, "compress far") == 0)
            c->params.compress = IMAP_COMPRESS_FAR;
        else if (strcmp(*line, "no password") == 0)
            g_clear_pointer(&c->params.sasl.password, g_free);
        else if (strcmp(*line, "ticket") == 0)
            tickets_here = true;
        else if (g_str_has_prefix(*line, "version "))
            c->params.version = g_strdup(*line + 8);
        else if (g_str_has_prefix(*line, "use "))
            add_use(&c->params, *line + 4);
        else if (g_str_has_prefix(*line, "auth "))
            c->params.sasl.auth = g_strdup(*line + 5);
    }
}

static void
run_calls(Case *c)
{
    const char *told = dialogue_wanted(c->lines, "told ");
    g_autofree char *escaped = NULL;

    for (char **line = c->lines; *line; line++)
        if (g_str_has_prefix(*line, "do ")) {
            do_call(c, *line + 3);
        } else if (g_str_has_prefix(*line, "said ")) {
            g_assert_nonnull(c->said);
            g_assert_nonnull(strstr(c->said, *line + strlen("said ")));
        }
    escaped = g_strescape(c->told->str, "\\\"");
    g_assert_cmpstr(escaped, ==, told ? told : "");
}

static void
test_case(const void *path)
{
    Case c = { 0 };
    Server server = { .identity = &identity, .farewell = " LOGOUT\r\n" };
    GError *error = NULL;
    const char *open;
    int fd;

    case_read(&c, path);
    server.lines = c.lines;
    fd = server_start(&server);
    open = dialogue_wanted(c.lines, "open ");
    c.conn = imap_conn_start(net_stream_of(fd, dup(fd), "test", NULL),
                             &c.params, NULL, &error);
    g_assert_cmpstr(dialogue_code(error), ==, open ? open : "no");
    g_assert_cmpint(c.conn == NULL, ==, error != NULL);
    note_error(&c, "open", error);
    run_calls(&c);
    imap_conn_close(c.conn);
    server_end(&server);
    g_string_free(c.told, TRUE);
    g_free(c.said);
    net_params_clear(&c.params.net);
    sasl_params_clear(&c.params.sasl);
    g_free(c.params.version);
    g_strfreev(c.params.uses);
    g_strfreev(c.lines);
}

/* Servers that say nothing are left at once when cancelled (P34, P35). */
static void
test_cancel(void)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    ImapParams params = { .net.host = (char *)"imap.test",
                          .net.security = NET_PLAIN };
    Canceller canceller = { .cancel = cancel };
    gint64 begin = g_get_monotonic_time();
    int fd = canceller_start(&canceller, "* OK hello\r\n");

    g_assert_null(
        imap_conn_start(net_stream_of(fd, dup(fd), "test", cancel), &params,
                        cancel, &error));
    g_assert_true(err_is(error, ERR_CANCELLED));
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 30 * G_USEC_PER_SEC);
    canceller_end(&canceller);
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN); /* as the program does: OpenSSL writes */
    identity = certificate_make("x", "DNS:imap.test", -DAY, DAY, NULL);
    g_test_add_func("/imap/cancel", test_cancel);
    dialogue_add_tests("imap", test_case);
    result = g_test_run();
    certificate_forget(&identity);
    return result;
}
