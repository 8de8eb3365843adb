/* The grammar of the command language: text to commands, commands to words.
 *
 *   text    = *( blank / command / ";" / newline / comment )
 *   command = word *( 1*blank word )
 *   word    = 1*( bare / quoted / literal ) / block
 *   quoted  = '"' *( char / "\" char / variable ) '"'
 *   literal = "'" *char "'"
 *   block   = "{" text "}"            kept as written
 *   variable = "$" name / "${" name "}"
 *   comment = "#" *char newline       where a word could begin
 *
 * Pure functions; any thread. */
#ifndef CMD_PARSE_H
#define CMD_PARSE_H

#include "base/event.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *text;
    bool is_block; /* text is what stands between the braces */
    bool is_quoted;
    guint line;   /* 1… */
    guint column; /* 1…, in characters */
} CmdWord;

/* One command: an array of CmdWord, never empty. */
typedef GPtrArray CmdWords;

/* Reads a text. file (may be NULL) and line (of its first line) are for
 * errors: "FILE:LINE:COLUMN: a quote is open". event gives the values of
 * variables: an unknown field is empty; without an event a variable stays as
 * it is written. Array of CmdWords, free with g_ptr_array_unref(). */
GPtrArray *cmd_parse(const char *text, const char *file, guint line,
                     const Event *event, GError **error);

/* A word as it must be written to be read back as itself. g_free(). */
char *cmd_quote(const char *word);

#endif
