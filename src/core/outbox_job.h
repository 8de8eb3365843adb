/* One try for what is due of one account, in its worker thread. */
#ifndef CORE_OUTBOX_JOB_H
#define CORE_OUTBOX_JOB_H

#include "base/job.h"
#include "outbox_entry.h"
#include "smtp/smtp.h"

typedef struct {
    char *folder;   /* of the outbox */
    GPtrArray *ids; /* char * */
    char *stop;     /* why nothing can be sent; or NULL */
    char *program;  /* sendmail; or NULL: SMTP */
    SmtpParams smtp;
    guint rate;    /* messages a minute at most; 0: no limit */
    gint64 before; /* when the last one went, monotonic µs; 0: none did */
} OutboxRequest;

/* What a server said that it takes. */
typedef struct {
    guint64 max_size; /* octets; 0: it names no limit */
    bool takes_8bit;  /* 8BITMIME */
} OutboxServer;

typedef struct {
    GPtrArray
        *entries; /* OutboxEntry: those that were tried, as they are now */
    bool auth_refused;
    gint64 last; /* when the last one went, monotonic µs; 0: none did */
    bool asked;  /* a server said what it takes: */
    OutboxServer server;
} OutboxResult;

void outbox_request_free(OutboxRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutboxRequest, outbox_request_free)
void outbox_result_free(OutboxResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutboxResult, outbox_result_free)

/* The job's function: an OutboxRequest, an OutboxResult. Entries that another
 * process holds, or that are no longer due, are left out. */
void *outbox_job_run(Job *job, void *request, GError **error);

/* The job's function of outbox_check(): an answer without an error is NULL. */
void *outbox_job_check(Job *job, void *request, GError **error);

/* The same as outbox_job_run() without a job, for tests. */
OutboxResult *outbox_try(const OutboxRequest *request, GCancellable *cancel);

#endif
