/* Messages to lines. */
#include "tui_page.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/account.h"
#include "core/snooze.h"
#include "tui_image.h"
#include "tui_sender.h"

#include <string.h>

enum {
    MORE_FILES = 4, /* columns of "  +1" */
    LEAST_TEXT = 8, /* columns of a row that others follow */
    UNWRAPPED = 10000, /* columns of a text that is not wrapped */
};

static void
line_free(void *data)
{
    PageLine *line = data;

    g_free(line->text);
    g_free(line->right);
    g_free(line);
}

static void
item_free(void *data)
{
    PageItem *item = data;

    store_row_free(item->row);
    g_free(item->path);
    mime_message_free(item->message);
    mime_text_free(item->text);
    item_images_free(item->images);
    sealed_clear(item);
    g_free(item);
}

static void
add_item(Page *page, gint64 id, int depth, bool unfolded)
{
    Store *store = session_store(page->tui->session);
    StoreRow *row = store_row(store, id, NULL);
    PageItem *item;

    if (row == NULL)
        return;
    item = g_new0(PageItem, 1);
    item->row = row;
    item->depth = depth;
    item->unfolded = unfolded || !(row->flags & STORE_FLAG_SEEN);
    g_ptr_array_add(page->items, item);
}

Page *
page_create(Tui *tui, gint64 id, bool thread)
{
    Page *page = g_new0(Page, 1);
    Store *store = session_store(tui->session);
    g_autoptr(StoreRow) row = store_row(store, id, NULL);
    g_autoptr(GArray) depths = NULL;
    g_autoptr(GArray) ids = NULL;

    page->tui = tui;
    page->items = g_ptr_array_new_with_free_func(item_free);
    page->lines = g_ptr_array_new_with_free_func(line_free);
    if (row && thread)
        ids = store_thread_messages(store, row->thread, &depths, NULL);
    for (guint i = 0; ids && i < ids->len; i++) {
        gint64 message = g_array_index(ids, gint64, i);

        add_item(page, message, g_array_index(depths, int, i), message == id);
    }
    if (page->items->len == 0)
        add_item(page, id, 0, true);
    return page;
}

void
page_destroy(Page *page)
{
    if (page == NULL)
        return;
    g_ptr_array_unref(page->items);
    g_ptr_array_unref(page->lines);
    g_free(page);
}

void
page_reload(Page *page)
{
    Store *store = session_store(page->tui->session);

    for (guint i = 0; i < page->items->len; i++) {
        PageItem *item = page->items->pdata[i];
        StoreRow *row = store_row(store, item->row->id, NULL);

        if (row == NULL)
            continue; /* gone on the server: shown until the view is left */
        store_row_free(item->row);
        item->row = row;
        if (item->message)
            sealed_follow(page, item);
    }
    page->columns = 0;
}

void
page_forget_texts(Page *page)
{
    for (guint i = 0; i < page->items->len; i++)
        ((PageItem *)page->items->pdata[i])->text_width = 0;
    page->columns = 0;
}

bool
page_load(Page *page, PageItem *item)
{
    if (item->message)
        return true;
    g_free(item->path);
    item->message = session_load_message(page->tui->session, item->row, NULL);
    item->path = session_message_path(page->tui->session, item->row);
    if (item->message)
        sealed_follow(page, item);
    return item->message != NULL;
}

const GPtrArray *
page_links(const PageItem *item)
{
    return item->text ? item->text->links : NULL;
}

bool
page_is_locked(const Page *page, const PageItem *item)
{
    return g_strcmp0(item->row->verdict, "fail") == 0 && !page->wish.unlocked;
}

static PageLine *
add_line(Page *page, const char *safe, Role role)
{
    PageLine *line = g_new0(PageLine, 1);

    line->text = g_strdup(safe);
    line->role = role;
    line->indent = 1;
    line->item = page->items->len;
    g_ptr_array_add(page->lines, line);
    return line;
}

PageLine *
page_add_line(Page *page, const char *safe, Role role)
{
    return add_line(page, safe, role);
}

/* The same by whole words in as many rows as it takes; right, which is taken
 * and may be NULL, stands in the first of them. */
static void
add_wrapped(Page *page, const char *safe, Role role, char *right)
{
    int edge = right ? text_width(right) + 2 : 1;
    const char *rest = safe;
    int indent = 1;

    do {
        int room = MAX(page->columns - indent - edge, LEAST_TEXT);
        gsize size = text_break(rest, room);
        g_autofree char *row = g_strndup(rest, size);
        PageLine *line = add_line(page, row, role);

        line->indent = indent;
        line->right = g_steal_pointer(&right);
        rest += size + strspn(rest + size, " ");
        indent = 3;
        edge = 1;
    } while (*rest);
}

static void
add_rule(Page *page)
{
    add_line(page, "", ROLE_RULE)->kind = PAGE_RULE;
}

/* "Sun 22 Nov 2026 21:18", without the year where it is this one. g_free(). */
static char *
long_date(gint64 time, bool year)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(time);

    return date ? g_date_time_format(date, year ? "%a %e %b %Y %H:%M"
                                                : "%a %e %b %H:%M")
                : g_strdup("");
}

static char *
from_text(const StoreRow *row)
{
    g_autofree char *name = draw_safe(row->from_name);
    g_autofree char *addr = draw_safe(row->from_addr);

    if (*name && *addr)
        return g_strdup_printf("%s <%s>", name, addr);
    return g_strdup(*addr ? addr : "(no sender)");
}

/* The line about the sender: words always, colour beside. */
static void
add_verdict(Page *page, const PageItem *item)
{
    Role role = ROLE_DIM;
    g_autofree char *text = sender_line(page->tui, item->row, &role);
    g_autofree char *warning = sender_warning(item->row);

    if (text == NULL)
        return;
    add_wrapped(page, text, role, NULL);
    if (warning != NULL) {
        g_autofree char *below = g_strdup_printf("  %s", warning);

        add_wrapped(page, below, ROLE_WARN, NULL);
    }
    if (g_strcmp0(item->row->verdict, "fail") == 0)
        add_line(page,
                 page_is_locked(page, item)
                     ? "  Links and attachments are locked. @ why  ! junk  "
                       "X unlock for this message"
                     : "  Unlocked by you. Take care.",
                 ROLE_WARN);
}

/* Who signed it and whether it was encrypted: a line of its own, apart from
 * the sender check. */
static void
add_sealed(Page *page, const PageItem *item)
{
    Role role = ROLE_DIM;
    g_autofree char *text = sealed_line(page, item, &role);

    if (text)
        add_line(page, text, role);
}

/* "  1 design.md 26B". g_free(). */
static char *
file_words(const MimePart *part, guint number)
{
    g_autofree char *name =
        draw_safe(part->name ? part->name : part->content_type);
    g_autofree char *size = text_size(part->size);

    return g_strdup_printf("  %u %s %s", number, name, size);
}

static guint
count_files(const GPtrArray *parts)
{
    guint n = 0;

    for (guint i = 0; i < parts->len; i++)
        n += ((const MimePart *)parts->pdata[i])->is_attachment;
    return n;
}

/* "@ 2 files  1 design.md 26B  2 diagram.png 12K"; those that the line has no
 * room for are counted: "+1". */
static void
add_files(Page *page, const PageItem *item)
{
    const GPtrArray *parts = mime_parts(item->message);
    guint n = count_files(parts);
    g_autoptr(GString) text = g_string_new(NULL);
    guint shown = 0;

    if (n == 0)
        return;
    g_string_append_printf(text, "@ %u file%s", n, n == 1 ? "" : "s");
    for (guint i = 0; i < parts->len; i++) {
        const MimePart *part = parts->pdata[i];
        g_autofree char *one = NULL;
        int more = shown + 1 < n ? MORE_FILES : 0;

        if (!part->is_attachment)
            continue;
        one = file_words(part, shown + 1);
        if (text_width(text->str) + text_width(one) + more > page->columns - 2)
            break;
        g_string_append(text, one);
        shown++;
    }
    if (shown < n)
        g_string_append_printf(text, "  +%u", n - shown);
    add_line(page, text->str, ROLE_ACCENT);
}

static void
add_header(const char *name, const char *value, void *user)
{
    Page *page = user;
    g_autofree char *safe_name = draw_safe(name);
    g_autofree char *safe_value = draw_safe(value);
    g_autofree char *text = g_strdup_printf("%s: %s", safe_name, safe_value);

    add_wrapped(page, text, ROLE_DIM, NULL);
}

static void
add_snoozed(Page *page, const StoreRow *row)
{
    gint64 until = snooze_end(page->tui->session, row);
    g_autofree char *when = NULL;
    g_autofree char *text = NULL;

    if (until == 0)
        return;
    when = long_date(until, page->columns >= 100);
    text = g_strdup_printf("Snoozed until %s", when);
    add_line(page, text, ROLE_ACCENT);
}

static void
add_heading(Page *page, PageItem *item, guint number)
{
    Tui *tui = page->tui;
    g_autofree char *from = from_text(item->row);
    g_autofree char *to = NULL;
    g_autofree char *cc = NULL;
    g_autofree char *both = NULL;
    char *right = NULL;

    add_wrapped(page, from, ROLE_BOLD,
                long_date(item->row->date, page->columns >= 100));
    if (item->message == NULL)
        return;
    to = row_recipients(tui, "to", mime_header(item->message, "To"),
                        page->columns);
    cc = row_recipients(tui, "cc", mime_header(item->message, "Cc"),
                        page->columns);
    both = g_strdup_printf("%s%s%s%s%s", to ? to : "", to && cc ? " " : "",
                           to && cc ? glyph("·") : "", cc ? " " : "",
                           cc ? cc : "");
    if (page->items->len > 1)
        right = g_strdup_printf("%u of %u%s", number + 1, page->items->len,
                                page->columns >= 100 ? " in thread" : "");
    else if (item->text && item->text->is_html)
        right = g_strdup("html");
    add_wrapped(page, both, ROLE_DIM, right);
    add_verdict(page, item);
    add_sealed(page, item);
    add_snoozed(page, item->row);
    if (!sealed_is_closed(item))
        add_files(page, item);
    if (page->wish.headers)
        mime_headers(item->message, add_header, page);
}

static Role
line_role(const MimeLine *line)
{
    switch (line->kind) {
    case MIME_LINE_QUOTE:
    case MIME_LINE_SIGNATURE:
    case MIME_LINE_NOTE:
        return ROLE_DIM;
    case MIME_LINE_DIFF_ADD:
        return ROLE_GOOD;
    case MIME_LINE_DIFF_DEL:
        return ROLE_BAD;
    case MIME_LINE_DIFF_HUNK:
    case MIME_LINE_LINK:
        return ROLE_ACCENT;
    case MIME_LINE_HEADING:
        return ROLE_BOLD;
    case MIME_LINE_TEXT:
    case MIME_LINE_IMAGE:
        break;
    }
    return ROLE_TEXT;
}

/* Where the column of text begins: centred when there is room. */
static int
text_indent(int columns)
{
    return columns > LAYOUT_TEXT + 4 ? (columns - LAYOUT_TEXT) / 2 : 1;
}

static void
make_text(Page *page, PageItem *item)
{
    MimeTextOptions options = {
        .width = page->wish.unwrapped
            ? UNWRAPPED : MAX(10, MIN(LAYOUT_TEXT, page->columns - 2)),
        .prefer_html = page->wish.html,
        .raw = page->wish.raw,
        .all_quotes = page->wish.quotes,
        .list_links = true,
        .number_urls = true,
        .images = page->wish.images && !page_is_locked(page, item),
    };

    g_autoptr(MimeMessage) source = NULL;

    if (item->text && item->text_width == options.width)
        return;
    /* The source of what was opened is how it came. */
    if (options.raw && item->opened && item->opened->bytes)
        source = session_load_message(page->tui->session, item->row, NULL);
    mime_text_free(item->text);
    item->text = mime_text(source ? source : item->message, &options);
    item->text_width = options.width;
}

static void
add_body(Page *page, PageItem *item)
{
    int indent = text_indent(page->columns);
    guint from;

    if (item->message == NULL && item->on_its_way) {
        add_line(page, "Not on this machine yet: it is being fetched.",
                 ROLE_DIM);
        return;
    }
    if (item->message == NULL) {
        g_autofree char *fetch = g_strdup_printf(
            "Not on this machine.  %s to fetch it, v to see its files.",
            glyph("⏎"));

        add_line(page,
                 item->row->file
                     ? "The file of this message is gone.  $ to fetch it."
                     : fetch,
                 ROLE_WARN);
        return;
    }
    if (sealed_is_closed(item) && !page->wish.raw)
        return; /* what stands round the encrypted part is not its text */
    if (item->text->note) {
        g_autofree char *note = draw_safe(item->text->note);

        add_line(page, note, ROLE_WARN);
    }
    image_follow(page, item);
    from = page->lines->len;
    for (guint i = 0; i < item->text->lines->len; i++) {
        const MimeLine *line = item->text->lines->pdata[i];
        const MimeLine *before = i > 0 ? item->text->lines->pdata[i - 1] : NULL;

        if (line->kind == MIME_LINE_LINK
            && (before == NULL || before->kind != MIME_LINE_LINK))
            add_line(page,
                     page_is_locked(page, item) ? "Links  (locked)" : "Links",
                     ROLE_DIM);
        if (line->kind == MIME_LINE_IMAGE)
            image_add_lines(page, item, line->image);
        else
            add_line(page, line->text, line_role(line))->line = line;
    }
    image_add_notes(page, item);
    for (guint i = from; i < page->lines->len; i++)
        ((PageLine *)page->lines->pdata[i])->indent = indent;
}

/* A folded message is one line: who, the first words, when. */
static void
add_folded(Page *page, const PageItem *item)
{
    g_autofree char *name = row_authors(item->row, page->tui, 40);
    g_autofree char *words = draw_safe(item->row->snippet);
    bool failed = g_strcmp0(item->row->verdict, "fail") == 0;
    g_autofree char *text =
        g_strdup_printf("%s %s%s%s  %s", glyph("▸"), failed ? glyph("✗") : "",
                        failed ? " " : "", name, words);

    add_line(page, text, failed ? ROLE_BAD : ROLE_DIM)->right =
        draw_date(item->row->date, clock_now());
}

static void
add_message(Page *page, PageItem *item, guint number)
{
    guint before = page->lines->len;

    item->first = before;
    if (!item->unfolded) {
        add_folded(page, item);
    } else {
        if (page_load(page, item))
            make_text(page, item);
        add_heading(page, item, number);
        if (page->items->len == 1)
            add_rule(page);
        else
            add_line(page, "", ROLE_TEXT);
        if (page->columns >= 100 && page->items->len == 1)
            add_line(page, "", ROLE_TEXT);
        add_body(page, item);
        if (page->items->len > 1)
            add_line(page, "", ROLE_TEXT);
    }
    item->last = page->lines->len;
    for (guint i = before; i < page->lines->len; i++)
        ((PageLine *)page->lines->pdata[i])->item = number;
}

static char *
shown_tags(const StoreRow *row)
{
    g_autofree char *safe = draw_safe(row->tags);

    return g_strdup(safe);
}

/* Of an encrypted message, the one that is inside. */
static const char *
subject_of(const PageItem *item)
{
    const char *inside =
        item->opened ? mime_header(item->message, "Subject") : NULL;
    const char *subject = inside ? inside : item->row->subject;

    return subject && *subject ? subject : "(no subject)";
}

void
page_make(Page *page, int columns)
{
    const PageItem *first;
    g_autofree char *subject = NULL;

    if (page->columns == columns || page->items->len == 0)
        return;
    page->columns = columns;
    page->made++;
    g_ptr_array_set_size(page->lines, 0);
    first = page->items->pdata[0];
    subject = draw_safe(subject_of(first));
    add_wrapped(page, subject, ROLE_BOLD, shown_tags(first->row));
    for (guint i = 0; i < page->lines->len; i++)
        ((PageLine *)page->lines->pdata[i])->item = 0;
    for (guint i = 0; i < page->items->len; i++) {
        PageItem *item = page->items->pdata[i];

        if (page->items->len > 1 && item->unfolded)
            add_rule(page);
        add_message(page, item, i);
    }
}
