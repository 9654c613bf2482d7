/* SPDX-License-Identifier: MIT */
/*
 * What a route does about a revision (DESIGN.md, "What a bulletin is"). Pure: everything it knows is in the input, and
 * what it wants remembered is in the decision.
 */
#include "notify/route.h"

#include <string.h>

#include "notify/route_p.h"

#define CHANGES_NAMED_MAX 5u

const char *route_action_name(enum route_action action)
{
        static const char *const names[ACTION_MAX] = { "none", "new", "raised", "updated", "lowered" };
        return (unsigned) action < ACTION_MAX ? names[action] : "none";
}

void route_decision_clear(struct route_decision *decision)
{
        g_clear_pointer(&decision->reason, g_free);
}

/* What one decision works with: the input, and what the content is worth to this route. */
struct considered {
        const struct route *route;
        const struct route_input *input;
        bool above;
        char *match_reason;
        int severity, urgency; /* of the content */
};

static void set_state(struct route_decision *d, bool known, bool above, bool sent, int severity, int urgency)
{
        d->known = known;
        d->above = above;
        d->sent = sent;
        d->severity = severity;
        d->urgency = urgency;
}

static void keep_state(struct route_decision *d, const struct route_input *input)
{
        set_state(d, input->known, input->above, input->sent, input->severity, input->urgency);
}

/* Nothing is sent: the baseline stays at what people were last told, if they were told anything. */
static void decide_none(struct route_decision *d, const struct considered *c, char *reason)
{
        const struct route_input *input = c->input;
        bool told = input->known && input->sent;
        d->action = ACTION_NONE;
        d->reason = reason;
        set_state(d, true, c->above, told, told ? input->severity : c->severity, told ? input->urgency : c->urgency);
}

static void decide_send(struct route_decision *d, const struct considered *c, enum route_action action, char *reason)
{
        d->action = action;
        d->reason = reason;
        set_state(d, true, c->above, true, c->severity, c->urgency);
        d->compared = c->input->known;
        d->before_severity = c->input->known ? c->input->severity : 0;
        d->before_urgency = c->input->known ? c->input->urgency : 0;
}

/*
 * Whether one field rose above the baseline. Out of the undetermined it rises only by meeting the threshold (every
 * value does where the route has none at all): that a field turned out to be low is no reason to wake anybody.
 */
static bool field_rose(const struct route *route, enum bulletin_field field, int before, int now)
{
        if (now <= before)
                return false;
        if (before != 0)
                return true;
        int lowest = field == FIELD_SEVERITY ? route->severity : route->urgency;
        return lowest > 0 ? now >= lowest : route->severity == 0 && route->urgency == 0;
}

static void describe_rise(GString *out, const struct route *route, enum bulletin_field field, int before, int now)
{
        if (!field_rose(route, field, before, now))
                return;
        if (out->len > 0)
                g_string_append(out, " and ");
        g_string_append_printf(out, "%s was %s, now %s", bulletin_field_english(field), route_value_text(field, before),
                               route_value_text(field, now));
}

/* "severity was moderate, now critical", or NULL if nothing rose. */
static char *rise_reason(const struct considered *c)
{
        g_autoptr(GString) text = g_string_new(NULL);
        describe_rise(text, c->route, FIELD_SEVERITY, c->input->severity, c->severity);
        describe_rise(text, c->route, FIELD_URGENCY, c->input->urgency, c->urgency);
        return text->len > 0 ? g_strdup(text->str) : NULL;
}

/* The paths of the changes an administrator acts on, or NULL if there are none. */
static char *changes_that_matter(const GPtrArray *changes)
{
        g_autoptr(GString) text = g_string_new(NULL);
        unsigned named = 0, more = 0;
        for (guint i = 0; changes && i < changes->len; i++) {
                const struct bulletin_change *change = g_ptr_array_index(changes, i);
                if (!change->matters)
                        continue;
                if (named == CHANGES_NAMED_MAX) {
                        more++;
                        continue;
                }
                g_string_append_printf(text, "%s%s", named++ ? ", " : "", change->path ? change->path : "a field");
        }
        if (more > 0)
                g_string_append_printf(text, " and %u more", more);
        return named > 0 ? g_strdup(text->str) : NULL;
}

/* The route has not decided on this bulletin before. */
static void decide_unknown(struct route_decision *d, const struct considered *c)
{
        if (c->above)
                decide_send(d, c, ACTION_NEW, g_strdup(c->match_reason));
        else
                decide_none(d, c, g_strconcat("not above: ", c->match_reason, NULL));
}

static void decide_history(struct route_decision *d, const struct considered *c)
{
        bool variant = c->input->event == EVENT_VARIANT || c->input->event == EVENT_UNDATED;
        decide_none(d, c, g_strconcat(ROUTE_REASON_HISTORY, c->match_reason, NULL));
        if (!variant || !c->input->known)
                return;
        /* Another content of a revision that is known only ever adds to what is known, so that history ends in the
         * same state in whatever order it is read. */
        if (c->input->sent) {
                keep_state(d, c->input);
        } else {
                set_state(d, true, c->input->above || c->above, false, MAX(c->input->severity, c->severity),
                          MAX(c->input->urgency, c->urgency));
        }
}

static void decide_still_above(struct route_decision *d, const struct considered *c)
{
        g_autofree char *rise = rise_reason(c);
        if (rise) {
                decide_send(d, c, ACTION_RAISED, g_strdup(rise));
                return;
        }
        g_autofree char *changed = changes_that_matter(c->input->changes);
        if (!changed)
                decide_none(d, c, g_strdup("still above, and nothing that matters changed"));
        else if (!c->route->updates)
                decide_none(d, c,
                            g_strdup_printf("still above; changed: %s, but the route does not want updates", changed));
        else
                decide_send(d, c, ACTION_UPDATED, g_strdup_printf("still above; changed: %s", changed));
}

static void decide_later(struct route_decision *d, const struct considered *c)
{
        const struct route_input *input = c->input;
        if (c->above && input->above)
                decide_still_above(d, c);
        else if (c->above)
                decide_send(d, c, ACTION_RAISED, g_strdup_printf("was not above before; now %s", c->match_reason));
        else if (!input->above)
                decide_none(d, c, g_strdup_printf("not above, as before: %s", c->match_reason));
        else if (input->sent)
                decide_send(d, c, ACTION_LOWERED, g_strdup_printf("no longer above: %s", c->match_reason));
        else
                decide_none(d, c,
                            g_strdup_printf("no longer above: %s; it was above as history, and nothing had been sent",
                                            c->match_reason));
}

/* Other content under dates that are known, or without dates: it may be a mistake of the sender, so it can raise an
 * alarm but never end one, and the baseline never sinks. */
static void decide_variant(struct route_decision *d, const struct considered *c)
{
        const struct route_input *input = c->input;
        bool variant = input->event == EVENT_VARIANT;
        const char *what = variant ? "a variant of the same revision" : "a revision without dates";
        g_autofree char *rise = c->above ? rise_reason(c) : NULL;
        if (c->above && (rise || !input->above)) {
                decide_send(d, c, ACTION_RAISED,
                            g_strdup_printf("%s: %s%s", what, rise ? "" : "was not above before; now ",
                                            rise ? rise : c->match_reason));
                d->severity = MAX(d->severity, input->severity);
                d->urgency = MAX(d->urgency, input->urgency);
                return;
        }
        d->action = ACTION_NONE;
        d->reason = c->above ? g_strdup_printf("%s; neither severity nor urgency rose", what)
                             : g_strdup_printf("%s, not above: %s", what, c->match_reason);
        keep_state(d, input);
}

/* Reasons that need no look at the content. NULL: there is none. */
static char *reason_to_ignore(const struct route *route, const struct route_input *input)
{
        if (input->unverified)
                return g_strdup_printf("sender not verified: %s", input->unverified);
        if (input->event == EVENT_DUPLICATE)
                return g_strdup("a duplicate of what is already known");
        if (input->event == EVENT_EARLIER)
                return g_strdup("an earlier revision arriving late");
        if (!(route->kinds & (1u << input->bulletin->kind)))
                return g_strdup_printf("kind %s is not among the route's kinds",
                                       bulletin_kind_name(input->bulletin->kind));
        return NULL;
}

static void say_digest_only(struct route_decision *decision)
{
        char *reason = g_strconcat(decision->reason, "; only the route's digest tells it", NULL);
        g_free(decision->reason);
        decision->reason = reason;
}

void route_decide(const struct route *route, const struct route_input *input, struct route_decision *ret_decision)
{
        struct route_decision decision = { .action = ACTION_NONE };
        decision.reason = reason_to_ignore(route, input);
        if (decision.reason) {
                keep_state(&decision, input);
                *ret_decision = decision;
                return;
        }
        g_autofree char *match_reason = NULL;
        struct considered c = { .route = route, .input = input };
        c.above = route_matches(route, input->bulletin, &match_reason);
        c.match_reason = match_reason;
        c.severity = route_value(input->bulletin, FIELD_SEVERITY);
        c.urgency = route_value(input->bulletin, FIELD_URGENCY);
        if (input->history)
                decide_history(&decision, &c);
        else if (!input->known || input->event == EVENT_FIRST)
                decide_unknown(&decision, &c);
        else if (input->event == EVENT_LATER)
                decide_later(&decision, &c);
        else
                decide_variant(&decision, &c);
        if (decision.action != ACTION_NONE && !route->immediate)
                say_digest_only(&decision);
        *ret_decision = decision;
}
