/* SPDX-License-Identifier: MIT */
#include "common/bulletin.h"

#include <stdarg.h>
#include <string.h>

#include "common/bulletin_p.h"
#include "common/text.h"

#define WARNING_CHARS_MAX 1000

static GPtrArray *list_of(GDestroyNotify destroy)
{
        return g_ptr_array_new_with_free_func(destroy);
}

struct bulletin *bulletin_new(void)
{
        struct bulletin *b = g_new(struct bulletin, 1);
        *b = (struct bulletin){ 0 };
        b->kbs = list_of(g_free);
        b->supersedes = list_of(g_free);
        b->cves = list_of(g_free);
        b->affected = list_of((GDestroyNotify) affected_free);
        b->tests = list_of((GDestroyNotify) lab_test_free);
        b->downloads = list_of((GDestroyNotify) download_free);
        b->packages = list_of((GDestroyNotify) package_free);
        b->deployments = list_of((GDestroyNotify) deployment_free);
        b->update_expert = list_of((GDestroyNotify) update_expert_free);
        b->entries = list_of((GDestroyNotify) bulletin_entry_free);
        b->sections = list_of((GDestroyNotify) section_free);
        b->links = list_of((GDestroyNotify) link_free);
        b->mail.charsets = list_of((GDestroyNotify) charset_use_free);
        b->warnings = list_of(g_free);
        return b;
}

void bulletin_free(struct bulletin *b)
{
        if (!b)
                return;
        if (b->room) {
                g_free(b->bytes);
                g_free(b->room); /* with it the struct */
                return;
        }
        GPtrArray *lists[] = { b->kbs,         b->supersedes, b->cves,          b->affected, b->tests,
                               b->downloads,   b->packages,   b->deployments,   b->update_expert, b->entries,
                               b->sections,    b->links,      b->mail.charsets, b->warnings };
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                if (lists[i])
                        g_ptr_array_free(lists[i], TRUE);
        for (int field = 0; field < FIELD_MAX; field++)
                choice_clear(&b->fields[field]);
        char *texts[] = { b->feed,      b->id,           b->title,     b->vendor_title, b->mail.message_id,
                          b->mail.from, b->mail.subject, b->mail.date, b->mail.sha256 };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                g_free(texts[i]);
        g_free(b);
}

void choice_clear(struct choice *choice)
{
        g_free(choice->text);
        g_free(choice->reason);
        *choice = (struct choice){ 0 };
}

int choice_sound_value(const struct choice *choice, int values)
{
        bool determined = choice->present && (choice->basis == BASIS_STATED || choice->basis == BASIS_INFERRED);
        return determined && choice_value_name(values, choice->value) ? choice->value : 0;
}

/* Reasons and warnings go to logs and tables and quote what a mail says: each is one line without control characters. */
static char *one_line(const char *text)
{
        if (!text)
                return NULL;
        if (text_is_plain(text)) /* so are nearly all that are written here */
                return g_strdup(text);
        g_autofree char *valid = text_make_valid(text, strlen(text), NULL);
        g_autoptr(GString) out = g_string_sized_new(strlen(valid));
        for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                bool breaks = g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029;
                g_string_append_unichar(out, breaks ? ' ' : c);
        }
        return text_strip(out->str);
}

void choice_clean_reason(char *reason)
{
        if (!reason || text_is_plain(reason))
                return;
        g_autofree char *line = one_line(reason);
        memcpy(reason, line, MIN(strlen(line), strlen(reason)) + 1); /* of valid text it is not longer */
}

void choice_set(struct choice *choice, enum basis basis, int value, const char *text, const char *reason)
{
        /* Copied first: they may be the choice's own. */
        struct choice new = { .present = true, .text = g_strdup(text), .reason = one_line(reason) };
        if (basis != BASIS_UNDETERMINED && value != 0) {
                new.basis = basis;
                new.value = value;
        }
        choice_clear(choice);
        *choice = new;
}

void bulletin_set_field(struct bulletin *b, enum bulletin_field field, enum basis basis, int value, const char *text,
                        const char *reason)
{
        g_assert(!b->room);
        choice_set(&b->fields[field], basis, value, text, reason);
}

void bulletin_set_undetermined(struct bulletin *b, enum bulletin_field field, const char *text, const char *reason)
{
        bulletin_set_field(b, field, BASIS_UNDETERMINED, 0, text, reason);
}

void bulletin_add_warning(struct bulletin *b, const char *format, ...)
{
        g_assert(!b->room);
        /* A mail full of contradictions is still one bulletin. */
        if (b->warnings->len >= BULLETIN_WARNINGS_MAX)
                return;
        if (b->warnings->len == BULLETIN_WARNINGS_MAX - 1) {
                g_ptr_array_add(b->warnings, g_strdup("further warnings are left out"));
                return;
        }
        va_list args;
        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        g_autofree char *line = one_line(text);
        g_ptr_array_add(b->warnings, text_cut_chars(line, WARNING_CHARS_MAX));
}

/* Members are made with g_new and not g_new0: calloc does not take what was freed just before, and costs as much as
 * four mallocs. */

struct affected *affected_new(const char *software, const char *platforms)
{
        struct affected *affected = g_new(struct affected, 1);
        *affected = (struct affected){ .software = g_strdup(software), .platforms = g_strdup(platforms) };
        return affected;
}

void affected_free(struct affected *affected)
{
        if (!affected)
                return;
        g_free(affected->software);
        g_free(affected->platforms);
        g_free(affected);
}

struct lab_test *lab_test_new(const char *platform)
{
        struct lab_test *test = g_new(struct lab_test, 1);
        *test = (struct lab_test){ .platform = g_strdup(platform), .result.present = true };
        return test;
}

void lab_test_free(struct lab_test *test)
{
        if (!test)
                return;
        g_free(test->platform);
        choice_clear(&test->result);
        g_free(test);
}

struct download *download_new(const char *platform, const char *center, const char *catalog)
{
        struct download *download = g_new(struct download, 1);
        *download = (struct download){ .platform = g_strdup(platform), .center = g_strdup(center),
                                       .catalog = g_strdup(catalog) };
        return download;
}

void download_free(struct download *download)
{
        if (!download)
                return;
        g_free(download->platform);
        g_free(download->center);
        g_free(download->catalog);
        g_free(download);
}

struct package_file *package_file_new(const char *name, const char *date, const char *version, gint64 size_bytes,
                                      const char *description, const char *folder)
{
        struct package_file *file = g_new(struct package_file, 1);
        *file = (struct package_file){ .name = g_strdup(name), .date = g_strdup(date), .version = g_strdup(version),
                                       .size = size_bytes, .description = g_strdup(description),
                                       .folder = g_strdup(folder) };
        return file;
}

void package_file_free(struct package_file *file)
{
        if (!file)
                return;
        g_free(file->name);
        g_free(file->date);
        g_free(file->version);
        g_free(file->description);
        g_free(file->folder);
        g_free(file);
}

struct package *package_new(const char *product)
{
        struct package *package = g_new(struct package, 1);
        *package = (struct package){ .product = g_strdup(product),
                                     .files = list_of((GDestroyNotify) package_file_free) };
        return package;
}

void package_free(struct package *package)
{
        if (!package)
                return;
        g_free(package->product);
        package_file_free(package->file);
        g_ptr_array_free(package->files, TRUE);
        g_free(package);
}

struct deployment *deployment_new(const char *package, const char *product)
{
        struct deployment *deployment = g_new(struct deployment, 1);
        *deployment = (struct deployment){ .package = g_strdup(package), .product = g_strdup(product) };
        for (size_t i = 0; i < G_N_ELEMENTS(deployment->minutes); i++)
                deployment->minutes[i] = -1;
        return deployment;
}

void deployment_free(struct deployment *deployment)
{
        if (!deployment)
                return;
        g_free(deployment->package);
        g_free(deployment->product);
        g_free(deployment);
}

struct update_expert *update_expert_new(const char *product, const char *text)
{
        struct update_expert *entry = g_new(struct update_expert, 1);
        *entry = (struct update_expert){ .product = g_strdup(product), .text = g_strdup(text) };
        return entry;
}

void update_expert_free(struct update_expert *entry)
{
        if (!entry)
                return;
        g_free(entry->product);
        g_free(entry->text);
        g_free(entry);
}

struct bulletin_entry *bulletin_entry_new(const char *type, const char *id, const char *title)
{
        struct bulletin_entry *entry = g_new(struct bulletin_entry, 1);
        *entry = (struct bulletin_entry){ .type = g_strdup(type), .id = g_strdup(id), .kbs = list_of(g_free),
                                          .title = g_strdup(title) };
        return entry;
}

void bulletin_entry_free(struct bulletin_entry *entry)
{
        if (!entry)
                return;
        g_free(entry->type);
        g_free(entry->id);
        g_ptr_array_free(entry->kbs, TRUE);
        g_free(entry->title);
        g_free(entry);
}

struct section *section_new(const char *heading, const char *text)
{
        struct section *section = g_new(struct section, 1);
        *section = (struct section){ .heading = g_strdup(heading), .text = g_strdup(text) };
        return section;
}

void section_free(struct section *section)
{
        if (!section)
                return;
        g_free(section->heading);
        g_free(section->text);
        g_free(section);
}

struct link *link_new(const char *text, const char *url)
{
        struct link *link = g_new(struct link, 1);
        *link = (struct link){ .text = g_strdup(text), .url = g_strdup(url) };
        return link;
}

void link_free(struct link *link)
{
        if (!link)
                return;
        g_free(link->text);
        g_free(link->url);
        g_free(link);
}

struct charset_use *charset_use_new(const char *declared, const char *used, bool repaired)
{
        struct charset_use *use = g_new(struct charset_use, 1);
        *use = (struct charset_use){ .declared = g_strdup(declared), .used = g_strdup(used), .repaired = repaired };
        return use;
}

void charset_use_free(struct charset_use *use)
{
        if (!use)
                return;
        g_free(use->declared);
        g_free(use->used);
        g_free(use);
}

static bool parse_digits(const char *text, size_t count, unsigned *ret_value)
{
        unsigned value = 0;
        for (size_t i = 0; i < count; i++) {
                if (!g_ascii_isdigit(text[i]))
                        return false;
                value = value * 10 + (unsigned) (text[i] - '0');
        }
        *ret_value = value;
        return true;
}

bool bulletin_date_is_valid(const char *date)
{
        unsigned year, month, day;
        return strlen(date) == BULLETIN_DATE_SIZE - 1 && date[4] == '-' && date[7] == '-' &&
               parse_digits(date, 4, &year) && parse_digits(date + 5, 2, &month) && parse_digits(date + 8, 2, &day) &&
               g_date_valid_dmy((GDateDay) day, (GDateMonth) month, (GDateYear) year);
}

unsigned bulletin_count_determined(const struct bulletin *b)
{
        unsigned count = 0;
        for (int field = 0; field < FIELD_MAX; field++)
                count += choice_sound_value(&b->fields[field], field) != 0;
        count += b->edition[0] != '\0';
        count += b->registered[0] != '\0';
        count += b->updated[0] != '\0';
        count += b->id != NULL;
        count += b->kbs->len > 0;
        count += b->cves->len > 0;
        count += b->title != NULL;
        count += b->vendor_title != NULL;
        return count;
}
