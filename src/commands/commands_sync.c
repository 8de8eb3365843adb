/* Accounts and their servers: fetch and push, list folders, go offline, check
 * what is configured. */
#include "commands_folder.h"

#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/identity.h"
#include "core/indexer.h"
#include "core/judge.h"
#include "core/outbox.h"
#include "core/verifier.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* A command that waits for several accounts and then for the index. */
typedef struct {
    CmdCall *call;
    guint waiting;
    GError *first;
    bool index;
} Waiting;

static void
end_waiting(const GError *error, void *user)
{
    Waiting *waiting = user;

    indexer_expect_wait(session_indexer(cmd_session(waiting->call)), false);
    if (error && waiting->first == NULL)
        waiting->first = g_error_copy(error);
    cmd_finish(waiting->call, waiting->first);
    g_free(waiting);
}

/* The first error is the command's; the others are told as they come. */
static void
account_done(Account *account, const GError *error, void *user)
{
    Waiting *waiting = user;
    Session *session = cmd_session(waiting->call);

    if (error && waiting->first == NULL)
        waiting->first = g_error_new(error->domain, error->code, "%s: %s",
                                     account_name(account), error->message);
    else if (error)
        frontend_tell(session_frontend(session), TELL_ERROR, false, "%s: %s",
                      account_name(account), error->message);
    if (--waiting->waiting > 0)
        return;
    if (waiting->index && waiting->first == NULL)
        indexer_wait(session_indexer(session), end_waiting, waiting);
    else
        end_waiting(NULL, waiting);
}

/* "work" or "work/Lists/linux-mm": the account, and the folder or NULL. */
static Account *
find_account(Session *session, const char *word, const char **folder)
{
    const GPtrArray *accounts = session_accounts(session);

    *folder = NULL;
    for (guint i = 0; i < accounts->len; i++) {
        Account *account = accounts->pdata[i];
        gsize size = strlen(account_name(account));

        if (strncmp(word, account_name(account), size) != 0)
            continue;
        if (word[size] == '/')
            *folder = word;
        if (word[size] == '/' || word[size] == '\0')
            return account;
    }
    return NULL;
}

static void
sync_account_now(Waiting *waiting, Account *account, const char *folder)
{
    AccountSync how = {
        .folder = folder,
        .accept_removals = cmd_has(waiting->call, "accept-removals"),
    };

    account_sync(account, &how, account_done, waiting);
}

static void
sync_all(Waiting *waiting, Session *session)
{
    const GPtrArray *accounts = session_accounts(session);

    for (guint i = 0; i < accounts->len; i++)
        sync_account_now(waiting, accounts->pdata[i], NULL);
}

static void
sync_words(Waiting *waiting, Session *session, const char *const *words)
{
    for (const char *const *word = words; *word; word++) {
        const char *folder;
        Account *account = find_account(session, *word, &folder);

        sync_account_now(waiting, account, folder);
    }
}

static CmdResult
check_words(CmdCall *call, const char *const *words)
{
    for (const char *const *word = words; *word; word++) {
        const char *folder;
        g_autofree char *safe = text_sanitise(*word, -1, TEXT_LINE);

        if (find_account(cmd_session(call), *word, &folder) == NULL)
            return cmd_fail_usage(call, "sync: no account is called %s", safe);
    }
    return CMD_DONE;
}

/* Stays: the accounts are followed until the program ends. */
static CmdResult
sync_watch(CmdCall *call, Session *session)
{
    const GPtrArray *accounts = session_accounts(session);

    for (guint i = 0; i < accounts->len; i++)
        account_start(accounts->pdata[i]);
    indexer_watch(session_indexer(session));
    judge_start(session_judge(session));
    cmd_hold(call);
    return CMD_RUNNING;
}

/* On a screen nobody waits: the state of each account is in view. */
static CmdResult
sync_behind(CmdCall *call, Session *session)
{
    const GPtrArray *accounts = session_accounts(session);

    for (guint i = 0; i < accounts->len; i++)
        account_sync(accounts->pdata[i], NULL, NULL, NULL);
    return CMD_DONE;
}

static CmdResult
sync_exec(CmdCall *call)
{
    Session *session = cmd_session(call);
    const char *const *words = cmd_rest(call);
    guint n = g_strv_length((char **)words);
    Waiting *waiting;

    if (check_words(call, words) == CMD_FAILED)
        return CMD_FAILED;
    if (session_offline(session))
        return cmd_fail_usage(call, "sync: offline by your wish; `online` "
                                    "ends that");
    if (session_accounts(session)->len == 0)
        return cmd_fail_usage(call, "sync: there is no account: write one "
                                    "into the configuration (README)");
    if (cmd_has(call, "no-index"))
        indexer_disable(session_indexer(session));
    if (cmd_has(call, "watch"))
        return sync_watch(call, session);
    if (session_frontend(session)->has_screen && n == 0)
        return sync_behind(call, session);
    waiting = g_new0(Waiting, 1);
    waiting->call = cmd_hold(call);
    waiting->index = !cmd_has(call, "no-index");
    waiting->waiting = n ? n : session_accounts(session)->len;
    if (waiting->index)
        indexer_expect_wait(session_indexer(session), true);
    if (n)
        sync_words(waiting, session, words);
    else
        sync_all(waiting, session);
    return CMD_RUNNING;
}

static const CmdEntry entry_sync = {
    .name = "sync",
    .help = "Fetch and push, now",
    .group = "program",
    .flags = { { "watch", 'w', CMD_BOOL, NULL, "stay and follow the servers" },
               { "no-index", 0, CMD_BOOL, NULL,
                 "fetch only; the search learns of it another time" },
               { "accept-removals", 0, CMD_BOOL, NULL,
                 "remove here what is gone on the server, also when it is "
                 "most of a folder" } },
    .args = { { "ACCOUNT[/FOLDER]", CMD_FOLDER, NULL, true, true } },
    .exec = sync_exec,
};

static void
add_text(JsonBuilder *builder, const char *name, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, valid);
}

static void
add_number(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

/* What is filed in it changes nothing on the account's server. */
static bool
is_one_way(Session *session, const StoreFolder *folder)
{
    const Account *account = session_account(session, folder->account);

    return account && account_is_one_way(account);
}

static JsonNode *
folders_json(Session *session, const GPtrArray *folders)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        json_builder_begin_object(builder);
        add_text(builder, "account", folder->account);
        add_text(builder, "folder", folder->path);
        add_text(builder, "name", folder->name);
        add_text(builder, "role", store_role_word(folder->role));
        add_number(builder, "total", folder->total);
        add_number(builder, "unread", folder->unread);
        json_builder_set_member_name(builder, "one_way");
        json_builder_add_boolean_value(builder, is_one_way(session, folder));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    return json_builder_get_root(builder);
}

static void
folders_print(CmdCall *call, const GPtrArray *folders)
{
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];
        g_autofree char *path = text_sanitise(folder->path, -1, TEXT_LINE);

        printer_line(
            cmd_out(call), "%7u %7u  %s%s%s%s", folder->unread, folder->total,
            path, folder->role ? "  " : "", store_role_word(folder->role),
            is_one_way(cmd_session(call), folder) ? "  filed here only" : "");
    }
}

static CmdResult
folders_exec(CmdCall *call)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) folders = NULL;

    if (cmd_arg(call, 0))
        return folders_change(call);
    folders = session_folders(cmd_session(call), &error);
    if (folders == NULL)
        return cmd_fail(call, error);
    if (cmd_has(call, "json"))
        printer_json(cmd_out(call), folders_json(cmd_session(call), folders));
    else
        folders_print(call, folders);
    return CMD_DONE;
}

static const CmdEntry entry_folders = {
    .name = "folders",
    .help = "List the folders (unread, all, name, role), or change one, here "
            "and on the server",
    .group = "mail",
    .flags = { { "json", 'j', CMD_BOOL, NULL, "print JSON" },
               { "force", 'f', CMD_BOOL, NULL,
                 "delete a folder with all its messages" } },
    .args = { { "WHAT", CMD_CHOICE, folders_verbs, true, false },
              { "FOLDER", CMD_FOLDER, NULL, true, false },
              { "NAME", CMD_STRING, NULL, true, false } },
    .exec = folders_exec,
};

static void
go_offline(CmdCall *call, bool offline)
{
    Session *session = cmd_session(call);

    session_set_offline(session, offline);
    frontend_tell(session_frontend(session), TELL_INFO, false, "%s",
                  offline ? "Offline: what you do waits here."
                          : "Online again.");
}

static CmdResult
offline_exec(CmdCall *call)
{
    const char *word = cmd_arg(call, 0);
    bool now = session_offline(cmd_session(call));

    go_offline(call, word == NULL || strcmp(word, "toggle") == 0
                         ? !now
                         : strcmp(word, "on") == 0);
    return CMD_DONE;
}

static const char *const offline_choices[] = { "on", "off", "toggle", NULL };

static const CmdEntry entry_offline = {
    .name = "offline",
    .help = "Stop dialling, or start again",
    .group = "program",
    .args = { { "WHETHER", CMD_CHOICE, offline_choices, true, false } },
    .exec = offline_exec,
};

static CmdResult
online_exec(CmdCall *call)
{
    go_offline(call, false);
    return CMD_DONE;
}

static const CmdEntry entry_online = {
    .name = "online",
    .help = "End `offline`: connect and catch up",
    .group = "program",
    .exec = online_exec,
};

/* One account's check: its incoming server, then its outgoing one. */
typedef struct {
    Waiting *waiting;
    Account *account;
} Check;

static void
check_over(Check *check, const GError *error)
{
    account_done(check->account, error, check->waiting);
    g_free(check);
}

/* What the DNS says of the domain of the account: words, no failure. */
static void
own_checked(const GPtrArray *lines, const GError *error, void *user)
{
    Check *check = user;

    for (guint i = 0; lines && i < lines->len; i++) {
        g_autofree char *safe =
            text_sanitise(g_ptr_array_index(lines, i), -1, TEXT_LINE);

        printer_line(cmd_out(check->waiting->call), "  %s", safe);
    }
    check_over(check, error);
}

static void
check_ends(Check *check, const GError *error)
{
    const char *address = account_address(check->account);
    const char *at = address ? strrchr(address, '@') : NULL;
    Waiting *waiting = check->waiting;
    const char *room = account_room(check->account);

    if (error == NULL)
        printer_line(cmd_out(waiting->call), "%s: the servers are fine%s%s",
                     account_name(check->account), room ? ", " : "",
                     room ? room : "");
    if (error == NULL && at != NULL)
        verifier_check_own(session_verifier(cmd_session(waiting->call)), at + 1,
                           own_checked, check);
    else
        check_over(check, error);
}

static void
check_outgoing_done(const GError *error, void *user)
{
    check_ends(user, error);
}

/* An account that only reads has no `outgoing`. */
static void
check_incoming_done(Account *account, const GError *error, void *user)
{
    Check *check = user;
    Session *session = cmd_session(check->waiting->call);

    if (error
        || options_get(session_options(session), "outgoing",
                       account_name(account), NULL)
               == NULL)
        check_ends(check, error);
    else
        outbox_check(session_outbox(session), account_name(account),
                     check_outgoing_done, check);
}

/* An identity has no mail of its own to fetch. */
static void
check_one(Waiting *waiting, Account *account)
{
    Session *session = cmd_session(waiting->call);
    Check *check = g_new(Check, 1);

    *check = (Check){ waiting, account };
    if (identity_name(account))
        outbox_check(session_outbox(session), account_name(account),
                     check_outgoing_done, check);
    else
        account_check(account, check_incoming_done, check);
}

/* The accounts, and identities that have a server of their own. */
static GPtrArray *
who_has_servers(Session *session)
{
    const GPtrArray *accounts = session_accounts(session);
    GPtrArray *all = g_ptr_array_new();

    for (guint i = 0; i < accounts->len; i++) {
        const GPtrArray *identities = account_identities(accounts->pdata[i]);

        g_ptr_array_add(all, accounts->pdata[i]);
        for (guint k = 0; k < identities->len; k++)
            if (options_own(session_options(session), "outgoing",
                            account_name(identities->pdata[k])))
                g_ptr_array_add(all, identities->pdata[k]);
    }
    return all;
}

static CmdResult
check_online(CmdCall *call)
{
    g_autoptr(GPtrArray) all = who_has_servers(cmd_session(call));
    Waiting *waiting = g_new0(Waiting, 1);

    waiting->call = cmd_hold(call);
    waiting->waiting = all->len;
    for (guint i = 0; i < all->len; i++)
        check_one(waiting, all->pdata[i]);
    return CMD_RUNNING;
}

/* The configuration was read to get here; what is left is the state. */
static CmdResult
check_exec(CmdCall *call)
{
    Session *session = cmd_session(call);
    GError *error = NULL;

    if (!store_check(session_store(session), &error))
        return cmd_fail(call, error);
    printer_line(cmd_out(call), "%u account%s configured, the state is whole",
                 session_accounts(session)->len,
                 session_accounts(session)->len == 1 ? "" : "s");
    if (cmd_has(call, "online") && session_accounts(session)->len > 0)
        return check_online(call);
    return CMD_DONE;
}

static const CmdEntry entry_check = {
    .name = "check",
    .help = "Check the configuration and the state, then the servers",
    .group = "program",
    .flags = { { "online", 'o', CMD_BOOL, NULL,
                 "log in to each server, to fetch and to send, those of "
                 "identities too, and look at what the DNS says of the domain "
                 "you send from" } },
    .exec = check_exec,
};

const CmdEntry *const commands_sync[] = {
    &entry_sync,   &entry_folders, &entry_offline,
    &entry_online, &entry_check,   NULL,
};
