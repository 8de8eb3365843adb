/* What other files make acts of their own of. Main thread. */
#ifndef CORE_ACT_PRIVATE_H
#define CORE_ACT_PRIVATE_H

#include "core/act.h"

/* Changes one row inside the transaction; false with *error undoes all. record:
 * of store_act_begin(); 0: none. */
typedef bool (*ActChange)(Session *session, const StoreRow *row, gint64 record,
                          void *user, GError **error);

/* All rows of the set in one act, told as message-moved or message-tagged by
 * what changed. label: of undo; NULL: the program did it, and undo passes it
 * over. */
bool act_change(Session *session, const MessageSet *set, const char *label,
                ActChange change, void *user, GError **error);

/* Words as in act_tag(), for one row inside an ActChange. */
bool act_retag(Session *session, const StoreRow *row, const char *const *words,
               GError **error);

/* The account's folder for the role; a new one of the usual name where it has
 * none, which the engine makes on the server too. 0 on error. */
gint64 act_role_folder(Session *session, const char *account, FolderRole role,
                       GError **error);

/* "3 threads", "1 message". g_free(). */
char *act_count_text(const MessageSet *set);

#endif
