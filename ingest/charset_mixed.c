/* SPDX-License-Identifier: MIT */
/*
 * Text that passed through many hands: lines of several charsets in one body, because a program put its user's words
 * before a text that it did not convert; and ISO-2022-JP whose ESC bytes a gateway took for controls and removed.
 */
#include <string.h>

#include "ingest/charset.h"
#include "ingest/charset_p.h"

#define ESC 0x1B
/* Longer text is taken as one: nobody's words stand before that much. */
#define MENDED_BYTES_MAX (1024u * 1024u)
/* Fewer pairs than this may be ASCII that looks like them. */
#define RESTORED_PAIRS_MIN 2u
#define SENTENCE_PAIRS_MIN 8u
#define SHORT_BYTES 200u

/* --- lines of several charsets --- */

enum line_kind { LINE_PLAIN, LINE_UTF8, LINE_JIS, LINE_OTHER, LINE_KIND_MAX };

static const char *line_end(const char *p, const char *end)
{
        const char *newline = memchr(p, '\n', (size_t) (end - p));
        return newline ? newline + 1 : end;
}

static enum line_kind judge_line(const char *line, size_t size)
{
        unsigned widest;
        bool high = false;
        for (size_t i = 0; i < size && !high; i++)
                high = (unsigned char) line[i] >= 0x80;
        if (charset_has_jis_escape(line, size))
                return LINE_JIS; /* half-width katakana above 0x7F may stand in it (JIS8) */
        if (!high)
                return LINE_PLAIN;
        /* Legacy text is no UTF-8 with characters of three bytes by chance. */
        return charset_is_valid_utf8(line, size, &widest) && widest >= 3 ? LINE_UTF8 : LINE_OTHER;
}

/* Whether there are lines of several kinds; ret_others are those of no known kind, together. */
static bool has_several_kinds(const char *data, size_t size, GString *ret_others)
{
        bool seen[LINE_KIND_MAX] = { false };
        for (const char *p = data, *end = data + size, *stop; p < end; p = stop) {
                stop = line_end(p, end);
                enum line_kind kind = judge_line(p, (size_t) (stop - p));
                seen[kind] = true;
                if (kind == LINE_OTHER)
                        g_string_append_len(ret_others, p, stop - p);
        }
        return seen[LINE_UTF8] + seen[LINE_JIS] + seen[LINE_OTHER] > 1;
}

/* What the lines of no known kind are in. */
static const struct encoding *choose_others(const struct encoding *label, const GString *others)
{
        const struct encoding *choices[] = { encoding_get(ENCODING_CP932), encoding_get(ENCODING_EUCJP) };
        struct reading best, reading;
        bool usable = label && label->ascii_compatible && label->family != FAMILY_ASCII &&
                      label->decoder != BY_UTF8 && label->decoder != BY_ISO2022JP;
        charset_read_as(usable ? label : choices[0], others->str, others->len, &best);
        for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
                charset_read_as(choices[i], others->str, others->len, &reading);
                bool better = usable && best.encoding == label && best.replaced == 0
                                      ? charset_is_much_better(&reading, &best)
                                      : reading.penalty < best.penalty;
                if (better) {
                        charset_reading_clear(&best);
                        best = reading;
                } else {
                        charset_reading_clear(&reading);
                }
        }
        const struct encoding *chosen = best.encoding;
        charset_reading_clear(&best);
        return chosen;
}

/* How many bytes above ASCII's meaning were read as what. */
struct tally {
        const struct encoding *encodings[LINE_KIND_MAX];
        size_t bytes[LINE_KIND_MAX];
};

static void read_line(const struct tally *tally, enum line_kind kind, const char *line, size_t size,
                      struct reading *mixed)
{
        struct reading reading;
        charset_read_as(tally->encodings[kind], line, size, &reading);
        g_string_append_len(mixed->text, reading.text->str, (gssize) reading.text->len);
        mixed->replaced += reading.replaced;
        mixed->penalty += reading.penalty;
        charset_reading_clear(&reading);
}

static void name_encodings(const struct tally *tally, struct reading *mixed)
{
        size_t most = 0, second = 0;
        for (int kind = LINE_UTF8; kind < LINE_KIND_MAX; kind++) {
                if (tally->bytes[kind] > most) {
                        second = most;
                        mixed->also = mixed->encoding;
                        most = tally->bytes[kind];
                        mixed->encoding = tally->encodings[kind];
                } else if (tally->bytes[kind] > second) {
                        second = tally->bytes[kind];
                        mixed->also = tally->encodings[kind];
                }
        }
}

/* Lines of 7 bits are plain or ISO-2022-JP, which is one charset. */
bool charset_read_mixed(const struct encoding *label, const char *data, size_t size, struct reading *ret_reading)
{
        g_autoptr(GString) others = g_string_new(NULL);
        if (size > MENDED_BYTES_MAX || (label && !label->ascii_compatible) || charset_is_seven_bit(data, size) ||
            !has_several_kinds(data, size, others))
                return false;
        struct reading mixed = { .text = g_string_sized_new(size + size / 2 + 16) };
        struct tally tally = { .encodings = { [LINE_PLAIN] = encoding_get(ENCODING_ASCII),
                                              [LINE_UTF8] = encoding_get(ENCODING_UTF8),
                                              [LINE_JIS] = encoding_get(ENCODING_ISO2022JP),
                                              [LINE_OTHER] = choose_others(label, others) } };
        for (const char *p = data, *end = data + size, *stop; p < end; p = stop) {
                stop = line_end(p, end);
                enum line_kind kind = judge_line(p, (size_t) (stop - p));
                tally.bytes[kind] += (size_t) (stop - p);
                read_line(&tally, kind, p, (size_t) (stop - p), &mixed);
        }
        name_encodings(&tally, &mixed);
        charset_look_at(mixed.text->str, mixed.text->len, &mixed.look);
        *ret_reading = mixed;
        return true;
}

/* --- lost ESC bytes --- */

/* What stands where an ESC stood: nothing, or the one character that it was replaced with. */
struct loss {
        char substitute; /* 0 for nothing */
        GString *out;
        size_t pairs, doubtful_pairs, restored;
        size_t telling_pairs; /* with a character that is neither letter nor digit, as in no word of ASCII */
        size_t kana;          /* pairs */
        size_t closed;        /* shifts to kanji that a shift back ends */
        size_t failed;        /* what looks like a shift and is none */
};

/* An escape sequence without its ESC at p: its length with the substitute, or 0. ret_to_kanji tells which kind. */
static size_t match_lost(const struct loss *loss, const char *p, const char *end, bool *ret_to_kanji)
{
        size_t skip = loss->substitute ? 1 : 0;
        if ((size_t) (end - p) < skip + 2 || (skip > 0 && *p != loss->substitute))
                return 0;
        p += skip;
        *ret_to_kanji = p[0] == '$' && (p[1] == 'B' || p[1] == '@');
        bool to_ascii = p[0] == '(' && (p[1] == 'B' || p[1] == 'J');
        return *ret_to_kanji || to_ascii ? skip + 2 : 0;
}

static void put_back(struct loss *loss, const char *p, size_t size)
{
        g_string_append_c(loss->out, ESC);
        g_string_append_len(loss->out, p + size - 2, 2);
        loss->restored++;
}

/* The pairs behind a shift to kanji; returns where they end, NULL where they are none. */
static const char *copy_pairs(struct loss *loss, const char *p, const char *end)
{
        bool to_kanji;
        while (p < end && *p != '\n' && *p != '\r' && *p != ESC) {
                size_t size = match_lost(loss, p, end, &to_kanji);
                if (size > 0 && !to_kanji) {
                        put_back(loss, p, size);
                        loss->closed++;
                        return p + size;
                }
                gunichar c = end - p >= 2 && p[0] > 0x20 && p[1] > 0x20
                                     ? charset_x0208_pair((unsigned char) p[0], (unsigned char) p[1])
                                     : 0;
                if (c == 0)
                        return NULL;
                loss->pairs++;
                loss->telling_pairs += !g_ascii_isalnum(p[0]) || !g_ascii_isalnum(p[1]);
                loss->kana += c > 0x3040 && c < 0x3100;
                loss->doubtful_pairs += charset_kanji_level(c) == 2 || (c >= 0x370 && c < 0x3000);
                g_string_append_len(loss->out, p, 2);
                p += 2;
        }
        return p;
}

/* Where kanji begin, by an ESC that is still there or by one that is lost: the length of that, or 0. */
static size_t match_shift(struct loss *loss, const char *p, const char *end)
{
        bool to_kanji = false;
        if (*p == ESC)
                return end - p >= 3 && p[1] == '$' && (p[2] == 'B' || p[2] == '@') ? 3 : 0;
        size_t size = match_lost(loss, p, end, &to_kanji);
        return to_kanji ? size : 0;
}

static bool restore(struct loss *loss, const char *data, size_t size)
{
        for (const char *p = data, *end = data + size; p < end;) {
                size_t shift = match_shift(loss, p, end), before = loss->out->len;
                struct loss saved = *loss;
                if (shift == 0) {
                        bool to_kanji;
                        loss->failed += (p == data || p[-1] != ESC) && match_lost(loss, p, end, &to_kanji) > 0;
                        g_string_append_c(loss->out, *p++);
                        continue;
                }
                if (*p == ESC)
                        g_string_append_len(loss->out, p, 3);
                else
                        put_back(loss, p, shift);
                const char *next = copy_pairs(loss, p + shift, end);
                if (!next || (loss->pairs == saved.pairs && *p != ESC)) { /* no kanji */
                        *loss = saved;
                        loss->failed += *p != ESC;
                        g_string_truncate(loss->out, before);
                        g_string_append_len(loss->out, p, (gssize) shift);
                        next = p + shift;
                }
                p = next;
        }
        return loss->restored >= 2 && loss->pairs >= RESTORED_PAIRS_MIN && loss->doubtful_pairs * 4 <= loss->pairs &&
               loss->telling_pairs * 4 >= loss->pairs && loss->failed * 8 <= loss->restored;
}

/* Whether that is no accident: a short text, as a header is, must fit wholly, and where the label says something else
 * there must be sentences. */
static bool is_certain(const struct loss *loss, size_t size, bool label_agrees)
{
        if (!label_agrees && (loss->pairs < SENTENCE_PAIRS_MIN || loss->kana * 10 < loss->pairs))
                return false;
        return size >= SHORT_BYTES || (loss->failed == 0 && loss->closed > 0);
}

/* Whether 7-bit text has something like an escape sequence without its ESC. */
static bool may_have_lost(const char *data, size_t size)
{
        bool found = false;
        for (size_t i = 0; i < size; i++) {
                if ((unsigned char) data[i] >= 0x80)
                        return false;
                if (data[i] == '$' && i + 1 < size && (data[i + 1] == 'B' || data[i + 1] == '@'))
                        found = found || i == 0 || data[i - 1] != ESC;
                if (data[i] == '(' && i + 1 < size && (data[i + 1] == 'B' || data[i + 1] == 'J'))
                        found = found || i == 0 || data[i - 1] != ESC;
        }
        return found;
}

/* A shift to kanji without its ESC. */
static bool has_bare_shift(const char *p, const char *end)
{
        while ((p = memchr(p, '$', (size_t) (end - p)))) {
                if (end - p >= 2 && (p[1] == 'B' || p[1] == '@'))
                        return true;
                p++;
        }
        return false;
}

/*
 * Whether nothing was lost after all: in sound ISO-2022-JP the bytes of kanji look like escape sequences as well.
 * That is so where no shift to kanji stands outside of kanji without its ESC, and none back to ASCII in front of a pair.
 */
static bool is_sound(const char *data, size_t size)
{
        const char *end = data + size, *esc;
        for (const char *p = data; p < end;) {
                esc = memchr(p, ESC, (size_t) (end - p));
                if (has_bare_shift(p, esc ? esc : end))
                        return false;
                if (!esc)
                        return true;
                p = esc + 1;
                if (end - p < 2 || p[0] != '$' || (p[1] != 'B' && p[1] != '@'))
                        continue;
                for (p += 2; p < end && *p != '\n' && *p != '\r' && *p != ESC; p += 2) {
                        bool pair = end - p >= 2 && p[0] > 0x20 && p[1] > 0x20;
                        if (!pair || !charset_x0208_pair((unsigned char) p[0], (unsigned char) p[1]) ||
                            (p[0] == '(' && (p[1] == 'B' || p[1] == 'J')) || (p[0] == '?' && p[1] == '('))
                                return false;
                }
        }
        return true;
}

GString *charset_restore_escapes(const char *data, size_t size, bool label_agrees, size_t *ret_restored)
{
        static const char substitutes[] = { '\0', ' ', '?' };
        if (size > MENDED_BYTES_MAX || is_sound(data, size) || !may_have_lost(data, size))
                return NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(substitutes); i++) {
                struct loss loss = { .substitute = substitutes[i], .out = g_string_sized_new(size + size / 8 + 16) };
                if (restore(&loss, data, size) && is_certain(&loss, size, label_agrees)) {
                        *ret_restored = loss.restored;
                        return loss.out;
                }
                g_string_free(loss.out, TRUE);
        }
        return NULL;
}
