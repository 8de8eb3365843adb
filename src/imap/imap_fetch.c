/* FETCH (RFC 9051, section 7.5.2): attributes in any order, bodies streamed to
 * the sink as they come. Commands for large sets are sliced and sent ahead, so
 * that the server never waits for us. */
#include "imap_private.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* Commands on their way at once: few, so that neither side blocks on writing
 * while the other does. What is more urgent waits for two of them; to a server
 * that is far, for as many as are answered in a second. */
enum {
    LINE_BYTES = 8000,
    AHEAD = 2,
    AHEAD_MOST = 8
};

guint
imap_fetch_window(gint64 round_trip, gint64 took)
{
    if (took <= 0 || round_trip < IMAP_FAR_USEC || round_trip == G_MAXINT64)
        return AHEAD;
    return (guint)CLAMP(G_USEC_PER_SEC / took, AHEAD, AHEAD_MOST);
}

typedef struct {
    ImapConn *conn;
    const char *section;
} Body;

static bool
body_begin(void *user, guint64 size, GError **error)
{
    Body *body = user;
    const ImapSink *sink = body->conn->answers.sink;

    return sink == NULL || sink->body_begin == NULL
           || sink->body_begin(sink->user, body->section, size, error);
}

static bool
body_bytes(void *user, const void *bytes, gsize size, GError **error)
{
    Body *body = user;
    const ImapSink *sink = body->conn->answers.sink;

    return sink == NULL || sink->body_bytes == NULL
           || sink->body_bytes(sink->user, bytes, size, error);
}

/* "BODY" "[" section "]" ["<" number ">"] SP nstring */
static void
read_body(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    g_autoptr(GString) section = g_string_new(NULL);
    Body body = { conn, NULL };

    imap_decoder_expect(in, '[');
    while (imap_decoder_ok(in) && in->at < in->size && in->line[in->at] != ']')
        g_string_append_c(section, in->line[in->at++]);
    imap_decoder_expect(in, ']');
    if (imap_decoder_try(in, '<')) {
        imap_decoder_number(in);
        imap_decoder_expect(in, '>');
    }
    imap_decoder_expect(in, ' ');
    body.section = section->str;
    if (imap_decoder_try_word(in, "NIL"))
        return; /* it cannot be given now */
    imap_decoder_stream(in, body_begin, body_bytes, &body);
}

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* "17-Jul-1996 02:44:25 -0700" to seconds UTC; 0 when it is not one. */
static gint64
parse_date(const char *text)
{
    int day, year, hour, minute, second, zone;
    char month[4] = "", sign;
    const char *found;
    g_autoptr(GDateTime) date = NULL;

    if (text == NULL
        || sscanf(text, " %2d-%3s-%4d %2d:%2d:%2d %c%4d", &day, month, &year,
                  &hour, &minute, &second, &sign, &zone)
               != 8)
        return 0;
    found = strstr(months, month);
    if (found == NULL || strlen(month) != 3 || zone < 0 || zone > 1400)
        return 0;
    date = g_date_time_new_utc(year, (int)(found - months) / 3 + 1, day, hour,
                               minute, second);
    if (date == NULL)
        return 0;
    zone = zone / 100 * 3600 + zone % 100 * 60;
    return g_date_time_to_unix(date) - (sign == '-' ? -zone : zone);
}

/* "(" objectid ")": 1*255(ALPHA / DIGIT / "_" / "-") (RFC 8474, section 7).
 * NULL: it is none. */
char *
imap_object_id(ImapDecoder *in)
{
    g_autofree char *id = NULL;
    gsize size;

    imap_decoder_expect(in, '(');
    id = imap_decoder_word(in);
    imap_decoder_expect(in, ')');
    size = strspn(id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");
    return size > 0 && size <= 255 && id[size] == '\0' ? g_steal_pointer(&id)
                                                       : NULL;
}

/* Of Gmail, in place of an objectid: the dot keeps it from being one. */
static char *
gmail_id(ImapDecoder *in)
{
    g_autofree char *id = imap_decoder_word(in);
    gsize size = strspn(id, G_CSET_DIGITS);

    return size > 0 && size <= 20 && id[size] == '\0'
               ? g_strconcat("gm.", id, NULL)
               : NULL;
}

static void
read_modseq(ImapDecoder *in, ImapMessage *message)
{
    imap_decoder_expect(in, '(');
    message->modseq = imap_decoder_number(in);
    imap_decoder_expect(in, ')');
}

/* What an ImapMessage borrows. */
typedef struct {
    char *keywords;
    char *preview;
    char *email_id;
    char *labels; /* of Gmail */
    GPtrArray *parts;
} Texts;

/* At most 256 characters (RFC 8970, section 3.1). */
static char *
read_preview(ImapDecoder *in)
{
    g_autofree char *text = imap_decoder_string(in);

    return text ? imap_response_words(text, strlen(text)) : NULL;
}

static void
read_attribute(ImapConn *conn, ImapMessage *message, Texts *texts)
{
    ImapDecoder *in = &conn->in;

    if (imap_decoder_try_word(in, "UID")) {
        imap_decoder_expect(in, ' ');
        message->uid = imap_decoder_number32(in);
    } else if (imap_decoder_try_word(in, "FLAGS")) {
        imap_decoder_expect(in, ' ');
        g_free(texts->keywords);
        imap_flags_read(in, &message->flags.system, &texts->keywords);
        message->has_flags = true;
    } else if (imap_decoder_try_word(in, "MODSEQ")) {
        imap_decoder_expect(in, ' ');
        read_modseq(in, message);
    } else if (imap_decoder_try_word(in, "RFC822.SIZE")) {
        imap_decoder_expect(in, ' ');
        message->size = imap_decoder_number(in);
    } else if (imap_decoder_try_word(in, "INTERNALDATE")) {
        g_autofree char *text = NULL;

        imap_decoder_expect(in, ' ');
        text = imap_decoder_string(in);
        message->internaldate = parse_date(text);
    } else if (imap_decoder_try_word(in, "PREVIEW")) {
        imap_decoder_expect(in, ' ');
        g_free(texts->preview);
        texts->preview = read_preview(in);
    } else if (imap_decoder_try_word(in, "EMAILID")) {
        imap_decoder_expect(in, ' ');
        g_free(texts->email_id);
        texts->email_id = imap_object_id(in);
    } else if (imap_decoder_try_word(in, "X-GM-MSGID")) {
        imap_decoder_expect(in, ' ');
        g_free(texts->email_id);
        texts->email_id = gmail_id(in);
    } else if (imap_decoder_try_word(in, "X-GM-LABELS")) {
        imap_decoder_expect(in, ' ');
        imap_labels_read(in, &texts->labels);
    } else if (imap_decoder_try_word(in, "SAVEDATE")) {
        g_autofree char *text = NULL;

        imap_decoder_expect(in, ' ');
        text = imap_decoder_string(in);
        message->savedate = parse_date(text);
    } else if (imap_decoder_try_word(in, "BODYSTRUCTURE")) {
        imap_decoder_expect(in, ' ');
        g_clear_pointer(&texts->parts, g_ptr_array_unref);
        texts->parts = imap_structure_read(in);
    } else if (imap_decoder_try_word(in, "BODY")
               || imap_decoder_try_word(in, "BINARY")) {
        if (imap_decoder_peek(in) == '[') {
            read_body(conn);
        } else {
            imap_decoder_expect(in, ' ');
            imap_decoder_skip(in);
        }
    } else { /* of an extension */
        g_free(imap_decoder_word(in));
        imap_decoder_expect(in, ' ');
        imap_decoder_skip(in);
    }
}

/* Labels are keywords of which FLAGS says nothing: one without the other, told
 * on the side, is not all of them. */
static void
join_labels(const ImapConn *conn, ImapMessage *message, Texts *texts)
{
    char *all;

    if (!message->has_flags || !imap_conn_can(conn, "X-GM-EXT-1"))
        return;
    if (texts->labels == NULL) {
        message->has_flags = false;
        message->flags.system = 0;
        g_clear_pointer(&texts->keywords, g_free);
        return;
    }
    all = imap_keywords_join(texts->keywords, texts->labels, conn->selected);
    g_free(texts->keywords);
    texts->keywords = all;
}

void
imap_response_fetch(ImapConn *conn, guint32 seq)
{
    ImapDecoder *in = &conn->in;
    const ImapSink *sink = conn->answers.sink;
    ImapMessage message = { .seq = seq, .flags.keywords = "" };
    Texts texts = { 0 };

    imap_decoder_expect(in, '(');
    while (imap_decoder_ok(in) && !imap_decoder_try(in, ')')) {
        read_attribute(conn, &message, &texts);
        imap_decoder_try(in, ' ');
    }
    join_labels(conn, &message, &texts);
    if (texts.keywords)
        message.flags.keywords = texts.keywords;
    message.preview = texts.preview;
    message.email_id = texts.email_id;
    message.parts = texts.parts;
    if (imap_decoder_ok(in) && sink && sink->message)
        sink->message(sink->user, &message, &in->error);
    g_free(texts.keywords);
    g_free(texts.preview);
    g_free(texts.email_id);
    g_free(texts.labels);
    g_clear_pointer(&texts.parts, g_ptr_array_unref);
}

static void
send_fetch(ImapConn *conn, const char *set, const char *items, guint64 since)
{
    imap_cmd_begin(conn, "UID FETCH ");
    imap_cmd_text(conn, "%s (%s%s)", set, items,
                  imap_conn_can(conn, "X-GM-EXT-1") && strstr(items, "FLAGS")
                      ? " X-GM-LABELS"
                      : "");
    if (since > 0 && conn->qresync)
        imap_cmd_text(conn, " (CHANGEDSINCE %" G_GUINT64_FORMAT " VANISHED)",
                      since);
    else if (since > 0)
        imap_cmd_text(conn, " (CHANGEDSINCE %" G_GUINT64_FORMAT ")", since);
}

/* Commands of one call, in the order of sending. */
typedef struct {
    ImapConn *conn;
    const char *items;
    guint64 since;
    GPtrArray *lines; /* the sets, each short enough for a line */
    GArray *ends;     /* bool: the last line of a set */
    guint first;      /* tag of the first */
    guint sent, done;
    gint64 took; /* from the answer before the last to the last, µs */
} Fetch;

static void
add_set(Fetch *fetch, const UidSet *uids)
{
    g_autoptr(GPtrArray) lines = uidset_format_chunks(uids, LINE_BYTES);

    for (guint i = 0; i < lines->len; i++) {
        bool end = i + 1 == lines->len;

        g_ptr_array_add(fetch->lines, g_strdup(lines->pdata[i]));
        g_array_append_val(fetch->ends, end);
    }
}

/* So many that the server has one while another is on its way to it. */
static void
send_ahead(Fetch *fetch)
{
    guint window = imap_fetch_window(fetch->conn->round_trip, fetch->took);

    while (fetch->sent < fetch->lines->len
           && fetch->sent - fetch->done < window) {
        send_fetch(fetch->conn, fetch->lines->pdata[fetch->sent++],
                   fetch->items, fetch->since);
        imap_cmd_end(fetch->conn);
    }
}

/* Nothing was answered yet. */
static void
tell_asked(const Fetch *fetch, const ImapSink *sink, GError **error)
{
    if (fetch->done > 0 || sink == NULL || sink->asked == NULL)
        return;
    imap_cmd_send(fetch->conn);
    sink->asked(sink->user, error);
}

/* A NO does not leave the answers behind it unread. */
static bool
run_fetch(Fetch *fetch, const ImapSink *sink, GError **error)
{
    ImapConn *conn = fetch->conn;
    ImapAnswers answers = { .sink = sink };
    g_autoptr(GError) trouble = NULL;
    bool enough = false;
    gint64 before = 0;

    imap_cmd_answers(conn, &answers);
    fetch->first = conn->tag + 1;
    while (fetch->done < fetch->lines->len && imap_decoder_ok(&conn->in)) {
        if (!enough && trouble == NULL)
            send_ahead(fetch);
        if (fetch->done == fetch->sent)
            break;
        tell_asked(fetch, sink, &trouble);
        imap_cmd_wait(conn, fetch->first + fetch->done,
                      trouble ? NULL : &trouble);
        if (trouble == NULL && sink && sink->set_told
            && g_array_index(fetch->ends, bool, fetch->done))
            sink->set_told(sink->user, &enough, &trouble);
        if (fetch->done++ > 0) /* the first had to come here, too */
            fetch->took = g_get_monotonic_time() - before;
        before = g_get_monotonic_time();
    }
    imap_cmd_answers(conn, NULL);
    if (trouble == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&trouble));
    return false;
}

bool
imap_fetch(ImapConn *conn, const UidSet *uids, const char *items, guint64 since,
           const ImapSink *sink, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(bool));
    Fetch fetch = { .conn = conn, .items = items, .since = since,
                    .lines = lines, .ends = ends };

    add_set(&fetch, uids);
    return run_fetch(&fetch, sink, error);
}

bool
imap_fetch_sets(ImapConn *conn, const GPtrArray *sets, const char *items,
                const ImapSink *sink, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(bool));
    Fetch fetch = { .conn = conn, .items = items, .lines = lines,
                    .ends = ends };

    for (guint i = 0; i < sets->len; i++)
        add_set(&fetch, sets->pdata[i]);
    return run_fetch(&fetch, sink, error);
}
