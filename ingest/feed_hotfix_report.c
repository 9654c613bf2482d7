/* SPDX-License-Identifier: MIT */
/* HotFix Report: which message is one of its kinds, the order of the rules, and the publisher's own paths. */
#include <string.h>

#include "common/digest.h"
#include "ingest/feed.h"
#include "ingest/hotfix_kinds.h"
#include "ingest/hotfix_p.h"

static guint count_top_labels(const struct page *page)
{
        guint count = 0;
        for (unsigned label = LABEL_SEVERITY; label <= LABEL_CVES; label++)
                count += page->first[label] >= 0;
        return count;
}

/* Labels that a forwarder's preface does not name, and no other kind has. */
static bool has_sure_labels(const struct page *page)
{
        static const enum hotfix_label sure[] = { LABEL_EXPLOIT_CODE, LABEL_RESTART, LABEL_UNINSTALL, LABEL_ENVIRONMENT,
                                                  LABEL_SECURITY_BULLETIN, LABEL_SUPERSEDES, LABEL_CVES };
        guint count = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(sure); i++)
                count += page->first[sure[i]] >= 0;
        return count >= 2;
}

static bool has_top_table(const struct page *page)
{
        return page->first[LABEL_SEVERITY] >= 0 && count_top_labels(page) >= 3;
}

/* The kind that a title line announces. A sentence that mentions the service is no title. */
static enum bulletin_kind kind_of_title(const struct page *page, guint i)
{
        if (hotfix_is_weekly_title(page, i))
                return BULLETIN_WEEKLY;
        if (hotfix_is_tips_title(page, i))
                return BULLETIN_TIPS;
        if (hotfix_is_notice_title(page, i))
                return BULLETIN_ADVANCE_NOTICE;
        bool is_below = page->first[LABEL_IDENTIFIER] >= 0 && (guint) page->first[LABEL_IDENTIFIER] < i;
        if (!is_below && !has_sure_labels(page) && hotfix_is_news_head(page, i))
                return BULLETIN_NEWS;
        const char *rest = hotfix_match_alert_title(page->lines[i].key);
        if (!rest)
                return BULLETIN_UNKNOWN;
        /* The bare title needs its date below, or the top table. */
        bool dated = *rest || (i + 1 < page->count && g_ascii_isdigit(page->lines[i + 1].key[0]));
        return dated || page->top < page->count ? BULLETIN_ALERT : BULLETIN_UNKNOWN;
}

/* An excerpt without its title: the top table, or the identifier with what follows it. */
static bool is_alert_excerpt(const struct page *page)
{
        bool has_identifier = page->first[LABEL_IDENTIFIER] >= 0;
        bool has_middle = page->first[LABEL_RESPONSE] >= 0 || page->first[LABEL_RESPONSE_LEVEL] >= 0 ||
                          page->first[LABEL_RESPONSE_URGENCY] >= 0 || page->first[LABEL_RISK] >= 0 ||
                          page->first[LABEL_ATTACKS] >= 0;
        return has_top_table(page) || (has_identifier && (count_top_labels(page) >= 2 || has_middle));
}

/* The first title decides. That of an alert is often the forwarder's, "Subject: HotFix Alert …": where nothing of an
 * alert stands in the page, a title further down counts before it. */
static enum bulletin_kind recognise_page(const struct page *page)
{
        enum bulletin_kind found = BULLETIN_UNKNOWN;
        for (guint i = 0; i < page->count; i++) {
                enum bulletin_kind kind = kind_of_title(page, i);
                if (kind == BULLETIN_ALERT)
                        found = kind;
                else if (kind != BULLETIN_UNKNOWN)
                        return kind;
                if (found == BULLETIN_ALERT && (is_alert_excerpt(page) || has_sure_labels(page)))
                        return BULLETIN_ALERT;
                if (i == page->top && has_sure_labels(page))
                        break; /* an alert's titles are above its table; a preface may name a label or two */
        }
        if (is_alert_excerpt(page))
                return BULLETIN_ALERT;
        return hotfix_is_news(page) ? BULLETIN_NEWS : found;
}

static enum bulletin_kind recognise(const struct document *document)
{
        struct page page;
        hotfix_page_init(&page, document);
        enum bulletin_kind kind = recognise_page(&page);
        hotfix_page_clear(&page);
        return kind;
}

static void extract_alert(struct page *page)
{
        hotfix_read_dates(page);
        hotfix_read_identifier(page);
        hotfix_read_severity(page);
        hotfix_read_environments(page); /* by the marks that the severity list taught */
        hotfix_read_top_fields(page);
        hotfix_read_urgency(page); /* after 対策, one of its sources */
        hotfix_read_attacks(page);
        hotfix_read_tables(page);
        hotfix_read_packages(page);
        hotfix_read_affected(page); /* by the products that the tables above name */
        hotfix_read_downloads(page);
        hotfix_read_sections(page); /* what no rule above has taken */
        hotfix_read_links(page);
        hotfix_report_labels(page);
}

/* Without its identifier line an alert has neither id nor title, and what stood around that line is in no field: two
 * different bulletins could look the same, and the second would pass for a duplicate. Its whole text is what tells it
 * from others, and what its reader needs. */
static void keep_whole_text(const struct document *document, struct bulletin *bulletin)
{
        g_autofree char *text = document_text(document);
        g_ptr_array_add(bulletin->sections, section_new(NULL, text));
}

static void extract_page(struct page *page, enum bulletin_kind kind, struct bulletin *bulletin,
                         struct label_report *labels)
{
        bulletin->kind = kind;
        page->bulletin = bulletin;
        page->labels = labels;
        if (kind == BULLETIN_ALERT)
                extract_alert(page);
        else if (kind != BULLETIN_UNKNOWN)
                hotfix_read_other_kind(page);
        if (kind == BULLETIN_ALERT && !bulletin->id)
                keep_whole_text(page->document, bulletin);
}

static void extract(const struct document *document, enum bulletin_kind kind, struct bulletin *bulletin,
                    struct label_report *labels)
{
        struct page page;
        hotfix_page_init(&page, document);
        extract_page(&page, kind, bulletin, labels);
        hotfix_page_clear(&page);
}

static void read_document(const struct document *document, enum bulletin_kind *ret_kind, struct bulletin *bulletin,
                          struct label_report *labels)
{
        struct page page;
        hotfix_page_init(&page, document);
        *ret_kind = recognise_page(&page);
        if (*ret_kind != BULLETIN_UNKNOWN)
                extract_page(&page, *ret_kind, bulletin, labels);
        hotfix_page_clear(&page);
}

/* Of outside text only what a path may hold. */
static char *path_part(const char *text)
{
        char *part = g_ascii_strdown(text, -1);
        for (char *at = part; *at; at++)
                if (!g_ascii_isalnum(*at) && *at != '-')
                        *at = '-';
        return part;
}

static const char *own_date(const struct bulletin *b)
{
        return b->updated[0] ? b->updated : b->edition[0] ? b->edition : b->registered;
}

static char *short_digest(const struct bulletin *b)
{
        g_autofree char *key = bulletin_key(b);
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256(key, strlen(key), digest);
        return g_strndup(digest, 12);
}

/* The year of an alert is that of its id, so that its revisions stay in one place. */
static char *year_of(const struct bulletin *b)
{
        g_autofree char *id = NULL;
        if (b->kind == BULLETIN_ALERT && b->id && hotfix_match_id(b->id, &id) > 0) {
                const char digits[] = { id[2], id[3], '\0' };
                return g_strconcat(digits[0] == '9' ? "19" : "20", digits, NULL);
        }
        const char *date = own_date(b);
        return bulletin_date_is_valid(date) ? g_strndup(date, 4) : g_strdup("undated");
}

static char *file_of(const struct bulletin *b)
{
        g_autofree char *id = NULL;
        bool has_id = b->id && *b->id && hotfix_match_id(b->id, &id) == strlen(b->id);
        if (b->kind == BULLETIN_ALERT)
                return has_id ? path_part(id) : short_digest(b);
        if (!bulletin_date_is_valid(own_date(b)))
                return short_digest(b);
        const char *date = own_date(b);
        g_autofree char *compact = g_strdup_printf("%.4s%.2s%.2s", date, date + 5, date + 8);
        bool one_a_day = b->kind == BULLETIN_WEEKLY || b->kind == BULLETIN_ADVANCE_NOTICE;
        if (one_a_day && !b->id)
                return g_steal_pointer(&compact);
        g_autofree char *digest = has_id ? NULL : short_digest(b), *number = path_part(has_id ? id : digest);
        return g_strdup_printf("%s-%s", compact, number);
}

static char *archive_name(const struct bulletin *b)
{
        g_autofree char *year = year_of(b), *file = file_of(b);
        return g_strconcat(bulletin_kind_name(b->kind), "/", year, "/", file, NULL);
}

const struct feed feed_hotfix_report = {
        .name = "hotfix-report",
        .looks_for = "a line \"HotFix Alert:\", \"HotFix Weekly:\" or \"HotFix Report\" above \"UpdateEXPERT TIPS\", a tag such as "
                     "[不具合情報] with its labels, or the table of an alert from 深刻度 on",
        .recognise = recognise,
        .extract = extract,
        .read = read_document,
        .archive_name = archive_name,
};
