/* Libraries are opened when they are needed, whole or not at all, and one that
 * is not there is an error that names it. */
#include "base/err.h"
#include "base/library.h"

typedef struct {
    double (*cos)(double);
    double (*floor)(double);
} Maths;

static void
test_open(void)
{
    static const char *const names[] = { "cos", "floor", NULL };
    static Maths maths;
    Library library = { LIBRARY_FILE("m", 6), names, &maths };
    g_autoptr(GError) error = NULL;

    g_assert_true(library_open(&library, &error));
    g_assert_no_error(error);
    g_assert_cmpfloat(maths.floor(2.5), ==, 2);
    g_assert_cmpfloat(maths.cos(0), ==, 1);
    maths.cos = NULL;
    g_assert_true(library_open(&library, &error)); /* not a second time */
    g_assert_null(maths.cos);
}

/* Each time that it is asked for: it may have been installed. */
static void
test_absent(void)
{
    static const char *const names[] = { "cos", NULL };
    static Maths maths;
    Library library = { LIBRARY_FILE("posthorn-absent", 7), names, &maths };

    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(library_open(&library, &error));
        g_assert_error(error, ERR_DOMAIN, ERR_LOCAL);
        g_assert_nonnull(strstr(error->message, "posthorn-absent"));
        g_assert_null(strchr(error->message, '\n'));
    }
    library.file = LIBRARY_FILE("m", 6);
    g_assert_true(library_open(&library, NULL));
    g_assert_nonnull(maths.cos);
}

/* One that is older than what is used of it. */
static void
test_lacks_function(void)
{
    static const char *const names[] = { "cos", "of_tomorrow", NULL };
    static Maths maths;
    Library library = { LIBRARY_FILE("m", 6), names, &maths };
    g_autoptr(GError) error = NULL;

    g_assert_false(library_open(&library, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_LOCAL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/library/open", test_open);
    g_test_add_func("/base/library/absent", test_absent);
    g_test_add_func("/base/library/lacks-function", test_lacks_function);
    return g_test_run();
}
