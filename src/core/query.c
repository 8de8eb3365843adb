/* Short forms of the query language written out. */
#include "query.h"

#include <string.h>

#define FOLDER "folder:"

static const struct {
    const char *from, *to;
} short_forms[] = {
    { "is:", "tag:" },
    { "has:", "tag:" },
    { "auth:", "property:posthorn.verdict=" },
};

/* The value at *at, of which the query goes on behind: a word, or what stands
 * in quotes, where two are one. g_free(). */
static char *
take_value(const char **at)
{
    GString *value = g_string_new(NULL);
    bool quoted = **at == '"';

    *at += quoted;
    while (**at && (quoted || !strchr(" ()\"", **at))) {
        if (quoted && **at == '"' && *++*at != '"')
            break;
        g_string_append_c(value, *(*at)++);
    }
    return g_string_free(value, FALSE);
}

static bool
is_called(const StoreFolder *folder, const char *name)
{
    const char *last = folder->delimiter
                           ? strrchr(folder->name, folder->delimiter)
                           : NULL;
    g_autofree char *wanted = g_utf8_casefold(name, -1);
    g_autofree char *whole = g_utf8_casefold(folder->name, -1);
    g_autofree char *part = g_utf8_casefold(last ? last + 1 : "", -1);

    return strcmp(wanted, whole) == 0 || (last && strcmp(wanted, part) == 0)
           || (*wanted && folder->role != FOLDER_ROLE_ALL
               && strcmp(wanted, store_role_word(folder->role)) == 0);
}

bool
query_means_folder(const StoreFolder *folder, const char *name)
{
    return strcmp(folder->path, name) == 0 || is_called(folder, name);
}

static void
append_path(GString *text, const char *path)
{
    g_autoptr(GString) quoted = g_string_new(path);

    g_string_replace(quoted, "\"", "\"\"", 0);
    g_string_append_printf(text, FOLDER "\"%s\"", quoted->str);
}

static void
append_folders(GString *text, const char *name, const GPtrArray *folders)
{
    gsize begun = text->len;

    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (strcmp(folder->path, name) == 0) {
            append_path(text, name);
            return;
        }
    }
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (!is_called(folder, name))
            continue;
        g_string_append(text, text->len == begun ? "(" : " or ");
        append_path(text, folder->path);
    }
    if (text->len > begun)
        g_string_append_c(text, ')');
    else
        append_path(text, name);
}

/* A short form at *at, written out; false: there is none. */
static bool
take_short(const char **at, const GPtrArray *folders, GString *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(short_forms); i++)
        if (g_str_has_prefix(*at, short_forms[i].from)) {
            g_string_append(text, short_forms[i].to);
            *at += strlen(short_forms[i].from);
            return true;
        }
    /* folder:/…/ is a regular expression */
    if (g_str_has_prefix(*at, FOLDER) && (*at)[strlen(FOLDER)] != '/') {
        g_autofree char *name = NULL;

        *at += strlen(FOLDER);
        name = take_value(at);
        append_folders(text, name, folders);
        return true;
    }
    return false;
}

char *
query_expand(const char *query, const GPtrArray *folders)
{
    GString *text = g_string_new(NULL);
    bool quoted = false;
    bool begins = true;

    while (*query) {
        if (begins && !quoted && take_short(&query, folders, text)) {
            begins = false;
            continue;
        }
        if (*query == '"')
            quoted = !quoted;
        begins = strchr(" (-+", *query) != NULL;
        g_string_append_c(text, *query++);
    }
    return g_string_free(text, FALSE);
}
