/* What SCRAM makes of a password, by the examples of RFC 5802 and 7677; and
 * what a server may not ask for. */
#include "base/err.h"
#include "sasl_private.h"

#include <string.h>

static const struct {
    const char *mechanism, *password, *salt, *rounds;
    const char *salted; /* NULL: refused */
} cases[] = {
    { "SCRAM-SHA-1", "pencil", "QSXCR+Q6sek8bf92", "4096",
      "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d" },
    { "SCRAM-SHA-256-PLUS", "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", "4096",
      "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d" },
    /* SASLprep: SOFT HYPHEN is nothing */
    { "SCRAM-SHA-1", "pen\302\255cil", "QSXCR+Q6sek8bf92", "4096",
      "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d" },
    { "SCRAM-SHA-1", "pen\007cil", "QSXCR+Q6sek8bf92", "4096", NULL },
    { "SCRAM-SHA-1", "pencil", "QSXCR+Q6sek8bf92", "0", NULL },
    { "SCRAM-SHA-1", "pencil", "QSXCR+Q6sek8bf92", "5000001", NULL },
    { "SCRAM-SHA-1", "pencil", "QSXCR+Q6sek8bf92", "18446744073709551615",
      NULL },
};

static void
test_salted(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *salted =
            sasl_scram_salted(cases[i].mechanism, cases[i].password,
                              cases[i].salt, cases[i].rounds, &error);

        g_assert_cmpstr(salted, ==, cases[i].salted);
        g_assert_true(salted || err_is(error, ERR_REFUSED));
        g_assert_true(error == NULL
                      || strstr(error->message, cases[i].password) == NULL);
    }
}

/* A login whose server wants years of hashing ends at once, with the reason. */
static void
test_rounds(void)
{
    const SaslParams params = { .user = (char *)"ana",
                                .password = (char *)"secret" };
    const SaslChannel channel = { .service = "imap", .host = "imap.test" };
    const char *const offered[] = { "SCRAM-SHA-256", NULL };
    g_autoptr(SaslLogin) login =
        sasl_login_create(&params, &channel, offered, NULL);
    g_autofree char *first = sasl_login_step(login, NULL, NULL);
    gsize size;
    g_autofree guchar *plain = g_base64_decode(first, &size);
    g_autofree char *nonce =
        g_strndup(strstr((char *)plain, "r=") + 2, size - 11);
    g_autofree char *text = g_strdup_printf(
        "r=%sX,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000", nonce);
    g_autofree char *challenge =
        g_base64_encode((guchar *)text, strlen(text));
    g_autoptr(GError) error = NULL;

    g_assert_null(sasl_login_step(login, challenge, &error));
    g_assert_true(err_is(error, ERR_REFUSED));
    g_assert_cmpstr(error->message, ==,
                    "login by SCRAM-SHA-256 at imap.test went wrong: the "
                    "server wants 2000000000 rounds of hashing for a login, "
                    "5000000 are the most");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sasl/salted", test_salted);
    g_test_add_func("/sasl/rounds", test_rounds);
    return g_test_run();
}
