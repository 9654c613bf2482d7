/* SPDX-License-Identifier: MIT */
/* [route NAME]: which bulletins, and where to. */
#include "daemon/config_p.h"

#include "ingest/feed.h"

/* A threshold of severity or urgency: 0 where it is not set. */
static int read_threshold(struct config_reader *reader, const struct config_section *section, const char *key,
                          enum bulletin_field field)
{
        const char *text = config_text(section, key);
        int value = text ? bulletin_value_parse(field, text) : 0;
        if (!text || value > 0)
                return value;

        g_autoptr(GPtrArray) names = g_ptr_array_new();
        const char *name;
        for (int i = 1; (name = bulletin_value_name(field, i)); i++)
                g_ptr_array_add(names, (gpointer) name);
        g_ptr_array_add(names, NULL);
        config_choice(reader, section, key, (const char *const *) names->pdata);
        return 0;
}

/* Says that a member of a list is none of the names, which end with NULL. */
static void unknown_member(struct config_reader *reader, const struct config_section *section, const char *key,
                           const char *what, const char *member, const char *const *names)
{
        const char *suggestion = config_suggest(member, names);
        g_autofree char *known = g_strjoinv(", ", (char **) names);
        if (suggestion)
                config_problem(reader, section, key, "unknown %s \"%s\"; did you mean \"%s\"?", what, member, suggestion);
        else
                config_problem(reader, section, key, "unknown %s \"%s\"; there are %s", what, member, known);
}

static unsigned read_kinds(struct config_reader *reader, const struct config_section *section)
{
        unsigned kinds = 0;
        g_autoptr(GPtrArray) list = config_list(section, "kinds");
        const char *names[BULLETIN_KIND_MAX] = { NULL };
        for (int kind = BULLETIN_UNKNOWN + 1; kind < BULLETIN_KIND_MAX; kind++)
                names[kind - 1] = bulletin_kind_name((enum bulletin_kind) kind);
        for (guint i = 0; i < list->len; i++) {
                const char *text = g_ptr_array_index(list, i);
                enum bulletin_kind kind;
                if (g_strv_contains(names, text) && bulletin_kind_parse(text, &kind) == 0)
                        kinds |= 1u << kind;
                else
                        unknown_member(reader, section, "kinds", "kind", text, names);
        }
        return kinds;
}

static unsigned read_restarts(struct config_reader *reader, const struct config_section *section)
{
        unsigned restarts = 0;
        g_autoptr(GPtrArray) list = config_list(section, "restart");
        const char *names[] = { bulletin_value_name(FIELD_RESTART, RESTART_NOT_REQUIRED),
                                bulletin_value_name(FIELD_RESTART, RESTART_CONDITIONAL),
                                bulletin_value_name(FIELD_RESTART, RESTART_REQUIRED), NULL };
        for (guint i = 0; i < list->len; i++) {
                const char *text = g_ptr_array_index(list, i);
                int value = bulletin_value_parse(FIELD_RESTART, text);
                if (value > 0)
                        restarts |= 1u << value;
                else
                        unknown_member(reader, section, "restart", "value", text, names);
        }
        return restarts;
}

static GPtrArray *read_feeds(struct config_reader *reader, const struct config_section *section)
{
        GPtrArray *list = config_list(section, "feeds");
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (const struct feed *const *feed = feed_all(); *feed; feed++)
                g_ptr_array_add(names, (gpointer) (*feed)->name);
        g_ptr_array_add(names, NULL);
        for (guint i = 0; i < list->len; i++)
                if (!g_strv_contains((const char *const *) names->pdata, g_ptr_array_index(list, i)))
                        unknown_member(reader, section, "feeds", "feed", g_ptr_array_index(list, i),
                                       (const char *const *) names->pdata);
        return list;
}

static void replace_list(GPtrArray **list, GPtrArray *with)
{
        g_ptr_array_unref(*list);
        *list = with;
}

struct route *config_read_route(struct config_reader *reader, const struct config_section *section)
{
        static const char *const matches[] = { "any", "all", NULL };
        static const char *const environments[] = { "any", "server", "client", NULL };
        static const char *const exploits[] = { "any", "available", "published", "attacks", NULL };
        struct route *route = route_new(section->name);
        route->severity = read_threshold(reader, section, "severity", FIELD_SEVERITY);
        route->urgency = read_threshold(reader, section, "urgency", FIELD_URGENCY);
        route->match = (enum route_match) config_choice(reader, section, "match", matches);
        route->environment = (enum route_environment) config_choice(reader, section, "environment", environments);
        route->exploit = (enum route_exploit) config_choice(reader, section, "exploit", exploits);
        route->kinds = read_kinds(reader, section);
        route->updates = config_bool(reader, section, "updates");
        route->undetermined = config_bool(reader, section, "undetermined");
        route->restarts = read_restarts(reader, section);
        replace_list(&route->products, config_list(section, "products"));
        replace_list(&route->software, config_list(section, "software"));
        replace_list(&route->feeds, read_feeds(reader, section));
        replace_list(&route->channels, config_list(section, "channels"));
        config_read_escalation(reader, section, route);
        config_read_schedule(reader, section, route);
        config_read_digest(reader, section, route);
        return route;
}
