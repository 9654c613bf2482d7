/* SPDX-License-Identifier: MIT */
/* The facts and the excerpt of a message, and the cleaning of what comes from a bulletin. */
#include "notify/message_p.h"

#include <string.h>

#include "common/text.h"
#include "notify/route_p.h"

#define VALUE_CHARS 300u
#define REASON_CHARS 120u
#define ITEM_CHARS 120u
#define AFFECTED_MAX 8u
#define IDS_MAX 20u
#define EXCERPT_CHARS 600u
#define URL_BYTES_MAX 2000u

/* Characters without a shape of their own: they can make a line read differently from what it says, hide text from people
 * that programs read, or make two names look the same. The joiners inside words (ZWJ, ZWNJ) stay. */
static bool is_invisible(gunichar c)
{
        return c >= 0xAD && c != 0x200C && c != 0x200D && g_unichar_type(c) == G_UNICODE_FORMAT;
}

/* Appends what may stay of text; white space becomes one space, or one line feed where keep_lines is set. */
static void append_cleaned(GString *out, const char *text, bool keep_lines)
{
        bool space = false, line = false;
        for (const char *p = text; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                if (g_unichar_isspace(c) || c == 0x2028 || c == 0x2029) {
                        space = true;
                        line |= keep_lines && (c == '\n' || c == 0x2028 || c == 0x2029);
                } else if (!g_unichar_iscntrl(c) && !is_invisible(c)) {
                        if (space && out->len > 0)
                                g_string_append_c(out, line ? '\n' : ' ');
                        space = line = false;
                        g_string_append_unichar(out, c);
                }
        }
}

static char *clean(const char *text, size_t max_chars, bool keep_lines)
{
        if (!text)
                return g_strdup("");
        /* What is far beyond the cut need not be looked at. */
        size_t size = strnlen(text, max_chars * 16 + 16);
        bool more = text[size] != '\0';
        while (more && size > 0 && ((unsigned char) text[size] & 0xC0) == 0x80)
                size--;
        g_autofree char *valid = text_make_valid(text, size, NULL);
        g_autoptr(GString) out = g_string_new(NULL);
        append_cleaned(out, valid, keep_lines);
        if (more)
                g_string_append(out, "…");
        return text_cut_chars(out->str, max_chars);
}

char *message_clean_line(const char *text, size_t max_chars)
{
        return clean(text, max_chars, false);
}

static bool url_byte_is_safe(unsigned char c)
{
        return c > 0x20 && c != 0x7f && !strchr("\"'<>\\^`{|}", c);
}

/* The host part: letters of ASCII only, so that no look-alike passes, and nothing before an '@'. */
static bool url_host_is_safe(const char *host, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (!g_ascii_isalnum(host[i]) && !strchr(".-_:[]", host[i]))
                        return false;
        return size > 0 && size < 256 && (g_ascii_isalnum(host[0]) || host[0] == '[');
}

char *message_clean_url(const char *url)
{
        g_autofree char *line = text_strip(url);
        size_t scheme = g_ascii_strncasecmp(line, "https://", 8) == 0  ? 8
                        : g_ascii_strncasecmp(line, "http://", 7) == 0 ? 7
                                                                       : 0;
        if (scheme == 0 || strlen(line) > URL_BYTES_MAX)
                return NULL;
        if (!url_host_is_safe(line + scheme, strcspn(line + scheme, "/?#")))
                return NULL;
        g_autoptr(GString) out = g_string_new(NULL);
        for (const char *p = line; *p; p++) {
                if (!url_byte_is_safe((unsigned char) *p))
                        return NULL;
                if ((unsigned char) *p >= 0x80)
                        g_string_append_printf(out, "%%%02X", (unsigned char) *p);
                else
                        g_string_append_c(out, *p);
        }
        return out->len <= URL_BYTES_MAX ? g_strdup(out->str) : NULL;
}

static char *undetermined_text(const struct choice *choice)
{
        g_autofree char *reason = message_clean_line(choice->reason, REASON_CHARS);
        return *reason ? g_strdup_printf("undetermined (%s)", reason) : g_strdup("undetermined");
}

/* "1(緊急)": as the mail words it, else by the value's own name. NULL: this kind of message does not have the field. */
static char *field_text(const struct bulletin *bulletin, enum bulletin_field field)
{
        const struct choice *choice = &bulletin->fields[field];
        bool expected = bulletin->kind == BULLETIN_ALERT && (field == FIELD_SEVERITY || field == FIELD_URGENCY);
        if (!choice->present && !expected)
                return NULL;
        if (route_value(bulletin, field) == 0)
                return undetermined_text(choice);
        g_autofree char *text = message_clean_line(choice->text, VALUE_CHARS);
        if (*text)
                return g_steal_pointer(&text);
        const char *label = bulletin_value_label(field, choice->value);
        if (!label)
                label = bulletin_value_name(field, choice->value);
        return g_strdup(label ? label : "undetermined");
}

static void add_field(struct message *message, const struct bulletin *bulletin, const char *label,
                      enum bulletin_field field)
{
        char *value = field_text(bulletin, field);
        if (value)
                message_add_fact(message, label, value);
}

/* Two fields under one label, "なし / 攻撃コード未公開". */
static void add_field_pair(struct message *message, const struct bulletin *bulletin, const char *label,
                           enum bulletin_field first, enum bulletin_field second)
{
        g_autofree char *a = field_text(bulletin, first), *b = field_text(bulletin, second);
        if (a && b && !g_str_equal(a, b))
                message_add_fact(message, label, g_strdup_printf("%s / %s", a, b));
        else if (a || b)
                message_add_fact(message, label, g_strdup(a ? a : b));
}

static void append_item(GString *out, const char *separator, const char *item)
{
        g_string_append_printf(out, "%s%s", out->len ? separator : "", item);
}

static void add_environments(struct message *message, const struct bulletin *bulletin)
{
        static const enum bulletin_field fields[] = { FIELD_ENVIRONMENT_SERVER, FIELD_ENVIRONMENT_CLIENT };
        g_autoptr(GString) text = g_string_new(NULL);
        bool present = false;
        for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
                const struct choice *choice = &bulletin->fields[fields[i]];
                const char *label = bulletin_field_label(fields[i]);
                int value = route_value(bulletin, fields[i]);
                present |= choice->present;
                if (choice->present && value == 0) {
                        g_autofree char *unknown = g_strdup_printf("%s: undetermined", label);
                        append_item(text, ", ", unknown);
                } else if (value == ANSWER_YES) {
                        append_item(text, ", ", label);
                }
        }
        if (present)
                message_add_fact(message, "対象環境", g_strdup(text->len ? text->str : "none"));
}

/* One line for each affected product, with its platforms in brackets. */
static void add_affected(struct message *message, const struct bulletin *bulletin)
{
        g_autoptr(GString) text = g_string_new(NULL);
        guint total = bulletin->affected->len;
        for (guint i = 0; i < total && i < AFFECTED_MAX; i++) {
                const struct affected *affected = g_ptr_array_index(bulletin->affected, i);
                g_autofree char *software = message_clean_line(affected->software, ITEM_CHARS);
                g_autofree char *platforms = message_clean_line(affected->platforms, ITEM_CHARS);
                g_autofree char *line = *software && *platforms ? g_strdup_printf("%s (%s)", software, platforms)
                                                                 : g_strconcat(software, platforms, NULL);
                if (*line)
                        append_item(text, "\n", line);
        }
        if (total > AFFECTED_MAX)
                g_string_append_printf(text, "\n… and %u more", total - AFFECTED_MAX);
        if (text->len > 0)
                message_add_fact(message, "影響を受けるソフトウェア", g_strdup(text->str));
}

static void add_ids(struct message *message, const char *label, const char *prefix, const GPtrArray *ids)
{
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < ids->len && i < IDS_MAX; i++) {
                g_autofree char *id = message_clean_line(g_ptr_array_index(ids, i), ITEM_CHARS);
                g_string_append_printf(text, "%s%s%s", i ? ", " : "", prefix, id);
        }
        if (ids->len > IDS_MAX)
                g_string_append_printf(text, " and %u more", ids->len - IDS_MAX);
        if (text->len > 0)
                message_add_fact(message, label, g_strdup(text->str));
}

void message_add_bulletin_facts(struct message *message, const struct bulletin *bulletin)
{
        add_field(message, bulletin, "深刻度", FIELD_SEVERITY);
        add_field(message, bulletin, "緊急性", FIELD_URGENCY);
        add_field(message, bulletin, "対策", FIELD_MEASURE);
        add_field(message, bulletin, "再起動", FIELD_RESTART);
        add_field(message, bulletin, "アンインストール", FIELD_UNINSTALL);
        add_environments(message, bulletin);
        add_field_pair(message, bulletin, "攻撃コード", FIELD_EXPLOIT_CODE, FIELD_EXPLOIT_PUBLISHED);
        add_field(message, bulletin, "攻撃事例", FIELD_ATTACKS_OBSERVED);
        add_affected(message, bulletin);
        add_ids(message, "CVE", "", bulletin->cves);
        add_ids(message, "KB", "KB", bulletin->kbs);
        if (*bulletin->registered)
                message_add_fact(message, "登録日", message_clean_line(bulletin->registered, BULLETIN_DATE_SIZE));
        if (*bulletin->updated)
                message_add_fact(message, "更新日", message_clean_line(bulletin->updated, BULLETIN_DATE_SIZE));
}

static const struct section *find_section(const struct bulletin *bulletin, const char *heading)
{
        for (guint i = 0; i < bulletin->sections->len; i++) {
                const struct section *section = g_ptr_array_index(bulletin->sections, i);
                if (section->heading && section->text && strstr(section->heading, heading))
                        return section;
        }
        return NULL;
}

char *message_excerpt(const struct bulletin *bulletin)
{
        static const char *const headings[] = { "概要", "脆弱性の内容" };
        for (gsize i = 0; i < G_N_ELEMENTS(headings); i++) {
                const struct section *section = find_section(bulletin, headings[i]);
                g_autofree char *text = section ? clean(section->text, EXCERPT_CHARS, true) : NULL;
                if (text && *text)
                        return g_steal_pointer(&text);
        }
        return NULL;
}
