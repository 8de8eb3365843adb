/* Mechanisms: which is chosen, what each says to the octet, and that nothing a
 * listener could use is said without TLS (P48, P52, P85). */
#include "base/err.h"
#include "sasl/sasl.h"
#include "tickets.h"

#include <gsasl.h>
#include <string.h>

static SaslParams params = { .user = (char *)"ana",
                             .password = (char *)"secret" };
static const SaslChannel clear = { .service = "imap",
                                   .host = "imap.test",
                                   .port = 143 };
static const SaslChannel tls = {
    .service = "imap", .host = "imap.test", .port = 993, .encrypted = true
};
static const SaslChannel insecure = {
    .service = "imap", .host = "imap.test", .port = 143, .insecure_ok = true
};

static const SaslChannel certified = { .service = "imap",
                                       .host = "imap.test",
                                       .port = 993,
                                       .encrypted = true,
                                       .certificate = true };

typedef struct {
    const char *offered, *auth;
    const SaslChannel *channel;
    const char *chosen; /* NULL: refused */
} Choice;

static const Choice choices[] = {
    /* the strongest first, in whatever order they are offered */
    { "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", NULL, &tls,
      "SCRAM-SHA-256" },
    { "LOGIN SCRAM-SHA-1 PLAIN", NULL, &tls, "SCRAM-SHA-1" },
    { "LOGIN PLAIN", NULL, &tls, "PLAIN" },
    { "plain", "auto", &tls, "PLAIN" },
    { "LOGIN", NULL, &tls, "LOGIN" },
    /* -PLUS only with a channel to bind to */
    { "SCRAM-SHA-256-PLUS SCRAM-SHA-1", NULL, &tls, "SCRAM-SHA-1" },
    /* no password in the clear but by +insecure (P48) */
    { "PLAIN LOGIN", NULL, &clear, NULL },
    { "PLAIN LOGIN", "PLAIN", &clear, NULL },
    { "PLAIN LOGIN SCRAM-SHA-1", NULL, &clear, "SCRAM-SHA-1" },
    { "PLAIN LOGIN", NULL, &insecure, "PLAIN" },
    /* weak ones only where they are named (P52) */
    { "CRAM-MD5", NULL, &tls, NULL },
    { "CRAM-MD5 PLAIN", NULL, &tls, "PLAIN" },
    { "CRAM-MD5 PLAIN", "cram-md5", &tls, "CRAM-MD5" },
    { "DIGEST-MD5 NTLM ANONYMOUS", NULL, &tls, NULL },
    { "ANONYMOUS", "ANONYMOUS", &tls, NULL },
    /* what is named is taken or nothing: no downgrade (P52) */
    { "PLAIN SCRAM-SHA-1", "SCRAM-SHA-256", &tls, NULL },
    { "PLAIN SCRAM-SHA-256", "PLAIN", &tls, "PLAIN" },
    /* a password is no token, but by name: password-command may print one */
    { "XOAUTH2", NULL, &tls, NULL },
    { "OAUTHBEARER XOAUTH2 PLAIN", NULL, &tls, "PLAIN" },
    { "PLAIN OAUTHBEARER", "OAUTHBEARER", &tls, "OAUTHBEARER" },
    { "XOAUTH2 PLAIN", "xoauth2", &tls, "XOAUTH2" },
    { "XOAUTH2 PLAIN", "xoauth2", &clear, NULL },
    /* a certificate says who we are; without one EXTERNAL is no login */
    { "PLAIN EXTERNAL SCRAM-SHA-256", NULL, &certified, "EXTERNAL" },
    { "PLAIN EXTERNAL", NULL, &tls, "PLAIN" },
    { "PLAIN EXTERNAL", "PLAIN", &certified, "PLAIN" },
    { "EXTERNAL", "EXTERNAL", &tls, "EXTERNAL" },
    { "PLAIN", "EXTERNAL", &certified, NULL },
    { "", NULL, &tls, NULL },
};

/* GSSAPI by itself: only with a ticket, where the caller can do without, and
 * only where nothing is stronger. */
static void
test_ticket(void)
{
    static const struct {
        const char *offered, *auth;
        bool here, unasked;
        const char *chosen;
    } cases[] = {
        { "GSSAPI PLAIN", NULL, true, true, "GSSAPI" },
        { "GSSAPI PLAIN", "auto", true, true, "GSSAPI" },
        { "GSSAPI PLAIN", NULL, false, true, "PLAIN" },
        { "GSSAPI PLAIN", NULL, true, false, "PLAIN" },
        { "GSSAPI PLAIN", "PLAIN", true, true, "PLAIN" },
        { "GSSAPI SCRAM-SHA-1", NULL, true, true, "SCRAM-SHA-1" },
        { "GSSAPI", NULL, false, true, NULL },
        { "GSSAPI PLAIN", "GSSAPI", false, false, "GSSAPI" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) names = g_strsplit(cases[i].offered, " ", -1);
        SaslParams with = params;
        SaslChannel channel = tls;
        g_autoptr(GError) error = NULL;
        g_autoptr(SaslLogin) login = NULL;

        with.auth = (char *)cases[i].auth;
        channel.tickets = cases[i].unasked;
        tickets_here = cases[i].here;
        login = sasl_login_create(&with, &channel, (const char *const *)names,
                                  &error);
        g_assert_cmpstr(login ? sasl_login_mechanism(login) : NULL, ==,
                        cases[i].chosen);
        g_assert_true(login || err_is(error, ERR_REFUSED));
        g_assert_cmpint(login && sasl_login_by_ticket(login), ==, i < 2);
    }
}

static SaslLogin *
create(const char *offered, const char *auth, const SaslChannel *channel,
       GError **error)
{
    g_auto(GStrv) names = g_strsplit(offered, " ", -1);
    SaslParams with = params;

    with.auth = (char *)auth;
    return sasl_login_create(&with, channel, (const char *const *)names, error);
}

static void
test_choice(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(choices); i++) {
        const Choice *c = &choices[i];
        g_autoptr(GError) error = NULL;
        g_autoptr(SaslLogin) login =
            create(c->offered, c->auth, c->channel, &error);

        g_test_message("%s (%s): %s", c->offered, c->auth ? c->auth : "-",
                       error ? error->message : "ok");
        g_assert_cmpstr(login ? sasl_login_mechanism(login) : NULL, ==,
                        c->chosen);
        g_assert_true(login || err_is(error, ERR_REFUSED));
    }
}

static void
test_binding_choice(void)
{
    g_autoptr(GBytes) bytes = g_bytes_new("0123456789abcdef", 16);
    SaslChannel bound = tls;
    g_autoptr(SaslLogin) login = NULL;

    bound.binding = bytes;
    bound.binding_type = "tls-exporter";
    login =
        create("SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN", NULL, &bound, NULL);
    g_assert_cmpstr(sasl_login_mechanism(login), ==, "SCRAM-SHA-256-PLUS");
}

/* One step: the challenge and the answer are plain text here. */
static void
check_step(SaslLogin *login, const char *challenge, const char *want,
           gsize size)
{
    g_autofree char *in = challenge ? g_base64_encode((const guchar *)challenge,
                                                      strlen(challenge))
                                    : NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *out = sasl_login_step(login, in, &error);
    g_autofree guchar *text = NULL;
    gsize got = 0;

    g_assert_no_error(error);
    text = g_base64_decode(out, &got);
    g_assert_cmpmem(text, got, want, size);
}

static void
test_plain(void)
{
    g_autoptr(SaslLogin) login = create("PLAIN", NULL, &tls, NULL);

    g_assert_true(sasl_login_client_first(login));
    check_step(login, NULL, "\0ana\0secret", 11);
    g_assert_true(sasl_login_finish(login, NULL));
}

static void
test_login(void)
{
    g_autoptr(SaslLogin) login = create("LOGIN", NULL, &tls, NULL);

    g_assert_false(sasl_login_client_first(login));
    check_step(login, "User Name", "ana", 3);
    check_step(login, "Password", "secret", 6);
    g_assert_true(sasl_login_finish(login, NULL));
}

static void
test_xoauth2(void)
{
    static const char want[] = "user=ana\001auth=Bearer secret\001\001";
    g_autoptr(SaslLogin) login = create("XOAUTH2", "XOAUTH2", &tls, NULL);
    g_autofree char *end = NULL;

    g_assert_true(sasl_login_client_first(login));
    check_step(login, NULL, want, sizeof want - 1);
    end = sasl_login_step(login, "eyJzdGF0dXMiOiI0MDAifQ==", NULL);
    g_assert_cmpstr(end, ==, "");
}

static void
test_oauthbearer(void)
{
    static const char want[] = "n,a=ana,\001host=imap.test\001port=993\001"
                               "auth=Bearer secret\001\001";
    g_autoptr(SaslLogin) login =
        create("OAUTHBEARER", "OAUTHBEARER", &tls, NULL);
    g_autofree char *end = NULL;

    check_step(login, NULL, want, sizeof want - 1);
    end = sasl_login_step(login, "eyJzdGF0dXMiOiI0MDAifQ==", NULL);
    g_assert_cmpstr(end, ==, "AQ==");
}

/* A user with "," or "=" cannot add to the GS2 header (RFC 5801, section 4). */
static void
test_oauthbearer_escape(void)
{
    static const char want[] = "n,a=a=2Cb=3Dc,\001host=imap.test\001port=993"
                               "\001auth=Bearer t\001\001";
    static const char *const offered[] = { "OAUTHBEARER", NULL };
    SaslParams odd = { .user = (char *)"a,b=c",
                       .password = (char *)"t",
                       .auth = (char *)"OAUTHBEARER" };
    g_autoptr(SaslLogin) login = sasl_login_create(&odd, &tls, offered, NULL);

    check_step(login, NULL, want, sizeof want - 1);
}

/* RFC 2195's example. */
static void
test_cram_md5(void)
{
    static const char *const offered[] = { "CRAM-MD5", NULL };
    SaslParams tim = { .user = (char *)"tim",
                       .password = (char *)"tanstaaftanstaaf",
                       .auth = (char *)"CRAM-MD5" };
    g_autoptr(SaslLogin) login = sasl_login_create(&tim, &tls, offered, NULL);
    static const char want[] = "tim b913a602c7eda7a495b4e6e7334d3890";

    g_assert_false(sasl_login_client_first(login));
    check_step(login, "<1896.697170952@postoffice.reston.mci.net>", want,
               sizeof want - 1);
}

static GBytes *server_channel; /* what the server binds to; NULL: nothing */

/* SCRAM against gsasl's own server, which stands for RFC 5802 and 7677: our
 * nonce is random, so that their vectors cannot be replayed from outside. */
static int
serve(Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
    g_autofree char *channel = NULL;
    gsize size;

    if ((property == GSASL_CB_TLS_UNIQUE || property == GSASL_CB_TLS_EXPORTER)
        && server_channel) {
        channel = g_base64_encode(g_bytes_get_data(server_channel, &size),
                                  g_bytes_get_size(server_channel));
        return gsasl_property_set(session, property, channel);
    }
    if (property == GSASL_PASSWORD)
        return gsasl_property_set(session, property,
                                  gsasl_session_hook_get(session));
    if (property == GSASL_SCRAM_ITER)
        return gsasl_property_set(session, property, "4096");
    return GSASL_NO_CALLBACK;
}

/* What the server says to our answer, base64; *result gets gsasl's. */
static char *
server_step(Gsasl_session *server, const char *answer, int *result)
{
    char *out = NULL;
    char *copy;

    *result = gsasl_step64(server, answer, &out);
    copy = g_strdup(out ? out : "");
    gsasl_free(out);
    return copy;
}

static void
run_scram(const char *mechanism, const SaslChannel *channel,
          const char *password, bool right)
{
    Gsasl *context = NULL;
    Gsasl_session *server = NULL;
    g_autoptr(SaslLogin) login = create(mechanism, NULL, channel, NULL);
    g_autofree char *begins =
        channel->binding
            ? g_strdup_printf("p=%s,,n=ana,r=", channel->binding_type)
            : g_strdup("n,,n=ana,r=");
    g_autofree char *first = sasl_login_step(login, NULL, NULL);
    g_autofree char *challenge = NULL;
    g_autofree char *proof = NULL;
    g_autofree char *final = NULL;
    g_autofree char *end = NULL;
    g_autofree guchar *plain = NULL;
    gsize size;
    int result;

    plain = g_base64_decode(first, &size);
    g_assert_true(g_str_has_prefix((char *)plain, begins));
    g_assert_cmpint(gsasl_init(&context), ==, GSASL_OK);
    gsasl_callback_set(context, serve);
    g_assert_cmpint(gsasl_server_start(context, mechanism, &server), ==,
                    GSASL_OK);
    gsasl_session_hook_set(server, (char *)password);
    challenge = server_step(server, first, &result);
    g_assert_cmpint(result, ==, GSASL_NEEDS_MORE);
    g_assert_false(sasl_login_finish(login, NULL)); /* not proved yet (P85) */
    proof = sasl_login_step(login, challenge, NULL);
    g_assert_nonnull(proof);
    g_assert_false(sasl_login_finish(login, NULL));
    final = server_step(server, proof, &result);
    g_assert_cmpint(result == GSASL_OK, ==, right);
    if (right) {
        end = sasl_login_step(login, final, NULL);
        g_assert_cmpstr(end, ==, "");
        g_assert_true(sasl_login_finish(login, NULL));
    }
    gsasl_finish(server);
    gsasl_done(context);
}

static void
test_scram(void)
{
    run_scram("SCRAM-SHA-1", &clear, "secret", true);
    run_scram("SCRAM-SHA-256", &clear, "secret", true);
    run_scram("SCRAM-SHA-256", &clear, "wrong", false);
}

/* Bound to the channel: a server at the other end of another one, with somebody
 * in between, has no use for it (P85). */
static void
test_scram_plus(void)
{
    static const char *const mechanisms[] = { "SCRAM-SHA-1-PLUS",
                                              "SCRAM-SHA-256-PLUS" };
    static const char *const types[] = { "tls-unique", "tls-exporter" };
    g_autoptr(GBytes) ours = g_bytes_new("0123456789abcdef", 16);
    g_autoptr(GBytes) another = g_bytes_new("0123456789abcdeF", 16);
    SaslChannel bound = tls;

    bound.binding = ours;
    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(types); j++) {
            bound.binding_type = types[j];
            server_channel = ours;
            run_scram(mechanisms[i], &bound, "secret", true);
            server_channel = another;
            run_scram(mechanisms[i], &bound, "secret", false);
        }
    server_channel = NULL;
}

/* A server that does not know the password (P85), and nonsense (P28). */
static void
test_scram_false_server(void)
{
    static const char *const finals[] = {
        "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "v=", "e=no", ""
    };

    for (gsize i = 0; i < G_N_ELEMENTS(finals); i++) {
        g_autoptr(SaslLogin) login =
            create("SCRAM-SHA-256", NULL, &clear, NULL);
        g_autofree char *first = sasl_login_step(login, NULL, NULL);
        g_autoptr(GError) error = NULL;
        gsize size;
        g_autofree guchar *plain = g_base64_decode(first, &size);
        g_autofree char *nonce =
            g_strndup(strstr((char *)plain, "r=") + 2, size - 11);
        g_autofree char *text =
            g_strdup_printf("r=%sX,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", nonce);
        g_autofree char *challenge =
            g_base64_encode((guchar *)text, strlen(text));
        g_autofree char *final =
            g_base64_encode((const guchar *)finals[i], strlen(finals[i]));
        g_autofree char *proof = sasl_login_step(login, challenge, NULL);

        g_assert_nonnull(proof);
        g_assert_null(sasl_login_step(login, final, &error));
        g_assert_nonnull(error);
        g_assert_false(err_is(error, ERR_AUTH));
        g_assert_null(strstr(error->message, "secret")); /* P53 */
        g_assert_false(sasl_login_finish(login, NULL));
    }
}

static void
test_bad_challenge(void)
{
    static const char *const bad[] = { "!!!", "", "QQ", "cj14LHM9eCxpPTE=" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(SaslLogin) login = create("SCRAM-SHA-1", NULL, &clear, NULL);
        g_autofree char *first = sasl_login_step(login, NULL, NULL);
        g_autofree char *next = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(first);
        next = sasl_login_step(login, bad[i], &error);
        g_assert_null(next);
        g_assert_nonnull(error);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sasl/choice", test_choice);
    g_test_add_func("/sasl/binding-choice", test_binding_choice);
    g_test_add_func("/sasl/ticket", test_ticket);
    g_test_add_func("/sasl/plain", test_plain);
    g_test_add_func("/sasl/login", test_login);
    g_test_add_func("/sasl/xoauth2", test_xoauth2);
    g_test_add_func("/sasl/oauthbearer", test_oauthbearer);
    g_test_add_func("/sasl/oauthbearer-escape", test_oauthbearer_escape);
    g_test_add_func("/sasl/cram-md5", test_cram_md5);
    g_test_add_func("/sasl/scram", test_scram);
    g_test_add_func("/sasl/P85/scram-plus", test_scram_plus);
    g_test_add_func("/sasl/scram-false-server", test_scram_false_server);
    g_test_add_func("/sasl/bad-challenge", test_bad_challenge);
    return g_test_run();
}
