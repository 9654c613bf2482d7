/* SPDX-License-Identifier: MIT */
/* The filters of a route: what a bulletin must concern. What it does not state excludes nothing. */
#include "notify/route.h"

#include <string.h>

#include "common/text.h"
#include "notify/route_p.h"

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

/* Patterns that are matched against several texts. */
static GPtrArray *fold_patterns(const GPtrArray *patterns)
{
        GPtrArray *folded = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < patterns->len; i++)
                g_ptr_array_add(folded, comparison_form(g_ptr_array_index(patterns, i)));
        return folded;
}

static bool is_stated(const char *text)
{
        return text && *text != '\0';
}

static bool pattern_is_in(const GPtrArray *folded_patterns, const char *text)
{
        if (!is_stated(text))
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
        g_autoptr(GPtrArray) patterns = fold_patterns(route->products);
        if (pattern_is_in(patterns, bulletin->title) || pattern_is_in(patterns, bulletin->vendor_title))
                return VERDICT_PASS;
        bool listed = false;
        for (guint i = 0; i < bulletin->affected->len; i++) {
                const struct affected *affected = g_ptr_array_index(bulletin->affected, i);
                if (pattern_is_in(patterns, affected->software) || pattern_is_in(patterns, affected->platforms))
                        return VERDICT_PASS;
                listed |= is_stated(affected->software) || is_stated(affected->platforms);
        }
        if (!listed) {
                g_string_append(note, "the affected products are undetermined, which does not exclude it");
                return VERDICT_PASS_UNDETERMINED;
        }
        g_string_append(note, "none of the route's products is affected");
        return VERDICT_EXCLUDE;
}

static enum verdict filter_software(const struct route *route, const struct bulletin *bulletin, GString *note)
{
        if (route->software->len == 0)
                return VERDICT_PASS;
        g_autoptr(GPtrArray) patterns = fold_patterns(route->software);
        bool listed = false;
        for (guint i = 0; i < bulletin->affected->len; i++) {
                const struct affected *affected = g_ptr_array_index(bulletin->affected, i);
                if (pattern_is_in(patterns, affected->software))
                        return VERDICT_PASS;
                listed |= is_stated(affected->software);
        }
        if (!listed) {
                g_string_append(note, "the affected software is undetermined, which does not exclude it");
                return VERDICT_PASS_UNDETERMINED;
        }
        g_string_append(note, "none of the route's software is affected");
        return VERDICT_EXCLUDE;
}

static enum verdict filter_restart(const struct route *route, const struct bulletin *bulletin, GString *note)
{
        int value = route_value(bulletin, FIELD_RESTART);
        if (route->restarts == 0 || (value > 0 && (route->restarts & 1u << value)))
                return VERDICT_PASS;
        if (value > 0) {
                g_string_append_printf(note, "restart %s is not among the route's", route_value_text(FIELD_RESTART, value));
                return VERDICT_EXCLUDE;
        }
        g_string_append(note, "whether it needs a restart is undetermined, which does not exclude it");
        return VERDICT_PASS_UNDETERMINED;
}

static enum verdict filter_feeds(const struct route *route, const struct bulletin *bulletin, GString *note)
{
        for (guint i = 0; bulletin->feed && i < route->feeds->len; i++)
                if (g_str_equal(g_ptr_array_index(route->feeds, i), bulletin->feed))
                        return VERDICT_PASS;
        if (route->feeds->len == 0)
                return VERDICT_PASS;
        g_string_append_printf(note, "feed %s is not among the route's feeds", bulletin->feed ? bulletin->feed : "(none)");
        return VERDICT_EXCLUDE;
}

bool route_passes_filters(const struct route *route, const struct bulletin *bulletin, GString *notes)
{
        static enum verdict (*const filters[])(const struct route *, const struct bulletin *, GString *) = {
                filter_feeds, filter_environment, filter_exploit, filter_restart, filter_software, filter_products,
        };
        g_autoptr(GString) note = g_string_new(NULL);
        for (gsize i = 0; i < G_N_ELEMENTS(filters); i++) {
                g_string_truncate(note, 0);
                enum verdict verdict = filters[i](route, bulletin, note);
                if (verdict == VERDICT_EXCLUDE) {
                        g_string_assign(notes, note->str);
                        return false;
                }
                if (verdict == VERDICT_PASS_UNDETERMINED)
                        g_string_append_printf(notes, "; %s", note->str);
        }
        return true;
}

bool route_needs_content(const struct route *route)
{
        return route->environment != ROUTE_ENV_ANY || route->exploit != ROUTE_EXPLOIT_ANY || route->restarts != 0 ||
               route->software->len > 0 || route->products->len > 0;
}
