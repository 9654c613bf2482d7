/* SPDX-License-Identifier: MIT */
/* Which option of a list is the chosen one, in every rendering; and when nobody can say. */
#include <string.h>

#include "tests/hotfix_pages.h"
#include "tests/support.h"

#define REST "対策\n早期適用\n"

static void check_severity(const char *list, int value)
{
        g_autofree char *top = g_strconcat("深刻度\n", list, REST, NULL);
        struct bulletin *b = extract_top(top);
        check_field(b, FIELD_SEVERITY, value);
        bulletin_free(b);
}

static void check_no_severity(const char *list, const char *reason)
{
        g_autofree char *top = g_strconcat("深刻度\n", list, REST, NULL);
        struct bulletin *b = extract_top(top);
        check_undetermined(b, FIELD_SEVERITY, reason);
        bulletin_free(b);
}

START_TEST(test_lines_the_unindented_option_is_chosen)
{
        check_severity("1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n", SEVERITY_CRITICAL);
        check_severity("  1(緊急)\n2(重要)\n  3(警告)\n  4(注意)\n", SEVERITY_IMPORTANT);
        check_severity("  1(緊急)\n  2(重要)\n3(警告)\n  4(注意)\n", SEVERITY_MODERATE);
        check_severity("  1(緊急)\n  2(重要)\n  3(警告)\n4(注意)\n", SEVERITY_LOW);
        check_severity("　1(緊急)\n　2(重要)\n３（警告）\n　4(注意)\n", SEVERITY_MODERATE);
}
END_TEST

START_TEST(test_lines_not_exactly_one_unindented)
{
        check_no_severity("1(緊急)\n  2(重要)\n  3(警告)\n4(注意)\n", "2 options are not indented (1(緊急), 4(注意))");
        check_no_severity("1(緊急)\n2(重要)\n3(警告)\n4(注意)\n", "4 options are not indented");
        check_no_severity("  1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n", "all are indented");
}
END_TEST

START_TEST(test_lines_indentation_counts_from_the_label)
{
        struct bulletin *b = extract_text("    HotFix Alert:2007/09/12版\n    深刻度\n      1(緊急)\n    2(重要)\n"
                                          "      3(警告)\n      4(注意)\n    対策\n    早期適用\n    MS07-901/990101\n");
        check_field(b, FIELD_SEVERITY, SEVERITY_IMPORTANT);
        bulletin_free(b);
}
END_TEST

START_TEST(test_lines_marks)
{
        check_severity("1(緊急)\n→2(重要)\n3(警告)\n4(注意)\n", SEVERITY_IMPORTANT);
        check_severity("1(緊急)\n2(重要)\n→ 3(警告)\n4(注意)\n", SEVERITY_MODERATE);
        check_severity("1(緊急)\n2(重要)\n3(警告)\n→\n4(注意)\n", SEVERITY_LOW);
        check_severity("○1(緊急)\n●2(重要)\n○3(警告)\n○4(注意)\n", SEVERITY_IMPORTANT);
        check_severity("[b.gif]1(緊急)\n[b.gif]2(重要)\n[a.gif]3(警告)\n[b.gif]4(注意)\n", SEVERITY_MODERATE);
        check_severity("→1(緊急) 2(重要) 3(警告) 4(注意)\n", SEVERITY_CRITICAL);
        check_severity("・1(緊急)\n  ・2(重要)\n  ・3(警告)\n  ・4(注意)\n", SEVERITY_CRITICAL);
        check_severity("--------\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n", SEVERITY_CRITICAL);
}
END_TEST

START_TEST(test_lines_marks_that_single_out_nothing)
{
        check_no_severity("→1(緊急)\n→2(重要)\n3(警告)\n4(注意)\n", "2 options are marked: 1(緊急), 2(重要)");
        check_no_severity("・1(緊急)\n・2(重要)\n・3(警告)\n・4(注意)\n", "4 options are not indented");
        check_no_severity("●1(緊急)\n○2(重要)\n●3(警告)\n○4(注意)\n", "do not single one out");
        check_no_severity("1(緊急) 2(重要) 3(警告) 4(注意)\n", "none of the 4 options is marked");
}
END_TEST

START_TEST(test_lines_unknown_or_missing_options)
{
        struct bulletin *b = extract_top("深刻度\n1(緊急)\n  2(重大)\n  3(警告)\n  4(注意)\n" REST);
        check_undetermined(b, FIELD_SEVERITY, "unknown value \"2(重大)\" of label 深刻度");
        check_warning(b, "unknown value \"2(重大)\" of label 深刻度");
        bulletin_free(b);
        check_no_severity("", "stated as empty");
        check_no_severity("1(緊急)\n1(緊急)\n  2(重要)\n", "more than once");
        check_severity("2(重要)\n", SEVERITY_IMPORTANT);
        check_no_severity("  2(重要)\n", "all are indented");
}
END_TEST

START_TEST(test_the_word_in_a_menu_is_not_the_label)
{
        struct bulletin *b = extract_text("深刻度\nHotFix Alert:2007/09/12版\n深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n"
                                          "  4(注意)\n" REST);
        check_field(b, FIELD_SEVERITY, SEVERITY_CRITICAL);
        ck_assert_str_eq(b->edition, "2007-09-12");
        bulletin_free(b);
}
END_TEST

/* Words before an option on its own line are no mark. */
START_TEST(test_words_beside_an_option)
{
        check_severity("1(緊急)\n  最大 2(重要)\n  3(警告)\n  4(注意)\n", SEVERITY_CRITICAL);
        check_severity("[b.gif]\n1(緊急)\n![](a.gif)\n2(重要)\n[b.gif]\n3(警告)\n[b.gif]\n4(注意)\n", SEVERITY_IMPORTANT);
}
END_TEST

START_TEST(test_a_mail_cut_off_within_the_list)
{
        struct bulletin *b = extract_text("HotFix Alert:2007/09/12版\n深刻度\n1(緊急)\n  2(重要)\n");
        check_undetermined(b, FIELD_SEVERITY, "ends within the list");
        bulletin_free(b);
}
END_TEST

static struct bulletin *extract_pipes(const char *severity, const char *environment)
{
        g_autofree char *text = g_strconcat("深刻度\n|\n", severity, "|\n対策\n|\n早期適用\n|\n対象環境\n|\n", environment,
                                            "セキュリティ情報\n|\n|\nMS07-901/990101 |\n帳票サーバの欠陥 |\n(帳票サーバの脆弱性) |\n", NULL);
        return extract_text(text);
}

START_TEST(test_pipes)
{
        struct bulletin *b = extract_pipes("|\n1(緊急) |\n|\n2(重要) |\n→ |\n3(警告) |\n|\n4(注意) |\n",
                                           "→ |\nサーバ |\n|\nクライアント |\n|\n");
        check_field(b, FIELD_SEVERITY, SEVERITY_MODERATE);
        check_field(b, FIELD_ENVIRONMENT_SERVER, ANSWER_YES);
        check_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_NO);
        bulletin_free(b);
        b = extract_pipes("|\n1(緊急) |\n|\n2(重要) |\n|\n3(警告) |\n|\n4(注意) |\n", "|\nサーバ |\n|\nクライアント |\n|\n");
        check_undetermined(b, FIELD_SEVERITY, "none of the 4 options is marked");
        check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "none of the 2 environments is marked");
        check_undetermined(b, FIELD_ENVIRONMENT_CLIENT, "none of the 2 environments is marked");
        bulletin_free(b);
        b = extract_pipes("現在 |\n1(緊急) |\n|\n2(重要) |\n|\n3(警告) |\n|\n4(注意) |\n", "|\n");
        check_field(b, FIELD_SEVERITY, SEVERITY_CRITICAL);
        check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "stated as empty");
        bulletin_free(b);
        b = extract_pipes("|\n1(緊急) |\n|\n2(重大) |\n3(警告) |\n|\n4(注意) |\n", "|\n");
        check_undetermined(b, FIELD_SEVERITY, "unknown value \"2(重大)\"");
        bulletin_free(b);
}
END_TEST

#define CELL(mark, option) "<tr><td>" mark "</td><td>" option "</td></tr>"
#define LIST(a, b, c, d) \
        "<table>" CELL(a, "1(緊急)") CELL(b, "2(重要)") CELL(c, "3(警告)") CELL(d, "4(注意)") "</table>"

static struct bulletin *extract_cells(const char *severity, const char *environment)
{
        g_autofree char *html = g_strconcat("<table><tr><td>HotFix Alert:2007/09/12版</td></tr></table>"
                                            "<table><tr><td><img src=bullet.gif>深　刻　度</td></tr><tr><td>", severity,
                                            "</td></tr><tr><td colspan=2><img src=rule.gif></td></tr>"
                                            "<tr><td>対策</td></tr><tr><td>早期適用</td></tr><tr><td>対象環境</td></tr><tr><td>",
                                            environment, "</td></tr><tr><td>セキュリティ情報</td></tr></table>"
                                            "<p>MS07-901/990101</p><p>帳票サーバの欠陥</p><p>(帳票サーバの脆弱性)</p>", NULL);
        return extract_html(html);
}

static void check_cells(const char *severity, int value)
{
        struct bulletin *b = extract_cells(severity, "");
        check_field(b, FIELD_SEVERITY, value);
        bulletin_free(b);
}

static void check_no_cells(const char *severity, const char *reason)
{
        struct bulletin *b = extract_cells(severity, "");
        check_undetermined(b, FIELD_SEVERITY, reason);
        bulletin_free(b);
}

START_TEST(test_html)
{
        check_cells(LIST("<img src=a>", "", "", ""), SEVERITY_CRITICAL);
        check_cells(LIST("&nbsp;", "<img src=a alt=x>", "&nbsp;", "&nbsp;"), SEVERITY_IMPORTANT);
        check_cells(LIST("", "", "→", ""), SEVERITY_MODERATE);
        check_cells(LIST("", "", "", "<b>●</b>"), SEVERITY_LOW);
        check_cells(LIST("<img alt=s>", "<img alt=s>", "<img alt=→>", "<img alt=s>"), SEVERITY_MODERATE);
        check_cells(LIST("<img>", "→", "<img>", "<img>"), SEVERITY_IMPORTANT);
        check_cells("<img src=a>1(緊急)<br>2(重要)<br>3(警告)<br>4(注意)", SEVERITY_CRITICAL);
        check_cells("&nbsp;&nbsp;1(緊急)<br>2(重要)<br>&nbsp;&nbsp;3(警告)<br>&nbsp;&nbsp;4(注意)", SEVERITY_IMPORTANT);
        check_cells("<table><tr><td>→ 1(緊急)</td><td>2(重要)</td><td>3(警告)</td><td>4(注意)</td></tr></table>",
                    SEVERITY_CRITICAL);
        check_cells("<table><tr><td>→</td><td></td><td>1(緊急)</td></tr><tr><td></td><td></td><td>2(重要)</td></tr>"
                    "</table>",
                    SEVERITY_CRITICAL);
}
END_TEST

START_TEST(test_html_undetermined)
{
        check_no_cells(LIST("", "", "", ""), "none of the 4 options is marked");
        check_no_cells(LIST("<img>", "<img>", "", ""), "2 options are marked");
        check_no_cells(LIST("<img>", "<img>", "<img>", "<img>"), "do not single one out");
        check_no_cells(LIST("<img alt=a>", "<img alt=b>", "<img alt=c>", "<img alt=d>"), "do not single one out");
        /* a ruler above the first option is not its mark */
        check_no_cells("<table><tr><td><img src=rule></td></tr><tr><td>1(緊急)</td></tr><tr><td>2(重要)</td></tr>"
                       "<tr><td>3(警告)</td></tr><tr><td>4(注意)</td></tr></table>", "none of the 4 options is marked");
}
END_TEST

#define PLACES(a, b) "<table>" CELL(a, "サーバ") CELL(b, "クライアント") "</table>"

START_TEST(test_environments_by_what_severity_taught)
{
        /* spacers with their own alternative text, and an arrow */
        struct bulletin *b = extract_cells(LIST("<img alt=s>", "<img alt=→>", "<img alt=s>", "<img alt=s>"),
                                           PLACES("<img alt=→>", "<img alt=s>"));
        check_field(b, FIELD_ENVIRONMENT_SERVER, ANSWER_YES);
        check_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_NO);
        bulletin_free(b);
        /* one image only, before what is chosen */
        b = extract_cells(LIST("<img>", "", "", ""), PLACES("<img>", "<img>"));
        check_field(b, FIELD_ENVIRONMENT_SERVER, ANSWER_YES);
        check_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_YES);
        bulletin_free(b);
        /* images everywhere */
        b = extract_cells(LIST("<img>", "<img>", "<img>", "<img>"), PLACES("<img>", "<img>"));
        check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "spacers");
        check_undetermined(b, FIELD_ENVIRONMENT_CLIENT, "spacers");
        bulletin_free(b);
}
END_TEST

static void check_environments(const char *severity, const char *lines, int server, int client)
{
        g_autofree char *top = g_strconcat("深刻度\n", severity, REST "対象環境\n", lines, "セキュリティ情報\n", NULL);
        struct bulletin *b = extract_top(top);
        if (server)
                check_field(b, FIELD_ENVIRONMENT_SERVER, server);
        else
                check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "");
        if (client)
                check_field(b, FIELD_ENVIRONMENT_CLIENT, client);
        else
                check_undetermined(b, FIELD_ENVIRONMENT_CLIENT, "");
        bulletin_free(b);
}

#define GOOD_LIST "1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n"
#define FLAT_LIST "1(緊急)\n2(重要)\n3(警告)\n4(注意)\n"

START_TEST(test_environment_lines)
{
        check_environments(GOOD_LIST, "サーバ\nクライアント\n", ANSWER_YES, ANSWER_YES);
        check_environments(GOOD_LIST, "サーバ\n  クライアント\n", ANSWER_YES, ANSWER_NO);
        check_environments(GOOD_LIST, "  サーバ\nクライアント\n", ANSWER_NO, ANSWER_YES);
        check_environments(GOOD_LIST, "  サーバ\n  クライアント\n", 0, 0);
        check_environments(GOOD_LIST, "", 0, 0);
        check_environments(GOOD_LIST, "サーバ\n", ANSWER_YES, 0);
        check_environments(GOOD_LIST, "サーバー\n  ｸﾗｲｱﾝﾄ\n", ANSWER_YES, ANSWER_NO);
        check_environments(GOOD_LIST, "→サーバ\n→クライアント\n", ANSWER_YES, ANSWER_YES);
        check_environments(GOOD_LIST, "→サーバ\nクライアント\n", ANSWER_YES, ANSWER_NO);
        /* where the severity list shows that indentation was lost, it says nothing here either */
        check_environments(FLAT_LIST, "サーバ\nクライアント\n", 0, 0);
        check_environments(FLAT_LIST, "サーバ\n  クライアント\n", ANSWER_YES, ANSWER_NO);
}
END_TEST

START_TEST(test_hostile_lists)
{
        GString *top = g_string_new("深刻度\n");
        for (int i = 0; i < 20000; i++)
                g_string_append(top, "→1(緊急)\n");
        g_string_append(top, REST);
        struct bulletin *b = extract_top(top->str);
        check_undetermined(b, FIELD_SEVERITY, "more than once");
        bulletin_free(b);
        g_string_assign(top, "深刻度\n");
        for (int i = 0; i < 100000; i++)
                g_string_append(top, "1(緊");
        g_string_append(top, "\n  2(重要)\n" REST);
        b = extract_top(top->str);
        check_undetermined(b, FIELD_SEVERITY, "unknown value");
        ck_assert_uint_lt(strlen(b->fields[FIELD_SEVERITY].reason), 1000);
        bulletin_free(b);
        g_string_free(top, TRUE);
}
END_TEST

/* The document does not keep an image behind text, so the option on the label's line may have lost its mark. */
START_TEST(test_an_image_behind_the_label)
{
        struct bulletin *b = extract_html(
                "<p>HotFix Alert:2007/05/11版</p><p>深刻度<br>→1(緊急)<br>2(重要)<br>3(警告)<br>4(注意)</p><p>対策</p><p>早期適用</p>"
                "<p>対象環境:<img src=a.gif alt=→>サーバ<br><img src=a.gif alt=→>クライアント</p><p>MS07-901/990101</p>");
        ck_assert_int_ne(b->fields[FIELD_ENVIRONMENT_SERVER].value, ANSWER_NO);
        check_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_YES);
        bulletin_free(b);
}
END_TEST

/* Space behind a label's colon is indentation or none, and a column of options under the first has none. */
START_TEST(test_an_option_beside_the_label)
{
        struct bulletin *b = extract_text("HotFix Alert:2007/09/12版\n深刻度：　1(緊急)\n2(重要)\n　3(警告)\n　4(注意)\n"
                                          "対策\n早期適用\n対象環境：　サーバ\nクライアント\nMS07-901/990101\n");
        check_field(b, FIELD_SEVERITY, SEVERITY_IMPORTANT);
        check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "colon");
        check_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_YES);
        bulletin_free(b);
        b = extract_text("HotFix Alert:2007/09/12版\n深刻度：1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n対策\n早期適用\n");
        check_field(b, FIELD_SEVERITY, SEVERITY_CRITICAL);
        bulletin_free(b);
        b = extract_text("HotFix Alert:2007/09/12版\n深刻度：1(緊急)\n　　　　2(重要)\n　　　　3(警告)\n　　　　4(注意)\n対策\n早期適用\n");
        check_undetermined(b, FIELD_SEVERITY, "");
        bulletin_free(b);
}
END_TEST

/* A cross, a dash or an empty box does not say that what follows is chosen. */
START_TEST(test_marks_that_deny)
{
        check_no_cells(LIST("×", "", "", ""), "may say that it is not chosen");
        check_no_cells(LIST("<img alt=－>", "", "", ""), "may say that it is not chosen");
        check_no_cells(LIST("■", "□", "■", "■"), "may say that it is not chosen");
        check_no_cells(LIST("●", "○", "●", "●"), "may say that it is not chosen");
        check_cells(LIST("<img alt=×>", "<img alt=○>", "<img alt=×>", "<img alt=×>"), SEVERITY_IMPORTANT);
        struct bulletin *b = extract_cells(LIST("→", "", "", ""), PLACES("×", "○"));
        check_field(b, FIELD_ENVIRONMENT_SERVER, ANSWER_NO);
        check_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_YES);
        bulletin_free(b);
        b = extract_cells(LIST("→", "", "", ""), PLACES("×", ""));
        check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "not concerned");
        check_undetermined(b, FIELD_ENVIRONMENT_CLIENT, "not concerned");
        bulletin_free(b);
        b = extract_cells(LIST("□", "■", "□", "□"), PLACES("□", "□"));
        check_field(b, FIELD_ENVIRONMENT_SERVER, ANSWER_NO);
        bulletin_free(b);
        /* what an image means is not known by a text's arrow */
        b = extract_cells(LIST("→", "", "", ""), PLACES("<img src=a>", "<img src=a>"));
        check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "spacers");
        bulletin_free(b);
}
END_TEST

START_TEST(test_marks_between_options)
{
        check_no_cells("<table><tr><td>1(緊急)</td><td></td><td>2(重要)</td><td>✓</td><td>3(警告)</td><td></td>"
                       "<td>4(注意)</td><td></td></tr></table>", "stand between the options");
        check_cells("<table><tr><td colspan=2>1(緊急)</td><td>→</td><td>2(重要)</td><td colspan=2>3(警告)</td>"
                    "<td colspan=2>4(注意)</td></tr></table>", SEVERITY_IMPORTANT);
        check_no_cells("<table><tr><td>2(重要)</td><td>→</td><td>1(緊急)</td></tr></table>", "stand between the options");
        check_no_severity("2(重要) → 1(緊急)\n", "stand between the options");
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("hotfix_choices");
        TCase *tcase = tcase_create("choices");
        tcase_add_test(tcase, test_lines_the_unindented_option_is_chosen);
        tcase_add_test(tcase, test_lines_not_exactly_one_unindented);
        tcase_add_test(tcase, test_lines_indentation_counts_from_the_label);
        tcase_add_test(tcase, test_lines_marks);
        tcase_add_test(tcase, test_lines_marks_that_single_out_nothing);
        tcase_add_test(tcase, test_lines_unknown_or_missing_options);
        tcase_add_test(tcase, test_the_word_in_a_menu_is_not_the_label);
        tcase_add_test(tcase, test_words_beside_an_option);
        tcase_add_test(tcase, test_a_mail_cut_off_within_the_list);
        tcase_add_test(tcase, test_pipes);
        tcase_add_test(tcase, test_html);
        tcase_add_test(tcase, test_html_undetermined);
        tcase_add_test(tcase, test_environments_by_what_severity_taught);
        tcase_add_test(tcase, test_environment_lines);
        tcase_add_test(tcase, test_hostile_lists);
        tcase_add_test(tcase, test_an_image_behind_the_label);
        tcase_add_test(tcase, test_an_option_beside_the_label);
        tcase_add_test(tcase, test_marks_that_deny);
        tcase_add_test(tcase, test_marks_between_options);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
