/* The face of the program as commands see it: a screen, or none. Commands
 * reach a screen only through this. Main thread; every call returns at once,
 * answers come through callbacks, exactly one each. */
#ifndef CORE_FRONTEND_H
#define CORE_FRONTEND_H

#include <glib.h>
#include <stdbool.h>

typedef struct Frontend Frontend;

typedef enum {
    SCOPE_MESSAGE, /* the row, or the selection */
    SCOPE_THREAD,  /* the whole threads of them */
} TargetScope;

typedef enum {
    VIEW_LIST,     /* query, or folder */
    VIEW_THREAD,   /* id: the message to begin with */
    VIEW_MESSAGE,  /* id */
    VIEW_REVIEW,   /* path: the draft */
    VIEW_ACTIVITY,
    VIEW_OUTBOX,
    VIEW_HELP,
    VIEW_TEXT, /* title and text: any output too long for a line */
} ViewKind;

typedef struct {
    ViewKind kind;
    gint64 folder;     /* VIEW_LIST; 0: none */
    const char *query; /* VIEW_LIST: a search; or NULL */
    bool servers;      /* of query: the servers are asked too */
    const char *title; /* or NULL */
    gint64 id;         /* message row */
    const char *path;
    const char *text;
} ViewRequest;

typedef struct {
    const char *prompt;  /* "Move to" */
    const char *initial; /* or NULL */
    const char *completion; /* "folder", "tag", "address",
                               "identity", "path", "" */
    const char *keys;    /* one-letter answers instead of text: "yn"; or NULL */
    bool secret;         /* shown as dots */
    /* answer NULL: cancelled. Called once. */
    void (*answer)(const char *answer, void *user);
    void *user;
} AskRequest;

typedef enum {
    TELL_INFO,  /* result of an act; with its undo hint when undoable */
    TELL_ERROR, /* stays until the next key at least, and in the log */
} TellKind;

typedef struct {
    /* The rows that a command without a query acts on. False: no screen or
     * nothing under the cursor. */
    bool (*targets)(Frontend *frontend, TargetScope scope, GArray *ids);

    /* The account of the folder or message that is shown; g_free(). NULL: no
     * screen, or a view over all accounts. */
    char *(*account)(Frontend *frontend);

    /* The lines that the user selected in a message, quoted; they are no longer
     * selected then. g_free(); NULL: there are none. */
    char *(*take_quote)(Frontend *frontend, gint64 id);

    void (*open)(Frontend *frontend, const ViewRequest *request);

    /* Closes the current view; the last one ends the program. */
    void (*close)(Frontend *frontend);

    void (*ask)(Frontend *frontend, const AskRequest *request);

    /* Runs the user's editor on a file; done when it ended. One that did not
     * start, or not end well, is told by the face. */
    void (*edit)(Frontend *frontend, const char *path,
                 void (*done)(void *user), void *user);

    /* Runs another program with the terminal given up to it. */
    void (*run)(Frontend *frontend, const char *const *argv);

    /* Gives the terminal up while fn runs, which may ask on it by another
     * program: gpg-agent's pinentry. Without a screen, just runs it. */
    void (*lend)(Frontend *frontend, void (*fn)(void *user), void *user);

    void (*tell)(Frontend *frontend, TellKind kind, bool undoable,
                 const char *text);

    /* fraction of work that the user waits for; NULL what: over. */
    void (*progress)(Frontend *frontend, const char *what, guint64 done,
                     guint64 total);

    /* Ends the main loop with an exit status. */
    void (*quit)(Frontend *frontend, int status);
} FrontendClass;

/* Every implementation begins with this. */
struct Frontend {
    const FrontendClass *class;
    bool has_screen;
};

/* Text is sanitised by the screen, not by the caller. */
void frontend_tell(Frontend *frontend, TellKind kind, bool undoable,
                   const char *format, ...) G_GNUC_PRINTF(4, 5);

/* What hooks print. On a screen it is told when the main loop is idle, of more
 * than a line the first, and all of them stand in the log; without a screen it
 * is the program's output. frontend stays the caller's. */
typedef struct HookOutput HookOutput;
HookOutput *hook_output_create(Frontend **frontend);
void hook_output_destroy(HookOutput *output);
/* A PrinterWrite; user is the HookOutput. */
void hook_output_print(const char *bytes, gsize size, void *user);

/* The face without a screen: tell goes to standard error when it is an error,
 * ask answers NULL, quit ends loop. */
Frontend *frontend_create_headless(GMainLoop *loop);
int frontend_headless_status(const Frontend *frontend);
void frontend_destroy_headless(Frontend *frontend);

#endif
