/* SPDX-License-Identifier: MIT */
/* From files to sections: reading, drop-ins, merging, syntax. */
#include "daemon/config_p.h"

#include <errno.h>
#include <string.h>

#include "common/file.h"
#include "common/limits.h"

static void value_free(void *data)
{
        struct config_value *value = data;
        g_free(value->text);
        g_free(value);
}

static void section_free(void *data)
{
        struct config_section *section = data;
        g_free(section->kind);
        g_free(section->name);
        g_free(section->title);
        g_hash_table_unref(section->values);
        g_free(section);
}

struct config_reader *config_reader_new(enum config_purpose purpose)
{
        struct config_reader *reader = g_new0(struct config_reader, 1);
        reader->purpose = purpose;
        reader->files = g_ptr_array_new_with_free_func(g_free);
        reader->sections = g_ptr_array_new_with_free_func(section_free);
        reader->problems = g_ptr_array_new_with_free_func(g_free);
        reader->warnings = g_ptr_array_new_with_free_func(g_free);
        reader->only_credentials = true;
        return reader;
}

void config_reader_free(struct config_reader *reader)
{
        if (!reader)
                return;
        g_ptr_array_unref(reader->files);
        g_ptr_array_unref(reader->sections);
        g_clear_pointer(&reader->problems, g_ptr_array_unref);
        g_clear_pointer(&reader->warnings, g_ptr_array_unref);
        g_free(reader);
}

static char *format_line(const struct config_section *section, const char *key, const char *text)
{
        const struct config_value *value = key ? g_hash_table_lookup(section->values, key) : NULL;
        const char *file = value ? value->file : section->file;
        return key ? g_strdup_printf("%s: [%s] %s: %s", file, section->title, key, text)
                   : g_strdup_printf("%s: [%s]: %s", file, section->title, text);
}

/* Takes the line. A value that is looked at in several places is wrong once. */
static void add_line(GPtrArray *lines, char *line)
{
        if (g_ptr_array_find_with_equal_func(lines, line, g_str_equal, NULL))
                g_free(line);
        else
                g_ptr_array_add(lines, line);
}

void config_problem(struct config_reader *reader, const struct config_section *section, const char *key,
                    const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        add_line(reader->problems, format_line(section, key, text));
        reader->only_credentials = false;
}

void config_credential_problem(struct config_reader *reader, const struct config_section *section, const char *key,
                               const char *text)
{
        add_line(reader->problems, format_line(section, key, text));
}

void config_warning(struct config_reader *reader, const struct config_section *section, const char *key,
                    const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        add_line(reader->warnings, format_line(section, key, text));
}

void config_file_problem(struct config_reader *reader, const char *file, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        g_ptr_array_add(reader->problems, g_strdup_printf("%s: %s", file, text));
        reader->only_credentials = false;
}

static bool name_is_valid(const char *name)
{
        size_t length = strlen(name);
        if (length == 0 || length > CONFIG_NAME_LENGTH_MAX)
                return false;
        for (const char *c = name; *c; c++)
                if (!g_ascii_isalnum(*c) && !strchr("_.-", *c))
                        return false;
        return true;
}

/* "mailbox work" to kind and name; false after a problem. */
static bool split_title(struct config_reader *reader, const char *file, const char *title, char **ret_kind,
                        char **ret_name)
{
        g_autofree char *stripped = g_strstrip(g_strdup(title));
        size_t length = strcspn(stripped, " \t");
        g_autofree char *kind = g_strndup(stripped, length);
        g_autofree char *name = g_strstrip(g_strdup(stripped + length));
        if (!config_section_kind_is_known(kind)) {
                config_unknown_section(reader, file, title, kind);
                return false;
        }
        bool named = strcmp(kind, "daemon") != 0;
        if (!named && *name != '\0') {
                config_file_problem(reader, file, "[%s]: the section [daemon] has no name", title);
                return false;
        }
        if (named && !name_is_valid(name)) {
                config_file_problem(
                        reader, file,
                        "[%s]: a section [%s NAME] needs a name of at most %u letters, digits, \"_\", \".\" or \"-\"",
                        title, kind, CONFIG_NAME_LENGTH_MAX);
                return false;
        }
        *ret_kind = g_steal_pointer(&kind);
        *ret_name = g_steal_pointer(&name);
        return true;
}

static struct config_section *section_for(struct config_reader *reader, const char *file, const char *title)
{
        g_autofree char *kind = NULL, *name = NULL;
        if (!split_title(reader, file, title, &kind, &name))
                return NULL;
        for (guint i = 0; i < reader->sections->len; i++) {
                struct config_section *known = g_ptr_array_index(reader->sections, i);
                if (strcmp(known->kind, kind) == 0 && strcmp(known->name, name) == 0)
                        return known;
        }
        struct config_section *section = g_new0(struct config_section, 1);
        section->title = *name ? g_strdup_printf("%s %s", kind, name) : g_strdup(kind);
        section->kind = g_steal_pointer(&kind);
        section->name = g_steal_pointer(&name);
        section->file = file;
        section->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, value_free);
        g_ptr_array_add(reader->sections, section);
        return section;
}

static char *repetition(const char *group, const char *key)
{
        return g_strconcat(group, "\n", key, NULL);
}

/* What is set more than once in one file, of which GKeyFile keeps the last without a word: a set of repetition(). The text has
 * been parsed. */
static GHashTable *find_repetitions(const char *data, size_t size)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        GHashTable *repeated = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *group = g_strdup("");
        for (const char *at = data, *end = data + size, *next; at < end; at = next) {
                const char *newline = memchr(at, '\n', (size_t) (end - at));
                next = newline ? newline + 1 : end;
                g_autofree char *line = g_strstrip(g_strndup(at, (gsize) (next - at)));
                if (*line == '[') {
                        g_free(group);
                        group = g_strndup(line + 1, strcspn(line + 1, "]"));
                } else if (*line != '#' && strchr(line, '=')) {
                        *strchr(line, '=') = '\0';
                        char *item = repetition(group, g_strchomp(line));
                        g_hash_table_add(g_hash_table_contains(seen, item) ? repeated : seen, item);
                }
        }
        return repeated;
}

/* Raw values: GKeyFile's backslash escapes would change patterns and folder names, and nothing here needs them. */
static void merge_group(struct config_reader *reader, GKeyFile *keys, const char *group, const char *file,
                        GHashTable *repeated)
{
        struct config_section *section = section_for(reader, file, group);
        if (!section)
                return;
        g_auto(GStrv) names = g_key_file_get_keys(keys, group, NULL, NULL);
        for (size_t i = 0; names && names[i]; i++) {
                char *text = g_key_file_get_value(keys, group, names[i], NULL);
                if (!text)
                        continue;
                struct config_value *value = g_new0(struct config_value, 1);
                value->text = g_strstrip(text);
                value->file = file;
                g_hash_table_replace(section->values, g_strdup(names[i]), value);
                if (strstr(value->text, " #"))
                        config_warning(
                                reader, section, names[i],
                                "the text from \"#\" on is part of the value; a comment needs a line of its own");
                g_autofree char *item = repetition(group, names[i]);
                if (g_hash_table_contains(repeated, item))
                        config_warning(reader, section, names[i], "is set more than once in this file; only the last one counts");
        }
}

static bool parses(const char *data, size_t size)
{
        g_autoptr(GKeyFile) keys = g_key_file_new();
        return g_key_file_load_from_data(keys, data, size, G_KEY_FILE_KEEP_TRANSLATIONS, NULL);
}

/* GKeyFile does not say where it stopped. Text up to the end of some line parses if and only if all lines before do, so
 * the first bad line is found by halving. */
static size_t find_bad_line(const char *data, size_t size)
{
        g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(size_t));
        for (size_t i = 0; i < size; i++)
                if (data[i] == '\n' || i + 1 == size) {
                        size_t end = i + 1;
                        g_array_append_val(ends, end);
                }
        size_t low = 0, high = ends->len; /* low lines parse, high lines do not */
        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;
                if (parses(data, g_array_index(ends, size_t, middle - 1)))
                        low = middle;
                else
                        high = middle;
        }
        return high;
}

static size_t line_of(const char *data, size_t offset)
{
        size_t line = 1;
        for (size_t i = 0; i < offset; i++)
                line += data[i] == '\n';
        return line;
}

static bool check_bytes(struct config_reader *reader, const char *file, const char *data, size_t size)
{
        const char *end = data;
        if (g_utf8_validate_len(data, size, &end))
                return true;
        config_file_problem(reader, file, "line %zu: not valid UTF-8", line_of(data, (size_t) (end - data)));
        return false;
}

/* Returns false after a problem that hides what the file says. */
static bool merge_data(struct config_reader *reader, const char *file, const char *data, size_t size)
{
        if (!check_bytes(reader, file, data, size))
                return false;
        g_autoptr(GKeyFile) keys = g_key_file_new();
        if (size > 0 && !g_key_file_load_from_data(keys, data, size, G_KEY_FILE_KEEP_TRANSLATIONS, NULL)) {
                /* The line itself is not shown: it may be a secret pasted to the wrong place. */
                config_file_problem(reader, file,
                                    "line %zu: neither \"key = value\" inside a section, nor \"[section]\", "
                                    "nor a comment starting with \"#\"",
                                    find_bad_line(data, size));
                return false;
        }
        g_autoptr(GHashTable) repeated = find_repetitions(data, size);
        g_auto(GStrv) groups = g_key_file_get_groups(keys, NULL);
        for (size_t i = 0; groups[i]; i++)
                merge_group(reader, keys, groups[i], file, repeated);
        return true;
}

static int merge_file(struct config_reader *reader, const char *path)
{
        char *file = g_strdup(path);
        g_ptr_array_add(reader->files, file);
        g_autofree char *data = NULL;
        size_t size = 0;
        int r = file_read(file, LIMIT_CONFIG_BYTES, &data, &size, NULL);
        if (r == -ERR_LIMIT)
                config_file_problem(reader, file, "larger than %u bytes", LIMIT_CONFIG_BYTES);
        else if (r < 0)
                config_file_problem(reader, file, "cannot be read: %s", g_strerror(-r));
        if (r < 0 || !merge_data(reader, file, data, size))
                reader->incomplete = true;
        return r;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void merge_drop_ins(struct config_reader *reader, const char *main_file)
{
        g_autofree char *directory = g_strconcat(main_file, ".d", NULL);
        GError *error = NULL;
        g_autoptr(GDir) dir = g_dir_open(directory, 0, &error);
        if (!dir) {
                if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
                        config_file_problem(reader, directory, "%s", error->message);
                        reader->incomplete = true;
                }
                g_error_free(error);
                return;
        }
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        const char *name;
        while ((name = g_dir_read_name(dir)))
                if (name[0] != '.' && g_str_has_suffix(name, ".conf"))
                        g_ptr_array_add(names, g_build_filename(directory, name, NULL));
        g_ptr_array_sort(names, compare_names);
        for (guint i = 0; i < names->len; i++)
                merge_file(reader, g_ptr_array_index(names, i));
}

int config_reader_read(struct config_reader *reader, const char *file)
{
        int r = merge_file(reader, file);
        if (r < 0)
                return r;
        merge_drop_ins(reader, file);
        return 0;
}
