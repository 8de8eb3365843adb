/* SPF records (RFC 7208, section 12).
 *
 *     record    = "v=spf1" *( 1*SP ( directive / modifier ) ) *SP
 *     directive = [ "+" / "-" / "?" / "~" ] mechanism
 *     modifier  = name "=" macro-string
 *
 * A record is read to its end before any of it is evaluated. */
#include "trust_spf.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    MAX_TERMS = 500
};

static void
term_free(void *data)
{
    TrustSpfTerm *term = data;

    g_free(term->domain);
    g_free(term);
}

void
trust_spf_record_free(TrustSpfRecord *record)
{
    if (record == NULL)
        return;
    g_ptr_array_unref(record->terms);
    g_free(record->redirect);
    g_free(record->exp);
    g_free(record);
}

bool
trust_spf_is_record(const char *text, gsize size)
{
    return size >= 6 && g_ascii_strncasecmp(text, "v=spf1", 6) == 0
           && (size == 6 || text[6] == ' ');
}

/* "/" number without leading zeros, at most limit; moves *end before it. False
 * only for a number that is too big. */
static bool
take_bits(const char *from, const char **end, int slashes, int *bits)
{
    const char *at = *end;
    int limit = *bits;
    int number = 0;

    while (at > from && g_ascii_isdigit(at[-1]))
        at--;
    if (at == *end || at - from < slashes || at[-1] != '/'
        || (slashes == 2 && at[-2] != '/')
        || (slashes == 1 && at - from >= 2 && at[-2] == '/'))
        return true;
    if ((*at == '0' && *end - at > 1) || *end - at > 3)
        return false;
    for (const char *digit = at; digit < *end; digit++)
        number = number * 10 + (*digit - '0');
    *bits = number;
    *end = at - slashes;
    return number <= limit;
}

/* [":" domain-spec] [dual-cidr-length] */
static bool
read_target(TrustSpfTerm *term, const char *text, bool masks, bool required)
{
    const char *end = text + strlen(text);

    if (masks
        && (!take_bits(text, &end, 2, &term->bits6)
            || !take_bits(text, &end, 1, &term->bits4)))
        return false;
    if (end == text)
        return !required;
    if (*text != ':')
        return false;
    term->domain = g_strndup(text + 1, (gsize)(end - text - 1));
    return trust_spf_domain_valid(term->domain);
}

static bool
read_network(TrustSpfTerm *term, const char *text, int family)
{
    const char *end = text + strlen(text);
    guint8 octets[16];

    if (*text != ':'
        || !take_bits(text, &end, 1,
                      family == AF_INET ? &term->bits4 : &term->bits6))
        return false;
    term->domain = g_strndup(text + 1, (gsize)(end - text - 1));
    return inet_pton(family, term->domain, octets) == 1;
}

static bool
read_kind(TrustSpfTerm *term, const char *text)
{
    switch (term->kind) {
    case TRUST_SPF_ALL:
        return *text == '\0';
    case TRUST_SPF_INCLUDE:
    case TRUST_SPF_EXISTS:
        return read_target(term, text, false, true);
    case TRUST_SPF_PTR:
        return read_target(term, text, false, false);
    case TRUST_SPF_A:
    case TRUST_SPF_MX:
        return read_target(term, text, true, false);
    case TRUST_SPF_IP4:
        return read_network(term, text, AF_INET);
    case TRUST_SPF_IP6:
        return read_network(term, text, AF_INET6);
    }
    return false;
}

static TrustResult
take_qualifier(const char **text)
{
    switch (**text) {
    case '-':
        (*text)++;
        return TRUST_FAIL;
    case '~':
        (*text)++;
        return TRUST_SOFTFAIL;
    case '?':
        (*text)++;
        return TRUST_NEUTRAL;
    case '+':
        (*text)++;
        return TRUST_PASS;
    default:
        return TRUST_PASS;
    }
}

static gsize
name_size(const char *text)
{
    gsize size = 0;

    if (!g_ascii_isalpha(text[0]))
        return 0;
    while (g_ascii_isalnum(text[size]) || text[size] == '-' || text[size] == '_'
           || text[size] == '.')
        size++;
    return size;
}

static bool
name_is(const char *text, gsize size, const char *name)
{
    return size == strlen(name) && g_ascii_strncasecmp(text, name, size) == 0;
}

static bool
read_modifier(TrustSpfRecord *record, const char *text, gsize size)
{
    const char *value = text + size + 1;
    char **into = name_is(text, size, "redirect") ? &record->redirect
                  : name_is(text, size, "exp")    ? &record->exp
                                                  : NULL;

    if (into == NULL)
        return trust_spf_macros_valid(value, false);
    if (*into != NULL || !trust_spf_domain_valid(value))
        return false;
    *into = g_strdup(value);
    return true;
}

static bool
read_mechanism(TrustSpfRecord *record, const char *text)
{
    static const char *const names[] = {
        [TRUST_SPF_ALL] = "all", [TRUST_SPF_INCLUDE] = "include",
        [TRUST_SPF_A] = "a",     [TRUST_SPF_MX] = "mx",
        [TRUST_SPF_PTR] = "ptr", [TRUST_SPF_IP4] = "ip4",
        [TRUST_SPF_IP6] = "ip6", [TRUST_SPF_EXISTS] = "exists",
    };
    TrustSpfTerm *term = g_new0(TrustSpfTerm, 1);
    gsize size;

    g_ptr_array_add(record->terms, term);
    term->qualifier = take_qualifier(&text);
    term->bits4 = 32;
    term->bits6 = 128;
    size = name_size(text);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!name_is(text, size, names[i]))
            continue;
        term->kind = (TrustSpfKind)i;
        return read_kind(term, text + size);
    }
    return false;
}

static bool
read_term(TrustSpfRecord *record, const char *text)
{
    gsize size = name_size(text);

    if (record->terms->len == MAX_TERMS)
        return false;
    if (size > 0 && text[size] == '=')
        return read_modifier(record, text, size);
    return read_mechanism(record, text);
}

TrustSpfRecord *
trust_spf_parse(const char *text, gsize size)
{
    g_autoptr(TrustSpfRecord) record = g_new0(TrustSpfRecord, 1);
    g_auto(GStrv) words = NULL;

    record->terms = g_ptr_array_new_with_free_func(term_free);
    for (gsize i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~')
            return NULL;
    if (!trust_spf_is_record(text, size))
        return NULL;
    words = g_strsplit(text + 6, " ", -1);
    for (guint i = 0; words[i]; i++)
        if (*words[i] && !read_term(record, words[i]))
            return NULL;
    return g_steal_pointer(&record);
}
