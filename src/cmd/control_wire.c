/* What goes through the control socket, read and written. Pure. */
#include "control_wire.h"

#include "base/err.h"
#include "cmd/control.h"

#include <gio/gunixsocketaddress.h>
#include <json-glib/json-glib.h>
#include <string.h>

void
control_request_free(ControlRequest *request)
{
    if (request == NULL)
        return;
    g_free(request->folder);
    g_strfreev(request->argv);
    g_free(request->event);
    g_free(request);
}

static const char *
node_string(JsonNode *node)
{
    if (node == NULL || json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string(node);
}

/* The words, or NULL when one is no string, there is none, or too many. */
static char **
read_argv(JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "argv");
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    JsonArray *array;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return NULL;
    array = json_node_get_array(node);
    if (json_array_get_length(array) == 0
        || json_array_get_length(array) > CONTROL_REQUEST_WORDS)
        return NULL;
    for (guint i = 0; i < json_array_get_length(array); i++) {
        const char *word = node_string(json_array_get_element(array, i));

        if (word == NULL)
            return NULL;
        g_strv_builder_add(words, word);
    }
    return g_strv_builder_end(words);
}

/* Does the JSON nest at most as deep as a request does? JSON-GLib recurses by
 * depth, so deeper texts must not reach it. */
static bool
is_flat(const char *line, gsize size)
{
    enum {
        REQUEST_DEPTH = 2
    };
    bool in_string = false;
    int depth = 0;

    for (gsize i = 0; i < size; i++) {
        if (line[i] == '"')
            in_string = !in_string;
        else if (in_string && line[i] == '\\')
            i++;
        else if (!in_string && strchr("{[", line[i]) && line[i])
            depth++;
        else if (!in_string && strchr("}]", line[i]) && line[i])
            depth--;
        if (depth > REQUEST_DEPTH)
            return false;
    }
    return true;
}

ControlRequest *
control_request_parse(const char *line, gsize size, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(ControlRequest) request = g_new0(ControlRequest, 1);
    JsonNode *root = NULL;

    if (size <= CONTROL_REQUEST_BYTES
        && g_utf8_validate(line, (gssize)size, NULL) && is_flat(line, size)
        && json_parser_load_from_data(parser, line, (gssize)size, NULL))
        root = json_parser_get_root(parser);
    if (root && JSON_NODE_HOLDS_OBJECT(root)) {
        JsonObject *object = json_node_get_object(root);

        request->folder =
            g_strdup(node_string(json_object_get_member(object, "folder")));
        request->argv = read_argv(object);
        request->event =
            g_strdup(node_string(json_object_get_member(object, "event")));
    }
    if (request->argv == NULL || request->folder == NULL
        || !g_path_is_absolute(request->folder))
        return err_null(error, ERR_USAGE, "this is no request of posthorn's");
    return g_steal_pointer(&request);
}

char *
control_request_format(const char *folder, const char *event,
                       const char *const *argv, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "folder");
    json_builder_add_string_value(builder, folder);
    if (event) {
        json_builder_set_member_name(builder, "event");
        json_builder_add_string_value(builder, event);
    }
    json_builder_set_member_name(builder, "argv");
    json_builder_begin_array(builder);
    for (const char *const *word = argv; *word; word++) {
        if (!g_utf8_validate(*word, -1, NULL))
            return err_null(error, ERR_USAGE,
                            "word %d of the command is not UTF-8",
                            (int)(word - argv) + 1);
        json_builder_add_string_value(builder, *word);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    if (strlen(text) >= CONTROL_REQUEST_BYTES)
        return err_null(error, ERR_USAGE,
                        "the command is too long: at most "
                        "%d bytes",
                        CONTROL_REQUEST_BYTES);
    return g_strconcat(text, "\n", NULL);
}

char *
control_socket_path(const char *folder)
{
    return g_build_filename(folder, "control", NULL);
}

GSocketAddress *
control_address(const char *path, GError **error)
{
    enum {
        PATH_BYTES = 103
    }; /* sun_path of every system, with its NUL */

    if (strlen(path) > PATH_BYTES)
        return err_null(error, ERR_LOCAL,
                        "%s is too long for a socket: set "
                        "XDG_RUNTIME_DIR to a shorter folder",
                        path);
    return g_unix_socket_address_new(path);
}
