/* SPDX-License-Identifier: MIT */
/* The fields of the top table that have one value each, and the lists of ids in it. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

#define SHOWN_CHARACTERS_MAX 80

static void set_unknown(struct page *page, enum bulletin_field field, enum hotfix_label label, const char *text)
{
        g_autofree char *shown = text_cut_chars(text, SHOWN_CHARACTERS_MAX);
        g_autofree char *reason = g_strdup_printf("unknown value \"%s\" of label %s", shown, hotfix_label_text(label));
        bulletin_set_undetermined(page->bulletin, field, text, reason);
        bulletin_add_warning(page->bulletin, "%s", reason);
}

/* A label's value as text and key. False, with the field undetermined, where there is none. */
static bool get_value(struct page *page, enum bulletin_field field, enum hotfix_label label, char **ret_text,
                      char **ret_key)
{
        g_autoptr(GArray) pieces = hotfix_page_value(page, label);
        if (!pieces) {
                g_autofree char *reason = g_strdup_printf("the mail has no line %s", hotfix_label_text(label));
                bulletin_set_undetermined(page->bulletin, field, NULL, reason);
                return false;
        }
        g_autofree char *text = hotfix_pieces_text(pieces);
        if (!*text) {
                g_autofree char *reason = g_strdup_printf("stated as empty: no value at label %s",
                                                          hotfix_label_text(label));
                bulletin_set_undetermined(page->bulletin, field, NULL, reason);
                return false;
        }
        *ret_key = hotfix_pieces_key(pieces);
        *ret_text = g_steal_pointer(&text);
        return true;
}

static void read_word(struct page *page, enum bulletin_field field, enum hotfix_label label,
                      const struct hotfix_word *words)
{
        g_autofree char *text = NULL, *key = NULL;
        if (!get_value(page, field, label, &text, &key))
                return;
        int value = hotfix_word_value(words, key);
        if (value)
                bulletin_set_field(page->bulletin, field, BASIS_STATED, value, text, NULL);
        else
                set_unknown(page, field, label, text);
}

/* "あり(…)" says あり; what a remark behind なし takes back is for the reader to judge. */
static void read_exploit_code(struct page *page)
{
        g_autofree char *text = NULL, *key = NULL;
        if (!get_value(page, FIELD_EXPLOIT_CODE, LABEL_EXPLOIT_CODE, &text, &key))
                return;
        int value = hotfix_word_value(hotfix_words_exploit_code, key);
        if (!value && hotfix_has_prefix(key, "あり(") && g_str_has_suffix(key, ")"))
                value = EXPLOIT_AVAILABLE;
        if (value)
                bulletin_set_field(page->bulletin, FIELD_EXPLOIT_CODE, BASIS_STATED, value, text, NULL);
        else
                set_unknown(page, FIELD_EXPLOIT_CODE, LABEL_EXPLOIT_CODE, text);
}

/* "必要(サーバのみ)": a known word with a remark in brackets, or the remark alone. */
static bool has_remark(const struct hotfix_word *words, const char *key)
{
        if (!g_str_has_suffix(key, ")"))
                return false;
        const struct hotfix_word *word = hotfix_word_prefix(words, key);
        return key[word ? strlen(word->key) : 0] == '(';
}

/* "Windows XP:必要": a known word right behind a product, alone or with a remark. */
static bool is_product_line(const struct hotfix_word *words, const char *key)
{
        const char *colon = strrchr(key, ':');
        const char *bracket = strchr(key, '(');
        if (bracket && colon > bracket) { /* a colon inside the remark is not the product's */
                g_autofree char *start = g_strndup(key, (gsize) (bracket - key));
                const char *earlier = strrchr(start, ':');
                colon = earlier ? key + (earlier - start) : colon;
        }
        if (!colon || colon == key)
                return false;
        return hotfix_word_value(words, colon + 1) != 0 || (colon[1] != '(' && has_remark(words, colon + 1));
}

static guint count_value_lines(const struct page *page, enum hotfix_label label, const struct hotfix_word *words,
                               guint *ret_known)
{
        g_autoptr(GArray) pieces = hotfix_page_value(page, label);
        guint lines = 0;
        *ret_known = 0;
        for (guint i = 0; i < pieces->len; i++) {
                const char *key = piece_at(pieces, i)->key;
                if (!*key)
                        continue;
                lines++;
                const struct hotfix_word *word = hotfix_word_prefix(words, key);
                *ret_known += word != NULL || is_product_line(words, key) || strstr(key, "必要") || strstr(key, "不要");
        }
        return lines;
}

/* What stands behind the product's colon where that is a known word and nothing else; 0 if not. */
static int product_line_value(const struct hotfix_word *words, const char *key)
{
        const char *colon = strrchr(key, ':');
        return colon && colon > key ? hotfix_word_value(words, colon + 1) : 0;
}

/* A line for each product, and all of them say the same: that value, else 0. A product's name may be wrapped, and its
 * value may stand below it. */
static int common_product_value(const struct page *page, enum hotfix_label label, const struct hotfix_word *words)
{
        g_autoptr(GArray) pieces = hotfix_page_value(page, label);
        g_autoptr(GString) key = g_string_new(NULL);
        int common = 0;
        for (guint i = 0; i < pieces->len; i++) {
                const char *piece = piece_at(pieces, i)->key;
                if (!*piece)
                        continue;
                if (key->len == 0 && hotfix_word_prefix(words, piece))
                        return 0;
                g_string_append(key, piece);
                int value = product_line_value(words, key->str);
                bool goes_on = !strchr(piece, ':') || g_str_has_suffix(piece, ":");
                if ((!value && !goes_on) || (value && common && value != common))
                        return 0;
                if (value) {
                        common = value;
                        g_string_truncate(key, 0);
                }
        }
        return key->len == 0 ? common : 0;
}

/* 再起動の必要性 and アンインストール: a word, a word with a remark, or a line for each product. Where these differ, as with
 * a remark, it depends on something, which is what "conditional" means; the text says on what. */
static void read_conditional(struct page *page, enum bulletin_field field, enum hotfix_label label,
                             const struct hotfix_word *words, int conditional)
{
        g_autofree char *text = NULL, *key = NULL;
        if (!get_value(page, field, label, &text, &key))
                return;
        int value = hotfix_word_value(words, key);
        if (!value)
                value = common_product_value(page, label, words);
        guint known = 0, lines = count_value_lines(page, label, words, &known);
        if (!value && (has_remark(words, key) || is_product_line(words, key) || (lines > 1 && known > 0)))
                value = conditional;
        if (value)
                bulletin_set_field(page->bulletin, field, BASIS_STATED, value, text, NULL);
        else
                set_unknown(page, field, label, text);
}

static bool has_text(const GPtrArray *list, const char *text)
{
        for (guint i = 0; i < list->len; i++)
                if (g_str_equal(g_ptr_array_index(list, i), text))
                        return true;
        return false;
}

static bool is_word_character(char c)
{
        return g_ascii_isalnum(c) || c == '-';
}

/* "CVE-2007-1234", "CAN-2004-0123": bytes, or 0. */
static size_t match_cve(const char *at)
{
        if (g_ascii_strncasecmp(at, "CVE-", 4) != 0 && g_ascii_strncasecmp(at, "CAN-", 4) != 0)
                return 0;
        if (strspn(at + 4, "0123456789") != 4 || at[8] != '-')
                return 0;
        size_t digits = strspn(at + 9, "0123456789");
        return digits >= 4 && digits <= 7 ? 9 + digits : 0;
}

#define ID_LIST_MAX LIMIT_IDS

/* An id of the label's kind at this place: its bytes, or 0. */
static size_t match_listed_id(enum hotfix_label label, const char *at, char **ret_id)
{
        if (label == LABEL_SUPERSEDES)
                return hotfix_match_id(at, ret_id);
        size_t size = match_cve(at);
        if (size > 0)
                *ret_id = g_ascii_strup(at, (gssize) size);
        return size;
}

/* Whether the mail's wrapping has split an id: what the text ends with is none, but is one with the next line. */
static bool is_split_id(enum hotfix_label label, const char *text, const char *next)
{
        const char *start = text + strlen(text);
        while (start > text && is_word_character(start[-1]))
                start--;
        g_autofree char *joined = g_strconcat(start, next, NULL);
        g_autofree char *id = NULL, *id_before = NULL;
        return *start && match_listed_id(label, start, &id_before) == 0 && match_listed_id(label, joined, &id) > 0;
}

/* The value with its spaces, which part one id from the next. */
static char *join_ids(const GArray *pieces, enum hotfix_label label)
{
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < pieces->len; i++) {
                g_autofree char *text = text_normalize(piece_at(pieces, i)->text);
                bool is_split = i > 0 && !(piece_at(pieces, i - 1)->block->marks & MARK_CELL_END) &&
                                is_split_id(label, out->str, text);
                if (!is_split)
                        g_string_append_c(out, ' ');
                g_string_append(out, text);
        }
        return g_string_free(out, FALSE);
}

static void read_ids(struct page *page, enum hotfix_label label, GPtrArray *ret_ids)
{
        g_autoptr(GArray) pieces = hotfix_page_value(page, label);
        if (!pieces)
                return;
        g_autofree char *text = join_ids(pieces, label);
        for (const char *at = text; *at && ret_ids->len < ID_LIST_MAX;) {
                g_autofree char *id = NULL;
                bool starts = at == text || !is_word_character(at[-1]);
                size_t size = starts ? match_listed_id(label, at, &id) : 0;
                if (size > 0 && !has_text(ret_ids, id))
                        g_ptr_array_add(ret_ids, g_steal_pointer(&id));
                at += size > 0 ? size : 1;
        }
}

void hotfix_read_top_fields(struct page *page)
{
        read_exploit_code(page);
        read_word(page, FIELD_MEASURE, LABEL_MEASURE, hotfix_words_urgency);
        read_conditional(page, FIELD_RESTART, LABEL_RESTART, hotfix_words_restart, RESTART_CONDITIONAL);
        read_conditional(page, FIELD_UNINSTALL, LABEL_UNINSTALL, hotfix_words_uninstall, UNINSTALL_CONDITIONAL);
        read_ids(page, LABEL_SUPERSEDES, page->bulletin->supersedes);
        read_ids(page, LABEL_CVES, page->bulletin->cves);
}
