/* The pool that checks: the resolver of the options, of which what is being
 * asked keeps a hold; the end, while checks wait for a server that never
 * answers (D11). */
#include "base/file.h"
#include "cmd/language.h"
#include "core/verifier.h"
#include "mime/mime.h"
#include "scene.h"

#include <gio/gio.h>
#include <string.h>

static const char config[] = "account work {\n"
                             "    address  ana@example.org\n"
                             "    incoming imaps://imap.invalid\n"
                             "}\n";
static const char message[] = "From: a@bank.example\n\nx";

typedef struct {
    char *root;
    Session *session;
    Verifier *verifier;
    GSocket *silent[2]; /* name servers that never answer */
    guint begun, told, cancelled;
} Fixture;

static GSocket *
listen_somewhere(void)
{
    g_autoptr(GInetAddress) loopback =
        g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, 0);
    GSocket *socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
                                   G_SOCKET_PROTOCOL_UDP, NULL);

    g_assert_true(g_socket_bind(socket, address, FALSE, NULL));
    return socket;
}

static void
use_server(Fixture *f, guint n)
{
    g_autoptr(GSocketAddress) address =
        g_socket_get_local_address(f->silent[n], NULL);
    g_autofree char *server = g_strdup_printf(
        "127.0.0.1@%u",
        g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address)));

    g_assert_true(options_set(session_options(f->session), "dns-server", NULL,
                              NULL, server, NULL));
}

static void
set_up(Fixture *f, const void *data)
{
    f->session = scene_open(config, false, &f->root);
    f->verifier = session_verifier(f->session);
    for (guint i = 0; i < G_N_ELEMENTS(f->silent); i++)
        f->silent[i] = listen_somewhere();
    use_server(f, 0);
}

static void
tear_down(Fixture *f, const void *data)
{
    session_destroy(f->session);
    for (guint i = 0; i < G_N_ELEMENTS(f->silent); i++)
        g_object_unref(f->silent[i]);
    file_remove_tree(f->root, NULL);
    g_free(f->root);
}

static void check(Fixture *f, JobPriority priority);

/* As those who wait do: what is next is begun as soon as one is over. */
static void
on_checked(const TrustReport *report, const GError *error, void *user)
{
    Fixture *f = user;

    g_assert_true((report == NULL) == (error != NULL));
    f->told++;
    f->cancelled += report == NULL;
    if (f->begun < 10) {
        use_server(f, f->begun % 2);
        check(f, JOB_URGENT);
    }
}

static void
check(Fixture *f, JobPriority priority)
{
    VerifyRequest *request = verify_request_create();
    g_autoptr(GError) error = NULL;

    request->bytes = g_bytes_new_static(message, strlen(message));
    g_assert_true(verifier_prepare(f->verifier, request, "work", &error));
    g_assert_no_error(error);
    g_assert_nonnull(request->dns);
    f->begun++;
    verifier_check(f->verifier, priority, request, on_checked, f);
}

/* Has the silent server been asked: then a check waits for it. */
static void
wait_until_asked(Fixture *f, guint n)
{
    g_assert_true(g_socket_condition_wait(f->silent[n], G_IO_IN, NULL, NULL));
}

/* Another server, while the first is being asked: nothing that waits is lost,
 * and the end answers all of it, once. */
static void
test_other_server(Fixture *f, const void *data)
{
    for (guint i = 0; i < 4; i++)
        check(f, i < 3 ? JOB_BULK : JOB_URGENT);
    wait_until_asked(f, 0);
    use_server(f, 1);
    check(f, JOB_BULK);
    g_assert_cmpuint(f->told, ==, 0);
    session_destroy(f->session);
    g_assert_cmpuint(f->begun, ==, 10);
    g_assert_cmpuint(f->told, ==, 10);
    g_assert_cmpuint(f->cancelled, ==, 10);
    f->session = NULL;
}

static void
on_own(const GPtrArray *lines, const GError *error, void *user)
{
    ((Fixture *)user)->told++;
    g_assert_true(lines == NULL || error == NULL);
}

/* The look at the own domain holds its resolver too. */
static void
test_own_domain(Fixture *f, const void *data)
{
    verifier_check_own(f->verifier, "example.org", on_own, f);
    wait_until_asked(f, 0);
    use_server(f, 1);
    f->begun = 10;
    check(f, JOB_BULK);
    session_destroy(f->session);
    g_assert_cmpuint(f->told, ==, 2);
    f->session = NULL;
}

/* Without a DNS nothing is asked, and a check still ends. */
static void
test_off(Fixture *f, const void *data)
{
    VerifyRequest *request = verify_request_create();

    g_assert_true(options_set(session_options(f->session), "dns", NULL, NULL,
                              "off", NULL));
    request->bytes = g_bytes_new_static(message, strlen(message));
    g_assert_true(verifier_prepare(f->verifier, request, "work", NULL));
    g_assert_null(request->dns);
    f->begun = 10;
    verifier_check(f->verifier, JOB_URGENT, request, on_checked, f);
    while (f->told == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(f->cancelled, ==, 0);
    g_assert_cmpint(g_socket_condition_check(f->silent[0], G_IO_IN), ==, 0);
}

#define TEST(NAME)                                                             \
    g_test_add("/core/verifier/" #NAME, Fixture, NULL, set_up, test_##NAME,    \
               tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    TEST(other_server);
    TEST(own_domain);
    TEST(off);
    return g_test_run();
}
