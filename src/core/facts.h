/* What a row of the store knows of a message, from its bytes: the one place
 * where mime meets store. Any thread. */
#ifndef CORE_FACTS_H
#define CORE_FACTS_H

#include "mime/mime.h"
#include "store/store.h"

typedef struct {
    StoreMessage message; /* its texts are borrowed from summary and snippet */
    MimeSummary summary;
    char *snippet;
} Facts;

/* bytes: a header block, the beginning of a message, or all of it. Folder,
 * UID, file, size, arrival and system flags are left to the caller; a message
 * without a valid Date gets date 0, for which the caller sets arrival. */
Facts *facts_create(const char *bytes, gsize size);
void facts_destroy(Facts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Facts, facts_destroy)

#endif
