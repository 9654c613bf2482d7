/* SPDX-License-Identifier: MIT */
/*
 * What a single line may be: a label, a section's head, a table's header, a footer. Nearly all lines are prose, and
 * most of these are known by the character that they begin with.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

static const char *const bullets[] = { "・", "■", "□", "●", "◆", "▼", "▽", "*" };

/* The first two columns of each table, and the label that stands for it. */
static const struct {
        const char *first, *second;
        enum hotfix_label label;
} tables[] = {
        { "影響を受けるソフトウェア", "対象プラットフォーム", LABEL_TABLE_AFFECTED },
        { "プラットフォーム", "適用テスト結果", LABEL_TABLE_TESTS },
        { "プラットフォーム", "ダウンロード・センター", LABEL_TABLE_DOWNLOADS },
        { "ファイル名", "日付", LABEL_TABLE_FILES },
        { "修正プログラム名", "50台", LABEL_TABLE_MINUTES },
};

/* Of a forwarded mail's head. */
static const char *const header_names[] = { "from:", "to:", "cc:", "date:", "sent:", "subject:", "reply-to:", "差出人:",
                                            "送信者:", "宛先:", "日時:", "日付:", "送信日時:", "件名:" };

/* --- by the first character --- */

#define ASCII_PLACES 128u
#define OTHER_PLACES 1024u /* by the last bits; characters that share one only cost a closer look */

/* enum hotfix_kind of the words that begin with such a character */
static unsigned char kinds[ASCII_PLACES + OTHER_PLACES];

static inline unsigned place_of(const char *key)
{
        const unsigned char *k = (const unsigned char *) key;
        if (k[0] < ASCII_PLACES)
                return k[0];
        unsigned last = k[0] < 0xE0 ? 0 : k[2] & 0x3F;
        return ASCII_PLACES + (((k[1] & 0x3Fu) << 6 | last) & (OTHER_PLACES - 1));
}

/* In either case. */
static void note_kind(const char *word, enum hotfix_kind kind)
{
        kinds[place_of(word)] |= kind;
        if (g_ascii_islower(word[0]))
                kinds[(unsigned char) g_ascii_toupper(word[0])] |= kind;
}

static void fill_kinds(void)
{
        for (unsigned label = LABEL_NONE; label < LABEL_MAX; label++)
                if (*hotfix_label_text((enum hotfix_label) label))
                        note_kind(hotfix_label_text((enum hotfix_label) label), KIND_LABEL);
        for (size_t i = 0; i < G_N_ELEMENTS(bullets); i++)
                note_kind(bullets[i], KIND_LABEL);
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
                note_kind(tables[i].first, KIND_TABLE);
        for (size_t i = 0; hotfix_head_starts(i); i++)
                note_kind(hotfix_head_starts(i), KIND_HEAD);
        for (size_t i = 0; hotfix_footer_starts(i); i++)
                note_kind(hotfix_footer_starts(i), KIND_FOOTER);
        for (size_t i = 0; i < G_N_ELEMENTS(header_names); i++)
                note_kind(header_names[i], KIND_MAIL_HEADER);
        note_kind("ms", KIND_IDENTIFIER);
}

/* Whether the first two characters may be the same: by their first bytes, and their last, which differ sooner. */
static inline bool repeats_first(const char *key)
{
        size_t size = (size_t) (g_utf8_next_char(key) - key);
        return key[0] && key[size] == key[0] && key[2 * size - 1] == key[size - 1];
}

void hotfix_line_set_key(struct line *line, const char *key)
{
        static gsize are_filled;
        if (g_once_init_enter(&are_filled)) {
                fill_kinds();
                g_once_init_leave(&are_filled, 1);
        }
        line->key = key;
        line->kinds = kinds[place_of(key)] | (repeats_first(key) && hotfix_is_ruler(key) ? KIND_RULER : 0);
}

/* --- all lines --- */

/* A plain text without a space is its own key; zero-width characters are not plain. */
static bool is_own_key(const struct block *block)
{
        return block->is_plain && !block->shape.has_space;
}

/* Of a plain text only the spaces are left out. Returns the bytes. */
static size_t put_plain_key(char *to, const struct block *block)
{
        char *out = to;
        for (const char *p = block->text, *end = p + block->size; p < end;) {
                const char *space = memchr(p, ' ', (size_t) (end - p)), *stop = space ? space : end;
                memcpy(out, p, (size_t) (stop - p));
                out += stop - p;
                p = space ? space + 1 : end;
        }
        *out = '\0';
        return (size_t) (out - to);
}

void hotfix_page_read_lines(struct page *page)
{
        size_t lines_bytes = page->count * sizeof *page->lines;
        page->lines = g_malloc(lines_bytes + page->document->spaced_bytes + 1); /* the keys behind the lines */
        char *to = (char *) page->lines + lines_bytes;
        for (guint i = 0; i < page->count; i++) {
                struct line *line = &page->lines[i];
                const struct block *block = document_block(page->document, i);
                *line = (struct line){ .block = block };
                char *key = to;
                if (!is_own_key(block))
                        to += (block->is_plain ? put_plain_key(to, block) : hotfix_put_key(to, block->normal)) + 1;
                hotfix_line_set_key(line, is_own_key(block) ? block->text : key);
        }
}

/* --- the closer look --- */

char *hotfix_image_key(const struct line *line)
{
        if (line->key[0] || !line->block->image_alt)
                return g_strdup(line->key);
        g_autofree char *alt = text_normalize(line->block->image_alt);
        return hotfix_key(alt);
}

/* "・対策": a bullet before a label. */
static size_t bullet_size(const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(bullets); i++)
                if (hotfix_has_prefix(key, bullets[i]))
                        return strlen(bullets[i]);
        return 0;
}

enum hotfix_label hotfix_find_label(const struct line *line, enum hotfix_label first, enum hotfix_label last,
                                    size_t *ret_length)
{
        if (line->key[0]) {
                size_t bullet = bullet_size(line->key);
                const char *whole = line->block->normal;
                const char *normal = whole + (bullet > 0 && hotfix_has_prefix(whole, line->key) ? bullet : 0);
                enum hotfix_label label = hotfix_label_match(normal, line->key + bullet, first, last, ret_length);
                *ret_length += label != LABEL_NONE ? bullet : 0;
                return label;
        }
        g_autofree char *key = hotfix_image_key(line);
        enum hotfix_label label = hotfix_label_match(key, key, first, last, ret_length);
        *ret_length = 0; /* nothing of the line's own text */
        return label;
}

enum hotfix_label hotfix_match_table(const struct page *page, guint at)
{
        const char *key = page->lines[at].key;
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                if (!hotfix_has_prefix(key, tables[i].first))
                        continue;
                const char *rest = key + strlen(tables[i].first);
                for (guint n = at + 1; !*rest && n < page->count && n <= at + HOTFIX_BROKEN_LINES_MAX; n++)
                        rest = page->lines[n].key;
                if (hotfix_has_prefix(rest, tables[i].second))
                        return tables[i].label;
        }
        return LABEL_NONE;
}

bool hotfix_is_mail_header(const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(header_names); i++)
                if (g_ascii_strncasecmp(key, header_names[i], strlen(header_names[i])) == 0)
                        return true;
        return false;
}
