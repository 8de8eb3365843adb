/* What leaves is signed and encrypted so that gpg and gpgsm themselves agree;
 * what came is opened, and nothing from outside is beside what was inside
 * (promises P67, P69). Real keyrings in a scratch folder. */
#include "base/err.h"
#include "keyrings.h"
#include "mime/seal.h"

static const char *const for_ben[] = { "<ben@example.org>",
                                       "<ana@example.org>", NULL };

static MimeSeal
both(MimeProtocol protocol)
{
    return (MimeSeal){ .protocol = protocol,
                       .sign = true,
                       .encrypt = true,
                       .signer = "<ana@example.org>",
                       .readers = for_ben };
}

static GBytes *
try_build(const MimeSeal *seal, GError **error)
{
    MimeDraft draft = {
        .from = "Ana Novák <ana@example.org>",
        .to = "ben@example.org",
        .subject = "Žluťoučký secret",
        .message_id = "1@example.org",
        .text = "From the äußere Welt \nnot for others\n",
        .format_flowed = true,
        .seal = seal,
    };

    return mime_build(&draft, error);
}

static GBytes *
build(const MimeSeal *seal)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes;

    keyrings_use("ana");
    bytes = try_build(seal, &error);
    g_assert_no_error(error);
    return bytes;
}

static MimeMessage *
load(GBytes *bytes)
{
    return mime_load_bytes(g_bytes_get_data(bytes, NULL),
                           g_bytes_get_size(bytes));
}

static MimeOpened *
open_as(const char *who, GBytes *bytes)
{
    g_autoptr(MimeMessage) message = load(bytes);

    keyrings_use(who);
    return mime_open(message, true);
}

static bool
holds(GBytes *bytes, const char *needle)
{
    return g_strstr_len(g_bytes_get_data(bytes, NULL),
                        (gssize)g_bytes_get_size(bytes), needle)
           != NULL;
}

static char *
bytes_text(GBytes *bytes)
{
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static char *
text_of(const MimeOpened *opened)
{
    g_autoptr(MimeMessage) message = mime_opened_message(opened);
    MimeTextOptions options = { .width = 200, .all_quotes = true };
    g_autoptr(MimeText) text = mime_text(message, &options);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < text->lines->len; i++)
        g_string_append_printf(out, "%s\n",
                               ((MimeLine *)text->lines->pdata[i])->text);
    return g_string_free(out, FALSE);
}

static void
check_inside(const MimeOpened *opened)
{
    g_autoptr(MimeMessage) message = mime_opened_message(opened);
    g_autofree char *text = text_of(opened);

    g_assert_nonnull(opened->bytes);
    g_assert_nonnull(strstr(text, "äußere Welt"));
    g_assert_cmpstr(mime_header(message, "Subject"), ==, "Žluťoučký secret");
    g_assert_cmpstr(mime_header(message, "To"), ==, "ben@example.org");
    g_assert_false(opened->other_from);
    g_assert_cmpstr(opened->signer_address, ==, "ana@example.org");
}

/* A signature breaks when a server on the way encodes what it signs. */
static void
test_never_8bit(void)
{
    for (MimeProtocol protocol = MIME_OPENPGP; protocol <= MIME_SMIME;
         protocol++) {
        MimeSeal seal = { .protocol = protocol,
                          .sign = true,
                          .signer = "<ana@example.org>" };
        const MimeDraft draft = { .from = "ana@example.org",
                                  .text = "привет\n",
                                  .html = "<p>привет, мир</p>\n",
                                  .eight_bit = true,
                                  .seal = &seal };
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = NULL;
        g_autofree char *text = NULL;

        keyrings_use("ana");
        bytes = mime_build(&draft, &error);
        g_assert_no_error(error);
        text = bytes_text(bytes);
        g_assert_true(g_str_is_ascii(text));
    }
}

static void
test_openpgp(void)
{
    MimeSeal seal = both(MIME_OPENPGP);
    g_autoptr(GBytes) bytes = build(&seal);
    g_autoptr(MimeOpened) ben = NULL;
    g_autoptr(MimeOpened) ana = NULL;
    int status;
    g_autofree char *said = keyrings_run(
        "ben", "gpg --batch --decrypt \"$IN\"", bytes, &status);

    g_assert_cmpint(status, ==, 0);
    g_assert_nonnull(strstr(said, "Good signature from \"Ana Novak"));
    g_assert_nonnull(strstr(said, "not for others"));
    g_assert_nonnull(strstr(said, "hp=cipher"));
    g_assert_nonnull(strstr(said, "HP-Outer: Subject: [...]"));
    g_assert_true(holds(bytes, "Subject: [...]\r\n"));
    g_assert_false(holds(bytes, "secret"));
    g_assert_false(holds(bytes, "not for others"));
    ben = open_as("ben", bytes);
    g_assert_true(ben->encrypted);
    g_assert_cmpint(ben->signature, ==, MIME_SIGNED_UNKNOWN);
    check_inside(ben);
    ana = open_as("ana", bytes);
    g_assert_cmpint(ana->signature, ==, MIME_SIGNED_GOOD);
    check_inside(ana);
}

static void
test_openpgp_signed(void)
{
    MimeSeal seal = { .sign = true, .signer = "<ana@example.org>" };
    g_autoptr(GBytes) bytes = build(&seal);
    g_autoptr(MimeOpened) ana = open_as("ana", bytes);
    g_autoptr(MimeOpened) carl = open_as("carl", bytes);
    /* The content ends before the line end in front of the boundary. */
    g_autofree char *said = keyrings_run(
        "ben",
        "python3 -c \"import sys;b=open(sys.argv[1],'rb').read();"
        "m=b.split(b'boundary=\\\"')[1].split(b'\\\"')[0];"
        "p=b.split(b'--'+m+b'\\r\\n');"
        "open(sys.argv[1]+'.c','wb').write(p[1][:-2]);"
        "open(sys.argv[1]+'.s','wb').write(p[2])\" \"$IN\"; "
        "gpg --batch --verify \"$IN.s\" \"$IN.c\"",
        bytes, NULL);

    g_assert_nonnull(strstr(said, "Good signature from \"Ana Novak"));
    g_assert_true(holds(bytes, "hp=clear"));
    g_assert_false(ana->encrypted);
    g_assert_cmpint(ana->signature, ==, MIME_SIGNED_GOOD);
    check_inside(ana);
    g_assert_cmpint(carl->signature, ==, MIME_SIGNED_NO_KEY);
    g_assert_nonnull(carl->bytes);
    g_assert_nonnull(carl->key);
}

static void
test_smime(void)
{
    MimeSeal seal = both(MIME_SMIME);
    g_autoptr(GBytes) bytes = build(&seal);
    g_autoptr(MimeOpened) ben = open_as("ben", bytes);
    g_autofree char *said = keyrings_run(
        "ben",
        "sed '1,/^\\r*$/d' \"$IN\" | base64 -di > \"$IN.p7m\"; "
        "gpgsm --batch --decrypt \"$IN.p7m\"",
        bytes, NULL);

    g_assert_nonnull(strstr(said, "multipart/signed"));
    g_assert_nonnull(strstr(said, "not for others"));
    g_assert_false(holds(bytes, "secret"));
    g_assert_cmpint(ben->protocol, ==, MIME_SMIME);
    g_assert_true(ben->encrypted);
    g_assert_cmpint(ben->signature, ==, MIME_SIGNED_GOOD);
    check_inside(ben);
}

static void
test_smime_signed(void)
{
    MimeSeal seal = { .protocol = MIME_SMIME,
                      .sign = true,
                      .signer = "<ana@example.org>" };
    g_autoptr(GBytes) bytes = build(&seal);
    g_autoptr(MimeOpened) ben = open_as("ben", bytes);

    g_assert_cmpint(ben->protocol, ==, MIME_SMIME);
    g_assert_false(ben->encrypted);
    g_assert_cmpint(ben->signature, ==, MIME_SIGNED_GOOD);
    check_inside(ben);
}

/* The same, with one word of what was signed or encrypted changed. */
static GBytes *
changed(GBytes *bytes, const char *from, const char *to)
{
    GString *text = g_string_new_len(g_bytes_get_data(bytes, NULL),
                                     (gssize)g_bytes_get_size(bytes));

    g_assert_cmpint(g_string_replace(text, from, to, 1), ==, 1);
    return g_string_free_to_bytes(text);
}

static void
test_changed(void)
{
    MimeSeal seal = { .sign = true, .signer = "<ana@example.org>" };
    MimeSeal smime = { .protocol = MIME_SMIME,
                       .sign = true,
                       .signer = "<ana@example.org>" };
    g_autoptr(GBytes) bytes = build(&seal);
    g_autoptr(GBytes) other = changed(bytes, "not for others", "for all of us");
    g_autoptr(MimeOpened) opened = open_as("ana", other);
    g_autoptr(GBytes) certified = build(&smime);
    g_autoptr(GBytes) third = changed(certified, "for others", "for us all");
    g_autoptr(MimeOpened) again = open_as("ana", third);

    g_assert_cmpint(opened->signature, ==, MIME_SIGNED_BAD);
    g_assert_cmpint(again->signature, ==, MIME_SIGNED_BAD);
}

/* A line of the ciphertext gone: nothing of it is shown. */
static void
test_cipher_changed(void)
{
    MimeSeal seal = both(MIME_OPENPGP);
    g_autoptr(GBytes) bytes = build(&seal);
    g_autofree char *all = bytes_text(bytes);
    g_auto(GStrv) lines = g_strsplit(all, "\r\n", -1);
    g_autofree char *line = NULL;
    g_autoptr(GBytes) other = NULL;
    g_autoptr(MimeOpened) opened = NULL;

    for (guint i = 0; lines[i]; i++)
        if (strcmp(lines[i], "-----END PGP MESSAGE-----") == 0)
            line = g_strdup(lines[i - 3]);
    other = changed(bytes, line, "AAAA");
    opened = open_as("ben", other);
    g_assert_true(opened->encrypted);
    g_assert_null(opened->bytes);
    g_assert_nonnull(opened->trouble);
    g_assert_false(opened->needs_passphrase);
}

static void
test_not_for_me(void)
{
    MimeSeal seal = both(MIME_OPENPGP);
    g_autoptr(GBytes) bytes = build(&seal);
    g_autoptr(MimeOpened) carl = open_as("carl", bytes);
    g_autoptr(MimeMessage) message = load(bytes);
    g_autoptr(MimeOpened) closed = mime_open(message, false);

    g_assert_null(carl->bytes);
    g_assert_cmpstr(carl->trouble, ==, "it is not for a key that is here");
    g_assert_true(closed->encrypted);
    g_assert_null(closed->bytes);
    g_assert_null(closed->trouble);
}

/* P67: text round an encrypted part, or beside what was signed, is another
 * message's. */
static void
test_only_the_whole(void)
{
    MimeSeal seal = both(MIME_OPENPGP);
    g_autoptr(GBytes) bytes = build(&seal);
    g_autofree char *all = bytes_text(bytes);
    g_autofree char *wrapped = g_strdup_printf(
        "From: eve@example.org\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/html\r\n\r\n<img src=\"http://eve/\r\n--b\r\n%s"
        "\r\n--b--\r\n",
        strstr(all, "Content-Type:"));
    g_autoptr(MimeMessage) message = mime_load_bytes(wrapped, strlen(wrapped));

    keyrings_use("ben");
    g_assert_false(mime_is_sealed(message));
    g_assert_true(mime_is_partly_sealed(message));
    g_assert_true(mime_has_encrypted(message));
    g_assert_null(mime_open(message, true));
}

/* The types say it, at any depth, without gpg. */
static void
test_has_encrypted(void)
{
    static const struct {
        const char *type;
        bool encrypted;
    } rows[] = {
        { "multipart/encrypted; boundary=c", true },
        { "application/pkcs7-mime; smime-type=enveloped-data", true },
        { "application/x-pkcs7-mime; smime-type=authEnveloped-data", true },
        { "application/pkcs7-mime", true },
        { "application/pkcs7-mime; smime-type=signed-data", false },
        { "multipart/signed; boundary=c", false },
        { "text/plain", false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            "Content-Type: message/rfc822\r\n\r\n"
            "Subject: x\r\nContent-Type: %s\r\n\r\nx\r\n--b--\r\n",
            rows[i].type);
        g_autoptr(MimeMessage) message = mime_load_bytes(text, strlen(text));

        g_assert_true(mime_has_encrypted(message) == rows[i].encrypted);
    }
}

/* A third part, beside what was signed and its signature. */
static void
test_third_part(void)
{
    MimeSeal seal = { .sign = true, .signer = "<ana@example.org>" };
    g_autoptr(GBytes) bytes = build(&seal);
    g_autofree char *all = bytes_text(bytes);
    g_auto(GStrv) words = g_strsplit(all, "boundary=\"", 2);
    g_autofree char *end = NULL;
    g_autofree char *more = NULL;
    g_autoptr(GBytes) third = NULL;
    g_autoptr(MimeOpened) opened = NULL;

    *strchr(words[1], '"') = '\0';
    end = g_strdup_printf("--%s--", words[1]);
    more = g_strdup_printf("--%s\r\n\r\nI resign\r\n%s", words[1], end);
    third = changed(bytes, end, more);
    opened = open_as("ana", third);
    g_assert_null(opened->bytes);
    g_assert_cmpint(opened->signature, ==, MIME_SIGNED_UNCHECKED);
}

static void
test_no_key(void)
{
    static const char *const readers[] = { "<ben@example.org>",
                                           "<dora@example.org>",
                                           "<emil@example.org>", NULL };
    static const char *const carl[] = { "<carl@example.org>", NULL };
    static const char *const none[] = { "<en@example.org>", NULL };
    MimeSeal seal = both(MIME_OPENPGP);
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) uncertified = NULL;
    g_autoptr(GError) part = NULL;
    g_autoptr(GError) signer = NULL;
    g_autoptr(GBytes) bytes = NULL;

    keyrings_use("ana");
    seal.readers = readers;
    g_assert_null(try_build(&seal, &missing));
    g_assert_cmpstr(missing->message, ==,
                    "there is no OpenPGP key for dora@example.org, "
                    "emil@example.org: import it, or do not encrypt");
    seal.readers = none; /* "ben@example.org" ends so */
    g_assert_null(try_build(&seal, &part));
    g_assert_nonnull(strstr(part->message, "no OpenPGP key for en@"));
    seal.readers = carl;
    g_assert_null(try_build(&seal, &uncertified));
    g_assert_nonnull(strstr(uncertified->message, "of carl@example.org is not "
                                                  "certified by you"));
    seal.any_key = true;
    bytes = try_build(&seal, NULL);
    g_assert_nonnull(bytes);
    seal.signer = "<nobody@example.org>";
    g_assert_null(try_build(&seal, &signer));
    g_assert_nonnull(strstr(signer->message,
                            "no OpenPGP key of nobody@example.org"));
    g_clear_error(&signer);
    seal.encrypt = false;
    g_assert_null(try_build(&seal, &signer));
    g_assert_nonnull(strstr(signer->message,
                            "no OpenPGP key of nobody@example.org"));
}

/* Found before anything is sent, and without a signature. */
static void
test_lack(void)
{
    static const char *const all[] = { "<ben@example.org>", "<carl@example.org>",
                                       "<dora@example.org>",
                                       "<emil@example.org>", NULL };
    static const char *const locked[] = { "<ana@example.org>", NULL };
    MimeSeal seal = both(MIME_OPENPGP);
    MimeSeal smime = both(MIME_SMIME);
    MimeSeal unlocked = both(MIME_OPENPGP);
    g_autoptr(MimeSealLack) none = NULL;
    g_autoptr(MimeSealLack) readers = NULL;
    g_autoptr(MimeSealLack) certificates = NULL;
    g_autoptr(MimeSealLack) signer = NULL;
    g_autoptr(MimeSealLack) passphrase = NULL;

    keyrings_use("ana");
    none = mime_seal_lack(&seal, NULL);
    g_assert_null(none->missing);
    g_assert_null(none->uncertified);
    g_assert_null(none->signer);
    seal.readers = smime.readers = all;
    readers = mime_seal_lack(&seal, NULL);
    g_assert_cmpstr(readers->missing, ==, "dora@example.org, emil@example.org");
    g_assert_cmpstr(readers->uncertified, ==, "carl@example.org");
    g_assert_null(readers->signer);
    certificates = mime_seal_lack(&smime, NULL);
    g_assert_nonnull(strstr(certificates->missing, "carl@example.org, dora@"));
    g_assert_null(certificates->signer);
    keyrings_use("ben"); /* has ana's public key only */
    seal.encrypt = false;
    signer = mime_seal_lack(&seal, NULL);
    g_assert_cmpstr(signer->signer, ==, "ana@example.org");
    g_assert_null(signer->missing);
    keyrings_use("locked");
    unlocked.readers = locked;
    passphrase = mime_seal_lack(&unlocked, NULL);
    g_assert_null(passphrase->missing);
    g_assert_null(passphrase->signer);
}

/* P69: for those in Bcc, the message does not say whose keys they are. */
static void
test_hidden(void)
{
    MimeSeal seal = both(MIME_OPENPGP);
    MimeSeal smime = both(MIME_SMIME);
    g_autoptr(GBytes) open = build(&seal);
    g_autoptr(GBytes) hidden = NULL;
    g_autoptr(MimeOpened) ben = NULL;
    g_autoptr(GError) error = NULL;
    const char *line = "gpg --batch --list-packets \"$IN\" 2>/dev/null | grep -c 'keyid "
                       "0000000000000000'";
    g_autofree char *named = keyrings_run("carl", line, open, NULL);
    g_autofree char *unnamed = NULL;

    seal.hide_readers = smime.hide_readers = true;
    hidden = build(&seal);
    unnamed = keyrings_run("carl", line, hidden, NULL);
    g_assert_cmpstr(named, ==, "0\n");
    g_assert_cmpstr(unnamed, ==, "2\n");
    ben = open_as("ben", hidden);
    check_inside(ben);
    keyrings_use("ana");
    g_assert_null(try_build(&smime, &error));
    g_assert_nonnull(strstr(error->message, "those in Bcc"));
}

/* Nobody is there to be asked for the passphrase: it is said, at once. */
static void
test_locked(void)
{
    MimeSeal seal = { .sign = true, .signer = "<ana@example.org>" };
    static const char *const readers[] = { "<ana@example.org>", NULL };
    MimeSeal encrypt = { .encrypt = true, .any_key = true, .readers = readers };
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(MimeOpened) opened = NULL;

    mime_seal_hide_terminal(true);
    keyrings_use("locked");
    g_assert_null(try_build(&seal, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_AUTH);
    g_clear_error(&error);
    seal.encrypt = seal.any_key = true;
    seal.readers = readers;
    g_assert_null(try_build(&seal, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_AUTH);
    bytes = try_build(&encrypt, NULL);
    g_assert_nonnull(bytes);
    opened = open_as("locked", bytes);
    g_assert_null(opened->bytes);
    g_assert_cmpstr(opened->trouble, ==, "its passphrase is needed");
    g_assert_true(opened->needs_passphrase);
}

/* How often ana's agent has signed, since it was told to note it. */
static guint
signatures(void)
{
    g_autofree char *log =
        g_build_filename(keyrings_root, "ana", "agent.log", NULL);
    g_autofree char *text = NULL;
    guint n = 0;

    g_assert_true(g_file_get_contents(log, &text, NULL, NULL));
    for (const char *at = text; (at = strstr(at, "<- PKSIGN")) != NULL; at++)
        n++;
    return n;
}

/* A smart card wants a touch for each signature. */
static void
test_signed_once(void)
{
    g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);
    g_autofree char *said = keyrings_run(
        "ana",
        "printf 'log-file %s/agent.log\ndebug ipc\n' \"$GNUPGHOME\" "
        ">> \"$GNUPGHOME/gpg-agent.conf\"; gpgconf --reload gpg-agent",
        nothing, NULL);
    guint before = 0;

    for (MimeProtocol protocol = MIME_OPENPGP; protocol <= MIME_SMIME;
         protocol++) {
        MimeSeal seal = both(protocol);
        g_autoptr(GBytes) sealed = build(&seal);
        g_autoptr(MimeSealLack) lack = mime_seal_lack(&seal, NULL);
        g_autoptr(GBytes) open = NULL;

        g_assert_cmpuint(signatures(), ==, before + 1);
        seal.encrypt = false;
        open = build(&seal);
        before += 2;
        g_assert_cmpuint(signatures(), ==, before);
    }
}

/* A draft says to nobody to whom it will go. */
static void
test_draft(void)
{
    static const char *const inner[] = { "Bcc: dora@example.org", NULL };
    MimeSeal seal = { .encrypt = true,
                      .is_draft = true,
                      .inner = inner,
                      .readers = for_ben + 1 };
    g_autoptr(GBytes) bytes = build(&seal);
    g_autoptr(MimeOpened) ana = open_as("ana", bytes);
    g_autoptr(MimeMessage) inside = mime_opened_message(ana);

    g_assert_false(holds(bytes, "ben@example.org"));
    g_assert_false(holds(bytes, "dora"));
    g_assert_cmpstr(mime_header(inside, "To"), ==, "ben@example.org");
    g_assert_cmpstr(mime_header(inside, "Bcc"), ==, "dora@example.org");
    g_assert_cmpstr(mime_header(inside, "Subject"), ==, "Žluťoučký secret");
}

/* The From that is shown is the outer one, and that the inner is another is
 * known. */
static void
test_other_from(void)
{
    MimeSeal seal = both(MIME_OPENPGP);
    g_autoptr(GBytes) bytes = build(&seal);
    g_autoptr(GBytes) other =
        changed(bytes, "<ana@example.org>", "<eve@example.org>");
    g_autoptr(MimeOpened) ben = open_as("ben", other);
    g_autoptr(MimeMessage) inside = mime_opened_message(ben);
    g_autoptr(GPtrArray) from = mime_header_addresses(inside, "From");

    g_assert_true(ben->other_from);
    g_assert_cmpuint(from->len, ==, 1);
    g_assert_cmpstr(((MimeAddress *)from->pdata[0])->addr, ==,
                    "eve@example.org");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seal/never-8bit", test_never_8bit);
    g_test_add_func("/seal/openpgp", test_openpgp);
    g_test_add_func("/seal/openpgp-signed", test_openpgp_signed);
    g_test_add_func("/seal/smime", test_smime);
    g_test_add_func("/seal/smime-signed", test_smime_signed);
    g_test_add_func("/seal/changed", test_changed);
    g_test_add_func("/seal/cipher-changed", test_cipher_changed);
    g_test_add_func("/seal/not-for-me", test_not_for_me);
    g_test_add_func("/seal/only-the-whole", test_only_the_whole);
    g_test_add_func("/seal/has-encrypted", test_has_encrypted);
    g_test_add_func("/seal/third-part", test_third_part);
    g_test_add_func("/seal/no-key", test_no_key);
    g_test_add_func("/seal/lack", test_lack);
    g_test_add_func("/seal/hidden", test_hidden);
    g_test_add_func("/seal/locked", test_locked);
    g_test_add_func("/seal/signed-once", test_signed_once);
    g_test_add_func("/seal/draft", test_draft);
    g_test_add_func("/seal/other-from", test_other_from);
    return keyrings_test();
}
