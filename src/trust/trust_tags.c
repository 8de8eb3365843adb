/* Tag lists, as DKIM-Signature, ARC fields, key records and DMARC records have
 * them.
 *
 *     tag-list  =  tag-spec *( ";" tag-spec ) [ ";" ]
 *     tag-spec  =  [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
 *     tag-name  =  ALPHA *( ALPHA / DIGIT / "_" )
 *     tag-value =  [ tval *( 1*(WSP / FWS) tval ) ]
 *     tval      =  1*( %x21-3A / %x3C-7E )
 *
 * (RFC 6376, section 3.2), and octets above 127 (RFC 8616). */
#include "trust_tags.h"

#include <string.h>

static bool
is_fws(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
tag_free(void *data)
{
    TrustTag *tag = data;

    g_free(tag->name);
    g_free(tag->value);
    g_free(tag);
}

void
trust_tags_free(TrustTags *tags)
{
    if (tags == NULL)
        return;
    g_ptr_array_unref(tags->tags);
    g_free(tags);
}

const char *
trust_tags_get(const TrustTags *tags, const char *name)
{
    for (guint i = 0; i < tags->tags->len; i++) {
        const TrustTag *tag = g_ptr_array_index(tags->tags, i);

        if (strcmp(tag->name, name) == 0)
            return tag->value;
    }
    return NULL;
}

static void
trim(const char **from, const char **end)
{
    while (*from < *end && is_fws(**from))
        (*from)++;
    while (*end > *from && is_fws((*end)[-1]))
        (*end)--;
}

static bool
is_tag_name(const char *from, const char *end)
{
    if (from == end || !g_ascii_isalpha(*from))
        return false;
    while (from < end && (g_ascii_isalnum(*from) || *from == '_'))
        from++;
    return from == end;
}

static bool
is_tag_value(const char *from, const char *end)
{
    for (; from < end; from++)
        if (!is_fws(*from) && ((guchar)*from < 0x21 || *from == 0x7f))
            return false;
    return true;
}

/* One tag-spec; returns why it is none, or NULL. */
static const char *
read_spec(TrustTags *tags, const char *from, const char *end)
{
    const char *equals = memchr(from, '=', (gsize)(end - from));
    const char *value;
    TrustTag *tag;

    trim(&from, &end);
    if (from == end)
        return "an empty tag";
    if (equals == NULL)
        return "a tag without =";
    value = equals + 1;
    trim(&from, &equals);
    trim(&value, &end);
    if (!is_tag_name(from, equals))
        return "a tag name that is none";
    if (!is_tag_value(value, end))
        return "a control character in a tag";
    if (tags->tags->len == TRUST_MAX_TAGS)
        return "too many tags";
    tag = g_new0(TrustTag, 1);
    tag->name = g_strndup(from, (gsize)(equals - from));
    tag->value = g_strndup(value, (gsize)(end - value));
    if (trust_tags_get(tags, tag->name) != NULL) {
        tag_free(tag);
        return "a tag that stands twice";
    }
    g_ptr_array_add(tags->tags, tag);
    return NULL;
}

TrustTags *
trust_tags_parse(const char *text, gsize size, const char **reason)
{
    g_autoptr(TrustTags) tags = g_new0(TrustTags, 1);
    const char *at = text;
    const char *end = text + size;

    tags->tags = g_ptr_array_new_with_free_func(tag_free);
    trim(&at, &end);
    if (at < end && end[-1] == ';')
        end--;
    do {
        const char *semicolon = memchr(at, ';', (gsize)(end - at));
        const char *stop = semicolon ? semicolon : end;

        *reason = read_spec(tags, at, stop);
        if (*reason != NULL)
            return NULL;
        at = semicolon ? semicolon + 1 : NULL;
    } while (at != NULL);
    return g_steal_pointer(&tags);
}

GBytes *
trust_base64(const char *text)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    gsize padding = 0;
    gsize size;
    guchar *octets;

    for (; *text; text++) {
        if (is_fws(*text))
            continue;
        if (*text == '=')
            padding++;
        else if (padding > 0
                 || !(g_ascii_isalnum(*text) || *text == '+' || *text == '/'))
            return NULL;
        g_string_append_c(plain, *text);
    }
    if (plain->len == 0 || plain->len % 4 != 0 || padding > 2)
        return NULL;
    octets = g_base64_decode(plain->str, &size);
    return g_bytes_new_take(octets, size);
}

gint64
trust_number(const char *text)
{
    gint64 number = 0;

    if (*text == '\0')
        return -1;
    for (; *text; text++) {
        if (!g_ascii_isdigit(*text))
            return -1;
        if (number > (G_MAXINT64 - 9) / 10)
            number = G_MAXINT64 / 10 - 1;
        number = number * 10 + (*text - '0');
    }
    return number;
}

bool
trust_list_has(const char *list, char separator, const char *word)
{
    gsize size = strlen(word);

    while (list != NULL) {
        const char *next = strchr(list, separator);
        const char *end = next ? next : list + strlen(list);

        trim(&list, &end);
        if ((gsize)(end - list) == size
            && g_ascii_strncasecmp(list, word, size) == 0)
            return true;
        list = next ? next + 1 : NULL;
    }
    return false;
}
