/* SPDX-License-Identifier: MIT */
/* What mails may carry, read from what is stored: each mail's own bytes, and the content that it brought. */
#include <string.h>

#include "daemon/attachment.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;
static struct attachment_context context;
static struct error err;

static void setup(void)
{
        kit_open(&kit);
        context = (struct attachment_context) { .wake = { -1, -1, NULL }, .db = kit.db };
        err = (struct error) ERROR_INIT;
        /* 1 first, 2 the same in other bytes, 3 a variant, 4 a revision, 5 no bulletin */
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_LOW, URGENCY_EARLY, "一", "a"), NULL);
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_LOW, URGENCY_EARLY, "一", "b"), NULL);
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "二", "c"), NULL);
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-10-02", SEVERITY_CRITICAL, URGENCY_EARLY, "三", "d"), NULL);
        kit_commit(&kit, kit_unreadable(&kit, -ERR_WORKER_TIMEOUT, "x"), NULL);
}

static void teardown(void)
{
        error_clear(&err);
        kit_close(&kit);
}

START_TEST(the_original_is_what_came)
{
        static const char *const salts[] = { " a\r\n", " b\r\n", " c\r\n", " d\r\n", "bytes of x" };
        for (size_t i = 0; i < G_N_ELEMENTS(salts); i++) {
                g_autofree char *data = NULL;
                size_t size = 0;
                ck_assert_int_eq(attachment_original_read(&context, (int64_t) i + 1, &data, &size, &err), 0);
                g_autofree char *text = g_strndup(data, size);
                ck_assert_msg(g_str_has_suffix(text, salts[i]), "%s", text);
        }
        char *data = NULL;
        size_t size = 0;
        ck_assert_int_eq(attachment_original_read(&context, 99, &data, &size, &err), -ERR_NOT_FOUND);
        ck_assert_ptr_null(data);
}
END_TEST

START_TEST(the_csaf_document_is_of_that_mail)
{
        static const struct { const char *title, *version; } expected[] = {
                { "MS07-901: 一", "1" }, { "MS07-901: 一", "1" }, { "MS07-901: 二", "1" }, { "MS07-901: 三", "2" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                g_autofree char *data = NULL;
                size_t size = 0;
                ck_assert_msg(attachment_csaf_read(&context, (int64_t) i + 1, &data, &size, &err) == 0, "%s", error_text(&err));
                ck_assert_uint_eq(size, strlen(data));
                g_autofree char *title = g_strdup_printf("\"title\":\"%s\"", expected[i].title);
                g_autofree char *version = g_strdup_printf("\"version\":\"%s\"", expected[i].version);
                ck_assert_msg(strstr(data, title) != NULL, "%zu: %s", i, data);
                ck_assert_msg(strstr(data, version) != NULL, "%zu: %s", i, data);
        }
        for (int64_t id = 5; id < 7; id++) {
                char *data = NULL;
                size_t size = 0;
                ck_assert_int_eq(attachment_csaf_read(&context, id, &data, &size, &err), -ERR_NOT_FOUND);
                ck_assert_ptr_null(data);
                error_clear(&err);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("attachment");
        TCase *c = tcase_create("attachment");
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, the_original_is_what_came);
        tcase_add_test(c, the_csaf_document_is_of_that_mail);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
