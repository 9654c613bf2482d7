/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "ingest/charset_p.h"

#define REPLACEMENT "\xEF\xBF\xBD"

static const struct encoding encodings[] = {
        [ENCODING_ASCII] = { "us-ascii", NULL, BY_UTF8, FAMILY_ASCII, true },
        [ENCODING_UTF8] = { "utf-8", NULL, BY_UTF8, FAMILY_UNICODE, true },
        [ENCODING_UTF16] = { "utf-16", NULL, BY_UTF16, FAMILY_UNICODE, false },
        [ENCODING_UTF16LE] = { "utf-16le", NULL, BY_UTF16, FAMILY_UNICODE, false },
        [ENCODING_UTF16BE] = { "utf-16be", NULL, BY_UTF16, FAMILY_UNICODE, false },
        [ENCODING_UTF32] = { "utf-32", NULL, BY_UTF32, FAMILY_UNICODE, false },
        [ENCODING_UTF32LE] = { "utf-32le", NULL, BY_UTF32, FAMILY_UNICODE, false },
        [ENCODING_UTF32BE] = { "utf-32be", NULL, BY_UTF32, FAMILY_UNICODE, false },
        [ENCODING_ISO2022JP] = { "iso-2022-jp", NULL, BY_ISO2022JP, FAMILY_JAPANESE, true },
        [ENCODING_CP932] = { "cp932", NULL, BY_CP932, FAMILY_JAPANESE, true },
        [ENCODING_EUCJP] = { "euc-jp", NULL, BY_EUCJP, FAMILY_JAPANESE, true },
        [ENCODING_EUCJPMS] = { "eucjp-ms", "EUC-JP-MS", BY_ICONV, FAMILY_JAPANESE, true },
        [ENCODING_JISX0213] = { "euc-jisx0213", "EUC-JISX0213", BY_ICONV, FAMILY_JAPANESE, true },
        [ENCODING_GB18030] = { "gb18030", "GB18030", BY_ICONV, FAMILY_OTHER, true },
        [ENCODING_EUCKR] = { "euc-kr", "CP949", BY_ICONV, FAMILY_OTHER, true },
        [ENCODING_WINDOWS1252] = { "windows-1252", "CP1252", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-1", "ISO-8859-1", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-2", "ISO-8859-2", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-3", "ISO-8859-3", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-4", "ISO-8859-4", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-5", "ISO-8859-5", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-6", "ISO-8859-6", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-7", "ISO-8859-7", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-8", "ISO-8859-8", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-9", "ISO-8859-9", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-10", "ISO-8859-10", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-13", "ISO-8859-13", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-14", "ISO-8859-14", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-15", "ISO-8859-15", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "iso-8859-16", "ISO-8859-16", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-1250", "CP1250", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-1251", "CP1251", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-1253", "CP1253", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-1254", "CP1254", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-1255", "CP1255", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-1256", "CP1256", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-1257", "CP1257", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-1258", "CP1258", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "windows-874", "CP874", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "koi8-r", "KOI8-R", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "koi8-u", "KOI8-U", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "macintosh", "MACINTOSH", BY_ICONV, FAMILY_SINGLE_BYTE, true },
        { "big5", "BIG5-HKSCS", BY_ICONV, FAMILY_OTHER, true },
        { "iso-2022-kr", "ISO-2022-KR", BY_ICONV, FAMILY_OTHER, true },
        { "utf-7", "UTF-7", BY_ICONV, FAMILY_OTHER, false },
};

/* Names beside the canonical ones, without punctuation and in lower case, as label_key makes them. */
static const struct { const char *key, *name; } aliases[] = {
        { "ascii", "us-ascii" },          { "ansix341968", "us-ascii" },     { "646", "us-ascii" },
        { "7bit", "us-ascii" },           { "utf", "utf-8" },                { "unicode11utf8", "utf-8" },
        { "utf8mb4", "utf-8" },           { "ucs2", "utf-16" },              { "unicode", "utf-16" },
        { "iso10646ucs2", "utf-16" },     { "unicode11utf7", "utf-7" },      { "unicode20utf7", "utf-7" },
        { "xunicode20utf7", "utf-7" },    { "utf8n", "utf-8" },              { "utf8sig", "utf-8" },
        { "ucs4", "utf-32" },             { "xutf8", "utf-8" },              { "cp65001", "utf-8" },
        { "65001", "utf-8" },             { "windows65001", "utf-8" },       { "sjis", "cp932" },
        { "xsjis", "cp932" },             { "shiftjis", "cp932" },           { "xshiftjis", "cp932" },
        { "mskanji", "cp932" },           { "csshiftjis", "cp932" },         { "cswindows31j", "cp932" },
        { "windows31j", "cp932" },        { "windows932", "cp932" },         { "ms932", "cp932" },
        { "xms932", "cp932" },            { "xmscp932", "cp932" },           { "ibm932", "cp932" },
        { "ibm943", "cp932" },            { "cp943", "cp932" },              { "cp943c", "cp932" },
        { "sjiswin", "cp932" },           { "sjisopen", "cp932" },           { "shiftjisx0213", "cp932" },
        { "shiftjis2004", "cp932" },      { "932", "cp932" },                { "jis", "iso-2022-jp" },
        { "xjis", "iso-2022-jp" },        { "jis7", "iso-2022-jp" },         { "jis8", "iso-2022-jp" },
        { "iso2022jp1", "iso-2022-jp" },  { "iso2022jp2", "iso-2022-jp" },   { "iso2022jp3", "iso-2022-jp" },
        { "iso2022jp2004", "iso-2022-jp" }, { "iso2022jpms", "iso-2022-jp" }, { "csiso2022jp", "iso-2022-jp" },
        { "csiso2022jp2", "iso-2022-jp" }, { "cp50220", "iso-2022-jp" },     { "cp50221", "iso-2022-jp" },
        { "cp50222", "iso-2022-jp" },     { "50220", "iso-2022-jp" },        { "50221", "iso-2022-jp" },
        { "50222", "iso-2022-jp" },       { "windows50220", "iso-2022-jp" }, { "windows50221", "iso-2022-jp" },
        { "windows50222", "iso-2022-jp" }, { "iso2022jpext", "iso-2022-jp" }, { "xeuc", "euc-jp" },
        { "extendedunixcodepackedformatforjapanese", "euc-jp" },
        { "xeucjp", "euc-jp" },           { "euc", "euc-jp" },               { "ujis", "euc-jp" },
        { "xujis", "euc-jp" },            { "eucjpms", "euc-jp" },           { "eucjpwin", "euc-jp" },
        { "eucjpopen", "euc-jp" },        { "cp51932", "euc-jp" },           { "51932", "euc-jp" },
        { "cp20932", "euc-jp" },          { "cseucpkdfmtjapanese", "euc-jp" }, { "eucjisx0213", "euc-jp" },
        { "latin1", "iso-8859-1" },       { "l1", "iso-8859-1" },            { "cp819", "iso-8859-1" },
        { "csisolatin1", "iso-8859-1" },  { "latin2", "iso-8859-2" },        { "latin9", "iso-8859-15" },
        { "cp1250", "windows-1250" },     { "cp1251", "windows-1251" },      { "cp1252", "windows-1252" },
        { "xansi", "windows-1252" },      { "ansi", "windows-1252" },        { "cp1253", "windows-1253" },
        { "cp1254", "windows-1254" },     { "cp1255", "windows-1255" },      { "cp1256", "windows-1256" },
        { "cp1257", "windows-1257" },     { "cp1258", "windows-1258" },      { "tis620", "windows-874" },
        { "cp874", "windows-874" },       { "iso885911", "windows-874" },    { "mac", "macintosh" },
        { "xmacroman", "macintosh" },     { "gb2312", "gb18030" },           { "gbk", "gb18030" },
        { "xgbk", "gb18030" },            { "cp936", "gb18030" },            { "euccn", "gb18030" },
        { "xeuccn", "gb18030" },          { "csgb2312", "gb18030" },         { "gb231280", "gb18030" },
        { "xeuckr", "euc-kr" },           { "cp949", "euc-kr" },             { "ksc56011987", "euc-kr" },
        { "ksc5601", "euc-kr" },          { "uhc", "euc-kr" },               { "windows949", "euc-kr" },
        { "cseuckr", "euc-kr" },          { "xbig5", "big5" },               { "csbig5", "big5" },
        { "cp950", "big5" },              { "big5hkscs", "big5" },           { "xxbig5", "big5" },
        { "cnbig5", "big5" },
};

static struct {
        GHashTable *by_key; /* key of a label → struct encoding */
        iconv_t converters[G_N_ELEMENTS(encodings)];
} state;

/* A converter has state and is shared. */
static GMutex converter_lock;

const struct encoding *encoding_get(enum encoding_id id)
{
        return &encodings[id];
}

/* A label without its punctuation, in lower case. NULL where it is longer than any name. */
static char *label_key(const char *label, bool first_word)
{
        GString *key = g_string_sized_new(24);
        for (const char *p = label; *p && key->len < 40; p++) {
                if (g_ascii_isalnum(*p))
                        g_string_append_c(key, g_ascii_tolower(*p));
                else if (key->len > 0 && strchr(first_word ? ";,\"* \t" : ";,\"*", *p))
                        break; /* a parameter or a language follows */
        }
        return g_string_free(key, key->len == 0 || key->len >= 40);
}

static void add_name(const char *name, const struct encoding *encoding)
{
        char *key = label_key(name, false);
        if (key)
                g_hash_table_insert(state.by_key, key, (gpointer) encoding);
}

static gpointer prepare_once(gpointer unused)
{
        (void) unused;
        charset_prepare_cp932();
        charset_prepare_ordinary();
        state.by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
                const char *name = encodings[i].iconv_name;
                state.converters[i] = name ? iconv_open("UTF-8", name) : (iconv_t) -1;
                bool internal = i == ENCODING_EUCJPMS || i == ENCODING_JISX0213; /* parts of others */
                if (!internal && (!name || state.converters[i] != (iconv_t) -1))
                        add_name(encodings[i].name, &encodings[i]);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++) {
                const struct encoding *encoding = g_hash_table_lookup(state.by_key, aliases[i].key);
                g_autofree char *key = label_key(aliases[i].name, false);
                if (!encoding && (encoding = g_hash_table_lookup(state.by_key, key)))
                        add_name(aliases[i].key, encoding);
        }
        return NULL;
}

void encoding_prepare(void)
{
        static GOnce once = G_ONCE_INIT;
        g_once(&once, prepare_once, NULL);
}

const struct encoding *encoding_find(const char *label)
{
        encoding_prepare();
        const struct encoding *found = NULL;
        for (int first_word = 0; label && !found && first_word < 2; first_word++) {
                g_autofree char *key = label_key(label, first_word);
                found = key ? g_hash_table_lookup(state.by_key, key) : NULL;
        }
        return found;
}

void charset_append_replacement(GString *out, size_t *replaced)
{
        g_string_append_len(out, REPLACEMENT, 3);
        (*replaced)++;
}

/* How many bytes to give up at an invalid place. A trail byte that is ASCII stays: it may be a line end or a tag. */
static size_t invalid_length(const struct encoding *encoding, const unsigned char *p, size_t left)
{
        if (encoding->family == FAMILY_SINGLE_BYTE || p[0] < 0x81 || left < 2)
                return 1;
        if (p[0] == 0x8F && left >= 3 && p[1] >= 0xA1 && p[2] >= 0xA1)
                return 3; /* EUC-JP's third set */
        return p[1] >= 0x80 ? 2 : 1;
}

static void decode_iconv(const struct encoding *encoding, const char *data, size_t size, GString *out, size_t *replaced)
{
        iconv_t converter = state.converters[encoding - encodings];
        char *in = (char *) data; /* iconv does not write to its input */
        size_t in_left = size;

        g_mutex_lock(&converter_lock);
        iconv(converter, NULL, NULL, NULL, NULL);
        while (in_left > 0) {
                size_t used = out->len, room = in_left + in_left / 2 + 64;
                g_string_set_size(out, used + room);
                char *to = out->str + used;
                size_t done = iconv(converter, &in, &in_left, &to, &room);
                int problem = done == (size_t) -1 ? errno : 0;
                g_string_truncate(out, (size_t) (to - out->str));
                if (problem == EILSEQ) {
                        /* CP949 reports it behind the last byte now and then */
                        const unsigned char *at = (const unsigned char *) in;
                        size_t skip = in_left > 0 ? MIN(invalid_length(encoding, at, in_left), in_left) : 0;
                        charset_append_replacement(out, replaced);
                        in += skip;
                        in_left -= skip;
                } else if (problem == EINVAL) { /* cut inside a character */
                        charset_append_replacement(out, replaced);
                        break;
                } else if (problem != E2BIG && problem != 0) {
                        break;
                }
        }
        size_t used = out->len, room = 64;
        g_string_set_size(out, used + room);
        char *to = out->str + used;
        iconv(converter, NULL, NULL, &to, &room); /* what a stateful converter still holds */
        g_string_truncate(out, (size_t) (to - out->str));
        g_mutex_unlock(&converter_lock);
}

/* The length of the longest prefix of a character that starts an invalid sequence (Unicode, "maximal subpart"). */
static size_t utf8_invalid_length(const unsigned char *p, size_t left)
{
        size_t want = p[0] < 0xC2 || p[0] > 0xF4 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
        if (want == 1 || left < 2)
                return 1;
        unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
        unsigned char high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
        if (p[1] < low || p[1] > high)
                return 1;
        size_t n = 2;
        while (n < want && n < left && p[n] >= 0x80 && p[n] <= 0xBF)
                n++;
        return n;
}

static void decode_utf8(const char *data, size_t size, GString *out, size_t *replaced)
{
        while (size > 0) {
                const char *end;
                g_utf8_validate_len(data, size, &end); /* stops at NUL too, which is replaced like the rest */
                g_string_append_len(out, data, end - data);
                size -= (size_t) (end - data);
                data = end;
                if (size == 0)
                        break;
                size_t skip = utf8_invalid_length((const unsigned char *) data, size);
                charset_append_replacement(out, replaced);
                data += skip;
                size -= skip;
        }
}

/* Without a byte order mark: big-endian (RFC 2781 section 4.3) unless the zero bytes say otherwise. */
static bool utf16_is_little(const char *data, size_t size)
{
        size_t even = 0, odd = 0;
        for (size_t i = 0; i + 1 < size && i < 4096; i += 2) {
                even += data[i] == 0;
                odd += data[i + 1] == 0;
        }
        return odd > even;
}

static void decode_utf16(const struct encoding *encoding, const char *data, size_t size, GString *out, size_t *replaced)
{
        const unsigned char *p = (const unsigned char *) data, *end = p + size;
        bool little = encoding == &encodings[ENCODING_UTF16LE];
        if (size >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF))) {
                little = p[0] == 0xFF;
                p += 2;
        } else if (encoding == &encodings[ENCODING_UTF16]) {
                little = utf16_is_little(data, size);
        }
        while (end - p >= 2) {
                gunichar c = little ? p[0] | p[1] << 8 : p[0] << 8 | p[1];
                p += 2;
                if (c >= 0xD800 && c < 0xDC00 && end - p >= 2) {
                        gunichar low = little ? p[0] | p[1] << 8 : p[0] << 8 | p[1];
                        if (low >= 0xDC00 && low < 0xE000) {
                                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                                p += 2;
                        }
                }
                if (c >= 0xD800 && c < 0xE000)
                        charset_append_replacement(out, replaced);
                else
                        charset_put(out, c);
        }
        if (p < end)
                charset_append_replacement(out, replaced);
}

static gunichar utf32_unit(const unsigned char *p, bool little)
{
        return little ? p[0] | (gunichar) p[1] << 8 | (gunichar) p[2] << 16 | (gunichar) p[3] << 24
                      : (gunichar) p[0] << 24 | (gunichar) p[1] << 16 | (gunichar) p[2] << 8 | p[3];
}

static void decode_utf32(const struct encoding *encoding, const char *data, size_t size, GString *out, size_t *replaced)
{
        const unsigned char *p = (const unsigned char *) data, *end = p + size;
        bool little = encoding == &encodings[ENCODING_UTF32LE];
        if (size >= 4 && (utf32_unit(p, true) == 0xFEFF || utf32_unit(p, false) == 0xFEFF)) {
                little = utf32_unit(p, true) == 0xFEFF;
                p += 4;
        } else if (encoding == &encodings[ENCODING_UTF32] && size >= 4) {
                little = utf32_unit(p, true) < 0x110000;
        }
        for (; end - p >= 4; p += 4) {
                gunichar c = utf32_unit(p, little);
                if (c >= 0x110000 || (c >= 0xD800 && c < 0xE000))
                        charset_append_replacement(out, replaced);
                else
                        charset_put(out, c);
        }
        if (p < end)
                charset_append_replacement(out, replaced);
}

void encoding_decode(const struct encoding *encoding, const char *data, size_t size, GString *out, size_t *replaced)
{
        encoding_prepare();
        switch (encoding->decoder) {
        case BY_UTF8:
                decode_utf8(data, size, out, replaced);
                break;
        case BY_UTF16:
                decode_utf16(encoding, data, size, out, replaced);
                break;
        case BY_UTF32:
                decode_utf32(encoding, data, size, out, replaced);
                break;
        case BY_CP932:
                charset_decode_cp932(data, size, out, replaced);
                break;
        case BY_ISO2022JP:
                charset_decode_iso2022jp(data, size, out, replaced);
                break;
        case BY_EUCJP:
                charset_decode_eucjp(data, size, out, replaced);
                break;
        case BY_ICONV:
                if (state.converters[encoding - encodings] == (iconv_t) -1)
                        decode_utf8(data, size, out, replaced);
                else
                        decode_iconv(encoding, data, size, out, replaced);
                break;
        }
}
