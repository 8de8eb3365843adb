/* What a list says when it has no rows: one sentence, and where mail is. */
#include "tui_private.h"

#include "base/paths.h"
#include "base/text.h"

enum {
    COUNTED = 1000
}; /* more is said as "1000+" */

static void
draw_centred(Rect area, int y, const char *safe, Role role)
{
    int indent = MAX(1, (area.columns - text_width(safe)) / 2);

    if (y >= area.y && y < area.y + area.rows)
        draw_cells(y, area.x + indent, area.columns - indent, safe, role,
                   GROUND_NORMAL);
}

/* "gu unread elsewhere (47)"; "" when there is none, or no key. g_free(). */
static char *
elsewhere(Tui *tui, const StoreView *view, const char *command,
          const char *words)
{
    g_autoptr(GArray) ids =
        store_ids(session_store(tui->session), view, COUNTED, NULL);
    const char *keys = keys_for(session_keys(tui->session), "list", command);
    g_auto(GStrv) parts = g_strsplit(keys ? keys : "", " ", -1);
    g_autofree char *joined = g_strjoinv("", parts);

    if (ids == NULL || ids->len == 0 || keys == NULL)
        return g_strdup("");
    return g_strdup_printf("%s %s (%u%s)", joined, words, ids->len,
                           ids->len == COUNTED ? "+" : "");
}

static char *
elsewhere_line(Tui *tui)
{
    StoreView unread = { .unread = true };
    StoreView starred = { .any_flags = STORE_FLAG_FLAGGED };
    g_autofree char *first =
        elsewhere(tui, &unread, "open --query is:unread --title Unread",
                  "unread elsewhere");
    g_autofree char *second = elsewhere(
        tui, &starred, "open --query is:flagged --title Starred", "starred");

    return g_strdup_printf("%s%s%s", first, *first && *second ? "   " : "",
                           second);
}

/* Before there is an account: how to begin. */
static void
draw_first(const Tui *tui, Rect area, int y)
{
    g_autofree char *path = paths_shorten(session_config_file(tui->session));
    g_autofree char *where = text_sanitise(path, -1, TEXT_LINE);
    g_autofree char *line = g_strdup_printf("Accounts are in %s", where);

    draw_centred(area, y, "There is no account yet.", ROLE_TEXT);
    draw_centred(area, y + 2, line, ROLE_TEXT);
    draw_centred(area, y + 3,
                 "`posthorn help account` shows how one is written", ROLE_TEXT);
    draw_centred(area, y + 5,
                 "`posthorn demo` is a large, invented mailbox to try",
                 ROLE_DIM);
}

void
empty_draw(Tui *tui, Rect area, const char *safe, bool folder)
{
    int y = area.y + area.rows / 2 - 2;

    draw_blank(area, GROUND_NORMAL);
    if (folder && session_accounts(tui->session)->len == 0) {
        draw_first(tui, area, y);
        return;
    }
    draw_centred(area, y, safe, ROLE_TEXT);
    if (folder) {
        g_autofree char *line = elsewhere_line(tui);

        draw_centred(area, y + 2, line, ROLE_DIM);
    }
}
