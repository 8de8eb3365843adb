/* Triage: the commands that act on messages. What they do is in core/act.h;
 * which messages, in targets.h. */
#include "commands/commands.h"

#include "base/err.h"
#include "base/clock.h"
#include "cmd/value.h"
#include "core/mute.h"
#include "core/snooze.h"
#include "targets.h"
#include "writing.h"

#include <string.h>

#define TARGET_FLAGS \
    TARGET_FLAG_QUERY, TARGET_FLAG_THREAD, TARGET_FLAG_DRY_RUN, TARGET_FLAG_JSON
#define QUERY_ARG { "QUERY", CMD_QUERY, NULL, true, true }

/* What `repeat` does again, the user's: the command and its words, without the
 * query. */
static void
remember(CmdCall *call, const char *const *words)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    if (cmd_context(call)->by_hook)
        return;
    g_ptr_array_add(argv, (char *)cmd_entry(call)->name);
    if (cmd_has(call, "thread"))
        g_ptr_array_add(argv, (char *)"--thread");
    for (; words && *words; words++)
        g_ptr_array_add(argv, (char *)*words);
    g_ptr_array_add(argv, NULL);
    session_set_last_act(cmd_session(call),
                         (const char *const *)argv->pdata);
}

typedef bool (*SetAct)(Session *session, const MessageSet *set,
                       GError **error);

static bool
archive(Session *session, const MessageSet *set, GError **error)
{
    return act_move_to_role(session, set, FOLDER_ROLE_ARCHIVE, error);
}

static bool
trash(Session *session, const MessageSet *set, GError **error)
{
    return act_move_to_role(session, set, FOLDER_ROLE_TRASH, error);
}

/* Junk, or back to the inbox when the first message lies in junk already. */
static bool
junk(Session *session, const MessageSet *set, GError **error)
{
    Store *store = session_store(session);
    g_autoptr(StoreRow) row = NULL;
    g_autoptr(StoreFolder) folder = NULL;
    FolderRole role = FOLDER_ROLE_JUNK;

    if (set->ids->len > 0)
        row = store_row(store, g_array_index(set->ids, gint64, 0), NULL);
    if (row)
        folder = store_folder(store, row->folder, NULL);
    if (folder && folder->role == FOLDER_ROLE_JUNK)
        role = FOLDER_ROLE_INBOX;
    return act_move_to_role(session, set, role, error);
}

static const struct {
    const char *name;
    SetAct act;
} set_acts[] = {
    { "archive", archive },
    { "trash", trash },
    { "junk", junk },
    { "flag", act_toggle_flagged },
    { "unread", act_toggle_unread },
};

static CmdResult
set_act_apply(CmdCall *call, const MessageSet *set)
{
    GError *error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(set_acts); i++)
        if (strcmp(cmd_entry(call)->name, set_acts[i].name) == 0
            && set_acts[i].act(cmd_session(call), set, &error))
            remember(call, NULL);
    return cmd_result(call, error);
}

static CmdResult
set_act_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), set_act_apply);
}

/* Of whole threads, whatever was chosen of them. */
static CmdResult
mute_apply(CmdCall *call, const MessageSet *set)
{
    g_autoptr(MessageSet) threads = message_set_create();
    GError *error = NULL;

    g_array_append_vals(threads->ids, set->ids->data, set->ids->len);
    threads->by_hook = set->by_hook;
    if (message_set_widen(cmd_session(call), threads, &error)
        && mute_toggle(cmd_session(call), threads, &error))
        remember(call, NULL);
    return cmd_result(call, error);
}

static CmdResult
mute_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), mute_apply);
}

static CmdResult
delete_apply(CmdCall *call, const MessageSet *set)
{
    GError *error = NULL;

    act_delete(cmd_session(call), set, cmd_has(call, "force"), &error);
    return cmd_result(call, error);
}

static CmdResult
delete_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), delete_apply);
}

typedef bool (*AnswerAct)(Session *session, const MessageSet *set,
                          const char *answer, GError **error);

typedef struct {
    CmdCall *call;
    MessageSet *set;
    AnswerAct act;
} Question;

static CmdResult
answer_apply(CmdCall *call, const MessageSet *set, AnswerAct act,
             const char *answer)
{
    const char *words[] = { answer, NULL };
    GError *error = NULL;

    if (act(cmd_session(call), set, answer, &error))
        remember(call, words);
    return cmd_result(call, error);
}

static void
answered(const char *answer, void *user)
{
    Question *question = user;

    if (answer && *answer)
        answer_apply(question->call, question->set, question->act, answer);
    cmd_finish(question->call, NULL);
    message_set_destroy(question->set);
    g_free(question);
}

static CmdResult
ask(CmdCall *call, const MessageSet *set, const AskRequest *what,
    AnswerAct act)
{
    Frontend *frontend = session_frontend(cmd_session(call));
    Question *question = g_new0(Question, 1);
    AskRequest request = *what;

    if (!frontend->has_screen) {
        g_free(question);
        return cmd_fail_usage(call, "%s: %s? Name it behind the command",
                              cmd_entry(call)->name, what->prompt);
    }
    question->call = cmd_hold(call);
    question->act = act;
    question->set = message_set_create();
    g_array_append_vals(question->set->ids, set->ids->data, set->ids->len);
    question->set->threads = set->threads;
    question->set->by_hook = set->by_hook;
    request.answer = answered;
    request.user = question;
    frontend->class->ask(frontend, &request);
    return CMD_RUNNING;
}

static bool
move_act(Session *session, const MessageSet *set, const char *name,
         GError **error)
{
    gint64 folder = session_find_folder(session, name, set, error);

    return folder != 0 && act_move(session, set, folder, error);
}

static bool
copy_act(Session *session, const MessageSet *set, const char *name,
         GError **error)
{
    gint64 folder = session_find_folder(session, name, set, error);

    return folder != 0 && act_copy(session, set, folder, error);
}

static CmdResult
move_apply(CmdCall *call, const MessageSet *set)
{
    bool copy = strcmp(cmd_entry(call)->name, "copy") == 0;
    AskRequest request = { .prompt = copy ? "Copy to" : "Move to",
                           .completion = "folder" };
    AnswerAct act = copy ? copy_act : move_act;
    const char *folder = cmd_arg(call, 0);

    return folder ? answer_apply(call, set, act, folder)
                  : ask(call, set, &request, act);
}

static CmdResult
move_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), move_apply);
}

static bool
snooze_act(Session *session, const MessageSet *set, const char *when,
           GError **error)
{
    gint64 until = 0;

    if (strcmp(when, "now") != 0
        && !cmd_parse_time(when, clock_now(), &until))
        return err_set(error, ERR_USAGE,
                       "snooze: write now, +2h, mon 9:00 or "
                       "2026-11-30 09:00, not \"%s\"",
                       when);
    return snooze_until(session, set, until, error);
}

static CmdResult
snooze_apply(CmdCall *call, const MessageSet *set)
{
    static const AskRequest request = {
        .prompt = "Until (+2h, tomorrow, mon 9:00; now brings back)",
    };
    const char *when = cmd_arg(call, 0);

    return when ? answer_apply(call, set, snooze_act, when)
                : ask(call, set, &request, snooze_act);
}

static CmdResult
snooze_exec(CmdCall *call)
{
    return targets_each(call, cmd_rest(call), snooze_apply);
}

static bool
is_tag_word(const char *word)
{
    return *word == '+' || *word == '-';
}

static bool
tag_act(Session *session, const MessageSet *set, const char *answer,
        GError **error)
{
    g_auto(GStrv) all = g_strsplit(answer, " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (char **word = all; *word; word++)
        if (**word)
            g_ptr_array_add(words, *word);
    g_ptr_array_add(words, NULL);
    return act_tag(session, set, (const char *const *)words->pdata, error);
}

static CmdResult
tag_apply(CmdCall *call, const MessageSet *set)
{
    AskRequest request = { .prompt = "Tags", .completion = "tag",
                           .initial = cmd_flag(call, "prompt") };
    g_autoptr(GString) words = g_string_new(NULL);

    for (const char *const *word = cmd_rest(call);
         *word && is_tag_word(*word); word++)
        g_string_append_printf(words, "%s ", *word);
    return words->len ? answer_apply(call, set, tag_act, words->str)
                      : ask(call, set, &request, tag_act);
}

/* The words with a sign are tags, what follows is the query. */
static CmdResult
tag_exec(CmdCall *call)
{
    const char *const *query = cmd_rest(call);

    while (*query && is_tag_word(*query))
        query++;
    return targets_each(call, query, tag_apply);
}

/* On the page of a draft: what was done to mail is not seen there. */
static bool
is_about_draft(CmdCall *call)
{
    return cmd_is_by_hand(cmd_context(call))
           && draft_current(cmd_session(call));
}

static bool
is_about_outbox(CmdCall *call)
{
    return cmd_is_by_hand(cmd_context(call))
           && outbox_is_shown(session_outbox(cmd_session(call)));
}

static bool
undo(CmdCall *call, GError **error)
{
    Session *session = cmd_session(call);
    g_autoptr(GError) failed = NULL;

    if (writing_take_back(session, &failed))
        return true;
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    return is_about_draft(call)
               ? err_set(error, ERR_USAGE,
                         "nothing to undo here: u in a list takes back what "
                         "was done there")
               : act_undo(session, error);
}

static CmdResult
undo_exec(CmdCall *call)
{
    GError *error = NULL;

    if (is_about_outbox(call))
        return writing_undo_outbox(call);
    for (int i = 0; i < cmd_count(call) && error == NULL; i++)
        undo(call, &error);
    return cmd_result(call, error);
}

static CmdResult
redo_exec(CmdCall *call)
{
    GError *error = NULL;

    if (is_about_draft(call) || is_about_outbox(call))
        return cmd_fail_usage(call, "nothing to do again here");
    for (int i = 0; i < cmd_count(call) && error == NULL; i++)
        act_redo(cmd_session(call), &error);
    return cmd_result(call, error);
}

static CmdResult
repeat_exec(CmdCall *call)
{
    const char *const *argv = session_last_act(cmd_session(call));
    GError *error = NULL;

    if (argv == NULL)
        return cmd_fail_usage(call, "nothing to repeat yet");
    g_auto(GStrv) copy = g_strdupv((char **)argv);
    cmd_run_argv(cmd_context(call), (const char *const *)copy, &error);
    return cmd_result(call, error);
}

#define SET_ENTRY(NAME, HELP) \
    { \
        .name = NAME, .help = HELP, .group = "mail", \
        .flags = { TARGET_FLAGS }, .args = { QUERY_ARG }, \
        .target = TARGET_MESSAGES, .undo = true, .exec = set_act_exec, \
    }

static const CmdEntry set_entries[] = {
    SET_ENTRY("archive", "Move messages to the archive of their account"),
    SET_ENTRY("trash", "Move messages to the trash of their account"),
    SET_ENTRY("junk", "Move messages to junk; those in junk to the inbox"),
    SET_ENTRY("flag", "Flag messages, or take the flag away"),
    SET_ENTRY("unread", "Mark messages as read, or as unread"),
};

static const CmdEntry entry_delete = {
    .name = "delete",
    .help = "Delete messages in the trash for good; the server is told with "
            "the next act or sync",
    .group = "mail",
    .flags = { TARGET_FLAGS,
               { "force", 'f', CMD_BOOL, NULL,
                 "also those that are not in the trash" } },
    .args = { QUERY_ARG },
    .target = TARGET_MESSAGES,
    .undo = true,
    .exec = delete_exec,
};

static const CmdEntry entry_move = {
    .name = "move",
    .help = "Move messages to a folder; asks for it when none is named",
    .group = "mail",
    .flags = { TARGET_FLAGS },
    .args = { { "FOLDER", CMD_FOLDER, NULL, true, false }, QUERY_ARG },
    .target = TARGET_MESSAGES,
    .undo = true,
    .exec = move_exec,
};

static const CmdEntry entry_copy = {
    .name = "copy",
    .help = "Copy messages to a folder; asks for it when none is named",
    .group = "mail",
    .flags = { TARGET_FLAGS },
    .args = { { "FOLDER", CMD_FOLDER, NULL, true, false }, QUERY_ARG },
    .target = TARGET_MESSAGES,
    .exec = move_exec,
};

static const CmdEntry entry_tag = {
    .name = "tag",
    .help = "Add or remove tags: +todo -unread; asks when none is named; a "
            "query may follow",
    .group = "mail",
    .flags = { TARGET_FLAGS,
               { "prompt", 'p', CMD_STRING, NULL,
                 "what stands in the question already" } },
    .args = { { "TAG", CMD_TAG, NULL, true, true } },
    .target = TARGET_MESSAGES,
    .undo = true,
    .exec = tag_exec,
};

static const CmdEntry entry_mute = {
    .name = "mute",
    .help = "Hear no more of threads: read, out of the inbox, answers too",
    .group = "mail",
    .flags = { TARGET_FLAGS },
    .args = { QUERY_ARG },
    .target = TARGET_MESSAGES,
    .undo = true,
    .exec = mute_exec,
};

static const CmdEntry entry_snooze = {
    .name = "snooze",
    .help = "Put messages away until \"+2h\" or \"mon 9:00\"; now: bring back",
    .group = "mail",
    .flags = { TARGET_FLAGS },
    .args = { { "WHEN", CMD_STRING, NULL, true, false }, QUERY_ARG },
    .target = TARGET_MESSAGES,
    .undo = true,
    .exec = snooze_exec,
};

static const CmdEntry entry_undo = {
    .name = "undo",
    .help = "Take back the last act; on the review page, only a sending; on "
            "the outbox, what was sent or taken out there",
    .group = "mail",
    .exec = undo_exec,
};

static const CmdEntry entry_redo = {
    .name = "redo",
    .help = "Do again what was taken back",
    .group = "mail",
    .exec = redo_exec,
};

static const CmdEntry entry_repeat = {
    .name = "repeat",
    .help = "Do the last act again, on what is chosen now",
    .group = "mail",
    .exec = repeat_exec,
};

const CmdEntry *const commands_mail[] = {
    &set_entries[0], &set_entries[1], &set_entries[2], &set_entries[3],
    &set_entries[4], &entry_delete,   &entry_move,     &entry_copy,
    &entry_tag,      &entry_mute,     &entry_snooze,   &entry_undo,
    &entry_redo,     &entry_repeat,   NULL,
};
