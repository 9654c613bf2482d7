/* SPDX-License-Identifier: MIT */
/* What a notification says: headline, lead, facts, changes, and that nothing hostile of a bulletin gets into it. */
#include <glib.h>

#include "common/text.h"
#include "tests/notify_fake.h"

static const char *fact(const struct message *m, const char *label)
{
        for (guint i = 0; i < m->facts->len; i++) {
                const struct message_fact *f = g_ptr_array_index(m->facts, i);
                if (g_str_equal(f->label, label))
                        return f->value;
        }
        return "(no such fact)";
}

START_TEST(a_new_alert)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        ck_assert_str_eq(m->kind, "new");
        ck_assert_str_eq(m->headline, "[緊急][至急適用] MS07-099 見本エンジンの入力検査の誤りにより、遠隔から任意の命令が実行される危険性");
        ck_assert_str_eq(m->lead, "New alert: severity critical, urgency immediate.");
        ck_assert_str_eq(m->route, "ops");
        ck_assert_str_eq(m->reason, "severity critical is at or above important");
        ck_assert_str_eq(m->bulletin_id, "MS07-099");
        ck_assert_int_eq(m->severity, SEVERITY_CRITICAL);
        ck_assert_int_eq(m->urgency, URGENCY_IMMEDIATE);
        ck_assert_str_eq(fact(m, "深刻度"), "1(緊急)");
        ck_assert_str_eq(fact(m, "緊急性"), "至急適用");
        ck_assert_str_eq(fact(m, "対策"), "至急適用");
        ck_assert_str_eq(fact(m, "再起動"), "不要(必要な場合あり)");
        ck_assert_str_eq(fact(m, "アンインストール"), "undetermined (the line is empty)");
        ck_assert_str_eq(fact(m, "対象環境"), bulletin_field_label(FIELD_ENVIRONMENT_SERVER));
        ck_assert_str_eq(fact(m, "攻撃コード"), "なし / 攻撃コード未公開");
        ck_assert_str_eq(fact(m, "攻撃事例"), "攻撃事例なし");
        ck_assert_str_eq(fact(m, "影響を受けるソフトウェア"), "見本エンジン 2.0 (Windows XP SP2)\n見本エンジン 3.0");
        ck_assert_str_eq(fact(m, "CVE"), "CVE-2007-9999");
        ck_assert_str_eq(fact(m, "KB"), "KB999999");
        ck_assert_str_eq(fact(m, "登録日"), "2007-05-11");
        ck_assert_str_eq(fact(m, "更新日"), "2007-05-14");
        ck_assert_uint_eq(m->facts->len, 13);
        ck_assert_str_eq(m->excerpt, "見本エンジンは、受け取った文字列の長さを確かめない。\n細工されたページを開くと、命令が実行される。");
        ck_assert_uint_eq(m->links->len, 1);
        message_free(m);
        message_free(NULL);
}
END_TEST

START_TEST(undetermined_is_said)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        bulletin_set_undetermined(b, FIELD_SEVERITY, "?", "four options are marked");
        struct message *m = fake_message(b, ACTION_NEW);
        ck_assert(g_str_has_prefix(m->headline, "[severity undetermined][至急適用] MS07-099 "));
        ck_assert_str_eq(m->lead, "New alert: severity undetermined, urgency immediate.");
        ck_assert_str_eq(fact(m, "深刻度"), "undetermined (four options are marked)");
        ck_assert_int_eq(message_weight(m), WEIGHT_UNKNOWN);
        message_free(m);

        b->fields[FIELD_URGENCY].present = false; /* an alert always has an urgency, known or not */
        m = fake_message(b, ACTION_NEW);
        ck_assert(g_str_has_prefix(m->headline, "[severity undetermined][urgency undetermined] MS07-099 "));
        ck_assert_str_eq(m->lead, "New alert whose severity and urgency could not be determined: please read it and decide.");
        ck_assert_str_eq(fact(m, "緊急性"), "undetermined");
        message_free(m);
}
END_TEST

static struct message *message_after(const struct bulletin *b, enum route_action action, int severity, int urgency,
                                     const GPtrArray *changes)
{
        struct route_decision decision = { .action = action, .reason = (char *) "r", .compared = true,
                                           .before_severity = severity, .before_urgency = urgency };
        return message_for_bulletin(b, "ops", &decision, changes);
}

/* Of a bulletin that is critical and immediate, after what the severity and urgency were before. */
static const struct { enum route_action action; int severity, urgency; const char *lead; } lead_rows[] = {
        { ACTION_RAISED, 2, 4, "Severity raised from moderate to critical." },
        { ACTION_RAISED, 4, 1, "Urgency raised from wait to immediate." },
        { ACTION_RAISED, 3, 3, "Severity raised from important to critical, urgency raised from early to immediate." },
        { ACTION_RAISED, 0, 4, "Severity was undetermined and is now critical." },
        { ACTION_RAISED, 4, 4, "Now above the thresholds: severity critical, urgency immediate." },
        { ACTION_UPDATED, 4, 4, "Revised, and still above the thresholds: severity critical, urgency immediate." },
        { ACTION_LOWERED, 4, 4, "Not for this route any more: severity critical, urgency immediate." },
        { ACTION_LOWERED, 0, 4, "No longer above the thresholds: severity critical, urgency immediate." },
};

START_TEST(leads)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = message_after(b, lead_rows[_i].action, lead_rows[_i].severity, lead_rows[_i].urgency, NULL);
        ck_assert_str_eq(m->lead, lead_rows[_i].lead);
        message_free(m);
}
END_TEST

START_TEST(changes_of_a_revision)
{
        g_autoptr(bulletin_t) old = fake_bulletin();
        g_autoptr(bulletin_t) now = fake_bulletin();
        fake_field(old, FIELD_SEVERITY, SEVERITY_MODERATE, "3(警告)");
        g_autoptr(GPtrArray) changes = bulletin_diff(old, now);
        struct message *m = message_after(now, ACTION_RAISED, 2, 4, changes);
        ck_assert_uint_ge(m->changes->len, 1);
        g_autofree char *text = message_change_text(g_ptr_array_index(m->changes, 0));
        ck_assert_str_eq(text, "深刻度: 3(警告) → 1(緊急)");
        message_free(m);
        m = fake_message(now, ACTION_NEW); /* people who hear of it for the first time have nothing to compare */
        ck_assert_uint_eq(m->changes->len, 0);
        message_free(m);
}
END_TEST

static void free_change(gpointer change)
{
        bulletin_change_free(change);
}

START_TEST(many_changes_are_cut_those_that_matter_first)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(free_change);
        for (int i = 0; i < 30; i++) {
                struct bulletin_change *change = g_new0(struct bulletin_change, 1);
                change->path = g_strdup_printf("f%d", i);
                change->label = g_strdup_printf("欄%d", i);
                change->from = g_strnfill(5000, 'x');
                change->to = g_strdup("");
                change->matters = i >= 28;
                g_ptr_array_add(changes, change);
        }
        struct message *m = message_after(b, ACTION_UPDATED, 4, 4, changes);
        ck_assert_uint_eq(m->changes->len, 12);
        ck_assert_uint_eq(m->changes_left_out, 18);
        const struct message_change *first = g_ptr_array_index(m->changes, 0);
        ck_assert_str_eq(first->label, "欄28");
        ck_assert_int_eq(g_utf8_strlen(first->from, -1), 120);
        g_autofree char *text = message_change_text(first);
        ck_assert(g_str_has_suffix(text, " → (nothing)"));
        message_free(m);
}
END_TEST

/* Line ends, control characters, changes of direction and broken UTF-8 of a bulletin never reach a channel. */
START_TEST(hostile_text)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_free(b->title);
        b->title = g_strdup("a\r\nBcc: x@example.com\x1b[31m\xE2\x80\xAEgnp\xff\xfe \xE3\x80\x80  b\xE2\x80\xA8" "c");
        g_free(b->id);
        b->id = g_strdup("MS07-099\nX: y");
        fake_field(b, FIELD_RESTART, RESTART_REQUIRED, "必要\r\n\tHeader: z");
        bulletin_add_warning(b, "first\nsecond");
        struct message *m = fake_message(b, ACTION_NEW);
        ck_assert_str_eq(m->headline, "[緊急][至急適用] MS07-099 X: y a Bcc: x@example.com[31mgnp\uFFFD\uFFFD b c");
        ck_assert(g_utf8_validate(m->headline, -1, NULL));
        ck_assert_str_eq(m->bulletin_id, "MS07-099 X: y");
        ck_assert_str_eq(fact(m, "再起動"), "必要 Header: z");
        ck_assert_str_eq(g_ptr_array_index(m->warnings, 0), "first second");
        message_free(m);
}
END_TEST

START_TEST(long_text_is_cut)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_free(b->title);
        b->title = g_strnfill(5u << 20, 'A');
        g_autofree char *prose = g_strnfill(1u << 20, 'p');
        g_ptr_array_set_size(b->sections, 0);
        fake_section(b, "概要", prose);
        for (int i = 0; i < 500; i++) {
                g_ptr_array_add(b->affected, affected_new(prose, prose));
                g_ptr_array_add(b->cves, g_strdup("CVE-2007-0001"));
                g_autofree char *url = g_strdup_printf("https://www.example.com/%d", i);
                g_ptr_array_add(b->links, link_new("x", url));
                bulletin_add_warning(b, "w%d", i);
        }
        struct message *m = fake_message(b, ACTION_NEW);
        ck_assert_int_eq(g_utf8_strlen(m->headline, -1), 200);
        ck_assert(g_str_has_suffix(m->headline, "…"));
        ck_assert_int_eq(g_utf8_strlen(m->excerpt, -1), 600);
        ck_assert(g_str_has_suffix(fact(m, "影響を受けるソフトウェア"), "\n… and 494 more"));
        ck_assert(strlen(fact(m, "影響を受けるソフトウェア")) < 2500);
        ck_assert(g_str_has_suffix(fact(m, "CVE"), " and 481 more"));
        ck_assert_uint_eq(m->links->len, 10);
        ck_assert_uint_eq(m->warnings->len, 8);
        message_free(m);
}
END_TEST

/* White space that is thrown away does not hide that something was cut. */
START_TEST(cutting_says_so)
{
        g_autofree char *blanks = g_strnfill(100000, ' ');
        g_autofree char *text = g_strconcat("a", blanks, "b", NULL);
        g_autofree char *line = message_clean_line(text, 20);
        ck_assert_str_eq(line, "a…");
        g_autofree char *none = message_clean_line(NULL, 20);
        ck_assert_str_eq(none, "");
        g_autofree char *whole = message_clean_line(" 緊\u3000\n急 ", 3);
        ck_assert_str_eq(whole, "緊 急");
}
END_TEST

START_TEST(urls)
{
        static const struct { const char *url, *clean; } rows[] = {
                { "https://www.example.com/a?b=c&d=e#f", "https://www.example.com/a?b=c&d=e#f" },
                { " HTTP://www.example.com:8080/ ", "HTTP://www.example.com:8080/" },
                { "https://www.example.com/資料", "https://www.example.com/%E8%B3%87%E6%96%99" },
                { "http://[2001:db8::1]/", "http://[2001:db8::1]/" },
                { "http://example.com", "http://example.com" },
                { "javascript:alert(1)", NULL },
                { "data:text/html,x", NULL },
                { "ftp://example.com/", NULL },
                { "https://", NULL },
                { "https:///path", NULL },
                { "https://good.example.com@evil.example.net/", NULL },
                { "https://user:pass@evil.example.net/", NULL },
                { "https://exаmple.com/", NULL }, /* a Cyrillic а */
                { "https://example.com/a b", NULL },
                { "https://example.com/\"onclick=", NULL },
                { "https://example.com/<x>", NULL },
                { "https://example.com/a|b", NULL },
                { "https://example.com/\r\nX: y", NULL },
                { "www.example.com", NULL },
                { "", NULL },
        };
        g_autofree char *clean = message_clean_url(rows[_i].url);
        if (rows[_i].clean)
                ck_assert_pstr_eq(clean, rows[_i].clean);
        else
                ck_assert_msg(clean == NULL, "%s passed", rows[_i].url);
}
END_TEST

START_TEST(links_say_where_they_lead)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_ptr_array_set_size(b->links, 0);
        g_ptr_array_add(b->links, link_new("https://good.example.com/", "https://evil.example.net/"));
        g_ptr_array_add(b->links, link_new("ｗｗｗ.good.example.com", "https://evil.example.net/2"));
        g_ptr_array_add(b->links, link_new("again", "https://evil.example.net/"));
        g_ptr_array_add(b->links, link_new("run", "javascript:alert(1)"));
        g_ptr_array_add(b->links, link_new(NULL, "https://example.com/3"));
        g_ptr_array_add(b->links, link_new("no address", NULL));
        struct message *m = fake_message(b, ACTION_NEW);
        ck_assert_uint_eq(m->links->len, 3);
        for (guint i = 0; i < m->links->len; i++) {
                const struct link *link = g_ptr_array_index(m->links, i);
                ck_assert_str_eq(link->text, link->url);
        }
        message_free(m);
}
END_TEST

START_TEST(other_kinds)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        b->kind = BULLETIN_WEEKLY;
        b->mail.subject = g_strdup("今週のまとめ");
        struct message *m = fake_message(b, ACTION_NEW);
        ck_assert_str_eq(m->headline, "[weekly] 今週のまとめ");
        ck_assert_str_eq(m->lead, "New message of kind weekly.");
        ck_assert_uint_eq(m->facts->len, 0);
        ck_assert_ptr_null(m->excerpt);
        ck_assert_ptr_null(m->bulletin_id);
        message_free(m);
        g_clear_pointer(&b->mail.subject, g_free);
        m = fake_message(b, ACTION_NEW);
        ck_assert_str_eq(m->headline, "[weekly] (no title)");
        message_free(m);
}
END_TEST

START_TEST(history)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_autoptr(GPtrArray) top = g_ptr_array_new();
        for (int i = 0; i < 12; i++)
                g_ptr_array_add(top, b);
        struct message *m = message_for_history("mailbox work", "ops", 4711, 12, top);
        ck_assert_str_eq(m->kind, "summary");
        ck_assert_str_eq(m->headline, "[history] 4711 bulletins from mailbox work");
        ck_assert(g_str_has_prefix(m->lead, "12 of them are above the thresholds that lead here. They came in as history"));
        ck_assert_str_eq(message_lines_heading(m), "主なもの (the most severe)");
        ck_assert_uint_eq(m->lines->len, 10);
        ck_assert(g_str_has_prefix(g_ptr_array_index(m->lines, 0), "[緊急][至急適用] MS07-099 "));
        ck_assert(g_str_has_suffix(g_ptr_array_index(m->lines, 0), " (2007-05-14)"));
        ck_assert_int_eq(message_weight(m), WEIGHT_PLAIN);
        message_free(m);
        m = message_for_history("a\nb", "ops", 1, 1, NULL);
        ck_assert_str_eq(m->headline, "[history] 1 bulletin from a b");
        ck_assert(g_str_has_prefix(m->lead, "1 of them is above"));
        message_free(m);
        m = message_for_test("ops-slack");
        ck_assert_str_eq(m->kind, "test");
        ck_assert_str_eq(m->headline, "[訓練][test] hotfixd can reach channel ops-slack");
        message_free(m);
}
END_TEST

static struct message *health_message(bool recovered, const char *headline, GPtrArray *facts, GPtrArray *advice)
{
        struct health_report report = { .recovered = recovered, .condition = "drift:hotfix-report", .headline = headline,
                                        .lead = "Fields may be missing.", .reason = "a problem has begun", .facts = facts,
                                        .advice = advice, .bulletin_id = "MS07-099" };
        return message_for_health(&report);
}

static void free_fact(void *fact)
{
        message_fact_free(fact);
}

START_TEST(health)
{
        g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func(free_fact), advice = g_ptr_array_new();
        g_ptr_array_add(facts, message_fact_new("labels missing", "深刻度"));
        g_ptr_array_add(advice, (gpointer) "hotfixctl status");
        struct message *m = health_message(false, "hotfix-report: labels missing: 深刻度", facts, advice);
        ck_assert_str_eq(m->kind, "problem");
        ck_assert_str_eq(m->headline, "[hotfixd] hotfix-report: labels missing: 深刻度");
        ck_assert_str_eq(m->lead, "Fields may be missing.");
        ck_assert_str_eq(m->route, "health");
        ck_assert_str_eq(m->bulletin_id, "MS07-099");
        ck_assert_str_eq(fact(m, "condition"), "drift:hotfix-report");
        ck_assert_str_eq(fact(m, "labels missing"), "深刻度");
        ck_assert_str_eq(message_lines_heading(m), "対処 (what to do)");
        ck_assert_str_eq(g_ptr_array_index(m->lines, 0), "hotfixctl status");
        ck_assert_int_eq(message_weight(m), WEIGHT_PROBLEM);
        message_free(m);
        m = health_message(true, "x", NULL, NULL);
        ck_assert_str_eq(m->kind, "recovered");
        ck_assert_uint_eq(m->lines->len, 0);
        ck_assert_int_eq(message_weight(m), WEIGHT_RECOVERED);
        message_free(m);
}
END_TEST

/* Labels and names in it come from outside too. */
START_TEST(hostile_health)
{
        g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func(free_fact), advice = g_ptr_array_new();
        g_autofree char *much = g_strnfill(100000, 'x');
        for (unsigned i = 0; i < 100; i++) {
                g_ptr_array_add(facts, message_fact_new("a\nb", much));
                g_ptr_array_add(advice, much);
        }
        struct message *m = health_message(false, "a\r\nBcc: x@example.com\x1b[31m\xff", facts, advice);
        ck_assert_str_eq(m->headline, "[hotfixd] a Bcc: x@example.com[31m\uFFFD");
        ck_assert_uint_le(m->facts->len, 21);
        ck_assert_uint_le(m->lines->len, 10);
        const struct message_fact *f = g_ptr_array_index(m->facts, 1);
        ck_assert_str_eq(f->label, "a b");
        ck_assert_uint_le(strlen(f->value), 610);
        message_free(m);
        m = health_message(false, much, NULL, NULL);
        ck_assert_uint_le(strlen(m->headline), 210);
        message_free(m);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("message");
        TCase *c = tcase_create("bulletin");
        tcase_add_test(c, a_new_alert);
        tcase_add_test(c, undetermined_is_said);
        tcase_add_loop_test(c, leads, 0, G_N_ELEMENTS(lead_rows));
        tcase_add_test(c, changes_of_a_revision);
        tcase_add_test(c, many_changes_are_cut_those_that_matter_first);
        tcase_add_test(c, other_kinds);
        tcase_add_test(c, history);
        tcase_add_test(c, health);
        suite_add_tcase(s, c);
        c = tcase_create("hostile");
        tcase_add_test(c, hostile_health);
        tcase_add_test(c, hostile_text);
        tcase_add_test(c, long_text_is_cut);
        tcase_add_test(c, cutting_says_so);
        tcase_add_loop_test(c, urls, 0, 20);
        tcase_add_test(c, links_say_where_they_lead);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
