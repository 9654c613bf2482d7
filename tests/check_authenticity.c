/* SPDX-License-Identifier: MIT */
/* Heads of mails, true ones and forged ones, and what is to be thought of them. */
#include "ingest/authenticity.h"

#include <string.h>

#include "common/limits.h"
#include "ingest/authenticity_p.h"
#include "ingest/mime_p.h"
#include "ingest/reader.h"
#include "tests/packed.h"
#include "tests/support.h"

#define ID "mx.company.example"
#define AR "Authentication-Results: " ID "; "
#define RECEIVED "Received: from somewhere.example by somewhere.else.example; Tue, 15 Jan 2008 09:00:00 +0900\r\n"
#define FROM "From: HotFix Report <report@hotfix.example>\r\n"
#define GOOD_DKIM "dkim=pass header.d=hotfix.example"

/* A report made of these bytes, as a worker makes it and a daemon takes it. */
static void read_head(const char *head, size_t size, struct authentication_report *ret_report)
{
        struct mail_head fields;
        struct authentication_report report;
        struct error err = ERROR_INIT;
        char *copy = g_memdup2(head, MAX(size, 1)); /* so that reading beyond it is seen */
        ck_assert_int_eq(mail_head_read(copy, size, &fields, &err), 0);
        authentication_report_read(&fields, &report);
        mail_head_clear(&fields);
        g_free(copy);
        g_autoptr(GString) packed = packed_report(&report);
        struct unpacker unpacker;
        ck_assert_int_eq(unpacker_init(&unpacker, g_memdup2(packed->str, packed->len), packed->len, 1000), 0);
        ck_assert_int_eq(authentication_report_unpack(&unpacker, ret_report), 0);
        ck_assert(unpacker_is_done(&unpacker));
        unpacker_clear(&unpacker);
        g_autoptr(GString) again = packed_report(ret_report);
        ck_assert(g_string_equal(packed, again));
        authentication_report_clear(&report);
}

static char *judge(const struct authenticity_policy *policy, const char *head)
{
        struct authentication_report report;
        read_head(head, strlen(head), &report);
        char *reason = authenticity_judge(policy, &report);
        authentication_report_clear(&report);
        return reason;
}

/* expected NULL: verified; else a part of the reason. */
struct head_case { const char *head, *expected; };

static void check_cases(const struct authenticity_policy *policy, const struct head_case *cases, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                g_autofree char *reason = judge(policy, cases[i].head);
                if (!cases[i].expected)
                        ck_assert_msg(!reason, "case %zu: not verified: %s\n%s", i, reason, cases[i].head);
                else
                        ck_assert_msg(reason && strstr(reason, cases[i].expected), "case %zu: \"%s\", not \"%s\"\n%s", i,
                                      reason ? reason : "verified", cases[i].expected, cases[i].head);
        }
}

static const struct authenticity_policy dkim = { .require = AUTHENTICATION_DKIM, .authserv_id = (char *) ID };
static const struct authenticity_policy spf = { .require = AUTHENTICATION_SPF, .authserv_id = (char *) ID };
static const struct authenticity_policy dmarc = { .require = AUTHENTICATION_DMARC, .authserv_id = (char *) ID };

/* --- what real borders write --- */

START_TEST(fields_of_real_borders)
{
        static const struct head_case cases[] = {
                { "Delivered-To: admin@company.example\r\n"
                  "Received: by 2002:a05:1234:0:b0:1:2 with SMTP id x1csp1; Tue, 15 Jan 2008 09:00:01 -0800 (PST)\r\n"
                  "X-Received: by 2002:a17:902:1 with SMTP id y\r\n"
                  "ARC-Authentication-Results: i=1; " ID "; dkim=fail header.i=@hotfix.example\r\n"
                  "Return-Path: <report@hotfix.example>\r\n"
                  "Received: from mail.hotfix.example (mail.hotfix.example. [192.0.2.5]) by " ID " with ESMTPS id z\r\n"
                  "Received-SPF: pass (company.example: domain of report@hotfix.example designates 192.0.2.5)\r\n"
                  "Authentication-Results: " ID ";\r\n"
                  "       dkim=pass header.i=@hotfix.example header.s=sel1 header.b=\"ab/CD+ef\";\r\n"
                  "       spf=pass (company.example: domain of report@hotfix.example designates 192.0.2.5 as permitted sender)"
                  " smtp.mailfrom=report@hotfix.example;\r\n"
                  "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=hotfix.example\r\n" FROM, NULL },
                { RECEIVED "Authentication-Results: " ID ";\r\n\tdkim=pass header.d=hotfix.example header.s=s header.b=Ab/1+=;\r\n"
                  "\tdmarc=pass (policy=reject) header.from=hotfix.example;\r\n"
                  "\tspf=pass (" ID ": domain of bounce+x=y@hotfix.example designates 2001:db8::1 as permitted sender)"
                  " smtp.mailfrom=bounce+x=y@hotfix.example\r\n" FROM, NULL },
                { "Authentication-Results: " ID ";\r\n\tdmarc=pass (p=none dis=none) header.from=hotfix.example\r\n"
                  "DMARC-Filter: OpenDMARC Filter v1.4.2 " ID " 4A3B\r\n"
                  "Authentication-Results: " ID ";\r\n\tspf=pass smtp.mailfrom=hotfix.example\r\n"
                  "Authentication-Results: " ID ";\r\n\tdkim=pass (2048-bit key; unprotected) header.d=hotfix.example"
                  " header.i=@hotfix.example header.a=rsa-sha256 header.s=mail header.b=AbCd;\r\n\tdkim-atps=neutral\r\n"
                  RECEIVED FROM, NULL },
                { "Authentication-Results: " ID "; arc=none (no signatures found); bimi=skipped (DMARC Policy is not at enforcement);\r\n"
                  " dkim=pass (1024-bit rsa key sha256) header.d=hotfix.example header.i=@hotfix.example header.b=X/y+Z= "
                  "header.a=rsa-sha256 header.s=k1 x-bits=1024;\r\n"
                  " dmarc=pass policy.published-domain-policy=none policy.applied-disposition=none (p=none,d=none) "
                  "header.from=hotfix.example; iprev=pass smtp.remote-ip=192.0.2.5 (mail.hotfix.example);\r\n"
                  " spf=pass smtp.mailfrom=report@hotfix.example smtp.helo=mail.hotfix.example; x-return-mx=pass "
                  "header.domain=hotfix.example policy.is_org=yes (MX Records found: a,b); x-tls=pass smtp.bits=256/256;"
                  " x-vs=clean score=0 state=0\r\n" FROM, NULL },
                { "Authentication-Results: " ID " (amavisd-new); dkim=pass (1024-bit key)\r\n header.d=hotfix.example\r\n" FROM, NULL },
                { "Authentication-Results: " ID " 1; spf=pass(x)smtp.mailfrom=hotfix.example; dkim=pass(p=1)header.d=hotfix.example;"
                  "\r\n dmarc=pass(p=REJECT) header.from=hotfix.example;\r\n" FROM, NULL },
        };
        check_cases(&dmarc, cases, 4); /* in the third, OpenDMARC's own field is the topmost */
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                if (i == 2)
                        continue;
                check_cases(&dkim, &cases[i], 1);
                if (i < 4)
                        check_cases(&spf, &cases[i], 1);
        }
        /* Without an authserv-id nobody knows whose they are. */
        static const struct head_case nameless[] = {
                { "Authentication-Results: spf=pass (sender IP is 192.0.2.5) smtp.mailfrom=hotfix.example; dkim=pass (signature was "
                  "verified) header.d=hotfix.example;dmarc=pass action=none header.from=hotfix.example;compauth=pass reason=100\r\n"
                  FROM, "no Authentication-Results of " ID ", only of spf" },
        };
        check_cases(&dmarc, nameless, 1);
}
END_TEST

/* --- the grammar --- */

START_TEST(grammar_of_a_field)
{
        static const struct head_case cases[] = {
                { AR GOOD_DKIM "\r\n" FROM, NULL },
                { AR GOOD_DKIM "\n" FROM, NULL },
                { "AUTHENTICATION-RESULTS: MX.Company.EXAMPLE; DKIM=PASS HEADER.D=HotFix.Example\r\n" FROM, NULL },
                { "authentication-results:" ID ";dkim=pass header.d=hotfix.example\r\n" FROM, NULL },
                { "Authentication-Results: " ID " 1; " GOOD_DKIM "\r\n" FROM, NULL },
                { "Authentication-Results: " ID "(c)1(c); " GOOD_DKIM "\r\n" FROM, NULL },
                { "Authentication-Results: " ID " 2; " GOOD_DKIM "\r\n" FROM, "cannot be read" },
                { "Authentication-Results: " ID " 1x; " GOOD_DKIM "\r\n" FROM, "cannot be read" },
                { "Authentication-Results: " ID " v1; " GOOD_DKIM "\r\n" FROM, "cannot be read" },
                { "Authentication-Results: " ID " " GOOD_DKIM "\r\n" FROM, "cannot be read" },
                { "Authentication-Results: \"mx.company\\.example\" ; " GOOD_DKIM "\r\n" FROM, NULL },
                { "Authentication-Results:\r\n (a (b \\) ) c) " ID "\r\n\t(d);\r\n dkim (e) = (f)\r\n pass (g)\r\n header (h) . (i) d = "
                  "(j) hotfix.example (k)\r\n" FROM, NULL },
                { AR "dkim/1=pass header.d=hotfix.example\r\n" FROM, NULL },
                { AR "dkim / 1 = pass header.d=hotfix.example\r\n" FROM, NULL },
                { AR "dkim/2=pass header.d=hotfix.example\r\n" FROM, "states no dkim result" },
                { AR "dkim/=pass header.d=hotfix.example\r\n" FROM, "cannot be read" },
                { AR "dkim=pass reason=\"good; (signature)\" header.d=\"hotfix.example\"\r\n" FROM, NULL },
                { AR "dkim=pass header.i=\"a b\"@hotfix.example\r\n" FROM, NULL },
                { AR "dkim=pass header.i=\"x@evil.example\"@hotfix.example\r\n" FROM, NULL },
                { AR "dkim=pass header.i=\"@hotfix.example\"@evil.example\r\n" FROM, "dkim=pass for evil.example" },
                { AR "; ;" GOOD_DKIM ";\r\n" FROM, NULL },
                { AR "none\r\n" FROM, "states no dkim result" },
                { AR "none; " GOOD_DKIM "\r\n" FROM, NULL },
                { "Authentication-Results: " ID "\r\n" FROM, "states no dkim result" },
                { AR "spf=pass smtp.mailfrom=hotfix.example\r\n" FROM, "states no dkim result" },
                { AR "xdkim=pass header.d=hotfix.example\r\n" FROM, "states no dkim result" },
                { AR "dkim-adsp=pass header.d=hotfix.example\r\n" FROM, "states no dkim result" },
                { AR "dkim=pass header.d=hotfix.example (unfinished\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.d=\"hotfix.example\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.d\r\n" FROM, "cannot be read" },
                { AR "dkim=pass =hotfix.example\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.d=hotfix.example)\r\n" FROM, "cannot be read" },
                { AR "dkim=\r\n" FROM, "cannot be read" },
                { AR "dkim=pass a.b=\"c\"header.d=hotfix.example\r\n" FROM, "cannot be read" },
                { AR "(\x07) " GOOD_DKIM "\r\n" FROM, "cannot be read" },
                { AR "(\\\x07) " GOOD_DKIM "\r\n" FROM, "cannot be read" },
                { AR "dkim\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.d=hotfix.example\x01\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.d=hotfix.example\r(x)\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.d=hotfix.example\xFF\r\n" FROM, "cannot be read" },
                { AR "x=y (\xFF\xFE); " GOOD_DKIM "\r\n" FROM, NULL }, /* a comment may quote anything */
                { AR "dkim=pass (dkim=fail header.d=evil.example) header.d=hotfix.example\r\n" FROM, NULL },
                { AR "spf=fail (" GOOD_DKIM ")\r\n" FROM, "states no dkim result" },
                { AR "spf=fail (; " GOOD_DKIM ")\r\n" FROM, "states no dkim result" },
                { AR "spf=fail smtp.mailfrom=\"; " GOOD_DKIM "\"@evil.example\r\n" FROM, "states no dkim result" },
                { AR "spf=fail reason=\"x\\\"; " GOOD_DKIM ";\"\r\n" FROM, "states no dkim result" },
        };
        check_cases(&dkim, cases, G_N_ELEMENTS(cases));
}
END_TEST

START_TEST(bytes_that_no_text_holds)
{
        static const char head[] = "Authentication-Results: mx.company\0.example; dkim=pass header.d=hotfix.example\r\n" FROM;
        static const char inside[] = AR "dkim=pass header.d=hotfix\0.example\r\n" FROM;
        const struct { const char *head; size_t size; const char *expected; } cases[] = {
                { head, sizeof head - 1, "no Authentication-Results of" },
                { inside, sizeof inside - 1, "cannot be read" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct authentication_report report;
                read_head(cases[i].head, cases[i].size, &report);
                g_autofree char *reason = authenticity_judge(&dkim, &report);
                ck_assert_msg(reason && strstr(reason, cases[i].expected), "%s", reason);
                authentication_report_clear(&report);
        }
}
END_TEST

/* A head has no such line ends; this is what the scanner itself makes of them. */
START_TEST(line_ends_that_do_not_fold)
{
        static const char *const wrong[] = { ID ";\n" GOOD_DKIM, ID ";\r\n" GOOD_DKIM, ID ";(\n)" GOOD_DKIM, ID "; a=b c.d=\"\n\"" };
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                struct authentication_field *field = authentication_field_parse(wrong[i], strlen(wrong[i]));
                ck_assert_msg(field && field->broken && field->results->len == 0, "case %zu", i);
                authentication_field_free(field);
        }
        static const char right[] = ID ";\r\n " GOOD_DKIM "\r\n";
        struct authentication_field *field = authentication_field_parse(right, sizeof right - 1);
        ck_assert(field && !field->broken && field->results->len == 1);
        authentication_field_free(field);
        ck_assert_ptr_null(authentication_field_parse("", 0));
}
END_TEST

/* --- whose field it is --- */

START_TEST(the_authserv_id)
{
        static const struct head_case cases[] = {
                { "Authentication-Results: evil." ID "; " GOOD_DKIM "\r\n" FROM, "no Authentication-Results of " ID ", only of evil." },
                { "Authentication-Results: " ID ".evil.example; " GOOD_DKIM "\r\n" FROM, "only of" },
                { "Authentication-Results: company.example; " GOOD_DKIM "\r\n" FROM, "only of company.example" },
                { "Authentication-Results: mx-company.example; " GOOD_DKIM "\r\n" FROM, "only of" },
                { "Authentication-Results: (" ID ") evil.example; " GOOD_DKIM "\r\n" FROM, "only of evil.example" },
                { "Authentication-Results: (" ID "); " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "Authentication-Results: evil.example; x=y (" ID "; " GOOD_DKIM ")\r\n" FROM, "only of evil.example" },
                { "Authentication-Results: mx.c\xD0\xBEmpany.example; " GOOD_DKIM "\r\n" FROM, "only of" }, /* Cyrillic */
                { "Authentication-Results: mx.company.ex\xEF\xBD\x81mple; " GOOD_DKIM "\r\n" FROM, "only of" }, /* full width */
                { "Authentication-Results: mx.company\xE3\x80\x82" "example; " GOOD_DKIM "\r\n" FROM, "only of" },
                { "Authentication-Results: mx.company.\xE2\x80\x8B" "example; " GOOD_DKIM "\r\n" FROM, "only of" }, /* no width */
                { "Authentication-Results: " ID ".; " GOOD_DKIM "\r\n" FROM, "only of" },
                { "Authentication-Results: =?us-ascii?q?mx.company.example?=; " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "Authentication-Results: ; " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "Authentication-Results: \"\"; " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "Authentication-Results : " ID "; " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "X-Authentication-Results: " ID "; " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "ARC-Authentication-Results: i=1; " ID "; " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "Original-Authentication-Results: " ID "; " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "Subject: x\r\n" FROM, "nor of anybody else" },
                { "Subject: x\r\n" FROM "\r\n" AR GOOD_DKIM "\r\n", "nor of anybody else" }, /* in the body */
                { "Subject: x " AR GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { "Subject: x\r\n " AR GOOD_DKIM "\r\n" FROM, "nor of anybody else" }, /* a folded line of another field */
        };
        check_cases(&dkim, cases, G_N_ELEMENTS(cases));
}
END_TEST

/* What a sender chooses, and a border may copy as it came: domains, selectors, addresses. */
START_TEST(borders_that_copy_without_care)
{
        static const struct head_case cases[] = {
                { AR "dkim=pass header.d=hotfix.example(.evil.example header.s=x) header.b=a\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.i=@hotfix.example(.evil.example header.s=x) header.b=a\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.i=\"a b\"@hotfix.example(.evil.example header.s=x) header.b=a\r\n" FROM, "cannot be read" },
                { AR "dkim=pass (1024-bit key) header.d=hotfix.example(.evil.example header.s=x) (y)\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.d=hotfix.example;x=y.evil.example\r\n" FROM, "cannot be read" },
                { AR "dkim=pass header.d=hotfix.example\".evil.example header.s=\"\r\n" FROM, "cannot be read" },
                { AR "dkim=none; spf=pass (domain of \"x) ; " GOOD_DKIM " (\"@evil.example designates 192.0.2.1)\r\n" FROM,
                  "cannot be read" },
                { AR "dkim=none; spf=pass (domain of \"x\\\") ; " GOOD_DKIM " (\"@evil.example designates 192.0.2.1)\r\n" FROM,
                  "cannot be read" },
                { AR GOOD_DKIM " (\"good signature\")\r\n" FROM, NULL },
                { AR "dkim=pass header.d=evil.example header.d=other.example header.i=@hotfix.example\r\n" FROM, "no domain that it names" },
        };
        check_cases(&dkim, cases, G_N_ELEMENTS(cases));
        static const struct head_case twice[] = {
                { AR "spf=pass smtp.mailfrom=evil.example smtp.mailfrom=x smtp.helo=hotfix.example\r\n" FROM, "no domain that it names" },
        };
        check_cases(&spf, twice, 1);
}
END_TEST

static bool is_unclear(const struct authenticity_policy *policy, const char *head)
{
        struct authentication_report report;
        read_head(head, strlen(head), &report);
        bool unclear = authenticity_is_unclear(policy, &report);
        authentication_report_clear(&report);
        return unclear;
}

/* Two servers take in mails; what one of them writes is not undone by a forgery in the name of the other. */
START_TEST(several_ids)
{
        static const struct authenticity_policy two = { .require = AUTHENTICATION_DKIM, .authserv_id = (char *) "mx1.example, mx2.example" };
        static const struct head_case cases[] = {
                { "Authentication-Results: mx1.example; " GOOD_DKIM "\r\n" FROM, NULL },
                { "Authentication-Results: MX2.example; " GOOD_DKIM "\r\n" FROM, NULL },
                { "Authentication-Results: mx2.example; dkim=fail\r\nAuthentication-Results: mx1.example; " GOOD_DKIM "\r\n" FROM,
                  "mx2.example says dkim=fail; 1 more" },
                { "Authentication-Results: mx1.example; dkim=fail\r\nAuthentication-Results: mx2.example; " GOOD_DKIM "\r\n" FROM,
                  "mx1.example says dkim=fail; 1 more" },
                { "Authentication-Results: mx3.example; " GOOD_DKIM "\r\n" FROM, "of mx1.example, mx2.example, only of mx3.example" },
                { "Authentication-Results: \"mx1.example, mx2.example\"; " GOOD_DKIM "\r\n" FROM, "no Authentication-Results of" },
        };
        check_cases(&two, cases, G_N_ELEMENTS(cases));
}
END_TEST

/* Nothing is found against the mail, and nothing for it. */
START_TEST(what_the_border_could_not_find_out)
{
        static const char *const unclear[] = {
                FROM, "Authentication-Results: other.example; dkim=fail\r\n" FROM, AR "dkim=(\r\n" FROM, AR "none\r\n" FROM,
                AR "spf=fail\r\n" FROM, AR "dkim=fail; dkim=temperror\r\n" FROM, AR "dkim=temperror\r\n" RECEIVED AR "dkim=fail\r\n" FROM,
        }, *const clear[] = {
                "Subject: x\r\n", "From: x@evil.example\r\n", AR "dkim=fail\r\n" FROM, AR "dkim=none; spf=temperror\r\n" FROM,
                AR "dkim=permerror\r\n" FROM, AR "dkim=pass header.d=evil.example\r\n" FROM,
                AR "dkim=fail\r\n" AR "dkim=temperror\r\n" FROM, "From: a@b.example, c@d.example\r\n",
        };
        g_autoptr(GPtrArray) trusted = g_ptr_array_new();
        g_ptr_array_add(trusted, (gpointer) "@hotfix.example");
        struct authenticity_policy policy = dkim;
        policy.trusted_senders = trusted;
        for (size_t i = 0; i < G_N_ELEMENTS(unclear); i++)
                ck_assert_msg(is_unclear(&policy, unclear[i]), "clear: %s", unclear[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(clear); i++)
                ck_assert_msg(!is_unclear(&policy, clear[i]), "unclear: %s", clear[i]);
        policy.require = AUTHENTICATION_NONE;
        ck_assert(!is_unclear(&policy, FROM));
}
END_TEST

START_TEST(the_topmost_field_counts)
{
        static const struct head_case cases[] = {
                { AR "dkim=fail header.d=hotfix.example\r\n" RECEIVED AR GOOD_DKIM "\r\n" FROM,
                  "dkim=fail; 1 more of that name stands below, where the sender can write, and does not count" },
                { AR "dkim=none\r\n" RECEIVED AR GOOD_DKIM "\r\n" AR GOOD_DKIM "\r\n" FROM, "2 more of that name stand below" },
                { AR "spf=pass smtp.mailfrom=evil.example\r\n" RECEIVED AR GOOD_DKIM "\r\n" FROM, "states no dkim result; 1 more" },
                { AR "none\r\n" AR GOOD_DKIM "\r\n" FROM, "states no dkim result; 1 more" },
                { AR "dkim=fail\r\n" AR GOOD_DKIM "\r\n" FROM, "dkim=fail; 1 more" }, /* at a border that removes nothing */
                { AR "dkim=(\r\n" AR GOOD_DKIM "\r\n" FROM, "cannot be read; 1 more" },
                { "Authentication-Results: " ID " 99; x=y\r\n" AR GOOD_DKIM "\r\n" FROM, "cannot be read; 1 more" },
                { AR GOOD_DKIM "\r\n" RECEIVED AR "dkim=fail\r\n" FROM, NULL },
                { "Authentication-Results: inner.example; dkim=fail\r\n" RECEIVED AR GOOD_DKIM "\r\n" RECEIVED FROM, NULL },
                { "Authentication-Results: inner.example; " GOOD_DKIM "\r\n" RECEIVED AR "dkim=fail\r\n" FROM, "says dkim=fail" },
                /* a line that is no field, where the head ends for others */
                { "Subject: x\r\nno field\r\n" AR GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                { AR GOOD_DKIM "\r\nno field\r\n" AR "dkim=fail\r\n" FROM, NULL },
                { "Subject: x\r\nX-Line: a\rAuthentication-Results: " ID "; " GOOD_DKIM "\r\n" FROM, "nor of anybody else" },
                /* Programs of the border that write a field each look no different. */
                { AR "spf=fail\r\n" AR GOOD_DKIM "\r\n" RECEIVED FROM, "states no dkim result; 1 more" },
                { AR "spf=fail\r\n" AR "dmarc=fail\r\n" AR GOOD_DKIM "\r\n" FROM, "states no dkim result; 2 more" },
                { AR GOOD_DKIM "\r\n" AR "spf=fail\r\n" AR "dkim=fail\r\n" RECEIVED FROM, NULL },
        };
        check_cases(&dkim, cases, G_N_ELEMENTS(cases));
}
END_TEST

/* --- the methods --- */

START_TEST(results_of_dkim)
{
        static const char *const words[] = { "none", "fail", "policy", "neutral", "temperror", "permerror", "passed", "hardfail" };
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                g_autofree char *head = g_strdup_printf(AR "dkim=%s header.d=hotfix.example\r\n" FROM, words[i]);
                g_autofree char *expected = g_strdup_printf(ID " says dkim=%s", words[i]);
                check_cases(&dkim, &(struct head_case){ head, expected }, 1);
        }
        static const struct head_case cases[] = {
                { AR "dkim=fail header.d=hotfix.example; dkim=pass header.d=list.example; " GOOD_DKIM "\r\n" FROM, NULL },
                { AR "dkim=fail header.d=hotfix.example; dkim=pass header.d=evil.example\r\n" FROM,
                  "dkim=pass for evil.example, and From is of hotfix.example" },
                { AR "dkim=pass header.d=mail.hotfix.example\r\n" FROM, NULL },
                { AR "dkim=pass header.d=hotfix.example\r\nFrom: a@news.hotfix.example\r\n", NULL },
                { AR "dkim=pass header.d=example\r\n" FROM, "dkim=pass for example" },
                { AR "dkim=pass header.d=evil-hotfix.example\r\n" FROM, "dkim=pass for evil-hotfix.example" },
                { AR "dkim=pass header.d=other.example\r\n" FROM, "for other.example" },
                { AR "dkim=pass header.d=a.hotfix.example\r\nFrom: x@b.hotfix.example\r\n", "for a.hotfix.example" },
                { AR "dkim=pass header.d=xhotfix.example\r\n" FROM, "for xhotfix.example" },
                { AR "dkim=pass header.d=hotfix.example.evil.example\r\n" FROM, "dkim=pass for" },
                { AR "dkim=pass header.d=.hotfix.example\r\n" FROM, "no domain that it names" },
                { AR "dkim=pass header.d=\"evil.example hotfix.example\"\r\n" FROM, "no domain that it names" },
                { AR "dkim=pass header.d=evil.example header.d=hotfix.example\r\n" FROM, "no domain that it names" },
                { AR "dkim=pass header.d=evil.example header.i=@hotfix.example\r\n" FROM, "for evil.example" },
                { AR "dkim=pass header.from=hotfix.example\r\n" FROM, "no domain that it names" },
                { AR "dkim=pass smtp.d=hotfix.example d=hotfix.example\r\n" FROM, "no domain that it names" },
                { AR "dkim=pass\r\n" FROM, "no domain that it names" },
                { AR "dkim=pass header.d=xn--bcher-kva.example\r\nFrom: a@b\xC3\xBC" "cher.example\r\n", NULL },
                { AR "dkim=pass header.d=b\xC3\xBC" "cher.example\r\nFrom: a@xn--bcher-kva.example\r\n", NULL },
                { AR "dkim=pass header.d=h\xD0\xBEtfix.example\r\n" FROM, "dkim=pass for xn--" }, /* Cyrillic */
        };
        check_cases(&dkim, cases, G_N_ELEMENTS(cases));
}
END_TEST

START_TEST(results_of_spf)
{
        static const struct head_case cases[] = {
                { AR "spf=pass smtp.mailfrom=hotfix.example\r\n" FROM, NULL },
                { AR "spf=pass smtp.mailfrom=bounce@mail.hotfix.example\r\n" FROM, NULL },
                { AR "spf=pass smtp.mailfrom=SRS0=x=y=hotfix.example=r@evil.example\r\n" FROM, "spf=pass for evil.example" },
                { AR "spf=pass smtp.mailfrom=\"a@hotfix.example\"@evil.example\r\n" FROM, "spf=pass for evil.example" },
                { AR "spf=pass smtp.mailfrom=evil.example smtp.helo=hotfix.example\r\n" FROM, "spf=pass for evil.example" },
                { AR "spf=pass smtp.helo=mail.hotfix.example\r\n" FROM, NULL },
                { AR "spf=pass smtp.mailfrom=<> smtp.helo=mail.hotfix.example\r\n" FROM, NULL },
                { AR "spf=pass smtp.mailfrom=\"\" smtp.helo=evil.example\r\n" FROM, "spf=pass for evil.example" },
                { AR "spf=pass header.from=hotfix.example\r\n" FROM, "no domain that it names" },
                { AR "spf=softfail smtp.mailfrom=hotfix.example\r\n" FROM, "spf=softfail" },
                { AR "spf=neutral smtp.mailfrom=hotfix.example\r\n" FROM, "spf=neutral" },
                { AR "spf=none\r\n" FROM, "spf=none" },
                { AR GOOD_DKIM "\r\n" FROM, "states no spf result" },
        };
        check_cases(&spf, cases, G_N_ELEMENTS(cases));
}
END_TEST

START_TEST(results_of_dmarc)
{
        static const struct head_case cases[] = {
                { AR "dmarc=pass header.from=hotfix.example\r\n" FROM, NULL },
                { AR "dmarc=pass header.from=HOTFIX.example\r\n" FROM, NULL },
                { AR "dmarc=pass header.from=<report@hotfix.example> (p=none)\r\n" FROM, NULL },
                { AR "dmarc=pass header.from=<hotfix.example\r\n" FROM, "dmarc=pass for no domain" },
                { AR "dmarc=pass header.from=<>\r\n" FROM, "dmarc=pass for no domain" },
                { AR "dmarc=pass header.from=mail.hotfix.example\r\n" FROM, "dmarc=pass for mail.hotfix.example" },
                { AR "dmarc=pass header.from=evil.example\r\n" FROM, "dmarc=pass for evil.example, and From is of hotfix.example" },
                { AR "dmarc=pass\r\n" FROM, "dmarc=pass for no domain" },
                { AR "dmarc=pass header.from=hotfix.example; dmarc=fail header.from=evil.example\r\n" FROM, "more than one dmarc" },
                { AR "dmarc=bestguesspass header.from=hotfix.example\r\n" FROM, "dmarc=bestguesspass" },
                { AR "dmarc=none header.from=hotfix.example\r\n" FROM, "dmarc=none" },
                { AR GOOD_DKIM "; spf=pass smtp.mailfrom=hotfix.example\r\n" FROM, "states no dmarc result" },
        };
        check_cases(&dmarc, cases, G_N_ELEMENTS(cases));
}
END_TEST

/* --- From --- */

#define WITH(from) AR "dkim=pass header.d=hotfix.example\r\nFrom: " from "\r\n", 

START_TEST(the_sender)
{
        static const struct head_case cases[] = {
                { WITH("report@hotfix.example") NULL },
                { WITH("<report@hotfix.example>") NULL },
                { WITH("\"Report, HotFix\" <report@hotfix.example>") NULL },
                { WITH("=?UTF-8?B?44Ob44OD44OI?= <report@hotfix.example>") NULL },
                { WITH("HotFix (the) Report <report@hotfix.example> (desk)") NULL },
                { WITH("J. Q. Public <report@hotfix.example>") NULL },
                { WITH("(c) report (c) @ (c) hotfix.example (c)") NULL },
                { WITH("\xA5\xDB\xA5\xC3 <report@hotfix.example>") NULL }, /* a name in a charset of its own */
                { WITH("\"evil@evil.example\" <report@hotfix.example>") NULL },
                { WITH("\r\n \"HotFix\"\r\n\t<report@hotfix.example>") NULL },
                { WITH("\"report@hotfix.example\" <evil@evil.example>") "From is of evil.example" },
                { WITH("=?utf-8?q?report=40hotfix.example=3E?= <evil@evil.example>") "From is of evil.example" },
                { WITH("\"<report@hotfix.example>\" <evil@evil.example>") "From is of evil.example" },
                { WITH("(report@hotfix.example) evil@evil.example") "From is of evil.example" },
                { WITH("\"report@hotfix.example\"@evil.example") "From is of evil.example" },
                { WITH("=?utf-8?q?report=40hotfix.example?=") "not an address" },
                { WITH("report@hotfix.example, evil@evil.example") "more than one mailbox" },
                { WITH("HotFix <report@hotfix.example>, evil@evil.example") "more than one mailbox" },
                { WITH("evil@evil.example, HotFix <report@hotfix.example>") "more than one mailbox" },
                { WITH("HotFix <report@hotfix.example>,") "more than one mailbox" },
                { WITH("Reports: report@hotfix.example;") "a group" },
                { WITH("Reports: ;") "a group" },
                { WITH("<@evil.example:report@hotfix.example>") "not an address" },
                { WITH("HotFix <report@hotfix.example> <evil@evil.example>") "not an address" },
                { WITH("report@hotfix.example <evil@evil.example>") "not an address" },
                { WITH("report@hotfix.example evil") "not an address" },
                { WITH("report@hotfix.example@evil.example") "not an address" },
                { WITH("report@[192.0.2.1]") "not an address" },
                { WITH("report@hotfix.example.") "not an address" },
                { WITH("report..x@hotfix.example") "not an address" },
                { WITH("report@") "not an address" },
                { WITH("@hotfix.example") "not an address" },
                { WITH("HotFix Report") "not an address" },
                { WITH("HotFix report@hotfix.example") "not an address" },
                { WITH("HotFix <report@hotfix.example") "not an address" },
                { WITH("\"HotFix <report@hotfix.example>") "not an address" },
                { WITH("") "not an address" },
                { WITH("report@hotfix.example\x1B$B") "not an address" },
                { WITH("report@hot\xFF" "fix.example") "not an address" },
                { AR GOOD_DKIM "\r\nSubject: x\r\n", "no From field" },
                { AR GOOD_DKIM "\r\n" FROM "From: evil@evil.example\r\n", "several From fields" },
                { AR GOOD_DKIM "\r\n" FROM "Subject: x\r\nfrom : evil@evil.example\r\n", "several From fields" },
                { AR GOOD_DKIM "\r\n" FROM FROM FROM, "several From fields" },
        };
        check_cases(&dkim, cases, G_N_ELEMENTS(cases));
}
END_TEST

START_TEST(trusted_senders)
{
        g_autoptr(GPtrArray) list = g_ptr_array_new();
        g_ptr_array_add(list, (gpointer) "report@hotfix.example");
        g_ptr_array_add(list, (gpointer) "@b\xC3\xBC" "cher.example");
        struct authenticity_policy policy = { .trusted_senders = list };
        static const struct head_case cases[] = {
                { FROM, NULL },
                { "From: REPORT@HotFix.Example\r\n", NULL },
                { "From: \"report\"@hotfix.example\r\n", NULL },
                { "From: x@xn--bcher-kva.example\r\n", NULL },
                { "From: x@B\xC3\x9C" "CHER.example\r\n", NULL },
                { "From: other@hotfix.example\r\n", "other@hotfix.example is not among trusted-senders" },
                { "From: report@sub.hotfix.example\r\n", "not among" },
                { "From: report@evil-hotfix.example\r\n", "not among" },
                { "From: report@hotfix.example.evil.example\r\n", "not among" },
                { "From: xreport@hotfix.example\r\n", "not among" },
                { "From: x@sub.xn--bcher-kva.example\r\n", "not among" },
                { "From: x@bucher.example\r\n", "not among" },
                { "From: \"report@hotfix.example\"@evil.example\r\n", "not among" },
                { "From: report@h\xD0\xBEtfix.example\r\n", "not among" },
                { "From: report@hotfix.example <x@evil.example>\r\n", "not an address" },
                { "Subject: x\r\n", "no From field" },
        };
        check_cases(&policy, cases, G_N_ELEMENTS(cases));
        policy.require = AUTHENTICATION_DKIM;
        policy.authserv_id = (char *) ID;
        static const struct head_case both[] = {
                { AR GOOD_DKIM "\r\n" FROM, NULL },
                { AR "dkim=pass header.d=evil.example\r\n" FROM, "for evil.example" },
                { AR "dkim=pass header.d=evil.example\r\nFrom: report@evil.example\r\n", "not among" },
                { FROM, "no Authentication-Results of" },
        };
        check_cases(&policy, both, G_N_ELEMENTS(both));
}
END_TEST

START_TEST(nothing_asked_for)
{
        static const struct authenticity_policy none = { .authserv_id = (char *) ID };
        ck_assert(!authenticity_asks(&none));
        static const struct head_case cases[] = { { "Subject: x\r\n", NULL }, { "\r\n", NULL }, { AR "dkim=fail\r\n" FROM FROM, NULL } };
        check_cases(&none, cases, G_N_ELEMENTS(cases));
        g_autoptr(GPtrArray) empty = g_ptr_array_new();
        struct authenticity_policy policy = { .trusted_senders = empty };
        ck_assert(!authenticity_asks(&policy));
        /* A report that a broken worker left out verifies nothing. */
        struct authentication_report report = { 0 };
        g_autofree char *reason = authenticity_judge(&dkim, &report);
        ck_assert_str_eq(reason, "the mail has no From field");
        struct authenticity_policy incomplete = { .require = AUTHENTICATION_DKIM };
        check_cases(&incomplete, (const struct head_case[]){ { AR GOOD_DKIM "\r\n" FROM, "no authserv-id is configured" } }, 1);
}
END_TEST

/* What a reason quotes comes from the mail, and ends in logs. */
START_TEST(reasons_are_one_clean_line)
{
        g_autofree char *long_word = g_strnfill(1000, 'x');
        g_autofree char *head = g_strdup_printf("Authentication-Results: \"a\tb%s\"; x=y\r\n" FROM, long_word);
        g_autofree char *reason = judge(&dkim, head);
        ck_assert(!strpbrk(reason, "\t\r\n"));
        ck_assert_int_le(g_utf8_strlen(reason, -1), 600);
        g_autofree char *second = judge(&dkim, AR "dkim=pass header.d=\"a\tb\"\r\n" FROM);
        ck_assert(strstr(second, "no domain that it names"));
}
END_TEST

/* --- limits and splits --- */

static char *many(const char *before, const char *what, unsigned count, const char *after)
{
        GString *text = g_string_new(before);
        for (unsigned i = 0; i < count; i++)
                g_string_append(text, what);
        g_string_append(text, after);
        return g_string_free(text, FALSE);
}

START_TEST(limits)
{
        for (unsigned more = 0; more <= 1; more++) {
                const char *broken = more ? "cannot be read" : NULL;
                g_autofree char *results = many(AR, "x=y; ", LIMIT_AUTHENTICATION_RESULTS - 1 + more, GOOD_DKIM "\r\n" FROM);
                check_cases(&dkim, &(struct head_case){ results, broken }, 1);
                g_autofree char *properties = many(AR "dkim=pass", " a.b=c", LIMIT_AUTHENTICATION_PROPERTIES - 1 + more,
                                                   " header.d=hotfix.example\r\n" FROM);
                check_cases(&dkim, &(struct head_case){ properties, broken }, 1);
                g_autofree char *value = many(AR GOOD_DKIM " a.b=", "x", LIMIT_AUTHENTICATION_VALUE_BYTES + more, "\r\n" FROM);
                check_cases(&dkim, &(struct head_case){ value, broken }, 1);
                g_autofree char *quoted = many(AR GOOD_DKIM " a.b=\"", "x", LIMIT_AUTHENTICATION_VALUE_BYTES + more, "\"\r\n" FROM);
                check_cases(&dkim, &(struct head_case){ quoted, broken }, 1);
                g_autofree char *fields = many("", "Authentication-Results: a; none\r\n", LIMIT_AUTHENTICATION_FIELDS - 1 + more,
                                               AR GOOD_DKIM "\r\n" FROM);
                check_cases(&dkim, &(struct head_case){ fields, more ? "only of a, a, a" : NULL }, 1);
                g_autofree char *deep = many(AR GOOD_DKIM " ", "(", 100 + more, ""), *closed = many(deep, ")", 100 + more, "\r\n" FROM);
                check_cases(&dkim, &(struct head_case){ closed, broken }, 1);
                size_t fixed = strlen(" " ID "; " GOOD_DKIM " \r\n");
                g_autofree char *large = many(AR GOOD_DKIM " ", " ", LIMIT_HEADER_VALUE_BYTES - (unsigned) fixed + more, "\r\n" FROM);
                check_cases(&dkim, &(struct head_case){ large, broken }, 1);
                g_autofree char *sender = many(AR GOOD_DKIM "\r\nFrom: ", "x", LIMIT_AUTHENTICATION_VALUE_BYTES + more,
                                               "@hotfix.example\r\n");
                check_cases(&dkim, &(struct head_case){ sender, more ? "not an address" : NULL }, 1);
        }
        /* A field that is broken is still the topmost one. */
        g_autofree char *blown = many(AR, "x=y; ", 1000, "\r\n" AR GOOD_DKIM "\r\n" FROM);
        check_cases(&dkim, &(struct head_case){ blown, "cannot be read; 1 more" }, 1);
}
END_TEST

/* Folding, and any other white space or comment, may stand between any two words; only behind a value that is not in quotes
 * a comment needs white space. */
START_TEST(folded_at_every_place)
{
        static const char *const words[] = { ID, ";", "spf", "=", "fail", " ", "smtp", ".", "mailfrom", "=", "\"a b\"@evil.example",
                                             ";", "dkim", "/", "1", "=", "pass", " ", "reason", "=", "\"(;)\"", " ", "header",
                                             ".", "d", "=", "hotfix.example" };
        static const char *const gaps[] = { " ", "\t", "\r\n ", "\n\t", "(c)", "\r\n (c\r\n d)\r\n ", "(a(b)\\))" };
        for (size_t gap = 0; gap < G_N_ELEMENTS(gaps); gap++)
                for (size_t at = 0; at <= G_N_ELEMENTS(words); at++) {
                        g_autoptr(GString) head = g_string_new("Authentication-Results:");
                        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                                g_string_append(head, i == at ? gaps[gap] : "");
                                g_string_append(head, words[i]);
                        }
                        g_string_append_printf(head, "%s\r\n%s", at == G_N_ELEMENTS(words) ? gaps[gap] : "", FROM);
                        bool is_glued = *gaps[gap] == '(' && at > 1 && g_str_has_suffix(words[at - 1], ".example"); /* a value */
                        check_cases(&dkim, &(struct head_case){ head->str, is_glued ? "cannot be read" : NULL }, 1);
                }
}
END_TEST

/* Cut anywhere, a head that fails never becomes one that passes, and nothing is read beyond the cut. */
START_TEST(cut_at_every_place)
{
        static const char head[] = AR "dkim=fail (a \"b\") header.d=hotfix.example; spf=pass smtp.mailfrom=\"x; " GOOD_DKIM "\"@evil.example\r\n"
                                   RECEIVED AR GOOD_DKIM "\r\n" FROM;
        for (size_t size = 0; size <= sizeof head - 1; size++) {
                struct authentication_report report;
                read_head(head, size, &report);
                g_autofree char *reason = authenticity_judge(&dkim, &report);
                ck_assert_msg(reason != NULL, "cut at %zu it is verified", size);
                authentication_report_clear(&report);
        }
}
END_TEST

/* --- the pipe --- */

struct lie { const char *texts; size_t texts_size; const char *numbers; size_t numbers_size; };

static int unpack(const struct lie *lie, size_t texts_size, size_t numbers_size, size_t values_max, struct authentication_report *ret_report)
{
        struct unpacker u;
        g_autoptr(GString) out = packed_bytes(lie->texts, texts_size, lie->numbers, numbers_size, 0);
        int r = unpacker_init(&u, g_memdup2(out->str, out->len), out->len, values_max);
        if (r == 0)
                r = authentication_report_unpack(&u, ret_report);
        else
                ret_report->fields = NULL;
        if (r == 0 && !unpacker_is_done(&u))
                r = 1;
        unpacker_clear(&u);
        return r;
}

/* The texts, each with a line's end behind it, and the numbers. Those below 128 are one byte; that of a text is its length
 * and one, 0 is no text. */
START_TEST(reports_that_no_worker_sends)
{
#define LIE(texts, numbers) { texts, sizeof texts - 1, numbers, sizeof numbers - 1 }
        static const struct lie good[] = {
                LIE("", "\0\0"), LIE("", "\4\0"), LIE("a\nb\n", "\1\2\2\0"), LIE("a\n", "\0\1\2\0\0"), LIE("a\n", "\0\1\2\1\0"),
                LIE("a\nb\nc\n\nd\n\n", "\0\1\2\0\1\2\2\1\1\2\1"),
        }, wrong[] = {
                LIE("", ""), LIE("", "\5\0"), LIE("b\n", "\1\0\2\0"), LIE("\nb\n", "\1\1\2\0"), LIE("a\n", "\1\2\1\0"),
                LIE("a\n\xFF\n", "\1\2\2\0"),
                LIE("\n", "\0\1\1\0\0"),                        /* an empty id */
                LIE("", "\0\1\0\0\0"),                          /* none */
                LIE("a\n", "\0\1\2\2\0"),                       /* broken: 2 */
                LIE("a\nb\nc\n", "\0\1\2\1\1\2\2\0"),           /* broken, and a result */
                LIE("a\n\nc\n", "\0\1\2\0\1\1\2\0"),            /* no method */
                LIE("a\nb\nc\n\n\n\n", "\0\1\2\0\1\2\2\1\1\1\1"), /* a property without a name */
                LIE("a\nb\nc\n\nd\n", "\0\1\2\0\1\2\2\1\1\2\0"), /* without a value */
                LIE("a\nb\nc\n", "\0\1\2\0\1\2\2\21"),          /* 17 properties */
                LIE("a\n", "\0\1\2\0\41"),                      /* 33 results */
                LIE("", "\0\25"),                               /* 21 fields */
        };
        struct authentication_report report;
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                const struct lie *g = &good[i];
                ck_assert_msg(unpack(g, g->texts_size, g->numbers_size, 100, &report) == 0, "not taken: %zu", i);
                authentication_report_clear(&report);
                /* Cut anywhere, it is refused; and so it is if it has too many values. */
                for (size_t size = 0; size < g->texts_size; size++) {
                        ck_assert_int_eq(unpack(g, size, g->numbers_size, 100, &report), -ERR_MALFORMED);
                        ck_assert_ptr_null(report.fields);
                }
                for (size_t size = 0; size < g->numbers_size; size++) {
                        ck_assert_int_eq(unpack(g, g->texts_size, size, 100, &report), -ERR_MALFORMED);
                        ck_assert_ptr_null(report.fields);
                }
                ck_assert_int_eq(unpack(g, g->texts_size, g->numbers_size, 1, &report), -ERR_LIMIT);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                ck_assert_msg(unpack(&wrong[i], wrong[i].texts_size, wrong[i].numbers_size, 100, &report) == -ERR_MALFORMED,
                              "taken: %zu", i);
                ck_assert_ptr_null(report.fields);
        }
        g_autofree char *long_id = g_strnfill(2 * LIMIT_AUTHENTICATION_VALUE_BYTES + 2, 'a');
        long_id[2 * LIMIT_AUTHENTICATION_VALUE_BYTES + 1] = '\n';
        const struct lie long_one = { long_id, strlen(long_id), "\0\1\x82\x10", 4 };
        ck_assert_int_eq(unpack(&long_one, long_one.texts_size, long_one.numbers_size, 100, &report), -ERR_MALFORMED);
}
END_TEST

START_TEST(reader_reports_mails)
{
        static const char mail[] = AR GOOD_DKIM "\r\n" FROM "Subject: x\r\n\r\nHello\r\n";
        struct reader_result result;
        reader_prepare();
        reader_read(mail, sizeof mail - 1, READER_MAIL, &result);
        g_autofree char *reason = authenticity_judge(&dkim, &result.authentication);
        ck_assert_msg(!reason, "%s", reason);
        reader_result_clear(&result);
        reader_read("HotFix", 6, READER_TEXT, &result);
        ck_assert_int_eq(result.authentication.from, AUTHENTICATION_FROM_NONE);
        ck_assert_ptr_null(result.authentication.fields);
        reader_result_clear(&result);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("authenticity");
        TCase *tcase = tcase_create("heads");
        tcase_add_test(tcase, fields_of_real_borders);
        tcase_add_test(tcase, grammar_of_a_field);
        tcase_add_test(tcase, bytes_that_no_text_holds);
        tcase_add_test(tcase, line_ends_that_do_not_fold);
        tcase_add_test(tcase, the_authserv_id);
        tcase_add_test(tcase, the_topmost_field_counts);
        tcase_add_test(tcase, borders_that_copy_without_care);
        tcase_add_test(tcase, what_the_border_could_not_find_out);
        tcase_add_test(tcase, several_ids);
        tcase_add_test(tcase, results_of_dkim);
        tcase_add_test(tcase, results_of_spf);
        tcase_add_test(tcase, results_of_dmarc);
        tcase_add_test(tcase, the_sender);
        tcase_add_test(tcase, trusted_senders);
        tcase_add_test(tcase, nothing_asked_for);
        tcase_add_test(tcase, reasons_are_one_clean_line);
        tcase_add_test(tcase, limits);
        tcase_add_test(tcase, folded_at_every_place);
        tcase_add_test(tcase, cut_at_every_place);
        tcase_add_test(tcase, reports_that_no_worker_sends);
        tcase_add_test(tcase, reader_reports_mails);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
