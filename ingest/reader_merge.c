/* SPDX-License-Identifier: MIT */
/*
 * Which of the readings of a mail is its bulletin. Readings of the same bulletin (the text and the HTML of one mail, a mail
 * and the copy attached to it) complete each other; those of different bulletins are never mixed.
 */
#include <string.h>

#include "common/limits.h"
#include "ingest/reader_p.h"

/* Of other bulletins in the mail, those that the warning names. */
#define OTHERS_NAMED_MAX 20u

/* Two forms of one text: a part read in two ways, or parts of one multipart/alternative. */
static bool are_alternatives(const struct candidate *a, const struct candidate *b)
{
        return a->source == b->source || (a->group >= 0 && a->group == b->group);
}

static bool dates_agree(const char *a, const char *b)
{
        return !a[0] || !b[0] || strcmp(a, b) == 0;
}

/* The edition is no part of a revision's identity. */
static bool is_same_bulletin(const struct candidate *a, const struct candidate *b)
{
        const struct bulletin *x = a->bulletin, *y = b->bulletin;
        if (x->kind != y->kind || !dates_agree(x->registered, y->registered) || !dates_agree(x->updated, y->updated))
                return false;
        return x->id && y->id ? strcmp(x->id, y->id) == 0 : are_alternatives(a, b);
}

/* An alert before other kinds: missing one is the worst that can happen. Then what says most; then HTML, which keeps
 * the marks that text loses. */
static bool is_better_reading(const struct candidate *a, const struct candidate *b)
{
        bool alert_a = a->bulletin->kind == BULLETIN_ALERT, alert_b = b->bulletin->kind == BULLETIN_ALERT;
        if (alert_a != alert_b)
                return alert_a;
        if (a->determined != b->determined)
                return a->determined > b->determined;
        return a->html && !b->html;
}

/* The value of a field if it is determined, else 0. */
static int determined_value(const struct bulletin *b, enum bulletin_field field)
{
        const struct choice *choice = &b->fields[field];
        return choice->present && choice->basis != BASIS_UNDETERMINED ? choice->value : 0;
}

/* --- one bulletin out of two readings of it; what is taken changes places, and is freed with the other one --- */

static void swap_texts(char **a, char **b)
{
        char *kept = *a;
        *a = *b;
        *b = kept;
}

static void take_text(char **text, char **other)
{
        if (!*text && *other)
                swap_texts(text, other);
}

static void take_date(char date[BULLETIN_DATE_SIZE], const char *other)
{
        if (!date[0])
                g_strlcpy(date, other, BULLETIN_DATE_SIZE);
}

static void take_list(GPtrArray **list, GPtrArray **other)
{
        if ((*list)->len > 0 || (*other)->len == 0)
                return;
        GPtrArray *kept = *list;
        *list = *other;
        *other = kept;
}

static void swap_choices(struct choice *a, struct choice *b)
{
        struct choice kept = *a;
        *a = *b;
        *b = kept;
}

/* Those on which people are called: the more severe value counts. All their values grow with their weight. */
static bool is_alarming(enum bulletin_field field)
{
        return field == FIELD_SEVERITY || field == FIELD_URGENCY || field == FIELD_EXPLOIT_CODE ||
               field == FIELD_EXPLOIT_PUBLISHED || field == FIELD_ATTACKS_OBSERVED;
}

static void take_field(struct readings *readings, struct bulletin *b, struct bulletin *other, enum bulletin_field field)
{
        int own = determined_value(b, field), others = determined_value(other, field);
        if (!own && (others || (!b->fields[field].present && other->fields[field].present)))
                swap_choices(&b->fields[field], &other->fields[field]);
        if (!own || !others || own == others)
                return;
        if (is_alarming(field) && others > own)
                swap_choices(&b->fields[field], &other->fields[field]);
        readings_warn(readings, "parts of the mail disagree in %s (%s and %s); the %s counts", bulletin_field_english(field),
                      bulletin_value_name(field, own), bulletin_value_name(field, others),
                      is_alarming(field) ? "more severe one" : "part that says more in all");
}

static void take_tests(GPtrArray *tests, GPtrArray *others)
{
        for (guint i = 0; tests->len == others->len && i < tests->len; i++) {
                struct lab_test *test = g_ptr_array_index(tests, i), *other = g_ptr_array_index(others, i);
                if (test->result.basis == BASIS_UNDETERMINED && other->result.basis != BASIS_UNDETERMINED &&
                    g_strcmp0(test->platform, other->platform) == 0)
                        swap_choices(&test->result, &other->result);
        }
}

static void take_downloads(GPtrArray *downloads, GPtrArray *others)
{
        for (guint i = 0; downloads->len == others->len && i < downloads->len; i++) {
                struct download *download = g_ptr_array_index(downloads, i), *other = g_ptr_array_index(others, i);
                if (g_strcmp0(download->platform, other->platform) != 0)
                        continue;
                take_text(&download->center, &other->center);
                take_text(&download->catalog, &other->catalog);
        }
}

static bool has_url(const GPtrArray *links, const char *url)
{
        for (guint i = 0; i < links->len; i++)
                if (g_strcmp0(((const struct link *) g_ptr_array_index(links, i))->url, url) == 0)
                        return true;
        return false;
}

/* A page names its links, a text only has their addresses: the page's come first. */
static void take_links(struct candidate *to, struct candidate *from)
{
        struct bulletin *b = to->bulletin, *other = from->bulletin;
        if (from->html && !to->html) {
                GPtrArray *kept = b->links;
                b->links = other->links;
                other->links = kept;
        }
        for (guint i = 0; i < other->links->len && b->links->len < LIMIT_LINKS; i++) {
                const struct link *link = g_ptr_array_index(other->links, i);
                if (link->url && !has_url(b->links, link->url))
                        g_ptr_array_add(b->links, link_new(link->text, link->url));
        }
}

static bool has_text(const GPtrArray *texts, const char *text)
{
        for (guint i = 0; i < texts->len; i++)
                if (strcmp(g_ptr_array_index(texts, i), text) == 0)
                        return true;
        return false;
}

static void remove_text(GPtrArray *texts, const char *text)
{
        for (guint i = texts->len; i-- > 0;)
                if (strcmp(g_ptr_array_index(texts, i), text) == 0)
                        g_ptr_array_remove_index(texts, i);
}

/* What only one reading misses is not missing. The extraction has put its list into words, too. */
static void keep_common_labels(struct bulletin *b, GPtrArray *missing, const GPtrArray *others)
{
        for (guint i = missing->len; i-- > 0;) {
                if (has_text(others, g_ptr_array_index(missing, i)))
                        continue;
                g_autofree char *warning = label_report_missing_text(g_ptr_array_index(missing, i));
                remove_text(b->warnings, warning);
                g_ptr_array_remove_index(missing, i);
        }
}

/* Likewise what only one of them says the mail does not state: the bulletin has it from the other one. */
static void keep_common_lacks(GPtrArray *warnings, const GPtrArray *others)
{
        for (guint i = warnings->len; i-- > 0;) {
                const char *text = g_ptr_array_index(warnings, i);
                if ((g_str_has_prefix(text, BULLETIN_STATES_NO) || g_str_has_prefix(text, BULLETIN_HAS_NO)) &&
                    !has_text(others, text))
                        g_ptr_array_remove_index(warnings, i);
        }
}

/* From takes what the bulletin does not state, from another reading of it. */
static void complete(struct readings *readings, struct candidate *to, struct candidate *from)
{
        struct bulletin *b = to->bulletin, *other = from->bulletin;
        take_text(&b->id, &other->id);
        take_text(&b->title, &other->title);
        take_text(&b->vendor_title, &other->vendor_title);
        take_date(b->edition, other->edition);
        take_date(b->registered, other->registered);
        take_date(b->updated, other->updated);
        for (int field = 0; field < FIELD_MAX; field++)
                take_field(readings, b, other, (enum bulletin_field) field);
        take_tests(b->tests, other->tests);
        take_downloads(b->downloads, other->downloads);
        take_links(to, from);
        GPtrArray **lists[][2] = {
                { &b->kbs, &other->kbs }, { &b->supersedes, &other->supersedes }, { &b->cves, &other->cves },
                { &b->affected, &other->affected }, { &b->tests, &other->tests }, { &b->downloads, &other->downloads },
                { &b->packages, &other->packages }, { &b->deployments, &other->deployments },
                { &b->update_expert, &other->update_expert }, { &b->entries, &other->entries },
                { &b->sections, &other->sections },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                take_list(lists[i][0], lists[i][1]);
        keep_common_labels(b, to->labels.missing, from->labels.missing);
        keep_common_lacks(b->warnings, other->warnings);
}

/* --- one bulletin of several --- */

/* How loud an alert is: one of which neither severity nor urgency is known is above all others. */
static int alarm_of(const struct bulletin *b)
{
        int severity = determined_value(b, FIELD_SEVERITY), urgency = determined_value(b, FIELD_URGENCY);
        if (b->kind != BULLETIN_ALERT)
                return -1;
        return !severity && !urgency ? G_MAXINT : MAX(severity, urgency) * 10 + severity + urgency;
}

/* A reading without the bulletin's number beside one that has it is a poor reading of the same text, unless it comes from
 * another message. */
static bool is_remnant(const struct candidate *a, const struct candidate *b)
{
        return !a->bulletin->id && b->bulletin->id && a->bulletin->kind == b->bulletin->kind && a->message == b->message;
}

static bool is_more_important(const struct candidate *a, const struct candidate *b)
{
        if (is_remnant(a, b) || is_remnant(b, a))
                return is_remnant(b, a);
        int alarm_a = alarm_of(a->bulletin), alarm_b = alarm_of(b->bulletin);
        if (alarm_a != alarm_b)
                return alarm_a > alarm_b;
        int updated = strcmp(a->bulletin->updated, b->bulletin->updated);
        if (updated != 0 && g_strcmp0(a->bulletin->id, b->bulletin->id) == 0)
                return updated > 0;
        return is_better_reading(a, b);
}

static char *name_of(const struct candidate *candidate, const struct candidate *chosen)
{
        const struct bulletin *b = candidate->bulletin;
        if (!b->id)
                return g_strdup_printf("%s without a number", bulletin_kind_name(b->kind));
        if (g_strcmp0(b->id, chosen->bulletin->id) == 0 && b->updated[0])
                return g_strdup_printf("%s of %s", b->id, b->updated);
        return g_strdup(b->id);
}

static void warn_of_others(struct readings *readings, const struct candidate *chosen, const GPtrArray *bulletins)
{
        g_autoptr(GString) names = g_string_new(NULL);
        guint others = 0;
        for (guint i = 0; i < bulletins->len; i++) {
                const struct candidate *other = g_ptr_array_index(bulletins, i);
                bool nameless_copy = !other->bulletin->id && other->message == chosen->message;
                if (other == chosen || is_remnant(other, chosen) || nameless_copy)
                        continue;
                g_autofree char *name = name_of(other, chosen);
                if (others++ < OTHERS_NAMED_MAX)
                        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", name);
        }
        if (others == 1)
                readings_warn(readings,
                              "the mail also holds the bulletin %s, which is not recorded: one mail gives one bulletin",
                              names->str);
        else if (others > 1)
                readings_warn(readings,
                              "the mail also holds %u other bulletins (%s%s), which are not recorded: one mail gives "
                              "one bulletin",
                              others, names->str, others > OTHERS_NAMED_MAX ? ", …" : "");
}

/* The recognised candidates that count, the best reading first. */
static GPtrArray *list_recognised(const struct readings *readings)
{
        GPtrArray *list = g_ptr_array_new();
        for (guint i = 0; i < readings->candidates->len; i++) {
                struct candidate *candidate = g_ptr_array_index(readings->candidates, i);
                guint at = list->len;
                bool counts = candidate->feed && !candidate->is_worse;
                while (counts && at > 0 && is_better_reading(candidate, g_ptr_array_index(list, at - 1)))
                        at--;
                if (counts)
                        g_ptr_array_insert(list, (gint) at, candidate);
        }
        return list;
}

struct candidate *readings_choose(struct readings *readings)
{
        g_autoptr(GPtrArray) recognised = list_recognised(readings), bulletins = g_ptr_array_new();
        for (guint i = 0; i < recognised->len; i++) {
                struct candidate *candidate = g_ptr_array_index(recognised, i), *same = NULL;
                for (guint j = 0; j < bulletins->len && !same; j++)
                        if (is_same_bulletin(g_ptr_array_index(bulletins, j), candidate))
                                same = g_ptr_array_index(bulletins, j);
                if (same)
                        complete(readings, same, candidate);
                else
                        g_ptr_array_add(bulletins, candidate);
        }
        struct candidate *chosen = NULL;
        for (guint i = 0; i < bulletins->len; i++)
                if (!chosen || is_more_important(g_ptr_array_index(bulletins, i), chosen))
                        chosen = g_ptr_array_index(bulletins, i);
        for (guint i = 0; chosen && i < readings->candidates->len; i++) {
                struct candidate *candidate = g_ptr_array_index(readings->candidates, i);
                if (candidate->feed && candidate->is_worse && are_alternatives(candidate, chosen))
                        take_links(chosen, candidate);
        }
        if (chosen)
                warn_of_others(readings, chosen, bulletins);
        return chosen;
}
