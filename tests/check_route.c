/* SPDX-License-Identifier: MIT */
/* Every row of the rules for routes: thresholds, filters, and what each event does in each state. */
#include <glib.h>
#include <string.h>

#include "notify/route.h"
#include "tests/support.h"

enum { UNKNOWN = 0, ABSENT = -1 }; /* undetermined; the kind does not have the field */

static void set_value(struct bulletin *b, enum bulletin_field field, int value)
{
        if (value > 0)
                bulletin_set_field(b, field, BASIS_STATED, value, NULL, NULL);
        else if (value == UNKNOWN)
                bulletin_set_undetermined(b, field, NULL, "not stated");
}

static struct bulletin *alert(int severity, int urgency)
{
        struct bulletin *b = bulletin_new();
        b->kind = BULLETIN_ALERT;
        b->id = g_strdup("MS07-099");
        b->title = g_strdup("見本エンジンの脆弱性");
        set_value(b, FIELD_SEVERITY, severity);
        set_value(b, FIELD_URGENCY, urgency);
        return b;
}

static const char *nonnull(const char *text)
{
        return text ? text : "";
}

/* ---- thresholds ---- */

static const struct threshold_row {
        int severity, urgency; /* of the route */
        enum route_match match;
        bool undetermined;
        int has_severity, has_urgency; /* of the bulletin */
        bool above;
        const char *reason;
} threshold_rows[] = {
        /* either suffices */
        { 3, 3, ROUTE_ANY, true, 4, 1, true, "severity critical is at or above important, urgency wait is below early" },
        { 3, 3, ROUTE_ANY, true, 1, 3, true, "severity low is below important, urgency early is at or above early" },
        { 3, 3, ROUTE_ANY, true, 3, 4, true,
          "severity important is at or above important and urgency immediate is at or above early" },
        { 3, 3, ROUTE_ANY, true, 2, 2, false, "severity moderate is below important and urgency consider is below early" },
        /* one threshold only */
        { 4, 0, ROUTE_ANY, true, 4, 1, true, "severity critical is at or above critical" },
        { 4, 0, ROUTE_ANY, true, 3, 4, false, "severity important is below critical" },
        { 0, 2, ROUTE_ANY, true, 4, 1, false, "urgency wait is below consider" },
        { 0, 2, ROUTE_ALL, true, 1, 2, true, "urgency consider is at or above consider" },
        /* none */
        { 0, 0, ROUTE_ANY, true, 1, 1, true, "the route has no thresholds" },
        { 0, 0, ROUTE_ALL, false, UNKNOWN, UNKNOWN, true, "the route has no thresholds" },
        /* both needed */
        { 3, 3, ROUTE_ALL, true, 4, 4, true,
          "severity critical is at or above important and urgency immediate is at or above early" },
        { 3, 3, ROUTE_ALL, true, 4, 2, false, "severity critical is at or above important, urgency consider is below early" },
        { 3, 3, ROUTE_ALL, true, 1, 4, false, "severity low is below important, urgency immediate is at or above early" },
        /* both undetermined: above every threshold, and it says so */
        { 4, 4, ROUTE_ANY, true, UNKNOWN, UNKNOWN, true,
          "severity and urgency are both undetermined, which counts as above every threshold" },
        { 4, 4, ROUTE_ALL, true, UNKNOWN, UNKNOWN, true,
          "severity and urgency are both undetermined, which counts as above every threshold" },
        { 4, 0, ROUTE_ANY, true, UNKNOWN, UNKNOWN, true, "severity is undetermined, which counts as above every threshold" },
        { 4, 4, ROUTE_ANY, true, ABSENT, ABSENT, true,
          "severity and urgency are both undetermined, which counts as above every threshold" },
        { 4, 4, ROUTE_ANY, false, UNKNOWN, UNKNOWN, false,
          "severity and urgency are both undetermined, which this route does not count as above" },
        /* the only field that counts is undetermined */
        { 4, 0, ROUTE_ANY, true, UNKNOWN, 1, true, "severity is undetermined, which counts as above every threshold" },
        /* one below, the other undetermined */
        { 3, 3, ROUTE_ANY, true, 1, UNKNOWN, false,
          "severity low is below important, urgency is undetermined and could be above" },
        { 3, 3, ROUTE_ANY, true, UNKNOWN, 2, false, "severity is undetermined, urgency consider is below early and could be above" },
        { 3, 3, ROUTE_ALL, true, 1, UNKNOWN, false, "severity low is below important, urgency is undetermined" },
        /* one above, the other undetermined */
        { 3, 3, ROUTE_ANY, true, 4, UNKNOWN, true, "severity critical is at or above important, urgency is undetermined" },
        { 3, 3, ROUTE_ALL, true, 4, UNKNOWN, true,
          "severity critical is at or above important, urgency is undetermined, which counts as above every threshold" },
        { 3, 3, ROUTE_ALL, false, 4, UNKNOWN, false,
          "severity critical is at or above important, urgency is undetermined, which this route does not count as above" },
};

START_TEST(thresholds)
{
        const struct threshold_row *row = &threshold_rows[_i];
        struct route *route = route_new("ops");
        route->severity = row->severity;
        route->urgency = row->urgency;
        route->match = row->match;
        route->undetermined = row->undetermined;
        struct bulletin *b = alert(row->has_severity, row->has_urgency);
        g_autofree char *reason = NULL;
        ck_assert_msg(route_matches(route, b, &reason) == row->above, "row %d: %s", _i, nonnull(reason));
        ck_assert_str_eq(reason, row->reason);
        bulletin_free(b);
        route_free(route);
}
END_TEST

/* ---- filters ---- */

static const struct filter_row {
        enum route_environment environment;
        enum route_exploit exploit;
        int server, client, code, published, attacks;
        bool above;
        const char *reason; /* a part of it */
} filter_rows[] = {
        { ROUTE_ENV_SERVER, 0, ANSWER_YES, ANSWER_NO, ABSENT, ABSENT, ABSENT, true, "severity critical" },
        { ROUTE_ENV_SERVER, 0, ANSWER_NO, ANSWER_YES, ABSENT, ABSENT, ABSENT, false, "it does not concern servers" },
        { ROUTE_ENV_CLIENT, 0, ANSWER_YES, ANSWER_NO, ABSENT, ABSENT, ABSENT, false, "it does not concern clients" },
        { ROUTE_ENV_CLIENT, 0, ANSWER_NO, ANSWER_YES, ABSENT, ABSENT, ABSENT, true, "severity critical" },
        { ROUTE_ENV_SERVER, 0, UNKNOWN, ANSWER_YES, ABSENT, ABSENT, ABSENT, true,
          "; whether it concerns servers is undetermined, which does not exclude it" },
        { ROUTE_ENV_SERVER, 0, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, true, "undetermined, which does not exclude it" },
        { 0, ROUTE_EXPLOIT_AVAILABLE, 0, 0, EXPLOIT_AVAILABLE, UNKNOWN, UNKNOWN, true, "severity critical" },
        { 0, ROUTE_EXPLOIT_AVAILABLE, 0, 0, EXPLOIT_NONE_STATED, ANSWER_NO, ANSWER_NO, false, "no exploit code is reported" },
        { 0, ROUTE_EXPLOIT_AVAILABLE, 0, 0, EXPLOIT_NONE_STATED, ANSWER_NO, ANSWER_YES, true, "severity critical" },
        { 0, ROUTE_EXPLOIT_AVAILABLE, 0, 0, UNKNOWN, ANSWER_NO, ANSWER_NO, true,
          "; whether there is exploit code is undetermined, which does not exclude it" },
        { 0, ROUTE_EXPLOIT_AVAILABLE, 0, 0, ABSENT, ABSENT, ABSENT, true, "undetermined, which does not exclude it" },
        { 0, ROUTE_EXPLOIT_PUBLISHED, 0, 0, EXPLOIT_AVAILABLE, ANSWER_NO, ANSWER_NO, false, "no exploit code is published" },
        { 0, ROUTE_EXPLOIT_PUBLISHED, 0, 0, UNKNOWN, ANSWER_YES, UNKNOWN, true, "severity critical" },
        { 0, ROUTE_EXPLOIT_ATTACKS, 0, 0, EXPLOIT_AVAILABLE, ANSWER_YES, ANSWER_NO, false, "no attacks are observed" },
        { 0, ROUTE_EXPLOIT_ATTACKS, 0, 0, UNKNOWN, UNKNOWN, ANSWER_YES, true, "severity critical" },
        { 0, ROUTE_EXPLOIT_ATTACKS, 0, 0, UNKNOWN, ANSWER_YES, UNKNOWN, true,
          "; whether attacks are observed is undetermined, which does not exclude it" },
};

START_TEST(filters)
{
        const struct filter_row *row = &filter_rows[_i];
        struct route *route = route_new("ops");
        route->severity = SEVERITY_IMPORTANT;
        route->environment = row->environment;
        route->exploit = row->exploit;
        struct bulletin *b = alert(SEVERITY_CRITICAL, URGENCY_EARLY);
        set_value(b, FIELD_ENVIRONMENT_SERVER, row->server);
        set_value(b, FIELD_ENVIRONMENT_CLIENT, row->client);
        set_value(b, FIELD_EXPLOIT_CODE, row->code);
        set_value(b, FIELD_EXPLOIT_PUBLISHED, row->published);
        set_value(b, FIELD_ATTACKS_OBSERVED, row->attacks);
        g_autofree char *reason = NULL;
        ck_assert_msg(route_matches(route, b, &reason) == row->above, "row %d: %s", _i, nonnull(reason));
        ck_assert_msg(strstr(reason, row->reason) != NULL, "row %d: %s", _i, reason);
        bulletin_free(b);
        route_free(route);
}
END_TEST

static const struct product_row {
        const char *pattern, *title, *vendor_title, *software, *platforms;
        bool above;
} product_rows[] = {
        { "Exchange", "t", NULL, "Microsoft Exchange Server 2003", "Windows 2000", true },
        { "exchange server*2003", "t", NULL, "Microsoft Ｅｘｃｈａｎｇｅ　Ｓｅｒｖｅｒ ２００３", "", true },
        { "windows xp", "t", NULL, "Word 2003", "Windows XP", true },
        { "ＩＩＳ", "iisの脆弱性", NULL, "x", "y", true },
        { "*CAPICOM*", "t", "CAPICOM の脆弱性", "x", "y", true },
        { "Exchange ????", "t", NULL, "Exchange 2000", NULL, true },
        { "Exchange ????", "t", NULL, "Exchange 5.5", NULL, false },
        { "Exchange", "t", "v", "Internet Explorer 6", "Windows XP", false },
        { "Exchange", "t", "v", NULL, NULL, true }, /* nothing listed: undetermined */
        { "Exchange", "t", "v", "", "", true },
        { "a*b*c*d", "t", NULL, "aXXbXXcXX", "abcabcabx", false },
        { "a*b*c*d", "t", NULL, "zzaXXbXXbcXXcd", "", true },
        { "スパム*対策", "t", NULL, "ｽﾊﾟﾑ と 対策", "", true },
};

START_TEST(products)
{
        const struct product_row *row = &product_rows[_i];
        struct route *route = route_new("ops");
        g_ptr_array_add(route->products, g_strdup("no such product"));
        g_ptr_array_add(route->products, g_strdup(row->pattern));
        struct bulletin *b = alert(SEVERITY_LOW, URGENCY_WAIT);
        g_free(b->title);
        b->title = g_strdup(row->title);
        b->vendor_title = g_strdup(row->vendor_title);
        if (row->software || row->platforms)
                g_ptr_array_add(b->affected, affected_new(row->software, row->platforms));
        g_autofree char *reason = NULL;
        ck_assert_msg(route_matches(route, b, &reason) == row->above, "row %d: %s", _i, nonnull(reason));
        if (!row->above)
                ck_assert_str_eq(reason, "none of the route's products is affected");
        bool listed = (row->software && *row->software) || (row->platforms && *row->platforms);
        ck_assert(listed == (strstr(reason, "the affected products are undetermined") == NULL));
        bulletin_free(b);
        route_free(route);
}
END_TEST

static const struct software_row {
        const char *title, *software, *platforms;
        bool above;
        const char *reason; /* a part of it */
} software_rows[] = {
        { "t", "Microsoft Ｏｕｔｌｏｏｋ 2003", "Windows XP", true, "no thresholds" },
        { "t", "Word 2003", "outlook", false, "none of the route's software is affected" },
        { "Outlook の脆弱性", "Word 2003", NULL, false, "none of the route's software is affected" },
        { "Outlook の脆弱性", NULL, "Windows XP", true, "; the affected software is undetermined, which does not exclude it" },
        { "Outlook の脆弱性", NULL, NULL, true, "; the affected software is undetermined, which does not exclude it" },
};

START_TEST(software)
{
        const struct software_row *row = &software_rows[_i];
        struct route *route = route_new("ops");
        g_ptr_array_add(route->software, g_strdup("no such software"));
        g_ptr_array_add(route->software, g_strdup("outlook"));
        struct bulletin *b = alert(SEVERITY_LOW, URGENCY_WAIT);
        g_free(b->title);
        b->title = g_strdup(row->title);
        if (row->software || row->platforms)
                g_ptr_array_add(b->affected, affected_new(row->software, row->platforms));
        g_autofree char *reason = NULL;
        ck_assert_msg(route_matches(route, b, &reason) == row->above, "row %d: %s", _i, nonnull(reason));
        ck_assert_msg(strstr(reason, row->reason) != NULL, "row %d: %s", _i, reason);
        bulletin_free(b);
        route_free(route);
}
END_TEST

#define BIT(value) (1u << (value))

static const struct restart_row {
        unsigned restarts;
        int value;
        bool above;
        const char *reason;
} restart_rows[] = {
        { 0, RESTART_REQUIRED, true, "the route has no thresholds" },
        { BIT(RESTART_REQUIRED), RESTART_REQUIRED, true, "the route has no thresholds" },
        { BIT(RESTART_REQUIRED) | BIT(RESTART_CONDITIONAL), RESTART_CONDITIONAL, true, "the route has no thresholds" },
        { BIT(RESTART_REQUIRED), RESTART_CONDITIONAL, false, "restart conditional is not among the route's" },
        { BIT(RESTART_REQUIRED), RESTART_NOT_REQUIRED, false, "restart not-required is not among the route's" },
        { BIT(RESTART_REQUIRED), UNKNOWN, true,
          "the route has no thresholds; whether it needs a restart is undetermined, which does not exclude it" },
        { BIT(RESTART_REQUIRED), ABSENT, true,
          "the route has no thresholds; whether it needs a restart is undetermined, which does not exclude it" },
};

START_TEST(restarts)
{
        const struct restart_row *row = &restart_rows[_i];
        struct route *route = route_new("ops");
        route->restarts = row->restarts;
        struct bulletin *b = alert(SEVERITY_LOW, URGENCY_WAIT);
        set_value(b, FIELD_RESTART, row->value);
        g_autofree char *reason = NULL;
        ck_assert_msg(route_matches(route, b, &reason) == row->above, "row %d: %s", _i, nonnull(reason));
        ck_assert_str_eq(reason, row->reason);
        bulletin_free(b);
        route_free(route);
}
END_TEST

START_TEST(feeds)
{
        struct route *route = route_new("ops");
        g_ptr_array_add(route->feeds, g_strdup("other-feed"));
        struct bulletin *b = alert(SEVERITY_LOW, URGENCY_WAIT);
        b->feed = g_strdup("hotfix-report");
        char *reason = NULL;
        ck_assert(!route_matches(route, b, &reason));
        ck_assert_str_eq(reason, "feed hotfix-report is not among the route's feeds");
        g_free(reason);
        g_ptr_array_add(route->feeds, g_strdup("hotfix-report"));
        ck_assert(route_matches(route, b, &reason));
        ck_assert_str_eq(reason, "the route has no thresholds");
        g_free(reason);
        bulletin_free(b);
        route_free(route);
}
END_TEST

/* What the quiet hours go by: an alert that does not say may be anything, and news are no alarm. */
START_TEST(severity_for_the_schedule)
{
        struct bulletin *b = alert(SEVERITY_IMPORTANT, URGENCY_WAIT);
        ck_assert_int_eq(route_schedule_severity(b), SEVERITY_IMPORTANT);
        set_value(b, FIELD_SEVERITY, UNKNOWN);
        ck_assert_int_eq(route_schedule_severity(b), SEVERITY_NONE);
        b->kind = BULLETIN_NEWS;
        ck_assert_int_eq(route_schedule_severity(b), SEVERITY_NONE); /* it has the field */
        b->fields[FIELD_SEVERITY].present = false;
        ck_assert_int_eq(route_schedule_severity(b), SEVERITY_LOW);
        b->kind = BULLETIN_ALERT;
        ck_assert_int_eq(route_schedule_severity(b), SEVERITY_NONE);
        bulletin_free(b);
}
END_TEST

/* A pattern of stars on a long text that nearly matches must not take exponential time. */
START_TEST(product_pattern_is_cheap)
{
        struct route *route = route_new("ops");
        g_ptr_array_add(route->products, g_strdup("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"));
        struct bulletin *b = alert(SEVERITY_LOW, URGENCY_WAIT);
        g_autofree char *name = g_strnfill(20000, 'a');
        g_ptr_array_add(b->affected, affected_new(name, NULL));
        g_autofree char *reason = NULL;
        ck_assert(!route_matches(route, b, &reason));
        bulletin_free(b);
        route_free(route);
}
END_TEST

/* ---- decisions ---- */

struct state { bool known, above, sent; int severity, urgency; };

enum changes { CHANGES_NONE, CHANGES_PROSE, CHANGES_MATTER };

static const struct decision_row_case {
        const char *name;
        enum route_event event;
        bool history;
        struct state before;
        int severity, urgency; /* of the content; the route has severity >= important or urgency >= early */
        enum changes changes;
        bool updates;
        enum route_action action;
        const char *reason; /* a part of it */
        struct state after;
} decision_cases[] = {
        { "first above", EVENT_FIRST, false, { 0, 0, 0, 0, 0 }, 4, 4, CHANGES_NONE, false, ACTION_NEW,
          "severity critical is at or above important", { 1, 1, 1, 4, 4 } },
        { "first below", EVENT_FIRST, false, { 0, 0, 0, 0, 0 }, 2, 1, CHANGES_NONE, false, ACTION_NONE,
          "not above: severity moderate is below important", { 1, 0, 0, 2, 1 } },
        { "first undetermined", EVENT_FIRST, false, { 0, 0, 0, 0, 0 }, 0, 0, CHANGES_NONE, false, ACTION_NEW,
          "both undetermined", { 1, 1, 1, 0, 0 } },
        { "first half undetermined", EVENT_FIRST, false, { 0, 0, 0, 0, 0 }, 2, 0, CHANGES_NONE, false, ACTION_NONE,
          "urgency is undetermined and could be above", { 1, 0, 0, 2, 0 } },

        { "duplicate", EVENT_DUPLICATE, false, { 1, 1, 1, 3, 2 }, 4, 4, CHANGES_MATTER, true, ACTION_NONE, "a duplicate",
          { 1, 1, 1, 3, 2 } },
        { "duplicate of what the route does not know", EVENT_DUPLICATE, false, { 0, 0, 0, 0, 0 }, 4, 4, CHANGES_NONE, true,
          ACTION_NONE, "a duplicate", { 0, 0, 0, 0, 0 } },
        { "duplicate as history", EVENT_DUPLICATE, true, { 1, 1, 1, 3, 2 }, 4, 4, CHANGES_NONE, true, ACTION_NONE,
          "a duplicate", { 1, 1, 1, 3, 2 } },
        { "earlier", EVENT_EARLIER, false, { 1, 0, 0, 1, 1 }, 4, 4, CHANGES_MATTER, true, ACTION_NONE,
          "an earlier revision arriving late", { 1, 0, 0, 1, 1 } },
        { "earlier as history", EVENT_EARLIER, true, { 1, 1, 1, 3, 3 }, 4, 4, CHANGES_NONE, true, ACTION_NONE,
          "an earlier revision arriving late", { 1, 1, 1, 3, 3 } },

        { "history above", EVENT_FIRST, true, { 0, 0, 0, 0, 0 }, 4, 4, CHANGES_NONE, true, ACTION_NONE,
          "history: severity critical is at or above", { 1, 1, 0, 4, 4 } },
        { "history below", EVENT_FIRST, true, { 0, 0, 0, 0, 0 }, 1, 1, CHANGES_NONE, true, ACTION_NONE, "history: ",
          { 1, 0, 0, 1, 1 } },
        { "history undetermined", EVENT_FIRST, true, { 0, 0, 0, 0, 0 }, 0, 0, CHANGES_NONE, true, ACTION_NONE, "history: ",
          { 1, 1, 0, 0, 0 } },
        { "history, later", EVENT_LATER, true, { 1, 1, 0, 4, 4 }, 1, 1, CHANGES_MATTER, true, ACTION_NONE, "history: ",
          { 1, 0, 0, 1, 1 } },
        { "history, later than what was sent", EVENT_LATER, true, { 1, 1, 1, 3, 3 }, 4, 4, CHANGES_MATTER, true,
          ACTION_NONE, "history: ", { 1, 1, 1, 3, 3 } },
        { "history, worse variant", EVENT_VARIANT, true, { 1, 0, 0, 2, 2 }, 4, 1, CHANGES_MATTER, true, ACTION_NONE,
          "history: ", { 1, 1, 0, 4, 2 } },
        { "history, milder variant", EVENT_VARIANT, true, { 1, 1, 0, 4, 1 }, 2, 2, CHANGES_MATTER, true, ACTION_NONE,
          "history: ", { 1, 1, 0, 4, 2 } },
        { "history, variant of what was sent", EVENT_VARIANT, true, { 1, 0, 1, 2, 2 }, 4, 4, CHANGES_MATTER, true,
          ACTION_NONE, "history: ", { 1, 0, 1, 2, 2 } },
        { "history, undated and unknown", EVENT_UNDATED, true, { 0, 0, 0, 0, 0 }, 3, 1, CHANGES_NONE, true, ACTION_NONE,
          "history: ", { 1, 1, 0, 3, 1 } },

        { "later above, unknown to the route", EVENT_LATER, false, { 0, 0, 0, 0, 0 }, 3, 1, CHANGES_MATTER, false,
          ACTION_NEW, "severity important is at or above", { 1, 1, 1, 3, 1 } },
        { "later below, unknown to the route", EVENT_LATER, false, { 0, 0, 0, 0, 0 }, 2, 1, CHANGES_MATTER, false,
          ACTION_NONE, "not above", { 1, 0, 0, 2, 1 } },
        { "later, was below", EVENT_LATER, false, { 1, 0, 0, 2, 1 }, 3, 1, CHANGES_MATTER, false, ACTION_RAISED,
          "was not above before; now severity important is at or above", { 1, 1, 1, 3, 1 } },
        { "later, was below, now undetermined", EVENT_LATER, false, { 1, 0, 0, 2, 1 }, 0, 0, CHANGES_MATTER, false,
          ACTION_RAISED, "both undetermined", { 1, 1, 1, 0, 0 } },
        { "later, still below", EVENT_LATER, false, { 1, 0, 0, 1, 1 }, 2, 2, CHANGES_MATTER, true, ACTION_NONE,
          "not above, as before", { 1, 0, 0, 2, 2 } },
        { "later, severity rose", EVENT_LATER, false, { 1, 1, 1, 3, 3 }, 4, 3, CHANGES_MATTER, false, ACTION_RAISED,
          "severity was important, now critical", { 1, 1, 1, 4, 3 } },
        { "later, urgency rose", EVENT_LATER, false, { 1, 1, 1, 3, 1 }, 3, 4, CHANGES_MATTER, false, ACTION_RAISED,
          "urgency was wait, now immediate", { 1, 1, 1, 3, 4 } },
        { "later, both rose", EVENT_LATER, false, { 1, 1, 1, 3, 3 }, 4, 4, CHANGES_MATTER, false, ACTION_RAISED,
          "severity was important, now critical and urgency was early, now immediate", { 1, 1, 1, 4, 4 } },
        { "later, severity rose, urgency fell", EVENT_LATER, false, { 1, 1, 1, 3, 4 }, 4, 1, CHANGES_MATTER, false,
          ACTION_RAISED, "severity was important, now critical", { 1, 1, 1, 4, 1 } },
        { "later, history before, severity rose", EVENT_LATER, false, { 1, 1, 0, 3, 3 }, 4, 3, CHANGES_MATTER, false,
          ACTION_RAISED, "severity was important, now critical", { 1, 1, 1, 4, 3 } },
        { "later, fell and still above", EVENT_LATER, false, { 1, 1, 1, 4, 4 }, 3, 4, CHANGES_MATTER, false, ACTION_NONE,
          "still above; changed: restart, but the route does not want updates", { 1, 1, 1, 4, 4 } },
        { "later, update wanted", EVENT_LATER, false, { 1, 1, 1, 4, 4 }, 3, 4, CHANGES_MATTER, true, ACTION_UPDATED,
          "still above; changed: restart", { 1, 1, 1, 3, 4 } },
        { "later, update wanted, first word of it", EVENT_LATER, false, { 1, 1, 0, 4, 4 }, 4, 4, CHANGES_MATTER, true,
          ACTION_UPDATED, "still above; changed: restart", { 1, 1, 1, 4, 4 } },
        { "later, prose only", EVENT_LATER, false, { 1, 1, 1, 4, 4 }, 4, 4, CHANGES_PROSE, true, ACTION_NONE,
          "still above, and nothing that matters changed", { 1, 1, 1, 4, 4 } },
        { "later, no changes, never sent", EVENT_LATER, false, { 1, 1, 0, 4, 4 }, 3, 3, CHANGES_NONE, true, ACTION_NONE,
          "nothing that matters changed", { 1, 1, 0, 3, 3 } },
        { "later, lowered", EVENT_LATER, false, { 1, 1, 1, 4, 4 }, 1, 2, CHANGES_MATTER, false, ACTION_LOWERED,
          "no longer above: severity low is below important", { 1, 0, 1, 1, 2 } },
        { "later, lowered history", EVENT_LATER, false, { 1, 1, 0, 4, 4 }, 1, 2, CHANGES_MATTER, false, ACTION_NONE,
          "it was above as history, and nothing had been sent", { 1, 0, 0, 1, 2 } },
        { "later, lowered before and back again", EVENT_LATER, false, { 1, 0, 1, 1, 2 }, 3, 2, CHANGES_MATTER, false,
          ACTION_RAISED, "was not above before", { 1, 1, 1, 3, 2 } },
        { "later, lowered before and still below", EVENT_LATER, false, { 1, 0, 1, 1, 1 }, 2, 2, CHANGES_MATTER, false,
          ACTION_NONE, "not above, as before", { 1, 0, 1, 1, 1 } },
        { "undetermined, now critical", EVENT_LATER, false, { 1, 1, 1, 0, 0 }, 4, 1, CHANGES_MATTER, false, ACTION_RAISED,
          "severity was undetermined, now critical", { 1, 1, 1, 4, 1 } },
        { "undetermined, now low", EVENT_LATER, false, { 1, 1, 1, 0, 0 }, 1, 1, CHANGES_MATTER, false, ACTION_LOWERED,
          "no longer above", { 1, 0, 1, 1, 1 } },
        { "one undetermined turns out low, the other keeps it above", EVENT_LATER, false, { 1, 1, 1, 4, 0 }, 4, 1,
          CHANGES_PROSE, false, ACTION_NONE, "still above", { 1, 1, 1, 4, 0 } },
        { "now undetermined", EVENT_LATER, false, { 1, 1, 1, 4, 4 }, 0, 0, CHANGES_MATTER, true, ACTION_UPDATED,
          "still above", { 1, 1, 1, 0, 0 } },

        { "variant, unknown", EVENT_VARIANT, false, { 0, 0, 0, 0, 0 }, 4, 4, CHANGES_NONE, false, ACTION_NEW,
          "severity critical", { 1, 1, 1, 4, 4 } },
        { "variant rose", EVENT_VARIANT, false, { 1, 1, 1, 3, 4 }, 4, 1, CHANGES_MATTER, false, ACTION_RAISED,
          "a variant of the same revision: severity was important, now critical", { 1, 1, 1, 4, 4 } },
        { "variant, was below", EVENT_VARIANT, false, { 1, 0, 0, 2, 2 }, 3, 1, CHANGES_MATTER, false, ACTION_RAISED,
          "severity was moderate, now important", { 1, 1, 1, 3, 2 } },
        { "variant, was below, undetermined", EVENT_VARIANT, false, { 1, 0, 0, 2, 2 }, 0, 0, CHANGES_MATTER, false,
          ACTION_RAISED, "was not above before; now severity and urgency are both undetermined", { 1, 1, 1, 2, 2 } },
        { "variant rose and is below", EVENT_VARIANT, false, { 1, 0, 0, 1, 1 }, 2, 2, CHANGES_MATTER, true, ACTION_NONE,
          "not above", { 1, 0, 0, 1, 1 } },
        { "variant the same", EVENT_VARIANT, false, { 1, 1, 1, 4, 4 }, 4, 4, CHANGES_MATTER, true, ACTION_NONE,
          "a variant of the same revision; neither severity nor urgency rose", { 1, 1, 1, 4, 4 } },
        { "variant never lowers", EVENT_VARIANT, false, { 1, 1, 1, 4, 4 }, 1, 1, CHANGES_MATTER, true, ACTION_NONE,
          "not above", { 1, 1, 1, 4, 4 } },
        { "undated rose", EVENT_UNDATED, false, { 1, 1, 1, 3, 3 }, 3, 4, CHANGES_MATTER, true, ACTION_RAISED,
          "a revision without dates: urgency was early, now immediate", { 1, 1, 1, 3, 4 } },
        { "undated the same", EVENT_UNDATED, false, { 1, 1, 1, 3, 3 }, 3, 3, CHANGES_MATTER, true, ACTION_NONE,
          "a revision without dates; neither severity nor urgency rose", { 1, 1, 1, 3, 3 } },
        { "undated milder", EVENT_UNDATED, false, { 1, 1, 1, 3, 3 }, 1, 1, CHANGES_MATTER, true, ACTION_NONE, "not above",
          { 1, 1, 1, 3, 3 } },
};

static void free_change(gpointer change)
{
        bulletin_change_free(change);
}

static GPtrArray *make_changes(enum changes what)
{
        GPtrArray *changes = g_ptr_array_new_with_free_func(free_change);
        static const char *const paths[] = { "sections[概要]", "restart" };
        for (int i = 0; i < (int) what; i++) {
                struct bulletin_change *change = g_new0(struct bulletin_change, 1);
                change->path = g_strdup(paths[i]);
                change->label = g_strdup(paths[i]);
                change->from = g_strdup("a");
                change->to = g_strdup("b");
                change->matters = i == 1;
                g_ptr_array_add(changes, change);
        }
        return changes;
}

static void assert_state(const char *name, const struct route_decision *d, const struct state *want)
{
        ck_assert_msg(d->known == want->known && d->above == want->above && d->sent == want->sent &&
                              d->severity == want->severity && d->urgency == want->urgency,
                      "%s: state known %d above %d sent %d severity %d urgency %d", name, d->known, d->above, d->sent,
                      d->severity, d->urgency);
}

START_TEST(decisions)
{
        const struct decision_row_case *c = &decision_cases[_i];
        struct route *route = route_new("ops");
        route->severity = SEVERITY_IMPORTANT;
        route->urgency = URGENCY_EARLY;
        route->updates = c->updates;
        struct bulletin *b = alert(c->severity, c->urgency);
        g_autoptr(GPtrArray) changes = make_changes(c->changes);
        struct route_input input = { .bulletin = b, .event = c->event, .history = c->history, .known = c->before.known,
                                     .above = c->before.above, .sent = c->before.sent, .severity = c->before.severity,
                                     .urgency = c->before.urgency, .changes = changes };
        struct route_decision d;
        route_decide(route, &input, &d);
        ck_assert_msg(d.action == c->action, "%s: %s, %s", c->name, route_action_name(d.action), d.reason);
        ck_assert_msg(strstr(d.reason, c->reason) != NULL, "%s: %s", c->name, d.reason);
        assert_state(c->name, &d, &c->after);
        ck_assert(d.compared == (c->before.known && d.action != ACTION_NONE));
        if (d.compared) {
                ck_assert_int_eq(d.before_severity, c->before.severity);
                ck_assert_int_eq(d.before_urgency, c->before.urgency);
        }
        route_decision_clear(&d);
        bulletin_free(b);
        route_free(route);
}
END_TEST

/* The same delivery asked for again changes nothing: deciding on a duplicate with the state of any decision. */
START_TEST(a_repeat_is_silent)
{
        const struct decision_row_case *c = &decision_cases[_i];
        struct route *route = route_new("ops");
        route->updates = true;
        struct bulletin *b = alert(c->severity, c->urgency);
        struct route_input input = { .bulletin = b, .event = EVENT_DUPLICATE, .known = c->after.known,
                                     .above = c->after.above, .sent = c->after.sent, .severity = c->after.severity,
                                     .urgency = c->after.urgency };
        struct route_decision d;
        route_decide(route, &input, &d);
        ck_assert_int_eq(d.action, ACTION_NONE);
        assert_state(c->name, &d, &c->after);
        route_decision_clear(&d);
        bulletin_free(b);
        route_free(route);
}
END_TEST

/* Whatever it is, and whatever the route knew: nothing is sent, and nothing is learned. */
START_TEST(unverified)
{
        g_autoptr(GPtrArray) none = g_ptr_array_new();
        struct route *route = route_new("ops");
        struct bulletin *b = alert(SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        for (int event = EVENT_FIRST; event <= EVENT_DUPLICATE; event++)
                for (int bits = 0; bits < 16; bits++) {
                        struct route_input input = { .bulletin = b, .event = (enum route_event) event, .changes = none,
                                                     .history = bits & 1, .known = bits & 2, .above = bits & 4, .sent = bits & 8,
                                                     .severity = 1, .urgency = 2, .unverified = "dkim=none" };
                        struct route_decision decision;
                        route_decide(route, &input, &decision);
                        ck_assert_int_eq(decision.action, ACTION_NONE);
                        ck_assert_str_eq(decision.reason, "sender not verified: dkim=none");
                        ck_assert(decision.known == input.known && decision.above == input.above && decision.sent == input.sent);
                        ck_assert_int_eq(decision.severity * 10 + decision.urgency, 12);
                        route_decision_clear(&decision);
                }
        bulletin_free(b);
        route_free(route);
}
END_TEST

START_TEST(kinds)
{
        struct route *route = route_new("ops");
        ck_assert_uint_eq(route->kinds, 1u << BULLETIN_ALERT);
        struct bulletin *b = alert(SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        b->kind = BULLETIN_WEEKLY;
        struct route_input input = { .bulletin = b, .event = EVENT_FIRST };
        struct route_decision d;
        route_decide(route, &input, &d);
        ck_assert_int_eq(d.action, ACTION_NONE);
        ck_assert_str_eq(d.reason, "kind weekly is not among the route's kinds");
        assert_state("other kind", &d, &(struct state) { 0, 0, 0, 0, 0 });
        route_decision_clear(&d);

        route->kinds |= 1u << BULLETIN_WEEKLY;
        route_decide(route, &input, &d);
        ck_assert_int_eq(d.action, ACTION_NEW);
        route_decision_clear(&d);
        bulletin_free(b);
        route_free(route);
}
END_TEST

/* A filter that now excludes ends what was above, like a threshold. */
START_TEST(excluded_by_a_filter)
{
        struct route *route = route_new("ops");
        route->environment = ROUTE_ENV_SERVER;
        struct bulletin *b = alert(SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        set_value(b, FIELD_ENVIRONMENT_SERVER, ANSWER_NO);
        struct route_input input = { .bulletin = b, .event = EVENT_LATER, .known = true, .above = true, .sent = true,
                                     .severity = 4, .urgency = 4 };
        struct route_decision d;
        route_decide(route, &input, &d);
        ck_assert_int_eq(d.action, ACTION_LOWERED);
        ck_assert_str_eq(d.reason, "no longer above: it does not concern servers");
        route_decision_clear(&d);
        bulletin_free(b);
        route_free(route);
}
END_TEST

/* The decision is made as ever, since the digest is made of it; the reason says that nothing else tells it. */
START_TEST(only_in_the_digest)
{
        struct route *route = route_new("ops");
        route->severity = SEVERITY_IMPORTANT;
        route->immediate = false;
        struct bulletin *b = alert(SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        struct route_input input = { .bulletin = b, .event = EVENT_FIRST };
        struct route_decision d;
        route_decide(route, &input, &d);
        ck_assert_int_eq(d.action, ACTION_NEW);
        ck_assert(d.known && d.above && d.sent);
        ck_assert_str_eq(d.reason, "severity critical is at or above important; only the route's digest tells it");
        route_decision_clear(&d);
        set_value(b, FIELD_SEVERITY, SEVERITY_LOW);
        route_decide(route, &input, &d);
        ck_assert_str_eq(d.reason, "not above: severity low is below important");
        route_decision_clear(&d);
        bulletin_free(b);
        route_free(route);
}
END_TEST

/* Only the first few changed fields are named. */
START_TEST(many_changes)
{
        struct route *route = route_new("ops");
        route->updates = true;
        struct bulletin *b = alert(SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(free_change);
        for (int i = 0; i < 9; i++) {
                struct bulletin_change *change = g_new0(struct bulletin_change, 1);
                change->path = g_strdup_printf("f%d", i);
                change->matters = true;
                g_ptr_array_add(changes, change);
        }
        struct route_input input = { .bulletin = b, .event = EVENT_LATER, .known = true, .above = true, .sent = true,
                                     .severity = 4, .urgency = 4, .changes = changes };
        struct route_decision d;
        route_decide(route, &input, &d);
        ck_assert_int_eq(d.action, ACTION_UPDATED);
        ck_assert_str_eq(d.reason, "still above; changed: f0, f1, f2, f3, f4 and 4 more");
        route_decision_clear(&d);
        bulletin_free(b);
        route_free(route);
}
END_TEST

START_TEST(names)
{
        ck_assert_str_eq(route_action_name(ACTION_NONE), "none");
        ck_assert_str_eq(route_action_name(ACTION_NEW), "new");
        ck_assert_str_eq(route_action_name(ACTION_RAISED), "raised");
        ck_assert_str_eq(route_action_name(ACTION_UPDATED), "updated");
        ck_assert_str_eq(route_action_name(ACTION_LOWERED), "lowered");
        route_free(NULL);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("route");
        TCase *c = tcase_create("matching");
        tcase_add_loop_test(c, thresholds, 0, G_N_ELEMENTS(threshold_rows));
        tcase_add_loop_test(c, filters, 0, G_N_ELEMENTS(filter_rows));
        tcase_add_loop_test(c, products, 0, G_N_ELEMENTS(product_rows));
        tcase_add_loop_test(c, software, 0, G_N_ELEMENTS(software_rows));
        tcase_add_loop_test(c, restarts, 0, G_N_ELEMENTS(restart_rows));
        tcase_add_test(c, feeds);
        tcase_add_test(c, severity_for_the_schedule);
        tcase_add_test(c, product_pattern_is_cheap);
        suite_add_tcase(s, c);
        c = tcase_create("decisions");
        tcase_add_loop_test(c, decisions, 0, G_N_ELEMENTS(decision_cases));
        tcase_add_loop_test(c, a_repeat_is_silent, 0, G_N_ELEMENTS(decision_cases));
        tcase_add_test(c, unverified);
        tcase_add_test(c, kinds);
        tcase_add_test(c, excluded_by_a_filter);
        tcase_add_test(c, only_in_the_digest);
        tcase_add_test(c, many_changes);
        tcase_add_test(c, names);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
