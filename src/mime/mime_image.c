/* Images of a message: which HTML names, which parts they are, which others are
 * attached. Says where they are; what is done about it is decided elsewhere,
 * and nothing here asks anybody (promise P61). */
#include <string.h>

#include "base/text.h"
#include "mime/limits.h"
#include "mime_html.h"
#include "mime_scan.h"

void
mime_image_free(MimeImage *image)
{
    g_free(image->target);
    g_free(image->name);
    g_free(image);
}

bool
mime_image_is_remote(const char *src)
{
    return src
           && (g_ascii_strncasecmp(src, "http:", 5) == 0
               || g_ascii_strncasecmp(src, "https:", 6) == 0
               || g_ascii_strncasecmp(src, "ftp:", 4) == 0
               || g_str_has_prefix(src, "//") || g_str_has_prefix(src, "\\\\"));
}

/* What a browser would ask for where mail has no address of its own. */
static char *
remote_target(const char *src)
{
    g_autofree char *clean = mime_url_clean(src);

    return g_str_has_prefix(clean, "//") ? g_strconcat("https:", clean, NULL)
                                         : g_steal_pointer(&clean);
}

static char *
line_of(const char *text)
{
    g_autofree char *safe = text_sanitise(text ? text : "", -1, TEXT_LINE);

    return g_strdup(g_strstrip(safe));
}

/* The alternative text, else the last word of the path. */
static char *
image_name(const char *target, const char *alt)
{
    g_autofree char *name = line_of(alt);
    g_autofree char *path = NULL;
    const char *slash;

    if (*name)
        return g_steal_pointer(&name);
    path = g_strndup(target, strcspn(target, "?#"));
    slash = strrchr(path, '/');
    return line_of(slash ? slash + 1 : path);
}

static bool
is_known(const MimeText *text, const char *target)
{
    for (guint i = 0; i < text->images->len; i++)
        if (g_strcmp0(((const MimeImage *)text->images->pdata[i])->target,
                      target)
            == 0)
            return true;
    return false;
}

static MimeImage *
image_new(MimeText *text, char *target, char *name)
{
    MimeImage *image = g_new0(MimeImage, 1);

    image->target = target;
    image->name = name;
    g_ptr_array_add(text->images, image);
    return image;
}

guint
mime_image_add(MimeText *text, const char *src, const char *alt)
{
    bool remote = mime_image_is_remote(src);
    g_autofree char *target = NULL;

    if (!remote && g_ascii_strncasecmp(src, "cid:", 4) != 0)
        return 0;
    target = remote ? remote_target(src) : g_strconcat("cid:", src + 4, NULL);
    if (is_known(text, target))
        return 0;
    text->remote_images += remote;
    if (text->images->len >= MIME_MAX_IMAGES)
        return 0;
    image_new(text, g_strdup(target),
              remote ? image_name(target, alt) : line_of(alt));
    return text->images->len;
}

static bool
is_image(const MimeNode *node)
{
    return g_str_has_prefix(node->pub.content_type, "image/");
}

/* The part of a cid: URL (RFC 2392); 0: there is none. */
static guint
part_of(MimeMessage *message, const char *cid)
{
    g_autofree char *id = g_uri_unescape_string(cid, NULL);

    for (guint i = 0; id && *id && i < message->nodes->len; i++) {
        const MimeNode *node = mime_node(message, (int)i);

        if (g_strcmp0(node->pub.content_id, id) == 0)
            return node->pub.is_multipart ? 0 : node->pub.number;
    }
    return 0;
}

static bool
is_named(const MimeText *text, guint part)
{
    for (guint i = 0; i < text->images->len; i++)
        if (((const MimeImage *)text->images->pdata[i])->part == part)
            return true;
    return false;
}

static void
name_of_part(MimeImage *image, const MimeNode *node)
{
    if (image->name && *image->name)
        return;
    g_free(image->name);
    image->name =
        line_of(node->pub.name ? node->pub.name : node->pub.content_type);
}

/* Those that are attached and that no HTML has named. */
static void
add_attached(MimeMessage *message, MimeText *text, bool places,
             GPtrArray *logical)
{
    for (guint i = 0; i < message->nodes->len; i++) {
        const MimeNode *node = mime_node(message, (int)i);
        MimeImage *image;

        if (!is_image(node) || is_named(text, node->pub.number)
            || text->images->len >= MIME_MAX_IMAGES)
            continue;
        image = image_new(text, NULL, NULL);
        image->part = node->pub.number;
        name_of_part(image, node);
        if (places)
            mime_logical_add(logical, MIME_LINE_IMAGE, 0, g_strdup(""))->image =
                text->images->len;
    }
}

/* The number of each image among those that stay; 0: it goes. */
static GArray *
resolve_named(MimeMessage *message, MimeText *text)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint));
    guint kept = 0;

    for (guint i = 0; i < text->images->len; i++) {
        MimeImage *image = text->images->pdata[i];
        bool remote = mime_image_is_remote(image->target);
        guint number;

        if (!remote) {
            image->part = part_of(message, image->target + strlen("cid:"));
            g_clear_pointer(&image->target, g_free);
        }
        if (image->part > 0)
            name_of_part(image, mime_node(message, (int)image->part - 1));
        number = remote || image->part > 0 ? ++kept : 0;
        g_array_append_val(numbers, number);
    }
    return numbers;
}

void
mime_images_resolve(MimeMessage *message, bool places, MimeText *text,
                    GPtrArray *logical)
{
    g_autoptr(GArray) numbers = resolve_named(message, text);

    for (guint i = numbers->len; i > 0; i--)
        if (g_array_index(numbers, guint, i - 1) == 0)
            g_ptr_array_remove_index(text->images, i - 1);
    for (guint i = logical->len; i > 0; i--) {
        MimeLogical *line = logical->pdata[i - 1];

        if (line->kind != MIME_LINE_IMAGE)
            continue;
        line->image = g_array_index(numbers, guint, line->image - 1);
        if (line->image == 0)
            g_ptr_array_remove_index(logical, i - 1);
    }
    add_attached(message, text, places, logical);
}
