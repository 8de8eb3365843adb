/* FETCH of several sets, one message of which a server may refuse: what was
 * told is recorded, whatever ended the telling, and a set that was refused is
 * asked for in halves until the message that is meant was asked for alone. Too
 * many of those with nothing given between them are a mailbox that is refused,
 * not messages, and so is a mailbox that is busy. */
#include "sync_private.h"

#include "base/err.h"

typedef struct {
    const SyncFetch *fetch;
    GPtrArray *left;  /* UidSet: not told to their ends */
    GPtrArray *alone; /* UidSet of one: refused, and none was given since */
    GPtrArray *words; /* char *: how */
} Rounds;

static UidSet *
open_part(const SyncFetch *fetch, const UidSet *uids)
{
    return uidset_filter(uids, fetch->is_open, fetch->sink.user);
}

static GPtrArray *
create_sets(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)uidset_destroy);
}

/* Leaves out what came meanwhile. */
static void
take_open(Rounds *rounds, const GPtrArray *sets)
{
    GPtrArray *left = create_sets();

    for (guint i = 0; i < sets->len; i++) {
        g_autoptr(UidSet) open = open_part(rounds->fetch, sets->pdata[i]);

        if (uidset_n_ranges(open) > 0)
            g_ptr_array_add(left, g_steal_pointer(&open));
    }
    if (rounds->left)
        g_ptr_array_unref(rounds->left);
    rounds->left = left;
}

static guint64
count_left(const Rounds *rounds)
{
    guint64 count = 0;

    for (guint i = 0; i < rounds->left->len; i++)
        count += uidset_count(rounds->left->pdata[i]);
    return count;
}

/* Counts down. */
static bool
is_early(void *left, guint32 uid)
{
    return *(guint64 *)left > 0 && (*(guint64 *)left)-- > 0;
}

/* One behind the other at the head of what is left. */
static void
put_halves(Rounds *rounds, UidSet *uids)
{
    guint64 half = uidset_count(uids) / 2;
    UidSet *first = uidset_filter(uids, is_early, &half);

    uidset_remove_all(uids, first);
    g_ptr_array_insert(rounds->left, 0, uids);
    g_ptr_array_insert(rounds->left, 0, first);
}

static bool
tell_refused(Rounds *rounds, GError **error)
{
    const SyncFetch *fetch = rounds->fetch;
    bool ok = true;

    for (guint i = 0; ok && i < rounds->alone->len; i++)
        ok = fetch->refused(fetch->sink.user,
                            uidset_range(rounds->alone->pdata[i], 0).first,
                            rounds->words->pdata[i], error);
    g_ptr_array_set_size(rounds->alone, 0);
    g_ptr_array_set_size(rounds->words, 0);
    return ok;
}

static bool
note_alone(Rounds *rounds, UidSet *set, const GError *refusal, GError **error)
{
    g_ptr_array_add(rounds->alone, set);
    g_ptr_array_add(rounds->words, g_strdup(refusal->message));
    if (rounds->alone->len <= SYNC_REFUSED_MOST)
        return true;
    g_propagate_error(error, g_error_copy(refusal));
    return false;
}

/* The set at the head was refused. If it gave nothing its halves are next, else
 * its rest. given: a set before it was told. */
static bool
take_apart(Rounds *rounds, bool given, const GError *refusal, GError **error)
{
    guint64 before = count_left(rounds);
    g_autoptr(UidSet) set = g_ptr_array_steal_index(rounds->left, 0);
    g_autoptr(UidSet) rest = open_part(rounds->fetch, set);
    guint64 asked = uidset_count(set);
    guint64 lacking = uidset_count(rest);

    take_open(rounds, rounds->left);
    if ((given || count_left(rounds) + lacking < before)
        && !tell_refused(rounds, error))
        return false;
    if (lacking == 0)
        return true;
    if (asked == 1)
        return note_alone(rounds, g_steal_pointer(&rest), refusal, error);
    if (lacking == asked)
        put_halves(rounds, g_steal_pointer(&rest));
    else
        g_ptr_array_insert(rounds->left, 0, g_steal_pointer(&rest));
    return true;
}

/* *again: a set was refused, and others are still to be asked for. */
static bool
ask(Rounds *rounds, bool *again, GError **error)
{
    const SyncFetch *fetch = rounds->fetch;
    const SyncServer *server = &fetch->run->sync->server;
    void *user = fetch->sink.user;
    g_autoptr(GError) trouble = NULL;
    bool ok;

    *fetch->sets = 0;
    ok = server->class->fetch_sets(server->conn, rounds->left, fetch->items,
                                   &fetch->sink, &trouble);
    *again = err_is(trouble, ERR_REFUSED) && !imap_is_busy(trouble)
             && *fetch->sets < rounds->left->len;
    if (!ok && !*again) {
        fetch->flush(user, NULL);
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    g_ptr_array_remove_range(rounds->left, 0, *fetch->sets);
    return fetch->flush(user, error)
           && (ok || take_apart(rounds, *fetch->sets > 0, trouble, error));
}

bool
sync_fetch(const SyncFetch *fetch, const GPtrArray *sets, bool *all,
           GError **error)
{
    g_autoptr(GPtrArray) alone = create_sets();
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    Rounds rounds = { .fetch = fetch, .alone = alone, .words = words };
    bool again;
    bool ok;

    take_open(&rounds, sets);
    do
        ok = ask(&rounds, &again, error);
    while (ok && again && rounds.left->len > 0
           && !sync_yields(fetch->run->sync));
    *all = ok && rounds.left->len == 0;
    ok = ok && (!*all || tell_refused(&rounds, error));
    g_ptr_array_unref(rounds.left);
    return ok;
}
