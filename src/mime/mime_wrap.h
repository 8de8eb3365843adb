/* From text of a part to lines of the screen. Private. */
#ifndef MIME_WRAP_H
#define MIME_WRAP_H

#include <glib.h>
#include <stdbool.h>

#include "mime/mime.h"

/* A line of text as its sender meant it, before it is wrapped. */
typedef struct {
    MimeLineKind kind;
    int quote_depth;
    guint image; /* of MIME_LINE_IMAGE */
    bool hard;   /* wrapped at the column, not at blanks: diffs, <pre> */
    char *text;  /* UTF-8, raw, without quote marks and line end */
    char *first; /* prefix of the first line, e.g. a bullet; or NULL */
    char *rest;  /* prefix of the others; or NULL */
    GPtrArray *marks; /* as MimeLine has them */
    guint whole;      /* the same */
} MimeLogical;

GPtrArray *mime_logical_list(void);
MimeLogical *
mime_logical_add(GPtrArray *list, MimeLineKind kind, int depth, char *text);

/* Notes the mark text; before: what stands between the mark before and it. */
void mime_mark_add(GPtrArray **marks, const char *before, const char *text);

/* text/plain to MimeLogical: quotes, signature, diffs, format=flowed. */
void
mime_flow_decode(const char *text, bool flowed, bool delsp, GPtrArray *out);

/* Text of a draft as format=flowed: long lines broken at soft breaks. */
char *mime_flow_encode(const char *text);

/* Sanitises and wraps each logical line to width columns into MimeLine. */
void mime_wrap(const GPtrArray *logical, int width, GPtrArray *lines);

/* A note of ours as a line. text is cut at width. */
void mime_add_note(GPtrArray *lines, int width, const char *text);

/* Folds runs of quoted lines into a note each. */
GPtrArray *mime_fold_quotes(GPtrArray *lines);

#endif
