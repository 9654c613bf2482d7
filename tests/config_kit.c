/* SPDX-License-Identifier: MIT */
#include "tests/config_kit.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/support.h"

char *conf_directory;
struct config *conf;
GPtrArray *conf_problems, *conf_warnings;

void conf_write_file(const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(conf_directory, name, NULL), *parent = g_path_get_dirname(path);
        g_auto(GStrv) parts = g_strsplit(text, "@/", -1);
        g_autofree char *slash = g_strconcat(conf_directory, "/", NULL), *full = g_strjoinv(slash, parts);
        ck_assert_int_eq(g_mkdir_with_parents(parent, 0700), 0);
        ck_assert(g_file_set_contents(path, full, -1, NULL));
        ck_assert_int_eq(g_chmod(path, 0600), 0);
}

static void conf_forget(void)
{
        g_clear_pointer(&conf, config_free);
        g_clear_pointer(&conf_problems, g_ptr_array_unref);
        g_clear_pointer(&conf_warnings, g_ptr_array_unref);
}

void conf_setup(void)
{
        conf_directory = support_temporary_directory();
        conf_write_file("hook", "https://hooks.example.org/T/B/s3cret\n");
        conf_write_file("secret", "hunter2\n");
}

void conf_teardown(void)
{
        conf_forget();
        g_free(conf_directory);
}

int conf_load_for(enum config_purpose purpose)
{
        conf_forget();
        g_autofree char *file = g_build_filename(conf_directory, "test.conf", NULL);
        int r = config_load(file, purpose, &conf, &conf_problems, &conf_warnings);
        ck_assert(r < 0 ? !conf && conf_problems && conf_problems->len > 0 : conf && !conf_problems);
        ck_assert_ptr_nonnull(conf_warnings);
        return r;
}

int conf_load_text(const char *text)
{
        conf_write_file("test.conf", text);
        return conf_load_for(CONFIG_FOR_DAEMON);
}

char *conf_join(GPtrArray *lines)
{
        GString *all = g_string_new(NULL);
        for (guint i = 0; lines && i < lines->len; i++)
                g_string_append_printf(all, "%s\n", (char *) g_ptr_array_index(lines, i));
        return g_string_free(all, FALSE);
}

void conf_assert_loads(const char *text)
{
        int r = conf_load_text(text);
        g_autofree char *all = conf_join(conf_problems);
        ck_assert_msg(r == 0, "%s", all);
}

void conf_assert_has(GPtrArray *lines, const char *end)
{
        g_autofree char *all = conf_join(lines);
        for (guint i = 0; lines && i < lines->len; i++) {
                ck_assert_msg(g_str_has_prefix(g_ptr_array_index(lines, i), conf_directory), "%s", all);
                if (g_str_has_suffix(g_ptr_array_index(lines, i), end))
                        return;
        }
        ck_abort_msg("no line ends in \"%s\":\n%s", end, all);
}

void conf_assert_one_problem(const char *text, const char *end)
{
        g_autofree char *full = g_strconcat(MAILBOX, text, NULL);
        ck_assert_int_eq(conf_load_text(full), -ERR_CONFIG);
        conf_assert_has(conf_problems, end);
        g_autofree char *all = conf_join(conf_problems);
        ck_assert_msg(conf_problems->len == 1, "%s", all);
}
