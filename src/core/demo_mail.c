/* The bytes of an invented message, as an old and a new program would write
 * them: encoded words (RFC 2047), charsets of their countries, multipart. */
#include "demo_mail.h"

#include <string.h>

enum { WORD_BYTES = 42, LINE_BYTES = 57 };

static const char boundary[] = "=_demo_part";
static const char inner[] = "=_demo_choice";

static bool
is_ascii(const char *text)
{
    return g_str_is_ascii(text);
}

/* text in charset; what has no place there stays UTF-8, as a wrong label. */
static char *
convert(const char *text, const char *charset, gsize *size)
{
    char *bytes = charset
        ? g_convert(text, -1, charset, "UTF-8", NULL, size, NULL) : NULL;

    if (bytes == NULL) {
        bytes = g_strdup(text);
        *size = strlen(text);
    }
    return bytes;
}

static void
add_words(GString *out, const char *text, const char *charset)
{
    while (*text) {
        gsize length = 0;
        gsize size;
        g_autofree char *part = NULL;
        g_autofree char *bytes = NULL;
        g_autofree char *base64 = NULL;

        while (text[length] && length < WORD_BYTES)
            length = (gsize)(g_utf8_next_char(text + length) - text);
        part = g_strndup(text, length);
        bytes = convert(part, charset, &size);
        base64 = g_base64_encode((const guchar *)bytes, size);
        g_string_append_printf(out, "=?%s?B?%s?=",
                               charset ? charset : "UTF-8", base64);
        text += length;
        if (*text)
            g_string_append(out, "\r\n ");
    }
}

static void
add_text_field(GString *out, const char *name, const char *value,
               const char *charset)
{
    if (value == NULL)
        return;
    g_string_append_printf(out, "%s: ", name);
    if (is_ascii(value))
        g_string_append(out, value);
    else
        add_words(out, value, charset);
    g_string_append(out, "\r\n");
}

/* One "Name <addr>", the name encoded or quoted where it must be. */
static void
add_mailbox(GString *out, const char *mailbox, const char *charset)
{
    const char *angle = strchr(mailbox, '<');
    g_autofree char *name = NULL;

    if (angle == NULL || angle == mailbox) {
        g_string_append(out, mailbox);
        return;
    }
    name = g_strstrip(g_strndup(mailbox, (gsize)(angle - mailbox)));
    if (!is_ascii(name))
        add_words(out, name, charset);
    else if (strpbrk(name, ".,@()[]:;") && *name != '"')
        g_string_append_printf(out, "\"%s\"", name);
    else
        g_string_append(out, name);
    g_string_append_printf(out, " %s", angle);
}

static void
add_address_field(GString *out, const char *name, const char *value,
                  const char *charset)
{
    g_auto(GStrv) each = value ? g_strsplit(value, ", ", -1) : NULL;

    if (each == NULL)
        return;
    g_string_append_printf(out, "%s: ", name);
    for (char **one = each; *one; one++) {
        add_mailbox(out, *one, charset);
        g_string_append(out, one[1] ? ",\r\n " : "\r\n");
    }
}

static void
add_base64(GString *out, const void *bytes, gsize size)
{
    const guchar *at = bytes;

    while (size > 0) {
        gsize step = MIN(size, LINE_BYTES);
        g_autofree char *line = g_base64_encode(at, step);

        g_string_append_printf(out, "%s\r\n", line);
        at += step;
        size -= step;
    }
}

static void
add_lines(GString *out, const char *bytes, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            g_string_append_c(out, '\r');
        g_string_append_c(out, bytes[i]);
    }
    if (size == 0 || bytes[size - 1] != '\n')
        g_string_append(out, "\r\n");
}

static void
add_leaf(GString *out, const char *type, const char *charset,
         const char *text)
{
    bool plain = is_ascii(text);
    gsize size;
    g_autofree char *bytes = convert(text, charset, &size);

    g_string_append_printf(out, "Content-Type: text/%s; charset=%s\r\n"
                           "Content-Transfer-Encoding: %s\r\n\r\n", type,
                           plain ? "us-ascii" : charset ? charset : "utf-8",
                           plain ? "7bit" : "base64");
    if (plain)
        add_lines(out, bytes, size);
    else
        add_base64(out, bytes, size);
}

static const char *
type_of(const char *name)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        { ".pdf", "application/pdf" },  { ".png", "image/png" },
        { ".jpg", "image/jpeg" },       { ".csv", "text/csv" },
        { ".txt", "text/plain" },       { ".ics", "text/calendar" },
        { ".zip", "application/zip" },  { ".md", "text/markdown" },
        { ".patch", "text/x-patch" },   { ".html", "text/html" },
        { ".xlsx", "application/vnd.openxmlformats-officedocument"
                   ".spreadsheetml.sheet" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(name, types[i].suffix))
            return types[i].type;
    return "application/octet-stream";
}

/* What a program that looks at the first bytes expects, then filling. */
static char *
file_bytes(const char *name, gsize size)
{
    const char *head = g_str_has_suffix(name, ".pdf") ? "%PDF-1.4\n"
        : g_str_has_suffix(name, ".png") ? "\x89PNG\r\n\x1a\n"
        : g_str_has_suffix(name, ".csv") ? "a,b\n1,2\n"
        : g_str_has_suffix(name, ".txt") ? "Take two.\n" : "";
    char *bytes = g_malloc(size + 1);

    for (gsize i = 0; i < size; i++)
        bytes[i] = i < strlen(head) ? head[i] : i % 64 == 63 ? '\n' : '.';
    return bytes;
}

static void
add_file(GString *out, const char *spec)
{
    const char *blank = strrchr(spec, ' ');
    gsize size = (gsize)g_ascii_strtoull(blank + 1, NULL, 10);
    g_autofree char *name = g_strndup(spec, (gsize)(blank - spec));
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);
    g_autofree char *bytes = file_bytes(name, size);

    g_string_append_printf(out, "\r\n--%s\r\nContent-Type: %s\r\n"
                           "Content-Disposition: attachment;\r\n"
                           " filename*=UTF-8''%s\r\n"
                           "Content-Transfer-Encoding: base64\r\n\r\n",
                           boundary, type_of(name), escaped);
    add_base64(out, bytes, size);
}

static void
add_text(GString *out, const DemoMail *mail)
{
    if (mail->html == NULL) {
        add_leaf(out, "plain", mail->charset, mail->text ? mail->text : "");
        return;
    }
    if (mail->text == NULL) {
        add_leaf(out, "html", mail->charset, mail->html);
        return;
    }
    g_string_append_printf(out, "Content-Type: multipart/alternative;"
                           " boundary=\"%s\"\r\n\r\n--%s\r\n", inner, inner);
    add_leaf(out, "plain", mail->charset, mail->text);
    g_string_append_printf(out, "\r\n--%s\r\n", inner);
    add_leaf(out, "html", mail->charset, mail->html);
    g_string_append_printf(out, "\r\n--%s--\r\n", inner);
}

static void
add_body(GString *out, const DemoMail *mail)
{
    g_auto(GStrv) files =
        mail->files ? g_strsplit(mail->files, ", ", -1) : NULL;

    g_string_append(out, "MIME-Version: 1.0\r\n");
    if (files == NULL) {
        add_text(out, mail);
        return;
    }
    g_string_append_printf(out, "Content-Type: multipart/mixed;"
                           " boundary=\"%s\"\r\n\r\n--%s\r\n", boundary,
                           boundary);
    add_text(out, mail);
    for (char **file = files; *file; file++)
        add_file(out, *file);
    g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
}

static const char *
domain_of(const char *mailbox)
{
    const char *at = strrchr(mailbox, '@');

    return at ? at + 1 : "example.org>";
}

char *
demo_mail_id(const DemoMail *mail)
{
    g_autofree char *domain = g_strdup(domain_of(mail->from));

    return g_strdup_printf("%s@%s", mail->id, g_strdelimit(domain, ">", '\0'));
}

const char demo_zone[] =
    "_dmarc.bank.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.parcel.example TXT \"v=DMARC1; p=quarantine\"\n";

bool
demo_mail_is_own(const DemoMail *mail)
{
    return mail->folder == DEMO_SENT || mail->folder == DEMO_DRAFTS
           || mail->folder == DEMO_CORP_SENT
           || mail->folder == DEMO_CORP_DRAFTS;
}

/* What the user's server wrote above it: only a passed check names a signer. */
static void
add_results(GString *out, const DemoMail *mail)
{
    g_autofree char *domain = g_strdup(domain_of(mail->from));
    const char *dmarc = "pass", *spf = "pass", *signer = domain;

    g_strdelimit(domain, ">", '\0');
    if (demo_mail_is_own(mail))
        return;
    if (g_strcmp0(mail->verdict, "unverified") == 0) {
        dmarc = "none";
        spf = "softfail";
        signer = NULL;
    } else if (g_strcmp0(mail->verdict, "fail") == 0) {
        dmarc = "fail";
        spf = "fail";
        signer = NULL;
    }
    g_string_append_printf(
        out,
        "Authentication-Results: " DEMO_SERVER ";\r\n dmarc=%s"
        " header.from=%s;\r\n dkim=%s%s%s;\r\n spf=%s smtp.mailfrom=%s\r\n",
        dmarc, domain, signer ? "pass" : "none", signer ? " header.d=" : "",
        signer ? signer : "", spf, domain);
}

GString *
demo_mail_bytes(const DemoMail *mail, const char *message_id,
                const char *references)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(mail->date);
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };
    static const char *const days[] = { "Mon", "Tue", "Wed", "Thu",
                                        "Fri", "Sat", "Sun" };

    add_results(out, mail);
    add_address_field(out, "From", mail->from, mail->charset);
    add_address_field(out, "To", mail->to ? mail->to : demo_me, NULL);
    add_address_field(out, "Cc", mail->cc, NULL);
    add_text_field(out, "Subject", mail->subject, mail->charset);
    g_string_append_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n"
                           "Message-ID: <%s>\r\n",
                           days[g_date_time_get_day_of_week(date) - 1],
                           g_date_time_get_day_of_month(date),
                           months[g_date_time_get_month(date) - 1],
                           g_date_time_get_year(date),
                           g_date_time_get_hour(date),
                           g_date_time_get_minute(date),
                           g_date_time_get_second(date), message_id);
    if (references) {
        const char *last = strrchr(references, '<');

        g_string_append_printf(out, "In-Reply-To: %s\r\nReferences: %s\r\n",
                               last ? last : references, references);
    }
    if (mail->list)
        g_string_append_printf(out, "List-Id: <%s>\r\nList-Post: <mailto:%s>"
                               "\r\n", mail->list, mail->to);
    add_body(out, mail);
    return out;
}
