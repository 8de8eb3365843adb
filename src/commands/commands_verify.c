/* Who sent this: `verify` checks a file, standard input, or what a query finds,
 * and prints what was found, for scripts or for people. */
#include "commands/commands.h"

#include "base/err.h"
#include "core/report_page.h"
#include "core/search.h"
#include "core/verifier.h"
#include "input.h"

/* The messages of one call, checked one behind the other. */
typedef struct {
    CmdCall *call;
    GPtrArray *requests; /* VerifyRequest; those handed over are NULL */
    GArray *ids;         /* gint64: rows of the requests; empty: none of ours */
    guint next;
    JsonBuilder *json; /* of an array; NULL: for people */
} Verifying;

static void
verifying_free(Verifying *verifying)
{
    for (guint i = 0; i < verifying->requests->len; i++)
        verify_request_free(g_ptr_array_index(verifying->requests, i));
    g_ptr_array_unref(verifying->requests);
    g_array_unref(verifying->ids);
    g_clear_object(&verifying->json);
    g_free(verifying);
}

static void
print_report(Printer *out, const TrustReport *report)
{
    g_autofree char *page = report_page(report);

    g_strchomp(page);
    printer_line(out, "%s", page);
}

static void
print_end(Verifying *verifying)
{
    g_autoptr(JsonNode) array = NULL;
    JsonArray *reports;

    if (verifying->json == NULL)
        return;
    json_builder_end_array(verifying->json);
    array = json_builder_get_root(verifying->json);
    reports = json_node_get_array(array);
    if (json_array_get_length(reports) == 1)
        printer_json(cmd_out(verifying->call),
                     json_node_copy(json_array_get_element(reports, 0)));
    else
        printer_json(cmd_out(verifying->call), g_steal_pointer(&array));
}

/* With --store the row keeps the verdict. */
static bool
keep(Verifying *verifying, const TrustReport *report, GError **error)
{
    return !cmd_has(verifying->call, "store")
           || verifier_store(
               cmd_session(verifying->call),
               g_array_index(verifying->ids, gint64, verifying->next - 1),
               report, error);
}

static void check_next(Verifying *verifying);

static void
checked(const TrustReport *report, const GError *error, void *user)
{
    Verifying *verifying = user;
    Printer *out = cmd_out(verifying->call);

    g_autoptr(GError) trouble = error ? g_error_copy(error) : NULL;

    if (report == NULL || !keep(verifying, report, &trouble)) {
        cmd_finish(verifying->call, g_steal_pointer(&trouble));
        verifying_free(verifying);
        return;
    }
    if (verifying->json != NULL) {
        json_builder_add_value(verifying->json, trust_report_json(report));
    } else {
        if (verifying->next > 1)
            printer_line(out, "%s", "");
        print_report(out, report);
    }
    check_next(verifying);
}

static void
check_next(Verifying *verifying)
{
    Session *session = cmd_session(verifying->call);
    VerifyRequest *request;

    if (verifying->next == verifying->requests->len) {
        print_end(verifying);
        cmd_finish(verifying->call, NULL);
        verifying_free(verifying);
        return;
    }
    request = g_ptr_array_index(verifying->requests, verifying->next);
    verifying->requests->pdata[verifying->next++] = NULL;
    verifier_check(session_verifier(session), JOB_URGENT, request, checked,
                   verifying);
}

/* What the flags say about one request. */
static bool
apply_flags(CmdCall *call, VerifyRequest *request, GError **error)
{
    const char *const *ids = cmd_flag_all(call, "authserv-id");
    const char *server = cmd_flag(call, "dns");

    if (ids != NULL && ids[0] != NULL) {
        g_strfreev(request->authserv_ids);
        request->authserv_ids = g_strdupv((char **)ids);
    }
    request->client_ip = g_strdup(cmd_flag(call, "client-ip"));
    request->helo = g_strdup(cmd_flag(call, "helo"));
    request->mail_from = g_strdup(cmd_flag(call, "mail-from"));
    request->now = cmd_flag_int(call, "date", 0);
    if (server == NULL)
        return true;
    dns_unref(request->dns);
    request->dns = dns_create(server, error);
    return request->dns != NULL;
}

static bool
add_request(CmdCall *call, GPtrArray *requests, VerifyRequest *request,
            const char *account, GError **error)
{
    Session *session = cmd_session(call);

    g_ptr_array_add(requests, request);
    return verifier_prepare(session_verifier(session), request, account, error)
           && apply_flags(call, request, error);
}

static bool
add_row(CmdCall *call, Verifying *verifying, const StoreRow *row,
        GError **error)
{
    VerifyRequest *request;
    Session *session = cmd_session(call);
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(session), row->folder, error);
    char *path = folder ? session_message_path(session, row) : NULL;

    if (path == NULL)
        return folder != NULL;
    request = verify_request_create();
    request->path = path;
    request->arrival = row->arrival;
    g_array_append_val(verifying->ids, row->id);
    return add_request(call, verifying->requests, request, folder->account,
                       error);
}

static bool
add_query(CmdCall *call, Verifying *verifying, GError **error)
{
    Session *session = cmd_session(call);
    g_autofree char *query = g_strjoinv(" ", (char **)cmd_rest(call));
    g_autoptr(GArray) ids = search_run(session, query, 0, error);
    g_autoptr(GPtrArray) rows = NULL;

    if (ids == NULL)
        return false;
    rows = store_rows(session_store(session), (const gint64 *)(void *)ids->data,
                      ids->len, false, 0, error);
    for (guint i = 0; rows && i < rows->len; i++)
        if (rows->pdata[i] != NULL
            && !add_row(call, verifying, rows->pdata[i], error))
            return false;
    if (rows != NULL && verifying->requests->len == 0)
        return err_set(error, ERR_USAGE, "verify: no message here matches %s",
                       query);
    return rows != NULL;
}

static bool
add_requests(CmdCall *call, Verifying *verifying, GError **error)
{
    const char *const *words = cmd_rest(call);
    g_autofree char *path = input_path(call, words);
    VerifyRequest *request;

    if (path == NULL && !input_is_stdin(words))
        return add_query(call, verifying, error);
    if (cmd_has(call, "store"))
        return err_set(error, ERR_USAGE,
                       "verify: --store goes with a query: "
                       "only messages of yours keep a verdict");
    request = verify_request_create();
    request->path = g_steal_pointer(&path);
    if (request->path == NULL)
        request->bytes = input_read(error);
    if (request->path == NULL && request->bytes == NULL) {
        verify_request_free(request);
        return false;
    }
    return add_request(call, verifying->requests, request, NULL, error);
}

static CmdResult
verify_exec(CmdCall *call)
{
    Verifying *verifying = g_new0(Verifying, 1);
    GError *error = NULL;

    verifying->requests = g_ptr_array_new();
    verifying->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!add_requests(call, verifying, &error)) {
        verifying_free(verifying);
        return cmd_fail(call, error);
    }
    verifying->call = cmd_hold(call);
    if (cmd_has(call, "json")) {
        verifying->json = json_builder_new();
        json_builder_begin_array(verifying->json);
    }
    check_next(verifying);
    return CMD_RUNNING;
}

static const CmdEntry entry_verify = {
    .name = "verify",
    .help = "Check who sent a message: a file, - or what a query finds",
    .group = "mail",
    .flags = { { "json", 0, CMD_BOOL, NULL,
                 "as JSON: an object, of several messages an array" },
               { "dns", 0, CMD_STRING, NULL,
                 "the server to ask, ADDRESS@PORT" },
               { "authserv-id", 0, CMD_STRING, NULL,
                 "believe this server's Authentication-Results; may be "
                 "repeated" },
               { "client-ip", 0, CMD_STRING, NULL,
                 "the address that delivered it, for SPF" },
               { "helo", 0, CMD_STRING, NULL, "the name it gave" },
               { "mail-from", 0, CMD_STRING, NULL, "the envelope sender" },
               { "store", 0, CMD_BOOL, NULL,
                 "keep the verdict: it shows in lists, auth:fail finds it" },
               { "date", 0, CMD_INT, NULL,
                 "judge as of this time, seconds since 1970" } },
    .args = { { "QUERY", CMD_QUERY, NULL, false, true } },
    .exec = verify_exec,
};

const CmdEntry *const commands_verify[] = {
    &entry_verify,
    NULL,
};
