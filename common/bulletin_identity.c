/* SPDX-License-Identifier: MIT */
/* The part of bulletin.h that says which bulletin this is, and whether two say the same. */
#include <string.h>

#include "common/bulletin_p.h"
#include "common/digest.h"
#include "common/limits.h"
#include "common/text.h"

#define LONG_TEXT_BYTES ((size_t) 16 * KIB)

char *bulletin_canonical_text(const char *text)
{
        GString *canonical = g_string_sized_new(text ? strlen(text) : 0);
        text_append_unspaced(canonical, text);
        return g_string_free(canonical, FALSE);
}

/* Each token with its length before it, so that no content can look like another's structure. */
static void put_token(GString *out, const char *token)
{
        size_t size = strlen(token);
        char digits[24]; /* more than 64 bits need; printf would take most of a fingerprint's time */
        char *at = digits + sizeof digits;
        *--at = ':';
        for (size_t rest = size; rest > 0 || at[0] == ':'; rest /= 10)
                *--at = (char) ('0' + rest % 10);
        g_string_append_len(out, at, digits + sizeof digits - at);
        g_string_append_len(out, token, (gssize) size);
}

/* These return whether there was anything to put. A member without content leaves no trace, so that a field that a
 * later version of this program adds does not change the fingerprints of bulletins without it. */
static bool put_object(GString *out, const void *object, const struct shape *shape);

static bool put_text(GString *out, const char *text)
{
        g_autofree char *canonical = bulletin_canonical_text(text);
        size_t size = strlen(canonical);
        if (size > LONG_TEXT_BYTES) {
                /* In place of it, so that a hostile mail's texts, which can grow in comparison form, are never all in
                 * memory. */
                char digest[DIGEST_TEXT_SIZE];
                digest_sha256(canonical, size, digest);
                g_string_append_c(out, '$');
                put_token(out, digest);
        } else if (size > 0)
                put_token(out, canonical);
        return size > 0;
}

/* By value and basis only: the wording around the same value differs between renderings of one bulletin. */
static bool put_choice(GString *out, const struct choice *choice, int values)
{
        if (!choice->present)
                return false;
        int value = choice_sound_value(choice, values);
        put_token(out, value ? choice_value_name(values, value) : "");
        put_token(out, basis_name(value ? choice->basis : BASIS_UNDETERMINED));
        return true;
}

static bool put_number(GString *out, gint64 number)
{
        if (number >= 0)
                g_string_append_printf(out, "#%" G_GINT64_FORMAT, number);
        return number >= 0;
}

static bool put_list(GString *out, const GPtrArray *list, const struct shape *shape)
{
        g_string_append_c(out, '[');
        for (guint i = 0; i < list->len; i++) {
                const void *item = g_ptr_array_index(list, i);
                g_string_append_c(out, ',');
                if (shape)
                        put_object(out, item, shape);
                else
                        put_text(out, item);
        }
        g_string_append_c(out, ']');
        return list->len > 0;
}

static bool put_member(GString *out, const void *object, const struct member *m)
{
        switch (m->type) {
        case MEMBER_SCHEMA:
                return false;
        case MEMBER_KIND:
                return put_text(out, bulletin_kind_name(*MEMBER_OF(enum bulletin_kind, object, m)));
        case MEMBER_TEXT:
                return put_text(out, *MEMBER_OF(char *, object, m));
        case MEMBER_DATE:
                return put_text(out, MEMBER_OF(char, object, m));
        case MEMBER_NUMBER:
                return put_number(out, *MEMBER_OF(gint64, object, m));
        case MEMBER_FLAG:
                return put_number(out, *MEMBER_OF(bool, object, m) ? 1 : -1);
        case MEMBER_CHOICE:
                return put_choice(out, MEMBER_OF(struct choice, object, m), m->values);
        case MEMBER_GROUP:
                return put_object(out, object, m->shape);
        case MEMBER_OBJECT:
                return put_object(out, MEMBER_OF(void, object, m), m->shape);
        case MEMBER_REFERENCE: {
                const void *target = *MEMBER_OF(void *, object, m);
                return target && put_object(out, target, m->shape);
        }
        case MEMBER_TEXTS:
        case MEMBER_OBJECTS:
        case MEMBER_WARNINGS:
                return put_list(out, *MEMBER_OF(GPtrArray *, object, m), m->shape);
        }
        g_assert_not_reached();
}

static bool put_object(GString *out, const void *object, const struct shape *shape)
{
        bool any = false;
        g_string_append_c(out, '{');
        for (size_t i = 0; i < shape->count; i++) {
                const struct member *m = &shape->members[i];
                gsize before = out->len;
                put_token(out, m->key);
                if (m->envelope || !put_member(out, object, m))
                        g_string_truncate(out, before);
                else
                        any = true;
        }
        g_string_append_c(out, '}');
        return any;
}

void bulletin_fingerprint(const struct bulletin *b, char ret_text[65])
{
        g_autoptr(GString) canonical = g_string_new(NULL);
        put_object(canonical, b, &bulletin_shape);
        digest_sha256(canonical->str, canonical->len, ret_text);
}

static const char *first_date(const struct bulletin *b)
{
        if (b->updated[0])
                return b->updated;
        return b->edition[0] ? b->edition : b->registered;
}

/* The number in the form people type it, whatever width and case the mail used; NULL where there is none. */
static char *number_of(const struct bulletin *b)
{
        g_autofree char *canonical = bulletin_canonical_text(b->id);
        if (*canonical)
                return g_utf8_strup(canonical, -1);
        if (b->kind == BULLETIN_NEWS && b->kbs->len > 0)
                return g_strconcat("KB", g_ptr_array_index(b->kbs, 0), NULL);
        return NULL;
}

static char *key_by_text(const struct bulletin *b)
{
        g_autoptr(GString) canonical = g_string_new(NULL);
        put_token(canonical, bulletin_kind_name(b->kind));
        put_text(canonical, b->title);
        put_text(canonical, b->vendor_title);
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                put_text(canonical, section->heading);
                put_text(canonical, section->text);
        }
        /* A mail that no feed knows has no text here; two of them are not one bulletin. */
        if (b->kind == BULLETIN_UNKNOWN)
                put_text(canonical, b->mail.sha256);
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256(canonical->str, canonical->len, digest);
        return g_strconcat("text:", digest, NULL);
}

char *bulletin_key(const struct bulletin *b)
{
        g_autofree char *number = number_of(b);
        if (b->kind == BULLETIN_ALERT)
                return number ? g_steal_pointer(&number) : key_by_text(b);
        /* News names the number of the alert it is about: the kind and the date tell them apart. A weekly and an
         * advance notice have one issue a day and need no number. */
        bool one_a_day = b->kind == BULLETIN_WEEKLY || b->kind == BULLETIN_ADVANCE_NOTICE;
        const char *date = first_date(b);
        if (!*date || (!number && !one_a_day))
                return key_by_text(b);
        return number ? g_strdup_printf("%s:%s:%s", bulletin_kind_name(b->kind), number, date)
                      : g_strdup_printf("%s:%s", bulletin_kind_name(b->kind), date);
}
