/* SPDX-License-Identifier: MIT */
/* The fields with one value, urgency, dates, identifier and titles, and attack rows. */
#include <string.h>

#include "tests/hotfix_pages.h"
#include "tests/support.h"

#define LIST "深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n"

static void check_value(const char *lines, enum bulletin_field field, int value)
{
        g_autofree char *top = g_strconcat(LIST, lines, "対象環境\n", NULL);
        struct bulletin *b = extract_top(top);
        if (value)
                check_field(b, field, value);
        else
                check_undetermined(b, field, "");
        bulletin_free(b);
}

START_TEST(test_restart)
{
        static const struct {
                const char *value;
                int expected;
        } cases[] = {
                { "必要", RESTART_REQUIRED },
                { "不要", RESTART_NOT_REQUIRED },
                { "あり", RESTART_REQUIRED },
                { "なし", RESTART_NOT_REQUIRED },
                { "必要(不要な場合あり)", RESTART_CONDITIONAL },
                { "不要（必要な場合あり）", RESTART_CONDITIONAL },
                { "必要な場合あり", RESTART_CONDITIONAL },
                { "必要(帳票の受付を止めてあれば\n要らない)", RESTART_CONDITIONAL },
                { "Windows XP:必要\n\nWindows Server 2003:不要", RESTART_CONDITIONAL },
                { "Windows XP:必要\n\nWindows Server 2003:必要", RESTART_REQUIRED },
                { "Windows XP：必要\n\nWindows Server 2003：あり", RESTART_REQUIRED },
                { "Windows XP:不要\n\nWindows Server 2003:必要な場合あり", RESTART_CONDITIONAL },
                { "Windows XP:必要\n\nWindows Server 2003:必要(止めてあれば不要)", RESTART_CONDITIONAL },
                { "Windows XP:必要\n\nWindows Server 2003:様子見", RESTART_CONDITIONAL },
                { "Windows XP:必要\n\nWindows Server 2003", RESTART_CONDITIONAL },
                { "Windows 2000 SP4、Windows XP SP2、\nWindows Server 2003:不要\nWindows Vista:\n不要", RESTART_NOT_REQUIRED },
                { "必要\nWindows Vista:必要", RESTART_CONDITIONAL },
                { "Windows 2000、Windows XP:不要", RESTART_NOT_REQUIRED },
                { "様子を見て決める", 0 },
                { "", 0 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *lines = g_strconcat("再起動の必要性\n", cases[i].value, "\n", NULL);
                check_value(lines, FIELD_RESTART, cases[i].expected);
        }
}
END_TEST

START_TEST(test_the_text_of_a_value_by_product)
{
        struct bulletin *b = extract_top(LIST "再起動の必要性\nWindows XP:必要\n\nWindows 2000:不要\nアンインストール\n対象環境\n");
        ck_assert_str_eq(b->fields[FIELD_RESTART].text, "Windows XP:必要\nWindows 2000:不要");
        bulletin_free(b);
        b = extract_top(LIST "再起動の必要性\n必要(関連する帳票の受付と印刷の仕事を先に止めてから当てた場合には要らないが、\nその場合も要る)\nアンインストール\n対象環境\n");
        ck_assert_str_eq(b->fields[FIELD_RESTART].text,
                         "必要(関連する帳票の受付と印刷の仕事を先に止めてから当てた場合には要らないが、その場合も要る)");
        /* an empty value: the next line is the next label, not its value */
        check_undetermined(b, FIELD_UNINSTALL, "stated as empty");
        ck_assert_ptr_null(b->fields[FIELD_UNINSTALL].text);
        bulletin_free(b);
}
END_TEST

START_TEST(test_uninstall_exploit_code_and_measure)
{
        check_value("アンインストール\n可\n", FIELD_UNINSTALL, UNINSTALL_POSSIBLE);
        check_value("アンインストール\n可能\n", FIELD_UNINSTALL, UNINSTALL_POSSIBLE);
        check_value("アンインストール\n不可\n", FIELD_UNINSTALL, UNINSTALL_NOT_POSSIBLE);
        check_value("アンインストール\n不可(XPでは可能)\n", FIELD_UNINSTALL, UNINSTALL_CONDITIONAL);
        check_value("アンインストール\n(XPでは不可)\n", FIELD_UNINSTALL, UNINSTALL_CONDITIONAL);
        check_value("アンインストール\n手作業\n", FIELD_UNINSTALL, 0);
        check_value("攻撃コードの有無\nあり\n", FIELD_EXPLOIT_CODE, EXPLOIT_AVAILABLE);
        check_value("攻撃コードの有無\nなし\n", FIELD_EXPLOIT_CODE, EXPLOIT_NONE_STATED);
        check_value("攻撃コードの有無\nなし(実証用はある)\n", FIELD_EXPLOIT_CODE, 0);
        check_value("対策:至急適用\n", FIELD_MEASURE, URGENCY_IMMEDIATE);
        check_value("対　策\n適用の検討\n", FIELD_MEASURE, URGENCY_CONSIDER);
        check_value("対策 早期適用\n", FIELD_MEASURE, URGENCY_EARLY);
        check_value("対策早期適用\n", FIELD_MEASURE, URGENCY_EARLY);
        check_value("再起動の必要性あり\n", FIELD_RESTART, RESTART_REQUIRED);
}
END_TEST

START_TEST(test_ids_in_the_top)
{
        struct bulletin *b = extract_top(LIST "含まれる過去の修正\nMS06-901、MS06-902(帳票サーバ 3.0)\nMS06-901\n脆弱性識別番号\n"
                                              "CVE-2007-90101 ＣＶＥ－２００７－９０１０２\ncan-2004-0001\nCVE-20077-1\n");
        ck_assert_uint_eq(b->supersedes->len, 2);
        ck_assert_str_eq(g_ptr_array_index(b->supersedes, 1), "MS06-902");
        ck_assert_uint_eq(b->cves->len, 3);
        ck_assert_str_eq(g_ptr_array_index(b->cves, 1), "CVE-2007-90102");
        ck_assert_str_eq(g_ptr_array_index(b->cves, 2), "CAN-2004-0001");
        bulletin_free(b);
}
END_TEST

static void check_urgency(const char *measure, const char *line, int value, enum basis basis)
{
        struct bulletin *b = extract_urgency(measure, line);
        if (value)
                check_field(b, FIELD_URGENCY, value);
        else
                check_undetermined(b, FIELD_URGENCY, "");
        ck_assert_int_eq(b->fields[FIELD_URGENCY].basis, basis);
        bulletin_free(b);
}

START_TEST(test_urgency_sources)
{
        check_urgency("早期適用", "対応の緊急性:早期適用 [攻撃コード未公開][攻撃事例なし]", URGENCY_EARLY, BASIS_STATED);
        check_urgency("早期適用", "緊急対応度:適用作業の早期開始", URGENCY_EARLY, BASIS_STATED);
        check_urgency("至急適用", "緊急対応度：適用作業の至急開始", URGENCY_IMMEDIATE, BASIS_STATED);
        check_urgency("適用の検討", "", URGENCY_CONSIDER, BASIS_INFERRED);
        check_urgency("適用の検討", "対応の緊急性:", URGENCY_CONSIDER, BASIS_INFERRED);
        check_urgency("様子見", "", 0, BASIS_UNDETERMINED);
        /* both lines: the first in rank */
        check_urgency("早期適用", "緊急対応度:適用作業の至急開始\n対応の緊急性:早期適用", URGENCY_EARLY, BASIS_STATED);
}
END_TEST

START_TEST(test_urgency_contradictions)
{
        struct bulletin *b = extract_urgency("適用の検討", "対応の緊急性:至急適用 [攻撃コード未公開][攻撃事例なし]");
        check_field(b, FIELD_URGENCY, URGENCY_IMMEDIATE);
        check_warning(b, "disagree; the higher one counts");
        bulletin_free(b);
        b = extract_urgency("至急適用", "対応の緊急性:早期適用");
        check_field(b, FIELD_URGENCY, URGENCY_IMMEDIATE);
        ck_assert_int_eq(b->fields[FIELD_URGENCY].basis, BASIS_INFERRED);
        check_warning(b, "disagree; the higher one counts");
        bulletin_free(b);
        /* a remark takes nothing of what 対策 says for some */
        b = extract_urgency("至急適用(サーバのみ)", "対応の緊急性:早期適用");
        check_field(b, FIELD_URGENCY, URGENCY_IMMEDIATE);
        ck_assert_int_eq(b->fields[FIELD_URGENCY].basis, BASIS_INFERRED);
        check_warning(b, "対策 (immediate) and 対応の緊急性 (early) disagree");
        bulletin_free(b);
        b = extract_urgency("至急適用 → 早期適用", "対応の緊急性:早期適用");
        check_field(b, FIELD_URGENCY, URGENCY_EARLY);
        bulletin_free(b);
        /* an unknown word is never guessed, but nothing is higher than 至急適用 */
        b = extract_urgency("早期適用", "対応の緊急性:様子見");
        check_undetermined(b, FIELD_URGENCY, "unknown value \"様子見\" of label 対応の緊急性");
        bulletin_free(b);
        b = extract_urgency("至急適用", "対応の緊急性:様子見");
        check_field(b, FIELD_URGENCY, URGENCY_IMMEDIATE);
        bulletin_free(b);
}
END_TEST

START_TEST(test_urgency_is_no_search_for_words)
{
        struct bulletin *b = extract_urgency("適用の検討", "至急適用と緊急適用の違いは下の目盛りにある。");
        check_field(b, FIELD_URGENCY, URGENCY_CONSIDER);
        bulletin_free(b);
}
END_TEST

static void check_remarks(const char *remarks, int published, int observed)
{
        g_autofree char *line = g_strconcat("対応の緊急性:早期適用 ", remarks, NULL);
        struct bulletin *b = extract_urgency("早期適用", line);
        ck_assert_int_eq(b->fields[FIELD_EXPLOIT_PUBLISHED].value, published);
        ck_assert_int_eq(b->fields[FIELD_ATTACKS_OBSERVED].value, observed);
        check_field(b, FIELD_URGENCY, URGENCY_EARLY);
        bulletin_free(b);
}

START_TEST(test_remarks)
{
        check_remarks("[攻撃コード未公開][攻撃事例なし]", ANSWER_NO, ANSWER_NO);
        check_remarks("［攻撃コード公開］［攻撃事例あり］", ANSWER_YES, ANSWER_YES);
        check_remarks("[攻撃コード公開済み]\n[攻撃事例なし]", ANSWER_YES, ANSWER_NO);
        check_remarks("[攻撃コード公開の\n恐れ][攻撃事例あり]", ANSWER_YES, ANSWER_YES);
        check_remarks("[攻撃コード公開されていない][攻撃事例不明]", 0, 0);
        check_remarks("[攻撃コード公開][攻撃コード未公開]", 0, 0);
        check_remarks("[攻撃事例あり", 0, 0);
        check_remarks("", 0, 0);
}
END_TEST

/* What is quoted of a remark is the mail's own wording, in its brackets and on one line. */
static void check_remark_text(const char *remarks, const char *published, const char *observed)
{
        g_autofree char *line = g_strconcat("対応の緊急性:早期適用 ", remarks, NULL);
        struct bulletin *b = extract_urgency("早期適用", line);
        ck_assert_pstr_eq(b->fields[FIELD_EXPLOIT_PUBLISHED].text, published);
        ck_assert_pstr_eq(b->fields[FIELD_ATTACKS_OBSERVED].text, observed);
        bulletin_free(b);
}

START_TEST(test_remark_texts)
{
        check_remark_text("[攻撃コード未公開][攻撃事例なし]", "[攻撃コード未公開]", "[攻撃事例なし]");
        check_remark_text("［攻撃コード公開］ [攻撃事例あり］", "［攻撃コード公開］", "[攻撃事例あり］");
        check_remark_text("[攻撃コード公開の\n恐れ]\n[攻撃事例あり]", "[攻撃コード公開の恐れ]", "[攻撃事例あり]");
        check_remark_text("[攻撃事例なし]", NULL, "[攻撃事例なし]");
        check_remark_text("[攻撃事例なし][攻撃コード公開", NULL, "[攻撃事例なし]");
        struct bulletin *b = extract_urgency("早期適用", "対応の緊急性:早期適用 [攻撃事例なし]");
        check_undetermined(b, FIELD_EXPLOIT_PUBLISHED, "the urgency line says nothing about it");
        check_field(b, FIELD_ATTACKS_OBSERVED, ANSWER_NO);
        bulletin_free(b);
        b = extract_urgency("早期適用", "");
        check_undetermined(b, FIELD_ATTACKS_OBSERVED, "the urgency line says nothing about it");
        bulletin_free(b);
}
END_TEST

static void check_dates(const char *head, const char *edition, const char *registered, const char *updated)
{
        g_autofree char *text = g_strconcat(head, "\n" LIST "対策\n早期適用\nMS07-901/990101\n欠陥\n(脆弱性)\n", NULL);
        struct bulletin *b = extract_text(text);
        ck_assert_str_eq(b->edition, edition);
        ck_assert_str_eq(b->registered, registered);
        ck_assert_str_eq(b->updated, updated);
        bulletin_free(b);
}

START_TEST(test_dates)
{
        check_dates("HotFix Alert:2007/05/11版\n【登録日】2007/05/09\n【更新日】2007/05/10", "2007-05-11", "2007-05-09",
                    "2007-05-10");
        check_dates("HotFix Alert:2004/02/12日版\n【登録日】2004/02/12 【更新日】2004/02/13", "2004-02-12", "2004-02-12",
                    "2004-02-13");
        check_dates("HotFix Alert:2007/04/11", "2007-04-11", "", "");
        check_dates("HotFix Alert:\n2006/05/11日版\n【登録日】\n2006/05/10\n【更新日】\n2006/05/11", "2006-05-11",
                    "2006-05-10", "2006-05-11");
        check_dates("HotFix Alert:\n2006\n/01/12版\n【登録日】2006/01/11", "2006-01-12", "2006-01-11", "");
        check_dates("ＨｏｔＦｉｘ　Ａｌｅｒｔ：２００７／０５／１１版\n【登録日】２００７／０５／１１", "2007-05-11", "2007-05-11", "");
        check_dates("ここに言う「更新日」は内容を改めた日である。\nHotFix Alert:2007/13/40版\n【登録日】2007/02/30\n【更新日】不明", "", "", "");
        check_dates("【登録日】2007/05/111\n【更新日】20070511", "", "", "");
        check_dates("【登録日】2007/05/11/3\n【更新日】2007年5月1日", "", "", "2007-05-01");
}
END_TEST

START_TEST(test_date_warnings)
{
        struct bulletin *b = extract_text("HotFix Alert:2007/13/40版\n【登録日】2007/05/12\n【更新日】2007/05/11\n"
                                          LIST "対策\n早期適用\n");
        check_warning(b, "the edition date \"2007/13/40版\" does not exist");
        check_warning(b, "the update date 2007-05-11 is before the registration date 2007-05-12");
        bulletin_free(b);
        b = extract_text(LIST "対策\n早期適用\n対象環境\n");
        check_warning(b, "states no edition date");
        check_warning(b, "states no update date");
        check_warning(b, "no identifier line");
        ck_assert_ptr_null(b->id);
        ck_assert_ptr_null(b->title);
        bulletin_free(b);
}
END_TEST

static void check_titles(const char *lines, const char *title, const char *vendor)
{
        g_autofree char *text = g_strconcat("HotFix Alert:2007/05/11版\n" LIST "対策\n早期適用\nセキュリティ情報\nMS04-935(日本)\n"
                                            "MS04-935/885881/885882\n", lines, "\n\n対応の緊急性:早期適用\n\n", NULL);
        struct bulletin *b = extract_text(text);
        ck_assert_str_eq(b->id, "MS04-935");
        ck_assert_uint_eq(b->kbs->len, 2);
        ck_assert_str_eq(g_ptr_array_index(b->kbs, 1), "885882");
        ck_assert_pstr_eq(b->title, title);
        ck_assert_pstr_eq(b->vendor_title, vendor);
        bulletin_free(b);
}

START_TEST(test_titles)
{
        check_titles("帳票の欠陥\n(帳票の脆弱性)", "帳票の欠陥", "帳票の脆弱性");
        check_titles("帳票の\n欠陥\n（帳票の\n脆弱性）", "帳票の欠陥", "帳票の脆弱性");
        check_titles("Contoso Forms\nServer の欠陥\n(Forms (Server)\nの脆弱性)", "Contoso Forms Server の欠陥",
                     "Forms (Server)の脆弱性");
        check_titles("帳票の欠陥\n(サーバ)\n(帳票の脆弱性)", "帳票の欠陥(サーバ)", "帳票の脆弱性");
        check_titles("帳票の欠陥", "帳票の欠陥", NULL);
        check_titles("", NULL, NULL);
}
END_TEST

START_TEST(test_a_second_identifier_is_noted)
{
        struct bulletin *b = extract_text("HotFix Alert:2007/05/11版\n" LIST "MS07-901/990101\n欠陥\n(脆弱性)\n\n"
                                          "MS07-902/990102\n");
        ck_assert_str_eq(b->id, "MS07-901");
        check_warning(b, "identifier line of MS07-902");
        bulletin_free(b);
}
END_TEST

START_TEST(test_an_identifier_over_two_lines)
{
        struct bulletin *b = extract_text("HotFix Alert:2007/05/11版\n" LIST "MS07-901/990101/\n990102\n欠陥\n(脆弱性)\n");
        ck_assert_str_eq(b->id, "MS07-901");
        ck_assert_uint_eq(b->kbs->len, 2);
        ck_assert_str_eq(g_ptr_array_index(b->kbs, 1), "990102");
        ck_assert_str_eq(b->title, "欠陥");
        bulletin_free(b);
}
END_TEST

/* Links stand anywhere in the table and are nobody's value. */
START_TEST(test_link_lines_are_no_values)
{
        struct bulletin *b = extract_top(LIST "詳細\n対策\n早期適用\nHFR BBS会議室\n再起動の必要性\n必要\n詳細:\nアンインストール\n対象環境\n");
        check_field(b, FIELD_MEASURE, URGENCY_EARLY);
        check_field(b, FIELD_RESTART, RESTART_REQUIRED);
        check_undetermined(b, FIELD_UNINSTALL, "stated as empty");
        bulletin_free(b);
}
END_TEST

#define ROW(label, value) "<tr><td>" label "</td><td>" value "</td></tr>"

START_TEST(test_labels_broken_or_with_bullets)
{
        struct bulletin *b = extract_html("<p>HotFix Alert:2007/05/11版</p><table>" ROW("深刻度", "→1(緊急)<br>2(重要)<br>3(警告)<br>4(注意)")
                                          ROW("攻撃コード<br>の有無", "なし") ROW("・対策", "早期適用") ROW("再起動の<br>必要性", "不要")
                                          ROW("アンイン<br>ストール", "可") "</table><p>MS07-901/990101</p><p>欠陥</p><p>(脆弱性)</p>");
        check_field(b, FIELD_SEVERITY, SEVERITY_CRITICAL);
        check_field(b, FIELD_EXPLOIT_CODE, EXPLOIT_NONE_STATED);
        check_field(b, FIELD_MEASURE, URGENCY_EARLY);
        check_field(b, FIELD_RESTART, RESTART_NOT_REQUIRED);
        check_field(b, FIELD_UNINSTALL, UNINSTALL_POSSIBLE);
        bulletin_free(b);
}
END_TEST

/* What a forwarder writes above the bulletin is not what the bulletin says. */
START_TEST(test_a_forwarders_preface)
{
        struct bulletin *b = extract_text("深刻度:緊急\n対策:至急適用\nと聞いています。\n\nSubject: HotFix Alert:2007/06/15版\n\n"
                                          "HotFix Alert:2007/05/11版\n【登録日】2007/05/10\n【前回更新日】2007/05/09\n深刻度\n  1(緊急)\n2(重要)\n"
                                          "  3(警告)\n  4(注意)\n対策\n早期適用\nMS07-901/990101\n欠陥\n(脆弱性)\n");
        ck_assert_str_eq(b->edition, "2007-05-11");
        ck_assert_str_eq(b->registered, "2007-05-10");
        ck_assert_str_eq(b->updated, "");
        check_field(b, FIELD_SEVERITY, SEVERITY_IMPORTANT);
        check_field(b, FIELD_MEASURE, URGENCY_EARLY);
        bulletin_free(b);
        b = extract_text("深刻度:緊急\n対策:至急適用\nと聞いています。\n\nFrom: HotFix Report\nSubject: Fwd: HotFix Report\n\n"
                         "MS07-901/990101\n欠陥\n(脆弱性)\n\n対応の緊急性:早期適用\n");
        check_undetermined(b, FIELD_MEASURE, "no line 対策");
        check_field(b, FIELD_URGENCY, URGENCY_EARLY);
        bulletin_free(b);
}
END_TEST

static struct bulletin *extract_attacks(const char *marks)
{
        g_autofree char *text = g_strconcat("MS07-901/990101 |\n欠陥 |\n(脆弱性) |\n対応の緊急性:早期適用\n|\n危険性 |\n可能性のある攻撃\n"
                                            "|\n攻撃手法\n|\n"
                                            "脆弱性の影響\n|\nリモート攻撃 |\nウイルス/ワーム |\n電子メール添付 |\nWebサイトへの誘導 |\n"
                                            "コードの実行 |\n権限の昇格 |\n情報の漏えい |\nサービス拒否 |\nなりすまし |\n", marks, "■注意\n", NULL);
        return extract_text(text);
}

START_TEST(test_attack_row)
{
        struct bulletin *b = extract_attacks("○ |\n|\n|\n|\n○ |\n|\n|\n|\n◯ |\n|\n|\n");
        check_field(b, FIELD_ATTACK_REMOTE, ANSWER_YES);
        check_field(b, FIELD_ATTACK_WORM, ANSWER_NO);
        check_field(b, FIELD_IMPACT_CODE_EXECUTION, ANSWER_YES);
        check_field(b, FIELD_IMPACT_PRIVILEGE_ELEVATION, ANSWER_NO);
        check_field(b, FIELD_IMPACT_SPOOFING, ANSWER_YES);
        bulletin_free(b);
        b = extract_attacks("|\n|\n|\n|\n|\n|\n|\n|\n|\n|\n|\n");
        check_undetermined(b, FIELD_ATTACK_REMOTE, "no cell below the labels holds a mark");
        bulletin_free(b);
        b = extract_attacks("○ |\n|\n|\n");
        check_undetermined(b, FIELD_ATTACK_REMOTE, "fewer than nine cells");
        bulletin_free(b);
        b = extract_attacks("○ |\n? |\n|\n|\n|\n|\n|\n|\n|\n");
        check_field(b, FIELD_ATTACK_REMOTE, ANSWER_YES);
        check_undetermined(b, FIELD_ATTACK_WORM, "not hold a known mark");
        bulletin_free(b);
}
END_TEST

#define LABELS \
        "<tr><td>リモート攻撃</td><td>ウイルス/<br>ワーム</td><td>電子メール添付</td><td>Webサイトへの誘導</td><td>コードの実行</td>" \
        "<td>特権の昇格</td><td>情報の漏えい</td><td>サービス拒否</td><td>なりすまし</td></tr>"

static struct bulletin *extract_attack_images(const char *first, const char *others)
{
        GString *html = g_string_new("<p>MS07-901/990101</p><p>欠陥</p><p>(脆弱性)</p><p>対応の緊急性:早期適用</p>"
                                     "<table><tr><td colspan=9>可能性のある攻撃</td></tr>" LABELS "<tr>");
        for (int i = 0; i < 11; i++)
                g_string_append_printf(html, "<td>%s</td>", i == 0 ? first : others);
        g_string_append(html, "</tr></table><p>■注意</p>");
        struct bulletin *b = extract_html(html->str);
        g_string_free(html, TRUE);
        return b;
}

START_TEST(test_attack_row_of_images)
{
        struct bulletin *b = extract_attack_images("<img src=maru>", "");
        check_field(b, FIELD_ATTACK_REMOTE, ANSWER_YES);
        check_field(b, FIELD_IMPACT_SPOOFING, ANSWER_NO);
        bulletin_free(b);
        b = extract_attack_images("<img src=maru alt=○>", "<img src=spacer>");
        check_field(b, FIELD_ATTACK_REMOTE, ANSWER_YES);
        check_field(b, FIELD_IMPACT_SPOOFING, ANSWER_NO);
        bulletin_free(b);
        b = extract_attack_images("<img src=m1.gif>", "<img src=m0.gif>");
        check_undetermined(b, FIELD_ATTACK_REMOTE, "not hold a known mark");
        bulletin_free(b);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("hotfix_fields");
        TCase *tcase = tcase_create("fields");
        tcase_add_test(tcase, test_restart);
        tcase_add_test(tcase, test_the_text_of_a_value_by_product);
        tcase_add_test(tcase, test_uninstall_exploit_code_and_measure);
        tcase_add_test(tcase, test_ids_in_the_top);
        tcase_add_test(tcase, test_urgency_sources);
        tcase_add_test(tcase, test_urgency_contradictions);
        tcase_add_test(tcase, test_urgency_is_no_search_for_words);
        tcase_add_test(tcase, test_remarks);
        tcase_add_test(tcase, test_remark_texts);
        tcase_add_test(tcase, test_dates);
        tcase_add_test(tcase, test_date_warnings);
        tcase_add_test(tcase, test_titles);
        tcase_add_test(tcase, test_a_second_identifier_is_noted);
        tcase_add_test(tcase, test_an_identifier_over_two_lines);
        tcase_add_test(tcase, test_link_lines_are_no_values);
        tcase_add_test(tcase, test_labels_broken_or_with_bullets);
        tcase_add_test(tcase, test_a_forwarders_preface);
        tcase_add_test(tcase, test_attack_row);
        tcase_add_test(tcase, test_attack_row_of_images);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
