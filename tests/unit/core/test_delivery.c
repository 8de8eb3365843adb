/* Reports about sent messages: which message they are about, what it is tagged,
 * what is told. */
#include "base/err.h"
#include "base/file.h"
#include "cmd/language.h"
#include "core/act.h"
#include "core/delivery.h"
#include "core/indexer.h"
#include "core/outbox.h"
#include "core/receipt.h"
#include "mime/mime.h"
#include "scene.h"

#include <string.h>

static const char config[] = "account work {\n"
                             "    address  ana@lindqvist.example\n"
                             "}\n";

static const char sent[] = "From: Ana <ana@lindqvist.example>\n"
                           "To: bob@x.example\nSubject: a matter\n"
                           "Message-ID: <m1@lindqvist.example>\n\ntext\n";

typedef struct {
    char *root;
    Session *session;
    gint64 inbox, message;
    char *state, *recipient, *reason; /* of the last bounce-received */
} Fixture;

static void
heard(Event *event, void *user)
{
    Fixture *f = user;

    g_free(f->state);
    g_free(f->recipient);
    g_free(f->reason);
    f->state = g_strdup(event_get(event, "state"));
    f->recipient = g_strdup(event_get(event, "recipient"));
    f->reason = g_strdup(event_get(event, "reason"));
}

static gint64
deliver(Fixture *f, const char *text)
{
    ActAppend what = { .folder = f->inbox,
                       .bytes = text,
                       .size = strlen(text) };
    g_autoptr(GError) error = NULL;
    gint64 id = act_append(f->session, &what, &error);

    g_assert_no_error(error);
    return id;
}

static void
set_up(Fixture *f, const void *data)
{
    g_autoptr(GError) error = NULL;

    f->session = scene_open(config, false, &f->root);
    f->inbox = session_make_folder(f->session, "work", "INBOX",
                                   FOLDER_ROLE_INBOX, &error);
    event_bus_listen(session_bus(f->session), "bounce-received", heard, f);
    f->message = deliver(f, sent);
}

static void
tear_down(Fixture *f, const void *data)
{
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
    g_free(f->state);
    g_free(f->recipient);
    g_free(f->reason);
}

static void
assert_tags(Fixture *f, const char *tags)
{
    g_autoptr(StoreRow) row =
        store_row(session_store(f->session), f->message, NULL);

    g_assert_cmpstr(row->tags ? row->tags : "", ==, tags);
}

/* A report with these fields, about the message with this Message-ID. */
static void
report(Fixture *f, const char *top, const char *fields, const char *id)
{
    g_autofree char *text = g_strdup_printf(
        "From: MAILER-DAEMON@mail.x.example\nTo: ana@lindqvist.example\n"
        "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status;\n"
        " boundary=b\n\n--b\n\nSorry.\n"
        "--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mail.x.example\n%s\n%s\n"
        "--b\nContent-Type: text/rfc822-headers\n\n"
        "From: ana@lindqvist.example\nMessage-ID: <%s>\nSubject: x\n\n--b--\n",
        top, fields, id);

    delivery_look(f->session, deliver(f, text));
}

#define FAILED                                                                 \
    "Final-Recipient: rfc822; bob@x.example\nAction: failed\n"                 \
    "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such\n"                \
    "  user here\n"
#define DELAYED                                                                \
    "Final-Recipient: rfc822; bob@x.example\nAction: delayed\n"                \
    "Status: 4.4.1\n"
#define DELIVERED                                                              \
    "Final-Recipient: rfc822; bob@x.example\nAction: delivered\n"              \
    "Status: 2.0.0\n"

static void
test_enclosed(Fixture *f, const void *data)
{
    report(f, "", FAILED, "m1@lindqvist.example");
    assert_tags(f, "bounced");
    g_assert_cmpstr(f->state, ==, "bounced");
    g_assert_cmpstr(f->recipient, ==, "bob@x.example");
    g_assert_nonnull(strstr(f->reason, "no such mailbox"));
    g_assert_nonnull(strstr(f->reason, "550 5.1.1 no such"));
    g_assert_nonnull(strstr(f->reason, "user here"));
}

/* An address outside ASCII, as it was written to, in the ASCII form of a
 * report; what is no form of that stays (RFC 6533, 3). */
static void
test_utf8_address(Fixture *f, const void *data)
{
    static const struct {
        const char *field, *address;
    } table[] = {
        { "utf-8; j\\x{F6}\\x{2B}x@x.example", "jö+x@x.example" },
        { "UTF-8;j\303\266@x.example", "jö@x.example" },
        { "utf-8; \\x{1F600}@x.example", "😀@x.example" },
        { "utf-8; \\x{D800}\\x{}\\x{41@x.example",
          "\\x{D800}\\x{}\\x{41@x.example" },
        { "rfc822; \\x{41}@x.example", "\\x{41}@x.example" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *fields = g_strdup_printf(
            "Original-Recipient: %s\n" FAILED, table[i].field);

        report(f, "", fields, "m1@lindqvist.example");
        g_assert_cmpstr(f->recipient, ==, table[i].address);
    }
}

/* The envelope id decides, also when the server rewrote what it encloses. */
static void
test_envelope(Fixture *f, const void *data)
{
    report(f, "Original-Envelope-Id: m1@lindqvist.example\n", FAILED,
           "other@x");
    assert_tags(f, "bounced");
}

/* Delayed, then delivered after all; what bounced stays so. */
static void
test_order(Fixture *f, const void *data)
{
    report(f, "", DELAYED, "m1@lindqvist.example");
    assert_tags(f, "delayed");
    g_assert_cmpstr(f->state, ==, "delayed");
    report(f, "", DELIVERED, "m1@lindqvist.example");
    assert_tags(f, "delivered");
    report(f, "", DELAYED, "m1@lindqvist.example");
    assert_tags(f, "delivered");
    report(f, "", DELIVERED "\n" FAILED, "m1@lindqvist.example");
    assert_tags(f, "bounced");
    report(f, "", DELIVERED, "m1@lindqvist.example");
    assert_tags(f, "bounced");
}

/* Other tags stay; the list is sorted as the store wants it. */
static void
test_other_tags(Fixture *f, const void *data)
{
    g_assert_true(store_set_tags(session_store(f->session), f->message,
                                 "alpha zulu", NULL));
    report(f, "", FAILED, "m1@lindqvist.example");
    assert_tags(f, "alpha bounced zulu");
}

/* About nothing that was sent from here: nothing happens. */
static void
test_not_ours(Fixture *f, const void *data)
{
    gint64 other = deliver(f, "From: eve@x.example\nTo: ana@lindqvist.example\n"
                              "Message-ID: <e1@x.example>\n\ntext\n");
    g_autoptr(StoreRow) row = NULL;

    report(f, "", FAILED, "e1@x.example");
    report(f, "Original-Envelope-Id: nothing\n", FAILED, "none@x");
    row = store_row(session_store(f->session), other, NULL);
    g_assert_cmpstr(row->tags ? row->tags : "", ==, "");
    assert_tags(f, "");
    g_assert_null(f->state);
}

/* No RFC 3464, but the header that some servers write. */
static void
test_failed_recipients(Fixture *f, const void *data)
{
    delivery_look(
        f->session,
        deliver(f,
                "From: Mailer-Daemon@x.example\nTo: ana@lindqvist.example\n"
                "Subject: Mail delivery failed\n"
                "X-Failed-Recipients: bob@x.example\nMIME-Version: 1.0\n"
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSorry.\n"
                "--b\nContent-Type: message/rfc822\n\n"
                "From: ana@lindqvist.example\n"
                "Message-ID: <m1@lindqvist.example>\n\ntext\n--b--\n"));
    assert_tags(f, "bounced");
    g_assert_cmpstr(f->recipient, ==, "bob@x.example");
}

/* A reader's receipt: the message was seen; a bounce is worse. One that says
 * something else, or names no message of ours, is none. */
static void
receipt_arrives(Fixture *f, const char *disposition, const char *id)
{
    g_autofree char *text = g_strdup_printf(
        "From: Bob <bob@x.example>\nTo: ana@lindqvist.example\n"
        "Subject: Read: hello\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report;\n"
        " report-type=disposition-notification; boundary=b\n\n--b\n\nSeen.\n"
        "--b\nContent-Type: message/disposition-notification\n\n"
        "Final-Recipient: rfc822; bob@x.example\n"
        "Original-Message-ID: <%s>\n"
        "Disposition: manual-action/MDN-sent-manually;\n %s\n\n--b--\n",
        id, disposition);

    delivery_look(f->session, deliver(f, text));
}

static void
test_receipt(Fixture *f, const void *data)
{
    receipt_arrives(f, "deleted", "m1@lindqvist.example");
    assert_tags(f, "");
    receipt_arrives(f, "displayed", "other@lindqvist.example");
    assert_tags(f, "");
    receipt_arrives(f, "Displayed/error", "m1@lindqvist.example");
    assert_tags(f, "displayed");
    g_assert_null(f->state); /* no bounce */
    report(f, "", DELIVERED, "m1@lindqvist.example");
    assert_tags(f, "displayed");
    report(f, "", FAILED, "m1@lindqvist.example");
    assert_tags(f, "bounced");
}

#define ASKS                                                                   \
    "From: Bob <bob@x.example>\nTo: ana@lindqvist.example\n"                   \
    "Subject: please\nMessage-ID: <q@x.example>\n"

/* Off unless `read-receipts` is ask; to one address that is not our own; one
 * and never a second; nothing in it that was not asked for (P68, P81). */
static void
test_send_receipt(Fixture *f, const void *data)
{
    Options *options = session_options(f->session);
    gint64 id = deliver(f, ASKS "Disposition-Notification-To: bob@x.example\n"
                                "\ntext\n");
    gint64 two = deliver(f, ASKS "Disposition-Notification-To: bob@x.example, "
                                 "eve@x.example\n\ntext\n");
    gint64 own = deliver(f, ASKS "Disposition-Notification-To: "
                                 "ana@lindqvist.example\n\ntext\n");
    g_autofree char *off = receipt_wanted(f->session, id, NULL);
    g_autofree char *who = NULL;
    g_autofree char *path = NULL;
    g_autofree char *bytes = NULL;
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GError) error = NULL;
    const OutboxEntry *entry;

    g_assert_null(off);
    g_assert_false(receipt_send(f->session, id, &error));
    g_assert_true(err_is(error, ERR_USAGE));
    g_clear_error(&error);
    g_assert_true(
        options_set(options, "read-receipts", NULL, NULL, "ask", NULL));
    g_assert_null(receipt_wanted(f->session, two, NULL));
    g_assert_null(receipt_wanted(f->session, own, NULL));
    who = receipt_wanted(f->session, id, NULL);
    g_assert_cmpstr(who, ==, "bob@x.example");
    g_assert_true(receipt_send(f->session, id, &error));
    g_assert_no_error(error);
    g_assert_null(receipt_wanted(f->session, id, NULL));
    g_assert_false(receipt_send(f->session, id, NULL));
    list = outbox_list(session_outbox(f->session), NULL);
    g_assert_cmpuint(list->len, ==, 1);
    entry = list->pdata[0];
    g_assert_cmpstr(entry->sender, ==, "");
    g_assert_true(entry->no_copy);
    g_assert_cmpuint(entry->recipients->len, ==, 1);
    path = g_strdup_printf("%s/%s.eml", session_paths(f->session)->outbox,
                           entry->id);
    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    g_assert_nonnull(strstr(bytes, "\r\nOriginal-Message-ID: <q@x.example>\r\n"
                                   "Disposition: manual-action/"
                                   "MDN-sent-manually; displayed\r\n"));
    g_assert_null(strstr(bytes, "please"));
    g_assert_null(strstr(bytes, "Reporting-UA"));
    g_assert_true(g_str_has_suffix(bytes, "--\r\n"));
}

static void
test_no_report(Fixture *f, const void *data)
{
    delivery_look(f->session,
                  deliver(f, "From: postmaster@x.example\nSubject: delivery\n"
                             "References: <m1@lindqvist.example>\n\n"
                             "Action: failed\n"));
    assert_tags(f, "");
}

#define ADD(NAME, FN)                                                          \
    g_test_add("/core/delivery/" NAME, Fixture, NULL, set_up, FN, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    ADD("enclosed", test_enclosed);
    ADD("utf8-address", test_utf8_address);
    ADD("envelope", test_envelope);
    ADD("order", test_order);
    ADD("other-tags", test_other_tags);
    ADD("not-ours", test_not_ours);
    ADD("failed-recipients", test_failed_recipients);
    ADD("receipt", test_receipt);
    ADD("send-receipt", test_send_receipt);
    ADD("no-report", test_no_report);
    return g_test_run();
}
