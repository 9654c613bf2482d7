/* SPDX-License-Identifier: MIT */
#include "tests/hotfix_pages.h"

#include <check.h>
#include <string.h>

#include "ingest/feed.h"
#include "ingest/html.h"
#include "ingest/text_document.h"

struct document *page_of_text(const char *text)
{
        struct document *document = NULL;
        g_autofree char *copy = g_strdup(text);
        ck_assert_int_eq(text_document_read(copy, NULL, &document, NULL), 0);
        return document;
}

struct document *page_of_html(const char *html)
{
        struct document *document = NULL;
        html_prepare();
        ck_assert_int_eq(html_read(html, strlen(html), &document, NULL), 0);
        return document;
}

struct bulletin *extract_labels(struct document *document, struct label_report *ret_labels)
{
        enum bulletin_kind kind;
        const struct feed *feed = feed_recognise(document, &kind);
        ck_assert_ptr_eq(feed, &feed_hotfix_report);
        struct bulletin *b = bulletin_new();
        label_report_init(ret_labels);
        feed->extract(document, kind, b, ret_labels);
        document_free(document);
        return b;
}

struct bulletin *extract_as(enum bulletin_kind kind, struct document *document)
{
        enum bulletin_kind recognised;
        const struct feed *feed = feed_recognise(document, &recognised);
        ck_assert_ptr_eq(feed, &feed_hotfix_report);
        ck_assert_int_eq(recognised, kind);
        struct bulletin *b = bulletin_new();
        struct label_report labels;
        label_report_init(&labels);
        feed->extract(document, kind, b, &labels);
        label_report_clear(&labels);
        document_free(document);
        return b;
}

struct bulletin *extract_text(const char *text)
{
        return extract_as(BULLETIN_ALERT, page_of_text(text));
}

struct bulletin *extract_html(const char *html)
{
        return extract_as(BULLETIN_ALERT, page_of_html(html));
}

struct bulletin *extract_top(const char *top)
{
        g_autofree char *text = g_strconcat("HotFix Alert:2007/09/12版\n【登録日】2007/09/12\n【更新日】2007/09/12\n",
                                            top, "MS07-901/990101\n帳票サーバの欠陥\n(帳票サーバの脆弱性)\n", NULL);
        return extract_text(text);
}

struct bulletin *extract_urgency(const char *measure, const char *line)
{
        g_autofree char *text = g_strconcat("HotFix Alert:2007/09/12版\n深刻度\n1(緊急)\n  2(重要)\n  3(警告)\n  4(注意)\n対策\n",
                                            measure, "\nMS07-901/990101\n帳票サーバの欠陥\n(帳票サーバの脆弱性)\n\n", line,
                                            "\n\n危険性\nSP待ち\n早期適用\n緊急適用\n", NULL);
        return extract_text(text);
}

void check_field(const struct bulletin *b, enum bulletin_field field, int value)
{
        const struct choice *choice = &b->fields[field];
        ck_assert_msg(choice->present && choice->value == value && choice->basis != BASIS_UNDETERMINED,
                      "%s is %d, not %d (%s)", bulletin_field_path(field), choice->value, value,
                      choice->reason ? choice->reason : "no reason");
}

void check_undetermined(const struct bulletin *b, enum bulletin_field field, const char *part_of_reason)
{
        const struct choice *choice = &b->fields[field];
        ck_assert(choice->present);
        ck_assert_msg(choice->basis == BASIS_UNDETERMINED && choice->value == 0, "%s is determined: %d",
                      bulletin_field_path(field), choice->value);
        ck_assert_ptr_nonnull(choice->reason);
        ck_assert_msg(strstr(choice->reason, part_of_reason) != NULL, "%s: the reason is \"%s\"",
                      bulletin_field_path(field), choice->reason);
}

void check_warning(const struct bulletin *b, const char *part)
{
        for (guint i = 0; i < b->warnings->len; i++)
                if (strstr(g_ptr_array_index(b->warnings, i), part))
                        return;
        ck_abort_msg("no warning has \"%s\" (of %u)", part, b->warnings->len);
}

void check_no_warnings(const struct bulletin *b)
{
        ck_assert_msg(b->warnings->len == 0, "%u warnings, the first: %s", b->warnings->len,
                      b->warnings->len > 0 ? (char *) g_ptr_array_index(b->warnings, 0) : "");
}

void check_no_warning(const struct bulletin *b, const char *part)
{
        for (guint i = 0; i < b->warnings->len; i++)
                ck_assert_msg(!strstr(g_ptr_array_index(b->warnings, i), part), "a warning says: %s",
                              (char *) g_ptr_array_index(b->warnings, i));
}
