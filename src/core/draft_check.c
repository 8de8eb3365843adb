/* What a second pair of eyes would say before a draft is sent. Must not change
 * the draft. */
#include "draft_private.h"

#include "base/text.h"
#include "core/identity.h"
#include "core/outbox.h"
#include "mime/mime.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BIG_BYTES = 20 << 20, /* many servers refuse more */
};

typedef struct {
    Session *session;
    const Draft *draft;
    GPtrArray *checks;
    char **recipients; /* NULL: they cannot be read */
    char **wanted;     /* the words of `checks` */
} Checker;

static bool
wants(const Checker *c, const char *check)
{
    return g_strv_contains((const char *const *)c->wanted, check);
}

void
draft_check_free(void *data)
{
    DraftCheck *check = data;

    g_free(check->text);
    g_free(check);
}

void
draft_check_add(GPtrArray *checks, DraftCheckKind kind, char *text)
{
    DraftCheck *check = g_new0(DraftCheck, 1);

    check->kind = kind;
    check->text = text;
    g_ptr_array_add(checks, check);
}

static void add(Checker *c, DraftCheckKind kind, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void
add(Checker *c, DraftCheckKind kind, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    draft_check_add(c->checks, kind, g_strdup_vprintf(format, args));
    va_end(args);
}

/* The addresses of a field; NULL: it cannot be sent so. */
static GPtrArray *
read_addresses(Checker *c, const char *field, const char *text)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *list = mime_addresses_strict(text, &error);

    if (list == NULL)
        add(c, DRAFT_CHECK_STOP, "%s: %s", field, error->message);
    return list;
}

static void
check_reply_to(Checker *c)
{
    g_autoptr(GPtrArray) list =
        read_addresses(c, "Reply-To", c->draft->reply_to);

    if (list && list->len == 0 && *c->draft->reply_to)
        add(c, DRAFT_CHECK_STOP, "Reply-To has no address");
}

static void
check_from(Checker *c)
{
    g_autoptr(GPtrArray) from = read_addresses(c, "From", c->draft->from);
    const MimeAddress *address;

    if (from == NULL)
        return;
    if (from->len != 1) {
        add(c, DRAFT_CHECK_STOP, "From has to be one address");
        return;
    }
    address = from->pdata[0];
    if (strchr(address->addr, '@') == NULL)
        add(c, DRAFT_CHECK_STOP, "From: “%s” is no address", address->addr);
    else if (!identity_is_own(c->session, address->addr))
        add(c, DRAFT_CHECK_WARN, "%s is none of your addresses", address->addr);
}

/* "3 of 4 recipients are outside lindqvist.example": said when some are in. */
static void
check_outside(Checker *c, guint n)
{
    g_autofree char *from = mime_first_address(c->draft->from);
    const char *domain = from ? strrchr(from, '@') : NULL;
    guint outside = 0;

    if (domain == NULL || !wants(c, "outside"))
        return;
    for (char **address = c->recipients; *address; address++)
        if (g_ascii_strcasecmp(strrchr(*address, '@'), domain) != 0)
            outside++;
    if (outside > 0 && outside < n)
        add(c, DRAFT_CHECK_WARN, "%u of %u recipients are outside %s", outside,
            n, domain + 1);
}

static void
check_recipients(Checker *c)
{
    g_autoptr(GError) error = NULL;
    gint64 many = options_int(session_options(c->session), "many-recipients",
                              c->draft->account);
    guint n;

    c->recipients = draft_recipients(c->draft, &error);
    if (c->recipients == NULL) {
        add(c, DRAFT_CHECK_STOP, "%s", error->message);
        return;
    }
    n = g_strv_length(c->recipients);
    if (n == 0)
        add(c, DRAFT_CHECK_STOP, "There is no recipient");
    else if (n > many && wants(c, "many"))
        add(c, DRAFT_CHECK_WARN, "This goes to %u addresses", n);
    if (n > 0)
        check_outside(c, n);
}

/* The user wrote to them as somebody else until now. */
static void
check_identity(Checker *c)
{
    g_autofree char *address = mime_first_address(c->draft->from);

    if (!wants(c, "identity"))
        return;
    for (char **to = c->recipients; address && to && *to; to++) {
        g_autofree char *before = identity_used_for(c->session, *to);

        if (before == NULL || g_ascii_strcasecmp(before, address) == 0
            || !identity_is_own(c->session, before))
            continue;
        add(c, DRAFT_CHECK_WARN, "You wrote to %s as %s before, not as %s", *to,
            before, address);
        return;
    }
}

/* A reply that goes elsewhere than to who wrote (P69). */
static void
check_reply(Checker *c)
{
    g_autoptr(StoreRow) row = NULL;

    if (!wants(c, "reply") || c->draft->kind != DRAFT_REPLY
        || c->draft->parent == 0 || c->recipients == NULL
        || c->recipients[0] == NULL)
        return;
    row = store_row(session_store(c->session), c->draft->parent, NULL);
    if (row == NULL || row->from_addr == NULL
        || identity_is_own(c->session, row->from_addr))
        return;
    for (char **address = c->recipients; *address; address++)
        if (g_ascii_strcasecmp(*address, row->from_addr) == 0)
            return;
    add(c, DRAFT_CHECK_WARN, "The reply goes to %s, but %s wrote the message",
        c->recipients[0], row->from_addr);
}

/* It answers one who is not who he says he is. */
static void
check_parent(Checker *c)
{
    g_autoptr(StoreRow) row = NULL;

    if (!wants(c, "reply") || c->draft->kind > DRAFT_REPLY_LIST
        || c->draft->parent == 0 || c->recipients == NULL
        || c->recipients[0] == NULL)
        return;
    row = store_row(session_store(c->session), c->draft->parent, NULL);
    if (row && g_strcmp0(row->verdict, "fail") == 0)
        add(c, DRAFT_CHECK_WARN,
            "The sender check of the message failed: the reply goes to %s",
            c->recipients[0]);
}

static bool
ends_own_text(const char *line)
{
    return strcmp(line, "-- ") == 0 || g_str_has_prefix(line, "---------- ");
}

/* The word by which the user says that there is a file, or NULL. Only lines of
 * his own count: not quoted ones, not those below the signature. */
static char *
attachment_word(const char *text)
{
    /* English, German, French, Spanish, Italian, Dutch; Swedish, Portuguese */
    static const char *const words[] = {
        "attach",       "enclosed",       "anhang",     "anbei",
        "angehängt",    "beigefügt",      "beiliegend", "ci-joint",
        "pièce jointe", "pièces jointes", "en annexe",  "adjunt",
        "allegat",      "in allegato",    "bijlage",    "bijgevoegd",
        "bifoga",       "em anexo",
    };
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line && !ends_own_text(*line); line++) {
        g_autofree char *lower = NULL;

        if (**line == '>')
            continue;
        lower = g_utf8_strdown(*line, -1);
        for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
            const char *at = strstr(lower, words[i]);
            gsize n = at ? strcspn(at, " .,;:!?()\t\"") : 0;

            if (at)
                return g_strndup(at, MAX(n, strlen(words[i])));
        }
    }
    return NULL;
}

static void
check_files(Checker *c)
{
    const GPtrArray *files = c->draft->attach;
    g_autofree char *word = attachment_word(c->draft->text);
    struct stat info;

    for (guint i = 0; i < files->len; i++) {
        const char *path = files->pdata[i];

        if (stat(path, &info) != 0 || access(path, R_OK) != 0)
            add(c, DRAFT_CHECK_STOP, "%s: %s", path, g_strerror(errno));
        else if (!S_ISREG(info.st_mode))
            add(c, DRAFT_CHECK_STOP, "%s is no file", path);
    }
    if (!wants(c, "attachment"))
        return;
    if (word && files->len == 0)
        add(c, DRAFT_CHECK_WARN, "The text says “%s” and there is no file",
            word);
    else if (word && files->len == 1)
        add(c, DRAFT_CHECK_OK, "The text says “%s” and there is 1 file", word);
    else if (word)
        add(c, DRAFT_CHECK_OK, "The text says “%s” and there are %u files",
            word, files->len);
}

const char *
draft_lane(Session *session, const Draft *draft)
{
    const Account *account =
        identity_sender(session, draft->account, draft->from);
    const Account *writer = draft_writer(session, draft);

    return account ? identity_lane(session, account_name(account),
                                   identity_name(writer))
                   : draft->account;
}

/* Files leave as base64, 76 characters and an end in a line. */
static guint64
sent_size(const Draft *draft)
{
    gsize text = strlen(draft->text);

    return text + (draft_size(draft) - text) * 78 / 57;
}

/* What the server said when it was last asked; else what many refuse. */
static void
check_size(Checker *c)
{
    guint64 size = sent_size(c->draft);
    guint64 most = outbox_max_size(session_outbox(c->session),
                                   draft_lane(c->session, c->draft));
    g_autofree char *human = text_size(size);
    g_autofree char *limit = text_size(most);

    if (!wants(c, "size"))
        return;
    if (most > 0 && size > most)
        add(c, DRAFT_CHECK_WARN,
            "The message has %s, and the server takes at most %s", human,
            limit);
    else if (most == 0 && size > BIG_BYTES)
        add(c, DRAFT_CHECK_WARN, "The message has %s: many servers refuse that",
            human);
}

static void
check_content(Checker *c)
{
    const Draft *draft = c->draft;
    g_autofree char *text = g_strstrip(g_strdup(draft->text));

    if (*draft->subject == '\0' && wants(c, "subject"))
        add(c, DRAFT_CHECK_WARN, "There is no subject");
    if (*text == '\0' && draft->attach->len == 0 && wants(c, "text"))
        add(c, DRAFT_CHECK_WARN, "There is no text");
    check_size(c);
}

static void
check_seal(Checker *c)
{
    const Draft *draft = c->draft;

    if (draft->encrypt && draft->smime && *draft->bcc)
        add(c, DRAFT_CHECK_STOP,
            "S/MIME shows everyone for whom a message is encrypted: write to "
            "those in Bcc by themselves, or use OpenPGP");
    else if (draft->answers && !draft->encrypt)
        add(c, DRAFT_CHECK_WARN,
            "It answers an encrypted message, and will not be encrypted");
}

static int
worst_first(const void *a, const void *b)
{
    const DraftCheck *const *first = a;
    const DraftCheck *const *second = b;

    return (int)(*second)->kind - (int)(*first)->kind;
}

GPtrArray *
draft_checks(Session *session, const Draft *draft)
{
    Checker c = { .session = session, .draft = draft };
    const char *words =
        options_get(session_options(session), "checks", draft->account, NULL);

    c.wanted = g_strsplit_set(words, " ,", -1);
    c.checks = g_ptr_array_new_with_free_func(draft_check_free);
    for (guint i = 0; i < draft->problems->len; i++)
        add(&c, DRAFT_CHECK_STOP, "%s", (char *)draft->problems->pdata[i]);
    check_from(&c);
    check_reply_to(&c);
    check_recipients(&c);
    check_identity(&c);
    check_reply(&c);
    check_parent(&c);
    check_files(&c);
    check_content(&c);
    check_seal(&c);
    g_strfreev(c.recipients);
    g_strfreev(c.wanted);
    g_ptr_array_sort(c.checks, worst_first);
    return c.checks;
}

guint64
draft_size(const Draft *draft)
{
    guint64 size = strlen(draft->text);
    struct stat info;

    for (guint i = 0; i < draft->attach->len; i++)
        if (stat(draft->attach->pdata[i], &info) == 0)
            size += (guint64)info.st_size;
    return size;
}
