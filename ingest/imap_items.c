/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ingest/imap_encode.h"
#include "ingest/imap_fetch_p.h"

static bool is_string(const struct imap_token *token)
{
        return token->kind == IMAP_QUOTED || token->kind == IMAP_LITERAL;
}

static int take_item(const struct imap_token *name, struct imap_token *value, struct imap_items *items)
{
        if (imap_token_is(name, "UID")) {
                items->has_uid = true;
                return imap_token_uint32(value, &items->uid);
        }
        if (imap_token_is(name, "RFC822.SIZE")) {
                items->has_size = true;
                return imap_token_uint64(value, &items->size_bytes);
        }
        if (imap_token_is(name, "INTERNALDATE") && is_string(value))
                items->date_ms = imap_decode_date_ms(value->data, value->size);
        else if ((imap_token_is(name, "BODY[]") || imap_token_is(name, "BODY[]<0>")) && is_string(value))
                items->body = value; /* where it is NIL there is none */
        return 0;
}

int imap_items_take(const struct imap_response *response, struct imap_items *ret_items, struct error *err)
{
        struct imap_items items = { .has_uid = false };
        if (!response->has_number || strcmp(response->name, "FETCH") != 0)
                return 0;
        const struct imap_token *list = response->tokens->len > 0 ? g_ptr_array_index(response->tokens, 0) : NULL;
        int r = list && list->kind == IMAP_LIST && list->children->len % 2 == 0 ? 0 : -ERR_PROTOCOL;
        for (guint i = 0; r == 0 && i < list->children->len; i += 2)
                r = take_item(g_ptr_array_index(list->children, i), g_ptr_array_index(list->children, i + 1), &items);
        if (r < 0)
                return error_set(err, r, "the IMAP server's FETCH answer is not a list of items and values");
        *ret_items = items;
        return 1;
}

void imap_items_to_message(struct imap_items *items, guint64 body_max, struct imap_message *ret_message)
{
        *ret_message = (struct imap_message) {
                .uid = items->uid,
                .size_bytes = items->size_bytes,
                .internal_date_ms = items->date_ms,
        };
        struct imap_token *body = items->body;
        if (body->full_size > body->size || !items->has_size) /* cut, or the only size there is */
                ret_message->size_bytes = MAX(body->full_size, body->size);
        ret_message->data_size = (gsize) MIN(body->size, body_max);
        ret_message->data = g_steal_pointer(&body->data);
        ret_message->data[ret_message->data_size] = '\0';
}

int imap_not_taken(int code, struct error *err)
{
        return error_set(err, code, "the fetched messages are not taken any more: %s", error_name(code));
}
