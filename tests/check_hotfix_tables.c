/* SPDX-License-Identifier: MIT */
/* The tables and the prose of the body, in plain lines, pipes and HTML. */
#include <string.h>

#include "tests/hotfix_pages.h"
#include "tests/support.h"

#define HEAD \
        "HotFix Alert:2007/09/12版\n深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n対策\n至急適用\n" \
        "MS07-901/990101\n帳票サーバの欠陥\n(帳票サーバの脆弱性)\n\n対応の緊急性:至急適用\n\n危険性\nSP待ち\n早期適用\n緊急適用\n\n"

static struct bulletin *extract_body(const char *body)
{
        g_autofree char *text = g_strconcat(HEAD, body, NULL);
        return extract_text(text);
}

static const struct affected *affected_at(const struct bulletin *b, guint i)
{
        ck_assert_uint_lt(i, b->affected->len);
        return g_ptr_array_index(b->affected, i);
}

static const struct section *section_at(const struct bulletin *b, guint i)
{
        ck_assert_uint_lt(i, b->sections->len);
        return g_ptr_array_index(b->sections, i);
}

START_TEST(test_tables_in_html)
{
        struct bulletin *b = extract_html(
                "<p>MS07-901/990101</p><p>欠陥</p><p>(脆弱性)</p><p>対応の緊急性:早期適用</p><p>対象プラットフォーム</p>"
                "<table><tr><td>影響を受けるソフトウェア</td><td>対象プラットフォーム</td></tr>"
                "<tr><td rowspan=2>帳票サーバ</td><td>2000 SP4</td></tr><tr><td>2003<br>SP1</td></tr></table>"
                "<p>■適用テストの結果</p><table><tr><td>プラットフォーム</td><td>適用テスト結果</td></tr>"
                "<tr><td>2000 SP4</td><td><img alt=△></td></tr><tr><td>2003 SP1</td><td></td></tr></table>"
                "<p>‥‥‥ 修正プログラムのダウンロード先 ‥‥‥</p><table><tr><td>プラットフォーム</td><td>ダウンロード・センター</td>"
                "<td>WU/MUの表示</td></tr><tr><td>2000 SP4</td><td><a href='http://vendor.example/d'>入手先</a></td>"
                "<td>−</td></tr></table>");
        ck_assert_uint_eq(b->affected->len, 2);
        const struct affected *second = g_ptr_array_index(b->affected, 1);
        ck_assert_str_eq(second->software, "帳票サーバ");
        ck_assert_str_eq(second->platforms, "2003 SP1");
        ck_assert_uint_eq(b->tests->len, 2);
        const struct lab_test *partial = g_ptr_array_index(b->tests, 0), *lost = g_ptr_array_index(b->tests, 1);
        ck_assert_int_eq(partial->result.value, TEST_PARTIAL);
        ck_assert_int_eq(lost->result.basis, BASIS_UNDETERMINED);
        ck_assert_uint_eq(b->downloads->len, 1);
        const struct download *download = g_ptr_array_index(b->downloads, 0);
        ck_assert_str_eq(download->center, "入手先");
        ck_assert_ptr_null(download->catalog);
        ck_assert_uint_eq(b->links->len, 1);
        bulletin_free(b);
}
END_TEST

#define AFFECTED "対象プラットフォーム\n\n影響を受けるソフトウェア 対象プラットフォーム\n"

/* Where nothing parts the columns, a repeated name does; else the lines stay prose and the list stays empty. */
START_TEST(test_affected_lines)
{
        struct bulletin *b = extract_body(AFFECTED "帳票サーバ 3 帳票サーバ 3 SP1/SP2\n画像閲覧 画像閲覧、地図\n");
        ck_assert_uint_eq(b->affected->len, 2);
        ck_assert_str_eq(affected_at(b, 0)->software, "帳票サーバ 3");
        ck_assert_str_eq(affected_at(b, 0)->platforms, "帳票サーバ 3 SP1/SP2");
        ck_assert_str_eq(affected_at(b, 1)->platforms, "画像閲覧、地図");
        ck_assert_uint_eq(b->sections->len, 0);
        bulletin_free(b);
        b = extract_body(AFFECTED "帳票サーバ 3\tWindows 2003\n画像閲覧   Windows XP\n");
        ck_assert_str_eq(affected_at(b, 0)->platforms, "Windows 2003");
        ck_assert_str_eq(affected_at(b, 1)->software, "画像閲覧");
        bulletin_free(b);
        b = extract_body(AFFECTED "帳票サーバ 3 帳票サーバ 3 SP1\n画像閲覧 Windows XP SP2\n");
        ck_assert_uint_eq(b->affected->len, 0);
        ck_assert_uint_eq(b->sections->len, 1);
        ck_assert_str_eq(section_at(b, 0)->heading, "対象プラットフォーム");
        ck_assert_ptr_nonnull(strstr(section_at(b, 0)->text, "画像閲覧 Windows XP SP2"));
        bulletin_free(b);
}
END_TEST

static void check_test(const struct bulletin *b, guint i, const char *platform, int value)
{
        ck_assert_uint_lt(i, b->tests->len);
        const struct lab_test *test = g_ptr_array_index(b->tests, i);
        ck_assert_str_eq(test->platform, platform);
        ck_assert_int_eq(test->result.value, value);
        ck_assert_int_eq(test->result.basis, value ? BASIS_STATED : BASIS_UNDETERMINED);
}

START_TEST(test_lab_tests_in_lines)
{
        struct bulletin *b = extract_body("■適用テストの結果\n 試験室で確かめた。\n\nプラットフォーム\n適用テスト結果\nWindows XP SP2\n"
                                          "Windows 2000 SP4 △\nWindows 2003 SP1\n×\n○は異常なし、△は軽い異常\n\n■注意\n 特になし。\n");
        ck_assert_uint_eq(b->tests->len, 3);
        check_test(b, 0, "Windows XP SP2", 0);
        check_test(b, 1, "Windows 2000 SP4", TEST_PARTIAL);
        check_test(b, 2, "Windows 2003 SP1", TEST_FAIL);
        ck_assert_uint_eq(b->sections->len, 2);
        ck_assert_str_eq(section_at(b, 0)->text, "試験室で確かめた。");
        ck_assert_str_eq(section_at(b, 1)->heading, "■注意");
        bulletin_free(b);
}
END_TEST

static void check_file(const struct package_file *file, const char *name, const char *date, const char *version,
                       gint64 size, const char *description, const char *folder)
{
        ck_assert_ptr_nonnull(file);
        ck_assert_str_eq(file->name, name);
        ck_assert_str_eq(file->date, date);
        ck_assert_pstr_eq(file->version, version);
        ck_assert_int_eq(file->size, size);
        ck_assert_pstr_eq(file->description, description);
        ck_assert_pstr_eq(file->folder, folder);
}

static void check_packages(const struct bulletin *b)
{
        ck_assert_uint_eq(b->packages->len, 2);
        const struct package *first = g_ptr_array_index(b->packages, 0), *second = g_ptr_array_index(b->packages, 1);
        ck_assert_str_eq(first->product, "帳票サーバ 3");
        check_file(first->file, "Forms3-KB990101.exe", "2007-09-01", "3.0.1.2", 383376, NULL, NULL);
        ck_assert_uint_eq(first->files->len, 3);
        check_file(g_ptr_array_index(first->files, 0), "forms.dll", "2007-08-30", "3.0.1.2", 511328, "Forms Module",
                   "%ProgramFiles%\\Contoso Forms\\bin\\");
        check_file(g_ptr_array_index(first->files, 1), "forms.txt", "2007-08-31", NULL, 7401, NULL,
                   "%ProgramFiles%\\Contoso Forms\\bin\\");
        check_file(g_ptr_array_index(first->files, 2), "menu.dll", "2007-08-29", "3.0.1.0", 1024, "Menu",
                   "%ProgramFiles%\\Contoso Forms\\ja\\");
        ck_assert_str_eq(second->product, "帳票サーバ 4");
        check_file(second->file, "Forms4-KB990101.exe", "2007-09-02", NULL, 12, NULL, NULL);
        ck_assert_uint_eq(second->files->len, 0);
}

START_TEST(test_packages_in_lines)
{
        struct bulletin *b = extract_body(
                "‥‥‥ 適用されるファイル情報 ‥‥‥\n 下のファイルが入れ替わる。\n \n帳票サーバ 3:\nファイル名 日付 バージョン サイズ\n"
                "Forms3-KB990101.exe 2007/09/01 3.0.1.2\n383,376\n \nファイル名 日付 バージョン サイズ 機能\n"
                "展開フォルダ\n%ProgramFiles%\\Contoso Forms\\bin\\\nforms.dll 2007/08/30 3.0.1.2\n511,328\nForms Module\n"
                "forms.txt 2007/08/31\n7,401\n\n%ProgramFiles%\\Contoso Forms\\ja\\\n"
                "menu.dll 2007/08/29 3.0.1.0 1,024\nMenu\n \n"
                "帳票サーバ 4:\nファイル名 日付 バージョン サイズ\nForms4-KB990101.exe 2007/09/02\n12\n \n"
                "‥‥‥ 確認方法 ‥‥‥\n\n 版を見る。\n");
        check_packages(b);
        ck_assert_uint_eq(b->sections->len, 2);
        ck_assert_str_eq(section_at(b, 0)->text, "下のファイルが入れ替わる。");
        bulletin_free(b);
}
END_TEST

START_TEST(test_packages_in_pipes)
{
        struct bulletin *b = extract_text(
                "MS07-901/990101 |\n帳票サーバの欠陥 |\n(帳票サーバの脆弱性) |\n対応の緊急性:至急適用\n|\n危険性 |\n■注意\n特になし。\n|\n|\n"
                "下のファイルが入れ替わる。\n帳票サーバ 3:\nファイル名 |\n日付 |\nバージョン |\nサイズ |\nForms3-KB990101.exe |\n2007/09/01 |\n"
                "3.0.1.2 |\n383,376\n|\nファイル名 |\n日付 |\nバージョン |\nサイズ |\n機能 |\n展開フォルダ* |\n%ProgramFiles%\\Contoso \n"
                "Forms\\bin\\ |\nforms.dll |\n2007/08/30 |\n3.0.1.2 |\n511,328\n|\nForms Module |\nforms.txt |\n"
                "2007/08/31 |\n− |\n7,401\n|\n"
                "− |\n|\n%ProgramFiles%\\Contoso Forms\\ja\\ |\nmenu.dll |\n2007/08/29 |\n3.0.1.0 |\n1,024\n|\n"
                "Menu |\n帳票サーバ 4:\n"
                "ファイル名 |\n日付 |\nバージョン |\nサイズ |\nForms4-KB990101.exe |\n2007/09/02 |\n− |\n12 |\n|\n|\n");
        check_packages(b);
        bulletin_free(b);
}
END_TEST

START_TEST(test_deployment_times)
{
        struct bulletin *b = extract_body("予想適用時間\n\n修正プログラム名 50台 100台 250台 500台\nForms3.exe\n(帳票サーバ 3)\n"
                                          "12分 2時間 1時間5分 1時間48分\nForms4.exe\n− 21分 46分 −\n回線の速さで変わる。\n");
        ck_assert_uint_eq(b->deployments->len, 2);
        const struct deployment *first = g_ptr_array_index(b->deployments, 0);
        const struct deployment *second = g_ptr_array_index(b->deployments, 1);
        ck_assert_str_eq(first->package, "Forms3.exe");
        ck_assert_str_eq(first->product, "帳票サーバ 3");
        ck_assert_int_eq(first->minutes[0], 12);
        ck_assert_int_eq(first->minutes[1], 120);
        ck_assert_int_eq(first->minutes[2], 65);
        ck_assert_int_eq(first->minutes[3], 108);
        ck_assert_ptr_null(second->product);
        ck_assert_int_eq(second->minutes[0], -1);
        ck_assert_str_eq(section_at(b, 0)->text, "回線の速さで変わる。");
        bulletin_free(b);
}
END_TEST

START_TEST(test_update_expert)
{
        struct bulletin *b = extract_body("UpdateEXPERT上の表示\n\n・帳票サーバ 3:\n[展開ビュー]−[Server]タブに\n「名前:Forms3.exe」で登録\n\n"
                                          "・帳票サーバ 4:\n対象外\n\nCopyright (C) Example\n問い合わせ先は別紙\n");
        ck_assert_uint_eq(b->update_expert->len, 2);
        const struct update_expert *second = g_ptr_array_index(b->update_expert, 1);
        ck_assert_str_eq(second->product, "帳票サーバ 4");
        ck_assert_str_eq(second->text, "対象外");
        ck_assert_uint_eq(b->sections->len, 0);
        bulletin_free(b);
}
END_TEST

START_TEST(test_sections_in_order)
{
        struct bulletin *b = extract_body("「緊急適用」は今すぐ、「SP待ち」は後でよい。\n\n 見出しのない文である。\n\n‥‥‥ 概要 ‥‥‥\n\n 一つ目。\n 二つ目。\n\n"
                                          "脆弱性の内容\n\n 対策は「早期適用」である。\n\n‥‥‥ 見知らぬ見出し ‥‥‥\n\n 文。\n\n"
                                          "‥‥‥ DA Lab:HotFixテスティング・チームからの"
                                          "コメント ‥‥‥\n\n■注意\n 文。\n-- \n署名\n");
        static const char *const headings[] = { NULL, "概要", "脆弱性の内容", "見知らぬ見出し", "■注意" };
        ck_assert_uint_eq(b->sections->len, G_N_ELEMENTS(headings));
        for (guint i = 0; i < G_N_ELEMENTS(headings); i++)
                ck_assert_pstr_eq(section_at(b, i)->heading, headings[i]);
        ck_assert_str_eq(section_at(b, 0)->text, "見出しのない文である。");
        ck_assert_str_eq(section_at(b, 1)->text, "一つ目。\n二つ目。");
        ck_assert_str_eq(section_at(b, 4)->text, "文。");
        check_field(b, FIELD_URGENCY, URGENCY_IMMEDIATE);
        bulletin_free(b);
}
END_TEST

START_TEST(test_links)
{
        struct bulletin *b = extract_body("■注意\n 詳しくは http://vendor.example/a?id=1&lang=ja を見る。\n"
                                          "http://vendor.example/details?\nid=2&lang=ja\n"
                                          "http://vendor.example/a?id=1&lang=ja\njavascript:alert(1)\n");
        ck_assert_uint_eq(b->links->len, 2);
        const struct link *first = g_ptr_array_index(b->links, 0), *second = g_ptr_array_index(b->links, 1);
        ck_assert_str_eq(first->url, "http://vendor.example/a?id=1&lang=ja");
        ck_assert_str_eq(second->url, "http://vendor.example/details?id=2&lang=ja");
        bulletin_free(b);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("hotfix_tables");
        TCase *tcase = tcase_create("tables");
        tcase_add_test(tcase, test_tables_in_html);
        tcase_add_test(tcase, test_affected_lines);
        tcase_add_test(tcase, test_lab_tests_in_lines);
        tcase_add_test(tcase, test_packages_in_lines);
        tcase_add_test(tcase, test_packages_in_pipes);
        tcase_add_test(tcase, test_deployment_times);
        tcase_add_test(tcase, test_update_expert);
        tcase_add_test(tcase, test_sections_in_order);
        tcase_add_test(tcase, test_links);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
