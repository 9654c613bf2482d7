/* SPDX-License-Identifier: MIT */
/* What the parser worker's filter forbids, tried from inside it. Each attempt is made in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/limits.h"
#include "ingest/sandbox.h"
#include "tests/support.h"

/* Each returns 0 if it was allowed. */
static int try_socket(void) { return socket(AF_INET, SOCK_STREAM, 0) < 0; }
static int try_exec(void) { execl("/bin/true", "true", (char *) NULL); return 1; }
static int try_fork(void) { return fork() < 0; }
static int try_write_open(void) { return open("/tmp/hotfixd-sandbox-test", O_WRONLY | O_CREAT, 0600) < 0; }
static int try_read_open(void) { return open("/etc/passwd", O_RDONLY) < 0; }
static int try_ptrace(void) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0; }
static int try_kill(void) { return kill(getppid(), 0) < 0; }
static int try_unlink(void) { return unlink("/tmp/hotfixd-sandbox-test") < 0; }
static int try_executable_memory(void)
{
        return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}
static int try_local_socket(void) { return socket(AF_UNIX, SOCK_DGRAM, 0) < 0; }
static int try_connect(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/notify" };
        return syscall(SYS_connect, 0, &address, sizeof address) < 0;
}
static int try_send(void) { return syscall(SYS_sendto, 0, "x", 1, 0, NULL, 0) < 0; }
static int try_exec_by_descriptor(void)
{
        char *const none[] = { NULL };
        return syscall(SYS_execveat, 0, "/bin/true", none, none, 0) < 0;
}
static int try_truncate(void) { return truncate("/tmp/hotfixd-sandbox-test", 0) < 0; }
static int try_rename(void) { return rename("/tmp/hotfixd-sandbox-a", "/tmp/hotfixd-sandbox-b") < 0; }
static int try_directory(void) { return mkdir("/tmp/hotfixd-sandbox-directory", 0700) < 0; }
static int try_memory_file(void) { return syscall(SYS_memfd_create, "x", 0) < 0; }
static int try_foreign_memory(void)
{
        char byte;
        struct iovec to = { &byte, 1 }, from = { (void *) (uintptr_t) 4096, 1 };
        return syscall(SYS_process_vm_readv, getppid(), &to, 1, &from, 1, 0) < 0;
}
static int try_ring(void)
{
        char parameters[256] = "";
        return syscall(SYS_io_uring_setup, 1, parameters) < 0;
}
static int try_more_memory(void)
{
        struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };
        return setrlimit(RLIMIT_AS, &more) < 0;
}
static int try_protect_executable(void)
{
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0;
}

/* Deeper than the usual 8 MiB. */
static int recurse(unsigned depth)
{
        volatile char page[4096];
        page[depth % sizeof page] = (char) depth;
        return depth == 0 ? 0 : recurse(depth - 1) + page[(depth + 1) % sizeof page] * 0;
}
static int try_deep_stack(void) { return recurse(6000); }

static int try_memory(void)
{
        char *data = malloc(8 << 20);
        if (!data)
                return 1;
        memset(data, 1, 8 << 20);
        int r = data[4 << 20] != 1;
        free(data);
        return r;
}

enum end { SUCCEEDED, FAILED, REFUSED };

/* How an attempt ends inside the filter. Only refused or killed is the filter's doing. */
static enum end end_of(int (*attempt)(void))
{
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                if (sandbox_limit_resources(LIMIT_WORKER_MEMORY_BYTES, NULL) < 0 || sandbox_filter_calls(NULL) < 0)
                        _exit(99);
                errno = 0;
                _exit(attempt() == 0 ? SUCCEEDED : errno == EPERM || errno == EACCES ? REFUSED : FAILED);
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 99);
        if (WIFSIGNALED(status))
                return WTERMSIG(status) == SIGSYS ? REFUSED : FAILED;
        return (enum end) WEXITSTATUS(status);
}

START_TEST(memory_is_allowed)
{
        ck_assert_int_eq(end_of(try_memory), SUCCEEDED);
        ck_assert_int_eq(end_of(try_deep_stack), SUCCEEDED);
}
END_TEST

static int (*const forbidden[])(void) = { try_socket, try_exec, try_fork, try_write_open, try_read_open, try_ptrace, try_kill,
                                          try_unlink, try_executable_memory, try_local_socket, try_connect, try_send,
                                          try_exec_by_descriptor, try_truncate, try_rename, try_directory,
                                          try_memory_file, try_foreign_memory, try_ring, try_more_memory,
                                          try_protect_executable };

START_TEST(everything_else_is_not)
{
        ck_assert_int_eq(end_of(forbidden[_i]), REFUSED);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("sandbox");
        TCase *tests = tcase_create("sandbox");
        tcase_add_test(tests, memory_is_allowed);
        tcase_add_loop_test(tests, everything_else_is_not, 0, sizeof forbidden / sizeof forbidden[0]);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
