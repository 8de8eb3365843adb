/* What the top row says of a list: what it is of, how many, how it was made. */
#include "tui_list.h"

#include "core/account.h"

enum {
    ORDER_FROM = 120, /* columns of a screen that says the order */
};

/* What is filed in such a folder is filed here alone. g_free(). */
static char *
one_way_note(const ListView *list)
{
    const Account *account =
        list->account ? session_account(list->base.tui->session, list->account)
                      : NULL;

    return account && account_is_one_way(account)
        ? g_strdup_printf(" %s filed here only", glyph("·")) : g_strdup("");
}

/* "threads, newest first": how the list is made. */
static const char *
order_words(const ListView *list)
{
    static const char *const words[][2] = {
        { "newest first", "oldest first" },
        { "by sender", "by sender, reversed" },
        { "by subject", "by subject, reversed" },
        { "unread first", "read first" },
        { "largest first", "smallest first" },
    };

    return words[list->order][list->reverse];
}

static char *
folder_counts(const ListView *list)
{
    g_autoptr(GString) text = g_string_new(list->title_text);
    g_autofree char *note = one_way_note(list);
    guint shown = list->ids->len - fold_inside(list->fold);

    if (list->ids->len == 0) {
        g_string_append_printf(text, "  empty%s", note);
        return g_string_free(g_steal_pointer(&text), FALSE);
    }
    if (list->unread > 0)
        g_string_append_printf(text, "  %u unread %s %u", list->unread,
                               glyph("·"), shown);
    else
        g_string_append_printf(text, "  %u", shown);
    g_string_append(text, note);
    if (list->new_above > 0)
        g_string_append_printf(text, " %s %u new %s", glyph("·"),
                               list->new_above, glyph("↑"));
    if (COLS >= ORDER_FROM)
        g_string_append_printf(text, " %s %s, %s", glyph("·"),
                               list->threads ? "threads" : "messages",
                               order_words(list));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
list_title(View *view)
{
    const ListView *list = (const ListView *)view;
    g_autofree char *servers =
        list->search ? search_servers_text(list->search) : NULL;

    if (servers)
        return g_strdup_printf("%s  %s %s %u found %s %s", list->title_text,
                               list->typed, glyph("·"), list->ids->len,
                               glyph("·"), servers);
    if (list->query && list->complete)
        return g_strdup_printf("%s  %s %s %u found %s %d ms",
                               list->title_text, list->typed, glyph("·"),
                               list->ids->len, glyph("·"), list->took_ms);
    if (list->query)
        return g_strdup_printf("%s  %s", list->title_text, list->typed);
    return folder_counts(list);
}

char *
list_place(View *view)
{
    const ListView *list = (const ListView *)view;
    guint n = g_hash_table_size(list->selected);

    if (list->ids->len == 0)
        return g_strdup("");
    if (n > 0)
        return g_strdup_printf("%u selected %s %u/%u", n, glyph("·"),
                               list->cursor + 1, list->ids->len);
    return g_strdup_printf("%u/%u", list->cursor + 1, list->ids->len);
}
