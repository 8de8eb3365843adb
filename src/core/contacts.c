/* Addresses seen, counted. What is counted is a help in writing, no truth: a
 * failure to count is no failure of what is counted. */
#include "core/contacts.h"

#include "base/clock.h"
#include "core/identity.h"
#include "mime/mime.h"

#include <string.h>

enum {
    AT_ONCE = 200, /* of a first fetch */
};

bool
contacts_takes_mail(const char *addr)
{
    static const char *const names[] = { "noreply", "no-reply", "donotreply",
                                         "do-not-reply", "mailer-daemon" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strncasecmp(addr, names[i], strlen(names[i])) == 0)
            return false;
    return true;
}

static void
note_row(Session *session, gint64 id)
{
    Store *store = session_store(session);
    g_autoptr(StoreRow) row = store_row(store, id, NULL);

    if (row && row->from_addr && *row->from_addr
        && contacts_takes_mail(row->from_addr)
        && !identity_is_own(session, row->from_addr))
        store_contact_seen(store, row->from_name, row->from_addr, false,
                           row->date, NULL);
}

void
contacts_note_arrived(Session *session, const gint64 *ids, guint n)
{
    Store *store = session_store(session);

    if (!store_begin(store, NULL))
        return;
    for (guint i = 0; i < MIN(n, AT_ONCE); i++)
        note_row(session, ids[i]);
    store_end(store, true, NULL);
}

/* The name that the user wrote beside the address, or NULL. */
static const char *
name_of(const GPtrArray *written, const char *addr)
{
    for (guint i = 0; i < written->len; i++) {
        const MimeAddress *one = written->pdata[i];

        if (g_ascii_strcasecmp(one->addr, addr) == 0)
            return one->name;
    }
    return NULL;
}

void
contacts_note_sent(Session *session, const OutboxEntry *entry)
{
    Store *store = session_store(session);
    g_autoptr(GPtrArray) written = mime_addresses(entry->to);
    g_autofree char *from = mime_first_address(entry->from);

    if (!store_begin(store, NULL))
        return;
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state != OUTBOX_SENT
            || identity_is_own(session, recipient->address))
            continue;
        store_contact_seen(store, name_of(written, recipient->address),
                           recipient->address, true, clock_now(), NULL);
        if (from)
            identity_note_used(session, recipient->address, from);
    }
    store_end(store, true, NULL);
}
