/* SPDX-License-Identifier: MIT */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_p.h"

#define READ_STEP_BYTES ((size_t) 64 * 1024)
#define TEMPORARY_TRIES 100
#define SWEPT_TRIES 5u

static int fail(struct error *err, const char *what, const char *path, int code)
{
        return error_set(err, code, "cannot %s %s: %s", what, path, error_name(code));
}

static int read_all(int fd, size_t max_bytes, size_t expected, GByteArray *data)
{
        /* One byte more than expected, so that the end of a file of known size is seen without growing. */
        size_t step = MIN(MAX(expected, READ_STEP_BYTES), max_bytes) + 1;
        for (;;) {
                guint start = data->len;
                if (step > G_MAXUINT / 2 - start)
                        return -ERR_LIMIT;
                g_byte_array_set_size(data, start + (guint) step);
                ssize_t n = read(fd, data->data + start, step);
                int saved = errno;
                g_byte_array_set_size(data, start + (guint) MAX(n, 0));
                if (n < 0 && saved != EINTR)
                        return -saved;
                if (n == 0)
                        return 0;
                if (data->len > max_bytes)
                        return -ERR_LIMIT;
                step = MIN(READ_STEP_BYTES, max_bytes - data->len + 1);
        }
}

static int read_descriptor(int fd, size_t max_bytes, char **ret_data, size_t *ret_size)
{
        struct stat st;
        size_t expected = 0;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
                if ((uintmax_t) st.st_size > max_bytes)
                        return -ERR_LIMIT;
                expected = (size_t) st.st_size;
        }
        GByteArray *data = g_byte_array_new();
        int r = read_all(fd, max_bytes, expected, data);
        if (r < 0) {
                g_byte_array_free(data, TRUE);
                return r;
        }
        *ret_size = data->len;
        g_byte_array_append(data, (const guint8 *) "", 1);
        *ret_data = (char *) g_byte_array_free(data, FALSE);
        return 0;
}

int file_read(const char *path, size_t max_bytes, char **ret_data, size_t *ret_size, struct error *err)
{
        bool standard_input = strcmp(path, "-") == 0;
        const char *name = standard_input ? "standard input" : path;
        int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return fail(err, "read", path, -errno);
        int r = read_descriptor(fd, max_bytes, ret_data, ret_size);
        if (!standard_input)
                close(fd); /* only read from: nothing can be lost here */
        if (r == -ERR_LIMIT)
                return error_set(err, r, "%s is larger than %zu bytes", name, max_bytes);
        return r < 0 ? fail(err, "read", name, r) : 0;
}

int file_write_all(int fd, const void *data, size_t size)
{
        const char *at = data;
        while (size > 0) {
                ssize_t n = write(fd, at, MIN(size, (size_t) SSIZE_MAX));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -ENOSPC;
                at += n;
                size -= (size_t) n;
        }
        return 0;
}

int file_give_to_owner_of(int directory, int fd)
{
        struct stat wanted, present;
        if (geteuid() != 0)
                return 0;
        if (fstat(directory, &wanted) < 0 || fstat(fd, &present) < 0)
                return -errno;
        if (wanted.st_uid == present.st_uid && wanted.st_gid == present.st_gid)
                return 0; /* also right for a root without CAP_CHOWN */
        return fchown(fd, wanted.st_uid, wanted.st_gid) < 0 ? -errno : 0;
}

int file_create_temporary(int directory, char **ret_name)
{
        for (unsigned i = 0; i < TEMPORARY_TRIES; i++) {
                g_autofree char *name = g_strdup_printf(".tmp-%08x%08x", g_random_int(), g_random_int());
                int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (fd >= 0) {
                        *ret_name = g_steal_pointer(&name);
                        return fd;
                }
                if (errno != EEXIST)
                        return -errno;
        }
        return -EEXIST;
}

int file_fill(int directory, int fd, const void *data, size_t size, mode_t mode)
{
        int r = file_write_all(fd, data, size);
        if (r == 0)
                r = file_give_to_owner_of(directory, fd);
        /* After the owner: a change of owner may clear mode bits. */
        if (r == 0 && fchmod(fd, mode) < 0)
                r = -errno;
        return r;
}

static int learn_rights(int directory, int fd, mode_t mode, struct file_rights *rights)
{
        struct stat wanted, present;
        if (fstat(directory, &wanted) < 0 || fstat(fd, &present) < 0)
                return -errno;
        bool same = wanted.st_uid == present.st_uid && wanted.st_gid == present.st_gid;
        *rights = (struct file_rights) { .known = true, .other_owner = geteuid() == 0 && !same, .mode = mode,
                                         .other_mode = (present.st_mode & 07777) != mode };
        return 0;
}

int file_set_rights(int directory, int fd, mode_t mode, struct file_rights *rights)
{
        int r = rights->known && rights->mode == mode ? 0 : learn_rights(directory, fd, mode, rights);
        if (r == 0 && rights->other_owner)
                r = file_give_to_owner_of(directory, fd);
        if (r == 0 && (rights->other_owner || rights->other_mode) && fchmod(fd, mode) < 0)
                r = -errno;
        return r;
}

static int fill_and_close(int directory, int fd, const void *data, size_t size, mode_t mode)
{
        int r = file_fill(directory, fd, data, size, mode);
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        if (close(fd) < 0 && r == 0)
                r = -errno;
        return r;
}

static int write_once(int directory, const char *name, const void *data, size_t size, mode_t mode)
{
        g_autofree char *temporary = NULL;
        int fd = file_create_temporary(directory, &temporary);
        if (fd < 0)
                return fd;
        int r = fill_and_close(directory, fd, data, size, mode);
        if (r == 0 && renameat(directory, temporary, directory, name) < 0)
                r = -errno;
        if (r < 0) {
                unlinkat(directory, temporary, 0);
                return r;
        }
        return fsync(directory) < 0 ? -errno : 0;
}

/* Another process, starting up, may sweep the temporary file away as one that a crash has left. */
static int write_in_directory(int directory, const char *name, const void *data, size_t size, mode_t mode)
{
        int r = write_once(directory, name, data, size, mode);
        for (unsigned i = 1; r == -ENOENT && i < SWEPT_TRIES; i++)
                r = write_once(directory, name, data, size, mode);
        return r;
}

int file_write_atomic(const char *path, const void *data, size_t size, mode_t mode, struct error *err)
{
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        if (*name == '\0')
                return fail(err, "write", path, -EISDIR);
        g_autofree char *parent = g_path_get_dirname(path);
        /* Everything goes through this one descriptor: a directory that is moved or replaced meanwhile does no harm. */
        int directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
                return fail(err, "write", path, -errno);
        int r = write_in_directory(directory, name, data, size, mode);
        close(directory);
        return r < 0 ? fail(err, "write", path, r) : 0;
}

static bool read_same(int fd, const char *data, size_t size)
{
        char part[16 * 1024];
        while (size > 0) {
                ssize_t n = read(fd, part, MIN(size, sizeof part));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0 || memcmp(part, data, (size_t) n) != 0)
                        return false;
                data += n;
                size -= (size_t) n;
        }
        return true;
}

bool file_has_content(int directory, const char *name, const void *data, size_t size)
{
        struct stat st;
        int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return false;
        bool same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uintmax_t) st.st_size == size && read_same(fd, data, size);
        close(fd);
        return same;
}

static int settle_new_directory(const char *path, mode_t mode)
{
        g_autofree char *parent_path = g_path_get_dirname(path);
        int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (directory < 0)
                return -errno;
        int r = fchmod(directory, mode) < 0 ? -errno : 0; /* mkdir obeyed the umask */
        int parent = open(parent_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent >= 0) {
                if (r == 0)
                        r = file_give_to_owner_of(parent, directory);
                if (r == 0 && fsync(parent) < 0)
                        r = -errno;
                close(parent);
        } else if (errno != EACCES) /* a parent that may be entered and not read cannot be synced */
                r = -errno;
        close(directory);
        return r;
}

static int make_one_directory(const char *path, mode_t mode)
{
        struct stat st;
        if (stat(path, &st) == 0)
                return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
        if (mkdir(path, mode) == 0)
                return settle_new_directory(path, mode);
        if (errno != EEXIST)
                return -errno;
        /* Another process was faster, or it is a dangling link. */
        if (stat(path, &st) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int file_make_directory(const char *path, mode_t mode, struct error *err)
{
        if (*path == '\0')
                return fail(err, "create directory", "\"\"", -ENOENT);
        for (const char *at = path; *at;) {
                while (*at == '/')
                        at++;
                at += strcspn(at, "/");
                g_autofree char *prefix = g_strndup(path, (gsize) (at - path));
                int r = make_one_directory(prefix, mode);
                if (r < 0)
                        return fail(err, "create directory", prefix, r);
        }
        return 0;
}
