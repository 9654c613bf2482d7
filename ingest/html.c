/* SPDX-License-Identifier: MIT */
#include "ingest/html.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <string.h>

#include "common/limits.h"
#include "ingest/html_attributes.h"
#include "ingest/html_elements.h"
#include "ingest/html_p.h"

/* A page that libxml2 takes apart. */
struct parse {
        htmlParserCtxtPtr parser;
        struct html_reader *reader;
};

static unsigned line_of(const struct parse *parse)
{
        const xmlParserInput *input = parse->parser->input;
        return input && input->line > 0 ? (unsigned) input->line : 0;
}

static void stop_at_limit(struct parse *parse)
{
        if (parse->reader->limit)
                xmlStopParser(parse->parser);
}

static void on_start(void *data, const xmlChar *name, const xmlChar **attributes)
{
        struct parse *parse = data;
        html_start_element(parse->reader, html_element_flags((const char *) name), (const char *const *) attributes,
                           line_of(parse));
        stop_at_limit(parse);
}

static void on_end(void *data, const xmlChar *name)
{
        struct parse *parse = data;
        html_end_element(parse->reader, html_element_flags((const char *) name), line_of(parse));
        stop_at_limit(parse);
}

static void on_text(void *data, const xmlChar *characters, int length)
{
        struct parse *parse = data;
        if (length > 0)
                html_add_text(parse->reader, (const char *) characters, (size_t) length, line_of(parse));
        stop_at_limit(parse);
}

static const int parser_options = HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER |
                                  HTML_PARSE_IGNORE_ENC;

static bool parse_page(struct html_reader *reader, const char *text, size_t size)
{
        struct parse parse = { .parser = htmlNewParserCtxt(), .reader = reader };
        if (!parse.parser)
                return false;
        *parse.parser->sax = (xmlSAXHandler){
                .startElement = on_start,
                .endElement = on_end,
                .characters = on_text,
                .ignorableWhitespace = on_text,
        };
        parse.parser->userData = &parse;
        htmlDocPtr none = htmlCtxtReadMemory(parse.parser, text, (int) size, NULL, "UTF-8", parser_options);
        if (none)
                xmlFreeDoc(none);
        html_finish(reader);
        htmlFreeParserCtxt(parse.parser);
        return true;
}

static int read_carefully(const char *text, size_t size, struct document *document, struct error *err)
{
        struct html_reader reader;
        html_reader_init(&reader, document);
        int r = 0;
        if (!parse_page(&reader, text, size))
                r = error_set(err, -ERR_MALFORMED, "the HTML could not be read");
        else if (reader.limit)
                r = error_set(err, -ERR_LIMIT, "the HTML has %s", reader.limit);
        else if (reader.long_url)
                g_ptr_array_add(document->warnings,
                                g_strdup_printf("a link of more than %u bytes (LIMIT_URL_BYTES) was left out",
                                                LIMIT_URL_BYTES));
        html_reader_clear(&reader);
        return r;
}

/* NULL: it takes more than that. */
static struct document *read_sound(const char *text, size_t size, bool is_clean)
{
        struct document *document = document_new(RENDERING_HTML);
        struct html_reader reader;
        html_reader_init(&reader, document);
        bool is_read = html_read_sound(&reader, text, size, is_clean) && !reader.limit && !reader.long_url;
        html_reader_clear(&reader);
        if (!is_read)
                g_clear_pointer(&document, document_free);
        return document;
}

int html_read_by_parser(const char *text, size_t size, struct document **ret_document, struct error *err)
{
        g_autofree char *plain = html_escape_odd_bytes(text, size, &size);
        if (plain)
                text = plain;
        if (html_has_crowded_tag(text, size))
                return error_set(err, -ERR_LIMIT, "the HTML has a tag with more than %u attributes (LIMIT_HTML_ATTRIBUTES)",
                                 LIMIT_HTML_ATTRIBUTES);
        struct document *document = document_new(RENDERING_HTML);
        int r = size > 0 ? read_carefully(text, size, document, err) : 0;
        if (r < 0) {
                document_free(document);
                return r;
        }
        *ret_document = document;
        return 0;
}

int html_read(const char *text, size_t size, struct document **ret_document, struct error *err)
{
        return html_read_known(text, size, false, ret_document, err);
}

int html_read_known(const char *text, size_t size, bool is_clean, struct document **ret_document, struct error *err)
{
        if (size > LIMIT_TEXT_BYTES)
                return error_set(err, -ERR_LIMIT, "the HTML has more than %u bytes (LIMIT_TEXT_BYTES)", LIMIT_TEXT_BYTES);
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark is no text */
                text += 3;
                size -= 3;
        }
        struct document *sound = read_sound(text, size, is_clean);
        if (sound) {
                *ret_document = sound;
                return 0;
        }
        return html_read_by_parser(text, size, ret_document, err);
}

/* --- what libxml2 knows --- */

/* Whether the open element ends before the other one starts. */
struct question {
        const char *name, *open;
        bool is_open, started, closed;
};

static void on_question_start(void *data, const xmlChar *name, const xmlChar **attributes)
{
        struct question *question = data;
        (void) attributes;
        if (question->is_open && strcmp((const char *) name, question->name) == 0)
                question->started = true;
        if (strcmp((const char *) name, question->open) == 0)
                question->is_open = true;
}

static void on_question_end(void *data, const xmlChar *name)
{
        struct question *question = data;
        if (question->is_open && !question->started && strcmp((const char *) name, question->open) == 0)
                question->closed = true;
}

bool html_tag_closes(const char *name, const char *open)
{
        struct question question = { .name = name, .open = open };
        htmlParserCtxtPtr parser = htmlNewParserCtxt();
        if (!parser)
                return false;
        *parser->sax = (xmlSAXHandler){ .startElement = on_question_start, .endElement = on_question_end };
        parser->userData = &question;
        g_autofree char *page = g_strdup_printf("<%s><%s>", open, name);
        htmlDocPtr none = htmlCtxtReadMemory(parser, page, (int) strlen(page), NULL, "UTF-8", parser_options);
        if (none)
                xmlFreeDoc(none);
        htmlFreeParserCtxt(parser);
        return question.started && question.closed;
}

bool html_tag_is_empty(const char *name)
{
        const htmlElemDesc *element = htmlTagLookup((const xmlChar *) name);
        return element && element->empty;
}

unsigned html_entity_value(const char *name)
{
        const htmlEntityDesc *entity = htmlEntityLookup((const xmlChar *) name);
        return entity ? entity->value : 0;
}

/* For libxml2, which would go on without what it got no memory for. */
static void *allocate(size_t size)
{
        return g_malloc(MAX(size, 1));
}

static void *reallocate(void *memory, size_t size)
{
        return g_realloc(memory, MAX(size, 1));
}

/* A first page makes libxml2 set up what it would otherwise set up later, behind the worker's system call filter. */
void html_prepare(void)
{
        static const char page[] = "<p title=\"&eacute;\">\xe3\x81\x82&nbsp;</p>";
        xmlMemSetup(g_free, allocate, reallocate, g_strdup);
        xmlInitParser();
        struct document *document = NULL;
        if (html_read_by_parser(page, sizeof page - 1, &document, NULL) == 0)
                document_free(document);
        html_sound_prepare();
}
