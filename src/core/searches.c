/* Saved searches. The file is only added to: the last line of a name counts. */
#include "core/searches.h"

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/parse.h"

#include <string.h>

#define PREFIX "query:"

enum {
    LONGEST = 64 << 10
};

struct Searches {
    GPtrArray *all; /* SavedSearch */
};

static void
search_free(void *data)
{
    SavedSearch *search = data;

    g_free(search->name);
    g_free(search->query);
    g_free(search);
}

Searches *
searches_create(void)
{
    Searches *searches = g_new0(Searches, 1);

    searches->all = g_ptr_array_new_with_free_func(search_free);
    return searches;
}

void
searches_destroy(Searches *searches)
{
    if (searches == NULL)
        return;
    g_ptr_array_unref(searches->all);
    g_free(searches);
}

const GPtrArray *
searches_all(const Searches *searches)
{
    return searches->all;
}

const SavedSearch *
searches_find(const Searches *searches, const char *name)
{
    for (guint i = 0; i < searches->all->len; i++) {
        const SavedSearch *search = searches->all->pdata[i];

        if (strcmp(search->name, name) == 0)
            return search;
    }
    return NULL;
}

/* "query:NAME" or "query:\"A NAME\"", in which two quotes are one. Its end, or
 * NULL: it is none. */
static const char *
read_name(const char *at, GString *name)
{
    g_string_truncate(name, 0);
    if (!g_str_has_prefix(at, PREFIX))
        return NULL;
    at += strlen(PREFIX);
    if (*at != '"') {
        gsize size = strcspn(at, " \t\r\n()");

        g_string_append_len(name, at, (gssize)size);
        return at + size;
    }
    while (*++at && (*at != '"' || *++at == '"'))
        g_string_append_c(name, *at);
    return at;
}

typedef struct {
    const Searches *searches;
    GString *out;
    GPtrArray *within; /* SavedSearch that are being written */
} Expansion;

static bool expand(Expansion *to, const char *query, GError **error);

static bool
expand_search(Expansion *to, const SavedSearch *search, GError **error)
{
    bool ok;

    if (g_ptr_array_find(to->within, search, NULL))
        return err_set(error, ERR_USAGE, "the saved search %s asks for itself",
                       search->name);
    g_ptr_array_add(to->within, (SavedSearch *)search);
    g_string_append_c(to->out, '(');
    ok = expand(to, search->query, error);
    g_string_append_c(to->out, ')');
    g_ptr_array_set_size(to->within, (gint)to->within->len - 1);
    return ok
           && (to->out->len <= LONGEST
               || err_set(error, ERR_USAGE,
                          "the query is longer than %d bytes with the saved "
                          "searches in it",
                          LONGEST));
}

static bool
expand(Expansion *to, const char *query, GError **error)
{
    g_autoptr(GString) name = g_string_new(NULL);
    bool quoted = false, begins = true;

    while (*query) {
        const char *end = begins && !quoted ? read_name(query, name) : NULL;
        const SavedSearch *search =
            end ? searches_find(to->searches, name->str) : NULL;

        if (search) {
            if (!expand_search(to, search, error))
                return false;
            query = end;
            continue;
        }
        quoted ^= *query == '"';
        begins = strchr(" \t\r\n(", *query)
                 || (begins && strchr("+-", *query));
        g_string_append_c(to->out, *query++);
    }
    return true;
}

char *
searches_expand(const Searches *searches, const char *query, GError **error)
{
    g_autoptr(GPtrArray) within = g_ptr_array_new();
    g_autoptr(GString) out = g_string_new(NULL);
    Expansion to = { searches, out, within };

    return expand(&to, query, error) ? g_strdup(out->str) : NULL;
}

static bool
check(const char *name, const char *query, GError **error)
{
    g_autofree char *safe = text_sanitise(name, -1, TEXT_LINE);

    return (*name != '\0' && strcmp(safe, name) == 0 && !strchr(query, '\n'))
        || err_set(error, ERR_USAGE,
                   "saved-search: a name and a query of one line are needed: "
                   "saved-search bills subject:invoice");
}

bool
searches_put(Searches *searches, const char *name, const char *query,
             GError **error)
{
    SavedSearch *search = (SavedSearch *)searches_find(searches, name);

    if (!check(name, query, error))
        return false;
    if (search && *query == '\0') {
        g_ptr_array_remove(searches->all, search);
    } else if (search) {
        g_free(search->query);
        search->query = g_strdup(query);
    } else if (*query) {
        search = g_new0(SavedSearch, 1);
        search->name = g_strdup(name);
        search->query = g_strdup(query);
        g_ptr_array_add(searches->all, search);
    }
    return true;
}

char *
searches_file(const Session *session)
{
    g_autofree char *folder =
        g_path_get_dirname(session_paths(session)->state_db);

    return g_build_filename(folder, "searches.conf", NULL);
}

/* "saved-search -- NAME QUERY". g_free(). */
static char *
search_line(const char *name, const char *query)
{
    g_autofree char *quoted_name = cmd_quote(name);
    g_autofree char *quoted = cmd_quote(query);

    if (*query == '\0')
        return g_strdup_printf("saved-search --remove -- %s", quoted_name);
    return g_strdup_printf("saved-search -- %s %s", quoted_name, quoted);
}

bool
searches_keep(Session *session, const char *name, const char *query,
              GError **error)
{
    g_autofree char *path = searches_file(session);
    g_autofree char *line = search_line(name, query);

    return check(name, query, error)
        && file_add_line(path,
                         "# Searches that have a name: "
                         "`posthorn help saved-search`.",
                         line, error)
        && searches_put(session_searches(session), name, query, error);
}
