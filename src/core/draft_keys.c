/* Which keys a draft lacks to leave as it is meant. gpg is asked behind, and
 * nothing is signed for it. */
#include "draft_private.h"

#include "base/err.h"
#include "core/crypto.h"

typedef struct {
    Session *session;
    Draft *draft; /* of the thread, until it is answered */
    DraftKeysDone done;
    void *user;
} Asking;

static void
asking_free(void *data)
{
    Asking *asking = data;

    draft_free(asking->draft);
    g_free(asking);
}

static void *
run(Job *job, void *request, GError **error)
{
    const Asking *asking = request;

    return mime_seal_lack(draft_mime_seal(asking->draft), error);
}

/* "E sends it in the clear"; by the key that is bound. g_free(). */
static char *
way_out(const Asking *asking, const char *command, const char *effect,
        const char *otherwise)
{
    const char *key =
        keys_for(session_keys(asking->session), "review", command);

    return key ? g_strdup_printf("%s %s", key, effect) : g_strdup(otherwise);
}

static GPtrArray *
checks_of(const Asking *asking, const MimeSealLack *lack)
{
    GPtrArray *checks = g_ptr_array_new_with_free_func(draft_check_free);
    const char *protocol =
        mime_protocol_name(draft_mime_seal(asking->draft)->protocol);
    g_autofree char *clear = way_out(
        asking, "draft-encrypt", "sends it in the clear", "do not encrypt it");
    g_autofree char *bare =
        way_out(asking, "draft-sign", "leaves it unsigned", "do not sign it");

    if (lack->missing)
        draft_check_add(checks, DRAFT_CHECK_STOP,
                        g_strdup_printf("There is no %s key of %s: import it, "
                                        "or %s",
                                        protocol, lack->missing, clear));
    if (lack->uncertified)
        draft_check_add(checks, DRAFT_CHECK_STOP,
                        g_strdup_printf("The %s key of %s is not certified by "
                                        "you: certify it with gpg, or %s",
                                        protocol, lack->uncertified, clear));
    if (lack->signer)
        draft_check_add(checks, DRAFT_CHECK_STOP,
                        g_strdup_printf("There is no %s key of %s to sign "
                                        "with: import it, or %s",
                                        protocol, lack->signer, bare));
    return checks;
}

static void
answered(void *user, void *answer, const GError *error)
{
    Asking *asking = user;
    GPtrArray *checks = NULL;

    if (answer) {
        checks = checks_of(asking, answer);
    } else if (!err_is(error, ERR_CANCELLED)) {
        checks = g_ptr_array_new_with_free_func(draft_check_free);
        draft_check_add(checks, DRAFT_CHECK_STOP, g_strdup(error->message));
    }
    asking->done(checks, asking->user);
}

static const JobClass keys_class = {
    .name = "look for keys",
    .run = run,
    .answer = answered,
    .free_request = asking_free,
    .free_answer = (GDestroyNotify)mime_seal_lack_free,
};

bool
draft_check_keys(Session *session, const char *path, DraftKeysDone done,
                 void *user)
{
    g_autoptr(Draft) draft = draft_load(path, NULL);
    Asking *asking;

    if (draft == NULL || !draft_seal(session, draft, NULL)
        || draft_mime_seal(draft) == NULL)
        return false;
    asking = g_new0(Asking, 1);
    asking->session = session;
    asking->draft = g_steal_pointer(&draft);
    asking->done = done;
    asking->user = user;
    crypto_submit(session_crypto(session), &keys_class, asking, asking);
    return true;
}
