/* What is said of a draft before it is sent, and what is left out by `checks`
 * (P69). */
#include "base/file.h"
#include "cmd/language.h"
#include "core/act.h"
#include "core/draft.h"
#include "outbox_private.h"
#include "scene.h"

#include <string.h>

static const char config[] = "account work {\n"
                             "    address  ana@lindqvist.example\n"
                             "    outgoing demo:\n"
                             "}\n";

static void
set_up(Scene *f, const void *more)
{
    g_autofree char *text = g_strconcat(config, more, NULL);

    f->session = scene_open(text, false, &f->root);
}

typedef struct {
    const char *text; /* of the draft, below From */
    DraftCheckKind worst;
    const char *says; /* part of the first check; NULL: there is none */
} CheckCase;

static const CheckCase checks[] = {
    { "To: bob@x.example\nSubject: s\n\nbody", DRAFT_CHECK_OK, NULL },
    { "Subject: s\n\nbody", DRAFT_CHECK_STOP, "no recipient" },
    { "To: bob\nSubject: s\n\nbody", DRAFT_CHECK_STOP, "bob" },
    /* the comma of a name is understood */
    { "To: Doe, John <j@x.example>\nSubject: s\n\nbody", DRAFT_CHECK_OK, NULL },
    { "To: bob@x.example\n\nbody", DRAFT_CHECK_WARN, "no subject" },
    { "To: bob@x.example\nSubject: s\n\nthe file is attached.",
      DRAFT_CHECK_WARN, "“attached”" },
    { "To: bob@x.example\nSubject: s\n\nok\n> it is attached", DRAFT_CHECK_OK,
      NULL },
    { "To: bob@x.example\nSubject: s\nAttach: /nonexistent\n\nbody",
      DRAFT_CHECK_STOP, "/nonexistent" },
    { "To: bob@x.example\nFoo: s\n\nbody", DRAFT_CHECK_STOP, "Line 3" },
    { "To: bob@x.example\nCc: eve@lindqvist.example\nSubject: s\n\nbody",
      DRAFT_CHECK_WARN, "1 of 2 recipients" },
    { "To: bob@x.example\nFrom: mallory@y.example\nSubject: s\n\nbody",
      DRAFT_CHECK_WARN, "none of your addresses" },
    { "To: bob@x.example\nFrom: ana@lindqvist.example x y\nSubject: s\n\nb",
      DRAFT_CHECK_STOP, "From: “ana@lindqvist.example x y” is no address" },
    { "To: Eve Lind eve@x.example, bob@x.example\nSubject: s\n\nbody",
      DRAFT_CHECK_STOP, "To: “Eve Lind eve@x.example” is no address" },
    { "To: bob@x.example\nReply-To: ana@x.example x y\nSubject: s\n\nbody",
      DRAFT_CHECK_STOP, "Reply-To: “ana@x.example x y” is no address" },
    { "To: bob@x.example\nFrom: a@x, b@x\nSubject: s\n\nbody", DRAFT_CHECK_STOP,
      "one address" },
};

/* Of a draft with this text below From. */
static GPtrArray *
checks_of(Scene *f, const char *text)
{
    DraftStart new = { .kind = DRAFT_NEW };
    g_autoptr(Draft) draft = draft_start(f->session, &new, NULL);
    g_autofree char *whole =
        g_strconcat("From: ana@lindqvist.example\n", text, NULL);

    g_assert_nonnull(draft);
    draft_parse(draft, whole);
    return draft_checks(f->session, draft);
}

/* The words of the first one; NULL: there is none. g_free(). */
static char *
first_check(Scene *f, const char *text)
{
    g_autoptr(GPtrArray) found = checks_of(f, text);

    return found->len > 0 ? g_strdup(((DraftCheck *)found->pdata[0])->text)
                          : NULL;
}

static void
test_checks(Scene *f, const void *data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        g_autoptr(GPtrArray) found = checks_of(f, checks[i].text);
        const DraftCheck *first;

        g_test_message("%s", checks[i].text);
        if (checks[i].says == NULL) {
            g_assert_cmpuint(found->len, ==, 0);
            continue;
        }
        g_assert_cmpuint(found->len, >, 0);
        first = found->pdata[0];
        g_test_message("%s", first->text);
        g_assert_cmpint(first->kind, ==, checks[i].worst);
        g_assert_nonnull(strstr(first->text, checks[i].says));
    }
}

/* A forgotten file, as it is said in English, German, French, Spanish, Italian,
 * Dutch; and what is no such word. */
static void
test_languages(Scene *f, const void *data)
{
    static const struct {
        const char *text;
        bool speaks;
    } table[] = {
        { "See the attachment.", true },
        { "The report is attached", true },
        { "Please find enclosed", true },
        { "Im Anhang der Bericht", true },
        { "Anbei der Bericht.", true },
        { "Ich habe ihn beigefügt", true },
        { "Vous trouverez ci-joint le rapport", true },
        { "Voir la PIÈCE JOINTE", true },
        { "Le rapport en annexe", true },
        { "Adjunto el informe", true },
        { "In allegato la relazione", true },
        { "Zie de bijlage", true },
        { "Het is bijgevoegd", true },
        { "Just a word about lunch", false },
        { "Wir hängen ihn auf", false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *text = g_strconcat("To: bob@x.example\nSubject: s\n\n",
                                            table[i].text, NULL);
        g_autofree char *check = first_check(f, text);

        g_test_message("%s", table[i].text);
        g_assert_true((check != NULL) == table[i].speaks);
        g_assert_true(check == NULL || strstr(check, "there is no file"));
    }
}

/* Each is left out by its word. */
static void
test_switched_off(Scene *f, const void *data)
{
    g_autofree char *check = first_check(
        f, "To: bob@x.example, eve@x.example, tom@lindqvist.example\n\n"
           "it is attached");
    g_autofree char *stopped = first_check(f, "\nno recipient");

    g_assert_null(check);
    g_assert_nonnull(stopped); /* what cannot be sent is always said */
}

static void
test_many(Scene *f, const void *data)
{
    static const char two[] = "To: a@x.example, b@x.example\nSubject: s\n\nb";
    static const char three[] =
        "To: a@x.example, b@x.example\nCc: c@x.example\nSubject: s\n\nb";
    g_autofree char *few = first_check(f, two);
    g_autofree char *many = first_check(f, three);

    g_assert_null(few);
    g_assert_cmpstr(many, ==, "This goes to 3 addresses");
}

/* The limit that the server told when it was last asked; the files count as
 * they leave. */
static void
test_max_size(Scene *f, const void *data)
{
    static const OutboxServer small = { .max_size = 130000 };
    static const OutboxServer large = { .max_size = 140000 };
    g_autofree char *file = g_build_filename(f->root, "f.bin", NULL);
    g_autofree char *bytes = g_malloc0(100000); /* 136,842 in base64 */
    g_autofree char *text =
        g_strdup_printf("To: bob@x.example\nSubject: s\nAttach: %s\n\nb", file);
    Outbox *outbox = session_outbox(f->session);
    g_autofree char *unknown = NULL;
    g_autofree char *over = NULL;
    g_autofree char *under = NULL;

    g_assert_true(g_file_set_contents(file, bytes, 100000, NULL));
    unknown = first_check(f, text);
    g_assert_null(unknown);
    outbox_note_server(outbox, "work", &small);
    over = first_check(f, text);
    g_assert_nonnull(strstr(over, "the server takes at most"));
    outbox_note_server(outbox, "work", &large);
    under = first_check(f, text);
    g_assert_null(under);
}

/* A reply to one who is, perhaps, somebody else. */
static void
test_parent(Scene *f, const void *data)
{
    static const char text[] = "From: bob@lindqvist.example\n"
                               "To: ana@lindqvist.example\n"
                               "Subject: hi\n\ntext\n";
    ActAppend what = { .bytes = text, .size = strlen(text) };
    DraftStart reply = { .kind = DRAFT_REPLY };
    g_autoptr(Draft) draft = NULL;
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) after = NULL;

    what.folder = session_make_folder(f->session, "work", "INBOX",
                                      FOLDER_ROLE_INBOX, NULL);
    reply.parent = act_append(f->session, &what, NULL);
    draft = draft_start(f->session, &reply, NULL);
    before = draft_checks(f->session, draft);
    g_assert_cmpuint(before->len, ==, 0);
    g_assert_true(store_set_verdict(session_store(f->session), reply.parent,
                                    "fail", "{}", NULL));
    after = draft_checks(f->session, draft);
    g_assert_cmpuint(after->len, ==, 1);
    g_assert_cmpstr(((DraftCheck *)after->pdata[0])->text, ==,
                    "The sender check of the message failed: the reply goes to "
                    "bob@lindqvist.example");
}

#define ADD(NAME, MORE, FN)                                                    \
    g_test_add("/core/draft-check/" NAME, Scene, MORE, set_up, FN, scene_close)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    ADD("checks", NULL, test_checks);
    ADD("languages", NULL, test_languages);
    ADD("switched-off", "set checks 'identity size'\n", test_switched_off);
    ADD("many", "set many-recipients 2\n", test_many);
    ADD("max-size", NULL, test_max_size);
    ADD("parent", NULL, test_parent);
    return g_test_run();
}
