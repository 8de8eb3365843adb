/* From a message's bytes to its row. */
#include "facts.h"

Facts *
facts_create(const char *bytes, gsize size)
{
    Facts *facts = g_new0(Facts, 1);
    MimeSummary *summary = &facts->summary;

    mime_summarise(bytes, size, summary);
    facts->snippet = mime_snippet_bytes(bytes, size);
    facts->message = (StoreMessage){
        .message_id = summary->message_id,
        .in_reply_to = summary->in_reply_to,
        .references = (const char *const *)summary->references,
        .subject = summary->subject,
        .from_name = summary->from_name,
        .from_addr = summary->from_addr,
        .to = summary->to,
        .snippet = facts->snippet,
        .date = summary->date,
        .flags = (summary->has_attachment ? STORE_FLAG_ATTACHMENT : 0)
                 | (summary->list_id ? STORE_FLAG_LIST : 0),
    };
    return facts;
}

void
facts_destroy(Facts *facts)
{
    if (facts == NULL)
        return;
    mime_summary_clear(&facts->summary);
    g_free(facts->snippet);
    g_free(facts);
}
