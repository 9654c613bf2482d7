/* SPDX-License-Identifier: MIT */
/* The archive's page of one bulletin. Everything on it comes from the database and nothing from the moment of writing. */
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

void archive_begin_head(struct archive_text *out)
{
        archive_text_add(out, "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n"
                              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
}

void archive_end_head(struct archive_text *out, const char *style_extra)
{
        archive_text_add(out, "</title>\n<style>");
        archive_text_put(out, style, sizeof style - 1);
        archive_text_add(out, style_extra);
        archive_text_add(out, "</style>\n</head>\n<body>\n");
}

void archive_add_badge(struct archive_text *out, enum bulletin_field field, int value)
{
        const char *name = bulletin_value_name(field, value), *label = bulletin_value_label(field, value);
        if (!name) {
                archive_text_add(out, "<span class=\"badge unknown\">");
                archive_text_add(out, bulletin_field_english(field));
                archive_text_add(out, " undetermined</span>");
                return;
        }
        archive_text_add(out, "<span class=\"badge ");
        archive_text_add_char(out, field == FIELD_SEVERITY ? 's' : 'u');
        archive_text_add_number(out, value);
        archive_text_add(out, "\">");
        archive_text_add(out, label ? label : "");
        archive_text_add_char(out, ' ');
        archive_text_add(out, name);
        archive_text_add(out, "</span>");
}

/* Severity and urgency, where this kind of message has them. */
static void append_badges(struct archive_text *out, const struct bulletin *b)
{
        static const enum bulletin_field fields[] = { FIELD_SEVERITY, FIELD_URGENCY };
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
                if (b->fields[fields[i]].present) {
                        archive_add_badge(out, fields[i], b->fields[fields[i]].value);
                        archive_text_add_char(out, ' ');
                }
}

static void append_fact(struct archive_text *out, const char *label, const char *value)
{
        if (!value || !value[0])
                return;
        archive_text_add(out, "<tr><th>");
        archive_text_add_escaped(out, label);
        archive_text_add(out, "</th><td>");
        archive_text_add_escaped(out, value);
        archive_text_add(out, "</td></tr>\n");
}

static void append_field(struct archive_text *out, const struct bulletin *b, enum bulletin_field field)
{
        const struct choice *choice = &b->fields[field];
        if (!choice->present)
                return;
        const char *name = bulletin_value_name(field, choice->value);
        archive_text_add(out, "<tr><th>");
        archive_text_add_escaped(out, bulletin_field_label(field));
        archive_text_add(out, "</th><td>");
        archive_text_add(out, name ? name : "undetermined");
        if (choice->text && choice->text[0]) {
                archive_text_add(out, " <span class=\"soft\">");
                archive_text_add_escaped(out, choice->text);
                archive_text_add(out, "</span>");
        }
        if (choice->reason) {
                archive_text_add(out, " <span class=\"soft\">(");
                archive_text_add_escaped(out, choice->reason);
                archive_text_add(out, ")</span>");
        }
        archive_text_add(out, "</td></tr>\n");
}

static void append_list(struct archive_text *out, const GPtrArray *strings)
{
        for (guint i = 0; i < strings->len; i++) {
                archive_text_add(out, i > 0 ? ", " : "");
                archive_text_add_escaped(out, g_ptr_array_index(strings, i));
        }
}

static void append_listed(struct archive_text *out, const char *label, const GPtrArray *strings)
{
        if (strings->len == 0 || (strings->len == 1 && !((const char *) g_ptr_array_index(strings, 0))[0]))
                return;
        archive_text_add(out, "<tr><th>");
        archive_text_add_escaped(out, label);
        archive_text_add(out, "</th><td>");
        append_list(out, strings);
        archive_text_add(out, "</td></tr>\n");
}

static void append_facts(struct archive_text *out, const struct bulletin *b)
{
        archive_text_add(out, "<table class=\"facts\">\n");
        append_fact(out, "登録日", b->registered);
        append_fact(out, "更新日", b->updated);
        append_fact(out, "版", b->edition);
        for (int field = 0; field < FIELD_MAX; field++)
                append_field(out, b, (enum bulletin_field) field);
        append_listed(out, "KB", b->kbs);
        append_listed(out, "CVE", b->cves);
        append_listed(out, "含まれる過去の修正", b->supersedes);
        archive_text_add(out, "</table>\n");
}

static void open_table(struct archive_text *out, const char *heading, const char *const *titles)
{
        archive_text_add(out, "<h2>");
        archive_text_add_escaped(out, heading);
        archive_text_add(out, "</h2>\n<div class=\"scroll\"><table>\n<tr>");
        for (size_t i = 0; titles[i]; i++) {
                archive_text_add(out, "<th>");
                archive_text_add_escaped(out, titles[i]);
                archive_text_add(out, "</th>");
        }
        archive_text_add(out, "</tr>\n");
}

static void append_cell(struct archive_text *out, const char *text)
{
        archive_text_add(out, "<td>");
        archive_text_add_escaped(out, text);
        archive_text_add(out, "</td>");
}

/* Below 0: not known. */
static void append_number_cell(struct archive_text *out, int64_t number)
{
        archive_text_add(out, "<td>");
        if (number >= 0)
                archive_text_add_number(out, number);
        archive_text_add(out, "</td>");
}

static void begin_row(struct archive_text *out)
{
        archive_text_add(out, "<tr>");
}

static void end_row(struct archive_text *out)
{
        archive_text_add(out, "</tr>\n");
}

static void append_affected(struct archive_text *out, const struct bulletin *b)
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
        archive_text_add(out, "</table></div>\n");
}

static void append_tests(struct archive_text *out, const struct bulletin *b)
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
        archive_text_add(out, "</table></div>\n");
}

static void append_downloads(struct archive_text *out, const struct bulletin *b)
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
        archive_text_add(out, "</table></div>\n");
}

/* The ids are no links: what they name may not be in this archive. */
static void append_entries(struct archive_text *out, const struct bulletin *b)
{
        if (b->entries->len == 0)
                return;
        open_table(out, "掲載情報", (const char *[]) { "情報の種類", "セキュリティ番号", "サポート技術情報", "タイトル", NULL });
        for (guint i = 0; i < b->entries->len; i++) {
                const struct bulletin_entry *entry = g_ptr_array_index(b->entries, i);
                begin_row(out);
                append_cell(out, entry->type);
                append_cell(out, entry->id);
                archive_text_add(out, "<td>");
                append_list(out, entry->kbs);
                archive_text_add(out, "</td>");
                append_cell(out, entry->title);
                end_row(out);
        }
        archive_text_add(out, "</table></div>\n");
}

static void append_file(struct archive_text *out, const char *product, const struct package_file *file)
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

static void append_packages(struct archive_text *out, const struct bulletin *b)
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
        archive_text_add(out, "</table></div>\n");
}

static void append_deployments(struct archive_text *out, const struct bulletin *b)
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
        archive_text_add(out, "</table></div>\n");
}

static void append_sections(struct archive_text *out, const struct bulletin *b)
{
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                archive_text_add(out, "<h2>");
                archive_text_add_escaped(out, section->heading);
                archive_text_add(out, "</h2>\n<p>");
                archive_text_add_escaped(out, section->text);
                archive_text_add(out, "</p>\n");
        }
        for (guint i = 0; i < b->update_expert->len; i++) {
                const struct update_expert *entry = g_ptr_array_index(b->update_expert, i);
                archive_text_add(out, i == 0 ? "<h2>UpdateEXPERT上の表示</h2>\n<p>" : "<p>");
                archive_text_add_escaped(out, entry->product);
                archive_text_add(out, ": ");
                archive_text_add_escaped(out, entry->text);
                archive_text_add(out, "</p>\n");
        }
}

/* Only what a browser may follow without harm becomes a link: the text comes from a mail. */
static bool is_web_link(const char *url)
{
        return url && (g_ascii_strncasecmp(url, "https://", 8) == 0 || g_ascii_strncasecmp(url, "http://", 7) == 0);
}

static void append_links(struct archive_text *out, const struct bulletin *b)
{
        if (b->links->len == 0)
                return;
        archive_text_add(out, "<h2>Links</h2>\n<ul>\n");
        for (guint i = 0; i < b->links->len; i++) {
                const struct link *link = g_ptr_array_index(b->links, i);
                archive_text_add(out, "<li>");
                if (is_web_link(link->url)) {
                        archive_text_add(out, "<a rel=\"noopener noreferrer\" href=\"");
                        archive_text_add_escaped(out, link->url);
                        archive_text_add(out, "\">");
                }
                archive_text_add_escaped(out, link->text && link->text[0] ? link->text : link->url);
                archive_text_add(out, is_web_link(link->url) ? "</a></li>\n" : "</li>\n");
        }
        archive_text_add(out, "</ul>\n");
}

static void append_change(struct archive_text *out, const struct bulletin_change *change)
{
        archive_text_add(out, "<li>");
        archive_text_add_escaped(out, change->label);
        archive_text_add(out, ": <del>");
        archive_text_add_escaped(out, change->from);
        archive_text_add(out, "</del> → <ins>");
        archive_text_add_escaped(out, change->to);
        archive_text_add(out, "</ins></li>\n");
}

static void append_revisions(struct archive_text *out, const GPtrArray *revisions)
{
        archive_text_add(out, "<h2>Revisions</h2>\n<ol>\n");
        for (guint i = 0; i < revisions->len; i++) {
                const struct revision_row *revision = g_ptr_array_index(revisions, i);
                archive_text_add(out, "<li>");
                archive_text_add(out, revision->updated[0] ? revision->updated : "undated");
                archive_text_add(out, revision->current ? " (current) " : " ");
                append_badges(out, revision->content);
                if (revision->variants > 1) {
                        archive_text_add(out, " <span class=\"soft\">");
                        archive_text_add_number(out, revision->variants);
                        archive_text_add(out, " variants</span>");
                }
                if (revision->changes->len > 0)
                        archive_text_add(out, "\n<ul>\n");
                for (guint k = 0; k < revision->changes->len; k++)
                        append_change(out, g_ptr_array_index(revision->changes, k));
                archive_text_add(out, revision->changes->len > 0 ? "</ul></li>\n" : "</li>\n");
        }
        archive_text_add(out, "</ol>\n");
}

static void append_mails(struct archive_text *out, const GPtrArray *mails)
{
        archive_text_add(out, "<h2>Mails</h2>\n<ul>\n");
        for (guint i = 0; i < mails->len; i++) {
                const struct archive_mail *mail = g_ptr_array_index(mails, i);
                archive_text_add(out, "<li><a href=\"");
                archive_text_add_escaped(out, mail->file);
                archive_text_add(out, "\">");
                archive_text_add_escaped(out, mail->subject && mail->subject[0] ? mail->subject : mail->file);
                archive_text_add(out, "</a> <span class=\"soft\">");
                archive_text_add_escaped(out, mail->from);
                archive_text_add_char(out, ' ');
                archive_text_add_escaped(out, mail->date);
                archive_text_add(out, "</span></li>\n");
        }
        archive_text_add(out, "</ul>\n");
}

/* The way from the page back to index.html: one ".." for each folder in the name. */
static void append_up(struct archive_text *out, const char *archive_name)
{
        for (const char *c = archive_name; *c; c++)
                if (*c == '/')
                        archive_text_add(out, "../");
}

static void append_unverified(struct archive_text *out, const GPtrArray *mails)
{
        archive_text_add(out, "<div class=\"warning\"><strong>Unverified.</strong> The sender of this bulletin could not be "
                             "verified: it may be forged, and nobody was told of it. ");
        const struct archive_mail *mail = mails->len > 0 ? g_ptr_array_index(mails, 0) : NULL;
        archive_text_add_escaped(out, mail ? mail->unverified : NULL);
        archive_text_add(out, "</div>\n");
}

static void append_head(struct archive_text *out, const struct bulletin_row *row)
{
        const struct bulletin *b = row->current;
        archive_begin_head(out);
        archive_text_add(out, row->unverified ? "[unverified] " : "");
        archive_text_add_escaped(out, b->id ? b->id : bulletin_kind_name(b->kind));
        archive_text_add_char(out, ' ');
        archive_text_add_escaped(out, b->title);
        archive_end_head(out, "");
}

static void append_top(struct archive_text *out, const struct bulletin_row *row, const GPtrArray *mails)
{
        const struct bulletin *b = row->current;
        archive_text_add(out, "<p class=\"soft\"><a href=\"");
        append_up(out, row->archive_name);
        archive_text_add(out, "index.html\">Index</a> · ");
        archive_text_add_escaped(out, b->id ? b->id : bulletin_kind_name(b->kind));
        const char *base = archive_name_base(row->archive_name);
        archive_text_add(out, " · <a href=\"");
        archive_text_add(out, base);
        archive_text_add(out, ".json\">JSON</a> · <a href=\"");
        archive_text_add(out, base);
        archive_text_add(out, ".eml\">Mail</a></p>\n<h1>");
        if (b->id) {
                archive_text_add_escaped(out, b->id);
                archive_text_add_char(out, ' ');
        }
        archive_text_add_escaped(out, b->title);
        archive_text_add(out, "</h1>\n<p class=\"soft\">");
        archive_text_add_escaped(out, b->vendor_title);
        archive_text_add(out, "</p>\n<p>");
        append_badges(out, b);
        archive_text_add(out, "</p>\n");
        if (row->unverified)
                append_unverified(out, mails);
        for (guint i = 0; i < b->warnings->len; i++) {
                archive_text_add(out, "<div class=\"warning\">");
                archive_text_add_escaped(out, g_ptr_array_index(b->warnings, i));
                archive_text_add(out, "</div>\n");
        }
}

void archive_page_render(struct archive_text *out, const struct bulletin_row *row, const GPtrArray *revisions,
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
        archive_text_add(out, "</body>\n</html>\n");
}
