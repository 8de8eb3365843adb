/* Text to commands. Must not know a command by name. */
#include "cmd/parse.h"

#include "base/err.h"

#include <string.h>

enum {
    MAX_DEPTH = 32,
    MAX_WORDS = 10000
};

typedef struct {
    const char *at;
    const char *file;
    const Event *event;
    guint line, column;
    GError *error; /* the first that happened; then nothing is read */
} Reader;

static void
word_free(void *data)
{
    CmdWord *word = data;

    g_free(word->text);
    g_free(word);
}

static void
fail(Reader *reader, guint line, guint column, const char *what)
{
    if (reader->error == NULL)
        err_set(&reader->error, ERR_USAGE, "%s:%u:%u: %s",
                reader->file ? reader->file : "command", line, column, what);
}

static void
advance(Reader *reader)
{
    if (*reader->at == '\n') {
        reader->line++;
        reader->column = 1;
    } else if (((guchar)*reader->at & 0xc0) != 0x80) {
        reader->column++;
    }
    reader->at++;
}

static bool
is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

/* "$name" or "${name}" at the reader; its value is appended. */
static void
read_variable(Reader *reader, GString *into)
{
    const char *begin = reader->at + 1;
    bool braces = *begin == '{';
    const char *end;
    g_autofree char *name = NULL;
    const char *value;

    begin += braces;
    for (end = begin; is_name_char(*end); end++)
        ;
    if (end == begin || (braces && *end != '}') || reader->event == NULL) {
        g_string_append_c(into, *reader->at);
        advance(reader);
        return;
    }
    name = g_strndup(begin, (gsize)(end - begin));
    value = event_get(reader->event, name);
    if (value)
        g_string_append(into, value);
    end += braces;
    while (reader->at < end)
        advance(reader);
}

/* "\n", "\t", else the character itself. */
static void
read_escape(Reader *reader, GString *into)
{
    advance(reader);
    if (*reader->at == '\0')
        return;
    if (*reader->at == 'n')
        g_string_append_c(into, '\n');
    else if (*reader->at == 't')
        g_string_append_c(into, '\t');
    else
        g_string_append_c(into, *reader->at);
    advance(reader);
}

static void
read_quoted(Reader *reader, GString *into)
{
    guint line = reader->line, column = reader->column;
    char quote = *reader->at;

    advance(reader);
    while (*reader->at && *reader->at != quote) {
        if (quote == '"' && *reader->at == '\\') {
            read_escape(reader, into);
        } else if (quote == '"' && *reader->at == '$') {
            read_variable(reader, into);
        } else {
            g_string_append_c(into, *reader->at);
            advance(reader);
        }
    }
    if (*reader->at == '\0')
        fail(reader, line, column, "a quote is open");
    else
        advance(reader);
}

static bool
ends_word(char c)
{
    return c == '\0' || g_ascii_isspace(c) || c == ';';
}

static void
read_bare(Reader *reader, GString *into, bool *quoted)
{
    while (!ends_word(*reader->at) && reader->error == NULL) {
        if (*reader->at == '"' || *reader->at == '\'') {
            *quoted = true;
            read_quoted(reader, into);
        } else if (*reader->at == '\\') {
            *quoted = true;
            read_escape(reader, into);
        } else if (*reader->at == '$') {
            read_variable(reader, into);
        } else {
            g_string_append_c(into, *reader->at);
            advance(reader);
        }
    }
}

static void
skip_comment(Reader *reader)
{
    while (*reader->at && *reader->at != '\n')
        advance(reader);
}

/* Passes over a quoted part inside a block. */
static void
skip_quoted(Reader *reader)
{
    guint line = reader->line, column = reader->column;
    char quote = *reader->at;

    advance(reader);
    while (*reader->at && *reader->at != quote) {
        if (*reader->at == '\\' && quote == '"' && reader->at[1])
            advance(reader);
        advance(reader);
    }
    if (*reader->at == '\0')
        fail(reader, line, column, "a quote is open");
    else
        advance(reader);
}

/* One step inside a block. Returns the depth after it. */
static int
block_step(Reader *reader, int depth)
{
    char c = *reader->at;
    bool begins = g_ascii_isspace(reader->at[-1]) || reader->at[-1] == ';'
                  || reader->at[-1] == '{';

    if (c == '"' || c == '\'') {
        skip_quoted(reader);
        return depth;
    }
    if (c == '#' && begins) {
        skip_comment(reader);
        return depth;
    }
    if (c == '{')
        depth++;
    else if (c == '}')
        depth--;
    if (depth > 0)
        advance(reader);
    return depth;
}

static CmdWord *
read_block(Reader *reader, CmdWord *word)
{
    guint line = reader->line, column = reader->column;
    const char *begin;
    int depth = 1;

    advance(reader);
    begin = reader->at;
    word->line = reader->line;
    while (*reader->at && depth > 0 && reader->error == NULL) {
        depth = block_step(reader, depth);
        if (depth > MAX_DEPTH)
            fail(reader, line, column, "blocks nest too deep");
    }
    if (*reader->at == '\0' && depth > 0) {
        fail(reader, line, column, "a block is open: } is missing");
        return word;
    }
    word->is_block = true;
    word->text = g_strndup(begin, (gsize)(reader->at - begin));
    if (*reader->at)
        advance(reader);
    return word;
}

static CmdWord *
read_word(Reader *reader)
{
    CmdWord *word = g_new0(CmdWord, 1);
    GString *text;

    word->line = reader->line;
    word->column = reader->column;
    if (*reader->at == '{')
        return read_block(reader, word);
    text = g_string_new(NULL);
    read_bare(reader, text, &word->is_quoted);
    word->text = g_string_free(text, FALSE);
    return word;
}

/* Blanks, and a backslash that continues the line. */
static void
skip_blanks(Reader *reader)
{
    for (;;) {
        if (g_ascii_isspace(*reader->at) && *reader->at != '\n')
            advance(reader);
        else if (*reader->at == '\\' && reader->at[1] == '\n') {
            advance(reader);
            advance(reader);
        } else
            return;
    }
}

/* The words up to the end of the command, which is passed. */
static CmdWords *
read_command(Reader *reader)
{
    CmdWords *words = g_ptr_array_new_with_free_func(word_free);

    for (;;) {
        skip_blanks(reader);
        if (*reader->at == '#')
            skip_comment(reader);
        if (ends_word(*reader->at) || reader->error)
            break;
        g_ptr_array_add(words, read_word(reader));
        if (words->len > MAX_WORDS)
            fail(reader, reader->line, reader->column, "too many words");
    }
    if (*reader->at)
        advance(reader);
    return words;
}

GPtrArray *
cmd_parse(const char *text, const char *file, guint line, const Event *event,
          GError **error)
{
    Reader reader = { .at = text,
                      .file = file,
                      .event = event,
                      .line = line ? line : 1,
                      .column = 1 };
    g_autoptr(GPtrArray) commands =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);

    while (*reader.at && reader.error == NULL) {
        CmdWords *words = read_command(&reader);

        if (words->len > 0)
            g_ptr_array_add(commands, words);
        else
            g_ptr_array_unref(words);
    }
    if (reader.error) {
        g_propagate_error(error, reader.error);
        return NULL;
    }
    return g_steal_pointer(&commands);
}

char *
cmd_quote(const char *word)
{
    GString *text;

    if (*word && strpbrk(word, " \t\r\f\n;\"'\\$#{}") == NULL)
        return g_strdup(word);
    text = g_string_new("\"");
    for (; *word; word++) {
        if (*word == '\n') {
            g_string_append(text, "\\n");
            continue;
        }
        if (strchr("\"\\$", *word))
            g_string_append_c(text, '\\');
        g_string_append_c(text, *word);
    }
    g_string_append_c(text, '"');
    return g_string_free(text, FALSE);
}
