/* Opening libnotmuch. */
#include "index_notmuch.h"

#include "base/err.h"
#include "base/library.h"

#define NOTMUCH_FILE LIBRARY_FILE("notmuch", LIBNOTMUCH_MAJOR_VERSION)

Notmuch notmuch;

bool
index_notmuch_open(GError **error)
{
#define NAME_OF(NAME) "notmuch_" #NAME,
    static const char *const names[] = { NOTMUCH_FUNCTIONS(NAME_OF) NULL };
#undef NAME_OF
    static Library library = { NOTMUCH_FILE, names, &notmuch };

    return library_open(&library, NULL)
           || err_set(error, ERR_REFUSED,
                      "libnotmuch cannot be opened: install it (Debian: "
                      "libnotmuch%d) to index and search; all else works",
                      LIBNOTMUCH_MAJOR_VERSION);
}
