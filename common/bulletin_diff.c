/* SPDX-License-Identifier: MIT */
/* The part of bulletin.h that tells two bulletins apart, in words for a reader. */
#include <string.h>

#include "common/bulletin_p.h"
#include "common/text.h"

void bulletin_change_free(struct bulletin_change *change)
{
        if (!change)
                return;
        g_free(change->path);
        g_free(change->label);
        g_free(change->from);
        g_free(change->to);
        g_free(change);
}

static void add_change(GPtrArray *changes, const char *path, const char *label, const char *from, const char *to,
                       bool matters)
{
        struct bulletin_change *change = g_new0(struct bulletin_change, 1);
        change->path = g_strdup(path);
        change->label = g_strdup(label);
        change->from = text_strip(from);
        change->to = text_strip(to);
        change->matters = matters;
        g_ptr_array_add(changes, change);
}

static bool same_text(const char *a, const char *b)
{
        g_autofree char *canonical_a = bulletin_canonical_text(a);
        g_autofree char *canonical_b = bulletin_canonical_text(b);
        return strcmp(canonical_a, canonical_b) == 0;
}

static char *describe_choice(const struct choice *choice, int values)
{
        if (!choice->present)
                return g_strdup("");
        int value = choice_sound_value(choice, values);
        if (!value)
                return g_strdup("undetermined");
        bool worded = choice->text && !text_is_blank(choice->text);
        const char *name = choice_value_name(values, value);
        if (values == VALUES_OF_TESTS) /* the mark alone, a circle or a cross, is not for every reader */
                return worded ? g_strdup_printf("%s (%s)", choice->text, name) : g_strdup(name);
        const char *label = bulletin_value_label((enum bulletin_field) values, value);
        return g_strdup(worded ? choice->text : label ? label : name);
}

/* Same words for different values, so that the words alone would hide the change. */
static void name_value(char **text, const struct choice *choice, int values)
{
        const char *name = choice_value_name(values, choice_sound_value(choice, values));
        if (!name)
                return;
        char *named = g_strdup_printf("%s [%s]", *text, name);
        g_free(*text);
        *text = named;
}

static void diff_choice(GPtrArray *changes, const struct choice *old, const struct choice *new,
                        enum bulletin_field field)
{
        bool same_value = old->present == new->present &&
                          choice_sound_value(old, (int) field) == choice_sound_value(new, (int) field);
        /* These two are free text with exceptions in brackets, where one value covers much; the others are one of a few
         * fixed options, whose wording says nothing more. */
        bool free_text = field == FIELD_RESTART || field == FIELD_UNINSTALL;
        g_autofree char *from = describe_choice(old, (int) field);
        g_autofree char *to = describe_choice(new, (int) field);
        if (same_value && (!free_text || same_text(from, to)))
                return;
        if (!same_value && same_text(from, to)) {
                name_value(&from, old, (int) field);
                name_value(&to, new, (int) field);
        }
        add_change(changes, bulletin_field_path(field), bulletin_field_label(field), from, to, !same_value);
}

static char *join_texts(const GPtrArray *list)
{
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < list->len; i++)
                g_string_append_printf(out, "%s%s", i ? ", " : "", (const char *) g_ptr_array_index(list, i));
        return g_string_free(out, FALSE);
}

/* A struct of a list as one line: its filled members, separated by commas, from this member on. Nested lists come on
 * lines of their own; the shapes nest no deeper than that. */
static void describe_object(GString *out, const void *object, const struct shape *shape, size_t first);

static void describe_member(GString *out, const void *object, const struct member *m)
{
        switch (m->type) {
        case MEMBER_TEXT: {
                const char *text = *MEMBER_OF(char *, object, m);
                g_string_append(out, text ? text : "");
                break;
        }
        case MEMBER_NUMBER: {
                gint64 number = *MEMBER_OF(gint64, object, m);
                if (number >= 0)
                        g_string_append_printf(out, "%s: %" G_GINT64_FORMAT, m->key, number);
                break;
        }
        case MEMBER_CHOICE: {
                g_autofree char *text = describe_choice(MEMBER_OF(struct choice, object, m), m->values);
                g_string_append(out, text);
                break;
        }
        case MEMBER_REFERENCE: {
                const void *target = *MEMBER_OF(void *, object, m);
                if (target)
                        describe_object(out, target, m->shape, 0);
                break;
        }
        case MEMBER_TEXTS: {
                g_autofree char *texts = join_texts(*MEMBER_OF(GPtrArray *, object, m));
                g_string_append(out, texts);
                break;
        }
        case MEMBER_OBJECTS: {
                const GPtrArray *list = *MEMBER_OF(GPtrArray *, object, m);
                for (guint i = 0; i < list->len; i++) {
                        g_string_append_c(out, '\n');
                        describe_object(out, g_ptr_array_index(list, i), m->shape, 0);
                }
                break;
        }
        default: /* not in the structs of a list */
                break;
        }
}

static void describe_object(GString *out, const void *object, const struct shape *shape, size_t first)
{
        bool any = false;
        for (size_t i = first; i < shape->count; i++) {
                g_autoptr(GString) member = g_string_new(NULL);
                describe_member(member, object, &shape->members[i]);
                if (member->len == 0)
                        continue;
                if (any && member->str[0] != '\n')
                        g_string_append(out, ", ");
                g_string_append_len(out, member->str, (gssize) member->len);
                any = true;
        }
}

/* The members of a list under their first text (the platform, the heading): all that share it are one entry. */
struct entry { char *name; GString *text; };

static void entry_free(gpointer data)
{
        struct entry *entry = data;
        g_free(entry->name);
        g_string_free(entry->text, TRUE);
        g_free(entry);
}

struct entries {
        GPtrArray *order;  /* struct entry */
        GHashTable *names; /* canonical name to entry */
};

static struct entry *find_entry(const struct entries *entries, const char *name)
{
        g_autofree char *canonical = bulletin_canonical_text(name);
        return g_hash_table_lookup(entries->names, canonical);
}

static void gather_entries(const GPtrArray *list, const struct shape *shape, struct entries *ret_entries)
{
        ret_entries->order = g_ptr_array_new_with_free_func(entry_free);
        ret_entries->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < list->len; i++) {
                const void *object = g_ptr_array_index(list, i);
                g_autofree char *name = shape->name ? shape->name(object)
                                                    : g_strdup(*MEMBER_OF(char *, object, &shape->members[0]));
                struct entry *entry = find_entry(ret_entries, name);
                if (!entry) {
                        entry = g_new0(struct entry, 1);
                        entry->name = text_strip(name ? name : "");
                        entry->text = g_string_new(NULL);
                        g_ptr_array_add(ret_entries->order, entry);
                        g_hash_table_insert(ret_entries->names, bulletin_canonical_text(name), entry);
                } else
                        g_string_append_c(entry->text, '\n');
                describe_object(entry->text, object, shape, shape->name ? 0 : 1);
        }
}

static void clear_entries(struct entries *entries)
{
        g_hash_table_destroy(entries->names);
        g_ptr_array_free(entries->order, TRUE);
}

/* One that comes or goes without further text is still something: its name stands for it. */
static const char *entry_text(const struct entry *entry, const struct entry *other)
{
        if (!entry)
                return "";
        return !other && text_is_blank(entry->text->str) ? entry->name : entry->text->str;
}

static void diff_entry(GPtrArray *changes, const struct member *m, const struct entry *old, const struct entry *new)
{
        const char *name = new ? new->name : old->name, *from = entry_text(old, new), *to = entry_text(new, old);
        if (same_text(from, to))
                return;
        g_autofree char *path = g_strdup_printf("%s[%s]", m->key, name);
        /* A section's own heading is its label. */
        g_autofree char *label = m->label ? g_strdup_printf("%s: %s", m->label, name) : g_strdup(name);
        add_change(changes, path, label, from, to, m->matters);
}

static void diff_objects(GPtrArray *changes, const struct member *m, const GPtrArray *old_list,
                         const GPtrArray *new_list)
{
        struct entries old, new;
        gather_entries(old_list, m->shape, &old);
        gather_entries(new_list, m->shape, &new);
        for (guint i = 0; i < old.order->len; i++) {
                const struct entry *entry = g_ptr_array_index(old.order, i);
                diff_entry(changes, m, entry, find_entry(&new, entry->name));
        }
        for (guint i = 0; i < new.order->len; i++) {
                const struct entry *entry = g_ptr_array_index(new.order, i);
                if (!find_entry(&old, entry->name))
                        diff_entry(changes, m, NULL, entry);
        }
        clear_entries(&old);
        clear_entries(&new);
}

static void diff_text(GPtrArray *changes, const struct member *m, const char *old, const char *new)
{
        if (!same_text(old, new))
                add_change(changes, m->key, m->label, old ? old : "", new ? new : "", m->matters);
}

static void diff_member(GPtrArray *changes, const struct member *m, const struct bulletin *old,
                        const struct bulletin *new)
{
        switch (m->type) {
        case MEMBER_KIND:
                diff_text(changes, m, bulletin_kind_name(old->kind), bulletin_kind_name(new->kind));
                break;
        case MEMBER_TEXT:
                diff_text(changes, m, *MEMBER_OF(char *, old, m), *MEMBER_OF(char *, new, m));
                break;
        case MEMBER_DATE:
                diff_text(changes, m, MEMBER_OF(char, old, m), MEMBER_OF(char, new, m));
                break;
        case MEMBER_TEXTS: {
                g_autofree char *from = join_texts(*MEMBER_OF(GPtrArray *, old, m));
                g_autofree char *to = join_texts(*MEMBER_OF(GPtrArray *, new, m));
                diff_text(changes, m, from, to);
                break;
        }
        case MEMBER_CHOICE:
                diff_choice(changes, MEMBER_OF(struct choice, old, m), MEMBER_OF(struct choice, new, m),
                            (enum bulletin_field) m->values);
                break;
        case MEMBER_GROUP:
                for (size_t i = 0; i < m->shape->count; i++)
                        diff_member(changes, &m->shape->members[i], old, new);
                break;
        case MEMBER_OBJECTS:
                diff_objects(changes, m, *MEMBER_OF(GPtrArray *, old, m), *MEMBER_OF(GPtrArray *, new, m));
                break;
        default: /* not at the top level, or not what the bulletin says */
                break;
        }
}

GPtrArray *bulletin_diff(const struct bulletin *old, const struct bulletin *new)
{
        GPtrArray *changes = g_ptr_array_new_with_free_func((GDestroyNotify) bulletin_change_free);
        for (size_t i = 0; i < bulletin_shape.count; i++)
                if (!bulletin_shape.members[i].envelope)
                        diff_member(changes, &bulletin_shape.members[i], old, new);
        return changes;
}
