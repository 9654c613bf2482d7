/* SPDX-License-Identifier: MIT */
#include "ingest/worker_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u /* since Linux 6.3 */
#endif
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static struct worker_shared *map(int fd)
{
        void *memory = mmap(NULL, sizeof(struct worker_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return memory == MAP_FAILED ? NULL : memory;
}

/* Never to be executed, where the kernel knows of that. */
static int make_file(void)
{
        const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
        int fd = memfd_create("hotfixd-worker", flags | MFD_NOEXEC_SEAL);
        return fd < 0 && errno == EINVAL ? memfd_create("hotfixd-worker", flags) : fd;
}

struct worker_shared *worker_shared_new(int *ret_fd)
{
        int fd = make_file();
        if (fd < 0)
                return NULL;
        struct worker_shared *shared = NULL;
        if (ftruncate(fd, sizeof *shared) == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
                shared = map(fd);
        if (!shared) {
                close(fd);
                return NULL;
        }
        *ret_fd = fd;
        return shared;
}

struct worker_shared *worker_shared_open(int fd)
{
        struct stat info;
        struct worker_shared *shared = NULL;
        if (fstat(fd, &info) == 0 && info.st_size == (off_t) sizeof *shared)
                shared = map(fd);
        close(fd);
        return shared;
}

void worker_shared_free(struct worker_shared *shared)
{
        if (shared)
                munmap(shared, sizeof *shared);
}
