/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/invariants.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "common/digest.h"
#include "common/limits.h"
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
        fprintf(stderr, "%s:%d: broken promise: %s: ", file, line, condition);
        va_list arguments;
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
        abort();
}

void require_text(const char *what, const char *text)
{
        fuzz_require(!text || g_utf8_validate(text, -1, NULL), "%s is not valid UTF-8", what);
}

void require_line(const char *what, const char *text)
{
        require_text(what, text);
        for (const char *c = text; c && *c; c = g_utf8_next_char(c))
                fuzz_require(*c == '\t' || !g_unichar_iscntrl(g_utf8_get_char(c)),
                             "%s has the control character U+%04X: %s", what, g_utf8_get_char(c), text);
}

char *bare_text(const char *text)
{
        g_autofree char *folded = g_utf8_casefold(text, -1);
        g_autofree char *decomposed = g_utf8_normalize(folded, -1, G_NORMALIZE_ALL);
        GString *out = g_string_new(NULL);
        for (const char *c = decomposed; c && *c; c = g_utf8_next_char(c)) {
                gunichar u = g_utf8_get_char(c);
                if (u == 0xFFFE || u == 0xFFFF) { /* which libxml2 does not take */
                        g_string_append_unichar(out, 0xFFFD);
                        continue;
                }
                bool plain = !g_unichar_isspace(u) && !g_unichar_ismark(u) && !g_unichar_iscntrl(u) &&
                             g_unichar_type(u) != G_UNICODE_FORMAT && !g_unichar_iszerowidth(u);
                if (plain)
                        g_string_append_len(out, c, g_utf8_next_char(c) - c);
        }
        return g_string_free(out, FALSE);
}

/* --- documents --- */

static void require_block(const struct document *document, const struct block *block)
{
        require_text("a block", block->text);
        require_text("a block's normal form", block->normal);
        fuzz_require(block->text && block->normal, "a block without text");
        fuzz_require(!strpbrk(block->text, "\r\n"), "a block of more than one line: %s", block->text);
        if (strlen(block->text) <= 64 * KIB) {
                g_autofree char *normal = text_normalize(block->text);
                fuzz_require(strcmp(normal, block->normal) == 0, "\"%s\" is not the normal form of \"%s\"",
                             block->normal, block->text);
        }
        fuzz_require(block->marks < 2 * MARK_PARAGRAPH, "unknown marks %x", block->marks);
        fuzz_require(block->table >= -1 && block->table < document->table_count, "table %d of %d", block->table,
                     document->table_count);
        fuzz_require(block->parent_table >= -1 && block->parent_table < document->table_count, "parent table %d of %d",
                     block->parent_table, document->table_count);
        fuzz_require(block->table < 0 || block->parent_table < block->table, "table %d around table %d",
                     block->parent_table, block->table);
        bool inside = block->table >= 0;
        fuzz_require(inside ? block->row >= 0 && block->column >= 0 : block->row == -1 && block->column == -1,
                     "table %d, row %d, column %d", block->table, block->row, block->column);
        require_text("an alt text", block->image_alt);
        require_text("an image's address", block->image_source);
        fuzz_require(!block->image_alt || !block->image_source, "an image with an alt text and an address");
        for (guint i = 0; block->links && i < block->links->len; i++) {
                const struct block_link *link = g_ptr_array_index(block->links, i);
                require_text("a link's text", link->text);
                require_text("a link's address", link->url);
        }
}

/* Cells come in reading order, and nothing follows the block that ends one. */
struct table_place {
        int row, column;
        bool ended;
};

static void require_order(struct table_place *place, const struct block *block)
{
        bool same = block->row == place->row && block->column == place->column;
        fuzz_require(block->row > place->row || (block->row == place->row && block->column >= place->column),
                     "table %d: row %d, column %d behind row %d, column %d", block->table, block->row, block->column,
                     place->row, place->column);
        fuzz_require(!same || !place->ended, "table %d, row %d, column %d: a block behind the cell's end: %s",
                     block->table, block->row, block->column, block->text);
        fuzz_require(same || place->ended || place->row < 0, "table %d, row %d, column %d has no end", block->table,
                     place->row, place->column);
        *place = (struct table_place){ block->row, block->column, (block->marks & MARK_CELL_END) != 0 };
}

void require_document(const struct document *document)
{
        fuzz_require(document->rendering < RENDERING_MAX, "rendering %d", (int) document->rendering);
        fuzz_require(document->block_count <= LIMIT_DOCUMENT_BLOCKS, "%u blocks", document->block_count);
        fuzz_require(document->table_count >= 0 && document->table_count <= (int) LIMIT_TABLE_CELLS, "%d tables",
                     document->table_count);
        g_autofree struct table_place *places = g_new(struct table_place, document->table_count + 1);
        for (int i = 0; i < document->table_count; i++)
                places[i] = (struct table_place){ -1, -1, false };
        for (guint i = 0; i < document->block_count; i++) {
                const struct block *block = document_block(document, i);
                require_block(document, block);
                if (block->table >= 0)
                        require_order(&places[block->table], block);
        }
        for (guint i = 0; i < document->warnings->len; i++)
                require_line("a document's warning", g_ptr_array_index(document->warnings, i));
}

/* --- labels --- */

static void require_label_list(const GPtrArray *list)
{
        fuzz_require(!list || list->len <= LABEL_REPORT_MAX, "%u labels", list->len);
        for (guint i = 0; list && i < list->len; i++) {
                const char *label = g_ptr_array_index(list, i);
                require_line("a label", label);
                fuzz_require(!text_is_blank(label), "a blank label");
                fuzz_require(g_utf8_strlen(label, -1) <= (glong) LABEL_REPORT_CHARS_MAX, "a long label: %s", label);
                for (guint k = 0; k < i; k++)
                        fuzz_require(strcmp(label, g_ptr_array_index(list, k)) != 0, "a label twice: %s", label);
        }
}

void require_labels(const struct label_report *labels)
{
        require_label_list(labels->unknown);
        require_label_list(labels->missing);
}

void require_archive_name(const char *name)
{
        size_t size = strlen(name);
        fuzz_require(size > 0 && size <= 200, "an archive name of %zu bytes", size);
        fuzz_require(name[0] != '/' && name[0] != '.' && name[size - 1] != '/', "archive name %s", name);
        fuzz_require(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._/-") == size, "archive name %s", name);
        fuzz_require(!strstr(name, "..") && !strstr(name, "//") && !strstr(name, "/."), "archive name %s", name);
}

/* --- whole extractions --- */

static void extract(const struct feed *feed, const struct document *document, enum bulletin_kind kind,
                    struct bulletin **ret_bulletin, struct label_report *labels)
{
        *ret_bulletin = bulletin_new();
        (*ret_bulletin)->kind = kind;
        (*ret_bulletin)->feed = g_strdup(feed->name);
        label_report_init(labels);
        feed->extract(document, kind, *ret_bulletin, labels);
}

/* One document in so many is extracted twice, which takes as long as all the rest. */
#define SAME_AGAIN_SHARE 4u

static void require_same_again(const struct feed *feed, const struct document *document, const struct bulletin *first)
{
        struct bulletin *again;
        struct label_report labels;
        enum bulletin_kind kind = feed->recognise(document);
        fuzz_require(kind == first->kind, "recognised as %s, then as %s", bulletin_kind_name(first->kind),
                     bulletin_kind_name(kind));
        extract(feed, document, kind, &again, &labels);
        g_autofree char *a = bulletin_to_text(first), *b = bulletin_to_text(again);
        fuzz_require(strcmp(a, b) == 0, "extracted again it says\n%s\nand not\n%s", b, a);
        label_report_clear(&labels);
        bulletin_free(again);
}

void require_extraction(const struct document *document)
{
        for (const struct feed *const *feed = feed_all(); *feed; feed++) {
                enum bulletin_kind kind = (*feed)->recognise(document);
                fuzz_require(kind < BULLETIN_KIND_MAX, "kind %d", (int) kind);
                struct bulletin *bulletin;
                struct label_report labels;
                extract(*feed, document, kind, &bulletin, &labels);
                require_bulletin(bulletin);
                require_grounded(bulletin, document);
                require_labels(&labels);
                g_autofree char *name = (*feed)->archive_name(bulletin);
                require_archive_name(name);
                if (document->block_count % SAME_AGAIN_SHARE == 0)
                        require_same_again(*feed, document, bulletin);
                label_report_clear(&labels);
                bulletin_free(bulletin);
        }
}

void require_result(const struct reader_result *result, const void *data, size_t size)
{
        bool refused = result->outcome == READER_REFUSED, recognised = result->outcome == READER_RECOGNISED;
        fuzz_require(result->outcome < READER_OUTCOME_MAX, "outcome %d", (int) result->outcome);
        fuzz_require(refused == (result->bulletin == NULL), "outcome %d with a wrong bulletin", (int) result->outcome);
        fuzz_require(refused == (result->text == NULL), "outcome %d with a wrong text", (int) result->outcome);
        fuzz_require(recognised == (result->archive_name != NULL), "outcome %d with a wrong archive name",
                     (int) result->outcome);
        fuzz_require(recognised == (result->reason == NULL), "outcome %d with a wrong reason: %s",
                     (int) result->outcome, result->reason ? result->reason : "none");
        require_text("the text", result->text);
        require_line("the reason", result->reason);
        require_labels(&result->labels);
        if (refused)
                return;
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256(data, size, digest);
        fuzz_require(g_strcmp0(result->bulletin->mail.sha256, digest) == 0, "the digest is of other bytes");
        fuzz_require(recognised == (result->bulletin->kind != BULLETIN_UNKNOWN), "outcome %d and kind %s",
                     (int) result->outcome, bulletin_kind_name(result->bulletin->kind));
        fuzz_require(recognised == (result->bulletin->feed != NULL), "outcome %d and feed %s", (int) result->outcome,
                     result->bulletin->feed ? result->bulletin->feed : "none");
        require_bulletin(result->bulletin);
        if (recognised)
                require_archive_name(result->archive_name);
}
