/* SPDX-License-Identifier: MIT */
#include "ingest/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/limits.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif
#ifndef UNDER_SANITIZER
#define UNDER_SANITIZER 0
#endif

/* The libraries go as deep as a hostile header is nested, which LIMIT_HEADER_BYTES bounds: with the usual stack that would
 * be a crash. The kernel leaves room for this much below the stack; it grows into it when it has to. */
static int enlarge_stack(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_STACK, &limit) < 0)
                return -errno;
        limit.rlim_cur = MIN(limit.rlim_max, LIMIT_WORKER_STACK_BYTES);
        return setrlimit(RLIMIT_STACK, &limit) < 0 ? -errno : 0;
}

int sandbox_limit_resources(uint64_t memory_bytes, struct error *err)
{
        const struct {
                __rlimit_resource_t resource;
                rlim_t value;
                const char *name;
        } limits[] = {
                { RLIMIT_AS, memory_bytes, "address space" },
                { RLIMIT_FSIZE, 0, "file size" },
                { RLIMIT_CORE, 0, "core size" },
                { RLIMIT_NPROC, 0, "processes" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
                /* The address sanitizer reserves terabytes of address space that it never touches, and writes its
                 * findings to standard error, which may be a file. */
                if (UNDER_SANITIZER && (limits[i].resource == RLIMIT_AS || limits[i].resource == RLIMIT_FSIZE))
                        continue;
                struct rlimit limit = { limits[i].value, limits[i].value };
                if (setrlimit(limits[i].resource, &limit) < 0)
                        return error_set(err, -errno, "cannot limit the worker's %s: %s", limits[i].name, strerror(errno));
        }
        int r = enlarge_stack();
        if (r < 0)
                return error_set(err, r, "cannot set the worker's stack: %s", strerror(-r));
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return error_set(err, -errno, "cannot take privileges from the worker: %s", strerror(errno));
        return 0;
}

/* What the C library and the parsing libraries call once they are started. */
static const int allowed_calls[] = {
        SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
        SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
        SCMP_SYS(rt_sigprocmask), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getpid), SCMP_SYS(gettid),
        SCMP_SYS(setitimer), SCMP_SYS(getrandom), SCMP_SYS(restart_syscall), SCMP_SYS(sched_yield), SCMP_SYS(fstat),
        SCMP_SYS(newfstatat), SCMP_SYS(lseek), SCMP_SYS(tgkill), SCMP_SYS(rt_sigaction),
        SCMP_SYS(sigaltstack),
};

/* Calls that a library may try and can do without. */
static const int refused_calls[] = {
        SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(stat),
        SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(ioctl),
};

static int add_rules(scmp_filter_ctx filter)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(allowed_calls); i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
        for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(refused_calls); i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused_calls[i], 0);
        /* Memory, but never executable memory. */
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        return r;
}

int sandbox_filter_calls(struct error *err)
{
        /* The sanitizers' own report needs calls that are forbidden here: they are refused instead of killing, so that
         * a finding can still be printed. */
        scmp_filter_ctx filter = seccomp_init(UNDER_SANITIZER ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
        if (!filter)
                return error_set(err, -ENOMEM, "cannot make the worker's system call filter");
        int r = add_rules(filter);
        if (r == 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        if (r < 0)
                return error_set(err, r, "cannot put the worker's system call filter on: %s", strerror(-r));
        return 0;
}
