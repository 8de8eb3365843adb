/* sync_plan() as tables: what the server says, what we have, the steps. */
#include "sync/sync.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    /* "complete" or "changes"; then UID=flags(tag), vanished after "-" */
    const char *server;
    /* UID=flags(tag), with ! no file, > moved by the user, x deleted */
    const char *rows;
    const char *options; /* words: renewed unplaced headers nouidplus accept */
    const char *steps;   /* separated by "; " */
} Case;

static const Case cases[] = {
    { "an empty folder", "complete", "", "", "mark 7 10 99" },
    { "a first fetch", "complete 1=0 2=4 3=0", "", "",
      "bodies 1:3; mark 7 10 99" },
    { "nothing to do", "complete 1=0 2=4", "1=0 2=4", "", "mark 7 10 99" },
    { "nothing to do by changes", "changes", "1=0 2=4", "", "mark 7 10 99" },
    { "a flag", "complete 1=4 2=4", "1=0 2=4", "",
      "flags 1=4; mark 7 10 99" },
    { "a flag among changes", "changes 2=24", "1=0 2=4", "",
      "flags 2=24; mark 7 10 99" },
    { "a keyword", "complete 1=0(todo)", "1=0", "",
      "flags 1=0(todo); mark 7 10 99" },
    { "a keyword less", "complete 1=0", "1=0(todo)", "",
      "flags 1=0; mark 7 10 99" },
    { "the same keyword", "complete 1=0(todo)", "1=0(todo)", "",
      "mark 7 10 99" },
    { "gone", "complete 2=0", "1=0 2=0", "", "gone 1; mark 7 10 99" },
    { "vanished", "changes -1", "1=0 2=0", "", "gone 1; mark 7 10 99" },
    { "vanished what we never had", "changes -5", "1=0", "", "mark 7 10 99" },
    { "what is not told has not changed", "changes 3=0", "1=0 2=0", "",
      "bodies 3; mark 7 10 99" },
    { "new, and gone again", "changes 3=0 -3", "1=0", "", "mark 7 10 99" },
    { "told twice", "changes 3=0 3=0", "1=0", "", "bodies 3; mark 7 10 99" },
    { "told in no order", "complete 3=0 1=0 2=0", "", "",
      "bodies 1:3; mark 7 10 99" },
    { "a body that is not here", "changes", "1=0! 2=0", "",
      "bodies 1; mark 7 10 99" },
    { "moved by us, gone there", "complete", "1=0>", "",
      "left 1; mark 7 10 99" },
    { "deleted by us, gone there", "complete", "1=0x", "",
      "gone 1; mark 7 10 99" },
    { "deleted there, tagged here stays deleted", "complete", "1=0(todo)", "",
      "gone 1; mark 7 10 99" },
    { "moved by us, still there", "complete 1=0", "1=0>", "",
      "mark 7 10 99" },
    { "rows wait for a UID", "complete 1=0 2=0", "1=0", "unplaced",
      "rows 2; settle; mark 7 10 99 lacking; bodies 2; mark 7 10 99" },
    { "rows wait and nothing is new", "complete 1=0", "1=0", "unplaced",
      "settle; mark 7 10 99" },
    { "another UIDVALIDITY", "complete 1=0 2=4", "1=0 5=0", "renewed",
      "renew 7; rows 1:2; settle; mark 7 10 99 lacking; bodies 1:2; "
      "mark 7 10 99" },
    { "few new ones come whole", "complete 1=0 2=0", "", "headers",
      "bodies 1:2; mark 7 10 99" },
    { "\\Deleted without UIDPLUS", "complete 1=8 2=8 3=0", "1=0 3=0",
      "nouidplus", "gone 1; mark 7 10 99" },
    { "\\Deleted with UIDPLUS", "complete 1=8", "1=0", "",
      "flags 1=8; mark 7 10 99" },
};

static void
add_told(SyncView *view, GStringChunk *words, const char *word)
{
    SyncMessage message = { 0 };
    const char *flags = strchr(word, '=');
    const char *tag = strchr(word, '(');

    message.uid = (guint32)atoi(word);
    message.flags = (unsigned)strtoul(flags + 1, NULL, 16);
    message.tags = tag ? g_string_chunk_insert_len(
                             words, tag + 1, (gssize)strlen(tag) - 2)
                       : "";
    g_array_append_val(view->messages, message);
}

static void
read_server(SyncView *view, GStringChunk *words, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, " ", -1);

    view->complete = strcmp(parts[0], "complete") == 0;
    view->vanished = uidset_create();
    for (char **part = parts + 1; *part; part++)
        if (**part == '-')
            uidset_add(view->vanished, (guint32)atoi(*part + 1));
        else
            add_told(view, words, *part);
}

static void
read_rows(SyncView *view, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, " ", -1);

    for (char **part = parts; *part; part++) {
        StoreUid row = { .uid = (guint32)atoi(*part) };
        char *tag = strchr(*part, '(');

        if (**part == '\0')
            continue;
        row.id = row.uid;
        row.flags = row.server_flags =
            (unsigned)strtoul(strchr(*part, '=') + 1, NULL, 16);
        row.here = strchr(*part, '!') == NULL;
        row.deleted = strchr(*part, 'x') != NULL;
        row.leaving = row.deleted || strchr(*part, '>') != NULL;
        if (tag) {
            tag[strcspn(tag, ")")] = '\0';
            row.tags_hash = g_str_hash(tag + 1);
        }
        g_array_append_val(view->rows, row);
    }
}

static char *
steps_text(const GPtrArray *steps)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        g_autofree char *step = sync_step_text(steps->pdata[i]);

        g_string_append_printf(text, "%s%s", i ? "; " : "", step);
    }
    return g_string_free(text, FALSE);
}

static SyncView
make_view(const char *options)
{
    SyncView view = {
        .uidvalidity = 7,
        .uidnext = 10,
        .modseq = 99,
        .messages = g_array_new(FALSE, FALSE, sizeof(SyncMessage)),
        .rows = g_array_new(FALSE, FALSE, sizeof(StoreUid)),
        .known_uidvalidity = strstr(options, "renewed") ? 6 : 7,
        .unplaced = strstr(options, "unplaced") ? 1 : 0,
        .headers_first = strstr(options, "headers") != NULL,
        .deleted_is_gone = strstr(options, "nouidplus") != NULL,
        .accept_removals = strstr(options, "accept") != NULL,
    };

    return view;
}

static void
clear_view(SyncView *view)
{
    g_array_unref(view->messages);
    g_array_unref(view->rows);
    uidset_destroy(view->vanished);
}

static void
test_case(const void *data)
{
    const Case *this = data;
    GStringChunk *words = g_string_chunk_new(64);
    SyncView view = make_view(this->options);
    g_autoptr(GPtrArray) steps = NULL;
    g_autofree char *text = NULL;

    read_server(&view, words, this->server);
    read_rows(&view, this->rows);
    view.total = view.rows->len;
    steps = sync_plan(&view);
    text = steps_text(steps);
    g_assert_cmpstr(text, ==, this->steps);
    clear_view(&view);
    g_string_chunk_free(words);
}

static SyncView
many(guint messages, guint rows, const char *options)
{
    SyncView view = make_view(options);

    view.complete = true;
    for (guint uid = 1; uid <= MAX(messages, rows); uid++) {
        SyncMessage message = { .uid = uid, .tags = "" };
        StoreUid row = { .id = uid, .uid = uid, .here = true };

        if (uid <= messages)
            g_array_append_val(view.messages, message);
        if (uid <= rows)
            g_array_append_val(view.rows, row);
    }
    view.total = view.rows->len;
    return view;
}

static void
assert_many(guint messages, guint rows, const char *options,
            const char *expected)
{
    SyncView view = many(messages, rows, options);
    g_autoptr(GPtrArray) steps = sync_plan(&view);
    g_autofree char *text = steps_text(steps);

    g_assert_true(g_str_has_prefix(text, expected));
    if (!g_str_has_prefix(text, expected))
        g_test_message("%s", text);
    clear_view(&view);
}

/* The newest page of headers, then the others, then bodies, newest first. */
static void
test_newest_first(void)
{
    assert_many(15000, 0, "headers",
                "rows 14801:15000; rows 4801:14800; rows 1:4800; "
                "mark 7 10 99 lacking; bodies 14751:15000; "
                "bodies 14501:14750; ");
    assert_many(600, 0, "",
                "bodies 351:600; bodies 101:350; bodies 1:100; mark");
}

/* P16: at the threshold, one over it, and with a yes. */
static void
test_removals(void)
{
    assert_many(0, SYNC_REMOVAL_MIN, "", "gone 1 2 3");
    assert_many(0, SYNC_REMOVAL_MIN + 1, "", "hold 21 of 21");
    assert_many(0, SYNC_REMOVAL_MIN + 1, "accept", "gone 1 2 3");
    assert_many(50, 100, "", "gone 51 52");
    assert_many(49, 100, "", "hold 51 of 100");
}

/* Of changes only the rows they name are loaded: the threshold is the folder's
 * all the same. */
static void
test_removals_among_changes(void)
{
    SyncView view = many(0, 30, "");
    g_autoptr(GPtrArray) steps = NULL;
    g_autofree char *text = NULL;

    view.complete = false;
    view.vanished = uidset_create();
    uidset_add_range(view.vanished, 1, 30);
    view.total = 100;
    steps = sync_plan(&view);
    text = steps_text(steps);
    g_assert_true(g_str_has_prefix(text, "gone 1 2 3"));
    clear_view(&view);
}

/* A held folder keeps its mark, or the loss would be forgotten. */
static void
test_hold_keeps_mark(void)
{
    SyncView view = many(0, 100, "");
    g_autoptr(GPtrArray) steps = sync_plan(&view);

    g_assert_cmpuint(steps->len, ==, 1);
    g_assert_cmpint(((SyncStep *)steps->pdata[0])->kind, ==, SYNC_HOLD);
    clear_view(&view);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/plan/newest first", test_newest_first);
    g_test_add_func("/plan/removals", test_removals);
    g_test_add_func("/plan/removals among changes",
                    test_removals_among_changes);
    g_test_add_func("/plan/hold keeps the mark", test_hold_keeps_mark);
    return g_test_run();
}
