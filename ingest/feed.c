/* SPDX-License-Identifier: MIT */
#include "ingest/feed.h"

static const struct feed *const feeds[] = {
        &feed_hotfix_report,
        NULL,
};

const struct feed *const *feed_all(void)
{
        return feeds;
}

const struct feed *feed_recognise(const struct document *document, enum bulletin_kind *ret_kind)
{
        for (const struct feed *const *feed = feeds; *feed; feed++) {
                *ret_kind = (*feed)->recognise(document);
                if (*ret_kind != BULLETIN_UNKNOWN)
                        return *feed;
        }
        *ret_kind = BULLETIN_UNKNOWN;
        return NULL;
}

const struct feed *feed_read(const struct document *document, struct bulletin **ret_bulletin,
                             struct label_report *ret_labels)
{
        struct bulletin *bulletin = bulletin_new();
        struct label_report labels;
        label_report_init(&labels);
        for (const struct feed *const *feed = feeds; *feed; feed++) {
                enum bulletin_kind kind = BULLETIN_UNKNOWN;
                (*feed)->read(document, &kind, bulletin, &labels);
                if (kind != BULLETIN_UNKNOWN) {
                        *ret_bulletin = bulletin;
                        *ret_labels = labels;
                        return *feed;
                }
        }
        bulletin_free(bulletin);
        label_report_clear(&labels);
        return NULL;
}
