/* HTML as lines of text, from gumbo's tree (RFC 2854): blocks, headings, lists,
 * tables a row a line, quotes, links with numbers, the places of images. No
 * style, no script, no network: an image is noted, never asked for, and one
 * that nobody would see is counted apart (promise P61). The tree
 * is walked by its own parent pointers, so depth costs no stack. */
#include "mime_html.h"

#include <gumbo.h>
#include <stdlib.h>
#include <string.h>

#include "mime/limits.h"

enum {
    LIST_DEPTH = 16,
    LINK_TEXT_BYTES = 2000,
    LINE_BYTES = 64 * 1024
};

typedef struct {
    bool ordered;
    int number; /* of the last item */
    bool begun; /* has an item */
} List;

typedef struct {
    MimeText *text;
    GPtrArray *out; /* MimeLogical */
    GString *line;  /* of the block being read */
    GString *link;  /* text of the open link, NULL: none */
    const char *href;
    GArray *images; /* guint: numbers of those of the line */
    GPtrArray *marks; /* numbers of its links; NULL: none yet */
    gsize marked;     /* octets of it up to the last of them */
    char *bullet; /* for the next line, or NULL */
    List lists[LIST_DEPTH];
    int n_lists; /* may pass LIST_DEPTH */
    int quotes;
    int pre;
    int heading;
    MimeHtmlMode mode;
    bool blank; /* a blank was read and not yet written */
    bool gap;   /* an empty line is due before the next text */
    bool row_started;
} Html;

static char *
indent_of(const Html *html)
{
    int levels = MIN(html->n_lists, LIST_DEPTH);

    return g_strnfill(levels * 3, ' ');
}

static MimeLineKind
line_kind(const Html *html)
{
    return html->quotes > 0    ? MIME_LINE_QUOTE
           : html->heading > 0 ? MIME_LINE_HEADING
                               : MIME_LINE_TEXT;
}

/* No-break spaces have done their work once blanks are joined. */
static char *
line_text(const Html *html)
{
    GString *out = g_string_sized_new(html->line->len);

    for (const char *p = html->line->str; *p; p++) {
        if (p[0] == '\302' && p[1] == '\240')
            g_string_append_c(out, (p++, ' '));
        else
            g_string_append_c(out, *p);
    }
    return g_string_free(out, FALSE);
}

/* The last line of text; NULL: there is none. */
static MimeLogical *
last_line(const Html *html)
{
    for (guint i = html->out->len; i > 0; i--) {
        MimeLogical *line = g_ptr_array_index(html->out, i - 1);

        if (line->kind != MIME_LINE_IMAGE)
            return line;
    }
    return NULL;
}

/* The empty line between two blocks is quoted when both are. */
static void
gap_add(Html *html)
{
    const MimeLogical *last = last_line(html);
    int depth;

    if (last == NULL)
        return;
    depth = MIN(last->quote_depth, html->quotes);
    mime_logical_add(html->out, depth ? MIME_LINE_QUOTE : MIME_LINE_TEXT, depth,
                     g_strdup(""));
}

/* The images of the line that ends stand below it. */
static void
images_add(Html *html)
{
    for (guint i = 0; i < html->images->len; i++)
        mime_logical_add(html->out, MIME_LINE_IMAGE, html->quotes,
                         g_strdup(""))
            ->image = g_array_index(html->images, guint, i);
    g_array_set_size(html->images, 0);
}

static void
line_end(Html *html)
{
    MimeLogical *line;

    html->blank = false;
    if (html->line->len == 0 && html->bullet == NULL) {
        images_add(html);
        return;
    }
    if (html->gap)
        gap_add(html);
    html->gap = false;
    line = mime_logical_add(html->out, line_kind(html), html->quotes,
                            line_text(html));
    line->marks = g_steal_pointer(&html->marks);
    line->hard = html->pre > 0;
    line->rest = indent_of(html);
    line->first =
        html->bullet ? g_steal_pointer(&html->bullet) : g_strdup(line->rest);
    g_string_truncate(html->line, 0);
    html->marked = 0;
    images_add(html);
}

/* An empty line of its own: <br><br>, or one within <pre>. */
static void
line_break(Html *html)
{
    if (html->line->len == 0 && html->bullet == NULL)
        html->gap = true;
    line_end(html);
}

static void
line_append(Html *html, const char *text, gsize size)
{
    if (html->blank && html->line->len > 0)
        g_string_append_c(html->line, ' ');
    html->blank = false;
    g_string_append_len(html->line, text, size);
    if (html->line->len > LINE_BYTES)
        line_end(html);
}

static void
link_append(Html *html, const char *text, gsize size)
{
    if (html->link && html->link->len < LINK_TEXT_BYTES)
        g_string_append_len(html->link, text,
                            MIN(size, LINK_TEXT_BYTES - html->link->len));
}

/* Words with single blanks between them. */
static void
add_words(Html *html, const char *text)
{
    while (*text) {
        gsize blanks = strspn(text, " \t\n\r\f");
        gsize word = strcspn(text + blanks, " \t\n\r\f");

        if (blanks > 0) {
            html->blank = true;
            link_append(html, " ", 1);
        }
        if (word > 0) {
            line_append(html, text + blanks, word);
            link_append(html, text + blanks, word);
        }
        text += blanks + word;
    }
}

static void
add_preformatted(Html *html, const char *text)
{
    while (*text) {
        gsize size = strcspn(text, "\n");

        g_string_append_len(html->line, text, size);
        link_append(html, text, size);
        text += size;
        if (*text == '\n') {
            line_break(html);
            text++;
        }
    }
}

static void
add_text(Html *html, const char *text)
{
    if (html->pre > 0)
        add_preformatted(html, text);
    else
        add_words(html, text);
}

static const char *
attribute(const GumboElement *element, const char *name)
{
    const GumboAttribute *found =
        gumbo_get_attribute(&element->attributes, name);

    return found ? found->value : NULL;
}

static void
link_begin(Html *html, const GumboElement *element)
{
    const char *href = attribute(element, "href");

    if (html->link || href == NULL || *href == '\0' || *href == '#')
        return;
    html->href = href;
    html->link = g_string_new(NULL);
}

/* Behind the text of the link, also where that was a block of its own. */
static void
mark_append(Html *html, const char *mark, bool has_text)
{
    MimeLogical *last = last_line(html);
    char *joined;

    html->blank = true;
    if (html->line->len > 0 || !has_text || last == NULL) {
        mime_mark_add(&html->marks, html->line->str + html->marked, mark);
        line_append(html, mark, strlen(mark));
        html->marked = html->line->len;
        return;
    }
    mime_mark_add(&last->marks, last->text, mark);
    joined = g_strdup_printf("%s %s", last->text, mark);
    g_free(last->text);
    last->text = joined;
    html->blank = false;
}

static void
link_finish(Html *html, const GumboElement *element)
{
    g_autofree char *shown = NULL;
    g_autofree char *mark = NULL;
    g_autofree char *host = NULL;
    const MimeLink *link;
    guint number;

    if (html->link == NULL || attribute(element, "href") != html->href)
        return;
    shown = g_string_free(html->link, FALSE);
    html->link = NULL;
    number = mime_link_add(html->text, html->href, shown);
    if (number == 0 || !(html->mode & MIME_HTML_NUMBERS))
        return;
    link = g_ptr_array_index(html->text->links, number - 1);
    host = link->lies ? mime_url_host(link->target) : NULL;
    mark = link->lies ? g_strdup_printf("[%u ✗ goes to %s]", number,
                                        host ? host : "no web address")
                      : g_strdup_printf("[%u]", number);
    mark_append(html, mark, *g_strstrip(shown) != '\0');
}

/* The cleaner wrote a width where nobody would see the image. */
static bool
is_tiny(const GumboElement *element)
{
    return attribute(element, "width") != NULL;
}

static void
add_image(Html *html, const GumboElement *element)
{
    const char *src = attribute(element, "src");
    const char *alt = attribute(element, "alt");
    guint number = 0;

    if (src && is_tiny(element))
        html->text->trackers += mime_image_is_remote(src);
    else if (src)
        number = mime_image_add(html->text, src, alt);
    if (number > 0 && html->mode & MIME_HTML_IMAGES)
        g_array_append_val(html->images, number);
    if (alt && *alt)
        add_words(html, alt);
}

static void
item_begin(Html *html)
{
    int level = CLAMP(html->n_lists - 1, 0, LIST_DEPTH - 1);
    List *list = &html->lists[level];
    g_autofree char *indent = g_strnfill(level * 3, ' ');

    g_clear_pointer(&html->bullet, g_free);
    /* Paragraphs in items do not tear the list apart. */
    if (list->begun)
        html->gap = false;
    list->begun = true;
    if (html->n_lists > 0 && list->ordered)
        html->bullet = g_strdup_printf("%s%2d. ", indent, ++list->number);
    else
        html->bullet = g_strdup_printf("%s • ", indent);
}

static void
list_begin(Html *html, const GumboElement *element)
{
    const char *start = attribute(element, "start");

    if (html->n_lists == 0)
        html->gap = true;
    if (html->n_lists < LIST_DEPTH) {
        List *list = &html->lists[html->n_lists];

        list->ordered = element->tag == GUMBO_TAG_OL;
        list->begun = false;
        list->number =
            start ? (int)CLAMP(strtol(start, NULL, 10), -9999, 1000000) - 1 : 0;
    }
    html->n_lists++;
}

static void
cell_begin(Html *html)
{
    if (html->row_started && html->line->len > 0)
        line_append(html, "  ", 2);
    html->row_started = true;
    html->blank = false;
}

static bool
is_heading(GumboTag tag)
{
    return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6;
}

/* Elements that begin and end a line; those with air around them as well. */
static bool
is_block(GumboTag tag)
{
    return is_heading(tag) || tag == GUMBO_TAG_DIV || tag == GUMBO_TAG_P
           || tag == GUMBO_TAG_BLOCKQUOTE || tag == GUMBO_TAG_PRE
           || tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL || tag == GUMBO_TAG_LI
           || tag == GUMBO_TAG_DL || tag == GUMBO_TAG_DT || tag == GUMBO_TAG_DD
           || tag == GUMBO_TAG_TABLE || tag == GUMBO_TAG_TR
           || tag == GUMBO_TAG_CAPTION || tag == GUMBO_TAG_HR;
}

static bool
has_gap(GumboTag tag)
{
    return is_heading(tag) || tag == GUMBO_TAG_P || tag == GUMBO_TAG_BLOCKQUOTE
           || tag == GUMBO_TAG_PRE;
}

static void
block_edge(Html *html, GumboTag tag)
{
    if (!is_block(tag))
        return;
    /* The paragraph within a list item stands on the item's line. */
    if (html->bullet && html->line->len == 0 && tag != GUMBO_TAG_LI)
        return;
    line_end(html);
    if (has_gap(tag))
        html->gap = true;
}

static void
element_begin(Html *html, const GumboElement *element)
{
    GumboTag tag = element->tag;

    block_edge(html, tag);
    html->heading += is_heading(tag);
    if (tag == GUMBO_TAG_BR)
        line_break(html);
    else if (tag == GUMBO_TAG_A)
        link_begin(html, element);
    else if (tag == GUMBO_TAG_IMG)
        add_image(html, element);
    else if (tag == GUMBO_TAG_LI)
        item_begin(html);
    else if (tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL)
        list_begin(html, element);
    else if (tag == GUMBO_TAG_BLOCKQUOTE)
        html->quotes++;
    else if (tag == GUMBO_TAG_PRE)
        html->pre++;
    else if (tag == GUMBO_TAG_TR)
        html->row_started = false;
    else if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH)
        cell_begin(html);
    else if (tag == GUMBO_TAG_HR)
        g_string_append(html->line, "────────");
}

static void
element_end(Html *html, const GumboElement *element)
{
    GumboTag tag = element->tag;

    if (tag == GUMBO_TAG_A)
        link_finish(html, element);
    block_edge(html, tag);
    html->heading -= is_heading(tag);
    if (tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL) {
        html->n_lists--;
        html->gap = html->gap || html->n_lists == 0;
    } else if (tag == GUMBO_TAG_BLOCKQUOTE) {
        html->quotes--;
    } else if (tag == GUMBO_TAG_PRE) {
        html->pre--;
    } else if (tag == GUMBO_TAG_LI) {
        g_clear_pointer(&html->bullet, g_free);
    }
}

static bool
is_element(const GumboNode *node)
{
    return node->type == GUMBO_NODE_ELEMENT;
}

/* The node behind this one in the order of the text, within root. */
static const GumboNode *
next_node(const GumboNode *node, const GumboNode *root)
{
    if (is_element(node) && node->v.element.children.length > 0)
        return node->v.element.children.data[0];
    while (node != root) {
        const GumboVector *beside = &node->parent->v.element.children;

        if (node->index_within_parent + 1 < beside->length)
            return beside->data[node->index_within_parent + 1];
        node = node->parent;
    }
    return NULL;
}

/* Remote images within what nobody sees are there to be asked for. */
static void
count_hidden(Html *html, const GumboNode *root)
{
    for (const GumboNode *node = root; node; node = next_node(node, root))
        if (is_element(node) && node->v.element.tag == GUMBO_TAG_IMG
            && mime_image_is_remote(attribute(&node->v.element, "src")))
            html->text->trackers++;
}

/* True when the inside of the node is to be read. */
static bool
node_enter(Html *html, const GumboNode *node)
{
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE
        || node->type == GUMBO_NODE_CDATA)
        add_text(html, node->v.text.text);
    if (!is_element(node))
        return false;
    if (attribute(&node->v.element, "hidden")) {
        count_hidden(html, node);
        return false;
    }
    element_begin(html, &node->v.element);
    return true;
}

static void
walk(Html *html, const GumboNode *root)
{
    const GumboNode *node = root;
    guint child = 0; /* of node, to be visited next */

    for (;;) {
        const GumboVector *children = &node->v.element.children;

        if (child < children->length) {
            const GumboNode *next = children->data[child];

            child++;
            if (node_enter(html, next)) {
                node = next;
                child = 0;
            }
            continue;
        }
        if (node == root)
            return;
        element_end(html, &node->v.element);
        child = node->index_within_parent + 1;
        node = node->parent;
    }
}

void
mime_html_render(const char *source, MimeHtmlMode mode, MimeText *text,
                 GPtrArray *out)
{
    GumboOptions options = kGumboDefaultOptions;
    Html html = { .text = text, .out = out, .mode = mode };
    GumboOutput *tree;

    options.max_errors = 0;
    tree = gumbo_parse_with_options(&options, source, strlen(source));
    html.line = g_string_new(NULL);
    html.images = g_array_new(FALSE, FALSE, sizeof(guint));
    walk(&html, tree->root);
    line_end(&html);
    g_string_free(html.line, TRUE);
    g_array_unref(html.images);
    g_clear_pointer(&html.marks, g_ptr_array_unref);
    if (html.link)
        g_string_free(html.link, TRUE);
    g_free(html.bullet);
    gumbo_destroy_output(&options, tree);
}
