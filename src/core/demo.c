/* A demo session: its configuration, its clock, its inbox at once and the rest
 * from a thread. */
#include "core/demo.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/job.h"
#include "base/log.h"
#include "cmd/value.h"
#include "core/indexer.h"
#include "core/verifier.h"
#include "demo_write.h"

#include <string.h>

enum {
    DRAWN_AT = 1795414320, /* 2026-11-23T06:12:00Z, when the screens of the
                              design were drawn */
    SLICE = 40,
    MOST_MESSAGES = 1000000,
};

const char demo_config[] =
    "# The demo. Nothing here leaves this machine: what is sent comes back.\n"
    "account home {\n"
    "    name     \"Ana Lindqvist\"\n"
    "    address  ana@lindqvist.example\n"
    "    authserv-id " DEMO_SERVER "\n"
    "    outgoing demo:\n"
    "}\n"
    "account corp {\n"
    "    name     \"Ana Lindqvist\"\n"
    "    address  ana@corp.example\n"
    "    authserv-id " DEMO_SERVER "\n"
    "    outgoing demo:\n"
    "}\n";

struct Demo {
    Session *session;
    Worker *worker; /* NULL until demo_start() */
    gint64 shift;
    guint rest; /* messages still to be written */
};

typedef struct {
    char *state_db, *mail;
    gint64 shift;
    guint messages;
} Request;

static void
request_free(void *data)
{
    Request *request = data;

    g_free(request->state_db);
    g_free(request->mail);
    g_free(request);
}

static bool
read_number(const char *word, DemoParams *params, GError **error)
{
    guint64 n;

    if (!g_ascii_string_to_unsigned(word, 10, 1, MOST_MESSAGES, &n, NULL))
        return err_set(error, ERR_USAGE, "demo: --messages takes a number "
                       "from 1 to %d, not %s", MOST_MESSAGES, word);
    params->messages = (guint)n;
    return true;
}

static bool
read_time(const char *word, DemoParams *params, GError **error)
{
    return cmd_parse_time(word, clock_now(), &params->now)
        || err_set(error, ERR_USAGE, "demo: --at takes a time such as "
                   "2026-11-23T06:12:00Z, not %s", word);
}

bool
demo_params(const char *const *words, DemoParams *params, GError **error)
{
    static const struct {
        const char *name;
        bool (*read)(const char *word, DemoParams *params, GError **error);
    } flags[] = { { "--messages", read_number }, { "--at", read_time } };

    *params = (DemoParams){ .messages = DEMO_MESSAGES };
    for (; *words; words++) {
        const char *value = strchr(*words, '=');
        gsize length = value ? (gsize)(value - *words) : strlen(*words);
        gsize i = 0;

        while (i < G_N_ELEMENTS(flags)
               && (strlen(flags[i].name) != length
                   || strncmp(*words, flags[i].name, length) != 0))
            i++;
        if (i == G_N_ELEMENTS(flags))
            return err_set(error, ERR_USAGE, "demo: %s is not known: "
                           "`posthorn help demo`", *words);
        if (value == NULL && words[1] == NULL)
            return err_set(error, ERR_USAGE, "demo: %s needs a value", *words);
        if (!flags[i].read(value ? value + 1 : *++words, params, error))
            return false;
    }
    return true;
}

/* Parents are older: the table is read from its end. */
static bool
write_inbox(Demo *demo, GError **error)
{
    const Paths *paths = session_paths(demo->session);
    g_autoptr(DemoWriter) writer = demo_writer_create(
        session_store(demo->session), paths->mail, demo->shift, error);
    bool ok = true;

    if (writer == NULL || !demo_writer_begin(writer, error))
        return false;
    for (guint i = demo_inbox_count; ok && i-- > 0;)
        ok = demo_writer_add(writer, &demo_inbox[i], error);
    return demo_writer_end(writer, ok, ok ? error : NULL) && ok;
}

static bool
write_slice(DemoWriter *writer, DemoRest *rest, guint n, GError **error)
{
    bool ok = true;

    if (!demo_writer_begin(writer, error))
        return false;
    for (guint i = 0; ok && i < n; i++)
        ok = demo_writer_add(writer, demo_rest_next(rest), error);
    return demo_writer_end(writer, ok, ok ? error : NULL) && ok;
}

static void *
demo_run(Job *job, void *data, GError **error)
{
    const Request *request = data;
    g_autoptr(Store) store = store_open(request->state_db, error);
    g_autoptr(DemoRest) rest = demo_rest_create();
    g_autoptr(DemoWriter) writer =
        store ? demo_writer_create(store, request->mail, request->shift, error)
              : NULL;
    bool ok = writer != NULL;

    for (guint done = 0; ok && done < request->messages; done += SLICE) {
        if (g_cancellable_is_cancelled(job_cancellable(job)))
            break;
        ok = write_slice(writer, rest, MIN(SLICE, request->messages - done),
                         error);
        job_progress(job, "writing mail", done, request->messages);
    }
    return NULL;
}

static void
demo_progress(void *user, const JobProgress *note)
{
    Demo *demo = user;

    session_rows_changed(demo->session);
}

static void
demo_answer(void *user, void *answer, const GError *error)
{
    Demo *demo = user;

    if (error && !err_is(error, ERR_CANCELLED))
        log_add(LOG_WARN, "demo", "%s", error->message);
    session_rows_changed(demo->session);
    indexer_kick(session_indexer(demo->session));
}

static const JobClass demo_job = {
    .name = "demo",
    .run = demo_run,
    .progress = demo_progress,
    .answer = demo_answer,
    .free_request = request_free,
};

Demo *
demo_create(Session *session, const DemoParams *params, GError **error)
{
    g_autoptr(Demo) demo = g_new0(Demo, 1);

    verifier_set_zone(session_verifier(session),
                      dns_zone_create(demo_zone, NULL));
    if (params->now)
        clock_pin(params->now);
    demo->session = session;
    demo->shift = clock_now() - DRAWN_AT;
    demo->rest = params->messages > demo_inbox_count
        ? params->messages - demo_inbox_count : 0;
    return write_inbox(demo, error) ? g_steal_pointer(&demo) : NULL;
}

void
demo_start(Demo *demo)
{
    const Paths *paths = session_paths(demo->session);
    Request *request = g_new0(Request, 1);

    request->state_db = g_strdup(paths->state_db);
    request->mail = g_strdup(paths->mail);
    request->shift = demo->shift;
    request->messages = demo->rest;
    demo->worker = worker_create("demo");
    worker_submit(demo->worker, JOB_BULK, &demo_job, request, demo);
    indexer_kick(session_indexer(demo->session));
}

void
demo_destroy(Demo *demo)
{
    if (demo == NULL)
        return;
    worker_destroy(demo->worker);
    g_free(demo);
}
