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

int bulletin_fail(const struct place *place, int code, const char *what)
{
        const struct place *root = place;
        while (root->parent)
                root = root->parent;
        g_autofree char *path = place_describe(place);
        return error_set(root->err, code, "bulletin: %s%s%s", path, *path ? ": " : "", what);
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

void writer_note_loss(struct writer *w, const struct place *place)
{
        if (w->losses++ == 0)
                w->first_loss = place_describe(place);
}

char *writer_describe_losses(const struct writer *w)
{
        if (w->losses == 0)
                return NULL;
        g_autofree char *warning = g_strdup_printf("%s is too long or not in its form and is not kept whole",
                                                    w->first_loss);
        return w->losses > 1 ? g_strdup_printf("%s; so are %u more", warning, w->losses - 1) : g_steal_pointer(&warning);
}

bool writer_fit(struct writer *w, const char *text, const struct member *m, const struct place *place,
                struct fitted *ret_fitted)
{
        struct fitted fitted = { .text = text, .size = text ? strlen(text) : 0 };
        if (w->sound) {
                *ret_fitted = fitted;
                return text != NULL;
        }
        if (text && !text_is_valid(text, fitted.size)) {
                fitted.text = fitted.owned = text_make_valid(text, fitted.size, NULL);
                fitted.size = strlen(fitted.text);
        }
        bool is_fit = text && fitted.size <= m->max_bytes && text_has_form(fitted.text, m->form);
        if (text && !is_fit) {
                writer_note_loss(w, place);
                is_fit = m->form == FORM_ANY;
                const char *end = g_utf8_find_prev_char(fitted.text, fitted.text + MIN(fitted.size, m->max_bytes + 1));
                fitted.size = end ? (size_t) (end - fitted.text) : 0;
        }
        if (!is_fit)
                g_clear_pointer(&fitted.owned, g_free);
        *ret_fitted = fitted;
        return is_fit;
}

bool group_is_present(const void *object, const struct shape *shape)
{
        for (size_t i = 0; i < shape->count; i++)
                if (MEMBER_OF(struct choice, object, &shape->members[i])->present)
                        return true;
        return false;
}

static const char null_word[] = "null";

#define WORD_BYTES sizeof(guint64)
#define EVERY_BYTE(x) ((guint64) (x) * G_GUINT64_CONSTANT(0x0101010101010101))

/* Whether eight bytes surely need no escape: none is a control character, a quotation mark or a backslash. */
static inline bool is_plain_word(const char *at)
{
        guint64 word;
        memcpy(&word, at, sizeof word);
        guint64 marks = word ^ EVERY_BYTE('"'), slashes = word ^ EVERY_BYTE('\\');
        guint64 found = ((word - EVERY_BYTE(0x20)) & ~word) | ((marks - EVERY_BYTE(1)) & ~marks) |
                        ((slashes - EVERY_BYTE(1)) & ~slashes);
        return (found & EVERY_BYTE(0x80)) == 0;
}

/* As json_dumps(JSON_COMPACT) writes it. */
static void put_string(GString *out, const char *text, size_t size)
{
        static const char hex[] = "0123456789ABCDEF", plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
        const char *kept = text; /* what needs no escape and is not yet appended */
        g_string_append_c(out, '"');
        for (const char *at = text, *end = text + size; at < end; at++) {
                while ((size_t) (end - at) > WORD_BYTES && is_plain_word(at))
                        at += WORD_BYTES;
                unsigned char c = (unsigned char) *at;
                if (c >= 0x20 && c != '"' && c != '\\')
                        continue;
                g_string_append_len(out, kept, at - kept);
                kept = at + 1;
                const char *short_form = strchr(plain, c);
                if (short_form) {
                        g_string_append_c(out, '\\');
                        g_string_append_c(out, letters[short_form - plain]);
                } else {
                        g_string_append(out, "\\u00");
                        g_string_append_c(out, hex[c >> 4]);
                        g_string_append_c(out, hex[c & 15]);
                }
        }
        g_string_append_len(out, kept, text + size - kept);
        g_string_append_c(out, '"');
}

/* A constant of ours, which needs no escape. */
static void put_name(GString *out, const char *name)
{
        if (!name) {
                g_string_append_len(out, null_word, sizeof null_word - 1);
                return;
        }
        g_string_append_c(out, '"');
        g_string_append(out, name);
        g_string_append_c(out, '"');
}

static void put_key(GString *out, const char *key, bool is_first)
{
        if (!is_first)
                g_string_append_c(out, ',');
        put_name(out, key);
        g_string_append_c(out, ':');
}

static void put_number(GString *out, gint64 number)
{
        char digits[24]; /* more than 64 bits need */
        char *at = digits + sizeof digits;
        guint64 rest = (guint64) number;
        do
                *--at = (char) ('0' + rest % 10);
        while (rest /= 10);
        g_string_append_len(out, at, digits + sizeof digits - at);
}

static void write_text(struct writer *w, const char *text, const struct member *m, const struct place *place)
{
        struct fitted fitted;
        if (writer_fit(w, text, m, place, &fitted))
                put_string(w->out, fitted.text, fitted.size);
        else
                put_name(w->out, NULL);
        g_free(fitted.owned);
}

static void write_choice(struct writer *w, const struct choice *choice, const struct member *m,
                         const struct place *place)
{
        if (!choice->present) {
                put_name(w->out, NULL);
                return;
        }
        int value = choice_sound_value(choice, m->values);
        g_string_append_c(w->out, '{');
        put_key(w->out, "value", true);
        put_name(w->out, choice_value_name(m->values, value));
        if (m->values == FIELD_SEVERITY) {
                put_key(w->out, "level", false);
                if (value)
                        put_number(w->out, SEVERITY_LEVELS + 1 - value);
                else
                        put_name(w->out, NULL);
        }
        put_key(w->out, "text", false);
        write_text(w, choice->text, m, place);
        put_key(w->out, "basis", false);
        put_name(w->out, basis_name(value ? choice->basis : BASIS_UNDETERMINED));
        if (choice->reason) {
                put_key(w->out, "reason", false);
                write_text(w, choice->reason, m, place);
        }
        g_string_append_c(w->out, '}');
}

/* As deep as the shapes are nested, which is three. */
static void write_object(struct writer *w, const void *object, const struct shape *shape, const struct place *place);

static void write_list(struct writer *w, const GPtrArray *list, const struct member *m, const struct place *place)
{
        GString *out = w->out;
        gsize last = out->len; /* where the last member begins, with its comma */
        guint count = 0;
        g_string_append_c(out, '[');
        for (guint i = 0; i < list->len; i++) {
                const void *item = g_ptr_array_index(list, i);
                const struct place here = { .parent = place, .index = i };
                struct fitted fitted = { 0 };
                if (i >= m->max_members) {
                        writer_note_loss(w, place);
                        break;
                }
                if (!m->shape && !writer_fit(w, item, m, &here, &fitted))
                        continue;
                last = out->len;
                if (count++ > 0)
                        g_string_append_c(out, ',');
                if (m->shape)
                        write_object(w, item, m->shape, &here);
                else
                        put_string(out, fitted.text, fitted.size);
                g_free(fitted.owned);
        }
        g_autofree char *loss = m->type == MEMBER_WARNINGS ? writer_describe_losses(w) : NULL;
        if (loss && count >= m->max_members) {
                g_string_truncate(out, last);
                count--;
        }
        if (loss && count > 0)
                g_string_append_c(out, ',');
        if (loss)
                put_string(out, loss, strlen(loss));
        g_string_append_c(out, ']');
}

static void write_member(struct writer *w, const void *object, const struct member *m, const struct place *place)
{
        switch (m->type) {
        case MEMBER_SCHEMA:
                put_name(w->out, BULLETIN_SCHEMA);
                return;
        case MEMBER_KIND:
                put_name(w->out, bulletin_kind_name(*MEMBER_OF(enum bulletin_kind, object, m)));
                return;
        case MEMBER_TEXT:
                write_text(w, *MEMBER_OF(char *, object, m), m, place);
                return;
        case MEMBER_DATE: {
                const char *date = MEMBER_OF(char, object, m);
                put_name(w->out, bulletin_date_is_valid(date) ? date : NULL);
                return;
        }
        case MEMBER_NUMBER: {
                gint64 number = *MEMBER_OF(gint64, object, m);
                if (number >= 0)
                        put_number(w->out, number);
                else
                        put_name(w->out, NULL);
                return;
        }
        case MEMBER_FLAG:
                g_string_append(w->out, *MEMBER_OF(bool, object, m) ? "true" : "false");
                return;
        case MEMBER_CHOICE:
                write_choice(w, MEMBER_OF(struct choice, object, m), m, place);
                return;
        case MEMBER_GROUP:
                if (group_is_present(object, m->shape))
                        write_object(w, object, m->shape, place);
                else
                        put_name(w->out, NULL);
                return;
        case MEMBER_OBJECT:
                write_object(w, MEMBER_OF(void, object, m), m->shape, place);
                return;
        case MEMBER_REFERENCE: {
                const void *target = *MEMBER_OF(void *, object, m);
                if (target)
                        write_object(w, target, m->shape, place);
                else
                        put_name(w->out, NULL);
                return;
        }
        case MEMBER_TEXTS:
        case MEMBER_OBJECTS:
        case MEMBER_WARNINGS:
                write_list(w, *MEMBER_OF(GPtrArray *, object, m), m, place);
                return;
        }
        g_assert_not_reached();
}

static void write_object(struct writer *w, const void *object, const struct shape *shape, const struct place *place)
{
        g_string_append_c(w->out, '{');
        for (size_t i = 0; i < shape->count; i++) {
                const struct place here = { .parent = place, .key = shape->members[i].key };
                put_key(w->out, here.key, i == 0);
                write_member(w, object, &shape->members[i], &here);
        }
        g_string_append_c(w->out, '}');
}

static GString *write_bulletin(const struct bulletin *b)
{
        const struct place root = { 0 };
        struct writer w = { .out = g_string_sized_new(32 * KIB), .sound = b->sound };
        write_object(&w, b, &bulletin_shape, &root);
        g_free(w.first_loss);
        return w.out;
}

json_t *bulletin_to_json(const struct bulletin *b)
{
        g_autoptr(GString) text = write_bulletin(b);
        json_t *json = json_loadb(text->str, text->len, 0, NULL);
        if (!json) /* what is written is JSON: jansson got no memory, where GLib would have ended the program as well */
                g_error("out of memory");
        return json;
}

char *bulletin_to_text(const struct bulletin *b)
{
        return g_string_free(write_bulletin(b), FALSE);
}
