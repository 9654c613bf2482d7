/* SPDX-License-Identifier: MIT */
/*
 * Reading mails with GMime, which finds the parts, but for sound mails, whose parts mime_sound.c finds. Their bytes are taken from the mail itself and decoded here, because
 * the library ends base64 at its first padding, and header values are taken as they stand, because it garbles Japanese
 * ones. Never called: g_mime_multipart_get_boundary and whatever else writes parsed headers again (the library can hang
 * in it).
 */
#include "ingest/mime.h"

#include <gmime/gmime.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "ingest/authenticity_p.h"
#include "ingest/charset.h"
#include "ingest/mime_decode.h"
#include "ingest/mime_p.h"

#define WARNINGS_MAX 100
#define USUAL_FACE_BYTES 400 /* around the parts: "This is a multi-part message in MIME format.", a list's footer */

/* One mail being read. */
struct mail_reader {
        struct mime_mail *mail;
        struct error *err;
        unsigned containers; /* multiparts and attached messages, which count as parts */
        int messages, groups;
        bool by_library; /* even where the mail is sound */
};

/* Bytes that one GMime parser went over; all offsets that it gives are into these. */
struct source {
        const char *data;
        size_t size;
};

/* Where an entity stands. */
struct place {
        unsigned depth;
        int group, message;
        size_t floor;   /* its header starts here or later */
        bool to_end;    /* it ends where the source ends */
        bool recovered; /* its boundary is a guess; there is no second one */
};

static int walk(struct mail_reader *reader, const struct source *source, GMimeObject *object, struct place place);
static int read_message(struct mail_reader *reader, const char *data, size_t size, struct place place);

static void G_GNUC_PRINTF(2, 3) warn(struct mail_reader *reader, const char *format, ...)
{
        GPtrArray *warnings = reader->mail->warnings;
        if (warnings->len == WARNINGS_MAX)
                g_ptr_array_add(warnings, g_strdup("further warnings are left out"));
        if (warnings->len > WARNINGS_MAX)
                return;
        va_list args;
        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        g_ptr_array_add(warnings, text_make_line(text, strlen(text))); /* it may hold bytes of the mail */
}

static void part_free(gpointer data)
{
        struct mime_part *part = data;
        g_free(part->type);
        g_free(part->charset);
        g_free(part->filename);
        g_free(part->data);
        g_free(part);
}

static struct mime_mail *mail_new(void)
{
        struct mime_mail *mail = g_new0(struct mime_mail, 1);
        mail->authentication_results = g_ptr_array_new_with_free_func(g_free);
        mail->parts = g_ptr_array_new_with_free_func(part_free);
        mail->warnings = g_ptr_array_new_with_free_func(g_free);
        return mail;
}

void mime_mail_free(struct mime_mail *mail)
{
        if (!mail)
                return;
        g_free(mail->message_id);
        g_free(mail->from);
        g_free(mail->from_address);
        g_free(mail->subject);
        g_free(mail->date);
        g_free(mail->list_id);
        g_ptr_array_free(mail->authentication_results, TRUE);
        authentication_report_clear(&mail->authentication);
        g_ptr_array_free(mail->parts, TRUE);
        g_ptr_array_free(mail->warnings, TRUE);
        g_free(mail);
}

void mime_prepare(void)
{
        static const char *const charsets[] = { "iso-8859-1", "windows-1252", "iso-2022-jp",
                                                "shift_jis",  "euc-jp",       "us-ascii" };
        g_mime_init();
        charset_prepare();
        /* The library converts parameters by itself, and loads a converter at its first use. */
        for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
                iconv_t converter = g_mime_iconv_open("UTF-8", charsets[i]);
                if (converter != (iconv_t) -1)
                        g_mime_iconv_close(converter);
        }
}

/* Another part or container; -ERR_LIMIT where there are too many, or too deep. */
static int count_part(struct mail_reader *reader, unsigned depth)
{
        if (depth > LIMIT_MIME_DEPTH)
                return error_set(reader->err, -ERR_LIMIT,
                                 "the mail's parts are nested deeper than %u (LIMIT_MIME_DEPTH)", LIMIT_MIME_DEPTH);
        if (reader->mail->parts->len + reader->containers >= LIMIT_MIME_PARTS)
                return error_set(reader->err, -ERR_LIMIT, "the mail has more than %u parts (LIMIT_MIME_PARTS)",
                                 LIMIT_MIME_PARTS);
        return 0;
}

static struct mime_part *part_new(struct mail_reader *reader, struct place place, const char *type)
{
        struct mime_part *part = g_new0(struct mime_part, 1);
        part->type = g_strdup(type);
        part->depth = place.depth;
        part->alternative_group = place.group;
        part->message = place.message;
        g_ptr_array_add(reader->mail->parts, part);
        return part;
}

/* Bytes of which nothing more is known. */
static int add_text(struct mail_reader *reader, const char *data, size_t size, struct place place)
{
        int r = count_part(reader, place.depth);
        if (r < 0)
                return r;
        struct mime_part *part = part_new(reader, place, mime_looks_like_html(data, size) ? "text/html" : "text/plain");
        part->data = g_malloc(size + 1);
        memcpy(part->data, data, size);
        part->data[size] = '\0';
        part->size = size;
        return 0;
}

/* The raw value of a header field, of several the last one, as GMime itself does. NULL where missing. */
static const char *raw_header(GMimeObject *object, const char *name)
{
        GMimeHeaderList *headers = g_mime_object_get_header_list(object);
        for (int i = g_mime_header_list_get_count(headers) - 1; i >= 0; i--) {
                GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
                if (g_ascii_strcasecmp(g_mime_header_get_name(header), name) == 0)
                        return g_mime_header_get_raw_value(header);
        }
        return NULL;
}

/* Where an entity's last header field starts, or -1. *ret_bytes grows by its fields' bytes. */
static gint64 last_field_offset(GMimeObject *object, size_t *ret_bytes)
{
        GMimeHeaderList *headers = g_mime_object_get_header_list(object);
        gint64 last = -1;
        for (int i = 0; i < g_mime_header_list_get_count(headers); i++) {
                GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
                const char *value = g_mime_header_get_raw_value(header);
                last = MAX(last, g_mime_header_get_offset(header));
                *ret_bytes += strlen(g_mime_header_get_name(header)) + (value ? strlen(value) : 0) + 2;
        }
        return last;
}

static int check_header_size(struct mail_reader *reader, size_t bytes)
{
        if (bytes <= LIMIT_HEADER_BYTES)
                return 0;
        return error_set(reader->err, -ERR_LIMIT, "a part's header has more than %u bytes (LIMIT_HEADER_BYTES)",
                         LIMIT_HEADER_BYTES);
}

/* The end of the header whose last field is at this offset: behind the field and its folded lines. */
static size_t field_end(const struct source *source, gint64 offset)
{
        if (offset < 0 || (size_t) offset >= source->size)
                return source->size;
        const char *end = source->data + source->size, *p = mime_line_end(source->data + offset, end);
        while (p < end && (*p == ' ' || *p == '\t'))
                p = mime_line_end(p, end);
        return (size_t) (p - source->data);
}

/* As above, and behind the blank line that ends the header. */
static size_t header_end(const struct source *source, gint64 last_field)
{
        size_t offset = field_end(source, last_field);
        const char *end = source->data + source->size, *line = mime_line_end(source->data + offset, end);
        return mime_line_is_blank(source->data + offset, line) ? (size_t) (line - source->data) : offset;
}

/* The start of a part that has no header: behind the delimiter line before its body. */
static size_t delimiter_end(const struct source *source, size_t body, size_t floor)
{
        size_t start = body;
        while (start > floor) {
                size_t line = start - 1; /* the line feed that ends the line before */
                while (line > floor && source->data[line - 1] != '\n')
                        line--;
                if (source->size - line >= 2 && memcmp(source->data + line, "--", 2) == 0)
                        break;
                start = line;
        }
        return start;
}

/*
 * Where the text of a part starts. GMime passes over lines that are no header fields until a blank line comes; where a
 * part or an attached message has no blank line behind its header, these lines are its text.
 */
static size_t text_start(struct mail_reader *reader, const struct source *source, gint64 last_field, size_t body,
                         size_t floor)
{
        size_t head_end = last_field >= 0 ? field_end(source, last_field) : delimiter_end(source, body, floor);
        if (head_end >= body || mime_line_is_blank(source->data + head_end, source->data + body))
                return body;
        warn(reader,
             "a part has no blank line behind its header; its text was taken from the first line that is no field");
        return head_end;
}

static bool has_suffix(const char *filename, const char *suffix)
{
        size_t length = strlen(filename), want = strlen(suffix);
        return length > want && g_ascii_strcasecmp(filename + length - want, suffix) == 0;
}

/* What an attachment's name says, or NULL. */
static const char *type_by_name(const char *filename)
{
        static const struct { const char *suffix, *type; } types[] = {
                { ".html", "text/html" },      { ".htm", "text/html" },       { ".txt", "text/plain" },
                { ".eml", "message/rfc822" },  { ".mht", "message/rfc822" },  { ".mhtml", "message/rfc822" },
        };
        for (size_t i = 0; filename && i < G_N_ELEMENTS(types); i++)
                if (has_suffix(filename, types[i].suffix))
                        return types[i].type;
        return NULL;
}

/* Kinds of text that nobody reads. */
static bool is_unread_text(const char *type)
{
        static const char *const types[] = { "text/calendar", "text/css", "text/vcard", "text/x-vcard",
                                             "text/directory", "text/javascript", "text/rfc822-headers", NULL };
        return g_strv_contains(types, type);
}

/* Another type than the declared one: for attachments that are labelled as mere bytes, what their names say, or their
 * content; for mails labelled as text, and for unusual kinds of text, which is all that they are. NULL for none. */
static const char *find_better_type(const struct mime_part *part, const char *data, size_t size, bool *ret_by_name)
{
        const char *named = type_by_name(part->filename);
        bool named_message = named && strcmp(named, "message/rfc822") == 0;
        *ret_by_name = named != NULL;
        if (named_message && mime_looks_like_message(data, size, 1))
                return named;
        if (g_str_has_prefix(part->type, "application/") && named)
                return named_message ? NULL : named;
        *ret_by_name = false;
        if (strcmp(part->type, "application/octet-stream") == 0 && (!part->filename || !strchr(part->filename, '.')))
                return mime_sniff_type(data, size);
        if (strcmp(part->type, "message/partial") == 0)
                return "message/rfc822"; /* the first piece has all that stands at the start of the whole */
        if (g_str_has_prefix(part->type, "text/") && strcmp(part->type, "text/html") != 0 &&
            strcmp(part->type, "text/plain") != 0 && !is_unread_text(part->type))
                return mime_looks_like_html(data, size) ? "text/html" : "text/plain";
        return NULL;
}

static bool is_message_type(const char *type)
{
        return strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0 ||
               strcmp(type, "message/rfc2822") == 0 || strcmp(type, "message/news") == 0;
}

static void correct_type(struct mail_reader *reader, struct mime_part *part, const char *data, size_t size)
{
        bool by_name;
        if (is_message_type(part->type))
                return;
        const char *better = find_better_type(part, data, size, &by_name);
        if (!better || strcmp(better, part->type) == 0)
                return;
        if (by_name)
                warn(reader, "attachment %s labelled %s is read as %s by its name", part->filename, part->type, better);
        else
                warn(reader, "a part labelled %s is read as %s", part->type, better);
        g_free(part->type);
        part->type = g_strdup(better);
}

/* RFC 2045 section 5.1: two tokens. */
static bool is_type(const char *type)
{
        const char *slash = strchr(type, '/');
        return slash && slash > type && slash[1] && !strpbrk(type, "()<>@,;:\\\"[]?=") && !strchr(slash + 1, '/');
}

/* Everything about a part but its bytes. */
static void describe_part(struct mail_reader *reader, const char *content_type, const char *disposition,
                          struct mime_part *part)
{
        g_autofree char *type = mime_value_token(content_type), *shown = mime_value_token(disposition);
        g_autofree char *format = mime_value_parameter(content_type, "format"),
                        *delsp = mime_value_parameter(content_type, "delsp");

        if (is_type(type)) {
                g_free(part->type);
                part->type = g_steal_pointer(&type);
        } else if (*type) {
                warn(reader, "Content-Type \"%s\" is not a type; the part is read as %s", type, part->type);
        }
        part->charset = mime_value_parameter(content_type, "charset");
        part->filename = mime_value_parameter(disposition, "filename");
        if (!part->filename)
                part->filename = mime_value_parameter(content_type, "name");
        part->flowed = format && g_ascii_strcasecmp(format, "flowed") == 0;
        part->delsp = delsp && g_ascii_strcasecmp(delsp, "yes") == 0;
        part->attachment = strcmp(shown, "attachment") == 0;
}

static void warn_of_notes(struct mail_reader *reader, const struct mime_part *part, unsigned notes)
{
        if (notes & DECODE_INNER_PADDING)
                warn(reader, "the base64 of a %s part goes on behind its padding; all of it was read", part->type);
        if (notes & DECODE_JUNK)
                warn(reader, "the transfer encoding of a %s part has characters that do not belong in it", part->type);
        if (notes & DECODE_CUT)
                warn(reader, "the transfer encoding of a %s part is cut at its end", part->type);
}

static enum transfer_encoding part_encoding(struct mail_reader *reader, const char *raw)
{
        enum transfer_encoding encoding = transfer_encoding_parse(raw);
        if (encoding == TRANSFER_UNKNOWN) {
                g_autofree char *name = charset_decode_header(raw);
                warn(reader, "unknown transfer encoding \"%s\"; the part is read as it stands", name);
        }
        return encoding;
}

/* Text whose bytes can't be in the encoding that its header names. */
static enum transfer_encoding correct_encoding(struct mail_reader *reader, const struct mime_part *part,
                                               enum transfer_encoding encoding, const char *data, size_t size)
{
        static const char *const names[] = { "none", "base64", "quoted-printable", "uuencode", "none" };
        if (!g_str_has_prefix(part->type, "text/") && !is_message_type(part->type))
                return encoding;
        enum transfer_encoding better = mime_true_encoding(encoding, data, size);
        if (better != encoding)
                warn(reader, "the transfer encoding of a %s part is not %s but %s", part->type, names[encoding],
                     names[better]);
        return better;
}

static int keep_data(struct mail_reader *reader, struct mime_part *part, GString *body, struct place place);

/* A file that stood uuencoded in a text. */
static int add_uu_file(struct mail_reader *reader, struct uu_file *file, struct place place)
{
        int r = count_part(reader, place.depth);
        if (r < 0)
                return r;
        place.group = -1;
        struct mime_part *part = part_new(reader, place, "application/octet-stream");
        part->filename = g_strdup(file->name);
        part->attachment = true;
        warn_of_notes(reader, part, file->notes);
        return keep_data(reader, part, g_string_new_len(file->data->str, (gssize) file->data->len), place);
}

/* Keeps a leaf's bytes; files that stand uuencoded in a text become parts of their own behind it. */
static int keep_body(struct mail_reader *reader, struct mime_part *part, GString *body, struct place place)
{
        GPtrArray *files = strcmp(part->type, "text/plain") == 0 ? mime_take_uuencoded(body) : NULL;
        int r = 0;
        part->size = body->len;
        part->data = g_string_free(body, FALSE);
        for (guint i = 0; files && r == 0 && i < files->len; i++)
                r = add_uu_file(reader, g_ptr_array_index(files, i), place);
        if (files)
                g_ptr_array_free(files, TRUE);
        return r;
}

/* Keeps a part's bytes, which become its property, or reads on inside where the part is a mail. */
static int keep_data(struct mail_reader *reader, struct mime_part *part, GString *body, struct place place)
{
        correct_type(reader, part, body->str, body->len);
        if (!is_message_type(part->type))
                return keep_body(reader, part, body, place);
        /* its own parts stand in its place */
        g_ptr_array_remove_index(reader->mail->parts, reader->mail->parts->len - 1);
        reader->containers++;
        struct place inner = { .depth = place.depth + 1, .group = -1, .message = ++reader->messages };
        int r = read_message(reader, body->str, body->len, inner);
        g_string_free(body, TRUE);
        return r;
}

static int take_body(struct mail_reader *reader, struct mime_part *part, enum transfer_encoding encoding,
                     const char *data, size_t size, struct place place)
{
        GString *body = g_string_sized_new(size);
        encoding = correct_encoding(reader, part, encoding, data, size);
        warn_of_notes(reader, part, mime_decode_transfer(encoding, data, size, body));
        return keep_data(reader, part, body, place);
}

/* A multipart in which no part was found: its boundary is missing or another one, or it is none. */
static int recover_multipart(struct mail_reader *reader, GMimeObject *object, const char *data, size_t size,
                             struct place place)
{
        g_autofree char *boundary = mime_guess_boundary(data, size),
                        *type = mime_value_token(raw_header(object, "Content-Type"));
        if (boundary && !place.recovered && g_str_has_prefix(type, "multipart/")) {
                warn(reader, "the boundary of a %s is not the one its header names; \"%s\" was found and used", type,
                     boundary);
                GString *copy = g_string_sized_new(size + 200);
                g_string_append_printf(copy, "Content-Type: %s; boundary=\"%s\"\nMIME-Version: 1.0\n\n", type,
                                       boundary);
                g_string_append_len(copy, data, (gssize) size);
                place.depth++;
                place.recovered = true;
                int r = read_message(reader, copy->str, copy->len, place);
                g_string_free(copy, TRUE);
                return r;
        }
        warn(reader, "a %s has no parts; it is read as one text", *type ? type : "multipart");
        g_autoptr(GString) body = g_string_sized_new(size);
        mime_decode_transfer(part_encoding(reader, raw_header(object, "Content-Transfer-Encoding")), data, size, body);
        return add_text(reader, body->str, body->len, place);
}

/* The bytes that belong to a leaf part. Where GMime found no body, that is what stands before the next delimiter. */
static void body_range(GMimeObject *object, const struct source *source, gint64 last_field, size_t *ret_start,
                       size_t *ret_end)
{
        GMimeDataWrapper *content = GMIME_IS_PART(object) ? g_mime_part_get_content(GMIME_PART(object)) : NULL;
        GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
        if (stream) {
                gint64 size = (gint64) source->size, start = CLAMP(stream->bound_start, 0, size);
                *ret_start = (size_t) start;
                *ret_end = (size_t) (stream->bound_end < 0 ? size : CLAMP(stream->bound_end, start, size));
                return;
        }
        const char *end = source->data + source->size, *p = source->data + header_end(source, last_field);
        *ret_start = (size_t) (p - source->data);
        while (p < end && !(end - p >= 2 && memcmp(p, "--", 2) == 0))
                p = mime_line_end(p, end);
        *ret_end = (size_t) (p - source->data);
}

static int walk_leaf(struct mail_reader *reader, const struct source *source, GMimeObject *object, gint64 last_field,
                     struct place place)
{
        size_t start, end;
        int r = count_part(reader, place.depth);
        if (r < 0)
                return r;
        body_range(object, source, last_field, &start, &end);
        start = text_start(reader, source, last_field, start, place.floor);
        end = MAX(end, start);

        struct mime_part *part = part_new(reader, place, "text/plain");
        describe_part(reader, raw_header(object, "Content-Type"), raw_header(object, "Content-Disposition"), part);
        if (g_str_has_prefix(part->type, "multipart/")) {
                g_ptr_array_remove_index(reader->mail->parts, reader->mail->parts->len - 1);
                return recover_multipart(reader, object, source->data + start, end - start, place);
        }
        enum transfer_encoding encoding = part_encoding(reader, raw_header(object, "Content-Transfer-Encoding"));
        return take_body(reader, part, encoding, source->data + start, end - start, place);
}

static int walk_empty_multipart(struct mail_reader *reader, const struct source *source, GMimeObject *object,
                                gint64 last_field, struct place place)
{
        const char *prologue = g_mime_multipart_get_prologue(GMIME_MULTIPART(object));
        const char *data = prologue ? prologue : "";
        size_t size = strlen(data);
        if (place.to_end) {
                size_t start = header_end(source, last_field);
                data = source->data + start;
                size = source->size - start;
        }
        return recover_multipart(reader, object, data, size, place);
}

/* Text before the first or behind the last boundary, which mail programs do not show. A long one may be a part that
 * lost its boundary. */
static int walk_face(struct mail_reader *reader, const char *text, struct place place)
{
        size_t size = text ? strlen(text) : 0;
        if (size <= USUAL_FACE_BYTES)
                return 0;
        warn(reader, "a multipart has %zu bytes of text outside of its parts; they are read as a part", size);
        place.group = -1;
        return add_text(reader, text, size, place);
}

static int walk_multipart(struct mail_reader *reader, const struct source *source, GMimeObject *object,
                          gint64 last_field, struct place place)
{
        GMimeMultipart *multipart = GMIME_MULTIPART(object);
        GMimeContentType *type = g_mime_object_get_content_type(object);
        int count = g_mime_multipart_get_count(multipart), r = count_part(reader, place.depth);
        if (r < 0)
                return r;
        reader->containers++;
        if (count == 0)
                return walk_empty_multipart(reader, source, object, last_field, place);
        if (!multipart->write_end_boundary)
                warn(reader, "a multipart has no end boundary; it may be cut");
        struct place inner = { .depth = place.depth + 1, .group = place.group, .message = place.message,
                               .floor = last_field >= 0 ? header_end(source, last_field) : place.floor };
        if (inner.group < 0 && g_mime_content_type_is_type(type, "multipart", "alternative"))
                inner.group = reader->groups++;
        r = walk_face(reader, g_mime_multipart_get_prologue(multipart), inner);
        for (int i = 0; i < count && r == 0; i++)
                r = walk(reader, source, g_mime_multipart_get_part(multipart, i), inner);
        return r < 0 ? r : walk_face(reader, g_mime_multipart_get_epilogue(multipart), inner);
}

/* An attached mail that GMime has read already. */
static int walk_message(struct mail_reader *reader, const struct source *source, GMimeObject *object, gint64 last_field,
                        struct place place)
{
        GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
        GMimeObject *content = message ? g_mime_message_get_mime_part(message) : NULL;
        size_t bytes = 0;
        int r = count_part(reader, place.depth);
        if (r < 0)
                return r;
        reader->containers++;
        struct place inner = {
                .depth = place.depth + 1, .group = -1, .message = ++reader->messages, .to_end = place.to_end
        };
        inner.floor = last_field >= 0 ? header_end(source, last_field) : place.floor;
        if (!content) {
                warn(reader, "an attached message is empty");
                return add_text(reader, "", 0, inner);
        }
        gint64 own_last = last_field_offset(GMIME_OBJECT(message), &bytes);
        if ((r = check_header_size(reader, bytes)) < 0)
                return r;
        if (own_last >= 0)
                inner.floor = header_end(source, own_last);
        return walk(reader, source, content, inner);
}

static int walk(struct mail_reader *reader, const struct source *source, GMimeObject *object, struct place place)
{
        size_t bytes = 0;
        gint64 last_field = last_field_offset(object, &bytes);
        int r = check_header_size(reader, bytes);
        if (r < 0)
                return r;
        if (GMIME_IS_MULTIPART(object))
                return walk_multipart(reader, source, object, last_field, place);
        if (GMIME_IS_MESSAGE_PART(object))
                return walk_message(reader, source, object, last_field, place);
        return walk_leaf(reader, source, object, last_field, place);
}

static int add_sound_part(struct mail_reader *reader, const struct sound_part *sound, struct place place)
{
        int r = count_part(reader, place.depth);
        if (r < 0)
                return r;
        struct mime_part *part = part_new(reader, place, "text/plain");
        describe_part(reader, sound->type, sound->disposition, part);
        return take_body(reader, part, part_encoding(reader, sound->encoding), sound->body, sound->size, place);
}

/* What walk does with a sound mail. 1: it is not one. */
static int read_sound(struct mail_reader *reader, const char *data, size_t size, struct place place)
{
        bool is_multipart, alternative;
        g_autoptr(GArray) parts = mime_split_sound(data, size, &is_multipart, &alternative);
        if (!parts)
                return 1;
        int r = is_multipart ? count_part(reader, place.depth) : 0;
        if (is_multipart && r == 0) {
                reader->containers++;
                place.depth++;
                if (place.group < 0 && alternative)
                        place.group = reader->groups++;
        }
        for (guint i = 0; r == 0 && i < parts->len; i++)
                r = add_sound_part(reader, &g_array_index(parts, struct sound_part, i), place);
        return r;
}

/* Has GMime parse bytes that start with a header, without copying them. */
static int parse_entity(struct mail_reader *reader, const char *data, size_t size, struct place place)
{
        struct source source = { data, size };
        place.floor = 0;
        place.to_end = true;
        int r = reader->by_library ? 1 : read_sound(reader, data, size, place);
        if (r <= 0)
                return r;
        r = mime_check_boundaries(data, size, reader->err);
        if (r < 0)
                return r;
        GByteArray *bytes = g_byte_array_new_take((guint8 *) data, size); /* lent, see below */
        GMimeStream *stream = g_mime_stream_mem_new();
        g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), bytes);
        GMimeParser *parser = g_mime_parser_new_with_stream(stream);
        GMimeObject *object = g_mime_parser_construct_part(parser, NULL);
        if (object) {
                r = walk(reader, &source, object, place);
                g_object_unref(object);
        } else {
                warn(reader, "the mail could not be taken apart; it is read as one text");
                r = add_text(reader, data, size, place);
        }
        g_object_unref(parser);
        g_object_unref(stream);
        g_byte_array_steal(bytes, NULL); /* the bytes are the caller's */
        g_byte_array_unref(bytes);
        return r;
}

static bool read_date(const struct mail_reader *reader, const char *value, gint64 *ret_seconds)
{
        if (!reader->by_library && mime_sound_date(value, ret_seconds))
                return true;
        GDateTime *date = g_mime_utils_header_decode_date(value);
        if (!date)
                return false;
        *ret_seconds = g_date_time_to_unix(date);
        g_date_time_unref(date);
        return true;
}

static void take_date(struct mail_reader *reader)
{
        struct mime_mail *mail = reader->mail;
        gint64 seconds;
        if (!mail->date || !read_date(reader, mail->date, &seconds))
                return;
        mail->date_ms = seconds * 1000;
        mail->date_is_valid = true;
}

static void take_from_address(struct mail_reader *reader)
{
        struct charset_result from;
        GPtrArray *addresses = NULL;
        if (!reader->mail->from)
                return;
        if (!reader->by_library && (reader->mail->from_address = mime_sound_address(reader->mail->from)))
                return;
        charset_decode(NULL, reader->mail->from, strlen(reader->mail->from), &from);
        if (mime_parse_addresses(from.text, &addresses, NULL) == 0) {
                const struct mime_address *first = g_ptr_array_index(addresses, 0);
                const char *at = strrchr(first->address, '@');
                g_autofree char *domain = g_utf8_strdown(at, -1);
                if (addresses->len == 1)
                        reader->mail->from_address =
                                g_strdup_printf("%.*s%s", (int) (at - first->address), first->address, domain);
                else
                        warn(reader, "From names %u mailboxes; none of them counts as the sender", addresses->len);
                g_ptr_array_free(addresses, TRUE);
        } else {
                warn(reader, "From is not an address");
        }
        g_free(from.text);
}

/* The outermost message's values. */
static void take_head(struct mail_reader *reader, const struct mail_head *head)
{
        static const char *const single[] = { "From", "Subject", "Date", "Message-ID" };
        struct mime_mail *mail = reader->mail;
        mail->message_id = mail_head_get(head, "Message-ID", 0);
        mail->from = mail_head_get(head, "From", 0);
        mail->subject = mail_head_get(head, "Subject", 0);
        mail->date = mail_head_get(head, "Date", 0);
        mail->list_id = mail_head_get(head, "List-Id", 0);
        mail_head_get_all(head, "Authentication-Results", mail->authentication_results);
        authentication_report_read(head, &mail->authentication);
        take_from_address(reader);
        for (size_t i = 0; i < G_N_ELEMENTS(single); i++) {
                g_autofree char *second = mail_head_get(head, single[i], 1);
                if (second)
                        warn(reader, "the field %s stands more than once; the first one counts", single[i]);
                if (second && i == 0)
                        g_clear_pointer(&mail->from_address, g_free); /* other programs may show the second one */
        }
        take_date(reader);
}

/* Whether the first line ends with CR CR LF: something put a CR before the line ends of a mail that had them already. */
static bool has_doubled_cr(const char *data, size_t size)
{
        const char *newline = memchr(data, '\n', size);
        return newline && newline - data >= 2 && newline[-1] == '\r' && newline[-2] == '\r';
}

/* A mail with the line ends of old Macintoshes, or with doubled ones, changed to usual ones; NULL for all others. */
static char *convert_line_ends(const char *data, size_t *size)
{
        bool doubled = has_doubled_cr(data, *size);
        if (!doubled && (memchr(data, '\n', *size) || !memchr(data, '\r', *size)))
                return NULL;
        char *copy = g_malloc(*size + 1);
        size_t out = 0;
        for (size_t i = 0; i < *size; i++) {
                if (doubled && data[i] == '\r' && *size - i > 2 && data[i + 1] == '\r' && data[i + 2] == '\n')
                        continue;
                copy[out++] = !doubled && data[i] == '\r' ? '\n' : data[i];
        }
        copy[out] = '\0';
        *size = out;
        return copy;
}

static int read_body(struct mail_reader *reader, const struct mail_head *head, const char *data, size_t size,
                     struct place place)
{
        if (head->junk_lines == 1)
                warn(reader, "a line of the header is no field and was passed over");
        else if (head->junk_lines > 1)
                warn(reader, "%u lines of the header are no fields and were passed over", head->junk_lines);
        if (!head->no_blank_line)
                return parse_entity(reader, data + head->start, size - head->start, place);
        warn(reader, "no blank line stands between header and text");
        GString *copy = g_string_sized_new(size + 2);
        g_string_append_len(copy, data + head->start, (gssize) (head->end - head->start));
        g_string_append_c(copy, '\n');
        g_string_append_len(copy, data + head->end, (gssize) (size - head->end));
        int r = parse_entity(reader, copy->str, copy->len, place);
        g_string_free(copy, TRUE);
        return r;
}

static int read_message(struct mail_reader *reader, const char *data, size_t size, struct place place)
{
        bool doubled = has_doubled_cr(data, size);
        g_autofree char *converted = convert_line_ends(data, &size);
        struct mail_head head;
        int r = mail_head_read(converted ? converted : data, size, &head, reader->err);
        if (r < 0)
                return r;
        if (converted) {
                data = converted;
                warn(reader, "the lines of the mail end with CR %s", doubled ? "CR LF" : "alone");
        }
        if (head.is_mail) {
                if (place.depth == 0)
                        take_head(reader, &head);
                r = read_body(reader, &head, data, size, place);
        } else {
                warn(reader, place.message > 0 ? "an attached message has no header; it is read as one text"
                                               : "the bytes have no mail header; they are read as one text");
                r = add_text(reader, data, size, place);
        }
        mail_head_clear(&head);
        return r;
}

static int read_whole(const void *data, size_t size, bool by_library, struct mime_mail **ret_mail, struct error *err)
{
        struct mail_reader reader = { .mail = mail_new(), .err = err, .by_library = by_library };
        if (size > LIMIT_MESSAGE_BYTES_MAX) {
                mime_mail_free(reader.mail);
                return error_set(err, -ERR_LIMIT, "the mail has more than %u bytes (LIMIT_MESSAGE_BYTES_MAX)",
                                 LIMIT_MESSAGE_BYTES_MAX);
        }
        int r = read_message(&reader, data ? data : "", size, (struct place){ .group = -1 });
        if (r < 0) {
                mime_mail_free(reader.mail);
                return r;
        }
        *ret_mail = reader.mail;
        return 0;
}

int mime_read(const void *data, size_t size, struct mime_mail **ret_mail, struct error *err)
{
        return read_whole(data, size, false, ret_mail, err);
}

int mime_read_by_library(const void *data, size_t size, struct mime_mail **ret_mail, struct error *err)
{
        return read_whole(data, size, true, ret_mail, err);
}

static void address_free(gpointer data)
{
        struct mime_address *address = data;
        g_free(address->name);
        g_free(address->address);
        g_free(address);
}

/* local@domain without white space, controls or angle brackets. */
static bool is_address(const char *text)
{
        const char *at = text ? strrchr(text, '@') : NULL;
        if (!at || at == text || !at[1] || at[1] == '.' || !g_utf8_validate(text, -1, NULL))
                return false;
        for (const char *p = text; *p; p++)
                if ((unsigned char) *p <= 0x20 || *p == 0x7F || *p == '<' || *p == '>' || (*p == ',' && p > at))
                        return false;
        return true;
}

int mime_parse_addresses(const char *text, GPtrArray **ret_addresses, struct error *err)
{
        InternetAddressList *list = internet_address_list_parse(NULL, text);
        int count = list ? internet_address_list_length(list) : 0, r = 0;
        GPtrArray *addresses = g_ptr_array_new_with_free_func(address_free);
        for (int i = 0; i < count && r == 0; i++) {
                InternetAddress *entry = internet_address_list_get_address(list, i);
                const char *address = INTERNET_ADDRESS_IS_MAILBOX(entry)
                                              ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(entry))
                                              : NULL;
                const char *name = internet_address_get_name(entry);
                if (!is_address(address)) {
                        r = -ERR_MALFORMED;
                        break;
                }
                struct mime_address *parsed = g_new0(struct mime_address, 1);
                parsed->name = name && g_utf8_validate(name, -1, NULL) ? g_strdup(name) : NULL;
                parsed->address = g_strdup(address);
                g_ptr_array_add(addresses, parsed);
        }
        if (list)
                g_object_unref(list);
        if (r == 0 && addresses->len > 0) {
                *ret_addresses = addresses;
                return 0;
        }
        g_ptr_array_free(addresses, TRUE);
        return error_set(err, -ERR_MALFORMED, "\"%s\" is not a mail address", text);
}
