/* What the commands of the review page do, with a screen that is none. */
#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "commands/commands.h"
#include "core/account.h"
#include "core/indexer.h"
#include "core/send.h"
#include "mime/mime.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char config[] = "set undo-send 1d\n"
                             "set spell-command true\n"
                             "account work {\n"
                             "    address   ana@lindqvist.example\n"
                             "    outgoing  demo:\n"
                             "    signature \"Ana\"\n"
                             "    identity club {\n"
                             "        address   ana@club.example\n"
                             "        signature \"Club\"\n"
                             "        reply-to  board@club.example\n"
                             "    }\n"
                             "    identity plain {\n"
                             "        address   plain@lindqvist.example\n"
                             "        signature \"\"\n"
                             "    }\n"
                             "}\n";

/* A screen that notes what is asked of it. */
typedef struct {
    Frontend base;
    const char *answer; /* to the next question; NULL: cancelled */
    guint asked, opened, edited, run;
} Screen;

typedef struct {
    char *root;
    char *fifo;
    Screen screen;
    Session *session;
} Fixture;

static void
screen_open(Frontend *frontend, const ViewRequest *request)
{
    ((Screen *)frontend)->opened++;
}

static void
screen_close(Frontend *frontend)
{
}

static void
screen_ask(Frontend *frontend, const AskRequest *request)
{
    Screen *screen = (Screen *)frontend;

    screen->asked++;
    request->answer(screen->answer, request->user);
}

static void
screen_edit(Frontend *frontend, const char *path,
            void (*done)(bool ok, void *user), void *user)
{
    ((Screen *)frontend)->edited++;
    done(true, user);
}

static void
screen_run(Frontend *frontend, const char *const *argv)
{
    ((Screen *)frontend)->run++;
}

static void
screen_tell(Frontend *frontend, TellKind kind, bool undoable, const char *text)
{
}

static const FrontendClass screen_class = {
    .open = screen_open,
    .close = screen_close,
    .ask = screen_ask,
    .edit = screen_edit,
    .run = screen_run,
    .tell = screen_tell,
};

static void
set_up(Fixture *f, const void *hook)
{
    g_autofree char *file = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    f->root = g_dir_make_tmp("posthorn-writing-XXXXXX", NULL);
    f->fifo = g_build_filename(f->root, "fifo", NULL);
    g_assert_cmpint(mkfifo(f->fifo, 0600), ==, 0);
    text = hook ? g_strdup_printf("%shook before-send { exec --wait sh -c "
                                  "'read line < %s' }\n",
                                  config, f->fifo)
                : g_strdup(config);
    file = g_build_filename(f->root, "posthorn.conf", NULL);
    g_assert_true(g_file_set_contents_full(file, text, -1, 0, 0600, NULL));
    f->session = session_create(paths_create_below(f->root), &error);
    g_assert_no_error(error);
    commands_add(session_table(f->session));
    session_configure(f->session, file, &error);
    g_assert_no_error(error);
    indexer_disable(session_indexer(f->session));
    session_open_accounts(f->session, &error);
    g_assert_no_error(error);
    f->screen.base.class = &screen_class;
    f->screen.base.has_screen = true;
    session_set_frontend(f->session, &f->screen.base);
}

static void
tear_down(Fixture *f, const void *data)
{
    session_set_frontend(f->session, NULL);
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
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

/* Runs a command on the draft; NULL: it went well. g_free(). */
static char *
run(Fixture *f, const char *path, const char *command)
{
    CmdContext context = session_context(f->session, CMD_FROM_KEY);
    g_autoptr(GError) error = NULL;

    draft_set_current(f->session, path);
    if (cmd_run(&context, command, &error) == CMD_FAILED)
        return g_strdup(error->message);
    return NULL;
}

static void
run_ok(Fixture *f, const char *path, const char *command)
{
    g_autofree char *trouble = run(f, path, command);

    g_assert_null(trouble);
}

static void
sent(const char *id, const GError *error, void *user)
{
    g_assert_no_error(error);
    *(bool *)user = true;
}

static char *
contents(const char *path)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void
assert_refused(Fixture *f, const char *path)
{
    static const char *const commands[] = {
        "draft-edit",        "draft-spell",      "draft-set subject other",
        "draft-set subject", "draft-attach .",   "draft-detach",
        "draft-markdown",    "draft-discard -f", "draft-discard",
    };
    g_autofree char *before = contents(path);
    g_autofree char *after = NULL;

    f->screen.answer = "y";
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *trouble = run(f, path, commands[i]);

        g_test_message("%s: %s", commands[i], trouble);
        g_assert_nonnull(trouble);
        g_assert_nonnull(strstr(trouble, "is in the outbox"));
    }
    after = contents(path);
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpuint(f->screen.edited + f->screen.run, ==, 0);
}

/* On its way, by hooks into the outbox, a draft is not changed by anybody. */
static void
test_on_its_way(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    SendHow how = { 0 };
    bool done = false;
    int fd;

    send_draft(f->session, draft->path, &how, sent, &done);
    g_assert_false(done);
    assert_refused(f, draft->path);
    fd = open(f->fifo, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(write(fd, "go\n", 3), ==, 3);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
    close(fd);
    assert_refused(f, draft->path);
}

static bool
is_open(const char *path)
{
    g_autoptr(Draft) draft = draft_load(path, NULL);

    return draft->open;
}

/* What was left open is asked for; without an answer it is asked for again. */
static void
test_recovered(Fixture *f, const void *data)
{
    g_autoptr(Draft) one = start(f);
    g_autoptr(Draft) two = start(f);

    draft_opened(f->session, one->path);
    draft_opened(f->session, two->path);
    f->screen.answer = NULL;
    commands_recover(f->session);
    g_assert_cmpuint(f->screen.asked, ==, 1);
    g_assert_true(is_open(one->path));
    g_assert_true(is_open(two->path));
    g_assert_cmpuint(f->screen.opened, ==, 0);
    f->screen.answer = "y";
    commands_recover(f->session);
    g_assert_cmpuint(f->screen.asked, ==, 2);
    g_assert_cmpuint(f->screen.opened, ==, 1);
    g_assert_true(is_open(one->path) != is_open(two->path));
    f->screen.answer = "n";
    commands_recover(f->session);
    g_assert_false(is_open(one->path));
    g_assert_false(is_open(two->path));
    commands_recover(f->session);
    g_assert_cmpuint(f->screen.asked, ==, 3);
    while (outbox_is_building(session_outbox(f->session)))
        g_main_context_iteration(NULL, TRUE);
}

static void
assert_draft(const char *path, const char *from, const char *reply_to,
             const char *text)
{
    g_autoptr(Draft) draft = draft_load(path, NULL);

    g_assert_cmpstr(draft->account, ==, "work");
    g_assert_cmpstr(draft->from, ==, from);
    g_assert_cmpstr(draft->reply_to, ==, reply_to);
    g_assert_cmpstr(draft->text, ==, text);
}

/* Signature and Reply-To go with From. */
static void
test_from(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    const char *path = draft->path;

    assert_draft(path, "ana@lindqvist.example", "", "text\n\n-- \nAna\n");
    run_ok(f, path, "draft-set from ana@club.example");
    assert_draft(path, "ana@club.example", "board@club.example",
                 "text\n\n-- \nClub\n");
    run_ok(f, path, "draft-set from plain@lindqvist.example");
    assert_draft(path, "plain@lindqvist.example", "", "text\n");
    f->screen.answer = "Ana <ana@club.example>"; /* by the question */
    run_ok(f, path, "draft-set from");
    assert_draft(path, "Ana <ana@club.example>", "board@club.example",
                 "text\n\n-- \nClub\n");
    run_ok(f, path, "draft-set account work");
    assert_draft(path, "ana@lindqvist.example", "", "text\n\n-- \nAna\n");
    run_ok(f, path, "draft-set account work/club");
    assert_draft(path, "ana@club.example", "board@club.example",
                 "text\n\n-- \nClub\n");
}

/* What the user wrote himself stays as it is. */
static void
test_from_written_over(Fixture *f, const void *data)
{
    static const char *const texts[][2] = {
        { "text\n\n-- \nAna, in a hurry\n", "text\n\n-- \nAna, in a hurry\n" },
        { "text\n", "text\n" },
        { "> -- \n> Ana\n\n-- \nAna", "> -- \n> Ana\n\n-- \nClub" },
        { "-- \nAna\n\n> quoted\n", "-- \nClub\n\n> quoted\n" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Draft) draft = start(f);

        g_free(draft->text);
        draft->text = g_strdup(texts[i][0]);
        draft_set(draft, "reply-to", "me@x.example", NULL);
        g_assert_true(draft_save(draft, NULL));
        run_ok(f, draft->path, "draft-set from ana@club.example");
        assert_draft(draft->path, "ana@club.example", "me@x.example",
                     texts[i][1]);
    }
}

static void
test_no_such_account(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    g_autofree char *trouble =
        run(f, draft->path, "draft-set account work/none");

    g_assert_nonnull(trouble);
    g_assert_nonnull(strstr(trouble, "no account is called work/none"));
    assert_draft(draft->path, "ana@lindqvist.example", "",
                 "text\n\n-- \nAna\n");
}

#define ADD(NAME, HOOK, FN)                                                    \
    g_test_add("/commands/writing/" NAME, Fixture, HOOK, set_up, FN, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    ADD("on-its-way", "", test_on_its_way);
    ADD("recovered", NULL, test_recovered);
    ADD("from", NULL, test_from);
    ADD("from-written-over", NULL, test_from_written_over);
    ADD("no-such-account", NULL, test_no_such_account);
    return g_test_run();
}
