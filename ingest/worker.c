/* SPDX-License-Identifier: MIT */
#include "ingest/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bulletin_json.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/limits.h"
#include "common/text.h"
#include "ingest/worker_p.h"

#define ARCHIVE_NAME_MAX 200
#define REASON_MAX 2000

struct worker {
        char *program;
        int64_t wall_ms;
        struct worker_setup setup;
        pid_t pid; /* 0: no child */
        int fd;    /* -1: no child */
        unsigned served;
};

struct worker *worker_new(const struct worker_options *options)
{
        static const struct worker_options defaults = { 0 };
        struct worker *worker = g_new0(struct worker, 1);
        if (!options)
                options = &defaults;
        worker->program = g_strdup(options->program ? options->program : "/proc/self/exe");
        worker->wall_ms = options->wall_ms > 0 ? options->wall_ms : LIMIT_WORKER_WALL_MS;
        worker->setup = (struct worker_setup){
                .magic = WORKER_SETUP_MAGIC,
                .cpu_ms = options->cpu_ms > 0 ? (uint64_t) options->cpu_ms : LIMIT_WORKER_CPU_MS,
                .memory_bytes = options->memory_bytes ? options->memory_bytes : LIMIT_WORKER_MEMORY_BYTES,
                .text_bytes = options->limits.text_bytes ? options->limits.text_bytes : LIMIT_TEXT_BYTES_DEFAULT,
        };
        worker->fd = -1;
        return worker;
}

/* Ends the child and returns its wait status. Closing the socket ends a healthy one; the signal ends any other. */
static int end_child(struct worker *worker)
{
        int status = 0;
        if (worker->fd >= 0)
                close(worker->fd);
        worker->fd = -1;
        if (worker->pid > 0) {
                kill(worker->pid, SIGKILL);
                while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
                        ;
        }
        worker->pid = 0;
        return status;
}

void worker_free(struct worker *worker)
{
        if (!worker)
                return;
        end_child(worker);
        g_free(worker->program);
        g_free(worker);
}

/* The child gets the socket as descriptor 3, nothing above it, an empty environment and default signals; a process
 * group of its own keeps the terminal's Ctrl-C for the parent. */
static int spawn_child(struct worker *worker, int child_fd)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, child_fd, WORKER_FD);
        posix_spawn_file_actions_addclosefrom_np(&actions, WORKER_FD + 1);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        char *arguments[] = { (char *) "hotfixd-worker", (char *) WORKER_ARGUMENT, NULL };
        char *environment[] = { NULL };
        int r = posix_spawn(&worker->pid, worker->program, &actions, &attributes, arguments, environment);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        if (r != 0)
                worker->pid = 0;
        return -r;
}

/* A fresh socket has room for it. A child that is gone already shows in the exchange that follows. */
static void send_setup(struct worker *worker)
{
        const char *bytes = (const char *) &worker->setup;
        size_t sent = 0;
        while (sent < sizeof worker->setup) {
                ssize_t n = send(worker->fd, bytes + sent, sizeof worker->setup - sent, MSG_NOSIGNAL);
                if (n < 0 && errno != EINTR)
                        return;
                sent += n > 0 ? (size_t) n : 0;
        }
}

static int start_child(struct worker *worker, struct error *err)
{
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(err, -errno, "cannot make the parser worker's socket: %s", strerror(errno));
        /* dup2 onto itself would keep close-on-exec, and the child would start without its socket. */
        int child_fd = pair[1] == WORKER_FD ? fcntl(pair[1], F_DUPFD_CLOEXEC, WORKER_FD + 1) : pair[1];
        int r = child_fd < 0 ? -errno : spawn_child(worker, child_fd);
        if (child_fd >= 0 && child_fd != pair[1])
                close(child_fd);
        close(pair[1]);
        if (r < 0) {
                close(pair[0]);
                return error_set(err, r, "cannot start the parser worker %s: %s", worker->program, strerror(-r));
        }
        worker->fd = pair[0];
        worker->served = 0;
        fcntl(worker->fd, F_SETFL, O_NONBLOCK);
        send_setup(worker);
        return 0;
}

/* The exchange is one poll loop: while the request is still being written the child may already be dead. */
struct exchange {
        struct worker_frame request, reply;
        const char *data; /* the request's bytes */
        size_t sent, received;
        char *body;       /* the reply's bytes, grown as they come */
        size_t body_room;
};

static int send_some(struct worker *worker, struct exchange *x)
{
        size_t head = sizeof x->request;
        const char *from = x->sent < head ? (const char *) &x->request + x->sent : x->data + (x->sent - head);
        size_t left = x->sent < head ? head - x->sent : x->request.size - (x->sent - head);
        ssize_t n = send(worker->fd, from, left, MSG_NOSIGNAL);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -ERR_WORKER_CRASHED;
        x->sent += (size_t) n;
        return 0;
}

static int receive_some(struct worker *worker, struct exchange *x)
{
        size_t head = sizeof x->reply;
        void *to;
        size_t room;
        if (x->received < head) {
                to = (char *) &x->reply + x->received;
                room = head - x->received;
        } else {
                size_t have = x->received - head;
                if (have == x->body_room) {
                        x->body_room = MIN(x->reply.size, MAX(x->body_room * 2, 64 * KIB));
                        x->body = g_realloc(x->body, x->body_room + 1);
                }
                to = x->body + have;
                room = x->body_room - have;
        }
        ssize_t n = recv(worker->fd, to, room, 0);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -ERR_WORKER_CRASHED;
        if (n == 0)
                return -ERR_WORKER_CRASHED;
        x->received += (size_t) n;
        if (x->received == head && (x->reply.magic != WORKER_REPLY_MAGIC || x->reply.kind >= READER_OUTCOME_MAX ||
                                    x->reply.size == 0 || x->reply.size > LIMIT_WORKER_REPLY_BYTES))
                return -ERR_MALFORMED;
        return 0;
}

static int exchange_bytes(struct worker *worker, struct exchange *x, int stop_fd)
{
        int64_t end = clock_monotonic_ms() + worker->wall_ms;
        size_t head = sizeof x->reply;
        while (x->received < head || x->received < head + x->reply.size) {
                int64_t left = end - clock_monotonic_ms();
                if (left <= 0)
                        return -ERR_WORKER_TIMEOUT;
                bool sending = x->sent < sizeof x->request + x->request.size;
                struct pollfd fds[2] = { { worker->fd, (short) (POLLIN | (sending ? POLLOUT : 0)), 0 },
                                         { stop_fd, POLLIN, 0 } };
                if (poll(fds, 2, (int) MIN(left, 60000)) < 0 && errno != EINTR)
                        return -errno;
                if (fds[1].revents)
                        return -ERR_CANCELLED;
                int r = 0;
                if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
                        r = receive_some(worker, x);
                if (r == 0 && sending && fds[0].revents & POLLOUT)
                        r = send_some(worker, x);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool archive_name_is_safe(const char *name)
{
        size_t length = strlen(name);
        if (length == 0 || length > ARCHIVE_NAME_MAX || name[0] == '/' || name[length - 1] == '/')
                return false;
        if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._/-") != length)
                return false;
        return !strstr(name, "..") && !strstr(name, "//") && !strstr(name, "/.") && name[0] != '.';
}

/* A member that is a string or null; jansson has checked that it is UTF-8 without NUL. */
static int take_text(json_t *json, const char *key, size_t max, char **ret_text)
{
        json_t *member = json_object_get(json, key);
        if (json_is_null(member))
                return 0;
        if (!json_is_string(member) || json_string_length(member) > max)
                return -ERR_MALFORMED;
        *ret_text = g_strdup(json_string_value(member));
        return 0;
}

/* The lists clean and bound what they are given. */
static int take_labels(json_t *json, const char *key, struct label_report *report,
                       void (*add)(struct label_report *report, const char *label))
{
        json_t *list = json_object_get(json, key);
        if (!json_is_array(list) || json_array_size(list) > LABEL_REPORT_MAX)
                return -ERR_MALFORMED;
        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *label = json_string_value(json_array_get(list, i));
                if (!label)
                        return -ERR_MALFORMED;
                add(report, label);
        }
        return 0;
}

/* The reason ends in logs and on terminals: no control character of the worker's making gets there. */
static void clean_controls(char *text)
{
        for (char *c = text; c && *c; c = g_utf8_next_char(c))
                if (g_unichar_iscntrl(g_utf8_get_char(c)))
                        memset(c, '?', (size_t) (g_utf8_next_char(c) - c));
}

static int check_reply(struct reader_result *result, const char *sha256, struct error *err)
{
        bool refused = result->outcome == READER_REFUSED, recognised = result->outcome == READER_RECOGNISED;
        if (refused != (result->bulletin == NULL) || (recognised && !result->text) ||
            recognised != (result->archive_name != NULL) || (!recognised && !result->reason))
                return error_set(err, -ERR_MALFORMED, "the parser worker's answer contradicts itself");
        if (result->archive_name && !archive_name_is_safe(result->archive_name))
                return error_set(err, -ERR_MALFORMED, "the parser worker named an archive path that is not allowed");
        if (result->bulletin && g_strcmp0(result->bulletin->mail.sha256, sha256) != 0)
                return error_set(err, -ERR_MALFORMED, "the parser worker answered for another mail");
        return 0;
}

bool worker_json_is_crowded(const char *json, size_t size)
{
        size_t values = 0;
        bool quoted = false;
        for (size_t i = 0; i < size; i++) {
                if (quoted && json[i] == '\\')
                        i++;
                else if (json[i] == '"')
                        quoted = !quoted;
                else if (!quoted && strchr("[{,:", json[i]) && json[i])
                        values++;
        }
        return values > LIMIT_WORKER_REPLY_VALUES;
}

int worker_parse_reply(enum reader_outcome outcome, const char *text, size_t size, const char *sha256,
                       struct reader_result *ret_result, struct error *err)
{
        json_error_t where;
        if (worker_json_is_crowded(text, size))
                return error_set(err, -ERR_MALFORMED, "the parser worker's answer has more than %u values",
                                 LIMIT_WORKER_REPLY_VALUES);
        json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
        if (!json_is_object(json)) {
                bool is_json = json != NULL;
                json_decref(json);
                if (is_json)
                        return error_set(err, -ERR_MALFORMED, "the parser worker's answer is no JSON object");
                g_autofree char *why = text_make_line(where.text, strlen(where.text)); /* it quotes the answer, cut anywhere */
                return error_set(err, -ERR_MALFORMED, "the parser worker's answer is no JSON: %s", why);
        }
        struct reader_result result = { .outcome = outcome };
        int r = 0;
        json_t *bulletin = json_object_get(json, "bulletin");
        if (!json_is_null(bulletin))
                r = bulletin_from_json(bulletin, &result.bulletin, err);
        if (r == 0 && (take_text(json, "text", LIMIT_WORKER_REPLY_BYTES, &result.text) < 0 ||
                       take_text(json, "archive_name", ARCHIVE_NAME_MAX, &result.archive_name) < 0 ||
                       take_text(json, "reason", REASON_MAX, &result.reason) < 0))
                r = error_set(err, -ERR_MALFORMED, "the parser worker's answer has a member of a wrong type");
        label_report_init(&result.labels);
        if (r == 0 && (take_labels(json, "unknown_labels", &result.labels, label_report_add_unknown) < 0 ||
                       take_labels(json, "missing_labels", &result.labels, label_report_add_missing) < 0))
                r = error_set(err, -ERR_MALFORMED, "the parser worker's answer has labels of a wrong form");
        json_decref(json);
        clean_controls(result.reason);
        if (r == 0)
                r = check_reply(&result, sha256, err);
        if (r < 0) {
                error_prefix(err, "invalid answer");
                reader_result_clear(&result);
                return r;
        }
        *ret_result = result;
        return 0;
}

/* Says what a failed exchange was, after the child is gone. */
static int explain_failure(struct worker *worker, int code, struct error *err)
{
        int status = end_child(worker);
        if (code == -ERR_WORKER_TIMEOUT)
                return error_set(err, code,
                                 "the parser took longer than %" G_GINT64_FORMAT " ms (parser-timeout) and was stopped",
                                 worker->wall_ms);
        if (code == -ERR_WORKER_CRASHED && WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
                return error_set(err, -ERR_WORKER_TIMEOUT,
                                 "the parser used more than %" G_GUINT64_FORMAT
                                 " ms of processor time, its parser-cpu-time, and was stopped",
                                 worker->setup.cpu_ms);
        if (code == -ERR_WORKER_CRASHED && WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_MEMORY)
                return error_set(err, -ERR_LIMIT,
                                 "the parser needs more memory than %" G_GUINT64_FORMAT " MiB (parser-memory)",
                                 worker->setup.memory_bytes / MIB);
        if (code == -ERR_WORKER_CRASHED && WIFSIGNALED(status))
                return error_set(err, code, "the parser crashed (signal %d, %s)", WTERMSIG(status),
                                 strsignal(WTERMSIG(status)));
        if (code == -ERR_WORKER_CRASHED)
                return error_set(err, code, "the parser ended with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
        if (code == -ERR_CANCELLED)
                return error_set(err, code, "stopped while parsing");
        if (!err || err->code == 0)
                return error_set(err, code, "the exchange with the parser failed: %s", error_name(code));
        return code;
}

int worker_read(struct worker *worker, const void *data, size_t size, enum reader_form form, int stop_fd,
                struct reader_result *ret_result, struct error *err)
{
        if (worker->pid != 0 && worker->served >= LIMIT_WORKER_MAILS)
                end_child(worker);
        if (worker->pid == 0) {
                int r = start_child(worker, err);
                if (r < 0)
                        return r;
        }
        char sha256[DIGEST_TEXT_SIZE];
        digest_sha256(data, size, sha256);
        struct exchange x = { .request = { WORKER_REQUEST_MAGIC, form, size }, .data = data };
        int r = exchange_bytes(worker, &x, stop_fd);
        if (r == 0)
                r = worker_parse_reply((enum reader_outcome) x.reply.kind, x.body, x.reply.size, sha256, ret_result,
                                       err);
        g_free(x.body);
        if (r < 0)
                return explain_failure(worker, r, err);
        worker->served++;
        return 0;
}
