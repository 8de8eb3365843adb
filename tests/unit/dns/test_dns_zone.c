/* The interface of resolvers, shown by the zone, and what libunbound's one says
 * without a network. */
#include "dns/dns.h"

static const char zone_text[] =
    "; a zone\n"
    "example.org TXT \"v=spf1 \" \"-all\"\n"
    "example.org MX 10 Mail.Example.org.\n"
    "mail.example.org A 192.0.2.1\n"
    "mail.example.org AAAA 2001:db8::1\n"
    "www.example.org CNAME mail.example.org\n"
    "loop.example.org CNAME loop.example.org\n"
    "safe.example.org SECURE TXT \"a\\\"b\\\\c\\0651\"\n"
    "_imap._tcp.example.org SRV 1 2 993 mail.example.org\n"
    "bad.example.org SERVFAIL\n"
    "slow.example.org TIMEOUT\n"
    "empty.example.org EMPTY\n";

static DnsAnswer *
ask(Dns *dns, const char *name, DnsType type)
{
    DnsWait wait = { g_get_monotonic_time() + 10 * G_USEC_PER_SEC, NULL };
    DnsLookup lookup = { name, type, NULL };

    dns_ask(dns, &lookup, 1, &wait);
    g_assert_nonnull(lookup.answer);
    return lookup.answer;
}

static void
answers(void)
{
    static const struct {
        const char *name;
        DnsType type;
        DnsStatus status;
        const char *text; /* of the first record */
    } cases[] = {
        { "example.org", DNS_TXT, DNS_FOUND, "v=spf1 -all" },
        { "EXAMPLE.org.", DNS_TXT, DNS_FOUND, "v=spf1 -all" },
        { "example.org", DNS_MX, DNS_FOUND, "mail.example.org" },
        { "www.example.org", DNS_A, DNS_FOUND, "192.0.2.1" },
        { "www.example.org", DNS_AAAA, DNS_FOUND, "2001:db8::1" },
        { "www.example.org", DNS_TXT, DNS_NODATA, NULL },
        { "safe.example.org", DNS_TXT, DNS_FOUND, "a\"b\\cA1" },
        { "_tcp.example.org", DNS_TXT, DNS_NODATA, NULL },
        { "_imap._tcp.example.org", DNS_SRV, DNS_FOUND, "mail.example.org" },
        { "nobody.example.org", DNS_A, DNS_NXDOMAIN, NULL },
        { "bad.example.org", DNS_A, DNS_TEMPORARY, NULL },
        { "slow.example.org", DNS_TXT, DNS_TEMPORARY, NULL },
        { "loop.example.org", DNS_A, DNS_TEMPORARY, NULL },
        { "empty.example.org", DNS_A, DNS_NODATA, NULL },
        { "", DNS_A, DNS_NXDOMAIN, NULL },
        { "a..b", DNS_A, DNS_NXDOMAIN, NULL },
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(Dns) dns = dns_zone_create(zone_text, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(DnsAnswer) answer = ask(dns, cases[i].name, cases[i].type);

        g_test_message("%s", cases[i].name);
        g_assert_cmpint(answer->status, ==, cases[i].status);
        if (cases[i].text != NULL)
            g_assert_cmpstr(dns_answer_record(answer, 0)->text, ==,
                            cases[i].text);
        g_assert_true((answer->reason != NULL)
                      == (answer->status == DNS_TEMPORARY));
    }
}

static void
details(void)
{
    g_autoptr(Dns) dns = dns_zone_create(zone_text, NULL);
    g_autoptr(DnsAnswer) safe = ask(dns, "safe.example.org", DNS_TXT);
    g_autoptr(DnsAnswer) plain = ask(dns, "example.org", DNS_TXT);
    g_autoptr(DnsAnswer) srv = ask(dns, "_imap._tcp.example.org", DNS_SRV);

    g_assert_true(safe->secure);
    g_assert_false(plain->secure);
    g_assert_cmpint(dns_answer_record(srv, 0)->port, ==, 993);
    g_assert_cmpint(dns_answer_record(srv, 0)->weight, ==, 2);
    g_assert_cmpint(dns_answer_record(srv, 0)->preference, ==, 1);
    g_assert_cmpuint(dns_zone_asked(dns), ==, 3);
}

/* Several at once; names that are none are not asked. */
static void
several(void)
{
    g_autoptr(Dns) dns = dns_zone_create(zone_text, NULL);
    DnsWait wait = { g_get_monotonic_time() + G_USEC_PER_SEC, NULL };
    DnsLookup lookups[] = {
        { "mail.example.org", DNS_A, NULL },
        { "a..b", DNS_A, NULL },
        { "example.org", DNS_MX, NULL },
    };

    dns_ask(dns, lookups, 3, &wait);
    g_assert_cmpint(lookups[0].answer->status, ==, DNS_FOUND);
    g_assert_cmpint(lookups[1].answer->status, ==, DNS_NXDOMAIN);
    g_assert_cmpint(dns_answer_record(lookups[2].answer, 0)->preference, ==,
                    10);
    g_assert_cmpuint(dns_zone_asked(dns), ==, 2);
    for (guint i = 0; i < 3; i++)
        dns_answer_unref(lookups[i].answer);
}

static void
offline(void)
{
    g_autoptr(Dns) zone = dns_zone_create(zone_text, NULL);
    g_autoptr(Dns) real = dns_create("192.0.2.1@53", NULL);
    g_autoptr(DnsAnswer) first = NULL;
    g_autoptr(DnsAnswer) second = NULL;

    dns_set_online(zone, false);
    dns_set_online(real, false);
    first = ask(zone, "mail.example.org", DNS_A);
    second = ask(real, "mail.example.org", DNS_A);
    g_assert_cmpstr(first->reason, ==, "offline");
    g_assert_cmpstr(second->reason, ==, "offline");
    g_assert_cmpuint(dns_zone_asked(zone), ==, 0);
}

static void
servers(void)
{
    static const struct {
        const char *server;
        bool valid;
    } cases[] = {
        { "127.0.0.1", true },    { "127.0.0.1@5353", true },
        { "::1@53", true },       { "example.org", false },
        { "127.0.0.1@", false },  { "127.0.0.1@99999", false },
        { "127.0.0.1:53", false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Dns) dns = dns_create(cases[i].server, &error);

        g_assert_true((dns != NULL) == cases[i].valid);
        g_assert_true((error == NULL) == cases[i].valid);
    }
}

static void
broken_zone(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(dns_zone_create("a.example A 192.0.2.1\nb.example A x\n",
                                  &error));
    g_assert_cmpstr(error->message, ==, "zone, line 2: not a record");
}

static void
reverse(void)
{
    g_autofree char *four = dns_reverse_name("192.0.2.3");
    g_autofree char *six = dns_reverse_name("2001:db8::1");

    g_assert_cmpstr(four, ==, "3.2.0.192.in-addr.arpa");
    g_assert_cmpstr(six, ==, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                    "8.b.d.0.1.0.0.2.ip6.arpa");
    g_assert_null(dns_reverse_name("example.org"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/answers", answers);
    g_test_add_func("/dns/details", details);
    g_test_add_func("/dns/several", several);
    g_test_add_func("/dns/offline", offline);
    g_test_add_func("/dns/servers", servers);
    g_test_add_func("/dns/broken-zone", broken_zone);
    g_test_add_func("/dns/reverse", reverse);
    return g_test_run();
}
