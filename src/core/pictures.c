/* Images fetched, looked at and drawn, one after another, in a thread. Only
 * four kinds are handed on, and only of a size that can be afforded: chafa
 * would read many more kinds, by many more libraries. */
#include "core/pictures.h"

#include "base/err.h"
#include "base/spawn.h"
#include "base/text.h"
#include "net/fetch.h"

#include <string.h>

enum {
    MOST_FETCHED = 20,
    FILE_BYTES = 5 << 20,
    ALL_BYTES = 20 << 20,
    FETCH_SECONDS = 15,
    REDIRECTS = 3,
    PIXELS = 40 * 1000 * 1000,
    DRAW_MS = 10 * 1000,
    PIXELS_A_CELL = 4, /* so that icons stay small */
    CELL_BYTES = 40,   /* the longest that chafa writes for a cell */
};

struct Pictures {
    Worker *worker; /* NULL: nothing was asked yet */
};

typedef struct {
    GPtrArray *all;  /* Picture */
    PicturesHow how; /* owns what it points to */
} Request;

typedef struct {
    PicturesDone done;
    void *user;
} Waiting;

/* The work on one request. */
typedef struct {
    const PicturesHow *how;
    GCancellable *cancel;
    NetFetch *fetch; /* NULL: nothing was fetched yet */
    guint fetched;
    gsize left; /* bytes that may still be fetched */
    bool no_program;
} Work;

Picture *
picture_create_remote(const char *url)
{
    Picture *picture = g_new0(Picture, 1);

    picture->url = g_strdup(url);
    return picture;
}

Picture *
picture_create_part(guint part)
{
    Picture *picture = g_new0(Picture, 1);

    picture->part = part;
    return picture;
}

void
picture_free(Picture *picture)
{
    if (picture == NULL)
        return;
    g_free(picture->url);
    g_clear_pointer(&picture->bytes, g_bytes_unref);
    sgr_cells_free(picture->cells);
    g_free(picture->trouble);
    g_free(picture);
}

Picture *
picture_copy(const Picture *from)
{
    Picture *copy = g_new0(Picture, 1);

    copy->url = g_strdup(from->url);
    copy->part = from->part;
    copy->bytes = from->bytes ? g_bytes_ref(from->bytes) : NULL;
    copy->width = from->width;
    copy->height = from->height;
    return copy;
}

static void
trouble(Picture *picture, const char *text)
{
    g_free(picture->trouble);
    picture->trouble = text_sanitise(text, -1, TEXT_LINE);
}

/* The connections of a request are its own: what one message has loaded tells
 * nothing about another. */
static bool
open_fetch(Work *work, GError **error)
{
    const NetFetchParams params = { .proxy = work->how->proxy,
                                    .own = work->how->own,
                                    .seconds = FETCH_SECONDS,
                                    .redirects = REDIRECTS };

    if (work->fetch == NULL)
        work->fetch = net_fetch_create(&params, work->cancel, error);
    return work->fetch != NULL;
}

static bool
fetch_one(Work *work, Picture *picture, GError **error)
{
    g_autoptr(GError) failed = NULL;

    picture->asked = true;
    if (work->fetched >= MOST_FETCHED || work->left == 0) {
        trouble(picture, work->left == 0 ? "left out: 20 MB are the most"
                                         : "left out: 20 at once are the most");
        return true;
    }
    if (!open_fetch(work, error))
        return false;
    work->fetched++;
    picture->bytes = net_fetch(work->fetch, picture->url,
                               MIN(work->left, FILE_BYTES), &failed);
    if (err_is(failed, ERR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    if (failed)
        trouble(picture, failed->message);
    else
        work->left -= g_bytes_get_size(picture->bytes);
    return true;
}

static void
take_part(const Work *work, Picture *picture)
{
    g_autoptr(GError) error = NULL;

    picture->bytes = mime_part_bytes(work->how->message, picture->part,
                                     ALL_BYTES + 1, &error);
    if (error)
        trouble(picture, error->message);
}

/* Is it one that can be drawn? */
static bool
look_at(Picture *picture)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(picture->bytes, &size);

    if (!picture_size(bytes, size, &picture->width, &picture->height)) {
        picture->width = picture->height = 0;
        trouble(picture, "is no PNG, JPEG, GIF or WebP image");
    } else if (size > ALL_BYTES
               || (gint64)picture->width * picture->height > PIXELS) {
        trouble(picture, "is too large to be drawn");
    } else {
        return true;
    }
    return false;
}

/* What chafa drew, read as cells. */
static bool
draw(Work *work, Picture *picture, GError **error)
{
    const PicturesHow *how = work->how;
    int columns =
        CLAMP(picture->width / PIXELS_A_CELL, 2, MAX(2, how->columns));
    g_autofree char *size = g_strdup_printf("%dx%d", columns, how->rows);
    g_autofree char *colours = how->colours >= 256
                                   ? g_strdup("256")
                                   : g_strdup_printf("%d", how->colours);
    const char *const argv[] = { "chafa",
                                 "--format",
                                 "symbols",
                                 "--animate",
                                 "off",
                                 "--threads",
                                 "1",
                                 "--size",
                                 size,
                                 "--colors",
                                 colours,
                                 "--symbols",
                                 how->ascii ? "ascii" : "block",
                                 "-",
                                 NULL };
    static const char *const environ[] = { "OMP_NUM_THREADS=1",
                                           "MAGICK_THREAD_LIMIT=1", NULL };
    SpawnParams params = { .argv = argv,
                           .environ = environ,
                           .timeout_ms = DRAW_MS,
                           .confined = true };
    g_auto(SpawnResult) result = { 0 };
    g_autoptr(GError) failed = NULL;

    params.input = g_bytes_get_data(picture->bytes, &params.input_size);
    params.output_limit = (gsize)(how->columns * how->rows + 1) * CELL_BYTES;
    if (!spawn_run(&params, work->cancel, &result, &failed)) {
        work->no_program = true; /* it is not there: nothing is drawn */
        if (!err_is(failed, ERR_CANCELLED))
            return true;
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    if (result.status == 0)
        picture->cells = sgr_parse(result.output, result.output_size,
                                   how->columns, how->rows);
    if (picture->cells == NULL || picture->cells->rows == 0)
        trouble(picture, result.timed_out ? "chafa took too long"
                                          : "chafa could not draw it");
    return true;
}

static bool
have_one(Work *work, Picture *picture, GError **error)
{
    bool ok = true;

    picture->drawn_for = work->how->columns;
    if (picture->url == NULL)
        take_part(work, picture);
    else if (picture->bytes == NULL)
        ok = fetch_one(work, picture, error);
    if (ok && picture->bytes && look_at(picture) && work->how->columns > 0
        && !work->no_program)
        ok = draw(work, picture, error);
    if (picture->url == NULL) /* the message has them */
        g_clear_pointer(&picture->bytes, g_bytes_unref);
    return ok;
}

/* Worker thread. */
static void *
run(Job *job, void *data, GError **error)
{
    Request *request = data;
    Work work = { .how = &request->how,
                  .cancel = job_cancellable(job),
                  .left = ALL_BYTES };
    GError *failed = NULL;

    for (guint i = 0; i < request->all->len && failed == NULL; i++) {
        if (g_cancellable_is_cancelled(work.cancel))
            err_set(&failed, ERR_CANCELLED, "images: ended");
        else
            have_one(&work, request->all->pdata[i], &failed);
    }
    net_fetch_destroy(work.fetch);
    if (failed) {
        g_propagate_error(error, failed);
        return NULL;
    }
    return g_ptr_array_ref(request->all);
}

static void
answered(void *user, void *answer, const GError *error)
{
    Waiting *waiting = user;

    waiting->done(answer, error, waiting->user);
    g_free(waiting);
}

static void
request_free(void *data)
{
    Request *request = data;

    g_ptr_array_unref(request->all);
    mime_message_free(request->how.message);
    g_free((char *)request->how.proxy);
    g_free((char *)request->how.own);
    g_free(request);
}

static const JobClass job_class = {
    .name = "images",
    .run = run,
    .answer = answered,
    .free_request = request_free,
    .free_answer = (GDestroyNotify)g_ptr_array_unref,
};

Pictures *
pictures_create(void)
{
    return g_new0(Pictures, 1);
}

void
pictures_destroy(Pictures *pictures)
{
    if (pictures == NULL)
        return;
    worker_destroy(pictures->worker);
    g_free(pictures);
}

Job *
pictures_load(Pictures *pictures, GPtrArray *all, const PicturesHow *how,
              PicturesDone done, void *user)
{
    Request *request = g_new0(Request, 1);
    Waiting *waiting = g_new0(Waiting, 1);

    request->all = all;
    request->how = *how;
    request->how.proxy = g_strdup(how->proxy);
    request->how.own = g_strdup(how->own);
    waiting->done = done;
    waiting->user = user;
    if (pictures->worker == NULL)
        pictures->worker = worker_create("images");
    return worker_submit(pictures->worker, JOB_URGENT, &job_class, request,
                         waiting);
}
