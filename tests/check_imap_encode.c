/* SPDX-License-Identifier: MIT */
#include "ingest/imap_encode.h"

#include <errno.h>
#include <string.h>

#include "tests/support.h"

START_TEST(mailbox_names_become_modified_utf7)
{
        static const char *const cases[][2] = {
                { "INBOX", "\"INBOX\"" },
                { "~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"" },
                { "&", "\"&-\"" },
                { "a&b\\\"", "\"a&-b\\\\\\\"\"" },
                { "é", "\"&AOk-\"" },
                { "\xf0\x9f\x98\x80&", "\"&2D3eAA-&-\"" },
                { "\t\x7f", "\"&AAkAfw-\"" },
                { "受信 箱", "\"&U9dP4Q- &e7E-\"" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                char *quoted = NULL;
                ck_assert_int_eq(imap_encode_mailbox(cases[i][0], &quoted), 0);
                ck_assert_str_eq(quoted, cases[i][1]);
                g_free(quoted);
        }
        g_autofree char *longest = g_strnfill(1001, 'a');
        char *quoted = NULL;
        ck_assert_int_eq(imap_encode_mailbox(longest, &quoted), -EINVAL);
        ck_assert_ptr_null(quoted);
}
END_TEST

START_TEST(uid_sets_are_compressed)
{
        static const guint32 values[] = { 1, 2, 3, 5, 7, 8, 4294967294u, 4294967295u };
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_array_append_vals(uids, values, G_N_ELEMENTS(values));
        g_autoptr(GString) out = g_string_new("x ");
        ck_assert_uint_eq(imap_encode_uid_set(uids, 0, 100, 4000, out), 8);
        ck_assert_str_eq(out->str, "x 1:3,5,7:8,4294967294:4294967295");
        g_string_truncate(out, 0);
        ck_assert_uint_eq(imap_encode_uid_set(uids, 1, 3, 4000, out), 3);
        ck_assert_str_eq(out->str, "2:3,5");
        g_string_truncate(out, 0);
        ck_assert_uint_eq(imap_encode_uid_set(uids, 0, 8, 5, out), 4);
        ck_assert_str_eq(out->str, "1:3,5");
        g_string_truncate(out, 0);
        ck_assert_uint_eq(imap_encode_uid_set(uids, 6, 8, 5, out), 2);
        g_string_truncate(out, 0);
        ck_assert_uint_eq(imap_encode_uid_set(uids, 8, 8, 5, out), 0);
        ck_assert_str_eq(out->str, "");
}
END_TEST

START_TEST(internal_dates_are_read)
{
        static const struct { const char *text; int64_t ms; } cases[] = {
                { "17-Jul-1996 02:44:25 -0700", 837596665000 },
                { " 1-jan-1970 00:00:01 +0000", 1000 },
                { "01-Jan-1970 09:00:02 +0900", 2000 },
                { "31-Dec-2016 23:59:60 +0000", 1483228799000 },
                { "", 0 },
                { "17-Jul-1996", 0 },
                { "32-Jul-1996 02:44:25 -0700", 0 },
                { "17-Jux-1996 02:44:25 -0700", 0 },
                { "17-Jul-1996 25:44:25 -0700", 0 },
                { "17-Jul-1996 02:44:75 -0700", 0 },
                { "17-Jul-1996 02:44:25 -07000", 0 },
                { "17-Jul-1996 02:44:25 0700", 0 },
                { "17-Jul-0000 02:44:25 +0000", 0 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                ck_assert_int_eq(imap_decode_date_ms(cases[i].text, strlen(cases[i].text)), cases[i].ms);
        ck_assert_int_eq(imap_decode_date_ms("17-Jul-1996 02:44:25 -0700", 25), 0);
}
END_TEST

static TCase *encode_case(void)
{
        TCase *tc = tcase_create("encode");
        tcase_add_test(tc, mailbox_names_become_modified_utf7);
        tcase_add_test(tc, uid_sets_are_compressed);
        tcase_add_test(tc, internal_dates_are_read);
        return tc;
}

static Suite *suite(void)
{
        Suite *s = suite_create("imap_encode");
        suite_add_tcase(s, encode_case());
        return s;
}

int main(void)
{
        return support_run(suite());
}
