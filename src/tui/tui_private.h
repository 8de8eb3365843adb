/* What the files of the screen share. All of it is the main thread's. */
#ifndef TUI_PRIVATE_H
#define TUI_PRIVATE_H

#include "base/sgr.h"
#include "tui/tui.h"
#include "tui_layout.h"

#define NCURSES_NOMACROS 1
#include <curses.h>

typedef struct View View;
typedef struct Prompt Prompt;

/* What text means; the theme says how that looks. */
typedef enum {
    ROLE_TEXT,
    ROLE_BOLD, /* unread, heading */
    ROLE_DIM,
    ROLE_RULE,
    ROLE_ACCENT,
    ROLE_TAG,
    ROLE_GOOD,
    ROLE_WARN,
    ROLE_BAD,
    ROLE_COUNT,
} Role;

/* What it lies on. */
typedef enum {
    GROUND_NORMAL,
    GROUND_SELECTED,
    GROUND_TOP,
    GROUND_POPUP,
    GROUND_COUNT,
} Ground;

/* Motions that every view understands in its own way. */
typedef enum {
    MOVE_LINES,
    MOVE_PAGES,
    MOVE_HALF_PAGES,
    MOVE_FIRST,
    MOVE_LAST,
    MOVE_UNREAD,
    MOVE_ITEMS, /* the next message, folder, … */
    MOVE_THREADS,
    MOVE_PARENT,
    MOVE_CENTRE, /* the cursor stays, the rows move */
    MOVE_BOTTOM,
} Motion;

typedef struct {
    const char *context; /* of its keys: "list" */
    bool typed;          /* of a popup: letters are text, q too */

    void (*draw)(View *view, Rect area);
    void (*destroy)(View *view);

    /* The rest may be NULL. */
    void (*reload)(View *view); /* rows changed */
    bool (*move)(View *view, Motion motion, int count);
    gint64 (*current)(View *view); /* message under the cursor; 0: none */
    char *(*link)(View *view, int number); /* its target; NULL: none */
    bool (*targets)(View *view, TargetScope scope, GArray *ids);
    /* Lines selected in a message, MimeLine, which are no longer selected then.
     * Owned array of borrowed lines; NULL: there are none. */
    GPtrArray *(*take_lines)(View *view, gint64 id);
    void (*enter)(View *view); /* Enter, l */
    bool (*act)(View *view, const char *what, const char *word);
    /* g_free(): left and right of the top row; where the cursor is. */
    char *(*title)(View *view);
    char *(*place)(View *view); /* right end of the bottom row */
    char *(*hints)(View *view, int columns); /* NULL: by the context */
    void (*cursor)(View *view, int *y, int *x);
} ViewClass;

struct View {
    const ViewClass *class;
    Tui *tui;
    View *popup; /* comes again when the view is on top again; or NULL */
};

enum { HISTORY_LINES = 100 };

struct Tui {
    Session *session;
    GMainLoop *loop;
    int status;
    GPtrArray *views; /* View; the last one is seen */
    Prompt *prompt;   /* NULL: none */
    View *popup;      /* help, which-key, files: over the view; or NULL */
    GString *pressed; /* keys of an unfinished sequence */
    int count;        /* digits typed; 0: none */
    guint which_timer;
    char *told; /* the result of the last act; NULL: hints */
    bool told_error;
    bool told_undoable;
    guint told_timer;
    bool quit_asked;
    bool dirty;
    guint redraw;
    guint input;
    guint listening;
    guint signals[5];
    guint stops;      /* the source of term_stop_fd() */
    GPtrArray *running; /* Command: not ended yet */
    guint tick;
    bool sidebar;
    bool wants_inbox; /* none was there at the start */
    bool preview_asked; /* p was pressed: not what the width says */
    View *preview;      /* of the row under the cursor; NULL: none yet */
    gint64 preview_id;
    guint preview_timer;
    bool restoring; /* undo or redo ran: rows come back to their places */
    int cursor_y, cursor_x;
    GPtrArray *history; /* char * */
    char *progress;
    char *last_query; /* of a search that was kept; NULL: none yet */
    char *open_folder; /* copies of files given to other programs; or NULL */
    guint opened;
    struct Pictures *pictures; /* NULL: no image was shown yet */
    Frontend *frontend;
};

/* tui_term.c: the terminal. */
bool term_open(GError **error);
void term_close(void);
void term_leave(void);  /* for another program */
void term_return(void);
void term_resize(void); /* after SIGWINCH */
void term_frame_begin(void);
void term_frame_end(void);
void term_copy(const char *text); /* OSC 52 */
/* Readable when a stop was asked for by a signal, or the program goes on after
 * one; term_stopped() says which and forgets it. */
int term_stop_fd(void);
bool term_stopped(bool *goes_on);
/* Stops the process with the terminal given back; returns when it goes on. */
void term_stop(void);
/* Runs a program in the terminal and waits for its end: the exit status, -1
 * when it ended otherwise. A signal that ends this process ends it too. */
int term_run(const char *const *argv);

/* tui_input.c: the next key by name, or NULL. *paste gets a pasted text
 * instead. Free both with g_free(). */
char *input_next(char **paste);

/* tui_theme.c */
bool theme_load(Session *session, GError **error);
void theme_set(Role role, Ground ground);
void theme_underline(bool on);

/* tui_draw.c */
const char *glyph(const char *unicode);
bool draw_is_ascii(void);
/* Untrusted text made safe and, in a terminal without Unicode, readable. */
char *draw_safe(const char *untrusted);
/* Exactly width columns of safe text at y, x; in role on ground. */
void draw_cells(int y, int x, int width, const char *safe, Role role,
                Ground ground);
/* The same, right aligned. */
void draw_right(int y, int x, int width, const char *safe, Role role,
                Ground ground);
void draw_blank(Rect area, Ground ground);
void draw_rule(int y, int x, int width);
/* A frame with a title; returns the area inside. */
Rect draw_frame(Rect area, const char *title);
/* tui_cells.c: a row of n cells in exactly width columns. */
void cells_draw(int y, int x, int width, const SgrCell *cells, int n);
/* Gives the colours of all cells back: none is drawn any more. */
void cells_forget(void);
/* "05:13", "Sun", "20 Nov", "2024": six columns, right aligned. g_free(). */
char *draw_date(gint64 time, gint64 now);

/* tui_row.c: one row of a message list, drawn at its place. */
typedef struct {
    const StoreRow *row;
    bool selected; /* x */
    bool current;  /* cursor */
    bool outgoing; /* in a list of what the user wrote: who is to read it */
    int depth;     /* in an unfolded thread */
    bool mixed;    /* with rows of other folders: says where it lies */
} RowState;
void row_draw(Tui *tui, const RowState *state, int y, int x, int columns);
/* "Marta … Ben": names of a thread within width columns. g_free(). */
char *row_authors(const StoreRow *row, Tui *tui, int width);
/* "to me, Ben Okafor +3" from a label and an address field, which may be NULL:
 * at least one, and whom else width columns have no room for is counted.
 * g_free(); NULL: there is nobody. */
char *row_recipients(Tui *tui, const char *label, const char *field, int width);

/* tui_views.c */
void tui_push(Tui *tui, View *view);
/* The same for what the popup shows, which is there again behind it. */
void tui_push_over_popup(Tui *tui, View *view);
void tui_pop(Tui *tui);
/* Another view is on top: commands mean the draft of its page, or none. */
void tui_focus(Tui *tui);
View *tui_top(Tui *tui);
void tui_dirty(Tui *tui);
void tui_tell(Tui *tui, TellKind kind, bool undoable, const char *text);
void tui_set_popup(Tui *tui, View *popup); /* NULL: away */
void tui_run_command(Tui *tui, const char *text, int count);
/* The command that used what is selected ended, goes on behind, or (keep) did
 * nothing. While it asks, nothing. */
void tui_end_use(Tui *tui, bool keep);
const char *tui_context(Tui *tui);
/* tui_places.c: the account of the folder or message that is shown, or was
 * before a page of something else. g_free(); NULL: all accounts. */
char *tui_account(Tui *tui);

/* tui_programs.c: other programs. */
/* A path or an address in the program of the option opener, and says what was
 * opened (by name) or why not. */
void tui_open_in(Tui *tui, const char *what, const char *name);
/* Where a copy for it may be written, under a name of a stranger's, in a folder
 * that goes with us; g_free(). tui_opened() opens it and says what was done. */
char *tui_open_path(Tui *tui, const char *name, GError **error);
void tui_opened(Tui *tui, const char *path, const GError *error);
/* Both, with a copy of bytes. */
void tui_open_bytes(Tui *tui, const char *name, GBytes *bytes);
/* Bytes to a command line of the user's; what it prints becomes a page. False,
 * and told: it is no command line. */
bool tui_pipe(Tui *tui, const char *command, GBytes *bytes);

/* tui_keys.c */
void tui_key(Tui *tui, const char *key);
void tui_paste(Tui *tui, const char *text);

/* tui_hints.c: " ⏎ open  a archive  ? keys" of a set of hints within columns,
 * with the keys of context. g_free(). */
char *hints_text(Tui *tui, const char *set, const char *context, int columns);

/* tui_frame.c: one frame of everything. */
void tui_draw(Tui *tui);

/* The views. */
View *list_view_folder(Tui *tui, gint64 folder, const char *title);
View *list_view_query(Tui *tui, const char *query, const char *title);
/* Of a query: the servers are asked what it finds there. */
void list_view_ask_servers(View *view);
/* typed: what the title says it is. scope: a folder; 0: all mail. */
void list_view_set_query(View *view, const char *query, const char *typed,
                         gint64 scope);

/* Are rows of a list chosen, more than the cursor's? */
bool list_view_is_chosen(const View *view);
/* Where a command used the selection it is over, unless keep. */
void list_view_end_use(View *view, bool keep);

/* Why the rows are not those of the query, or NULL. Borrowed. */
const char *list_view_trouble(const View *view);
bool view_is_list(const View *view);
/* The query of what a search found, borrowed; NULL: no search. */
const char *list_view_asked(const View *view);
gint64 list_view_folder_id(const View *view);
/* The folder that it shows or that was searched; 0: all mail. */
gint64 list_view_scope(const View *view);
gint64 list_view_current(View *view); /* message id; 0: none */
/* The one beside a message that was opened from it, to which the cursor goes;
 * 0: none. */
gint64 list_view_neighbour(View *view, const StoreRow *message, int step,
                           bool unread);
/* Selects the rows of these messages; how many. */
guint list_view_select(View *view, const GArray *messages);
/* To the next row of one of them, in steps of 1 or -1. False: none. */
bool list_view_go(View *view, const GArray *messages, int step);
View *message_view(Tui *tui, gint64 id, bool thread);
/* The same to look at: it marks nothing as read. */
View *message_preview(Tui *tui, gint64 id);
View *text_view(Tui *tui, const char *title, const char *text);
View *activity_view(Tui *tui);
View *review_view(Tui *tui, const char *path);
/* The draft of a review page; NULL: it is another view. Borrowed. */
const char *review_view_path(const View *view);
/* The user leaves the page, and not by sending or discarding: where the draft
 * is then, to be told. g_free(); NULL: there is none. */
char *review_view_farewell(const View *view);
View *outbox_view(Tui *tui);
bool view_is_outbox(const View *view);
View *contacts_view(Tui *tui);
View *help_popup(Tui *tui);
View *which_popup(Tui *tui, const char *prefix);
/* One of "g 2" to "g 9": it is shown with "g 1". */
bool binding_is_counted(const KeyBinding *binding);
/* "g 1" is shown as "g 1-9", "account 1" as "account". Both g_free(). */
char *binding_keys(const KeyBinding *binding, char **help);
/* locked: the sender check failed, nothing leaves the message. */
View *files_popup(Tui *tui, gint64 id, bool locked);
guint files_popup_count(const View *popup);
/* The server is asked: the message is not here, and not fetched any more. */
bool files_popup_asks(const View *popup);

/* tui_empty.c: folder: where other mail is stands below. */
void empty_draw(Tui *tui, Rect area, const char *safe, bool folder);

/* tui_sidebar.c */
void sidebar_draw(Tui *tui, Rect area);
/* The same with the keys: a folder is chosen. */
View *sidebar_popup(Tui *tui);
/* The folder that stands step rows from that of id. 0: none. */
gint64 sidebar_neighbour(Tui *tui, gint64 folder, int step);

/* tui_preview.c: the pane of the message under the cursor, read a moment after
 * the cursor rests. */
bool preview_is_wanted(const Tui *tui, int columns);
void preview_draw(Tui *tui, Rect area, bool below);
void preview_reload(Tui *tui);
void preview_forget(Tui *tui);

/* tui_prompt.c */
Prompt *prompt_command(Tui *tui, const char *initial);
Prompt *prompt_search(Tui *tui, bool here); /* here: in this folder */
Prompt *prompt_find(Tui *tui);
Prompt *prompt_ask(Tui *tui, const AskRequest *request);
void prompt_destroy(Prompt *prompt);
/* Does it say its keys in the row above its own? */
bool prompt_has_hints(const Prompt *prompt);

/* The view goes: a search whose rows it shows ends. */
void prompt_view_gone(Tui *tui, const View *view);

bool prompt_key(Prompt *prompt, const char *key); /* false: it is over */
void prompt_paste(Prompt *prompt, const char *text);
void prompt_draw(Prompt *prompt, Rect screen, int *y, int *x);

/* tui_extract.c, tui_places.c: more commands of the screen. */
extern const CmdEntry tui_extract_entries[];
extern const CmdEntry tui_places_entries[];

/* tui_frontend.c */
Frontend *tui_frontend_create(Tui *tui);
void tui_frontend_destroy(Frontend *frontend);
/* NULL: another face. */
Tui *tui_of_frontend(Frontend *frontend);

#endif
