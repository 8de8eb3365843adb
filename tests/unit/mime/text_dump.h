/* Rendered text as one string that a table can hold: a letter for the kind of
 * each line, its text, "|". */
#ifndef TEST_TEXT_DUMP_H
#define TEST_TEXT_DUMP_H

#include <string.h>

#include "mime/mime.h"

static inline char *
text_dump(const MimeText *text)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < text->lines->len; i++) {
        const MimeLine *line = g_ptr_array_index(text->lines, i);

        g_string_append_printf(out, "%c%s|", "TQS+-@NLHI"[line->kind],
                               line -> text);
    }
    return g_string_free(out, FALSE);
}

#endif
