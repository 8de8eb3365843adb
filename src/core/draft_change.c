/* What the user changes about a draft once it is there. Who writes brings more
 * than an address: the signature and the Reply-To go with it. */
#include "draft_private.h"

#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/identity.h"

#include <string.h>

static const char *
signature_of(Session *session, const Account *writer)
{
    const char *signature = options_get(session_options(session), "signature",
                                        account_name(writer), NULL);

    return signature && *signature ? signature : NULL;
}

void
draft_append_signature(Session *session, const Account *writer, GString *text)
{
    const char *signature = signature_of(session, writer);

    if (signature == NULL)
        return;
    if (text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    g_string_append_printf(text, "\n-- \n%s\n", signature);
}

/* Where the block stands in the text, whole lines of it, the last one; -1:
 * nowhere, or not as it was. */
static gssize
find_block(const char *text, const char *block)
{
    gsize size = strlen(block);
    gssize found = -1;

    for (const char *at = strstr(text, block); at; at = strstr(at + 1, block))
        if ((at == text || at[-1] == '\n')
            && (at[size] == '\0' || at[size] == '\n'))
            found = at - text;
    return found;
}

static bool
has_signature(const char *text)
{
    return g_str_has_prefix(text, "-- \n") || strstr(text, "\n-- \n") != NULL;
}

/* The block, and what was set around it where no other follows. */
static void
take_out(GString *text, gsize at, gsize size, bool whole)
{
    gsize end = at + size;

    if (whole && text->str[end] == '\n')
        end++;
    if (whole && at > 0)
        at--;
    g_string_erase(text, (gssize)at, (gssize)(end - at));
}

/* One that is not as it was is the user's own, and stays. */
static void
change_signature(Session *session, Draft *draft, const Account *before,
                 const Account *after)
{
    const char *old = signature_of(session, before);
    const char *new = signature_of(session, after);
    g_autofree char *block = g_strconcat("-- \n", old, NULL);
    g_autofree char *other = g_strconcat("-- \n", new, NULL);
    gssize at = old ? find_block(draft->text, block) : -1;
    g_autoptr(GString) text = NULL;

    if (g_strcmp0(old, new) == 0 || (old && at < 0))
        return;
    text = g_string_new(draft->text);
    if (old) {
        take_out(text, (gsize)at, strlen(block), new == NULL);
        if (new)
            g_string_insert(text, at, other);
    } else if (!has_signature(draft->text)) {
        draft_append_signature(session, after, text);
    }
    g_free(draft->text);
    draft->text = g_string_free(g_steal_pointer(&text), FALSE);
}

static void
change_reply_to(Session *session, Draft *draft, const Account *before,
                const Account *after)
{
    const Options *options = session_options(session);
    const char *old =
        options_get(options, "reply-to", account_name(before), NULL);
    const char *new =
        options_get(options, "reply-to", account_name(after), NULL);

    if (strcmp(draft->reply_to, old ? old : "") == 0)
        draft_set(draft, "reply-to", new ? new : "", NULL);
}

const Account *
draft_writer(Session *session, const Draft *draft)
{
    const Account *account =
        identity_sender(session, draft->account, draft->from);

    return account ? identity_writer(account, draft->from, NULL) : NULL;
}

static void
change_writer(Session *session, Draft *draft, const char *from)
{
    const Account *before = draft_writer(session, draft);
    const Account *after;

    draft_set(draft, "from", from, NULL);
    after = draft_writer(session, draft);
    if (before == NULL || before == after)
        return;
    change_signature(session, draft, before, after);
    change_reply_to(session, draft, before, after);
}

/* The account, or one of its identities; From is of it then. */
static bool
change_account(Session *session, Draft *draft, const char *name, GError **error)
{
    g_autofree char *safe = text_sanitise(name, -1, TEXT_LINE);
    const Account *writer = session_account(session, name);
    g_autofree char *from = NULL;

    if (writer == NULL)
        return err_set(error, ERR_USAGE, "no account is called %s", safe);
    if (draft_writer(session, draft) != writer) {
        from = mime_address_format(account_real_name(writer),
                                   account_address(writer));
        change_writer(session, draft, from);
    }
    return draft_set(draft, "account",
                     account_name(identity_owner(session, name)), error);
}

bool
draft_change(Session *session, Draft *draft, const char *field,
             const char *value, GError **error)
{
    if (g_ascii_strcasecmp(field, "account") == 0)
        return change_account(session, draft, value, error);
    if (g_ascii_strcasecmp(field, "from") != 0)
        return draft_set(draft, field, value, error);
    change_writer(session, draft, value);
    return true;
}
