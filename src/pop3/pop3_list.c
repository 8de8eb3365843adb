/* What the maildrop has: LIST and UIDL (RFC 1939, sections 5 and 7). */
#include "pop3_private.h"

#include "base/err.h"
#include "pop3/limits.h"

#include <string.h>

static void
message_clear(void *data)
{
    Pop3Message *message = data;

    g_free(message->uidl);
}

/* unique-id = 1*70(%x21-7E). What is not one is data all the same: it is known
 * by its hash, so that nothing of it reaches a path or a line (P55, P58). */
static char *
clean_uidl(const char *text, gsize size)
{
    g_autofree char *digest = NULL;
    bool plain = size > 0 && size <= POP3_UIDL_BYTES;

    for (gsize i = 0; plain && i < size; i++)
        plain = text[i] > 0x20 && text[i] < 0x7f;
    if (plain)
        return g_strndup(text, size);
    digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256,
                                         (const guchar *)text, size);
    return g_strconcat("sha256:", digest, NULL);
}

/* item = number SP (octets / unique-id), whatever may follow */
static void
read_item(Pop3Decoder *in, bool uidl, GArray *all)
{
    guint64 number = pop3_decoder_number(in);
    Pop3Message message = { .number = (guint)number };

    if (number == 0 || number > G_MAXINT32)
        pop3_decoder_fail(in, "a message of an impossible number");
    if (all->len >= POP3_MESSAGES)
        pop3_decoder_fail(in, "too many messages");
    if (!pop3_decoder_ok(in))
        return;
    if (uidl) {
        gsize size;
        const char *rest = pop3_decoder_rest(in, &size);

        message.uidl = clean_uidl(rest, size);
    } else {
        message.octets = pop3_decoder_number(in);
    }
    g_array_append_val(all, message);
}

static GArray *
read_list(Pop3Conn *conn, const char *command, bool uidl, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Pop3Message));
    Pop3Decoder *in = &conn->in;

    g_array_set_clear_func(all, message_clear);
    if (!pop3_conn_command(conn, error, "%s", command)
        || !pop3_conn_status(conn, error))
        return NULL;
    while (pop3_decoder_next_item(in))
        read_item(in, uidl, all);
    if (!pop3_decoder_ok(in)) {
        pop3_decoder_failed(in, error);
        return NULL;
    }
    return g_steal_pointer(&all);
}

GArray *
pop3_list(Pop3Conn *conn, GError **error)
{
    return read_list(conn, "LIST", false, error);
}

GArray *
pop3_uidl(Pop3Conn *conn, GError **error)
{
    return read_list(conn, "UIDL", true, error);
}
