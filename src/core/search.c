/* Search: the index says which messages, the rows say what they are now. Each
 * Search has a thread of its own with a reader and a store connection. */
#include "core/search.h"

#include "base/err.h"
#include "base/job.h"
#include "base/text.h"
#include "core/account.h"
#include "core/indexer.h"
#include "core/search_servers.h"
#include "core/searches.h"
#include "index/index.h"
#include "query.h"
#include "query_parse.h"
#include "query_rows.h"

#include <string.h>

enum {
    FIRST_PAGE = 50
};

typedef struct {
    Search *search;
    char *query; /* with saved searches written out */
    gint64 folder;
    guint limit;
    bool complete;
    char *wrong; /* with the query; NULL: nothing is known yet */
} Request;

struct Search {
    Session *session;
    Worker *worker;    /* NULL until the first search */
    Job *first, *rest; /* under way; NULL: none */
    SearchFn found;
    void *user;
    Request *asked; /* again when the index was mended */
    ServerSearch *servers; /* NULL: not asked */
    GArray *theirs;        /* AccountHit: what they found */
    guint left, waiting;
    char *trouble;
    /* gint64: the answer before it was merged, and its dates; NULL: none yet */
    GArray *ours, *dates;
    bool complete;
    /* Of the worker's thread, made there: */
    IndexReader *reader;
    Store *store;
    char *index_dir, *mail_root, *state_db;
};

bool
search_check(const char *query, GError **error)
{
    g_autoptr(GArray) steps = NULL;

    if (query[strspn(query, " \t\r\n")] == '\0')
        return true;
    steps = query_parse(query, error);
    return steps != NULL;
}

char *
search_quote(const char *value)
{
    GString *quoted = g_string_new(value);
    const char *at = value;

    while (g_ascii_isalnum(*at) || *at & 0x80 || (*at && strchr("-_.@+", *at)))
        at++;
    if (*at == '\0' && at > value)
        return g_string_free(quoted, FALSE);
    g_string_replace(quoted, "\"", "\"\"", 0);
    g_string_prepend_c(quoted, '"');
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

static void
request_free(void *data)
{
    Request *request = data;

    if (request == NULL)
        return;
    g_free(request->query);
    g_free(request->wrong);
    g_free(request);
}

/* Row ids in order, each once, that are in the folder (0: anywhere). */
typedef struct {
    Store *store;
    gint64 folder;
    GArray *doubts; /* StoreTerm: which of a message's rows are meant */
    GArray *ids;
    GHashTable *seen;
} Hits;

static void
add_hit(Hits *hits, gint64 id)
{
    if (hits->folder) {
        g_autoptr(StoreRow) row = store_row(hits->store, id, NULL);

        if (row == NULL || row->folder != hits->folder)
            return;
    }
    if (g_hash_table_add(hits->seen, g_memdup2(&id, sizeof id)))
        g_array_append_val(hits->ids, id);
}

static bool
add_index_hits(Hits *hits, const GPtrArray *index_ids, GError **error)
{
    for (guint i = 0; i < index_ids->len; i++) {
        g_autoptr(GArray) rows =
            store_find_id_terms(hits->store, index_ids->pdata[i],
                                hits->doubts, error);

        if (rows == NULL)
            return false;
        for (guint j = 0; j < rows->len; j++)
            add_hit(hits, g_array_index(rows, gint64, j));
    }
    return true;
}

typedef struct {
    gint64 id;
    gint64 date;
} Dated;

static int
compare_dates(gconstpointer a, gconstpointer b)
{
    gint64 x = ((const Dated *)a)->date, y = ((const Dated *)b)->date;

    return x < y ? 1 : x > y ? -1 : 0;
}

static void
sort_by_date(Store *store, GArray *ids)
{
    g_autoptr(GArray) dates = store_dates(store, ids, NULL);
    g_autoptr(GArray) dated = g_array_new(FALSE, FALSE, sizeof(Dated));

    for (guint i = 0; dates && i < ids->len; i++) {
        Dated one = { g_array_index(ids, gint64, i),
                      g_array_index(dates, gint64, i) };

        g_array_append_val(dated, one);
    }
    g_array_sort(dated, compare_dates);
    for (guint i = 0; i < dated->len; i++)
        g_array_index(ids, gint64, i) = g_array_index(dated, Dated, i).id;
}

/* While the index is behind, or some messages are headers alone, rows are asked
 * too, as far as they can say. */
static GArray *
row_hits(Store *store, const Request *request, const GPtrArray *folders,
         GError **error)
{
    g_autoptr(GArray) terms = NULL;

    if (store_unindexed_count(store) > 0 || store_has_headers(store))
        terms = query_row_terms(request->query, folders);
    return terms ? store_find_terms(store, terms,
                                    request->folder ? 0 : request->limit, error)
                 : g_array_new(FALSE, FALSE, sizeof(gint64));
}

static void
add_row_hits(Hits *hits, const GArray *rows)
{
    guint before = hits->ids->len;

    for (guint i = 0; i < rows->len; i++)
        add_hit(hits, g_array_index(rows, gint64, i));
    if (hits->ids->len > before && before > 0)
        sort_by_date(hits->store, hits->ids);
}

/* Ids of the index. One that cannot be opened before anything of it was
 * recorded is being made: it knows nothing yet. */
static GPtrArray *
index_hits(IndexReader *reader, Store *store, const Request *request,
           const char *query, GCancellable *cancel, GError **error)
{
    g_autoptr(GError) trouble = NULL;
    GPtrArray *ids;

    ids = index_search(reader, query, request->folder ? 0 : request->limit,
                       cancel, &trouble);
    if (err_is(trouble, ERR_LOCAL) && !store_index_used(store))
        return g_ptr_array_new();
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return ids;
}

/* Rows come first: one that the index learns of between is found twice, not
 * never. */
static GArray *
ask(IndexReader *reader, Store *store, const Request *request,
    GCancellable *cancel, GError **error)
{
    g_autoptr(GPtrArray) folders =
        request->wrong ? err_null(error, ERR_USAGE, "%s", request->wrong)
                       : store_folders(store, NULL, error);
    g_autofree char *query =
        folders ? query_expand(request->query, folders, error) : NULL;
    g_autoptr(GArray) rows =
        query ? row_hits(store, request, folders, error) : NULL;
    g_autoptr(GPtrArray) index_ids =
        rows ? index_hits(reader, store, request, query, cancel, error) : NULL;
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GArray) doubts =
        rows ? query_row_doubts(request->query, folders) : NULL;
    Hits hits = { store, request->folder, doubts,
                  g_array_new(FALSE, FALSE, sizeof(gint64)), seen };

    if (index_ids && index_ids->len == 0 && !index_reader_exists(reader)
        && store_index_used(store)) {
        err_set(error, ERR_LOCAL, "the search index is gone");
        g_clear_pointer(&hits.ids, g_array_unref);
    } else if (index_ids == NULL || !add_index_hits(&hits, index_ids, error))
        g_clear_pointer(&hits.ids, g_array_unref);
    else
        add_row_hits(&hits, rows);
    if (hits.ids && request->limit && hits.ids->len > request->limit)
        g_array_set_size(hits.ids, request->limit);
    return hits.ids;
}

/* What a job answers. */
typedef struct {
    GArray *ids, *dates; /* gint64 */
} Found;

static void
found_free(void *data)
{
    Found *found = data;

    g_clear_pointer(&found->ids, g_array_unref);
    g_clear_pointer(&found->dates, g_array_unref);
    g_free(found);
}

static void *
search_job_run(Job *job, void *data, GError **error)
{
    Request *request = data;
    Search *search = request->search;
    Found *found;

    if (search->store == NULL)
        search->store = store_open(search->state_db, error);
    if (search->store == NULL)
        return NULL;
    found = g_new0(Found, 1);
    found->ids = ask(search->reader, search->store, request,
                     job_cancellable(job), error);
    if (found->ids)
        found->dates = store_dates(search->store, found->ids, error);
    if (found->dates)
        return found;
    found_free(found);
    return NULL;
}

/* What the index found and what servers did, in one list. */
static void
tell_merged(Search *search)
{
    g_autoptr(GArray) all =
        server_search_merge(search->ours, search->dates, search->theirs);
    guint limit = search->asked->limit;

    if (limit && all->len > limit)
        g_array_set_size(all, limit);
    search->found(all, search->complete, NULL, search->user);
}

static void
forget_ours(Search *search)
{
    g_clear_pointer(&search->ours, g_array_unref);
    g_clear_pointer(&search->dates, g_array_unref);
}

static void
answer(Search *search, const Found *found, const GError *error, bool complete)
{
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(gint64));

    if (search->found == NULL || err_is(error, ERR_CANCELLED))
        return;
    if (error) {
        search->found(none, complete, error, search->user);
        return;
    }
    forget_ours(search);
    search->ours = g_array_ref(found ? found->ids : none);
    search->dates = g_array_ref(found ? found->dates : none);
    search->complete = complete;
    tell_merged(search);
}

static void
servers_told(const ServerFound *found, void *user)
{
    Search *search = user;

    g_array_set_size(search->theirs, 0);
    g_array_append_vals(search->theirs, found->hits->data, found->hits->len);
    search->left = found->left;
    search->waiting = found->waiting;
    g_free(search->trouble);
    search->trouble = g_strdup(found->trouble);
    if (search->found && search->ours)
        tell_merged(search);
}

static void
forget_servers(Search *search)
{
    g_clear_pointer(&search->servers, server_search_end);
    g_array_set_size(search->theirs, 0);
    g_clear_pointer(&search->trouble, g_free);
    search->left = search->waiting = 0;
}

bool
search_ask_servers(Search *search, GError **error)
{
    ServerQuery query = { search->asked->query, search->asked->folder,
                          servers_told, search };

    forget_servers(search);
    search->servers = server_search_begin(search->session, &query, error);
    search->waiting = search->servers != NULL;
    return search->servers != NULL;
}

char *
search_servers_text(const Search *search)
{
    if (search->servers == NULL)
        return NULL;
    if (search->waiting > 0)
        return g_strdup("asking the servers");
    if (search->trouble)
        return text_sanitise(search->trouble, -1, TEXT_LINE);
    return search->left ? g_strdup_printf("%u more on the servers",
                                          search->left)
                        : g_strdup("servers asked");
}

static void
first_answer(void *user, void *found, const GError *error)
{
    Search *search = user;

    search->first = NULL;
    if (error == NULL) /* an error comes with the complete answer */
        answer(search, found, NULL, false);
}

static void ask_again(const GError *error, void *user);

static void
rest_answer(void *user, void *found, const GError *error)
{
    Search *search = user;

    search->rest = NULL;
    if (search->found && err_is(error, ERR_LOCAL)
        && indexer_mend(session_indexer(search->session), error))
        indexer_wait(session_indexer(search->session), ask_again, search);
    else
        answer(search, found, error, true);
}

static const JobClass first_job = {
    .name = "search",
    .run = search_job_run,
    .answer = first_answer,
    .free_request = request_free,
    .free_answer = found_free,
};

static const JobClass rest_job = {
    .name = "search",
    .run = search_job_run,
    .answer = rest_answer,
    .free_request = request_free,
    .free_answer = found_free,
};

Search *
search_create(Session *session)
{
    Search *search = g_new0(Search, 1);
    const Paths *paths = session_paths(session);

    search->session = session;
    search->index_dir = g_strdup(paths->index);
    search->mail_root = g_strdup(paths->mail);
    search->state_db = g_strdup(paths->state_db);
    search->theirs = g_array_new(FALSE, FALSE, sizeof(AccountHit));
    search->reader = index_reader_create(search->index_dir, search->mail_root);
    return search;
}

void
search_destroy(Search *search)
{
    if (search == NULL)
        return;
    search_cancel(search);
    forget_servers(search);
    g_array_unref(search->theirs);
    forget_ours(search);
    request_free(search->asked);
    worker_destroy(search->worker);
    index_reader_destroy(search->reader);
    store_close(search->store);
    g_free(search->index_dir);
    g_free(search->mail_root);
    g_free(search->state_db);
    g_free(search);
}

/* As it was written where that cannot be. g_free(). */
static char *
expand_saved(Session *session, const char *query, GError **error)
{
    char *whole = searches_expand(session_searches(session), query, error);

    return whole ? whole : g_strdup(query);
}

static Job *
submit(Search *search, const JobClass *class, const Request *what)
{
    Request *request = g_memdup2(what, sizeof *what);

    request->query = g_strdup(what->query);
    request->wrong = g_strdup(what->wrong);
    return worker_submit(search->worker, JOB_URGENT, class, request, search);
}

void
search_start(Search *search, const char *query, gint64 folder, guint limit,
             SearchFn found, void *user)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *whole = expand_saved(search->session, query, &error);
    char *wrong = error ? error->message : NULL;
    Request request = { search, whole, folder, limit, true, wrong };
    Request page = { search, whole, folder, FIRST_PAGE, false, wrong };

    search_cancel(search);
    forget_ours(search);
    if (search->asked && (strcmp(search->asked->query, whole) != 0
                          || search->asked->folder != folder))
        forget_servers(search);
    if (search->worker == NULL)
        search->worker = worker_create("search");
    search->found = found;
    search->user = user;
    if (limit == 0 || limit > FIRST_PAGE)
        search->first = submit(search, &first_job, &page);
    search->rest = submit(search, &rest_job, &request);
    request_free(search->asked);
    search->asked = g_memdup2(&request, sizeof request);
    search->asked->query = g_strdup(whole);
    search->asked->wrong = g_strdup(wrong);
}

/* The index was mended, or could not be. */
static void
ask_again(const GError *error, void *user)
{
    Search *search = user;

    if (error)
        answer(search, NULL, error, true);
    else
        search->rest = submit(search, &rest_job, search->asked);
}

/* What was asked is cancelled; its answers find nobody. */
void
search_cancel(Search *search)
{
    search->found = NULL;
    if (session_indexer(search->session))
        indexer_forget(session_indexer(search->session), search);
    if (search->first)
        job_cancel(search->first);
    if (search->rest)
        job_cancel(search->rest);
}

GArray *
search_run(Session *session, const char *query, guint limit, GError **error)
{
    const Paths *paths = session_paths(session);
    g_autoptr(IndexReader) reader =
        index_reader_create(paths->index, paths->mail);
    Indexer *indexer = session_indexer(session);
    g_autoptr(GError) trouble = NULL;
    g_autofree char *whole = expand_saved(session, query, &trouble);
    Request request = { .query = whole, .limit = limit };
    GArray *ids = trouble ? NULL
                          : ask(reader, session_store(session), &request, NULL,
                                &trouble);

    if (err_is(trouble, ERR_LOCAL) && indexer_mend(indexer, trouble)) {
        g_clear_error(&trouble);
        if (session_frontend(session)->has_screen) { /* which never waits */
            err_set(error, ERR_RETRY,
                    "the search index is made anew: "
                    "ask again in a moment");
            return NULL;
        }
        while (indexer_busy(indexer))
            g_main_context_iteration(NULL, TRUE);
        ids = ask(reader, session_store(session), &request, NULL, &trouble);
    }
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return ids;
}
