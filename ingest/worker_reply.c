/* SPDX-License-Identifier: MIT */
/* A worker's answer as bytes: how the child packs it, and how the parent, which does not trust it, takes it apart. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/bulletin_pack.h"
#include "common/limits.h"
#include "common/text.h"
#include "ingest/worker_p.h"

#define ARCHIVE_NAME_MAX 200
#define REASON_MAX 2000
#define LABEL_BYTES_MAX (16u * KIB) /* as it comes; the list cuts it to LABEL_REPORT_CHARS_MAX */

/* --- packing --- */

static void pack_labels(struct packer *p, const GPtrArray *labels)
{
        guint count = labels ? labels->len : 0;
        pack_number(p, count);
        for (guint i = 0; i < count; i++)
                pack_text(p, g_ptr_array_index(labels, i));
}

static void pack_result(struct packer *p, const struct reader_result *result)
{
        pack_text(p, result->text);
        pack_text(p, result->archive_name);
        pack_text(p, result->reason);
        pack_labels(p, result->labels.unknown);
        pack_labels(p, result->labels.missing);
        authentication_report_pack(p, &result->authentication);
        pack_number(p, result->bulletin != NULL);
        if (result->bulletin)
                bulletin_pack(p, result->bulletin);
}

/* Behind the frame. Returns how many values it has. */
static size_t put_result(GString *reply, const struct reader_result *result)
{
        struct packer p;
        packer_init(&p, reply);
        pack_result(&p, result);
        packer_end(&p);
        return p.values;
}

/* A result too large for a reply is refused in its own name: the other end would take the reply for an attack. */
GString *worker_pack_reply(const struct reader_result *result, uint64_t serial)
{
        static const char too_large_reason[] = "what was read of the mail is larger than the parser may answer with";
        struct worker_frame frame = { WORKER_REPLY_MAGIC, result->outcome, 0, serial };
        GString *reply = g_string_sized_new(32 * KIB);
        g_string_append_len(reply, (const char *) &frame, sizeof frame);
        size_t values = put_result(reply, result);
        if (reply->len - sizeof frame > LIMIT_WORKER_REPLY_BYTES || values > LIMIT_WORKER_REPLY_VALUES) {
                struct reader_result refusal = { .outcome = READER_REFUSED, .reason = (char *) too_large_reason };
                g_string_truncate(reply, sizeof frame);
                frame.kind = READER_REFUSED;
                put_result(reply, &refusal);
        }
        frame.size = reply->len - sizeof frame;
        memcpy(reply->str, &frame, sizeof frame);
        return reply;
}

/* --- taking apart --- */

static bool archive_name_is_safe(const char *name)
{
        size_t length = strlen(name);
        if (length == 0 || length > ARCHIVE_NAME_MAX || name[0] == '/' || name[length - 1] == '/')
                return false;
        if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._/-") != length)
                return false;
        return !strstr(name, "..") && !strstr(name, "//") && !strstr(name, "/.") && name[0] != '.';
}

/* The reason ends in logs and on terminals: no control character of the worker's making gets there. */
static void clean_controls(char *text)
{
        for (char *c = text; c && *c; c = g_utf8_next_char(c))
                if (g_unichar_iscntrl(g_utf8_get_char(c)))
                        memset(c, '?', (size_t) (g_utf8_next_char(c) - c));
}

/* The lists clean and bound what they are given. */
static int take_labels(struct unpacker *u, struct label_report *report,
                       void (*add)(struct label_report *report, const char *label))
{
        guint64 count;
        int r = unpack_number(u, LABEL_REPORT_MAX, &count);
        for (guint64 i = 0; r == 0 && i < count; i++) {
                char *label = NULL;
                r = unpack_text(u, LABEL_BYTES_MAX, &label);
                if (r == 0 && !label)
                        r = -ERR_MALFORMED;
                if (r == 0)
                        add(report, label);
        }
        return r;
}

static int check_reply(struct reader_result *result, const char *sha256, struct error *err)
{
        bool refused = result->outcome == READER_REFUSED, recognised = result->outcome == READER_RECOGNISED;
        if (refused != (result->bulletin == NULL) || (recognised && !result->text) ||
            recognised != (result->archive_name != NULL) || (!recognised && !result->reason))
                return error_set(err, -ERR_MALFORMED, "the parser worker's answer contradicts itself");
        if (result->archive_name && !archive_name_is_safe(result->archive_name))
                return error_set(err, -ERR_MALFORMED, "the parser worker named an archive path that is not allowed");
        if (!result->bulletin)
                return 0;
        if (strcmp(result->bulletin->mail.sha256, sha256) != 0)
                return error_set(err, -ERR_MALFORMED, "the parser worker answered for another mail");
        return 0;
}

/* One that is kept without the bulletin too. */
static int take_text(struct unpacker *u, size_t max_bytes, char **ret_text)
{
        char *text;
        int r = unpack_text(u, max_bytes, &text);
        if (r == 0)
                *ret_text = g_strdup(text);
        return r;
}

static int take_texts(struct unpacker *u, struct reader_result *result, struct error *err)
{
        int r = take_text(u, LIMIT_WORKER_REPLY_BYTES, &result->text);
        if (r == 0)
                r = take_text(u, ARCHIVE_NAME_MAX, &result->archive_name);
        if (r == 0)
                r = take_text(u, REASON_MAX, &result->reason);
        return r < 0 ? error_set(err, r, "the parser worker's answer has a text of a wrong form") : 0;
}

static int take_lists(struct unpacker *u, struct reader_result *result, struct error *err)
{
        label_report_init(&result->labels);
        int r = take_labels(u, &result->labels, label_report_add_unknown);
        if (r == 0)
                r = take_labels(u, &result->labels, label_report_add_missing);
        if (r < 0)
                return error_set(err, r, "the parser worker's answer has labels of a wrong form");
        r = authentication_report_unpack(u, &result->authentication);
        return r < 0 ? error_set(err, r, "the parser worker's answer has authentication results of a wrong form") : 0;
}

static int take_bulletin(struct unpacker *u, const char *sha256, struct bulletin **ret_bulletin, struct error *err)
{
        guint64 present = 0;
        int r = unpack_number(u, 1, &present);
        if (r < 0)
                return error_set(err, r, "the parser worker's answer does not say whether there is a bulletin");
        return present ? bulletin_unpack(u, sha256, ret_bulletin, err) : 0;
}

static int take_result(struct unpacker *u, const char *sha256, struct reader_result *result, struct error *err)
{
        int r = take_texts(u, result, err);
        if (r == 0)
                r = take_lists(u, result, err);
        if (r == 0)
                r = take_bulletin(u, sha256, &result->bulletin, err);
        if (r == -ERR_LIMIT)
                r = error_set(err, -ERR_MALFORMED, "the parser worker's answer has more than %u values",
                              LIMIT_WORKER_REPLY_VALUES);
        if (r == 0 && !unpacker_is_done(u))
                r = error_set(err, -ERR_MALFORMED, "the parser worker's answer goes on behind its end");
        clean_controls(result->reason);
        return r < 0 ? r : check_reply(result, sha256, err);
}

int worker_parse_reply(enum reader_outcome outcome, char *data, size_t size, const char *sha256,
                       struct reader_result *ret_result, struct error *err)
{
        struct reader_result result = { .outcome = outcome };
        struct unpacker u;
        int r = unpacker_init(&u, data, size, LIMIT_WORKER_REPLY_VALUES);
        if (r < 0)
                error_set(err, r, "the parser worker's answer is not in its form, or not valid UTF-8");
        else
                r = take_result(&u, sha256, &result, err);
        unpacker_clear(&u);
        if (r < 0) {
                error_prefix(err, "invalid answer");
                reader_result_clear(&result);
                return r;
        }
        *ret_result = result;
        return 0;
}
