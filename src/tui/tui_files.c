/* The files of a message: looked at, opened, saved, piped. Of a message that is
 * not here the server tells which there are, and sends the one that is asked
 * for alone. */
#include "tui_private.h"

#include "base/err.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "core/account.h"
#include "core/crypto.h"
#include "mime/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    VIEW_LIMIT = 4 << 20
};

typedef struct FilesPopup FilesPopup;

typedef void (*FilesAct)(FilesPopup *popup, const MimePart *part);

/* What the server was asked for. Outlives the popup until there is an answer.
 */
typedef struct {
    FilesPopup *popup;    /* NULL: gone */
    const MimePart *part; /* NULL: which there are */
    FilesAct act;
} FilesAsk;

struct FilesPopup {
    View base;
    gint64 id;
    MimeMessage *message; /* NULL: not here */
    Account *account;     /* borrowed; that is asked; NULL: nobody */
    GPtrArray *told;      /* MimePart, by the server; NULL: not yet */
    GPtrArray *parts;     /* MimePart, borrowed */
    FilesAsk *ask;        /* NULL: nothing is on its way */
    int fetched; /* file with the bytes of the part that came; -1: none */
    char *words;          /* in place of parts */
    guint current;
    bool locked;
};

static void
ask_stop(FilesPopup *popup)
{
    if (popup->ask)
        account_fetch_stop(popup->account, popup->id);
}

static void
files_destroy(View *view)
{
    FilesPopup *popup = (FilesPopup *)view;
    FilesAsk *ask = g_steal_pointer(&popup->ask);

    if (ask) {
        ask->popup = NULL;
        account_fetch_stop(popup->account, popup->id);
    }
    g_ptr_array_unref(popup->parts);
    g_clear_pointer(&popup->told, g_ptr_array_unref);
    mime_message_free(popup->message);
    g_free(popup->words);
    g_free(popup);
}

static void
add_parts(FilesPopup *popup, const GPtrArray *parts)
{
    for (guint i = 0; parts && i < parts->len; i++)
        if (((const MimePart *)parts->pdata[i])->is_attachment)
            g_ptr_array_add(popup->parts, parts->pdata[i]);
}

static void
take_told(FilesPopup *popup, const AccountPart *told, const GError *error)
{
    g_free(popup->words);
    popup->words = error ? draw_safe(error->message) : NULL;
    if (told == NULL)
        return;
    popup->told = g_ptr_array_ref((GPtrArray *)told->parts);
    add_parts(popup, popup->told);
}

/* The act may take the popup away. */
static void
take_part(FilesPopup *popup, const FilesAsk *ask, const AccountPart *told,
          const GError *error)
{
    Tui *tui = popup->base.tui;

    if (error) {
        tui_tell(tui, TELL_ERROR, false,
                 err_is(error, ERR_CANCELLED) ? "Cancelled." : error->message);
        return;
    }
    popup->fetched = told->fd;
    ask->act(popup, ask->part);
    if (tui->popup == &popup->base)
        popup->fetched = -1;
}

static void
answered(const AccountPart *told, const GError *error, void *user)
{
    g_autofree FilesAsk *ask = user;
    FilesPopup *popup = ask->popup;

    if (popup == NULL)
        return; /* and the screen may be gone */
    popup->ask = NULL;
    tui_dirty(popup->base.tui);
    if (ask->part)
        take_part(popup, ask, told, error);
    else
        take_told(popup, told, error);
}

/* part NULL: which there are. */
static void
ask_server(FilesPopup *popup, const MimePart *part, FilesAct act)
{
    FilesAsk *ask = g_new0(FilesAsk, 1);

    *ask = (FilesAsk){ popup, part, act };
    popup->ask = ask;
    account_fetch_part(popup->account, popup->id, part ? part->number : 0,
                       answered, ask);
}

/* Does it to a part as soon as its bytes are here. */
static void
act_on(FilesPopup *popup, const MimePart *part, FilesAct act)
{
    if (popup->message)
        act(popup, part);
    else if (popup->ask)
        tui_tell(popup->base.tui, TELL_INFO, false,
                 "A file is on its way: Esc cancels it.");
    else
        ask_server(popup, part, act);
}

/* "~/Downloads/numbers.csv", never one that exists. g_free(). */
static char *
save_path(const FilesPopup *popup, const MimePart *part)
{
    Options *options = session_options(popup->base.tui->session);
    g_autofree char *folder =
        paths_expand(options_get(options, "download-folder", NULL, NULL));
    g_autofree char *name =
        file_safe_name(part->name ? part->name : part->content_type);
    char *path = g_build_filename(folder, name, NULL);

    for (int i = 2; g_file_test(path, G_FILE_TEST_EXISTS); i++) {
        g_autofree char *other = g_strdup_printf("%d-%s", i, name);

        g_free(path);
        path = g_build_filename(folder, other, NULL);
    }
    return path;
}

/* At most limit bytes, 0: all. g_bytes_unref(); NULL, and told: not readable.
 */
static GBytes *
part_bytes(const FilesPopup *popup, const MimePart *part, gsize limit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMappedFile) file = NULL;
    GBytes *bytes = NULL;

    if (popup->fetched >= 0)
        file = g_mapped_file_new_from_fd(popup->fetched, FALSE, &error);
    else
        bytes = mime_part_bytes(popup->message, part->number, limit, &error);
    if (file) {
        g_autoptr(GBytes) all = g_mapped_file_get_bytes(file);
        gsize size = g_bytes_get_size(all);

        bytes = g_bytes_new_from_bytes(all, 0, limit ? MIN(size, limit) : size);
    }
    if (error)
        tui_tell(popup->base.tui, TELL_ERROR, false, error->message);
    return bytes;
}

static bool
write_part(const FilesPopup *popup, const MimePart *part, int fd,
           const char *path, GError **error)
{
    g_autoptr(GMappedFile) file = NULL;

    if (popup->fetched < 0)
        return mime_part_save(popup->message, part->number, fd, error);
    file = g_mapped_file_new_from_fd(popup->fetched, FALSE, error);
    return file
           && file_write_all(fd, g_mapped_file_get_contents(file),
                             g_mapped_file_get_length(file), path, error);
}

static bool
save_part(const FilesPopup *popup, const MimePart *part, const char *path,
          GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd;
    bool ok;

    if (!file_mkdir(folder, error))
        return false;
    if (popup->fetched >= 0 && file_name_unnamed(popup->fetched, path))
        return true;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set_errno(error, errno, "%s", path);
    ok = write_part(popup, part, fd, path, error);
    if (close(fd) != 0 && ok)
        ok = err_set_errno(error, errno, "%s", path);
    if (!ok)
        unlink(path);
    return ok;
}

static void
tell_saved(FilesPopup *popup, const char *path, const GError *error)
{
    g_autofree char *shown = paths_shorten(path);
    g_autofree char *text = g_strdup_printf("Saved %s", shown);

    if (error)
        tui_tell(popup->base.tui, TELL_ERROR, false, error->message);
    else
        tui_tell(popup->base.tui, TELL_INFO, false, text);
}

static void
save_one(FilesPopup *popup, const MimePart *part)
{
    g_autofree char *path = save_path(popup, part);
    g_autoptr(GError) error = NULL;

    save_part(popup, part, path, &error);
    tell_saved(popup, path, error);
}

/* This one and those below it, one after the other. */
static void
save_from(FilesPopup *popup, const MimePart *part)
{
    g_autofree char *path = save_path(popup, part);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    guint next = 0;

    g_ptr_array_find(popup->parts, part, &next);
    if (save_part(popup, part, path, &error) && ++next < popup->parts->len) {
        act_on(popup, popup->parts->pdata[next], save_from);
        return;
    }
    text = g_strdup_printf("%s: %u files", folder, popup->parts->len);
    tell_saved(popup, text, error);
}

/* Another program gets a copy of its own. */
static void
open_one(FilesPopup *popup, const MimePart *part)
{
    Tui *tui = popup->base.tui;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    path = tui_open_path(tui, part->name ? part->name : part->content_type,
                         &error);
    if (path)
        save_part(popup, part, path, &error);
    tui_opened(tui, path, error);
}

typedef struct {
    Tui *tui;
    GBytes *bytes;
} Pipe;

/* The bytes of the part to a program, named by the user; then the popup is
 * there again. */
static void
pipe_answered(const char *answer, void *user)
{
    Pipe *pipe = user;

    if (answer && *answer)
        tui_pipe(pipe->tui, answer, pipe->bytes);
    tui_focus(pipe->tui);
    g_bytes_unref(pipe->bytes);
    g_free(pipe);
}

static void
pipe_one(FilesPopup *popup, const MimePart *part)
{
    Tui *tui = popup->base.tui;
    GBytes *bytes = part_bytes(popup, part, 0);
    AskRequest request = { .prompt = "Pipe to", .answer = pipe_answered };
    Pipe *pipe;

    if (bytes == NULL)
        return;
    pipe = g_new0(Pipe, 1);
    pipe->tui = tui;
    pipe->bytes = bytes;
    request.user = pipe;
    popup->fetched = -1;
    tui_top(tui)->popup = g_steal_pointer(&tui->popup);
    tui->prompt = prompt_ask(tui, &request);
}

static void
view_one(FilesPopup *popup, const MimePart *part)
{
    Tui *tui = popup->base.tui;
    g_autoptr(GBytes) bytes = part_bytes(popup, part, VIEW_LIMIT);
    g_autofree char *text = NULL;
    g_autofree char *title = NULL;
    const char *data;
    gsize size;

    if (bytes == NULL)
        return;
    data = g_bytes_get_data(bytes, &size);
    text = g_utf8_make_valid(data ? data : "", (gssize)size);
    title = draw_safe(part->name ? part->name : "File");
    popup->fetched = -1;
    tui_push_over_popup(tui, text_view(tui, title, text));
}

static void
copy_name(FilesPopup *popup, const MimePart *part)
{
    g_autofree char *name = draw_safe(part->name ? part->name : "");
    g_autofree char *text = g_strdup_printf("Copied %s", name);

    term_copy(name);
    tui_tell(popup->base.tui, TELL_INFO, false, text);
}

/* What people call a type: "PDF", "PNG image"; else the type itself. */
static char *
type_words(const MimePart *part)
{
    static const char *const words[][2] = {
        { "application/pdf", "PDF" },
        { "application/zip", "ZIP archive" },
        { "application/gzip", "gzip archive" },
        { "application/msword", "Word" },
        { "application/json", "JSON" },
        { "message/rfc822", "Message" },
        { "text/plain", "Text" },
        { "text/csv", "CSV" },
        { "text/html", "HTML" },
        { "text/calendar", "Calendar" },
        { "text/x-patch", "Patch" },
        { "text/x-diff", "Patch" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i][0], part->content_type) == 0)
            return g_strdup(words[i][1]);
    if (g_str_has_prefix(part->content_type, "image/")) {
        g_autofree char *kind = g_ascii_strup(part->content_type + 6, -1);
        g_autofree char *text = g_strdup_printf("%s image", kind);

        return draw_safe(text);
    }
    return draw_safe(part->content_type);
}

static void
draw_part(const FilesPopup *popup, guint i, int y, Rect inside)
{
    const MimePart *part = popup->parts->pdata[i];
    Ground ground = i == popup->current ? GROUND_SELECTED : GROUND_POPUP;
    g_autofree char *name = draw_safe(part->name ? part->name : "(no name)");
    g_autofree char *type = type_words(part);
    g_autofree char *size = text_size(part->size);
    g_autofree char *text = g_strdup_printf("%u  %s", i + 1, name);
    int half = inside.columns / 2;

    draw_cells(y, inside.x, half, text, ROLE_TEXT, ground);
    draw_cells(y, inside.x + half, inside.columns - half - 6, type, ROLE_DIM,
               ground);
    draw_right(y, inside.x + inside.columns - 6, 6, size, ROLE_DIM, ground);
}

static void
files_draw(View *view, Rect screen)
{
    FilesPopup *popup = (FilesPopup *)view;
    Rect area = layout_popup(screen, (int)popup->parts->len + 5, 74);
    Rect inside = draw_frame(area, "Files");
    g_autofree char *keys = g_strdup_printf(
        "%s view   o open with%s   s save   S save all   | pipe   y copy name",
        glyph("⏎"), glyph("…"));
    int below = inside.y + inside.rows - 2;
    guint rows = (guint)MAX(1, inside.rows - 3);
    guint first = popup->current - MIN(popup->current, rows - 1);

    for (guint i = 0; i < rows && first + i < popup->parts->len; i++)
        draw_part(popup, first + i, inside.y + (int)i, inside);
    if (popup->parts->len > 0) {
        g_autofree char *path =
            save_path(popup, popup->parts->pdata[popup->current]);
        g_autofree char *shown = paths_shorten(path);
        g_autofree char *safe = draw_safe(shown);
        g_autofree char *text = g_strdup_printf("Save to  %s", safe);

        draw_cells(below, inside.x, inside.columns, text, ROLE_DIM,
                   GROUND_POPUP);
        draw_cells(below + 1, inside.x, inside.columns, keys, ROLE_DIM,
                   GROUND_POPUP);
    } else {
        draw_cells(inside.y, inside.x, inside.columns,
                   popup->ask     ? "Asking the server which files there are."
                   : popup->words ? popup->words
                                  : "This message has no files.",
                   ROLE_DIM, GROUND_POPUP);
    }
}

static bool
choose(FilesPopup *popup, const char *key)
{
    guint n = popup->parts->len;

    if ((strcmp(key, "j") == 0 || strcmp(key, "Down") == 0)
        && popup->current + 1 < n)
        popup->current++;
    else if ((strcmp(key, "k") == 0 || strcmp(key, "Up") == 0)
             && popup->current > 0)
        popup->current--;
    else if (g_ascii_isdigit(*key) && *key > '0' && (guint)(*key - '0') <= n)
        popup->current = (guint)(*key - '1');
    else
        return false;
    return true;
}

/* What leaves the message: not while files are locked. */
static FilesAct
act_of(const char *key)
{
    static const struct {
        const char *key;
        FilesAct act;
    } acts[] = {
        { "s", save_one },     { "S", save_from }, { "o", open_one },
        { "Enter", view_one }, { "l", view_one },  { "|", pipe_one },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(acts); i++)
        if (strcmp(acts[i].key, key) == 0)
            return acts[i].act;
    return NULL;
}

static void
begin_act(FilesPopup *popup, const char *key)
{
    FilesAct act = act_of(key);
    const MimePart *part =
        popup->parts->pdata[act == save_from ? 0 : popup->current];

    if (strcmp(key, "y") == 0)
        copy_name(popup, part);
    else if (act && popup->locked)
        tui_tell(popup->base.tui, TELL_ERROR, false,
                 "Files are locked: the sender check failed. X unlocks them "
                 "for this message.");
    else if (act == view_one && !g_str_has_prefix(part->content_type, "text/"))
        tui_tell(popup->base.tui, TELL_INFO, false,
                 "Not a text: o opens it in another program.");
    else if (act)
        act_on(popup, part, act);
}

static bool
files_act(View *view, const char *what, const char *key)
{
    FilesPopup *popup = (FilesPopup *)view;
    bool fetches = popup->ask && popup->ask->part;

    tui_dirty(view->tui);
    if (strcmp(what, "cancel") == 0 && fetches)
        ask_stop(popup);
    if (strcmp(what, "key") != 0)
        return strcmp(what, "cancel") == 0 && fetches;
    if (!choose(popup, key) && popup->parts->len > 0)
        begin_act(popup, key);
    return true;
}

static char *
files_hints(View *view, int columns)
{
    (void)columns;
    if (((const FilesPopup *)view)->parts->len == 0)
        return g_strdup(" Esc close");
    return g_strdup_printf(" s save  %s view  Esc close", glyph("⏎"));
}

static const ViewClass files_class = {
    .context = NULL,
    .draw = files_draw,
    .destroy = files_destroy,
    .act = files_act,
    .hints = files_hints,
};

/* One part of a large message is not to wait for the rest of it. */
static void
ask_parts(FilesPopup *popup, const StoreRow *row)
{
    Session *session = popup->base.tui->session;
    g_autoptr(StoreFolder) folder =
        row ? store_folder(session_store(session), row->folder, NULL) : NULL;
    Account *account =
        folder ? session_account(session, folder->account) : NULL;

    if (account == NULL || account_is_local(account)
        || account_is_one_way(account)) {
        popup->words = g_strdup("This message is not on this machine.");
        return;
    }
    popup->account = account;
    account_fetch_stop(account, popup->id);
    ask_server(popup, NULL, NULL);
}

View *
files_popup(Tui *tui, gint64 id, bool locked)
{
    FilesPopup *popup = g_new0(FilesPopup, 1);
    g_autoptr(StoreRow) row = store_row(session_store(tui->session), id, NULL);

    popup->base.class = &files_class;
    popup->base.tui = tui;
    popup->parts = g_ptr_array_new();
    popup->id = id;
    popup->locked = locked;
    popup->fetched = -1;
    if (row)
        popup->message = crypto_load(tui->session, row, NULL);
    if (popup->message)
        add_parts(popup, mime_parts(popup->message));
    else
        ask_parts(popup, row);
    return &popup->base;
}

bool
files_popup_asks(const View *popup)
{
    return ((const FilesPopup *)popup)->account != NULL;
}

guint
files_popup_count(const View *popup)
{
    return ((const FilesPopup *)popup)->parts->len;
}
