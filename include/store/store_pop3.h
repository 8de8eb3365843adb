/* The history of a POP3 maildrop: which of its messages are here already, by
 * their unique ids (UIDL). A message is fetched once because it is noted in the
 * transaction that adds its row; what is noted and has no row was deleted
 * here. */
#ifndef STORE_STORE_POP3_H
#define STORE_STORE_POP3_H

#include "store/store.h"

typedef struct {
    char *uidl;
    guint nth;      /* 0, but for messages that share a unique id */
    gint64 message; /* the row that was made of it; 0: none yet */
    guint64 octets; /* as the server listed it; 0: not told */
    gint64 since;   /* when it was noted; seconds */
    gint64 absent;  /* since when the server does not list it; 0: it does */
    guint attempts; /* fetches that failed over it */
    bool deleted;   /* its deletion was begun */
    /* Of the row, only read: */
    bool exists;
    bool here;    /* its file is */
    bool trashed; /* in the trash */
} StorePop3;

void store_pop3_free(StorePop3 *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StorePop3, store_pop3_free)

/* All of an account, by unique id (as bytes) and nth. Array of StorePop3, free
 * with g_ptr_array_unref(). */
GPtrArray *store_pop3(Store *store, const char *account, GError **error);

/* The entry of a row; NULL without error: it has none. */
StorePop3 *store_pop3_of(Store *store, const char *account, gint64 message,
                         GError **error);

/* Writes an entry, new or known. */
bool store_pop3_put(Store *store, const char *account, const StorePop3 *entry,
                    GError **error);
bool store_pop3_forget(Store *store, const char *account,
                       const StorePop3 *entry, GError **error);

/* The file of a row that had none arrived, wherever it was put: it follows the
 * row to its folder (store_unsettled()). */
bool store_pop3_body(Store *store, gint64 id, const StoreMessage *message,
                     GError **error);

/* Does the account have messages, neither drafts nor sent ones, that the
 * history does not know (promise P79)? */
bool store_pop3_lost(Store *store, const char *account);

/* One of those that this message is: of the same Message-ID, or without one of
 * the same size and date; 0: none. */
gint64 store_pop3_match(Store *store, const char *account,
                        const StoreMessage *message, GError **error);

#endif
