/* A reply as a value (RFC 5321, 4.2 and 4.2.1; RFC 2034 for enhanced codes).
 * Must not know what a reply means for a message: that is smtp_send.c.
 *
 *   Reply-line = *( Reply-code "-" [ textstring ] CRLF )
 *                Reply-code [ SP textstring ] CRLF
 *   Reply-code = %x32-35 %x30-35 %x30-39
 *
 * All lines of a reply must say the same code: a server that says "250-ok" and
 * then "550 no" has not said yes (promise P9). */
#include "smtp_reply.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

void
smtp_reply_clear(SmtpReply *reply)
{
    g_clear_pointer(&reply->enhanced, g_free);
    g_clear_pointer(&reply->text, g_free);
    reply->code = 0;
}

bool
smtp_reply_is_ok(const SmtpReply *reply)
{
    return reply->code / 100 == 2;
}

bool
smtp_reply_is_temporary(const SmtpReply *reply)
{
    return reply->code / 100 == 4;
}

bool
smtp_reply_is_permanent(const SmtpReply *reply)
{
    return reply->code / 100 == 5;
}

void
smtp_reply_set(SmtpReply *reply, int code, const char *enhanced,
               const char *text)
{
    SmtpReply old = *reply;

    reply->code = code;
    reply->enhanced = g_strdup(enhanced);
    reply->text = g_strdup(text);
    smtp_reply_clear(&old);
}

void
smtp_reply_copy(SmtpReply *to, const SmtpReply *from)
{
    smtp_reply_set(to, from->code, from->enhanced, from->text);
}

/* The code of a line, 0 when it has none or something else behind it. */
static int
line_code(const char *line, gsize size)
{
    if (size < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0'
        || line[1] > '5' || !g_ascii_isdigit(line[2]))
        return 0;
    if (size > 3 && line[3] != ' ' && line[3] != '-')
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static gsize
digits(const char *text, gsize size)
{
    gsize n = 0;

    while (n < size && n < 4 && g_ascii_isdigit(text[n]))
        n++;
    return n <= 3 ? n : 0;
}

/* Length of an enhanced status code at the head of text, 0: none.
 *   status-code = class "." subject "." detail      (RFC 3463, 2)
 * The class must be that of the reply. */
static gsize
enhanced_length(const char *text, gsize size, int code)
{
    gsize at = 2;
    gsize n;

    if (size < 5 || text[0] != '0' + code / 100 || text[1] != '.'
        || code / 100 == 3)
        return 0;
    n = digits(text + at, size - at);
    at += n;
    if (n == 0 || at >= size || text[at] != '.')
        return 0;
    at++;
    n = digits(text + at, size - at);
    at += n;
    if (n == 0 || (at < size && text[at] != ' '))
        return 0;
    return at;
}

/* The words of a line join the text; its enhanced code is kept once. */
static void
add_text(SmtpReply *reply, const char *text, gsize size)
{
    gsize code = enhanced_length(text, size, reply->code);
    g_autofree char *safe = NULL;
    g_autofree char *before = reply->text;

    if (code > 0 && reply->enhanced == NULL)
        reply->enhanced = g_strndup(text, code);
    text += code;
    size -= code;
    while (size > 0 && *text == ' ') {
        text++;
        size--;
    }
    safe = text_sanitise(text, (gssize)size, TEXT_LINE);
    if (before && *before && *safe && strlen(before) < SMTP_REPLY_TEXT)
        reply->text = g_strconcat(before, " ", safe, NULL);
    else if (before && *before)
        reply->text = g_steal_pointer(&before);
    else
        reply->text = g_steal_pointer(&safe);
}

bool
smtp_reply_add_line(SmtpReplyReader *reader, const char *line, gsize size,
                    GError **error)
{
    SmtpReply *reply = reader->reply;
    g_autofree char *safe = NULL;
    int code;

    if (size > 0 && line[size - 1] == '\r')
        size--;
    code = memchr(line, '\0', size) ? 0 : line_code(line, size);
    if (code == 0) {
        safe = text_sanitise(line, (gssize)MIN(size, 80), TEXT_LINE);
        return err_set(error, ERR_PROTOCOL, "this is no SMTP reply: %s", safe);
    }
    if (reader->n_lines > 0 && code != reply->code)
        return err_set(error, ERR_PROTOCOL, "one reply says both %d and %d",
                       reply->code, code);
    if (++reader->n_lines > SMTP_REPLY_LINES)
        return err_set(error, ERR_PROTOCOL, "a reply of over %d lines",
                       SMTP_REPLY_LINES);
    reply->code = code;
    reader->complete = size == 3 || line[3] == ' ';
    line += MIN(size, 4);
    size -= MIN(size, 4);
    if (reader->lines)
        g_ptr_array_add(reader->lines, g_strndup(line, size));
    add_text(reply, line, size);
    return true;
}
