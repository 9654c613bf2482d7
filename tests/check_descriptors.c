/* SPDX-License-Identifier: MIT */
#include "daemon/descriptors.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support.h"

/* Bits of the standard descriptors to close. Nothing is asserted between closing and mending: a failure could not be told. */
START_TEST(what_is_closed_is_opened)
{
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                for (int fd = 0; fd <= 2; fd++)
                        if (_i & 1 << fd)
                                close(fd);
                bool good = descriptors_complete() == 0;
                for (int fd = 0; fd <= 2; fd++)
                        good = good && fcntl(fd, F_GETFD) >= 0;
                int next = open("/dev/null", O_RDONLY);
                _exit(good && next > 2 ? 0 : 1);
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("descriptors");
        TCase *tests = tcase_create("descriptors");
        tcase_add_loop_test(tests, what_is_closed_is_opened, 0, 8);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
