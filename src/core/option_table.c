/* The options: a pure table. A row is its own documentation; a row that no
 * code reads is a defect (tests/lint). */
#include "core/option_table.h"

static const char *const theme_choices[] = { "auto", "dark", "light", "mono",
                                             NULL };
static const char *const keys_choices[] = { "default", "mutt", "vim", "gmail",
                                            NULL };
static const char *const save_sent_choices[] = { "auto", "yes", "no", NULL };
static const char *const receipts_choices[] = { "never", "ask", NULL };
static const char *const keep_drafts_choices[] = { "folder", "here", NULL };
static const char *const protocol_choices[] = { "openpgp", "smime", NULL };
static const char *const decrypt_choices[] = { "open", "ask", NULL };
static const char *const send_later_choices[] = { "here", "server", NULL };
static const char *const report_choices[] = {
    "failure", "failure,delay", "failure,delay,success", NULL
};
static const char *const compress_choices[] = { "far", "on", "off", NULL };
static const char *const auth_choices[] = {
    "auto",          "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1",     "GSSAPI",
    "OAUTHBEARER",   "XOAUTH2",            "EXTERNAL",
    "PLAIN",         "LOGIN",              "CRAM-MD5",
    "APOP",          NULL
};

const OptionEntry option_table[] = {
    /* who and where */
    { .name = "name",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .text = "Your name, as it stands in From." },
    { .name = "address",
      .type = CMD_ADDRESS,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "The address of the account." },
    { .name = "aliases",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "More addresses of yours, separated by commas; *@example.org "
              "stands for every address of a domain, and ana+anything@… is "
              "ana@… everywhere. One with a name, \"Ana (club) "
              "<ana@club.example>\", is written under that name." },
    { .name = "reply-to", .type = CMD_STRING, .scope = OPTION_ACCOUNT,
      .text = "Where answers to what you write are to go, when that is not the "
              "address it is written from." },
    { .name = "used-for", .type = CMD_STRING, .scope = OPTION_ACCOUNT_ONLY,
      .text = "In an identity: to whom it writes, addresses separated by "
              "commas, *@example.org for a domain. The address that a message "
              "was sent to and the folder it lies in come first." },
    { .name = "write-as", .type = CMD_STRING, .scope = OPTION_FOLDER,
      .text = "The identity that answers mail of a folder, when it was sent "
              "to none of your addresses: folder work/Club { write-as club }." },
    { .name = "incoming",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "Where mail comes from: imaps://USER@HOST (TLS, port 993), "
              "imap://USER@HOST (STARTTLS required, port 143), "
              "imap+insecure://USER@HOST (cleartext); pop3s://USER@HOST (TLS, "
              "port 995), pop3://USER@HOST (STLS required, port 110), "
              "pop3+insecure://USER@HOST (cleartext); or maildir:///PATH. The "
              "user defaults to the address." },
    { .name = "outgoing",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "Where mail goes: smtps://USER@HOST (TLS, port 465), "
              "smtp://USER@HOST (STARTTLS required, port 587), "
              "smtp+insecure://USER@HOST (cleartext), or "
              "sendmail:///PATH/TO/PROGRAM." },
    /* secrets */
    { .name = "password-command",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "A program whose first line of output is the password, such as "
              "\"pass show mail/work\"." },
    { .name = "password-file",
      .type = CMD_PATH,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "A file whose first line is the password; refused when others "
              "may read it." },
    { .name = "password",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .secret = true,
      .text = "The password itself; refused when others may read the file "
              "that it stands in." },
    { .name = "outgoing-password-command",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "The same for the outgoing server, where the two differ." },
    { .name = "outgoing-password-file",
      .type = CMD_PATH,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "The same for the outgoing server, where the two differ." },
    { .name = "outgoing-password",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .secret = true,
      .text = "The same for the outgoing server, where the two differ." },
    { .name = "auth",
      .type = CMD_CHOICE,
      .scope = OPTION_ACCOUNT_ONLY,
      .fallback = "auto",
      .choices = auth_choices,
      .text = "The login mechanism; auto takes the strongest that the server "
              "offers. CRAM-MD5 and APOP are used only when named here; GSSAPI "
              "too, but by IMAP where a Kerberos ticket is here." },
    /* connections */
    { .name = "tls-ca-file",
      .type = CMD_PATH,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "Certificates (PEM) to trust instead of the system's." },
    { .name = "tls-fingerprint",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "sha256:HEX of the one certificate to accept; no chain is "
              "needed then." },
    { .name = "tls-client-cert",
      .type = CMD_PATH,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "A certificate of yours with its key (PEM), for servers that "
              "know you by it (login EXTERNAL)." },
    { .name = "proxy",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .text = "The way to the servers: socks5://[USER:PASSWORD@]HOST[:PORT] "
              "or http://[USER:PASSWORD@]HOST[:PORT]. Names of servers are "
              "resolved there." },
    { .name = "incoming-tunnel",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "A program that is the connection to the incoming server, such "
              "as \"ssh host imapd\". The URL says what is spoken in it: with "
              "imap+insecure:// no TLS, since the tunnel is safe by itself." },
    { .name = "max-connections",
      .type = CMD_INT,
      .scope = OPTION_ACCOUNT,
      .fallback = "4",
      .min = 1,
      .max = 20,
      .text = "Connections to the incoming server at one time: the first "
              "moves mail, the second listens to the inbox, the third opens "
              "at once what is not here, the others listen to more folders "
              "where the server has no NOTIFY." },
    { .name = "sasl-ir",
      .type = CMD_BOOL,
      .scope = OPTION_ACCOUNT_ONLY,
      .fallback = "on",
      .text = "Send the first step of the login with the command. Off for "
              "servers that offer this and fail." },
    /* what is fetched */
    { .name = "keep-bodies",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .fallback = "all",
      .text = "Which messages are fetched whole without being asked for: all, "
              "those of the last so many days, or none. The others are listed "
              "and fetched when opened. A search finds them by words, from:, "
              "to:, subject:, id:, tag:, date: and folder: alone." },
    { .name = "keep-larger-than",
      .type = CMD_SIZE,
      .scope = OPTION_ACCOUNT,
      .fallback = "0",
      .text = "Messages larger than this are fetched only when opened; 0 "
              "fetches them all." },
    /* POP3 */
    { .name = "pop-keep",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .fallback = "forever",
      .text = "How long a POP3 server keeps what was fetched: forever, "
              "\"30 days\" (since it was fetched), until-deleted (here: it "
              "is in the trash or gone), or no. Nothing is deleted there "
              "before it lies safely on this disk." },
    { .name = "pop-size-limit",
      .type = CMD_SIZE,
      .scope = OPTION_ACCOUNT,
      .fallback = "0",
      .text = "Larger messages stay on a POP3 server: their headers come (by "
              "TOP, where it has that) and the rest when you open them. 0: no "
              "limit." },
    { .name = "pop-interval",
      .type = CMD_DURATION,
      .scope = OPTION_ACCOUNT,
      .fallback = "5m",
      .text = "How often a POP3 server is asked for mail; not more often than "
              "it wants (LOGIN-DELAY), and every 10 s at most." },
    { .name = "compress",
      .type = CMD_CHOICE,
      .scope = OPTION_ACCOUNT_ONLY,
      .fallback = "far",
      .choices = compress_choices,
      .text = "Compress what goes over the connection where the server offers "
              "it; far leaves it out where the server answers within 5 ms, as "
              "it costs more time there than it saves." },
    /* folders */
    { .name = "archive-folder",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "The folder that archived mail goes to, by its name on the server, "
              "whatever the server or its name says (SPECIAL-USE). Made when "
              "there is none for that." },
    { .name = "drafts-folder",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "The same for drafts." },
    { .name = "junk-folder",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "The same for junk." },
    { .name = "sent-folder",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "The same for copies of what was sent." },
    { .name = "trash-folder",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT_ONLY,
      .text = "The same for what is deleted." },
    /* tags */
    { .name = "local-tags",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .fallback = "attachment signed encrypted",
      .text = "Tags that stay on this machine, separated by blanks; all "
              "others become keywords on the server, labels with Gmail." },
    /* who sent this */
    { .name = "authserv-id",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .text = "The names under which your own mail server writes "
              "Authentication-Results, separated by blanks. Nobody else's "
              "are believed." },
    { .name = "arc-sealers",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .text = "Domains that re-send mail to you and whose ARC seals are "
              "believed, separated by blanks." },
    { .name = "authserv-below",
      .type = CMD_BOOL,
      .scope = OPTION_ACCOUNT,
      .fallback = "off",
      .text = "Believe Authentication-Results of your own mail server also "
              "directly below its Received field, where Postfix puts those "
              "of OpenDKIM and OpenDMARC. Only where the server removes what "
              "arrives under its own name: a forged field stands in the same "
              "place." },
    { .name = "sender-checks",
      .type = CMD_BOOL,
      .scope = OPTION_ACCOUNT,
      .fallback = "on",
      .text = "Check who sent what arrives and what is opened. Off: nothing "
              "is checked but by `verify`." },
    { .name = "brand-signers",
      .type = CMD_BOOL,
      .scope = OPTION_GLOBAL,
      .fallback = "on",
      .text = "Expect of mail from names that swindlers like to borrow that "
              "their own domain signed it; `signers` lists them." },
    { .name = "dns",
      .type = CMD_BOOL,
      .scope = OPTION_GLOBAL,
      .fallback = "on",
      .text = "Ask the DNS who may send for a domain. Off: only what your "
              "own mail server wrote is shown." },
    { .name = "dns-server",
      .type = CMD_STRING,
      .scope = OPTION_GLOBAL,
      .text = "The server to ask, ADDRESS or ADDRESS@PORT, instead of the "
              "system's." },
    /* the screen */
    { .name = "theme",
      .type = CMD_CHOICE,
      .scope = OPTION_GLOBAL,
      .fallback = "auto",
      .choices = theme_choices,
      .text = "Colours: auto asks the terminal whether it is dark." },
    { .name = "keys",
      .type = CMD_CHOICE,
      .scope = OPTION_GLOBAL,
      .fallback = "default",
      .choices = keys_choices,
      .text = "Which keys your fingers know; what you bind yourself stays." },
    { .name = "editor",
      .type = CMD_STRING,
      .scope = OPTION_GLOBAL,
      .text = "The editor for writing; else $VISUAL, $EDITOR, "
              "sensible-editor, nano, vi." },
    { .name = "opener",
      .type = CMD_STRING,
      .scope = OPTION_GLOBAL,
      .fallback = "xdg-open",
      .text = "The program that opens links and attachments. It may stay open; "
              "what it prints is dropped, and the copy of an attachment goes "
              "when posthorn ends." },
    { .name = "images-from-own-network",
      .type = CMD_STRING,
      .scope = OPTION_GLOBAL,
      .text = "Addresses of this machine and its network that images of a "
              "message may be loaded from, separated by commas: 192.168.1.10, "
              "10.0.0.0/8. Others there are never asked, whatever a message "
              "wants. Images are loaded through the proxy of the account." },
    { .name = "download-folder",
      .type = CMD_PATH,
      .scope = OPTION_GLOBAL,
      .fallback = "~/Downloads",
      .text = "Where attachments are saved." },
    /* sending */
    { .name = "undo-send",
      .type = CMD_DURATION,
      .scope = OPTION_ACCOUNT,
      .fallback = "10s",
      .text = "How long a message waits before it is sent, so that you can "
              "take it back." },
    { .name = "send-rate",
      .type = CMD_INT,
      .scope = OPTION_ACCOUNT,
      .fallback = "0",
      .min = 0,
      .max = 10000,
      .text = "Send at most so many messages a minute, for providers that "
              "limit it; 0 for no limit." },
    { .name = "send-later",
      .type = CMD_CHOICE,
      .scope = OPTION_ACCOUNT,
      .fallback = "here",
      .choices = send_later_choices,
      .text = "Who keeps a message that is to go later: the outbox here, or "
              "the server where it can (FUTURERELEASE), so that this machine "
              "may be off; then it cannot be taken back." },
    { .name = "delivery-report",
      .type = CMD_CHOICE,
      .scope = OPTION_ACCOUNT,
      .choices = report_choices,
      .text = "Ask the servers on the way for reports of failure, delay, "
              "success (DSN). Unset: what they do anyway, which is failure." },
    { .name = "deliver-by",
      .type = CMD_DURATION,
      .scope = OPTION_ACCOUNT,
      .fallback = "0s",
      .text = "Ask the servers on the way to give back what they cannot "
              "deliver within this time (DELIVERBY); 0s for no limit." },
    { .name = "require-tls",
      .type = CMD_BOOL,
      .scope = OPTION_ACCOUNT,
      .fallback = "off",
      .text = "Send only where every server on the way promises encryption "
              "(REQUIRETLS); else the message is refused here." },
    { .name = "save-sent",
      .type = CMD_CHOICE,
      .scope = OPTION_ACCOUNT,
      .fallback = "auto",
      .choices = save_sent_choices,
      .text = "Keep a copy of what was sent in the Sent folder; auto leaves "
              "it to servers that file it themselves." },
    { .name = "smallest-charset", .type = CMD_BOOL, .scope = OPTION_ACCOUNT,
      .fallback = "off",
      .text = "Send text in the smallest charset that has all of its letters, "
              "such as iso-8859-1, for readers that know no UTF-8." },
    { .name = "request-receipt", .type = CMD_BOOL, .scope = OPTION_ACCOUNT,
      .fallback = "off",
      .text = "Ask readers for a receipt (RFC 8098). One that comes is told, "
              "and the message tagged displayed." },
    { .name = "read-receipts", .type = CMD_CHOICE, .scope = OPTION_ACCOUNT,
      .fallback = "never", .choices = receipts_choices,
      .text = "What happens when a sender asks for a receipt: nothing; or, "
              "with ask, it is said, and `send-receipt` sends one after a "
              "question. None is ever sent by itself." },
    { .name = "checks", .type = CMD_STRING, .scope = OPTION_ACCOUNT,
      .fallback = "attachment subject text many outside identity reply size",
      .text = "What the review page looks for: a file that the text speaks of "
              "(in English, German, French, Spanish, Italian, Dutch and more) "
              "and that is not there, no subject, no text, many recipients, "
              "some outside of your domain, another identity than before, a "
              "reply that goes elsewhere or to one whose sender check failed, "
              "more than the server takes. Leave out what you do not want to "
              "hear." },
    { .name = "many-recipients", .type = CMD_INT, .scope = OPTION_ACCOUNT,
      .fallback = "20", .min = 1, .max = 100000,
      .text = "More recipients than this are said on the review page." },
    { .name = "templates", .type = CMD_PATH, .scope = OPTION_GLOBAL,
      .fallback = "~/.config/posthorn/templates",
      .text = "The folder of templates: each a file with fields (To, Subject, "
              "Attach, …), an empty line, and text, for `compose --template`." },
    { .name = "address-books", .type = CMD_STRING, .scope = OPTION_GLOBAL,
      .text = "vCard files and folders of such, separated by commas, whose "
              "addresses complete recipients too." },
    { .name = "address-command", .type = CMD_STRING, .scope = OPTION_GLOBAL,
      .text = "A program that prints an address, a tab and a name on each "
              "line, to complete recipients too; run once, when recipients "
              "are first asked for." },
    { .name = "spell-command", .type = CMD_STRING, .scope = OPTION_GLOBAL,
      .fallback = "aspell --mode=email check",
      .text = "The program that checks the spelling of a draft; it gets the "
              "file behind its arguments." },
    { .name = "keep-drafts", .type = CMD_CHOICE, .scope = OPTION_ACCOUNT,
      .fallback = "folder", .choices = keep_drafts_choices,
      .text = "Keep drafts in the Drafts folder of the account too, so that "
              "they can be finished on another machine; here: on this one "
              "only." },
    { .name = "crypto-protocol", .type = CMD_CHOICE, .scope = OPTION_ACCOUNT,
      .fallback = "openpgp", .choices = protocol_choices,
      .text = "How new messages are signed and encrypted: with OpenPGP (gpg) "
              "or S/MIME (gpgsm)." },
    { .name = "crypto-sign", .type = CMD_BOOL, .scope = OPTION_ACCOUNT,
      .fallback = "off",
      .text = "Sign what is written; S on the review page changes it for one "
              "message." },
    { .name = "crypto-encrypt", .type = CMD_BOOL, .scope = OPTION_ACCOUNT,
      .fallback = "off",
      .text = "Encrypt what is written, or send nothing when a recipient has "
              "no key; E on the review page changes it for one message. An "
              "answer to an encrypted message begins encrypted whatever stands "
              "here." },
    { .name = "openpgp-key", .type = CMD_STRING, .scope = OPTION_ACCOUNT,
      .text = "Your OpenPGP key as gpg finds it: best its fingerprint. Without "
              "it, the one of the address that writes." },
    { .name = "smime-key", .type = CMD_STRING, .scope = OPTION_ACCOUNT,
      .text = "Your S/MIME certificate as gpgsm finds it: best its "
              "fingerprint. Without it, the one of the address that writes." },
    { .name = "crypto-any-key", .type = CMD_BOOL, .scope = OPTION_ACCOUNT,
      .fallback = "off",
      .text = "Encrypt also with keys that neither you nor somebody whom you "
              "trust has certified: anyone can make a key with any address in "
              "it." },
    { .name = "decrypt", .type = CMD_CHOICE, .scope = OPTION_GLOBAL,
      .fallback = "open", .choices = decrypt_choices,
      .text = "When encrypted messages are decrypted: when they are opened, "
              "or, with ask, by the command decrypt only. Never in a list, the "
              "preview or a search." },
    { .name = "quote-decrypted", .type = CMD_BOOL, .scope = OPTION_GLOBAL,
      .fallback = "off",
      .text = "Let an answer or a forward have the text and the files of a "
              "message that was decrypted. They stand in the draft, a file on "
              "this machine that is not encrypted; all else that was decrypted "
              "stays in memory." },
    { .name = "attribution",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .fallback = "On %d, %n wrote:",
      .text = "The line above what is quoted: %d the date, %n the name of who "
              "wrote, %a his address, %s the subject. Empty for none." },
    { .name = "format-flowed",
      .type = CMD_BOOL,
      .scope = OPTION_ACCOUNT,
      .fallback = "on",
      .text = "Write text that a reader's program may wrap anew (RFC 3676)." },
    { .name = "signature",
      .type = CMD_STRING,
      .scope = OPTION_ACCOUNT,
      .text = "Text below what you write, after a line of \"-- \"." },
    /* hooks */
    { .name = "hook-timeout",
      .type = CMD_DURATION,
      .scope = OPTION_GLOBAL,
      .fallback = "30s",
      .text = "How long a program run by a hook may take." },
    { .name = NULL },
};
