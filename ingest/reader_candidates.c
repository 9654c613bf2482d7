/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "ingest/charset.h"
#include "ingest/html.h"
#include "ingest/reader_p.h"
#include "ingest/text_document.h"

/* Readings of one mail: more are left out, with a warning. */
#define CANDIDATES_MAX 100u
#define DECODED_BYTES_MAX ((size_t) 4 * LIMIT_TEXT_BYTES)
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

void readings_init(struct readings *readings)
{
        *readings = (struct readings){
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

static void extract(struct candidate *candidate, const struct document *document)
{
        enum bulletin_kind kind = BULLETIN_UNKNOWN;
        candidate->feed = feed_recognise(document, &kind);
        if (!candidate->feed)
                return;
        candidate->bulletin = bulletin_new();
        candidate->bulletin->kind = kind;
        label_report_init(&candidate->labels);
        candidate->feed->extract(document, kind, candidate->bulletin, &candidate->labels);
        candidate->determined = bulletin_count_determined(candidate->bulletin);
        for (guint i = 0; i < document->warnings->len; i++)
                bulletin_add_warning(candidate->bulletin, "%s", (char *) g_ptr_array_index(document->warnings, i));
}

static void add_candidate(struct readings *readings, const struct source *source, const struct document *document)
{
        struct candidate *candidate = g_new0(struct candidate, 1);
        candidate->html = document->rendering == RENDERING_HTML;
        candidate->attachment = source->attachment;
        candidate->message = source->message;
        candidate->text = document_text(document);
        extract(candidate, document);
        g_ptr_array_add(readings->candidates, candidate);
}

/* Some writers put plain text into HTML line by line. Where such a page has quote marks or cells' pipes and no table,
 * it is read once more as the text that it was. */
static char *flatten(const struct document *document)
{
        guint odd = 0;
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < document->blocks->len; i++) {
                const struct block *block = document_block(document, i);
                odd += block->text[0] == '>' || g_str_has_suffix(block->text, "|");
                if (block->marks & MARK_PARAGRAPH)
                        g_string_append_c(out, '\n');
                g_string_append_printf(out, "%*s%s\n", (int) MIN(block->indent, 200u), "", block->text);
        }
        bool worth = document->table_count == 0 && odd >= 3;
        return g_string_free(out, !worth);
}

static void read_html(struct readings *readings, const struct source *source, const struct charset_result *decoded)
{
        struct document *document = NULL;
        struct error err = ERROR_INIT;
        if (html_read(decoded->text, decoded->size, &document, &err) < 0) {
                note_failure(readings, source, error_text(&err));
                error_clear(&err);
                return;
        }
        add_candidate(readings, source, document);
        g_autofree char *flat = flatten(document);
        document_free(document);
        struct document *lines = NULL;
        if (flat && text_document_read(flat, NULL, &lines, NULL) == 0) {
                add_candidate(readings, source, lines);
                document_free(lines);
        }
}

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
        if (decoded->repaired)
                readings_warn(readings, "%s says charset \"%s\" and was read as %s", source->name, name ? name : "",
                              decoded->used);
        if (decoded->replaced > 0)
                readings_warn(readings, "%s has %zu places that its charset %s cannot explain", source->name,
                              decoded->replaced, decoded->used);
        if (decoded->replaced * 10 > (size_t) g_utf8_strlen(decoded->text, (gssize) decoded->size))
                readings->is_garbage = true;
}

static bool is_recognised(const struct readings *readings, guint first)
{
        for (guint i = first; i < readings->candidates->len; i++)
                if (((struct candidate *) g_ptr_array_index(readings->candidates, i))->feed)
                        return true;
        return false;
}

void readings_add(struct readings *readings, const struct source *source)
{
        if (readings->candidates->len >= CANDIDATES_MAX) {
                readings_warn(readings, "the mail has more than %u text parts; the rest was not read", CANDIDATES_MAX);
                return;
        }
        if (source->size > DECODED_BYTES_MAX - readings->decoded_bytes) {
                note_failure(readings, source, "the mail's text is too large");
                return;
        }
        bool html = source->html || reader_looks_like_html(source->data, source->size);
        g_autofree char *meta = html && !source->charset ? reader_find_meta_charset(source->data, source->size) : NULL;
        const char *declared = source->charset ? source->charset : meta;
        struct charset_result decoded;
        charset_decode(declared, source->data, source->size, &decoded);
        readings->decoded_bytes += MIN(MAX(decoded.size, source->size), DECODED_BYTES_MAX - readings->decoded_bytes);
        note_charset(readings, source, declared, &decoded);
        guint before = readings->candidates->len;
        if (html)
                read_html(readings, source, &decoded);
        /* text that only looks like a page is read as both, unless the page is a bulletin */
        if (!source->html && !is_recognised(readings, before))
                read_text(readings, source, &decoded);
        g_free(decoded.text);
}

/* The value of a field if it is determined, else 0. */
static int determined_value(const struct candidate *candidate, enum bulletin_field field)
{
        const struct choice *choice = &candidate->bulletin->fields[field];
        return choice->present && choice->basis != BASIS_UNDETERMINED ? choice->value : 0;
}

/* > 0: a says something more severe; 0: they agree, or one of them does not say. */
static int compare_severity(const struct candidate *a, const struct candidate *b, enum bulletin_field *ret_field)
{
        static const enum bulletin_field fields[] = { FIELD_SEVERITY, FIELD_URGENCY };
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
                int of_a = determined_value(a, fields[i]), of_b = determined_value(b, fields[i]);
                *ret_field = fields[i];
                if (of_a && of_b && of_a != of_b)
                        return of_a - of_b;
        }
        return 0;
}

/* An alert before other kinds: missing one is the worst that can happen. Then what says most; then HTML, which keeps
 * the marks that text loses. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
        bool alert_a = a->bulletin->kind == BULLETIN_ALERT, alert_b = b->bulletin->kind == BULLETIN_ALERT;
        if (alert_a != alert_b)
                return alert_a;
        if (a->determined != b->determined)
                return a->determined > b->determined;
        return a->html && !b->html;
}

static void warn_of_other_bulletin(struct readings *readings, const struct candidate *chosen,
                                   const struct candidate *other)
{
        const char *id = chosen->bulletin->id, *other_id = other->bulletin->id;
        if (id && other_id && strcmp(id, other_id) != 0)
                readings_warn(readings,
                              "the mail also holds the bulletin %s, which is not recorded: one mail gives one bulletin",
                              other_id);
}

struct candidate *readings_choose(struct readings *readings)
{
        struct candidate *best = NULL;
        GPtrArray *candidates = readings->candidates;
        for (guint i = 0; i < candidates->len; i++) {
                struct candidate *candidate = g_ptr_array_index(candidates, i);
                if (candidate->feed && (!best || is_better(candidate, best)))
                        best = candidate;
        }
        for (guint i = 0; best && best->bulletin->kind == BULLETIN_ALERT && i < candidates->len; i++) {
                struct candidate *other = g_ptr_array_index(candidates, i);
                enum bulletin_field field;
                if (!other->feed || other->bulletin->kind != BULLETIN_ALERT)
                        continue;
                int difference = compare_severity(other, best, &field);
                if (difference != 0)
                        readings_warn(readings,
                                      "parts of the mail disagree in %s (%s and %s); the more severe part is kept",
                                      bulletin_field_english(field),
                                      bulletin_value_name(field, determined_value(best, field)),
                                      bulletin_value_name(field, determined_value(other, field)));
                if (difference > 0)
                        best = other;
        }
        for (guint i = 0; best && i < candidates->len; i++) {
                const struct candidate *other = g_ptr_array_index(candidates, i);
                if (other->feed)
                        warn_of_other_bulletin(readings, best, other);
        }
        return best;
}

const char *readings_text(const struct readings *readings)
{
        const struct candidate *best = NULL;
        for (guint i = 0; i < readings->candidates->len; i++) {
                const struct candidate *candidate = g_ptr_array_index(readings->candidates, i);
                bool own = !candidate->attachment, best_own = best && !best->attachment;
                if (!best || (own && !best_own) || (own == best_own && strlen(candidate->text) > strlen(best->text)))
                        best = candidate;
        }
        return best ? best->text : "";
}
