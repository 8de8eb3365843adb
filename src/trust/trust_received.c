/* Received fields (RFC 5321, section 4.4) from the top down: first the hops
 * inside the user's own system, then its border, which names the address that
 * SPF is about. What lies below the border was written by strangers. */
#include "trust_received.h"

#include "mime/mime.h"
#include "trust_domain.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    /* Received fields that are read. */
    MAX_HOPS = 200,
    MAX_HOP_OCTETS = 4000,
};

/* Borders that write Authentication-Results below their own Received field and
 * remove those that arrive under their name; seen in 2024. */
static const char *const write_below[] = { "mx.google.com", NULL };

char *
trust_address_plain(const char *address)
{
    guint8 octets[16];
    char words[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET, address, octets) == 1) {
        inet_ntop(AF_INET, octets, words, sizeof words);
        return g_strdup(words);
    }
    if (inet_pton(AF_INET6, address, octets) != 1)
        return NULL;
    if (IN6_IS_ADDR_V4MAPPED((struct in6_addr *)(void *)octets))
        inet_ntop(AF_INET, octets + 12, words, sizeof words);
    else
        inet_ntop(AF_INET6, octets, words, sizeof words);
    return g_strdup(words);
}

bool
trust_address_is_private(const char *address)
{
    g_autoptr(GInetAddress) parsed = g_inet_address_new_from_string(address);

    return parsed != NULL
           && (g_inet_address_get_is_loopback(parsed)
               || g_inet_address_get_is_site_local(parsed)
               || g_inet_address_get_is_link_local(parsed)
               || g_str_has_prefix(address, "fc")
               || g_str_has_prefix(address, "fd"));
}

bool
trust_id_is_one(const char *id, const char *const *ids)
{
    g_autofree char *ascii = trust_domain_ascii(id);

    for (guint i = 0; ids && ids[i]; i++) {
        g_autofree char *other = trust_domain_ascii(ids[i]);

        if (ascii && other ? strcmp(ascii, other) == 0
                           : g_ascii_strcasecmp(id, ids[i]) == 0)
            return true;
    }
    return false;
}

bool
trust_host_is_ours(const char *host, const char *const *ids)
{
    g_autofree char *ascii = host ? trust_domain_ascii(host) : NULL;

    if (host == NULL)
        return false;
    for (guint i = 0; ids && ids[i]; i++) {
        g_autofree char *other = trust_domain_ascii(ids[i]);

        if (g_ascii_strcasecmp(host, ids[i]) == 0
            || (ascii && other && trust_domain_related(ascii, other)))
            return true;
    }
    return false;
}

/* The next word outside comments, or a whole comment with its parentheses; NULL
 * at the end. */
static char *
next_word(const char **at)
{
    const char *from;
    int depth = 0;

    while (g_ascii_isspace(**at))
        (*at)++;
    from = *at;
    if (*from == '\0')
        return NULL;
    if (*from == ';') {
        (*at)++;
        return g_strdup(";");
    }
    for (; **at; (*at)++) {
        if (**at == '(')
            depth++;
        else if (**at == ')' && depth > 0)
            depth--;
        else if (depth == 0 && (g_ascii_isspace(**at) || **at == ';'))
            break;
    }
    return g_strndup(from, (gsize)(*at - from));
}

/* The address that text begins with, and its size; NULL: none. */
static char *
address_at(const char *text, gsize *used)
{
    gsize prefix = g_ascii_strncasecmp(text, "ipv6:", 5) == 0 ? 5 : 0;
    g_autofree char *word = NULL;

    *used = prefix + strspn(text + prefix, "0123456789abcdefABCDEF:.");
    word = g_strndup(text + prefix, *used - prefix);
    return trust_address_plain(word);
}

/* The address of a client in a comment that its server wrote: the first one in
 * brackets, else the last bare one. What the client called itself may look like
 * either, so bare ones count only where there are no brackets. */
static char *
address_in(const char *comment, bool *bracketed)
{
    char *bare = NULL;
    gsize used;

    for (const char *at = comment; *at; at += MAX(used, 1)) {
        char *found = NULL;

        used = 0;
        if (*at == '[')
            found = address_at(at + 1, &used);
        if (found != NULL) {
            g_free(bare);
            *bracketed = true;
            return found;
        }
        used = 0;
        if (at > comment && !g_ascii_isalnum(at[-1]))
            found = address_at(at, &used);
        if (found != NULL) {
            g_free(bare);
            bare = found;
        }
    }
    *bracketed = false;
    return bare;
}

/* Takes a comment of the from clause. */
static void
take_comment(TrustHop *hop, const char *comment, bool *bracketed)
{
    bool better = false;
    char *address;

    if (*bracketed)
        return;
    address = address_in(comment, &better);
    if (address == NULL)
        return;
    g_free(hop->address);
    hop->address = address;
    *bracketed = better;
}

static gint64
date_of(const char *text)
{
    g_autofree char *header = g_strdup_printf("Date: %s\r\n\r\n", text);
    g_auto(MimeSummary) summary = { 0 };

    mime_summarise(header, strlen(header), &summary);
    return summary.date;
}

TrustHop *
trust_hop_parse(const char *text)
{
    TrustHop *hop = g_new0(TrustHop, 1);
    const char *at = text;
    const char *date = strrchr(text, ';');
    bool bracketed = false;
    char **next = NULL;
    gsize used;
    char *word;

    while ((word = next_word(&at)) != NULL && strcmp(word, ";") != 0) {
        if (next != NULL && *next == NULL && *word != '(')
            *next = trust_report_text(word);
        else if (g_ascii_strcasecmp(word, "from") == 0 && hop->by == NULL)
            next = &hop->from;
        else if (g_ascii_strcasecmp(word, "by") == 0)
            next = &hop->by;
        else if (*word == '(' && hop->from != NULL && next == &hop->from)
            take_comment(hop, word, &bracketed);
        g_free(word);
    }
    g_free(word);
    if (hop->address == NULL && hop->from != NULL && hop->from[0] == '[')
        hop->address = address_at(hop->from + 1, &used);
    if (date != NULL)
        hop->time = date_of(date + 1);
    return hop;
}

/* A hop between hosts of one system: no client named, or a private one. */
static bool
is_inside(const TrustHop *hop)
{
    return hop->from == NULL
           || (hop->address != NULL && trust_address_is_private(hop->address))
           || (hop->address == NULL
               && g_ascii_strcasecmp(hop->from, "localhost") == 0);
}

static TrustHop *
add_hop(TrustTrace *trace, const TrustField *field)
{
    g_autofree char *text = trust_field_text(field);
    TrustHop *hop;

    if (strlen(text) > MAX_HOP_OCTETS)
        text[MAX_HOP_OCTETS] = '\0';
    hop = trust_hop_parse(text);
    g_ptr_array_add(trace->hops, hop);
    if (trace->arrival == 0)
        trace->arrival = hop->time;
    return hop;
}

/* Fields of the own system end at its border, or where a stranger begins. The
 * client of the border begins the fields below: they are the border's only
 * where it removes those that claim to be. */
static guint
end_of_top(const TrustTrace *trace, const GArray *fields, guint at, bool below)
{
    const TrustHop *border = trace->border;

    if (border == NULL || border->by == NULL
        || (!below && !g_strv_contains(write_below, border->by)))
        return g_array_index(fields, guint, at);
    return at + 1 < fields->len ? g_array_index(fields, guint, at + 1)
                                : G_MAXUINT;
}

void
trust_trace_init(TrustTrace *trace, const TrustMessage *message,
                 const TrustParams *params)
{
    const char *const *ids = params->authserv_ids;
    const GArray *fields = trust_message_named(message, "received");
    bool found = false;

    memset(trace, 0, sizeof *trace);
    trace->hops = g_ptr_array_new_with_free_func(trust_hop_free);
    trace->top_end = message->fields->len;
    for (guint i = 0; fields && i < MIN(fields->len, MAX_HOPS); i++) {
        guint index = g_array_index(fields, guint, i);
        const TrustHop *hop =
            add_hop(trace, trust_message_field(message, index));

        if (found || is_inside(hop))
            continue;
        found = true;
        if (trust_host_is_ours(hop->by, ids) && hop->address != NULL)
            trace->border = hop;
        trace->top_end = end_of_top(trace, fields, i, params->below);
    }
}

void
trust_trace_finish(TrustTrace *trace)
{
    g_clear_pointer(&trace->hops, g_ptr_array_unref);
}
