/* Popups over the view: which-key, help, files. One at a time. */
#include "tui_private.h"

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/paths.h"
#include "mime/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A bottom sheet on narrow screens, a centred box on wide ones. */
static Rect
popup_area(Rect screen, int rows, int columns)
{
    rows = MIN(rows, MAX(3, screen.rows - 2));
    if (screen.columns < 120)
        return (Rect){ screen.rows - 1 - rows, 0, rows, screen.columns };
    columns = MIN(columns, screen.columns - 4);
    return (Rect){ (screen.rows - rows) / 2, (screen.columns - columns) / 2,
                   rows, columns };
}

typedef struct {
    View base;
    GArray *bindings; /* KeyBinding */
    char *title;
    guint skip;     /* bytes of the prefix in front of each sequence */
    GString *filter; /* of help */
    int top;
    int rows;
} KeysPopup;

static void
keys_popup_destroy(View *view)
{
    KeysPopup *popup = (KeysPopup *)view;

    g_array_unref(popup->bindings);
    g_string_free(popup->filter, TRUE);
    g_free(popup->title);
    g_free(popup);
}

static const char *
binding_help(const KeyBinding *binding)
{
    return binding->help ? binding->help : binding->command;
}

static void
draw_binding(const KeysPopup *popup, const KeyBinding *binding, int y, int x,
             int columns)
{
    const char *keys = binding->sequence + popup->skip;
    int left = popup->skip ? 4 : 10;

    draw_cells(y, x, MIN(left, columns), keys, ROLE_ACCENT, GROUND_POPUP);
    draw_cells(y, x + left + 1, columns - left - 2, binding_help(binding),
               ROLE_TEXT, GROUND_POPUP);
}

static void
which_draw(View *view, Rect screen)
{
    KeysPopup *popup = (KeysPopup *)view;
    int wide = screen.columns >= 120 ? 90 : screen.columns;
    int across = MAX(1, (wide - 4) / 25);
    int down = ((int)popup->bindings->len + across - 1) / across;
    Rect area = popup_area(screen, down + 2, 90);
    Rect inside = draw_frame(area, popup->title);

    for (guint i = 0; i < popup->bindings->len; i++) {
        int row = (int)i % down, column = (int)i / down;
        int width = inside.columns / across;

        if (row < inside.rows)
            draw_binding(popup, &g_array_index(popup->bindings, KeyBinding, i),
                         inside.y + row, inside.x + column * width, width);
    }
}

static const ViewClass which_class = {
    .context = NULL,
    .draw = which_draw,
    .destroy = keys_popup_destroy,
};

static KeysPopup *
keys_popup(Tui *tui, const ViewClass *class, const char *prefix)
{
    KeysPopup *popup = g_new0(KeysPopup, 1);

    popup->base.class = class;
    popup->base.tui = tui;
    popup->filter = g_string_new(NULL);
    popup->bindings =
        keys_list(session_keys(tui->session), tui_context(tui), prefix);
    return popup;
}

View *
which_popup(Tui *tui, const char *prefix)
{
    KeysPopup *popup = keys_popup(tui, &which_class, prefix);

    popup->skip = (guint)strlen(prefix) + 1;
    popup->title = g_strdup(prefix);
    if (popup->bindings->len > 0) {
        const KeyBinding *first =
            &g_array_index(popup->bindings, KeyBinding, 0);

        g_free(popup->title);
        popup->title = g_strdup_printf("%s  %s", prefix,
                                       first->group ? first->group : "");
    }
    return &popup->base;
}

static bool
help_matches(const KeysPopup *popup, const KeyBinding *binding)
{
    return strcasestr(binding_help(binding), popup->filter->str)
        || strcasestr(binding->command, popup->filter->str);
}

static void
help_draw(View *view, Rect screen)
{
    KeysPopup *popup = (KeysPopup *)view;
    Rect area = popup_area(screen, screen.rows - 2, 100);
    g_autofree char *title = popup->filter->len
        ? g_strdup_printf("Keys: %s", popup->filter->str)
        : g_strdup("Keys  type to filter, Esc closes");
    Rect inside = draw_frame(area, title);
    int across = inside.columns >= 70 ? 2 : 1;
    int width = inside.columns / across;
    int shown = -popup->top * across;

    popup->rows = inside.rows;
    for (guint i = 0; i < popup->bindings->len; i++) {
        const KeyBinding *binding =
            &g_array_index(popup->bindings, KeyBinding, i);

        if (!help_matches(popup, binding))
            continue;
        if (shown >= 0 && shown / across < inside.rows)
            draw_binding(popup, binding, inside.y + shown / across,
                         inside.x + shown % across * width, width);
        shown++;
    }
}

static bool
help_act(View *view, const char *what, const char *key)
{
    KeysPopup *popup = (KeysPopup *)view;
    int most = MAX(0, (int)popup->bindings->len / 2 - popup->rows / 2);

    if (strcmp(what, "key") != 0)
        return false;
    if (strcmp(key, "Down") == 0 || strcmp(key, "PgDn") == 0)
        popup->top = MIN(most, popup->top + (*key == 'D' ? 1 : popup->rows));
    else if (strcmp(key, "Up") == 0 || strcmp(key, "PgUp") == 0)
        popup->top = MAX(0, popup->top - (*key == 'U' ? 1 : popup->rows));
    else if (strcmp(key, "Backspace") == 0)
        g_string_truncate(popup->filter,
                          popup->filter->len ? popup->filter->len - 1 : 0);
    else if (g_utf8_strlen(key, -1) == 1)
        g_string_append(popup->filter, key);
    else if (strcmp(key, "Space") == 0)
        g_string_append_c(popup->filter, ' ');
    tui_dirty(view->tui);
    return true;
}

static const ViewClass help_class = {
    .context = NULL,
    .draw = help_draw,
    .destroy = keys_popup_destroy,
    .act = help_act,
};

View *
help_popup(Tui *tui)
{
    KeysPopup *popup = keys_popup(tui, &help_class, "");

    popup->title = g_strdup("Keys");
    return &popup->base;
}

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
    g_autofree char *folder = paths_expand(
        options_get(options, "download-folder", NULL, NULL));
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
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd < 0)
        return err_set_errno(error, errno, "%s", path);
    ok = mime_part_save(popup->message, part->number, fd, error);
    if (close(fd) != 0 && ok)
        ok = err_set_errno(error, errno, "%s", path);
    if (!ok)
        unlink(path);
    return ok;
}

static void
save_current(FilesPopup *popup)
{
    Tui *tui = popup->base.tui;
    const MimePart *part = popup->parts->pdata[popup->current];
    g_autofree char *path = save_path(popup, part);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (popup->locked) {
        tui_tell(tui, TELL_ERROR, false, "Files are locked: the sender check "
                 "failed. X unlocks them for this message.");
        return;
    }
    text = g_strdup_printf("Saved %s", path);
    if (save_part(popup, part, path, &error))
        tui_tell(tui, TELL_INFO, false, text);
    else
        tui_tell(tui, TELL_ERROR, false, error->message);
}

static void
files_draw(View *view, Rect screen)
{
    FilesPopup *popup = (FilesPopup *)view;
    Rect area = popup_area(screen, (int)popup->parts->len + 6, 74);
    Rect inside = draw_frame(area, "Files");
    int y = inside.y;

    for (guint i = 0; i < popup->parts->len; i++, y++) {
        const MimePart *part = popup->parts->pdata[i];
        Ground ground = i == popup->current ? GROUND_SELECTED : GROUND_POPUP;
        g_autofree char *name =
            draw_safe(part->name ? part->name : "(no name)");
        g_autofree char *type = draw_safe(part->content_type);
        g_autofree char *size = text_size(part->size);
        g_autofree char *text = g_strdup_printf("%u  %s", i + 1, name);
        int half = inside.columns / 2;

        draw_cells(y, inside.x, half, text, ROLE_TEXT, ground);
        draw_cells(y, inside.x + half, inside.columns - half - 6, type,
                   ROLE_DIM, ground);
        draw_right(y, inside.x + inside.columns - 6, 6, size, ROLE_DIM,
                   ground);
    }
    if (popup->parts->len > 0) {
        g_autofree char *path =
            save_path(popup, popup->parts->pdata[popup->current]);
        g_autofree char *safe = draw_safe(path);
        g_autofree char *text = g_strdup_printf("Save to  %s", safe);

        draw_cells(y + 1, inside.x, inside.columns, text, ROLE_DIM,
                   GROUND_POPUP);
    }
    draw_cells(y + 2, inside.x, inside.columns, "s save   Esc close",
               ROLE_DIM, GROUND_POPUP);
}

static bool
files_act(View *view, const char *what, const char *key)
{
    FilesPopup *popup = (FilesPopup *)view;

    if (strcmp(what, "key") != 0)
        return false;
    if ((*key == 'j' || strcmp(key, "Down") == 0)
        && popup->current + 1 < popup->parts->len)
        popup->current++;
    else if ((*key == 'k' || strcmp(key, "Up") == 0) && popup->current > 0)
        popup->current--;
    else if (g_ascii_isdigit(*key) && *key > '0'
             && (guint)(*key - '0') <= popup->parts->len)
        popup->current = (guint)(*key - '1');
    else if (*key == 's' && key[1] == '\0' && popup->parts->len > 0)
        save_current(popup);
    tui_dirty(view->tui);
    return true;
}

static const ViewClass files_class = {
    .context = NULL,
    .draw = files_draw,
    .destroy = files_destroy,
    .act = files_act,
};

View *
files_popup(Tui *tui, gint64 id)
{
    FilesPopup *popup = g_new0(FilesPopup, 1);
    g_autoptr(StoreRow) row =
        store_row(session_store(tui->session), id, NULL);
    g_autofree char *path =
        row ? session_message_path(tui->session, row) : NULL;
    const GPtrArray *parts;

    popup->base.class = &files_class;
    popup->base.tui = tui;
    popup->parts = g_ptr_array_new();
    popup->locked = row && g_strcmp0(row->verdict, "fail") == 0;
    if (path)
        popup->message = mime_load_file(path, NULL);
    parts = popup->message ? mime_parts(popup->message) : NULL;
    for (guint i = 0; parts && i < parts->len; i++)
        if (((const MimePart *)parts->pdata[i])->is_attachment)
            g_ptr_array_add(popup->parts, parts->pdata[i]);
    return &popup->base;
}
