/* News of every mailbox on one connection (NOTIFY, RFC 5465): the selected one
 * tells as ever, the others by STATUS, new names by LIST. */
#include "imap_private.h"

#include "imap/limits.h"

#include <string.h>

#define EVENTS "(MessageNew MessageExpunge FlagChange)"

bool
imap_notify(ImapConn *conn, GError **error)
{
    conn->overflow = false;
    return imap_cmd_run(conn, error,
                        "NOTIFY SET (selected-delayed " EVENTS ") "
                        "(personal (MessageNew MessageExpunge FlagChange "
                        "MailboxName))");
}

/* NULL: not known which. */
void
imap_news_add(ImapConn *conn, const char *mailbox)
{
    bool known = mailbox && strlen(mailbox) <= IMAP_NAME_BYTES;
    const char *name = known ? mailbox : IMAP_NEWS_ANY;

    conn->changed = true;
    if (conn->news == NULL)
        conn->news = g_ptr_array_new_with_free_func(g_free);
    if (g_ptr_array_find_with_equal_func(conn->news, name, g_str_equal, NULL))
        return;
    if (conn->news->len >= IMAP_NEWS) { /* too many to be told one by one */
        g_ptr_array_set_size(conn->news, 0);
        name = IMAP_NEWS_ANY;
    }
    g_ptr_array_add(conn->news, g_strdup(name));
}

GPtrArray *
imap_take_news(ImapConn *conn)
{
    GPtrArray *news = g_steal_pointer(&conn->news);

    conn->changed = false;
    return news ? news : g_ptr_array_new_with_free_func(g_free);
}

bool
imap_notify_lapsed(const ImapConn *conn)
{
    return conn->overflow;
}
