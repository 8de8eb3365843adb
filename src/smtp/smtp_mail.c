/* What MAIL and RCPT say beside the address: SIZE (RFC 1870), 8BITMIME (RFC
 * 6152), BINARYMIME (RFC 3030), SMTPUTF8 (RFC 6531), DSN (RFC 3461),
 * FUTURERELEASE (RFC 4865), DELIVERBY (RFC 2852), REQUIRETLS (RFC 8689). Pure;
 * must not write to a connection. */
#include "smtp_private.h"

#include <string.h>

enum {
    ADDRESS_BYTES = 254 + 128,
};

bool
smtp_is_ascii(const char *text)
{
    for (; *text; text++)
        if ((guchar)*text >= 0x80)
            return false;
    return true;
}

bool
smtp_is_mailable(const char *address)
{
    const char *at = strrchr(address, '@');

    if (at == NULL || at == address || at[1] == '\0'
        || strlen(address) > ADDRESS_BYTES
        || !g_utf8_validate(address, -1, NULL))
        return false;
    for (; *address; address++)
        if (g_ascii_iscntrl(*address) || *address == ' ' || *address == '<'
            || *address == '>')
            return false;
    return true;
}

/*   xtext = *( xchar / hexchar )
 *   xchar = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except
 *           for "+" and "="                                (RFC 3461, 4) */
static void
append_xtext(GString *line, const char *text)
{
    for (; *text; text++)
        if (*text >= '!' && *text <= '~' && *text != '+' && *text != '=')
            g_string_append_c(line, *text);
        else
            g_string_append_printf(line, "+%02X", (guchar)*text);
}

/* An address as it is, but for what would end it or mean something else:
 *   utf-8-addr-unitext = 1*(QUCHAR / EmbeddedUnicodeChar)
 *   EmbeddedUnicodeChar = "\x{" HEXPOINT "}"                 (RFC 6533, 3)
 * It has no blanks and no controls: smtp_is_mailable(). */
static void
append_unitext(GString *line, const char *text)
{
    for (; *text; text++)
        if (strchr("\\+=", *text))
            g_string_append_printf(line, "\\x{%02X}", (guchar)*text);
        else
            g_string_append_c(line, *text);
}

static void
append_body(GString *line, const SmtpConn *conn, const SmtpContent *content,
            bool utf8)
{
    unsigned binary = SMTP_HAS_BINARYMIME | SMTP_HAS_CHUNKING;

    if (content->binary && (conn->extensions & binary) == binary)
        g_string_append(line, " BODY=BINARYMIME");
    else if ((conn->extensions & SMTP_HAS_8BITMIME)
             && (content->body_8bit || utf8))
        g_string_append(line, " BODY=8BITMIME");
}

static void
append_times(GString *line, const SmtpConn *conn, const SmtpMessage *message)
{
    g_autoptr(GDateTime) until =
        g_date_time_new_from_unix_utc(message->hold_until);
    g_autofree char *text =
        until ? g_date_time_format(until, "%Y-%m-%dT%H:%M:%SZ") : NULL;

    if (message->hold_until > 0 && text
        && (conn->extensions & SMTP_HAS_FUTURERELEASE))
        g_string_append_printf(line, " HOLDUNTIL=%s", text);
    if (message->deliver_by > 0 && (conn->extensions & SMTP_HAS_DELIVERBY))
        g_string_append_printf(line, " BY=%u;R", message->deliver_by);
}

char *
smtp_mail_line(const SmtpConn *conn, const SmtpMessage *message,
               const SmtpContent *content, bool utf8)
{
    GString *line = g_string_new(NULL);

    g_string_printf(line, "MAIL FROM:<%s>", message->sender);
    if (conn->extensions & SMTP_HAS_SIZE)
        g_string_append_printf(line, " SIZE=%" G_GUINT64_FORMAT, content->size);
    append_body(line, conn, content, utf8);
    if (utf8)
        g_string_append(line, " SMTPUTF8");
    if (message->envid && (conn->extensions & SMTP_HAS_DSN)) {
        g_string_append(line, " RET=HDRS ENVID=");
        append_xtext(line, message->envid);
    }
    append_times(line, conn, message);
    if (message->require_tls)
        g_string_append(line, " REQUIRETLS");
    return g_string_free(line, FALSE);
}

static void
append_notify(GString *line, unsigned notify)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {
        { SMTP_NOTIFY_SUCCESS, "SUCCESS" },
        { SMTP_NOTIFY_FAILURE, "FAILURE" },
        { SMTP_NOTIFY_DELAY, "DELAY" },
    };
    const char *before = " NOTIFY=";

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!(notify & words[i].bit))
            continue;
        g_string_append_printf(line, "%s%s", before, words[i].word);
        before = ",";
    }
}

char *
smtp_rcpt_line(const SmtpConn *conn, const SmtpMessage *message,
               const SmtpRecipient *recipient)
{
    GString *line = g_string_new(NULL);

    g_string_printf(line, "RCPT TO:<%s>", recipient->address);
    if (message->notify && (conn->extensions & SMTP_HAS_DSN)) {
        append_notify(line, message->notify);
        if (smtp_is_ascii(recipient->address)) {
            g_string_append(line, " ORCPT=rfc822;");
            append_xtext(line, recipient->address);
        } else {
            g_string_append(line, " ORCPT=utf-8;");
            append_unitext(line, recipient->address);
        }
    }
    return g_string_free(line, FALSE);
}
