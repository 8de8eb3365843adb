/* Modified UTF-7: names there and back, no two mailboxes with one name (P82).
 */
#include "imap_feed.h"
#include "tell.h"

static const struct {
    const char *wire, *name;
} cases[] = {
    { "INBOX", "INBOX" },
    { "", "" },
    { "&-", "&" },
    { "a&-b", "a&b" },
    { "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語" },
    { "Entw&APw-rfe", "Entwürfe" },
    { "&2D3eAA-", "😀" },
    { "&AOkA6Q-&-", "éé&" },
    { "[Gmail]/&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-", "[Gmail]/Отправленные" },
};

static void
test_names(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = imap_utf7_decode(cases[i].wire);
        g_autofree char *wire = imap_utf7_encode(cases[i].name);

        g_assert_cmpstr(name, ==, cases[i].name);
        g_assert_cmpstr(wire, ==, cases[i].wire);
    }
}

/* Written in no proper way: valid UTF-8 all the same, and the same bytes back,
 * so that SELECT names the mailbox that LIST told. */
static void
test_odd(void)
{
    static const char *const odd[] = {
        "&",           "&foo",     "&A-",   "&AA-",       "&AGE-",
        "&2D0-",       "&3gA-",    "&AAA-", "&U,BTFw",    "x&!-",
        "caf\xc3\xa9", "\xff\xfe", "a\xe2", "&AOk-&AOk-", "&APx-",
        "&93w-",       "&9yY-",    "a\r\n", "\x7f",       "&9wo-",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autofree char *name = imap_utf7_decode(odd[i]);
        g_autofree char *wire = imap_utf7_encode(name);

        tell(odd[i]);
        g_assert_true(g_utf8_validate(name, -1, NULL));
        g_assert_cmpstr(wire, ==, odd[i]);
        for (gsize j = 0; j < i; j++) {
            g_autofree char *other = imap_utf7_decode(odd[j]);

            g_assert_cmpstr(name, !=, other);
        }
    }
}

/* Any bytes come back as they were. */
static void
test_random(void)
{
    static const char alphabet[] = "&-AGEZz+,/ \xc3\xa9";

    for (int i = 0; i < 20000; i++) {
        char wire[9] = "";
        int length = g_test_rand_int_range(0, 9);
        g_autofree char *name = NULL;
        g_autofree char *again = NULL;

        for (int at = 0; at < length; at++)
            wire[at] =
                alphabet[g_test_rand_int_range(0, (int)sizeof alphabet - 1)];
        name = imap_utf7_decode(wire);
        again = imap_utf7_encode(name);
        g_assert_cmpstr(again, ==, wire);
    }
}

/* A name from the user that is no UTF-8 is not read beyond its end. */
static void
test_broken_utf8(void)
{
    g_autofree char *name = g_strdup("x\xf0");
    g_autofree char *wire = imap_utf7_encode(name);

    g_assert_cmpstr(wire, ==, "x&,,0-");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/utf7/names", test_names);
    g_test_add_func("/imap/utf7/odd", test_odd);
    g_test_add_func("/imap/utf7/random", test_random);
    g_test_add_func("/imap/utf7/broken-utf8", test_broken_utf8);
    return g_test_run();
}
