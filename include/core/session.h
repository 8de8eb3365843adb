/* Everything one run of the program has: paths, options, store, index,
 * accounts, events, commands, keys, the frontend. Built by main in layer
 * order, passed to every command as cmd_session(). Main thread. */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include "base/event.h"
#include "base/paths.h"
#include "cmd/cmd.h"
#include "cmd/hook.h"
#include "cmd/keys.h"
#include "cmd/language.h"
#include "cmd/option.h"
#include "core/frontend.h"
#include "mime/mime.h"
#include "store/store.h"

typedef struct Session Session;
typedef struct Account Account;
typedef struct Indexer Indexer;
typedef struct Search Search;
typedef struct Outbox Outbox;
typedef struct Settler Settler;
typedef struct Verifier Verifier;
typedef struct Judge Judge;
typedef struct Crypto Crypto;
typedef struct Signers Signers;
typedef struct Searches Searches;
typedef struct AddressBook AddressBook;
typedef struct Snooze Snooze;

/* Takes paths. Makes the data folders, opens the store, takes nothing from the
 * network. ERR_LOCAL with the path and the reason. */
Session *session_create(Paths *paths, GError **error);

/* Runs the main loop until files, index and hooks have followed what was done,
 * ten seconds at most: for a command that runs without a screen. */
void session_settle(Session *session);

/* Tells `shutdown`; gives its hooks, and a message that is on its way into the
 * outbox, two seconds. */
void session_shutdown(Session *session);

/* Ends the workers in good order, within two seconds. */
void session_destroy(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_destroy)

/* Reads the defaults, then file (NULL: paths->config_file, fine when it does
 * not exist). Call after every room added its commands. */
bool session_configure(Session *session, const char *file, GError **error);

/* The file that session_configure() read. Borrowed. */
const char *session_config_file(const Session *session);

/* Every event there is; NULL-terminated. */
extern const char *const session_events[];

/* default.conf, the default keys, as compiled in. */
const char *session_defaults(void);

/* Makes an Account for each account block. No connection yet. */
bool session_open_accounts(Session *session, GError **error);

/* What a line is run in: table, language, standard output. The caller sets
 * done, count and what else it needs. */
CmdContext session_context(const Session *session, CmdOrigin origin);

/* Parts; borrowed. */
const Paths *session_paths(const Session *session);
Store *session_store(const Session *session); /* of the main thread */
Options *session_options(const Session *session);
EventBus *session_bus(const Session *session);
CmdTable *session_table(const Session *session);
CmdLanguage *session_language(const Session *session);
Keys *session_keys(const Session *session);
Hooks *session_hooks(const Session *session);
Indexer *session_indexer(const Session *session);
Outbox *session_outbox(const Session *session);
Settler *session_settler(const Session *session);
Verifier *session_verifier(const Session *session);
Snooze *session_snooze(const Session *session);
Judge *session_judge(const Session *session);
Crypto *session_crypto(const Session *session);
Searches *session_searches(const Session *session);
Signers *session_signers(const Session *session);
AddressBook *session_address_book(const Session *session);
Frontend *session_frontend(const Session *session); /* never NULL */
void session_set_frontend(Session *session, Frontend *frontend);

const GPtrArray *session_accounts(const Session *session); /* Account */
/* Also an identity, by "work/club". NULL: there is none. */
Account *session_account(const Session *session, const char *name);

/* A folder made here, and by the engine on the server at its next sync. name is
 * the mailbox's, in the account's hierarchy. Returns its id, 0 on error; the
 * folder that has the name already is no error. */
gint64 session_make_folder(Session *session, const char *account,
                           const char *name, FolderRole role, GError **error);

/* The folders of all accounts, in the order of the configuration. Array of
 * StoreFolder, free with g_ptr_array_unref(); NULL on error. */
GPtrArray *session_folders(const Session *session, GError **error);

/* The folder that the user calls name: its path ("work/INBOX"), its name in
 * the account of the first message of set (may be NULL), or its role
 * ("archive"). 0 with ERR_USAGE and the nearest name. */
struct MessageSet;
gint64 session_find_folder(Session *session, const char *name,
                           const struct MessageSet *set, GError **error);

/* The same with the name of the account; NULL: none before others. */
gint64 session_find_folder_in(Session *session, const char *name,
                              const char *account, GError **error);

/* What a name shows where account is shown (NULL: all of them). *all: of a role
 * that several have, all its folders; not of the inbox, where the user works in
 * one at a time. */
gint64 session_shown_folder(Session *session, const char *name,
                            const char *account, bool *all, GError **error);

/* The command and words that `repeat` runs again; NULL: none yet. Copied. */
const char *const *session_last_act(const Session *session);
void session_set_last_act(Session *session, const char *const *argv);

/* Offline by the user's wish, since when: nothing dials. 0: online. */
gint64 session_offline(const Session *session);
void session_set_offline(Session *session, bool offline);

/* Rows changed by what the user did: views reload once, before the next key
 * acts. */
void session_rows_changed(Session *session);
/* Rows came from a server, or something beside them changed: views reload
 * soon, and not more often than a person can read, so that keys do not wait
 * while a first fetch brings rows all the time. */
void session_rows_news(Session *session);
/* Reloads now what the user changed: the next key acts on what is there. */
void session_rows_flush(Session *session);
/* What an account or the index is doing changed: a frame, no reload. */
void session_state_changed(Session *session);
/* rows: false when only what an account is doing changed. */
guint session_listen_rows(Session *session,
                          void (*fn)(bool rows, void *user), void *user);
void session_unlisten_rows(Session *session, guint id);

/* An event with the payload of a message row, ready for more fields:
 * account, folder, role, file, id, thread, from, to, cc, subject, date, tags,
 * verdict ("pass", "resent", "unverified", "fail"), size. cc is read from the
 * file, so only where there is a hook. */
Event *session_message_event(Session *session, const char *name, gint64 id);

/* The fields account, folder and role of a folder. */
void session_event_folder(Session *session, Event *event, gint64 folder);

/* All tags of a row as the user names them, sorted: "flagged todo unread".
 * Free with g_free(). */
char *session_row_tags(const StoreRow *row);

/* The absolute path of a row's file, located anew when it was renamed behind
 * our back; NULL when the message is not here. Free with g_free(). */
char *session_message_path(Session *session, const StoreRow *row);

/* Its message, also when the file is renamed meanwhile. mime_message_free();
 * NULL on error. The main thread. */
MimeMessage *session_load_message(Session *session, const StoreRow *row,
                                  GError **error);

#endif
