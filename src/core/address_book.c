/* The user's own books of addresses. */
#include "core/address_book.h"

#include "base/file.h"
#include "base/job.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/spawn.h"
#include "base/text.h"
#include "mime/mime.h"

#include <string.h>
#include <sys/stat.h>

enum {
    BOOK_BYTES = 16 << 20,
    MOST_ADDRESSES = 50000,
    MOST_FILES = 10000, /* of a folder: one card each */
    COMMAND_MS = 30 * 1000,
};

struct AddressBook {
    Session *session;
    GPtrArray *cards; /* MimeAddress */
    GPtrArray *lines; /* of the program */
    Worker *worker;   /* reads the files; NULL: none were named yet */
    char *books;      /* the option as it was read; NULL: not yet */
    guint64 state;    /* of the files, as they were read */
    bool reading;
    bool asked;    /* the program ran, or runs */
    bool *running; /* false when the book is gone before it ends; or NULL */
};

static GPtrArray *
address_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)mime_address_free);
}

AddressBook *
address_book_create(Session *session)
{
    AddressBook *book = g_new0(AddressBook, 1);

    book->session = session;
    book->cards = address_list();
    book->lines = address_list();
    return book;
}

void
address_book_destroy(AddressBook *book)
{
    if (book == NULL)
        return;
    if (book->running)
        *book->running = false;
    worker_destroy(book->worker); /* its last answer still finds the cards */
    g_ptr_array_unref(book->cards);
    g_ptr_array_unref(book->lines);
    g_free(book->books);
    g_free(book);
}

static void
add(GPtrArray *into, const char *name, const char *addr)
{
    MimeAddress *address;

    if (into->len >= MOST_ADDRESSES || strchr(addr, '@') == NULL
        || strpbrk(addr, " <>\r\n") != NULL)
        return;
    address = g_new0(MimeAddress, 1);
    address->name = name && *name ? text_sanitise(name, -1, TEXT_LINE) : NULL;
    address->addr = text_sanitise(addr, -1, TEXT_LINE);
    g_ptr_array_add(into, address);
}

/* One property of a card, unfolded: [group "."] name *(";" param) ":" value */
typedef struct {
    char *name;
    char *value;
} Property;

static void
property_clear(Property *property)
{
    g_free(property->name);
    g_free(property->value);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Property, property_clear)

/* "\\," is a comma, "\\n" a blank: a name is one line. */
static char *
unescape(const char *value)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (; *value; value++) {
        if (*value == '\\' && value[1]) {
            value++;
            g_string_append_c(out,
                              *value == 'n' || *value == 'N' ? ' ' : *value);
        } else {
            g_string_append_c(out, *value);
        }
    }
    return g_utf8_make_valid(g_strstrip(out->str), -1);
}

/* Cards of version 2.1: "J=C3=B6rg". */
static char *
from_quoted_printable(const char *value)
{
    g_autoptr(GString) out = g_string_new(value);
    char *plain;

    g_string_replace(out, "%", "%25", 0);
    g_string_replace(out, "=", "%", 0);
    plain = g_uri_unescape_string(out->str, NULL);
    return plain ? plain : g_strdup(value);
}

static bool
read_property(const char *line, Property *property)
{
    const char *colon = strchr(line, ':');
    g_autofree char *head = NULL;
    g_autofree char *upper = NULL;
    g_autofree char *value = NULL;
    const char *name;
    const char *dot;

    if (colon == NULL)
        return false;
    head = g_strndup(line, (gsize)(colon - line));
    upper = g_ascii_strup(head, -1);
    value = strstr(upper, "QUOTED-PRINTABLE") ? from_quoted_printable(colon + 1)
                                              : g_strdup(colon + 1);
    name = upper;
    dot = strchr(upper, '.');
    if (dot && strcspn(upper, ";") > (gsize)(dot - upper))
        name = dot + 1;
    property->name = g_strndup(name, strcspn(name, ";"));
    property->value = unescape(value);
    return true;
}

static void
end_card(GPtrArray *into, const char *name, GPtrArray *addresses)
{
    for (guint i = 0; i < addresses->len; i++)
        add(into, name, addresses->pdata[i]);
    g_ptr_array_set_size(addresses, 0);
}

void
address_book_parse_cards(const char *text, GPtrArray *into)
{
    g_autoptr(GString) unfolded = g_string_new(text);
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *name = NULL;
    g_auto(GStrv) lines = NULL;

    g_string_replace(unfolded, "\r\n", "\n", 0);
    g_string_replace(unfolded, "\n ", "", 0);
    g_string_replace(unfolded, "\n\t", "", 0);
    lines = g_strsplit(unfolded->str, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(Property) property = { 0 };

        if (!read_property(*line, &property))
            continue;
        if (strcmp(property.name, "BEGIN") == 0)
            g_clear_pointer(&name, g_free);
        else if (strcmp(property.name, "FN") == 0 && name == NULL)
            name = g_strdup(property.value);
        else if (strcmp(property.name, "EMAIL") == 0)
            g_ptr_array_add(addresses, g_strdup(property.value));
        else if (strcmp(property.name, "END") == 0)
            end_card(into, name, addresses);
    }
}

void
address_book_parse_lines(const char *text, GPtrArray *into)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) cells = g_strsplit(*line, "\t", 3);

        if (cells[0])
            add(into, cells[1], g_strstrip(cells[0]));
    }
}

/* The files of a book: itself, or the cards in it. */
static void
each_file(const char *path, void (*fn)(const char *path, void *user),
          void *user)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    if (dir == NULL)
        fn(path, user);
    for (guint n = 0; dir && n < MOST_FILES && (name = g_dir_read_name(dir));
         n++) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        if (g_str_has_suffix(name, ".vcf"))
            fn(file, user);
    }
}

static void
each_book(const char *books, void (*fn)(const char *path, void *user),
          void *user)
{
    g_auto(GStrv) list = g_strsplit(books, ",", -1);

    for (char **one = list; *one; one++) {
        g_autofree char *path = paths_expand(g_strstrip(*one));

        if (*path)
            each_file(path, fn, user);
    }
}

/* A number that changes with the files and their times. */
static void
note_time(const char *path, void *user)
{
    guint64 *state = user;
    struct stat info;

    if (stat(path, &info) == 0)
        *state = *state * 31 + (guint64)info.st_mtime + 1;
}

static void
read_file(const char *path, void *user)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = file_read(path, BOOK_BYTES, NULL, &error);

    if (text)
        address_book_parse_cards(text, user);
    else
        log_add(LOG_WARN, "address-books", "%s", error->message);
}

typedef struct {
    char *books;
    guint64 known; /* the state that was read before; 0: none */
} Reading;

typedef struct {
    GPtrArray *cards;
    guint64 state;
} Cards;

static void
reading_free(void *data)
{
    Reading *reading = data;

    g_free(reading->books);
    g_free(reading);
}

static void
cards_free(void *data)
{
    Cards *cards = data;

    g_ptr_array_unref(cards->cards);
    g_free(cards);
}

/* NULL: nothing changed. */
static void *
read_books(Job *job, void *data, GError **error)
{
    const Reading *reading = data;
    guint64 state = 1;
    Cards *cards;

    each_book(reading->books, note_time, &state);
    if (state == reading->known)
        return NULL;
    cards = g_new0(Cards, 1);
    cards->state = state;
    cards->cards = address_list();
    each_book(reading->books, read_file, cards->cards);
    return cards;
}

static void
books_read(void *user, void *answer, const GError *error)
{
    AddressBook *book = user;
    Cards *cards = answer;

    book->reading = false;
    if (cards == NULL)
        return;
    book->state = cards->state;
    g_ptr_array_unref(book->cards);
    book->cards = g_ptr_array_ref(cards->cards);
}

static const JobClass books_job = {
    .name = "address books",
    .run = read_books,
    .answer = books_read,
    .free_request = reading_free,
    .free_answer = cards_free,
};

/* Files may lie on a slow disk and be many: never on the main thread. */
static void
refresh(AddressBook *book)
{
    const char *books = options_get(session_options(book->session),
                                    "address-books", NULL, NULL);
    Reading *reading;

    if (books == NULL)
        books = "";
    if (book->reading || (*books == '\0' && book->books == NULL))
        return;
    if (g_strcmp0(book->books, books) != 0) {
        g_free(book->books);
        book->books = g_strdup(books);
        book->state = 0;
    }
    if (book->worker == NULL)
        book->worker = worker_create("address books");
    reading = g_new0(Reading, 1);
    reading->books = g_strdup(books);
    reading->known = book->state;
    book->reading = true;
    worker_submit(book->worker, JOB_NORMAL, &books_job, reading, book);
}

typedef struct {
    AddressBook *book;
    bool there; /* the book still is */
} Query;

static void
answered(const SpawnResult *result, const GError *error, void *user)
{
    Query *query = user;

    if (query->there)
        query->book->running = NULL;
    if (error)
        log_add(LOG_WARN, "address-command", "%s", error->message);
    else if (query->there)
        address_book_parse_lines(result->output, query->book->lines);
    g_free(query);
}

static void
ask_program(AddressBook *book)
{
    const char *command = options_get(session_options(book->session),
                                      "address-command", NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) argv = NULL;
    SpawnParams params = { .timeout_ms = COMMAND_MS,
                           .output_limit = BOOK_BYTES };
    Query *query;

    if (book->asked || command == NULL)
        return;
    book->asked = true;
    argv = spawn_split(command, &error);
    if (argv == NULL) {
        log_add(LOG_WARN, "address-command", "%s", error->message);
        return;
    }
    query = g_new0(Query, 1);
    query->book = book;
    query->there = true;
    book->running = &query->there;
    params.argv = (const char *const *)argv;
    spawn_start(&params, answered, query);
}

/* Does a word of text begin so? Both are folded. */
static bool
begins_word(const char *text, const char *prefix)
{
    for (const char *at = text; (at = strstr(at, prefix)); at++)
        if (at == text || strchr(" .@_-\"<\n", at[-1]))
            return true;
    return false;
}

static void
add_matching(const GPtrArray *from, const char *folded, guint limit,
             GPtrArray *found)
{
    for (guint i = 0; i < from->len && found->len < limit; i++) {
        const MimeAddress *address = from->pdata[i];
        g_autofree char *both = g_strdup_printf(
            "%s\n%s", address->name ? address->name : "", address->addr);
        g_autofree char *text = g_utf8_casefold(both, -1);

        if (begins_word(text, folded))
            add(found, address->name, address->addr);
    }
}

GPtrArray *
address_book_find(AddressBook *book, const char *prefix, guint limit)
{
    g_autofree char *valid = g_utf8_make_valid(prefix, -1);
    g_autofree char *folded = g_utf8_casefold(valid, -1);
    GPtrArray *found = address_list();

    refresh(book);
    ask_program(book);
    if (*folded == '\0')
        return found;
    add_matching(book->cards, folded, limit, found);
    add_matching(book->lines, folded, limit, found);
    return found;
}
