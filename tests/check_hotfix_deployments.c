/* SPDX-License-Identifier: MIT */
/* 予想適用時間 and the download table in mails that were wrapped. */
#include <string.h>

#include "tests/hotfix_pages.h"
#include "tests/support.h"

#define HEADER "予想適用時間\n修正プログラム名   50台   100台   250台   500台\n"
#define TAB_HEADER "予想適用時間\n修正プログラム名\t50台\t100台\t250台\t500台\n"

static struct bulletin *extract_body(const char *body)
{
        g_autofree char *text = g_strconcat("深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n対策\n早期適用\nMS07-901/990101\n"
                                            "帳票サーバの欠陥\n(帳票サーバの脆弱性)\n対応の緊急性:早期適用\n概要\n"
                                            " ここでは帳票サーバの欠陥について書く。この行は折り返された行と同じくらい\n長い。\n\n",
                                            body, NULL);
        return extract_text(text);
}

static void check_times(const struct bulletin *b, guint i, const char *package, const char *product,
                        const gint64 minutes[4])
{
        ck_assert_uint_lt(i, b->deployments->len);
        const struct deployment *deployment = g_ptr_array_index(b->deployments, i);
        ck_assert_str_eq(deployment->package, package);
        ck_assert_pstr_eq(deployment->product, product);
        for (int n = 0; n < 4; n++)
                ck_assert_int_eq(deployment->minutes[n], minutes[n]);
}

/* Two rows, the first of them written and wrapped in many ways, with the same times. */
START_TEST(test_wrapped_rows)
{
        static const char *const rows[] = {
                HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)   33分   1時間22分   1時間\n35分   1時間46分\n",
                HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)   33分   1時間22\n分   1時間35分   1時間46分\n",
                HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)   33分   1時間22分\n1時間35分   1時間46分\n",
                HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)   33分   1時間22分   1時間35分   1時間\n46分\n",
                HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)   33分   1時間2\n2分   1時間35分   1時間46分\n",
                HEADER "Forms-KB990101-x86-JPN.exe\n(帳票サーバ 3)\n33分 1時間22分\n1時間35分 1時間46分\n",
                HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3) 33分 1時間22分 1時間35分 1時間46分\n",
                TAB_HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)\t33分\t1時間22分\t1時\n間35分\t1時間46分\n",
                TAB_HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)\t33分\t1時間\n22分\t1時間35分\t1時間46分\n",
                TAB_HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)\t33分\t1時間22分\n\t1時間35分\t1時間46分\n",
                TAB_HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)\t33分\t1時間22分\t1時間35分\t\n1時間46分\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *body = g_strconcat(rows[i], "Forms.exe\n(帳票サーバ 4)\n1分 2時間 − 40分\n回線の速さで変わる。\n", NULL);
                struct bulletin *b = extract_body(body);
                ck_assert_uint_eq(b->deployments->len, 2);
                check_times(b, 0, "Forms-KB990101-x86-JPN.exe", "帳票サーバ 3", (gint64[]){ 33, 82, 95, 106 });
                check_times(b, 1, "Forms.exe", "帳票サーバ 4", (gint64[]){ 1, 120, -1, 40 });
                const struct section *last = g_ptr_array_index(b->sections, b->sections->len - 1);
                ck_assert_str_eq(last->text, "回線の速さで変わる。");
                bulletin_free(b);
        }
}
END_TEST

START_TEST(test_several_products)
{
        struct bulletin *b = extract_body(HEADER "Forms.exe\n(帳票サーバ 3)\n(帳票サーバ 4)\n1分 2分 3分 4分\n");
        check_times(b, 0, "Forms.exe", "(帳票サーバ 3) (帳票サーバ 4)", (gint64[]){ 1, 2, 3, 4 });
        bulletin_free(b);
}
END_TEST

/* Where the number may belong to the name or to the time, nothing is stated; nor is a row made of half a row. */
START_TEST(test_doubtful_rows)
{
        static const char *const bodies[] = {
                HEADER "図面サービスと帳票サーバの日本語版のための修正プログラム Forms 3\n2分 15分 20分 30分\n",
                HEADER "Forms.exe 1分 2分 3分\n",
                HEADER "12分 15分 20分 30分\n",
                HEADER "Forms.exe 1分 2分 3分 4分 5分\n",
                TAB_HEADER "Forms.exe\t12分\t1時間\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
                struct bulletin *b = extract_body(bodies[i]);
                ck_assert_uint_eq(b->deployments->len, 0);
                const struct section *last = g_ptr_array_index(b->sections, b->sections->len - 1);
                ck_assert_ptr_nonnull(strstr(last->text, "分")); /* it stays text */
                bulletin_free(b);
        }
}
END_TEST

/* Programs that count a tab as one column make lines that are wider by the usual stops. */
START_TEST(test_wrapped_downloads)
{
        struct bulletin *b = extract_body("修正プログラムのダウンロード先\nプラットフォーム\tダウンロード・センター\tWUの表示\n"
                                          "帳票サーバ 3\t日本語版\t日本語版の帳票サーバ 3 のためのセキュリティ更新プ\nログラム (KB990101)\n"
                                          "図面サービス\t\tSecurity Update for Forms Services and Viewers\n 2007 SP1 (KB990102)\n\n"
                                          "ここで手に入る。\n");
        ck_assert_uint_eq(b->downloads->len, 2);
        const struct download *first = g_ptr_array_index(b->downloads, 0), *second = g_ptr_array_index(b->downloads, 1);
        ck_assert_str_eq(first->catalog, "日本語版の帳票サーバ 3 のためのセキュリティ更新プログラム (KB990101)");
        ck_assert_ptr_null(second->center);
        ck_assert_str_eq(second->catalog, "Security Update for Forms Services and Viewers 2007 SP1 (KB990102)");
        bulletin_free(b);
}
END_TEST

/* A sentence right below a full row is no rest of it. */
START_TEST(test_sentence_below_rows)
{
        struct bulletin *b = extract_body(TAB_HEADER "Forms-KB990101-x86-JPN.exe(帳票サーバ 3)\t33分\t1時間22分\t1時間35分\t1時間46分\n"
                                          "この時間は目安である。\n");
        check_times(b, 0, "Forms-KB990101-x86-JPN.exe", "帳票サーバ 3", (gint64[]){ 33, 82, 95, 106 });
        bulletin_free(b);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("hotfix_deployments");
        TCase *tcase = tcase_create("rows");
        tcase_add_test(tcase, test_wrapped_rows);
        tcase_add_test(tcase, test_several_products);
        tcase_add_test(tcase, test_doubtful_rows);
        tcase_add_test(tcase, test_wrapped_downloads);
        tcase_add_test(tcase, test_sentence_below_rows);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
