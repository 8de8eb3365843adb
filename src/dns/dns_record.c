/* The data of records as they stand in a packet (RFC 1035, section 3.3; RFC
 * 3596; RFC 2782), names uncompressed as libunbound hands them over. */
#include "dns_private.h"

#include <arpa/inet.h>
#include <string.h>

/* The strings of a TXT record, joined. NULL when one is cut. */
static char *
text_of(const guint8 *data, gsize size, gsize *length)
{
    g_autoptr(GString) text = g_string_new(NULL);

    while (size > 0) {
        gsize part = data[0];

        if (part + 1 > size)
            return NULL;
        g_string_append_len(text, (const char *)data + 1, part);
        data += part + 1;
        size -= part + 1;
    }
    *length = text->len;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* A name in lower case. NULL when it is cut, or holds a dot inside a label or
 * octets that no host name has. */
static char *
name_of(const guint8 *data, gsize size, gsize *length)
{
    g_autoptr(GString) name = g_string_new(NULL);

    while (size > 0 && data[0] > 0) {
        gsize part = data[0];

        if (part > 63 || part + 1 > size)
            return NULL;
        if (name->len > 0)
            g_string_append_c(name, '.');
        for (gsize i = 1; i <= part; i++) {
            if (data[i] <= ' ' || data[i] >= 0x7f || data[i] == '.')
                return NULL;
            g_string_append_c(name, g_ascii_tolower((char)data[i]));
        }
        data += part + 1;
        size -= part + 1;
    }
    if (size == 0)
        return NULL;
    *length = name->len;
    return g_string_free(g_steal_pointer(&name), FALSE);
}

static char *
address_of(int family, const guint8 *data, gsize *length)
{
    char words[INET6_ADDRSTRLEN];

    inet_ntop(family, data, words, sizeof words);
    *length = strlen(words);
    return g_strdup(words);
}

static guint16
number_at(const guint8 *data)
{
    return (guint16)(data[0] << 8 | data[1]);
}

void
dns_answer_add_wire(DnsAnswer *answer, DnsType type, const guint8 *data,
                    gsize size)
{
    DnsRecord record = { 0 };

    if (type == DNS_A && size == 4) {
        record.text = address_of(AF_INET, data, &record.size);
    } else if (type == DNS_AAAA && size == 16) {
        record.text = address_of(AF_INET6, data, &record.size);
    } else if (type == DNS_TXT) {
        record.text = text_of(data, size, &record.size);
    } else if (type == DNS_PTR) {
        record.text = name_of(data, size, &record.size);
    } else if (type == DNS_MX && size > 2) {
        record.preference = number_at(data);
        record.text = name_of(data + 2, size - 2, &record.size);
    } else if (type == DNS_SRV && size > 6) {
        record.preference = number_at(data);
        record.weight = number_at(data + 2);
        record.port = number_at(data + 4);
        record.text = name_of(data + 6, size - 6, &record.size);
    }
    if (record.text != NULL)
        dns_answer_add(answer, record);
}
