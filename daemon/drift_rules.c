/* SPDX-License-Identifier: MIT */
#include "daemon/drift_rules.h"

#include <string.h>

#include "common/text.h"

#define ADDRESS_BYTES_MAX 320u
#define MISSING_DETAIL "label missing"
#define TITLE_LINE "HotFix Alert:YYYY/MM/DD"

static bool is_usual(int64_t bulletins, int64_t filled, unsigned *ret_percent)
{
        if (bulletins < DRIFT_FIELD_EARLIER_MIN || filled * 100 < bulletins * DRIFT_FIELD_PERCENT)
                return false;
        if (ret_percent)
                *ret_percent = (unsigned) (filled * 100 / bulletins);
        return true;
}

static bool is_gone(const struct drift_counts *counts, unsigned field)
{
        return counts->live.bulletins >= DRIFT_LIVE_RUN && counts->live.filled[field] == 0;
}

bool drift_field_deviates(const struct drift_counts *counts, unsigned field, unsigned *ret_percent)
{
        /* None of the last live ones has it, so whoever has it is an earlier one. */
        int64_t earlier = counts->all.bulletins - counts->live.bulletins;
        return is_gone(counts, field) && (is_usual(earlier, counts->all.filled[field], ret_percent) ||
                                          is_usual(counts->before.bulletins, counts->before.filled[field], ret_percent));
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
        add_labels(signs, signs->missing, labels->missing, MISSING_DETAIL);
        add_labels(signs, signs->unknown, labels->unknown, "label not recognised");
}

void drift_signs_add_title(struct drift_signs *signs, const struct bulletin *bulletin)
{
        bool whole = bulletin->kind == BULLETIN_ALERT && bulletin->id && bulletin->registered[0] && bulletin->updated[0];
        if (!whole || bulletin->edition[0])
                return;
        g_ptr_array_add(signs->missing, g_strdup(TITLE_LINE));
        g_ptr_array_add(signs->details, g_strdup(MISSING_DETAIL ": " TITLE_LINE));
}

static void add_field(struct drift_signs *signs, unsigned field, const char *detail, const char *usual)
{
        g_ptr_array_add(signs->fields, g_strdup_printf("%s (0 of the last %u, %s before)", bulletin_fill_english(field),
                                                       DRIFT_LIVE_RUN, usual));
        g_ptr_array_add(signs->details, g_strdup(detail));
}

void drift_signs_add_fields(struct drift_signs *signs, const struct drift_counts *counts, const GPtrArray *known)
{
        for (unsigned field = 0; field < BULLETIN_FILL_MAX; field++) {
                unsigned percent = 0;
                bool deviates = drift_field_deviates(counts, field, &percent);
                g_autofree char *detail = g_strdup_printf("field empty: %s", bulletin_fill_path(field));
                bool goes_on = known && is_gone(counts, field) &&
                               g_ptr_array_find_with_equal_func((GPtrArray *) known, detail, g_str_equal, NULL);
                g_autofree char *usual = deviates ? g_strdup_printf("%u %%", percent) : g_strdup("usual");
                if (deviates || goes_on)
                        add_field(signs, field, detail, usual);
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
