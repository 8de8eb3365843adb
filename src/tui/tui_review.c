/* The page before sending: headers, checks, the text, what each key does. */
#include "tui_private.h"

#include "base/text.h"
#include "core/draft.h"
#include "core/outbox.h"
#include "core/send.h"

#include <string.h>

typedef struct ReviewView ReviewView;

/* The page that asks may be gone when the answer comes. */
typedef struct {
    ReviewView *view; /* or NULL */
} KeysAsk;

struct ReviewView {
    View base;
    char *path;
    Draft *draft;      /* NULL: cannot be read */
    GPtrArray *checks; /* DraftCheck */
    GPtrArray *keys;   /* the same about keys; NULL: not known, or no need */
    KeysAsk *ask;      /* gpg is asked about them; or NULL */
    char *asked;       /* seal_facts() of when it was asked last */
    char *trouble;
    int top;
    guint keeper; /* puts the draft into its folder now and then */
};

enum {
    KEEP_SECONDS = 30,
};

static void
keys_known(GPtrArray *checks, void *user)
{
    g_autofree KeysAsk *ask = user;
    g_autoptr(GPtrArray) taken = checks;
    ReviewView *view = ask->view;

    if (view == NULL)
        return;
    view->ask = NULL;
    g_clear_pointer(&view->keys, g_ptr_array_unref);
    view->keys = g_steal_pointer(&taken);
    tui_dirty(view->base.tui);
}

static void
forget_ask(ReviewView *view)
{
    if (view->ask)
        view->ask->view = NULL;
    view->ask = NULL;
}

/* What the keys that it needs depend on; NULL: none is needed. g_free(). */
static char *
seal_facts(const Draft *draft)
{
    const char *seal = draft ? draft_seal_words(draft) : NULL;

    return seal ? g_strjoin("\n", seal, draft->from, draft->to, draft->cc,
                            draft->bcc, NULL)
                : NULL;
}

/* What was said last stands until it is answered. The page is read anew for
 * every change of the mailbox; gpg is asked when the draft changed. */
static void
ask_keys(ReviewView *view)
{
    g_autofree char *facts = seal_facts(view->draft);
    KeysAsk *ask;

    if (g_strcmp0(facts, view->asked) == 0)
        return;
    g_free(view->asked);
    view->asked = g_steal_pointer(&facts);
    forget_ask(view);
    ask = g_new0(KeysAsk, 1);
    ask->view = view;
    if (draft_check_keys(view->base.tui->session, view->path, keys_known,
                         ask)) {
        view->ask = ask;
        return;
    }
    g_free(ask);
    g_clear_pointer(&view->keys, g_ptr_array_unref);
}

static void
load(ReviewView *view)
{
    g_autoptr(GError) error = NULL;

    draft_free(view->draft);
    g_clear_pointer(&view->checks, g_ptr_array_unref);
    g_clear_pointer(&view->trouble, g_free);
    view->draft = draft_load(view->path, &error);
    if (view->draft)
        view->checks = draft_checks(view->base.tui->session, view->draft);
    else
        view->trouble = draw_safe(error->message);
    ask_keys(view);
}

static void
review_reload(View *base)
{
    load((ReviewView *)base);
    tui_dirty(base->tui);
}

static void
draw_field(Rect *left, const char *label, const char *value)
{
    g_autofree char *safe = draw_safe(value);

    if (left->rows <= 0)
        return;
    draw_right(left->y, left->x, 8, label, ROLE_DIM, GROUND_NORMAL);
    draw_cells(left->y, left->x + 8, 2, "", ROLE_TEXT, GROUND_NORMAL);
    draw_cells(left->y, left->x + 10, left->columns - 10, safe, ROLE_TEXT,
               GROUND_NORMAL);
    left->y++;
    left->rows--;
}

static void
draw_line(Rect *left, const char *safe, Role role)
{
    if (left->rows <= 0)
        return;
    draw_cells(left->y, left->x, left->columns, safe, role, GROUND_NORMAL);
    left->y++;
    left->rows--;
}

static void
draw_separator(Rect *left)
{
    if (left->rows <= 0)
        return;
    draw_rule(left->y, left->x, left->columns);
    left->y++;
    left->rows--;
}

static void
draw_headers(const ReviewView *view, Rect *left)
{
    const Draft *draft = view->draft;
    g_autoptr(GString) files = g_string_new(NULL);

    draw_field(left, "From", draft->from);
    draw_field(left, "To", draft->to);
    if (*draft->cc)
        draw_field(left, "Cc", draft->cc);
    if (*draft->bcc)
        draw_field(left, "Bcc", draft->bcc);
    draw_field(left, "Subject", draft->subject);
    for (guint i = 0; i < draft->attach->len; i++) {
        g_autofree char *name = g_path_get_basename(draft->attach->pdata[i]);

        g_string_append_printf(files, "%s%u %s", i ? "  " : "@ ", i + 1,
                               name);
    }
    if (files->len)
        draw_field(left, "Files", files->str);
    if (draft->markdown)
        draw_field(left, "Format", "text, and HTML from Markdown");
    if (draft_seal_words(draft))
        draw_field(left, "Crypto", draft_seal_words(draft));
}

/* Nothing of it is cut. */
static void
draw_check(const DraftCheck *check, Rect *left)
{
    static const Role roles[] = { ROLE_GOOD, ROLE_WARN, ROLE_BAD };
    g_autofree char *safe = draw_safe(check->text);
    const char *sign = check->kind == DRAFT_CHECK_OK ? glyph("✓") : "!";

    for (const char *rest = safe; *rest; sign = " ") {
        gsize size = text_break(rest, left->columns - 4);
        g_autofree char *text =
            g_strdup_printf(" %s %.*s", sign, (int)size, rest);

        draw_line(left, text, roles[check->kind]);
        rest += size + strspn(rest + size, " ");
    }
}

static void
draw_checks(const ReviewView *view, Rect *left)
{
    guint n_keys = view->keys ? view->keys->len : 0;

    for (guint i = 0; i < n_keys; i++)
        draw_check(view->keys->pdata[i], left);
    for (guint i = 0; i < view->checks->len; i++)
        draw_check(view->checks->pdata[i], left);
    if (n_keys + view->checks->len > 0)
        draw_separator(left);
}

static char *
send_words(const ReviewView *view)
{
    guint seconds = send_undo_seconds(view->base.tui->session, view->draft);

    return seconds > 0
               ? g_strdup_printf("         y Send now (%u s to undo)", seconds)
               : g_strdup("         y Send now");
}

static void
draw_keys(const ReviewView *view, Rect area)
{
    g_autofree char *send = send_words(view);
    const char *const rows[][2] = {
        { send, "w Send later  S / E Sign / encrypt" },
        { "         e Edit text", "d Discard draft (asks)" },
        { " t c b s f Edit To, Cc, Bcc, Subject, From", "q Back" },
        { "     a / x Attach file / remove file", "p Keep as draft and close" },
    };

    for (int i = 0; i < (int)G_N_ELEMENTS(rows); i++) {
        draw_cells(area.y + i, area.x, 46, rows[i][0], ROLE_DIM,
                   GROUND_NORMAL);
        draw_cells(area.y + i, area.x + 46, area.columns - 46, rows[i][1],
                   ROLE_DIM, GROUND_NORMAL);
    }
}

static void
draw_text(const ReviewView *view, Rect *left)
{
    g_auto(GStrv) lines = g_strsplit(view->draft->text, "\n", -1);
    int n = (int)g_strv_length(lines);

    for (int i = MIN(view->top, n); i < n && left->rows > 0; i++) {
        g_autofree char *safe = text_sanitise(lines[i], -1, TEXT_BODY);
        g_autofree char *text = g_strdup_printf(" %s", safe);

        if (left->rows == 1 && n - i > 1) {
            g_autofree char *more = g_strdup_printf(
                " %s %d more lines", glyph("⋯"), n - i);

            draw_line(left, more, ROLE_DIM);
            return;
        }
        draw_line(left, text, *safe == '>' ? ROLE_DIM : ROLE_TEXT);
    }
}

static void
review_draw(View *base, Rect area)
{
    ReviewView *view = (ReviewView *)base;
    int keys = area.rows >= 16 ? 5 : 0;
    Rect left = { area.y, area.x, area.rows - keys, area.columns };

    draw_blank(area, GROUND_NORMAL);
    if (view->draft == NULL) {
        draw_line(&left, view->trouble, ROLE_BAD);
        return;
    }
    draw_headers(view, &left);
    draw_separator(&left);
    draw_checks(view, &left);
    draw_text(view, &left);
    if (keys)
        draw_keys(view,
                  (Rect){ area.y + area.rows - 4, area.x, 4, area.columns });
}

static void
review_destroy(View *base)
{
    ReviewView *view = (ReviewView *)base;

    g_clear_handle_id(&view->keeper, g_source_remove);
    forget_ask(view);
    g_free(view->asked);
    g_clear_pointer(&view->keys, g_ptr_array_unref);
    draft_closed(base->tui->session, view->path);
    draft_free(view->draft);
    g_clear_pointer(&view->checks, g_ptr_array_unref);
    g_free(view->trouble);
    g_free(view->path);
    g_free(view);
}

static bool
review_move(View *base, Motion motion, int count)
{
    ReviewView *view = (ReviewView *)base;

    if (motion != MOVE_LINES && motion != MOVE_PAGES
        && motion != MOVE_HALF_PAGES)
        return false;
    view->top = MAX(0, view->top + count * (motion == MOVE_LINES ? 1 : 8));
    tui_dirty(base->tui);
    return true;
}

static char *
review_title(View *base)
{
    const ReviewView *view = (const ReviewView *)base;

    return g_strdup_printf("Review  %s, not sent yet",
                           view->draft ? draft_kind_name(view->draft->kind)
                                       : "draft");
}

static char *
review_place(View *base)
{
    const ReviewView *view = (const ReviewView *)base;

    return view->draft ? text_size(draft_size(view->draft)) : g_strdup("");
}

static gboolean
keep(void *data)
{
    ReviewView *view = data;

    draft_keep(view->base.tui->session, view->path);
    g_clear_pointer(&view->asked, g_free); /* a key may have been imported */
    ask_keys(view);
    return G_SOURCE_CONTINUE;
}

static const ViewClass review_class = {
    .context = "review",
    .draw = review_draw,
    .destroy = review_destroy,
    .reload = review_reload,
    .move = review_move,
    .title = review_title,
    .place = review_place,
};

const char *
review_view_path(const View *base)
{
    return base->class == &review_class ? ((const ReviewView *)base)->path
                                        : NULL;
}

/* Is the folder that `open --folder drafts` shows another account's? */
static bool
is_elsewhere(Tui *tui, const Draft *draft)
{
    Session *session = tui->session;
    g_autofree char *account = tui_account(tui);
    bool all;
    gint64 id = session_shown_folder(session, "drafts", account, &all, NULL);
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(session), id, NULL);

    return !all && folder && strcmp(folder->account, draft->account) != 0;
}

char *
review_view_farewell(const View *base)
{
    const ReviewView *view = (const ReviewView *)base;
    Session *session = base->tui->session;
    const char *keys;
    g_auto(GStrv) parts = NULL;
    g_autofree char *joined = NULL;

    if (review_view_path(base) == NULL || view->draft == NULL
        || outbox_has_draft(session_outbox(session), view->path))
        return NULL;
    if (!draft_is_kept_in_folder(session, view->draft))
        return g_strdup("Kept as draft: :edit-draft goes on with it.");
    if (is_elsewhere(base->tui, view->draft))
        return g_strdup_printf("Kept as draft in the Drafts folder of %s.",
                               view->draft->account);
    keys = keys_for(session_keys(session), "list", "open --folder drafts");
    parts = g_strsplit(keys ? keys : ":open --folder drafts", " ", -1);
    joined = g_strjoinv(keys ? "" : " ", parts);
    return g_strdup_printf("Kept as draft: %s", joined);
}

View *
review_view(Tui *tui, const char *path)
{
    ReviewView *view = g_new0(ReviewView, 1);

    view->base.class = &review_class;
    view->base.tui = tui;
    view->path = g_strdup(path);
    load(view);
    view->keeper = g_timeout_add_seconds(KEEP_SECONDS, keep, view);
    return &view->base;
}
