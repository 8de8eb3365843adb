/* New mail. The event waits for the index where a hook asks a query, because
 * the query is asked of the index; and for the check of who sent it, which the
 * event tells and a query may ask for. */
#include "core/arrive.h"

#include "base/err.h"
#include "core/contacts.h"
#include "core/delivery.h"
#include "core/indexer.h"
#include "core/judge.h"
#include "core/mute.h"

typedef struct {
    Session *session;
    GArray *ids;
} Arrival;

static void
tell(const GError *error, void *user)
{
    Arrival *arrival = user;

    /* Cancelled: the program ends before the index has them. */
    for (guint i = 0; !err_is(error, ERR_CANCELLED) && i < arrival->ids->len;
         i++) {
        g_autoptr(Event) event = session_message_event(
            arrival->session, "message-arrived",
            g_array_index(arrival->ids, gint64, i));

        event_bus_emit(session_bus(arrival->session), event);
    }
    g_array_unref(arrival->ids);
    g_free(arrival);
}

static void
judged(void *user)
{
    Arrival *arrival = user;

    indexer_wait(session_indexer(arrival->session), tell, arrival);
}

void
arrive(Session *session, const gint64 *ids, guint n, bool quiet)
{
    Arrival *arrival;

    if (n == 0)
        return;
    contacts_note_arrived(session, ids, n);
    session_rows_news(session);
    indexer_kick(session_indexer(session));
    if (quiet) {
        judge_arrived(session_judge(session), ids, n, true, NULL, NULL);
        return;
    }
    mute_arrived(session, ids, n);
    for (guint i = 0; i < n; i++)
        delivery_look(session, ids[i]);
    if (!hooks_has(session_hooks(session), "message-arrived")) {
        judge_arrived(session_judge(session), ids, n, false, NULL, NULL);
        return; /* there is nobody to be told */
    }
    arrival = g_new0(Arrival, 1);
    arrival->session = session;
    arrival->ids = g_array_sized_new(FALSE, FALSE, sizeof(gint64), n);
    g_array_append_vals(arrival->ids, ids, n);
    judge_arrived(session_judge(session), ids, n, false, judged, arrival);
}
