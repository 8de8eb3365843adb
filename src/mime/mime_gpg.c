/* Which program of GnuPG, and what it means when it fails. The terminal that
 * pinentry may use is named to gpg by GPG_TTY; gpgme reads it for each
 * operation. */
#include "mime_gpg.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/spawn.h"
#include "mime_header.h"

enum {
    CODE_MASK = 0xffff,
    TTY_BYTES = 128,
    SIGN_FIELD = 11,
    LIST_MS = 10000,
};

static const char *const programs[] = { "gpg", "gpgsm" };
static const char *const names[] = { "OpenPGP", "S/MIME" };

/* Not /dev/null: a pinentry opens that, and waits a minute for keys. */
#define NO_TERMINAL "/dev/no-terminal"

/* Part of the environment, so that another terminal is named by writing here
 * and no thread sees the environment move. */
static char tty_variable[TTY_BYTES] = "GPG_TTY=";
static char real_tty[TTY_BYTES];

const char *
mime_protocol_name(MimeProtocol protocol)
{
    return names[protocol];
}

/* What the user's shell says, else the terminal itself. */
static void
find_tty(void)
{
    const char *tty = getenv("GPG_TTY");

    if (tty == NULL || *tty == '\0')
        tty = isatty(STDIN_FILENO) ? ttyname(STDIN_FILENO) : NULL;
    g_strlcpy(real_tty, tty ? tty : NO_TERMINAL, sizeof real_tty);
}

void
mime_seal_hide_terminal(bool hidden)
{
    gsize name = strlen("GPG_TTY=");

    if (*real_tty == '\0')
        find_tty();
    g_strlcpy(tty_variable + name, hidden ? NO_TERMINAL : real_tty,
              sizeof tty_variable - name);
    putenv(tty_variable);
}

GMimeCryptoContext *
mime_gpg_context(MimeProtocol protocol, GError **error)
{
    g_autofree char *program = g_find_program_in_path(programs[protocol]);

    mime_init();
    if (program == NULL)
        return err_null(error, ERR_LOCAL,
                        "%s needs the program %s: it is not installed",
                        names[protocol], programs[protocol]);
    return protocol == MIME_OPENPGP ? g_mime_gpg_context_new()
                                    : g_mime_pkcs7_context_new();
}

/* "sec:u:255:22:50F8…:…": the twelfth field has an S when the key can sign now
 * (GnuPG's doc/DETAILS); gpgsm writes "crs". */
static bool
is_signer(const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, ":", SIGN_FIELD + 2);

    return (g_str_has_prefix(line, "sec:") || g_str_has_prefix(line, "crs:"))
           && g_strv_length(fields) > SIGN_FIELD
           && strchr(fields[SIGN_FIELD], 'S');
}

/* GMime knows only of keys that it uses. */
bool
mime_gpg_can_sign(MimeProtocol protocol, const char *signer)
{
    const char *const argv[] = { programs[protocol], "--batch",
                                 "--with-colons",    "--list-secret-keys",
                                 "--",               signer,
                                 NULL };
    SpawnParams params = { .argv = argv, .timeout_ms = LIST_MS };
    g_auto(SpawnResult) result = { 0 };
    g_auto(GStrv) lines = NULL;

    if (!spawn_run(&params, NULL, &result, NULL) || result.timed_out)
        return true;
    lines = g_strsplit(result.output, "\n", -1);
    for (char **line = lines; *line; line++)
        if (is_signer(*line))
            return true;
    return false;
}

int
mime_gpg_code(const GError *reason)
{
    return reason ? reason->code & CODE_MASK : 0;
}

bool
mime_gpg_wants_passphrase(const GError *reason)
{
    switch (mime_gpg_code(reason)) {
    case MIME_GPG_BAD_PASSPHRASE:
    case MIME_GPG_NO_AGENT:
    case MIME_GPG_NO_PINENTRY:
    case MIME_GPG_CANCELED:
    case MIME_GPG_FULLY_CANCELED:
    case MIME_GPG_TIMEOUT:
    case MIME_GPG_ENOENT: /* the terminal is none */
    case MIME_GPG_ENOTTY:
        return true;
    default:
        return false;
    }
}
