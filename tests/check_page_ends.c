/* SPDX-License-Identifier: MIT */
/*
 * Text is read by blocks, and what is untrusted stands anywhere: here it ends where its page does, or begins where its
 * page does, with nothing mapped beside that, and with bytes behind it that are not its own. All must be read alike.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/json_put.h"
#include "common/text.h"
#include "ingest/charset.h"
#include "ingest/document.h"
#include "ingest/html.h"
#include "ingest/text_document.h"
#include "tests/support.h"

static char *page, *page_end; /* one that can be used, between two that cannot */

static void map_page(void)
{
        size_t size = (size_t) sysconf(_SC_PAGESIZE);
        char *memory = mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(memory, MAP_FAILED);
        page = memory + size;
        page_end = page + size;
        ck_assert_int_eq(mprotect(page, size, PROT_READ | PROT_WRITE), 0);
}

static void unmap_page(void)
{
        size_t size = (size_t) (page_end - page);
        munmap(page - size, 3 * size);
}

/* What is read of a text of that size, in words; newly allocated. It may be changed. */
typedef char *(*reader)(char *text, size_t size);

/* Each at every place that a text of its size has at an end of the page; with_nul: a NUL belongs to it. */
static void require_alike(const char *text, size_t size, bool with_nul, reader read)
{
        static const char *const strangers[] = {
                "語語語語語語語語語語語語", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "<x\"\\&$B \x1B(B\n\x01\x7F\x80\xFF and so on",
                "\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1\xA1",
        };
        size_t whole = size + with_nul;
        ck_assert_uint_le(whole + 64, (size_t) (page_end - page));
        char *last = memcpy(page_end - whole, text, whole);
        g_autofree char *at_end = read(last, size);
        for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++) {
                memcpy(page, text, whole);
                memcpy(page + whole, strangers[i], strlen(strangers[i]));
                g_autofree char *at_start = read(page, size);
                ck_assert_msg(g_str_equal(at_end, at_start), "of %zu bytes \"%.*s\":\n%s\nbut elsewhere:\n%s", size,
                              (int) size, text, at_end, at_start);
        }
}

/* Of every size that ends with a character; any_end: of every size. */
static void require_beginnings_alike(const char *text, bool with_nul, bool any_end, reader read)
{
        for (size_t size = 0; size <= strlen(text); size++) {
                if (!any_end && ((unsigned char) text[size] & 0xC0) == 0x80)
                        continue;
                g_autofree char *cut = g_strndup(text, size);
                require_alike(cut, size, with_nul, read);
        }
}

static const char *const texts[] = {
        "Windows の印刷の問題により、緊急に適用が必要です (MS07-901 / 990101)。 再起動 は不要",
        "an ordinary line of ASCII, \"quoted\" and with a \\ in it, longer than some blocks of bytes are",
        "日本語だけの行が続き、空白も記号も何もない場合、三文字ずつ進む",
        "é × ｶﾞ Ａ\xE3\x80\x80 全角　空白 😀 ÄÖÜ \xC2\xA0\xC2\x80 end\t\r\n",
};

static char *read_bounded(char *text, size_t size)
{
        GString *out = g_string_new(text_is_valid(text, size) ? "valid " : "");
        g_string_append(out, text_is_clean(text, size) ? "clean " : "");
        if (text_is_valid(text, size))
                json_put_string(out, text, size);
        g_autofree char *mended = text_make_valid(text, size, NULL);
        g_string_append(out, mended);
        return g_string_free(out, FALSE);
}

START_TEST(bytes_of_a_size)
{
        map_page();
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                require_beginnings_alike(texts[i], false, true, read_bounded);
        unmap_page();
}
END_TEST

static char *read_string(char *text, size_t size)
{
        struct text_shape shape = { 0 };
        bool is_plain = text_measure_plain(text, size, &shape);
        GString *out = g_string_new(NULL);
        g_string_printf(out, "%d %d %zu %d %d", is_plain, text_is_plain(text), shape.columns, shape.has_space,
                        text_is_blank(text));
        g_autofree char *normal = text_normalize(text), *stripped = text_strip(text);
        text_append_unspaced(out, text);
        g_string_append_printf(out, " %s %s %zu", normal, stripped, text_width(text));
        return g_string_free(out, FALSE);
}

/* Valid ones, and such as end within a character. */
START_TEST(strings)
{
        map_page();
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                require_beginnings_alike(texts[i], true, true, read_string);
        unmap_page();
}
END_TEST

static const char *charset;

static char *read_encoded(char *text, size_t size)
{
        struct charset_result result;
        charset_decode(charset, text, size, &result);
        char *out = g_strdup_printf("%s %d %d %zu %s", result.used, result.repaired, result.is_clean, result.replaced,
                                    result.text);
        g_free(result.text);
        return out;
}

START_TEST(encoded_text)
{
        static const char *const charsets[] = { "ISO-2022-JP", "CP932", "EUC-JP", "UTF-8" };
        map_page();
        charset_prepare();
        for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++)
                for (size_t n = 0; n < 3; n++) {
                        charset = charsets[i];
                        gsize size;
                        g_autofree char *bytes = g_convert(texts[n], -1, charset, "UTF-8", NULL, &size, NULL);
                        ck_assert_ptr_nonnull(bytes);
                        for (size_t end = 0; end <= size; end++)
                                require_alike(bytes, end, false, read_encoded);
                }
        unmap_page();
}
END_TEST

static char *describe(struct document *document)
{
        GString *out = g_string_new(NULL);
        for (guint i = 0; document && i < document->block_count; i++) {
                const struct block *block = document_block(document, i);
                g_string_append_printf(out, "%u %u %d %zu \"%s\" \"%s\"\n", block->marks, block->indent,
                                       block->is_plain, block->size, block->text, block->normal);
        }
        document_free(document);
        return g_string_free(out, FALSE);
}

static char *read_page(char *text, size_t size)
{
        struct document *document = NULL;
        html_read(text, size, &document, NULL);
        return describe(document);
}

START_TEST(pages)
{
        static const char html[] = "<html><body><p class=\"x\">緊急の <b>更新</b>&amp; text,\n which is long enough</p>"
                                   "<table><tr><td>MS07-901</td><td>再起動</td></tr></table><!-- a remark -->"
                                   "<pre>  a\n b</pre></body></html>\n";
        map_page();
        html_prepare();
        require_beginnings_alike(html, false, false, read_page);
        unmap_page();
}
END_TEST

static char *read_lines(char *text, size_t size)
{
        struct document *document = NULL;
        (void) size;
        text_document_read(text, NULL, &document, NULL);
        return describe(document);
}

START_TEST(lines)
{
        static const char text[] = "> 登録日\r\n> ・対策: 至急適用\xE2\x80\xA8　字下げした行です。\xC2\x85\n\n  an indented line\f"
                                   "| a | b |\n| 語 | 五 |\n長い行が一つあり、十六バイトの区切りをいくつも越えて続く\vend |\n";
        map_page();
        require_beginnings_alike(text, true, false, read_lines);
        unmap_page();
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("page_ends");
        TCase *t = tcase_create("page_ends");
        suite_add_tcase(s, t);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, bytes_of_a_size);
        tcase_add_test(t, strings);
        tcase_add_test(t, encoded_text);
        tcase_add_test(t, pages);
        tcase_add_test(t, lines);
        return s;
}

int main(void)
{
        return support_run(suite());
}
