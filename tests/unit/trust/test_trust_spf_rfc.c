/* SPF as RFC 7208 has it, section by section (S1 to S4): each file of spf/ is a
 * zone and what it says of some clients. A line of it is a record of the zone,
 * a comment behind ";", or
 *
 *     > ADDRESS HELO SENDER RESULT [EXPLANATION]
 */
#include "trust_spf.h"
#include "trust_zone.h"

#include <string.h>

enum {
    WORDS = 5, /* of a check; the fifth, the explanation, may be missing */
    TIME = 1700000000,
};

static void
check(Dns *dns, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line + 2, " ", WORDS);
    TrustEnvelope envelope = { words[0], words[1], words[2], TIME };
    TrustLookup lookup;
    TrustSpf spf = { 0 };

    g_assert_cmpuint(g_strv_length(words), >=, WORDS - 1);
    zone_lookup(&lookup, dns);
    trust_spf_check(&spf, &envelope, &lookup);
    g_test_message("%s: %s", line, spf.reason);
    g_assert_cmpstr(trust_result_word(spf.result), ==, words[3]);
    g_assert_cmpstr(spf.explanation, ==, words[4]);
    trust_lookup_finish(&lookup);
    g_free(spf.domain);
    g_free(spf.reason);
    g_free(spf.explanation);
    g_free(spf.client_ip);
}

static void
run_file(const void *data)
{
    g_autofree char *text = NULL;
    g_autoptr(GString) zone = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Dns) dns = NULL;
    g_auto(GStrv) lines = NULL;
    guint checks = 0;

    g_file_get_contents(data, &text, NULL, &error);
    g_assert_no_error(error);
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        g_string_append_printf(zone, "%s\n",
                               lines[i][0] == '>' ? "" : lines[i]);
    dns = dns_zone_create(zone->str, &error);
    g_assert_no_error(error);
    for (guint i = 0; lines[i]; i++) {
        if (lines[i][0] != '>')
            continue;
        check(dns, lines[i]);
        checks++;
    }
    g_assert_cmpuint(checks, >, 0);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
main(int argc, char **argv)
{
    g_autofree char *folder = NULL;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    GDir *dir;
    const char *name;

    g_test_init(&argc, &argv, NULL);
    folder = g_test_build_filename(G_TEST_DIST, "spf", NULL);
    dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)))
        g_ptr_array_add(files, g_build_filename(folder, name, NULL));
    g_dir_close(dir);
    g_ptr_array_sort(files, compare);
    for (guint i = 0; i < files->len; i++) {
        g_autofree char *base = g_path_get_basename(files->pdata[i]);
        g_autofree char *path = g_strdup_printf("/trust/spf-rfc/%.*s",
                                                (int)strcspn(base, "."), base);

        g_test_add_data_func(path, files->pdata[i], run_file);
    }
    return g_test_run();
}
