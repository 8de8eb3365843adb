/* What signing and opening share: contexts of GMime, the words of gpg's
 * failures. Private. */
#ifndef MIME_GPG_H
#define MIME_GPG_H

#include "mime/seal.h"

#include <gmime/gmime.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeCryptoContext, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeMessage, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeObject, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeStream, g_object_unref)

/* NULL with ERR_LOCAL when there is no such program. */
GMimeCryptoContext *mime_gpg_context(MimeProtocol protocol, GError **error);

/* Is there a secret key of that name that signs? True too when gpg does not
 * say. Blocks. */
bool mime_gpg_can_sign(MimeProtocol protocol, const char *signer);

/* Did gpg fail because nobody could be asked for a passphrase? */
bool mime_gpg_wants_passphrase(const GError *reason);

/* gpg-error(3)'s number without its source; 0: not from gpg. */
int mime_gpg_code(const GError *reason);

/* Those numbers that are told apart (gpg-error.h). */
enum {
    MIME_GPG_BAD_PASSPHRASE = 11,
    MIME_GPG_NO_SECKEY = 17,
    MIME_GPG_UNUSABLE_PUBKEY = 53,
    MIME_GPG_TIMEOUT = 62,
    MIME_GPG_NO_AGENT = 77,
    MIME_GPG_NO_PINENTRY = 86,
    MIME_GPG_NOT_TRUSTED = 98,
    MIME_GPG_CANCELED = 99,
    MIME_GPG_FULLY_CANCELED = 198,
    MIME_GPG_EOF = 16383, /* of the list of keys: there is none */
    MIME_GPG_ENOENT = 0x8000 | 81,
    MIME_GPG_ENOTTY = 0x8000 | 102,
};

/* Signs and encrypts the message as its seal says (mime_build.c). */
bool
mime_seal_message(GMimeMessage *message, const MimeSeal *seal, GError **error);

#endif
