/* Invented messages to Maildir files and rows: the same names, bytes and order
 * on every run. */
#include "demo_write.h"

#include "base/err.h"
#include "core/contacts.h"
#include "core/standing.h"
#include "facts.h"
#include "maildir/maildir.h"
#include "mime/mime.h"

#include <stdio.h>
#include <string.h>


static const struct {
    const char *account, *name;
    FolderRole role;
} folder_table[DEMO_FOLDERS] = {
    [DEMO_INBOX] = { "home", "INBOX", FOLDER_ROLE_INBOX },
    [DEMO_DRAFTS] = { "home", "Drafts", FOLDER_ROLE_DRAFTS },
    [DEMO_SENT] = { "home", "Sent", FOLDER_ROLE_SENT },
    [DEMO_ARCHIVE] = { "home", "Archive", FOLDER_ROLE_ARCHIVE },
    [DEMO_JUNK] = { "home", "Junk", FOLDER_ROLE_JUNK },
    [DEMO_TRASH] = { "home", "Trash", FOLDER_ROLE_TRASH },
    [DEMO_MM] = { "home", "Lists/linux-mm", FOLDER_ROLE_NONE },
    [DEMO_NOTMUCH] = { "home", "Lists/notmuch", FOLDER_ROLE_NONE },
    [DEMO_CORP_INBOX] = { "corp", "INBOX", FOLDER_ROLE_INBOX },
    [DEMO_CORP_DRAFTS] = { "corp", "Drafts", FOLDER_ROLE_DRAFTS },
    [DEMO_CORP_SENT] = { "corp", "Sent", FOLDER_ROLE_SENT },
    [DEMO_CORP_ARCHIVE] = { "corp", "Archive", FOLDER_ROLE_ARCHIVE },
};

struct DemoWriter {
    Store *store;
    gint64 shift;
    StoreFolder *folders[DEMO_FOLDERS];
    MaildirBatch *batches[DEMO_FOLDERS];
    Dns *zone;
    GHashTable *chains; /* id → "<a@b> <c@d>": what an answer refers to */
    guint n;
};

static bool
open_folder(DemoWriter *writer, const char *mail, DemoFolder which,
            GError **error)
{
    const char *account = folder_table[which].account;
    const char *name = folder_table[which].name;
    g_autofree char *path = strcmp(name, "INBOX") == 0
        ? g_strdup(account) : g_build_filename(account, name, NULL);
    g_autofree char *full = g_build_filename(mail, path, NULL);
    StoreFolder folder = {
        .account = (char *)account, .name = (char *)name, .path = path,
        .delimiter = '/', .role = folder_table[which].role,
        .selectable = true, .subscribed = true, .local = true,
    };
    g_autoptr(StoreFolder) known =
        store_folder_by_path(writer->store, path, NULL);
    gint64 id = known ? known->id
                      : store_folder_put(writer->store, &folder, error);

    if (id == 0 || !maildir_create(full, error))
        return false;
    writer->folders[which] = store_folder(writer->store, id, error);
    writer->batches[which] = maildir_batch_create(full, error);
    return writer->folders[which] && writer->batches[which];
}

DemoWriter *
demo_writer_create(Store *store, const char *mail, gint64 shift,
                   GError **error)
{
    g_autoptr(DemoWriter) writer = g_new0(DemoWriter, 1);

    writer->store = store;
    writer->zone = dns_zone_create(demo_zone, NULL);
    writer->shift = shift;
    writer->chains =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (DemoFolder i = 0; i < DEMO_FOLDERS; i++)
        if (!open_folder(writer, mail, i, error))
            return NULL;
    return g_steal_pointer(&writer);
}

void
demo_writer_destroy(DemoWriter *writer)
{
    if (writer == NULL)
        return;
    for (DemoFolder i = 0; i < DEMO_FOLDERS; i++) {
        maildir_batch_destroy(writer->batches[i]);
        g_clear_pointer(&writer->folders[i], store_folder_free);
    }
    g_hash_table_unref(writer->chains);
    dns_unref(writer->zone);
    g_free(writer);
}

bool
demo_writer_begin(DemoWriter *writer, GError **error)
{
    return store_begin(writer->store, error);
}

/* The month of the demo is November 2026. */
static gint64
date_of(const DemoWriter *writer, const DemoMail *mail)
{
    int day = 1;
    int hour = 0;
    int minute = 0;
    g_autoptr(GDateTime) date = NULL;

    if (mail->when == NULL)
        return mail->date + writer->shift;
    if (sscanf(mail->when, "%d %d:%d", &day, &hour, &minute) != 3)
        g_error("demo: no date: %s", mail->when);
    date = g_date_time_new_utc(2026, 11, day, hour, minute, 0);
    return g_date_time_to_unix(date) + writer->shift;
}

/* The chain of the parent; and the message's own for those that answer it. */
static char *
chain(DemoWriter *writer, const DemoMail *mail, const char *message_id)
{
    const char *before = mail->parent
        ? g_hash_table_lookup(writer->chains, mail->parent) : NULL;
    g_autofree char *own = before
        ? g_strdup_printf("%s\r\n <%s>", before, message_id)
        : g_strdup_printf("<%s>", message_id);

    g_hash_table_replace(writer->chains, g_strdup(mail->id),
                         g_steal_pointer(&own));
    return g_strdup(before);
}

/* Checked as what arrives would be. */
static bool
check(DemoWriter *writer, const DemoMail *mail, const GString *bytes, gint64 id,
      GError **error)
{
    static const char *const servers[] = { DEMO_SERVER, NULL };
    TrustParams params = { .dns = writer->zone, .authserv_ids = servers };
    g_autoptr(TrustReport) report = NULL;
    g_autoptr(Standing) standing = NULL;
    g_autofree char *text = NULL;

    if (demo_mail_is_own(mail))
        return true;
    report = trust_check_bytes(bytes->str, bytes->len, &params);
    standing = standing_of_report(report);
    text = standing_text(standing);
    return store_set_verdict(writer->store, id, standing_word(standing), text,
                             error);
}

/* Whom the invented user knows. */
static bool
note_contacts(DemoWriter *writer, const DemoMail *mail, GError **error)
{
    bool sent = demo_mail_is_own(mail);
    const char *whom = sent ? mail->to : mail->from;
    g_autoptr(GPtrArray) addresses = mime_addresses(whom ? whom : "");
    bool ok = true;

    if (mail->folder == DEMO_JUNK || mail->folder == DEMO_TRASH)
        return true;
    for (guint i = 0; ok && i < addresses->len; i++) {
        const MimeAddress *one = addresses->pdata[i];

        ok = !contacts_takes_mail(one->addr)
            || store_contact_seen(writer->store, one->name, one->addr, sent,
                                  mail->date, error);
    }
    return ok;
}

static bool
add_row(DemoWriter *writer, const DemoMail *mail, const GString *bytes,
        const char *file, GError **error)
{
    g_autoptr(Facts) facts = facts_create(bytes->str, bytes->len);
    gint64 id;

    facts->message.folder = writer->folders[mail->folder]->id;
    facts->message.file = file;
    facts->message.size = bytes->len;
    facts->message.arrival = mail->date;
    facts->message.flags |= mail->flags;
    facts->message.tags = mail->tags;
    id = store_message_add(writer->store, &facts->message, error);
    return id != 0 && check(writer, mail, bytes, id, error);
}

bool
demo_writer_add(DemoWriter *writer, const DemoMail *invented, GError **error)
{
    DemoMail mail = *invented;
    g_autofree char *message_id = demo_mail_id(&mail);
    g_autofree char *references = chain(writer, &mail, message_id);
    MaildirBatch *batch = writer->batches[mail.folder];
    unsigned flags = mail.flags & STORE_SYSTEM_FLAGS;
    g_autoptr(GString) bytes = NULL;
    g_autofree char *base = NULL;
    g_autofree char *name = NULL;
    g_autofree char *file = NULL;

    mail.date = date_of(writer, &mail);
    bytes = demo_mail_bytes(&mail, message_id, references);
    base = g_strdup_printf("%" G_GINT64_FORMAT ".R%016x.posthorn", mail.date,
                           ++writer->n);
    name = maildir_file_name(base, flags);
    file = g_build_filename(writer->folders[mail.folder]->path, "cur", name,
                            NULL);
    return maildir_batch_begin(batch, base, error)
        && maildir_batch_write(batch, bytes->str, bytes->len, error)
        && maildir_batch_finish(batch, flags, error)
        && add_row(writer, &mail, bytes, file, error)
        && note_contacts(writer, &mail, error);
}

bool
demo_writer_end(DemoWriter *writer, bool commit, GError **error)
{
    bool ok = commit;

    for (DemoFolder i = 0; ok && i < DEMO_FOLDERS; i++)
        ok = maildir_batch_count(writer->batches[i]) == 0
            || maildir_batch_commit(writer->batches[i], error);
    return store_end(writer->store, ok, ok ? error : NULL) && ok;
}
