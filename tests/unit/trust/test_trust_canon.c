/* Canonicalization (D5): the examples of RFC 6376, section 3.4.5, edges, pieces
 * of every size, and a long body in constant memory. */
#include "trust_canon.h"

#include <string.h>
#include <sys/resource.h>

static void
collect(const char *bytes, gsize size, void *user)
{
    g_string_append_len(user, bytes, (gssize)size);
}

/* The canonical body, fed in pieces of step octets. */
static char *
canon(const char *body, gsize size, bool relaxed, gsize step)
{
    GString *out = g_string_new(NULL);
    TrustCanon *state = trust_canon_create(relaxed, collect, out);

    for (gsize at = 0; at < size; at += step)
        trust_canon_push(state, body + at, MIN(step, size - at));
    trust_canon_end(state);
    return g_string_free(out, FALSE);
}

static const struct {
    const char *body;
    const char *simple;
    const char *relaxed;
} bodies[] = {
    { " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n" },
    { "", "\r\n", "" },
    { "\r\n", "\r\n", "" },
    { "\r\n\r\n\r\n", "\r\n", "" },
    { "a", "a\r\n", "a\r\n" },
    { "a\n\nb\n\n\n", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n" },
    { "a \t b", "a \t b\r\n", "a b\r\n" },
    { "\t a", "\t a\r\n", " a\r\n" },
    { "a\r\n \t\r\n", "a\r\n \t\r\n", "a\r\n" },
    { " \t", " \t\r\n", "" },
    { "a\rb\r", "a\rb\r\r\n", "a\rb\r\r\n" },
    { "a \r\n b\r\n", "a \r\n b\r\n", "a\r\n b\r\n" },
    { "\xfc\x80 \xff\r\n", "\xfc\x80 \xff\r\n", "\xfc\x80 \xff\r\n" },
    { "\r\n\r\na\r\n", "\r\n\r\na\r\n", "\r\n\r\na\r\n" },
};

static void
body_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        gsize size = strlen(bodies[i].body);

        for (gsize step = 1; step <= MAX(size, 1); step++) {
            g_autofree char *simple = canon(bodies[i].body, size, false, step);
            g_autofree char *relaxed = canon(bodies[i].body, size, true, step);

            g_assert_cmpstr(simple, ==, bodies[i].simple);
            g_assert_cmpstr(relaxed, ==, bodies[i].relaxed);
        }
    }
}

/* LF files equal CRLF files. */
static void
line_ends(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_auto(GStrv) lines = g_strsplit(bodies[i].body, "\r\n", -1);
        g_autofree char *lf = g_strjoinv("\n", lines);
        g_autofree char *simple = canon(lf, strlen(lf), false, 3);
        g_autofree char *relaxed = canon(lf, strlen(lf), true, 3);

        g_assert_cmpstr(simple, ==, bodies[i].simple);
        g_assert_cmpstr(relaxed, ==, bodies[i].relaxed);
    }
}

static void
nul(void)
{
    GString *out = g_string_new(NULL);
    TrustCanon *state = trust_canon_create(true, collect, out);

    trust_canon_push(state, "a\0 \0b\n", 6);
    trust_canon_end(state);
    g_assert_cmpmem(out->str, out->len, "a\0 \0b\r\n", 7);
    g_string_free(out, TRUE);
}

static void
fields(void)
{
    static const struct {
        const char *raw;
        const char *simple;
        const char *relaxed;
    } cases[] = {
        { "A: X\r\n", "A: X\r\n", "a:X\r\n" },
        { "B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
        { "Subject:\n  a\n b\n", "Subject:\r\n  a\r\n b\r\n",
          "subject:a b\r\n" },
        { "X:", "X:\r\n", "x:\r\n" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrustMessage message;
        g_autoptr(GString) simple = g_string_new(NULL);
        g_autoptr(GString) relaxed = g_string_new(NULL);

        trust_message_init(&message, cases[i].raw, strlen(cases[i].raw));
        g_assert_cmpuint(message.fields->len, ==, 1);
        trust_canon_field(simple, trust_message_field(&message, 0), false);
        trust_canon_field(relaxed, trust_message_field(&message, 0), true);
        g_assert_cmpstr(simple->str, ==, cases[i].simple);
        g_assert_cmpstr(relaxed->str, ==, cases[i].relaxed);
        trust_message_finish(&message);
    }
}

/* The value of b= goes, with the blanks around it, wherever it stands; bh=
 * stays. */
static void
signature(void)
{
    static const struct {
        const char *raw;
        const char *relaxed;
    } cases[] = {
        { "S: a=1; b=xyz; c=2\r\n", "s:a=1; b=; c=2" },
        { "S: b=xyz\r\n zz ; a=1\r\n", "s:b=; a=1" },
        { "S: bh=abc; b=xy\r\n", "s:bh=abc; b=" },
        { "S: a=1;\r\n b = x y z\r\n", "s:a=1; b =" },
        { "S: bb=1; b=2;\r\n", "s:bb=1; b=;" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TrustMessage message;
        g_autoptr(GString) out = g_string_new(NULL);

        trust_message_init(&message, cases[i].raw, strlen(cases[i].raw));
        trust_canon_signature(out, trust_message_field(&message, 0), true);
        g_assert_cmpstr(out->str, ==, cases[i].relaxed);
        trust_message_finish(&message);
    }
}

static void
count(const char *bytes, gsize size, void *user)
{
    *(guint64 *)user += size;
}

/* 100 MB of lines, and of blanks that might be trailing, grow nothing. */
static void
constant_memory(void)
{
    g_autofree char *piece = g_malloc(1 << 20);
    struct rusage before, after;
    guint64 sizes[2] = { 0, 0 };
    TrustCanon *states[2];

    memset(piece, '\n', 1 << 20);
    piece[0] = 'a';
    states[0] = trust_canon_create(false, count, &sizes[0]);
    states[1] = trust_canon_create(true, count, &sizes[1]);
    getrusage(RUSAGE_SELF, &before);
    for (int i = 0; i < 100; i++)
        for (int j = 0; j < 2; j++)
            trust_canon_push(states[j], piece, 1 << 20);
    trust_canon_end(states[0]);
    trust_canon_end(states[1]);
    getrusage(RUSAGE_SELF, &after);
    g_assert_cmpuint(sizes[0], ==, 99ULL * ((2 << 20) - 1) + 3);
    g_assert_cmpuint(sizes[1], ==, sizes[0]);
    g_assert_cmpint(after.ru_maxrss - before.ru_maxrss, <, 1024);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trust/canon/D5-bodies", body_table);
    g_test_add_func("/trust/canon/D5-line-ends", line_ends);
    g_test_add_func("/trust/canon/D5-nul", nul);
    g_test_add_func("/trust/canon/D5-fields", fields);
    g_test_add_func("/trust/canon/D5-signature", signature);
    g_test_add_func("/trust/canon/D5-constant-memory", constant_memory);
    return g_test_run();
}
