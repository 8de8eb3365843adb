/* Who sent a message, on the screen. Private. */
#ifndef TUI_SENDER_H
#define TUI_SENDER_H

#include "tui_private.h"

/* "✓ corp.example  DMARC pass · …", or why there is no verdict; NULL where none
 * is wanted. g_free(). */
char *sender_line(Tui *tui, const StoreRow *row, Role *role);

/* What is strange about it; NULL: nothing. g_free(). */
char *sender_warning(const StoreRow *row);

/* Opens the page about the sender, and has the message checked for it. */
void sender_page(Tui *tui, const StoreRow *row);

/* tui_text.c: a page of text about a message. text_view_create() copies title;
 * text_view_set() replaces the text, which is untrusted. */
View *text_view_create(Tui *tui, const ViewClass *class, const char *title,
                       gint64 message);
void text_view_set(View *view, const char *text);
void text_draw(View *view, Rect area);
void text_destroy(View *view);
void text_reload(View *view);
bool text_move(View *view, Motion motion, int count);
char *text_title(View *view);
gint64 text_view_message(View *view);
bool text_view_targets(View *view, TargetScope scope, GArray *ids);

/* What every page of text has. */
#define TEXT_CLASS(CONTEXT)                                                    \
    .context = CONTEXT, .draw = text_draw, .destroy = text_destroy,            \
    .reload = text_reload, .move = text_move, .title = text_title

#endif
