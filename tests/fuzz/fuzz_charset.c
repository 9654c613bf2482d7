/* SPDX-License-Identifier: MIT */
/* Charset repair of a body and of a header value. The first byte chooses what the body is labelled as. */
#include <iconv.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "ingest/charset.h"
#include "ingest/charset_p.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/invariants.h"

const struct fuzz_target fuzz_target = { .name = "charset" };

static const char *const labels[] = {
        NULL,          "iso-2022-jp",  "Shift_JIS",    "EUC-JP",      "utf-8",       "us-ascii",    "windows-31j",
        "x-sjis",      "CP932",        "cp50221",      "ISO-2022-JP-2", "iso-2022-jp-ms", "iso-8859-1", "windows-1252",
        "utf-16",      "utf-16le",     "UTF-16BE",     "utf-7",       "gb2312",      "gb18030",     "euc-kr",
        "iso-2022-kr", "big5",         "koi8-r",       "iso-8859-15", "x-unknown",   "",            "\"Shift-JIS\" ",
        "8bit",        "iso-2022-jp-3", "euc-jp-ms",   "jis_x0208",   "unicode-1-1-utf-7",
};

#define REPLACEMENT "\xEF\xBF\xBD"

static size_t count(const char *text, const char *what)
{
        size_t found = 0;
        for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
                found++;
        return found;
}

/* ASCII without a control that some encoding gives a meaning to. */
static bool is_plain_ascii(const char *data, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (!g_ascii_isprint(data[i]) && !strchr("\t\r\n", data[i]))
                        return false;
        return !memchr(data, 0, size);
}

static void require_result_of(const struct charset_result *result, const char *data, size_t size)
{
        fuzz_require(result->text && result->used && strlen(result->text) == result->size, "a NUL in the text");
        require_text("the text", result->text);
        for (const char *c = result->text; *c; c++)
                fuzz_require((unsigned char) *c >= 0x20 || (*c >= '\t' && *c <= '\r'), "the control character %d", *c);
        fuzz_require(!result->is_clean || text_is_clean(result->text, result->size), "it is not clean");
        size_t marks = count(result->text, REPLACEMENT);
        fuzz_require(marks >= result->replaced, "%zu places replaced, %zu marks", result->replaced, marks);
        const struct encoding *used = encoding_find(result->used);
        fuzz_require(used && strcmp(used->name, result->used) == 0, "%s is no canonical name", result->used);
        fuzz_require(!result->also || encoding_find(result->also), "%s is no charset", result->also);
        bool can_say_it = result->also || used->family == FAMILY_UNICODE || used->decoder == BY_ISO2022JP ||
                          used == encoding_get(ENCODING_GB18030);
        fuzz_require(can_say_it || marks == result->replaced, "%zu places replaced, %zu marks, in %s", result->replaced,
                     marks, result->used);
        if (used->decoder == BY_UTF8 && !result->also) {
                g_autofree char *bytes = g_malloc(size + 1);
                memcpy(bytes, data, size);
                bytes[size] = '\0';
                for (size_t i = 0; i < size; i++)
                        if (!bytes[i])
                                bytes[i] = ' ';
                fuzz_require(marks == result->replaced + count(bytes, REPLACEMENT), "%zu places replaced, %zu marks",
                             result->replaced, marks);
        }
}

static void check_body(const char *declared, const char *data, size_t size)
{
        struct charset_result result, again;
        charset_decode(declared, data, size, &result);
        require_result_of(&result, data, size);
        const struct encoding *label = encoding_find(declared);
        bool has_label = declared && declared[strspn(declared, " \t\r\n\"'")];
        fuzz_require(has_label || !result.repaired, "repaired, but nothing was declared");
        if (has_label && label) {
                bool other = strcmp(result.used, label->name) != 0, mended = result.also || result.restored > 0;
                fuzz_require(result.repaired || (!other && !mended), "%s read as %s, also %s, and not repaired",
                             declared, result.used, result.also ? result.also : "none");
                fuzz_require(!result.repaired || other || mended, "%s read as itself and repaired", declared);
        }
        if (is_plain_ascii(data, size) && (!label || label->ascii_compatible) && result.restored == 0) {
                fuzz_require(result.size == size && memcmp(result.text, data, size) == 0, "ASCII as %s became \"%s\"",
                             declared ? declared : "none", result.text);
                fuzz_require(result.replaced == 0 && (!label || !result.repaired), "ASCII was repaired");
        }
        charset_decode(declared, data, size, &again);
        fuzz_require(strcmp(result.text, again.text) == 0 && result.replaced == again.replaced &&
                             result.used == again.used,
                     "decoded again it differs");
        g_free(again.text);
        /* What is UTF-8 stays what it is. */
        charset_decode("utf-8", result.text, result.size, &again);
        bool has_mark = g_str_has_prefix(result.text, "\xEF\xBB\xBF");
        bool same = strcmp(result.text, again.text) == 0 && !again.repaired && again.replaced == 0;
        fuzz_require(has_mark || again.restored > 0 || same,
                     "UTF-8 \"%s\" became \"%s\" by %s", result.text, again.text, again.used);
        g_free(again.text);
        g_free(result.text);
}

static void check_guess(const char *data, size_t size)
{
        const char *guess = charset_guess(data, size);
        fuzz_require(!guess || encoding_find(guess), "%s is no charset", guess);
        fuzz_require(!is_plain_ascii(data, size) || g_strcmp0(guess, "us-ascii") == 0, "ASCII is taken for %s",
                     guess ? guess : "nothing");
        if (size > 0 && g_utf8_validate_len(data, size, NULL) && guess && strcmp(guess, "utf-8") == 0) {
                struct charset_result result;
                charset_decode(guess, data, size, &result);
                fuzz_require(!result.repaired, "guessed utf-8, read as %s", result.used);
                g_free(result.text);
        }
}

/* glibc's reading, where it has one without an error. */
static char *read_by_iconv(const char *charset, const char *data, size_t size, size_t *ret_size)
{
        static iconv_t converter;
        if (!converter)
                converter = iconv_open("UTF-8", charset);
        size_t room = size * 4 + 16, left = room;
        char *out = g_malloc(room), *to = out, *from = (char *) data;
        iconv(converter, NULL, NULL, NULL, NULL);
        if (iconv(converter, &from, &size, &to, &left) == (size_t) -1)
                g_clear_pointer(&out, g_free);
        *ret_size = room - left;
        return out;
}

static void check_against_iconv(const char *data, size_t size)
{
        size_t expected_size, replaced = 0;
        g_autofree char *expected = read_by_iconv("CP932", data, size, &expected_size);
        g_autoptr(GString) text = g_string_new(NULL);
        encoding_decode(encoding_get(ENCODING_CP932), data, size, text, &replaced);
        fuzz_require(g_utf8_validate_len(text->str, text->len, NULL) || memchr(data, 0, size), "CP932 gives no UTF-8");
        if (!expected)
                return;
        fuzz_require(text->len == expected_size && memcmp(text->str, expected, expected_size) == 0 && replaced == 0,
                     "CP932 gives \"%s\", not \"%.*s\"", text->str, (int) expected_size, expected);
}

static void check_header(const char *data, size_t size)
{
        g_autofree char *raw = g_strndup(data, size);
        g_autofree char *value = charset_decode_header(raw), *line = charset_make_line(value);
        require_line("a header value", value);
        fuzz_require(strlen(value) <= LIMIT_HEADER_VALUE_BYTES, "a header value of %zu bytes", strlen(value));
        fuzz_require(strcmp(value, line) == 0, "\"%s\" is made \"%s\"", value, line);
        /* "$B" and "(B" are what ISO-2022-JP is without its ESC, which is put back. */
        bool other = strstr(raw, "=?") || strchr(raw, '$') || strlen(raw) > LIMIT_HEADER_VALUE_BYTES;
        if (other || !is_plain_ascii(raw, strlen(raw)))
                return;
        g_autofree char *bare = bare_text(raw), *found = bare_text(value);
        fuzz_require(strcmp(bare, found) == 0, "\"%s\" became \"%s\"", raw, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool prepared;
        if (!prepared)
                charset_prepare();
        prepared = true;
        if (size < 1)
                return 0;
        /* A copy of exactly these bytes, so that reading beyond them is seen. */
        g_autofree char *bytes = g_memdup2(data + 1, size - 1);
        const char *body = bytes ? bytes : "";
        check_body(labels[data[0] % G_N_ELEMENTS(labels)], body, size - 1);
        check_guess(body, size - 1);
        check_against_iconv(body, size - 1);
        check_header(body, size - 1);
        return 0;
}
