/* Folders that the user names for what they are for: he is believed before the
 * server is, and before names are. */
#include "account_role.h"

static const struct {
    FolderRole role;
    const char *option;
    const char *use; /* RFC 6154, section 2 */
} rows[] = {
    { FOLDER_ROLE_ARCHIVE, "archive-folder", "\\Archive" },
    { FOLDER_ROLE_DRAFTS, "drafts-folder", "\\Drafts" },
    { FOLDER_ROLE_JUNK, "junk-folder", "\\Junk" },
    { FOLDER_ROLE_SENT, "sent-folder", "\\Sent" },
    { FOLDER_ROLE_TRASH, "trash-folder", "\\Trash" },
};

const char *
account_role_name(Session *session, const char *account, FolderRole role)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].role == role)
            return options_get(session_options(session), rows[i].option,
                               account, NULL);
    return NULL;
}

char **
account_role_uses(Session *session, const char *account)
{
    g_autoptr(GStrvBuilder) uses = g_strv_builder_new();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *name = account_role_name(session, account, rows[i].role);

        if (name)
            g_strv_builder_add_many(uses, rows[i].use, name, NULL);
    }
    return g_strv_builder_end(uses);
}
