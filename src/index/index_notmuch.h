/* libnotmuch, opened with the first database: it brings six libraries along,
 * and a run that neither indexes nor searches needs none of them. */
#ifndef INDEX_NOTMUCH_H
#define INDEX_NOTMUCH_H

#include <glib.h>
#include <notmuch.h>
#include <stdbool.h>

/* What is used of it; each is called notmuch_NAME there. */
#define NOTMUCH_FUNCTIONS(DO)                                                  \
    DO(database_begin_atomic) \
    DO(database_create_with_config) \
    DO(database_destroy) \
    DO(database_end_atomic) \
    DO(database_find_message) \
    DO(database_get_all_tags) \
    DO(database_get_revision) \
    DO(database_index_file) \
    DO(database_open_with_config) \
    DO(database_remove_message) \
    DO(database_reopen) \
    DO(database_status_string) \
    DO(filenames_destroy) \
    DO(filenames_get) \
    DO(filenames_move_to_next) \
    DO(filenames_valid) \
    DO(message_add_property) \
    DO(message_add_tag) \
    DO(message_destroy) \
    DO(message_freeze) \
    DO(message_get_filenames) \
    DO(message_get_message_id) \
    DO(message_get_property) \
    DO(message_get_tags) \
    DO(message_remove_all_properties) \
    DO(message_remove_tag) \
    DO(message_thaw) \
    DO(messages_get) \
    DO(messages_move_to_next) \
    DO(messages_valid) \
    DO(query_count_messages) \
    DO(query_create_with_syntax) \
    DO(query_destroy) \
    DO(query_search_messages) \
    DO(query_set_omit_excluded) \
    DO(query_set_sort) \
    DO(status_to_string) \
    DO(tags_destroy) \
    DO(tags_get) \
    DO(tags_move_to_next) \
    DO(tags_valid)

#define NOTMUCH_MEMBER(NAME) __typeof__(&notmuch_##NAME) NAME;
typedef struct {
    NOTMUCH_FUNCTIONS(NOTMUCH_MEMBER)
} Notmuch;
#undef NOTMUCH_MEMBER

/* Whoever holds a database may call them. */
extern Notmuch notmuch;

/* Before the first of them. ERR_REFUSED, with what to install, when it is not
 * there. Any thread. */
bool index_notmuch_open(GError **error);

#endif
