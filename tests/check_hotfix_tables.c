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
        b = extract_body(AFFECTED "Windows Server 2003 SP1 Windows Server 2003 SP1、Windows Server 2003\nSP1 SP1/SP2\n画像閲覧 画像閲覧\n");
        ck_assert_uint_eq(b->affected->len, 2);
        ck_assert_str_eq(affected_at(b, 0)->platforms, "Windows Server 2003 SP1、Windows Server 2003 SP1 SP1/SP2");
        bulletin_free(b);
        b = extract_body(AFFECTED "帳票サーバ　３ 帳票サーバ 3　SP1\n");
        ck_assert_str_eq(affected_at(b, 0)->software, "帳票サーバ　３");
        ck_assert_str_eq(affected_at(b, 0)->platforms, "帳票サーバ 3　SP1");
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
        check_warning(b, "影響を受けるソフトウェア cannot be told apart");
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

/* Drawn lines end tables and are no text; a remark may stand behind a mark. */
START_TEST(test_rulers_and_remarks)
{
        struct bulletin *b = extract_body("■適用テストの結果\n 確かめた。\n━━━━━━\nプラットフォーム\n適用テスト結果\nWindows XP SP2 △(注1)\n"
                                          "2000 SP4 ○\n━━━━━━\n-----------\n\n対象プラットフォーム\n\n影響を受けるソフトウェア 対象プラットフォーム\n"
                                          "帳票サーバ 帳票サーバ 3\n==========\n\n■注意\n 一。\n");
        ck_assert_uint_eq(b->tests->len, 2);
        check_test(b, 0, "Windows XP SP2", TEST_PARTIAL);
        ck_assert_str_eq(((struct lab_test *) g_ptr_array_index(b->tests, 0))->result.text, "△(注1)");
        ck_assert_uint_eq(b->affected->len, 1);
        ck_assert_uint_eq(b->sections->len, 2);
        ck_assert_str_eq(section_at(b, 0)->text, "確かめた。");
        bulletin_free(b);
}
END_TEST

/* Rows of spacers between the rows say nothing; what is missing is not what stands above. */
START_TEST(test_rows_that_are_none)
{
#define SPACER "<tr><td colspan=2 height=1><img src=spacer.gif alt=''></td></tr>"
        struct bulletin *b = extract_html(
                "<p>MS07-901/990101</p><p>欠陥</p><p>(脆弱性)</p><p>対応の緊急性:早期適用</p><p>対象プラットフォーム</p>"
                "<table><tr><td>影響を受ける<br>ソフトウェア</td><td>対象プラットフォーム</td></tr>" SPACER
                "<tr><td>帳票サーバ</td><td>2000 SP4</td></tr>" SPACER "<tr><td>画像閲覧</td></tr>"
                "<tr><td colspan=2>版は問わない。</td></tr></table><p>■適用テストの結果</p>"
                "<table><tr><td>プラットフォーム</td><td>適用テスト結果</td></tr>" SPACER "<tr><td>2000 SP4</td><td>○</td></tr>"
                "<tr><td>2003 SP1</td></tr></table>");
#undef SPACER
        ck_assert_uint_eq(b->affected->len, 2);
        ck_assert_str_eq(affected_at(b, 0)->platforms, "2000 SP4");
        ck_assert_str_eq(affected_at(b, 1)->software, "画像閲覧");
        ck_assert_ptr_null(affected_at(b, 1)->platforms);
        ck_assert_str_eq(section_at(b, 0)->text, "版は問わない。");
        ck_assert_uint_eq(b->tests->len, 2);
        check_test(b, 1, "2003 SP1", 0);
        bulletin_free(b);
}
END_TEST

/* Tabs part cells, also empty ones, and alone do so; else two spaces of any width. */
START_TEST(test_columns_of_lines)
{
        struct bulletin *b = extract_body(
                "対象プラットフォーム\n\n影響を受けるソフトウェア\t対象プラットフォーム\n帳票　サーバ\t2000　SP4\n画像閲覧\t2003  SP1\n\n"
                "‥‥‥ 修正プログラムのダウンロード先 ‥‥‥\nプラットフォーム\tダウンロード・センター\tWUの表示\n2000 SP4\t\t更新 (KB990101)\n"
                "2003 SP1\t日本語版\n");
        ck_assert_uint_eq(b->affected->len, 2);
        ck_assert_str_eq(affected_at(b, 0)->software, "帳票　サーバ");
        ck_assert_str_eq(affected_at(b, 1)->platforms, "2003  SP1");
        ck_assert_uint_eq(b->downloads->len, 2);
        const struct download *first = g_ptr_array_index(b->downloads, 0), *second = g_ptr_array_index(b->downloads, 1);
        ck_assert_pstr_eq(first->center, NULL);
        ck_assert_pstr_eq(first->catalog, "更新 (KB990101)");
        ck_assert_pstr_eq(second->center, "日本語版");
        ck_assert_pstr_eq(second->catalog, NULL);
        bulletin_free(b);
        b = extract_body("■適用テストの結果\n\nプラットフォーム\t適用テスト結果\nWindows XP SP2\t○\n2000 SP4\t×\n○は異常なし\n");
        ck_assert_uint_eq(b->tests->len, 2);
        check_test(b, 1, "2000 SP4", TEST_FAIL);
        bulletin_free(b);
        b = extract_body("■適用テストの結果\n\nプラットフォーム\n適用テスト結果\nWindows　2000　×\n○は異常なし\n");
        check_test(b, 0, "Windows　2000", TEST_FAIL);
        bulletin_free(b);
}
END_TEST

START_TEST(test_rows_in_double_spaced_and_wrapped_mails)
{
        struct bulletin *b = extract_body("対象プラットフォーム\n\n影響を受けるソフトウェア   対象プラットフォーム\n\n帳票サーバ   2000 SP4\n\n"
                                          "画像閲覧   2003 SP1\n\nここまで。\n");
        ck_assert_uint_eq(b->affected->len, 2);
        ck_assert_str_eq(section_at(b, 0)->text, "ここまで。");
        bulletin_free(b);
        b = extract_body("対象プラットフォーム\n\n影響を受けるソフトウェア   対象プラットフォーム\n"
                         "帳票サーバ   Windows Server 2003, Standard Edition SP1、Windows 2000\nServer SP4\n画像閲覧   2003 SP1\n");
        ck_assert_uint_eq(b->affected->len, 2);
        ck_assert_str_eq(affected_at(b, 0)->platforms, "Windows Server 2003, Standard Edition SP1、Windows 2000 Server SP4");
        bulletin_free(b);
}
END_TEST

/* A product's line is known by its colon, or by its name in another table. */
START_TEST(test_products_of_packages)
{
#define FILES "<table><tr><td>ファイル名</td><td>日付</td><td>バージョン</td><td>サイズ</td></tr><tr><td>a.exe</td><td>2007/09/01</td><td>1.0</td><td>1,234</td></tr></table>"
        struct bulletin *b = extract_html("<p>MS07-901/990101</p><p>欠陥</p><p>(脆弱性)</p><p>対応の緊急性:早期適用</p><h3>適用されるファイル情報</h3>"
                                          "<h4>帳票サーバ:</h4>" FILES "<p>・画像閲覧：</p>" FILES "<p>表計算 2</p>" FILES "<p>次の表を見よ</p>" FILES
                                          "<h3>UpdateEXPERT上の表示</h3><p>・表計算 2:<br>対象外</p>");
#undef FILES
        static const char *const products[] = { "帳票サーバ", "画像閲覧", "表計算 2" };
        ck_assert_uint_eq(b->packages->len, 4);
        for (guint i = 0; i < G_N_ELEMENTS(products); i++)
                ck_assert_pstr_eq(((struct package *) g_ptr_array_index(b->packages, i))->product, products[i]);
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

static void check_section(const struct bulletin *b, guint i, const char *heading, const char *text)
{
        ck_assert_pstr_eq(section_at(b, i)->heading, heading);
        ck_assert_str_eq(section_at(b, i)->text, text);
}

#define PIPE_HEAD "MS07-901/990101 |\n帳票サーバの欠陥 |\n(帳票サーバの脆弱性) |\n対応の緊急性:至急適用\n|\n危険性 |\n"
#define PIPE_FILE "ファイル名 |\n日付 |\nバージョン |\nサイズ |\nForms.exe |\n2007/09/01 |\n3.0.1.2 |\n383,376\n|\n"

/* Heads that were pictures are rows of empty cells: what stands behind such a row is no part of what stands before. */
START_TEST(test_rows_of_empty_cells_part_sections)
{
        struct bulletin *b = extract_text(
                PIPE_HEAD "この欠陥は古い。\nどの版にもある。\n|\n|\n|\n脆弱性の内容\n|\n長さを見ない。\n|\n|\n|\n続きである。\n|\n|\n|\n"
                "下のファイルが入れ替わる。\n帳票サーバ 3:\n" PIPE_FILE "帳票サーバ 4:\n" PIPE_FILE "*日付は世界時である。\n|\n|\n|\n"
                "・帳票サーバ 3:\n版を見る\n|\n|\nUpdateEXPERT上の表示\n|\n・帳票サーバ 3:\n対象外\n|\n");
        ck_assert_uint_eq(b->sections->len, 5);
        check_section(b, 0, NULL, "この欠陥は古い。\nどの版にもある。");
        check_section(b, 1, "脆弱性の内容", "長さを見ない。");
        check_section(b, 2, NULL, "続きである。");
        check_section(b, 3, NULL, "下のファイルが入れ替わる。\n*日付は世界時である。");
        check_section(b, 4, NULL, "・帳票サーバ 3:\n版を見る");
        ck_assert_uint_eq(b->packages->len, 2);
        bulletin_free(b);
        /* a single empty cell is no row, and below a head the table's text stays with it */
        b = extract_text(PIPE_HEAD "適用されるファイル情報 |\n|\n|\n下のファイルが入れ替わる。 |\n|\n|\n|\n帳票サーバ 3:\n" PIPE_FILE
                         "|\n*日付は世界時である。\n|\n|\n|\n別の話。 |\n|\nその続き。 |\n");
        ck_assert_uint_eq(b->sections->len, 2);
        check_section(b, 0, "適用されるファイル情報", "下のファイルが入れ替わる。\n*日付は世界時である。");
        check_section(b, 1, NULL, "別の話。\nその続き。");
        bulletin_free(b);
}
END_TEST

#define HTML_HEAD "<p>MS07-901/990101</p><p>欠陥</p><p>(脆弱性)</p><p>対応の緊急性:早期適用</p>"

START_TEST(test_pictures_part_sections_in_html)
{
        struct bulletin *b = extract_html(
                HTML_HEAD "<table><tr><td>危険性</td></tr><tr><td><img src=a.gif></td></tr><tr><td>この欠陥は古い。</td></tr>"
                "<tr><td>&nbsp;</td></tr><tr><td><img src=b.gif></td></tr><tr><td>長さを見ない。</td></tr>"
                "<tr><td>&nbsp;</td></tr><tr><td>だから危ない。</td></tr><tr><td><table><tr><td>図</td></tr></table></td></tr>"
                "<tr><td>終わり。</td><td></td><td></td></tr><tr><td></td><td></td></tr><tr><td>確かめ方。</td></tr></table>");
        ck_assert_uint_eq(b->sections->len, 3);
        check_section(b, 0, NULL, "この欠陥は古い。");
        ck_assert(g_str_has_prefix(section_at(b, 1)->text, "長さを見ない。"));
        ck_assert(g_str_has_suffix(section_at(b, 1)->text, "終わり。"));
        check_section(b, 2, NULL, "確かめ方。");
        bulletin_free(b);
}
END_TEST

#define DOWNLOADS "‥‥‥ 修正プログラムのダウンロード先 ‥‥‥\nプラットフォーム ダウンロード・センター WU/MU/SUS/WSUSの表示\n"
#define NAMES \
        "\n適用されるファイル情報\n\n帳票サーバ 3:\nファイル名 日付 バージョン サイズ\nForms3.exe 2007/09/01 3.0.1.2\n12\n\n" \
        "予想適用時間\n\n修正プログラム名 50台 100台 250台 500台\nForms4.exe\n(帳票サーバ 3 SP1)\n12分 21分 46分 1時間\n\n" \
        "UpdateEXPERT上の表示\n\n・画像閲覧:\n対象外\n"

static void check_download(const struct bulletin *b, guint i, const char *platform, const char *catalogue)
{
        ck_assert_uint_lt(i, b->downloads->len);
        const struct download *download = g_ptr_array_index(b->downloads, i);
        ck_assert_str_eq(download->platform, platform);
        ck_assert_ptr_null(download->center);
        ck_assert_str_eq(download->catalog, catalogue);
}

/* The columns' borders are gone; the mail's own names of products show where the first one ends. */
START_TEST(test_downloads_in_lines)
{
        struct bulletin *b = extract_body(DOWNLOADS "帳票サーバ　3 帳票サーバ 用の更新 (KB990101)\n"
                                                    "帳票サーバ 3 SP1 Update for Forms SP1 (KB990102)\n画像閲覧 閲覧の更新 （ＫＢ９９０１０３）\n"
                                                    "\nここで手に入る。\n" NAMES);
        ck_assert_uint_eq(b->downloads->len, 3);
        check_download(b, 0, "帳票サーバ　3", "帳票サーバ 用の更新 (KB990101)");
        check_download(b, 1, "帳票サーバ 3 SP1", "Update for Forms SP1 (KB990102)");
        check_download(b, 2, "画像閲覧", "閲覧の更新 （ＫＢ９９０１０３）");
        check_section(b, 0, "修正プログラムのダウンロード先", "ここで手に入る。");
        check_no_warning(b, "cannot be told apart");
        bulletin_free(b);
        b = extract_body(DOWNLOADS "画像閲覧 日本語版 閲覧の更新 (KB990103)\n" NAMES);
        const struct download *download = g_ptr_array_index(b->downloads, 0);
        ck_assert_str_eq(download->center, "日本語版");
        ck_assert_str_eq(download->catalog, "閲覧の更新 (KB990103)");
        bulletin_free(b);
}
END_TEST

START_TEST(test_a_download_wrapped_by_the_mail)
{
        struct bulletin *b = extract_body(DOWNLOADS "画像閲覧 画像閲覧の色表を開くときの長さの確かめを直すための、全部の版の為の\n"
                                                    "更新 (KB990103)\n帳票サーバ 3 帳票の更新 (KB990101)\n" NAMES);
        ck_assert_uint_eq(b->downloads->len, 2);
        check_download(b, 0, "画像閲覧",
                       "画像閲覧の色表を開くときの長さの確かめを直すための、全部の版の為の更新 (KB990103)");
        check_no_warning(b, "cannot be told apart");
        bulletin_free(b);
}
END_TEST

/* A product of another table is known in this one, where the name of a system follows. */
START_TEST(test_affected_products_that_are_named_elsewhere)
{
        struct bulletin *b = extract_body(AFFECTED "画像閲覧 Windows XP SP2、Windows Vista\n帳票サーバ　3 SP1 Windows 2000 SP4\n" NAMES);
        ck_assert_uint_eq(b->affected->len, 2);
        ck_assert_str_eq(affected_at(b, 0)->software, "画像閲覧");
        ck_assert_str_eq(affected_at(b, 0)->platforms, "Windows XP SP2、Windows Vista");
        ck_assert_str_eq(affected_at(b, 1)->software, "帳票サーバ　3 SP1");
        bulletin_free(b);
        b = extract_body(AFFECTED "画像閲覧 SP1 Windows XP SP2\n" NAMES);
        ck_assert_uint_eq(b->affected->len, 0);
        bulletin_free(b);
}
END_TEST

static void check_doubtful_download(const char *row)
{
        g_autofree char *body = g_strconcat(DOWNLOADS "画像閲覧 閲覧の更新 (KB990103)\n", row, "\n" NAMES, NULL);
        struct bulletin *b = extract_body(body);
        ck_assert_uint_eq(b->downloads->len, 1);
        check_warning(b, "修正プログラムのダウンロード先 cannot be told apart (1 row)");
        ck_assert_ptr_nonnull(strstr(section_at(b, 0)->text, row));
        ck_assert_ptr_null(strstr(section_at(b, 0)->text, "閲覧の更新"));
        bulletin_free(b);
}

START_TEST(test_doubtful_downloads_stay_text)
{
        check_doubtful_download("表計算 表計算の更新 (KB990104)");
        check_doubtful_download("帳票サーバ 3 帳票の更新");
        check_doubtful_download("帳票サーバ 3 (KB990101)");
        check_doubtful_download("帳票サーバ 3 帳票の更新 (KB990101)(KB990102)");
        check_doubtful_download("帳票サーバ 3 帳票の更新 (KB990101) 英語版");
        check_doubtful_download("帳票サーバ 3 SP2 帳票の更新 (KB990101)");
        check_doubtful_download("帳票サーバ 3 Professional 帳票の更新 (KB990101)");
        check_doubtful_download("帳票サーバ 30 帳票の更新 (KB990101)");
}
END_TEST

/* Heads that are pictures leave prose behind each label of the middle. */
START_TEST(test_prose_of_the_middle)
{
        struct bulletin *b = extract_text("MS07-901/990101\n欠陥\n(脆弱性)\n\n対応の緊急性:早期適用\n[攻撃コード未公開]\n\n 帳票が止まる。\n\n概要\n 文。\n");
        ck_assert_uint_eq(b->sections->len, 2);
        check_section(b, 0, NULL, "帳票が止まる。");
        check_field(b, FIELD_EXPLOIT_PUBLISHED, ANSWER_NO);
        bulletin_free(b);
        b = extract_text("MS07-901/990101\n欠陥\n(脆弱性)\n緊急対応度:適用作業の早期開始\n危険性 「緊急適用」は今すぐ、「SP待ち」は後でよい。\n"
                         "SP待ち\n早期適用\n緊急適用\n 帳票が止まる。\n 画面も消える。\n概要\n 文。\n");
        ck_assert_uint_eq(b->sections->len, 2);
        check_section(b, 0, NULL, "帳票が止まる。\n画面も消える。");
        bulletin_free(b);
}
END_TEST

START_TEST(test_a_head_broken_in_its_cell)
{
        struct bulletin *b = extract_html(HTML_HEAD "<table><tr><td>修正プログラムの<br>ダウンロード先</td></tr><tr><td>ここで手に入る。</td></tr></table>");
        ck_assert_uint_eq(b->sections->len, 1);
        check_section(b, 0, "修正プログラムのダウンロード先", "ここで手に入る。");
        bulletin_free(b);
}
END_TEST

/* What stands below the bulletin is none of it. */
START_TEST(test_notes_below_the_bulletin)
{
        struct bulletin *b = extract_html(HTML_HEAD "<h3>UpdateEXPERT上の表示</h3><p>・帳票サーバ:<br>対象外</p><hr><p>ご確認ください。</p>");
        ck_assert_str_eq(((struct update_expert *) g_ptr_array_index(b->update_expert, 0))->text, "対象外");
        bulletin_free(b);
        b = extract_body("UpdateEXPERT上の表示\n\n・帳票サーバ:\n対象外\n________________________\nAdmins の一覧\n");
        ck_assert_str_eq(((struct update_expert *) g_ptr_array_index(b->update_expert, 0))->text, "対象外");
        ck_assert_uint_eq(b->sections->len, 0);
        bulletin_free(b);
        b = extract_body("■注意\n 一。\n________________________\n 二。\n\n確認方法\n 三。\n");
        check_section(b, 0, "■注意", "一。\n二。");
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

#define TESTS(rows) HTML_HEAD "<p>■適用テストの結果</p><table>" rows "</table>"

/* A result over two rows is that of both; a table may stand twice side by side; words may stand behind a mark. */
START_TEST(test_shapes_of_lab_tests)
{
        struct bulletin *b = extract_html(TESTS("<tr><td>プラットフォーム<td>適用テスト結果<tr><td>2000 SP4<td rowspan=2>○<tr><td>XP SP2"
                                                "<tr><td>2003 SP1<td>× 障害あり<tr><td>Vista<td>△※1<tr><td>NT<td>○ か ×"));
        ck_assert_uint_eq(b->tests->len, 5);
        check_test(b, 0, "2000 SP4", TEST_OK);
        check_test(b, 1, "XP SP2", TEST_OK);
        check_test(b, 2, "2003 SP1", TEST_FAIL);
        check_test(b, 3, "Vista", TEST_PARTIAL);
        check_test(b, 4, "NT", 0);
        bulletin_free(b);
        b = extract_html(TESTS("<tr><td>プラットフォーム<td>適用テスト結果<tr><td>2000 SP4<td rowspan=2><img alt=×><tr><td>XP SP2"));
        check_test(b, 1, "XP SP2", TEST_FAIL);
        bulletin_free(b);
        b = extract_html(TESTS("<tr><td>プラットフォーム<td>適用テスト結果<td>プラットフォーム<td>適用テスト結果"
                               "<tr><td>2000 SP4<td>○<td>XP SP2<td>△<tr><td>2003 SP1<td>×<td><td>"));
        ck_assert_uint_eq(b->tests->len, 3);
        check_test(b, 1, "XP SP2", TEST_PARTIAL);
        check_test(b, 2, "2003 SP1", TEST_FAIL);
        ck_assert_uint_eq(b->sections->len, 0);
        bulletin_free(b);
}
END_TEST

#define TIMES(head, rows) HTML_HEAD "<h3>予想適用時間</h3><table><tr><td>修正プログラム名" head rows "</table>"

/* More columns than usual stay text; other columns are not read as the usual ones. */
START_TEST(test_columns_that_are_not_usual)
{
        struct bulletin *b = extract_html(TIMES("<td>50台<td>100台<td>250台<td>500台<td>1000台",
                                                "<tr><td>a.exe<br>(X 1)<br>(X 2)<td>12分<td>約21分<td>-<td>1時間28分<td>3時間"));
        ck_assert_uint_eq(b->deployments->len, 1);
        const struct deployment *deployment = g_ptr_array_index(b->deployments, 0);
        ck_assert_str_eq(deployment->product, "(X 1) (X 2)");
        ck_assert_int_eq(deployment->minutes[0], 12);
        ck_assert_int_eq(deployment->minutes[1], 21);
        ck_assert_int_eq(deployment->minutes[2], -1);
        ck_assert_int_eq(deployment->minutes[3], 88);
        ck_assert_str_eq(section_at(b, 0)->text, "1000台\n3時間");
        bulletin_free(b);
        b = extract_html(TIMES("<td>50台<td>100台<td>500台<td>1000台", "<tr><td>a.exe<td>1分<td>2分<td>3分<td>4分"));
        ck_assert_uint_eq(b->deployments->len, 0);
        bulletin_free(b);
        b = extract_html(HTML_HEAD "<h3>修正プログラムのダウンロード先</h3><table><tr><td>プラットフォーム<td>ダウンロード・センター"
                         "<tr><td>2000 SP4<td>日本語版</table>");
        const struct download *download = g_ptr_array_index(b->downloads, 0);
        ck_assert_str_eq(download->platform, "2000 SP4");
        ck_assert_str_eq(download->center, "日本語版");
        ck_assert_ptr_null(download->catalog);
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
        tcase_add_test(tcase, test_rows_of_empty_cells_part_sections);
        tcase_add_test(tcase, test_pictures_part_sections_in_html);
        tcase_add_test(tcase, test_downloads_in_lines);
        tcase_add_test(tcase, test_a_download_wrapped_by_the_mail);
        tcase_add_test(tcase, test_doubtful_downloads_stay_text);
        tcase_add_test(tcase, test_rulers_and_remarks);
        tcase_add_test(tcase, test_affected_products_that_are_named_elsewhere);
        tcase_add_test(tcase, test_rows_that_are_none);
        tcase_add_test(tcase, test_products_of_packages);
        tcase_add_test(tcase, test_columns_of_lines);
        tcase_add_test(tcase, test_rows_in_double_spaced_and_wrapped_mails);
        tcase_add_test(tcase, test_prose_of_the_middle);
        tcase_add_test(tcase, test_a_head_broken_in_its_cell);
        tcase_add_test(tcase, test_notes_below_the_bulletin);
        tcase_add_test(tcase, test_links);
        tcase_add_test(tcase, test_shapes_of_lab_tests);
        tcase_add_test(tcase, test_columns_that_are_not_usual);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
