/* SPDX-License-Identifier: MIT */
/* Thresholds of a route. Its filters are in route_filter.c, what follows from both for a revision in route_decide.c. */
#include "notify/route.h"

#include "notify/route_p.h"

static void free_step(gpointer data)
{
        struct route_step *step = data;
        g_ptr_array_unref(step->channels);
        g_free(step);
}

struct route *route_new(const char *name)
{
        struct route *route = g_new0(struct route, 1);
        route->name = g_strdup(name);
        route->kinds = 1u << BULLETIN_ALERT;
        route->undetermined = true;
        route->products = g_ptr_array_new_with_free_func(g_free);
        route->channels = g_ptr_array_new_with_free_func(g_free);
        route->software = g_ptr_array_new_with_free_func(g_free);
        route->feeds = g_ptr_array_new_with_free_func(g_free);
        route->steps = g_ptr_array_new_with_free_func(free_step);
        route->schedule = SCHEDULE_ALWAYS;
        route->immediate = true;
        return route;
}

struct route_step *route_step_new(int64_t after_ms, GPtrArray *channels)
{
        struct route_step *step = g_new0(struct route_step, 1);
        step->after_ms = after_ms;
        step->channels = channels;
        return step;
}

void route_free(struct route *route)
{
        if (!route)
                return;
        g_free(route->name);
        g_ptr_array_unref(route->products);
        g_ptr_array_unref(route->channels);
        g_ptr_array_unref(route->software);
        g_ptr_array_unref(route->feeds);
        g_ptr_array_unref(route->steps);
        g_free(route);
}

int route_value(const struct bulletin *bulletin, enum bulletin_field field)
{
        const struct choice *choice = &bulletin->fields[field];
        return choice->present && choice->basis != BASIS_UNDETERMINED ? choice->value : 0;
}

const char *route_value_text(enum bulletin_field field, int value)
{
        const char *name = value > 0 ? bulletin_value_name(field, value) : NULL;
        return name ? name : "undetermined";
}

/* Where one field stands to its threshold. */
enum standing { STANDING_NOT_COUNTED, STANDING_MET, STANDING_BELOW, STANDING_UNDETERMINED };

struct threshold {
        enum bulletin_field field;
        int lowest, value;
        enum standing standing;
};

static struct threshold threshold_look(const struct bulletin *bulletin, enum bulletin_field field, int lowest)
{
        struct threshold t = { .field = field, .lowest = lowest, .value = route_value(bulletin, field) };
        if (lowest <= 0)
                t.standing = STANDING_NOT_COUNTED;
        else if (t.value == 0)
                t.standing = STANDING_UNDETERMINED;
        else
                t.standing = t.value >= lowest ? STANDING_MET : STANDING_BELOW;
        return t;
}

/* "severity critical is at or above important"; with a conjunction before it unless it is the first. */
static void threshold_describe(GString *out, const struct threshold *t, const char *conjunction)
{
        if (t->standing == STANDING_NOT_COUNTED)
                return;
        if (out->len > 0)
                g_string_append(out, conjunction);
        /* No printf: of each bulletin, for each route, this is most of the decision. */
        g_string_append(out, bulletin_field_english(t->field));
        if (t->standing == STANDING_UNDETERMINED) {
                g_string_append(out, " is undetermined");
                return;
        }
        g_string_append_c(out, ' ');
        g_string_append(out, route_value_text(t->field, t->value));
        g_string_append(out, t->standing == STANDING_MET ? " is at or above " : " is below ");
        g_string_append(out, route_value_text(t->field, t->lowest));
}

static unsigned count_standing(const struct threshold *a, const struct threshold *b, enum standing standing)
{
        return (a->standing == standing) + (b->standing == standing);
}

/* Whether the thresholds are met, and why. A route that counts only fields which are all undetermined must not miss
 * the bulletin; next to a field that is known, an undetermined one decides nothing under match = any. */
static bool thresholds_met(const struct route *route, const struct bulletin *bulletin, GString *reason)
{
        struct threshold severity = threshold_look(bulletin, FIELD_SEVERITY, route->severity);
        struct threshold urgency = threshold_look(bulletin, FIELD_URGENCY, route->urgency);
        unsigned counted = 2 - count_standing(&severity, &urgency, STANDING_NOT_COUNTED);
        unsigned met = count_standing(&severity, &urgency, STANDING_MET);
        unsigned unknown = count_standing(&severity, &urgency, STANDING_UNDETERMINED);
        if (counted == 0) {
                g_string_append(reason, "the route has no thresholds");
                return true;
        }
        bool counts_as_above = route->undetermined && unknown > 0 && (route->match == ROUTE_ALL || unknown == counted);
        if (unknown == 2) {
                g_string_append(reason, "severity and urgency are both undetermined");
        } else {
                threshold_describe(reason, &severity, unknown || met == 1 ? ", " : " and ");
                threshold_describe(reason, &urgency, unknown || met == 1 ? ", " : " and ");
        }
        bool above = route->match == ROUTE_ALL ? met + (counts_as_above ? unknown : 0) == counted
                                               : met > 0 || counts_as_above;
        if (above && unknown > 0 && counts_as_above)
                g_string_append(reason, ", which counts as above every threshold");
        else if (!above && unknown > 0 && !route->undetermined)
                g_string_append(reason, ", which this route does not count as above");
        else if (!above && unknown > 0 && unknown < counted && route->match == ROUTE_ANY)
                g_string_append(reason, " and could be above");
        return above;
}

bool route_matches(const struct route *route, const struct bulletin *bulletin, char **ret_reason)
{
        g_autoptr(GString) notes = g_string_new(NULL), reason = g_string_new(NULL);
        if (!route_passes_filters(route, bulletin, notes)) {
                *ret_reason = g_string_free(g_steal_pointer(&notes), FALSE);
                return false;
        }
        bool above = thresholds_met(route, bulletin, reason);
        if (above)
                g_string_append(reason, notes->str);
        *ret_reason = g_string_free(g_steal_pointer(&reason), FALSE);
        return above;
}

int route_schedule_severity(const struct bulletin *bulletin)
{
        if (!bulletin->fields[FIELD_SEVERITY].present && bulletin->kind != BULLETIN_ALERT)
                return SEVERITY_LOW;
        return route_value(bulletin, FIELD_SEVERITY);
}

bool route_counts_business_days(const struct route *route)
{
        bool counts = route->schedule.business_days;
        for (gsize i = 0; i < G_N_ELEMENTS(route->deadlines); i++)
                counts |= route->deadlines[i].business_days > 0;
        return counts;
}
