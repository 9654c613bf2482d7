/* SPDX-License-Identifier: MIT */
#include "ingest/reader.h"

#include <string.h>

#include "common/digest.h"
#include "common/limits.h"
#include "common/text.h"
#include "ingest/charset.h"
#include "ingest/html.h"
#include "ingest/mime.h"
#include "ingest/reader_p.h"

/* Of a text that no feed knows, in the reason. */
#define SHOWN_CHARS 60

void reader_prepare(void)
{
        mime_prepare();
        html_prepare();
        charset_prepare();
}

void reader_result_clear(struct reader_result *result)
{
        bulletin_free(result->bulletin);
        g_free(result->text);
        g_free(result->archive_name);
        g_free(result->reason);
        label_report_clear(&result->labels);
        authentication_report_clear(&result->authentication);
        *result = (struct reader_result){ .outcome = READER_REFUSED };
}

static void refuse(struct reader_result *result, const char *reason)
{
        result->outcome = READER_REFUSED;
        result->reason = g_strdup(reason);
}

/* --- the mail's head --- */

/* The minutes of a zone like "+0900" in a Date field; 0 where it is given by name or not at all. */
static int find_zone_minutes(const char *date)
{
        for (const char *p = date; *p; p++) {
                if ((*p != '+' && *p != '-') || p == date || !g_ascii_isspace(p[-1]))
                        continue;
                int digits[4], count = 0;
                while (count < 4 && g_ascii_isdigit(p[count + 1])) {
                        digits[count] = g_ascii_digit_value(p[count + 1]);
                        count++;
                }
                if (count < 4 || g_ascii_isdigit(p[5]))
                        continue;
                int hours = digits[0] * 10 + digits[1], minutes = digits[2] * 10 + digits[3];
                if (hours > 23 || minutes > 59)
                        return 0;
                return (*p == '-' ? -1 : 1) * (hours * 60 + minutes);
        }
        return 0;
}

/* So many digits, and what stands behind them. Returns the end. */
static char *put_number(char *to, int number, int digits, char behind)
{
        for (int i = digits; i-- > 0; number /= 10)
                to[i] = (char) ('0' + number % 10);
        to[digits] = behind;
        return to + digits + 1;
}

/* RFC 3339, in the zone that the field is written in. NULL for a date that is none. */
static char *format_date(const struct mime_mail *mail)
{
        if (!mail->date_is_valid || !mail->date)
                return NULL;
        int zone = find_zone_minutes(mail->date);
        gint64 seconds = mail->date_ms / 1000 - (mail->date_ms % 1000 < 0);
        g_autoptr(GDateTime) local = g_date_time_new_from_unix_utc(seconds);
        g_autoptr(GDateTime) shifted = local ? g_date_time_add_minutes(local, zone) : NULL;
        if (!shifted)
                return NULL;
        char *text = g_strdup("yyyy-mm-ddThh:mm:ss+hh:mm"), *to = text;
        int year, month, day;
        g_date_time_get_ymd(shifted, &year, &month, &day);
        to = put_number(to, year, 4, '-'); /* no later one than 9999 is a GDateTime */
        to = put_number(to, month, 2, '-');
        to = put_number(to, day, 2, 'T');
        to = put_number(to, g_date_time_get_hour(shifted), 2, ':');
        to = put_number(to, g_date_time_get_minute(shifted), 2, ':');
        to = put_number(to, g_date_time_get_second(shifted), 2, zone == 0 ? 'Z' : zone < 0 ? '-' : '+');
        if (zone != 0) {
                to = put_number(to, ABS(zone) / 60, 2, ':');
                to = put_number(to, ABS(zone) % 60, 2, '\0') - 1;
        }
        *to = '\0';
        return text;
}

static char *decode_field(const char *raw)
{
        return raw ? charset_decode_header(raw) : NULL;
}

/* Without the angle brackets, which are no part of it (RFC 5322 section 3.6.4). */
static char *decode_message_id(const char *raw)
{
        g_autofree char *decoded = decode_field(raw);
        if (!decoded)
                return NULL;
        const char *start = strchr(decoded, '<'), *end = start ? strchr(start, '>') : NULL;
        return end ? g_strndup(start + 1, end - start - 1) : text_strip(decoded);
}

static void fill_head(struct mail_info *info, const struct mime_mail *mail)
{
        info->message_id = decode_message_id(mail->message_id);
        info->from = mime_mail_sender(mail);
        info->subject = decode_field(mail->subject);
        info->date = format_date(mail);
}

/* --- the parts --- */

static bool has_suffix(const char *name, const char *suffix)
{
        size_t length = name ? strlen(name) : 0, end = strlen(suffix);
        return length > end && g_ascii_strcasecmp(name + length - end, suffix) == 0;
}

static bool is_html_part(const struct mime_part *part)
{
        return strcmp(part->type, "text/html") == 0 || strcmp(part->type, "application/xhtml+xml") == 0 ||
               has_suffix(part->filename, ".html") || has_suffix(part->filename, ".htm");
}

static bool is_text_part(const struct mime_part *part)
{
        return strcmp(part->type, "text/plain") == 0 || has_suffix(part->filename, ".txt");
}

static void read_parts(struct readings *readings, const struct mime_mail *mail)
{
        for (guint i = 0; i < mail->parts->len; i++) {
                const struct mime_part *part = g_ptr_array_index(mail->parts, i);
                bool html = is_html_part(part);
                if (!html && !is_text_part(part))
                        continue;
                g_autofree char *name = g_strdup_printf("part %u (%s)", i + 1, html ? "HTML" : "text");
                struct source source = {
                        .data = part->data,
                        .size = part->size,
                        .charset = part->charset,
                        .html = html,
                        .flowed = part->flowed,
                        .delsp = part->delsp,
                        .attachment = part->attachment || (part->filename && part->alternative_group < 0),
                        .message = part->message,
                        .group = part->alternative_group,
                        .name = name,
                };
                readings_add(readings, &source);
        }
}

/* --- the result --- */

static char *explain_unrecognised(const char *text)
{
        if (text_is_blank(text))
                return g_strdup("there is no text");
        g_autofree char *line = g_strndup(text, strcspn(text, "\n")), *cut = text_cut_chars(line, SHOWN_CHARS);
        g_autofree char *shown = charset_make_line(cut);
        g_autoptr(GString) wanted = g_string_new(NULL);
        for (const struct feed *const *feed = feed_all(); *feed; feed++)
                g_string_append_printf(wanted, "; %s looks for %s", (*feed)->name, (*feed)->looks_for);
        return g_strdup_printf("no feed recognises the text: it begins \"%s\"%s", shown, wanted->str);
}

/* Unreadable parts count only where nothing else was recognised: then one of them may be the bulletin. */
static void fill_unrecognised(struct reader_result *result, struct readings *readings)
{
        if (readings->failure) {
                refuse(result, readings->failure);
                return;
        }
        result->outcome = READER_UNRECOGNISED;
        result->bulletin = bulletin_new();
        result->text = g_strdup(readings_text(readings));
        result->reason = explain_unrecognised(result->text);
}

static void fill_recognised(struct reader_result *result, struct candidate *chosen)
{
        result->outcome = READER_RECOGNISED;
        result->bulletin = g_steal_pointer(&chosen->bulletin);
        g_free(result->bulletin->feed);
        result->bulletin->feed = g_strdup(chosen->feed->name);
        result->text = chosen->text ? g_steal_pointer(&chosen->text) : g_strdup("");
        result->labels = chosen->labels;
        chosen->labels = (struct label_report){ 0 };
        result->archive_name = chosen->feed->archive_name(result->bulletin);
}

static void fill_result(struct reader_result *result, struct readings *readings)
{
        struct candidate *chosen = readings_choose(readings);
        if (chosen)
                fill_recognised(result, chosen);
        else
                fill_unrecognised(result, readings);
        if (!result->bulletin)
                return;
        for (guint i = 0; i < readings->warnings->len; i++)
                bulletin_add_warning(result->bulletin, "%s", (char *) g_ptr_array_index(readings->warnings, i));
        while (readings->charsets->len > 0)
                g_ptr_array_add(result->bulletin->mail.charsets, g_ptr_array_steal_index(readings->charsets, 0));
}

static void read_mail(const char *data, size_t size, const struct reader_limits *limits, struct reader_result *result)
{
        struct mime_mail *mail = NULL;
        struct error err = ERROR_INIT;
        if (mime_read(data, size, &mail, &err) < 0) {
                refuse(result, error_text(&err));
                error_clear(&err);
                return;
        }
        struct readings readings;
        readings_init(&readings, limits);
        for (guint i = 0; i < mail->warnings->len; i++)
                readings_warn(&readings, "%s", (char *) g_ptr_array_index(mail->warnings, i));
        read_parts(&readings, mail);
        fill_result(result, &readings);
        if (result->bulletin) {
                fill_head(&result->bulletin->mail, mail);
                result->authentication = mail->authentication;
                mail->authentication = (struct authentication_report){ 0 };
        }
        if (result->outcome == READER_UNRECOGNISED && result->bulletin->mail.subject)
                result->bulletin->title = g_strdup(result->bulletin->mail.subject);
        readings_clear(&readings);
        mime_mail_free(mail);
}

static void read_page(const char *data, size_t size, bool html, const struct reader_limits *limits,
                      struct reader_result *result)
{
        struct readings readings;
        readings_init(&readings, limits);
        struct source source = { .data = data, .size = size, .html = html, .group = -1, .name = "the input" };
        readings_add(&readings, &source);
        fill_result(result, &readings);
        if (result->outcome == READER_UNRECOGNISED && readings.is_garbage) {
                reader_result_clear(result);
                refuse(result, "the bytes are no text in any charset that is known here");
        }
        readings_clear(&readings);
}

void reader_read_limited(const void *data, size_t size, enum reader_form form, const struct reader_limits *limits,
                         struct reader_result *ret_result)
{
        *ret_result = (struct reader_result){ .outcome = READER_REFUSED };
        if (size > LIMIT_MESSAGE_BYTES_MAX) {
                ret_result->reason = g_strdup_printf("the input has more than %u bytes", LIMIT_MESSAGE_BYTES_MAX);
                return;
        }
        if (!data) {
                data = "";
                size = 0;
        }
        if (form == READER_GUESS)
                form = reader_guess_form(data, size);
        if (form == READER_MAIL)
                read_mail(data, size, limits, ret_result);
        else
                read_page(data, size, form == READER_HTML, limits, ret_result);
        if (ret_result->bulletin && !(limits && limits->without_digest)) {
                char digest[DIGEST_TEXT_SIZE];
                digest_sha256(data, size, digest);
                ret_result->bulletin->mail.sha256 = g_strdup(digest);
        }
}

void reader_read(const void *data, size_t size, enum reader_form form, struct reader_result *ret_result)
{
        reader_read_limited(data, size, form, NULL, ret_result);
}
