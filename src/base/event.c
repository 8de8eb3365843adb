/* Events and who listens. */
#include "base/event.h"

#include <json-glib/json-glib.h>
#include <string.h>

typedef struct {
    char *name;
    char *text;  /* lists joined by newline */
    char **list; /* or NULL */
    bool is_number;
} Field;

struct Event {
    int refs;
    char *name;
    GPtrArray *fields; /* Field, in order */
};

typedef struct {
    guint id;
    char *name; /* NULL: all */
    EventFn fn; /* NULL: forgotten while an event is told */
    void *user;
} Listener;

struct EventBus {
    GArray *listeners; /* Listener */
    guint serial;
    guint telling; /* events being told just now, one inside the other */
};

static void
field_free(void *data)
{
    Field *field = data;

    g_free(field->name);
    g_free(field->text);
    g_strfreev(field->list);
    g_free(field);
}

Event *
event_create(const char *name)
{
    Event *event = g_new0(Event, 1);

    event->refs = 1;
    event->name = g_strdup(name);
    event->fields = g_ptr_array_new_with_free_func(field_free);
    return event;
}

Event *
event_ref(Event *event)
{
    event->refs++;
    return event;
}

void
event_unref(Event *event)
{
    if (event == NULL || --event->refs > 0)
        return;
    g_free(event->name);
    g_ptr_array_unref(event->fields);
    g_free(event);
}

const char *
event_name(const Event *event)
{
    return event->name;
}

static Field *
find(const Event *event, const char *name)
{
    for (guint i = 0; i < event->fields->len; i++) {
        Field *field = event->fields->pdata[i];

        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

/* The field of that name, emptied; a new one at the end where there is none. */
static Field *
make(Event *event, const char *name)
{
    Field *field = find(event, name);

    if (field == NULL) {
        field = g_new0(Field, 1);
        field->name = g_strdup(name);
        g_ptr_array_add(event->fields, field);
    }
    g_clear_pointer(&field->text, g_free);
    g_clear_pointer(&field->list, g_strfreev);
    field->is_number = false;
    return field;
}

void
event_put(Event *event, const char *field, const char *value)
{
    if (value)
        make(event, field)->text = g_strdup(value);
    else if (find(event, field))
        g_ptr_array_remove(event->fields, find(event, field));
}

void
event_set_int(Event *event, const char *name, gint64 value)
{
    Field *field = make(event, name);

    field->text = g_strdup_printf("%" G_GINT64_FORMAT, value);
    field->is_number = true;
}

void
event_set_list(Event *event, const char *name, const char *const *values)
{
    Field *field = make(event, name);

    field->list = g_strdupv((char **)values);
    field->text = g_strjoinv("\n", (char **)values);
}

const char *
event_get(const Event *event, const char *name)
{
    const Field *field = find(event, name);

    return field ? field->text : NULL;
}

const char *const *
event_get_list(const Event *event, const char *name)
{
    const Field *field = find(event, name);

    return field ? (const char *const *)field->list : NULL;
}

const char **
event_fields(const Event *event)
{
    const char **names = g_new0(const char *, event->fields->len + 1);

    for (guint i = 0; i < event->fields->len; i++)
        names[i] = ((const Field *)event->fields->pdata[i])->name;
    return names;
}

static void
add_text(JsonBuilder *builder, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    json_builder_add_string_value(builder, valid);
}

static void
add_field(JsonBuilder *builder, const Field *field)
{
    json_builder_set_member_name(builder, field->name);
    if (field->is_number) {
        json_builder_add_int_value(builder,
                                   g_ascii_strtoll(field->text, NULL, 10));
    } else if (field->list) {
        json_builder_begin_array(builder);
        for (char **value = field->list; *value; value++)
            add_text(builder, *value);
        json_builder_end_array(builder);
    } else {
        add_text(builder, field->text);
    }
}

char *
event_to_json(const Event *event)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "event");
    add_text(builder, event->name);
    for (guint i = 0; i < event->fields->len; i++)
        add_field(builder, event->fields->pdata[i]);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

static void
listener_clear(void *data)
{
    g_free(((Listener *)data)->name);
}

EventBus *
event_bus_create(void)
{
    EventBus *bus = g_new0(EventBus, 1);

    bus->listeners = g_array_new(FALSE, FALSE, sizeof(Listener));
    g_array_set_clear_func(bus->listeners, listener_clear);
    return bus;
}

void
event_bus_destroy(EventBus *bus)
{
    if (bus == NULL)
        return;
    g_array_unref(bus->listeners);
    g_free(bus);
}

guint
event_bus_listen(EventBus *bus, const char *name, EventFn fn, void *user)
{
    Listener listener = { ++bus->serial, g_strdup(name), fn, user };

    g_array_append_val(bus->listeners, listener);
    return listener.id;
}

void
event_bus_forget(EventBus *bus, guint id)
{
    for (guint i = 0; i < bus->listeners->len; i++) {
        Listener *listener = &g_array_index(bus->listeners, Listener, i);

        if (listener->id == id && bus->telling > 0)
            listener->fn = NULL; /* the others must keep their places */
        else if (listener->id == id)
            g_array_remove_index(bus->listeners, i);
    }
}

static void
sweep(EventBus *bus)
{
    for (guint i = bus->listeners->len; i > 0; i--)
        if (g_array_index(bus->listeners, Listener, i - 1).fn == NULL)
            g_array_remove_index(bus->listeners, i - 1);
}

void
event_bus_emit(EventBus *bus, Event *event)
{
    g_autoptr(Event) kept = event_ref(event);

    bus->telling++;
    /* By index: a listener may add or forget listeners. */
    for (guint i = 0; i < bus->listeners->len; i++) {
        const Listener *listener = &g_array_index(bus->listeners, Listener, i);

        if (listener->fn
            && (listener->name == NULL
                || strcmp(listener->name, event->name) == 0))
            listener->fn(kept, listener->user);
    }
    if (--bus->telling == 0)
        sweep(bus);
}
