/* SPDX-License-Identifier: MIT */
/* A list of options as it stands on the page, each with the mark before it. hotfix_choices.c says which is chosen. */
#ifndef INGEST_HOTFIX_OPTIONS_H
#define INGEST_HOTFIX_OPTIONS_H

#include "ingest/hotfix_p.h"

struct option {
        int value;
        char *text;      /* as the mail words it */
        char *mark;      /* "text:→", "image:alt", "image-source:a.gif", or NULL */
        unsigned indent;
        bool shares_line; /* with another option */
        bool is_unclear; /* words stand before it that are no mark, or there may have been one */
        bool beside_label; /* on the label's own line */
        bool has_gap;    /* there, with space before it: indented, or just set off */
        unsigned cell;   /* number of the cell, counted over the value */
        int table, row, column; /* of its block */
};

struct option_list {
        GPtrArray *options; /* struct option */
        char *unknown;      /* text that is neither option nor mark, or NULL */
        unsigned baseline;  /* indentation of the label */
        bool in_cells;
        bool is_aligned; /* lines stand below the option beside the label, not indented by their own */
        bool is_cut; /* the mail ends within the list */
        bool marks_between; /* a row has its marks between its options: each may belong to the one before or behind */
};

/* NULL where the label does not occur. */
struct option_list *option_list_read(const struct page *page, enum hotfix_label label, const struct hotfix_word *words);
/* Whether the mark says that the option behind it is not chosen: "×", "−", an empty box. */
bool option_mark_denies(const char *mark);
void option_list_free(struct option_list *list);
#define option_at(list, i) ((struct option *) g_ptr_array_index((list)->options, (i)))

#endif
