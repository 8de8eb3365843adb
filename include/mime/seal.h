/* OpenPGP (RFC 3156) and S/MIME (RFC 8551) through GMime: what leaves is signed
 * and encrypted, what came is decrypted and verified, header fields are
 * protected (RFC 9788). gpg and gpgsm are asked, and gpg-agent asks for
 * passphrases; every call here that says so blocks for them: never the main
 * thread while it has keys to read. */
#ifndef MIME_SEAL_H
#define MIME_SEAL_H

#include "mime/mime.h"

typedef enum {
    MIME_OPENPGP,
    MIME_SMIME,
} MimeProtocol;

/* "OpenPGP", "S/MIME". */
const char *mime_protocol_name(MimeProtocol protocol);

/* How a message that leaves is protected. */
typedef struct MimeSeal {
    MimeProtocol protocol;
    bool sign;
    bool encrypt;
    bool any_key; /* keys will do that nobody has certified */

    /* The message does not say for whom it is encrypted: for those in Bcc.
     * OpenPGP only; S/MIME refuses. */
    bool hide_readers;

    const char *signer; /* a key as gpg finds it: fingerprint, "<address>" */
    const char *const *readers; /* keys it is encrypted for; NULL-terminated */

    /* A draft: the outside does not say to whom it will go. */
    bool is_draft;
    const char *const *inner; /* "Name: value" only inside; or NULL */
} MimeSeal;

/* A passphrase is in gpg-agent's hands afterwards, or was not needed. Asks on
 * the terminal where that is shown to gpg. Blocks. */
bool mime_seal_unlock(MimeProtocol protocol, const char *signer,
                      GError **error);

/* Whose keys cannot be used: addresses, "bob@x, dora@x", or NULL. */
typedef struct {
    char *missing;     /* readers without a key */
    char *uncertified; /* readers whose keys nobody has certified */
    char *signer;      /* has no secret key */
} MimeSealLack;

void mime_seal_lack_free(MimeSealLack *lack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MimeSealLack, mime_seal_lack_free)

/* What a seal lacks, found without signing anything: nobody is asked for a
 * passphrase. NULL with ERR_LOCAL when gpg or gpgsm is not installed.
 * Blocks. */
MimeSealLack *mime_seal_lack(const MimeSeal *seal, GError **error);

/* While the terminal is hidden, gpg-agent cannot ask on it: work that needs a
 * passphrase it does not have fails with ERR_AUTH, as long as no pinentry with
 * a window is there. Without a screen it is not hidden: pinentry uses the
 * terminal, and where there is none, the same error comes. Main thread. */
void mime_seal_hide_terminal(bool hidden);

typedef enum {
    MIME_SIGNED_NOT,
    MIME_SIGNED_GOOD,     /* by a key that the user, or one he trusts, has
                             certified */
    MIME_SIGNED_UNKNOWN,  /* the signature is right, whose key it is not */
    MIME_SIGNED_NO_KEY,   /* cannot be checked: the key is not here */
    MIME_SIGNED_EXPIRED,  /* right, but key or signature expired */
    MIME_SIGNED_REVOKED,  /* the key was revoked */
    MIME_SIGNED_UNCHECKED, /* could not be checked: trouble says why */
    MIME_SIGNED_BAD,      /* the content is not what was signed */
} MimeSigned;

/* A message of which the whole was signed or encrypted, opened. */
typedef struct {
    MimeProtocol protocol; /* if encrypted: of that */
    bool encrypted; /* the whole was, decrypted or not */
    bool needs_passphrase;
    MimeSigned signature; /* several: the worst */
    char *signer;         /* "Name <addr>" of the key, or NULL; untrusted */
    char *signer_address; /* or NULL; untrusted */
    char *key;            /* fingerprint, or NULL */
    gint64 signed_at;     /* 0: unknown */
    bool other_from; /* the protected From is not the one that is shown */
    char *trouble;   /* why it is not opened or not checked; or NULL */
    GBytes *bytes;   /* header fields, then nothing but the tree that was
                        inside; NULL: it is not opened */
} MimeOpened;

void mime_opened_free(MimeOpened *opened);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MimeOpened, mime_opened_free)

/* With the same bytes. */
MimeOpened *mime_opened_copy(const MimeOpened *opened);

/* Is the whole of it encrypted, or signed? What is only a part of a message is
 * not opened (promise P67). Looks at the types alone: whether there is an
 * encrypted layer in S/MIME's signed data, mime_open() finds. */
bool mime_is_encrypted(MimeMessage *message);
bool mime_is_sealed(MimeMessage *message);

/* Of a message that is sealed; of the encryption where that is seen. */
MimeProtocol mime_seal_protocol(MimeMessage *message);

/* Is there a part that is signed or encrypted, while the whole is not? */
bool mime_is_partly_sealed(MimeMessage *message);

/* Is there an encrypted part anywhere in it? */
bool mime_has_encrypted(MimeMessage *message);

/* Opens the layers from outside to inside. decrypt false: signatures are
 * checked only. NULL: neither signed nor encrypted. Blocks. */
MimeOpened *mime_open(MimeMessage *message, bool decrypt);

/* The message inside; NULL when it was not opened. */
MimeMessage *mime_opened_message(const MimeOpened *opened);

/* The header of a message that stays closed, without its body. */
MimeMessage *mime_outside(MimeMessage *message);

#endif
