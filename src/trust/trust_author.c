/* Author checks: what a display name may pretend, domains that look like
 * others, replies that go elsewhere. Says what it sees; proves nothing. */
#include "trust_author.h"

#include "mime/mime.h"
#include "trust_domain.h"
#include "trust_report.h"

#include <string.h>

/* The mailboxes of the fields of that lower-case name: MimeAddress. Fields are
 * parsed raw, so that no encoded word adds an address. */
static GPtrArray *
mailboxes(const TrustMessage *message, const char *name)
{
    const GArray *fields = trust_message_named(message, name);
    g_autoptr(GString) header = g_string_new(NULL);
    g_autoptr(MimeMessage) mail = NULL;

    for (guint i = 0; fields && i < fields->len && i < 10; i++) {
        const TrustField *field =
            trust_message_field(message, g_array_index(fields, guint, i));

        g_string_append_printf(header, "%s:", name);
        g_string_append_len(header, field->value, (gssize)field->value_size);
        g_string_append(header, "\r\n");
    }
    g_string_append(header, "\r\n");
    mail = mime_load_bytes(header->str, header->len);
    return mime_header_addresses(mail, name);
}

static void
take_author(TrustFrom *from, const GPtrArray *authors)
{
    g_autofree char *first = NULL;

    for (guint i = 0; i < authors->len; i++) {
        const MimeAddress *author = g_ptr_array_index(authors, i);
        g_autofree char *domain = trust_domain_of_address(author->addr);

        if (domain == NULL) {
            from->fault = g_strdup("the author's address has no domain");
            return;
        }
        if (first != NULL && strcmp(first, domain) != 0) {
            from->fault = g_strdup("authors of several domains");
            return;
        }
        g_free(first);
        first = g_steal_pointer(&domain);
    }
    if (first == NULL) {
        from->fault = g_strdup("there is no author");
        return;
    }
    from->domain = g_steal_pointer(&first);
    from->address =
        g_strdup(((MimeAddress *)g_ptr_array_index(authors, 0))->addr);
}

void
trust_from_read(TrustFrom *from, const TrustMessage *message)
{
    const GArray *fields = trust_message_named(message, "from");
    g_autoptr(GPtrArray) authors = NULL;

    memset(from, 0, sizeof *from);
    from->n_from = fields ? fields->len : 0;
    if (from->n_from != 1) {
        from->fault =
            from->n_from == 0
                ? g_strdup("there is no From field")
                : g_strdup_printf("there are %u From fields", from->n_from);
        return;
    }
    authors = mailboxes(message, "from");
    take_author(from, authors);
}

void
trust_from_clear(TrustFrom *from)
{
    g_free(from->domain);
    g_free(from->address);
    g_free(from->fault);
}

char *
trust_list_domain(const TrustMessage *message)
{
    const GArray *fields = trust_message_named(message, "list-id");
    g_autofree char *text = NULL;
    char *open;
    char *close;

    if (fields == NULL)
        return NULL;
    text = trust_field_text(
        trust_message_field(message, g_array_index(fields, guint, 0)));
    open = strrchr(text, '<');
    close = open ? strchr(open, '>') : NULL;
    if (close != NULL)
        *close = '\0';
    return trust_domain_ascii(g_strstrip(open ? open + 1 : text));
}

static void
warn(GPtrArray *warnings, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
warn(GPtrArray *warnings, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(warnings, trust_report_text(text));
}

static bool
is_hidden(gunichar c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e)
           || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x00ad
           || c == 0x061c || c == 0x180e || c == 0x3164 || c == 0x115f;
}

static bool
has_hidden(const char *text)
{
    for (; *text; text = g_utf8_next_char(text))
        if (is_hidden(g_utf8_get_char(text)))
            return true;
    return false;
}

static bool
is_of_domain(gunichar c)
{
    return g_unichar_isalnum(c) || c == '-' || c == '.';
}

/* The domain of an address that the name contains, or NULL. Full-width forms
 * are read as what they look like. */
static char *
address_in_name(const char *name)
{
    g_autofree char *plain = g_utf8_normalize(name, -1, G_NORMALIZE_NFKC);
    const char *at = plain;

    while (at != NULL && (at = strchr(at, '@')) != NULL) {
        const char *end = ++at;
        g_autofree char *found = NULL;
        char *domain;

        while (*end && is_of_domain(g_utf8_get_char(end)))
            end = g_utf8_next_char(end);
        while (end > at && end[-1] == '.')
            end--;
        found = g_strndup(at, (gsize)(end - at));
        domain = trust_domain_ascii(found);
        if (domain != NULL)
            return domain;
    }
    return NULL;
}

static void
check_name(const MimeAddress *author, const char *domain, GPtrArray *warnings)
{
    g_autofree char *other = NULL;

    if (author->name == NULL)
        return;
    if (has_hidden(author->name))
        warn(warnings, "From: the name has invisible or direction-changing "
                       "characters");
    other = address_in_name(author->name);
    if (other != NULL && !trust_domain_related(other, domain))
        warn(warnings,
             "From: the name shows an address at %s, the message is "
             "from %s",
             other, domain);
}

static void
check_domain(const char *domain, GPtrArray *warnings)
{
    g_autofree char *suspicion = trust_domain_suspicion(domain);
    g_autofree char *unicode = trust_domain_unicode(domain);

    if (suspicion != NULL)
        warn(warnings, "From: %s %s", unicode, suspicion);
}

static void
check_replies(const TrustMessage *message, const char *domain,
              const char *list, GPtrArray *warnings)
{
    g_autoptr(GPtrArray) replies = NULL;

    if (trust_message_named(message, "reply-to") == NULL)
        return;
    replies = mailboxes(message, "reply-to");
    for (guint i = 0; i < replies->len; i++) {
        const MimeAddress *reply = g_ptr_array_index(replies, i);
        g_autofree char *other = trust_domain_of_address(reply->addr);

        if (other == NULL || trust_domain_related(other, domain)
            || trust_domain_related(other, list))
            continue;
        warn(warnings, "Reply-To: answers go to %s, not to %s", other, domain);
        return;
    }
}

void
trust_author_check(const TrustMessage *message, const TrustFrom *from,
                   const char *list, GPtrArray *warnings)
{
    g_autoptr(GPtrArray) authors = mailboxes(message, "from");

    if (from->fault != NULL)
        warn(warnings, "From: %s", from->fault);
    if (from->fault == NULL && authors->len > 1)
        warn(warnings, "From: %u authors", authors->len);
    for (guint i = 0; i < authors->len && i < 10; i++) {
        const MimeAddress *author = g_ptr_array_index(authors, i);
        g_autofree char *domain = trust_domain_of_address(author->addr);

        if (domain == NULL)
            continue;
        check_name(author, domain, warnings);
        check_domain(domain, warnings);
    }
    if (from->domain != NULL)
        check_replies(message, from->domain, list, warnings);
}
