/* Signed and encrypted messages on a page: gpg is asked behind when one is
 * opened; until it answers, a line says so and no text of it is shown. */
#include "tui_page.h"

#include "base/err.h"
#include "core/crypto.h"

#include <string.h>

static const Role roles[] = { ROLE_DIM, ROLE_GOOD, ROLE_WARN, ROLE_BAD };

/* Of one message; the page that asks may be gone when the answer comes. */
struct SealedAsk {
    Session *session;
    bool is_answered;
    MimeOpened *opened; /* not taken yet; or NULL */
};

static void
clear_ask(void *data)
{
    SealedAsk *ask = data;

    mime_opened_free(ask->opened);
}

static void
ask_release(SealedAsk *ask)
{
    if (ask)
        g_rc_box_release_full(ask, clear_ask);
}

void
sealed_clear(PageItem *item)
{
    ask_release(item->ask);
    mime_opened_free(item->opened);
}

/* The pages look for it by themselves. */
static void
answered(const MimeOpened *opened, const GError *error, void *user)
{
    SealedAsk *ask = user;

    ask->is_answered = true;
    if (opened)
        ask->opened = mime_opened_copy(opened);
    if (!err_is(error, ERR_CANCELLED))
        session_rows_changed(ask->session);
    ask_release(ask);
}

bool
sealed_is_closed(const PageItem *item)
{
    return mime_is_encrypted(item->message);
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
    CryptoRequest request = { .id = item->row->id,
                              .decrypt = may_decrypt(page) };

    if (page->look_only || (sealed_is_closed(item) && !request.decrypt))
        return;
    item->ask = g_rc_box_new0(SealedAsk);
    item->ask->session = session;
    request.message = mime_load_again(item->message);
    crypto_open(session_crypto(session), &request, answered,
                g_rc_box_acquire(item->ask));
}

/* From here on the page has what was inside, and nothing else. */
static void
show_inside(PageItem *item)
{
    MimeMessage *inside = mime_opened_message(item->opened);

    mime_message_free(item->message);
    item->message = inside;
    item->text_width = 0;
}

/* What is open stays so. */
static void
take(PageItem *item, const MimeOpened *opened)
{
    MimeOpened *before = item->opened;
    const GBytes *shown = before ? before->bytes : NULL;

    if (item->message == NULL || (shown && opened->bytes == NULL))
        return;
    item->opened = mime_opened_copy(opened);
    if (item->opened->bytes != shown)
        show_inside(item);
    mime_opened_free(before);
}

void
sealed_follow(Page *page, PageItem *item)
{
    const MimeOpened *opened;

    if (item->opened == NULL && !mime_is_sealed(item->message))
        return;
    if (item->ask && item->ask->opened) {
        take(item, item->ask->opened);
        g_clear_pointer(&item->ask->opened, mime_opened_free);
    }
    /* Opened from elsewhere, or once more. */
    opened =
        crypto_opened(session_crypto(page->tui->session), item->row->id);
    if (opened)
        take(item, opened);
    else if (item->ask == NULL && item->opened == NULL)
        ask(page, item);
}

/* Not opened yet, or never: what is known without gpg. */
static char *
waiting_line(const Page *page, const PageItem *item)
{
    const char *protocol =
        mime_protocol_name(mime_seal_protocol(item->message));
    const char *state = "encrypted";

    if (item->ask && !item->ask->is_answered)
        state = sealed_is_closed(item) ? "encrypted, being opened"
                                       : "signed, being checked";
    else if (!sealed_is_closed(item))
        state = "signed, not checked";
    else if (!page->look_only)
        state = "encrypted.  zd opens it";
    return g_strdup_printf("  %s: %s", protocol, state);
}

/* "  OpenPGP: encrypted · signed by …". */
static char *
known_line(const PageItem *item, Role *role)
{
    const MimeOpened *opened = item->opened;
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
    *role = ROLE_DIM;
    if (item->opened)
        return known_line(item, role);
    if (mime_is_partly_sealed(item->message))
        return g_strdup("  A part of this message is signed or encrypted, not "
                        "the whole of it: it stays closed");
    return mime_is_sealed(item->message) ? waiting_line(page, item) : NULL;
}
