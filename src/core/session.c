/* Builds the parts of one run in layer order and lends them to commands. Must
 * not contain a rule about mail: those live in act, arrive, account. */

#include "account_role.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "core/account.h"
#include "core/act.h"
#include "core/address_book.h"
#include "core/crypto.h"
#include "core/indexer.h"
#include "core/judge.h"
#include "core/option_table.h"
#include "core/outbox.h"
#include "core/search.h"
#include "core/searches.h"
#include "core/signers.h"
#include "core/snooze.h"
#include "core/verifier.h"
#include "core_resources.h"
#include "maildir/maildir.h"
#include "mime/mime.h"
#include "session_hooks.h"
#include "query.h"
#include "settle.h"
#include "tags.h"

#include <string.h>

enum {
    SETTLE_SECONDS = 10,
    JUDGE_SECONDS = 2,
    SHUTDOWN_SECONDS = 2,
    WAKE_MS = 100,
    NEWS_MS = 200,
};

typedef struct {
    guint id;
    void (*fn)(bool rows, void *user);
    void *user;
} RowListener;

struct Session {
    Paths *paths;
    Store *store;
    Options *options;
    EventBus *bus;
    CmdTable *table;
    Keys *keys;
    CmdLanguage *language;
    Hooks *hooks;
    Printer *out;
    Indexer *indexer;
    Search *search;
    Outbox *outbox;
    Settler *settler;
    Verifier *verifier;
    Judge *judge;
    Crypto *crypto;
    Signers *signers;
    Searches *searches;
    AddressBook *address_book;
    Snooze *snooze;
    Frontend *frontend;
    Frontend *headless;
    HookOutput *hook_output;
    GPtrArray *accounts; /* Account */
    GArray *listeners;   /* RowListener */
    guint listener_serial;
    guint reload_source; /* soon, for what the user did */
    guint news_source;   /* a little later, for what came */
    gint64 told;         /* monotonic: when the listeners last heard */
    char **last_act;
    char *config_file;
    gint64 offline; /* since when; 0: online */
};

static bool
make_folders(const Paths *paths, GError **error)
{
    g_autofree char *data = g_path_get_dirname(paths->state_db);

    return file_mkdir(data, error) && file_mkdir(paths->mail, error)
        && file_mkdir(paths->outbox, error)
        && file_mkdir(paths->drafts, error) && file_mkdir(paths->cache, error)
        && file_mkdir(paths->runtime, error);
}

/* What the user's hooks run in. */
static void
prepare_hooks(Session *session)
{
    CmdContext context = session_context(session, CMD_FROM_HOOK);

    hooks_set_context(session->hooks, &context);
}

static gboolean
wake_up(void *data)
{
    return G_SOURCE_CONTINUE;
}

Session *
session_create(Paths *paths, GError **error)
{
    g_autoptr(Session) session = g_new0(Session, 1);

    session->paths = paths;
    session->accounts =
        g_ptr_array_new_with_free_func((GDestroyNotify)account_destroy);
    session->listeners = g_array_new(FALSE, FALSE, sizeof(RowListener));
    session->headless = frontend_create_headless(NULL);
    session->frontend = session->headless;
    session->bus = event_bus_create();
    session->table = cmd_table_create();
    session->keys = keys_create();
    session->options = options_create(option_table);
    if (!make_folders(paths, error))
        return NULL;
    session->store = store_open(paths->state_db, error);
    if (session->store == NULL)
        return NULL;
    session->hooks = session_hooks_create(session);
    session->language = cmd_language_create(session->options, session->keys,
                                            session->hooks);
    session->hook_output = hook_output_create(&session->frontend);
    session->out = printer_create(hook_output_print, session->hook_output);
    prepare_hooks(session);
    session->settler = settler_create(session);
    session->indexer = indexer_create(session);
    session->search = search_create(session);
    session->outbox = outbox_create(session);
    session->verifier = verifier_create(session);
    session->judge = judge_create(session);
    session->crypto = crypto_create(session);
    session->signers = signers_create();
    session->searches = searches_create();
    session->address_book = address_book_create(session);
    session->snooze = snooze_create(session);
    return g_steal_pointer(&session);
}

static bool
is_busy(Session *session)
{
    return settler_busy(session->settler) || indexer_busy(session->indexer)
           || hooks_busy(session->hooks) || judge_waited(session->judge)
           || outbox_is_building(session->outbox);
}

static bool
is_judging(Session *session)
{
    return judge_busy(session->judge);
}

/* What was asked for and is not on the disk yet, or is being told. */
static bool
is_ending(Session *session)
{
    return hooks_busy(session->hooks) || outbox_is_building(session->outbox);
}

static void
wait_while(Session *session, bool (*busy)(Session *session), int seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    guint wake = g_timeout_add(WAKE_MS, wake_up, NULL);

    while (busy(session) && g_get_monotonic_time() < end)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(wake);
}

void
session_settle(Session *session)
{
    /* What is not judged by then is when the program begins the next time. */
    wait_while(session, is_judging, JUDGE_SECONDS);
    wait_while(session, is_busy, SETTLE_SECONDS);
}

void
session_shutdown(Session *session)
{
    g_autoptr(Event) event = event_create("shutdown");

    event_bus_emit(session->bus, event);
    wait_while(session, is_ending, SHUTDOWN_SECONDS);
}

void
session_destroy(Session *session)
{
    if (session == NULL)
        return;
    /* What the others answer as they end starts nothing any more. */
    if (session->hooks)
        hooks_end(session->hooks);
    if (session->indexer)
        indexer_disable(session->indexer);
    snooze_destroy(session->snooze);
    if (session->outbox)
        outbox_end(session->outbox);
    g_ptr_array_unref(session->accounts);
    if (session->judge)
        judge_end(session->judge);
    crypto_destroy(session->crypto);
    verifier_destroy(session->verifier);
    judge_destroy(session->judge);
    signers_destroy(session->signers);
    searches_destroy(session->searches);
    address_book_destroy(session->address_book);
    outbox_destroy(session->outbox);
    search_destroy(session->search);
    settler_destroy(session->settler);
    indexer_destroy(session->indexer);
    g_clear_handle_id(&session->reload_source, g_source_remove);
    g_clear_handle_id(&session->news_source, g_source_remove);
    cmd_language_destroy(session->language);
    hooks_destroy(session->hooks);
    printer_destroy(session->out);
    hook_output_destroy(session->hook_output);
    store_close(session->store);
    options_destroy(session->options);
    keys_destroy(session->keys);
    cmd_table_destroy(session->table);
    event_bus_destroy(session->bus);
    frontend_destroy_headless(session->headless);
    g_array_unref(session->listeners);
    g_strfreev(session->last_act);
    g_free(session->config_file);
    paths_destroy(session->paths);
    g_free(session);
}

CmdContext
session_context(const Session *session, CmdOrigin origin)
{
    return (CmdContext){
        .table = session->table, .session = (void *)session,
        .language = session->language, .origin = origin,
        .out = session->out,
    };
}

static bool
run_text(Session *session, const char *text, const char *file, GError **error)
{
    CmdContext context = session_context(session, CMD_FROM_CONFIG);

    context.file = file;
    return cmd_run(&context, text, error) != CMD_FAILED;
}

/* A resource ends with a NUL and lives as long as the program. */
static const char *
resource_text(const char *name)
{
    g_autofree char *path = g_strdup_printf("/posthorn/%s", name);
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(core_get_resource(), path,
                               G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

    return bytes ? g_bytes_get_data(bytes, NULL) : NULL;
}

const char *
session_defaults(void)
{
    return resource_text("default.conf");
}

/* The option keys: what it changes lies above the defaults and below what the
 * user binds. */
static void
load_preset(Session *session)
{
    g_autofree char *file = g_strdup_printf(
        "keys-%s.conf", options_get(session->options, "keys", NULL, NULL));
    const char *text = resource_text(file);
    g_autoptr(GError) error = NULL;

    keys_clear_layer(session->keys, KEYS_PRESET);
    keys_set_layer(session->keys, KEYS_PRESET);
    if (text && !run_text(session, text, file, &error))
        log_add(LOG_ERR, "keys", "%s", error->message);
    keys_set_layer(session->keys, KEYS_USER);
}

static void
option_changed(const char *name, void *user)
{
    if (strcmp(name, "keys") == 0)
        load_preset(user);
}

static void
load_default_keys(void *user)
{
    g_autoptr(GError) error = NULL;

    if (!run_text(user, session_defaults(), "default.conf", &error))
        log_add(LOG_ERR, "keys", "%s", error->message);
}

/* The starter set is for programs that have the command it is written with. */
static bool
run_defaults(Session *session, GError **error)
{
    keys_fill_later(session->keys, load_default_keys, session);
    if (!run_text(session, resource_text("styles.conf"), "styles.conf", error))
        return false;
    return cmd_table_find(session->table, "signers") == NULL
           || run_text(session, resource_text("brands.conf"), "brands.conf",
                       error);
}

/* A file that need not be there unless it must. */
static bool
run_file(Session *session, const char *path, bool must, GError **error)
{
    g_autofree char *text = NULL;

    if (!must && !g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    text = file_read(path, 1 << 20, NULL, error);
    return text != NULL && run_text(session, text, path, error);
}

bool
session_configure(Session *session, const char *file, GError **error)
{
    const char *path = file ? file : session->paths->config_file;
    g_autofree char *signers = signers_file(session);
    g_autofree char *searches = searches_file(session);

    g_free(session->config_file);
    session->config_file = g_strdup(path);
    if (!run_defaults(session, error))
        return false;
    keys_set_layer(session->keys, KEYS_USER);
    options_listen(session->options, option_changed, session);
    return run_file(session, path, file != NULL, error)
           && run_file(session, signers, false, error)
           && run_file(session, searches, false, error);
}

const char *
session_config_file(const Session *session)
{
    return session->config_file;
}

bool
session_open_accounts(Session *session, GError **error)
{
    g_autofree const char **names = options_accounts(session->options);

    for (const char **name = names; *name; name++) {
        Account *account;

        if (strchr(*name, '/'))
            continue; /* an identity: its account makes it */
        account = account_create(session, *name, error);
        if (account == NULL)
            return false;
        g_ptr_array_add(session->accounts, account);
    }
    snooze_start(session->snooze);
    return true;
}

const Paths *
session_paths(const Session *session)
{
    return session->paths;
}

Store *
session_store(const Session *session)
{
    return session->store;
}

Options *
session_options(const Session *session)
{
    return session->options;
}

EventBus *
session_bus(const Session *session)
{
    return session->bus;
}

CmdTable *
session_table(const Session *session)
{
    return session->table;
}

CmdLanguage *
session_language(const Session *session)
{
    return session->language;
}

Keys *
session_keys(const Session *session)
{
    return session->keys;
}

Indexer *
session_indexer(const Session *session)
{
    return session->indexer;
}

Outbox *
session_outbox(const Session *session)
{
    return session->outbox;
}

Settler *
session_settler(const Session *session)
{
    return session->settler;
}

Verifier *
session_verifier(const Session *session)
{
    return session->verifier;
}

Snooze *
session_snooze(const Session *session)
{
    return session->snooze;
}

Judge *
session_judge(const Session *session)
{
    return session->judge;
}

Crypto *
session_crypto(const Session *session)
{
    return session->crypto;
}

Searches *
session_searches(const Session *session)
{
    return session->searches;
}

Signers *
session_signers(const Session *session)
{
    return session->signers;
}

AddressBook *
session_address_book(const Session *session)
{
    return session->address_book;
}

Hooks *
session_hooks(const Session *session)
{
    return session->hooks;
}

Frontend *
session_frontend(const Session *session)
{
    return session->frontend;
}

void
session_set_frontend(Session *session, Frontend *frontend)
{
    session->frontend = frontend ? frontend : session->headless;
}

const GPtrArray *
session_accounts(const Session *session)
{
    return session->accounts;
}

Account *
session_account(const Session *session, const char *name)
{
    for (guint i = 0; i < session->accounts->len; i++) {
        Account *account = session->accounts->pdata[i];
        const GPtrArray *identities = account_identities(account);

        if (g_strcmp0(account_name(account), name) == 0)
            return account;
        for (guint k = 0; k < identities->len; k++)
            if (g_strcmp0(account_name(identities->pdata[k]), name) == 0)
                return identities->pdata[k];
    }
    return NULL;
}

gint64
session_offline(const Session *session)
{
    return session->offline;
}

void
session_set_offline(Session *session, bool offline)
{
    session->offline = offline ? clock_now() : 0;
    verifier_set_online(session->verifier, !offline);
    for (guint i = 0; i < session->accounts->len; i++)
        if (offline)
            account_stop(session->accounts->pdata[i]);
        else
            account_start(session->accounts->pdata[i]);
    if (offline)
        return;
    judge_again(session->judge);
    outbox_kick(session->outbox);
}

const char *const *
session_last_act(const Session *session)
{
    return (const char *const *)session->last_act;
}

void
session_set_last_act(Session *session, const char *const *argv)
{
    char **copy = g_strdupv((char **)argv);

    g_strfreev(session->last_act);
    session->last_act = copy;
}

static void
tell_listeners(const Session *session, bool rows)
{
    for (guint i = 0; i < session->listeners->len; i++) {
        const RowListener *listener =
            &g_array_index(session->listeners, RowListener, i);

        listener->fn(rows, listener->user);
    }
}

static gboolean
tell_rows(void *data)
{
    Session *session = data;

    session->reload_source = 0;
    g_clear_handle_id(&session->news_source, g_source_remove);
    session->told = g_get_monotonic_time();
    tell_listeners(session, true);
    return G_SOURCE_REMOVE;
}

void
session_state_changed(Session *session)
{
    tell_listeners(session, false);
}

void
session_rows_changed(Session *session)
{
    if (session->reload_source == 0)
        session->reload_source = g_idle_add_full(
            G_PRIORITY_DEFAULT, tell_rows, session, NULL);
}

static gboolean
tell_news(void *data)
{
    Session *session = data;

    session->news_source = 0;
    session_rows_changed(session);
    return G_SOURCE_REMOVE;
}

void
session_rows_news(Session *session)
{
    gint64 since = (g_get_monotonic_time() - session->told) / 1000;

    if (session->reload_source == 0 && session->news_source == 0)
        session->news_source = g_timeout_add(
            since < NEWS_MS ? (guint)(NEWS_MS - since) : 0, tell_news,
            session);
}

void
session_rows_flush(Session *session)
{
    if (session->reload_source == 0)
        return;
    g_clear_handle_id(&session->reload_source, g_source_remove);
    tell_rows(session);
}

guint
session_listen_rows(Session *session, void (*fn)(bool rows, void *user),
                    void *user)
{
    RowListener listener = { ++session->listener_serial, fn, user };

    g_array_append_val(session->listeners, listener);
    return listener.id;
}

void
session_unlisten_rows(Session *session, guint id)
{
    for (guint i = 0; i < session->listeners->len; i++)
        if (g_array_index(session->listeners, RowListener, i).id == id) {
            g_array_remove_index(session->listeners, i);
            return;
        }
}

char *
session_row_tags(const StoreRow *row)
{
    return tags_of(row->flags, row->tags);
}

static void
event_set_time(Event *event, const char *field, gint64 time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);
    g_autofree char *text = date ? g_date_time_format_iso8601(date) : NULL;

    event_set(event, field, text);
}

void
session_event_folder(Session *session, Event *event, gint64 id)
{
    g_autoptr(StoreFolder) folder = store_folder(session->store, id, NULL);

    if (folder == NULL)
        return;
    event_set(event, "account", folder->account);
    event_set(event, "folder", folder->path);
    event_set(event, "role", store_role_word(folder->role));
}

/* The row has To and Cc as one. */
static void
event_set_recipients(Event *event, const char *path)
{
    g_autoptr(MimeMessage) message = mime_load_file(path, NULL);

    if (message == NULL)
        return;
    event_set(event, "to", mime_header(message, "To"));
    event_set(event, "cc", mime_header(message, "Cc"));
}

Event *
session_message_event(Session *session, const char *name, gint64 id)
{
    Event *event = event_create(name);
    g_autoptr(StoreRow) row = store_row(session->store, id, NULL);
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) tags = NULL;

    if (row == NULL)
        return event;
    path = session_message_path(session, row);
    text = session_row_tags(row);
    tags = g_strsplit(text, " ", -1);
    session_event_folder(session, event, row->folder);
    event_set(event, "file", path);
    event_set_int(event, "id", row->id);
    event_set_int(event, "thread", row->thread);
    event_set(event, "message_id", row->message_id);
    event_set(event, "from", row->from_addr);
    event_set(event, "from_name", row->from_name);
    event_set(event, "to", row->to);
    if (path && hooks_has(session->hooks, name))
        event_set_recipients(event, path);
    event_set(event, "subject", row->subject);
    event_set_time(event, "date", row->date);
    event_set_list(event, "tags", (const char *const *)tags);
    event_set(event, "verdict", row->verdict);
    event_set_int(event, "size", (gint64)row->size);
    return event;
}

/* The delimiter that the account's other folders have. */
static char
account_delimiter(const GPtrArray *folders)
{
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (folder->delimiter)
            return folder->delimiter;
    }
    return '/';
}

/* The store has the last word on the path. Returns id, or 0. */
static gint64
make_directories(Session *session, gint64 id, GError **error)
{
    g_autoptr(StoreFolder) made =
        id ? store_folder(session->store, id, error) : NULL;
    g_autofree char *path =
        made ? g_build_filename(session->paths->mail, made->path, NULL) : NULL;

    return path && maildir_create(path, error) ? id : 0;
}

gint64
session_make_folder(Session *session, const char *account, const char *name,
                    FolderRole role, GError **error)
{
    g_autoptr(GPtrArray) folders =
        store_folders(session->store, account, error);
    Account *owner = session_account(session, account);
    g_autofree char *path = NULL;

    if (folders == NULL)
        return 0;
    if (account_role_name(session, account, role))
        name = account_role_name(session, account, role);
    for (guint i = 0; i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        if (strcmp(folder->name, name) == 0)
            return folder->id;
    }
    path = maildir_folder_path(account, name, account_delimiter(folders));
    StoreFolder folder = {
        .account = (char *)account, .name = (char *)name, .path = path,
        .delimiter = account_delimiter(folders), .role = role,
        .selectable = true, .subscribed = true,
        .local = owner == NULL || account_is_local(owner)
                 || account_is_one_way(owner),
    };
    return make_directories(session, store_folder_put(session->store, &folder,
                                                      error), error);
}

static bool
folder_is_called(const StoreFolder *folder, const char *name,
                 const char *account)
{
    if (g_ascii_strcasecmp(folder->path, name) == 0
        || query_is_full_name(folder, name))
        return true;
    if (account && strcmp(folder->account, account) != 0)
        return false;
    return g_ascii_strcasecmp(folder->name, name) == 0
        || (folder->role != FOLDER_ROLE_NONE
            && g_ascii_strcasecmp(store_role_word(folder->role), name) == 0);
}

static gint64
no_such_folder(const GPtrArray *folders, const char *name, GError **error)
{
    g_autofree const char **paths = g_new0(const char *, folders->len + 1);
    g_autofree char *safe = text_sanitise(name, -1, TEXT_LINE);
    const char *near;

    for (guint i = 0; i < folders->len; i++)
        paths[i] = ((const StoreFolder *)folders->pdata[i])->path;
    near = text_nearest(name, paths);
    if (near)
        err_set(error, ERR_USAGE, "no folder is called %s: did you mean %s?",
                safe, near);
    else
        err_set(error, ERR_USAGE, "no folder is called %s: `posthorn folders` "
                "lists them", safe);
    return 0;
}

GPtrArray *
session_folders(const Session *session, GError **error)
{
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)store_folder_free);

    for (guint i = 0; i < session->accounts->len; i++) {
        const char *name = account_name(session->accounts->pdata[i]);
        GPtrArray *folders = store_folders(session->store, name, error);

        if (folders == NULL)
            return NULL;
        g_ptr_array_extend_and_steal(all, folders);
    }
    return g_steal_pointer(&all);
}

gint64
session_find_folder_in(Session *session, const char *name, const char *account,
                       GError **error)
{
    g_autoptr(GPtrArray) folders = session_folders(session, error);

    if (folders == NULL)
        return 0;
    for (int any = account == NULL; any < 2; any++)
        for (guint i = 0; i < folders->len; i++) {
            const StoreFolder *folder = folders->pdata[i];

            if (folder_is_called(folder, name, any ? NULL : account))
                return folder->id;
        }
    return no_such_folder(folders, name, error);
}

gint64
session_find_folder(Session *session, const char *name,
                    const MessageSet *set, GError **error)
{
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(StoreFolder) of = NULL;

    if (set && set->ids->len > 0)
        row = store_row(session->store, g_array_index(set->ids, gint64, 0),
                        NULL);
    if (row)
        of = store_folder(session->store, row->folder, NULL);
    return session_find_folder_in(session, name, of ? of->account : NULL,
                                  error);
}

static bool
is_shared(const Session *session, const char *role)
{
    g_autoptr(GPtrArray) folders = session_folders(session, NULL);
    guint n = 0;

    for (guint i = 0; folders && i < folders->len; i++) {
        const StoreFolder *folder = folders->pdata[i];

        n += folder->role != FOLDER_ROLE_NONE
             && g_ascii_strcasecmp(store_role_word(folder->role), role) == 0;
    }
    return n > 1;
}

gint64
session_shown_folder(Session *session, const char *name, const char *account,
                     bool *all, GError **error)
{
    *all = account == NULL && is_shared(session, name)
           && g_ascii_strcasecmp(name, store_role_word(FOLDER_ROLE_INBOX)) != 0;
    return session_find_folder_in(session, name, account, error);
}
