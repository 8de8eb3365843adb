/* P6, P7, P8, P80: the program is killed before each call in turn that makes
 * something durable or visible or tells the server something, from "send" to
 * the Sent copy, and started again. The message is a draft still, or sent and
 * filed once, as the server has it, or in doubt; never lost, never doubled but
 * after a doubt. Each run is a process of its own; so is the server, which
 * keeps what it took. */
#include "base/clock.h"
#include "base/file.h"
#include "cmd/language.h"
#include "core/act.h"
#include "core/indexer.h"
#include "core/send.h"
#include "mime/mime.h"
#include "outbox_private.h"
#include "settle.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    KILLED = 9,
    NOW = 1800000000,
    MOST_CALLS = 500,
    MOST_BYTES = 65536,
};

static atomic_int kill_at; /* the nth of the calls below; 0: none */

static void
count_call(void)
{
    if (kill_at > 0 && atomic_fetch_sub(&kill_at, 1) == 1)
        _exit(KILLED);
}

/* In front of libc's. */
int
fsync(int fd)
{
    count_call();
    return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    count_call();
    return (int)syscall(SYS_fdatasync, fd);
}

int
syncfs(int fd)
{
    count_call();
    return (int)syscall(SYS_syncfs, fd);
}

int
rename(const char *from, const char *to)
{
    count_call();
    return (int)syscall(SYS_renameat2, -100, from, -100, to, 0);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    count_call();
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int
unlink(const char *path)
{
    count_call();
    return (int)syscall(SYS_unlinkat, -100, path, 0);
}

/* Is the outbox on another file system than the mail? */
static bool other_file_system;

int
link(const char *from, const char *to)
{
    count_call();
    if (other_file_system && strstr(from, "/outbox/")) {
        errno = EXDEV;
        return -1;
    }
    return (int)syscall(SYS_linkat, -100, from, -100, to, 0);
}

ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
    count_call();
    return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

/* What the processes tell each other. */
typedef struct {
    atomic_int taken; /* messages that the server has whole */
    int drafts;       /* after all */
    int entries;
    int state; /* of the entry, when there is one */
    int copies;
    int staged; /* files in the tmp/ of Sent that are no half ones */
    int unused; /* bytes for this server that have not taken their place */
    bool replied;
    bool same;                    /* the copy is what was taken last */
    char taken_bytes[MOST_BYTES]; /* that, with a NUL */
} Told;

typedef enum {
    ONCE,
    TWICE, /* and a second time while it goes on, at another call each time */
    ELSEWHERE, /* the Sent copy cannot be a link; only what it takes is new */
    SEVEN_BIT, /* the server does not take the bytes as they were queued */
} How;

typedef struct {
    How how;
    char *root;
    Told *told;
    int listener;
    guint port;
    pid_t server;
} Fixture;

static void
say(int fd, const char *text)
{
    g_autofree char *line = g_strdup_printf("%s\r\n", text);

    if (syscall(SYS_sendto, fd, line, strlen(line), MSG_NOSIGNAL, NULL, 0) < 0)
        return;
}

static void
serve_one(int fd, Told *told)
{
    FILE *in = fdopen(fd, "r");
    g_autoptr(GString) bytes = g_string_new(NULL);
    char line[4096];
    bool in_data = false;

    say(fd, "220 test");
    while (fgets(line, sizeof line, in)) {
        if (in_data && strcmp(line, ".\r\n") != 0) {
            g_string_append(bytes, line);
            continue;
        }
        if (in_data) {
            g_strlcpy(told->taken_bytes, bytes->str, MOST_BYTES);
            atomic_fetch_add(&told->taken, 1);
        }
        g_string_truncate(bytes, 0);
        in_data = !in_data && g_str_has_prefix(line, "DATA");
        say(fd, in_data ? "354 go" : "250 ok");
        if (g_str_has_prefix(line, "QUIT"))
            break;
    }
    fclose(in);
}

static void
server_start(Fixture *f)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(f->listener, (void *)&address, size), ==, 0);
    g_assert_cmpint(listen(f->listener, 8), ==, 0);
    g_assert_cmpint(getsockname(f->listener, (void *)&address, &size), ==, 0);
    f->port = ntohs(address.sin_port);
    f->server = fork();
    if (f->server == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (f->server == 0) {
        int fd = accept(f->listener, NULL, NULL);

        if (fd >= 0)
            serve_one(fd, f->told);
    }
}

static Session *
open_session(const Fixture *f)
{
    g_autofree char *file = g_build_filename(f->root, "posthorn.conf", NULL);
    Session *session;

    mime_init();
    clock_pin(NOW);
    session = session_create(paths_create_below(f->root), NULL);
    cmd_table_add(session_table(session), cmd_builtins);
    session_configure(session, file, NULL);
    indexer_disable(session_indexer(session));
    session_open_accounts(session, NULL);
    return session;
}

/* A process of its own; the status it ends with. */
static int
in_process(Fixture *f, int calls, void (*run)(Fixture *f))
{
    pid_t child = fork();
    int status;

    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        g_random_set_seed((guint32)getpid());
        kill_at = calls;
        run(f);
        _exit(0);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A message in the inbox, and a draft that answers it. */
static void
prepare(Fixture *f)
{
    static const char parent[] = "From: bob@x.example\nTo: ana@x.example\n"
                                 "Subject: hi\nMessage-ID: <p@x>\n\ntext\n";
    g_autoptr(Session) session = open_session(f);
    ActAppend what = { .bytes = parent, .size = strlen(parent) };
    DraftStart start = { .kind = DRAFT_REPLY };
    static const OutboxServer before = { .takes_8bit = true };
    g_autoptr(Draft) draft = NULL;

    if (f->how == SEVEN_BIT) {
        outbox_note_server(session_outbox(session), "work", &before);
        start.body = "\320\277\321\200\320\270\320\262\320\265\321\202\n";
    }
    what.folder =
        session_make_folder(session, "work", "INBOX", FOLDER_ROLE_INBOX, NULL);
    start.parent = act_append(session, &what, NULL);
    while (settler_busy(session_settler(session)))
        g_main_context_iteration(NULL, TRUE);
    draft = draft_start(session, &start, NULL);
    if (draft == NULL)
        _exit(1);
}

static void
note_done(guint n_sent, guint n_failed, void *user)
{
    *(bool *)user = true;
}

static void
flush(Session *session)
{
    bool done = false;

    outbox_flush(session_outbox(session), note_done, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
}

static void
note_queued(const char *id, const GError *error, void *user)
{
    *(bool *)user = true;
}

static void
send_it(Fixture *f)
{
    g_autoptr(Session) session = open_session(f);
    g_autoptr(GPtrArray) drafts = draft_list(session, NULL);
    SendHow how = { .no_undo = true };
    bool queued = false;

    send_draft(session, ((Draft *)drafts->pdata[0])->path, &how, note_queued,
               &queued);
    while (!queued)
        g_main_context_iteration(NULL, TRUE);
    flush(session);
}

/* What the folder's own sweep would take for a message on its way. */
static int
staged(Session *session, const StoreFolder *folder)
{
    g_autofree char *tmp = g_build_filename(session_paths(session)->mail,
                                            folder->path, "tmp", NULL);
    g_autoptr(GDir) dir = g_dir_open(tmp, 0, NULL);
    const char *name;
    int n = 0;

    while (dir && (name = g_dir_read_name(dir)) != NULL)
        n += g_str_has_suffix(name, ".sent");
    return n;
}

/* Is a row's file what the server has? */
static bool
is_taken(Session *session, gint64 id, const Told *told)
{
    g_autoptr(StoreRow) row = store_row(session_store(session), id, NULL);
    g_autofree char *path = session_message_path(session, row);
    g_autofree char *bytes = NULL;

    return g_file_get_contents(path, &bytes, NULL, NULL)
           && strcmp(bytes, told->taken_bytes) == 0;
}

static int
copies(Session *session, Told *told)
{
    Store *store = session_store(session);
    g_autoptr(StoreFolder) sent =
        store_folder_by_role(store, "work", FOLDER_ROLE_SENT, NULL);
    StoreView view = { .folder = sent ? sent->id : -1 };
    g_autoptr(GArray) ids = store_ids(store, &view, 0, NULL);

    told->staged = sent ? staged(session, sent) : 0;
    told->same = ids && ids->len > 0
                 && is_taken(session, g_array_index(ids, gint64, 0), told);
    return ids ? (int)ids->len : 0;
}

/* Bytes made for the server that were left when the program was killed. */
static int
unused(Session *session)
{
    g_autoptr(GDir) dir = g_dir_open(session_outbox(session)->folder, 0, NULL);
    const char *name;
    int n = 0;

    while (dir && (name = g_dir_read_name(dir)) != NULL)
        n += g_str_has_suffix(name, ".eml.new");
    return n;
}

/* As the next start of the program does it; then what there is. */
static void
go_on(Fixture *f)
{
    g_autoptr(Session) session = open_session(f);
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GPtrArray) drafts = NULL;
    g_autoptr(GArray) found = NULL;
    g_autoptr(StoreRow) row = NULL;

    f->told->unused += unused(session);
    flush(session);
    while (settler_busy(session_settler(session)))
        g_main_context_iteration(NULL, TRUE);
    list = outbox_list(session_outbox(session), NULL);
    drafts = draft_list(session, NULL);
    found = store_find_id(session_store(session), "p@x", NULL);
    row = store_row(session_store(session), g_array_index(found, gint64, 0),
                    NULL);
    f->told->entries = (int)list->len;
    f->told->state =
        list->len ? (int)((OutboxEntry *)list->pdata[0])->state : -1;
    f->told->drafts = (int)drafts->len;
    f->told->copies = copies(session, f->told);
    f->told->replied = row->flags & STORE_FLAG_REPLIED;
}

static void
assert_nothing_lost(const Told *told)
{
    g_test_message("taken %d, drafts %d, entries %d (state %d), copies %d",
                   told->taken, told->drafts, told->entries, told->state,
                   told->copies);
    if (told->drafts > 0) { /* not queued yet */
        g_assert_cmpint(told->taken, ==, 0);
        g_assert_cmpint(told->entries, ==, 0);
        g_assert_cmpint(told->copies, ==, 0);
    } else if (told->entries > 0) { /* the one case in which nobody knows */
        g_assert_cmpint(told->entries, ==, 1);
        g_assert_cmpint(told->state, ==, OUTBOX_IN_DOUBT);
        g_assert_cmpint(told->taken, <=, 1);
        g_assert_cmpint(told->copies, ==, 0);
    } else {
        g_assert_cmpint(told->taken, ==, 1);
        g_assert_cmpint(told->copies, ==, 1);
        g_assert_true(told->same);
        g_assert_cmpint(told->staged, ==, 0);
        g_assert_true(told->replied);
    }
}

static void
round_begin(Fixture *f)
{
    g_autofree char *file = NULL;
    g_autofree char *text = g_strdup_printf(
        "set undo-send 0s\naccount work {\n    address ana@x.example\n"
        "    outgoing smtp+insecure://127.0.0.1:%u\n}\n",
        f->port);

    f->root = g_dir_make_tmp("posthorn-killed-XXXXXX", NULL);
    file = g_build_filename(f->root, "posthorn.conf", NULL);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    f->told->taken = 0;
    g_assert_cmpint(in_process(f, 0, prepare), ==, 0);
}

static void
round_end(Fixture *f)
{
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

static const struct {
    int first, step;
} rounds[] = { { 1, 1 }, { 1, 7 }, { 25, 1 }, { 10, 1 } };

static void
test_killed(const void *data)
{
    How how = (How)GPOINTER_TO_INT(data);
    Fixture f = { .how = how };
    int n_doubts = 0;
    int n_killed = 0;
    int status = KILLED;

    f.told = mmap(NULL, sizeof *f.told, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true(f.told != MAP_FAILED);
    other_file_system = how == ELSEWHERE;
    server_start(&f);
    for (int n = rounds[how].first; status == KILLED && n < MOST_CALLS;
         n += rounds[how].step) {
        round_begin(&f);
        status = in_process(&f, n, send_it);
        g_assert_true(status == 0 || status == KILLED);
        if (how == TWICE)
            in_process(&f, 1 + n % 13, go_on);
        g_assert_cmpint(in_process(&f, 0, go_on), ==, 0);
        assert_nothing_lost(f.told);
        if (how == SEVEN_BIT)
            g_assert_true(g_str_is_ascii(f.told->taken_bytes));
        n_doubts += f.told->entries;
        n_killed += status == KILLED;
        round_end(&f);
    }
    g_assert_cmpint(status, ==, 0);
    if (how == ONCE)
        g_assert_cmpint(n_doubts, >, 0);
    if (how == SEVEN_BIT)
        g_assert_cmpint(f.told->unused, >, 0);
    g_assert_cmpint(n_killed, >=, 5);
    kill(f.server, SIGKILL);
    waitpid(f.server, NULL, 0);
    close(f.listener);
    munmap(f.told, sizeof *f.told);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/core/outbox/killed/at-each-call",
                         GINT_TO_POINTER(ONCE), test_killed);
    g_test_add_data_func("/core/outbox/killed/twice", GINT_TO_POINTER(TWICE),
                         test_killed);
    g_test_add_data_func("/core/outbox/killed/other-file-system",
                         GINT_TO_POINTER(ELSEWHERE), test_killed);
    g_test_add_data_func("/core/outbox/killed/seven-bit",
                         GINT_TO_POINTER(SEVEN_BIT), test_killed);
    return g_test_run();
}
