/* SPDX-License-Identifier: MIT */
/*
 * HotFix Report's kinds other than alert: how each is recognised, and what their rules share. The labels of an alert's
 * page mean nothing here: 対策 or 概要 is a word of the prose.
 */
#ifndef INGEST_HOTFIX_KINDS_H
#define INGEST_HOTFIX_KINDS_H

#include "ingest/hotfix_p.h"

/* Whether this line is the title of such a message. */
bool hotfix_is_weekly_title(const struct page *page, guint at);
bool hotfix_is_tips_title(const struct page *page, guint at);
/* at: a line with "HotFix Alert"; whether it is that of an advance notice (事前通知版). */
bool hotfix_is_notice_title(const struct page *page, guint at);
/* Whether a news item begins at this line, with its tag and the labels below it. */
bool hotfix_is_news_head(const struct page *page, guint at);
/* Whether the page holds a news item anywhere, or its three labels without a tag. */
bool hotfix_is_news(const struct page *page);

void hotfix_read_weekly(struct page *page);
void hotfix_read_notice(struct page *page);
void hotfix_read_news(struct page *page);
void hotfix_read_tips(struct page *page);

/* The words of a line in key form: those of an image that stands alone are its alternative text. Newly allocated. */
char *hotfix_line_words(const struct line *line);

/* --- titles --- */

/* What follows the lower-case words on their line, or NULL where the line is no title that begins with them. */
const char *hotfix_match_titled(const char *key, const char *lower_words);
/* "Subject:", as a forwarder copies it above the text: it is not the message's own title. */
bool hotfix_is_subject_line(const char *key);
/* Reads the title at this line and the edition's date on it or close below; returns the line behind them. */
guint hotfix_read_titled_edition(struct page *page, guint at, const char *rest);
/* Whether what follows a date is 版, a day of the week in brackets, or nothing. */
bool hotfix_is_date_end(const char *rest);
/* 登録日 and 更新日 in lines of their own between these: nothing is said if they are missing. */
void hotfix_read_own_dates(struct page *page, guint from, guint end);
/* The first date anywhere in the key: its place, or NULL. */
const char *hotfix_find_date(const char *key, char ret_date[BULLETIN_DATE_SIZE]);

/* --- numbers --- */

/* The security and article numbers that the text, in comparison form, begins with: the bytes they take. Each security
 * number with the article numbers behind it is one struct bulletin_entry, appended; so are article numbers alone. In a
 * row, what follows the numbers is a title, whose own digits are none. */
size_t hotfix_match_numbers(const char *normal, bool in_row, GPtrArray *ret_entries);
/* Whether the text is nothing but numbers, words for "none", or addresses, which give a number if nothing else does. */
bool hotfix_read_numbers(const char *normal, GPtrArray *ret_entries);
/* The numbers that addresses on this line name, where its text names none. */
void hotfix_read_linked_numbers(const struct block *block, GPtrArray *ret_entries);
GPtrArray *hotfix_entries_new(void);

/* --- items: a tag, a title, and labels --- */

enum item_label { ITEM_NUMBER, ITEM_ARTICLE, ITEM_UPDATED, ITEM_REGISTERED, ITEM_LABEL_MAX };

struct item {
        guint tag, title_end;       /* the lines of its tag and title */
        guint first, end;           /* those of its labels and their values */
        char *type, *title;         /* what the tag's brackets hold; tag and title as they stand */
        char *bare_title;           /* without the tag */
        guint known;                /* labels found */
        struct item_value {
                guint line, end;
                char *text; /* in comparison form; NULL: no such label */
        } labels[ITEM_LABEL_MAX];
};

/* The first item whose tag is between the lines; false if there is none. */
bool hotfix_item_find(const struct page *page, guint from, guint end, struct item *ret_item);
/* The labels that begin at this line, without a tag. */
bool hotfix_item_read_labels(const struct page *page, guint at, struct item *ret_item);
void hotfix_item_clear(struct item *item);
/* "[不具合情報] …": the bytes of the key that the tag takes, or 0; *ret_type (may be NULL) is what its brackets hold. */
size_t hotfix_match_tag(const char *key, char **ret_type);
/* Whether the line begins with one of an item's labels. */
bool hotfix_is_item_label(const struct line *line);
/* The label's name as the feed writes it. */
const char *hotfix_item_label_text(enum item_label label);
/* What the item is about, one entry a security number, appended. ret_whole (may be NULL): for the labels of numbers,
 * whether their values held nothing else. */
void hotfix_item_numbers(const struct page *page, const struct item *item, GPtrArray *ret_entries,
                         bool ret_whole[ITEM_LABEL_MAX]);
/* The same as entries of the bulletin, with the item's type and title; one at least if always. */
void hotfix_item_add_entries(struct page *page, const struct item *item, bool always);

/* --- prose --- */

/* Forgets what the page's lines are to an alert, and finds the heads and the footer from this line on. */
void hotfix_prose_prepare(struct page *page, guint first);
/* Makes the lines a head of a section. */
void hotfix_prose_add_head(struct page *page, guint first, guint end);
/* All text from the line on that no rule has taken, and the links. */
void hotfix_prose_read(struct page *page, guint first);

#endif
