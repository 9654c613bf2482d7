/* SPDX-License-Identifier: MIT */
/* What an alert's labels say about the format: which are not known, and which of those that every alert had are gone. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

/* How an identifier line is called here; the feed has no name for it. */
#define IDENTIFIER_NAME "MSyy-nnn/nnnnnn"
#define VALUE_CHARACTERS_MAX 30

static void add_unknown(struct page *page, const char *label)
{
        guint before = page->labels->unknown->len;
        label_report_add_unknown(page->labels, label);
        if (page->labels->unknown->len > before)
                bulletin_add_warning(page->bulletin, "unknown label \"%s\"",
                                     (const char *) g_ptr_array_index(page->labels->unknown, before));
}

static void add_missing(struct page *page, const char *label, bool is_told)
{
        label_report_add_missing(page->labels, label);
        g_autofree char *text = label_report_missing_text(label);
        if (!is_told)
                bulletin_add_warning(page->bulletin, "%s", text);
}

/* "Subject: HotFix Alert:…": a forwarder's line, which an excerpt may have, too. */
static bool is_header_line(const char *key)
{
        const char *colon = strchr(key, ':');
        g_autofree char *before = g_strndup(key, colon ? (gsize) (colon - key) : 0);
        g_autofree char *lower = g_ascii_strdown(before, -1);
        return colon && !strstr(lower, "hotfixalert");
}

/* The line of "HotFix Alert:", which an excerpt does not have; -1 if there is none. */
static gint find_title(const struct page *page)
{
        for (guint i = 0; i < MIN(page->top, page->body); i++)
                if (hotfix_match_alert_title(page->lines[i].key) && !is_header_line(page->lines[i].key))
                        return (gint) i;
        return -1;
}

/* Each era has its own line of urgency. */
static const char *urgency_label(const struct bulletin *b)
{
        if (!b->edition[0] || strcmp(b->edition, "2006-06-01") >= 0)
                return hotfix_label_text(LABEL_RESPONSE_URGENCY);
        return hotfix_label_text(strcmp(b->edition, "2004-06-01") >= 0 ? LABEL_RESPONSE_LEVEL : LABEL_RESPONSE);
}

static bool has_urgency_line(const struct page *page)
{
        return page->first[LABEL_RESPONSE] >= 0 || page->first[LABEL_RESPONSE_LEVEL] >= 0 ||
               page->first[LABEL_RESPONSE_URGENCY] >= 0;
}

static void report_missing(struct page *page)
{
        static const enum hotfix_label always[] = {
                LABEL_SEVERITY,          LABEL_MEASURE,         LABEL_RESTART,    LABEL_UNINSTALL, LABEL_ENVIRONMENT,
                LABEL_SECURITY_BULLETIN, LABEL_SUPPORT_ARTICLE, LABEL_SUPERSEDES, LABEL_CVES,
        };
        static const char *const dates[] = { "登録日", "更新日" };
        for (size_t i = 0; i < G_N_ELEMENTS(dates); i++) {
                g_autofree char *found = hotfix_find_dated(page, hotfix_dates_end(page), dates[i]);
                if (!found)
                        add_missing(page, dates[i], true);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
                if (page->first[always[i]] < 0)
                        add_missing(page, hotfix_label_text(always[i]), false);
        if (page->first[LABEL_IDENTIFIER] < 0)
                add_missing(page, IDENTIFIER_NAME, true);
        if (!has_urgency_line(page))
                add_missing(page, urgency_label(page->bulletin), false);
}

/* "【公開日】2007/05/11" beside the dates. */
static void report_bracketed(struct page *page, guint first, guint end)
{
        for (guint i = first; i < end; i++) {
                for (const char *at = strstr(page->lines[i].key, "【"); at; at = strstr(at, "【")) {
                        at += strlen("【");
                        const char *close = strstr(at, "】");
                        if (!close)
                                break;
                        g_autofree char *label = g_strndup(at, (gsize) (close - at));
                        if (!g_str_equal(label, "登録日") && !g_str_equal(label, "更新日") &&
                            hotfix_is_label_like(label, true))
                                add_unknown(page, label);
                        at = close;
                }
        }
}

char *hotfix_unknown_label_text(const struct page *page, guint at)
{
        const struct line *line = &page->lines[at];
        if (line->key[line->label_length]) {
                g_autofree char *start = g_strndup(line->block->normal, strcspn(line->block->normal, ":"));
                return text_strip(start);
        }
        g_autoptr(GArray) cells = hotfix_page_cells(page, at, hotfix_page_region_end(page, at));
        return g_strdup(cells->len > 0 ? cell_at(cells, 0)->text : line->block->text);
}

static void report_marked(struct page *page)
{
        for (guint i = 0; i < page->count; i++) {
                if (page->lines[i].label != LABEL_UNKNOWN)
                        continue;
                g_autofree char *label = hotfix_unknown_label_text(page, i);
                add_unknown(page, label);
        }
}

static bool is_own_paragraph(const struct page *page, guint i)
{
        const struct line *line = &page->lines[i];
        if (i + 1 >= page->count || (line->block->marks & MARK_CELL_END))
                return true;
        return page->lines[i + 1].label != LABEL_NONE || !page->lines[i + 1].key[0] ||
               (page->lines[i + 1].block->marks & MARK_PARAGRAPH);
}

/* The line "LABEL:value" of the middle, where no label is known. */
static bool is_labelled_value(const struct page *page, guint i)
{
        const char *key = page->lines[i].key, *colon = strchr(key, ':');
        if (!colon || !colon[1] || colon[1] == '/' || strstr(key, "。") || !is_own_paragraph(page, i) ||
            g_utf8_strlen(colon + 1, -1) > VALUE_CHARACTERS_MAX)
                return false;
        g_autofree char *label = g_strndup(key, (gsize) (colon - key));
        return hotfix_is_label_like(label, false);
}

/* Where 危険性 begins, or what stands in its place. */
static guint find_middle_end(const struct page *page)
{
        guint end = page->body;
        static const enum hotfix_label labels[] = { LABEL_RISK, LABEL_ATTACKS };
        for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
                if (page->first[labels[i]] >= 0)
                        end = MIN(end, (guint) page->first[labels[i]]);
        return end;
}

/* Between the titles and 危険性. Where the line of urgency is missing, the first thing there should be it. */
static void report_middle(struct page *page)
{
        if (page->first[LABEL_IDENTIFIER] < 0)
                return;
        bool expected = !has_urgency_line(page), in_prose = false;
        guint end = find_middle_end(page);
        for (guint i = page->titles_end; i < end; i++) {
                const struct line *line = &page->lines[i];
                if (line->label != LABEL_NONE)
                        in_prose = line->label == LABEL_RESPONSE;
                in_prose = in_prose || strstr(line->key, "。");
                if (!line->key[0] || line->label != LABEL_NONE || in_prose)
                        continue;
                size_t size = strcspn(line->key, ":");
                g_autofree char *start = g_strndup(line->key, size);
                bool first_label = expected && hotfix_is_label_like(start, true) && (line->key[size] || i + 1 < end);
                if (first_label || is_labelled_value(page, i)) {
                        g_autofree char *label = g_strndup(line->block->normal, strcspn(line->block->normal, ":"));
                        add_unknown(page, label);
                }
                expected = false;
        }
}

/* "‥‥‥ X ‥‥‥" */
static void report_heads(struct page *page)
{
        for (guint i = page->body; i < page->count; i++) {
                const struct line *line = &page->lines[i];
                if (line->label != LABEL_SECTION || line->key[0] != '.' || hotfix_is_known_head(line->key))
                        continue;
                g_autofree char *heading = hotfix_section_heading(line->block->text);
                add_unknown(page, heading);
        }
}

void hotfix_report_labels(struct page *page)
{
        gint title = find_title(page);
        guint end = hotfix_dates_end(page);
        if (title >= 0)
                report_missing(page);
        report_bracketed(page, title >= 0 ? (guint) title : 0, end);
        report_marked(page);
        report_middle(page);
        report_heads(page);
}
