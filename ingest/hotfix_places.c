/* SPDX-License-Identifier: MIT */
/* Where an alert's top table begins, and its identifier line: below what a forwarder wrote, and by the options of 深刻度
 * where that label is not there. */
#include <string.h>

#include "ingest/hotfix_p.h"

/* 深刻度 starts the top table only if options or another label follow this closely. */
#define TOP_LOOKAHEAD 24u
/* Where that label is missing, so many of its options show its place; a line with one is not longer. */
#define SEVERITIES_MIN 3
#define OPTION_BYTES_MAX 200u

static bool is_top_label(const struct line *line, enum hotfix_label first)
{
        size_t length;
        return hotfix_line_label(line, first, LABEL_CVES, &length) != LABEL_NONE;
}

static bool starts_top(const struct page *page, guint at)
{
        const struct line *line = &page->lines[at];
        size_t length;
        if (hotfix_line_label(line, LABEL_SEVERITY, LABEL_SEVERITY, &length) == LABEL_NONE)
                return false;
        for (guint i = at; i < page->count && i <= at + TOP_LOOKAHEAD; i++) {
                const struct line *near = &page->lines[i];
                if (i > at && hotfix_line_label(near, LABEL_SEVERITY, LABEL_SEVERITY, &length) != LABEL_NONE)
                        return false; /* this one is the word in a menu; that one may be the label */
                if (i > at && is_top_label(near, LABEL_EXPLOIT_CODE))
                        return true;
                for (const struct hotfix_word *word = hotfix_words_severity; word->key; word++)
                        if (strstr(near->key, word->key))
                                return true;
        }
        return false;
}

/* The options of 深刻度 that the line holds, a bit each. */
static unsigned severities_in(const struct line *line)
{
        unsigned bits = 0;
        size_t size = strnlen(line->key, OPTION_BYTES_MAX + 1);
        if (!memchr(line->key, '(', size)) /* each has one */
                return 0;
        for (const struct hotfix_word *word = hotfix_words_severity; word->key && size <= OPTION_BYTES_MAX; word++)
                if (strstr(line->key, word->key))
                        bits |= 1u << word->value;
        return bits;
}

/* The first of at least three options of 深刻度 that follow each other closely, or page->count. */
static guint find_severities(const struct page *page, guint start)
{
        for (guint i = start; i < page->count; i++) {
                unsigned seen = severities_in(&page->lines[i]);
                for (guint n = i + 1; seen && n < page->count && n <= i + TOP_LOOKAHEAD; n++)
                        seen |= severities_in(&page->lines[n]);
                if (__builtin_popcount(seen) >= SEVERITIES_MIN)
                        return i;
        }
        return page->count;
}

/* What stands where 深刻度 should: the label above its options, or the first of them. */
static guint find_renamed_top(const struct page *page, guint start)
{
        guint first = find_severities(page, start);
        if (first == page->count)
                return first;
        for (guint i = first; i-- > start;) {
                const struct line *line = &page->lines[i];
                if (hotfix_is_symbols(line->key))
                        continue;
                bool is_label = hotfix_is_label_like(line->key, true) && !hotfix_is_link_line(line->key) &&
                                !line->block->links && !hotfix_match_alert_title(line->key);
                return is_label ? i : first;
        }
        return first;
}

/* Whether most options follow this 深刻度 before the next one: a preface may name the label with other words. */
static bool has_severities(const struct page *page, guint at)
{
        size_t length;
        if (hotfix_line_label(&page->lines[at], LABEL_SEVERITY, LABEL_SEVERITY, &length) == LABEL_NONE)
                return false;
        unsigned seen = severities_in(&page->lines[at]);
        for (guint i = at + 1; i < page->count && i <= at + TOP_LOOKAHEAD; i++) {
                if (hotfix_line_label(&page->lines[i], LABEL_SEVERITY, LABEL_SEVERITY, &length) != LABEL_NONE)
                        break;
                seen |= severities_in(&page->lines[i]);
        }
        return __builtin_popcount(seen) >= SEVERITIES_MIN;
}

guint hotfix_find_identifier(const struct page *page, guint from)
{
        for (guint i = from; i < page->count; i++)
                if ((page->lines[i].kinds & KIND_IDENTIFIER) && hotfix_match_identifier(page->lines[i].key, NULL, NULL))
                        return i;
        return page->count;
}

/* Behind the head of the forwarded mail, if that stands before the identifier line: what a forwarder says above it, in
 * whichever words, is not the bulletin. */
static guint find_start(const struct page *page)
{
        guint start = 0, end = page->first_identifier;
        for (guint i = 0; i < end; i++)
                if ((page->lines[i].kinds & KIND_MAIL_HEADER) && hotfix_is_mail_header(page->lines[i].key))
                        start = i + 1;
        return start;
}

/* Of all lines: so by the last byte, which is looked for sooner than the words, and where they may be at all. */
static bool has_registration(const struct line *line)
{
        static const char words[] = "登録日】";
        const size_t before = sizeof words - 2;
        if (!block_may_hold_wide(line->block, before / strlen("登")))
                return false;
        const char *key = line->key;
        for (const char *at = key; (at = strchr(at, words[before])); at++)
                if ((size_t) (at - key) >= before && memcmp(at - before, words, before) == 0)
                        return true;
        return false;
}

static guint find_registration(const struct page *page, guint from, guint end)
{
        for (guint i = from; i < end; i++)
                if (has_registration(&page->lines[i]))
                        return i;
        return end;
}

guint hotfix_find_second(const struct page *page)
{
        guint identifier = page->first_identifier;
        if (identifier == page->count || find_registration(page, 0, identifier) == identifier)
                return page->count;
        return find_registration(page, identifier + 1, page->count);
}

/* Without 深刻度 (an excerpt) the top starts at the first label that is no everyday word. */
guint hotfix_find_top(const struct page *page)
{
        guint start = find_start(page), end = page->second;
        for (guint i = start; i < end; i++)
                if (has_severities(page, i))
                        return i;
        for (guint i = start; i < end; i++)
                if (starts_top(page, i))
                        return i;
        guint renamed = find_renamed_top(page, start);
        if (renamed < end)
                return renamed;
        for (guint i = start; i < end; i++) {
                const struct line *line = &page->lines[i];
                if (hotfix_match_identifier(line->key, NULL, NULL) || hotfix_is_section_head(line->key))
                        break;
                size_t length;
                enum hotfix_label label = hotfix_line_label(line, LABEL_EXPLOIT_CODE, LABEL_ENVIRONMENT, &length);
                if (label != LABEL_NONE && label != LABEL_MEASURE)
                        return i;
        }
        return page->count;
}
