/* SPDX-License-Identifier: MIT */
/* Several readings of one mail: which of them complete each other, and which of several bulletins is kept. */
#include <string.h>

#include "common/limits.h"
#include "ingest/reader.h"
#include "tests/support.h"

/* What varies in a bulletin of our own. A NULL leaves the line out. */
struct facts {
        const char *id, *updated, *title, *restart, *link;
        int severity;     /* 1 to 4, the option that is marked; 0: none is */
        const char *urgency;
        const char *affected; /* a product */
};

static const char *const options[] = { "1(緊急)", "2(重要)", "3(警告)", "4(注意)" };

static void add_line(GString *out, const char *before, const char *value, const char *behind)
{
        if (value)
                g_string_append_printf(out, "%s%s%s", before, value, behind);
}

/* Rendering L. */
static char *make_text(const struct facts *f)
{
        GString *out = g_string_new("HotFix Alert:2007/06/13版\n\n");
        if (f->updated)
                g_string_append_printf(out, "【登録日】2007/06/13\n【更新日】%s\n\n", f->updated);
        g_string_append(out, "深刻度\n");
        for (int i = 0; i < 4; i++)
                g_string_append_printf(out, "%s%s\n", f->severity == 0 || i + 1 == f->severity ? "" : "  ", options[i]);
        g_string_append(out, "攻撃コードの有無\nなし\n");
        add_line(out, "対策\n", f->urgency, "\n");
        add_line(out, "再起動の必要性\n", f->restart, "\n");
        g_string_append(out, "アンインストール\n可能\n対象環境\nサーバ\n  クライアント\n脆弱性識別番号\nCVE-2007-9999\n");
        add_line(out, "", f->id, "/999001\n");
        add_line(out, "", f->id ? f->title : NULL, "\n");
        add_line(out, "対応の緊急性:", f->urgency, " [攻撃コード未公開][攻撃事例なし]\n\n");
        add_line(out, "概要\n\n試験の文。\n", f->link, "\n");
        if (!f->link)
                g_string_append(out, "概要\n\n試験の文。\n");
        return g_string_free(out, FALSE);
}

/* Rendering H. */
static char *make_html(const struct facts *f)
{
        GString *out = g_string_new("<html><body><p>HotFix Alert:2007/06/13版</p>");
        add_line(out, "<p>【登録日】2007/06/13<br>【更新日】", f->updated, "</p>");
        g_string_append(out, "<table><tr><td>深刻度</td><td><table>");
        for (int i = 0; i < 4; i++)
                g_string_append_printf(out, "<tr><td>%s</td><td>%s</td></tr>", i + 1 == f->severity ? "→" : "", options[i]);
        g_string_append(out, "</table></td></tr><tr><td>攻撃コードの有無</td><td>なし</td></tr>");
        add_line(out, "<tr><td>対策</td><td>", f->urgency, "</td></tr>");
        add_line(out, "<tr><td>再起動の必要性</td><td>", f->restart, "</td></tr>");
        g_string_append(out, "<tr><td>アンインストール</td><td>可能</td></tr></table>");
        add_line(out, "<p>", f->id, "/999001</p>");
        add_line(out, "<p>", f->id ? f->title : NULL, "</p>");
        add_line(out, "<p>対応の緊急性:", f->urgency, " [攻撃コード未公開][攻撃事例なし]</p>");
        g_string_append(out, "<h2>概要</h2><p>試験の文。</p>");
        add_line(out, "<p><a href=\"", f->link, "\">詳しい説明</a></p>");
        add_line(out,
                 "<h2>対象プラットフォーム</h2><table><tr><td>影響を受けるソフトウェア</td><td>対象プラットフォーム</td></tr><tr><td>",
                 f->affected, "</td><td>Windows</td></tr></table>");
        g_string_append(out, "</body></html>");
        return g_string_free(out, FALSE);
}

static struct reader_result read_parts(const char *kind, const char *const *types, char *const *bodies, size_t count)
{
        g_autoptr(GString) mail = g_string_new("From: a@example.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\n");
        g_string_append_printf(mail, "Content-Type: multipart/%s; boundary=b\r\n\r\n", kind);
        for (size_t i = 0; i < count; i++)
                g_string_append_printf(mail, "--b\r\nContent-Type: %s; charset=utf-8\r\n\r\n%s\r\n", types[i], bodies[i]);
        g_string_append(mail, "--b--\r\n");
        struct reader_result result;
        reader_read(mail->str, mail->len, READER_MAIL, &result);
        ck_assert_msg(result.outcome == READER_RECOGNISED, "%s", result.reason);
        return result;
}

static struct reader_result read_alternative(const struct facts *text, const struct facts *html)
{
        static const char *const types[] = { "text/plain", "text/html" };
        g_autofree char *lines = make_text(text), *page = make_html(html);
        return read_parts("alternative", types, (char *[]) { lines, page }, 2);
}

/* Each as a mail inside the mail. */
static struct reader_result read_messages(const struct facts *facts, size_t count)
{
        const char *types[8] = { NULL };
        char *bodies[8] = { NULL };
        for (size_t i = 0; i < count; i++) {
                g_autofree char *text = make_text(&facts[i]);
                types[i] = "message/rfc822";
                bodies[i] = g_strconcat("Subject: y\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", text, NULL);
        }
        struct reader_result result = read_parts("mixed", types, bodies, count);
        for (size_t i = 0; i < count; i++)
                g_free(bodies[i]);
        return result;
}

static bool has_warning(const struct reader_result *result, const char *part)
{
        for (guint i = 0; i < result->bulletin->warnings->len; i++)
                if (strstr(g_ptr_array_index(result->bulletin->warnings, i), part))
                        return true;
        return false;
}

static int value_of(const struct reader_result *result, enum bulletin_field field)
{
        return result->bulletin->fields[field].value;
}

#define USUAL { .id = "MS07-099", .updated = "2007/06/14", .title = "試験の題名", .restart = "必要", .severity = 2, \
                .urgency = "早期適用" }

/* The page has the marks that the text lost, the text what the page lacks. */
START_TEST(a_field_that_one_lacks_comes_from_the_other)
{
        struct facts text = USUAL, html = USUAL;
        text.severity = 0;
        html.updated = NULL;
        html.restart = NULL;
        html.affected = "試験用部品";
        struct reader_result result = read_alternative(&text, &html);
        ck_assert_int_eq(value_of(&result, FIELD_SEVERITY), SEVERITY_IMPORTANT);
        ck_assert_int_eq(result.bulletin->fields[FIELD_SEVERITY].basis, BASIS_STATED);
        ck_assert_ptr_null(result.bulletin->fields[FIELD_SEVERITY].reason);
        ck_assert_int_eq(value_of(&result, FIELD_RESTART), RESTART_REQUIRED);
        ck_assert_int_eq(value_of(&result, FIELD_ENVIRONMENT_SERVER), ANSWER_YES);
        ck_assert_str_eq(result.bulletin->updated, "2007-06-14");
        ck_assert_str_eq(result.bulletin->registered, "2007-06-13");
        ck_assert_uint_eq(result.bulletin->affected->len, 1);
        ck_assert_uint_eq(result.bulletin->cves->len, 1);
        ck_assert(!has_warning(&result, "disagree"));
        reader_result_clear(&result);
}
END_TEST

START_TEST(dates_come_from_the_one_that_has_them)
{
        for (int i = 0; i < 2; i++) {
                struct facts text = USUAL, html = USUAL;
                (i ? &text : &html)->updated = NULL;
                struct reader_result result = read_alternative(&text, &html);
                ck_assert_str_eq(result.bulletin->updated, "2007-06-14");
                ck_assert_str_eq(result.bulletin->registered, "2007-06-13");
                ck_assert(!has_warning(&result, "date")); /* as one of them says by itself */
                reader_result_clear(&result);
        }
        struct facts none = USUAL;
        none.updated = NULL;
        struct reader_result result = read_alternative(&none, &none);
        ck_assert(has_warning(&result, "the mail states no registration date"));
        reader_result_clear(&result);
}
END_TEST

/* In the list and in the warnings alike. */
START_TEST(a_label_is_missing_if_both_miss_it)
{
        struct facts text = USUAL, html = USUAL;
        html.restart = NULL;
        struct reader_result result = read_alternative(&text, &html);
        ck_assert(!has_warning(&result, "再起動の必要性"));
        ck_assert(!g_ptr_array_find_with_equal_func(result.labels.missing, "再起動の必要性", g_str_equal, NULL));
        reader_result_clear(&result);
        text.restart = NULL;
        result = read_alternative(&text, &html);
        ck_assert(has_warning(&result, "the label 再起動の必要性 is missing"));
        ck_assert(g_ptr_array_find_with_equal_func(result.labels.missing, "再起動の必要性", g_str_equal, NULL));
        reader_result_clear(&result);
}
END_TEST

/* The number itself may be what one of the two lacks. */
START_TEST(alternatives_need_no_number_to_be_the_same)
{
        struct facts text = USUAL, html = USUAL;
        text.severity = 0;
        html.id = NULL;
        struct reader_result result = read_alternative(&text, &html);
        ck_assert_str_eq(result.bulletin->id, "MS07-099");
        ck_assert_str_eq(result.bulletin->title, "試験の題名");
        ck_assert_int_eq(value_of(&result, FIELD_SEVERITY), SEVERITY_IMPORTANT);
        ck_assert(!has_warning(&result, "also holds"));
        ck_assert(!has_warning(&result, "identifier line"));
        reader_result_clear(&result);
}
END_TEST

START_TEST(links_of_the_page_are_kept)
{
        struct facts text = USUAL, html = USUAL;
        text.link = "http://www.example.jp/text";
        html.link = "http://www.example.jp/page";
        struct reader_result result = read_alternative(&text, &html);
        ck_assert_uint_eq(result.bulletin->links->len, 2);
        const struct link *first = g_ptr_array_index(result.bulletin->links, 0);
        ck_assert_str_eq(first->url, "http://www.example.jp/page");
        ck_assert_str_eq(first->text, "詳しい説明");
        reader_result_clear(&result);
}
END_TEST

/* What a mail program makes of a text that is forwarded as a page: its own table of headers, then lines. What the page's own
 * reading makes of the pipes or quotes counts for nothing but its links. */
START_TEST(text_inside_a_page_is_read_as_text)
{
        static const char *const before[] = { "&gt; ", "" }, *const behind[] = { "", " |" };
        for (int i = 0; i < 2; i++) {
                struct facts facts = USUAL;
                facts.title = "試験の題名";
                g_autofree char *text = make_text(&facts);
                g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
                GString *page = g_string_new("<html><table><tr><th>件名:</th><td>転送</td></tr></table>");
                for (char **line = lines; *line; line++) {
                        size_t indent = strspn(*line, " ");
                        bool chosen = g_str_has_prefix(*line, "2(重要)") || strcmp(*line, "サーバ") == 0;
                        bool option = g_ascii_isdigit((*line)[indent]) || strstr(*line, "クライアント") || chosen;
                        if (i == 1 && option)
                                g_string_append(page, chosen ? "<div>→ |</div>" : "<div>|</div>");
                        g_string_append_printf(page, "<div>%s%s%s%s</div>\n", before[i],
                                               i == 0 && indent ? "&nbsp;&nbsp;" : "", *line + indent, **line ? behind[i] : "");
                }
                g_string_append(page, "<a href=\"http://www.example.jp/x\">詳しい説明</a></html>");
                static const char *const types[] = { "text/plain", "text/html" };
                g_autofree char *html = g_string_free(page, FALSE);
                struct reader_result result = read_parts("alternative", types, (char *[]) { text, html }, 2);
                ck_assert_str_eq(result.bulletin->id, "MS07-099");
                ck_assert(!has_warning(&result, "disagree"));
                reader_result_clear(&result);
                result = read_parts("mixed", types + 1, &html, 1);
                ck_assert_str_eq(result.bulletin->id, "MS07-099");
                ck_assert_int_eq(value_of(&result, FIELD_SEVERITY), SEVERITY_IMPORTANT);
                ck_assert_int_eq(value_of(&result, FIELD_UNINSTALL), UNINSTALL_POSSIBLE);
                ck_assert_int_eq(value_of(&result, FIELD_ENVIRONMENT_CLIENT), ANSWER_NO);
                ck_assert_uint_eq(result.bulletin->links->len, 1);
                ck_assert(!has_warning(&result, "disagree"));
                reader_result_clear(&result);
        }
}
END_TEST

START_TEST(contradictions_are_told)
{
        struct facts text = USUAL, html = USUAL;
        html.restart = "不要";
        html.severity = 1;
        struct reader_result result = read_alternative(&text, &html);
        ck_assert_int_eq(value_of(&result, FIELD_SEVERITY), SEVERITY_CRITICAL);
        ck_assert(has_warning(&result, "disagree in severity (important and critical); the more severe one counts"));
        ck_assert(has_warning(&result, "disagree in restart (required and not-required); the part that says more"));
        ck_assert_int_eq(value_of(&result, FIELD_RESTART), RESTART_REQUIRED);
        reader_result_clear(&result);
}
END_TEST

/* The first says more of itself than the one that matters more. */
START_TEST(the_most_severe_bulletin_is_kept_and_nothing_is_mixed)
{
        const struct facts mild = { .id = "MS07-098", .updated = "2007/06/14", .title = "軽い題名", .restart = "必要",
                                    .severity = 3, .urgency = "適用の検討" };
        const struct facts severe = { .id = "MS07-099", .updated = "2007/06/14", .severity = 1, .urgency = "至急適用" };
        const struct facts both[] = { mild, severe }, turned[] = { severe, mild };
        for (int i = 0; i < 2; i++) {
                struct reader_result result = read_messages(i ? turned : both, 2);
                ck_assert_str_eq(result.bulletin->id, "MS07-099");
                ck_assert_int_eq(value_of(&result, FIELD_SEVERITY), SEVERITY_CRITICAL);
                ck_assert(g_strcmp0(result.bulletin->title, "軽い題名") != 0);
                ck_assert_int_eq(value_of(&result, FIELD_RESTART), 0);
                ck_assert(has_warning(&result, "also holds the bulletin MS07-098, which is not recorded"));
                ck_assert(!has_warning(&result, "disagree"));
                reader_result_clear(&result);
        }
}
END_TEST

START_TEST(an_undetermined_bulletin_is_above_all)
{
        const struct facts several[] = {
                { .id = "MS07-097", .updated = "2007/06/14", .title = "a", .severity = 1, .urgency = "至急適用" },
                { .id = "MS07-098", .updated = "2007/06/14" },
                { .id = "MS07-099", .updated = "2007/06/14", .title = "c", .severity = 2, .urgency = "早期適用" },
        };
        struct reader_result result = read_messages(several, 3);
        ck_assert_str_eq(result.bulletin->id, "MS07-098");
        ck_assert(has_warning(&result, "also holds 2 other bulletins (MS07-097, MS07-099)"));
        reader_result_clear(&result);
}
END_TEST

/* One without a number in a mail of its own may be any bulletin; in the same mail it is a poor copy. */
START_TEST(a_bulletin_without_a_number)
{
        struct facts nameless = { .updated = "2007/06/14", .restart = "必要" }, named = USUAL;
        const struct facts both[] = { named, nameless };
        struct reader_result result = read_messages(both, 2);
        ck_assert_ptr_null(result.bulletin->id);
        ck_assert(has_warning(&result, "also holds the bulletin MS07-099"));
        reader_result_clear(&result);
        static const char *const types[] = { "text/plain", "text/html" };
        g_autofree char *lines = make_text(&nameless), *page = make_html(&named);
        result = read_parts("mixed", types, (char *[]) { lines, page }, 2);
        ck_assert_str_eq(result.bulletin->id, "MS07-099");
        ck_assert(!has_warning(&result, "also holds"));
        reader_result_clear(&result);
}
END_TEST

START_TEST(of_two_revisions_the_later_one_is_kept)
{
        struct facts first = USUAL, second = USUAL;
        second.updated = "2007/06/20";
        second.restart = NULL;
        const struct facts both[] = { first, second };
        struct reader_result result = read_messages(both, 2);
        ck_assert_str_eq(result.bulletin->updated, "2007-06-20");
        ck_assert_int_eq(value_of(&result, FIELD_RESTART), 0);
        ck_assert(has_warning(&result, "also holds the bulletin MS07-099 of 2007-06-14"));
        reader_result_clear(&result);
}
END_TEST

START_TEST(a_hundred_bulletins_are_named_in_one_warning)
{
        static const char *types[99];
        char *bodies[99];
        for (int i = 0; i < 99; i++) {
                g_autofree char *id = g_strdup_printf("MS07-%03d", i + 1);
                const struct facts facts = { .id = id, .updated = "2007/06/14", .severity = i == 50 ? 1 : 2, .urgency = "早期適用" };
                types[i] = "text/plain";
                bodies[i] = make_text(&facts);
        }
        struct reader_result result = read_parts("mixed", types, bodies, 99);
        ck_assert_str_eq(result.bulletin->id, "MS07-051");
        ck_assert(has_warning(&result, "also holds 98 other bulletins (MS07-"));
        ck_assert_uint_lt(result.bulletin->warnings->len, 10);
        reader_result_clear(&result);
        for (int i = 0; i < 99; i++)
                g_free(bodies[i]);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("reader_merge");
        TCase *c = tcase_create("reader_merge");
        tcase_add_checked_fixture(c, reader_prepare, NULL);
        tcase_add_test(c, a_field_that_one_lacks_comes_from_the_other);
        tcase_add_test(c, dates_come_from_the_one_that_has_them);
        tcase_add_test(c, a_label_is_missing_if_both_miss_it);
        tcase_add_test(c, alternatives_need_no_number_to_be_the_same);
        tcase_add_test(c, links_of_the_page_are_kept);
        tcase_add_test(c, text_inside_a_page_is_read_as_text);
        tcase_add_test(c, contradictions_are_told);
        tcase_add_test(c, the_most_severe_bulletin_is_kept_and_nothing_is_mixed);
        tcase_add_test(c, an_undetermined_bulletin_is_above_all);
        tcase_add_test(c, a_bulletin_without_a_number);
        tcase_add_test(c, of_two_revisions_the_later_one_is_kept);
        tcase_add_test(c, a_hundred_bulletins_are_named_in_one_warning);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
