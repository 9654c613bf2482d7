/* SPDX-License-Identifier: MIT */
#include "ingest/imap_parser.h"

#include <string.h>

#include "common/limits.h"
#include "ingest/imap_parser_p.h"

/* No server announces more; a bound for the arithmetic only. */
#define LITERAL_SIZE_MAX (G_GUINT64_CONSTANT(1) << 40)
/* The first piece of memory for a literal; from there it doubles with the bytes that arrive. */
#define LITERAL_FIRST_BYTES (64u * KIB)

enum state {
        STATE_TAG,
        STATE_NAME,
        STATE_TEXT,   /* up to the line's end */
        STATE_NUMBERS, /* of SEARCH; of ESEARCH behind ALL */
        STATE_TOKENS, /* between tokens */
        STATE_ATOM,
        STATE_SECTION, /* inside the brackets of BODY[...] */
        STATE_SECTION_QUOTED,
        STATE_SECTION_ESCAPE,
        STATE_QUOTED,
        STATE_QUOTED_ESCAPE,
        STATE_TILDE, /* literal8, or an atom that begins with it */
        STATE_LITERAL_SIZE,
        STATE_LITERAL_CLOSE,
        STATE_LITERAL_CR,
        STATE_LITERAL_LF,
        STATE_LITERAL, /* counted bytes */
        STATE_LINE_LF,
};

struct literal {
        guint64 announced;
        bool has_digits;
        guint64 arrived;
        char *data;
        size_t kept, keep_max; /* the rest is dropped */
        size_t capacity; /* without the NUL's place */
};

struct number {
        guint64 value, low; /* low: in front of the ":" */
        bool has_digits, has_low;
};

struct imap_parser {
        struct imap_parser_limits limits;
        enum state state;
        struct imap_response *response; /* in the making; never NULL */
        GString *word;                  /* the tag, name, text, atom or quoted string in the making */
        GPtrArray *open;                /* lists not closed yet, outermost first; owned by the response */
        struct literal literal;
        struct number number;
        size_t line_bytes, number_bytes;
        guint64 kept_bytes, dropped_bytes;    /* of this response's earlier literals */
        GQueue complete;                      /* struct imap_response */
        bool finished;                        /* one was completed in this feed */
        int failed;
};

struct imap_parser *imap_parser_new(const struct imap_parser_limits *limits)
{
        struct imap_parser *parser = g_new0(struct imap_parser, 1);
        parser->limits = *limits;
        parser->response = imap_response_new();
        parser->word = g_string_new(NULL);
        parser->open = g_ptr_array_new();
        g_queue_init(&parser->complete);
        return parser;
}

void imap_parser_free(struct imap_parser *parser)
{
        if (!parser)
                return;
        struct imap_response *response;
        while ((response = g_queue_pop_head(&parser->complete)))
                imap_response_free(response);
        imap_response_free(parser->response);
        g_string_free(parser->word, TRUE);
        g_ptr_array_free(parser->open, TRUE);
        g_free(parser->literal.data);
        g_free(parser);
}

struct imap_response *imap_parser_next(struct imap_parser *parser)
{
        return g_queue_pop_head(&parser->complete);
}

bool imap_parser_is_inside(const struct imap_parser *parser)
{
        return parser->state != STATE_TAG || parser->word->len > 0;
}

static int fail(struct imap_parser *parser, int code, const char *what, struct error *err)
{
        parser->failed = code;
        const char *name = parser->response->name;
        return error_set(err, code, "unusable answer of the IMAP server: %s%s%s", what,
                         name && *name ? " in " : "", name ? name : "");
}

static int fail_malformed(struct imap_parser *parser, const char *what, struct error *err)
{
        return fail(parser, -ERR_PROTOCOL, what, err);
}

static bool is_control(unsigned char c)
{
        return c < 0x20 || c == 0x7f;
}

/* ---- responses ---- */

static void finish_response(struct imap_parser *parser)
{
        g_queue_push_tail(&parser->complete, parser->response);
        parser->response = imap_response_new();
        parser->finished = true;
        parser->state = STATE_TAG;
        parser->line_bytes = 0;
        parser->number_bytes = 0;
        parser->kept_bytes = 0;
        parser->dropped_bytes = 0;
}

static bool is_untagged(const struct imap_parser *parser)
{
        return strcmp(parser->response->tag, "*") == 0;
}

static bool is_one_of(const char *name, const char *const *names)
{
        return g_strv_contains(names, name);
}

static const char *const tagged_status_names[] = { "OK", "NO", "BAD", NULL };
static const char *const status_names[] = { "OK", "NO", "BAD", "BYE", "PREAUTH", NULL };

/* Whether the human text of this response may begin with a response code. */
static bool has_status(const struct imap_parser *parser)
{
        const struct imap_response *response = parser->response;
        return *response->name == '\0' || (!response->has_number && is_one_of(response->name, status_names));
}

static void finish_text(struct imap_parser *parser)
{
        imap_response_take_text(parser->response, parser->word->str, parser->word->len, has_status(parser));
        g_string_truncate(parser->word, 0);
        parser->state = STATE_LINE_LF;
}

static bool is_number(const GString *word)
{
        for (size_t i = 0; i < word->len; i++)
                if (!g_ascii_isdigit(word->str[i]))
                        return false;
        return word->len > 0;
}

/* Takes the number in "* 12 FETCH". */
static int take_number(struct imap_parser *parser, struct error *err)
{
        struct imap_token token = { .kind = IMAP_ATOM, .data = parser->word->str, .size = parser->word->len };
        if (imap_token_uint32(&token, &parser->response->number) < 0)
                return fail_malformed(parser, "a number that is too large", err);
        parser->response->has_number = true;
        g_string_truncate(parser->word, 0);
        return 0;
}

/* Takes the name and decides how the rest of the line is read. */
static int take_name(struct imap_parser *parser, struct error *err)
{
        struct imap_response *response = parser->response;
        if (parser->word->len == 0 || is_number(parser->word))
                return fail_malformed(parser, "a response without a name", err);
        response->name = g_ascii_strup(parser->word->str, (gssize) parser->word->len);
        g_string_truncate(parser->word, 0);
        if (!is_untagged(parser) && !is_one_of(response->name, tagged_status_names))
                return fail_malformed(parser, "a tagged response that is not OK, NO or BAD", err);
        parser->state = has_status(parser) ? STATE_TEXT : STATE_TOKENS;
        bool is_search = !response->has_number && strcmp(response->name, "SEARCH") == 0;
        if (is_search || (!response->has_number && strcmp(response->name, "ESEARCH") == 0))
                response->numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
        if (is_search)
                parser->state = STATE_NUMBERS;
        return 0;
}

static int step_tag(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (c != ' ' && c != '\r') {
                if (is_control(c) || c >= 0x80 || strchr("(){%\"\\", c))
                        return fail_malformed(parser, "a line that begins with neither \"*\", \"+\" nor a tag", err);
                g_string_append_c(parser->word, (char) c);
                return 0;
        }
        if (parser->word->len == 0 || (c == '\r' && strcmp(parser->word->str, "+") != 0))
                return fail_malformed(parser, "a line without a response", err);
        parser->response->tag = g_strndup(parser->word->str, parser->word->len);
        g_string_truncate(parser->word, 0);
        parser->state = STATE_NAME;
        if (strcmp(parser->response->tag, "+") == 0) {
                parser->response->name = g_strdup("");
                parser->state = STATE_TEXT;
                if (c == '\r')
                        finish_text(parser);
        }
        return 0;
}

static int step_name(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (c != ' ' && c != '\r') {
                if (is_control(c) || c >= 0x80 || strchr("(){\"", c))
                        return fail_malformed(parser, "a response name that is not an atom", err);
                g_string_append_c(parser->word, (char) c);
                return 0;
        }
        if (c == ' ' && is_untagged(parser) && !parser->response->has_number && is_number(parser->word))
                return take_number(parser, err);
        int r = take_name(parser, err);
        if (r < 0 || c == ' ')
                return r;
        if (parser->state == STATE_TEXT)
                finish_text(parser);
        else
                parser->state = STATE_LINE_LF;
        return 0;
}

static int step_text(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (c == '\r')
                finish_text(parser);
        else if (c == '\n' || c == '\0')
                return fail_malformed(parser, "a bare line feed or NUL", err);
        else
                g_string_append_c(parser->word, (char) c);
        return 0;
}

static int step_line_lf(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (c != '\n')
                return fail_malformed(parser, "a bare carriage return", err);
        finish_response(parser);
        return 0;
}

/* ---- tokens ---- */

static void add_token(struct imap_parser *parser, struct imap_token *token)
{
        GPtrArray *into = parser->response->tokens;
        if (parser->open->len > 0) {
                struct imap_token *list = g_ptr_array_index(parser->open, parser->open->len - 1);
                into = list->children;
        }
        g_ptr_array_add(into, token);
}

static void finish_word(struct imap_parser *parser, enum imap_token_kind kind)
{
        if (kind == IMAP_ATOM && g_ascii_strcasecmp(parser->word->str, "NIL") == 0)
                kind = IMAP_NIL;
        add_token(parser, imap_token_new(kind, parser->word->str, parser->word->len));
        g_string_truncate(parser->word, 0);
        parser->state = STATE_TOKENS;
}

static int open_list(struct imap_parser *parser, struct error *err)
{
        if (parser->open->len >= parser->limits.max_depth)
                return fail(parser, -ERR_LIMIT, "lists nested too deeply", err);
        struct imap_token *list = imap_token_new(IMAP_LIST, NULL, 0);
        add_token(parser, list);
        g_ptr_array_add(parser->open, list);
        return 0;
}

static int close_list(struct imap_parser *parser, struct error *err)
{
        if (parser->open->len == 0)
                return fail_malformed(parser, "a list closed that is not open", err);
        g_ptr_array_set_size(parser->open, (gint) parser->open->len - 1);
        return 0;
}

static int end_line(struct imap_parser *parser, struct error *err)
{
        if (parser->open->len > 0)
                return fail_malformed(parser, "a list that is not closed", err);
        parser->state = STATE_LINE_LF;
        return 0;
}

static void begin_literal(struct imap_parser *parser)
{
        parser->literal = (struct literal) { .announced = 0 };
        parser->state = STATE_LITERAL_SIZE;
}

static int step_atom(struct imap_parser *parser, unsigned char c, struct error *err);

static int step_tokens(struct imap_parser *parser, unsigned char c, struct error *err)
{
        switch (c) {
        case ' ':
                return 0;
        case '\r':
                return end_line(parser, err);
        case '(':
                return open_list(parser, err);
        case ')':
                return close_list(parser, err);
        case '"':
                parser->state = STATE_QUOTED;
                return 0;
        case '{':
                begin_literal(parser);
                return 0;
        case '~':
                parser->state = STATE_TILDE;
                return 0;
        default:
                parser->state = STATE_ATOM;
                return step_atom(parser, c, err);
        }
}

static int step_tilde(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (c == '{') {
                begin_literal(parser);
                return 0;
        }
        g_string_append_c(parser->word, '~');
        parser->state = STATE_ATOM;
        return step_atom(parser, c, err);
}

/* Only BODY[...] and BINARY[...] among a FETCH's items have a section; elsewhere "[" is an ordinary character. */
static bool begins_section(const struct imap_parser *parser)
{
        return parser->open->len == 1 && strcmp(parser->response->name, "FETCH") == 0 &&
               (g_ascii_strncasecmp(parser->word->str, "BODY", 4) == 0 ||
                g_ascii_strncasecmp(parser->word->str, "BINARY", 6) == 0);
}

/* Behind ALL, ESEARCH has a set of numbers. */
static bool begins_set(const struct imap_parser *parser)
{
        return parser->response->numbers && parser->open->len == 0 && g_ascii_strcasecmp(parser->word->str, "ALL") == 0;
}

static int step_atom(struct imap_parser *parser, unsigned char c, struct error *err)
{
        switch (c) {
        case ' ':
                if (begins_set(parser)) {
                        finish_word(parser, IMAP_ATOM);
                        parser->state = STATE_NUMBERS;
                        return 0;
                }
                G_GNUC_FALLTHROUGH;
        case '(':
        case ')':
        case '\r':
        case '"':
                finish_word(parser, IMAP_ATOM);
                return step_tokens(parser, c, err);
        case '{': /* an announcement glued to an atom, or not one? Guessing could lose count of the bytes. */
                return fail_malformed(parser, "a \"{\" inside an atom", err);
        default:
                break;
        }
        if (is_control(c))
                return fail_malformed(parser, "a control character", err);
        if (c == '[' && begins_section(parser))
                parser->state = STATE_SECTION;
        g_string_append_c(parser->word, (char) c);
        return 0;
}

/* The section with its brackets stays one atom. */
static int step_section(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (is_control(c))
                return fail_malformed(parser, "a section that is not closed", err);
        g_string_append_c(parser->word, (char) c);
        if (parser->state == STATE_SECTION_ESCAPE)
                parser->state = STATE_SECTION_QUOTED;
        else if (parser->state == STATE_SECTION_QUOTED)
                parser->state = c == '"' ? STATE_SECTION : c == '\\' ? STATE_SECTION_ESCAPE : STATE_SECTION_QUOTED;
        else
                parser->state = c == '"' ? STATE_SECTION_QUOTED : c == ']' ? STATE_ATOM : STATE_SECTION;
        return 0;
}

static int step_quoted(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (c == '\r' || c == '\n' || c == '\0')
                return fail_malformed(parser, "a quoted string that is not closed", err);
        bool escaped = parser->state == STATE_QUOTED_ESCAPE;
        if (!escaped && c == '"') {
                finish_word(parser, IMAP_QUOTED);
                return 0;
        }
        parser->state = !escaped && c == '\\' ? STATE_QUOTED_ESCAPE : STATE_QUOTED;
        if (parser->state == STATE_QUOTED) /* servers escape more than they need to: any character may follow */
                g_string_append_c(parser->word, (char) c);
        return 0;
}

/* ---- numbers ---- */

static int add_number(struct imap_parser *parser, guint64 value, struct error *err)
{
        GArray *numbers = parser->response->numbers;
        guint32 number = (guint32) value;
        if (value == 0)
                return fail_malformed(parser, "the number 0", err);
        if (numbers->len >= parser->limits.max_numbers)
                return fail(parser, -ERR_LIMIT, "too many numbers", err);
        g_array_append_val(numbers, number);
        return 0;
}

/* "1 2 3", behind which CONDSTORE may put "(MODSEQ 5)". Some servers send a space too many, in front or at the end. */
static int end_found(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (c == '(' && !parser->number.has_digits) {
                parser->state = STATE_TOKENS;
                return step_tokens(parser, c, err);
        }
        if (c != ' ' && c != '\r')
                return fail_malformed(parser, "something that is no number", err);
        int r = parser->number.has_digits ? add_number(parser, parser->number.value, err) : 0;
        parser->number = (struct number) { 0 };
        return r < 0 || c == ' ' ? r : end_line(parser, err);
}

/* "1:5,9", in which a range may be written either way round. */
static int end_range(struct imap_parser *parser, unsigned char c, struct error *err)
{
        struct number *number = &parser->number;
        bool continues = c == ':' && !number->has_low;
        if (!number->has_digits || (!continues && c != ',' && c != ' ' && c != '\r'))
                return fail_malformed(parser, "something that is no set of numbers", err);
        if (continues) {
                *number = (struct number) { .low = number->value, .has_low = true };
                return 0;
        }
        guint64 other = number->has_low ? number->low : number->value;
        int r = add_number(parser, MIN(other, number->value), err);
        if (r == 0)
                r = add_number(parser, MAX(other, number->value), err);
        *number = (struct number) { 0 };
        if (r < 0 || c == ',')
                return r;
        parser->state = STATE_TOKENS;
        return step_tokens(parser, c, err);
}

/* Takes bytes up to the first that is no digit, with it. *ret_taken: how many. */
static int take_numbers(struct imap_parser *parser, const char *data, size_t size, size_t *ret_taken, struct error *err)
{
        struct number *number = &parser->number;
        size_t i = 0;
        *ret_taken = size;
        for (; i < size && g_ascii_isdigit(data[i]); i++) {
                number->value = number->value * 10 + (guint64) (data[i] - '0');
                if (number->value > G_MAXUINT32)
                        return fail_malformed(parser, "a number above 32 bits", err);
                number->has_digits = true;
        }
        *ret_taken = MIN(i + 1, size);
        parser->number_bytes += *ret_taken;
        if (parser->number_bytes > parser->limits.max_search_bytes)
                return fail(parser, -ERR_LIMIT, "a line that is too long", err);
        if (i == size)
                return 0;
        unsigned char c = (unsigned char) data[i];
        bool is_set = parser->response->tokens->len > 0;
        return is_set ? end_range(parser, c, err) : end_found(parser, c, err);
}

/* ---- literals ---- */

static void finish_literal(struct imap_parser *parser)
{
        struct literal *literal = &parser->literal;
        if (!literal->data)
                literal->data = g_malloc(1);
        literal->data[literal->kept] = '\0';
        parser->kept_bytes += literal->kept;
        parser->dropped_bytes += literal->announced - literal->kept;
        add_token(parser, imap_token_new_literal(g_steal_pointer(&literal->data), literal->kept, literal->announced));
        parser->state = STATE_TOKENS;
}

static int check_announcement(struct imap_parser *parser, struct error *err)
{
        struct literal *literal = &parser->literal;
        literal->keep_max = (size_t) MIN(literal->announced, parser->limits.max_literal_bytes - parser->kept_bytes);
        guint64 dropped = literal->announced - literal->keep_max;
        if (dropped > parser->limits.max_dropped_bytes - parser->dropped_bytes)
                return fail(parser, -ERR_LIMIT, "a literal above the largest size", err);
        return 0;
}

static int step_literal_size(struct imap_parser *parser, unsigned char c, struct error *err)
{
        struct literal *literal = &parser->literal;
        if (g_ascii_isdigit(c)) {
                literal->has_digits = true;
                literal->announced = literal->announced * 10 + (c - '0');
                if (literal->announced > LITERAL_SIZE_MAX)
                        return fail(parser, -ERR_LIMIT, "a literal above the largest size", err);
                return 0;
        }
        if (!literal->has_digits || (c != '}' && c != '+'))
                return fail_malformed(parser, "a literal without a size", err);
        parser->state = c == '+' ? STATE_LITERAL_CLOSE : STATE_LITERAL_CR;
        return check_announcement(parser, err);
}

static int step_literal_end(struct imap_parser *parser, unsigned char c, struct error *err)
{
        switch (parser->state) {
        case STATE_LITERAL_CLOSE:
                if (c != '}')
                        break;
                parser->state = STATE_LITERAL_CR;
                return 0;
        case STATE_LITERAL_CR:
                if (c != '\r')
                        break;
                parser->state = STATE_LITERAL_LF;
                return 0;
        default:
                if (c != '\n')
                        break;
                parser->state = STATE_LITERAL;
                if (parser->literal.announced == 0)
                        finish_literal(parser);
                return 0;
        }
        return fail_malformed(parser, "a literal without a line end behind its size", err);
}

/* Doubles, but never beyond what will be kept: a finished literal wastes no memory. */
static void reserve_literal(struct literal *literal, size_t needed)
{
        if (literal->capacity >= needed)
                return;
        size_t capacity = MAX(MAX(literal->capacity * 2, (size_t) LITERAL_FIRST_BYTES), needed);
        literal->capacity = MIN(capacity, literal->keep_max);
        literal->data = g_realloc(literal->data, literal->capacity + 1);
}

/* Returns how many of the bytes belong to the literal. */
static size_t take_literal(struct imap_parser *parser, const char *data, size_t size)
{
        struct literal *literal = &parser->literal;
        size_t taken = (size_t) MIN((guint64) size, literal->announced - literal->arrived);
        size_t kept = MIN(taken, literal->keep_max - literal->kept);
        if (kept > 0) {
                reserve_literal(literal, literal->kept + kept);
                memcpy(literal->data + literal->kept, data, kept);
                literal->kept += kept;
        }
        literal->arrived += taken;
        if (literal->arrived == literal->announced)
                finish_literal(parser);
        return taken;
}

/* ---- feeding ---- */

static int step(struct imap_parser *parser, unsigned char c, struct error *err)
{
        if (++parser->line_bytes > parser->limits.max_line_bytes)
                return fail(parser, -ERR_LIMIT, "a line that is too long", err);
        switch (parser->state) {
        case STATE_TAG:
                return step_tag(parser, c, err);
        case STATE_NAME:
                return step_name(parser, c, err);
        case STATE_TEXT:
                return step_text(parser, c, err);
        case STATE_TOKENS:
                return step_tokens(parser, c, err);
        case STATE_ATOM:
                return step_atom(parser, c, err);
        case STATE_SECTION:
        case STATE_SECTION_QUOTED:
        case STATE_SECTION_ESCAPE:
                return step_section(parser, c, err);
        case STATE_QUOTED:
        case STATE_QUOTED_ESCAPE:
                return step_quoted(parser, c, err);
        case STATE_TILDE:
                return step_tilde(parser, c, err);
        case STATE_LITERAL_SIZE:
                return step_literal_size(parser, c, err);
        case STATE_LITERAL_CLOSE:
        case STATE_LITERAL_CR:
        case STATE_LITERAL_LF:
                return step_literal_end(parser, c, err);
        case STATE_LINE_LF:
                return step_line_lf(parser, c, err);
        case STATE_NUMBERS:
        case STATE_LITERAL:
                break;
        }
        return fail_malformed(parser, "a byte out of place", err);
}

int imap_parser_feed_one(struct imap_parser *parser, const void *data, size_t size, size_t *ret_taken,
                         struct error *err)
{
        const char *start = data, *p = start, *end = start + size;
        int r = 0;
        if (parser->failed < 0)
                r = error_set(err, parser->failed, "the IMAP server's answers cannot be read any further");
        parser->finished = false;
        while (r == 0 && p < end && !parser->finished) {
                size_t taken = 1;
                if (parser->state == STATE_LITERAL)
                        taken = take_literal(parser, p, (size_t) (end - p));
                else if (parser->state == STATE_NUMBERS)
                        r = take_numbers(parser, p, (size_t) (end - p), &taken, err);
                else
                        r = step(parser, (unsigned char) *p, err);
                p += taken;
        }
        *ret_taken = (size_t) (p - start);
        return r;
}

int imap_parser_feed(struct imap_parser *parser, const void *data, size_t size, struct error *err)
{
        const char *p = data;
        int r;
        do {
                size_t taken = 0;
                r = imap_parser_feed_one(parser, p, size, &taken, err);
                p += taken;
                size -= taken;
        } while (r == 0 && size > 0);
        return r;
}

size_t imap_parser_literal_room(struct imap_parser *parser, char **ret_place)
{
        struct literal *literal = &parser->literal;
        if (parser->state != STATE_LITERAL || literal->kept == literal->keep_max)
                return 0;
        reserve_literal(literal, literal->kept + 1);
        *ret_place = literal->data + literal->kept;
        return literal->capacity - literal->kept;
}

void imap_parser_literal_came(struct imap_parser *parser, size_t size)
{
        struct literal *literal = &parser->literal;
        literal->kept += size;
        literal->arrived += size;
        if (literal->arrived == literal->announced)
                finish_literal(parser);
}
