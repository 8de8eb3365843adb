/* What a maildrop has, by unique ids. A server without UIDL is asked for all
 * headers, and their hash is the id. */
#include "sync_pop3_private.h"

#include "base/err.h"

#include <string.h>

/* Fields that servers write into a message on their own. */
static bool
is_volatile(const char *line, gsize size)
{
    static const char *const names[] = {
        "Status:",     "X-Status:",       "X-UIDL:", "X-UID:",
        "X-Keywords:", "Content-Length:", "Lines:"
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (size >= strlen(names[i])
            && g_ascii_strncasecmp(line, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static char *
hash_header(const GByteArray *header)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    const char *at = (const char *)header->data;
    const char *end = at + header->len;

    while (at < end) {
        const char *newline = memchr(at, '\n', (gsize)(end - at));
        gsize size = (gsize)((newline ? newline + 1 : end) - at);

        if (!is_volatile(at, size))
            g_checksum_update(sum, (const guchar *)at, (gssize)size);
        at += size;
    }
    return g_strconcat("top:", g_checksum_get_string(sum), NULL);
}

typedef struct {
    Pop3Run *run;
    GArray *listed; /* Pop3Message */
    guint at;       /* the one whose header comes next */
    GByteArray *header;
} Hashes;

static bool
hash_begin(void *user, guint number, GError **error)
{
    g_byte_array_set_size(((Hashes *)user)->header, 0);
    return true;
}

static bool
hash_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    g_byte_array_append(((Hashes *)user)->header, bytes, (guint)size);
    return true;
}

static bool
hash_end(void *user, guint number, GError **error)
{
    Hashes *hashes = user;

    g_array_index(hashes->listed, Pop3Message, hashes->at++).uidl =
        hash_header(hashes->header);
    return true;
}

static bool
hash_refused(void *user, guint number, const char *words, GError **error)
{
    Hashes *hashes = user;

    hashes->at++;
    pop3_run_refused(hashes->run, number, words);
    return true;
}

static bool
hash_all(Pop3Run *run, GArray *listed, GError **error)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GByteArray) header = g_byte_array_new();
    Hashes hashes = { run, listed, 0, header };
    Pop3Sink sink = { &hashes,  hash_begin,   hash_bytes,
                      hash_end, hash_refused, NULL };

    for (guint i = 0; i < listed->len; i++)
        g_array_append_val(numbers,
                           g_array_index(listed, Pop3Message, i).number);
    run->sized = true; /* by LIST, which came first */
    if (!run->pop3->class->top(run->pop3->conn, (guint *)numbers->data,
                               numbers->len, &sink, error))
        return false;
    if (listed->len > 0 && run->refused == listed->len)
        return err_set(error, ERR_REFUSED,
                       "the server has neither UIDL nor "
                       "TOP: it cannot be told which of its messages are here "
                       "already, and none is fetched");
    for (guint i = listed->len; i > 0; i--)
        if (g_array_index(listed, Pop3Message, i - 1).uidl == NULL)
            g_array_remove_index(listed, i - 1);
    return true;
}

static GArray *
list_by_hash(Pop3Run *run, GError **error)
{
    g_autofree char *key =
        g_strdup_printf("pop3/%s/no-uidl", run->sync->account);
    g_autofree char *told = store_value(run->sync->store, key);
    g_autoptr(GArray) listed = run->pop3->class->list(run->pop3->conn, error);

    if (listed == NULL)
        return NULL;
    if (told == NULL) {
        sync_warn(run->sync,
                  "%s: the server has no UIDL: messages are told "
                  "apart by their headers, which takes longer",
                  run->sync->account);
        if (!store_set_value(run->sync->store, key, "1", error))
            return NULL;
    }
    return hash_all(run, listed, error) ? g_steal_pointer(&listed) : NULL;
}

GArray *
pop3_run_list(Pop3Run *run, GError **error)
{
    const SyncPop3 *pop3 = run->pop3;
    g_autoptr(GError) trouble = NULL;
    GArray *listed;

    if (!pop3->class->can(pop3->conn, "UIDL"))
        return list_by_hash(run, error);
    listed = pop3->class->uidl(pop3->conn, &trouble);
    if (listed)
        return listed;
    if (err_is(trouble, ERR_REFUSED) && pop3->class->can(pop3->conn, "TOP"))
        return list_by_hash(run, error);
    g_propagate_error(error, g_steal_pointer(&trouble));
    return NULL;
}

/* Does the history settle each listed message without a look at its size? Both
 * sorted by unique id. */
static bool
is_settled(const GArray *listed, const GPtrArray *history)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < history->len; i++) {
        const StorePop3 *entry = history->pdata[i];

        if (entry->nth == 0 && entry->absent == 0 && !entry->deleted
            && entry->message != 0 && (entry->here || !entry->exists))
            g_hash_table_add(known, entry->uidl);
    }
    for (guint i = 0; i < listed->len; i++)
        if (!g_hash_table_remove(known,
                                 g_array_index(listed, Pop3Message, i).uidl))
            return false;
    return true;
}

static int
compare_numbers(gconstpointer a, gconstpointer b)
{
    guint one = ((const Pop3Message *)a)->number;
    guint two = ((const Pop3Message *)b)->number;

    return one < two ? -1 : one > two;
}

/* UIDL and LIST may disagree: what has no size here has size 0, which is "not
 * told". Returns how many have a size and no unique id. */
static guint
merge_sizes(GArray *listed, GArray *sizes)
{
    guint matched = 0;
    guint at = 0;

    g_array_sort(listed, compare_numbers);
    g_array_sort(sizes, compare_numbers);
    for (guint i = 0; i < listed->len; i++) {
        Pop3Message *message = &g_array_index(listed, Pop3Message, i);

        while (at < sizes->len
               && g_array_index(sizes, Pop3Message, at).number
                      < message->number)
            at++;
        if (at < sizes->len
            && g_array_index(sizes, Pop3Message, at).number
                   == message->number) {
            message->octets = g_array_index(sizes, Pop3Message, at++).octets;
            matched++;
        }
    }
    return sizes->len - matched;
}

bool
pop3_run_sizes(Pop3Run *run, GArray *listed, const GPtrArray *history,
               GError **error)
{
    g_autoptr(GArray) sizes = NULL;
    guint nameless;

    if (run->sized || listed->len == 0 || is_settled(listed, history))
        return true;
    sizes = run->pop3->class->list(run->pop3->conn, error);
    if (sizes == NULL)
        return false;
    run->sized = true;
    nameless = merge_sizes(listed, sizes);
    if (nameless > 0)
        sync_warn(run->sync,
                  "%s: the server tells no unique id of %u of its "
                  "messages; they are left there",
                  run->sync->account, nameless);
    return true;
}
