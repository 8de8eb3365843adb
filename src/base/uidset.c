/* Sets of UIDs as sorted, disjoint, never adjacent ranges. */
#include "base/uidset.h"

#include "base/err.h"

struct UidSet {
    GArray *ranges; /* UidRange */
};

UidSet *
uidset_create(void)
{
    UidSet *set = g_new0(UidSet, 1);

    set->ranges = g_array_new(FALSE, FALSE, sizeof(UidRange));
    return set;
}

void
uidset_destroy(UidSet *set)
{
    if (set == NULL)
        return;
    g_array_unref(set->ranges);
    g_free(set);
}

static UidRange *
range_at(const UidSet *set, guint i)
{
    return &g_array_index(set->ranges, UidRange, i);
}

/* The first range that ends at uid or later. */
static guint
find(const UidSet *set, guint32 uid)
{
    guint low = 0, high = set->ranges->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (range_at(set, middle)->last < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
uidset_add_range(UidSet *set, guint32 first, guint32 last)
{
    UidRange range = { MAX(first, 1), last };
    guint from, to;

    if (range.first > range.last)
        return;
    /* Everything that overlaps or touches becomes one range. */
    from = find(set, range.first - 1 ? range.first - 1 : 1);
    for (to = from; to < set->ranges->len; to++) {
        const UidRange *old = range_at(set, to);

        if (range.last != G_MAXUINT32 && old->first > range.last + 1)
            break;
        range.first = MIN(range.first, old->first);
        range.last = MAX(range.last, old->last);
    }
    if (to > from)
        g_array_remove_range(set->ranges, from, to - from);
    g_array_insert_val(set->ranges, from, range);
}

void
uidset_add(UidSet *set, guint32 uid)
{
    uidset_add_range(set, uid, uid);
}

void
uidset_add_all(UidSet *set, const UidSet *others)
{
    for (guint i = 0; i < others->ranges->len; i++)
        uidset_add_range(set, range_at(others, i)->first,
                         range_at(others, i)->last);
}

void
uidset_remove(UidSet *set, guint32 uid)
{
    guint i = find(set, uid);
    UidRange *range;
    UidRange tail;

    if (i == set->ranges->len || range_at(set, i)->first > uid)
        return;
    range = range_at(set, i);
    tail = (UidRange){ uid + 1, range->last };
    if (range->first == uid && range->last == uid) {
        g_array_remove_index(set->ranges, i);
    } else if (range->first == uid) {
        range->first = uid + 1;
    } else if (range->last == uid) {
        range->last = uid - 1;
    } else {
        range->last = uid - 1;
        g_array_insert_val(set->ranges, i + 1, tail);
    }
}

void
uidset_remove_all(UidSet *set, const UidSet *others)
{
    GArray *left = g_array_new(FALSE, FALSE, sizeof(UidRange));

    for (guint i = 0; i < set->ranges->len; i++) {
        UidRange rest = *range_at(set, i);
        bool any = true;

        for (guint j = find(others, rest.first);
             any && j < others->ranges->len
             && range_at(others, j)->first <= rest.last;
             j++) {
            UidRange head = { rest.first, range_at(others, j)->first - 1 };

            if (head.first <= head.last)
                g_array_append_val(left, head);
            any = range_at(others, j)->last < rest.last;
            if (any)
                rest.first = range_at(others, j)->last + 1;
        }
        if (any)
            g_array_append_val(left, rest);
    }
    g_array_unref(set->ranges);
    set->ranges = left;
}

bool
uidset_contains(const UidSet *set, guint32 uid)
{
    guint i = find(set, uid);

    return i < set->ranges->len && range_at(set, i)->first <= uid;
}

guint64
uidset_count(const UidSet *set)
{
    guint64 count = 0;

    for (guint i = 0; i < set->ranges->len; i++)
        count += (guint64)range_at(set, i)->last - range_at(set, i)->first + 1;
    return count;
}

guint
uidset_n_ranges(const UidSet *set)
{
    return set->ranges->len;
}

UidRange
uidset_range(const UidSet *set, guint index)
{
    return *range_at(set, index);
}

UidSet *
uidset_filter(const UidSet *set, bool (*keep)(void *user, guint32 uid),
              void *user)
{
    UidSet *kept = uidset_create();

    for (guint i = 0; i < set->ranges->len; i++) {
        const UidRange *range = range_at(set, i);

        for (guint64 uid = range->first; uid <= range->last; uid++)
            if (keep(user, (guint32)uid))
                uidset_add(kept, (guint32)uid);
    }
    return kept;
}

static void
append_range(GString *text, const UidRange *range)
{
    if (text->len > 0)
        g_string_append_c(text, ',');
    g_string_append_printf(text, "%u", range->first);
    if (range->last != range->first)
        g_string_append_printf(text, ":%u", range->last);
}

char *
uidset_format(const UidSet *set)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < set->ranges->len; i++)
        append_range(text, range_at(set, i));
    return g_string_free(text, FALSE);
}

GPtrArray *
uidset_format_chunks(const UidSet *set, gsize limit)
{
    enum {
        RANGE_BYTES = 22
    }; /* ",4294967295:4294967295" */
    GPtrArray *chunks = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < set->ranges->len; i++) {
        if (text->len > 0 && text->len + RANGE_BYTES > limit) {
            g_ptr_array_add(chunks, g_strdup(text->str));
            g_string_truncate(text, 0);
        }
        append_range(text, range_at(set, i));
    }
    if (text->len > 0)
        g_ptr_array_add(chunks, g_strdup(text->str));
    return chunks;
}

/* nz-number = digit-nz *DIGIT, below 2^32. */
static bool
parse_number(const char **at, guint32 *number)
{
    guint64 value = 0;
    const char *begin = *at;

    while (g_ascii_isdigit(**at) && value <= G_MAXUINT32)
        value = value * 10 + (guint64)(*(*at)++ - '0');
    *number = (guint32)value;
    return *at > begin && *begin != '0' && value <= G_MAXUINT32;
}

/* seq-range = nz-number [":" nz-number] */
static bool
parse_range(const char **at, UidRange *range)
{
    if (!parse_number(at, &range->first))
        return false;
    range->last = range->first;
    if (**at != ':')
        return true;
    (*at)++;
    if (!parse_number(at, &range->last))
        return false;
    if (range->last < range->first)
        *range = (UidRange){ range->last, range->first };
    return true;
}

UidSet *
uidset_parse(const char *text, guint max_ranges, GError **error)
{
    g_autoptr(UidSet) set = uidset_create();
    const char *at = text;

    for (guint n = 0;; n++) {
        UidRange range;

        if (n >= max_ranges)
            return err_null(error, ERR_PROTOCOL, "a set of over %u ranges",
                            max_ranges);
        if (!parse_range(&at, &range) || (*at != ',' && *at != '\0'))
            return err_null(error, ERR_PROTOCOL, "not a set of UIDs");
        uidset_add_range(set, range.first, range.last);
        if (*at == '\0')
            return g_steal_pointer(&set);
        at++;
    }
}
