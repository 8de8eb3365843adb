/* The user's own books of addresses: cards, and lines of a program. */
#include "base/file.h"
#include "cmd/language.h"
#include "core/address_book.h"
#include "mime/mime.h"

#include <string.h>
#include <unistd.h>
#include <utime.h>

typedef void (*Parse)(const char *text, GPtrArray *into);

static char *
parsed(Parse parse, const char *text)
{
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)mime_address_free);
    g_autoptr(GString) out = g_string_new(NULL);

    parse(text, list);
    for (guint i = 0; i < list->len; i++) {
        const MimeAddress *address = list->pdata[i];

        g_string_append_printf(
            out, "%s=%s;", address->name ? address->name : "", address->addr);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
test_parse(void)
{
    static const struct {
        Parse parse;
        const char *text, *wanted;
    } table[] = {
        { address_book_parse_cards,
          "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\\, the 1st\r\n"
          "EMAIL;TYPE=work:ann@x.example\r\nEMAIL:ann@\r\n home.example\r\n"
          "END:VCARD\r\n",
          "Ann, the 1st=ann@x.example;Ann, the 1st=ann@home.example;" },
        /* a group, no name, a name behind the address, small letters */
        { address_book_parse_cards,
          "begin:vcard\nitem1.email:b@x.example\nfn:Bob\nend:vcard\n"
          "BEGIN:VCARD\nEMAIL:c@x.example\nEND:VCARD\n",
          "Bob=b@x.example;=c@x.example;" },
        { address_book_parse_cards,
          "BEGIN:VCARD\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg "
          "100%\nEMAIL;INTERNET:j@x.example\nEND:VCARD\n",
          "J\303\266rg 100%=j@x.example;" },
        /* what is no address, or would be more than one line */
        { address_book_parse_cards,
          "BEGIN:VCARD\nFN:a\\nb\033[31m\nEMAIL:none\nEMAIL:d@x <e@x>\n"
          "EMAIL:f@x.example\nEND:VCARD\nEMAIL:late@x.example\n",
          "a b[31m=f@x.example;" },
        { address_book_parse_cards, "no card at all\n:::\n", "" },
        { address_book_parse_lines,
          "Searching … 2 found\nann@x.example\tAnn\tfriend\nb@x.example\n",
          "Ann=ann@x.example;=b@x.example;" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *got = parsed(table[i].parse, table[i].text);
        g_autofree char *plain = NULL;
        g_auto(GStrv) parts = g_strsplit(got, "\357\277\275", -1);

        plain = g_strjoinv("", parts); /* the mark of what was taken out */
        g_assert_cmpstr(plain, ==, table[i].wanted);
    }
}

static guint
found(Session *session, const char *prefix)
{
    g_autoptr(GPtrArray) list =
        address_book_find(session_address_book(session), prefix, 10);

    return list->len;
}

/* By the beginning of a word; read again when the file changed; what a program
 * says comes behind. */
static void
test_find(void)
{
    g_autofree char *root = g_dir_make_tmp("posthorn-book-XXXXXX", NULL);
    g_autofree char *cards = g_build_filename(root, "cards", NULL);
    g_autofree char *card = g_build_filename(cards, "one.vcf", NULL);
    g_autofree char *other = g_build_filename(cards, "notes.txt", NULL);
    g_autofree char *file = g_build_filename(root, "posthorn.conf", NULL);
    g_autofree char *config =
        g_strdup_printf("set address-books %s\nset address-command "
                        "\"printf 'zoe@prog.example\\\\tZoe'\"\n",
                        cards);
    struct utimbuf later = { 2000000000, 2000000000 };
    g_autoptr(GError) error = NULL;
    Session *session;

    g_assert_true(file_mkdir(cards, NULL));
    g_assert_true(g_file_set_contents(
        card, "BEGIN:VCARD\nFN:Ann Lee\nEMAIL:x@y.example\nEND:VCARD\n", -1,
        NULL));
    g_assert_true(g_file_set_contents(
        other, "BEGIN:VCARD\nEMAIL:no@y.example\nEND:VCARD\n", -1, NULL));
    g_assert_true(g_file_set_contents(file, config, -1, NULL));
    session = session_create(paths_create_below(root), &error);
    g_assert_no_error(error);
    cmd_table_add(session_table(session), cmd_builtins);
    session_configure(session, file, &error);
    g_assert_no_error(error);
    while (found(session, "lee") == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(found(session, "y.ex"), ==, 1);
    g_assert_cmpuint(found(session, "ee"), ==, 0);
    g_assert_cmpuint(found(session, "no@"), ==, 0);
    g_assert_cmpuint(found(session, ""), ==, 0);
    while (found(session, "zoe") == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(g_file_set_contents(
        card, "BEGIN:VCARD\nFN:Kim\nEMAIL:k@y.example\nEND:VCARD\n", -1, NULL));
    g_assert_cmpint(utime(card, &later), ==, 0);
    while (found(session, "ki") == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(found(session, "lee"), ==, 0);
    g_assert_cmpint(unlink(card), ==, 0);
    while (found(session, "ki") != 0)
        g_main_context_iteration(NULL, TRUE);
    session_destroy(session);
    file_remove_tree(root, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/core/address-book/parse", test_parse);
    g_test_add_func("/core/address-book/find", test_find);
    return g_test_run();
}
