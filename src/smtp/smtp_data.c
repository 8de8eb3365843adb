/* The bytes of a message on their way (RFC 5321, 4.5.2: transparency; 2.3.8:
 * lines). A bare CR or LF never reaches the server: either could end a message
 * there and begin another. */
#include "smtp_private.h"

#include "base/err.h"

#include <errno.h>
#include <unistd.h>

enum {
    BLOCK = 65536,
    TEXT_LINE_BYTES = 998, /* RFC 5321, 4.5.3.1.6, without CRLF */
};

/* Reads from offset on; 0 at the end, -1 with *error. */
static gssize
read_block(int fd, guint8 *block, goffset offset, GError **error)
{
    gssize got;

    do
        got = pread(fd, block, BLOCK, offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        err_set_errno(error, errno, "the queued message");
    return got;
}

typedef struct {
    SmtpContent *content;
    bool in_header;
    bool after_cr;
    gsize line; /* octets of the line so far */
} Scan;

static void
scan_line_end(Scan *scan)
{
    if (scan->line == 0)
        scan->in_header = false;
    scan->content->binary |= scan->line > TEXT_LINE_BYTES;
    scan->content->size += 2;
    scan->line = 0;
}

static void
scan_byte(Scan *scan, guint8 byte)
{
    bool ends_cr = byte == '\n' && scan->after_cr;

    scan->after_cr = byte == '\r';
    if (ends_cr)
        return;
    if (byte == '\r' || byte == '\n') {
        scan_line_end(scan);
        return;
    }
    scan->content->binary |= byte == '\0';
    if (byte >= 0x80 && scan->in_header)
        scan->content->header_8bit = true;
    else if (byte >= 0x80)
        scan->content->body_8bit = true;
    scan->content->size++;
    scan->line++;
}

bool
smtp_data_scan(int fd, SmtpContent *content, GError **error)
{
    g_autofree guint8 *block = g_malloc(BLOCK);
    Scan scan = { .content = content, .in_header = true };
    goffset offset = 0;
    gssize got;

    *content = (SmtpContent){ 0 };
    while ((got = read_block(fd, block, offset, error)) > 0) {
        for (gssize i = 0; i < got; i++)
            scan_byte(&scan, block[i]);
        offset += got;
    }
    if (scan.line > 0)
        scan_line_end(&scan);
    return got == 0;
}

bool
smtp_has_8bit(int fd, bool *has, GError **error)
{
    SmtpContent content;
    bool ok = smtp_data_scan(fd, &content, error);

    *has = content.body_8bit;
    return ok;
}

typedef struct {
    GByteArray *out;
    bool dots;     /* one more before a line that begins with one */
    bool at_start; /* of a line */
    bool after_cr;
} Wire;

static void
wire_line_end(Wire *wire)
{
    g_byte_array_append(wire->out, (const guint8 *)"\r\n", 2);
    wire->at_start = true;
}

static void
wire_byte(Wire *wire, guint8 byte)
{
    if (byte == '\n' && wire->after_cr) {
        wire->after_cr = false;
        return; /* CRLF: the CR ended the line */
    }
    wire->after_cr = byte == '\r';
    if (byte == '\r' || byte == '\n') {
        wire_line_end(wire);
        return;
    }
    if (byte == '.' && wire->at_start && wire->dots)
        g_byte_array_append(wire->out, &byte, 1);
    g_byte_array_append(wire->out, &byte, 1);
    wire->at_start = false;
}

static bool
write_lines(NetStream *stream, int fd, bool dots, GError **error)
{
    g_autofree guint8 *block = g_malloc(BLOCK);
    g_autoptr(GByteArray) out = g_byte_array_sized_new(BLOCK + 1024);
    Wire wire = { .out = out, .dots = dots, .at_start = true };
    goffset offset = 0;
    gssize got;

    while ((got = read_block(fd, block, offset, error)) > 0) {
        g_byte_array_set_size(out, 0);
        for (gssize i = 0; i < got; i++)
            wire_byte(&wire, block[i]);
        if (!net_write(stream, out->data, out->len, error))
            return false;
        offset += got;
    }
    if (got < 0)
        return false;
    return wire.at_start || net_write(stream, "\r\n", 2, error);
}

bool
smtp_data_write(NetStream *stream, int fd, GError **error)
{
    return write_lines(stream, fd, true, error);
}

bool
smtp_data_write_raw(NetStream *stream, int fd, GError **error)
{
    return write_lines(stream, fd, false, error);
}
