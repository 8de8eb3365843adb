/* Domains: IDNA by libidn2, registered domains by libpsl, scripts by GLib. Asks
 * nobody. */
#include "trust_domain.h"

#include <idn2.h>
#include <libpsl.h>
#include <string.h>

static bool
label_is_valid(const char *from, gsize size)
{
    if (size == 0 || size > 63)
        return false;
    for (gsize i = 0; i < size; i++)
        if (!g_ascii_isalnum(from[i]) && from[i] != '-' && from[i] != '_')
            return false;
    return from[0] != '-' && from[size - 1] != '-';
}

static bool
ascii_is_valid(const char *ascii)
{
    guint labels = 0;

    if (strlen(ascii) > 253)
        return false;
    while (true) {
        const char *dot = strchr(ascii, '.');
        gsize size = dot ? (gsize)(dot - ascii) : strlen(ascii);

        if (!label_is_valid(ascii, size))
            return false;
        labels++;
        if (dot == NULL)
            return labels >= 2;
        ascii = dot + 1;
    }
}

static bool
is_ascii(const char *text)
{
    for (; *text; text++)
        if ((guchar)*text >= 0x80)
            return false;
    return true;
}

char *
trust_domain_ascii(const char *domain)
{
    g_autofree char *folded = NULL;
    gsize size = strlen(domain);
    char *ascii;

    if (size > 0 && domain[size - 1] == '.')
        size--;
    if (size > 1000)
        return NULL;
    folded = g_strndup(domain, size);
    if (is_ascii(folded)) {
        ascii = g_ascii_strdown(folded, -1);
    } else {
        char *made = NULL;

        if (idn2_to_ascii_8z(folded, &made,
                             IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)
            != IDN2_OK)
            return NULL;
        ascii = g_ascii_strdown(made, -1);
        idn2_free(made);
    }
    if (!ascii_is_valid(ascii))
        g_clear_pointer(&ascii, g_free);
    return ascii;
}

char *
trust_domain_unicode(const char *ascii)
{
    char *made = NULL;
    char *unicode;

    if (strstr(ascii, "xn--") == NULL
        || idn2_to_unicode_8z8z(ascii, &made, 0) != IDN2_OK)
        return g_strdup(ascii);
    unicode = g_strdup(made);
    idn2_free(made);
    return unicode;
}

bool
trust_domain_within(const char *domain, const char *parent)
{
    gsize below = strlen(domain);
    gsize above = strlen(parent);

    if (above == 0 || below < above
        || g_ascii_strcasecmp(domain + below - above, parent) != 0)
        return false;
    return below == above || domain[below - above - 1] == '.';
}

char *
trust_domain_of_address(const char *address)
{
    const char *at = strrchr(address, '@');

    return at ? trust_domain_ascii(at + 1) : NULL;
}

char *
trust_domain_registered(const char *ascii)
{
    const psl_ctx_t *list = psl_builtin();
    const char *found = list ? psl_registrable_domain(list, ascii) : NULL;

    return g_strdup(found ? found : ascii);
}

bool
trust_domain_related(const char *a, const char *b)
{
    g_autofree char *one = NULL;
    g_autofree char *other = NULL;

    if (a == NULL || b == NULL)
        return false;
    one = trust_domain_registered(a);
    other = trust_domain_registered(b);
    return g_ascii_strcasecmp(one, other) == 0;
}

/* Letters of other scripts that look like Latin ones, and that Latin letter.
 * The ones that whole names can be written in. */
static const struct {
    gunichar foreign;
    char latin;
} lookalikes[] = {
    { 0x0430, 'a' }, { 0x0432, 'b' }, { 0x0435, 'e' }, { 0x0433, 'r' },
    { 0x0437, '3' }, { 0x043a, 'k' }, { 0x043c, 'm' }, { 0x043d, 'h' },
    { 0x043e, 'o' }, { 0x043f, 'n' }, { 0x0440, 'p' }, { 0x0441, 'c' },
    { 0x0442, 't' }, { 0x0443, 'y' }, { 0x0445, 'x' }, { 0x0448, 'w' },
    { 0x0451, 'e' }, { 0x0455, 's' }, { 0x0456, 'i' }, { 0x0457, 'i' },
    { 0x0458, 'j' }, { 0x04bb, 'h' }, { 0x04cf, 'l' }, { 0x0501, 'd' },
    { 0x051b, 'q' }, { 0x051d, 'w' }, { 0x03b1, 'a' }, { 0x03b5, 'e' },
    { 0x03b9, 'i' }, { 0x03ba, 'k' }, { 0x03bd, 'v' }, { 0x03bf, 'o' },
    { 0x03c1, 'p' }, { 0x03c4, 't' }, { 0x03c5, 'u' }, { 0x03c7, 'x' },
    { 0x0261, 'g' }, { 0x0131, 'i' }, { 0x0269, 'i' }, { 0x0578, 'n' },
    { 0x057d, 'u' }, { 0x0585, 'o' }, { 0x0570, 'h' }, { 0x0581, 'g' },
    { 0x0584, 'p' }, { 0x0555, 'o' },
};

static char
latin_of(gunichar c)
{
    for (guint i = 0; i < G_N_ELEMENTS(lookalikes); i++)
        if (lookalikes[i].foreign == c)
            return lookalikes[i].latin;
    return '\0';
}

static bool
is_common(GUnicodeScript script)
{
    return script == G_UNICODE_SCRIPT_COMMON
           || script == G_UNICODE_SCRIPT_INHERITED;
}

/* Scripts that are written together. */
static GUnicodeScript
script_family(gunichar c)
{
    GUnicodeScript script = g_unichar_get_script(c);

    switch (script) {
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_BOPOMOFO:
    case G_UNICODE_SCRIPT_HANGUL:
        return G_UNICODE_SCRIPT_HAN;
    default:
        return script;
    }
}

static const char *
script_word(GUnicodeScript script)
{
    switch (script) {
    case G_UNICODE_SCRIPT_LATIN:
        return "Latin";
    case G_UNICODE_SCRIPT_CYRILLIC:
        return "Cyrillic";
    case G_UNICODE_SCRIPT_GREEK:
        return "Greek";
    case G_UNICODE_SCRIPT_ARMENIAN:
        return "Armenian";
    default:
        return "another";
    }
}

/* Of one label: how many letters, how many of them lookalikes, and what it
 * would be in Latin. */
typedef struct {
    GUnicodeScript script; /* of its first letter; COMMON: none */
    GUnicodeScript other;  /* one that does not go with it, or COMMON */
    guint letters;
    guint alike;
    GString *latin;
} Label;

static void
label_add(Label *label, gunichar c)
{
    GUnicodeScript script = script_family(c);
    char latin = latin_of(c);

    g_string_append_unichar(label->latin, latin ? (gunichar)latin : c);
    if (is_common(script))
        return;
    label->letters++;
    label->alike += latin != '\0';
    if (is_common(label->script))
        label->script = script;
    else if (script != label->script
             && !(script == G_UNICODE_SCRIPT_HAN
                  || label->script == G_UNICODE_SCRIPT_HAN))
        label->other = script;
}

static char *
label_suspicion(const char *text, const char *rest)
{
    Label label = { G_UNICODE_SCRIPT_COMMON, G_UNICODE_SCRIPT_COMMON, 0, 0,
                    g_string_new(NULL) };
    char *words = NULL;

    for (const char *at = text; *at; at = g_utf8_next_char(at))
        label_add(&label, g_utf8_get_char(at));
    if (!is_common(label.other))
        words =
            g_strdup_printf("mixes %s and %s letters: looks like %s%s",
                            script_word(label.script), script_word(label.other),
                            label.latin->str, rest);
    else if (label.letters > 1 && label.alike == label.letters)
        words =
            g_strdup_printf("%s letters that look like %s%s",
                            script_word(label.script), label.latin->str, rest);
    g_string_free(label.latin, TRUE);
    return words;
}

char *
trust_domain_suspicion(const char *ascii)
{
    g_autofree char *unicode = trust_domain_unicode(ascii);
    g_auto(GStrv) labels = NULL;

    if (is_ascii(unicode) || !g_utf8_validate(unicode, -1, NULL))
        return NULL;
    labels = g_strsplit(unicode, ".", -1);
    for (guint i = 0; labels[i]; i++) {
        g_autofree char *joined = g_strjoinv(".", labels + i + 1);
        g_autofree char *rest = g_strconcat(*joined ? "." : "", joined, NULL);
        char *words = label_suspicion(labels[i], rest);

        if (words != NULL)
            return words;
    }
    return NULL;
}
