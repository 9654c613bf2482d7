/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/limits.h"
#include "ingest/text_document.h"
#include "tests/support.h"

/* One block as a test writes it down: "flags indent table row,column |text|". */
static void describe_block(GString *out, const struct block *block)
{
        if (block->marks & MARK_PARAGRAPH)
                g_string_append_c(out, 'P');
        if (block->marks & MARK_CELL_END)
                g_string_append_c(out, 'E');
        if (block->indent > 0)
                g_string_append_printf(out, "i%u", block->indent);
        if (block->table >= 0)
                g_string_append_printf(out, "t%d:%d,%d", block->table, block->row, block->column);
        g_string_append_printf(out, "[%s] ", block->text);
}

static char *read_and_describe(const char *text, bool flowed, bool delsp)
{
        struct text_document_options options = { .flowed = flowed, .delsp = delsp };
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        g_autofree char *copy = g_strdup(text);
        ck_assert_int_eq(text_document_read(copy, &options, &document, &err), 0);
        ck_assert_ptr_null(err.text);
        GString *out = g_string_new(document_rendering_name(document->rendering));
        g_string_append(out, ": ");
        for (guint i = 0; i < document->block_count; i++)
                describe_block(out, document_block(document, i));
        document_free(document);
        return g_strchomp(g_string_free(out, FALSE));
}

static void check_options(const char *text, bool flowed, bool delsp, const char *expected)
{
        g_autofree char *found = read_and_describe(text, flowed, delsp);
        ck_assert_str_eq(found, expected);
}

static void check(const char *text, const char *expected)
{
        check_options(text, false, false, expected);
}

START_TEST(test_lines_keep_indent_and_blank_lines)
{
        check("深刻度\n1(緊急)\n  2(重要)\n　3(警告)\n\n \n説明\n", "lines: [深刻度] [1(緊急)] i2[2(重要)] i2[3(警告)] P[説明]");
        check("\n\nfirst", "lines: P[first]");
        check("", "lines:");
        check("\n　\n", "lines:");
}
END_TEST

START_TEST(test_line_ends_and_byte_order_mark)
{
        check("\xef\xbb\xbf" "a\r\nb\rc\nd", "lines: [a] [b] [c] [d]");
        check("a\r\n\r\nb\r\rc", "lines: [a] P[b] P[c]");
        check("trailing　 \n", "lines: [trailing]");
}
END_TEST

START_TEST(test_wrapped_sentence_has_no_paragraph_mark_inside)
{
        check("この更新には次の注意がある。再起\n動してから確認する。\n\n次の段落。\n",
              "lines: [この更新には次の注意がある。再起] [動してから確認する。] P[次の段落。]");
}
END_TEST

START_TEST(test_pipes_end_cells)
{
        check("深刻度\n|\n|\n1(緊急) |\n→ |\n2(重要)|\n", "pipes: E[深刻度] E[] E[1(緊急)] E[→] E[2(重要)]");
}
END_TEST

START_TEST(test_pipe_closes_several_lines_once)
{
        check("説明の一行目\n二行目\n\n|\n|\nb |\n○\n|\n",
              "pipes: [説明の一行目] E[二行目] PE[] E[b] E[○]");
}
END_TEST

START_TEST(test_pipes_within_a_line)
{
        check("a | b |\n| c\nd |\n|\nC:\\x|y |\n", "pipes: E[a] E[b] E[] [c] E[d] E[] E[C:\\x|y]");
        /* what stands behind the last pipe stays open at the end */
        check("a |\nb |\nc |\nd", "pipes: E[a] E[b] E[c] [d]");
}
END_TEST

START_TEST(test_single_pipes_in_prose_are_text)
{
        check("choose a |\nor b\nor c\nor d\n", "lines: [choose a |] [or b] [or c] [or d]");
        GString *text = g_string_new("x |\ny |\nz |\n");
        for (int i = 0; i < 13; i++)
                g_string_append(text, "prose\n");
        g_autofree char *few = read_and_describe(text->str, false, false);
        ck_assert(g_str_has_prefix(few, "lines: [x |] [y |] [z |] [prose]"));
        g_string_free(text, TRUE);
}
END_TEST

START_TEST(test_rows_are_a_table)
{
        check("| 修正名 | 50台 |\n|---|:-:|\n| a.exe | |\n||○|\n\n| other |\n",
              "rows: E" "t0:0,0[修正名] Et0:0,1[50台] Et0:1,0[a.exe] Et0:1,1[] Et0:2,0[] Et0:2,1[○] "
              "PEt1:0,0[other]");
}
END_TEST

START_TEST(test_rows_without_rulers_lose_nothing)
{
        /* a single dash is content */
        check("| a | b |\n| - | - |\n", "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[-] Et0:1,1[-]");
        check("+---+---+\n| a | b |\n+===+===+\n| c | d |\n+---+---+\nend\n+---+\n",
              "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[c] Et0:1,1[d] [end] [+---+]");
        check("prose\n| a | b |\nprose\n| c |\n", "rows: [prose] Et0:0,0[a] Et0:0,1[b] [prose] Et1:0,0[c]");
}
END_TEST

START_TEST(test_quote_marks_are_removed)
{
        check("> a\n>   b\n>\n> > c\n>> d\n", "lines: [a] i2[b] P[c] [d]");
        /* marks without a space behind: spaces are the text's own */
        check(">深刻度\n>1(緊急)\n>  2(重要)\n>  3(警告)\n", "lines: [深刻度] [1(緊急)] i2[2(重要)] i2[3(警告)]");
        check("> a |\n> |\n> b |\n", "pipes: E[a] E[] E[b]");
        check("> | a | b |\n> | c | d |\n", "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[c] Et0:1,1[d]");
}
END_TEST

START_TEST(test_quoted_part_below_a_header)
{
        check("Please read.\n\n-----Original Message-----\nFrom: a@b\n\n> 深刻度\n> 1(緊急)\n>   2(重要)\n\n> next\n",
              "lines: [Please read.] P[-----Original Message-----] [From: a@b] P[深刻度] [1(緊急)] i2[2(重要)] "
              "P[next]");
        /* re-wrapped quoted line */
        check("x\ny\nz\n> one\n> two which is\nlong\n> three\n> four\n",
              "lines: [x] [y] [z] [one] [two which is] [long] [three] [four]");
}
END_TEST

START_TEST(test_lone_mark_is_no_quote)
{
        check("深刻度\n  1(緊急)\n> 2(重要)\n  3(警告)\n  4(注意)\n",
              "lines: [深刻度] i2[1(緊急)] [> 2(重要)] i2[3(警告)] i2[4(注意)]");
}
END_TEST

START_TEST(test_flowed_is_joined)
{
        check_options("one \ntwo \nthree\nfour\n", true, false, "lines: [one two three] [four]");
        check_options("一行目の \n続き\n", true, true, "lines: [一行目の続き]");
        check_options("一行目の \n続き\n", false, false, "lines: [一行目の] [続き]");
        check_options("end \n\nnext \n \nlast\n", true, false, "lines: [end] P[next] P[last]");
        check_options("end\n  \n1(緊急)\n", true, false, "lines: [end] P[1(緊急)]");
        check_options("a \n-- \nsig\n", true, false, "lines: [a] [--] [sig]");
        check_options("open at the end ", true, true, "lines: [open at the end]");
}
END_TEST

START_TEST(test_flowed_stuffing_and_quotes)
{
        check_options("1(緊急)\n   2(重要)\n From here\n", true, false, "lines: [1(緊急)] i2[2(重要)] [From here]");
        check_options("> q1 \n> q2\n>> r1 \n> q3\n", true, false, "lines: [q1 q2] [r1] [q3]");
        check_options(" > 2(重要)\nplain\nmore\n", true, false, "lines: [> 2(重要)] [plain] [more]");
}
END_TEST

/* Wherever the end stands in the blocks of bytes that the text is looked at by. */
START_TEST(test_line_ends_at_every_place)
{
        static const char *const ends[] = { "\n", "\r\n", "\r", "\f", "\v", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9" };
        static const char *const others[] = { "\t", "\x0E", "\xC2\xA7", "\xE2\x80\xA5", "\xC3\x85" }; /* which are none */
        g_autoptr(GString) wide = g_string_new(NULL);
        for (guint length = 0; length < 40; length++) {
                g_autofree char *line = g_strnfill(length, 'x');
                for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
                        g_autofree char *text = g_strconcat("y", line, ends[i], "y", wide->str, ends[i], "z", ends[i], NULL);
                        g_autofree char *expected = g_strdup_printf("lines: [y%s] [y%s] [z]", line, wide->str);
                        check(text, expected);
                }
                for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
                        g_autofree char *text = g_strconcat("y", line, others[i], "y", wide->str, NULL);
                        g_autofree char *expected = g_strdup_printf("lines: [%s]", text);
                        check(text, expected);
                }
                g_string_append(wide, length % 2 ? "語" : "な");
        }
}
END_TEST

START_TEST(test_other_line_ends)
{
        check("a\fb\vc\xc2\x85" "d\xe2\x80\xa8" "e\xe2\x80\xa9" "f\n", "lines: [a] [b] [c] [d] [e] [f]");
        check("\xc2\xa3 \xe2\x80\xa6\n", "lines: [\xc2\xa3 \xe2\x80\xa6]"); /* they begin with the same bytes */
}
END_TEST

START_TEST(test_other_quote_marks)
{
        check("＞深刻度\n＞1(緊急)\n＞  2(重要)\n", "lines: [深刻度] [1(緊急)] i2[2(重要)]");
        check("＞＞ a\n＞＞ b\n＞＞ c\n", "lines: [a] [b] [c]");
        static const char *const marks[] = { "| ", "│ ", "» ", ": ", "# ", "} ", "% ", "|" };
        for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
                g_autoptr(GString) text = g_string_new("preface\n\n");
                for (int line = 0; line < 4; line++)
                        g_string_append_printf(text, "%s1(緊急)\n%s  2(重要)\n", marks[i], marks[i]);
                check(text->str, "lines: [preface] P[1(緊急)] i2[2(重要)] [1(緊急)] i2[2(重要)] [1(緊急)] i2[2(重要)] "
                                 "[1(緊急)] i2[2(重要)]");
        }
        check("# a\n# b\n# c\n", "lines: [# a] [# b] [# c]"); /* few: a list */
        check("| a |\n| b |\n| c |\n| d |\n| e |\n| f |\n| g |\n| h |\n",
              "rows: Et0:0,0[a] Et0:1,0[b] Et0:2,0[c] Et0:3,0[d] Et0:4,0[e] Et0:5,0[f] Et0:6,0[g] Et0:7,0[h]");
}
END_TEST

START_TEST(test_blank_quoted_line_apart_from_the_others)
{
        check("> a\n> b\n> c\nlong\nlonger\nlongest\n>\nend\n",
              "lines: [a] [b] [c] [long] [longer] [longest] P[end]");
}
END_TEST

/* 66 columns. */
#define FULL "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三"

START_TEST(test_flowed_japanese_without_delsp)
{
        check_options(FULL " \n続き\n", true, false, "lines: [" FULL "続き]");
        check_options(FULL " \nword\n", true, false, "lines: [" FULL " word]");
        check_options("危険性 \n脆弱性\n", true, false, "lines: [危険性 脆弱性]"); /* not full: the space is the text's */
        check_options("表計算 帳票 " FULL " \n時計 伝票\n", true, false, "lines: [表計算 帳票 " FULL " 時計 伝票]");
        check_options("> " FULL " \n> 続き\n", true, false, "lines: [" FULL "続き]");
}
END_TEST

#define LONG_CELL "入力の欠陥により、外から送られた命令がそのまま動く恐れのある"

START_TEST(test_cut_rows_are_joined)
{
        check("| a | b |\n| c | d |\n| " LONG_CELL "\n危険性 | e |\n",
              "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[c] Et0:1,1[d] Et0:2,0[" LONG_CELL "危険性] Et0:2,1[e]");
        /* cut behind a bar */
        check("| a | b |\n| c | d |\n| " LONG_CELL " |\ne |\n",
              "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[c] Et0:1,1[d] Et0:2,0[" LONG_CELL "] Et0:2,1[e]");
        /* words keep their space */
        check("| a | b |\n| c | d |\n| " LONG_CELL " Windows Server\n2003 | e |\n",
              "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[c] Et0:1,1[d] Et0:2,0[" LONG_CELL " Windows Server 2003] Et0:2,1[e]");
        check("| a | b |\n| c | d |\n| " LONG_CELL " CVE-2007-\n1234 | e |\n",
              "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[c] Et0:1,1[d] Et0:2,0[" LONG_CELL " CVE-2007-1234] Et0:2,1[e]");
        /* where there are few rows: by the one above */
        check("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n| a | b |\n| " LONG_CELL "\n| e |\nend\n| f | g |\n",
              "lines: [1] [2] [3] [4] [5] [6] [7] [8] [9] [10] [11] [12] [13] [14] "
              "Et0:0,0[a] Et0:0,1[b] Et0:1,0[" LONG_CELL
              "] Et0:1,1[e] [end] Et1:0,0[f] Et1:0,1[g]");
        /* too short to have been cut */
        check("| a | b |\n| c | d |\n| short\nprose |\n",
              "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[c] Et0:1,1[d] [| short] [prose |]");
}
END_TEST

START_TEST(test_blank_lines_between_rows)
{
        check("| a | b |\n\n| c | d |\n\n| e |\n", "rows: Et0:0,0[a] Et0:0,1[b] PEt0:1,0[c] Et0:1,1[d] PEt1:0,0[e]");
        check("| a | b |\nprose\n| c | d |\n", "rows: Et0:0,0[a] Et0:0,1[b] [prose] Et1:0,0[c] Et1:0,1[d]");
}
END_TEST

START_TEST(test_cut_addresses_are_joined)
{
        check("MS07 <http://a.example/ms07-\n071.mspx> x\nend\n", "lines: [MS07 <http://a.example/ms07-071.mspx> x] [end]");
        check("<https://a.example/one/\ntwo/\nthree>\n", "lines: [<https://a.example/one/two/three>]");
        check("<http://a.example/\nnot closed\n", "lines: [<http://a.example/] [not closed]");
        check("a <b\nc>\n", "lines: [a <b] [c>]");
}
END_TEST

START_TEST(test_bars_as_quote_marks)
{
#define EIGHT(sep) "| a" sep "| b" sep "|   c" sep "| d" sep "| e" sep "| f" sep "| g" sep "| h\n"
        /* double-spaced: every other line is a lone bar */
        check("preface\n" EIGHT("\n|\n"), "lines: [preface] [a] P[b] Pi2[c] P[d] P[e] P[f] P[g] P[h]");
        /* wrapped after quoting: the rest has no bar */
        check(EIGHT("\n") "| " FULL "\n続き\n| " FULL "\n" FULL "\n" FULL "\n" FULL "\n終り\n|\n| i\n",
              "lines: [a] [b] i2[c] [d] [e] [f] [g] [h] [" FULL "] [続き] [" FULL "] [" FULL "] [" FULL "] [" FULL "] "
              "[終り] P[i]");
        /* cells that begin with a bar, in a text that mostly does not: bars end cells */
        check(EIGHT("\n|\n") "j |\nk |\nl |\nm |\nn |\no |\np |\nq |\nr |\n",
              "pipes: E[] E[a] E[] E[b] E[] E[c] E[] E[d] E[] E[e] E[] E[f] E[] E[g] E[] [h] E[j] E[k] E[l] E[m] E[n] "
              "E[o] E[p] E[q] E[r]");
        check("a\n| b\n| c\n|\n| d\n|\n| e\n", "lines: [a] [b] [c] P[d] P[e]"); /* a short text, nothing else in it */
#undef EIGHT
}
END_TEST

START_TEST(test_quote_mark_between_wrapped_lines)
{
        check("> a\n> b\n> c\n> " FULL "\n" FULL "\n" FULL "\n" FULL "\n> d\n" FULL "\n" FULL "\n" FULL "\n" FULL
              "\nend\n",
              "lines: [a] [b] [c] [" FULL "] [" FULL "] [" FULL "] [" FULL "] [d] [" FULL "] [" FULL "] [" FULL "] ["
              FULL "] [end]");
}
END_TEST

START_TEST(test_marks_behind_a_blank_line)
{
        check("| a | b | c |\n\n| ○ |  |  | × |\n",
              "rows: Et0:0,0[a] Et0:0,1[b] Et0:0,2[c] PEt0:1,0[○] Et0:1,1[] Et0:1,2[] Et0:1,3[×]");
        /* the row above was cut, in a text with a blank line behind every line */
        check("| a | b |\n\n| c | d |\n\n| e | f |\n\n| " LONG_CELL "\n| 危険性 |\n\n| ○ | g |\n",
              "rows: Et0:0,0[a] Et0:0,1[b] PEt0:1,0[c] Et0:1,1[d] PEt0:2,0[e] Et0:2,1[f] PEt0:3,0[" LONG_CELL "] "
              "Et0:3,1[危険性] PEt0:4,0[○] Et0:4,1[g]");
}
END_TEST

START_TEST(test_address_cut_in_a_cell)
{
        check("| a | b |\n| c | d |\n| MS07(日本) <http://a.example/technet/security/bulletin\n/ms07-071.mspx> MS07\n(US) |\n",
              "rows: Et0:0,0[a] Et0:0,1[b] Et0:1,0[c] Et0:1,1[d] "
              "Et0:2,0[MS07(日本) <http://a.example/technet/security/bulletin/ms07-071.mspx> MS07 (US)]");
}
END_TEST

START_TEST(test_stars_for_bold)
{
        check("*深刻度*\n*対策* 早期適用\n*【登録日】*2007/08/15\n  *2(重要)*\n",
              "lines: [深刻度] [対策 早期適用] [【登録日】2007/08/15] i2[2(重要)]");
        check("*" LONG_CELL "\n危険性*\nend\n", "lines: [" LONG_CELL "] [危険性] [end]");
        check("* item\n*\n**\na*b\n*a*b\n*1 note\n", "lines: [* item] [*] [**] [a*b] [*a*b] [*1 note]");
}
END_TEST

START_TEST(test_many_joins_are_quick)
{
        g_autoptr(GString) text = g_string_new(NULL);
        for (unsigned i = 0; i < LIMIT_DOCUMENT_BLOCKS / 2; i++)
                g_string_append(text, "<http://a\nb>\n");
        struct document *document = NULL;
        ck_assert_int_eq(text_document_read(text->str, NULL, &document, NULL), 0);
        ck_assert_uint_eq(document->block_count, LIMIT_DOCUMENT_BLOCKS / 2);
        document_free(document);
}
END_TEST

START_TEST(test_source_lines_are_numbered)
{
        struct document *document = NULL;
        char text[] = "a\r\n\r\nb \nc\nd |";
        ck_assert_int_eq(text_document_read(text, NULL, &document, NULL), 0);
        ck_assert_uint_eq(document->block_count, 4);
        ck_assert_uint_eq(document_block(document, 0)->line, 1);
        ck_assert_uint_eq(document_block(document, 1)->line, 3);
        ck_assert_uint_eq(document_block(document, 2)->line, 4);
        ck_assert_uint_eq(document_block(document, 3)->line, 5);
        document_free(document);
}
END_TEST

static void check_refused(const char *piece, size_t count)
{
        GString *text = g_string_new(NULL);
        for (size_t i = 0; i < count; i++)
                g_string_append(text, piece);
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(text_document_read(text->str, NULL, &document, &err), -ERR_LIMIT);
        ck_assert_ptr_null(document);
        ck_assert_ptr_nonnull(err.text);
        error_clear(&err);
        g_string_free(text, TRUE);
}

START_TEST(test_limits)
{
        check_refused("x\n", LIMIT_DOCUMENT_BLOCKS + 1);
        check_refused("\n", LIMIT_DOCUMENT_BLOCKS + 1);
        check_refused("||\n", LIMIT_TABLE_CELLS + 1);
        check_refused("|", LIMIT_TABLE_CELLS + 2); /* one row */
        check_refused("0123456789abcdef", LIMIT_TEXT_BYTES / 16 + 1);
}
END_TEST

/* All that is not white space, and no pipes. */
static char *essence(const char *text)
{
        GString *out = g_string_new(NULL);
        for (; *text; text = g_utf8_next_char(text)) {
                gunichar c = g_utf8_get_char(text);
                if (!g_unichar_isspace(c) && c != '|')
                        g_string_append_unichar(out, c);
        }
        return g_string_free(out, FALSE);
}

static struct document *read_seed(const char *directory, const char *name, char **ret_text)
{
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autofree char *text = support_read_file(path, NULL), *copy = g_strdup(text);
        struct document *document = NULL;
        ck_assert_int_eq(text_document_read(copy, NULL, &document, NULL), 0);
        if (ret_text)
                *ret_text = g_steal_pointer(&text);
        return document;
}

START_TEST(test_seeds_lose_no_character)
{
        static const char *const names[] = { "000_4146a8f84d93d999.txt", "002_2ddb15b8ef39445a.txt",
                                             "003_dd11dfca1f1cb70a.txt" };
        static const enum document_rendering renderings[] = { RENDERING_LINES, RENDERING_PIPES, RENDERING_LINES };
        g_autofree char *directory = support_seeds_directory();
        if (!directory)
                return;
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *text = NULL;
                struct document *document = read_seed(directory, names[i], &text);
                g_autofree char *out = document_text(document);
                g_autofree char *expected = essence(text), *found = essence(out);
                ck_assert_str_eq(found, expected);
                ck_assert_int_eq(document->rendering, renderings[i]);
                document_free(document);
        }
}
END_TEST

static guint find_block(const struct document *document, const char *text)
{
        for (guint i = 0; i < document->block_count; i++)
                if (strcmp(document_block(document, i)->text, text) == 0)
                        return i;
        ck_abort_msg("no block \"%s\"", text);
        return 0;
}

START_TEST(test_seeds_mark_the_chosen_severity)
{
        g_autofree char *directory = support_seeds_directory();
        if (!directory)
                return;
        struct document *lines = read_seed(directory, "000_4146a8f84d93d999.txt", NULL);
        ck_assert_uint_eq(document_block(lines, find_block(lines, "1(緊急)"))->indent, 0);
        ck_assert_uint_eq(document_block(lines, find_block(lines, "2(重要)"))->indent, 2);
        document_free(lines);
        struct document *pipes = read_seed(directory, "002_2ddb15b8ef39445a.txt", NULL);
        guint chosen = find_block(pipes, "3(警告)"), other = find_block(pipes, "4(注意)");
        ck_assert_str_eq(document_block(pipes, chosen - 1)->text, "→");
        ck_assert_str_eq(document_block(pipes, other - 1)->text, "");
        ck_assert_uint_eq(document_block(pipes, other - 1)->marks, MARK_CELL_END);
        document_free(pipes);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("text_document");
        TCase *c = tcase_create("text");
        tcase_add_test(c, test_lines_keep_indent_and_blank_lines);
        tcase_add_test(c, test_line_ends_and_byte_order_mark);
        tcase_add_test(c, test_wrapped_sentence_has_no_paragraph_mark_inside);
        tcase_add_test(c, test_pipes_end_cells);
        tcase_add_test(c, test_pipe_closes_several_lines_once);
        tcase_add_test(c, test_pipes_within_a_line);
        tcase_add_test(c, test_single_pipes_in_prose_are_text);
        tcase_add_test(c, test_rows_are_a_table);
        tcase_add_test(c, test_rows_without_rulers_lose_nothing);
        tcase_add_test(c, test_quote_marks_are_removed);
        tcase_add_test(c, test_quoted_part_below_a_header);
        tcase_add_test(c, test_lone_mark_is_no_quote);
        tcase_add_test(c, test_flowed_is_joined);
        tcase_add_test(c, test_flowed_stuffing_and_quotes);
        tcase_add_test(c, test_line_ends_at_every_place);
        tcase_add_test(c, test_other_line_ends);
        tcase_add_test(c, test_other_quote_marks);
        tcase_add_test(c, test_blank_quoted_line_apart_from_the_others);
        tcase_add_test(c, test_flowed_japanese_without_delsp);
        tcase_add_test(c, test_cut_rows_are_joined);
        tcase_add_test(c, test_blank_lines_between_rows);
        tcase_add_test(c, test_cut_addresses_are_joined);
        tcase_add_test(c, test_bars_as_quote_marks);
        tcase_add_test(c, test_quote_mark_between_wrapped_lines);
        tcase_add_test(c, test_marks_behind_a_blank_line);
        tcase_add_test(c, test_address_cut_in_a_cell);
        tcase_add_test(c, test_stars_for_bold);
        tcase_add_test(c, test_many_joins_are_quick);
        tcase_add_test(c, test_source_lines_are_numbered);
        tcase_add_test(c, test_limits);
        tcase_add_test(c, test_seeds_lose_no_character);
        tcase_add_test(c, test_seeds_mark_the_chosen_severity);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
