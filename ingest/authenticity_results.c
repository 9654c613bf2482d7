/* SPDX-License-Identifier: MIT */
/*
 * The Authentication-Results field by the grammar of RFC 8601 section 2.2. Wider than it only where real borders write
 * more: values may hold characters that would need quotes ("header.b=ab/cd", "smtp.bits=256/256"), words without a dot
 * may stand where properties do ("action=none"), and there may be a semicolon too many. What cannot be read leaves a
 * field that states nothing: a sender who can make the border write nonsense gains nothing by it.
 */
#include <string.h>

#include "common/limits.h"
#include "ingest/authenticity_p.h"

static void free_property(gpointer data)
{
        struct authentication_property *property = data;
        g_free(property->type);
        g_free(property->name);
        g_free(property->value);
        g_free(property);
}

static void free_result(gpointer data)
{
        struct authentication_result *result = data;
        g_free(result->method);
        g_free(result->result);
        g_ptr_array_unref(result->properties);
        g_free(result);
}

struct authentication_property *authentication_property_new(void)
{
        return g_new0(struct authentication_property, 1);
}

struct authentication_result *authentication_result_new(void)
{
        struct authentication_result *result = g_new0(struct authentication_result, 1);
        result->properties = g_ptr_array_new_with_free_func(free_property);
        return result;
}

struct authentication_field *authentication_field_new(void)
{
        struct authentication_field *field = g_new0(struct authentication_field, 1);
        field->results = g_ptr_array_new_with_free_func(free_result);
        return field;
}

void authentication_field_free(struct authentication_field *field)
{
        if (!field)
                return;
        g_free(field->authserv_id);
        g_ptr_array_unref(field->results);
        g_free(field);
}

/* RFC 2045 section 5.1, and UTF-8 (RFC 8601 section 2.2 by way of RFC 8616). */
static bool is_token_char(unsigned char c)
{
        return c > 0x20 && c != 0x7F && !strchr("()<>@,;:\\\"/[]?=", c);
}

static bool is_digit(unsigned char c)
{
        return g_ascii_isdigit(c);
}

/* RFC 5321: Keyword. Methods, results, types and names of properties are such; some borders use "_". */
static bool is_keyword_char(unsigned char c)
{
        return g_ascii_isalnum(c) || c == '-' || c == '_';
}

/* A value without quotes. */
static bool is_value_char(unsigned char c)
{
        return c > 0x20 && c != 0x7F && !strchr("();\"\\", c);
}

/* Lower case, newly allocated; NULL if there is none. */
static char *scan_keyword(struct scan *scan)
{
        char *word = scan_run(scan, is_keyword_char);
        for (char *c = word; c && *c; c++)
                *c = g_ascii_tolower(*c);
        return word;
}

static bool is_at_end_of_item(const struct scan *scan)
{
        return scan_is_done(scan) || scan_is_at(scan, ';');
}

/* The version of the format or of a method: 1 is the only one there is. */
static bool scan_version(struct scan *scan, bool *ret_known)
{
        g_autofree char *digits = scan_run(scan, is_digit);
        *ret_known = digits && strspn(digits, "0") + 1 == strlen(digits) && g_str_has_suffix(digits, "1");
        return digits != NULL;
}

/* "[CFWS] authserv-id [CFWS authres-version] [CFWS]" up to the semicolon. NULL: there is no id. */
static struct authentication_field *scan_head(struct scan *scan)
{
        if (!scan_cfws(scan, NULL))
                return NULL;
        g_autofree char *id = scan_utf8(scan_is_at(scan, '"') ? scan_quoted(scan) : scan_run(scan, is_token_char));
        if (!id || !*id)
                return NULL;
        struct authentication_field *field = authentication_field_new();
        field->authserv_id = g_steal_pointer(&id);
        bool spaced = false, known = true;
        field->broken = !scan_cfws(scan, &spaced);
        if (!field->broken && !is_at_end_of_item(scan))
                field->broken = !spaced || !scan_version(scan, &known) || !known || !scan_cfws(scan, NULL) ||
                                !is_at_end_of_item(scan);
        return field;
}

/* A word right before a comment is not taken, though the grammar allows it: no border writes that, but one that copies a
 * domain as it came, like "hotfix.example(.evil.example", makes the rest of it look like a comment. */
static char *scan_value_word(struct scan *scan)
{
        g_autofree char *word = scan_utf8(scan_run(scan, is_value_char));
        return scan_is_at(scan, '(') ? NULL : g_steal_pointer(&word);
}

/* "[CFWS] value": a quoted string, perhaps the local part of an address, or a word. It may be empty: that is how some
 * borders write a mail without a sender. */
static char *scan_value(struct scan *scan)
{
        if (!scan_cfws(scan, NULL))
                return NULL;
        if (is_at_end_of_item(scan))
                return g_strdup("");
        if (!scan_is_at(scan, '"'))
                return scan_value_word(scan);
        g_autofree char *quoted = scan_utf8(scan_quoted(scan));
        if (!quoted || !scan_is_at(scan, '@'))
                return g_steal_pointer(&quoted);
        g_autofree char *rest = scan_value_word(scan);
        return rest ? g_strconcat(quoted, rest, NULL) : NULL;
}

/* "ptype.property=value", "reason=value", or another word with a value. */
static bool scan_property(struct scan *scan, struct authentication_result *result)
{
        g_autofree char *first = scan_keyword(scan), *second = NULL;
        if (!first || !scan_cfws(scan, NULL))
                return false;
        if (scan_char(scan, '.')) {
                if (!scan_cfws(scan, NULL))
                        return false;
                second = scan_keyword(scan);
                if (!second || !scan_cfws(scan, NULL))
                        return false;
        }
        g_autofree char *value = scan_char(scan, '=') ? scan_value(scan) : NULL;
        if (!value || result->properties->len >= LIMIT_AUTHENTICATION_PROPERTIES)
                return false;
        struct authentication_property *property = authentication_property_new();
        property->type = second ? g_steal_pointer(&first) : g_strdup("");
        property->name = second ? g_steal_pointer(&second) : g_steal_pointer(&first);
        property->value = g_steal_pointer(&value);
        g_ptr_array_add(result->properties, property);
        return true;
}

/* Behind "method[/version]=result": properties, each with white space or a comment before it. */
static bool scan_properties(struct scan *scan, struct authentication_result *result)
{
        for (;;) {
                bool spaced;
                if (!scan_cfws(scan, &spaced))
                        return false;
                if (is_at_end_of_item(scan))
                        return true;
                if (!spaced || !scan_property(scan, result))
                        return false;
        }
}

/* "method[/version]=result …", or "none". A version of a method that is not known says nothing here (RFC 8601 section
 * 2.7: consumers ignore what they do not understand). */
static bool scan_result(struct scan *scan, struct authentication_field *field)
{
        g_autofree char *method = scan_keyword(scan);
        bool known = true;
        if (!method || !scan_cfws(scan, NULL))
                return false;
        if (strcmp(method, "none") == 0 && is_at_end_of_item(scan))
                return true;
        if (scan_char(scan, '/') &&
            (!scan_cfws(scan, NULL) || !scan_version(scan, &known) || !scan_cfws(scan, NULL)))
                return false;
        if (!scan_char(scan, '=') || !scan_cfws(scan, NULL))
                return false;
        g_autofree char *word = scan_keyword(scan);
        if (!word || field->results->len >= LIMIT_AUTHENTICATION_RESULTS)
                return false;
        struct authentication_result *result = authentication_result_new();
        result->method = g_steal_pointer(&method);
        result->result = g_steal_pointer(&word);
        bool good = scan_properties(scan, result);
        if (good && known)
                g_ptr_array_add(field->results, result);
        else
                free_result(result);
        return good;
}

static bool scan_results(struct scan *scan, struct authentication_field *field)
{
        while (scan_char(scan, ';')) {
                if (!scan_cfws(scan, NULL))
                        return false;
                if (!is_at_end_of_item(scan) && !scan_result(scan, field))
                        return false;
        }
        return scan_is_done(scan);
}

struct authentication_field *authentication_field_parse(const char *data, size_t size)
{
        struct scan scan = scan_field(data, size);
        struct authentication_field *field = scan_head(&scan);
        if (!field)
                return NULL;
        field->broken = field->broken || size > LIMIT_HEADER_VALUE_BYTES || !scan_results(&scan, field);
        if (field->broken)
                g_ptr_array_set_size(field->results, 0);
        return field;
}
