/* sync_plan_push() as tables: pending rows, the commands. Folders 1 INBOX and 2
 * Archive of work, 3 a local one, 4 of another server. */
#include "sync/sync.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    StorePending rows[4]; /* id 0 ends */
    const char *steps;
} Case;

#define ROW(id_, server, uid_, folder_, flags_, server_flags_, tags_, stags) \
    { .id = (id_), .server_folder = (server), .uid = (uid_), \
      .folder = (folder_), .flags = (flags_), .server_flags = (server_flags_), \
      .tags = (char *)(tags_), .server_tags = (char *)(stags), \
      .file = (char *)"f" }

#define LOST(id_, moving_, folder_) \
    { .id = (id_), .moving = (moving_), .folder = (folder_), \
      .tags = (char *)"", .server_tags = (char *)"", .file = (char *)"f" }

static const Case cases[] = {
    { "read", { ROW(1, 1, 5, 1, 4, 0, "", "") }, "store 1 +4 5" },
    { "three read are one command",
      { ROW(1, 1, 5, 1, 4, 0, "", ""), ROW(2, 1, 6, 1, 4, 0, "", ""),
        ROW(3, 1, 9, 1, 4, 0, "", "") },
      "store 1 +4 5:6,9" },
    { "read and unread are two",
      { ROW(1, 1, 5, 1, 4, 0, "", ""), ROW(2, 1, 6, 1, 0, 4, "", "") },
      "store 1 +4 5; store 1 -4 6" },
    { "a tag is a keyword", { ROW(1, 1, 5, 1, 0, 0, "todo", "") },
      "store 1 +todo 5" },
    { "a tag less", { ROW(1, 1, 5, 1, 0, 0, "", "todo") },
      "store 1 -todo 5" },
    { "a local tag is nobody's business",
      { ROW(1, 1, 5, 1, 0, 0, "signed", "") }, "keep 1 +signed 5" },
    { "a tag that is no atom stays here",
      { ROW(1, 1, 5, 1, 0, 0, "a(b", "") }, "keep 1 +a(b 5" },
    { "and goes here alone, beside one that is told",
      { ROW(1, 1, 5, 2, 0, 0, "todo", "a(b") },
      "store 1 +todo 5; keep 1 -a(b 5; move 1>2 5" },
    { "flags travel along with a move", { ROW(1, 1, 5, 2, 4, 0, "", "") },
      "store 1 +4 5; move 1>2 5" },
    { "deleted for good", { ROW(1, 1, 5, 0, 4, 0, "", "") }, "expunge 1 5" },
    { "to a folder of this machine", { ROW(1, 1, 5, 3, 0, 0, "", "") },
      "release 1 5" },
    { "to another server", { ROW(1, 1, 5, 4, 0, 0, "", "") }, "refuse 1 5" },
    { "to a folder that is gone", { ROW(1, 1, 5, 9, 0, 0, "", "") },
      "refuse 1 5" },
    { "ours, not there yet", { ROW(1, 0, 0, 2, 4, 0, "", "") },
      "append 2 #1" },
    { "ours, and may be there, wherever it is wanted now",
      { LOST(1, 2, 2), LOST(2, 2, 0), LOST(3, 1, 2) },
      "look 1 #3; look 2 #1 #2" },
    { "waits for its UID", { ROW(1, 2, 0, 2, 4, 0, "", "") }, "" },
    { "appends come last",
      { ROW(1, 0, 0, 1, 0, 0, "", ""), ROW(2, 2, 6, 1, 0, 0, "", "") },
      "move 2>1 6; append 1 #1" },
};

static void
test_case(const void *data)
{
    static const char *const local_tags[] = { "signed", NULL };
    static StoreFolder all[] = {
        { .id = 1, .account = (char *)"work", .name = (char *)"INBOX" },
        { .id = 2, .account = (char *)"work", .name = (char *)"Archive" },
        { .id = 3, .account = (char *)"here", .local = true },
        { .id = 4, .account = (char *)"home" },
    };
    const Case *this = data;
    g_autoptr(GPtrArray) pending = g_ptr_array_new();
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    g_autoptr(GPtrArray) steps = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    PushView view = { pending, folders, "work", local_tags };

    for (const StorePending *row = this->rows; row->id; row++)
        g_ptr_array_add(pending, (void *)row);
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_add(folders, &all[i]);
    steps = sync_plan_push(&view);
    for (guint i = 0; i < steps->len; i++) {
        g_autofree char *step = push_step_text(steps->pdata[i]);

        g_string_append_printf(text, "%s%s", i ? "; " : "", step);
    }
    g_assert_cmpstr(text->str, ==, this->steps);
}

static void
test_keywords(void)
{
    static const char *const local_tags[] = { "signed", NULL };

    g_assert_true(sync_tag_is_keyword("todo", local_tags));
    g_assert_true(sync_tag_is_keyword("$Junk", local_tags));
    g_assert_false(sync_tag_is_keyword("signed", local_tags));
    g_assert_false(sync_tag_is_keyword("", NULL));
    g_assert_false(sync_tag_is_keyword("две", NULL));
    g_assert_false(sync_tag_is_keyword("a b", NULL));
    g_assert_false(sync_tag_is_keyword("a\r\nb", NULL));
    g_assert_false(sync_tag_is_keyword("a\"b", NULL));
    g_assert_false(sync_tag_is_keyword("\\Seen", NULL));
}

static FolderRole
role_of(const char *name, const char *special_use)
{
    ImapMailbox mailbox = { .name = (char *)name, .delimiter = '/',
                            .special_use = (char *)special_use };

    return sync_role(&mailbox);
}

static void
test_roles(void)
{
    g_assert_cmpint(role_of("inbox", NULL), ==, FOLDER_ROLE_INBOX);
    g_assert_cmpint(role_of("X", "\\Sent"), ==, FOLDER_ROLE_SENT);
    g_assert_cmpint(role_of("Sent", "\\Trash"), ==, FOLDER_ROLE_TRASH);
    g_assert_cmpint(role_of("INBOX/Drafts", NULL), ==, FOLDER_ROLE_DRAFTS);
    g_assert_cmpint(role_of("Papierkorb", NULL), ==, FOLDER_ROLE_TRASH);
    g_assert_cmpint(role_of("ENTWÜRFE", NULL), ==, FOLDER_ROLE_DRAFTS);
    g_assert_cmpint(role_of("Корзина", NULL), ==, FOLDER_ROLE_TRASH);
    g_assert_cmpint(role_of("sentences", NULL), ==, FOLDER_ROLE_NONE);
}

/* A step that moves is one command line, so that what the server did of a move
 * is known when it refuses the rest. */
static void
test_lines(void)
{
    StoreFolder all[] = {
        { .id = 1, .account = (char *)"work", .name = (char *)"INBOX" },
        { .id = 2, .account = (char *)"work", .name = (char *)"Archive" },
    };
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    g_autoptr(GPtrArray) pending = g_ptr_array_new_with_free_func(g_free);
    PushView view = { pending, folders, "work", NULL };
    g_autoptr(GPtrArray) steps = NULL;
    guint rows = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_add(folders, &all[i]);
    for (guint32 i = 1; i <= 1500; i++) {
        StorePending row =
            ROW(i, 1, 4000000000 + i * 2, 2, 0, 0, "", "");

        g_ptr_array_add(pending, g_memdup2(&row, sizeof row));
    }
    steps = sync_plan_push(&view);
    g_assert_cmpuint(steps->len, ==, 3);
    for (guint i = 0; i < steps->len; i++) {
        const PushStep *step = steps->pdata[i];
        g_autofree char *set = uidset_format(step->uids);

        g_assert_cmpuint(strlen(set), <, 8000);
        g_assert_cmpuint(uidset_count(step->uids), ==, step->rows->len);
        rows += step->rows->len;
    }
    g_assert_cmpuint(rows, ==, 1500);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/push/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/push/keywords", test_keywords);
    g_test_add_func("/push/lines", test_lines);
    g_test_add_func("/push/roles", test_roles);
    return g_test_run();
}
