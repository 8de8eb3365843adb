/* libFuzzer: any bytes as what an IMAP server says, from its greeting through
 * login and every command, and as a mailbox name. The server's bytes are all
 * there at once, so nothing waits. Run: build/tests/fuzz/fuzz_imap CORPUS */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "imap_private.h"

enum {
    MOST_BYTES = 100000
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
take_begin(void *user, const char *section, guint64 size, GError **error)
{
    *(guint64 *)user += strlen(section);
    return true;
}

static bool
take_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    *(guint64 *)user += size;
    return true;
}

static bool
take_message(void *user, const ImapMessage *message, GError **error)
{
    *(guint64 *)user += strlen(message->flags.keywords);
    return true;
}

static bool
take_vanished(void *user, const UidSet *uids, GError **error)
{
    *(guint64 *)user += uidset_count(uids);
    return true;
}

static void
name_there_and_back(const uint8_t *data, size_t size)
{
    g_autofree char *wire = g_strndup((const char *)data, size);
    g_autofree char *name = imap_utf7_decode(wire);
    g_autofree char *again = imap_utf7_encode(name);

    if (!g_utf8_validate(name, -1, NULL) || strcmp(again, wire) != 0)
        abort();
}

static void
upload_two(ImapConn *conn)
{
    ImapUpload uploads[2] = { 0 };
    guint32 uidvalidity;

    for (int i = 0; i < 2; i++) {
        uploads[i].flags.keywords = "";
        uploads[i].fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    imap_append(conn, "x", uploads, 2, &uidvalidity, NULL);
    for (int i = 0; i < 2; i++)
        close(uploads[i].fd);
}

static void
run_calls(ImapConn *conn)
{
    guint64 sum = 0;
    const ImapSink sink = { &sum, take_begin, take_bytes, take_message,
                            take_vanished };
    const ImapResync resync = { .uidvalidity = 1, .modseq = 1 };
    g_autoptr(UidSet) uids = uidset_create();
    g_autoptr(UidSet) found = NULL;
    g_autoptr(GPtrArray) mailboxes = NULL;
    g_autoptr(GPtrArray) again = NULL;
    g_auto(ImapSelected) selected = { 0 };
    g_auto(ImapCopied) copied = { 0 };
    const ImapFlags flags = { .system = 4, .keywords = "k" };
    ImapMailbox status = { 0 };
    bool marked, changed;
    ImapQuota quota;
    g_autoptr(GPtrArray) news = NULL;

    uidset_add_range(uids, 1, 3);
    imap_select_ahead(conn, "INBOX", &resync);
    mailboxes = imap_list(conn, true, NULL);
    imap_select(conn, "INBOX", &resync, &sink, &selected, NULL);
    imap_status(conn, "INBOX", &status, NULL);
    imap_fetch(conn, uids, "UID FLAGS BODY.PEEK[]", 0, &sink, NULL);
    found = imap_search(conn, "TEXT \"x\"", NULL);
    imap_store(conn, uids, true, &flags, NULL);
    imap_expunge(conn, uids, &marked, NULL);
    imap_move(conn, uids, "x", &copied, NULL);
    imap_quota(conn, "INBOX", &quota, NULL);
    imap_create(conn, "x", "\\Sent", NULL);
    upload_two(conn);
    again = imap_list(conn, true, NULL);
    imap_rename(conn, "INBOX", "y", NULL);
    imap_notify(conn, NULL);
    imap_idle(conn, &(ImapWait){ .seconds = 1 }, &changed, NULL);
    news = imap_take_news(conn);
    sum += news->len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ImapParams params = { .net = { .host = (char *)"imap.test",
                                   .security = NET_PLAIN,
                                   .command_timeout = 1 },
                          .sasl = { .user = (char *)"ana",
                                    .password = (char *)"secret" },
                          .sasl_ir = true,
                          .version = (char *)"1" };
    g_autoptr(ImapConn) conn = NULL;
    int most = MOST_BYTES * 2;
    int pair[2];

    if (size > MOST_BYTES || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 0;
    name_there_and_back(data, size);
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
    if (size > 0 && send(pair[1], data, size, MSG_NOSIGNAL) < 0)
        abort();
    shutdown(pair[1], SHUT_WR);
    conn = imap_conn_start(net_stream_of(pair[0], dup(pair[0]), "fuzz", NULL),
                           &params, NULL, NULL);
    if (conn)
        run_calls(conn);
    g_clear_pointer(&conn, imap_conn_close);
    close(pair[1]);
    return 0;
}
