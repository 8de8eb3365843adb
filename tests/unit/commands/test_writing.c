/* What the commands of the review page do, with a screen that is none. */
#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "commands/commands.h"
#include "core/account.h"
#include "core/act.h"
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
            void (*done)(void *user), void *user)
{
    ((Screen *)frontend)->edited++;
    done(user);
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
        "draft-sign",        "draft-encrypt",    "draft-protocol",
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
    commands_recover(f->session); /* it is on the screen */
    g_assert_cmpuint(f->screen.asked, ==, 2);
    draft_set_current(f->session, NULL);
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

/* Each turns one thing on and off again. */
static void
test_toggles(Fixture *f, const void *data)
{
    static const char *const commands[] = { "draft-sign", "draft-encrypt",
                                            "draft-protocol",
                                            "draft-markdown" };
    g_autoptr(Draft) draft = start(f);
    g_autofree char *html = mime_markdown("");
    gsize n = G_N_ELEMENTS(commands) - (html == NULL);

    for (gsize i = 0; i < 2 * n; i++) {
        g_autoptr(Draft) after = NULL;
        bool on[G_N_ELEMENTS(commands)];

        run_ok(f, draft->path, commands[i / 2]);
        after = draft_load(draft->path, NULL);
        on[0] = after->sign;
        on[1] = after->encrypt;
        on[2] = after->smime;
        on[3] = after->markdown;
        for (gsize j = 0; j < G_N_ELEMENTS(commands); j++)
            g_assert_cmpint(on[j], ==, j == i / 2 && i % 2 == 0);
    }
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

/* The names and contents of its files: "a.txt=A b.txt=B". g_free(). */
static char *
files_of(const char *path)
{
    g_autoptr(Draft) draft = draft_load(path, NULL);
    g_autoptr(GString) all = g_string_new(NULL);

    for (guint i = 0; i < draft->attach->len; i++) {
        g_autofree char *name = g_path_get_basename(draft->attach->pdata[i]);
        g_autofree char *bytes = contents(draft->attach->pdata[i]);

        g_string_append_printf(all, "%s%s=%s", i ? " " : "", name, bytes);
    }
    return g_string_free(g_steal_pointer(&all), FALSE);
}

static void
assert_files(const char *path, const char *wanted)
{
    g_autofree char *files = files_of(path);

    g_assert_cmpstr(files, ==, wanted);
}

static void
assert_fails(Fixture *f, const char *path, const char *command,
             const char *words)
{
    g_autofree char *trouble = run(f, path, command);

    g_test_message("%s: %s", command, trouble);
    g_assert_nonnull(trouble);
    g_assert_nonnull(strstr(trouble, words));
}

/* A pattern stands for the files that it would in a shell. */
static void
test_attach_pattern(Fixture *f, const void *data)
{
    static const char *const names[] = { "b.txt", "a.txt", "c.pdf", "[1].txt" };
    g_autoptr(Draft) draft = start(f);
    g_autofree char *folder = g_build_filename(f->root, "x", NULL);
    g_autofree char *dir = g_build_filename(folder, "d.txt", NULL);
    g_autofree char *all = g_strdup_printf("draft-attach '%s/?.txt'", folder);
    g_autofree char *none = g_strdup_printf("draft-attach '%s/*.gif'", folder);
    g_autofree char *just =
        g_strdup_printf("draft-attach '%s/[1].txt'", folder);
    g_autofree char *ask = g_strdup_printf("%s/*.pdf", folder);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);

        g_assert_true(g_file_set_contents(path, "-", -1, NULL));
    }
    run_ok(f, draft->path, all);
    assert_files(draft->path, "a.txt=- b.txt=-");
    assert_fails(f, draft->path, none, "no file is called so");
    run_ok(f, draft->path, just); /* one that is called just so */
    f->screen.answer = ask;
    run_ok(f, draft->path, "draft-attach");
    assert_files(draft->path, "a.txt=- b.txt=- [1].txt=- c.pdf=-");
}

static void
attached(Draft *draft, const GError *error, void *user)
{
    char **result = user;

    g_assert_null(*result);
    *result = g_strdup(error ? error->message : "");
}

/* What became of it: "" or the reason. g_free(). */
static char *
attach(Fixture *f, const char *path, const GArray *ids, guint part)
{
    DraftMessages what = { ids, part };
    char *result = NULL;

    draft_attach_messages(f->session, path, &what, attached, &result);
    while (result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return result;
}

#define NOTES                                                                  \
    "From: bob@x.example\nSubject: hi\nMIME-Version: 1.0\n"                    \
    "Content-Type: multipart/mixed; boundary=b\n\n"                            \
    "--b\n\ntext\n--b\nContent-Type: text/x-notes\n"                           \
    "Content-Disposition: attachment; filename=notes\n\nnotes\n--b--\n"

/* Messages are attached as they are, or a part of each; copies, which stay when
 * the messages go. */
static void
test_attach_message(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autofree char *none = NULL;
    ActAppend what = { .bytes = NOTES, .size = strlen(NOTES) };
    static const struct {
        guint part;
        const char *trouble, *files;
    } table[] = {
        { 3, "", "notes=notes 2-notes=notes" },
        { 1, "no part 1", "notes=notes 2-notes=notes" },
        { 9, "no part 9", "notes=notes 2-notes=notes" },
        { 0, "",
          "notes=notes 2-notes=notes message.eml=" NOTES
          " 2-message.eml=" NOTES },
    };

    what.folder = session_make_folder(f->session, "work", "INBOX",
                                      FOLDER_ROLE_INBOX, NULL);
    for (int i = 0; i < 2; i++) {
        gint64 id = act_append(f->session, &what, NULL);

        g_array_append_val(ids, id);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *trouble = attach(f, draft->path, ids, table[i].part);

        g_test_message("part %u: %s", table[i].part, trouble);
        g_assert_nonnull(strstr(trouble, table[i].trouble));
        g_assert_true(*table[i].trouble || *trouble == '\0');
        assert_files(draft->path, table[i].files);
    }
    g_array_set_size(ids, 0);
    none = attach(f, draft->path, ids, 0);
    g_assert_cmpstr(none, ==, "no message matches");
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
    ADD("toggles", NULL, test_toggles);
    ADD("from", NULL, test_from);
    ADD("from-written-over", NULL, test_from_written_over);
    ADD("no-such-account", NULL, test_no_such_account);
    ADD("attach-pattern", NULL, test_attach_pattern);
    ADD("attach-message", NULL, test_attach_message);
    return g_test_run();
}
