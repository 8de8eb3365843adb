/* Hashes of the body in one pass: at most one canonicalization of each kind
 * runs, and each feeds the hashes that want it. */
#include "trust_body.h"

#include "trust_canon.h"

#include <openssl/evp.h>

struct TrustBodies {
    GPtrArray *all;        /* TrustBody */
    TrustCanon *canons[2]; /* simple, relaxed; NULL: nobody wants it */
};

typedef struct {
    TrustBodies *bodies;
    bool relaxed;
} Feed;

static void
body_free(void *data)
{
    TrustBody *body = data;

    EVP_MD_CTX_free(body->context);
    g_free(body);
}

TrustBodies *
trust_bodies_create(void)
{
    TrustBodies *bodies = g_new0(TrustBodies, 1);

    bodies->all = g_ptr_array_new_with_free_func(body_free);
    return bodies;
}

void
trust_bodies_destroy(TrustBodies *bodies)
{
    if (bodies == NULL)
        return;
    g_ptr_array_unref(bodies->all);
    g_free(bodies);
}

TrustBody *
trust_bodies_want(TrustBodies *bodies, bool relaxed, gint64 limit)
{
    TrustBody *body;

    for (guint i = 0; i < bodies->all->len; i++) {
        body = g_ptr_array_index(bodies->all, i);
        if (body->relaxed == relaxed && body->limit == limit)
            return body;
    }
    body = g_new0(TrustBody, 1);
    body->relaxed = relaxed;
    body->limit = limit;
    body->context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(body->context, EVP_sha256(), NULL);
    g_ptr_array_add(bodies->all, body);
    return body;
}

static void
feed(const char *bytes, gsize size, void *user)
{
    const Feed *to = user;

    for (guint i = 0; i < to->bodies->all->len; i++) {
        TrustBody *body = g_ptr_array_index(to->bodies->all, i);
        gsize take = size;

        if (body->relaxed != to->relaxed)
            continue;
        if (body->limit >= 0)
            take = body->size >= (guint64)body->limit
                       ? 0
                       : MIN(size, (gsize)((guint64)body->limit - body->size));
        EVP_DigestUpdate(body->context, bytes, take);
        body->size += size;
    }
}

static void
push(const char *bytes, gsize size, void *user)
{
    TrustBodies *bodies = user;

    for (int i = 0; i < 2; i++)
        if (bodies->canons[i] != NULL)
            trust_canon_push(bodies->canons[i], bytes, size);
}

bool
trust_bodies_run(TrustBodies *bodies, const TrustMessage *message)
{
    Feed feeds[2] = { { bodies, false }, { bodies, true } };
    bool read = true;

    for (guint i = 0; i < bodies->all->len; i++) {
        bool relaxed =
            ((TrustBody *)g_ptr_array_index(bodies->all, i))->relaxed;

        if (bodies->canons[relaxed] == NULL)
            bodies->canons[relaxed] =
                trust_canon_create(relaxed, feed, &feeds[relaxed]);
    }
    if (bodies->all->len > 0)
        read = trust_message_body(message, push, bodies);
    for (int i = 0; i < 2; i++) {
        if (bodies->canons[i] != NULL)
            trust_canon_end(bodies->canons[i]);
        bodies->canons[i] = NULL;
    }
    for (guint i = 0; i < bodies->all->len; i++) {
        TrustBody *body = g_ptr_array_index(bodies->all, i);

        EVP_DigestFinal_ex(body->context, body->digest, NULL);
    }
    return read;
}
