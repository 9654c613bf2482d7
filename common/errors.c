/* SPDX-License-Identifier: MIT */
#include "common/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const char *const code_names[ERR_CODE_MAX - ERR_CONNECTION] = {
        [ERR_CONNECTION - ERR_CONNECTION] = "connection failed",
        [ERR_TIMEOUT - ERR_CONNECTION] = "timed out",
        [ERR_TLS - ERR_CONNECTION] = "TLS refused",
        [ERR_AUTH - ERR_CONNECTION] = "login refused",
        [ERR_PROTOCOL - ERR_CONNECTION] = "protocol broken by the other side",
        [ERR_REFUSED - ERR_CONNECTION] = "refused by the other side",
        [ERR_CANCELLED - ERR_CONNECTION] = "cancelled",
        [ERR_LIMIT - ERR_CONNECTION] = "limit exceeded",
        [ERR_MALFORMED - ERR_CONNECTION] = "malformed input",
        [ERR_WORKER_CRASHED - ERR_CONNECTION] = "parser worker crashed",
        [ERR_WORKER_TIMEOUT - ERR_CONNECTION] = "parser worker ran out of time",
        [ERR_STORE - ERR_CONNECTION] = "database failed",
        [ERR_STORE_BUSY - ERR_CONNECTION] = "database busy",
        [ERR_STORE_FULL - ERR_CONNECTION] = "no space left",
        [ERR_STORE_CORRUPT - ERR_CONNECTION] = "database damaged",
        [ERR_STORE_NEWER - ERR_CONNECTION] = "database has a newer schema",
        [ERR_CONFIG - ERR_CONNECTION] = "wrong configuration",
        [ERR_CREDENTIAL - ERR_CONNECTION] = "credential missing or unreadable",
        [ERR_NOT_FOUND - ERR_CONNECTION] = "not found",
        [ERR_USAGE - ERR_CONNECTION] = "wrong usage",
        [ERR_RESOLVE - ERR_CONNECTION] = "name not resolved",
};

int error_set(struct error *err, int code, const char *format, ...)
{
        if (!err)
                return code;
        va_list args;
        va_start(args, format);
        /* The arguments may point into the text that is replaced. */
        char *text = g_strdup_vprintf(format, args);
        va_end(args);
        g_free(err->text);
        err->text = text;
        err->code = code;
        return code;
}

void error_prefix(struct error *err, const char *format, ...)
{
        if (!err || err->code == 0)
                return;
        va_list args;
        va_start(args, format);
        g_autofree char *prefix = g_strdup_vprintf(format, args);
        va_end(args);
        char *text = g_strconcat(prefix, ": ", error_text(err), NULL);
        g_free(err->text);
        err->text = text;
}

int error_move(struct error *to, struct error *from)
{
        int code = from->code;
        if (to == from)
                return code;
        if (to) {
                g_free(to->text);
                *to = *from;
        } else
                g_free(from->text);
        from->code = 0;
        from->text = NULL;
        return code;
}

void error_clear(struct error *err)
{
        if (!err)
                return;
        g_clear_pointer(&err->text, g_free);
        err->code = 0;
}

const char *error_text(const struct error *err)
{
        if (!err)
                return "unknown error";
        return err->text ? err->text : error_name(err->code);
}

const char *error_name(int code)
{
        if (code == 0)
                return "no error";
        /* Errors are negative, but a caller that names an errno value by hand has it positive. The widening keeps
         * INT_MIN from overflowing. */
        gint64 positive = code < 0 ? -(gint64) code : code;
        if (positive >= ERR_CONNECTION && positive < ERR_CODE_MAX)
                return code_names[positive - ERR_CONNECTION];
        const char *name = positive < ERR_CONNECTION ? strerrordesc_np((int) positive) : NULL;
        return name ? name : "unknown error";
}

bool error_is_temporary(int code)
{
        switch (code < 0 ? code : -(gint64) code) {
        case -ERR_CONNECTION:
        case -ERR_TIMEOUT:
        case -ERR_RESOLVE:
        case -ERR_TLS:
        case -ERR_AUTH:
        case -ERR_PROTOCOL:
        case -ERR_STORE_BUSY:
        case -ERR_STORE_FULL:
        case -EAGAIN:
        case -EINTR:
        case -EBUSY:
        case -ENOMEM:
        case -ENOBUFS:
        case -ENFILE:
        case -EMFILE:
        case -ENOSPC:
        case -EDQUOT:
        case -EPIPE:
        case -ECONNREFUSED:
        case -ECONNRESET:
        case -ECONNABORTED:
        case -ENETDOWN:
        case -ENETUNREACH:
        case -EHOSTDOWN:
        case -EHOSTUNREACH:
        case -ETIMEDOUT:
                return true;
        default:
                return false;
        }
}
