/* Checks many messages in one process, for tests and benchmarks that compare
 * with other verifiers. Reads lines of a path, client address, HELO, MAIL FROM,
 * authserv-id, time and believed sealer, separated by tabs, empty ones not
 * given; prints a line of JSON for each. Usage: check_many ZONE, or check_many --time N ZONE: each
 * message N times, microseconds of one check instead of JSON. */
#include "base/file.h"
#include "mime/mime.h"
#include "trust/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { ZONE_LIMIT = 64 << 20, LINE = 8192, WORDS = 7 };

static const char *
given(const char *word)
{
    return word != NULL && *word ? word : NULL;
}

static void
print(const TrustReport *report)
{
    g_autoptr(JsonNode) node = trust_report_json(report);
    g_autofree char *text = json_to_string(node, FALSE);

    puts(text);
}

static void
check(Dns *dns, char **words, int times)
{
    const char *const ids[] = { given(words[4]), NULL };
    const char *const sealers[] = { given(words[6]), NULL };
    TrustParams params = {
        .dns = dns, .authserv_ids = ids, .sealers = sealers, .client_ip = given(words[1]),
        .helo = given(words[2]), .mail_from = words[3],
        .now = atoll(words[5]),
    };
    gint64 begin = g_get_monotonic_time();
    struct rusage usage;

    if (params.client_ip == NULL)
        params.mail_from = NULL;
    for (int i = 0; i < MAX(times, 1); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TrustReport) report
            = trust_check_file(words[0], &params, &error);

        g_assert_no_error(error);
        if (times == 0)
            print(report);
    }
    getrusage(RUSAGE_SELF, &usage);
    if (times > 0)
        printf("%.1f us, %ld kB\n",
               (double)(g_get_monotonic_time() - begin) / times,
               usage.ru_maxrss);
}

int
main(int argc, char **argv)
{
    bool timed = argc == 4 && strcmp(argv[1], "--time") == 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(Dns) dns = NULL;
    char line[LINE];

    if (argc != 2 && !timed)
        return 2;
    mime_init();
    text = file_read(argv[argc - 1], ZONE_LIMIT, NULL, &error);
    if (text != NULL)
        dns = dns_zone_create(text, &error);
    if (dns == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        g_auto(GStrv) words =
            g_strsplit(g_strdelimit(line, "\n", '\0'), "\t", WORDS);

        if (g_strv_length(words) != WORDS)
            return 2;
        check(dns, words, timed ? atoi(argv[2]) : 0);
        fflush(stdout);
    }
    return 0;
}
