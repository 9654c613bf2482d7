/* SPDX-License-Identifier: MIT */
#include "ingest/imap_parser.h"

#include <string.h>

#include "tests/support.h"

static const struct imap_parser_limits limits = {
        .max_line_bytes = 300,
        .max_search_bytes = 1000,
        .max_numbers = 8,
        .max_literal_bytes = 200,
        .max_dropped_bytes = 0,
        .max_depth = 4,
};

/* ---- responses as one line of text, to compare with ---- */

static void dump_bytes(const char *data, size_t size, GString *out)
{
        for (size_t i = 0; i < size; i++)
                if (g_ascii_isprint(data[i]))
                        g_string_append_c(out, data[i]);
                else
                        g_string_append_printf(out, "\\%02x", (unsigned char) data[i]);
}

static void dump_tokens(const GPtrArray *tokens, GString *out);

static void dump_token(const struct imap_token *token, GString *out)
{
        static const char *const marks[IMAP_TOKEN_KIND_MAX][2] = {
                [IMAP_ATOM] = { "", "" }, [IMAP_QUOTED] = { "\"", "\"" }, [IMAP_LITERAL] = { "<", ">" },
                [IMAP_NIL] = { "!", "" }, [IMAP_LIST] = { "(", ")" },     [IMAP_TEXT] = { "'", "'" },
        };
        g_string_append(out, marks[token->kind][0]);
        if (token->kind == IMAP_LIST)
                dump_tokens(token->children, out);
        else {
                ck_assert_int_eq(token->data[token->size], '\0');
                dump_bytes(token->data, token->size, out);
        }
        if (token->kind == IMAP_LITERAL && token->size != token->full_size)
                g_string_append_printf(out, " of %" G_GUINT64_FORMAT, token->full_size);
        g_string_append(out, marks[token->kind][1]);
}

static void dump_tokens(const GPtrArray *tokens, GString *out)
{
        for (guint i = 0; i < tokens->len; i++) {
                if (i > 0)
                        g_string_append_c(out, ' ');
                dump_token(g_ptr_array_index(tokens, i), out);
        }
}

static void dump_response(const struct imap_response *response, GString *out)
{
        g_string_append_printf(out, "%s:", response->tag);
        if (response->has_number)
                g_string_append_printf(out, "%u:", response->number);
        g_string_append_printf(out, "%s", response->name);
        if (response->code)
                g_string_append_printf(out, "[%s%s%s]", response->code, response->code_text ? "|" : "",
                                       response->code_text ? response->code_text : "");
        if (response->tokens->len > 0)
                g_string_append_c(out, ' ');
        dump_tokens(response->tokens, out);
        for (guint i = 0; response->numbers && i < response->numbers->len; i++)
                g_string_append_printf(out, " #%u", g_array_index(response->numbers, guint32, i));
        g_string_append_c(out, '\n');
}

static void drain(struct imap_parser *parser, GString *out)
{
        struct imap_response *response;
        while ((response = imap_parser_next(parser))) {
                dump_response(response, out);
                imap_response_free(response);
        }
}

/* Feeds the bytes in pieces that end at the given places. The result is what came out, behind it the error code. */
static char *parse_pieces(const struct imap_parser_limits *with, const char *data, size_t size, size_t first,
                          size_t step)
{
        struct imap_parser *parser = imap_parser_new(with);
        struct error err = ERROR_INIT;
        GString *out = g_string_new(NULL);
        int r = 0;
        for (size_t start = 0, end = first; r == 0 && start < size; start = end, end += step) {
                end = MIN(end, size);
                /* Exactly these bytes, so that reading beyond them is seen. */
                char *piece = g_memdup2(data + start, end - start);
                r = imap_parser_feed(parser, piece, end - start, &err);
                g_free(piece);
                drain(parser, out);
        }
        if (r < 0) {
                ck_assert_int_eq(err.code, r);
                ck_assert_ptr_nonnull(err.text);
                g_string_append_printf(out, "error %d", -r);
        } else if (imap_parser_is_inside(parser))
                g_string_append(out, "inside");
        error_clear(&err);
        imap_parser_free(parser);
        return g_string_free(out, FALSE);
}

/* All at once, byte by byte, and in two pieces split everywhere, with the same result. */
static void assert_parses(const struct imap_parser_limits *with, const char *data, size_t size, const char *expected)
{
        g_autofree char *whole = parse_pieces(with, data, size, size, size);
        ck_assert_str_eq(whole, expected);
        g_autofree char *bytes = parse_pieces(with, data, size, 1, 1);
        ck_assert_str_eq(bytes, expected);
        for (size_t at = 1; at < size; at++) {
                g_autofree char *split = parse_pieces(with, data, size, at, size);
                ck_assert_str_eq(split, expected);
        }
}

struct example { const char *input, *expected; };

static void assert_examples(const struct example *examples, size_t count)
{
        for (size_t i = 0; i < count; i++)
                assert_parses(&limits, examples[i].input, strlen(examples[i].input), examples[i].expected);
}

#define PROTOCOL "error 1004"
#define LIMIT "error 1007"

START_TEST(codes_are_those_in_the_expectations)
{
        ck_assert_int_eq(ERR_PROTOCOL, 1004);
        ck_assert_int_eq(ERR_LIMIT, 1007);
}
END_TEST

START_TEST(status_responses)
{
        static const struct example examples[] = {
                { "* OK ready\r\n", "*:OK 'ready'\n" },
                { "* ok [UIDVALIDITY 1179000000] UIDs valid\r\n", "*:OK[UIDVALIDITY|1179000000] 'UIDs valid'\n" },
                { "* OK [HIGHESTMODSEQ 1] x\r\n", "*:OK[HIGHESTMODSEQ|1] 'x'\n" },
                { "* OK [PERMANENTFLAGS (\\Answered $x \\*)] Limited\r\n",
                  "*:OK[PERMANENTFLAGS|(\\Answered $x \\*)] 'Limited'\n" },
                { "* OK [CAPABILITY IMAP4rev1 IDLE]\r\n", "*:OK[CAPABILITY|IMAP4rev1 IDLE] ''\n" },
                { "h1 OK [read-only] done\r\n", "h1:OK[READ-ONLY] 'done'\n" },
                { "h1 OK\r\n", "h1:OK ''\n" },
                { "h1 OK \r\n", "h1:OK ''\n" },
                { "h2 NO [TRYCREATE] no such folder {5}\r\n", "h2:NO[TRYCREATE] 'no such folder {5}'\n" },
                { "h3 BAD \"what\r\n", "h3:BAD '\"what'\n" },
                { "* BYE\r\n", "*:BYE ''\n" },
                { "* BYE see (you\r\n", "*:BYE 'see (you'\n" },
                { "* PREAUTH hello\r\n", "*:PREAUTH 'hello'\n" },
                { "* OK [no end of code\r\n", "*:OK '[no end of code'\n" },
                { "* OK []x\r\n", "*:OK[] 'x'\n" },
                { "* NO \xe3\x81\x82\r\n", "*:NO '\\e3\\81\\82'\n" },
                { "+ idling\r\n", "+: 'idling'\n" },
                { "+\r\n", "+: ''\n" },
                { "+ \r\n", "+: ''\n" },
        };
        assert_examples(examples, G_N_ELEMENTS(examples));
}
END_TEST

START_TEST(data_responses_of_real_servers)
{
        static const struct example examples[] = {
                { "* 172 EXISTS\r\n* 1 RECENT\r\n", "*:172:EXISTS\n*:1:RECENT\n" },
                { "* 0 EXISTS \r\n", "*:0:EXISTS\n" },
                { "* 4294967295 EXPUNGE\r\n", "*:4294967295:EXPUNGE\n" },
                { "* FLAGS (\\Answered \\Flagged \\* $Junk [odd] )\r\n",
                  "*:FLAGS (\\Answered \\Flagged \\* $Junk [odd])\n" },
                { "* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE \r\n", "*:CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\n" },
                { "* LIST (\\HasNoChildren) \"/\" \"[Gmail]/All \\\"x\\\\y\\\"\"\r\n",
                  "*:LIST (\\HasNoChildren) \"/\" \"[Gmail]/All \"x\\y\"\"\n" },
                { "* LIST () nil ~work/[a]\r\n", "*:LIST () !nil ~work/[a]\n" },
                { "* LIST () NIL {5}\r\nA{3}\r\r\n", "*:LIST () !NIL <A{3}\\0d>\n" },
                { "* ID (\"name\" \"Dovecot\" \"x\" NIL)\r\n", "*:ID (\"name\" \"Dovecot\" \"x\" !NIL)\n" },
                { "* XNEW anything \"goes\" (here)\r\n", "*:XNEW anything \"goes\" (here)\n" },
                { "* STATUS in (UIDNEXT 4)\r\n", "*:STATUS in (UIDNEXT 4)\n" },
                { "* 3 FETCH (FLAGS (\\Seen) UID 9)\r\n", "*:3:FETCH (FLAGS (\\Seen) UID 9)\n" },
                { "* 3 fetch (UID 9 BODY[] \"\")\r\n", "*:3:FETCH (UID 9 BODY[] \"\")\n" },
                { "* 3 FETCH (UID 9 BODY[] NIL)\r\n", "*:3:FETCH (UID 9 BODY[] !NIL)\n" },
                { "* 3 FETCH (BODY[HEADER.FIELDS (FROM \"A]\\\"B\")]<0> {2}\r\nhi UID 9)\r\n",
                  "*:3:FETCH (BODY[HEADER.FIELDS (FROM \"A]\\\"B\")]<0> <hi> UID 9)\n" },
                { "* 3 FETCH (BODY ((\"a\" \"b\")(\"c\" NIL)\"mixed\"))\r\n",
                  "*:3:FETCH (BODY ((\"a\" \"b\") (\"c\" !NIL) \"mixed\"))\n" },
                { "* 3 FETCH (FLAGS ([x BODY[y))\r\n", "*:3:FETCH (FLAGS ([x BODY[y))\n" },
        };
        assert_examples(examples, G_N_ELEMENTS(examples));
}
END_TEST

START_TEST(searches_become_numbers)
{
        static const struct example examples[] = {
                { "* SEARCH 2 84 882\r\n", "*:SEARCH #2 #84 #882\n" },
                { "* search  4294967295 007 \r\n", "*:SEARCH #4294967295 #7\n" },
                { "* SEARCH\r\n", "*:SEARCH\n" },
                { "* SEARCH \r\n", "*:SEARCH\n" },
                { "* SEARCH 9 9 1\r\n", "*:SEARCH #9 #9 #1\n" },
                { "* SEARCH 1 2 (MODSEQ 7)\r\n", "*:SEARCH (MODSEQ 7) #1 #2\n" },
                { "* SEARCH (MODSEQ 7)\r\n", "*:SEARCH (MODSEQ 7)\n" },
                { "* SEARCH 1 2 3 4 5 6 7 8\r\n", "*:SEARCH #1 #2 #3 #4 #5 #6 #7 #8\n" },
                { "* SEARCH 1 2 3 4 5 6 7 8 9\r\n", LIMIT },
                { "* SEARCH 0\r\n", PROTOCOL },
                { "* SEARCH 4294967296\r\n", PROTOCOL },
                { "* SEARCH 99999999999999999999999999\r\n", PROTOCOL },
                { "* SEARCH -1\r\n", PROTOCOL },
                { "* SEARCH 1,2\r\n", PROTOCOL },
                { "* SEARCH 1:2\r\n", PROTOCOL },
                { "* SEARCH 1(MODSEQ 7)\r\n", PROTOCOL },
                { "* SEARCH 1\r2\r\n", PROTOCOL },
                { "* SEARCH 1\n", PROTOCOL },
                { "* SEARCH \"1\"\r\n", PROTOCOL },
                { "* SEARCH {1}\r\n1\r\n", PROTOCOL },
                { "* 5 SEARCH 1 2\r\n", "*:5:SEARCH 1 2\n" },
                { "* ESEARCH (TAG \"h1\") UID ALL 1:3\r\n", "*:ESEARCH (TAG \"h1\") UID ALL #1 #3\n" },
                { "* ESEARCH (TAG \"h1\") UID MIN 3 all 9:4,7 COUNT 7\r\n",
                  "*:ESEARCH (TAG \"h1\") UID MIN 3 all COUNT 7 #4 #9 #7 #7\n" },
                { "* ESEARCH (TAG \"h1\") UID\r\n", "*:ESEARCH (TAG \"h1\") UID\n" },
                { "* ESEARCH UID ALL\r\n", "*:ESEARCH UID ALL\n" },
                { "* ESEARCH (ALL 1:3)\r\n", "*:ESEARCH (ALL 1:3)\n" },
                { "* ESEARCH UID ALL 1,2,3,4,5\r\n", LIMIT },
                { "* ESEARCH UID ALL \r\n", PROTOCOL },
                { "* ESEARCH UID ALL 1:\r\n", PROTOCOL },
                { "* ESEARCH UID ALL 1:*\r\n", PROTOCOL },
                { "* ESEARCH UID ALL 1:2:3\r\n", PROTOCOL },
                { "* ESEARCH UID ALL 1,,2\r\n", PROTOCOL },
                { "* ESEARCH UID ALL 0:2\r\n", PROTOCOL },
                { "* ESEARCH UID ALL 1:4294967296\r\n", PROTOCOL },
        };
        assert_examples(examples, G_N_ELEMENTS(examples));
}
END_TEST

/* Tokens behind the numbers are limited as in any line. */
START_TEST(only_numbers_may_be_long)
{
        g_autofree char *ones = g_strnfill(400, 'x');
        g_autofree char *input = g_strdup_printf("* SEARCH 1 (%s)\r\n", ones);
        assert_parses(&limits, input, strlen(input), LIMIT);
}
END_TEST

START_TEST(literals_are_counted)
{
        static const struct example examples[] = {
                { "* 1 FETCH (BODY[] {12}\r\nh1 OK done\r\n UID 5)\r\nh1 OK done\r\n",
                  "*:1:FETCH (BODY[] <h1 OK done\\0d\\0a> UID 5)\nh1:OK 'done'\n" },
                { "* 1 FETCH (BODY[] {6}\r\n)\r\n{9} X {0}\r\n Y ~{1}\r\n~ Z {2+}\r\n\")\"q\")\r\n",
                  "*:1:FETCH (BODY[] <)\\0d\\0a{9}> X <> Y <~> Z <\")> \"q\")\n" },
                { "* X {3}\r\na\r\n\r\n", "*:X <a\\0d\\0a>\n" },
                { "* X {5}\r\nab", "inside" },
                { "* X {5}\r\n", "inside" },
                { "* X {5", "inside" },
                { "* X", "inside" },
                { "*", "inside" },
        };
        assert_examples(examples, G_N_ELEMENTS(examples));
        static const char nul[] = "* 1 FETCH (BODY[] {4}\r\n\0a\0\n UID 1)\r\n";
        assert_parses(&limits, nul, sizeof nul - 1, "*:1:FETCH (BODY[] <\\00a\\00\\0a> UID 1)\n");
}
END_TEST

START_TEST(malformed_responses)
{
        static const struct example examples[] = {
                { "\r\n", PROTOCOL },
                { " OK\r\n", PROTOCOL },
                { "h1\r\n", PROTOCOL },
                { "*\r\n", PROTOCOL },
                { "* \r\n", PROTOCOL },
                { "* 5\r\n", PROTOCOL },
                { "* 5 \r\n", PROTOCOL },
                { "* 5 6 EXISTS\r\n", PROTOCOL },
                { "* 4294967296 EXISTS\r\n", PROTOCOL },
                { "* 99999999999999999999999999 EXISTS\r\n", PROTOCOL },
                { "h1 FETCH (X)\r\n", PROTOCOL },
                { "h1 BYE\r\n", PROTOCOL },
                { "* OK a\nb\r\n", PROTOCOL },
                { "* OK a\rb\r\n", PROTOCOL },
                { "* 5 EXISTS\n", PROTOCOL },
                { "* X \"abc\r\n", PROTOCOL },
                { "* X \"abc\n\"\r\n", PROTOCOL },
                { "* X \"abc\\\r\n\"\r\n", PROTOCOL },
                { "* X (a\r\n", PROTOCOL },
                { "* X a)\r\n", PROTOCOL },
                { "* X {-1}\r\n", PROTOCOL },
                { "* X {}\r\n", PROTOCOL },
                { "* X {+}\r\n", PROTOCOL },
                { "* X {3 }\r\n", PROTOCOL },
                { "* X {3}\nabc\r\n", PROTOCOL },
                { "* X {3}abc\r\n", PROTOCOL },
                { "* X {3+x}\r\n", PROTOCOL },
                { "* X {3}\r\r\n", PROTOCOL },
                { "* X a{3}\r\nabc\r\n", PROTOCOL },
                { "* X a\001\r\n", PROTOCOL },
                { "* X a\x7f\r\n", PROTOCOL },
                { "* 1 FETCH (BODY[HEADER\r\n", PROTOCOL },
                { "* 1 FETCH (BODY[\"x\r\n", PROTOCOL },
                { "+x\r\n", PROTOCOL },
                { "(\r\n", PROTOCOL },
                { "\x80 OK\r\n", PROTOCOL },
                { "* \x80 OK\r\n", PROTOCOL },
                { "* OK fine\r\n* (\r\n", "*:OK 'fine'\n" PROTOCOL },
        };
        assert_examples(examples, G_N_ELEMENTS(examples));
        static const char nul[] = "* OK a\0b\r\n";
        assert_parses(&limits, nul, sizeof nul - 1, PROTOCOL);
        static const char nul_quoted[] = "* X \"\0\"\r\n";
        assert_parses(&limits, nul_quoted, sizeof nul_quoted - 1, PROTOCOL);
}
END_TEST

START_TEST(sizes_and_depths_are_limited)
{
        static const struct example examples[] = {
                { "* X ((((a))))\r\n", "*:X ((((a))))\n" },
                { "* X (((((a)))))\r\n", LIMIT },
                { "* X ()()()()()()()()\r\n", "*:X () () () () () () () ()\n" },
                { "* X {201}\r\n", LIMIT },
                { "* X {4294967295}\r\n", LIMIT },
                { "* X {18446744073709551617}\r\n", LIMIT },
                { "* X {99999999999999999999999999999999999}\r\n", LIMIT },
        };
        assert_examples(examples, G_N_ELEMENTS(examples));
}
END_TEST

static char *padded(const char *before, size_t fill, const char *after)
{
        g_autofree char *middle = g_strnfill(fill, '1');
        return g_strconcat(before, middle, after, NULL);
}

START_TEST(long_lines_are_limited)
{
        g_autofree char *fits = padded("* OK ", 300 - 7, "\r\n"), *over = padded("* OK ", 300 - 6, "\r\n");
        g_autofree char *dump = parse_pieces(&limits, fits, strlen(fits), 1, 1);
        ck_assert(g_str_has_prefix(dump, "*:OK '1111"));
        assert_parses(&limits, over, strlen(over), LIMIT);
        /* Searches may be longer. */
        g_autofree char *zeros = g_strnfill(998, '0');
        g_autofree char *search = g_strdup_printf("* SEARCH %s1\r\n", zeros);
        assert_parses(&limits, search, strlen(search), "*:SEARCH #1\n");
        g_autofree char *search_over = g_strdup_printf("* SEARCH %s10\r\n", zeros);
        assert_parses(&limits, search_over, strlen(search_over), LIMIT);
        /* Each kind of token that has no end of its own, and the tag and the name. */
        static const char *const begins[] = { "", "* ", "* X ", "* X \"", "* 1 FETCH (BODY[", "* 1 FETCH (BODY[\"" };
        for (size_t i = 0; i < G_N_ELEMENTS(begins); i++) {
                g_autofree char *endless = padded(begins[i], 400, "");
                assert_parses(&limits, endless, strlen(endless), LIMIT);
        }
}
END_TEST

START_TEST(the_literals_of_one_response_are_limited_together)
{
        g_autofree char *first = g_strnfill(150, 'a');
        g_autofree char *over = g_strdup_printf("* X {150}\r\n%s {51}\r\n", first);
        assert_parses(&limits, over, strlen(over), LIMIT);
        g_autofree char *apart = g_strdup_printf("* X {150}\r\n%s\r\n* X {150}\r\n%s\r\n", first, first);
        g_autofree char *dump = parse_pieces(&limits, apart, strlen(apart), 7, 7);
        ck_assert(g_str_has_suffix(dump, "aaa>\n"));
}
END_TEST

START_TEST(large_literals_can_be_cut)
{
        struct imap_parser_limits cutting = limits;
        cutting.max_literal_bytes = 4;
        cutting.max_dropped_bytes = 20;
        static const char input[] = "* 1 FETCH (BODY[] {12}\r\nh1 OK done\r\n X {4}\r\nabcd UID 5)\r\n* X {8}\r\n";
        assert_parses(&cutting, input, sizeof input - 1, "*:1:FETCH (BODY[] <h1 O of 12> X < of 4> UID 5)\ninside");
        static const char most[] = "* X {24}\r\n012345678901234567890123\r\n* X {4}\r\nabcd\r\n";
        assert_parses(&cutting, most, sizeof most - 1, "*:X <0123 of 24>\n*:X <abcd>\n");
        static const char over[] = "* X {25}\r\n";
        assert_parses(&cutting, over, sizeof over - 1, LIMIT);
        static const char together[] = "* X {15}\r\n012345678901234 {10}\r\n";
        assert_parses(&cutting, together, sizeof together - 1, LIMIT);
}
END_TEST

/* An announcement alone costs no memory: with all of the address space's announced sizes this would fail. */
START_TEST(announced_sizes_are_not_allocated)
{
        struct imap_parser_limits wide = limits;
        wide.max_literal_bytes = (size_t) 1 << 39;
        struct imap_parser *parser = imap_parser_new(&wide);
        static const char input[] = "* X {500000000000}\r\nabc";
        ck_assert_int_eq(imap_parser_feed(parser, input, sizeof input - 1, NULL), 0);
        ck_assert(imap_parser_is_inside(parser));
        ck_assert_ptr_null(imap_parser_next(parser));
        imap_parser_free(parser);
}
END_TEST

START_TEST(a_large_literal_arrives_whole)
{
        struct imap_parser_limits wide = limits;
        wide.max_literal_bytes = 1u << 20;
        const size_t size = (1u << 20) - 3;
        GString *input = g_string_new(NULL);
        g_string_printf(input, "* X {%zu}\r\n", size);
        const size_t head = input->len;
        for (size_t i = 0; i < size; i++)
                g_string_append_c(input, (char) (i * 7 % 251));
        g_string_append(input, "\r\n");
        struct imap_parser *parser = imap_parser_new(&wide);
        for (size_t at = 0; at < input->len; at += 4099)
                ck_assert_int_eq(imap_parser_feed(parser, input->str + at, MIN(4099, input->len - at), NULL), 0);
        struct imap_response *response = imap_parser_next(parser);
        ck_assert_ptr_nonnull(response);
        const struct imap_token *token = g_ptr_array_index(response->tokens, 0);
        ck_assert_uint_eq(token->size, size);
        ck_assert_mem_eq(token->data, input->str + head, size);
        imap_response_free(response);
        imap_parser_free(parser);
        g_string_free(input, TRUE);
}
END_TEST

START_TEST(an_error_is_final)
{
        struct imap_parser *parser = imap_parser_new(&limits);
        struct error err = ERROR_INIT;
        static const char input[] = "* OK before\r\n\r\n* OK after\r\n";
        ck_assert_int_eq(imap_parser_feed(parser, input, sizeof input - 1, &err), -ERR_PROTOCOL);
        error_clear(&err);
        struct imap_response *response = imap_parser_next(parser);
        ck_assert_ptr_nonnull(response);
        imap_response_free(response);
        ck_assert_int_eq(imap_parser_feed(parser, "* OK x\r\n", 8, &err), -ERR_PROTOCOL);
        ck_assert_int_eq(err.code, -ERR_PROTOCOL);
        ck_assert_ptr_null(imap_parser_next(parser));
        error_clear(&err);
        imap_parser_free(parser);
}
END_TEST

static struct imap_token token_of(enum imap_token_kind kind, const char *text)
{
        return (struct imap_token) { .kind = kind, .data = (char *) text, .size = strlen(text) };
}

START_TEST(numbers_are_checked)
{
        static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1", "1a", "18446744073709551616" };
        guint32 small = 7;
        guint64 large = 7;
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                struct imap_token token = token_of(IMAP_ATOM, bad[i]);
                ck_assert_int_eq(imap_token_uint32(&token, &small), -ERR_PROTOCOL);
                ck_assert_int_eq(imap_token_uint64(&token, &large), -ERR_PROTOCOL);
        }
        struct imap_token quoted = token_of(IMAP_QUOTED, "1");
        ck_assert_int_eq(imap_token_uint32(&quoted, &small), -ERR_PROTOCOL);
        struct imap_token over = token_of(IMAP_ATOM, "4294967296");
        ck_assert_int_eq(imap_token_uint32(&over, &small), -ERR_PROTOCOL);
        ck_assert_uint_eq(small, 7);
        ck_assert_uint_eq(large, 7);
        struct imap_token most = token_of(IMAP_ATOM, "4294967295");
        struct imap_token most64 = token_of(IMAP_ATOM, "18446744073709551615");
        ck_assert_int_eq(imap_token_uint32(&most, &small), 0);
        ck_assert_uint_eq(small, G_MAXUINT32);
        ck_assert_int_eq(imap_token_uint64(&most64, &large), 0);
        ck_assert_uint_eq(large, G_MAXUINT64);
}
END_TEST

START_TEST(atoms_compare_without_case)
{
        struct imap_token token = token_of(IMAP_ATOM, "Body[]"), quoted = token_of(IMAP_QUOTED, "BODY[]");
        ck_assert(imap_token_is(&token, "BODY[]"));
        ck_assert(!imap_token_is(&token, "BODY"));
        ck_assert(!imap_token_is(&quoted, "BODY[]"));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("imap_parser");
        TCase *tc = tcase_create("responses");
        tcase_add_test(tc, codes_are_those_in_the_expectations);
        tcase_add_test(tc, status_responses);
        tcase_add_test(tc, data_responses_of_real_servers);
        tcase_add_test(tc, searches_become_numbers);
        tcase_add_test(tc, only_numbers_may_be_long);
        tcase_add_test(tc, literals_are_counted);
        tcase_add_test(tc, malformed_responses);
        tcase_add_test(tc, a_large_literal_arrives_whole);
        tcase_add_test(tc, an_error_is_final);
        suite_add_tcase(s, tc);
        tc = tcase_create("limits");
        tcase_add_test(tc, sizes_and_depths_are_limited);
        tcase_add_test(tc, long_lines_are_limited);
        tcase_add_test(tc, the_literals_of_one_response_are_limited_together);
        tcase_add_test(tc, large_literals_can_be_cut);
        tcase_add_test(tc, announced_sizes_are_not_allocated);
        suite_add_tcase(s, tc);
        tc = tcase_create("tokens");
        tcase_add_test(tc, numbers_are_checked);
        tcase_add_test(tc, atoms_compare_without_case);
        suite_add_tcase(s, tc);
        return s;
}

int main(void)
{
        return support_run(suite());
}
