/* SPDX-License-Identifier: MIT */
/*
 * Lists of options of which the chosen ones are marked: 深刻度 and 対象環境.
 *
 * A mark is what stands before an option on its line or in the cell before it: an arrow, an image, anything. Where the
 * options are plain lines without marks, the chosen one is the one that is not indented (its marker image was dropped).
 * Whatever does not single out an option leaves the field undetermined, with the reason.
 */
#include <string.h>

#include "ingest/hotfix_options.h"

static char *describe_options(const struct option_list *list, bool (*wanted)(const struct option_list *, guint))
{
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < list->options->len; i++)
                if (wanted(list, i))
                        g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", option_at(list, i)->text);
        return g_string_free(out, FALSE);
}

static bool is_marked(const struct option_list *list, guint i)
{
        return option_at(list, i)->mark != NULL;
}

static bool is_denied(const struct option_list *list, guint i)
{
        return option_mark_denies(option_at(list, i)->mark);
}

static bool is_unindented(const struct option_list *list, guint i)
{
        return option_at(list, i)->indent <= list->baseline && !option_at(list, i)->has_gap;
}

/* What space behind the label's colon means, nobody knows. */
static bool may_be_unindented(const struct option_list *list, guint i)
{
        return option_at(list, i)->indent <= list->baseline;
}

static guint count_options(const struct option_list *list, bool (*wanted)(const struct option_list *, guint))
{
        guint count = 0;
        for (guint i = 0; i < list->options->len; i++)
                count += wanted(list, i);
        return count;
}

static bool is_same_mark(const struct option_list *list, guint a, guint b)
{
        return g_strcmp0(option_at(list, a)->mark, option_at(list, b)->mark) == 0;
}

/* The one option whose mark differs from that of all others, which are the same: an arrow among spacers. -1: none. */
static int find_odd_mark(const struct option_list *list)
{
        guint count = list->options->len;
        int odd = -1;
        for (guint i = 0; count >= 3 && i < count; i++) {
                guint other = i == 0 ? 1 : 0, same = 0;
                for (guint j = 0; j < count; j++)
                        same += j != i && is_same_mark(list, j, other);
                if (same == count - 1 && !is_same_mark(list, i, other))
                        odd = (int) i;
        }
        return odd;
}

static bool can_use_indent(const struct option_list *list)
{
        for (guint i = 0; i < list->options->len; i++)
                if (option_at(list, i)->shares_line)
                        return false;
        return !list->in_cells && !list->is_aligned;
}

static bool all_marks_same(const struct option_list *list)
{
        for (guint i = 1; i < list->options->len; i++)
                if (!is_same_mark(list, 0, i))
                        return false;
        return true;
}

static int choose_by_indent(const struct option_list *list, char **ret_reason)
{
        guint unindented = count_options(list, is_unindented);
        if (unindented == 1)
                for (guint i = 0; i < list->options->len; i++)
                        if (is_unindented(list, i))
                                return (int) i;
        g_autofree char *which = describe_options(list, is_unindented);
        if (unindented == 0)
                *ret_reason = g_strdup("no option is marked, and all are indented");
        else
                *ret_reason = g_strdup_printf("%u options are not indented (%s), none is marked", unindented, which);
        return -1;
}

static int choose_by_mark(const struct option_list *list, guint count, guint marked)
{
        if (marked == 1 && count > 1) {
                for (guint i = 0; i < count; i++)
                        if (is_marked(list, i))
                                return (int) i;
        }
        if (count == 1 && (marked == 1 || (list->in_cells && !list->is_cut)))
                return 0;
        return marked == count ? find_odd_mark(list) : -1;
}

/* ○ among ●: an empty ring among filled ones. */
static bool is_ring_among_filled(const struct option_list *list, guint chosen)
{
        const char *mark = option_at(list, chosen)->mark, *other = option_at(list, chosen == 0 ? 1 : 0)->mark;
        return mark && other && (g_str_has_suffix(mark, ":○") || g_str_has_suffix(mark, ":◯")) &&
               (g_str_has_suffix(other, ":●") || g_str_has_suffix(other, ":◎"));
}

/* Whether the mark that singles out an option does not say that it is chosen; then with the reason. */
static bool refuse_mark(const struct option_list *list, guint chosen, char **ret_reason)
{
        const struct option *option = option_at(list, chosen);
        guint count = list->options->len;
        bool is_change = chosen > 0 && option->shares_line && count < hotfix_word_count(hotfix_words_severity);
        if (list->marks_between || (option->mark && is_change))
                *ret_reason = g_strdup("marks stand between the options: they may belong to the one before or behind");
        else if (option_mark_denies(option->mark) || (count > 1 && is_ring_among_filled(list, chosen)))
                *ret_reason = g_strdup_printf("the mark before %s may say that it is not chosen", option->text);
        else
                return false;
        return true;
}

/* The index of the one chosen option, or -1 with the reason. */
static int choose_one(const struct option_list *list, char **ret_reason)
{
        guint count = list->options->len, marked = count_options(list, is_marked);
        int chosen = choose_by_mark(list, count, marked);
        if (chosen >= 0 && !refuse_mark(list, (guint) chosen, ret_reason))
                return chosen;
        if (chosen >= 0)
                return -1;
        if (marked == 0 && list->is_cut && count < hotfix_word_count(hotfix_words_severity)) {
                *ret_reason = g_strdup("the mail ends within the list of options");
                return -1;
        }
        if (can_use_indent(list) && (marked == 0 || (marked == count && all_marks_same(list))))
                return choose_by_indent(list, ret_reason);
        if (marked == 0) {
                *ret_reason = g_strdup_printf("none of the %u options is marked", count);
        } else if (marked == count) {
                *ret_reason = g_strdup("every option is marked, and the marks do not single one out");
        } else {
                g_autofree char *which = describe_options(list, is_marked);
                *ret_reason = g_strdup_printf("%u options are marked: %s", marked, which);
        }
        return -1;
}

static bool has_duplicates(const struct option_list *list)
{
        for (guint i = 0; i < list->options->len; i++)
                for (guint j = 0; j < i; j++)
                        if (option_at(list, i)->value == option_at(list, j)->value)
                                return true;
        return false;
}

/* Why nothing can be read from the list at all, or NULL. */
static char *check_list(const struct option_list *list, enum hotfix_label label, guint expected)
{
        const char *name = hotfix_label_text(label);
        if (!list)
                return g_strdup_printf("the mail has no line %s", name);
        if (list->unknown && list->options->len < expected)
                return g_strdup_printf("unknown value \"%s\" of label %s", list->unknown, name);
        if (list->options->len == 0)
                return g_strdup_printf("stated as empty: no option of %s is listed", name);
        if (list->options->len > expected || has_duplicates(list))
                return g_strdup_printf("an option of %s is listed more than once", name);
        return NULL;
}

static void warn_unknown(struct page *page, const struct option_list *list, enum hotfix_label label)
{
        if (list && list->unknown)
                bulletin_add_warning(page->bulletin, "unknown value \"%s\" of label %s", list->unknown,
                                     hotfix_label_text(label));
}

/* Every option has an image without alt text, and only their addresses differ: the odd one out is the arrow, but that
 * is a conclusion, not a statement. */
static bool is_by_source(const char *mark, const char *other)
{
        return mark && other && g_str_has_prefix(mark, "image-source:") && g_str_has_prefix(other, "image-source:");
}

#define BY_SOURCE_REASON "the image before it is another one than before the other options"

/* What the decided list shows about marks in this document; environments are read by it. */
static void learn_marks(struct page *page, const struct option_list *list, guint chosen)
{
        const struct option *option = option_at(list, chosen);
        if (!option->mark || list->options->len < 2)
                return;
        page->chosen_mark = g_strdup(option->mark);
        page->other_mark = g_strdup(option_at(list, chosen == 0 ? 1 : 0)->mark);
}

void hotfix_read_severity(struct page *page)
{
        struct option_list *list = option_list_read(page, LABEL_SEVERITY, hotfix_words_severity);
        warn_unknown(page, list, LABEL_SEVERITY);
        g_autofree char *reason = check_list(list, LABEL_SEVERITY, hotfix_word_count(hotfix_words_severity));
        int chosen = reason ? -1 : choose_one(list, &reason);
        if (chosen >= 0) {
                const struct option *option = option_at(list, (guint) chosen);
                learn_marks(page, list, (guint) chosen);
                bool inferred = is_by_source(page->chosen_mark, page->other_mark);
                bulletin_set_field(page->bulletin, FIELD_SEVERITY, inferred ? BASIS_INFERRED : BASIS_STATED,
                                   option->value, option->text, inferred ? BY_SOURCE_REASON : NULL);
        } else {
                bulletin_set_undetermined(page->bulletin, FIELD_SEVERITY, NULL, reason);
                if (list && list->options->len > 1 && all_marks_same(list))
                        page->common_mark = g_strdup(option_at(list, 0)->mark);
                page->marks_are_lost = list && list->options->len > 1 && count_options(list, is_marked) == 0 &&
                                       (!can_use_indent(list) ||
                                        count_options(list, may_be_unindented) == list->options->len);
        }
        option_list_free(list);
}

/* Yes or no for one option by its mark, or 0 with the reason. */
static int answer_by_mark(const struct page *page, const struct option_list *list, guint i, char **ret_reason)
{
        const char *mark = option_at(list, i)->mark;
        if (list->marks_between) {
                *ret_reason = g_strdup("marks stand between the environments: whose they are is unclear");
                return 0;
        }
        if (mark && g_strcmp0(mark, page->common_mark) == 0) {
                *ret_reason = g_strdup("the same mark stands before every severity: it cannot be told from spacers");
                return 0;
        }
        if (page->chosen_mark && g_strcmp0(mark, page->chosen_mark) == 0)
                return ANSWER_YES;
        guint denied = count_options(list, is_denied);
        bool only_denied = denied > 0 && denied == count_options(list, is_marked);
        if (page->chosen_mark && g_strcmp0(mark, page->other_mark) == 0 && (mark || !only_denied))
                return ANSWER_NO;
        if (only_denied) {
                *ret_reason = g_strdup("the marks of 対象環境 may say that an environment is not concerned");
                return 0;
        }
        if (is_denied(list, i))
                return ANSWER_NO;
        bool others_are_bare = !page->chosen_mark || !page->other_mark;
        if (!mark && others_are_bare)
                return ANSWER_NO;
        bool is_text = mark && g_str_has_prefix(mark, "text:");
        bool all_marked = count_options(list, is_marked) == list->options->len;
        /* Images before all options may be spacers; only the severity list could have told. */
        bool says_nothing = mark && (g_str_equal(mark, "image:") || g_str_has_prefix(mark, "image-source:"));
        bool is_foreign_image = says_nothing && page->chosen_mark && g_str_has_prefix(page->chosen_mark, "text:");
        bool taught = page->chosen_mark && !is_foreign_image;
        if (others_are_bare && (is_text || taught || !all_marked || list->options->len == 1))
                return ANSWER_YES;
        *ret_reason = g_strdup("the marks of 対象環境 cannot be told from spacers");
        return 0;
}

static int answer_by_indent(const struct page *page, const struct option_list *list, guint i, char **ret_reason)
{
        bool all_may_be = count_options(list, may_be_unindented) == list->options->len;
        if (option_at(list, i)->has_gap)
                *ret_reason = g_strdup("behind its label's colon it cannot be seen whether it is indented");
        else if (count_options(list, may_be_unindented) == 0)
                *ret_reason = g_strdup("no environment is marked, and all are indented");
        else if (all_may_be && page->marks_are_lost)
                *ret_reason = g_strdup("no environment is marked, and this mail has lost its marks");
        else
                return is_unindented(list, i) ? ANSWER_YES : ANSWER_NO;
        return 0;
}

static int answer_environment(const struct page *page, const struct option_list *list, guint i, char **ret_reason)
{
        guint marked = count_options(list, is_marked);
        if (option_at(list, i)->is_unclear) {
                *ret_reason = g_strdup("words that are no mark stand before the environment");
                return 0;
        }
        if (marked > 0)
                return answer_by_mark(page, list, i, ret_reason);
        if (list->options->len == 1 && list->in_cells)
                return ANSWER_YES;
        if (can_use_indent(list))
                return answer_by_indent(page, list, i, ret_reason);
        *ret_reason = g_strdup_printf("none of the %u environments is marked", list->options->len);
        return 0;
}

static int find_option(const struct option_list *list, int value)
{
        for (guint i = 0; i < list->options->len; i++)
                if (option_at(list, i)->value == value)
                        return (int) i;
        return -1;
}

void hotfix_read_environments(struct page *page)
{
        static const enum bulletin_field fields[] = { FIELD_ENVIRONMENT_SERVER, FIELD_ENVIRONMENT_CLIENT };
        struct option_list *list = option_list_read(page, LABEL_ENVIRONMENT, hotfix_words_environment);
        warn_unknown(page, list, LABEL_ENVIRONMENT);
        for (size_t f = 0; f < G_N_ELEMENTS(fields); f++) {
                g_autofree char *reason = check_list(list, LABEL_ENVIRONMENT, G_N_ELEMENTS(fields));
                int i = reason ? -1 : find_option(list, (int) fields[f]);
                int answer = i >= 0 ? answer_environment(page, list, (guint) i, &reason) : 0;
                const char *text = i >= 0 ? option_at(list, (guint) i)->text : NULL;
                bool inferred = is_by_source(page->chosen_mark, page->other_mark);
                if (answer)
                        bulletin_set_field(page->bulletin, fields[f], inferred ? BASIS_INFERRED : BASIS_STATED, answer,
                                           text, inferred ? "by the images before the severities" : NULL);
                else
                        bulletin_set_undetermined(page->bulletin, fields[f], text,
                                                  reason ? reason : "対象環境 does not list it");
        }
        option_list_free(list);
}
