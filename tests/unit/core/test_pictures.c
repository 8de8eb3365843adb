/* Images looked at and drawn: what their heads say, which are handed on, and
 * what comes of a drawing program that is missing, wrong or slow (promises P59,
 * P61, P70). */
#include "core/pictures.h"

#include "base/err.h"
#include "base/file.h"

#include <string.h>
#include <sys/stat.h>

typedef struct {
    const char *bytes;
    gsize size;
    int width, height; /* 0: none */
} Head;

#define HEAD(BYTES, WIDTH, HEIGHT)                                             \
    {                                                                          \
        BYTES, sizeof BYTES - 1, WIDTH, HEIGHT                                 \
    }
#define PNG "\211PNG\r\n\032\n\0\0\0\rIHDR"
#define RIFF "RIFF\0\0\0\0WEBP"

static const Head heads[] = {
    HEAD(PNG "\0\0\2\200\0\0\0\310", 640, 200),
    HEAD(PNG "\0\0\2\200\0\0\0", 0, 0),
    HEAD(PNG "\0\0\0\0\0\0\0\310", 0, 0),
    HEAD(PNG "\377\377\377\377\377\377\377\377", G_MAXINT, G_MAXINT),
    HEAD("\211PNG\r\n\032\n\0\0\0\rIDAT\0\0\2\200\0\0\0\310", 0, 0),
    HEAD("GIF89a\1\2\3\4", 513, 1027),
    HEAD("GIF87a\1\0\1\0", 1, 1),
    HEAD("GIF88a\1\0\1\0", 0, 0),
    HEAD("GIF89a\1\0\1", 0, 0),
    HEAD("\377\330\377\340\0\4xx\377\300\0\13\10\0\20\0\40", 32, 16),
    HEAD("\377\330\377\377\377\302\0\13\10\0\20\0\40", 32, 16),
    HEAD("\377\330\377\304\0\4xx\377\301\0\13\10\0\20\0\40", 32, 16),
    HEAD("\377\330\377\340\377\377xx\377\300\0\13\10\0\20\0\40", 0, 0),
    HEAD("\377\330\377\340\0\0xx\377\300\0\13\10\0\20\0\40", 0, 0),
    HEAD("\377\330\377\300\0\13\10\0\20\0", 0, 0),
    HEAD("\377\330\377", 0, 0),
    HEAD("\377\330xxxxxxxxxxxxxxxx", 0, 0),
    HEAD(RIFF "VP8X\0\0\0\0\0\0\0\0\177\2\0\307\0\0", 640, 200),
    HEAD(RIFF "VP8L\0\0\0\0\057\177\302\061\0\0\0\0\0\0", 640, 200),
    HEAD(RIFF "VP8 \0\0\0\0\0\0\0\235\001\052\200\2\310\0", 640, 200),
    HEAD(RIFF "VP9 \0\0\0\0\0\0\0\235\001\052\200\2\310\0", 0, 0),
    HEAD(RIFF "VP8 \0\0\0\0\0\0\0\235\001\052\200\2\310", 0, 0),
    HEAD("<svg width='10' height='10'/>", 0, 0),
    HEAD("%!PS-Adobe-3.0 and what follows", 0, 0),
    HEAD("push graphic-context", 0, 0),
    HEAD("", 0, 0),
};

static void
test_size(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++) {
        /* In memory of exactly this size. */
        g_autofree guint8 *bytes = g_memdup2(heads[i].bytes, heads[i].size);
        int width, height;
        bool found = picture_size(bytes, heads[i].size, &width, &height);

        g_test_message("head %" G_GSIZE_FORMAT, i);
        g_assert_cmpint(found, ==, heads[i].width > 0);
        if (found) {
            g_assert_cmpint(width, ==, heads[i].width);
            g_assert_cmpint(height, ==, heads[i].height);
        }
    }
}

/* Any bytes behind any head. */
static void
test_size_random(void)
{
    for (int round = 0; round < 20000; round++) {
        const Head *head =
            &heads[g_test_rand_int_range(0, G_N_ELEMENTS(heads))];
        gsize size = (gsize)g_test_rand_int_range(0, 60);
        g_autofree guint8 *bytes = g_malloc(size);
        int width, height;

        for (gsize i = 0; i < size; i++)
            bytes[i] = i < head->size && g_test_rand_int_range(0, 20)
                           ? (guint8)head->bytes[i]
                           : (guint8)g_test_rand_int_range(0, 256);
        if (picture_size(bytes, size, &width, &height))
            g_assert_true(width > 0 && height > 0);
    }
}

/* A folder with a program "chafa", which is all of PATH but for the system's
 * own. */
typedef struct {
    char *folder;
    GMainLoop *loop;
    Pictures *pictures;
    GPtrArray *all; /* what came; NULL: an error */
    int code;       /* of the error; -1: none */
} Scene;

static void
scene_set_up(Scene *scene, gconstpointer script)
{
    g_autofree char *path = NULL;
    g_autofree char *program = NULL;
    g_autofree char *text = g_strconcat("#!/bin/sh\n", script, NULL);

    scene->folder = g_dir_make_tmp("posthorn-XXXXXX", NULL);
    scene->loop = g_main_loop_new(NULL, FALSE);
    scene->pictures = pictures_create();
    program = g_build_filename(scene->folder, "chafa", NULL);
    if (*(const char *)script) {
        g_assert_true(g_file_set_contents(program, text, -1, NULL));
        g_assert_cmpint(chmod(program, 0700), ==, 0);
    }
    path =
        g_strconcat(scene->folder, *(const char *)script ? ":/bin" : "", NULL);
    g_setenv("PATH", path, TRUE);
}

static void
scene_tear_down(Scene *scene, gconstpointer unused)
{
    pictures_destroy(scene->pictures);
    g_clear_pointer(&scene->all, g_ptr_array_unref);
    g_main_loop_unref(scene->loop);
    file_remove_tree(scene->folder, NULL);
    g_free(scene->folder);
}

static void
on_done(const GPtrArray *all, const GError *error, void *user)
{
    Scene *scene = user;

    scene->code = error ? error->code : -1;
    scene->all = all ? g_ptr_array_ref((GPtrArray *)all) : NULL;
    g_main_loop_quit(scene->loop);
}

#define IMAGE_PART(TYPE, BASE64)                                               \
    "--b\nContent-Type: " TYPE                                                 \
    "\nContent-Transfer-Encoding: base64\n\n" BASE64 "\n"

static const char message_text[] =
    "Content-Type: multipart/mixed; boundary=b\n\n" IMAGE_PART(
        "image/gif", "R0lGODlhAQIDBA==")        /* 513 x 1027 */
    IMAGE_PART("image/gif", "R0lGODlhCAAEAA==") /* 8 x 4 */
    IMAGE_PART("image/gif", "R0lGODlh/////w==") /* 65535 x 65535 */
    IMAGE_PART("image/svg+xml", "PHN2Zy8+") "--b--\n";

static Job *
load(Scene *scene, GPtrArray *all)
{
    PicturesHow how = { .columns = 60, .rows = 20, .colours = 256 };

    how.message = mime_load_bytes(message_text, strlen(message_text));
    return pictures_load(scene->pictures, all, &how, on_done, scene);
}

static GPtrArray *
parts(void)
{
    GPtrArray *all =
        g_ptr_array_new_with_free_func((GDestroyNotify)picture_free);

    for (guint part = 2; part <= 5; part++)
        g_ptr_array_add(all, picture_create_part(part));
    return all;
}

static char *
row_of(const Picture *picture, int row)
{
    GString *text = g_string_new(NULL);

    for (int i = 0; i < picture->cells->columns; i++)
        g_string_append_unichar(
            text,
            picture->cells->cells[row * picture->cells->columns + i].character);
    return g_string_free(text, FALSE);
}

/* What the program is told; icons stay small; what is no image of the four
 * kinds, or would be too large, it never sees. */
static void
test_drawn(Scene *scene, gconstpointer unused)
{
    const Picture *one, *two, *three, *four;
    g_autofree char *size = NULL;
    g_autofree char *icon = NULL;
    g_autofree char *bytes = NULL;

    load(scene, parts());
    g_main_loop_run(scene->loop);
    g_assert_cmpint(scene->code, ==, -1);
    one = scene->all->pdata[0];
    two = scene->all->pdata[1];
    three = scene->all->pdata[2];
    four = scene->all->pdata[3];
    size = row_of(one, 0);
    bytes = row_of(one, 1);
    icon = row_of(two, 0);
    g_assert_cmpstr(size, ==, "60x20 256 block");
    g_assert_cmpstr(bytes, ==, "10             ");
    g_assert_cmpstr(icon, ==, "2x20 256 block");
    g_assert_null(one->trouble);
    g_assert_null(one->bytes); /* the message has them */
    g_assert_cmpint(one->width, ==, 513);
    g_assert_null(three->cells);
    g_assert_cmpstr(three->trouble, ==, "is too large to be drawn");
    g_assert_null(four->cells);
    g_assert_cmpint(four->width, ==, 0);
    g_assert_cmpstr(four->trouble, ==, "is no PNG, JPEG, GIF or WebP image");
}

/* Nothing of it but characters and colours comes through, and no more than was
 * asked for. */
static void
test_hostile(Scene *scene, gconstpointer unused)
{
    const Picture *one;
    g_autofree char *row = NULL;

    load(scene, parts());
    g_main_loop_run(scene->loop);
    one = scene->all->pdata[0];
    g_assert_cmpint(one->cells->rows, ==, 20);
    g_assert_cmpint(one->cells->columns, ==, 60);
    row = row_of(one, 0);
    g_assert_true(g_str_has_prefix(row, "abcXXXXXX"));
    g_assert_cmpint(one->cells->cells[0].front, ==, 1);
}

static void
test_fails(Scene *scene, gconstpointer unused)
{
    const Picture *one;

    load(scene, parts());
    g_main_loop_run(scene->loop);
    g_assert_cmpint(scene->code, ==, -1);
    one = scene->all->pdata[0];
    g_assert_null(one->cells);
    g_assert_cmpstr(one->trouble, ==, "chafa could not draw it");
}

static void
test_missing(Scene *scene, gconstpointer unused)
{
    const Picture *one;

    load(scene, parts());
    g_main_loop_run(scene->loop);
    g_assert_cmpint(scene->code, ==, -1);
    one = scene->all->pdata[0];
    g_assert_null(one->cells);
    g_assert_null(one->trouble);
    g_assert_cmpint(one->height, ==, 1027);
}

static void
test_cancelled(Scene *scene, gconstpointer unused)
{
    job_cancel(load(scene, parts()));
    g_main_loop_run(scene->loop);
    g_assert_cmpint(scene->code, ==, ERR_CANCELLED);
    g_assert_null(scene->all);
}

/* Twenty are tried, however many there are; nothing of this machine is asked.
 */
static void
test_many(Scene *scene, gconstpointer unused)
{
    GPtrArray *all =
        g_ptr_array_new_with_free_func((GDestroyNotify)picture_free);

    for (int i = 0; i < 22; i++)
        g_ptr_array_add(all, picture_create_remote("http://127.0.0.1:1/x"));
    load(scene, all);
    g_main_loop_run(scene->loop);
    if (scene->code == ERR_USAGE) {
        g_test_skip("a build without libcurl");
        return;
    }
    g_assert_cmpint(scene->code, ==, -1);
    for (guint i = 0; i < scene->all->len; i++) {
        const Picture *picture = scene->all->pdata[i];

        g_assert_null(picture->bytes);
        g_assert_nonnull(
            strstr(picture->trouble, i < 20 ? "127.0.0.1: an address of this"
                                            : "20 at once are the most"));
    }
}

static void
add(const char *path, const char *script,
    void (*fn)(Scene *scene, gconstpointer script))
{
    g_test_add(path, Scene, script, scene_set_up, fn, scene_tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/pictures/size", test_size);
    g_test_add_func("/core/pictures/size-random", test_size_random);
    add("/core/pictures/P70/drawn",
        "while [ $# -gt 0 ]; do case $1 in --size) s=$2;; --colors) c=$2;; "
        "--symbols) y=$2;; esac; shift; done\n"
        "echo $s $c $y; wc -c",
        test_drawn);
    add("/core/pictures/P59/hostile",
        "printf '\\033]0;title\\007\\033[31ma\\033[2J\\033[5;5Hb\\302\\233c'\n"
        "while printf XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX; do "
        "n=x$n; [ ${#n} -gt 9 ] && { echo; n=; m=x$m; }; "
        "[ ${#m} -gt 30 ] && exit 0; done",
        test_hostile);
    add("/core/pictures/fails", "echo picture; exit 3", test_fails);
    add("/core/pictures/missing", "", test_missing);
    add("/core/pictures/cancelled", "exec sleep 600", test_cancelled);
    add("/core/pictures/P61/many", "", test_many);
    return g_test_run();
}
