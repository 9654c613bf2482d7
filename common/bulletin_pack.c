/* SPDX-License-Identifier: MIT */
#include "common/bulletin_pack.h"

#include <string.h>

#include "common/bulletin_p.h"
#include "common/digest.h"
#include "common/text.h"

static void write_text(struct writer *w, const char *text, const struct member *m, const struct place *place)
{
        struct fitted fitted;
        if (writer_fit(w, text, m, place, &fitted))
                pack_sized(w->packer, fitted.text, fitted.size);
        else
                pack_number(w->packer, 0);
        g_free(fitted.owned);
}

static void write_choice(struct writer *w, const struct choice *choice, const struct member *m,
                         const struct place *place)
{
        pack_number(w->packer, choice->present);
        if (!choice->present)
                return;
        int value = choice_sound_value(choice, m->values);
        pack_number(w->packer, (guint64) value);
        pack_number(w->packer, value ? choice->basis : BASIS_UNDETERMINED);
        write_text(w, choice->text, m, place);
        write_text(w, choice->reason, m, place);
}

/* As deep as the shapes are nested, which is three. */
static void write_object(struct writer *w, const void *object, const struct shape *shape, const struct place *place);

/* A list of an unpacked bulletin is one to be read: of GPtrArray's members it has only the public ones, and zeros in place
 * of the others, with which an attempt to change it ends the program. */
struct list {
        GPtrArray public;
        gpointer none[4];
};

static void write_count(struct writer *w, guint count)
{
        pack_number(w->packer, count);
        pack_room(w->packer, sizeof(struct list));
        pack_room(w->packer, count * sizeof(gpointer));
}

static void write_objects(struct writer *w, const GPtrArray *list, guint count, const struct member *m,
                          const struct place *place)
{
        write_count(w, count);
        for (guint i = 0; i < count; i++) {
                const struct place here = { .parent = place, .index = i };
                pack_room(w->packer, m->shape->size);
                write_object(w, g_ptr_array_index(list, i), m->shape, &here);
        }
}

/* Those that are fit. Returns how many. */
static guint fit_texts(struct writer *w, const GPtrArray *list, guint count, const struct member *m,
                       const struct place *place, struct fitted *ret_texts)
{
        guint fit = 0;
        for (guint i = 0; i < count; i++) {
                const struct place here = { .parent = place, .index = i };
                fit += writer_fit(w, g_ptr_array_index(list, i), m, &here, &ret_texts[fit]);
        }
        return fit;
}

static void write_texts(struct writer *w, const struct fitted *texts, guint count)
{
        write_count(w, count);
        for (guint i = 0; i < count; i++)
                pack_sized(w->packer, texts[i].text, texts[i].size);
}

/* How many members, and these. */
static void write_list(struct writer *w, const GPtrArray *list, const struct member *m, const struct place *place)
{
        guint count = (guint) MIN(list->len, m->max_members);
        if (m->shape) {
                write_objects(w, list, count, m, place);
                if (count < list->len)
                        writer_note_loss(w, place);
                return;
        }
        g_autofree struct fitted *texts = g_new0(struct fitted, count + 1);
        guint fit = fit_texts(w, list, count, m, place, texts);
        if (count < list->len)
                writer_note_loss(w, place);
        g_autofree char *loss = m->type == MEMBER_WARNINGS ? writer_describe_losses(w) : NULL;
        guint kept = loss ? MIN(fit, (guint) m->max_members - 1) : fit;
        if (loss) {
                g_free(texts[kept].owned);
                texts[kept++] = (struct fitted){ .text = loss, .size = strlen(loss) };
        }
        write_texts(w, texts, kept);
        for (guint i = 0; i < kept; i++)
                g_free(texts[i].owned);
}

static void write_member(struct writer *w, const void *object, const struct member *m, const struct place *place)
{
        switch (m->type) {
        case MEMBER_SCHEMA:
                return;
        case MEMBER_KIND:
                pack_number(w->packer, *MEMBER_OF(enum bulletin_kind, object, m));
                return;
        case MEMBER_TEXT:
                write_text(w, *MEMBER_OF(char *, object, m), m, place);
                return;
        case MEMBER_DATE: {
                const char *date = MEMBER_OF(char, object, m);
                pack_text(w->packer, bulletin_date_is_valid(date) ? date : NULL);
                return;
        }
        case MEMBER_NUMBER: {
                gint64 number = *MEMBER_OF(gint64, object, m);
                pack_number(w->packer, number >= 0 ? (guint64) number + 1 : 0);
                return;
        }
        case MEMBER_FLAG:
                pack_number(w->packer, *MEMBER_OF(bool, object, m));
                return;
        case MEMBER_CHOICE:
                write_choice(w, MEMBER_OF(struct choice, object, m), m, place);
                return;
        case MEMBER_GROUP:
                write_object(w, object, m->shape, place);
                return;
        case MEMBER_OBJECT:
                write_object(w, MEMBER_OF(void, object, m), m->shape, place);
                return;
        case MEMBER_REFERENCE: {
                const void *target = *MEMBER_OF(void *, object, m);
                pack_number(w->packer, target != NULL);
                if (!target)
                        return;
                pack_room(w->packer, m->shape->size);
                write_object(w, target, m->shape, place);
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
        for (size_t i = 0; i < shape->count; i++) {
                const struct place here = { .parent = place, .key = shape->members[i].key };
                write_member(w, object, &shape->members[i], &here);
        }
}

/* Returns how many texts and lists did not fit. */
static unsigned pack_as(struct packer *p, const struct bulletin *b, bool valid)
{
        const struct place root = { 0 };
        struct writer w = { .packer = p, .sound = b->sound, .valid = valid };
        pack_room(p, sizeof *b);
        if (!b->mail.sha256)
                pack_room(p, DIGEST_TEXT_SIZE);
        write_object(&w, b, &bulletin_shape, &root);
        g_free(w.first_loss);
        return w.losses;
}

void bulletin_pack(struct packer *p, const struct bulletin *b)
{
        /* Nearly always all texts are valid, which is seen at once when they stand together. */
        const struct pack_mark before = packer_mark(p);
        unsigned losses = pack_as(p, b, true);
        if (losses == 0 && text_is_valid(p->out->str + before.texts, p->out->len - before.texts))
                return;
        packer_return(p, &before);
        pack_as(p, b, false);
}

/* --- reading --- */

static int fail(const struct place *place, int code, const char *what)
{
        if (code == -ERR_LIMIT)
                return bulletin_fail(place, code, "has more values than are allowed");
        return bulletin_fail(place, code, what);
}

static int read_number(struct unpacker *u, guint64 max, const struct place *place, guint64 *ret_number)
{
        int r = unpack_number(u, max, ret_number);
        return r < 0 ? fail(place, r, "is no number that it may have") : 0;
}

static int read_text(struct unpacker *u, const struct member *m, const struct place *place, char **ret_text)
{
        char *text;
        int r = unpack_text(u, m->max_bytes, &text);
        if (r < 0)
                return fail(place, r, "is no text within its bound");
        if (text && m->form != FORM_ANY && !text_has_form(text, m->form))
                return fail(place, -ERR_MALFORMED, "is not in its form");
        *ret_text = text;
        return 0;
}

static int read_kind(struct unpacker *u, const struct place *place, enum bulletin_kind *ret_kind)
{
        guint64 kind;
        int r = read_number(u, BULLETIN_KIND_MAX - 1, place, &kind);
        if (r == 0)
                *ret_kind = (enum bulletin_kind) kind;
        return r;
}

static int read_date(struct unpacker *u, const struct place *place, char ret_date[BULLETIN_DATE_SIZE])
{
        char *date = NULL;
        int r = unpack_text(u, BULLETIN_DATE_SIZE - 1, &date);
        if (r < 0 || (date && !bulletin_date_is_valid(date)))
                return fail(place, r < 0 ? r : -ERR_MALFORMED, "is not a date");
        g_strlcpy(ret_date, date ? date : "", BULLETIN_DATE_SIZE);
        return 0;
}

/* The value of a choice is one that it has, and agrees with the basis. */
static int read_choice(struct unpacker *u, const struct member *m, const struct place *place, struct choice *choice)
{
        guint64 present, value = 0, basis = 0;
        int r = read_number(u, 1, place, &present);
        choice->present = m->values == VALUES_OF_TESTS; /* a test always has a result */
        if (r < 0 || !present)
                return r;
        if ((r = read_number(u, G_MAXINT, place, &value)) < 0 ||
            (r = read_number(u, BASIS_MAX - 1, place, &basis)) < 0 ||
            (r = read_text(u, m, place, &choice->text)) < 0 || (r = read_text(u, m, place, &choice->reason)) < 0)
                return r;
        if (value && !choice_value_name(m->values, (int) value))
                return fail(place, -ERR_MALFORMED, "has an unknown value");
        if ((value == 0) != (basis == BASIS_UNDETERMINED))
                return fail(place, -ERR_MALFORMED, "has a value and a basis that contradict each other");
        choice->present = true;
        choice->basis = (enum basis) basis;
        choice->value = (int) value;
        choice_clean_reason(choice->reason);
        return 0;
}

/* As deep as the shapes are nested, whatever the input is. */
static int read_object(struct unpacker *u, const struct shape *shape, const struct place *place, void *object);

static int make_room(struct unpacker *u, size_t bytes, const struct place *place, gpointer *ret_room)
{
        gpointer room = unpack_room(u, bytes);
        if (!room)
                return fail(place, -ERR_MALFORMED, "needs more room than was announced");
        *ret_room = room;
        return 0;
}

static int read_new_object(struct unpacker *u, const struct shape *shape, const struct place *place,
                           gpointer *ret_object)
{
        int r = make_room(u, shape->size, place, ret_object);
        return r < 0 ? r : read_object(u, shape, place, *ret_object);
}

static int read_item(struct unpacker *u, const struct member *m, const struct place *place, gpointer *ret_item)
{
        if (m->shape)
                return read_new_object(u, m->shape, place, ret_item);
        char *text = NULL;
        int r = read_text(u, m, place, &text);
        if (r == 0 && !text)
                return fail(place, -ERR_MALFORMED, "is null");
        *ret_item = text;
        return r;
}

static int read_list(struct unpacker *u, const struct member *m, const struct place *place, GPtrArray **ret_list)
{
        guint64 count;
        gpointer list = NULL, items = NULL;
        int r = unpack_number(u, m->max_members, &count);
        if (r < 0)
                return fail(place, r, "has too many members");
        if ((r = make_room(u, sizeof(struct list), place, &list)) < 0 ||
            (r = make_room(u, (size_t) count * sizeof(gpointer), place, &items)) < 0)
                return r;
        GPtrArray *array = *ret_list = list;
        array->pdata = items;
        for (; r == 0 && array->len < (guint) count; array->len++) {
                const struct place here = { .parent = place, .index = array->len };
                r = read_item(u, m, &here, &array->pdata[array->len]);
        }
        return r;
}

static int read_member(struct unpacker *u, const struct member *m, const struct place *place, void *object)
{
        guint64 number = 0;
        int r;
        switch (m->type) {
        case MEMBER_SCHEMA:
                return 0;
        case MEMBER_KIND:
                return read_kind(u, place, MEMBER_AT(enum bulletin_kind, object, m));
        case MEMBER_TEXT:
                return read_text(u, m, place, MEMBER_AT(char *, object, m));
        case MEMBER_DATE:
                return read_date(u, place, MEMBER_AT(char, object, m));
        case MEMBER_NUMBER:
                if ((r = read_number(u, (guint64) G_MAXINT64 + 1, place, &number)) == 0)
                        *MEMBER_AT(gint64, object, m) = (gint64) (number - 1); /* 0: -1 */
                return r;
        case MEMBER_FLAG:
                if ((r = read_number(u, 1, place, &number)) == 0)
                        *MEMBER_AT(bool, object, m) = number == 1;
                return r;
        case MEMBER_CHOICE:
                return read_choice(u, m, place, MEMBER_AT(struct choice, object, m));
        case MEMBER_GROUP:
                return read_object(u, m->shape, place, object);
        case MEMBER_OBJECT:
                return read_object(u, m->shape, place, MEMBER_AT(void, object, m));
        case MEMBER_REFERENCE:
                if ((r = read_number(u, 1, place, &number)) == 0 && number)
                        r = read_new_object(u, m->shape, place, MEMBER_AT(gpointer, object, m));
                return r;
        case MEMBER_TEXTS:
        case MEMBER_OBJECTS:
        case MEMBER_WARNINGS:
                return read_list(u, m, place, MEMBER_AT(GPtrArray *, object, m));
        }
        g_assert_not_reached();
}

static int read_object(struct unpacker *u, const struct shape *shape, const struct place *place, void *object)
{
        for (size_t i = 0; i < shape->count; i++) {
                const struct place here = { .parent = place, .key = shape->members[i].key };
                int r = read_member(u, &shape->members[i], &here, object);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_bulletin(struct unpacker *u, const char *sha256, const struct place *place, struct bulletin *b)
{
        int r = read_object(u, &bulletin_shape, place, b);
        if (r < 0 || b->mail.sha256 || !sha256)
                return r;
        gpointer room = NULL;
        if ((r = make_room(u, DIGEST_TEXT_SIZE, place, &room)) < 0)
                return r;
        b->mail.sha256 = room;
        g_strlcpy(b->mail.sha256, sha256, DIGEST_TEXT_SIZE);
        return 0;
}

int bulletin_unpack(struct unpacker *u, const char *sha256, struct bulletin **ret_bulletin, struct error *err)
{
        const struct place root = { .err = err };
        gpointer object = NULL;
        int r = make_room(u, bulletin_shape.size, &root, &object);
        if (r < 0)
                return r;
        struct bulletin *b = object;
        b->room = g_steal_pointer(&u->room);
        r = read_bulletin(u, sha256, &root, b);
        if (r < 0) {
                bulletin_free(b);
                return r;
        }
        b->bytes = g_steal_pointer(&u->bytes);
        b->sound = true;
        *ret_bulletin = b;
        return 0;
}
