/* Messages, one after the other: RETR, TOP, DELE (RFC 1939, sections 5, 7).
 * Where the server takes it, commands go out ahead of their answers. */
#include "pop3_private.h"

#include "base/err.h"
#include "pop3/limits.h"

enum {
    AHEAD = 20, /* commands without their answers */
};

typedef struct {
    Pop3Conn *conn;
    const char *command;
    guint64 limit; /* of what comes behind +OK; 0: nothing comes */
    const Pop3Sink *sink;
    guint64 left; /* of a header that is cut at the limit */
} Batch;

static bool
say(Batch *batch, guint number, GError **error)
{
    if (batch->limit == POP3_HEADER_BYTES)
        return pop3_conn_command(batch->conn, error, "TOP %u 0", number);
    return pop3_conn_command(batch->conn, error, "%s %u", batch->command,
                             number);
}

/* A header of any length passes; what is beyond the limit is not given on. */
static bool
cut_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    Batch *batch = user;
    gsize some = (gsize)MIN(batch->left, (guint64)size);

    batch->left -= some;
    return some == 0
           || batch->sink->bytes(batch->sink->user, bytes, some, error);
}

static bool
read_message(Batch *batch, guint number, GError **error)
{
    Pop3Decoder *in = &batch->conn->in;
    const Pop3Sink *sink = batch->sink;
    bool whole = batch->limit != POP3_HEADER_BYTES;

    if (!sink->begin(sink->user, number, &in->error))
        return pop3_decoder_failed(in, error);
    batch->left = batch->limit;
    pop3_decoder_stream(in, POP3_MESSAGE_BYTES, whole ? sink->bytes : cut_bytes,
                        whole ? sink->user : batch);
    return (pop3_decoder_ok(in) && sink->end(sink->user, number, &in->error))
           || pop3_decoder_failed(in, error);
}

static bool
read_answer(Batch *batch, guint number, GError **error)
{
    Pop3Decoder *in = &batch->conn->in;
    const Pop3Sink *sink = batch->sink;
    g_autofree char *words = NULL;
    bool ok;

    if (!pop3_conn_answer(batch->conn, &ok, error))
        return false;
    if (ok && batch->limit > 0)
        return read_message(batch, number, error);
    words = ok ? NULL : pop3_conn_words(batch->conn);
    return (ok ? sink->end(sink->user, number, &in->error)
               : sink->refused(sink->user, number, words, &in->error))
           || pop3_decoder_failed(in, error);
}

static bool
stops(const Batch *batch)
{
    return batch->sink->stop && batch->sink->stop(batch->sink->user);
}

static bool
run(Batch *batch, const guint *numbers, guint n, GError **error)
{
    guint ahead = pop3_conn_can(batch->conn, "PIPELINING") ? AHEAD : 1;
    guint sent = 0;
    guint done = 0;

    while (done < n) {
        if (sent == done && stops(batch))
            return true;
        /* Refilled when half of them are answered: few and full packets. */
        if (sent - done <= ahead / 2 && !stops(batch))
            while (sent < n && sent - done < ahead)
                if (!say(batch, numbers[sent++], error))
                    return false;
        if (sent == done)
            return true;
        if (!read_answer(batch, numbers[done++], error))
            return false;
    }
    return true;
}

bool
pop3_retr(Pop3Conn *conn, const guint *numbers, guint n, const Pop3Sink *sink,
          GError **error)
{
    Batch batch = { conn, "RETR", POP3_MESSAGE_BYTES, sink, 0 };

    return run(&batch, numbers, n, error);
}

bool
pop3_top(Pop3Conn *conn, const guint *numbers, guint n, const Pop3Sink *sink,
         GError **error)
{
    Batch batch = { conn, "TOP", POP3_HEADER_BYTES, sink, 0 };

    return run(&batch, numbers, n, error);
}

bool
pop3_dele(Pop3Conn *conn, const guint *numbers, guint n, const Pop3Sink *sink,
          GError **error)
{
    Batch batch = { conn, "DELE", 0, sink, 0 };

    return run(&batch, numbers, n, error);
}
