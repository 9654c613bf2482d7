/* SPDX-License-Identifier: MIT */
#include "daemon/mail_kind.h"

#include <glib.h>
#include <string.h>
#include <strings.h>

#define FROM_LINE_BYTES 1000u /* no address is that long */
#define FROM_LINE_WORDS 64u
#define FIELD_NAME_BYTES 100u

struct word { const char *text; size_t size; };

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t split_words(const char *line, size_t size, struct word *words, size_t max)
{
        size_t count = 0;
        for (size_t i = 0; i < size && count < max;) {
                while (i < size && is_space(line[i]))
                        i++;
                size_t start = i;
                while (i < size && !is_space(line[i]))
                        i++;
                if (i > start)
                        words[count++] = (struct word) { line + start, i - start };
        }
        return count;
}

static bool is_one_of(const struct word *word, const char *names)
{
        if (word->size != 3)
                return false;
        for (; *names; names += 3)
                if (strncasecmp(word->text, names, 3) == 0)
                        return true;
        return false;
}

static bool is_digits(const char *text, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (!g_ascii_isdigit(text[i]))
                        return false;
        return size > 0;
}

static bool is_day(const struct word *word)
{
        return word->size <= 2 && is_digits(word->text, word->size);
}

/* "10:00:00", "9:05" */
static bool is_time(const struct word *word)
{
        const char *colon = memchr(word->text, ':', word->size);
        if (!colon || word->size > 8)
                return false;
        size_t hours = (size_t) (colon - word->text), rest = word->size - hours - 1;
        if (hours < 1 || hours > 2 || !is_digits(word->text, hours))
                return false;
        return (rest == 2 && is_digits(colon + 1, 2)) ||
               (rest == 5 && is_digits(colon + 1, 2) && colon[3] == ':' && is_digits(colon + 4, 2));
}

static bool is_year(const struct word *word)
{
        return word->size == 4 && is_digits(word->text, 4);
}

/* The words from a weekday on. The year is the next word after the time, or one or two time zones ("+0900", "JST", "DST")
 * stand between. */
static bool is_date(const struct word *words, size_t count)
{
        if (count < 5 || !is_one_of(&words[0], "SunMonTueWedThuFriSat") ||
            !is_one_of(&words[1], "JanFebMarAprMayJunJulAugSepOctNovDec") || !is_day(&words[2]) || !is_time(&words[3]))
                return false;
        return is_year(&words[4]) || (count > 5 && is_year(&words[5])) || (count > 6 && is_year(&words[6]));
}

bool mail_kind_is_from_line(const char *line, size_t size)
{
        if (size < 5 || memcmp(line, "From ", 5) != 0 || size > FROM_LINE_BYTES)
                return false;
        struct word words[FROM_LINE_WORDS];
        size_t count = split_words(line + 5, size - 5, words, FROM_LINE_WORDS);
        for (size_t i = 0; i + 5 <= count; i++)
                if (is_date(words + i, count - i))
                        return true;
        return false;
}

/* RFC 5322 allows every printable character but the colon; no field in use has others than these, and other kinds of files
 * have. Old mails have space before the colon. */
static size_t field_name(const char *line, size_t size)
{
        size_t i = 0;
        while (i < size && i <= FIELD_NAME_BYTES && (g_ascii_isalnum(line[i]) || strchr("-_.", line[i])) && line[i])
                i++;
        size_t length = i;
        while (i < size && (line[i] == ' ' || line[i] == '\t'))
                i++;
        return i < size && line[i] == ':' && length <= FIELD_NAME_BYTES ? length : 0;
}

bool mail_kind_is_field(const char *line, size_t size)
{
        return field_name(line, size) > 0;
}

/* Fields that hardly any other kind of file starts with. */
static bool is_mail_field(const char *line, size_t size)
{
        static const char *const names[] = { "From", "Date", "Subject", "Message-ID", "Received", "Return-Path", "To", "Cc",
                                             "MIME-Version", "Content-Type", "Delivered-To", "X-Original-To", "Sender",
                                             "Reply-To", "Envelope-To", "X-Mozilla-Status", "DKIM-Signature",
                                             "Authentication-Results", "X-Gmail-Labels", "X-GM-THRID" };
        size_t length = field_name(line, size);
        for (size_t i = 0; length > 0 && i < G_N_ELEMENTS(names); i++)
                if (strlen(names[i]) == length && strncasecmp(line, names[i], length) == 0)
                        return true;
        return false;
}

static bool is_compressed(const char *data, size_t size)
{
        static const struct { const char *magic; size_t size; } magics[] = {
                { "\x1f\x8b", 2 }, { "BZh", 3 }, { "\xfd" "7zXZ", 5 }, { "\x28\xb5\x2f\xfd", 4 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(magics); i++)
                if (size >= magics[i].size && memcmp(data, magics[i].magic, magics[i].size) == 0)
                        return true;
        return false;
}

static size_t line_size(const char *data, size_t size)
{
        const char *end = memchr(data, '\n', size);
        return end ? (size_t) (end - data) + 1 : size;
}

static bool is_blank(const char *line, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (!is_space(line[i]))
                        return false;
        return true;
}

/* Header fields and their continuation lines, up to the blank line or the end of what is there. */
static enum mail_kind kind_of_header(const char *data, size_t size, bool complete)
{
        bool field = false, mail = false;
        for (size_t at = 0; at < size;) {
                size_t length = line_size(data + at, size - at);
                const char *line = data + at;
                bool whole = line[length - 1] == '\n' || complete;
                at += length;
                if (is_blank(line, length))
                        break;
                if (field && (line[0] == ' ' || line[0] == '\t'))
                        continue;
                if (mail_kind_is_field(line, length)) {
                        field = true;
                        mail = mail || is_mail_field(line, length);
                } else if (whole) { /* a damaged header, or prose that happens to start like one */
                        return mail ? MAIL_KIND_MAIL : MAIL_KIND_NONE;
                }
        }
        return mail ? MAIL_KIND_MAIL : field ? MAIL_KIND_SOMETHING : MAIL_KIND_NONE;
}

enum mail_kind mail_kind_of(const char *data, size_t size, bool complete)
{
        if (size > MAIL_KIND_BYTES) {
                size = MAIL_KIND_BYTES;
                complete = false;
        }
        if (is_compressed(data, size))
                return MAIL_KIND_COMPRESSED;
        if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
                data += 3;
                size -= 3;
        }
        size_t length = 0;
        while (size > 0 && is_blank(data, length = line_size(data, size))) {
                data += length;
                size -= length;
        }
        if (size == 0)
                return MAIL_KIND_EMPTY;
        length = line_size(data, size);
        bool from = length >= 5 && memcmp(data, "From ", 5) == 0;
        bool quoted = length >= 6 && memcmp(data, ">From ", 6) == 0; /* what some delivery agents leave at the top */
        if (from && mail_kind_is_from_line(data, length))
                return MAIL_KIND_MBOX;
        if (!from && !quoted)
                return kind_of_header(data, size, complete);
        /* The first line needs no date, if a header follows. */
        enum mail_kind rest = kind_of_header(data + length, size - length, complete);
        return from && rest >= MAIL_KIND_SOMETHING ? MAIL_KIND_MBOX : rest;
}
