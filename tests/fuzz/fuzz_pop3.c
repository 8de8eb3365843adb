/* libFuzzer: any bytes as what a POP3 server says, from its greeting through
 * login and every command, in both ways to log in. The server's lines lie
 * there, each a packet, so nothing waits and nothing comes before it was asked.
 * Run: build/tests/fuzz/fuzz_pop3 CORPUS */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pop3_private.h"

enum {
    MOST_BYTES = 100000
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
take_begin(void *user, guint number, GError **error)
{
    *(guint64 *)user += number;
    return true;
}

static bool
take_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    *(guint64 *)user += size + *(const uint8_t *)bytes;
    return true;
}

static bool
take_refused(void *user, guint number, const char *words, GError **error)
{
    /* what a screen may see is text */
    if (!g_utf8_validate(words, -1, NULL) || strpbrk(words, "\x1b\r\n"))
        abort();
    *(guint64 *)user += number;
    return true;
}

static void
check_ids(const GArray *all)
{
    for (guint i = 0; all && i < all->len; i++) {
        const Pop3Message *message = &g_array_index(all, Pop3Message, i);

        if (message->number == 0)
            abort();
        for (const char *at = message->uidl; at && *at; at++)
            if (*at <= 0x20 || *at >= 0x7f)
                abort();
    }
}

static void
run_calls(Pop3Conn *conn)
{
    static const guint numbers[] = { 3, 2, 1 };
    guint64 sum = 0;
    const Pop3Sink sink = { &sum,       take_begin,   take_bytes,
                            take_begin, take_refused, NULL };
    g_autoptr(GArray) uidl = pop3_uidl(conn, NULL);
    g_autoptr(GArray) list = pop3_list(conn, NULL);

    check_ids(uidl);
    check_ids(list);
    sum += pop3_conn_login_delay(conn) + (guint)pop3_conn_expire(conn);
    pop3_top(conn, numbers, 3, &sink, NULL);
    pop3_retr(conn, numbers, 3, &sink, NULL);
    pop3_dele(conn, numbers, 3, &sink, NULL);
    pop3_quit(conn, NULL);
}

/* What does not fit the queue is left out. */
static void
send_lines(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t line = newline ? (size_t)(newline - data) + 1 : size;

        if (send(fd, data, line, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            return;
        data += line;
        size -= line;
    }
}

static void
run_one(const uint8_t *data, size_t size, char *auth)
{
    Pop3Params params = { .net = { .host = (char *)"pop.test",
                                   .security = NET_PLAIN,
                                   .command_timeout = 1 },
                          .sasl = { .user = (char *)"ana",
                                    .password = (char *)"secret",
                                    .auth = auth },
                          .sasl_ir = true,
                          .lang = (char *)"de" };
    g_autoptr(Pop3Conn) conn = NULL;
    int most = MOST_BYTES * 20;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
        return;
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
    send_lines(pair[1], data, size);
    shutdown(pair[1], SHUT_WR);
    conn = pop3_conn_start(net_stream_of(pair[0], dup(pair[0]), "fuzz", NULL),
                           &params, NULL, NULL, NULL);
    if (conn)
        run_calls(conn);
    g_clear_pointer(&conn, pop3_conn_close);
    close(pair[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char apop[] = "APOP";

    if (size > MOST_BYTES)
        return 0;
    run_one(data, size, NULL);
    run_one(data, size, apop);
    return 0;
}
