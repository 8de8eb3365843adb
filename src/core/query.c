/* The query language written out, so that nothing is left to what Xapian takes
 * a query for: "-tag:x" alone is tag:x there, and an "and" before a sign is a
 * word. */
#include "query.h"

#include "query_parse.h"

#include <string.h>

#define FOLDER "folder:"

bool
query_is_full_name(const StoreFolder *folder, const char *name)
{
    gsize size = folder->account ? strlen(folder->account) : 0;
    g_autofree char *wanted = NULL;
    g_autofree char *whole = NULL;

    if (size == 0 || strncmp(name, folder->account, size) != 0
        || name[size] != '/')
        return false;
    wanted = g_utf8_casefold(name + size + 1, -1);
    whole = g_utf8_casefold(folder->name, -1);
    return strcmp(wanted, whole) == 0
           || (*wanted && strcmp(wanted, store_role_word(folder->role)) == 0);
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
           || (*wanted && strcmp(wanted, store_role_word(folder->role)) == 0)
           || query_is_full_name(folder, name);
}

bool
query_means_folder(const StoreFolder *folder, const char *name)
{
    return strcmp(folder->path, name) == 0 || is_called(folder, name);
}

GPtrArray *
query_folders(const char *name, const GPtrArray *folders)
{
    GPtrArray *meant = g_ptr_array_new();

    for (guint i = 0; i < folders->len; i++) {
        StoreFolder *folder = folders->pdata[i];

        if (strcmp(folder->path, name) == 0) {
            g_ptr_array_set_size(meant, 0);
            g_ptr_array_add(meant, folder);
            return meant;
        }
        if (is_called(folder, name))
            g_ptr_array_add(meant, folder);
    }
    return meant;
}

/* Behind a prefix two quotes are one; where words are looked for they part. */
static void
append_quoted(GString *text, const char *prefix, const char *value)
{
    g_autoptr(GString) quoted = g_string_new(value);

    g_string_replace(quoted, "\"", *prefix ? "\"\"" : " ", 0);
    g_string_append_printf(text, "%s\"%s\"", prefix, quoted->str);
}

/* A part of the query, and the operation that it is. */
typedef struct {
    GString *text;
    QueryOp op;
} Part;

static void
part_clear(void *data)
{
    g_string_free(((Part *)data)->text, TRUE);
}

static Part
write_folders(const char *name, const GPtrArray *folders)
{
    g_autoptr(GPtrArray) meant = query_folders(name, folders);
    Part part = { g_string_new(NULL), meant->len > 1 ? QUERY_OR : QUERY_TERM };

    for (guint i = 0; i < meant->len; i++) {
        g_string_append(part.text, i > 0 ? " or " : "");
        append_quoted(part.text, FOLDER,
                      ((const StoreFolder *)meant->pdata[i])->path);
    }
    if (meant->len == 0)
        append_quoted(part.text, FOLDER, name);
    return part;
}

/* Would Xapian take the word, or its beginning, for an operator? */
static bool
is_operator(const char *word)
{
    static const char *const operators[] = { "and", "or",   "not",
                                             "xor", "near", "adj" };
    bool is = false;

    for (gsize i = 0; i < G_N_ELEMENTS(operators); i++) {
        gsize size = strlen(operators[i]);

        is = is
             || (g_ascii_strncasecmp(word, operators[i], size) == 0
                 && !g_ascii_isalnum(word[size]) && word[size] != '_'
                 && !(word[size] & 0x80));
    }
    return is;
}

/* Two dots are a range to Xapian, even in quotes. */
static bool
has_range(const QueryStep *term)
{
    return term->traits & QUERY_WORDS && *term->value != '/'
           && strstr(term->value, "..") != NULL;
}

/* Notmuch takes no quotes around these numbers. */
static bool
is_change(const char *prefix, const char *value)
{
    return strcmp(prefix, "lastmod:") == 0
           && value[strspn(value, "0123456789.-")] == '\0';
}

static void
append_value(GString *text, const char *prefix, const QueryStep *term)
{
    g_autoptr(GString) value = g_string_new(term->value);
    bool range = has_range(term);

    if (range)
        g_string_replace(value, "..", " ", 0);
    if ((term->quoted && !is_change(prefix, value->str)) || range
        || (*prefix == '\0' && is_operator(value->str))
        || (*prefix && strpbrk(value->str, "\"()")))
        append_quoted(text, prefix, value->str);
    else
        g_string_append_printf(text, "%s%s", prefix, value->str);
}

static Part
write_term(const QueryStep *term, const GPtrArray *folders)
{
    const char *prefix = term->prefix;
    Part part = { .op = QUERY_TERM };

    /* Xapian knows "*" alone. */
    if (strcmp(term->value, "*") == 0 && *prefix == '\0')
        return (Part){ g_string_new("not id:\"\""), QUERY_NOT };
    /* folder:/…/ is a regular expression */
    if (strcmp(prefix, FOLDER) == 0 && *term->value != '/')
        return write_folders(term->value, folders);
    part.text = g_string_new(NULL);
    if (strcmp(prefix, "auth:") == 0) {
        g_autofree char *property =
            g_strconcat("posthorn.verdict=", term->value, NULL);

        append_quoted(part.text, "property:", property);
    } else
        append_value(part.text, strcmp(prefix, "has:") == 0 ? "tag:" : prefix,
                     term);
    return part;
}

/* As an operand. What is denied needs no parentheses unless it is denied again,
 * nor does what goes on. */
static void
enclose(Part *part, QueryOp op)
{
    bool goes_on = part->op == op ? op != QUERY_NOT : part->op == QUERY_NOT;

    if (part->op == QUERY_TERM || goes_on)
        return;
    g_string_prepend_c(part->text, '(');
    g_string_append_c(part->text, ')');
}

/* Parts are taken from the end and one is put there. */
static void
write_step(const QueryStep *step, GArray *parts, const GPtrArray *folders)
{
    static const char *const words[] = { [QUERY_AND] = "and",
                                         [QUERY_OR] = "or" };
    Part *last;

    if (step->op == QUERY_TERM) {
        Part term = write_term(step, folders);

        g_array_append_val(parts, term);
        return;
    }
    last = &g_array_index(parts, Part, parts->len - 1);
    enclose(last, step->op);
    if (step->op == QUERY_NOT) {
        g_string_prepend(last->text, "not ");
    } else {
        enclose(last - 1, step->op);
        g_string_append_printf(last[-1].text, " %s %s",
                               step->value ? step->value : words[step->op],
                               last->text->str);
        g_array_set_size(parts, parts->len - 1);
        last--;
    }
    last->op = step->op;
}

char *
query_expand(const char *query, const GPtrArray *folders, GError **error)
{
    g_autoptr(GArray) steps = NULL;
    g_autoptr(GArray) parts = NULL;
    g_autofree char *stripped = g_strstrip(g_strdup(query));

    if (*stripped == '\0' || strcmp(stripped, "*") == 0)
        return g_steal_pointer(&stripped);
    steps = query_parse(query, error);
    if (steps == NULL)
        return NULL;
    parts = g_array_new(FALSE, FALSE, sizeof(Part));
    g_array_set_clear_func(parts, part_clear);
    for (guint i = 0; i < steps->len; i++)
        write_step(&g_array_index(steps, QueryStep, i), parts, folders);
    return g_strdup(g_array_index(parts, Part, 0).text->str);
}
