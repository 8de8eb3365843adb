/* Commands that go somewhere or choose by a question: views, accounts, tags,
 * rows that a search finds. */
#include "tui_private.h"

#include "base/err.h"
#include "core/account.h"
#include "core/search.h"
#include "core/searches.h"

#include <stdlib.h>
#include <string.h>

static Tui *
tui_of(CmdCall *call)
{
    return tui_of_frontend(session_frontend(cmd_session(call)));
}

/* The folder of the uppermost list or message; 0: there is none, or the list is
 * over all accounts. */
static gint64
folder_shown(Tui *tui)
{
    for (guint i = tui->views->len; i > 0; i--) {
        View *view = tui->views->pdata[i - 1];
        gint64 id = 0;
        g_autoptr(StoreRow) row = NULL;

        if (view_is_list(view))
            return list_view_folder_id(view);
        if (view->class->current)
            id = view->class->current(view);
        if (id)
            row = store_row(session_store(tui->session), id, NULL);
        if (row)
            return row->folder;
    }
    return 0;
}

char *
tui_account(Tui *tui)
{
    gint64 id = folder_shown(tui);
    g_autoptr(StoreFolder) folder =
        id ? store_folder(session_store(tui->session), id, NULL) : NULL;

    return folder ? g_strdup(folder->account) : NULL;
}

/* Takes the view of an index out from below and lays it on top. */
static void
raise_view(Tui *tui, guint index)
{
    View *view = g_ptr_array_steal_index(tui->views, index);

    g_ptr_array_add(tui->views, view);
    tui_focus(tui);
}

/* The one on top goes below all others. */
static void
lower_view(Tui *tui)
{
    View *view = g_ptr_array_steal_index(tui->views, tui->views->len - 1);

    g_ptr_array_insert(tui->views, 0, view);
    tui_focus(tui);
}

static CmdResult
view_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    const char *which = cmd_arg(call, 0);
    int number = atoi(which);

    if (tui->views->len < 2)
        tui_tell(tui, TELL_INFO, false, "This is the only view.");
    else if (strcmp(which, "next") == 0)
        raise_view(tui, 0);
    else if (strcmp(which, "previous") == 0)
        lower_view(tui);
    else if (number >= 1 && number <= (int)tui->views->len)
        raise_view(tui, (guint)number - 1);
    else
        return cmd_fail_usage(call,
                              "there are %u views: write next, previous "
                              "or a number up to that",
                              tui->views->len);
    return CMD_DONE;
}

static CmdResult
go_account_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    const GPtrArray *accounts = session_accounts(tui->session);
    int number = atoi(cmd_arg(call, 0));
    g_autoptr(StoreFolder) folder = NULL;

    if (number < 1 || number > (int)accounts->len)
        return cmd_fail_usage(call,
                              "there are %u accounts: write a number up "
                              "to that",
                              accounts->len);
    folder = store_folder_by_role(session_store(tui->session),
                                  account_name(accounts->pdata[number - 1]),
                                  FOLDER_ROLE_INBOX, NULL);
    if (folder == NULL)
        return cmd_fail_usage(call,
                              "account %d has no inbox yet: $ fetches "
                              "its folders",
                              number);
    tui_push(tui, list_view_folder(tui, folder->id, NULL));
    return CMD_DONE;
}

static void
tag_chosen(const char *answer, void *user)
{
    Tui *tui = user;
    g_autofree char *tag = g_strstrip(g_strdup(answer ? answer : ""));
    const char *name = *tag == '+' ? tag + 1 : tag;
    g_autofree char *quoted = search_quote(name);
    g_autofree char *query = g_strdup_printf("tag:%s", quoted);

    if (*name)
        tui_push(tui, list_view_query(tui, query, "Tag"));
}

static CmdResult
go_tag_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    AskRequest request = {
        .prompt = "Tag", .completion = "tag", .answer = tag_chosen, .user = tui
    };

    tui->prompt = prompt_ask(tui, &request);
    return CMD_DONE;
}

static void
search_chosen(const char *answer, void *user)
{
    Tui *tui = user;
    const GPtrArray *all = searches_all(session_searches(tui->session));
    const SavedSearch *search =
        answer ? searches_find(session_searches(tui->session), answer) : NULL;
    g_autofree char *text = NULL;

    if (answer && *answer == '\0' && all->len == 1)
        search = all->pdata[0];
    if (search) {
        tui_push(tui, list_view_query(tui, search->query, search->name));
    } else if (answer && *answer == '\0') {
        tui_tell(tui, TELL_INFO, false, "None was chosen: Tab chooses.");
    } else if (answer) {
        text = g_strdup_printf("No search is called \"%s\": "
                               ":keep-search %s names the one that is shown.",
                               answer, answer);
        tui_tell(tui, TELL_ERROR, false, text);
    }
}

static CmdResult
go_search_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    AskRequest request = {
        .prompt = "Saved search", .completion = "search",
        .answer = search_chosen, .user = tui
    };

    if (cmd_arg(call, 0))
        search_chosen(cmd_arg(call, 0), tui);
    else if (searches_all(session_searches(tui->session))->len == 0)
        tui_tell(tui, TELL_INFO, false, "No search has a name yet: / searches, "
                 ":keep-search names what it found.");
    else
        tui->prompt = prompt_ask(tui, &request);
    return CMD_DONE;
}

static void
name_chosen(const char *answer, void *user)
{
    Tui *tui = user;
    const char *query = list_view_asked(tui_top(tui));
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    if (answer == NULL || *answer == '\0' || query == NULL)
        return;
    if (!searches_keep(tui->session, answer, query, &error)) {
        tui_tell(tui, TELL_ERROR, false, error->message);
        return;
    }
    text = g_strdup_printf("Kept: %s finds %s. g q goes there.", answer, query);
    tui_tell(tui, TELL_INFO, false, text);
}

static CmdResult
keep_search_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    AskRequest request = {
        .prompt = "Name of this search", .answer = name_chosen, .user = tui
    };

    if (!view_is_list(tui_top(tui)) || list_view_asked(tui_top(tui)) == NULL)
        return cmd_fail_usage(call, "keep-search is for what a search found: "
                              "/ searches");
    if (cmd_arg(call, 0))
        name_chosen(cmd_arg(call, 0), tui);
    else
        tui->prompt = prompt_ask(tui, &request);
    return CMD_DONE;
}

static CmdResult
contacts_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);

    tui_push(tui, contacts_view(tui));
    return CMD_DONE;
}

/* A question to the index whose answer chooses rows of the list on top. */
typedef struct {
    Session *session;
    Search *search;
    View *list;
    int step; /* to the next (1) or previous (-1) that matches; 0: select */
} Choice;

static gboolean
choice_free(void *data)
{
    Choice *choice = data;

    search_destroy(choice->search);
    g_free(choice);
    return G_SOURCE_REMOVE;
}

static void
apply(Choice *choice, Tui *tui, const GArray *ids)
{
    g_autofree char *text = NULL;
    guint n;

    if (choice->step != 0) {
        if (!list_view_go(choice->list, ids, choice->step))
            tui_tell(tui, TELL_INFO, false, "No other match here.");
        return;
    }
    n = list_view_select(choice->list, ids);
    text = g_strdup_printf("Selected %u.", n);
    tui_tell(tui, TELL_INFO, false, text);
}

/* The list may have gone while the index was asked. */
static void
chosen(const GArray *ids, bool complete, const GError *error, void *user)
{
    Choice *choice = user;
    Tui *tui = tui_of_frontend(session_frontend(choice->session));

    if (!complete && !error)
        return;
    if (tui && error)
        tui_tell(tui, TELL_ERROR, false, error->message);
    else if (tui && tui_top(tui) == choice->list)
        apply(choice, tui, ids);
    g_idle_add(choice_free, choice); /* not in its own callback */
}

static void
choose(Tui *tui, const char *query, int step)
{
    Choice *choice = g_new0(Choice, 1);

    choice->session = tui->session;
    choice->list = tui_top(tui);
    choice->step = step;
    choice->search = search_create(tui->session);
    search_start(choice->search, query, list_view_folder_id(choice->list), 0,
                 chosen, choice);
}

static void
select_answered(const char *answer, void *user)
{
    Tui *tui = user;

    if (answer && *answer && view_is_list(tui_top(tui)))
        choose(tui, answer, 0);
}

static CmdResult
select_by_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    AskRequest request = { .prompt = "Select by search",
                           .answer = select_answered,
                           .user = tui };

    if (!view_is_list(tui_top(tui)))
        return cmd_fail_usage(call, "select-by is for a list");
    if (cmd_arg(call, 0))
        choose(tui, cmd_arg(call, 0), 0);
    else
        tui->prompt = prompt_ask(tui, &request);
    return CMD_DONE;
}

/* In what a search found every row matches; in a folder the last search is
 * asked again, of the folder. */
static CmdResult
match_exec(CmdCall *call)
{
    Tui *tui = tui_of(call);
    View *view = tui_top(tui);
    int step = strcmp(cmd_entry(call)->name, "next-match") == 0 ? 1 : -1;

    if (!view_is_list(view))
        return cmd_fail_usage(call, "%s is for a list", cmd_entry(call)->name);
    if (list_view_folder_id(view) == 0)
        view->class->move(view, MOVE_LINES, step);
    else if (tui->last_query)
        choose(tui, tui->last_query, step);
    else
        tui_tell(tui, TELL_INFO, false,
                 "Nothing was searched yet: / searches.");
    return CMD_DONE;
}

#define SCREEN(NAME, HELP, EXEC, ...)                                          \
    {                                                                          \
        .name = NAME, .help = HELP, .group = "view", .needs_screen = true,     \
        .target = TARGET_VIEW, .exec = EXEC, .args = {                         \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

const CmdEntry tui_places_entries[] = {
    SCREEN("view", "Another view: next, previous, or its number", view_exec,
           { "WHICH", CMD_STRING, NULL, false, false }),
    SCREEN("go-account", "The inbox of an account, by its number",
           go_account_exec, { "NUMBER", CMD_STRING, NULL, false, false }),
    SCREEN("go-tag", "The messages of a tag", go_tag_exec, { 0 }),
    SCREEN("go-search", "What a saved search finds", go_search_exec,
           { "NAME", CMD_STRING, NULL, true, false }),
    SCREEN("keep-search", "Give the search that is shown a name",
           keep_search_exec, { "NAME", CMD_STRING, NULL, true, false }),
    SCREEN("contacts", "Whom you write to and hear from", contacts_exec,
           { 0 }),
    SCREEN("select-by", "Select the rows that a search finds", select_by_exec,
           { "QUERY", CMD_STRING, NULL, true, false }),
    SCREEN("next-match", "The next row that the last search finds", match_exec,
           { 0 }),
    SCREEN("previous-match", "The previous row that the last search finds",
           match_exec, { 0 }),
    { .name = NULL },
};
