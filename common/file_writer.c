/* SPDX-License-Identifier: MIT */
#include "common/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_p.h"

#define BUFFER_BYTES ((size_t) 64 * 1024)

struct file_writer {
        char *path, *temporary;
        mode_t mode;
        int directory, fd;
        GString *buffer;
        int code; /* the first failure */
};

static int fail(struct error *err, const char *path, int code)
{
        return error_set(err, code, "cannot write %s: %s", path, error_name(code));
}

static void writer_free(struct file_writer *writer)
{
        if (writer->fd >= 0)
                close(writer->fd);
        if (writer->directory >= 0)
                close(writer->directory);
        g_string_free(writer->buffer, TRUE);
        g_free(writer->path);
        g_free(writer->temporary);
        g_free(writer);
}

int file_writer_open(const char *path, mode_t mode, struct file_writer **ret_writer, struct error *err)
{
        g_autofree char *parent = g_path_get_dirname(path);
        struct file_writer *writer = g_new0(struct file_writer, 1);
        writer->path = g_strdup(path);
        writer->mode = mode;
        writer->buffer = g_string_sized_new(BUFFER_BYTES);
        writer->fd = -1;
        writer->directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = writer->directory < 0 ? -errno : 0;
        if (r == 0) {
                writer->fd = file_create_temporary(writer->directory, &writer->temporary);
                r = MIN(writer->fd, 0);
        }
        if (r < 0) {
                writer_free(writer);
                return fail(err, path, r);
        }
        *ret_writer = writer;
        return 0;
}

static void flush(struct file_writer *writer)
{
        if (writer->code == 0)
                writer->code = file_write_all(writer->fd, writer->buffer->str, writer->buffer->len);
        g_string_truncate(writer->buffer, 0);
}

void file_writer_append(struct file_writer *writer, const void *data, size_t size)
{
        g_string_append_len(writer->buffer, data, (gssize) size);
        if (writer->buffer->len >= BUFFER_BYTES)
                flush(writer);
}

static int finish(struct file_writer *writer)
{
        flush(writer);
        int r = writer->code;
        if (r == 0)
                r = file_fill(writer->directory, writer->fd, "", 0, writer->mode);
        if (r == 0 && fsync(writer->fd) < 0)
                r = -errno;
        int fd = writer->fd;
        writer->fd = -1;
        if (close(fd) < 0 && r == 0)
                r = -errno;
        const char *slash = strrchr(writer->path, '/'), *name = slash ? slash + 1 : writer->path;
        if (r == 0 && renameat(writer->directory, writer->temporary, writer->directory, name) < 0)
                r = -errno;
        if (r < 0) {
                unlinkat(writer->directory, writer->temporary, 0);
                return r;
        }
        return fsync(writer->directory) < 0 ? -errno : 0;
}

int file_writer_commit(struct file_writer *writer, struct error *err)
{
        int r = finish(writer);
        if (r < 0)
                fail(err, writer->path, r);
        writer_free(writer);
        return r;
}

void file_writer_abort(struct file_writer *writer)
{
        if (!writer)
                return;
        unlinkat(writer->directory, writer->temporary, 0);
        writer_free(writer);
}
