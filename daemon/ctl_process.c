/* SPDX-License-Identifier: MIT */
/* The daemon beside which a command runs, and the wish to stop. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "daemon/ctl.h"

/* The daemon holds a lock on this file as long as it runs, however it ends. */
guint64 ctl_daemon_pid(void)
{
        g_autofree char *path = g_build_filename(ctl.config->state_dir, "hotfixd.lock", NULL);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        guint64 pid = 0;
        if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
                g_autofree char *data = NULL;
                size_t size;
                if (file_read(path, 64, &data, &size, NULL) == 0)
                        text_parse_uint64(g_strstrip(data), G_MAXINT, &pid);
        }
        close(fd);
        return pid;
}

static int stop_fd = -1;
static volatile sig_atomic_t stopped;

static void catch_signal(int number)
{
        (void) number;
        int saved = errno;
        uint64_t one = 1;
        stopped = 1;
        ssize_t n = write(stop_fd, &one, sizeof one);
        (void) n;
        errno = saved;
}

int ctl_catch_stop(void)
{
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
        if (stop_fd < 0)
                stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        struct sigaction action = { .sa_handler = catch_signal, .sa_flags = (int) (SA_RESETHAND | SA_RESTART) };
        sigemptyset(&action.sa_mask);
        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
                struct sigaction before;
                /* What nohup, or a shell for what runs in the background, has set to be ignored stays so. */
                if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
                        sigaction(signals[i], &action, NULL);
        }
        return stop_fd;
}

bool ctl_is_stopped(void *unused)
{
        (void) unused;
        return stopped != 0;
}
