/* Whole dialogues, read from tests/wire/pop3/. A transcript is what a server
 * says (S:) and what the client has to say (C:), in order, and between them
 * what the client is told to do:
 *
 *   stls | insecure | auth NAME | lang TAG | no-ir     before all
 *   S… | C…         what both say: dialogue.h
 *   open CODE        connecting must fail: auth refused retry protocol
 *   reason NAME      … for this reason: in-use login-delay
 *   do CALL CODE     a call and how it must end: no, or an error as above
 *   told TEXT        what the calls told, put together in order */
#include "base/err.h"
#include "dialogue.h"
#include "pop3_private.h"

#include <string.h>
#include <unistd.h>

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
        g_assert_cmpstr(dialogue_code(error), ==, space + 1);
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

static void
run_calls(Case *c)
{
    const char *told = dialogue_wanted(c->lines, "told ");
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
    const char *open = dialogue_wanted(c->lines, "open ");

    c->conn = pop3_conn_start(net_stream_of(fd, dup(fd), "test", NULL),
                              &c->params, NULL, &reason, &error);
    g_test_message("open: %s", error ? error->message : "ok");
    g_assert_cmpstr(dialogue_code(error), ==, open ? open : "no");
    g_assert_cmpstr(reasons[reason], ==, dialogue_wanted(c->lines, "reason "));
    g_assert_cmpint(c->conn == NULL, ==, error != NULL);
    if (error) /* P53 */
        g_assert_null(strstr(error->message, "secret"));
}

static void
test_case(const void *path)
{
    Case c = { 0 };
    Server server = { 0 };

    case_read(&c, path);
    server.lines = c.lines;
    open_case(&c, server_start(&server));
    if (c.conn)
        run_calls(&c);
    pop3_conn_close(c.conn);
    server_end(&server);
    g_string_free(c.told, TRUE);
    g_free(c.params.lang);
    net_params_clear(&c.params.net);
    sasl_params_clear(&c.params.sasl);
    g_strfreev(c.lines);
}

/* Servers that say nothing are left at once when cancelled (P34, P35). */
static void
test_cancel(void)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    Pop3Params params = { .net.host = (char *)"pop.test",
                          .net.security = NET_PLAIN };
    Canceller canceller = { .cancel = cancel };
    int fd = canceller_start(&canceller, "+OK hello\r\n");

    g_assert_null(pop3_conn_start(net_stream_of(fd, dup(fd), "test", cancel),
                                  &params, cancel, NULL, &error));
    g_assert_true(err_is(error, ERR_CANCELLED));
    canceller_end(&canceller);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pop3/cancel", test_cancel);
    dialogue_add_tests("pop3", test_case);
    return g_test_run();
}
