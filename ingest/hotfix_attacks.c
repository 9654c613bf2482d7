/* SPDX-License-Identifier: MIT */
/*
 * 可能性のある攻撃: nine labels in cells, and below them one cell each with a mark where it applies. There may be more cells
 * than labels; the first nine count. Where the marks were images that are gone, nothing is known.
 */
#include <string.h>

#include "ingest/hotfix_p.h"

#define COLUMNS 9u
/* More than a mark: the row has ended. */
#define MARK_CHARACTERS_MAX 3

static const enum bulletin_field columns[COLUMNS] = {
        FIELD_ATTACK_REMOTE,         FIELD_ATTACK_WORM,
        FIELD_ATTACK_EMAIL,          FIELD_ATTACK_WEB,
        FIELD_IMPACT_CODE_EXECUTION, FIELD_IMPACT_PRIVILEGE_ELEVATION,
        FIELD_IMPACT_INFORMATION_DISCLOSURE, FIELD_IMPACT_DENIAL_OF_SERVICE,
        FIELD_IMPACT_SPOOFING,
};

static void set_all_undetermined(struct page *page, const char *reason)
{
        for (guint i = 0; i < COLUMNS; i++)
                bulletin_set_undetermined(page->bulletin, columns[i], NULL, reason);
}

static bool are_labels(const GPtrArray *cells, guint at)
{
        for (guint i = 0; i < COLUMNS; i++)
                if (hotfix_word_value(hotfix_words_attack, cell_at(cells, at + i)->key) != (int) columns[i])
                        return false;
        return true;
}

/* The first of the nine label cells, or -1. */
static int find_labels(const GPtrArray *cells)
{
        for (guint i = 0; i + COLUMNS <= cells->len; i++)
                if (are_labels(cells, i))
                        return (int) i;
        return -1;
}

/* The mark cells are the next nine, and where the rows of a table are known, in the row below. */
static const char *check_row(const GPtrArray *cells, guint labels)
{
        guint marks = labels + COLUMNS;
        if (cells->len < marks + COLUMNS)
                return "the row of marks has fewer than nine cells";
        const struct block *label = cell_at(cells, labels)->block;
        for (guint i = marks; i < marks + COLUMNS; i++) {
                const struct cell *cell = cell_at(cells, i);
                if (!cell->ended || g_utf8_strlen(cell->key, -1) > MARK_CHARACTERS_MAX)
                        return "the row of marks has fewer than nine cells";
                if (label->table >= 0 && (cell->block->table != label->table || cell->block->row != label->row + 1))
                        return "the row of marks has fewer than nine cells";
        }
        return NULL;
}

static bool is_one_of(const char *key, const char *const *set)
{
        return g_strv_contains(set, key);
}

static const char *const yes_marks[] = { "○", "◯", "〇", "●", "◎", "✓", "✔", NULL };
static const char *const no_marks[] = { "×", "✕", "-", "―", NULL };

static const char *image_text(const struct cell *cell)
{
        return cell->image_alt ? cell->image_alt : "";
}

struct row {
        struct cell *cells[COLUMNS];
        guint images, bare; /* cells that are an image without text; cells with neither */
        bool images_same;
};

static void look_at_row(const GPtrArray *cells, guint first, struct row *ret_row)
{
        const char *alt = NULL;
        *ret_row = (struct row){ .images_same = true };
        for (guint i = 0; i < COLUMNS; i++) {
                struct cell *cell = ret_row->cells[i] = cell_at(cells, first + i);
                if (cell->key[0])
                        continue;
                if (!cell->has_image) {
                        ret_row->bare++;
                        continue;
                }
                ret_row->images++;
                if (alt && !g_str_equal(alt, image_text(cell)))
                        ret_row->images_same = false;
                alt = image_text(cell);
        }
}

/* ANSWER_YES, ANSWER_NO, or 0 where the cell does not tell. */
static int judge_cell(const struct row *row, const struct cell *cell)
{
        if (cell->key[0])
                return is_one_of(cell->key, yes_marks) ? ANSWER_YES : is_one_of(cell->key, no_marks) ? ANSWER_NO : 0;
        if (!cell->has_image)
                return ANSWER_NO;
        if (is_one_of(image_text(cell), yes_marks))
                return ANSWER_YES;
        if (row->images_same)
                return row->bare > 0 ? ANSWER_YES : 0; /* the same image in every cell is no mark */
        return *image_text(cell) ? 0 : ANSWER_NO; /* a spacer among images that are marks */
}

static void read_row(struct page *page, const GPtrArray *cells, guint first)
{
        struct row row;
        look_at_row(cells, first, &row);
        if (row.bare == COLUMNS) {
                set_all_undetermined(page, "no cell below the labels holds a mark");
                return;
        }
        for (guint i = 0; i < COLUMNS; i++) {
                const struct cell *cell = row.cells[i];
                int answer = judge_cell(&row, cell);
                const char *text = cell->text[0] ? cell->text : cell->has_image ? cell->image_alt : NULL;
                if (answer)
                        bulletin_set_field(page->bulletin, columns[i], BASIS_STATED, answer, text, NULL);
                else
                        bulletin_set_undetermined(page->bulletin, columns[i], text,
                                                  "the cell does not hold a known mark");
        }
        hotfix_page_take(page, cell_at(cells, first)->first, cell_at(cells, first + COLUMNS - 1)->end);
}

void hotfix_read_attacks(struct page *page)
{
        gint at = page->first[LABEL_ATTACKS];
        if (at < 0) {
                set_all_undetermined(page, "the mail has no table 可能性のある攻撃");
                return;
        }
        guint end = hotfix_page_region_end(page, (guint) at);
        g_autoptr(GPtrArray) cells = hotfix_page_cells(page, (guint) at + 1, end);
        int labels = find_labels(cells);
        const char *reason = labels < 0 ? "the marks of 可能性のある攻撃 stand in no cells: their places are lost"
                                        : check_row(cells, (guint) labels);
        if (reason)
                set_all_undetermined(page, reason);
        else
                read_row(page, cells, (guint) labels + COLUMNS);
}
