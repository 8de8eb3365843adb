/* Drafts in a session of their own: what a reply begins with, what a file says
 * and how it is read back, and the way of a message from a draft into the
 * outbox and, by `outgoing demo:`, into the inbox. */
#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "core/account.h"
#include "core/act.h"
#include "core/identity.h"
#include "core/indexer.h"
#include "core/send.h"
#include "outbox_private.h"
#include "scene.h"

#include <glib/gstdio.h>
#include <string.h>

static const char config[] =
    "set undo-send 0s\n"
    "account work {\n"
    "    name     \"Ana Lindqvist\"\n"
    "    address  ana@lindqvist.example\n"
    "    aliases  \"lists@lindqvist.example, *@ana.example, Ana (club) "
    "<ana@club.example>\"\n"
    "    outgoing demo:\n"
    "    signature \"Ana\"\n"
    "}\n";

typedef struct {
    char *root;
    Session *session;
    gint64 inbox;
} Fixture;

static void
begin(Fixture *f, const char *more)
{
    g_autofree char *text = g_strconcat(config, more, NULL);
    g_autoptr(GError) error = NULL;

    f->session = scene_open(text, false, &f->root);
    f->inbox = session_make_folder(f->session, "work", "INBOX",
                                   FOLDER_ROLE_INBOX, &error);
    g_assert_no_error(error);
}

static void
set_up(Fixture *f, const void *data)
{
    begin(f, data ? data : "");
}

static void
tear_down(Fixture *f, const void *data)
{
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

static gint64
deliver(Fixture *f, const char *header, const char *body)
{
    g_autofree char *text = g_strconcat(header, "\n", body, NULL);
    g_autoptr(GError) error = NULL;
    ActAppend what = { .folder = f->inbox,
                       .bytes = text,
                       .size = strlen(text) };
    gint64 id = act_append(f->session, &what, &error);

    g_assert_no_error(error);
    return id;
}

static Draft *
start(Fixture *f, DraftKind kind, gint64 parent)
{
    DraftStart how = { .kind = kind, .parent = parent };
    g_autoptr(GError) error = NULL;
    Draft *draft = draft_start(f->session, &how, &error);

    g_assert_no_error(error);
    return draft;
}

/* --- what a reply begins with
 * -------------------------------------------------- */

typedef struct {
    const char *header;
    DraftKind kind;
    const char *from, *to, *cc, *subject;
} ReplyCase;

#define ANA "Ana Lindqvist <ana@lindqvist.example>"

static const ReplyCase replies[] = {
    { "From: Bob <bob@x.example>\nTo: ana@lindqvist.example\nSubject: hi\n",
      DRAFT_REPLY, ANA, "Bob <bob@x.example>", "", "Re: hi" },
    { "From: Bob <bob@x.example>\nReply-To: desk@x.example\nTo: "
      "ana@lindqvist.example\nSubject: RE: Re[2]: hi\n",
      DRAFT_REPLY, ANA, "desk@x.example", "", "Re: hi" },
    /* own addresses are left out, whoever was written to stays in Cc */
    { "From: bob@x.example\nTo: ANA@lindqvist.example, eve@x.example\nCc: "
      "x@ana.example, tom@x.example, Bob@x.example\nSubject: AW: hi\n",
      DRAFT_REPLY_ALL, ANA, "bob@x.example", "eve@x.example, tom@x.example",
      "Re: hi" },
    /* the address that was written to answers */
    { "From: bob@x.example\nTo: lists@lindqvist.example\nSubject: hi\n",
      DRAFT_REPLY, "Ana Lindqvist <lists@lindqvist.example>", "bob@x.example",
      "", "Re: hi" },
    { "From: bob@x.example\nTo: shop@ana.example\nSubject: hi\n", DRAFT_REPLY,
      "Ana Lindqvist <shop@ana.example>", "bob@x.example", "", "Re: hi" },
    /* of one's own message: to whom it went */
    { "From: ana@lindqvist.example\nTo: bob@x.example\nSubject: hi\n",
      DRAFT_REPLY, ANA, "bob@x.example", "", "Re: hi" },
    { "From: ana@lindqvist.example\nTo: ana@lindqvist.example\nSubject: hi\n",
      DRAFT_REPLY, ANA, "ana@lindqvist.example", "", "Re: hi" },
    { "From: bob@x.example\nTo: ana@lindqvist.example\nMail-Followup-To: "
      "list@x.example\nCc: list@x.example\nSubject: hi\n",
      DRAFT_REPLY_ALL, ANA, "list@x.example", "", "Re: hi" },
    { "From: bob@x.example\nTo: list@x.example\nList-Post: "
      "<mailto:list@x.example>\nSubject: hi\n",
      DRAFT_REPLY_LIST, ANA, "list@x.example", "", "Re: hi" },
    { "From: bob@x.example\nTo: ana@lindqvist.example\nSubject: Fwd: Fw: hi\n",
      DRAFT_FORWARD, ANA, "", "", "Fwd: hi" },
    { "From: bob@x.example\nTo: ana@lindqvist.example\n", DRAFT_REPLY, ANA,
      "bob@x.example", "", "Re:" },
    /* an address with a detail is the address; an alias has its name */
    { "From: bob@x.example\nTo: ana+shop@lindqvist.example\nSubject: hi\n",
      DRAFT_REPLY, "Ana Lindqvist <ana+shop@lindqvist.example>",
      "bob@x.example", "", "Re: hi" },
    { "From: bob@x.example\nTo: ana@club.example, ana@lindqvist.example\n"
      "Subject: hi\n",
      DRAFT_REPLY_ALL, "\"Ana (club)\" <ana@club.example>", "bob@x.example", "",
      "Re: hi" },
    /* the message itself once more: to whom it went, as it was called */
    { "From: ana@lindqvist.example\nTo: bob@x.example\nCc: eve@x.example\n"
      "Subject: hi\nMessage-ID: <a@b>\n",
      DRAFT_AS_NEW, ANA, "bob@x.example", "eve@x.example", "hi" },
    { "From: ana@lindqvist.example\nTo: bob@x.example\nSubject: Re: hi\n",
      DRAFT_RESEND, ANA, "bob@x.example", "", "Re: hi" },
    { "From: bob@x.example\nTo: ana@lindqvist.example\nSubject: hi\n",
      DRAFT_FORWARD_ATTACHED, ANA, "", "", "Fwd: hi" },
    /* an encoded name is a name, whatever it holds */
    { "From: =?utf-8?q?eve=40evil.example=2C_Bob?= <bob@x.example>\nTo: "
      "ana@lindqvist.example\nSubject: hi\n",
      DRAFT_REPLY, ANA, "\"eve@evil.example, Bob\" <bob@x.example>", "",
      "Re: hi" },
    /* a subject with a line end in an encoded word is one line (P58) */
    { "From: bob@x.example\nTo: ana@lindqvist.example\nSubject: "
      "=?utf-8?q?a=0D=0ABcc=3A_eve=40x.example?=\n",
      DRAFT_REPLY, ANA, "bob@x.example", "", NULL },
};

static void
test_replies(Fixture *f, const void *data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(replies); i++) {
        const ReplyCase *c = &replies[i];
        gint64 parent = deliver(f, c->header, "text\n");
        g_autoptr(Draft) draft = start(f, c->kind, parent);
        g_autoptr(Draft) again = draft_load(draft->path, NULL);

        g_test_message("%s", c->header);
        g_assert_cmpstr(draft->from, ==, c->from);
        g_assert_cmpstr(draft->to, ==, c->to);
        g_assert_cmpstr(draft->cc, ==, c->cc);
        if (c->subject)
            g_assert_cmpstr(draft->subject, ==, c->subject);
        g_assert_null(strpbrk(draft->subject, "\r\n"));
        g_assert_cmpstr(draft->bcc, ==, "");
        g_assert_cmpstr(again->to, ==, draft->to);
        g_assert_cmpstr(again->bcc, ==, "");
        g_assert_cmpint(again->kind, ==, c->kind);
        g_assert_cmpint(again->parent, ==, parent);
        g_assert_cmpuint(again->problems->len, ==, 0);
    }
}

static void
test_references(Fixture *f, const void *data)
{
    gint64 parent = deliver(f,
                            "From: bob@x.example\nTo: ana@lindqvist.example\n"
                            "Message-ID: <c@x>\nReferences: <a@x>\n <b@x>\n"
                            "Date: Sun, 22 Nov 2026 21:18:00 +0000\n",
                            "one\n> two\n-- \nsig\n");
    g_autoptr(Draft) draft = start(f, DRAFT_REPLY, parent);

    g_assert_cmpstr(draft->in_reply_to, ==, "c@x");
    g_assert_cmpstr(draft->references, ==, "a@x b@x c@x");
    g_assert_nonnull(strstr(draft->text, "bob@x.example wrote:\n> one\n"));
    g_assert_nonnull(strstr(draft->text, "\n>> two\n"));
    g_assert_null(strstr(draft->text, "sig"));
    g_assert_true(g_str_has_suffix(draft->text, "\n-- \nAna\n"));
}

static const char mixed[] =
    "--b\nContent-Type: text/plain\n\nsee file\n"
    "--b\nContent-Type: text/plain\nContent-Disposition: attachment;\n"
    " filename=\"../../etc/passwd\"\n\nsecret\n--b--\n";

static void
test_forward(Fixture *f, const void *data)
{
    gint64 parent = deliver(f,
                            "From: bob@x.example\nTo: ana@lindqvist.example\n"
                            "Subject: files\nMIME-Version: 1.0\n"
                            "Content-Type: multipart/mixed; boundary=b\n",
                            mixed);
    g_autoptr(Draft) draft = start(f, DRAFT_FORWARD, parent);
    const char *drafts = session_paths(f->session)->drafts;
    g_autofree char *bytes = NULL;
    g_autofree char *file = NULL;

    g_assert_cmpuint(draft->attach->len, ==, 1);
    file = g_strdup(draft->attach->pdata[0]);
    g_assert_true(g_str_has_prefix(file, drafts));
    g_assert_null(strstr(file, "/../"));
    g_assert_true(g_file_get_contents(file, &bytes, NULL, NULL));
    g_assert_cmpstr(bytes, ==, "secret");
    g_assert_nonnull(strstr(draft->text, "From: bob@x.example\n"));
    g_assert_nonnull(strstr(draft->text, "see file"));
    g_assert_true(draft_discard(f->session, draft->path, NULL));
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
}

/* Where the links of HTML go is forwarded with its text, and not quoted. */
static void
test_forward_links(Fixture *f, const void *data)
{
    gint64 parent = deliver(f,
                            "From: bob@x.example\nTo: ana@lindqvist.example\n"
                            "Content-Type: text/html\n",
                            "<p>the <a href=http://x.example/p>plan</a></p>\n");
    g_autoptr(Draft) forward = start(f, DRAFT_FORWARD, parent);
    g_autoptr(Draft) again = start(f, DRAFT_AS_NEW, parent);
    g_autoptr(Draft) reply = start(f, DRAFT_REPLY, parent);

    g_assert_nonnull(strstr(forward->text,
                            "\nthe plan [1]\n\n  1 http://x.example/p\n"));
    g_assert_cmpstr(again->text, ==,
                    "the plan [1]\n\n  1 http://x.example/p\n");
    g_assert_nonnull(strstr(reply->text, "\n> the plan\n"));
    g_assert_null(strstr(reply->text, "[1]"));
}

/* The text as it was, not quoted; its files; no id of the old one. */
static void
test_as_new(Fixture *f, const void *data)
{
    gint64 parent = deliver(f,
                            "From: ana@lindqvist.example\nTo: bob@x.example\n"
                            "Subject: files\nMessage-ID: <old@x>\n"
                            "In-Reply-To: <older@x>\nMIME-Version: 1.0\n"
                            "Content-Type: multipart/mixed; boundary=b\n",
                            mixed);
    g_autoptr(Draft) draft = start(f, DRAFT_AS_NEW, parent);

    g_assert_cmpstr(draft->text, ==, "see file\n");
    g_assert_cmpuint(draft->attach->len, ==, 1);
    g_assert_cmpstr(draft->in_reply_to, ==, "");
    g_assert_cmpstr(draft->references, ==, "");
}

static void
test_forward_attached(Fixture *f, const void *data)
{
    gint64 parent = deliver(f,
                            "From: bob@x.example\nTo: ana@lindqvist.example\n"
                            "Subject: hi\n",
                            "text\n");
    g_autoptr(Draft) draft = start(f, DRAFT_FORWARD_ATTACHED, parent);
    g_autofree char *bytes = NULL;

    g_assert_cmpuint(draft->attach->len, ==, 1);
    g_assert_true(
        g_file_get_contents(draft->attach->pdata[0], &bytes, NULL, NULL));
    g_assert_nonnull(strstr(bytes, "Subject: hi"));
    g_assert_null(strstr(draft->text, "text"));
}

static void
test_attribution(Fixture *f, const void *data)
{
    gint64 parent = deliver(f,
                            "From: Bob <bob@x.example>\nSubject: \x1b[1mhi\n"
                            "Date: Mon, 23 Nov 2026 05:13:00 +0000\n",
                            "text\n");
    g_autoptr(Draft) draft = start(f, DRAFT_REPLY, parent);

    g_assert_nonnull(strstr(draft->text, "\nBob <bob@x.example>, 100 % of "
                                         "\" [1mhi\":\n> text\n"));
}

/* --- the file
 * ------------------------------------------------------------------ */

typedef struct {
    const char *text;
    const char *to, *subject, *body;
    guint problems;
} FileCase;

static const FileCase files[] = {
    { "To: a@x\nSubject: s\n\nbody\n", "a@x", "s", "body\n", 0 },
    { "to:a@x\r\nsubject:s\r\n\r\nbody\r\n", "a@x", "s", "body\n", 0 },
    { "To: a@x,\n  b@x\nSubject: s\n\n", "a@x, b@x", "s", "", 0 },
    { "To: a@x\n", "a@x", "", "", 0 },
    { "", "", "", "", 0 },
    { "To: a@x\nsome text without a header\n", "a@x", "", "", 1 },
    { "To: a@x\nX-Foo: bar\nFcc: sent\n\nbody", "a@x", "", "body", 2 },
    { "To: a@x\n\nTo: b@x\n", "a@x", "", "To: b@x\n", 0 },
    { "Subject: a\x01z\n\n", "", "a z", "", 0 },
    { "Subject: \xff\n\n", "", "\357\277\275", "", 0 },
};

static void
test_files(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = NULL;
        g_autofree char *again = NULL;

        draft_parse(draft, files[i].text);
        g_assert_cmpstr(draft->to, ==, files[i].to);
        g_assert_cmpstr(draft->subject, ==, files[i].subject);
        g_assert_cmpstr(draft->text, ==, files[i].body);
        g_assert_cmpuint(draft->problems->len, ==, files[i].problems);
        text = draft_text(draft);
        draft_parse(draft, text);
        again = draft_text(draft);
        g_assert_cmpstr(text, ==, again);
    }
}

static void
test_set(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    g_assert_true(draft_set(draft, "subject", "a\r\nBcc: eve@x.example", NULL));
    text = draft_text(draft);
    draft_parse(draft, text);
    g_assert_cmpstr(draft->bcc, ==, "");
    g_assert_false(draft_set(draft, "subjct", "x", &error));
    g_assert_true(err_is(error, ERR_USAGE));
    g_clear_error(&error);
    g_assert_false(draft_attach(draft, "/nonexistent", &error));
    g_assert_true(err_is(error, ERR_LOCAL));
    g_clear_error(&error);
    g_assert_false(draft_detach(draft, 1, &error));
}

/* Fields are added, the text stands above a quote and the signature. */
static void
test_template(Fixture *f, const void *data)
{
    g_autofree char *path = g_build_filename(f->root, "thanks", NULL);
    gint64 parent = deliver(f,
                            "From: bob@x.example\nTo: ana@lindqvist.example\n"
                            "Subject: hi\n",
                            "text\n");
    DraftStart reply = { .kind = DRAFT_REPLY,
                         .parent = parent,
                         .template = path };
    DraftStart new = { .to = "eve@x.example", .template = path };
    g_autoptr(Draft) first = NULL;
    g_autoptr(Draft) second = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path,
                                      "Cc: desk@x.example\nSubject: Thanks\n\n"
                                      "Many thanks.\n",
                                      -1, NULL));
    first = draft_start(f->session, &reply, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(first->to, ==, "bob@x.example");
    g_assert_cmpstr(first->cc, ==, "desk@x.example");
    g_assert_cmpstr(first->subject, ==, "Re: hi");
    g_assert_true(g_str_has_prefix(first->text, "Many thanks.\n\n\nOn "));
    g_assert_nonnull(strstr(first->text, "\n> text\n\n-- \nAna\n"));
    second = draft_start(f->session, &new, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(second->to, ==, "eve@x.example");
    g_assert_cmpstr(second->subject, ==, "Thanks");
    g_assert_cmpstr(second->text, ==, "Many thanks.\n\n-- \nAna\n");
    g_assert_true(g_file_set_contents(path, "Foo: bar\n\n", -1, NULL));
    g_assert_null(draft_start(f->session, &new, &error));
    g_assert_true(err_is(error, ERR_USAGE));
}

/* On demand, and kept with the draft. */
static void
test_markdown(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);
    g_autofree char *html = mime_markdown("");
    g_autoptr(Draft) again = NULL;
    g_autoptr(GBytes) plain = NULL;
    g_autoptr(GBytes) both = NULL;
    g_autofree char *text = NULL;

    if (html == NULL) {
        g_test_skip("a build without md4c");
        return;
    }
    draft_set(draft, "to", "bob@x.example", NULL);
    plain = draft_build(draft, NULL, 0, NULL);
    draft->markdown = true;
    g_assert_true(draft_save(draft, NULL));
    again = draft_load(draft->path, NULL);
    g_assert_true(again->markdown);
    both = draft_build(again, NULL, 0, NULL);
    text = g_strndup(g_bytes_get_data(both, NULL), g_bytes_get_size(both));
    g_assert_nonnull(strstr(text, "multipart/alternative"));
    g_assert_nonnull(strstr(text, "text/html"));
    g_free(text);
    text = g_strndup(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain));
    g_assert_null(strstr(text, "text/html"));
}

static void
test_recipients(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);
    g_auto(GStrv) all = NULL;
    g_autofree char *joined = NULL;

    draft_parse(draft, "To: Bob <bob@x.example>, eve@x.example\n"
                       "Cc: group: eve@x.example, tom@b\303\274ro.example;\n"
                       "Bcc: hid@x.example; also@x.example\n\n");
    all = draft_recipients(draft, NULL);
    joined = g_strjoinv(" ", all);
    g_assert_cmpstr(joined, ==,
                    "bob@x.example eve@x.example tom@xn--bro-hoa.example "
                    "hid@x.example also@x.example");
}

/* --- sending
 * ------------------------------------------------------------------- */

typedef struct {
    char *id;
    GError *error;
    bool done;
} Sent;

static void
sent(const char *id, const GError *error, void *user)
{
    Sent *result = user;

    result->id = g_strdup(id);
    result->error = error ? g_error_copy(error) : NULL;
    result->done = true;
}

static void
flushed(guint n_sent, guint n_failed, void *user)
{
    *(bool *)user = true;
}

static void
flush(Fixture *f)
{
    bool done = false;

    outbox_flush(session_outbox(f->session), flushed, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
}

static Sent
send(Fixture *f, const char *path)
{
    SendHow how = { .no_undo = true };
    Sent result = { 0 };

    send_draft(f->session, path, &how, sent, &result);
    while (!result.done)
        g_main_context_iteration(NULL, TRUE);
    return result;
}

/* The newest row of a folder, and its bytes. */
static char *
newest(Fixture *f, FolderRole role)
{
    Store *store = session_store(f->session);
    g_autoptr(StoreFolder) folder =
        store_folder_by_role(store, "work", role, NULL);
    StoreView view = { .folder = folder ? folder->id : -1 };
    g_autoptr(GArray) ids = store_ids(store, &view, 0, NULL);
    g_autoptr(StoreRow) row = NULL;
    g_autofree char *path = NULL;
    char *bytes = NULL;
    gint64 last = 0;

    for (guint i = 0; i < ids->len; i++)
        last = MAX(last, g_array_index(ids, gint64, i));
    row = last ? store_row(store, last, NULL) : NULL;
    path = row ? session_message_path(f->session, row) : NULL;
    if (path)
        g_file_get_contents(path, &bytes, NULL, NULL);
    return bytes;
}

/* A reply goes out: the envelope has Bcc, the bytes have not; the copy is the
 * same bytes; the parent is replied; the draft is gone. */
static void
test_send(Fixture *f, const void *data)
{
    gint64 parent = deliver(f,
                            "From: bob@x.example\nTo: ana@lindqvist.example\n"
                            "Subject: hi\nMessage-ID: <p@x>\n",
                            "text\n");
    g_autoptr(Draft) draft = start(f, DRAFT_REPLY, parent);
    g_autofree char *arrived = NULL;
    g_autofree char *copy = NULL;
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(GPtrArray) list = NULL;
    Sent result;

    draft_set(draft, "bcc", "hidden@x.example", NULL);
    g_assert_true(draft_save(draft, NULL));
    result = send(f, draft->path);
    g_assert_no_error(result.error);
    list = outbox_list(session_outbox(f->session), NULL);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpuint(((OutboxEntry *)list->pdata[0])->recipients->len, ==, 2);
    flush(f);
    arrived = newest(f, FOLDER_ROLE_INBOX);
    copy = newest(f, FOLDER_ROLE_SENT);
    g_assert_nonnull(arrived);
    g_assert_cmpstr(arrived, ==, copy);
    g_assert_null(strstr(arrived, "hidden"));
    g_assert_null(g_strrstr(arrived, "Bcc"));
    g_assert_nonnull(strstr(arrived, "In-Reply-To: <p@x>\r\n"));
    row = store_row(session_store(f->session), parent, NULL);
    g_assert_cmpuint(row->flags & STORE_FLAG_REPLIED, !=, 0);
    g_assert_false(g_file_test(draft->path, G_FILE_TEST_EXISTS));
    g_assert_cmpuint(outbox_count(session_outbox(f->session), NULL), <=, 1);
    g_clear_pointer(&list, g_ptr_array_unref);
    list = outbox_list(session_outbox(f->session), NULL);
    g_assert_cmpuint(list->len, ==, 0);
    g_free(result.id);
}

/* Twice is refused; taken back, the draft is there again. */
static void
test_take_back(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);
    g_autoptr(GPtrArray) list = NULL;
    Outbox *outbox = session_outbox(f->session);
    Sent first;
    Sent second;

    draft_set(draft, "to", "bob@x.example", NULL);
    g_assert_true(draft_save(draft, NULL));
    first = send(f, draft->path);
    g_assert_no_error(first.error);
    second = send(f, draft->path);
    g_assert_true(err_is(second.error, ERR_USAGE));
    g_clear_error(&second.error);
    list = draft_list(f->session, NULL);
    g_assert_cmpuint(list->len, ==, 0);
    g_assert_true(outbox_cancel(outbox, first.id, NULL));
    g_clear_pointer(&list, g_ptr_array_unref);
    list = draft_list(f->session, NULL);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpstr(((Draft *)list->pdata[0])->path, ==, draft->path);
    g_free(first.id);
}

/* What leaves of a draft with this text; g_free(). */
static char *
sent_text(Fixture *f, const char *text)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);
    g_autoptr(OutboxEntry) entry = NULL;
    g_autoptr(GPtrArray) list = NULL;
    Outbox *outbox = session_outbox(f->session);
    g_autofree char *path = NULL;
    char *bytes = NULL;
    Sent result;

    draft_set(draft, "to", "bob@x.example", NULL);
    g_free(draft->text);
    draft->text = g_strdup(text);
    g_assert_true(draft_save(draft, NULL));
    result = send(f, draft->path);
    g_assert_no_error(result.error);
    path = outbox_bytes_path(outbox->folder, result.id);
    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    g_assert_true(outbox_cancel(outbox, result.id, NULL));
    g_free(result.id);
    return bytes;
}

/* Text that is mostly outside ASCII leaves as it is when the server was heard
 * to take that, else in base64; what is mostly ASCII stays readable anyway. */
static void
test_eight_bit(Fixture *f, const void *data)
{
    static const char russian[] = "привет\n";
    static const OutboxServer servers[] = { { .takes_8bit = true },
                                            { .takes_8bit = false } };
    g_autofree char *unknown = sent_text(f, russian);

    g_assert_true(g_str_is_ascii(unknown));
    g_assert_nonnull(strstr(unknown, "Transfer-Encoding: base64\r\n"));
    for (gsize i = 0; i < G_N_ELEMENTS(servers); i++) {
        g_autofree char *high = NULL;
        g_autofree char *low = NULL;

        outbox_note_server(session_outbox(f->session), "work", &servers[i]);
        high = sent_text(f, russian);
        g_assert_cmpint(strstr(high, "\r\nпривет\r\n") != NULL, ==,
                        servers[i].takes_8bit);
        g_assert_nonnull(strstr(high, servers[i].takes_8bit
                                          ? "Transfer-Encoding: 8bit\r\n"
                                          : "Transfer-Encoding: base64\r\n"));
        low = sent_text(f, "Das ist gr\303\274n.\n");
        g_assert_nonnull(strstr(low, "Das ist gr=C3=BCn.\r\n"));
    }
}

static void
test_stopped(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);
    Sent result = send(f, draft->path);

    g_assert_true(err_is(result.error, ERR_USAGE));
    g_assert_nonnull(strstr(result.error->message, "no recipient"));
    g_clear_error(&result.error);
}

static void
test_veto(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);
    Sent result;

    draft_set(draft, "to", "bob@x.example", NULL);
    draft_save(draft, NULL);
    result = send(f, draft->path);
    g_assert_nonnull(result.error);
    g_assert_nonnull(strstr(result.error->message, "never on Sunday"));
    g_assert_cmpuint(outbox_count(session_outbox(f->session), NULL), ==, 0);
    g_assert_true(g_file_test(draft->path, G_FILE_TEST_EXISTS));
    g_clear_error(&result.error);
}

static void
test_rewrite(Fixture *f, const void *data)
{
    g_autoptr(Draft) draft = start(f, DRAFT_NEW, 0);
    g_autofree char *copy = NULL;
    Sent result;

    draft_set(draft, "to", "bob@x.example", NULL);
    draft_set(draft, "subject", "colour", NULL);
    draft_save(draft, NULL);
    result = send(f, draft->path);
    g_assert_no_error(result.error);
    flush(f);
    copy = newest(f, FOLDER_ROLE_SENT);
    g_assert_nonnull(copy);
    g_assert_nonnull(strstr(copy, "Subject: color\r\n"));
    g_free(result.id);
}

/* --- sendmail
 * ------------------------------------------------------------------ */

static void
test_sendmail(Fixture *f, const void *data)
{
    static const char text[] =
        "From ana Mon Nov 23\nTo: Bob <bob@x.example>\nBcc: hid@x.example,\n"
        " eve@x.example\nSubject: cron\n\n.\nbody\n";
    const char *recipients[] = { "root", NULL };
    g_autofree char *path = g_build_filename(f->root, "message", NULL);
    SendMessage message = { .path = path,
                            .recipients = recipients,
                            .read_recipients = true };
    g_autoptr(GPtrArray) list = NULL;
    g_autofree char *copy = NULL;
    const OutboxEntry *entry;
    Sent result = { 0 };

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    send_message(f->session, &message, sent, &result);
    while (!result.done)
        g_main_context_iteration(NULL, TRUE);
    g_assert_no_error(result.error);
    list = outbox_list(session_outbox(f->session), NULL);
    entry = list->pdata[0];
    g_assert_cmpuint(entry->recipients->len, ==, 4);
    g_assert_cmpstr(((OutboxRecipient *)entry->recipients->pdata[0])->address,
                    ==, "ana@lindqvist.example");
    g_assert_cmpstr(entry->sender, ==, "ana@lindqvist.example");
    flush(f);
    copy = newest(f, FOLDER_ROLE_SENT);
    g_assert_nonnull(copy);
    g_assert_null(strstr(copy, "hid@"));
    g_assert_null(strstr(copy, "eve@"));
    g_assert_nonnull(strstr(copy, "From: ana@lindqvist.example\r\n"));
    g_assert_nonnull(strstr(copy, "\r\nTo: Bob <bob@x.example>\r\n"));
    g_assert_nonnull(strstr(copy, "Date: "));
    g_assert_nonnull(strstr(copy, "Message-ID: <"));
    g_assert_true(g_str_has_suffix(copy, "Subject: cron\r\n\r\n.\r\nbody\r\n"));
    g_free(result.id);
}

#define ADD(NAME, MORE, FN)                                                    \
    g_test_add("/core/draft/" NAME, Fixture, MORE, set_up, FN, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    ADD("replies", NULL, test_replies);
    ADD("references", NULL, test_references);
    ADD("forward", NULL, test_forward);
    ADD("forward-links", NULL, test_forward_links);
    ADD("as-new", NULL, test_as_new);
    ADD("forward-attached", NULL, test_forward_attached);
    ADD("attribution", "set attribution '%n <%a>, 100 % of \"%s\":'\n",
        test_attribution);
    ADD("files", NULL, test_files);
    ADD("set", NULL, test_set);
    ADD("eight-bit", NULL, test_eight_bit);
    ADD("template", NULL, test_template);
    ADD("markdown", NULL, test_markdown);
    ADD("recipients", NULL, test_recipients);
    ADD("send", NULL, test_send);
    ADD("take-back", NULL, test_take_back);
    ADD("stopped", NULL, test_stopped);
    ADD("veto",
        "hook before-send { exec --wait sh -c "
        "'echo never on Sunday >&2; exit 1' }\n",
        test_veto);
    ADD("rewrite", "hook before-send { exec --filter sed s/colour/color/ }\n",
        test_rewrite);
    ADD("sendmail", NULL, test_sendmail);
    return g_test_run();
}
