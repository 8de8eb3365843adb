/* Views by name, and messages in from files and out to files. */
#include "commands/commands.h"

#include "base/err.h"
#include "core/transfer.h"
#include "targets.h"

#include <string.h>

static CmdResult
open_list(CmdCall *call, gint64 folder, const char *query)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    ViewRequest request = { .kind = VIEW_LIST, .folder = folder,
                            .query = query,
                            .title = cmd_flag(call, "title") };

    frontend->class->open(frontend, &request);
    return CMD_DONE;
}

static CmdResult
open_message(CmdCall *call, const MessageSet *set)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    ViewRequest request = { .kind = cmd_has(call, "message") ? VIEW_MESSAGE
                                                             : VIEW_THREAD };

    if (set->ids->len == 0)
        return cmd_fail_usage(call, "open: no message matches");
    request.id = g_array_index(set->ids, gint64, 0);
    frontend->class->open(frontend, &request);
    return CMD_DONE;
}

static CmdResult
open_folder(CmdCall *call, const char *name)
{
    Session *session = cmd_session(call);
    Frontend *frontend = session_frontend(session);
    g_autofree char *account = frontend->class->account(frontend);
    g_autofree char *query = g_strconcat("folder:", name, NULL);
    GError *error = NULL;
    bool all;
    gint64 folder =
        session_shown_folder(session, name, account, &all, &error);

    if (folder == 0)
        return cmd_fail(call, error);
    return all ? open_list(call, 0, query) : open_list(call, folder, NULL);
}

static CmdResult
open_exec(CmdCall *call)
{
    if (cmd_has(call, "query"))
        return open_list(call, 0, cmd_flag(call, "query"));
    if (cmd_has(call, "folder"))
        return open_folder(call, cmd_flag(call, "folder"));
    return targets_each(call, NULL, open_message);
}

static const CmdEntry entry_open = {
    .name = "open",
    .help = "Open the message, a folder, or what a query finds",
    .group = "view",
    .flags = { { "folder", 'f', CMD_FOLDER, NULL,
                 "open this folder; of a role, such as drafts, that of the "
                 "account that is shown, in a view over all accounts those of "
                 "all, but one inbox" },
               { "query", 'q', CMD_QUERY, NULL, "open what matches" },
               { "title", 0, CMD_STRING, NULL, "what the top row says" },
               { "message", 'm', CMD_BOOL, NULL,
                 "the message alone, not its thread" } },
    .target = TARGET_VIEW,
    .needs_screen = true,
    .exec = open_exec,
};

static CmdResult
import_exec(CmdCall *call)
{
    Session *session = cmd_session(call);
    GError *error = NULL;
    gint64 folder;
    guint total = 0;

    if (!cmd_has(call, "folder"))
        return cmd_fail_usage(call, "import: --folder ACCOUNT/FOLDER says "
                              "where to");
    folder = session_find_folder(session, cmd_flag(call, "folder"), NULL,
                                 &error);
    for (const char *const *path = cmd_rest(call); folder && *path; path++) {
        guint n = 0;
        bool ok = transfer_import(session, folder, *path, &n, &error);

        total += n;
        if (!ok)
            break;
    }
    if (folder)
        printer_line(cmd_out(call), "%u message%s imported",
                     total, total == 1 ? "" : "s");
    return cmd_result(call, error);
}

static const CmdEntry entry_import = {
    .name = "import",
    .help = "Put messages from files, Maildir or mbox into a folder",
    .group = "mail",
    .flags = { { "folder", 'f', CMD_FOLDER, NULL, "where to" } },
    .args = { { "FILE", CMD_PATH, NULL, false, true } },
    .exec = import_exec,
};

/* The last word is the path, those before it the query. */
static const char *
export_path(CmdCall *call, guint *n)
{
    const char *const *words = cmd_rest(call);

    *n = g_strv_length((char **)words);
    return *n >= 2 ? words[*n - 1] : NULL;
}

static CmdResult
export_set(CmdCall *call, const MessageSet *set)
{
    TransferFormat format =
        cmd_has(call, "maildir") ? TRANSFER_MAILDIR : TRANSFER_MBOX;
    GError *error = NULL;
    guint n;
    guint written = 0;
    const char *path = export_path(call, &n);

    if (transfer_export(cmd_session(call), set->ids, format, path, &written,
                        &error))
        printer_line(cmd_out(call), "%u messages written to %s", written,
                     path);
    return cmd_result(call, error);
}

static CmdResult
export_exec(CmdCall *call)
{
    guint n;
    const char *path = export_path(call, &n);
    g_autofree const char **query = NULL;

    if (path == NULL)
        return cmd_fail_usage(call, "export: a query, then a path, such as: "
                              "posthorn export from:ana ana.mbox");
    query = g_new0(const char *, n);
    memcpy(query, cmd_rest(call), (n - 1) * sizeof *query);
    return targets_each(call, query, export_set);
}

static const CmdEntry entry_export = {
    .name = "export",
    .help = "Write messages to an mbox file or a Maildir",
    .group = "mail",
    .flags = { { "mbox", 0, CMD_BOOL, NULL, "an mbox file (the default)" },
               { "maildir", 0, CMD_BOOL, NULL, "a Maildir" } },
    .args = { { "QUERY PATH", CMD_STRING, NULL, false, true } },
    .exec = export_exec,
};

const CmdEntry *const commands_files[] = {
    &entry_open,
    &entry_import,
    &entry_export,
    NULL,
};
