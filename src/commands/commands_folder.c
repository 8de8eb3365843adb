/* What `folders` does but list: folders made, renamed, removed and subscribed,
 * here at once, on the server with the next sync. */
#include "commands_folder.h"

#include "core/folder.h"

#include <string.h>

const char *const folders_verbs[] = { "create",    "rename",      "delete",
                                     "subscribe", "unsubscribe", NULL };

static gint64
named(CmdCall *call, GError **error)
{
    return session_find_folder(cmd_session(call), cmd_arg(call, 1), NULL,
                               error);
}

static bool
change(CmdCall *call, const char *verb, GError **error)
{
    Session *session = cmd_session(call);
    gint64 id;

    if (strcmp(verb, "create") == 0)
        return folder_create(session, cmd_arg(call, 1), error) != 0;
    id = named(call, error);
    if (id == 0)
        return false;
    if (strcmp(verb, "rename") == 0)
        return folder_rename(session, id, cmd_arg(call, 2), error);
    if (strcmp(verb, "delete") == 0)
        return folder_delete(session, id, cmd_has(call, "force"), error);
    return folder_subscribe(session, id, strcmp(verb, "subscribe") == 0, error);
}

CmdResult
folders_change(CmdCall *call)
{
    const char *verb = cmd_arg(call, 0);
    guint wanted = strcmp(verb, "rename") == 0 ? 3 : 2;
    guint n = 1 + (cmd_arg(call, 1) != NULL) + (cmd_arg(call, 2) != NULL);
    GError *error = NULL;

    if (n != wanted)
        return cmd_fail_usage(call, wanted == 3
                                        ? "folders: rename takes the folder "
                                          "and its new name"
                                        : "folders: this takes one folder");
    return change(call, verb, &error) ? CMD_DONE : cmd_fail(call, error);
}
