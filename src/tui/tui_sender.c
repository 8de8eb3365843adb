/* Who sent this, on the screen: the line under the headers, and the page with
 * all that speaks for or against the sender. The check runs in threads; the
 * page is there before its answer. */
#include "tui_sender.h"

#include "base/text.h"
#include "core/judge.h"
#include "core/report_page.h"
#include "core/standing.h"
#include "core/verifier.h"
#include "mime/mime.h"

#include <string.h>

static const ViewClass *sender_class(void);

/* What a row says of its sender, with its sign. */
static char *
kept_line(const StoreRow *row, Role *role)
{
    g_autoptr(Standing) standing = standing_parse(row->trust);
    g_autofree char *words = standing ? standing_line(standing) : NULL;
    g_autofree char *safe = words ? draw_safe(words) : NULL;
    const char *sign = "?";

    if (standing == NULL)
        return NULL;
    *role = ROLE_WARN;
    if (standing->word == STANDING_FAIL) {
        *role = ROLE_BAD;
        sign = glyph("✗");
    } else if (standing->word != STANDING_UNVERIFIED) {
        *role = standing->conflict ? ROLE_WARN : ROLE_GOOD;
        sign = glyph("✓");
    }
    return g_strdup_printf("%s %s", sign, safe);
}

char *
sender_line(Tui *tui, const StoreRow *row, Role *role)
{
    char *line = kept_line(row, role);
    g_autofree char *why = NULL;
    g_autofree char *safe = NULL;

    if (line != NULL)
        return line;
    why = judge_reason(session_judge(tui->session), row);
    safe = why ? draw_safe(why) : NULL;
    *role = ROLE_DIM;
    return safe ? g_strdup_printf("? %s", safe) : NULL;
}

char *
sender_warning(const StoreRow *row)
{
    g_autoptr(Standing) standing = standing_parse(row->trust);

    return standing && standing->warning ? draw_safe(standing->warning) : NULL;
}

static void
add_answer_address(GString *page, MimeMessage *message, const StoreRow *row)
{
    g_autofree char *first =
        mime_first_address(mime_header(message, "Reply-To"));

    if (first
        && g_ascii_strcasecmp(first, row->from_addr ? row->from_addr : ""))
        g_string_append_printf(page, "Answers go to another address: %s\n",
                               first);
}

static void
add_heading(GString *page, Tui *tui, const StoreRow *row)
{
    MimeMessage *message = session_load_message(tui->session, row, NULL);

    g_string_append_printf(page, "%s <%s>\n",
                           row->from_name ? row->from_name : "",
                           row->from_addr ? row->from_addr : "no address");
    if (row->from_addr && *row->from_addr
        && store_sender_count(session_store(tui->session), row->from_addr, 2)
               < 2)
        g_string_append(page, "The first message from this address.\n");
    if (message != NULL)
        add_answer_address(page, message, row);
    mime_message_free(message);
    g_string_append(page, "\n");
}

/* A check that a page waits for. */
typedef struct {
    Session *session;
    gint64 id;
    bool keep; /* the row keeps what is found */
} Asked;

/* The page of a message, if it is still there. */
static View *
find_page(Tui *tui, gint64 id)
{
    for (guint i = tui ? tui->views->len : 0; i-- > 0;) {
        View *view = tui->views->pdata[i];

        if (view->class == sender_class() && view->class->current(view) == id)
            return view;
    }
    return NULL;
}

enum {
    HANGING = 8, /* what goes on stands below the reasons */
    NARROW = 20
};

/* Breaks a line at blanks so that nothing of it is cut. */
static void
add_wrapped(GString *page, const char *line, int columns)
{
    int width = columns;

    while (text_width(line) > width && width > NARROW) {
        gsize size = text_break(line, width);

        g_string_append_len(page, line, (gssize)size);
        g_string_append_printf(page, "\n%*s", HANGING, "");
        line += size + strspn(line + size, " ");
        width = columns - HANGING;
    }
    g_string_append_printf(page, "%s\n", line);
}

static void
show(Tui *tui, View *view, const StoreRow *row, const char *found)
{
    g_autoptr(GString) page = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(found, "\n", -1);

    add_heading(page, tui, row);
    for (guint i = 0; lines[i]; i++)
        add_wrapped(page, lines[i], COLS - 2);
    text_view_set(view, page->str);
    tui_dirty(tui);
}

static void
answered(const TrustReport *report, const GError *error, void *user)
{
    Asked *asked = user;
    Tui *tui = tui_of_frontend(session_frontend(asked->session));
    View *view = find_page(tui, asked->id);
    g_autoptr(StoreRow) row =
        store_row(session_store(asked->session), asked->id, NULL);
    g_autofree char *found = report ? report_page(report) : NULL;

    if (report != NULL && row != NULL && asked->keep)
        verifier_store(asked->session, asked->id, report, NULL);
    if (view != NULL && row != NULL)
        show(tui, view, row, found ? found : error->message);
    g_free(asked);
}

/* Has the message of a page checked, now. */
static bool
ask(Tui *tui, const StoreRow *row, GError **error)
{
    Session *session = tui->session;
    g_autoptr(VerifyRequest) request = verify_request_create();
    g_autoptr(StoreFolder) folder =
        store_folder(session_store(session), row->folder, error);
    Asked *asked;

    request->path = session_message_path(session, row);
    request->arrival = row->arrival;
    if (folder == NULL || request->path == NULL
        || !verifier_prepare(session_verifier(session), request,
                             folder->account, error))
        return false;
    asked = g_new0(Asked, 1);
    asked->session = session;
    asked->id = row->id;
    asked->keep = judge_wants(session_judge(session), row);
    verifier_check(session_verifier(session), JOB_URGENT,
                   g_steal_pointer(&request), answered, asked);
    return true;
}

static void
ask_and_show(Tui *tui, View *view, const StoreRow *row)
{
    g_autoptr(GError) error = NULL;
    bool here = ask(tui, row, &error);

    show(tui, view, row,
         here    ? "checking who sent this"
         : error ? error->message
                 : "Not on this machine.  $ to fetch it.");
}

void
sender_page(Tui *tui, const StoreRow *row)
{
    View *view = text_view_create(tui, sender_class(), "Sender", row->id);

    tui_push(tui, view);
    ask_and_show(tui, view, row);
}

static bool
sender_act(View *view, const char *what, const char *word)
{
    g_autoptr(StoreRow) row = NULL;

    (void)word;
    if (strcmp(what, "verify-again") != 0)
        return false;
    row = store_row(session_store(view->tui->session),
                    view->class->current(view), NULL);
    if (row != NULL)
        ask_and_show(view->tui, view, row);
    return true;
}

static const ViewClass *
sender_class(void)
{
    static const ViewClass class = {
        TEXT_CLASS("sender"),
        .act = sender_act,
        .current = text_view_message,
        .targets = text_view_targets,
    };

    return &class;
}
