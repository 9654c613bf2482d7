/* SPDX-License-Identifier: MIT */
/* Security numbers (MS07-028) and article numbers (KB931906) as tables and labels list them. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_kinds.h"

#define ARTICLE_DIGITS_MIN 5u
#define ARTICLE_DIGITS_MAX 7u
/* In an address, between "kb" and the number: "kb;ja;931906", "kbid=931906". */
#define ADDRESS_GAP_MAX 10u

GPtrArray *hotfix_entries_new(void)
{
        return g_ptr_array_new_with_free_func((GDestroyNotify) bulletin_entry_free);
}

static size_t match_id(const char *at, char **ret_id)
{
        size_t size = hotfix_match_id(at, NULL);
        if (size == 0 || g_ascii_isalnum(at[size]))
                return 0;
        hotfix_match_id(at, ret_id);
        return size;
}

static size_t match_digits(const char *at)
{
        size_t digits = strspn(at, "0123456789");
        bool whole = digits >= ARTICLE_DIGITS_MIN && digits <= ARTICLE_DIGITS_MAX && !g_ascii_isalnum(at[digits]);
        return whole ? digits : 0;
}

static size_t match_prefix(const char *at)
{
        static const char *const words[] = { "マイクロソフトサポート技術情報", "サポート技術情報", "文書番号", "KB", "Q" };
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                size_t size = strlen(words[i]);
                if (g_ascii_strncasecmp(at, words[i], size) != 0)
                        continue;
                return size + strspn(at + size, " :");
        }
        return 0;
}

/* "931906", "KB 931906", "サポート技術情報:931906"; bare: without a word before it. */
static size_t match_article(const char *at, bool bare, char **ret_digits)
{
        size_t prefix = match_prefix(at), digits = match_digits(at + prefix);
        if (digits == 0 || (prefix == 0 && !bare))
                return 0;
        *ret_digits = g_strndup(at + prefix, digits);
        return prefix + digits;
}

/* Which page of the vendor's it is. Any other remark says something, and stays text. */
static size_t match_remark(const char *at)
{
        static const char *const remarks[] = { "(日本)", "(日本語)", "(日本語版)", "(US)", "(米国)", "(英語)", "(英語版)", "(機械翻訳)" };
        for (size_t i = 0; i < G_N_ELEMENTS(remarks); i++)
                if (hotfix_has_prefix(at, remarks[i]))
                        return strlen(remarks[i]);
        return 0;
}

/* Between two numbers; *ret_lists: with a sign that parts the members of a list. */
static size_t skip_between(const char *at, bool *ret_lists)
{
        static const char *const signs[] = { "/", ",", "、", ";", "・", "&", "+", "と", "および", "及び", "|" };
        const char *start = at;
        *ret_lists = false;
        for (;;) {
                size_t size = strspn(at, " ");
                for (size_t i = 0; size == 0 && i < G_N_ELEMENTS(signs); i++)
                        if (hotfix_has_prefix(at, signs[i])) {
                                size = strlen(signs[i]);
                                *ret_lists = true;
                        }
                if (size == 0)
                        return (size_t) (at - start);
                at += size;
        }
}

static struct bulletin_entry *add_id(GPtrArray *entries, const char *id)
{
        for (guint i = 0; i < entries->len; i++) {
                struct bulletin_entry *entry = g_ptr_array_index(entries, i);
                if (g_strcmp0(entry->id, id) == 0)
                        return entry;
        }
        if (entries->len >= HOTFIX_LIST_MAX)
                return NULL;
        g_ptr_array_add(entries, bulletin_entry_new(NULL, id, NULL));
        return g_ptr_array_index(entries, entries->len - 1);
}

static void add_article(GPtrArray *entries, struct bulletin_entry **current, const char *digits)
{
        if (!*current && entries->len < HOTFIX_LIST_MAX) {
                *current = bulletin_entry_new(NULL, NULL, NULL);
                g_ptr_array_add(entries, *current);
        }
        GPtrArray *kbs = *current ? (*current)->kbs : NULL;
        for (guint i = 0; kbs && i < kbs->len; i++)
                if (g_str_equal(g_ptr_array_index(kbs, i), digits))
                        return;
        if (kbs && kbs->len < HOTFIX_LIST_MAX)
                g_ptr_array_add(kbs, g_strdup(digits));
}

/* One number or remark at this place: its bytes. */
static size_t take_one(const char *at, bool bare, bool remarks, GPtrArray *entries, struct bulletin_entry **current)
{
        g_autofree char *number = NULL;
        size_t size = match_id(at, &number);
        if (size > 0) {
                *current = add_id(entries, number);
                return size;
        }
        size = match_article(at, bare, &number);
        if (size == 0 && *at == '(' && remarks) {
                size_t inner = match_article(at + 1, true, &number);
                size = inner > 0 && at[1 + inner] == ')' ? inner + 2 : match_remark(at);
        }
        if (number)
                add_article(entries, current, number);
        return size;
}

size_t hotfix_match_numbers(const char *normal, bool in_row, GPtrArray *ret_entries)
{
        const char *at = normal, *end = normal;
        struct bulletin_entry *current = NULL;
        bool lists = false;
        while (*at) {
                size_t digits = strspn(at, "0123456789");
                bool parted = !at[digits] || at[digits] == ' ';
                bool bare = !in_row || (lists && end > normal) || (at == normal && parted);
                bool remarks = end > normal && (!in_row || at == end);
                size_t size = take_one(at, bare, remarks, ret_entries, &current);
                if (size == 0)
                        break;
                end = at += size;
                at += skip_between(at, &lists);
        }
        return (size_t) (end - normal);
}

/* --- addresses --- */

static size_t address_size(const char *at)
{
        if (g_ascii_strncasecmp(at, "http://", 7) != 0 && g_ascii_strncasecmp(at, "https://", 8) != 0)
                return 0;
        return strcspn(at, " <>\"");
}

/* The number of an article in an address, or 0 bytes. */
static const char *find_article(const char *address, size_t size, size_t *ret_digits)
{
        for (const char *at = address; at + 2 < address + size; at++) {
                if (g_ascii_strncasecmp(at, "kb", 2) != 0 || (at > address && g_ascii_isalnum(at[-1])))
                        continue;
                const char *digits = at + 2;
                while (digits < address + size && !g_ascii_isdigit(*digits) && digits < at + 2 + ADDRESS_GAP_MAX)
                        digits++;
                *ret_digits = match_digits(digits);
                if (*ret_digits > 0)
                        return digits;
        }
        return NULL;
}

static void read_address(const char *address, size_t size, GPtrArray *entries)
{
        for (const char *at = address; at < address + size; at++) {
                g_autofree char *id = NULL;
                if ((at == address || !g_ascii_isalnum(at[-1])) && match_id(at, &id) > 0) {
                        add_id(entries, id);
                        return;
                }
        }
        size_t digits = 0;
        const char *found = find_article(address, size, &digits);
        struct bulletin_entry *current = NULL;
        g_autofree char *number = found ? g_strndup(found, digits) : NULL;
        if (number)
                add_article(entries, &current, number);
}

void hotfix_read_linked_numbers(const struct block *block, GPtrArray *ret_entries)
{
        for (guint i = 0; block->links && i < block->links->len; i++) {
                const struct block_link *link = g_ptr_array_index(block->links, i);
                if (link->url)
                        read_address(link->url, strlen(link->url), ret_entries);
        }
}

static bool says_none(const char *text)
{
        static const char *const words[] = { "なし", "無し", "-", "--", "―", "ー", "なし。", "N/A" };
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_str_equal(text, words[i]))
                        return true;
        return !*text;
}

bool hotfix_read_numbers(const char *normal, GPtrArray *ret_entries)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GPtrArray) linked = hotfix_entries_new();
        for (const char *at = normal; *at;) {
                size_t size = address_size(at);
                if (size > 0)
                        read_address(at, size, linked);
                else
                        g_string_append_len(text, at, g_utf8_next_char(at) - at);
                at = size > 0 ? at + size : g_utf8_next_char(at);
        }
        g_autofree char *rest = text_strip(text->str);
        if (says_none(rest) && linked->len == 0)
                return true;
        guint before = ret_entries->len;
        size_t size = hotfix_match_numbers(rest, false, ret_entries);
        for (guint i = 0; ret_entries->len == before && i < linked->len; i++) {
                const struct bulletin_entry *entry = g_ptr_array_index(linked, i);
                struct bulletin_entry *current = entry->id ? add_id(ret_entries, entry->id) : NULL;
                if (entry->kbs->len > 0)
                        add_article(ret_entries, &current, g_ptr_array_index(entry->kbs, 0));
        }
        bool lists;
        return !rest[size + skip_between(rest + size, &lists)];
}
