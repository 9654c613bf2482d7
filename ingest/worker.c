/* SPDX-License-Identifier: MIT */
#include "ingest/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/limits.h"
#include "ingest/worker_p.h"
#include "ingest/worker_shared.h"

struct worker {
        char *program;
        int64_t wall_ms;
        struct worker_setup setup;
        pid_t pid; /* 0: no child */
        int fd;    /* -1: no child */
        struct worker_shared *shared; /* with this child; NULL: everything goes through the socket */
        unsigned served;
        uint64_t serial; /* of the last request */
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
                .without_text = options->without_text,
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
        worker_shared_free(g_steal_pointer(&worker->shared));
        if (worker->pid > 0) {
                kill(worker->pid, SIGKILL);
                while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
                        ;
        }
        worker->pid = 0;
        return status;
}

void worker_stop(struct worker *worker)
{
        end_child(worker);
}

void worker_free(struct worker *worker)
{
        if (!worker)
                return;
        end_child(worker);
        g_free(worker->program);
        g_free(worker);
}

/* glibc keeps seven freed pieces of each small size at hand. A mail is read into hundreds, which would be joined and
 * cut anew for the next one: a twentieth of the parser's time. No more than 8 MiB stay unused for it. */
#define CHILD_TUNABLES "GLIBC_TUNABLES=glibc.malloc.tcache_count=256"

/* The child gets the socket as descriptor 3, shared memory as 4 (unless that is -1), nothing above it, that one
 * variable and default signals; a process group of its own keeps the terminal's Ctrl-C for the parent. */
static int spawn_child(struct worker *worker, int child_fd, int shared_fd)
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
        if (shared_fd >= 0)
                posix_spawn_file_actions_adddup2(&actions, shared_fd, WORKER_SHARED_FD);
        posix_spawn_file_actions_addclosefrom_np(&actions, shared_fd >= 0 ? WORKER_SHARED_FD + 1 : WORKER_FD + 1);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        char *arguments[] = { (char *) "hotfixd-worker", (char *) WORKER_ARGUMENT, NULL };
        char *environment[] = { (char *) CHILD_TUNABLES, NULL };
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

/* dup2 onto itself would keep close-on-exec, and dup2 onto what is still needed would close that: the child would start
 * without it. Takes the descriptor; returns one that is in nobody's way, or a negative code. */
static int move_away(int fd)
{
        if (fd < 0 || fd > WORKER_SHARED_FD)
                return fd;
        int moved = fcntl(fd, F_DUPFD_CLOEXEC, WORKER_SHARED_FD + 1);
        int r = moved < 0 ? -errno : moved;
        close(fd);
        return r;
}

static int start_child(struct worker *worker, struct error *err)
{
        int pair[2], shared_fd = -1;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(err, -errno, "cannot make the parser worker's socket: %s", strerror(errno));
        worker->shared = worker_shared_new(&shared_fd);
        int child_fd = move_away(pair[1]);
        shared_fd = move_away(shared_fd);
        if (shared_fd < 0)
                worker_shared_free(g_steal_pointer(&worker->shared));
        int r = child_fd < 0 ? child_fd : spawn_child(worker, child_fd, shared_fd);
        if (child_fd >= 0)
                close(child_fd);
        if (shared_fd >= 0)
                close(shared_fd);
        worker->fd = pair[0];
        if (r < 0) {
                end_child(worker);
                return error_set(err, r, "cannot start the parser worker %s: %s", worker->program, strerror(-r));
        }
        worker->served = 0;
        worker->setup.shared = worker->shared != NULL;
        fcntl(worker->fd, F_SETFL, O_NONBLOCK);
        send_setup(worker);
        return 0;
}

/* The exchange is one poll loop: while the request is still being written the child may already be dead. Of the reply one
 * byte more is asked for than is to come: one request, one reply, and nothing may follow it. */
struct exchange {
        struct worker_frame request, reply;
        const char *data; /* the request's bytes */
        size_t to_send;   /* how many of them go through the socket: all or none */
        size_t sent;      /* with the frame */
        char head[sizeof(struct worker_frame) + 1];
        size_t received;  /* with the frame */
        size_t expected;  /* likewise; only the frame's, until that is there */
        int64_t end_ms;   /* monotonic */
        char *body;       /* the reply's bytes, grown as they come */
        size_t room;
};

static int send_some(struct worker *worker, struct exchange *x)
{
        size_t head = sizeof x->request, head_left = x->sent < head ? head - x->sent : 0;
        size_t from = x->sent < head ? 0 : x->sent - head;
        struct iovec parts[2] = { { (char *) &x->request + (head - head_left), head_left },
                                  { (char *) x->data + from, x->to_send - from } }; /* it is not written to */
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = x->to_send > 0 ? 2 : 1 };
        ssize_t n = sendmsg(worker->fd, &message, MSG_NOSIGNAL);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -ERR_WORKER_CRASHED;
        x->sent += (size_t) n;
        return 0;
}

static bool is_shared(const struct worker_frame *reply)
{
        return reply->magic == WORKER_REPLY_SHARED_MAGIC;
}

static bool is_together(const struct worker_frame *request)
{
        return request->magic == WORKER_REQUEST_TOGETHER_MAGIC;
}

static bool reply_is_acceptable(const struct worker *worker, const struct worker_frame *reply, const struct worker_frame *request)
{
        if (reply->serial != request->serial)
                return false;
        if (is_together(request))
                return reply->magic == WORKER_REPLY_TOGETHER_MAGIC && reply->kind == request->kind &&
                       reply->size <= WORKER_SHARED_BYTES;
        bool shared = worker->shared && is_shared(reply);
        return (shared || reply->magic == WORKER_REPLY_MAGIC) && reply->kind < READER_OUTCOME_MAX && reply->size > 0 &&
               reply->size <= (shared ? WORKER_SHARED_BYTES : LIMIT_WORKER_REPLY_BYTES);
}

/* The frame is there, perhaps with the first byte behind it. */
static int take_frame(struct worker *worker, struct exchange *x)
{
        memcpy(&x->reply, x->head, sizeof x->reply);
        if (!reply_is_acceptable(worker, &x->reply, &x->request))
                return -ERR_MALFORMED;
        if (is_together(&x->request))
                return 0; /* see take_answers */
        bool shared = is_shared(&x->reply);
        x->room = MIN(x->reply.size + 1, WORKER_SHARED_BYTES); /* all of it where it is shared */
        x->body = g_malloc(x->room);
        if (shared) {
                memcpy(x->body, worker->shared->reply, x->reply.size); /* the only look at it */
        } else {
                x->expected += x->reply.size;
                x->body[0] = x->head[sizeof x->reply];
        }
        return 0;
}

static int receive_some(struct worker *worker, struct exchange *x)
{
        size_t head = sizeof x->reply;
        bool in_head = x->received < head;
        if (!in_head && x->received - head == x->room) {
                x->room = MIN(x->reply.size + 1, x->room * 2);
                x->body = g_realloc(x->body, x->room);
        }
        char *place = in_head ? x->head + x->received : x->body + (x->received - head);
        ssize_t n = recv(worker->fd, place, in_head ? sizeof x->head - x->received : head + x->room - x->received, 0);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -ERR_WORKER_CRASHED;
        if (n == 0)
                return -ERR_WORKER_CRASHED;
        x->received += (size_t) n;
        int r = in_head && x->received >= head ? take_frame(worker, x) : 0;
        return r == 0 && x->received > x->expected ? -ERR_MALFORMED : r;
}

static void init_exchange(struct worker *worker, uint32_t magic, uint32_t kind, size_t size, struct exchange *ret_x)
{
        *ret_x = (struct exchange) {
                .request = { magic, kind, size, ++worker->serial },
                .expected = sizeof ret_x->reply,
                .end_ms = clock_monotonic_ms() + worker->wall_ms,
        };
}

/* With a NUL behind it, which the child relies on. */
static void put_mail(char *place, const void *data, size_t size)
{
        if (size > 0)
                memcpy(place, data, size);
        place[size] = '\0';
}

/* Puts the mail where the child finds it and says so, or begins to send it. */
static int begin_exchange(struct worker *worker, const void *data, size_t size, enum reader_form form, struct exchange *ret_x)
{
        bool fits = worker->shared && size < WORKER_SHARED_BYTES;
        init_exchange(worker, fits ? WORKER_REQUEST_SHARED_MAGIC : WORKER_REQUEST_MAGIC, form, size, ret_x);
        if (fits) {
                put_mail(worker->shared->request, data, size);
        } else {
                ret_x->data = data;
                ret_x->to_send = size;
        }
        return send_some(worker, ret_x);
}

static int end_exchange(struct worker *worker, struct exchange *x, int stop_fd)
{
        while (x->received < x->expected) {
                int64_t left = x->end_ms - clock_monotonic_ms();
                if (left <= 0)
                        return -ERR_WORKER_TIMEOUT;
                bool sending = x->sent < sizeof x->request + x->to_send;
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

int worker_start(struct worker *worker, struct error *err)
{
        return worker->pid == 0 ? start_child(worker, err) : 0;
}

static int ensure_child(struct worker *worker, unsigned mails, struct error *err)
{
        if (worker->pid != 0 && worker->served + mails > LIMIT_WORKER_MAILS)
                end_child(worker);
        return worker_start(worker, err);
}

int worker_read(struct worker *worker, const void *data, size_t size, enum reader_form form, int stop_fd,
                struct reader_result *ret_result, struct error *err)
{
        int r = ensure_child(worker, 1, err);
        if (r < 0)
                return r;
        char sha256[DIGEST_TEXT_SIZE];
        struct exchange x;
        r = begin_exchange(worker, data, size, form, &x);
        digest_sha256(data, size, sha256); /* while the child reads */
        if (r == 0)
                r = end_exchange(worker, &x, stop_fd);
        if (r == 0)
                r = worker_parse_reply((enum reader_outcome) x.reply.kind, g_steal_pointer(&x.body), x.reply.size, sha256,
                                       ret_result, err);
        g_free(x.body);
        if (r < 0)
                return explain_failure(worker, r, err);
        worker->served++;
        return 0;
}

/* --- several mails at a time --- */

static bool fit_together(const struct worker_mail *mails, unsigned count)
{
        size_t bytes = 0;
        for (unsigned i = 0; i < count; i++)
                bytes += MIN(mails[i].size, WORKER_TOGETHER_BYTES + 1);
        return count > 0 && count <= WORKER_TOGETHER_MAX && bytes <= WORKER_TOGETHER_BYTES;
}

_Static_assert(WORKER_TOGETHER_BYTES + WORKER_TOGETHER_MAX * (sizeof(struct worker_part) + 1) <= WORKER_SHARED_BYTES,
               "what may be read together has room");

/* The table, then the mails. */
static int begin_together(struct worker *worker, const struct worker_mail *mails, unsigned count, struct exchange *ret_x)
{
        struct worker_part table[WORKER_TOGETHER_MAX];
        char *request = worker->shared->request;
        size_t at = count * sizeof *table;
        for (unsigned i = 0; i < count; i++) {
                table[i] = (struct worker_part) { mails[i].form, (uint32_t) mails[i].size };
                put_mail(request + at, mails[i].data, mails[i].size);
                at += mails[i].size + 1;
        }
        memcpy(request, table, count * sizeof *table);
        init_exchange(worker, WORKER_REQUEST_TOGETHER_MAGIC, count, at, ret_x);
        return send_some(worker, ret_x);
}

static void digest_mails(const struct worker_mail *mails, unsigned count, char (*ret_sha256)[DIGEST_TEXT_SIZE])
{
        unsigned i = 0;
        for (; i + 1 < count; i += 2) {
                const struct digest_input two[2] = { { mails[i].data, mails[i].size }, { mails[i + 1].data, mails[i + 1].size } };
                digest_sha256_of_two(two, ret_sha256 + i);
        }
        if (i < count)
                digest_sha256(mails[i].data, mails[i].size, ret_sha256[i]);
}

static void clear_results(struct worker_mail *mails, unsigned count)
{
        for (unsigned i = 0; i < count; i++) {
                if (mails[i].is_read)
                        reader_result_clear(&mails[i].result);
                mails[i].is_read = false;
        }
}

/* Looks at each byte of the shared memory once, to copy it. What is wrong with one answer is wrong with all: the process
 * that gave it has given the others too. */
static int take_answers(const struct worker_shared *shared, size_t size, struct worker_mail *mails, unsigned count,
                        char (*sha256)[DIGEST_TEXT_SIZE], struct error *err)
{
        struct worker_part table[WORKER_TOGETHER_MAX];
        size_t at = count * sizeof *table;
        memcpy(table, shared->reply, at);
        int r = at <= size ? 0 : -ERR_MALFORMED;
        for (unsigned i = 0; r == 0 && i < count; i++) {
                if (table[i].kind >= READER_OUTCOME_MAX || table[i].size > size - at) {
                        r = -ERR_MALFORMED;
                } else if (table[i].size > 0) {
                        r = worker_parse_reply((enum reader_outcome) table[i].kind, g_memdup2(shared->reply + at, table[i].size),
                                               table[i].size, sha256[i], &mails[i].result, err);
                        mails[i].is_read = r == 0;
                        at += table[i].size;
                }
        }
        if (r == 0 && at != size)
                r = -ERR_MALFORMED;
        if (r < 0)
                clear_results(mails, count);
        return r;
}

int worker_read_together(struct worker *worker, struct worker_mail *mails, unsigned count, int stop_fd, struct error *err)
{
        for (unsigned i = 0; i < count; i++)
                mails[i].is_read = false;
        int r = ensure_child(worker, count, err);
        if (r < 0)
                return r;
        if (!worker->shared || !fit_together(mails, count))
                return error_set(err, -ENOTSUP, "these mails cannot be read together");
        char sha256[WORKER_TOGETHER_MAX][DIGEST_TEXT_SIZE];
        struct exchange x;
        r = begin_together(worker, mails, count, &x);
        digest_mails(mails, count, sha256); /* while the child reads */
        if (r == 0)
                r = end_exchange(worker, &x, stop_fd);
        if (r == 0)
                r = take_answers(worker->shared, x.reply.size, mails, count, sha256, err);
        if (r < 0)
                return explain_failure(worker, r, err);
        worker->served += count;
        return 0;
}
