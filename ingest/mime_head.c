/* SPDX-License-Identifier: MIT */
/* The head of a mail, and its boundaries, before any parser sees them. */
#include <string.h>

#include "common/limits.h"
#include "ingest/charset.h"
#include "ingest/mime_p.h"

#define USUAL_FIELDS 24u
#define JUNK_LINES_MAX 50 /* then it is text, not a head with a few broken lines */
#define BOUNDARY_BYTES_MAX 200
#define BOUNDARY_COMPARISONS_MAX 200000000u /* the parser compares each delimiter line with all boundaries around it */

const char *mime_line_end(const char *p, const char *end)
{
        const char *newline = p < end ? memchr(p, '\n', (size_t) (end - p)) : NULL;
        return newline ? newline + 1 : end;
}

bool mime_line_is_blank(const char *p, const char *line_end)
{
        while (p < line_end && (*p == '\r' || *p == '\n'))
                p++;
        return p == line_end;
}

/* The length of the field name that a line starts with, or 0. */
static size_t field_name_size(const char *line, size_t size)
{
        size_t name = 0, colon;
        while (name < size && line[name] > 0x20 && line[name] < 0x7F && line[name] != ':')
                name++;
        for (colon = name; colon < size && (line[colon] == ' ' || line[colon] == '\t');)
                colon++;
        return colon < size && line[colon] == ':' ? name : 0;
}

bool mime_is_header_line(const char *line, size_t size)
{
        return field_name_size(line, size) > 0;
}

/* The first letter tells most apart. size is not 0. */
static bool name_is(const char *name, size_t size, const char *wanted)
{
        return (*name | 0x20) == (*wanted | 0x20) && strlen(wanted) == size &&
               g_ascii_strncasecmp(name, wanted, size) == 0;
}

/* Fields that only mail has: text may start with "Note: …" as well. */
static bool is_mail_field(const char *name, size_t size)
{
        static const char *const names[] = {
                "From", "To", "Cc", "Bcc", "Subject", "Date", "Received", "Return-Path", "Sender", "Message-ID",
                "MIME-Version", "Reply-To", "Delivered-To", "In-Reply-To", "References", "DKIM-Signature",
                "Authentication-Results", "Precedence", "Envelope-To", "Importance", "Status", "Errors-To",
        };
        static const char *const prefixes[] = { "Content-", "X-", "List-", "Resent-", "ARC-", "Received-" };
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (name_is(name, size, names[i]))
                        return true;
        for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
                if (size > strlen(prefixes[i]) && g_ascii_strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        return false;
}

static bool starts_with(const char *p, const char *end, const char *word)
{
        return (size_t) (end - p) >= strlen(word) && memcmp(p, word, strlen(word)) == 0;
}

/* What may stand before a mail: a byte order mark, blank lines, the separator of an mbox. */
static const char *skip_prelude(const char *p, const char *end)
{
        if (starts_with(p, end, "\xEF\xBB\xBF"))
                p += 3;
        while (p < end && mime_line_is_blank(p, mime_line_end(p, end)))
                p = mime_line_end(p, end);
        if (starts_with(p, end, "From ") || starts_with(p, end, ">From "))
                p = mime_line_end(p, end);
        return p;
}

/* The field that a line starts. */
static struct header_field field_at(const char *line, const char *stop)
{
        struct header_field field = { .name = line, .name_size = field_name_size(line, (size_t) (stop - line)) };
        field.value = (const char *) memchr(line + field.name_size, ':', (size_t) (stop - line) - field.name_size) + 1;
        field.value_size = (size_t) (stop - field.value);
        return field;
}

static int head_too_large(struct error *err)
{
        return error_set(err, -ERR_LIMIT, "the mail's header has more than %u bytes (LIMIT_HEADER_BYTES)",
                         LIMIT_HEADER_BYTES);
}

int mail_head_read(const char *data, size_t size, struct mail_head *ret_head, struct error *err)
{
        const char *end = data + size, *p = skip_prelude(data, end);
        struct mail_head head = { .fields = g_array_sized_new(FALSE, FALSE, sizeof(struct header_field), USUAL_FIELDS),
                                  .start = (size_t) (p - data) };
        unsigned junk = 0; /* since the last field */
        const char *last_end = p, *stop;

        for (; p < end && junk <= JUNK_LINES_MAX && !mime_line_is_blank(p, stop = mime_line_end(p, end)); p = stop) {
                bool folded = (*p == ' ' || *p == '\t') && head.fields->len > 0;
                if (!folded && mime_is_header_line(p, (size_t) (stop - p))) {
                        struct header_field field = field_at(p, stop);
                        bool known = is_mail_field(field.name, field.name_size);
                        head.is_mail = head.is_mail || known;
                        if (junk > 0 && !known) { /* behind junk only a sure field shows that the head goes on */
                                junk++;
                                continue;
                        }
                        head.junk_lines += junk;
                        junk = 0;
                        g_array_append_val(head.fields, field);
                        last_end = stop;
                } else if (folded && junk == 0) {
                        struct header_field *last =
                                &g_array_index(head.fields, struct header_field, head.fields->len - 1);
                        last->value_size = (size_t) (stop - last->value);
                        last_end = stop;
                } else {
                        junk++;
                }
                if (head.fields->len == 0)
                        break;
                if (head.is_mail && (size_t) (last_end - data) - head.start > LIMIT_HEADER_BYTES) {
                        mail_head_clear(&head);
                        return head_too_large(err);
                }
        }
        head.end = (size_t) (last_end - data);
        head.no_blank_line = junk > 0;
        head.body = junk > 0 || p == end ? head.end : (size_t) (mime_line_end(p, end) - data);
        *ret_head = head;
        return 0;
}

void mail_head_clear(struct mail_head *head)
{
        if (head->fields)
                g_array_free(head->fields, TRUE);
        *head = (struct mail_head){ 0 };
}

/* Unfolded: the line ends go, the white space behind them stays (RFC 5322 section 2.2.3). */
static char *field_value(const struct header_field *field)
{
        GString *value = g_string_sized_new(field->value_size + 1);
        for (size_t i = 0; i < field->value_size; i++)
                if (field->value[i] != '\r' && field->value[i] != '\n' && field->value[i] != '\0')
                        g_string_append_c(value, field->value[i]);
        return g_strstrip(g_string_free(value, FALSE));
}

char *mail_head_get(const struct mail_head *head, const char *name, unsigned n)
{
        for (guint i = 0; i < head->fields->len; i++) {
                const struct header_field *field = &g_array_index(head->fields, struct header_field, i);
                if (name_is(field->name, field->name_size, name) && n-- == 0)
                        return field_value(field);
        }
        return NULL;
}

void mail_head_get_all(const struct mail_head *head, const char *name, GPtrArray *values)
{
        for (guint i = 0; i < head->fields->len; i++) {
                const struct header_field *field = &g_array_index(head->fields, struct header_field, i);
                if (name_is(field->name, field->name_size, name))
                        g_ptr_array_add(values, field_value(field));
        }
}

/* The boundaries that the bytes declare anywhere; wild: some declaration is too twisted to be sure. */
struct boundary_set {
        GHashTable *texts;
        bool wild;
};

/* p stands behind the word "boundary". */
static void collect_boundary(struct boundary_set *set, const char *p, const char *end)
{
        while (p < end && g_ascii_isspace(*p))
                p++;
        if (p == end || (*p != '=' && *p != '*' && *p != '('))
                return;
        set->wild = set->wild || *p != '=';
        p++;
        while (p < end && g_ascii_isspace(*p))
                p++;
        bool quoted = p < end && *p == '"';
        p += quoted;
        const char *q = p;
        while (q < end && *q != '\n' && *q != '\r' && (quoted ? *q != '"' : !g_ascii_isspace(*q) && *q != ';'))
                q++;
        if (memchr(p, '\\', (size_t) (q - p)) || memchr(p, '?', (size_t) (q - p)) || memchr(p, '(', (size_t) (q - p)) ||
            q - p > BOUNDARY_BYTES_MAX || g_hash_table_size(set->texts) > LIMIT_MIME_PARTS)
                set->wild = true;
        else
                g_hash_table_add(set->texts, g_strndup(p, (gsize) (q - p)));
}

static void collect_boundaries(struct boundary_set *set, const char *data, size_t size)
{
        static const char word[] = "boundary";
        const size_t length = sizeof word - 1;
        for (const char *p = data, *end = data + size; (size_t) (end - p) > length && !set->wild; p++) {
                if ((*p == 'b' || *p == 'B') && g_ascii_strncasecmp(p, word, length) == 0)
                        collect_boundary(set, p + length, end);
        }
}

static bool is_delimiter(const struct boundary_set *set, const char *line, const char *stop)
{
        while (stop > line && g_ascii_isspace(stop[-1]))
                stop--;
        g_autofree char *text = g_strndup(line + 2, MIN((gsize) (stop - line - 2), BOUNDARY_BYTES_MAX + 1));
        return set->wild || g_hash_table_contains(set->texts, text);
}

/* The next line behind p that starts with "--", or NULL. */
static const char *next_dashes(const char *p, const char *end)
{
        while (end - p >= 2 && (p = memchr(p + 1, '-', (size_t) (end - p) - 1)))
                if (p[-1] == '\n' && end - p >= 2 && p[1] == '-')
                        return p;
        return NULL;
}

/* How many lines could start a part: all that start with "--", or those of them in the set. */
static unsigned count_delimiters(const struct boundary_set *set, const char *data, size_t size)
{
        unsigned count = 0;
        const char *end = data + size;
        for (const char *p = data; p; p = next_dashes(p, end)) {
                const char *stop = mime_line_end(p, end);
                if (stop - p >= 3 && p[0] == '-' && p[1] == '-' && (!set || is_delimiter(set, p, stop)))
                        count++;
        }
        return count;
}

int mime_check_boundaries(const char *data, size_t size, struct error *err)
{
        unsigned lines = count_delimiters(NULL, data, size);
        if (lines <= LIMIT_MIME_PARTS)
                return 0;
        struct boundary_set set = { .texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
        collect_boundaries(&set, data, size);
        unsigned count = count_delimiters(&set, data, size);
        guint64 comparisons = (guint64) g_hash_table_size(set.texts) * lines;
        g_hash_table_destroy(set.texts);
        if (count <= LIMIT_MIME_PARTS && comparisons <= BOUNDARY_COMPARISONS_MAX)
                return 0;
        return error_set(err, -ERR_LIMIT, "the mail has more than %u parts (LIMIT_MIME_PARTS)", LIMIT_MIME_PARTS);
}

char *mime_guess_boundary(const char *data, size_t size)
{
        const char *stop;
        for (const char *p = data, *end = data + size; p < end; p = stop) {
                stop = mime_line_end(p, end);
                if (!starts_with(p, stop, "--") || stop == end ||
                    g_ascii_strncasecmp(stop, "Content-", MIN(8, end - stop)) != 0)
                        continue;
                const char *text = p + 2, *text_end = stop;
                while (text_end > text && g_ascii_isspace(text_end[-1]))
                        text_end--;
                size_t length = (size_t) (text_end - text);
                if (length == 0 || length > BOUNDARY_BYTES_MAX || memchr(text, '"', length) ||
                    memchr(text, '\\', length) || memchr(text, '\0', length))
                        continue;
                return g_strndup(text, length);
        }
        return NULL;
}

/* The oldest form has the name as a comment behind the address: "desk@a.example (Desk)". Otherwise the whole text. */
static char *name_in_comment(const struct mime_mail *mail, const char *decoded)
{
        size_t length = mail->from_address ? strlen(mail->from_address) : 0, size = strlen(decoded);
        if (length == 0 || g_ascii_strncasecmp(decoded, mail->from_address, length) != 0)
                return g_strdup(decoded);
        const char *comment = decoded + length + strspn(decoded + length, " ");
        if (*comment != '(' || decoded[size - 1] != ')' || comment == decoded + length)
                return g_strdup(decoded);
        return g_strndup(comment + 1, (gsize) (decoded + size - comment - 2));
}

/* From without its address: what stands before the "<" of the address, or all of it. */
static char *sender_name(const struct mime_mail *mail)
{
        const char *bracket = mail->from_address ? strrchr(mail->from, '<') : NULL;
        size_t length = bracket ? strlen(mail->from_address) : 0;
        if (bracket && (g_ascii_strncasecmp(bracket + 1, mail->from_address, length) != 0 || bracket[1 + length] != '>'))
                bracket = NULL;
        g_autofree char *raw = bracket ? g_strndup(mail->from, (gsize) (bracket - mail->from)) : g_strdup(mail->from);
        g_autofree char *text = charset_decode_header(raw);
        g_autofree char *decoded = bracket ? g_steal_pointer(&text) : name_in_comment(mail, text);
        GString *name = g_string_sized_new(strlen(decoded) + 1);
        for (const char *p = decoded; *p; p++)
                if (!strchr("<>\"", *p))
                        g_string_append_c(name, *p);
        return g_strstrip(g_string_free(name, FALSE));
}

char *mime_mail_sender(const struct mime_mail *mail)
{
        if (!mail->from)
                return NULL;
        g_autofree char *name = sender_name(mail);
        if (!mail->from_address)
                return g_steal_pointer(&name);
        g_autofree char *bare = g_ascii_strdown(name, -1), *address = g_ascii_strdown(mail->from_address, -1);
        if (!*name || strcmp(bare, address) == 0)
                return g_strdup(mail->from_address);
        return g_strdup_printf("%s <%s>", name, mail->from_address);
}
