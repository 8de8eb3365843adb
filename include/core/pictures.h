/* Images of a message on their way to the screen: fetched when the user asked,
 * or taken from a part; looked at, and drawn with characters by the program
 * chafa, which is shut in (promise P70). Nothing of it is kept but by who
 * asked. Main thread; the work is done in one of its own. */
#ifndef CORE_PICTURES_H
#define CORE_PICTURES_H

#include "base/job.h"
#include "base/sgr.h"
#include "mime/mime.h"

typedef struct Pictures Pictures;

/* One image, before and after. Strings are owned. */
typedef struct {
    char *url;     /* to be fetched; NULL: it is a part */
    guint part;    /* its number in the message */
    GBytes *bytes; /* of a remote one, the file as it came; NULL: not here */
    int width, height; /* pixels, as it says itself; 0: it is no image */
    int drawn_for;     /* columns that there were to draw it in */
    SgrCells *cells;   /* NULL: not drawn */
    bool asked;    /* the web, or it was left out, by this very request */
    char *trouble;     /* why it is not here or not drawn, sanitised; or NULL */
} Picture;

Picture *picture_create_remote(const char *url);
Picture *picture_create_part(guint part);
void picture_free(Picture *picture);

/* The same with references to bytes, without cells and trouble. */
Picture *picture_copy(const Picture *from);

/* How they are to be had. */
typedef struct {
    MimeMessage *message; /* that has the parts; taken; or NULL */
    int columns, rows;    /* the most cells of each; 0: they are not drawn */
    int colours;          /* 256, 16 or 8 */
    bool ascii;           /* no other characters */
    const char *proxy;    /* like NetParams'; or NULL */
    const char *own;      /* addresses of this network that may be asked; or
                             NULL */
} PicturesHow;

Pictures *pictures_create(void);
void pictures_destroy(Pictures *pictures);

/* all is borrowed; NULL with an error: ERR_CANCELLED, or one that concerns all
 * of them. */
typedef void (*PicturesDone)(const GPtrArray *all, const GError *error,
                             void *user);

/* Loads remote ones that have no bytes, at most 20, 5 MB each and 20 MB
 * together, and draws all, in order. Takes all: an array of Picture that frees
 * them. done is called exactly once; job_cancel() on what is returned ends
 * it. */
Job *pictures_load(Pictures *pictures, GPtrArray *all, const PicturesHow *how,
                   PicturesDone done, void *user);

/* Pure: the size that a PNG, JPEG, GIF or WebP image says it has, from its
 * first bytes. False: it is none of these, or says none. */
bool picture_size(const guint8 *bytes, gsize size, int *width, int *height);

#endif
