/* SPDX-License-Identifier: MIT */
/* The archive's page of one bulletin. Everything on it comes from the database and nothing from the moment of writing. */
#include <string.h>

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

void archive_append_escaped(GString *out, const char *text)
{
        size_t plain = text ? strcspn(text, "&<>\"'") : 0;
        if (text && !text[plain]) /* as most texts are: found out many bytes at a time */
                g_string_append_len(out, text, (gssize) plain);
        else if (text)
                text_append_escaped(out, text);
}

void archive_append_head(GString *out, const char *title, const char *style_extra)
{
        g_string_append(out, "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n"
                             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
        archive_append_escaped(out, title);
        g_string_append_printf(out, "</title>\n<style>%s%s</style>\n</head>\n<body>\n", style, style_extra);
}

void archive_append_badge(GString *out, enum bulletin_field field, int value)
{
        const char *name = bulletin_value_name(field, value), *label = bulletin_value_label(field, value);
        if (!name)
                g_string_append_printf(out, "<span class=\"badge unknown\">%s undetermined</span>", bulletin_field_english(field));
        else
                g_string_append_printf(out, "<span class=\"badge %c%d\">%s %s</span>", field == FIELD_SEVERITY ? 's' : 'u', value,
                                       label ? label : "", name);
}

/* Severity and urgency, where this kind of message has them. */
static void append_badges(GString *out, const struct bulletin *b)
{
        static const enum bulletin_field fields[] = { FIELD_SEVERITY, FIELD_URGENCY };
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
                if (b->fields[fields[i]].present) {
                        archive_append_badge(out, fields[i], b->fields[fields[i]].value);
                        g_string_append_c(out, ' ');
                }
}

static void append_fact(GString *out, const char *label, const char *value)
{
        if (!value || !value[0])
                return;
        g_string_append(out, "<tr><th>");
        archive_append_escaped(out, label);
        g_string_append(out, "</th><td>");
        archive_append_escaped(out, value);
        g_string_append(out, "</td></tr>\n");
}

static void append_field(GString *out, const struct bulletin *b, enum bulletin_field field)
{
        const struct choice *choice = &b->fields[field];
        if (!choice->present)
                return;
        const char *name = bulletin_value_name(field, choice->value);
        g_string_append(out, "<tr><th>");
        archive_append_escaped(out, bulletin_field_label(field));
        g_string_append_printf(out, "</th><td>%s", name ? name : "undetermined");
        if (choice->text && choice->text[0]) {
                g_string_append(out, " <span class=\"soft\">");
                archive_append_escaped(out, choice->text);
                g_string_append(out, "</span>");
        }
        if (choice->reason) {
                g_string_append(out, " <span class=\"soft\">(");
                archive_append_escaped(out, choice->reason);
                g_string_append(out, ")</span>");
        }
        g_string_append(out, "</td></tr>\n");
}

static char *join(const GPtrArray *strings)
{
        GString *joined = g_string_new(NULL);
        for (guint i = 0; i < strings->len; i++)
                g_string_append_printf(joined, "%s%s", i ? ", " : "", (const char *) g_ptr_array_index(strings, i));
        return g_string_free(joined, FALSE);
}

static void append_joined(GString *out, const char *label, const GPtrArray *strings)
{
        g_autofree char *joined = join(strings);
        append_fact(out, label, joined);
}

static void append_facts(GString *out, const struct bulletin *b)
{
        g_string_append(out, "<table class=\"facts\">\n");
        append_fact(out, "登録日", b->registered);
        append_fact(out, "更新日", b->updated);
        append_fact(out, "版", b->edition);
        for (int field = 0; field < FIELD_MAX; field++)
                append_field(out, b, (enum bulletin_field) field);
        append_joined(out, "KB", b->kbs);
        append_joined(out, "CVE", b->cves);
        append_joined(out, "含まれる過去の修正", b->supersedes);
        g_string_append(out, "</table>\n");
}

static void open_table(GString *out, const char *heading, const char *const *titles)
{
        g_string_append(out, "<h2>");
        archive_append_escaped(out, heading);
        g_string_append(out, "</h2>\n<div class=\"scroll\"><table>\n<tr>");
        for (size_t i = 0; titles[i]; i++) {
                g_string_append(out, "<th>");
                archive_append_escaped(out, titles[i]);
                g_string_append(out, "</th>");
        }
        g_string_append(out, "</tr>\n");
}

static void append_row(GString *out, const char *const *cells)
{
        g_string_append(out, "<tr>");
        for (size_t i = 0; cells[i]; i++) {
                g_string_append(out, "<td>");
                archive_append_escaped(out, cells[i]);
                g_string_append(out, "</td>");
        }
        g_string_append(out, "</tr>\n");
}

#define OR_EMPTY(text) ((text) ? (text) : "")

static void append_affected(GString *out, const struct bulletin *b)
{
        if (b->affected->len == 0)
                return;
        open_table(out, "対象プラットフォーム", (const char *[]) { "影響を受けるソフトウェア", "対象プラットフォーム", NULL });
        for (guint i = 0; i < b->affected->len; i++) {
                const struct affected *a = g_ptr_array_index(b->affected, i);
                append_row(out, (const char *[]) { OR_EMPTY(a->software), OR_EMPTY(a->platforms), NULL });
        }
        g_string_append(out, "</table></div>\n");
}

static void append_tests(GString *out, const struct bulletin *b)
{
        if (b->tests->len == 0)
                return;
        open_table(out, "適用テストの結果", (const char *[]) { "プラットフォーム", "適用テスト結果", NULL });
        for (guint i = 0; i < b->tests->len; i++) {
                const struct lab_test *t = g_ptr_array_index(b->tests, i);
                const char *name = test_result_name(t->result.value);
                append_row(out, (const char *[]) { OR_EMPTY(t->platform), name ? name : "undetermined", NULL });
        }
        g_string_append(out, "</table></div>\n");
}

static void append_downloads(GString *out, const struct bulletin *b)
{
        if (b->downloads->len == 0)
                return;
        open_table(out, "修正プログラムのダウンロード先",
                   (const char *[]) { "プラットフォーム", "ダウンロード・センター", "WU/MU/SUS/WSUSの表示", NULL });
        for (guint i = 0; i < b->downloads->len; i++) {
                const struct download *d = g_ptr_array_index(b->downloads, i);
                append_row(out, (const char *[]) { OR_EMPTY(d->platform), OR_EMPTY(d->center), OR_EMPTY(d->catalog), NULL });
        }
        g_string_append(out, "</table></div>\n");
}

/* The ids are no links: what they name may not be in this archive. */
static void append_entries(GString *out, const struct bulletin *b)
{
        if (b->entries->len == 0)
                return;
        open_table(out, "掲載情報", (const char *[]) { "情報の種類", "セキュリティ番号", "サポート技術情報", "タイトル", NULL });
        for (guint i = 0; i < b->entries->len; i++) {
                const struct bulletin_entry *entry = g_ptr_array_index(b->entries, i);
                g_autofree char *kbs = join(entry->kbs);
                append_row(out, (const char *[]) { OR_EMPTY(entry->type), OR_EMPTY(entry->id), kbs, OR_EMPTY(entry->title), NULL });
        }
        g_string_append(out, "</table></div>\n");
}

static void append_file(GString *out, const char *product, const struct package_file *file)
{
        if (!file)
                return;
        g_autofree char *size = file->size >= 0 ? g_strdup_printf("%" G_GINT64_FORMAT, file->size) : g_strdup("");
        append_row(out, (const char *[]) { OR_EMPTY(product), OR_EMPTY(file->name), OR_EMPTY(file->date), OR_EMPTY(file->version),
                                           size, OR_EMPTY(file->description), OR_EMPTY(file->folder), NULL });
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
        g_string_append(out, "</table></div>\n");
}

static void append_deployments(GString *out, const struct bulletin *b)
{
        if (b->deployments->len == 0)
                return;
        open_table(out, "予想適用時間(分)", (const char *[]) { "修正プログラム名", "製品", "50台", "100台", "250台", "500台", NULL });
        for (guint i = 0; i < b->deployments->len; i++) {
                const struct deployment *d = g_ptr_array_index(b->deployments, i);
                char *minutes[4];
                for (int k = 0; k < 4; k++)
                        minutes[k] = d->minutes[k] >= 0 ? g_strdup_printf("%" G_GINT64_FORMAT, d->minutes[k]) : g_strdup("");
                append_row(out, (const char *[]) { OR_EMPTY(d->package), OR_EMPTY(d->product), minutes[0], minutes[1], minutes[2],
                                                   minutes[3], NULL });
                for (int k = 0; k < 4; k++)
                        g_free(minutes[k]);
        }
        g_string_append(out, "</table></div>\n");
}

static void append_sections(GString *out, const struct bulletin *b)
{
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                g_string_append(out, "<h2>");
                archive_append_escaped(out, section->heading);
                g_string_append(out, "</h2>\n<p>");
                archive_append_escaped(out, section->text);
                g_string_append(out, "</p>\n");
        }
        for (guint i = 0; i < b->update_expert->len; i++) {
                const struct update_expert *entry = g_ptr_array_index(b->update_expert, i);
                g_string_append(out, i == 0 ? "<h2>UpdateEXPERT上の表示</h2>\n<p>" : "<p>");
                archive_append_escaped(out, entry->product);
                g_string_append(out, ": ");
                archive_append_escaped(out, entry->text);
                g_string_append(out, "</p>\n");
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
        g_string_append(out, "<h2>Links</h2>\n<ul>\n");
        for (guint i = 0; i < b->links->len; i++) {
                const struct link *link = g_ptr_array_index(b->links, i);
                g_string_append(out, "<li>");
                if (is_web_link(link->url)) {
                        g_string_append(out, "<a rel=\"noopener noreferrer\" href=\"");
                        archive_append_escaped(out, link->url);
                        g_string_append(out, "\">");
                }
                archive_append_escaped(out, link->text && link->text[0] ? link->text : link->url);
                g_string_append(out, is_web_link(link->url) ? "</a></li>\n" : "</li>\n");
        }
        g_string_append(out, "</ul>\n");
}

static void append_change(GString *out, const struct bulletin_change *change)
{
        g_string_append(out, "<li>");
        archive_append_escaped(out, change->label);
        g_string_append(out, ": <del>");
        archive_append_escaped(out, change->from);
        g_string_append(out, "</del> → <ins>");
        archive_append_escaped(out, change->to);
        g_string_append(out, "</ins></li>\n");
}

static void append_revisions(GString *out, const GPtrArray *revisions)
{
        g_string_append(out, "<h2>Revisions</h2>\n<ol>\n");
        for (guint i = 0; i < revisions->len; i++) {
                const struct revision_row *revision = g_ptr_array_index(revisions, i);
                g_string_append_printf(out, "<li>%s%s ", revision->updated[0] ? revision->updated : "undated",
                                       revision->current ? " (current)" : "");
                append_badges(out, revision->content);
                if (revision->variants > 1)
                        g_string_append_printf(out, " <span class=\"soft\">%u variants</span>", revision->variants);
                if (revision->changes->len > 0)
                        g_string_append(out, "\n<ul>\n");
                for (guint k = 0; k < revision->changes->len; k++)
                        append_change(out, g_ptr_array_index(revision->changes, k));
                g_string_append(out, revision->changes->len > 0 ? "</ul></li>\n" : "</li>\n");
        }
        g_string_append(out, "</ol>\n");
}

static void append_mails(GString *out, const GPtrArray *mails)
{
        g_string_append(out, "<h2>Mails</h2>\n<ul>\n");
        for (guint i = 0; i < mails->len; i++) {
                const struct archive_mail *mail = g_ptr_array_index(mails, i);
                g_string_append(out, "<li><a href=\"");
                archive_append_escaped(out, mail->file);
                g_string_append(out, "\">");
                archive_append_escaped(out, mail->subject && mail->subject[0] ? mail->subject : mail->file);
                g_string_append(out, "</a> <span class=\"soft\">");
                archive_append_escaped(out, mail->from);
                g_string_append_c(out, ' ');
                archive_append_escaped(out, mail->date);
                g_string_append(out, "</span></li>\n");
        }
        g_string_append(out, "</ul>\n");
}

/* The way from the page back to index.html: one ".." for each folder in the name. */
static void append_up(GString *out, const char *archive_name)
{
        for (const char *c = archive_name; *c; c++)
                if (*c == '/')
                        g_string_append(out, "../");
}

static void append_unverified(GString *out, const GPtrArray *mails)
{
        g_string_append(out, "<div class=\"warning\"><strong>Unverified.</strong> The sender of this bulletin could not be "
                             "verified: it may be forged, and nobody was told of it. ");
        const struct archive_mail *mail = mails->len > 0 ? g_ptr_array_index(mails, 0) : NULL;
        archive_append_escaped(out, mail ? mail->unverified : NULL);
        g_string_append(out, "</div>\n");
}

static void append_top(GString *out, const struct bulletin_row *row, const GPtrArray *mails)
{
        const struct bulletin *b = row->current;
        g_string_append(out, "<p class=\"soft\"><a href=\"");
        append_up(out, row->archive_name);
        g_string_append(out, "index.html\">Index</a> · ");
        archive_append_escaped(out, b->id ? b->id : bulletin_kind_name(b->kind));
        g_autofree char *base = g_path_get_basename(row->archive_name);
        g_string_append_printf(out, " · <a href=\"%s.json\">JSON</a> · <a href=\"%s.eml\">Mail</a></p>\n<h1>", base, base);
        if (b->id) {
                archive_append_escaped(out, b->id);
                g_string_append_c(out, ' ');
        }
        archive_append_escaped(out, b->title);
        g_string_append(out, "</h1>\n<p class=\"soft\">");
        archive_append_escaped(out, b->vendor_title);
        g_string_append(out, "</p>\n<p>");
        append_badges(out, b);
        g_string_append(out, "</p>\n");
        if (row->unverified)
                append_unverified(out, mails);
        for (guint i = 0; i < b->warnings->len; i++) {
                g_string_append(out, "<div class=\"warning\">");
                archive_append_escaped(out, g_ptr_array_index(b->warnings, i));
                g_string_append(out, "</div>\n");
        }
}

GString *archive_page_render(const struct bulletin_row *row, const GPtrArray *revisions, const GPtrArray *mails)
{
        const struct bulletin *b = row->current;
        GString *out = g_string_new(NULL);
        g_autofree char *title = g_strdup_printf("%s%s %s", row->unverified ? "[unverified] " : "", b->id ? b->id : bulletin_kind_name(b->kind), OR_EMPTY(b->title));
        archive_append_head(out, title, "");
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
        g_string_append(out, "</body>\n</html>\n");
        return out;
}
