/* SPDX-License-Identifier: MIT */
#include "store/dedup.h"

#include <glib.h>

#include "tests/support.h"

START_TEST(every_event_has_its_own_name)
{
        for (int i = 0; i < DEDUP_EVENT_MAX; i++)
                for (int j = 0; j < i; j++)
                        ck_assert_str_ne(dedup_event_name((enum dedup_event) i),
                                         dedup_event_name((enum dedup_event) j));
        ck_assert_str_eq(dedup_event_name(DEDUP_FIRST), "first");
        ck_assert_str_eq(dedup_event_name(DEDUP_EVENT_MAX), "unknown");
}
END_TEST

/* From the earliest to the latest: registered, updated. */
static const char *const in_order[][2] = {
        { "", "" },
        { "2007-05-11", "" },
        { "2008-01-01", "" },
        { "", "2007-05-11" },
        { "2007-05-10", "2007-05-11" },
        { "2007-05-11", "2007-05-11" },
        { "", "2007-05-12" },
        { "2007-05-11", "2007-06-01" },
        { "2001-01-01", "2010-01-01" },
};

START_TEST(dates_are_in_order)
{
        for (guint i = 0; i < G_N_ELEMENTS(in_order); i++)
                for (guint j = 0; j < G_N_ELEMENTS(in_order); j++) {
                        int order = dedup_compare_dates(in_order[i][0], in_order[i][1], in_order[j][0], in_order[j][1]);
                        ck_assert_msg((order > 0) == (i > j) && (order < 0) == (i < j), "%u against %u: %d", i, j,
                                      order);
                }
        ck_assert_int_eq(dedup_compare_dates(NULL, NULL, "", ""), 0);
}
END_TEST

START_TEST(revisions_are_classified)
{
        ck_assert_int_eq(dedup_classify_revision("2007-05-11", "2007-05-12", "2007-05-11", "2007-05-11"), DEDUP_LATER);
        ck_assert_int_eq(dedup_classify_revision("2007-05-12", "2007-05-11", "2007-05-11", "2007-05-11"), DEDUP_LATER);
        ck_assert_int_eq(dedup_classify_revision("2007-05-11", "2007-05-10", "2007-05-11", "2007-05-11"),
                         DEDUP_EARLIER);
        ck_assert_int_eq(dedup_classify_revision("2007-05-11", "", "2007-05-11", "2007-05-11"), DEDUP_EARLIER);
        ck_assert_int_eq(dedup_classify_revision("", "", "2007-05-11", "2007-05-11"), DEDUP_UNDATED);
        ck_assert_int_eq(dedup_classify_revision("2007-05-11", "", "", ""), DEDUP_LATER);
}
END_TEST

/* Each content wins over all before it. */
START_TEST(contents_are_in_order)
{
        enum { CONTENTS = 7 };
        struct bulletin *contents[CONTENTS];
        static const char *const fingerprints[CONTENTS] = { "d", "a", "b", "f", "e", "c", "a" };
        for (int i = 0; i < CONTENTS; i++)
                contents[i] = bulletin_new();
        /* 0: nothing that counts (a value without a basis is none), and the greater fingerprint does not help against
         * 1, which has a title. */
        contents[0]->fields[FIELD_SEVERITY] = (struct choice) { .present = true, .value = SEVERITY_CRITICAL };
        contents[1]->title = g_strdup("title");
        contents[2]->title = g_strdup("title"); /* as 1, greater fingerprint */
        bulletin_set_field(contents[3], FIELD_URGENCY, BASIS_STATED, URGENCY_EARLY, NULL, NULL);
        /* Severity decides before urgency, and what is undetermined weighs nothing. */
        bulletin_set_field(contents[4], FIELD_SEVERITY, BASIS_STATED, SEVERITY_LOW, NULL, NULL);
        bulletin_set_field(contents[5], FIELD_SEVERITY, BASIS_INFERRED, SEVERITY_LOW, NULL, NULL);
        bulletin_set_field(contents[5], FIELD_URGENCY, BASIS_STATED, URGENCY_WAIT, NULL, NULL);
        bulletin_set_field(contents[6], FIELD_SEVERITY, BASIS_STATED, SEVERITY_CRITICAL, NULL, NULL);
        bulletin_set_undetermined(contents[6], FIELD_URGENCY, NULL, "ambiguous");
        for (int i = 0; i < CONTENTS; i++)
                for (int j = 0; j < CONTENTS; j++)
                        ck_assert_msg(dedup_variant_wins(contents[i], fingerprints[i], contents[j], fingerprints[j]) ==
                                              (j > i),
                                      "%d against %d", j, i);
        for (int i = 0; i < CONTENTS; i++)
                bulletin_free(contents[i]);
}
END_TEST

START_TEST(mail_dates_are_compared_as_moments)
{
        int64_t utc = dedup_mail_date("2007-05-11T03:04:05Z");
        ck_assert_int_eq(utc, 1178852645);
        ck_assert_int_eq(dedup_mail_date("2007-05-11T12:04:05+09:00"), utc);
        ck_assert_int_eq(dedup_mail_date("2007-05-10T22:04:05-05:00"), utc);
        ck_assert(dedup_mail_date(NULL) == INT64_MAX);
        static const char *const unreadable[] = { "",  "yesterday", "2007-13-45T99:00:00Z", "2007-05-11T", "T",
                                                  "-", "\xff" };
        for (guint i = 0; i < G_N_ELEMENTS(unreadable); i++)
                ck_assert_msg(dedup_mail_date(unreadable[i]) == INT64_MAX, "%s", unreadable[i]);
}
END_TEST

START_TEST(mails_are_in_order)
{
        ck_assert(dedup_mail_wins(200, "a", 100, "b"));
        ck_assert(!dedup_mail_wins(100, "b", 200, "a"));
        ck_assert(dedup_mail_wins(100, "b", 100, "a"));
        ck_assert(!dedup_mail_wins(100, "a", 100, "b"));
        ck_assert(!dedup_mail_wins(100, "a", 100, "a"));
        ck_assert(dedup_mail_wins(INT64_MAX, "a", 100, "b"));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("dedup");
        TCase *tcase = tcase_create("dedup");
        tcase_add_test(tcase, every_event_has_its_own_name);
        tcase_add_test(tcase, dates_are_in_order);
        tcase_add_test(tcase, revisions_are_classified);
        tcase_add_test(tcase, contents_are_in_order);
        tcase_add_test(tcase, mail_dates_are_compared_as_moments);
        tcase_add_test(tcase, mails_are_in_order);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
