/* A message as the lines a reader wants to see first. Puts the other files of
 * the room in order: choose parts, decode, convert, make logical lines, wrap,
 * fold. Trouble with a part becomes a note in its place. */
#include "mime_text.h"

#include <string.h>

#include "base/text.h"
#include "mime/limits.h"
#include "mime_charset.h"
#include "mime_choose.h"

static void
link_free(MimeLink *link)
{
    g_free(link->target);
    g_free(link->shown);
    g_free(link);
}

MimeText *
mime_text_create(void)
{
    MimeText *text = g_new0(MimeText, 1);

    text->lines = g_ptr_array_new();
    text->links = g_ptr_array_new_with_free_func((GDestroyNotify)link_free);
    text->images =
        g_ptr_array_new_with_free_func((GDestroyNotify)mime_image_free);
    return text;
}

void
mime_text_free(MimeText *text)
{
    if (text == NULL)
        return;
    g_ptr_array_unref(text->lines);
    g_ptr_array_unref(text->links);
    g_ptr_array_unref(text->images);
    g_free(text->note);
    g_free(text);
}

/* Notes for the header pane gather on one line, each once. */
static void
text_note(MimeText *text, const char *note)
{
    g_autofree char *safe = text_sanitise(note, -1, TEXT_LINE);
    char *joined;

    if (text->note && strstr(text->note, safe))
        return;
    joined = text->note ? g_strdup_printf("%s · %s", text->note, safe)
                        : g_steal_pointer(&safe);
    g_free(text->note);
    text->note = joined;
}

static void
logical_note(GPtrArray *logical, const char *note)
{
    mime_logical_add(logical, MIME_LINE_NOTE, 0, g_strdup(note));
}

/* The charset that HTML names itself; NULL: none. */
static char *
html_charset(const char *bytes, gsize size)
{
    g_autofree char *head = g_ascii_strdown(bytes, MIN(size, 2048));
    const char *at = strstr(head, "charset=");

    if (at == NULL)
        return NULL;
    at += strlen("charset=");
    at += strspn(at, "\"' ");
    return g_strndup(at, strcspn(at, "\"' />;"));
}

/* The decoded text of a leaf as UTF-8, at most limit octets of it. */
char *
mime_node_text(MimeMessage *message, const MimeNode *node, gsize limit,
               MimeText *text)
{
    g_autoptr(GBytes) bytes = mime_node_decode(message, node, limit + 1);
    g_autofree char *charset = g_strdup(node->pub.charset);
    g_autofree char *note = NULL;
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    char *utf8;

    if (charset == NULL && mime_node_is_html(node) && size > 0)
        charset = html_charset(data, size);
    utf8 = mime_to_utf8(data, MIN(size, limit), charset, &note);
    if (note)
        text_note(text, note);
    if (size > limit)
        text_note(text, "long text is cut: save the part to read all of it");
    return utf8;
}

static void
add_html(MimeText *text, const char *utf8, MimeHtmlMode mode,
         GPtrArray *logical)
{
    bool cut;
    g_autofree char *clean = mime_html_clean(utf8, MIME_MAX_HTML_BYTES, &cut);

    text->is_html = true;
    if (cut)
        text_note(text, "HTML is too long or too deep: part of it is flat");
    mime_html_render(clean, mode, text, logical);
}

static bool
has_param(const MimeNode *node, const char *name, const char *word)
{
    const char *value = mime_node_param(node, name);

    return value && g_ascii_strcasecmp(value, word) == 0;
}

void
mime_node_logical(MimeMessage *message, const MimeNode *node, MimeHtmlMode mode,
                  MimeText *text, GPtrArray *logical)
{
    g_autofree char *utf8 =
        mime_node_text(message, node, MIME_MAX_TEXT_BYTES, text);
    guint before;

    if (mime_node_is_html(node)) {
        add_html(text, utf8, mode, logical);
        return;
    }
    before = logical->len;
    mime_flow_decode(utf8, has_param(node, "format", "flowed"),
                     has_param(node, "delsp", "yes"), logical);
    for (guint i = before; i < logical->len; i++)
        mime_url_find(text, logical->pdata[i], mode & MIME_HTML_URLS);
}

static void
add_head_line(GPtrArray *logical, const MimeNode *inner, const char *name)
{
    MimeSpan value = mime_node_field(inner, name);
    g_autofree char *text = value.bytes ? mime_decode(value) : NULL;

    if (text)
        mime_logical_add(logical, MIME_LINE_NOTE, 0,
                         g_strdup_printf("%s: %s", name, text));
}

/* The head of an attached message, whose own parts follow. */
static void
add_message_head(MimeMessage *message, int index, GPtrArray *logical)
{
    const MimeNode *inner = mime_node(message, index + 1);

    logical_note(logical, "Attached message");
    add_head_line(logical, inner, "From");
    add_head_line(logical, inner, "Date");
    add_head_line(logical, inner, "Subject");
    mime_logical_add(logical, MIME_LINE_TEXT, 0, g_strdup(""));
}

static void
add_part(MimeMessage *message, int index, MimeHtmlMode mode, MimeText *text,
         GPtrArray *logical)
{
    const MimeNode *node = mime_node(message, index);

    if (logical->len > 0)
        mime_logical_add(logical, MIME_LINE_TEXT, 0, g_strdup(""));
    if (node->is_message) {
        add_message_head(message, index, logical);
        return;
    }
    if (node->pub.name && logical->len > 0)
        mime_logical_add(logical, MIME_LINE_NOTE, 0,
                         g_strdup_printf("File: %s", node->pub.name));
    mime_node_logical(message, node, mode, text, logical);
}

/* Nothing readable: says what is there instead. */
static void
add_nothing(MimeMessage *message, GPtrArray *logical)
{
    const MimeNode *root = mime_node(message, 0);
    g_autofree char *note = NULL;

    if (g_str_equal(root->pub.content_type, "multipart/encrypted"))
        note = g_strdup("this message is encrypted");
    else
        note = g_strdup_printf("not text: %s", root->pub.content_type);
    logical_note(logical, note);
}

static void
add_links(const MimeText *text, GPtrArray *logical)
{
    if (text->links->len == 0)
        return;
    mime_logical_add(logical, MIME_LINE_TEXT, 0, g_strdup(""));
    for (guint i = 0; i < text->links->len; i++) {
        const MimeLink *link = g_ptr_array_index(text->links, i);
        MimeLogical *line = mime_logical_add(
            logical, MIME_LINE_LINK, 0,
            link->lies
                ? g_strdup_printf("%s   shown as %s", link->target, link->shown)
                : g_strdup(link->target));

        line->first = g_strdup_printf("%3u ", i + 1);
        line->rest = g_strdup("    ");
    }
}

static void
add_raw(MimeMessage *message, MimeText *text, GPtrArray *logical)
{
    g_autofree char *note = NULL;
    g_autofree char *utf8 = NULL;
    gsize size;
    const char *bytes = g_bytes_get_data(message->bytes, &size);
    g_auto(GStrv) lines = NULL;

    if (size > MIME_MAX_TEXT_BYTES)
        text_note(text, "long text is cut: save the message to read all");
    utf8 = mime_to_utf8(bytes, MIN(size, MIME_MAX_TEXT_BYTES), NULL, &note);
    lines = g_strsplit(utf8, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (lines[i + 1] == NULL && *lines[i] == '\0')
            break;
        g_strchomp(lines[i]);
        mime_logical_add(logical, MIME_LINE_TEXT, 0, g_steal_pointer(&lines[i]))
            ->hard = true;
        lines[i] = g_strdup("");
    }
}

static void
add_rendered(MimeMessage *message, const MimeTextOptions *options,
             MimeText *text, GPtrArray *logical)
{
    g_autoptr(GArray) chosen = mime_choose(message, options->prefer_html);
    MimeHtmlMode mode =
        MIME_HTML_NUMBERS | (options->images ? MIME_HTML_IMAGES : 0)
        | (options->number_urls ? MIME_HTML_URLS : 0);

    for (guint i = 0; i < chosen->len; i++)
        add_part(message, g_array_index(chosen, int, i), mode, text, logical);
    if (chosen->len == 0)
        add_nothing(message, logical);
    mime_images_resolve(message, options->images, text, logical);
    if (options->list_links && text->is_html)
        add_links(text, logical);
}

MimeText *
mime_text(MimeMessage *message, const MimeTextOptions *options)
{
    MimeText *text = mime_text_create();
    g_autoptr(GPtrArray) logical = mime_logical_list();

    if (message->limit) {
        g_autofree char *note =
            g_strdup_printf("beyond a limit: %s", message->limit);

        text_note(text, note);
    }
    if (options->raw)
        add_raw(message, text, logical);
    else
        add_rendered(message, options, text, logical);
    mime_wrap(logical, options->width, text->lines);
    if (!options->all_quotes && !options->raw)
        text->lines = mime_fold_quotes(text->lines);
    return text;
}
