/* SPDX-License-Identifier: MIT */
/*
 * From and Date as nearly every program writes them, read without GMime, which builds a handful of objects for each.
 * What has any other form is left to it.
 */
#include <string.h>

#include "ingest/mime_p.h"

#define ADDRESS_BYTES_MAX 200u
#define YEAR_MIN 1971
#define YEAR_MAX 2099
#define DAYS_BEFORE_1970 719163u /* from the first day that GDate counts */

/* --- From --- */

/* Letters and digits, with single ones of the marks between them. */
static bool is_joined_by(const char *p, const char *end, const char *marks)
{
        bool behind_mark = true;
        for (; p < end; p++) {
                bool is_mark = !g_ascii_isalnum(*p);
                if (is_mark && (behind_mark || !strchr(marks, *p)))
                        return false;
                behind_mark = is_mark;
        }
        return !behind_mark;
}

/* "local@domain". A label that begins with "xn--" stands for another one, so that two hyphens are none of this. */
static bool is_sound_address(const char *p, const char *end)
{
        const char *at = memchr(p, '@', (size_t) (end - p));
        return at && (size_t) (end - p) <= ADDRESS_BYTES_MAX && is_joined_by(p, at, "._-") &&
               is_joined_by(at + 1, end, ".-");
}

/* Words and encoded words with a blank between them. */
static bool is_sound_name(const char *p, const char *end)
{
        bool behind_blank = true;
        for (; p < end; p++) {
                bool is_blank = *p == ' ';
                if (is_blank ? behind_blank : !g_ascii_isalnum(*p) && !strchr("=?+/_-", *p))
                        return false;
                behind_blank = is_blank;
        }
        return true;
}

char *mime_sound_address(const char *from)
{
        const char *end = from + strlen(from), *p = from;
        if (end > from && end[-1] == '>') {
                const char *bracket = strchr(from, '<');
                if (!bracket || !is_sound_name(from, bracket))
                        return NULL;
                p = bracket + 1;
                end--;
        }
        if (!is_sound_address(p, end))
                return NULL;
        char *address = g_strndup(p, (gsize) (end - p));
        for (char *c = strchr(address, '@'); *c; c++)
                *c = g_ascii_tolower(*c);
        return address;
}

/* --- Date --- */

/* The number of so many digits; anything else makes the date unsound. */
static unsigned take_number(const char **p, unsigned digits, bool *is_sound)
{
        unsigned number = 0;
        for (; digits > 0 && g_ascii_isdigit(**p); digits--)
                number = number * 10 + (unsigned) g_ascii_digit_value(*(*p)++);
        *is_sound = *is_sound && digits == 0;
        return number;
}

static void take_char(const char **p, char c, bool *is_sound)
{
        *is_sound = *is_sound && **p == c;
        *p += **p == c;
}

/* Which of the names of three letters stands at *p, from 0; they stand in list without anything between them. */
static unsigned take_name(const char **p, const char *list, bool *is_sound)
{
        for (unsigned i = 0; list[3 * i]; i++)
                if (strncmp(*p, list + 3 * i, 3) == 0) {
                        *p += 3;
                        return i;
                }
        *is_sound = false;
        return 0;
}

/* RFC 5322 section 3.3, with one blank wherever blanks may stand. */
bool mime_sound_date(const char *date, gint64 *ret_seconds)
{
        bool is_sound = true;
        const char *p = date;
        if (g_ascii_isalpha(*p)) {
                take_name(&p, "MonTueWedThuFriSatSun", &is_sound);
                take_char(&p, ',', &is_sound);
                take_char(&p, ' ', &is_sound);
        }
        GDateDay day = (GDateDay) take_number(&p, g_ascii_isdigit(*p) && g_ascii_isdigit(p[1]) ? 2 : 1, &is_sound);
        take_char(&p, ' ', &is_sound);
        GDateMonth month = (GDateMonth) (1 + take_name(&p, "JanFebMarAprMayJunJulAugSepOctNovDec", &is_sound));
        take_char(&p, ' ', &is_sound);
        unsigned year = take_number(&p, 4, &is_sound);
        take_char(&p, ' ', &is_sound);
        unsigned hour = take_number(&p, 2, &is_sound);
        take_char(&p, ':', &is_sound);
        unsigned minute = take_number(&p, 2, &is_sound);
        take_char(&p, ':', &is_sound);
        unsigned second = take_number(&p, 2, &is_sound);
        take_char(&p, ' ', &is_sound);
        bool is_west = *p == '-';
        take_char(&p, is_west ? '-' : '+', &is_sound);
        unsigned zone_hours = take_number(&p, 2, &is_sound), zone_minutes = take_number(&p, 2, &is_sound);
        if (!is_sound || *p || year < YEAR_MIN || year > YEAR_MAX || !g_date_valid_dmy(day, month, (GDateYear) year) ||
            hour > 23 || minute > 59 || second > 59 || zone_hours > 14 || zone_minutes > 59)
                return false;
        GDate days;
        g_date_clear(&days, 1);
        g_date_set_dmy(&days, day, month, (GDateYear) year);
        gint64 minutes = ((gint64) g_date_get_julian(&days) - DAYS_BEFORE_1970) * 24 * 60 + hour * 60 + minute;
        gint64 zone = zone_hours * 60 + zone_minutes;
        *ret_seconds = (minutes + (is_west ? zone : -zone)) * 60 + second;
        return true;
}
