/* Random operations on a store and on a naive model of it, which computes
 * everything from plain arrays whenever it is asked. Both must agree on every
 * row, list, thread, count and pending message, at fixed seeds. */
#include "store_db.h"
#include "store_fixture.h"

#include <string.h>

enum {
    N_MESSAGES = 1000,
    N_IDS = 200, /* Message-IDs that are in use */
    N_ACTS = 64,
    STEPS = 4000,
    COMPARE_EVERY = 100,
};

static const char *const words[] = { "", "todo", "work", "todo work" };

typedef struct {
    gint64 id;                 /* 0: gone */
    int folder, server_folder; /* index of fixture->folders; -1: nowhere */
    guint32 uid;
    bool orphan;
    unsigned flags, server_flags;
    int tags, server_tags; /* bits: 1 todo, 2 work */
    int own, parent;       /* ids; -1: none */
    gint64 date;
} Item;

typedef struct {
    int item, folder, tags;
    unsigned flags;
} Noted;

typedef struct {
    gint64 id;
    GArray *noted; /* Noted */
    bool undone;
} ModelAct;

typedef struct {
    Fixture *fixture;
    GRand *random;
    Item items[N_MESSAGES];
    int n;
    int label[N_IDS]; /* thread of each id; 0: unknown */
    int labels;
    int own_label[N_MESSAGES]; /* thread of each item */
    ModelAct acts[N_ACTS];
    int n_acts;
    guint32 uid;
} Model;

static gint64
folder_id(const Model *model, int folder)
{
    return folder < 0 ? 0 : model->fixture->folders[folder];
}

static int
pick(Model *model, int n)
{
    return g_rand_int_range(model->random, 0, n);
}

/* A living item; -1 when there is none. */
static int
pick_item(Model *model)
{
    int start = model->n ? pick(model, model->n) : 0;

    for (int i = 0; i < model->n; i++)
        if (model->items[(start + i) % model->n].id)
            return (start + i) % model->n;
    return -1;
}

static bool
differs(const Item *item)
{
    if (item->orphan)
        return false;
    if (item->server_folder < 0
        && (item->folder < 0 || item->folder == F_LOCAL))
        return false;
    return item->folder != item->server_folder
           || (item->flags & STORE_SYSTEM_FLAGS) != item->server_flags
           || item->tags != item->server_tags;
}

static void
relabel(Model *model, int from, int to)
{
    for (int i = 0; i < N_IDS; i++)
        if (model->label[i] == from)
            model->label[i] = to;
    for (int i = 0; i < model->n; i++)
        if (model->own_label[i] == from)
            model->own_label[i] = to;
}

/* Threads by relabelling everything. */
static void
join(Model *model, int i)
{
    const int ids[] = { model->items[i].own, model->items[i].parent };
    int mine = ++model->labels;

    model->own_label[i] = mine;
    for (gsize k = 0; k < G_N_ELEMENTS(ids); k++) {
        if (ids[k] < 0)
            continue;
        if (model->label[ids[k]])
            relabel(model, model->label[ids[k]], mine);
        model->label[ids[k]] = mine;
    }
}

static void
leave(Model *model, int i)
{
    int label = model->own_label[i];

    model->items[i].id = 0;
    for (int k = 0; k < model->n; k++)
        if (model->items[k].id && model->own_label[k] == label)
            return;
    relabel(model, label, 0);
}

static char *
id_text(int n)
{
    return n < 0 ? NULL : g_strdup_printf("m%d@example.org", n);
}

static void
op_add(Model *model)
{
    int i = model->n;
    Item *item = &model->items[i];
    g_autofree char *own = NULL;
    g_autofree char *parent = NULL;
    StoreMessage message;

    if (i == N_MESSAGES)
        return;
    *item = (Item){ .folder = pick(model, F_TOTAL),
                    .server_folder = -1,
                    .own = pick(model, N_IDS),
                    .parent = -1,
                    .flags = (unsigned)pick(model, 64),
                    .tags = pick(model, 4),
                    .date = 1000 + pick(model, 300) };
    if (pick(model, 3))
        item->parent = pick(model, N_IDS);
    if (pick(model, 10) == 0)
        item->own = -1;
    if (item->folder != F_LOCAL && pick(model, 5)) {
        item->uid = ++model->uid;
        item->server_folder = item->folder;
        item->server_flags = item->flags;
        item->server_tags = item->tags;
    }
    own = id_text(item->own);
    parent = id_text(item->parent);
    message = (StoreMessage){
        .folder = folder_id(model, item->folder),
        .uid = item->uid,
        .message_id = own,
        .in_reply_to = parent,
        .subject = own,
        .date = item->date,
        .arrival = item->date,
        .flags = item->flags,
        .tags = words[item->tags],
        .size = 10,
    };
    must((item->id = store_message_add(model->fixture->store, &message, error))
         != 0);
    model->n++;
    join(model, i);
}

static void
op_flags(Model *model)
{
    int i = pick_item(model);
    unsigned flags = (unsigned)pick(model, 64);

    must(store_set_flags(model->fixture->store, model->items[i].id, flags,
                         error));
    model->items[i].flags = flags;
}

static void
op_tags(Model *model)
{
    int i = pick_item(model);
    int tags = pick(model, 4);

    must(store_set_tags(model->fixture->store, model->items[i].id, words[tags],
                        error));
    model->items[i].tags = tags;
}

static void
op_folder(Model *model)
{
    int i = pick_item(model);
    int folder = pick(model, F_TOTAL + 1) - 1;

    must(store_set_folder(model->fixture->store, model->items[i].id,
                          folder_id(model, folder), error));
    model->items[i].folder = folder;
}

static void
op_copy(Model *model)
{
    int i = pick_item(model), k = model->n;
    int folder = pick(model, F_TOTAL);

    if (k == N_MESSAGES)
        return;
    model->items[k] = model->items[i];
    model->items[k].folder = folder;
    model->items[k].server_folder = -1;
    model->items[k].server_flags = 0;
    model->items[k].server_tags = 0;
    model->items[k].uid = 0;
    model->items[k].orphan = false;
    must((model->items[k].id =
              store_copy(model->fixture->store, model->items[i].id,
                         folder_id(model, folder), NULL, error))
         != 0);
    model->own_label[k] = model->own_label[i];
    model->n++;
}

/* Bit by bit: what the user changed since stays, the rest is the server's. */
static unsigned
merge(unsigned base, unsigned server, unsigned wanted)
{
    unsigned result = 0;

    for (unsigned bit = 1; bit < 64; bit <<= 1)
        result |= (base & bit) == (wanted & bit) ? server & bit : wanted & bit;
    return result;
}

static void
op_server_flags(Model *model)
{
    int i = pick_item(model);
    unsigned flags = (unsigned)pick(model, 64);
    int tags = pick(model, 4);
    Item *item = &model->items[i];

    if (item->server_folder < 0)
        return;
    must(store_server_flags(model->fixture->store, item->id, flags, words[tags],
                            error));
    item->flags = merge(item->server_flags, flags, item->flags);
    item->tags = (int)merge((unsigned)item->server_tags, (unsigned)tags,
                            (unsigned)item->tags);
    item->server_flags = flags;
    item->server_tags = tags;
}

/* What the engine does with a pending row: the server follows. */
static void
op_confirm(Model *model)
{
    int i = pick_item(model);
    Item *item = &model->items[i];
    bool there;

    if (item->orphan || item->folder < 0 || item->folder == item->server_folder)
        return;
    there = item->folder != F_LOCAL;
    item->uid = there ? ++model->uid : 0;
    item->server_folder = there ? item->folder : -1;
    must(store_server_place(model->fixture->store, item->id,
                            folder_id(model, item->server_folder), item->uid,
                            error));
}

static void
op_gone(Model *model)
{
    int i = pick_item(model);
    g_autofree char *file = NULL;

    must(store_server_gone(model->fixture->store, model->items[i].id, &file,
                           error));
    leave(model, i);
}

static void
op_refused(Model *model)
{
    int i = pick_item(model);
    Item *item = &model->items[i];
    int word = pick(model, 3); /* not both */
    StoreAsk ask = { .flags = (unsigned)pick(model, 64),
                     .place = pick(model, 2) != 0,
                     .folder = folder_id(model, pick(model, 4)
                                                    ? item->folder
                                                    : F_INBOX) };

    if (!differs(item))
        return;
    if (word)
        ask.word = words[word];
    must(store_pending_refused(model->fixture->store, item->id, &ask, "no",
                               error));
    if (item->server_folder < 0)
        return;
    if (ask.place && ask.folder == folder_id(model, item->folder))
        item->folder = item->server_folder;
    item->flags = (item->flags & ~ask.flags) | (item->server_flags & ask.flags);
    item->tags = (item->tags & ~word) | (item->server_tags & word);
}

/* UIDVALIDITY changes; most rows are found again, the others are gone. */
static void
op_uidvalidity(Model *model)
{
    int folder = pick(model, F_LOCAL);
    gint64 id = folder_id(model, folder);
    Store *store = model->fixture->store;
    g_autoptr(GPtrArray) files = NULL;

    must(store_uidvalidity_changed(store, id, ++model->uid, error));
    for (int i = 0; i < model->n; i++) {
        Item *item = &model->items[i];

        if (!item->id || item->server_folder != folder)
            continue;
        item->uid = 0;
        item->orphan = true;
        if (pick(model, 4) == 0)
            continue;
        item->uid = ++model->uid;
        item->orphan = false;
        must(store_server_place(store, item->id, id, item->uid, error));
    }
    must((files = store_orphans_settle(store, id, error)) != NULL);
    for (int i = 0; i < model->n; i++)
        if (model->items[i].id && model->items[i].orphan)
            leave(model, i);
    g_assert_cmpuint(store_orphans(store, id), ==, 0);
}

static void
forget_undone(Model *model)
{
    while (model->n_acts > 0 && model->acts[model->n_acts - 1].undone)
        g_array_unref(model->acts[--model->n_acts].noted);
}

/* An act on a few messages, in one transaction. */
static void
op_act(Model *model)
{
    Store *store = model->fixture->store;
    ModelAct *act;
    int folder = pick(model, F_TOTAL);

    forget_undone(model);
    if (model->n_acts == N_ACTS)
        return;
    act = &model->acts[model->n_acts++];
    *act = (ModelAct){ .noted = g_array_new(FALSE, FALSE, sizeof(Noted)) };
    must(store_begin(store, error));
    must((act->id = store_act_begin(store, "act", error)) != 0);
    for (int k = 0; k < 5; k++) {
        int i = pick_item(model);
        Item *item = &model->items[i];
        Noted noted = { i, item->folder, item->tags, item->flags };
        bool again = false;

        for (guint n = 0; n < act->noted->len; n++)
            again |= g_array_index(act->noted, Noted, n).item == i;
        if (again)
            continue;
        g_array_append_val(act->noted, noted);
        must(store_act_note(store, act->id, item->id, error));
        must(
            store_set_folder(store, item->id, folder_id(model, folder), error));
        item->folder = folder;
    }
    must(store_end(store, true, error));
}

static void
swap(Model *model, ModelAct *act)
{
    g_autoptr(GArray) ids = NULL;

    must((ids = store_act_swap(model->fixture->store, act->id, error)) != NULL);
    act->undone = !act->undone;
    for (guint n = 0; n < act->noted->len; n++) {
        Noted *noted = &g_array_index(act->noted, Noted, n);
        Item *item = &model->items[noted->item];
        Noted present = { noted->item, item->folder, item->tags, item->flags };

        if (!item->id)
            continue;
        item->folder = noted->folder;
        item->tags = noted->tags;
        item->flags = noted->flags;
        *noted = present;
    }
}

static void
op_undo_or_redo(Model *model)
{
    bool redo = pick(model, 2);
    g_autoptr(StoreAct) act = NULL;
    ModelAct *want = NULL;

    for (int i = 0; i < model->n_acts; i++) {
        ModelAct *one = &model->acts[i];

        if (redo ? one->undone && want == NULL : !one->undone)
            want = one;
    }
    act = store_act_last(model->fixture->store, redo, NULL);
    g_assert_cmpint(act ? act->id : 0, ==, want ? want->id : 0);
    if (want)
        swap(model, want);
}

/* Roles decide what "all mail" shows. */
static void
op_role(Model *model)
{
    gint64 id = folder_id(model, F_LISTS);
    g_autoptr(StoreFolder) folder = NULL;

    must((folder = store_folder(model->fixture->store, id, error)) != NULL);
    folder->role =
        folder->role == FOLDER_ROLE_JUNK ? FOLDER_ROLE_NONE : FOLDER_ROLE_JUNK;
    must(store_folder_put(model->fixture->store, folder, error) == id);
}

static bool
is_aside(const Model *model, int folder)
{
    g_autoptr(StoreFolder) row = NULL;

    if (folder != F_LISTS)
        return folder == F_TRASH;
    row = store_folder(model->fixture->store, folder_id(model, folder), NULL);
    return row->role == FOLDER_ROLE_JUNK;
}

/* Words in the store are in an order that the bits are not. */
static void
compare_row(const Model *model, int i)
{
    const Item *item = &model->items[i];
    g_autoptr(StoreRow) row = fixture_row(model->fixture, item->id);

    g_assert_cmpint(row->folder, ==, folder_id(model, item->folder));
    g_assert_cmpint(row->server_folder, ==,
                    folder_id(model, item->server_folder));
    g_assert_cmpuint(row->uid, ==, item->uid);
    g_assert_cmpuint(row->flags, ==, item->flags);
    g_assert_cmpuint(row->server_flags, ==, item->server_flags);
    g_assert_cmpstr(row->tags, ==, words[item->tags]);
    g_assert_cmpstr(row->server_tags, ==, words[item->server_tags]);
}

static void
compare_threads(const Model *model)
{
    gint64 thread_of[N_MESSAGES];

    for (int i = 0; i < model->n; i++) {
        g_autoptr(StoreRow) row = NULL;

        if (!model->items[i].id)
            continue;
        row = fixture_row(model->fixture, model->items[i].id);
        thread_of[i] = row->thread;
        for (int k = 0; k < i; k++)
            if (model->items[k].id)
                g_assert_cmpint(model->own_label[i] == model->own_label[k], ==,
                                thread_of[i] == thread_of[k]);
    }
}

static bool
is_in(const Model *model, int i, int folder)
{
    const Item *item = &model->items[i];

    if (!item->id || item->folder < 0)
        return false;
    return folder < 0 ? !is_aside(model, item->folder) : item->folder == folder;
}

/* A list of messages or threads: as many as the model says, newest first,
 * unread ones when asked. */
static void
compare_list(const Model *model, int folder, bool unread)
{
    StoreView view = { .folder = folder_id(model, folder), .unread = unread };
    g_autoptr(GHashTable) threads = g_hash_table_new(NULL, NULL);
    g_autoptr(GArray) ids = NULL;
    g_autoptr(GArray) heads = NULL;
    gint64 last = G_MAXINT64;
    guint n = 0;

    for (int i = 0; i < model->n; i++) {
        if (!is_in(model, i, folder)
            || (unread && model->items[i].flags & STORE_FLAG_SEEN))
            continue;
        n++;
        g_hash_table_add(threads, GINT_TO_POINTER(model->own_label[i]));
    }
    must((ids = store_ids(model->fixture->store, &view, 0, error)) != NULL);
    g_assert_cmpuint(ids->len, ==, n);
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(StoreRow) row =
            fixture_row(model->fixture, g_array_index(ids, gint64, i));

        g_assert_cmpint(row->date, <=, last);
        last = row->date;
    }
    view.threads = true;
    must((heads = store_ids(model->fixture->store, &view, 0, error)) != NULL);
    g_assert_cmpuint(heads->len, ==, g_hash_table_size(threads));
}

static void
compare_pending(const Model *model)
{
    g_autoptr(GPtrArray) pending = NULL;
    g_autoptr(GHashTable) ids = g_hash_table_new(g_int64_hash, g_int64_equal);
    guint n = 0;

    must((pending = store_pending(model->fixture->store, NULL, 0, error))
         != NULL);
    for (guint i = 0; i < pending->len; i++)
        g_hash_table_add(ids, &((StorePending *)pending->pdata[i])->id);
    for (int i = 0; i < model->n; i++) {
        const Item *item = &model->items[i];

        if (!item->id)
            continue;
        g_assert_cmpint(differs(item), ==,
                        g_hash_table_contains(ids, &item->id));
        n += differs(item);
    }
    g_assert_cmpuint(pending->len, ==, n);
    g_assert_cmpuint(store_pending_count(model->fixture->store, NULL), ==, n);
}

static void
compare(const Model *model)
{
    checked(model->fixture->store);
    for (int i = 0; i < model->n; i++)
        if (model->items[i].id)
            compare_row(model, i);
    compare_threads(model);
    for (int folder = -1; folder < F_TOTAL; folder++) {
        compare_list(model, folder, false);
        compare_list(model, folder, true);
    }
    compare_pending(model);
}

static void (*const ops[])(Model *model) = {
    op_add,          op_add,     op_add,          op_flags,   op_flags,
    op_tags,         op_folder,  op_folder,       op_copy,    op_server_flags,
    op_confirm,      op_confirm, op_gone,         op_refused, op_act,
    op_undo_or_redo, op_confirm, op_undo_or_redo, op_act,     op_server_flags,
};

static void
step(Model *model)
{
    int rare = pick(model, 100);

    if (pick_item(model) < 0)
        op_add(model);
    else if (rare == 0)
        op_uidvalidity(model);
    else if (rare == 1)
        op_role(model);
    else
        ops[pick(model, G_N_ELEMENTS(ops))](model);
}

static void
test_random(gconstpointer data)
{
    Model *model = g_new0(Model, 1);

    model->fixture = fixture_create();
    model->random = g_rand_new_with_seed(GPOINTER_TO_UINT(data));
    must(store_run(model->fixture->store, "PRAGMA synchronous = OFF", error));
    for (int i = 0; i < STEPS; i++) {
        step(model);
        if (i % COMPARE_EVERY == 0)
            compare(model);
    }
    compare(model);
    for (int i = 0; i < model->n_acts; i++)
        g_array_unref(model->acts[i].noted);
    g_rand_free(model->random);
    fixture_destroy(model->fixture);
    g_free(model);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint seed = 1; seed <= 5; seed++) {
        g_autofree char *name = g_strdup_printf("/store/model/seed-%u", seed);

        g_test_add_data_func(name, GUINT_TO_POINTER(seed), test_random);
    }
    return g_test_run();
}
