/* SPDX-License-Identifier: MIT */
/* The IMAP response tokenizer. The first two bytes choose limits and pieces; in these pieces, byte by byte and at once
 * the rest must give the same responses and the same end. */
#include <string.h>

#include "ingest/imap_parser.h"
#include "tests/fuzz/fuzz.h"

const struct fuzz_target fuzz_target = { .name = "imap" };

/* Bytes of a line, of a search, numbers of that; bytes of literals, dropped of literals; depth. */
static const struct imap_parser_limits limits[] = {
        { 2000, 4000, 1000, 5000, 0, 8 },
        { 100, 150, 10, 20, 40, 2 },
        { 300, 200, 3, 0, 100, 3 },
        { 60000, 60000, 60000, 60000, 0, 32 },
};

static void dump_bytes(GString *out, const char *data, size_t size)
{
        g_string_append_printf(out, "%zu:", size);
        g_string_append_len(out, data, (gssize) size);
        g_string_append_c(out, ' ');
}

struct totals { guint64 kept, dropped; };

static void dump_tokens(GString *out, const GPtrArray *tokens, unsigned depth, const struct imap_parser_limits *with,
                        struct totals *totals)
{
        fuzz_require(depth <= with->max_depth, "lists nested %u deep", depth);
        for (guint i = 0; i < tokens->len; i++) {
                const struct imap_token *token = g_ptr_array_index(tokens, i);
                fuzz_require(token->kind < IMAP_TOKEN_KIND_MAX, "token kind %d", (int) token->kind);
                g_string_append_printf(out, "%d", (int) token->kind);
                if (token->kind == IMAP_LIST) {
                        g_string_append_c(out, '(');
                        dump_tokens(out, token->children, depth + 1, with, totals);
                        g_string_append_c(out, ')');
                        continue;
                }
                fuzz_require(token->data && token->data[token->size] == '\0', "no NUL behind a token");
                fuzz_require(token->kind == IMAP_LITERAL || !memchr(token->data, 0, token->size), "a NUL in a line");
                fuzz_require(token->kind == IMAP_LITERAL || !strpbrk(token->data, "\r\n"), "a line end in a token");
                if (token->kind == IMAP_LITERAL) {
                        fuzz_require(token->full_size >= token->size, "a literal longer than announced");
                        totals->kept += token->size;
                        totals->dropped += token->full_size - token->size;
                        g_string_append_printf(out, "/%" G_GUINT64_FORMAT "/", token->full_size);
                }
                guint32 small = 0;
                guint64 large = 0;
                int r32 = imap_token_uint32(token, &small), r64 = imap_token_uint64(token, &large);
                fuzz_require(r32 < 0 || (r64 == 0 && large == small), "a number that is two");
                dump_bytes(out, token->data, token->size);
        }
}

static void dump_response(GString *out, const struct imap_response *response, const struct imap_parser_limits *with)
{
        fuzz_require(response->tag && *response->tag && response->name, "a response without tag or name");
        bool untagged = strcmp(response->tag, "*") == 0, more = strcmp(response->tag, "+") == 0;
        fuzz_require(more == (*response->name == '\0'), "tag %s, name \"%s\"", response->tag, response->name);
        fuzz_require(untagged || !response->has_number, "tag %s with a number", response->tag);
        for (const char *c = response->name; *c; c++)
                fuzz_require(!g_ascii_islower(*c), "name %s", response->name);
        for (const char *c = response->code; c && *c; c++)
                fuzz_require(!g_ascii_islower(*c), "code %s", response->code);
        fuzz_require(response->code || !response->code_text, "a code's text without a code");
        g_string_append_printf(out, "%s %d %u %s [%s|%s] ", response->tag, response->has_number, response->number,
                               response->name, response->code ? response->code : "-",
                               response->code_text ? response->code_text : "-");
        struct totals totals = { 0 };
        dump_tokens(out, response->tokens, 0, with, &totals);
        bool is_search = strcmp(response->name, "SEARCH") == 0 || strcmp(response->name, "ESEARCH") == 0;
        fuzz_require(!response->numbers || (is_search && response->numbers->len <= with->max_numbers), "numbers in %s",
                     response->name);
        for (guint i = 0; response->numbers && i < response->numbers->len; i++) {
                guint32 number = g_array_index(response->numbers, guint32, i);
                fuzz_require(number > 0, "the number 0");
                g_string_append_printf(out, "#%u ", number);
        }
        fuzz_require(totals.kept <= with->max_literal_bytes, "%" G_GUINT64_FORMAT " bytes of literals", totals.kept);
        fuzz_require(totals.dropped <= with->max_dropped_bytes, "%" G_GUINT64_FORMAT " bytes dropped", totals.dropped);
        g_string_append_c(out, '\n');
}

static void drain(struct imap_parser *parser, GString *out, const struct imap_parser_limits *with)
{
        struct imap_response *response;
        while ((response = imap_parser_next(parser))) {
                dump_response(out, response, with);
                imap_response_free(response);
        }
}

static void require_final(struct imap_parser *parser, int code)
{
        struct error err = ERROR_INIT;
        fuzz_require(code == -ERR_PROTOCOL || code == -ERR_LIMIT, "error %d", code);
        int r = imap_parser_feed(parser, "* OK x\r\n", 8, &err);
        fuzz_require(r == code && err.code == code && err.text, "error %d after error %d", r, code);
        fuzz_require(!imap_parser_next(parser), "a response after an error");
        error_clear(&err);
}

/* As the session feeds it: response by response, literals straight into their place. */
static int feed_directly(struct imap_parser *parser, const uint8_t *data, size_t size, GString *out,
                         const struct imap_parser_limits *with, struct error *err)
{
        int r = 0;
        while (r == 0 && size > 0) {
                char *place = NULL;
                size_t taken = 0, room = MIN(imap_parser_literal_room(parser, &place), size);
                if (room > 0) {
                        memcpy(place, data, room);
                        imap_parser_literal_came(parser, taken = room);
                } else
                        r = imap_parser_feed_one(parser, data, size, &taken, err);
                fuzz_require(taken > 0 && taken <= size, "%zu of %zu bytes taken", taken, size);
                data += taken;
                size -= taken;
                struct imap_response *response = imap_parser_next(parser);
                if (response)
                        dump_response(out, response, with);
                imap_response_free(response);
                fuzz_require(!imap_parser_next(parser), "two responses at once");
        }
        return r;
}

/* The pieces are as long as the bytes of pattern say, over and over; 0 is the rest. */
static char *parse(const struct imap_parser_limits *with, const uint8_t *data, size_t size, const uint8_t *pattern,
                   size_t pattern_size, bool direct)
{
        struct imap_parser *parser = imap_parser_new(with);
        struct error err = ERROR_INIT;
        GString *out = g_string_new(NULL);
        int r = 0;
        for (size_t at = 0, i = 0; r == 0 && at < size; i++) {
                size_t wanted = pattern[i % pattern_size], length = wanted ? MIN(wanted, size - at) : size - at;
                uint8_t *piece = g_memdup2(data + at, length); /* so that reading beyond is seen */
                r = direct ? feed_directly(parser, piece, length, out, with, &err)
                           : imap_parser_feed(parser, piece, length, &err);
                g_free(piece);
                drain(parser, out, with);
                at += length;
        }
        if (r < 0) {
                fuzz_require(err.code == r && err.text && g_utf8_validate(err.text, -1, NULL), "error %d, not told", r);
                g_string_append_printf(out, "error %d", r);
                require_final(parser, r);
        } else
                g_string_append(out, imap_parser_is_inside(parser) ? "inside" : "end");
        error_clear(&err);
        imap_parser_free(parser);
        return g_string_free(out, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t whole[] = { 0 }, single[] = { 1 };
        if (size < 2)
                return 0;
        const struct imap_parser_limits *with = &limits[data[0] % G_N_ELEMENTS(limits)];
        const uint8_t pieces[] = { (uint8_t) (1 + data[0] / 4), (uint8_t) (1 + data[1] % 16),
                                   (uint8_t) (1 + data[1] / 16) };
        g_autofree char *at_once = parse(with, data + 2, size - 2, whole, 1, false);
        g_autofree char *in_pieces = parse(with, data + 2, size - 2, pieces, G_N_ELEMENTS(pieces), true);
        fuzz_require(strcmp(at_once, in_pieces) == 0, "at once\n%s\nin pieces\n%s", at_once, in_pieces);
        g_autofree char *in_bytes = parse(with, data + 2, size - 2, single, 1, false);
        fuzz_require(strcmp(at_once, in_bytes) == 0, "at once\n%s\nin bytes\n%s", at_once, in_bytes);
        return 0;
}
