/* SPDX-License-Identifier: MIT */
/* A mail to its parts, its documents and its bulletin. */
#include <string.h>

#include "common/limits.h"
#include "ingest/mime.h"
#include "ingest/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/invariants.h"

const struct fuzz_target fuzz_target = { .name = "mime", .reads_mails = true };

static void require_part(const struct mime_part *part)
{
        fuzz_require(part->type && strchr(part->type, '/'), "type %s", part->type ? part->type : "none");
        require_text("a type", part->type);
        for (const char *c = part->type; *c; c++)
                fuzz_require(!g_ascii_isupper(*c), "type %s", part->type);
        require_line("a file name", part->filename);
        fuzz_require(part->depth <= LIMIT_MIME_DEPTH, "depth %u", part->depth);
        fuzz_require(part->alternative_group >= -1, "group %d", part->alternative_group);
        fuzz_require(part->message >= 0, "message %d", part->message);
        fuzz_require(part->data && part->data[part->size] == '\0', "no NUL behind a part");
}

/* Raw values: any bytes but line ends. */
static void require_raw(const char *what, const char *value)
{
        fuzz_require(!value || !strpbrk(value, "\r\n"), "%s holds a line end: %s", what, value);
}

static void require_mail(const struct mime_mail *mail)
{
        require_raw("Message-ID", mail->message_id);
        require_raw("From", mail->from);
        require_raw("Subject", mail->subject);
        require_raw("Date", mail->date);
        require_raw("List-Id", mail->list_id);
        require_line("the sender's address", mail->from_address);
        fuzz_require(mail->date_is_valid || mail->date_ms == 0, "a date that is none");
        for (guint i = 0; i < mail->authentication_results->len; i++)
                require_raw("Authentication-Results", g_ptr_array_index(mail->authentication_results, i));
        fuzz_require(mail->parts->len <= LIMIT_MIME_PARTS, "%u parts", mail->parts->len);
        for (guint i = 0; i < mail->parts->len; i++)
                require_part(g_ptr_array_index(mail->parts, i));
        for (guint i = 0; i < mail->warnings->len; i++)
                require_line("a mail's warning", g_ptr_array_index(mail->warnings, i));
        g_autofree char *sender = mime_mail_sender(mail);
        require_line("the sender", sender);
        fuzz_require((sender != NULL) == (mail->from != NULL), "From without a sender");
        /* Whatever From says, an address in angle brackets is the one that rules go by. */
        size_t length = sender ? strlen(sender) : 0;
        const char *bracket = sender ? strrchr(sender, '<') : NULL;
        if (bracket && length > 0 && sender[length - 1] == '>' && strchr(bracket, '@')) {
                g_autofree char *address = g_strndup(bracket + 1, strlen(bracket) - 2);
                fuzz_require(g_strcmp0(address, mail->from_address) == 0, "sender \"%s\", but the address is %s",
                             sender, mail->from_address ? mail->from_address : "unknown");
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool prepared;
        if (!prepared)
                reader_prepare();
        prepared = true;
        struct mime_mail *mail = NULL;
        struct error err = ERROR_INIT;
        int r = mime_read(data, size, &mail, &err);
        if (r == 0)
                require_mail(mail);
        else
                fuzz_require(r == -ERR_LIMIT && err.code == r && err.text, "error %d", r);
        error_clear(&err);
        mime_mail_free(mail);
        struct reader_result result;
        reader_read(data, size, READER_MAIL, &result);
        require_result(&result, data, size);
        fuzz_require(r == 0 || result.outcome == READER_REFUSED, "a mail that cannot be read gives outcome %d",
                     (int) result.outcome);
        reader_result_clear(&result);
        return 0;
}
