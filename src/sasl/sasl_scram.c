/* What SCRAM makes of a password. The server names how many rounds of hashing
 * that takes, so they are counted before they are done; and OpenSSL does them
 * three times as fast as gsasl. */
#include "sasl_private.h"

#include "base/err.h"
#include "base/text.h"

#include <gsasl.h>
#include <openssl/evp.h>
#include <string.h>

static bool
hash_rounds(const EVP_MD *hash, const char *prepared, const char *salt,
            int rounds, unsigned char *digest)
{
    gsize size;
    g_autofree guchar *bytes = g_base64_decode(salt, &size);

    return PKCS5_PBKDF2_HMAC(prepared, (int)strlen(prepared), bytes, (int)size,
                             rounds, hash, EVP_MD_get_size(hash), digest)
           == 1;
}

char *
sasl_scram_salted(const char *mechanism, const char *password, const char *salt,
                  const char *rounds, GError **error)
{
    const EVP_MD *hash = g_str_has_prefix(mechanism, "SCRAM-SHA-256")
                             ? EVP_sha256()
                             : EVP_sha1();
    unsigned char digest[EVP_MAX_MD_SIZE];
    guint64 n;
    char *prepared = NULL;
    char *hex = NULL;
    int result;

    if (!g_ascii_string_to_unsigned(rounds, 10, 1, SASL_MOST_ROUNDS, &n, NULL))
        return err_null(error, ERR_REFUSED,
                        "the server wants %.20s rounds of hashing for a login, "
                        "%d are the most",
                        rounds, SASL_MOST_ROUNDS);
    result = gsasl_saslprep(password, 0, &prepared, NULL);
    if (result != GSASL_OK)
        return err_null(error, ERR_REFUSED,
                        "this password cannot be used with %s: %s", mechanism,
                        gsasl_strerror(result));
    if (hash_rounds(hash, prepared, salt, (int)n, digest))
        hex = text_hex(digest, (gsize)EVP_MD_get_size(hash));
    else
        err_set(error, ERR_LOCAL, "OpenSSL cannot hash a password");
    explicit_bzero(digest, sizeof digest);
    explicit_bzero(prepared, strlen(prepared));
    gsasl_free(prepared);
    return hex;
}
