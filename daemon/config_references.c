/* SPDX-License-Identifier: MIT */
/* The checks that look at several sections: what a section says of others. */
#include "daemon/config_p.h"

#include <string.h>

const struct config_section *config_find_section(const struct config_reader *reader, const char *kind, const char *name)
{
        for (guint i = 0; i < reader->sections->len; i++) {
                const struct config_section *section = g_ptr_array_index(reader->sections, i);
                if (strcmp(section->kind, kind) == 0 && strcmp(section->name, name) == 0)
                        return section;
        }
        return NULL;
}

static void check_channel_names(struct config_reader *reader, const struct config_section *section, const char *key,
                                const GPtrArray *list)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (guint i = 0; i < reader->sections->len; i++) {
                const struct config_section *other = g_ptr_array_index(reader->sections, i);
                if (strcmp(other->kind, "channel") == 0)
                        g_ptr_array_add(names, other->name);
        }
        g_ptr_array_add(names, NULL);
        const char *const *known = (const char *const *) names->pdata;
        for (guint i = 0; i < list->len; i++) {
                const char *name = g_ptr_array_index(list, i);
                const char *suggestion = config_suggest(name, known);
                if (g_strv_contains(known, name))
                        continue;
                if (suggestion)
                        config_problem(reader, section, key, "there is no [channel %s]; did you mean \"%s\"?", name,
                                       suggestion);
                else
                        config_problem(reader, section, key, "there is no [channel %s]", name);
        }
}

/* A channel named twice would be told everything twice. */
static void remove_repeated_channels(struct config_reader *reader, const struct config_section *section, const char *key,
                                     GPtrArray *channels)
{
        for (guint i = 0; i < channels->len; i++)
                for (guint j = channels->len - 1; j > i; j--)
                        if (strcmp(g_ptr_array_index(channels, i), g_ptr_array_index(channels, j)) == 0) {
                                config_warning(reader, section, key, "names \"%s\" more than once",
                                               (char *) g_ptr_array_index(channels, i));
                                g_ptr_array_remove_index(channels, j);
                        }
}

/* A digest has to reach somebody. */
static void check_digest_channels(struct config_reader *reader, const struct config *config, const struct route *route,
                                  const struct config_section *section)
{
        guint reached = 0;
        for (guint i = 0; route->digest != ROUTE_DIGEST_NONE && i < route->channels->len; i++) {
                const struct channel *channel = config_channel(config, g_ptr_array_index(route->channels, i));
                if (!channel || channel_wants(channel, "digest"))
                        reached++;
                else if (route->channels->len > 1)
                        config_warning(reader, section, "digest", "channel %s is of type %s, which has no digests",
                                       channel->name, channel_type_name(channel->type));
        }
        if (route->digest != ROUTE_DIGEST_NONE && reached == 0 && route->channels->len > 0)
                config_problem(reader, section, "digest", "none of the route's channels is of a type that has digests");
}

/* Business days without a list of holidays are Monday to Friday. */
static void check_holidays(struct config_reader *reader, const struct config *config, const struct route *route,
                           const struct config_section *section)
{
        const struct config_section *daemon = config_find_section(reader, "daemon", "");
        if (route_counts_business_days(route) && !(daemon && config_is_set(daemon, "holidays-file")) &&
            !*calendar_last_holiday(config->calendar))
                config_warning(reader, section, NULL,
                               "counts business days, but " CONFIG_DEFAULT_HOLIDAYS_FILE
                               " is missing: holidays count as such; [daemon] holidays-file says where it is");
}

static void check_route(struct config_reader *reader, const struct config *config, struct route *route)
{
        const struct config_section *section = config_find_section(reader, "route", route->name);
        check_channel_names(reader, section, "channels", route->channels);
        remove_repeated_channels(reader, section, "channels", route->channels);
        for (guint i = 0; i < route->steps->len; i++) {
                struct route_step *step = g_ptr_array_index(route->steps, i);
                check_channel_names(reader, section, "escalate", step->channels);
                remove_repeated_channels(reader, section, "escalate", step->channels);
        }
        if (route->channels->len == 0)
                config_warning(reader, section, NULL,
                               config_section_is_health(section) ?
                                       "has no channels; what is wrong with hotfixd is only logged" :
                                       "has no channels; what matches it is recorded and sent to nobody");
        check_digest_channels(reader, config, route, section);
        check_holidays(reader, config, route, section);
}

static bool names_channel(const struct route *route, const char *name)
{
        for (guint i = 0; i < route->steps->len; i++) {
                const struct route_step *step = g_ptr_array_index(route->steps, i);
                if (g_ptr_array_find_with_equal_func(step->channels, name, g_str_equal, NULL))
                        return true;
        }
        return g_ptr_array_find_with_equal_func(route->channels, name, g_str_equal, NULL);
}

static bool channel_is_used(const struct config *config, const char *name)
{
        g_autoptr(GPtrArray) told = config_health_channels(config);
        if (g_ptr_array_find(told, config_channel(config, name), NULL))
                return true;
        for (guint i = 0; i < config->routes->len; i++) {
                const struct route *route = g_ptr_array_index(config->routes, i);
                if (names_channel(route, name))
                        return true;
        }
        return false;
}

/* A mail server that changes its name, or stops checking, must not silence a mailbox. */
static void check_who_is_told(struct config_reader *reader, const struct config *config)
{
        g_autoptr(GPtrArray) told = config_health_channels(config);
        if (told->len > 0 || config->health_route || config->routes->len == 0)
                return;
        for (guint i = 0; i < config->mailboxes->len; i++) {
                const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, i);
                if (!authenticity_asks(&mailbox->authenticity))
                        continue;
                config_warning(reader, config_find_section(reader, "mailbox", mailbox->name), NULL,
                               "if its bulletins are not verified any more, nobody is told of that; [route health] says whom to tell");
                return;
        }
}

/* Two ports are one server's only where they are those of IMAP. */
static bool is_same_account(const struct config_mailbox *a, const struct config_mailbox *b)
{
        bool both_usual = (a->port == 143 || a->port == 993) && (b->port == 143 || b->port == 993);
        return a->host && b->host && a->user && b->user && g_ascii_strcasecmp(a->host, b->host) == 0 &&
               (a->port == b->port || both_usual) && g_ascii_strcasecmp(a->user, b->user) == 0;
}

/* What a moves, b finds. */
static bool moves_to(const struct config_mailbox *a, const struct config_mailbox *b)
{
        return a->after == CONFIG_AFTER_MOVE && a->after_folder && b->folder && is_same_account(a, b) &&
               config_is_same_folder(a->after_folder, b->folder);
}

/* The shortest way of a mail from the mailbox through later ones back to it: for each of them the one before it (guint), and
 * *ret_last, the last one. NULL: there is none. */
static GArray *find_circle(const struct config *config, guint first, guint *ret_last)
{
        guint count = config->mailboxes->len;
        g_autoptr(GArray) before = g_array_sized_new(FALSE, FALSE, sizeof(guint), count), reached = NULL;
        reached = g_array_new(FALSE, FALSE, sizeof(guint));
        for (guint i = 0; i < count; i++)
                g_array_append_val(before, count); /* not reached */
        g_array_append_val(reached, first);
        for (guint done = 0; done < reached->len; done++) {
                guint from = g_array_index(reached, guint, done);
                const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, from);
                if (done > 0 && moves_to(mailbox, g_ptr_array_index(config->mailboxes, first))) {
                        *ret_last = from;
                        return g_steal_pointer(&before);
                }
                for (guint to = first + 1; to < count; to++) {
                        if (g_array_index(before, guint, to) != count ||
                            !moves_to(mailbox, g_ptr_array_index(config->mailboxes, to)))
                                continue;
                        g_array_index(before, guint, to) = from;
                        g_array_append_val(reached, to);
                }
        }
        return NULL;
}

/* Mails would go round for ever, and be fetched each time. */
static void check_circle(struct config_reader *reader, const struct config *config, guint first)
{
        guint last = 0;
        g_autoptr(GArray) before = find_circle(config, first, &last);
        if (!before)
                return;
        const struct config_mailbox *start = g_ptr_array_index(config->mailboxes, first);
        g_autoptr(GString) way = g_string_new(NULL);
        for (guint i = last; i != first; i = g_array_index(before, guint, i)) {
                const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, i);
                g_autofree char *step = g_strdup_printf(", and [mailbox %s] after-ingest moves what is there to \"%s\"",
                                                        mailbox->name, mailbox->after_folder);
                g_string_prepend(way, step);
        }
        config_problem(reader, config_find_section(reader, "mailbox", start->name), "after-ingest",
                       "moves the mails to \"%s\"%s: they would go round without end", start->after_folder, way->str);
}

void config_check_references(struct config_reader *reader, const struct config *config)
{
        if (config->health_route)
                check_route(reader, config, config->health_route);
        for (guint i = 0; i < config->routes->len; i++)
                check_route(reader, config, g_ptr_array_index(config->routes, i));
        for (guint i = 0; i < config->channels->len; i++) {
                const struct channel *channel = g_ptr_array_index(config->channels, i);
                if (!channel_is_used(config, channel->name))
                        config_warning(reader, config_find_section(reader, "channel", channel->name), NULL,
                                       "no route uses it");
        }
        if (config->routes->len == 0)
                g_ptr_array_add(
                        reader->warnings,
                        g_strdup_printf("%s: there is no [route NAME]; bulletins are archived and sent to nobody",
                                        config->file));
        check_who_is_told(reader, config);
        for (guint i = 0; i < config->mailboxes->len; i++)
                check_circle(reader, config, i);
}
