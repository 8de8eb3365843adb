/* Which messages are checked, and when: what arrives, the newest of a first
 * fetch, and what is shown. The check itself is the verifier's, in threads; a
 * message that is shown goes before all others. What the user wrote himself
 * (Sent, Drafts) and accounts whose sender-checks are off are never judged.
 * Nothing here waits for the DNS. Main thread. */
#ifndef CORE_JUDGE_H
#define CORE_JUDGE_H

#include "core/session.h"

enum {
    /* Of a first fetch, and when the program begins, so many of an account. */
    JUDGE_NEWEST = 500,

    /* Who waits for checks waits no longer. */
    JUDGE_WAIT_S = 10,
};

Judge *judge_create(Session *session);

/* Nothing is begun any more; whoever waits for what was not is told. Then the
 * verifier may go, and this after it. */
void judge_end(Judge *judge);
void judge_destroy(Judge *judge);

/* Rows that came, checked newest first; with first only those among the newest
 * of their account. done (may be NULL) is called once, when all are checked,
 * need no check, or JUDGE_WAIT_S have passed; perhaps before this returns. */
void judge_arrived(Judge *judge, const gint64 *ids, guint n, bool first,
                   void (*done)(void *user), void *user);

/* The program stays: the newest of all accounts that were never checked are,
 * where there is anybody to ask, and what fails now is tried again when the
 * network is back. */
void judge_start(Judge *judge);

/* There is a network again: what failed is tried once more, and what was left
 * out. */
void judge_again(Judge *judge);

/* A message is seen: checked before all others unless it was. */
void judge_shown(Judge *judge, gint64 id);

/* Is a row one that is judged at all? */
bool judge_wants(const Judge *judge, const StoreRow *row);

/* Why a row has no verdict, in words: "checking …". NULL: it is none that is
 * judged, or has one. g_free(). */
char *judge_reason(Judge *judge, const StoreRow *row);

/* Is anything being checked or to be? */
bool judge_busy(const Judge *judge);

/* Does anybody wait for it? */
bool judge_waited(const Judge *judge);

#endif
