/* What the files about drafts share. */
#ifndef CORE_DRAFT_PRIVATE_H
#define CORE_DRAFT_PRIVATE_H

#include "core/account.h"
#include "core/draft.h"
#include "mime/seal.h"

/* An empty draft at a new path in the folder of drafts. Nothing is written. */
Draft *draft_create(Session *session);

/* The folder for files made for the draft (a forward's). g_free(). */
char *draft_files_folder(const char *path);

/* "<a@b>\n <c@d>" as "a@b c@d". g_free(). */
char *draft_clean_ids(const char *text);

/* Beside drafts/ID.eml: ID.json, ID.files, … g_free(). */
char *draft_sibling(const char *path, const char *suffix);

/* draft_change.c: the account, or the identity of it, that writes, by the From
 * field. NULL: there is no account. */
const Account *draft_writer(Session *session, const Draft *draft);

/* "-- " and the signature of whoever writes, below the text. */
void
draft_append_signature(Session *session, const Account *writer, GString *text);

/* draft_check.c: by which server it goes, "work" or "work/club". Borrowed. */
const char *draft_lane(Session *session, const Draft *draft);

/* draft_carry.c: what a draft takes along from its parent. */
typedef struct {
    char *folder; /* for the files */
    MimeMessage *parent;
    int from;         /* the file of the parent, as it is; -1: its parts */
    guint part;       /* of the file, this part alone; 0: all of it */
    GPtrArray *files; /* char *: paths, when it was run */
} DraftCarry;

/* The file of a message, open: that it is renamed when it is read or filed does
 * no harm from here on. -1 on error. */
int draft_open_message(Session *session, gint64 id, GError **error);

/* What a draft of the kind has of its parent. Takes parent, which may be NULL,
 * and from. NULL: there is nothing to take along. */
DraftCarry *draft_carry_create(const char *draft, DraftKind kind,
                               MimeMessage *parent, int from);
/* A message, or a part of it, of the file, which it takes. */
DraftCarry *draft_carry_message(const char *draft, int from, guint part);
void draft_carry_free(DraftCarry *carry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DraftCarry, draft_carry_free)

/* Blocks; any thread that has carry for itself. */
bool draft_carry_run(DraftCarry *carry, GError **error);

/* Takes away what it made. */
void draft_carry_undo(const DraftCarry *carry);

/* draft_check.c: one more DraftCheck. Takes text. */
void draft_check_add(GPtrArray *checks, DraftCheckKind kind, char *text);
void draft_check_free(void *check);

/* draft_facts.c: what the user does not edit. A draft without facts is a new
 * message. */
void draft_load_facts(Draft *draft);
bool draft_save_facts(const Draft *draft, GError **error);

/* draft_seal.c: what a new draft begins with, by the options of who writes. */
void draft_seal_begin(Session *session, Draft *draft, const char *identity);
void draft_seal_free(DraftSeal *seal);

/* For the copy of the Drafts folder: encrypted for its writer alone, with Bcc
 * and what it forwards (a Message-ID, or NULL) inside. */
void
draft_seal_copy(Session *session, Draft *draft, const char *forwarded);

/* Borrowed; NULL: as it is. */
const MimeSeal *draft_mime_seal(const Draft *draft);

/* draft_keep.c: what a draft that was resumed answers or forwards, as far as
 * the fields of its copy say and that is here. */
void draft_find_parent(Session *session, Draft *draft, MimeMessage *copy);

/* Takes the copies out of the Drafts folder. */
bool draft_remove_copies(Session *session, const Draft *draft, GError **error);

/* Is it finished or deleted elsewhere? */
bool draft_is_over(Session *session, const Draft *draft);

#endif
