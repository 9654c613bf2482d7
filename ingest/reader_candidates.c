/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "ingest/charset.h"
#include "ingest/html.h"
#include "ingest/reader_p.h"
#include "ingest/text_document.h"

#define CHARSET_NAME_CHARS 60

static void candidate_free(gpointer data)
{
        struct candidate *candidate = data;
        bulletin_free(candidate->bulletin);
        label_report_clear(&candidate->labels);
        g_free(candidate->text);
        g_free(candidate);
}

static void charset_use_destroy(gpointer data)
{
        struct charset_use *use = data;
        g_free(use->declared);
        g_free(use->used);
        g_free(use);
}

void readings_init(struct readings *readings, const struct reader_limits *limits)
{
        *readings = (struct readings){
                .without_text = limits && limits->without_text,
                .text_bytes_max = limits && limits->text_bytes ? limits->text_bytes : LIMIT_TEXT_BYTES_DEFAULT,
                .candidates = g_ptr_array_new_with_free_func(candidate_free),
                .charsets = g_ptr_array_new_with_free_func(charset_use_destroy),
                .warnings = g_ptr_array_new_with_free_func(g_free),
        };
}

void readings_clear(struct readings *readings)
{
        g_ptr_array_unref(readings->candidates);
        g_ptr_array_unref(readings->charsets);
        g_ptr_array_unref(readings->warnings);
        g_free(readings->failure);
}

void readings_warn(struct readings *readings, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        for (guint i = 0; i < readings->warnings->len; i++)
                if (strcmp(g_ptr_array_index(readings->warnings, i), text) == 0)
                        return;
        if (readings->warnings->len < BULLETIN_WARNINGS_MAX / 2) /* the extraction's own need room too */
                g_ptr_array_add(readings->warnings, g_steal_pointer(&text));
}

static void note_failure(struct readings *readings, const struct source *source, const char *text)
{
        readings_warn(readings, "%s was not read: %s", source->name, text);
        if (!source->attachment && !readings->failure)
                readings->failure = g_strdup_printf("%s: %s", source->name, text);
}

/* Where a list is full, something was left out: the rules take no more than that. */
static void warn_of_full_lists(struct bulletin *b)
{
        const struct { const char *name; const GPtrArray *list; guint limit; } lists[] = {
                { "KB numbers", b->kbs, LIMIT_LIST_MEMBERS },
                { "superseded bulletins", b->supersedes, LIMIT_IDS },
                { "CVE names", b->cves, LIMIT_IDS },
                { "affected products", b->affected, LIMIT_LIST_MEMBERS },
                { "tests", b->tests, LIMIT_LIST_MEMBERS },
                { "downloads", b->downloads, LIMIT_LIST_MEMBERS },
                { "packages", b->packages, LIMIT_LIST_MEMBERS },
                { "deployment times", b->deployments, LIMIT_LIST_MEMBERS },
                { "UpdateEXPERT entries", b->update_expert, LIMIT_LIST_MEMBERS },
                { "entries", b->entries, LIMIT_LIST_MEMBERS },
                { "sections", b->sections, LIMIT_LIST_MEMBERS },
                { "links", b->links, LIMIT_LINKS },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                if (lists[i].list->len >= lists[i].limit)
                        bulletin_add_warning(b, "of the %s no more than the first %u are kept", lists[i].name,
                                             lists[i].limit);
}

static void extract(struct candidate *candidate, const struct document *document)
{
        candidate->feed = feed_read(document, &candidate->bulletin, &candidate->labels);
        if (!candidate->feed)
                return;
        warn_of_full_lists(candidate->bulletin);
        candidate->determined = bulletin_count_determined(candidate->bulletin);
        for (guint i = 0; i < document->warnings->len; i++)
                bulletin_add_warning(candidate->bulletin, "%s", (char *) g_ptr_array_index(document->warnings, i));
}

static struct candidate *add_candidate(struct readings *readings, const struct source *source,
                                       const struct document *document)
{
        struct candidate *candidate = g_new(struct candidate, 1);
        *candidate = (struct candidate){
                .html = document->rendering == RENDERING_HTML,
                .attachment = source->attachment,
                .message = source->message,
                .group = source->group,
                .source = readings->sources,
        };
        extract(candidate, document);
        if (!candidate->feed || !readings->without_text)
                candidate->text = document_text(document);
        g_ptr_array_add(readings->candidates, candidate);
        return candidate;
}

/* Some writers put plain text into HTML line by line. Where such a page has quote marks or cells' pipes, it is read
 * once more as the text that it was. (A table may still stand around it or beside it: mail programs put the head of a
 * forwarded mail into one.) */
static char *flatten(const struct document *document)
{
        guint odd = 0;
        for (guint i = 0; i < document->block_count; i++) {
                const struct block *block = document_block(document, i);
                odd += block->text[0] == '>' || (block->size > 0 && block->text[block->size - 1] == '|');
        }
        if (odd < 3)
                return NULL;
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < document->block_count; i++) {
                const struct block *block = document_block(document, i);
                if (block->marks & MARK_PARAGRAPH)
                        g_string_append_c(out, '\n');
                g_string_append_printf(out, "%*s%s\n", (int) MIN(block->indent, 200u), "", block->text);
        }
        return g_string_free(out, FALSE);
}

static void read_html(struct readings *readings, const struct source *source, const struct charset_result *decoded)
{
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        if (html_read_known(decoded->text, decoded->size, decoded->is_clean, &document, &err) < 0) {
                note_failure(readings, source, error_text(&err));
                error_clear(&err);
                return;
        }
        struct candidate *page = add_candidate(readings, source, document);
        g_autofree char *flat = flatten(document);
        document_free(document);
        struct document *lines = NULL;
        if (flat && text_document_read(flat, NULL, &lines, NULL) == 0) {
                struct candidate *text = add_candidate(readings, source, lines);
                bool text_is_better = text->feed && (!page->feed || text->determined >= page->determined);
                (text_is_better ? page : text)->is_worse = true;
                document_free(lines);
        }
}

/* Takes the text apart where it stands. */
static void read_text(struct readings *readings, const struct source *source, const struct charset_result *decoded)
{
        const struct text_document_options options = { .flowed = source->flowed, .delsp = source->delsp };
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        if (text_document_read(decoded->text, &options, &document, &err) < 0) {
                note_failure(readings, source, error_text(&err));
                error_clear(&err);
                return;
        }
        add_candidate(readings, source, document);
        document_free(document);
}

static void note_charset(struct readings *readings, const struct source *source, const char *declared,
                         const struct charset_result *decoded)
{
        g_autofree char *valid = declared ? text_make_valid(declared, strlen(declared), NULL) : NULL;
        g_autofree char *name = valid ? text_cut_chars(valid, CHARSET_NAME_CHARS) : NULL;
        g_ptr_array_add(readings->charsets, charset_use_new(name, decoded->used, decoded->repaired));
        if (decoded->restored > 0)
                readings_warn(readings, "%s lost %zu escape characters of iso-2022-jp on its way; they were put back",
                              source->name, decoded->restored);
        else if (decoded->repaired)
                readings_warn(readings, "%s says charset \"%s\" and was read as %s", source->name, name ? name : "",
                              decoded->used);
        if (decoded->also)
                readings_warn(readings, "%s has lines of several charsets, %s and %s; each was read as its own",
                              source->name, decoded->used, decoded->also);
        if (decoded->replaced > 0)
                readings_warn(readings, "%s has %zu place%s that its charset %s cannot explain", source->name, decoded->replaced,
                              decoded->replaced == 1 ? "" : "s", decoded->used);
        if (decoded->replaced > 0 && decoded->replaced * 10 > (size_t) g_utf8_strlen(decoded->text, (gssize) decoded->size))
                readings->is_garbage = true;
}

static bool is_recognised(const struct readings *readings, guint first)
{
        for (guint i = first; i < readings->candidates->len; i++)
                if (((struct candidate *) g_ptr_array_index(readings->candidates, i))->feed)
                        return true;
        return false;
}

static void note_limit(struct readings *readings, const struct source *source, const char *of, size_t limit,
                       const char *name)
{
        g_autofree char *text = g_strdup_printf("more than %zu %s (%s)", limit, of, name);
        note_failure(readings, source, text);
}

/* Whether a text of this size may be read as well. */
static bool has_room(struct readings *readings, const struct source *source, size_t size)
{
        size_t one = readings->text_bytes_max, all = LIMIT_TEXT_PARTS_RATIO * one;
        if (size > one)
                note_limit(readings, source, "bytes of text", one, "max-text-size");
        else if (readings->decoded_bytes >= all || size > all - readings->decoded_bytes)
                note_limit(readings, source, "bytes of text in all parts of the mail", all,
                           "LIMIT_TEXT_PARTS_RATIO times max-text-size");
        else
                return true;
        return false;
}

void readings_add(struct readings *readings, const struct source *source)
{
        if (readings->candidates->len >= LIMIT_TEXT_READINGS) {
                if (!readings->stopped)
                        note_limit(readings, source, "parts with text, nor were those behind it", LIMIT_TEXT_READINGS,
                                   "LIMIT_TEXT_READINGS");
                readings->stopped = true;
                return;
        }
        readings->sources++;
        if (!has_room(readings, source, source->size))
                return;
        bool html = source->html || reader_holds_html(source->data, source->size);
        g_autofree char *meta = html && !source->charset ? reader_find_meta_charset(source->data, source->size) : NULL;
        const char *declared = source->charset ? source->charset : meta;
        struct charset_result decoded;
        charset_decode(declared, source->data, source->size, &decoded);
        html = html || reader_holds_html(decoded.text, decoded.size); /* UTF-16 */
        if (!has_room(readings, source, decoded.size)) {
                g_free(decoded.text);
                return;
        }
        readings->decoded_bytes += MAX(decoded.size, source->size);
        note_charset(readings, source, declared, &decoded);
        guint before = readings->candidates->len;
        if (html)
                read_html(readings, source, &decoded);
        /* text that only looks like a page is read as both, unless the page is a bulletin */
        if (!source->html && !is_recognised(readings, before))
                read_text(readings, source, &decoded);
        g_free(decoded.text);
}

const char *readings_text(const struct readings *readings)
{
        const struct candidate *best = NULL;
        for (guint i = 0; i < readings->candidates->len; i++) {
                const struct candidate *candidate = g_ptr_array_index(readings->candidates, i);
                bool own = !candidate->attachment, best_own = best && !best->attachment;
                if (!candidate->text)
                        continue;
                if (!best || (own && !best_own) || (own == best_own && strlen(candidate->text) > strlen(best->text)))
                        best = candidate;
        }
        return best ? best->text : "";
}
