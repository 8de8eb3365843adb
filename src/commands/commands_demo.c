/* The command demo. Where there is a terminal, the program opens the demo on
 * the screen; here, it prints the demo's inbox. */
#include "commands/commands.h"

#include "core/search.h"
#include "rows_json.h"

enum { PRINTED = 100 };

static CmdResult
demo_exec(CmdCall *call)
{
    Session *session = cmd_session(call);
    Store *store = session_store(session);
    GError *error = NULL;
    gint64 folder = session_find_folder(session, "inbox", NULL, &error);
    StoreView view = { .folder = folder, .threads = true };
    g_autoptr(GArray) ids = folder ? store_ids(store, &view, PRINTED, &error)
                                   : NULL;
    g_autoptr(GPtrArray) rows = NULL;

    if (ids)
        rows = store_rows(store, (const gint64 *)(void *)ids->data, ids->len,
                          true, folder, &error);
    if (rows)
        rows_print(session, rows, cmd_out(call));
    return cmd_result(call, error);
}

const CmdEntry command_demo = {
    .name = "demo",
    .help = "A large, invented mailbox to try everything on",
    .group = "configure",
    .flags = { { "messages", 0, CMD_INT, NULL, "how many messages it has" },
               { "at", 0, CMD_TIME, NULL, "the time it pretends to be" } },
    .exec = demo_exec,
};
