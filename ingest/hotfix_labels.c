/* SPDX-License-Identifier: MIT */
#include "ingest/hotfix_labels.h"

#include <string.h>

#include "common/bulletin.h"
#include "common/text.h"

const struct hotfix_word hotfix_words_severity[] = {
        { "1(緊急)", SEVERITY_CRITICAL },
        { "2(重要)", SEVERITY_IMPORTANT },
        { "3(警告)", SEVERITY_MODERATE },
        { "4(注意)", SEVERITY_LOW },
        { NULL, 0 },
};

const struct hotfix_word hotfix_words_environment[] = {
        { "サーバー", FIELD_ENVIRONMENT_SERVER },
        { "サーバ", FIELD_ENVIRONMENT_SERVER },
        { "クライアント", FIELD_ENVIRONMENT_CLIENT },
        { NULL, 0 },
};

const struct hotfix_word hotfix_words_urgency[] = {
        { "至急適用", URGENCY_IMMEDIATE },
        { "緊急適用", URGENCY_IMMEDIATE },
        { "適用作業の至急開始", URGENCY_IMMEDIATE },
        { "早期適用", URGENCY_EARLY },
        { "適用作業の早期開始", URGENCY_EARLY },
        { "適用の検討", URGENCY_CONSIDER },
        { "SP待ち", URGENCY_WAIT },
        { NULL, 0 },
};

const struct hotfix_word hotfix_words_exploit_code[] = {
        { "なし", EXPLOIT_NONE_STATED },
        { "あり", EXPLOIT_AVAILABLE },
        { NULL, 0 },
};

const struct hotfix_word hotfix_words_restart[] = {
        { "必要な場合あり", RESTART_CONDITIONAL },
        { "不要な場合あり", RESTART_CONDITIONAL },
        { "必要", RESTART_REQUIRED },
        { "あり", RESTART_REQUIRED },
        { "不要", RESTART_NOT_REQUIRED },
        { "なし", RESTART_NOT_REQUIRED },
        { NULL, 0 },
};

const struct hotfix_word hotfix_words_uninstall[] = {
        { "可能", UNINSTALL_POSSIBLE },
        { "可", UNINSTALL_POSSIBLE },
        { "不可能", UNINSTALL_NOT_POSSIBLE },
        { "不可", UNINSTALL_NOT_POSSIBLE },
        { NULL, 0 },
};

const struct hotfix_word hotfix_words_attack[] = {
        { "リモート攻撃", FIELD_ATTACK_REMOTE },
        { "ウイルス/ワーム", FIELD_ATTACK_WORM },
        { "電子メール添付", FIELD_ATTACK_EMAIL },
        { "Webサイトへの誘導", FIELD_ATTACK_WEB },
        { "コードの実行", FIELD_IMPACT_CODE_EXECUTION },
        { "特権の昇格", FIELD_IMPACT_PRIVILEGE_ELEVATION },
        { "権限の昇格", FIELD_IMPACT_PRIVILEGE_ELEVATION },
        { "情報の漏えい", FIELD_IMPACT_INFORMATION_DISCLOSURE },
        { "サービス拒否", FIELD_IMPACT_DENIAL_OF_SERVICE },
        { "なりすまし", FIELD_IMPACT_SPOOFING },
        { NULL, 0 },
};

static const char *const label_texts[LABEL_MAX] = {
        [LABEL_SEVERITY] = "深刻度",
        [LABEL_EXPLOIT_CODE] = "攻撃コードの有無",
        [LABEL_MEASURE] = "対策",
        [LABEL_RESTART] = "再起動の必要性",
        [LABEL_UNINSTALL] = "アンインストール",
        [LABEL_ENVIRONMENT] = "対象環境",
        [LABEL_SECURITY_BULLETIN] = "セキュリティ情報",
        [LABEL_SUPPORT_ARTICLE] = "サポート技術情報",
        [LABEL_QUESTIONS] = "よく寄せられる質問",
        [LABEL_HISTORY] = "更新履歴",
        [LABEL_SUPERSEDES] = "含まれる過去の修正",
        [LABEL_CVES] = "脆弱性識別番号",
        [LABEL_RESPONSE] = "対応策",
        [LABEL_RESPONSE_LEVEL] = "緊急対応度",
        [LABEL_RESPONSE_URGENCY] = "対応の緊急性",
        [LABEL_RISK] = "危険性",
        [LABEL_ATTACKS] = "可能性のある攻撃",
};

#define HEAD(text) { text, sizeof(text) - 1 }
static const struct { const char *text; size_t size; } section_heads[] = {
        HEAD("概要"),
        HEAD("脆弱性の内容"),
        HEAD("対象プラットフォーム"),
        HEAD("適用テストの結果"),
        HEAD("適用時の注意点"),
        HEAD("修正プログラムのダウンロード先"),
        HEAD("適用されるファイル情報"),
        HEAD("確認方法"),
        HEAD("予想適用時間"),
        HEAD("UpdateEXPERT上の表示"),
        HEAD("DALab:HotFixテスティング・チームからのコメント"),
        HEAD("DALab.:HotFixテスティング・チームからのコメント"),
};

int hotfix_word_value(const struct hotfix_word *words, const char *key)
{
        for (; words->key; words++)
                if (g_str_equal(words->key, key))
                        return words->value;
        return 0;
}

const struct hotfix_word *hotfix_word_prefix(const struct hotfix_word *words, const char *key)
{
        const struct hotfix_word *best = NULL;
        for (; words->key; words++)
                if (hotfix_has_prefix(key, words->key) && (!best || strlen(words->key) > strlen(best->key)))
                        best = words;
        return best;
}

guint hotfix_word_count(const struct hotfix_word *words)
{
        guint count = 0;
        while (words[count].key)
                count++;
        return count;
}

const char *hotfix_label_text(enum hotfix_label label)
{
        return (unsigned) label < LABEL_MAX && label_texts[label] ? label_texts[label] : "";
}

/* Whether a space stands right behind the word in normal, which may also have spaces inside the word. */
static bool is_followed_by_space(const char *normal, const char *word)
{
        for (; *word; normal++) {
                if (*normal == ' ')
                        continue;
                if (*normal != *word)
                        return false;
                word++;
        }
        return *normal == ' ';
}

/* "対策早期適用": what a page that lost its line break makes of a label and its value. */
static bool is_known_value(enum hotfix_label label, const char *key)
{
        switch (label) {
        case LABEL_EXPLOIT_CODE:
                return hotfix_word_value(hotfix_words_exploit_code, key) != 0;
        case LABEL_MEASURE:
                return hotfix_word_value(hotfix_words_urgency, key) != 0;
        case LABEL_RESTART:
                return hotfix_word_value(hotfix_words_restart, key) != 0;
        case LABEL_UNINSTALL:
                return hotfix_word_value(hotfix_words_uninstall, key) != 0;
        case LABEL_SUPERSEDES:
                return g_str_equal(key, "なし");
        default:
                return false;
        }
}

enum hotfix_label hotfix_label_match(const char *normal, const char *key, enum hotfix_label first,
                                     enum hotfix_label last, size_t *ret_length)
{
        for (unsigned label = first; label <= (unsigned) last; label++) {
                const char *word = label_texts[label];
                if (!word || !hotfix_has_prefix(key, word))
                        continue;
                size_t length = strlen(word);
                if (key[length] != '\0' && key[length] != ':' && !is_followed_by_space(normal, word) &&
                    !is_known_value((enum hotfix_label) label, key + length))
                        continue;
                *ret_length = key[length] == ':' ? length + 1 : length;
                return (enum hotfix_label) label;
        }
        *ret_length = 0;
        return LABEL_NONE;
}

static bool is_dot(char c)
{
        return c == '.';
}

/* The dots at both ends; what is between them is the bare head. */
struct dotted {
        const char *bare;
        size_t size, before, behind;
};

static size_t count_dots(const char *key)
{
        size_t count = 0;
        while (is_dot(key[count]))
                count++;
        return count;
}

static struct dotted strip_dots(const char *key)
{
        size_t before = count_dots(key), length = before + strlen(key + before), behind = 0;
        while (behind < length - before && is_dot(key[length - 1 - behind]))
                behind++;
        return (struct dotted){ key + before, length - before - behind, before, behind };
}

static bool is_head_word(const struct dotted *head)
{
        for (size_t i = 0; i < G_N_ELEMENTS(section_heads); i++)
                if (section_heads[i].size == head->size && memcmp(section_heads[i].text, head->bare, head->size) == 0)
                        return true;
        return false;
}

/* Whether the key, which begins with no dot, may be one of the words: nearly all lines begin with another character. */
static bool begins_like_head(const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(section_heads); i++)
                if (section_heads[i].text[0] == key[0] && section_heads[i].text[1] == key[1])
                        return true;
        return false;
}

const char *hotfix_head_starts(size_t i)
{
        static const char *const marks[] = { "■", "." };
        if (i < G_N_ELEMENTS(marks))
                return marks[i];
        i -= G_N_ELEMENTS(marks);
        return i < G_N_ELEMENTS(section_heads) ? section_heads[i].text : NULL;
}

bool hotfix_is_known_head(const char *key)
{
        struct dotted head = strip_dots(key);
        return is_head_word(&head);
}

bool hotfix_is_section_head(const char *key)
{
        if (hotfix_has_prefix(key, "■") && key[strlen("■")])
                return true;
        if (!is_dot(key[0]) && !begins_like_head(key))
                return false;
        struct dotted head = strip_dots(key);
        if (head.size == 0)
                return false;
        /* "‥‥‥ head ‥‥‥": six dots each under NFKC */
        return (head.before >= 6 && head.behind >= 6) || is_head_word(&head);
}

/* Nearly all characters of a head are kana and kanji, of which the first byte tells enough. */
static bool is_decoration(const char *at)
{
        if (text_is_surely_filled(at) && *at != '.' && *at != '\xEF')
                return false;
        gunichar c = g_utf8_get_char(at);
        return c == 0x2025 || c == 0x2026 || c == '.' || c == 0xFF0E || g_unichar_isspace(c);
}

char *hotfix_section_heading(const char *text)
{
        while (*text && is_decoration(text))
                text = g_utf8_next_char(text);
        const char *end = text + strlen(text);
        for (const char *last; end > text && is_decoration(last = g_utf8_prev_char(end)); end = last)
                ;
        return g_strndup(text, (gsize) (end - text));
}

static const char *const footer_starts[] = { "HotFixReportは", "HotFixReportでは", "Copyright(C)" };
static const char signature_separator[] = "--";

bool hotfix_is_footer(const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(footer_starts); i++)
                if (hotfix_has_prefix(key, footer_starts[i]))
                        return true;
        return g_str_equal(key, signature_separator);
}

const char *hotfix_footer_starts(size_t i)
{
        if (i < G_N_ELEMENTS(footer_starts))
                return footer_starts[i];
        return i == G_N_ELEMENTS(footer_starts) ? signature_separator : NULL;
}

bool hotfix_is_link_line(const char *key)
{
        static const char *const words[] = { "詳細", "詳細:", "HFRBBS会議室", "HFRBBS会議室:", NULL };
        return (key[0] == words[0][0] || key[0] == 'H') && g_strv_contains(words, key);
}

/* Spaces, and what takes no place: zero-width characters, soft hyphens, variation selectors. */
static bool is_left_out(gunichar c)
{
        return c == ' ' || c == 0x00AD || (c >= 0x200B && c <= 0x200F) || c == 0x2060 || c == 0xFEFF ||
               (c >= 0xFE00 && c <= 0xFE0F);
}

#define EACH_BYTE 0x0101010101010101u

/* Not 0 where one of the eight bytes is this one. */
static inline guint64 find_byte(guint64 word, unsigned char byte)
{
        guint64 zeros = word ^ EACH_BYTE * byte;
        return (zeros - EACH_BYTE) & ~zeros & EACH_BYTE * 0x80;
}

size_t hotfix_put_key(char *to, const char *normal)
{
        char *out = to;
        const char *end = normal + strlen(normal);
        while (normal < end) {
                /* none of the bytes that what is left out begins with */
                for (guint64 word; (size_t) (end - normal) >= sizeof word; normal += sizeof word, out += sizeof word) {
                        memcpy(&word, normal, sizeof word);
                        if (find_byte(word, ' ') | find_byte(word, 0xC2) | find_byte(word, 0xE2) |
                            find_byte(word, 0xEF))
                                break;
                        memcpy(out, &word, sizeof word);
                }
                while (normal < end && *normal != ' ' && *normal != '\xC2' && *normal != '\xE2' && *normal != '\xEF')
                        *out++ = *normal++;
                if (normal == end)
                        break;
                const char *next = g_utf8_next_char(normal);
                if (!is_left_out(g_utf8_get_char(normal))) {
                        memcpy(out, normal, (size_t) (next - normal));
                        out += next - normal;
                }
                normal = next;
        }
        *out = '\0';
        return (size_t) (out - to);
}

char *hotfix_key(const char *normal)
{
        char *key = g_malloc(strlen(normal) + 1);
        hotfix_put_key(key, normal);
        return key;
}
