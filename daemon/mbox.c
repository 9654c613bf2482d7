/* SPDX-License-Identifier: MIT */
#include "daemon/mbox.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/text.h"
#include "daemon/mail_kind.h"

#define BUFFER_BYTES (256u * KIB)
#define PEEK_BYTES 1200u /* blank lines and a "From " line, or a header field */

/* A line with its end, or a piece of a line that is longer than the buffer. */
struct piece {
        const char *text;
        size_t size;
        uint64_t offset;
        bool starts_line, ends_line;
};

enum part {
        PART_SEPARATOR, /* the "From " line */
        PART_HEADER,
        PART_BODY,
        PART_BETWEEN,   /* what belongs to the mbox, not to a mail */
        PART_END,
};

struct mbox {
        int fd;
        uint64_t size;
        mbox_stop_function stop;
        void *context;

        bool counts_bytes, bare; /* bare: its separators are "From " and nothing else */
        bool undated;            /* the first has no date that is known, so others may have none */
        bool glued;              /* there is no empty line before separators */
        enum mbox_quoting quoting;

        char *buffer;
        uint64_t buffer_offset; /* of its first byte in the file */
        size_t start, end;      /* what of it is not read yet */

        /* Where in a mail the reading is. */
        bool line_start, blank_before, in_mail, in_header;
        bool pending;           /* its separator has been read, the mail itself not */
        int64_t length;         /* its Content-Length, or -1 */
        uint64_t mail_end;      /* by that; 0: where the next separator is */
        bool after_mail;        /* mail_end was reached */
};

/* --- bytes --- */

static void rewind_to_start(struct mbox *m)
{
        m->buffer_offset = 0;
        m->start = m->end = 0;
        m->line_start = m->blank_before = true;
        m->in_mail = m->in_header = m->after_mail = m->pending = false;
        m->length = -1;
        m->mail_end = 0;
}

uint64_t mbox_position(const struct mbox *m)
{
        return m->buffer_offset + m->start;
}

static int read_at(const struct mbox *m, uint64_t offset, char *to, size_t room, size_t *ret_size, struct error *err)
{
        size_t have = 0;
        if (offset >= m->size)
                room = 0;
        else if (room > m->size - offset)
                room = (size_t) (m->size - offset);
        while (have < room) {
                ssize_t n = pread(m->fd, to + have, room - have, (off_t) (offset + have));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set(err, -errno, "read error: %s", strerror(errno));
                if (n == 0)
                        return error_set(err, -ERR_MALFORMED, "it has become shorter while it was read");
                have += (size_t) n;
        }
        *ret_size = have;
        return 0;
}

/* Moves what is left to the front and fills up. */
static int fill(struct mbox *m, struct error *err)
{
        if (m->stop && m->stop(m->context))
                return error_set(err, -ERR_CANCELLED, "stopped");
        memmove(m->buffer, m->buffer + m->start, m->end - m->start);
        m->buffer_offset += m->start;
        m->end -= m->start;
        m->start = 0;
        size_t got = 0;
        int r = read_at(m, m->buffer_offset + m->end, m->buffer + m->end, BUFFER_BYTES - m->end, &got, err);
        if (r == 0)
                m->end += got;
        return r;
}

/* 1: a piece, which ends at limit at the latest; 0: the limit is reached. Valid until the next call. */
static int next_piece(struct mbox *m, uint64_t limit, struct piece *ret_piece, struct error *err)
{
        if (mbox_position(m) >= limit)
                return 0;
        const char *newline = memchr(m->buffer + m->start, '\n', m->end - m->start);
        if (!newline && (m->start > 0 || m->end == 0) && m->buffer_offset + m->end < m->size) {
                int r = fill(m, err);
                if (r < 0)
                        return r;
                newline = memchr(m->buffer, '\n', m->end);
        }
        const char *text = m->buffer + m->start;
        uint64_t size = newline ? (uint64_t) (newline + 1 - text) : m->end - m->start;
        size = MIN(size, limit - mbox_position(m));
        *ret_piece = (struct piece) { .text = text, .size = (size_t) size, .offset = mbox_position(m),
                                      .starts_line = m->line_start, .ends_line = text[size - 1] == '\n' };
        m->start += (size_t) size;
        m->line_start = ret_piece->ends_line;
        return 1;
}

/* --- lines --- */

static bool is_blank(const struct piece *piece)
{
        return (piece->size == 1 && piece->text[0] == '\n') || (piece->size == 2 && memcmp(piece->text, "\r\n", 2) == 0);
}

static bool starts_with_from(const char *text, size_t size)
{
        return size >= 5 && memcmp(text, "From ", 5) == 0;
}

/* ">From ", ">>From " */
static bool is_quoted_from(const struct piece *piece)
{
        size_t marks = 0;
        while (marks < piece->size && piece->text[marks] == '>')
                marks++;
        return marks > 0 && starts_with_from(piece->text + marks, piece->size - marks);
}

static bool is_bare_from(const char *text, size_t size)
{
        if (!starts_with_from(text, size))
                return false;
        for (size_t i = 5; i < size; i++)
                if (!strchr(" -\r\n", text[i]) || !text[i])
                        return false;
        return true;
}

/* Whether the line at this place is a header field. */
static bool field_follows(const struct mbox *m, uint64_t offset)
{
        char text[PEEK_BYTES];
        size_t size;
        if (read_at(m, offset, text, sizeof text, &size, NULL) < 0)
                return false;
        const char *end = memchr(text, '\n', size);
        return mail_kind_is_field(text, end ? (size_t) (end - text) : size);
}

/* Whether a mail's header begins at this place. */
static bool mail_follows(const struct mbox *m, uint64_t offset)
{
        char text[PEEK_BYTES];
        size_t size;
        return read_at(m, offset, text, sizeof text, &size, NULL) == 0 && mail_kind_of(text, size, false) == MAIL_KIND_MAIL;
}

/* A line that is not behind an empty one. */
static bool is_glued_separator(const struct mbox *m, const struct piece *piece)
{
        return piece->ends_line && (mail_kind_is_from_line(piece->text, piece->size) ||
                                    (m->undated && starts_with_from(piece->text, piece->size))) &&
               mail_follows(m, piece->offset + piece->size);
}

/* A line behind an empty one, or at the start. */
static bool is_separator(const struct mbox *m, const struct piece *piece)
{
        if (!piece->ends_line && piece->offset + piece->size < m->size)
                return false;
        if (mail_kind_is_from_line(piece->text, piece->size))
                return true;
        if (m->bare && is_bare_from(piece->text, piece->size) && field_follows(m, piece->offset + piece->size))
                return true;
        return m->undated && starts_with_from(piece->text, piece->size) && mail_follows(m, piece->offset + piece->size);
}

/* --- Content-Length --- */

static bool take_length(const struct piece *piece, int64_t *length)
{
        static const char name[] = "Content-Length:";
        if (!piece->starts_line || piece->size < sizeof name || piece->size > 100 ||
            strncasecmp(piece->text, name, sizeof name - 1) != 0)
                return false;
        g_autofree char *value = g_strndup(piece->text + sizeof name - 1, piece->size - (sizeof name - 1));
        guint64 number;
        *length = text_parse_uint64(g_strstrip(value), G_MAXINT64, &number) == 0 ? (int64_t) number : -1;
        return true;
}

/* A mail ends where the file does or, with or without an empty line between, the next separator stands. Anything else is no
 * place where a mail ends, whatever its header says. */
static bool may_end_at(const struct mbox *m, uint64_t offset)
{
        char text[PEEK_BYTES];
        size_t size, at = 1;
        if (offset == m->size)
                return true;
        if (offset > m->size || offset == 0 || read_at(m, offset - 1, text, sizeof text, &size, NULL) < 0)
                return false;
        bool line_start = text[0] == '\n';
        for (;;) {
                if (at < size && text[at] == '\n')
                        at++;
                else if (at + 1 < size && text[at] == '\r' && text[at + 1] == '\n')
                        at += 2;
                else
                        break;
                line_start = true;
        }
        if (!line_start)
                return false;
        if (at == size)
                return offset - 1 + size == m->size;
        const char *end = memchr(text + at, '\n', size - at);
        struct piece line = { .text = text + at, .offset = offset - 1 + at, .starts_line = true, .ends_line = end != NULL };
        line.size = end ? (size_t) (end + 1 - line.text) : size - at;
        return is_separator(m, &line);
}

/* --- parts --- */

static void start_mail(struct mbox *m)
{
        m->in_mail = m->in_header = m->pending = true;
        m->after_mail = m->blank_before = false;
        m->length = -1;
        m->mail_end = 0;
}

/* The empty line behind the header. */
static void end_header(struct mbox *m)
{
        m->in_header = false;
        if (m->counts_bytes && m->length >= 0 && (uint64_t) m->length <= m->size) {
                uint64_t end = mbox_position(m) + (uint64_t) m->length;
                if (may_end_at(m, end))
                        m->mail_end = end;
        }
}

static enum part classify(struct mbox *m, const struct piece *piece)
{
        bool blank = piece->starts_line && is_blank(piece), blank_before = m->blank_before;
        if (piece->starts_line)
                m->blank_before = blank;
        if (!m->in_mail) { /* before the first there are blank lines only, and perhaps a byte order mark: see mail_kind_of */
                size_t mark = piece->size >= 3 && memcmp(piece->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
                if (!starts_with_from(piece->text + mark, piece->size - mark))
                        return PART_BETWEEN;
                m->bare = is_bare_from(piece->text + mark, piece->size - mark);
                m->undated = !mail_kind_is_from_line(piece->text + mark, piece->size - mark);
                start_mail(m);
                return PART_SEPARATOR;
        }
        if (piece->starts_line && m->mail_end == 0 && (blank_before || m->after_mail) && is_separator(m, piece)) {
                start_mail(m);
                return PART_SEPARATOR;
        }
        if (m->glued && piece->starts_line && m->mail_end == 0 && is_glued_separator(m, piece)) {
                start_mail(m);
                return PART_SEPARATOR;
        }
        if (m->after_mail)
                return PART_BETWEEN;
        if (!m->in_header)
                return PART_BODY;
        if (blank)
                end_header(m);
        else
                take_length(piece, &m->length);
        return PART_HEADER;
}

/* The next piece and what it is; a negative code. */
static int next_part(struct mbox *m, struct piece *ret_piece, enum part *ret_part, struct error *err)
{
        for (;;) {
                int r = next_piece(m, m->mail_end ? m->mail_end : m->size, ret_piece, err);
                if (r < 0)
                        return r;
                if (r == 0 && m->mail_end != 0) {
                        m->mail_end = 0;
                        m->after_mail = m->line_start = true;
                        continue;
                }
                *ret_part = r == 0 ? PART_END : classify(m, ret_piece);
                return 0;
        }
}

/* --- evidence --- */

struct evidence {
        uint64_t counted;  /* mails whose Content-Length leads to the next one */
        uint64_t doubtful; /* likewise, but something in them looks like the start of another */
        uint64_t others;
        uint64_t mails;    /* separators */
        uint64_t glued;    /* lines that would be one behind an empty line, with a mail's header behind them */
        uint64_t quoted;   /* lines that begin with ">From " */
        uint64_t unquoted, unquoted_behind_blank; /* lines that begin with "From " and start no mail */
};

/* What is known of the mail at hand. */
struct observed { bool any, counted, doubtful; };

static void conclude(struct evidence *e, struct observed *mail)
{
        if (mail->any) {
                e->counted += mail->counted && !mail->doubtful;
                e->doubtful += mail->counted && mail->doubtful;
                e->others += !mail->counted;
        }
        *mail = (struct observed) { .any = true };
}

static void look_at_line(const struct mbox *m, const struct piece *piece, bool blank_before, struct evidence *e,
                         struct observed *mail)
{
        if (is_quoted_from(piece)) {
                e->quoted++;
        } else if (starts_with_from(piece->text, piece->size)) {
                if (blank_before && is_separator(m, piece) && field_follows(m, piece->offset + piece->size)) {
                        mail->doubtful = true;
                } else {
                        e->unquoted++;
                        e->unquoted_behind_blank += blank_before;
                        e->glued += !blank_before && is_glued_separator(m, piece);
                }
        }
}

static int gather(struct mbox *m, struct evidence *e, struct error *err)
{
        struct observed mail = { .any = false };
        struct piece piece;
        enum part part;
        rewind_to_start(m);
        m->counts_bytes = true;
        for (;;) {
                bool blank_before = m->blank_before;
                int r = next_part(m, &piece, &part, err);
                if (r < 0)
                        return r;
                if (part == PART_SEPARATOR || part == PART_END)
                        conclude(e, &mail);
                e->mails += part == PART_SEPARATOR;
                if (part == PART_END)
                        return 0;
                if (m->mail_end != 0)
                        mail.counted = true;
                if (part == PART_BODY && piece.starts_line)
                        look_at_line(m, &piece, blank_before, e, &mail);
        }
}

/* A Content-Length may be the sender's, and then say anything: it is believed where most mails have a right one and at least
 * one of them is beyond doubt. */
static void judge(struct mbox *m, const struct evidence *e)
{
        m->counts_bytes = e->counted > 0 && e->counted + e->doubtful > e->others;
        m->glued = e->mails == 1 && e->glued > 0 && e->counted == 0; /* else the whole file would be one mail */
        if (e->quoted == 0 || (m->counts_bytes && e->unquoted > 0))
                m->quoting = MBOX_QUOTES_NOTHING;
        else
                m->quoting = e->unquoted_behind_blank > 0 ? MBOX_QUOTES_SEPARATORS : MBOX_QUOTES_ALL;
}

int mbox_open(int fd, mbox_stop_function stop, void *context, struct mbox **ret_mbox, struct error *err)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return error_set(err, -errno, "%s", strerror(errno));
        struct mbox *m = g_new0(struct mbox, 1);
        struct evidence e = { 0 };
        m->fd = fd;
        m->size = (uint64_t) st.st_size;
        m->stop = stop;
        m->context = context;
        m->buffer = g_malloc(BUFFER_BYTES);
        int r = gather(m, &e, err);
        if (r < 0) {
                mbox_free(m);
                return r;
        }
        judge(m, &e);
        rewind_to_start(m);
        *ret_mbox = m;
        return 0;
}

void mbox_free(struct mbox *m)
{
        if (!m)
                return;
        g_free(m->buffer);
        g_free(m);
}

bool mbox_counts_bytes(const struct mbox *m)
{
        return m->counts_bytes;
}

enum mbox_quoting mbox_quoting(const struct mbox *m)
{
        return m->quoting;
}

/* --- mails --- */

static size_t quote_of(const struct mbox *m, const struct piece *piece, enum part part)
{
        if (part != PART_BODY || !piece->starts_line || m->quoting == MBOX_QUOTES_NOTHING || !is_quoted_from(piece))
                return 0;
        if (m->quoting == MBOX_QUOTES_SEPARATORS) {
                size_t marks = 0;
                while (piece->text[marks] == '>')
                        marks++;
                return mail_kind_is_from_line(piece->text + marks, piece->size - marks) ? 1 : 0;
        }
        return 1;
}

/* The empty line before the next separator is the mbox's own, where nothing else says where the mail ends. */
static void drop_last_blank(GString *mail)
{
        const char *end = mail->str + mail->len;
        if (mail->len == 1 && mail->str[0] == '\n')
                g_string_truncate(mail, 0);
        else if (mail->len == 2 && memcmp(mail->str, "\r\n", 2) == 0)
                g_string_truncate(mail, 0);
        else if (mail->len >= 3 && memcmp(end - 3, "\n\r\n", 3) == 0)
                g_string_truncate(mail, mail->len - 2);
        else if (mail->len >= 2 && memcmp(end - 2, "\n\n", 2) == 0)
                g_string_truncate(mail, mail->len - 1);
}

/* Reads on to the next separator or the end. */
static int collect(struct mbox *m, uint64_t max_bytes, GString *mail, bool *ret_oversize, bool *ret_counted, struct error *err)
{
        struct piece piece;
        enum part part;
        for (;;) {
                int r = next_part(m, &piece, &part, err);
                if (r < 0)
                        return r;
                if (part == PART_SEPARATOR || part == PART_END)
                        return 0;
                *ret_counted = *ret_counted || m->mail_end != 0;
                if (part == PART_BETWEEN || *ret_oversize)
                        continue;
                size_t skip = quote_of(m, &piece, part);
                /* One byte over the limit may still be the mbox's empty line. */
                if (mail->len + piece.size - skip > max_bytes + 2)
                        *ret_oversize = true;
                else
                        g_string_append_len(mail, piece.text + skip, (gssize) (piece.size - skip));
        }
}

int mbox_next(struct mbox *m, uint64_t max_bytes, char **ret_data, size_t *ret_size, struct error *err)
{
        g_autoptr(GString) mail = g_string_new(NULL);
        bool oversize = false, counted = false;
        int r = 0;
        if (!m->in_mail) /* to the first separator */
                r = collect(m, 0, mail, &oversize, &counted, err);
        if (r < 0 || !m->pending)
                return r;
        m->pending = false;
        oversize = counted = false;
        r = collect(m, max_bytes, mail, &oversize, &counted, err);
        if (r < 0)
                return r;
        if (!counted && !m->glued)
                drop_last_blank(mail);
        if (mail->len > max_bytes)
                oversize = true;
        *ret_size = oversize ? 0 : mail->len;
        /* Without the room that a growing string keeps: many of them wait at a time. */
        *ret_data = oversize ? NULL : g_realloc(g_string_free(g_steal_pointer(&mail), FALSE), *ret_size + 1);
        return 1;
}
