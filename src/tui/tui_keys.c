/* From keys to commands: prompt, popup, or the key tables with prefixes and
 * counts. Every key has its turn, in order. */
#include "tui_private.h"

#include "base/text.h"

#include <string.h>

enum { WHICH_MS = 300, LARGEST_COUNT = 99999 };

static gboolean
show_which(void *data)
{
    Tui *tui = data;

    tui->which_timer = 0;
    tui_set_popup(tui, which_popup(tui, tui->pressed->str));
    return G_SOURCE_REMOVE;
}

static void
forget_pressed(Tui *tui)
{
    g_clear_handle_id(&tui->which_timer, g_source_remove);
    if (tui->popup && tui->pressed->len > 0)
        tui_set_popup(tui, NULL);
    g_string_truncate(tui->pressed, 0);
    tui_dirty(tui);
}

static bool
is_digit(const Tui *tui, const char *key)
{
    return tui->pressed->len == 0 && key[1] == '\0'
        && (g_ascii_isdigit(*key) && (*key != '0' || tui->count > 0));
}

static void
unknown(Tui *tui, const char *key)
{
    g_autofree char *text = g_strdup_printf(
        "%s%s%s is not used here %s ? keys", tui->pressed->str,
        tui->pressed->len ? " " : "", key, glyph("·"));

    tui_tell(tui, TELL_INFO, false, text);
}

/* Enter and its like act on what the view shows; a count is theirs. */
static void
run_bound(Tui *tui, const char *command)
{
    g_autofree char *copy = g_strdup(command);
    int count = tui->count;

    forget_pressed(tui);
    tui_run_command(tui, copy, count);
    tui->count = 0;
}

static void
bound_key(Tui *tui, const char *key)
{
    g_autofree char *sequence = tui->pressed->len
        ? g_strdup_printf("%s %s", tui->pressed->str, key) : g_strdup(key);
    KeyBinding binding;

    switch (keys_match(session_keys(tui->session), tui_context(tui), sequence,
                       &binding)) {
    case KEYS_FOUND:
        run_bound(tui, binding.command);
        break;
    case KEYS_PREFIX:
        g_string_assign(tui->pressed, sequence);
        if (tui->popup)
            show_which(tui);
        else if (tui->which_timer == 0)
            tui->which_timer = g_timeout_add(WHICH_MS, show_which, tui);
        tui_dirty(tui);
        break;
    case KEYS_NONE:
        unknown(tui, key);
        forget_pressed(tui);
        tui->count = 0;
        break;
    }
}

/* A popup goes with Esc and q unless it has something to cancel; other keys are
 * its own, or those of what is below. */
static bool
popup_key(Tui *tui, const char *key)
{
    if (tui->popup == NULL || tui->pressed->len > 0)
        return false;
    if (strcmp(key, "Esc") == 0
        || (strcmp(key, "q") == 0 && !tui->popup->class->typed)
        || strcmp(key, "^C") == 0 || strcmp(key, "^G") == 0) {
        if (tui->popup->class->act == NULL
            || !tui->popup->class->act(tui->popup, "cancel", key))
            tui_set_popup(tui, NULL);
        return true;
    }
    return tui->popup->class->act
        && tui->popup->class->act(tui->popup, "key", key);
}

void
tui_key(Tui *tui, const char *key)
{
    if (tui->prompt) {
        prompt_key(tui->prompt, key);
        return;
    }
    if (tui->told && strcmp(key, "q") != 0) {
        g_clear_pointer(&tui->told, g_free);
        tui_dirty(tui);
    }
    if (strcmp(key, "q") != 0)
        tui->quit_asked = false;
    if (popup_key(tui, key))
        return;
    if (strcmp(key, "Esc") == 0 && (tui->pressed->len || tui->count)) {
        forget_pressed(tui);
        tui->count = 0;
        return;
    }
    if (is_digit(tui, key)) {
        tui->count = MIN(tui->count * 10 + *key - '0', LARGEST_COUNT);
        tui_dirty(tui);
        return;
    }
    bound_key(tui, key);
}

void
tui_paste(Tui *tui, const char *text)
{
    if (tui->prompt)
        prompt_paste(tui->prompt, text);
    else
        tui_tell(tui, TELL_INFO, false,
                 "Pasted text is not a command. Open a field first: / or :");
}
