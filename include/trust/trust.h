/* Who sent this: DKIM, SPF, DMARC and ARC checked here, and what the user's own
 * border server wrote about them in Authentication-Results; one verdict with a
 * reason in words and its source. Sources: RFC 6376, 8301, 8463, 7208, 9989,
 * 8617, 8601. Blocking; any thread but the main one, for it asks the DNS. A
 * report is a value. Every text in it may hold a stranger's words: it is valid
 * UTF-8 and cut, and passes text_sanitise() before it is shown. */
#ifndef TRUST_TRUST_H
#define TRUST_TRUST_H

#include "dns/dns.h"

#include <json-glib/json-glib.h>

/* The result words of RFC 8601, section 2.7. */
typedef enum {
    TRUST_NONE,
    TRUST_PASS,
    TRUST_FAIL,
    TRUST_SOFTFAIL,
    TRUST_NEUTRAL,
    TRUST_POLICY,
    TRUST_TEMPERROR,
    TRUST_PERMERROR,
} TrustResult;

/* "pass" …. Borrowed. */
const char *trust_result_word(TrustResult result);

/* What a word says; TRUST_NONE for one that is unknown. */
TrustResult trust_result_of(const char *word);

/* One DKIM-Signature. */
typedef struct {
    TrustResult result;
    char *domain;    /* d=, lower case, or NULL */
    char *selector;  /* s=, or NULL */
    char *identity;  /* i=, or NULL: not given */
    char *algorithm; /* a=, or NULL */
    char *fields;    /* h=, or NULL */
    gint64 time;     /* t=, 0: not given */
    gint64 expires;  /* x=, 0: not given */
    guint bits;      /* of the key; 0: not known */
    bool key_secure; /* the key came with DNSSEC, validated here */
    bool key_gone;   /* the DNS has no such key, or one that is revoked */
    bool evidence;   /* passes with nothing against it: DMARC may lean on it */
    char *reason;    /* in words, never NULL */
    GPtrArray *warnings; /* char * */
} TrustSignature;

typedef struct {
    TrustResult result;
    bool evaluated;    /* false: nothing to evaluate it with, result none */
    char *domain;      /* whose record was asked, or NULL */
    char *reason;      /* never NULL */
    char *explanation; /* of the domain's exp=, or NULL */
    char *client_ip;   /* or NULL */
    char *source;      /* where the address came from: "given", "Received by
                          mx.example.org", "Received-SPF", or NULL */
    bool aligned;      /* passes for the author's organisation */
} TrustSpf;

typedef struct {
    TrustResult result;
    char *policy;       /* none, quarantine, reject as it applies; or NULL */
    char *domain;       /* of the record, else of the author; or NULL */
    char *author;       /* of the From field, as A-labels; or NULL */
    char *organization; /* its organisational domain; or NULL */
    bool testing;       /* t=y */
    char *reason;       /* never NULL */
} TrustDmarc;

typedef struct {
    TrustResult result; /* none, pass, fail, temperror */
    char *reason;       /* never NULL */
    GPtrArray *sealers; /* char *, domains of the seals, first one first */
    TrustResult author; /* what the first sealer saw of the author, where the
                           chain is sound: pass, fail, or none */
} TrustArc;

typedef struct {
    char *method;
    char *version; /* or NULL */
    char *result;
    char *reason;          /* or NULL */
    GPtrArray *properties; /* char *: name, value, name, value, … */
} TrustMethod;

/* One Authentication-Results field. */
typedef struct {
    char *authserv_id; /* or NULL: none, or broken */
    char *version;     /* "1" where not given */
    bool trusted;
    char *error;        /* why it says nothing; or NULL */
    GPtrArray *results; /* TrustMethod */
} TrustAuthres;

/* One Received field, the topmost first. */
typedef struct {
    char *from;    /* what the client called itself, or NULL */
    char *address; /* its address where the field names one, or NULL */
    char *by;      /* or NULL */
    gint64 time;   /* 0: no date that can be read */
} TrustHop;

typedef struct {
    TrustResult result; /* none: nothing speaks for or against */
    char *domain;       /* who it is, or says it is; or NULL */
    char *via;          /* a list or sealer that says it re-sent it; or NULL */
    bool believed;      /* via is a sealer or list that the user named */
    char *source;       /* "checked here", "mx.example.org", … */
    char *text;         /* one sentence */
    bool alarm;         /* shown red: links and files stay locked */
} TrustVerdict;

typedef struct {
    TrustSpf spf;
    GPtrArray *dkim; /* TrustSignature, best first */
    TrustDmarc dmarc;
    TrustArc arc;
    GPtrArray *authres;  /* TrustAuthres, as in the message */
    GPtrArray *hops;     /* TrustHop */
    GPtrArray *warnings; /* char *: author checks */
    GPtrArray *lookups;  /* char *: what was asked and answered */
    TrustVerdict verdict;
    bool ruled;     /* a TrustRule was about it */
    bool temporary; /* something failed that may succeed later: not stored */
    GPtrArray *keys; /* char *: names and records of keys that verified a
                        signature: name, record, name, record, … */
} TrustReport;

typedef enum {
    TRUST_RULE_MUST,   /* signed by one of its signers, or it is an alarm */
    TRUST_RULE_MAY,    /* its signers speak for the sender; nobody has to */
    TRUST_RULE_IGNORE, /* whatever fails is no alarm */
} TrustRuleKind;

/* Who signs for whom: a rule of the user's. */
typedef struct {
    TrustRuleKind kind;
    char *from; /* "*@x.example": a glob over the author's address; "x.example":
                   it and what lies below; "list:ID": of that List-Id */
    char **signers; /* domains, each with what lies below; to ignore: none */
} TrustRule;

/* Is it about a List-Id? */
bool trust_rule_is_of_list(const TrustRule *rule);

/* address and list (the domain of List-Id) may be NULL. */
bool trust_rule_is_about(const TrustRule *rule, const char *address,
                         const char *list);

/* Of what is decided here, not by the own server. */
#define TRUST_CHECKED_HERE "checked here"

/* What counts of a method ("dkim", "spf", "dmarc", "arc"): a pass found here,
 * else the word of a trusted server, which saw the message as it came, else
 * what was found here. */
TrustResult trust_report_result(const TrustReport *report, const char *method);

/* The domains whose signature counts: what was found here with nothing against
 * it, best first, then what a trusted server says. Array of char *, owned. */
GPtrArray *trust_report_signers(const TrustReport *report);

/* Does a trusted server say of DMARC or DKIM the contrary of what was found
 * here? */
bool trust_report_conflict(const TrustReport *report);

/* At most size octets of a text, whole characters. g_free(). */
char *trust_text_cut(const char *text, gsize size);

enum {
    /* Signatures of a message that are verified; the author's domain first. */
    TRUST_MAX_SIGNATURES = 20,

    /* Questions for one message, and time for it. */
    TRUST_MAX_LOOKUPS = 100,
    TRUST_TIMEOUT_MS = 30000,

    /* Of that time, what all keys of others than the author have; and what is
     * left for DMARC, however long SPF takes (20 seconds are its own). */
    TRUST_SHARE_MS = 5000,

    /* Bits of an RSA key. */
    TRUST_MIN_RSA_BITS = 1024,
    TRUST_WEAK_RSA_BITS = 2048,
    TRUST_MAX_RSA_BITS = 8192,

    /* Octets of one Authentication-Results field that are read. */
    TRUST_MAX_AUTHRES_BYTES = 8 * 1024 * 1024,

    /* Octets of any text in a report. */
    TRUST_MAX_TEXT = 1000,
};

typedef struct {
    Dns *dns; /* borrowed; NULL: nothing is asked, what needs it is none */
    const char *const *authserv_ids; /* trusted ones; NULL: none */
    bool below; /* the border removes forged fields, so those between its own
                   Received field and the next are trusted too */
    const char *const *sealers; /* domains whose ARC is believed; NULL: none */
    const char *const *own;     /* own addresses; NULL: none */
    const GPtrArray *rules;     /* TrustRule, the last that fits; NULL: none */
    const char *client_ip;      /* envelope, or NULL: looked for in Received */
    const char *helo;
    const char *mail_from; /* "" or "<>": the null sender */
    gint64 now;            /* time of judgement; 0: of arrival, else of day */
    gint64 arrival;        /* where no Received field tells it; 0: not known */
    /* The record of a key as it was seen at that time or later, or NULL:
     * asked when the DNS has none any more. g_free(). Any thread. */
    char *(*old_key)(const char *name, gint64 when, void *user);
    void *old_key_user;
    guint timeout_ms;      /* 0: TRUST_TIMEOUT_MS */
    GCancellable *cancel;  /* or NULL */
} TrustParams;

/* A file, streamed. NULL with ERR_LOCAL when it cannot be read, ERR_CANCELLED.
 * Whatever is wrong with the message is in the report. */
TrustReport *
trust_check_file(const char *path, const TrustParams *params, GError **error);
TrustReport *
trust_check_bytes(const char *bytes, gsize size, const TrustParams *params);
void trust_report_free(TrustReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrustReport, trust_report_free)

/* What the DNS says of a domain that the user sends from: lines that begin with
 * ✓, ? or ✗ and say what to mend. key_name: where a key that signed for it is,
 * or NULL. None for what is no domain. Array of char *. */
GPtrArray *trust_own_check(const char *domain, const char *key_name,
                           const TrustParams *params);

/* The document of `posthorn verify --json`. */
JsonNode *trust_report_json(const TrustReport *report);

#endif
