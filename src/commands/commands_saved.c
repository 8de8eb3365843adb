/* Searches that have a name. */
#include "commands/commands.h"

#include "core/searches.h"

static void
print_all(CmdCall *call)
{
    const GPtrArray *all = searches_all(session_searches(cmd_session(call)));

    if (all->len == 0)
        frontend_tell(session_frontend(cmd_session(call)), TELL_INFO, false,
                      "No search has a name yet: saved-search --keep bills "
                      "subject:invoice");
    for (guint i = 0; i < all->len; i++) {
        const SavedSearch *search = all->pdata[i];

        printer_line(cmd_out(call), "%s\t%s", search->name, search->query);
    }
}

static CmdResult
saved_search_exec(CmdCall *call)
{
    Session *session = cmd_session(call);
    const char *name = cmd_arg(call, 0);
    g_autofree char *query = g_strjoinv(" ", (char **)cmd_rest(call));
    GError *error = NULL;

    if (name == NULL)
        print_all(call);
    else if (*query == '\0' && !cmd_has(call, "remove"))
        return cmd_fail_usage(call, "saved-search: what does \"%s\" search? "
                              "--remove takes it away", name);
    else if (cmd_has(call, "keep"))
        searches_keep(session, name, query, &error);
    else
        searches_put(session_searches(session), name, query, &error);
    return cmd_result(call, error);
}

static const CmdEntry entry_saved_search = {
    .name = "saved-search",
    .help = "Give a search a name; alone, print those that have one",
    .group = "search",
    .flags = { { "keep", 'k', CMD_BOOL, NULL,
                 "also for the next time the program runs" },
               { "remove", 0, CMD_BOOL, NULL, "take the name away" } },
    .args = { { "NAME", CMD_STRING, NULL, true, false },
              { "QUERY", CMD_QUERY, NULL, true, true } },
    .exec = saved_search_exec,
};

const CmdEntry *const commands_saved[] = { &entry_saved_search, NULL };
