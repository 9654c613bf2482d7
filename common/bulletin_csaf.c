/* SPDX-License-Identifier: MIT */
#include "common/bulletin_csaf.h"

#include <jansson.h>
#include <string.h>

#define DATE_TIME_FORM "%sT00:00:00+09:00" /* the publisher's dates are Japan's */
#define CVE_PREFIX "CVE-"
#define RESTART_NEEDED "system"

static json_t *text_new(const char *text)
{
        json_t *string = json_string(text);
        return string ? string : json_string("?"); /* not UTF-8: of a struct that no reader has filled */
}

static void set_text(json_t *object, const char *key, const char *text)
{
        if (text && *text)
                json_object_set_new(object, key, text_new(text));
}

/* An array that has members is set, an empty one would be against the schema. */
static void set_list(json_t *object, const char *key, json_t *list)
{
        if (json_array_size(list) > 0)
                json_object_set_new(object, key, list);
        else
                json_decref(list);
}

static bool is_determined(const struct bulletin *b, enum bulletin_field field)
{
        const struct choice *choice = &b->fields[field];
        return choice->present && choice->basis != BASIS_UNDETERMINED && choice->value != 0;
}

/* "1(緊急)", or the value's name; NULL where it is undetermined. */
static const char *field_text(const struct bulletin *b, enum bulletin_field field)
{
        const struct choice *choice = &b->fields[field];
        if (!is_determined(b, field))
                return NULL;
        return choice->text && *choice->text ? choice->text : bulletin_value_name(field, choice->value);
}

static const char *first_text(const char *const *texts)
{
        for (; *texts; texts++)
                if (**texts)
                        return *texts;
        return "";
}

/* --- the document --- */

static const char *revision_date(const struct csaf_revision *revision)
{
        return *revision->updated ? revision->updated : revision->registered;
}

/* The date of the one revision there is: what the bulletin says of itself, else the day of its mail. */
static char *only_date(const struct bulletin *b)
{
        g_autofree char *sent = b->mail.date && strlen(b->mail.date) >= 10 ? g_strndup(b->mail.date, 10) : g_strdup("");
        const char *const dates[] = { b->updated, b->registered, b->edition, bulletin_date_is_valid(sent) ? sent : "", NULL };
        return g_strdup(first_text(dates));
}

static void add_revision(json_t *history, const char *date)
{
        g_autofree char *number = g_strdup_printf("%zu", json_array_size(history) + 1);
        g_autofree char *time = g_strdup_printf(DATE_TIME_FORM, date);
        json_array_append_new(history, json_pack("{s:s, s:s, s:s}", "date", time, "number", number, "summary",
                                                 json_array_size(history) ? "revised by the publisher" : "first edition"));
}

/* Numbers and dates must both grow; a revision without a date of its own, or with an earlier one, is left out. */
static json_t *revision_history(const struct bulletin *b, const struct csaf_revision *revisions, size_t count)
{
        json_t *history = json_array();
        const char *last = "";
        for (size_t i = 0; i < count; i++) {
                const char *date = revision_date(&revisions[i]);
                if (strcmp(date, last) > 0) {
                        add_revision(history, date);
                        last = date;
                }
        }
        g_autofree char *only = only_date(b);
        if (json_array_size(history) == 0 && *only)
                add_revision(history, only);
        return history;
}

static json_t *tracking(const char *id, json_t *history)
{
        size_t count = json_array_size(history);
        json_t *first = json_array_get(history, 0), *last = json_array_get(history, count - 1);
        return json_pack("{s:O, s:{s:{s:s}}, s:s, s:O, s:o, s:s, s:O}", "current_release_date", json_object_get(last, "date"),
                         "generator", "engine", "name", "hotfixd", "id", id, "initial_release_date",
                         json_object_get(first, "date"), "revision_history", history, "status", "final", "version",
                         json_object_get(last, "number"));
}

static void add_note(json_t *notes, const char *category, const char *title, const char *text)
{
        if (!text || !*text)
                return;
        json_t *note = json_pack("{s:s, s:o}", "category", category, "text", text_new(text));
        set_text(note, "title", title);
        json_array_append_new(notes, note);
}

/* All that has a value, one line each: "深刻度: 1(緊急)". */
static char *facts_text(const struct bulletin *b)
{
        GString *text = g_string_new(NULL);
        for (int field = 0; field < FIELD_MAX; field++)
                if (is_determined(b, field))
                        g_string_append_printf(text, "%s%s: %s", text->len ? "\n" : "", bulletin_field_label(field),
                                               field_text(b, field));
        return g_string_free(text, FALSE);
}

static json_t *document_notes(const struct bulletin *b)
{
        json_t *notes = json_array();
        g_autofree char *facts = facts_text(b);
        add_note(notes, "general", "HotFix Alert", facts);
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                bool is_summary = section->heading && strstr(section->heading, "概要");
                add_note(notes, is_summary ? "summary" : "details", section->heading, section->text);
        }
        return notes;
}

/* Nothing that a URI may not hold (RFC 3986 section 2). */
static bool is_web_address(const char *url)
{
        if (!url || (!g_str_has_prefix(url, "https://") && !g_str_has_prefix(url, "http://")))
                return false;
        for (const char *p = url; *p; p++)
                if (!g_ascii_isgraph(*p) || strchr("\"<>\\^`{|}", *p))
                        return false;
        return true;
}

static json_t *references(const struct bulletin *b)
{
        json_t *list = json_array();
        for (guint i = 0; i < b->links->len; i++) {
                const struct link *link = g_ptr_array_index(b->links, i);
                if (!is_web_address(link->url))
                        continue;
                json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "category", "external", "summary",
                                                      text_new(link->text && *link->text ? link->text : link->url), "url",
                                                      link->url));
        }
        return list;
}

static json_t *document_of(const struct bulletin *b, const char *id, const char *category, json_t *history)
{
        const char *const titles[] = { b->title ? b->title : "", b->vendor_title ? b->vendor_title : "",
                                       b->mail.subject ? b->mail.subject : "", id, NULL };
        g_autofree char *title = b->id ? g_strdup_printf("%s: %s", b->id, first_text(titles)) : g_strdup(first_text(titles));
        const char *feed = b->feed && *b->feed ? b->feed : "unknown";
        g_autofree char *namespace = g_strdup_printf("urn:hotfixd:feed:%s", feed);
        json_t *document = json_pack("{s:s, s:s, s:s, s:{s:s, s:o, s:o}, s:o, s:o}", "category", category, "csaf_version", "2.0",
                                     "lang", "ja", "publisher", "category", "other", "name", text_new(feed), "namespace",
                                     text_new(namespace), "title", text_new(title), "tracking", tracking(id, history));
        const char *severity = field_text(b, FIELD_SEVERITY);
        if (severity)
                json_object_set_new(document, "aggregate_severity", json_pack("{s:o}", "text", text_new(severity)));
        set_list(document, "notes", document_notes(b));
        set_list(document, "references", references(b));
        return document;
}

/* --- products and vulnerabilities --- */

static json_t *product_names(const struct bulletin *b)
{
        json_t *names = json_array();
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < b->affected->len; i++) {
                const struct affected *affected = g_ptr_array_index(b->affected, i);
                const char *software = affected->software ? affected->software : "";
                const char *platforms = affected->platforms ? affected->platforms : "";
                g_autofree char *name = *software && *platforms ? g_strdup_printf("%s (%s)", software, platforms)
                                                                 : g_strconcat(software, platforms, NULL);
                if (!*name || !g_hash_table_add(seen, g_strdup(name)))
                        continue;
                g_autofree char *id = g_strdup_printf("CSAFPID-%04zu", json_array_size(names) + 1);
                json_array_append_new(names, json_pack("{s:o, s:s}", "name", text_new(name), "product_id", id));
        }
        return names;
}

static json_t *product_ids(const json_t *names)
{
        json_t *ids = json_array(), *name;
        size_t i;
        json_array_foreach(names, i, name)
                json_array_append(ids, json_object_get(name, "product_id"));
        return ids;
}

static json_t *remediation(const struct bulletin *b, const json_t *names)
{
        g_autoptr(GString) details = g_string_new(NULL);
        const char *measure = field_text(b, FIELD_MEASURE), *restart = field_text(b, FIELD_RESTART);
        for (guint i = 0; i < b->kbs->len; i++)
                g_string_append_printf(details, "%sKB%s", i ? ", " : "", (const char *) g_ptr_array_index(b->kbs, i));
        if (measure)
                g_string_append_printf(details, "%s%s", details->len ? ": " : "", measure);
        if (details->len == 0)
                return NULL;
        json_t *fix = json_pack("{s:s, s:o, s:o}", "category", "vendor_fix", "details", text_new(details->str), "product_ids",
                                product_ids(names));
        int needed = b->fields[FIELD_RESTART].value;
        if (restart) /* one that depends on something may be needed */
                json_object_set_new(fix, "restart_required",
                                    json_pack("{s:s, s:o}", "category", needed == RESTART_NOT_REQUIRED ? "none" : RESTART_NEEDED,
                                              "details", text_new(restart)));
        return fix;
}

static void add_threat(json_t *threats, const struct bulletin *b, enum bulletin_field field, const char *category)
{
        if (!is_determined(b, field))
                return;
        g_autofree char *details = g_strdup_printf("%s: %s", bulletin_field_label(field), field_text(b, field));
        json_array_append_new(threats, json_pack("{s:s, s:o}", "category", category, "details", text_new(details)));
}

static json_t *threats_of(const struct bulletin *b)
{
        json_t *threats = json_array();
        add_threat(threats, b, FIELD_EXPLOIT_CODE, "exploit_status");
        add_threat(threats, b, FIELD_EXPLOIT_PUBLISHED, "exploit_status");
        add_threat(threats, b, FIELD_ATTACKS_OBSERVED, "exploit_status");
        for (int field = FIELD_IMPACT_CODE_EXECUTION; field <= FIELD_IMPACT_SPOOFING; field++)
                if (b->fields[field].value == ANSWER_YES)
                        add_threat(threats, b, field, "impact");
        return threats;
}

static json_t *vulnerability_new(const struct bulletin *b, const json_t *names)
{
        json_t *vulnerability = json_object(), *notes = json_array();
        if (b->id)
                json_object_set_new(vulnerability, "ids", json_pack("[{s:s, s:o}]", "system_name", "Security Bulletin", "text",
                                                                    text_new(b->id)));
        add_note(notes, "description", NULL, b->title && *b->title ? b->title : b->vendor_title);
        add_note(notes, "other", "supplier's title", b->title && *b->title ? b->vendor_title : NULL);
        if (json_array_size(notes) == 0)
                add_note(notes, "description", NULL, b->id);
        set_list(vulnerability, "notes", notes);
        json_object_set_new(vulnerability, "product_status", json_pack("{s:o}", "known_affected", product_ids(names)));
        json_t *fix = remediation(b, names);
        if (fix)
                json_object_set_new(vulnerability, "remediations", json_pack("[o]", fix));
        set_list(vulnerability, "threats", threats_of(b));
        return vulnerability;
}

/* CVE-2007-0939; the candidates of old (CAN-…) have the same number. */
static char *cve_name(const char *text)
{
        bool known = g_str_has_prefix(text, CVE_PREFIX) || g_str_has_prefix(text, "CAN-");
        const char *year = text + strlen(CVE_PREFIX);
        if (!known || strspn(year, "0123456789") != 4 || year[4] != '-')
                return NULL;
        size_t digits = strspn(year + 5, "0123456789");
        return digits >= 4 && year[5 + digits] == '\0' ? g_strconcat(CVE_PREFIX, year, NULL) : NULL;
}

/* One for each CVE name, or one for the bulletin as a whole. */
static json_t *vulnerabilities(const struct bulletin *b, const json_t *names)
{
        json_t *list = json_array();
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < b->cves->len; i++) {
                g_autofree char *cve = cve_name(g_ptr_array_index(b->cves, i));
                if (!cve || !g_hash_table_add(seen, g_strdup(cve)))
                        continue;
                json_t *vulnerability = vulnerability_new(b, names);
                json_object_set_new(vulnerability, "cve", json_string(cve));
                json_array_append_new(list, vulnerability);
        }
        if (json_array_size(list) == 0 && b->id)
                json_array_append_new(list, vulnerability_new(b, names));
        return list;
}

int bulletin_to_csaf(const struct bulletin *b, const char *key, const struct csaf_revision *revisions, size_t count,
                     char **ret_text, struct error *err)
{
        json_t *history = revision_history(b, revisions, count);
        if (json_array_size(history) == 0) {
                json_decref(history);
                return error_set(err, -ERR_NOT_FOUND, "the bulletin states no date, and without one there is no CSAF document");
        }
        json_t *names = product_names(b), *list = vulnerabilities(b, names);
        bool advisory = b->kind == BULLETIN_ALERT && json_array_size(names) > 0 && json_array_size(list) > 0;
        json_t *csaf = json_pack("{s:o}", "document", document_of(b, b->id ? b->id : key,
                                                                  advisory ? "csaf_security_advisory" : "csaf_base", history));
        if (advisory) {
                json_object_set_new(csaf, "product_tree", json_pack("{s:O}", "full_product_names", names));
                json_object_set(csaf, "vulnerabilities", list);
        }
        json_decref(names);
        json_decref(list);
        char *dumped = json_dumps(csaf, JSON_COMPACT);
        json_decref(csaf);
        *ret_text = g_strdup(dumped ? dumped : "{}");
        free(dumped);
        return 0;
}
