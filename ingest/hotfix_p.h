/* SPDX-License-Identifier: MIT */
/*
 * What the rules for HotFix Report share: the page, i.e. the document's blocks with the label each of them carries.
 *
 * A label counts only in its place: those of the top table between 深刻度 and the identifier line, those of the middle
 * before the first section's head, heads and tables after it. So a word of a label inside prose is never one.
 */
#ifndef INGEST_HOTFIX_P_H
#define INGEST_HOTFIX_P_H

#include "common/bulletin.h"
#include "common/label_report.h"
#include "common/limits.h"
#include "ingest/document.h"
#include "ingest/hotfix_labels.h"

/* What a line may be, by the character that its key begins with: where a bit is missing, it surely is not that. */
enum hotfix_kind {
        KIND_LABEL = 1 << 0,      /* hotfix_line_label */
        KIND_HEAD = 1 << 1,       /* hotfix_is_section_head */
        KIND_TABLE = 1 << 2,      /* hotfix_match_table */
        KIND_FOOTER = 1 << 3,     /* hotfix_is_footer */
        KIND_IDENTIFIER = 1 << 4, /* hotfix_match_identifier */
        KIND_MAIL_HEADER = 1 << 5, /* hotfix_is_mail_header */
        KIND_RULER = 1 << 6,      /* hotfix_is_ruler holds */
};

struct line {
        const struct block *block;
        const char *key; /* block->normal without spaces: itself, behind the page's lines or among the joined ones */
        unsigned kinds;  /* enum hotfix_kind; set with the key */
        enum hotfix_label label;
        size_t label_length; /* bytes of key that the label and its colon take */
        bool taken;          /* a rule has read it into a field: it is not prose */
};

struct page {
        const struct document *document;
        struct bulletin *bulletin;
        struct label_report *labels; /* to be filled; NULL while a page is only recognised */
        struct line *lines; /* behind them the keys of those whose own text is none, one behind the other */
        GPtrArray *joined; /* those that were put together since, or NULL */
        guint count;
        guint first_identifier; /* the first identifier line of all; count if there is none */
        guint second; /* see hotfix_find_second */
        guint top;    /* the first label of the top table; count if there is none */
        guint middle; /* the identifier line or, without one, where the top ends */
        guint body;   /* the first section's head; count if there is none */
        gint first[LABEL_MAX]; /* the first line of each label, or -1 */
        /* What the severity list taught about marks: NULL, or the chosen option's mark and the others'. */
        char *chosen_mark, *other_mark;
        char *common_mark; /* stands before every severity and singles none out, or NULL */
        guint titles_end; /* the line behind the titles, once hotfix_read_identifier has found them */
        bool is_wrapped;     /* plain lines of which none is longer than a mail program makes them */
        bool marks_are_lost; /* the severity list shows that this document has neither marks nor indentation */
};

/* One line of a label's value: the rest of the label's own line, or a line below it. */
struct piece {
        const char *text; /* original */
        const char *key;
        const struct block *block;
        bool beside_label; /* on the label's own line */
        bool continues;    /* the mail was wrapped before it */
};

/* bulletin and labels are set by who has it read. */
void hotfix_page_init(struct page *page, const struct document *document);
void hotfix_page_clear(struct page *page);

/* For hotfix_page_init: the first line of the top table, and of the identifier from this line on; page->count for
 * none. */
guint hotfix_find_top(const struct page *page);
guint hotfix_find_identifier(const struct page *page, guint from);
/* Where a second bulletin begins, quoted below the first: its 登録日, behind the first one's identifier. What stands there
 * is no field of the first. page->count for none. */
guint hotfix_find_second(const struct page *page);
void hotfix_line_set_key(struct line *line, const char *key);
/* For hotfix_page_init: the document's blocks as lines with their keys. */
void hotfix_page_read_lines(struct page *page);
/* The closer look at a line that may carry a label: see hotfix_line_label. */
enum hotfix_label hotfix_find_label(const struct line *line, enum hotfix_label first, enum hotfix_label last,
                                    size_t *ret_length);
/* The label that the line carries, from first to last, by its text or its image; *ret_length as in
 * hotfix_label_match. */
static inline enum hotfix_label hotfix_line_label(const struct line *line, enum hotfix_label first,
                                                  enum hotfix_label last, size_t *ret_length)
{
        *ret_length = 0;
        if (line->key[0] ? !(line->kinds & KIND_LABEL) : !line->block->image_alt)
                return LABEL_NONE;
        return hotfix_find_label(line, first, last, ret_length);
}

/* The key of a line that is only an image: what its alternative text says, as heads and labels were often pictures. Of
 * any other line, its own. Newly allocated. */
char *hotfix_image_key(const struct line *line);
/* The table whose header begins at this line, which may be one; or LABEL_NONE. */
enum hotfix_label hotfix_match_table(const struct page *page, guint at);
/* "From:", "件名:": a line of the head of a mail that was forwarded. */
bool hotfix_is_mail_header(const char *key);
/* A cell of no more lines may be a label or a table's head that was broken to fit its column. */
#define HOTFIX_BROKEN_LINES_MAX 4u

/* The lines from a labelled one to the next labelled one: first becomes the line behind the label's own. */
guint hotfix_page_region_end(const struct page *page, guint label_line);

/* The value of a label: an array of struct piece (g_array_unref), or NULL where the label does not occur. */
GArray *hotfix_page_value(const struct page *page, enum hotfix_label label);
#define piece_at(pieces, i) (&g_array_index((pieces), struct piece, (i)))

/* "MS07-028" at the start of the key; returns its bytes, or 0. ret_id may be NULL. */
size_t hotfix_match_id(const char *key, char **ret_id);
/* Whether the key is an identifier line; ret_id and ret_kbs (an array of char *, appended to) may be NULL. */
bool hotfix_match_identifier(const char *key, char **ret_id, GPtrArray *ret_kbs);

/* The part of text behind the characters that make up the first size bytes of its key. */
const char *hotfix_text_behind(const char *text, const char *key, size_t size);

/* The bytes of text whose comparison form is normal, a short text; 0 if it does not start with it. */
size_t hotfix_measure_prefix(const char *text, const char *normal);

/* Whether a space belongs between two wrapped lines, of which one ends and the other begins so: only between ASCII. */
static inline bool hotfix_are_words(char last, char first)
{
        return (unsigned char) last < 0x80 && (unsigned char) first < 0x80 && last != ' ';
}

/* Appends a line to a text that was wrapped at the end of the previous one. */
void hotfix_append_wrapped(GString *out, const char *text);

/* Neither letters nor digits, or nothing at all. */
bool hotfix_is_symbols(const char *key);

/* A line that is drawn, "-----" or "━━━━━": it ends a table, and says nothing. */
bool hotfix_is_ruler(const char *key);

/* A copy, cut at the length that one text of a bulletin may have. */
char *hotfix_bounded(const char *text);
#define HOTFIX_BOUNDED_BYTES 8000u /* what is not longer is never cut */
/* Lists of a bulletin are cut at this many members. */
#define HOTFIX_LIST_MAX LIMIT_LIST_MEMBERS
#define HOTFIX_LINKS_MAX LIMIT_LINKS

/* The non-blank pieces, one a line, bounded. Newly allocated; "" for none. */
char *hotfix_pieces_text(const GArray *pieces);
/* The same in key form, all in one. */
char *hotfix_pieces_key(const GArray *pieces);

/* A table's cell, or a line where there are no cells. */
struct cell {
        const char *text;  /* its lines joined as wrapped ones */
        const char *lines; /* its lines with line ends */
        const char *key;
        char *owned_text, *owned_lines, *owned_key; /* what of these is not its only line's */
        const struct block *block; /* its first */
        bool has_image;
        const char *image_alt; /* or NULL */
        guint first, end; /* lines of the page */
        bool ended; /* by MARK_CELL_END */
};

/* The cells from line first to end, empty ones included; an array of struct cell that frees what they own. */
GArray *hotfix_page_cells(const struct page *page, guint first, guint end);
#define cell_at(cells, i) (&g_array_index((cells), struct cell, (i)))

/* For hotfix_page_init: the value of is_wrapped. */
bool hotfix_page_is_wrapped(const struct page *page);

/* Whether the mail was wrapped between the line before, whose block is given, and line i. */
bool hotfix_line_continues(const struct page *page, guint i, const struct block *before);

/* The same for a row of a table, of which also "(KB931906)" may be wrapped. */
bool hotfix_row_continues(const struct page *page, guint i, const struct block *before);

/* Marks lines first to end - 1 as read. */
void hotfix_page_take(struct page *page, guint first, guint end);

/* The text of a section or table from first to end without what was taken; newly allocated. */
char *hotfix_page_prose(const struct page *page, guint first, guint end);

/* A date at the start of the key: bytes taken, or 0 if there is none. A date that does not exist gives ret_date "". */
size_t hotfix_match_date(const char *key, char ret_date[BULLETIN_DATE_SIZE]);

/* The date that starts with rest on line at, put together from the lines it was split over; newly allocated. */
char *hotfix_collect_date(const struct page *page, guint at, const char *rest);

/* What stands behind "【登録日】", for word "登録日", in the lines before end; NULL: there is no such label. */
char *hotfix_find_dated(const struct page *page, guint end, const char *word);
/* The line before which an alert's dates stand. */
guint hotfix_dates_end(const struct page *page);

/* Whether a line may be a label by its looks: a short noun; where one is expected any short words. */
bool hotfix_is_label_like(const char *key, bool expected);
/* The words of the unknown label on this line, its whole cell; newly allocated. */
char *hotfix_unknown_label_text(const struct page *page, guint at);
/* For hotfix_page_init: gives LABEL_UNKNOWN to what is one in the top table, which ends at end. */
void hotfix_mark_unknown_labels(struct page *page, guint end);

/* What follows "HotFix Alert:" on its line, or NULL where the line is no such title. */
const char *hotfix_match_alert_title(const char *key);

/* The rules, one file each. They fill page->bulletin. */
void hotfix_read_dates(struct page *page);
void hotfix_read_identifier(struct page *page);
void hotfix_read_severity(struct page *page);
void hotfix_read_environments(struct page *page);
void hotfix_read_top_fields(struct page *page);
void hotfix_read_urgency(struct page *page);
void hotfix_read_attacks(struct page *page);
void hotfix_read_tables(struct page *page);
/* The table of 予想適用時間 whose header is at this line. */
void hotfix_read_deployments(struct page *page, guint label_line);
void hotfix_read_packages(struct page *page);
void hotfix_read_affected(struct page *page); /* these two after the tables that name products */
void hotfix_read_downloads(struct page *page);
void hotfix_read_sections(struct page *page);
void hotfix_read_links(struct page *page);
void hotfix_read_other_kind(struct page *page);
void hotfix_report_labels(struct page *page); /* of an alert, after the rules above: page->labels and warnings */

#endif
