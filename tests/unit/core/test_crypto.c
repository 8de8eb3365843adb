/* OpenPGP in a session: what is sent, what is kept as a draft, what an answer
 * has of what it answers, and that nothing that was decrypted is on the disk
 * (promises P67, P69). */
#include "core/crypto.h"

#include "base/err.h"
#include "base/file.h"
#include "core/act.h"
#include "core/draft.h"
#include "core/send.h"
#include "keyrings.h"
#include "scene.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECRET "the treasure lies under the oak"

static const char config[] = "set undo-send 0s\n"
                             "account work {\n"
                             "    name     \"Ana Novak\"\n"
                             "    address  ana@example.org\n"
                             "    outgoing demo:\n"
                             "}\n";

typedef struct {
    char *root;
    Session *session;
    gint64 parent; /* encrypted for Ana, signed by Ben */
} Fixture;

/* What Ben writes to Ana. */
static GBytes *
from_ben(MimeProtocol protocol)
{
    static const char *const readers[] = { "<ana@example.org>",
                                           "<ben@example.org>", NULL };
    MimeSeal seal = { .protocol = protocol,
                      .sign = true,
                      .encrypt = true,
                      .any_key = true,
                      .signer = "<ben@example.org>",
                      .readers = readers };
    MimeDraft draft = { .from = "ben@example.org",
                        .to = "ana@example.org",
                        .subject = "treasure",
                        .text = SECRET "\n",
                        .seal = &seal };
    g_autoptr(GError) error = NULL;
    GBytes *bytes;

    keyrings_use("ben");
    bytes = mime_build(&draft, &error);
    g_assert_no_error(error);
    keyrings_use("ana");
    return bytes;
}

/* It arrives. */
static gint64
add(Fixture *f, GBytes *bytes)
{
    ActAppend what = { .bytes = g_bytes_get_data(bytes, NULL),
                       .size = g_bytes_get_size(bytes) };
    g_autoptr(GError) error = NULL;
    gint64 id;

    what.folder = session_make_folder(f->session, "work", "INBOX",
                                      FOLDER_ROLE_INBOX, &error);
    id = act_append(f->session, &what, &error);
    g_assert_no_error(error);
    return id;
}

static void
set_up(Fixture *f, const void *data)
{
    g_autofree char *text = g_strconcat(config, data, NULL);
    g_autoptr(GBytes) bytes = from_ben(MIME_OPENPGP);

    f->session = scene_open(text, false, &f->root);
    f->parent = add(f, bytes);
}

static void
tear_down(Fixture *f, const void *data)
{
    session_settle(f->session);
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

static bool
file_holds(const char *path, const char *needle)
{
    g_autofree char *bytes = NULL;
    gsize size;

    return g_file_get_contents(path, &bytes, &size, NULL)
           && memmem(bytes, size, needle, strlen(needle)) != NULL;
}

/* Does any file below have it? */
static bool
is_below(const char *folder, const char *needle)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR) ? is_below(path, needle)
                                                  : file_holds(path, needle)) {
            g_test_message("%s", path);
            return true;
        }
    }
    return false;
}

static Draft *
start(Fixture *f, const DraftStart *how)
{
    g_autoptr(GError) error = NULL;
    Draft *draft = draft_start(f->session, how, &error);

    g_assert_no_error(error);
    return draft;
}

static void
took_note(const MimeOpened *opened, const GError *error, void *user)
{
    g_assert_no_error(error);
    *(bool *)user = true;
}

/* As it lies there. */
static MimeMessage *
load(Fixture *f, gint64 id)
{
    g_autoptr(StoreRow) row = store_row(session_store(f->session), id, NULL);
    g_autofree char *path = session_message_path(f->session, row);
    MimeMessage *message = mime_load_file(path, NULL);

    g_assert_nonnull(message);
    return message;
}

static const MimeOpened *
open_row(Fixture *f, gint64 id, bool decrypt)
{
    Crypto *crypto = session_crypto(f->session);
    CryptoRequest request = { .id = id,
                              .message = load(f, id),
                              .decrypt = decrypt };
    bool done = false;

    crypto_open(crypto, &request, took_note, &done);
    g_assert_false(done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
    return crypto_opened(crypto, id);
}

/* Opened, searched for, shown: what was inside is in memory alone. */
static void
test_opened(Fixture *f, const void *data)
{
    const MimeOpened *opened;
    g_autoptr(StoreRow) row =
        store_row(session_store(f->session), f->parent, NULL);
    g_autoptr(MimeMessage) closed = crypto_load(f->session, row, NULL);
    g_autoptr(MimeMessage) open = NULL;
    g_autofree char *words = NULL;
    CryptoMark mark;

    g_assert_true(mime_is_encrypted(closed));
    g_assert_null(crypto_opened(session_crypto(f->session), f->parent));
    g_assert_cmpstr(mime_header(closed, "Subject"), ==, "[...]");
    g_assert_cmpstr(row->subject, ==, "[...]");
    opened = open_row(f, f->parent, true);
    g_assert_nonnull(opened->bytes);
    words = crypto_words(opened, row->from_addr, &mark);
    g_assert_cmpstr(words, ==,
                    "OpenPGP: encrypted · signed by Ben Okafor "
                    "<ben@example.org>");
    g_assert_cmpint(mark, ==, CRYPTO_GOOD);
    open = crypto_load(f->session, row, NULL);
    g_assert_cmpstr(mime_header(open, "Subject"), ==, "treasure");
    session_settle(f->session);
    g_assert_false(is_below(f->root, SECRET));
    g_assert_false(is_below(f->root, "treasure"));
}

/* Asked for signatures alone (a hook is): nothing is decrypted. */
static void
test_not_decrypted(Fixture *f, const void *data)
{
    const MimeOpened *opened = open_row(f, f->parent, false);

    g_assert_true(opened->encrypted);
    g_assert_null(opened->bytes);
}

/* The newest are kept, of each row once. */
static void
test_kept(Fixture *f, const void *data)
{
    Crypto *crypto = session_crypto(f->session);
    g_autoptr(MimeMessage) message = load(f, f->parent);

    for (gint64 id = 100; id <= 100 + CRYPTO_KEPT; id++)
        g_assert_nonnull(crypto_open_here(crypto, id, message));
    g_assert_nonnull(crypto_open_here(crypto, 101, message));
    g_assert_nonnull(crypto_open_here(crypto, 99, message));
    g_assert_null(crypto_opened(crypto, 100));
    g_assert_null(crypto_opened(crypto, 102));
    g_assert_nonnull(crypto_opened(crypto, 101));
    g_assert_nonnull(crypto_opened(crypto, 103));
}

/* Opened again without its key, it stays open. */
static void
test_stays_open(Fixture *f, const void *data)
{
    Crypto *crypto = session_crypto(f->session);
    g_autoptr(MimeMessage) message = load(f, f->parent);
    const MimeOpened *opened = open_row(f, f->parent, true);
    const GBytes *bytes = opened->bytes;

    g_assert_nonnull(bytes);
    keyrings_use("carl");
    opened = open_row(f, f->parent, true);
    g_assert_true(opened->bytes == bytes);
    opened = crypto_open_here(crypto, f->parent, message);
    g_assert_true(opened->bytes == bytes);
    opened = crypto_open_here(crypto, f->parent + 1, message);
    g_assert_true(opened->encrypted && opened->bytes == NULL);
    keyrings_use("ana");
}

static void
test_reply(Fixture *f, const void *data)
{
    DraftStart how = { .kind = DRAFT_REPLY, .parent = f->parent };
    g_autoptr(Draft) before = start(f, &how);
    g_autoptr(Draft) after = NULL;
    g_autoptr(Draft) selected = NULL;
    bool may_quote = strstr(data, "quote-decrypted") != NULL;

    g_assert_true(before->encrypt);
    g_assert_cmpstr(before->to, ==, "ben@example.org");
    g_assert_null(strstr(before->text, SECRET));
    g_assert_cmpstr(before->subject, ==, "Re: [...]");
    open_row(f, f->parent, true);
    after = start(f, &how);
    g_assert_true(after->encrypt);
    g_assert_cmpint(strstr(after->text, "> " SECRET) != NULL, ==, may_quote);
    g_assert_cmpint(is_below(f->root, SECRET), ==, may_quote);
    g_assert_cmpstr(after->subject, ==,
                    may_quote ? "Re: treasure" : "Re: [...]");
    how.quote = "> under the oak\n";
    selected = start(f, &how);
    g_assert_null(strstr(selected->text, SECRET));
    g_assert_cmpint(strstr(selected->text, how.quote) != NULL, ==, may_quote);
}

static void
test_forward(Fixture *f, const void *data)
{
    DraftStart how = { .kind = DRAFT_FORWARD,
                       .parent = f->parent,
                       .to = "ben@example.org" };
    g_autoptr(GError) error = NULL;
    g_autoptr(Draft) whole = NULL;

    open_row(f, f->parent, true);
    g_assert_null(draft_start(f->session, &how, &error));
    g_assert_nonnull(strstr(error->message, "quote-decrypted"));
    how.kind = DRAFT_FORWARD_ATTACHED;
    whole = start(f, &how);
    g_assert_cmpuint(whole->attach->len, ==, 1);
    g_assert_false(is_below(f->root, SECRET));
}

#define OUTSIDE                                                                \
    "From: ben@example.org\nTo: ana@example.org\nSubject: layers\n"            \
    "MIME-Version: 1.0\n"

/* Anybody can put a signature beside what was encrypted, even one that is
 * none. */
static GBytes *
beside_signature(MimeProtocol protocol)
{
    g_autoptr(GBytes) inside = from_ben(protocol);
    g_autoptr(GString) out =
        g_string_new(OUTSIDE "Content-Type: multipart/signed; boundary=b;\n"
                             " protocol=\"application/x\"\n\n--b\n");

    g_string_append_len(out, g_bytes_get_data(inside, NULL),
                        (gssize)g_bytes_get_size(inside));
    g_string_append(out, "\n--b\nContent-Type: application/x\n\nx\n--b--\n");
    return g_string_free_to_bytes(g_steal_pointer(&out));
}

/* The type does not say that there is an encrypted layer in it. */
static GBytes *
in_signed_data(MimeProtocol protocol)
{
    g_autoptr(GBytes) inside = from_ben(protocol);
    g_autofree char *base64 =
        keyrings_run("ben",
                     "gpgsm --batch --quiet -u ben@example.org --sign \"$IN\" "
                     "2>/dev/null | base64",
                     inside, NULL);
    char *text = g_strconcat(OUTSIDE "Content-Type: application/pkcs7-mime;"
                                     " smime-type=signed-data\n"
                                     "Content-Transfer-Encoding: base64\n\n",
                             base64, NULL);

    keyrings_use("ana");
    return g_bytes_new_take(text, strlen(text));
}

/* Nothing of what is encrypted below a signature comes into a draft either, not
 * even lines that were selected while it was open. */
static void
check_layers(Fixture *f, GBytes *bytes, MimeProtocol protocol)
{
    DraftStart how = { .kind = DRAFT_REPLY,
                       .parent = add(f, bytes),
                       .quote = "> " SECRET "\n" };
    g_autoptr(Draft) before = start(f, &how);
    g_autoptr(Draft) after = NULL;
    g_autoptr(GError) error = NULL;
    const MimeOpened *opened;

    g_assert_null(strstr(before->text, SECRET));
    opened = open_row(f, how.parent, true);
    g_assert_true(opened->encrypted && opened->bytes);
    after = start(f, &how);
    g_assert_null(strstr(after->text, SECRET));
    g_assert_true(after->encrypt && after->answers);
    g_assert_cmpint(after->smime, ==, protocol == MIME_SMIME);
    how.kind = DRAFT_FORWARD;
    g_assert_null(draft_start(f->session, &how, &error));
    g_assert_nonnull(strstr(error->message, "quote-decrypted"));
    g_assert_false(is_below(f->root, SECRET));
}

static void
test_layers(Fixture *f, const void *data)
{
    for (MimeProtocol protocol = MIME_OPENPGP; protocol <= MIME_SMIME;
         protocol++) {
        g_autoptr(GBytes) beside = beside_signature(protocol);
        g_autoptr(GBytes) in = in_signed_data(protocol);

        check_layers(f, beside, protocol);
        check_layers(f, in, protocol);
    }
}

/* An answer in the clear to what was encrypted is worth a look. */
static void
test_checks(Fixture *f, const void *data)
{
    DraftStart how = { .kind = DRAFT_REPLY,
                       .parent = f->parent,
                       .bcc = "carl@example.org" };
    g_autoptr(Draft) draft = start(f, &how);
    g_autoptr(GPtrArray) right = draft_checks(f->session, draft);
    g_autoptr(GPtrArray) open = NULL;
    g_autoptr(GPtrArray) smime = NULL;
    bool told = false;

    for (guint i = 0; i < right->len; i++)
        g_assert_cmpint(((DraftCheck *)right->pdata[i])->kind, !=,
                        DRAFT_CHECK_STOP);
    draft->encrypt = false;
    open = draft_checks(f->session, draft);
    for (guint i = 0; i < open->len; i++)
        told |= strstr(((DraftCheck *)open->pdata[i])->text,
                       "answers an encrypted message")
                != NULL;
    g_assert_true(told);
    draft->encrypt = draft->smime = true;
    smime = draft_checks(f->session, draft);
    g_assert_cmpint(((DraftCheck *)smime->pdata[0])->kind, ==,
                    DRAFT_CHECK_STOP);
    g_assert_nonnull(
        strstr(((DraftCheck *)smime->pdata[0])->text, "S/MIME shows"));
}

typedef struct {
    bool done;
    GError *error;
} Sent;

static void
sent(const char *id, const GError *error, void *user)
{
    Sent *result = user;

    result->done = true;
    result->error = error ? g_error_copy(error) : NULL;
}

static GError *
send(Fixture *f, const Draft *draft)
{
    SendHow how = { .no_undo = true };
    Sent result = { 0 };

    send_draft(f->session, draft->path, &how, sent, &result);
    while (!result.done)
        g_main_context_iteration(NULL, TRUE);
    return result.error;
}

/* The messages that wait to be sent. */
static guint
queued(Fixture *f)
{
    g_autoptr(GPtrArray) list =
        outbox_list(session_outbox(f->session), NULL);

    return list->len;
}

/* A recipient without a key: one line, and nothing is in the outbox. */
static void
test_no_key(Fixture *f, const void *data)
{
    DraftStart how = { .kind = DRAFT_NEW,
                       .to = "ben@example.org, dora@example.org",
                       .subject = "plan",
                       .body = SECRET "\n" };
    g_autoptr(Draft) draft = start(f, &how);
    g_autoptr(GError) error = NULL;

    g_assert_true(draft->encrypt);
    error = send(f, draft);
    g_assert_error(error, ERR_DOMAIN, ERR_USAGE);
    g_assert_cmpstr(error->message, ==,
                    "there is no OpenPGP key for dora@example.org: import it, "
                    "or do not encrypt");
    g_assert_cmpuint(queued(f), ==, 0);
    g_assert_false(is_below(session_paths(f->session)->outbox, SECRET));
    g_assert_true(g_file_test(draft->path, G_FILE_TEST_EXISTS));
}

/* Encrypted for everyone and the writer; those in Bcc are not named. */
static void
test_sent(Fixture *f, const void *data)
{
    DraftStart how = { .kind = DRAFT_NEW,
                       .to = "ben@example.org",
                       .bcc = "carl@example.org",
                       .subject = "plan",
                       .body = SECRET "\n",
                       .account = "work" };
    g_autoptr(Draft) draft = start(f, &how);
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GDir) dir = NULL;
    g_autofree char *path = NULL;
    const char *folder = session_paths(f->session)->outbox;
    g_autoptr(GError) error = NULL;
    const char *name;

    draft->sign = true;
    g_assert_true(draft_save(draft, NULL));
    error = send(f, draft);
    g_assert_no_error(error);
    dir = g_dir_open(folder, 0, NULL);
    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".eml"))
            path = g_build_filename(folder, name, NULL);
    g_assert_nonnull(path);
    g_assert_false(file_holds(path, SECRET));
    g_assert_false(file_holds(path, "carl"));
    g_assert_false(file_holds(path, "plan"));
    {
        g_autofree char *text = NULL;
        gsize size;

        g_assert_true(g_file_get_contents(path, &text, &size, NULL));
        bytes = g_bytes_new_take(g_steal_pointer(&text), size);
    }
    for (const char *const *who = (const char *const[]){ "ben", "carl", "ana",
                                                         NULL };
         *who; who++) {
        g_autofree char *said =
            keyrings_run(*who, "gpg --batch --decrypt \"$IN\"", bytes, NULL);

        g_assert_nonnull(strstr(said, SECRET));
        g_assert_nonnull(strstr(said, "Subject: plan"));
        g_assert_nonnull(strstr(said, "anonymous recipient"));
    }
    keyrings_use("ana");
}

static void
keep(Fixture *f, const char *path)
{
    draft_keep(f->session, path);
    while (outbox_is_building(session_outbox(f->session)))
        g_main_context_iteration(NULL, TRUE);
}

static gint64
only_copy(Fixture *f)
{
    Store *store = session_store(f->session);
    g_autoptr(StoreFolder) folder =
        store_folder_by_role(store, "work", FOLDER_ROLE_DRAFTS, NULL);
    StoreView view = { .folder = folder->id };
    g_autoptr(GArray) ids = store_ids(store, &view, 0, NULL);

    g_assert_cmpuint(ids->len, ==, 1);
    return g_array_index(ids, gint64, 0);
}

static bool
copy_holds(Fixture *f, gint64 id, const char *needle)
{
    g_autoptr(StoreRow) row = store_row(session_store(f->session), id, NULL);
    g_autofree char *path = session_message_path(f->session, row);

    return file_holds(path, needle);
}

typedef struct {
    bool done;
    char *path; /* NULL: not resumed */
} Resumed;

static void
resumed(Draft *draft, const GError *error, void *user)
{
    Resumed *result = user;

    result->done = true;
    result->path = draft ? g_strdup(draft->path) : NULL;
}

static Draft *
resume(Fixture *f, gint64 id)
{
    Resumed result = { 0 };
    Draft *draft;

    draft_resume(f->session, id, NULL, resumed, &result);
    while (!result.done)
        g_main_context_iteration(NULL, TRUE);
    draft = result.path ? draft_load(result.path, NULL) : NULL;
    g_free(result.path);
    return draft;
}

/* In the Drafts folder it is encrypted for its writer, from when it is to be
 * encrypted; there it can be gone on with. */
static void
test_draft(Fixture *f, const void *data)
{
    DraftStart how = { .kind = DRAFT_NEW,
                       .to = "dora@example.org",
                       .bcc = "emil@example.org",
                       .subject = "plan",
                       .body = SECRET "\n" };
    g_autoptr(Draft) draft = start(f, &how);
    g_autoptr(Draft) again = NULL;
    g_autoptr(Draft) other = NULL;
    g_autoptr(StoreRow) row = NULL;
    gint64 id;

    keep(f, draft->path);
    id = only_copy(f);
    g_assert_true(copy_holds(f, id, SECRET));
    again = draft_load(draft->path, NULL);
    again->encrypt = true;
    g_assert_true(draft_save(again, NULL));
    keep(f, draft->path);
    id = only_copy(f);
    g_assert_false(copy_holds(f, id, SECRET));
    g_assert_false(copy_holds(f, id, "dora"));
    g_assert_false(copy_holds(f, id, "emil"));
    g_assert_false(copy_holds(f, id, "plan"));
    row = store_row(session_store(f->session), id, NULL);
    g_assert_cmpstr(row->to, ==, "dora@example.org"); /* lists say it */
    g_assert_cmpstr(row->subject, ==, "[...]");
    g_unlink(draft->path); /* as another machine has it */
    g_assert_null(resume(f, id));
    open_row(f, id, true);
    other = resume(f, id);
    g_assert_nonnull(other);
    g_assert_true(other->encrypt);
    g_assert_cmpstr(other->text, ==, SECRET "\n");
    g_assert_cmpstr(other->to, ==, "dora@example.org");
    g_assert_cmpstr(other->bcc, ==, "emil@example.org");
    g_assert_cmpstr(other->subject, ==, "plan");
}

/* What it forwards is inside as well, and is found again. */
static void
test_draft_forward(Fixture *f, const void *data)
{
    static const char text[] = "From: ben@example.org\nMessage-ID: <old@x>\n"
                               "Subject: hi\n\ntext\n";
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    DraftStart how = { .kind = DRAFT_FORWARD,
                       .parent = add(f, bytes),
                       .to = "dora@example.org" };
    g_autoptr(Draft) draft = start(f, &how);
    g_autoptr(Draft) other = NULL;
    gint64 id;

    draft->encrypt = true;
    g_assert_true(draft_save(draft, NULL));
    keep(f, draft->path);
    id = only_copy(f);
    g_assert_false(copy_holds(f, id, "X-Forwarded"));
    g_unlink(draft->path);
    open_row(f, id, true);
    other = resume(f, id);
    g_assert_nonnull(other);
    g_assert_cmpint(other->kind, ==, DRAFT_FORWARD);
    g_assert_cmpint(other->parent, ==, how.parent);
}

/* The copy cannot be encrypted: it is kept here only. */
static void
test_draft_without_key(Fixture *f, const void *data)
{
    DraftStart how = { .kind = DRAFT_NEW,
                       .to = "ben@example.org",
                       .body = SECRET "\n" };
    g_autoptr(Draft) draft = start(f, &how);
    Store *store = session_store(f->session);
    g_autoptr(StoreFolder) folder = NULL;
    g_autoptr(GArray) ids = NULL;
    StoreView view;

    keep(f, draft->path);
    folder = store_folder_by_role(store, "work", FOLDER_ROLE_DRAFTS, NULL);
    view = (StoreView){ .folder = folder ? folder->id : -1 };
    ids = store_ids(store, &view, 0, NULL);
    g_assert_cmpuint(ids->len, ==, 0);
    g_assert_true(file_holds(draft->path, SECRET));
    g_assert_false(is_below(session_paths(f->session)->mail, SECRET));
}

static void
test_words(void)
{
    MimeOpened opened = { .signature = MIME_SIGNED_GOOD,
                          .signer = "Ana <ana@x>",
                          .signer_address = "ana@x",
                          .key = "ABCD",
                          .bytes = (GBytes *)"" };
    static const struct {
        MimeSigned signature;
        const char *words;
        CryptoMark mark;
    } rows[] = {
        { MIME_SIGNED_NOT, "OpenPGP: not signed", CRYPTO_DIM },
        { MIME_SIGNED_GOOD, "OpenPGP: signed by Ana <ana@x>", CRYPTO_GOOD },
        { MIME_SIGNED_UNKNOWN,
          "OpenPGP: signed with a key that you have not certified: Ana <ana@x>",
          CRYPTO_WARN },
        { MIME_SIGNED_NO_KEY, "OpenPGP: signed with an unknown key, ABCD",
          CRYPTO_WARN },
        { MIME_SIGNED_EXPIRED,
          "OpenPGP: signed; key or signature has expired: Ana <ana@x>",
          CRYPTO_WARN },
        { MIME_SIGNED_REVOKED,
          "OpenPGP: signed with a revoked key: Ana <ana@x>", CRYPTO_BAD },
        { MIME_SIGNED_UNCHECKED, "OpenPGP: the signature could not be checked",
          CRYPTO_WARN },
        { MIME_SIGNED_BAD,
          "OpenPGP: bad signature, it was changed: Ana <ana@x>", CRYPTO_BAD },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        CryptoMark mark;
        g_autofree char *words = NULL;

        opened.signature = rows[i].signature;
        words = crypto_words(&opened, "ANA@x", &mark);
        g_assert_cmpstr(words, ==, rows[i].words);
        g_assert_cmpint(mark, ==, rows[i].mark);
    }
}

/* A right signature of somebody else than the sender is no good news. */
static void
test_words_other(void)
{
    MimeOpened opened = { .protocol = MIME_SMIME,
                          .encrypted = true,
                          .signature = MIME_SIGNED_GOOD,
                          .signer = "Eve <eve@x>",
                          .signer_address = "eve@x",
                          .other_from = true,
                          .bytes = (GBytes *)"" };
    CryptoMark mark;
    g_autofree char *words = crypto_words(&opened, "ana@x", &mark);

    g_assert_cmpstr(words, ==,
                    "S/MIME: another sender is named inside · encrypted · "
                    "signed by another than the sender: Eve <eve@x>");
    g_assert_cmpint(mark, ==, CRYPTO_WARN);
}

#define ADD(NAME, CONFIG, FN)                                                  \
    g_test_add("/core/crypto/" NAME, Fixture, CONFIG, set_up, FN, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("P67/opened", "", test_opened);
    ADD("P67/not-decrypted", "", test_not_decrypted);
    ADD("P67/reply", "", test_reply);
    ADD("P67/reply-quoted", "set quote-decrypted on\n", test_reply);
    ADD("P67/forward", "", test_forward);
    ADD("P67/layers", "", test_layers);
    ADD("kept", "", test_kept);
    ADD("stays-open", "", test_stays_open);
    ADD("checks", "", test_checks);
    ADD("no-key", "set crypto-encrypt on\n", test_no_key);
    ADD("P69/sent", "set crypto-encrypt on\nset crypto-any-key on\n",
        test_sent);
    ADD("P67/draft", "", test_draft);
    ADD("P67/draft-forward", "", test_draft_forward);
    ADD("P67/draft-without-key",
        "set crypto-encrypt on\nset openpgp-key nobody@example.org\n",
        test_draft_without_key);
    g_test_add_func("/core/crypto/words", test_words);
    g_test_add_func("/core/crypto/words-other", test_words_other);
    return keyrings_test();
}
