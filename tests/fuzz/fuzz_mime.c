/* libFuzzer: any bytes as a message, through everything the program does with
 * one. Run: build/tests/fuzz/fuzz_mime CORPUS */
#include <stdint.h>
#include <string.h>

#include "mime/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
count(const char *name, const char *value, void *user)
{
    *(size_t *)user += strlen(name) + strlen(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const MimeTextOptions options = { .width = 40, .list_links = true };
    const MimeTextOptions raw = { .width = 40, .raw = true };
    g_autoptr(MimeMessage) message = NULL;
    g_autoptr(MimeText) text = NULL;
    g_autoptr(MimeText) source = NULL;
    g_auto(MimeSummary) summary = { 0 };
    g_autofree char *snippet = NULL;
    g_autofree char *quoted = NULL;
    size_t total = 0;

    mime_init();
    message = mime_load_bytes((const char *)data, size);
    mime_summarise((const char *)data, size, &summary);
    mime_headers(message, count, &total);
    mime_parts(message);
    text = mime_text(message, &options);
    source = mime_text(message, &raw);
    snippet = mime_snippet(message);
    quoted = mime_quote(message);
    return 0;
}
