/* SPDX-License-Identifier: MIT */
/* Every mail below tests/mail (.eml, or the bare text of a bulletin in .txt) that has a .json beside it: read as the
 * worker reads it, compared with what a careful reader of the mail wrote down. */
#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "ingest/reader.h"
#include "tests/support.h"

#define MAILS_MIN 117u
#define DIRECTORY_DEPTH_MAX 4u

static void find_mails(const char *directory, unsigned depth, GPtrArray *paths)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        for (const char *name; (name = g_dir_read_name(dir));) {
                g_autofree char *path = g_build_filename(directory, name, NULL);
                if (depth < DIRECTORY_DEPTH_MAX && g_file_test(path, G_FILE_TEST_IS_DIR))
                        find_mails(path, depth + 1, paths);
                else if (g_str_has_suffix(name, ".eml") || g_str_has_suffix(name, ".txt"))
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

/* A member as a row shows it: of an enumerated field the value. */
static json_t *shown(const json_t *object, const char *key)
{
        json_t *member = json_object_get(object, key);
        if (json_is_object(member) && json_object_get(member, "basis"))
                member = json_object_get(member, "value");
        return member ? json_incref(member) : json_null();
}

/* An object's members in the order of keys; null for no object. */
static json_t *row(const json_t *object, const char *const *keys)
{
        if (!json_is_object(object))
                return json_null();
        json_t *out = json_array();
        for (const char *const *key = keys; *key; key++)
                json_array_append_new(out, shown(object, *key));
        return out;
}

static json_t *rows(const json_t *list, const char *const *keys)
{
        json_t *out = json_array();
        for (size_t i = 0; i < json_array_size(list); i++)
                json_array_append_new(out, row(json_array_get(list, i), keys));
        return out;
}

/* One member of each object of a list. */
static json_t *column(const json_t *list, const char *key)
{
        json_t *out = json_array();
        for (size_t i = 0; i < json_array_size(list); i++)
                json_array_append_new(out, shown(json_array_get(list, i), key));
        return out;
}

/* Each package with its own file; the files it replaces are the key "files". */
static json_t *package_rows(const json_t *packages)
{
        static const char *const keys[] = { "name", "date", "version", "size", NULL };
        json_t *out = json_array();
        for (size_t i = 0; i < json_array_size(packages); i++) {
                const json_t *package = json_array_get(packages, i);
                json_t *pair = json_array();
                json_array_append_new(pair, shown(package, "product"));
                json_array_append_new(pair, row(json_object_get(package, "file"), keys));
                json_array_append_new(out, pair);
        }
        return out;
}

/* The files that all packages replace. */
static json_t *replaced_files(const json_t *packages, const char *const *keys)
{
        json_t *out = json_array();
        for (size_t i = 0; i < json_array_size(packages); i++) {
                json_t *files = rows(json_object_get(json_array_get(packages, i), "files"), keys);
                json_array_extend(out, files);
                json_decref(files);
        }
        return out;
}

/* Lists whose rows an expectation writes as arrays: under which key, of which list, with which members. */
static const struct {
        const char *key, *path[2], *members[7];
} tables[] = {
        { "affected", { "affected" }, { "software", "platforms" } },
        { "tests", { "tests" }, { "platform", "result" } },
        { "downloads", { "downloads" }, { "platform", "center", "catalog" } },
        { "deployment_minutes", { "deployment_minutes" }, { "package", "50", "100", "250", "500" } },
        { "update_expert", { "update_expert" }, { "product", "text" } },
        { "entries", { "entries" }, { "type", "id", "kbs", "title" } },
        { "sections", { "sections" }, { "heading", "text" } },
        { "links", { "links" }, { "text", "url" } },
        { "charsets", { "mail", "charsets" }, { "declared", "used", "repaired" } },
};

static json_t *table_value(const json_t *bulletin, const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                if (!g_str_equal(tables[i].key, key))
                        continue;
                const json_t *list = json_object_get(bulletin, tables[i].path[0]);
                if (tables[i].path[1])
                        list = json_object_get(list, tables[i].path[1]);
                return json_is_array(list) ? rows(list, tables[i].members) : NULL;
        }
        return NULL;
}

/* Lists of which an expectation names one member, or all files of all packages. */
static json_t *list_value(const json_t *bulletin, const char *key)
{
        static const char *const products[] = { "product", NULL };
        static const char *const brief[] = { "name", "size", "description", "folder", NULL };
        static const char *const full[] = { "name", "date", "version", "size", "description", "folder", NULL };
        const json_t *packages = json_object_get(bulletin, "packages");
        if (g_str_equal(key, "headings"))
                return column(json_object_get(bulletin, "sections"), "heading");
        if (g_str_equal(key, "deployment_products"))
                return rows(json_object_get(bulletin, "deployment_minutes"), products);
        if (g_str_equal(key, "packages"))
                return package_rows(packages);
        if (g_str_equal(key, "files"))
                return replaced_files(packages, brief);
        if (g_str_equal(key, "all_files"))
                return replaced_files(packages, full);
        return NULL;
}

/* The short name of an enumerated field; NULL for any other key. */
static const json_t *choice(const json_t *bulletin, const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
                if (g_str_equal(places[i].key, key))
                        return json_object_get(places[i].group ? json_object_get(bulletin, places[i].group) : bulletin,
                                               places[i].member);
        return NULL;
}

/* "severity.basis", "server.text", "mail.subject", "packages.0.files.1.date": member after member, and the place in a
 * list. A new reference; NULL where the first step is no key of a bulletin, null where a later one finds nothing. */
static json_t *path_value(const json_t *bulletin, const char *key)
{
        g_auto(GStrv) steps = g_strsplit(key, ".", -1);
        const json_t *at = choice(bulletin, steps[0]);
        if (!at)
                at = json_object_get(bulletin, steps[0]);
        if (!at)
                return NULL;
        for (char **step = steps + 1; at && *step; step++) {
                guint64 place;
                if (!json_is_array(at))
                        at = json_object_get(at, *step);
                else if (g_ascii_string_to_unsigned(*step, 10, 0, G_MAXUINT32, &place, NULL))
                        at = json_array_get(at, (size_t) place);
                else
                        at = NULL;
        }
        return at ? json_incref((json_t *) at) : json_null();
}

static bool is_choice(const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
                if (g_str_equal(places[i].key, key))
                        return true;
        return false;
}

/* What the bulletin says under a key of an expectation; a new reference, NULL for a key that does not exist. */
static json_t *actual_value(const json_t *bulletin, const struct reader_result *result, const char *key)
{
        if (g_strv_contains(plain_keys, key))
                return json_incref(json_object_get(bulletin, key));
        if (is_choice(key)) {
                json_t *value = json_object_get(choice(bulletin, key), "value");
                return value ? json_incref(value) : json_null();
        }
        if (strchr(key, '.'))
                return path_value(bulletin, key);
        if (g_str_equal(key, "urgency_basis"))
                return path_value(bulletin, "urgency.basis");
        if (g_str_equal(key, "restart_text"))
                return path_value(bulletin, "restart.text");
        if (g_str_equal(key, "first_text"))
                return path_value(bulletin, "sections.0.text");
        if (g_str_equal(key, "warnings"))
                return json_integer((json_int_t) json_array_size(json_object_get(bulletin, key)));
        if (g_str_equal(key, "archive_name"))
                return result->archive_name ? json_string(result->archive_name) : json_null();
        json_t *table = table_value(bulletin, key);
        return table ? table : list_value(bulletin, key);
}

/* "warnings" may be a number, a part of one warning, or a list of such parts. */
static bool warnings_contain(const json_t *bulletin, const json_t *want)
{
        const json_t *warnings = json_object_get(bulletin, "warnings");
        if (json_is_string(want)) {
                for (size_t i = 0; i < json_array_size(warnings); i++)
                        if (strstr(json_string_value(json_array_get(warnings, i)), json_string_value(want)))
                                return true;
                return false;
        }
        for (size_t i = 0; i < json_array_size(want); i++)
                if (!json_is_string(json_array_get(want, i)) || !warnings_contain(bulletin, json_array_get(want, i)))
                        return false;
        return true;
}

static bool is_met(const json_t *bulletin, const char *key, const json_t *is, const json_t *want)
{
        if (g_str_equal(key, "warnings") && !json_is_integer(want))
                return warnings_contain(bulletin, want);
        return is && json_equal(is, want);
}

static unsigned compare(const char *path, const json_t *expected, const struct reader_result *result)
{
        json_t *bulletin = bulletin_to_json(result->bulletin), *want;
        unsigned wrong = 0;
        const char *key;
        json_object_foreach((json_t *) expected, key, want) {
                json_t *is = actual_value(bulletin, result, key);
                if (!is_met(bulletin, key, is, want)) {
                        if (g_str_equal(key, "warnings")) {
                                json_decref(is);
                                is = json_incref(json_object_get(bulletin, key));
                        }
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
        reader_read(data, size, g_str_has_suffix(path, ".txt") ? READER_GUESS : READER_MAIL, &result);
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
