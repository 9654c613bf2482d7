/* SPDX-License-Identifier: MIT */
/* From and Date read without GMime are what GMime reads, wherever they are not left to it. */
#include <string.h>

#include "ingest/mime.h"
#include "ingest/mime_p.h"
#include "tests/support.h"

#define ROUNDS 20000

static int any(GRand *random, int end)
{
        return g_rand_int_range(random, 0, end);
}

/* As the mail's reader has it from GMime. */
static struct mime_mail *read_by_library(const char *from, const char *date)
{
        struct mime_mail *mail = NULL;
        g_autofree char *text = g_strdup_printf("From: %s\r\nDate: %s\r\n\r\nx", from, date);
        ck_assert_int_eq(mime_read_by_library(text, strlen(text), &mail, NULL), 0);
        return mail;
}

/* Whether it was not left to GMime. */
static bool compare_from(const char *from)
{
        g_autofree char *address = mime_sound_address(from);
        if (!address)
                return false;
        struct mime_mail *mail = read_by_library(from, "");
        ck_assert_msg(g_strcmp0(address, mail->from_address) == 0, "%s: %s and not %s", from, address, mail->from_address);
        mime_mail_free(mail);
        return true;
}

static bool compare_date(const char *date)
{
        gint64 seconds;
        if (!mime_sound_date(date, &seconds))
                return false;
        struct mime_mail *mail = read_by_library("a@b.example", date);
        ck_assert_msg(mail->date_is_valid && mail->date_ms == seconds * 1000, "%s: %d and not %d", date, (int) seconds,
                      (int) (mail->date_ms / 1000));
        mime_mail_free(mail);
        return true;
}

START_TEST(usual_senders)
{
        static const char *const froms[] = {
                "desk@mail.example", "Desk <desk@mail.example>", "<desk@mail.example>",
                "The Night Desk <night-desk@mail.example>",
                "=?utf-8?B?44GC?= =?ISO-2022-JP?Q?a_b?= <a.b_c@Mail.EXAMPLE>", "desk@host", "1 <2@3>",
        };
        mime_prepare();
        for (size_t i = 0; i < G_N_ELEMENTS(froms); i++)
                ck_assert_msg(compare_from(froms[i]), "%s", froms[i]);
}
END_TEST

START_TEST(senders_left_to_the_library)
{
        static const char *const froms[] = {
                "", "desk", "@", "a@", "@b", "a@b@c", "<>", "<a>", "a b@c.example", "a@b c", "Desk <a@b.example> x",
                "Desk <a@b.example", "a@b.example>", "x <y <a@b.example>", "\"Desk\" <a@b.example>",
                "a@b.example, c@d.example", "a@b.example (Desk)", "group: a@b.example;", "a..b@c.example",
                ".a@b.example", "a.@b.example", "a@.example", "a@b..example", "a@b.example.", "a@xn--abc.example",
                "A\xE3\x81\x82 <a@b.example>", "a@[192.0.2.1]", "$ <a@b.example>", "a  b <a@b.example>",
                "J. Smith <a@b.example>",
        };
        mime_prepare();
        for (size_t i = 0; i < G_N_ELEMENTS(froms); i++)
                ck_assert_msg(!compare_from(froms[i]), "%s", froms[i]);
}
END_TEST

START_TEST(any_senders)
{
        static const char *const pieces[] = {
                "a", "B", "Desk", "at", "via", "=?utf-8?B?44GC?=", "=?", "?=", "=?utf-8?Q?a_b?=", " ", " ", "_", ".",
                "-", "--", "xn--", "1", "+", "/", "=", "?", "Example.COM", "192.0.2.1", "undisclosed", "<", ">", "@",
                "\"", ",", "(", "\xE3\x81\x82", ";", ":", "<a@b.example>",
        };
        unsigned sound = 0;
        mime_prepare();
        GRand *random = g_rand_new_with_seed(9);
        for (int n = 0; n < ROUNDS; n++) {
                g_autoptr(GString) from = g_string_new(NULL);
                int form = any(random, 3);
                for (int count = any(random, 6); count > 0; count--)
                        g_string_append(from, pieces[any(random, form ? 23 : (int) G_N_ELEMENTS(pieces))]);
                if (form == 1)
                        g_string_append(from, any(random, 2) ? " <night.desk@mail.example>" : "<a-b_c@A.example>");
                if (form == 2)
                        g_string_append_printf(from, "@%s%s", pieces[any(random, 23)],
                                               any(random, 2) ? ".example" : "");
                g_strstrip(from->str); /* as a value is */
                sound += compare_from(from->str);
        }
        g_rand_free(random);
        ck_assert_uint_gt(sound, ROUNDS / 10);
}
END_TEST

START_TEST(usual_dates)
{
        static const char *const dates[] = {
                "Tue, 10 Apr 2007 09:30:00 +0900", "1 Jan 2003 09:00:00 +0900", "Sat, 29 Feb 2020 23:59:59 -1130",
                "01 Mar 2000 00:00:00 +0000",
        };
        gint64 seconds;
        mime_prepare();
        for (size_t i = 0; i < G_N_ELEMENTS(dates); i++)
                ck_assert_msg(compare_date(dates[i]), "%s", dates[i]);
        ck_assert(mime_sound_date("Thu, 1 Jan 2004 00:00:00 +0100", &seconds));
        ck_assert_int_eq(seconds, 1072911600);
}
END_TEST

START_TEST(dates_left_to_the_library)
{
        static const char *const dates[] = {
                "", "Tue", "Tue, ", "10 Apr 2007", "10 Apr 2007 09:30 +0900", "10 Apr 07 09:30:00 +0900",
                "10 Apr 2007 09:30:00 GMT", "10 Apr 2007 09:30:00 +0900 (JST)", "31 Apr 2007 09:30:00 +0900",
                "29 Feb 2007 09:30:00 +0900", "0 Apr 2007 09:30:00 +0900", "10 Apr 2007 24:00:00 +0900",
                "10 Apr 2007 09:60:00 +0900", "10 Apr 2007 09:30:60 +0900", "10 Apr 2007 09:30:00 +1500",
                "10 Apr 2007 09:30:00 +0960", "10 Apr 2007 09:30:00 0900", "10 apr 2007 09:30:00 +0900",
                "10  Apr 2007 09:30:00 +0900", "Xyz, 10 Apr 2007 09:30:00 +0900", "010 Apr 2007 09:30:00 +0900",
                "10 Apr 1970 09:30:00 +0900", "10 Apr 12007 09:30:00 +0900",
        };
        mime_prepare();
        for (size_t i = 0; i < G_N_ELEMENTS(dates); i++)
                ck_assert_msg(!compare_date(dates[i]), "%s", dates[i]);
}
END_TEST

START_TEST(any_dates)
{
        static const char *const days[] = { "", "", "Mon, ", "Sun, ", "Fri,", "fri, " };
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDecdec";
        unsigned sound = 0;
        mime_prepare();
        GRand *random = g_rand_new_with_seed(10);
        for (int n = 0; n < ROUNDS; n++) {
                g_autofree char *date = g_strdup_printf(
                        "%s%0*d %.3s %d %02d:%02d:%02d %c%02d%02d", days[any(random, G_N_ELEMENTS(days))],
                        1 + any(random, 2), any(random, 33), months + 3 * any(random, 13), 1960 + any(random, 150),
                        any(random, 25), any(random, 61), any(random, 62), "+-"[any(random, 2)], any(random, 16),
                        any(random, 62));
                if (any(random, 4) == 0)
                        date[any(random, (int) strlen(date))] = " :+-09aM,("[any(random, 10)];
                sound += compare_date(date);
        }
        g_rand_free(random);
        ck_assert_uint_gt(sound, ROUNDS / 10);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mime_sound_head");
        TCase *tests = tcase_create("head");
        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, usual_senders);
        tcase_add_test(tests, senders_left_to_the_library);
        tcase_add_test(tests, any_senders);
        tcase_add_test(tests, usual_dates);
        tcase_add_test(tests, dates_left_to_the_library);
        tcase_add_test(tests, any_dates);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
