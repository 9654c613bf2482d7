/* SPDX-License-Identifier: MIT */
/* Thresholds and filters of a route. What follows from them for a revision is in route_decide.c. */
#include "notify/route.h"

#include <string.h>

#include "common/text.h"
#include "notify/route_p.h"

struct route *route_new(const char *name)
{
        struct route *route = g_new0(struct route, 1);
        route->name = g_strdup(name);
        route->kinds = 1u << BULLETIN_ALERT;
        route->undetermined = true;
        route->products = g_ptr_array_new_with_free_func(g_free);
        route->channels = g_ptr_array_new_with_free_func(g_free);
        return route;
}

void route_free(struct route *route)
{
        if (!route)
                return;
        g_free(route->name);
        g_ptr_array_unref(route->products);
        g_ptr_array_unref(route->channels);
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
        const char *field = bulletin_field_english(t->field), *lowest = route_value_text(t->field, t->lowest);
        switch (t->standing) {
        case STANDING_MET:
                g_string_append_printf(out, "%s %s is at or above %s", field, route_value_text(t->field, t->value),
                                       lowest);
                break;
        case STANDING_BELOW:
                g_string_append_printf(out, "%s %s is below %s", field, route_value_text(t->field, t->value), lowest);
                break;
        default:
                g_string_append_printf(out, "%s is undetermined", field);
        }
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

/* One filter's answer. */
enum verdict { VERDICT_PASS, VERDICT_PASS_UNDETERMINED, VERDICT_EXCLUDE };

static enum verdict filter_environment(const struct route *route, const struct bulletin *bulletin, GString *note)
{
        if (route->environment == ROUTE_ENV_ANY)
                return VERDICT_PASS;
        bool server = route->environment == ROUTE_ENV_SERVER;
        const char *name = server ? "servers" : "clients";
        switch (route_value(bulletin, server ? FIELD_ENVIRONMENT_SERVER : FIELD_ENVIRONMENT_CLIENT)) {
        case ANSWER_YES:
                return VERDICT_PASS;
        case ANSWER_NO:
                g_string_append_printf(note, "it does not concern %s", name);
                return VERDICT_EXCLUDE;
        default:
                g_string_append_printf(note, "whether it concerns %s is undetermined, which does not exclude it", name);
                return VERDICT_PASS_UNDETERMINED;
        }
}

/* What a route can ask of the exploit status, weakest first. A stronger fact implies the weaker ones: where attacks
 * are observed there is code, whatever the bulletin's other line still says. */
static const struct exploit_level {
        enum bulletin_field field;
        int yes;
        const char *no_text, *unknown_text;
} exploit_levels[] = {
        { FIELD_EXPLOIT_CODE, EXPLOIT_AVAILABLE, "no exploit code is reported", "whether there is exploit code" },
        { FIELD_EXPLOIT_PUBLISHED, ANSWER_YES, "no exploit code is published", "whether exploit code is published" },
        { FIELD_ATTACKS_OBSERVED, ANSWER_YES, "no attacks are observed", "whether attacks are observed" },
};

static enum verdict filter_exploit(const struct route *route, const struct bulletin *bulletin, GString *note)
{
        if (route->exploit == ROUTE_EXPLOIT_ANY)
                return VERDICT_PASS;
        gsize first = route->exploit == ROUTE_EXPLOIT_AVAILABLE ? 0 : route->exploit == ROUTE_EXPLOIT_PUBLISHED ? 1 : 2;
        for (gsize i = first; i < G_N_ELEMENTS(exploit_levels); i++)
                if (route_value(bulletin, exploit_levels[i].field) == exploit_levels[i].yes)
                        return VERDICT_PASS;
        const struct exploit_level *asked = &exploit_levels[first];
        if (route_value(bulletin, asked->field) != 0) {
                g_string_append(note, asked->no_text);
                return VERDICT_EXCLUDE;
        }
        g_string_append_printf(note, "%s is undetermined, which does not exclude it", asked->unknown_text);
        return VERDICT_PASS_UNDETERMINED;
}

static char *comparison_form(const char *text)
{
        g_autofree char *valid = text_make_valid(text, strlen(text), NULL);
        g_autofree char *normal = text_normalize(valid);
        return g_utf8_casefold(normal, -1);
}

static bool glob_char_matches(const char *pattern, const char *text)
{
        return *pattern == '?' || g_utf8_get_char(pattern) == g_utf8_get_char(text);
}

/* Whether the pattern is found anywhere in text. It only ever goes back to the last star, so it takes at most
 * pattern times text steps, whatever a hostile text looks like. */
static bool glob_is_found(const char *pattern, const char *text)
{
        const char *star = pattern, *retry = text, *p = pattern, *t = text;
        for (;;) {
                if (*p == '*') {
                        star = ++p;
                        retry = t;
                } else if (*p == '\0') {
                        return true;
                } else if (*t != '\0' && glob_char_matches(p, t)) {
                        p = g_utf8_next_char(p);
                        t = g_utf8_next_char(t);
                } else if (*retry != '\0') {
                        retry = g_utf8_next_char(retry);
                        p = star;
                        t = retry;
                } else {
                        return false;
                }
        }
}

static bool product_is_in(const GPtrArray *folded_patterns, const char *text)
{
        if (!text || *text == '\0')
                return false;
        g_autofree char *folded = comparison_form(text);
        for (guint i = 0; i < folded_patterns->len; i++)
                if (glob_is_found(g_ptr_array_index(folded_patterns, i), folded))
                        return true;
        return false;
}

static enum verdict filter_products(const struct route *route, const struct bulletin *bulletin, GString *note)
{
        if (route->products->len == 0)
                return VERDICT_PASS;
        g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < route->products->len; i++)
                g_ptr_array_add(patterns, comparison_form(g_ptr_array_index(route->products, i)));
        if (product_is_in(patterns, bulletin->title) || product_is_in(patterns, bulletin->vendor_title))
                return VERDICT_PASS;
        bool listed = false;
        for (guint i = 0; i < bulletin->affected->len; i++) {
                const struct affected *affected = g_ptr_array_index(bulletin->affected, i);
                if (product_is_in(patterns, affected->software) || product_is_in(patterns, affected->platforms))
                        return VERDICT_PASS;
                listed |= (affected->software && *affected->software) || (affected->platforms && *affected->platforms);
        }
        if (!listed) {
                g_string_append(note, "the affected products are undetermined, which does not exclude it");
                return VERDICT_PASS_UNDETERMINED;
        }
        g_string_append(note, "none of the route's products is affected");
        return VERDICT_EXCLUDE;
}

bool route_matches(const struct route *route, const struct bulletin *bulletin, char **ret_reason)
{
        static enum verdict (*const filters[])(const struct route *, const struct bulletin *, GString *) = {
                filter_environment, filter_exploit, filter_products
        };
        g_autoptr(GString) notes = g_string_new(NULL);
        for (gsize i = 0; i < G_N_ELEMENTS(filters); i++) {
                g_autoptr(GString) note = g_string_new(NULL);
                enum verdict verdict = filters[i](route, bulletin, note);
                if (verdict == VERDICT_EXCLUDE) {
                        *ret_reason = g_strdup(note->str);
                        return false;
                }
                if (verdict == VERDICT_PASS_UNDETERMINED)
                        g_string_append_printf(notes, "; %s", note->str);
        }
        g_autoptr(GString) reason = g_string_new(NULL);
        bool above = thresholds_met(route, bulletin, reason);
        if (above)
                g_string_append(reason, notes->str);
        *ret_reason = g_strdup(reason->str);
        return above;
}
