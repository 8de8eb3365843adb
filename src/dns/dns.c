/* The door of the room: questions that are sound go to the resolver, all others
 * are answered here. Knows no protocol. */
#include "dns_private.h"

#include <arpa/inet.h>
#include <string.h>

DnsAnswer *
dns_answer_create(DnsStatus status, const char *reason)
{
    DnsAnswer *answer = g_new0(DnsAnswer, 1);

    g_atomic_ref_count_init(&answer->refs);
    answer->status = status;
    answer->reason = g_strdup(reason);
    answer->records = g_ptr_array_new();
    return answer;
}

DnsAnswer *
dns_answer_ref(DnsAnswer *answer)
{
    g_atomic_ref_count_inc(&answer->refs);
    return answer;
}

void
dns_answer_unref(DnsAnswer *answer)
{
    if (answer == NULL || !g_atomic_ref_count_dec(&answer->refs))
        return;
    for (guint i = 0; i < answer->records->len; i++) {
        DnsRecord *record = g_ptr_array_index(answer->records, i);

        g_free(record->text);
        g_free(record);
    }
    g_ptr_array_unref(answer->records);
    g_free(answer->reason);
    g_free(answer);
}

void
dns_answer_add(DnsAnswer *answer, DnsRecord record)
{
    if (answer->records->len == DNS_MAX_RECORDS) {
        answer->overflow = true;
        g_free(record.text);
        return;
    }
    answer->status = DNS_FOUND;
    g_ptr_array_add(answer->records, g_memdup2(&record, sizeof record));
}

char *
dns_name_fold(const char *name)
{
    char *folded = g_ascii_strdown(name, -1);
    gsize size = strlen(folded);

    if (size > 0 && folded[size - 1] == '.')
        folded[size - 1] = '\0';
    return folded;
}

static bool
name_is_valid(const char *folded)
{
    gsize label = 0;

    if (*folded == '\0' || strlen(folded) > DNS_MAX_NAME)
        return false;
    for (const char *at = folded; *at; at++) {
        if (*at != '.') {
            if (++label > 63)
                return false;
            continue;
        }
        if (label == 0)
            return false;
        label = 0;
    }
    return label > 0;
}

void
dns_ask(Dns *dns, DnsLookup *lookups, guint n, const DnsWait *wait)
{
    g_autofree DnsLookup *sound = g_new0(DnsLookup, n);
    g_autofree guint *places = g_new0(guint, n);
    guint count = 0;

    for (guint i = 0; i < n; i++) {
        char *name = dns_name_fold(lookups[i].name);

        lookups[i].answer = NULL;
        if (name_is_valid(name)) {
            sound[count] = (DnsLookup){ name, lookups[i].type, NULL };
            places[count++] = i;
            continue;
        }
        g_free(name);
        lookups[i].answer = dns_answer_create(DNS_NXDOMAIN, NULL);
    }
    if (count > 0)
        dns->class->ask(dns, sound, count, wait);
    for (guint i = 0; i < count; i++) {
        lookups[places[i]].answer = sound[i].answer;
        g_free((char *)sound[i].name);
    }
}

void
dns_set_online(Dns *dns, bool online)
{
    g_atomic_int_set(&dns->offline, !online);
}

void
dns_init(Dns *dns, const DnsClass *class)
{
    dns->class = class;
    g_atomic_ref_count_init(&dns->refs);
}

Dns *
dns_ref(Dns *dns)
{
    if (dns != NULL)
        g_atomic_ref_count_inc(&dns->refs);
    return dns;
}

void
dns_unref(Dns *dns)
{
    if (dns != NULL && g_atomic_ref_count_dec(&dns->refs))
        dns->class->destroy(dns);
}

char *
dns_reverse_name(const char *address)
{
    guint8 octets[16];
    GString *name;

    if (inet_pton(AF_INET, address, octets) == 1)
        return g_strdup_printf("%u.%u.%u.%u.in-addr.arpa", octets[3], octets[2],
                               octets[1], octets[0]);
    if (inet_pton(AF_INET6, address, octets) != 1)
        return NULL;
    name = g_string_new(NULL);
    for (int i = 15; i >= 0; i--)
        g_string_append_printf(name, "%x.%x.", octets[i] & 15, octets[i] >> 4);
    g_string_append(name, "ip6.arpa");
    return g_string_free(name, FALSE);
}
