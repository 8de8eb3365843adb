/* Which addresses are of this machine and its network: a stranger's mail must
 * not have them asked (RFC 6890, with RFC 6598, 4193, 6052). Pure. */
#include "net/fetch.h"

#include "base/err.h"

#include <string.h>

static const char own[] =
    "0.0.0.0/8 "         /* this host */
    "10.0.0.0/8 "        /* private */
    "100.64.0.0/10 "     /* shared with a carrier's customers */
    "127.0.0.0/8 "       /* loopback */
    "169.254.0.0/16 "    /* link-local; clouds tell secrets there */
    "172.16.0.0/12 "     /* private */
    "192.0.0.0/24 "      /* protocols */
    "192.168.0.0/16 "    /* private */
    "198.18.0.0/15 "     /* benchmarks */
    "224.0.0.0/3 "       /* many, and reserved */
    "::/96 "             /* unspecified, loopback, mapped of old */
    "::ffff:0:0/96 "     /* an IPv4 address in disguise */
    "64:ff9b:1::/48 "    /* translated, within one network */
    "100::/64 "          /* nobody */
    "2001::/32 "         /* a tunnel to an IPv4 address */
    "2002::/16 "         /* another one */
    "fc00::/7 "          /* private */
    "fe80::/9 "          /* link-local, site-local of old */
    "ff00::/8";          /* many */

GPtrArray *
net_address_masks(const char *text, GError **error)
{
    g_autoptr(GPtrArray) masks = g_ptr_array_new_with_free_func(g_object_unref);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", ", ", -1);

    for (char **word = words; *word; word++) {
        g_autoptr(GError) unused = NULL;
        GInetAddressMask *mask;

        if (**word == '\0')
            continue;
        mask = g_inet_address_mask_new_from_string(*word, &unused);
        if (mask == NULL)
            return err_null(error, ERR_USAGE,
                            "%s is no address: write 192.168.1.10 or "
                            "10.0.0.0/8",
                            *word);
        g_ptr_array_add(masks, mask);
    }
    return g_steal_pointer(&masks);
}

bool
net_address_matches(GInetAddress *address, const GPtrArray *masks)
{
    for (guint i = 0; i < masks->len; i++)
        if (g_inet_address_mask_matches(masks->pdata[i], address))
            return true;
    return false;
}

/* 64:ff9b::/96 leads to the IPv4 address in its last octets (RFC 6052). */
static GInetAddress *
translated(GInetAddress *address)
{
    static const guint8 prefix[12] = { 0, 0x64, 0xff, 0x9b };
    const guint8 *bytes = g_inet_address_to_bytes(address);

    if (g_inet_address_get_family(address) != G_SOCKET_FAMILY_IPV6
        || memcmp(bytes, prefix, sizeof prefix) != 0)
        return NULL;
    return g_inet_address_new_from_bytes(bytes + sizeof prefix,
                                         G_SOCKET_FAMILY_IPV4);
}

static void *
parse_own(void *unused)
{
    return net_address_masks(own, NULL);
}

bool
net_address_is_own(GInetAddress *address)
{
    static GOnce once = G_ONCE_INIT;
    g_autoptr(GInetAddress) behind = translated(address);

    return net_address_matches(behind ? behind : address,
                               g_once(&once, parse_own, NULL));
}
