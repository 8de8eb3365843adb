/* A pool of threads that check who sent messages. What to do with an answer is
 * not decided here. */
#include "core/verifier.h"

#include "base/err.h"
#include "core/indexer.h"
#include "core/key_history.h"
#include "core/signers.h"
#include "core/standing.h"

enum {
    BULK_THREADS = 2,
    URGENT = BULK_THREADS, /* the thread of what is waited for */
    THREADS
};

struct Verifier {
    Session *session;
    Worker *workers[THREADS]; /* NULL: not started yet */
    guint turn;
    Dns *dns;     /* NULL: not made yet */
    bool fixed;   /* dns stays, whatever the options say */
    char *server; /* that dns asks, or NULL */
    char *state_db;
    bool offline;
    bool ending; /* nothing is begun any more */
};

/* Who waits for an answer. */
typedef struct {
    VerifiedFn done;
    void *user;
} Waiting;

VerifyRequest *
verify_request_create(void)
{
    return g_new0(VerifyRequest, 1);
}

void
verify_request_free(VerifyRequest *request)
{
    if (request == NULL)
        return;
    g_free(request->path);
    g_clear_pointer(&request->bytes, g_bytes_unref);
    g_strfreev(request->authserv_ids);
    g_strfreev(request->sealers);
    g_clear_pointer(&request->rules, g_ptr_array_unref);
    g_free(request->client_ip);
    g_free(request->helo);
    g_free(request->mail_from);
    dns_unref(request->dns);
    g_free(request->state_db);
    g_free(request);
}

Verifier *
verifier_create(Session *session)
{
    Verifier *verifier = g_new0(Verifier, 1);

    verifier->session = session;
    verifier->state_db = g_strdup(session_paths(session)->state_db);
    return verifier;
}

void
verifier_destroy(Verifier *verifier)
{
    if (verifier == NULL)
        return;
    verifier->ending = true;
    for (guint i = 0; i < THREADS; i++)
        worker_destroy(verifier->workers[i]);
    dns_unref(verifier->dns);
    g_free(verifier->server);
    g_free(verifier->state_db);
    g_free(verifier);
}

/* The resolver of the options, a reference or NULL; made anew when they name
 * another server. What is being asked keeps the one that it began with. */
static bool
find_dns(Verifier *verifier, Dns **dns, GError **error)
{
    Options *options = session_options(verifier->session);
    const char *server = options_get(options, "dns-server", NULL, NULL);
    Dns *other;

    *dns = NULL;
    if (!verifier->fixed && !options_bool(options, "dns", NULL))
        return true;
    if (verifier->fixed
        || (verifier->dns && g_strcmp0(server, verifier->server) == 0)) {
        *dns = dns_ref(verifier->dns);
        return true;
    }
    other = dns_create(server, error);
    if (other == NULL)
        return false;
    dns_set_online(other, !verifier->offline);
    dns_unref(verifier->dns);
    g_free(verifier->server);
    verifier->dns = other;
    verifier->server = g_strdup(server);
    *dns = dns_ref(other);
    return true;
}

static char **
words_of(const char *text)
{
    return text ? g_strsplit_set(text, " ,\t", -1) : NULL;
}

bool
verifier_prepare(Verifier *verifier, VerifyRequest *request,
                 const char *account, GError **error)
{
    Options *options = session_options(verifier->session);

    if (account != NULL) {
        request->authserv_ids =
            words_of(options_get(options, "authserv-id", account, NULL));
        request->below = options_bool(options, "authserv-below", account);
        request->sealers =
            words_of(options_get(options, "arc-sealers", account, NULL));
    }
    request->state_db = g_strdup(verifier->state_db);
    request->rules =
        signers_rules(session_signers(verifier->session),
                      options_bool(options, "brand-signers", NULL));
    return find_dns(verifier, &request->dns, error);
}

static void *
run_check(Job *job, void *data, GError **error)
{
    const VerifyRequest *request = data;
    TrustParams params = {
        .dns = request->dns,
        .authserv_ids = (const char *const *)request->authserv_ids,
        .below = request->below,
        .sealers = (const char *const *)request->sealers,
        .rules = request->rules,
        .client_ip = request->client_ip,
        .helo = request->helo,
        .mail_from = request->mail_from,
        .now = request->now,
        .arrival = request->arrival,
        .old_key = request->state_db ? key_history_find : NULL,
        .old_key_user = request->state_db,
        .cancel = job_cancellable(job),
    };
    gsize size;
    const char *bytes;
    TrustReport *report;

    if (request->path != NULL)
        return trust_check_file(request->path, &params, error);
    bytes = g_bytes_get_data(request->bytes, &size);
    report = trust_check_bytes(bytes, size, &params);
    if (!g_cancellable_is_cancelled(params.cancel))
        return report;
    trust_report_free(report);
    return err_null(error, ERR_CANCELLED, "cancelled");
}

static void
answered(void *user, void *answer, const GError *error)
{
    Waiting *waiting = user;

    waiting->done(answer, error, waiting->user);
    g_free(waiting);
}

static const JobClass check_class = {
    .name = "verify",
    .run = run_check,
    .answer = answered,
    .free_request = (GDestroyNotify)verify_request_free,
    .free_answer = (GDestroyNotify)trust_report_free,
};

static Worker *
worker_of(Verifier *verifier, guint thread)
{
    if (verifier->workers[thread] == NULL)
        verifier->workers[thread] = worker_create("verify");
    return verifier->workers[thread];
}

void
verifier_check(Verifier *verifier, JobPriority priority, VerifyRequest *request,
               VerifiedFn done, void *user)
{
    guint turn = priority == JOB_URGENT ? (guint)URGENT
                                        : verifier->turn++ % BULK_THREADS;
    Waiting *waiting;

    if (verifier->ending) {
        g_autoptr(GError) error = NULL;

        err_set(&error, ERR_CANCELLED, "cancelled");
        verify_request_free(request);
        done(NULL, error, user);
        return;
    }
    waiting = g_new0(Waiting, 1);
    waiting->done = done;
    waiting->user = user;
    worker_submit(worker_of(verifier, turn), priority, &check_class, request,
                  waiting);
}

/* A look at the records of a domain. */
typedef struct {
    Dns *dns;
    char *domain;
    char *key; /* or NULL */
} OwnRequest;

typedef struct {
    OwnCheckedFn done;
    void *user;
} OwnWaiting;

static void
own_request_free(void *data)
{
    OwnRequest *request = data;

    dns_unref(request->dns);
    g_free(request->domain);
    g_free(request->key);
    g_free(request);
}

static void *
run_own(Job *job, void *data, GError **error)
{
    const OwnRequest *request = data;
    TrustParams params = { .dns = request->dns,
                           .cancel = job_cancellable(job) };

    (void)error;
    return trust_own_check(request->domain, request->key, &params);
}

static void
own_answered(void *user, void *answer, const GError *error)
{
    OwnWaiting *waiting = user;

    waiting->done(answer, error, waiting->user);
    g_free(waiting);
}

static const JobClass own_class = {
    .name = "own domain",
    .run = run_own,
    .answer = own_answered,
    .free_request = own_request_free,
    .free_answer = (GDestroyNotify)g_ptr_array_unref,
};

void
verifier_check_own(Verifier *verifier, const char *domain, OwnCheckedFn done,
                   void *user)
{
    g_autoptr(GError) error = NULL;
    OwnRequest *request;
    OwnWaiting *waiting;
    Dns *dns;

    if (verifier->ending)
        err_set(&error, ERR_CANCELLED, "cancelled");
    if (error != NULL || !find_dns(verifier, &dns, &error) || dns == NULL) {
        done(NULL, error, user);
        return;
    }
    request = g_new0(OwnRequest, 1);
    request->dns = dns;
    request->domain = g_strdup(domain);
    request->key = store_key_of(session_store(verifier->session), domain);
    waiting = g_new0(OwnWaiting, 1);
    waiting->done = done;
    waiting->user = user;
    worker_submit(worker_of(verifier, URGENT), JOB_URGENT, &own_class, request,
                  waiting);
}

bool
verifier_keeps(const TrustReport *report)
{
    return !report->temporary || report->verdict.result == TRUST_PASS;
}

/* A verdict that a power cut takes away is found again. */
bool
verifier_store(Session *session, gint64 id, const TrustReport *report,
               GError **error)
{
    Store *store = session_store(session);
    g_autoptr(Standing) standing = standing_of_report(report);
    g_autofree char *text = standing_text(standing);
    g_autoptr(StoreLazy) G_GNUC_UNUSED lazy = store_lazy(store);
    bool ok;

    if (!verifier_keeps(report))
        return true;
    ok = store_begin(store, error);
    if (ok) {
        ok = key_history_note(store, report->keys, error)
             && store_set_verdict(store, id, standing_word(standing), text,
                                  error);
        ok = store_end(store, ok, ok ? error : NULL) && ok;
    }
    session_rows_news(session);
    indexer_kick(session_indexer(session));
    return ok;
}

void
verifier_set_zone(Verifier *verifier, Dns *zone)
{
    dns_unref(verifier->dns);
    verifier->dns = zone;
    verifier->fixed = true;
}

void
verifier_set_online(Verifier *verifier, bool online)
{
    verifier->offline = !online;
    if (verifier->dns != NULL)
        dns_set_online(verifier->dns, online);
}
