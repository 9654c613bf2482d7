/* SPDX-License-Identifier: MIT */
#include "daemon/mail_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"

#define DEPTH_MAX 16u

struct walk {
        uint64_t max_bytes;
        mail_source_function function;
        void *context;
        GPtrArray *problems;
};

static void add_problem(struct walk *walk, const char *path, const char *text)
{
        g_ptr_array_add(walk->problems, g_strdup_printf("%s: %s", path, text));
}

static int take_file(struct walk *walk, const char *path)
{
        struct error err = ERROR_INIT;
        char *data;
        size_t size;
        if (file_read(path, walk->max_bytes, &data, &size, &err) < 0) {
                g_ptr_array_add(walk->problems, g_strdup(error_text(&err)));
                error_clear(&err);
                return 0;
        }
        return walk->function(path, data, size, walk->context);
}

/* One mail of an mbox is complete: the blank line before the next "From " belongs to the mbox, not to the mail. */
static int take_mbox_mail(struct walk *walk, const char *path, GString *mail, bool oversize)
{
        if (oversize) {
                add_problem(walk, path, "a mail in it is larger than max-message-size and was left out");
                g_string_truncate(mail, 0);
                return 0;
        }
        if (mail->len == 0)
                return 0;
        if (g_str_has_suffix(mail->str, "\n\n"))
                g_string_truncate(mail, mail->len - 1);
        else if (g_str_has_suffix(mail->str, "\r\n\r\n"))
                g_string_truncate(mail, mail->len - 2);
        gsize size = mail->len;
        char *data = g_malloc(size + 1);
        memcpy(data, mail->str, size + 1);
        g_string_truncate(mail, 0);
        return walk->function(path, data, size, walk->context);
}

/* ">From ", ">>From ": one mark was put in front when the mail was written into the mbox. */
static bool is_quoted_from(const char *line)
{
        size_t marks = strspn(line, ">");
        return marks > 0 && strncmp(line + marks, "From ", 5) == 0;
}

/* One line with its end, or its beginning: of a line longer than that no more than max_bytes + 1 bytes are kept. False at
 * the end of the file. */
static bool read_line(FILE *in, uint64_t max_bytes, GString *line)
{
        int c;
        g_string_truncate(line, 0);
        flockfile(in);
        while ((c = getc_unlocked(in)) != EOF) {
                if (line->len <= max_bytes)
                        g_string_append_c(line, (char) c);
                if (c == '\n')
                        break;
        }
        funlockfile(in);
        return line->len > 0;
}

static int take_mbox(struct walk *walk, const char *path, FILE *in)
{
        g_autoptr(GString) mail = g_string_new(NULL), line = g_string_new(NULL);
        bool blank_before = true, oversize = false;
        int r = 0;
        while (r == 0 && read_line(in, walk->max_bytes, line)) {
                if (blank_before && strncmp(line->str, "From ", 5) == 0) {
                        r = take_mbox_mail(walk, path, mail, oversize);
                        oversize = false;
                } else if (mail->len + line->len > walk->max_bytes) {
                        oversize = true;
                } else if (!oversize) {
                        size_t skip = is_quoted_from(line->str) ? 1 : 0;
                        g_string_append_len(mail, line->str + skip, (gssize) (line->len - skip));
                }
                blank_before = strcmp(line->str, "\n") == 0 || strcmp(line->str, "\r\n") == 0;
        }
        if (r == 0)
                r = take_mbox_mail(walk, path, mail, oversize);
        if (ferror(in))
                add_problem(walk, path, "read error; the rest was left out");
        return r;
}

static int walk_file(struct walk *walk, const char *path)
{
        FILE *in = fopen(path, "re");
        if (!in) {
                add_problem(walk, path, strerror(errno));
                return 0;
        }
        char start[5] = "";
        bool mbox = fread(start, 1, sizeof start, in) == sizeof start && memcmp(start, "From ", 5) == 0;
        rewind(in);
        int r = mbox ? take_mbox(walk, path, in) : take_file(walk, path);
        fclose(in);
        return r;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static int walk_path(struct walk *walk, const char *path, unsigned depth);

static int walk_directory(struct walk *walk, const char *path, unsigned depth)
{
        GError *error = NULL;
        GDir *dir = g_dir_open(path, 0, &error);
        if (!dir) {
                add_problem(walk, path, error->message);
                g_error_free(error);
                return 0;
        }
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        const char *name;
        while ((name = g_dir_read_name(dir)))
                if (name[0] != '.')
                        g_ptr_array_add(names, g_strdup(name));
        g_dir_close(dir);
        g_ptr_array_sort(names, compare_names);
        int r = 0;
        for (guint i = 0; r == 0 && i < names->len; i++) {
                g_autofree char *child = g_build_filename(path, g_ptr_array_index(names, i), NULL);
                struct stat st;
                if (lstat(child, &st) == 0 && (S_ISDIR(st.st_mode) || stat(child, &st) == 0) &&
                    (S_ISREG(st.st_mode) || (S_ISDIR(st.st_mode) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))))
                        r = walk_path(walk, child, depth + 1);
        }
        return r;
}

/* The messages of a Maildir are in cur and new; what tmp holds is not delivered yet. */
static int walk_maildir(struct walk *walk, const char *path, unsigned depth)
{
        int r = 0;
        static const char *const folders[] = { "cur", "new" };
        for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(folders); i++) {
                g_autofree char *folder = g_build_filename(path, folders[i], NULL);
                r = walk_directory(walk, folder, depth + 1);
        }
        return r;
}

static bool is_maildir(const char *path)
{
        g_autofree char *cur = g_build_filename(path, "cur", NULL), *fresh = g_build_filename(path, "new", NULL);
        return g_file_test(cur, G_FILE_TEST_IS_DIR) && g_file_test(fresh, G_FILE_TEST_IS_DIR);
}

static int walk_path(struct walk *walk, const char *path, unsigned depth)
{
        if (depth > DEPTH_MAX) {
                add_problem(walk, path, "nested too deeply");
                return 0;
        }
        if (!g_file_test(path, G_FILE_TEST_IS_DIR))
                return walk_file(walk, path);
        return is_maildir(path) ? walk_maildir(walk, path, depth) : walk_directory(walk, path, depth);
}

int mail_source_walk(const char *path, uint64_t max_bytes, mail_source_function function, void *context, GPtrArray *problems,
                     struct error *err)
{
        struct stat st;
        if (stat(path, &st) < 0)
                return error_set(err, -errno, "%s: %s", path, strerror(errno));
        /* A pipe can't be looked at before it is read, and a device may have no end. */
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return error_set(err, -EINVAL, "%s: neither a file nor a directory", path);
        struct walk walk = { max_bytes, function, context, problems };
        int r = walk_path(&walk, path, 0);
        return r < 0 ? error_set(err, r, "%s: %s", path, error_name(r)) : 0;
}
