/* What the user does not edit of a draft: a file of JSON beside it. */
#include "draft_private.h"

#include "base/file.h"

#include <json-glib/json-glib.h>
#include <string.h>

enum {
    FACTS_BYTES = 1 << 16,
};

static const char *const kind_words[] = { "new",       "reply",
                                          "reply-all", "reply-list",
                                          "forward",   "forward-attached",
                                          "as-new",    "resend" };

static DraftKind
kind_of(const char *word)
{
    for (gsize i = 0; word && i < G_N_ELEMENTS(kind_words); i++)
        if (strcmp(kind_words[i], word) == 0)
            return (DraftKind)i;
    return DRAFT_NEW;
}

static char **
read_words(JsonObject *object, const char *name)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    JsonNode *node = json_object_get_member(object, name);
    JsonArray *array;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return g_strv_builder_end(words);
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_VALUE(item)
            && json_node_get_value_type(item) == G_TYPE_STRING)
            g_strv_builder_add(words, json_node_get_string(item));
    }
    return g_strv_builder_end(words);
}

static void
read_facts(Draft *draft, JsonObject *object)
{
    g_free(draft->account);
    draft->account = g_strdup(
        json_object_get_string_member_with_default(object, "account", ""));
    draft->kind = kind_of(
        json_object_get_string_member_with_default(object, "kind", "new"));
    draft->parent =
        json_object_get_int_member_with_default(object, "parent", 0);
    draft->open =
        json_object_get_boolean_member_with_default(object, "open", FALSE);
    draft->markdown =
        json_object_get_boolean_member_with_default(object, "markdown", FALSE);
    draft->sign =
        json_object_get_boolean_member_with_default(object, "sign", FALSE);
    draft->encrypt =
        json_object_get_boolean_member_with_default(object, "encrypt", FALSE);
    draft->smime =
        json_object_get_boolean_member_with_default(object, "smime", FALSE);
    draft->answers =
        json_object_get_boolean_member_with_default(object, "answers", FALSE);
    g_free(draft->kept);
    draft->kept = g_strdup(
        json_object_get_string_member_with_default(object, "kept", NULL));
    g_strfreev(draft->copies);
    draft->copies = read_words(object, "copies");
}

void
draft_load_facts(Draft *draft)
{
    g_autofree char *path = draft_sibling(draft->path, ".json");
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *text = NULL;
    JsonNode *root;
    gsize size;

    text = file_read(path, FACTS_BYTES, &size, NULL);
    if (text == NULL
        || !json_parser_load_from_data(parser, text, (gssize)size, NULL))
        return;
    root = json_parser_get_root(parser);
    if (root && JSON_NODE_HOLDS_OBJECT(root))
        read_facts(draft, json_node_get_object(root));
}

static JsonArray *
words_array(char **words)
{
    JsonArray *array = json_array_new();

    for (char **word = words; word && *word; word++)
        json_array_add_string_element(array, *word);
    return array;
}

bool
draft_save_facts(const Draft *draft, GError **error)
{
    g_autofree char *path = draft_sibling(draft->path, ".json");
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    g_autoptr(JsonObject) object = json_object_new();
    g_autofree char *text = NULL;

    json_object_set_int_member(object, "version", 1);
    json_object_set_string_member(object, "account", draft->account);
    json_object_set_string_member(object, "kind", kind_words[draft->kind]);
    json_object_set_int_member(object, "parent", draft->parent);
    json_object_set_boolean_member(object, "open", draft->open);
    json_object_set_boolean_member(object, "markdown", draft->markdown);
    json_object_set_boolean_member(object, "sign", draft->sign);
    json_object_set_boolean_member(object, "encrypt", draft->encrypt);
    json_object_set_boolean_member(object, "smime", draft->smime);
    json_object_set_boolean_member(object, "answers", draft->answers);
    json_object_set_array_member(object, "copies", words_array(draft->copies));
    if (draft->kept)
        json_object_set_string_member(object, "kept", draft->kept);
    json_node_set_object(root, object);
    text = json_to_string(root, TRUE);
    return file_write_atomic(path, text, strlen(text), error);
}
