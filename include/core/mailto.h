/* What a mailto: link (RFC 6068) asks for. Pure; any thread. */
#ifndef CORE_MAILTO_H
#define CORE_MAILTO_H

#include <glib.h>
#include <stdbool.h>

/* Untrusted, decoded; NULL where the link has none. */
typedef struct {
    char *to, *cc, *bcc; /* address lists */
    char *subject;
    char *body; /* lines end in \n */
    char *in_reply_to, *references;
    char *ignored; /* names of other fields, "attach" among them; sanitised */
} Mailto;

void mailto_clear(Mailto *mailto);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mailto, mailto_clear)

/* ERR_USAGE for what is no such link, or one over 64 KiB. */
bool mailto_parse(const char *link, Mailto *mailto, GError **error);

#endif
