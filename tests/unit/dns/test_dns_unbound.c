/* The resolver over a server that never answers: a deadline and a cancellable
 * end the wait, and what was asked is left behind without harm (D11). */
#include "dns/dns.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MANY = 20
};

typedef struct {
    int socket; /* bound, and never read from */
    Dns *dns;
} Fixture;

static void
set_up(Fixture *f, const void *data)
{
    struct sockaddr_in name = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof name;
    g_autofree char *server = NULL;
    g_autoptr(GError) error = NULL;

    (void)data;
    f->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(f->socket, (struct sockaddr *)&name, size), ==, 0);
    g_assert_cmpint(getsockname(f->socket, (struct sockaddr *)&name, &size), ==,
                    0);
    server = g_strdup_printf("127.0.0.1@%u", ntohs(name.sin_port));
    f->dns = dns_create(server, &error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *f, const void *data)
{
    (void)data;
    dns_unref(f->dns);
    close(f->socket);
}

/* Many names at once; each is answered, with reason. */
static void
ask_many(Fixture *f, const DnsWait *wait, const char *reason)
{
    DnsLookup lookups[MANY];
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < MANY; i++) {
        g_ptr_array_add(names, g_strdup_printf("n%u.example.org", i));
        lookups[i] = (DnsLookup){ g_ptr_array_index(names, i), DNS_TXT, NULL };
    }
    dns_ask(f->dns, lookups, MANY, wait);
    for (guint i = 0; i < MANY; i++) {
        g_assert_cmpint(lookups[i].answer->status, ==, DNS_TEMPORARY);
        g_assert_cmpstr(lookups[i].answer->reason, ==, reason);
        dns_answer_unref(lookups[i].answer);
    }
}

static void
test_deadline(Fixture *f, const void *data)
{
    for (guint i = 0; i < 2; i++) {
        DnsWait wait = { g_get_monotonic_time() + G_USEC_PER_SEC / 5, NULL };

        ask_many(f, &wait, "timeout");
    }
    (void)data;
}

/* The first question arrives, then the asker gives up. */
static void *
cancel_when_asked(void *data)
{
    Fixture *f = ((void **)data)[0];
    GCancellable *cancel = ((void **)data)[1];
    char packet[512];

    recv(f->socket, packet, sizeof packet, 0);
    g_cancellable_cancel(cancel);
    return NULL;
}

static void
test_cancel(Fixture *f, const void *data)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    void *both[] = { f, cancel };
    GThread *thread = g_thread_new("cancel", cancel_when_asked, both);
    DnsWait wait = { g_get_monotonic_time() + (gint64)3600 * G_USEC_PER_SEC,
                     cancel };

    ask_many(f, &wait, "cancelled");
    g_thread_join(thread);
    ask_many(f, &wait, "cancelled"); /* cancelled before it asks */
    (void)data;
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/dns/unbound/D11-deadline", Fixture, NULL, set_up,
               test_deadline, tear_down);
    g_test_add("/dns/unbound/D11-cancel", Fixture, NULL, set_up, test_cancel,
               tear_down);
    return g_test_run();
}
