/* The index follows behind: one writer thread that takes what the store says
 * is not indexed, newest first, in small commits, and takes up what the
 * `notmuch` command changed. Main thread; the writer is inside. */
#ifndef CORE_INDEXER_H
#define CORE_INDEXER_H

#include "core/session.h"

Indexer *indexer_create(Session *session);
void indexer_destroy(Indexer *indexer);

/* Something may be to do; cheap, call often. */
void indexer_kick(Indexer *indexer);

/* From now on what the `notmuch` command changes is taken up at once; else with
 * the next run or sync. */
void indexer_watch(Indexer *indexer);

/* Is a run under way? */
bool indexer_busy(const Indexer *indexer);

/* Messages still to be indexed; 0: up to date. */
guint indexer_left(const Indexer *indexer);

/* done is called once, when the index is up to date; with ERR_CANCELLED when
 * the program ends before. */
void indexer_wait(Indexer *indexer,
                  void (*done)(const GError *error, void *user), void *user);

/* A command will wait for it and then say what is wrong: without a screen it is
 * not said before, which would be twice. will false: it will not. */
void indexer_expect_wait(Indexer *indexer, bool will);

/* Who waited with this user is gone. */
void indexer_forget(Indexer *indexer, const void *user);

/* A reader met trouble: the index is looked at and, when it is gone or not
 * whole, made anew, once in a run of the program (promise P22). False: it was
 * already. */
bool indexer_mend(Indexer *indexer, const GError *trouble);

/* No indexing from now on (`sync --no-index`). */
void indexer_disable(Indexer *indexer);

#endif
