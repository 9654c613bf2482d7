/* SPDX-License-Identifier: MIT */
/* The quick reader of sound pages gives what libxml2 gives, wherever it does not give up. */
#include <string.h>

#include "ingest/charset.h"
#include "ingest/html.h"
#include "ingest/html_p.h"
#include "ingest/mime.h"
#include "tests/support.h"

#define DIRECTORY_DEPTH_MAX 4u

static const char *const names[] = {
        "a", "abbr", "address", "applet", "area", "b", "base", "big", "blockquote", "body", "br", "button", "caption",
        "center", "cite", "code", "col", "colgroup", "dd", "del", "dir", "div", "dl", "dt", "em", "embed", "fieldset",
        "font", "form", "h1", "h2", "h6", "head", "hr", "html", "i", "iframe", "img", "input", "ins", "label", "legend",
        "li", "link", "listing", "map", "menu", "meta", "multicol", "noscript", "object", "ol", "optgroup", "option", "p",
        "param", "pre", "q", "s", "script", "section", "select", "small", "span", "strong", "style", "sub", "sup", "svg",
        "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "title", "tr", "tt", "u", "ul", "wbr",
        "xmp", "o:p", "frame", "frameset", "noframes", "st1:place", "st1:placename", "noscripts", "blockquotes",
};

static unsigned pages_read, pages_sound;

static void describe(GString *out, const struct document *document)
{
        for (guint i = 0; i < document->block_count; i++) {
                const struct block *b = document_block(document, i);
                g_string_append_printf(out, "%x %u t%d/%d %d,%d+%u line %u [%s] <%s> <%s>", b->marks, b->indent, b->table,
                                       b->parent_table, b->row, b->column, b->row_span, b->line, b->text,
                                       b->image_alt ? b->image_alt : "-", b->image_source ? b->image_source : "-");
                for (guint n = 0; b->links && n < b->links->len; n++) {
                        const struct block_link *link = g_ptr_array_index(b->links, n);
                        g_string_append_printf(out, " (%s|%s)", link->text, link->url);
                }
                g_string_append_c(out, '\n');
        }
        for (guint i = 0; i < document->warnings->len; i++)
                g_string_append_printf(out, "! %s\n", (char *) g_ptr_array_index(document->warnings, i));
        g_string_append_printf(out, "%d tables\n", document->table_count);
}

/* Whether the quick reader takes the page. */
static bool is_sound(const char *text, size_t size)
{
        struct document *document = document_new(RENDERING_HTML);
        struct html_reader reader;
        html_reader_init(&reader, document);
        bool sound = html_read_sound(&reader, text, size, false);
        html_reader_clear(&reader);
        document_free(document);
        return sound;
}

static void compare_sized(const char *text, size_t size)
{
        struct document *quick = NULL, *careful = NULL;
        struct error quick_err = ERROR_INIT, careful_err = ERROR_INIT;
        g_autofree char *exact = g_memdup2(text, size); /* so that reading beyond is seen */
        text = exact ? exact : "";
        int r = html_read(text, size, &quick, &quick_err), s = html_read_by_parser(text, size, &careful, &careful_err);
        ck_assert_msg(r == s, "%d and %d: %.*s", r, s, (int) size, text);
        ck_assert_str_eq(error_text(&quick_err), error_text(&careful_err));
        error_clear(&quick_err);
        error_clear(&careful_err);
        pages_read++;
        pages_sound += is_sound(text, size);
        if (r < 0)
                return;
        g_autoptr(GString) a = g_string_new(NULL), b = g_string_new(NULL);
        describe(a, quick);
        describe(b, careful);
        ck_assert_msg(g_string_equal(a, b), "read as\n%s\nand by libxml2 as\n%s\n%.*s", a->str, b->str, (int) MIN(size, 3000),
                      text);
        document_free(quick);
        document_free(careful);
}

static void compare(const char *html)
{
        compare_sized(html, strlen(html));
}

static void begin(void)
{
        html_prepare();
        pages_read = pages_sound = 0;
}

static void require_share(unsigned percent)
{
        ck_assert_msg(pages_sound * 100 >= pages_read * percent, "%u of %u pages are taken for sound", pages_sound,
                      pages_read);
}

START_TEST(every_pair_of_tags)
{
        begin();
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                for (size_t k = 0; k < G_N_ELEMENTS(names); k++) {
                        const char *x = names[i], *y = names[k];
                        g_autofree char *nested = g_strdup_printf("<%s>a<%s>b</%s>c</%s>d", x, y, y, x);
                        g_autofree char *crossed = g_strdup_printf("<html><body>z<%s>a<%s>b</%s>c</%s>d\n</body></html>\n", x, y, x, y);
                        g_autofree char *in_cell = g_strdup_printf("<table><tr><td>1<%s>a<%s>b</td><td>2</td></tr></table>3", x, y);
                        g_autofree char *early = g_strdup_printf("<%s><%s/>a</%s> b", x, y, x);
                        compare(nested);
                        compare(crossed);
                        compare(in_cell);
                        compare(early);
                }
        require_share(20);
}
END_TEST

/* Pages of tags and text in any order, the same ones at each run. */
static void add_piece(GString *page, GRand *random)
{
        static const char *const texts[] = {
                "text", " ", "\n", " two words\n", "&nbsp;", "&amp;", "&lt;b&gt;", "&copy;", "&unknown;", "&#8594;", "&#x3042;",
                "a&b", "\xe3\x81\x82\xe3\x81\x84", "\xe2\x86\x92", "\r\n", "<!-- c -->", "<br>", "<br/>", "<hr>\n", "&#150;", "&#0;", "& ",
                "<img src=\"a.gif\" alt=\"x &amp; y\">", "<img src=s width='1'>", "<td colspan=2>", "<td rowspan=\"2\" nowrap>",
                "<a href=\"http://a.example/?b=1&c=2\">", "<a href='https://a.example/&eacute;'>", "<span style=\"display:none\">",
                "<input type=radio checked>", "<p align=center>", "<P>", "</P>", "<TD>", "</TR>", "\xc2\xa0", "<div hidden>",
        };
        guint32 kind = g_rand_int_range(random, 0, 10);
        const char *name = names[g_rand_int_range(random, 0, G_N_ELEMENTS(names))];
        if (kind < 6)
                g_string_append(page, texts[g_rand_int_range(random, 0, G_N_ELEMENTS(texts))]);
        else
                g_string_append_printf(page, kind < 8 ? "<%s>" : "</%s>", name);
}

START_TEST(pages_of_anything)
{
        begin();
        GRand *random = g_rand_new_with_seed(4);
        for (int i = 0; i < 6000; i++) {
                g_autoptr(GString) page = g_string_new(i % 2 ? "<html><head><title>t</title></head><body>\n" : "");
                for (int n = g_rand_int_range(random, 1, 12); n > 0; n--)
                        add_piece(page, random);
                compare(page->str);
        }
        g_rand_free(random);
        require_share(5);
}
END_TEST

/* Nested properly, as programs write. */
static void add_element(GString *page, GRand *random, int depth)
{
        static const char *const inner[] = { "div", "p", "b", "font", "span", "a", "center", "blockquote", "ul", "h2", "pre", "o:p" };
        if (depth == 0 || g_rand_int_range(random, 0, 4) == 0) {
                g_string_append(page, "words \xe6\xb7\xb1\xe5\x88\xbb\xe5\xba\xa6 &nbsp;\n");
                return;
        }
        if (g_rand_int_range(random, 0, 3) == 0) {
                g_string_append(page, "<table border=\"1\">\n");
                for (int row = g_rand_int_range(random, 1, 3); row > 0; row--) {
                        g_string_append(page, "<tr>");
                        for (int cell = g_rand_int_range(random, 1, 4); cell > 0; cell--) {
                                g_string_append(page, "<td bgcolor=#ffffff>");
                                add_element(page, random, depth - 1);
                                if (g_rand_int_range(random, 0, 5))
                                        g_string_append(page, "</td>");
                        }
                        if (g_rand_int_range(random, 0, 5))
                                g_string_append(page, "</tr>\n");
                }
                g_string_append(page, "</table>");
                return;
        }
        const char *name = inner[g_rand_int_range(random, 0, G_N_ELEMENTS(inner))];
        g_string_append_printf(page, "<%s class=x>", name);
        for (int n = g_rand_int_range(random, 1, 4); n > 0; n--)
                add_element(page, random, depth - 1);
        g_string_append_printf(page, "</%s>", name);
}

START_TEST(pages_as_programs_write_them)
{
        begin();
        GRand *random = g_rand_new_with_seed(5);
        for (int i = 0; i < 1500; i++) {
                g_autoptr(GString) page = g_string_new("<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<html>\n<head>"
                                                       "<meta http-equiv=x content=\"y\"><style>p > b { }</style></head>\n<body>");
                add_element(page, random, 6);
                g_string_append(page, "</body>\n</html>\n");
                compare(page->str);
        }
        g_rand_free(random);
        require_share(40);
}
END_TEST

START_TEST(single_cases)
{
        static const char *const pages[] = {
                "", " ", "x", "<", "<p", "<p>", "</p>", "<p>x</p></p>y", "<p/>x", "<td>x", "<a href=\"x\">", "<a href=\"x>y",
                "<p title=\"a<b\">x", "<p title=\"a>b\">x", "<p a=1 a=2>x", "<img alt=a alt=b>", "<br clear=all/>x", "<p a = 'b' >x",
                "<style>a</style>b", "<style/>b", "<script>if (a</b) {}</script>c", "<script>a</SCRIPT >b", "x<b>y<script></b>z</script>", "<style></div>a</style>b",
                "<style><!-- a --></style>b", "<script><</script>b", "<script>a",
                "<title>a<b>c</title>d", "<head>a", "a<head>b", "<html><html>a", "<body>a<body>b", "&", "&nbsp", "&nbsp;", "&#32;a",
                "&#65;", "&#x41;b", "&#xfffe;", "&#55296;", "&#9999999;", "&amp;amp;", "a\x7f" "b", "a\x0c" "b", "a\xc2\x85" "b", "a\xff" "b",
                "a\xef\xbf\xbe" "b", "<!-- a -- b -->c", "<!--->a-->b", "<!---->a", "<!-- a", "<![if x]>a<![endif]>", "<!doctype html>x",
                "x<!doctype html>y", "<?xml version=\"1.0\"?>\n<!DOCTYPE html>\n<p>x", "<?php a ?>b", "<?xml a>b", "<!doctype \"a>b\">c",
                "<p>x</p >y", "<p>x</p y>z", "<li>a<li>b<ul><li>c</ul>d", "<p>a<table><tr><td>b</table>c", "\n\n<pre>a\n b\r\nc</pre>",
                "<ol><li><p>a<li>b</ol>c</p>", "</body>x", "<html><body>a</body></html>b<p>c", "<b><b>a</b>b</b>c", "<a>x<a>y</a>",
                "<table><td>a<tr><td>b</table>", "<svg><text>a</text></svg>b", "<P STYLE='Display: None'>a</P>b", "a</div>b", "<1>", "< p>",
                "<table><tr><td nowrap>a</td><td nowrap>b</td><td nowrap colspan=2>c</td><td nowrap>d</td></tr></table>",
                "<table><tr><td class=\"a>b\">c</td><td class=\"a>b\">d</td><td class=\"a>\">e</td></tr></table>", "<b x>a</b><b x/>b</b><b x>c</b>",
                "<p a=1>b</p><p a=1 hidden>c</p><p a=1>d</p>", "<br clear=all>a<br clear=all>b<br clear=all/>c", "<td x>a</TD><td x>b</Td ><td x>c</td",
                "<font a=1>b</font><font a=1", "<font a=1>b</font><font a=1<b>", "<img alt=a><img alt=a>", "<b>a</b><b>b</b",
                "<p\n\ttitle = x\n>a", "<p 1=2>a", "<p a=\"b\"c=d>e", "<p a='b''c'>d", "<a:b>c</a:b>", "<-a>", "<p_>a</p_>",
        };
        begin();
        for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
                compare(pages[i]);
}
END_TEST

/* Text that comes in several pieces, and more of everything than the quick reader takes. */
START_TEST(sizes)
{
        begin();
        for (unsigned size = 990; size < 1012; size++) {
                g_autofree char *text = g_strnfill(size, 'x'), *blank = g_strnfill(size, '\n');
                g_autofree char *page = g_strdup_printf("%s\n\xe3\x81\x82\xe3\x81\x84%s\xe3\x81\x86<br>%s<p>%s\n%s&amp;</p>", text, text, blank, blank, text);
                compare(page);
                g_autofree char *outside = g_strdup_printf("<html><head></head>%s<p>x", blank);
                compare(outside);
        }
        for (unsigned depth = 195; depth < 206; depth++) {
                g_autoptr(GString) page = g_string_new(NULL);
                for (unsigned i = 0; i < depth; i++)
                        g_string_append(page, i % 2 ? "<div>" : "<blockquote>");
                g_string_append(page, "x");
                compare(page->str);
        }
        g_autoptr(GString) many = g_string_new(NULL);
        for (unsigned i = 0; i < 40; i++) {
                g_string_append_printf(many, "<n%u>%u</n%u>", i, i, i);
                compare(many->str);
        }
        g_autofree char *name = g_strnfill(120, 'n');
        for (unsigned size = 29; size < 34; size++) {
                g_autofree char *page = g_strdup_printf("<%.*s>x</%.*s>y<p %.*s=\"a\" alt=b>", (int) size, name, (int) size, name, (int) size, name);
                compare(page);
        }
}
END_TEST

static void compare_mail(const char *data, size_t size)
{
        struct mime_mail *mail = NULL;
        if (mime_read(data, size, &mail, NULL) < 0)
                return;
        for (guint i = 0; i < mail->parts->len; i++) {
                const struct mime_part *part = g_ptr_array_index(mail->parts, i);
                struct charset_result decoded;
                if (strcmp(part->type, "text/html") != 0)
                        continue;
                charset_decode(part->charset, part->data, part->size, &decoded);
                compare_sized(decoded.text, decoded.size);
                g_free(decoded.text);
        }
        mime_mail_free(mail);
}

static void compare_folder(const char *directory, unsigned depth, bool of_mails)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        for (const char *name; (name = g_dir_read_name(dir));) {
                g_autofree char *path = g_build_filename(directory, name, NULL), *data = NULL;
                size_t size;
                if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
                        if (depth < DIRECTORY_DEPTH_MAX)
                                compare_folder(path, depth + 1, of_mails);
                        continue;
                }
                data = support_read_file(path, &size);
                if (!of_mails)
                        compare_sized(data, size);
                else if (g_str_has_suffix(name, ".eml"))
                        compare_mail(data, size);
        }
        g_dir_close(dir);
}

START_TEST(the_corpora)
{
        begin();
        mime_prepare();
        g_autofree char *mails = support_source_path("mail"), *pages = support_source_path("fuzz/corpus/html"),
                        *findings = support_source_path("fuzz/regressions/html");
        compare_folder(mails, 0, true);
        ck_assert_uint_gt(pages_read, 30);
        require_share(60);
        compare_folder(pages, 0, false);
        if (g_file_test(findings, G_FILE_TEST_IS_DIR))
                compare_folder(findings, 0, false);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("html_sound");
        TCase *tests = tcase_create("pages");
        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, every_pair_of_tags);
        tcase_add_test(tests, pages_of_anything);
        tcase_add_test(tests, pages_as_programs_write_them);
        tcase_add_test(tests, single_cases);
        tcase_add_test(tests, sizes);
        tcase_add_test(tests, the_corpora);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
