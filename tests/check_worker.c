/* SPDX-License-Identifier: MIT */
/*
 * The worker process, for real: this program is its own worker. Children that hang, die or talk nonsense are shell
 * scripts that speak (or break) the protocol on descriptor 3.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/bulletin_json.h"
#include "common/bulletin_pack.h"
#include "common/clock.h"
#include "common/limits.h"
#include "ingest/worker.h"
#include "ingest/worker_p.h"
#include "ingest/worker_shared.h"
#include "tests/packed.h"
#include "tests/support.h"

static const char mail[] =
        "From: HotFix Report <report@hotfix.example>\r\n"
        "Subject: HotFix Alert MS07-999\r\n"
        "Message-ID: <worker@test.example>\r\n"
        "Date: Fri, 11 May 2007 10:00:00 +0900\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=UTF-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
        "\r\n"
        "HotFix Alert:2007/05/11版\r\n"
        "【登録日】2007/05/11\r\n"
        "【更新日】2007/05/11\r\n"
        "深刻度\r\n"
        "1(緊急)\r\n"
        "  2(重要)\r\n"
        "  3(警告)\r\n"
        "  4(注意)\r\n"
        "対策\r\n"
        "至急適用\r\n"
        "MS07-999/999999\r\n"
        "試験用の題名\r\n"
        "(試験用の元の題名)\r\n";

static bool hurried; /* in the worker: the processor time of a mail is over at once */
static int late;     /* in the worker: that of this mail, counted from 1, is over before it begins; 0: of none */
static bool starved; /* in the worker: there is no memory once a mail comes */

/* Takes the place of the C library's. */
int setitimer(__itimer_which_t which, const struct itimerval *value, struct itimerval *ret_old)
{
        struct itimerval given = *value;
        if (given.it_value.tv_sec == LIMIT_WORKER_CPU_MS / 1000 && late > 0 && --late == 0)
                raise(SIGPROF);
        if (hurried && given.it_value.tv_sec == LIMIT_WORKER_CPU_MS / 1000)
                given.it_value = (struct timeval) { .tv_usec = 1 };
        if (starved && given.it_value.tv_sec > 0)
                g_free(g_malloc(G_MAXSIZE / 4));
        return (int) syscall(SYS_setitimer, which, &given, ret_old);
}

static size_t most_bytes = SIZE_MAX; /* that one call of recv or send moves */

/* Take the places of the C library's. */
ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
        return syscall(SYS_recvfrom, fd, buffer, MIN(size, most_bytes), flags, NULL, NULL);
}

ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
        return syscall(SYS_sendto, fd, buffer, MIN(size, most_bytes), flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
        struct iovec parts[2];
        struct msghdr cut = *message;
        size_t left = most_bytes;
        cut.msg_iov = parts;
        for (size_t i = 0; i < message->msg_iovlen; i++) {
                parts[i] = message->msg_iov[i];
                parts[i].iov_len = MIN(parts[i].iov_len, left);
                left -= parts[i].iov_len;
        }
        return syscall(SYS_sendmsg, fd, &cut, flags);
}

static bool without_shared; /* the system has no memory to share */

/* Takes the place of the C library's. */
int memfd_create(const char *name, unsigned flags)
{
        if (!without_shared)
                return (int) syscall(SYS_memfd_create, name, flags);
        errno = ENOSYS;
        return -1;
}

static int read_mail(struct worker *worker, struct reader_result *result, struct error *err)
{
        return worker_read(worker, mail, sizeof mail - 1, READER_MAIL, -1, result, err);
}

START_TEST(leaves_out_the_text)
{
        const struct worker_options options = { .without_text = true };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        struct error err = ERROR_INIT;
        int r = read_mail(worker, &result, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_int_eq(result.outcome, READER_RECOGNISED);
        ck_assert_str_eq(result.bulletin->id, "MS07-999");
        ck_assert_str_eq(result.text, "");
        reader_result_clear(&result);
        worker_free(worker);
}
END_TEST

START_TEST(reads_a_bulletin)
{
        struct worker *worker = worker_new(NULL);
        for (int i = 0; i < 3; i++) {
                struct reader_result result;
                struct error err = ERROR_INIT;
                int r = read_mail(worker, &result, &err);
                ck_assert_msg(r == 0, "%s", error_text(&err));
                ck_assert_int_eq(result.outcome, READER_RECOGNISED);
                ck_assert_str_eq(result.bulletin->id, "MS07-999");
                ck_assert_int_eq(result.bulletin->fields[FIELD_SEVERITY].value, SEVERITY_CRITICAL);
                ck_assert_str_eq(result.archive_name, "alert/2007/ms07-999");
                ck_assert_ptr_nonnull(strstr(result.text, "試験用の題名"));
                reader_result_clear(&result);
        }
        worker_free(worker);
}
END_TEST

START_TEST(reads_what_is_no_bulletin)
{
        struct worker *worker = worker_new(NULL);
        struct reader_result result;
        static const char text[] = "Subject: hello\n\nnothing of interest\n";
        ck_assert_int_eq(worker_read(worker, text, sizeof text - 1, READER_MAIL, -1, &result, NULL), 0);
        ck_assert_int_eq(result.outcome, READER_UNRECOGNISED);
        ck_assert_ptr_nonnull(result.reason);
        ck_assert_ptr_null(result.archive_name);
        reader_result_clear(&result);
        worker_free(worker);
}
END_TEST

/* A worker that is this shell script. */
static char *write_script(const char *body)
{
        g_autofree char *directory = support_temporary_directory();
        char *path = g_build_filename(directory, "worker", NULL);
        g_autofree char *text = g_strdup_printf("#!/bin/sh\n%s\n", body);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
        ck_assert_int_eq(g_chmod(path, 0755), 0);
        return path;
}

static int run_script(const char *body, int64_t wall_ms, int stop_fd, struct error *err)
{
        g_autofree char *path = write_script(body);
        struct worker_options options = { .program = path, .wall_ms = wall_ms };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        int r = worker_read(worker, mail, sizeof mail - 1, READER_MAIL, stop_fd, &result, err);
        if (r == 0)
                reader_result_clear(&result);
        worker_free(worker);
        return r;
}

START_TEST(a_hang_is_ended)
{
        struct error err = ERROR_INIT;
        int64_t start = clock_monotonic_ms();
        ck_assert_int_eq(run_script("exec sleep 600", 100, -1, &err), -ERR_WORKER_TIMEOUT);
        ck_assert_int_lt(clock_monotonic_ms() - start, 60000);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "100 ms"));
        error_clear(&err);
}
END_TEST

START_TEST(a_crash_is_told)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(run_script("kill -SEGV $$", 0, -1, &err), -ERR_WORKER_CRASHED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "signal 11"));
        error_clear(&err);
        ck_assert_int_eq(run_script("exit 7", 0, -1, &err), -ERR_WORKER_CRASHED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "status 7"));
        error_clear(&err);
}
END_TEST

START_TEST(processor_time_is_limited)
{
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *body = g_strdup_printf("HURRIED=1 exec %s " WORKER_ARGUMENT, self);
        g_autofree char *path = write_script(body);
        g_autoptr(GString) long_mail = g_string_new("Content-Type: text/html\r\n\r\n");
        while (long_mail->len < 1 * MIB)
                g_string_append(long_mail, "<p>a <b>line</b> of text</p>\r\n");
        struct worker_options options = { .program = path };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        struct error err = ERROR_INIT;
        int r = worker_read(worker, long_mail->str, long_mail->len, READER_MAIL, -1, &result, &err);
        ck_assert_int_eq(r, -ERR_WORKER_TIMEOUT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "its parser-cpu-time"));
        error_clear(&err);
        worker_free(worker);
}
END_TEST

START_TEST(memory_is_limited)
{
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *body = g_strdup_printf("ASAN_OPTIONS=allocator_may_return_null=1 STARVED=1 exec %s " WORKER_ARGUMENT, self);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(run_script(body, 0, -1, &err), -ERR_LIMIT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "more memory than 256 MiB (parser-memory)"));
        error_clear(&err);
}
END_TEST

/* The limits of the options are those of the child. */
START_TEST(limits_reach_the_child)
{
        struct worker_options options = { .limits.text_bytes = LIMIT_TEXT_BYTES_MIN };
        struct worker *worker = worker_new(&options);
        g_autofree char *text = g_strnfill(LIMIT_TEXT_BYTES_MIN + 1, 'x');
        for (int more = 0; more <= 1; more++) {
                struct reader_result result;
                struct error err = ERROR_INIT;
                int r = worker_read(worker, text, LIMIT_TEXT_BYTES_MIN + more, READER_TEXT, -1, &result, &err);
                ck_assert_msg(r == 0, "%s", error_text(&err));
                ck_assert_int_eq(result.outcome, more ? READER_REFUSED : READER_UNRECOGNISED);
                ck_assert(!more || strstr(result.reason, "65536 bytes of text (max-text-size)"));
                reader_result_clear(&result);
        }
        worker_free(worker);
}
END_TEST

/* A child that is told nonsense in place of its limits does not start to work. */
START_TEST(limits_are_checked_by_the_child)
{
        const struct worker_options bad[] = {
                { .memory_bytes = UINT64_MAX },
                { .cpu_ms = INT64_MAX },
                { .limits.text_bytes = LIMIT_TEXT_BYTES + 1 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                struct worker *worker = worker_new(&bad[i]);
                struct reader_result result;
                ck_assert_int_eq(read_mail(worker, &result, NULL), -ERR_WORKER_CRASHED);
                worker_free(worker);
        }
}
END_TEST

/* A worker that sends this frame and these bytes, whatever it is asked. */
static char *bytes_script(const struct worker_frame *frame, const char *bytes, size_t size)
{
        const size_t request = sizeof(struct worker_setup) + sizeof(struct worker_frame);
        g_autoptr(GString) script = g_string_new(NULL);
        g_string_append_printf(script, "head -c %zu <&3 >/dev/null; printf '", request);
        for (size_t i = 0; i < sizeof *frame; i++)
                g_string_append_printf(script, "\\%03o", ((const unsigned char *) frame)[i]);
        for (size_t i = 0; i < size; i++)
                g_string_append_printf(script, "\\%03o", (unsigned char) bytes[i]);
        g_string_append(script, "' >&3; exec sleep 600");
        return g_string_free(g_steal_pointer(&script), FALSE);
}

/* What is packed of a reply; NULL texts as NULL, no labels and no authentication. */
struct parts {
        const char *text, *archive_name, *reason;
        const struct bulletin *bulletin;
};

static GString *pack_parts(const struct parts *parts)
{
        struct packer p;
        GString *out = g_string_new(NULL);
        packer_init(&p, out);
        pack_text(&p, parts->text);
        pack_text(&p, parts->archive_name);
        pack_text(&p, parts->reason);
        pack_number(&p, 0);
        pack_number(&p, 0);
        authentication_report_pack(&p, &(struct authentication_report){ 0 });
        pack_number(&p, parts->bulletin != NULL);
        if (parts->bulletin)
                bulletin_pack(&p, parts->bulletin);
        packer_end(&p);
        return out;
}

static int parse(enum reader_outcome outcome, const char *bytes, size_t size, const char *sha256, struct reader_result *ret_result,
                 struct error *err)
{
        return worker_parse_reply(outcome, g_memdup2(bytes, size), size, sha256, ret_result, err);
}

static int answer(uint32_t outcome, const char *bytes, size_t size, struct error *err)
{
        const struct worker_frame frame = { WORKER_REPLY_MAGIC, outcome, size, 1 };
        g_autofree char *script = bytes_script(&frame, bytes, size);
        return run_script(script, 20000, -1, err);
}

static void require_refusal(uint32_t outcome, const char *bytes, size_t size, const char *reason)
{
        struct error err = ERROR_INIT;
        int r = answer(outcome, bytes, size, &err);
        ck_assert_msg(r == -ERR_MALFORMED, "%s: %d %s", reason, r, error_text(&err));
        ck_assert_msg(strstr(error_text(&err), reason), "%s: %s", reason, error_text(&err));
        error_clear(&err);
}

/* Each differs from a reply that would be taken in one thing, and is refused for it. */
START_TEST(nonsense_is_refused)
{
        static const struct { uint32_t outcome; struct parts parts; const char *reason; } replies[] = {
                { READER_RECOGNISED, { "x", "a", NULL, NULL }, "contradicts itself" },
                { READER_REFUSED, { NULL, NULL, NULL, NULL }, "contradicts itself" },
                { READER_REFUSED, { NULL, "../../x", "r", NULL }, "contradicts itself" },
                { READER_UNRECOGNISED, { NULL, NULL, "r", NULL }, "contradicts itself" },
                { READER_OUTCOME_MAX, { NULL, NULL, "r", NULL }, "exchange" },
        };
        static const struct parts good = { NULL, NULL, "r", NULL };
        for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
                g_autoptr(GString) bytes = pack_parts(&replies[i].parts);
                require_refusal(replies[i].outcome, bytes->str, bytes->len, replies[i].reason);
        }
        require_refusal(READER_REFUSED, "{}", 2, "is not in its form");
        g_autoptr(GString) text = packed_bytes("r", 1, "\0\0\2", 3, 0), invalid = packed_bytes("\xff\n", 2, "\0\0\2", 3, 0),
                           labels = packed_bytes("", 0, "\0\0\0\xff\xff", 5, 0);
        require_refusal(READER_REFUSED, text->str, text->len, "a text of a wrong form");
        require_refusal(READER_REFUSED, invalid->str, invalid->len, "not valid UTF-8");
        require_refusal(READER_REFUSED, labels->str, labels->len, "labels of a wrong form");
        /* The well-formed refusal that the others are mutations of is taken; cut anywhere or with more behind it, not. */
        g_autoptr(GString) bytes = pack_parts(&good);
        ck_assert_int_eq(answer(READER_REFUSED, bytes->str, bytes->len, NULL), 0);
        for (size_t size = 1; size < bytes->len; size++)
                ck_assert_int_eq(answer(READER_REFUSED, bytes->str, size, NULL), -ERR_MALFORMED);
        g_string_append_c(bytes, '\0');
        require_refusal(READER_REFUSED, bytes->str, bytes->len, "goes on behind its end");
}
END_TEST

START_TEST(a_wrong_frame_is_refused)
{
        static const struct parts good = { NULL, NULL, "r", NULL };
        g_autoptr(GString) bytes = pack_parts(&good);
        const struct worker_frame frames[] = {
                { WORKER_REPLY_MAGIC, READER_REFUSED, 0, 1 },
                { WORKER_REPLY_MAGIC, READER_REFUSED, (uint64_t) LIMIT_WORKER_REPLY_BYTES + 1, 1 },
                { WORKER_REPLY_MAGIC, READER_REFUSED, UINT64_MAX, 1 },
                { WORKER_REPLY_MAGIC, READER_REFUSED, bytes->len - 1, 1 }, /* something follows */
                { WORKER_REPLY_MAGIC, READER_REFUSED, bytes->len, 2 },     /* to another request */
                { WORKER_REQUEST_MAGIC, READER_REFUSED, bytes->len, 1 },
                { WORKER_REPLY_MAGIC, UINT32_MAX, bytes->len, 1 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
                g_autofree char *script = bytes_script(&frames[i], bytes->str, bytes->len);
                struct error err = ERROR_INIT;
                ck_assert_msg(run_script(script, 20000, -1, &err) == -ERR_MALFORMED, "frame %zu: %s", i, error_text(&err));
                error_clear(&err);
        }
}
END_TEST

/* A reply that is wrong only in its lists. */
static int parse_with_labels(guint64 count, const char *const *labels, bool in_missing, struct reader_result *ret_result,
                             struct error *err)
{
        struct packer p;
        g_autoptr(GString) out = g_string_new(NULL);
        packer_init(&p, out);
        pack_text(&p, NULL);
        pack_text(&p, NULL);
        pack_text(&p, "r");
        if (in_missing)
                pack_number(&p, 0);
        pack_number(&p, count);
        for (; *labels; labels++)
                pack_text(&p, **labels ? *labels : NULL);
        if (!in_missing)
                pack_number(&p, 0);
        authentication_report_pack(&p, &(struct authentication_report){ 0 });
        pack_number(&p, 0);
        packer_end(&p);
        return parse(READER_REFUSED, out->str, out->len, "", ret_result, err);
}

START_TEST(labels_are_checked)
{
        const char *const good[] = { " \x1b[2Ja\nb\xc2\x85 ", " ", "c", "c", NULL }, *const null[] = { "a", "", NULL },
                          *const bad[] = { "\xff", NULL };
        struct reader_result result;
        for (int in_missing = 0; in_missing < 2; in_missing++) {
                const struct { guint64 count; const char *const *labels; } lies[] = {
                        { 2, null }, { 1, bad }, { 5, good }, { 3, good }, { LABEL_REPORT_MAX + 1, good }, { G_MAXUINT64, good },
                };
                for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
                        struct error err = ERROR_INIT;
                        int r = parse_with_labels(lies[i].count, lies[i].labels, in_missing, &result, &err);
                        ck_assert_msg(r == -ERR_MALFORMED, "lie %zu is taken", i);
                        error_clear(&err);
                }
        }
        struct error err = ERROR_INIT;
        int r = parse_with_labels(4, good, false, &result, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_uint_eq(result.labels.unknown->len, 2);
        ck_assert_str_eq(g_ptr_array_index(result.labels.unknown, 0), "?[2Ja?b");
        ck_assert_str_eq(g_ptr_array_index(result.labels.unknown, 1), "c");
        ck_assert_uint_eq(result.labels.missing->len, 0);
        reader_result_clear(&result);
}
END_TEST

/* Many small values would take a hundred times their bytes in the daemon. */
START_TEST(a_crowded_reply_is_refused)
{
        struct bulletin *bulletin = bulletin_new();
        for (guint i = 0; i < LIMIT_LIST_MEMBERS; i++) {
                struct package *package = package_new(NULL);
                for (guint n = 0; n < LIMIT_WORKER_REPLY_VALUES / LIMIT_LIST_MEMBERS / 6; n++)
                        g_ptr_array_add(package->files, package_file_new(NULL, NULL, NULL, -1, NULL, NULL));
                g_ptr_array_add(bulletin->packages, package);
        }
        const struct parts parts = { "x", "a", NULL, bulletin };
        g_autoptr(GString) bytes = pack_parts(&parts);
        struct reader_result result = { .outcome = READER_RECOGNISED, .bulletin = bulletin, .text = (char *) "x",
                                        .archive_name = (char *) "a" }, taken;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(parse(READER_RECOGNISED, bytes->str, bytes->len, "", &taken, &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "more than 400000 values"));
        error_clear(&err);
        /* An honest worker does not send it. */
        g_autoptr(GString) reply = worker_pack_reply(&result, 7);
        struct worker_frame frame;
        memcpy(&frame, reply->str, sizeof frame);
        ck_assert_uint_eq(frame.kind, READER_REFUSED);
        ck_assert_uint_eq(frame.serial, 7);
        ck_assert_uint_eq(frame.size, reply->len - sizeof frame);
        ck_assert_int_eq(parse(READER_REFUSED, reply->str + sizeof frame, frame.size, "", &taken, NULL), 0);
        ck_assert_ptr_nonnull(strstr(taken.reason, "larger than the parser may answer with"));
        reader_result_clear(&taken);
        bulletin_free(bulletin);
}
END_TEST

static void require_two_together(struct worker *worker)
{
        struct worker_mail mails[2];
        struct error err = ERROR_INIT;
        for (int i = 0; i < 2; i++)
                mails[i] = (struct worker_mail){ .data = mail, .size = sizeof mail - 1, .form = READER_MAIL };
        int r = worker_read_together(worker, mails, 2, -1, &err);
        ck_assert_msg(r == 0, "%zu bytes: %s", most_bytes, error_text(&err));
        for (int i = 0; i < 2; i++) {
                ck_assert(mails[i].is_read);
                ck_assert_str_eq(mails[i].result.bulletin->id, "MS07-999");
                reader_result_clear(&mails[i].result);
        }
}

/* Whatever sizes the pieces come and go in, through the socket alone and with shared memory. */
START_TEST(any_split_is_read)
{
        static const size_t sizes[] = { 1, 2, 3, 5, 15, 16, 17, 31, 33, 1000, 4096 };
        without_shared = _i;
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                most_bytes = sizes[i];
                struct worker *worker = worker_new(NULL);
                for (int round = 0; round < 2; round++) {
                        struct reader_result result;
                        struct error err = ERROR_INIT;
                        int r = read_mail(worker, &result, &err);
                        ck_assert_msg(r == 0, "%zu bytes: %s", sizes[i], error_text(&err));
                        ck_assert_str_eq(result.bulletin->id, "MS07-999");
                        reader_result_clear(&result);
                        if (!without_shared)
                                require_two_together(worker);
                }
                worker_free(worker);
        }
        most_bytes = SIZE_MAX;
        without_shared = false;
}
END_TEST

/* ---- shared memory ---- */

/* All of it as one text; clears it. */
static char *show(struct reader_result *result)
{
        g_autofree char *json = result->bulletin ? bulletin_to_text(result->bulletin) : g_strdup("none");
        char *all = g_strdup_printf("%d %s %s %s %s", (int) result->outcome, json, result->text, result->archive_name,
                                    result->reason);
        reader_result_clear(result);
        return all;
}

static char *read_and_show(const char *text, size_t size, enum reader_form form)
{
        struct worker *worker = worker_new(NULL);
        struct reader_result result;
        struct error err = ERROR_INIT;
        int r = worker_read(worker, text, size, form, -1, &result, &err);
        ck_assert_msg(r == 0, "%zu bytes: %s", size, error_text(&err));
        worker_free(worker);
        return show(&result);
}

static char *read_text_as_json(const char *text, size_t size)
{
        return read_and_show(text, size, READER_MAIL);
}

/* Mails and answers of all sizes about the limit: what comes of them is the same by both ways. */
START_TEST(both_ways_give_the_same)
{
        const size_t sizes[] = { sizeof mail - 1, WORKER_SHARED_BYTES - 2, WORKER_SHARED_BYTES - 1, WORKER_SHARED_BYTES,
                                 WORKER_SHARED_BYTES + 1, 3 * WORKER_SHARED_BYTES };
        g_autoptr(GString) text = g_string_new(mail);
        while (text->len < 3 * WORKER_SHARED_BYTES)
                g_string_append(text, "a further line of the mail, and the text of the answer has it too\r\n");
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autofree char *shared = read_text_as_json(text->str, sizes[i]);
                without_shared = true;
                g_autofree char *sent = read_text_as_json(text->str, sizes[i]);
                without_shared = false;
                ck_assert_str_eq(shared, sent);
                ck_assert_ptr_nonnull(strstr(shared, "MS07-999"));
        }
}
END_TEST

/* A worker that puts these bytes into the shared memory, as many as there is room for, and sends this frame. */
static char *shared_script(const struct worker_frame *frame, const char *bytes, size_t size, const char *more)
{
        g_autoptr(GString) script = g_string_new(NULL);
        g_string_append_printf(script, "head -c %zu <&3 >/dev/null; printf '", sizeof(struct worker_setup) + sizeof *frame);
        for (size_t i = 0; i < size; i++)
                g_string_append_printf(script, "\\%03o", (unsigned char) bytes[i]);
        g_string_append_printf(script, "' | dd of=/proc/self/fd/4 bs=1 seek=%zu conv=notrunc 2>/dev/null; printf '",
                               offsetof(struct worker_shared, reply));
        for (size_t i = 0; i < sizeof *frame; i++)
                g_string_append_printf(script, "\\%03o", ((const unsigned char *) frame)[i]);
        g_string_append_printf(script, "%s' >&3; exec sleep 600", more);
        return g_string_free(g_steal_pointer(&script), FALSE);
}

static int answer_shared(const struct worker_frame *frame, const GString *bytes, const char *more, struct error *err)
{
        g_autofree char *script = shared_script(frame, bytes->str, bytes->len, more);
        return run_script(script, 20000, -1, err);
}

/* What lies in the memory is trusted no more than what comes through the socket. */
START_TEST(shared_nonsense_is_refused)
{
        static const struct parts good = { NULL, NULL, "r", NULL }, bad = { NULL, NULL, NULL, NULL };
        g_autoptr(GString) bytes = pack_parts(&good), contradiction = pack_parts(&bad), none = g_string_new(NULL);
        struct worker_frame frame = { WORKER_REPLY_SHARED_MAGIC, READER_REFUSED, bytes->len, 1 };
        struct error err = ERROR_INIT;
        int r = answer_shared(&frame, bytes, "", &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_int_eq(answer_shared(&frame, bytes, "x", NULL), -ERR_MALFORMED); /* something follows */
        ck_assert_int_eq(answer_shared(&frame, none, "", NULL), -ERR_MALFORMED);   /* nothing was put there */
        frame.size = WORKER_SHARED_BYTES;
        ck_assert_int_eq(answer_shared(&frame, bytes, "", NULL), -ERR_MALFORMED);  /* goes on behind its end */
        frame.size = WORKER_SHARED_BYTES + 1;
        ck_assert_int_eq(answer_shared(&frame, bytes, "", &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "exchange"));
        error_clear(&err);
        frame.size = contradiction->len;
        ck_assert_int_eq(answer_shared(&frame, contradiction, "", &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "contradicts itself"));
        error_clear(&err);
        frame.size = bytes->len;
        without_shared = true;
        ck_assert_int_eq(answer_shared(&frame, bytes, "", &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "exchange"));
        error_clear(&err);
        without_shared = false;
}
END_TEST

/* ---- several mails in one exchange ---- */

/* Each answer is the one that its mail gets alone, whatever stands beside it, in a worker that goes on. */
START_TEST(together_is_as_alone)
{
        static const struct { const char *text; enum reader_form form; } all[] = {
                { mail, READER_MAIL }, { "", READER_MAIL }, { "<p>a page", READER_HTML }, { mail, READER_GUESS },
                { "x", READER_TEXT }, { "Subject: hello\n\nnothing\n", READER_MAIL },
                { "Content-Type: multipart/mixed", READER_MAIL },
        };
        struct worker *worker = worker_new(NULL);
        char *alone[G_N_ELEMENTS(all)];
        for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
                alone[i] = read_and_show(all[i].text, strlen(all[i].text), all[i].form);
        for (size_t first = 0; first < G_N_ELEMENTS(all); first++)
                for (unsigned count = 1; count <= WORKER_TOGETHER_MAX; count++) {
                        struct worker_mail mails[WORKER_TOGETHER_MAX];
                        struct error err = ERROR_INIT;
                        for (unsigned i = 0; i < count; i++) {
                                size_t which = (first + i) % G_N_ELEMENTS(all);
                                mails[i] = (struct worker_mail){ .data = all[which].text, .size = strlen(all[which].text),
                                                                 .form = all[which].form };
                        }
                        int r = worker_read_together(worker, mails, count, -1, &err);
                        ck_assert_msg(r == 0, "%s", error_text(&err));
                        for (unsigned i = 0; i < count; i++) {
                                ck_assert(mails[i].is_read);
                                g_autofree char *shown = show(&mails[i].result);
                                ck_assert_str_eq(shown, alone[(first + i) % G_N_ELEMENTS(all)]);
                        }
                }
        for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
                g_free(alone[i]);
        worker_free(worker);
}
END_TEST

static int read_sizes(struct worker *worker, const char *text, const size_t *sizes, unsigned count, struct worker_mail *mails)
{
        for (unsigned i = 0; i < count; i++)
                mails[i] = (struct worker_mail){ .data = text, .size = sizes[i], .form = READER_MAIL };
        return worker_read_together(worker, mails, count, -1, NULL);
}

static unsigned clear_read(struct worker_mail *mails, unsigned count)
{
        unsigned read = 0;
        for (unsigned i = 0; i < count; i++) {
                if (mails[i].is_read)
                        reader_result_clear(&mails[i].result);
                read += mails[i].is_read;
        }
        return read;
}

/* What does not fit is not begun, and the worker goes on; an answer that does not fit is left out, and no other is. */
START_TEST(only_what_fits_is_read_together)
{
        struct worker_mail mails[WORKER_TOGETHER_MAX + 1];
        struct worker *worker = worker_new(NULL);
        g_autoptr(GString) text = g_string_new(mail);
        while (text->len < WORKER_TOGETHER_BYTES + 1)
                g_string_append(text, "a further line of the mail, and the text of the answer has it too\r\n");
        const size_t no_sizes[WORKER_TOGETHER_MAX + 1] = { 0 }, small = sizeof mail - 1, half = WORKER_TOGETHER_BYTES / 2;
        ck_assert_int_eq(read_sizes(worker, text->str, (size_t[]){ half, half + 1 }, 2, mails), -ENOTSUP);
        ck_assert_int_eq(read_sizes(worker, text->str, (size_t[]){ 0, WORKER_TOGETHER_BYTES + 1 }, 2, mails), -ENOTSUP);
        ck_assert_int_eq(read_sizes(worker, text->str, no_sizes, WORKER_TOGETHER_MAX + 1, mails), -ENOTSUP);
        const size_t fitting[] = { small, WORKER_TOGETHER_BYTES - 2 * small, 0, small };
        ck_assert_int_eq(read_sizes(worker, text->str, fitting, 4, mails), 0);
        ck_assert(mails[0].is_read && !mails[1].is_read && mails[2].is_read && mails[3].is_read);
        ck_assert_str_eq(mails[3].result.bulletin->id, "MS07-999");
        ck_assert_uint_eq(clear_read(mails, 4), 3);
        struct reader_result result;
        ck_assert_int_eq(worker_read(worker, text->str, mails[1].size, READER_MAIL, -1, &result, NULL), 0);
        reader_result_clear(&result);
        worker_stop(worker);
        without_shared = true;
        ck_assert_int_eq(read_sizes(worker, text->str, (size_t[]){ small, small }, 2, mails), -ENOTSUP);
        without_shared = false;
        ck_assert_uint_eq(clear_read(mails, 2), 0);
        worker_free(worker);
}
END_TEST

/* Each mail has its own processor time, from its own beginning. */
START_TEST(each_of_several_has_its_time)
{
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        for (unsigned place = 1; place <= WORKER_TOGETHER_MAX + 1; place++) {
                g_autofree char *body = g_strdup_printf("LATE=%u exec %s " WORKER_ARGUMENT, place, self);
                g_autofree char *path = write_script(body);
                struct worker *worker = worker_new(&(struct worker_options){ .program = path });
                struct worker_mail mails[WORKER_TOGETHER_MAX];
                struct error err = ERROR_INIT;
                for (unsigned i = 0; i < WORKER_TOGETHER_MAX; i++)
                        mails[i] = (struct worker_mail){ .data = mail, .size = sizeof mail - 1, .form = READER_MAIL };
                int r = worker_read_together(worker, mails, WORKER_TOGETHER_MAX, -1, &err);
                bool over = place <= WORKER_TOGETHER_MAX;
                ck_assert_msg(r == (over ? -ERR_WORKER_TIMEOUT : 0), "mail %u: %s", place, error_text(&err));
                ck_assert(!over || strstr(error_text(&err), "its parser-cpu-time"));
                ck_assert_uint_eq(clear_read(mails, WORKER_TOGETHER_MAX), over ? 0 : WORKER_TOGETHER_MAX);
                error_clear(&err);
                worker_free(worker);
        }
}
END_TEST

/* A worker that answers two mails with this frame, and these bytes behind this table. */
static int answer_two(const struct worker_frame *frame, const struct worker_part *table, const GString *bytes, const char *more,
                      struct error *err)
{
        g_autoptr(GString) all = g_string_new_len((const char *) table, 2 * sizeof *table);
        g_string_append_len(all, bytes->str, (gssize) bytes->len);
        g_autofree char *body = shared_script(frame, all->str, all->len, more), *path = write_script(body);
        struct worker *worker = worker_new(&(struct worker_options){ .program = path, .wall_ms = 20000 });
        struct worker_mail mails[2];
        for (int i = 0; i < 2; i++)
                mails[i] = (struct worker_mail){ .data = mail, .size = sizeof mail - 1, .form = READER_MAIL };
        int r = worker_read_together(worker, mails, 2, -1, err);
        unsigned answers = (table[0].size > 0) + (table[1].size > 0);
        ck_assert_uint_eq(clear_read(mails, 2), r == 0 ? answers : 0);
        worker_free(worker);
        return r;
}

/* The frame and each row of the table are checked, and each answer like one that comes alone. */
START_TEST(nonsense_of_several_is_refused)
{
        static const struct parts good = { NULL, NULL, "r", NULL }, bad = { NULL, NULL, NULL, NULL };
        g_autoptr(GString) one = pack_parts(&good), wrong = pack_parts(&bad), two = g_string_new_len(one->str, (gssize) one->len);
        g_string_append_len(two, one->str, (gssize) one->len);
        const uint32_t n = (uint32_t) one->len, head = 2 * sizeof(struct worker_part), refused = READER_REFUSED;
        const uint32_t magic = WORKER_REPLY_TOGETHER_MAGIC;
        const struct { int code; struct worker_frame frame; struct worker_part table[2]; const char *more; } answers[] = {
                { 0, { magic, 2, head + 2 * n, 1 }, { { refused, n }, { refused, n } }, "" },
                { 0, { magic, 2, head + n, 1 }, { { refused, 0 }, { refused, n } }, "" }, /* the first had no room */
                { 0, { magic, 2, head, 1 }, { { refused, 0 }, { refused, 0 } }, "" },
                { -ERR_MALFORMED, { magic, 2, head + 2 * n, 1 }, { { refused, n }, { refused, n } }, "x" }, /* something follows */
                { -ERR_MALFORMED, { magic, 2, head + 2 * n, 2 }, { { refused, n }, { refused, n } }, "" }, /* another request */
                { -ERR_MALFORMED, { magic, 1, head + 2 * n, 1 }, { { refused, n }, { refused, n } }, "" },
                { -ERR_MALFORMED, { magic, 3, head + 2 * n, 1 }, { { refused, n }, { refused, n } }, "" },
                { -ERR_MALFORMED, { WORKER_REPLY_SHARED_MAGIC, 2, head + 2 * n, 1 }, { { refused, n }, { refused, n } }, "" },
                { -ERR_MALFORMED, { WORKER_REPLY_MAGIC, 2, head + 2 * n, 1 }, { { refused, n }, { refused, n } }, "" },
                { -ERR_MALFORMED, { magic, 2, WORKER_SHARED_BYTES + 1, 1 }, { { refused, n }, { refused, n } }, "" },
                { -ERR_MALFORMED, { magic, 2, head - 1, 1 }, { { refused, 0 }, { refused, 0 } }, "" },
                { -ERR_MALFORMED, { magic, 2, 0, 1 }, { { refused, 0 }, { refused, 0 } }, "" },
                { -ERR_MALFORMED, { magic, 2, head - 1, 1 }, { { refused, UINT32_MAX }, { refused, n } }, "" },
                { -ERR_MALFORMED, { magic, 2, head + 2 * n + 1, 1 }, { { refused, n }, { refused, n } }, "" }, /* some left over */
                { -ERR_MALFORMED, { magic, 2, head + 2 * n - 1, 1 }, { { refused, n }, { refused, n } }, "" },
                { -ERR_MALFORMED, { magic, 2, head + n, 1 }, { { refused, n }, { refused, UINT32_MAX } }, "" },
                { -ERR_MALFORMED, { magic, 2, head + 2 * n, 1 }, { { refused, n + 1 }, { refused, n - 1 } }, "" },
                { -ERR_MALFORMED, { magic, 2, head + 2 * n, 1 }, { { READER_OUTCOME_MAX, n }, { refused, n } }, "" },
                { -ERR_MALFORMED, { magic, 2, head + 2 * n, 1 }, { { refused, n }, { UINT32_MAX, n } }, "" },
                { -ERR_MALFORMED, { magic, 2, head + 2 * n, 1 }, { { refused, n }, { READER_RECOGNISED, n } }, "" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
                struct error err = ERROR_INIT;
                int r = answer_two(&answers[i].frame, answers[i].table, two, answers[i].more, &err);
                ck_assert_msg(r == answers[i].code, "answer %zu: %d %s", i, r, error_text(&err));
                error_clear(&err);
        }
        g_string_truncate(two, one->len);
        g_string_append_len(two, wrong->str, (gssize) wrong->len);
        const struct worker_frame frame = { magic, 2, head + two->len, 1 };
        const struct worker_part table[2] = { { refused, n }, { refused, (uint32_t) wrong->len } };
        struct error err = ERROR_INIT;
        ck_assert_int_eq(answer_two(&frame, table, two, "", &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "contradicts itself"));
        error_clear(&err);
}
END_TEST

/* What is well-formed in everything else does not make up for it. */
START_TEST(an_unknown_outcome_of_several_is_refused)
{
        struct bulletin *bulletin = bulletin_new();
        const struct parts parts = { "x", NULL, "r", bulletin };
        g_autoptr(GString) bytes = pack_parts(&parts);
        const struct worker_frame frame = { WORKER_REPLY_TOGETHER_MAGIC, 2, 2 * sizeof(struct worker_part) + bytes->len, 1 };
        struct worker_part table[2] = { { READER_UNRECOGNISED, (uint32_t) bytes->len }, { READER_REFUSED, 0 } };
        ck_assert_int_eq(answer_two(&frame, table, bytes, "", NULL), 0);
        table[0].kind = READER_OUTCOME_MAX;
        ck_assert_int_eq(answer_two(&frame, table, bytes, "", NULL), -ERR_MALFORMED);
        bulletin_free(bulletin);
}
END_TEST

/* Else the daemon's next look at the memory would kill it. */
START_TEST(shared_memory_cannot_be_shortened)
{
        static const struct parts good = { NULL, NULL, "r", NULL };
        g_autoptr(GString) bytes = pack_parts(&good);
        const struct worker_frame frame = { WORKER_REPLY_SHARED_MAGIC, READER_REFUSED, bytes->len, 1 };
        g_autofree char *answer_script = shared_script(&frame, bytes->str, bytes->len, "");
        g_autofree char *directory = support_temporary_directory(), *done = g_build_filename(directory, "done", NULL);
        g_autofree char *body = g_strdup_printf("truncate -s 0 /proc/self/fd/4 && echo shortened >%s\n"
                                                "truncate -s 1G /proc/self/fd/4 && echo lengthened >%s\n%s",
                                                done, done, answer_script);
        ck_assert_int_eq(run_script(body, 20000, -1, NULL), 0);
        ck_assert(!g_file_test(done, G_FILE_TEST_EXISTS));
}
END_TEST

/* A fresh worker finds nothing of the mails that the one before has read. */
START_TEST(nothing_is_left_in_shared_memory)
{
        g_autofree char *directory = support_temporary_directory(), *report = g_build_filename(directory, "report", NULL);
        g_autofree char *body = g_strdup_printf("tr -d '\\000' </proc/self/fd/4 | wc -c >>%s; head -c %zu <&3 >/dev/null; exit 1",
                                                report, sizeof(struct worker_setup) + sizeof(struct worker_frame));
        g_autofree char *path = write_script(body);
        struct worker_options options = { .program = path };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        static const char *const empty = "";
        for (int i = 0; i < 2; i++)
                ck_assert_int_eq(worker_read(worker, i == 0 ? mail : empty, i == 0 ? sizeof mail - 1 : 0, READER_MAIL, -1,
                                             &result, NULL), -ERR_WORKER_CRASHED);
        worker_free(worker);
        g_autofree char *text = support_read_file(report, NULL);
        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_nonnull(strstr(text, "\n0\n"));
}
END_TEST

/* What a worker answers that has read the mail, but for the archive's name. */
static int answer_with_name(const struct bulletin *bulletin, const char *name)
{
        const struct parts parts = { "x", name, NULL, bulletin };
        g_autoptr(GString) bytes = pack_parts(&parts);
        return answer(READER_RECOGNISED, bytes->str, bytes->len, NULL);
}

/* Who has taken a worker over can lie about the bulletin, but not choose files or speak for another mail. */
START_TEST(well_formed_lies_are_refused)
{
        static const char *const lies[] = { "../x", "/x", "a/../x", "a//x", "a/.x", ".x", "A", "a/", "a b", "a\nb", "" };
        struct worker *worker = worker_new(NULL);
        struct reader_result result;
        ck_assert_int_eq(read_mail(worker, &result, NULL), 0);
        worker_free(worker);
        ck_assert_int_eq(answer_with_name(result.bulletin, "a/b-1.c"), 0);
        for (size_t i = 0; i < G_N_ELEMENTS(lies); i++)
                ck_assert_msg(answer_with_name(result.bulletin, lies[i]) == -ERR_MALFORMED, "\"%s\"", lies[i]);
        char *first = &result.bulletin->mail.sha256[0];
        *first = *first == '0' ? '1' : '0';
        ck_assert_int_eq(answer_with_name(result.bulletin, "a/b-1.c"), -ERR_MALFORMED);
        reader_result_clear(&result);
}
END_TEST

START_TEST(a_worker_that_dies_is_replaced)
{
        /* The script dies at its first request, and at the second becomes the real worker. */
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *body = g_strdup_printf("if [ -e %s/once ]; then exec %s --parser-worker; fi; : > %s/once; exit 1",
                                                directory, self, directory);
        g_autofree char *path = write_script(body);
        struct worker_options options = { .program = path };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(read_mail(worker, &result, &err), -ERR_WORKER_CRASHED);
        error_clear(&err);
        int r = read_mail(worker, &result, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_str_eq(result.bulletin->id, "MS07-999");
        reader_result_clear(&result);
        worker_free(worker);
}
END_TEST

START_TEST(a_stop_is_obeyed)
{
        int stop = eventfd(1, EFD_CLOEXEC);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(run_script("exec sleep 600", 60000, stop, &err), -ERR_CANCELLED);
        error_clear(&err);
        close(stop);
}
END_TEST

/* So that a mail need not wait for it. */
START_TEST(it_can_be_started_before_the_first_mail)
{
        g_autofree char *directory = support_temporary_directory(), *started = g_build_filename(directory, "started", NULL);
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *body = g_strdup_printf("echo x >>%s; exec %s " WORKER_ARGUMENT, started, self);
        g_autofree char *path = write_script(body);
        struct worker_options options = { .program = path };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        ck_assert_int_eq(worker_start(worker, NULL), 0);
        ck_assert_int_eq(worker_start(worker, NULL), 0);
        gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
        while (!g_file_test(started, G_FILE_TEST_EXISTS) && g_get_monotonic_time() < end)
                g_usleep(1000);
        ck_assert_int_eq(read_mail(worker, &result, NULL), 0);
        reader_result_clear(&result);
        worker_free(worker);
        g_autofree char *text = support_read_file(started, NULL);
        ck_assert_str_eq(text, "x\n"); /* once */
}
END_TEST

START_TEST(a_missing_program_is_named)
{
        struct worker_options options = { .program = "/nonexistent/worker" };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(worker_start(worker, NULL), -ENOENT);
        ck_assert_int_eq(read_mail(worker, &result, &err), -ENOENT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/nonexistent/worker"));
        error_clear(&err);
        worker_free(worker);
}
END_TEST

/* --- memory --- */

#define MASK 0x5a

static void mask(char *text)
{
        for (; *text; text++)
                *text ^= MASK;
}

/* How often a text stands in this process's memory. It is given masked, so that it is not found for being looked for. */
static unsigned count_in_memory(const char *masked)
{
        unsigned found = 0;
        size_t length = strlen(masked);
        g_autofree char *maps = NULL, *piece = g_malloc(MIB);
        int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
        g_file_get_contents("/proc/self/maps", &maps, NULL, NULL);
        g_auto(GStrv) lines = g_strsplit(maps ? maps : "", "\n", -1);
        for (char **line = lines; *line && **line; line++) {
                char *rest;
                guint64 start = g_ascii_strtoull(*line, &rest, 16), end = g_ascii_strtoull(rest + 1, &rest, 16);
                if (rest[1] != 'r' || rest[2] != 'w' || end - start > 1024 * (guint64) MIB)
                        continue; /* the sanitizers map terabytes */
                for (guint64 at = start; at < end; at += MIB - length) {
                        ssize_t n = pread(memory, piece, MIN(MIB, end - at), (off_t) at);
                        for (ssize_t i = 0; i + (ssize_t) length <= n; i++) {
                                size_t j = 0;
                                while (j < length && (piece[i + (ssize_t) j] ^ MASK) == masked[j])
                                        j++;
                                found += j == length;
                        }
                }
        }
        close(memory);
        return found;
}

/* In a worker's place: what it would have of its parent's memory. */
static int report_secrets(void)
{
        g_autofree char *text = g_strdup_printf("%u", count_in_memory(getenv("SECRET_MASKED")));
        return g_file_set_contents(getenv("REPORT"), text, -1, NULL) ? 5 : 6;
}

START_TEST(no_memory_is_inherited)
{
        g_autofree char *masked = g_strdup("the-password-of-the-mailbox"), *directory = support_temporary_directory();
        mask(masked);
        g_autofree char *secret = g_strdup(masked);
        mask(secret); /* on the heap, as a configuration has it */
        ck_assert_uint_ge(count_in_memory(masked), 1);
        g_autofree char *report = g_build_filename(directory, "report", NULL);
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL), *quoted = g_shell_quote(masked);
        g_autofree char *body = g_strdup_printf("REPORT=%s SECRET_MASKED=%s exec %s " WORKER_ARGUMENT, report, quoted, self);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(run_script(body, 0, -1, &err), -ERR_WORKER_CRASHED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "status 5"));
        error_clear(&err);
        g_autofree char *count = support_read_file(report, NULL);
        ck_assert_str_eq(count, "0");
}
END_TEST

START_TEST(nothing_is_inherited)
{
        /* The child sees no variable and no descriptor of ours. */
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *report = g_build_filename(directory, "report", NULL);
        g_autofree char *body = g_strdup_printf("{ ls -l /proc/$$/fd; tr '\\0' '\\n' < /proc/$$/environ; } > %s; exit 3",
                                                report);
        setenv("SECRET_OF_THE_PARENT", "hush", 1);
        int leaked = eventfd(0, 0);
        run_script(body, 0, -1, NULL);
        close(leaked);
        g_autofree char *text = support_read_file(report, NULL);
        ck_assert_ptr_null(strstr(text, "hush"));
        ck_assert_ptr_nonnull(strstr(text, "3 -> socket:"));
        ck_assert_ptr_nonnull(strstr(text, "4 -> /memfd:"));
        ck_assert_ptr_null(strstr(text, "eventfd"));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("worker");
        TCase *tests = tcase_create("worker");
        tcase_add_test(tests, reads_a_bulletin);
        tcase_add_test(tests, leaves_out_the_text);
        tcase_add_test(tests, reads_what_is_no_bulletin);
        tcase_add_test(tests, a_hang_is_ended);
        tcase_add_test(tests, a_crash_is_told);
        tcase_add_test(tests, processor_time_is_limited);
        tcase_add_test(tests, memory_is_limited);
        tcase_add_test(tests, limits_reach_the_child);
        tcase_add_test(tests, limits_are_checked_by_the_child);
        tcase_add_test(tests, nonsense_is_refused);
        tcase_add_test(tests, a_wrong_frame_is_refused);
        tcase_add_test(tests, labels_are_checked);
        tcase_add_test(tests, a_crowded_reply_is_refused);
        tcase_add_loop_test(tests, any_split_is_read, 0, 2);
        tcase_add_test(tests, both_ways_give_the_same);
        tcase_add_test(tests, shared_nonsense_is_refused);
        tcase_add_test(tests, together_is_as_alone);
        tcase_add_test(tests, only_what_fits_is_read_together);
        tcase_add_test(tests, each_of_several_has_its_time);
        tcase_add_test(tests, nonsense_of_several_is_refused);
        tcase_add_test(tests, an_unknown_outcome_of_several_is_refused);
        tcase_add_test(tests, shared_memory_cannot_be_shortened);
        tcase_add_test(tests, nothing_is_left_in_shared_memory);
        tcase_add_test(tests, no_memory_is_inherited);
        tcase_add_test(tests, well_formed_lies_are_refused);
        tcase_add_test(tests, a_worker_that_dies_is_replaced);
        tcase_add_test(tests, a_stop_is_obeyed);
        tcase_add_test(tests, it_can_be_started_before_the_first_mail);
        tcase_add_test(tests, a_missing_program_is_named);
        tcase_add_test(tests, nothing_is_inherited);
        suite_add_tcase(s, tests);
        return s;
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], WORKER_ARGUMENT) == 0) {
                hurried = getenv("HURRIED") != NULL;
                late = getenv("LATE") ? atoi(getenv("LATE")) : 0;
                starved = getenv("STARVED") != NULL;
                if (getenv("SECRET_MASKED"))
                        return report_secrets();
                return worker_main();
        }
        return support_run(suite());
}
