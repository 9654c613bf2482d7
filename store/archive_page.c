/* SPDX-License-Identifier: MIT */
/* The archive's page of one bulletin. Everything on it comes from the database and nothing from the moment of writing. */
#include "common/append.h"
#include "common/text.h"
#include "store/archive_p.h"

static const char style[] =
        ":root{color-scheme:light dark;--line:#8884;--soft:#8881;--quiet:#666;--from:#a33;--to:#2d6a3e}"
        "@media(prefers-color-scheme:dark){:root{--quiet:#a0a0a0;--from:#ff8f87;--to:#7fcf95}}"
        "body{font:16px/1.7 'Noto Sans JP','Noto Sans CJK JP','Hiragino Sans','Yu Gothic',Meiryo,sans-serif;"
        "max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}"
        "h1{font-size:1.4rem;line-height:1.4;margin:.4rem 0}h2{font-size:1.1rem;margin:2rem 0 .5rem;"
        "border-bottom:1px solid var(--line)}"
        "table{border-collapse:collapse;width:100%;margin:.5rem 0}"
        "th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top}"
        "th{font-weight:600;white-space:nowrap}table.facts th{width:13rem;font-weight:500}"
        "p{margin:.5rem 0;white-space:pre-line;overflow-wrap:anywhere}td{overflow-wrap:anywhere}"
        ".badge{display:inline-block;border-radius:.3rem;padding:.05rem .5rem;color:#fff;background:#666;font-weight:600;"
        "white-space:nowrap}"
        ".s4,.u4{background:#b3001b}.s3,.u3{background:#b34700}.s2,.u2{background:#7a6200}.s1,.u1{background:#2d6a3e}"
        ".unknown{background:#5b3a8c}"
        ".soft{color:var(--quiet)}.warning{border-left:.3rem solid #b34700;background:var(--soft);padding:.3rem .8rem;margin:.3rem 0}"
        "del{color:var(--from);text-decoration:line-through}ins{color:var(--to);text-decoration:none;font-weight:600}"
        ".scroll{overflow-x:auto}";

void archive_begin_head(GString *out)
{
        append_text(out, "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n"
                              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
}

void archive_end_head(GString *out, const char *style_extra)
{
        append_text(out, "</title>\n<style>");
        append_bytes(out, style, sizeof style - 1);
        append_text(out, style_extra);
        append_text(out, "</style>\n</head>\n<body>\n");
}

void archive_add_badge(GString *out, enum bulletin_field field, int value)
{
        const char *name = bulletin_value_name(field, value), *label = bulletin_value_label(field, value);
        if (!name) {
                append_text(out, "<span class=\"badge unknown\">");
                append_text(out, bulletin_field_english(field));
                append_text(out, " undetermined</span>");
                return;
        }
        append_text(out, "<span class=\"badge ");
        append_char(out, field == FIELD_SEVERITY ? 's' : 'u');
        append_number(out, (guint64) value);
        append_text(out, "\">");
        append_text(out, label ? label : "");
        append_char(out, ' ');
        append_text(out, name);
        append_text(out, "</span>");
}

/* Severity and urgency, where this kind of message has them. */
static void append_badges(GString *out, const struct bulletin *b)
{
        static const enum bulletin_field fields[] = { FIELD_SEVERITY, FIELD_URGENCY };
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
                if (b->fields[fields[i]].present) {
                        archive_add_badge(out, fields[i], b->fields[fields[i]].value);
                        append_char(out, ' ');
                }
}

static void append_fact(GString *out, const char *label, const char *value)
{
        if (!value || !value[0])
                return;
        append_text(out, "<tr><th>");
        text_append_escaped(out, label);
        append_text(out, "</th><td>");
        text_append_escaped(out, value);
        append_text(out, "</td></tr>\n");
}

static void append_field(GString *out, const struct bulletin *b, enum bulletin_field field)
{
        const struct choice *choice = &b->fields[field];
        if (!choice->present)
                return;
        const char *name = bulletin_value_name(field, choice->value);
        append_text(out, "<tr><th>");
        text_append_escaped(out, bulletin_field_label(field));
        append_text(out, "</th><td>");
        append_text(out, name ? name : "undetermined");
        if (choice->text && choice->text[0]) {
                append_text(out, " <span class=\"soft\">");
                text_append_escaped(out, choice->text);
                append_text(out, "</span>");
        }
        if (choice->reason) {
                append_text(out, " <span class=\"soft\">(");
                text_append_escaped(out, choice->reason);
                append_text(out, ")</span>");
        }
        append_text(out, "</td></tr>\n");
}

static void append_list(GString *out, const GPtrArray *strings)
{
        for (guint i = 0; i < strings->len; i++) {
                append_text(out, i > 0 ? ", " : "");
                text_append_escaped(out, g_ptr_array_index(strings, i));
        }
}

static void append_listed(GString *out, const char *label, const GPtrArray *strings)
{
        if (strings->len == 0 || (strings->len == 1 && !((const char *) g_ptr_array_index(strings, 0))[0]))
                return;
        append_text(out, "<tr><th>");
        text_append_escaped(out, label);
        append_text(out, "</th><td>");
        append_list(out, strings);
        append_text(out, "</td></tr>\n");
}

static void append_facts(GString *out, const struct bulletin *b)
{
        append_text(out, "<table class=\"facts\">\n");
        append_fact(out, "登録日", b->registered);
        append_fact(out, "更新日", b->updated);
        append_fact(out, "版", b->edition);
        for (int field = 0; field < FIELD_MAX; field++)
                append_field(out, b, (enum bulletin_field) field);
        append_listed(out, "KB", b->kbs);
        append_listed(out, "CVE", b->cves);
        append_listed(out, "含まれる過去の修正", b->supersedes);
        append_text(out, "</table>\n");
}

static void open_table(GString *out, const char *heading, const char *const *titles)
{
        append_text(out, "<h2>");
        text_append_escaped(out, heading);
        append_text(out, "</h2>\n<div class=\"scroll\"><table>\n<tr>");
        for (size_t i = 0; titles[i]; i++) {
                append_text(out, "<th>");
                text_append_escaped(out, titles[i]);
                append_text(out, "</th>");
        }
        append_text(out, "</tr>\n");
}

static void append_cell(GString *out, const char *text)
{
        append_text(out, "<td>");
        text_append_escaped(out, text);
        append_text(out, "</td>");
}

/* Below 0: not known. */
static void append_number_cell(GString *out, int64_t number)
{
        append_text(out, "<td>");
        if (number >= 0)
                append_number(out, (guint64) number);
        append_text(out, "</td>");
}

static void begin_row(GString *out)
{
        append_text(out, "<tr>");
}

static void end_row(GString *out)
{
        append_text(out, "</tr>\n");
}

static void append_affected(GString *out, const struct bulletin *b)
{
        if (b->affected->len == 0)
                return;
        open_table(out, "対象プラットフォーム", (const char *[]) { "影響を受けるソフトウェア", "対象プラットフォーム", NULL });
        for (guint i = 0; i < b->affected->len; i++) {
                const struct affected *a = g_ptr_array_index(b->affected, i);
                begin_row(out);
                append_cell(out, a->software);
                append_cell(out, a->platforms);
                end_row(out);
        }
        append_text(out, "</table></div>\n");
}

static void append_tests(GString *out, const struct bulletin *b)
{
        if (b->tests->len == 0)
                return;
        open_table(out, "適用テストの結果", (const char *[]) { "プラットフォーム", "適用テスト結果", NULL });
        for (guint i = 0; i < b->tests->len; i++) {
                const struct lab_test *t = g_ptr_array_index(b->tests, i);
                const char *name = test_result_name(t->result.value);
                begin_row(out);
                append_cell(out, t->platform);
                append_cell(out, name ? name : "undetermined");
                end_row(out);
        }
        append_text(out, "</table></div>\n");
}

static void append_downloads(GString *out, const struct bulletin *b)
{
        if (b->downloads->len == 0)
                return;
        open_table(out, "修正プログラムのダウンロード先",
                   (const char *[]) { "プラットフォーム", "ダウンロード・センター", "WU/MU/SUS/WSUSの表示", NULL });
        for (guint i = 0; i < b->downloads->len; i++) {
                const struct download *d = g_ptr_array_index(b->downloads, i);
                begin_row(out);
                append_cell(out, d->platform);
                append_cell(out, d->center);
                append_cell(out, d->catalog);
                end_row(out);
        }
        append_text(out, "</table></div>\n");
}

/* The ids are no links: what they name may not be in this archive. */
static void append_entries(GString *out, const struct bulletin *b)
{
        if (b->entries->len == 0)
                return;
        open_table(out, "掲載情報", (const char *[]) { "情報の種類", "セキュリティ番号", "サポート技術情報", "タイトル", NULL });
        for (guint i = 0; i < b->entries->len; i++) {
                const struct bulletin_entry *entry = g_ptr_array_index(b->entries, i);
                begin_row(out);
                append_cell(out, entry->type);
                append_cell(out, entry->id);
                append_text(out, "<td>");
                append_list(out, entry->kbs);
                append_text(out, "</td>");
                append_cell(out, entry->title);
                end_row(out);
        }
        append_text(out, "</table></div>\n");
}

static void append_file(GString *out, const char *product, const struct package_file *file)
{
        if (!file)
                return;
        begin_row(out);
        append_cell(out, product);
        append_cell(out, file->name);
        append_cell(out, file->date);
        append_cell(out, file->version);
        append_number_cell(out, file->size);
        append_cell(out, file->description);
        append_cell(out, file->folder);
        end_row(out);
}

static void append_packages(GString *out, const struct bulletin *b)
{
        if (b->packages->len == 0)
                return;
        open_table(out, "適用されるファイル情報",
                   (const char *[]) { "製品", "ファイル名", "日付", "バージョン", "サイズ", "機能", "展開フォルダ", NULL });
        for (guint i = 0; i < b->packages->len; i++) {
                const struct package *p = g_ptr_array_index(b->packages, i);
                append_file(out, p->product, p->file);
                for (guint k = 0; k < p->files->len; k++)
                        append_file(out, p->product, g_ptr_array_index(p->files, k));
        }
        append_text(out, "</table></div>\n");
}

static void append_deployments(GString *out, const struct bulletin *b)
{
        if (b->deployments->len == 0)
                return;
        open_table(out, "予想適用時間(分)", (const char *[]) { "修正プログラム名", "製品", "50台", "100台", "250台", "500台", NULL });
        for (guint i = 0; i < b->deployments->len; i++) {
                const struct deployment *d = g_ptr_array_index(b->deployments, i);
                begin_row(out);
                append_cell(out, d->package);
                append_cell(out, d->product);
                for (size_t k = 0; k < G_N_ELEMENTS(d->minutes); k++)
                        append_number_cell(out, d->minutes[k]);
                end_row(out);
        }
        append_text(out, "</table></div>\n");
}

static void append_sections(GString *out, const struct bulletin *b)
{
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                append_text(out, "<h2>");
                text_append_escaped(out, section->heading);
                append_text(out, "</h2>\n<p>");
                text_append_escaped(out, section->text);
                append_text(out, "</p>\n");
        }
        for (guint i = 0; i < b->update_expert->len; i++) {
                const struct update_expert *entry = g_ptr_array_index(b->update_expert, i);
                append_text(out, i == 0 ? "<h2>UpdateEXPERT上の表示</h2>\n<p>" : "<p>");
                text_append_escaped(out, entry->product);
                append_text(out, ": ");
                text_append_escaped(out, entry->text);
                append_text(out, "</p>\n");
        }
}

/* Only what a browser may follow without harm becomes a link: the text comes from a mail. */
static bool is_web_link(const char *url)
{
        return url && (g_ascii_strncasecmp(url, "https://", 8) == 0 || g_ascii_strncasecmp(url, "http://", 7) == 0);
}

static void append_links(GString *out, const struct bulletin *b)
{
        if (b->links->len == 0)
                return;
        append_text(out, "<h2>Links</h2>\n<ul>\n");
        for (guint i = 0; i < b->links->len; i++) {
                const struct link *link = g_ptr_array_index(b->links, i);
                append_text(out, "<li>");
                if (is_web_link(link->url)) {
                        append_text(out, "<a rel=\"noopener noreferrer\" href=\"");
                        text_append_escaped(out, link->url);
                        append_text(out, "\">");
                }
                text_append_escaped(out, link->text && link->text[0] ? link->text : link->url);
                append_text(out, is_web_link(link->url) ? "</a></li>\n" : "</li>\n");
        }
        append_text(out, "</ul>\n");
}

static void append_change(GString *out, const struct bulletin_change *change)
{
        append_text(out, "<li>");
        text_append_escaped(out, change->label);
        append_text(out, ": <del>");
        text_append_escaped(out, change->from);
        append_text(out, "</del> → <ins>");
        text_append_escaped(out, change->to);
        append_text(out, "</ins></li>\n");
}

static void append_revisions(GString *out, const GPtrArray *revisions)
{
        append_text(out, "<h2>Revisions</h2>\n<ol>\n");
        for (guint i = 0; i < revisions->len; i++) {
                const struct revision_row *revision = g_ptr_array_index(revisions, i);
                append_text(out, "<li>");
                append_text(out, revision->updated[0] ? revision->updated : "undated");
                append_text(out, revision->current ? " (current) " : " ");
                append_badges(out, revision->content);
                if (revision->variants > 1) {
                        append_text(out, " <span class=\"soft\">");
                        append_number(out, revision->variants);
                        append_text(out, " variants</span>");
                }
                if (revision->changes->len > 0)
                        append_text(out, "\n<ul>\n");
                for (guint k = 0; k < revision->changes->len; k++)
                        append_change(out, g_ptr_array_index(revision->changes, k));
                append_text(out, revision->changes->len > 0 ? "</ul></li>\n" : "</li>\n");
        }
        append_text(out, "</ol>\n");
}

static void append_mails(GString *out, const GPtrArray *mails)
{
        append_text(out, "<h2>Mails</h2>\n<ul>\n");
        for (guint i = 0; i < mails->len; i++) {
                const struct archive_mail *mail = g_ptr_array_index(mails, i);
                append_text(out, "<li><a href=\"");
                text_append_escaped(out, mail->file);
                append_text(out, "\">");
                text_append_escaped(out, mail->subject && mail->subject[0] ? mail->subject : mail->file);
                append_text(out, "</a> <span class=\"soft\">");
                text_append_escaped(out, mail->from);
                append_char(out, ' ');
                text_append_escaped(out, mail->date);
                append_text(out, "</span></li>\n");
        }
        append_text(out, "</ul>\n");
}

/* The way from the page back to index.html: one ".." for each folder in the name. */
static void append_up(GString *out, const char *archive_name)
{
        for (const char *c = archive_name; *c; c++)
                if (*c == '/')
                        append_text(out, "../");
}

static void append_unverified(GString *out, const GPtrArray *mails)
{
        append_text(out, "<div class=\"warning\"><strong>Unverified.</strong> The sender of this bulletin could not be "
                             "verified: it may be forged, and nobody was told of it. ");
        const struct archive_mail *mail = mails->len > 0 ? g_ptr_array_index(mails, 0) : NULL;
        text_append_escaped(out, mail ? mail->unverified : NULL);
        append_text(out, "</div>\n");
}

static void append_head(GString *out, const struct bulletin_row *row)
{
        const struct bulletin *b = row->current;
        archive_begin_head(out);
        append_text(out, row->unverified ? "[unverified] " : "");
        text_append_escaped(out, b->id ? b->id : bulletin_kind_name(b->kind));
        append_char(out, ' ');
        text_append_escaped(out, b->title);
        archive_end_head(out, "");
}

static void append_top(GString *out, const struct bulletin_row *row, const GPtrArray *mails)
{
        const struct bulletin *b = row->current;
        append_text(out, "<p class=\"soft\"><a href=\"");
        append_up(out, row->archive_name);
        append_text(out, "index.html\">Index</a> · ");
        text_append_escaped(out, b->id ? b->id : bulletin_kind_name(b->kind));
        const char *base = archive_name_base(row->archive_name);
        append_text(out, " · <a href=\"");
        append_text(out, base);
        append_text(out, ".json\">JSON</a> · <a href=\"");
        append_text(out, base);
        append_text(out, ".eml\">Mail</a></p>\n<h1>");
        if (b->id) {
                text_append_escaped(out, b->id);
                append_char(out, ' ');
        }
        text_append_escaped(out, b->title);
        append_text(out, "</h1>\n<p class=\"soft\">");
        text_append_escaped(out, b->vendor_title);
        append_text(out, "</p>\n<p>");
        append_badges(out, b);
        append_text(out, "</p>\n");
        if (row->unverified)
                append_unverified(out, mails);
        for (guint i = 0; i < b->warnings->len; i++) {
                append_text(out, "<div class=\"warning\">");
                text_append_escaped(out, g_ptr_array_index(b->warnings, i));
                append_text(out, "</div>\n");
        }
}

void archive_page_render(GString *out, const struct bulletin_row *row, const GPtrArray *revisions,
                         const GPtrArray *mails)
{
        const struct bulletin *b = row->current;
        append_head(out, row);
        append_top(out, row, mails);
        append_facts(out, b);
        append_entries(out, b);
        append_sections(out, b);
        append_affected(out, b);
        append_tests(out, b);
        append_downloads(out, b);
        append_packages(out, b);
        append_deployments(out, b);
        append_links(out, b);
        append_revisions(out, revisions);
        append_mails(out, mails);
        append_text(out, "</body>\n</html>\n");
}
