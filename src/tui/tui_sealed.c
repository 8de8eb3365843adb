/* Signed and encrypted messages on a page: gpg is asked behind when one is
 * opened; until it answers, a line says so and no text of it is shown. */
#include "tui_page.h"

#include "base/err.h"
#include "core/crypto.h"

#include <string.h>

static const Role roles[] = { ROLE_DIM, ROLE_GOOD, ROLE_WARN, ROLE_BAD };

static void
opened(const MimeOpened *opened, const GError *error, void *user)
{
    /* The pages look for it by themselves. */
    if (!err_is(error, ERR_CANCELLED))
        session_rows_changed(user);
}

static bool
may_decrypt(const Page *page)
{
    return strcmp(options_get(session_options(page->tui->session), "decrypt",
                              NULL, NULL),
                  "open")
           == 0;
}

static void
ask(Page *page, PageItem *item)
{
    Session *session = page->tui->session;
    g_autoptr(GBytes) bytes = mime_sealed_bytes(item->message);
    /* Its bytes, for its file has another name once it was read. */
    CryptoRequest request = { .id = item->row->id,
                              .bytes = bytes,
                              .decrypt = may_decrypt(page) };

    if (page->look_only || item->is_opening
        || (item->is_closed && !request.decrypt))
        return;
    item->is_opening = true;
    crypto_open(session_crypto(session), &request, opened, session);
}

/* From here on the page has what was inside, and nothing else. */
static void
take(PageItem *item, const MimeOpened *opened)
{
    MimeMessage *inside;

    item->is_opening = false;
    if (opened->bytes == NULL || item->taken == opened->bytes
        || item->message == NULL)
        return;
    inside = mime_opened_message(opened);
    item->taken = opened->bytes;
    mime_message_free(item->message);
    item->message = inside;
    item->is_closed = mime_is_encrypted(inside);
    item->text_width = 0;
}

void
sealed_follow(Page *page, PageItem *item)
{
    const MimeOpened *opened;

    if (!item->is_sealed) {
        item->is_sealed = mime_is_sealed(item->message);
        item->is_closed = mime_is_encrypted(item->message);
        item->is_partly = mime_is_partly_sealed(item->message);
    }
    if (!item->is_sealed)
        return;
    opened =
        crypto_opened(session_crypto(page->tui->session), item->row->id);
    if (opened)
        take(item, opened);
    else
        ask(page, item);
}

/* Not opened yet, or never: what is known without gpg. */
static char *
waiting_line(const Page *page, const PageItem *item)
{
    const char *protocol =
        mime_protocol_name(mime_seal_protocol(item->message));
    const char *state = "encrypted";

    if (item->is_opening)
        state = item->is_closed ? "encrypted, being opened"
                                : "signed, being checked";
    else if (!item->is_closed)
        state = "signed, not checked";
    else if (!page->look_only)
        state = "encrypted.  zd opens it";
    return g_strdup_printf("  %s: %s", protocol, state);
}

/* "  OpenPGP: encrypted · signed by …". */
static char *
known_line(const PageItem *item, const MimeOpened *opened, Role *role)
{
    CryptoMark mark = CRYPTO_DIM;
    g_autofree char *words = crypto_words(opened, item->row->from_addr, &mark);
    g_autofree char *safe = draw_safe(words);
    const char *sign = mark == CRYPTO_GOOD  ? glyph("✓")
                       : mark == CRYPTO_BAD ? glyph("✗")
                       : mark == CRYPTO_DIM ? " "
                                            : "?";

    *role = roles[mark];
    return g_strdup_printf("%s %s%s", sign, safe,
                           opened->needs_passphrase ? ".  zd asks for it"
                                                    : "");
}

char *
sealed_line(const Page *page, const PageItem *item, Role *role)
{
    const MimeOpened *opened =
        crypto_opened(session_crypto(page->tui->session), item->row->id);

    *role = ROLE_DIM;
    if (opened && item->is_sealed)
        return known_line(item, opened, role);
    if (item->is_partly)
        return g_strdup("  A part of this message is signed or encrypted, not "
                        "the whole of it: it stays closed");
    return item->is_sealed ? waiting_line(page, item) : NULL;
}
