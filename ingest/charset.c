/* SPDX-License-Identifier: MIT */
#include "ingest/charset.h"

#include <string.h>

#include "common/text.h"
#include "ingest/charset_p.h"

/* Candidates are compared on this much, from the line of the first byte that is not plain ASCII. */
#define SAMPLE_BYTES (8u * 1024u)
/* One character of so many may be undecodable in a reading that takes the place of a single-byte label. */
#define TOLERATED_SHARE 20u

/* A character between escape sequences that is read as something else. */
#define ESCAPED_PENALTY 8u

/* Text in UTF-16 without a mark has at least this share of zero bytes, 1/share: its ASCII, and its line ends. */
#define WIDE_ZERO_SHARE 40u

/* What a wrong label must cost more than the right one: two strange characters in a row are no accident. */
#define CERTAIN_PENALTY 6u

void charset_prepare(void)
{
        encoding_prepare();
}

bool charset_is_seven_bit(const char *data, size_t size)
{
        guint64 word, all = 0;
        size_t i = 0;
        for (; size - i >= sizeof word; i += sizeof word) {
                memcpy(&word, data + i, sizeof word);
                all |= word;
        }
        for (; i < size; i++)
                all |= (unsigned char) data[i];
        return (all & 0x8080808080808080u) == 0;
}

static bool is_stray_control(unsigned char c)
{
        return c < 0x20 && !(c >= '\t' && c <= '\r'); /* form feed and vertical tab end lines */
}

/* The first byte that is not plain ASCII text, or size. */
static size_t plain_prefix(const char *data, size_t size)
{
        size_t i = 0;
        for (guint64 word; size - i >= sizeof word; i += sizeof word) {
                memcpy(&word, data + i, sizeof word);
                guint64 below_space = (word - 0x2020202020202020u) & ~word;
                if (((word | below_space) & 0x8080808080808080u) == 0)
                        continue;
                for (size_t k = i; k < i + sizeof word; k++)
                        if ((unsigned char) data[k] >= 0x80 || is_stray_control((unsigned char) data[k]))
                                return k;
        }
        while (i < size && (unsigned char) data[i] < 0x80 && !is_stray_control((unsigned char) data[i]))
                i++;
        return i;
}

bool charset_is_valid_utf8(const char *data, size_t size, unsigned *ret_widest)
{
        const char *p = data, *end = data + size;
        while (p < end && !g_utf8_validate_len(p, (size_t) (end - p), &p)) {
                if (*p != '\0')
                        return false;
                p++;
        }
        unsigned widest = 1;
        for (const unsigned char *b = (const unsigned char *) data; b < (const unsigned char *) end && widest < 4; b++)
                if (*b >= 0xC2)
                        widest = MAX(widest, *b >= 0xF0 ? 4u : *b >= 0xE0 ? 3u : 2u);
        *ret_widest = widest;
        return true;
}

static bool has_utf16_mark(const char *data, size_t size)
{
        return size >= 2 && (memcmp(data, "\xFF\xFE", 2) == 0 || memcmp(data, "\xFE\xFF", 2) == 0);
}

static bool has_utf32_mark(const char *data, size_t size)
{
        return size >= 4 && (memcmp(data, "\xFF\xFE\0\0", 4) == 0 || memcmp(data, "\0\0\xFE\xFF", 4) == 0);
}

static size_t utf8_mark_length(const char *data, size_t size)
{
        return size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* The first byte from i on that is a control other than white space, or size. */
static size_t find_stray(const char *data, size_t size, size_t i)
{
        for (guint64 word; size - i >= sizeof word; i += sizeof word) {
                memcpy(&word, data + i, sizeof word);
                if (((word - 0x2020202020202020u) & ~word & 0x8080808080808080u) == 0)
                        continue;
                for (size_t k = i; k < i + sizeof word; k++)
                        if (is_stray_control((unsigned char) data[k]))
                                return k;
        }
        while (i < size && !is_stray_control((unsigned char) data[i]))
                i++;
        return i;
}

/* Stray controls become U+FFFD; nothing is dropped. */
static void replace_controls(struct reading *reading)
{
        GString *text = reading->text;
        size_t stray = find_stray(text->str, text->len, 0), start = 0;
        if (stray == text->len)
                return;
        GString *clean = g_string_sized_new(text->len + 64);
        for (; stray < text->len; stray = find_stray(text->str, text->len, start)) {
                g_string_append_len(clean, text->str + start, (gssize) (stray - start));
                charset_append_replacement(clean, &reading->replaced);
                start = stray + 1;
        }
        g_string_append_len(clean, text->str + start, (gssize) (text->len - start));
        g_string_free(text, TRUE);
        reading->text = clean;
}

void charset_reading_clear(struct reading *reading)
{
        if (reading->text)
                g_string_free(reading->text, TRUE);
        *reading = (struct reading){ 0 };
}

void charset_read_as(const struct encoding *encoding, const char *data, size_t size, struct reading *ret_reading)
{
        struct reading reading = { .encoding = encoding, .text = g_string_sized_new(size + size / 2 + 16) };
        encoding_decode(encoding, data, size, reading.text, &reading.replaced);
        replace_controls(&reading);
        reading.cut = reading.replaced == 1 && g_str_has_suffix(reading.text->str, "\xEF\xBF\xBD");
        charset_look_at(reading.text->str, reading.text->len, &reading.look);
        reading.penalty = charset_reading_penalty(&reading);
        *ret_reading = reading;
}

/* The characters that stand between escape sequences; whoever reads them as ASCII is wrong. */
static size_t count_escaped(const char *data, size_t size)
{
        struct reading jis;
        if (!charset_has_jis_escape(data, size))
                return 0;
        charset_read_as(encoding_get(ENCODING_ISO2022JP), data, size, &jis);
        size_t escaped = jis.look.kana + jis.look.kanji;
        charset_reading_clear(&jis);
        return escaped;
}

/* Takes the other reading if it is better. */
static void consider(const struct encoding *encoding, const char *data, size_t size, struct reading *best)
{
        struct reading other;
        if (best->encoding == encoding)
                return;
        charset_read_as(encoding, data, size, &other);
        if (encoding->decoder != BY_ISO2022JP)
                other.penalty += ESCAPED_PENALTY * count_escaped(data, size);
        if (!best->encoding || other.penalty < best->penalty) {
                charset_reading_clear(best);
                *best = other;
        } else {
                charset_reading_clear(&other);
        }
}

/* The part of the bytes that tells most: whole lines, so that a stateful encoding starts in its first state. */
static void take_sample(const char **data, size_t *size)
{
        if (*size <= SAMPLE_BYTES)
                return;
        size_t start = plain_prefix(*data, *size), lowest = start > SAMPLE_BYTES / 2 ? start - SAMPLE_BYTES / 2 : 0;
        while (start > lowest && (*data)[start - 1] != '\n')
                start--;
        size_t length = MIN(*size - start, SAMPLE_BYTES), whole = length;
        while (whole > SAMPLE_BYTES / 2 && (*data)[start + whole - 1] != '\n')
                whole--;
        *data += start;
        *size = whole > SAMPLE_BYTES / 2 ? whole : length;
}

/* The encodings of two and four bytes, where a byte order mark or zero bytes suggest them. */
static void consider_wide(const char *data, size_t size, struct reading *best)
{
        size_t zeros = 0;
        for (size_t i = 0; i < size; i++)
                zeros += data[i] == '\0';
        if (has_utf32_mark(data, size))
                consider(encoding_get(ENCODING_UTF32), data, size, best);
        if (zeros * 2 >= size && size % 4 == 0) {
                consider(encoding_get(ENCODING_UTF32LE), data, size, best);
                consider(encoding_get(ENCODING_UTF32BE), data, size, best);
        }
        if (has_utf16_mark(data, size)) {
                consider(encoding_get(ENCODING_UTF16), data, size, best);
        } else if (zeros >= 2 && zeros * WIDE_ZERO_SHARE >= size && size % 2 == 0) {
                consider(encoding_get(ENCODING_UTF16LE), data, size, best);
                consider(encoding_get(ENCODING_UTF16BE), data, size, best);
        }
}

/* The best reading of bytes whose label (NULL: none) does not settle it. */
static void choose(const struct encoding *label, const char *data, size_t size, struct reading *ret_best)
{
        unsigned widest = 1;
        bool whole_utf8 = charset_is_valid_utf8(data, size, &widest);

        take_sample(&data, &size);
        *ret_best = (struct reading){ 0 };
        if (label)
                consider(label, data, size, ret_best);
        bool mostly_wrong = ret_best->replaced * 2 > ret_best->look.non_ascii || ret_best->look.controls > 0;
        consider_wide(data, size, ret_best);
        if (charset_has_jis_escape(data, size))
                consider(encoding_get(ENCODING_ISO2022JP), data, size, ret_best);
        consider(encoding_get(ENCODING_UTF8), data, size, ret_best);
        if (whole_utf8 && widest >= 3)
                return; /* no other encoding is valid UTF-8 with characters of three bytes by chance */
        consider(encoding_get(ENCODING_CP932), data, size, ret_best);
        consider(encoding_get(ENCODING_EUCJP), data, size, ret_best);
        if (!label || mostly_wrong)
                consider(encoding_get(ENCODING_WINDOWS1252), data, size, ret_best); /* it would read anything */
}

/* A reading without an error under its label can still be wrong. */
static bool is_doubtful(const struct reading *reading, const char *data, size_t size)
{
        const struct encoding *encoding = reading->encoding;
        unsigned widest = 1;
        if (encoding->decoder == BY_ISO2022JP && reading->look.half_width == 0)
                return false; /* no byte above 0x7F was taken for a character */
        if (encoding->decoder == BY_UTF16 || encoding->decoder == BY_UTF32)
                return !memchr(data, 0, size); /* no ASCII in it, not even a line end */
        if (encoding->decoder == BY_UTF8)
                return false;
        if (charset_is_valid_utf8(data, size, &widest) && widest >= (encoding->family == FAMILY_SINGLE_BYTE ? 2 : 3))
                return true;
        return reading->look.strange + reading->look.half_width > 0 || encoding->family == FAMILY_SINGLE_BYTE;
}

static bool is_western(const struct encoding *encoding)
{
        return encoding == encoding_get(ENCODING_WINDOWS1252) || strcmp(encoding->name, "iso-8859-1") == 0 ||
               strcmp(encoding->name, "iso-8859-15") == 0;
}

bool charset_is_much_better(const struct reading *other, const struct reading *labelled)
{
        size_t penalty = labelled->penalty;
        if (labelled->encoding->decoder == BY_CP932)
                penalty -= labelled->look.half_width; /* words in half-width katakana are nothing against the label */
        return other->penalty + CERTAIN_PENALTY <= penalty && other->penalty * 3 <= penalty;
}

/* A single-byte label decodes any bytes, so that a foreign footer, or a sample that begins or ends within a character,
 * must not speak for it. */
static size_t count_tolerated(const struct reading *other, const struct encoding *label)
{
        return label->family == FAMILY_SINGLE_BYTE ? 2 + other->look.non_ascii / TOLERATED_SHARE : 0;
}

/* Where a label is doubted although it decodes, the other reading must be right beyond doubt: unsure, the label
 * counts. */
static bool convinces(const struct reading *other, const struct reading *labelled)
{
        const struct encoding *label = labelled->encoding;
        const struct text_look *look = &other->look;
        bool has_kana = look->kana * 20 >= look->non_ascii && look->kana >= 2;
        bool by_bytes = other->encoding->family == FAMILY_JAPANESE && other->encoding->decoder != BY_ISO2022JP;
        if (label->family == FAMILY_OTHER && by_bytes && !has_kana)
                return false; /* Chinese and Korean have none, whatever they are read as */
        if (labelled->replaced > 0)
                return other->penalty * 3 <= labelled->penalty || other->encoding->family == FAMILY_UNICODE ||
                       labelled->replaced * 2 > labelled->look.non_ascii;
        if (charset_count_replaced(other) > count_tolerated(other, label))
                return false;
        bool wide = look->narrow < look->non_ascii; /* UTF-8 with characters of three bytes: never by chance */
        if (other->encoding->family == FAMILY_UNICODE && (label->family == FAMILY_SINGLE_BYTE || wide))
                return true;
        if (!charset_is_much_better(other, labelled))
                return false;
        if (label->family != FAMILY_SINGLE_BYTE || look->kana >= 2 || labelled->look.controls > 0)
                return true;
        /* kanji alone: no accented letter stands beside a letter of ASCII, as nearly all do in Latin text */
        return is_western(label) && labelled->look.non_ascii >= 4 &&
               labelled->look.lone_marks == labelled->look.non_ascii;
}

/* Whether plain ASCII, or UTF-8 in which nothing has to be replaced, so that the bytes are the text. */
static bool is_text_already(const struct encoding *label, const char *data, size_t size, bool *ret_is_clean)
{
        *ret_is_clean = false;
        if (plain_prefix(data, size) == size)
                return !label || label->ascii_compatible;
        if (!label || label->decoder != BY_UTF8 || label->family != FAMILY_UNICODE)
                return false;
        *ret_is_clean = text_is_clean(data, size); /* in one pass, and whoever reads the text needs no other */
        return *ret_is_clean || (find_stray(data, size, 0) == size && text_is_valid(data, size));
}

/* The label's reading of a sample, without reading again what has been read whole. */
static bool label_is_wrong(const struct reading *labelled, const char *data, size_t size, struct reading *ret_best)
{
        struct reading judged = *labelled;
        const char *sample = data;
        size_t sample_size = size;
        choose(labelled->encoding, data, size, ret_best);
        take_sample(&sample, &sample_size);
        if (sample_size < size)
                charset_read_as(labelled->encoding, sample, sample_size, &judged);
        judged.replaced = MAX(judged.replaced, labelled->replaced > 0);
        bool wrong = ret_best->encoding != labelled->encoding && convinces(ret_best, &judged);
        if (sample_size < size)
                charset_reading_clear(&judged);
        return wrong;
}

/* The bytes as they are best read in one encoding. label is NULL where there is none that is known. */
static void settle(const struct encoding *label, const char *data, size_t size, struct reading *ret_reading)
{
        struct reading labelled = { 0 }, best = { 0 };
        if (label) {
                charset_read_as(label, data, size, &labelled);
                if (((labelled.replaced == 0 || labelled.cut) && !is_doubtful(&labelled, data, size)) ||
                    !label_is_wrong(&labelled, data, size, &best)) {
                        charset_reading_clear(&best);
                        *ret_reading = labelled;
                        return;
                }
                charset_reading_clear(&labelled);
        } else {
                choose(NULL, data, size, &best);
        }
        const struct encoding *other = best.encoding;
        charset_reading_clear(&best);
        charset_read_as(other, data, size, ret_reading);
}

/* Lines of several charsets, where that explains more than one charset for all. */
static void settle_lines(const struct encoding *label, const char *data, size_t size, struct reading *reading)
{
        struct reading mixed;
        bool may_be_legacy = !label || label->family != FAMILY_OTHER; /* Chinese can be UTF-8 by chance sooner */
        if (reading->replaced == 0 && (!may_be_legacy || reading->encoding->family == FAMILY_UNICODE))
                return;
        if (!charset_read_mixed(label, data, size, &mixed))
                return;
        bool better = reading->replaced > 0 ? mixed.penalty * 2 <= reading->penalty
                                            : charset_is_much_better(&mixed, reading);
        if (mixed.replaced <= reading->replaced && better) {
                charset_reading_clear(reading);
                *reading = mixed;
        } else {
                charset_reading_clear(&mixed);
        }
}

static void read_bytes(const struct encoding *label, const char *data, size_t size, struct charset_result *result,
                       struct reading *ret_reading)
{
        size_t mark = utf8_mark_length(data, size);
        if (mark > 0 && g_utf8_validate_len(data, size, NULL)) {
                charset_read_as(encoding_get(ENCODING_UTF8), data + mark, size - mark, ret_reading);
                return;
        }
        GString *ordinary = label ? charset_read_ordinary(label, data, size) : NULL;
        if (ordinary) {
                *ret_reading = (struct reading){ .encoding = label, .text = ordinary };
                result->is_clean = true;
                return;
        }
        if (!label || label->ascii_compatible) {
                bool agrees = !label || label->family == FAMILY_ASCII || label->decoder == BY_ISO2022JP;
                g_autoptr(GString) restored = charset_restore_escapes(data, size, agrees, &result->restored);
                if (restored) {
                        charset_read_as(encoding_get(ENCODING_ISO2022JP), restored->str, restored->len, ret_reading);
                        return;
                }
        }
        if (is_text_already(label, data, size, &result->is_clean)) {
                *ret_reading = (struct reading){ .encoding = label ? label : encoding_get(ENCODING_ASCII),
                                                 .text = g_string_new_len(data, (gssize) size) };
                return;
        }
        if (label && label->family == FAMILY_ASCII)
                label = NULL; /* not what it says: nothing is known */
        settle(label, data, size, ret_reading);
        settle_lines(label, data, size, ret_reading);
}

void charset_decode(const char *declared, const void *data, size_t size, struct charset_result *ret_result)
{
        const char *bytes = data ? data : "";
        bool declares = declared && declared[strspn(declared, " \t\r\n\"'")] != '\0';
        const struct encoding *label = encoding_find(declared);
        struct charset_result result = { 0 };
        struct reading reading;

        read_bytes(label, bytes, size, &result, &reading);
        if (reading.encoding->decoder == BY_UTF8 && utf8_mark_length(reading.text->str, reading.text->len) > 0)
                g_string_erase(reading.text, 0, 3);
        result.used = reading.encoding->name;
        result.also = reading.also ? reading.also->name : NULL;
        result.repaired = declares && (reading.encoding != label || reading.also || result.restored > 0);
        result.replaced = reading.replaced;
        result.size = reading.text->len;
        result.text = g_string_free(g_steal_pointer(&reading.text), FALSE);
        *ret_result = result;
}

const char *charset_guess(const void *data, size_t size)
{
        struct reading best;
        const char *bytes = data ? data : "";
        if (plain_prefix(bytes, size) == size)
                return encoding_get(ENCODING_ASCII)->name;
        choose(NULL, bytes, size, &best);
        bool fits = best.replaced == 0 && best.look.controls == 0 && best.look.private_use == 0;
        if (!fits && best.encoding->family == FAMILY_JAPANESE) /* damaged, but recognisable */
                fits = best.look.kana > 0 && best.replaced * 20 <= best.look.non_ascii;
        const char *name = fits ? best.encoding->name : NULL;
        charset_reading_clear(&best);
        return name;
}
