/* SPDX-License-Identifier: MIT */
/* What the parser worker's filter forbids, tried from inside it. Each attempt is made in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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
static int try_unlink(void) { return unlink("/tmp/hotfixd-sandbox-test") < 0 && errno != ENOENT; }
static int try_executable_memory(void)
{
        return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}
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

/* True if the attempt succeeded inside the filter. */
static bool succeeds(int (*attempt)(void))
{
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                if (sandbox_limit_resources(NULL) < 0 || sandbox_filter_calls(NULL) < 0)
                        _exit(99);
                _exit(attempt());
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 99);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

START_TEST(memory_is_allowed)
{
        ck_assert(succeeds(try_memory));
}
END_TEST

static int (*const forbidden[])(void) = { try_socket, try_exec, try_fork, try_write_open, try_read_open, try_ptrace, try_kill,
                                          try_unlink, try_executable_memory };

START_TEST(everything_else_is_not)
{
        ck_assert(!succeeds(forbidden[_i]));
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
