/* SPDX-License-Identifier: MIT */
#include "daemon/mail_kind.h"

#include <string.h>

#include "tests/support.h"

START_TEST(from_lines)
{
        static const char *const good[] = {
                "From a@b Fri May 11 10:00:00 2007\n",
                "From a@b Fri May 11 10:00:00 2007\r\n",
                "From a@b Fri May 11 10:00:00 2007",
                "From a@b  Fri May  1 10:00:00 2007\n",
                "From - Fri May 11 10:00:00 2007\n",
                "From MAILER-DAEMON Fri May 11 10:00 2007\n",
                "From a@b Fri May 11 10:00:00 JST 2007\n",
                "From a@b Fri May 11 10:00:00 +0900 2007\n",
                "From a@b Fri May 11 10:00:00 2007 +0900\n",
                "From a@b Fri May 11 10:00:00 MET DST 2007\n",
                "From 1234567890@xxx Fri May 11 10:00:00 +0000 2007\n",
                "From Somebody With Spaces Fri May 11 10:00:00 2007\n",
                "From a@b Fri May 11 10:00:00 2007 remote from host\n",
                "From Fri May 11 10:00:00 2007\n",
        };
        static const char *const bad[] = {
                "From a@b\n", "From \n", "From", "", "From here on Friday May 11 all is well 2007\n", " From a@b Fri May 11 10:00:00 2007\n",
                ">From a@b Fri May 11 10:00:00 2007\n", "from a@b Fri May 11 10:00:00 2007\n", "From: a@b Fri May 11 10:00:00 2007\n",
                "From a@b Fri May 11 10:00:00\n", "From a@b Fri May 111 10:00:00 2007\n", "From a@b Fri May 11 1000 2007\n",
                "From a@b Fry May 11 10:00:00 2007\n", "From a@b Fri Mai 11 10:00:00 2007\n", "From a@b Fri May 11 10:00:0x 2007\n",
        };
        for (size_t i = 0; i < sizeof good / sizeof *good; i++)
                ck_assert_msg(mail_kind_is_from_line(good[i], strlen(good[i])), "%s", good[i]);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                ck_assert_msg(!mail_kind_is_from_line(bad[i], strlen(bad[i])), "%s", bad[i]);
}
END_TEST

static enum mail_kind kind(const char *text)
{
        return mail_kind_of(text, strlen(text), true);
}

START_TEST(files)
{
        ck_assert_int_eq(kind("From a@b Fri May 11 10:00:00 2007\nSubject: x\n\n"), MAIL_KIND_MBOX);
        ck_assert_int_eq(kind("\n\r\nFrom a@b Fri May 11 10:00:00 2007\n\nx"), MAIL_KIND_MBOX);
        ck_assert_int_eq(kind("From a@b\nSubject: x\n\n"), MAIL_KIND_MBOX);
        ck_assert_int_eq(kind("From here on it is prose\nand nothing else\n"), MAIL_KIND_NONE);
        ck_assert_int_eq(kind("Received: by x\n\tfrom y\nSubject: z\n\nbody"), MAIL_KIND_MAIL);
        ck_assert_int_eq(kind("X-Own: 1\r\nsubject: z\r\n\r\nbody"), MAIL_KIND_MAIL);
        ck_assert_int_eq(kind(">From a@b Fri May 11 10:00:00 2007\nSubject: x\n\n"), MAIL_KIND_MAIL);
        ck_assert_int_eq(kind("\xef\xbb\xbfSubject: x\n\n"), MAIL_KIND_MAIL);
        ck_assert_int_eq(kind("\n\nSubject: x\n\n"), MAIL_KIND_MAIL);
        ck_assert_int_eq(kind("Subject: x\nno field at all\n\n"), MAIL_KIND_MAIL);
        ck_assert_int_eq(kind("Note: something\nto remember\n"), MAIL_KIND_NONE);
        ck_assert_int_eq(kind("Name: hotfix\nVersion: 1\n"), MAIL_KIND_SOMETHING);
        ck_assert_int_eq(kind("# README\n\nFrom: nobody\n"), MAIL_KIND_NONE);
        ck_assert_int_eq(kind("SQLite format 3"), MAIL_KIND_NONE);
        ck_assert_int_eq(kind("\x89PNG\r\n\x1a\n"), MAIL_KIND_NONE);
        ck_assert_int_eq(kind("{\"subject\": \"x\"}\n"), MAIL_KIND_NONE);
        ck_assert_int_eq(kind("\x1f\x8b\x08"), MAIL_KIND_COMPRESSED);
        ck_assert_int_eq(kind(""), MAIL_KIND_EMPTY);
        ck_assert_int_eq(kind("\n\r\n \n"), MAIL_KIND_EMPTY);
}
END_TEST

/* Only the beginning of a file is looked at: a header that goes on behind it is one all the same. */
START_TEST(a_header_longer_than_what_is_looked_at)
{
        char text[2 * MAIL_KIND_BYTES];
        memset(text, 'x', sizeof text);
        memcpy(text, "Received: ", 10);
        ck_assert_int_eq(mail_kind_of(text, sizeof text, true), MAIL_KIND_MAIL);
        memcpy(text, "Own: 1\nReceive", 14);
        ck_assert_int_eq(mail_kind_of(text, 14, false), MAIL_KIND_SOMETHING);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mail_kind");
        TCase *tests = tcase_create("kind");
        tcase_add_test(tests, from_lines);
        tcase_add_test(tests, files);
        tcase_add_test(tests, a_header_longer_than_what_is_looked_at);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
