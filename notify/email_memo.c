/* SPDX-License-Identifier: MIT */
/* What a delivery by email remembers from one try to the next: who has the mail, and who was refused. */
#include "notify/email_p.h"

#include <string.h>

#define MESSAGE_ID_BYTES_MAX 400u

/* Only strings stay. */
static json_t *strings_of(const json_t *array)
{
        json_t *copy = json_array(), *item;
        size_t i;
        json_array_foreach(array, i, item)
                if (json_is_string(item))
                        json_array_append(copy, item);
        return copy;
}

static json_t *members_of(json_t *object)
{
        json_t *copy = json_object(), *value;
        const char *key;
        json_object_foreach(object, key, value)
                if (json_is_string(value))
                        json_object_set(copy, key, value);
        return copy;
}

json_t *email_memo_read(const char *text)
{
        json_t *stored = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
        json_t *memo = json_pack("{s:o, s:o, s:b}", "done", strings_of(json_object_get(stored, "done")), "refused",
                                 members_of(json_object_get(stored, "refused")), "bare",
                                 json_is_true(json_object_get(stored, "bare")));
        json_t *id = json_object_get(stored, "message_id");
        if (json_is_string(id))
                json_object_set(memo, "message_id", id);
        json_t *date = json_object_get(stored, "date_ms");
        if (json_is_integer(date))
                json_object_set(memo, "date_ms", date);
        json_decref(stored);
        return memo;
}

char *email_memo_text(const json_t *memo)
{
        bool worth = json_array_size(json_object_get(memo, "done")) > 0 ||
                     json_object_size(json_object_get(memo, "refused")) > 0 || json_is_true(json_object_get(memo, "bare"));
        return worth ? channel_dump_json(json_incref((json_t *) memo)) : NULL;
}

/* The part before the "@" is the receiving server's affair, the domain is the same in any case (RFC 5321 section 2.4). */
static bool is_same_address(const char *a, const char *b)
{
        const char *at_a = strrchr(a, '@'), *at_b = strrchr(b, '@');
        return at_a && at_b && at_a - a == at_b - b && strncmp(a, b, (size_t) (at_a - a)) == 0 &&
               g_ascii_strcasecmp(at_a, at_b) == 0;
}

bool email_memo_is_done(const json_t *memo, const char *address)
{
        json_t *item;
        size_t i;
        json_array_foreach(json_object_get(memo, "done"), i, item)
                if (is_same_address(json_string_value(item), address))
                        return true;
        return false;
}

const char *email_memo_refusal(const json_t *memo, const char *address)
{
        const char *key;
        json_t *value;
        json_object_foreach(json_object_get(memo, "refused"), key, value)
                if (is_same_address(key, address))
                        return json_string_value(value);
        return NULL;
}

void email_memo_set_done(json_t *memo, const char *address)
{
        json_object_del(json_object_get(memo, "refused"), address);
        if (!email_memo_is_done(memo, address))
                json_array_append_new(json_object_get(memo, "done"), json_string(address));
}

void email_memo_set_refused(json_t *memo, const char *address, const char *reply)
{
        json_object_set_new(json_object_get(memo, "refused"), address, json_string(reply));
}

const char *email_memo_message_id(const json_t *memo)
{
        const char *id = json_string_value(json_object_get(memo, "message_id"));
        if (!id || !strchr(id, '@') || strlen(id) > MESSAGE_ID_BYTES_MAX)
                return NULL;
        for (const char *p = id; *p; p++)
                if (!g_ascii_isgraph(*p) || strchr("<>", *p))
                        return NULL;
        return id;
}

int64_t email_memo_date_ms(const json_t *memo)
{
        return MAX(0, json_integer_value(json_object_get(memo, "date_ms")));
}

static bool is_listed(const GPtrArray *addresses, const char *address)
{
        for (guint i = 0; i < addresses->len; i++)
                if (is_same_address(g_ptr_array_index(addresses, i), address))
                        return true;
        return false;
}

GPtrArray *email_recipients(const struct channel *channel)
{
        GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < channel->to->len; i++) {
                g_autofree char *address = email_bare_address(g_ptr_array_index(channel->to, i));
                if (!is_listed(all, address))
                        g_ptr_array_add(all, g_steal_pointer(&address));
        }
        return all;
}

GPtrArray *email_memo_left(const json_t *memo, const struct channel *channel)
{
        g_autoptr(GPtrArray) all = email_recipients(channel);
        GPtrArray *left = g_ptr_array_new_with_free_func(g_free);
        for (int again = 0; again < 2 && left->len == 0; again++)
                for (guint i = 0; i < all->len; i++) {
                        const char *address = g_ptr_array_index(all, i);
                        if (!email_memo_is_done(memo, address) && (again || !email_memo_refusal(memo, address)))
                                g_ptr_array_add(left, g_strdup(address));
                }
        g_ptr_array_add(left, NULL);
        return left;
}
