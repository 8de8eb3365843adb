/* Streams for tests: what a server says comes in packets exactly as cut here,
 * so that every split of a response is tested without threads. */
#ifndef IMAP_FEED_H
#define IMAP_FEED_H

#include "imap_private.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FEED_PACKET = 64 << 10 };

/* A stream that gives text in two packets cut at cut, in packets of one byte
 * when cut is -1, and then its end. */
static inline NetStream *
feed_stream(const char *text, gsize size, gssize cut)
{
    int pair[2];
    gsize at = 0;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), ==, 0);
    while (at < size) {
        gsize here = cut < 0 ? 1 : at < (gsize)cut ? (gsize)cut : size - at;

        g_assert_cmpint(send(pair[1], text + at, here, MSG_NOSIGNAL), ==,
                        (gssize)here);
        at += here;
    }
    close(pair[1]);
    return net_stream_of(pair[0], dup(pair[0]), "feed", NULL);
}

/* The same of what is too large for a packet, as a file gives it. */
static inline NetStream *
feed_large(const char *text, gsize size)
{
    int fd = memfd_create("feed", MFD_CLOEXEC);

    g_assert_cmpint(write(fd, text, size), ==, (gssize)size);
    g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
    return net_stream_of(fd, dup(fd), "feed", NULL);
}

/* A connection that has greeted and logged in, in front of the text. */
static inline ImapConn *
feed_conn(const char *text)
{
    gsize size = strlen(text);
    ImapConn *conn = g_new0(ImapConn, 1);

    conn->clock = &imap_clock;
    conn->params.net.host = g_strdup("imap.test");
    conn->capabilities =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    conn->stream = size > FEED_PACKET ? feed_large(text, size)
                                      : feed_stream(text, size, (gssize)size);
    imap_decoder_init(&conn->in, conn->stream, "imap.test");
    return conn;
}

/* Reads one untagged response; false: it is malformed. */
static inline bool
feed_one(ImapConn *conn)
{
    if (!imap_decoder_next(&conn->in))
        return false;
    g_assert_true(imap_decoder_try(&conn->in, '*'));
    g_assert_true(imap_decoder_try(&conn->in, ' '));
    imap_response(conn);
    return imap_decoder_ok(&conn->in);
}

#endif
