/* What the user changed, as few commands: rows are grouped by what is to be
 * done with them, so that a thousand messages read are one STORE. Pure. */
#include "sync_private.h"

typedef struct {
    const PushView *view;
    GPtrArray *steps;     /* PushStep, in the order of their making */
    GHashTable *by_group; /* text of the group → PushStep */
} Push;

void
push_step_free(PushStep *step)
{
    uidset_destroy(step->uids);
    g_ptr_array_unref(step->rows);
    g_free(step->keyword);
    g_free(step);
}

static bool
has_no_uids(const PushStep *step)
{
    return step->kind == PUSH_LOOK || step->kind == PUSH_APPEND;
}

char *
push_step_text(const PushStep *step)
{
    static const char *const names[] = {
        "store",   "keep", "move",   "expunge",
        "release", "look", "append", "refuse"
    };
    g_autofree char *uids = uidset_format(step->uids);
    GString *text = g_string_new(names[step->kind]);

    g_string_append_printf(text, " %" G_GINT64_FORMAT, step->folder);
    if (step->to)
        g_string_append_printf(text, ">%" G_GINT64_FORMAT, step->to);
    if (step->keyword)
        g_string_append_printf(text, " %c%s", step->add ? '+' : '-',
                               step->keyword);
    if (step->flag)
        g_string_append_printf(text, " %c%x", step->add ? '+' : '-',
                               step->flag);
    if (*uids)
        g_string_append_printf(text, " %s", uids);
    for (guint i = 0; has_no_uids(step) && i < step->rows->len; i++)
        g_string_append_printf(
            text, " #%" G_GINT64_FORMAT,
            ((const StorePending *)step->rows->pdata[i])->id);
    return g_string_free(text, FALSE);
}

/* A step that moves is one command line, so that what the server did of a move
 * is known when it refuses the rest. */
static bool
is_full(const PushStep *step)
{
    return step->kind == PUSH_MOVE && uidset_n_ranges(step->uids) >= SYNC_MOVES;
}

/* The step of the group that step describes, made when it is the first. */
static void
add_row(Push *push, const PushStep *like, const StorePending *row)
{
    g_autofree char *group =
        g_strdup_printf("%d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %d %x %s",
                        like->kind, like->folder, like->to, like->add,
                        like->flag, like->keyword ? like->keyword : "");
    PushStep *step = g_hash_table_lookup(push->by_group, group);

    if (step == NULL || is_full(step)) {
        step = g_memdup2(like, sizeof *like);
        step->keyword = g_strdup(like->keyword);
        step->uids = uidset_create();
        step->rows = g_ptr_array_new();
        g_ptr_array_add(push->steps, step);
        g_hash_table_replace(push->by_group, g_steal_pointer(&group), step);
    }
    if (row->uid)
        uidset_add(step->uids, row->uid);
    g_ptr_array_add(step->rows, (void *)row);
}

static void
plan_flags(Push *push, const StorePending *row)
{
    unsigned differ = (row->flags ^ row->server_flags) & STORE_SYSTEM_FLAGS;

    for (unsigned flag = 1; flag <= STORE_FLAG_FLAGGED; flag <<= 1) {
        PushStep like = { .kind = PUSH_STORE,
                          .folder = row->server_folder,
                          .add = (row->flags & flag) != 0,
                          .flag = flag };

        if (differ & flag)
            add_row(push, &like, row);
    }
}

/* Words that are not in others. */
static void
plan_words(Push *push, const StorePending *row, const char *words,
           const char *others, bool add)
{
    g_auto(GStrv) all = g_strsplit(words, " ", -1);
    g_auto(GStrv) known = g_strsplit(others, " ", -1);

    for (char **word = all; *word; word++) {
        PushStep like = { .folder = row->server_folder,
                          .add = add,
                          .keyword = *word };

        if (**word == '\0'
            || g_strv_contains((const char *const *)known, *word))
            continue;
        like.kind = sync_tag_is_keyword(*word, push->view->local_tags)
                        ? PUSH_STORE
                        : PUSH_KEEP;
        add_row(push, &like, row);
    }
}

static void
plan_place(Push *push, const StorePending *row)
{
    const StoreFolder *to = sync_folder_in(push->view->folders, row->folder);
    PushStep like = { .folder = row->server_folder };

    if (row->folder == row->server_folder)
        return;
    if (row->folder == 0) {
        like.kind = PUSH_EXPUNGE;
    } else if (to == NULL) {
        like.kind = PUSH_REFUSE;
        like.reason = "the folder it was moved to is gone";
    } else if (to->local && row->file) {
        like.kind = PUSH_RELEASE;
    } else if (to->local) {
        return; /* first it has to be here */
    } else if (g_strcmp0(to->account, push->view->account) == 0) {
        like.kind = PUSH_MOVE;
        like.to = row->folder;
    } else {
        like.kind = PUSH_REFUSE;
        like.reason = "a message cannot move between two servers: copy it, "
                      "then delete it";
    }
    add_row(push, &like, row);
}

bool
sync_push_waits(const PushView *view, const StorePending *row)
{
    const StoreFolder *folder =
        sync_folder_in(view->folders, row->server_folder);

    return row->server_folder != 0
           && (row->uid == 0
               || (row->moving && folder && sync_follows(folder)));
}

static void
plan_row(Push *push, const StorePending *row)
{
    PushStep append = { .kind = PUSH_APPEND, .folder = row->folder };
    PushStep look = { .kind = PUSH_LOOK, .folder = row->moving };

    if (row->server_folder == 0) {
        if (row->moving)
            add_row(push, &look, row);
        else if (row->folder && row->file)
            add_row(push, &append, row);
        return;
    }
    if (sync_push_waits(push->view, row))
        return;
    if (row->folder != 0) {
        plan_flags(push, row);
        plan_words(push, row, row->tags, row->server_tags, true);
        plan_words(push, row, row->server_tags, row->tags, false);
    }
    plan_place(push, row);
}

static int
compare_steps(const void *a, const void *b)
{
    const PushStep *x = *(PushStep *const *)a;
    const PushStep *y = *(PushStep *const *)b;
    bool x_last = x->kind == PUSH_APPEND;
    bool y_last = y->kind == PUSH_APPEND;

    if (x_last != y_last)
        return x_last - y_last;
    if (x->folder != y->folder)
        return x->folder < y->folder ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

/* A folder at a time, in it flags before moves, so that they travel along. */
GPtrArray *
sync_plan_push(const PushView *view)
{
    GPtrArray *steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)push_step_free);
    g_autoptr(GHashTable) by_group =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Push push = { view, steps, by_group };

    for (guint i = 0; i < view->pending->len; i++)
        plan_row(&push, view->pending->pdata[i]);
    g_ptr_array_sort(steps, compare_steps);
    return steps;
}
