/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "tests/support.h"

static void set_text(char **place, const char *text)
{
        g_free(*place);
        *place = g_strdup(text);
}

static struct bulletin *full(void)
{
        struct bulletin *b = bulletin_new();
        b->kind = BULLETIN_ALERT;
        set_text(&b->feed, "hotfix-report");
        set_text(&b->id, "MS31-001");
        g_ptr_array_add(b->kbs, g_strdup("9000001"));
        g_ptr_array_add(b->kbs, g_strdup("9000002"));
        strcpy(b->edition, "2031-02-03");
        strcpy(b->registered, "2031-02-03");
        for (int field = 0; field < FIELD_MAX; field++)
                bulletin_set_field(b, (enum bulletin_field) field, BASIS_STATED, 1, "原文\n二行", NULL);
        bulletin_set_field(b, FIELD_SEVERITY, BASIS_INFERRED, SEVERITY_CRITICAL, "1(緊急)", "from the heading");
        bulletin_set_undetermined(b, FIELD_URGENCY, NULL, "not exactly one is marked");
        b->fields[FIELD_MEASURE].present = false;
        g_clear_pointer(&b->fields[FIELD_MEASURE].text, g_free);
        set_text(&b->title, "引用 \" と \\ と \t タブ と \xF0\xA0\xAE\xB7");
        set_text(&b->vendor_title, "");
        g_ptr_array_add(b->supersedes, g_strdup("MS30-050"));
        g_ptr_array_add(b->cves, g_strdup("CVE-2031-0001"));
        g_ptr_array_add(b->affected, affected_new("Windows X", NULL));
        struct lab_test *test = lab_test_new("Windows X SP1");
        choice_set(&test->result, BASIS_STATED, TEST_PARTIAL, "△", NULL);
        g_ptr_array_add(b->tests, test);
        g_ptr_array_add(b->tests, lab_test_new(NULL));
        g_ptr_array_add(b->downloads, download_new("Windows X", "x86用", "可"));
        struct package *package = package_new("Windows X");
        package->file = package_file_new("x.exe", "2031-01-01", NULL, 0, NULL, NULL);
        g_ptr_array_add(package->files, package_file_new("a.dll", NULL, "1.2", -1, "部品", "System32"));
        g_ptr_array_add(b->packages, package);
        g_ptr_array_add(b->packages, package_new(NULL));
        struct deployment *deployment = deployment_new("KB9000001", "Windows X");
        deployment->minutes[0] = 12;
        deployment->minutes[3] = G_MAXINT64;
        g_ptr_array_add(b->deployments, deployment);
        g_ptr_array_add(b->update_expert, update_expert_new("Windows X", "登録"));
        struct bulletin_entry *entry = bulletin_entry_new("不具合情報", "MS31-002", "部品の再送");
        g_ptr_array_add(entry->kbs, g_strdup("9000003"));
        g_ptr_array_add(entry->kbs, g_strdup("9000004"));
        g_ptr_array_add(b->entries, entry);
        g_ptr_array_add(b->entries, bulletin_entry_new(NULL, NULL, NULL));
        g_ptr_array_add(b->sections, section_new("概要", "部品が\n止まる。"));
        g_ptr_array_add(b->links, link_new("詳細", "http://example.com/1"));
        set_text(&b->mail.message_id, "<1@example.com>");
        set_text(&b->mail.from, "news@example.com");
        set_text(&b->mail.date, "2031-02-03T04:05:06+09:00");
        set_text(&b->mail.sha256, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
        g_ptr_array_add(b->mail.charsets, charset_use_new("iso-2022-jp", "cp932", true));
        g_ptr_array_add(b->mail.charsets, charset_use_new(NULL, "utf-8", false));
        bulletin_add_warning(b, "the edition is missing");
        return b;
}

START_TEST(the_form_of_an_empty_one)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        g_autofree char *text = bulletin_to_text(b);
        ck_assert_str_eq(text,
                         "{\"schema\":\"hotfixd.bulletin/1\",\"feed\":null,\"kind\":\"unknown\",\"id\":null,\"kbs\":[],"
                         "\"edition\":null,\"registered\":null,\"updated\":null,\"severity\":null,\"urgency\":null,"
                         "\"measure\":null,\"exploit_code\":null,\"exploit_published\":null,\"attacks_observed\":null,"
                         "\"restart\":null,\"uninstall\":null,\"environments\":null,\"title\":null,"
                         "\"vendor_title\":null,"
                         "\"supersedes\":[],\"cves\":[],\"attack_vectors\":null,\"impacts\":null,\"affected\":[],"
                         "\"tests\":[],\"downloads\":[],\"packages\":[],\"deployment_minutes\":[],\"update_expert\":[],\"entries\":[],"
                         "\"sections\":[],\"links\":[],\"mail\":{\"message_id\":null,\"from\":null,\"subject\":null,"
                         "\"date\":null,\"sha256\":null,\"charsets\":[]},\"warnings\":[]}");
}
END_TEST

static void assert_dump(const json_t *json, const char *expected)
{
        char *dumped = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
        ck_assert_str_eq(dumped, expected);
        free(dumped);
}

START_TEST(the_form_of_members)
{
        g_autoptr(bulletin_t) b = full();
        json_t *json = bulletin_to_json(b);
        assert_dump(json_object_get(json, "severity"),
                    "{\"value\":\"critical\",\"level\":1,\"text\":\"1(緊急)\",\"basis\":\"inferred\","
                    "\"reason\":\"from the heading\"}");
        assert_dump(json_object_get(json, "urgency"),
                    "{\"value\":null,\"text\":null,\"basis\":\"undetermined\","
                    "\"reason\":\"not exactly one is marked\"}");
        assert_dump(json_object_get(json, "measure"), "null");
        assert_dump(json_object_get(json, "exploit_code"),
                    "{\"value\":\"none\",\"text\":\"原文\\n二行\",\"basis\":\"stated\"}");
        assert_dump(json_object_get(json, "environments"),
                    "{\"server\":{\"value\":\"no\",\"text\":\"原文\\n二行\",\"basis\":\"stated\"},"
                    "\"client\":{\"value\":\"no\",\"text\":\"原文\\n二行\",\"basis\":\"stated\"}}");
        assert_dump(json_object_get(json, "kbs"), "[\"9000001\",\"9000002\"]");
        assert_dump(json_object_get(json, "affected"), "[{\"software\":\"Windows X\",\"platforms\":null}]");
        assert_dump(json_object_get(json, "tests"),
                    "[{\"platform\":\"Windows X SP1\","
                    "\"result\":{\"value\":\"partial\",\"text\":\"△\",\"basis\":\"stated\"}},"
                    "{\"platform\":null,\"result\":{\"value\":null,\"text\":null,\"basis\":\"undetermined\"}}]");
        assert_dump(json_object_get(json, "packages"),
                    "[{\"product\":\"Windows X\","
                    "\"file\":{\"name\":\"x.exe\",\"date\":\"2031-01-01\",\"version\":null,\"size\":0},"
                    "\"files\":[{\"name\":\"a.dll\",\"date\":null,\"version\":\"1.2\",\"size\":null,"
                    "\"description\":\"部品\",\"folder\":\"System32\"}]},{\"product\":null,\"file\":null,\"files\":[]}]");
        assert_dump(json_object_get(json, "deployment_minutes"),
                    "[{\"package\":\"KB9000001\",\"product\":\"Windows X\",\"50\":12,\"100\":null,\"250\":null,"
                    "\"500\":9223372036854775807}]");
        assert_dump(json_object_get(json, "entries"),
                    "[{\"type\":\"不具合情報\",\"id\":\"MS31-002\",\"kbs\":[\"9000003\",\"9000004\"],\"title\":\"部品の再送\"},"
                    "{\"type\":null,\"id\":null,\"kbs\":[],\"title\":null}]");
        assert_dump(json_object_get(json, "mail"),
                    "{\"message_id\":\"<1@example.com>\",\"from\":\"news@example.com\",\"subject\":null,"
                    "\"date\":\"2031-02-03T04:05:06+09:00\","
                    "\"sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
                    "\"charsets\":[{\"declared\":\"iso-2022-jp\",\"used\":\"cp932\",\"repaired\":true},"
                    "{\"declared\":null,\"used\":\"utf-8\",\"repaired\":false}]}");
        assert_dump(json_object_get(json, "vendor_title"), "\"\"");
        json_decref(json);
}
END_TEST

START_TEST(the_text_is_the_object)
{
        /* The text is written by hand: what jansson reads from it, and the order of the keys, must be the object's. */
        g_autoptr(bulletin_t) b = full();
        GString *all = g_string_new(NULL);
        for (gunichar c = 1; c < 0x3100; c++)
                g_string_append_unichar(all, c);
        g_string_append_unichar(all, 0x10FFFD);
        set_text(&b->title, all->str);
        g_string_free(all, TRUE);
        json_t *json = bulletin_to_json(b);
        g_autofree char *text = bulletin_to_text(b);
        json_t *loaded = json_loadb(text, strlen(text), JSON_REJECT_DUPLICATES, NULL);
        ck_assert(json_equal(json, loaded));
        char *dumped = json_dumps(json, JSON_COMPACT), *loaded_dumped = json_dumps(loaded, JSON_COMPACT);
        ck_assert_str_eq(dumped, loaded_dumped);
        free(dumped);
        free(loaded_dumped);
        json_decref(json);
        json_decref(loaded);
}
END_TEST

/* The properties of a schema object, through one $ref and one anyOf. */
static json_t *schema_of(json_t *root, json_t *schema)
{
        json_t *any = json_object_get(schema, "properties") ? NULL : json_object_get(schema, "anyOf");
        if (any)
                schema = json_array_get(any, 0);
        const char *ref = json_string_value(json_object_get(schema, "$ref"));
        if (!ref)
                return schema;
        ck_assert(g_str_has_prefix(ref, "#/$defs/"));
        return json_object_get(json_object_get(root, "$defs"), ref + strlen("#/$defs/"));
}

/* Every object has the schema's keys, all of the required ones, in the schema's order. */
static void assert_keys(json_t *root, json_t *schema, json_t *value)
{
        schema = schema_of(root, schema);
        ck_assert_ptr_nonnull(schema);
        size_t i;
        json_t *item;
        json_array_foreach (value, i, item)
                assert_keys(root, json_object_get(schema, "items"), item);
        if (!json_is_object(value))
                return;
        ck_assert(json_is_false(json_object_get(schema, "additionalProperties")));
        json_t *properties = json_object_get(schema, "properties");
        void *property = json_object_iter(properties);
        const char *key;
        json_object_foreach (value, key, item) {
                while (property && strcmp(json_object_iter_key(property), key) != 0)
                        property = json_object_iter_next(properties, property);
                ck_assert_msg(property != NULL, "%s is not in the schema, or not in its place", key);
                assert_keys(root, json_object_iter_value(property), item);
        }
        json_array_foreach (json_object_get(schema, "required"), i, item)
                ck_assert_ptr_nonnull(json_object_get(value, json_string_value(item)));
        /* Only a reason may be left out. */
        ck_assert_uint_ge(json_array_size(json_object_get(schema, "required")) + 1, json_object_size(properties));
}

START_TEST(the_schema_has_the_same_keys)
{
        g_autofree char *path = support_source_path("../schema/bulletin-1.schema.json");
        g_autofree char *text = support_read_file(path, NULL);
        json_t *schema = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_ptr_nonnull(schema);
        g_autoptr(bulletin_t) b = full();
        json_t *json = bulletin_to_json(b);
        assert_keys(schema, schema, json);
        json_decref(json);
        json_decref(schema);
}
END_TEST

START_TEST(every_severity_has_its_level)
{
        static const char *const names[] = { NULL, "low", "moderate", "important", "critical" };
        g_autoptr(bulletin_t) b = bulletin_new();
        for (int value = SEVERITY_LOW; value <= SEVERITY_CRITICAL; value++) {
                bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, value, NULL, NULL);
                g_autofree char *text = bulletin_to_text(b);
                g_autofree char *expected = g_strdup_printf("{\"value\":\"%s\",\"level\":%d,", names[value], 5 - value);
                ck_assert_ptr_nonnull(strstr(text, expected));
        }
        bulletin_set_undetermined(b, FIELD_SEVERITY, NULL, NULL);
        g_autofree char *text = bulletin_to_text(b);
        ck_assert_ptr_nonnull(strstr(text, "{\"value\":null,\"level\":null,\"text\":null,\"basis\":\"undetermined\"}"));
}
END_TEST

START_TEST(what_is_written_is_always_readable)
{
        /* A struct that contradicts itself, and bytes that are no text. */
        g_autoptr(bulletin_t) b = bulletin_new(), read = NULL;
        b->kind = (enum bulletin_kind) 99;
        b->fields[FIELD_SEVERITY] = (struct choice){ .present = true, .basis = BASIS_STATED, .value = 42 };
        b->fields[FIELD_URGENCY] = (struct choice){ .present = true, .basis = BASIS_STATED };
        b->fields[FIELD_MEASURE] = (struct choice){ .present = true, .value = URGENCY_EARLY };
        b->fields[FIELD_RESTART] = (struct choice){ .present = true, .basis = (enum basis) 9, .value = 1 };
        strcpy(b->edition, "2031-02-31");
        set_text(&b->title, "a\xFF" "b");
        g_autofree char *text = bulletin_to_text(b);
        struct error err = ERROR_INIT;
        ck_assert_msg(bulletin_from_text(text, strlen(text), &read, &err) == 0, "%s", error_text(&err));
        ck_assert_str_eq(read->title, "a\xEF\xBF\xBD" "b");
        ck_assert_str_eq(read->edition, "");
        for (int field = 0; field < FIELD_MAX; field++)
                ck_assert_int_eq(read->fields[field].value, 0);
}
END_TEST

START_TEST(what_is_too_much_is_cut_with_a_warning)
{
        g_autoptr(bulletin_t) b = bulletin_new(), read = NULL;
        g_autofree char *long_text = g_strnfill(64 * 1024 - 1, 'x');
        g_autofree char *longer = g_strconcat(long_text, "緊急", NULL), *digits = g_strnfill(2000, '1');
        set_text(&b->title, longer);
        set_text(&b->feed, "Not A Feed");
        set_text(&b->mail.date, "yesterday");
        g_ptr_array_add(b->kbs, g_strdup("1"));
        g_ptr_array_add(b->kbs, g_strdup("KB2"));
        g_ptr_array_add(b->kbs, g_strdup(digits));
        g_ptr_array_add(b->kbs, g_strdup("3"));
        for (int i = 0; i < 10005; i++)
                g_ptr_array_add(b->links, link_new("a", "b"));
        for (int i = 0; i < 300; i++)
                bulletin_add_warning(b, "%d", i);
        struct package *package = package_new(NULL);
        g_ptr_array_add(package->files, package_file_new("n", NULL, digits, -1, NULL, NULL));
        g_ptr_array_add(b->packages, package);

        g_autofree char *text = bulletin_to_text(b);
        struct error err = ERROR_INIT;
        ck_assert_msg(bulletin_from_text(text, strlen(text), &read, &err) == 0, "%s", error_text(&err));
        ck_assert_str_eq(read->title, long_text); /* not in the middle of a character */
        ck_assert_ptr_null(read->feed);
        ck_assert_ptr_null(read->mail.date);
        ck_assert_uint_eq(read->kbs->len, 2);
        ck_assert_str_eq(g_ptr_array_index(read->kbs, 1), "3");
        ck_assert_uint_eq(read->links->len, 10000);
        ck_assert_uint_eq(read->warnings->len, BULLETIN_WARNINGS_MAX);
        ck_assert_str_eq(g_ptr_array_index(read->warnings, BULLETIN_WARNINGS_MAX - 1),
                         "feed is too long or not in its form and is not kept whole; so are 6 more");
        /* Now it fits, and is left as it is. */
        g_autofree char *again = bulletin_to_text(read);
        ck_assert_str_eq(again, text);
}
END_TEST

static void assert_round_trip(const struct bulletin *b)
{
        struct error err = ERROR_INIT;
        g_autoptr(bulletin_t) read = NULL;
        g_autofree char *text = bulletin_to_text(b);
        ck_assert_ptr_null(strchr(text, '\n'));
        ck_assert_msg(bulletin_from_text(text, strlen(text), &read, &err) == 0, "%s", error_text(&err));
        g_autofree char *again = bulletin_to_text(read);
        ck_assert_str_eq(again, text);
        char a[65], c[65];
        bulletin_fingerprint(b, a);
        bulletin_fingerprint(read, c);
        ck_assert_str_eq(a, c);
}

START_TEST(round_trip)
{
        g_autoptr(bulletin_t) empty = bulletin_new(), b = full();
        assert_round_trip(empty);
        assert_round_trip(b);
        for (int field = 0; field < FIELD_MAX; field++) {
                for (int value = 1; bulletin_value_name((enum bulletin_field) field, value); value++) {
                        bulletin_set_field(b, (enum bulletin_field) field, BASIS_STATED, value, NULL, NULL);
                        assert_round_trip(b);
                }
                bulletin_set_undetermined(b, (enum bulletin_field) field, "x", "y");
                assert_round_trip(b);
        }
        for (int kind = 0; kind < BULLETIN_KIND_MAX; kind++) {
                b->kind = (enum bulletin_kind) kind;
                assert_round_trip(b);
        }
}
END_TEST

START_TEST(structs_come_back)
{
        g_autoptr(bulletin_t) b = full(), read = NULL;
        g_autofree char *text = bulletin_to_text(b);
        ck_assert_int_eq(bulletin_from_text(text, strlen(text), &read, NULL), 0);
        ck_assert_int_eq(read->kind, BULLETIN_ALERT);
        ck_assert_str_eq(read->edition, "2031-02-03");
        ck_assert_str_eq(read->updated, "");
        const struct choice *severity = &read->fields[FIELD_SEVERITY];
        ck_assert(severity->present && severity->value == SEVERITY_CRITICAL && severity->basis == BASIS_INFERRED);
        ck_assert_str_eq(severity->reason, "from the heading");
        ck_assert(!read->fields[FIELD_MEASURE].present);
        ck_assert_ptr_null(((struct affected *) g_ptr_array_index(read->affected, 0))->platforms);
        const struct package *package = g_ptr_array_index(read->packages, 0);
        ck_assert_int_eq(package->file->size, 0);
        ck_assert_int_eq(((struct package_file *) g_ptr_array_index(package->files, 0))->size, -1);
        ck_assert_ptr_null(((struct package *) g_ptr_array_index(read->packages, 1))->file);
        ck_assert_int_eq(((struct deployment *) g_ptr_array_index(read->deployments, 0))->minutes[1], -1);
        ck_assert(((struct charset_use *) g_ptr_array_index(read->mail.charsets, 0))->repaired);
}
END_TEST

/* Replaces one piece of the full bulletin's text, which must occur, and expects a refusal that names the place. */
static void assert_refused(const char *piece, const char *replacement, const char *expected_place)
{
        g_autoptr(bulletin_t) b = full();
        g_autofree char *text = bulletin_to_text(b);
        const char *at = strstr(text, piece);
        ck_assert_msg(at != NULL, "no %s in %s", piece, text);
        g_autoptr(GString) changed = g_string_new_len(text, at - text);
        g_string_append(changed, replacement);
        g_string_append(changed, at + strlen(piece));
        struct error err = ERROR_INIT;
        struct bulletin *untouched = (struct bulletin *) &err, *read = untouched;
        ck_assert_msg(bulletin_from_text(changed->str, changed->len, &read, &err) == -ERR_MALFORMED, "%s was accepted",
                      replacement);
        ck_assert(read == untouched);
        ck_assert_msg(strstr(error_text(&err), expected_place), "\"%s\" does not name %s", error_text(&err),
                      expected_place);
        error_clear(&err);
}

/* What an earlier version stored: it is an empty list, and nothing else is forgiven. */
START_TEST(only_entries_may_be_missing)
{
        g_autoptr(bulletin_t) b = full(), read = NULL;
        json_t *json = bulletin_to_json(b);
        ck_assert_int_eq(json_object_del(json, "entries"), 0);
        ck_assert_int_eq(bulletin_from_json(json, &read, NULL), 0);
        ck_assert_uint_eq(read->entries->len, 0);
        ck_assert_uint_eq(read->links->len, 1);
        struct bulletin *none;
        struct error err = ERROR_INIT;
        json_object_set_new(json, "entry", json_array());
        ck_assert_int_eq(bulletin_from_json(json, &none, &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "does not belong there"));
        error_clear(&err);
        json_object_del(json, "entry");
        const char *key;
        json_t *member;
        json_t *whole = json_copy(json);
        json_object_foreach (whole, key, member) {
                json_object_del(json, key);
                ck_assert_msg(bulletin_from_json(json, &none, NULL) == -ERR_MALFORMED, "%s may be missing", key);
                json_object_set(json, key, member);
        }
        json_decref(whole);
        json_decref(json);
}
END_TEST

START_TEST(wrong_types_are_refused)
{
        assert_refused("\"MS31-001\"", "7", "bulletin: id: ");
        assert_refused("\"MS31-001\"", "[\"MS31-001\"]", "id");
        assert_refused("\"kbs\":[\"9000001\",\"9000002\"]", "\"kbs\":\"9000001\"", "kbs");
        assert_refused("\"kbs\":[\"9000001\",", "\"kbs\":[7,", "kbs[0]");
        assert_refused("\"9000002\"]", "null]", "kbs[1]");
        assert_refused("\"kbs\":[\"9000001\",\"9000002\"]", "\"kbs\":null", "kbs");
        assert_refused("\"repaired\":true", "\"repaired\":1", "mail.charsets[0].repaired");
        assert_refused("\"repaired\":true", "\"repaired\":null", "mail.charsets[0].repaired");
        assert_refused("\"50\":12", "\"50\":12.0", "deployment_minutes[0].50");
        assert_refused("\"50\":12", "\"50\":-1", "deployment_minutes[0].50");
        assert_refused("\"50\":12", "\"50\":\"12\"", "deployment_minutes[0].50");
        assert_refused("\"size\":0", "\"size\":99999999999999999999", "JSON");
        assert_refused("\"tests\":[{", "\"tests\":[null,{", "tests[0]");
        assert_refused("\"affected\":[", "\"affected\":[[],", "affected[0]");
        assert_refused("\"schema\":\"hotfixd.bulletin/1\"", "\"schema\":\"hotfixd.bulletin/2\"", "schema");
        assert_refused("\"schema\":\"hotfixd.bulletin/1\"", "\"schema\":null", "schema");
        assert_refused("\"kind\":\"alert\"", "\"kind\":\"alarm\"", "kind");
        assert_refused("\"kind\":\"alert\"", "\"kind\":null", "kind");
        assert_refused("\"kind\":\"alert\"", "\"kind\":\"alert\\u0000\"", "JSON");
}
END_TEST

START_TEST(wrong_keys_are_refused)
{
        assert_refused("\"warnings\":", "\"warning\":", "warnings: is missing");
        assert_refused("\"warnings\":", "\"surplus\":1,\"warnings\":", "bulletin: has a key");
        assert_refused("\"platforms\":null", "\"platforms\":null,\"x\":1", "affected[0]");
        assert_refused(",\"platforms\":null", "", "affected[0].platforms: is missing");
        assert_refused("\"id\":\"MS31-001\"", "\"id\":\"MS31-001\",\"id\":\"MS31-002\"", "duplicate");
        assert_refused("\"folder\":", "\"Folder\":", "packages[0].files[0].folder");
        assert_refused("\"size\":0}", "\"size\":0,\"description\":null}", "packages[0].file");
}
END_TEST

START_TEST(wrong_choices_are_refused)
{
        assert_refused("\"value\":\"critical\"", "\"value\":\"immediate\"", "severity: has an unknown value");
        assert_refused("\"value\":\"critical\"", "\"value\":\"\"", "severity");
        assert_refused("\"value\":\"critical\"", "\"value\":null", "severity");
        assert_refused("\"value\":\"critical\"", "\"value\":4", "severity");
        assert_refused("\"value\":\"critical\"", "\"Value\":\"critical\"", "severity");
        assert_refused("\"level\":1", "\"level\":2", "severity: has a level");
        assert_refused("\"level\":1", "\"level\":null", "severity: has a level");
        assert_refused("\"level\":1", "\"level\":1.0", "severity: has a level");
        assert_refused("\"level\":1,", "", "severity");
        assert_refused("\"basis\":\"inferred\"", "\"basis\":\"undetermined\"", "severity");
        assert_refused("\"basis\":\"inferred\"", "\"basis\":\"guessed\"", "severity");
        assert_refused("\"basis\":\"inferred\"", "\"basis\":null", "severity");
        assert_refused("\"reason\":\"from the heading\"", "\"reason\":null", "severity");
        assert_refused("\"reason\":\"from the heading\"", "\"reason\":7", "severity");
        assert_refused("\"reason\":\"from the heading\"", "\"raison\":\"\"", "severity");
        assert_refused("\"text\":\"1(緊急)\"", "\"text\":1", "severity");
        assert_refused("\"value\":null,\"text\":null,\"basis\":\"undetermined\",\"reason\"",
                       "\"value\":\"early\",\"text\":null,\"basis\":\"undetermined\",\"reason\"", "urgency");
        assert_refused("\"value\":null,\"text\":null,\"basis\":\"undetermined\",\"reason\"",
                       "\"value\":null,\"text\":null,\"basis\":\"stated\",\"reason\"", "urgency");
        assert_refused("\"value\":null,\"text\":null", "\"value\":null,\"level\":null,\"text\":null", "urgency");
        assert_refused("\"value\":\"partial\"", "\"value\":\"yes\"", "tests[0].result");
        assert_refused("\"server\":{", "\"server\":{\"x\":1,", "environments.server");
        assert_refused("\"environments\":{", "\"environments\":{\"x\":null,", "environments");
        assert_refused("\"measure\":null", "\"measure\":\"early\"", "measure");
}
END_TEST

START_TEST(a_group_of_nothing_is_refused)
{
        g_autoptr(bulletin_t) b = bulletin_new();
        g_autofree char *text = bulletin_to_text(b);
        g_auto(GStrv) parts = g_strsplit(text, "\"environments\":null", 2);
        g_autofree char *changed = g_strjoinv("\"environments\":{\"server\":null,\"client\":null}", parts);
        struct bulletin *read;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletin_from_text(changed, strlen(changed), &read, &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "environments"));
        error_clear(&err);
}
END_TEST

START_TEST(wrong_forms_are_refused)
{
        assert_refused("\"2031-02-03\"", "\"2031-02-30\"", "edition");
        assert_refused("\"2031-02-03\"", "\"2031/02/03\"", "edition");
        assert_refused("\"2031-02-03\"", "\"\"", "edition");
        assert_refused("\"2031-02-03\"", "20310203", "edition");
        assert_refused("\"hotfix-report\"", "\"../etc\"", "feed");
        assert_refused("\"hotfix-report\"", "\"Hotfix\"", "feed");
        assert_refused("\"hotfix-report\"", "\"\"", "feed");
        assert_refused("\"9000001\"", "\"KB9000001\"", "kbs[0]");
        assert_refused("\"9000001\"", "\"\"", "kbs[0]");
        assert_refused("T04:05:06+09:00", "", "mail.date");
        assert_refused("2031-02-03T04:05:06+09:00", "yesterday", "mail.date");
        assert_refused("\"0123456789abcdef", "\"0123456789ABCDEF", "mail.sha256");
        assert_refused("\"0123456789abcdef", "\"", "mail.sha256");
        assert_refused("MS31-001", "MS31\\u0000-001", "JSON");
        assert_refused("MS31-001", "MS31\xFF-001", "JSON");
        assert_refused("MS31-001", "MS31\\ud800-001", "JSON");
        assert_refused("{", "", "JSON");
        assert_refused("[\"the edition is missing\"]}", "[\"the edition is missing\"]} x", "JSON");
}
END_TEST

START_TEST(sizes_are_bounded)
{
        g_autofree char *name = g_strnfill(1025, '9'), *line = g_strnfill(64 * 1024 + 1, 'x');
        g_autofree char *quoted = g_strdup_printf("\"%s\"", name);
        assert_refused("\"MS31-001\"", quoted, "id: is too long");
        assert_refused("\"9000001\"", quoted, "kbs[0]: is too long");
        assert_refused("the edition is missing", line, "warnings[0]: is too long");
        assert_refused("from the heading", line, "severity: is too long");
        g_autoptr(GString) many = g_string_new(NULL);
        for (int i = 0; i < 10001; i++)
                g_string_append(many, "\"1\",");
        g_autofree char *list = g_strdup_printf("[%s\"9000001\"", many->str);
        assert_refused("[\"9000001\"", list, "kbs: has too many members");
}
END_TEST

START_TEST(what_jansson_lets_through_is_refused)
{
        g_autoptr(bulletin_t) b = full();
        json_t *json = bulletin_to_json(b);
        struct bulletin *read;
        json_object_set_new(json, "title", json_stringn_nocheck("a\0b", 3));
        ck_assert_int_eq(bulletin_from_json(json, &read, NULL), -ERR_MALFORMED);
        json_object_set_new(json, "title", json_stringn_nocheck("\xFF", 1));
        ck_assert_int_eq(bulletin_from_json(json, &read, NULL), -ERR_MALFORMED);
        json_object_set_new(json, "title", json_null());
        json_object_set_new(json, "kind", json_stringn_nocheck("alert\0x", 7));
        ck_assert_int_eq(bulletin_from_json(json, &read, NULL), -ERR_MALFORMED);
        json_object_set_new(json, "kind", json_string("alert"));
        ck_assert_int_eq(bulletin_from_json(json, &read, NULL), 0);
        bulletin_free(read);
        json_decref(json);
        json = json_array();
        ck_assert_int_eq(bulletin_from_json(json, &read, NULL), -ERR_MALFORMED);
        json_decref(json);
        ck_assert_int_eq(bulletin_from_text("", 0, &read, NULL), -ERR_MALFORMED);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
        g_autoptr(GString) deep = g_string_new(NULL);
        for (int i = 0; i < 1000000; i++)
                g_string_append_c(deep, '[');
        struct bulletin *read;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletin_from_text(deep->str, deep->len, &read, &err), -ERR_MALFORMED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "depth"));
        error_clear(&err);
}
END_TEST

/* Cut anywhere, or with any byte replaced, the text is refused or read whole, and nothing leaks. */
START_TEST(damage_anywhere)
{
        g_autoptr(bulletin_t) b = full();
        g_autofree char *text = bulletin_to_text(b);
        size_t size = strlen(text);
        for (size_t cut = 0; cut < size; cut++) {
                struct bulletin *read;
                ck_assert_int_eq(bulletin_from_text(text, cut, &read, NULL), -ERR_MALFORMED);
        }
        static const char bytes[] = "\"{[:,0n\\\xE3";
        for (size_t at = 0; at < size; at++) {
                char kept = text[at];
                text[at] = bytes[at % (sizeof bytes - 1)];
                struct bulletin *read = NULL;
                if (bulletin_from_text(text, size, &read, NULL) == 0)
                        assert_round_trip(read);
                bulletin_free(read);
                text[at] = kept;
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("bulletin_json");
        TCase *t = tcase_create("bulletin_json");
        suite_add_tcase(s, t);
        tcase_add_test(t, the_form_of_an_empty_one);
        tcase_add_test(t, the_form_of_members);
        tcase_add_test(t, the_text_is_the_object);
        tcase_add_test(t, the_schema_has_the_same_keys);
        tcase_add_test(t, every_severity_has_its_level);
        tcase_add_test(t, what_is_written_is_always_readable);
        tcase_add_test(t, what_is_too_much_is_cut_with_a_warning);
        tcase_add_test(t, round_trip);
        tcase_add_test(t, structs_come_back);
        tcase_add_test(t, only_entries_may_be_missing);
        tcase_add_test(t, wrong_types_are_refused);
        tcase_add_test(t, wrong_keys_are_refused);
        tcase_add_test(t, wrong_choices_are_refused);
        tcase_add_test(t, a_group_of_nothing_is_refused);
        tcase_add_test(t, wrong_forms_are_refused);
        tcase_add_test(t, sizes_are_bounded);
        tcase_add_test(t, what_jansson_lets_through_is_refused);
        tcase_add_test(t, deep_nesting_is_refused);
        tcase_add_test(t, damage_anywhere);
        return s;
}

int main(void)
{
        return support_run(suite());
}
