/* SPDX-License-Identifier: MIT */
/* Which fields count as filled. */
#include "common/bulletin_fill.h"

#include <string.h>

#include "tests/support.h"

static unsigned number_of(const char *path)
{
        for (unsigned i = 0; i < BULLETIN_FILL_MAX; i++)
                if (strcmp(bulletin_fill_path(i), path) == 0)
                        return i;
        ck_abort_msg("no field %s", path);
        return 0;
}

/* What the bulletin has, as paths with a space between. */
static char *filled(const struct bulletin *bulletin)
{
        GString *paths = g_string_new(NULL);
        uint64_t mask = bulletin_fill_mask(bulletin);
        for (unsigned i = 0; i < 64; i++)
                if (mask & UINT64_C(1) << i)
                        g_string_append_printf(paths, "%s%s", paths->len ? " " : "", bulletin_fill_path(i));
        return g_string_free(paths, FALSE);
}

#define ck_assert_filled(bulletin, expected) do { \
        g_autofree char *found = filled(bulletin); \
        ck_assert_str_eq(found, expected); \
} while (0)

START_TEST(an_empty_bulletin_has_nothing)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        ck_assert_filled(b, "");
        for (int field = 0; field < FIELD_MAX; field++)
                bulletin_set_undetermined(b, (enum bulletin_field) field, "?", "not clear");
        b->title = g_strdup(" \xe3\x80\x80\n");
        ck_assert_filled(b, "");
}
END_TEST

/* Every enumerated field is counted, whatever is added to them later. */
START_TEST(each_enumerated_field_by_itself)
{
        for (int field = 0; field < FIELD_MAX; field++) {
                g_autoptr(bulletin_t) b = bulletin_new();
                bulletin_set_field(b, (enum bulletin_field) field, field % 2 ? BASIS_STATED : BASIS_INFERRED, 1, NULL, NULL);
                ck_assert_filled(b, bulletin_field_path((enum bulletin_field) field));
                b->fields[field].present = false;
                ck_assert_filled(b, "");
        }
}
END_TEST

START_TEST(texts_dates_and_lists)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        b->id = g_strdup("MS08-001");
        g_strlcpy(b->registered, "2008-01-15", sizeof b->registered);
        g_ptr_array_add(b->kbs, g_strdup("901234"));
        ck_assert_filled(b, "id kbs registered");
        g_strlcpy(b->edition, "2008-01-15", sizeof b->edition);
        g_strlcpy(b->updated, "2008-01-16", sizeof b->updated);
        b->title = g_strdup("題名");
        b->vendor_title = g_strdup("x");
        g_ptr_array_add(b->cves, g_strdup("CVE-2008-0001"));
        g_ptr_array_add(b->supersedes, g_strdup("MS07-001"));
        g_ptr_array_add(b->affected, affected_new("a", NULL));
        g_ptr_array_add(b->tests, lab_test_new("a"));
        g_ptr_array_add(b->downloads, download_new("a", NULL, NULL));
        g_ptr_array_add(b->packages, package_new("a"));
        g_ptr_array_add(b->deployments, deployment_new("a", NULL));
        g_ptr_array_add(b->update_expert, update_expert_new("a", NULL));
        g_ptr_array_add(b->sections, section_new("a", NULL));
        g_ptr_array_add(b->links, link_new("a", NULL));
        g_ptr_array_add(b->entries, bulletin_entry_new("a", NULL, NULL));
        ck_assert_filled(b, "id kbs edition registered updated title vendor_title cves supersedes affected tests downloads "
                            "packages deployment_minutes update_expert sections links entries");
}
END_TEST

/* The numbers are in databases. */
START_TEST(the_numbers_stay)
{
        static const struct { const char *path; unsigned number; } known[] = {
                { "severity", 0 }, { "urgency", 1 }, { "environments.server", 8 }, { "impacts.spoofing", 18 }, { "id", 19 },
                { "kbs", 20 },     { "title", 24 },  { "affected", 28 },           { "sections", 34 },         { "links", 35 },
                { "entries", 36 },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
                ck_assert_uint_eq(number_of(known[i].path), known[i].number);
        for (unsigned i = 0; i < BULLETIN_FILL_MAX; i++) {
                ck_assert_uint_eq(number_of(bulletin_fill_path(i)), i); /* no two of one name */
                ck_assert_ptr_nonnull(bulletin_fill_english(i));
        }
        ck_assert_ptr_null(bulletin_fill_path(BULLETIN_FILL_MAX));
        ck_assert_ptr_null(bulletin_fill_english(BULLETIN_FILL_MAX));
        ck_assert_str_eq(bulletin_fill_english(number_of("tests")), "lab tests");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("bulletin_fill");
        TCase *tcase = tcase_create("fields");
        tcase_add_test(tcase, an_empty_bulletin_has_nothing);
        tcase_add_test(tcase, each_enumerated_field_by_itself);
        tcase_add_test(tcase, texts_dates_and_lists);
        tcase_add_test(tcase, the_numbers_stay);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
