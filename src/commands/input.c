/* Messages that are none of ours. */
#include "input.h"

#include "base/err.h"

#include <string.h>
#include <unistd.h>

enum {
    STDIN_LIMIT = 256 << 20
};

bool
input_is_stdin(const char *const *words)
{
    return words[0] != NULL && words[1] == NULL && strcmp(words[0], "-") == 0;
}

GBytes *
input_read(GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[65536];
    gssize got;

    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
        if (bytes->len + got > STDIN_LIMIT)
            return err_null(error, ERR_USAGE,
                            "standard input is over 256 MB: "
                            "give the file's name");
        g_byte_array_append(bytes, buffer, got);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

char *
input_path(const CmdCall *call, const char *const *words)
{
    const char *folder = cmd_context(call)->folder;
    g_autofree char *path = NULL;

    if (words[0] == NULL || words[1] != NULL)
        return NULL;
    path = folder && !g_path_is_absolute(words[0])
               ? g_build_filename(folder, words[0], NULL)
               : g_strdup(words[0]);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path)
                                                     : NULL;
}
