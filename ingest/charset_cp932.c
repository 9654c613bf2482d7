/* SPDX-License-Identifier: MIT */
/*
 * CP932 by a table, which the C library's converter fills once: all Japanese encodings but Unicode are read through it,
 * and looking up a pair is much cheaper than calling the converter, above all where bytes are wrong.
 */
#include <iconv.h>
#include <string.h>

#include "ingest/charset_p.h"

#define LEADS 60u   /* 0x81 to 0x9F, 0xE0 to 0xFC */
#define TRAILS 189u /* 0x40 to 0xFC; 0x7F is none */
#define KANJI_FIRST 0x4E00u
#define KANJI_LAST 0x9FFFu
#define LEVEL_2_FIRST 0x989F /* the first pair of JIS level 2 */

guint16 charset_x0208_table[X0208_SIDE][X0208_SIDE];

static struct {
        guint16 pairs[LEADS][TRAILS]; /* code points, 0 for none: CP932 stays in the first plane */
        guint16 singles[256];
        guint8 kanji_levels[KANJI_LAST - KANJI_FIRST + 1];
} table;

static bool is_lead(unsigned char c)
{
        return (c >= 0x81 && c <= 0x9F) || (c >= 0xE0 && c <= 0xFC);
}

static unsigned lead_index(unsigned char c)
{
        return c <= 0x9F ? c - 0x81u : c - 0xC1u;
}

/* One character by the converter; 0 where it has none. */
static guint16 convert(iconv_t converter, const char *bytes, size_t size)
{
        char utf8[8] = { 0 }, *in = (char *) bytes, *out = utf8; /* iconv does not write to its input */
        size_t room = sizeof utf8 - 1;
        iconv(converter, NULL, NULL, NULL, NULL);
        if (iconv(converter, &in, &size, &out, &room) == (size_t) -1 || size > 0 || out == utf8)
                return 0;
        gunichar c = g_utf8_get_char_validated(utf8, out - utf8);
        return c > 0 && c <= 0xFFFF && g_utf8_next_char(utf8) == out ? (guint16) c : 0;
}

static void add_pair(iconv_t converter, unsigned lead, unsigned trail)
{
        const char pair[2] = { (char) lead, (char) trail };
        guint16 c = convert(converter, pair, sizeof pair);
        table.pairs[lead_index((unsigned char) lead)][trail - 0x40] = c;
        if (c >= KANJI_FIRST && c <= KANJI_LAST && table.kanji_levels[c - KANJI_FIRST] == 0)
                table.kanji_levels[c - KANJI_FIRST] = (lead << 8 | trail) < LEVEL_2_FIRST ? 1 : 2;
}

unsigned charset_kanji_level(gunichar c)
{
        return c >= KANJI_FIRST && c <= KANJI_LAST ? table.kanji_levels[c - KANJI_FIRST] : 0;
}

/* By arithmetic to the Shift_JIS pair, which the table has. */
static void fill_x0208(void)
{
        for (unsigned row = 0x21; row < 0x21 + X0208_SIDE; row++) {
                unsigned lead = ((row - 0x21) >> 1) + 0x81;
                for (unsigned cell = 0x21; cell < 0x21 + X0208_SIDE; cell++) {
                        unsigned trail = row & 1 ? cell + (cell >= 0x60 ? 0x20 : 0x1F) : cell + 0x7E;
                        charset_x0208_table[row - 0x21][cell - 0x21] = (guint16) charset_cp932_pair(
                                (unsigned char) (lead > 0x9F ? lead + 0x40 : lead), (unsigned char) trail);
                }
        }
}

void charset_prepare_cp932(void)
{
        iconv_t converter = iconv_open("UTF-8", "CP932");
        for (unsigned c = 0; c < 0x80; c++)
                table.singles[c] = (guint16) c;
        for (unsigned c = 0xA1; c <= 0xDF; c++)
                table.singles[c] = (guint16) (0xFF61 + c - 0xA1);
        if (converter == (iconv_t) -1)
                return;
        for (unsigned lead = 0x81; lead <= 0xFC; lead++) {
                for (unsigned trail = 0x40; is_lead((unsigned char) lead) && trail <= 0xFC; trail++)
                        add_pair(converter, lead, trail);
        }
        fill_x0208();
        iconv_close(converter);
}

gunichar charset_cp932_pair(unsigned char lead, unsigned char trail)
{
        return is_lead(lead) && trail >= 0x40 && trail <= 0xFC ? table.pairs[lead_index(lead)][trail - 0x40] : 0;
}

void charset_decode_cp932(const char *data, size_t size, GString *out, size_t *replaced)
{
        const unsigned char *p = (const unsigned char *) data, *end = p + size;
        while (p < end) {
                gunichar c = table.singles[*p];
                if (c != 0 || *p == 0) {
                        charset_put(out, c);
                        p++;
                        continue;
                }
                c = end - p >= 2 ? charset_cp932_pair(p[0], p[1]) : 0;
                if (c != 0) {
                        charset_put(out, c);
                        p += 2;
                        continue;
                }
                charset_append_replacement(out, replaced);
                /* an ASCII trail byte stays: it may be a line end or a tag */
                p += is_lead(*p) && end - p >= 2 && p[1] >= 0x80 ? 2 : 1;
        }
}
