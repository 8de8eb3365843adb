/* Addresses from books of the user's own: vCard files (RFC 6350) and what a
 * program prints. Read in a thread when recipients are first asked for, files
 * again when they changed. What cannot be read is said in the log and is no
 * addresses. Main thread. */
#ifndef CORE_ADDRESS_BOOK_H
#define CORE_ADDRESS_BOOK_H

#include "core/session.h"

AddressBook *address_book_create(Session *session);
void address_book_destroy(AddressBook *book);

/* Addresses that have a word that begins so, in their name or themselves, at
 * most limit. What is read is there a moment after the first call.
 * Array of MimeAddress; g_ptr_array_unref(). */
GPtrArray *
address_book_find(AddressBook *book, const char *prefix, guint limit);

/* Pure: adds the addresses of vCards, or of lines "address TAB name", to an
 * array of MimeAddress. */
void address_book_parse_cards(const char *text, GPtrArray *into);
void address_book_parse_lines(const char *text, GPtrArray *into);

#endif
