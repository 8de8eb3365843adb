/* Whole dialogues, read from tests/wire/smtp/. A transcript is what a server
 * says (S:) and what the client has to say (C:), in order, then what it must
 * come to:
 *
 *   to ADDRESS…             the recipients, before the dialogue
 *   from ADDRESS            the sender
 *   body TEXT               a line of the message (\n-separated file)
 *   user NAME | starttls    how the connection is made
 *   envid ID | notify N | hold UNIXTIME | by SECONDS | requiretls
 *                           what is wanted of the servers
 *   S: LINE                 the server sends the line and CRLF
 *   S+ LINE                 the same, in one packet with the next S line
 *   S: (close)              the server closes the connection
 *   C: LINE                 the client must have sent this line
 *   C: (message)            … lines up to and with the final dot, see "sent"
 *   C: (chunk N)            … N octets, see "sent"
 *   sent LINE               a line of the message as it came over the wire
 *   open CODE               connecting must fail: auth refused retry protocol
 *   error CODE | error no   sending must fail, or not
 *   ADDRESS OUTCOME [CODE]  what became of a recipient */
#include "base/err.h"
#include "smtp_private.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    char **lines;
    int fd;
    GString *input;
    GPtrArray *sent; /* lines of the message as received */
    char *fault;     /* the first thing that was not as written */
} Server;

/* The next line of the client without its end; NULL: closed. */
static char *
server_read(Server *server)
{
    char *newline;

    while ((newline = strchr(server->input->str, '\n')) == NULL) {
        char buffer[4096];
        gssize got = read(server->fd, buffer, sizeof buffer);

        if (got <= 0)
            return NULL;
        g_string_append_len(server->input, buffer, got);
    }
    gsize length = (gsize)(newline - server->input->str);
    char *line = g_strndup(server->input->str, length);

    g_string_erase(server->input, 0, (gssize)length + 1);
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    else if (server->fault == NULL)
        server->fault = g_strdup_printf("no CRLF: %s", line);
    return line;
}

static void
server_message(Server *server)
{
    char *line;

    while ((line = server_read(server)) != NULL) {
        if (strcmp(line, ".") == 0) {
            g_free(line);
            return;
        }
        g_ptr_array_add(server->sent, line);
    }
    if (server->fault == NULL)
        server->fault = g_strdup("the message has no end");
}

/* N octets, the chunk of BDAT. */
static void
server_chunk(Server *server, gsize size)
{
    g_autofree char *chunk = NULL;
    g_auto(GStrv) lines = NULL;

    while (server->input->len < size) {
        char buffer[4096];
        gssize got = read(server->fd, buffer, sizeof buffer);

        if (got <= 0) {
            server->fault = g_strdup("the chunk is too short");
            return;
        }
        g_string_append_len(server->input, buffer, got);
    }
    chunk = g_strndup(server->input->str, size);
    g_string_erase(server->input, 0, (gssize)size);
    lines = g_strsplit(chunk, "\r\n", -1);
    for (char **line = lines; line[0] && line[1]; line++)
        g_ptr_array_add(server->sent, g_strdup(*line));
}

static void
server_expect(Server *server, const char *want)
{
    g_autofree char *line = NULL;

    if (g_str_has_prefix(want, "(chunk ")) {
        server_chunk(server, g_ascii_strtoull(want + 7, NULL, 10));
        return;
    }

    if (strcmp(want, "(message)") == 0) {
        server_message(server);
        return;
    }
    line = server_read(server);
    if (g_strcmp0(line, want) != 0 && server->fault == NULL)
        server->fault =
            g_strdup_printf("C: %s, wanted: %s", line ? line : "(close)", want);
}

static void
server_say(Server *server, GString *out, const char *text, bool flush)
{
    if (strcmp(text, "(close)") == 0) {
        shutdown(server->fd, SHUT_RDWR);
        return;
    }
    g_string_append_printf(out, "%s\r\n", text);
    if (!flush)
        return;
    if (send(server->fd, out->str, out->len, MSG_NOSIGNAL) < 0
        && server->fault == NULL)
        server->fault = g_strdup("the client is gone");
    g_string_set_size(out, 0);
}

static void *
server_run(void *data)
{
    Server *server = data;
    g_autoptr(GString) out = g_string_new(NULL);
    char buffer[4096];

    for (char **line = server->lines; *line; line++) {
        if (g_str_has_prefix(*line, "S: "))
            server_say(server, out, *line + 3, true);
        else if (g_str_has_prefix(*line, "S+ "))
            server_say(server, out, *line + 3, false);
        else if (g_str_has_prefix(*line, "C: "))
            server_expect(server, *line + 3);
    }
    /* What the client may still say, at most QUIT, is read to its end. */
    while (read(server->fd, buffer, sizeof buffer) > 0)
        ;
    return NULL;
}

/* --- the case ----------------------------------------------------------------
 */

typedef struct {
    char **lines;
    GPtrArray *to; /* char * */
    GString *body;
    const char *from;
    SmtpParams params;
    SmtpMessage wishes;
} Case;

static const struct {
    const char *name;
    ErrCode code;
} codes[] = {
    { "auth", ERR_AUTH },   { "refused", ERR_REFUSED },
    { "retry", ERR_RETRY }, { "protocol", ERR_PROTOCOL },
    { "local", ERR_LOCAL },
};

static void
assert_error(const GError *error, const char *name)
{
    if (strcmp(name, "no") == 0) {
        g_assert_no_error(error);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (strcmp(codes[i].name, name) != 0)
            continue;
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
        g_assert_cmpint(error->code, ==, (int)codes[i].code);
        return;
    }
    g_test_fail_printf("no such error: %s", name);
}

static void
case_read(Case *c, const char *path)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    c->lines = g_strsplit(text, "\n", -1);
    c->to = g_ptr_array_new_with_free_func(g_free);
    c->body = g_string_new(NULL);
    c->from = "ana@example.org";
    c->params.net.host = g_strdup("mail.test");
    c->params.net.security = NET_PLAIN;
    for (char **line = c->lines; *line; line++) {
        if (g_str_has_prefix(*line, "to "))
            g_ptr_array_add(c->to, g_strcompress(*line + 3));
        else if (g_str_has_prefix(*line, "from "))
            c->from = *line + 5;
        else if (g_str_has_prefix(*line, "body ")) {
            g_autofree char *raw = g_strcompress(*line + 5);

            g_string_append_printf(c->body, "%s\n", raw);
        } else if (g_str_has_prefix(*line, "user "))
            c->params.sasl.user = g_strdup(*line + 5);
        else if (g_str_has_prefix(*line, "envid "))
            c->wishes.envid = *line + 6;
        else if (g_str_has_prefix(*line, "notify "))
            c->wishes.notify = (unsigned)atoi(*line + 7);
        else if (g_str_has_prefix(*line, "hold "))
            c->wishes.hold_until = atoll(*line + 5);
        else if (g_str_has_prefix(*line, "by "))
            c->wishes.deliver_by = (guint)atoi(*line + 3);
        else if (strcmp(*line, "requiretls") == 0)
            c->wishes.require_tls = true;
        else if (strcmp(*line, "starttls") == 0)
            c->params.net.security = NET_STARTTLS;
    }
    if (c->params.sasl.user)
        c->params.sasl.password = g_strdup("secret");
}

static void
case_clear(Case *c)
{
    g_strfreev(c->lines);
    g_ptr_array_unref(c->to);
    g_string_free(c->body, TRUE);
    g_free(c->params.net.host);
    g_free(c->params.sasl.user);
    g_free(c->params.sasl.password);
}

static const char *
wanted(const Case *c, const char *prefix)
{
    for (char **line = c->lines; *line; line++)
        if (g_str_has_prefix(*line, prefix))
            return *line + strlen(prefix);
    return NULL;
}

static int
body_file(const Case *c)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("posthorn-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_unlink(path);
    g_assert_cmpint(write(fd, c->body->str, c->body->len), ==,
                    (gssize)c->body->len);
    return fd;
}

static void
check_recipient(const Case *c, const SmtpRecipient *recipient)
{
    static const char *const outcomes[] = { "sent", "deferred", "failed",
                                            "in-doubt" };
    g_autofree char *escaped = g_strescape(recipient->address, NULL);
    g_autofree char *prefix = g_strdup_printf("%s ", escaped);
    const char *want = wanted(c, prefix);
    g_autofree char *code = g_strdup_printf("%d", recipient->reply.code);
    g_autofree char *got =
        g_strdup_printf("%s %s", outcomes[recipient->outcome], code);

    g_assert_nonnull(want);
    if (strchr(want, ' '))
        g_assert_cmpstr(got, ==, want);
    else
        g_assert_cmpstr(outcomes[recipient->outcome], ==, want);
}

typedef struct {
    guint calls;
} Commits;

static bool
commit(void *user, GError **error)
{
    ((Commits *)user)->calls++;
    return true;
}

static void
send_case(const Case *c, SmtpConn *conn)
{
    guint n = c->to->len;
    g_autofree SmtpRecipient *recipients = g_new0(SmtpRecipient, n);
    g_autoptr(GError) error = NULL;
    Commits commits = { 0 };
    SmtpMessage message = c->wishes;
    bool ok;

    message.sender = c->from;
    message.recipients = recipients;
    message.n_recipients = n;
    message.fd = body_file(c);
    message.commit = commit;
    message.user = &commits;
    for (guint i = 0; i < n; i++)
        recipients[i].address = c->to->pdata[i];
    ok = smtp_send(conn, &message, &error);
    g_assert_cmpint(ok, ==, error == NULL);
    assert_error(error, wanted(c, "error ") ? wanted(c, "error ") : "no");
    for (guint i = 0; i < n; i++) {
        check_recipient(c, &recipients[i]);
        if (recipients[i].outcome == SMTP_SENT
            || recipients[i].outcome == SMTP_IN_DOUBT)
            g_assert_cmpuint(commits.calls, ==, 1);
        smtp_reply_clear(&recipients[i].reply);
    }
    close(message.fd);
}

static void
check_sent(const Case *c, const GPtrArray *sent)
{
    guint at = 0;

    for (char **line = c->lines; *line; line++) {
        if (!g_str_has_prefix(*line, "sent"))
            continue;
        g_assert_cmpuint(at, <, sent->len);
        g_assert_cmpstr(sent->pdata[at++], ==, (*line)[4] ? *line + 5 : "");
    }
    g_assert_true(at == 0 || at == sent->len);
}

static void
test_case(const void *path)
{
    Case c = { 0 };
    Server server = { 0 };
    g_autoptr(GError) error = NULL;
    SmtpConn *conn;
    GThread *thread;
    int pair[2];

    case_read(&c, path);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    server.lines = c.lines;
    server.fd = pair[1];
    server.input = g_string_new(NULL);
    server.sent = g_ptr_array_new_with_free_func(g_free);
    thread = g_thread_new("server", server_run, &server);
    conn = smtp_conn_start(net_stream_of(pair[0], dup(pair[0]), "test", NULL),
                           &c.params, &error);
    if (wanted(&c, "open ")) {
        g_assert_null(conn);
        assert_error(error, wanted(&c, "open "));
    } else {
        g_assert_no_error(error);
        send_case(&c, conn);
    }
    smtp_conn_close(conn);
    g_thread_join(thread);
    g_assert_cmpstr(server.fault, ==, NULL);
    check_sent(&c, server.sent);
    close(server.fd);
    g_string_free(server.input, TRUE);
    g_ptr_array_unref(server.sent);
    g_free(server.fault);
    case_clear(&c);
}

int
main(int argc, char **argv)
{
    g_autofree char *folder = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *name;

    g_test_init(&argc, &argv, NULL);
    folder =
        g_test_build_filename(G_TEST_DIST, "..", "..", "wire", "smtp", NULL);
    dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *test = g_strdup_printf("/smtp/wire/%s", name);

        if (g_str_has_suffix(name, ".txt"))
            g_test_add_data_func_full(
                test, g_build_filename(folder, name, NULL), test_case, g_free);
    }
    return g_test_run();
}
