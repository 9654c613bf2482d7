/* SPDX-License-Identifier: MIT */
#include "ingest/html_elements.h"

#include <stdlib.h>
#include <string.h>

struct element {
        const char *name;
        unsigned flags;
};

/* In the order of strcmp. Elements that only stand in the head are not skipped as a whole with it: where a broken page
 * leaves <head> open, its text must still be found. */
static const struct element elements[] = {
        { "a", HTML_LINK },
        { "address", HTML_BLOCK },
        { "article", HTML_BLOCK },
        { "aside", HTML_BLOCK },
        { "b", HTML_BOLD },
        { "blockquote", HTML_BLOCK },
        { "body", HTML_BLOCK },
        { "br", HTML_BREAK },
        { "caption", HTML_BLOCK },
        { "center", HTML_BLOCK },
        { "dd", HTML_BLOCK },
        { "details", HTML_BLOCK },
        { "dir", HTML_BLOCK },
        { "div", HTML_BLOCK },
        { "dl", HTML_BLOCK },
        { "dt", HTML_BLOCK },
        { "fieldset", HTML_BLOCK },
        { "figcaption", HTML_BLOCK },
        { "figure", HTML_BLOCK },
        { "footer", HTML_BLOCK },
        { "form", HTML_BLOCK },
        { "h1", HTML_BLOCK | HTML_HEADING },
        { "h2", HTML_BLOCK | HTML_HEADING },
        { "h3", HTML_BLOCK | HTML_HEADING },
        { "h4", HTML_BLOCK | HTML_HEADING },
        { "h5", HTML_BLOCK | HTML_HEADING },
        { "h6", HTML_BLOCK | HTML_HEADING },
        { "header", HTML_BLOCK },
        { "hr", HTML_BLOCK },
        { "img", HTML_IMAGE },
        { "input", HTML_INPUT },
        { "legend", HTML_BLOCK },
        { "li", HTML_BLOCK | HTML_ITEM },
        { "listing", HTML_BLOCK | HTML_PRE },
        { "main", HTML_BLOCK },
        { "menu", HTML_BLOCK },
        { "nav", HTML_BLOCK },
        { "object", HTML_IMAGE },
        { "ol", HTML_BLOCK },
        { "option", HTML_BLOCK },
        { "p", HTML_BLOCK },
        { "pre", HTML_BLOCK | HTML_PRE },
        { "script", HTML_SKIP },
        { "section", HTML_BLOCK },
        { "strong", HTML_BOLD },
        { "style", HTML_SKIP },
        { "summary", HTML_BLOCK },
        { "svg", HTML_IMAGE | HTML_SKIP },
        { "table", HTML_TABLE },
        { "tbody", HTML_GROUP },
        { "td", HTML_CELL },
        { "template", HTML_SKIP },
        { "tfoot", HTML_GROUP },
        { "th", HTML_CELL | HTML_BOLD },
        { "thead", HTML_GROUP },
        { "title", HTML_SKIP | HTML_TITLE },
        { "tr", HTML_ROW },
        { "ul", HTML_BLOCK },
        { "xmp", HTML_BLOCK | HTML_PRE },
};

static int compare_name(const void *name, const void *element)
{
        return strcmp(name, ((const struct element *) element)->name);
}

unsigned html_element_flags(const char *name)
{
        const struct element *found = bsearch(name, elements, sizeof elements / sizeof elements[0], sizeof elements[0],
                                              compare_name);
        return found ? found->flags : 0;
}
