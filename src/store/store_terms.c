/* Finding rows by what they say, as long as the index does not know them. */
#include "store_db.h"

#include <string.h>

enum {
    FROM_NAME = 1, /* columns */
    FROM_ADDR,
    RECIPIENTS,
    SUBJECT,
    SNIPPET,
    MESSAGE_ID,
    FLAGS,
    TAGS,
    FOLDER,
    DATE,
    IN_INDEX
};

#define ROWS                                                                  \
    "SELECT id, from_name, from_addr, recipients, subject, snippet,"          \
    " message_id, flags, tags, folder, date,"                                 \
    " indexed AND index_id IS NOT NULL FROM message WHERE folder > 0 AND "

static const char unknown_rows[] =
    ROWS "(indexed = 0 OR index_id IS NULL) ORDER BY date DESC, id DESC";

static const char rows_of_id[] =
    ROWS "id IN (SELECT id FROM message WHERE message_id = ?1"
         " UNION SELECT id FROM message WHERE index_id = ?1) ORDER BY id";

typedef enum { DENIED, UNKNOWN, HELD } Truth;

/* A term, its text case folded. */
typedef struct {
    const StoreTerm *term;
    char *text;
    bool ascii; /* found without folding what it is looked for in */
} Sought;

static void
sought_clear(void *data)
{
    g_free(((Sought *)data)->text);
}

static GArray *
fold_terms(const GArray *terms)
{
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(Sought), terms->len);

    g_array_set_clear_func(all, sought_clear);
    for (guint i = 0; i < terms->len; i++) {
        const StoreTerm *term = &g_array_index(terms, StoreTerm, i);
        Sought sought = { .term = term };

        sought.text = store_fold(term->text ? term->text : "");
        sought.ascii = g_str_is_ascii(sought.text);
        g_array_append_val(all, sought);
    }
    return all;
}

/* Of a word in a script that parts its words. */
static bool
is_letter(const char *at)
{
    gunichar c = g_utf8_get_char_validated(at, -1);

    return g_unichar_isalnum(c) && !g_unichar_iswide(c);
}

static bool
is_within(const char *value, const char *at)
{
    return at > value && *at && is_letter(at)
           && is_letter(g_utf8_find_prev_char(value, at));
}

/* "ann" is a word of "Ana Ann", begins one of "Anna", and none of "Joanna". */
static bool
is_word(const char *value, const char *at, const Sought *sought)
{
    return !is_within(value, at)
           && (sought->term->number == STORE_TERM_BEGINS
               || !is_within(value, at + strlen(sought->text)));
}

static bool
text_has(const char *value, const Sought *sought)
{
    const char *at = value;

    if (*sought->text == '\0')
        return true;
    for (; *at; at++) {
        at = sought->ascii ? strcasestr(at, sought->text)
                           : strstr(at, sought->text);
        if (at == NULL || is_word(value, at, sought))
            break;
    }
    return at && *at;
}

static bool
column_has(sqlite3_stmt *row, int column, const Sought *sought)
{
    const char *value = (const char *)sqlite3_column_text(row, column);
    g_autofree char *folded = NULL;

    if (value == NULL)
        return false;
    if (sought->ascii)
        return text_has(value, sought);
    if (g_str_is_ascii(value))
        return false;
    folded = store_fold(value);
    return text_has(folded, sought);
}

static bool
any_column_has(sqlite3_stmt *row, const Sought *sought)
{
    for (int column = FROM_NAME; column <= SNIPPET; column++)
        if (column_has(row, column, sought))
            return true;
    return *sought->text == '\0';
}

static bool
holds(sqlite3_stmt *row, const Sought *sought)
{
    const StoreTerm *term = sought->term;

    switch (term->kind) {
    case STORE_TERM_FROM:
        return column_has(row, FROM_NAME, sought)
               || column_has(row, FROM_ADDR, sought);
    case STORE_TERM_TO:
        return column_has(row, RECIPIENTS, sought);
    case STORE_TERM_SUBJECT:
        return column_has(row, SUBJECT, sought);
    case STORE_TERM_ID:
        return g_strcmp0((const char *)sqlite3_column_text(row, MESSAGE_ID),
                         term->text)
               == 0;
    case STORE_TERM_FLAG:
        return sqlite3_column_int64(row, FLAGS) & term->number;
    case STORE_TERM_TAG:
        return store_words_have((const char *)sqlite3_column_text(row, TAGS),
                                term->text);
    case STORE_TERM_FOLDER:
        return sqlite3_column_int64(row, FOLDER) == term->number;
    case STORE_TERM_SINCE:
        return sqlite3_column_int64(row, DATE) >= term->number;
    case STORE_TERM_BEFORE:
        return sqlite3_column_int64(row, DATE) < term->number;
    default:
        return any_column_has(row, sought);
    }
}

/* stack has room for each term. */
static Truth
all_hold(sqlite3_stmt *row, const GArray *sought, Truth *stack)
{
    guint n = 0;

    for (guint i = 0; i < sought->len; i++) {
        const Sought *one = &g_array_index(sought, Sought, i);

        switch (one->term->kind) {
        case STORE_TERM_NOT:
            stack[n - 1] = HELD - stack[n - 1];
            break;
        case STORE_TERM_AND:
            n--;
            stack[n - 1] = MIN(stack[n - 1], stack[n]);
            break;
        case STORE_TERM_OR:
            n--;
            stack[n - 1] = MAX(stack[n - 1], stack[n]);
            break;
        case STORE_TERM_MAYBE:
            stack[n++] = UNKNOWN;
            break;
        default:
            stack[n++] = holds(row, one) ? HELD : DENIED;
        }
    }
    return n == 1 ? stack[0] : DENIED;
}

GArray *
store_find_terms(Store *store, const GArray *terms, guint limit, GError **error)
{
    g_autoptr(GArray) sought = fold_terms(terms);
    g_autofree Truth *stack = g_new(Truth, terms->len);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *rows = store_prepare(store, error, unknown_rows, "");
    int step = rows ? SQLITE_ROW : SQLITE_ERROR;

    while (step == SQLITE_ROW && (limit == 0 || ids->len < limit)) {
        gint64 id;

        step = store_step(store, rows, error);
        if (step != SQLITE_ROW || all_hold(rows, sought, stack) != HELD)
            continue;
        id = sqlite3_column_int64(rows, 0);
        g_array_append_val(ids, id);
    }
    if (step == SQLITE_ROW)
        sqlite3_reset(rows);
    return step == SQLITE_ROW || step == SQLITE_DONE ? g_steal_pointer(&ids)
                                                     : NULL;
}

GArray *
store_find_id_terms(Store *store, const char *message_id, const GArray *terms,
                    GError **error)
{
    g_autoptr(GArray) sought = fold_terms(terms);
    g_autofree Truth *stack = g_new(Truth, terms->len);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *rows = store_prepare(store, error, rows_of_id, "s",
                                       message_id);
    gint64 denied = 0; /* the first that is, as the index has it */
    guint all = 0;
    int step = rows ? SQLITE_ROW : SQLITE_ERROR;

    while (step == SQLITE_ROW) {
        gint64 id;

        step = store_step(store, rows, error);
        if (step != SQLITE_ROW)
            continue;
        id = sqlite3_column_int64(rows, 0);
        if (all_hold(rows, sought, stack) != DENIED)
            g_array_append_val(ids, id);
        else if (all == 0 && sqlite3_column_int(rows, IN_INDEX))
            denied = id;
        all++;
    }
    if (all == 1 && denied)
        g_array_append_val(ids, denied);
    return step == SQLITE_DONE ? g_steal_pointer(&ids) : NULL;
}
