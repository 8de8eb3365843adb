/* Events: fields in order, JSON, and listeners. */
#include "base/event.h"

#include <json-glib/json-glib.h>
#include <string.h>

static void
test_fields(void)
{
    static const char *const to[] = { "a@x", "b@y", NULL };
    g_autoptr(Event) event = event_create("message-arrived");
    g_autofree const char **fields = NULL;

    event_set(event, "from", "ana");
    event_set_int(event, "size", 42);
    event_set_list(event, "to", to);
    event_set(event, "gone", "x");
    event_set(event, "gone", NULL);
    event_set(event, "never", NULL);
    event_set(event, "from", "ben"); /* keeps its place */
    fields = event_fields(event);
    g_assert_cmpstr(fields[0], ==, "from");
    g_assert_cmpstr(fields[1], ==, "size");
    g_assert_cmpstr(fields[2], ==, "to");
    g_assert_null(fields[3]);
    g_assert_cmpstr(event_get(event, "from"), ==, "ben");
    g_assert_cmpstr(event_get(event, "size"), ==, "42");
    g_assert_cmpstr(event_get(event, "to"), ==, "a@x\nb@y");
    g_assert_cmpstr(event_get_list(event, "to")[1], ==, "b@y");
    g_assert_null(event_get_list(event, "from"));
    g_assert_null(event_get(event, "gone"));
}

static void
test_json(void)
{
    static const char *const none[] = { NULL };
    g_autoptr(Event) event = event_create("before-send");
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *json = NULL;
    JsonObject *object;

    event_set(event, "subject", "a \"q\" \\ \n \001 \xff ü");
    event_set_int(event, "id", -7);
    event_set_list(event, "tags", none);
    json = event_to_json(event);
    g_assert_true(json_parser_load_from_data(parser, json, -1, NULL));
    object = json_node_get_object(json_parser_get_root(parser));
    g_assert_cmpstr(json_object_get_string_member(object, "event"), ==,
                    "before-send");
    g_assert_cmpstr(json_object_get_string_member(object, "subject"), ==,
                    "a \"q\" \\ \n \001 \uFFFD ü");
    g_assert_cmpint(json_object_get_int_member(object, "id"), ==, -7);
    g_assert_cmpuint(
        json_array_get_length(json_object_get_array_member(object, "tags")), ==,
        0);
}

typedef struct {
    EventBus *bus;
    GString *calls;
    char letter;
    guint forget; /* a listener to forget when called; 0: none */
} Ear;

static void
hear(Event *event, void *user)
{
    Ear *ear = user;

    g_string_append_c(ear->calls, ear->letter);
    if (ear->forget)
        event_bus_forget(ear->bus, ear->forget);
}

static void
test_bus(void)
{
    g_autoptr(GString) calls = g_string_new(NULL);
    g_autoptr(EventBus) bus = event_bus_create();
    g_autoptr(Event) one = event_create("one");
    g_autoptr(Event) two = event_create("two");
    Ear ears[] = { { bus, calls, 'a', 0 },
                   { bus, calls, 'b', 0 },
                   { bus, calls, 'c', 0 } };
    guint b;

    event_bus_listen(bus, "one", hear, &ears[0]);
    b = event_bus_listen(bus, NULL, hear, &ears[1]);
    event_bus_listen(bus, "one", hear, &ears[2]);
    event_bus_emit(bus, one);
    g_assert_cmpstr(calls->str, ==, "abc");
    event_bus_emit(bus, two);
    g_assert_cmpstr(calls->str, ==, "abcb");
    event_bus_forget(bus, b);
    event_bus_forget(bus, 999);
    event_bus_emit(bus, two);
    g_assert_cmpstr(calls->str, ==, "abcb");
}

/* A listener that forgets itself or another while called: everyone else still
 * hears the event once. */
static void
test_forget_inside(void)
{
    g_autoptr(GString) calls = g_string_new(NULL);
    g_autoptr(EventBus) bus = event_bus_create();
    g_autoptr(Event) one = event_create("one");
    Ear ears[] = { { bus, calls, 'a', 0 },
                   { bus, calls, 'b', 0 },
                   { bus, calls, 'c', 0 } };

    ears[0].forget = event_bus_listen(bus, NULL, hear, &ears[0]);
    event_bus_listen(bus, NULL, hear, &ears[1]);
    event_bus_listen(bus, NULL, hear, &ears[2]);
    event_bus_emit(bus, one);
    g_assert_cmpstr(calls->str, ==, "abc");
    event_bus_emit(bus, one);
    g_assert_cmpstr(calls->str, ==, "abcbc");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/event/fields", test_fields);
    g_test_add_func("/base/event/json", test_json);
    g_test_add_func("/base/event/bus", test_bus);
    g_test_add_func("/base/event/forget-inside", test_forget_inside);
    return g_test_run();
}
