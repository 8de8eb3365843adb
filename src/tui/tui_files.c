/* The files of a message: looked at, opened, saved, piped. */
#include "tui_private.h"

#include "base/err.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "core/crypto.h"
#include "mime/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    VIEW_LIMIT = 4 << 20
};

typedef struct {
    View base;
    MimeMessage *message;
    GPtrArray *parts; /* MimePart, borrowed */
    guint current;
    bool locked;
} FilesPopup;

static void
files_destroy(View *view)
{
    FilesPopup *popup = (FilesPopup *)view;

    g_ptr_array_unref(popup->parts);
    mime_message_free(popup->message);
    g_free(popup);
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

static bool
save_part(const FilesPopup *popup, const MimePart *part, const char *path,
          GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd;
    bool ok;

    if (!file_mkdir(folder, error))
        return false;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set_errno(error, errno, "%s", path);
    ok = mime_part_save(popup->message, part->number, fd, error);
    if (close(fd) != 0 && ok)
        ok = err_set_errno(error, errno, "%s", path);
    if (!ok)
        unlink(path);
    return ok;
}

/* The part under the cursor; NULL, and told, while files are locked. */
static const MimePart *
unlocked_part(FilesPopup *popup)
{
    if (popup->parts->len == 0)
        return NULL;
    if (!popup->locked)
        return popup->parts->pdata[popup->current];
    tui_tell(popup->base.tui, TELL_ERROR, false,
             "Files are locked: the sender check failed. X unlocks them for "
             "this message.");
    return NULL;
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
save_current(FilesPopup *popup)
{
    const MimePart *part = unlocked_part(popup);
    g_autofree char *path = part ? save_path(popup, part) : NULL;
    g_autoptr(GError) error = NULL;

    if (part) {
        save_part(popup, part, path, &error);
        tell_saved(popup, path, error);
    }
}

static void
save_all(FilesPopup *popup)
{
    g_autofree char *folder = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (unlocked_part(popup) == NULL)
        return;
    for (guint i = 0; i < popup->parts->len && error == NULL; i++) {
        g_autofree char *path = save_path(popup, popup->parts->pdata[i]);

        g_free(folder);
        folder = g_path_get_dirname(path);
        save_part(popup, popup->parts->pdata[i], path, &error);
    }
    text = g_strdup_printf("%s: %u files", folder, popup->parts->len);
    tell_saved(popup, text, error);
}

/* Another program gets a copy of its own. */
static void
open_current(FilesPopup *popup)
{
    Tui *tui = popup->base.tui;
    const MimePart *part = unlocked_part(popup);
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    if (part == NULL)
        return;
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

/* The bytes of the part to a program, named by the user. */
static void
pipe_answered(const char *answer, void *user)
{
    Pipe *pipe = user;

    if (answer && *answer)
        tui_pipe(pipe->tui, answer, pipe->bytes);
    g_bytes_unref(pipe->bytes);
    g_free(pipe);
}

static void
pipe_current(FilesPopup *popup)
{
    Tui *tui = popup->base.tui;
    const MimePart *part = unlocked_part(popup);
    g_autoptr(GError) error = NULL;
    GBytes *bytes =
        part ? mime_part_bytes(popup->message, part->number, 0, &error) : NULL;
    AskRequest request = { .prompt = "Pipe to", .answer = pipe_answered };
    Pipe *pipe;

    if (bytes == NULL)
        return;
    pipe = g_new0(Pipe, 1);
    pipe->tui = tui;
    pipe->bytes = bytes;
    request.user = pipe;
    tui_set_popup(tui, NULL);
    tui->prompt = prompt_ask(tui, &request);
}

/* Text as a page; the rest is for other programs. */
static void
view_current(FilesPopup *popup)
{
    Tui *tui = popup->base.tui;
    const MimePart *part = unlocked_part(popup);
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *text = NULL;
    g_autofree char *title = NULL;
    const char *data;
    gsize size;

    if (part == NULL)
        return;
    if (!g_str_has_prefix(part->content_type, "text/")) {
        tui_tell(tui, TELL_INFO, false,
                 "Not a text: o opens it in another program.");
        return;
    }
    bytes = mime_part_bytes(popup->message, part->number, VIEW_LIMIT, NULL);
    if (bytes == NULL)
        return;
    data = g_bytes_get_data(bytes, &size);
    text = g_utf8_make_valid(data ? data : "", (gssize)size);
    title = draw_safe(part->name ? part->name : "File");
    tui_push(tui, text_view(tui, title, text));
    tui_set_popup(tui, NULL);
}

static void
copy_name(FilesPopup *popup)
{
    const MimePart *part = popup->parts->pdata[popup->current];
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

    for (guint i = 0; i < popup->parts->len; i++)
        if (inside.y + (int)i < below - 1)
            draw_part(popup, i, inside.y + (int)i, inside);
    if (popup->parts->len > 0) {
        g_autofree char *path =
            save_path(popup, popup->parts->pdata[popup->current]);
        g_autofree char *shown = paths_shorten(path);
        g_autofree char *safe = draw_safe(shown);
        g_autofree char *text = g_strdup_printf("Save to  %s", safe);

        draw_cells(below, inside.x, inside.columns, text, ROLE_DIM,
                   GROUND_POPUP);
    } else {
        draw_cells(inside.y, inside.x, inside.columns,
                   "This message has no files.", ROLE_DIM, GROUND_POPUP);
    }
    draw_cells(below + 1, inside.x, inside.columns, keys, ROLE_DIM,
               GROUND_POPUP);
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

static bool
files_act(View *view, const char *what, const char *key)
{
    static const struct {
        const char *key;
        void (*run)(FilesPopup *popup);
    } acts[] = {
        { "s", save_current },     { "S", save_all },     { "o", open_current },
        { "Enter", view_current }, { "l", view_current }, { "|", pipe_current },
        { "y", copy_name },
    };
    FilesPopup *popup = (FilesPopup *)view;
    Tui *tui = view->tui;

    if (strcmp(what, "key") != 0)
        return false;
    tui_dirty(tui);
    if (choose(popup, key) || popup->parts->len == 0)
        return true;
    for (gsize i = 0; i < G_N_ELEMENTS(acts); i++)
        if (strcmp(acts[i].key, key) == 0) {
            acts[i].run(popup);
            break;
        }
    return true;
}

static char *
files_hints(View *view, int columns)
{
    (void)view;
    (void)columns;
    return g_strdup_printf(" s save  %s view  Esc close", glyph("⏎"));
}

static const ViewClass files_class = {
    .context = NULL,
    .draw = files_draw,
    .destroy = files_destroy,
    .act = files_act,
    .hints = files_hints,
};

View *
files_popup(Tui *tui, gint64 id, bool locked)
{
    FilesPopup *popup = g_new0(FilesPopup, 1);
    g_autoptr(StoreRow) row = store_row(session_store(tui->session), id, NULL);
    const GPtrArray *parts;

    popup->base.class = &files_class;
    popup->base.tui = tui;
    popup->parts = g_ptr_array_new();
    popup->locked = locked;
    if (row)
        popup->message = crypto_load(tui->session, row, NULL);
    parts = popup->message ? mime_parts(popup->message) : NULL;
    for (guint i = 0; parts && i < parts->len; i++)
        if (((const MimePart *)parts->pdata[i])->is_attachment)
            g_ptr_array_add(popup->parts, parts->pdata[i]);
    return &popup->base;
}

guint
files_popup_count(const View *popup)
{
    return ((const FilesPopup *)popup)->parts->len;
}
