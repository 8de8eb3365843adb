/* Values that the prompt completes: from the store, at once. */
#include "tui_private.h"
#include "tui_prompt.h"

#include "base/paths.h"
#include "cmd/complete.h"
#include "core/account.h"
#include "core/address_book.h"
#include "core/identity.h"
#include "core/search.h"
#include "core/searches.h"
#include "mime/mime.h"

#include <string.h>

enum { ADDRESSES = 20, TAG_ROWS = 500, PATHS = 50, PATH_NAMES = 20000 };

static bool
begins(const char *text, const char *prefix)
{
    return g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_folders(Tui *tui, const char *prefix, GPtrArray *candidates)
{
    g_autoptr(GPtrArray) folders = session_folders(tui->session, NULL);

    /* Names that begin so come before those that have it in the middle. */
    for (int middle = 0; middle < 2; middle++)
        for (guint i = 0; folders && i < folders->len; i++) {
            const StoreFolder *folder = folders->pdata[i];
            bool first = begins(folder->path, prefix)
                || begins(folder->name, prefix);

            if (store_folder_opens(folder)
                && (middle ? !first && strcasestr(folder->path, prefix)
                           : first))
                cmd_candidates_add(candidates, folder->path, NULL);
        }
}

/* Tags in use among the newest messages, and the ones everybody has. */
static void
add_tags(Tui *tui, const char *prefix, GPtrArray *candidates)
{
    Store *store = session_store(tui->session);
    StoreView view = { 0 };
    g_autoptr(GArray) ids = store_ids(store, &view, TAG_ROWS, NULL);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(seen, g_strdup("todo"));
    g_hash_table_add(seen, g_strdup("flagged"));
    g_hash_table_add(seen, g_strdup("unread"));
    for (guint i = 0; ids && i < ids->len; i++) {
        g_autoptr(StoreRow) row =
            store_row(store, g_array_index(ids, gint64, i), NULL);
        g_auto(GStrv) tags = g_strsplit(row && row->tags ? row->tags : "",
                                        " ", -1);

        for (char **tag = tags; *tag; tag++)
            if (**tag)
                g_hash_table_add(seen, g_strdup(*tag));
    }
    guint n;
    g_autofree void **tags = g_hash_table_get_keys_as_array(seen, &n);

    qsort(tags, n, sizeof *tags, by_text);
    for (guint i = 0; i < n; i++)
        if (begins(tags[i], prefix))
            cmd_candidates_add(candidates, tags[i], NULL);
}

static void
add_addresses(Tui *tui, const char *prefix, GPtrArray *candidates)
{
    g_autoptr(GPtrArray) contacts = store_contacts(
        session_store(tui->session), prefix, ADDRESSES, NULL);

    for (guint i = 0; contacts && i < contacts->len; i++) {
        const StoreContact *contact = contacts->pdata[i];

        cmd_candidates_add(candidates, contact->addr, contact->name);
    }
}

static void
add_accounts(Tui *tui, const char *prefix, GPtrArray *candidates)
{
    const GPtrArray *accounts = session_accounts(tui->session);

    for (guint i = 0; i < accounts->len; i++)
        if (begins(account_name(accounts->pdata[i]), prefix))
            cmd_candidates_add(candidates, account_name(accounts->pdata[i]),
                               account_address(accounts->pdata[i]));
}

static void
add_words(const SearchWord *words, const char *prefix, GPtrArray *candidates)
{
    for (; words->text; words++)
        if (begins(words->text, prefix))
            cmd_candidates_add(candidates, words->text, words->help);
}

/* What stands behind a prefix of a query: of the store, or one of these. */
typedef struct {
    const char *prefix;
    void (*add)(Tui *tui, const char *value, GPtrArray *candidates);
    const SearchWord *words;
} QueryValues;

static const SearchWord query_words[] = {
    { "from:", "who wrote it" },
    { "to:", "whom it is for" },
    { "subject:", "its subject" },
    { "tag:", "a tag" },
    { "folder:", "where it lies" },
    { "date:", "when: date:30d.." },
    { "is:unread", "not read yet" },
    { "is:flagged", "flagged" },
    { "has:attachment", "with files" },
    { NULL, NULL },
};

static const SearchWord has_words[] = {
    { "attachment", "with files" },
    { NULL, NULL },
};

static const SearchWord auth_words[] = {
    { "pass", "the sender is who it says" },
    { "fail", "the sender is not who it says" },
    { "unverified", "nobody vouches for the sender" },
    { "resent", "broken on its way, by a list" },
    { NULL, NULL },
};

static const QueryValues query_values[] = {
    { "from:", add_addresses, NULL }, { "to:", add_addresses, NULL },
    { "tag:", add_tags, NULL },       { "is:", add_tags, NULL },
    { "folder:", add_folders, NULL }, { "date:", NULL, search_date_words },
    { "has:", NULL, has_words },      { "auth:", NULL, auth_words },
};

/* Quotes are put around a value where it needs them. */
static void
add_behind(Tui *tui, const QueryValues *values, const char *typed,
           GPtrArray *candidates)
{
    g_autoptr(GPtrArray) all = cmd_candidates_create();
    const char *value = typed + (*typed == '"');

    if (values->add)
        values->add(tui, value, all);
    else
        add_words(values->words, value, all);
    for (guint i = 0; i < all->len; i++) {
        const CmdCandidate *one = all->pdata[i];
        g_autofree char *quoted = search_quote(one->text);
        g_autofree char *text = g_strconcat(values->prefix, quoted, NULL);

        if (all->len > 1 || strcmp(quoted, typed) != 0)
            cmd_candidates_add(candidates, text, one->help);
    }
}

/* False: there is no prefix that values are known of. */
static bool
add_query_values(Tui *tui, const char *word, GPtrArray *candidates)
{
    for (gsize i = 0; i < G_N_ELEMENTS(query_values); i++)
        if (g_str_has_prefix(word, query_values[i].prefix)) {
            add_behind(tui, &query_values[i],
                       word + strlen(query_values[i].prefix), candidates);
            return true;
        }
    return false;
}

void
prompt_query_values(const char *text, gsize *start, GPtrArray *candidates,
                    void *user)
{
    bool quoted = false;

    *start = 0;
    for (gsize i = 0; text[i]; i++) {
        quoted ^= text[i] == '"';
        if (!quoted && (text[i] == ' ' || text[i] == '('))
            *start = i + 1;
    }
    *start += strspn(text + *start, "+-");
    add_query_values(user, text + *start, candidates);
}

void
prompt_values(CmdType type, const char *prefix, GPtrArray *candidates,
              void *user)
{
    Tui *tui = user;

    switch (type) {
    case CMD_FOLDER:
        add_folders(tui, prefix, candidates);
        break;
    case CMD_TAG:
        add_tags(tui, prefix, candidates);
        break;
    case CMD_ADDRESS:
        add_addresses(tui, prefix, candidates);
        break;
    case CMD_ACCOUNT:
        add_accounts(tui, prefix, candidates);
        break;
    case CMD_QUERY:
        if (!add_query_values(tui, prefix, candidates))
            add_words(query_words, prefix, candidates);
        break;
    default:
        break;
    }
}

/* Once, where mail came from or went to the same address. */
static void
add_from_book(const MimeAddress *address, const GPtrArray *contacts,
              GPtrArray *candidates)
{
    g_autofree char *whole = NULL;

    for (guint i = 0; contacts && i < contacts->len; i++)
        if (g_ascii_strcasecmp(((StoreContact *)contacts->pdata[i])->addr,
                               address->addr)
            == 0)
            return;
    whole = mime_address_format(address->name, address->addr);
    cmd_candidates_add(candidates, whole, NULL);
}

/* Behind the last comma of a list of recipients: those of most mail first, then
 * those of the user's books. */
static void
add_recipients(Tui *tui, const char *text, gsize *start,
               GPtrArray *candidates)
{
    const char *comma = strrchr(text, ',');
    const char *last = comma ? comma + 1 : text;
    g_autoptr(GPtrArray) contacts = NULL;
    g_autoptr(GPtrArray) books = NULL;

    while (*last == ' ')
        last++;
    *start = (gsize)(last - text);
    if (*last == '\0') {
        /* It is read before it is needed. */
        books = address_book_find(session_address_book(tui->session), "", 0);
        return;
    }
    contacts = store_contacts(session_store(tui->session), last, ADDRESSES,
                              NULL);
    for (guint i = 0; contacts && i < contacts->len; i++) {
        const StoreContact *contact = contacts->pdata[i];
        g_autofree char *whole =
            mime_address_format(contact->name, contact->addr);

        cmd_candidates_add(candidates, whole, NULL);
    }
    books =
        address_book_find(session_address_book(tui->session), last, ADDRESSES);
    for (guint i = 0; i < books->len; i++)
        add_from_book(books->pdata[i], contacts, candidates);
}

/* Does name have the letters of typed in their order? */
static bool
is_fuzzy(const char *name, const char *typed)
{
    for (; *typed && *name; name++)
        if (g_ascii_tolower(*name) == g_ascii_tolower(*typed))
            typed++;
    return *typed == '\0';
}

static int
fit(const char *name, const char *typed)
{
    if (*name == '.' && *typed != '.')
        return -1;
    if (begins(name, typed))
        return 0;
    if (strcasestr(name, typed))
        return 1;
    return is_fuzzy(name, typed) ? 2 : -1;
}

/* The names of a folder, sorted. Array of char *; NULL where it cannot be
 * read. */
static GPtrArray *
folder_names(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(*folder ? folder : ".", 0, NULL);
    GPtrArray *names;
    const char *name;

    if (dir == NULL)
        return NULL;
    names = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(dir)) != NULL && names->len < PATH_NAMES)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_text);
    return names;
}

/* What begins so, then what has it in the middle, then what has its letters. */
static void
add_paths(const char *text, gsize *start, GPtrArray *candidates)
{
    const char *slash = strrchr(text, '/');
    const char *typed = slash ? slash + 1 : text;
    g_autofree char *head = g_strndup(text, (gsize)(typed - text));
    g_autofree char *folder = paths_expand(head);
    g_autoptr(GPtrArray) names = folder_names(folder);

    *start = 0;
    for (int rank = 0; names && *text && rank <= 2; rank++)
        for (guint i = 0; i < names->len; i++) {
            const char *name = names->pdata[i];
            g_autofree char *whole = g_build_filename(folder, name, NULL);
            bool is_dir = g_file_test(whole, G_FILE_TEST_IS_DIR);
            g_autofree char *path =
                g_strconcat(head, name, is_dir ? "/" : NULL, NULL);

            if (fit(name, typed) == rank && candidates->len < PATHS)
                cmd_candidates_add(candidates, path, NULL);
        }
}

/* Who one can write as: those that have the typed letters; all where one of
 * them stands, so that another can be taken. */
static void
add_identities(Tui *tui, const char *text, gsize *start, GPtrArray *candidates)
{
    g_autoptr(GPtrArray) list = identity_list(tui->session);
    bool whole = g_ptr_array_find_with_equal_func(list, text, g_str_equal,
                                                  NULL);

    *start = 0;
    for (guint i = 0; i < list->len; i++)
        if (whole || strcasestr(list->pdata[i], text))
            cmd_candidates_add(candidates, list->pdata[i], NULL);
}

static void
add_searches(Tui *tui, const char *text, gsize *start, GPtrArray *candidates)
{
    const GPtrArray *all = searches_all(session_searches(tui->session));

    *start = 0;
    for (guint i = 0; i < all->len; i++) {
        const SavedSearch *search = all->pdata[i];

        if (strcasestr(search->name, text))
            cmd_candidates_add(candidates, search->name, search->query);
    }
}

bool
prompt_ask_values(const char *kind, const char *text, gsize *start,
                  GPtrArray *candidates, void *user)
{
    if (strcmp(kind, "address") == 0)
        add_recipients(user, text, start, candidates);
    else if (strcmp(kind, "identity") == 0)
        add_identities(user, text, start, candidates);
    else if (strcmp(kind, "search") == 0)
        add_searches(user, text, start, candidates);
    else if (strcmp(kind, "path") == 0)
        add_paths(text, start, candidates);
    else
        return false;
    return true;
}
