/* SPDX-License-Identifier: MIT */
/*
 * Urgency: from 対応の緊急性, else 緊急対応度, else 対策. Where 対策 and the urgency line disagree the higher one counts.
 * The first of the lines also says, in brackets, whether exploit code is public and whether attacks were seen. Only
 * these lines are read: the explanation of 危険性 holds the same words and means something else.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

#define SHOWN_CHARACTERS_MAX 80

struct urgency_line {
        enum hotfix_label label; /* LABEL_NONE: the mail has none, or an empty one */
        int value;
        char *text;
};

static void warn_unknown(struct page *page, enum hotfix_label label, const char *text)
{
        g_autofree char *shown = text_cut_chars(text, SHOWN_CHARACTERS_MAX);
        bulletin_add_warning(page->bulletin, "unknown value \"%s\" of label %s", shown, hotfix_label_text(label));
}

/* The part of the original text that the bracketed remarks leave. */
static char *text_before_bracket(const char *text)
{
        const char *wide = strstr(text, "\xEF\xBC\xBB"); /* U+FF3B */
        size_t size = strcspn(text, "[");
        g_autofree char *start = g_strndup(text, wide ? MIN(size, (size_t) (wide - text)) : size);
        return text_strip(start);
}

/* The line's own pieces: the first that says something, and what belongs to it because a bracket is open or opens. What
 * follows may be prose, where the next label was a picture. */
static GArray *urgency_value(const struct page *page, enum hotfix_label label)
{
        GArray *pieces = hotfix_page_value(page, label);
        int open = 0;
        bool started = false;
        for (guint i = 0; pieces && i < pieces->len; i++) {
                const char *key = piece_at(pieces, i)->key;
                if (started && *key && open <= 0 && *key != '[') {
                        g_array_set_size(pieces, i);
                        break;
                }
                started = started || *key;
                for (; *key; key++)
                        open += *key == '[' ? 1 : *key == ']' ? -1 : 0;
        }
        return pieces;
}

static void read_line(struct page *page, struct urgency_line *line)
{
        static const enum hotfix_label labels[] = { LABEL_RESPONSE_URGENCY, LABEL_RESPONSE_LEVEL };
        for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
                g_autoptr(GArray) pieces = urgency_value(page, labels[i]);
                if (!pieces)
                        continue;
                g_autofree char *key = hotfix_pieces_key(pieces);
                g_autofree char *word = g_strndup(key, strcspn(key, "["));
                if (!*word)
                        continue;
                line->label = labels[i];
                line->value = hotfix_word_value(hotfix_words_urgency, word);
                g_autofree char *text = hotfix_pieces_text(pieces);
                g_autofree char *own = text_before_bracket(text);
                line->text = hotfix_bounded(own);
                if (!line->value)
                        warn_unknown(page, labels[i], word);
                return;
        }
}

/* What 対策 says at least: its word, or the one before a remark, as in "至急適用(サーバのみ)". */
static int least_measure(const struct choice *measure)
{
        if (measure->value || !measure->text)
                return measure->value;
        g_autofree char *normal = text_normalize(measure->text), *key = hotfix_key(normal);
        const struct hotfix_word *word = hotfix_word_prefix(hotfix_words_urgency, key);
        return word && strchr("([", key[strlen(word->key)]) ? word->value : 0;
}

static void set_urgency(struct page *page, enum basis basis, int value, const char *text, const char *reason)
{
        if (value)
                bulletin_set_field(page->bulletin, FIELD_URGENCY, basis, value, text, reason);
        else
                bulletin_set_undetermined(page->bulletin, FIELD_URGENCY, text, reason);
}

static void judge_urgency(struct page *page, const struct urgency_line *line)
{
        const struct choice *measure = &page->bulletin->fields[FIELD_MEASURE];
        g_autofree char *measure_text = g_strdup(measure->text);
        int least = least_measure(measure);
        const char *name = hotfix_label_text(line->label);
        g_autofree char *reason = NULL;
        if (line->label == LABEL_NONE) {
                reason = g_strdup(measure->value ? "from 対策: the mail has no urgency line"
                                                 : "the mail has no urgency line, and 対策 is undetermined");
                set_urgency(page, BASIS_INFERRED, measure->value, measure->value ? measure_text : NULL, reason);
        } else if (!line->value) {
                /* Whatever the unknown word means, the higher one counts, and nothing is higher than this. */
                bool is_highest = least == URGENCY_IMMEDIATE;
                g_autofree char *shown = text_cut_chars(line->text, SHOWN_CHARACTERS_MAX);
                reason = g_strdup_printf("%sunknown value \"%s\" of label %s", is_highest ? "from 対策: " : "", shown,
                                         name);
                set_urgency(page, BASIS_INFERRED, is_highest ? least : 0,
                            is_highest ? measure_text : line->text, reason);
        } else if (least > line->value || (measure->value && measure->value != line->value)) {
                bulletin_add_warning(page->bulletin, "対策 (%s) and %s (%s) disagree; the higher one counts",
                                     bulletin_value_name(FIELD_MEASURE, least), name,
                                     bulletin_value_name(FIELD_URGENCY, line->value));
                if (least > line->value) {
                        reason = g_strdup_printf("from 対策, which is higher than %s", name);
                        set_urgency(page, BASIS_INFERRED, least, measure_text, reason);
                } else {
                        set_urgency(page, BASIS_STATED, line->value, line->text, NULL);
                }
        } else {
                set_urgency(page, BASIS_STATED, line->value, line->text, NULL);
        }
}

struct remark {
        enum bulletin_field field;
        const char *subject; /* "攻撃コード" */
        const char *yes, *no; /* how the rest starts */
};

static const struct remark remarks[] = {
        { FIELD_EXPLOIT_PUBLISHED, "攻撃コード", "公開", "未公開" },
        { FIELD_ATTACKS_OBSERVED, "攻撃事例", "あり", "なし" },
};

/* 公開されていない, 公開なし: a yes that is taken back is none. */
static bool is_negated(const char *key)
{
        return strstr(key, "ない") || strstr(key, "なし") || strstr(key, "未") || strstr(key, "不明");
}

static int read_remark(const struct remark *remark, const char *key)
{
        const char *rest = key + strlen(remark->subject);
        if (g_str_equal(rest, remark->no))
                return ANSWER_NO;
        if (hotfix_has_prefix(rest, remark->yes) && !is_negated(rest + strlen(remark->yes)))
                return ANSWER_YES;
        return 0;
}

/* The next bracket of that direction, in either width, or where the text ends. */
static const char *find_bracket(const char *at, char narrow, const char *wide)
{
        while (*at && *at != narrow && !hotfix_has_prefix(at, wide))
                at++;
        return at;
}

static char *without_line_ends(const char *text, size_t size)
{
        char *line = g_malloc(size + 1), *to = line;
        for (size_t i = 0; i < size; i++)
                if (text[i] != '\n')
                        *to++ = text[i];
        *to = '\0';
        return line;
}

/* The n-th bracketed remark of the original, brackets included, on one line; "" if it has no such remark. The last one
 * may not be closed. */
static char *remark_text(const char *text, guint n)
{
        for (const char *start = text, *end; *(start = find_bracket(start, '[', "［")); start = end, n--) {
                end = find_bracket(start, ']', "］");
                bool is_closed = *end != '\0';
                end = is_closed ? g_utf8_next_char(end) : end;
                if (n == 0 || !is_closed)
                        return without_line_ends(start, (size_t) (end - start));
        }
        return g_strdup("");
}

static void take_remark(struct page *page, const char *key, const char *text)
{
        for (size_t i = 0; i < G_N_ELEMENTS(remarks); i++) {
                if (!hotfix_has_prefix(key, remarks[i].subject))
                        continue;
                const struct choice *present = &page->bulletin->fields[remarks[i].field];
                int value = read_remark(&remarks[i], key);
                if (present->value && present->value != value) {
                        bulletin_set_undetermined(page->bulletin, remarks[i].field, text,
                                                  "the remarks of the urgency line contradict each other");
                } else if (value) {
                        bulletin_set_field(page->bulletin, remarks[i].field, BASIS_STATED, value, text, NULL);
                } else {
                        warn_unknown(page, LABEL_RESPONSE_URGENCY, key);
                        bulletin_set_undetermined(page->bulletin, remarks[i].field, text, "unknown remark");
                }
                return;
        }
        warn_unknown(page, LABEL_RESPONSE_URGENCY, key);
}

static void read_remarks(struct page *page)
{
        g_autoptr(GArray) pieces = urgency_value(page, LABEL_RESPONSE_URGENCY);
        if (!pieces)
                return;
        g_autofree char *key = hotfix_pieces_key(pieces), *all = hotfix_pieces_text(pieces);
        const char *open = key;
        for (guint n = 0; n < 8 && (open = strchr(open, '[')); n++) {
                size_t size = strcspn(open + 1, "]");
                g_autofree char *inner = g_strndup(open + 1, size);
                g_autofree char *text = remark_text(all, n);
                if (!open[1 + size])
                        break; /* no closing bracket: cut off */
                take_remark(page, inner, text);
                open += 1 + size;
        }
}

void hotfix_read_urgency(struct page *page)
{
        struct urgency_line line = { .label = LABEL_NONE };
        read_line(page, &line);
        judge_urgency(page, &line);
        g_free(line.text);
        read_remarks(page);
        for (size_t i = 0; i < G_N_ELEMENTS(remarks); i++)
                if (!page->bulletin->fields[remarks[i].field].present)
                        bulletin_set_undetermined(page->bulletin, remarks[i].field, NULL,
                                                  "the urgency line says nothing about it");
}
