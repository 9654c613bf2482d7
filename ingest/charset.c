/* SPDX-License-Identifier: MIT */
#include "ingest/charset.h"

#include <string.h>

#include "ingest/charset_p.h"

/* Candidates are compared on this much, from the line of the first byte that is not plain ASCII. */
#define SAMPLE_BYTES (8u * 1024u)

/* One way to read the bytes. */
struct reading {
        const struct encoding *encoding;
        GString *text;
        size_t replaced; /* stray controls are among them */
        bool cut; /* right but for its last character */
        struct text_look look;
        size_t penalty;
};

void charset_prepare(void)
{
        encoding_prepare();
}

static bool is_stray_control(unsigned char c)
{
        return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
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

/* Valid as UTF-8 but for NUL and controls. ret_widest is the length of its longest character. */
static bool is_valid_utf8(const char *data, size_t size, unsigned *ret_widest)
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

static size_t utf8_mark_length(const char *data, size_t size)
{
        return size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* How little a reading looks like text that someone wrote. */
static size_t reading_penalty(const struct reading *r)
{
        const struct text_look *look = &r->look;
        size_t penalty = 8 * (r->replaced + look->controls + look->private_use) + 4 * look->mojibake +
                         2 * look->half_width + 2 * look->half_width_marks;
        if (r->encoding->family == FAMILY_SINGLE_BYTE)
                penalty += look->non_ascii + 2 * look->lone_marks;
        if (r->encoding->decoder == BY_UTF8 && look->narrow == look->non_ascii)
                penalty += look->lone_marks; /* short EUC-JP is valid UTF-8 now and then, as strings of odd letters */
        return penalty;
}

/* The first byte from i on that is a control other than tab and line ends, or size. */
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

static void reading_clear(struct reading *reading)
{
        if (reading->text)
                g_string_free(reading->text, TRUE);
        *reading = (struct reading){ 0 };
}

/* Pairs that UTF-8 gives when it is read as Shift_JIS, and Japanese text hardly ever: its rarer kanji start with the
 * bytes with which the characters of Japanese start in UTF-8. */
static size_t count_rare_pairs(const char *data, size_t size)
{
        size_t rare = 0;
        for (const unsigned char *p = (const unsigned char *) data, *end = p + size; p < end; p++) {
                if (*p < 0x81 || (*p >= 0xA0 && *p <= 0xDF))
                        continue;
                rare += *p >= 0xE3 && *p <= 0xE9;
                p++; /* the trail byte */
        }
        return rare;
}

static void read_as(const struct encoding *encoding, const char *data, size_t size, struct reading *ret_reading)
{
        struct reading reading = { .encoding = encoding, .text = g_string_sized_new(size + size / 2 + 16) };
        encoding_decode(encoding, data, size, reading.text, &reading.replaced);
        replace_controls(&reading);
        reading.cut = reading.replaced == 1 && g_str_has_suffix(reading.text->str, "\xEF\xBF\xBD");
        charset_look_at(reading.text->str, reading.text->len, &reading.look);
        reading.penalty = reading_penalty(&reading);
        if (encoding->decoder == BY_CP932)
                reading.penalty += 3 * count_rare_pairs(data, size);
        *ret_reading = reading;
}

/* Takes the other reading if it is better. */
static void consider(enum encoding_id id, const char *data, size_t size, struct reading *best)
{
        struct reading other;
        if (best->encoding == encoding_get(id))
                return;
        read_as(encoding_get(id), data, size, &other);
        if (!best->encoding || other.penalty < best->penalty) {
                reading_clear(best);
                *best = other;
        } else {
                reading_clear(&other);
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

/* The best reading of bytes whose label (NULL: none) does not settle it. */
static void choose(const struct encoding *label, const char *data, size_t size, struct reading *ret_best)
{
        unsigned widest = 1;
        bool whole_utf8 = is_valid_utf8(data, size, &widest);
        bool mark16 = has_utf16_mark(data, size);

        take_sample(&data, &size);
        *ret_best = (struct reading){ 0 };
        if (label)
                read_as(label, data, size, ret_best);
        bool mostly_wrong = ret_best->replaced * 2 > ret_best->look.non_ascii || ret_best->look.controls > 0;
        if (mark16)
                consider(ENCODING_UTF16, data, size, ret_best);
        if (charset_has_jis_escape(data, size))
                consider(ENCODING_ISO2022JP, data, size, ret_best);
        consider(ENCODING_UTF8, data, size, ret_best);
        if (whole_utf8 && widest >= 3)
                return; /* no other encoding is valid UTF-8 with characters of three bytes by chance */
        consider(ENCODING_CP932, data, size, ret_best);
        consider(ENCODING_EUCJP, data, size, ret_best);
        if (!label || mostly_wrong)
                consider(ENCODING_WINDOWS1252, data, size, ret_best); /* it would read anything */
}

static bool has_high_bytes(const char *data, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if ((unsigned char) data[i] >= 0x80)
                        return true;
        return false;
}

/* A reading without an error under its label can still be wrong. */
static bool is_doubtful(const struct reading *reading, const char *data, size_t size)
{
        const struct encoding *encoding = reading->encoding;
        const struct text_look *look = &reading->look;
        unsigned widest = 1;
        if (encoding->decoder == BY_ISO2022JP && look->half_width == 0)
                return false; /* no byte above 0x7F was taken for a character */
        bool utf8 = is_valid_utf8(data, size, &widest);

        if (encoding->decoder == BY_UTF16)
                return utf8 && !memchr(data, 0, size); /* UTF-16 in which no ASCII, not even a line end, occurs */
        if (encoding->decoder == BY_UTF8)
                return false;
        if (utf8 && widest >= (encoding->family == FAMILY_SINGLE_BYTE ? 2 : 3))
                return true;
        if (encoding->family == FAMILY_SINGLE_BYTE)
                return look->controls > 0 || look->non_ascii >= 4;
        if (encoding->decoder == BY_ISO2022JP)
                return has_high_bytes(data, size);
        /* EUC-JP kana read as Shift_JIS: half-width katakana with many marks among them */
        return encoding->family == FAMILY_JAPANESE && look->half_width * 2 >= look->non_ascii &&
               look->half_width_marks * 6 >= look->half_width && look->half_width_marks >= 2;
}

static bool is_western(const struct encoding *encoding)
{
        return encoding == encoding_get(ENCODING_WINDOWS1252) || strcmp(encoding->name, "iso-8859-1") == 0 ||
               strcmp(encoding->name, "iso-8859-15") == 0;
}

/* Where a single-byte label is doubted although it decodes, the other reading must be Japanese beyond doubt. */
static bool convinces(const struct reading *other, const struct reading *labelled)
{
        if (labelled->replaced > 0 || labelled->encoding->family != FAMILY_SINGLE_BYTE)
                return true;
        if (other->replaced > 0)
                return false;
        if (other->encoding->family != FAMILY_JAPANESE || other->look.kana >= 2 || labelled->look.controls > 0)
                return true;
        /* kanji alone: no accented letter stands beside a letter of ASCII, as nearly all do in Latin text */
        return is_western(labelled->encoding) && labelled->look.non_ascii >= 4 &&
               labelled->look.lone_marks == labelled->look.non_ascii;
}

/* Whether plain ASCII, or UTF-8 in which nothing has to be replaced, so that the bytes are the text. */
static bool is_text_already(const struct encoding *label, const char *data, size_t size)
{
        if (plain_prefix(data, size) == size)
                return !label || label->ascii_compatible;
        return label && label->decoder == BY_UTF8 && label->family == FAMILY_UNICODE &&
               find_stray(data, size, 0) == size && g_utf8_validate_len(data, size, NULL);
}

/* The bytes as they are best read. label is NULL where there is none that is known. */
static void settle(const struct encoding *label, const char *data, size_t size, struct reading *ret_reading)
{
        struct reading labelled = { 0 }, best;
        if (is_text_already(label, data, size)) {
                *ret_reading = (struct reading){ .encoding = label ? label : encoding_get(ENCODING_ASCII),
                                                 .text = g_string_new_len(data, (gssize) size) };
                return;
        }
        if (label && label->family == FAMILY_ASCII)
                label = NULL; /* not what it says: nothing is known */
        if (label) {
                read_as(label, data, size, &labelled);
                if ((labelled.replaced == 0 || labelled.cut) && !is_doubtful(&labelled, data, size)) {
                        *ret_reading = labelled;
                        return;
                }
        }
        choose(label, data, size, &best);
        bool keep = label && (best.encoding == label || !convinces(&best, &labelled));
        const struct encoding *other = best.encoding;
        reading_clear(&best);
        if (keep) {
                *ret_reading = labelled;
                return;
        }
        reading_clear(&labelled);
        read_as(other, data, size, ret_reading);
}

void charset_decode(const char *declared, const void *data, size_t size, struct charset_result *ret_result)
{
        const char *bytes = data ? data : "";
        bool declares = declared && declared[strspn(declared, " \t\r\n\"'")] != '\0';
        const struct encoding *label = encoding_find(declared);
        size_t mark = utf8_mark_length(bytes, size);
        struct reading reading;

        if (mark > 0 && g_utf8_validate_len(bytes, size, NULL))
                read_as(encoding_get(ENCODING_UTF8), bytes + mark, size - mark, &reading);
        else
                settle(label, bytes, size, &reading);
        if (reading.encoding->decoder == BY_UTF8 && utf8_mark_length(reading.text->str, reading.text->len) > 0)
                g_string_erase(reading.text, 0, 3);
        *ret_result = (struct charset_result){
                .used = reading.encoding->name,
                .repaired = declares && reading.encoding != label,
                .replaced = reading.replaced,
                .size = reading.text->len,
        };
        ret_result->text = g_string_free(g_steal_pointer(&reading.text), FALSE);
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
        reading_clear(&best);
        return name;
}

static bool is_ascii_letter_at(const char *text, const char *p, const char *end)
{
        return p >= text && p < end && g_ascii_isalpha(*p);
}

/* Characters below U+3000 and behind the kanji. */
static void look_at_other(const char *text, const char *p, const char *end, struct text_look *look)
{
        gunichar c = g_utf8_get_char(p);
        look->narrow += c < 0x800;
        if (c >= 0xFF61 && c <= 0xFF9F)
                look->half_width++;
        else if (c < 0xA0)
                look->controls++;
        else if ((c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000)
                look->private_use++;
        look->half_width_marks += c == 0xFF64 || c == 0xFF65;
        look->lone_marks +=
                !is_ascii_letter_at(text, p - 1, end) && !is_ascii_letter_at(text, g_utf8_next_char(p), end);
}

void charset_look_at(const char *text, size_t size, struct text_look *ret_look)
{
        struct text_look look = { 0 };
        const char *end = text + size;
        for (const char *p = text; p < end;) {
                unsigned char lead = (unsigned char) *p;
                if (lead < 0x80) {
                        p++;
                        continue;
                }
                look.non_ascii++;
                if (lead >= 0xE3 && lead <= 0xE9) { /* U+3000 to U+9FFF: nearly all of Japanese */
                        unsigned c = (lead & 0x0Fu) << 12 | ((unsigned char) p[1] & 0x3Fu) << 6 |
                                     ((unsigned char) p[2] & 0x3Fu);
                        look.kana += (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FC);
                        look.mojibake += c == 0x7E3A || c == 0x7E67 || c == 0x7E5D;
                        p += 3;
                        continue;
                }
                look_at_other(text, p, end, &look);
                p = g_utf8_next_char(p);
        }
        *ret_look = look;
}
