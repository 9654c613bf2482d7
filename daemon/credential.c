/* SPDX-License-Identifier: MIT */
#include "daemon/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"

/* The prefix that LoadCredential=hotfixd:DIRECTORY gives to the files of that directory (systemd.exec(5)). */
#define DIRECTORY_PREFIX "hotfixd_"

void credential_free(char *secret)
{
        if (!secret)
                return;
        explicit_bzero(secret, strlen(secret));
        g_free(secret);
}

/* Fills buffer as far as the file goes. */
static int read_all(int fd, char *buffer, size_t size, size_t *ret_size)
{
        size_t used = 0;
        while (used < size) {
                ssize_t n = read(fd, buffer + used, size - used);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                used += (size_t) n;
        }
        *ret_size = used;
        return 0;
}

/* Takes one line end off and checks what is left. what names the secret. */
static int check_secret(char *secret, size_t size, const char *what, struct error *err)
{
        if (size > 0 && secret[size - 1] == '\n')
                secret[--size] = '\0';
        if (size > 0 && secret[size - 1] == '\r')
                secret[--size] = '\0';
        if (size == 0)
                return error_set(err, -ERR_CREDENTIAL, "%s is empty", what);
        if (memchr(secret, '\0', size))
                return error_set(err, -ERR_CREDENTIAL, "%s holds a NUL byte", what);
        if (memchr(secret, '\n', size) || memchr(secret, '\r', size))
                return error_set(err, -ERR_CREDENTIAL, "%s has more than one line", what);
        return 0;
}

static int read_open_file(int fd, const char *what, char **ret_secret, struct error *err)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return error_set(err, -ERR_CREDENTIAL, "%s cannot be read: %s", what, g_strerror(errno));
        if (!S_ISREG(st.st_mode))
                return error_set(err, -ERR_CREDENTIAL, "%s is not a regular file", what);

        /* One buffer of the largest size, so that no reallocation leaves a copy behind; the NUL is always there. */
        char *buffer = g_malloc0(LIMIT_CREDENTIAL_BYTES + 2);
        size_t size = 0;
        int r = read_all(fd, buffer, LIMIT_CREDENTIAL_BYTES + 1, &size);
        if (r < 0)
                r = error_set(err, -ERR_CREDENTIAL, "%s cannot be read: %s", what, g_strerror(-r));
        else if (size > LIMIT_CREDENTIAL_BYTES)
                r = error_set(err, -ERR_CREDENTIAL, "%s is larger than %u bytes", what, LIMIT_CREDENTIAL_BYTES);
        else
                r = check_secret(buffer, size, what, err);
        if (r == 0)
                *ret_secret = g_strdup(buffer);
        explicit_bzero(buffer, LIMIT_CREDENTIAL_BYTES + 2);
        g_free(buffer);
        return r;
}

/* O_NONBLOCK: a FIFO put there must not hang the start; it is refused as soon as it is open. */
static int open_secret(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return fd < 0 ? -errno : fd;
}

int credential_read_file(const char *path, char **ret_secret, struct error *err)
{
        g_autofree char *what = g_strdup_printf("the secret in %s", path);
        int fd = open_secret(path);
        if (fd < 0)
                return error_set(err, -ERR_CREDENTIAL, "%s cannot be read: %s", what, g_strerror(-fd));
        int r = read_open_file(fd, what, ret_secret, err);
        close(fd);
        return r;
}

bool credential_name_is_valid(const char *name)
{
        return *name != '\0' && strlen(name) <= 200 && !strchr(name, '/') && strcmp(name, ".") != 0 &&
               strcmp(name, "..") != 0;
}

int credential_read_named(const char *name, char **ret_secret, struct error *err)
{
        /* The name is not repeated: whoever mistakes this for the place of the secret would find it in the log. */
        if (!credential_name_is_valid(name))
                return error_set(err, -ERR_CREDENTIAL,
                                 "this is not the name of a credential (a file name without \"/\")");
        const char *directory = g_getenv("CREDENTIALS_DIRECTORY");
        if (!directory || *directory == '\0')
                return error_set(err, -ERR_CREDENTIAL,
                                 "credential \"%s\": CREDENTIALS_DIRECTORY is not set; systemd sets it for the "
                                 "service, elsewhere it has to name the folder with the secrets",
                                 name);

        g_autofree char *path = g_build_filename(directory, name, NULL);
        int fd = open_secret(path);
        if (fd == -ENOENT) {
                g_autofree char *prefixed = g_strconcat(directory, "/" DIRECTORY_PREFIX, name, NULL);
                fd = open_secret(prefixed);
        }
        if (fd < 0)
                return error_set(err, -ERR_CREDENTIAL, "credential \"%s\" is not in %s: %s", name, directory,
                                 g_strerror(-fd));
        g_autofree char *what = g_strdup_printf("credential \"%s\"", name);
        int r = read_open_file(fd, what, ret_secret, err);
        close(fd);
        return r;
}

bool credential_file_is_exposed(const char *path)
{
        struct stat st;
        return stat(path, &st) == 0 && (st.st_mode & S_IROTH);
}
