/* What the files about drafts share. */
#ifndef CORE_DRAFT_PRIVATE_H
#define CORE_DRAFT_PRIVATE_H

#include "core/draft.h"

/* An empty draft at a new path in the folder of drafts. Nothing is written. */
Draft *draft_create(Session *session);

/* The folder for files made for the draft (a forward's). g_free(). */
char *draft_files_folder(const char *path);

/* "<a@b>\n <c@d>" as "a@b c@d". g_free(). */
char *draft_clean_ids(const char *text);

/* The word that files keep for a kind: "reply-all". */
const char *draft_kind_word(DraftKind kind);

#endif
