/* SPDX-License-Identifier: MIT */
/* [route NAME] */
#include "daemon/config_p.h"

#include <string.h>

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
                if (g_strv_contains(names, text) && bulletin_kind_parse(text, &kind) == 0) {
                        kinds |= 1u << kind;
                        continue;
                }
                const char *suggestion = config_suggest(text, names);
                g_autofree char *known = g_strjoinv(", ", (char **) names);
                if (suggestion)
                        config_problem(reader, section, "kinds", "unknown kind \"%s\"; did you mean \"%s\"?", text,
                                       suggestion);
                else
                        config_problem(reader, section, "kinds", "unknown kind \"%s\"; there are %s", text, known);
        }
        return kinds;
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
        g_ptr_array_unref(route->products);
        route->products = config_list(section, "products");
        g_ptr_array_unref(route->channels);
        route->channels = config_list(section, "channels");
        return route;
}
