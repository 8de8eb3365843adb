/* libFuzzer: any bytes as the HTML of a message. */
#include <stdint.h>

#include "mime/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[] = "Content-Type: text/html; charset=utf-8\n\n";
    const MimeTextOptions options = { .width = 40,
                                      .list_links = true,
                                      .images = true };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(MimeMessage) message = NULL;
    g_autoptr(MimeText) text = NULL;

    mime_init();
    g_byte_array_append(bytes, (const guint8 *)head, sizeof head - 1);
    g_byte_array_append(bytes, data, size);
    message = mime_load_bytes((const char *)bytes->data, bytes->len);
    text = mime_text(message, &options);
    return 0;
}
