/* The bottom row as a field: a command, a search, a question. Readline's keys;
 * what is typed never becomes a command of the list. */
#include "tui_private.h"

#include "base/text.h"
#include "cmd/complete.h"
#include "core/search.h"
#include "tui_prompt.h"

#include <string.h>

enum {
    SHOWN = 8,
    SEARCH_MS = 30,
    WIDE_HINT = 90, /* columns that the long hint needs */
};

typedef enum { PROMPT_COMMAND, PROMPT_SEARCH, PROMPT_FIND, PROMPT_ASK } Kind;

struct Prompt {
    Tui *tui;
    Kind kind;
    char *label;
    GString *text;
    gsize cursor; /* byte */
    char *keys;   /* one-letter answers; or NULL */
    bool secret;
    char *completion;
    AskRequest ask;
    GPtrArray *candidates; /* CmdCandidate */
    gsize start;           /* byte where candidates go */
    int chosen;            /* -1: none */
    int history;           /* steps back; 0: what is typed */
    char *typed;           /* kept while history is shown */
    View *results;         /* of a search */
    gint64 folder;         /* that the list below it shows; 0: all mail */
    char *query;           /* whose results that list shows, or NULL */
    bool here;             /* the search is in that list alone */
    guint timer;
};

static const char *const ask_types[][2] = { { "folder", "move " },
                                            { "tag", "tag " } };

/* What a question asks for is completed as the argument of a command is. */
static char *
completion_line(const Prompt *prompt, gsize *skip)
{
    *skip = 0;
    for (gsize i = 0; prompt->completion && i < G_N_ELEMENTS(ask_types); i++)
        if (strcmp(prompt->completion, ask_types[i][0]) == 0) {
            *skip = strlen(ask_types[i][1]);
            return g_strconcat(ask_types[i][1], prompt->text->str, NULL);
        }
    return g_strdup(prompt->text->str);
}

/* Paths and recipients are completed as text, not as words of a command. */
static bool
complete_ask(Prompt *prompt)
{
    g_autoptr(GPtrArray) candidates = cmd_candidates_create();

    if (prompt->completion == NULL || prompt->cursor != prompt->text->len
        || !prompt_ask_values(prompt->completion, prompt->text->str,
                              &prompt->start, candidates, prompt->tui))
        return false;
    prompt->candidates = g_steal_pointer(&candidates);
    return true;
}

static void
complete(Prompt *prompt)
{
    Tui *tui = prompt->tui;
    gsize skip;
    g_autofree char *line = completion_line(prompt, &skip);
    CmdCompletion completion = {
        .table = session_table(tui->session),
        .options = session_options(tui->session),
        .keys = session_keys(tui->session),
        .key_context = tui_top(tui) ? tui_top(tui)->class->context : "list",
        .values = prompt_values,
        .user = tui,
    };

    g_clear_pointer(&prompt->candidates, g_ptr_array_unref);
    prompt->chosen = -1;
    if (complete_ask(prompt))
        return;
    if (prompt->kind == PROMPT_SEARCH) {
        g_autofree char *head = g_strndup(prompt->text->str, prompt->cursor);

        prompt->candidates = cmd_candidates_create();
        prompt_query_values(head, &prompt->start, prompt->candidates, tui);
        return;
    }
    if (prompt->kind == PROMPT_COMMAND || skip > 0) {
        prompt->candidates = cmd_complete(&completion, line,
                                          prompt->cursor + skip,
                                          &prompt->start);
        prompt->start -= MIN(skip, prompt->start);
    }
}

/* What is wrong with the search. g_free(); NULL: nothing. */
static char *
trouble(const Prompt *prompt)
{
    g_autoptr(GError) error = NULL;
    const char *found;

    if (prompt->kind != PROMPT_SEARCH)
        return NULL;
    if (!search_check(prompt->text->str, &error))
        return g_strdup(error->message);
    found = prompt->timer ? NULL : list_view_trouble(prompt->results);
    return g_strdup(found);
}

/* What is searched for: among the results of a search those of both. g_free()
 */
static char *
whole_query(const Prompt *prompt, const char *text)
{
    g_autofree char *typed = g_strstrip(g_strdup(text));

    if (!prompt->here || prompt->query == NULL || *typed == '\0')
        return g_steal_pointer(&typed);
    return g_strdup_printf("(%s) and (%s)", prompt->query, typed);
}

static bool
is_operator_word(const char *word)
{
    static const char *const operators[] = { "and", "or",  "not",
                                             "xor", "near", NULL };
    g_autofree char *lower = g_ascii_strdown(word, -1);

    return g_strv_contains(operators, lower);
}

/* Is the end of text a word that is still being typed: letters and digits,
 * outside of quotes and of no field? */
static bool
ends_in_word(const char *text)
{
    bool quoted = false;
    const char *word = text;

    for (const char *at = text; *at; at++) {
        quoted ^= *at == '"';
        if (strchr(" (-", *at))
            word = at + 1;
    }
    if (quoted || *word == '\0' || is_operator_word(word))
        return false;
    for (; *word; word = g_utf8_next_char(word))
        if (!g_unichar_isalnum(g_utf8_get_char(word)))
            return false;
    return true;
}

/* The query as it is asked while it is typed: its last word is the beginning
 * of one. What does not read so is asked as it is. g_free() */
static char *
typed_query(const Prompt *prompt)
{
    const char *text = prompt->text->str;
    g_autofree char *beginning = g_strconcat(text, "*", NULL);

    return whole_query(prompt, ends_in_word(text)
                                       && search_check(beginning, NULL)
                                   ? beginning
                                   : text);
}

/* While it cannot be read, the rows stay those of the query before. */
static void
search_for(Prompt *prompt, const char *query)
{
    g_autofree char *typed = whole_query(prompt, prompt->text->str);

    if (search_check(prompt->text->str, NULL))
        list_view_set_query(prompt->results, query, typed,
                            prompt->here ? prompt->folder : 0);
}

static gboolean
search_now(void *data)
{
    Prompt *prompt = data;
    g_autofree char *query = typed_query(prompt);

    prompt->timer = 0;
    search_for(prompt, query);
    return G_SOURCE_REMOVE;
}

/* What is kept is what was typed, to the letter. */
static void
search_exactly(Prompt *prompt)
{
    g_autofree char *query = whole_query(prompt, prompt->text->str);

    if (prompt->timer == 0 && !ends_in_word(prompt->text->str))
        return;
    g_clear_handle_id(&prompt->timer, g_source_remove);
    search_for(prompt, query);
}

static void
search_soon(Prompt *prompt)
{
    if (prompt->kind == PROMPT_SEARCH && prompt->timer == 0)
        prompt->timer = g_timeout_add(SEARCH_MS, search_now, prompt);
}

static void
changed(Prompt *prompt)
{
    complete(prompt);
    search_soon(prompt);
    tui_dirty(prompt->tui);
}

static Prompt *
create(Tui *tui, Kind kind, const char *label, const char *initial)
{
    Prompt *prompt = g_new0(Prompt, 1);

    prompt->tui = tui;
    prompt->kind = kind;
    prompt->label = g_strdup(label);
    prompt->text = g_string_new(initial ? initial : "");
    prompt->cursor = prompt->text->len;
    prompt->chosen = -1;
    complete(prompt);
    tui_dirty(tui);
    return prompt;
}

Prompt *
prompt_command(Tui *tui, const char *initial)
{
    return create(tui, PROMPT_COMMAND, ":", initial);
}

/* Is the list that the search began in less than all mail? */
static bool
has_scope(const Prompt *prompt)
{
    return prompt->folder != 0 || prompt->query != NULL;
}

Prompt *
prompt_search(Tui *tui, bool here)
{
    Prompt *prompt = create(tui, PROMPT_SEARCH, here ? "\\" : "/", "");
    View *top = tui_top(tui);
    const char *asked = top ? list_view_asked(top) : NULL;

    if (top && view_is_list(top)) {
        prompt->folder = list_view_scope(top);
        prompt->query = asked && *asked ? g_strdup(asked) : NULL;
    }
    prompt->here = here && has_scope(prompt);
    prompt->results = list_view_query(tui, "", NULL);
    tui_push(tui, prompt->results);
    return prompt;
}

Prompt *
prompt_find(Tui *tui)
{
    return create(tui, PROMPT_FIND, "/", "");
}

Prompt *
prompt_ask(Tui *tui, const AskRequest *request)
{
    g_autofree char *safe = draw_safe(request->prompt);
    g_autofree char *label = NULL;
    Prompt *prompt;

    /* The keys are those of a yes and a no. */
    label = request->keys ? g_strdup_printf("%s (%c/%c) ", safe,
                                            request->keys[0], request->keys[1])
                          : g_strdup_printf("%s: ", safe);
    prompt = create(tui, PROMPT_ASK, label, request->initial);
    prompt->ask = *request;
    prompt->keys = g_strdup(request->keys);
    prompt->secret = request->secret;
    prompt->completion = g_strdup(request->completion);
    complete(prompt);
    return prompt;
}

void
prompt_destroy(Prompt *prompt)
{
    if (prompt == NULL)
        return;
    g_clear_handle_id(&prompt->timer, g_source_remove);
    explicit_bzero(prompt->text->str, prompt->text->len);
    g_string_free(prompt->text, TRUE);
    g_clear_pointer(&prompt->candidates, g_ptr_array_unref);
    g_free(prompt->label);
    g_free(prompt->keys);
    g_free(prompt->completion);
    g_free(prompt->typed);
    g_free(prompt->query);
    g_free(prompt);
}

static void
insert(Prompt *prompt, const char *text)
{
    g_string_insert(prompt->text, (gssize)prompt->cursor, text);
    prompt->cursor += strlen(text);
    changed(prompt);
}

static void
cut(Prompt *prompt, gsize from, gsize to)
{
    g_string_erase(prompt->text, (gssize)from, (gssize)(to - from));
    prompt->cursor = from;
    changed(prompt);
}

static gsize
before(const Prompt *prompt, gsize at)
{
    const char *text = prompt->text->str;
    const char *previous = g_utf8_find_prev_char(text, text + at);

    return previous ? (gsize)(previous - text) : 0;
}

static gsize
after(const Prompt *prompt, gsize at)
{
    const char *text = prompt->text->str;

    return at < prompt->text->len
        ? (gsize)(g_utf8_next_char(text + at) - text) : at;
}

/* Between all mail and the list that the search began in. */
static void
change_scope(Prompt *prompt)
{
    prompt->here = !prompt->here && has_scope(prompt);
    g_free(prompt->label);
    prompt->label = g_strdup(prompt->here ? "\\" : "/");
    changed(prompt);
}

static gsize
word_before(const Prompt *prompt)
{
    gsize at = prompt->cursor;

    while (at > 0 && prompt->text->str[at - 1] == ' ')
        at--;
    while (at > 0 && prompt->text->str[at - 1] != ' ')
        at--;
    return at;
}

/* Another candidate takes the place of the typed word. */
static void
choose(Prompt *prompt, int step)
{
    int n = prompt->candidates ? (int)prompt->candidates->len : 0;
    const CmdCandidate *candidate;
    int chosen;

    if (n == 0)
        return;
    chosen = (prompt->chosen + step + n + (prompt->chosen < 0 && step < 0))
        % n;
    candidate = prompt->candidates->pdata[chosen];
    g_string_erase(prompt->text, (gssize)prompt->start,
                   (gssize)(prompt->cursor - prompt->start));
    g_string_insert(prompt->text, (gssize)prompt->start, candidate->text);
    prompt->cursor = prompt->start + strlen(candidate->text);
    prompt->chosen = chosen;
    if (n == 1) { /* a word of a line; an answer is as it is */
        insert(prompt, prompt->kind == PROMPT_ASK ? "" : " ");
        return;
    }
    search_soon(prompt);
    tui_dirty(prompt->tui);
}

static void
recall(Prompt *prompt, int step)
{
    GPtrArray *history = prompt->tui->history;
    int to = CLAMP(prompt->history + step, 0, (int)history->len);

    if (prompt->kind != PROMPT_COMMAND || to == prompt->history)
        return;
    if (prompt->history == 0) {
        g_free(prompt->typed);
        prompt->typed = g_strdup(prompt->text->str);
    }
    prompt->history = to;
    g_string_assign(prompt->text,
                    to == 0 ? prompt->typed
                            : history->pdata[history->len - (guint)to]);
    prompt->cursor = prompt->text->len;
    changed(prompt);
}

static void
remember(Tui *tui, const char *line)
{
    if (*line == '\0')
        return;
    if (tui->history->len >= HISTORY_LINES)
        g_ptr_array_remove_index(tui->history, 0);
    g_ptr_array_add(tui->history, g_strdup(line));
}

/* "arch" is the first folder that the list shows, "rep" the first file. */
static bool
takes_best(const Prompt *prompt)
{
    if (g_strcmp0(prompt->completion, "folder") == 0)
        return true;
    return g_strcmp0(prompt->completion, "path") == 0
        && !g_file_test(prompt->text->str, G_FILE_TEST_EXISTS);
}

/* g_free() */
static char *
best_candidate(const Prompt *prompt)
{
    const char *typed = prompt->text->str;
    const CmdCandidate *first =
        prompt->candidates && prompt->candidates->len > 0
        ? prompt->candidates->pdata[0] : NULL;

    if (first == NULL || prompt->chosen >= 0)
        return g_strdup(typed);
    for (guint i = 0; i < prompt->candidates->len; i++) {
        const CmdCandidate *one = prompt->candidates->pdata[i];

        if (g_ascii_strcasecmp(one->text, typed) == 0)
            return g_strdup(one->text);
    }
    return g_strdup(first->text);
}

/* The prompt is taken away first: what runs may open another. */
static bool
accept(Prompt *prompt)
{
    Tui *tui = prompt->tui;
    g_autofree char *text = g_strdup(prompt->text->str);
    Kind kind = prompt->kind;
    AskRequest ask = prompt->ask;
    g_autofree char *wrong = trouble(prompt);

    if (wrong)
        return true;
    if (kind == PROMPT_SEARCH)
        search_exactly(prompt);
    if (*text && takes_best(prompt)) {
        g_free(text);
        text = best_candidate(prompt);
    }
    tui->prompt = NULL;
    prompt_destroy(prompt);
    tui_dirty(tui);
    if (kind == PROMPT_ASK && *text == '\0')
        tui_end_use(tui, true);
    if (kind == PROMPT_SEARCH) {
        g_free(tui->last_query);
        tui->last_query = g_strdup(text);
    } else if (kind == PROMPT_COMMAND) {
        remember(tui, text);
        tui_run_command(tui, text, 0);
    } else if (kind == PROMPT_FIND && tui_top(tui)->class->act) {
        tui_top(tui)->class->act(tui_top(tui), "find", text);
    } else if (kind == PROMPT_ASK) {
        ask.answer(text, ask.user);
        tui_end_use(tui, false);
        explicit_bzero(text, strlen(text));
    }
    return false;
}

static bool
cancel(Prompt *prompt)
{
    Tui *tui = prompt->tui;
    Kind kind = prompt->kind;
    AskRequest ask = prompt->ask;

    tui->prompt = NULL;
    if (kind == PROMPT_SEARCH)
        tui_pop(tui);
    else if (kind == PROMPT_ASK)
        tui_end_use(tui, true);
    prompt_destroy(prompt);
    tui_dirty(tui);
    if (kind == PROMPT_ASK)
        ask.answer(NULL, ask.user);
    return false;
}

static bool
answer_key(Prompt *prompt, const char *key)
{
    if (strcmp(key, "Esc") == 0 || strcmp(key, "^C") == 0
        || strcmp(key, "^G") == 0)
        return cancel(prompt);
    if (strlen(key) == 1 && strchr(prompt->keys, *key)) {
        g_string_assign(prompt->text, key);
        return accept(prompt);
    }
    return true;
}

static bool
edit_key(Prompt *prompt, const char *key)
{
    if (strcmp(key, "Backspace") == 0 && prompt->cursor > 0)
        cut(prompt, before(prompt, prompt->cursor), prompt->cursor);
    else if (strcmp(key, "Del") == 0)
        cut(prompt, prompt->cursor, after(prompt, prompt->cursor));
    else if (strcmp(key, "^U") == 0)
        cut(prompt, 0, prompt->cursor);
    else if (strcmp(key, "^K") == 0)
        cut(prompt, prompt->cursor, prompt->text->len);
    else if (strcmp(key, "^W") == 0)
        cut(prompt, word_before(prompt), prompt->cursor);
    else if (strcmp(key, "Space") == 0)
        insert(prompt, " ");
    else if (g_utf8_strlen(key, -1) == 1)
        insert(prompt, key);
    else
        return false;
    return true;
}

static void
move_key(Prompt *prompt, const char *key)
{
    if (strcmp(key, "Left") == 0 || strcmp(key, "^B") == 0)
        prompt->cursor = before(prompt, prompt->cursor);
    else if (strcmp(key, "Right") == 0 || strcmp(key, "^F") == 0)
        prompt->cursor = after(prompt, prompt->cursor);
    else if (strcmp(key, "Home") == 0 || strcmp(key, "^A") == 0)
        prompt->cursor = 0;
    else if (strcmp(key, "End") == 0 || strcmp(key, "^E") == 0)
        prompt->cursor = prompt->text->len;
    else if (strcmp(key, "Alt-b") == 0)
        prompt->cursor = word_before(prompt);
    else if (strcmp(key, "Up") == 0 || strcmp(key, "^P") == 0)
        recall(prompt, 1);
    else if (strcmp(key, "Down") == 0 || strcmp(key, "^N") == 0)
        recall(prompt, -1);
    tui_dirty(prompt->tui);
}

bool
prompt_key(Prompt *prompt, const char *key)
{
    if (prompt->keys)
        return answer_key(prompt, key);
    if (strcmp(key, "Enter") == 0)
        return accept(prompt);
    if (strcmp(key, "Esc") == 0 || strcmp(key, "^C") == 0
        || strcmp(key, "^G") == 0
        || (strcmp(key, "Backspace") == 0 && prompt->text->len == 0))
        return cancel(prompt);
    if (strcmp(key, "Tab") == 0 && prompt->kind == PROMPT_SEARCH
        && prompt->candidates->len == 0)
        change_scope(prompt);
    else if (strcmp(key, "Tab") == 0)
        choose(prompt, 1);
    else if (strcmp(key, "S-Tab") == 0)
        choose(prompt, -1);
    else if (!edit_key(prompt, key))
        move_key(prompt, key);
    return true;
}

void
prompt_paste(Prompt *prompt, const char *text)
{
    g_autofree char *line = text_sanitise(text, -1, TEXT_LINE);

    if (prompt->keys == NULL)
        insert(prompt, line);
}

/* The columns of the candidates' texts, of those that are shown: each is seen
 * whole, as far as there is room for what is said of it. */
static int
texts_width(const Prompt *prompt, int first, int shown, int columns)
{
    int width = MIN(columns >= WIDE_HINT ? 24 : 19, columns / 3);

    for (int i = first; i < first + shown; i++) {
        const CmdCandidate *one = prompt->candidates->pdata[i];
        g_autofree char *text = draw_safe(one->text);

        width = MAX(width, text_width(text) + 2);
    }
    return MIN(width, columns * 2 / 3);
}

static void
draw_candidate(const CmdCandidate *one, Rect row, int left, Ground ground)
{
    g_autofree char *text = draw_safe(one->text);
    g_autofree char *help = draw_safe(one->help);

    if (*help == '\0' && one->key == NULL)
        left = row.columns;
    draw_cells(row.y, row.x, left, text, ROLE_ACCENT, ground);
    if (left == row.columns)
        return;
    draw_cells(row.y, row.x + left, row.columns - left - 8, help, ROLE_TEXT,
               ground);
    draw_right(row.y, row.x + row.columns - 8, 8, one->key ? one->key : "",
               ROLE_DIM, ground);
}

static void
draw_candidates(Prompt *prompt, Rect screen)
{
    guint n = prompt->candidates ? prompt->candidates->len : 0;
    int shown = MIN((int)n, MIN(SHOWN, screen.rows - 6));
    int first = MAX(0, prompt->chosen - shown + 1);
    int below = prompt_has_hints(prompt) ? 2 : 1; /* rows */
    Rect frame = { screen.y + screen.rows - 2 - below - shown, screen.x,
                   shown + 2, screen.columns };
    Rect inside;
    int left;

    if (shown <= 0 || screen.columns < 30)
        return;
    inside = draw_frame(frame, NULL);
    left = texts_width(prompt, first, shown, inside.columns);
    for (int i = 0; i < shown; i++)
        draw_candidate(prompt->candidates->pdata[first + i],
                       (Rect){ inside.y + i, inside.x, 1, inside.columns },
                       left,
                       first + i == prompt->chosen ? GROUND_SELECTED
                                                   : GROUND_POPUP);
}

/* Behind what is typed, as far as there is room. */
static void
draw_hint(const Prompt *prompt, int row, int x, int right)
{
    const char *enter = prompt->kind == PROMPT_COMMAND ? "run" : "ok";
    g_autofree char *wide = g_strdup_printf(
        "  Tab next   S-Tab previous   %s history   %s %s   Esc cancel",
        glyph("↑"), glyph("⏎"), enter);
    g_autofree char *narrow = g_strdup_printf(
        "  Tab next   %s %s   Esc cancel", glyph("⏎"), enter);
    const char *hint = right - x >= WIDE_HINT ? wide : narrow;

    if (right - x > text_width(hint))
        draw_cells(row, x + 1, right - x - 1, hint, ROLE_DIM, GROUND_NORMAL);
}

/* At the right, as far as the search leaves room. */
static void
draw_trouble(const Prompt *prompt, int row, int from, int to)
{
    g_autofree char *text = trouble(prompt);
    int width = text ? MIN(text_width(text), to - from) : 0;

    if (width > 0)
        draw_cells(row, to - width, width, text, ROLE_DIM, GROUND_NORMAL);
}

/* A search borrows the row above for its own keys. */
static void
draw_search_hint(const Prompt *prompt, Rect screen)
{
    const char *list = prompt->query ? "these results" : "this folder";
    const char *scope = prompt->here ? list : "all mail";
    const char *other = prompt->here ? "all mail" : list;
    g_autofree char *text =
        prompt->candidates->len > 0
            ? g_strdup_printf(" Tab next  S-Tab previous  %s keep  Esc back",
                              glyph("⏎"))
        : has_scope(prompt)
            ? g_strdup_printf(" Tab scope: %s (or %s)  %s keep  Esc back",
                              scope, other, glyph("⏎"))
            : g_strdup_printf(" in all mail  %s keep  Esc back", glyph("⏎"));

    draw_cells(screen.y + screen.rows - 2, screen.x, screen.columns, text,
               ROLE_DIM, GROUND_NORMAL);
}

void
prompt_view_gone(Tui *tui, const View *view)
{
    Prompt *prompt = tui->prompt;

    if (prompt == NULL || prompt->results != view)
        return;
    tui->prompt = NULL;
    prompt_destroy(prompt);
}

bool
prompt_has_hints(const Prompt *prompt)
{
    return prompt && prompt->kind == PROMPT_SEARCH;
}

void
prompt_draw(Prompt *prompt, Rect screen, int *y, int *x)
{
    int row = screen.y + screen.rows - 1;
    int label = text_width(prompt->label);
    g_autofree char *head = g_strndup(prompt->text->str, prompt->cursor);
    g_autofree char *shown = prompt->secret
        ? g_strnfill(g_utf8_strlen(prompt->text->str, -1), '*')
        : text_sanitise(prompt->text->str, -1, TEXT_LINE);
    int at = prompt->secret ? (int)g_utf8_strlen(head, -1)
                            : text_width(head);

    draw_candidates(prompt, screen);
    draw_cells(row, screen.x, label, prompt->label, ROLE_ACCENT,
               GROUND_NORMAL);
    draw_cells(row, screen.x + label, screen.columns - label, shown,
               ROLE_TEXT, GROUND_NORMAL);
    if (prompt_has_hints(prompt) && screen.rows > 2)
        draw_search_hint(prompt, screen);
    else if (!prompt->keys)
        draw_hint(prompt, row, screen.x + label + text_width(shown),
                  screen.x + screen.columns);
    draw_trouble(prompt, row, screen.x + label + text_width(shown) + 2,
                 screen.x + screen.columns - 1);
    *y = row;
    *x = MIN(screen.x + label + at, screen.x + screen.columns - 1);
}
