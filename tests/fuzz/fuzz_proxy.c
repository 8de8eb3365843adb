/* libFuzzer: any bytes as what a proxy answers, SOCKS5 by the first bit of the
 * first byte, else HTTP. Run: build/tests/fuzz/fuzz_proxy CORPUS */
#include "net_private.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_BYTES = 100000
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const urls[] = { "http://ana:pw@127.0.0.1",
                                        "socks5://ana:pw@127.0.0.1" };
    NetParams params = { .host = (char *)"mail.test", .port = 143 };
    g_autoptr(GUri) proxy = NULL;
    NetStream *stream;
    int most = MOST_BYTES * 2;
    int pair[2];

    if (size == 0 || size > MOST_BYTES
        || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 0;
    proxy = g_uri_parse(urls[data[0] & 1], G_URI_FLAGS_HAS_PASSWORD, NULL);
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
    if (size > 1 && send(pair[1], data + 1, size - 1, MSG_NOSIGNAL) < 0)
        abort();
    shutdown(pair[1], SHUT_WR);
    stream = net_stream_of(pair[0], dup(pair[0]), "fuzz", NULL);
    net_proxy_ask(stream, proxy, &params, NULL);
    net_stream_close(stream);
    close(pair[1]);
    return 0;
}
