/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>

#include "common/bulletin.h"
#include "common/errors.h"
#include "tests/support.h"

static void add(GPtrArray *list, const char *text)
{
        g_ptr_array_add(list, g_strdup(text));
}

static void set_text(char **place, const char *text)
{
        g_free(*place);
        *place = g_strdup(text);
}

/* An alert with something in every list. */
static struct bulletin *sample(void)
{
        struct bulletin *b = bulletin_new();
        b->kind = BULLETIN_ALERT;
        set_text(&b->feed, "hotfix-report");
        set_text(&b->id, "MS31-001");
        add(b->kbs, "9000001");
        strcpy(b->edition, "2031-02-03");
        strcpy(b->registered, "2031-02-03");
        strcpy(b->updated, "2031-02-04");
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, SEVERITY_IMPORTANT, "2(重要)", NULL);
        bulletin_set_field(b, FIELD_URGENCY, BASIS_STATED, URGENCY_EARLY, "早期適用", NULL);
        bulletin_set_field(b, FIELD_RESTART, BASIS_STATED, RESTART_CONDITIONAL, "不要(必要な場合あり)", NULL);
        bulletin_set_field(b, FIELD_ENVIRONMENT_SERVER, BASIS_STATED, ANSWER_YES, "サーバ", NULL);
        bulletin_set_undetermined(b, FIELD_IMPACT_SPOOFING, NULL, "the marks are missing");
        set_text(&b->title, "部品の更新");
        set_text(&b->vendor_title, "部品の脆弱性により停止する (9000001)");
        add(b->supersedes, "MS30-050");
        add(b->cves, "CVE-2031-0001");
        g_ptr_array_add(b->affected, affected_new("Windows X", "SP1、SP2"));
        struct lab_test *test = lab_test_new("Windows X SP1");
        choice_set(&test->result, BASIS_STATED, TEST_OK, "○", NULL);
        g_ptr_array_add(b->tests, test);
        g_ptr_array_add(b->downloads, download_new("Windows X", "x86用", "可"));
        struct package *package = package_new("Windows X");
        package->file = package_file_new("x.exe", "2031-01-01", NULL, 1000, NULL, NULL);
        g_ptr_array_add(package->files, package_file_new("a.dll", "2031-01-01", "1.2", 2000, "部品", "System32"));
        g_ptr_array_add(b->packages, package);
        struct deployment *deployment = deployment_new("KB9000001", "Windows X");
        deployment->minutes[0] = 12;
        g_ptr_array_add(b->deployments, deployment);
        g_ptr_array_add(b->update_expert, update_expert_new("Windows X", "登録"));
        g_ptr_array_add(b->sections, section_new("概要", "部品が止まる。"));
        g_ptr_array_add(b->links, link_new("詳細", "http://example.com/1"));
        set_text(&b->mail.subject, "通知");
        add(b->warnings, "a warning");
        return b;
}

START_TEST(empty_is_complete)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        const GPtrArray *lists[] = { b->kbs,       b->supersedes, b->cves,          b->affected, b->tests,
                                     b->downloads, b->packages,   b->deployments,   b->update_expert,
                                     b->sections,  b->links,      b->mail.charsets, b->warnings, b->entries };
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
                ck_assert_ptr_nonnull(lists[i]);
                ck_assert_uint_eq(lists[i]->len, 0);
        }
        for (int field = 0; field < FIELD_MAX; field++)
                ck_assert(!b->fields[field].present);
        ck_assert_uint_eq(bulletin_count_determined(b), 0);
        bulletin_free(NULL);
        package_file_free(NULL);
        bulletin_change_free(NULL);
}
END_TEST

START_TEST(fields_are_consistent)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_INFERRED, SEVERITY_LOW, "4(注意)", "why");
        const struct choice *choice = &b->fields[FIELD_SEVERITY];
        ck_assert(choice->present && choice->basis == BASIS_INFERRED && choice->value == SEVERITY_LOW);
        ck_assert_str_eq(choice->text, "4(注意)");
        /* Its own texts may be given back. */
        bulletin_set_undetermined(b, FIELD_SEVERITY, choice->text, choice->reason);
        ck_assert(choice->present && choice->basis == BASIS_UNDETERMINED && choice->value == 0);
        ck_assert_str_eq(choice->text, "4(注意)");
        ck_assert_str_eq(choice->reason, "why");
        /* A value without a basis and a basis without a value are no value. */
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_UNDETERMINED, SEVERITY_LOW, NULL, NULL);
        ck_assert_int_eq(choice->value, 0);
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, 0, NULL, NULL);
        ck_assert_int_eq(choice->basis, BASIS_UNDETERMINED);
        ck_assert_ptr_null(choice->text);
}
END_TEST

START_TEST(warnings_are_bounded)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        g_autofree char *text = g_strnfill(100000, 'x');
        bulletin_add_warning(b, "%s %d", text, 1);
        ck_assert_uint_le(strlen(g_ptr_array_index(b->warnings, 0)), 1100);
        for (int i = 0; i < 1000; i++)
                bulletin_add_warning(b, "warning %d", i);
        ck_assert_uint_eq(b->warnings->len, BULLETIN_WARNINGS_MAX);
        ck_assert_str_eq(g_ptr_array_index(b->warnings, 1), "warning 0");
        ck_assert_str_eq(g_ptr_array_index(b->warnings, b->warnings->len - 1), "further warnings are left out");
}
END_TEST

START_TEST(names_go_both_ways)
{
        for (int f = 0; f < FIELD_MAX; f++) {
                enum bulletin_field field = (enum bulletin_field) f;
                ck_assert_ptr_nonnull(bulletin_field_path(field));
                ck_assert_ptr_nonnull(bulletin_field_label(field));
                ck_assert_ptr_nonnull(bulletin_field_english(field));
                ck_assert_ptr_null(bulletin_value_name(field, 0));
                ck_assert_ptr_null(bulletin_value_name(field, -1));
                ck_assert_ptr_null(bulletin_value_name(field, 99));
                ck_assert_int_eq(bulletin_value_parse(field, "no such value"), 0);
                ck_assert_int_eq(bulletin_value_parse(field, ""), 0);
                int value = 1;
                for (; bulletin_value_name(field, value); value++)
                        ck_assert_int_eq(bulletin_value_parse(field, bulletin_value_name(field, value)), value);
                ck_assert_int_ge(value, 3);
        }
        ck_assert_str_eq(bulletin_value_name(FIELD_SEVERITY, SEVERITY_CRITICAL), "critical");
        ck_assert_str_eq(bulletin_value_name(FIELD_URGENCY, URGENCY_IMMEDIATE), "immediate");
        ck_assert_str_eq(bulletin_value_name(FIELD_MEASURE, URGENCY_WAIT), "wait");
        ck_assert_str_eq(bulletin_value_name(FIELD_EXPLOIT_CODE, EXPLOIT_NONE_STATED), "none");
        ck_assert_str_eq(bulletin_value_name(FIELD_RESTART, RESTART_NOT_REQUIRED), "not-required");
        ck_assert_str_eq(bulletin_value_name(FIELD_UNINSTALL, UNINSTALL_NOT_POSSIBLE), "not-possible");
        ck_assert_str_eq(bulletin_value_name(FIELD_ATTACK_WEB, ANSWER_YES), "yes");
        ck_assert_str_eq(bulletin_value_label(FIELD_SEVERITY, SEVERITY_CRITICAL), "緊急");
        ck_assert_str_eq(bulletin_value_label(FIELD_MEASURE, URGENCY_IMMEDIATE), "至急適用");
        ck_assert_ptr_null(bulletin_value_label(FIELD_SEVERITY, 0));
        ck_assert_ptr_null(bulletin_value_label(FIELD_RESTART, RESTART_REQUIRED));
        ck_assert_str_eq(bulletin_field_path(FIELD_ENVIRONMENT_SERVER), "environments.server");
        for (int value = TEST_OK; value <= TEST_FAIL; value++)
                ck_assert_int_eq(test_result_parse(test_result_name(value)), value);
        ck_assert_ptr_null(test_result_name(0));
        for (int k = 0; k < BULLETIN_KIND_MAX; k++) {
                enum bulletin_kind kind = BULLETIN_KIND_MAX;
                ck_assert_int_eq(bulletin_kind_parse(bulletin_kind_name((enum bulletin_kind) k), &kind), 0);
                ck_assert_int_eq((int) kind, k);
        }
        enum bulletin_kind kind = BULLETIN_ALERT;
        ck_assert_int_eq(bulletin_kind_parse("Alert", &kind), -ERR_NOT_FOUND);
        for (int k = 0; k < BASIS_MAX; k++) {
                enum basis basis = BASIS_MAX;
                ck_assert_int_eq(basis_parse(basis_name((enum basis) k), &basis), 0);
                ck_assert_int_eq((int) basis, k);
        }
}
END_TEST

START_TEST(dates)
{
        static const char *const right[] = { "2007-05-11", "2000-02-29", "2004-12-31", "9999-01-01" };
        static const char *const wrong[] = { "", "2007-5-11", "2007/05/11", "2007-02-29", "2007-13-01", "2007-00-10",
                                             "2007-04-31", "0000-01-01", "2007-05-11 ", "2007-05-1x", "-007-05-11",
                                             "2007-05-00" };
        for (size_t i = 0; i < G_N_ELEMENTS(right); i++)
                ck_assert_msg(bulletin_date_is_valid(right[i]), "%s", right[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                ck_assert_msg(!bulletin_date_is_valid(wrong[i]), "%s", wrong[i]);
}
END_TEST

START_TEST(counting_what_is_determined)
{
        g_autoptr(bulletin_t) b = sample();
        /* four fields, three dates, id, kbs, cves, two titles; the undetermined one does not count */
        ck_assert_uint_eq(bulletin_count_determined(b), 4 + 3 + 3 + 2);
        b->fields[FIELD_SEVERITY].value = 77; /* no such value */
        ck_assert_uint_eq(bulletin_count_determined(b), 11);
}
END_TEST

static void assert_key(const struct bulletin *b, const char *expected)
{
        g_autofree char *key = bulletin_key(b);
        ck_assert_str_eq(key, expected);
}

START_TEST(keys)
{
        g_autoptr(bulletin_t) b = sample();
        assert_key(b, "MS31-001");
        set_text(&b->id, " ｍｓ３１－００１ ");
        assert_key(b, "MS31-001");
        b->kind = BULLETIN_NEWS; /* about the same number, and another thing */
        assert_key(b, "news:MS31-001:2031-02-04");
        g_clear_pointer(&b->id, g_free);
        assert_key(b, "news:KB9000001:2031-02-04");
        b->kind = BULLETIN_WEEKLY;
        b->updated[0] = '\0';
        strcpy(b->edition, "2031-02-07");
        assert_key(b, "weekly:2031-02-07");
        b->kind = BULLETIN_ADVANCE_NOTICE;
        assert_key(b, "advance-notice:2031-02-07");
}
END_TEST

START_TEST(keys_by_text)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        g_clear_pointer(&a->id, g_free);
        g_clear_pointer(&b->id, g_free);
        g_autofree char *key_a = bulletin_key(a), *key_b = bulletin_key(b);
        ck_assert(g_str_has_prefix(key_a, "text:"));
        ck_assert_uint_eq(strlen(key_a), 5 + 64);
        ck_assert_str_eq(key_a, key_b);
        /* The same text, wrapped and in other widths. */
        struct section *section = g_ptr_array_index(b->sections, 0);
        set_text(&section->text, "部品が\n  止まる｡");
        assert_key(b, key_a);
        set_text(&section->text, "部品が動く。");
        g_autofree char *other = bulletin_key(b);
        ck_assert_str_ne(other, key_a);

        /* Two mails that no feed knows are two things. */
        a->kind = b->kind = BULLETIN_UNKNOWN;
        set_text(&section->text, "部品が止まる。");
        g_autofree char *unknown_a = bulletin_key(a);
        assert_key(b, unknown_a);
        set_text(&b->mail.sha256, "0000000000000000000000000000000000000000000000000000000000000000");
        g_autofree char *unknown_b = bulletin_key(b);
        ck_assert_str_ne(unknown_b, unknown_a);
}
END_TEST

static void assert_same_content(const struct bulletin *a, const struct bulletin *b, bool expected)
{
        char print_a[65], print_b[65];
        bulletin_fingerprint(a, print_a);
        bulletin_fingerprint(b, print_b);
        ck_assert_uint_eq(strlen(print_a), 64);
        ck_assert_int_eq(strcmp(print_a, print_b) == 0, expected);
}

START_TEST(fingerprint_ignores_the_rendering)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        assert_same_content(a, b, true);
        set_text(&b->title, " 部品の\n 更新　");
        struct affected *affected = g_ptr_array_index(b->affected, 0);
        set_text(&affected->software, "Ｗｉｎｄｏｗｓ　Ｘ");
        assert_same_content(a, b, true);
        /* What another table makes of the same bytes. */
        set_text(&a->vendor_title, "10〜12−A");
        set_text(&b->vendor_title, "10～12－A");
        assert_same_content(a, b, true);
        /* The mail, the warnings, the reasons, the wording of an option. */
        set_text(&b->mail.subject, "Fw: 通知");
        set_text(&b->mail.message_id, "<1@example.com>");
        g_ptr_array_add(b->mail.charsets, charset_use_new("iso-2022-jp", "cp932", true));
        bulletin_add_warning(b, "another one");
        bulletin_set_undetermined(b, FIELD_IMPACT_SPOOFING, "?", "some other reason");
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, SEVERITY_IMPORTANT, "→ 2（重要）", "x");
        set_text(&b->fields[FIELD_URGENCY].text, NULL);
        assert_same_content(a, b, true);
}
END_TEST

static void change_kind(struct bulletin *b) { b->kind = BULLETIN_NEWS; }
static void change_feed(struct bulletin *b) { set_text(&b->feed, "other"); }
static void change_id(struct bulletin *b) { set_text(&b->id, "MS31-002"); }
static void change_kbs(struct bulletin *b) { add(b->kbs, "9000002"); }
static void change_edition(struct bulletin *b) { strcpy(b->edition, "2031-02-09"); }
static void change_updated(struct bulletin *b) { strcpy(b->updated, "2031-02-09"); }
static void change_severity(struct bulletin *b)
{
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, SEVERITY_CRITICAL, "2(重要)", NULL);
}
static void change_basis(struct bulletin *b)
{
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_INFERRED, SEVERITY_IMPORTANT, "2(重要)", NULL);
}
static void change_presence(struct bulletin *b) { bulletin_set_undetermined(b, FIELD_MEASURE, NULL, "empty"); }
static void change_title(struct bulletin *b) { g_clear_pointer(&b->title, g_free); }
static void change_cves(struct bulletin *b) { g_ptr_array_set_size(b->cves, 0); }
static void change_supersedes(struct bulletin *b) { add(b->supersedes, "MS30-051"); }
static void change_section_text(struct bulletin *b)
{
        set_text(&((struct section *) g_ptr_array_index(b->sections, 0))->text, "部品が止まらない。");
}
static void change_test(struct bulletin *b)
{
        choice_set(&((struct lab_test *) g_ptr_array_index(b->tests, 0))->result, BASIS_STATED, TEST_FAIL, "○", NULL);
}
static void change_file_size(struct bulletin *b)
{
        const struct package *package = g_ptr_array_index(b->packages, 0);
        ((struct package_file *) g_ptr_array_index(package->files, 0))->size = 2001;
}
static void change_own_file(struct bulletin *b)
{
        struct package *package = g_ptr_array_index(b->packages, 0);
        g_clear_pointer(&package->file, package_file_free);
}
static void change_minutes(struct bulletin *b)
{
        struct deployment *deployment = g_ptr_array_index(b->deployments, 0);
        deployment->minutes[1] = deployment->minutes[0];
        deployment->minutes[0] = -1;
}
static void change_link(struct bulletin *b)
{
        set_text(&((struct link *) g_ptr_array_index(b->links, 0))->url, "http://example.com/2");
}
static void change_columns(struct bulletin *b) /* the same words in another member */
{
        struct affected *affected = g_ptr_array_index(b->affected, 0);
        set_text(&affected->software, "Windows XSP1、SP2");
        g_clear_pointer(&affected->platforms, g_free);
}

static void change_entries(struct bulletin *b) { g_ptr_array_add(b->entries, bulletin_entry_new(NULL, "MS31-002", NULL)); }

static void (*const changers[])(struct bulletin *) = {
        change_kind, change_feed, change_id, change_kbs, change_edition, change_updated, change_severity, change_basis,
        change_presence, change_title, change_cves, change_supersedes, change_section_text, change_test,
        change_file_size, change_own_file, change_minutes, change_link, change_columns, change_entries,
};

START_TEST(fingerprint_sees_each_change)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        changers[_i](b);
        assert_same_content(a, b, false);
}
END_TEST

START_TEST(fingerprint_of_long_texts)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        for (size_t size = 16 * 1024 - 3; size < 16 * 1024 + 3; size++) {
                g_autofree char *text = g_strnfill(size, 'x');
                set_text(&((struct section *) g_ptr_array_index(a->sections, 0))->text, text);
                set_text(&((struct section *) g_ptr_array_index(b->sections, 0))->text, text);
                assert_same_content(a, b, true);
                text[size - 1] = 'y';
                set_text(&((struct section *) g_ptr_array_index(b->sections, 0))->text, text);
                assert_same_content(a, b, false);
        }
}
END_TEST

START_TEST(fingerprint_is_for_ever)
{
        /* Fingerprints are stored: when this fails, every stored bulletin will look changed at its next sighting. */
        char print[65];
        g_autoptr(bulletin_t) b = sample();
        bulletin_fingerprint(b, print);
        ck_assert_str_eq(print, "a0ea4ba5d47468cdf190b0964a4c5963624a850c1ab194cf7a62537d55548b2b");
}
END_TEST

/* The digests are those that the version before the entries made. */
START_TEST(entries_change_no_fingerprint_without_them)
{
        char print[65];
        g_autoptr(bulletin_t) b = bulletin_new();
        b->kind = BULLETIN_NEWS;
        set_text(&b->feed, "hotfix-report");
        set_text(&b->id, "MS31-002");
        add(b->kbs, "9000002");
        strcpy(b->updated, "2031-02-05");
        set_text(&b->title, "[不具合情報]部品が止まる");
        g_ptr_array_add(b->sections, section_new(NULL, "部品を戻す。"));
        g_ptr_array_add(b->links, link_new(NULL, "http://example.com/1"));
        bulletin_fingerprint(b, print);
        ck_assert_str_eq(print, "db4ad99b020d7e50b28f2747ec42c908c80b9d5bee84b36ed713e3d0ec2bb361");
        b->kind = BULLETIN_WEEKLY;
        bulletin_fingerprint(b, print);
        ck_assert_str_eq(print, "3fd1589e207642c45041ccc9840c026a39a9ea70e2cd4e93ed227c0996cea1f7");
        g_ptr_array_add(b->entries, bulletin_entry_new("不具合情報", NULL, NULL));
        bulletin_fingerprint(b, print);
        ck_assert_str_ne(print, "3fd1589e207642c45041ccc9840c026a39a9ea70e2cd4e93ed227c0996cea1f7");
}
END_TEST

static void add_entry(struct bulletin *b, const char *type, const char *id, const char *kb, const char *title)
{
        struct bulletin_entry *entry = bulletin_entry_new(type, id, title);
        if (kb)
                add(entry->kbs, kb);
        g_ptr_array_add(b->entries, entry);
}

START_TEST(fingerprint_of_entries)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        add_entry(a, "不具合情報", "MS31-002", "9000003", "部品の再送");
        add_entry(b, "不具合情報", "MS31-002", NULL, "部品の再送");
        assert_same_content(a, b, false);
        add(((struct bulletin_entry *) g_ptr_array_index(b->entries, 0))->kbs, "9000003");
        assert_same_content(a, b, true);
        struct bulletin_entry *entry = g_ptr_array_index(b->entries, 0);
        set_text(&entry->type, " 不具合\n情報");
        assert_same_content(a, b, true);
        add_entry(a, NULL, NULL, NULL, "x");
        add_entry(b, "x", NULL, NULL, NULL); /* the same word in another member */
        assert_same_content(a, b, false);
}
END_TEST

static const struct bulletin_change *find_change(const GPtrArray *changes, const char *path)
{
        for (guint i = 0; i < changes->len; i++) {
                const struct bulletin_change *change = g_ptr_array_index(changes, i);
                if (strcmp(change->path, path) == 0)
                        return change;
        }
        ck_abort_msg("no change of %s", path);
        return NULL;
}

static void assert_change(const GPtrArray *changes, const char *path, const char *label, const char *from,
                          const char *to, bool matters)
{
        const struct bulletin_change *change = find_change(changes, path);
        ck_assert_str_eq(change->label, label);
        ck_assert_str_eq(change->from, from);
        ck_assert_str_eq(change->to, to);
        ck_assert_int_eq(change->matters, matters);
}

START_TEST(no_difference)
{
        g_autoptr(bulletin_t) a = sample(), b = sample(), c = bulletin_new();
        set_text(&b->title, " 部品の　更新");
        set_text(&b->mail.subject, "Fw:");
        bulletin_add_warning(b, "x");
        g_autoptr(GPtrArray) changes = bulletin_diff(a, b), none = bulletin_diff(c, c);
        ck_assert_uint_eq(changes->len, 0);
        ck_assert_uint_eq(none->len, 0);
}
END_TEST

START_TEST(differences_of_values)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        strcpy(b->updated, "2031-03-01");
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, SEVERITY_CRITICAL, "1(緊急)", NULL);
        bulletin_set_undetermined(b, FIELD_URGENCY, NULL, "two lines disagree");
        bulletin_set_field(b, FIELD_MEASURE, BASIS_INFERRED, URGENCY_EARLY, NULL, NULL);
        bulletin_set_field(b, FIELD_RESTART, BASIS_STATED, RESTART_CONDITIONAL, "不要(サーバでは必要)", NULL);
        bulletin_set_field(b, FIELD_ENVIRONMENT_SERVER, BASIS_STATED, ANSWER_NO, "サーバ", NULL);
        bulletin_set_field(b, FIELD_IMPACT_SPOOFING, BASIS_STATED, ANSWER_YES, NULL, NULL);
        add(b->cves, "CVE-2031-0002");
        g_ptr_array_set_size(b->supersedes, 0);
        g_autoptr(GPtrArray) changes = bulletin_diff(a, b);
        assert_change(changes, "updated", "更新日", "2031-02-04", "2031-03-01", false);
        assert_change(changes, "severity", "深刻度", "2(重要)", "1(緊急)", true);
        assert_change(changes, "urgency", "対応の緊急性", "早期適用", "undetermined", true);
        assert_change(changes, "measure", "対策", "", "早期適用", true);
        assert_change(changes, "restart", "再起動の必要性", "不要(必要な場合あり)", "不要(サーバでは必要)", false);
        assert_change(changes, "environments.server", "サーバ", "サーバ [yes]", "サーバ [no]", true);
        assert_change(changes, "impacts.spoofing", "なりすまし", "undetermined", "yes", true);
        assert_change(changes, "cves", "脆弱性識別番号", "CVE-2031-0001", "CVE-2031-0001, CVE-2031-0002", true);
        assert_change(changes, "supersedes", "含まれる過去の修正", "MS30-050", "", true);
        ck_assert_uint_eq(changes->len, 9);
        /* in page order */
        ck_assert_str_eq(((struct bulletin_change *) g_ptr_array_index(changes, 0))->path, "updated");
        ck_assert_str_eq(((struct bulletin_change *) g_ptr_array_index(changes, 8))->path, "impacts.spoofing");
}
END_TEST

START_TEST(differences_of_lists)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        g_ptr_array_add(b->affected, affected_new("Windows Y", NULL));
        change_test(b);
        change_file_size(b);
        g_ptr_array_set_size(b->downloads, 0);
        change_section_text(b);
        g_ptr_array_add(b->sections, section_new("■追加の注意", "再起動する。"));
        change_minutes(b);
        g_autoptr(GPtrArray) changes = bulletin_diff(a, b);
        assert_change(changes, "affected[Windows Y]", "対象プラットフォーム: Windows Y", "", "Windows Y", true);
        assert_change(changes, "downloads[Windows X]", "ダウンロード先: Windows X", "x86用, 可", "", true);
        assert_change(changes, "packages[Windows X]", "ファイル情報: Windows X",
                      "x.exe, 2031-01-01, size: 1000\na.dll, 2031-01-01, 1.2, size: 2000, 部品, System32",
                      "x.exe, 2031-01-01, size: 1000\na.dll, 2031-01-01, 1.2, size: 2001, 部品, System32", true);
        assert_change(changes, "deployment_minutes[KB9000001]", "予想適用時間: KB9000001", "Windows X, 50: 12",
                      "Windows X, 100: 12", false);
        assert_change(changes, "sections[概要]", "概要", "部品が止まる。", "部品が止まらない。", false);
        assert_change(changes, "sections[■追加の注意]", "■追加の注意", "", "再起動する。", false);
        assert_change(changes, "tests[Windows X SP1]", "適用テストの結果: Windows X SP1", "○ (ok)", "○ (fail)", true);
        ck_assert_uint_eq(changes->len, 7);
}
END_TEST

/* Entries go by what they are about, of which the type says nothing. */
START_TEST(differences_of_entries)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        add_entry(a, "不具合情報", "MS31-002", "9000003", "部品の再送");
        add_entry(a, "不具合情報", "MS31-003", NULL, "画面が出ない");
        add_entry(a, "お知らせ", NULL, NULL, "休止");
        add_entry(b, "不具合情報", "MS31-002", "9000003", "部品の再送");
        add_entry(b, "不具合解消", "MS31-003", NULL, "画面が出ない");
        add_entry(b, "お知らせ", NULL, NULL, "休止");
        add_entry(b, "お知らせ", NULL, "9000009", NULL);
        g_autoptr(GPtrArray) changes = bulletin_diff(a, b);
        assert_change(changes, "entries[MS31-003]", "掲載情報: MS31-003", "不具合情報, MS31-003, 画面が出ない",
                      "不具合解消, MS31-003, 画面が出ない", true);
        assert_change(changes, "entries[KB9000009]", "掲載情報: KB9000009", "", "お知らせ, 9000009", true);
        ck_assert_uint_eq(changes->len, 2);
}
END_TEST

START_TEST(order_and_repetition_in_lists)
{
        g_autoptr(bulletin_t) a = bulletin_new(), b = bulletin_new();
        g_ptr_array_add(a->links, link_new("A", "1"));
        g_ptr_array_add(a->links, link_new("B", "2"));
        g_ptr_array_add(a->links, link_new("B", "3"));
        g_ptr_array_add(b->links, link_new("B", "2"));
        g_ptr_array_add(b->links, link_new("Ｂ", "3"));
        g_ptr_array_add(b->links, link_new("A", "1"));
        g_autoptr(GPtrArray) none = bulletin_diff(a, b);
        ck_assert_uint_eq(none->len, 0);
        g_ptr_array_add(b->links, link_new("B", NULL));
        g_ptr_array_add(b->links, link_new(NULL, NULL));
        g_autoptr(GPtrArray) changes = bulletin_diff(a, b);
        ck_assert_uint_eq(changes->len, 0);
        g_ptr_array_add(b->links, link_new(NULL, "4"));
        g_autoptr(GPtrArray) one = bulletin_diff(a, b);
        ck_assert_uint_eq(one->len, 1);
        assert_change(one, "links[]", "リンク: ", "", "4", false);
}
END_TEST

START_TEST(every_content_change_is_in_the_difference)
{
        g_autoptr(bulletin_t) a = sample(), b = sample();
        changers[_i](b);
        g_autoptr(GPtrArray) changes = bulletin_diff(a, b);
        if (changers[_i] == change_basis) /* the same value on other grounds is no news to a reader */
                ck_assert_uint_eq(changes->len, 0);
        else /* a row under another name is one that went and one that came */
                ck_assert_uint_eq(changes->len, changers[_i] == change_columns ? 2 : 1);
}
END_TEST

START_TEST(large_lists_take_no_time)
{
        g_autoptr(bulletin_t) a = bulletin_new(), b = bulletin_new();
        for (int i = 0; i < 10000; i++) {
                g_autofree char *name = g_strdup_printf("software %d", i);
                g_ptr_array_add(a->affected, affected_new(name, "x"));
                g_ptr_array_add(b->affected, affected_new(name, i % 2 ? "x" : "y"));
        }
        g_autoptr(GPtrArray) changes = bulletin_diff(a, b);
        ck_assert_uint_eq(changes->len, 5000);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("bulletin");
        TCase *t = tcase_create("bulletin");
        suite_add_tcase(s, t);
        tcase_add_test(t, empty_is_complete);
        tcase_add_test(t, fields_are_consistent);
        tcase_add_test(t, warnings_are_bounded);
        tcase_add_test(t, names_go_both_ways);
        tcase_add_test(t, dates);
        tcase_add_test(t, counting_what_is_determined);
        tcase_add_test(t, keys);
        tcase_add_test(t, keys_by_text);
        tcase_add_test(t, fingerprint_ignores_the_rendering);
        tcase_add_loop_test(t, fingerprint_sees_each_change, 0, G_N_ELEMENTS(changers));
        tcase_add_test(t, fingerprint_of_long_texts);
        tcase_add_test(t, fingerprint_is_for_ever);
        tcase_add_test(t, entries_change_no_fingerprint_without_them);
        tcase_add_test(t, fingerprint_of_entries);
        tcase_add_test(t, no_difference);
        tcase_add_test(t, differences_of_values);
        tcase_add_test(t, differences_of_lists);
        tcase_add_test(t, differences_of_entries);
        tcase_add_test(t, order_and_repetition_in_lists);
        tcase_add_loop_test(t, every_content_change_is_in_the_difference, 0, G_N_ELEMENTS(changers));
        tcase_add_test(t, large_lists_take_no_time);
        return s;
}

int main(void)
{
        return support_run(suite());
}
