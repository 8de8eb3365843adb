/* The control socket: commands through it, and everything that is no request
 * (promise P71). The server runs on the main loop of the test; clients run in
 * threads. */
#include "cmd/control.h"

#include "base/err.h"
#include "base/file.h"
#include "control_wire.h"
#include "tell.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static CmdResult
say_exec(CmdCall *call)
{
    for (const char *const *word = cmd_rest(call); *word; word++)
        printer_line(cmd_out(call), "%s", *word);
    return CMD_DONE;
}

static CmdResult
file_exec(CmdCall *call)
{
    printer_line(cmd_out(call), "%s", cmd_arg(call, 0));
    return CMD_DONE;
}

static CmdResult
flood_exec(CmdCall *call)
{
    g_autofree char *block = g_strnfill(1 << 20, 'x');

    for (int i = 0; i < 8; i++)
        printer_bytes(cmd_out(call), block, 1 << 20);
    return CMD_DONE;
}

static CmdResult
refuse_exec(CmdCall *call)
{
    GError *error = NULL;

    printer_line(cmd_out(call), "before");
    err_set(&error, ERR_REFUSED, "the server said no");
    return cmd_fail(call, error);
}

static gboolean
end_slow(void *data)
{
    printer_line(cmd_out(data), "slept");
    cmd_finish(data, NULL);
    return G_SOURCE_REMOVE;
}

static CmdResult
slow_exec(CmdCall *call)
{
    g_timeout_add(100, end_slow, cmd_hold(call));
    return CMD_RUNNING;
}

static const CmdEntry entry_say = {
    .name = "say",
    .help = "Say",
    .exec = say_exec,
    .args = { { "WORD", CMD_STRING, NULL, true, true } },
};
static const CmdEntry entry_file = {
    .name = "file",
    .help = "File",
    .exec = file_exec,
    .args = { { "FILE", CMD_PATH, NULL, false, false } },
};
static const CmdEntry entry_flood = { .name = "flood",
                                      .help = "Flood",
                                      .exec = flood_exec };
static const CmdEntry entry_refuse = { .name = "refuse",
                                       .help = "Refuse",
                                       .exec = refuse_exec };
static const CmdEntry entry_slow = { .name = "slow",
                                     .help = "Slow",
                                     .exec = slow_exec };
static const CmdEntry *const entries[] = { &entry_say,   &entry_file,
                                           &entry_flood, &entry_refuse,
                                           &entry_slow,  NULL };

typedef struct {
    char *folder;
    CmdTable *table;
    CmdContext context;
    Control *control;
} World;

static void
set_up(World *world, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *top = g_dir_make_tmp("posthorn-test-XXXXXX", NULL);

    world->folder = g_build_filename(top, "run", NULL);
    world->table = cmd_table_create();
    cmd_table_add(world->table, entries);
    world->context = (CmdContext){ .table = world->table };
    world->control = control_create(world->folder, &world->context, &error);
    g_assert_no_error(error);
}

static void
tear_down(World *world, gconstpointer data)
{
    g_autofree char *top = g_path_get_dirname(world->folder);

    control_destroy(world->control);
    cmd_table_destroy(world->table);
    file_remove_tree(top, NULL);
    g_free(world->folder);
}

typedef struct {
    const char *folder;
    const char *const *argv;
    GString *out, *err;
    GError *error;
    int status;
    int ended; /* atomic */
} Ask;

static void
collect(const char *bytes, gsize size, void *user)
{
    g_string_append_len(user, bytes, (gssize)size);
}

static void *
ask_thread(void *data)
{
    Ask *ask = data;
    g_autoptr(Printer) out = printer_create(collect, ask->out);
    g_autoptr(Printer) err = printer_create(collect, ask->err);

    ask->status = control_ask(ask->folder, ask->argv, out, err, &ask->error);
    g_atomic_int_set(&ask->ended, 1);
    g_main_context_wakeup(NULL);
    return NULL;
}

static void
ask(World *world, const char *const *argv, Ask *ask)
{
    GThread *thread;

    *ask = (Ask){ .folder = world->folder,
                  .argv = argv,
                  .out = g_string_new(NULL),
                  .err = g_string_new(NULL) };
    thread = g_thread_new("client", ask_thread, ask);
    while (!g_atomic_int_get(&ask->ended))
        g_main_context_iteration(NULL, TRUE);
    g_thread_join(thread);
}

static void
ask_clear(Ask *ask)
{
    g_string_free(ask->out, TRUE);
    g_string_free(ask->err, TRUE);
    g_clear_error(&ask->error);
}

#define ARGV(...)                                                              \
    (const char *const[])                                                      \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

static void
expect(World *world, const char *const *argv, int status, const char *out,
       const char *err)
{
    Ask asked;

    ask(world, argv, &asked);
    g_assert_no_error(asked.error);
    g_assert_cmpint(asked.status, ==, status);
    g_assert_cmpstr(asked.out->str, ==, out);
    g_assert_cmpstr(asked.err->str, ==, err);
    ask_clear(&asked);
}

static void
test_commands(World *world, gconstpointer data)
{
    expect(world, ARGV("say", "a b", "{ x \"} $y", "日本\n"), 0,
           "a b\n{ x \"} $y\n日本\n\n", "");
    expect(world, ARGV("say"), 0, "", "");
    expect(world, ARGV("slow"), 0, "slept\n", "");
    expect(world, ARGV("refuse"), 1, "before\n",
           "posthorn: the server said no\n");
    expect(world, ARGV("syy"), 2, "",
           "posthorn: there is no command syy: did you mean say?\n");
}

/* A relative path begins where the client stands. */
static void
test_folder(World *world, gconstpointer data)
{
    g_autofree char *here = g_get_current_dir();
    g_autofree char *path = g_strconcat(here, "/x\n", NULL);

    expect(world, ARGV("file", "x"), 0, path, "");
    expect(world, ARGV("file", "/x"), 0, "/x\n", "");
}

static void
test_flood(World *world, gconstpointer data)
{
    Ask asked;

    ask(world, ARGV("flood"), &asked);
    g_assert_cmpint(asked.status, ==, 0);
    g_assert_cmpuint(asked.out->len, ==, 8 << 20);
    ask_clear(&asked);
}

static void
test_modes(World *world, gconstpointer data)
{
    g_autofree char *path = control_socket_path(world->folder);
    struct stat info;

    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0600);
    g_assert_cmpint(stat(world->folder, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0700);
}

/* The second learns that there is a first; one that died leaves no trouble. */
static void
test_lock(World *world, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = control_socket_path(world->folder);
    Ask asked;

    g_assert_null(control_create(world->folder, &world->context, &error));
    g_assert_true(err_is(error, ERR_REFUSED));
    g_assert_true(control_is_served(world->folder));
    g_clear_pointer(&world->control, control_destroy);
    g_assert_false(control_is_served(world->folder));
    ask(world, ARGV("say"), &asked);
    g_assert_cmpint(asked.status, ==, -1);
    g_assert_true(err_is(asked.error, ERR_RETRY));
    ask_clear(&asked);
    /* what an instance that was killed leaves behind */
    g_assert_true(file_write_atomic(path, "", 0, NULL));
    world->control = control_create(world->folder, &world->context, NULL);
    g_assert_nonnull(world->control);
    expect(world, ARGV("say", "x"), 0, "x\n", "");
}

static GSocket *
dial(World *world)
{
    g_autofree char *path = control_socket_path(world->folder);
    g_autoptr(GSocketAddress) address = control_address(path, NULL);
    GSocket *socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                   G_SOCKET_PROTOCOL_DEFAULT, NULL);

    g_assert_true(g_socket_connect(socket, address, NULL, NULL));
    g_socket_set_blocking(socket, FALSE);
    return socket;
}

/* Sends bytes and reads what comes until the end. g_free(). */
static char *
exchange(World *world, const char *bytes, gsize size)
{
    g_autoptr(GSocket) socket = dial(world);
    g_autoptr(GString) answer = g_string_new(NULL);
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    char buffer[4096];
    gssize got = -1;

    while (got != 0 && g_get_monotonic_time() < end) {
        gssize sent = size ? g_socket_send(socket, bytes, size, NULL, NULL) : 0;

        if (sent > 0) {
            bytes += sent;
            size -= (gsize)sent;
        }
        g_main_context_iteration(NULL, FALSE);
        got = g_socket_receive(socket, buffer, sizeof buffer, NULL, NULL);
        if (got > 0)
            g_string_append_len(answer, buffer, got);
        if (got < 0 && !g_socket_is_connected(socket))
            break;
    }
    return g_string_free(g_steal_pointer(&answer), FALSE);
}

static void
test_garbage(World *world, gconstpointer data)
{
    static const char *const garbage[] = {
        "\n",
        "hello\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "{}\n",
        "[]\n",
        "null\n",
        "{\"folder\": \"/\"}\n",
        "{\"folder\": \"/\", \"argv\": []}\n",
        "{\"folder\": \"/\", \"argv\": \"say\"}\n",
        "{\"folder\": \"/\", \"argv\": [1]}\n",
        "{\"folder\": \"/\", \"argv\": [\"say\", null]}\n",
        "{\"folder\": \"x\", \"argv\": [\"say\"]}\n",
        "{\"folder\": 7, \"argv\": [\"say\"]}\n",
        "{\"argv\": [\"say\"]}\n",
        "{\"folder\": \"/\", \"argv\": [\"say\"]\n",
        "{\"folder\": \"/\", \"argv\": [[\"say\"]]}\n",
        "\xff\xfe\n",
        "{\"folder\": \"/\", \"argv\": [\"\xff\"]}\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(garbage); i++) {
        g_autofree char *answer =
            exchange(world, garbage[i], strlen(garbage[i]));

        tell(garbage[i]);
        g_assert_nonnull(strstr(answer, "this is no request"));
        g_assert_true(g_str_has_suffix(answer, "end 2\n"));
    }
    expect(world, ARGV("say", "alive"), 0, "alive\n", "");
}

static void
test_huge(World *world, gconstpointer data)
{
    gsize size = CONTROL_REQUEST_BYTES + (64 << 10);
    g_autofree char *deep = g_strnfill(size, '[');
    g_autofree char *answer = exchange(world, deep, size);
    g_autofree char *nested = g_strnfill(100000, '[');
    Ask asked;

    /* refused, or cut off while it was still sending */
    g_assert_true(*answer == '\0' || strstr(answer, "end 2\n") != NULL);
    nested[99999] = '\n';
    g_autofree char *other = exchange(world, nested, 100000);
    g_assert_nonnull(strstr(other, "this is no request"));
    /* the client does not even send it */
    deep[size - 1] = '\0';
    ask(world, ARGV("say", deep), &asked);
    g_assert_cmpint(asked.status, ==, -1);
    g_assert_true(err_is(asked.error, ERR_USAGE));
    ask_clear(&asked);
    expect(world, ARGV("say", "alive"), 0, "alive\n", "");
}

/* Clients that hang up at any time; also while their command runs. */
static void
test_hang_up(World *world, gconstpointer data)
{
    static const char request[] = "{\"folder\": \"/\", \"argv\": [\"slow\"]}\n";

    for (gsize size = 0; size <= sizeof request - 1; size++) {
        g_autoptr(GSocket) socket = dial(world);

        if (size)
            g_socket_send(socket, request, size, NULL, NULL);
        for (int i = 0; i < 5; i++)
            g_main_context_iteration(NULL, FALSE);
        g_socket_close(socket, NULL);
        for (int i = 0; i < 5; i++)
            g_main_context_iteration(NULL, FALSE);
    }
    expect(world, ARGV("slow"), 0, "slept\n", "");
}

/* One byte at a time is a request too. */
static void
test_bytes(World *world, gconstpointer data)
{
    static const char request[] =
        "{\"folder\": \"/\", \"argv\": [\"say\", \"x\"]}\n";
    g_autoptr(GSocket) socket = dial(world);
    char buffer[256] = "";
    gssize got = -1;

    for (gsize i = 0; i < sizeof request - 1; i++) {
        g_socket_send(socket, request + i, 1, NULL, NULL);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    g_socket_set_blocking(socket, TRUE);
    got = g_socket_receive(socket, buffer, sizeof buffer - 1, NULL, NULL);
    g_assert_cmpint(got, >, 0);
    g_assert_cmpstr(buffer, ==, "out 2\nx\nend 0\n");
}

/* More connections than are served at once wait for their turn. */
static void
test_many(World *world, gconstpointer data)
{
    GSocket *sockets[CONTROL_CONNECTIONS + 3];
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(sockets); i++) {
        sockets[i] = dial(world);
        g_main_context_iteration(NULL, FALSE);
    }
    for (i = 0; i < G_N_ELEMENTS(sockets); i++) {
        g_socket_close(sockets[i], NULL);
        g_object_unref(sockets[i]);
    }
    expect(world, ARGV("say", "alive"), 0, "alive\n", "");
}

/* The server ends while a command of a client runs. */
static void
test_server_ends(World *world, gconstpointer data)
{
    static const char request[] = "{\"folder\": \"/\", \"argv\": [\"slow\"]}\n";
    g_autoptr(GSocket) socket = dial(world);

    g_socket_send(socket, request, sizeof request - 1, NULL, NULL);
    for (int i = 0; i < 5; i++)
        g_main_context_iteration(NULL, FALSE);
    g_clear_pointer(&world->control, control_destroy);
    for (int i = 0; i < 200; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
}

static void
test_long_path(void)
{
    g_autofree char *path = g_strnfill(200, 'x');
    g_autoptr(GError) error = NULL;

    g_assert_null(control_address(path, &error));
    g_assert_true(err_is(error, ERR_LOCAL));
}

static void
add(const char *name, void (*test)(World *world, gconstpointer data))
{
    g_test_add(name, World, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    add("/cmd/control/commands", test_commands);
    add("/cmd/control/folder", test_folder);
    add("/cmd/control/flood", test_flood);
    add("/cmd/control/P71/modes", test_modes);
    add("/cmd/control/lock", test_lock);
    add("/cmd/control/P71/garbage", test_garbage);
    add("/cmd/control/P71/huge", test_huge);
    add("/cmd/control/hang-up", test_hang_up);
    add("/cmd/control/bytes", test_bytes);
    add("/cmd/control/many", test_many);
    add("/cmd/control/server-ends", test_server_ends);
    g_test_add_func("/cmd/control/long-path", test_long_path);
    return g_test_run();
}
