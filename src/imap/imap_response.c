/* Untagged responses (RFC 9051, section 7): each goes where the present command
 * wants it; what nobody asked for is noted or passed over. */
#include "imap_private.h"

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "imap/limits.h"

#include <string.h>

char *
imap_response_words(const char *text, gsize size)
{
    gsize most = MIN(size, (gsize)IMAP_WORDS_BYTES);
    g_autofree char *safe = NULL;

    /* between two characters of UTF-8 */
    while (most < size && most + 3 > IMAP_WORDS_BYTES
           && ((guchar)text[most] & 0xc0) == 0x80)
        most--;
    safe = text_sanitise(text, (gssize)most, TEXT_LINE);
    return most < size ? g_strconcat(safe, "…", NULL) : g_steal_pointer(&safe);
}

/* The same of what is left of a line. */
static char *
rest_words(ImapDecoder *in)
{
    const char *rest = imap_decoder_rest(in);

    return imap_response_words(rest, strlen(rest));
}

static void
read_capabilities(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;

    g_hash_table_remove_all(conn->capabilities);
    conn->capabilities_told = true;
    while (imap_decoder_ok(in) && !imap_decoder_at_end(in)
           && imap_decoder_peek(in) != ']') {
        g_autofree char *word = imap_decoder_atom(in);

        if (g_hash_table_size(conn->capabilities) >= IMAP_CAPABILITIES)
            imap_decoder_fail(in, "too many capabilities");
        g_hash_table_add(conn->capabilities, g_ascii_strup(word, -1));
        imap_decoder_try(in, ' ');
    }
}

/* A set of UIDs as text; NULL sticks as a failure. */
static UidSet *
read_set(ImapConn *conn)
{
    g_autofree char *text = imap_decoder_atom(&conn->in);
    g_autoptr(GError) bad = NULL;
    UidSet *set = imap_decoder_ok(&conn->in)
                      ? uidset_parse(text, IMAP_SET_RANGES, &bad)
                      : NULL;

    if (bad)
        imap_decoder_fail(&conn->in, bad->message);
    return set;
}

/* Every UID of a set in the order in which it was written (RFC 4315: pairs). */
static void
append_uids(GArray *to, const char *text)
{
    g_auto(GStrv) ranges = g_strsplit(text, ",", -1);

    for (char **range = ranges; *range; range++) {
        guint64 first = g_ascii_strtoull(*range, NULL, 10);
        const char *colon = strchr(*range, ':');
        guint64 last = colon ? g_ascii_strtoull(colon + 1, NULL, 10) : first;
        int step = last < first ? -1 : 1;

        if (first == 0 || last == 0 || first > G_MAXUINT32 || last > G_MAXUINT32
            || to->len > IMAP_SET_RANGES)
            return;
        for (guint64 uid = first; to->len <= IMAP_SET_RANGES;
             uid += (guint64)step) {
            guint32 one = (guint32)uid;

            g_array_append_val(to, one);
            if (uid == last)
                break;
        }
    }
}

static void
read_copyuid(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    ImapCopied *copied = conn->answers.copied;
    guint32 uidvalidity = imap_decoder_number32(in);
    g_autofree char *from = NULL;
    g_autofree char *to = NULL;

    imap_decoder_expect(in, ' ');
    from = imap_decoder_atom(in);
    imap_decoder_expect(in, ' ');
    to = imap_decoder_atom(in);
    if (copied == NULL || !imap_decoder_ok(in))
        return;
    copied->uidvalidity = uidvalidity;
    append_uids(copied->from, from);
    append_uids(copied->to, to);
    if (copied->from->len != copied->to->len)
        imap_decoder_fail(in, "COPYUID with sets of two sizes");
}

/* UIDs in the order of the messages (RFC 4315, section 3, with RFC 3502). */
static void
read_appenduid(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    guint32 uidvalidity = imap_decoder_number32(in);
    g_autofree char *uids = NULL;

    imap_decoder_expect(in, ' ');
    uids = imap_decoder_atom(in);
    if (conn->answers.appended == NULL || !imap_decoder_ok(in))
        return;
    conn->answers.append_uidvalidity = uidvalidity;
    g_array_set_size(conn->answers.appended, 0);
    append_uids(conn->answers.appended, uids);
}

/* Up to IMAP_FLAGS; of what comes behind only those that we write. */
static bool
is_kept(const GPtrArray *flags, const char *flag)
{
    if (strlen(flag) > IMAP_FLAG_BYTES
        || (flags->len >= IMAP_FLAGS && imap_flag_bit(flag) == 0))
        return false;
    return !g_ptr_array_find_with_equal_func((GPtrArray *)flags, flag,
                                             g_str_equal, NULL);
}

static void
read_permanent_flags(ImapConn *conn)
{
    ImapSelected *selected = conn->answers.selected;
    g_autoptr(GPtrArray) flags = g_ptr_array_new_with_free_func(g_free);
    bool any = false; /* keyword may be added */

    imap_decoder_expect(&conn->in, '(');
    while (imap_decoder_ok(&conn->in) && !imap_decoder_try(&conn->in, ')')) {
        g_autofree char *flag = imap_decoder_word(&conn->in);

        any |= strcmp(flag, "\\*") == 0;
        if (is_kept(flags, flag))
            g_ptr_array_add(flags, g_steal_pointer(&flag));
        imap_decoder_try(&conn->in, ' ');
    }
    if (selected == NULL)
        return;
    selected->keywords_allowed = any;
    g_ptr_array_add(flags, NULL);
    g_strfreev(selected->permanent_flags);
    selected->permanent_flags = (char **)g_ptr_array_steal(flags, NULL);
}

/* A number of the mailbox being selected. */
static void
read_selected(ImapConn *conn, const char *code)
{
    ImapSelected *selected = conn->answers.selected;
    guint64 value = imap_decoder_number(&conn->in);

    if (selected == NULL)
        return;
    if (strcmp(code, "HIGHESTMODSEQ") == 0)
        selected->modseq = value;
    else if (value > G_MAXUINT32)
        imap_decoder_fail(&conn->in, "a number out of range");
    else if (strcmp(code, "UIDVALIDITY") == 0)
        selected->uidvalidity = (guint32)value;
    else
        selected->uidnext = (guint32)value;
}

static void
read_mailbox_id(ImapConn *conn)
{
    ImapSelected *selected = conn->answers.selected;

    g_free(selected->mailbox_id);
    selected->mailbox_id = imap_object_id(&conn->in);
}

/* Another server is named (RFC 2221, 2193): told, never dialled. */
static void
read_referral(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    gsize begin = in->at;

    while (in->at < in->size && in->line[in->at] != ']')
        in->at++;
    g_free(conn->referral);
    conn->referral =
        imap_response_words(in->line + begin, in->at - begin);
}

/* The mailbox that was selected is left; what follows is of the one that is to
 * be (RFC 7162, section 3.2.11). */
static void
read_closed(ImapConn *conn)
{
    const ImapSink *sink = conn->answers.sink;

    if (conn->answers.selected == NULL)
        return;
    imap_selected_clear(conn->answers.selected);
    *conn->answers.selected = (ImapSelected){ 0 };
    if (sink && sink->closed)
        sink->closed(sink->user);
}

static void
take_code(ImapConn *conn, const char *code)
{
    ImapDecoder *in = &conn->in;

    if (strcmp(code, "CAPABILITY") == 0)
        read_capabilities(conn);
    else if (strcmp(code, "UIDVALIDITY") == 0 || strcmp(code, "UIDNEXT") == 0
             || strcmp(code, "HIGHESTMODSEQ") == 0)
        read_selected(conn, code);
    else if (strcmp(code, "PERMANENTFLAGS") == 0)
        read_permanent_flags(conn);
    else if (strcmp(code, "CLOSED") == 0)
        read_closed(conn);
    else if (strcmp(code, "COPYUID") == 0)
        read_copyuid(conn);
    else if (strcmp(code, "APPENDUID") == 0)
        read_appenduid(conn);
    else if (strcmp(code, "READ-ONLY") == 0 && conn->answers.selected)
        conn->answers.selected->read_only = true;
    else if (strcmp(code, "REFERRAL") == 0)
        read_referral(conn);
    else if (strcmp(code, "MAILBOXID") == 0 && conn->answers.selected)
        read_mailbox_id(conn);
    else if (strcmp(code, "NOTIFICATIONOVERFLOW") == 0) {
        conn->overflow = true;
        imap_news_add(conn, NULL);
    } else if (strcmp(code, "ALERT") == 0) {
        gsize begin = MIN(in->at + 1, in->size);
        g_autofree char *text =
            imap_response_words(in->line + begin, in->size - begin);

        log_add(LOG_WARN, conn->params.net.host, "alert %s", text);
        g_free(conn->alert);
        conn->alert = g_steal_pointer(&text);
    }
}

void
imap_response_code(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    g_autofree char *word = NULL;
    g_autofree char *code = NULL;

    if (!imap_decoder_try(in, '['))
        return;
    word = imap_decoder_atom(in);
    code = g_ascii_strup(word, -1);
    imap_decoder_try(in, ' ');
    take_code(conn, code);
    /* What a code holds that we do not know. */
    while (imap_decoder_ok(in) && in->at < in->size && in->line[in->at] != ']')
        in->at++;
    imap_decoder_expect(in, ']');
    imap_decoder_try(in, ' ');
}

/* What is not used, and what an extension says: passed over, literals too. */
static void
read_nothing(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;

    while (imap_decoder_ok(in) && !imap_decoder_at_end(in))
        if (!imap_decoder_try(in, ' '))
            imap_decoder_skip(in);
}

static void
read_bye(ImapConn *conn)
{
    if (imap_decoder_peek(&conn->in) == '[')
        imap_response_code(conn);
    g_free(conn->bye_text);
    conn->bye_text = rest_words(&conn->in);
    conn->bye = true;
}

void
imap_mailbox_free(ImapMailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    g_free(mailbox->name);
    g_free(mailbox->special_use);
    g_free(mailbox->id);
    g_free(mailbox);
}

static void
take_attribute(ImapMailbox *mailbox, const char *word)
{
    static const char *const uses[] = { "\\All",     "\\Archive",   "\\Drafts",
                                        "\\Flagged", "\\Junk",      "\\Sent",
                                        "\\Trash",   "\\Important", NULL };

    if (g_ascii_strcasecmp(word, "\\Noselect") == 0
        || g_ascii_strcasecmp(word, "\\NonExistent") == 0)
        mailbox->no_select = true;
    else if (g_ascii_strcasecmp(word, "\\Subscribed") == 0)
        mailbox->subscribed = true;
    for (const char *const *use = uses; *use; use++)
        if (g_ascii_strcasecmp(word, *use) == 0 && mailbox->special_use == NULL)
            mailbox->special_use = g_strdup(*use);
}

char *
imap_response_mailbox(ImapConn *conn)
{
    g_autofree char *name = imap_decoder_string(&conn->in);

    if (name == NULL)
        return g_strdup("");
    return conn->utf8 ? g_utf8_make_valid(name, -1) : imap_utf7_decode(name);
}

/* Takes the mailbox. */
static void
add_mailbox(ImapConn *conn, ImapMailbox *mailbox)
{
    ImapAnswers *answers = &conn->answers;
    gsize size = strlen(mailbox->name);

    if (size > IMAP_NAME_BYTES) {
        log_add(LOG_WARN, "imap", "a mailbox is left out: its name has %zu "
                "octets", size);
        imap_mailbox_free(mailbox);
        return;
    }
    answers->names += size;
    g_ptr_array_add(answers->mailboxes, mailbox);
    if (answers->mailboxes->len > IMAP_MAILBOXES
        || answers->names > IMAP_LIST_BYTES)
        imap_decoder_fail(&conn->in, "too many mailboxes");
}

/* mailbox-list = "(" [attributes] ")" SP (quoted char / nil) SP mailbox */
static void
read_list(ImapConn *conn, bool lsub)
{
    ImapDecoder *in = &conn->in;
    ImapMailbox *mailbox = g_new0(ImapMailbox, 1);
    g_autofree char *delimiter = NULL;

    imap_decoder_expect(in, '(');
    while (imap_decoder_ok(in) && !imap_decoder_try(in, ')')) {
        g_autofree char *word = imap_decoder_atom(in);

        take_attribute(mailbox, word);
        imap_decoder_try(in, ' ');
    }
    imap_decoder_expect(in, ' ');
    delimiter = imap_decoder_string(in);
    mailbox->delimiter = delimiter ? delimiter[0] : 0;
    imap_decoder_expect(in, ' ');
    mailbox->name = imap_response_mailbox(conn);
    mailbox->subscribed |= lsub;
    read_nothing(conn); /* extended items */
    if (imap_decoder_ok(in) && conn->answers.mailboxes == NULL && !lsub)
        imap_news_add(conn, NULL); /* NOTIFY: a name is new, or no more */
    if (!imap_decoder_ok(in) || conn->answers.mailboxes == NULL
        || lsub != conn->answers.is_lsub)
        imap_mailbox_free(mailbox);
    else
        add_mailbox(conn, mailbox);
}

static ImapMailbox *
find_mailbox(ImapConn *conn, const char *name)
{
    GPtrArray *all = conn->answers.mailboxes;

    /* From behind: STATUS comes after its LIST (RFC 5819). */
    for (guint i = all ? all->len : 0; i > 0; i--) {
        ImapMailbox *mailbox = all->pdata[i - 1];

        if (strcmp(mailbox->name, name) == 0)
            return mailbox;
    }
    return conn->answers.status;
}

static guint32
clamp32(guint64 value)
{
    return (guint32)MIN(value, (guint64)G_MAXUINT32);
}

/* STATUS mailbox "(" item SP number … ")" */
static void
read_status(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    g_autofree char *name = imap_response_mailbox(conn);
    ImapMailbox none = { 0 };
    ImapMailbox *mailbox = find_mailbox(conn, name);

    if (mailbox == NULL) {
        mailbox = &none;
        imap_news_add(conn, name);
    }
    mailbox->have_status = true;
    imap_decoder_expect(in, ' ');
    imap_decoder_expect(in, '(');
    while (imap_decoder_ok(in) && !imap_decoder_try(in, ')')) {
        g_autofree char *item = imap_decoder_atom(in);
        guint64 value;

        imap_decoder_expect(in, ' ');
        value = imap_decoder_number(in);
        if (g_ascii_strcasecmp(item, "MESSAGES") == 0)
            mailbox->messages = clamp32(value);
        else if (g_ascii_strcasecmp(item, "UIDNEXT") == 0)
            mailbox->uidnext = clamp32(value);
        else if (g_ascii_strcasecmp(item, "UIDVALIDITY") == 0)
            mailbox->uidvalidity = clamp32(value);
        else if (g_ascii_strcasecmp(item, "UNSEEN") == 0)
            mailbox->unseen = clamp32(value);
        else if (g_ascii_strcasecmp(item, "HIGHESTMODSEQ") == 0)
            mailbox->modseq = value;
        imap_decoder_try(in, ' ');
    }
}

static void
read_search(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;

    while (imap_decoder_ok(in) && !imap_decoder_at_end(in)) {
        guint32 uid;

        if (imap_decoder_peek(in) == '(') { /* (MODSEQ n) */
            imap_decoder_skip(in);
            continue;
        }
        uid = imap_decoder_number32(in);
        if (uid == 0)
            imap_decoder_fail(in, "a UID of 0");
        else if (conn->answers.found)
            uidset_add(conn->answers.found, uid);
        imap_decoder_try(in, ' ');
    }
}

/* ESEARCH (TAG "x") UID ALL set (RFC 4731) */
static void
read_esearch(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;

    if (imap_decoder_peek(in) == '(') {
        imap_decoder_skip(in);
        imap_decoder_try(in, ' ');
    }
    if (imap_decoder_try_word(in, "UID"))
        imap_decoder_try(in, ' ');
    while (imap_decoder_ok(in) && !imap_decoder_at_end(in)) {
        bool all = imap_decoder_try_word(in, "ALL");
        g_autoptr(UidSet) set = NULL;

        if (!all)
            g_free(imap_decoder_atom(in));
        imap_decoder_expect(in, ' ');
        if (!all) {
            imap_decoder_skip(in);
        } else if ((set = read_set(conn)) && conn->answers.found) {
            uidset_add_all(conn->answers.found, set);
        }
        imap_decoder_try(in, ' ');
    }
}

/* VANISHED [(EARLIER)] set (RFC 7162) */
static void
read_vanished(ImapConn *conn)
{
    const ImapSink *sink = conn->answers.sink;
    g_autoptr(UidSet) set = NULL;

    if (imap_decoder_peek(&conn->in) == '(') { /* what we asked for */
        imap_decoder_skip(&conn->in);
        imap_decoder_try(&conn->in, ' ');
    } else {
        imap_news_add(conn, conn->selected);
    }
    set = read_set(conn);
    if (set && sink && sink->vanished)
        sink->vanished(sink->user, set, &conn->in.error);
}

/* "n EXISTS", "n EXPUNGE", "n RECENT", "n FETCH (…)" */
static void
read_numbered(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;
    guint32 number = imap_decoder_number32(in);

    imap_decoder_expect(in, ' ');
    if (imap_decoder_try_word(in, "FETCH")) {
        /* An answer to our own FETCH or STORE is no news. */
        if (!conn->answers.flags_expected && conn->answers.sink == NULL)
            imap_news_add(conn, conn->selected);
        imap_decoder_expect(in, ' ');
        imap_response_fetch(conn, number);
    } else if (imap_decoder_try_word(in, "EXISTS")) {
        imap_news_add(conn, conn->selected);
        if (conn->answers.selected)
            conn->answers.selected->exists = number;
    } else if (imap_decoder_try_word(in, "EXPUNGE")) {
        imap_news_add(conn, conn->selected);
    } else if (!imap_decoder_try_word(in, "RECENT")) {
        imap_decoder_fail(in, "an unknown response with a number");
    }
}

/* OK, NO, BAD, PREAUTH: a code and words. */
static void
read_state(ImapConn *conn)
{
    if (imap_decoder_peek(&conn->in) == '[')
        imap_response_code(conn);
}

static void
read_list_response(ImapConn *conn)
{
    read_list(conn, false);
}

static void
read_lsub_response(ImapConn *conn)
{
    read_list(conn, true);
}

static const struct {
    const char *name;
    void (*read)(ImapConn *conn);
} responses[] = {
    { "CAPABILITY", read_capabilities },
    { "LIST", read_list_response },
    { "LSUB", read_lsub_response },
    { "STATUS", read_status },
    { "SEARCH", read_search },
    { "ESEARCH", read_esearch },
    { "VANISHED", read_vanished },
    { "OK", read_state },
    { "NO", read_state },
    { "BAD", read_state },
    { "PREAUTH", read_state },
    { "BYE", read_bye },
    { "FLAGS", read_nothing },
    { "ENABLED", imap_response_enabled },
    { "ID", read_nothing },
    { "NAMESPACE", imap_response_namespace },
    { "QUOTA", imap_response_quota },
    { "QUOTAROOT", read_nothing },
};

void
imap_response(ImapConn *conn)
{
    ImapDecoder *in = &conn->in;

    if (g_ascii_isdigit(imap_decoder_peek(in))) {
        read_numbered(conn);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(responses); i++)
        if (imap_decoder_try_word(in, responses[i].name)) {
            imap_decoder_try(in, ' ');
            responses[i].read(conn);
            return;
        }
    read_nothing(conn);
}
