/* SPDX-License-Identifier: MIT */
/* HTML to the document, and the document to a bulletin. And text that is escaped as HTML loses nothing on the way. */
#include <string.h>

#include "common/text.h"
#include "ingest/html.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/invariants.h"

const struct fuzz_target fuzz_target = { .name = "html", .reads_mails = true };

static void require_nothing_lost(const char *text)
{
        g_autofree char *page = text_escape_html(text), *expected = bare_text(text);
        struct document *document = NULL;
        if (html_read(page, strlen(page), &document, NULL) < 0)
                return;
        g_autofree char *found = document_text(document), *bare = bare_text(found);
        fuzz_require(strcmp(expected, bare) == 0, "of \"%s\" is left \"%s\"", expected, bare);
        document_free(document);
}

static void require_same_block(const struct block *a, const struct block *b)
{
        fuzz_require(strcmp(a->text, b->text) == 0, "\"%s\" by libxml2 is \"%s\"", a->text, b->text);
        fuzz_require(a->marks == b->marks && a->indent == b->indent && a->line == b->line, "other marks on \"%s\"", a->text);
        fuzz_require(a->table == b->table && a->parent_table == b->parent_table && a->row == b->row &&
                             a->column == b->column && a->row_span == b->row_span,
                     "another place of \"%s\"", a->text);
        fuzz_require(g_strcmp0(a->image_alt, b->image_alt) == 0 && g_strcmp0(a->image_source, b->image_source) == 0,
                     "another image at \"%s\"", a->text);
        guint links = a->links ? a->links->len : 0;
        fuzz_require(links == (b->links ? b->links->len : 0), "other links at \"%s\"", a->text);
        for (guint i = 0; i < links; i++) {
                const struct block_link *x = g_ptr_array_index(a->links, i), *y = g_ptr_array_index(b->links, i);
                fuzz_require(strcmp(x->text, y->text) == 0 && strcmp(x->url, y->url) == 0, "another link at \"%s\"", a->text);
        }
}

/* The quick reader of sound pages gives what libxml2 gives. */
static void require_same_by_parser(const char *text, const struct document *document, int result)
{
        struct document *careful = NULL;
        int r = html_read_by_parser(text, strlen(text), &careful, NULL);
        fuzz_require(r == result, "%d by libxml2 is %d", result, r);
        if (r < 0)
                return;
        fuzz_require(document->block_count == careful->block_count && document->table_count == careful->table_count,
                     "%u blocks by libxml2 are %u", document->block_count, careful->block_count);
        for (guint i = 0; i < document->block_count; i++)
                require_same_block(document_block(document, i), document_block(careful, i));
        document_free(careful);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool prepared;
        if (!prepared)
                html_prepare();
        prepared = true;
        g_autofree char *text = text_make_valid((const char *) data, size, NULL);
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        int r = html_read(text, strlen(text), &document, &err);
        require_same_by_parser(text, document, r);
        if (r == 0) {
                fuzz_require(document->rendering == RENDERING_HTML, "rendering %d", (int) document->rendering);
                require_document(document);
                require_extraction(document);
                document_free(document);
        } else {
                fuzz_require(r == -ERR_LIMIT || r == -ERR_MALFORMED, "error %d", r);
                fuzz_require(err.code == r && err.text, "error %d, not told", r);
                require_text("an error", err.text);
        }
        error_clear(&err);
        require_nothing_lost(text);
        return 0;
}
