/* SPDX-License-Identifier: MIT */
/* Writing a mail: everything in it follows from the draft alone, so that a repeated delivery sends the same bytes. */
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/text.h"
#include "ingest/mime_p.h"

#define LINE_COLUMNS 76u /* of 78, so that nothing is ever at the edge */
#define BASE64_LINE_BYTES 57u
#define BODY_LINE_BYTES_MAX 998u /* without its line end (RFC 5322 section 2.1.1) */
#define FILE_NAME_BYTES_MAX 100u
#define WORD_OVERHEAD 12u /* =?UTF-8?B?…?= */
#define UNFOLDABLE_BYTES_MAX 900u /* an address or id, which cannot be folded, in a line of at most 998 */

static bool is_plain_char(unsigned char c)
{
        return c >= 0x20 && c < 0x7F;
}

/* Strings of a header: UTF-8 without line ends, which would start a field of someone else's choice. */
static int check_header_text(const char *what, const char *text, struct error *err)
{
        if (strpbrk(text, "\r\n"))
                return error_set(err, -ERR_MALFORMED, "%s holds a line end", what);
        if (!g_utf8_validate(text, -1, NULL))
                return error_set(err, -ERR_MALFORMED, "%s is not UTF-8", what);
        return 0;
}

static size_t current_column(const GString *out)
{
        const char *newline = g_strrstr_len(out->str, (gssize) out->len, "\n");
        return newline ? (size_t) (out->str + out->len - newline - 1) : out->len;
}

static void fold(GString *out)
{
        g_string_append(out, "\r\n ");
}

/* Puts a piece that cannot be broken, with a space before it or on a line of its own. */
static void append_piece(GString *out, const char *piece)
{
        if (current_column(out) + 1 + strlen(piece) > LINE_COLUMNS)
                fold(out);
        else
                g_string_append_c(out, ' ');
        g_string_append(out, piece);
}

static bool needs_words(const char *text)
{
        size_t word = 0;
        for (const char *p = text; *p; p++) {
                word = *p == ' ' ? 0 : word + 1;
                if (!is_plain_char((unsigned char) *p) || word > LINE_COLUMNS - 2)
                        return true;
        }
        return strstr(text, "=?") || g_str_has_prefix(text, " ") || g_str_has_suffix(text, " ") || strstr(text, "  ");
}

/* Encoded words in base64, each of whole characters (RFC 2047 section 5), as many as the text needs. */
static void append_words(GString *out, const char *text)
{
        while (*text) {
                size_t column = current_column(out) + 1, room = LINE_COLUMNS > column ? LINE_COLUMNS - column : 0;
                size_t bytes = room > WORD_OVERHEAD ? (room - WORD_OVERHEAD) / 4 * 3 : 0, take = 0;
                while (text[take]) {
                        size_t next = (size_t) (g_utf8_next_char(text + take) - text);
                        if (next > bytes)
                                break;
                        take = next;
                }
                if (take == 0) { /* no room left on this line */
                        fold(out);
                        g_string_truncate(out, out->len - 1); /* the space comes with the word */
                        continue;
                }
                g_autofree char *encoded = g_base64_encode((const guchar *) text, take);
                g_string_append_printf(out, " =?UTF-8?B?%s?=", encoded);
                text += take;
        }
}

static void append_text_field(GString *out, const char *name, const char *value)
{
        g_string_append_printf(out, "%s:", name);
        if (needs_words(value)) {
                append_words(out, value);
        } else {
                g_auto(GStrv) words = g_strsplit(value, " ", -1);
                for (char **word = words; *word; word++)
                        append_piece(out, *word);
        }
        g_string_append(out, "\r\n");
}

static bool is_phrase(const char *name)
{
        for (const char *p = name; *p; p++)
                if (!g_ascii_isalnum(*p) && !strchr(" !#$%&'*+-/=?^_`{|}~", *p))
                        return false;
        return true;
}

static void append_display_name(GString *out, const char *name)
{
        if (needs_words(name)) {
                append_words(out, name);
                return;
        }
        g_autoptr(GString) quoted = g_string_new(NULL);
        if (is_phrase(name)) {
                g_string_append(quoted, name);
        } else {
                g_string_append_c(quoted, '"');
                for (const char *p = name; *p; p++) {
                        if (*p == '"' || *p == '\\')
                                g_string_append_c(quoted, '\\');
                        g_string_append_c(quoted, *p);
                }
                g_string_append_c(quoted, '"');
        }
        g_auto(GStrv) words = g_strsplit(quoted->str, " ", -1);
        for (char **word = words; *word; word++)
                append_piece(out, *word);
}

static bool is_ascii(const char *text)
{
        for (; *text; text++)
                if (!is_plain_char((unsigned char) *text))
                        return false;
        return true;
}

/* The string must be exactly one address: nothing of it may have been overlooked. */
static bool is_whole_address(const char *text, const char *address)
{
        g_autofree char *stripped = g_strstrip(g_strdup(text)), *bracketed = g_strdup_printf("<%s>", address);
        return strcmp(stripped, address) == 0 || g_str_has_suffix(stripped, bracketed);
}

static int append_address(GString *out, const char *text, const char *separator, struct error *err)
{
        GPtrArray *addresses = NULL;
        int r = check_header_text("a mail address", text, err);
        if (r < 0)
                return r;
        if ((r = mime_parse_addresses(text, &addresses, err)) < 0)
                return r;
        const struct mime_address *address = g_ptr_array_index(addresses, 0);
        if (addresses->len != 1 || !is_whole_address(text, address->address)) {
                r = error_set(err, -ERR_MALFORMED, "\"%s\" is not one mail address", text);
        } else if (!is_ascii(address->address) || strlen(address->address) > UNFOLDABLE_BYTES_MAX) {
                r = error_set(err, -ERR_MALFORMED, "the mail address \"%s\" is too long or not ASCII", text);
        } else {
                if (address->name && *address->name)
                        append_display_name(out, address->name);
                g_autofree char *piece = address->name && *address->name
                                                 ? g_strdup_printf("<%s>%s", address->address, separator)
                                                 : g_strdup_printf("%s%s", address->address, separator);
                append_piece(out, piece);
        }
        g_ptr_array_free(addresses, TRUE);
        return r;
}

static int append_recipients(GString *out, const char *const *to, struct error *err)
{
        if (!to || !to[0])
                return error_set(err, -ERR_MALFORMED, "the mail has no recipient");
        g_string_append(out, "To:");
        for (size_t i = 0; to[i]; i++) {
                int r = append_address(out, to[i], to[i + 1] ? "," : "", err);
                if (r < 0)
                        return r;
        }
        g_string_append(out, "\r\n");
        return 0;
}

static int append_id(GString *out, const char *id, struct error *err)
{
        if (!*id || !is_ascii(id) || strpbrk(id, " <>") || strlen(id) > UNFOLDABLE_BYTES_MAX)
                return error_set(err, -ERR_MALFORMED, "\"%s\" cannot be a Message-ID", id);
        g_autofree char *piece = g_strdup_printf("<%s>", id);
        append_piece(out, piece);
        return 0;
}

static int append_ids(GString *out, const struct mime_draft *draft, struct error *err)
{
        g_string_append(out, "Message-ID:");
        int r = append_id(out, draft->message_id, err);
        g_string_append(out, "\r\n");
        if (r == 0 && draft->in_reply_to) {
                g_string_append(out, "In-Reply-To:");
                r = append_id(out, draft->in_reply_to, err);
                g_string_append(out, "\r\n");
        }
        if (r == 0 && draft->references && draft->references[0]) {
                g_string_append(out, "References:");
                for (size_t i = 0; r == 0 && draft->references[i]; i++)
                        r = append_id(out, draft->references[i], err);
                g_string_append(out, "\r\n");
        }
        return r;
}

/* Fields that the draft has members for, or that describe the body. */
static bool is_own_field(const char *name)
{
        static const char *const own[] = { "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
                                           "MIME-Version" };
        for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
                if (g_ascii_strcasecmp(name, own[i]) == 0)
                        return true;
        return g_ascii_strncasecmp(name, "Content-", 8) == 0;
}

static int append_extra(GString *out, const char *const *extra, struct error *err)
{
        for (size_t i = 0; extra && extra[i]; i += 2) {
                const char *name = extra[i], *value = extra[i + 1];
                if (!is_ascii(name) || strpbrk(name, " :") || !*name || strlen(name) > LINE_COLUMNS / 2 ||
                    is_own_field(name))
                        return error_set(err, -ERR_MALFORMED, "\"%s\" cannot be an extra header field", name);
                if (!value)
                        return error_set(err, -ERR_MALFORMED, "the header field %s has no value", name);
                int r = check_header_text(name, value, err);
                if (r < 0)
                        return r;
                append_text_field(out, name, value);
        }
        return 0;
}

/* Bodies have line feeds here; the mail gets CRLF. A line end always ends the body. */
static char *normal_body(const char *text)
{
        char *valid = text_make_valid(text, strlen(text), NULL);
        if (g_str_has_suffix(valid, "\n"))
                return valid;
        char *ended = g_strconcat(valid, "\n", NULL);
        g_free(valid);
        return ended;
}

static bool is_mostly_non_ascii(const char *text)
{
        size_t size = strlen(text), high = 0;
        for (size_t i = 0; i < size; i++)
                high += (unsigned char) text[i] >= 0x80;
        return high * 2 > size;
}

static void append_crlf_text(GString *out, const char *text)
{
        for (const char *p = text; *p; p++) {
                if (*p == '\n')
                        g_string_append_c(out, '\r');
                g_string_append_c(out, *p);
        }
}

static void append_base64(GString *out, const char *data, size_t size)
{
        for (size_t i = 0; i < size; i += BASE64_LINE_BYTES) {
                g_autofree char *line = g_base64_encode((const guchar *) data + i, MIN(BASE64_LINE_BYTES, size - i));
                g_string_append_printf(out, "%s\r\n", line);
        }
}

static void append_base64_text(GString *out, const char *text)
{
        g_autoptr(GString) body = g_string_sized_new(strlen(text) + 64);
        append_crlf_text(body, text); /* line ends inside base64 are CRLF too (RFC 2045 section 6.8) */
        append_base64(out, body->str, body->len);
}

/* Whether a character has to be written as =XX where it stands. */
static bool must_be_quoted(const char *p, size_t column)
{
        if (*p == ' ' || *p == '\t')
                return p[1] == '\n' || p[1] == '\0';
        if (column == 0 && (*p == '.' || g_str_has_prefix(p, "From "))) /* relays change such lines */
                return true;
        return *p == '=' || !is_plain_char((unsigned char) *p);
}

static void append_quoted_printable(GString *out, const char *text)
{
        size_t column = 0;
        for (const char *p = text; *p; p++) {
                if (*p == '\n') {
                        g_string_append(out, "\r\n");
                        column = 0;
                        continue;
                }
                size_t width = must_be_quoted(p, column) ? 3 : 1;
                if (column + width > LINE_COLUMNS - 1) { /* one column for the soft line end */
                        g_string_append(out, "=\r\n");
                        column = 0;
                        width = must_be_quoted(p, column) ? 3 : 1;
                }
                if (width == 3)
                        g_string_append_printf(out, "=%02X", (unsigned char) *p);
                else
                        g_string_append_c(out, *p);
                column += width;
        }
}

static void append_body(GString *out, const char *type, const char *text)
{
        g_autofree char *body = normal_body(text);
        bool base64 = is_mostly_non_ascii(body);
        g_string_append_printf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", type,
                               base64 ? "base64" : "quoted-printable");
        if (base64)
                append_base64_text(out, body);
        else
                append_quoted_printable(out, body);
}

/* A mail that may stand in another one as it is: RFC 2046 section 5.2.1 allows it no encoding. */
static bool is_plain_mail(const char *data, size_t size)
{
        size_t line = 0;
        for (size_t i = 0; i < size; i++) {
                unsigned char c = (unsigned char) data[i];
                if (c == '\n' && (i == 0 || data[i - 1] != '\r'))
                        return false;
                if ((c == '\r' && (i + 1 == size || data[i + 1] != '\n')) || c == '\0' || c >= 0x80)
                        return false;
                line = c == '\n' ? 0 : line + 1;
                if (line > BODY_LINE_BYTES_MAX + 1) /* the CR is counted too */
                        return false;
        }
        return true;
}

static bool is_mail(const struct mime_attachment *attachment)
{
        return g_ascii_strcasecmp(attachment->type, "message/rfc822") == 0;
}

static bool stands_as_it_is(const struct mime_attachment *attachment)
{
        return is_mail(attachment) && is_plain_mail(attachment->data, attachment->size);
}

/* A line of an attached mail must not end the part it is in. "=_" occurs in no encoding, so no other body can hold it
 * (RFC 2045 section 6.7). */
static char *make_boundary(const struct mime_draft *draft, const char *purpose)
{
        for (unsigned attempt = 0;; attempt++) {
                char digest[DIGEST_TEXT_SIZE];
                g_autofree char *count = attempt ? g_strdup_printf("%u", attempt) : g_strdup("");
                digest_sha256_strings(digest, purpose, draft->message_id, count, NULL);
                digest[32] = '\0';
                bool taken = false;
                for (gsize i = 0; i < draft->attachment_count; i++)
                        taken |= memmem(draft->attachments[i].data, draft->attachments[i].size, digest, 32) != NULL;
                if (!taken)
                        return g_strdup_printf("=_%s", digest);
        }
}

static void append_alternatives(GString *out, const struct mime_draft *draft)
{
        if (!draft->html) {
                append_body(out, "text/plain", draft->text);
                return;
        }
        g_autofree char *boundary = make_boundary(draft, "boundary");
        g_string_append_printf(out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", boundary,
                               boundary);
        append_body(out, "text/plain", draft->text);
        g_string_append_printf(out, "\r\n--%s\r\n", boundary);
        append_body(out, "text/html", draft->html);
        g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
}

static void append_attachment(GString *out, const struct mime_attachment *attachment)
{
        bool plain = stands_as_it_is(attachment);
        g_string_append_printf(out, "Content-Type: %s;\r\n name=\"%s\"\r\nContent-Transfer-Encoding: %s\r\n"
                                    "Content-Disposition: attachment;\r\n filename=\"%s\"\r\n\r\n",
                               !is_mail(attachment) || plain ? attachment->type : "application/octet-stream",
                               attachment->name, plain ? "7bit" : "base64", attachment->name);
        if (plain)
                g_string_append_len(out, attachment->data, (gssize) attachment->size);
        else
                append_base64(out, attachment->data, attachment->size);
}

static bool is_file_name(const char *name)
{
        for (const char *p = name; *p; p++)
                if (!is_plain_char((unsigned char) *p) || strchr("\"\\/", *p))
                        return false;
        return *name && strlen(name) <= FILE_NAME_BYTES_MAX;
}

static bool is_type(const char *type)
{
        const char *slash = strchr(type, '/');
        return slash && slash > type && slash[1] && strlen(type) < LINE_COLUMNS / 2 &&
               strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789/+.-") == strlen(type);
}

static int check_attachments(const struct mime_draft *draft, struct error *err)
{
        for (gsize i = 0; i < draft->attachment_count; i++) {
                if (!is_file_name(draft->attachments[i].name))
                        return error_set(err, -ERR_MALFORMED, "\"%s\" cannot be the name of an attachment",
                                         draft->attachments[i].name);
                if (!is_type(draft->attachments[i].type))
                        return error_set(err, -ERR_MALFORMED, "\"%s\" cannot be the type of an attachment",
                                         draft->attachments[i].type);
        }
        return 0;
}

static int append_content(GString *out, const struct mime_draft *draft, struct error *err)
{
        g_string_append(out, "MIME-Version: 1.0\r\n");
        if (draft->attachment_count == 0) {
                append_alternatives(out, draft);
                return 0;
        }
        int r = check_attachments(draft, err);
        if (r < 0)
                return r;
        g_autofree char *boundary = make_boundary(draft, "mixed");
        g_string_append_printf(out, "Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
        append_alternatives(out, draft);
        for (gsize i = 0; i < draft->attachment_count; i++) {
                g_string_append_printf(out, "\r\n--%s\r\n", boundary);
                append_attachment(out, &draft->attachments[i]);
        }
        g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
        return 0;
}

static int append_head(GString *out, const struct mime_draft *draft, struct error *err)
{
        int r = check_header_text("the subject", draft->subject, err);
        if (r < 0)
                return r;
        g_string_append(out, "From:");
        if ((r = append_address(out, draft->from, "", err)) < 0)
                return r;
        g_string_append(out, "\r\n");
        if ((r = append_recipients(out, draft->to, err)) < 0)
                return r;
        append_text_field(out, "Subject", draft->subject);
        g_autofree char *date = clock_format_rfc5322(draft->date_ms);
        g_string_append_printf(out, "Date: %s\r\n", date);
        if ((r = append_ids(out, draft, err)) < 0)
                return r;
        return append_extra(out, draft->extra, err);
}

int mime_write(const struct mime_draft *draft, char **ret_data, size_t *ret_size, struct error *err)
{
        GString *out = g_string_sized_new(strlen(draft->text) * 2 + 2048);
        int r = append_head(out, draft, err);
        if (r == 0)
                r = append_content(out, draft, err);
        if (r < 0) {
                g_string_free(out, TRUE);
                return r;
        }
        *ret_size = out->len;
        *ret_data = g_string_free(out, FALSE);
        return 0;
}
