/* The file of a draft and back. Must not derive anything from another message
 * (draft_start.c) nor judge what stands in it (draft_check.c). */
#include "draft_private.h"

#include "base/err.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "outbox_private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DRAFT_BYTES = 32 << 20, /* of the file; attachments are not in it */
    MATCHES = 200,          /* files of one pattern */
};

static const char *const kind_names[] = { "New message",  "Reply",
                                          "Reply to all", "Reply to list",
                                          "Forward",      "Forward",
                                          "New message",  "Resend" };

void
draft_free(Draft *draft)
{
    if (draft == NULL)
        return;
    g_free(draft->path);
    g_free(draft->account);
    g_free(draft->from);
    g_free(draft->to);
    g_free(draft->cc);
    g_free(draft->bcc);
    g_free(draft->reply_to);
    g_free(draft->subject);
    g_free(draft->in_reply_to);
    g_free(draft->references);
    g_free(draft->text);
    g_free(draft->kept);
    draft_seal_free(draft->seal);
    g_strfreev(draft->copies);
    g_ptr_array_unref(draft->attach);
    g_ptr_array_unref(draft->problems);
    g_free(draft);
}

static Draft *
draft_at(const char *path)
{
    Draft *draft = g_new0(Draft, 1);

    draft->path = g_strdup(path);
    draft->account = g_strdup("");
    draft->flowed = true;
    draft->attach = g_ptr_array_new_with_free_func(g_free);
    draft->problems = g_ptr_array_new_with_free_func(g_free);
    draft_parse(draft, "");
    return draft;
}

Draft *
draft_create(Session *session)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format(now, "%Y%m%d-%H%M%S");
    g_autofree char *name =
        g_strdup_printf("%s-%08x.eml", when, g_random_int());
    g_autofree char *path =
        g_build_filename(session_paths(session)->drafts, name, NULL);

    return draft_at(path);
}

char *
draft_sibling(const char *path, const char *suffix)
{
    gsize length = strlen(path);

    if (g_str_has_suffix(path, ".eml"))
        length -= 4;
    return g_strdup_printf("%.*s%s", (int)length, path, suffix);
}

char *
draft_files_folder(const char *path)
{
    return draft_sibling(path, ".files");
}

const char *
draft_kind_name(DraftKind kind)
{
    return kind_names[kind];
}

char *
draft_clean_ids(const char *text)
{
    g_autofree char *line = g_strdup(text ? text : "");
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) words = NULL;

    g_strdelimit(line, "<>,\t\r\n", ' ');
    words = g_strsplit(line, " ", -1);
    for (char **word = words; *word; word++)
        if (**word)
            g_string_append_printf(out, "%s%s", out->len ? " " : "", *word);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

typedef struct {
    const char *name;
    gsize offset;
    bool is_ids;
    bool always; /* stands in the file also when empty, to be filled in */
} DraftField;

static const DraftField fields[] = {
    { "From", G_STRUCT_OFFSET(Draft, from), false, true },
    { "To", G_STRUCT_OFFSET(Draft, to), false, true },
    { "Cc", G_STRUCT_OFFSET(Draft, cc), false, true },
    { "Bcc", G_STRUCT_OFFSET(Draft, bcc), false, true },
    { "Reply-To", G_STRUCT_OFFSET(Draft, reply_to), false, false },
    { "Subject", G_STRUCT_OFFSET(Draft, subject), false, true },
    { "In-Reply-To", G_STRUCT_OFFSET(Draft, in_reply_to), true, false },
    { "References", G_STRUCT_OFFSET(Draft, references), true, false },
};

static char **
field_slot(Draft *draft, const DraftField *field)
{
    return (char **)G_STRUCT_MEMBER_P(draft, field->offset);
}

static const DraftField *
find_field(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (g_ascii_strcasecmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

/* CR, LF and other controls become blanks: a value is one line (P58). */
static char *
one_line(const char *value)
{
    char *line = g_utf8_make_valid(value, -1);

    for (char *at = line; *at; at++)
        if (g_ascii_iscntrl(*at))
            *at = ' ';
    return g_strstrip(line);
}

static void
put_field(Draft *draft, const DraftField *field, const char *value)
{
    char **slot = field_slot(draft, field);
    char *line = one_line(value);

    g_free(*slot);
    *slot = field->is_ids ? draft_clean_ids(line) : g_strdup(line);
    g_free(line);
}

bool
draft_set(Draft *draft, const char *name, const char *value, GError **error)
{
    static const char *const names[] = { "from",    "to",       "cc",
                                         "bcc",     "reply-to", "subject",
                                         "account", NULL };
    const DraftField *field = find_field(name);
    const char *near;

    if (field && !field->is_ids) {
        put_field(draft, field, value);
        return true;
    }
    if (g_ascii_strcasecmp(name, "account") == 0) {
        g_free(draft->account);
        draft->account = one_line(value);
        return true;
    }
    near = text_nearest(name, names);
    return err_set(error, ERR_USAGE,
                   "a draft has no field %s%s%s: from to cc bcc reply-to "
                   "subject account",
                   name, near ? "; did you mean " : "", near ? near : "");
}

/* What a pattern of the shell stands for, in the order of the names. */
static bool
attach_matches(Draft *draft, const char *pattern, GError **error)
{
    guint before = draft->attach->len;
    glob_t found = { 0 };
    gsize n = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;

    for (gsize i = 0; i < n && n <= MATCHES; i++)
        if (g_file_test(found.gl_pathv[i], G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(draft->attach, g_strdup(found.gl_pathv[i]));
    globfree(&found);
    if (n > MATCHES)
        return err_set(error, ERR_USAGE,
                       "%s stands for more than %d files: name fewer", pattern,
                       MATCHES);
    return draft->attach->len > before
           || err_set(error, ERR_LOCAL,
                      "cannot attach %s: no file is called so", pattern);
}

bool
draft_attach(Draft *draft, const char *path, GError **error)
{
    g_autofree char *expanded = paths_expand(path);
    g_autofree char *whole = g_canonicalize_filename(expanded, NULL);
    struct stat info;

    if (strpbrk(whole, "*?[") && stat(whole, &info) != 0 && errno == ENOENT)
        return attach_matches(draft, whole, error);
    if (stat(whole, &info) != 0 || access(whole, R_OK) != 0)
        return err_set_errno(error, errno, "cannot attach %s", whole);
    if (!S_ISREG(info.st_mode))
        return err_set(error, ERR_LOCAL, "cannot attach %s: it is no file",
                       whole);
    g_ptr_array_add(draft->attach, g_steal_pointer(&whole));
    return true;
}

bool
draft_detach(Draft *draft, guint number, GError **error)
{
    if (number < 1 || number > draft->attach->len)
        return err_set(error, ERR_USAGE, "the draft has no file %u: it has %u",
                       number, draft->attach->len);
    g_ptr_array_remove_index(draft->attach, number - 1);
    return true;
}

/* "a@b c@d" as "<a@b> <c@d>". */
static void
append_ids(GString *out, const char *ids)
{
    g_auto(GStrv) words = g_strsplit(ids, " ", -1);

    for (char **word = words; *word; word++)
        if (**word)
            g_string_append_printf(out, " <%s>", *word);
}

char *
draft_text(const Draft *draft)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *value = *field_slot((Draft *)draft, &fields[i]);

        if (*value == '\0' && !fields[i].always)
            continue;
        g_string_append_printf(out, "%s:", fields[i].name);
        if (fields[i].is_ids)
            append_ids(out, value);
        else
            g_string_append_printf(out, " %s", value);
        g_string_append_c(out, '\n');
    }
    for (guint i = 0; i < draft->attach->len; i++)
        g_string_append_printf(out, "Attach: %s\n",
                               (char *)draft->attach->pdata[i]);
    g_string_append_printf(out, "\n%s", draft->text);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
add_problem(Draft *draft, guint line, const char *format, const char *word)
{
    g_autofree char *safe = text_sanitise(word, -1, TEXT_LINE);
    g_autofree char *what = g_strdup_printf(format, safe);

    g_ptr_array_add(draft->problems,
                    g_strdup_printf("Line %u: %s", line, what));
}

/* One whole field: name ":" value, unfolded. */
static void
take_field(Draft *draft, const char *line, guint number)
{
    const char *colon = strchr(line, ':');
    g_autofree char *name = NULL;
    g_autofree char *value = NULL;
    const DraftField *field;

    if (colon == NULL) {
        add_problem(draft, number,
                    "“%s” is no field: write NAME: VALUE, then an empty line, "
                    "then the text",
                    line);
        return;
    }
    name = g_strstrip(g_strndup(line, (gsize)(colon - line)));
    value = one_line(colon + 1);
    field = find_field(name);
    if (field) {
        put_field(draft, field, value);
    } else if (g_ascii_strcasecmp(name, "Attach") == 0) {
        if (*value)
            g_ptr_array_add(draft->attach, paths_expand(value));
    } else {
        add_problem(draft, number,
                    "%s is no field of a draft: From To Cc Bcc Reply-To "
                    "Subject Attach",
                    name);
    }
}

static void
forget_fields(Draft *draft)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        put_field(draft, &fields[i], "");
    g_ptr_array_set_size(draft->attach, 0);
    g_ptr_array_set_size(draft->problems, 0);
}

/* The field lines up to the empty line; returns the index of the first line of
 * the text. */
static guint
take_header(Draft *draft, char **lines)
{
    g_autoptr(GString) field = g_string_new(NULL);
    guint begin = 0;
    guint i;

    for (i = 0; lines[i] && *lines[i]; i++) {
        if (g_ascii_isspace(lines[i][0]) && field->len > 0) {
            g_string_append_printf(field, " %s", g_strstrip(lines[i]));
            continue;
        }
        if (field->len > 0)
            take_field(draft, field->str, begin + 1);
        g_string_assign(field, lines[i]);
        begin = i;
    }
    if (field->len > 0)
        take_field(draft, field->str, begin + 1);
    return lines[i] ? i + 1 : i;
}

void
draft_parse(Draft *draft, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *joined = text_lf(valid);
    g_auto(GStrv) lines = g_strsplit(joined, "\n", -1);
    guint begin;

    forget_fields(draft);
    begin = take_header(draft, lines);
    g_free(draft->text);
    draft->text = g_strjoinv("\n", lines + begin);
}

Draft *
draft_load(const char *path, GError **error)
{
    g_autoptr(Draft) draft = NULL;
    g_autofree char *text = NULL;
    struct stat info;

    text = file_read(path, DRAFT_BYTES, NULL, error);
    if (text == NULL)
        return NULL;
    draft = draft_at(path);
    draft_parse(draft, text);
    draft_load_facts(draft);
    if (stat(path, &info) == 0)
        draft->saved = info.st_mtime;
    return g_steal_pointer(&draft);
}

bool
draft_save(Draft *draft, GError **error)
{
    g_autofree char *text = draft_text(draft);
    g_autofree char *folder = g_path_get_dirname(draft->path);

    if (!file_mkdir(folder, error) || !draft_save_facts(draft, error)
        || !file_write_atomic(draft->path, text, strlen(text), error))
        return false;
    draft->saved = g_get_real_time() / G_USEC_PER_SEC;
    return true;
}

bool
draft_discard(Session *session, const char *path, GError **error)
{
    g_autoptr(Draft) draft = draft_load(path, NULL);
    g_autofree char *facts = draft_sibling(path, ".json");
    g_autofree char *files = draft_sibling(path, ".files");
    g_autofree char *folder = g_path_get_dirname(path);

    /* The copy first: a crash in between leaves what can be thrown away again.
     */
    if (draft && !draft_remove_copies(session, draft, error))
        return false;
    if (g_unlink(path) != 0 && errno != ENOENT)
        return err_set_errno(error, errno, "%s", path);
    g_unlink(facts);
    if (g_file_test(files, G_FILE_TEST_IS_DIR)
        && !file_remove_tree(files, error))
        return false;
    return file_sync_dir(folder, error);
}

static int
newest_first(const void *a, const void *b)
{
    const Draft *const *first = a;
    const Draft *const *second = b;

    if ((*first)->saved != (*second)->saved)
        return (*first)->saved < (*second)->saved ? 1 : -1;
    return strcmp((*second)->path, (*first)->path);
}

/* All draft files but those in the outbox: over says which. */
static GPtrArray *
list_files(Session *session, bool over, GError **error)
{
    const char *folder = session_paths(session)->drafts;
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)draft_free);
    g_autoptr(GError) reason = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &reason);
    g_autoptr(GHashTable) leaving = outbox_drafts(session_outbox(session));
    const char *name;

    if (dir == NULL)
        return err_null(error, ERR_LOCAL, "%s", reason->message);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        Draft *draft;

        if (!g_str_has_suffix(name, ".eml")
            || g_hash_table_contains(leaving, path))
            continue;
        draft = draft_load(path, NULL);
        if (draft && draft_is_over(session, draft) != over)
            g_clear_pointer(&draft, draft_free);
        if (draft)
            g_ptr_array_add(list, draft);
    }
    g_ptr_array_sort(list, newest_first);
    return g_steal_pointer(&list);
}

GPtrArray *
draft_list(Session *session, GError **error)
{
    return list_files(session, false, error);
}

void
draft_sweep(Session *session)
{
    g_autoptr(GPtrArray) list = list_files(session, true, NULL);

    for (guint i = 0; list && i < list->len; i++)
        draft_discard(session, ((Draft *)list->pdata[i])->path, NULL);
}

void
draft_set_current(Session *session, const char *path)
{
    Outbox *outbox = session_outbox(session);
    char *copy = g_strdup(path);

    g_free(outbox->current_draft);
    outbox->current_draft = copy;
}

const char *
draft_current(Session *session)
{
    return session_outbox(session)->current_draft;
}
