/* Whole dialogues, read from tests/wire/pop3/. A transcript is what a server
 * says (S:) and what the client has to say (C:), in order, and between them
 * what the client is told to do:
 *
 *   stls | insecure | auth NAME | lang TAG | no-ir     before all
 *   S: LINE          the server sends the line and CRLF
 *   S+ LINE          the same, in one packet with the next S line
 *   S= TEXT          the text with C escapes, no CRLF
 *   S: (close)       the server closes the connection
 *   C: LINE          the client must have sent this line
 *   open CODE        connecting must fail: auth refused retry protocol
 *   reason NAME      … for this reason: in-use login-delay
 *   do CALL CODE     a call and how it must end: no, or an error as above
 *   told TEXT        what the calls told, put together in order */
#include "base/err.h"
#include "pop3_private.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    char **lines;
    int fd;
    GString *input;
    char *fault; /* the first thing that was not as written */
} Server;

static bool
server_fill(Server *server)
{
    char buffer[4096];
    gssize got = read(server->fd, buffer, sizeof buffer);

    if (got > 0)
        g_string_append_len(server->input, buffer, got);
    return got > 0;
}

static void
server_expect(Server *server, const char *want)
{
    gsize size = strlen(want);

    while (server->input->len < size && server_fill(server))
        ;
    if (server->input->len < size
        || strncmp(server->input->str, want, size) != 0) {
        if (server->fault == NULL)
            server->fault =
                g_strdup_printf("C: %s, wanted: %s", server->input->str, want);
        shutdown(server->fd, SHUT_RDWR);
    }
    g_string_erase(server->input, 0, (gssize)MIN(size, server->input->len));
}

static void
server_send(Server *server, GString *out)
{
    if (send(server->fd, out->str, out->len, MSG_NOSIGNAL) < 0
        && server->fault == NULL)
        server->fault = g_strdup("the client is gone");
    g_string_set_size(out, 0);
}

static void
server_line(Server *server, GString *out, const char *line)
{
    g_autofree char *raw = NULL;

    if (strcmp(line, "S: (close)") == 0) {
        shutdown(server->fd, SHUT_RDWR);
    } else if (g_str_has_prefix(line, "S: ")) {
        g_string_append_printf(out, "%s\r\n", line + 3);
        server_send(server, out);
    } else if (g_str_has_prefix(line, "S+ ")) {
        g_string_append_printf(out, "%s\r\n", line + 3);
    } else if (g_str_has_prefix(line, "S= ")) {
        raw = g_strcompress(line + 3);
        g_string_append(out, raw);
        server_send(server, out);
    } else if (g_str_has_prefix(line, "C: ")) {
        raw = g_strdup_printf("%s\r\n", line + 3);
        server_expect(server, raw);
    }
}

static void *
server_run(void *data)
{
    Server *server = data;
    g_autoptr(GString) out = g_string_new(NULL);

    for (char **line = server->lines; *line; line++)
        server_line(server, out, *line);
    while (server_fill(server))
        ;
    if (server->fault == NULL && server->input->len > 0)
        server->fault = g_strdup_printf("too much: %s", server->input->str);
    return NULL;
}

typedef struct {
    char **lines;
    Pop3Params params;
    Pop3Conn *conn;
    GString *told;
} Case;

static bool
on_begin(void *user, guint number, GError **error)
{
    g_string_append_printf(user, "(%u ", number);
    return true;
}

static bool
on_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    g_string_append_len(user, bytes, (gssize)size);
    return true;
}

static bool
on_end(void *user, guint number, GError **error)
{
    g_string_append_printf(user, " %u)", number);
    return true;
}

static bool
on_refused(void *user, guint number, const char *words, GError **error)
{
    g_string_append_printf(user, "(%u refused: %s)", number, words);
    return true;
}

static bool
call_messages(Case *c, const char *call, const char *argument, GError **error)
{
    Pop3Sink sink = { c->told, on_begin, on_bytes, on_end, on_refused, NULL };
    g_auto(GStrv) words = g_strsplit(argument, " ", -1);
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));

    for (char **word = words; *word; word++) {
        guint number = (guint)g_ascii_strtoull(*word, NULL, 10);

        g_array_append_val(numbers, number);
    }
    return (*call == 'r'   ? pop3_retr
            : *call == 't' ? pop3_top
                           : pop3_dele)(c->conn, (const guint *)numbers->data,
                                        numbers->len, &sink, error);
}

static bool
call_list(Case *c, const char *call, const char *argument, GError **error)
{
    g_autoptr(GArray) all =
        *call == 'l' ? pop3_list(c->conn, error) : pop3_uidl(c->conn, error);

    for (guint i = 0; all && i < all->len; i++) {
        const Pop3Message *message = &g_array_index(all, Pop3Message, i);

        g_string_append_printf(c->told, "(%u %" G_GUINT64_FORMAT " %s)",
                               message->number, message->octets,
                               message->uidl ? message->uidl : "-");
    }
    return all != NULL;
}

static bool
call_quit(Case *c, const char *call, const char *argument, GError **error)
{
    return pop3_quit(c->conn, error);
}

static bool
call_can(Case *c, const char *call, const char *argument, GError **error)
{
    g_string_append(c->told,
                    pop3_conn_can(c->conn, argument) ? "(can)" : "(cannot)");
    return true;
}

static bool
call_policy(Case *c, const char *call, const char *argument, GError **error)
{
    g_string_append_printf(c->told, "(delay %u expire %d)",
                           pop3_conn_login_delay(c->conn),
                           pop3_conn_expire(c->conn));
    return true;
}

static const struct {
    const char *name;
    bool (*call)(Case *c, const char *call, const char *argument,
                 GError **error);
} calls[] = {
    { "list", call_list },     { "uidl", call_list },
    { "retr", call_messages }, { "top", call_messages },
    { "dele", call_messages }, { "quit", call_quit },
    { "can", call_can },       { "policy", call_policy },
};

static const char *
code_of(const GError *error)
{
    static const char *const names[] = { "cancelled", "retry",    "auth",
                                         "refused",   "protocol", "local",
                                         "usage" };

    return error ? names[error->code] : "no";
}

/* "CALL [ARGUMENT] CODE" */
static void
do_call(Case *c, const char *text)
{
    g_autoptr(GError) error = NULL;
    const char *space = strrchr(text, ' ');
    g_autofree char *head = g_strndup(text, (gsize)(space - text));
    g_auto(GStrv) words = g_strsplit(head, " ", 2);

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        bool ok;

        if (strcmp(calls[i].name, words[0]) != 0)
            continue;
        ok = calls[i].call(c, words[0], words[1] ? words[1] : "", &error);
        g_test_message("%s: %s", text, error ? error->message : "ok");
        g_assert_cmpstr(code_of(error), ==, space + 1);
        g_assert_cmpint(ok, ==, error == NULL);
        return;
    }
    g_error("no such call: %s", text);
}

static void
case_read(Case *c, const char *path)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    c->lines = g_strsplit(text, "\n", -1);
    c->told = g_string_new(NULL);
    c->params.net.host = g_strdup("pop.test");
    c->params.net.security = NET_PLAIN;
    c->params.sasl_ir = true;
    c->params.sasl.user = g_strdup("ana");
    c->params.sasl.password = g_strdup("secret");
    for (char **line = c->lines; *line; line++) {
        if (strcmp(*line, "stls") == 0)
            c->params.net.security = NET_STARTTLS;
        else if (strcmp(*line, "no-ir") == 0)
            c->params.sasl_ir = false;
        else if (g_str_has_prefix(*line, "auth "))
            c->params.sasl.auth = g_strdup(*line + 5);
        else if (g_str_has_prefix(*line, "lang "))
            c->params.lang = g_strdup(*line + 5);
    }
}

static const char *
wanted(const Case *c, const char *prefix)
{
    for (char **line = c->lines; *line; line++)
        if (g_str_has_prefix(*line, prefix))
            return *line + strlen(prefix);
    return NULL;
}

static void
run_calls(Case *c)
{
    const char *told = wanted(c, "told ");
    g_autofree char *escaped = NULL;

    for (char **line = c->lines; *line; line++)
        if (g_str_has_prefix(*line, "do "))
            do_call(c, *line + 3);
    escaped = g_strescape(c->told->str, "\"");
    g_assert_cmpstr(escaped, ==, told ? told : "");
}

static void
open_case(Case *c, int fd)
{
    static const char *const reasons[] = { NULL, "in-use", "login-delay" };
    g_autoptr(GError) error = NULL;
    Pop3Reason reason = POP3_NO_REASON;

    c->conn = pop3_conn_start(net_stream_of(fd, dup(fd), "test", NULL),
                              &c->params, NULL, &reason, &error);
    g_test_message("open: %s", error ? error->message : "ok");
    g_assert_cmpstr(code_of(error), ==,
                    wanted(c, "open ") ? wanted(c, "open ") : "no");
    g_assert_cmpstr(reasons[reason], ==, wanted(c, "reason "));
    g_assert_cmpint(c->conn == NULL, ==, error != NULL);
    if (error) /* P53 */
        g_assert_null(strstr(error->message, "secret"));
}

static void
test_case(const void *path)
{
    Case c = { 0 };
    Server server = { 0 };
    GThread *thread;
    int pair[2];

    case_read(&c, path);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    server.lines = c.lines;
    server.fd = pair[1];
    server.input = g_string_new(NULL);
    thread = g_thread_new("server", server_run, &server);
    open_case(&c, pair[0]);
    if (c.conn)
        run_calls(&c);
    pop3_conn_close(c.conn);
    g_thread_join(thread);
    g_assert_cmpstr(server.fault, ==, NULL);
    close(server.fd);
    g_string_free(server.input, TRUE);
    g_free(server.fault);
    g_string_free(c.told, TRUE);
    g_free(c.params.lang);
    net_params_clear(&c.params.net);
    sasl_params_clear(&c.params.sasl);
    g_strfreev(c.lines);
}

/* Servers that say nothing are left at once when cancelled (P34, P35). */

typedef struct {
    GCancellable *cancel;
    int fd;
} Canceller;

/* Cancels once the client has said something, so that it surely waits. */
static void *
cancel_then(void *data)
{
    Canceller *canceller = data;
    char buffer[64];

    g_assert_cmpint(read(canceller->fd, buffer, sizeof buffer), >, 0);
    g_cancellable_cancel(canceller->cancel);
    return NULL;
}

static void
test_cancel(void)
{
    static const char greeting[] = "+OK hello\r\n";
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    Pop3Params params = { .net.host = (char *)"pop.test",
                          .net.security = NET_PLAIN };
    Canceller canceller = { .cancel = cancel };
    GThread *thread;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    canceller.fd = pair[1];
    g_assert_cmpint(write(pair[1], greeting, sizeof greeting - 1), >, 0);
    thread = g_thread_new("canceller", cancel_then, &canceller);
    g_assert_null(
        pop3_conn_start(net_stream_of(pair[0], dup(pair[0]), "test", cancel),
                        &params, cancel, NULL, &error));
    g_assert_true(err_is(error, ERR_CANCELLED));
    g_thread_join(thread);
    close(pair[1]);
}

int
main(int argc, char **argv)
{
    g_autofree char *folder = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *name;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pop3/cancel", test_cancel);
    folder =
        g_test_build_filename(G_TEST_DIST, "..", "..", "wire", "pop3", NULL);
    dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *test = g_strdup_printf("/pop3/wire/%s", name);

        if (g_str_has_suffix(name, ".txt"))
            g_test_add_data_func_full(
                test, g_build_filename(folder, name, NULL), test_case, g_free);
    }
    return g_test_run();
}
