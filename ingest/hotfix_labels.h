/* SPDX-License-Identifier: MIT */
/*
 * The words of HotFix Report: its labels, the values they take, its section heads. All in the form that rules compare
 * in: NFKC with every space taken out ("key form"), so that full-width letters and spaces inside a label are no
 * difference.
 */
#ifndef INGEST_HOTFIX_LABELS_H
#define INGEST_HOTFIX_LABELS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* g_str_has_prefix, for the many places that look for one that is hardly ever there. */
static inline bool hotfix_has_prefix(const char *text, const char *prefix)
{
        while (*prefix && *text == *prefix) {
                text++;
                prefix++;
        }
        return !*prefix;
}

enum hotfix_label {
        LABEL_NONE,
        /* The table at the top, in its usual order. */
        LABEL_SEVERITY,
        LABEL_EXPLOIT_CODE,
        LABEL_MEASURE,
        LABEL_RESTART,
        LABEL_UNINSTALL,
        LABEL_ENVIRONMENT,
        LABEL_SECURITY_BULLETIN,
        LABEL_SUPPORT_ARTICLE,
        LABEL_QUESTIONS,
        LABEL_HISTORY,
        LABEL_SUPERSEDES,
        LABEL_CVES,
        /* Between the top and the prose. */
        LABEL_IDENTIFIER,
        LABEL_RESPONSE,        /* 対応策, to 2004-04 */
        LABEL_RESPONSE_LEVEL,  /* 緊急対応度, 2004-07 to 2006-05 */
        LABEL_RESPONSE_URGENCY, /* 対応の緊急性, 2006-06 on */
        LABEL_RISK,
        LABEL_ATTACKS,
        /* Further down; each can occur many times. */
        LABEL_SECTION,
        LABEL_PRODUCT, /* "Windows Vista:" before a table of files */
        LABEL_TABLE_AFFECTED,
        LABEL_TABLE_TESTS,
        LABEL_TABLE_DOWNLOADS,
        LABEL_TABLE_FILES,
        LABEL_TABLE_MINUTES,
        LABEL_FOOTER,
        LABEL_UNKNOWN, /* in a label's place of the top table, and none of the above */
        LABEL_MAX
};

struct hotfix_word {
        const char *key;
        int value;
};

/* Each ends with a row whose key is NULL. */
extern const struct hotfix_word hotfix_words_severity[];
extern const struct hotfix_word hotfix_words_environment[]; /* values: enum bulletin_field */
extern const struct hotfix_word hotfix_words_urgency[];     /* every wording of every era */
extern const struct hotfix_word hotfix_words_exploit_code[];
extern const struct hotfix_word hotfix_words_restart[];
extern const struct hotfix_word hotfix_words_uninstall[];
extern const struct hotfix_word hotfix_words_attack[]; /* the nine columns in order; values: enum bulletin_field */

/* The value of a whole word, 0 if the table does not have it. */
int hotfix_word_value(const struct hotfix_word *words, const char *key);
/* The longest word that the key starts with, or NULL. */
const struct hotfix_word *hotfix_word_prefix(const struct hotfix_word *words, const char *key);
guint hotfix_word_count(const struct hotfix_word *words);

/* A label as the feed writes it ("深刻度"), for messages. */
const char *hotfix_label_text(enum hotfix_label label);

/* The label from first to last that the line starts with, as the whole line or with a colon or a space behind it.
 * normal is the line's comparison form; *ret_length becomes the bytes of the key that label and colon take. */
enum hotfix_label hotfix_label_match(const char *normal, const char *key, enum hotfix_label first,
                                     enum hotfix_label last, size_t *ret_length);

/* Whether the key is a section's head: a known one, plain or between dots, any text between dots, or one with ■. */
bool hotfix_is_section_head(const char *key);
/* Whether the key is one of the heads that the feed is known to have, plain or between dots. */
bool hotfix_is_known_head(const char *key);
/* The head without the dots around it; newly allocated. text is in its original form. */
char *hotfix_section_heading(const char *text);
bool hotfix_is_footer(const char *key);
/* What heads and footers begin with, one after the other; NULL behind the last. */
const char *hotfix_head_starts(size_t i);
const char *hotfix_footer_starts(size_t i);
/* "詳細", "HFR BBS会議室": what is only a link. */
bool hotfix_is_link_line(const char *key);

/* normal without its spaces and characters without width; newly allocated. */
char *hotfix_key(const char *normal);
/* The same to a place with room for all of normal; returns its bytes without the NUL behind them. */
size_t hotfix_put_key(char *to, const char *normal);

#endif
