/* Rules about who must sign: written in the configuration, or made of a message
 * that is signed as all of its sender's should be. */
#include "commands/commands.h"

#include "base/err.h"
#include "core/session.h"
#include "core/signers.h"
#include "core/standing.h"
#include "mime/mime.h"
#include "targets.h"

#include <string.h>

static void
print_rules(CmdCall *call)
{
    g_autoptr(GPtrArray) rules =
        signers_rules(session_signers(cmd_session(call)), true);

    for (guint i = 0; i < rules->len; i++) {
        g_autofree char *line = signers_line(g_ptr_array_index(rules, i));

        printer_line(cmd_out(call), "%s", line);
    }
}

static CmdResult
signers_exec(CmdCall *call)
{
    TrustRule rule = {
        .kind = cmd_has(call, "ignore") ? TRUST_RULE_IGNORE
                : cmd_has(call, "may")  ? TRUST_RULE_MAY
                                        : TRUST_RULE_MUST,
        .from = (char *)cmd_arg(call, 0),
        .signers = (char **)cmd_rest(call),
    };
    GError *error = NULL;

    if (rule.from == NULL) {
        print_rules(call);
        return CMD_DONE;
    }
    if (!signers_add(session_signers(cmd_session(call)), &rule,
                     cmd_has(call, "brand"), &error))
        return cmd_fail(call, error);
    return CMD_DONE;
}

/* "list:ID" of a message, or NULL. g_free(). */
static char *
list_of(Session *session, const StoreRow *row)
{
    MimeMessage *message = session_load_message(session, row, NULL);
    const char *field = message ? mime_header(message, "List-Id") : NULL;
    const char *from = field ? strrchr(field, '<') : NULL;
    const char *to = from ? strchr(from, '>') : NULL;
    char *list =
        to ? g_strdup_printf("list:%.*s", (int)(to - from - 1), from + 1)
           : NULL;

    mime_message_free(message);
    return list;
}

/* Whom the rule is to be about. g_free(); NULL: there is no such thing. */
static char *
sender_of(CmdCall *call, const StoreRow *row)
{
    const char *at = row->from_addr ? strrchr(row->from_addr, '@') : NULL;

    if (cmd_has(call, "list"))
        return list_of(cmd_session(call), row);
    if (at == NULL)
        return NULL;
    return g_strdup(cmd_has(call, "domain") ? at + 1 : row->from_addr);
}

static bool
expect_one(CmdCall *call, const StoreRow *row, GError **error)
{
    Session *session = cmd_session(call);
    g_autoptr(Standing) standing = standing_parse(row->trust);
    g_autofree char *from = sender_of(call, row);

    if (standing == NULL || standing->signer == NULL)
        return err_set(error, ERR_USAGE,
                       "no signature of this message holds: there is nothing "
                       "to expect of the next one");
    if (from == NULL)
        return err_set(error, ERR_USAGE, "this message has no such sender");
    if (!signers_keep(session, from, standing->signer, error))
        return false;
    frontend_tell(session_frontend(session), TELL_INFO, false,
                  "Mail of %s must be signed by %s from now on", from,
                  standing->signer);
    return true;
}

static CmdResult
expect_set(CmdCall *call, const MessageSet *set)
{
    Store *store = session_store(cmd_session(call));
    GError *error = NULL;

    for (guint i = 0; i < set->ids->len; i++) {
        g_autoptr(StoreRow) row =
            store_row(store, g_array_index(set->ids, gint64, i), &error);

        if (row == NULL || !expect_one(call, row, &error))
            return cmd_fail(call, error);
    }
    return CMD_DONE;
}

static CmdResult
expect_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), expect_set);
}

static const CmdEntry entry_signers = {
    .name = "signers",
    .help = "Whose signature mail of a sender must have; alone it lists them, "
            "as commands for another machine. FROM is a pattern such as "
            "*@bank.example, a domain, or list:ID",
    .group = "configure",
    .flags = { { "brand", 0, CMD_BOOL, NULL,
                 "of the starter set: every other rule overrides it" },
               { "may", 0, CMD_BOOL, NULL,
                 "these speak for the sender, but nobody has to sign" },
               { "ignore", 0, CMD_BOOL, NULL,
                 "whatever fails of this sender is no alarm; no DOMAIN" } },
    .args = { { "FROM", CMD_STRING, NULL, true, false },
              { "DOMAIN", CMD_STRING, NULL, true, true } },
    .exec = signers_exec,
};

static const CmdEntry entry_expect = {
    .name = "expect-signer",
    .help = "From now on expect of this sender who signed this message",
    .group = "mail",
    .flags = { TARGET_FLAG_QUERY,
               TARGET_FLAG_DRY_RUN,
               TARGET_FLAG_JSON,
               { "domain", 0, CMD_BOOL, NULL, "of all of the sender's domain" },
               { "list", 0, CMD_BOOL, NULL, "of all of the mailing list" } },
    .args = { { "QUERY", CMD_QUERY, NULL, true, true } },
    .target = TARGET_MESSAGES,
    .exec = expect_exec,
};

const CmdEntry *const commands_signers[] = {
    &entry_signers,
    &entry_expect,
    NULL,
};
