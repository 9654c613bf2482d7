/* SPDX-License-Identifier: MIT */
/* The text of the kinds other than alert: sections by their heads, and what stands before the first. None is left out
 * but what a rule has taken into a field, and the footer. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_kinds.h"

/* A signature is no longer than this. */
#define SIGNATURE_LINES_MAX 15u
#define RULER_BYTES_MIN 20u
#define RULED_LINES_MAX 12u
#define WRAPPED_COLUMNS_MIN 60u
#define HEAD_LINES_MAX 4u

/* In place of a label: the line is the rest of the head above it. */
#define LABEL_HEAD_REST LABEL_PRODUCT

static bool is_head(const struct line *line)
{
        if ((line->block->marks & MARK_HEADING) && line->key[0])
                return true;
        g_autofree char *words = hotfix_line_words(line);
        return hotfix_is_section_head(words);
}

static bool is_ruler(const char *key)
{
        return strlen(key) >= RULER_BYTES_MIN && !key[strspn(key, "_-=*~")];
}

/* What mailing lists set above their own lines: underscores, or another ruler above an address. */
static bool is_list_ruler(const struct page *page, guint at)
{
        const char *normal = page->lines[at].block->normal; /* the key of a ruler is empty */
        if (!is_ruler(normal) || at + RULED_LINES_MAX < page->count)
                return false;
        bool addressed = *normal == '_';
        for (guint i = at + 1; i < page->count && !is_ruler(page->lines[i].block->normal); i++)
                addressed = addressed || strchr(page->lines[i].key, '@');
        return addressed;
}

/* A footer ends the text only if no head follows; a service's own introduction may begin with the same words. */
static bool is_footer(const struct page *page, guint i, guint last_head)
{
        const char *key = page->lines[i].key;
        if (i > last_head && is_list_ruler(page, i))
                return true;
        if (!hotfix_is_footer(key))
                return false;
        return i > last_head || (g_str_equal(key, "--") && i + SIGNATURE_LINES_MAX >= page->count);
}

void hotfix_prose_prepare(struct page *page, guint first)
{
        guint last_head = 0;
        for (guint i = 0; i < LABEL_MAX; i++)
                page->first[i] = -1;
        for (guint i = 0; i < page->count; i++) {
                page->lines[i].label = LABEL_NONE;
                page->lines[i].label_length = 0;
        }
        for (guint i = first; i < page->count; i++) {
                if (!is_head(&page->lines[i]) && hotfix_match_tag(page->lines[i].key, NULL) == 0)
                        continue;
                last_head = i;
                if (is_head(&page->lines[i]))
                        page->lines[i].label = LABEL_SECTION;
        }
        page->top = page->body = page->count; /* an alert's parts: there are none */
        page->middle = first;
        for (guint i = first + 1; i < page->count; i++)
                if (page->lines[i].label == LABEL_NONE && is_footer(page, i, last_head)) {
                        page->lines[i].label = LABEL_FOOTER;
                        return;
                }
}

void hotfix_prose_add_head(struct page *page, guint first, guint end)
{
        for (guint i = first; i < end && i < page->count; i++)
                page->lines[i].label = i == first ? LABEL_SECTION : LABEL_HEAD_REST;
}

/* A ■ head that was wrapped goes on in the next line; the prose below a head is indented, parted or as wide. */
static bool is_wrapped_head(const struct page *page, guint at, guint next)
{
        const struct line *line = &page->lines[at], *below = &page->lines[next];
        return page->is_wrapped && next == at + 1 && hotfix_has_prefix(line->key, "■") && below->key[0] &&
               below->label == LABEL_NONE && !below->taken && text_width(line->block->text) >= WRAPPED_COLUMNS_MIN &&
               !(below->block->marks & MARK_PARAGRAPH) && below->block->indent <= line->block->indent &&
               text_width(below->block->text) < WRAPPED_COLUMNS_MIN;
}

static char *read_head(const struct page *page, guint at, guint end, guint *ret_end)
{
        g_autoptr(GString) joined = g_string_new(NULL);
        guint i = at;
        for (; i < end && i < at + HEAD_LINES_MAX; i++) {
                const struct line *line = &page->lines[i];
                if (i > at && line->label != LABEL_HEAD_REST && !is_wrapped_head(page, at, i))
                        break;
                const char *text = line->key[0] ? line->block->text : line->block->image_alt;
                hotfix_append_wrapped(joined, text ? text : "");
        }
        *ret_end = i;
        g_autofree char *heading = hotfix_section_heading(joined->str);
        return hotfix_bounded(heading);
}

static bool starts_section(const struct line *line)
{
        return line->label == LABEL_SECTION && !line->taken;
}

void hotfix_prose_read(struct page *page, guint first)
{
        guint end = first;
        while (end < page->count && page->lines[end].label != LABEL_FOOTER)
                end++;
        for (guint i = first, next; i < end; i = next) {
                g_autofree char *heading = NULL;
                guint from = i;
                if (starts_section(&page->lines[i]))
                        heading = read_head(page, i, end, &from);
                for (next = MAX(from, i + 1); next < end && !starts_section(&page->lines[next]);)
                        next++;
                g_autofree char *text = hotfix_page_prose(page, from, next);
                if ((heading || *text) && page->bulletin->sections->len < HOTFIX_LIST_MAX)
                        g_ptr_array_add(page->bulletin->sections, section_new(heading, text));
        }
        hotfix_read_links(page);
}
