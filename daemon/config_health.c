/* SPDX-License-Identifier: MIT */
/* [route health]: where hotfixd says what is wrong with itself. No bulletin ever takes this route. */
#include "daemon/config_p.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)
#define UNREACHABLE_MS_MAX (30 * DAY_MS)
#define SILENCE_MS_MAX (365 * DAY_MS)
#define QUARANTINE_MAX 1000000
#define DISK_FREE_PERCENT_MAX 90

bool config_section_is_health(const struct config_section *section)
{
        return strcmp(section->kind, "route") == 0 && strcmp(section->name, CONFIG_HEALTH_NAME) == 0;
}

struct route *config_read_health(const struct config_section *section)
{
        struct route *route = route_new(section->name);
        g_ptr_array_unref(route->channels);
        route->channels = config_list(section, "channels");
        return route;
}

/* A number alone, which is seconds elsewhere, is most likely meant to be days or minutes here. */
static int64_t read_duration(struct config_reader *reader, const struct config_section *section, const char *key,
                             int64_t max_ms)
{
        const char *text = config_text(section, key);
        int64_t ms = config_duration_ms(reader, section, key, 0, max_ms);
        if (ms > 0 && g_ascii_isdigit(text[strlen(text) - 1]))
                config_problem(reader, section, key, "\"%s\" needs a unit: s, m, h or d", text);
        return ms;
}

void config_read_health_rules(struct config_reader *reader, const struct config_section *section,
                              struct config_health *rules)
{
        struct config_section defaults = { .kind = (char *) "route", .name = (char *) CONFIG_HEALTH_NAME };
        g_autoptr(GHashTable) none = g_hash_table_new(g_str_hash, g_str_equal);
        defaults.values = none;
        if (!section)
                section = &defaults;
        rules->unreachable_ms = read_duration(reader, section, "unreachable-after", UNREACHABLE_MS_MAX);
        rules->silence_ms = read_duration(reader, section, "silence-after", SILENCE_MS_MAX);
        rules->patch_tuesday = config_bool(reader, section, "patch-tuesday");
        rules->quarantine = config_number(reader, section, "quarantine-growth", 0, QUARANTINE_MAX);
        rules->disk_free_percent = config_number(reader, section, "disk-free", 0, DISK_FREE_PERCENT_MAX);
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
