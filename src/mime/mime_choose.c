/* Which parts are read as the message (RFC 2046, section 5.1; RFC 2387 for
 * multipart/related, RFC 1847 for multipart/signed). Each part asks its parent,
 * which was decided before it. */
#include "mime_choose.h"

#include <string.h>

enum {
    BLANK_BYTES = 4096
};

bool
mime_node_is_html(const MimeNode *node)
{
    return g_str_equal(node->pub.content_type, "text/html")
           || g_str_equal(node->pub.content_type, "application/xhtml+xml");
}

static bool
is_text(const MimeNode *node)
{
    return mime_node_is_html(node)
           || (g_str_has_prefix(node->pub.content_type, "text/")
               && !g_str_equal(node->pub.content_type, "text/calendar"))
           || g_str_has_prefix(node->pub.content_type,
                               "message/delivery-status");
}

static bool
is_plain(const MimeNode *node)
{
    return g_str_equal(node->pub.content_type, "text/plain");
}

/* A text part with nothing in it, as some programs put beside their HTML. */
static bool
is_blank(MimeMessage *message, const MimeNode *node)
{
    g_autoptr(GBytes) bytes = mime_node_decode(message, node, BLANK_BYTES);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);

    for (gsize i = 0; i < size; i++)
        if (!g_ascii_isspace(text[i]))
            return false;
    return true;
}

/* The first leaf with text within the part at index; -1: none. */
static int
first_text(MimeMessage *message, int index)
{
    int depth = mime_node(message, index)->pub.depth;

    for (guint i = index; i < message->nodes->len; i++) {
        const MimeNode *node = mime_node(message, i);

        if ((int)i > index && node->pub.depth <= depth)
            break;
        if (is_text(node) && !node->pub.is_multipart)
            return i;
    }
    return -1;
}

/* The next part with the same parent behind the one at index; -1: none. */
static int
next_sibling(MimeMessage *message, int index)
{
    int depth = mime_node(message, index)->pub.depth;

    for (guint i = index + 1; i < message->nodes->len; i++) {
        if (mime_node(message, i)->pub.depth == depth)
            return i;
        if (mime_node(message, i)->pub.depth < depth)
            return -1;
    }
    return -1;
}

static int
first_child(MimeMessage *message, int index)
{
    int next = index + 1;

    return next < (int)message->nodes->len
                   && mime_node(message, next)->parent == index
               ? next
               : -1;
}

/* multipart/alternative: plain text that says something, else HTML, or the
 * other way round; else the last one, which the sender thought the best. */
static int
choose_alternative(MimeMessage *message, int parent, bool prefer_html)
{
    int plain = -1, html = -1, last = -1;

    for (int i = first_child(message, parent); i >= 0;
         i = next_sibling(message, i)) {
        int leaf = first_text(message, i);

        last = i;
        if (leaf < 0)
            continue;
        if (mime_node_is_html(mime_node(message, leaf)))
            html = i;
        else if (is_plain(mime_node(message, leaf)) && plain < 0
                 && !is_blank(message, mime_node(message, leaf)))
            plain = i;
    }
    if (prefer_html && html >= 0)
        return html;
    return plain >= 0 ? plain : html >= 0 ? html : last;
}

/* multipart/related: the part that "start" names, else the first. */
static int
choose_related(MimeMessage *message, int parent)
{
    const char *start = mime_node_param(mime_node(message, parent), "start");
    g_autofree char *id = g_strdup(start ? start : "");

    g_strdelimit(id, "<>", ' ');
    g_strstrip(id);
    for (int i = first_child(message, parent); i >= 0 && *id;
         i = next_sibling(message, i))
        if (g_strcmp0(mime_node(message, i)->pub.content_id, id) == 0)
            return i;
    return first_child(message, parent);
}

/* The only child of a multipart that is shown; -1: all, -2: none. */
static int
only_child(MimeMessage *message, int index, bool prefer_html)
{
    const char *type = mime_node(message, index)->pub.content_type;

    if (g_str_equal(type, "multipart/alternative"))
        return choose_alternative(message, index, prefer_html);
    if (g_str_equal(type, "multipart/related"))
        return choose_related(message, index);
    if (g_str_equal(type, "multipart/signed"))
        return first_child(message, index);
    if (g_str_equal(type, "multipart/encrypted"))
        return -2;
    return -1;
}

static bool
is_attached(const MimeNode *node)
{
    return g_strcmp0(node->disposition, "attachment") == 0;
}

GArray *
mime_choose(MimeMessage *message, bool prefer_html)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
    guint n = message->nodes->len;
    g_autofree bool *open = g_new0(bool, n); /* children may be shown */
    g_autofree int *only = g_new0(int, n);

    for (int i = 0; i < (int)n; i++) {
        const MimeNode *node = mime_node(message, i);
        int parent = node->parent;

        if (parent >= 0
            && (!open[parent] || is_attached(node)
                || (only[parent] != -1 && only[parent] != i)))
            continue;
        open[i] = node->pub.is_multipart || node->is_message;
        only[i] =
            node->pub.is_multipart ? only_child(message, i, prefer_html) : -1;
        if (node->is_message ? parent >= 0 : !open[i] && is_text(node))
            g_array_append_val(out, i);
    }
    return out;
}
