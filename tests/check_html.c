/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/limits.h"
#include "ingest/html.h"
#include "tests/support.h"

/* One block as a test writes it down: flags, indentation, "t<table>/<around>:<row>,<column>", "[text]", alt, links. */
static void describe_block(GString *out, const struct block *block)
{
        static const struct {
                unsigned mark;
                char letter;
        } marks[] = {
                { MARK_PARAGRAPH, 'P' }, { MARK_IMAGE, 'I' },        { MARK_CELL_END, 'E' }, { MARK_HEADING, 'H' },
                { MARK_LIST_ITEM, 'L' }, { MARK_PREFORMATTED, 'R' }, { MARK_BOLD, 'B' },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
                if (block->marks & marks[i].mark)
                        g_string_append_c(out, marks[i].letter);
        if (block->indent > 0)
                g_string_append_printf(out, "i%u", block->indent);
        if (block->table >= 0) {
                g_string_append_printf(out, "t%d", block->table);
                if (block->parent_table >= 0)
                        g_string_append_printf(out, "/%d", block->parent_table);
                g_string_append_printf(out, ":%d,%d", block->row, block->column);
        }
        g_string_append_printf(out, "[%s", block->text);
        if (block->image_alt)
                g_string_append_printf(out, " alt=%s", block->image_alt);
        for (guint i = 0; block->links && i < block->links->len; i++) {
                const struct block_link *link = g_ptr_array_index(block->links, i);
                g_string_append_printf(out, " <%s|%s>", link->text, link->url);
        }
        g_string_append(out, "] ");
}

static void check(const char *html, const char *expected)
{
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(html_read(html, strlen(html), &document, &err), 0);
        ck_assert_ptr_null(err.text);
        ck_assert_int_eq(document->rendering, RENDERING_HTML);
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < document->block_count; i++)
                describe_block(out, document_block(document, i));
        document_free(document);
        g_autofree char *found = g_strchomp(g_string_free(out, FALSE));
        ck_assert_str_eq(found, expected);
}

START_TEST(test_breaks_and_blocks_cut_lines)
{
        check("one<br>two<br/><br>three<p>four</p>five<div>six<div>seven</div></div>eight",
              "P[one] [two] P[three] P[four] P[five] P[six] P[seven] P[eight]");
        check("<body>x<hr>y<blockquote>z</blockquote></body></html>\nbehind the end",
              "P[x] P[y] P[z] P[behind the end]");
}
END_TEST

START_TEST(test_white_space_is_collapsed)
{
        check("<p>  a \n\t b <b> c</b>d  </p>", "P[a b cd]");
        check("<p>再起動の\n  必要性 と\nWindows\n更新</p>", "P[再起動の必要性 と Windows 更新]");
        check("<p>a&nbsp;&nbsp; b<br>&nbsp;&nbsp;2(重要)<br>　3(警告)<br>&nbsp;<br>x</p>",
              "P[a\xc2\xa0\xc2\xa0 b] i2[2(重要)] i2[3(警告)] P[x]");
}
END_TEST

/* Wherever it stands in the blocks of bytes that the text is looked at by. */
START_TEST(test_white_space_at_every_place)
{
        static const char *const spaces[] = { " ", "\t", "\r\n", " \n ", "\n" };
        g_autoptr(GString) wide = g_string_new(NULL);
        for (guint length = 0; length < 40; length++) {
                g_autofree char *word = g_strnfill(length, 'x');
                for (size_t i = 0; i < G_N_ELEMENTS(spaces); i++) {
                        g_autofree char *html = g_strconcat("<p>y", word, spaces[i], "y", wide->str, spaces[i], "z</p>", NULL);
                        g_autofree char *expected = g_strdup_printf("P[y%s y%s z]", word, wide->str);
                        check(html, expected);
                }
                g_string_append(wide, length % 2 ? "語" : "な");
        }
}
END_TEST

START_TEST(test_preformatted_keeps_lines)
{
        check("<pre>\na\n  b  c\n\n\td</pre>e", "PR[a] Ri2[b  c] PRi8[d] P[e]");
}
END_TEST

START_TEST(test_marks_of_elements)
{
        check("<h2>概要</h2><ul><li>one<br>more<li>two</ul><b>all bold</b><br><b>part</b> bold",
              "PH[概要] PL[one] [more] PL[two] PB[all bold] [part bold]");
}
END_TEST

START_TEST(test_head_script_style_comment_are_left_out)
{
        check("<html><head><meta charset=\"Shift_JIS\"><title>title</title><style>a{b:c}</style></head><body>"
              "x<!-- comment --><script>if (1 < 2) document.write('<td>no</td>');</script><template>t</template>"
              "<p style=\"color:red; DISPLAY : none\">hidden <b>too</b></p><span hidden>no</span>あ</body></html>",
              "P[xあ]");
}
END_TEST

START_TEST(test_text_survives_a_broken_head)
{
        check("<head><title>never closed<table><tr><td>深刻度</td></tr></table>", "PEt0:0,0[深刻度]");
        check("<head><p>in the head</p>", "P[in the head]");
}
END_TEST

START_TEST(test_chosen_option_in_a_nested_table)
{
        check("<table><tr><td>深刻度</td><td><table>"
              "<tr><td><img src=\"a.gif\"></td><td>1(緊急)</td></tr>"
              "<tr><td>&nbsp;</td><td>2(重要)</td></tr>"
              "<tr><td>　</td><td>3(警告)</td></tr>"
              "<tr><td></td><td>4(注意)</td></tr></table></td></tr>"
              "<tr><td>対策</td><td>至急適用</td></tr></table>",
              "PEt0:0,0[深刻度] PIEt1/0:0,0[] Et1/0:0,1[1(緊急)] Et1/0:1,0[] Et1/0:1,1[2(重要)] Et1/0:2,0[] "
              "Et1/0:2,1[3(警告)] Et1/0:3,0[] Et1/0:3,1[4(注意)] PEt0:0,1[] Et0:1,0[対策] Et0:1,1[至急適用]");
}
END_TEST

START_TEST(test_marks_of_a_chosen_option)
{
        check("<table><tr><td>→<td>1(緊急)<td><img alt=\"→\" src=m.gif><td>2(重要)<td><img src=m.gif> 3(警告)<td>4(注意)"
              "<img src=m.gif></table>",
              "PEt0:0,0[→] Et0:0,1[1(緊急)] IEt0:0,2[ alt=→] Et0:0,3[2(重要)] IEt0:0,4[3(警告)] Et0:0,5[4(注意)]");
        check("<table><tr><td>a<br><img src=m.gif></td><td>b<br><img src=m.gif alt=x></table>",
              "PEt0:0,0[a] t0:0,1[b] IEt0:0,1[ alt=x]");
        check("<td><img src=m.gif><br>1(緊急)<br>&nbsp;&nbsp;2(重要)</td>", "PIt0:0,0[1(緊急)] Ei2t0:0,0[2(重要)]");
        check("<p><b>x</b>:<img src=m.gif alt=' → '>a<br>y<img alt=新規>b<img alt='- -'>c<img src=m.gif>d</p>", "P[x:→a] [ybcd]");
        check("<p><img src=m.gif>1(緊急)<br>2(重要)</p><img alt=Logo><p>x", "PI[1(緊急)] [2(重要)] PI[ alt=Logo] P[x]");
}
END_TEST

START_TEST(test_spacers_are_no_marks)
{
        check("<table><tr><td><img src=http://x/img/spacer.gif width=10></td><td><img src=a.gif width=1 height=10>"
              "<td><img src=\"/b/1x1_clear.GIF?x=1\"><td><img src=spacer.gif alt=\"→\">"
              "<td><img src=arrow.gif width=10px></tr></table>",
              "PEt0:0,0[] Et0:0,1[] IEt0:0,2[] IEt0:0,3[ alt=→] IEt0:0,4[]");
}
END_TEST

START_TEST(test_cells_of_several_lines)
{
        check("<table><tr><td>a<br>b<p>c</p></td><td><p>d</p></td></tr></table>e",
              "Pt0:0,0[a] t0:0,0[b] PEt0:0,0[c] PEt0:0,1[d] P[e]");
        check("<table><tr><td>before<table><tr><td>in</table>after</table>",
              "Pt0:0,0[before] PEt1/0:0,0[in] PEt0:0,0[after]");
}
END_TEST

START_TEST(test_missing_end_tags)
{
        check("<table><tr><td>a<td><b>b<td>c<tr><th>d<td>e</table>f",
              "PEt0:0,0[a] EBt0:0,1[b] Et0:0,2[c] EBt0:1,0[d] Et0:1,1[e] P[f]");
        check("<table><tr><td><span>a<td><span><h1>b<td>c<tr><td>d</table>f",
              "PEt0:0,0[a] PEHt0:0,1[b] Et0:0,2[c] Et0:1,0[d] P[f]");
        check("<table><tr><td><span>a<tr><td>b</table>", "PEt0:0,0[a] Et0:1,0[b]");
        check("</td></b></table></p>x</div>y", "P[xy]");
        check("<tr><td>from the middle<td>b</tr><tr><td>c", "PEt0:0,0[from the middle] Et0:0,1[b] Et0:1,0[c]");
        check("<table><td>no row<tbody><tr><td>next</table>", "PEt0:0,0[no row] Et0:1,0[next]");
}
END_TEST

START_TEST(test_spans)
{
        check("<table><tr><td colspan=3>a<td>b<tr><td rowspan=2>c<td colspan=0>d<td>e<tr><td>f<td>g<tr><td>h</table>",
              "PEt0:0,0[a] Et0:0,3[b] Et0:1,0[c] Et0:1,1[d] Et0:1,2[e] Et0:2,1[f] Et0:2,2[g] Et0:3,0[h]");
        check("<table><tr><td colspan=99999999999999999999>a<td>b<td colspan=-2>c<td colspan=x>d</table>",
              "PEt0:0,0[a] Et0:0,1000[b] Et0:0,1001[c] Et0:0,1002[d]");
}
END_TEST

START_TEST(test_rows_of_a_cell)
{
        static const char html[] = "<table><tr><td rowspan=2>a<table><tr><td>b</table><td>c<tr><td rowspan=0>d</table>e";
        static const unsigned spans[] = { 2, 1, 2, 1, 65534, 1 };
        struct document *document = NULL;
        ck_assert_int_eq(html_read(html, sizeof html - 1, &document, NULL), 0);
        ck_assert_uint_eq(document->block_count, G_N_ELEMENTS(spans));
        for (guint i = 0; i < document->block_count; i++)
                ck_assert_uint_eq(document_block(document, i)->row_span, spans[i]);
        document_free(document);
}
END_TEST

START_TEST(test_text_between_cells_belongs_around)
{
        check("<table><caption>Cap</caption><tr>stray<td>a</td></tr></table>", "P[Cap] P[stray] Et0:0,0[a]");
        check("<table><tr><td>x<table><caption>Cap</caption><tr><td>a</table></table>",
              "Pt0:0,0[x] Pt0:0,0[Cap] PEt1/0:0,0[a] PEt0:0,0[]");
}
END_TEST

START_TEST(test_links)
{
        check("see <a href=\" HTTPS://a.example/?x=1&amp;y=2\n\">the <b>page</b></a>, or <a href='mailto:a@b'>mail</a>",
              "P[see the page, or mail <the page|HTTPS://a.example/?x=1&y=2> <mail|mailto:a@b>]");
        check("<a href=http://a/>two<br>lines</a>", "P[two <two|http://a/>] [lines <lines|http://a/>]");
        check("<a href=\"http://a/x y&quot;<\"><img src=i.gif alt=Pic></a>", "PI[ alt=Pic <Pic|http://a/x%20y%22%3C>]");
        check("<a href=\"javascript:x()\">a</a><a href=\"#top\">b</a><a name=n>c</a><a href=\"data:text/html,x\">d</a>",
              "P[abcd]");
        check("<a href=http://a/>open<a href=http://b/>next</a> plain",
              "P[opennext plain <open|http://a/> <next|http://b/>]");
}
END_TEST

START_TEST(test_characters)
{
        check("&lt;&amp;&gt; &copy; &#150; &#x80; &#12354; &unknown; &#0;z", "P[<&> © – € あ &unknown; z]");
        check("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><meta charset=euc-jp>㈱髙①", "P[㈱髙①]");
}
END_TEST

START_TEST(test_stray_angle_brackets_are_text)
{
        check("<p>copy <元のパス>\\a.dll, a < b > c, x<1, <<b>bold</b>> 5 <", 
              "P[copy <元のパス>\\a.dll, a < b > c, x<1, <bold> 5 <]");
        check("<a href=http://a/ title='<あ>'>x</a>", "P[x <x|http://a/>]");
}
END_TEST

/* Word writes them around each image and each empty paragraph. Inside comments and scripts "<!" is no markup. */
START_TEST(test_declarations_are_no_text)
{
        check("<td><!--[if gte vml 1]><v:shape><b>x</b></v:shape><![endif]--><![if !vml]><img src=a.gif><![endif]><td>y",
              "PIEt0:0,0[] Et0:0,1[y]");
        check("<p><![if !supportEmptyParas]>&nbsp;<![endif]>x", "Pi1[x]");
        check("<!DOCTYPE html><!ENTITY a 'b'><p>x<![CDATA[ y ]]>z", "P[xz]");
        check("<script>if (a<!b) c</script><style>d<![e</style><!-- <![f --><p>x", "P[x]");
        check("<p>1 <! 2 > 3 <![if", "P[1 <! 2 > 3 <![if]");
        check("<p>x</p><!x", "P[x] P[<!x]");
}
END_TEST

/* Behind a label's colon an image is the mark of the value, behind other text it is none. */
START_TEST(test_an_image_behind_a_colon)
{
        check("<td>label：<img src=a.gif>a<br><img src=b.gif>b", "Pt0:0,0[label：] It0:0,0[a] IEt0:0,0[b]");
        check("<td>a<img src=a.gif>b", "PEt0:0,0[ab]");
}
END_TEST

/* "</font <td>" would take the cell along. */
START_TEST(test_a_tag_inside_an_end_tag)
{
        check("<tr><td><font>a</font <td>b</font\n</td></tr >c</font", "PEt0:0,0[a] Et0:0,1[b] [c]");
}
END_TEST

/* A button that is switched on is as good a mark as an image, and so is a drawing. */
START_TEST(test_other_marks)
{
        check("<td><input type=radio><td>a<td><INPUT TYPE=\"Radio\" CHECKED><td>b<td><input type=checkbox checked=checked>c"
              "<td><input type=hidden checked>d<td><input value=e><td><input type=image src=a.gif>",
              "PEt0:0,0[] Et0:0,1[a] IEt0:0,2[] Et0:0,3[b] IEt0:0,4[c] Et0:0,5[d] Et0:0,6[] IEt0:0,7[]");
        check("<td><svg width=9><title>t</title><text>u</text></svg><td>a<td><object data=a.gif>alt</object><td>b",
              "PIEt0:0,0[] Et0:0,1[a] IEt0:0,2[alt] Et0:0,3[b]");
        check("<td><svg style='display:none'/>a<td hidden><img src=a.gif>", "PEt0:0,0[a]");
        check("<p>a<span style='Visibility : hidden'>b</span>", "P[a]");
}
END_TEST

/* Cut anywhere, a page is still read, and what stood before is not lost for more than the tag that was cut. */
START_TEST(test_every_truncation_is_read)
{
        static const char page[] =
                "<!DOCTYPE html><HTML><head><title>t</title><style>p{}</style><script>a<b</script></head><body>"
                "<p>first&nbsp;line<!-- c --><table width=\"1\"><tr><td>深刻度<td><table><tr><td><img alt='→' src=a.gif><td>1"
                "(緊急)</table><![if !vml]><tr><td><a href=\"http://a/?b&amp;c\">link</a></table><ul><li>x<pre>y\n z</pre></ul>";
        for (size_t size = 0; size < sizeof page; size++) {
                if (!g_utf8_validate(page, (gssize) size, NULL))
                        continue;
                struct document *document = NULL;
                struct error err = ERROR_INIT;
                /* a copy of its own, so that reading behind its end is seen */
                g_autofree char *copy = g_memdup2(page, size);
                int r = html_read(copy ? copy : "", size, &document, &err);
                ck_assert_msg(r == 0, "%zu bytes: %s", size, error_text(&err));
                g_autofree char *text = document_text(document);
                bool past = size > strlen("深刻度") + (size_t) (strstr(page, "深刻度") - page);
                ck_assert_msg(!past || strstr(text, "first\u00a0line\n深刻度"), "%zu bytes: %s", size, text);
                document_free(document);
        }
}
END_TEST

START_TEST(test_nothing_is_an_empty_document)
{
        check("", "");
        check("<html><body></body></html>", "");
        check("  ", "");
        check("<!-- never closed", "");
        check("<table></table>", "");
}
END_TEST

START_TEST(test_odd_characters_do_not_cut)
{
        check("<p>a\x01" "b\xef\xbf\xbf" "c\x7f" "d<td \x02 x=\x03>e<p\x0b>f &#xFFFF; "
              "&#xD800; &#x110000; &#99999999999; g",
              "P[ab\xef\xbf\xbd" "cd] Pt0:0,0[e] PEt0:0,0[f g]");
}
END_TEST

START_TEST(test_nul_does_not_cut)
{
        static const char html[] = "<p>one\0two<td\0>three";
        struct document *document = NULL;
        ck_assert_int_eq(html_read(html, sizeof html - 1, &document, NULL), 0);
        g_autofree char *text = document_text(document);
        ck_assert_str_eq(text, "one two\nthree\n");
        document_free(document);
}
END_TEST

static int read_repeated(const char *start, const char *piece, size_t count, const char *end)
{
        GString *html = g_string_new(start);
        for (size_t i = 0; i < count; i++)
                g_string_append(html, piece);
        g_string_append(html, end);
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        int r = html_read(html->str, html->len, &document, &err);
        ck_assert((r == 0) == (document != NULL));
        ck_assert((r == 0) == (err.text == NULL));
        document_free(document);
        error_clear(&err);
        g_string_free(html, TRUE);
        return r;
}

START_TEST(test_limits)
{
        ck_assert_int_eq(read_repeated("", "0123456789abcdef", LIMIT_TEXT_BYTES / 16 + 1, ""), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<table><tr>", "<td>", LIMIT_TABLE_CELLS + 1, ""), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<table>", "<tr>", LIMIT_TABLE_CELLS + 1, ""), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("", "<table></table>", LIMIT_TABLE_CELLS + 1, ""), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("", "x<br>", LIMIT_DOCUMENT_BLOCKS + 1, ""), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<pre>", "x\n", LIMIT_DOCUMENT_BLOCKS + 1, ""), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("", "<table><tr><td>", LIMIT_HTML_DEPTH, "x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("", "<div>", 100000, "x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<td", " a=1", 1000, ">x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<td ", "a=''", 1000, ">x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<td a==\" ", "b ", 1000, ">x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<!--x--!><td ", "b ", 1000, ">x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<!--><td ", "b ", 1000, ">x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<!---><td ", "b ", 1000, ">x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<style/><td ", "b ", 1000, ">x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<td =\" ", "b ", 1000, ">x"), -ERR_LIMIT);
        ck_assert_int_eq(read_repeated("<td ", "abcdefghij", 10000, ">x"), -ERR_LIMIT);
}
END_TEST

START_TEST(test_broken_but_harmless_pages_are_read)
{
        ck_assert_int_eq(read_repeated("", "<b>x<br>", 500, "x"), 0);
        ck_assert_int_eq(read_repeated("", "<font size=1>x", 500, "x"), 0);
        ck_assert_int_eq(read_repeated("", "<p>x<li>y", 20000, "x"), 0);
        ck_assert_int_eq(read_repeated("<table>", "<tr><td>x", 20000, ""), 0);
        ck_assert_int_eq(read_repeated("<td style=\"", "a b;", 100000, "\">x"), 0);
        ck_assert_int_eq(read_repeated("<td a=b'c ", "\" ' ", 1000, ">x"), 0);
        ck_assert_int_eq(read_repeated("<script>if (a<b) '</b c ", "x = 1; <c ", 1000, "</SCRIPT >"), 0);
        ck_assert_int_eq(read_repeated("<!-- <a ", "b c ", 1000, "-->"), 0);
        ck_assert_int_eq(read_repeated("a < b ", "and so on ", 1000, "x"), 0);
}
END_TEST

START_TEST(test_links_are_bounded_in_all)
{
        GString *html = g_string_new("<a href=\"http://a/");
        for (int i = 0; i < 8000; i++)
                g_string_append_c(html, 'u');
        g_string_append(html, "\">");
        for (int i = 0; i < 5000; i++)
                g_string_append(html, "x<br>");
        g_string_append(html, "</a><a href=\"http://");
        for (int i = 0; i < 9000; i++)
                g_string_append_c(html, 'u');
        g_string_append(html, "\">long</a>");
        struct document *document = NULL;
        ck_assert_int_eq(html_read(html->str, html->len, &document, NULL), 0);
        size_t bytes = 0;
        for (guint i = 0; i < document->block_count; i++)
                if (document_block(document, i)->links)
                        bytes += 8000;
        ck_assert_uint_gt(bytes, LIMIT_TEXT_BYTES / 2);
        ck_assert_uint_le(bytes, LIMIT_TEXT_BYTES);
        ck_assert_uint_eq(document->warnings->len, 2); /* the long link, and those beyond the bytes */
        document_free(document);
        g_string_free(html, TRUE);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("html");
        TCase *c = tcase_create("html");
        tcase_add_checked_fixture(c, html_prepare, NULL);
        tcase_add_test(c, test_breaks_and_blocks_cut_lines);
        tcase_add_test(c, test_white_space_is_collapsed);
        tcase_add_test(c, test_white_space_at_every_place);
        tcase_add_test(c, test_preformatted_keeps_lines);
        tcase_add_test(c, test_marks_of_elements);
        tcase_add_test(c, test_head_script_style_comment_are_left_out);
        tcase_add_test(c, test_text_survives_a_broken_head);
        tcase_add_test(c, test_chosen_option_in_a_nested_table);
        tcase_add_test(c, test_marks_of_a_chosen_option);
        tcase_add_test(c, test_spacers_are_no_marks);
        tcase_add_test(c, test_cells_of_several_lines);
        tcase_add_test(c, test_missing_end_tags);
        tcase_add_test(c, test_spans);
        tcase_add_test(c, test_rows_of_a_cell);
        tcase_add_test(c, test_text_between_cells_belongs_around);
        tcase_add_test(c, test_links);
        tcase_add_test(c, test_characters);
        tcase_add_test(c, test_stray_angle_brackets_are_text);
        tcase_add_test(c, test_declarations_are_no_text);
        tcase_add_test(c, test_an_image_behind_a_colon);
        tcase_add_test(c, test_a_tag_inside_an_end_tag);
        tcase_add_test(c, test_other_marks);
        tcase_add_test(c, test_every_truncation_is_read);
        tcase_add_test(c, test_nothing_is_an_empty_document);
        tcase_add_test(c, test_odd_characters_do_not_cut);
        tcase_add_test(c, test_nul_does_not_cut);
        tcase_add_test(c, test_limits);
        tcase_add_test(c, test_broken_but_harmless_pages_are_read);
        tcase_add_test(c, test_links_are_bounded_in_all);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
