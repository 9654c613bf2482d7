/* SPDX-License-Identifier: MIT */
#include "daemon/mail_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "daemon/mail_kind.h"
#include "daemon/mbox.h"

#define DEPTH_MAX 32u

/* What is known of a file before it is opened. */
enum expected {
        EXPECT_NOTHING, /* its content must tell */
        EXPECT_MAIL,    /* its name says that it is a mail, or a person does */
        EXPECT_MAILDIR, /* it lies where only mails do */
};

static void add_problem(struct mail_source *source, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add_problem(struct mail_source *source, const char *path, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        g_autofree char *name = text_make_line(path, strlen(path)); /* a name may hold any byte */
        g_ptr_array_add(source->problems, g_strdup_printf("%s: %s", name, text));
}

static bool is_stopped(struct mail_source *source)
{
        return source->stop && source->stop(source->context);
}

/* --- one file --- */

/* What the file holds now, if it is not too large. *ret_data NULL: it is, or cannot be read, and was named. */
static void read_whole(struct mail_source *source, const char *path, int fd, size_t size, char **ret_data, size_t *ret_size)
{
        g_autofree char *data = g_malloc(size + 1);
        size_t have = 0;
        *ret_data = NULL;
        while (have < size) {
                ssize_t n = pread(fd, data + have, size - have, (off_t) have);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0) {
                        add_problem(source, path, "%s", strerror(errno));
                        return;
                }
                if (n == 0)
                        break;
                have += (size_t) n;
        }
        data[have] = '\0';
        *ret_size = have;
        *ret_data = g_steal_pointer(&data);
}

static int take_mail(struct mail_source *source, const char *path, int fd, uint64_t size)
{
        char *data;
        size_t got;
        if (size > source->max_bytes) {
                add_problem(source, path, "larger than max-message-size; left out");
                return 0;
        }
        read_whole(source, path, fd, (size_t) size, &data, &got);
        source->bytes += size;
        return data ? source->mail(path, data, got, source->context) : 0;
}

static int take_mbox(struct mail_source *source, const char *path, int fd)
{
        struct error err = ERROR_INIT;
        struct mbox *mbox = NULL;
        uint64_t before = source->bytes;
        int r = mbox_open(fd, source->stop, source->context, &mbox, &err), taken = 0;
        while (r == 0 && taken == 0) {
                char *data;
                size_t size;
                r = mbox_next(mbox, source->max_bytes, &data, &size, &err);
                if (r <= 0)
                        break;
                source->bytes = before + mbox_position(mbox);
                r = 0;
                if (!data) {
                        add_problem(source, path, "a mail in it, before byte %" G_GUINT64_FORMAT ", is larger than "
                                    "max-message-size; left out", mbox_position(mbox));
                } else if (mail_kind_of(data, size, true) == MAIL_KIND_EMPTY) {
                        source->others++;
                        g_free(data);
                } else {
                        taken = source->mail(path, data, size, source->context);
                }
        }
        if (r < 0 && r != -ERR_CANCELLED)
                add_problem(source, path, "%s; the rest was left out", error_text(&err));
        error_clear(&err);
        mbox_free(mbox);
        return r == -ERR_CANCELLED ? r : taken;
}

static bool is_number(const char *name)
{
        return name[0] && strspn(name, "0123456789") == strlen(name);
}

static bool has_mail_name(const char *path)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        g_autofree char *lower = g_ascii_strdown(name, -1);
        return is_number(name) || g_str_has_suffix(lower, ".eml") || strstr(lower, ".eml.") || strstr(lower, ".mbox.") ||
               g_str_has_suffix(lower, ".mbox");
}

static int take_by_kind(struct mail_source *source, const char *path, int fd, uint64_t size, enum mail_kind kind,
                        enum expected expected, bool named)
{
        if (kind == MAIL_KIND_EMPTY || (kind == MAIL_KIND_COMPRESSED && expected == EXPECT_NOTHING)) {
                source->others++;
                return 0;
        }
        if (kind == MAIL_KIND_COMPRESSED) {
                add_problem(source, path, "compressed; unpack it first");
                return 0;
        }
        if (expected == EXPECT_MAILDIR)
                return take_mail(source, path, fd, size);
        if (kind == MAIL_KIND_MBOX)
                return take_mbox(source, path, fd);
        if (kind == MAIL_KIND_MAIL || (kind == MAIL_KIND_SOMETHING && expected == EXPECT_MAIL))
                return take_mail(source, path, fd, size);
        if (named)
                add_problem(source, path, "not a mail: it does not start with a header");
        else
                source->others++;
        return 0;
}

static int take_open_file(struct mail_source *source, const char *path, int fd, enum expected expected, bool named)
{
        struct stat st;
        char start[MAIL_KIND_BYTES];
        ssize_t n = fstat(fd, &st) < 0 ? -1 : pread(fd, start, sizeof start, 0);
        if (n < 0 || !S_ISREG(st.st_mode)) {
                add_problem(source, path, "%s", n < 0 ? strerror(errno) : "not a file any more");
                return 0;
        }
        uint64_t before = source->bytes;
        enum mail_kind kind = mail_kind_of(start, (size_t) n, n == st.st_size);
        int r = take_by_kind(source, path, fd, (uint64_t) st.st_size, kind, expected, named);
        if (r == 0) /* whatever was read of it */
                source->bytes = before + (uint64_t) st.st_size;
        return r;
}

static int walk_file(struct mail_source *source, const char *path, const struct stat *st, enum expected expected, bool named)
{
        if (!source->mail) {
                source->bytes += (uint64_t) st->st_size;
                return 0;
        }
        /* It was a file a moment ago; a pipe that has come into its place must not block. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0) {
                add_problem(source, path, "%s", strerror(errno));
                return 0;
        }
        if (expected == EXPECT_NOTHING && has_mail_name(path))
                expected = EXPECT_MAIL;
        int r = take_open_file(source, path, fd, expected, named);
        close(fd);
        return r;
}

/* --- directories --- */

static gint compare_names(gconstpointer a, gconstpointer b)
{
        const char *left = *(const char *const *) a, *right = *(const char *const *) b;
        int r = strverscmp(left, right); /* 9 before 10 */
        return r != 0 ? r : strcmp(left, right);
}

/* NULL if it cannot be read: that is named. */
static GPtrArray *list_names(struct mail_source *source, const char *path)
{
        DIR *dir = opendir(path);
        if (!dir) {
                add_problem(source, path, "%s", strerror(errno));
                return NULL;
        }
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        const struct dirent *entry;
        while (errno = 0, (entry = readdir(dir)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        g_ptr_array_add(names, g_strdup(entry->d_name));
        if (errno != 0)
                add_problem(source, path, "%s; some of it may be left out", strerror(errno));
        closedir(dir);
        g_ptr_array_sort(names, compare_names);
        return names;
}

static bool is_directory(const char *path, const char *name)
{
        g_autofree char *child = g_build_filename(path, name, NULL);
        struct stat st;
        return lstat(child, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_maildir(const char *path)
{
        return is_directory(path, "cur") && is_directory(path, "new");
}

static int walk_directory(struct mail_source *source, const char *path, unsigned depth);

/* Something in a directory. */
static int walk_entry(struct mail_source *source, const char *path, bool in_maildir, enum expected expected, unsigned depth)
{
        struct stat st, target;
        if (is_stopped(source))
                return -ERR_CANCELLED;
        if (lstat(path, &st) < 0 || (S_ISLNK(st.st_mode) && stat(path, &target) < 0)) {
                add_problem(source, path, "%s", strerror(errno));
                return 0;
        }
        const char *name = strrchr(path, '/') + 1;
        bool hidden = name[0] == '.';
        if (S_ISDIR(st.st_mode)) {
                if (expected == EXPECT_MAILDIR || (in_maildir && strcmp(name, "tmp") == 0) || (hidden && !is_maildir(path)))
                        return 0;
                return walk_directory(source, path, depth + 1);
        }
        if (S_ISLNK(st.st_mode))
                st = target;
        if (S_ISDIR(st.st_mode))
                add_problem(source, path, "a link to a directory, which is not followed");
        else if (!S_ISREG(st.st_mode))
                add_problem(source, path, "neither a file nor a directory");
        else if (hidden || (in_maildir && expected != EXPECT_MAILDIR))
                source->others += source->mail != NULL;
        else
                return walk_file(source, path, &st, expected, false);
        return 0;
}

static int walk_entries(struct mail_source *source, const char *path, bool in_maildir, enum expected expected, unsigned depth)
{
        g_autoptr(GPtrArray) names = list_names(source, path);
        int r = 0;
        for (guint i = 0; r == 0 && names && i < names->len; i++) {
                const char *name = g_ptr_array_index(names, i);
                g_autofree char *child = g_build_filename(path, name, NULL);
                /* What tmp holds is not delivered yet. */
                if (in_maildir && (strcmp(name, "cur") == 0 || strcmp(name, "new") == 0))
                        r = walk_entries(source, child, false, EXPECT_MAILDIR, depth + 1);
                else
                        r = walk_entry(source, child, in_maildir, expected, depth);
        }
        return r;
}

static int walk_directory(struct mail_source *source, const char *path, unsigned depth)
{
        if (depth > DEPTH_MAX) {
                add_problem(source, path, "nested too deeply");
                return 0;
        }
        return walk_entries(source, path, is_maildir(path), EXPECT_NOTHING, depth);
}

int mail_source_walk(struct mail_source *source, const char *path, struct error *err)
{
        struct stat st;
        if (stat(path, &st) < 0)
                return error_set(err, -errno, "%s: %s", path, strerror(errno));
        /* A pipe can't be looked at before it is read, and a device may have no end. */
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return error_set(err, -EINVAL, "%s: neither a file nor a directory", path);
        int r = S_ISDIR(st.st_mode) ? walk_directory(source, path, 0) : walk_file(source, path, &st, EXPECT_MAIL, true);
        return r < 0 ? error_set(err, r, "%s: %s", path, error_name(r)) : 0;
}
