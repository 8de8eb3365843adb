/* Pages of plain lines: any text, the activity page, the outbox. A page is made
 * anew when rows change; it holds nothing of its own. */
#include "tui_sender.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "core/account.h"
#include "core/indexer.h"
#include "core/outbox.h"

#include <string.h>

enum {
    PENDING_SHOWN = 1000,
    SOON = 60, /* seconds, which are counted */
    WRAP_LEAST = 20, /* columns that a wrapped text has at least */
    WAITING_BYTES = 64 << 10, /* of a message of the outbox are shown */
};

typedef struct {
    char *text;
    Role role;
    char *id; /* of an outbox entry; NULL: none */
} Line;

typedef struct {
    View base;
    GPtrArray *lines; /* Line */
    char *title_text;
    char *text;  /* wrapped into the lines; NULL: they are made otherwise */
    int columns; /* that it was wrapped to */
    void (*make)(View *view); /* NULL: never changes */
    int top, rows;
    guint current; /* of the outbox */
    guint serial;
    GPtrArray *entries; /* of the outbox; NULL: not read yet */
    guint read;         /* when they were: outbox_serial() */
    gint64 message; /* that the page is about; 0: none */
    bool counts;    /* it says how many seconds are left */
    guint second;   /* the timer of that */
} TextView;

static void
line_free(void *data)
{
    Line *line = data;

    g_free(line->text);
    g_free(line->id);
    g_free(line);
}

static Line *
add(TextView *view, Role role, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static Line *
add(TextView *view, Role role, const char *format, ...)
{
    Line *line = g_new0(Line, 1);
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    line->text = text_sanitise(text, -1, TEXT_BODY);
    line->role = role;
    g_ptr_array_add(view->lines, line);
    return line;
}

void
text_destroy(View *base)
{
    TextView *view = (TextView *)base;

    g_clear_handle_id(&view->second, g_source_remove);
    g_ptr_array_unref(view->lines);
    g_clear_pointer(&view->entries, g_ptr_array_unref);
    g_free(view->title_text);
    g_free(view->text);
    g_free(view);
}

static gboolean
count_second(void *data)
{
    TextView *view = data;

    view->second = 0;
    view->make(&view->base);
    tui_dirty(view->base.tui);
    return G_SOURCE_REMOVE;
}

/* A page that is not seen is not drawn, and the clock stops. */
static void
count_on(TextView *view)
{
    if (view->counts && view->second == 0)
        view->second = g_timeout_add_seconds(1, count_second, view);
}

/* What does not fit goes on in the next row, under the first. */
static void
wrap_line(TextView *view, const char *line)
{
    int indent = (int)strspn(line, " ");
    int room = view->columns - indent - 1;
    const char *rest = line + indent;

    if (room < WRAP_LEAST) { /* it is cut, as are lines that are made */
        add(view, ROLE_TEXT, " %s", line);
        return;
    }
    do {
        gsize size = text_break(rest, room);

        add(view, ROLE_TEXT, " %*s%.*s", indent, "", (int)size, rest);
        rest += size;
        rest += strspn(rest, " ");
    } while (*rest);
}

static void
wrap(TextView *view)
{
    g_auto(GStrv) lines = g_strsplit(view->text, "\n", -1);

    g_ptr_array_set_size(view->lines, 0);
    for (char **line = lines; *line; line++) {
        g_autofree char *safe = text_sanitise(*line, -1, TEXT_BODY);

        wrap_line(view, safe);
    }
}

void
text_draw(View *base, Rect area)
{
    TextView *view = (TextView *)base;
    int most;

    if (view->make && view->serial != log_serial())
        view->make(base);
    if (view->text && view->columns != area.columns) {
        view->columns = area.columns;
        wrap(view);
    }
    count_on(view);
    view->rows = area.rows;
    most = MAX(0, (int)view->lines->len - area.rows);
    view->top = CLAMP(view->top, 0, most);
    for (int i = 0; i < area.rows; i++) {
        guint index = (guint)(view->top + i);
        const Line *line =
            index < view->lines->len ? view->lines->pdata[index] : NULL;
        bool here = line && line->id && index == view->current;

        draw_cells(area.y + i, area.x, area.columns, line ? line->text : "",
                   line ? line->role : ROLE_TEXT,
                   here ? GROUND_SELECTED : GROUND_NORMAL);
    }
}

/* In the outbox the cursor goes from entry to entry. */
static void
step_entry(TextView *view, int step)
{
    for (int i = (int)view->current + step;
         i >= 0 && i < (int)view->lines->len; i += step)
        if (((const Line *)view->lines->pdata[i])->id) {
            view->current = (guint)i;
            return;
        }
}

bool
text_move(View *base, Motion motion, int count)
{
    TextView *view = (TextView *)base;

    switch (motion) {
    case MOVE_LINES:
        view->top += count;
        step_entry(view, count < 0 ? -1 : 1);
        break;
    case MOVE_PAGES:
        view->top += count * MAX(1, view->rows - 1);
        break;
    case MOVE_HALF_PAGES:
        view->top += count * MAX(1, view->rows / 2);
        break;
    case MOVE_FIRST:
        view->top = 0;
        break;
    case MOVE_LAST:
        view->top = (int)view->lines->len;
        break;
    default:
        return false;
    }
    view->top = CLAMP(view->top, 0,
                      MAX(0, (int)view->lines->len - view->rows));
    tui_dirty(base->tui);
    return true;
}

char *
text_title(View *base)
{
    return g_strdup(((TextView *)base)->title_text);
}

void
text_reload(View *base)
{
    TextView *view = (TextView *)base;

    if (view->make)
        view->make(base);
}

static const ViewClass text_class = { TEXT_CLASS("text") };

static TextView *
create(Tui *tui, const ViewClass *class, const char *title)
{
    TextView *view = g_new0(TextView, 1);

    view->base.class = class;
    view->base.tui = tui;
    view->title_text = g_strdup(title);
    view->lines = g_ptr_array_new_with_free_func(line_free);
    return view;
}

void
text_view_set(View *base, const char *text)
{
    TextView *view = (TextView *)base;

    g_free(view->text);
    view->text = g_strdup(text);
    wrap(view);
}

View *
text_view_create(Tui *tui, const ViewClass *class, const char *title,
                 gint64 message)
{
    TextView *view = create(tui, class, title);

    view->message = message;
    return &view->base;
}

gint64
text_view_message(View *base)
{
    return ((TextView *)base)->message;
}

bool
text_view_targets(View *base, TargetScope scope, GArray *ids)
{
    (void)scope;
    g_array_append_val(ids, ((TextView *)base)->message);
    return true;
}

View *
text_view(Tui *tui, const char *title, const char *text)
{
    View *view = text_view_create(tui, &text_class, title ? title : "Text", 0);

    text_view_set(view, text);
    return view;
}

static void
add_account(TextView *view, const Account *account)
{
    const AccountStatus *status = account_status(account);
    g_autofree char *text = account_status_text(account);
    bool bad = status->state == ACCOUNT_FAILED;
    bool refused = status->state == ACCOUNT_ONLINE && *status->reason;
    bool fine = status->state == ACCOUNT_ONLINE
        || status->state == ACCOUNT_LOCAL;

    add(view, bad ? ROLE_BAD : refused ? ROLE_WARN : ROLE_TEXT,
        "  %s  %-22s %s",
        bad ? glyph("✗") : fine ? glyph("✓") : glyph("·"),
        account_address(account), text);
    if (status->state == ACCOUNT_SYNCING && status->total > 0) {
        g_autoptr(GString) bar = g_string_new(NULL);

        for (guint i = 0; i < 22; i++)
            g_string_append(bar, i * status->total < status->done * 22
                                     ? glyph("█") : glyph("░"));
        g_autofree char *done = text_size(status->bytes);
        g_autofree char *total = text_size(status->bytes_total);

        add(view, ROLE_DIM, "     %s  %" G_GUINT64_FORMAT " of %"
            G_GUINT64_FORMAT " messages%s%s%s%s", bar->str, status->done,
            status->total, status->bytes_total ? ", " : "",
            status->bytes_total ? done : "", status->bytes_total ? " of " : "",
            status->bytes_total ? total : "");
    }
}

/* For how many seconds it is only to be undone, if they are few; else 0. */
static gint64
seconds_left(Session *session, const OutboxEntry *entry)
{
    gint64 left = entry->not_before - clock_now();

    return entry->state == OUTBOX_WAITING && left > 0 && left <= SOON
            && !session_offline(session) ? left : 0;
}

/* "sends in 7 s", "waiting until 2026-11-27 09:00", "offline, retry at 06:20",
 * or the state by its name. g_free(). */
static char *
state_text(Session *session, const OutboxEntry *entry)
{
    gint64 left = seconds_left(session, entry);
    g_autoptr(GDateTime) from =
        g_date_time_new_from_unix_local(entry->not_before);
    const char *name = outbox_state_name(entry->state);
    bool open = entry->state == OUTBOX_WAITING
        || entry->state == OUTBOX_DEFERRED;
    bool offline = open && session_offline(session);
    bool again = entry->state == OUTBOX_DEFERRED
        || entry->state == OUTBOX_IN_DOUBT;
    g_autofree char *clock = NULL;

    if (entry->state == OUTBOX_WAITING && from
        && entry->not_before - clock_now() > SOON)
        return g_date_time_format(from, "waiting until %Y-%m-%d %H:%M");
    if (left > 0)
        return g_strdup_printf("sends in %" G_GINT64_FORMAT " s", left);
    if (again && entry->next_try > clock_now())
        clock = clock_text(entry->next_try);
    return g_strdup_printf("%s%s%s", offline ? "offline" : name,
                           clock ? ", retry at " : "", clock ? clock : "");
}

/* From the disk only after they changed. NULL: they cannot be read. */
static const GPtrArray *
waiting_entries(TextView *view)
{
    Outbox *outbox = session_outbox(view->base.tui->session);

    if (view->entries && view->read == outbox_serial(outbox))
        return view->entries;
    g_clear_pointer(&view->entries, g_ptr_array_unref);
    view->entries = outbox_list(outbox, NULL);
    view->read = outbox_serial(outbox);
    return view->entries;
}

static void
add_outbox(TextView *view)
{
    Outbox *outbox = session_outbox(view->base.tui->session);
    const GPtrArray *entries = waiting_entries(view);
    const OutboxEntry *undoable =
        view_is_outbox(&view->base) ? outbox_undoable(outbox, entries) : NULL;

    view->counts = false;
    if (entries == NULL || entries->len == 0) {
        add(view, ROLE_DIM, "     nothing waits to be sent");
        return;
    }
    for (guint i = 0; i < entries->len; i++) {
        const OutboxEntry *entry = entries->pdata[i];
        bool bad = entry->state == OUTBOX_FAILED
            || entry->state == OUTBOX_IN_DOUBT;
        g_autofree char *safe = draw_safe(entry->subject ? entry->subject
                                                         : "(no subject)");
        g_autofree char *subject = text_pad(safe, 40, glyph("…"));
        g_autofree char *state = state_text(view->base.tui->session, entry);
        Line *line = add(view, bad ? ROLE_BAD : ROLE_TEXT,
                         "  %s  %s %s%s%s%s", bad ? "!" : glyph("↑"),
                         subject, state,
                         entry == undoable ? "  u undo" : "",
                         entry->reason ? ": " : "",
                         entry->reason ? entry->reason : "");

        line->id = g_strdup(entry->id);
        view->counts |= seconds_left(view->base.tui->session, entry) > 0;
    }
}

/* What waits, by kind. */
typedef struct {
    guint marked, moved, deleted, uploads;
    gint64 since;
    const char *reason; /* of the last failure */
} Waiting;

static void
count_waiting(Waiting *waiting, const StorePending *pending)
{
    if (waiting->since == 0 || pending->since < waiting->since)
        waiting->since = pending->since;
    if (pending->reason)
        waiting->reason = pending->reason;
    if (pending->server_folder == 0)
        waiting->uploads++;
    else if (pending->folder == 0)
        waiting->deleted++;
    else if (pending->moving || pending->folder != pending->server_folder)
        waiting->moved++;
    else
        waiting->marked++;
}

static void
add_count(GString *text, guint n, const char *what)
{
    if (n > 0)
        g_string_append_printf(text, "%s%u %s", text->len ? ", " : "", n, what);
}

/* "work: 3 to move, 8 to mark, since 10:32". Of very many the oldest are
 * counted. */
static void
add_waiting(TextView *view, const Account *account)
{
    g_autoptr(GPtrArray) all =
        store_pending(session_store(view->base.tui->session),
                      account_name(account), PENDING_SHOWN, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GDateTime) since = NULL;
    g_autofree char *clock = NULL;
    Waiting waiting = { 0 };

    if (all == NULL || all->len == 0)
        return;
    for (guint i = 0; i < all->len; i++)
        count_waiting(&waiting, all->pdata[i]);
    add_count(text, waiting.marked, "to mark");
    add_count(text, waiting.moved, "to move");
    add_count(text, waiting.deleted, "to delete");
    add_count(text, waiting.uploads, "to upload");
    since = g_date_time_new_from_unix_local(waiting.since);
    clock = g_date_time_format(since, "%a %H:%M");
    add(view, ROLE_DIM, "     %s: %s%s, since %s", account_name(account),
        text->str, all->len == PENDING_SHOWN ? " or more" : "", clock);
    if (waiting.reason)
        add(view, ROLE_WARN, "     %s: %s", account_name(account),
            waiting.reason);
}

static void
add_log_line(const LogLine *line, void *user)
{
    TextView *view = user;
    g_autoptr(GDateTime) date =
        g_date_time_new_from_unix_local(line->time / G_USEC_PER_SEC);
    g_autofree char *clock = g_date_time_format(date, "%H:%M:%S");

    if (line->level <= LOG_INFO)
        add(view, line->level == LOG_ERR ? ROLE_BAD : ROLE_DIM,
            "  %s  %s: %s", clock, line->scope, line->text);
}

static void
make_activity(View *base)
{
    TextView *view = (TextView *)base;
    Session *session = base->tui->session;
    const GPtrArray *accounts = session_accounts(session);
    guint pending = store_pending_count(session_store(session), NULL);
    guint left = indexer_left(session_indexer(session));

    view->serial = log_serial();
    g_ptr_array_set_size(view->lines, 0);
    add(view, ROLE_TEXT, " ");
    add(view, ROLE_BOLD, " Accounts");
    if (accounts->len == 0)
        add(view, ROLE_DIM, "     none yet: `posthorn help account`");
    for (guint i = 0; i < accounts->len; i++)
        add_account(view, accounts->pdata[i]);
    add(view, ROLE_TEXT, " ");
    add(view, ROLE_BOLD, " Outbox");
    add_outbox(view);
    add(view, ROLE_TEXT, " ");
    add(view, ROLE_BOLD, " Changes waiting for the server");
    add(view, ROLE_DIM, pending ? "     %u messages   safe here; sent when "
        "the server answers" : "     none%.0u", pending);
    for (guint i = 0; i < accounts->len; i++)
        add_waiting(view, accounts->pdata[i]);
    if (left > 0)
        add(view, ROLE_DIM, "     index: %u messages to go", left);
    add(view, ROLE_TEXT, " ");
    add(view, ROLE_BOLD, " Log");
    log_each(add_log_line, view);
}

static const ViewClass activity_class = { TEXT_CLASS("activity") };

View *
activity_view(Tui *tui)
{
    TextView *view = create(tui, &activity_class, "Activity");

    view->make = make_activity;
    make_activity(&view->base);
    return &view->base;
}

static void
make_outbox(View *base)
{
    TextView *view = (TextView *)base;

    g_ptr_array_set_size(view->lines, 0);
    add_outbox(view);
    view->current = MIN(view->current, view->lines->len - 1);
}

/* Undo sends it after all, unless it was perhaps sent already. */
static void
take_out(Tui *tui, const char *id, GError **error)
{
    Outbox *outbox = session_outbox(tui->session);
    g_autoptr(OutboxEntry) entry = outbox_find(outbox, id, error);
    bool draft = entry && entry->draft
        && g_file_test(entry->draft, G_FILE_TEST_EXISTS);
    bool undoable;

    if (entry == NULL || !outbox_cancel(outbox, id, error))
        return;
    undoable = outbox_set_taken(outbox, draft ? entry : NULL);
    tui_tell(tui, TELL_INFO, undoable,
             draft ? "Not sent: it is a draft again."
                   : "Not sent, and removed: there was no draft of it.");
}

/* The entry under the cursor; NULL: none. */
static const char *
current_entry(const TextView *view)
{
    return view->current < view->lines->len
        ? ((const Line *)view->lines->pdata[view->current])->id : NULL;
}

/* retry and cancel act on the entry under the cursor. */
static bool
outbox_act(View *base, const char *what, const char *word)
{
    const char *id = current_entry((TextView *)base);
    Outbox *outbox = session_outbox(base->tui->session);
    g_autoptr(GError) error = NULL;

    if (id == NULL)
        return false;
    if (strcmp(what, "remove") == 0)
        take_out(base->tui, id, &error);
    else if (strcmp(what, "retry") != 0)
        return false;
    else if (outbox_retry(outbox, id, &error))
        outbox_set_taken(outbox, NULL);
    if (error)
        tui_tell(base->tui, TELL_ERROR, false, error->message);
    make_outbox(base);
    tui_dirty(base->tui);
    return true;
}

/* Who is to get it, and what a server said of whom. */
static void
append_recipients(GString *text, const OutboxEntry *entry)
{
    for (guint i = 0; i < entry->recipients->len; i++) {
        const OutboxRecipient *recipient = entry->recipients->pdata[i];

        g_string_append_printf(text, "  %s  %s%s%s\n",
                               outbox_state_name(recipient->state),
                               recipient->address, recipient->reply ? ": " : "",
                               recipient->reply ? recipient->reply : "");
    }
}

/* An entry in words, then the bytes that will be sent. */
static char *
entry_text(Session *session, const OutboxEntry *entry, const char *bytes)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *state = state_text(session, entry);
    g_autofree char *body = text_lf(bytes);

    g_string_append_printf(text, "%s%s%s\n", state, entry->reason ? ": " : "",
                           entry->reason ? entry->reason : "");
    append_recipients(text, entry);
    g_string_append_printf(text, "\n%s\n", body);
    if (entry->size > strlen(bytes))
        g_string_append_printf(text, "… %" G_GUINT64_FORMAT " bytes in all\n",
                               entry->size);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Enter shows what waits; it never sends. */
static void
outbox_enter(View *base)
{
    const char *id = current_entry((TextView *)base);
    Outbox *outbox = session_outbox(base->tui->session);
    g_autoptr(GError) error = NULL;
    g_autoptr(OutboxEntry) entry = NULL;
    g_autofree char *bytes = NULL;
    g_autofree char *text = NULL;

    if (id == NULL)
        return;
    entry = outbox_find(outbox, id, &error);
    if (entry)
        bytes = outbox_beginning(outbox, id, WAITING_BYTES, &error);
    if (bytes == NULL) {
        tui_tell(base->tui, TELL_ERROR, false, error->message);
        return;
    }
    text = entry_text(base->tui->session, entry, bytes);
    tui_push(base->tui, text_view(base->tui, "As it will be sent", text));
}

static const ViewClass outbox_class = {
    TEXT_CLASS("outbox"),
    .act = outbox_act,
    .enter = outbox_enter,
};

bool
view_is_outbox(const View *view)
{
    return view->class == &outbox_class;
}

View *
outbox_view(Tui *tui)
{
    TextView *view = create(tui, &outbox_class, "Outbox");

    view->make = make_outbox;
    make_outbox(&view->base);
    return &view->base;
}
