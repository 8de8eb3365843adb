/* One row of a message list: state, sender, count, subject, tags, files, date;
 * what is least needed goes first when it gets narrow. */
#include "tui_private.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/account.h"
#include "core/snooze.h"
#include "mime/mime.h"

#include <string.h>

enum {
    MORE_READERS = 6, /* columns of ", " and " +12" */
};

/* Tags that the row shows by a sign, or not at all. */
static const char *const hidden_tags[] = {
    "inbox", "unread", "attachment", "replied", "flagged", "passed",
    "draft", "signed", "encrypted", "$MDNSent", "$NotJunk", "NonJunk",
    NULL
};

static bool
is_own(Tui *tui, const char *address)
{
    const GPtrArray *accounts = session_accounts(tui->session);

    for (guint i = 0; address && i < accounts->len; i++)
        if (account_owns(accounts->pdata[i], address))
            return true;
    return false;
}

/* Is this name one of the user's own? */
static bool
is_own_name(Tui *tui, const char *name)
{
    const GPtrArray *accounts = session_accounts(tui->session);

    for (guint i = 0; i < accounts->len; i++)
        if (strcmp(account_real_name(accounts->pdata[i]), name) == 0)
            return true;
    return strchr(name, '@') && is_own(tui, name);
}

/* The name of one author: "me"; the address where a name pretends to be
 * another address. g_free(). */
static char *
author_name(Tui *tui, const char *name, const StoreRow *row)
{
    if (is_own_name(tui, name))
        return g_strdup("me");
    if (strchr(name, '@') && row->from_addr
        && g_strcmp0(name, row->from_name) == 0)
        return draw_safe(row->from_addr);
    return draw_safe(name);
}

static char *
first_name(const char *name)
{
    const char *blank = strchr(name, ' ');

    return blank ? g_strndup(name, (gsize)(blank - name)) : g_strdup(name);
}

char *
row_authors(const StoreRow *row, Tui *tui, int width)
{
    guint n = row->authors ? g_strv_length(row->authors) : 0;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *first = NULL;
    g_autofree char *last = NULL;
    const char *only = row->from_name ? row->from_name : row->from_addr;

    if (n <= 1) {
        only = n == 1 ? row->authors[0] : only;
        return only ? author_name(tui, only, row) : g_strdup("(nobody)");
    }
    for (guint i = 0; i < n; i++) {
        g_autofree char *full = author_name(tui, row->authors[i], row);
        g_autofree char *name = first_name(full);

        if (i == 0)
            first = g_strdup(name);
        if (i == n - 1)
            last = g_strdup(name);
        g_string_append_printf(text, "%s%s", i ? ", " : "", name);
    }
    if (text_width(text->str) <= width)
        return g_string_free(g_steal_pointer(&text), FALSE);
    return g_strdup_printf("%s %s %s", first, glyph("…"), last);
}

static Ground
ground_of(const RowState *state)
{
    return state->current ? GROUND_SELECTED : GROUND_NORMAL;
}

static char *
reader_name(Tui *tui, const MimeAddress *reader)
{
    if (is_own(tui, reader->addr))
        return g_strdup("me");
    return draw_safe(reader->name && *reader->name ? reader->name
                                                   : reader->addr);
}

char *
row_recipients(Tui *tui, const char *label, const char *field, int width)
{
    g_autoptr(GPtrArray) list = field ? mime_addresses(field) : NULL;
    g_autoptr(GString) text = g_string_new(label);
    int used = text_width(label);
    guint i;

    if (list == NULL || list->len == 0)
        return NULL;
    for (i = 0; i < list->len; i++) {
        g_autofree char *name = reader_name(tui, list->pdata[i]);

        used += text_width(name) + 2;
        if (i > 0 && used + (i + 1 < list->len ? MORE_READERS : 0) > width)
            break;
        g_string_append_printf(text, "%s%s", i ? ", " : " ", name);
    }
    if (i < list->len)
        g_string_append_printf(text, " +%u", list->len - i);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Who wrote it; of what the user wrote and put among his own, to whom. */
static char *
who(Tui *tui, const RowState *state, int width)
{
    const StoreRow *row = state->row;
    bool draft = row->authors == NULL && row->flags & STORE_FLAG_DRAFT;
    char *readers = (state->outgoing || draft) && is_own(tui, row->from_addr)
                        ? row_recipients(tui, "To:", row->to, width)
                        : NULL;

    return readers ? readers : row_authors(row, tui, width);
}

static void
put(int y, int *x, int width, const char *text, Role role, Ground ground)
{
    draw_cells(y, *x, width, text, role, ground);
    *x += width;
}

/* "●", "↩", "✎" and their colour. */
static const char *
state_sign(unsigned flags, Role *role)
{
    *role = ROLE_DIM;
    if (!(flags & STORE_FLAG_SEEN)) {
        *role = ROLE_ACCENT;
        return glyph("●");
    }
    if (flags & STORE_FLAG_DRAFT)
        return glyph("✎");
    if (flags & STORE_FLAG_REPLIED)
        return glyph("↩");
    return flags & STORE_FLAG_PASSED ? glyph("↪") : " ";
}

/* Only trouble has a sign: silence is the good news. */
static const char *
verdict_sign(const char *verdict, Role *role)
{
    *role = ROLE_BAD;
    if (g_strcmp0(verdict, "fail") == 0)
        return glyph("✗");
    *role = ROLE_WARN;
    return g_strcmp0(verdict, "unverified") == 0 ? "?" : " ";
}

static void
draw_signs(const RowState *state, int y, int *x, Ground ground)
{
    unsigned flags = state->row->flags;
    Role role;
    const char *sign = state->current    ? glyph("▌")
                       : state->selected ? glyph("✓")
                                         : " ";

    put(y, x, 1, sign, ROLE_ACCENT, ground);
    sign = state_sign(flags, &role);
    put(y, x, 1, sign, role, ground);
    put(y, x, 1, flags & STORE_FLAG_FLAGGED ? glyph("★") : " ", ROLE_WARN,
        ground);
    sign = verdict_sign(state->row->verdict, &role);
    put(y, x, 1, sign, role, ground);
    put(y, x, 1, " ", ROLE_TEXT, ground);
}

/* At most n tags worth showing, joined. g_free(). */
static char *
tags_text(const StoreRow *row, int n)
{
    g_auto(GStrv) tags = g_strsplit(row->tags ? row->tags : "", " ", -1);
    g_autoptr(GString) text = g_string_new(NULL);

    for (char **tag = tags; *tag && n > 0; tag++) {
        g_autofree char *safe = NULL;

        if (**tag == '\0' || g_strv_contains(hidden_tags, *tag))
            continue;
        safe = draw_safe(*tag);
        g_string_append_printf(text, "%s%s", text->len ? " " : "", safe);
        n--;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
draw_subject(const RowState *state, const RowLayout *layout, int y, int x,
             int width, Ground ground)
{
    const StoreRow *row = state->row;
    bool unread = !(row->flags & STORE_FLAG_SEEN);
    g_autofree char *subject = draw_safe(
        row->subject && *row->subject ? row->subject : "(no subject)");
    g_autofree char *snippet = draw_safe(row->snippet);
    int used = MIN(text_width(subject), width);

    if (state->depth > 0) {
        int indent = MIN(2 * MIN(state->depth, 8), width);

        draw_cells(y, x, indent, "", ROLE_DIM, ground);
        draw_cells(y, x + indent - 2, 2, glyph("└"), ROLE_RULE, ground);
        x += indent;
        width -= indent;
        used = MIN(used, width);
    }
    draw_cells(y, x, width, subject, unread ? ROLE_BOLD : ROLE_TEXT, ground);
    if (layout->snippet && *snippet && width - used > 6) {
        g_autofree char *text = g_strdup_printf(" %s %s", glyph("–"), snippet);

        draw_cells(y, x + used, width - used, text, ROLE_DIM, ground);
    }
}

/* Where it lies unless that is an inbox, or until when it is away. g_free(). */
static char *
place_text(Tui *tui, const StoreRow *row)
{
    gint64 until = snooze_end(tui->session, row);
    g_autoptr(StoreFolder) folder = NULL;

    if (until > 0) {
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(until);
        bool soon = until - clock_now() < 6 * 24 * 3600;

        return date ? g_date_time_format(date, soon ? "until %a %H:%M"
                                                    : "until %e %b")
                    : g_strdup("");
    }
    folder = store_folder(session_store(tui->session), row->folder, NULL);
    if (folder == NULL || folder->role == FOLDER_ROLE_INBOX
        || folder->role == FOLDER_ROLE_ALL)
        return g_strdup("");
    return draw_safe(folder->name);
}

/* What a stranger or a server called something may be longer than a row.
 * g_free(). */
static char *
shorten(const char *words, int most)
{
    return text_width(words) > most ? text_pad(words, most, glyph("…"))
                                    : g_strdup(words);
}

/* Words in front of x, with a blank behind. Returns where they begin. */
static int
draw_before(int y, int x, const char *words, Role role, Ground ground)
{
    int width = *words ? text_width(words) + 1 : 0;

    draw_cells(y, x - width, width, words, role, ground);
    return x - width;
}

/* What stands right of the subject. Returns its columns. */
static int
draw_tail(Tui *tui, const RowState *state, const RowLayout *layout, int y,
          int right)
{
    const StoreRow *row = state->row;
    Ground ground = ground_of(state);
    g_autofree char *date = draw_date(row->date, clock_now());
    g_autofree char *whole =
        state->mixed && layout->tags > 0 ? place_text(tui, row) : g_strdup("");
    g_autofree char *all = tags_text(row, layout->tags - (*whole != '\0'));
    g_autofree char *place = shorten(whole, layout->words);
    g_autofree char *tags = shorten(all, layout->words);
    int x = right;
    int width;
    Role role = row->flags & STORE_FLAG_SEEN ? ROLE_DIM : ROLE_TEXT;

    if (!layout->date)
        return 0;
    draw_cells(y, --x, 1, "", ROLE_TEXT, ground);
    x -= 6;
    draw_right(y, x, 6, date, role, ground);
    if (layout->files) {
        bool files = row->flags & STORE_FLAG_ATTACHMENT;

        x -= 2;
        draw_cells(y, x, 2, files ? "@ " : "", ROLE_DIM, ground);
    }
    x = draw_before(y, x, place, ROLE_DIM, ground);
    x = draw_before(y, x, tags, ROLE_TAG, ground);
    width = *tags || *place ? 2 : 1;
    draw_cells(y, x -= width, width, "", ROLE_TEXT, ground);
    return right - x;
}

void
row_draw(Tui *tui, const RowState *state, int y, int x, int columns)
{
    const StoreRow *row = state->row;
    RowLayout layout = layout_row(columns);
    Ground ground = ground_of(state);
    bool unread = !(row->flags & STORE_FLAG_SEEN);
    g_autofree char *name = who(tui, state, layout.sender);
    int right = x + columns;
    int tail;

    draw_signs(state, y, &x, ground);
    put(y, &x, layout.sender, name, unread ? ROLE_BOLD : ROLE_TEXT, ground);
    if (layout.count) {
        g_autofree char *count =
            row->thread_total > 1
                ? g_strdup_printf("%u", MIN(row->thread_total, 99))
                : g_strdup("");

        draw_right(y, x, 2, count, ROLE_DIM, ground);
        x += 2;
        put(y, &x, 2, "", ROLE_TEXT, ground);
    } else {
        put(y, &x, 1, "", ROLE_TEXT, ground);
    }
    tail = draw_tail(tui, state, &layout, y, right);
    draw_subject(state, &layout, y, x, right - tail - x, ground);
}
