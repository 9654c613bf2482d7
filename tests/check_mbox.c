/* SPDX-License-Identifier: MIT */
#include "daemon/mbox.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support.h"

#define FROM "From a@b Fri May 11 10:00:00 2007\n"

/* What was read of an mbox: its mails with "|" behind each, and what was found out of it. */
struct reading { char *mails; bool counts; enum mbox_quoting quoting; unsigned oversize; };

static struct reading read_bytes(const char *bytes, size_t size, uint64_t max_bytes)
{
        FILE *file = tmpfile();
        ck_assert_ptr_nonnull(file);
        ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
        ck_assert_int_eq(fflush(file), 0);
        struct error err = ERROR_INIT;
        struct mbox *mbox;
        int r = mbox_open(fileno(file), NULL, NULL, &mbox, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        GString *mails = g_string_new(NULL);
        struct reading reading = { .counts = mbox_counts_bytes(mbox), .quoting = mbox_quoting(mbox) };
        char *data;
        size_t length;
        while ((r = mbox_next(mbox, max_bytes, &data, &length, &err)) > 0) {
                reading.oversize += data == NULL;
                if (data) {
                        ck_assert_int_eq(data[length], 0);
                        g_string_append_len(mails, data, (gssize) length);
                        g_string_append_c(mails, '|');
                }
                g_free(data);
        }
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_uint_eq(mbox_position(mbox), size);
        mbox_free(mbox);
        fclose(file);
        reading.mails = g_string_free(mails, FALSE);
        return reading;
}

static struct reading read_text(const char *text)
{
        return read_bytes(text, strlen(text), 1000000);
}

static void assert_mails(const char *text, const char *expected)
{
        struct reading reading = read_text(text);
        ck_assert_str_eq(reading.mails, expected);
        g_free(reading.mails);
}

START_TEST(mails_end_before_the_empty_line)
{
        assert_mails(FROM "Subject: 1\n\none\n\n" FROM "Subject: 2\n\ntwo\n\n\n" FROM "Subject: 3\n\nthree\n\n",
                     "Subject: 1\n\none\n|Subject: 2\n\ntwo\n\n|Subject: 3\n\nthree\n|");
        /* No empty line, no newline at the end. */
        assert_mails(FROM "Subject: 1\n\none\n", "Subject: 1\n\none\n|");
        assert_mails(FROM "Subject: 1\n\none", "Subject: 1\n\none|");
        assert_mails(FROM "Subject: 1", "Subject: 1|");
        /* Blank lines, and a byte order mark, before the first. */
        assert_mails("\n\r\n\n" FROM "Subject: 1\n\none\n", "Subject: 1\n\none\n|");
        assert_mails("\xef\xbb\xbf" FROM "Subject: 1\n\none\n", "Subject: 1\n\none\n|");
}
END_TEST

START_TEST(crlf)
{
        assert_mails("From a@b Fri May 11 10:00:00 2007\r\nSubject: 1\r\n\r\none\r\n\r\nFrom a@b Fri May 11 10:00:00 2007 +0900\r\n"
                     "Subject: 2\r\n\r\n>From two\r\n\r\n", "Subject: 1\r\n\r\none\r\n|Subject: 2\r\n\r\nFrom two\r\n|");
}
END_TEST

START_TEST(empty_mails)
{
        assert_mails(FROM "\n" FROM "\n\n" FROM "Subject: 3\n\n\n" FROM "Subject: 4\n\n" FROM "\n", "|\n|Subject: 3\n\n|Subject: 4\n||");
        assert_mails(FROM, "|");
        assert_mails("\n\n", "");
        assert_mails("", "");
}
END_TEST

/* A line is a separator by its shape and its place, not by "From " alone. */
START_TEST(what_is_no_separator)
{
        assert_mails(FROM "Subject: 1\n\none\n" FROM "two\n\nFrom here on\n\nFrom a@b 2007\n",
                     "Subject: 1\n\none\n" FROM "two\n\nFrom here on\n\nFrom a@b 2007\n|");
        /* In a header, where no line is empty, it is none either. */
        assert_mails(FROM FROM "Subject: 1\n\none\n", FROM "Subject: 1\n\none\n|");
}
END_TEST

/* The first line may be anything that begins so; then those without any date are separators if a header follows. */
START_TEST(separators_without_a_date)
{
        assert_mails("From a@b\nSubject: 1\n\none\n\n" FROM "Subject: 2\n\ntwo\n", "Subject: 1\n\none\n|Subject: 2\n\ntwo\n|");
        assert_mails("From \nSubject: 1\n\none\n\nFrom \nno field\n\nFrom \nSubject: 2\n\ntwo\n",
                     "Subject: 1\n\none\n\nFrom \nno field\n|Subject: 2\n\ntwo\n|");
        assert_mails(FROM "Subject: 1\n\none\n\nFrom \nSubject: 2\n", "Subject: 1\n\none\n\nFrom \nSubject: 2\n|");
}
END_TEST

/* As the first line has none: every line that begins so, behind an empty one, with a mail's header behind it. */
START_TEST(separators_with_a_date_of_another_kind)
{
        static const char *const lines[] = { "From a@b\n", "From a@b 2007-05-11 10:00:00\n", "From a@b Fri, 11 May 2007 10:00:00 +0900\n" };
        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
                g_autofree char *text = g_strconcat(lines[i], "Subject: 1\n\none\n\nFrom here on\nA word: two\n\n", lines[i],
                                                    "Subject: 2\n\ntwo\n", NULL);
                assert_mails(text, "Subject: 1\n\none\n\nFrom here on\nA word: two\n|Subject: 2\n\ntwo\n|");
        }
}
END_TEST

/* Where no mail but the first would be found with it. */
START_TEST(separators_without_an_empty_line)
{
        assert_mails(FROM "Subject: 1\n\none\n" FROM "Subject: 2\n\ntwo\n" FROM "Subject: 3\n\n",
                     "Subject: 1\n\none\n|Subject: 2\n\ntwo\n|Subject: 3\n\n|");
        assert_mails(FROM "Subject: 1\n\none\n" FROM "Subject: x\n\n\n" FROM "Subject: 2\n\ntwo\n",
                     "Subject: 1\n\none\n" FROM "Subject: x\n\n|Subject: 2\n\ntwo\n|");
        assert_mails(FROM "Subject: 1\n\none\n" FROM "no header\n", "Subject: 1\n\none\n" FROM "no header\n|");
}
END_TEST

START_TEST(quoted_by_all)
{
        struct reading r = read_text(FROM "Subject: >From x\n\n>From a\n>>From b\n> From c\n>Fromage\nx >From d\n\n");
        ck_assert_str_eq(r.mails, "Subject: >From x\n\nFrom a\n>From b\n> From c\n>Fromage\nx >From d\n|");
        ck_assert_int_eq(r.quoting, MBOX_QUOTES_ALL);
        ck_assert(!r.counts);
        g_free(r.mails);
}
END_TEST

/* A "From " line behind an empty one that is left as it is: whoever wrote this quotes only what looks like a separator. */
START_TEST(quoted_where_needed)
{
        struct reading r = read_text(FROM "Subject: 1\n\nFrom me to you\n>From said he\n\n>" FROM "\n>>" FROM "\n");
        ck_assert_str_eq(r.mails, "Subject: 1\n\nFrom me to you\n>From said he\n\n" FROM "\n>" FROM "|");
        ck_assert_int_eq(r.quoting, MBOX_QUOTES_SEPARATORS);
        g_free(r.mails);
}
END_TEST

static char *counted(const char *subject, const char *body, int wrong)
{
        return g_strdup_printf(FROM "Subject: %s\nContent-Length: %d\n\n%s\n", subject, (int) strlen(body) + wrong, body);
}

START_TEST(counted_and_not_quoted)
{
        g_autofree char *one = counted("1", "From me\n\n" FROM "no header\n>From you\n\n", 0), *two = counted("2", "two\n", 0);
        g_autofree char *text = g_strconcat(one, two, NULL);
        struct reading r = read_text(text);
        ck_assert(r.counts);
        ck_assert_int_eq(r.quoting, MBOX_QUOTES_NOTHING);
        ck_assert_str_eq(r.mails, "Subject: 1\nContent-Length: 64\n\nFrom me\n\n" FROM "no header\n>From you\n\n|"
                                  "Subject: 2\nContent-Length: 4\n\ntwo\n|");
        g_free(r.mails);
}
END_TEST

START_TEST(counted_and_quoted)
{
        g_autofree char *one = counted("1", ">From me\n>>From you\n", 0), *two = counted("2", "", 0);
        g_autofree char *text = g_strconcat(one, two, NULL);
        struct reading r = read_text(text);
        ck_assert(r.counts);
        ck_assert_int_eq(r.quoting, MBOX_QUOTES_ALL);
        ck_assert_str_eq(r.mails, "Subject: 1\nContent-Length: 20\n\nFrom me\n>From you\n|Subject: 2\nContent-Length: 0\n\n|");
        g_free(r.mails);
}
END_TEST

/* A mail that holds another mbox, which only its Content-Length tells, among mails that are beyond doubt. */
START_TEST(a_counted_mail_with_an_mbox_in_it)
{
        const char *inner = "see:\n\n" FROM "Subject: inner\n\nx\n";
        g_autofree char *one = counted("1", inner, 0), *two = counted("2", "two\n", 0), *three = counted("3", "three\n", 0);
        g_autofree char *text = g_strconcat(two, one, three, NULL), *alone = g_strconcat(one, NULL);
        struct reading r = read_text(text);
        ck_assert(r.counts);
        g_auto(GStrv) mails = g_strsplit(r.mails, "|", -1);
        ck_assert_uint_eq(g_strv_length(mails), 4);
        ck_assert_ptr_nonnull(strstr(mails[1], inner));
        g_free(r.mails);
        /* With nothing else to go by it is taken apart: a mail too many is better than one too few. */
        r = read_text(alone);
        ck_assert(!r.counts);
        g_free(r.mails);
}
END_TEST

/* One that leads nowhere is a lie: the mail ends at the next separator. */
START_TEST(a_wrong_count)
{
        for (int wrong = -4; wrong <= 400; wrong += wrong == 5 ? 395 : 1) {
                g_autofree char *one = counted("1", "one\n\nmore\n", 0), *two = counted("2", "two two\n", wrong), *three = counted("3", "three\n", 0);
                g_autofree char *text = g_strconcat(one, two, three, NULL);
                struct reading r = read_text(text);
                g_auto(GStrv) mails = g_strsplit(r.mails, "|", -1);
                ck_assert_msg(g_strv_length(mails) == 4, "%d: %s", wrong, r.mails);
                ck_assert(r.counts);
                /* One byte less or more may be right: nobody can tell whose the line's end and the empty line are. */
                const char *end = wrong == -1 ? "\n\ntwo two" : wrong == 1 ? "\n\ntwo two\n\n" : "\n\ntwo two\n";
                ck_assert_msg(g_str_has_suffix(mails[1], end), "%d: %s", wrong, mails[1]);
                g_free(r.mails);
        }
        assert_mails(FROM "Content-Length: 99999999999999999999\n\nx\n\n" FROM "Content-Length: -1\n\ny\n\n" FROM "Content-Length: \n\nz\n",
                     "Content-Length: 99999999999999999999\n\nx\n|Content-Length: -1\n\ny\n|Content-Length: \n\nz\n|");
}
END_TEST

/* Nor where the middle of a line looks like one between mails. */
START_TEST(a_count_into_a_line)
{
        g_autofree char *good = counted("1", "one\n", 0);
        g_autofree char *text = g_strdup_printf("%s" FROM "Subject: 2\nContent-Length: 4\n\ntwo " FROM "Subject: no mail\n\n%s", good, good);
        struct reading r = read_text(text);
        ck_assert(r.counts);
        g_auto(GStrv) mails = g_strsplit(r.mails, "|", -1);
        ck_assert_uint_eq(g_strv_length(mails), 4);
        ck_assert_ptr_nonnull(strstr(mails[1], "two " FROM "Subject: no mail\n"));
        g_free(r.mails);
}
END_TEST

/* Some senders' counts are right, one spans the mail behind it, most mails have none: it is no mbox that is counted. */
START_TEST(few_counts)
{
        g_autofree char *right = counted("1", "one\n", 0), *spanning = counted("2", "two\n", (int) strlen("\n" FROM "\n\nthree\n"));
        g_autofree char *text = g_strconcat(right, spanning, FROM "\n\nthree\n\n", FROM "Subject: 4\n\n\n", FROM "Subject: 5\n\n\n",
                                            FROM "Subject: 6\n\n\n", NULL);
        struct reading r = read_text(text);
        g_auto(GStrv) mails = g_strsplit(r.mails, "|", -1);
        ck_assert_msg(g_strv_length(mails) == 7, "%s", r.mails);
        ck_assert(!r.counts);
        g_free(r.mails);
}
END_TEST

/* In an mbox that is not counted, a sender's Content-Length that spans the mails behind it takes none of them away. */
START_TEST(a_count_that_swallows)
{
        const char *rest = FROM "Subject: 2\n\ntwo\n\n" FROM "Subject: 3\n\nthree\n";
        g_autofree char *text = g_strdup_printf(FROM "Subject: 1\nContent-Length: %zu\n\none\n\n%s", strlen("one\n\n") + strlen(rest), rest);
        struct reading r = read_text(text);
        g_auto(GStrv) mails = g_strsplit(r.mails, "|", -1);
        ck_assert_uint_eq(g_strv_length(mails), 4);
        ck_assert(!r.counts);
        g_free(r.mails);
}
END_TEST

/* Lines and mails around the size of the buffer, and far beyond it. */
START_TEST(long_lines)
{
        static const size_t sizes[] = { 262100, 262143, 262144, 262145, 524288, 1000000 };
        g_autofree char *line = g_strnfill(sizes[_i], 'x'), *mail = g_strconcat("Subject: long\n\n", line, "\n>From here\n", line, "\n", NULL);
        g_autofree char *text = g_strconcat(FROM, mail, "\n", FROM "Subject: ok\n\n>From\n\n", NULL);
        struct reading r = read_bytes(text, strlen(text), 10000000);
        g_autofree char *expected = g_strconcat("Subject: long\n\n", line, "\nFrom here\n", line, "\n|Subject: ok\n\n>From\n|", NULL);
        ck_assert(strcmp(r.mails, expected) == 0);
        g_free(r.mails);
        r = read_bytes(text, strlen(text), 1000);
        ck_assert_uint_eq(r.oversize, 1);
        ck_assert_str_eq(r.mails, "Subject: ok\n\n>From\n|");
        g_free(r.mails);
}
END_TEST

/* The limit is that of the mail, without what belongs to the mbox. */
START_TEST(exactly_the_limit)
{
        const char *text = FROM "Subject: 1\n\none\n\n" FROM "Subject: 2\n\ntwo\n";
        struct reading r = read_bytes(text, strlen(text), strlen("Subject: 1\n\none\n"));
        ck_assert_uint_eq(r.oversize, 0);
        g_free(r.mails);
        r = read_bytes(text, strlen(text), strlen("Subject: 1\n\none\n") - 1);
        ck_assert_uint_eq(r.oversize, 2);
        g_free(r.mails);
}
END_TEST

static bool stops(void *context)
{
        return --*(int *) context < 0;
}

START_TEST(it_can_be_stopped)
{
        FILE *file = tmpfile();
        g_autofree char *line = g_strnfill(1000000, 'x');
        fprintf(file, FROM "Subject: 1\n\n%s\n", line);
        fflush(file);
        struct error err = ERROR_INIT;
        struct mbox *mbox;
        int turns = 2;
        ck_assert_int_eq(mbox_open(fileno(file), stops, &turns, &mbox, &err), -ERR_CANCELLED);
        turns = 1000;
        error_clear(&err);
        ck_assert_int_eq(mbox_open(fileno(file), stops, &turns, &mbox, &err), 0);
        /* It becomes shorter before it is read. */
        ck_assert_int_eq(ftruncate(fileno(file), 300000), 0);
        char *data;
        size_t size;
        ck_assert_int_eq(mbox_next(mbox, 10000000, &data, &size, &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "shorter"));
        error_clear(&err);
        mbox_free(mbox);
        fclose(file);
}
END_TEST

/* Whatever the bytes: it ends, and every byte is passed. */
START_TEST(garbage)
{
        g_autoptr(GRand) chance = g_rand_new_with_seed((guint32) _i);
        static const char *const pieces[] = { FROM, "\n", "\r\n", "From ", ">From x\n", "Content-Length: 10\n", "Content-Length: 0\n", "x", "Subject: y\n",
                                              "From \n", "text text\n", "\xff\xfe" };
        GString *text = g_string_new(FROM);
        for (int i = 0; i < 60; i++)
                g_string_append(text, pieces[g_rand_int_range(chance, 0, (gint32) G_N_ELEMENTS(pieces))]);
        g_string_append_len(text, "\0\0", _i % 3);
        struct reading r = read_bytes(text->str, text->len, 1000000);
        g_free(r.mails);
        g_string_free(text, TRUE);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mbox");
        TCase *tests = tcase_create("mbox");
        tcase_add_test(tests, mails_end_before_the_empty_line);
        tcase_add_test(tests, crlf);
        tcase_add_test(tests, empty_mails);
        tcase_add_test(tests, what_is_no_separator);
        tcase_add_test(tests, separators_without_a_date);
        tcase_add_test(tests, separators_with_a_date_of_another_kind);
        tcase_add_test(tests, separators_without_an_empty_line);
        tcase_add_test(tests, quoted_by_all);
        tcase_add_test(tests, quoted_where_needed);
        tcase_add_test(tests, counted_and_not_quoted);
        tcase_add_test(tests, counted_and_quoted);
        tcase_add_test(tests, a_counted_mail_with_an_mbox_in_it);
        tcase_add_test(tests, a_wrong_count);
        tcase_add_test(tests, a_count_into_a_line);
        tcase_add_test(tests, few_counts);
        tcase_add_test(tests, a_count_that_swallows);
        tcase_add_loop_test(tests, long_lines, 0, 6);
        tcase_add_test(tests, exactly_the_limit);
        tcase_add_test(tests, it_can_be_stopped);
        tcase_add_loop_test(tests, garbage, 0, 300);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
