/* The commands of the screen: moving, opening, folding, asking. One row and one
 * short function each. */
#include "tui_private.h"

#include "base/err.h"
#include "core/account.h"
#include "core/draft.h"
#include "core/outbox.h"

#include <string.h>

/* The screen of a call. Commands of this file run only there. */
static Tui *
tui_of(CmdCall *call)
{
    return tui_of_frontend(session_frontend(cmd_session(call)));
}

static CmdResult
no_screen(CmdCall *call)
{
    return cmd_fail_usage(call, "%s needs the screen: start posthorn in a "
                          "terminal", cmd_entry(call)->name);
}

static const struct {
    const char *name;
    Motion motion;
    int step;
} motions[] = {
    { "next", MOVE_LINES, 1 },
    { "previous", MOVE_LINES, -1 },
    { "page-down", MOVE_PAGES, 1 },
    { "page-up", MOVE_PAGES, -1 },
    { "half-page-down", MOVE_HALF_PAGES, 1 },
    { "half-page-up", MOVE_HALF_PAGES, -1 },
    { "first", MOVE_FIRST, 1 },
    { "last", MOVE_LAST, 1 },
    { "next-unread", MOVE_UNREAD, 1 },
    { "previous-unread", MOVE_UNREAD, -1 },
    { "next-item", MOVE_ITEMS, 1 },
    { "previous-item", MOVE_ITEMS, -1 },
    { "next-thread", MOVE_THREADS, 1 },
    { "previous-thread", MOVE_THREADS, -1 },
    { "parent", MOVE_PARENT, 1 },
    { "centre", MOVE_CENTRE, 1 },
    { "bottom", MOVE_BOTTOM, 1 },
};

static CmdResult
motion_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    View *view = tui ? tui_top(tui) : NULL;
    int count = cmd_context(call)->count;

    if (view == NULL)
        return no_screen(call);
    for (gsize i = 0; i < G_N_ELEMENTS(motions); i++) {
        int step = motions[i].step * MAX(count, 1);

        if (strcmp(motions[i].name, cmd_entry(call)->name) != 0)
            continue;
        if (view->class->move
            && view->class->move(view, motions[i].motion, step))
            return CMD_DONE;
        /* In a list the item beside is the folder beside. */
        if (motions[i].motion == MOVE_ITEMS && view->class->act)
            view->class->act(view, "neighbour", step < 0 ? "-" : "+");
        if (motions[i].motion == MOVE_UNREAD)
            tui_tell(tui, TELL_INFO, false, "No more unread messages here.");
    }
    return CMD_DONE;
}

static CmdResult
enter_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    View *view = tui ? tui_top(tui) : NULL;
    int count = cmd_context(call)->count;

    if (view == NULL)
        return no_screen(call);
    if (count > 0 && view_is_list(view)) { /* 12 Enter: go to row 12 */
        view->class->move(view, MOVE_FIRST, 1);
        view->class->move(view, MOVE_LINES, count - 1);
    } else if (view->class->enter) {
        view->class->enter(view);
    }
    return CMD_DONE;
}

/* Open, page down, then the next unread message. */
static CmdResult
read_on_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    View *view = tui ? tui_top(tui) : NULL;

    if (view == NULL)
        return no_screen(call);
    if (view_is_list(view))
        view->class->enter(view);
    else if (view->class->move && !view->class->move(view, MOVE_PAGES, 1)
             && !view->class->move(view, MOVE_UNREAD, 1))
        tui_tell(tui, TELL_INFO, false, "No more unread messages here.");
    return CMD_DONE;
}

static CmdResult
close_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);

    if (tui == NULL)
        return no_screen(call);
    if (tui->popup) {
        tui_set_popup(tui, NULL);
    } else if (tui->views->len > 1) {
        g_autofree char *farewell = review_view_farewell(tui_top(tui));

        tui_pop(tui);
        if (farewell)
            tui_tell(tui, TELL_INFO, false, farewell);
    } else if (tui->quit_asked) {
        g_main_loop_quit(tui->loop);
    } else {
        tui->quit_asked = true;
        tui_tell(tui, TELL_INFO, false, "q again quits.");
    }
    return CMD_DONE;
}

/* Left of a list are the folders; left of anything else is what was before. */
static CmdResult
left_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);

    if (tui == NULL)
        return no_screen(call);
    if (view_is_list(tui_top(tui)) && list_view_folder_id(tui_top(tui)))
        tui_set_popup(tui, sidebar_popup(tui));
    else
        return close_exec(call);
    return CMD_DONE;
}

static void
quit_answered(const char *answer, void *user)
{
    Frontend *frontend = user;

    if (g_strcmp0(answer, "y") == 0)
        frontend->class->quit(frontend, 0);
}

/* A key may be a slip: it asks when something is not sent yet. */
static CmdResult
quit_exec(CmdCall *call)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    guint n = outbox_count(session_outbox(cmd_session(call)), NULL);
    g_autofree char *prompt =
        g_strdup_printf("%u message%s not sent yet, kept for the next time. "
                        "Quit?",
                        n, n == 1 ? " is" : "s are");
    AskRequest request = { .prompt = prompt, .keys = "yn",
                           .answer = quit_answered, .user = frontend };

    if (n > 0 && frontend->has_screen
        && cmd_context(call)->origin == CMD_FROM_KEY)
        frontend->class->ask(frontend, &request);
    else
        frontend->class->quit(frontend, 0);
    return CMD_DONE;
}

/* Hands the name of the command and its word to the view. */
static CmdResult
act_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    View *view = tui ? tui_top(tui) : NULL;
    const char *what = cmd_entry(call)->name;

    if (view == NULL)
        return no_screen(call);
    if (view->class->act == NULL
        || !view->class->act(view, what, cmd_arg(call, 0)))
        return strcmp(what, "cancel") == 0 ? CMD_DONE
            : cmd_fail_usage(call, "%s is not for this page", what);
    return CMD_DONE;
}

static CmdResult
show_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    const char *what = cmd_arg(call, 0);

    if (tui == NULL)
        return no_screen(call);
    if (strcmp(what, "sidebar") == 0 && COLS < LAYOUT_SIDEBAR_FROM)
        tui_set_popup(tui, sidebar_popup(tui));
    else if (strcmp(what, "sidebar") == 0)
        tui->sidebar = !tui->sidebar;
    else if (strcmp(what, "preview") == 0)
        tui->preview_asked = !tui->preview_asked;
    else if (tui_top(tui)->class->act == NULL
             || !tui_top(tui)->class->act(
                 tui_top(tui), strcmp(what, "threads") == 0 ? what : "toggle",
                 what))
        return cmd_fail_usage(call, "there is no %s to show here", what);
    tui_dirty(tui);
    return CMD_DONE;
}

static CmdResult
keys_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);

    if (tui == NULL)
        return no_screen(call);
    tui_set_popup(tui, help_popup(tui));
    return CMD_DONE;
}

static CmdResult
activity_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);

    if (tui == NULL)
        return no_screen(call);
    tui_push(tui, strcmp(cmd_entry(call)->name, "activity") == 0
                      ? activity_view(tui) : outbox_view(tui));
    return CMD_DONE;
}

static CmdResult
prompt_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    const char *kind = cmd_entry(call)->name;

    if (tui == NULL)
        return no_screen(call);
    if (strcmp(kind, "prompt") == 0)
        tui->prompt = prompt_command(tui, cmd_arg(call, 0));
    else if (strcmp(kind, "find-text") == 0)
        tui->prompt = prompt_find(tui);
    else
        tui->prompt = prompt_search(tui, cmd_arg(call, 0) != NULL);
    return CMD_DONE;
}

static void
folder_chosen(const char *answer, void *user)
{
    Tui *tui = user;
    g_autofree char *account = tui_account(tui);
    g_autoptr(GError) error = NULL;
    gint64 folder =
        answer && *answer
            ? session_find_folder_in(tui->session, answer, account, &error)
            : 0;

    if (error)
        tui_tell(tui, TELL_ERROR, false, error->message);
    else if (folder)
        tui_push(tui, list_view_folder(tui, folder, NULL));
}

static CmdResult
change_folder_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    AskRequest request = { .prompt = "Folder", .completion = "folder",
                           .answer = folder_chosen, .user = tui };

    if (tui == NULL)
        return no_screen(call);
    tui->prompt = prompt_ask(tui, &request);
    return CMD_DONE;
}

static CmdResult
redraw_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);

    clearok(stdscr, TRUE);
    if (tui)
        tui_dirty(tui);
    return CMD_DONE;
}

/* For keys of other hands that need no answer here: mutt's ; before an act. */
static CmdResult
nothing_exec(CmdCall *call)
{
    (void)call;
    return CMD_DONE;
}

static CmdResult
suspend_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);

    if (tui == NULL)
        return no_screen(call);
    term_stop();
    tui_dirty(tui);
    return CMD_DONE;
}

static const char *const toggle_choices[] = {
    "sidebar", "preview", "threads",  "quotes", "headers",
    "raw",     "html",    "unlocked", "images", "wrap",    NULL,
};
static const char *const order_choices[] = { "date", "from", "subject",
                                             "unread", "size", NULL };

static const char *const scope_choices[] = { "here", NULL };

#define SCREEN(NAME, HELP, EXEC) \
    { .name = NAME, .help = HELP, .group = "view", .needs_screen = true, \
      .target = TARGET_VIEW, .exec = EXEC }
#define SCREEN_ARG(NAME, HELP, EXEC, ...) \
    { .name = NAME, .help = HELP, .group = "view", .needs_screen = true, \
      .target = TARGET_VIEW, .exec = EXEC, .args = { __VA_ARGS__ } }

static const CmdEntry entries[] = {
    SCREEN("next", "Move down", motion_exec),
    SCREEN("previous", "Move up", motion_exec),
    SCREEN("page-down", "Move a page down", motion_exec),
    SCREEN("page-up", "Move a page up", motion_exec),
    SCREEN("half-page-down", "Move half a page down", motion_exec),
    SCREEN("half-page-up", "Move half a page up", motion_exec),
    SCREEN("first", "Move to the first row", motion_exec),
    SCREEN("last", "Move to the last row", motion_exec),
    SCREEN("next-unread", "The next unread message", motion_exec),
    SCREEN("previous-unread", "The previous unread message", motion_exec),
    SCREEN("next-item", "The next message, or folder in a list", motion_exec),
    SCREEN("previous-item", "The previous message, or folder in a list",
           motion_exec),
    SCREEN("next-thread", "The next thread", motion_exec),
    SCREEN("previous-thread", "The previous thread", motion_exec),
    SCREEN("parent", "The message that this one answers", motion_exec),
    SCREEN("centre", "The cursor's row to the middle", motion_exec),
    SCREEN("bottom", "The cursor's row to the bottom", motion_exec),
    SCREEN("enter", "Open what is under the cursor; after digits, go to that "
           "row or open that link", enter_exec),
    SCREEN("read-on", "Open, page down, then the next unread message",
           read_on_exec),
    SCREEN("close", "Close this page; on the last one twice to quit",
           close_exec),
    SCREEN("left", "To the folders left of a list; else back", left_exec),
    SCREEN("quit", "Leave posthorn", quit_exec),
    SCREEN("select", "Select the row and go down", act_exec),
    SCREEN("select-range", "Select from here to where the cursor goes: rows, "
           "or lines of a message, which a reply quotes and `clip text` "
           "copies without the numbers of links", act_exec),
    SCREEN("cancel", "Forget the selection", act_exec),
    SCREEN("open-part", "Open the file, or after digits the link, in another "
           "program", act_exec),
    SCREEN("files", "The files of the message, here or on its server",
           act_exec),
    SCREEN("load-images", "Load the remote images of the message, once",
           act_exec),
    SCREEN_ARG("open-image", "Open an image that was loaded in another "
               "program", act_exec,
               { "NUMBER", CMD_INT, NULL, true, false }),
    SCREEN("retry", "Try to send the entry of the outbox again", act_exec),
    SCREEN("remove", "Take the entry out of the outbox", act_exec),
    SCREEN("narrow", "Those of a name only", act_exec),
    SCREEN("write-to", "A new message to this contact", act_exec),
    SCREEN("copy-address", "The address of this contact, to the clipboard",
           act_exec),
    SCREEN("fold", "Fold or unfold this message, or this thread", act_exec),
    SCREEN_ARG("find-next", "The next match; - the previous one", act_exec,
               { "WAY", CMD_STRING, NULL, true, false }),
    SCREEN_ARG("unfold", "Unfold all messages; - fold them", act_exec,
               { "WAY", CMD_STRING, NULL, true, false }),
    SCREEN_ARG("order", "Order the list; again to turn it round", act_exec,
               { "BY", CMD_CHOICE, order_choices, false, false }),
    SCREEN_ARG("display", "Show or hide a part of the page", show_exec,
               { "PART", CMD_CHOICE, toggle_choices, false, false }),
    SCREEN("keys", "The keys of this page", keys_exec),
    SCREEN("activity", "Accounts, outbox, what waits, the log",
           activity_exec),
    SCREEN("show-outbox", "Messages that are to be sent", activity_exec),
    SCREEN_ARG("prompt", "Type a command", prompt_exec,
               { "TEXT", CMD_STRING, NULL, true, false }),
    SCREEN_ARG("find", "Search as you type: all mail, or here", prompt_exec,
               { "SCOPE", CMD_CHOICE, scope_choices, true, false }),
    SCREEN("find-text", "Find text on this page", prompt_exec),
    SCREEN("change-folder", "Go to a folder by name", change_folder_exec),
    SCREEN("redraw", "Draw everything anew", redraw_exec),
    SCREEN("suspend", "Back to the shell; fg returns", suspend_exec),
    SCREEN("nothing", "Does nothing", nothing_exec),
    { .name = NULL },
};

static void
add_entries(CmdTable *table, const CmdEntry *all)
{
    for (; all->name; all++) {
        const CmdEntry *one[] = { all, NULL };

        cmd_table_add(table, one);
    }
}

void
tui_commands_add(CmdTable *table)
{
    add_entries(table, entries);
    add_entries(table, tui_extract_entries);
    add_entries(table, tui_places_entries);
}
