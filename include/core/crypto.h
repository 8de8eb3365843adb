/* Messages that were signed or encrypted, opened: by gpg, in a thread of their
 * own, when the user opens them. What was decrypted is kept in memory for as
 * long as the program runs, at most CRYPTO_KEPT messages of it, besides what a
 * page shows; it is never written to a file, a row or the index (promise P67).
 * Main thread. */
#ifndef CORE_CRYPTO_H
#define CORE_CRYPTO_H

#include "base/job.h"
#include "core/session.h"
#include "mime/seal.h"

enum {
    CRYPTO_KEPT = 20,
};

Crypto *crypto_create(Session *session);
void crypto_destroy(Crypto *crypto);

typedef struct {
    gint64 id; /* of the row; 0: no message of ours, nothing is kept */
    MimeMessage *message; /* taken, for the thread: mime_load_again(). Not its
                             path: by gpg's turn the file may be renamed */
    bool decrypt;         /* else signatures are checked only */
} CryptoRequest;

/* opened NULL without an error: neither signed nor encrypted. Both borrowed. */
typedef void (*CryptoDone)(const MimeOpened *opened, const GError *error,
                           void *user);

/* Opens in the thread; done is called once, later. */
void crypto_open(Crypto *crypto, const CryptoRequest *request, CryptoDone done,
                 void *user);

/* The same here and now, for when the terminal is lent and gpg-agent may ask
 * on it (core/frontend.h); what crypto_opened() has then. NULL: the message is
 * neither signed nor encrypted. */
const MimeOpened *
crypto_open_here(Crypto *crypto, gint64 id, MimeMessage *message);

/* Other work that asks gpg, in the same thread: worker_submit(). */
void crypto_submit(Crypto *crypto, const JobClass *class, void *request,
                   void *user);

/* What is known of a message by now; one that was opened stays so, whatever
 * comes of opening it again. NULL: it was not opened yet. Borrowed. */
const MimeOpened *crypto_opened(Crypto *crypto, gint64 id);

/* The message as it can be read by now: what was inside, where it was opened;
 * else as it lies there. NULL with ERR_LOCAL, also when it is not here. */
MimeMessage *
crypto_load(Session *session, const StoreRow *row, GError **error);

typedef enum {
    CRYPTO_DIM,
    CRYPTO_GOOD,
    CRYPTO_WARN,
    CRYPTO_BAD,
} CryptoMark;

/* "OpenPGP: encrypted · signed by Ana <ana@…>": who signed, in words, against
 * the address that is shown as the sender's. Untrusted text in it; sanitise.
 * g_free(). */
char *
crypto_words(const MimeOpened *opened, const char *from, CryptoMark *mark);

/* "good" "unknown" "no-key" …: a promise to scripts. */
const char *crypto_signature_word(MimeSigned signature);

#endif
