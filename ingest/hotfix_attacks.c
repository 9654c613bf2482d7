/* SPDX-License-Identifier: MIT */
/*
 * 可能性のある攻撃: nine labels in cells, and for each of them a cell with a mark where it applies: below the labels, in one
 * row or several, or beside each. There may be more cells than labels; the first ones count. Where the marks were images
 * that are gone, nothing is known.
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

/* The column whose label the cell is, or -1. */
static int find_column(const struct cell *cell)
{
        int field = hotfix_word_value(hotfix_words_attack, cell->key);
        for (int i = 0; field && i < (int) COLUMNS; i++)
                if ((int) columns[i] == field)
                        return i;
        return -1;
}

/* Labels that follow each other from here on. */
static guint count_labels(const GArray *cells, guint at)
{
        guint count = 0;
        while (count < COLUMNS && at + count < cells->len && find_column(cell_at(cells, at + count)) >= 0)
                count++;
        return count;
}

static bool is_mark_cell(const struct cell *cell)
{
        return cell->ended && g_utf8_strlen(cell->key, -1) <= MARK_CHARACTERS_MAX;
}

/* Outside tables: as many marks as labels stand right behind them. */
static bool find_marks_behind(const GArray *cells, guint at, guint count, struct cell *ret_marks[COLUMNS])
{
        for (guint i = 0; i < count; i++) {
                struct cell *cell = at + count + i < cells->len ? cell_at(cells, at + count + i) : NULL;
                if (!cell || !is_mark_cell(cell))
                        return false;
                ret_marks[i] = cell;
        }
        return true;
}

/* The cells of the table's row that starts at this one. */
static guint count_row(const GArray *cells, guint at)
{
        const struct block *start = cell_at(cells, at)->block;
        guint count = 0;
        while (at + count < cells->len && cell_at(cells, at + count)->block->table == start->table &&
               cell_at(cells, at + count)->block->row == start->row)
                count++;
        return count;
}

static bool is_separator(const GArray *cells, guint at, guint count)
{
        for (guint i = at; i < at + count; i++)
                if (cell_at(cells, i)->key[0])
                        return false;
        return count == 1;
}

static struct cell *find_in_row(const GArray *cells, guint at, guint count, int column)
{
        for (guint i = at; i < at + count; i++)
                if (cell_at(cells, i)->block->column == column)
                        return cell_at(cells, i);
        return NULL;
}

/* In a table: in the row below, each in the column of its label; rows of one empty cell only part the others. */
static bool find_marks_below(const GArray *cells, guint at, guint count, struct cell *ret_marks[COLUMNS])
{
        const struct block *label = cell_at(cells, at)->block;
        guint row = at + count_row(cells, at), size = 0;
        for (; row < cells->len && cell_at(cells, row)->block->table == label->table; row += size) {
                size = count_row(cells, row);
                if (!is_separator(cells, row, size))
                        break;
        }
        if (row >= cells->len || cell_at(cells, row)->block->table != label->table)
                return false;
        for (guint i = 0; i < count; i++) {
                struct cell *cell = find_in_row(cells, row, size, cell_at(cells, at + i)->block->column);
                if (!cell || !is_mark_cell(cell))
                        return false;
                ret_marks[i] = cell;
        }
        return true;
}

/* The marks of the labels from at on; a single one can have its own beside it in its row. */
static bool find_run_marks(const GArray *cells, guint at, guint count, struct cell *ret_marks[COLUMNS])
{
        const struct block *label = cell_at(cells, at)->block;
        if (label->table < 0)
                return find_marks_behind(cells, at, count, ret_marks);
        if (count == 1 && count_row(cells, at) == 2)
                return find_marks_behind(cells, at, count, ret_marks);
        return find_marks_below(cells, at, count, ret_marks);
}

/* The mark's cell for each label: one row of nine, or several rows, or a list. Returns why there are not nine. */
static const char *find_marks(GArray *cells, struct cell *ret_marks[COLUMNS])
{
        guint found = 0, labels = 0;
        for (guint at = 0; at < cells->len;) {
                guint count = count_labels(cells, at);
                struct cell *marks[COLUMNS];
                labels += count;
                if (count > 0 && find_run_marks(cells, at, count, marks)) {
                        for (guint i = 0; i < count; i++) {
                                struct cell **mark = &ret_marks[find_column(cell_at(cells, at + i))];
                                found += *mark == NULL;
                                *mark = marks[i];
                        }
                }
                at += MAX(count, 1);
        }
        if (found == COLUMNS && labels == COLUMNS)
                return NULL;
        return labels < COLUMNS ? "the marks of 可能性のある攻撃 stand in no cells: their places are lost"
                                : "the row of marks has fewer than nine cells";
}

/* Marks that say the same stand in one set; a row that mixes the sets of yes does not tell. */
static const char *const yes_marks[][4] = { { "○", "◯", "〇" }, { "●" }, { "◎" }, { "✓", "✔" } };
static const char *const no_marks[] = { "×", "✕", "-", "―", NULL };

/* The set of yes that the mark belongs to, or -1. */
static int find_yes(const char *key)
{
        for (int i = 0; i < (int) G_N_ELEMENTS(yes_marks); i++)
                if (g_strv_contains(yes_marks[i], key))
                        return i;
        return -1;
}

static const char *image_text(const struct cell *cell)
{
        return cell->image_alt ? cell->image_alt : "";
}

struct row {
        struct cell *cells[COLUMNS];
        guint bare; /* cells with neither text nor image */
        bool images_same;
        int yes; /* the set of yes that the row uses; -1: none, or several */
};

static void look_at_row(struct row *row)
{
        const char *alt = NULL;
        unsigned sets = 0;
        row->images_same = true;
        for (guint i = 0; i < COLUMNS; i++) {
                const struct cell *cell = row->cells[i];
                int yes = find_yes(cell->key[0] ? cell->key : image_text(cell));
                if (yes >= 0)
                        sets |= 1u << yes;
                row->yes = yes >= 0 ? yes : row->yes;
                if (cell->key[0])
                        continue;
                if (!cell->has_image) {
                        row->bare++;
                        continue;
                }
                if (alt && !g_str_equal(alt, image_text(cell)))
                        row->images_same = false;
                alt = image_text(cell);
        }
        if (sets & (sets - 1))
                row->yes = -1;
}

/* ANSWER_YES, ANSWER_NO, or 0 where the cell does not tell. */
static int judge_cell(const struct row *row, const struct cell *cell)
{
        const char *mark = cell->key[0] ? cell->key : image_text(cell);
        int yes = find_yes(mark);
        if (yes >= 0)
                return yes == row->yes ? ANSWER_YES : 0;
        if (g_strv_contains(no_marks, mark))
                return ANSWER_NO;
        if (cell->key[0])
                return 0;
        if (!cell->has_image)
                return ANSWER_NO;
        if (row->images_same)
                return row->bare > 0 ? ANSWER_YES : 0; /* the same image in every cell is no mark */
        return *mark ? 0 : ANSWER_NO; /* a spacer among images that are marks */
}

static void read_row(struct page *page, struct row *row)
{
        look_at_row(row);
        if (row->bare == COLUMNS) {
                set_all_undetermined(page, "no cell below the labels holds a mark");
                return;
        }
        for (guint i = 0; i < COLUMNS; i++) {
                const struct cell *cell = row->cells[i];
                int answer = judge_cell(row, cell);
                const char *text = cell->text[0] ? cell->text : cell->has_image ? cell->image_alt : NULL;
                if (answer)
                        bulletin_set_field(page->bulletin, columns[i], BASIS_STATED, answer, text, NULL);
                else
                        bulletin_set_undetermined(page->bulletin, columns[i], text,
                                                  "the cell does not hold a known mark");
                hotfix_page_take(page, cell->first, cell->end);
        }
}

void hotfix_read_attacks(struct page *page)
{
        gint at = page->first[LABEL_ATTACKS];
        if (at < 0) {
                set_all_undetermined(page, "the mail has no table 可能性のある攻撃");
                return;
        }
        guint end = hotfix_page_region_end(page, (guint) at);
        g_autoptr(GArray) cells = hotfix_page_cells(page, (guint) at + 1, end);
        struct row row = { .yes = -1 };
        const char *reason = find_marks(cells, row.cells);
        if (reason)
                set_all_undetermined(page, reason);
        else
                read_row(page, &row);
}
