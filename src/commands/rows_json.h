/* Message rows as JSON (names promised to scripts) and as lines for people. */
#ifndef COMMANDS_ROWS_JSON_H
#define COMMANDS_ROWS_JSON_H

#include "base/printer.h"
#include "core/session.h"

/* An array of objects; rows: array of StoreRow, NULL entries left out. */
JsonNode *rows_json(Session *session, const GPtrArray *rows);

/* "2026-11-23 05:13  Your Bank  URGENT: …": one line each. */
void rows_print(Session *session, const GPtrArray *rows, Printer *out);

#endif
