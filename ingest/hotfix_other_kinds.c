/* SPDX-License-Identifier: MIT */
/* Weekly digests, advance notices, news and tips: which rules read them, and what they all have. */
#include "ingest/hotfix_kinds.h"

static void warn_undated(struct page *page)
{
        struct bulletin *b = page->bulletin;
        if (!b->edition[0] && !b->registered[0] && !b->updated[0])
                bulletin_add_warning(b, BULLETIN_STATES_NO "date");
}

void hotfix_read_other_kind(struct page *page)
{
        switch (page->bulletin->kind) {
        case BULLETIN_WEEKLY:
                hotfix_read_weekly(page);
                break;
        case BULLETIN_ADVANCE_NOTICE:
                hotfix_read_notice(page);
                break;
        case BULLETIN_NEWS:
                hotfix_read_news(page);
                break;
        default:
                hotfix_read_tips(page);
                break;
        }
        warn_undated(page);
}
