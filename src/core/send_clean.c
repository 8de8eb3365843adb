/* One pass over the bytes of a message. A line of the header is held back until
 * it is known which field it begins; nothing else is looked at. Must not change
 * what it need not. */
#include "send_clean.h"

#include "base/err.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE_BYTES = 65536,
    NAME_BYTES = 16, /* of a line, to know its field */
};

typedef struct {
    int fd;          /* -1: into memory alone */
    GByteArray *out; /* not written yet */
    GString *line;   /* beginning of a header line */
    bool in_header;
    bool first;    /* no line has ended */
    bool decided;  /* the line is no longer held back */
    bool dropping; /* the field does not leave */
    bool any;      /* the line has bytes */
    bool after_cr;
} Cleaner;

static void
cleaner_init(Cleaner *c, const char *top, int fd)
{
    *c = (Cleaner){ .fd = fd, .in_header = true, .first = true };
    c->out = g_byte_array_sized_new(PIECE_BYTES * 2);
    c->line = g_string_new(NULL);
    g_byte_array_append(c->out, (const guint8 *)top, (guint)strlen(top));
}

static void
cleaner_clear(Cleaner *c)
{
    if (c->out)
        g_byte_array_unref(c->out);
    if (c->line)
        g_string_free(c->line, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Cleaner, cleaner_clear)

/* Also as an older rule writes it, with blanks before the colon (RFC 5322,
 * 4.5). */
static bool
is_field(const GString *line, const char *name)
{
    gsize length = strlen(name);

    return line->len > length
           && g_ascii_strncasecmp(line->str, name, length) == 0
           && (line->str[length] == ':' || line->str[length] == ' '
               || line->str[length] == '\t');
}

static void
decide(Cleaner *c)
{
    const GString *line = c->line;

    c->decided = true;
    if (line->len == 0)
        return;
    if (line->str[0] != ' ' && line->str[0] != '\t')
        c->dropping = is_field(line, "Bcc") || is_field(line, "Resent-Bcc")
                      || (c->first && g_str_has_prefix(line->str, "From "));
    if (!c->dropping)
        g_byte_array_append(c->out, (const guint8 *)line->str,
                            (guint)line->len);
}

static void
end_line(Cleaner *c)
{
    if (c->in_header && !c->decided)
        decide(c);
    if (!c->any) {
        c->in_header = false;
        c->dropping = false;
    }
    if (!c->dropping)
        g_byte_array_append(c->out, (const guint8 *)"\r\n", 2);
    c->first = false;
    c->decided = false;
    c->any = false;
    g_string_truncate(c->line, 0);
}

static void
hold(Cleaner *c, char byte)
{
    g_string_append_c(c->line, byte);
    if (c->line->len == NAME_BYTES)
        decide(c);
}

static void
take(Cleaner *c, char byte)
{
    bool second = byte == '\n' && c->after_cr;

    c->after_cr = byte == '\r';
    if (second)
        return;
    if (byte == '\r' || byte == '\n') {
        end_line(c);
        return;
    }
    c->any = true;
    if (c->in_header && !c->decided)
        hold(c, byte);
    else if (!c->dropping)
        g_byte_array_append(c->out, (const guint8 *)&byte, 1);
}

static bool
flush(Cleaner *c, GError **error)
{
    if (c->fd < 0)
        return true;
    if (!file_write_all(c->fd, c->out->data, c->out->len, "the outbox", error))
        return false;
    g_byte_array_set_size(c->out, 0);
    return true;
}

static bool
take_piece(Cleaner *c, const char *bytes, gsize size, GError **error)
{
    for (gsize i = 0; i < size; i++)
        take(c, bytes[i]);
    return c->out->len < PIECE_BYTES || flush(c, error);
}

/* The last line has an end. */
static bool
finish(Cleaner *c, GError **error)
{
    if (c->any)
        end_line(c);
    return flush(c, error);
}

static bool
take_file(Cleaner *c, const char *path, GError **error)
{
    g_autofree char *piece = g_malloc(PIECE_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0;
    gssize got = 0;

    while (ok && (got = read(fd, piece, PIECE_BYTES)) != 0)
        ok = got > 0 ? take_piece(c, piece, (gsize)got, error) : errno == EINTR;
    if (fd < 0 || got < 0)
        err_set_errno(error, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    return ok && finish(c, error);
}

bool
send_clean_file(const char *top, const char *path, int fd, GError **error)
{
    g_auto(Cleaner) c = { 0 };

    cleaner_init(&c, top, fd);
    return take_file(&c, path, error);
}

bool
send_clean_text(const char *top, const char *text, int fd, GError **error)
{
    g_auto(Cleaner) c = { 0 };

    cleaner_init(&c, top, fd);
    return take_piece(&c, text, strlen(text), error) && finish(&c, error);
}

char *
send_clean_read(const char *path, gsize limit, gsize *size)
{
    g_autofree char *bytes = file_read(path, limit, size, NULL);
    g_auto(Cleaner) c = { 0 };

    if (bytes == NULL)
        return NULL;
    cleaner_init(&c, "", -1);
    take_piece(&c, bytes, *size, NULL);
    finish(&c, NULL);
    *size = c.out->len;
    g_byte_array_append(c.out, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&c.out), FALSE);
}

static bool
is_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

bool
send_clean_header_ends(const char *bytes, gsize from, gsize size)
{
    for (gsize i = from; i < size; i++) {
        gsize next = i + 1;

        if (!is_end(bytes[i]))
            continue;
        if (bytes[i] == '\r' && next < size && bytes[next] == '\n')
            next++;
        if (i == 0 || (next < size && is_end(bytes[next])))
            return true;
        i = next - 1;
    }
    return false;
}
