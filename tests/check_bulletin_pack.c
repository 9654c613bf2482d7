/* SPDX-License-Identifier: MIT */
/* The packed form of a bulletin says what its JSON says, and nothing that its JSON could not. */
#include "common/bulletin_pack.h"

#include <signal.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "common/limits.h"
#include "tests/support.h"

#define VALUES_MAX 400000u

#define DIGEST "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static GString *pack(const struct bulletin *b)
{
        struct packer p;
        GString *out = g_string_new(NULL);
        packer_init(&p, out);
        bulletin_pack(&p, b);
        packer_end(&p);
        return out;
}

/* Of bytes at the very end of their memory. 1: there is more behind it. */
static int unpack_with(const char *bytes, size_t size, size_t values_max, const char *sha256, struct bulletin **ret_bulletin,
                       struct error *err)
{
        struct unpacker u;
        int r = unpacker_init(&u, g_memdup2(bytes, size), size, values_max);
        if (r < 0)
                error_set(err, r, "bulletin: no packed form");
        else
                r = bulletin_unpack(&u, sha256, ret_bulletin, err);
        bool is_done = unpacker_is_done(&u);
        unpacker_clear(&u);
        if (r == 0 && !is_done) {
                bulletin_free(*ret_bulletin);
                return 1;
        }
        return r;
}

static int unpack(const char *bytes, size_t size, struct bulletin **ret_bulletin, struct error *err)
{
        return unpack_with(bytes, size, VALUES_MAX, NULL, ret_bulletin, err);
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

/* Nothing is too long here: only the look at all texts together finds it. */
START_TEST(invalid_texts_are_mended)
{
        struct bulletin *b = make_full();
        g_ptr_array_add(b->links, link_new("bad \xff bytes\x01", NULL));
        require_same(b);
        bulletin_free(b);
}
END_TEST

/* What is wrong behind the cut changes what is before it, too: control characters go from a text that is mended. */
START_TEST(invalid_behind_the_cut)
{
        struct bulletin *b = make_full();
        g_free(b->title);
        b->title = g_strnfill(70000, 't');
        b->title[5] = '\x01';
        b->title[69999] = (char) 0xFF;
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
        require_error(b, "b.dll", "\xff", "bulletin: no packed form");
        require_error(b, "b.dll\n", "b.dll ", "bulletin: packages[0].files[0].name: is no text within its bound");
        require_error(b, "\x01\x04\x01\x0a", "\x01\x05", "bulletin: severity: has an unknown value");
        require_error(b, "\x01\x04\x01\x0a", "\x01\x04\x00", "bulletin: severity: has a value and a basis that contradict each other");
        bulletin_free(b);
}
END_TEST

START_TEST(values_are_bounded)
{
        struct bulletin *b = make_full(), *other = NULL;
        g_autoptr(GString) bytes = pack(b);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(unpack_with(bytes->str, bytes->len, 40, NULL, &other, &err), -ERR_LIMIT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "has more values than are allowed"));
        error_clear(&err);
        bulletin_free(b);
}
END_TEST

/* How many warnings there are is the last number but for their own. */
START_TEST(lists_are_bounded)
{
        for (guint i = 0; i <= BULLETIN_WARNINGS_MAX + 1; i++) {
                struct bulletin *b = bulletin_new(), *other = NULL;
                for (guint n = 0; n < MIN(i, BULLETIN_WARNINGS_MAX); n++)
                        g_ptr_array_add(b->warnings, g_strdup("w"));
                g_autoptr(GString) bytes = pack(b);
                struct error err = ERROR_INIT;
                if (i > BULLETIN_WARNINGS_MAX) {
                        char *count = bytes->str + bytes->len - BULLETIN_WARNINGS_MAX - 2;
                        ck_assert_int_eq(memcmp(count, "\xc8\x01\x02", 3), 0);
                        *count = (char) 0xc9;
                        ck_assert_int_eq(unpack(bytes->str, bytes->len, &other, &err), -ERR_MALFORMED);
                        ck_assert_str_eq(error_text(&err), "bulletin: warnings: has too many members");
                } else {
                        ck_assert_int_eq(unpack(bytes->str, bytes->len, &other, &err), 0);
                        ck_assert_uint_eq(other->warnings->len, i);
                        bulletin_free(other);
                }
                error_clear(&err);
                bulletin_free(b);
        }
}
END_TEST

/* A list that says to be longer than it is; with and without the room for it. */
START_TEST(counts_are_held_against_what_is_there)
{
        for (unsigned with_room = 0; with_room < 2; with_room++) {
                struct bulletin *b = bulletin_new(), *other = NULL;
                g_ptr_array_add(b->warnings, g_strdup("w"));
                struct packer p;
                struct error err = ERROR_INIT;
                g_autoptr(GString) out = g_string_new(NULL);
                packer_init(&p, out);
                bulletin_pack(&p, b);
                if (with_room)
                        pack_room(&p, 1000);
                packer_end(&p);
                ck_assert_int_eq(out->str[out->len - 2], 1);
                out->str[out->len - 2] = 100;
                ck_assert_int_eq(unpack(out->str, out->len, &other, &err), -ERR_MALFORMED);
                ck_assert_str_eq(error_text(&err), with_room ? "bulletin: warnings[1]: is no text within its bound"
                                                             : "bulletin: warnings: needs more room than was announced");
                error_clear(&err);
                bulletin_free(b);
        }
}
END_TEST

/* Less room than its structs need. */
START_TEST(room_is_checked)
{
        for (size_t less = 8; less < 3000; less += 8) {
                struct bulletin *b = make_full(), *other = NULL;
                struct packer p;
                struct error err = ERROR_INIT;
                g_autoptr(GString) out = g_string_new(NULL);
                packer_init(&p, out);
                bulletin_pack(&p, b);
                bool is_some = less < p.room;
                p.room -= MIN(less, p.room);
                packer_end(&p);
                ck_assert_int_eq(unpack(out->str, out->len, &other, &err), -ERR_MALFORMED);
                ck_assert_msg(g_str_has_suffix(error_text(&err), "needs more room than was announced"), "%s", error_text(&err));
                error_clear(&err);
                bulletin_free(b);
                if (!is_some)
                        break;
        }
}
END_TEST

/* The mail's digest is added by who knows it. */
START_TEST(digest_is_added)
{
        struct bulletin *b = make_full(), *other = NULL;
        g_autoptr(GString) with = pack(b);
        g_clear_pointer(&b->mail.sha256, g_free);
        g_autoptr(GString) without = pack(b);
        ck_assert_int_eq(unpack_with(with->str, with->len, VALUES_MAX, DIGEST, &other, NULL), 0);
        ck_assert_int_eq(other->mail.sha256[0], 'a');
        bulletin_free(other);
        ck_assert_int_eq(unpack_with(without->str, without->len, VALUES_MAX, DIGEST, &other, NULL), 0);
        ck_assert_str_eq(other->mail.sha256, DIGEST);
        bulletin_free(other);
        ck_assert_int_eq(unpack(without->str, without->len, &other, NULL), 0);
        ck_assert_ptr_null(other->mail.sha256);
        bulletin_free(other);
        bulletin_free(b);
}
END_TEST

/* A reason is one line, whoever sends it: what choice_set would make of it. */
START_TEST(reasons_are_cleaned)
{
        static const char *const reasons[] = { "\x1b[2Ja\nb\tc", " a  b ", "a\xc2\x85" "b\xe2\x80\xa8" "c", "\n", "", "  深刻度\xe3\x80\x80", "plain" };
        for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
                struct bulletin *b = bulletin_new(), *honest = bulletin_new(), *other = NULL;
                bulletin_set_undetermined(honest, FIELD_SEVERITY, "x", reasons[i]);
                bulletin_set_undetermined(b, FIELD_SEVERITY, "x", NULL);
                b->fields[FIELD_SEVERITY].reason = g_strdup(reasons[i]);
                g_autoptr(GString) bytes = pack(b);
                ck_assert_int_eq(unpack(bytes->str, bytes->len, &other, NULL), 0);
                ck_assert_str_eq(other->fields[FIELD_SEVERITY].reason, honest->fields[FIELD_SEVERITY].reason);
                bulletin_free(other);
                bulletin_free(honest);
                bulletin_free(b);
        }
}
END_TEST

/* A test always has a result, also if the other end says that it has none. */
START_TEST(tests_have_results)
{
        struct bulletin *b = make_full(), *other = NULL;
        struct lab_test *test = g_ptr_array_index(b->tests, 0);
        test->result.present = false;
        g_autoptr(GString) bytes = pack(b);
        ck_assert_int_eq(unpack(bytes->str, bytes->len, &other, NULL), 0);
        test = g_ptr_array_index(other->tests, 0);
        ck_assert(test->result.present);
        ck_assert_int_eq(test->result.basis, BASIS_UNDETERMINED);
        bulletin_free(other);
        bulletin_free(b);
}
END_TEST

/* In place of the last text, which is empty, none. */
START_TEST(members_are_not_null)
{
        struct bulletin *b = bulletin_new(), *other = NULL;
        g_ptr_array_add(b->warnings, g_strdup(""));
        g_autoptr(GString) bytes = pack(b);
        struct error err = ERROR_INIT;
        guint64 texts;
        memcpy(&texts, bytes->str, sizeof texts);
        ck_assert_uint_eq(texts, 1);
        ck_assert_int_eq(bytes->str[bytes->len - 1], 1);
        bytes->str[bytes->len - 1] = 0;
        texts = 0;
        memcpy(bytes->str, &texts, sizeof texts);
        g_string_erase(bytes, 2 * sizeof texts, 1);
        ck_assert_int_eq(unpack(bytes->str, bytes->len, &other, &err), -ERR_MALFORMED);
        ck_assert_str_eq(error_text(&err), "bulletin: warnings[0]: is null");
        error_clear(&err);
        bulletin_free(b);
}
END_TEST

/* What was unpacked is only read: its parts are not pieces of memory of their own. */
static void unpack_full(struct bulletin **ret_bulletin)
{
        struct bulletin *b = make_full();
        g_autoptr(GString) bytes = pack(b);
        ck_assert_int_eq(unpack(bytes->str, bytes->len, ret_bulletin, NULL), 0);
        bulletin_free(b);
}

START_TEST(no_warning_is_added)
{
        struct bulletin *b;
        unpack_full(&b);
        bulletin_add_warning(b, "one more");
}
END_TEST

START_TEST(no_field_is_set)
{
        struct bulletin *b;
        unpack_full(&b);
        bulletin_set_undetermined(b, FIELD_SEVERITY, NULL, NULL);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("bulletin_pack");
        TCase *tests = tcase_create("pack");
        tcase_add_test(tests, comes_back_whole);
        tcase_add_test(tests, losses_are_the_same);
        tcase_add_test(tests, invalid_texts_are_mended);
        tcase_add_test(tests, invalid_behind_the_cut);
        tcase_add_test(tests, cut_anywhere_it_is_refused);
        tcase_add_test(tests, changed_bytes);
        tcase_add_test(tests, forms_are_checked);
        tcase_add_test(tests, values_are_bounded);
        tcase_add_test(tests, lists_are_bounded);
        tcase_add_test(tests, counts_are_held_against_what_is_there);
        tcase_add_test(tests, room_is_checked);
        tcase_add_test(tests, digest_is_added);
        tcase_add_test(tests, reasons_are_cleaned);
        tcase_add_test(tests, tests_have_results);
        tcase_add_test(tests, members_are_not_null);
        tcase_add_test_raise_signal(tests, no_warning_is_added, SIGABRT);
        tcase_add_test_raise_signal(tests, no_field_is_set, SIGABRT);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
