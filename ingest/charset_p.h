/* SPDX-License-Identifier: MIT */
/* What the charset files share: the table of encodings, the decoders behind them, and the measure of plausibility. */
#ifndef INGEST_CHARSET_P_H
#define INGEST_CHARSET_P_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* How an encoding is decoded. All but BY_ICONV are done here, byte by byte or by arithmetic. */
enum decoder { BY_ICONV, BY_UTF8, BY_UTF16, BY_UTF32, BY_CP932, BY_ISO2022JP, BY_EUCJP };

enum encoding_family {
        FAMILY_ASCII,
        FAMILY_UNICODE,
        FAMILY_JAPANESE,
        FAMILY_SINGLE_BYTE, /* nearly every byte means something: decoding without an error proves nothing */
        FAMILY_OTHER
};

struct encoding {
        const char *name;       /* canonical, lower case; what charset_result.used says */
        const char *iconv_name; /* for BY_ICONV, else NULL */
        enum decoder decoder;
        enum encoding_family family;
        bool ascii_compatible; /* bytes below 0x80 without ESC, SO and SI are ASCII */
};

/* The encodings that the code names itself; the rest of the table follows them. */
enum encoding_id {
        ENCODING_ASCII,
        ENCODING_UTF8,
        ENCODING_UTF16,
        ENCODING_UTF16LE,
        ENCODING_UTF16BE,
        ENCODING_UTF32,
        ENCODING_UTF32LE,
        ENCODING_UTF32BE,
        ENCODING_ISO2022JP,
        ENCODING_CP932,
        ENCODING_EUCJP,
        ENCODING_EUCJPMS,  /* for JIS X 0212 */
        ENCODING_JISX0213, /* for JIS X 0213 */
        ENCODING_GB18030,
        ENCODING_EUCKR,
        ENCODING_WINDOWS1252,
        ENCODING_NAMED_MAX
};

const struct encoding *encoding_get(enum encoding_id id);

/* The encoding that a label means, in any case, quoted, with junk around; NULL for none and for an unknown one. */
const struct encoding *encoding_find(const char *label);

/* Opens all converters; see charset_prepare. */
void encoding_prepare(void);

/* Appends valid UTF-8 to out. Every byte or character that means nothing becomes one U+FFFD and adds to *replaced. */
void encoding_decode(const struct encoding *encoding, const char *data, size_t size, GString *out, size_t *replaced);

/* Appends one character. Quick, as every character of most texts goes through here. */
static inline void charset_put(GString *out, gunichar c)
{
        if (out->len + 4 > out->allocated_len || c > 0xFFFF) {
                if (c == 0)
                        g_string_append_c(out, '\0');
                else
                        g_string_append_unichar(out, c);
                return;
        }
        char *p = out->str + out->len;
        if (c < 0x80) {
                *p++ = (char) c;
        } else if (c < 0x800) {
                *p++ = (char) (0xC0 | c >> 6);
                *p++ = (char) (0x80 | (c & 0x3F));
        } else {
                *p++ = (char) (0xE0 | c >> 12);
                *p++ = (char) (0x80 | (c >> 6 & 0x3F));
                *p++ = (char) (0x80 | (c & 0x3F));
        }
        *p = '\0';
        out->len = (gsize) (p - out->str);
}

void charset_append_replacement(GString *out, size_t *replaced);

/* The code point of a Shift_JIS pair as CP932 has it, 0 for none. */
gunichar charset_cp932_pair(unsigned char lead, unsigned char trail);
void charset_prepare_cp932(void);
/* 1 for the kanji of JIS level 1, which nearly all text is made of, 2 for CP932's others, 0 for those it lacks. */
unsigned charset_kanji_level(gunichar c);
void charset_decode_cp932(const char *data, size_t size, GString *out, size_t *replaced);

/* ISO-2022-JP with all its relatives (JIS7, JIS8, CP50220 to 50222, -1, -2 without G2, -3, -2004) and EUC-JP. */
void charset_decode_iso2022jp(const char *data, size_t size, GString *out, size_t *replaced);
void charset_decode_eucjp(const char *data, size_t size, GString *out, size_t *replaced);

/* The sequences by which ISO-2022-JP leaves ASCII: ESC $ … and ESC ( I. */
bool charset_has_jis_escape(const char *data, size_t size);

/* Whether what stands behind the first before bytes, which end without a shift back to ASCII, is still kanji (or
 * katakana): a shift to ASCII ends it, which would mean nothing in ASCII. */
bool charset_jis_goes_on(const char *data, size_t before, size_t size);

/* The code point of a JIS X 0208 pair (0x21 to 0x7F each), vendors' rows included, 0 for none. */
#define X0208_SIDE 95u
extern guint16 charset_x0208_table[X0208_SIDE][X0208_SIDE];
static inline gunichar charset_x0208_pair(unsigned char row, unsigned char cell)
{
        unsigned r = row - 0x21u, c = cell - 0x21u;
        return r < X0208_SIDE && c < X0208_SIDE ? charset_x0208_table[r][c] : 0;
}

/* The text where it is in the label's encoding, ISO-2022-JP or CP932, and nothing in it asks for a second look, so that
 * charset_decode would come to the same; else NULL. It is clean (text_is_clean). */
GString *charset_read_ordinary(const struct encoding *label, const char *data, size_t size);
void charset_prepare_ordinary(void);

/* What a decoded text looks like, in characters. */
struct text_look {
        size_t non_ascii;
        size_t narrow;     /* of these below U+0800: two bytes in UTF-8 */
        size_t kana;       /* hiragana and full-width katakana */
        size_t kanji;
        size_t half_width; /* half-width katakana */
        size_t controls;   /* C1 */
        size_t private_use;
        size_t lone_marks; /* non-ASCII characters other than kana and kanji that do not stand beside an ASCII letter */
        size_t strange;    /* what the characters cost that are rare, or stand where no word has them */
        size_t half_width_strange; /* the same of half-width katakana */
};

/* One way to read the bytes. */
struct reading {
        const struct encoding *encoding;
        GString *text;
        size_t replaced;            /* stray controls are among them */
        bool cut;                   /* right but for its last character */
        const struct encoding *also;/* some lines were read as this one; else NULL */
        struct text_look look;
        size_t penalty;             /* how little it looks like text that someone wrote */
};

void charset_look_at(const char *text, size_t size, struct text_look *ret_look);
size_t charset_reading_penalty(const struct reading *reading);
/* What speaks against the reading: a sample, and a mail, may end within a character. */
size_t charset_count_replaced(const struct reading *reading);

void charset_read_as(const struct encoding *encoding, const char *data, size_t size, struct reading *ret_reading);
void charset_reading_clear(struct reading *reading);

/* Whether other, which has nothing replaced, is so much better than the labelled reading that the label must be
 * wrong. */
bool charset_is_much_better(const struct reading *other, const struct reading *labelled);

/* Whether the bytes are UTF-8 but for NUL and controls. ret_widest is the length of the longest character. */
bool charset_is_valid_utf8(const char *data, size_t size, unsigned *ret_widest);

/* Line by line, where lines of several charsets stand together (a forwarder's words before the text, say): false where
 * they do not. label may be NULL. */
bool charset_read_mixed(const struct encoding *label, const char *data, size_t size, struct reading *ret_reading);

/* ISO-2022-JP that has lost ESC bytes on its way, with these put back; NULL where none is missing, or where it is not
 * certain, for which more is asked where the label is neither missing nor ASCII's or ISO-2022-JP's. Owned by the caller; *ret_restored is
 * written with it. */
GString *charset_restore_escapes(const char *data, size_t size, bool label_agrees, size_t *ret_restored);

#endif
