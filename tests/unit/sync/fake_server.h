/* A server in this process, behind the table of calls that sync uses. It can
 * lose the connection before or after the nth call that changes or tells
 * something, as a kill or a cut would. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include "fake_mailbox.h"

/* Counts; true: the connection is lost before the call. */
static inline bool
fake_cut_before(Fake *fake, GError **error)
{
    if (++fake->calls != fake->cut_call || fake->cut_after)
        return false;
    err_set(error, ERR_RETRY, "cut before call %u", fake->calls);
    return true;
}

static inline bool
fake_answer(Fake *fake, GError **error)
{
    return fake->calls != fake->cut_call || !fake->cut_after
        || err_set(error, fake->cancels ? ERR_CANCELLED : ERR_RETRY,
                   "cut after call %u", fake->calls);
}

static inline bool
fake_says_no(const Fake *fake, const char *call, GError **error)
{
    return g_strcmp0(fake->no_call, call) == 0
        && !err_set(error, ERR_REFUSED, "example.org said NO %s",
                    fake->no_text);
}

/* The same for a call that changed messages. */
static inline bool
fake_changed(Fake *fake, const char *call, GError **error)
{
    if (fake->changing)
        fake->changing(fake->user, call);
    return fake_answer(fake, error);
}

static bool
fake_can(void *conn, const char *capability)
{
    Fake *fake = conn;

    if (strcmp(capability, "QRESYNC") == 0)
        return fake->qresync;
    if (strcmp(capability, "UIDPLUS") == 0)
        return fake->uidplus;
    if (strcmp(capability, "MULTIAPPEND") == 0)
        return fake->multiappend;
    if (strcmp(capability, "PREVIEW") == 0)
        return fake->preview;
    if (strcmp(capability, "OBJECTID") == 0
        || strcmp(capability, "SAVEDATE") == 0)
        return fake->objects;
    if (strcmp(capability, "MOVE") == 0)
        return !fake->no_move;
    if (strcmp(capability, "X-GM-EXT-1") == 0)
        return fake->gmail;
    return strcmp(capability, "CONDSTORE") == 0 && fake->condstore;
}

static GPtrArray *
fake_list(void *conn, bool state, GError **error)
{
    Fake *fake = conn;
    GPtrArray *list =
        g_ptr_array_new_with_free_func((GDestroyNotify)imap_mailbox_free);

    if (fake_cut_before(fake, error)) {
        g_ptr_array_unref(list);
        return NULL;
    }
    fake->states += state;
    for (guint i = 0; i < fake->mailboxes->len; i++) {
        const FakeMailbox *mailbox = fake->mailboxes->pdata[i];
        ImapMailbox *told;

        if (fake->unlisted && g_str_has_prefix(mailbox->name, fake->unlisted))
            continue;
        told = g_new0(ImapMailbox, 1);
        told->name = g_strdup(mailbox->name);
        told->delimiter = '/';
        told->special_use = g_strdup(mailbox->use);
        told->subscribed = !mailbox->unsubscribed;
        told->no_select = mailbox->no_select && !mailbox->unmarked;
        told->have_status = state && fake->status && !mailbox->no_select;
        told->uidvalidity = mailbox->uidvalidity;
        told->uidnext = mailbox->uidnext;
        told->messages = mailbox->messages->len;
        told->modseq = mailbox->modseq;
        g_ptr_array_add(list, told);
    }
    return list;
}

static FakeMailbox *
fake_lookup(Fake *fake, const char *name)
{
    for (guint i = 0; i < fake->mailboxes->len; i++) {
        FakeMailbox *mailbox = fake->mailboxes->pdata[i];

        if (strcmp(mailbox->name, name) == 0)
            return mailbox;
    }
    return NULL;
}

static bool
fake_status(void *conn, const char *name, ImapMailbox *status, GError **error)
{
    Fake *fake = conn;
    const FakeMailbox *mailbox = fake_lookup(fake, name);

    if (fake_cut_before(fake, error))
        return false;
    fake->statuses++;
    if (mailbox == NULL || mailbox->no_select)
        return err_set(error, ERR_REFUSED,
                       "example.org said NO [NONEXISTENT] %s", name);
    status->have_status = true;
    status->uidvalidity = mailbox->uidvalidity;
    status->uidnext = mailbox->uidnext;
    status->messages = mailbox->messages->len;
    return true;
}

static bool
fake_tell(const Fake *fake, const FakeMessage *message, const char *items,
          const ImapSink *sink, GError **error)
{
    ImapMessage told = { .uid = message->uid,
                         .modseq = message->modseq,
                         .has_flags = true,
                         .flags = { message->flags, message->tags },
                         .internaldate = 1672653600,
                         .size = strlen(message->bytes) };
    bool gmail = strstr(items, "X-GM-MSGID") != NULL;
    g_autofree char *email_id =
        fake->same ? g_strdup(fake->same)
                   : g_strdup_printf("%s%u", gmail ? "gm." : "M",
                                     g_str_hash(message->bytes));

    if (strstr(items, "PREVIEW"))
        told.preview = "ahead of its body";
    if (gmail || strstr(items, "EMAILID"))
        told.email_id = email_id;
    if (strstr(items, "SAVEDATE"))
        told.savedate = 1672653700;
    return sink->message == NULL || sink->message(sink->user, &told, error);
}

static bool
fake_resync(const Fake *fake, FakeMailbox *mailbox, const ImapResync *resync,
            const ImapSink *sink, GError **error)
{
    g_autoptr(UidSet) gone = uidset_create();

    for (guint i = 0; i < mailbox->gone->len; i++)
        uidset_add(gone, g_array_index(mailbox->gone, guint32, i));
    if (!sink->vanished(sink->user, gone, error))
        return false;
    for (guint i = 0; i < mailbox->messages->len; i++) {
        const FakeMessage *message = mailbox->messages->pdata[i];

        if (message->modseq > resync->modseq
            && !fake_tell(fake, message, "", sink, error))
            return false;
    }
    return true;
}

/* Of UIDs that the next mailbox has too. Without CONDSTORE nobody says CLOSED,
 * but all is asked for anew. */
static bool
fake_say_left(const Fake *fake, const FakeMailbox *next, const ImapSink *sink,
           GError **error)
{
    ImapMessage told = { .uid = 3,
                         .has_flags = true,
                         .flags = { STORE_FLAG_FLAGGED, "left" } };
    g_autoptr(UidSet) gone = uidset_create();

    uidset_add_range(gone, fake->condstore ? next->uidnext : 1, next->uidnext);
    if (!sink->message(sink->user, &told, error)
        || !sink->vanished(sink->user, gone, error))
        return false;
    if (fake->condstore && sink->closed)
        sink->closed(sink->user);
    return true;
}

static bool
fake_select(void *conn, const char *name, const ImapResync *resync,
            const ImapSink *sink, ImapSelected *selected, GError **error)
{
    Fake *fake = conn;
    FakeMailbox *mailbox = fake_lookup(fake, name);

    if (fake_cut_before(fake, error))
        return false;
    if (mailbox == NULL || mailbox->no_select)
        return err_set(error, ERR_REFUSED, "%s: there is none", name);
    if (mailbox->refused)
        return err_set(error, ERR_REFUSED, "%s: it is locked", name);
    if (mailbox->breaks)
        return err_set(error, mailbox->breaks, "%s: nonsense", name);
    fake->selects++;
    if (fake->leaves && sink && fake->selected && fake->selected != mailbox
        && !fake_say_left(fake, mailbox, sink, error))
        return false;
    fake->selected = mailbox;
    selected->uidvalidity = mailbox->uidvalidity;
    selected->uidnext = mailbox->uidnext;
    selected->modseq = fake->condstore ? mailbox->modseq : 0;
    selected->exists = fake_is_all(fake, mailbox) && fake->claims
                           ? fake->claims
                           : mailbox->messages->len;
    selected->mailbox_id = fake->objects ? g_strdup(mailbox->id) : NULL;
    selected->keywords_allowed = !fake->no_keywords;
    selected->resynced = resync && fake->qresync
        && resync->uidvalidity == mailbox->uidvalidity;
    return (!selected->resynced
            || fake_resync(fake, mailbox, resync, sink, error))
        && fake_answer(fake, error);
}

static bool
fake_opened(void *conn, const char *name, ImapOpened *opened)
{
    Fake *fake = conn;

    if (fake->selected == NULL || strcmp(fake->selected->name, name) != 0)
        return false;
    *opened = (ImapOpened){ fake->selected->uidvalidity, fake->local_flags,
                            !fake->no_keywords, fake->keeps };
    return true;
}

static bool
fake_send(Fake *fake, const FakeMessage *message, const char *items,
          const ImapSink *sink, GError **error)
{
    const char *end = strstr(message->bytes, "\r\n\r\n") + 4;
    gsize size = strlen(message->bytes);

    if (strstr(items, "HEADER")) {
        size = (gsize)(end - message->bytes);
        fake->headers++;
    } else if (strstr(items, "BODY.PEEK[]")
               && !(fake->untold && strstr(message->bytes, fake->untold))) {
        fake->bodies++;
    } else {
        return fake_tell(fake, message, items, sink, error);
    }
    return sink->body_begin(sink->user, "", size, error)
        && sink->body_bytes(sink->user, message->bytes, size / 2, error)
        && sink->body_bytes(sink->user, message->bytes + size / 2,
                            size - size / 2, error)
        && fake_tell(fake, message, items, sink, error);
}

static bool
fake_is_bad(const Fake *fake, const FakeMessage *message, const char *items)
{
    return fake->bad && strstr(message->bytes, fake->bad)
        && strstr(items, "BODY.PEEK[")
        && (fake->bad_header || strstr(items, "BODY.PEEK[]"));
}

static bool
fake_has_bad(const Fake *fake, const UidSet *uids, const char *items)
{
    for (guint i = 0; i < fake->selected->messages->len; i++) {
        const FakeMessage *message = fake->selected->messages->pdata[i];

        if (uidset_contains(uids, message->uid)
            && fake_is_bad(fake, message, items))
            return true;
    }
    return false;
}

/* What no mailbox has: only the flags of ever more messages. */
static bool
fake_tell_more(const Fake *fake, const ImapSink *sink, GError **error)
{
    g_autofree char *words = g_strnfill(fake->words, 'w');
    bool ok = true;

    for (guint32 uid = 1; ok && uid <= fake->tells; uid++) {
        g_autofree char *each =
            fake->words ? g_strdup_printf("%u%s", uid, words) : g_strdup("");
        ImapMessage told = { .uid = uid,
                             .has_flags = true,
                             .flags = { 0, each } };

        ok = sink->message(sink->user, &told, error);
    }
    return ok;
}

static bool
fake_fetch(void *conn, const UidSet *uids, const char *items, guint64 since,
           const ImapSink *sink, GError **error)
{
    Fake *fake = conn;
    guint half = fake->selected->messages->len / 2;
    bool bad = fake_has_bad(fake, uids, items);

    if (fake_cut_before(fake, error))
        return false;
    if (fake->tells)
        return fake_tell_more(fake, sink, error);
    if (bad && fake->busy)
        return err_set(error, ERR_REFUSED, "example.org said NO [%s] later",
                       fake->busy);
    if (bad && fake->gives == FAKE_GIVES_NOTHING)
        return err_set(error, ERR_REFUSED, "said NO it is damaged");
    for (guint i = 0; i < fake->selected->messages->len; i++) {
        const FakeMessage *message = fake->selected->messages->pdata[i];

        if (i == half && !fake_answer(fake, error))
            return false; /* in the middle of the answer */
        if (uidset_contains(uids, message->uid)
            && fake_is_bad(fake, message, items)) {
            if (fake->gives == FAKE_GIVES_BEFORE)
                break;
            continue;
        }
        if (uidset_contains(uids, message->uid) && message->modseq > since
            && !fake_send(fake, message, items, sink, error))
            return false;
    }
    if (bad)
        return err_set(error, ERR_REFUSED, "said NO it is damaged");
    return fake_answer(fake, error);
}

static bool
fake_fetch_sets(void *conn, const GPtrArray *sets, const char *items,
                const ImapSink *sink, GError **error)
{
    Fake *fake = conn;
    bool enough = false;
    bool ok;

    fake->asked = true;
    ok = sets->len == 0 || sink->asked == NULL
         || sink->asked(sink->user, error);
    fake->asked = false;
    if (!ok)
        return false;
    for (guint i = 0; i < sets->len && !enough; i++)
        if (!fake_fetch(conn, sets->pdata[i], items, 0, sink, error)
            || (sink->set_told
                && !sink->set_told(sink->user, &enough, error)))
            return false;
    return true;
}

/* The last string of a search that is no query of Gmail's; "" none. */
static char *
fake_wanted(const char *criteria)
{
    const char *raw = strstr(criteria, "X-GM-RAW \"");
    const char *text = raw ? strchr(raw + 10, '"') + 1 : criteria;

    text = strchr(text, '"');
    return text ? g_strndup(text + 1, strcspn(text + 1, "\"")) : g_strdup("");
}

static UidSet *
fake_among(const char *criteria)
{
    g_autofree char *set =
        g_str_has_prefix(criteria, "UID ")
            ? g_strndup(criteria + 4, strcspn(criteria + 4, " ")) : NULL;

    return set ? uidset_parse(set, 1000, NULL) : NULL;
}

static UidSet *
fake_search(void *conn, const char *criteria, GError **error)
{
    Fake *fake = conn;
    bool rest = strstr(criteria, "X-GM-RAW \"-in:inbox ") != NULL;
    unsigned hidden =
        strstr(criteria, "UNDELETED ") ? STORE_FLAG_TRASHED : 0;
    g_autofree char *wanted = fake_wanted(criteria);
    g_autoptr(UidSet) among = fake_among(criteria);
    UidSet *found;

    if (fake_cut_before(fake, error) || fake_says_no(fake, "search", error))
        return NULL;
    fake->searches++;
    if (fake->searched)
        fake->searched(fake->user);
    found = uidset_create();
    for (guint i = 0; i < fake->selected->messages->len; i++) {
        const FakeMessage *message = fake->selected->messages->pdata[i];

        if (!(rest && fake->claims) && strstr(message->bytes, wanted)
            && !(message->flags & hidden)
            && (among == NULL || uidset_contains(among, message->uid))
            && (!rest || !fake_is_labelled(fake, message)))
            uidset_add(found, message->uid);
    }
    if (rest && fake->claims)
        uidset_add_range(found, 1, fake->finds);
    if (!fake_answer(fake, error))
        g_clear_pointer(&found, uidset_destroy);
    return found;
}

static int
fake_by_word(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
fake_keyword(FakeMessage *message, const char *keyword, bool add)
{
    g_auto(GStrv) words = g_strsplit(message->tags, " ", -1);
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (char **word = words; *word; word++)
        if (**word && strcmp(*word, keyword) != 0)
            g_ptr_array_add(all, *word);
    if (add)
        g_ptr_array_add(all, (void *)keyword);
    g_ptr_array_sort(all, fake_by_word);
    g_ptr_array_add(all, NULL);
    g_free(message->tags);
    message->tags = g_strjoinv(" ", (char **)all->pdata);
}

static void
fake_flag(FakeMailbox *mailbox, FakeMessage *message, bool add,
          const ImapFlags *flags)
{
    message->flags = add ? message->flags | flags->system
                         : message->flags & ~flags->system;
    message->modseq = ++mailbox->modseq;
    if (*flags->keywords)
        fake_keyword(message, flags->keywords, add);
}

/* Wherever it is, it is the same message. */
static void
fake_flag_all(Fake *fake, const char *bytes, bool add, const ImapFlags *flags)
{
    for (guint i = 0; i < fake->mailboxes->len; i++) {
        FakeMailbox *mailbox = fake->mailboxes->pdata[i];
        FakeMessage *message = fake_find_bytes(mailbox, bytes);

        if (message)
            fake_flag(mailbox, message, add, flags);
    }
}

static bool
fake_store(void *conn, const UidSet *uids, bool add, const ImapFlags *flags,
           GError **error)
{
    Fake *fake = conn;

    if (fake_cut_before(fake, error)
        || fake_says_no(fake, "store", error))
        return false;
    g_assert_false(flags->system & fake->local_flags);
    fake->stores++;
    for (guint i = 0; i < fake->selected->messages->len; i++) {
        FakeMessage *message = fake->selected->messages->pdata[i];

        if (!uidset_contains(uids, message->uid))
            continue;
        if (fake->all)
            fake_flag_all(fake, message->bytes, add, flags);
        else
            fake_flag(fake->selected, message, add, flags);
    }
    return fake_changed(fake, "store", error);
}

static void
fake_copy_one(Fake *fake, FakeMailbox *to, guint32 uid, ImapCopied *copied)
{
    FakeMessage *message = fake_find(fake->selected, uid);
    FakeMessage *there;

    if (message == NULL)
        return;
    there = fake->all ? fake_label(fake, to->name, message)
                      : fake_put(to, message->bytes, message->flags,
                                 message->tags);
    g_array_append_val(copied->from, uid);
    g_array_append_val(copied->to, there->uid);
}

static void
fake_leave(Fake *fake, FakeMailbox *to, guint32 uid)
{
    FakeMessage *message = fake_find(fake->selected, uid);

    if (fake->all && message && g_strcmp0(to->use, "\\Trash") == 0) {
        g_autofree char *bytes = g_strdup(message->bytes);

        fake_trash(fake, to, bytes);
    } else if (message && !fake_is_all(fake, fake->selected)) {
        fake_remove(fake->selected, uid);
    }
}

static bool
fake_to_mailbox(Fake *fake, const UidSet *uids, const char *mailbox, bool leave,
                ImapCopied *copied, GError **error)
{
    FakeMailbox *to = fake_mailbox(fake, mailbox);

    if (fake->cut_move)
        fake->cut_call = fake->calls + 1;
    if (fake_cut_before(fake, error)
        || fake_says_no(fake, "move", error))
        return false;
    fake->moves++;
    copied->from = g_array_new(FALSE, FALSE, sizeof(guint32));
    copied->to = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint32 uid = 1; uid < fake->selected->uidnext; uid++)
        if (uidset_contains(uids, uid)) {
            fake_copy_one(fake, to, uid, copied);
            if (leave)
                fake_leave(fake, to, uid);
        }
    copied->uidvalidity = fake->uidplus ? to->uidvalidity : 0;
    return fake_changed(fake, "move", error);
}

static bool
fake_move(void *conn, const UidSet *uids, const char *mailbox,
          ImapCopied *copied, GError **error)
{
    g_assert_false(((Fake *)conn)->no_move);
    return fake_to_mailbox(conn, uids, mailbox, true, copied, error);
}

static bool
fake_copy(void *conn, const UidSet *uids, const char *mailbox,
          ImapCopied *copied, GError **error)
{
    return fake_to_mailbox(conn, uids, mailbox, false, copied, error);
}

/* Without UIDPLUS it is but marked. */
static void
fake_expunge_one(Fake *fake, guint32 uid)
{
    FakeMessage *message = fake_find(fake->selected, uid);

    if (message == NULL)
        return;
    if (fake->uidplus) {
        fake_remove(fake->selected, uid);
        return;
    }
    message->flags |= STORE_FLAG_TRASHED;
    message->modseq = ++fake->selected->modseq;
}

static bool
fake_expunge(void *conn, const UidSet *uids, bool *marked, GError **error)
{
    Fake *fake = conn;

    if (fake_cut_before(fake, error)
        || fake_says_no(fake, "expunge", error))
        return false;
    *marked = !fake->uidplus;
    for (guint32 uid = 1; uid < fake->selected->uidnext; uid++)
        if (uidset_contains(uids, uid) && !fake_is_all(fake, fake->selected))
            fake_expunge_one(fake, uid);
    return fake_changed(fake, "expunge", error);
}

static bool
fake_append(void *conn, const char *mailbox, ImapUpload *uploads, guint n,
            guint32 *uidvalidity, GError **error)
{
    Fake *fake = conn;
    FakeMailbox *to = fake_mailbox(fake, mailbox);

    if (fake->cut_append)
        fake->cut_call = fake->calls + 1;
    if (fake_cut_before(fake, error)
        || fake_says_no(fake, "append", error))
        return false;
    g_assert_true(n == 1 || fake->multiappend);
    fake->uploads++;
    *uidvalidity = fake->uidplus ? to->uidvalidity : 0;
    for (guint i = 0; fake->refused && i < n; i++) {
        char bytes[4096] = "";

        g_assert_cmpint(pread(uploads[i].fd, bytes, sizeof bytes - 1, 0), >, 0);
        if (strstr(bytes, fake->refused))
            return err_set(error, ERR_REFUSED, "said NO");
    }
    for (guint i = 0; i < n; i++) {
        char bytes[4096] = "";
        guint32 uid;

        if (read(uploads[i].fd, bytes, sizeof bytes - 1) <= 0)
            return err_set(error, ERR_LOCAL, "cannot read");
        uid = fake_put(to, bytes, uploads[i].flags.system,
                       uploads[i].flags.keywords)
                  ->uid;
        uploads[i].uid = fake->uidplus ? uid : 0;
        fake->appends++;
    }
    return fake_changed(fake, "append", error);
}

static bool
fake_make(void *conn, const char *mailbox, const char *special_use,
          GError **error)
{
    Fake *fake = conn;

    if (fake_cut_before(fake, error))
        return false;
    fake_mailbox(fake, mailbox)->no_select = false;
    fake_mailbox(fake, mailbox)->use = g_intern_string(special_use);
    return fake_answer(fake, error);
}

/* With what is below it (RFC 9051, section 6.3.6). */
static bool
fake_rename(void *conn, const char *from, const char *to, GError **error)
{
    Fake *fake = conn;
    g_autofree char *below = g_strconcat(from, "/", NULL);

    if (fake_cut_before(fake, error))
        return false;
    if (fake_lookup(fake, from) == NULL || fake_lookup(fake, to))
        return err_set(error, ERR_REFUSED, "said NO");
    for (guint i = 0; i < fake->mailboxes->len; i++) {
        FakeMailbox *mailbox = fake->mailboxes->pdata[i];
        char *name = NULL;

        if (strcmp(mailbox->name, from) == 0)
            name = g_strdup(to);
        else if (g_str_has_prefix(mailbox->name, below))
            name = g_strconcat(to, mailbox->name + strlen(from), NULL);
        if (name == NULL)
            continue;
        g_free(mailbox->name);
        mailbox->name = name;
    }
    return fake_answer(fake, error);
}

static bool
fake_remove_mailbox(void *conn, const char *name, GError **error)
{
    Fake *fake = conn;
    FakeMailbox *mailbox = fake_lookup(fake, name);

    if (fake_cut_before(fake, error))
        return false;
    if (mailbox == NULL)
        return err_set(error, ERR_REFUSED, "said NO");
    if (fake->selected == mailbox)
        fake->selected = NULL;
    g_ptr_array_remove(fake->mailboxes, mailbox);
    return fake_answer(fake, error);
}

static bool
fake_subscribe(void *conn, const char *name, bool on, GError **error)
{
    Fake *fake = conn;

    if (fake_cut_before(fake, error))
        return false;
    fake_mailbox(fake, name)->unsubscribed = !on;
    return fake_answer(fake, error);
}

static const char *
fake_prefix(void *conn, char *delimiter)
{
    *delimiter = '/';
    return "";
}

static void
fake_ahead(void *conn, const char *mailbox, const ImapResync *resync)
{
    Fake *fake = conn;

    g_free(fake->ahead);
    fake->ahead = g_strdup_printf("%s %" G_GUINT64_FORMAT, mailbox,
                                  resync ? resync->modseq : 0);
}

static const SyncServerClass fake_class = {
    .can = fake_can,
    .list = fake_list,
    .status = fake_status,
    .select = fake_select,
    .opened = fake_opened,
    .fetch = fake_fetch,
    .fetch_sets = fake_fetch_sets,
    .search = fake_search,
    .store = fake_store,
    .move = fake_move,
    .copy = fake_copy,
    .expunge = fake_expunge,
    .append = fake_append,
    .create = fake_make,
    .rename = fake_rename,
    .remove = fake_remove_mailbox,
    .subscribe = fake_subscribe,
    .prefix = fake_prefix,
    .ahead = fake_ahead,
};

#endif
