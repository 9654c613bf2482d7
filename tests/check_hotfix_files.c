/* SPDX-License-Identifier: MIT */
/* The tables of files, times and possible attacks in the shapes that forwarders and text renderings give them. */
#include <string.h>

#include "tests/hotfix_pages.h"
#include "tests/support.h"

#define HEAD \
        "HotFix Alert:2007/09/12版\n深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n対策\n至急適用\n" \
        "MS07-901/990101\n帳票サーバの欠陥\n(帳票サーバの脆弱性)\n\n対応の緊急性:至急適用\n\n"

#define HTML_HEAD "<p>MS07-901/990101</p><p>欠陥</p><p>(脆弱性)</p><p>対応の緊急性:早期適用</p>"

static struct bulletin *extract_body(const char *body)
{
        g_autofree char *text = g_strconcat(HEAD, body, NULL);
        return extract_text(text);
}

static const struct package *package_at(const struct bulletin *b, guint i)
{
        ck_assert_uint_lt(i, b->packages->len);
        return g_ptr_array_index(b->packages, i);
}

static void check_file(const struct package *package, guint i, const char *name, const char *date, const char *version,
                       gint64 size, const char *description, const char *folder)
{
        ck_assert_uint_lt(i, package->files->len);
        const struct package_file *file = g_ptr_array_index(package->files, i);
        ck_assert_str_eq(file->name, name);
        ck_assert_str_eq(file->date, date);
        ck_assert_pstr_eq(file->version, version);
        ck_assert_int_eq(file->size, size);
        ck_assert_pstr_eq(file->description, description);
        ck_assert_pstr_eq(file->folder, folder);
}

#define FILES_HEAD "‥‥‥ 適用されるファイル情報 ‥‥‥\n\n帳票サーバ:\n"

/* The same files with their columns parted by tabs, by several spaces, by one space, and with the size below. */
START_TEST(test_files_in_lines)
{
        static const char *const tables[] = {
                "ファイル名\t日付\tバージョン\tサイズ\t機能\n展開フォルダ\t%ProgramFiles%\\C\\\na.dll\t2007/09/01\t1.2.0.3\t12,345\t帳票 の部品\n"
                "b.hlp\t2007/09/02\t\t678\t説明書\n\t%SystemRoot%\\\nc d.dll\t2007/09/03\t−\t9\t共通\n",
                "ファイル名   日付   バージョン   サイズ   機能\n展開フォルダ   %ProgramFiles%\\C\\\n"
                "a.dll   2007/09/01   1.2.0.3   12,345   帳票 の部品\nb.hlp   2007/09/02      678   説明書\n"
                "   %SystemRoot%\\\nc d.dll   2007/09/03   −   9   共通\n",
                "ファイル名 日付 バージョン サイズ 機能\n展開フォルダ* %ProgramFiles%\\C\\\na.dll 2007/09/01 1.2.0.3 12,345バイト 帳票 の部品\n"
                "b.hlp 2007/09/02 678 説明書\n%SystemRoot%\\\nc d.dll 2007/09/03 − 9bytes 共通\n",
                "ファイル名 日付 バージョン サイズ 機能\n展開フォルダ:\n%ProgramFiles%\\C\\\na.dll 2007/09/01 1.2.0.3\n12,345\n帳票 の部品\n"
                "b.hlp 2007/09/02\n678\n説明書\n%SystemRoot%\\\nc d.dll 2007/09/03 −\n9\n共通\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                g_autofree char *body = g_strconcat(FILES_HEAD, tables[i], "\n確認方法\n\n版を見る。\n", NULL);
                struct bulletin *b = extract_body(body);
                ck_assert_uint_eq(b->packages->len, 1);
                const struct package *package = package_at(b, 0);
                ck_assert_uint_eq(package->files->len, 3);
                check_file(package, 0, "a.dll", "2007-09-01", "1.2.0.3", 12345, "帳票 の部品", "%ProgramFiles%\\C\\");
                check_file(package, 1, "b.hlp", "2007-09-02", NULL, 678, "説明書", "%ProgramFiles%\\C\\");
                check_file(package, 2, "c d.dll", "2007-09-03", NULL, 9, "共通", "%SystemRoot%\\");
                bulletin_free(b);
        }
}
END_TEST

START_TEST(test_a_drive_and_a_folder_in_one_cell)
{
        struct bulletin *b = extract_body(FILES_HEAD "ファイル名 日付 バージョン サイズ 機能\n展開フォルダ C:\\帳票\\\n"
                                          "a.dll 2007/09/01 1.2.0.3\n12,345\n部品\n");
        check_file(package_at(b, 0), 0, "a.dll", "2007-09-01", "1.2.0.3", 12345, "部品", "C:\\帳票\\");
        bulletin_free(b);
        b = extract_html(HTML_HEAD "<p>‥‥‥ 適用されるファイル情報 ‥‥‥</p><p>帳票サーバ:</p><table><tr><td>ファイル名</td><td>日付</td>"
                         "<td>バージョン</td><td>サイズ</td><td>機能</td></tr>"
                         "<tr><td colspan=5>展開フォルダ*<br>%ProgramFiles%\\C_<br>D\\</td></tr>"
                         "<tr><td>a.dll</td><td>2007/09/01</td><td>1.2</td><td>12,345</td><td>部品</td></tr></table>");
        check_file(package_at(b, 0), 0, "a.dll", "2007-09-01", "1.2", 12345, "部品", "%ProgramFiles%\\C_D\\");
        bulletin_free(b);
}
END_TEST

#define SEPARATOR "<tr><td colspan=5 height=1><img src=s.gif width=1 height=1 alt=''></td></tr>"

START_TEST(test_rows_that_only_part_others)
{
        struct bulletin *b = extract_html(
                HTML_HEAD "<p>‥‥‥ 適用されるファイル情報 ‥‥‥</p><p>帳票サーバ:</p><table><tr><td>ファイル名</td><td>日付</td><td>バージョン</td>"
                "<td>サイズ</td><td>機能</td></tr>" SEPARATOR "<tr><td>展開フォルダ</td><td colspan=4>%ProgramFiles%\\C\\</td></tr>" SEPARATOR
                "<tr><td>a.dll</td><td>2007/09/01</td><td>1.2</td><td>12,345</td><td>部品</td></tr>" SEPARATOR
                "<tr><td></td><td colspan=4>%SystemRoot%\\</td></tr>" SEPARATOR
                "<tr><td>b.dll</td><td>2007/09/02</td><td>1.3</td><td>6</td><td></td></tr></table>");
        check_file(package_at(b, 0), 0, "a.dll", "2007-09-01", "1.2", 12345, "部品", "%ProgramFiles%\\C\\");
        check_file(package_at(b, 0), 1, "b.dll", "2007-09-02", "1.3", 6, NULL, "%SystemRoot%\\");
        bulletin_free(b);
}
END_TEST

static void check_deployment(const struct bulletin *b, guint i, const char *package, const char *product, gint64 first)
{
        ck_assert_uint_lt(i, b->deployments->len);
        const struct deployment *deployment = g_ptr_array_index(b->deployments, i);
        ck_assert_str_eq(deployment->package, package);
        ck_assert_pstr_eq(deployment->product, product);
        ck_assert_int_eq(deployment->minutes[0], first);
        ck_assert_int_eq(deployment->minutes[3], 88);
}

START_TEST(test_times_on_the_line_of_the_package)
{
        struct bulletin *b = extract_body("予想適用時間\n\n修正プログラム名 50台 100台 250台 500台\n"
                                          "a 1.exe(帳票サーバ)\t12分\t21分\t46分\t1時間28分\nb.exe 5分 6分 1時間 1時間28分\n目安である。\n");
        ck_assert_uint_eq(b->deployments->len, 2);
        check_deployment(b, 0, "a 1.exe", "帳票サーバ", 12);
        check_deployment(b, 1, "b.exe", NULL, 5);
        bulletin_free(b);
}
END_TEST

START_TEST(test_a_remark_below_the_times_is_no_row)
{
        struct bulletin *b = extract_html(HTML_HEAD "<p>予想適用時間</p><table><tr><td>修正プログラム名</td><td>50台</td><td>100台</td>"
                                          "<td>250台</td><td>500台</td></tr><tr><td>a.exe<br>(帳票サーバ)</td><td>12分</td>"
                                          "<td>21分</td><td>46分</td><td>1時間28分</td></tr>"
                                          "<tr><td>この時間は目安である。</td></tr></table>");
        ck_assert_uint_eq(b->deployments->len, 1);
        check_deployment(b, 0, "a.exe", "帳票サーバ", 12);
        ck_assert_uint_eq(b->sections->len, 1);
        const struct section *section = g_ptr_array_index(b->sections, 0);
        ck_assert_ptr_nonnull(strstr(section->text, "この時間は目安である。"));
        bulletin_free(b);
}
END_TEST

#define CELL(text) "<td>" text "</td>"

static void check_email_and_spoofing(const char *table)
{
        g_autofree char *page = g_strconcat(HTML_HEAD "<p>可能性のある攻撃</p>", table, "<p>概要</p><p>文。</p>", NULL);
        struct bulletin *b = extract_html(page);
        check_field(b, FIELD_ATTACK_REMOTE, ANSWER_NO);
        check_field(b, FIELD_ATTACK_EMAIL, ANSWER_YES);
        check_field(b, FIELD_IMPACT_CODE_EXECUTION, ANSWER_NO);
        check_field(b, FIELD_IMPACT_SPOOFING, ANSWER_YES);
        bulletin_free(b);
}

START_TEST(test_attacks_in_two_tables_and_as_a_list)
{
        check_email_and_spoofing(
                "<table><tr>" CELL("リモート攻撃") CELL("ウイルス/ワーム") CELL("電子メール添付") CELL("Webサイトへの誘導") "</tr><tr>"
                CELL("") CELL("") CELL("○") CELL("") "</tr></table><table><tr>" CELL("コードの実行") CELL("特権の昇格")
                CELL("情報の漏えい") CELL("サービス拒否") CELL("なりすまし") "</tr><tr>" CELL("") CELL("") CELL("") CELL("")
                CELL("○") "</tr></table>");
        check_email_and_spoofing(
                "<table><tr>" CELL("リモート攻撃") CELL("") "</tr><tr>" CELL("ウイルス/ワーム") CELL("") "</tr><tr>"
                CELL("電子メール添付") CELL("○") "</tr><tr>" CELL("Webサイトへの誘導") CELL("") "</tr><tr>" CELL("コードの実行")
                CELL("") "</tr><tr>" CELL("権限の昇格") CELL("") "</tr><tr>" CELL("情報の漏えい") CELL("") "</tr><tr>"
                CELL("サービス拒否") CELL("") "</tr><tr>" CELL("なりすまし") CELL("○") "</tr></table>");
}
END_TEST

/* Head cells before the labels, and rows that only part the others. */
START_TEST(test_attacks_below_heads_and_separators)
{
        check_email_and_spoofing(
                "<table><tr><th>攻撃手法</th>" CELL("リモート攻撃") CELL("ウイルス/ワーム") CELL("電子メール添付") CELL("Webサイトへの誘導")
                "</tr><tr><td colspan=5><img src=s.gif alt=''></td></tr><tr>" CELL("") CELL("") CELL("") CELL("○") CELL("")
                "</tr><tr><th>脆弱性の影響</th>" CELL("コードの実行") CELL("特権の昇格") CELL("情報の漏えい") CELL("サービス拒否")
                CELL("なりすまし") "</tr><tr>" CELL("") CELL("") CELL("") CELL("") CELL("") CELL("○") "</tr></table>");
        check_email_and_spoofing(
                "<table><tr><td colspan=4>攻撃手法</td><td colspan=5>脆弱性の影響</td></tr><tr>" CELL("リモート攻撃")
                CELL("ウイルス/ワーム") CELL("電子メール添付") CELL("Webサイトへの誘導") CELL("コードの実行") CELL("特権の昇格")
                CELL("情報の漏えい") CELL("サービス拒否") CELL("なりすまし") "</tr><tr><td colspan=11></td></tr><tr>"
                CELL("<img alt=×>") CELL("") CELL("<img alt=○>") CELL("") CELL("") CELL("") CELL("") CELL("") CELL("○") CELL("")
                CELL("") "</tr></table>");
}
END_TEST

START_TEST(test_attacks_with_two_kinds_of_mark)
{
        struct bulletin *b = extract_html(
                HTML_HEAD "<p>可能性のある攻撃</p><table><tr>" CELL("リモート攻撃") CELL("ウイルス/ワーム") CELL("電子メール添付")
                CELL("Webサイトへの誘導") CELL("コードの実行") CELL("特権の昇格") CELL("情報の漏えい") CELL("サービス拒否")
                CELL("なりすまし") "</tr><tr>" CELL("●") CELL("○") CELL("○") CELL("×") CELL("") CELL("○") CELL("○") CELL("○")
                CELL("○") "</tr></table>");
        check_undetermined(b, FIELD_ATTACK_REMOTE, "known mark");
        check_undetermined(b, FIELD_ATTACK_WORM, "known mark");
        check_field(b, FIELD_ATTACK_WEB, ANSWER_NO);
        check_field(b, FIELD_IMPACT_CODE_EXECUTION, ANSWER_NO);
        bulletin_free(b);
}
END_TEST

/* A label whose cell is missing shifts all others: nothing is known. */
START_TEST(test_attacks_with_a_cell_too_few)
{
        struct bulletin *b = extract_html(
                HTML_HEAD "<p>可能性のある攻撃</p><table><tr>" CELL("リモート攻撃") CELL("ウイルス/ワーム") CELL("電子メール添付")
                CELL("Webサイトへの誘導") "</tr><tr>" CELL("") CELL("") CELL("○") "</tr></table><table><tr>" CELL("コードの実行")
                CELL("特権の昇格") CELL("情報の漏えい") CELL("サービス拒否") CELL("なりすまし") "</tr><tr>" CELL("") CELL("") CELL("")
                CELL("") CELL("○") "</tr></table><p>概要</p><p>文。</p>");
        check_undetermined(b, FIELD_ATTACK_EMAIL, "fewer than nine cells");
        check_undetermined(b, FIELD_IMPACT_SPOOFING, "fewer than nine cells");
        bulletin_free(b);
}
END_TEST

START_TEST(test_remarks_keep_their_own_width)
{
        struct bulletin *b = extract_text("HotFix Alert:2007/09/12版\n深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n対策\n至急適用\n"
                                          "MS07-901/990101\n欠陥\n(脆弱性)\n\n対応の緊急性：至急適用 ［攻撃コード公開］[攻撃事例\nなし]\n");
        check_field(b, FIELD_EXPLOIT_PUBLISHED, ANSWER_YES);
        ck_assert_str_eq(b->fields[FIELD_EXPLOIT_PUBLISHED].text, "［攻撃コード公開］");
        check_field(b, FIELD_ATTACKS_OBSERVED, ANSWER_NO);
        ck_assert_str_eq(b->fields[FIELD_ATTACKS_OBSERVED].text, "[攻撃事例なし]");
        bulletin_free(b);
}
END_TEST

/* The same filler in place of every lost image says nothing, there and in 対象環境. */
START_TEST(test_the_same_mark_everywhere)
{
        struct bulletin *b = extract_html(
                "<p>HotFix Alert:2007/09/12版</p><table><tr><td colspan=2>深刻度</td></tr><tr><td>[画像]</td><td>1(緊急)</td></tr>"
                "<tr><td>[画像]</td><td>2(重要)</td></tr><tr><td>[画像]</td><td>3(警告)</td></tr><tr><td>[画像]</td><td>4(注意)</td></tr>"
                "<tr><td colspan=2>対象環境</td></tr><tr><td>[画像]</td><td>サーバ</td></tr><tr><td>[画像]</td><td>クライアント</td></tr>"
                "</table>" HTML_HEAD);
        check_undetermined(b, FIELD_SEVERITY, "do not single one out");
        check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "before every severity");
        check_undetermined(b, FIELD_ENVIRONMENT_CLIENT, "before every severity");
        bulletin_free(b);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("hotfix_files");
        TCase *tcase = tcase_create("shapes");
        tcase_add_test(tcase, test_files_in_lines);
        tcase_add_test(tcase, test_a_drive_and_a_folder_in_one_cell);
        tcase_add_test(tcase, test_rows_that_only_part_others);
        tcase_add_test(tcase, test_times_on_the_line_of_the_package);
        tcase_add_test(tcase, test_a_remark_below_the_times_is_no_row);
        tcase_add_test(tcase, test_attacks_in_two_tables_and_as_a_list);
        tcase_add_test(tcase, test_attacks_below_heads_and_separators);
        tcase_add_test(tcase, test_attacks_with_two_kinds_of_mark);
        tcase_add_test(tcase, test_attacks_with_a_cell_too_few);
        tcase_add_test(tcase, test_remarks_keep_their_own_width);
        tcase_add_test(tcase, test_the_same_mark_everywhere);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
