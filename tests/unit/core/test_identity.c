/* Who writes: by the address a message was sent to, by its folder, by whom it
 * goes to; with whose signature, and by whose server. */
#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "core/account.h"
#include "core/act.h"
#include "core/contacts.h"
#include "core/identity.h"
#include "core/indexer.h"
#include "core/send.h"
#include "mime/mime.h"
#include "scene.h"

#include <glib/gstdio.h>
#include <string.h>

static const char config[] =
    "set undo-send 1d\n"
    "account work {\n"
    "    name      \"Ana Lindqvist\"\n"
    "    address   ana@lindqvist.example\n"
    "    aliases   \"lists@lindqvist.example\"\n"
    "    outgoing  demo:\n"
    "    password  secret\n"
    "    signature \"Ana\"\n"
    "    identity club {\n"
    "        name      \"Ana (club)\"\n"
    "        address   ana@club.example\n"
    "        signature \"Club\"\n"
    "        reply-to  board@club.example\n"
    "        outgoing  smtps://ana@smtp.club.example\n"
    "        used-for  \"*@members.example, tom@x.example\"\n"
    "    }\n"
    "    identity shop {\n"
    "        address   shop@lindqvist.example\n"
    "    }\n"
    "}\n"
    "folder work/Club { write-as club }\n";

typedef struct {
    char *root;
    Session *session;
} Fixture;

static void
set_up(Fixture *f, const void *data)
{
    f->session = scene_open(config, false, &f->root);
}

static void
tear_down(Fixture *f, const void *data)
{
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

typedef struct {
    const char *folder; /* that the message lies in; NULL: a new message */
    const char *to;     /* of it, or of the new message */
    const char *from, *reply_to, *signature;
} Case;

#define WORK "Ana Lindqvist <ana@lindqvist.example>"
#define CLUB "\"Ana (club)\" <ana@club.example>"

static const Case cases[] = {
    { "INBOX", "ANA@lindqvist.example", WORK, "", "-- \nAna\n" },
    { "INBOX", "ana@club.example", CLUB, "board@club.example", "-- \nClub\n" },
    /* the very address, with its detail */
    { "INBOX", "ana+mail@club.example",
      "\"Ana (club)\" <ana+mail@club.example>", "board@club.example",
      "-- \nClub\n" },
    /* name and signature of the account where the identity has none */
    { "INBOX", "shop@lindqvist.example",
      "Ana Lindqvist <shop@lindqvist.example>", "", "-- \nAna\n" },
    { "INBOX", "lists@lindqvist.example",
      "Ana Lindqvist <lists@lindqvist.example>", "", "-- \nAna\n" },
    /* the address comes before the folder, the folder before the account */
    { "Club", "ana@lindqvist.example", WORK, "", "-- \nAna\n" },
    { "Club", "list@other.example", CLUB, "board@club.example", "-- \nClub\n" },
    { "INBOX", "list@other.example", WORK, "", "-- \nAna\n" },
    /* by whom it goes to */
    { NULL, "Kim <KIM@members.example>", CLUB, "board@club.example",
      "-- \nClub\n" },
    { NULL, "eve@x.example, tom@x.example", CLUB, "board@club.example",
      "-- \nClub\n" },
    { NULL, "eve@x.example", WORK, "", "-- \nAna\n" },
};

static gint64
deliver(Fixture *f, const Case *c)
{
    g_autofree char *text = g_strdup_printf(
        "From: bob@x.example\nTo: %s\nSubject: hi\n\ntext\n", c->to);
    ActAppend what = { .bytes = text, .size = strlen(text) };
    g_autoptr(GError) error = NULL;
    gint64 id;

    what.folder = session_make_folder(f->session, "work", c->folder,
                                      FOLDER_ROLE_NONE, &error);
    id = act_append(f->session, &what, &error);
    g_assert_no_error(error);
    return id;
}

static void
test_choice(Fixture *f, const void *data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        DraftStart how = { .kind = c->folder ? DRAFT_REPLY : DRAFT_NEW,
                           .to = c->folder ? NULL : c->to };
        g_autoptr(GError) error = NULL;
        g_autoptr(Draft) draft = NULL;

        g_test_message("%s in %s", c->to, c->folder ? c->folder : "-");
        if (c->folder)
            how.parent = deliver(f, c);
        draft = draft_start(f->session, &how, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(draft->account, ==, "work");
        g_assert_cmpstr(draft->from, ==, c->from);
        g_assert_cmpstr(draft->reply_to, ==, c->reply_to);
        g_assert_true(g_str_has_suffix(draft->text, c->signature));
    }
}

static void
sent(const char *id, const GError *error, void *user)
{
    char **result = user;

    g_assert_no_error(error);
    *result = g_strdup(id);
}

/* By the server of who writes; the copy stays in the account. */
static void
test_server(Fixture *f, const void *data)
{
    static const char *const froms[] = { WORK, CLUB, "ana+mail@club.example",
                                         "shop@lindqvist.example" };
    static const char *const lanes[] = { NULL, "work/club", "work/club", NULL };

    for (gsize i = 0; i < G_N_ELEMENTS(froms); i++) {
        DraftStart how = { .to = "bob@x.example", .from = froms[i] };
        g_autoptr(Draft) draft = draft_start(f->session, &how, NULL);
        g_autoptr(GPtrArray) list = NULL;
        g_autofree char *id = NULL;
        const OutboxEntry *entry;
        SendHow now = { 0 };

        send_draft(f->session, draft->path, &now, sent, &id);
        while (id == NULL)
            g_main_context_iteration(NULL, TRUE);
        list = outbox_list(session_outbox(f->session), NULL);
        g_assert_cmpuint(list->len, ==, 1);
        entry = list->pdata[0];
        g_assert_cmpstr(entry->account, ==, "work");
        g_assert_cmpstr(entry->identity, ==, lanes[i]);
        g_assert_true(outbox_cancel(session_outbox(f->session), id, NULL));
        draft_discard(f->session, draft->path, NULL);
    }
}

/* The account's password is not for the identity's server (P51). */
static void
test_password(Fixture *f, const void *data)
{
    const Account *work = session_account(f->session, "work");
    const Account *club = session_account(f->session, "work/club");

    g_assert_nonnull(club);
    g_assert_true(account_has_secret(work));
    g_assert_false(account_has_secret(club));
    g_assert_true(account_owns(work, "ana@club.example"));
    g_assert_false(account_owns(club, "ana@lindqvist.example"));
    g_assert_false(account_owns(club, "lists@lindqvist.example"));
}

static bool
warns(Fixture *f, const char *from)
{
    DraftStart how = { .to = "bob@x.example", .from = from };
    g_autoptr(Draft) draft = draft_start(f->session, &how, NULL);
    g_autoptr(GPtrArray) checks = draft_checks(f->session, draft);

    for (guint i = 0; i < checks->len; i++) {
        const DraftCheck *check = checks->pdata[i];

        if (strstr(check->text, "before, not as"))
            return check->kind == DRAFT_CHECK_WARN;
    }
    return false;
}

static void
test_history(Fixture *f, const void *data)
{
    OutboxRecipient bob = { .address = (char *)"Bob@X.example",
                            .state = OUTBOX_SENT };
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    OutboxEntry entry = { .recipients = recipients, .from = (char *)CLUB };

    g_assert_false(warns(f, WORK));
    g_ptr_array_add(recipients, &bob);
    contacts_note_sent(f->session, &entry);
    g_assert_true(warns(f, WORK));
    g_assert_false(warns(f, CLUB));
}

/* What can be chosen from. */
static void
test_list(Fixture *f, const void *data)
{
    g_autoptr(GPtrArray) list = identity_list(f->session);

    g_assert_cmpuint(list->len, ==, 4);
    g_assert_cmpstr(list->pdata[0], ==, WORK);
    g_assert_cmpstr(list->pdata[1], ==, CLUB);
    g_assert_cmpstr(list->pdata[3], ==,
                    "Ana Lindqvist <lists@lindqvist.example>");
}

#define ADD(NAME, FN)                                                          \
    g_test_add("/core/identity/" NAME, Fixture, NULL, set_up, FN, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    ADD("choice", test_choice);
    ADD("server", test_server);
    ADD("password", test_password);
    ADD("history", test_history);
    ADD("list", test_list);
    return g_test_run();
}
