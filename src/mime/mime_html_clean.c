/* HTML before gumbo sees it. gumbo keeps no bound of its own: its stack of open
 * elements is searched for each tag and its list of formatting elements is
 * cloned into each block, so that crafted HTML costs time and memory by the
 * square. Here tags are read as the HTML standard's tokenizer reads them
 * (section 13.2.5) and written out again in one plain form: known elements
 * only, formatting ones as <span>, a bounded depth, no script, style or
 * comment, and of the attributes those that text can show. Linear: no byte is
 * looked at twice, and nothing is written that was not understood. */
#include "mime_html.h"

#include <string.h>

#include "mime/limits.h"

enum {
    ATTRIBUTE_BYTES = 8192,
    NAME_BYTES = 16
};

typedef enum {
    ELEMENT_DROP,    /* the tag is left out, its content stays */
    ELEMENT_SPAN,    /* any element within a line */
    ELEMENT_BLOCK,   /* any block: <div> */
    ELEMENT_KEEP,    /* written under its own name */
    ELEMENT_IMPLIED, /* the same; closes itself, so it is not counted */
    ELEMENT_VOID,    /* the same, has no end */
    ELEMENT_RAW,     /* dropped with all that is inside */
} ElementKind;

static const struct {
    const char *name;
    ElementKind kind;
} elements[] = {
    { "a", ELEMENT_KEEP },          { "address", ELEMENT_BLOCK },
    { "article", ELEMENT_BLOCK },   { "aside", ELEMENT_BLOCK },
    { "base", ELEMENT_DROP },       { "blockquote", ELEMENT_KEEP },
    { "body", ELEMENT_DROP },       { "br", ELEMENT_VOID },
    { "caption", ELEMENT_IMPLIED }, { "center", ELEMENT_BLOCK },
    { "col", ELEMENT_DROP },        { "colgroup", ELEMENT_DROP },
    { "dd", ELEMENT_IMPLIED },      { "details", ELEMENT_BLOCK },
    { "div", ELEMENT_BLOCK },       { "dl", ELEMENT_KEEP },
    { "dt", ELEMENT_IMPLIED },      { "embed", ELEMENT_DROP },
    { "fieldset", ELEMENT_BLOCK },  { "figcaption", ELEMENT_BLOCK },
    { "figure", ELEMENT_BLOCK },    { "footer", ELEMENT_BLOCK },
    { "form", ELEMENT_BLOCK },      { "frame", ELEMENT_DROP },
    { "frameset", ELEMENT_DROP },   { "h1", ELEMENT_KEEP },
    { "h2", ELEMENT_KEEP },         { "h3", ELEMENT_KEEP },
    { "h4", ELEMENT_KEEP },         { "h5", ELEMENT_KEEP },
    { "h6", ELEMENT_KEEP },         { "head", ELEMENT_DROP },
    { "header", ELEMENT_BLOCK },    { "hr", ELEMENT_VOID },
    { "html", ELEMENT_DROP },       { "iframe", ELEMENT_RAW },
    { "img", ELEMENT_VOID },        { "input", ELEMENT_DROP },
    { "li", ELEMENT_IMPLIED },      { "link", ELEMENT_DROP },
    { "main", ELEMENT_BLOCK },      { "meta", ELEMENT_DROP },
    { "nav", ELEMENT_BLOCK },       { "noembed", ELEMENT_RAW },
    { "noframes", ELEMENT_RAW },    { "noscript", ELEMENT_DROP },
    { "object", ELEMENT_SPAN },     { "ol", ELEMENT_KEEP },
    { "p", ELEMENT_IMPLIED },       { "param", ELEMENT_DROP },
    { "plaintext", ELEMENT_RAW },   { "pre", ELEMENT_KEEP },
    { "script", ELEMENT_RAW },      { "section", ELEMENT_BLOCK },
    { "source", ELEMENT_DROP },     { "style", ELEMENT_RAW },
    { "table", ELEMENT_KEEP },      { "tbody", ELEMENT_IMPLIED },
    { "td", ELEMENT_IMPLIED },      { "textarea", ELEMENT_RAW },
    { "tfoot", ELEMENT_IMPLIED },   { "th", ELEMENT_IMPLIED },
    { "thead", ELEMENT_IMPLIED },   { "title", ELEMENT_RAW },
    { "tr", ELEMENT_IMPLIED },      { "track", ELEMENT_DROP },
    { "ul", ELEMENT_KEEP },         { "wbr", ELEMENT_DROP },
    { "xmp", ELEMENT_RAW },
};

typedef struct {
    char name[NAME_BYTES];
    bool closes;
    bool hidden;
    bool tiny; /* of an image: nobody sees it */
    char *href, *src, *alt, *start; /* raw, entities as written; or NULL */
} Tag;

typedef struct {
    const char *at;
    const char *end;
    GString *out;
    gsize limit;
    char open[MIME_MAX_HTML_DEPTH][NAME_BYTES]; /* as the sender named them */
    int depth;
    guint skipped; /* open elements beyond the depth */
    bool cut;
} Clean;

static void
tag_clear(Tag *tag)
{
    g_free(tag->href);
    g_free(tag->src);
    g_free(tag->alt);
    g_free(tag->start);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tag, tag_clear)

static int
element_compare(const void *name, const void *element)
{
    return strcmp(name, *(const char *const *)element);
}

static ElementKind
element_kind(const char *name)
{
    const char *const *found = bsearch(name, elements, G_N_ELEMENTS(elements),
                                       sizeof elements[0], element_compare);

    if (found == NULL)
        return ELEMENT_SPAN;
    return elements[((const char *)found - (const char *)elements)
                    / sizeof elements[0]]
        .kind;
}

static const char *
written_name(const char *name, ElementKind kind)
{
    return kind == ELEMENT_SPAN ? "span" : kind == ELEMENT_BLOCK ? "div" : name;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void
skip_blanks(Clean *clean, const char *also)
{
    while (clean->at < clean->end
           && (is_blank(*clean->at) || (*also && *clean->at == *also)))
        clean->at++;
}

/* In lower case, without blanks, each declaration ended by ";". g_free(). */
static char *
style_flat(const char *style)
{
    GString *flat = g_string_new(";");

    for (; *style; style++)
        if (!is_blank(*style))
            g_string_append_c(flat, g_ascii_tolower(*style));
    g_string_append_c(flat, ';');
    return g_string_free(flat, FALSE);
}

/* A length of less than two pixels; without a number it is none. */
static bool
is_tiny(const char *length)
{
    char *end;
    double pixels = g_ascii_strtod(length, &end);

    return end > length && pixels < 2 && *end != '%'
           && !g_str_has_prefix(end, "em") && !g_str_has_prefix(end, "rem");
}

/* A declaration of a size that nobody sees. */
static bool
style_is_tiny(const char *flat)
{
    static const char *const sizes[] = { ";width:", ";height:", ";max-width:",
                                         ";max-height:" };
    bool tiny = false;

    for (guint i = 0; i < G_N_ELEMENTS(sizes) && !tiny; i++) {
        const char *found = strstr(flat, sizes[i]);

        tiny = found && is_tiny(found + strlen(sizes[i]));
    }
    return tiny;
}

/* A declaration that hides, anywhere in a style attribute. */
static bool
style_hides(const char *flat)
{
    static const char *const hints[] = { "display:none",   "visibility:hidden",
                                         "mso-hide:all",   "font-size:0;",
                                         "font-size:0px;", "max-height:0",
                                         "opacity:0;" };

    for (guint i = 0; i < G_N_ELEMENTS(hints); i++)
        if (strstr(flat, hints[i]))
            return true;
    return false;
}

static bool
is_name(const char *name, gsize size, const char *wanted)
{
    return size == strlen(wanted)
           && g_ascii_strncasecmp(name, wanted, size) == 0;
}

/* Takes value. The first of several attributes of one name counts. */
static void
tag_set(Tag *tag, const char *name, gsize size, char *value)
{
    const struct {
        const char *name;
        char **slot;
    } kept[] = { { "href", &tag->href },
                 { "src", &tag->src },
                 { "alt", &tag->alt },
                 { "start", &tag->start } };

    if (is_name(name, size, "hidden"))
        tag->hidden = true;
    if (is_name(name, size, "width") || is_name(name, size, "height"))
        tag->tiny = tag->tiny || is_tiny(value);
    if (is_name(name, size, "style")) {
        g_autofree char *flat = style_flat(value);

        tag->hidden = tag->hidden || style_hides(flat);
        tag->tiny = tag->tiny || style_is_tiny(flat);
    }
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        if (*kept[i].slot == NULL && is_name(name, size, kept[i].name))
            *kept[i].slot = g_steal_pointer(&value);
    g_free(value);
}

static char *
read_value(Clean *clean)
{
    const char *start = clean->at, *stop;
    char quote = *start;

    if (quote == '"' || quote == '\'') {
        start++;
        stop = memchr(start, quote, clean->end - start);
        if (stop == NULL)
            stop = clean->end;
        clean->at = MIN(stop + 1, clean->end);
    } else {
        stop = start;
        while (stop < clean->end && !is_blank(*stop) && *stop != '>')
            stop++;
        clean->at = stop;
    }
    return g_strndup(start, MIN(stop - start, ATTRIBUTE_BYTES));
}

static void
read_attribute(Clean *clean, Tag *tag)
{
    const char *name = clean->at;
    gsize size;
    char *value;

    /* A "=" in front belongs to the name. */
    clean->at++;
    while (clean->at < clean->end && !is_blank(*clean->at)
           && !strchr("/>=", *clean->at))
        clean->at++;
    size = clean->at - name;
    skip_blanks(clean, "");
    if (clean->at >= clean->end || *clean->at != '=') {
        tag_set(tag, name, size, g_strdup(""));
        return;
    }
    clean->at++;
    skip_blanks(clean, "");
    value = clean->at < clean->end && *clean->at != '>' ? read_value(clean)
                                                        : g_strdup("");
    tag_set(tag, name, size, value);
}

/* From the "<" of a tag to behind its ">". False at the end of the text. */
static bool
read_tag(Clean *clean, Tag *tag)
{
    gsize n = 0;

    clean->at++;
    if (*clean->at == '/') {
        tag->closes = true;
        clean->at++;
    }
    while (clean->at < clean->end && !is_blank(*clean->at)
           && !strchr("/>", *clean->at)) {
        if (n < NAME_BYTES - 1)
            tag->name[n++] = g_ascii_tolower(*clean->at);
        clean->at++;
    }
    for (;;) {
        skip_blanks(clean, "/");
        if (clean->at >= clean->end)
            return false;
        if (*clean->at == '>') {
            clean->at++;
            return true;
        }
        read_attribute(clean, tag);
    }
}

static void
write_attribute(GString *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_string_append_printf(out, " %s=\"", name);
    for (; *value; value++) {
        if (*value == '"')
            g_string_append(out, "&quot;");
        else
            g_string_append_c(out, *value);
    }
    g_string_append_c(out, '"');
}

static void
write_tag(Clean *clean, const Tag *tag, ElementKind kind)
{
    g_string_append_printf(clean->out, "<%s", written_name(tag->name, kind));
    if (tag->hidden)
        g_string_append(clean->out, " hidden");
    if (g_str_equal(tag->name, "a"))
        write_attribute(clean->out, "href", tag->href);
    if (g_str_equal(tag->name, "img")) {
        write_attribute(clean->out, "src", tag->src);
        write_attribute(clean->out, "alt", tag->alt);
        write_attribute(clean->out, "width", tag->tiny ? "0" : NULL);
    }
    if (g_str_equal(tag->name, "ol"))
        write_attribute(clean->out, "start", tag->start);
    g_string_append_c(clean->out, '>');
}

static void
write_end(Clean *clean, const char *name)
{
    g_string_append_printf(clean->out, "</%s>",
                           written_name(name, element_kind(name)));
}

static void
open_element(Clean *clean, const Tag *tag, ElementKind kind)
{
    bool counted =
        kind == ELEMENT_SPAN || kind == ELEMENT_BLOCK || kind == ELEMENT_KEEP;

    if (counted && clean->depth == MIME_MAX_HTML_DEPTH) {
        clean->skipped++;
        clean->cut = true;
        return;
    }
    if (counted)
        g_strlcpy(clean->open[clean->depth++], tag->name, NAME_BYTES);
    write_tag(clean, tag, kind);
}

/* An end tag closes what is open inside its element, in writing: what gumbo is
 * given is nested as deep as is counted here. One that fits nothing is left
 * out. */
static void
close_element(Clean *clean, const Tag *tag, ElementKind kind)
{
    int at = clean->depth - 1;

    if (kind == ELEMENT_IMPLIED) {
        write_end(clean, tag->name);
        return;
    }
    if (clean->skipped > 0) {
        clean->skipped--;
        return;
    }
    while (at >= 0 && !g_str_equal(clean->open[at], tag->name))
        at--;
    if (at < 0)
        return;
    while (clean->depth > at)
        write_end(clean, clean->open[--clean->depth]);
}

/* Behind the end tag of an element whose content is not text for a reader. */
static void
skip_raw(Clean *clean, const char *name)
{
    gsize length = strlen(name);

    for (;;) {
        const char *tag = memmem(clean->at, clean->end - clean->at, "</", 2);

        if (tag == NULL) {
            clean->at = clean->end;
            return;
        }
        clean->at = tag + 2;
        if ((gsize)(clean->end - clean->at) > length
            && g_ascii_strncasecmp(clean->at, name, length) == 0
            && !g_ascii_isalnum(clean->at[length]))
            break;
    }
    while (clean->at < clean->end && *clean->at != '>')
        clean->at++;
    clean->at = MIN(clean->at + 1, clean->end);
}

static void
clean_tag(Clean *clean)
{
    g_auto(Tag) tag = { 0 };
    ElementKind kind;

    if (!read_tag(clean, &tag))
        return;
    kind = element_kind(tag.name);
    if (kind == ELEMENT_DROP)
        return;
    if (kind == ELEMENT_RAW) {
        if (!tag.closes)
            skip_raw(clean, tag.name);
    } else if (!tag.closes) {
        open_element(clean, &tag, kind);
    } else if (kind != ELEMENT_VOID) {
        close_element(clean, &tag, kind);
    }
}

/* "<!-- … -->", "<!DOCTYPE …>", "<? … >", "</3 >": left out. */
static void
skip_comment(Clean *clean)
{
    gsize left = clean->end - clean->at;
    const char *stop;

    if (left >= 4 && memcmp(clean->at, "<!--", 4) == 0) {
        /* "<!-->" is whole already, so the dashes may be shared. */
        stop = memmem(clean->at + 2, left - 2, "-->", 3);
        clean->at = stop ? stop + 3 : clean->end;
        return;
    }
    stop = memchr(clean->at, '>', left);
    clean->at = stop ? stop + 1 : clean->end;
}

static void
clean_markup(Clean *clean)
{
    char next = clean->end - clean->at > 1 ? clean->at[1] : '\0';
    char after = clean->end - clean->at > 2 ? clean->at[2] : '\0';

    if (g_ascii_isalpha(next) || (next == '/' && g_ascii_isalpha(after))) {
        clean_tag(clean);
    } else if (next == '!' || next == '?' || (next == '/' && after)) {
        skip_comment(clean);
    } else {
        g_string_append(clean->out, "&lt;");
        clean->at++;
    }
}

char *
mime_html_clean(const char *html, gsize limit, bool *cut)
{
    Clean *clean = g_new0(Clean, 1);
    char *out;

    clean->at = html;
    clean->end = html + strlen(html);
    clean->limit = limit;
    clean->out = g_string_new(NULL);
    while (clean->at < clean->end && clean->out->len < limit) {
        const char *tag = memchr(clean->at, '<', clean->end - clean->at);
        const char *stop = tag ? tag : clean->end;
        gsize room = limit - clean->out->len;

        stop = clean->at + MIN((gsize)(stop - clean->at), room);
        g_string_append_len(clean->out, clean->at, stop - clean->at);
        clean->at = stop;
        if (stop == tag)
            clean_markup(clean);
    }
    *cut = clean->cut || clean->at < clean->end;
    out = g_string_free(clean->out, FALSE);
    g_free(clean);
    return out;
}
