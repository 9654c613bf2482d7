/* SPDX-License-Identifier: MIT */
/*
 * Mails cut at every byte, as a connection that breaks or a program with a bound leaves them: each gives valid JSON or a
 * refusal with a reason, and never another severity or urgency than the whole mail states.
 */
#include <glib.h>
#include <jansson.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "ingest/reader.h"
#include "tests/support.h"

struct expected {
        const char *path, *severity, *urgency;
};

static const struct expected mails[] = {
        { "mail/charsets/iso2022jp-vendor-characters.eml", "critical", "immediate" },
        { "mail/charsets/utf8-preface-before-cp932.eml", "critical", "immediate" },
        { "mail/charsets/iso2022jp-escapes-lost.eml", "important", "early" },
        { "mail/mime/base64-in-chunks-and-a-footer.eml", "critical", "early" },
        { "mail/mime/boundary-is-prefix-and-no-end.eml", "low", "consider" },
        { "mail/mime/uuencoded-page-in-text.eml", "critical", "immediate" },
        { "mail/mime/saved-page-as-mht.eml", "critical", "immediate" },
};

/* Undetermined, or missing, or what the whole mail says. */
static void expect_value(const json_t *bulletin, const char *key, const char *value, size_t size)
{
        const char *is = json_string_value(json_object_get(json_object_get(bulletin, key), "value"));
        ck_assert_msg(!is || strcmp(is, value) == 0, "cut at %zu: %s is %s, not %s", size, key, is, value);
}

static void check_cut(const char *data, size_t size, const struct expected *expected)
{
        g_autofree char *copy = g_memdup2(data, size + 1); /* so that a byte read too many is noticed */
        struct reader_result result;
        reader_read(copy, size, READER_MAIL, &result);
        if (!result.bulletin) {
                ck_assert_ptr_nonnull(result.reason);
                reader_result_clear(&result);
                return;
        }
        json_t *bulletin = bulletin_to_json(result.bulletin);
        char *text = bulletin ? json_dumps(bulletin, 0) : NULL;
        ck_assert_ptr_nonnull(text);
        ck_assert(g_utf8_validate(text, -1, NULL));
        ck_assert(g_utf8_validate(result.text, -1, NULL));
        expect_value(bulletin, "severity", expected->severity, size);
        expect_value(bulletin, "urgency", expected->urgency, size);
        free(text);
        json_decref(bulletin);
        reader_result_clear(&result);
}

START_TEST(test_cut_anywhere)
{
        g_autofree char *path = support_source_path(mails[_i].path);
        size_t size;
        g_autofree char *data = support_read_file(path, &size);
        reader_prepare();
        for (size_t cut = 0; cut <= size; cut++)
                check_cut(data, cut, &mails[_i]);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("cut_mails");
        TCase *tcase = tcase_create("cut");
        tcase_add_loop_test(tcase, test_cut_anywhere, 0, G_N_ELEMENTS(mails));
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
