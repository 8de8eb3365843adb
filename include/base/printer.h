/* Where a command's output goes: standard output, the control socket, or a
 * string for the screen. Text for people is written by lines; with --json one
 * document is written at the end. Main thread. */
#ifndef BASE_PRINTER_H
#define BASE_PRINTER_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct Printer Printer;

typedef void (*PrinterWrite)(const char *bytes, gsize size, void *user);

Printer *printer_create(PrinterWrite write, void *user);

/* Writes to a descriptor, which is borrowed; a closed pipe ends it silently. */
Printer *printer_create_fd(int fd);
void printer_destroy(Printer *printer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Printer, printer_destroy)

/* One line of text, a newline added. Values from outside must have passed
 * text_sanitise(). */
void printer_line(Printer *printer, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Bytes as they are (`show --raw`). */
void printer_bytes(Printer *printer, const void *bytes, gsize size);

/* The document of a --json run, pretty-printed, newline behind. Takes node. */
void printer_json(Printer *printer, JsonNode *node);

#endif
