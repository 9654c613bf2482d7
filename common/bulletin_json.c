/* SPDX-License-Identifier: MIT */
#include "common/bulletin_json.h"

#include <string.h>

#include "common/bulletin_p.h"
#include "common/limits.h"
#include "common/text.h"

char *place_describe(const struct place *place)
{
        GString *path = g_string_new(NULL);
        for (const struct place *at = place; at->parent; at = at->parent) {
                g_autofree char *step = at->key ? g_strdup_printf("%s%s", at->parent->parent ? "." : "", at->key)
                                                : g_strdup_printf("[%zu]", at->index);
                g_string_prepend(path, step);
        }
        return g_string_free(path, FALSE);
}

static bool consists_of(const char *text, const char *allowed)
{
        return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

bool text_has_form(const char *text, enum text_form form)
{
        switch (form) {
        case FORM_ANY:
                return true;
        case FORM_FEED:
                return consists_of(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
        case FORM_DIGITS:
                return consists_of(text, "0123456789");
        case FORM_SHA256:
                return strlen(text) == 64 && consists_of(text, "0123456789abcdef");
        case FORM_TIME: {
                g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
                return time != NULL;
        }
        }
        return false;
}

/*
 * What is written can always be read back: a text or list beyond its bound is cut, one that is not in its form is left
 * out, and a warning says so. Refusing it would cost a whole bulletin for one cell.
 */
struct writer {
        unsigned losses;
        char *first_loss; /* its path */
};

static void note_loss(struct writer *w, const struct place *place)
{
        if (w->losses++ == 0)
                w->first_loss = place_describe(place);
}

static void put(json_t *object, const char *key, json_t *value)
{
        /* jansson fails only without memory, where GLib would have ended the program as well. */
        if (!value || json_object_set_new_nocheck(object, key, value) < 0)
                g_error("out of memory");
}

static void append(json_t *array, json_t *value)
{
        if (!value || json_array_append_new(array, value) < 0)
                g_error("out of memory");
}

static json_t *write_name(const char *name)
{
        return name ? json_string_nocheck(name) : json_null();
}

static json_t *write_text(struct writer *w, const char *text, const struct member *m, const struct place *place)
{
        if (!text)
                return json_null();
        g_autofree char *repaired = NULL;
        size_t size = strlen(text);
        if (!g_utf8_validate(text, (gssize) size, NULL)) {
                repaired = text_make_valid(text, size, NULL);
                text = repaired;
                size = strlen(text);
        }
        if (size <= m->max_bytes && text_has_form(text, m->form))
                return json_stringn_nocheck(text, size);
        note_loss(w, place);
        if (m->form != FORM_ANY)
                return json_null();
        const char *end = g_utf8_find_prev_char(text, text + m->max_bytes + 1);
        return json_stringn_nocheck(text, end ? (size_t) (end - text) : 0);
}

static json_t *write_choice(struct writer *w, const struct choice *choice, const struct member *m,
                            const struct place *place)
{
        if (!choice->present)
                return json_null();
        json_t *object = json_object();
        int value = choice_sound_value(choice, m->values);
        put(object, "value", write_name(choice_value_name(m->values, value)));
        if (m->values == FIELD_SEVERITY)
                put(object, "level", value ? json_integer(SEVERITY_LEVELS + 1 - value) : json_null());
        put(object, "text", write_text(w, choice->text, m, place));
        put(object, "basis", write_name(basis_name(value ? choice->basis : BASIS_UNDETERMINED)));
        if (choice->reason)
                put(object, "reason", write_text(w, choice->reason, m, place));
        return object;
}

bool group_is_present(const void *object, const struct shape *shape)
{
        for (size_t i = 0; i < shape->count; i++)
                if (MEMBER_OF(struct choice, object, &shape->members[i])->present)
                        return true;
        return false;
}

/* As deep as the shapes are nested, which is three. */
static json_t *write_object(struct writer *w, const void *object, const struct shape *shape, const struct place *place);

static json_t *write_list(struct writer *w, const GPtrArray *list, const struct member *m, const struct place *place)
{
        json_t *array = json_array();
        for (guint i = 0; i < list->len; i++) {
                const void *item = g_ptr_array_index(list, i);
                const struct place here = { .parent = place, .index = i };
                if (i >= m->max_members) {
                        note_loss(w, place);
                        break;
                }
                json_t *json = m->shape ? write_object(w, item, m->shape, &here) : write_text(w, item, m, &here);
                if (m->shape || !json_is_null(json))
                        append(array, json);
        }
        return array;
}

static json_t *write_warnings(struct writer *w, const GPtrArray *list, const struct member *m,
                              const struct place *place)
{
        json_t *array = write_list(w, list, m, place);
        if (w->losses == 0)
                return array;
        if (json_array_size(array) >= m->max_members)
                json_array_remove(array, m->max_members - 1);
        g_autofree char *warning = g_strdup_printf("%s is too long or not in its form and is not kept whole",
                                                    w->first_loss);
        g_autofree char *more = w->losses > 1 ? g_strdup_printf("%s; so are %u more", warning, w->losses - 1) : NULL;
        append(array, json_string_nocheck(more ? more : warning));
        return array;
}

static json_t *write_member(struct writer *w, const void *object, const struct member *m, const struct place *place)
{
        switch (m->type) {
        case MEMBER_SCHEMA:
                return write_name(BULLETIN_SCHEMA);
        case MEMBER_KIND:
                return write_name(bulletin_kind_name(*MEMBER_OF(enum bulletin_kind, object, m)));
        case MEMBER_TEXT:
                return write_text(w, *MEMBER_OF(char *, object, m), m, place);
        case MEMBER_DATE: {
                const char *date = MEMBER_OF(char, object, m);
                return write_name(bulletin_date_is_valid(date) ? date : NULL);
        }
        case MEMBER_NUMBER: {
                gint64 number = *MEMBER_OF(gint64, object, m);
                return number >= 0 ? json_integer(number) : json_null();
        }
        case MEMBER_FLAG:
                return json_boolean(*MEMBER_OF(bool, object, m));
        case MEMBER_CHOICE:
                return write_choice(w, MEMBER_OF(struct choice, object, m), m, place);
        case MEMBER_GROUP:
                return group_is_present(object, m->shape) ? write_object(w, object, m->shape, place) : json_null();
        case MEMBER_OBJECT:
                return write_object(w, MEMBER_OF(void, object, m), m->shape, place);
        case MEMBER_REFERENCE: {
                const void *target = *MEMBER_OF(void *, object, m);
                return target ? write_object(w, target, m->shape, place) : json_null();
        }
        case MEMBER_TEXTS:
        case MEMBER_OBJECTS:
                return write_list(w, *MEMBER_OF(GPtrArray *, object, m), m, place);
        case MEMBER_WARNINGS:
                return write_warnings(w, *MEMBER_OF(GPtrArray *, object, m), m, place);
        }
        g_assert_not_reached();
}

static json_t *write_object(struct writer *w, const void *object, const struct shape *shape, const struct place *place)
{
        json_t *json = json_object();
        for (size_t i = 0; i < shape->count; i++) {
                const struct place here = { .parent = place, .key = shape->members[i].key };
                put(json, here.key, write_member(w, object, &shape->members[i], &here));
        }
        return json;
}

json_t *bulletin_to_json(const struct bulletin *b)
{
        const struct place root = { 0 };
        struct writer w = { 0 };
        json_t *json = write_object(&w, b, &bulletin_shape, &root);
        g_free(w.first_loss);
        return json;
}

/* Writes what json_dumps(JSON_COMPACT) writes, in a third of the time: this runs twice for each mail. */
static void dump_string(GString *out, const char *text, size_t size)
{
        static const char hex[] = "0123456789abcdef";
        const char *kept = text; /* what needs no escape and is not yet appended */
        g_string_append_c(out, '"');
        for (const char *at = text, *end = text + size; at < end; at++) {
                unsigned char c = (unsigned char) *at;
                if (c >= 0x20 && c != '"' && c != '\\')
                        continue;
                g_string_append_len(out, kept, at - kept);
                kept = at + 1;
                if (c == '\n')
                        g_string_append(out, "\\n");
                else if (c >= 0x20) {
                        g_string_append_c(out, '\\');
                        g_string_append_c(out, (char) c);
                } else {
                        g_string_append(out, "\\u00");
                        g_string_append_c(out, hex[c >> 4]);
                        g_string_append_c(out, hex[c & 15]);
                }
        }
        g_string_append_len(out, kept, text + size - kept);
        g_string_append_c(out, '"');
}

/* As deep as bulletin_to_json makes it. */
static void dump(GString *out, json_t *json)
{
        size_t i = 0;
        json_t *value;
        const char *key;
        switch (json_typeof(json)) {
        case JSON_OBJECT:
                g_string_append_c(out, '{');
                json_object_foreach (json, key, value) {
                        g_string_append(out, i++ ? ",\"" : "\"");
                        g_string_append(out, key); /* one of ours, which need no escape */
                        g_string_append(out, "\":");
                        dump(out, value);
                }
                g_string_append_c(out, '}');
                break;
        case JSON_ARRAY:
                g_string_append_c(out, '[');
                json_array_foreach (json, i, value) {
                        if (i)
                                g_string_append_c(out, ',');
                        dump(out, value);
                }
                g_string_append_c(out, ']');
                break;
        case JSON_STRING:
                dump_string(out, json_string_value(json), json_string_length(json));
                break;
        case JSON_INTEGER:
                g_string_append_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
                break;
        case JSON_TRUE:
                g_string_append(out, "true");
                break;
        case JSON_FALSE:
                g_string_append(out, "false");
                break;
        default: /* there are no real numbers in it */
                g_string_append(out, "null");
                break;
        }
}

char *bulletin_to_text(const struct bulletin *b)
{
        json_t *json = bulletin_to_json(b);
        GString *out = g_string_sized_new(16 * KIB);
        dump(out, json);
        json_decref(json);
        return g_string_free(out, FALSE);
}
