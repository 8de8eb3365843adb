/* An account: who the user is there, its folders, and the workers that keep
 * them the same here and on the server. Main thread; the workers are inside. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "core/session.h"

typedef enum {
    ACCOUNT_LOCAL,   /* maildir:// or no incoming */
    ACCOUNT_OFFLINE, /* by wish */
    ACCOUNT_CONNECTING,
    ACCOUNT_SYNCING,
    ACCOUNT_ONLINE,  /* up to date, watching */
    ACCOUNT_WAITING, /* lost; next try at status.retry */
    ACCOUNT_FAILED,  /* needs the user: password, certificate */
} AccountState;

typedef struct {
    AccountState state;
    const char *what;    /* "fetching Lists/linux-mm"; "" none */
    const char *reason;  /* why it failed or waits; sanitised; "" none */
    guint64 done, total; /* messages of what is fetched */
    guint64 bytes, bytes_total; /* of them; 0: not told */
    guint folder, folders;
    gint64 since;  /* of this state */
    gint64 lost;   /* since when it waits and tries in vain; 0: it does not */
    gint64 synced; /* last complete sync; 0: never */
    gint64 retry;
    gint64 next; /* look at a server that does not tell by itself; 0: it does */
    guint pending; /* changes the server has not confirmed */
} AccountStatus;

/* Reads the options of account name; starts nothing. ERR_USAGE names the
 * option that is missing or wrong. */
Account *account_create(Session *session, const char *name, GError **error);
void account_destroy(Account *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Account, account_destroy)

/* Its identities: each an Account called "work/club", with address, name and
 * options of its own and no mail. Borrowed; none of an identity. */
const GPtrArray *account_identities(const Account *account);

const char *account_name(const Account *account);
const char *account_address(const Account *account);   /* addr-spec */
const char *account_real_name(const Account *account); /* or "" */
bool account_is_local(const Account *account);

/* POP3: mail comes from a server, and its folders are of this machine alone:
 * what is filed or deleted here changes nothing there but what `pop-keep`
 * says. */
bool account_is_one_way(const Account *account);

/* How well an address fits one of the account's, the worst first. */
typedef enum {
    ACCOUNT_FIT_NONE,
    ACCOUNT_FIT_DOMAIN, /* by an alias "*@example.org" */
    ACCOUNT_FIT_DETAIL, /* ana+shop@… is ana@… */
    ACCOUNT_FIT_EXACT,
} AccountFit;

/* Its address and aliases, not those of its identities. */
AccountFit account_fit(const Account *account, const char *address);

/* The identity that the address fits best, or the account itself: an exact
 * address goes before a wildcard, an identity before its account. */
const Account *account_writer(const Account *account, const char *address);

/* address or one of the aliases, with "*@domain" wildcards; those of its
 * identities too. */
bool account_owns(const Account *account, const char *address);

/* The name that an address of the account writes under: its identity's or
 * alias's, else the account's; "" for none. g_free(). */
char *account_name_for(const Account *account, const char *address);

const AccountStatus *account_status(const Account *account);
/* "up to date, listening (IDLE)", "offline since 05:58", … g_free(). */
char *account_status_text(const Account *account);

/* "1.2 GB of 5 GB used (24 %)" by the last account_check(); NULL: the server
 * does not say. Borrowed. */
const char *account_room(const Account *account);

/* Begins to follow the server: connect, sync all, watch, reconnect with
 * growing pauses. No-op for local accounts and while offline. */
void account_start(Account *account);
void account_stop(Account *account);
bool account_is_started(const Account *account);

typedef struct {
    const char *folder;   /* only this path; NULL: all */
    bool accept_removals; /* the yes to removing much (promise P16) */
} AccountSync;

/* One complete sync, now. done is called once: error NULL when all was done. */
void
account_sync(Account *account, const AccountSync *how,
             void (*done)(Account *account, const GError *error, void *user),
             void *user);

/* Logs in and lists, nothing else. done is called once. */
void
account_check(Account *account,
              void (*done)(Account *account, const GError *error, void *user),
              void *user);

/* The user changed something: push it soon. */
void account_kick(Account *account);

/* Fetches a message that is not here, ahead of everything; done once. */
void account_fetch(Account *account, gint64 id,
                   void (*done)(gint64 id, const GError *error, void *user),
                   void *user);

/* Which parts a message has that is not here, or one of them. */
typedef struct {
    const GPtrArray *parts; /* MimePart, in document order; NULL: one only */
    int fd; /* of the one: a file of its bytes, without any encoding, that has
               no name (base/file.h); closed behind the call. -1: none */
} AccountPart;

typedef void (*AccountPartFn)(const AccountPart *part, const GError *error,
                              void *user);

/* Asks the server for part number (from 1) alone, 0: for which there are. done
 * once, part NULL on error. */
void account_fetch_part(Account *account, gint64 id, guint number,
                        AccountPartFn done, void *user);

/* Of a message that is fetched, or its parts, no more comes: done is called
 * with ERR_CANCELLED. */
void account_fetch_stop(Account *account, gint64 id);

/* A row that a search on the server found. */
typedef struct {
    gint64 id;
    gint64 date;
} AccountHit;

typedef struct {
    const GArray *hits; /* AccountHit */
    guint left;         /* found there, without a row and not fetched */
} AccountFound;

typedef void (*AccountFoundFn)(const AccountFound *found, const GError *error,
                               void *user);

/* Asks the server what one folder (a path) has; criteria: search_criteria().
 * done once, found NULL on error. */
void account_search(Account *account, const char *folder, const char *criteria,
                    AccountFoundFn done, void *user);

/* The password for incoming or outgoing: option, file, command, prompt; kept
 * in memory for the run. Asynchronous because a command or a person may have
 * to be asked. password is borrowed and NULL on error. */
void account_password(Account *account, bool outgoing,
                      void (*got)(const char *password, const GError *error,
                                  void *user),
                      void *user);

/* Is there a password for sending, without asking a person? */
bool account_has_secret(const Account *account);

/* Forget it: the server refused it. */
void account_password_refused(Account *account, bool outgoing);

#endif
