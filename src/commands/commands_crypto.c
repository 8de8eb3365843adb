/* OpenPGP and S/MIME: opening a message, and the passphrase of a draft. */
#include "opening.h"

#include "base/err.h"
#include "core/draft.h"
#include "targets.h"

typedef struct {
    CmdCall *call;
    gint64 id;
    MimeMessage *message; /* as it came */
    OpeningDone done;
    GError *error;
    bool needs_passphrase; /* still */
} Opening;

static void
opening_end(Opening *opening)
{
    session_rows_changed(cmd_session(opening->call));
    opening->done(opening->call, opening->id, opening->error);
    mime_message_free(opening->message);
    g_free(opening);
}

/* Why it stays closed; nothing where it is open, or was never closed. */
static void
judge(Opening *opening, const MimeOpened *opened)
{
    opening->needs_passphrase = opened && opened->needs_passphrase;
    if (opened && opened->encrypted && opened->bytes == NULL)
        err_set(&opening->error, ERR_REFUSED, "not opened: %s",
                opened->trouble ? opened->trouble : "gpg gives no reason");
}

static void
open_lent(void *user)
{
    Opening *opening = user;
    Crypto *crypto = session_crypto(cmd_session(opening->call));
    const MimeOpened *opened;

    g_clear_error(&opening->error);
    opened = crypto_open_here(crypto, opening->id, opening->message);
    if (opened)
        judge(opening, opened);
}

static void
opened(const MimeOpened *opened, const GError *error, void *user)
{
    Opening *opening = user;
    Frontend *frontend;

    if (error) {
        opening->error = g_error_copy(error);
        opening_end(opening);
        return;
    }
    frontend = session_frontend(cmd_session(opening->call));
    judge(opening, opened);
    if (opening->needs_passphrase && frontend->has_screen)
        frontend->class->lend(frontend, open_lent, opening);
    opening_end(opening);
}

CmdResult
opening_start(CmdCall *call, gint64 id, MimeMessage *taken, OpeningDone done)
{
    Session *session = cmd_session(call);
    g_autoptr(StoreRow) row = store_row(session_store(session), id, NULL);
    g_autoptr(MimeMessage) message = taken;
    CryptoRequest request = { .id = id, .decrypt = true };
    GError *error = NULL;
    Opening *opening;

    if (cmd_context(call)->origin == CMD_FROM_HOOK)
        return cmd_fail_usage(call, "%s: a hook does not open messages",
                              cmd_entry(call)->name);
    if (row == NULL || row->file == NULL)
        return cmd_fail_usage(call, "the message is not on this machine yet: "
                                    "open it first, so that it is fetched");
    if (message == NULL)
        message = session_load_message(session, row, &error);
    if (message == NULL)
        return cmd_fail(call, error);
    request.message = mime_load_again(message);
    opening = g_new0(Opening, 1);
    opening->call = cmd_hold(call);
    opening->id = id;
    opening->message = g_steal_pointer(&message);
    opening->done = done;
    crypto_open(session_crypto(session), &request, opened, opening);
    return CMD_RUNNING;
}

typedef struct {
    MimeProtocol protocol;
    char *signer;
    GError *error;
    bool ok;
} Unlocking;

static void
unlock_lent(void *user)
{
    Unlocking *unlocking = user;

    unlocking->ok = mime_seal_unlock(unlocking->protocol, unlocking->signer,
                                     &unlocking->error);
}

bool
opening_unlock(Session *session, const char *path, GError **error)
{
    Frontend *frontend = session_frontend(session);
    g_autoptr(Draft) draft = draft_load(path, error);
    Unlocking unlocking = { 0 };

    if (draft == NULL)
        return false;
    unlocking.protocol = draft->smime ? MIME_SMIME : MIME_OPENPGP;
    unlocking.signer = draft_signer(session, draft);
    frontend->class->lend(frontend, unlock_lent, &unlocking);
    g_free(unlocking.signer);
    if (unlocking.error)
        g_propagate_error(error, unlocking.error);
    return unlocking.ok;
}

static void
decrypted(CmdCall *call, gint64 id, GError *error)
{
    cmd_finish(call, error);
}

static CmdResult
decrypt_apply(CmdCall *call, const MessageSet *set)
{
    if (set->ids->len == 0)
        return cmd_fail_usage(call, "decrypt: no message is meant");
    return opening_start(call, g_array_index(set->ids, gint64, 0), NULL,
                         decrypted);
}

static CmdResult
decrypt_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), decrypt_apply);
}

const CmdEntry command_decrypt = {
    .name = "decrypt",
    .help = "Open an encrypted message, or check a signature once more; "
            "gpg-agent asks for a passphrase that is needed",
    .group = "view",
    .needs_screen = true,
    .target = TARGET_MESSAGES,
    .args = { { "QUERY", CMD_QUERY, NULL, true, true } },
    .exec = decrypt_exec,
};
