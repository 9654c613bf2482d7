/* SPDX-License-Identifier: MIT */
/* The whole: sections to one struct config. */
#include "daemon/config.h"

#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "daemon/config_p.h"

#define MESSAGE_BYTES_MIN (64u * KIB)
#define DAY_MS INT64_C(86400000)
#define RETENTION_MS_MIN (30 * DAY_MS)
#define RETENTION_MS_MAX (3650 * DAY_MS)

void config_free(struct config *config)
{
        if (!config)
                return;
        g_free(config->file);
        g_free(config->state_dir);
        g_free(config->database_file);
        g_free(config->archive_dir);
        g_ptr_array_unref(config->mailboxes);
        g_ptr_array_unref(config->channels);
        g_ptr_array_unref(config->routes);
        route_free(config->health_route);
        calendar_free(config->calendar);
        g_free(config);
}

static void free_mailbox(void *mailbox)
{
        config_mailbox_free(mailbox);
}

static void free_channel(void *channel)
{
        channel_free(channel);
}

static void free_route(void *route)
{
        route_free(route);
}

static struct config *config_new(const char *file)
{
        struct config *config = g_new0(struct config, 1);
        config->file = g_strdup(file);
        config->mailboxes = g_ptr_array_new_with_free_func(free_mailbox);
        config->channels = g_ptr_array_new_with_free_func(free_channel);
        config->routes = g_ptr_array_new_with_free_func(free_route);
        return config;
}

const struct channel *config_channel(const struct config *config, const char *name)
{
        for (guint i = 0; i < config->channels->len; i++) {
                const struct channel *channel = g_ptr_array_index(config->channels, i);
                if (strcmp(channel->name, name) == 0)
                        return channel;
        }
        return NULL;
}

const struct route *config_route(const struct config *config, const char *name)
{
        for (guint i = 0; i < config->routes->len; i++) {
                const struct route *route = g_ptr_array_index(config->routes, i);
                if (strcmp(route->name, name) == 0)
                        return route;
        }
        return NULL;
}

static void read_parser(struct config_reader *reader, const struct config_section *section,
                        struct worker_options *options)
{
        options->limits.text_bytes = config_size(reader, section, "max-text-size", LIMIT_TEXT_BYTES_MIN, LIMIT_TEXT_BYTES);
        options->wall_ms = config_duration_ms(reader, section, "parser-timeout", LIMIT_WORKER_WALL_MS_MIN,
                                              LIMIT_WORKER_WALL_MS_MAX);
        options->cpu_ms = config_duration_ms(reader, section, "parser-cpu-time", LIMIT_WORKER_CPU_MS_MIN,
                                             LIMIT_WORKER_CPU_MS_MAX);
        options->memory_bytes = config_size(reader, section, "parser-memory", LIMIT_WORKER_MEMORY_BYTES_MIN,
                                            LIMIT_WORKER_MEMORY_BYTES_MAX);
}

/* hotfixctl may run as a user who cannot read the file, and where hotfixd is not installed the usual one is missing. */
static void read_holidays(struct config_reader *reader, const struct config_section *section, struct config *config)
{
        struct error err = ERROR_INIT;
        const char *text = config_text(section, "holidays-file");
        if (strcmp(text, "none") == 0)
                return;
        g_autofree char *file = config_path(reader, section, "holidays-file");
        int r = file ? calendar_load_holidays(config->calendar, file, &err) : 0;
        bool missing = r == -ENOENT && !config_is_set(section, "holidays-file");
        if (r < 0 && !missing && (r == -ERR_MALFORMED || reader->purpose == CONFIG_FOR_DAEMON))
                config_problem(reader, section, "holidays-file", "%s", error_text(&err));
        error_clear(&err);
}

static void read_calendar(struct config_reader *reader, const struct config_section *section, struct config *config)
{
        const char *zone = config_text(section, "time-zone");
        config->calendar = calendar_new(zone);
        if (!config->calendar) {
                config_problem(reader, section, "time-zone", "there is no time zone \"%s\"; it takes %s", zone,
                               config_key_find("daemon", "time-zone")->values);
                config->calendar = calendar_new(NULL);
        }
        read_holidays(reader, section, config);
}

static void read_daemon(struct config_reader *reader, const struct config_section *section, struct config *config)
{
        static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };
        config->state_dir = config_path(reader, section, "state-dir");
        if (config->state_dir) {
                config->database_file = g_build_filename(config->state_dir, "hotfixd.db", NULL);
                config->archive_dir = g_build_filename(config->state_dir, "archive", NULL);
        }
        config->log_level = (enum log_level) config_choice(reader, section, "log-level", levels);
        config->workers = config_number(reader, section, "workers", 1, 16);
        config->max_message_bytes = config_size(reader, section, "max-message-size", MESSAGE_BYTES_MIN,
                                                LIMIT_MESSAGE_BYTES_MAX);
        config->retention_ms = config_duration_ms(reader, section, "delivery-retention", RETENTION_MS_MIN,
                                                  RETENTION_MS_MAX);
        read_parser(reader, section, &config->parser);
        read_calendar(reader, section, config);
}

/* [daemon] may be missing; then its defaults hold, and an empty section stands in. */
static void read_daemon_or_defaults(struct config_reader *reader, struct config *config)
{
        const struct config_section *section = config_find_section(reader, "daemon", "");
        if (section) {
                read_daemon(reader, section, config);
                return;
        }
        struct config_section defaults = { .kind = (char *) "daemon", .name = (char *) "", .title = (char *) "daemon",
                                           .file = g_ptr_array_index(reader->files, 0),
                                           .values = g_hash_table_new(g_str_hash, g_str_equal) };
        read_daemon(reader, &defaults, config);
        g_hash_table_unref(defaults.values);
}

static void read_section(struct config_reader *reader, const struct config_section *section, struct config *config)
{
        config_check_keys(reader, section);
        if (strcmp(section->kind, "mailbox") == 0)
                g_ptr_array_add(config->mailboxes, config_read_mailbox(reader, section));
        else if (strcmp(section->kind, "channel") == 0) {
                struct channel *channel = config_read_channel(reader, section);
                if (channel)
                        g_ptr_array_add(config->channels, channel);
        } else if (config_section_is_health(section)) {
                config->health_route = config_read_health(section);
                config_read_health_rules(reader, section, &config->health);
        } else if (strcmp(section->kind, "route") == 0)
                g_ptr_array_add(config->routes, config_read_route(reader, section));
}

/* Refresh tokens that replace configured ones outlive the process. */
static void place_tokens(const struct config *config)
{
        for (guint i = 0; config->state_dir && i < config->mailboxes->len; i++) {
                struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, i);
                if (mailbox->oauth2)
                        mailbox->oauth2->store_directory = g_build_filename(config->state_dir, "oauth2", NULL);
        }
}

/* Two sessions on one folder would share one cursor and undo each other's moves. */
static void check_mailboxes(struct config_reader *reader, const struct config *config)
{
        for (guint i = 0; i < config->mailboxes->len; i++) {
                const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, i);
                const struct config_section *section = config_find_section(reader, "mailbox", mailbox->name);
                for (guint j = 0; j < i && mailbox->host; j++) {
                        const struct config_mailbox *other = g_ptr_array_index(config->mailboxes, j);
                        if (g_ascii_strcasecmp(mailbox->location, other->location) == 0)
                                config_problem(reader, section, "url", "the same folder as [mailbox %s]", other->name);
                }
        }
        if (config->mailboxes->len == 0 && reader->purpose == CONFIG_FOR_DAEMON)
                config_file_problem(reader, config->file,
                                    "[mailbox NAME]: there is no mailbox; at least one is needed");
}

static struct config *build(struct config_reader *reader, const char *file)
{
        struct config *config = config_new(file);
        config_read_health_rules(reader, NULL, &config->health);
        for (guint i = 0; i < reader->sections->len; i++)
                read_section(reader, g_ptr_array_index(reader->sections, i), config);
        read_daemon_or_defaults(reader, config);
        place_tokens(config);
        check_mailboxes(reader, config);
        config_check_references(reader, config);
        return config;
}

int config_load(const char *file, enum config_purpose purpose, struct config **ret_config, GPtrArray **ret_problems,
                GPtrArray **ret_warnings)
{
        struct config *config = NULL;
        struct config_reader *reader = config_reader_new(purpose);
        int r = config_reader_read(reader, file);
        if (r == 0 && !reader->incomplete)
                config = build(reader, file);
        if (r == 0 && reader->problems->len > 0)
                r = reader->only_credentials ? -ERR_CREDENTIAL : -ERR_CONFIG;

        if (r < 0)
                g_clear_pointer(&config, config_free);
        else
                *ret_config = config;
        *ret_problems = r < 0 ? g_steal_pointer(&reader->problems) : NULL;
        if (ret_warnings)
                *ret_warnings = g_steal_pointer(&reader->warnings);
        config_reader_free(reader);
        return r;
}
