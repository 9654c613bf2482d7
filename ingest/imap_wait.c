/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "ingest/imap_session_p.h"

/* How long at most to wait before asking, once the server has turned out not to do IDLE. */
#define REFUSED_WAIT_MS 60000

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

/* Waits for what the server says unasked, then asks. */
static int wait_plainly(struct imap_session *session, int64_t timeout_ms, struct error *err)
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
        if (session->changed)
                return 0;
        imap_be_patient(session, 0);
        imap_start(session, "NOOP", NULL);
        return imap_await(session, NULL, NULL, err);
}

static bool is_tagged(const struct imap_response *response)
{
        return strcmp(response->tag, "*") != 0 && strcmp(response->tag, "+") != 0;
}

/* A response while IDLE is under way. Returns 1 if the server has refused or ended it by itself: IDLE is then not
 * tried again in this session, or the two would chase each other. */
static int take_idling(struct imap_session *session, struct imap_response *response, struct error *err)
{
        struct error refusal = ERROR_INIT;
        bool tagged = is_tagged(response);
        int r = imap_take(session, response, NULL, NULL, &refusal);
        if (!tagged || session->flying > 0) /* not an answer to IDLE */
                return r < 0 ? error_move(err, &refusal) : 0;
        error_clear(&refusal);
        session->idling = false;
        session->idle_refused = true;
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
                if (strcmp(response->tag, "+") == 0)
                        session->idling = true;
                else
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
        if (r == 1)
                return session->changed ? 0 : wait_plainly(session, MIN(timeout_ms, REFUSED_WAIT_MS), err);
        if (r < 0 && r != -EINTR)
                return r;
        int ended = end_idle(session, err);
        return ended < 0 ? ended : r;
}

int imap_session_wait(struct imap_session *session, bool use_idle, int64_t timeout_ms, bool *ret_changed,
                      struct error *err)
{
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        session->changed = session->grown;
        if (!session->changed) {
                r = use_idle && imap_session_has(session, "IDLE") ? wait_idling(session, timeout_ms, err)
                                                                  : wait_plainly(session, timeout_ms, err);
                if (imap_end(session, r) < 0)
                        return r;
        }
        *ret_changed = session->changed;
        return 0;
}
