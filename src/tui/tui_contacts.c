/* Whom the user writes to and hears from, most used first. Typing after / keeps
 * those whose name or address has a word that begins so. */
#include "tui_private.h"

#include "base/clock.h"
#include "cmd/parse.h"
#include "mime/mime.h"

#include <string.h>

enum {
    MOST = 500, /* that are shown; a name finds the others */
    COUNTS = 15, /* columns: "999 out, 999 in" */
};

typedef struct {
    View base;
    GPtrArray *contacts; /* StoreContact */
    char *typed;
    guint cursor, top;
    guint rows;
} ContactsView;

static const StoreContact *
current(const ContactsView *view)
{
    return view->cursor < view->contacts->len
        ? view->contacts->pdata[view->cursor] : NULL;
}

static void
read_contacts(ContactsView *view)
{
    Tui *tui = view->base.tui;
    GPtrArray *contacts = store_contacts(session_store(tui->session),
                                         view->typed, MOST, NULL);

    if (contacts == NULL)
        return;
    g_ptr_array_unref(view->contacts);
    view->contacts = contacts;
    view->cursor = MIN(view->cursor, MAX(contacts->len, 1) - 1);
    tui_dirty(tui);
}

static void
contacts_destroy(View *base)
{
    ContactsView *view = (ContactsView *)base;

    g_ptr_array_unref(view->contacts);
    g_free(view->typed);
    g_free(view);
}

/* Name, address, how often, when last; the name alone gives way. */
static void
draw_contact(const StoreContact *contact, Rect area, bool here)
{
    Ground ground = here ? GROUND_SELECTED : GROUND_NORMAL;
    g_autofree char *name = draw_safe(contact->name ? contact->name : "");
    g_autofree char *addr = draw_safe(contact->addr);
    g_autofree char *counts =
        g_strdup_printf("%u out, %u in", contact->sent, contact->received);
    g_autofree char *date = draw_date(contact->last, clock_now());
    int tail = area.columns >= 60 ? COUNTS + 8 : 8;
    int left = MAX(0, area.columns - tail - 2);
    int names = MAX(0, left / 2 - 1);

    draw_cells(area.y, area.x, 1, here ? glyph("▌") : "", ROLE_ACCENT, ground);
    draw_cells(area.y, area.x + 1, names, name, ROLE_TEXT, ground);
    draw_cells(area.y, area.x + 1 + names, 1, "", ROLE_TEXT, ground);
    draw_cells(area.y, area.x + 2 + names, left - names, addr, ROLE_DIM,
               ground);
    if (tail > 8)
        draw_right(area.y, area.x + 2 + left, COUNTS, counts, ROLE_DIM, ground);
    draw_right(area.y, area.x + area.columns - 8, 7, date, ROLE_DIM, ground);
    draw_cells(area.y, area.x + area.columns - 1, 1, "", ROLE_TEXT, ground);
}

static void
clamp(ContactsView *view)
{
    if (view->cursor < view->top)
        view->top = view->cursor;
    if (view->cursor >= view->top + MAX(view->rows, 1))
        view->top = view->cursor - MAX(view->rows, 1) + 1;
}

static void
contacts_draw(View *base, Rect area)
{
    ContactsView *view = (ContactsView *)base;

    view->rows = (guint)MAX(area.rows, 1);
    clamp(view);
    draw_blank(area, GROUND_NORMAL);
    if (view->contacts->len == 0)
        draw_cells(area.y + 1, area.x, area.columns,
                   *view->typed ? "  Nobody of that name."
                                : "  Nobody yet: who writes to you, and whom "
                                  "you write to, stands here.",
                   ROLE_DIM, GROUND_NORMAL);
    for (int i = 0; i < area.rows; i++) {
        guint index = view->top + (guint)i;
        Rect row = { area.y + i, area.x, 1, area.columns };

        if (index < view->contacts->len)
            draw_contact(view->contacts->pdata[index], row,
                         index == view->cursor);
    }
}

static bool
contacts_move(View *base, Motion motion, int count)
{
    ContactsView *view = (ContactsView *)base;
    gint64 most = MAX((gint64)view->contacts->len - 1, 0);
    gint64 to = view->cursor;

    switch (motion) {
    case MOVE_LINES:
        to += count;
        break;
    case MOVE_PAGES:
        to += (gint64)count * MAX(1, (gint64)view->rows - 1);
        break;
    case MOVE_HALF_PAGES:
        to += (gint64)count * MAX(1, (gint64)view->rows / 2);
        break;
    case MOVE_FIRST:
        to = 0;
        break;
    case MOVE_LAST:
        to = most;
        break;
    default:
        return false;
    }
    view->cursor = (guint)CLAMP(to, 0, most);
    tui_dirty(base->tui);
    return true;
}

/* The mail from and to the address. */
static void
contacts_enter(View *base)
{
    const StoreContact *contact = current((ContactsView *)base);
    g_autofree char *query = NULL;

    if (contact == NULL)
        return;
    query = g_strdup_printf("from:%s or to:%s", contact->addr, contact->addr);
    tui_push(base->tui, list_view_query(base->tui, query, "Contact"));
}

/* The question may outlive the view. */
static void
narrowed(const char *answer, void *user)
{
    Tui *tui = user;
    ContactsView *view = (ContactsView *)tui_top(tui);

    if (answer == NULL || strcmp(view->base.class->context, "contacts") != 0)
        return;
    g_free(view->typed);
    view->typed = g_strdup(answer);
    view->cursor = view->top = 0;
    read_contacts(view);
}

static void
write_to(Tui *tui, const StoreContact *contact)
{
    g_autofree char *whole = mime_address_format(contact->name, contact->addr);
    g_autofree char *word = cmd_quote(whole);
    g_autofree char *command = g_strdup_printf("compose --to %s", word);

    tui_run_command(tui, command, 0);
}

static bool
contacts_act(View *base, const char *what, const char *word)
{
    ContactsView *view = (ContactsView *)base;
    Tui *tui = base->tui;
    AskRequest request = { .prompt = "Who", .initial = view->typed,
                           .answer = narrowed, .user = tui };

    if (strcmp(what, "narrow") == 0) {
        tui->prompt = prompt_ask(tui, &request);
    } else if (strcmp(what, "cancel") == 0 && *view->typed) {
        narrowed("", tui);
    } else if (strcmp(what, "write-to") == 0 && current(view)) {
        write_to(tui, current(view));
    } else if (strcmp(what, "copy-address") == 0 && current(view)) {
        term_copy(current(view)->addr);
        tui_tell(tui, TELL_INFO, false, "Copied.");
    } else {
        return false;
    }
    return true;
}

static char *
contacts_title(View *base)
{
    const ContactsView *view = (const ContactsView *)base;

    if (*view->typed)
        return g_strdup_printf("Contacts  %s %s %u", view->typed, glyph("·"),
                               view->contacts->len);
    return g_strdup_printf("Contacts  %u", view->contacts->len);
}

static char *
contacts_place(View *base)
{
    const ContactsView *view = (const ContactsView *)base;

    return view->contacts->len > 0
        ? g_strdup_printf("%u/%u", view->cursor + 1, view->contacts->len)
        : g_strdup("");
}

static void
contacts_cursor(View *base, int *y, int *x)
{
    const ContactsView *view = (const ContactsView *)base;

    *y += (int)(view->cursor - view->top);
    (void)x;
}

static const ViewClass contacts_class = {
    .context = "contacts",
    .draw = contacts_draw,
    .destroy = contacts_destroy,
    .move = contacts_move,
    .enter = contacts_enter,
    .act = contacts_act,
    .title = contacts_title,
    .place = contacts_place,
    .cursor = contacts_cursor,
};

View *
contacts_view(Tui *tui)
{
    ContactsView *view = g_new0(ContactsView, 1);

    view->base.class = &contacts_class;
    view->base.tui = tui;
    view->typed = g_strdup("");
    view->contacts = g_ptr_array_new();
    read_contacts(view);
    return &view->base;
}
