/* SPDX-License-Identifier: MIT */
/*
 * What the daemon takes from a parser worker, which may have been taken over. The first byte is the outcome that it
 * names; the next two (the lower first) how many of the other bytes are texts, while the rest is numbers; and one more how
 * much of the room that it may announce. What is taken must be as sound as what an honest one sends.
 */
#include <jansson.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "ingest/worker_p.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/invariants.h"
#include "tests/packed.h"

const struct fuzz_target fuzz_target = { .name = "worker_reply" };

/* The digest of the mail that was asked about. */
#define DIGEST "0000000000000000000000000000000000000000000000000000000000000000"

static void require_sound(const struct reader_result *result)
{
        bool refused = result->outcome == READER_REFUSED, recognised = result->outcome == READER_RECOGNISED;
        fuzz_require(refused == (result->bulletin == NULL), "outcome %d with a wrong bulletin", (int) result->outcome);
        fuzz_require(!recognised || result->text, "recognised without a text");
        fuzz_require(recognised == (result->archive_name != NULL), "outcome %d with a wrong archive name",
                     (int) result->outcome);
        fuzz_require(recognised || result->reason, "outcome %d without a reason", (int) result->outcome);
        require_text("the text", result->text);
        require_line("the reason", result->reason);
        require_labels(&result->labels);
        if (result->archive_name)
                require_archive_name(result->archive_name);
        if (!result->bulletin)
                return;
        fuzz_require(g_strcmp0(result->bulletin->mail.sha256, DIGEST) == 0, "the bulletin of another mail");
        g_autofree char *text = bulletin_to_text(result->bulletin);
        struct bulletin *copy = NULL;
        fuzz_require(bulletin_from_text(text, strlen(text), &copy, NULL) == 0, "what was taken is refused: %s", text);
        bulletin_free(copy);
}

#define HEAD_BYTES 4u
#define ROOM_OF_NUMBER 64u

/* In the packed form. */
static GString *make_answer(const uint8_t *data, size_t size)
{
        const char *bytes = (const char *) data + HEAD_BYTES;
        size_t rest = size - HEAD_BYTES, texts = MIN((size_t) data[1] | (size_t) data[2] << 8, rest);
        size_t room = (rest - texts) * ROOM_OF_NUMBER * data[3] / UINT8_MAX;
        return packed_bytes(bytes, texts, bytes + texts, rest - texts, room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool prepared;
        if (!prepared)
                json_object_seed(1); /* the same order in each run */
        prepared = true;
        if (size < HEAD_BYTES)
                return 0;
        g_autoptr(GString) answer = make_answer(data, size);
        char *bytes = g_memdup2(answer->str, answer->len); /* so that reading beyond is seen */
        struct reader_result result = { 0 };
        struct error err = ERROR_INIT;
        enum reader_outcome outcome = (enum reader_outcome) (data[0] % READER_OUTCOME_MAX);
        int r = worker_parse_reply(outcome, bytes, answer->len, DIGEST, &result, &err);
        if (r == 0) {
                fuzz_require(result.outcome == outcome, "outcome %d became %d", (int) outcome, (int) result.outcome);
                require_sound(&result);
                reader_result_clear(&result);
        } else
                fuzz_require(r == -ERR_MALFORMED && err.code == r && err.text, "error %d", r);
        require_line("an error", err.text);
        error_clear(&err);
        return 0;
}
