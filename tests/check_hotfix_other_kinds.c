/* SPDX-License-Identifier: MIT */
/* Weekly digests, advance notices, news and tips: the same content in every rendering, nothing lost, nothing guessed. */
#include <string.h>
#include <time.h>

#include "common/text.h"
#include "ingest/feed.h"
#include "ingest/reader.h"
#include "tests/hotfix_pages.h"
#include "tests/support.h"

#define ALERT_TOP "深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n攻撃コードの有無\nなし\n対策\n至急適用\n再起動の必要性\n必要\n"

static enum bulletin_kind kind_of(struct document *document)
{
        enum bulletin_kind kind;
        feed_recognise(document, &kind);
        document_free(document);
        return kind;
}

static void check_kind(const char *text, enum bulletin_kind kind)
{
        enum bulletin_kind is = kind_of(page_of_text(text));
        ck_assert_msg(is == kind, "%s is %s, not %s", text, bulletin_kind_name(is), bulletin_kind_name(kind));
}

static struct bulletin *weekly(const char *body)
{
        g_autofree char *text = g_strconcat("HotFix Weekly:2007/05/30日版\n\n", body, NULL);
        return extract_as(BULLETIN_WEEKLY, page_of_text(text));
}

static struct bulletin *weekly_page(const char *body)
{
        g_autofree char *html = g_strconcat("<html><body><p>HotFix Weekly:2007/05/30日版</p>", body, "</body></html>", NULL);
        return extract_as(BULLETIN_WEEKLY, page_of_html(html));
}

static struct bulletin *news(const char *text)
{
        return extract_as(BULLETIN_NEWS, page_of_text(text));
}

/* "type|id|kb,kb|title", with nothing for null. */
static char *describe(const struct bulletin_entry *entry)
{
        GString *out = g_string_new(NULL);
        g_string_append_printf(out, "%s|%s|", entry->type ? entry->type : "", entry->id ? entry->id : "");
        for (guint i = 0; i < entry->kbs->len; i++)
                g_string_append_printf(out, "%s%s", i ? "," : "", (char *) g_ptr_array_index(entry->kbs, i));
        g_string_append_printf(out, "|%s", entry->title ? entry->title : "");
        return g_string_free(out, FALSE);
}

static void check_entries(const struct bulletin *b, const char *const *expected)
{
        guint count = g_strv_length((char **) expected);
        for (guint i = 0; i < MIN(count, b->entries->len); i++) {
                g_autofree char *is = describe(g_ptr_array_index(b->entries, i));
                ck_assert_str_eq(is, expected[i]);
        }
        ck_assert_uint_eq(b->entries->len, count);
}
#define ENTRIES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct section *section_at(const struct bulletin *b, guint i)
{
        ck_assert_uint_lt(i, b->sections->len);
        return g_ptr_array_index(b->sections, i);
}

static void check_section(const struct bulletin *b, guint i, const char *heading, const char *text)
{
        const struct section *section = section_at(b, i);
        ck_assert_pstr_eq(section->heading, heading);
        ck_assert_str_eq(section->text, text);
}

static void check_without_fields(const struct bulletin *b)
{
        for (int field = 0; field < FIELD_MAX; field++)
                ck_assert(!b->fields[field].present);
}

/* --- weekly --- */

/* The same four rows and one item in every shape. */
static const char *const same_rows[] = {
        "不具合情報|MS07-902|931906|画像閲覧が起動しない",
        "不具合解消||931907|封筒の色が戻る",
        "追加情報|MS07-903||帳票が出ない",
        "情報|||休止のお知らせ",
        NULL,
};
#define SAME_ITEM_HEAD "[不具合情報]画像閲覧が起動しない"
#define SAME_ITEM_TEXT "セキュリティ番号:MS07-902\nサポート技術情報:931906\n更新日:2007/05/25\n\n色表を消す。"

static void check_same(struct bulletin *b)
{
        check_entries(b, same_rows);
        ck_assert_str_eq(b->edition, "2007-05-30");
        ck_assert_str_eq(b->updated, "");
        ck_assert_ptr_null(b->id);
        ck_assert_uint_eq(b->kbs->len, 0);
        ck_assert_uint_eq(b->sections->len, 1);
        const struct section *section = section_at(b, 0);
        ck_assert_str_eq(section->heading, SAME_ITEM_HEAD);
        check_no_warnings(b);
        check_without_fields(b);
        bulletin_free(b);
}

START_TEST(test_weekly_renderings)
{
        static const char item[] = "\n\n" SAME_ITEM_HEAD "\n" SAME_ITEM_TEXT "\n";
        static const char *const tables[] = {
                /* a row a line */
                "情報の種類 セキュリティ番号 タイトル\n[不具合情報] MS07-902/931906 画像閲覧が起動しない\n"
                "[不具合解消] KB 931907 封筒の色が戻る\n[追加情報] MS07-903 帳票が出ない\n[情報] 休止のお知らせ",
                "情報の種類 セキュリティ番号 タイトル\n不具合情報 MS07-902/931906 画像閲覧が起動しない\n"
                "不具合解消 サポート技術情報:931907 封筒の色が戻る\n追加情報 MS07-903 帳票が出ない\n[情報] 休止のお知らせ",
                /* columns parted by tabs, by spaces, by wide ones */
                "情報の種類\tセキュリティ番号\tタイトル\n[不具合情報]\tMS07-902/931906\t画像閲覧が起動しない\n"
                "[不具合解消]\t931907\t封筒の色が戻る\n[追加情報]\tMS07-903\t帳票が出ない\n情報\t\t休止のお知らせ",
                "情報の種類  セキュリティ番号  タイトル\n[不具合情報]  MS07-902/931906  画像閲覧が起動しない\n"
                "[不具合解消]  931907  封筒の色が戻る\n[追加情報]　MS07-903　帳票が出ない\n[情報]  -  休止のお知らせ",
                /* a cell a line */
                "情報の種類\nセキュリティ番号\nタイトル\n[不具合情報]\nMS07-902/931906\n画像閲覧が起動しない\n[不具合解消]\n931907\n"
                "封筒の色が戻る\n[追加情報]\nMS07-903\n帳票が出ない\n[情報]\n休止のお知らせ",
                "情報の種類\nセキュリティ番号\nタイトル\n不具合情報\nＭＳ０７－９０２／９３１９０６\n画像閲覧が起動しない\n不具合解消\n"
                "サポート技術情報：931907\n封筒の色が戻る\n追加情報\nMS07-903(日本)\n帳票が出ない\n［情報］\n−\n休止のお知らせ",
                /* a blank line between any two */
                "情報の種類\n\nセキュリティ番号\n\nタイトル\n\n[不具合情報]\n\nMS07-902/931906\n\n画像閲覧が起動しない\n\n[不具合解消]\n\n"
                "931907\n\n封筒の色が戻る\n\n[追加情報]\n\nMS07-903\n\n帳票が出ない\n\n[情報]\n\n休止のお知らせ",
                /* type and number in one line, the title in the next */
                "情報の種類 セキュリティ番号 タイトル\n[不具合情報] MS07-902/931906\n画像閲覧が起動しない\n[不具合解消] KB931907\n"
                "封筒の色が戻る\n[追加情報] MS07-903\n帳票が出ない\n[情報]\n休止のお知らせ",
                /* rows of text */
                "| 情報の種類 | セキュリティ番号 | タイトル |\n|---|---|---|\n| [不具合情報] | MS07-902/931906 | 画像閲覧が起動しない |\n"
                "| [不具合解消] | 931907 | 封筒の色が戻る |\n| [追加情報] | MS07-903 | 帳票が出ない |\n| [情報] | | 休止のお知らせ |",
                /* a cell a line, ended by pipes, one of them on a line of its own */
                "情報の種類 |\nセキュリティ番号 |\nタイトル |\n[不具合情報] |\nMS07-902/931906 |\n画像閲覧が起動しない |\n[不具合解消] |\n"
                "931907 |\n封筒の色が戻る |\n追加情報 |\nMS07-903\n|\n帳票が出ない\n|\n[情報] |\n|\n休止のお知らせ |",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                g_autofree char *text = g_strconcat(tables[i], item, NULL);
                check_same(weekly(text));
        }
}
END_TEST

#define ITEM_PAGE "<h3>[不具合情報]画像閲覧が起動しない</h3><p>セキュリティ番号:MS07-902<br>サポート技術情報:931906<br>更新日:2007/05/25</p><p>色表を消す。</p>"

START_TEST(test_weekly_pages)
{
        static const char *const tables[] = {
                "<table><tr><th>情報の種類</th><th>セキュリティ番号</th><th>タイトル</th></tr>"
                "<tr><td>[不具合情報]</td><td><a href='http://x.example/1'>MS07-902</a>/931906</td><td>画像閲覧が起動しない</td></tr>"
                "<tr><td>[不具合解消]</td><td>931907</td><td>封筒の色が<br>戻る</td></tr>"
                "<tr><td><img src='a.gif' alt='追加情報'></td><td>MS07-903</td><td>帳票が出ない</td></tr>"
                "<tr><td>[情報]</td><td>&nbsp;</td><td>休止のお知らせ</td></tr></table>",
                /* the cells hold tables of their own */
                "<table><tr><td><table><tr><td><table><tr><td>情報の種類</td><td>セキュリティ番号</td><td>タイトル</td></tr>"
                "<tr><td><table><tr><td>[不具合情報]</td></tr></table></td><td>MS07-902/931906</td><td><table><tr><td>画像閲覧が起動しない</td></tr></table></td></tr>"
                "<tr><td><table><tr><td>[不具合解消]</td></tr></table></td><td><table><tr><td>931907</td></tr></table></td><td>封筒の色が戻る</td></tr>"
                "<tr><td><div>[追加情報]</div></td><td>MS07-903</td><td>帳票が出ない</td></tr>"
                "<tr><td>[情報]</td><td></td><td>休止のお知らせ</td></tr></table></td></tr></table></td></tr></table>",
                /* a table for each row */
                "<table><tr><td>情報の種類</td><td>セキュリティ番号</td><td>タイトル</td></tr></table>"
                "<table><tr><td>[不具合情報]</td><td>MS07-902/931906</td><td>画像閲覧が起動しない</td></tr></table>"
                "<table><tr><td>[不具合解消]</td><td>931907</td><td>封筒の色が戻る</td></tr></table>"
                "<table><tr><td>[追加情報]</td><td>MS07-903</td><td>帳票が出ない</td></tr></table>"
                "<table><tr><td>[情報]</td><td></td><td>休止のお知らせ</td></tr></table>",
                /* cells and rows that nothing closes */
                "<table><tr><td>情報の種類<td>セキュリティ番号<td>タイトル<tr><td>[不具合情報]<td>MS07-902/931906<td>画像閲覧が起動しない"
                "<tr><td>[不具合解消]<td>931907<td>封筒の色が戻る<tr><td>[追加情報]<td>MS07-903<td>帳票が出ない<tr><td>[情報]<td><td>休止のお知らせ</table>",
                /* the number only as a link */
                "<table><tr><td>情報の種類</td><td>セキュリティ番号</td><td>タイトル</td></tr>"
                "<tr><td>[不具合情報]</td><td>MS07-902/931906</td><td>画像閲覧が起動しない</td></tr>"
                "<tr><td>[不具合解消]</td><td><a href='http://x.example/?scid=kb;ja;931907'></a>KB931907</td><td>封筒の色が戻る</td></tr>"
                "<tr><td>[追加情報]</td><td><a href='http://x.example/ms07-903.mspx'><img src=b.gif></a></td><td>帳票が出ない</td></tr>"
                "<tr><td>[情報]</td><td></td><td>休止のお知らせ</td></tr></table>",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                g_autofree char *html = g_strconcat(tables[i], ITEM_PAGE, NULL);
                check_same(weekly_page(html));
        }
}
END_TEST

START_TEST(test_weekly_spans)
{
        struct bulletin *b = weekly_page(
                "<table><tr><th>情報の種類</th><th>セキュリティ番号</th><th>タイトル</th></tr>"
                "<tr><td rowspan=3>[不具合情報]</td><td>MS07-902</td><td>甲</td></tr><tr><td rowspan=2>MS07-903</td><td>乙</td></tr>"
                "<tr><td>丙</td></tr><tr><td colspan=3>そのほか</td></tr><tr><td colspan=2>[情報]</td><td>丁</td></tr>"
                "<tr><td>[不具合情報]</td><td>MS07-904/931904<br>MS07-905/931905、931955</td><td>戊</td></tr></table>");
        check_entries(b, ENTRIES("不具合情報|MS07-902||甲", "不具合情報|MS07-903||乙", "不具合情報|MS07-903||丙", "情報|||丁",
                                 "不具合情報|MS07-904|931904|戊", "不具合情報|MS07-905|931905,931955|戊"));
        check_section(b, 0, NULL, "そのほか"); /* a caption is no row, and not lost */
        bulletin_free(b);
}
END_TEST

/* What a row says beyond its three cells stays text. */
START_TEST(test_weekly_odd_rows)
{
        struct bulletin *b = weekly_page(
                "<table><tr><th>情報の種類</th><th>セキュリティ番号</th><th>更新日</th><th>タイトル</th></tr>"
                "<tr><td>[情報]</td><td>MS07-902</td><td>5月25日</td><td>甲</td></tr>"
                "<tr><td>[情報]</td><td>アドバイザリ</td><td></td><td>乙</td></tr></table>");
        check_entries(b, ENTRIES("情報|MS07-902||甲", "情報|||乙"));
        const struct section *rest = section_at(b, 0);
        ck_assert_ptr_nonnull(strstr(rest->text, "5月25日"));
        ck_assert_ptr_nonnull(strstr(rest->text, "アドバイザリ"));
        bulletin_free(b);
        b = weekly("情報の種類 セキュリティ番号 タイトル\n[情報] MS07-902 甲\n  本文はここから始まる。\n\n■次\n  続き。\n");
        check_entries(b, ENTRIES("情報|MS07-902||甲"));
        check_section(b, 0, NULL, "本文はここから始まる。");
        check_section(b, 1, "■次", "続き。");
        bulletin_free(b);
}
END_TEST

START_TEST(test_weekly_wrapped_titles)
{
        struct bulletin *b = weekly(
                "情報の種類 セキュリティ番号 タイトル\n"
                "[不具合情報] MS07-902 Contoso 帳票サーバの更新を適用すると、夜間の印刷が二度行わ\nれる場合がある\n"
                "[不具合解消] MS07-903 封筒の色\n");
        check_entries(b, ENTRIES("不具合情報|MS07-902||Contoso 帳票サーバの更新を適用すると、夜間の印刷が二度行われる場合がある",
                                 "不具合解消|MS07-903||封筒の色"));
        bulletin_free(b);
}
END_TEST

START_TEST(test_weekly_without_table)
{
        struct bulletin *b = weekly("[不具合情報]甲\nセキュリティ番号:MS07-902、MS07-903\nサポート技術情報:931906\n更新日:2007/05/25\n\n本文一。\n\n"
                                    "[不具合解消]乙\nセキュリティ番号:なし\nサポート技術情報:931907\n更新日:2007/05/26\n\n本文二。\n");
        check_entries(b, ENTRIES("不具合情報|MS07-902|931906|甲", "不具合情報|MS07-903||甲", "不具合解消||931907|乙"));
        ck_assert_uint_eq(b->sections->len, 2);
        check_section(b, 1, "[不具合解消]乙", "セキュリティ番号:なし\nサポート技術情報:931907\n更新日:2007/05/26\n\n本文二。");
        ck_assert_str_eq(b->updated, "");
        bulletin_free(b);
        b = weekly("[不具合情報] MS07-902/931906 甲\n[情報] 乙\n本文。\n");
        check_entries(b, ENTRIES("不具合情報|MS07-902|931906|甲"));
        check_section(b, 0, NULL, "[情報] 乙\n本文。");
        bulletin_free(b);
}
END_TEST

START_TEST(test_weekly_titles)
{
        static const char *const titles[] = {
                "HotFix Weekly:2007/05/30日版", "HotFix Weekly:2007/05/30版",   "HotFix Weekly:2007/05/30",
                "HotFix Weekly：2007/05/30日版", "HotFix Weekly:\n2007/05/30日版", "HotFix Weekly:\n2007\n/05/30日版",
                "HotFix Weekly：\n\n2007/05\n/30版", "ＨｏｔＦｉｘ　Ｗｅｅｋｌｙ：２００７／０５／３０日版", "HotFix Weekly\n2007/05/30日版",
                "HotFix Weekly 2007/05/30日版", "HotFix Weekly:2007年5月30日版", "情報サービス HotFix Weekly:2007/05/30日版",
                "HotFix Weekly\n\nHotFix Weekly:2007/05/30日版", "HotFix Weekly:2007/05/3\n0日版", "HOTFIX WEEKLY:2007/5/30版",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
                g_autofree char *text = g_strconcat(titles[i], "\n\n更新日:2007/06/01 のものを含む。\n■甲\n本文。\n", NULL);
                struct bulletin *b = extract_as(BULLETIN_WEEKLY, page_of_text(text));
                ck_assert_msg(g_str_equal(b->edition, "2007-05-30"), "%s: %s", titles[i], b->edition);
                g_autofree char *key = bulletin_key(b);
                ck_assert_str_eq(key, "weekly:2007-05-30");
                check_section(b, b->sections->len - 1, "■甲", "本文。");
                check_no_warnings(b);
                bulletin_free(b);
        }
        check_kind("HotFix Weekly\nHotFix News\nお問い合わせ\n", BULLETIN_UNKNOWN);
        check_kind("HotFix Weekly:2007/05/30日版の訂正について\n", BULLETIN_UNKNOWN);
        check_kind("今週の HotFix Weekly は休みます。\n", BULLETIN_UNKNOWN);
        check_kind("HotFix Weekly\nお問い合わせ\nHotFix Alert:2007/05/11版\n" ALERT_TOP, BULLETIN_ALERT);
        struct bulletin *b = extract_as(BULLETIN_WEEKLY, page_of_text("HotFix Weekly:2007/02/30日版\n■甲\n本文。\n"));
        ck_assert_str_eq(b->edition, "");
        check_warning(b, "does not exist");
        bulletin_free(b);
}
END_TEST

/* --- advance notice --- */

START_TEST(test_notice_titles)
{
        static const char *const titles[] = {
                "HotFix Alert:2007/10/05日版\n事前通知版", "HotFix Alert:2007/10/05日版\n\n[事前通知版]", "HotFix Alert:2007/10/05 事前通知版",
                "HotFix Alert(事前通知版):2007/10/05版",    "HotFix Alert 事前通知版:\n2007/10/05日版",    "HotFix Alert：２００７／１０／０５日版（事前通知版）",
                "【事前通知版】\nHotFix Alert:2007/10/05日版", "[事前通知版] HotFix Alert:2007/10/05版",  "HotFix Alert:\n2007/10/05日版\n事前通知版",
                "HotFix Alert【事前通知版】\n2007/10/05版",  "HotFix Alert:\n2007\n/10/05日版\n＜事前通知版＞",
                "HotFix Alert:2007/10/05日版\n\n10月のセキュリティ情報の事前通知である。",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
                g_autofree char *text = g_strconcat(titles[i], "\n\n■予定\n 三件である。\n", NULL);
                struct bulletin *b = extract_as(BULLETIN_ADVANCE_NOTICE, page_of_text(text));
                ck_assert_msg(g_str_equal(b->edition, "2007-10-05"), "%s: %s", titles[i], b->edition);
                check_section(b, b->sections->len - 1, "■予定", "三件である。");
                ck_assert_uint_eq(b->entries->len, 0);
                ck_assert_ptr_null(b->id);
                check_without_fields(b);
                check_no_warnings(b);
                bulletin_free(b);
        }
}
END_TEST

START_TEST(test_what_is_no_notice)
{
        check_kind("HotFix Alert:2007/10/05日版\n【登録日】2007/10/05\n【更新日】2007/10/05\n事前通知版で予告したもの\n" ALERT_TOP, BULLETIN_ALERT);
        check_kind("HotFix Alert:2007/10/05日版\n" ALERT_TOP "\n概要\n事前通知\nのとおり。\n", BULLETIN_ALERT);
        check_kind("HotFix Alert の事前通知版を来月から配信します\n", BULLETIN_UNKNOWN);
        check_kind("事前通知版について\nHotFix Alert は休みます\n", BULLETIN_UNKNOWN);
}
END_TEST

START_TEST(test_notice_entries)
{
        static const char head[] = "HotFix Alert:2007/10/05日版\n事前通知版\n\n";
        static const char *const tables[] = {
                "| 最大深刻度 | 対象製品 | 件数 |\n|---|---|---|\n| 緊急 | Windows | 3件 |\n| 重要 | Tailspin 帳票 | 1件 |\n",
                "最大深刻度 |\n対象製品 |\n件数 |\n緊急 |\nWindows |\n3件 |\n重要 |\nTailspin 帳票 |\n1件 |\n|\n深刻度は変わる。 |\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                g_autofree char *text = g_strconcat(head, tables[i], NULL);
                struct bulletin *b = extract_as(BULLETIN_ADVANCE_NOTICE, page_of_text(text));
                check_entries(b, ENTRIES("緊急|||Windows 3件", "重要|||Tailspin 帳票 1件"));
                const struct section *section = section_at(b, 0);
                ck_assert_ptr_nonnull(strstr(section->text, "Tailspin 帳票"));
                bulletin_free(b);
        }
        struct bulletin *b = extract_as(BULLETIN_ADVANCE_NOTICE, page_of_html(
                "<p>HotFix Alert:2007/10/05日版</p><p>事前通知版</p><table><tr><th>対象製品</th><th>件数</th></tr>"
                "<tr><td>Windows</td><td>3件</td></tr><tr><td>帳票</td><td>1件</td></tr></table>"));
        check_entries(b, ENTRIES("Windows|||3件", "帳票|||1件"));
        bulletin_free(b);
        b = extract_as(BULLETIN_ADVANCE_NOTICE, page_of_text(
                "HotFix Alert:2007/10/05日版\n事前通知版\n\n・Windows:3件(最大深刻度:緊急)\n・帳票:1件(緊急または重要)\n・再起動が要る。\n"));
        check_entries(b, ENTRIES("緊急|||Windows:3件(最大深刻度:緊急)", "|||帳票:1件(緊急または重要)"));
        bulletin_free(b);
}
END_TEST

/* --- news --- */

static void check_one_news(struct bulletin *b, const char *title)
{
        g_autofree char *key = bulletin_key(b);
        ck_assert_str_eq(key, "news:MS07-902:2007-10-22");
        ck_assert_str_eq(b->title, title);
        ck_assert_uint_eq(b->kbs->len, 1);
        ck_assert_str_eq(g_ptr_array_index(b->kbs, 0), "990102");
        ck_assert_str_eq(b->registered, "");
        ck_assert_str_eq(b->edition, "");
        ck_assert_uint_eq(b->entries->len, 0);
        check_section(b, b->sections->len - 1, NULL, "色表を消す。");
        check_no_warnings(b);
        check_without_fields(b);
        bulletin_free(b);
}

#define ONE_TITLE "[不具合情報]画像閲覧が起動しない"
#define ONE_TITLE_PARTED "[不具合情報] 画像閲覧が起動しない"
#define ONE_LABELS "セキュリティ番号:MS07-902\nサポート技術情報:990102\n更新日:2007/10/22\n"

START_TEST(test_news_renderings)
{
        check_one_news(news(ONE_TITLE "\n" ONE_LABELS "\n色表を消す。\n"), ONE_TITLE);
        check_one_news(news(ONE_TITLE "\n\nセキュリティ番号：ＭＳ０７－９０２\n\nサポート技術情報：９９０１０２\n\n更新日：２００７／１０／２２\n\n色表を消す。\n"), ONE_TITLE);
        check_one_news(news(ONE_TITLE "\nセキュリティ番号:\nMS07-902\nサポート技術情報:\nKB990102(機械翻訳)\n更新日:\n2007/10/22\n\n色表を消す。\n"), ONE_TITLE);
        check_one_news(news(ONE_TITLE "\nセキュリティ番号:MS07-902/990102 サポート技術情報:990102 更新日:2007/10/22\n\n色表を消す。\n"), ONE_TITLE);
        check_one_news(news(ONE_TITLE "\n【セキュリティ番号】MS07-902(日本) MS07-902(US)\n【サポート技術情報】990102\n【更新日】2007/10/22\n色表を消す。\n"), ONE_TITLE);
        check_one_news(news(ONE_LABELS "\n" ONE_TITLE "\n\n色表を消す。\n"), ONE_TITLE);
        check_one_news(news("[不具合情報]\n画像閲覧が起動しない\n" ONE_LABELS "\n色表を消す。\n"), ONE_TITLE_PARTED);
        check_one_news(news("[不具合情報] |\n画像閲覧が起動しない |\nセキュリティ番号: |\nMS07-902 |\nサポート技術情報: |\n990102 |\n更新日: |\n2007/10/22 |\n色表を消す。\n|\n"),
                       ONE_TITLE_PARTED);
        check_one_news(news("| [不具合情報] | 画像閲覧が起動しない |\n| セキュリティ番号 | MS07-902 |\n| サポート技術情報 | 990102 |\n| 更新日 | 2007/10/22 |\n\n色表を消す。\n"),
                       ONE_TITLE_PARTED);
        check_one_news(news("画像閲覧が起動しない\n" ONE_LABELS "\n色表を消す。\n"), "画像閲覧が起動しない"); /* the tag was a picture */
        check_one_news(extract_as(BULLETIN_NEWS, page_of_html(
                "<table><tr><td><b>" ONE_TITLE "</b></td></tr><tr><td>セキュリティ番号：<a href='http://x.example/ms07-902.mspx'>MS07-902</a><br>"
                "サポート技術情報：<a href='http://x.example/kb/990102'>990102</a><br>更新日：2007/10/22</td></tr></table><p>色表を消す。</p>")), ONE_TITLE);
        check_one_news(extract_as(BULLETIN_NEWS, page_of_html(
                "<p><img src='t.gif' alt='[不具合情報]'>画像閲覧が起動しない</p><table><tr><th>セキュリティ番号</th><td>MS07-902</td></tr>"
                "<tr><th>サポート技術情報</th><td>990102</td></tr><tr><th>更新日</th><td>2007/10/22</td></tr></table><p>色表を消す。</p>")), ONE_TITLE);
}
END_TEST

START_TEST(test_news_wrapped_title)
{
        struct bulletin *b = news("[不具合情報]Fabrikam 画像閲覧の色表の保存ファイルが古い形のまま残るため起動しな\nい\n" ONE_LABELS "\n色表を消す。\n");
        check_one_news(b, "[不具合情報]Fabrikam 画像閲覧の色表の保存ファイルが古い形のまま残るため起動しない");
        b = news("[不具合情報]\n\n" ONE_LABELS "\n■画像閲覧が起動しない\n 色表を消す。\n");
        ck_assert_str_eq(b->title, ONE_TITLE_PARTED);
        check_section(b, 0, "■画像閲覧が起動しない", "色表を消す。");
        bulletin_free(b);
}
END_TEST

START_TEST(test_news_values)
{
        struct bulletin *b = news("[不具合解消]甲\nセキュリティ番号:MS07-902、MS07-903／MS07-904\nサポート技術情報:990102 990103、KB990104\n更新日:2007/10/22\n本文。\n");
        ck_assert_str_eq(b->id, "MS07-902");
        ck_assert_uint_eq(b->kbs->len, 3);
        check_entries(b, ENTRIES("|MS07-903||", "|MS07-904||")); /* the further numbers */
        bulletin_free(b);
        b = news("[不具合解消]甲\nセキュリティ番号:\nサポート技術情報:\n更新日:2007/10/22\n本文。\n");
        ck_assert_ptr_null(b->id);
        ck_assert_uint_eq(b->kbs->len, 0);
        ck_assert_str_eq(b->updated, "2007-10-22");
        check_section(b, 0, NULL, "本文。");
        check_no_warnings(b);
        bulletin_free(b);
        b = news("[不具合解消]甲\nセキュリティ番号:なし\nサポート技術情報:http://support.example/default.aspx?scid=kb;ja;990102\n更新日:2007/10/22\n本文。\n");
        ck_assert_ptr_null(b->id);
        ck_assert_str_eq(g_ptr_array_index(b->kbs, 0), "990102");
        ck_assert_uint_eq(b->links->len, 1);
        g_autofree char *key = bulletin_key(b);
        ck_assert_str_eq(key, "news:KB990102:2007-10-22");
        bulletin_free(b);
        /* What is no number stays text. */
        b = news("[不具合情報]甲\nセキュリティ番号:アドバイザリ 990777\nサポート技術情報:990102\n更新日:2007/13/22\n本文。\n");
        ck_assert_ptr_null(b->id);
        ck_assert_str_eq(b->updated, "");
        check_warning(b, "not a date");
        check_section(b, 0, NULL, "セキュリティ番号:アドバイザリ 990777\n本文。");
        bulletin_free(b);
}
END_TEST

START_TEST(test_news_of_several_items)
{
        struct bulletin *b = news("[不具合情報]甲\n" ONE_LABELS "\n本文一。\n\n[不具合解消]乙\nセキュリティ番号:MS07-905\nサポート技術情報:990105\n更新日:2007/10/23\n\n本文二。\n");
        ck_assert_str_eq(b->id, "MS07-902");
        ck_assert_str_eq(b->updated, "2007-10-22");
        check_entries(b, ENTRIES("不具合解消|MS07-905|990105|乙"));
        check_warning(b, "1 more news item;");
        check_section(b, 0, NULL, "本文一。");
        check_section(b, 1, "[不具合解消]乙", "セキュリティ番号:MS07-905\nサポート技術情報:990105\n更新日:2007/10/23\n\n本文二。");
        bulletin_free(b);
}
END_TEST

/* Words that are labels of an alert, or of the block above, are prose. */
START_TEST(test_news_prose)
{
        struct bulletin *b = news(ONE_TITLE "\n" ONE_LABELS "\n原因は次のとおり。\n対応策\n色表を消す。\n危険性\n低い。\nサポート技術情報:990199\n更新日:2007/12/31\n"
                                  "HotFix Alert:2007/05/11版\n■後記\n終わり。\nCopyright (C) Example\n連絡先\n");
        ck_assert_str_eq(b->updated, "2007-10-22");
        ck_assert_uint_eq(b->kbs->len, 1);
        check_section(b, 0, NULL, "原因は次のとおり。\n対応策\n色表を消す。\n危険性\n低い。\nサポート技術情報:990199\n更新日:2007/12/31\nHotFix Alert:2007/05/11版");
        check_section(b, 1, "■後記", "終わり。");
        ck_assert_uint_eq(b->sections->len, 2);
        bulletin_free(b);
        check_kind(ONE_TITLE "\nセキュリティ番号:\nMS07-902/990102\nサポート技術情報:\n更新日:2007/10/22\n\n対応策\n色表を消す。\n", BULLETIN_NEWS);
}
END_TEST

/* What a forwarder writes above the mail makes no alert of it. */
START_TEST(test_prefaces_of_forwarders)
{
        static const char preface[] = "深刻度:緊急\n対策:至急適用\nと聞いています。\n\nSubject: HotFix Alert 事前通知版\n\n";
        static const struct { const char *text; enum bulletin_kind kind; } mails[] = {
                { ONE_TITLE "\n" ONE_LABELS "\n色表を消す。\n", BULLETIN_NEWS },
                { "HotFix Weekly:2007/10/22日版\n\n情報の種類 セキュリティ番号 タイトル\n[情報] MS07-902/990102 甲\n", BULLETIN_WEEKLY },
                { "HotFix Report\n/UpdateEXPERT TIPS/\n2007/10/22\n■甲\n乙。\n", BULLETIN_TIPS },
                { "HotFix Alert:2007/10/22日版\n\n■甲\n乙。\n", BULLETIN_ADVANCE_NOTICE },
                { "HotFix Alert:2007/10/22日版\n" ALERT_TOP, BULLETIN_ALERT },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
                g_autofree char *text = g_strconcat(preface, mails[i].text, NULL);
                struct bulletin *b = extract_as(mails[i].kind, page_of_text(text));
                ck_assert_str_eq(b->updated[0] ? b->updated : b->edition, "2007-10-22");
                bulletin_free(b);
        }
}
END_TEST

START_TEST(test_what_is_no_news)
{
        check_kind("[不具合情報]甲\n更新日:2003/11/05\n", BULLETIN_UNKNOWN);
        check_kind("[共有]HotFix Alert:2007/05/11版\n【登録日】2007/05/11\n【更新日】2007/05/11\nサポート技術情報\n990101\n", BULLETIN_ALERT);
        check_kind("[共有]\nHotFix Alert:2007/05/11版\n【登録日】2007/05/11\n【更新日】2007/05/11\n" ALERT_TOP "サポート技術情報\n990101\n", BULLETIN_ALERT);
        check_kind("サポート技術情報:990101 を読むこと。\n更新日:2007/05/11\n", BULLETIN_UNKNOWN);
        check_kind("[件名]会議\n更新日:2007/05/11\n登録日:2007/05/11\n", BULLETIN_UNKNOWN);
}
END_TEST

/* --- tips --- */

/* A list's footer is no text; a ruler above text is. */
START_TEST(test_footers)
{
        struct bulletin *b = news(ONE_TITLE "\n" ONE_LABELS "\n一。\n------------------------------\n二。\n______________________________\nList mailing list\nlist@example.com\n");
        check_section(b, 0, NULL, "一。\n二。");
        bulletin_free(b);
        b = news(ONE_TITLE "\n" ONE_LABELS "\nHotFix Reportは、次のとおり。\n■甲\n一。\n\n-- \n■会社\n");
        check_section(b, 0, NULL, "HotFix Reportは、次のとおり。");
        check_section(b, 1, "■甲", "一。");
        ck_assert_uint_eq(b->sections->len, 2);
        bulletin_free(b);
}
END_TEST

START_TEST(test_tips)
{
        static const char *const texts[] = {
                "HotFix Report\n2007/11/30\n/UpdateEXPERT TIPS/\n\n■配り残しを探す\n 一覧を並べ替える。\n",
                "HotFix Report\n／ＵｐｄａｔｅＥＸＰＥＲＴ　ＴＩＰＳ／\n2007年11月30日版\n\n■配り残しを探す\n 一覧を並べ替える。\n",
                "HotFix Report:2007/11/30版\n/UpdateExpert Tips/\n\n■\n配り残しを探す\n 一覧を並べ替える。\n",
                "HotFix Report |\n2007/11/30 |\n/UpdateEXPERT TIPS/ |\n■配り残しを探す |\n一覧を並べ替える。\n|\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                struct bulletin *b = extract_as(BULLETIN_TIPS, page_of_text(texts[i]));
                ck_assert_str_eq(b->title, "配り残しを探す");
                ck_assert_msg(g_str_equal(b->edition, "2007-11-30"), "%s", texts[i]);
                check_section(b, 0, "■配り残しを探す", "一覧を並べ替える。");
                ck_assert_uint_eq(b->sections->len, 1);
                check_no_warnings(b);
                check_without_fields(b);
                bulletin_free(b);
        }
        struct bulletin *b = extract_as(BULLETIN_TIPS, page_of_text("HotFix Report\n/UpdateEXPERT TIPS/\n\n前書き。\n\n■甲\n一。\n■乙\n二。\n"));
        ck_assert_str_eq(b->title, "甲");
        check_section(b, 0, NULL, "前書き。");
        check_section(b, 2, "■乙", "二。");
        check_warning(b, "states no date");
        g_autofree char *key = bulletin_key(b);
        ck_assert(g_str_has_prefix(key, "text:"));
        bulletin_free(b);
        check_kind("来月の /UpdateEXPERT TIPS/ は休みます。\n", BULLETIN_UNKNOWN);
        check_kind("HotFix Report\nUpdateEXPERT\n■配り残し\n", BULLETIN_UNKNOWN);
}
END_TEST

/* --- identity: one news item as mails of many kinds --- */

#define PROSE_ONE "印刷の設定を保存したファイルが古い形のまま残ると、画像閲覧は起動の途中で止まる。設定を消すと直る。"
#define PROSE_TWO "消す前に控えを取るとよい。"

static const char news_lines[] = "[不具合情報]Fabrikam 画像閲覧①が起動しない\nセキュリティ番号:MS07-902\nサポート技術情報:990102\n更新日:2007/10/22\n\n" PROSE_ONE "\n\n" PROSE_TWO "\n";

static char *mail_with(const char *type, const char *charset, const char *iconv, const char *body)
{
        gsize size;
        g_autofree char *bytes = g_convert(body, -1, iconv, "UTF-8", NULL, &size, NULL);
        ck_assert_ptr_nonnull(bytes);
        g_autofree char *encoded = g_base64_encode((const guchar *) bytes, size);
        GString *out = g_string_new(NULL);
        g_string_append_printf(out, "From: a@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: %s; charset=%s\n"
                                    "Content-Transfer-Encoding: base64\n\n", type, charset);
        for (const char *at = encoded; *at; at += MIN(strlen(at), 76))
                g_string_append_printf(out, "%.76s\n", at);
        return g_string_free(out, FALSE);
}

static char *quoted(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        GString *out = g_string_new(NULL);
        for (guint i = 0; lines[i + 1]; i++)
                g_string_append_printf(out, "> %s\n", lines[i]);
        return g_string_free(out, FALSE);
}

static char *wrapped(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        GString *out = g_string_new(NULL);
        for (guint i = 0; lines[i + 1]; i++) {
                if (*lines[i])
                        text_append_wrapped(out, lines[i], 72, "");
                else
                        g_string_append_c(out, '\n');
        }
        return g_string_free(out, FALSE);
}

static void check_identity(const char *mail, const char *what, char print[65])
{
        struct reader_result result;
        reader_read(mail, strlen(mail), READER_MAIL, &result);
        ck_assert_msg(result.outcome == READER_RECOGNISED, "%s: %s", what, result.reason ? result.reason : "");
        g_autofree char *key = bulletin_key(result.bulletin);
        ck_assert_msg(g_str_equal(key, "news:MS07-902:2007-10-22"), "%s: %s", what, key);
        char own[65];
        bulletin_fingerprint(result.bulletin, own);
        const struct section *section = g_ptr_array_index(result.bulletin->sections, 0);
        ck_assert_msg(!*print || g_str_equal(print, own), "%s: another fingerprint: %s / %s", what, result.bulletin->title, section->text);
        memcpy(print, own, sizeof own);
        reader_result_clear(&result);
}

START_TEST(test_one_news_is_one_bulletin)
{
        static const char page[] =
                "<html><body><p>HotFix Report</p><p><b>[不具合情報]Fabrikam 画像閲覧①が起動しない</b></p><p>セキュリティ番号：MS07-902<br>サポート技術情報：990102<br>"
                "更新日：2007/10/22</p><p>" PROSE_ONE "</p><p>" PROSE_TWO "</p></body></html>";
        static const char table[] =
                "<table><tr><td>[不具合情報]</td><td>Fabrikam 画像閲覧①が起動しない</td></tr><tr><td>セキュリティ番号</td><td>MS07-902</td></tr>"
                "<tr><td>サポート技術情報</td><td>990102</td></tr><tr><td>更新日</td><td>2007/10/22</td></tr></table><p>" PROSE_ONE "</p><p>" PROSE_TWO "</p>";
        reader_prepare();
        char print[65] = "";
        g_autofree char *quote = quoted(news_lines), *wrap = wrapped(news_lines), *both = quoted(wrap);
        const struct { const char *what, *type, *charset, *iconv, *body; } shapes[] = {
                { "utf-8", "text/plain", "UTF-8", "UTF-8", news_lines },
                { "shift_jis", "text/plain", "Shift_JIS", "CP932", news_lines },
                { "unlabelled", "text/plain", "us-ascii", "UTF-8", news_lines },
                { "quoted", "text/plain", "UTF-8", "UTF-8", quote },
                { "wrapped", "text/plain", "UTF-8", "UTF-8", wrap },
                { "wrapped and quoted", "text/plain", "UTF-8", "UTF-8", both },
                { "page", "text/html", "UTF-8", "UTF-8", page },
                { "page in Shift_JIS", "text/html", "Shift_JIS", "CP932", page },
                { "table", "text/html", "UTF-8", "UTF-8", table },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
                g_autofree char *mail = mail_with(shapes[i].type, shapes[i].charset, shapes[i].iconv, shapes[i].body);
                check_identity(mail, shapes[i].what, print);
        }
        /* ISO-2022-JP and EUC-JP with NEC row 13 are not what iconv writes: ① is put in by hand. */
        g_auto(GStrv) parts = g_strsplit(news_lines, "①", 2);
        gsize sizes[2];
        g_autofree char *first = g_convert(parts[0], -1, "ISO-2022-JP", "UTF-8", NULL, &sizes[0], NULL);
        g_autofree char *second = g_convert(parts[1], -1, "ISO-2022-JP", "UTF-8", NULL, &sizes[1], NULL);
        g_autofree char *jis = g_strconcat("Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=ISO-2022-JP\n\n", first,
                                           "\033$B-!\033(B", second, NULL);
        check_identity(jis, "iso-2022-jp", print);
}
END_TEST

START_TEST(test_one_weekly_is_one_bulletin)
{
        static const char lines[] = "HotFix Weekly:\n2007/05/30日版\n\n情報の種類\nセキュリティ番号\nタイトル\n[不具合情報]\nMS07-902/931906\n画像閲覧が起動しない\n\n■話\n本文。\n";
        static const char row[] = "HotFix Weekly:2007/05/30日版\n\n情報の種類 セキュリティ番号 タイトル\n[不具合情報] MS07-902/931906 画像閲覧が起動しない\n\n■話\n本文。\n";
        static const char page[] = "<p>HotFix Weekly：2007/05/30日版</p><table><tr><td>情報の種類</td><td>セキュリティ番号</td><td>タイトル</td></tr><tr>"
                                   "<td><img src=x alt='不具合情報'></td><td>MS07-902/931906</td><td>画像閲覧が起動しない</td></tr></table><p>■話</p><p>本文。</p>";
        struct bulletin *all[] = { extract_as(BULLETIN_WEEKLY, page_of_text(lines)), extract_as(BULLETIN_WEEKLY, page_of_text(row)),
                                   extract_as(BULLETIN_WEEKLY, page_of_html(page)) };
        char prints[3][65];
        for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
                bulletin_fingerprint(all[i], prints[i]);
                ck_assert_str_eq(prints[i], prints[0]);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
                bulletin_free(all[i]);
}
END_TEST

/* --- what the labels say of a change of the format --- */

static void check_labels(const char *text, const char *unknown, const char *missing)
{
        struct document *document = page_of_text(text);
        enum bulletin_kind kind;
        const struct feed *feed = feed_recognise(document, &kind);
        ck_assert_ptr_nonnull(feed);
        struct bulletin *b = bulletin_new();
        struct label_report labels;
        label_report_init(&labels);
        feed->extract(document, kind, b, &labels);
        g_ptr_array_add(labels.unknown, NULL);
        g_ptr_array_add(labels.missing, NULL);
        g_autofree char *is_unknown = g_strjoinv(",", (char **) labels.unknown->pdata);
        g_autofree char *is_missing = g_strjoinv(",", (char **) labels.missing->pdata);
        ck_assert_str_eq(is_unknown, unknown);
        ck_assert_str_eq(is_missing, missing);
        label_report_clear(&labels);
        bulletin_free(b);
        document_free(document);
}

START_TEST(test_label_reports)
{
        check_labels(ONE_TITLE "\n" ONE_LABELS "\n原因:色表。\n", "", "");
        check_labels(ONE_TITLE "\nセキュリティ番号:\nサポート技術情報:\n更新日:2007/10/22\n", "", "");
        check_labels(ONE_TITLE "\nサポート技術情報:990102\n更新日:2007/10/22\n", "", "");
        check_labels(ONE_TITLE "\nセキュリティ番号:MS07-902\n対象製品:閲覧\n更新日:2007/10/22\n", "対象製品", "サポート技術情報");
        check_labels(ONE_TITLE "\nセキュリティ番号:MS07-902\nサポート技術情報:990102\n最終更新:2007/10/22\n", "", "更新日");
        check_labels("HotFix Weekly:2007/05/30日版\n\n■話\n本文。\n", "", "");
        check_labels("HotFix Weekly:2007/05/30日版\n\n" ONE_TITLE "\n" ONE_LABELS "\n色表。\n", "", "情報の種類");
        check_labels("HotFix Weekly:2007/05/30日版\n\n情報の種類 セキュリティ番号 タイトル\n[情報] MS07-902 甲\n\n" ONE_TITLE "\n" ONE_LABELS, "", "");
        check_labels("HotFix Alert:2007/10/05日版\n事前通知版\n\n来月の話。\n", "", "");
        check_labels("HotFix Report\n/UpdateEXPERT TIPS/\n■話\n本文。\n", "", "");
        check_labels("HotFix Report\n/UpdateEXPERT TIPS/\n", "", "■");
}
END_TEST

/* --- no text is lost, whatever is left out of a mail --- */

static void append_entries(GString *out, const struct bulletin *b)
{
        for (guint i = 0; i < b->entries->len; i++) {
                g_autofree char *entry = describe(g_ptr_array_index(b->entries, i));
                g_string_append(out, entry);
        }
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                g_string_append_printf(out, "%s\n%s\n", section->heading ? section->heading : "", section->text);
        }
        g_string_append_printf(out, "%s\n", b->title ? b->title : "");
}

/* Each marked word of each line is in an entry, a section or the title, with any one line missing, too. */
static void check_nothing_lost(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        guint count = g_strv_length(lines);
        for (guint left_out = 1; left_out <= count; left_out++) {
                GString *damaged = g_string_new(NULL);
                for (guint i = 0; i < count; i++)
                        if (i != left_out)
                                g_string_append_printf(damaged, "%s\n", lines[i]);
                struct document *document = page_of_text(damaged->str);
                enum bulletin_kind kind;
                const struct feed *feed = feed_recognise(document, &kind);
                if (!feed) { /* of such a mail the whole text is kept */
                        document_free(document);
                        g_string_free(damaged, TRUE);
                        continue;
                }
                struct bulletin *b = bulletin_new();
                struct label_report labels;
                label_report_init(&labels);
                feed->extract(document, kind, b, &labels);
                GString *kept = g_string_new(NULL);
                append_entries(kept, b);
                for (char word[] = "<A>"; word[1] <= 'Z'; word[1]++) {
                        bool stated = strstr(damaged->str, word), is_kept = strstr(kept->str, word);
                        ck_assert_msg(!stated || is_kept, "%s is lost without line %u:\n%s", word, left_out, damaged->str);
                }
                g_string_free(kept, TRUE);
                label_report_clear(&labels);
                bulletin_free(b);
                document_free(document);
                g_string_free(damaged, TRUE);
        }
}

START_TEST(test_nothing_is_lost)
{
        check_nothing_lost("HotFix Weekly:2007/05/30日版\n前書き<A>。\n情報の種類 セキュリティ番号 タイトル\n[情報] MS07-902 甲<B>\n[不具合情報] 乙<C>\n\n"
                           "[不具合情報]丙<D>\nセキュリティ番号:MS07-903\nサポート技術情報:931906<E>\n更新日:2007/05/25\n\n本文<F>。\n■頭<G>\n本文<H>。\n対策<I>\n危険性<J>\n");
        check_nothing_lost("HotFix Weekly:2007/05/30日版\n情報の種類\nセキュリティ番号\nタイトル\n[情報]\nMS07-902\n甲<A>\n[情報]\nMS07-903\n乙<B>\n本文<C>。\n■頭<D>\n\n‥‥‥ 概要<E> ‥‥‥\n本文<F>\n");
        check_nothing_lost("HotFix Weekly:2007/05/30日版\n| 情報の種類 | セキュリティ番号 | タイトル |\n| [情報] | MS07-902 | 甲<A> |\n| [情報] | 不明<B> | 乙<C> |\n| 注<D> |\n本文<E>。\n");
        check_nothing_lost("HotFix Weekly:2007/05/30日版\n情報の種類 |\nセキュリティ番号 |\nタイトル |\n[情報] |\nMS07-902 |\n甲<A> |\n[情報] |\n|\n乙<B> |\n本文<C>。\n|\n■頭<D> |\n本文<E> |\n");
        check_nothing_lost("[不具合情報]甲<A>\nセキュリティ番号:MS07-902\nサポート技術情報:990102<B>\n対象:閲覧<C>\n更新日:2007/10/22(確定<D>)\n本文<E>。\n概要\n本文<F>。\n■頭<G>\n[不具合解消]乙<H>\nセキュリティ番号:MS07-903\n本文<I>。\n");
        check_nothing_lost("HotFix Alert:2007/10/05日版\n事前通知版\n前書き<A>。\n| 深刻度 | 製品 | 件数 |\n| 緊急 | 甲<B> | 3 |\n| 注<C> |\n・乙<D>:1件\n■頭<E>\n本文<F>。\n対応策\n本文<G>。\n");
        check_nothing_lost("HotFix Report\n/UpdateEXPERT TIPS/\n前書き<A>。\n■頭<B>\n本文<C>。\n■頭<D>\n本文<E>。\n");
}
END_TEST

/* --- what nobody writes --- */

static char *repeat(const char *text, unsigned times)
{
        GString *out = g_string_new(NULL);
        for (unsigned i = 0; i < times; i++)
                g_string_append(out, text);
        return g_string_free(out, FALSE);
}

START_TEST(test_hostile_pages)
{
        static const struct { const char *head, *body; unsigned times; } pages[] = {
                { "", "[不具合情報]甲\nセキュリティ番号:MS07-902\n更新日:2007/10/22\n", 5000 },
                { "", "[不具合情報]\n", 5000 },
                { "", "HotFix Weekly\n", 5000 },
                { "", "HotFix Alert\n", 5000 },
                { "", "HotFix Alert 事前\n", 5000 },
                { "", "/UpdateEXPERT TIPS/は\n", 5000 },
                { "HotFix Weekly:2007/05/30日版\n情報の種類 セキュリティ番号 タイトル\n", "[情報] MS07-902 甲\n", 5000 },
                { "HotFix Weekly:2007/05/30日版\n情報の種類\nセキュリティ番号\nタイトル\n", "[情報]\nMS07-902\n甲\n", 5000 },
                { "HotFix Weekly:2007/05/30日版\n情報の種類\nセキュリティ番号\nタイトル\n[情報]\n", "MS07-902、", 20000 },
                { "HotFix Weekly:2007/05/30日版\n情報の種類\nセキュリティ番号\nタイトル\n[情報]\n", "MS07-902\n", 5000 },
                { "HotFix Weekly:2007/05/30日版\n情報の種類 |\nセキュリティ番号 |\nタイトル |\n", "|\n甲\n|\n", 5000 },
                { "HotFix Weekly:2007/05/30日版\n", "情報の種類\n", 5000 },
                { "HotFix Weekly:2007/05/30日版\n情報の種類 セキュリティ番号 タイトル\n", "甲\t", 40000 },
                { "HotFix Alert:2007/10/05日版\n事前通知版\n", "| 深刻度 | 製品 |\n| 緊急 | 甲 |\n", 5000 },
                { "HotFix Alert:2007/10/05日版\n事前通知版\n", "・甲:1件(緊急)\n", 5000 },
                { "HotFix Report\n/UpdateEXPERT TIPS/\n", "■\n", 5000 },
                { "[不具合情報]甲\nセキュリティ番号:MS07-902\n", "更新日:", 30000 },
                { "[不具合情報]甲\nセキュリティ番号:MS07-902\nサポート技術情報:", "99010 ", 30000 },
                { "[不具合情報]甲\nセキュリティ番号:MS07-902\nサポート技術情報:", "http://x/", 30000 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
                g_autofree char *body = repeat(pages[i].body, pages[i].times), *text = g_strconcat(pages[i].head, body, NULL);
                ck_assert_uint_lt(strlen(text), 4000000);
                struct document *document = page_of_text(text);
                clock_t start = clock();
                enum bulletin_kind kind;
                const struct feed *feed = feed_recognise(document, &kind);
                struct bulletin *b = bulletin_new();
                struct label_report labels;
                label_report_init(&labels);
                if (feed)
                        feed->extract(document, kind, b, &labels);
                ck_assert_uint_le(b->entries->len, 2000);
                ck_assert_msg(clock() - start < 20 * CLOCKS_PER_SEC, "page %zu takes too long", i);
                label_report_clear(&labels);
                bulletin_free(b);
                document_free(document);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("hotfix_other_kinds");
        TCase *tcase = tcase_create("kinds");
        tcase_set_timeout(tcase, 300);
        tcase_add_test(tcase, test_weekly_renderings);
        tcase_add_test(tcase, test_weekly_pages);
        tcase_add_test(tcase, test_weekly_spans);
        tcase_add_test(tcase, test_weekly_odd_rows);
        tcase_add_test(tcase, test_weekly_wrapped_titles);
        tcase_add_test(tcase, test_weekly_without_table);
        tcase_add_test(tcase, test_weekly_titles);
        tcase_add_test(tcase, test_notice_titles);
        tcase_add_test(tcase, test_what_is_no_notice);
        tcase_add_test(tcase, test_notice_entries);
        tcase_add_test(tcase, test_news_renderings);
        tcase_add_test(tcase, test_news_wrapped_title);
        tcase_add_test(tcase, test_news_values);
        tcase_add_test(tcase, test_news_of_several_items);
        tcase_add_test(tcase, test_news_prose);
        tcase_add_test(tcase, test_prefaces_of_forwarders);
        tcase_add_test(tcase, test_what_is_no_news);
        tcase_add_test(tcase, test_footers);
        tcase_add_test(tcase, test_tips);
        tcase_add_test(tcase, test_one_news_is_one_bulletin);
        tcase_add_test(tcase, test_one_weekly_is_one_bulletin);
        tcase_add_test(tcase, test_label_reports);
        tcase_add_test(tcase, test_nothing_is_lost);
        tcase_add_test(tcase, test_hostile_pages);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
