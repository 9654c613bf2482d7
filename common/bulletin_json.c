/* SPDX-License-Identifier: MIT */
#include "common/bulletin_json.h"

#include <string.h>

#include "common/append.h"
#include "common/bulletin_p.h"
#include "common/json_put.h"
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
        if (text && !w->valid && !text_is_valid(text, fitted.size)) {
                fitted.text = fitted.owned = text_make_valid(text, fitted.size, NULL);
                fitted.size = strlen(fitted.text);
        }
        bool is_fit = text && fitted.size <= m->max_bytes && (m->form == FORM_ANY || text_has_form(fitted.text, m->form));
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

static void write_text(struct writer *w, const char *text, const struct member *m, const struct place *place)
{
        struct fitted fitted;
        if (writer_fit(w, text, m, place, &fitted))
                json_put_string(w->out, fitted.text, fitted.size);
        else
                json_put_null(w->out);
        g_free(fitted.owned);
}

static void write_choice(struct writer *w, const struct choice *choice, const struct member *m,
                         const struct place *place)
{
        GString *out = w->out;
        if (!choice->present) {
                json_put_null(out);
                return;
        }
        int value = choice_sound_value(choice, m->values);
        append_literal(out, "{\"value\":");
        json_put_name(out, choice_value_name(m->values, value));
        if (m->values == FIELD_SEVERITY && value) {
                append_literal(out, ",\"level\":");
                append_number(out, (guint64) (SEVERITY_LEVELS + 1 - value));
        } else if (m->values == FIELD_SEVERITY)
                append_literal(out, ",\"level\":null");
        append_literal(out, ",\"text\":");
        write_text(w, choice->text, m, place);
        append_literal(out, ",\"basis\":");
        json_put_name(out, basis_name(value ? choice->basis : BASIS_UNDETERMINED));
        if (choice->reason) {
                append_literal(out, ",\"reason\":");
                write_text(w, choice->reason, m, place);
        }
        append_char(out, '}');
}

/* As deep as the shapes are nested, which is three. */
static void write_object(struct writer *w, const void *object, const struct shape *shape, const struct place *place);

static void write_list(struct writer *w, const GPtrArray *list, const struct member *m, const struct place *place)
{
        GString *out = w->out;
        gsize last = out->len; /* where the last member begins, with its comma */
        guint count = 0;
        append_char(out, '[');
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
                        append_char(out, ',');
                if (m->shape)
                        write_object(w, item, m->shape, &here);
                else
                        json_put_string(out, fitted.text, fitted.size);
                g_free(fitted.owned);
        }
        g_autofree char *loss = m->type == MEMBER_WARNINGS ? writer_describe_losses(w) : NULL;
        if (loss && count >= m->max_members) {
                g_string_truncate(out, last);
                count--;
        }
        if (loss && count > 0)
                append_char(out, ',');
        if (loss)
                json_put_string(out, loss, strlen(loss));
        append_char(out, ']');
}

static void write_member(struct writer *w, const void *object, const struct member *m, const struct place *place)
{
        switch (m->type) {
        case MEMBER_SCHEMA:
                json_put_name(w->out, BULLETIN_SCHEMA);
                return;
        case MEMBER_KIND:
                json_put_name(w->out, bulletin_kind_name(*MEMBER_OF(enum bulletin_kind, object, m)));
                return;
        case MEMBER_TEXT:
                write_text(w, *MEMBER_OF(char *, object, m), m, place);
                return;
        case MEMBER_DATE: {
                const char *date = MEMBER_OF(char, object, m);
                json_put_name(w->out, bulletin_date_is_valid(date) ? date : NULL);
                return;
        }
        case MEMBER_NUMBER: {
                gint64 number = *MEMBER_OF(gint64, object, m);
                if (number >= 0)
                        append_number(w->out, (guint64) number);
                else
                        json_put_null(w->out);
                return;
        }
        case MEMBER_FLAG:
                if (*MEMBER_OF(bool, object, m))
                        append_literal(w->out, "true");
                else
                        append_literal(w->out, "false");
                return;
        case MEMBER_CHOICE:
                write_choice(w, MEMBER_OF(struct choice, object, m), m, place);
                return;
        case MEMBER_GROUP:
                if (group_is_present(object, m->shape))
                        write_object(w, object, m->shape, place);
                else
                        json_put_null(w->out);
                return;
        case MEMBER_OBJECT:
                write_object(w, MEMBER_OF(void, object, m), m->shape, place);
                return;
        case MEMBER_REFERENCE: {
                const void *target = *MEMBER_OF(void *, object, m);
                if (target)
                        write_object(w, target, m->shape, place);
                else
                        json_put_null(w->out);
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
        append_char(w->out, '{');
        for (size_t i = 0; i < shape->count; i++) {
                const struct member *m = &shape->members[i];
                const struct place here = { .parent = place, .key = m->key };
                size_t comma = i == 0; /* none before the first */
                append_bytes(w->out, m->json_key + comma, m->json_key_size - comma);
                write_member(w, object, m, &here);
        }
        append_char(w->out, '}');
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
        GString *text = write_bulletin(b);
        gsize size = text->len + 1;
        return g_realloc(g_string_free(text, FALSE), size); /* it may be kept for long */
}
