/* SPDX-License-Identifier: MIT */
/* The part of bulletin.h that says which bulletin this is, and whether two say the same. */
#include <string.h>

#include "common/append.h"
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

/* A bulletin in comparison form, in the making. */
struct print {
        GString *out, *text; /* all of it; the text at hand */
};

/* Each token with its length before it, so that no content can look like another's structure. */
static void put_sized(GString *out, const char *token, size_t size)
{
        char *at = append_digits(append_room(out, APPEND_DIGITS_MAX + 1 + size), size);
        *at = ':';
        memcpy(at + 1, token, size);
        append_end(out, at + 1 + size);
}

static void put_token(struct print *p, const char *token)
{
        put_sized(p->out, token, strlen(token));
}

/* These return whether there was anything to put. A member without content leaves no trace, so that a field that a
 * later version of this program adds does not change the fingerprints of bulletins without it. */
static bool put_object(struct print *p, const void *object, const struct shape *shape);

static bool put_text(struct print *p, const char *text)
{
        g_string_truncate(p->text, 0);
        text_append_unspaced(p->text, text);
        if (p->text->len > LONG_TEXT_BYTES) {
                /* In place of it, so that a hostile mail's texts, which can grow in comparison form, are never all in
                 * memory. */
                char digest[DIGEST_TEXT_SIZE];
                digest_sha256(p->text->str, p->text->len, digest);
                append_char(p->out, '$');
                put_token(p, digest);
        } else if (p->text->len > 0)
                put_sized(p->out, p->text->str, p->text->len);
        return p->text->len > 0;
}

/* By value and basis only: the wording around the same value differs between renderings of one bulletin. */
static bool put_choice(struct print *p, const struct choice *choice, int values)
{
        if (!choice->present)
                return false;
        int value = choice_sound_value(choice, values);
        put_token(p, value ? choice_value_name(values, value) : "");
        put_token(p, basis_name(value ? choice->basis : BASIS_UNDETERMINED));
        return true;
}

static bool put_number(struct print *p, gint64 number)
{
        if (number < 0)
                return false;
        append_char(p->out, '#');
        append_number(p->out, (guint64) number);
        return true;
}

static bool put_list(struct print *p, const GPtrArray *list, const struct shape *shape)
{
        append_char(p->out, '[');
        for (guint i = 0; i < list->len; i++) {
                const void *item = g_ptr_array_index(list, i);
                append_char(p->out, ',');
                if (shape)
                        put_object(p, item, shape);
                else
                        put_text(p, item);
        }
        append_char(p->out, ']');
        return list->len > 0;
}

static bool put_member(struct print *p, const void *object, const struct member *m)
{
        switch (m->type) {
        case MEMBER_SCHEMA:
                return false;
        case MEMBER_KIND:
                return put_text(p, bulletin_kind_name(*MEMBER_OF(enum bulletin_kind, object, m)));
        case MEMBER_TEXT:
                return put_text(p, *MEMBER_OF(char *, object, m));
        case MEMBER_DATE:
                return put_text(p, MEMBER_OF(char, object, m));
        case MEMBER_NUMBER:
                return put_number(p, *MEMBER_OF(gint64, object, m));
        case MEMBER_FLAG:
                return put_number(p, *MEMBER_OF(bool, object, m) ? 1 : -1);
        case MEMBER_CHOICE:
                return put_choice(p, MEMBER_OF(struct choice, object, m), m->values);
        case MEMBER_GROUP:
                return put_object(p, object, m->shape);
        case MEMBER_OBJECT:
                return put_object(p, MEMBER_OF(void, object, m), m->shape);
        case MEMBER_REFERENCE: {
                const void *target = *MEMBER_OF(void *, object, m);
                return target && put_object(p, target, m->shape);
        }
        case MEMBER_TEXTS:
        case MEMBER_OBJECTS:
        case MEMBER_WARNINGS:
                return put_list(p, *MEMBER_OF(GPtrArray *, object, m), m->shape);
        }
        g_assert_not_reached();
}

static bool put_object(struct print *p, const void *object, const struct shape *shape)
{
        bool any = false;
        append_char(p->out, '{');
        for (size_t i = 0; i < shape->count; i++) {
                const struct member *m = &shape->members[i];
                if (m->envelope)
                        continue;
                gsize before = p->out->len;
                put_sized(p->out, m->key, m->key_size);
                if (put_member(p, object, m))
                        any = true;
                else
                        append_end(p->out, p->out->str + before);
        }
        append_char(p->out, '}');
        return any;
}

static void print_init(struct print *p)
{
        *p = (struct print) { g_string_sized_new(32 * KIB), g_string_sized_new(KIB) };
}

/* Ends it with a digest of what was put. */
static void print_digest(struct print *p, char ret_text[DIGEST_TEXT_SIZE])
{
        digest_sha256(p->out->str, p->out->len, ret_text);
        g_string_free(p->out, TRUE);
        g_string_free(p->text, TRUE);
}

void bulletin_fingerprint(const struct bulletin *b, char ret_text[65])
{
        struct print p;
        print_init(&p);
        put_object(&p, b, &bulletin_shape);
        print_digest(&p, ret_text);
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
        struct print p;
        print_init(&p);
        put_token(&p, bulletin_kind_name(b->kind));
        put_text(&p, b->title);
        put_text(&p, b->vendor_title);
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                put_text(&p, section->heading);
                put_text(&p, section->text);
        }
        /* A mail that no feed knows has no text here; two of them are not one bulletin. */
        if (b->kind == BULLETIN_UNKNOWN)
                put_text(&p, b->mail.sha256);
        char digest[DIGEST_TEXT_SIZE];
        print_digest(&p, digest);
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
