/* SPDX-License-Identifier: MIT */
/*
 * The description of struct bulletin that its JSON form, fingerprint and difference walk, so that a new field is one
 * row in bulletin_shape.c. Only for common/bulletin*.c.
 */
#ifndef COMMON_BULLETIN_P_H
#define COMMON_BULLETIN_P_H

#include "common/bulletin.h"
#include "common/errors.h"
#include "common/pack.h"

enum member_type {
        MEMBER_SCHEMA,    /* the constant BULLETIN_SCHEMA; nothing in the struct */
        MEMBER_KIND,      /* enum bulletin_kind */
        MEMBER_TEXT,      /* char *; NULL is null */
        MEMBER_DATE,      /* char[BULLETIN_DATE_SIZE]; "" is null */
        MEMBER_NUMBER,    /* gint64; -1 is null */
        MEMBER_FLAG,      /* bool */
        MEMBER_CHOICE,    /* struct choice; not present is null */
        MEMBER_GROUP,     /* an object of choices of the same struct; null when none of them is present */
        MEMBER_OBJECT,    /* a struct of its own within the struct */
        MEMBER_REFERENCE, /* a pointer to a struct; NULL is null */
        MEMBER_TEXTS,     /* GPtrArray of char * */
        MEMBER_OBJECTS,   /* GPtrArray of structs */
        MEMBER_WARNINGS,  /* like MEMBER_TEXTS; the JSON writer adds what it had to cut, so it comes last */
};

enum text_form { FORM_ANY, FORM_FEED, FORM_DIGITS, FORM_TIME, FORM_SHA256 };

#define SEVERITY_LEVELS 4 /* level 1 is the highest severity */
#define VALUES_OF_TESTS FIELD_MAX /* in place of a bulletin_field: the values are test results */

struct member {
        const char *key, *json_key; /* its name, and as JSON: ,"name": */
        size_t key_size, json_key_size;
        enum member_type type;
        size_t offset;
        const struct shape *shape; /* of groups, objects, references and object lists */
        size_t max_bytes;          /* of a text, or each text of a list */
        size_t max_members;        /* of a list */
        enum text_form form;
        int values;                /* of a choice: its enum bulletin_field, or VALUES_OF_TESTS */
        const char *label;         /* as the publisher labels it; top level only */
        bool matters;              /* an administrator acts on a change of it */
        bool envelope;             /* about the mail or its reading: not what the bulletin says */
        bool added_later;          /* what earlier versions wrote lacks it: then it is as in a new struct */
};

struct shape {
        const struct member *members;
        size_t count;
        size_t size;              /* of the struct */
        gpointer (*create)(void); /* an empty one */
        GDestroyNotify destroy;
        /* What a member of a list goes by in a difference; newly allocated. NULL: its first text. */
        char *(*name)(const void *object);
};

extern const struct shape bulletin_shape;

/* A choice that contradicts itself counts as undetermined. */
int choice_sound_value(const struct choice *choice, int values);
const char *choice_value_name(int values, int value);
int choice_value_parse(int values, const char *name);
void choice_clear(struct choice *choice);
/* What choice_set does to a reason, in its place. */
void choice_clean_reason(char *reason);

void affected_free(struct affected *affected);
void lab_test_free(struct lab_test *test);
void download_free(struct download *download);
void package_free(struct package *package);
void deployment_free(struct deployment *deployment);
void update_expert_free(struct update_expert *entry);
void section_free(struct section *section);
void link_free(struct link *link);
void charset_use_free(struct charset_use *use);

/* What two texts are compared by: text_normalize, and without any white space, because renderings wrap and indent the
 * same sentence differently. NULL is "". Newly allocated. */
char *bulletin_canonical_text(const char *text);

/* Where in the bulletin the reader or writer is; linked through the callers' frames, so that it costs nothing until it
 * is told. */
struct place {
        const struct place *parent;
        const char *key; /* or NULL for a list member */
        size_t index;
        struct error *err; /* in the outermost place of a reader */
};

/* "packages[0].files[3].name"; "" for the bulletin as a whole. Newly allocated. */
char *place_describe(const struct place *place);

bool text_has_form(const char *text, enum text_form form);

/* Sets the error in the outermost place and returns the code. */
int bulletin_fail(const struct place *place, int code, const char *what);

/*
 * What is written can always be read back: a text or list beyond its bound is cut, one that is not in its form is left
 * out, and a warning says so. Refusing it would cost a whole bulletin for one cell.
 */
struct writer {
        GString *out;          /* of JSON */
        struct packer *packer; /* of the packed form */
        bool sound;            /* the bulletin is: nothing in it needs to be looked at again */
        bool valid;            /* its texts are valid UTF-8, or that is looked at later */
        unsigned losses;
        char *first_loss; /* its path; owned */
};

/* A text as it may be written. */
struct fitted {
        const char *text;
        size_t size;
        char *owned; /* to be freed: the text had to be repaired */
};

/* False: null is to be written. */
bool writer_fit(struct writer *w, const char *text, const struct member *m, const struct place *place,
                struct fitted *ret_fitted);
void writer_note_loss(struct writer *w, const struct place *place);
/* The warning about what was cut so far, newly allocated, or NULL. */
char *writer_describe_losses(const struct writer *w);
bool group_is_present(const void *object, const struct shape *group);

/* The member's place within the struct. */
#define MEMBER_AT(type, object, member) ((type *) (void *) ((char *) (object) + (member)->offset))
#define MEMBER_OF(type, object, member) ((const type *) (const void *) ((const char *) (object) + (member)->offset))

#endif
