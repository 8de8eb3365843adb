/* Writers of one file in this process take turns in the order in which they
 * asked. SQLite alone lets them try again after a pause each, so that a thread
 * with one transaction behind the other shuts all others out. Other processes
 * are SQLite's matter. */
#include "store_turn.h"

struct StoreTurn {
    GQueue waiting; /* of places: addresses on the waiters' stacks */
    bool taken;
};

static GMutex lock;
static GCond ended;
static GHashTable *turns; /* path → StoreTurn; never freed: few */

static StoreTurn *
find(const char *path)
{
    StoreTurn *turn;

    if (turns == NULL)
        turns = g_hash_table_new(g_str_hash, g_str_equal);
    turn = g_hash_table_lookup(turns, path);
    if (turn == NULL) {
        turn = g_new0(StoreTurn, 1);
        g_queue_init(&turn->waiting);
        g_hash_table_insert(turns, g_strdup(path), turn);
    }
    return turn;
}

StoreTurn *
store_turn_take(const char *path, guint most_ms)
{
    gint64 end = g_get_monotonic_time() + most_ms * (gint64)1000;
    bool in_time = true;
    StoreTurn *turn;
    char place;

    g_mutex_lock(&lock);
    turn = find(path);
    g_queue_push_tail(&turn->waiting, &place);
    while (in_time
           && (turn->taken || g_queue_peek_head(&turn->waiting) != &place))
        in_time = g_cond_wait_until(&ended, &lock, end);
    g_queue_remove(&turn->waiting, &place);
    if (in_time)
        turn->taken = true;
    else
        g_cond_broadcast(&ended); /* who stood behind may be the first now */
    g_mutex_unlock(&lock);
    return in_time ? turn : NULL;
}

guint
store_turn_waiting(StoreTurn *turn)
{
    guint waiting;

    if (turn == NULL)
        return 0;
    g_mutex_lock(&lock);
    waiting = g_queue_get_length(&turn->waiting);
    g_mutex_unlock(&lock);
    return waiting;
}

void
store_turn_end(StoreTurn *turn)
{
    if (turn == NULL)
        return;
    g_mutex_lock(&lock);
    turn->taken = false;
    g_cond_broadcast(&ended);
    g_mutex_unlock(&lock);
}
