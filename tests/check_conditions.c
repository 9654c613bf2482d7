/* SPDX-License-Identifier: MIT */
/* What is wrong begins, goes on, gains details, and ends. */
#include "store/conditions.h"

#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;

static void setup(void)
{
        kit_open(&kit);
}

static void teardown(void)
{
        kit_close(&kit);
}

/* What happened, and the new details: "opened a b". details: with a space between. */
static char *bad(const char *name, const char *details, int64_t now_ms)
{
        static const char *const steps[] = { "unchanged", "opened", "joined", "ended" };
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) parts = g_strsplit(details, " ", -1);
        for (char **part = parts; *part; part++)
                g_ptr_array_add(list, g_strdup(*part));
        struct error err = ERROR_INIT;
        enum condition_step step;
        struct condition *condition;
        GPtrArray *new;
        int r = conditions_bad(kit.db, name, details, list, now_ms, &step, &condition, &new, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_str_eq(condition->name, name);
        ck_assert_str_eq(condition->message, details);
        ck_assert_uint_eq(condition->good, 0);
        GString *out = g_string_new(steps[step]);
        for (guint i = 0; i < new->len; i++)
                g_string_append_printf(out, " %s", (char *) g_ptr_array_index(new, i));
        g_ptr_array_unref(new);
        condition_free(condition);
        return g_string_free(out, FALSE);
}

#define ck_assert_bad(name, details, now_ms, expected) do { \
        g_autofree char *happened = bad(name, details, now_ms); \
        ck_assert_str_eq(happened, expected); \
} while (0)

static enum condition_step good(const char *name, unsigned needed, int64_t now_ms)
{
        struct error err = ERROR_INIT;
        enum condition_step step;
        struct condition *condition;
        int r = conditions_good(kit.db, name, needed, now_ms, &step, &condition, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert(step != CONDITION_ENDED || condition->ended_ms == now_ms);
        condition_free(condition);
        return step;
}

START_TEST(it_begins_once_and_ends_once)
{
        ck_assert_int_eq(good("a", 2, 900), CONDITION_UNCHANGED); /* there is none */
        ck_assert_bad("a", "x", 1000, "opened x");
        ck_assert_bad("a", "x", 1001, "unchanged");
        ck_assert_bad("b", "x", 1002, "opened x");
        ck_assert_bad("a", "x y z", 1003, "joined y z");
        ck_assert_bad("a", "z", 1004, "unchanged");
        ck_assert_query("SELECT name || ' ' || started_ms || ' ' || last_ms || ' ' || count FROM condition ORDER BY id",
                        "a 1000 1004 4\nb 1002 1002 1");
        ck_assert_int_eq(good("a", 2, 1005), CONDITION_UNCHANGED);
        ck_assert_int_eq(good("a", 2, 1006), CONDITION_ENDED);
        ck_assert_int_eq(good("a", 2, 1007), CONDITION_UNCHANGED);
        GPtrArray *open;
        ck_assert_int_eq(conditions_open(kit.db, &open, NULL), 0);
        ck_assert_uint_eq(open->len, 1);
        const struct condition *b = g_ptr_array_index(open, 0);
        ck_assert_str_eq(b->name, "b");
        ck_assert_uint_eq(b->details->len, 1);
        ck_assert_str_eq(g_ptr_array_index(b->details, 0), "x");
        g_ptr_array_unref(open);
        /* The same again is a new one, and knows nothing of the old one's details. */
        ck_assert_bad("a", "x", 1008, "opened x");
        ck_assert_query("SELECT count(*) FROM condition WHERE name = 'a'", "2");
}
END_TEST

START_TEST(well_in_a_row)
{
        ck_assert_bad("a", "x", 1000, "opened x");
        for (unsigned i = 0; i < 4; i++)
                ck_assert_int_eq(good("a", 5, 1001), CONDITION_UNCHANGED);
        ck_assert_bad("a", "x", 1002, "unchanged");
        for (unsigned i = 0; i < 4; i++)
                ck_assert_int_eq(good("a", 5, 1003), CONDITION_UNCHANGED);
        ck_assert_int_eq(good("a", 5, 1004), CONDITION_ENDED);
}
END_TEST

START_TEST(without_details)
{
        struct error err = ERROR_INIT;
        enum condition_step step;
        struct condition *condition;
        GPtrArray *new, *none = g_ptr_array_new(), *details;
        ck_assert_int_eq(conditions_bad(kit.db, "a", "m", none, 5, &step, &condition, &new, &err), 0);
        ck_assert_int_eq(step, CONDITION_OPENED);
        ck_assert_uint_eq(new->len, 0);
        ck_assert_int_eq(conditions_details(kit.db, condition->id, &details, &err), 0);
        ck_assert_uint_eq(details->len, 0);
        g_ptr_array_unref(new);
        g_ptr_array_unref(none);
        g_ptr_array_unref(details);
        condition_free(condition);
        ck_assert_int_eq(good("a", 1, 6), CONDITION_ENDED);
}
END_TEST

/* Whoever can invent details cannot be told of without end. */
START_TEST(only_so_many_details)
{
        ck_assert_bad("a", "first", 1000, "opened first");
        for (unsigned i = 1; i < CONDITION_DETAILS_MAX; i++) {
                g_autofree char *detail = g_strdup_printf("d%u", i), *expected = g_strconcat("joined ", detail, NULL);
                ck_assert_bad("a", detail, 1000, expected);
        }
        ck_assert_bad("a", "surplus", 1000, "unchanged");
        ck_assert_bad("a", "d7", 1000, "unchanged");
        ck_assert_query("SELECT count(*) FROM condition_detail", "50");
}
END_TEST

START_TEST(old_ones_are_forgotten)
{
        ck_assert_bad("open", "x", 1, "opened x");
        for (unsigned i = 0; i < CONDITIONS_ENDED_MAX + 20; i++) {
                ck_assert_bad("a", "x y", 1000 + i, "opened x y");
                ck_assert_int_eq(good("a", 1, 1000 + i), CONDITION_ENDED);
        }
        ck_assert_bad("a", "x", 9999, "opened x");
        ck_assert_query("SELECT count(*) FROM condition WHERE ended_ms IS NOT NULL", "200");
        ck_assert_query("SELECT name FROM condition WHERE ended_ms IS NULL ORDER BY id", "open\na");
        ck_assert_query("SELECT count(*) FROM condition_detail WHERE condition_id NOT IN (SELECT id FROM condition)", "0");
        ck_assert_query("SELECT max(started_ms) FROM condition WHERE ended_ms IS NOT NULL", "1219");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("conditions");
        TCase *tcase = tcase_create("conditions");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, it_begins_once_and_ends_once);
        tcase_add_test(tcase, well_in_a_row);
        tcase_add_test(tcase, without_details);
        tcase_add_test(tcase, only_so_many_details);
        tcase_add_test(tcase, old_ones_are_forgotten);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
