/* A page of lines made from one message or a whole thread: what the message
 * view scrolls. Building a page reads files; drawing it does not. */
#ifndef TUI_PAGE_H
#define TUI_PAGE_H

#include "mime/seal.h"
#include "tui_private.h"

typedef enum {
    PAGE_TEXT,
    PAGE_RULE,
    PAGE_IMAGE, /* a row of one */
} PageKind;

typedef struct {
    PageKind kind;
    Role role;
    char *text;  /* safe */
    char *right; /* at the right edge; or NULL */
    int indent;  /* columns before text */
    guint item;  /* of the message it belongs to */
    const MimeLine *line; /* of its text; borrowed from the item's; or NULL */
    const SgrCell *cells; /* of PAGE_IMAGE; borrowed from the item's images */
    int n_cells;
} PageLine;

typedef struct ItemImages ItemImages;
typedef struct SealedAsk SealedAsk;

/* One message of the page. */
typedef struct {
    StoreRow *row;
    int depth;
    bool unfolded;
    char *path;           /* NULL: not on this machine */
    bool on_its_way;      /* it was asked for */
    MimeMessage *message; /* loaded when it is first unfolded; of one that is
                             opened, what was inside */
    SealedAsk *ask;       /* gpg was asked, once; NULL: not yet */
    MimeOpened *opened;   /* what it said, as it was taken last; or NULL */
    MimeText *text;       /* for the width it was made for */
    int text_width;
    ItemImages *images; /* that were loaded or drawn; NULL: none */
    guint first, last;  /* its first line on the page; behind its last */
} PageItem;

/* How bodies are shown; toggled by keys. */
typedef struct {
    bool quotes, headers, raw, html, flat;
    bool unwrapped; /* long lines end at the edge of the screen */
    bool images;
    bool unlocked; /* links of a message that failed its sender check */
} PageWish;

typedef struct {
    Tui *tui;
    GPtrArray *items; /* PageItem */
    GPtrArray *lines; /* PageLine */
    PageWish wish;
    int columns; /* the lines were made for */
    guint made;  /* how often they were */
    bool look_only; /* a preview: nothing is opened for it */
} Page;

Page *page_create(Tui *tui, gint64 id, bool thread);
void page_destroy(Page *page);

/* Makes the lines anew for a width. */
void page_make(Page *page, int columns);

/* Reads the rows again: flags and tags may have changed. */
void page_reload(Page *page);

/* Texts are to be made again: a wish changed. */
void page_forget_texts(Page *page);

/* Loads the message of an item; false: it is not here. */
bool page_load(Page *page, PageItem *item);

/* tui_sealed.c: has gpg open what is signed or encrypted, and shows what was
 * inside once it is there. Again and again, until it is. */
void sealed_follow(Page *page, PageItem *item);

/* Is it encrypted, and not opened yet? */
bool sealed_is_closed(const PageItem *item);

/* What the item has of it. */
void sealed_clear(PageItem *item);

/* The line about it, with its role; NULL: there is nothing to say. g_free(). */
char *sealed_line(const Page *page, const PageItem *item, Role *role);

/* The links of the item in order; NULL: none. */
const GPtrArray *page_links(const PageItem *item);

/* Are its links and files locked: the sender check failed? */
bool page_is_locked(const Page *page, const PageItem *item);

/* A line of safe text at the end of the page, for tui_image.c. */
PageLine *page_add_line(Page *page, const char *safe, Role role);

#endif
