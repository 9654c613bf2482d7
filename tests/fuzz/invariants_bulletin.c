/* SPDX-License-Identifier: MIT */
/* The part of invariants.h that is about the bulletin. */
#include <string.h>

#include "common/bulletin_json.h"
#include "common/bulletin_p.h"
#include "common/text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/invariants.h"

/* --- each member as bulletin_shape.c describes it --- */

static void require_member_text(const char *text, const struct member *m)
{
        require_text(m->key, text);
        if (!text)
                return;
        fuzz_require(strlen(text) <= m->max_bytes, "%s has %zu bytes", m->key, strlen(text));
        fuzz_require(text_has_form(text, m->form), "%s is not in its form: %s", m->key, text);
}

static void require_choice(const struct choice *choice, const struct member *m)
{
        require_member_text(choice->text, m);
        require_line("a reason", choice->reason);
        if (!choice->present) {
                fuzz_require(choice->value == 0 && !choice->text, "%s is absent and has a value", m->key);
                return;
        }
        fuzz_require(choice->basis < BASIS_MAX, "%s has the basis %d", m->key, (int) choice->basis);
        fuzz_require((choice->value == 0) == (choice->basis == BASIS_UNDETERMINED), "%s has value %d and basis %s",
                     m->key, choice->value, basis_name(choice->basis));
        fuzz_require(choice->value == 0 || choice_value_name(m->values, choice->value), "%s has the value %d", m->key,
                     choice->value);
        fuzz_require(choice->value != 0 || choice->reason, "%s is undetermined without a reason", m->key);
        /* Where a table's cell is empty, the answer is "no" and there is no text. */
        bool said = choice->text && *choice->text;
        fuzz_require(said || choice->basis != BASIS_STATED || choice->value == ANSWER_NO, "%s is stated without a text",
                     m->key);
        fuzz_require(choice->basis != BASIS_INFERRED || choice->reason, "%s is inferred without a reason", m->key);
}

static void require_object(const void *object, const struct shape *shape);

static void require_list(const GPtrArray *list, const struct member *m)
{
        fuzz_require(list->len <= m->max_members, "%s has %u members", m->key, list->len);
        for (guint i = 0; i < list->len; i++) {
                const void *item = g_ptr_array_index(list, i);
                fuzz_require(item, "%s[%u] is nothing", m->key, i);
                if (m->shape)
                        require_object(item, m->shape);
                else
                        require_member_text(item, m);
        }
}

static void require_member(const void *object, const struct member *m)
{
        switch (m->type) {
        case MEMBER_SCHEMA:
        case MEMBER_FLAG:
                break;
        case MEMBER_KIND:
                fuzz_require(*MEMBER_OF(enum bulletin_kind, object, m) < BULLETIN_KIND_MAX, "unknown kind");
                break;
        case MEMBER_TEXT:
                require_member_text(*MEMBER_OF(char *, object, m), m);
                break;
        case MEMBER_DATE: {
                const char *date = MEMBER_OF(char, object, m);
                fuzz_require(!*date || bulletin_date_is_valid(date), "%s is %s", m->key, date);
                break;
        }
        case MEMBER_NUMBER:
                fuzz_require(*MEMBER_OF(gint64, object, m) >= -1, "%s is negative", m->key);
                break;
        case MEMBER_CHOICE:
                require_choice(MEMBER_OF(struct choice, object, m), m);
                break;
        case MEMBER_GROUP:
                require_object(object, m->shape);
                break;
        case MEMBER_OBJECT:
                require_object(MEMBER_OF(void, object, m), m->shape);
                break;
        case MEMBER_REFERENCE:
                if (*MEMBER_OF(void *, object, m))
                        require_object(*MEMBER_OF(void *, object, m), m->shape);
                break;
        case MEMBER_TEXTS:
        case MEMBER_OBJECTS:
        case MEMBER_WARNINGS:
                require_list(*MEMBER_OF(GPtrArray *, object, m), m);
                break;
        }
}

static void require_object(const void *object, const struct shape *shape)
{
        for (size_t i = 0; i < shape->count; i++)
                require_member(object, &shape->members[i]);
}

/* --- the JSON form and what is computed from the bulletin --- */

static void require_round_trip(const struct bulletin *b)
{
        struct bulletin *copy;
        struct error err = ERROR_INIT;
        g_autofree char *text = bulletin_to_text(b);
        require_text("the JSON", text);
        fuzz_require(!strchr(text, '\n'), "the JSON has more than one line");
        int r = bulletin_from_text(text, strlen(text), &copy, &err);
        fuzz_require(r == 0, "the JSON is refused: %s: %s", error_text(&err), text);
        g_autofree char *again = bulletin_to_text(copy);
        fuzz_require(strcmp(text, again) == 0, "written again it is\n%s\nand not\n%s", again, text);
        char before[65], after[65];
        bulletin_fingerprint(b, before);
        bulletin_fingerprint(copy, after);
        fuzz_require(strcmp(before, after) == 0, "another fingerprint after reading back: %s", text);
        g_autofree char *key = bulletin_key(b), *copy_key = bulletin_key(copy);
        fuzz_require(key && strcmp(key, copy_key) == 0, "key %s, after reading back %s", key, copy_key);
        require_text("the key", key);
        fuzz_require(bulletin_count_determined(b) == bulletin_count_determined(copy), "%u determined, then %u",
                     bulletin_count_determined(b), bulletin_count_determined(copy));
        g_autoptr(GPtrArray) changes = bulletin_diff(b, copy);
        fuzz_require(changes->len == 0, "%u differences to itself, of %s", changes->len,
                     ((struct bulletin_change *) g_ptr_array_index(changes, 0))->path);
        bulletin_free(copy);
}

static bool is_determined(const struct choice *choice)
{
        return choice->present && choice->basis != BASIS_UNDETERMINED;
}

void require_bulletin(const struct bulletin *b)
{
        require_object(b, &bulletin_shape);
        for (guint i = 0; i < b->warnings->len; i++)
                require_line("a warning", g_ptr_array_index(b->warnings, i));
        bool alert = b->kind == BULLETIN_ALERT;
        fuzz_require(b->fields[FIELD_SEVERITY].present == alert, "severity of a %s", bulletin_kind_name(b->kind));
        fuzz_require(b->fields[FIELD_URGENCY].present == alert, "urgency of a %s", bulletin_kind_name(b->kind));
        /* Where the two disagree the higher one counts. */
        const struct choice *urgency = &b->fields[FIELD_URGENCY], *measure = &b->fields[FIELD_MEASURE];
        fuzz_require(!is_determined(urgency) || !is_determined(measure) || urgency->value >= measure->value,
                     "urgency %d below measure %d", urgency->value, measure->value);
        require_round_trip(b);
}

/* --- nothing that the document does not say --- */

/* Whether the characters occur in this order. */
static bool is_woven_into(const char *text, const char *whole)
{
        for (; *text; text = g_utf8_next_char(text)) {
                gunichar c = g_utf8_get_char(text);
                while (*whole && g_utf8_get_char(whole) != c)
                        whole = g_utf8_next_char(whole);
                if (!*whole)
                        return false;
                whole = g_utf8_next_char(whole);
        }
        return true;
}

/* Separators that a rule may put between pieces. */
static char *without_separators(const char *text)
{
        GString *out = g_string_new(NULL);
        for (const char *c = text; *c; c++)
                if (!strchr("|/,-", *c))
                        g_string_append_c(out, *c);
        return g_string_free(out, FALSE);
}

static void require_woven(const char *what, const char *text, const char *whole)
{
        g_autofree char *bare = bare_text(text ? text : ""), *plain = without_separators(bare);
        fuzz_require(is_woven_into(plain, whole), "%s is not in the document: %s", what, text);
}

/* Each line of a field's text stands somewhere in one piece. */
static void require_lines_within(const char *what, const char *text, const char *whole)
{
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
        for (char **line = lines; *line; line++) {
                g_autofree char *bare = bare_text(*line);
                fuzz_require(strstr(whole, bare), "%s is not in the document: %s", what, *line);
        }
}

/* All text of the document, alt texts beside their blocks included. */
static char *whole_text(const struct document *document)
{
        g_autoptr(GString) all = g_string_new(NULL);
        for (guint i = 0; i < document->block_count; i++) {
                const struct block *block = document_block(document, i);
                if (block->image_alt)
                        g_string_append_printf(all, "%s\n", block->image_alt);
                g_string_append_printf(all, "%s\n", block->text);
        }
        return bare_text(all->str);
}

static void require_texts_woven(const char *what, const GPtrArray *list, const char *whole)
{
        for (guint i = 0; i < list->len; i++)
                require_woven(what, g_ptr_array_index(list, i), whole);
}

static void require_tables_grounded(const struct bulletin *b, const char *whole)
{
        for (guint i = 0; i < b->affected->len; i++) {
                const struct affected *affected = g_ptr_array_index(b->affected, i);
                require_woven("affected software", affected->software, whole);
                require_woven("affected platforms", affected->platforms, whole);
        }
        for (guint i = 0; i < b->tests->len; i++) {
                const struct lab_test *test = g_ptr_array_index(b->tests, i);
                require_woven("a test's platform", test->platform, whole);
                require_woven("a test's result", test->result.text, whole);
        }
        for (guint i = 0; i < b->downloads->len; i++) {
                const struct download *download = g_ptr_array_index(b->downloads, i);
                require_woven("a download's platform", download->platform, whole);
                require_woven("a download's centre", download->center, whole);
                require_woven("a download's catalogue", download->catalog, whole);
        }
        for (guint i = 0; i < b->deployments->len; i++) {
                const struct deployment *deployment = g_ptr_array_index(b->deployments, i);
                require_woven("a deployment's package", deployment->package, whole);
                require_woven("a deployment's product", deployment->product, whole);
        }
        for (guint i = 0; i < b->update_expert->len; i++) {
                const struct update_expert *entry = g_ptr_array_index(b->update_expert, i);
                require_woven("UpdateEXPERT's product", entry->product, whole);
                require_woven("UpdateEXPERT's text", entry->text, whole);
        }
}

static void require_file_grounded(const struct package_file *file, const char *whole)
{
        require_woven("a file's name", file->name, whole);
        require_woven("a file's version", file->version, whole);
        require_woven("a file's description", file->description, whole);
        require_woven("a file's folder", file->folder, whole);
}

static void require_packages_grounded(const struct bulletin *b, const char *whole)
{
        for (guint i = 0; i < b->packages->len; i++) {
                const struct package *package = g_ptr_array_index(b->packages, i);
                require_woven("a package's product", package->product, whole);
                if (package->file)
                        require_file_grounded(package->file, whole);
                for (guint k = 0; k < package->files->len; k++)
                        require_file_grounded(g_ptr_array_index(package->files, k), whole);
        }
}

static void require_entries_grounded(const struct bulletin *b, const char *whole)
{
        for (guint i = 0; i < b->entries->len; i++) {
                const struct bulletin_entry *entry = g_ptr_array_index(b->entries, i);
                require_woven("an entry's type", entry->type, whole);
                require_woven("an entry's id", entry->id, whole);
                require_woven("an entry's title", entry->title, whole);
                require_texts_woven("an entry's KB", entry->kbs, whole);
        }
}

void require_grounded(const struct bulletin *b, const struct document *document)
{
        g_autofree char *exact = whole_text(document), *whole = without_separators(exact);
        for (int field = 0; field < FIELD_MAX; field++) {
                const struct choice *choice = &b->fields[field];
                if (field == FIELD_SEVERITY || field == FIELD_URGENCY || field == FIELD_MEASURE)
                        require_lines_within(bulletin_field_path(field), choice->text, exact);
                else
                        require_woven(bulletin_field_path(field), choice->text, whole);
        }
        require_woven("title", b->title, whole);
        require_woven("vendor_title", b->vendor_title, whole);
        require_woven("id", b->id, whole);
        require_texts_woven("kbs", b->kbs, whole);
        require_texts_woven("supersedes", b->supersedes, whole);
        require_texts_woven("cves", b->cves, whole);
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                require_woven("a section's heading", section->heading, whole);
                require_woven("a section's text", section->text, whole);
        }
        require_tables_grounded(b, whole);
        require_packages_grounded(b, whole);
        require_entries_grounded(b, whole);
}
