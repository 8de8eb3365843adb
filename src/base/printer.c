/* Where a command's output goes. */
#include "base/printer.h"

#include "base/file.h"

#include <string.h>

struct Printer {
    PrinterWrite write;
    void *user;
    int fd; /* of printer_create_fd(); else -1 */
};

Printer *
printer_create(PrinterWrite write, void *user)
{
    Printer *printer = g_new0(Printer, 1);

    printer->write = write;
    printer->user = user;
    printer->fd = -1;
    return printer;
}

Printer *
printer_create_fd(int fd)
{
    Printer *printer = printer_create(NULL, NULL);

    printer->fd = fd;
    return printer;
}

void
printer_destroy(Printer *printer)
{
    g_free(printer);
}

void
printer_bytes(Printer *printer, const void *bytes, gsize size)
{
    if (printer->write)
        printer->write(bytes, size, printer->user);
    else if (printer->fd >= 0
             && !file_write_all(printer->fd, bytes, size, "output", NULL))
        printer->fd = -1; /* nobody reads any more */
}

void
printer_line(Printer *printer, const char *format, ...)
{
    g_autoptr(GString) line = g_string_new(NULL);
    va_list args;

    va_start(args, format);
    g_string_vprintf(line, format, args);
    va_end(args);
    g_string_append_c(line, '\n');
    printer_bytes(printer, line->str, line->len);
}

void
printer_json(Printer *printer, JsonNode *node)
{
    g_autofree char *text = json_to_string(node, TRUE);

    printer_line(printer, "%s", text);
    json_node_unref(node);
}
