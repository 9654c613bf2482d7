/* SPDX-License-Identifier: MIT */
/* What is reported of labels: each of a whole alert's labels renamed, one added at each place, in each rendering. */
#include <string.h>

#include "common/bulletin_json.h"
#include "ingest/hotfix_p.h"
#include "tests/hotfix_pages.h"
#include "tests/support.h"

enum rendering { LINES, PIPES, STACKED, BESIDE, ROWS, RENDERINGS };

struct field {
        const char *label, *value, *renamed;
};

#define SEVERITIES "@severity"
#define ENVIRONMENTS "@environment"

static const struct field usual[] = {
        { "深刻度", SEVERITIES, "重大度" },
        { "攻撃コードの有無", "なし", "実証コード" },
        { "対策", "早期適用", "処置" },
        { "再起動の必要性", "必要(止めてあれば不要)", "再起動の要否" },
        { "アンインストール", "可能", "取り外し" },
        { "対象環境", ENVIRONMENTS, "動作環境" },
        { "セキュリティ情報", "MS07-901(日本)\nMS07-901(US)", "公開された情報" },
        { "サポート技術情報", "", "技術情報" },
        { "含まれる過去の修正", "MS06-903", "過去の修正" },
        { "脆弱性識別番号", "CVE-2007-90101", "識別番号" },
};

static const struct field empty[] = {
        { "深刻度", SEVERITIES, "Severity" },
        { "攻撃コードの有無", "あり", "実証コードの状況" },
        { "対策", "早期適用", "取るべき対策" },
        { "再起動の必要性", "Windows XP:必要\nWindows Vista:不要", "サービスの停止" },
        { "アンインストール", "", "Uninstall" },
        { "対象環境", ENVIRONMENTS, "対象のコンピュータ" },
        { "セキュリティ情報", "MS07-901(日本)", "情報" },
        { "サポート技術情報", "990101", "サポート文書" },
        { "含まれる過去の修正", "", "置き換わる修正" },
        { "脆弱性識別番号", "", "CVE番号" },
};

#define FIELDS G_N_ELEMENTS(usual)
#define ADDED FIELDS /* a field of its own */
static const struct field added = { "影響度", "高", NULL };

struct alert {
        const struct field *fields;
        const char *names[FIELDS]; /* the labels */
        int added_at;              /* before this field, or -1 */
        const char *dates, *urgency, *head;
};

static void start_alert(struct alert *alert, const struct field *fields)
{
        *alert = (struct alert){ .fields = fields, .added_at = -1, .dates = "【登録日】2007/09/12\n【更新日】2007/09/13\n",
                                 .urgency = "対応の緊急性:早期適用 [攻撃コード未公開][攻撃事例なし]", .head = "概要" };
        for (size_t i = 0; i < FIELDS; i++)
                alert->names[i] = fields[i].label;
}

/* The options with an arrow before the second, or without a mark where only indentation tells. */
static void add_options(GString *out, enum rendering rendering, const char *value)
{
        static const char *const severities[] = { "1(緊急)", "2(重要)", "3(警告)", "4(注意)", NULL };
        static const char *const environments[] = { "サーバ", "クライアント", NULL };
        const char *const *options = g_str_equal(value, SEVERITIES) ? severities : environments;
        for (guint i = 0; options[i]; i++) {
                bool chosen = i == 1;
                if (rendering == LINES)
                        g_string_append_printf(out, "%s%s\n", chosen ? "" : "  ", options[i]);
                else if (rendering == PIPES)
                        g_string_append_printf(out, "%s|\n%s |\n", chosen ? "→ " : "", options[i]);
                else if (rendering == ROWS)
                        g_string_append_printf(out, "%s%s<br>", chosen ? "→ " : "", options[i]);
                else
                        g_string_append_printf(out, "%s<tr><td>%s</td><td>%s</td></tr>%s", i == 0 ? "<table>" : "",
                                               chosen ? "<img src=a.gif>" : "", options[i],
                                               options[i + 1] ? "" : "</table>");
        }
}

static void add_value(GString *out, enum rendering rendering, const char *value)
{
        g_auto(GStrv) lines = g_strsplit(value, "\n", -1);
        g_autofree char *broken = g_strjoinv("<br>", lines);
        if (value[0] == '@')
                add_options(out, rendering, value);
        else if (rendering == LINES)
                g_string_append_printf(out, "%s%s", value, *value ? "\n" : "");
        else if (rendering == PIPES)
                g_string_append_printf(out, "%s%s|\n", value, *value ? "\n" : "");
        else
                g_string_append(out, broken);
}

static void add_field(GString *out, enum rendering rendering, const char *label, const char *value)
{
        static const char *const before[RENDERINGS] = { "", "", "<tr><td>", "<tr><td>", "| " };
        static const char *const between[RENDERINGS] = { "\n", "\n|\n", "</td></tr><tr><td>", "</td><td>", " | " };
        static const char *const behind[RENDERINGS] = { "", "", "</td></tr>", "</td></tr>", " |\n" };
        g_string_append_printf(out, "%s%s%s", before[rendering], label, between[rendering]);
        add_value(out, rendering, value);
        g_string_append(out, behind[rendering]);
}

/* In the text renderings a line; in HTML a paragraph. */
static void add_line(GString *out, enum rendering rendering, const char *line)
{
        if (rendering == STACKED || rendering == BESIDE)
                g_string_append_printf(out, "<p>%s</p>", line);
        else
                g_string_append_printf(out, "%s\n%s", line, rendering == PIPES ? "|\n" : "");
}

static char *write_alert(const struct alert *alert, enum rendering rendering)
{
        bool html = rendering == STACKED || rendering == BESIDE;
        GString *out = g_string_new(NULL);
        add_line(out, rendering, "HotFix Alert:2007/09/12版");
        g_auto(GStrv) dates = g_strsplit(alert->dates, "\n", -1);
        for (char **date = dates; *date; date++)
                if (**date)
                        add_line(out, rendering, *date);
        add_line(out, rendering, "HFR BBS会議室");
        g_string_append(out, html ? "<table>" : "");
        for (size_t i = 0; i <= FIELDS; i++) {
                if (alert->added_at == (int) i)
                        add_field(out, rendering, added.label, added.value);
                if (i < FIELDS)
                        add_field(out, rendering, alert->names[i], alert->fields[i].value);
        }
        g_string_append(out, html ? "</table>" : "");
        static const char *const middle[] = { "MS07-901/990101", "帳票サーバの欠陥", "(帳票サーバの脆弱性)", "" };
        for (size_t i = 0; i < G_N_ELEMENTS(middle); i++)
                add_line(out, rendering, middle[i]);
        add_line(out, rendering, alert->urgency);
        g_string_append(out, html ? "" : "\n");
        static const char *const risk[] = { "危険性", "SP待ち", "早期適用", "緊急適用" };
        for (size_t i = 0; i < G_N_ELEMENTS(risk); i++)
                add_line(out, rendering, risk[i]);
        g_string_append(out, html ? "" : "\n");
        add_line(out, rendering, alert->head);
        add_line(out, rendering, "長さを見ない。注意:特になし");
        return g_string_free(out, FALSE);
}

static struct bulletin *read_alert(const struct alert *alert, enum rendering rendering, struct label_report *ret_labels)
{
        g_autofree char *text = write_alert(alert, rendering);
        bool html = rendering == STACKED || rendering == BESIDE;
        return extract_labels(html ? page_of_html(text) : page_of_text(text), ret_labels);
}

static void check_list(const GPtrArray *list, const char *expected, const char *what, enum rendering rendering)
{
        GString *is = g_string_new(NULL);
        for (guint i = 0; i < list->len; i++)
                g_string_append_printf(is, "%s%s", i > 0 ? "," : "", (const char *) g_ptr_array_index(list, i));
        ck_assert_msg(g_str_equal(is->str, expected), "rendering %d: %s is \"%s\", not \"%s\"", (int) rendering, what,
                      is->str, expected);
        g_string_free(is, TRUE);
}

/* The bulletin's fields are those of the unchanged alert, but for those of the label at except. */
static void check_same(const struct bulletin *b, const struct bulletin *whole, int except, enum rendering rendering)
{
        static const int owners[FIELD_MAX] = {
                [FIELD_SEVERITY] = 1,           [FIELD_EXPLOIT_CODE] = 2,       [FIELD_MEASURE] = 3,
                [FIELD_RESTART] = 4,            [FIELD_UNINSTALL] = 5,          [FIELD_ENVIRONMENT_SERVER] = 6,
                [FIELD_ENVIRONMENT_CLIENT] = 6, [FIELD_EXPLOIT_PUBLISHED] = 99, [FIELD_ATTACKS_OBSERVED] = 99,
        };
        for (int i = 0; i < FIELD_MAX; i++) {
                const struct choice *is = &b->fields[i], *was = &whole->fields[i];
                if (except >= 0 && owners[i] == except + 1) {
                        ck_assert_int_eq(is->basis, BASIS_UNDETERMINED);
                        continue;
                }
                ck_assert_msg(is->value == was->value && g_strcmp0(is->text, was->text) == 0,
                              "rendering %d, label %d: %s is %d %s, was %d %s", (int) rendering, except,
                              bulletin_field_path((enum bulletin_field) i), is->value, is->text ? is->text : "-",
                              was->value, was->text ? was->text : "-");
        }
        ck_assert_uint_eq(b->supersedes->len, except == 8 ? 0 : whole->supersedes->len);
        ck_assert_uint_eq(b->cves->len, except == 9 ? 0 : whole->cves->len);
        ck_assert_str_eq(b->title, whole->title);
        ck_assert_str_eq(b->vendor_title, whole->vendor_title);
        ck_assert_str_eq(b->registered, whole->registered);
        ck_assert_uint_le(b->sections->len, whole->sections->len + 1); /* the unknown label's value is kept as one */
}

static const struct field *const sets[] = { usual, empty };

static struct bulletin *read_whole(const struct field *fields, enum rendering rendering)
{
        struct alert alert;
        start_alert(&alert, fields);
        struct label_report labels;
        struct bulletin *whole = read_alert(&alert, rendering, &labels);
        check_list(labels.unknown, "", "unknown", rendering);
        check_list(labels.missing, "", "missing", rendering);
        check_no_warnings(whole);
        check_field(whole, FIELD_SEVERITY, SEVERITY_IMPORTANT);
        check_field(whole, FIELD_ENVIRONMENT_CLIENT, ANSWER_YES);
        check_field(whole, FIELD_RESTART, RESTART_CONDITIONAL);
        label_report_clear(&labels);
        return whole;
}

START_TEST(test_a_renamed_label)
{
        enum rendering rendering = (enum rendering) _i;
        for (size_t s = 0; s < G_N_ELEMENTS(sets); s++) {
                struct bulletin *whole = read_whole(sets[s], rendering);
                for (size_t i = 0; i < FIELDS; i++) {
                        struct alert alert;
                        start_alert(&alert, sets[s]);
                        alert.names[i] = sets[s][i].renamed;
                        struct label_report labels;
                        struct bulletin *b = read_alert(&alert, rendering, &labels);
                        check_list(labels.unknown, sets[s][i].renamed, "unknown", rendering);
                        /* 攻撃コードの有無 is younger than the feed */
                        check_list(labels.missing, i == 1 ? "" : sets[s][i].label, "missing", rendering);
                        check_warning(b, sets[s][i].renamed);
                        check_same(b, whole, (int) i, rendering);
                        bulletin_free(b);
                        label_report_clear(&labels);
                }
                bulletin_free(whole);
        }
}
END_TEST

START_TEST(test_an_added_label)
{
        enum rendering rendering = (enum rendering) _i;
        for (size_t s = 0; s < G_N_ELEMENTS(sets); s++) {
                struct bulletin *whole = read_whole(sets[s], rendering);
                for (int i = 1; i <= (int) FIELDS; i++) {
                        struct alert alert;
                        start_alert(&alert, sets[s]);
                        alert.added_at = i;
                        struct label_report labels;
                        struct bulletin *b = read_alert(&alert, rendering, &labels);
                        check_list(labels.unknown, added.label, "unknown", rendering);
                        check_list(labels.missing, "", "missing", rendering);
                        check_warning(b, "unknown label \"影響度\"");
                        check_same(b, whole, -1, rendering);
                        const struct section *kept = g_ptr_array_index(b->sections, 0);
                        ck_assert_str_eq(kept->heading, added.label);
                        ck_assert_str_eq(kept->text, added.value);
                        bulletin_free(b);
                        label_report_clear(&labels);
                }
                bulletin_free(whole);
        }
}
END_TEST

static void check_alert(const struct alert *alert, const char *unknown, const char *missing)
{
        for (int rendering = 0; rendering < RENDERINGS; rendering++) {
                struct label_report labels;
                struct bulletin *b = read_alert(alert, (enum rendering) rendering, &labels);
                check_list(labels.unknown, unknown, "unknown", (enum rendering) rendering);
                check_list(labels.missing, missing, "missing", (enum rendering) rendering);
                bulletin_free(b);
                label_report_clear(&labels);
        }
}

START_TEST(test_dates)
{
        struct alert alert;
        start_alert(&alert, usual);
        alert.dates = "【公開日】2007/09/12\n【更新日】2007/09/13\n";
        check_alert(&alert, "公開日", "登録日");
        alert.dates = "【登録日】2007/09/12\n【前回更新日】2007/09/13\n";
        check_alert(&alert, "前回更新日", "更新日");
        alert.dates = "【登録日】2007/09/12【更新日】2007/09/13【版】2\n";
        check_alert(&alert, "", "");
        alert.dates = "【登録日】2007/09/12【更新日】2007/09/13【対象読者】管理者\n";
        check_alert(&alert, "対象読者", "");
}
END_TEST

START_TEST(test_the_line_of_urgency)
{
        struct alert alert;
        start_alert(&alert, usual);
        alert.urgency = "対応の優先度:早期適用 [攻撃コード未公開][攻撃事例なし]";
        check_alert(&alert, "対応の優先度", "対応の緊急性");
        alert.urgency = "緊急対応度:適用作業の早期開始";
        check_alert(&alert, "", "");
        alert.urgency = "対応策\n急いで適用する。";
        struct label_report labels;
        struct bulletin *b = read_alert(&alert, LINES, &labels);
        ck_assert(label_report_is_empty(&labels));
        bulletin_free(b);
        label_report_clear(&labels);
        alert.urgency = "対応の緊急性:早期適用\n\n攻撃の難易度:高い";
        b = read_alert(&alert, LINES, &labels);
        check_list(labels.unknown, "攻撃の難易度", "unknown", LINES);
        bulletin_free(b);
        label_report_clear(&labels);
}
END_TEST

/* Without an identifier line nothing tells the table from what stands below it, and nothing there is a label. */
START_TEST(test_the_identifier_line)
{
        for (int rendering = 0; rendering < RENDERINGS; rendering++) {
                struct alert alert;
                start_alert(&alert, usual);
                bool html = rendering == STACKED || rendering == BESIDE;
                g_autofree char *text = write_alert(&alert, (enum rendering) rendering);
                char *slash = strstr(text, "/990101");
                ck_assert_ptr_nonnull(slash);
                *slash = ' ';
                struct label_report labels;
                struct bulletin *b = extract_labels(html ? page_of_html(text) : page_of_text(text), &labels);
                check_list(labels.unknown, "", "unknown", (enum rendering) rendering);
                check_list(labels.missing, "MSyy-nnn/nnnnnn", "missing", (enum rendering) rendering);
                ck_assert_uint_eq(b->cves->len, 1);
                bulletin_free(b);
                label_report_clear(&labels);
        }
}
END_TEST

START_TEST(test_heads_between_dots)
{
        struct alert alert;
        start_alert(&alert, usual);
        alert.head = "‥‥‥ 概要 ‥‥‥";
        check_alert(&alert, "", "");
        alert.head = "■長さを見ない帳票";
        check_alert(&alert, "", "");
        alert.head = "‥‥‥ 影響の範囲 ‥‥‥";
        check_alert(&alert, "影響の範囲", "");
}
END_TEST

/* An excerpt has lost labels, not the format. */
START_TEST(test_an_excerpt_misses_nothing)
{
        struct label_report labels;
        struct bulletin *b = extract_labels(page_of_text("対策\n早期適用\n再起動の必要性\n必要\nアンインストール\n可能\n"
                                                         "MS07-901/990101\n欠陥\n(脆弱性)\n\n対応の緊急性:早期適用\n"),
                                            &labels);
        ck_assert(label_report_is_empty(&labels));
        bulletin_free(b);
        label_report_clear(&labels);
}
END_TEST

static void check_values(const char *top, const char *unknown)
{
        g_autofree char *text = g_strconcat("深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n", top,
                                            "MS07-901/990101\n欠陥\n(脆弱性)\n\n対応の緊急性:早期適用\n", NULL);
        struct label_report labels;
        struct bulletin *b = extract_labels(page_of_text(text), &labels);
        check_list(labels.unknown, unknown, top, LINES);
        bulletin_free(b);
        label_report_clear(&labels);
}

#define REST "アンインストール\n可能\n対象環境\nサーバ\nセキュリティ情報\nサポート技術情報\n含まれる過去の修正\n脆弱性識別番号\n"

/* Values, known or not, are no labels. */
START_TEST(test_values_are_no_labels)
{
        check_values("対策\n様子見\n再起動の必要性\n必要\n" REST, "");
        check_values("対策\n早期適用\n再起動の必要性\n適用後に判断\n" REST, "");
        check_values("対策\n早期適用\n再起動の必要性\n必要\nただし帳票サーバを除く\n" REST, "");
        check_values("対策\n早期適用\n再起動の必要性\n必要(帳票の\n受付停止\nでもよい)\n" REST, "");
        check_values("対策\n早期適用\n再起動の必要性\n帳票サーバ\n必要\n\n画像閲覧\n不要\n" REST, "");
        check_values("対策\n早期適用\n再起動の必要性\n帳票サーバ:必要\n\n画像閲覧:様子見\n" REST, "");
        check_values("対策\n早期適用\n再起動の必要性\n必要\nアンインストール\n手作業\n対象環境\nクライアント\n"
                     "セキュリティ情報\nMS07-901(日本)\n詳細\nHFR BBS会議室\nサポート技術情報\nKB990101\n990102\nよく寄せられる質問\n日本語\n"
                     "更新履歴\n履歴\n含まれる過去の修正\n帳票サーバ\nMS06-903\n画像閲覧\nMS06-904\n脆弱性識別番号\nCVE-2007-90101\n公表前\n", "公表前");
        check_values("対策\n早期適用\n影響度\n高\n範囲\n広\n再起動の必要性\n必要\n" REST, "影響度,範囲");
        check_values("処置\n早期適用\n再起動\n必要\n" REST, "処置,再起動");
        check_values("対策\n早期適用\n再起動の必要性\n必要\n影響度:高\n" REST, "");
        check_values("対策\n早期適用\n影響度:高\n再起動の必要性\n必要\n" REST, "影響度");
}
END_TEST

/* What is not a line's by its first character is never looked for: no word of any kind may be left out there. */
static void check_kind(const char *key, enum hotfix_kind kind)
{
        struct line line = { 0 };
        hotfix_line_set_key(&line, key);
        ck_assert_ptr_eq(line.key, key);
        ck_assert_msg(line.kinds & kind, "%s has not the bit %u", key, (unsigned) kind);
}

START_TEST(test_kinds_of_lines)
{
        static const char *const bullets[] = { "", "・", "■", "□", "●", "◆", "▼", "▽", "*" };
        for (unsigned label = LABEL_SEVERITY; label <= LABEL_ATTACKS; label++) {
                if (label == LABEL_IDENTIFIER)
                        continue;
                for (size_t i = 0; i < G_N_ELEMENTS(bullets); i++) {
                        const char *text = hotfix_label_text((enum hotfix_label) label);
                        g_autofree char *key = g_strconcat(bullets[i], text, NULL);
                        const struct block block = { .normal = key };
                        struct line line = { .block = &block };
                        hotfix_line_set_key(&line, key);
                        size_t length;
                        ck_assert_uint_eq(hotfix_line_label(&line, LABEL_SEVERITY, LABEL_ATTACKS, &length), label);
                        ck_assert_uint_eq(length, strlen(key));
                }
        }
        static const char *const heads[] = { "概要", "脆弱性の内容", "対象プラットフォーム", "適用テストの結果", "適用時の注意点",
                                             "修正プログラムのダウンロード先", "適用されるファイル情報", "確認方法", "予想適用時間",
                                             "UpdateEXPERT上の表示", "DALab:HotFixテスティング・チームからのコメント",
                                             "DALab.:HotFixテスティング・チームからのコメント", "■何か", "......何か......" };
        for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
                ck_assert(hotfix_is_section_head(heads[i]));
                check_kind(heads[i], KIND_HEAD);
        }
        static const char *const tables[] = { "影響を受けるソフトウェア", "プラットフォーム", "ファイル名", "修正プログラム名" };
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
                check_kind(tables[i], KIND_TABLE);
        static const char *const footers[] = { "HotFixReportは", "HotFixReportでは", "Copyright(C)2007", "--" };
        for (size_t i = 0; i < G_N_ELEMENTS(footers); i++) {
                ck_assert(hotfix_is_footer(footers[i]));
                check_kind(footers[i], KIND_FOOTER);
        }
        static const char *const headers[] = { "From:x", "to:", "CC:", "Date:", "sent:", "SUBJECT:x", "Reply-To:", "差出人:",
                                               "送信者:", "宛先:", "日時:", "日付:", "送信日時:", "件名:x" };
        for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
                ck_assert(hotfix_is_mail_header(headers[i]));
                check_kind(headers[i], KIND_MAIL_HEADER);
        }
        check_kind("MS07-901/990101", KIND_IDENTIFIER);
        check_kind("ms07-901/990101", KIND_IDENTIFIER);
        static const char *const rulers[] = { "-----", "━━━━━━", "_____________" };
        for (size_t i = 0; i < G_N_ELEMENTS(rulers); i++)
                check_kind(rulers[i], KIND_RULER);
}
END_TEST

/* Prose has none of them; else nothing would be won. */
START_TEST(test_prose_has_no_kind)
{
        static const char *const lines[] = { "", "この", "問題が", "試験室の", "印刷の", "Windows", "a", "é", "\xF0\x9F\x98\x80" };
        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
                struct line line = { 0 };
                hotfix_line_set_key(&line, lines[i]);
                ck_assert_msg(line.kinds == 0, "%s has the bits %u", lines[i], line.kinds);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("hotfix_labels");
        TCase *tcase = tcase_create("labels");
        tcase_add_loop_test(tcase, test_a_renamed_label, 0, RENDERINGS);
        tcase_add_loop_test(tcase, test_an_added_label, 0, RENDERINGS);
        tcase_add_test(tcase, test_dates);
        tcase_add_test(tcase, test_the_line_of_urgency);
        tcase_add_test(tcase, test_the_identifier_line);
        tcase_add_test(tcase, test_heads_between_dots);
        tcase_add_test(tcase, test_an_excerpt_misses_nothing);
        tcase_add_test(tcase, test_values_are_no_labels);
        tcase_add_test(tcase, test_kinds_of_lines);
        tcase_add_test(tcase, test_prose_has_no_kind);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
