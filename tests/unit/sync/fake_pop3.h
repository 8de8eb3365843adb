/* A maildrop that is a list of messages, for runs without a network. What a
 * process that is killed must not take with it lies in shared memory. */
#ifndef FAKE_POP3_H
#define FAKE_POP3_H

#include "base/err.h"
#include "bench.h"
#include "sync/sync_pop3.h"

#include <string.h>
#include <sys/mman.h>

enum {
    FAKE_POP3_MOST = 64
};

/* What the server did, whoever dies. */
typedef struct {
    bool gone[FAKE_POP3_MOST];  /* deleted for good */
    guint retr[FAKE_POP3_MOST]; /* whole messages sent */
    guint early;                /* DELE of what was not safe here */
} FakePop3Shared;

typedef struct {
    char *uidl;
    char *bytes;
    guint64 octets; /* as LIST tells it; 0: as they are */
} FakePop3Message;

typedef struct {
    Bench *bench;
    GArray *messages; /* FakePop3Message; number: the index among those there,
                         and one */
    FakePop3Shared *shared;
    GArray *session; /* guint: index of each number, from the first command */
    bool marked[FAKE_POP3_MOST];
    bool no_uidl, no_top;
    int expire;
    guint refuse;   /* RETR of this message; 0: none */
    guint breaks;   /* the connection breaks in this message; 0: none */
    guint calls;    /* made so far; a message is one */
    guint cut_call; /* the connection is lost at this one; 0: never */
    bool cut_after; /* … but the server has done it */
    guint tops;
    bool check_early;
} FakePop3;

static void
fake_pop3_message_clear(void *data)
{
    FakePop3Message *message = data;

    g_free(message->uidl);
    g_free(message->bytes);
}

static inline FakePop3 *
fake_pop3_create(Bench *bench)
{
    FakePop3 *fake = g_new0(FakePop3, 1);

    fake->bench = bench;
    fake->expire = -1;
    fake->messages = g_array_new(FALSE, TRUE, sizeof(FakePop3Message));
    g_array_set_clear_func(fake->messages, fake_pop3_message_clear);
    fake->shared = mmap(NULL, sizeof *fake->shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fake->session = g_array_new(FALSE, FALSE, sizeof(guint));
    fake->check_early = true;
    return fake;
}

static inline void
fake_pop3_destroy(FakePop3 *fake)
{
    g_array_unref(fake->messages);
    g_array_unref(fake->session);
    munmap(fake->shared, sizeof *fake->shared);
    g_free(fake);
}

static inline void
fake_pop3_add(FakePop3 *fake, const char *uidl, guint number, gsize more)
{
    g_autofree char *body = g_strnfill(more, 'x');
    FakePop3Message message = {
        .uidl = g_strdup(uidl),
        .bytes = g_strdup_printf("Message-ID: <m%u@example.org>\r\n"
                                 "Subject: s%u\r\n\r\n%s\r\n",
                                 number, number, body),
    };

    g_array_append_val(fake->messages, message);
}

/* A new session: nothing is marked, messages are numbered. */
static inline void
fake_pop3_login(FakePop3 *fake)
{
    memset(fake->marked, 0, sizeof fake->marked);
    g_array_set_size(fake->session, 0);
    for (guint i = 0; i < fake->messages->len; i++)
        if (!fake->shared->gone[i])
            g_array_append_val(fake->session, i);
}

static inline guint
fake_pop3_left(const FakePop3 *fake)
{
    guint n = 0;

    for (guint i = 0; i < fake->messages->len; i++)
        n += !fake->shared->gone[i];
    return n;
}

/* Counts a call. False: the connection is lost now. */
static bool
fake_pop3_call(FakePop3 *fake, bool done, GError **error)
{
    if (!done)
        fake->calls++;
    if (fake->cut_call == 0 || fake->calls < fake->cut_call
        || (fake->calls == fake->cut_call && fake->cut_after != done))
        return true;
    return err_set(error, ERR_RETRY, "the connection is lost");
}

static FakePop3Message *
fake_pop3_at(FakePop3 *fake, guint number, guint *index)
{
    g_assert_cmpuint(number, >, 0);
    g_assert_cmpuint(number, <=, fake->session->len);
    *index = g_array_index(fake->session, guint, number - 1);
    return &g_array_index(fake->messages, FakePop3Message, *index);
}

static bool
fake_pop3_can(void *conn, const char *capability)
{
    FakePop3 *fake = conn;

    return strcmp(capability, "UIDL") == 0 ? !fake->no_uidl : !fake->no_top;
}

static int
fake_pop3_expire(void *conn)
{
    return ((FakePop3 *)conn)->expire;
}

static void
fake_pop3_told_clear(void *data)
{
    g_free(((Pop3Message *)data)->uidl);
}

static GArray *
fake_pop3_numbers(FakePop3 *fake, bool uidl, GError **error)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Pop3Message));

    g_array_set_clear_func(all, fake_pop3_told_clear);
    for (guint i = 0; i < fake->session->len; i++) {
        guint index;
        const FakePop3Message *message = fake_pop3_at(fake, i + 1, &index);
        Pop3Message told = { .number = i + 1 };

        if (uidl)
            told.uidl = g_strdup(message->uidl);
        else
            told.octets =
                message->octets ? message->octets : strlen(message->bytes);
        g_array_append_val(all, told);
    }
    return all;
}

static GArray *
fake_pop3_list(void *conn, GError **error)
{
    return fake_pop3_call(conn, false, error)
               ? fake_pop3_numbers(conn, false, error)
               : NULL;
}

static GArray *
fake_pop3_uidl(void *conn, GError **error)
{
    return fake_pop3_call(conn, false, error)
               ? fake_pop3_numbers(conn, true, error)
               : NULL;
}

static bool
fake_pop3_send(FakePop3 *fake, guint number, bool whole, const Pop3Sink *sink,
               GError **error)
{
    guint index;
    const FakePop3Message *message = fake_pop3_at(fake, number, &index);
    gsize size =
        whole
            ? strlen(message->bytes)
            : (gsize)(strstr(message->bytes, "\r\n\r\n") + 4 - message->bytes);

    if (fake->refuse == index + 1 && whole)
        return sink->refused(sink->user, number, "not this one", error);
    if (!sink->begin(sink->user, number, error)
        || !sink->bytes(sink->user, message->bytes, size / 2, error)
        || !fake_pop3_call(fake, false, error))
        return false;
    if (fake->breaks == index + 1 && whole)
        return err_set(error, ERR_PROTOCOL, "nonsense");
    if (!sink->bytes(sink->user, message->bytes + size / 2, size - size / 2,
                     error))
        return false;
    fake->shared->retr[index] += whole;
    return sink->end(sink->user, number, error)
           && fake_pop3_call(fake, true, error);
}

static bool
fake_pop3_send_all(FakePop3 *fake, const guint *numbers, guint n, bool whole,
                   const Pop3Sink *sink, GError **error)
{
    for (guint i = 0; i < n; i++) {
        if (sink->stop && sink->stop(sink->user))
            return true;
        if (!fake_pop3_send(fake, numbers[i], whole, sink, error))
            return false;
    }
    return true;
}

static bool
fake_pop3_retr(void *conn, const guint *numbers, guint n, const Pop3Sink *sink,
               GError **error)
{
    return fake_pop3_send_all(conn, numbers, n, true, sink, error);
}

static bool
fake_pop3_top(void *conn, const guint *numbers, guint n, const Pop3Sink *sink,
              GError **error)
{
    ((FakePop3 *)conn)->tops += n;
    return fake_pop3_send_all(conn, numbers, n, false, sink, error);
}

/* P4, P76: what is to be forgotten there lies on the disk here, with its row
 * and in the history, as another connection to the store sees it. */
static bool
fake_pop3_is_safe(FakePop3 *fake, guint index)
{
    const FakePop3Message *message =
        &g_array_index(fake->messages, FakePop3Message, index);
    g_autofree char *path =
        g_build_filename(fake->bench->root, "state.db", NULL);
    g_autoptr(Store) store = store_open(path, NULL);
    g_autoptr(GPtrArray) history = store_pop3(store, "work", NULL);

    for (guint i = 0; i < history->len; i++) {
        const StorePop3 *entry = history->pdata[i];
        g_autoptr(StoreRow) row = store_row(store, entry->message, NULL);
        g_autofree char *file = NULL;
        g_autofree char *bytes = NULL;

        if (!g_str_has_prefix(message->uidl, entry->uidl)
            && !g_str_has_prefix(entry->uidl, "top:"))
            continue;
        if (row == NULL)
            return entry->message != 0; /* deleted here */
        file = row->file ? g_build_filename(fake->bench->mail, row->file, NULL)
                         : g_strdup("none");
        if (g_file_get_contents(file, &bytes, NULL, NULL)
            && strcmp(bytes, message->bytes) == 0)
            return true;
    }
    return false;
}

static bool
fake_pop3_dele(void *conn, const guint *numbers, guint n, const Pop3Sink *sink,
               GError **error)
{
    FakePop3 *fake = conn;

    for (guint i = 0; i < n; i++) {
        guint index;

        if (!fake_pop3_call(fake, false, error))
            return false;
        fake_pop3_at(fake, numbers[i], &index);
        if (fake->check_early && !fake_pop3_is_safe(fake, index))
            fake->shared->early++;
        fake->marked[index] = true;
        if (!sink->end(sink->user, numbers[i], error)
            || !fake_pop3_call(fake, true, error))
            return false;
    }
    return true;
}

static bool
fake_pop3_quit(void *conn, GError **error)
{
    FakePop3 *fake = conn;

    if (!fake_pop3_call(fake, false, error))
        return false;
    for (guint i = 0; i < fake->messages->len; i++)
        fake->shared->gone[i] |= fake->marked[i];
    return fake_pop3_call(fake, true, error);
}

static const SyncPop3Class fake_pop3_class = {
    .can = fake_pop3_can,
    .expire = fake_pop3_expire,
    .list = fake_pop3_list,
    .uidl = fake_pop3_uidl,
    .retr = fake_pop3_retr,
    .top = fake_pop3_top,
    .dele = fake_pop3_dele,
    .quit = fake_pop3_quit,
};

#endif
