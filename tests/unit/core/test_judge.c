/* Which messages are checked, and when, over a zone of text: what arrives, the
 * newest of a first fetch, what is shown; what is kept and what is not; who is
 * never judged (U3, U5, R6). */
#include "base/file.h"
#include "cmd/language.h"
#include "core/account.h"
#include "core/act.h"
#include "core/indexer.h"
#include "core/judge.h"
#include "core/standing.h"
#include "core/verifier.h"
#include "mime/mime.h"
#include "scene.h"
#include "settle.h"

#include <glib/gstdio.h>
#include <string.h>

static const char config[] = "account work {\n"
                             "    address  ana@example.org\n"
                             "    incoming imaps://imap.invalid\n"
                             "    authserv-id mx.example.org\n"
                             "}\n"
                             "account quiet {\n"
                             "    address  ana@quiet.example\n"
                             "    incoming imaps://imap.invalid\n"
                             "    sender-checks off\n"
                             "}\n";

/* Nobody answers, and no server of its own speaks. */
static const char alone[] = "account work {\n"
                            "    address  ana@example.org\n"
                            "    incoming imaps://127.0.0.1:1\n"
                            "}\n"
                            "account quiet {\n"
                            "    address  ana@quiet.example\n"
                            "    incoming imaps://127.0.0.1:1\n"
                            "}\n";

enum {
    SETTLE_MS = 1000 /* of the judge */
};

static const char zone_text[] =
    "_dmarc.bank.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.broken.example SERVFAIL\n"
    "bank.example TXT \"v=spf1 -all\"\n";

typedef struct {
    char *root;
    Session *session;
    Store *store;
    Judge *judge;
    Dns *zone;
    gint64 inbox, sent, drafts, quiet;
    guint told;
} Fixture;

static gint64
make(Fixture *f, const char *account, const char *name, FolderRole role)
{
    return session_make_folder(f->session, account, name, role, NULL);
}

static void
set_up(Fixture *f, const void *data)
{
    g_autoptr(GError) error = NULL;

    f->session = scene_open(data ? data : config, false, &f->root);
    f->store = session_store(f->session);
    f->judge = session_judge(f->session);
    f->zone = dns_zone_create(zone_text, &error);
    g_assert_no_error(error);
    verifier_set_zone(session_verifier(f->session), f->zone);
    f->inbox = make(f, "work", "INBOX", FOLDER_ROLE_INBOX);
    f->sent = make(f, "work", "Sent", FOLDER_ROLE_SENT);
    f->drafts = make(f, "work", "Drafts", FOLDER_ROLE_DRAFTS);
    f->quiet = make(f, "quiet", "INBOX", FOLDER_ROLE_INBOX);
}

static void
tear_down(Fixture *f, const void *data)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(store_check(f->store, &error));
    g_assert_no_error(error);
    session_destroy(f->session);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

/* A message of a domain, dated n minutes after an hour of 2026; results: what
 * the own server wrote, or NULL. */
static gint64
append(Fixture *f, gint64 folder, const char *domain, guint n,
       const char *results)
{
    g_autofree char *text = g_strdup_printf(
        "%s%s%sFrom: b@%s\nSubject: x\nMessage-ID: <%u@%s>\n"
        "Date: Mon, 23 Nov 2026 %02u:%02u:00 +0000\n\nbody\n",
        results ? "Authentication-Results: mx.example.org; " : "",
        results ? results : "", results ? "\n" : "", domain, n, domain,
        n / 60 % 24, n % 60);
    g_autoptr(GError) error = NULL;
    ActAppend what = { .folder = folder, .bytes = text, .size = strlen(text) };
    gint64 id = act_append(f->session, &what, &error);

    g_assert_no_error(error);
    return id;
}

static void
settle(Fixture *f)
{
    while (settler_busy(session_settler(f->session)))
        g_main_context_iteration(NULL, TRUE);
}

/* As mail comes: its file has its name. */
static gint64
deliver(Fixture *f, gint64 folder, const char *domain, guint n,
        const char *results)
{
    gint64 id = append(f, folder, domain, n, results);

    settle(f);
    return id;
}

static void
on_told(void *user)
{
    ((Fixture *)user)->told++;
}

static void
wait_for(Fixture *f)
{
    while (judge_busy(f->judge))
        g_main_context_iteration(NULL, TRUE);
}

/* The verdict that a row keeps. g_free(); NULL: none. */
static char *
verdict(Fixture *f, gint64 id)
{
    g_autoptr(StoreRow) row = store_row(f->store, id, NULL);

    g_assert_true((row->verdict != NULL) == (row->trust != NULL));
    return g_steal_pointer(&row->verdict);
}

static void
assert_verdict(Fixture *f, gint64 id, const char *want)
{
    g_autofree char *got = verdict(f, id);

    g_assert_cmpstr(got, ==, want);
}

/* All are checked, and who waits is told once, when they are. */
static void
test_arrived(Fixture *f, const void *data)
{
    gint64 ids[] = {
        deliver(f, f->inbox, "good.example", 1,
                "dmarc=pass header.from=good.example; dkim=pass "
                "header.d=good.example; spf=pass "
                "smtp.mailfrom=x@good.example"),
        deliver(f, f->inbox, "bank.example", 2,
                "dmarc=fail header.from=bank.example; spf=fail "
                "smtp.mailfrom=x@bank.example"),
        deliver(f, f->inbox, "free.example", 3, NULL),
    };
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(Standing) standing = NULL;
    g_autofree char *line = NULL;

    judge_arrived(f->judge, ids, 3, false, on_told, f);
    g_assert_cmpuint(f->told, ==, 0);
    g_assert_true(judge_waited(f->judge));
    wait_for(f);
    g_assert_cmpuint(f->told, ==, 1);
    g_assert_false(judge_waited(f->judge));
    assert_verdict(f, ids[0], "pass");
    assert_verdict(f, ids[1], "fail");
    assert_verdict(f, ids[2], "unverified");
    row = store_row(f->store, ids[1], NULL);
    standing = standing_parse(row->trust);
    line = standing_line(standing);
    g_assert_cmpstr(line, ==,
                    "Not from bank.example  DMARC fail (policy: reject) · SPF "
                    "fail · no DKIM");
    g_assert_cmpuint(store_failed_count(f->store), ==, 1);
}

/* Nothing is asked twice: what is kept stays. */
static void
test_kept(Fixture *f, const void *data)
{
    gint64 id = deliver(f, f->inbox, "free.example", 1, NULL);
    guint asked;

    judge_arrived(f->judge, &id, 1, false, NULL, NULL);
    wait_for(f);
    asked = dns_zone_asked(f->zone);
    g_assert_cmpuint(asked, >, 0);
    judge_arrived(f->judge, &id, 1, false, on_told, f);
    judge_shown(f->judge, id);
    judge_start(f->judge);
    wait_for(f);
    g_assert_cmpuint(dns_zone_asked(f->zone), ==, asked);
    g_assert_cmpuint(f->told, ==, 1);
}

/* Of a first fetch the newest 500; one more when it is shown. */
static void
test_first_fetch(Fixture *f, const void *data)
{
    enum {
        MANY = JUDGE_NEWEST + 5
    };
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint judged = 0;

    g_assert_true(store_begin(f->store, NULL));
    for (guint i = 0; i < MANY; i++) {
        gint64 id = append(f, f->inbox, "free.example", i, NULL);

        g_array_append_val(ids, id);
    }
    g_assert_true(store_end(f->store, true, NULL));
    settle(f);
    judge_arrived(f->judge, (const gint64 *)(const void *)ids->data, MANY, true,
                  on_told, f);
    wait_for(f);
    g_assert_cmpuint(f->told, ==, 1);
    for (guint i = 0; i < MANY; i++) {
        g_autofree char *word = verdict(f, g_array_index(ids, gint64, i));

        g_assert_true((word != NULL) == (i >= MANY - JUDGE_NEWEST));
        judged += word != NULL;
    }
    g_assert_cmpuint(judged, ==, JUDGE_NEWEST);
    judge_shown(f->judge, g_array_index(ids, gint64, 0));
    wait_for(f);
    assert_verdict(f, g_array_index(ids, gint64, 0), "unverified");
}

/* What the program did not get to is done when it begins. */
static void
test_start(Fixture *f, const void *data)
{
    gint64 id = deliver(f, f->inbox, "free.example", 1, NULL);
    gint64 own = deliver(f, f->sent, "example.org", 2, NULL);

    judge_start(f->judge);
    wait_for(f);
    assert_verdict(f, id, "unverified");
    assert_verdict(f, own, NULL);
}

/* Sent, Drafts, and an account that wants none (U5). */
static void
test_never(Fixture *f, const void *data)
{
    gint64 ids[] = {
        deliver(f, f->sent, "example.org", 1, NULL),
        deliver(f, f->drafts, "example.org", 2, NULL),
        deliver(f, f->quiet, "bank.example", 3, NULL),
    };

    judge_arrived(f->judge, ids, 3, false, on_told, f);
    for (guint i = 0; i < 3; i++)
        judge_shown(f->judge, ids[i]);
    wait_for(f);
    g_assert_cmpuint(f->told, ==, 1);
    g_assert_cmpuint(dns_zone_asked(f->zone), ==, 0);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(StoreRow) row = store_row(f->store, ids[i], NULL);

        assert_verdict(f, ids[i], NULL);
        g_assert_null(judge_reason(f->judge, row));
        g_assert_false(judge_wants(f->judge, row));
    }
}

static void
assert_reason(Fixture *f, gint64 id, const char *want)
{
    g_autoptr(StoreRow) row = store_row(f->store, id, NULL);
    g_autofree char *reason = judge_reason(f->judge, row);

    g_assert_nonnull(reason);
    if (strstr(reason, want) == NULL)
        g_error("%s, not %s", reason, want);
}

/* A DNS that fails says nothing about the message: it is not kept, it is said,
 * and tried again when the message is shown. */
static void
test_temporary(Fixture *f, const void *data)
{
    gint64 id = deliver(f, f->inbox, "broken.example", 1, NULL);
    guint asked;

    assert_reason(f, id, "not checked yet");
    judge_arrived(f->judge, &id, 1, false, NULL, NULL);
    assert_reason(f, id, "checking");
    wait_for(f);
    assert_verdict(f, id, NULL);
    assert_reason(f, id, "SERVFAIL");
    asked = dns_zone_asked(f->zone);
    judge_shown(f->judge, id);
    wait_for(f);
    g_assert_cmpuint(dns_zone_asked(f->zone), >, asked);
}

/* Offline nothing is asked; what the own server wrote still counts. */
static void
test_offline(Fixture *f, const void *data)
{
    gint64 ids[] = {
        deliver(f, f->inbox, "good.example", 1,
                "dmarc=pass header.from=good.example"),
        deliver(f, f->inbox, "free.example", 2, NULL),
    };

    session_set_offline(f->session, true);
    judge_arrived(f->judge, ids, 2, false, NULL, NULL);
    wait_for(f);
    g_assert_cmpuint(dns_zone_asked(f->zone), ==, 0);
    assert_verdict(f, ids[0], "pass");
    assert_verdict(f, ids[1], NULL);
    assert_reason(f, ids[1], "offline");
}

/* What could not be asked is asked when there is a network again (U3). */
static void
test_online(Fixture *f, const void *data)
{
    gint64 ids[] = {
        deliver(f, f->inbox, "free.example", 1, NULL),
        deliver(f, f->inbox, "free.example", 2, NULL),
    };

    session_set_offline(f->session, true);
    judge_arrived(f->judge, ids, 1, false, NULL, NULL);
    wait_for(f);
    judge_start(f->judge);
    g_assert_false(judge_busy(f->judge));
    assert_reason(f, ids[0], "offline");
    session_set_offline(f->session, false);
    wait_for(f);
    assert_verdict(f, ids[0], "unverified");
    assert_verdict(f, ids[1], "unverified");
}

static void
come_back(bool available)
{
    g_signal_emit_by_name(g_network_monitor_get_default(), "network-changed",
                          available);
}

static gboolean
on_late(void *user)
{
    *(bool *)user = true;
    return G_SOURCE_REMOVE;
}

/* However often the network changes, what failed is asked once more when it has
 * settled, whatever accounts are at; but not while the user is offline. */
static void
test_network_back(Fixture *f, const void *data)
{
    gint64 id = deliver(f, f->inbox, "broken.example", 1, NULL);
    bool late = false;
    guint asked;

    judge_start(f->judge);
    wait_for(f);
    judge_arrived(f->judge, &id, 1, false, NULL, NULL);
    wait_for(f);
    asked = dns_zone_asked(f->zone) / 2;
    come_back(false);
    for (guint i = 0; i < 5; i++)
        come_back(true);
    g_assert_false(judge_busy(f->judge));
    while (!judge_busy(f->judge))
        g_main_context_iteration(NULL, TRUE);
    wait_for(f);
    g_assert_cmpuint(dns_zone_asked(f->zone), ==, 3 * asked);
    assert_reason(f, id, "SERVFAIL");
    session_set_offline(f->session, true);
    come_back(true);
    g_timeout_add(2 * SETTLE_MS, on_late, &late);
    while (!late) {
        g_main_context_iteration(NULL, TRUE);
        g_assert_false(judge_busy(f->judge));
    }
}

static bool
watches(const Fixture *f)
{
    return g_signal_handler_find(g_network_monitor_get_default(),
                                 G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL,
                                 f->judge)
           != 0;
}

/* A command that ends by itself does not wait for a network, and without a DNS
 * no network would help. */
static void
test_nothing_to_wait_for(Fixture *f, const void *data)
{
    Options *options = session_options(f->session);
    gint64 id = deliver(f, f->inbox, "broken.example", 1, NULL);

    judge_arrived(f->judge, &id, 1, false, NULL, NULL);
    wait_for(f);
    assert_reason(f, id, "SERVFAIL");
    g_assert_false(watches(f));
    g_assert_true(options_set(options, "dns", NULL, NULL, "off", NULL));
    judge_start(f->judge);
    judge_arrived(f->judge, &id, 1, false, NULL, NULL);
    wait_for(f);
    g_assert_false(watches(f));
    g_assert_true(options_set(options, "dns", NULL, NULL, "on", NULL));
    judge_again(f->judge);
    wait_for(f);
    g_assert_true(watches(f));
}

/* Old mail is not read where nobody can say anything about it. */
static void
test_nobody_to_ask(Fixture *f, const void *data)
{
    Options *options = session_options(f->session);
    gint64 id = deliver(f, f->inbox, "free.example", 1, NULL);

    g_assert_true(options_set(options, "dns", NULL, NULL, "off", NULL));
    judge_start(f->judge);
    g_assert_false(judge_busy(f->judge));
    assert_reason(f, id, "dns is off");
    g_assert_true(options_set(options, "authserv-id", "work", NULL,
                              "mx.example.org", NULL));
    judge_start(f->judge);
    g_assert_true(judge_busy(f->judge));
    wait_for(f);
}

static void
on_rows(bool rows, void *user)
{
    ((Fixture *)user)->told += rows;
}

/* However many fail, the screen is drawn anew a few times a second. */
static void
test_many_fail(Fixture *f, const void *data)
{
    enum {
        MANY = 100,
        OFTEN_MS = 200
    };
    gint64 ids[MANY];
    guint listener = session_listen_rows(f->session, on_rows, f);
    gint64 begin;

    for (guint i = 0; i < MANY; i++)
        ids[i] = deliver(f, f->inbox, "broken.example", i, NULL);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    f->told = 0;
    begin = g_get_monotonic_time();
    judge_arrived(f->judge, ids, MANY, false, NULL, NULL);
    wait_for(f);
    while (f->told == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(f->told, <=,
                    (g_get_monotonic_time() - begin) / 1000 / OFTEN_MS + 1);
    assert_reason(f, ids[0], "SERVFAIL");
    session_unlisten_rows(f->session, listener);
}

/* The program may end while checks wait: whoever waits is told. */
static void
test_ends(Fixture *f, const void *data)
{
    gint64 ids[20];

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        ids[i] = deliver(f, f->inbox, "free.example", i, NULL);
    judge_arrived(f->judge, ids, G_N_ELEMENTS(ids), false, on_told, f);
    session_destroy(f->session);
    g_assert_cmpuint(f->told, ==, 1);
    f->session = NULL;
    f->session = session_create(paths_create_below(f->root), NULL);
    f->store = session_store(f->session);
}

/* A key that the DNS has lost verifies what came while it had it, and nothing
 * that comes later (U5). */
static void
test_key_history(Fixture *f, const void *data)
{
    const char *path = session_paths(f->session)->state_db;
    g_autoptr(GError) error = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    g_assert_true(store_key_seen(f->store, "s._domainkey.x.example", "p=old",
                                 1000, &error));
    g_assert_true(store_key_seen(f->store, "s._domainkey.x.example", "p=old",
                                 2000, &error));
    g_assert_true(store_key_seen(f->store, "s._domainkey.x.example", "p=old",
                                 1500, &error));
    g_assert_no_error(error);
    before = store_key_at(f->store, "s._domainkey.x.example", 2000);
    after = store_key_at(f->store, "s._domainkey.x.example", 2001);
    g_assert_cmpstr(before, ==, "p=old");
    g_assert_null(after);
    g_assert_nonnull(path);
}

#define TEST(NAME)                                                             \
    g_test_add("/core/judge/" #NAME, Fixture, NULL, set_up, test_##NAME,       \
               tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    TEST(arrived);
    TEST(kept);
    TEST(first_fetch);
    TEST(start);
    TEST(never);
    TEST(temporary);
    TEST(offline);
    TEST(network_back);
    TEST(nothing_to_wait_for);
    TEST(many_fail);
    TEST(ends);
    TEST(key_history);
    g_test_add("/core/judge/online", Fixture, alone, set_up, test_online,
               tear_down);
    g_test_add("/core/judge/nobody_to_ask", Fixture, alone, set_up,
               test_nobody_to_ask, tear_down);
    return g_test_run();
}
