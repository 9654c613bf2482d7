/* SPDX-License-Identifier: MIT */
/* Each limit at its edge: what is as large as it may be is read, one more is refused or cut, and the reason names the limit. */
#include <string.h>

#include "common/limits.h"
#include "ingest/html.h"
#include "ingest/reader.h"
#include "tests/support.h"

static const char bulletin[] = "HotFix Alert:2007/06/13版\n【登録日】2007/06/13\n【更新日】2007/06/14\n深刻度\n1(緊急)\n  2(重要)\n"
                               "  3(警告)\n  4(注意)\n対策\n至急適用\n再起動の必要性\n必要\nMS07-099/999001\n試験の題名\n"
                               "対応の緊急性:至急適用\n概要\n試験の文。\n";

static char *repeat(const char *start, const char *piece, size_t count, const char *end)
{
        GString *out = g_string_new(start);
        for (size_t i = 0; i < count; i++)
                g_string_append(out, piece);
        g_string_append(out, end);
        return g_string_free(out, FALSE);
}

static void assert_in(const char *text, const char *part)
{
        ck_assert_msg(text && strstr(text, part), "\"%s\" is not in \"%s\"", part, text);
}

static bool has_warning(const struct reader_result *result, const char *part)
{
        for (guint i = 0; result->bulletin && i < result->bulletin->warnings->len; i++)
                if (strstr(g_ptr_array_index(result->bulletin->warnings, i), part))
                        return true;
        return false;
}

/* --- pages --- */

/* Reads a page; NULL for one that was read, else the reason. */
static char *refusal_of(const char *start, const char *piece, size_t count, const char *end)
{
        g_autofree char *html = repeat(start, piece, count, end);
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        if (html_read(html, strlen(html), &document, &err) == 0) {
                document_free(document);
                return NULL;
        }
        ck_assert_int_eq(err.code, -ERR_LIMIT);
        char *reason = g_strdup(error_text(&err));
        error_clear(&err);
        return reason;
}

static void check_edge(const char *start, const char *piece, size_t count, const char *end, const char *limit)
{
        g_autofree char *at = refusal_of(start, piece, count, end), *beyond = refusal_of(start, piece, count + 1, end);
        ck_assert_msg(!at, "%zu times \"%s\": %s", count, piece, at);
        assert_in(beyond, limit);
}

START_TEST(pages)
{
        check_edge("", "x<br>", LIMIT_DOCUMENT_BLOCKS, "", "50000 lines (LIMIT_DOCUMENT_BLOCKS)");
        check_edge("<table><tr>", "<td>", LIMIT_TABLE_CELLS - 2, "", "50000 tables, rows and cells (LIMIT_TABLE_CELLS)");
        check_edge("<table>", "<tr>", LIMIT_TABLE_CELLS - 1, "", "LIMIT_TABLE_CELLS");
        check_edge("", "<table></table>", LIMIT_TABLE_CELLS, "", "LIMIT_TABLE_CELLS");
        check_edge("<td", " a=1", LIMIT_HTML_ATTRIBUTES, ">x", "256 attributes (LIMIT_HTML_ATTRIBUTES)");
        check_edge("<html><body>", "<font>x", LIMIT_HTML_OPEN_ELEMENTS - 2, "", "deeper than 512 (LIMIT_HTML_OPEN_ELEMENTS)");
}
END_TEST

START_TEST(nesting_of_pages)
{
        g_autofree char *tables = repeat("", "<table><tr><td>", LIMIT_HTML_DEPTH / 3, "");
        g_autofree char *at = refusal_of(tables, "", 0, "<b><a href=http://a/>x");
        ck_assert_ptr_null(at);
        g_autofree char *beyond = refusal_of(tables, "", 0, "<b><a href=http://a/><strong>x");
        assert_in(beyond, "deeper than 200 (LIMIT_HTML_DEPTH)");
}
END_TEST

static struct document *read_page(const char *html)
{
        struct document *document = NULL;
        ck_assert_int_eq(html_read(html, strlen(html), &document, NULL), 0);
        return document;
}

static guint count_links(const struct document *document)
{
        guint count = 0;
        for (guint i = 0; i < document->block_count; i++)
                if (document_block(document, i)->links)
                        count += document_block(document, i)->links->len;
        return count;
}

START_TEST(links_of_pages)
{
        for (unsigned more = 0; more <= 1; more++) {
                g_autofree char *many = repeat("", "<a href=http://a/>x</a> ", LIMIT_DOCUMENT_LINKS + more, "");
                struct document *document = read_page(many);
                ck_assert_uint_eq(count_links(document), LIMIT_DOCUMENT_LINKS);
                ck_assert_uint_eq(document->warnings->len, more);
                if (more)
                        assert_in(g_ptr_array_index(document->warnings, 0), "first 5000 (LIMIT_DOCUMENT_LINKS)");
                document_free(document);
                g_autofree char *url = repeat("<a href=\"http://a/", "u", LIMIT_URL_BYTES - 9 + more, "\">x</a>");
                document = read_page(url);
                ck_assert_uint_eq(count_links(document), 1 - more);
                ck_assert_uint_eq(document->warnings->len, more);
                if (more)
                        assert_in(g_ptr_array_index(document->warnings, 0), "8192 bytes (LIMIT_URL_BYTES)");
                document_free(document);
        }
}
END_TEST

/* --- texts --- */

static const struct reader_limits small = { .text_bytes = LIMIT_TEXT_BYTES_MIN };

static struct reader_result read_input(const char *data, enum reader_form form)
{
        struct reader_result result;
        reader_read_limited(data, strlen(data), form, &small, &result);
        return result;
}

START_TEST(length_of_a_text)
{
        for (unsigned more = 0; more <= 1; more++) {
                size_t size = LIMIT_TEXT_BYTES_MIN + more - strlen(bulletin);
                g_autofree char *text = repeat(bulletin, "x", size, "");
                struct reader_result result = read_input(text, READER_TEXT);
                ck_assert_int_eq(result.outcome, more ? READER_REFUSED : READER_RECOGNISED);
                if (more)
                        assert_in(result.reason, "more than 65536 bytes of text (max-text-size)");
                reader_result_clear(&result);
                g_autofree char *page = repeat("<p>", "x", LIMIT_TEXT_BYTES_MIN + more - 3, "");
                result = read_input(page, READER_HTML);
                ck_assert_int_eq(result.outcome, more ? READER_REFUSED : READER_UNRECOGNISED);
                reader_result_clear(&result);
        }
        /* without limits of one's own, the defaults hold */
        g_autofree char *large = repeat(bulletin, "x", LIMIT_TEXT_BYTES_DEFAULT - strlen(bulletin), "");
        struct reader_result result;
        reader_read(large, strlen(large), READER_TEXT, &result);
        ck_assert_int_eq(result.outcome, READER_RECOGNISED);
        reader_result_clear(&result);
}
END_TEST

/* Half-width katakana of one byte are three bytes of UTF-8. */
START_TEST(length_of_a_text_behind_its_charset)
{
        for (unsigned more = 0; more <= 1; more++) {
                g_autofree char *mail = repeat("Subject: x\nContent-Type: text/plain; charset=shift_jis\n\n", "\xb1",
                                               LIMIT_TEXT_BYTES_MIN / 3 + more, "");
                struct reader_result result = read_input(mail, READER_MAIL);
                ck_assert_int_eq(result.outcome, more ? READER_REFUSED : READER_UNRECOGNISED);
                reader_result_clear(&result);
        }
}
END_TEST

static char *multipart(GPtrArray *parts)
{
        GString *mail = g_string_new("Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n");
        for (guint i = 0; i < parts->len; i++)
                g_string_append_printf(mail, "--b\nContent-Type: text/plain; charset=utf-8\n\n%s\n",
                                       (char *) g_ptr_array_index(parts, i));
        g_string_append(mail, "--b--\n");
        return g_string_free(mail, FALSE);
}

/* A part that is too long does not hide the bulletin in another one. */
START_TEST(a_long_part_is_passed_over)
{
        g_autofree char *large = repeat("", "x", LIMIT_TEXT_BYTES_MIN + 1, "");
        for (int first = 0; first <= 1; first++) {
                g_autoptr(GPtrArray) parts = g_ptr_array_new();
                g_ptr_array_add(parts, first ? large : (char *) bulletin);
                g_ptr_array_add(parts, first ? (char *) bulletin : large);
                g_autofree char *mail = multipart(parts);
                struct reader_result result = read_input(mail, READER_MAIL);
                ck_assert_int_eq(result.outcome, READER_RECOGNISED);
                ck_assert_str_eq(result.bulletin->id, "MS07-099");
                ck_assert(has_warning(&result, "was not read: more than 65536 bytes of text (max-text-size)"));
                reader_result_clear(&result);
        }
}
END_TEST

START_TEST(length_of_all_texts)
{
        g_autofree char *full = repeat("", "x", LIMIT_TEXT_BYTES_MIN, "");
        for (unsigned more = 0; more <= 1; more++) {
                g_autoptr(GPtrArray) parts = g_ptr_array_new();
                for (unsigned i = 0; i < LIMIT_TEXT_PARTS_RATIO; i++)
                        g_ptr_array_add(parts, full);
                if (more)
                        g_ptr_array_add(parts, (char *) bulletin);
                g_autofree char *mail = multipart(parts);
                struct reader_result result = read_input(mail, READER_MAIL);
                ck_assert_int_eq(result.outcome, more ? READER_REFUSED : READER_UNRECOGNISED);
                if (more)
                        assert_in(result.reason, "262144 bytes of text in all parts of the mail (LIMIT_TEXT_PARTS_RATIO");
                reader_result_clear(&result);
        }
}
END_TEST

START_TEST(number_of_texts)
{
        for (unsigned more = 0; more <= 1; more++) {
                g_autoptr(GPtrArray) parts = g_ptr_array_new();
                for (unsigned i = 1; i < LIMIT_TEXT_READINGS + more; i++)
                        g_ptr_array_add(parts, (char *) "x");
                g_ptr_array_add(parts, (char *) bulletin);
                g_autofree char *mail = multipart(parts);
                struct reader_result result = read_input(mail, READER_MAIL);
                ck_assert_int_eq(result.outcome, more ? READER_REFUSED : READER_RECOGNISED);
                if (more)
                        assert_in(result.reason, "more than 100 parts with text, nor were those behind it (LIMIT_TEXT_READINGS)");
                reader_result_clear(&result);
        }
}
END_TEST

/* --- lists of a bulletin --- */

START_TEST(lists_are_cut_with_a_warning)
{
        for (int more = -1; more <= 1; more++) {
                g_autoptr(GString) text = g_string_new(bulletin);
                g_string_append(text, "対象プラットフォーム\n| 影響を受けるソフトウェア | 対象プラットフォーム |\n");
                for (int i = 0; i < (int) LIMIT_LIST_MEMBERS + more; i++)
                        g_string_append_printf(text, "| A%d | B |\n", i);
                for (int i = 0; i < (int) LIMIT_LINKS + more; i++)
                        g_string_append_printf(text, "http://www.example.com/%d\n", i);
                struct reader_result result;
                reader_read(text->str, text->len, READER_TEXT, &result);
                ck_assert_int_eq(result.outcome, READER_RECOGNISED);
                ck_assert_uint_eq(result.bulletin->affected->len, MIN((int) LIMIT_LIST_MEMBERS + more, (int) LIMIT_LIST_MEMBERS));
                ck_assert_uint_eq(result.bulletin->links->len, MIN((int) LIMIT_LINKS + more, (int) LIMIT_LINKS));
                ck_assert_int_eq(has_warning(&result, "of the affected products no more than the first 2000"), more >= 0);
                ck_assert_int_eq(has_warning(&result, "of the links no more than the first 500"), more >= 0);
                reader_result_clear(&result);
        }
}
END_TEST

/* --- mails --- */

START_TEST(parts_of_mails)
{
        for (unsigned more = 0; more <= 1; more++) {
                g_autofree char *mail = repeat("Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n",
                                               "--b\nContent-Type: image/png\n\nx\n", LIMIT_MIME_PARTS - 1 + more, "--b--\n");
                struct reader_result result = read_input(mail, READER_MAIL);
                ck_assert_int_eq(result.outcome, more ? READER_REFUSED : READER_UNRECOGNISED);
                if (more)
                        assert_in(result.reason, "more than 1000 parts (LIMIT_MIME_PARTS)");
                reader_result_clear(&result);
                g_autofree char *nested = repeat("", "Subject: x\nContent-Type: message/rfc822\n\n", LIMIT_MIME_DEPTH + more, "Subject: y\n\n");
                g_autofree char *deep = g_strconcat(nested, bulletin, NULL);
                result = read_input(deep, READER_MAIL);
                ck_assert_int_eq(result.outcome, more ? READER_REFUSED : READER_RECOGNISED);
                if (more)
                        assert_in(result.reason, "deeper than 32 (LIMIT_MIME_DEPTH)");
                reader_result_clear(&result);
        }
}
END_TEST

START_TEST(header_of_a_mail)
{
        size_t fits = 0;
        for (int more = -100; more <= 100; more++) {
                g_autofree char *head = repeat("Subject: x\nX: ", "y", (size_t) ((int) LIMIT_HEADER_BYTES + more), "\n\n");
                g_autofree char *mail = g_strconcat(head, bulletin, NULL);
                struct reader_result result = read_input(mail, READER_MAIL);
                if (result.outcome == READER_RECOGNISED)
                        fits = strlen(head);
                else
                        assert_in(result.reason, "more than 262144 bytes (LIMIT_HEADER_BYTES)");
                ck_assert_int_eq(result.outcome, fits == strlen(head) ? READER_RECOGNISED : READER_REFUSED);
                reader_result_clear(&result);
        }
        ck_assert_uint_ge(fits, LIMIT_HEADER_BYTES - 4); /* with or without the blank line */
        ck_assert_uint_le(fits, LIMIT_HEADER_BYTES + 4);
}
END_TEST

/* --- the manual --- */

static char *with_commas(size_t value)
{
        return value < 1000 ? g_strdup_printf("%zu", value) : g_strdup_printf("%zu,%03zu", value / 1000, value % 1000);
}

START_TEST(the_manual_has_them)
{
        static const struct { const char *name; size_t value; } limits[] = {
                { "LIMIT_MIME_DEPTH", LIMIT_MIME_DEPTH },
                { "LIMIT_MIME_PARTS", LIMIT_MIME_PARTS },
                { "LIMIT_HEADER_BYTES", LIMIT_HEADER_BYTES },
                { "LIMIT_HEADER_VALUE_BYTES", LIMIT_HEADER_VALUE_BYTES },
                { "LIMIT_AUTHENTICATION_FIELDS", LIMIT_AUTHENTICATION_FIELDS },
                { "LIMIT_AUTHENTICATION_RESULTS", LIMIT_AUTHENTICATION_RESULTS },
                { "LIMIT_AUTHENTICATION_PROPERTIES", LIMIT_AUTHENTICATION_PROPERTIES },
                { "LIMIT_AUTHENTICATION_VALUE_BYTES", LIMIT_AUTHENTICATION_VALUE_BYTES },
                { "LIMIT_TEXT_PARTS_RATIO", LIMIT_TEXT_PARTS_RATIO },
                { "LIMIT_TEXT_READINGS", LIMIT_TEXT_READINGS },
                { "LIMIT_HTML_DEPTH", LIMIT_HTML_DEPTH },
                { "LIMIT_HTML_OPEN_ELEMENTS", LIMIT_HTML_OPEN_ELEMENTS },
                { "LIMIT_HTML_ATTRIBUTES", LIMIT_HTML_ATTRIBUTES },
                { "LIMIT_URL_BYTES", LIMIT_URL_BYTES },
                { "LIMIT_DOCUMENT_BLOCKS", LIMIT_DOCUMENT_BLOCKS },
                { "LIMIT_TABLE_CELLS", LIMIT_TABLE_CELLS },
                { "LIMIT_DOCUMENT_LINKS", LIMIT_DOCUMENT_LINKS },
                { "LIMIT_LIST_MEMBERS", LIMIT_LIST_MEMBERS },
                { "LIMIT_LINKS", LIMIT_LINKS },
                { "LIMIT_IDS", LIMIT_IDS },
                { "LIMIT_WORKER_REPLY_BYTES", LIMIT_WORKER_REPLY_BYTES },
                { "LIMIT_WORKER_REPLY_VALUES", LIMIT_WORKER_REPLY_VALUES },
                { "LIMIT_ATTACHMENT_BYTES", LIMIT_ATTACHMENT_BYTES },
        };
        g_autofree char *tests = support_source_path(".."), *path = g_build_filename(tests, "man/hotfixd.conf.5", NULL);
        g_autofree char *manual = support_read_file(path, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
                size_t value = limits[i].value;
                g_autofree char *number = with_commas(value);
                g_autofree char *plain = g_strdup_printf("\n.It %s Ta %s Ta ", limits[i].name, number);
                g_autofree char *kib = g_strdup_printf("\n.It %s Ta %zu KiB Ta ", limits[i].name, value / KIB);
                g_autofree char *mib = g_strdup_printf("\n.It %s Ta %zu MiB Ta ", limits[i].name, value / MIB);
                ck_assert_msg(strstr(manual, plain) || (value % KIB == 0 && strstr(manual, kib)) ||
                                      (value % MIB == 0 && strstr(manual, mib)),
                              "the manual has not: %s", plain);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("limits");
        TCase *c = tcase_create("limits");
        tcase_add_checked_fixture(c, reader_prepare, NULL);
        tcase_set_timeout(c, 180);
        tcase_add_test(c, pages);
        tcase_add_test(c, nesting_of_pages);
        tcase_add_test(c, links_of_pages);
        tcase_add_test(c, length_of_a_text);
        tcase_add_test(c, length_of_a_text_behind_its_charset);
        tcase_add_test(c, a_long_part_is_passed_over);
        tcase_add_test(c, length_of_all_texts);
        tcase_add_test(c, number_of_texts);
        tcase_add_test(c, lists_are_cut_with_a_warning);
        tcase_add_test(c, parts_of_mails);
        tcase_add_test(c, header_of_a_mail);
        tcase_add_test(c, the_manual_has_them);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
