/* Entries in an outbox of their own: what the tests of the entries and those of
 * who sends them share. */
#ifndef OUTBOX_SCENE_H
#define OUTBOX_SCENE_H

#include "base/clock.h"
#include "base/file.h"
#include "outbox_entry.h"

#include <string.h>

static const char message[] = "From: ana@example.org\r\n"
                              "Subject: hello\r\n\r\nbody\r\n";

enum {
    NOW = 1800000000
};

typedef struct {
    char *folder;
} Fixture;

static inline void
set_up(Fixture *f, const void *data)
{
    f->folder = g_dir_make_tmp("posthorn-outbox-XXXXXX", NULL);
    clock_pin(NOW);
}

static inline void
tear_down(Fixture *f, const void *data)
{
    file_remove_tree(f->folder, NULL);
    g_free(f->folder);
    clock_pin(0);
}

/* An entry of these bytes to these addresses, separated by blanks. Returns its
 * id. */
static inline char *
queue_bytes(Fixture *f, const char *recipients, const char *text)
{
    g_autoptr(OutboxEntry) entry = outbox_entry_create();
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    g_auto(GStrv) words = g_strsplit(recipients, " ", -1);
    g_autoptr(GError) error = NULL;

    for (char **word = words; *word; word++)
        outbox_entry_add(entry, *word);
    entry->account = g_strdup("work");
    entry->sender = g_strdup("ana@example.org");
    entry->subject = g_strdup("hello");
    entry->created = clock_now();
    g_assert_true(outbox_entry_new(f->folder, entry, bytes, &error));
    g_assert_no_error(error);
    return g_strdup(entry->id);
}

static inline char *
queue(Fixture *f, const char *recipients)
{
    return queue_bytes(f, recipients, message);
}

static inline OutboxEntry *
load(Fixture *f, const char *id)
{
    g_autoptr(GError) error = NULL;
    OutboxEntry *entry = outbox_entry_load(f->folder, id, &error);

    g_assert_no_error(error);
    return entry;
}

static inline void
assert_state(Fixture *f, const char *id, OutboxState state)
{
    g_autoptr(OutboxEntry) entry = load(f, id);

    g_assert_cmpstr(outbox_state_name(entry->state), ==,
                    outbox_state_name(state));
}

#define ADD(NAME, FN)                                                          \
    g_test_add("/core/outbox/" NAME, Fixture, NULL, set_up, FN, tear_down)

#endif
