/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ingest/imap_parser_p.h"

static void token_free(void *data)
{
        struct imap_token *token = data;
        if (!token)
                return;
        /* Children free their children in turn; the parser's max_depth bounds this. */
        g_clear_pointer(&token->children, g_ptr_array_unref);
        g_free(token->data);
        g_free(token);
}

struct imap_token *imap_token_new(enum imap_token_kind kind, const char *data, size_t size)
{
        struct imap_token *token = g_new0(struct imap_token, 1);
        token->kind = kind;
        if (kind == IMAP_LIST) {
                token->children = g_ptr_array_new_with_free_func(token_free);
                return token;
        }
        token->data = g_malloc(size + 1);
        memcpy(token->data, data, size);
        token->data[size] = '\0';
        token->size = size;
        return token;
}

struct imap_token *imap_token_new_literal(char *data, size_t size, guint64 full_size)
{
        struct imap_token *token = g_new0(struct imap_token, 1);
        token->kind = IMAP_LITERAL;
        token->data = data;
        token->size = size;
        token->full_size = full_size;
        return token;
}

struct imap_response *imap_response_new(void)
{
        struct imap_response *response = g_new0(struct imap_response, 1);
        response->tokens = g_ptr_array_new_with_free_func(token_free);
        return response;
}

void imap_response_free(struct imap_response *response)
{
        if (!response)
                return;
        g_free(response->tag);
        g_free(response->name);
        g_free(response->code);
        g_free(response->code_sent);
        g_free(response->code_text);
        g_ptr_array_unref(response->tokens);
        g_clear_pointer(&response->numbers, g_array_unref);
        g_free(response);
}

static void take_code(struct imap_response *response, const char *code, size_t size)
{
        const char *space = memchr(code, ' ', size);
        size_t name_size = space ? (size_t) (space - code) : size;
        response->code = g_ascii_strup(code, (gssize) name_size);
        response->code_sent = g_strndup(code, name_size);
        if (space)
                response->code_text = g_strndup(space + 1, size - name_size - 1);
}

void imap_response_take_text(struct imap_response *response, const char *text, size_t size, bool may_have_code)
{
        if (may_have_code && size > 0 && text[0] == '[') {
                const char *close = memchr(text, ']', size);
                if (close) {
                        take_code(response, text + 1, (size_t) (close - text) - 1);
                        size -= (size_t) (close - text) + 1;
                        text = close + 1;
                }
        }
        while (size > 0 && text[0] == ' ') {
                text++;
                size--;
        }
        g_ptr_array_add(response->tokens, imap_token_new(IMAP_TEXT, text, size));
}

int imap_token_uint64(const struct imap_token *token, guint64 *ret_value)
{
        if (token->kind != IMAP_ATOM || token->size == 0)
                return -ERR_PROTOCOL;
        guint64 value = 0;
        for (size_t i = 0; i < token->size; i++) {
                if (!g_ascii_isdigit(token->data[i]))
                        return -ERR_PROTOCOL;
                unsigned digit = (unsigned) (token->data[i] - '0');
                if (value > (G_MAXUINT64 - digit) / 10)
                        return -ERR_PROTOCOL;
                value = value * 10 + digit;
        }
        *ret_value = value;
        return 0;
}

int imap_token_uint32(const struct imap_token *token, guint32 *ret_value)
{
        guint64 value;
        int r = imap_token_uint64(token, &value);
        if (r < 0)
                return r;
        if (value > G_MAXUINT32)
                return -ERR_PROTOCOL;
        *ret_value = (guint32) value;
        return 0;
}

bool imap_token_is(const struct imap_token *token, const char *atom)
{
        return token->kind == IMAP_ATOM && token->size == strlen(atom) && g_ascii_strcasecmp(token->data, atom) == 0;
}
