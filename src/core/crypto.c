/* Signed and encrypted messages, opened behind. What gpg says is kept by row,
 * the newest of it; decrypted text is here and nowhere else. */
#include "core/crypto.h"

#include "base/err.h"

#include <string.h>

struct Crypto {
    Session *session;
    Worker *worker;   /* NULL: gpg was not asked yet */
    GHashTable *kept; /* id -> MimeOpened */
    GQueue order;     /* gint64 *: ids of kept, the oldest first; theirs */
};

typedef struct {
    Crypto *crypto;
    CryptoRequest request;
    CryptoDone done;
    void *user;
} Opening;

static void
opening_free(Opening *opening)
{
    mime_message_free(opening->request.message);
    g_free(opening);
}

Crypto *
crypto_create(Session *session)
{
    Crypto *crypto = g_new0(Crypto, 1);

    crypto->session = session;
    crypto->kept =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                              (GDestroyNotify)mime_opened_free);
    g_queue_init(&crypto->order);
    return crypto;
}

void
crypto_destroy(Crypto *crypto)
{
    if (crypto == NULL)
        return;
    worker_destroy(crypto->worker);
    g_queue_clear(&crypto->order);
    g_hash_table_unref(crypto->kept);
    g_free(crypto);
}

static void
forget(Crypto *crypto, gint64 id)
{
    for (GList *at = crypto->order.head; at; at = at->next)
        if (*(gint64 *)at->data == id) {
            g_queue_delete_link(&crypto->order, at);
            break;
        }
    g_hash_table_remove(crypto->kept, &id);
}

/* Takes opened. What is open stays so when a passphrase is not given again. */
static void
keep(Crypto *crypto, gint64 id, MimeOpened *opened)
{
    const MimeOpened *before = crypto_opened(crypto, id);
    gint64 *key;

    if (before && before->bytes && opened->bytes == NULL) {
        mime_opened_free(opened);
        return;
    }
    key = g_memdup2(&id, sizeof id);
    forget(crypto, id);
    if (crypto->order.length >= CRYPTO_KEPT)
        forget(crypto, *(gint64 *)crypto->order.head->data);
    g_queue_push_tail(&crypto->order, key);
    g_hash_table_insert(crypto->kept, key, opened);
}

static void *
run(Job *job, void *request, GError **error)
{
    const Opening *opening = request;

    return mime_open(opening->request.message, opening->request.decrypt);
}

static void
answered(void *user, void *answer, const GError *error)
{
    Opening *opening = user;
    Crypto *crypto = opening->crypto;

    if (answer && opening->request.id)
        keep(crypto, opening->request.id, mime_opened_copy(answer));
    opening->done(answer, error, opening->user);
}

static const JobClass open_class = {
    .name = "open message",
    .run = run,
    .answer = answered,
    .free_request = (GDestroyNotify)opening_free,
    .free_answer = (GDestroyNotify)mime_opened_free,
};

void
crypto_submit(Crypto *crypto, const JobClass *class, void *request, void *user)
{
    if (crypto->worker == NULL)
        crypto->worker = worker_create("crypto");
    worker_submit(crypto->worker, JOB_URGENT, class, request, user);
}

void
crypto_open(Crypto *crypto, const CryptoRequest *request, CryptoDone done,
            void *user)
{
    Opening *opening = g_new0(Opening, 1);

    opening->crypto = crypto;
    opening->request = *request;
    opening->done = done;
    opening->user = user;
    crypto_submit(crypto, &open_class, opening, opening);
}

const MimeOpened *
crypto_open_here(Crypto *crypto, gint64 id, MimeMessage *message)
{
    MimeOpened *opened = mime_open(message, true);

    if (opened == NULL)
        return NULL;
    keep(crypto, id, opened);
    return crypto_opened(crypto, id);
}

const MimeOpened *
crypto_opened(Crypto *crypto, gint64 id)
{
    return g_hash_table_lookup(crypto->kept, &id);
}

MimeMessage *
crypto_load(Session *session, const StoreRow *row, GError **error)
{
    const MimeOpened *opened =
        crypto_opened(session_crypto(session), row->id);
    MimeMessage *inside = opened ? mime_opened_message(opened) : NULL;

    return inside ? inside : session_load_message(session, row, error);
}

const char *
crypto_signature_word(MimeSigned signature)
{
    static const char *const words[] = { "none",    "good",    "unknown",
                                         "no-key",  "expired", "revoked",
                                         "unchecked", "bad" };

    return words[signature];
}

static const char *
encryption_words(const MimeOpened *opened)
{
    if (!opened->encrypted)
        return NULL;
    return opened->bytes ? "encrypted" : "encrypted, not opened";
}

/* The signer's name comes last: it is long or short as he likes. */
static char *
good_words(const MimeOpened *opened, const char *from, CryptoMark *mark)
{
    const char *signer = opened->signer ? opened->signer : "an unnamed key";

    if (opened->signer_address && from
        && g_ascii_strcasecmp(opened->signer_address, from) == 0) {
        *mark = CRYPTO_GOOD;
        return g_strdup_printf("signed by %s", signer);
    }
    *mark = CRYPTO_WARN;
    return g_strdup_printf("signed by another than the sender: %s", signer);
}

static char *
signature_words(const MimeOpened *opened, const char *from, CryptoMark *mark)
{
    const char *signer = opened->signer ? opened->signer : "an unnamed key";

    *mark = CRYPTO_WARN;
    switch (opened->signature) {
    case MIME_SIGNED_NOT:
        *mark = CRYPTO_DIM;
        return opened->bytes ? g_strdup("not signed") : NULL;
    case MIME_SIGNED_GOOD:
        return good_words(opened, from, mark);
    case MIME_SIGNED_UNKNOWN:
        return g_strdup_printf("signed with a key that you have not certified: "
                               "%s",
                               signer);
    case MIME_SIGNED_NO_KEY:
        return g_strdup_printf("signed with an unknown key%s%s",
                               opened->key ? ", " : "",
                               opened->key ? opened->key : "");
    case MIME_SIGNED_EXPIRED:
        return g_strdup_printf("signed; key or signature has expired: %s",
                               signer);
    case MIME_SIGNED_UNCHECKED:
        return g_strdup("the signature could not be checked");
    case MIME_SIGNED_REVOKED:
        *mark = CRYPTO_BAD;
        return g_strdup_printf("signed with a revoked key: %s", signer);
    case MIME_SIGNED_BAD:
        break;
    }
    *mark = CRYPTO_BAD;
    return g_strdup_printf("bad signature, it was changed: %s", signer);
}

char *
crypto_words(const MimeOpened *opened, const char *from, CryptoMark *mark)
{
    const char *encryption = encryption_words(opened);
    g_autofree char *signature = signature_words(opened, from, mark);
    GString *out = g_string_new(mime_protocol_name(opened->protocol));

    g_string_append(out, ": ");
    if (opened->other_from)
        g_string_append(out, "another sender is named inside · ");
    if (encryption)
        g_string_append(out, encryption);
    if (signature)
        g_string_append_printf(out, "%s%s", encryption ? " · " : "", signature);
    if (opened->trouble)
        g_string_append_printf(out, ": %s", opened->trouble);
    if (opened->other_from || opened->trouble)
        *mark = MAX(*mark, CRYPTO_WARN);
    return g_string_free(out, FALSE);
}
