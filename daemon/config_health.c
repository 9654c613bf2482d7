/* SPDX-License-Identifier: MIT */
/* [route health]: where hotfixd says what is wrong with itself. No bulletin ever takes this route. */
#include "daemon/config_p.h"

#include <string.h>

bool config_section_is_health(const struct config_section *section)
{
        return strcmp(section->kind, "route") == 0 && strcmp(section->name, CONFIG_HEALTH_NAME) == 0;
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
        return strcmp(a, b);
}

struct route *config_read_health(struct config_reader *reader, const struct config_section *section)
{
        g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(section->values), compare_keys);
        for (GList *item = keys; item; item = item->next) {
                const char *key = item->data;
                if (strcmp(key, "channels") != 0 && config_is_set(section, key) && config_key_find("route", key))
                        config_problem(reader, section, key,
                                       "this route is for what is wrong with hotfixd itself and takes only \"channels\"; "
                                       "a route for bulletins needs another name");
        }
        struct route *route = route_new(section->name);
        g_ptr_array_unref(route->channels);
        route->channels = config_list(section, "channels");
        return route;
}

GPtrArray *config_health_channels(const struct config *config)
{
        GPtrArray *channels = g_ptr_array_new();
        const struct route *route = config->health_route;
        for (guint i = 0; route && i < route->channels->len; i++) {
                const struct channel *channel = config_channel(config, g_ptr_array_index(route->channels, i));
                if (channel)
                        g_ptr_array_add(channels, (gpointer) channel);
        }
        const struct channel *named = route ? NULL : config_channel(config, CONFIG_HEALTH_NAME);
        if (named)
                g_ptr_array_add(channels, (gpointer) named);
        return channels;
}
