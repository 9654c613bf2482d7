/* SPDX-License-Identifier: MIT */
#include "common/file_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/file_p.h"

#define SINGLE_SYNCS_MAX 24u /* files and directories synced one by one; beyond that whole file systems */

/* A file system that was written to. Its descriptor is older than the writes: syncfs tells of failures since its opening. */
struct place { dev_t device; int fd; };

struct file_batch {
        GArray *places;
        GArray *files;    /* int: descriptors of what is to be synced; unused once whole is set */
        bool whole;
        char *folder;     /* the directory written to last, and its descriptor */
        int folder_fd;
        struct file_rights rights; /* what becomes of files that are made there */
};

static file_batch_sync_function sync_function;

/* After a sync that failed the kernel may hold pages for clean that never reached the disk: until one succeeds, equal bytes
 * in a file prove nothing. */
static gint distrusted;

void file_batch_replace_sync(file_batch_sync_function function)
{
        sync_function = function;
}

static int sync_descriptor(int fd, bool whole)
{
        int r = sync_function ? sync_function(fd, whole) : whole ? syncfs(fd) : fsync(fd);
        return r < 0 ? -errno : 0;
}

static int fail(struct error *err, const char *what, const char *path, int code)
{
        return error_set(err, code, "cannot %s %s: %s", what, path, error_name(code));
}

struct file_batch *file_batch_new(void)
{
        struct file_batch *batch = g_new0(struct file_batch, 1);
        batch->places = g_array_new(FALSE, FALSE, sizeof(struct place));
        batch->files = g_array_new(FALSE, FALSE, sizeof(int));
        batch->folder_fd = -1;
        return batch;
}

static void close_files(struct file_batch *batch)
{
        for (guint i = 0; i < batch->files->len; i++)
                close(g_array_index(batch->files, int, i)); /* synced, or reopened by the sync of all */
        g_array_set_size(batch->files, 0);
}

static void leave_folder(struct file_batch *batch)
{
        g_clear_pointer(&batch->folder, g_free);
        if (batch->folder_fd >= 0)
                close(batch->folder_fd);
        batch->folder_fd = -1;
}

static void forget(struct file_batch *batch)
{
        close_files(batch);
        leave_folder(batch);
        for (guint i = 0; i < batch->places->len; i++)
                close(g_array_index(batch->places, struct place, i).fd);
        g_array_set_size(batch->places, 0);
        batch->whole = false;
}

void file_batch_free(struct file_batch *batch)
{
        if (!batch)
                return;
        forget(batch);
        g_array_unref(batch->places);
        g_array_unref(batch->files);
        g_free(batch);
}

/* Takes the descriptor. */
static void sync_later(struct file_batch *batch, int fd)
{
        if (!batch->whole && batch->files->len == SINGLE_SYNCS_MAX) {
                batch->whole = true;
                close_files(batch);
        }
        if (batch->whole)
                close(fd);
        else
                g_array_append_val(batch->files, fd);
}

static int remember_place(struct file_batch *batch, int folder_fd)
{
        struct stat st;
        if (fstat(folder_fd, &st) < 0)
                return -errno;
        for (guint i = 0; i < batch->places->len; i++)
                if (g_array_index(batch->places, struct place, i).device == st.st_dev)
                        return 0;
        struct place place = { st.st_dev, fcntl(folder_fd, F_DUPFD_CLOEXEC, 0) };
        if (place.fd < 0)
                return -errno;
        g_array_append_val(batch->places, place);
        return 0;
}

static int enter_folder(struct file_batch *batch, const char *path, size_t length)
{
        if (batch->folder && strlen(batch->folder) == length && memcmp(batch->folder, path, length) == 0)
                return 0;
        leave_folder(batch);
        g_autofree char *folder = g_strndup(path, length);
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = fd < 0 ? -errno : remember_place(batch, fd);
        int kept = r == 0 && !batch->whole ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
        if (r == 0 && !batch->whole && kept < 0)
                r = -errno;
        if (r < 0) {
                if (fd >= 0)
                        close(fd);
                return r;
        }
        if (kept >= 0)
                sync_later(batch, kept); /* the names in it */
        batch->folder = g_steal_pointer(&folder);
        batch->folder_fd = fd;
        batch->rights = (struct file_rights) { .known = false };
        return 0;
}

/* The directory of a path, made if it is missing; *ret_name is what stands behind it. */
static int enter_folder_of(struct file_batch *batch, const char *path, mode_t directory_mode, const char **ret_name,
                           struct error *err)
{
        const char *slash = strrchr(path, '/');
        if (!slash || slash == path || !slash[1])
                return fail(err, "write", path, -EINVAL);
        *ret_name = slash + 1;
        int r = enter_folder(batch, path, (size_t) (slash - path));
        if (r == -ENOENT && directory_mode) {
                g_autofree char *folder = g_strndup(path, (gsize) (slash - path));
                r = file_make_directory(folder, directory_mode, err);
                if (r < 0)
                        return r;
                r = enter_folder(batch, path, (size_t) (slash - path));
        }
        return r < 0 ? fail(err, "write", path, r) : 0;
}

/* fd was just made by this batch; it is kept or closed. r: what became of filling it. */
static int keep_new(struct file_batch *batch, int fd, const char *name, int r)
{
        if (r < 0) {
                close(fd);
                unlinkat(batch->folder_fd, name, 0);
                return r;
        }
        sync_later(batch, fd);
        return 0;
}

static int fill_new(struct file_batch *batch, int fd, const char *name, const void *data, size_t size, mode_t mode)
{
        int r = file_write_all(fd, data, size);
        if (r == 0)
                r = file_set_rights(batch->folder_fd, fd, mode, &batch->rights);
        return keep_new(batch, fd, name, r);
}

static int replace(struct file_batch *batch, const char *name, const void *data, size_t size, mode_t mode)
{
        g_autofree char *temporary = NULL;
        int fd = file_create_temporary(batch->folder_fd, &temporary);
        if (fd < 0)
                return fd;
        int r = keep_new(batch, fd, temporary, file_fill(batch->folder_fd, fd, data, size, mode));
        if (r == 0 && renameat(batch->folder_fd, temporary, batch->folder_fd, name) < 0) {
                r = -errno;
                unlinkat(batch->folder_fd, temporary, 0);
        }
        return r;
}

static int keep_or_replace(struct file_batch *batch, const char *name, const void *data, size_t size, mode_t mode)
{
        if (g_atomic_int_get(&distrusted) || !file_has_content(batch->folder_fd, name, data, size))
                return replace(batch, name, data, size, mode);
        /* Whoever wrote it may not have come to its sync. */
        if (batch->whole)
                return 0;
        int fd = openat(batch->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        sync_later(batch, fd);
        return 0;
}

int file_batch_write(struct file_batch *batch, const char *path, const void *data, size_t size, mode_t mode,
                     mode_t directory_mode, struct error *err)
{
        const char *name = NULL;
        int r = enter_folder_of(batch, path, directory_mode, &name, err);
        if (r < 0)
                return r;
        int fd = openat(batch->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd >= 0)
                r = fill_new(batch, fd, name, data, size, mode);
        else
                r = errno == EEXIST ? keep_or_replace(batch, name, data, size, mode) : -errno;
        return r < 0 ? fail(err, "write", path, r) : 0;
}

static int sync_all(struct file_batch *batch)
{
        for (guint i = 0; !batch->whole && i < batch->files->len; i++) {
                int r = sync_descriptor(g_array_index(batch->files, int, i), false);
                if (r < 0)
                        return r;
        }
        for (guint i = 0; batch->whole && i < batch->places->len; i++) {
                int r = sync_descriptor(g_array_index(batch->places, struct place, i).fd, true);
                if (r < 0)
                        return r;
        }
        return 0;
}

int file_batch_sync(struct file_batch *batch, struct error *err)
{
        int r = sync_all(batch);
        g_atomic_int_set(&distrusted, r < 0);
        forget(batch);
        return r < 0 ? error_set(err, r, "what was written cannot be synced to the disk: %s", error_name(r)) : 0;
}
