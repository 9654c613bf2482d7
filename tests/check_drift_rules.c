/* SPDX-License-Identifier: MIT */
/* When a feed counts as drifting, by counts alone. */
#include "daemon/drift_rules.h"

#include "tests/support.h"

/* Counts in which one field, 3, is filled so often and every other one always. */
static struct fill_counts counts(int64_t bulletins, int64_t filled)
{
        struct fill_counts c = { .bulletins = bulletins };
        for (unsigned i = 0; i < BULLETIN_FILL_MAX; i++)
                c.filled[i] = i == 3 ? filled : bulletins;
        return c;
}

START_TEST(a_field_that_is_gone)
{
        static const struct { int64_t all, all_filled, live, live_filled; bool deviates; unsigned percent; } rows[] = {
                { 25, 20, 5, 0, true, 100 },  /* 20 before, all with it */
                { 24, 19, 5, 0, false, 0 },   /* 19 before are too few to know */
                { 25, 16, 5, 0, true, 80 },   /* four in five */
                { 25, 15, 5, 0, false, 0 },   /* fewer: it never was there for sure */
                { 25, 21, 5, 1, false, 0 },   /* one of the last has it */
                { 24, 20, 4, 0, false, 0 },   /* only four have come */
                { 105, 97, 5, 0, true, 97 },
                { 1000005, 1000000, 5, 0, true, 100 },
                { 5, 0, 5, 0, false, 0 },
                { 0, 0, 0, 0, false, 0 },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct drift_counts c = { .all = counts(rows[i].all, rows[i].all_filled),
                                          .live = counts(rows[i].live, rows[i].live_filled) };
                unsigned percent = 0;
                ck_assert_msg(drift_field_deviates(&c, 3, &percent) == rows[i].deviates, "row %zu", i);
                ck_assert_uint_eq(percent, rows[i].percent);
                ck_assert(drift_field_deviates(&c, 3, NULL) == rows[i].deviates);
                ck_assert(!drift_field_deviates(&c, 4, NULL));
        }
}
END_TEST

/* Exploit code is stated from 2004 on: years without it do not make it unusual today. */
START_TEST(a_field_that_older_bulletins_never_had)
{
        static const struct { int64_t before, before_filled, live_filled; bool deviates; unsigned percent; } rows[] = {
                { 50, 50, 0, true, 100 },
                { 50, 40, 0, true, 80 },
                { 50, 39, 0, false, 0 },
                { 20, 20, 0, true, 100 },
                { 19, 19, 0, false, 0 },
                { 50, 50, 1, false, 0 },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct drift_counts c = { .all = counts(400, 60), .before = counts(rows[i].before, rows[i].before_filled),
                                          .live = counts(5, rows[i].live_filled) };
                unsigned percent = 0;
                ck_assert_msg(drift_field_deviates(&c, 3, &percent) == rows[i].deviates, "row %zu", i);
                ck_assert_uint_eq(percent, rows[i].percent);
        }
}
END_TEST

/* The more bulletins come without a field, the less usual it was: that must not end the condition. */
START_TEST(a_field_that_stays_away)
{
        struct drift_counts c = { .all = counts(60, 20), .before = counts(50, 10), .live = counts(5, 0) };
        g_autoptr(GPtrArray) known = g_ptr_array_new();
        g_ptr_array_add(known, (gpointer) "field empty: exploit_code");
        struct drift_signs signs;
        drift_signs_init(&signs);
        drift_signs_add_fields(&signs, &c, NULL);
        ck_assert(!drift_signs_any(&signs));
        drift_signs_add_fields(&signs, &c, known);
        ck_assert_uint_eq(signs.details->len, 1);
        ck_assert_str_eq(g_ptr_array_index(signs.details, 0), "field empty: exploit_code");
        ck_assert_str_eq(g_ptr_array_index(signs.fields, 0), "exploit code (0 of the last 5, usual before)");
        drift_signs_clear(&signs);
        c.live = counts(5, 1);
        drift_signs_init(&signs);
        drift_signs_add_fields(&signs, &c, known);
        ck_assert(!drift_signs_any(&signs));
        drift_signs_clear(&signs);
}
END_TEST

/* Excerpts have no dates; one without a number is told of by its labels. */
START_TEST(a_title_that_is_gone)
{
        static const struct { enum bulletin_kind kind; const char *id, *edition, *registered, *updated; bool gone; } rows[] = {
                { BULLETIN_ALERT, "MS08-001", "", "2008-01-15", "2008-01-15", true },
                { BULLETIN_ALERT, "MS08-001", "2008-01-15", "2008-01-15", "2008-01-15", false },
                { BULLETIN_ALERT, "MS08-001", "", "", "", false },
                { BULLETIN_ALERT, "MS08-001", "", "2008-01-15", "", false },
                { BULLETIN_ALERT, NULL, "", "2008-01-15", "2008-01-15", false },
                { BULLETIN_NEWS, "MS08-001", "", "2008-01-15", "2008-01-15", false },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct bulletin *bulletin = bulletin_new();
                bulletin->kind = rows[i].kind;
                bulletin->id = g_strdup(rows[i].id);
                g_strlcpy(bulletin->edition, rows[i].edition, sizeof bulletin->edition);
                g_strlcpy(bulletin->registered, rows[i].registered, sizeof bulletin->registered);
                g_strlcpy(bulletin->updated, rows[i].updated, sizeof bulletin->updated);
                struct drift_signs signs;
                drift_signs_init(&signs);
                drift_signs_add_title(&signs, bulletin);
                ck_assert_msg(drift_signs_any(&signs) == rows[i].gone, "row %zu", i);
                g_autofree char *text = drift_signs_text(&signs);
                ck_assert(!rows[i].gone || g_str_equal(text, "labels missing: HotFix Alert:YYYY/MM/DD"));
                drift_signs_clear(&signs);
                bulletin_free(bulletin);
        }
}
END_TEST

START_TEST(a_sender_of_bulletins)
{
        static const struct { bool known; int64_t bulletins, others, run; bool deviates; } rows[] = {
                { false, 0, 0, 0, false }, /* somebody else */
                { true, 2, 0, 0, false },
                { true, 3, 0, 0, true },
                { true, 3, 1, 0, false },  /* one of four was none: such mails are usual */
                { true, 4, 1, 0, false },
                { true, 5, 1, 0, true },
                { true, 100, 30, 0, false },
                { true, 100, 30, 1, false },
                { true, 100, 30, 2, true }, /* the third in a row is not */
                { true, 100, 30, 9, true },
                { true, 2, 9, 9, false },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct sender_record before = { .feed = rows[i].known ? (char *) "f" : NULL, .bulletins = rows[i].bulletins,
                                                .others = rows[i].others, .run = rows[i].run };
                ck_assert_msg(drift_sender_deviates(&before) == rows[i].deviates, "row %zu", i);
        }
}
END_TEST

START_TEST(signs_in_words)
{
        struct drift_signs signs;
        drift_signs_init(&signs);
        struct label_report labels;
        label_report_init(&labels);
        drift_signs_add_labels(&signs, &labels);
        struct label_report none = { 0 };
        drift_signs_add_labels(&signs, &none); /* of a mail that was not recognised */
        ck_assert(!drift_signs_any(&signs));
        label_report_add_unknown(&labels, "重大度");
        label_report_add_unknown(&labels, "備考");
        label_report_add_missing(&labels, "深刻度");
        drift_signs_add_labels(&signs, &labels);
        struct drift_counts c = { .all = counts(105, 97), .live = counts(5, 0) };
        drift_signs_add_fields(&signs, &c, NULL);
        ck_assert(drift_signs_any(&signs));
        g_autofree char *text = drift_signs_text(&signs), *details = drift_join(signs.details);
        ck_assert_str_eq(text, "labels not recognised: 重大度, 備考; labels missing: 深刻度; "
                               "fields no longer filled: exploit code (0 of the last 5, 97 % before)");
        /* Without numbers: the same sign is the same detail at the next bulletin. */
        ck_assert_str_eq(details, "label missing: 深刻度, label not recognised: 重大度, label not recognised: 備考, "
                                  "field empty: exploit_code");
        drift_signs_clear(&signs);
        label_report_clear(&labels);
        drift_signs_init(&signs);
        drift_signs_add_mail(&signs);
        g_autofree char *mail = drift_signs_text(&signs);
        ck_assert(drift_signs_any(&signs));
        ck_assert_str_eq(mail, "mail not recognised");
        drift_signs_clear(&signs);
}
END_TEST

START_TEST(names_of_conditions)
{
        g_autofree char *alert = drift_condition_name("hotfix-report", BULLETIN_ALERT);
        g_autofree char *news = drift_condition_name("hotfix-report", BULLETIN_NEWS);
        ck_assert_str_eq(alert, "drift:hotfix-report");
        ck_assert_str_eq(news, "drift:hotfix-report:news");
}
END_TEST

START_TEST(addresses)
{
        static const struct { const char *from, *address; } rows[] = {
                { "report@hotfix.example", "report@hotfix.example" },
                { "HotFix Report <Report@HotFix.example>", "report@hotfix.example" },
                { "\"a <b@c> d\" < e@f >", "e@f" },
                { " a@b ", "a@b" },
                { "nobody", NULL },
                { "x <nobody>", NULL },
                { "x <a@b", "x <a@b" },
                { "", NULL },
                { NULL, NULL },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *address = drift_sender_address(rows[i].from);
                ck_assert_msg(g_strcmp0(address, rows[i].address) == 0, "row %zu: %s", i, address);
        }
        g_autofree char *much = g_strnfill(400, 'a'), *from = g_strconcat(much, "@b", NULL);
        ck_assert_ptr_null(drift_sender_address(from));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("drift_rules");
        TCase *tcase = tcase_create("rules");
        tcase_add_test(tcase, a_field_that_is_gone);
        tcase_add_test(tcase, a_field_that_older_bulletins_never_had);
        tcase_add_test(tcase, a_field_that_stays_away);
        tcase_add_test(tcase, a_title_that_is_gone);
        tcase_add_test(tcase, a_sender_of_bulletins);
        tcase_add_test(tcase, signs_in_words);
        tcase_add_test(tcase, names_of_conditions);
        tcase_add_test(tcase, addresses);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
