/* A thread as a tree: who answers whom, oldest first among siblings. */
#include "store_db.h"

enum {
    NOBODY = -1,
    DEEPEST = 500
};

typedef struct {
    gint64 id;
    char *message_id;
    char *parent_id;
    int parent; /* indexes of nodes */
    int child;
    int sibling;
} Node;

static void
node_clear(void *data)
{
    Node *node = data;

    g_free(node->message_id);
    g_free(node->parent_id);
}

static GArray *
read_nodes(Store *store, gint64 thread, gint64 folder, GError **error)
{
    g_autoptr(GArray) nodes = g_array_new(FALSE, TRUE, sizeof(Node));
    sqlite3_stmt *rows =
        store_prepare(store, error,
                      "SELECT m.id, m.message_id, m.in_reply_to" STORE_IN_THREAD
                      " ORDER BY m.date, m.id",
                      "ii", thread, folder);
    int step = rows ? SQLITE_ROW : SQLITE_ERROR;

    g_array_set_clear_func(nodes, node_clear);
    while (step == SQLITE_ROW) {
        Node node = { .parent = NOBODY, .child = NOBODY, .sibling = NOBODY };

        step = store_step(store, rows, error);
        if (step != SQLITE_ROW)
            break;
        node.id = sqlite3_column_int64(rows, 0);
        node.message_id = store_text(rows, 1);
        node.parent_id = store_text(rows, 2);
        g_array_append_val(nodes, node);
    }
    return step == SQLITE_DONE ? g_steal_pointer(&nodes) : NULL;
}

/* Index + 1 of the first node of each Message-ID. */
static GHashTable *
by_message_id(GArray *nodes)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < nodes->len; i++) {
        char *id = g_array_index(nodes, Node, i).message_id;

        if (id && !g_hash_table_contains(table, id))
            g_hash_table_insert(table, id, GUINT_TO_POINTER(i + 1));
    }
    return table;
}

/* Would node at, below parent, be its own ancestor? */
static bool
makes_ring(const GArray *nodes, int at, int parent)
{
    for (; parent != NOBODY; parent = g_array_index(nodes, Node, parent).parent)
        if (parent == at)
            return true;
    return false;
}

/* Newest first, so that children hang oldest first. The oldest of a ring is
 * linked last and to a newer one: only then a ring has to be looked for. */
static void
link_nodes(GArray *nodes)
{
    g_autoptr(GHashTable) table = by_message_id(nodes);

    for (int i = (int)nodes->len - 1; i >= 0; i--) {
        Node *node = &g_array_index(nodes, Node, i);
        int parent = NOBODY;

        if (node->parent_id)
            parent =
                GPOINTER_TO_INT(g_hash_table_lookup(table, node->parent_id))
                - 1;
        if (parent == NOBODY || (parent >= i && makes_ring(nodes, i, parent)))
            continue;
        node->parent = parent;
        node->sibling = g_array_index(nodes, Node, parent).child;
        g_array_index(nodes, Node, parent).child = i;
    }
}

/* The node behind this one when a tree is read from top to bottom; NOBODY: it
 * was the last. */
static int
next_node(const GArray *nodes, int at, int *depth)
{
    const Node *node = &g_array_index(nodes, Node, at);

    if (node->child != NOBODY) {
        ++*depth;
        return node->child;
    }
    while (node->sibling == NOBODY && node->parent != NOBODY) {
        --*depth;
        node = &g_array_index(nodes, Node, node->parent);
    }
    return node->sibling;
}

static void
write_tree(const GArray *nodes, int root, GArray *ids, GArray *depths)
{
    int depth = 0;

    for (int at = root; at != NOBODY; at = next_node(nodes, at, &depth)) {
        int shown = MIN(depth, DEEPEST);

        g_array_append_val(ids, g_array_index(nodes, Node, at).id);
        g_array_append_val(depths, shown);
    }
}

GArray *
store_thread_messages_in(Store *store, gint64 thread, gint64 folder,
                         GArray **depths, GError **error)
{
    g_autoptr(GArray) nodes = read_nodes(store, thread, folder, error);
    g_autoptr(GArray) depth_of = g_array_new(FALSE, FALSE, sizeof(int));
    GArray *ids;

    if (nodes == NULL)
        return NULL;
    ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    link_nodes(nodes);
    for (guint i = 0; i < nodes->len; i++)
        if (g_array_index(nodes, Node, i).parent == NOBODY)
            write_tree(nodes, (int)i, ids, depth_of);
    if (depths)
        *depths = g_steal_pointer(&depth_of);
    return ids;
}

/* A thread that is in the trash only is shown from there. */
GArray *
store_thread_messages(Store *store, gint64 thread, GArray **depths,
                      GError **error)
{
    gint64 folder = store_int(
        store, 0,
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM thread_folder WHERE folder = 0"
        " AND thread = ?1) THEN 0 ELSE (SELECT folder FROM message"
        " WHERE thread = ?1 AND folder > 0 ORDER BY date DESC LIMIT 1) END",
        "i", thread);

    return store_thread_messages_in(store, thread, folder, depths, error);
}
