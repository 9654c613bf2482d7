/* SPDX-License-Identifier: MIT */
/* The CSAF document: what is in it, what is left out, and that its parts fit together. */
#include <jansson.h>
#include <string.h>

#include "common/bulletin_csaf.h"
#include "tests/support.h"

static void set(struct bulletin *b, enum bulletin_field field, int value, const char *text)
{
        bulletin_set_field(b, field, BASIS_STATED, value, text, NULL);
}

static struct bulletin *sample(void)
{
        struct bulletin *b = bulletin_new();
        b->feed = g_strdup("hotfix-report");
        b->kind = BULLETIN_ALERT;
        b->id = g_strdup("MS07-099");
        b->title = g_strdup("見本エンジンの誤りにより、命令が実行される危険性");
        b->vendor_title = g_strdup("見本エンジンの脆弱性 (999999)");
        g_strlcpy(b->registered, "2007-05-11", sizeof b->registered);
        g_strlcpy(b->updated, "2007-05-14", sizeof b->updated);
        set(b, FIELD_SEVERITY, SEVERITY_CRITICAL, "1(緊急)");
        set(b, FIELD_MEASURE, URGENCY_IMMEDIATE, "至急適用");
        set(b, FIELD_RESTART, RESTART_CONDITIONAL, "不要(必要な場合あり)");
        set(b, FIELD_EXPLOIT_CODE, EXPLOIT_NONE_STATED, "なし");
        set(b, FIELD_IMPACT_CODE_EXECUTION, ANSWER_YES, NULL);
        set(b, FIELD_IMPACT_SPOOFING, ANSWER_NO, NULL);
        bulletin_set_undetermined(b, FIELD_UNINSTALL, "?", "the line is empty");
        g_ptr_array_add(b->kbs, g_strdup("999999"));
        static const char *const cves[] = { "CVE-2007-9999", "CAN-2007-9998", "CVE-2007-9999", "CVE-07-1", "CVE-2007-12x" };
        for (size_t i = 0; i < G_N_ELEMENTS(cves); i++)
                g_ptr_array_add(b->cves, g_strdup(cves[i]));
        g_ptr_array_add(b->affected, affected_new("見本エンジン 2.0", "Windows XP SP2"));
        g_ptr_array_add(b->affected, affected_new("見本エンジン 3.0", NULL));
        g_ptr_array_add(b->affected, affected_new("見本エンジン 3.0", ""));
        g_ptr_array_add(b->affected, affected_new(NULL, NULL));
        g_ptr_array_add(b->sections, section_new("‥‥‥ 概要 ‥‥‥", "文字列の長さを確かめない。"));
        g_ptr_array_add(b->sections, section_new("回避策", "切る。"));
        g_ptr_array_add(b->sections, section_new("空", ""));
        g_ptr_array_add(b->links, link_new("MS07-099(日本)", "https://www.example.com/ms07-099?a=1&b=2"));
        g_ptr_array_add(b->links, link_new("x", "javascript:alert(1)"));
        g_ptr_array_add(b->links, link_new("y", "https://www.example.com/\"><b"));
        return b;
}

static json_t *csaf_of(const struct bulletin *b, const struct csaf_revision *revisions, size_t count)
{
        g_autofree char *text = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(bulletin_to_csaf(b, "the-key", revisions, count, &text, &err) == 0, "%s", error_text(&err));
        json_t *csaf = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_ptr_nonnull(csaf);
        return csaf;
}

/* What stands at a path such as "document/tracking/0/id"; "" if it is no text. */
static const char *at(const json_t *json, const char *path)
{
        g_auto(GStrv) parts = g_strsplit(path, "/", -1);
        for (char **part = parts; *part; part++)
                json = json_is_array(json) ? json_array_get(json, (size_t) g_ascii_strtoull(*part, NULL, 10))
                                           : json_object_get(json, *part);
        return json_is_string(json) ? json_string_value(json) : "";
}

static size_t length(const json_t *csaf, const char *top, const char *key)
{
        return json_array_size(json_object_get(json_object_get(csaf, top), key));
}

START_TEST(an_advisory)
{
        g_autoptr(bulletin_t) b = sample();
        json_t *csaf = csaf_of(b, NULL, 0);
        static const char *const expected[][2] = {
                { "document/category", "csaf_security_advisory" },
                { "document/csaf_version", "2.0" },
                { "document/title", "MS07-099: 見本エンジンの誤りにより、命令が実行される危険性" },
                { "document/aggregate_severity/text", "1(緊急)" },
                { "document/publisher/name", "hotfix-report" },
                { "document/tracking/id", "MS07-099" },
                { "document/tracking/version", "1" },
                { "document/tracking/initial_release_date", "2007-05-14T00:00:00+09:00" },
                { "document/notes/0/text", "深刻度: 1(緊急)\n対策: 至急適用\n攻撃コードの有無: なし\n" },
                { "document/notes/1/category", "summary" },
                { "document/notes/2/category", "details" },
                { "document/notes/2/title", "回避策" },
                { "document/references/0/url", "https://www.example.com/ms07-099?a=1&b=2" },
                { "document/references/0/summary", "MS07-099(日本)" },
                { "product_tree/full_product_names/0/name", "見本エンジン 2.0 (Windows XP SP2)" },
                { "product_tree/full_product_names/1/product_id", "CSAFPID-0002" },
                { "vulnerabilities/0/cve", "CVE-2007-9999" },
                { "vulnerabilities/1/cve", "CVE-2007-9998" },
                { "vulnerabilities/0/ids/0/text", "MS07-099" },
                { "vulnerabilities/0/product_status/known_affected/1", "CSAFPID-0002" },
                { "vulnerabilities/0/remediations/0/details", "KB999999: 至急適用" },
                { "vulnerabilities/0/remediations/0/product_ids/1", "CSAFPID-0002" },
                { "vulnerabilities/0/remediations/0/restart_required/category", "system" },
                { "vulnerabilities/0/remediations/0/restart_required/details", "不要(必要な場合あり)" },
                { "vulnerabilities/0/threats/0/category", "exploit_status" },
                { "vulnerabilities/0/threats/1/category", "impact" },
                { "vulnerabilities/0/threats/2/category", "" }, /* "no" is no threat */
        };
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                const char *value = at(csaf, expected[i][0]);
                ck_assert_msg(i == 8 ? g_str_has_prefix(value, "深刻度: 1(緊急)\n対策: 至急適用\n") : strcmp(value, expected[i][1]) == 0,
                              "%s is \"%s\"", expected[i][0], value);
        }
        ck_assert_ptr_null(strstr(at(csaf, "document/notes/0/text"), "?")); /* what is undetermined says nothing */
        ck_assert_uint_eq(length(csaf, "document", "notes"), 3);
        ck_assert_uint_eq(length(csaf, "document", "references"), 1);
        ck_assert_uint_eq(length(csaf, "product_tree", "full_product_names"), 2);
        ck_assert_uint_eq(json_array_size(json_object_get(csaf, "vulnerabilities")), 2);
        json_decref(csaf);
}
END_TEST

START_TEST(revisions_are_its_history)
{
        static const struct csaf_revision revisions[] = {
                { "2007-05-11", "2007-05-11" }, { "2007-05-11", "" }, { "", "" }, { "2007-05-11", "2007-05-10" },
                { "2007-05-11", "2007-05-14" },
        };
        g_autoptr(bulletin_t) b = sample();
        json_t *csaf = csaf_of(b, revisions, G_N_ELEMENTS(revisions));
        ck_assert_str_eq(at(csaf, "document/tracking/initial_release_date"), "2007-05-11T00:00:00+09:00");
        ck_assert_str_eq(at(csaf, "document/tracking/current_release_date"), "2007-05-14T00:00:00+09:00");
        ck_assert_str_eq(at(csaf, "document/tracking/version"), "2");
        ck_assert_str_eq(at(csaf, "document/tracking/revision_history/1/number"), "2");
        ck_assert_str_eq(at(csaf, "document/tracking/revision_history/2/number"), "");
        json_decref(csaf);
}
END_TEST

/* No products, no ids, another kind: no advisory, and no empty list or text anywhere. */
START_TEST(little_is_known)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        b->kind = BULLETIN_NEWS;
        b->mail.date = g_strdup("2008-01-15T09:00:00+09:00");
        b->mail.subject = g_strdup("件名");
        json_t *csaf = csaf_of(b, NULL, 0);
        ck_assert_str_eq(at(csaf, "document/category"), "csaf_base");
        ck_assert_str_eq(at(csaf, "document/title"), "件名");
        ck_assert_str_eq(at(csaf, "document/tracking/id"), "the-key");
        ck_assert_str_eq(at(csaf, "document/tracking/current_release_date"), "2008-01-15T00:00:00+09:00");
        ck_assert_uint_eq(json_object_size(csaf), 1);
        ck_assert_ptr_null(json_object_get(json_object_get(csaf, "document"), "notes"));
        ck_assert_ptr_null(json_object_get(json_object_get(csaf, "document"), "references"));
        json_decref(csaf);
        g_clear_pointer(&b->mail.date, g_free);
        b->mail.date = g_strdup("2008-13-15 or so");
        char *text = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletin_to_csaf(b, "k", NULL, 0, &text, &err), -ERR_NOT_FOUND);
        ck_assert_ptr_null(text);
        error_clear(&err);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("bulletin_csaf");
        TCase *c = tcase_create("csaf");
        tcase_add_test(c, an_advisory);
        tcase_add_test(c, revisions_are_its_history);
        tcase_add_test(c, little_is_known);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
