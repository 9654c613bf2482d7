/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "ingest/imap_session_p.h"

/* Some servers end IDLE by themselves after a time. One that does it sooner refuses it. */
#define GOOD_IDLE_MS 60000

/* What is announced is heard at once, but a server must not keep us busy by announcing without end: each time costs so
 * much of what time gives, of which so much can be saved up. */
#define EAGER_COST_MS 200
#define EAGER_MAX_MS (30 * EAGER_COST_MS)

/* A wait that has a fixed end. */
static int next_before(struct imap_session *session, int64_t end_ms, struct imap_response **ret_response,
                       struct error *err)
{
        int64_t left_ms = end_ms - clock_monotonic_ms();
        return left_ms > 0 ? imap_io_next(session, true, left_ms, ret_response, err) : -ETIMEDOUT;
}

/* The deadline must not strike while nothing is owed. */
static int64_t end_of_wait(struct imap_session *session, int64_t timeout_ms)
{
        imap_be_patient(session, 0);
        session->deadline_ms += timeout_ms;
        return clock_monotonic_ms() + timeout_ms;
}

/* How to wait. */
enum wait { WAIT_IDLING, WAIT_AND_ASK, WAIT_ONLY };

/* Waits for what the server says unasked, then asks. */
static int wait_plainly(struct imap_session *session, bool ask, int64_t timeout_ms, struct error *err)
{
        int64_t end_ms = end_of_wait(session, timeout_ms);
        while (!session->changed) {
                struct imap_response *response = NULL;
                int r = next_before(session, end_ms, &response, err);
                if (r == -ETIMEDOUT)
                        break;
                if (r < 0)
                        return r;
                r = imap_take(session, response, NULL, NULL, err);
                imap_response_free(response);
                if (r < 0)
                        return r;
        }
        if (session->changed || !ask)
                return 0;
        imap_be_patient(session, 0);
        imap_start(session, "NOOP", NULL);
        return imap_await(session, NULL, NULL, err);
}

static bool is_tagged(const struct imap_response *response)
{
        return strcmp(response->tag, "*") != 0 && strcmp(response->tag, "+") != 0;
}

/* A response while IDLE is under way. Returns 1 if the server has refused or ended it by itself. Unless it has gone
 * well for a while it is then not tried again in this session, or the two would chase each other. */
static int take_idling(struct imap_session *session, struct imap_response *response, struct error *err)
{
        struct error refusal = ERROR_INIT;
        bool tagged = is_tagged(response);
        int r = imap_take(session, response, NULL, NULL, &refusal);
        if (!tagged || session->flying > 0) /* not an answer to IDLE */
                return r < 0 ? error_move(err, &refusal) : 0;
        error_clear(&refusal);
        session->idle_refused = !session->idling || clock_monotonic_ms() - session->idle_since_ms < GOOD_IDLE_MS;
        session->idling = false;
        return 1;
}

/* Returns 0 when the server idles, 1 when it refused. */
static int begin_idle(struct imap_session *session, struct error *err)
{
        imap_start(session, "IDLE", NULL);
        for (;;) {
                struct imap_response *response = NULL;
                int r = imap_io_next(session, false, session->options.command_timeout_ms, &response, err);
                if (r == -ETIMEDOUT)
                        return imap_unanswered(session, "IDLE", err);
                if (r < 0)
                        return r;
                if (strcmp(response->tag, "+") == 0) {
                        session->idling = true;
                        session->idle_since_ms = clock_monotonic_ms();
                } else
                        r = take_idling(session, response, err);
                imap_response_free(response);
                if (session->idling || r != 0)
                        return r;
        }
}

/* Returns 0 when something came or the time is up, 1 when the server ended IDLE, or a negative code. */
static int idle(struct imap_session *session, int64_t end_ms, struct error *err)
{
        while (!session->changed) {
                struct imap_response *response = NULL;
                int r = next_before(session, end_ms, &response, err);
                if (r < 0)
                        return r == -ETIMEDOUT ? 0 : r;
                r = take_idling(session, response, err);
                imap_response_free(response);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int end_idle(struct imap_session *session, struct error *err)
{
        session->idling = false;
        imap_io_queue(session, "DONE\r\n");
        imap_be_patient(session, 0);
        int r = imap_await(session, NULL, NULL, err);
        if (r == -ERR_REFUSED) { /* over all the same */
                error_clear(err);
                r = 0;
        }
        return r;
}

static int wait_idling(struct imap_session *session, int64_t timeout_ms, struct error *err)
{
        int64_t end_ms = end_of_wait(session, timeout_ms);
        int r = begin_idle(session, err);
        if (r == 0)
                r = idle(session, end_ms, err);
        if (r == 1) /* once in a session: the caller asks now, and from then on as often as it does without IDLE */
                return 0;
        if (r < 0 && r != -EINTR)
                return r;
        int ended = end_idle(session, err);
        return ended < 0 ? ended : r;
}

/* How long to wait before a change counts. */
static int64_t count_eagerness(struct imap_session *session)
{
        int64_t now_ms = clock_monotonic_ms();
        session->eager_ms = MIN(session->eager_ms + now_ms - session->eager_since_ms, EAGER_MAX_MS);
        session->eager_since_ms = now_ms;
        return MAX(EAGER_COST_MS - session->eager_ms, 0);
}

/* Only takes what the server says. */
static int linger(struct imap_session *session, int64_t pause_ms, struct error *err)
{
        int64_t end_ms = end_of_wait(session, pause_ms);
        for (;;) {
                struct imap_response *response = NULL;
                int r = next_before(session, end_ms, &response, err);
                if (r < 0)
                        return r == -ETIMEDOUT ? 0 : r;
                r = imap_take(session, response, NULL, NULL, err);
                imap_response_free(response);
                if (r < 0)
                        return r;
        }
}

static int wait_for_change(struct imap_session *session, enum wait how, int64_t timeout_ms, struct error *err)
{
        int64_t pause_ms = count_eagerness(session);
        int r = pause_ms > 0 ? linger(session, pause_ms, err) : 0;
        if (r < 0 || session->changed)
                return r;
        if (how == WAIT_IDLING && imap_session_has(session, "IDLE"))
                return wait_idling(session, timeout_ms, err);
        return wait_plainly(session, how != WAIT_ONLY, timeout_ms, err);
}

static int wait_as(struct imap_session *session, enum wait how, int64_t timeout_ms, bool *ret_changed, struct error *err)
{
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        session->changed = session->grown;
        r = imap_end(session, wait_for_change(session, how, timeout_ms, err));
        if (session->changed) {
                count_eagerness(session);
                session->eager_ms -= EAGER_COST_MS;
        }
        if (r == 0)
                *ret_changed = session->changed;
        return r;
}

int imap_session_wait(struct imap_session *session, bool use_idle, int64_t timeout_ms, bool *ret_changed,
                      struct error *err)
{
        return wait_as(session, use_idle ? WAIT_IDLING : WAIT_AND_ASK, timeout_ms, ret_changed, err);
}

int imap_session_listen(struct imap_session *session, int64_t timeout_ms, bool *ret_changed, struct error *err)
{
        return wait_as(session, WAIT_ONLY, timeout_ms, ret_changed, err);
}
