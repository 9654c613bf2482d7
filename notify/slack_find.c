/* SPDX-License-Identifier: MIT */
/* Finds our own messages in a channel: after an attempt whose end is not known, one of them may be there already. */
#include <string.h>

#include "common/clock.h"
#include "notify/slack_p.h"

#define PAGE_MESSAGES 15      /* as few as Slack gives any app */
#define PAGE_CHANNELS 200
#define PAGES_MAX 20
#define CURSOR_BYTES_MAX 1000u
#define LOOK_BACK_MS (24ll * 3600 * 1000) /* clocks differ, and what is asked for again by hand counts from then on */

/* What is wanted of an item, newly allocated; NULL if the item is another one. */
typedef char *(*match_function)(const json_t *item, const char *wanted);

/* Whether this is the message of that delivery, by its metadata or, where we may not read those, by a block's id. */
static bool has_identity(const json_t *message, const char *identity)
{
        const json_t *payload = json_object_get(json_object_get(message, "metadata"), "event_payload");
        const char *stated = json_string_value(json_object_get(payload, "identity"));
        if (stated && g_str_equal(stated, identity))
                return true;
        g_autofree char *id = g_strconcat(SLACK_ID_PREFIX, identity, NULL);
        size_t index;
        json_t *block;
        json_array_foreach(json_object_get(message, "blocks"), index, block) {
                const char *block_id = json_string_value(json_object_get(block, "block_id"));
                if (block_id && g_str_has_prefix(block_id, id) && strchr("-", block_id[strlen(id)]))
                        return true;
        }
        return false;
}

static char *match_message(const json_t *item, const char *identity)
{
        const char *ts = json_string_value(json_object_get(item, "ts"));
        return slack_is_timestamp(ts) && has_identity(item, identity) ? g_strdup(ts) : NULL;
}

static char *match_channel(const json_t *item, const char *name)
{
        const char *id = json_string_value(json_object_get(item, "id"));
        const char *stated = json_string_value(json_object_get(item, "name"));
        return slack_is_id(id) && stated && g_str_equal(stated, name) ? g_strdup(id) : NULL;
}

static char *match_items(const json_t *items, match_function match, const char *wanted)
{
        char *found = NULL;
        for (size_t i = 0; !found && i < json_array_size(items); i++)
                found = match(json_array_get(items, i), wanted);
        return found;
}

/* The address of the next page; NULL after the last. */
static char *next_cursor(const json_t *json)
{
        const char *cursor = json_string_value(json_object_get(json_object_get(json, "response_metadata"), "next_cursor"));
        return cursor && *cursor && strlen(cursor) <= CURSOR_BYTES_MAX ? g_uri_escape_string(cursor, NULL, FALSE) : NULL;
}

/* Goes through the pages of a list. SLACK_OK with *ret_found NULL: there is no such item. */
static enum slack_outcome search(struct slack_attempt *attempt, const char *method, const char *form, const char *list,
                                 match_function match, const char *wanted, char **ret_found, char **ret_why)
{
        g_autofree char *cursor = NULL;
        *ret_found = NULL;
        for (unsigned page = 0; page < PAGES_MAX && clock_monotonic_ms() < attempt->look_end_ms; page++) {
                g_autofree char *part = g_strdup_printf("%s%s%s", form, cursor ? "&cursor=" : "", cursor ? cursor : "");
                struct slack_answer answer;
                enum slack_outcome outcome = slack_call_form(attempt, method, part, &answer);
                g_clear_pointer(&cursor, g_free);
                if (outcome == SLACK_OK) {
                        *ret_found = match_items(json_object_get(answer.json, list), match, wanted);
                        cursor = next_cursor(answer.json);
                } else if (outcome == SLACK_NO) {
                        *ret_why = g_strdup(answer.error);
                }
                slack_answer_clear(&answer);
                if (outcome != SLACK_OK || *ret_found || !cursor)
                        return outcome;
        }
        g_string_append(attempt->notes, "; not all of the channel was looked through");
        return SLACK_OK;
}

static enum slack_outcome resolve_channel(struct slack_attempt *attempt, char **ret_id, char **ret_why)
{
        const char *name = attempt->channel->slack_channel;
        g_autofree char *form = g_strdup_printf("types=public_channel%%2Cprivate_channel&exclude_archived=true&limit=%d",
                                                PAGE_CHANNELS);
        enum slack_outcome outcome = search(attempt, "conversations.list", form, "channels", match_channel,
                                            *name == '#' ? name + 1 : name, ret_id, ret_why);
        if (outcome == SLACK_OK && !*ret_id) {
                *ret_why = g_strdup("the app sees no channel of that name");
                return SLACK_NO;
        }
        return outcome;
}

/* Well before the delivery was due first, as Slack writes times. */
static char *format_oldest(int64_t created_ms)
{
        int64_t oldest_ms = MAX(0, created_ms - LOOK_BACK_MS);
        return g_strdup_printf("%" G_GINT64_FORMAT ".%06d", oldest_ms / 1000, (int) (oldest_ms % 1000) * 1000);
}

enum slack_outcome slack_find(struct slack_attempt *attempt, const struct slack_place *thread, struct slack_place *ret_place,
                              char **ret_why)
{
        g_autofree char *id = thread->ts                                      ? g_strdup(thread->channel)
                              : slack_is_id(attempt->channel->slack_channel) ? g_strdup(attempt->channel->slack_channel)
                                                                              : NULL;
        *ret_place = (struct slack_place) { NULL, NULL };
        *ret_why = NULL;
        enum slack_outcome outcome = id ? SLACK_OK : resolve_channel(attempt, &id, ret_why);
        if (outcome != SLACK_OK)
                return outcome;
        g_autofree char *oldest = format_oldest(attempt->request->created_ms);
        g_autofree char *form = g_strdup_printf("channel=%s%s%s&oldest=%s&limit=%d&include_all_metadata=true", id,
                                                thread->ts ? "&ts=" : "", thread->ts ? thread->ts : "", oldest,
                                                PAGE_MESSAGES);
        const char *method = thread->ts ? "conversations.replies" : "conversations.history";
        outcome = search(attempt, method, form, "messages", match_message, attempt->identity, &ret_place->ts, ret_why);
        if (ret_place->ts)
                ret_place->channel = g_steal_pointer(&id);
        return outcome;
}

enum slack_outcome slack_read(struct slack_attempt *attempt, const struct slack_place *place, json_t **ret_message,
                              char **ret_why)
{
        g_autofree char *form = g_strdup_printf("channel=%s&latest=%s&oldest=%s&inclusive=true&limit=1", place->channel,
                                                place->ts, place->ts);
        struct slack_answer answer;
        *ret_message = NULL;
        *ret_why = NULL;
        enum slack_outcome outcome = slack_call_form(attempt, "conversations.history", form, &answer);
        json_t *message = json_array_get(json_object_get(answer.json, "messages"), 0);
        const char *ts = json_string_value(json_object_get(message, "ts"));
        if (outcome == SLACK_OK && ts && g_str_equal(ts, place->ts)) {
                *ret_message = json_incref(message);
        } else if (outcome != SLACK_FAILED) {
                *ret_why = g_strdup(answer.error ? answer.error : "message_not_found");
                outcome = SLACK_NO;
        }
        slack_answer_clear(&answer);
        return outcome;
}
