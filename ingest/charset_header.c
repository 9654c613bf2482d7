/* SPDX-License-Identifier: MIT */
/* Header values: encoded words (RFC 2047) as mailers really write them, and raw bytes where they should not be. */
#include <string.h>

#include "common/limits.h"
#include "ingest/charset.h"
#include "ingest/charset_p.h"
#include "ingest/mime_decode.h"

/* Behind a question mark in a word its end is looked for this far. */
#define QUESTION_BYTES_MAX 200u
/* More words than this in a row are not asked one by one whether they stand alone. */
#define WORDS_JUDGED_MAX 200u

/* An encoded word's place: =?charset?encoding?text?= */
struct encoded_word {
        const char *charset, *text;
        size_t charset_size, text_size;
        char encoding;   /* 'B' or 'Q' */
        const char *end; /* behind the last "?=" */
};

/* Adjacent words of one charset: their bytes together, and where each word's bytes start. */
struct word_run {
        char *charset;
        GString *bytes;
        GArray *starts; /* gsize */
        GString *digits; /* the base64 of all words, as one text */
        bool is_base64;  /* all words are, and none but the last has padding */
        bool has_cut;    /* a word ends inside a group of four digits */
        bool is_cut;     /* and not where a group without its padding ends */
};

static bool is_charset_char(char c)
{
        return c > 0x20 && c < 0x7F && !strchr("?=<>()[]{}@,;:\\/\"", c);
}

/* p points at "=?". */
static bool read_word(const char *p, struct encoded_word *ret_word)
{
        struct encoded_word word = { .charset = p + 2 };
        const char *q = word.charset;
        while (is_charset_char(*q))
                q++;
        word.charset_size = (size_t) (q - word.charset);
        if (word.charset_size == 0 || *q != '?' || !strchr("BbQq", q[1]) || q[1] == '\0' || q[2] != '?')
                return false;
        word.encoding = g_ascii_toupper(q[1]);
        word.text = q + 3;
        q = word.text + strcspn(word.text, "?");
        if (q[0] == '?' && q[1] != '=' && word.encoding == 'Q') /* some writers leave question marks as they are */
                q = g_strstr_len(q, (gssize) strnlen(q, QUESTION_BYTES_MAX), "?=");
        if (!q || q[0] != '?' || q[1] != '=' || g_strstr_len(word.text, q - word.text, "=?"))
                return false;
        word.text_size = (size_t) (q - word.text);
        const char *language = memchr(word.charset, '*', word.charset_size); /* RFC 2231 section 5 */
        if (language)
                word.charset_size = (size_t) (language - word.charset);
        word.end = q + 2;
        *ret_word = word;
        return word.charset_size > 0;
}

static bool same_charset(const struct word_run *run, const struct encoded_word *word)
{
        return strlen(run->charset) == word->charset_size &&
               g_ascii_strncasecmp(run->charset, word->charset, word->charset_size) == 0;
}

static void append_decoded(const char *charset, const char *bytes, size_t size, GString *out)
{
        struct charset_result result;
        charset_decode(charset, bytes, size, &result);
        g_string_append_len(out, result.text, (gssize) result.size);
        g_free(result.text);
}

static const char *word_bytes(const struct word_run *run, guint i, gsize *ret_size)
{
        gsize start = g_array_index(run->starts, gsize, i);
        gsize end = i + 1 < run->starts->len ? g_array_index(run->starts, gsize, i + 1) : run->bytes->len;
        *ret_size = end - start;
        return run->bytes->str + start;
}

/* Whether bytes are right by themselves in a stateful charset. */
static bool stands_alone(const struct encoding *encoding, const char *bytes, size_t size)
{
        g_autoptr(GString) scratch = g_string_new(NULL);
        size_t replaced = 0;
        encoding_decode(encoding, bytes, size, scratch, &replaced);
        return replaced == 0;
}

/* A stateful charset starts anew in each word, so words that are right by themselves must not be joined; but many
 * programs cut the encoded bytes where the line is full. group are the bytes before word i that belong together. */
static bool word_goes_on(const struct word_run *run, const struct encoding *encoding, const char *group, guint i)
{
        gsize size;
        const char *bytes = word_bytes(run, i, &size);
        size_t before = (size_t) (bytes - group);
        return !stands_alone(encoding, group, before) || !stands_alone(encoding, bytes, size) ||
               charset_jis_goes_on(group, before, (size_t) (run->bytes->str + run->bytes->len - group));
}

/* Some programs encode the whole text and cut the base64 where the line is full, also inside a group of four digits;
 * others leave out the padding of each word. Joined, the digits of the first are right, those of the others wrong. */
static void join_digits(struct word_run *run, const struct encoding *encoding)
{
        struct reading apart, joined;
        if (!encoding || !run->is_base64 || !run->has_cut || run->starts->len < 2 || run->digits->len % 4 != 0)
                return;
        GString *bytes = g_string_new(NULL);
        mime_decode_base64(run->digits->str, run->digits->len, bytes);
        charset_read_as(encoding, run->bytes->str, run->bytes->len, &apart);
        charset_read_as(encoding, bytes->str, bytes->len, &joined);
        if (joined.penalty < apart.penalty || (run->is_cut && joined.penalty == apart.penalty)) {
                g_string_free(run->bytes, TRUE);
                run->bytes = g_steal_pointer(&bytes);
                g_array_set_size(run->starts, 1);
        }
        if (bytes)
                g_string_free(bytes, TRUE);
        charset_reading_clear(&apart);
        charset_reading_clear(&joined);
}

static void flush_run(struct word_run *run, GString *out)
{
        if (!run->charset)
                return;
        const struct encoding *encoding = encoding_find(run->charset);
        join_digits(run, encoding);
        bool stateful = encoding && encoding->decoder == BY_ISO2022JP && run->starts->len <= WORDS_JUDGED_MAX;
        const char *group = run->bytes->str;
        for (guint i = 1; stateful && i < run->starts->len; i++) {
                const char *bytes = run->bytes->str + g_array_index(run->starts, gsize, i);
                if (word_goes_on(run, encoding, group, i))
                        continue;
                append_decoded(run->charset, group, (size_t) (bytes - group), out);
                group = bytes;
        }
        append_decoded(run->charset, group, (size_t) (run->bytes->str + run->bytes->len - group), out);
        g_string_truncate(run->bytes, 0);
        g_array_set_size(run->starts, 0);
        g_string_truncate(run->digits, 0);
        run->has_cut = run->is_cut = false;
        run->is_base64 = true;
        g_clear_pointer(&run->charset, g_free);
}

/* Whether digits end inside a group of four: the bits that its last digit has too many are 0 at the end of bytes. */
static bool is_cut_group(const char *digits, size_t size)
{
        static const char *const last_digits[] = { NULL, "", "AQgw", "AEIMQUYcgkosw048" };
        return size % 4 != 0 && !strchr(last_digits[size % 4], digits[size - 1]);
}

static void add_digits(struct word_run *run, const struct encoded_word *word)
{
        const GString *digits = run->digits;
        bool behind_padding = digits->len > 0 && digits->str[digits->len - 1] == '=' && *word->text != '=';
        run->is_base64 = run->is_base64 && word->encoding == 'B' && !behind_padding;
        if (!run->is_base64)
                return;
        g_string_append_len(run->digits, word->text, (gssize) word->text_size);
        run->has_cut = run->has_cut || word->text_size % 4 != 0;
        run->is_cut = run->is_cut || is_cut_group(word->text, word->text_size);
}

static void add_word(struct word_run *run, const struct encoded_word *word, GString *out)
{
        if (run->charset && !same_charset(run, word))
                flush_run(run, out);
        if (!run->charset)
                run->charset = g_strndup(word->charset, word->charset_size);
        gsize start = run->bytes->len;
        g_array_append_val(run->starts, start);
        add_digits(run, word);
        if (word->encoding == 'B')
                mime_decode_base64(word->text, word->text_size, run->bytes);
        else
                mime_decode_q(word->text, word->text_size, run->bytes);
}

static bool is_blank(const char *p, const char *end)
{
        while (p < end && strchr(" \t\r\n", *p))
                p++;
        return p == end;
}

/* Decodes words and, with the charset given (NULL: as it is labelled nowhere), what stands between them. */
static void decode_words(const char *raw, const char *literal_charset, GString *out)
{
        struct word_run run = { .bytes = g_string_new(NULL), .starts = g_array_new(FALSE, FALSE, sizeof(gsize)),
                                .digits = g_string_new(NULL), .is_base64 = true };
        const char *literal = raw, *p = raw;
        bool after_word = false;
        while ((p = strstr(p, "=?"))) {
                struct encoded_word word;
                if (!read_word(p, &word)) {
                        p += 2;
                        continue;
                }
                if (!after_word || !is_blank(literal, p)) { /* white space between words is not part of the text */
                        flush_run(&run, out);
                        append_decoded(literal_charset, literal, (size_t) (p - literal), out);
                }
                add_word(&run, &word, out);
                after_word = true;
                literal = p = word.end;
        }
        flush_run(&run, out);
        append_decoded(literal_charset, literal, strlen(literal), out);
        g_string_free(run.bytes, TRUE);
        g_string_free(run.digits, TRUE);
        g_array_free(run.starts, TRUE);
}

/* The bytes outside of encoded words, of which the charset is guessed as a whole. */
static const char *guess_literals(const char *raw)
{
        g_autoptr(GString) literals = g_string_new(NULL);
        const char *literal = raw, *p = raw;
        while ((p = strstr(p, "=?"))) {
                struct encoded_word word;
                if (!read_word(p, &word)) {
                        p += 2;
                        continue;
                }
                g_string_append_len(literals, literal, p - literal);
                literal = p = word.end;
        }
        g_string_append(literals, literal);
        return charset_guess(literals->str, literals->len);
}

char *charset_make_line(const char *text)
{
        GString *line = g_string_sized_new(strlen(text) + 1);
        for (const char *p = text; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                gsize length = (gsize) (g_utf8_next_char(p) - p);
                if (c == '\r' && p[1] == '\n')
                        continue; /* the line feed stands for both */
                if (line->len + length > LIMIT_HEADER_VALUE_BYTES)
                        break;
                if (c == '\t' || c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029)
                        g_string_append_c(line, ' ');
                else if (!g_unichar_iscntrl(c))
                        g_string_append_len(line, p, (gssize) length);
        }
        return g_strstrip(g_string_free(line, FALSE));
}

/* Folding is a line end before white space; only the line end goes (RFC 5322 section 2.2.3). */
static char *unfold(const char *raw)
{
        GString *line = g_string_sized_new(strlen(raw) + 1);
        for (const char *p = raw; *p; p++) {
                size_t end = p[0] == '\r' && p[1] == '\n' ? 2 : p[0] == '\n' || p[0] == '\r' ? 1 : 0;
                if (end > 0 && (p[end] == ' ' || p[end] == '\t'))
                        p += end - 1;
                else
                        g_string_append_c(line, *p);
        }
        return g_string_free(line, FALSE);
}

/* Printable ASCII without an encoded word, as most values are; behind a dollar sign kanji may follow whose escape
 * sequence was lost. */
static bool is_plain_value(const char *raw, size_t *ret_size)
{
        const char *p = raw;
        while (*p >= 0x20 && *p < 0x7F && *p != '$' && (*p != '=' || p[1] != '?'))
                p++;
        *ret_size = (size_t) (p - raw);
        return !*p;
}

char *charset_decode_header(const char *raw)
{
        size_t size;
        if (raw && is_plain_value(raw, &size) && size <= LIMIT_HEADER_VALUE_BYTES)
                return g_strstrip(g_strndup(raw, size));
        g_autofree char *unfolded = unfold(raw ? raw : "");
        g_autoptr(GString) text = g_string_new(NULL);
        if (charset_has_jis_escape(unfolded, strlen(unfolded))) {
                /* Raw ISO-2022-JP: "=?" can be a kanji, so it is decoded first. Words are ASCII and survive. */
                struct charset_result whole;
                charset_decode(NULL, unfolded, strlen(unfolded), &whole);
                decode_words(whole.text, "utf-8", text);
                g_free(whole.text);
        } else {
                decode_words(unfolded, guess_literals(unfolded), text);
        }
        return charset_make_line(text->str);
}
