/* Authentication-Results (RFC 8601, section 2.2).
 *
 *     payload    = [CFWS] authserv-id [CFWS version]
 *                  ( [CFWS] ";" [CFWS] "none" / 1*resinfo ) [CFWS]
 *     resinfo    = [CFWS] ";" methodspec [CFWS reasonspec] [CFWS 1*propspec]
 *     methodspec = [CFWS] method [CFWS] "=" [CFWS] result
 *     method     = Keyword [[CFWS] "/" [CFWS] version]
 *     reasonspec = "reason" [CFWS] "=" [CFWS] value
 *     propspec   = ptype [CFWS] "." [CFWS] property [CFWS] "=" pvalue
 *
 * Read more freely, for what is seen: a ";" at the end; "/", ":" and "=" in
 * values without quotes; no authserv-id, and "action=" without ptype (Outlook).
 * A cursor with a sticky error: the first fault makes all that follows nothing,
 * and one check at the end empties the whole. */
#include "trust_authres.h"

#include "trust_domain.h"

#include <string.h>

typedef struct {
    const char *at;
    const char *end;
    const char *error; /* sticky; constant */
} Cursor;

static bool
more(const Cursor *cursor)
{
    return cursor->error == NULL && cursor->at < cursor->end;
}

static void
stick(Cursor *cursor, const char *error)
{
    if (cursor->error == NULL)
        cursor->error = error;
}

static bool
is_fws(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A comment, the parenthesis at the cursor; however deep. */
static void
skip_comment(Cursor *cursor)
{
    gsize depth = 0;

    for (; cursor->at < cursor->end; cursor->at++) {
        if (*cursor->at == '\\') {
            cursor->at++;
        } else if (*cursor->at == '(') {
            depth++;
        } else if (*cursor->at == ')' && --depth == 0) {
            cursor->at++;
            return;
        }
    }
    cursor->at = cursor->end;
    stick(cursor, "a comment that does not end");
}

static void
skip_cfws(Cursor *cursor)
{
    while (more(cursor)) {
        if (*cursor->at == '(')
            skip_comment(cursor);
        else if (is_fws(*cursor->at))
            cursor->at++;
        else
            return;
    }
}

/* Takes c, blanks and comments before it skipped. */
static bool
take(Cursor *cursor, char c)
{
    skip_cfws(cursor);
    if (!more(cursor) || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static bool
is_keyword(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_';
}

/* A keyword in lower case, or NULL. */
static char *
read_keyword(Cursor *cursor)
{
    const char *from;

    skip_cfws(cursor);
    from = cursor->at;
    while (more(cursor) && is_keyword(*cursor->at))
        cursor->at++;
    return cursor->at > from && cursor->error == NULL
               ? g_ascii_strdown(from, cursor->at - from)
               : NULL;
}

static void
read_quoted(Cursor *cursor, GString *out)
{
    for (cursor->at++; cursor->at < cursor->end; cursor->at++) {
        if (*cursor->at == '"') {
            cursor->at++;
            return;
        }
        if (*cursor->at == '\\' && cursor->at + 1 < cursor->end)
            cursor->at++;
        if (*cursor->at != '\r' && *cursor->at != '\n')
            g_string_append_c(out, *cursor->at);
    }
    stick(cursor, "a quoted string that does not end");
}

/* A value in quotes or without, and both joined: "a b"@example.org. NULL: there
 * is none. */
static char *
read_value(Cursor *cursor)
{
    GString *out = g_string_new(NULL);
    g_autofree char *raw = NULL;
    const char *from;

    skip_cfws(cursor);
    from = cursor->at;
    while (more(cursor) && !is_fws(*cursor->at) && *cursor->at != ';'
           && *cursor->at != '(' && *cursor->at != ')') {
        if (*cursor->at == '"')
            read_quoted(cursor, out);
        else
            g_string_append_c(out, *cursor->at++);
    }
    raw = g_string_free(out, FALSE);
    return cursor->at > from && cursor->error == NULL ? trust_report_text(raw)
                                                      : NULL;
}

const char *
trust_method_get(const TrustMethod *method, const char *name)
{
    for (guint i = 0; i + 1 < method->properties->len; i += 2)
        if (strcmp(g_ptr_array_index(method->properties, i), name) == 0)
            return g_ptr_array_index(method->properties, i + 1);
    return NULL;
}

char *
trust_method_domain(const TrustMethod *method, const char *const *names)
{
    const char *value = NULL;
    const char *at;

    for (guint i = 0; names[i] && value == NULL; i++)
        value = trust_method_get(method, names[i]);
    at = value ? strrchr(value, '@') : NULL;
    return value ? trust_domain_ascii(at ? at + 1 : value) : NULL;
}

static void
add_property(TrustMethod *method, char *name, char *value)
{
    if (strcmp(name, "reason") == 0 && method->reason == NULL) {
        method->reason = value;
        g_free(name);
        return;
    }
    g_ptr_array_add(method->properties, name);
    g_ptr_array_add(method->properties, value);
}

/* [ptype "."] property "=" value, or reason "=" value. */
static void
read_property(Cursor *cursor, TrustMethod *method)
{
    g_autofree char *name = read_keyword(cursor);
    char *value;

    while (name != NULL && take(cursor, '.')) {
        g_autofree char *ptype = g_steal_pointer(&name);
        g_autofree char *property = read_keyword(cursor);

        if (property != NULL)
            name = g_strconcat(ptype, ".", property, NULL);
    }
    if (name == NULL || !take(cursor, '=')) {
        stick(cursor, "a property that is none");
        return;
    }
    value = read_value(cursor);
    if (value == NULL)
        value = g_strdup("");
    add_property(method, g_steal_pointer(&name), value);
}

static TrustMethod *
method_create(void)
{
    TrustMethod *method = g_new0(TrustMethod, 1);

    method->properties = g_ptr_array_new_with_free_func(g_free);
    return method;
}

/* What follows the ";" of a resinfo. */
static void
read_result(Cursor *cursor, TrustAuthres *authres)
{
    TrustMethod *method = method_create();

    g_ptr_array_add(authres->results, method);
    method->method = read_keyword(cursor);
    if (method->method != NULL && take(cursor, '/'))
        method->version = read_keyword(cursor);
    if (method->method == NULL || !take(cursor, '=')) {
        stick(cursor, "a result without a method");
        return;
    }
    method->result = read_keyword(cursor);
    if (method->result == NULL)
        stick(cursor, "a method without a result");
    skip_cfws(cursor);
    while (more(cursor) && *cursor->at != ';') {
        read_property(cursor, method);
        skip_cfws(cursor);
    }
}

/* Is the first thing a result, there being no authserv-id (Outlook)? */
static bool
begins_with_result(const Cursor *cursor)
{
    Cursor ahead = *cursor;
    g_autofree char *word = read_keyword(&ahead);

    return word != NULL && take(&ahead, '=');
}

static void
read_id(Cursor *cursor, TrustAuthres *authres)
{
    authres->authserv_id = read_value(cursor);
    if (authres->authserv_id == NULL)
        stick(cursor, "no authserv-id");
    skip_cfws(cursor);
    if (more(cursor) && g_ascii_isdigit(*cursor->at))
        authres->version = read_keyword(cursor);
    else
        authres->version = g_strdup("1");
    if (authres->version != NULL && strcmp(authres->version, "1") != 0)
        stick(cursor, "an unknown version");
}

/* ";" none, and nothing behind it. */
static bool
is_no_result(Cursor *cursor)
{
    Cursor ahead = *cursor;
    g_autofree char *word = NULL;

    if (!take(&ahead, ';'))
        return false;
    word = read_keyword(&ahead);
    take(&ahead, ';');
    skip_cfws(&ahead);
    if (g_strcmp0(word, "none") != 0 || more(&ahead))
        return false;
    *cursor = ahead;
    return true;
}

static void
read_results(Cursor *cursor, TrustAuthres *authres)
{
    while (more(cursor)) {
        if (!take(cursor, ';')) {
            stick(cursor, "a result that does not begin with ;");
            return;
        }
        skip_cfws(cursor);
        if (more(cursor))
            read_result(cursor, authres);
        else
            return;
        skip_cfws(cursor);
    }
}

TrustAuthres *
trust_authres_parse(const char *value, gsize size)
{
    TrustAuthres *authres = g_new0(TrustAuthres, 1);
    Cursor cursor = { value, value + MIN(size, (gsize)TRUST_MAX_AUTHRES_BYTES),
                      NULL };

    authres->results = g_ptr_array_new_with_free_func(trust_method_free);
    skip_cfws(&cursor);
    if (memchr(value, '\0', size) != NULL || size > TRUST_MAX_AUTHRES_BYTES)
        stick(&cursor, size > TRUST_MAX_AUTHRES_BYTES ? "too long" : "a NUL");
    if (begins_with_result(&cursor)) {
        authres->version = g_strdup("1");
        read_result(&cursor, authres);
    } else {
        read_id(&cursor, authres);
    }
    skip_cfws(&cursor);
    if (!is_no_result(&cursor))
        read_results(&cursor, authres);
    if (cursor.error == NULL && cursor.at < cursor.end)
        stick(&cursor, "something behind the results");
    if (cursor.error != NULL) {
        g_ptr_array_set_size(authres->results, 0);
        authres->error = g_strdup(cursor.error);
    }
    return authres;
}

TrustMethod *
trust_received_spf_parse(const char *value, gsize size)
{
    TrustMethod *method = method_create();
    Cursor cursor = { value, value + MIN(size, (gsize)TRUST_MAX_AUTHRES_BYTES),
                      NULL };

    method->method = g_strdup("spf");
    method->result = read_keyword(&cursor);
    skip_cfws(&cursor);
    while (more(&cursor)) {
        g_autofree char *name = read_keyword(&cursor);
        char *found = name && take(&cursor, '=') ? read_value(&cursor) : NULL;

        if (found == NULL) {
            stick(&cursor, "a pair that is none");
            break;
        }
        add_property(method, g_steal_pointer(&name), found);
        take(&cursor, ';');
        skip_cfws(&cursor);
    }
    if (cursor.error == NULL && method->result != NULL)
        return method;
    trust_method_free(method);
    return NULL;
}
