/* What the reader and the writer share. */
#ifndef INDEX_PRIVATE_H
#define INDEX_PRIVATE_H

#include "index/index.h"
#include "index_notmuch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Free with g_free(). */
char *index_config_path(const char *dir);

/* Opens the database; for writing waits for another writer's lock. */
notmuch_database_t *index_open(const char *dir, bool write, GError **error);

#endif
