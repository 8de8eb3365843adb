/* The handwritten part of the demo: what the first screen shows, newest first.
 * Everyone in it is invented. Data only. */
#include "demo_mail.h"

#include "store/store.h"

#define MARTA "Marta Köhler <marta.koehler@example.org>"
#define JEAN "Jean-Luc Fournier <jean-luc@corp.example>"
#define BEN "Ben Okafor <ben.okafor@corp.example>"
#define TOMAS "Tomáš Dvořák <tomas.dvorak@corp.example>"
#define PRIYA "Priya Raghunathan <priya@corp.example>"
#define YUKI "Yuki Tanaka <yuki@tanaka.example>"
#define SOFIA "Sofia Rossi <sofia.rossi@example.org>"
#define GRACE "Grace Hopper-Smith <grace@corp.example>"
#define LIAM "Liam O'Connor <liam@corp.example>"
#define ZOE "Zoë van der Berg <zoe@example.net>"
#define ME "Ana Lindqvist <ana@lindqvist.example>"
#define FORGE "GitForge <notifications@gitforge.example>"
#define BYTE "The Weekly Byte <letter@weeklybyte.example>"
#define RAILWAY "Railway Tickets <tickets@railway.example>"
#define BANK "Your Bank <alerts@bank.example>"

#define SEEN STORE_FLAG_SEEN
#define STAR STORE_FLAG_FLAGGED
#define ANSWERED (STORE_FLAG_SEEN | STORE_FLAG_REPLIED)

const char demo_me[] = ME;
const char demo_work[] = "Ana Lindqvist <ana@corp.example>";

const DemoMail demo_inbox[] = {
    { .when = "23 05:13", .id = "bank-close", .from = BANK,
      .subject = "URGENT: your account will be closed", .verdict = "fail",
      .html = "<p>Click <a href=\"http://evil.test/\">"
              "https://bank.example/login</a></p>"
              "<img src=\"http://evil.test/seen.gif\" width=1 height=1>" },
    { .when = "23 04:25", .id = "giji", .from = YUKI, .charset = "ISO-2022-JP",
      .subject = "来週の定例会議の議事録と資料について（再送）",
      .text = "田中です。\n\n先週の定例会議の議事録と資料をお送りします。\n"
              "ご確認をお願いいたします。\n\n田中由紀\n",
      .verdict = "pass" },
    { .when = "23 02:01", .id = "favour",
      .from = "ceo@corp.example <ceo.corp@freemail.test>",
      .subject = "Quick favour", .verdict = "unverified",
      .text = "Are you at your desk? I need gift cards.\n"
              "Keep this between us, I am in a meeting.\n" },
    { .when = "23 01:25", .id = "byte-invoice", .from = BYTE,
      .subject = "Your invoice for October", .tags = "news",
      .verdict = "pass", .list = "letter.weeklybyte.example",
      .to = "letter@weeklybyte.example",
      .text = "Plain text version: Your subscription costs 4.00 a month.\n",
      .html = "<h1>The Weekly Byte</h1><p>Your subscription costs "
              "<b>4.00</b> a month. <a href=\"https://weeklybyte.example/"
              "invoice\">See the invoice</a>.</p><table><tr><td>October</td>"
              "<td>4.00</td></tr></table>" },
    { .when = "23 00:25", .id = "slides", .from = PRIYA,
      .cc = SOFIA ", " GRACE,
      .subject = "Slides and numbers for Thursday", .tags = "work",
      .verdict = "pass", .flags = STORE_FLAG_ATTACHMENT,
      .text = "Both attached. The xlsx is 40 kB.\n\nPriya\n",
      .files = "slides-final-v3 (2).pdf 67584, numbers.csv 8, "
               "写真.png 67584, notes.txt 9" },
    { .when = "22 22:40", .id = "retention-invite", .from = LIAM,
      .subject = "Invitation: Retention sign-off", .tags = "work",
      .verdict = "pass",
      .text = "Sat 28 Nov 13:00–13:30, room Ada or the usual link.\n\n"
              "Agenda: the retention window, who signs.\n",
      .files = "invite.ics 740" },
    { .when = "22 22:12", .id = "parcel",
      .from = "Parcel Service <no-reply@parcel.example>",
      .subject = "Your parcel could not be delivered", .verdict = "fail",
      .text = "See attached.\n", .files = "label.zip 20480" },
    { .when = "22 21:50", .id = "yusuan", .charset = "GB18030",
      .from = "王小明 <wang@xiaoming.example>", .flags = SEEN,
      .subject = "关于下季度预算的讨论——请在周五之前回复",
      .text = "你好，附件是预算草案。\n\n请在周五之前回复。谢谢！\n\n小明\n" },
    { .when = "22 21:18", .id = "window-5", .parent = "window-4", .from = BEN,
      .to = ME ", " TOMAS, .cc = MARTA ", " JEAN,
      .subject = "Re: Migration window for the Frankfurt replica",
      .tags = "work", .verdict = "pass",
      .text =
          "Thanks for the quick turnaround. I went through the draft last "
          "night and I\nthink we are close, but there are three things to "
          "settle before Friday:\n\n"
          " 1. The migration window. Saturday 02:00-06:00 UTC works for ops, "
          "but the\n    replica in Frankfurt will be read-only until the "
          "catch-up is finished.\n"
          " 2. Whether we keep the old import path for one more release.\n"
          " 3. Who signs off on the retention change (legal wants a name).\n\n"
          "> On the retention change: I would rather we did not block on it.\n"
          "> It can go into the next minor release.\n"
          ">\n> The import path is read by two customers, and both have the\n"
          "> new one in their staging. I can ask them on Monday.\n>\n"
          "> What I would not do is to move both on the same night: if the\n"
          "> catch-up takes longer than we think, we cannot tell which of\n"
          "> the two it was.\n>\n> One more release costs us nothing but a\n"
          "> paragraph in the notes.\n>\n> Saturday suits me, I am on call\n"
          "> anyway.\n\n"
          "I agree with that, as long as it is written down somewhere we will "
          "find it.\n\n-- \nBen\n" },
    { .when = "22 19:02", .id = "window-4", .parent = "window-3", .from = ME,
      .to = MARTA, .cc = JEAN ", " BEN ", " TOMAS, .folder = DEMO_SENT,
      .subject = "Re: Migration window for the Frankfurt replica",
      .flags = SEEN, .text = "Sounds good. I will write it down.\n\nAna\n" },
    { .when = "22 17:33", .id = "ticket", .from = FORGE, .flags = SEEN,
      .subject = "Your ticket: Göteborg C → Stockholm C", .tags = "travel",
      .text = "Plain text ticket.\n\nGöteborg C 08:05 → Stockholm C 11:10\n"
              "Coach 4, seat 21, window.\n" },
    { .when = "22 16:10", .id = "hoeui", .charset = "EUC-KR",
      .from = "김민수 <minsu@kim.example>", .flags = SEEN,
      .subject = "회의 일정 변경 안내",
      .text = "안녕하세요, 회의 일정이 변경되었습니다.\n수요일 오후 3시입니다.\n\n"
              "김민수 드림\n" },
    { .when = "22 15:41", .id = "reopen-2", .parent = "reopen-1",
      .from = PRIYA, .to = JEAN, .cc = ME, .tags = "work", .verdict = "pass",
      .subject = "Re: Re-opening the retention question",
      .text = "On the retention question: legal asked again. A migration of "
              "the old logs\nwould answer both.\n" },
    { .when = "22 14:02", .id = "reopen-1", .from = JEAN, .flags = SEEN,
      .subject = "Re-opening the retention question", .tags = "work",
      .verdict = "pass",
      .text = "Can we look once more at what we keep, and for how long?\n\n"
              "Jean-Luc\n" },
    { .when = "22 11:40", .id = "window-3", .parent = "window-2",
      .from = TOMAS, .to = MARTA, .cc = ME ", " JEAN ", " BEN,
      .subject = "Re: Migration window for the Frankfurt replica",
      .tags = "work", .flags = SEEN, .verdict = "pass",
      .text = "One more thing about the retention window: legal wants a name "
              "for it.\n\nT.\n" },
    { .when = "21 20:15", .id = "porto-4", .parent = "porto-3", .from = SOFIA,
      .tags = "travel", .flags = ANSWERED, .verdict = "pass",
      .subject = "Re: Offsite in Porto: flights and rooms",
      .text = "Whether we take the early flight or the late one: I have asked "
              "for both.\n" },
    { .when = "21 18:20", .id = "window-2", .parent = "window-1",
      .from = JEAN, .to = MARTA, .cc = ME ", " BEN ", " TOMAS,
      .subject = "Re: Migration window for the Frankfurt replica",
      .tags = "work", .flags = SEEN, .verdict = "pass",
      .text = "Saturday works for us, with one caveat about DNS: the short "
              "TTL has to be in\nplace a day before.\n\nJean-Luc\n" },
    { .when = "21 17:02", .id = "window-1", .from = MARTA,
      .to = ME ", " BEN, .cc = JEAN ", " TOMAS, .flags = SEEN,
      .subject = "Migration window for the Frankfurt replica",
      .tags = "work", .verdict = "pass",
      .text = "Thanks for the quick turnaround. I went through the draft of "
              "the plan and\nwould like to move the replica on Saturday "
              "night.\n\nWould that work for everyone?\n\n-- \nMarta\n",
      .files = "design.md 26, diagram.png 12288" },
    { .when = "21 16:30", .id = "index-2", .parent = "index-1", .from = TOMAS,
      .to = PRIYA, .cc = ME, .tags = "work", .flags = STAR, .verdict = "pass",
      .subject = "Re: Design doc: offline search index",
      .text = "The index lives beside the mail and follows behind it, so that "
              "nothing waits.\n", .files = "index-design.pdf 30720" },
    { .when = "21 13:00", .id = "index-1", .from = PRIYA, .tags = "work",
      .flags = SEEN | STAR, .verdict = "pass",
      .subject = "Design doc: offline search index",
      .text = "First draft. What happens with a migration of the old index is "
              "on page 4.\n" },
    { .when = "21 12:12", .id = "party",
      .from = "Party Team <party@example.net>",
      .subject = "Happy birthday Priya! 🎂 bring the family 👩‍👩‍👧‍👦",
      .text = "See you at 5! 🎉\n" },
    { .when = "21 11:30", .id = "porto-3", .parent = "porto-2", .from = ME,
      .to = TOMAS, .cc = SOFIA, .folder = DEMO_SENT, .flags = SEEN,
      .subject = "Re: Offsite in Porto: flights and rooms",
      .text = "The rooms by the river, please.\n\nAna\n" },
    { .when = "21 10:48", .id = "etude", .from = ZOE, .flags = SEEN,
      .subject = "étude: combining marks test ñandú",
      .text = "naïve café\n\nZ.\n" },
    { .when = "21 10:02", .id = "hiring-3", .parent = "hiring-2", .from = ME,
      .to = BEN, .cc = YUKI, .folder = DEMO_SENT, .flags = SEEN,
      .subject = "Re: Hiring loop feedback for Tuesday",
      .text = "I do, on Monday.\n\nAna\n" },
    { .when = "21 09:44", .id = "hiring-2", .parent = "hiring-1",
      .from = YUKI, .tags = "hiring", .flags = SEEN,
      .subject = "Re: Hiring loop feedback for Tuesday",
      .text = "Who signs off on the migration exercise?\n" },
    { .when = "21 09:20", .id = "porto-2", .parent = "porto-1", .from = TOMAS,
      .tags = "travel", .flags = SEEN,
      .subject = "Re: Offsite in Porto: flights and rooms",
      .text = "Two hotels have rooms; one is by the river.\n" },
    { .when = "21 09:05", .id = "porto-1", .from = SOFIA, .tags = "travel",
      .flags = SEEN, .subject = "Offsite in Porto: flights and rooms",
      .text = "We need six rooms from Sunday to Wednesday.\n" },
    { .when = "21 08:58", .id = "hiring-1", .from = BEN, .tags = "hiring",
      .flags = SEEN, .subject = "Hiring loop feedback for Tuesday",
      .text = "Please write yours before Tuesday noon.\n\nBen\n" },
    { .when = "20 21:31", .id = "long", .from = GRACE,
      .subject = "A very long subject line that goes on and on because "
                 "somebody wanted to say everything in it, including the "
                 "weather and the price of coffee in Stockholm this week",
      .text = "That was all.\n" },
    { .when = "20 19:05", .id = "overdue", .from = YUKI, .tags = "work",
      .flags = STAR, .subject = "Invoice 2291 is overdue?",
      .text = "I can re-send the PDF if it got lost.\n",
      .files = "invoice-2291.pdf 45056" },
    { .when = "20 18:30", .id = "access-7", .parent = "access-6",
      .from = PRIYA, .tags = "work", .flags = ANSWERED,
      .subject = "Re: Access request: billing dashboard",
      .text = "Approved for 90 days.\n" },
    { .when = "20 18:11", .id = "access-6", .parent = "access-5",
      .from = SOFIA, .tags = "work", .flags = SEEN,
      .subject = "Re: Access request: billing dashboard",
      .text = "Finance says yes.\n" },
    { .when = "20 17:20", .id = "access-5", .parent = "access-4", .from = LIAM,
      .tags = "work", .flags = SEEN,
      .subject = "Re: Access request: billing dashboard",
      .text = "It needs a role that can only read. There is one since the "
              "migration.\n" },
    { .when = "20 16:45", .id = "access-4", .parent = "access-3", .from = ME,
      .to = SOFIA, .cc = LIAM ", " PRIYA, .folder = DEMO_SENT, .flags = SEEN,
      .subject = "Re: Access request: billing dashboard",
      .text = "Reading is enough.\n\nAna\n" },
    { .when = "20 16:02", .id = "access-3", .parent = "access-2",
      .from = PRIYA, .tags = "work", .flags = SEEN,
      .subject = "Re: Access request: billing dashboard",
      .text = "For how long?\n" },
    { .when = "20 15:40", .id = "access-2", .parent = "access-1", .from = LIAM,
      .tags = "work", .flags = SEEN,
      .subject = "Re: Access request: billing dashboard",
      .text = "Do you need to change anything there, or only to read?\n" },
    { .when = "20 15:11", .id = "access-1", .from = SOFIA, .tags = "work",
      .flags = SEEN, .subject = "Access request: billing dashboard",
      .text = "Could Ana get into the billing dashboard?\n" },
    { .when = "20 14:50", .id = "pr-880", .from = FORGE, .tags = "ci",
      .subject = "[org/repo] Fix race in worker shutdown (PR #880)",
      .text = "All checks passed. 2 files changed, 14 insertions, 3 "
              "deletions.\n\ndiff --git a/worker.c b/worker.c\n"
              "--- a/worker.c\n+++ b/worker.c\n@@ -40,7 +40,9 @@\n"
              " static void\n-worker_stop(Worker *worker)\n"
              "+worker_stop(Worker *worker, bool wait)\n {\n"
              "+    if (wait)\n+        g_thread_join(worker->thread);\n" },
    { .when = "20 13:15", .id = "nosubject",
      .from = "nosubject@example.org", .flags = SEEN,
      .text = "This message has no subject.\n" },
    { .when = "20 12:20", .id = "flaky", .from = LIAM, .tags = "ci work",
      .subject = "Flaky test in CI since Monday",
      .text = "It fails about one time in thirty, only on the slow machine.\n"
              "I suspect the clock.\n" },
    { .when = "19 22:10", .id = "cloud-invoice",
      .from = "Cloud Billing <billing@cloud.example>", .tags = "news",
      .flags = SEEN, .subject = "Your invoice for October",
      .text = "Amount due: € 42.10\n",
      .files = "invoice-10.pdf 38912" },
    { .when = "19 17:45", .id = "lunch-4", .parent = "lunch-3", .from = GRACE,
      .flags = SEEN, .subject = "Re: Lunch on Thursday?",
      .text = "12:15 it is.\n" },
    { .when = "19 17:20", .id = "lunch-3", .parent = "lunch-2", .from = ME,
      .to = ZOE, .cc = GRACE, .folder = DEMO_SENT, .flags = SEEN,
      .subject = "Re: Lunch on Thursday?", .text = "Yes!\n\nAna\n" },
    { .when = "19 16:58", .id = "lunch-2", .parent = "lunch-1", .from = GRACE,
      .flags = SEEN, .subject = "Re: Lunch on Thursday?",
      .text = "Thai place at 12:15? I can book for four.\n" },
    { .when = "19 16:40", .id = "lunch-1", .from = ZOE, .flags = SEEN,
      .subject = "Lunch on Thursday?", .text = "Who is in?\n" },
    { .when = "19 14:12", .id = "contract-3", .parent = "contract-2",
      .from = MARTA, .tags = "work", .flags = SEEN,
      .subject = "Re: Contract renewal – comments from legal",
      .text = "Section 4 is fine now.\n",
      .files = "contract-v4.pdf 91136" },
    { .when = "19 11:30", .id = "contract-2", .parent = "contract-1",
      .from = ME, .to = GRACE, .cc = MARTA, .folder = DEMO_SENT,
      .flags = SEEN, .subject = "Re: Contract renewal – comments from legal",
      .text = "Section 4 names the wrong migration date.\n\nAna\n" },
    { .when = "19 09:00", .id = "contract-1", .from = GRACE, .tags = "work",
      .flags = SEEN, .subject = "Contract renewal – comments from legal",
      .text = "Their comments are in the margin.\n" },
    { .when = "18 20:02", .id = "notes-3", .parent = "notes-2", .from = MARTA,
      .tags = "work", .flags = SEEN, .verdict = "unverified",
      .subject = "Re: Release notes for 4.2",
      .text = "Draft is in the repository; please read the part on imports.\n"
    },
    { .when = "18 18:40", .id = "notes-2", .parent = "notes-1", .from = ME,
      .to = MARTA, .folder = DEMO_SENT, .flags = SEEN,
      .subject = "Re: Release notes for 4.2",
      .text = "I will read it tonight.\n\nAna\n" },
    { .when = "18 17:02", .id = "notes-1", .from = MARTA, .tags = "work",
      .flags = SEEN, .subject = "Release notes for 4.2",
      .text = "Who reads them before they go out?\n" },
    { .when = "18 15:11", .id = "statement", .from = BANK, .tags = "bank",
      .flags = SEEN, .verdict = "pass",
      .subject = "Statement for October is available",
      .text = "Log in to read it. We never put a link into our messages.\n" },
    { .when = "18 13:44", .id = "drill-4", .parent = "drill-3", .from = BEN,
      .tags = "work", .flags = SEEN,
      .subject = "Re: Backup restore drill results",
      .text = "Restore took 41 minutes, nine less than in spring.\n" },
    { .when = "18 12:30", .id = "drill-3", .parent = "drill-2", .from = LIAM,
      .tags = "work", .flags = SEEN,
      .subject = "Re: Backup restore drill results",
      .text = "Did you count the index?\n" },
    { .when = "18 11:20", .id = "drill-2", .parent = "drill-1", .from = PRIYA,
      .tags = "work", .flags = SEEN,
      .subject = "Re: Backup restore drill results",
      .text = "The index is made anew, it is not in the backup.\n" },
    { .when = "18 10:05", .id = "drill-1", .from = JEAN, .tags = "work",
      .flags = SEEN, .subject = "Backup restore drill results",
      .text = "All databases came back. Numbers follow.\n" },
    { .when = "17 19:30", .id = "railway", .from = RAILWAY, .tags = "travel",
      .subject = "Statement for October is available",
      .text = "Your trips in October: 6. Points: 412.\n" },
    { .when = "17 09:15", .id = "byte-2", .from = BYTE, .tags = "news",
      .flags = SEEN, .subject = "Your invoice for October",
      .list = "letter.weeklybyte.example", .to = "letter@weeklybyte.example",
      .html = "<h1>The Weekly Byte</h1><p>Here is what happened this week:</p>"
              "<ul><li>A parser got faster</li><li>A mail client learned to "
              "undo</li></ul><p><a href=\"https://weeklybyte.example/47\">Read "
              "it all</a></p>" },
    { .when = "14 15:02", .id = "photos-2", .parent = "photos-1",
      .from = SOFIA, .flags = SEEN, .subject = "Re: Photos from the workshop",
      .text = "Link inside, 40 pictures, please tell me which may be shown.\n",
      .files = "group.jpg 204800" },
    { .when = "14 14:20", .id = "photos-1", .from = SOFIA, .flags = SEEN,
      .subject = "Photos from the workshop", .text = "Soon.\n" },
    { .when = "14 10:31", .id = "handover", .from = TOMAS, .tags = "work",
      .flags = SEEN, .subject = "Notes from the on-call handover",
      .text = "Two pages, both in the wiki. Quiet week.\n" },
    { .when = "13 16:05", .id = "laptop", .from = BEN, .flags = SEEN,
      .subject = "Laptop refresh: pick a keyboard layout",
      .text = "ISO or ANSI? Decide before the 30th.\n" },
    { .when = "13 11:11", .id = "teirei-2", .parent = "teirei-1", .from = YUKI,
      .charset = "ISO-2022-JP", .flags = SEEN,
      .subject = "Re: 来週の定例会議", .text = "了解しました。\n" },
    { .when = "13 10:02", .id = "teirei-1", .from = YUKI, .flags = SEEN,
      .charset = "Shift_JIS", .subject = "来週の定例会議",
      .text = "来週は水曜日でお願いします。\n" },
    { .when = "13 09:10", .id = "budjet", .charset = "KOI8-R", .flags = SEEN,
      .from = "Ирина Соколова <irina@sokolova.example>",
      .subject = "Материалы к семинару",
      .text = "Добрый день!\n\nПрограмма семинара в приложении.\n\nИрина\n",
      .files = "программа.pdf 24576" },
    { .when = "12 18:00", .id = "rechnung", .charset = "ISO-8859-15",
      .from = "Jürgen Weiß <juergen@weiss.example>", .flags = SEEN,
      .subject = "Rückfrage zur Rechnung über 1.250,00 €",
      .text = "Hallo Ana,\n\nkönntest du mir die Rechnung noch einmal "
              "schicken?\n\nGrüße\nJürgen\n" },
    { .when = "12 15:20", .id = "mawid", .flags = SEEN,
      .from = "ليلى حداد <layla@haddad.example>",
      .subject = "موعد الاجتماع القادم",
      .text = "مرحبا آنا،\n\nهل يناسبك يوم الثلاثاء؟\n\nليلى\n" },
    { .when = "12 12:45", .id = "schuzka", .charset = "ISO-8859-2",
      .from = "Božena Žáčková <bozena@zackova.example>", .flags = SEEN,
      .subject = "Schůzka příští týden",
      .text = "Dobrý den,\n\nhodí se vám čtvrtek v deset?\n\nBožena\n" },
    { .when = "12 09:30", .id = "pilot", .from = ZOE, .flags = SEEN,
      .subject = "Pilot with the library", .text = "They start in March.\n" },
    { .when = "11 21:14", .id = "proskl", .charset = "ISO-8859-7",
      .from = "Νίκος Παππάς <nikos@pappas.example>", .flags = SEEN,
      .subject = "Πρόσκληση στο σεμινάριο",
      .text = "Γεια σου Άννα,\n\nθα χαρούμε να σε δούμε.\n\nΝίκος\n" },
    { .when = "11 19:01", .id = "baithak", .flags = SEEN,
      .from = "अनिल शर्मा <anil@sharma.example>",
      .subject = "अगली बैठक का समय",
      .text = "नमस्ते आना,\n\nक्या सोमवार ठीक रहेगा?\n\nअनिल\n" },
    { .when = "11 15:30", .id = "keys", .from = GRACE, .flags = SEEN,
      .subject = "Who has the keys to room Ada?",
      .text = "Found: they were in the door.\n" },
    { .when = "11 10:20", .id = "byte-3", .from = BYTE, .tags = "news",
      .flags = SEEN, .subject = "Forty small tools",
      .list = "letter.weeklybyte.example", .to = "letter@weeklybyte.example",
      .html = "<h1>Forty small tools</h1><p>One for each week that is "
              "left.</p>" },
    { .when = "10 20:40", .id = "climbing-2", .parent = "climbing-1",
      .from = ZOE, .flags = ANSWERED, .subject = "Re: Climbing on Sunday",
      .text = "Ten o'clock, bring the long rope.\n" },
    { .when = "10 18:10", .id = "climbing-1", .from = ZOE, .flags = SEEN,
      .subject = "Climbing on Sunday", .text = "The weather looks good.\n" },
    { .when = "10 14:02", .id = "survey",
      .from = "People Team <people@corp.example>", .flags = SEEN,
      .subject = "Survey: eleven questions", .text = "It takes 4 minutes.\n" },
    { .when = "10 09:41", .id = "receipt", .from = RAILWAY, .tags = "travel",
      .flags = SEEN, .subject = "Receipt for your journey",
      .text = "Stockholm C to Uppsala C, 98.00\n",
      .files = "receipt.pdf 12288" },
    { .when = "9 17:22", .id = "cert", .from = JEAN, .tags = "work",
      .flags = SEEN, .subject = "Certificate of the old mail host",
      .text = "It expires on the 30th and nobody needs it any more.\n" },
    { .when = "9 12:00", .id = "menu", .from = GRACE, .flags = SEEN,
      .subject = "Menu for the winter dinner",
      .text = "Two soups, three mains. Tell me which.\n",
      .files = "menu.pdf 20480" },
    { .when = "8 19:30", .id = "book", .from = SOFIA, .flags = SEEN,
      .subject = "The book you asked about",
      .text = "It is back in the library.\n" },
    { .when = "8 11:05", .id = "pr-871", .from = FORGE, .tags = "ci",
      .flags = SEEN, .subject = "[org/repo] Faster start (PR #871)",
      .text = "Merged.\n" },
    { .when = "7 16:40", .id = "bikes", .from = LIAM, .flags = SEEN,
      .subject = "Bikes in the hallway", .text = "Please not.\n" },
    { .when = "7 09:12", .id = "garden", .from = MARTA, .flags = SEEN,
      .subject = "The garden in winter", .text = "Pictures next week.\n" },
    { .when = "6 21:55", .id = "backup", .flags = SEEN,
      .from = "Backup <root@lindqvist.example>",
      .subject = "Backup of lindqvist.example: 3 warnings",
      .text = "3 files changed while they were read.\n" },
    { .when = "6 14:18", .id = "dentist",
      .from = "Dental Practice <office@dental.example>", .flags = SEEN,
      .subject = "Reminder of your appointment",
      .text = "Tuesday 1 December, 08:40.\n" },
    { .when = "5 18:33", .id = "concert", .from = ZOE, .flags = SEEN | STAR,
      .subject = "Two tickets for Friday", .text = "Do you want one?\n" },
    { .when = "5 10:10", .id = "roadmap", .from = PRIYA, .tags = "work",
      .flags = SEEN, .subject = "Roadmap for the first quarter",
      .text = "Four lines, no dates yet.\n" },
    { .when = "4 15:51", .id = "factura", .flags = SEEN,
      .from = "Íñigo Núñez <inigo@nunez.example>", .charset = "ISO-8859-1",
      .subject = "¿Cuándo llega la factura?",
      .text = "Hola Ana:\n\n¿Puedes mirar cuándo llega?\n\nÍñigo\n" },
    { .when = "4 09:00", .id = "byte-4", .from = BYTE, .tags = "news",
      .flags = SEEN, .subject = "On being undoable",
      .list = "letter.weeklybyte.example", .to = "letter@weeklybyte.example",
      .html = "<h1>On being undoable</h1><p>Nothing asks, everything can be "
              "taken back.</p>" },
    { .when = "3 17:17", .id = "parking", .from = GRACE, .flags = SEEN,
      .subject = "Parking on the 9th", .text = "The yard is closed.\n" },
    { .when = "3 12:30", .id = "wifi", .from = TOMAS, .tags = "work",
      .flags = SEEN, .subject = "New wifi names",
      .text = "The old one stays until Christmas.\n" },
    { .when = "2 19:19", .id = "recipe", .from = SOFIA, .flags = SEEN,
      .subject = "The recipe", .text = "Less sugar than it says.\n" },
    { .when = "2 08:45", .id = "standby", .from = BEN, .tags = "work",
      .flags = SEEN, .subject = "Standby in week 47",
      .text = "You and Tomáš. Thank you!\n" },
    { .when = "1 13:13", .id = "clocks", .from = JEAN, .flags = SEEN,
      .subject = "Clocks", .text = "Mine was wrong all week.\n" },

    { .when = "22 20:00", .id = "draft-1", .from = ME, .to = ZOE,
      .folder = DEMO_DRAFTS, .flags = SEEN | STORE_FLAG_DRAFT,
      .subject = "The concert", .text = "Yes, gladly! When do we\n" },
};

const guint demo_inbox_count = G_N_ELEMENTS(demo_inbox);
