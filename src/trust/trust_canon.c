/* Canonicalization of fields and of the body, the latter in pieces of any size
 * and in constant memory. LF alone counts as CRLF; CR alone is a character. */
#include "trust_canon.h"

#include <string.h>

enum {
    BUFFER = 8192
};

static bool
is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

/* The raw field with CRLF line ends. */
static void
field_simple(GString *out, const char *raw, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        if (raw[i] == '\n' && (i == 0 || raw[i - 1] != '\r'))
            g_string_append_c(out, '\r');
        g_string_append_c(out, raw[i]);
    }
}

/* Folds gone, runs of blanks one blank, none at either end. */
static void
value_relaxed(GString *out, const char *value, gsize size)
{
    bool blank = false;
    bool begun = false;

    for (gsize i = 0; i < size; i++) {
        if (is_wsp(value[i])) {
            blank = true;
        } else if (value[i] != '\n'
                   && !(value[i] == '\r' && i + 1 < size
                        && value[i + 1] == '\n')) {
            if (blank && begun)
                g_string_append_c(out, ' ');
            g_string_append_c(out, value[i]);
            blank = false;
            begun = true;
        }
    }
}

static void
name_relaxed(GString *out, const TrustField *field)
{
    for (gsize i = 0; i < field->name_size; i++)
        g_string_append_c(out, g_ascii_tolower(field->name[i]));
    g_string_append_c(out, ':');
}

void
trust_canon_field(GString *out, const TrustField *field, bool relaxed)
{
    if (relaxed) {
        name_relaxed(out, field);
        value_relaxed(out, field->value, field->value_size);
        g_string_append(out, "\r\n");
        return;
    }
    field_simple(out, field->raw, field->raw_size);
    if (field->raw_size == 0 || field->raw[field->raw_size - 1] != '\n')
        g_string_append(out, "\r\n");
}

static bool
is_fws(char c)
{
    return is_wsp(c) || c == '\r' || c == '\n';
}

/* Where the value of the tag b= lies, blanks around it included. */
static void
find_signature(const TrustField *field, gsize *from, gsize *to)
{
    const char *value = field->value;
    gsize at = 0;

    *from = *to = field->value_size;
    while (at < field->value_size) {
        const char *semicolon = memchr(value + at, ';', field->value_size - at);
        gsize end = semicolon ? (gsize)(semicolon - value) : field->value_size;
        gsize name = at;
        gsize equals;

        while (name < end && is_fws(value[name]))
            name++;
        equals = name + 1;
        while (equals < end && is_fws(value[equals]))
            equals++;
        if (name < end && value[name] == 'b' && equals < end
            && value[equals] == '=') {
            *from = equals + 1;
            *to = end;
            return;
        }
        at = end + 1;
    }
}

void
trust_canon_signature(GString *out, const TrustField *field, bool relaxed)
{
    g_autoptr(GString) left = g_string_new(NULL);
    gsize from, to;

    find_signature(field, &from, &to);
    g_string_append_len(left, field->value, (gssize)from);
    g_string_append_len(left, field->value + to,
                        (gssize)(field->value_size - to));
    if (relaxed) {
        name_relaxed(out, field);
        value_relaxed(out, left->str, left->len);
        return;
    }
    field_simple(out, field->raw, (gsize)(field->value - field->raw));
    field_simple(out, left->str, left->len);
}

/* Lines are passed on as they come; what may turn out to be the end (empty
 * lines, blanks, a CR) is only counted until something follows. */
struct TrustCanon {
    bool relaxed;
    void (*out)(const char *bytes, gsize size, void *user);
    void *user;
    guint64 empty; /* empty lines held back */
    bool in_line;  /* the line has something */
    bool blank;    /* relaxed: blanks held back */
    bool cr;       /* a CR held back */
    bool any;      /* something was passed on */
    gsize used;
    char buffer[BUFFER];
};

TrustCanon *
trust_canon_create(bool relaxed,
                   void (*out)(const char *bytes, gsize size, void *user),
                   void *user)
{
    TrustCanon *canon = g_new0(TrustCanon, 1);

    canon->relaxed = relaxed;
    canon->out = out;
    canon->user = user;
    return canon;
}

static void
flush(TrustCanon *canon)
{
    if (canon->used > 0)
        canon->out(canon->buffer, canon->used, canon->user);
    canon->used = 0;
}

static void
emit(TrustCanon *canon, const char *bytes, gsize size)
{
    canon->any = true;
    if (canon->used + size > BUFFER)
        flush(canon);
    if (size > BUFFER) {
        canon->out(bytes, size, canon->user);
        return;
    }
    memcpy(canon->buffer + canon->used, bytes, size);
    canon->used += size;
}

/* Something of a line that is not its end. */
static void
content(TrustCanon *canon, const char *bytes, gsize size)
{
    for (; canon->empty > 0; canon->empty--)
        emit(canon, "\r\n", 2);
    if (canon->blank)
        emit(canon, " ", 1);
    canon->blank = false;
    canon->in_line = true;
    emit(canon, bytes, size);
}

static void
line_end(TrustCanon *canon)
{
    canon->blank = false;
    if (canon->in_line)
        emit(canon, "\r\n", 2);
    else
        canon->empty++;
    canon->in_line = false;
}

/* Octets from at on that mean only themselves. */
static gsize
plain_run(const TrustCanon *canon, const char *bytes, gsize size)
{
    gsize n = 0;

    if (canon->relaxed)
        while (n < size && bytes[n] != '\n' && bytes[n] != '\r'
               && bytes[n] != ' ' && bytes[n] != '\t')
            n++;
    else
        while (n < size && bytes[n] != '\n' && bytes[n] != '\r')
            n++;
    return n;
}

static void
special(TrustCanon *canon, char c)
{
    if (canon->cr) {
        canon->cr = false;
        if (c == '\n') {
            line_end(canon);
            return;
        }
        content(canon, "\r", 1);
    }
    if (c == '\r')
        canon->cr = true;
    else if (c == '\n')
        line_end(canon);
    else
        canon->blank = true;
}

void
trust_canon_push(TrustCanon *canon, const char *bytes, gsize size)
{
    gsize at = 0;

    while (at < size) {
        gsize run = plain_run(canon, bytes + at, size - at);

        if (run > 0 && canon->cr) {
            canon->cr = false;
            content(canon, "\r", 1);
        }
        if (run > 0)
            content(canon, bytes + at, run);
        at += run;
        if (at < size)
            special(canon, bytes[at++]);
    }
}

void
trust_canon_end(TrustCanon *canon)
{
    if (canon->cr)
        content(canon, "\r", 1);
    if (canon->in_line || (!canon->relaxed && !canon->any))
        emit(canon, "\r\n", 2);
    flush(canon);
    g_free(canon);
}
