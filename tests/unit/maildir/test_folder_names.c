/* Names of files and of folders: promises P55 and P82. */
#include "maildir/maildir.h"

#include <string.h>

static void
test_flags(void)
{
    static const struct {
        const char *name, *base;
        unsigned flags;
        const char *again;
    } rows[] = {
        { "1.R2.x:2,", "1.R2.x", 0, "1.R2.x:2," },
        { "1.R2.x:2,SF", "1.R2.x", MAILDIR_SEEN | MAILDIR_FLAGGED,
          "1.R2.x:2,FS" },
        { "1.R2.x:2,DFPRST", "1.R2.x", 0x3f, "1.R2.x:2,DFPRST" },
        { "1.R2.x:2,Sabz", "1.R2.x", MAILDIR_SEEN, "1.R2.x:2,S" },
        { "1.R2.x", "1.R2.x", 0, "1.R2.x:2," },
        { "1.R2.x:1,S", "1.R2.x:1,S", 0, "1.R2.x:1,S:2," },
        { "a:2,b:2,S", "a:2,b", MAILDIR_SEEN, "a:2,b:2,S" },
        { ":2,", "", 0, ":2," },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *base = maildir_name_base(rows[i].name);
        g_autofree char *again = maildir_file_name(base, rows[i].flags);

        g_assert_cmpstr(base, ==, rows[i].base);
        g_assert_cmpuint(maildir_name_flags(rows[i].name), ==, rows[i].flags);
        g_assert_cmpstr(again, ==, rows[i].again);
    }
}

static void
test_unique(void)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (int i = 0; i < 20000; i++) {
        char *name = maildir_unique_name();

        g_assert_true(g_str_has_suffix(name, ".posthorn"));
        g_assert_null(strpbrk(name, "/: "));
        g_assert_true(g_hash_table_add(seen, name));
    }
}

static void
test_readable(void)
{
    static const char *const same[] = { "INBOX",      "Archive",  "Sent Items",
                                        "linux-mm",   "Entwürfe", "送信済み",
                                        "[Gmail]",    "a.b",      "R&D",
                                        "c++ (2024)", "Почта" };

    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autofree char *name = maildir_encode_name(same[i]);

        g_assert_cmpstr(name, ==, same[i]);
    }
}

/* What must not appear in the name of a directory. */
static void
check_safe(const char *name)
{
    static const char *const kept[] = { "cur", "new", "tmp" };

    g_assert_cmpuint(strlen(name), >, 0);
    g_assert_cmpuint(strlen(name), <=, 200);
    g_assert_true(g_utf8_validate(name, -1, NULL));
    g_assert_null(strpbrk(name, "/\\:*?\"<>|"));
    g_assert_null(strchr(".- ", name[0]));
    g_assert_null(strchr(". ", name[strlen(name) - 1]));
    for (const char *at = name; *at; at = g_utf8_next_char(at))
        g_assert_false(g_unichar_iscntrl(g_utf8_get_char(at)));
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
        g_assert_cmpint(g_ascii_strcasecmp(name, kept[i]), !=, 0);
    g_assert_false(g_ascii_strncasecmp(name, "dovecot", 7) == 0);
}

static const char *const nasty[] = {
    "",
    ".",
    "..",
    "../..",
    "/etc/passwd",
    ".hidden",
    "-rf",
    "~",
    "cur",
    "new",
    "tmp",
    "Cur",
    "TMP",
    "dovecot.index",
    "maildirfolder",
    ".notmuch",
    "%",
    "%41",
    "A%",
    "%=",
    "%-",
    "%~0123456789abcdef",
    "a\nb",
    "a\tb",
    "a\x1b[31m",
    "\x7f",
    "a\xff\xfe",
    "\xc3",
    "trailing.",
    "trailing ",
    " leading",
    "a:2,S",
    "con\\nul",
    "e\xcc\x81",                /* e, combining acute */
    "\xc3\xa9",                 /* é */
    "\xe1\x84\x80\xe1\x85\xa1", /* Hangul letters */
    "\xea\xb0\x80",             /* the syllable they make */
    "\xe2\x84\xab",             /* Ångström sign */
    "\xc3\x85",                 /* Å */
    "a\xe2\x80\xae"
    "b", /* bidi override */
    "\xef\xbb\xbf"
    "a", /* byte order mark */
    "a",
};

static void
test_one_to_one(void)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(nasty); i++) {
        char *name = maildir_encode_name(nasty[i]);
        g_autofree char *back = maildir_decode_name(name);
        g_autofree char *normal = g_utf8_normalize(name, -1, G_NORMALIZE_NFD);
        g_autofree char *composed =
            g_utf8_normalize(normal, -1, G_NORMALIZE_NFC);

        check_safe(name);
        g_assert_cmpstr(back, ==, nasty[i]);
        /* a disk that changes the normal form gives the same name back */
        g_assert_cmpstr(composed, ==, name);
        g_assert_true(g_hash_table_add(seen, name));
    }
}

static void
test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(20261124);

    for (int i = 0; i < 20000; i++) {
        char bytes[12] = "";
        g_autofree char *name = NULL;
        g_autofree char *back = NULL;

        for (int k = g_rand_int_range(random, 0, 11); k > 0; k--)
            bytes[k - 1] = (char)g_rand_int_range(random, 1, 256);
        name = maildir_encode_name(bytes);
        back = maildir_decode_name(name);
        check_safe(name);
        g_assert_cmpstr(back, ==, bytes);
    }
}

static void
test_long(void)
{
    g_autofree char *a = g_strnfill(5000, 'x');
    g_autofree char *b = g_strnfill(5000, 'x');
    g_autofree char *name_a = maildir_encode_name(a);
    g_autofree char *name_b = NULL;
    g_autofree char *back = maildir_decode_name(name_a);

    b[4999] = 'X';
    name_b = maildir_encode_name(b);
    check_safe(name_a);
    g_assert_cmpstr(name_a, !=, name_b);
    g_assert_null(back);
}

static void
test_foreign(void)
{
    static const char *const names[] = { "a%",  "a%4", "%zz",
                                         "%41", "..",  "a%20b",
                                         "%00", "cur", "e\xcc\x81" };
    g_autofree char *marked = maildir_decode_name("archive%~0123456789abcdef");

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_null(maildir_decode_name(names[i]));
    g_assert_cmpstr(marked, ==, "archive");
}

static void
test_path(void)
{
    g_autofree char *deep = g_strnfill(3000, '/');
    g_autofree char *deeper = g_strnfill(3001, '/');
    static const struct {
        const char *mailbox;
        char delimiter;
        const char *path;
    } rows[] = {
        { "INBOX", '/', "work/INBOX" },
        { "Lists/linux-mm", '/', "work/Lists/linux-mm" },
        { "Lists.linux", '.', "work/Lists/linux" },
        { "Lists/x", 0, "work/Lists%2Fx" },
        { "Lists/x", '.', "work/Lists%2Fx" },
        { "../../etc", '/', "work/%2E%2E/%2E%2E/etc" },
        { "a/cur", '/', "work/a/%63ur" },
        { "/a//b/", '/', "work/%-/a/%-/b/%-" },
        { "", '/', "work/%-" },
    };
    g_autofree char *one = maildir_folder_path("work", deep, '/');
    g_autofree char *two = maildir_folder_path("work", deeper, '/');

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path =
            maildir_folder_path("work", rows[i].mailbox, rows[i].delimiter);

        g_assert_cmpstr(path, ==, rows[i].path);
    }
    g_assert_cmpuint(strlen(one), <, 300);
    g_assert_cmpstr(one, !=, two);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/maildir/names/flags", test_flags);
    g_test_add_func("/maildir/names/unique", test_unique);
    g_test_add_func("/maildir/names/readable", test_readable);
    g_test_add_func("/maildir/names/one-to-one", test_one_to_one);
    g_test_add_func("/maildir/names/random", test_random);
    g_test_add_func("/maildir/names/long", test_long);
    g_test_add_func("/maildir/names/foreign", test_foreign);
    g_test_add_func("/maildir/names/path", test_path);
    return g_test_run();
}
