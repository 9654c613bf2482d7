/* SPDX-License-Identifier: MIT */
/*
 * A stream that plays the server's part of an exact transcript: what the client must send, what it gets. A client that
 * leaves the transcript fails the test. No real time passes: the test's clock is moved by what the client waits.
 */
#ifndef TESTS_SCRIPTED_STREAM_H
#define TESTS_SCRIPTED_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ingest/stream.h"

struct script;

/* With which the stream has logged in. */
#define SCRIPT_SECRET "open-sesame-3"

/* The script outlives the stream's close. From here on the clocks are the test's; script_free gives them back. */
struct script *script_new(void);
void script_free(struct script *script);
struct stream *script_stream(struct script *script);

/* ---- the transcript, in order ---- */

/* The client sends exactly this. */
void script_expect(struct script *script, const char *text);
/* The client receives this. */
void script_answer(struct script *script, const char *text);
void script_answer_bytes(struct script *script, const void *data, size_t size);
/* End of the stream. */
void script_end(struct script *script);
/* receive fails with this code. */
void script_fail(struct script *script, int code);
/* The next wait runs its full time and returns -ETIMEDOUT. */
void script_stall(struct script *script);
/* The owner wants attention: each interruptible wait returns -EINTR, until one has. */
void script_attention(struct script *script);
/* The next wait returns -EINTR, interruptible or not. */
void script_interrupt(struct script *script);
/* From here on each wait returns -ERR_CANCELLED. */
void script_cancel(struct script *script);

/* ---- how it is played ---- */

/* Answers come in pieces of at most this many bytes, with nothing to read between them. 0: all that fits (default). */
void script_set_segment(struct script *script, size_t bytes);
/* send takes at most this many bytes, and before each time says -EAGAIN; it must then be repeated with the same address
 * and size, after a wait for writing. 0: it takes all (default). */
void script_set_send_limit(struct script *script, size_t bytes);
/* send always says -EAGAIN, and waits for writing run their full time. */
void script_block_send(struct script *script);
/* Each receive that gives bytes moves the clock by this. */
void script_set_receive_time(struct script *script, int64_t ms);

/* Forgets the rest of the transcript. */
void script_abandon(struct script *script);

/* ---- what happened ---- */

/* All of the transcript was played. What the client sent after its end is in extra. */
bool script_is_done(const struct script *script);
const char *script_extra(const struct script *script);
bool script_is_closed(const struct script *script);
/* The time that waits ran without anything coming. */
int64_t script_waited_ms(const struct script *script);
unsigned script_count_waits(const struct script *script);

#endif
