/* SPDX-License-Identifier: MIT */
#include "daemon/drift_rules.h"

#include <string.h>

#include "common/text.h"

#define ADDRESS_BYTES_MAX 320u

bool drift_field_deviates(const struct fill_counts *all, const struct fill_counts *live, unsigned field,
                          unsigned *ret_percent)
{
        int64_t earlier = all->bulletins - live->bulletins, filled = all->filled[field];
        if (live->bulletins < DRIFT_LIVE_RUN || live->filled[field] > 0 || earlier < DRIFT_FIELD_EARLIER_MIN)
                return false;
        /* None of the last ones has it, so whoever has it is an earlier one. */
        if (filled * 100 < earlier * DRIFT_FIELD_PERCENT)
                return false;
        if (ret_percent)
                *ret_percent = (unsigned) (filled * 100 / earlier);
        return true;
}

bool drift_sender_deviates(const struct sender_record *before)
{
        if (!before->feed || before->bulletins < DRIFT_SENDER_BULLETINS)
                return false;
        bool habit = before->others * DRIFT_SENDER_OTHERS_SHARE >= before->bulletins + before->others;
        return !habit || before->run + 1 >= DRIFT_SENDER_RUN;
}

void drift_signs_init(struct drift_signs *signs)
{
        *signs = (struct drift_signs){
                .unknown = g_ptr_array_new_with_free_func(g_free),
                .missing = g_ptr_array_new_with_free_func(g_free),
                .fields = g_ptr_array_new_with_free_func(g_free),
                .details = g_ptr_array_new_with_free_func(g_free),
        };
}

void drift_signs_clear(struct drift_signs *signs)
{
        g_clear_pointer(&signs->unknown, g_ptr_array_unref);
        g_clear_pointer(&signs->missing, g_ptr_array_unref);
        g_clear_pointer(&signs->fields, g_ptr_array_unref);
        g_clear_pointer(&signs->details, g_ptr_array_unref);
}

static void add_labels(struct drift_signs *signs, GPtrArray *to, const GPtrArray *labels, const char *detail)
{
        for (guint i = 0; labels && i < labels->len; i++) {
                const char *label = g_ptr_array_index(labels, i);
                g_ptr_array_add(to, g_strdup(label));
                g_ptr_array_add(signs->details, g_strdup_printf("%s: %s", detail, label));
        }
}

void drift_signs_add_labels(struct drift_signs *signs, const struct label_report *labels)
{
        add_labels(signs, signs->missing, labels->missing, "label missing");
        add_labels(signs, signs->unknown, labels->unknown, "label not recognised");
}

void drift_signs_add_fields(struct drift_signs *signs, const struct fill_counts *all, const struct fill_counts *live)
{
        for (unsigned field = 0; field < BULLETIN_FILL_MAX; field++) {
                unsigned percent;
                if (!drift_field_deviates(all, live, field, &percent))
                        continue;
                g_ptr_array_add(signs->fields, g_strdup_printf("%s (0 of the last %u, %u %% before)",
                                                               bulletin_fill_english(field), DRIFT_LIVE_RUN, percent));
                g_ptr_array_add(signs->details, g_strdup_printf("field empty: %s", bulletin_fill_path(field)));
        }
}

void drift_signs_add_mail(struct drift_signs *signs)
{
        g_ptr_array_add(signs->details, g_strdup("mail not recognised"));
}

bool drift_signs_any(const struct drift_signs *signs)
{
        return signs->details->len > 0;
}

char *drift_join(const GPtrArray *texts)
{
        GString *joined = g_string_new(NULL);
        for (guint i = 0; i < texts->len; i++)
                g_string_append_printf(joined, "%s%s", i ? ", " : "", (const char *) g_ptr_array_index(texts, i));
        return g_string_free(joined, FALSE);
}

static void append_list(GString *text, const char *heading, const GPtrArray *members)
{
        if (members->len == 0)
                return;
        g_autofree char *joined = drift_join(members);
        g_string_append_printf(text, "%s%s: %s", text->len ? "; " : "", heading, joined);
}

char *drift_signs_text(const struct drift_signs *signs)
{
        GString *text = g_string_new(NULL);
        append_list(text, "labels not recognised", signs->unknown);
        append_list(text, "labels missing", signs->missing);
        append_list(text, "fields no longer filled", signs->fields);
        if (text->len == 0)
                g_string_append(text, "mail not recognised");
        return g_string_free(text, FALSE);
}

char *drift_condition_name(const char *feed, enum bulletin_kind kind)
{
        return kind == BULLETIN_ALERT ? g_strdup_printf("drift:%s", feed)
                                      : g_strdup_printf("drift:%s:%s", feed, bulletin_kind_name(kind));
}

char *drift_sender_address(const char *from)
{
        const char *open = from ? strrchr(from, '<') : NULL, *close = open ? strchr(open, '>') : NULL;
        g_autofree char *bare = close ? g_strndup(open + 1, (gsize) (close - open - 1)) : g_strdup(from ? from : "");
        g_autofree char *address = text_strip(bare);
        if (!strchr(address, '@') || strlen(address) > ADDRESS_BYTES_MAX)
                return NULL;
        return g_ascii_strdown(address, -1);
}
