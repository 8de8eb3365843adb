/* Asks the servers of all accounts what a query finds there. One folder of an
 * account at a time, so that a message that is opened meanwhile waits for one
 * question at most. */
#include "core/search_servers.h"

#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "query.h"
#include "search_criteria.h"
#include "sync/sync.h"

#include <string.h>

struct ServerSearch {
    int refs; /* of the owner, and of each answer that is still to come */
    ServerQuery query; /* told NULL: the owner is gone */
    Session *session;
    char *text; /* the query */
    char *path; /* of folder:, or NULL */
    guint start; /* source; 0: begun */
    GArray *hits; /* AccountHit */
    GHashTable *seen; /* row ids */
    guint left, waiting;
    char *trouble;
};

/* The folders of one account that are still to be asked. */
typedef struct {
    ServerSearch *search;
    Account *account;
    char *criteria;
    GPtrArray *paths;
} Round;

static void
search_unref(ServerSearch *search)
{
    if (--search->refs > 0)
        return;
    g_free(search->text);
    g_free(search->path);
    g_free(search->trouble);
    g_array_unref(search->hits);
    g_hash_table_unref(search->seen);
    g_free(search);
}

static void
tell(ServerSearch *search)
{
    ServerFound found = { search->hits, search->left, search->waiting,
                          search->trouble };

    if (search->query.told)
        search->query.told(&found, search->query.user);
}

static int
by_date(const void *a, const void *b)
{
    const AccountHit *x = a, *y = b;

    return x->date < y->date ? 1 : x->date > y->date ? -1 : 0;
}

static void
add_hits(ServerSearch *search, const GArray *hits)
{
    for (guint i = 0; i < hits->len; i++) {
        const AccountHit *hit = &g_array_index(hits, AccountHit, i);

        if (g_hash_table_add(search->seen,
                             g_memdup2(&hit->id, sizeof hit->id)))
            g_array_append_val(search->hits, *hit);
    }
    g_array_sort(search->hits, by_date);
}

static void ask_next(Round *round);

static void
round_end(Round *round)
{
    ServerSearch *search = round->search;

    search->waiting--;
    g_ptr_array_unref(round->paths);
    g_free(round->criteria);
    g_free(round);
    tell(search);
    search_unref(search);
}

static void
note_trouble(ServerSearch *search, const Account *account, const char *text)
{
    g_free(search->trouble);
    search->trouble = g_strdup_printf("%s: %s", account_name(account), text);
}

/* A folder that is refused does not stop the others. */
static void
found(const AccountFound *answer, const GError *error, void *user)
{
    Round *round = user;
    ServerSearch *search = round->search;

    if (error && !err_is(error, ERR_CANCELLED))
        note_trouble(search, round->account, error->message);
    if (answer && answer->hits)
        add_hits(search, answer->hits);
    search->left += answer ? answer->left : 0;
    if (search->query.told == NULL || round->paths->len == 0
        || (error && !err_is(error, ERR_REFUSED))) {
        round_end(round);
        return;
    }
    if (answer && answer->hits && answer->hits->len > 0)
        tell(search);
    ask_next(round);
}

static void
ask_next(Round *round)
{
    g_autofree char *path = g_ptr_array_steal_index(round->paths, 0);

    account_search(round->account, path, round->criteria, found, round);
}

static bool
is_asked(const ServerSearch *search, const StoreFolder *folder)
{
    return sync_follows(folder)
           && (search->query.folder == 0 || search->query.folder == folder->id)
           && (search->path == NULL
               || query_means_folder(folder, search->path));
}

/* NULL: this server cannot be asked, which is noted. */
static char *
criteria_for(ServerSearch *search, const Account *account)
{
    const char *tags = options_get(session_options(search->session),
                                   "local-tags", account_name(account), NULL);
    g_auto(GStrv) local = g_strsplit(tags ? tags : "", " ", -1);
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    char *criteria = search_criteria(
        search->text, (const char *const *)local, &path, &error);

    if (criteria == NULL)
        note_trouble(search, account, error->message);
    return criteria;
}

static void
begin_round(ServerSearch *search, Account *account)
{
    g_autoptr(GPtrArray) folders = store_folders(
        session_store(search->session), account_name(account), NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    char *criteria;
    Round *round;

    for (guint i = 0; folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (is_asked(search, folder))
            g_ptr_array_add(paths, g_strdup(folder->path));
    }
    if (folders && folders->len == 0)
        note_trouble(search, account,
                     "its folders are not known yet: synchronise first");
    criteria = paths->len ? criteria_for(search, account) : NULL;
    if (criteria == NULL)
        return;
    round = g_new0(Round, 1);
    round->criteria = criteria;
    round->search = search;
    round->account = account;
    round->paths = g_steal_pointer(&paths);
    search->refs++;
    search->waiting++;
    ask_next(round);
}

static gboolean
start(void *user)
{
    ServerSearch *search = user;
    const GPtrArray *accounts = session_accounts(search->session);

    search->start = 0;
    search->refs++;
    search->waiting++; /* until all were asked */
    for (guint i = 0; i < accounts->len; i++)
        if (!account_is_local(accounts->pdata[i])
            && !account_is_one_way(accounts->pdata[i]))
            begin_round(search, accounts->pdata[i]);
    search->waiting--;
    tell(search);
    search_unref(search);
    return G_SOURCE_REMOVE;
}

ServerSearch *
server_search_begin(Session *session, const ServerQuery *query, GError **error)
{
    g_autofree char *path = NULL;
    g_autofree char *criteria =
        search_criteria(query->query, NULL, &path, error);
    ServerSearch *search;

    if (criteria == NULL)
        return NULL;
    search = g_new0(ServerSearch, 1);
    search->refs = 1;
    search->query = *query;
    search->query.query = NULL;
    search->session = session;
    search->text = g_strdup(query->query);
    search->path = g_steal_pointer(&path);
    search->hits = g_array_new(FALSE, FALSE, sizeof(AccountHit));
    search->seen =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    search->start = g_idle_add(start, search);
    return search;
}

void
server_search_end(ServerSearch *search)
{
    if (search == NULL)
        return;
    g_clear_handle_id(&search->start, g_source_remove);
    search->query.told = NULL;
    search_unref(search);
}

GArray *
server_search_merge(const GArray *ids, const GArray *dates, const GArray *hits)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_int64_hash, g_int64_equal);
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(gint64),
                                    ids->len + hits->len);
    guint taken = 0;

    for (guint i = 0; i < ids->len; i++)
        g_hash_table_add(known, &g_array_index(ids, gint64, i));
    for (guint i = 0; i < hits->len; i++) {
        const AccountHit *hit = &g_array_index(hits, AccountHit, i);

        if (g_hash_table_contains(known, &hit->id))
            continue;
        while (taken < ids->len
               && g_array_index(dates, gint64, taken) > hit->date) {
            g_array_append_val(all, g_array_index(ids, gint64, taken));
            taken++;
        }
        g_array_append_val(all, hit->id);
    }
    if (taken < ids->len)
        g_array_append_vals(all, &g_array_index(ids, gint64, taken),
                            ids->len - taken);
    return all;
}
