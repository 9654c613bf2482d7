/* SPDX-License-Identifier: MIT */
/*
 * Heads of mails, judged. The input is a head; whatever it says, the report is within its limits and comes back the same
 * over the pipe, a reason is one clean line, and a field below a Received field never changes a "not verified": what a
 * sender writes below cannot help him.
 */
#include <string.h>

#include "common/limits.h"
#include "ingest/authenticity_p.h"
#include "ingest/mime_p.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/invariants.h"
#include "tests/packed.h"

const struct fuzz_target fuzz_target = { .name = "authentication_results", .reads_mails = true };

#define ID "mx.company.example"
#define BORDER "Authentication-Results: " ID "; dkim=fail; spf=fail; dmarc=fail\r\nReceived: from a by b\r\n"

static void require_word(const char *what, const char *text, bool may_be_empty)
{
        fuzz_require(text && (*text || may_be_empty), "%s is missing", what);
        fuzz_require(strlen(text) <= 2 * LIMIT_AUTHENTICATION_VALUE_BYTES, "%s is too long", what);
        require_text(what, text);
}

static void require_field(const struct authentication_field *field)
{
        require_word("an authserv-id", field->authserv_id, false);
        fuzz_require(!field->broken || field->results->len == 0, "a broken field states something");
        fuzz_require(field->results->len <= LIMIT_AUTHENTICATION_RESULTS, "too many results");
        for (guint i = 0; i < field->results->len; i++) {
                const struct authentication_result *result = g_ptr_array_index(field->results, i);
                require_word("a method", result->method, false);
                require_word("a result", result->result, false);
                fuzz_require(result->properties->len <= LIMIT_AUTHENTICATION_PROPERTIES, "too many properties");
                for (guint k = 0; k < result->properties->len; k++) {
                        const struct authentication_property *property = g_ptr_array_index(result->properties, k);
                        require_word("a type", property->type, true);
                        require_word("a name", property->name, false);
                        require_word("a value", property->value, true);
                }
        }
}

static void require_sound(const struct authentication_report *report)
{
        bool one = report->from == AUTHENTICATION_FROM_ONE;
        fuzz_require((unsigned) report->from < AUTHENTICATION_FROM_MAX, "From is %d", (int) report->from);
        fuzz_require(one == (report->from_local != NULL) && one == (report->from_domain != NULL), "From is %d", (int) report->from);
        if (one) {
                require_word("a local part", report->from_local, false);
                require_word("a domain", report->from_domain, false);
        }
        fuzz_require(report->fields->len <= LIMIT_AUTHENTICATION_FIELDS, "too many fields");
        for (guint i = 0; i < report->fields->len; i++)
                require_field(g_ptr_array_index(report->fields, i));
}

static void require_same_over_the_pipe(const struct authentication_report *report)
{
        struct authentication_report copy;
        struct unpacker u;
        g_autoptr(GString) packed = packed_report(report);
        fuzz_require(unpacker_init(&u, g_memdup2(packed->str, packed->len), packed->len, packed->len) == 0, "it is no packed form");
        fuzz_require(authentication_report_unpack(&u, &copy) == 0, "the report is refused");
        unpacker_clear(&u);
        g_autoptr(GString) again = packed_report(&copy);
        fuzz_require(g_string_equal(packed, again), "the report changes on its way");
        authentication_report_clear(&copy);
}

static bool read_report(const char *data, size_t size, struct authentication_report *ret_report)
{
        struct mail_head head;
        if (mail_head_read(data, size, &head, NULL) < 0)
                return false;
        authentication_report_read(&head, ret_report);
        mail_head_clear(&head);
        return true;
}

static void judge(const struct authentication_report *report, bool must_fail)
{
        for (int method = AUTHENTICATION_DKIM; method < AUTHENTICATION_METHOD_MAX; method++) {
                const struct authenticity_policy policy = { .require = (enum authentication_method) method,
                                                            .authserv_id = (char *) ID };
                g_autofree char *reason = authenticity_judge(&policy, report);
                fuzz_require(reason || !must_fail, "method %d passes below the border's own field", method);
                fuzz_require(!reason || *reason, "method %d: an empty reason", method);
                require_line("a reason", reason);
                fuzz_require(!must_fail || !authenticity_is_unclear(&policy, report), "method %d is not clear", method);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct authentication_report report;
        g_autofree char *head = g_memdup2(data, size); /* so that reading beyond is seen */
        if (read_report(head ? head : "", size, &report)) {
                require_sound(&report);
                require_same_over_the_pipe(&report);
                judge(&report, false);
                authentication_report_clear(&report);
        }
        g_autoptr(GString) below = g_string_new(BORDER);
        g_string_append_len(below, (const char *) data, (gssize) size);
        if (read_report(below->str, below->len, &report)) {
                judge(&report, true);
                authentication_report_clear(&report);
        }
        return 0;
}
