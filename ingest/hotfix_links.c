/* SPDX-License-Identifier: MIT */
/* The links of the bulletin itself: between its title and its footer, without the page's navigation. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

static bool is_web_address(const char *url)
{
        return g_ascii_strncasecmp(url, "http://", 7) == 0 || g_ascii_strncasecmp(url, "https://", 8) == 0 ||
               g_ascii_strncasecmp(url, "ftp://", 6) == 0;
}

static bool has_link(const GPtrArray *links, const char *url)
{
        for (guint i = 0; i < links->len; i++) {
                const struct link *link = g_ptr_array_index(links, i);
                if (g_strcmp0(link->url, url) == 0)
                        return true;
        }
        return false;
}

static void add_link(struct page *page, const char *text, const char *url)
{
        GPtrArray *links = page->bulletin->links;
        if (!url || !is_web_address(url) || links->len >= HOTFIX_LINKS_MAX || has_link(links, url))
                return;
        g_autofree char *bounded = hotfix_bounded(text ? text : "");
        g_autofree char *bounded_url = hotfix_bounded(url);
        g_ptr_array_add(links, link_new(*bounded ? bounded : NULL, bounded_url));
}

/* Characters of a URL as RFC 3986 has them; the rest ends it. */
static size_t url_size(const char *text)
{
        return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'*+,;=%");
}

/* An address is split over no more lines than this. */
#define ADDRESS_LINES_MAX 4u

/* An address that fills its line and ends in the middle goes on in the next line. */
static bool goes_on(const char *url, const char *behind)
{
        size_t size = strlen(url);
        return !*behind && size > 0 && strchr("?&=", url[size - 1]) != NULL;
}

static void read_plain_address(struct page *page, guint i)
{
        const struct block *block = page->lines[i].block;
        const char *text = block->text;
        /* A colon is found sooner. */
        if (!block_may_hold_ascii(block, strlen("http://")) || !memchr(text, ':', block->size))
                return;
        const char *start = strstr(text, "http");
        for (; start && !is_web_address(start); start = strstr(start + 1, "http"))
                ;
        if (!start)
                return;
        size_t size = url_size(start);
        GString *url = g_string_new_len(start, (gssize) size);
        for (guint n = 1; n < ADDRESS_LINES_MAX && goes_on(url->str, start + size) && i + n < page->count; n++) {
                const char *next = page->lines[i + n].block->text;
                size_t more = url_size(next);
                if (more == 0 || page->lines[i + n].label != LABEL_NONE || is_web_address(next))
                        break;
                g_string_append_len(url, next, (gssize) more);
                start = next;
                size = more;
        }
        add_link(page, NULL, url->str);
        g_string_free(url, TRUE);
}

void hotfix_read_links(struct page *page)
{
        guint first = page->top < page->count ? page->top : MIN(page->middle, page->body);
        for (guint i = first; i < page->count && page->lines[i].label != LABEL_FOOTER; i++) {
                const struct block *block = page->lines[i].block;
                for (guint n = 0; block->links && n < block->links->len; n++) {
                        const struct block_link *link = g_ptr_array_index(block->links, n);
                        add_link(page, link->text, link->url);
                }
                if (!block->links)
                        read_plain_address(page, i);
        }
}
