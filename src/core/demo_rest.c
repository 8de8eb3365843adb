/* The rest of the demo: years of lists, work, newsletters and junk, written by
 * a fixed sequence of random numbers. Must not depend on time or place. */
#include "demo_write.h"

#include <string.h>

enum {
    SEED = 20261123,
    LATEST = 1795046400, /* 19 November 2026, before the handwritten part */
    DAY = 86400,
    YEARS = 3 * 365 * DAY,
    LONGEST_THREAD = 9,
};

typedef enum {
    KIND_WORK,
    KIND_LIST,
    KIND_PATCH,
    KIND_LETTER,
    KIND_JUNK,
    KIND_SENT,
} Kind;

struct DemoRest {
    GRand *random;
    guint n;       /* of the message */
    guint answers; /* still to come in this thread */
    Kind kind;
    DemoFolder folder;
    char *subject;     /* of the thread */
    char *root, *last; /* ids */
    gint64 date;
    DemoMail mail; /* what was given out last */
    char *id, *parent, *line, *text, *html;
};

static const char *const people[] = {
    "Marta Köhler <marta.koehler@example.org>",
    "Ben Okafor <ben.okafor@corp.example>",
    "Tomáš Dvořák <tomas.dvorak@corp.example>",
    "Priya Raghunathan <priya@corp.example>",
    "Yuki Tanaka <yuki@tanaka.example>",
    "Sofia Rossi <sofia.rossi@example.org>",
    "Grace Hopper-Smith <grace@corp.example>",
    "Liam O'Connor <liam@corp.example>",
    "Zoë van der Berg <zoe@example.net>",
    "Jürgen Weiß <juergen@weiss.example>",
    "Νίκος Παππάς <nikos@pappas.example>",
    "Ирина Соколова <irina@sokolova.example>",
};

static const char *const hackers[] = {
    "Kees Larsson <kees@kernel.example>",
    "David Hilden <david@hilden.example>",
    "Mel Gormley <mel@gormley.example>",
    "Hanna Lindholm <hanna@lindholm.example>",
    "Ibrahim Yusuf <ibrahim@yusuf.example>",
    "Wei Chen <wei@chen.example>",
};

static const char *const strangers[] = {
    "Prize Office <win@lottery.test>",
    "Cheap Watches <sale@watches.test>",
    "Your Bank <security@bank-login.test>",
    "Dr. Love <love@letters.test>",
};

static const char *const letters[] = {
    "The Weekly Byte <letter@weeklybyte.example>",
    "Cloud Billing <billing@cloud.example>",
    "City Library <news@library.example>",
    "Railway Tickets <tickets@railway.example>",
};

static const char *const things[] = {
    "contract", "kernel", "migration", "index", "budget", "offsite",
    "invoice", "backup", "roadmap", "workshop", "dashboard", "release",
    "parser", "certificate", "retention", "survey", "printer", "garden",
    "replica", "queue", "archive", "keyboard", "calendar", "wiki",
};

static const char *const matters[] = {
    "window", "panic", "review", "numbers", "plan", "notes", "question",
    "handover", "draft", "results", "cleanup", "boot", "meeting", "report",
    "upgrade", "story", "policy", "test", "deadline", "photos",
};

static const char *const sentences[] = {
    "I went through it last night and have two remarks.",
    "The numbers are in the table below, they look better than in spring.",
    "Could you look at it before Friday?",
    "It fails only on the slow machine, and only sometimes.",
    "We agreed to keep the old way for one more release.",
    "Nothing of this is urgent.",
    "I measured it three times, the median is 41 minutes.",
    "Legal wants a name for it.",
    "The first half is easy, the second I do not understand.",
    "Let us talk about it on Tuesday.",
    "I have written it down in the wiki.",
    "That was my mistake, sorry; it is fixed now.",
    "Whoever is on call should know about it.",
    "It needs a test that fails without it.",
    "The migration took longer than we thought.",
    "Thank you, that helps a lot.",
    "I would rather not do both on the same night.",
    "What happens when the disk is full?",
    "Die Sitzung ist auf Mittwoch verschoben.",
    "On peut en parler jeudi si tu veux.",
    "Podemos decidirlo la semana que viene.",
    "来週また話しましょう。",
};

static const char *const files[] = {
    "notes.txt 900", "report.pdf 51200", "photo.jpg 81920",
    "table.csv 2048", "plan.md 4096, drawing.png 30720",
};

static guint
below(DemoRest *rest, gsize n)
{
    return (guint)g_rand_int_range(rest->random, 0, (gint32)n);
}

#define ANY(rest, array) (array)[below(rest, G_N_ELEMENTS(array))]

static char *
body(DemoRest *rest)
{
    GString *text = g_string_new(NULL);
    guint lines = 2 + below(rest, 9);

    for (guint i = 0; i < lines; i++)
        g_string_append_printf(text, "%s%s", ANY(rest, sentences),
                               below(rest, 4) == 0 ? "\n\n" : "\n");
    return g_string_free(text, FALSE);
}

static char *
answer_body(DemoRest *rest)
{
    g_autofree char *quoted = body(rest);
    g_autofree char *own = body(rest);
    g_auto(GStrv) lines = g_strsplit(quoted, "\n", -1);
    GString *text = g_string_new("On that day somebody wrote:\n");

    for (char **line = lines; *line && line[1]; line++)
        g_string_append_printf(text, ">%s%s\n", **line ? " " : "", *line);
    g_string_append_printf(text, "\n%s", own);
    return g_string_free(text, FALSE);
}

static char *
patch_body(DemoRest *rest)
{
    const char *thing = ANY(rest, things);
    GString *text = g_string_new(NULL);
    guint lines = 4 + below(rest, 12);

    g_string_append_printf(text, "%s\n\nSigned-off-by: the author\n---\n"
                           " mm/%s.c | %u +-\n\n"
                           "diff --git a/mm/%s.c b/mm/%s.c\n"
                           "--- a/mm/%s.c\n+++ b/mm/%s.c\n"
                           "@@ -%u,7 +%u,9 @@ static void %s_init(void)\n",
                           ANY(rest, sentences), thing, lines, thing, thing,
                           thing, thing, 10 + lines, 10 + lines, thing);
    for (guint i = 0; i < lines; i++)
        g_string_append_printf(text, "%c    %s_%s(%u);\n",
                               " +-"[below(rest, 3)], thing,
                               ANY(rest, matters), i);
    return g_string_free(text, FALSE);
}

static char *
letter_body(DemoRest *rest)
{
    GString *html = g_string_new(NULL);

    g_string_append_printf(html, "<h1>The %s %s</h1><ul>", ANY(rest, things),
                           ANY(rest, matters));
    for (guint i = 0; i < 3; i++)
        g_string_append_printf(html, "<li><a href=\"https://news.example/%u\">"
                               "%s</a></li>", below(rest, 10000),
                               ANY(rest, sentences));
    g_string_append(html, "</ul><img src=\"https://news.example/open.gif\">"
                    "<p>You get this because you asked for it.</p>");
    return g_string_free(html, FALSE);
}

static Kind
choose_kind(DemoRest *rest)
{
    guint dice = below(rest, 100);

    return dice < 34 ? KIND_WORK : dice < 46 ? KIND_LIST
        : dice < 62 ? KIND_PATCH : dice < 76 ? KIND_LETTER
        : dice < 84 ? KIND_JUNK : KIND_SENT;
}

static DemoFolder
choose_folder(DemoRest *rest)
{
    switch (rest->kind) {
    case KIND_LIST:
        return DEMO_NOTMUCH;
    case KIND_PATCH:
        return DEMO_MM;
    case KIND_JUNK:
        return below(rest, 3) ? DEMO_JUNK : DEMO_TRASH;
    case KIND_SENT:
        return below(rest, 3) ? DEMO_SENT : DEMO_CORP_SENT;
    case KIND_WORK:
        return below(rest, 5) ? DEMO_ARCHIVE : DEMO_CORP_ARCHIVE;
    case KIND_LETTER:
        break;
    }
    return DEMO_ARCHIVE;
}

static char *
choose_subject(DemoRest *rest)
{
    const char *thing = ANY(rest, things);
    const char *matter = ANY(rest, matters);

    if (rest->kind == KIND_PATCH)
        return g_strdup_printf("[PATCH %u/%u] mm: %s for the %s", 1
                               + below(rest, 3), 3 + below(rest, 4), matter,
                               thing);
    if (rest->kind == KIND_JUNK)
        return g_strdup_printf("You have won a %s, act now", thing);
    if (below(rest, 5) == 0)
        return g_strdup_printf("Who has the %s of the %s?", matter, thing);
    return g_strdup_printf("%c%s %s", g_ascii_toupper(*thing), thing + 1,
                           matter);
}

static void
begin_thread(DemoRest *rest)
{
    static const guint answers[] = {
        [KIND_WORK] = 6,   [KIND_LIST] = 8, [KIND_PATCH] = LONGEST_THREAD,
        [KIND_LETTER] = 1, [KIND_JUNK] = 1, [KIND_SENT] = 1,
    };

    g_free(rest->subject);
    rest->kind = choose_kind(rest);
    rest->folder = choose_folder(rest);
    rest->subject = choose_subject(rest);
    rest->answers = below(rest, answers[rest->kind]);
    rest->date = LATEST - g_rand_int_range(rest->random, 0, YEARS);
    g_clear_pointer(&rest->root, g_free);
    g_clear_pointer(&rest->last, g_free);
}

static const char *
choose_author(DemoRest *rest)
{
    switch (rest->kind) {
    case KIND_LIST:
    case KIND_PATCH:
        return ANY(rest, hackers);
    case KIND_JUNK:
        return ANY(rest, strangers);
    case KIND_LETTER:
        return ANY(rest, letters);
    case KIND_SENT:
        return rest->folder == DEMO_SENT ? demo_me : demo_work;
    case KIND_WORK:
        break;
    }
    return ANY(rest, people);
}

static void
write_text(DemoRest *rest)
{
    g_clear_pointer(&rest->text, g_free);
    g_clear_pointer(&rest->html, g_free);
    if (rest->kind == KIND_LETTER)
        rest->html = letter_body(rest);
    else if (rest->parent)
        rest->text = answer_body(rest);
    else if (rest->kind == KIND_PATCH)
        rest->text = patch_body(rest);
    else
        rest->text = body(rest);
}

/* Only little of it is unread: the newest of the lists, and junk. */
static unsigned
choose_flags(DemoRest *rest)
{
    bool list = rest->kind == KIND_PATCH || rest->kind == KIND_LIST;
    bool unread = list ? rest->date > LATEST - 20 * DAY
        : rest->kind == KIND_JUNK && rest->date > LATEST - 60 * DAY;

    if (unread)
        return 0;
    return STORE_FLAG_SEEN
        | (below(rest, 30) == 0 ? STORE_FLAG_REPLIED : 0);
}

/* The folder that both accounts begin their work day with. */
static DemoFolder
folder_of(const DemoRest *rest)
{
    bool recent = rest->date > LATEST - 30 * DAY;

    return recent && rest->folder == DEMO_CORP_ARCHIVE ? DEMO_CORP_INBOX
                                                       : rest->folder;
}

static void
choose_ids(DemoRest *rest)
{
    g_free(rest->id);
    rest->id = g_strdup_printf("m%u", ++rest->n);
    g_free(rest->parent);
    /* Some answer the first message, most the one before. */
    rest->parent = g_strdup(rest->last && below(rest, 3) ? rest->last
                                                         : rest->root);
    if (rest->root == NULL)
        rest->root = g_strdup(rest->id);
    g_free(rest->last);
    rest->last = g_strdup(rest->id);
}

const DemoMail *
demo_rest_next(DemoRest *rest)
{
    if (rest->root && rest->answers > 0) {
        rest->answers--;
        rest->date += 600 + below(rest, DAY);
    } else {
        begin_thread(rest);
    }
    choose_ids(rest);
    write_text(rest);
    g_free(rest->line);
    rest->line = g_strdup_printf("%s%s", rest->parent ? "Re: " : "",
                                 rest->subject);
    rest->mail = (DemoMail){
        .date = rest->date,
        .folder = folder_of(rest),
        .id = rest->id,
        .parent = rest->parent,
        .from = choose_author(rest),
        .to = rest->kind == KIND_PATCH ? "linux-mm@lists.example"
            : rest->kind == KIND_LIST ? "notmuch@lists.example"
            : rest->kind == KIND_SENT ? ANY(rest, people) : NULL,
        .subject = rest->line,
        .list = rest->kind == KIND_PATCH ? "linux-mm.lists.example"
            : rest->kind == KIND_LIST ? "notmuch.lists.example" : NULL,
        .text = rest->text,
        .html = rest->html,
        .files = rest->kind == KIND_WORK && below(rest, 12) == 0
            ? ANY(rest, files) : NULL,
        .tags = rest->kind == KIND_PATCH ? "mm"
            : rest->kind == KIND_LETTER ? "news"
            : rest->kind == KIND_WORK && below(rest, 2) ? "work" : NULL,
        .verdict = rest->kind == KIND_JUNK ? "fail" : NULL,
        .flags = choose_flags(rest),
    };
    return &rest->mail;
}

DemoRest *
demo_rest_create(void)
{
    DemoRest *rest = g_new0(DemoRest, 1);

    rest->random = g_rand_new_with_seed(SEED);
    return rest;
}

void
demo_rest_destroy(DemoRest *rest)
{
    if (rest == NULL)
        return;
    g_rand_free(rest->random);
    g_free(rest->subject);
    g_free(rest->root);
    g_free(rest->last);
    g_free(rest->id);
    g_free(rest->parent);
    g_free(rest->line);
    g_free(rest->text);
    g_free(rest->html);
    g_free(rest);
}
