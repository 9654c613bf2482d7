/* SPDX-License-Identifier: MIT */
#include "ingest/imap_encode.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/errors.h"

#define MAILBOX_BYTES_MAX 1000u

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Bits that wait to become base64 digits. */
struct bits { guint32 value; unsigned count; };

static void push_unit(struct bits *bits, guint16 unit, GString *out)
{
        bits->value = bits->value << 16 | unit;
        for (bits->count += 16; bits->count >= 6; bits->count -= 6)
                g_string_append_c(out, base64[bits->value >> (bits->count - 6) & 63]);
        bits->value &= (1u << bits->count) - 1;
}

static void push_character(struct bits *bits, gunichar character, GString *out)
{
        if (character < 0x10000) {
                push_unit(bits, (guint16) character, out);
                return;
        }
        character -= 0x10000;
        push_unit(bits, (guint16) (0xd800 + (character >> 10)), out);
        push_unit(bits, (guint16) (0xdc00 + (character & 0x3ff)), out);
}

static void end_base64(struct bits *bits, GString *out)
{
        if (bits->count > 0)
                g_string_append_c(out, base64[bits->value << (6 - bits->count) & 63]);
        g_string_append_c(out, '-');
        *bits = (struct bits) { 0, 0 };
}

static void append_printable(char c, GString *out)
{
        if (c == '"' || c == '\\')
                g_string_append_c(out, '\\');
        g_string_append_c(out, c);
        if (c == '&')
                g_string_append_c(out, '-');
}

int imap_encode_mailbox(const char *name, char **ret_quoted)
{
        if (!*name || strlen(name) > MAILBOX_BYTES_MAX || strpbrk(name, "\r\n") || !g_utf8_validate(name, -1, NULL))
                return -EINVAL;
        GString *out = g_string_new("\"");
        struct bits bits = { 0, 0 };
        bool shifted = false;
        for (const char *p = name; *p; p = g_utf8_next_char(p)) {
                bool printable = *p >= 0x20 && *p < 0x7f;
                if (printable == shifted) {
                        if (shifted)
                                end_base64(&bits, out);
                        else
                                g_string_append_c(out, '&');
                        shifted = !shifted;
                }
                if (printable)
                        append_printable(*p, out);
                else
                        push_character(&bits, g_utf8_get_char(p), out);
        }
        if (shifted)
                end_base64(&bits, out);
        g_string_append_c(out, '"');
        *ret_quoted = g_string_free(out, FALSE);
        return 0;
}

guint imap_encode_uid_set(const GArray *uids, guint first, guint count, size_t max_bytes, GString *out)
{
        gsize start = out->len;
        guint end = first + MIN(count, uids->len - first);
        guint i = first;
        while (i < end) {
                guint32 low = g_array_index(uids, guint32, i), high = low;
                guint next = i + 1;
                for (; next < end && high < G_MAXUINT32 && g_array_index(uids, guint32, next) == high + 1; next++)
                        high++;
                gsize before = out->len;
                g_string_append_printf(out, before > start ? ",%" G_GUINT32_FORMAT : "%" G_GUINT32_FORMAT, low);
                if (high > low)
                        g_string_append_printf(out, ":%" G_GUINT32_FORMAT, high);
                if (i > first && out->len - start > max_bytes) {
                        g_string_truncate(out, before);
                        break;
                }
                i = next;
        }
        return i - first;
}

static bool take_uid(const char **p, guint32 *ret_uid)
{
        guint64 value = 0;
        const char *start = *p;
        for (; g_ascii_isdigit(**p); (*p)++) {
                value = value * 10 + (guint64) (**p - '0');
                if (value > G_MAXUINT32)
                        return false;
        }
        *ret_uid = (guint32) value;
        return *p > start && value > 0;
}

int imap_decode_uid_set(const char *set, GArray *ranges)
{
        for (const char *p = set;; p++) {
                guint32 first, last;
                if (!take_uid(&p, &first))
                        return -ERR_PROTOCOL;
                last = first;
                if (*p == ':' && (p++, !take_uid(&p, &last)))
                        return -ERR_PROTOCOL;
                guint32 range[] = { MIN(first, last), MAX(first, last) };
                g_array_append_vals(ranges, range, 2);
                if (*p == '\0')
                        return 0;
                if (*p != ',')
                        return -ERR_PROTOCOL;
        }
}

/* Takes exactly this many digits (a leading space counts as 0, if allowed). */
static bool take_digits(const char **p, unsigned count, bool leading_space, int *ret_value)
{
        int value = 0;
        for (unsigned i = 0; i < count; i++, (*p)++) {
                if (i == 0 && leading_space && **p == ' ')
                        continue;
                if (!g_ascii_isdigit(**p))
                        return false;
                value = value * 10 + (**p - '0');
        }
        *ret_value = value;
        return true;
}

static bool take_char(const char **p, char c)
{
        if (**p != c)
                return false;
        (*p)++;
        return true;
}

static bool take_month(const char **p, int *ret_month)
{
        static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        for (int i = 0; i < 12; i++)
                if (g_ascii_strncasecmp(*p, names + 3 * (gsize) i, 3) == 0) {
                        *p += 3;
                        *ret_month = i + 1;
                        return true;
                }
        return false;
}

static bool take_zone(const char **p, int *ret_minutes)
{
        int sign = **p == '-' ? -1 : 1, hours, minutes;
        if (!take_char(p, '+') && !take_char(p, '-'))
                return false;
        if (!take_digits(p, 2, false, &hours) || !take_digits(p, 2, false, &minutes) || minutes > 59)
                return false;
        *ret_minutes = sign * (hours * 60 + minutes);
        return true;
}

int64_t imap_decode_date_ms(const char *text, size_t size)
{
        int day, month, year, hour, minute, second, zone;
        const char *p = text;
        bool ok = take_digits(&p, 2, true, &day) && take_char(&p, '-') && take_month(&p, &month) &&
                  take_char(&p, '-') && take_digits(&p, 4, false, &year) && take_char(&p, ' ') &&
                  take_digits(&p, 2, false, &hour) && take_char(&p, ':') && take_digits(&p, 2, false, &minute) &&
                  take_char(&p, ':') && take_digits(&p, 2, false, &second) && take_char(&p, ' ') &&
                  take_zone(&p, &zone);
        if (!ok || (size_t) (p - text) != size)
                return 0;
        g_autoptr(GDateTime) utc = g_date_time_new_utc(year, month, day, hour, minute, second == 60 ? 59 : second);
        return utc ? (g_date_time_to_unix(utc) - zone * 60) * 1000 : 0;
}
