/* SPDX-License-Identifier: MIT */
/* The packed form of a bulletin says what its JSON says, and nothing that its JSON could not. */
#include "common/bulletin_pack.h"

#include <string.h>

#include "common/bulletin_json.h"
#include "common/limits.h"
#include "tests/support.h"

#define VALUES_MAX 400000u

static GString *pack(const struct bulletin *b)
{
        struct packer p = { .bytes = g_string_new(NULL) };
        bulletin_pack(&p, b);
        return p.bytes;
}

/* Of bytes at the very end of their memory. */
static int unpack(const char *bytes, size_t size, struct bulletin **ret_bulletin, struct error *err)
{
        g_autofree char *exact = g_memdup2(bytes, size);
        struct unpacker u;
        unpacker_init(&u, exact ? exact : "", size, VALUES_MAX);
        int r = bulletin_unpack(&u, ret_bulletin, err);
        if (r == 0 && !unpacker_is_done(&u)) {
                bulletin_free(*ret_bulletin);
                return 1;
        }
        return r;
}

/* The same bulletin by way of its JSON and of its packed form. */
static void require_same(const struct bulletin *b)
{
        g_autofree char *text = bulletin_to_text(b);
        g_autoptr(GString) bytes = pack(b);
        struct bulletin *by_pack = NULL, *by_json = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(unpack(bytes->str, bytes->len, &by_pack, &err) == 0, "%s: %s", error_text(&err), text);
        ck_assert_int_eq(bulletin_from_text(text, strlen(text), &by_json, NULL), 0);
        g_autofree char *a = bulletin_to_text(by_pack), *c = bulletin_to_text(by_json);
        ck_assert_str_eq(a, c);
        ck_assert_str_eq(a, text);
        g_autoptr(GString) again = pack(by_pack), other = pack(by_json);
        ck_assert(g_string_equal(bytes, again) && g_string_equal(bytes, other));
        bulletin_free(by_pack);
        bulletin_free(by_json);
}

static struct bulletin *make_full(void)
{
        struct bulletin *b = bulletin_new();
        b->feed = g_strdup("hotfix-report");
        b->kind = BULLETIN_ALERT;
        b->id = g_strdup("MS07-099");
        g_ptr_array_add(b->kbs, g_strdup("931906"));
        g_strlcpy(b->edition, "2007-05-11", BULLETIN_DATE_SIZE);
        g_strlcpy(b->updated, "2007-05-12", BULLETIN_DATE_SIZE);
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, SEVERITY_CRITICAL, "1(緊急)", NULL);
        bulletin_set_field(b, FIELD_URGENCY, BASIS_INFERRED, URGENCY_EARLY, NULL, "by its label");
        bulletin_set_undetermined(b, FIELD_RESTART, "たぶん", "no known value");
        bulletin_set_field(b, FIELD_IMPACT_SPOOFING, BASIS_STATED, ANSWER_YES, "○", NULL);
        b->title = g_strdup("題名 \"quoted\" \\ \n second line");
        b->vendor_title = g_strdup("");
        g_ptr_array_add(b->supersedes, g_strdup("MS06-001"));
        g_ptr_array_add(b->cves, g_strdup("CVE-2007-0001"));
        g_ptr_array_add(b->affected, affected_new("部品", NULL));
        struct lab_test *test = lab_test_new("Windows");
        choice_set(&test->result, BASIS_STATED, TEST_PARTIAL, "△", NULL);
        g_ptr_array_add(b->tests, test);
        g_ptr_array_add(b->tests, lab_test_new(NULL));
        g_ptr_array_add(b->downloads, download_new("Windows", "更新", NULL));
        struct package *package = package_new("Windows");
        package->file = package_file_new("a.exe", "2007-05-11", "1.0", 1234567, NULL, NULL);
        g_ptr_array_add(package->files, package_file_new("b.dll", NULL, "5.1", G_MAXINT64, "部品", "%windir%"));
        g_ptr_array_add(package->files, package_file_new(NULL, NULL, NULL, -1, NULL, NULL));
        g_ptr_array_add(b->packages, package);
        struct deployment *deployment = deployment_new("更新", "Windows");
        deployment->minutes[0] = 0;
        deployment->minutes[2] = 46;
        g_ptr_array_add(b->deployments, deployment);
        g_ptr_array_add(b->update_expert, update_expert_new("Windows", "名前"));
        struct bulletin_entry *entry = bulletin_entry_new("更新", "MS07-001", "題名");
        g_ptr_array_add(entry->kbs, g_strdup("921883"));
        g_ptr_array_add(b->entries, entry);
        g_ptr_array_add(b->sections, section_new(NULL, "文"));
        g_ptr_array_add(b->links, link_new("詳細", "http://a.example/"));
        b->mail.message_id = g_strdup("a@b.example");
        b->mail.date = g_strdup("2007-05-11T10:00:00+09:00");
        b->mail.sha256 = g_strnfill(64, 'a');
        g_ptr_array_add(b->mail.charsets, charset_use_new("x", "utf-8", true));
        bulletin_add_warning(b, "a warning");
        return b;
}

START_TEST(comes_back_whole)
{
        struct bulletin *empty = bulletin_new(), *full = make_full();
        require_same(empty);
        require_same(full);
        bulletin_free(empty);
        bulletin_free(full);
}
END_TEST

/* What JSON would cut or leave out. */
START_TEST(losses_are_the_same)
{
        struct bulletin *b = make_full();
        g_free(b->title);
        b->title = g_strnfill(70000, 't');
        g_ptr_array_add(b->kbs, g_strdup("no number"));
        g_ptr_array_add(b->kbs, g_strdup("1234"));
        g_free(b->mail.date);
        b->mail.date = g_strdup("yesterday");
        g_ptr_array_add(b->links, link_new("bad \xff bytes", NULL));
        g_strlcpy(b->registered, "2007-13-41", BULLETIN_DATE_SIZE);
        b->fields[FIELD_MEASURE] = (struct choice){ .present = true, .basis = BASIS_STATED, .value = 99 };
        require_same(b);
        while (b->warnings->len < BULLETIN_WARNINGS_MAX)
                g_ptr_array_add(b->warnings, g_strdup("w"));
        require_same(b);
        for (int i = 0; i < 10010; i++)
                g_ptr_array_add(b->cves, g_strdup_printf("CVE-%d", i));
        require_same(b);
        bulletin_free(b);
}
END_TEST

START_TEST(cut_anywhere_it_is_refused)
{
        struct bulletin *b = make_full(), *other = NULL;
        g_autoptr(GString) bytes = pack(b);
        for (size_t size = 0; size < bytes->len; size++) {
                struct error err = ERROR_INIT;
                int r = unpack(bytes->str, size, &other, &err);
                ck_assert_msg(r == -ERR_MALFORMED && g_str_has_prefix(error_text(&err), "bulletin: "), "%zu bytes: %d %s", size, r,
                              error_text(&err));
                error_clear(&err);
        }
        g_string_append_c(bytes, 'x');
        ck_assert_int_eq(unpack(bytes->str, bytes->len, &other, NULL), 1);
        bulletin_free(b);
}
END_TEST

/* Whatever is taken of bytes that someone changed can be written as JSON and read back. */
START_TEST(changed_bytes)
{
        struct bulletin *b = make_full();
        g_autoptr(GString) bytes = pack(b);
        static const unsigned char changes[] = { 0x01, 0x02, 0x80, 0xFF, 0x55 };
        unsigned taken = 0;
        for (size_t i = 0; i < bytes->len; i++)
                for (size_t k = 0; k < G_N_ELEMENTS(changes); k++) {
                        struct bulletin *other = NULL;
                        char kept = bytes->str[i];
                        bytes->str[i] = (char) (kept ^ changes[k]);
                        if (unpack(bytes->str, bytes->len, &other, NULL) == 0) {
                                require_same(other);
                                bulletin_free(other);
                                taken++;
                        }
                        bytes->str[i] = kept;
                }
        ck_assert_uint_gt(taken, 100);
        bulletin_free(b);
}
END_TEST

/* The error names what is wrong. */
static void require_error_sized(struct bulletin *b, const char *find, size_t find_size, const char *replace, size_t size,
                                const char *expected)
{
        g_autoptr(GString) bytes = pack(b);
        struct error err = ERROR_INIT;
        struct bulletin *other = NULL;
        char *at = memmem(bytes->str, bytes->len, find, find_size);
        ck_assert_ptr_nonnull(at);
        memcpy(at, replace, size);
        ck_assert_int_eq(unpack(bytes->str, bytes->len, &other, &err), -ERR_MALFORMED);
        ck_assert_str_eq(error_text(&err), expected);
        error_clear(&err);
}

#define require_error(b, find, replace, expected) \
        require_error_sized(b, find, sizeof(find) - 1, replace, sizeof(replace) - 1, expected)

START_TEST(forms_are_checked)
{
        struct bulletin *b = make_full();
        require_error(b, "hotfix-report", "Hotfix", "bulletin: feed: is not in its form");
        require_error(b, "931906", "93 906", "bulletin: kbs[0]: is not in its form");
        require_error(b, "921883", "x", "bulletin: entries[0].kbs[0]: is not in its form");
        require_error(b, "2007-05-12", "2007-02-30", "bulletin: updated: is not a date");
        require_error(b, "2007-05-11T10", "2007-05-11x10", "bulletin: mail.date: is not in its form");
        require_error(b, "aaaa", "A", "bulletin: mail.sha256: is not in its form");
        require_error(b, "b.dll", "\xff", "bulletin: packages[0].files[0].name: is not valid UTF-8 text within its bound");
        require_error(b, "\x01\x04\x01\x0a" "1(", "\x01\x05", "bulletin: severity: has an unknown value");
        require_error(b, "\x01\x04\x01\x0a" "1(", "\x01\x04\x00", "bulletin: severity: has a value and a basis that contradict each other");
        bulletin_free(b);
}
END_TEST

START_TEST(values_are_bounded)
{
        struct bulletin *b = make_full(), *other = NULL;
        g_autoptr(GString) bytes = pack(b);
        struct unpacker u;
        struct error err = ERROR_INIT;
        unpacker_init(&u, bytes->str, bytes->len, 20);
        ck_assert_int_eq(bulletin_unpack(&u, &other, &err), -ERR_LIMIT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "has more values than are allowed"));
        error_clear(&err);
        bulletin_free(b);
}
END_TEST

/* The warnings are the last member: their end is the last byte. */
START_TEST(lists_are_bounded)
{
        struct bulletin *b = bulletin_new(), *other = NULL;
        g_autoptr(GString) bytes = pack(b);
        g_string_truncate(bytes, bytes->len - 1);
        for (guint i = 0; i <= BULLETIN_WARNINGS_MAX; i++) {
                g_autoptr(GString) whole = g_string_new_len(bytes->str, (gssize) bytes->len);
                struct error err = ERROR_INIT;
                g_string_append_c(whole, '\0');
                ck_assert_int_eq(unpack(whole->str, whole->len, &other, &err), 0);
                ck_assert_uint_eq(other->warnings->len, i);
                bulletin_free(other);
                g_string_append_len(bytes, "\x01\x02w", 3);
        }
        g_string_append_c(bytes, '\0');
        struct error err = ERROR_INIT;
        ck_assert_int_eq(unpack(bytes->str, bytes->len, &other, &err), -ERR_MALFORMED);
        ck_assert_str_eq(error_text(&err), "bulletin: warnings: has too many members");
        error_clear(&err);
        bulletin_free(b);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("bulletin_pack");
        TCase *tests = tcase_create("pack");
        tcase_add_test(tests, comes_back_whole);
        tcase_add_test(tests, losses_are_the_same);
        tcase_add_test(tests, cut_anywhere_it_is_refused);
        tcase_add_test(tests, changed_bytes);
        tcase_add_test(tests, forms_are_checked);
        tcase_add_test(tests, values_are_bounded);
        tcase_add_test(tests, lists_are_bounded);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
