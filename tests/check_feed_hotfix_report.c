/* SPDX-License-Identifier: MIT */
/* Recognition, archive names, the other kinds, and the publisher's own bulletins where they are there. */
#include <string.h>

#include "ingest/feed.h"
#include "tests/hotfix_pages.h"
#include "tests/support.h"

#define LIST "深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n"

static void check_kind(const char *text, enum bulletin_kind kind)
{
        struct document *document = page_of_text(text);
        enum bulletin_kind recognised;
        const struct feed *feed = feed_recognise(document, &recognised);
        ck_assert_msg(recognised == kind, "%s is %s, not %s", text, bulletin_kind_name(recognised),
                      bulletin_kind_name(kind));
        ck_assert((feed != NULL) == (kind != BULLETIN_UNKNOWN));
        document_free(document);
}

START_TEST(test_kinds)
{
        check_kind("HotFix Alert:2007/05/11版\n" LIST, BULLETIN_ALERT);
        check_kind("HotFix Alert:\n2006/05/11日版\n", BULLETIN_ALERT);
        check_kind("ＨｏｔＦｉｘ Ａｌｅｒｔ：２００７／０５／１１版\n", BULLETIN_ALERT);
        check_kind("HotFix Alert:2007/13/40版\n", BULLETIN_ALERT);
        check_kind("お知らせ HotFix Alert:2007/05/11版【登録日】2007/05/11\n", BULLETIN_ALERT);
        check_kind("HotFix Alert:2007/05/04 事前通知版\n", BULLETIN_ADVANCE_NOTICE);
        check_kind("HotFix Alert:2007/05/04日版\n\n事前通知版\n", BULLETIN_ADVANCE_NOTICE);
        check_kind("HotFix Weekly:2007/05/30日版\n\nHotFix Alert:2007/05/11版 のまとめ\n", BULLETIN_WEEKLY);
        check_kind("[不具合情報]帳票が出ない\nセキュリティ番号:MS07-901\n更新日:2003/11/05\n", BULLETIN_NEWS);
        check_kind("[不具合解消]帳票が出ない\nサポート技術情報:990101\n更新日:2003/11/05\n", BULLETIN_NEWS);
        check_kind("HotFix Report\n/UpdateEXPERT TIPS/\n\n■まとめて配る\n", BULLETIN_TIPS);
        /* the forwarder's line is not the title, unless an alert follows */
        check_kind("Subject: HotFix Alert:2007/06/15版\n\nHotFix Weekly:2007/05/30日版\n", BULLETIN_WEEKLY);
        check_kind("HotFix Alert 2007/06/15\n\nHotFix Report\n/UpdateEXPERT TIPS/\n\n■まとめて配る\n", BULLETIN_TIPS);
        check_kind("HotFix Alert:2007/06/15版\n" LIST "攻撃コードの有無\nなし\n対策\n早期適用\nMS07-901/990101\n欠陥\n\n"
                   "HotFix Weekly:2007/05/30日版\n", BULLETIN_ALERT);
}
END_TEST

START_TEST(test_excerpts)
{
        check_kind(LIST "攻撃コードの有無\nなし\n対策\n早期適用\n", BULLETIN_ALERT);
        check_kind("MS07-901/990101\n欠陥\n(脆弱性)\n対応の緊急性:早期適用\n", BULLETIN_ALERT);
        check_kind("MS07-901/990101\n欠陥\n(脆弱性)\n緊急対応度:適用作業の早期開始\n", BULLETIN_ALERT);
}
END_TEST

START_TEST(test_what_is_none)
{
        check_kind("", BULLETIN_UNKNOWN);
        check_kind("深刻度の読み方\n\n対策\n日ごろの備え\n", BULLETIN_UNKNOWN);
        check_kind("HotFix Alert の購読者の皆さまへ\n", BULLETIN_UNKNOWN);
        check_kind("HotFix Alert:2007/05/11版の訂正について\n", BULLETIN_UNKNOWN);
        check_kind("先週の HotFix Alert:2007/05/11版 を読んでいない方へ\n", BULLETIN_UNKNOWN);
        check_kind("来週の HotFix Alert について\nHotFix Alert:\nは休みます\n", BULLETIN_UNKNOWN);
        check_kind("MS07-901/990101 について教えてください\n", BULLETIN_UNKNOWN);
        check_kind("[不具合情報]帳票が出ない\n更新日:2003/11/05\n", BULLETIN_UNKNOWN);
        check_kind("深刻度\n", BULLETIN_UNKNOWN);
}
END_TEST

/* Two alerts whose identifier lines are lost must not pass for one another: the second would be a duplicate. */
START_TEST(test_alerts_without_id_differ)
{
        struct bulletin *one = extract_text("HotFix Alert:2007/05/11版\n" LIST "MS07-1001/990101\n帳票の欠陥\n(脆弱性)\n");
        struct bulletin *two = extract_text("HotFix Alert:2007/05/11版\n" LIST "MS07-1002/990102\n画像の欠陥\n(脆弱性)\n");
        struct bulletin *again = extract_text("HotFix Alert:2007/05/11版\n" LIST "MS07-1001/990101\n帳票の欠陥\n(脆弱性)\n");
        g_autofree char *key = bulletin_key(one), *other = bulletin_key(two), *same = bulletin_key(again);
        ck_assert_ptr_null(one->id);
        ck_assert_str_ne(key, other);
        ck_assert_str_eq(key, same);
        bulletin_free(one);
        bulletin_free(two);
        bulletin_free(again);
}
END_TEST

static void check_archive_name(enum bulletin_kind kind, const char *id, const char *updated, const char *expected)
{
        struct bulletin *b = bulletin_new();
        b->kind = kind;
        b->id = g_strdup(id);
        g_strlcpy(b->updated, updated, sizeof b->updated);
        g_autofree char *name = feed_hotfix_report.archive_name(b);
        ck_assert_str_eq(name, expected);
        bulletin_free(b);
}

START_TEST(test_archive_names)
{
        check_archive_name(BULLETIN_ALERT, "MS07-028", "2008-01-09", "alert/2007/ms07-028");
        check_archive_name(BULLETIN_ALERT, "MS99-001", "", "alert/1999/ms99-001");
        check_archive_name(BULLETIN_WEEKLY, NULL, "2007-05-30", "weekly/2007/20070530");
        check_archive_name(BULLETIN_NEWS, "MS03-047", "2003-11-05", "news/2003/20031105-ms03-047");
        check_archive_name(BULLETIN_ADVANCE_NOTICE, NULL, "2007-05-04", "advance-notice/2007/20070504");
}
END_TEST

static char *name_of(enum bulletin_kind kind, const char *id, const char *updated, const char *title)
{
        struct bulletin *b = bulletin_new();
        b->kind = kind;
        b->id = g_strdup(id);
        b->title = g_strdup(title);
        g_strlcpy(b->updated, updated, sizeof b->updated);
        char *name = feed_hotfix_report.archive_name(b);
        for (const char *at = name; *at; at++)
                ck_assert_msg(g_ascii_islower(*at) || g_ascii_isdigit(*at) || strchr("._/-", *at), "%s", name);
        ck_assert_ptr_null(strstr(name, ".."));
        bulletin_free(b);
        return name;
}

/* Whatever a bulletin holds, its name is a plain path, and two bulletins do not share one. */
START_TEST(test_archive_names_of_odd_bulletins)
{
        static const char *const ids[] = { NULL, "", "../../etc/passwd", "MS07-028/../x", "ＭＳ０７", "MS07-0281" };
        static const char *const dates[] = { "", "2007-99-99", "2007-05-11" };
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (int kind = BULLETIN_UNKNOWN; kind < BULLETIN_KIND_MAX; kind++)
                for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
                        for (size_t d = 0; d < G_N_ELEMENTS(dates); d++)
                                g_free(name_of((enum bulletin_kind) kind, ids[i], dates[d], "表題"));
        ck_assert(g_hash_table_add(seen, name_of(BULLETIN_ALERT, NULL, "2007-05-11", "甲")));
        ck_assert(g_hash_table_add(seen, name_of(BULLETIN_ALERT, NULL, "2007-05-11", "乙")));
        ck_assert(g_hash_table_add(seen, name_of(BULLETIN_TIPS, NULL, "2007-05-11", "甲")));
        ck_assert(g_hash_table_add(seen, name_of(BULLETIN_TIPS, NULL, "2007-05-11", "乙")));
        ck_assert(g_hash_table_add(seen, name_of(BULLETIN_WEEKLY, NULL, "", "甲")));
        ck_assert(g_hash_table_add(seen, name_of(BULLETIN_WEEKLY, NULL, "", "乙")));
        ck_assert(g_hash_table_add(seen, name_of(BULLETIN_NEWS, NULL, "2007-05-11", "甲")));
        ck_assert(g_hash_table_add(seen, name_of(BULLETIN_NEWS, "MS07-001", "2007-05-11", "甲")));
}
END_TEST

START_TEST(test_other_kinds_have_no_severity)
{
        struct bulletin *b = extract_as(BULLETIN_NEWS, page_of_text("[不具合情報]帳票が出ない\nセキュリティ番号:MS03-947\n"
                                                                    "サポート技術情報:828035\n更新日:2003/11/05\n\n印刷の設定を戻す。\n"));
        for (int field = 0; field < FIELD_MAX; field++)
                ck_assert(!b->fields[field].present);
        ck_assert_str_eq(b->id, "MS03-947");
        ck_assert_str_eq(b->updated, "2003-11-05");
        ck_assert_uint_eq(b->kbs->len, 1);
        ck_assert_uint_eq(b->sections->len, 1);
        check_no_warnings(b);
        bulletin_free(b);
}
END_TEST

START_TEST(test_every_alert_has_every_field)
{
        struct bulletin *b = extract_text("HotFix Alert:2007/05/11版\n");
        for (int field = 0; field < FIELD_MAX; field++) {
                ck_assert(b->fields[field].present);
                ck_assert_int_eq(b->fields[field].basis, BASIS_UNDETERMINED);
                ck_assert_ptr_nonnull(b->fields[field].reason);
        }
        bulletin_free(b);
}
END_TEST

/* Words of labels in prose, before the top table and after it, are no labels. */
START_TEST(test_labels_count_only_in_their_place)
{
        struct bulletin *b = extract_text(
                "対策\n至急適用\nアンインストール\n不可\nHotFix Alert:2007/05/11版\n【登録日】2007/05/11\n【更新日】2007/05/11\n" LIST
                "対策\n早期適用\n再起動の必要性\n不要\nMS07-901/990101\n欠陥\n(脆弱性)\n\n対応の緊急性:早期適用\n\n"
                "危険性\nSP待ち\n早期適用\n緊急適用\n\n概要\n\n深刻度\n再起動の必要性\n必要\n対応の緊急性:至急適用\n");
        check_field(b, FIELD_MEASURE, URGENCY_EARLY);
        check_field(b, FIELD_RESTART, RESTART_NOT_REQUIRED);
        check_field(b, FIELD_URGENCY, URGENCY_EARLY);
        bulletin_free(b);
}
END_TEST

static struct bulletin *extract_seed(const char *directory, const char *prefix)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        g_autofree char *path = NULL;
        for (const char *name; !path && (name = g_dir_read_name(dir));)
                if (g_str_has_prefix(name, prefix))
                        path = g_build_filename(directory, name, NULL);
        g_dir_close(dir);
        ck_assert_ptr_nonnull(path);
        g_autofree char *text = support_read_file(path, NULL);
        return extract_text(text);
}

static void check_head(const struct bulletin *b, const char *id, const char *kb, const char *edition,
                       const char *registered, const char *updated)
{
        ck_assert_str_eq(b->id, id);
        ck_assert_uint_eq(b->kbs->len, 1);
        ck_assert_str_eq(g_ptr_array_index(b->kbs, 0), kb);
        ck_assert_str_eq(b->edition, edition);
        ck_assert_str_eq(b->registered, registered);
        ck_assert_str_eq(b->updated, updated);
        ck_assert_ptr_nonnull(b->title);
        ck_assert_ptr_nonnull(b->vendor_title);
        ck_assert_ptr_null(strchr(b->vendor_title, '\n'));
}

static bool has_section(const struct bulletin *b, const char *heading)
{
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                if (g_strcmp0(section->heading, heading) == 0)
                        return true;
        }
        return false;
}

static void check_attacks_undetermined(const struct bulletin *b)
{
        for (int field = FIELD_ATTACK_REMOTE; field <= FIELD_IMPACT_SPOOFING; field++)
                check_undetermined(b, (enum bulletin_field) field, "");
}

static void check_first_seed(const char *directory)
{
        struct bulletin *b = extract_seed(directory, "000_");
        check_head(b, "MS07-028", "931906", "2007-05-11", "2007-05-11", "2007-05-11");
        check_field(b, FIELD_SEVERITY, SEVERITY_CRITICAL);
        check_field(b, FIELD_URGENCY, URGENCY_IMMEDIATE);
        check_field(b, FIELD_MEASURE, URGENCY_IMMEDIATE);
        check_field(b, FIELD_EXPLOIT_CODE, EXPLOIT_NONE_STATED);
        check_field(b, FIELD_EXPLOIT_PUBLISHED, ANSWER_NO);
        check_field(b, FIELD_ATTACKS_OBSERVED, ANSWER_NO);
        check_field(b, FIELD_RESTART, RESTART_NOT_REQUIRED);
        check_field(b, FIELD_UNINSTALL, UNINSTALL_POSSIBLE);
        check_field(b, FIELD_ENVIRONMENT_SERVER, ANSWER_YES);
        check_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_YES);
        check_attacks_undetermined(b);
        ck_assert_uint_eq(b->supersedes->len, 0);
        ck_assert_uint_eq(b->cves->len, 0);
        ck_assert_uint_eq(b->affected->len, 1);
        ck_assert_uint_eq(b->tests->len, 7);
        for (guint i = 0; i < b->tests->len; i++) {
                const struct lab_test *test = g_ptr_array_index(b->tests, i);
                ck_assert_int_eq(test->result.basis, BASIS_UNDETERMINED);
        }
        ck_assert_uint_eq(b->packages->len, 1);
        const struct package *package = g_ptr_array_index(b->packages, 0);
        ck_assert_int_eq(package->file->size, 383376);
        ck_assert_uint_eq(package->files->len, 4);
        const struct package_file *licence = g_ptr_array_index(package->files, 3);
        ck_assert_int_eq(licence->size, 7401);
        ck_assert_ptr_null(licence->version);
        ck_assert(g_str_has_suffix(licence->folder, "\\License\\"));
        ck_assert_uint_eq(b->downloads->len, 1);
        const struct download *download = g_ptr_array_index(b->downloads, 0);
        ck_assert_str_eq(download->platform, "CAPICOM");
        ck_assert_ptr_null(download->center);
        ck_assert_str_eq(download->catalog, "Security Update for CAPICOM (KB931906)");
        ck_assert(!has_section(b, "修正プログラムのダウンロード先"));
        ck_assert_uint_eq(b->deployments->len, 1);
        ck_assert_int_eq(((struct deployment *) g_ptr_array_index(b->deployments, 0))->minutes[3], 88);
        ck_assert_uint_eq(b->update_expert->len, 1);
        ck_assert(has_section(b, "概要") && has_section(b, "脆弱性の内容") && has_section(b, "確認方法"));
        check_no_warnings(b);
        bulletin_free(b);
}

/* Starts in the middle: what stood above is not known. */
static void check_second_seed(const char *directory)
{
        struct bulletin *b = extract_seed(directory, "002_");
        check_head(b, "MS07-038", "935807", "", "", "");
        ck_assert_uint_eq(b->warnings->len, 3);
        check_field(b, FIELD_SEVERITY, SEVERITY_MODERATE);
        check_field(b, FIELD_URGENCY, URGENCY_EARLY);
        check_field(b, FIELD_RESTART, RESTART_REQUIRED);
        check_field(b, FIELD_UNINSTALL, UNINSTALL_POSSIBLE);
        check_undetermined(b, FIELD_ENVIRONMENT_SERVER, "stated as empty");
        check_undetermined(b, FIELD_ENVIRONMENT_CLIENT, "stated as empty");
        for (int field = FIELD_ATTACK_REMOTE; field <= FIELD_IMPACT_SPOOFING; field++) {
                bool marked = field == FIELD_ATTACK_EMAIL || field == FIELD_IMPACT_INFORMATION_DISCLOSURE;
                check_field(b, (enum bulletin_field) field, marked ? ANSWER_YES : ANSWER_NO);
        }
        ck_assert_uint_eq(b->affected->len, 1);
        ck_assert_uint_eq(b->tests->len, 1);
        ck_assert_int_eq(((struct lab_test *) g_ptr_array_index(b->tests, 0))->result.value, TEST_OK);
        ck_assert_uint_eq(b->downloads->len, 1);
        ck_assert_ptr_null(((struct download *) g_ptr_array_index(b->downloads, 0))->center);
        ck_assert_uint_eq(b->packages->len, 1);
        ck_assert_uint_eq(((struct package *) g_ptr_array_index(b->packages, 0))->files->len, 26);
        /* Its heads were pictures; five texts and one head of the lab, none in another's place. */
        ck_assert_uint_eq(b->sections->len, 6);
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                ck_assert_int_eq(section->heading == NULL, i == 0 || i >= 4);
        }
        bulletin_free(b);
}

static void check_third_seed(const char *directory)
{
        struct bulletin *b = extract_seed(directory, "003_");
        check_head(b, "MS06-019", "916803", "2006-05-11", "2006-05-10", "2006-05-11");
        check_field(b, FIELD_SEVERITY, SEVERITY_CRITICAL);
        check_field(b, FIELD_URGENCY, URGENCY_IMMEDIATE);
        ck_assert_int_eq(b->fields[FIELD_URGENCY].basis, BASIS_STATED);
        check_field(b, FIELD_RESTART, RESTART_CONDITIONAL);
        check_undetermined(b, FIELD_UNINSTALL, "stated as empty");
        check_field(b, FIELD_ENVIRONMENT_SERVER, ANSWER_YES);
        check_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_NO);
        check_undetermined(b, FIELD_EXPLOIT_PUBLISHED, "");
        check_undetermined(b, FIELD_ATTACKS_OBSERVED, "");
        check_attacks_undetermined(b);
        ck_assert_uint_eq(b->supersedes->len, 0);
        ck_assert_uint_eq(b->affected->len, 2);
        ck_assert_uint_eq(b->tests->len, 10);
        ck_assert_uint_eq(b->downloads->len, 3);
        ck_assert_str_eq(((struct download *) g_ptr_array_index(b->downloads, 1))->platform, "Exchange Server 2003 SP1");
        ck_assert_uint_eq(b->packages->len, 3);
        ck_assert_uint_eq(b->deployments->len, 3);
        ck_assert_uint_eq(b->update_expert->len, 3);
        ck_assert(has_section(b, "概要") && has_section(b, "■MBSA 2.0の結果"));
        check_no_warnings(b);
        bulletin_free(b);
}

/* What is quoted below a bulletin that lacks a field is not that field's value. */
START_TEST(test_an_old_bulletin_below_a_short_one)
{
#define DATES(day) "HotFix Alert:" day "版\n【登録日】" day "\n【更新日】" day "\n\n"
#define OLD "-----Original Message-----\n" DATES("2005/01/12") LIST \
        "攻撃コードの有無\nなし\n対策\n適用の検討\nMS05-901/880001\n欠陥\n(脆弱性)\n\n対応の緊急性:SP待ち\n\n‥‥‥ 概要 ‥‥‥\n古い。\n"
        static const char *const tops[] = { "", "深刻度\n\n攻撃コードの有無\nなし\n対策\n\n再起動の必要性\n必要\n" };
        for (size_t i = 0; i < G_N_ELEMENTS(tops); i++) {
                g_autofree char *text = g_strconcat(DATES("2007/05/11"), tops[i], "MS07-901/990101\n欠陥\n(脆弱性)\n\n", OLD, NULL);
                struct bulletin *b = extract_text(text);
                ck_assert_str_eq(b->id, "MS07-901");
                ck_assert_str_eq(b->registered, "2007-05-11");
                ck_assert_int_eq(b->fields[FIELD_SEVERITY].basis, BASIS_UNDETERMINED);
                ck_assert_int_eq(b->fields[FIELD_URGENCY].basis, BASIS_UNDETERMINED);
                check_warning(b, "identifier line of MS05-901");
                bulletin_free(b);
        }
}
END_TEST

START_TEST(test_the_publishers_own_bulletins)
{
        g_autofree char *directory = support_seeds_directory();
        if (!directory)
                return; /* they are not part of this repository */
        check_first_seed(directory);
        check_second_seed(directory);
        check_third_seed(directory);
}
END_TEST

/* Each truncation of a bulletin, and each of its lines left out, is read without harm and never as more than it
 * says. */
START_TEST(test_damaged_bulletins)
{
        g_autofree char *path = support_source_path("mail/samples/04-moderate-pipes.eml");
        g_autofree char *mail = support_read_file(path, NULL);
        const char *body = strstr(mail, "\r\n\r\n");
        ck_assert_ptr_nonnull(body);
        gsize size;
        g_autofree char *decoded = (char *) g_base64_decode(body, &size);
        g_autofree char *text = g_strndup(decoded, size);
        g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
        guint count = g_strv_length(lines);
        ck_assert_uint_gt(count, 80);
        for (guint left_out = 0; left_out < 2 * count; left_out++) {
                GString *damaged = g_string_new(NULL);
                for (guint i = 0; i < count; i++)
                        if (left_out < count ? i != left_out : i < left_out - count)
                                g_string_append_printf(damaged, "%s\n", lines[i]);
                struct document *document = page_of_text(damaged->str);
                enum bulletin_kind kind;
                const struct feed *feed = feed_recognise(document, &kind);
                struct bulletin *b = bulletin_new();
                struct label_report labels;
                label_report_init(&labels);
                if (feed)
                        feed->extract(document, kind, b, &labels);
                label_report_clear(&labels);
                int severity = b->fields[FIELD_SEVERITY].value;
                ck_assert(severity == SEVERITY_NONE || severity == SEVERITY_MODERATE);
                bulletin_free(b);
                document_free(document);
                g_string_free(damaged, TRUE);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("feed_hotfix_report");
        TCase *tcase = tcase_create("feed");
        tcase_add_test(tcase, test_kinds);
        tcase_add_test(tcase, test_excerpts);
        tcase_add_test(tcase, test_what_is_none);
        tcase_add_test(tcase, test_alerts_without_id_differ);
        tcase_add_test(tcase, test_archive_names);
        tcase_add_test(tcase, test_archive_names_of_odd_bulletins);
        tcase_add_test(tcase, test_other_kinds_have_no_severity);
        tcase_add_test(tcase, test_every_alert_has_every_field);
        tcase_add_test(tcase, test_labels_count_only_in_their_place);
        tcase_add_test(tcase, test_an_old_bulletin_below_a_short_one);
        tcase_add_test(tcase, test_the_publishers_own_bulletins);
        tcase_add_test(tcase, test_damaged_bulletins);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
