/* An entry of the outbox: two files, a lock, and the rules of its life. Must
 * not talk to a server (outbox_job.c) nor to the screen (outbox.c).
 *
 *   E1  ID.json exists only while ID.eml, whole and durable, does;
 *   E2  a state on disk is never more hopeful than the truth: SENDING is
 *       written before the first command, committed before the final dot,
 *       SENT only after the reply;
 *   E3  a recipient that is SENT never becomes anything else;
 *   E4  one whose fate is not known is IN_DOUBT until a server takes or
 *       refuses it: a try that came to nothing does not make it DEFERRED;
 *   E5  the bytes never change once they were, perhaps, sent to anyone. */
#include "outbox_entry.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ENVELOPE_BYTES = 16 << 20,
    ENVELOPE_VERSION = 1,
    SWEEP_SECONDS = 24 * 3600,
};

static const char *const state_names[] = { "waiting", "sending",  "deferred",
                                           "failed",  "in-doubt", "sent" };

const char *
outbox_state_name(OutboxState state)
{
    return state_names[state];
}

static OutboxState
state_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(state_names); i++)
        if (strcmp(state_names[i], name) == 0)
            return (OutboxState)i;
    return OUTBOX_IN_DOUBT;
}

static void
recipient_free(void *data)
{
    OutboxRecipient *recipient = data;

    g_free(recipient->address);
    g_free(recipient->reply);
    g_free(recipient);
}

OutboxEntry *
outbox_entry_create(void)
{
    OutboxEntry *entry = g_new0(OutboxEntry, 1);

    entry->recipients = g_ptr_array_new_with_free_func(recipient_free);
    return entry;
}

void
outbox_entry_free(OutboxEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->id);
    g_free(entry->account);
    g_free(entry->identity);
    g_free(entry->sender);
    g_ptr_array_unref(entry->recipients);
    g_free(entry->reason);
    g_free(entry->draft);
    g_free(entry->message_id);
    g_free(entry->from);
    g_free(entry->to);
    g_free(entry->subject);
    g_free(entry);
}

OutboxRecipient *
outbox_entry_add(OutboxEntry *entry, const char *address)
{
    OutboxRecipient *recipient = g_new0(OutboxRecipient, 1);

    recipient->address = g_strdup(address);
    g_ptr_array_add(entry->recipients, recipient);
    return recipient;
}

static char *
entry_path(const char *folder, const char *id, const char *suffix)
{
    g_autofree char *name = g_strconcat(id, suffix, NULL);

    return g_build_filename(folder, name, NULL);
}

char *
outbox_bytes_path(const char *folder, const char *id)
{
    return entry_path(folder, id, ".eml");
}

char *
outbox_envelope_path(const char *folder, const char *id)
{
    return entry_path(folder, id, ".json");
}

/* An id from the user is a name, never a path. */
static bool
is_id(const char *id)
{
    return *id && *id != '.' && strchr(id, '/') == NULL;
}

static const struct {
    const char *name;
    gsize offset;
} texts[] = {
    { "account", G_STRUCT_OFFSET(OutboxEntry, account) },
    { "identity", G_STRUCT_OFFSET(OutboxEntry, identity) },
    { "sender", G_STRUCT_OFFSET(OutboxEntry, sender) },
    { "reason", G_STRUCT_OFFSET(OutboxEntry, reason) },
    { "draft", G_STRUCT_OFFSET(OutboxEntry, draft) },
    { "message_id", G_STRUCT_OFFSET(OutboxEntry, message_id) },
    { "from", G_STRUCT_OFFSET(OutboxEntry, from) },
    { "to", G_STRUCT_OFFSET(OutboxEntry, to) },
    { "subject", G_STRUCT_OFFSET(OutboxEntry, subject) },
};

static const struct {
    const char *name;
    gsize offset;
} times[] = {
    { "created", G_STRUCT_OFFSET(OutboxEntry, created) },
    { "not_before", G_STRUCT_OFFSET(OutboxEntry, not_before) },
    { "deliver_by", G_STRUCT_OFFSET(OutboxEntry, deliver_by) },
    { "next_try", G_STRUCT_OFFSET(OutboxEntry, next_try) },
    { "parent", G_STRUCT_OFFSET(OutboxEntry, parent) },
};

static const struct {
    const char *name;
    gsize offset;
} facts[] = {
    { "committed", G_STRUCT_OFFSET(OutboxEntry, committed) },
    { "accepted", G_STRUCT_OFFSET(OutboxEntry, accepted) },
    { "filed", G_STRUCT_OFFSET(OutboxEntry, filed) },
    { "no_copy", G_STRUCT_OFFSET(OutboxEntry, no_copy) },
    { "is_forward", G_STRUCT_OFFSET(OutboxEntry, is_forward) },
    { "require_tls", G_STRUCT_OFFSET(OutboxEntry, require_tls) },
    { "server_hold", G_STRUCT_OFFSET(OutboxEntry, server_hold) },
};

static void
set_text(JsonObject *object, const char *name, const char *value)
{
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

    if (valid)
        json_object_set_string_member(object, name, valid);
}

static JsonArray *
recipients_json(const OutboxEntry *entry)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];
        JsonObject *object = json_object_new();

        set_text(object, "address", recipient->address);
        set_text(object, "state", outbox_state_name(recipient->state));
        set_text(object, "reply", recipient->reply);
        json_object_set_boolean_member(object, "doubted", recipient->doubted);
        json_array_add_object_element(array, object);
    }
    return array;
}

bool
outbox_entry_save(const char *folder, const OutboxEntry *entry, GError **error)
{
    g_autofree char *path = outbox_envelope_path(folder, entry->id);
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    g_autofree char *text = NULL;

    json_node_take_object(root, object);
    json_object_set_int_member(object, "version", ENVELOPE_VERSION);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        set_text(object, texts[i].name,
                 G_STRUCT_MEMBER(char *, entry, texts[i].offset));
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++)
        json_object_set_int_member(
            object, times[i].name,
            G_STRUCT_MEMBER(gint64, entry, times[i].offset));
    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++)
        json_object_set_boolean_member(
            object, facts[i].name,
            G_STRUCT_MEMBER(bool, entry, facts[i].offset));
    json_object_set_int_member(object, "attempts", entry->attempts);
    json_object_set_int_member(object, "doubts", entry->doubts);
    json_object_set_int_member(object, "notify", entry->notify);
    json_object_set_int_member(object, "size", (gint64)entry->size);
    json_object_set_array_member(object, "recipients", recipients_json(entry));
    text = json_to_string(root, TRUE);
    return file_write_atomic(path, text, strlen(text), error);
}

static bool
read_recipients(OutboxEntry *entry, JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "recipients");
    JsonArray *array;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return false;
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);
        OutboxRecipient *recipient;
        JsonObject *fields;

        if (!JSON_NODE_HOLDS_OBJECT(item))
            return false;
        fields = json_node_get_object(item);
        recipient = outbox_entry_add(
            entry,
            json_object_get_string_member_with_default(fields, "address", ""));
        recipient->state = state_of(
            json_object_get_string_member_with_default(fields, "state", ""));
        recipient->reply = g_strdup(
            json_object_get_string_member_with_default(fields, "reply", NULL));
        recipient->doubted = json_object_get_boolean_member_with_default(
            fields, "doubted", FALSE);
    }
    return true;
}

static bool
read_envelope(OutboxEntry *entry, JsonObject *object)
{
    if (json_object_get_int_member_with_default(object, "version", 0)
        != ENVELOPE_VERSION)
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        G_STRUCT_MEMBER(char *, entry, texts[i].offset) =
            g_strdup(json_object_get_string_member_with_default(
                object, texts[i].name, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++)
        G_STRUCT_MEMBER(gint64, entry, times[i].offset) =
            json_object_get_int_member_with_default(object, times[i].name, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++)
        G_STRUCT_MEMBER(bool, entry, facts[i].offset) =
            json_object_get_boolean_member_with_default(object, facts[i].name,
                                                        FALSE);
    entry->attempts =
        (guint)json_object_get_int_member_with_default(object, "attempts", 0);
    entry->doubts =
        (guint)json_object_get_int_member_with_default(object, "doubts", 0);
    entry->notify =
        (unsigned)json_object_get_int_member_with_default(object, "notify", 0);
    entry->size =
        (guint64)json_object_get_int_member_with_default(object, "size", 0);
    return entry->account && entry->sender && read_recipients(entry, object);
}

OutboxEntry *
outbox_entry_load(const char *folder, const char *id, GError **error)
{
    g_autofree char *path = outbox_envelope_path(folder, id);
    g_autoptr(OutboxEntry) entry = outbox_entry_create();
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *text = NULL;
    JsonNode *root = NULL;
    gsize size;

    if (!is_id(id) || !g_file_test(path, G_FILE_TEST_EXISTS))
        return err_null(error, ERR_USAGE,
                        "the outbox has no message %s: `posthorn outbox` "
                        "lists them",
                        id);
    text = file_read(path, ENVELOPE_BYTES, &size, error);
    if (text == NULL)
        return NULL;
    entry->id = g_strdup(id);
    if (json_parser_load_from_data(parser, text, (gssize)size, NULL))
        root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)
        || !read_envelope(entry, json_node_get_object(root)))
        return err_null(error, ERR_LOCAL,
                        "%s is not readable as an envelope: it is left as it "
                        "is, with the message beside it",
                        path);
    outbox_entry_sum_up(entry);
    return g_steal_pointer(&entry);
}

/* Ids are in the order in which messages were queued, which is that in which
 * they leave: a series of patches is queued within a second. */
static char *
new_id(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format(now, "%Y%m%d-%H%M%S");

    return g_strdup_printf("%s-%05x%03x", when,
                           (guint)g_date_time_get_microsecond(now),
                           g_random_int() & 0xfff);
}

bool
outbox_entry_write(const char *folder, OutboxEntry *entry, FileFill fill,
                   void *user, GError **error)
{
    g_autofree char *path = NULL;
    struct stat info;

    g_free(entry->id);
    entry->id = new_id();
    path = outbox_bytes_path(folder, entry->id);
    if (!file_write_filled(path, fill, user, error))
        return false;
    if (stat(path, &info) != 0)
        return err_set_errno(error, errno, "%s", path);
    entry->size = (guint64)info.st_size;
    return true;
}

static bool
fill_from_bytes(int fd, void *user, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(user, &size);

    return file_write_all(fd, data, size, "the outbox", error);
}

bool
outbox_entry_new(const char *folder, OutboxEntry *entry, GBytes *bytes,
                 GError **error)
{
    g_autofree char *path = NULL;

    if (!outbox_entry_write(folder, entry, fill_from_bytes, bytes, error))
        return false;
    outbox_entry_sum_up(entry);
    if (outbox_entry_save(folder, entry, error))
        return true;
    path = outbox_bytes_path(folder, entry->id);
    g_unlink(path);
    return false;
}

/* Are these still the bytes that the name stands for? */
static bool
is_current(int fd, const char *path)
{
    struct stat held, named;

    return fstat(fd, &held) == 0 && stat(path, &named) == 0
           && held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

int
outbox_entry_lock(const char *folder, const char *id, GError **error)
{
    g_autofree char *path = outbox_bytes_path(folder, id);
    int fd = is_id(id) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

    if (fd < 0) {
        err_set(error, ERR_USAGE,
                "the outbox has no message %s: `posthorn outbox` lists them",
                id);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || !is_current(fd, path)) {
        close(fd);
        err_set(error, ERR_RETRY, "message %s is being sent just now", id);
        return -1;
    }
    return fd;
}

/* Locked before it has the name: nobody else can take it in between. */
static bool
take_place(int fd, const char *path, const char *other, GError **error)
{
    return (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0
            && rename(other, path) == 0)
           || err_set_errno(error, errno, "%s", path);
}

int
outbox_entry_rewrite(const char *folder, OutboxEntry *entry, FileFill fill,
                     void *user, GError **error)
{
    g_autofree char *path = outbox_bytes_path(folder, entry->id);
    g_autofree char *other = g_strconcat(path, ".new", NULL);
    struct stat info;
    int fd;

    if (!file_write_filled(other, fill, user, error))
        return -1;
    fd = open(other, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (!take_place(fd, path, other, error)) {
        unlink(other);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (fstat(fd, &info) == 0)
        entry->size = (guint64)info.st_size;
    file_sync_dir(folder, NULL); /* both names are of whole files */
    return fd;
}

bool
outbox_entry_remove(const char *folder, const char *id, GError **error)
{
    g_autofree char *envelope = outbox_envelope_path(folder, id);
    g_autofree char *bytes = outbox_bytes_path(folder, id);

    if (g_unlink(envelope) != 0 && errno != ENOENT)
        return err_set_errno(error, errno, "%s", envelope);
    if (!file_sync_dir(folder, error))
        return false;
    if (g_unlink(bytes) != 0 && errno != ENOENT)
        return err_set_errno(error, errno, "%s", bytes);
    return true;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
outbox_entry_ids(const char *folder, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &reason);
    GPtrArray *ids;
    const char *name;

    if (dir == NULL)
        return err_null(error, ERR_LOCAL, "%s", reason->message);
    ids = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".json") && *name != '.')
            g_ptr_array_add(ids, g_strndup(name, strlen(name) - 5));
    g_ptr_array_sort(ids, by_name);
    return ids;
}

static bool
is_left_over(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    const char *ending = strstr(name, ".eml");
    g_autofree char *id =
        ending ? g_strndup(name, (gsize)(ending - name)) : NULL;
    g_autofree char *envelope = id ? outbox_envelope_path(folder, id) : NULL;
    struct stat info;

    return envelope && is_id(id) && !g_file_test(envelope, G_FILE_TEST_EXISTS)
           && lstat(path, &info) == 0
           && time(NULL) - info.st_mtime > SWEEP_SECONDS;
}

void
outbox_entry_sweep(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (is_left_over(folder, name))
            g_unlink(path);
    }
}

/* How much care a state needs; an entry shows the highest. */
static int
care(OutboxState state)
{
    static const int cares[] = {
        [OUTBOX_SENT] = 0,   [OUTBOX_WAITING] = 1,  [OUTBOX_DEFERRED] = 2,
        [OUTBOX_FAILED] = 3, [OUTBOX_IN_DOUBT] = 4, [OUTBOX_SENDING] = 5,
    };

    return cares[state];
}

void
outbox_entry_sum_up(OutboxEntry *entry)
{
    OutboxState state = OUTBOX_SENT;

    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (care(recipient->state) > care(state))
            state = recipient->state;
    }
    entry->state = state;
}

/* May it be tried without the user? */
static bool
is_open(const OutboxEntry *entry, const OutboxRecipient *recipient)
{
    return recipient->state == OUTBOX_WAITING
           || recipient->state == OUTBOX_SENDING
           || recipient->state == OUTBOX_DEFERRED
           || (recipient->state == OUTBOX_IN_DOUBT
               && entry->doubts < OUTBOX_DOUBTS);
}

gint64
outbox_entry_due(const OutboxEntry *entry)
{
    gint64 from = entry->server_hold ? 0 : entry->not_before;

    for (guint i = 0; i < entry->recipients->len; i++)
        if (is_open(entry, entry->recipients->pdata[i]))
            return MAX(from, entry->next_try);
    return -1;
}

/* Ends the try of everybody who is SENDING. Returns how many they were. */
static guint
end_sending(OutboxEntry *entry, OutboxState state)
{
    guint n = 0;

    for (guint i = 0; i < entry->recipients->len; i++) {
        OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state != OUTBOX_SENDING)
            continue;
        recipient->state = recipient->doubted ? OUTBOX_IN_DOUBT : state;
        n++;
    }
    outbox_entry_sum_up(entry);
    return n;
}

void
outbox_entry_begin(OutboxEntry *entry)
{
    for (guint i = 0; i < entry->recipients->len; i++) {
        OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (is_open(entry, recipient))
            recipient->state = OUTBOX_SENDING;
    }
    outbox_entry_sum_up(entry);
    entry->committed = false;
    entry->attempts++;
}

void
outbox_entry_doubt(OutboxEntry *entry, OutboxRecipient *recipient)
{
    recipient->state = OUTBOX_IN_DOUBT;
    recipient->doubted = true;
}

bool
outbox_entry_recover(OutboxEntry *entry, gint64 now)
{
    bool doubt = entry->committed;

    entry->committed = false;
    for (guint i = 0; doubt && i < entry->recipients->len; i++) {
        OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state == OUTBOX_SENDING)
            recipient->doubted = true;
    }
    if (end_sending(entry, OUTBOX_WAITING) == 0)
        return false;
    if (doubt) {
        g_free(entry->reason);
        entry->reason = g_strdup("posthorn ended before the server answered: "
                                 "the message was perhaps sent");
        entry->doubts++;
        entry->next_try = now + OUTBOX_DOUBT_PAUSE;
    }
    return true;
}

static bool
is_old(const OutboxEntry *entry, gint64 now)
{
    return now - entry->created > OUTBOX_GIVE_UP;
}

void
outbox_entry_defer(OutboxEntry *entry, const char *reason, gint64 now)
{
    bool old = is_old(entry, now);
    char *said = old ? g_strdup_printf("given up after 5 days: %s", reason)
                     : g_strdup(reason);

    g_free(entry->reason); /* reason may be this one */
    entry->reason = said;
    end_sending(entry, old ? OUTBOX_FAILED : OUTBOX_DEFERRED);
}

static bool
has_doubt(const OutboxEntry *entry)
{
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state == OUTBOX_IN_DOUBT)
            return true;
    }
    return false;
}

void
outbox_entry_end(OutboxEntry *entry, gint64 now)
{
    guint doublings = MIN(entry->attempts > 0 ? entry->attempts - 1 : 0, 10);
    gint64 pause =
        MIN((gint64)OUTBOX_FIRST_PAUSE << doublings, OUTBOX_LONGEST_PAUSE);

    /* The try itself ended in doubt: not one before it. */
    if (entry->committed && has_doubt(entry))
        entry->doubts++;
    if (has_doubt(entry) && is_old(entry, now))
        entry->doubts = OUTBOX_DOUBTS;
    entry->committed = false;
    outbox_entry_sum_up(entry);
    entry->next_try = 0;
    if (outbox_entry_due(entry) < 0)
        return;
    if (has_doubt(entry))
        pause = MAX(pause, OUTBOX_DOUBT_PAUSE);
    entry->next_try = now + pause;
}

bool
outbox_entry_may_be_out(const OutboxEntry *entry)
{
    bool out = entry->accepted;

    for (guint i = 0; i < entry->recipients->len; i++)
        out = out || ((OutboxRecipient *)entry->recipients->pdata[i])->doubted;
    return out;
}

void
outbox_entry_again(OutboxEntry *entry)
{
    for (guint i = 0; i < entry->recipients->len; i++) {
        OutboxRecipient *recipient = entry->recipients->pdata[i];

        if (recipient->state != OUTBOX_SENT)
            recipient->state = OUTBOX_WAITING;
    }
    outbox_entry_sum_up(entry);
    entry->not_before = 0;
    entry->next_try = 0;
    entry->attempts = 0;
    entry->doubts = 0;
}
