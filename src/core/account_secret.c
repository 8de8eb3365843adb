/* Passwords: from the option, a file, a command, or a person; kept in memory
 * for the run, hidden from the log, never in an argument or the environment of
 * a hook (promise P53). */
#include "account_private.h"

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/spawn.h"

#include <string.h>
#include <sys/stat.h>

enum { SECRET_BYTES = 8192, COMMAND_MS = 120 * 1000 };

typedef struct {
    Account *account;
    bool outgoing;
    void (*got)(const char *password, const GError *error, void *user);
    void *user;
} SecretRequest;

/* An identity has a server of its own: the account's password is not for it
 * (promise P51). */
static const char *
own_secret(const Account *account, const char *name)
{
    Options *options = session_options(account->session);

    return strchr(account->name, '/')
               ? options_own(options, name, account->name)
               : options_get(options, name, account->name, NULL);
}

/* The option for this direction; the outgoing one falls back to the other. */
static const char *
secret_option(const Account *account, bool outgoing, const char *name)
{
    g_autofree char *other = g_strconcat("outgoing-", name, NULL);
    const char *value = outgoing ? own_secret(account, other) : NULL;

    return value ? value : own_secret(account, name);
}

bool
account_has_secret(const Account *account)
{
    static const char *const names[] = { "password", "password-file",
                                         "password-command" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (secret_option(account, true, names[i]))
            return true;
    return false;
}

/* Ends a request. Takes the first line of secret. */
static void
finish(SecretRequest *request, const char *secret, const GError *error)
{
    char **kept = &request->account->secrets[request->outgoing];

    if (secret) {
        g_free(*kept);
        *kept = g_strndup(secret, strcspn(secret, "\r\n"));
        log_secret_add(*kept);
    }
    request->got(secret ? *kept : NULL, error, request->user);
    g_free(request);
}

static void
command_done(const SpawnResult *result, const GError *failed, void *user)
{
    SecretRequest *request = user;
    g_autoptr(GError) error = failed ? g_error_copy(failed) : NULL;

    if (error == NULL && (result->status != 0 || *result->output == '\0'))
        err_set(&error, ERR_AUTH, "account %s: the password command ended "
                "with status %d and no password: run it by hand to see why",
                request->account->name, result->status);
    finish(request, error ? NULL : result->output, error);
    if (result)
        explicit_bzero(result->output, result->output_size);
}

static bool
run_command(SecretRequest *request, const char *command, GError **error)
{
    g_auto(GStrv) argv = spawn_split(command, error);
    SpawnParams params = { .argv = (const char *const *)argv,
                           .timeout_ms = COMMAND_MS,
                           .output_limit = SECRET_BYTES };

    if (argv)
        spawn_start(&params, command_done, request);
    return argv != NULL;
}

/* The first line of a file that nobody else may read. g_free(). */
static char *
read_secret(const char *path, GError **error)
{
    g_autofree char *full = paths_expand(path);
    struct stat info;

    if (stat(full, &info) == 0 && info.st_mode & 077)
        return err_null(error, ERR_USAGE, "%s holds a password and others may "
                        "read it: chmod 600 %s", full, full);
    return file_read(full, SECRET_BYTES, NULL, error);
}

static void
answered(const char *answer, void *user)
{
    SecretRequest *request = user;
    g_autoptr(GError) error = NULL;

    if (answer == NULL)
        err_set(&error, ERR_AUTH, "account %s: no password: set "
                "password-command in its block", request->account->name);
    finish(request, answer, error);
}

static void
ask_person(SecretRequest *request)
{
    Frontend *frontend = session_frontend(request->account->session);
    g_autofree char *prompt = g_strdup_printf(
        "Password for %s (%s)", request->account->name,
        request->outgoing ? "sending" : "receiving");
    AskRequest ask = { .prompt = prompt, .completion = "", .secret = true,
                       .answer = answered, .user = request };

    frontend->class->ask(frontend, &ask);
}

/* An option `password` counts only where no stranger reads the file. */
static bool
check_config_mode(const Account *account, GError **error)
{
    const char *path = session_config_file(account->session);
    struct stat info;

    if (stat(path, &info) != 0 || (info.st_mode & 077) == 0)
        return true;
    return err_set(error, ERR_USAGE, "%s holds the password of account %s and "
                   "others may read it: chmod 600 %s, or use "
                   "password-command", path, account->name, path);
}

void
account_password(Account *account, bool outgoing,
                 void (*got)(const char *password, const GError *error,
                             void *user),
                 void *user)
{
    SecretRequest *request;
    const char *command, *file, *plain;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    if (account->secrets[outgoing]) {
        got(account->secrets[outgoing], NULL, user);
        return;
    }
    request = g_new(SecretRequest, 1);
    *request = (SecretRequest){ account, outgoing, got, user };
    command = secret_option(account, outgoing, "password-command");
    file = secret_option(account, outgoing, "password-file");
    plain = secret_option(account, outgoing, "password");
    if (command) {
        if (!run_command(request, command, &error))
            finish(request, NULL, error);
    } else if (file) {
        text = read_secret(file, &error);
        finish(request, text, error);
    } else if (plain) {
        finish(request, check_config_mode(account, &error) ? plain : NULL,
               error);
    } else {
        ask_person(request);
    }
}

void
account_password_refused(Account *account, bool outgoing)
{
    char **kept = &account->secrets[outgoing];

    if (*kept)
        explicit_bzero(*kept, strlen(*kept));
    g_clear_pointer(kept, g_free);
}
