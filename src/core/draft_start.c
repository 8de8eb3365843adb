/* What a reply or a forward begins with, from the message it is about (RFC
 * 5322, 3.6.4 and appendix A.2; Mail-Followup-To as mailing lists use it).
 * Must not send or judge. */
#include "draft_private.h"

#include "base/err.h"
#include "base/text.h"
#include "core/account.h"
#include "core/crypto.h"
#include "core/frontend.h"
#include "core/identity.h"
#include "mime/mime.h"
#include "outbox_private.h"

#include <string.h>

enum {
    REFERENCES = 50
}; /* kept: the first, and the last ones */

typedef struct {
    Session *session;
    const DraftStart *start;
    const Account *account;
    const Account *identity; /* of the account: who writes */
    Draft *template;         /* NULL: none */
    MimeMessage *parent;     /* NULL: a new message */
    bool is_secret; /* the parent is encrypted, */
    bool is_smime;  /* with S/MIME */
    bool is_closed; /* and its text stays there */
    Draft *draft;
} Start;

static bool
list_has(const GPtrArray *list, const char *addr)
{
    for (guint i = 0; i < list->len; i++)
        if (g_ascii_strcasecmp(((MimeAddress *)list->pdata[i])->addr, addr)
            == 0)
            return true;
    return false;
}

static GPtrArray *
address_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)mime_address_free);
}

/* Adds the mailboxes of a field to list: once each, not those of the user (own
 * false), not those in other (may be NULL). */
static void
add_field(Start *s, const char *field, bool own, GPtrArray *list,
          const GPtrArray *other)
{
    g_autoptr(GPtrArray) all = mime_header_addresses(s->parent, field);

    for (guint i = 0; i < all->len; i++) {
        const MimeAddress *address = all->pdata[i];
        MimeAddress *copy;

        if ((!own && identity_is_own(s->session, address->addr))
            || list_has(list, address->addr)
            || (other && list_has(other, address->addr)))
            continue;
        copy = g_new0(MimeAddress, 1);
        copy->name = g_strdup(address->name);
        copy->addr = g_strdup(address->addr);
        g_ptr_array_add(list, copy);
    }
}

static char *
list_format(const GPtrArray *list)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const MimeAddress *address = list->pdata[i];
        g_autofree char *one =
            mime_address_format(address->name, address->addr);

        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", one);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
take(char **slot, const GPtrArray *list)
{
    g_free(*slot);
    *slot = list_format(list);
}

/* Who wrote: where he wants replies, unless the user wrote it himself; then
 * whom he wrote to; of a message to himself, himself. */
static void
reply_to_sender(Start *s, GPtrArray *to)
{
    add_field(s, "Reply-To", false, to, NULL);
    if (to->len == 0)
        add_field(s, "From", false, to, NULL);
    if (to->len == 0)
        add_field(s, "To", false, to, NULL);
    if (to->len == 0)
        add_field(s, "From", true, to, NULL);
}

static void
reply_to_all(Start *s, GPtrArray *to)
{
    g_autoptr(GPtrArray) cc = address_list();

    add_field(s, "Mail-Followup-To", false, to, NULL);
    if (to->len == 0) {
        reply_to_sender(s, to);
        add_field(s, "To", false, cc, to);
        add_field(s, "Cc", false, cc, to);
    }
    take(&s->draft->cc, cc);
}

/* List-Post: <mailto:list@example.org?…>   (RFC 2369, 3.4) */
static bool
reply_to_list(Start *s, GPtrArray *to, GError **error)
{
    const char *post = mime_header(s->parent, "List-Post");
    const char *begin = post ? strstr(post, "mailto:") : NULL;
    g_autofree char *text = NULL;

    if (begin) {
        begin += strlen("mailto:");
        text =
            g_uri_unescape_segment(begin, begin + strcspn(begin, "?>"), NULL);
    }
    if (text) {
        g_autoptr(GPtrArray) found = mime_addresses(text);

        if (found->len == 1)
            g_ptr_array_add(to, g_ptr_array_steal_index(found, 0));
    }
    if (to->len == 0)
        add_field(s, "Mail-Followup-To", false, to, NULL);
    return to->len > 0
           || err_set(error, ERR_USAGE,
                      "the message names no mailing list to answer to: use "
                      "`reply-all`");
}

static bool
derive_answer(Start *s, GError **error)
{
    g_autoptr(GPtrArray) to = address_list();
    bool ok = true;

    if (s->draft->kind == DRAFT_REPLY)
        reply_to_sender(s, to);
    else if (s->draft->kind == DRAFT_REPLY_ALL)
        reply_to_all(s, to);
    else if (s->draft->kind == DRAFT_REPLY_LIST)
        ok = reply_to_list(s, to, error);
    take(&s->draft->to, to);
    return ok;
}

static bool
is_forward(DraftKind kind)
{
    return kind == DRAFT_FORWARD || kind == DRAFT_FORWARD_ATTACHED;
}

/* Does the draft begin as the parent is, not as an answer to it? */
static bool
is_copy(DraftKind kind)
{
    return kind == DRAFT_AS_NEW || kind == DRAFT_RESEND;
}

static void
copy_recipients(Start *s)
{
    static const char *const fields[] = { "To", "Cc", "Bcc", "Reply-To",
                                          "From" };
    char **slots[] = { &s->draft->to, &s->draft->cc, &s->draft->bcc,
                       &s->draft->reply_to, &s->draft->from };
    gsize n = s->start->resume ? 5 : 3;

    for (gsize i = 0; i < n; i++) {
        g_autoptr(GPtrArray) list = address_list();

        add_field(s, fields[i], true, list, NULL);
        take(slots[i], list);
    }
}

static bool
derive_recipients(Start *s, GError **error)
{
    if (is_copy(s->draft->kind)) {
        copy_recipients(s);
        return true;
    }
    return derive_answer(s, error);
}

/* Length of a prefix such as "Re:", "RE[2]: ", "Aw:" at the head, 0: none. */
static gsize
prefix_length(const char *subject, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        gsize at = strlen(*prefixes);

        if (g_ascii_strncasecmp(subject, *prefixes, at) != 0)
            continue;
        if (subject[at] == '[') {
            at += strspn(subject + at, "[0123456789");
            if (subject[at] != ']')
                continue;
            at++;
        }
        if (subject[at] == ':')
            return at + 1 + strspn(subject + at + 1, " ");
    }
    return 0;
}

static void
derive_subject(Start *s)
{
    static const char *const replies[] = {
        "re", "aw", "sv", "antw", "odp", NULL
    };
    static const char *const forwards[] = {
        "fwd", "fw", "wg", "vs", "tr", NULL
    };
    bool forward = is_forward(s->draft->kind);
    const char *const *prefixes = forward ? forwards : replies;
    const char *subject = mime_header(s->parent, "Subject");
    gsize skip;

    subject = subject ? subject : "";
    if (is_copy(s->draft->kind)) {
        draft_set(s->draft, "subject", subject, NULL);
        return;
    }
    while ((skip = prefix_length(subject, prefixes)) > 0)
        subject += skip;
    g_free(s->draft->subject);
    s->draft->subject =
        g_strstrip(g_strdup_printf("%s %s", forward ? "Fwd:" : "Re:", subject));
}

static void
put_ids(char **slot, const char *field)
{
    g_free(*slot);
    *slot = draft_clean_ids(field);
}

/* The parent's references, then the parent itself. */
static void
derive_references(Start *s)
{
    Draft *draft = s->draft;
    const char *field = mime_header(s->parent, "References");
    g_autofree char *id = draft_clean_ids(mime_header(s->parent, "Message-ID"));
    g_autofree char *ids =
        draft_clean_ids(field ? field : mime_header(s->parent, "In-Reply-To"));
    g_auto(GStrv) words = g_strsplit(ids, " ", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    guint n = g_strv_length(words);

    if (s->start->resume) {
        put_ids(&draft->in_reply_to, mime_header(s->parent, "In-Reply-To"));
        put_ids(&draft->references, field);
        return;
    }
    if (*id == '\0' || is_copy(draft->kind))
        return;
    for (guint i = 0; i < n; i++)
        if (*words[i] && (i == 0 || i + REFERENCES > n))
            g_string_append_printf(out, "%s ", words[i]);
    g_string_append(out, id);
    g_free(draft->references);
    draft->references = g_string_free(g_steal_pointer(&out), FALSE);
    if (is_forward(draft->kind))
        return; /* a forward is no answer */
    g_free(draft->in_reply_to);
    draft->in_reply_to = g_steal_pointer(&id);
}

/* In English whatever the locale is: the reader's is not known. */
static char *
date_text(gint64 time)
{
    static const char *const days[] = { "Mon", "Tue", "Wed", "Thu",
                                        "Fri", "Sat", "Sun" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(time);

    if (date == NULL || time == 0)
        return g_strdup("an unknown day");
    return g_strdup_printf(
        "%s %d %s %d at %02d:%02d", days[g_date_time_get_day_of_week(date) - 1],
        g_date_time_get_day_of_month(date),
        months[g_date_time_get_month(date) - 1], g_date_time_get_year(date),
        g_date_time_get_hour(date), g_date_time_get_minute(date));
}

static char *
writer_name(MimeMessage *parent)
{
    g_autoptr(GPtrArray) from = mime_header_addresses(parent, "From");
    const MimeAddress *address;

    if (from->len == 0)
        return g_strdup("somebody");
    address = from->pdata[0];
    return g_strdup(address->name ? address->name : address->addr);
}

static char *
writer_address(MimeMessage *parent)
{
    g_autoptr(GPtrArray) from = mime_header_addresses(parent, "From");

    return g_strdup(from->len > 0 ? ((MimeAddress *)from->pdata[0])->addr : "");
}

/* `attribution`: %d the date, %n the name, %a the address, %s the subject. */
static char *
attribution(Start *s)
{
    const char *at = options_get(session_options(s->session), "attribution",
                                 account_name(s->identity), NULL);
    const char *subject = mime_header(s->parent, "Subject");
    g_autoptr(GString) out = g_string_new(NULL);

    for (; at && *at; at++) {
        g_autofree char *value = NULL;

        if (at[0] == '%' && at[1] == 'd')
            value = date_text(mime_date(s->parent));
        else if (at[0] == '%' && at[1] == 'n')
            value = writer_name(s->parent);
        else if (at[0] == '%' && at[1] == 'a')
            value = writer_address(s->parent);
        else if (at[0] == '%' && at[1] == 's')
            value = g_strdup(subject ? subject : "");
        if (value)
            g_string_append(out, value);
        else
            g_string_append_c(out, *at);
        at += value != NULL;
    }
    return text_sanitise(out->str, (gssize)out->len, TEXT_LINE);
}

/* Lines of a message that has no text now were selected while it was open. Of
 * opaque signed data nobody knows any more whether it was encrypted inside. */
static void
append_quote(Start *s, GString *text)
{
    g_autofree char *line = attribution(s);
    g_autofree char *all = mime_quote(s->parent);
    const char *quote = s->start->quote && *all ? s->start->quote : all;

    g_string_append_printf(text, "\n\n%s%s%s", line, *line ? "\n" : "", quote);
}

static void
append_forward(Start *s, GString *text)
{
    static const char *const names[] = { "From", "Date", "Subject", "To",
                                         "Cc" };
    MimeTextOptions options = { .width = 900, .all_quotes = true,
                                .list_links = true };
    g_autoptr(MimeText) shown = mime_text(s->parent, &options);

    g_string_append(text, "\n\n---------- Forwarded message ----------\n");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = mime_header(s->parent, names[i]);

        if (value && *value)
            g_string_append_printf(text, "%s: %s\n", names[i], value);
    }
    g_string_append_c(text, '\n');
    for (guint i = 0; i < shown->lines->len; i++) {
        const MimeLine *line = shown->lines->pdata[i];

        if (line->kind != MIME_LINE_NOTE)
            g_string_append_printf(text, "%s\n", line->text);
    }
}

/* The text to the letter; false: there is none. */
static bool
append_exact(Start *s, GString *text)
{
    const GPtrArray *parts = mime_parts(s->parent);

    for (guint i = 0; i < parts->len; i++) {
        const MimePart *part = parts->pdata[i];
        g_autoptr(GBytes) bytes = NULL;

        if (part->is_attachment || strcmp(part->content_type, "text/plain"))
            continue;
        bytes = mime_part_bytes(s->parent, part->number, 0, NULL);
        if (bytes == NULL)
            return false;
        g_string_append_len(text, g_bytes_get_data(bytes, NULL),
                            (gssize)g_bytes_get_size(bytes));
        g_string_replace(text, "\r\n", "\n", 0);
        if (g_utf8_validate(text->str, (gssize)text->len, NULL))
            return true;
        g_string_truncate(text, 0);
    }
    return false;
}

/* The text as it is, one line for each of its lines. */
static void
append_same(Start *s, GString *text)
{
    MimeTextOptions options = { .width = 900, .all_quotes = true,
                                .list_links = true };
    g_autoptr(MimeText) shown = NULL;

    if (s->start->same_text && append_exact(s, text))
        return;
    shown = mime_text(s->parent, &options);
    for (guint i = 0; i < shown->lines->len; i++) {
        const MimeLine *line = shown->lines->pdata[i];

        if (line->kind != MIME_LINE_NOTE)
            g_string_append_printf(text, "%s\n", line->text);
    }
}

static void
derive_text(Start *s)
{
    g_autoptr(GString) text = g_string_new(s->start->body ? s->start->body
                                           : s->template  ? s->template->text
                                                          : NULL);
    DraftKind kind = s->draft->kind;

    if (kind == DRAFT_FORWARD)
        append_forward(s, text);
    else if (is_copy(kind) && s->start->body == NULL)
        append_same(s, text);
    else if (s->parent && !s->is_closed && kind != DRAFT_FORWARD_ATTACHED
             && s->start->body == NULL)
        append_quote(s, text);
    if (!is_copy(kind))
        draft_append_signature(s->session, s->identity, text);
    g_free(s->draft->text);
    s->draft->text = g_string_free(g_steal_pointer(&text), FALSE);
}

static bool
is_answer(DraftKind kind)
{
    return kind == DRAFT_REPLY || kind == DRAFT_REPLY_ALL
           || kind == DRAFT_REPLY_LIST;
}

/* The parent as far as a draft may have it: a draft is a file, and what was
 * decrypted does not come into one unless the user says so (P67). A draft of
 * the user's own does. */
static MimeMessage *
open_parent(Start *s, MimeMessage *taken, GError **error)
{
    g_autoptr(MimeMessage) parent = taken;
    const MimeOpened *opened =
        crypto_opened(session_crypto(s->session), s->start->parent);
    MimeMessage *inside = opened ? mime_opened_message(opened) : NULL;

    s->is_secret = mime_is_encrypted(parent) || (opened && opened->encrypted);
    s->is_smime =
        (opened ? opened->protocol : mime_seal_protocol(parent)) == MIME_SMIME;
    if (inside
        && (!s->is_secret || s->start->resume
            || options_bool(session_options(s->session), "quote-decrypted",
                            NULL)))
        return inside;
    mime_message_free(inside);
    if (!s->is_secret)
        return g_steal_pointer(&parent);
    if (!is_answer(s->start->kind) && s->start->kind != DRAFT_FORWARD_ATTACHED)
        return err_null(error, ERR_USAGE,
                        "the message is encrypted: `set quote-decrypted on` "
                        "and open it, so that its text may be in a draft; or "
                        "forward-attached sends it as it is");
    s->is_closed = true;
    if (is_answer(s->start->kind))
        frontend_tell(session_frontend(s->session), TELL_INFO, false,
                      "Nothing is quoted: the message is encrypted, and "
                      "quote-decrypted is off or it was not opened.");
    return mime_outside(parent);
}

static MimeMessage *
load_parent(Session *session, gint64 id, GError **error)
{
    g_autoptr(StoreRow) row = store_row(session_store(session), id, error);

    return row ? session_load_message(session, row, error) : NULL;
}

/* The account named, or that of the identity named; else the parent's, else the
 * first. */
static const Account *
choose_account(Session *session, const DraftStart *start, GError **error)
{
    const GPtrArray *accounts = session_accounts(session);
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(StoreFolder) folder = NULL;
    const Account *account = NULL;

    if (start->account) {
        account = session_account(session, start->account);
        return account ? identity_owner(session, start->account)
                       : err_null(error, ERR_USAGE, "no account is called %s",
                                  start->account);
    }
    if (start->parent)
        row = store_row(session_store(session), start->parent, NULL);
    if (row)
        folder = store_folder(session_store(session), row->folder, NULL);
    if (folder)
        account = session_account(session, folder->account);
    if (account == NULL && accounts->len > 0)
        account = accounts->pdata[0];
    return account ? account
                   : err_null(error, ERR_USAGE,
                              "there is no account to write from: describe one "
                              "in posthorn.conf (`posthorn help account`)");
}

static void
add_more(char **slot, const char *more)
{
    char *joined;

    if (more == NULL || *more == '\0')
        return;
    joined = **slot ? g_strdup_printf("%s, %s", *slot, more) : g_strdup(more);
    g_free(*slot);
    *slot = joined;
}

static bool
apply_template(Start *s, GError **error)
{
    const Draft *template = s->template;
    Draft *draft = s->draft;

    if (template == NULL)
        return true;
    add_more(&draft->to, template->to);
    add_more(&draft->cc, template->cc);
    add_more(&draft->bcc, template->bcc);
    if (*template->reply_to)
        draft_set(draft, "reply-to", template->reply_to, NULL);
    if (*template->subject && s->parent == NULL)
        draft_set(draft, "subject", template->subject, NULL);
    for (guint i = 0; i < template->attach->len; i++)
        if (!draft_attach(draft, template->attach->pdata[i], error))
            return false;
    return template->problems->len == 0
           || err_set(error, ERR_USAGE, "template %s: %s", template->path,
                      (char *)template->problems->pdata[0]);
}

/* What the user asked for goes on top of what the kind gives. */
static bool
apply_wishes(Start *s, GError **error)
{
    const DraftStart *start = s->start;
    Draft *draft = s->draft;

    add_more(&draft->to, start->to);
    add_more(&draft->cc, start->cc);
    add_more(&draft->bcc, start->bcc);
    if (start->in_reply_to) {
        g_free(draft->in_reply_to);
        draft->in_reply_to = draft_clean_ids(start->in_reply_to);
    }
    if (start->references) {
        g_free(draft->references);
        draft->references = draft_clean_ids(start->references);
    }
    if (start->subject)
        draft_set(draft, "subject", start->subject, NULL);
    for (const char *const *path = start->attach; path && *path; path++)
        if (!draft_attach(draft, *path, error))
            return false;
    return true;
}

static gint64
parent_folder(const Start *s)
{
    g_autoptr(StoreRow) row =
        s->parent ? store_row(session_store(s->session), s->start->parent, NULL)
                  : NULL;

    return row ? row->folder : 0;
}

/* `--account work/club`; NULL: no identity was named. */
static const Account *
named_identity(const Start *s)
{
    const char *name = s->start->account;

    return name && strchr(name, '/') ? session_account(s->session, name) : NULL;
}

/* From, and whose signature and Reply-To the draft gets. */
static void
derive_identity(Start *s)
{
    const char *wish = s->start->from                      ? s->start->from
                       : s->template && *s->template->from ? s->template->from
                                                           : NULL;
    g_autofree char *all =
        g_strjoin(", ", s->draft->to, s->start->to ? s->start->to : "",
                  s->template ? s->template->to : "", NULL);
    g_autoptr(GPtrArray) to = mime_addresses(all);
    IdentityHint hint = { s->parent, parent_folder(s), to };
    const Account *named = named_identity(s);
    const char *reply_to;

    if (wish) {
        s->identity = identity_writer(
            identity_sender(s->session, account_name(s->account), wish), wish,
            NULL);
        draft_set(s->draft, "from", wish, NULL);
    } else if (named) {
        s->identity = named;
        g_free(s->draft->from);
        s->draft->from = mime_address_format(account_real_name(named),
                                             account_address(named));
    } else if (!s->start->resume) {
        g_free(s->draft->from);
        s->identity = identity_choose(s->session, s->account, &hint,
                                      &s->draft->from);
    }
    reply_to = options_get(session_options(s->session), "reply-to",
                           account_name(s->identity), NULL);
    if (reply_to && !is_copy(s->draft->kind))
        draft_set(s->draft, "reply-to", reply_to, NULL);
}

/* An answer to an encrypted message is encrypted as that was. */
static void
derive_seal(Start *s)
{
    Draft *draft = s->draft;

    draft_seal_begin(s->session, draft, account_name(s->identity));
    if (!s->is_secret)
        return;
    draft->encrypt = true;
    draft->answers = is_answer(draft->kind);
    draft->smime = s->is_smime;
}

static bool
derive(Start *s, GError **error)
{
    if (s->parent) {
        if (!derive_recipients(s, error))
            return false;
        derive_subject(s);
        derive_references(s);
    }
    derive_identity(s);
    derive_seal(s);
    derive_text(s);
    return apply_template(s, error) && apply_wishes(s, error);
}

/* A draft with all but the files of its parent, which is not written yet. */
static Draft *
begin(Session *session, const DraftStart *start, DraftCarry **carry,
      GError **error)
{
    Start s = { .session = session, .start = start };
    g_autoptr(MimeMessage) parent = start->message;
    g_autoptr(Draft) template = NULL;
    g_autoptr(Draft) draft = NULL;
    int from = -1;

    if (start->template) {
        template = draft_load(start->template, error);
        if (template == NULL)
            return NULL;
    }
    s.template = template;
    s.account = choose_account(session, start, error);
    if (s.account == NULL)
        return NULL;
    s.identity = s.account;
    if (start->kind != DRAFT_NEW) {
        if (parent == NULL)
            parent = load_parent(session, start->parent, error);
        if (parent)
            parent = open_parent(&s, g_steal_pointer(&parent), error);
        if (parent == NULL)
            return NULL;
    }
    draft = draft_create(session);
    g_free(draft->account);
    draft->account = g_strdup(account_name(s.account));
    draft->kind = start->kind;
    draft->parent = start->parent;
    s.parent = parent;
    s.draft = draft;
    if (!derive(&s, error))
        return NULL;
    if (draft->kind == DRAFT_FORWARD_ATTACHED) {
        from = draft_open_message(session, draft->parent, error);
        if (from < 0)
            return NULL;
    }
    if (start->resume)
        draft_find_parent(session, draft, parent);
    *carry = draft_carry_create(draft->path, start->kind,
                                g_steal_pointer(&parent), from);
    return g_steal_pointer(&draft);
}

/* The files of the parent come before those that were asked for. */
static bool
finish(Session *session, Draft *draft, const DraftCarry *carry, GError **error)
{
    for (guint i = 0; carry && i < carry->files->len; i++)
        g_ptr_array_insert(draft->attach, (gint)i,
                           g_strdup(carry->files->pdata[i]));
    if (draft_save(draft, error))
        return true;
    draft_discard(session, draft->path, NULL);
    return false;
}

Draft *
draft_start(Session *session, const DraftStart *start, GError **error)
{
    g_autoptr(DraftCarry) carry = NULL;
    g_autoptr(Draft) draft = begin(session, start, &carry, error);

    if (draft == NULL)
        return NULL;
    if (carry && !draft_carry_run(carry, error)) {
        draft_discard(session, draft->path, NULL);
        return NULL;
    }
    return finish(session, draft, carry, error) ? g_steal_pointer(&draft)
                                                : NULL;
}

typedef struct {
    Session *session;
    Draft *draft;
    DraftCarry *carry; /* of the builder's thread meanwhile */
    DraftStarted done;
    void *user;
} Starting;

static void
starting_free(Starting *starting)
{
    draft_free(starting->draft);
    draft_carry_free(starting->carry);
    g_free(starting);
}

static void *
carry_files(Job *job, void *request, GError **error)
{
    draft_carry_run(((Starting *)request)->carry, error);
    return NULL;
}

static void
carried(void *user, void *answer, const GError *error)
{
    Starting *s = user;
    g_autoptr(GError) reason = error ? g_error_copy(error) : NULL;

    if (reason)
        draft_discard(s->session, s->draft->path, NULL);
    else
        finish(s->session, s->draft, s->carry, &reason);
    s->done(reason ? NULL : s->draft, reason, s->user);
}

/* What a forward takes along may be as long as it likes. */
static const JobClass carry_class = {
    .name = "carry files",
    .run = carry_files,
    .answer = carried,
    .free_request = (GDestroyNotify)starting_free,
};

void
draft_start_behind(Session *session, const DraftStart *start, DraftStarted done,
                   void *user)
{
    g_autoptr(GError) error = NULL;
    DraftCarry *carry = NULL;
    g_autoptr(Draft) draft = begin(session, start, &carry, &error);
    Starting *starting;

    if (carry == NULL) {
        bool ok = draft && finish(session, draft, NULL, &error);

        done(ok ? draft : NULL, error, user);
        return;
    }
    starting = g_new(Starting, 1);
    *starting =
        (Starting){ session, g_steal_pointer(&draft), carry, done, user };
    outbox_build(session_outbox(session), &carry_class, starting);
}
