/* A session with an account whose IMAP server is here. */
#ifndef IMAP_SCENE_H
#define IMAP_SCENE_H

#include "base/file.h"
#include "core/account.h"
#include "core/act.h"
#include "scene.h"

#include <gio/gio.h>
#include <string.h>

/* A server with an empty INBOX unless says tells more of a command: the lines
 * before its OK, or NULL. A thread for each call. Guarded by its lock: how it
 * is today, and what was tried. */
typedef struct {
    GSocketService *service;
    guint16 port;
    GMutex lock;
    GCond changed;
    const char *(*says)(const char *command);
    const char *last;  /* behind a command that has this, it is silent */
    bool silent;       /* commands are taken and wait */
    bool refuses;      /* logins */
    bool closes;       /* in place of the next answer */
    bool idle;         /* has IDLE, and says NO to it */
    const char *news;  /* has IDLE and NOTIFY, and says this to the first IDLE;
                          NULL: it has not */
    char *idle_tag;    /* of the one that goes on */
    guint notifies;
    bool locked;       /* has a mailbox, too, that cannot be opened */
    guint logins_most; /* beyond it they are refused; 0: all are taken */
    guint logins, commands, searches, lists;
    gint64 tried[4]; /* when these IDLEs and refused logins came, monotonic */
    guint tries;
    guint calls; /* that are not over */
} Imap;

static inline void
imap_set(Imap *imap, bool *what, bool on)
{
    g_mutex_lock(&imap->lock);
    *what = on;
    g_cond_broadcast(&imap->changed);
    g_mutex_unlock(&imap->lock);
}

static inline guint
imap_count(Imap *imap, const guint *what)
{
    guint count;

    g_mutex_lock(&imap->lock);
    count = *what;
    g_mutex_unlock(&imap->lock);
    return count;
}

static inline guint
imap_logins(Imap *imap)
{
    return imap_count(imap, &imap->logins);
}

/* Until the server got so many; nothing is told here meanwhile. */
static inline void
imap_await(Imap *imap, const guint *what, guint count)
{
    g_mutex_lock(&imap->lock);
    while (*what < count)
        g_cond_wait(&imap->changed, &imap->lock);
    g_mutex_unlock(&imap->lock);
}

static inline void
imap_tried(Imap *imap)
{
    if (imap->tries < G_N_ELEMENTS(imap->tried))
        imap->tried[imap->tries] = g_get_monotonic_time();
    imap->tries++;
}

/* With the lock held. */
static inline char *
imap_answer(Imap *imap, const char *tag, const char *command)
{
    bool login = g_str_has_prefix(command, "LOGIN")
                 || g_str_has_prefix(command, "AUTHENTICATE");
    const char *before = imap->says ? imap->says(command) : NULL;

    imap->logins += login;
    imap->searches += strstr(command, "SEARCH") != NULL;
    imap->lists += g_str_has_prefix(command, "LIST");
    if (login
        && (imap->refuses
            || (imap->logins_most && imap->logins > imap->logins_most))) {
        imap_tried(imap);
        return g_strdup_printf("%s NO [AUTHENTICATIONFAILED] no\r\n", tag);
    }
    if (imap->idle && g_str_has_prefix(command, "IDLE")) {
        imap_tried(imap);
        return g_strdup_printf("%s NO not now\r\n", tag);
    }
    if (imap->idle && g_str_has_prefix(command, "CAPABILITY"))
        before = "* CAPABILITY IMAP4rev1 UIDPLUS IDLE\r\n";
    if (imap->news && before == NULL && g_str_has_prefix(command, "CAPABILITY"))
        before = "* CAPABILITY IMAP4rev1 UIDPLUS IDLE NOTIFY\r\n";
    imap->notifies += g_str_has_prefix(command, "NOTIFY");
    if (imap->news && g_str_has_prefix(command, "IDLE")) {
        const char *first = imap->idle_tag ? "" : imap->news;

        g_free(imap->idle_tag);
        imap->idle_tag = g_strdup(tag);
        return g_strdup_printf("+ idling\r\n%s", first);
    }
    if (g_str_has_prefix(tag, "DONE"))
        return g_strdup_printf("%s OK done\r\n", imap->idle_tag);
    if (imap->locked && strstr(command, "Locked"))
        return g_strdup_printf("%s NO [UNAVAILABLE] it is locked\r\n", tag);
    if (imap->locked && g_str_has_prefix(command, "LIST"))
        before = "* LIST () \"/\" INBOX\r\n* LIST () \"/\" Locked\r\n";
    if (imap->last && strstr(command, imap->last))
        imap->silent = true;
    if (before)
        return g_strdup_printf("%s%s OK done\r\n", before, tag);
    if (g_str_has_prefix(command, "LIST"))
        before = "* LIST () \"/\" INBOX\r\n";
    else if (g_str_has_prefix(command, "SELECT"))
        before = "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n"
                 "* OK [UIDNEXT 1] n\r\n";
    else if (strstr(command, "SEARCH"))
        before = "* SEARCH\r\n";
    return g_strdup_printf("%s%s OK done\r\n", before ? before : "", tag);
}

/* False: the call is over. */
static inline bool
imap_command(Imap *imap, GOutputStream *out, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 2);
    g_autofree char *answer = NULL;

    g_mutex_lock(&imap->lock);
    imap->commands++;
    g_cond_broadcast(&imap->changed);
    while (imap->silent)
        g_cond_wait(&imap->changed, &imap->lock);
    if (imap->closes)
        imap->closes = false;
    else
        answer = imap_answer(imap, words[0], words[1] ? words[1] : "");
    g_cond_broadcast(&imap->changed);
    g_mutex_unlock(&imap->lock);
    return answer
           && g_output_stream_write_all(out, answer, strlen(answer), NULL, NULL,
                                        NULL);
}

/* Counted here, in the main thread: it ends no server that has a call. */
static inline gboolean
imap_called(GSocketService *service, GSocketConnection *connection,
            GObject *source, void *user)
{
    Imap *imap = user;

    g_mutex_lock(&imap->lock);
    imap->calls++;
    g_mutex_unlock(&imap->lock);
    return FALSE;
}

static inline void
imap_is_over(Imap *imap)
{
    g_mutex_lock(&imap->lock);
    imap->calls--;
    g_cond_broadcast(&imap->changed);
    g_mutex_unlock(&imap->lock);
}

static inline gboolean
imap_talk(GThreadedSocketService *service, GSocketConnection *connection,
          GObject *source, void *user)
{
    static const char greeting[] =
        "* OK [CAPABILITY IMAP4rev1 UIDPLUS AUTH=PLAIN SASL-IR] hi\r\n";
    g_autoptr(GDataInputStream) in = g_data_input_stream_new(
        g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    bool goes_on = g_output_stream_write_all(out, greeting, strlen(greeting),
                                             NULL, NULL, NULL);

    while (goes_on) {
        g_autofree char *line =
            g_data_input_stream_read_line(in, NULL, NULL, NULL);

        goes_on = line && imap_command(user, out, line);
    }
    imap_is_over(user);
    return TRUE;
}

/* An account of so many connections. */
static inline Account *
imap_open_wide(Imap *imap, guint connections, const char *secret,
               Session **session, char **root)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    *imap = (Imap){ .service = g_threaded_socket_service_new(4) };
    g_mutex_init(&imap->lock);
    g_cond_init(&imap->changed);
    imap->port = g_socket_listener_add_any_inet_port(
        G_SOCKET_LISTENER(imap->service), NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(imap->service, "incoming", G_CALLBACK(imap_called), imap);
    g_signal_connect(imap->service, "run", G_CALLBACK(imap_talk), imap);
    text =
        g_strdup_printf("account work {\n    address  ana@example.org\n    %s\n"
                        "    max-connections %u\n"
                        "    incoming imap+insecure://127.0.0.1:%u\n}\n",
                        secret, connections, imap->port);
    *session = scene_open(text, false, root);
    return session_account(*session, "work");
}

static inline Account *
imap_open(Imap *imap, const char *secret, Session **session, char **root)
{
    return imap_open_wide(imap, 1, secret, session, root);
}

/* All who called have hung up. */
static inline void
imap_stop(Imap *imap, char *root)
{
    imap_set(imap, &imap->silent, false);
    g_socket_service_stop(imap->service);
    g_mutex_lock(&imap->lock);
    while (imap->calls > 0)
        g_cond_wait(&imap->changed, &imap->lock);
    g_mutex_unlock(&imap->lock);
    g_object_unref(imap->service);
    g_clear_pointer(&imap->idle_tag, g_free);
    file_remove_tree(root, NULL);
    g_free(root);
}

/* A message that server and user see alike, and its file. */
static inline gint64
imap_message(Session *session, gint64 folder, guint32 uid)
{
    static const char bytes[] = "From: b@example.org\nSubject: x\n"
                                "Message-ID: <1@example.org>\n\nbody\n";
    Store *store = session_store(session);
    ActAppend what = { .folder = folder,
                       .bytes = bytes,
                       .size = sizeof bytes - 1 };
    g_autoptr(GError) error = NULL;
    gint64 id = act_append(session, &what, &error);

    g_assert_no_error(error);
    g_assert_true(store_server_place(store, id, folder, uid, NULL));
    g_assert_true(store_server_flags(store, id, 0, "", NULL));
    return id;
}

/* As server and user saw it last. */
static inline gint64
imap_folder(Session *session, const char *name, FolderRole role)
{
    gint64 id = session_make_folder(session, "work", name, role, NULL);
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(session), id, NULL);

    folder->uidvalidity = 7;
    folder->uidnext = 2;
    g_assert_cmpint(store_folder_put(session_store(session), folder, NULL), ==,
                    id);
    return id;
}

/* A message that was read, in either. */
static inline const char *
imap_two_mailboxes(const char *command)
{
    if (g_str_has_prefix(command, "LIST"))
        return "* LIST () \"/\" INBOX\r\n* LIST () \"/\" B\r\n";
    if (g_str_has_prefix(command, "SELECT"))
        return "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n"
               "* OK [UIDNEXT 2] n\r\n";
    if (strstr(command, "FETCH"))
        return "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n";
    return NULL;
}

#endif
