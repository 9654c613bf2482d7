/* SPDX-License-Identifier: MIT */
#include "tests/scripted_stream.h"

#include <check.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "common/clock.h"

enum step_kind {
        STEP_EXPECT,
        STEP_ANSWER,
        STEP_END,
        STEP_FAIL,
        STEP_STALL,
        STEP_ATTENTION,
        STEP_INTERRUPT,
        STEP_CANCEL,
};

struct step {
        enum step_kind kind;
        char *data;
        size_t size, done;
        int code;
};

struct script {
        struct stream stream; /* first, so that a stream is its script */
        GQueue steps;         /* struct step */
        size_t segment, send_limit;
        bool pause;           /* between two segments */
        bool send_blocked;
        bool refused, may_retry; /* the last send said -EAGAIN; something was waited for or received since */
        const void *refused_data;
        size_t refused_size;
        bool attention, cancelled, closed;
        GString *extra;
        int64_t clock_ms, waited_ms, receive_ms;
        unsigned waits;
};

static void step_free(struct step *step)
{
        g_free(step->data);
        g_free(step);
}

static void drop_step(struct script *script)
{
        step_free(g_queue_pop_head(&script->steps));
}

/* The step that is next; what only changes the script's state takes effect as soon as it is reached. */
static struct step *current_step(struct script *script)
{
        struct step *step;
        while ((step = g_queue_peek_head(&script->steps))) {
                if (step->kind == STEP_ATTENTION)
                        script->attention = true;
                else if (step->kind == STEP_CANCEL)
                        script->cancelled = true;
                else
                        return step;
                drop_step(script);
        }
        return NULL;
}

static void move_clock(struct script *script, int64_t ms)
{
        script->clock_ms += ms;
        clock_set_for_test(script->clock_ms, script->clock_ms);
}

static int receive_answer(struct script *script, struct step *step, void *buffer, size_t size, size_t *ret_size)
{
        if (script->pause) {
                script->pause = false;
                return -EAGAIN;
        }
        size_t taken = MIN(step->size - step->done, size);
        if (script->segment > 0) {
                taken = MIN(taken, script->segment);
                script->pause = true;
        }
        memcpy(buffer, step->data + step->done, taken);
        step->done += taken;
        *ret_size = taken;
        script->may_retry = true;
        if (step->done == step->size)
                drop_step(script);
        move_clock(script, script->receive_ms);
        return 0;
}

static int script_receive(struct stream *stream, void *buffer, size_t size, size_t *ret_size, struct error *err)
{
        struct script *script = (struct script *) stream;
        struct step *step = current_step(script);
        ck_assert(!script->closed);
        if (step && step->kind == STEP_ANSWER)
                return receive_answer(script, step, buffer, size, ret_size);
        if (step && step->kind == STEP_END) {
                *ret_size = 0;
                return 0;
        }
        if (step && step->kind == STEP_FAIL)
                return error_set(err, step->code, "the script says so");
        return -EAGAIN;
}

/* Says -EAGAIN before each piece, and checks that the same piece comes again. */
static bool refuse_send(struct script *script, const void *data, size_t size)
{
        if (script->refused) {
                ck_assert_msg(script->refused_data == data && script->refused_size == size,
                              "send was repeated with another address or size");
                ck_assert_msg(script->may_retry, "send was repeated without waiting for it");
        }
        script->refused = script->send_blocked || !script->refused;
        script->refused_data = data;
        script->refused_size = size;
        script->may_retry = false;
        return script->refused;
}

static void take_expected(struct script *script, const char *data, size_t size)
{
        while (size > 0) {
                struct step *step = current_step(script);
                if (!step) {
                        g_string_append_len(script->extra, data, (gssize) size);
                        return;
                }
                ck_assert_msg(step->kind == STEP_EXPECT, "sent out of turn: %.*s", (int) size, data);
                size_t part = MIN(size, step->size - step->done);
                ck_assert_msg(memcmp(data, step->data + step->done, part) == 0, "sent \"%.*s\", expected \"%s\"",
                              (int) size, data, step->data + step->done);
                step->done += part;
                data += part;
                size -= part;
                if (step->done == step->size)
                        drop_step(script);
        }
}

static int script_send(struct stream *stream, const void *data, size_t size, size_t *ret_size, struct error *err)
{
        struct script *script = (struct script *) stream;
        (void) err;
        ck_assert(!script->closed);
        ck_assert_uint_gt(size, 0);
        if ((script->send_limit > 0 || script->send_blocked) && refuse_send(script, data, size))
                return -EAGAIN;
        *ret_size = script->send_limit > 0 ? MIN(size, script->send_limit) : size;
        take_expected(script, data, *ret_size);
        return 0;
}

static int run_out(struct script *script, int64_t timeout_ms)
{
        script->waited_ms += timeout_ms;
        move_clock(script, timeout_ms);
        return -ETIMEDOUT;
}

static int wait_to_read(struct script *script, int64_t timeout_ms)
{
        struct step *step = current_step(script);
        if (!step)
                return run_out(script, timeout_ms);
        ck_assert_msg(step->kind != STEP_EXPECT, "waits, but should send \"%s\"", step->data + step->done);
        if (step->kind == STEP_STALL) {
                drop_step(script);
                return run_out(script, timeout_ms);
        }
        if (step->kind == STEP_INTERRUPT) {
                drop_step(script);
                return -EINTR;
        }
        return 0;
}

static int script_wait(struct stream *stream, bool for_write, bool interruptible, int64_t timeout_ms,
                       struct error *err)
{
        struct script *script = (struct script *) stream;
        ck_assert(!script->closed);
        ck_assert_int_ge(timeout_ms, 0);
        ck_assert_msg(timeout_ms == 0 || for_write == script->refused, "waits for %s",
                      for_write ? "writing" : "reading");
        script->waits++;
        current_step(script);
        if (script->cancelled)
                return error_set(err, -ERR_CANCELLED, "cancelled by the script");
        if (script->attention && interruptible) {
                script->attention = false;
                return -EINTR;
        }
        if (timeout_ms == 0)
                return -ETIMEDOUT;
        if (!for_write)
                return wait_to_read(script, timeout_ms);
        script->may_retry = true;
        return script->send_blocked ? run_out(script, timeout_ms) : 0;
}

static bool script_repeats_secret(struct stream *stream, const char *text, size_t size)
{
        (void) stream;
        return memmem(text, size, SCRIPT_SECRET, strlen(SCRIPT_SECRET)) != NULL;
}

static void script_close(struct stream *stream)
{
        struct script *script = (struct script *) stream;
        ck_assert(!script->closed);
        script->closed = true;
}

static const struct stream_ops script_ops = {
        .receive = script_receive,
        .send = script_send,
        .wait = script_wait,
        .repeats_secret = script_repeats_secret,
        .close = script_close,
};

struct script *script_new(void)
{
        struct script *script = g_new0(struct script, 1);
        script->stream.ops = &script_ops;
        g_queue_init(&script->steps);
        script->extra = g_string_new(NULL);
        move_clock(script, 1000000);
        return script;
}

void script_free(struct script *script)
{
        script_abandon(script);
        g_string_free(script->extra, TRUE);
        g_free(script);
        clock_set_for_test(-1, -1);
}

struct stream *script_stream(struct script *script)
{
        return &script->stream;
}

static void add_step(struct script *script, enum step_kind kind, const void *data, size_t size, int code)
{
        struct step *step = g_new0(struct step, 1);
        step->kind = kind;
        step->size = size;
        step->code = code;
        if (data) {
                step->data = g_malloc(size + 1);
                memcpy(step->data, data, size);
                step->data[size] = '\0';
        }
        g_queue_push_tail(&script->steps, step);
}

void script_expect(struct script *script, const char *text)
{
        add_step(script, STEP_EXPECT, text, strlen(text), 0);
}

void script_answer(struct script *script, const char *text)
{
        add_step(script, STEP_ANSWER, text, strlen(text), 0);
}

void script_answer_bytes(struct script *script, const void *data, size_t size)
{
        add_step(script, STEP_ANSWER, data, size, 0);
}

void script_end(struct script *script)
{
        add_step(script, STEP_END, NULL, 0, 0);
}

void script_fail(struct script *script, int code)
{
        add_step(script, STEP_FAIL, NULL, 0, code);
}

void script_stall(struct script *script)
{
        add_step(script, STEP_STALL, NULL, 0, 0);
}

void script_attention(struct script *script)
{
        add_step(script, STEP_ATTENTION, NULL, 0, 0);
}

void script_interrupt(struct script *script)
{
        add_step(script, STEP_INTERRUPT, NULL, 0, 0);
}

void script_cancel(struct script *script)
{
        add_step(script, STEP_CANCEL, NULL, 0, 0);
}

void script_set_segment(struct script *script, size_t bytes)
{
        script->segment = bytes;
}

void script_set_send_limit(struct script *script, size_t bytes)
{
        script->send_limit = bytes;
}

void script_block_send(struct script *script)
{
        script->send_blocked = true;
}

void script_set_receive_time(struct script *script, int64_t ms)
{
        script->receive_ms = ms;
}

void script_abandon(struct script *script)
{
        while (!g_queue_is_empty(&script->steps))
                drop_step(script);
}

bool script_is_done(const struct script *script)
{
        struct step *step = g_queue_peek_head((GQueue *) &script->steps);
        return !step || step->kind == STEP_END || step->kind == STEP_FAIL;
}

const char *script_extra(const struct script *script)
{
        return script->extra->str;
}

bool script_is_closed(const struct script *script)
{
        return script->closed;
}

int64_t script_waited_ms(const struct script *script)
{
        return script->waited_ms;
}

unsigned script_count_waits(const struct script *script)
{
        return script->waits;
}
