/* SPDX-License-Identifier: MIT */
/* Labels come from outside: few, short, one line each. */
#include "common/label_report.h"

#include <string.h>

#include "tests/support.h"

static struct label_report report;

static void setup(void)
{
        label_report_init(&report);
}

static void teardown(void)
{
        label_report_clear(&report);
}

static const char *unknown(guint index)
{
        ck_assert_uint_lt(index, report.unknown->len);
        return g_ptr_array_index(report.unknown, index);
}

START_TEST(an_empty_one)
{
        ck_assert(label_report_is_empty(&report));
        struct label_report none = { 0 };
        ck_assert(label_report_is_empty(&none));
        label_report_add_missing(&report, "深刻度");
        ck_assert(!label_report_is_empty(&report));
        label_report_clear(&report);
        ck_assert(label_report_is_empty(&report));
        label_report_clear(&report); /* again does no harm */
}
END_TEST

START_TEST(the_lists_are_apart)
{
        label_report_add_unknown(&report, "重大度");
        label_report_add_missing(&report, "深刻度");
        ck_assert_uint_eq(report.unknown->len, 1);
        ck_assert_uint_eq(report.missing->len, 1);
        ck_assert_str_eq(unknown(0), "重大度");
        ck_assert_str_eq(g_ptr_array_index(report.missing, 0), "深刻度");
}
END_TEST

START_TEST(each_label_once_and_no_blank_one)
{
        static const char *const labels[] = { "重大度", " 重大度\n", "\xe3\x80\x80重大度\xe3\x80\x80", "", " \t", "\xe3\x80\x80" };
        for (gsize i = 0; i < G_N_ELEMENTS(labels); i++)
                label_report_add_unknown(&report, labels[i]);
        ck_assert_uint_eq(report.unknown->len, 1);
        ck_assert_str_eq(unknown(0), "重大度");
}
END_TEST

START_TEST(a_long_label_is_cut_between_characters)
{
        g_autoptr(GString) exact = g_string_new(NULL);
        for (unsigned i = 0; i < LABEL_REPORT_CHARS_MAX; i++)
                g_string_append(exact, "深");
        label_report_add_unknown(&report, exact->str);
        ck_assert_str_eq(unknown(0), exact->str);
        g_string_append(exact, "刻");
        label_report_add_unknown(&report, exact->str);
        ck_assert_uint_eq(report.unknown->len, 2);
        ck_assert_int_le(g_utf8_strlen(unknown(1), -1), LABEL_REPORT_CHARS_MAX);
        ck_assert(g_utf8_validate(unknown(1), -1, NULL));
        ck_assert(g_str_has_suffix(unknown(1), "…"));
}
END_TEST

START_TEST(no_control_characters)
{
        label_report_add_unknown(&report, "a\x1b[31mb\x7f\xc2\x9b" "c\nd");
        for (const char *c = unknown(0); *c; c = g_utf8_next_char(c))
                ck_assert(!g_unichar_iscntrl(g_utf8_get_char(c)));
        ck_assert(g_utf8_validate(unknown(0), -1, NULL));
        ck_assert(g_str_has_prefix(unknown(0), "a?[31mb"));
}
END_TEST

START_TEST(only_so_many)
{
        for (unsigned i = 0; i < LABEL_REPORT_MAX + 10; i++) {
                g_autofree char *label = g_strdup_printf("label %u", i);
                label_report_add_unknown(&report, label);
                label_report_add_missing(&report, label);
        }
        ck_assert_uint_eq(report.unknown->len, LABEL_REPORT_MAX);
        ck_assert_uint_eq(report.missing->len, LABEL_REPORT_MAX);
        ck_assert_str_eq(unknown(LABEL_REPORT_MAX - 1), "label 49");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("label_report");
        TCase *tcase = tcase_create("labels");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, an_empty_one);
        tcase_add_test(tcase, the_lists_are_apart);
        tcase_add_test(tcase, each_label_once_and_no_blank_one);
        tcase_add_test(tcase, a_long_label_is_cut_between_characters);
        tcase_add_test(tcase, no_control_characters);
        tcase_add_test(tcase, only_so_many);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
