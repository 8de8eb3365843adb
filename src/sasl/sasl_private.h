/* Logging in, from inside. */
#ifndef SASL_PRIVATE_H
#define SASL_PRIVATE_H

#include "sasl/sasl.h"

enum {
    SASL_MOST_ROUNDS = 5000000 /* of hashing: a second or a few */
};

/* SaltedPassword of SCRAM (RFC 5802, section 3) in hexadecimal digits, for the
 * hash that the mechanism names. salt: base64; rounds: the server's "i", as
 * digits. NULL and ERR_REFUSED: more rounds than SASL_MOST_ROUNDS, or a
 * password that SASLprep (RFC 4013) does not allow. To be wiped; g_free(). */
char *sasl_scram_salted(const char *mechanism, const char *password,
                        const char *salt, const char *rounds, GError **error);

#endif
