/* SPDX-License-Identifier: MIT */
#include "daemon/sent_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "store/outbox.h"

#define IDENTITY_DIGITS 64u
#define FILE_MODE 0600
#define FILE_BYTES_MAX ((size_t) 16 * MIB) /* a hundred thousand deliveries; of more the newest are kept */
#define MEMO_BYTES_MAX ((size_t) 16 * KIB)
#define COMPACT_STEP_BYTES ((size_t) 1 * MIB) /* what the file may grow by before old lines are taken out again */

struct sent_journal {
        GMutex lock;
        char *file;
        int64_t keep_ms;
        bool loaded;
        GHashTable *unknown; /* identity → struct sent_entry: sent, and the database did not know */
        size_t compact_bytes; /* at this size old lines are looked for */
};

void sent_entry_clear(struct sent_entry *entry)
{
        g_clear_pointer(&entry->memo, g_free);
}

static void free_entry(gpointer data)
{
        struct sent_entry *entry = data;
        sent_entry_clear(entry);
        g_free(entry);
}

struct sent_journal *sent_journal_new(const char *file, int64_t keep_ms)
{
        struct sent_journal *journal = g_new0(struct sent_journal, 1);
        g_mutex_init(&journal->lock);
        journal->file = g_strdup(file);
        journal->keep_ms = keep_ms;
        journal->unknown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_entry);
        return journal;
}

void sent_journal_free(struct sent_journal *journal)
{
        if (!journal)
                return;
        g_hash_table_unref(journal->unknown);
        g_mutex_clear(&journal->lock);
        g_free(journal->file);
        g_free(journal);
}

/* --- lines --- */

struct line {
        char identity[IDENTITY_DIGITS + 1];
        int64_t sent_ms;
        const char *memo; /* or NULL; not terminated */
        size_t memo_size;
};

static bool is_identity(const char *text, size_t size)
{
        if (size < IDENTITY_DIGITS)
                return false;
        for (size_t i = 0; i < IDENTITY_DIGITS; i++)
                if (!g_ascii_isdigit(text[i]) && (text[i] < 'a' || text[i] > 'f'))
                        return false;
        return true;
}

/* False for what is no line of ours: one that was cut by a crash, or damage. */
static bool read_line(const char *text, size_t size, struct line *ret_line)
{
        if (!is_identity(text, size) || size < IDENTITY_DIGITS + 2 || text[IDENTITY_DIGITS] != ' ')
                return false;
        const char *number = text + IDENTITY_DIGITS + 1, *end = text + size;
        const char *space = memchr(number, ' ', (size_t) (end - number));
        g_autofree char *digits = g_strndup(number, (size_t) ((space ? space : end) - number));
        guint64 sent_ms;
        if (text_parse_uint64(digits, G_MAXINT64, &sent_ms) < 0)
                return false;
        struct line line = { .sent_ms = (int64_t) sent_ms };
        memcpy(line.identity, text, IDENTITY_DIGITS);
        if (space) {
                line.memo = space + 1;
                line.memo_size = (size_t) (end - line.memo);
        }
        *ret_line = line;
        return true;
}

/* The next complete line from *at on; false at the end. A line without its end was never finished. */
static bool next_line(const char **at, const char *end, const char **ret_text, size_t *ret_size)
{
        const char *newline = *at < end ? memchr(*at, '\n', (size_t) (end - *at)) : NULL;
        if (!newline)
                return false;
        *ret_text = *at;
        *ret_size = (size_t) (newline - *at);
        *at = newline + 1;
        return true;
}

static bool is_kept(const struct sent_journal *journal, const struct line *line, int64_t now_ms)
{
        return journal->keep_ms <= 0 || line->sent_ms >= now_ms - journal->keep_ms;
}

/* --- the file --- */

/* As much of its end as is kept: whatever has made it larger, what was sent last counts most. */
static int read_end(const char *file, char **ret_data, size_t *ret_size)
{
        int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        g_autofree char *data = g_malloc(FILE_BYTES_MAX);
        size_t size = 0;
        ssize_t n = lseek(fd, -(off_t) FILE_BYTES_MAX, SEEK_END) < 0 ? -1 : 1;
        while (n > 0 && size < FILE_BYTES_MAX) {
                n = TEMP_FAILURE_RETRY(read(fd, data + size, FILE_BYTES_MAX - size));
                size += n > 0 ? (size_t) n : 0;
        }
        int r = n < 0 ? -errno : 0;
        close(fd); /* only read from */
        if (r < 0)
                return r;
        *ret_data = g_steal_pointer(&data);
        *ret_size = size;
        return 0;
}

/* All of it, or its end where it is too large. There being none yet is no error. */
static int read_file(const struct sent_journal *journal, char **ret_data, size_t *ret_size, bool *ret_exists,
                     struct error *err)
{
        struct error own = ERROR_INIT;
        int r = file_read(journal->file, FILE_BYTES_MAX, ret_data, ret_size, &own);
        if (r == -ERR_LIMIT && read_end(journal->file, ret_data, ret_size) == 0)
                r = 0;
        *ret_exists = r == 0;
        if (r == -ENOENT) {
                *ret_data = g_strdup("");
                *ret_size = 0;
                r = 0;
        }
        if (r < 0)
                return error_move(err, &own);
        error_clear(&own);
        return 0;
}

/* Writes the lines that are kept, of too many the newest, unless that is what the file has. */
static int write_kept(struct sent_journal *journal, const char *data, size_t size, bool exists, int64_t now_ms,
                      struct error *err)
{
        g_autoptr(GString) kept = g_string_sized_new(size + 1);
        const char *at = data, *text;
        size_t text_size;
        struct line line;
        while (next_line(&at, data + size, &text, &text_size))
                if (read_line(text, text_size, &line) && is_kept(journal, &line, now_ms))
                        g_string_append_len(kept, text, (gssize) text_size + 1);
        const char *from = kept->str;
        if (kept->len > FILE_BYTES_MAX / 2) {
                const char *newline = memchr(from + kept->len / 2, '\n', kept->len - kept->len / 2);
                from = newline ? newline + 1 : from;
        }
        size_t left = kept->len - (size_t) (from - kept->str);
        int r = exists && left == size ? 0 : file_write_atomic(journal->file, from, left, FILE_MODE, err);
        if (r == 0)
                journal->compact_bytes = left + COMPACT_STEP_BYTES;
        return r;
}

/* --- what the database does not know --- */

static void remember(struct sent_journal *journal, const struct line *line)
{
        struct sent_entry *entry = g_new0(struct sent_entry, 1);
        entry->sent_ms = line->sent_ms;
        entry->memo = line->memo ? text_make_valid(line->memo, line->memo_size, NULL) : NULL;
        g_hash_table_replace(journal->unknown, g_strdup(line->identity), entry);
}

static int compare(struct sent_journal *journal, struct database *db, const char *data, size_t size, int64_t now_ms,
                   struct error *err)
{
        const char *at = data, *text;
        size_t text_size;
        struct line line;
        int r = 0;
        while (r == 0 && next_line(&at, data + size, &text, &text_size)) {
                bool known = true;
                if (read_line(text, text_size, &line) && is_kept(journal, &line, now_ms))
                        r = outbox_is_sent(db, line.identity, &known, err);
                if (r == 0 && !known)
                        remember(journal, &line);
        }
        return r;
}

static int load(struct sent_journal *journal, struct database *db, int64_t now_ms, struct error *err)
{
        g_autofree char *data = NULL;
        size_t size = 0;
        bool exists = false;
        int r = read_file(journal, &data, &size, &exists, err);
        if (r == 0)
                r = database_begin_reading(db, err);
        if (r < 0)
                return r;
        r = compare(journal, db, data, size, now_ms, err);
        database_rollback(db);
        if (r == 0) /* also creates it, and takes out a last line that was cut */
                r = write_kept(journal, data, size, exists, now_ms, err);
        return r;
}

int sent_journal_load(struct sent_journal *journal, struct database *db, int64_t now_ms, struct error *err)
{
        g_mutex_lock(&journal->lock);
        int r = journal->loaded ? 0 : load(journal, db, now_ms, err);
        journal->loaded |= r == 0;
        g_mutex_unlock(&journal->lock);
        return r;
}

bool sent_journal_find(struct sent_journal *journal, const char *identity, struct sent_entry *ret_entry)
{
        g_mutex_lock(&journal->lock);
        const struct sent_entry *entry = g_hash_table_lookup(journal->unknown, identity);
        if (entry)
                *ret_entry = (struct sent_entry) { entry->sent_ms, g_strdup(entry->memo) };
        g_mutex_unlock(&journal->lock);
        return entry != NULL;
}

/* One write of one line, so that no other process sees half of it. */
static int append(const struct sent_journal *journal, const char *text, size_t size, size_t *ret_file_size)
{
        int fd = open(journal->file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        struct stat before, after;
        int r = fstat(fd, &before) < 0 ? -errno : 0;
        ssize_t n = r == 0 ? write(fd, text, size) : -1;
        if (r == 0 && n != (ssize_t) size)
                r = n < 0 ? -errno : -ENOSPC;
        if (r < 0 && n > 0 && ftruncate(fd, before.st_size) < 0) /* half a line would spoil the next one */
                r = -errno;
        if (r == 0 && (fdatasync(fd) < 0 || fstat(fd, &after) < 0))
                r = -errno;
        if (close(fd) < 0 && r == 0)
                r = -errno;
        if (r == 0)
                *ret_file_size = (size_t) after.st_size;
        return r;
}

static int compact(struct sent_journal *journal, int64_t now_ms, struct error *err)
{
        g_autofree char *data = NULL;
        size_t size = 0;
        bool exists = false;
        int r = read_file(journal, &data, &size, &exists, err);
        return r < 0 ? r : write_kept(journal, data, size, exists, now_ms, err);
}

/* A memo is one line, as the drivers write it; what is none is left out. */
static char *make_line(const char *identity, int64_t sent_ms, const char *memo)
{
        bool fits = memo && *memo && !strpbrk(memo, "\r\n") && strlen(memo) <= MEMO_BYTES_MAX;
        return g_strdup_printf("%s %" G_GINT64_FORMAT "%s%s\n", identity, sent_ms, fits ? " " : "", fits ? memo : "");
}

int sent_journal_add(struct sent_journal *journal, const char *identity, int64_t sent_ms, const char *memo,
                     struct error *err)
{
        if (!is_identity(identity, strlen(identity)) || identity[IDENTITY_DIGITS] != '\0')
                return error_set(err, -ERR_MALFORMED, "%s: this is no identity of a delivery: %.80s", journal->file,
                                 identity);
        g_autofree char *text = make_line(identity, MAX(sent_ms, 0), memo);
        size_t file_size = 0;
        g_mutex_lock(&journal->lock);
        int r = append(journal, text, strlen(text), &file_size);
        if (r == -ENOENT) { /* somebody has removed it */
                r = file_write_atomic(journal->file, text, strlen(text), FILE_MODE, err);
        } else if (r < 0) {
                error_set(err, r, "cannot write %s: %s", journal->file, error_name(r));
        } else if (journal->compact_bytes > 0 && file_size >= journal->compact_bytes) {
                r = compact(journal, sent_ms, err);
        }
        g_mutex_unlock(&journal->lock);
        return r;
}
