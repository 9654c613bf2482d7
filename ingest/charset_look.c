/* SPDX-License-Identifier: MIT */
/*
 * How much a decoded text looks like text that someone wrote. Bytes that are read in a wrong Japanese encoding mostly
 * decode without an error, but to rare kanji and to half-width katakana in an order that no word has.
 */
#include <string.h>

#include "ingest/charset_p.h"

/* What a character costs. One that means nothing in the encoding costs more than any two that are merely odd. */
#define COST_NOTHING 12u
#define COST_FOREIGN_KANJI 6u
#define COST_ODD_ORDER 6u
#define COST_RARE_KANJI 4u
#define COST_MOJIBAKE 8u
#define COST_LONE 3u
#define COST_OTHER_SCRIPT 2u
#define CUT_CHARS_MIN 40u

/* Half-width katakana behind each other. */
struct half_width_run {
        gunichar last, last_but_one;
        unsigned length;
};

/* 1: U+FF66 ｦ, 2: a small letter, 3: the long vowel mark, 4: a vowel, 5: can be voiced, 6: ﾊ to ﾎ, 7: other letters,
 * 8: ﾝ, 9: ﾞ, 10: ﾟ, 0: punctuation. */
enum half_width_kind { PUNCTUATION, WO, SMALL, LONG, VOWEL, VOICEABLE, H_ROW, LETTER, N, VOICED, HALF_VOICED };

static enum half_width_kind half_width_kind(gunichar c)
{
        if (c < 0xFF66)
                return PUNCTUATION;
        if (c == 0xFF66)
                return WO;
        if (c <= 0xFF6F)
                return SMALL;
        if (c == 0xFF70)
                return LONG;
        if (c <= 0xFF75)
                return c == 0xFF73 ? VOICEABLE : VOWEL; /* ｳﾞ is common */
        if (c <= 0xFF84)
                return VOICEABLE;
        if (c >= 0xFF8A && c <= 0xFF8E)
                return H_ROW;
        if (c == 0xFF9D)
                return N;
        return c == 0xFF9E ? VOICED : c == 0xFF9F ? HALF_VOICED : LETTER;
}

/* Whether no word has c there. */
static bool is_odd_order(const struct half_width_run *run, gunichar c)
{
        enum half_width_kind kind = half_width_kind(c), last = half_width_kind(run->last);
        bool first = run->length == 0 || last == PUNCTUATION;
        switch (kind) {
        case VOICED:
                return first || (last != VOICEABLE && last != H_ROW);
        case HALF_VOICED:
                return first || last != H_ROW;
        case SMALL:
                return first || last == SMALL || last == LONG || last == N || last == WO;
        case LONG:
                return first || last == N || run->last == 0xFF6F;
        case N:
                return first || last == N || run->last == 0xFF6F;
        case PUNCTUATION:
                if (c == run->last)
                        return false; /* dots in a row */
                return run->length > 0 && (last == PUNCTUATION || (run->length > 1 && run->last_but_one < 0xFF66));
        default:
                return run->length > 0 && run->last == 0xFF6F && (kind == VOWEL || kind == WO);
        }
}

static void end_run(struct half_width_run *run, struct text_look *look)
{
        if (run->length == 1)
                look->half_width_strange += COST_LONE;
        *run = (struct half_width_run){ 0 };
}

static void add_half_width(struct half_width_run *run, gunichar c, struct text_look *look)
{
        look->half_width++;
        look->half_width_strange += is_odd_order(run, c) ? COST_ODD_ORDER : 0;
        run->last_but_one = run->last;
        run->last = c;
        run->length++;
}

static bool is_ascii_letter_at(const char *text, const char *p, const char *end)
{
        return p >= text && p < end && g_ascii_isalpha(*p);
}

/* U+3000 to U+9FFF: nearly all of Japanese. */
static void look_at_japanese(gunichar c, struct text_look *look)
{
        if (c < 0x3400) {
                look->kana += (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FC);
                return;
        }
        unsigned level = charset_kanji_level(c);
        look->kanji++;
        if (c == 0x7E3A || c == 0x7E67 || c == 0x7E5D) /* the kana of UTF-8 read as Shift_JIS */
                look->strange += COST_MOJIBAKE;
        else if (level != 1)
                look->strange += level == 2 ? COST_RARE_KANJI : COST_FOREIGN_KANJI;
}

/* Characters below U+3000 and behind the kanji. */
static void look_at_other(const char *text, const char *p, const char *end, struct half_width_run *run,
                          struct text_look *look)
{
        gunichar c = g_utf8_get_char(p);
        look->narrow += c < 0x800;
        if (!is_ascii_letter_at(text, p - 1, end) && !is_ascii_letter_at(text, g_utf8_next_char(p), end))
                look->lone_marks++;
        if (c >= 0xFF61 && c <= 0xFF9F) {
                add_half_width(run, c, look);
                return;
        }
        bool private_use = (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000;
        look->controls += c < 0xA0;
        look->private_use += private_use;
        if (c < 0xA0 || private_use)
                look->strange += COST_NOTHING;
        else if ((c >= 0x370 && c < 0x1100) || (c >= 0xAC00 && c < 0xE000))
                look->strange += COST_OTHER_SCRIPT;
}

void charset_look_at(const char *text, size_t size, struct text_look *ret_look)
{
        struct text_look look = { 0 };
        struct half_width_run run = { 0 };
        const char *end = text + size;
        for (const char *p = text; p < end;) {
                unsigned char lead = (unsigned char) *p;
                bool half_width = lead == 0xEF && ((unsigned char) p[1] == 0xBD || (unsigned char) p[1] == 0xBE);
                if (run.length > 0 && !half_width)
                        end_run(&run, &look);
                if (lead < 0x80) {
                        guint64 word;
                        for (p++; (size_t) (end - p) >= sizeof word; p += sizeof word) {
                                memcpy(&word, p, sizeof word);
                                if (word & 0x8080808080808080u)
                                        break;
                        }
                        continue;
                }
                look.non_ascii++;
                if (lead >= 0xE3 && lead <= 0xE9) {
                        look_at_japanese((lead & 0x0Fu) << 12 | ((unsigned char) p[1] & 0x3Fu) << 6 |
                                                 ((unsigned char) p[2] & 0x3Fu),
                                         &look);
                        p += 3;
                        continue;
                }
                look_at_other(text, p, end, &run, &look);
                p = g_utf8_next_char(p);
        }
        end_run(&run, &look);
        *ret_look = look;
}

/* Of a short text a wrong reading has its one error at the end easily. */
size_t charset_count_replaced(const struct reading *r)
{
        return r->cut && r->look.non_ascii >= CUT_CHARS_MIN ? 0 : r->replaced;
}

size_t charset_reading_penalty(const struct reading *r)
{
        const struct text_look *look = &r->look;
        size_t penalty = COST_NOTHING * charset_count_replaced(r) + look->strange;
        if (r->encoding->decoder != BY_EUCJP) /* there each has a byte before it that says so */
                penalty += look->half_width_strange + look->half_width;
        if (r->encoding->family == FAMILY_SINGLE_BYTE)
                penalty += look->non_ascii + 2 * look->lone_marks;
        if (r->encoding->decoder == BY_UTF8 && look->narrow == look->non_ascii)
                penalty += look->lone_marks; /* short EUC-JP is valid UTF-8 now and then, as strings of odd letters */
        return penalty;
}
