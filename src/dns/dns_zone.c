/* A resolver over a few lines of text, for tests and the demo. Asks nobody. */
#include "base/err.h"
#include "dns_private.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    CNAME = 5,     /* beside the types of DnsType */
    STATE = 65536, /* SERVFAIL, TIMEOUT, EMPTY: for every type */
    MAX_CHAIN = 10,
    ZONE_TTL = 300,
};

typedef struct {
    char *name;
    int type;
    bool secure;
    DnsStatus status;   /* of STATE */
    const char *reason; /* of STATE */
    DnsRecord record;
} Entry;

typedef struct {
    Dns base;
    GHashTable *names; /* folded name -> GPtrArray of Entry */
    gint asked;        /* atomic */
} Zone;

static void
entry_free(void *data)
{
    Entry *entry = data;

    g_free(entry->name);
    g_free(entry->record.text);
    g_free(entry);
}

/* The entries of a name, NULL for none. */
static GPtrArray *
entries_of(Zone *zone, const char *name)
{
    return g_hash_table_lookup(zone->names, name);
}

/* A name that only has names below it is there (RFC 8020). */
static bool
has_below(Zone *zone, const char *name)
{
    GHashTableIter iter;
    void *key;
    gsize size = strlen(name);

    g_hash_table_iter_init(&iter, zone->names);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        gsize other = strlen(key);

        if (other > size && ((char *)key)[other - size - 1] == '.'
            && strcmp((char *)key + other - size, name) == 0)
            return true;
    }
    return false;
}

/* Adds what entries hold of a type; sets *next at a CNAME. */
static void
collect(GPtrArray *entries, DnsType type, DnsAnswer *answer, const char **next)
{
    answer->secure = true;
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = g_ptr_array_index(entries, i);
        DnsRecord record = entry->record;

        answer->secure = answer->secure && entry->secure;
        if (entry->type == STATE) {
            answer->status = entry->status;
            g_free(answer->reason);
            answer->reason = g_strdup(entry->reason);
        } else if (entry->type == CNAME) {
            *next = entry->record.text;
        } else if (entry->type == (int)type) {
            record.text = g_memdup2(record.text, record.size + 1);
            dns_answer_add(answer, record);
        }
    }
}

static DnsAnswer *
zone_answer(Zone *zone, const char *asked, DnsType type)
{
    const char *name = asked;
    DnsAnswer *answer = dns_answer_create(DNS_NODATA, NULL);

    answer->ttl = ZONE_TTL;
    for (int links = 0; links < MAX_CHAIN; links++) {
        GPtrArray *entries = entries_of(zone, name);
        const char *next = NULL;

        if (entries == NULL) {
            answer->status = has_below(zone, name) ? DNS_NODATA : DNS_NXDOMAIN;
            return answer;
        }
        collect(entries, type, answer, &next);
        if (next == NULL)
            return answer;
        name = next;
    }
    answer->status = DNS_TEMPORARY;
    answer->reason = g_strdup("SERVFAIL: too many CNAMEs");
    return answer;
}

static void
zone_ask(Dns *dns, DnsLookup *lookups, guint n, const DnsWait *wait)
{
    Zone *zone = (Zone *)dns;

    for (guint i = 0; i < n; i++) {
        if (g_atomic_int_get(&dns->offline)) {
            lookups[i].answer = dns_answer_create(DNS_TEMPORARY, "offline");
            continue;
        }
        g_atomic_int_inc(&zone->asked);
        lookups[i].answer = zone_answer(zone, lookups[i].name, lookups[i].type);
    }
}

static void
zone_destroy(Dns *dns)
{
    Zone *zone = (Zone *)dns;

    g_hash_table_unref(zone->names);
    g_free(zone);
}

static const DnsClass zone_class = {
    .ask = zone_ask,
    .destroy = zone_destroy,
};

/* The "…" strings of a TXT line, joined. NULL when one does not end. */
static char *
read_strings(const char *at, gsize *size)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool inside = false;

    for (; *at; at++) {
        if (*at == '"') {
            inside = !inside;
        } else if (inside && *at == '\\' && g_ascii_isdigit(at[1])
                   && g_ascii_isdigit(at[2]) && g_ascii_isdigit(at[3])) {
            g_string_append_c(text, (char)((at[1] - '0') * 100
                                           + (at[2] - '0') * 10 + at[3] - '0'));
            at += 3;
        } else if (inside && *at == '\\' && at[1]) {
            g_string_append_c(text, *++at);
        } else if (inside) {
            g_string_append_c(text, *at);
        } else if (!g_ascii_isspace(*at)) {
            return NULL;
        }
    }
    *size = text->len;
    return inside ? NULL : g_string_free(g_steal_pointer(&text), FALSE);
}

static bool
read_state(const char *type, Entry *entry)
{
    static const struct {
        const char *word;
        DnsStatus status;
        const char *reason;
    } states[] = {
        { "SERVFAIL", DNS_TEMPORARY, "SERVFAIL" },
        { "TIMEOUT", DNS_TEMPORARY, "timeout" },
        { "EMPTY", DNS_NODATA, NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        if (strcmp(type, states[i].word) != 0)
            continue;
        entry->type = STATE;
        entry->status = states[i].status;
        entry->reason = states[i].reason;
        return true;
    }
    return false;
}

/* Numbers before a name: of MX one, of SRV three. */
static bool
read_numbers(char **words, int n, DnsRecord *record)
{
    guint16 *into[] = { &record->preference, &record->weight, &record->port };

    for (int i = 0; i < n; i++) {
        guint64 number;

        if (words[i] == NULL
            || !g_ascii_string_to_unsigned(words[i], 10, 0, 65535, &number,
                                           NULL))
            return false;
        *into[i] = (guint16)number;
    }
    if (words[n] == NULL)
        return false;
    record->text = dns_name_fold(words[n]);
    record->size = strlen(record->text);
    return true;
}

static bool
read_data(const char *type, const char *data, Entry *entry)
{
    static const struct {
        const char *word;
        int type;
        int numbers;
    } types[] = {
        { "PTR", DNS_PTR, 0 },
        { "CNAME", CNAME, 0 },
        { "MX", DNS_MX, 1 },
        { "SRV", DNS_SRV, 3 },
    };
    DnsRecord *record = &entry->record;
    g_auto(GStrv) words = g_strsplit_set(data, " \t", -1);
    guint8 octets[16];

    if (strcmp(type, "TXT") == 0) {
        entry->type = DNS_TXT;
        record->text = read_strings(data, &record->size);
        return record->text != NULL;
    }
    if (strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0) {
        entry->type = type[1] ? DNS_AAAA : DNS_A;
        record->text = g_strdup(data);
        record->size = strlen(data);
        return inet_pton(type[1] ? AF_INET6 : AF_INET, data, octets) == 1;
    }
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(type, types[i].word) != 0)
            continue;
        entry->type = types[i].type;
        return read_numbers(words, types[i].numbers, record);
    }
    return false;
}

/* NAME [SECURE] TYPE DATA. */
static bool
read_line(Zone *zone, char *line)
{
    Entry *entry = g_new0(Entry, 1);
    g_auto(GStrv) words = NULL;
    GPtrArray *entries;
    const char *data;

    words = g_strsplit_set(line, " \t", 3);
    if (words[0] && words[1] && strcmp(words[1], "SECURE") == 0) {
        char *rest =
            g_strdup_printf("%s %s", words[0], words[2] ? words[2] : "");

        entry->secure = true;
        g_strfreev(words);
        words = g_strsplit_set(rest, " \t", 3);
        g_free(rest);
    }
    entry->name = dns_name_fold(words[0]);
    entries = entries_of(zone, entry->name);
    if (entries == NULL) {
        entries = g_ptr_array_new_with_free_func(entry_free);
        g_hash_table_insert(zone->names, g_strdup(entry->name), entries);
    }
    g_ptr_array_add(entries, entry);
    data = words[1] && words[2] ? g_strstrip(words[2]) : "";
    return words[1] != NULL
           && (read_state(words[1], entry) || read_data(words[1], data, entry));
}

Dns *
dns_zone_create(const char *text, GError **error)
{
    Zone *zone = g_new0(Zone, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    dns_init(&zone->base, &zone_class);
    zone->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                        (GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; lines[i]; i++) {
        g_strstrip(lines[i]);
        if (lines[i][0] == '\0' || lines[i][0] == ';'
            || read_line(zone, lines[i]))
            continue;
        zone_destroy(&zone->base);
        return err_null(error, ERR_USAGE, "zone, line %u: not a record", i + 1);
    }
    return &zone->base;
}

guint
dns_zone_asked(Dns *dns)
{
    return (guint)g_atomic_int_get(&((Zone *)dns)->asked);
}
