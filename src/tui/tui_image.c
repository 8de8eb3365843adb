/* Images of a message on its page. A remote one is asked for by the key alone,
 * for this message, once; nothing of it outlives the page (promise P61). What
 * another program drew arrives as cells and is drawn like all else. */
#include "tui_image.h"

#include "base/err.h"
#include "base/text.h"
#include "core/pictures.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_ROWS = 20,
    NAME_COLUMNS = 40,
    DRAWN_AT_ONCE = 3,
};

/* Those of one message, by what they are: an address, or "part 4". */
struct ItemImages {
    Page *page;           /* NULL: it was left */
    GHashTable *pictures; /* char * -> Picture */
    Job *job;             /* NULL: nothing is on its way */
    bool asked;           /* remote ones are to be loaded */
    guint wanted;         /* remote ones on their way */
};

/* How many there are: the last one gives the colours back. */
static guint users;

static char *
key_of(const char *target, guint part)
{
    return target ? g_strdup(target) : g_strdup_printf("part %u", part);
}

static Picture *
picture_of(const PageItem *item, const MimeImage *image)
{
    g_autofree char *key = key_of(image->target, image->part);

    return item->images ? g_hash_table_lookup(item->images->pictures, key)
                        : NULL;
}

/* A remote one whose bytes are here. */
static bool
is_loaded(const PageItem *item, const MimeImage *image)
{
    const Picture *picture = picture_of(item, image);

    return image->target && picture && picture->bytes;
}

static guint
count_loaded(const PageItem *item)
{
    guint n = 0;

    for (guint i = 0; i < item->text->images->len; i++)
        n += is_loaded(item, item->text->images->pdata[i]);
    return n;
}

void
item_images_free(ItemImages *images)
{
    if (images == NULL)
        return;
    if (images->job) { /* its answer finds nobody, and frees the rest */
        images->page = NULL;
        job_cancel(images->job);
        return;
    }
    g_hash_table_unref(images->pictures);
    g_free(images);
    if (--users == 0)
        cells_forget();
}

static ItemImages *
images_of(Page *page, PageItem *item)
{
    if (item->images == NULL) {
        item->images = g_new0(ItemImages, 1);
        item->images->page = page;
        users++;
        item->images->pictures = g_hash_table_new_full(
            g_str_hash, g_str_equal, g_free, (GDestroyNotify)picture_free);
    }
    return item->images;
}

/* How many colours there are to draw with; 0: none, and nothing is drawn. */
static int
colours_of(const Page *page)
{
    const char *theme =
        options_get(session_options(page->tui->session), "theme", NULL, NULL);

    if (!has_colors() || strcmp(theme, "mono") == 0 || COLORS < 8)
        return 0;
    return COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : 8;
}

/* The most columns of an image; 0: it is not drawn. */
static int
columns_of(const Page *page)
{
    return colours_of(page) ? MAX(1, MIN(LAYOUT_TEXT, page->columns - 2)) : 0;
}

/* What the key brought, in words. */
static void
tell_loaded(Tui *tui, guint wanted, const GPtrArray *all)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *trouble = NULL;
    guint missing = 0;

    for (guint i = 0; i < all->len; i++) {
        const Picture *picture = all->pdata[i];

        if (!picture->asked || picture->width > 0)
            continue;
        missing++;
        if (trouble == NULL)
            trouble = picture->trouble;
    }
    g_string_printf(text, "Loaded %u of %u image%s.", wanted - missing, wanted,
                    wanted == 1 ? "" : "s");
    if (trouble)
        g_string_append_printf(text, " %s", trouble);
    tui_tell(tui, trouble ? TELL_ERROR : TELL_INFO, false, text->str);
}

static void
arrived(const GPtrArray *all, const GError *error, void *user)
{
    ItemImages *images = user;
    Tui *tui = images->page ? images->page->tui : NULL;

    images->job = NULL;
    if (tui == NULL) {
        item_images_free(images);
        return;
    }
    if (images->wanted > 0 && all)
        tell_loaded(tui, images->wanted, all);
    else if (error && !err_is(error, ERR_CANCELLED))
        tui_tell(tui, TELL_ERROR, false, error->message);
    for (guint i = 0; all && i < all->len; i++) {
        Picture *picture = g_steal_pointer(&all->pdata[i]);

        g_hash_table_replace(images->pictures,
                             key_of(picture->url, picture->part), picture);
    }
    images->wanted = 0;
    images->page->columns = 0;
    tui_dirty(tui);
}

/* Is it here, and not drawn for the page as it is? */
static bool
is_due(const Page *page, const PageItem *item, const MimeImage *image)
{
    const Picture *picture = picture_of(item, image);

    if (picture == NULL || (image->target && picture->bytes == NULL))
        return image->target == NULL;
    return picture->drawn_for != columns_of(page);
}

static bool
has_due(const Page *page, const PageItem *item)
{
    for (guint i = 0; i < item->text->images->len; i++)
        if (is_due(page, item, item->text->images->pdata[i]))
            return true;
    return false;
}

/* The remote ones that are not here; counted in wanted. */
static GPtrArray *
to_be_fetched(const PageItem *item, guint *wanted)
{
    GPtrArray *all =
        g_ptr_array_new_with_free_func((GDestroyNotify)picture_free);

    for (guint i = 0; i < item->text->images->len; i++) {
        const MimeImage *image = item->text->images->pdata[i];

        if (image->target && !is_loaded(item, image))
            g_ptr_array_add(all, picture_create_remote(image->target));
    }
    *wanted = all->len;
    return all;
}

/* Few at a time, so that the first are seen while others are drawn. */
static GPtrArray *
to_be_drawn(const Page *page, const PageItem *item)
{
    GPtrArray *all =
        g_ptr_array_new_with_free_func((GDestroyNotify)picture_free);
    const GPtrArray *images = item->text->images;

    for (guint i = 0; i < images->len && all->len < DRAWN_AT_ONCE; i++) {
        const MimeImage *image = images->pdata[i];

        if (is_due(page, item, image))
            g_ptr_array_add(all, image->target
                                     ? picture_copy(picture_of(item, image))
                                     : picture_create_part(image->part));
    }
    return all;
}

static void
submit(Page *page, PageItem *item)
{
    Tui *tui = page->tui;
    const Options *options = session_options(tui->session);
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(tui->session), item->row->folder, NULL);
    ItemImages *images = images_of(page, item);
    PicturesHow how = {
        .columns = columns_of(page),
        .rows = MOST_ROWS,
        .colours = colours_of(page),
        .ascii = draw_is_ascii(),
        .proxy = options_get(options, "proxy", folder ? folder->account : NULL,
                             NULL),
        .own = options_get(options, "images-from-own-network", NULL, NULL),
    };
    GPtrArray *all = images->asked ? to_be_fetched(item, &images->wanted)
                                   : to_be_drawn(page, item);

    images->asked = false;
    if (tui->pictures == NULL)
        tui->pictures = pictures_create();
    how.message = mime_load_again(item->message);
    images->job = pictures_load(tui->pictures, all, &how, arrived, images);
}

void
image_follow(Page *page, PageItem *item)
{
    const ItemImages *images;

    if (!page->wish.images || page_is_locked(page, item))
        return;
    images = images_of(page, item);
    if (images->job == NULL && (images->asked || has_due(page, item)))
        submit(page, item);
}

/* Or was, before it was opened. */
static bool
is_encrypted(const PageItem *item)
{
    return (item->opened && item->opened->encrypted)
           || mime_has_encrypted(item->message);
}

static bool
is_junk(const Page *page, const PageItem *item)
{
    g_autoptr(StoreFolder) folder = store_folder(
        session_store(page->tui->session), item->row->folder, NULL);

    return folder && folder->role == FOLDER_ROLE_JUNK;
}

/* Why nothing is asked for; NULL: it may be. */
static const char *
why_not(const Page *page, PageItem *item)
{
    if (page_is_locked(page, item))
        return "Images are locked: the sender check failed. X unlocks them for "
               "this message.";
    if (is_junk(page, item))
        return "Remote images of junk are not loaded. ! says that it is none.";
    if (is_encrypted(item))
        return "Remote images of an encrypted message are not loaded: they "
               "could carry its text away.";
    if (session_offline(page->tui->session))
        return "offline: images are not loaded. O goes online.";
    return NULL;
}

static void
load_images(Page *page, PageItem *item)
{
    Tui *tui = page->tui;
    const char *reason =
        item->text ? why_not(page, item) : "This message is not here.";

    if (reason) {
        tui_tell(tui, TELL_ERROR, false, reason);
    } else if (item->text->remote_images == 0) {
        tui_tell(tui, TELL_INFO, false,
                 item->text->trackers ? "There are only trackers, which are "
                                        "never loaded."
                                      : "This message has no remote images.");
    } else if (count_loaded(item) == item->text->remote_images) {
        tui_tell(tui, TELL_INFO, false, "All of them are loaded.");
        page->wish.images = true;
    } else {
        images_of(page, item)->asked = true;
        page->wish.images = true;
        tui_tell(tui, TELL_INFO, false, "Loading images…");
    }
    page_forget_texts(page);
}

static void
toggle_images(Page *page, PageItem *item)
{
    if (page_is_locked(page, item)) {
        tui_tell(page->tui, TELL_ERROR, false, why_not(page, item));
        return;
    }
    page->wish.images = !page->wish.images;
    page_forget_texts(page);
}

/* word: its number; NULL: the digits that were typed, else the first. */
static void
open_image(Page *page, PageItem *item, const char *word)
{
    const GPtrArray *images = item->text ? item->text->images : NULL;
    guint number =
        word ? (guint)strtoul(word, NULL, 10) : (guint)MAX(page->tui->count, 1);
    const MimeImage *image = NULL;
    const Picture *picture = NULL;
    g_autoptr(GBytes) bytes = NULL;

    if (images && number >= 1 && number <= images->len)
        image = images->pdata[number - 1];
    if (image)
        picture = picture_of(item, image);
    if (page_is_locked(page, item)) {
        tui_tell(page->tui, TELL_ERROR, false, why_not(page, item));
        return;
    }
    if (picture && picture->width > 0)
        bytes = image->target
                    ? g_bytes_ref(picture->bytes)
                    : mime_part_bytes(item->message, image->part, 0, NULL);
    if (bytes)
        tui_open_bytes(page->tui, image->name, bytes);
    else
        tui_tell(page->tui, TELL_INFO, false,
                 "There is no image of that number here.");
}

bool
image_act(Page *page, PageItem *item, const char *what, const char *word)
{
    if (strcmp(what, "load-images") == 0)
        load_images(page, item);
    else if (strcmp(what, "open-image") == 0)
        open_image(page, item, word);
    else if (strcmp(what, "toggle") == 0 && g_strcmp0(word, "images") == 0)
        toggle_images(page, item);
    else
        return false;
    return true;
}

static void
add_rows(Page *page, const SgrCells *cells)
{
    for (int row = 0; row < cells->rows; row++) {
        PageLine *line = page_add_line(page, "", ROLE_TEXT);

        line->kind = PAGE_IMAGE;
        line->cells = cells->cells + row * cells->columns;
        line->n_cells = cells->columns;
    }
}

/* What stands where an image is not drawn. */
static char *
image_words(const PageItem *item, const MimeImage *image, guint number)
{
    const Picture *picture = picture_of(item, image);
    int used;
    gsize size = text_fit(image->name, NAME_COLUMNS, &used);
    g_autofree char *head =
        g_strdup_printf("image %u: %.*s%s", number, (int)size, image->name,
                        image->name[size] ? "…" : "");
    bool is_loading = item->images && item->images->job;

    if (picture && picture->width > 0)
        return g_strdup_printf(
            "[%s %d×%d%s%s, :open-image %u opens it]", head, picture->width,
            picture->height, picture->trouble ? " · " : "",
            picture->trouble ? picture->trouble : "", number);
    if (is_loading && (image->target == NULL || item->images->wanted > 0))
        return g_strdup_printf("[%s, loading…]", head);
    if (picture && picture->trouble)
        return g_strdup_printf("[%s · %s]", head, picture->trouble);
    return g_strdup_printf("[%s, not loaded]", head);
}

void
image_add_lines(Page *page, const PageItem *item, guint number)
{
    const MimeImage *image = item->text->images->pdata[number - 1];
    const Picture *picture = picture_of(item, image);
    g_autofree char *words = NULL;

    if (picture && picture->cells && picture->cells->rows > 0) {
        add_rows(page, picture->cells);
        return;
    }
    words = image_words(item, image, number);
    page_add_line(page, words, ROLE_DIM);
}

void
image_add_notes(Page *page, const PageItem *item)
{
    guint missing = item->text->remote_images - count_loaded(item);
    guint trackers = item->text->trackers;
    const char *key = page_is_locked(page, item) || is_encrypted(item)
                          ? NULL
                          : keys_for(session_keys(page->tui->session),
                                     "message", "load-images");

    if (missing > 0 || trackers > 0)
        page_add_line(page, "", ROLE_DIM);
    if (missing > 0) {
        g_autofree char *text =
            g_strdup_printf("%u remote image%s not loaded%s%s%s", missing,
                            missing == 1 ? "" : "s", key ? " · " : "",
                            key ? key : "", key ? " loads" : "");

        page_add_line(page, text, ROLE_DIM);
    }
    if (trackers > 0) {
        g_autofree char *text = g_strdup_printf(
            "%u tracker%s left out", trackers, trackers == 1 ? "" : "s");

        page_add_line(page, text, ROLE_DIM);
    }
}
