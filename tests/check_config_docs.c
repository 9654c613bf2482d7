/* SPDX-License-Identifier: MIT */
/* What the sample configuration and the manual say, against the table of keys. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "daemon/config.h"
#include "daemon/config_p.h"
#include "tests/config_kit.h"
#include "tests/support.h"

/* The sample: its sections and keys, commented or not, against the table. */

struct sample_key { char *section, *key, *value; };

static void sample_key_free(void *data)
{
        struct sample_key *k = data;
        g_free(k->section);
        g_free(k->key);
        g_free(k->value);
        g_free(k);
}

static char *source_file(const char *name)
{
        g_autofree char *tests = support_source_path(".."), *path = g_build_filename(tests, name, NULL);
        return support_read_file(path, NULL);
}

static GPtrArray *sample_keys(void)
{
        GPtrArray *list = g_ptr_array_new_with_free_func(sample_key_free);
        g_autofree char *text = source_file("systemd/hotfixd.conf"), *section = NULL;
        g_autoptr(GRegex) section_line = g_regex_new("^#?\\[(\\w+)( [^]]+)?\\]$", 0, 0, NULL);
        g_autoptr(GRegex) key_line = g_regex_new("^#?([a-z0-9-]+) = (.+)$", 0, 0, NULL);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (size_t i = 0; lines[i]; i++) {
                g_autoptr(GMatchInfo) match = NULL, key_match = NULL;
                if (g_regex_match(section_line, lines[i], 0, &match)) {
                        g_free(section);
                        section = g_match_info_fetch(match, 1);
                } else if (g_regex_match(key_line, lines[i], 0, &key_match)) {
                        struct sample_key *k = g_new0(struct sample_key, 1);
                        k->section = g_strdup(section);
                        k->key = g_match_info_fetch(key_match, 1);
                        k->value = g_match_info_fetch(key_match, 2);
                        g_ptr_array_add(list, k);
                } else
                        ck_assert_msg(*lines[i] == '\0' || g_str_has_prefix(lines[i], "# ") ||
                                              strcmp(lines[i], "#") == 0,
                                      "what is this line of the sample: %s", lines[i]);
        }
        return list;
}

START_TEST(sample_has_every_key_with_its_default)
{
        g_autoptr(GPtrArray) sample = sample_keys();
        for (guint i = 0; i < sample->len; i++) {
                const struct sample_key *s = g_ptr_array_index(sample, i);
                ck_assert_msg(config_key_find(s->section, s->key), "the sample has [%s] %s", s->section, s->key);
        }
        for (const struct config_key *k = config_keys(); k->section; k++) {
                bool found = false, has_default = !*k->default_value;
                for (guint i = 0; i < sample->len; i++) {
                        const struct sample_key *s = g_ptr_array_index(sample, i);
                        if (strcmp(s->section, k->section) != 0 || strcmp(s->key, k->key) != 0)
                                continue;
                        found = true;
                        has_default |= strcmp(s->value, k->default_value) == 0;
                }
                ck_assert_msg(found, "the sample lacks [%s] %s", k->section, k->key);
                ck_assert_msg(has_default, "[%s] %s: the sample never shows the default, %s", k->section, k->key,
                              k->default_value);
        }
}
END_TEST

START_TEST(sample_loads)
{
        g_autofree char *sample = source_file("systemd/hotfixd.conf");
        conf_write_file("test.conf", sample);
        int r = conf_load_for(CONFIG_FOR_CONTROL);
        g_autofree char *all = conf_join(conf_problems), *doubts = conf_join(conf_warnings);
        ck_assert_msg(r == 0, "%s", all);
        ck_assert_msg(conf_warnings->len == 1 && strstr(doubts, "[mailbox work]: believes every mail"), "%s", doubts);
        ck_assert_int_eq(conf_load_for(CONFIG_FOR_DAEMON), -ERR_CREDENTIAL); /* nothing but the secrets is missing */
}
END_TEST

/* With the comment signs in front of keys taken off, each key is accepted where it stands (but for the pairs of which
 * only one may be set, and files that are not there). */
START_TEST(sample_without_comment_signs_loads)
{
        g_autofree char *sample = source_file("systemd/hotfixd.conf");
        g_autoptr(GRegex) commented =
                g_regex_new("^#(?!(?:password|url|token|routing-key|secret)-file )([a-z0-9-]+ = |\\[)", G_REGEX_MULTILINE, 0, NULL);
        g_autofree char *text = g_regex_replace(commented, sample, -1, 0, "\\1", 0, NULL);
        conf_write_file("test.conf", text);
        int r = conf_load_for(CONFIG_FOR_CONTROL);
        g_autofree char *all = conf_join(conf_problems);
        ck_assert_msg(r == 0, "%s", all);
}
END_TEST

START_TEST(limits_and_defaults_agree)
{
        guint64 bytes = 0;
        ck_assert_int_eq(text_parse_size(config_key_find("daemon", "max-message-size")->default_value, &bytes), 0);
        ck_assert_uint_eq(bytes, LIMIT_MESSAGE_BYTES_DEFAULT);
        /* as the table's help and the manual say */
        ck_assert_uint_eq(LIMIT_MESSAGE_BYTES_MAX, 256 * MIB);
        ck_assert_uint_eq(LIMIT_TEXT_BYTES_MIN, 64 * KIB);
        ck_assert_uint_eq(LIMIT_TEXT_BYTES, 8 * MIB);
        ck_assert_uint_eq(LIMIT_WORKER_MEMORY_BYTES_MIN, 128 * MIB);
        ck_assert_uint_eq(LIMIT_WORKER_MEMORY_BYTES_MAX, 4096ul * MIB);
        for (const struct config_key *k = config_keys(); k->section; k++)
                ck_assert(*k->key && *k->values && *k->help && k->default_value);
}
END_TEST

/* In the manual each key is an item ".It Ic KEY" below ".Ss … [SECTION", with ".Pq default VALUE" if it has one. */
START_TEST(manual_has_every_key_with_its_default)
{
        g_autofree char *text = source_file("man/hotfixd.conf.5");
        g_autoptr(GRegex) heading = g_regex_new("^\\.Ss .*\\[(\\w+)", 0, 0, NULL);
        g_autoptr(GRegex) item = g_regex_new("^\\.It Ic ([a-z0-9-]+)", 0, 0, NULL);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autofree char *section = NULL, *current = NULL;
        for (size_t i = 0; lines[i]; i++) {
                g_autoptr(GMatchInfo) m1 = NULL, m2 = NULL;
                if (g_regex_match(heading, lines[i], 0, &m1)) {
                        g_free(section);
                        section = g_match_info_fetch(m1, 1);
                } else if (g_regex_match(item, lines[i], 0, &m2)) {
                        g_autofree char *key = g_match_info_fetch(m2, 1);
                        ck_assert_msg(section && config_key_find(section, key), "the manual has [%s] %s", section, key);
                        g_free(current);
                        current = g_strdup_printf("%s %s", section, key);
                        g_hash_table_replace(found, g_strdup(current), g_strdup(""));
                } else if (current && g_str_has_prefix(lines[i], ".Pq default ")) {
                        g_hash_table_replace(found, g_strdup(current), g_strdup(lines[i] + strlen(".Pq default ")));
                }
        }
        for (const struct config_key *k = config_keys(); k->section; k++) {
                g_autofree char *name = g_strdup_printf("%s %s", k->section, k->key);
                const char *said = g_hash_table_lookup(found, name);
                ck_assert_msg(said, "the manual lacks [%s] %s", k->section, k->key);
                ck_assert_msg(strcmp(said, k->default_value) == 0, "[%s] %s: the manual says \"%s\", the code \"%s\"",
                              k->section, k->key, said, k->default_value);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("config_docs");
        TCase *tcase = tcase_create("config_docs");
        tcase_add_checked_fixture(tcase, conf_setup, conf_teardown);
        tcase_add_test(tcase, sample_has_every_key_with_its_default);
        tcase_add_test(tcase, sample_loads);
        tcase_add_test(tcase, sample_without_comment_signs_loads);
        tcase_add_test(tcase, limits_and_defaults_agree);
        tcase_add_test(tcase, manual_has_every_key_with_its_default);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        unsetenv("CREDENTIALS_DIRECTORY"); /* the caller's would answer for the tests' own */
        return support_run(suite());
}
