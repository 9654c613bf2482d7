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
