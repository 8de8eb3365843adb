/* Entries of the outbox in the hands of a worker, with a server that does what a
 * script says, and with a program. */
#include "base/err.h"
#include "outbox_job.h"
#include "outbox_scene.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utime.h>

/* A server for any number of connections: each step of the script is one line
 * of the client to wait for (its beginning) and what is answered; "" closes. */
typedef struct {
    const char *command;
    const char *answer;
} Step;

typedef struct {
    int fd;
    guint port;
    const Step *steps;
    int connections; /* to be served */
    GString *heard;
    GThread *thread;
} Server;

static bool
answer(int fd, const char *text)
{
    g_autofree char *line = g_strdup_printf("%s\r\n", text);

    return *text && send(fd, line, strlen(line), MSG_NOSIGNAL) > 0;
}

/* One line; in a message, all of it up to the final dot. */
static bool
hear(int fd, GString *line, const char *end)
{
    char byte;

    g_string_set_size(line, 0);
    while (!g_str_has_suffix(line->str, end)) {
        if (read(fd, &byte, 1) != 1)
            return false;
        g_string_append_c(line, byte);
    }
    return true;
}

static void
serve(Server *server, int fd)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const Step *step = server->steps;

    if (!answer(fd, "220 test"))
        return;
    for (; step->command; step++) {
        bool is_message = *step->command == '.';

        if (!hear(fd, line, is_message ? "\r\n.\r\n" : "\r\n"))
            return;
        g_string_append(server->heard, line->str);
        if (!is_message && !g_str_has_prefix(line->str, step->command))
            g_string_append_printf(server->heard, "?? wanted %s\n",
                                   step->command);
        if (!answer(fd, step->answer))
            return;
    }
    hear(fd, line, "\r\n");
}

static void *
server_run(void *data)
{
    Server *server = data;

    for (int i = 0; i < server->connections; i++) {
        int fd = accept(server->fd, NULL, NULL);

        serve(server, fd);
        close(fd);
    }
    return NULL;
}

static void
server_start(Server *server, const Step *steps, int connections)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(server->fd, (void *)&address, size), ==, 0);
    g_assert_cmpint(listen(server->fd, 4), ==, 0);
    g_assert_cmpint(getsockname(server->fd, (void *)&address, &size), ==, 0);
    server->port = ntohs(address.sin_port);
    server->steps = steps;
    server->connections = connections;
    server->heard = g_string_new(NULL);
    server->thread = g_thread_new("server", server_run, server);
}

/* What it heard; g_free(). */
static char *
server_end(Server *server)
{
    g_thread_join(server->thread);
    close(server->fd);
    return g_string_free(server->heard, FALSE);
}

/* One try of every entry. Returns how many were tried. */
static guint
try_all(Fixture *f, guint port)
{
    OutboxRequest request = { .folder = f->folder };
    g_autoptr(OutboxResult) result = NULL;
    guint n;

    request.ids = outbox_entry_ids(f->folder, NULL);
    request.smtp.net.host = (char *)"127.0.0.1";
    request.smtp.net.port = port;
    request.smtp.net.security = NET_PLAIN;
    result = outbox_try(&request, NULL);
    n = result->entries->len;
    g_ptr_array_unref(request.ids);
    return n;
}

#define HELLO                                                                  \
    { "EHLO", "250 test" },                                                    \
    {                                                                          \
        "MAIL", "250 ok"                                                       \
    }

static void
test_sent(Fixture *f, const void *data)
{
    static const Step steps[] = { HELLO,
                                  { "RCPT", "250 ok" },
                                  { "DATA", "354 go" },
                                  { ".", "250 queued" },
                                  { NULL } };
    g_autofree char *id = queue(f, "bob@example.org");
    g_autofree char *heard = NULL;
    g_autoptr(OutboxEntry) entry = NULL;
    Server server;

    server_start(&server, steps, 1);
    g_assert_cmpuint(try_all(f, server.port), ==, 1);
    heard = server_end(&server);
    g_assert_null(strstr(heard, "??"));
    g_assert_nonnull(strstr(heard, message));
    entry = load(f, id);
    g_assert_cmpint(entry->state, ==, OUTBOX_SENT);
    g_assert_true(entry->accepted);
    g_assert_false(entry->committed);
}

#define EIGHT_BIT                                                              \
    "From: ana@example.org\r\nMIME-Version: 1.0\r\n"                           \
    "Content-Type: text/plain; charset=utf-8\r\n"                              \
    "Content-Transfer-Encoding: 8bit\r\n\r\nA green hill is gr\303\274n\r\n"

#define SIGNED                                                                 \
    "From: ana@example.org\r\nMIME-Version: 1.0\r\n"                           \
    "Content-Type: multipart/signed; boundary=b; micalg=pgp-sha256;\r\n"       \
    " protocol=\"application/pgp-signature\"\r\n\r\n"                          \
    "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\nA green hill is "           \
    "gr\303\274n\r\n"                                                          \
    "--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n"

/* What is in the outbox of an entry. */
static char *
bytes_of(Fixture *f, const char *id)
{
    g_autofree char *path = outbox_bytes_path(f->folder, id);
    char *bytes = NULL;

    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    return bytes;
}

/* Text outside ASCII goes as it is to a server that offers 8BITMIME, else in 7
 * bits; what the outbox has, and the Sent copy is made of, is what was sent. */
static void
test_eight_bit(Fixture *f, const void *data)
{
    static const Step takes[] = { { "EHLO", "250-test\r\n250 8BITMIME" },
                                  { "MAIL", "250 ok" },
                                  { "RCPT", "250 ok" },
                                  { "DATA", "354 go" },
                                  { ".", "250 queued" },
                                  { NULL } };
    static const Step takes_not[] = { HELLO,
                                      { "RCPT", "250 ok" },
                                      { "DATA", "354 go" },
                                      { ".", "250 queued" },
                                      { NULL } };
    const Step *servers[] = { takes, takes_not };

    for (gsize i = 0; i < G_N_ELEMENTS(servers); i++) {
        g_autofree char *id = queue_bytes(f, "bob@example.org", EIGHT_BIT);
        g_autofree char *heard = NULL;
        g_autofree char *bytes = NULL;
        g_autoptr(OutboxEntry) entry = NULL;
        Server server;

        server_start(&server, servers[i], 1);
        g_assert_cmpuint(try_all(f, server.port), ==, i + 1);
        heard = server_end(&server);
        g_test_message("%s", heard);
        g_assert_null(strstr(heard, "?? wanted"));
        bytes = bytes_of(f, id);
        g_assert_nonnull(strstr(heard, bytes));
        entry = load(f, id);
        g_assert_cmpint(entry->state, ==, OUTBOX_SENT);
        g_assert_cmpuint(entry->size, ==, strlen(bytes));
        if (i == 0) {
            g_assert_cmpstr(bytes, ==, EIGHT_BIT);
            g_assert_nonnull(strstr(heard, " BODY=8BITMIME\r\n"));
        } else {
            g_assert_true(g_str_is_ascii(heard));
            g_assert_null(strstr(heard, "BODY="));
            g_assert_nonnull(strstr(heard, "A green hill is gr=C3=BCn\r\n"));
        }
    }
}

/* What is signed cannot be written in another way, and what was perhaps sent
 * must not be: the user is told, and the bytes stay. */
static void
test_eight_bit_stays(Fixture *f, const void *data)
{
    static const Step steps[] = { { "EHLO", "250 test" }, { NULL } };
    const char *const texts[] = { SIGNED, EIGHT_BIT };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *id = queue_bytes(f, "bob@example.org", texts[i]);
        g_autofree char *heard = NULL;
        g_autofree char *bytes = NULL;
        g_autoptr(OutboxEntry) entry = load(f, id);
        Server server;

        if (i > 0) {
            outbox_entry_doubt(entry, entry->recipients->pdata[0]);
            outbox_entry_again(entry); /* the user wants it */
        }
        g_assert_true(outbox_entry_save(f->folder, entry, NULL));
        server_start(&server, steps, 1);
        try_all(f, server.port);
        heard = server_end(&server);
        g_assert_null(strstr(heard, "MAIL"));
        bytes = bytes_of(f, id);
        g_assert_cmpstr(bytes, ==, texts[i]);
        outbox_entry_free(entry);
        entry = load(f, id);
        g_assert_cmpint(entry->state, ==, OUTBOX_FAILED);
        g_assert_nonnull(strstr(entry->reason, "8BITMIME"));
    }
}

/* The accepted one is never sent to again, the refused one never by itself; the
 * deferred one is tried when its time has come (P12). */
static void
test_partly(Fixture *f, const void *data)
{
    static const Step first[] = { HELLO,
                                  { "RCPT", "250 ok" },
                                  { "RCPT", "550 5.1.1 no" },
                                  { "RCPT", "450 later" },
                                  { "DATA", "354 go" },
                                  { ".", "250 queued" },
                                  { NULL } };
    static const Step second[] = { HELLO,
                                   { "RCPT TO:<tom@", "250 ok" },
                                   { "DATA", "354 go" },
                                   { ".", "250 queued" },
                                   { NULL } };
    g_autofree char *id =
        queue(f, "bob@example.org eve@example.org tom@example.org");
    g_autofree char *heard = NULL;
    g_autofree char *heard_again = NULL;
    g_autoptr(OutboxEntry) entry = NULL;
    Server server;

    server_start(&server, first, 1);
    try_all(f, server.port);
    heard = server_end(&server);
    g_assert_null(strstr(heard, "??"));
    entry = load(f, id);
    g_assert_cmpint(entry->next_try, ==, NOW + OUTBOX_FIRST_PAUSE);
    g_assert_true(entry->accepted);
    clock_pin(NOW + OUTBOX_FIRST_PAUSE);
    server_start(&server, second, 1);
    try_all(f, server.port);
    heard_again = server_end(&server);
    g_assert_null(strstr(heard_again, "??"));
    g_assert_null(strstr(heard_again, "bob@"));
    g_assert_null(strstr(heard_again, "eve@"));
    assert_state(f, id, OUTBOX_FAILED);
}

/* Cut at each stage: what it is afterwards, and that a doubt stays one when
 * the next try comes to nothing. */
static void
test_cut(Fixture *f, const void *data)
{
    static const Step all[] = { HELLO,
                                { "RCPT", "250 ok" },
                                { "DATA", "354 go" },
                                { ".", "250 queued" },
                                { NULL } };
    enum {
        STEPS = G_N_ELEMENTS(all) - 1
    };

    for (int cut = 0; cut < STEPS; cut++) {
        g_autofree char *id = queue(f, "bob@example.org");
        g_autofree char *heard = NULL;
        Step steps[STEPS + 1];
        bool doubt = cut == STEPS - 1;
        Server server;

        memcpy(steps, all, sizeof all);
        steps[cut].answer = "";
        server_start(&server, steps, 1);
        try_all(f, server.port);
        heard = server_end(&server);
        assert_state(f, id, doubt ? OUTBOX_IN_DOUBT : OUTBOX_DEFERRED);
        clock_pin(NOW + 100 * 86400);
        if (doubt) { /* nothing listens */
            try_all(f, 1);
            assert_state(f, id, OUTBOX_IN_DOUBT);
        }
        clock_pin(NOW);
        outbox_entry_remove(f->folder, id, NULL);
    }
}

/* The rule for a message in doubt: not before its pause, then the same bytes
 * again, a few times; then it is the user's (P7). */
static void
test_doubt(Fixture *f, const void *data)
{
    static const Step steps[] = {
        HELLO, { "RCPT", "250 ok" }, { "DATA", "354 go" }, { ".", "" }, { NULL }
    };
    g_autofree char *id = queue(f, "bob@example.org");
    gint64 now = NOW;

    for (guint i = 1; i <= OUTBOX_DOUBTS; i++) {
        g_autofree char *heard = NULL;
        g_autoptr(OutboxEntry) entry = NULL;
        Server server;

        clock_pin(now);
        server_start(&server, steps, 1);
        try_all(f, server.port);
        heard = server_end(&server);
        g_assert_nonnull(strstr(heard, message));
        entry = load(f, id);
        g_assert_cmpint(entry->state, ==, OUTBOX_IN_DOUBT);
        g_assert_cmpuint(entry->doubts, ==, i);
        if (i == OUTBOX_DOUBTS) {
            g_assert_cmpint(outbox_entry_due(entry), ==, -1);
            break;
        }
        g_assert_cmpint(entry->next_try, >=, now + OUTBOX_DOUBT_PAUSE);
        clock_pin(entry->next_try - 1);
        try_all(f, 1); /* not due: nobody is asked */
        g_clear_pointer(&entry, outbox_entry_free);
        entry = load(f, id);
        g_assert_cmpuint(entry->attempts, ==, i);
        now = entry->next_try;
    }
}

/* Resolved: taken, the doubt is over; refused, it is a failure. */
static void
test_doubt_ends(Fixture *f, const void *data)
{
    static const struct {
        const char *answer;
        OutboxState state;
    } ends[] = { { "250 queued", OUTBOX_SENT },
                 { "451 later", OUTBOX_IN_DOUBT },
                 { "550 no", OUTBOX_FAILED } };

    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        Step steps[] = { HELLO,
                         { "RCPT", "250 ok" },
                         { "DATA", "354 go" },
                         { ".", ends[i].answer },
                         { NULL } };
        g_autofree char *id = queue(f, "bob@example.org");
        g_autoptr(OutboxEntry) entry = load(f, id);
        g_autofree char *heard = NULL;
        Server server;

        outbox_entry_begin(entry);
        entry->committed = true;
        outbox_entry_recover(entry, NOW - OUTBOX_DOUBT_PAUSE);
        g_assert_true(outbox_entry_save(f->folder, entry, NULL));
        server_start(&server, steps, 1);
        try_all(f, server.port);
        heard = server_end(&server);
        assert_state(f, id, ends[i].state);
        outbox_entry_remove(f->folder, id, NULL);
    }
}

/* Three messages, one connection; one that the server ended meanwhile is
 * replaced without a word. */
static void
test_one_connection(Fixture *f, const void *data)
{
    static const Step steps[] = { HELLO,
                                  { "RCPT", "250 ok" },
                                  { "DATA", "354 go" },
                                  { ".", "250 queued" },
                                  { "", "250 ok" },
                                  { "RCPT", "250 ok" },
                                  { "DATA", "354 go" },
                                  { ".", "250 queued" },
                                  { "", "" }, /* ended, whatever it is */
                                  { NULL } };
    g_autofree char *first = queue(f, "bob@example.org");
    g_autofree char *second = queue(f, "eve@example.org");
    g_autofree char *third = queue(f, "tom@example.org");
    g_autofree char *heard = NULL;
    Server server;

    server_start(&server, steps, 2);
    g_assert_cmpuint(try_all(f, server.port), ==, 3);
    heard = server_end(&server);
    g_assert_null(strstr(heard, "??"));
    assert_state(f, first, OUTBOX_SENT);
    assert_state(f, second, OUTBOX_SENT);
    assert_state(f, third, OUTBOX_SENT);
}

/* What the server says of its limits is kept: two recipients a message, one
 * message a connection (RFC 9422). */
static void
test_limits(Fixture *f, const void *data)
{
    static const Step steps[] = { { "EHLO", "250-test\r\n250 LIMITS "
                                            "RCPTMAX=2 MAILMAX=1" },
                                  { "MAIL", "250 ok" },
                                  { "RCPT", "250 ok" },
                                  { "RCPT", "250 ok" },
                                  { "DATA", "354 go" },
                                  { ".", "250 queued" },
                                  { "QUIT", "" },
                                  { NULL } };
    g_autofree char *id = queue(f, "a@example.org b@example.org c@example.org "
                                   "d@example.org");
    g_autofree char *heard = NULL;
    Server server;

    server_start(&server, steps, 2);
    try_all(f, server.port);
    heard = server_end(&server);
    g_assert_null(strstr(heard, "??"));
    assert_state(f, id, OUTBOX_SENT);
}

/* "452 too many recipients": the rest follows at once, nobody twice. */
static void
test_too_many(Fixture *f, const void *data)
{
    static const Step steps[] = { HELLO,
                                  { "RCPT TO:<a@", "250 ok" },
                                  { "RCPT TO:<b@", "452 4.5.3 too many" },
                                  { "DATA", "354 go" },
                                  { ".", "250 queued" },
                                  { "MAIL", "250 ok" },
                                  { "RCPT TO:<b@", "250 ok" },
                                  { "DATA", "354 go" },
                                  { ".", "250 queued" },
                                  { NULL } };
    g_autofree char *id = queue(f, "a@example.org b@example.org");
    g_autofree char *heard = NULL;
    Server server;

    server_start(&server, steps, 1);
    try_all(f, server.port);
    heard = server_end(&server);
    g_assert_null(strstr(heard, "??"));
    assert_state(f, id, OUTBOX_SENT);
}

/* `--at` left to a server that holds mail, kept here where it does not. */
/* Bytes whose process died before it wrote the envelope go after a day; those
 * that are just being made, and every entry, stay. */
static void
test_sweep(Fixture *f, const void *data)
{
    static const char *const names[] = { "old.eml", "old.eml.0123.tmp",
                                         "new.eml" };
    g_autofree char *id = queue(f, "bob@x.example");
    g_autofree char *bytes = outbox_bytes_path(f->folder, id);
    const struct utimbuf before = { 1000000000, 1000000000 };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(f->folder, names[i], NULL);

        g_assert_true(g_file_set_contents(path, "x", 1, NULL));
        if (i < 2)
            g_assert_cmpint(utime(path, &before), ==, 0);
    }
    g_assert_cmpint(utime(bytes, &before), ==, 0);
    outbox_entry_sweep(f->folder);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(f->folder, names[i], NULL);

        g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS) == (i == 2));
    }
    g_assert_true(g_file_test(bytes, G_FILE_TEST_EXISTS));
}

static void
test_server_hold(Fixture *f, const void *data)
{
    static const Step holds[] = {
        { "EHLO", "250-test\r\n250 FUTURERELEASE 86400 "
                  "2027-12-31T00:00:00Z" },
        { "MAIL FROM:<ana@example.org> HOLDUNTIL=2027-01-15T09:00:00Z",
          "250 ok" },
        { "RCPT", "250 ok" },
        { "DATA", "354 go" },
        { ".", "250 queued" },
        { NULL }
    };
    static const Step does_not[] = { { "EHLO", "250 test" },
                                     { "QUIT", "" },
                                     { NULL } };

    for (int i = 0; i < 2; i++) {
        g_autofree char *id = queue(f, "bob@example.org");
        g_autoptr(OutboxEntry) entry = load(f, id);
        g_autofree char *heard = NULL;
        Server server;

        entry->server_hold = true;
        entry->not_before = NOW + 3600;
        g_assert_true(outbox_entry_save(f->folder, entry, NULL));
        server_start(&server, i == 0 ? holds : does_not, 1);
        try_all(f, server.port);
        heard = server_end(&server);
        g_assert_null(strstr(heard, "??"));
        g_clear_pointer(&entry, outbox_entry_free);
        entry = load(f, id);
        g_assert_cmpint(entry->state, ==,
                        i == 0 ? OUTBOX_SENT : OUTBOX_WAITING);
        if (i == 1)
            g_assert_cmpint(outbox_entry_due(entry), ==, NOW + 3600);
        outbox_entry_remove(f->folder, id, NULL);
    }
}

/* `send-rate`: the third of three waits for two pauses. */
static void
test_rate(Fixture *f, const void *data)
{
    OutboxRequest request = { .folder = f->folder,
                              .program = (char *)"/bin/true",
                              .rate = 600 };
    g_autofree char *first = queue(f, "a@example.org");
    g_autofree char *second = queue(f, "b@example.org");
    g_autofree char *third = queue(f, "c@example.org");
    gint64 begin = g_get_monotonic_time();
    g_autoptr(OutboxResult) result = NULL;

    request.ids = outbox_entry_ids(f->folder, NULL);
    result = outbox_try(&request, NULL);
    g_ptr_array_unref(request.ids);
    g_assert_cmpint(g_get_monotonic_time() - begin, >=, 200 * 1000);
    assert_state(f, first, OUTBOX_SENT);
    assert_state(f, second, OUTBOX_SENT);
    assert_state(f, third, OUTBOX_SENT);
}

/* A server that cannot be reached: kept, with a time for the next try (P10). */
static void
test_unreachable(Fixture *f, const void *data)
{
    g_autofree char *id = queue(f, "bob@example.org");
    g_autoptr(OutboxEntry) entry = NULL;

    try_all(f, 1);
    entry = load(f, id);
    g_assert_cmpint(entry->state, ==, OUTBOX_DEFERRED);
    g_assert_cmpint(entry->next_try, ==, NOW + OUTBOX_FIRST_PAUSE);
    g_assert_nonnull(entry->reason);
    g_assert_cmpuint(entry->attempts, ==, 1);
}

/* Before its time nothing is tried. */
static void
test_not_due(Fixture *f, const void *data)
{
    g_autofree char *id = queue(f, "bob@example.org");
    g_autoptr(OutboxEntry) entry = load(f, id);

    entry->not_before = NOW + 10;
    g_assert_true(outbox_entry_save(f->folder, entry, NULL));
    try_all(f, 1);
    assert_state(f, id, OUTBOX_WAITING);
}

/* --- with a program
 * ----------------------------------------------------------- */

static void
run_program(Fixture *f, const char *script, OutboxState want)
{
    g_autofree char *program = g_build_filename(f->folder, "sendmail", NULL);
    g_autofree char *id = queue(f, "bob@example.org -eve@example.org");
    OutboxRequest request = { .folder = f->folder, .program = program };
    g_autoptr(OutboxResult) result = NULL;

    g_assert_true(g_file_set_contents(program, script, -1, NULL));
    g_chmod(program, 0700);
    request.ids = outbox_entry_ids(f->folder, NULL);
    result = outbox_try(&request, NULL);
    g_ptr_array_unref(request.ids);
    assert_state(f, id, want);
    outbox_entry_remove(f->folder, id, NULL);
}

static void
test_program(Fixture *f, const void *data)
{
    g_autofree char *got = g_build_filename(f->folder, "got", NULL);
    g_autofree char *script =
        g_strdup_printf("#!/bin/sh\necho \"$@\" >%s\ncat >>%s\n", got, got);
    g_autofree char *text = NULL;

    run_program(f, script, OUTBOX_SENT);
    g_assert_true(g_file_get_contents(got, &text, NULL, NULL));
    g_assert_true(g_str_has_prefix(
        text, "-i -f ana@example.org -- bob@example.org -eve@example.org\n"));
    g_assert_true(g_str_has_suffix(text, message));
    run_program(f, "#!/bin/sh\nexit 75\n", OUTBOX_DEFERRED);
    run_program(f, "#!/bin/sh\necho no >&2\nexit 67\n", OUTBOX_FAILED);
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    g_test_init(&argc, &argv, NULL);
    ADD("sent", test_sent);
    ADD("P7/eight-bit", test_eight_bit);
    ADD("P7/eight-bit-stays", test_eight_bit_stays);
    ADD("partly", test_partly);
    ADD("cut", test_cut);
    ADD("doubt", test_doubt);
    ADD("doubt-ends", test_doubt_ends);
    ADD("one-connection", test_one_connection);
    ADD("limits", test_limits);
    ADD("too-many", test_too_many);
    ADD("sweep", test_sweep);
    ADD("server-hold", test_server_hold);
    ADD("rate", test_rate);
    ADD("unreachable", test_unreachable);
    ADD("not-due", test_not_due);
    ADD("program", test_program);
    return g_test_run();
}
