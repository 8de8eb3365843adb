/* How a draft is signed and encrypted: which keys, by whose options. gpg is
 * asked only when the bytes are made (mime_build_to()). */
#include "draft_private.h"

#include "core/account.h"
#include "core/identity.h"

#include <string.h>

struct DraftSeal {
    MimeSeal mime;
    char *signer;
    char **readers;
    char **inner;
};

void
draft_seal_free(DraftSeal *seal)
{
    if (seal == NULL)
        return;
    g_free(seal->signer);
    g_strfreev(seal->readers);
    g_strfreev(seal->inner);
    g_free(seal);
}

const MimeSeal *
draft_mime_seal(const Draft *draft)
{
    return draft->seal ? &draft->seal->mime : NULL;
}

void
draft_seal_begin(Session *session, Draft *draft, const char *identity)
{
    Options *options = session_options(session);

    draft->sign = options_bool(options, "crypto-sign", identity);
    draft->encrypt = options_bool(options, "crypto-encrypt", identity);
    draft->smime = strcmp(options_get(options, "crypto-protocol", identity,
                                      NULL),
                          "smime")
                   == 0;
}

const char *
draft_seal_words(const Draft *draft)
{
    static const char *const words[2][4] = {
        { NULL, "sign (OpenPGP)", "encrypt (OpenPGP)",
          "sign and encrypt (OpenPGP)" },
        { NULL, "sign (S/MIME)", "encrypt (S/MIME)",
          "sign and encrypt (S/MIME)" },
    };

    return words[draft->smime][draft->sign + 2 * draft->encrypt];
}

/* As options know him; NULL: there is no account. */
static const char *
writer_name(Session *session, const Draft *draft)
{
    const Account *writer = draft_writer(session, draft);

    return writer ? account_name(writer) : NULL;
}

char *
draft_signer(Session *session, const Draft *draft)
{
    g_autofree char *address = mime_first_address(draft->from);
    const char *key = options_get(session_options(session),
                                  draft->smime ? "smime-key" : "openpgp-key",
                                  writer_name(session, draft), NULL);

    return key && *key ? g_strdup(key)
                       : g_strdup_printf("<%s>", address ? address : "");
}

static DraftSeal *
create(Session *session, const Draft *draft)
{
    DraftSeal *seal = g_new0(DraftSeal, 1);

    seal->signer = draft_signer(session, draft);
    seal->mime = (MimeSeal){
        .protocol = draft->smime ? MIME_SMIME : MIME_OPENPGP,
        .sign = draft->sign,
        .encrypt = draft->encrypt,
        .signer = seal->signer,
        .any_key = options_bool(session_options(session), "crypto-any-key",
                                writer_name(session, draft)),
    };
    return seal;
}

static void
set_seal(Draft *draft, DraftSeal *seal)
{
    draft_seal_free(draft->seal);
    draft->seal = seal;
}

/* Everyone it goes to, and the writer, so that what was sent can be read. */
static char **
readers(char **recipients, const char *writer_key)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();

    for (char **recipient = recipients; *recipient; recipient++) {
        g_autofree char *pattern = g_strdup_printf("<%s>", *recipient);

        if (strcmp(pattern, writer_key) != 0)
            g_strv_builder_add(list, pattern);
    }
    g_strv_builder_add(list, writer_key);
    return g_strv_builder_end(list);
}

bool
draft_seal(Session *session, Draft *draft, GError **error)
{
    g_auto(GStrv) recipients = NULL;
    DraftSeal *seal;

    set_seal(draft, NULL);
    if (!draft->sign && !draft->encrypt)
        return true;
    recipients = draft_recipients(draft, error);
    if (recipients == NULL)
        return false;
    seal = create(session, draft);
    seal->readers = readers(recipients, seal->signer);
    seal->mime.readers = (const char *const *)seal->readers;
    seal->mime.hide_readers = *draft->bcc != '\0';
    set_seal(draft, seal);
    return true;
}

void
draft_seal_copy(Session *session, Draft *draft, const char *forwarded)
{
    const char *nobody[] = { NULL };
    g_autoptr(GStrvBuilder) inner = g_strv_builder_new();
    DraftSeal *seal;

    set_seal(draft, NULL);
    if (!draft->encrypt)
        return;
    if (*draft->bcc) {
        g_autofree char *bcc = g_strdup_printf("Bcc: %s", draft->bcc);

        g_strv_builder_add(inner, bcc);
    }
    if (forwarded) {
        g_autofree char *id =
            g_strdup_printf("X-Forwarded-Message-Id: <%s>", forwarded);

        g_strv_builder_add(inner, id);
    }
    seal = create(session, draft);
    seal->readers = readers((char **)nobody, seal->signer);
    seal->inner = g_strv_builder_end(inner);
    seal->mime.sign = false;
    seal->mime.is_draft = true;
    seal->mime.readers = (const char *const *)seal->readers;
    seal->mime.inner = (const char *const *)seal->inner;
    set_seal(draft, seal);
}
