/* SPDX-License-Identifier: MIT */
/*
 * The rules. Anybody can write Authentication-Results into a mail, so what counts is where a field stands: each host that
 * a mail passes writes above what is there already. The field of our own border is therefore above all that the sender
 * wrote, and the topmost one with its authserv-id is the border's: RFC 8601 section 5 has a border remove every field
 * that comes in with its id, and where one does not, what it writes itself still stands above. Fields above it, by
 * hosts behind the border, have other ids and are passed over. One with our id further down is a forgery or a leftover
 * and does not count (section 7.1), also where it states a method on which the topmost one is silent: a border whose
 * programs write a field each looks the same as one that lets the sender's own field stand below its own.
 */
#include "ingest/authenticity.h"

#include <string.h>

#include "common/limits.h"
#include "common/text.h"

#define REASON_CHARS_MAX 600
#define DOMAIN_BYTES_MAX 253
#define IDS_NAMED_MAX 3u

const char *authentication_method_name(enum authentication_method method)
{
        static const char *const names[AUTHENTICATION_METHOD_MAX] = { "none", "dkim", "spf", "dmarc" };
        return (unsigned) method < AUTHENTICATION_METHOD_MAX ? names[method] : "unknown";
}

bool authenticity_asks(const struct authenticity_policy *policy)
{
        return policy->require != AUTHENTICATION_NONE || (policy->trusted_senders && policy->trusted_senders->len > 0);
}

/* --- domains --- */

/* In ASCII (RFC 5891) and lower case; NULL for what is no domain name. Newly allocated. */
static char *canonical_domain(const char *text)
{
        if (!text || !*text || strlen(text) > LIMIT_AUTHENTICATION_VALUE_BYTES)
                return NULL;
        g_autofree char *ascii = g_hostname_to_ascii(text);
        g_autofree char *lower = ascii ? g_ascii_strdown(ascii, -1) : NULL;
        size_t length = lower ? strlen(lower) : 0;
        if (length == 0 || length > DOMAIN_BYTES_MAX || lower[0] == '.' || lower[length - 1] == '.' || strstr(lower, "..") ||
            strspn(lower, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != length)
                return NULL;
        return g_steal_pointer(&lower);
}

/* Of an address, which some borders write in angle brackets, or of a value that is a domain alone. */
static char *domain_of_value(const char *value)
{
        size_t length = value ? strlen(value) : 0;
        bool bracketed = length > 2 && value[0] == '<' && value[length - 1] == '>';
        g_autofree char *bare = bracketed ? g_strndup(value + 1, length - 2) : g_strdup(value);
        const char *at = bare ? strrchr(bare, '@') : NULL;
        return canonical_domain(at ? at + 1 : bare);
}

static bool is_below(const char *child, const char *parent)
{
        size_t length = strlen(child), end = strlen(parent);
        return strchr(parent, '.') && length > end + 1 && child[length - end - 1] == '.' &&
               strcmp(child + length - end, parent) == 0;
}

/* Without the list of public suffixes nobody knows where an organisation's domain begins, so: the same domain, or one of
 * them above the other, and not a top level alone. */
static bool is_aligned(const char *domain, const char *from)
{
        return strcmp(domain, from) == 0 || is_below(domain, from) || is_below(from, domain);
}

/* --- one result --- */

/* *ret_value: NULL where it is not there. False: it is there twice, which no border writes. */
static bool find_property(const struct authentication_result *result, const char *type, const char *name, const char **ret_value)
{
        *ret_value = NULL;
        for (guint i = 0; i < result->properties->len; i++) {
                const struct authentication_property *property = g_ptr_array_index(result->properties, i);
                if (strcmp(property->type, type) != 0 || strcmp(property->name, name) != 0)
                        continue;
                if (*ret_value)
                        return false;
                *ret_value = property->value;
        }
        return true;
}

/* The domain that the result is about; NULL if it names none. */
static char *domain_of_result(const struct authentication_result *result, enum authentication_method method)
{
        const char *first, *second;
        if (method == AUTHENTICATION_DMARC)
                return find_property(result, "header", "from", &first) ? domain_of_value(first) : NULL;
        if (method == AUTHENTICATION_DKIM) {
                if (!find_property(result, "header", "d", &first) || !find_property(result, "header", "i", &second))
                        return NULL;
                return first ? canonical_domain(first) : domain_of_value(second);
        }
        /* The name in HELO is only checked where the envelope has no sender: else it is what the client says. */
        if (!find_property(result, "smtp", "mailfrom", &first) || !find_property(result, "smtp", "helo", &second))
                return NULL;
        bool is_empty = !first || !*first || strcmp(first, "<>") == 0;
        return is_empty ? canonical_domain(second) : domain_of_value(first);
}

static bool is_of_method(const struct authentication_result *result, enum authentication_method method)
{
        return strcmp(result->method, authentication_method_name(method)) == 0;
}

static bool states(const struct authentication_field *field, enum authentication_method method)
{
        for (guint i = 0; i < field->results->len; i++)
                if (is_of_method(g_ptr_array_index(field->results, i), method))
                        return true;
        return false;
}

/* --- the border's own field --- */

/* ids: one, or several with commas. */
static bool is_ours(const char *ids, const char *id)
{
        g_auto(GStrv) list = g_strsplit(ids, ",", -1);
        for (char **one = list; *one; one++)
                if (g_ascii_strcasecmp(g_strstrip(*one), id) == 0)
                        return true;
        return false;
}

/* The topmost with such an id, or NULL. *ret_others: how many stand below it. */
static const struct authentication_field *find_own(const struct authentication_report *report, const char *ids,
                                                   unsigned *ret_others)
{
        const struct authentication_field *own = NULL;
        *ret_others = 0;
        for (guint i = 0; report->fields && i < report->fields->len; i++) {
                const struct authentication_field *field = g_ptr_array_index(report->fields, i);
                if (!is_ours(ids, field->authserv_id))
                        continue;
                if (own)
                        (*ret_others)++;
                else
                        own = field;
        }
        return own;
}

/* --- the judgement --- */

static char *explain_from(enum authentication_from from)
{
        switch (from) {
        case AUTHENTICATION_FROM_NONE:
                return g_strdup("the mail has no From field");
        case AUTHENTICATION_FROM_FIELDS:
                return g_strdup("the mail has several From fields");
        case AUTHENTICATION_FROM_MAILBOXES:
                return g_strdup("From names more than one mailbox, or a group");
        default:
                return g_strdup("From is not an address with a domain name");
        }
}

static bool is_trusted(const struct authenticity_policy *policy, const char *local, const char *domain)
{
        for (guint i = 0; i < policy->trusted_senders->len; i++) {
                const char *sender = g_ptr_array_index(policy->trusted_senders, i), *at = strrchr(sender, '@');
                g_autofree char *trusted_domain = at ? canonical_domain(at + 1) : NULL;
                g_autofree char *trusted_local = at ? g_strndup(sender, (gsize) (at - sender)) : NULL;
                if (trusted_domain && strcmp(trusted_domain, domain) == 0 &&
                    (!*trusted_local || g_ascii_strcasecmp(trusted_local, local) == 0))
                        return true;
        }
        return false;
}

/* Helps an administrator who has set the wrong id. */
static char *explain_absence(const struct authentication_report *report, const char *id)
{
        g_autoptr(GString) ids = g_string_new(NULL);
        unsigned named = 0;
        for (guint i = 0; report->fields && i < report->fields->len && named < IDS_NAMED_MAX; i++) {
                const struct authentication_field *field = g_ptr_array_index(report->fields, i);
                g_string_append_printf(ids, "%s%s", named++ ? ", " : "", field->authserv_id);
        }
        if (named == 0)
                return g_strdup_printf("the mail has no Authentication-Results of %s, nor of anybody else", id);
        return g_strdup_printf("the mail has no Authentication-Results of %s, only of %s", id, ids->str);
}

/* Several DMARC results are a contradiction: there is one From. */
static char *judge_dmarc(const struct authentication_field *field, const char *from)
{
        const struct authentication_result *found = NULL;
        for (guint i = 0; i < field->results->len; i++) {
                const struct authentication_result *result = g_ptr_array_index(field->results, i);
                if (!is_of_method(result, AUTHENTICATION_DMARC))
                        continue;
                if (found)
                        return g_strdup_printf("%s states more than one dmarc result", field->authserv_id);
                found = result;
        }
        if (strcmp(found->result, "pass") != 0)
                return g_strdup_printf("%s says dmarc=%s", field->authserv_id, found->result);
        g_autofree char *domain = domain_of_result(found, AUTHENTICATION_DMARC);
        if (domain && strcmp(domain, from) == 0)
                return NULL;
        return g_strdup_printf("%s says dmarc=pass for %s, and From is of %s", field->authserv_id,
                               domain ? domain : "no domain (header.from)", from);
}

/* Of several signatures, or identities of SPF, one that passes and is aligned suffices. */
static char *judge_aligned(const struct authentication_field *field, enum authentication_method method, const char *from)
{
        const char *name = authentication_method_name(method), *failed = NULL;
        g_autofree char *other = NULL;
        for (guint i = 0; i < field->results->len; i++) {
                const struct authentication_result *result = g_ptr_array_index(field->results, i);
                if (!is_of_method(result, method))
                        continue;
                if (strcmp(result->result, "pass") != 0) {
                        failed = failed ? failed : result->result;
                        continue;
                }
                g_autofree char *domain = domain_of_result(result, method);
                if (domain && is_aligned(domain, from))
                        return NULL;
                if (!other)
                        other = domain ? g_steal_pointer(&domain) : g_strdup("no domain that it names");
        }
        if (other)
                return g_strdup_printf("%s says %s=pass for %s, and From is of %s", field->authserv_id, name, other, from);
        return g_strdup_printf("%s says %s=%s", field->authserv_id, name, failed);
}

static char *judge_own(const struct authentication_field *own, enum authentication_method method, const char *from)
{
        if (own->broken)
                return g_strdup_printf("the Authentication-Results field of %s cannot be read", own->authserv_id);
        if (!states(own, method))
                return g_strdup_printf("%s states no %s result", own->authserv_id, authentication_method_name(method));
        return method == AUTHENTICATION_DMARC ? judge_dmarc(own, from) : judge_aligned(own, method, from);
}

static char *judge_results(const struct authenticity_policy *policy, const struct authentication_report *report,
                           const char *from)
{
        if (!policy->authserv_id || !*policy->authserv_id)
                return g_strdup("no authserv-id is configured");
        unsigned others;
        const struct authentication_field *own = find_own(report, policy->authserv_id, &others);
        if (!own)
                return explain_absence(report, policy->authserv_id);
        char *reason = judge_own(own, policy->require, from);
        if (!reason || others == 0)
                return reason;
        bool one = others == 1;
        char *whole = g_strdup_printf("%s; %u more of that name %s below, where the sender can write, and %s not count", reason,
                                      others, one ? "stands" : "stand", one ? "does" : "do");
        g_free(reason);
        return whole;
}

static char *judge(const struct authenticity_policy *policy, const struct authentication_report *report)
{
        if (report->from != AUTHENTICATION_FROM_ONE)
                return explain_from(report->from);
        g_autofree char *domain = canonical_domain(report->from_domain);
        if (!domain)
                return explain_from(AUTHENTICATION_FROM_BROKEN);
        if (policy->trusted_senders && policy->trusted_senders->len > 0 && !is_trusted(policy, report->from_local, domain))
                return g_strdup_printf("%s@%s is not among trusted-senders", report->from_local, domain);
        return policy->require == AUTHENTICATION_NONE ? NULL : judge_results(policy, report, domain);
}

char *authenticity_judge(const struct authenticity_policy *policy, const struct authentication_report *report)
{
        g_autofree char *reason = authenticity_asks(policy) ? judge(policy, report) : NULL;
        if (!reason)
                return NULL;
        g_autofree char *line = text_make_line(reason, strlen(reason)); /* it quotes the mail */
        return text_cut_chars(line, REASON_CHARS_MAX);
}

bool authenticity_is_unclear(const struct authenticity_policy *policy, const struct authentication_report *report)
{
        if (policy->require == AUTHENTICATION_NONE || !policy->authserv_id || report->from != AUTHENTICATION_FROM_ONE)
                return false;
        g_autofree char *domain = canonical_domain(report->from_domain);
        if (!domain || (policy->trusted_senders && policy->trusted_senders->len > 0 &&
                        !is_trusted(policy, report->from_local, domain)))
                return false;
        unsigned others;
        const struct authentication_field *own = find_own(report, policy->authserv_id, &others);
        if (!own || own->broken || !states(own, policy->require))
                return true;
        for (guint i = 0; i < own->results->len; i++) {
                const struct authentication_result *result = g_ptr_array_index(own->results, i);
                if (is_of_method(result, policy->require) && strcmp(result->result, "temperror") == 0)
                        return true;
        }
        return false;
}
