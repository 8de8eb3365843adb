/* A message that gpg opens for a command, while its file gets another name. */
#include "base/file.h"
#include "base/printer.h"
#include "commands/commands.h"
#include "core/act.h"
#include "core/crypto.h"
#include "core/scene.h"
#include "keyrings.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECRET "the treasure lies under the oak"

static const char config[] = "account work {\n"
                             "    address  ana@example.org\n"
                             "    outgoing demo:\n"
                             "}\n";

/* A screen with one message under the cursor. */
typedef struct {
    Frontend base;
    gint64 id;
} Screen;

typedef struct {
    char *root;
    char *path; /* of the message's file, before it is renamed */
    Session *session;
    Screen screen;
    GString *output;
    bool done;
    char *trouble;
} Fixture;

static bool
screen_targets(Frontend *frontend, TargetScope scope, GArray *ids)
{
    g_array_append_val(ids, ((Screen *)frontend)->id);
    return true;
}

static void
screen_tell(Frontend *frontend, TellKind kind, bool undoable, const char *text)
{
}

static const FrontendClass screen_class = {
    .targets = screen_targets,
    .tell = screen_tell,
};

static void
collect(const char *bytes, gsize size, void *user)
{
    g_string_append_len(user, bytes, (gssize)size);
}

static GBytes *
sealed(void)
{
    static const char *const readers[] = { "<ana@example.org>", NULL };
    MimeSeal seal = { .encrypt = true, .readers = readers };
    MimeDraft draft = { .from = "ana@example.org",
                        .to = "ana@example.org",
                        .subject = "treasure",
                        .text = SECRET "\n",
                        .seal = &seal };
    g_autoptr(GError) error = NULL;
    GBytes *bytes = mime_build(&draft, &error);

    g_assert_no_error(error);
    return bytes;
}

static void
set_up(Fixture *f, const void *data)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(GError) error = NULL;
    ActAppend what = { 0 };

    keyrings_use("ana");
    bytes = sealed();
    what.bytes = g_bytes_get_data(bytes, NULL);
    what.size = g_bytes_get_size(bytes);
    f->session = scene_open(config, false, &f->root);
    cmd_table_add(session_table(f->session), commands_search);
    cmd_table_add(session_table(f->session), commands_send);
    what.folder = session_make_folder(f->session, "work", "INBOX",
                                      FOLDER_ROLE_INBOX, &error);
    g_assert_no_error(error);
    f->screen.id = act_append(f->session, &what, &error);
    g_assert_no_error(error);
    session_settle(f->session);
    row = store_row(session_store(f->session), f->screen.id, NULL);
    f->path = session_message_path(f->session, row);
    f->screen.base.class = &screen_class;
    f->screen.base.has_screen = true;
    session_set_frontend(f->session, &f->screen.base);
    f->output = g_string_new(NULL);
}

static void
tear_down(Fixture *f, const void *data)
{
    session_settle(f->session);
    session_set_frontend(f->session, NULL);
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
    g_free(f->path);
    g_free(f->trouble);
    g_string_free(f->output, TRUE);
}

static void
ended(CmdContext *context, const GError *error)
{
    Fixture *f = context->done_user;

    f->done = true;
    f->trouble = error ? g_strdup(error->message) : NULL;
}

/* Runs a command; between its request and gpg's answer the file is renamed, as
 * it is when its flags change. */
static void
run_renamed(Fixture *f, const char *command)
{
    CmdContext context = session_context(f->session, CMD_FROM_KEY);
    g_autoptr(Printer) out = printer_create(collect, f->output);
    g_autofree char *other = g_strconcat(f->path, "FRS", NULL);
    g_autoptr(GError) error = NULL;

    context.out = out;
    context.done = ended;
    context.done_user = f;
    g_assert_cmpint(cmd_run(&context, command, &error), ==, CMD_RUNNING);
    g_assert_no_error(error);
    g_assert_cmpint(g_rename(f->path, other), ==, 0);
    while (!f->done)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(f->trouble, ==, NULL);
}

static void
nothing(const MimeOpened *opened, const GError *error, void *user)
{
}

/* What stands in gpg's queue before it. */
static void
queue_another(Fixture *f)
{
    CryptoRequest request = { .message = mime_load_file(f->path, NULL),
                              .decrypt = true };

    g_assert_nonnull(request.message);
    crypto_open(session_crypto(f->session), &request, nothing, NULL);
}

static void
test_decrypt(Fixture *f, const void *data)
{
    const MimeOpened *opened;

    queue_another(f);
    run_renamed(f, "decrypt");
    opened = crypto_opened(session_crypto(f->session), f->screen.id);
    g_assert_nonnull(opened);
    g_assert_nonnull(opened->bytes);
}

static void
test_show(Fixture *f, const void *data)
{
    g_autofree char *command = g_strdup_printf("show '%s'", f->path);

    queue_another(f);
    run_renamed(f, command);
    g_assert_nonnull(strstr(f->output->str, SECRET));
    g_assert_nonnull(strstr(f->output->str, "treasure"));
}

/* How often gpg opened something. */
static guint
gpg_runs(const char *log)
{
    g_autofree char *text = NULL;
    guint n = 0;

    if (!g_file_get_contents(log, &text, NULL, NULL))
        return 0;
    for (const char *at = text; (at = strstr(at, "encrypted with")); at++)
        n++;
    return n;
}

/* The message as a draft of another machine. */
static void
put_draft(Fixture *f)
{
    g_autoptr(GBytes) bytes = sealed();
    g_autoptr(GError) error = NULL;
    ActAppend what = { .flags = STORE_FLAG_DRAFT | STORE_FLAG_SEEN };

    what.bytes = g_bytes_get_data(bytes, NULL);
    what.size = g_bytes_get_size(bytes);
    what.folder = session_make_folder(f->session, "work", "Drafts",
                                      FOLDER_ROLE_DRAFTS, &error);
    g_assert_no_error(error);
    f->screen.id = act_append(f->session, &what, &error);
    g_assert_no_error(error);
    session_settle(f->session);
}

/* Goes on with the draft; its path. */
static char *
go_on(Fixture *f)
{
    CmdContext context = session_context(f->session, CMD_FROM_KEY);
    g_autoptr(Printer) out = printer_create(collect, f->output);
    g_autoptr(GError) error = NULL;
    CmdResult result;

    f->done = false;
    context.out = out;
    context.done = ended;
    context.done_user = f;
    g_string_truncate(f->output, 0);
    result = cmd_run(&context, "edit-as-new", &error);
    g_assert_no_error(error);
    while (result == CMD_RUNNING && !f->done)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(f->trouble, ==, NULL);
    return g_strchomp(g_strdup(f->output->str));
}

/* What a person opened is not for hooks to write into a file (P67). */
static void
refuse_hook(Fixture *f)
{
    CmdContext context = session_context(f->session, CMD_FROM_HOOK);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(cmd_run(&context, "edit-as-new", &error), ==, CMD_FAILED);
    g_assert_nonnull(strstr(error->message, "a hook does not open"));
}

/* A draft that another machine encrypted is opened once; not again where it is
 * a draft of this one, nor where it is open. */
static void
test_resume(Fixture *f, const void *data)
{
    g_autofree char *conf = g_build_filename(g_getenv("GNUPGHOME"), "gpg.conf",
                                             NULL);
    g_autofree char *log = g_build_filename(f->root, "gpg.log", NULL);
    g_autofree char *text = g_strdup_printf("verbose\nlog-file %s\n", log);
    g_autofree char *first = NULL;
    g_autofree char *again = NULL;
    g_autofree char *other = NULL;

    put_draft(f);
    f->screen.base.has_screen = false;
    g_assert_true(g_file_set_contents(conf, text, -1, NULL));
    first = go_on(f);
    g_assert_cmpuint(gpg_runs(log), ==, 1);
    again = go_on(f);
    g_assert_cmpstr(again, ==, first);
    g_assert_cmpuint(gpg_runs(log), ==, 1);
    g_assert_cmpint(g_unlink(first), ==, 0);
    refuse_hook(f);
    other = go_on(f);
    g_assert_cmpuint(gpg_runs(log), ==, 1);
    g_unlink(conf);
}

#define ADD(NAME, FN)                                                          \
    g_test_add("/commands/opening/" NAME, Fixture, NULL, set_up, FN, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("decrypt-renamed", test_decrypt);
    ADD("show-renamed", test_show);
    ADD("resumed-once", test_resume);
    return keyrings_test();
}
