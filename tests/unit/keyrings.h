/* Scratch keyrings of GnuPG for tests, made by tests/keyrings.sh; and what gpg
 * and gpgsm themselves say, from outside. */
#ifndef KEYRINGS_H
#define KEYRINGS_H

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static char *keyrings_root;

static inline int
keyrings_script(const char *what)
{
    const char *source = g_getenv("G_TEST_SRCDIR");
    g_autofree char *script =
        g_build_filename(source, "..", "..", "keyrings.sh", NULL);
    const char *argv[] = { "sh", script, keyrings_root, what, NULL };
    g_autofree char *errors = NULL;
    int status = -1;

    g_spawn_sync(NULL, (char **)argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                 NULL, &errors, &status, NULL);
    if (status != 0)
        g_printerr("%s\n", errors);
    return status;
}

static inline void
keyrings_use(const char *who)
{
    g_autofree char *home = g_build_filename(keyrings_root, who, NULL);

    g_setenv("GNUPGHOME", home, TRUE);
}

/* g_test_run() with the keyrings there; 77, as for a test that is left out:
 * there is no gpg or gpgsm. */
static inline int
keyrings_test(void)
{
    g_autofree char *gpg = g_find_program_in_path("gpg");
    g_autofree char *gpgsm = g_find_program_in_path("gpgsm");
    const char *remove[] = { "rm", "-rf", NULL, NULL };
    int status;

    if (gpg == NULL || gpgsm == NULL) {
        g_test_message("gpg or gpgsm is not installed");
        return 77;
    }
    remove[2] = keyrings_root = g_dir_make_tmp("ph-gpg-XXXXXX", NULL);
    g_assert_cmpint(keyrings_script(NULL), ==, 0);
    g_setenv("GPG_TTY", "/dev/no-terminal", TRUE);
    status = g_test_run();
    keyrings_script("stop");
    g_spawn_sync(NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, NULL, NULL, NULL);
    g_free(keyrings_root);
    return status;
}

/* Runs a shell line as `who` over bytes at $IN; its output. g_free(). */
static inline char *
keyrings_run(const char *who, const char *line, GBytes *in, int *status)
{
    g_autofree char *path = g_build_filename(keyrings_root, "in", NULL);
    g_autofree char *text =
        g_strdup_printf("IN='%s'; exec 2>&1; %s", path, line);
    const char *argv[] = { "sh", "-c", text, NULL };
    char *output = NULL;

    g_assert_true(g_file_set_contents(path, g_bytes_get_data(in, NULL),
                                      (gssize)g_bytes_get_size(in), NULL));
    keyrings_use(who);
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH,
                               NULL, NULL, &output, NULL, status, NULL));
    return output;
}

#endif
