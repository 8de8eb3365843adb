/* Invented messages on their way to disk and into rows. Any thread. */
#ifndef DEMO_WRITE_H
#define DEMO_WRITE_H

#include "demo_mail.h"
#include "store/store.h"

typedef struct DemoWriter DemoWriter;

/* mail: the mail root. shift: seconds added to every date. Makes the folders.
 * NULL on error. store is borrowed. */
DemoWriter *demo_writer_create(Store *store, const char *mail, gint64 shift,
                               GError **error);
void demo_writer_destroy(DemoWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DemoWriter, demo_writer_destroy)

/* All between begin and end are one transaction, whole and durable. A parent
 * must be added before what answers it. */
bool demo_writer_begin(DemoWriter *writer, GError **error);
bool demo_writer_add(DemoWriter *writer, const DemoMail *mail,
                     GError **error);
bool demo_writer_end(DemoWriter *writer, bool commit, GError **error);

/* Invented by a fixed sequence of random numbers. */
typedef struct DemoRest DemoRest;

DemoRest *demo_rest_create(void);
void demo_rest_destroy(DemoRest *rest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DemoRest, demo_rest_destroy)

/* The next message; borrowed until the next call. */
const DemoMail *demo_rest_next(DemoRest *rest);

#endif
