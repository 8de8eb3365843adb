/* The files that a draft has from the message it forwards or goes on with.
 * Blocking; must not touch anything of the main thread. */
#include "draft_private.h"

#include "base/err.h"
#include "base/file.h"

#include <unistd.h>

static bool
wants_parts(DraftKind kind)
{
    return kind == DRAFT_FORWARD || kind == DRAFT_AS_NEW
           || kind == DRAFT_RESEND;
}

static bool
is_file(const MimePart *part)
{
    return part->is_attachment && !part->is_multipart;
}

static bool
has_files(MimeMessage *parent)
{
    const GPtrArray *parts = mime_parts(parent);

    for (guint i = 0; i < parts->len; i++)
        if (is_file(parts->pdata[i]))
            return true;
    return false;
}

DraftCarry *
draft_carry_message(const char *draft, int from, guint part)
{
    DraftCarry *carry = g_new0(DraftCarry, 1);

    carry->folder = draft_files_folder(draft);
    carry->from = from;
    carry->part = part;
    carry->files = g_ptr_array_new_with_free_func(g_free);
    return carry;
}

DraftCarry *
draft_carry_create(const char *draft, DraftKind kind, MimeMessage *parent,
                   int from)
{
    DraftCarry *carry;

    if (parent == NULL
        || (from < 0 && !(wants_parts(kind) && has_files(parent)))) {
        mime_message_free(parent);
        return NULL;
    }
    carry = draft_carry_message(draft, from, 0);
    carry->parent = parent;
    return carry;
}

void
draft_carry_free(DraftCarry *carry)
{
    if (carry == NULL)
        return;
    mime_message_free(carry->parent);
    if (carry->from >= 0)
        close(carry->from);
    g_free(carry->folder);
    g_ptr_array_unref(carry->files);
    g_free(carry);
}

/* A path in the folder that nobody has. */
static char *
free_path(const char *folder, const char *name)
{
    g_autofree char *safe = file_safe_name(name);
    char *path = g_build_filename(folder, safe, NULL);

    for (int i = 2; g_file_test(path, G_FILE_TEST_EXISTS); i++) {
        g_autofree char *other = g_strdup_printf("%d-%s", i, safe);

        g_free(path);
        path = g_build_filename(folder, other, NULL);
    }
    return path;
}

/* A file of the draft, under a name like this one. */
static bool
add_file(DraftCarry *carry, const char *name, FileFill fill, void *user,
         GError **error)
{
    char *path = free_path(carry->folder, name);

    g_ptr_array_add(carry->files, path);
    return file_write_filled(path, fill, user, error);
}

typedef struct {
    MimeMessage *message;
    guint number;
} Part;

static bool
save_part(int fd, void *user, GError **error)
{
    const Part *part = user;

    return mime_part_save(part->message, part->number, fd, error);
}

static bool
carry_part(DraftCarry *carry, const MimePart *part, GError **error)
{
    g_autofree char *other = g_strdup_printf("part-%u", part->number);
    Part what = { carry->parent, part->number };

    return add_file(carry, part->name ? part->name : other, save_part, &what,
                    error);
}

static bool
carry_parts(DraftCarry *carry, GError **error)
{
    const GPtrArray *parts = mime_parts(carry->parent);

    for (guint i = 0; i < parts->len; i++)
        if (is_file(parts->pdata[i])
            && !carry_part(carry, parts->pdata[i], error))
            return false;
    return true;
}

static bool
copy_whole(int fd, void *user, GError **error)
{
    return file_copy_all(((DraftCarry *)user)->from, fd, "the message", error);
}

/* One part of a message that nobody has loaded yet. */
static bool
carry_one(DraftCarry *carry, GError **error)
{
    const GPtrArray *parts;

    carry->parent = mime_load_fd(carry->from, error);
    if (carry->parent == NULL)
        return false;
    parts = mime_parts(carry->parent);
    for (guint i = 0; i < parts->len; i++) {
        const MimePart *part = parts->pdata[i];

        if (part->number == carry->part && !part->is_multipart)
            return carry_part(carry, part, error);
    }
    return err_set(error, ERR_USAGE, "the message has no part %u to attach",
                   carry->part);
}

bool
draft_carry_run(DraftCarry *carry, GError **error)
{
    if (!file_mkdir(carry->folder, error))
        return false;
    if (carry->part)
        return carry_one(carry, error);
    return carry->from >= 0
               ? add_file(carry, "message.eml", copy_whole, carry, error)
               : carry_parts(carry, error);
}

void
draft_carry_undo(const DraftCarry *carry)
{
    for (guint i = 0; i < carry->files->len; i++)
        unlink(carry->files->pdata[i]);
}
