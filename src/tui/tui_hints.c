/* The row of hints: what can be pressed here, with the keys as they are bound
 * now. As many as fit, the most used first; "? keys" is always the last. */
#include "tui_private.h"

#include "base/text.h"

#include <string.h>

enum {
    MOST_HINTS = 12
};

/* "next-item|previous-item": the keys of both, as "J/K"; "prefix g": a key that
 * others follow. */
typedef struct {
    const char *command, *word;
} Hint;

static const struct {
    const char *name;
    Hint hints[MOST_HINTS];
} sets[] = {
    { "list",
      { { "enter", "open" },
        { "archive", "archive" },
        { "trash", "trash" },
        { "tag", "tag" },
        { "reply", "reply" },
        { "compose", "compose" },
        { "find", "search" },
        { "prefix g", "go to…" },
        { "undo", "undo" },
        { "display sidebar", "sidebar" } } },
    { "message",
      { { "reply", "reply" },
        { "reply-all", "reply all" },
        { "archive", "archive" },
        { "files", "files" },
        { "read-on", "next" },
        { "next-item|previous-item", "msg" },
        { "trash", "trash" },
        { "tag", "tag" },
        { "prefix y", "copy…" },
        { "archive --thread", "archive thread" },
        { "close", "back" } } },
    { "locked",
      { { "junk", "junk" },
        { "trash", "trash" },
        { "details", "why" },
        { "display unlocked", "unlock" },
        { "display headers", "headers" },
        { "close", "back" } } },
    { "lines",
      { { "next|previous", "more, fewer" },
        { "reply", "quote them" },
        { "reply-all", "to all" },
        { "clip text", "copy" },
        { "cancel", "end" } } },
    { "thread",
      { { "next-item|previous-item", "msg" },
        { "reply", "reply" },
        { "reply-all", "all" },
        { "archive", "archive" },
        { "archive --thread", "thread" },
        { "next-unread", "next unread" },
        { "files", "files" },
        { "close", "back" } } },
    { "review",
      { { "draft-send", "send" },
        { "draft-edit", "edit" },
        { "close", "keep draft" },
        { "draft-attach", "attach" },
        { "draft-discard", "discard" } } },
    { "activity",
      { { "sync", "sync now" },
        { "offline", "offline on/off" },
        { "close", "back" } } },
    { "outbox",
      { { "enter", "show" },
        { "remove", "cancel" },
        { "retry", "send now" },
        { "close", "back" } } },
    { "contacts",
      { { "enter", "mail with them" },
        { "write-to", "write" },
        { "narrow", "a name" },
        { "copy-address", "copy" },
        { "close", "back" } } },
    { "text", { { "close", "back" } } },
    { "sender",
      { { "verify-again", "verify again" },
        { "junk", "junk" },
        { "trash", "trash" },
        { "close", "back" } } },
};

static const Hint *
hints_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
        if (strcmp(sets[i].name, name) == 0)
            return sets[i].hints;
    return hints_of("text");
}

static const char *
shown_key(const char *sequence)
{
    if (strcmp(sequence, "Enter") == 0)
        return glyph("⏎");
    return strcmp(sequence, "Space") == 0 ? glyph("␣") : sequence;
}

/* "J/K" for both commands of a hint; NULL when one is not bound. g_free(). */
static char *
keys_of(Tui *tui, const char *context, const char *command)
{
    g_auto(GStrv) commands = g_strsplit(command, "|", 2);
    g_autoptr(GString) text = g_string_new(NULL);
    KeyBinding unused;

    if (g_str_has_prefix(command, "prefix "))
        return keys_match(session_keys(tui->session), context, command + 7,
                          &unused)
                       == KEYS_PREFIX
                   ? g_strdup(command + 7)
                   : NULL;
    for (char **one = commands; *one; one++) {
        const char *sequence =
            keys_for(session_keys(tui->session), context, *one);

        if (sequence == NULL)
            return NULL;
        g_string_append_printf(text, "%s%s", text->len ? "/" : "",
                               shown_key(sequence));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
hints_text(Tui *tui, const char *set, const char *context, int columns)
{
    g_autoptr(GString) text = g_string_new(" ");
    g_autofree char *help = keys_of(tui, context, "keys");
    g_autofree char *last =
        help ? g_strdup_printf("%s keys", help) : g_strdup("");
    int used = 1 + text_width(last);

    for (const Hint *hint = hints_of(set); hint->command; hint++) {
        g_autofree char *keys = keys_of(tui, context, hint->command);
        g_autofree char *one =
            keys ? g_strdup_printf("%s %s  ", keys, hint->word) : NULL;

        if (one == NULL || used + text_width(one) > columns)
            continue;
        used += text_width(one);
        g_string_append(text, one);
    }
    g_string_append(text, last);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
