/* Tags against flags and keywords: one table, used in both directions. Must
 * not learn how rows are stored. */
#include "tags.h"

#include "base/err.h"
#include "store/store.h"

#include <string.h>

static const struct {
    const char *tag;
    unsigned flag;
    bool inverse; /* the tag is there when the flag is not */
} system_tags[] = {
    { "draft", STORE_FLAG_DRAFT, false },
    { "flagged", STORE_FLAG_FLAGGED, false },
    { "passed", STORE_FLAG_PASSED, false },
    { "replied", STORE_FLAG_REPLIED, false },
    { "unread", STORE_FLAG_SEEN, true },
};

void
tag_change_clear(TagChange *change)
{
    g_clear_pointer(&change->add, g_ptr_array_unref);
    g_clear_pointer(&change->remove, g_ptr_array_unref);
    memset(change, 0, sizeof *change);
}

static bool
tag_is_valid(const char *tag)
{
    if (*tag == '\0' || strlen(tag) > 200 || !g_utf8_validate(tag, -1, NULL))
        return false;
    for (const char *at = tag; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (g_unichar_isspace(c) || g_unichar_iscntrl(c))
            return false;
    }
    return true;
}

static void
change_flag(TagChange *change, unsigned flag, bool set)
{
    unsigned *to = set ? &change->add_flags : &change->remove_flags;
    unsigned *from = set ? &change->remove_flags : &change->add_flags;

    *to |= flag;
    *from &= ~flag;
}

unsigned
tag_flag(const char *tag, bool *inverse)
{
    for (gsize i = 0; i < G_N_ELEMENTS(system_tags); i++)
        if (strcmp(tag, system_tags[i].tag) == 0) {
            *inverse = system_tags[i].inverse;
            return system_tags[i].flag;
        }
    return 0;
}

static void
change_word(TagChange *change, const char *tag, bool add)
{
    bool inverse = false;
    unsigned flag = tag_flag(tag, &inverse);

    if (flag)
        change_flag(change, flag, add != inverse);
    else
        g_ptr_array_add(add ? change->add : change->remove, g_strdup(tag));
}

bool
tag_change_parse(const char *const *words, TagChange *change, GError **error)
{
    memset(change, 0, sizeof *change);
    change->add = g_ptr_array_new_with_free_func(g_free);
    change->remove = g_ptr_array_new_with_free_func(g_free);
    for (; *words; words++) {
        const char *tag = *words;
        bool add = *tag != '-';

        if (*tag == '+' || *tag == '-')
            tag++;
        if (!tag_is_valid(tag))
            return err_set(error, ERR_USAGE,
                           "\"%s\" can be no tag: write words such as +todo "
                           "or -unread", *words);
        change_word(change, tag, add);
    }
    if (change->add->len + change->remove->len == 0 && !change->add_flags
        && !change->remove_flags)
        return err_set(error, ERR_USAGE,
                       "no tag was named: write words such as +todo");
    return true;
}

unsigned
tag_change_flags(const TagChange *change, unsigned flags)
{
    return (flags | change->add_flags) & ~change->remove_flags;
}

static int
compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *
join_sorted(GPtrArray *words)
{
    GString *text = g_string_new(NULL);

    g_ptr_array_sort(words, compare_words);
    for (guint i = 0; i < words->len; i++) {
        if (text->len > 0)
            g_string_append_c(text, ' ');
        g_string_append(text, words->pdata[i]);
    }
    return g_string_free(text, FALSE);
}

char *
tag_change_tags(const TagChange *change, const char *tags)
{
    g_auto(GStrv) old = g_strsplit(tags ? tags : "", " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (char **tag = old; *tag; tag++)
        if (**tag
            && !g_ptr_array_find_with_equal_func(change->remove, *tag,
                                                 g_str_equal, NULL))
            g_ptr_array_add(words, *tag);
    for (guint i = 0; i < change->add->len; i++)
        if (!g_ptr_array_find_with_equal_func(words, change->add->pdata[i],
                                              g_str_equal, NULL))
            g_ptr_array_add(words, change->add->pdata[i]);
    return join_sorted(words);
}

char *
tag_change_text(const TagChange *change)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < change->add->len; i++)
        g_string_append_printf(text, "+%s ", (char *)change->add->pdata[i]);
    for (guint i = 0; i < change->remove->len; i++)
        g_string_append_printf(text, "-%s ", (char *)change->remove->pdata[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(system_tags); i++) {
        unsigned flag = system_tags[i].flag;

        if (!((change->add_flags | change->remove_flags) & flag))
            continue;
        bool set = (change->add_flags & flag) != 0;
        g_string_append_printf(text, "%c%s ",
                               set != system_tags[i].inverse ? '+' : '-',
                               system_tags[i].tag);
    }
    g_string_truncate(text, text->len ? text->len - 1 : 0);
    return g_string_free(text, FALSE);
}

char *
tags_of(unsigned flags, const char *tags)
{
    g_auto(GStrv) old = g_strsplit(tags ? tags : "", " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (char **tag = old; *tag; tag++)
        if (**tag)
            g_ptr_array_add(words, *tag);
    for (gsize i = 0; i < G_N_ELEMENTS(system_tags); i++)
        if (((flags & system_tags[i].flag) != 0) != system_tags[i].inverse)
            g_ptr_array_add(words, (char *)system_tags[i].tag);
    if (flags & STORE_FLAG_ATTACHMENT)
        g_ptr_array_add(words, (char *)"attachment");
    return join_sorted(words);
}
