/* SPDX-License-Identifier: MIT */
/* The reader of a stored bulletin, which may be anything: what it takes can be written and read again. */
#include <string.h>

#include "common/bulletin_json.h"
#include "ingest/worker_p.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/invariants.h"

const struct fuzz_target fuzz_target = { .name = "bulletin_json" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool prepared;
        if (!prepared)
                json_object_seed(1); /* the same order in each run */
        prepared = true;
        struct bulletin *bulletin = NULL, *copy = NULL;
        struct error err = ERROR_INIT;
        int r = bulletin_from_text((const char *) data, size, &bulletin, &err);
        fuzz_require(r == 0 || (r == -ERR_MALFORMED && err.code == r && err.text && !bulletin), "error %d", r);
        require_line("an error", err.text);
        error_clear(&err);
        if (r < 0)
                return 0;
        g_autofree char *text = bulletin_to_text(bulletin);
        r = bulletin_from_text(text, strlen(text), &copy, &err);
        fuzz_require(r == 0, "what was taken is refused: %s: %s", error_text(&err), text);
        g_autofree char *again = bulletin_to_text(copy);
        fuzz_require(strcmp(text, again) == 0, "written again it is\n%s\nand not\n%s", again, text);
        char before[65], after[65];
        bulletin_fingerprint(bulletin, before);
        bulletin_fingerprint(copy, after);
        fuzz_require(strcmp(before, after) == 0, "another fingerprint: %s", text);
        g_autoptr(GPtrArray) changes = bulletin_diff(bulletin, copy);
        fuzz_require(changes->len == 0, "%u differences to itself", changes->len);
        g_autofree char *key = bulletin_key(bulletin), *name = feed_hotfix_report.archive_name(bulletin);
        require_text("the key", key);
        require_archive_name(name);
        bulletin_free(bulletin);
        bulletin_free(copy);
        return 0;
}
