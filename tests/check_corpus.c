/* SPDX-License-Identifier: MIT */
/* Every mail below tests/mail that has a .json beside it: read as the worker reads it, compared with what a careful
 * reader of the mail wrote down. */
#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "ingest/reader.h"
#include "tests/support.h"

#define MAILS_MIN 43u
#define DIRECTORY_DEPTH_MAX 4u

static void find_mails(const char *directory, unsigned depth, GPtrArray *paths)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        for (const char *name; (name = g_dir_read_name(dir));) {
                g_autofree char *path = g_build_filename(directory, name, NULL);
                if (depth < DIRECTORY_DEPTH_MAX && g_file_test(path, G_FILE_TEST_IS_DIR))
                        find_mails(path, depth + 1, paths);
                else if (g_str_has_suffix(name, ".eml"))
                        g_ptr_array_add(paths, g_steal_pointer(&path));
        }
        g_dir_close(dir);
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static char *expectation_path(const char *mail)
{
        g_autofree char *stem = g_strndup(mail, strlen(mail) - strlen(".eml"));
        return g_strconcat(stem, ".json", NULL);
}

/* Where a flat key of an expectation stands in a bulletin's JSON. */
static const struct {
        const char *key, *group, *member;
} places[] = {
        { "severity", NULL, "severity" },
        { "urgency", NULL, "urgency" },
        { "measure", NULL, "measure" },
        { "exploit_code", NULL, "exploit_code" },
        { "exploit_published", NULL, "exploit_published" },
        { "attacks_observed", NULL, "attacks_observed" },
        { "restart", NULL, "restart" },
        { "uninstall", NULL, "uninstall" },
        { "server", "environments", "server" },
        { "client", "environments", "client" },
        { "remote", "attack_vectors", "remote" },
        { "worm", "attack_vectors", "worm" },
        { "email", "attack_vectors", "email" },
        { "web", "attack_vectors", "web" },
        { "code_execution", "impacts", "code_execution" },
        { "privilege_elevation", "impacts", "privilege_elevation" },
        { "information_disclosure", "impacts", "information_disclosure" },
        { "denial_of_service", "impacts", "denial_of_service" },
        { "spoofing", "impacts", "spoofing" },
};

static const char *const plain_keys[] = { "kind",    "id",    "kbs",          "edition",    "registered",
                                          "updated", "title", "vendor_title", "supersedes", "cves",
                                          NULL };

static json_t *rows(const json_t *list, const char *const *keys)
{
        json_t *out = json_array();
        for (size_t i = 0; i < json_array_size(list); i++) {
                json_t *row = json_array();
                for (const char *const *key = keys; *key; key++) {
                        json_t *value = json_object_get(json_array_get(list, i), *key);
                        json_array_append(row, json_is_object(value) ? json_object_get(value, "value") : value);
                }
                json_array_append_new(out, row);
        }
        return out;
}

static json_t *headings(const json_t *sections)
{
        json_t *out = json_array();
        for (size_t i = 0; i < json_array_size(sections); i++)
                json_array_append(out, json_object_get(json_array_get(sections, i), "heading"));
        return out;
}

/* The files that all packages replace. */
static json_t *replaced_files(const json_t *packages)
{
        static const char *const keys[] = { "name", "size", "description", "folder", NULL };
        json_t *out = json_array();
        for (size_t i = 0; i < json_array_size(packages); i++) {
                json_t *files = rows(json_object_get(json_array_get(packages, i), "files"), keys);
                json_array_extend(out, files);
                json_decref(files);
        }
        return out;
}

/* What the bulletin says under a key of an expectation; a new reference, NULL for a key that does not exist. */
static json_t *actual_value(const json_t *bulletin, const struct reader_result *result, const char *key)
{
        static const char *const affected[] = { "software", "platforms", NULL };
        static const char *const tests[] = { "platform", "result", NULL };
        static const char *const products[] = { "product", NULL };
        static const char *const minutes[] = { "package", "50", "100", "250", "500", NULL };
        if (g_strv_contains(plain_keys, key))
                return json_incref(json_object_get(bulletin, key));
        for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
                if (!g_str_equal(places[i].key, key))
                        continue;
                const json_t *group = places[i].group ? json_object_get(bulletin, places[i].group) : bulletin;
                json_t *value = json_object_get(json_object_get(group, places[i].member), "value");
                return value ? json_incref(value) : json_null();
        }
        if (g_str_equal(key, "urgency_basis"))
                return json_incref(json_object_get(json_object_get(bulletin, "urgency"), "basis"));
        if (g_str_equal(key, "restart_text"))
                return json_incref(json_object_get(json_object_get(bulletin, "restart"), "text"));
        if (g_str_equal(key, "headings"))
                return headings(json_object_get(bulletin, "sections"));
        if (g_str_equal(key, "first_text"))
                return json_incref(json_object_get(json_array_get(json_object_get(bulletin, "sections"), 0), "text"));
        if (g_str_equal(key, "affected"))
                return rows(json_object_get(bulletin, key), affected);
        if (g_str_equal(key, "tests"))
                return rows(json_object_get(bulletin, key), tests);
        if (g_str_equal(key, "deployment_minutes"))
                return rows(json_object_get(bulletin, key), minutes);
        if (g_str_equal(key, "deployment_products"))
                return rows(json_object_get(bulletin, "deployment_minutes"), products);
        if (g_str_equal(key, "files"))
                return replaced_files(json_object_get(bulletin, "packages"));
        if (g_str_equal(key, "warnings"))
                return json_integer((json_int_t) json_array_size(json_object_get(bulletin, key)));
        if (g_str_equal(key, "archive_name"))
                return result->archive_name ? json_string(result->archive_name) : json_null();
        return NULL;
}

static unsigned compare(const char *path, const json_t *expected, const struct reader_result *result)
{
        json_t *bulletin = bulletin_to_json(result->bulletin), *want;
        unsigned wrong = 0;
        const char *key;
        json_object_foreach((json_t *) expected, key, want) {
                json_t *is = actual_value(bulletin, result, key);
                if (!is || !json_equal(is, want)) {
                        char *want_text = json_dumps(want, JSON_ENCODE_ANY);
                        char *is_text = is ? json_dumps(is, JSON_ENCODE_ANY) : NULL;
                        fprintf(stderr, "%s: %s is %s, not %s\n", path, key, is_text ? is_text : "no known key",
                                want_text);
                        free(want_text);
                        free(is_text);
                        wrong++;
                }
                json_decref(is);
        }
        json_decref(bulletin);
        return wrong;
}

static unsigned check_mail(const char *path)
{
        g_autofree char *expectation = expectation_path(path);
        json_error_t error;
        json_t *expected = json_load_file(expectation, JSON_REJECT_DUPLICATES, &error);
        ck_assert_msg(expected, "%s: %s", expectation, error.text);
        size_t size;
        g_autofree char *data = support_read_file(path, &size);
        struct reader_result result;
        reader_read(data, size, READER_MAIL, &result);
        bool is_unknown = g_strcmp0(json_string_value(json_object_get(expected, "kind")), "unknown") == 0;
        enum reader_outcome outcome = is_unknown ? READER_UNRECOGNISED : READER_RECOGNISED;
        unsigned wrong = 1;
        if (result.outcome == outcome)
                wrong = compare(path, expected, &result);
        else
                fprintf(stderr, "%s: outcome %d: %s\n", path, (int) result.outcome, result.reason ? result.reason : "");
        reader_result_clear(&result);
        json_decref(expected);
        return wrong;
}

START_TEST(test_every_mail_says_what_its_reader_wrote_down)
{
        g_autofree char *directory = support_source_path("mail");
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        find_mails(directory, 0, paths);
        g_ptr_array_sort(paths, compare_paths);
        reader_prepare();
        unsigned checked = 0, wrong = 0;
        for (guint i = 0; i < paths->len; i++) {
                const char *path = g_ptr_array_index(paths, i);
                g_autofree char *expectation = expectation_path(path);
                if (!g_file_test(expectation, G_FILE_TEST_EXISTS))
                        continue;
                wrong += check_mail(path);
                checked++;
        }
        ck_assert_uint_ge(checked, MAILS_MIN);
        ck_assert_uint_eq(wrong, 0);
}
END_TEST

static void parse(const char *relative, struct reader_result *ret_result)
{
        g_autofree char *path = support_source_path(relative);
        size_t size;
        g_autofree char *data = support_read_file(path, &size);
        reader_read(data, size, READER_MAIL, ret_result);
        ck_assert_int_eq(ret_result->outcome, READER_RECOGNISED);
}

START_TEST(test_a_mail_sent_again_has_the_same_fingerprint)
{
        struct reader_result first, again, raised;
        reader_prepare();
        parse("mail/samples/01-critical-plain.eml", &first);
        parse("mail/samples/06-critical-resent.eml", &again);
        parse("mail/samples/07-raised-pipes.eml", &raised);
        char a[65], b[65], c[65];
        bulletin_fingerprint(first.bulletin, a);
        bulletin_fingerprint(again.bulletin, b);
        bulletin_fingerprint(raised.bulletin, c);
        ck_assert_str_eq(a, b);
        ck_assert_str_ne(a, c);
        ck_assert_str_ne(first.bulletin->mail.message_id, again.bulletin->mail.message_id);
        reader_result_clear(&first);
        reader_result_clear(&again);
        reader_result_clear(&raised);
}
END_TEST

static const struct section *find_section(const struct bulletin *bulletin, const char *heading)
{
        for (guint i = 0; i < bulletin->sections->len; i++) {
                const struct section *section = g_ptr_array_index(bulletin->sections, i);
                if (g_strcmp0(section->heading, heading) == 0)
                        return section;
        }
        ck_abort_msg("no section %s", heading);
}

START_TEST(test_wrapping_changes_no_prose)
{
        static const char *const shared[] = { "概要", "脆弱性の内容", "■更新の内容", "確認方法" };
        struct reader_result html, wrapped;
        reader_prepare();
        parse("mail/samples/03-critical-alternative.eml", &html);
        parse("mail/renderings/plain-wrapped.eml", &wrapped);
        for (size_t i = 0; i < G_N_ELEMENTS(shared); i++)
                ck_assert_str_eq(find_section(html.bulletin, shared[i])->text,
                                 find_section(wrapped.bulletin, shared[i])->text);
        reader_result_clear(&html);
        reader_result_clear(&wrapped);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("corpus");
        TCase *tcase = tcase_create("mails");
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, test_every_mail_says_what_its_reader_wrote_down);
        tcase_add_test(tcase, test_a_mail_sent_again_has_the_same_fingerprint);
        tcase_add_test(tcase, test_wrapping_changes_no_prose);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
