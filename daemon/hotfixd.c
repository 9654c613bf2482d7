/* SPDX-License-Identifier: MIT */
/* hotfixd's main: options, one instance, signals, systemd, and the running service. */
#include "build_config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "daemon/config.h"
#include "daemon/descriptors.h"
#include "daemon/memory.h"
#include "daemon/service.h"
#include "daemon/service_p.h"
#include "daemon/transfer.h"
#include "ingest/mime.h"
#include "ingest/worker.h"
#include "store/archive.h"
#include "store/outbox.h"

#define EXIT_USAGE 2
#define STATUS_INTERVAL_MS 10000
#define LOCK_ATTEMPTS 10
#define LOCK_PAUSE_MS 50
#define CONVERT_MAX_US (INT64_C(3600) * G_USEC_PER_SEC)

struct options {
        const char *config_file;
        bool check_config, once, foreground;
};

struct daemon {
        struct options options;
        struct config *config;
        struct service *service;
        struct database *db; /* from its preparation until the service takes it over */
        int lock_fd, signal_fd;
};

static const char usage_text[] =
        "Usage: hotfixd [OPTIONS]\n"
        "Watches mailboxes for security bulletins, stores them and tells people.\n"
        "\n"
        "  -c, --config FILE    configuration file (" CONFIG_DEFAULT_FILE ")\n"
        "      --check-config   check the configuration, say what is wrong, and exit\n"
        "      --once           sync every mailbox, deliver what is due, and exit\n"
        "      --foreground     write the log with times and levels, also under systemd\n"
        "  -h, --help           show this text\n"
        "  -V, --version        show the version\n"
        "\n"
        "Exit status: 0 done, 1 failed, 2 wrong usage.\n"
        "See hotfixd(8), hotfixd.conf(5), hotfixctl(1).\n";

/* What was printed is worth nothing if it could not be written. */
static int finish_output(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        fprintf(stderr, "hotfixd: standard output: %s\n", strerror(errno));
        return EXIT_FAILURE;
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct options *ret_options)
{
        enum { OPTION_CHECK = 256, OPTION_ONCE, OPTION_FOREGROUND };
        static const struct option longs[] = {
                { "config", required_argument, NULL, 'c' },    { "check-config", no_argument, NULL, OPTION_CHECK },
                { "once", no_argument, NULL, OPTION_ONCE },    { "foreground", no_argument, NULL, OPTION_FOREGROUND },
                { "help", no_argument, NULL, 'h' },            { "version", no_argument, NULL, 'V' },
                { NULL, 0, NULL, 0 },
        };
        struct options options = { .config_file = CONFIG_DEFAULT_FILE };
        int c;
        while ((c = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1) {
                switch (c) {
                case 'c':
                        options.config_file = optarg;
                        break;
                case OPTION_CHECK:
                        options.check_config = true;
                        break;
                case OPTION_ONCE:
                        options.once = true;
                        break;
                case OPTION_FOREGROUND:
                        options.foreground = true;
                        break;
                case 'h':
                        fputs(usage_text, stdout);
                        return finish_output(EXIT_SUCCESS);
                case 'V':
                        puts("hotfixd " PACKAGE_VERSION);
                        return finish_output(EXIT_SUCCESS);
                default:
                        fputs("Try 'hotfixd --help'.\n", stderr);
                        return EXIT_USAGE;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "hotfixd: unexpected argument '%s'\nTry 'hotfixd --help'.\n", argv[optind]);
                return EXIT_USAGE;
        }
        *ret_options = options;
        return -1;
}

static void log_lines(enum log_level level, GPtrArray *lines)
{
        for (guint i = 0; lines && i < lines->len; i++)
                log_write(level, NULL, "%s", (const char *) g_ptr_array_index(lines, i));
}

/* NULL, with every problem logged, if the configuration can't be used. */
static struct config *load_config(const char *file)
{
        struct config *config = NULL;
        GPtrArray *problems = NULL, *warnings = NULL;
        int r = config_load(file, CONFIG_FOR_DAEMON, &config, &problems, &warnings);
        log_lines(LOG_LEVEL_WARNING, warnings);
        if (r < 0)
                log_lines(LOG_LEVEL_ERROR, problems);
        g_clear_pointer(&problems, g_ptr_array_unref);
        g_clear_pointer(&warnings, g_ptr_array_unref);
        return r < 0 ? NULL : config;
}

/* "1 mailbox, 3 channels, 1 route" */
static char *describe_sections(const struct config *config)
{
        guint mailboxes = config->mailboxes->len, channels = config->channels->len, routes = config->routes->len;
        return g_strdup_printf("%u mailbox%s, %u channel%s, %u route%s", mailboxes, mailboxes == 1 ? "" : "es", channels,
                               channels == 1 ? "" : "s", routes, routes == 1 ? "" : "s");
}

static int check_config(const char *file)
{
        struct config *config = NULL;
        GPtrArray *problems = NULL, *warnings = NULL;
        int r = config_load(file, CONFIG_FOR_DAEMON, &config, &problems, &warnings);
        for (guint i = 0; warnings && i < warnings->len; i++)
                fprintf(stderr, "warning: %s\n", (const char *) g_ptr_array_index(warnings, i));
        for (guint i = 0; problems && i < problems->len; i++)
                fprintf(stderr, "%s\n", (const char *) g_ptr_array_index(problems, i));
        if (r == 0) {
                g_autofree char *sections = describe_sections(config);
                printf("%s: valid: %s\n", file, sections);
        }
        g_clear_pointer(&problems, g_ptr_array_unref);
        g_clear_pointer(&warnings, g_ptr_array_unref);
        config_free(config);
        return finish_output(r == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* 'hotfixctl status' holds the lock for a moment to see whether somebody has it. */
static int lock_patiently(int fd)
{
        for (unsigned attempt = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; attempt++) {
                if (errno != EWOULDBLOCK || attempt == LOCK_ATTEMPTS)
                        return -errno;
                g_usleep(LOCK_PAUSE_MS * 1000);
        }
        return 0;
}

/* Two daemons on one state directory would fetch and send the same things twice. */
static int take_lock(struct daemon *d, struct error *err)
{
        int r = file_make_directory(d->config->state_dir, 0750, err);
        if (r < 0)
                return r;
        g_autofree char *path = g_build_filename(d->config->state_dir, "hotfixd.lock", NULL);
        d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        if (d->lock_fd < 0)
                return error_set(err, -errno, "%s: %s", path, strerror(errno));
        r = lock_patiently(d->lock_fd);
        if (r < 0)
                return error_set(err, r, r == -EWOULDBLOCK ? "%s: another hotfixd is running on this state directory" :
                                 "%s: cannot be locked", path);
        if (ftruncate(d->lock_fd, 0) < 0 || dprintf(d->lock_fd, "%d\n", (int) getpid()) < 0)
                return error_set(err, -errno, "%s: %s", path, strerror(errno));
        return 0;
}

static void notify_systemd(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void notify_systemd(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        g_autofree char *state = g_strdup_vprintf(format, arguments);
        va_end(arguments);
#ifdef HAVE_SYSTEMD
        sd_notify(0, state);
#endif
}

/* Creates or migrates the database, and takes back what an earlier daemon had claimed: there is no other one. */
static int prepare_store(struct daemon *d, struct error *err)
{
        /* After an upgrade a large one may have to be converted. Whoever is killed in the middle begins anew, and would for
         * ever. */
        notify_systemd("STATUS=opening the database\nEXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT, CONVERT_MAX_US);
        int r = database_open(d->config->database_file, DATABASE_CREATE, &d->db, err);
        if (r < 0)
                return r;
        r = outbox_release(d->db, NULL, err);
        if (r == 0)
                r = file_make_directory(d->config->archive_dir, 0750, err);
        if (r == 0)
                archive_remove_leftovers(d->config->archive_dir);
        return r;
}

/* From the first moment on: who asks for a reload while the program still starts must not end it. */
static void hold_reloads(void)
{
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int catch_signals(struct daemon *d, struct error *err)
{
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGHUP);
        signal(SIGPIPE, SIG_IGN);
        /* Before any thread exists, so that all of them leave these signals to the descriptor. */
        if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 || (d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
                return error_set(err, -errno, "signals: %s", strerror(errno));
        return 0;
}

static int64_t watchdog_interval_ms(void)
{
#ifdef HAVE_SYSTEMD
        uint64_t us;
        if (sd_watchdog_enabled(0, &us) > 0)
                return (int64_t) (us / 1000 / 2);
#endif
        return STATUS_INTERVAL_MS;
}

static int next_signal(struct daemon *d)
{
        struct signalfd_siginfo info;
        return read(d->signal_fd, &info, sizeof info) == sizeof info ? (int) info.ssi_signo : 0;
}

/* A bad new configuration leaves the old one running. The state directory cannot change under the lock. */
static void reload(struct daemon *d)
{
        notify_systemd("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT "\nSTATUS=reloading", g_get_monotonic_time());
        struct config *config = load_config(d->options.config_file);
        if (config && strcmp(config->state_dir, d->config->state_dir) != 0) {
                log_error(NULL, "%s: [daemon] state-dir: cannot change while hotfixd runs; restart it", d->options.config_file);
                g_clear_pointer(&config, config_free);
        }
        if (!config) {
                log_error(NULL, "the new configuration was not taken; the old one stays");
        } else {
                service_stop(d->service);
                config_free(d->config);
                d->config = config;
                log_set_level(d->config->log_level);
                d->service = service_begin(d->config);
                service_start(d->service, NULL);
                log_notice(NULL, "configuration reloaded");
        }
        notify_systemd("READY=1");
}

/* Runs until a signal or a failure says stop. */
static int run_service(struct daemon *d)
{
        service_start(d->service, g_steal_pointer(&d->db));
        notify_systemd("READY=1\nSTATUS=started");
        int status = -1;
        int64_t interval_ms = MIN(STATUS_INTERVAL_MS, watchdog_interval_ms());
        while (status < 0) {
                struct pollfd fds[2] = { { d->signal_fd, POLLIN, 0 }, { service_failed_fd(d->service), POLLIN, 0 } };
                if (poll(fds, 2, (int) interval_ms) < 0 && errno != EINTR)
                        status = EXIT_FAILURE;
                int signal_number = fds[0].revents ? next_signal(d) : 0;
                if (signal_number == SIGHUP)
                        reload(d);
                else if (signal_number != 0)
                        status = EXIT_SUCCESS;
                else if (fds[1].revents)
                        status = EXIT_FAILURE;
                g_autofree char *text = service_describe(d->service);
                notify_systemd("STATUS=%s%s", text, service_is_alive(d->service) ? "\nWATCHDOG=1" : "");
        }
        notify_systemd("STOPPING=1\nSTATUS=stopping");
        log_notice(NULL, "stopping");
        service_stop(g_steal_pointer(&d->service));
        return status;
}

static gpointer forward_stop(gpointer data)
{
        int *fds = data; /* the signals, the stop event, the end event */
        struct pollfd wait[2] = { { fds[0], POLLIN, 0 }, { fds[2], POLLIN, 0 } };
        while (poll(wait, 2, -1) < 0 && errno == EINTR)
                ;
        if (wait[0].revents)
                wake_signal(fds[1]);
        return NULL;
}

static int run_once(struct daemon *d)
{
        int fds[3] = { d->signal_fd, wake_new(), wake_new() };
        GThread *signals = g_thread_new("signals", forward_stop, fds);
        unsigned failures = service_run_once(g_steal_pointer(&d->service), g_steal_pointer(&d->db), fds[1], isatty(STDERR_FILENO));
        wake_signal(fds[2]);
        g_thread_join(signals);
        close(fds[1]);
        close(fds[2]);
        return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int start(struct daemon *d)
{
        struct error err = ERROR_INIT;
        /* Before the lock: whoever sees that a daemon runs may also tell it to stop, and it ends in good order. */
        int r = catch_signals(d, &err);
        if (r == 0)
                r = take_lock(d, &err);
        if (r == 0) {
                d->service = service_begin(d->config);
                r = prepare_store(d, &err);
        }
        if (r == 0)
                r = transfer_prepare(&err);
        if (r < 0) {
                log_error(NULL, "%s", error_text(&err));
                error_clear(&err);
                service_stop(d->service);
                database_close(d->db);
                return EXIT_FAILURE;
        }
        mime_prepare();
        int status = d->options.once ? run_once(d) : run_service(d);
        transfer_finish();
        return status;
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], WORKER_ARGUMENT) == 0)
                return worker_main();
        memory_prepare();
        if (descriptors_complete() < 0)
                return EXIT_FAILURE;
        setlocale(LC_CTYPE, "C.UTF-8");
        struct daemon d = { .lock_fd = -1, .signal_fd = -1 };
        int status = parse_options(argc, argv, &d.options);
        if (status >= 0)
                return status;
        if (d.options.foreground)
                unsetenv("JOURNAL_STREAM");
        if (d.options.check_config)
                return check_config(d.options.config_file);
        hold_reloads();
        d.config = load_config(d.options.config_file);
        if (!d.config)
                return EXIT_FAILURE;
        log_set_level(d.config->log_level);
        g_autofree char *sections = describe_sections(d.config);
        log_notice(NULL, "hotfixd %s: %s; state in %s", PACKAGE_VERSION, sections, d.config->state_dir);
        status = start(&d);
        config_free(d.config);
        if (d.signal_fd >= 0)
                close(d.signal_fd);
        if (d.lock_fd >= 0)
                close(d.lock_fd);
        return status;
}
