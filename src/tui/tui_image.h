/* Images within a page of lines: loaded by a key, drawn as cells. */
#ifndef TUI_IMAGE_H
#define TUI_IMAGE_H

#include "tui_page.h"

/* `load-images`, `display images`, `open-image N`. False: none of these. */
bool image_act(Page *page, PageItem *item, const char *what, const char *word);

/* Adds the lines of image number (1…): rows of cells when it is drawn, else one
 * that says what is there. */
void image_add_lines(Page *page, const PageItem *item, guint number);

/* Adds what there is to say of all: "2 remote images not loaded · i loads". */
void image_add_notes(Page *page, const PageItem *item);

/* Has what is to be seen and is not drawn yet, or for another width, drawn. The
 * page is made anew when that is done. */
void image_follow(Page *page, PageItem *item);

void item_images_free(ItemImages *images);

#endif
