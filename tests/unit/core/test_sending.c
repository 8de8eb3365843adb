/* A draft between the key that sends it and the outbox, and a session that ends
 * while something is on its way. */
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/language.h"
#include "core/account.h"
#include "core/act.h"
#include "core/send.h"
#include "mime/mime.h"
#include "outbox_private.h"
#include "scene.h"
#include "settle.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Outbox and drafts are as if on another file system than the mail. */
static bool links_fail;

/* In place of the one of libc. Whoever tries it straight into a folder would
 * copy the bytes when it fails, and let keys wait. */
int
link(const char *from, const char *to)
{
    if (links_fail && (strstr(from, "/outbox/") || strstr(from, "/drafts/"))) {
        g_assert_nonnull(strstr(to, "/tmp/"));
        errno = EXDEV;
        return -1;
    }
    return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

typedef struct {
    char *root;
    char *fifo; /* the hook reads a line of it */
    int server; /* takes connections and says nothing */
    Session *session;
} Fixture;

static void
set_up(Fixture *f, const void *hook)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    g_autofree char *folder = g_dir_make_tmp("posthorn-sending-XXXXXX", NULL);
    g_autofree char *more = NULL;
    g_autofree char *text = NULL;

    f->fifo = g_build_filename(folder, "fifo", NULL);
    g_assert_cmpint(mkfifo(f->fifo, 0600), ==, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(f->server, (void *)&address, size), ==, 0);
    g_assert_cmpint(listen(f->server, 4), ==, 0);
    g_assert_cmpint(getsockname(f->server, (void *)&address, &size), ==, 0);
    if (hook && *(const char *)hook)
        more = g_strdup(hook);
    else
        more = hook ? g_strdup_printf("hook before-send { exec --wait sh -c "
                                      "'read line < %s' }\n",
                                      f->fifo)
                    : g_strdup("");
    text = g_strdup_printf("set undo-send 0s\n"
                           "account work {\n"
                           "    address  ana@lindqvist.example\n"
                           "    outgoing smtp+insecure://127.0.0.1:%u\n"
                           "}\n"
                           "account local {\n"
                           "    address  ana@local.example\n"
                           "    outgoing sendmail:///bin/true\n"
                           "}\n%s",
                           ntohs(address.sin_port), more);
    f->session = scene_open(text, false, &f->root);
}

static void
tear_down(Fixture *f, const void *data)
{
    g_autofree char *folder = g_path_get_dirname(f->fifo);

    session_destroy(f->session);
    close(f->server);
    file_remove_tree(f->root, NULL);
    file_remove_tree(folder, NULL);
    g_free(f->root);
    g_free(f->fifo);
}

static Draft *
start(Fixture *f)
{
    DraftStart how = { .to = "bob@x.example",
                       .subject = "hello",
                       .body = "text\n" };
    g_autoptr(GError) error = NULL;
    Draft *draft = draft_start(f->session, &how, &error);

    g_assert_no_error(error);
    return draft;
}

typedef struct {
    guint times;
    bool queued;
} Sent;

static void
sent(const char *id, const GError *error, void *user)
{
    Sent *result = user;

    result->times++;
    result->queued = id != NULL;
}

static void
flushed(guint n_sent, guint n_failed, void *user)
{
    (*(guint *)user)++;
}

static void
send_now(Fixture *f, const char *path, Sent *result)
{
    SendHow how = { .no_undo = true };

    send_draft(f->session, path, &how, sent, result);
}

static void
wait_sent(const Sent *result)
{
    while (result->times == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(result->times, ==, 1);
}

static OutboxState
only_state(Fixture *f)
{
    g_autoptr(GPtrArray) list = outbox_list(session_outbox(f->session), NULL);

    g_assert_cmpuint(list->len, ==, 1);
    return ((OutboxEntry *)list->pdata[0])->state;
}

/* The end comes while a server keeps us waiting: whoever waits is told once,
 * and the message is there at the next start, as one that was not tried. */
static void
test_ends_while_sending(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    g_autofree char *outbox = NULL;
    g_autofree char *json = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *name;
    Sent result = { 0 };
    guint told = 0;

    send_now(f, draft->path, &result);
    wait_sent(&result);
    g_assert_true(result.queued);
    outbox_flush(session_outbox(f->session), flushed, &told);
    while (only_state(f) != OUTBOX_SENDING)
        g_main_context_iteration(NULL, FALSE);
    outbox = g_strdup(session_paths(f->session)->outbox);
    session_destroy(g_steal_pointer(&f->session));
    g_assert_cmpuint(told, ==, 1);
    dir = g_dir_open(outbox, 0, NULL);
    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".json")) {
            g_autofree char *path = g_build_filename(outbox, name, NULL);

            g_assert_null(json);
            g_assert_true(g_file_get_contents(path, &json, NULL, NULL));
        }
    g_assert_nonnull(json);
    g_assert_nonnull(strstr(json, "\"attempts\" : 0"));
}

/* The end comes while the bytes are made: whoever waits is told once. */
static void
test_ends_while_building(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    Sent result = { 0 };

    draft_opened(f->session, draft->path);
    send_now(f, draft->path, &result);
    while (!outbox_is_building(session_outbox(f->session)))
        g_main_context_iteration(NULL, TRUE);
    session_destroy(g_steal_pointer(&f->session));
    g_assert_cmpuint(result.times, ==, 1);
}

/* While hooks look at a draft it is on its way: not to be changed, not offered,
 * and still open, so that a crash brings it back. */
static void
test_in_hooks(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    g_autoptr(Draft) during = NULL;
    g_autoptr(Draft) after = NULL;
    g_autoptr(GPtrArray) list = NULL;
    Outbox *outbox = session_outbox(f->session);
    Sent result = { 0 };
    int fd;

    draft_opened(f->session, draft->path);
    g_assert_false(outbox_has_draft(outbox, draft->path));
    send_now(f, draft->path, &result);
    g_assert_true(outbox_has_draft(outbox, draft->path));
    list = draft_list(f->session, NULL);
    g_assert_cmpuint(list->len, ==, 0);
    draft_closed(f->session, draft->path);
    during = draft_load(draft->path, NULL);
    g_assert_true(during->open);
    g_assert_cmpuint(result.times, ==, 0);
    fd = open(f->fifo, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(write(fd, "go\n", 3), ==, 3);
    wait_sent(&result);
    close(fd);
    g_assert_true(result.queued);
    after = draft_load(draft->path, NULL);
    g_assert_false(after->open);
    g_assert_true(outbox_has_draft(outbox, draft->path));
}

static void
count(const LogLine *line, void *user)
{
    *(guint *)user += strstr(line->text, "not readable as an envelope") != NULL;
}

/* The outbox is read once, however many drafts there are: an envelope that
 * cannot be read is said once by who reads it. */
static void
test_read_once(Fixture *f, const void *data)
{
    g_autofree char *path = g_build_filename(session_paths(f->session)->outbox,
                                             "broken.json", NULL);
    g_autoptr(GPtrArray) list = NULL;
    guint before = 0;
    guint after = 0;

    for (int i = 0; i < 5; i++)
        draft_free(start(f));
    g_assert_true(g_file_set_contents(path, "{", -1, NULL));
    log_each(count, &before);
    list = draft_list(f->session, NULL);
    log_each(count, &after);
    g_assert_cmpuint(list->len, ==, 5);
    g_assert_cmpuint(after - before, ==, 1);
}

/* Its number is another as soon as anybody changed the folder, and the same
 * after it was only read. */
static void
test_serial(Fixture *f, const void *data)
{
    g_autofree char *path = g_build_filename(session_paths(f->session)->outbox,
                                             "broken.json", NULL);
    Outbox *outbox = session_outbox(f->session);
    guint serial = outbox_serial(outbox);

    g_ptr_array_unref(outbox_list(outbox, NULL));
    g_assert_cmpuint(outbox_serial(outbox), ==, serial);
    outbox_start(outbox);
    while (outbox_serial(outbox) == serial)
        g_main_context_iteration(NULL, TRUE);
    serial = outbox_serial(outbox);
    g_assert_true(g_file_set_contents(path, "{", -1, NULL));
    while (outbox_serial(outbox) == serial)
        g_main_context_iteration(NULL, TRUE);
}

static gint64
deliver(Fixture *f, const char *text)
{
    ActAppend what = { .bytes = text, .size = strlen(text) };
    g_autoptr(GError) error = NULL;
    gint64 id;

    what.folder = session_make_folder(f->session, "work", "INBOX",
                                      FOLDER_ROLE_INBOX, &error);
    id = act_append(f->session, &what, &error);
    g_assert_no_error(error);
    return id;
}

#define WITH_FILE                                                              \
    "From: bob@x.example\nTo: ana@lindqvist.example\nSubject: hi\n"            \
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"         \
    "--b\n\ntext\n--b\nContent-Type: text/x-notes\n"                           \
    "Content-Disposition: attachment; filename=notes\n\nnotes\n--b--\n"

typedef struct {
    guint times;
    char *text;   /* of the draft */
    char *files;  /* their contents, one behind the other */
    char *reason; /* of an error */
} Begun;

static void
begun(Draft *draft, const GError *error, void *user)
{
    Begun *result = user;
    g_autoptr(GString) files = g_string_new(NULL);

    result->times++;
    result->reason = g_strdup(error ? error->message : NULL);
    for (guint i = 0; draft && i < draft->attach->len; i++) {
        g_autofree char *bytes = NULL;

        g_assert_true(
            g_file_get_contents(draft->attach->pdata[i], &bytes, NULL, NULL));
        g_string_append_printf(files, "%s|", bytes);
    }
    result->text = g_strdup(draft ? draft->text : NULL);
    result->files = g_string_free(g_steal_pointer(&files), FALSE);
}

static void
begun_clear(Begun *result)
{
    g_free(result->text);
    g_free(result->files);
    g_free(result->reason);
    *result = (Begun){ 0 };
}

/* What a forward takes along is copied behind; a draft without is there at
 * once. A file of the user's comes after those of the parent. */
static void
test_carried_behind(Fixture *f, const void *data)
{
    static const DraftKind kinds[] = { DRAFT_FORWARD, DRAFT_AS_NEW,
                                       DRAFT_RESEND, DRAFT_FORWARD_ATTACHED };
    g_autofree char *own = g_build_filename(f->root, "own", NULL);
    const char *attach[] = { own, NULL };
    DraftStart how = { .parent = deliver(f, WITH_FILE), .attach = attach };
    Outbox *outbox = session_outbox(f->session);
    Begun result = { 0 };

    g_assert_true(g_file_set_contents(own, "mine", -1, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        how.kind = kinds[i];
        draft_start_behind(f->session, &how, begun, &result);
        g_assert_cmpuint(result.times, ==, 0);
        g_assert_true(outbox_is_building(outbox));
        while (result.times == 0)
            g_main_context_iteration(NULL, TRUE);
        g_assert_false(outbox_is_building(outbox));
        g_assert_cmpuint(result.times, ==, 1);
        g_assert_cmpstr(result.files, ==,
                        kinds[i] == DRAFT_FORWARD_ATTACHED ? WITH_FILE "|mine|"
                                                           : "notes|mine|");
        begun_clear(&result);
    }
    how.kind = DRAFT_REPLY;
    draft_start_behind(f->session, &how, begun, &result);
    g_assert_cmpuint(result.times, ==, 1);
    g_assert_cmpstr(result.files, ==, "mine|");
    begun_clear(&result);
}

/* Where the files cannot lie no draft is left, and the reason is told. */
static void
test_carry_fails(Fixture *f, const void *data)
{
    const char *drafts = session_paths(f->session)->drafts;
    DraftStart how = { .kind = DRAFT_FORWARD, .parent = deliver(f, WITH_FILE) };
    Begun result = { 0 };

    g_assert_true(file_remove_tree(drafts, NULL));
    g_assert_true(g_file_set_contents(drafts, "", -1, NULL));
    draft_start_behind(f->session, &how, begun, &result);
    while (result.times == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(result.times, ==, 1);
    g_assert_null(result.text);
    g_assert_nonnull(strstr(result.reason, drafts));
    begun_clear(&result);
}

/* Holds up the thread that copies until the gate opens. */
static void *
hold(Job *job, void *request, GError **error)
{
    g_mutex_lock(request);
    g_mutex_unlock(request);
    return NULL;
}

static const JobClass hold_class = {
    .name = "hold",
    .run = hold,
};

/* A message of another program is read by the thread that makes messages, for
 * hooks too: what is in the file when the gate opens is what leaves. */
static void
test_taken_behind(Fixture *f, const void *data)
{
    g_autofree char *path = g_build_filename(f->root, "message", NULL);
    SendMessage message = { .path = path, .read_recipients = true };
    Outbox *outbox = session_outbox(f->session);
    g_autoptr(GPtrArray) list = NULL;
    g_autofree char *bytes = NULL;
    const OutboxEntry *entry;
    Sent result = { 0 };
    GMutex gate;

    g_mutex_init(&gate);
    g_mutex_lock(&gate);
    outbox_build(outbox, &hold_class, &gate);
    g_assert_true(g_file_set_contents(path, "To: a@x.example\n\n", -1, NULL));
    send_message(f->session, &message, sent, &result);
    g_assert_true(g_file_set_contents(
        path, "To: bob@x.example\nSubject: colour\n\ncolour\n", -1, NULL));
    g_assert_cmpuint(result.times, ==, 0);
    g_mutex_unlock(&gate);
    wait_sent(&result);
    g_assert_true(result.queued);
    list = outbox_list(outbox, NULL);
    entry = list->pdata[0];
    g_assert_cmpstr(((OutboxRecipient *)entry->recipients->pdata[0])->address,
                    ==, "bob@x.example");
    g_free(path);
    path = outbox_bytes_path(outbox->folder, entry->id);
    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    g_assert_true(g_str_has_prefix(bytes, "From: ana@lindqvist.example\r\n"));
    g_assert_nonnull(strstr(bytes, "\r\nSubject: color\r\n\r\ncolor\r\n"));
    g_mutex_clear(&gate);
}

/* The end comes while it is read: whoever waits is told once. */
static void
test_ends_while_taking(Fixture *f, const void *data)
{
    g_autofree char *path = g_build_filename(f->root, "message", NULL);
    SendMessage message = { .path = path, .read_recipients = true };
    Sent result = { 0 };

    g_assert_true(g_file_set_contents(path, "To: a@x.example\n\n", -1, NULL));
    send_message(f->session, &message, sent, &result);
    session_destroy(g_steal_pointer(&f->session));
    g_assert_cmpuint(result.times, ==, 1);
    g_assert_false(result.queued);
}

/* The file of a message gets another name, in another folder. */
static void
move_file(Fixture *f, gint64 id)
{
    g_autoptr(StoreRow) row = store_row(session_store(f->session), id, NULL);
    g_autofree char *path = session_message_path(f->session, row);
    g_autofree char *moved = g_build_filename(f->root, "moved", NULL);

    g_assert_cmpint(rename(path, moved), ==, 0);
}

/* What is attached or forwarded may be read and filed meanwhile. */
static void
test_renamed(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    DraftMessages part = { .ids = ids, .part = 3 };
    DraftMessages whole = { .ids = ids };
    gint64 id = deliver(f, WITH_FILE);
    DraftStart forward = { .kind = DRAFT_FORWARD_ATTACHED, .parent = id };
    Outbox *outbox = session_outbox(f->session);
    GMutex gate;
    Begun results[3] = { { 0 } };

    g_array_append_val(ids, id);
    g_mutex_init(&gate);
    g_mutex_lock(&gate);
    outbox_build(outbox, &hold_class, &gate);
    draft_attach_messages(f->session, draft->path, &part, begun, &results[0]);
    draft_attach_messages(f->session, draft->path, &whole, begun, &results[1]);
    draft_start_behind(f->session, &forward, begun, &results[2]);
    move_file(f, id);
    g_mutex_unlock(&gate);
    while (results[2].times == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(results[0].files, ==, "notes|");
    g_assert_cmpstr(results[1].files, ==, "notes|" WITH_FILE "|");
    g_assert_cmpstr(results[2].files, ==, WITH_FILE "|");
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
        begun_clear(&results[i]);
    g_mutex_clear(&gate);
}

static guint
count_names(const char *folder, const char *suffix)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;

    while ((name = g_dir_read_name(dir)) != NULL)
        n += g_str_has_suffix(name, suffix);
    return n;
}

/* All or nothing is attached: of what was copied nothing is left. */
static void
test_attach_fails(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    g_autoptr(Draft) after = NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    DraftMessages what = { .ids = ids, .part = 3 };
    g_autofree char *base = g_strndup(draft->path, strlen(draft->path) - 4);
    g_autofree char *folder = g_strconcat(base, ".files", NULL);
    gint64 id = deliver(f, WITH_FILE);
    Begun result = { 0 };

    g_array_append_val(ids, id);
    id = deliver(f, "From: bob@x.example\n\ntext\n");
    g_array_append_val(ids, id);
    draft_attach_messages(f->session, draft->path, &what, begun, &result);
    while (result.times == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_nonnull(strstr(result.reason, "no part 3"));
    g_assert_cmpuint(count_names(folder, "notes"), ==, 0);
    after = draft_load(draft->path, NULL);
    g_assert_cmpuint(after->attach->len, ==, 0);
    begun_clear(&result);
}

/* The end of the program: the draft is there, or nothing of it. */
static void
test_ends_while_carrying(Fixture *f, const void *data)
{
    g_autofree char *drafts = g_strdup(session_paths(f->session)->drafts);
    DraftStart how = { .kind = DRAFT_FORWARD_ATTACHED,
                       .parent = deliver(f, WITH_FILE) };
    Begun results[3] = { { 0 } };
    guint made = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
        draft_start_behind(f->session, &how, begun, &results[i]);
    session_destroy(g_steal_pointer(&f->session));
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++) {
        g_assert_cmpuint(results[i].times, ==, 1);
        made += results[i].reason == NULL;
        begun_clear(&results[i]);
    }
    g_assert_cmpuint(count_names(drafts, ".eml"), ==, made);
    g_assert_cmpuint(count_names(drafts, ".files"), ==, made);
}

/* The bytes of the only message of a folder. */
static char *
only_message(Fixture *f, FolderRole role)
{
    Store *store = session_store(f->session);
    g_autoptr(StoreFolder) folder =
        store_folder_by_role(store, "local", role, NULL);
    StoreView view = { .folder = folder ? folder->id : -1 };
    g_autoptr(GArray) ids = store_ids(store, &view, 0, NULL);
    g_autoptr(StoreRow) row = NULL;
    g_autofree char *path = NULL;
    g_autofree char *tmp = NULL;
    char *bytes = NULL;

    g_assert_cmpuint(ids->len, ==, 1);
    while (settler_busy(session_settler(f->session)))
        g_main_context_iteration(NULL, TRUE);
    row = store_row(store, g_array_index(ids, gint64, 0), NULL);
    path = session_message_path(f->session, row);
    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    tmp = g_build_filename(session_paths(f->session)->mail, folder->path, "tmp",
                           NULL);
    g_assert_cmpuint(count_names(tmp, ""), ==, 0);
    return bytes;
}

/* Copies into folders of another file system are made behind, and the message
 * is in the outbox until its copy is there. */
static void
test_other_file_system(Fixture *f, const void *data)
{
    DraftStart how = { .account = "local",
                       .to = "bob@x.example",
                       .body = "text\n" };
    g_autoptr(Draft) draft = draft_start(f->session, &how, NULL);
    Outbox *outbox = session_outbox(f->session);
    g_autofree char *kept = NULL;
    g_autofree char *copy = NULL;
    g_autofree char *path = NULL;
    g_autofree char *bytes = NULL;
    g_autoptr(GPtrArray) list = NULL;
    Sent result = { 0 };
    guint told = 0;

    links_fail = true;
    draft_keep(f->session, draft->path);
    while (outbox_is_building(outbox))
        g_main_context_iteration(NULL, TRUE);
    kept = only_message(f, FOLDER_ROLE_DRAFTS);
    g_assert_nonnull(strstr(kept, "text\r\n"));
    send_now(f, draft->path, &result);
    wait_sent(&result);
    list = outbox_list(outbox, NULL);
    path = g_strdup_printf("%s/%s.eml", session_paths(f->session)->outbox,
                           ((OutboxEntry *)list->pdata[0])->id);
    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    outbox_flush(outbox, flushed, &told);
    while (told == 0)
        g_main_context_iteration(NULL, TRUE);
    links_fail = false;
    copy = only_message(f, FOLDER_ROLE_SENT);
    g_assert_cmpstr(copy, ==, bytes);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* An entry that a server took, as it is filed: how many copies Sent has. */
static guint
filed_copies(Fixture *f, const char *account)
{
    static const char text[] = "From: ana@example.org\r\n\r\nx\r\n";
    Outbox *outbox = session_outbox(f->session);
    g_autoptr(OutboxEntry) entry = outbox_entry_create();
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    g_autoptr(StoreFolder) folder = NULL;
    g_autoptr(GArray) ids = NULL;
    g_autoptr(GError) error = NULL;
    StoreView view = { 0 };

    outbox_entry_add(entry, "bob@x.example");
    entry->account = g_strdup(account);
    entry->sender = g_strdup("ana@example.org");
    entry->subject = g_strdup("hello");
    entry->state = OUTBOX_SENT;
    entry->accepted = true;
    g_assert_true(outbox_entry_new(outbox->folder, entry, bytes, &error));
    g_assert_true(outbox_file(outbox, entry->id, &error));
    g_assert_no_error(error);
    folder = store_folder_by_role(session_store(f->session), account,
                                  FOLDER_ROLE_SENT, NULL);
    view.folder = folder ? folder->id : -1;
    ids = store_ids(session_store(f->session), &view, 0, NULL);
    return ids->len;
}

/* A server that files what it sends gets no second copy, unless the user wants
 * one. */
static void
test_save_sent(Fixture *f, const void *data)
{
    g_assert_cmpuint(filed_copies(f, "local"), ==, 1);
    g_assert_cmpuint(filed_copies(f, "never"), ==, 0);
    g_assert_cmpuint(filed_copies(f, "gmail"), ==, 0);
    g_assert_cmpuint(filed_copies(f, "both"), ==, 1);
}

/* Sends from the account without a server, and waits until its Sent copy is on
 * its way to another file system. The id of the entry. */
static char *
send_to_copying(Fixture *f, Draft *draft, guint *told)
{
    Outbox *outbox = session_outbox(f->session);
    g_autoptr(GPtrArray) list = NULL;
    Sent result = { 0 };

    links_fail = true;
    send_now(f, draft->path, &result);
    wait_sent(&result);
    list = outbox_list(outbox, NULL);
    outbox_flush(outbox, flushed, told);
    while (!outbox_is_building(outbox))
        g_main_context_iteration(NULL, TRUE);
    return g_strdup(((OutboxEntry *)list->pdata[0])->id);
}

/* What is sent cannot be taken back before its copy is kept, and the draft
 * stays as it was sent (P80). */
static void
test_cancel_while_copying(Fixture *f, const void *data)
{
    DraftStart how = { .account = "local",
                       .to = "bob@x.example",
                       .body = "text\n" };
    g_autoptr(Draft) draft = draft_start(f->session, &how, NULL);
    g_autoptr(Draft) during = NULL;
    g_autoptr(GError) error = NULL;
    guint told = 0;
    g_autofree char *id = send_to_copying(f, draft, &told);
    g_autofree char *copy = NULL;

    g_assert_false(outbox_cancel(session_outbox(f->session), id, &error));
    g_assert_true(err_is(error, ERR_RETRY));
    during = draft_load(draft->path, NULL);
    g_assert_cmpstr(during->to, ==, "bob@x.example");
    while (told == 0)
        g_main_context_iteration(NULL, TRUE);
    links_fail = false;
    copy = only_message(f, FOLDER_ROLE_SENT);
    g_assert_nonnull(strstr(copy, "text\r\n"));
}

/* An entry that another program took away leaves nothing in the folder. */
static void
test_gone_while_copying(Fixture *f, const void *data)
{
    DraftStart how = { .account = "local",
                       .to = "bob@x.example",
                       .body = "text\n" };
    g_autoptr(Draft) draft = draft_start(f->session, &how, NULL);
    guint told = 0;
    g_autofree char *id = send_to_copying(f, draft, &told);
    g_autoptr(StoreFolder) folder = store_folder_by_role(
        session_store(f->session), "local", FOLDER_ROLE_SENT, NULL);
    g_autofree char *path = g_strdup_printf(
        "%s/%s/tmp/%s.sent", session_paths(f->session)->mail, folder->path, id);

    while (!g_file_test(path, G_FILE_TEST_EXISTS))
        g_thread_yield();
    g_assert_true(
        outbox_entry_remove(session_paths(f->session)->outbox, id, NULL));
    while (told == 0)
        g_main_context_iteration(NULL, TRUE);
    links_fail = false;
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* A copy that failed is tried again later; what is due before is not put off.
 */
static void
test_clock(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    Outbox *outbox = session_outbox(f->session);
    g_autoptr(GError) error = g_error_new(ERR_DOMAIN, ERR_LOCAL, "full");
    SendHow how = { .at = clock_now() + 30 };
    Sent result = { 0 };
    guint clock;

    outbox_staged(outbox, "x", error);
    g_assert_cmpuint(outbox->clock_source, !=, 0);
    send_draft(f->session, draft->path, &how, sent, &result);
    wait_sent(&result);
    outbox_start(outbox);
    while (outbox->scan_source != 0)
        g_main_context_iteration(NULL, TRUE);
    clock = outbox->clock_source;
    g_assert_cmpuint(clock, !=, 0);
    outbox_staged(outbox, "x", error);
    g_assert_cmpuint(outbox->clock_source, ==, clock);
}

/* Offline nothing is tried; what waited goes when that ends, also where there
 * is no server to come back to. */
static void
test_offline(Fixture *f, const void *data)
{
    DraftStart how = { .account = "local",
                       .to = "bob@x.example",
                       .body = "text\n" };
    g_autoptr(Draft) draft = draft_start(f->session, &how, NULL);
    Outbox *outbox = session_outbox(f->session);
    g_autoptr(GPtrArray) left = NULL;
    Sent result = { 0 };
    guint told = 0;

    outbox_start(outbox);
    session_set_offline(f->session, true);
    send_now(f, draft->path, &result);
    wait_sent(&result);
    outbox_flush(outbox, flushed, &told);
    while (told == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(only_state(f), ==, OUTBOX_WAITING);
    session_set_offline(f->session, false);
    do {
        g_main_context_iteration(NULL, TRUE);
        g_clear_pointer(&left, g_ptr_array_unref);
        left = outbox_list(outbox, NULL);
    } while (left->len > 0);
}

#define ADD(NAME, HOOK, FN)                                                    \
    g_test_add("/core/sending/" NAME, Fixture, HOOK, set_up, FN, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    ADD("ends-while-sending", NULL, test_ends_while_sending);
    ADD("ends-while-building", NULL, test_ends_while_building);
    ADD("in-hooks", "", test_in_hooks);
    ADD("read-once", NULL, test_read_once);
    ADD("serial", NULL, test_serial);
    ADD("carried-behind", NULL, test_carried_behind);
    ADD("carry-fails", NULL, test_carry_fails);
    ADD("taken-behind",
        "hook before-send { exec --filter sed s/colour/color/ }\n",
        test_taken_behind);
    ADD("ends-while-taking", NULL, test_ends_while_taking);
    ADD("renamed", NULL, test_renamed);
    ADD("attach-fails", NULL, test_attach_fails);
    ADD("ends-while-carrying", NULL, test_ends_while_carrying);
    ADD("other-file-system", NULL, test_other_file_system);
    ADD("save-sent",
        "account never { address a@x.example; outgoing sendmail:///bin/true; "
        "save-sent no }\n"
        "account gmail { address b@x.example; outgoing "
        "smtps://SMTP.Gmail.com }\n"
        "account both { address c@x.example; outgoing "
        "smtps://smtp.gmail.com; save-sent yes }\n",
        test_save_sent);
    ADD("cancel-while-copying", NULL, test_cancel_while_copying);
    ADD("gone-while-copying", NULL, test_gone_while_copying);
    ADD("clock", NULL, test_clock);
    ADD("offline", NULL, test_offline);
    return g_test_run();
}
