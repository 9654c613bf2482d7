/* SPDX-License-Identifier: MIT */
/* Text to the document and the document to a bulletin; and as HTML, where it has a tag. A first byte below 8 is taken
 * for the options of the plain text and not for text. */
#include <string.h>

#include "common/text.h"
#include "ingest/html.h"
#include "ingest/text_document.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/invariants.h"

const struct fuzz_target fuzz_target = { .name = "extraction", .reads_mails = true };

/* Of plain lines nothing goes but quote marks, and rulers where there are tables. */
static void require_nothing_lost(const struct document *document, const char *text)
{
        if (document->rendering != RENDERING_LINES || strpbrk(text, ">|+-="))
                return;
        g_autofree char *expected = bare_text(text), *found = document_text(document), *bare = bare_text(found);
        fuzz_require(strcmp(expected, bare) == 0, "of \"%s\" is left \"%s\"", expected, bare);
}

static void read_text(const char *text, unsigned flags)
{
        const struct text_document_options options = { .flowed = flags & 1, .delsp = (flags & 2) != 0 };
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        g_autofree char *copy = g_strdup(text);
        int r = text_document_read(copy, &options, &document, &err);
        fuzz_require(r == 0 || (r == -ERR_LIMIT && err.code == r && err.text), "error %d", r);
        error_clear(&err);
        if (r < 0)
                return;
        require_document(document);
        require_nothing_lost(document, text);
        require_extraction(document);
        document_free(document);
}

static void read_html(const char *text)
{
        struct document *document = NULL;
        if (html_read(text, strlen(text), &document, NULL) < 0)
                return;
        require_document(document);
        require_extraction(document);
        document_free(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool prepared;
        if (!prepared)
                html_prepare();
        prepared = true;
        unsigned flags = 0;
        if (size > 0 && data[0] < 8) {
                flags = data[0];
                data++;
                size--;
        }
        g_autofree char *text = text_make_valid((const char *) data, size, NULL);
        if (strchr(text, '<'))
                read_html(text);
        read_text(text, flags);
        return 0;
}
