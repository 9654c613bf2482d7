/* SPDX-License-Identifier: MIT */
/* The reading half of bulletin_json.h. What it reads may come from a worker process that was taken over. */
#include <string.h>

#include "common/bulletin_json.h"
#include "common/bulletin_p.h"
#include "common/json_scan.h"
#include "common/text.h"

static int malformed(const struct place *place, const char *what)
{
        return bulletin_fail(place, -ERR_MALFORMED, what);
}

static const json_t *member_json(const json_t *object, const char *key)
{
        return json_object_get(object, key);
}

/* A text within its bound, or NULL for null. *ret_text points into the JSON. */
static int check_text(const json_t *json, size_t max_bytes, const struct place *place, const char **ret_text)
{
        if (json_is_null(json)) {
                *ret_text = NULL;
                return 0;
        }
        if (!json_is_string(json))
                return malformed(place, "is not a string");
        const char *text = json_string_value(json);
        size_t size = json_string_length(json);
        if (size > max_bytes)
                return malformed(place, "is too long");
        /* With a length given, a NUL within is not valid either. */
        if (!g_utf8_validate(text, (gssize) size, NULL))
                return malformed(place, "is not valid UTF-8 text");
        *ret_text = text;
        return 0;
}

static int read_text(const json_t *json, const struct member *m, const struct place *place, char **ret_text)
{
        const char *text = NULL;
        int r = check_text(json, m->max_bytes, place, &text);
        if (r < 0)
                return r;
        if (text && !text_has_form(text, m->form))
                return malformed(place, "is not in its form");
        *ret_text = g_strdup(text);
        return 0;
}

/* A string that must be there, for names; NULL where it is null, no string or not clean. */
static const char *name_of(const json_t *json)
{
        const char *name = json_string_value(json);
        return name && strlen(name) == json_string_length(json) ? name : NULL;
}

static int read_kind(const json_t *json, const struct place *place, enum bulletin_kind *ret_kind)
{
        const char *name = name_of(json);
        return name && bulletin_kind_parse(name, ret_kind) == 0 ? 0 : malformed(place, "is not a kind");
}

static int read_schema(const json_t *json, const struct place *place)
{
        const char *name = name_of(json);
        return name && strcmp(name, BULLETIN_SCHEMA) == 0 ? 0 : malformed(place, "is not \"" BULLETIN_SCHEMA "\"");
}

static int read_date(const json_t *json, const struct place *place, char ret_date[BULLETIN_DATE_SIZE])
{
        const char *date = name_of(json);
        if (!json_is_null(json) && (!date || !bulletin_date_is_valid(date)))
                return malformed(place, "is not a date");
        g_strlcpy(ret_date, date ? date : "", BULLETIN_DATE_SIZE);
        return 0;
}

static int read_number(const json_t *json, const struct place *place, gint64 *ret_number)
{
        if (!json_is_null(json) && (!json_is_integer(json) || json_integer_value(json) < 0))
                return malformed(place, "is not a whole number");
        *ret_number = json_is_null(json) ? -1 : json_integer_value(json);
        return 0;
}

static int read_flag(const json_t *json, const struct place *place, bool *ret_flag)
{
        if (!json_is_boolean(json))
                return malformed(place, "is neither true nor false");
        *ret_flag = json_is_true(json);
        return 0;
}

/* The value and level of a choice agree with each other and with the basis. */
static int check_choice(const json_t *json, int values, const struct place *place, enum basis *ret_basis,
                        int *ret_value)
{
        const json_t *value_json = member_json(json, "value");
        const char *name = name_of(value_json), *basis = name_of(member_json(json, "basis"));
        int value = name ? choice_value_parse(values, name) : 0;
        if (!value_json || (!json_is_null(value_json) && !value))
                return malformed(place, "has an unknown value");
        if (!basis || basis_parse(basis, ret_basis) < 0)
                return malformed(place, "has no known basis");
        if ((value == 0) != (*ret_basis == BASIS_UNDETERMINED))
                return malformed(place, "has a value and a basis that contradict each other");
        if (values == FIELD_SEVERITY) {
                const json_t *level = member_json(json, "level");
                bool right = value ? json_is_integer(level) && json_integer_value(level) == SEVERITY_LEVELS + 1 - value
                                   : json_is_null(level);
                if (!right)
                        return malformed(place, "has a level that is not its value's");
        }
        *ret_value = value;
        return 0;
}

static int read_choice(const json_t *json, const struct member *m, const struct place *place, struct choice *choice)
{
        if (json_is_null(json))
                return 0;
        enum basis basis = BASIS_UNDETERMINED;
        int value = 0;
        const char *text = NULL, *reason = NULL;
        const json_t *reason_json = member_json(json, "reason");
        size_t keys = (m->values == FIELD_SEVERITY ? 4u : 3u) + (reason_json != NULL);
        if (!json_is_object(json) || json_object_size(json) != keys || !member_json(json, "text"))
                return malformed(place, "is not a choice with the right keys");
        int r = check_choice(json, m->values, place, &basis, &value);
        if (r == 0)
                r = check_text(member_json(json, "text"), m->max_bytes, place, &text);
        if (r == 0 && reason_json)
                r = json_is_null(reason_json) ? malformed(place, "has an empty reason")
                                              : check_text(reason_json, m->max_bytes, place, &reason);
        if (r < 0)
                return r;
        choice_set(choice, basis, value, text, reason);
        return 0;
}

/* As deep as the shapes are nested, whatever the input is. */
static int read_object(const json_t *json, const struct shape *shape, const struct place *place, void *object);

static int read_group(const json_t *json, const struct shape *shape, const struct place *place, void *object)
{
        if (json_is_null(json))
                return 0;
        int r = read_object(json, shape, place, object);
        if (r == 0 && !group_is_present(object, shape))
                return malformed(place, "holds nothing and is not null");
        return r;
}

static int read_new_object(const json_t *json, const struct shape *shape, const struct place *place,
                           gpointer *ret_object)
{
        gpointer object = shape->create();
        int r = read_object(json, shape, place, object);
        if (r < 0)
                shape->destroy(object);
        else
                *ret_object = object;
        return r;
}

static int read_list(const json_t *json, const struct member *m, const struct place *place, GPtrArray *list)
{
        if (!json_is_array(json))
                return malformed(place, "is not a list");
        if (json_array_size(json) > m->max_members)
                return malformed(place, "has too many members");
        for (size_t i = 0; i < json_array_size(json); i++) {
                const struct place here = { .parent = place, .index = i };
                const json_t *item = json_array_get(json, i);
                gpointer member = NULL;
                int r;
                if (m->shape)
                        r = read_new_object(item, m->shape, &here, &member);
                else if (json_is_null(item))
                        r = malformed(&here, "is null");
                else
                        r = read_text(item, m, &here, (char **) &member);
                if (r < 0)
                        return r;
                g_ptr_array_add(list, member);
        }
        return 0;
}

static int read_member(const json_t *json, const struct member *m, const struct place *place, void *object)
{
        switch (m->type) {
        case MEMBER_SCHEMA:
                return read_schema(json, place);
        case MEMBER_KIND:
                return read_kind(json, place, MEMBER_AT(enum bulletin_kind, object, m));
        case MEMBER_TEXT:
                return read_text(json, m, place, MEMBER_AT(char *, object, m));
        case MEMBER_DATE:
                return read_date(json, place, MEMBER_AT(char, object, m));
        case MEMBER_NUMBER:
                return read_number(json, place, MEMBER_AT(gint64, object, m));
        case MEMBER_FLAG:
                return read_flag(json, place, MEMBER_AT(bool, object, m));
        case MEMBER_CHOICE:
                return read_choice(json, m, place, MEMBER_AT(struct choice, object, m));
        case MEMBER_GROUP:
                return read_group(json, m->shape, place, object);
        case MEMBER_OBJECT:
                return read_object(json, m->shape, place, MEMBER_AT(void, object, m));
        case MEMBER_REFERENCE:
                return json_is_null(json) ? 0 : read_new_object(json, m->shape, place, MEMBER_AT(gpointer, object, m));
        case MEMBER_TEXTS:
        case MEMBER_OBJECTS:
        case MEMBER_WARNINGS:
                return read_list(json, m, place, *MEMBER_AT(GPtrArray *, object, m));
        }
        g_assert_not_reached();
}

static int read_object(const json_t *json, const struct shape *shape, const struct place *place, void *object)
{
        if (!json_is_object(json))
                return malformed(place, "is not an object");
        size_t keys = 0;
        for (size_t i = 0; i < shape->count; i++) {
                const struct place here = { .parent = place, .key = shape->members[i].key };
                const json_t *value = member_json(json, here.key);
                if (!value && shape->members[i].added_later)
                        continue;
                if (!value)
                        return malformed(&here, "is missing");
                keys++;
                int r = read_member(value, &shape->members[i], &here, object);
                if (r < 0)
                        return r;
        }
        /* All of ours are there, and an object has each key once. */
        if (json_object_size(json) != keys)
                return malformed(place, "has a key that does not belong there");
        return 0;
}

int bulletin_from_json(const json_t *json, struct bulletin **ret_bulletin, struct error *err)
{
        const struct place root = { .err = err };
        gpointer bulletin;
        int r = read_new_object(json, &bulletin_shape, &root, &bulletin);
        if (r == 0)
                *ret_bulletin = bulletin;
        return r;
}

int bulletin_from_text(const char *text, size_t size, struct bulletin **ret_bulletin, struct error *err)
{
        json_error_t json_error;
        json_t *json = json_scan(text, size);
        if (!json)
                json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &json_error);
        if (!json) { /* the words quote the text, cut anywhere */
                g_autofree char *why = text_make_line(json_error.text, strlen(json_error.text));
                return error_set(err, -ERR_MALFORMED, "bulletin: no JSON: %s (at byte %d)", why, json_error.position);
        }
        int r = bulletin_from_json(json, ret_bulletin, err);
        json_decref(json);
        return r;
}
