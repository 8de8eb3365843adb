/* Something happened: a name and a payload of text fields, told to all who
 * listen. Lower rooms signal upward with it, never by a call. Hooks and remote
 * clients are two of the listeners. Main thread. */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include <glib.h>
#include <stdbool.h>

typedef struct Event Event;
typedef struct EventBus EventBus;

/* An event with one reference. name is copied. */
Event *event_create(const char *name);
Event *event_ref(Event *event);
void event_unref(Event *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Event, event_unref)

const char *event_name(const Event *event);

/* Fields keep the order in which they were first set. Values are copied;
 * untrusted. NULL removes the field. */
void event_put(Event *event, const char *field, const char *value);

/* event_put(). Inline, for libevent has a function of that name too, and
 * libunbound would find ours. */
static inline void
event_set(Event *event, const char *field, const char *value)
{
    event_put(event, field, value);
}

void event_set_int(Event *event, const char *field, gint64 value);
void event_set_list(Event *event, const char *field,
                    const char *const *values);

/* The value, lists joined by newline, or NULL. Borrowed. */
const char *event_get(const Event *event, const char *field);

/* The values of a list field, or NULL when it is no list. Borrowed. */
const char *const *event_get_list(const Event *event, const char *field);

/* NULL-terminated names of the fields, in order. Free the array only. */
const char **event_fields(const Event *event);

/* One JSON object: lists as arrays, numbers as numbers. Free with g_free(). */
char *event_to_json(const Event *event);

typedef void (*EventFn)(Event *event, void *user);

EventBus *event_bus_create(void);
void event_bus_destroy(EventBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventBus, event_bus_destroy)

/* name NULL listens to all. Returns an id for event_bus_forget(). */
guint event_bus_listen(EventBus *bus, const char *name, EventFn fn,
                       void *user);
void event_bus_forget(EventBus *bus, guint id);

/* Calls every listener, in the order of listening. Borrows the event. */
void event_bus_emit(EventBus *bus, Event *event);

#endif
