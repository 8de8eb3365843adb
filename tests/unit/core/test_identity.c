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
#include "core/receipt.h"
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

static void
set_up(Scene *f, const void *data)
{
    g_autofree char *text = g_strconcat(config, data, NULL);

    f->session = scene_open(text, false, &f->root);
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
deliver(Scene *f, const Case *c)
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
test_choice(Scene *f, const void *data)
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
test_server(Scene *f, const void *data)
{
    static const char *const froms[] = { WORK, CLUB, "ana+mail@club.example",
                                         "shop@lindqvist.example" };
    static const char *const names[] = { NULL, "work/club", "work/club",
                                         "work/shop" };
    static const char *const lanes[] = { "work", "work/club", "work/club",
                                         "work" };

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
        g_assert_cmpstr(entry->identity, ==, names[i]);
        g_assert_cmpstr(
            identity_lane(f->session, entry->account, entry->identity), ==,
            lanes[i]);
        g_assert_true(outbox_cancel(session_outbox(f->session), id, NULL));
        draft_discard(f->session, draft->path, NULL);
    }
}

static void
flushed(guint n_sent, guint n_failed, void *user)
{
    *(bool *)user = true;
}

static guint
count_role(Scene *f, const char *account, FolderRole role)
{
    Store *store = session_store(f->session);
    g_autoptr(StoreFolder) folder =
        store_folder_by_role(store, account, role, NULL);
    StoreView view = { .folder = folder ? folder->id : -1 };
    g_autoptr(GArray) ids = store_ids(store, &view, 0, NULL);

    return ids->len;
}

/* Written in one account as another: that one's server, checks and Sent folder;
 * the message that was answered is tagged where it lies. */
static void
test_other_account(Scene *f, const void *data)
{
    const Case mail = { "INBOX", "ana@lindqvist.example", NULL, NULL, NULL };
    DraftStart how = { .kind = DRAFT_REPLY,
                       .from = "Ana <ana@home.example>",
                       .parent = deliver(f, &mail) };
    g_autoptr(Draft) draft = draft_start(f->session, &how, NULL);
    g_autoptr(GPtrArray) checks = NULL;
    g_autoptr(StoreRow) parent = NULL;
    g_autofree char *id = NULL;
    SendHow now = { .no_undo = true };
    bool small = false;
    bool done = false;

    g_assert_cmpstr(draft->account, ==, "work");
    g_assert_true(g_str_has_suffix(draft->text, "-- \nAt home\n"));
    g_assert_true(store_set_value(session_store(f->session), "smtp-size home",
                                  "10", NULL));
    checks = draft_checks(f->session, draft);
    for (guint i = 0; i < checks->len; i++)
        small = small
                || strstr(((DraftCheck *)checks->pdata[i])->text,
                          "the server takes at most");
    g_assert_true(small);
    send_draft(f->session, draft->path, &now, sent, &id);
    while (id == NULL)
        g_main_context_iteration(NULL, TRUE);
    outbox_flush(session_outbox(f->session), flushed, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(count_role(f, "home", FOLDER_ROLE_SENT), ==, 1);
    g_assert_cmpuint(count_role(f, "work", FOLDER_ROLE_SENT), ==, 0);
    parent = store_row(session_store(f->session), how.parent, NULL);
    g_assert_cmpuint(parent->flags & STORE_FLAG_REPLIED, !=, 0);
}

/* The very address goes before a whole domain, whoever has it. */
static void
test_exact_first(Scene *f, const void *data)
{
    static const struct {
        const char *address, *account, *writer, *name;
    } table[] = {
        { "ana@lindqvist.example", "work", "work", "Ana Lindqvist" },
        { "lists@lindqvist.example", "work", "work", "Ana Lindqvist" },
        { "other@lindqvist.example", "work", "work/all", "Team" },
        { "ana+x@lindqvist.example", "work", "work", "Ana Lindqvist" },
        { "sales@lindqvist.example", "work", "work/all", "Sales" },
        { "ana@home.example", "home", "home", "Ana" },
        { "any@home.example", "wide", "wide", "Wide" },
        { "ana@wide.example", "wide", "wide", "Wide" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        const char *address = table[i].address;
        const Account *account = identity_account(f->session, address);
        g_autofree char *name = account_name_for(account, address);

        g_test_message("%s", address);
        g_assert_cmpstr(account_name(account), ==, table[i].account);
        g_assert_cmpstr(account_name(account_writer(account, address)), ==,
                        table[i].writer);
        g_assert_cmpstr(name, ==, table[i].name);
        /* Where a draft lies decides only among those that fit as well. */
        g_assert_true(identity_sender(f->session, "wide", address) == account);
    }
}

/* An identity is no account: it has no folders. */
static void
test_named(Scene *f, const void *data)
{
    DraftStart how = { .to = "bob@x.example", .account = "work/club" };
    g_autoptr(GError) error = NULL;
    g_autoptr(Draft) draft = draft_start(f->session, &how, &error);
    g_autoptr(GPtrArray) folders = NULL;

    g_assert_no_error(error);
    g_assert_cmpstr(draft->account, ==, "work");
    g_assert_cmpstr(draft->from, ==, CLUB);
    g_assert_true(g_str_has_suffix(draft->text, "-- \nClub\n"));
    draft_keep(f->session, draft->path);
    while (outbox_is_building(session_outbox(f->session)))
        g_main_context_iteration(NULL, TRUE);
    folders = store_folders(session_store(f->session), "work/club", NULL);
    g_assert_cmpuint(folders->len, ==, 0);
    g_assert_cmpuint(count_role(f, "work", FOLDER_ROLE_DRAFTS), ==, 1);
    how.account = "work/none";
    g_assert_null(draft_start(f->session, &how, &error));
    g_assert_true(err_is(error, ERR_USAGE));
}

static void
assert_queued(Scene *f, const char *identity, bool require_tls)
{
    g_autoptr(GPtrArray) list = outbox_list(session_outbox(f->session), NULL);
    const OutboxEntry *entry = list->pdata[0];

    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpstr(entry->account, ==, "work");
    g_assert_cmpstr(entry->identity, ==, identity);
    g_assert_cmpint(entry->require_tls, ==, require_tls);
    g_assert_true(outbox_cancel(session_outbox(f->session), entry->id, NULL));
}

/* A receipt goes by the server of whom the message was sent to, under his
 * options. */
static void
test_receipt(Scene *f, const void *data)
{
    static const struct {
        const char *to, *identity;
        bool require_tls;
    } table[] = {
        { "ana@club.example", "work/club", false },
        { "strict@lindqvist.example", "work/strict", true },
        { "ana@lindqvist.example", NULL, false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *text =
            g_strdup_printf("From: bob@x.example\nTo: %s\nSubject: hi\n"
                            "Message-ID: <r%zu@x>\n"
                            "Disposition-Notification-To: bob@x.example\n"
                            "\ntext\n",
                            table[i].to, i);
        ActAppend what = { .bytes = text, .size = strlen(text) };
        g_autoptr(GError) error = NULL;

        what.folder = session_make_folder(f->session, "work", "INBOX",
                                          FOLDER_ROLE_NONE, NULL);
        receipt_send(f->session, act_append(f->session, &what, NULL), &error);
        g_assert_no_error(error);
        assert_queued(f, table[i].identity, table[i].require_tls);
    }
}

/* What other programs hand over: by From, by -f, by the name of an identity. */
static void
test_sendmail(Scene *f, const void *data)
{
    static const char *const to[] = { "bob@x.example", NULL };
    static const struct {
        const char *from, *sender, *account, *identity;
        bool require_tls;
    } table[] = {
        { "From: Ana <ana@club.example>\n", NULL, NULL, "work/club", false },
        { "From: Ana <ana@club.example>\n", "bounce@lindqvist.example", NULL,
          "work/club", false },
        { "", "ana@club.example", NULL, "work/club", false },
        { "", NULL, "work/club", "work/club", false },
        { "From: strict@lindqvist.example\n", NULL, NULL, "work/strict", true },
        { "From: else@y.example\n", NULL, "work/strict", "work/strict", true },
        { "", NULL, NULL, NULL, false },
    };
    g_autofree char *path = g_build_filename(f->root, "message", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *text =
            g_strdup_printf("%sSubject: x\n\nbody\n", table[i].from);
        SendMessage message = { .account = table[i].account,
                                .sender = table[i].sender,
                                .recipients = to,
                                .path = path };
        g_autofree char *id = NULL;

        g_test_message("%zu", i);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        send_message(f->session, &message, sent, &id);
        while (id == NULL)
            g_main_context_iteration(NULL, TRUE);
        assert_queued(f, table[i].identity, table[i].require_tls);
    }
}

/* A domain outside ASCII is in its ASCII form in the envelope, which no server
 * has to understand; who is no address is a user of this machine. */
static void
test_envelope(Scene *f, const void *data)
{
    static const char *const to[] = { "tom@b\303\274ro.example", "root", NULL };
    static const struct {
        const char *from, *sender, *wanted;
    } table[] = {
        { "ana@b\303\274ro.example", NULL, "ana@xn--bro-hoa.example" },
        { "ana@b\303\274ro.example", "root", "ana@xn--bro-hoa.example" },
        { "ana@b\303\274ro.example", "<>", "" },
        { "ana@b\303\274ro.example", "", "" },
        { "root (Cron Daemon)", NULL, "ana@lindqvist.example" },
        { "ana@b\303\274ro.example", "<bounce@B\303\274ro.example>",
          "bounce@xn--bro-hoa.example" },
    };
    g_autofree char *path = g_build_filename(f->root, "message", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *text =
            g_strdup_printf("From: %s\nSubject: x\n\nbody\n", table[i].from);
        SendMessage message = { .sender = table[i].sender,
                                .recipients = to,
                                .path = path };
        g_autofree char *id = NULL;
        g_autoptr(GPtrArray) list = NULL;
        const OutboxEntry *entry;

        g_test_message("%s, %s", table[i].from, table[i].sender);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        send_message(f->session, &message, sent, &id);
        while (id == NULL)
            g_main_context_iteration(NULL, TRUE);
        list = outbox_list(session_outbox(f->session), NULL);
        entry = list->pdata[0];
        g_assert_cmpstr(entry->sender, ==, table[i].wanted);
        g_assert_cmpstr(
            ((OutboxRecipient *)entry->recipients->pdata[0])->address, ==,
            "tom@xn--bro-hoa.example");
        g_assert_cmpstr(
            ((OutboxRecipient *)entry->recipients->pdata[1])->address, ==,
            *table[i].from == 'r' ? "ana@lindqvist.example"
                                  : "ana@xn--bro-hoa.example");
        g_assert_true(outbox_cancel(session_outbox(f->session), id, NULL));
    }
}

static void
test_sender_of_draft(Scene *f, const void *data)
{
    DraftStart how = { .to = "bob@x.example", .account = "buero" };
    g_autoptr(Draft) draft = draft_start(f->session, &how, NULL);
    g_autoptr(GPtrArray) list = NULL;
    g_autofree char *id = NULL;
    SendHow now = { 0 };

    send_draft(f->session, draft->path, &now, sent, &id);
    while (id == NULL)
        g_main_context_iteration(NULL, TRUE);
    list = outbox_list(session_outbox(f->session), NULL);
    g_assert_cmpstr(((OutboxEntry *)list->pdata[0])->sender, ==,
                    "ana@xn--bro-hoa.example");
}

/* The account's password is not for the identity's server (P51). */
static void
test_password(Scene *f, const void *data)
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
warns(Scene *f, const char *from)
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
test_history(Scene *f, const void *data)
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
test_list(Scene *f, const void *data)
{
    g_autoptr(GPtrArray) list = identity_list(f->session);

    g_assert_cmpuint(list->len, ==, 4);
    g_assert_cmpstr(list->pdata[0], ==, WORK);
    g_assert_cmpstr(list->pdata[1], ==, CLUB);
    g_assert_cmpstr(list->pdata[3], ==,
                    "Ana Lindqvist <lists@lindqvist.example>");
}

#define ADD(NAME, MORE, FN)                                                    \
    g_test_add("/core/identity/" NAME, Scene, MORE, set_up, FN, scene_close)

#define HOME                                                                   \
    "account wide {\n"                                                         \
    "    name     Wide\n"                                                      \
    "    address  ana@wide.example\n"                                          \
    "    aliases  \"*@home.example\"\n"                                        \
    "}\n"                                                                      \
    "account home {\n"                                                         \
    "    name     Ana\n"                                                       \
    "    address  ana@home.example\n"                                          \
    "    outgoing demo:\n"                                                     \
    "    signature \"At home\"\n"                                              \
    "}\n"
#define ALL                                                                    \
    "account work {\n"                                                         \
    "    identity all {\n"                                                     \
    "        name    Team\n"                                                   \
    "        address all@lindqvist.example\n"                                  \
    "        aliases \"*@lindqvist.example, "                                  \
    "Sales <sales@lindqvist.example>\"\n"                                      \
    "    }\n"                                                                  \
    "}\n"
#define BUERO                                                                  \
    "account buero {\n"                                                        \
    "    address  \"ana@b\303\274ro.example\"\n"                               \
    "    outgoing demo:\n"                                                     \
    "}\n"
#define STRICT                                                                 \
    "set read-receipts ask\n"                                                  \
    "account work {\n"                                                         \
    "    identity strict {\n"                                                  \
    "        address     strict@lindqvist.example\n"                           \
    "        require-tls yes\n"                                                \
    "    }\n"                                                                  \
    "}\n"

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    ADD("choice", "", test_choice);
    ADD("server", "", test_server);
    ADD("password", "", test_password);
    ADD("history", "", test_history);
    ADD("list", "", test_list);
    ADD("other-account", HOME, test_other_account);
    ADD("exact-first", HOME ALL, test_exact_first);
    ADD("named", "", test_named);
    ADD("receipt", STRICT, test_receipt);
    ADD("sendmail", STRICT, test_sendmail);
    ADD("envelope", BUERO, test_envelope);
    ADD("sender-of-draft", BUERO, test_sender_of_draft);
    return g_test_run();
}
