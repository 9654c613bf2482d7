/* SPDX-License-Identifier: MIT */
/*
 * Files that are taken for an mbox: whatever they hold, reading ends, makes no bytes out of nothing, and misses none of
 * those in front of a mail's end. Then the input, taken apart into mails, is put into an mbox as "mboxrd" says, and as
 * "mboxcl2" says: the same mails must come out.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/mail_kind.h"
#include "daemon/mbox.h"
#include "tests/fuzz/fuzz.h"

const struct fuzz_target fuzz_target = { .name = "mbox", .reads_mails = true };

#define FROM "From a@b Fri May 11 10:00:00 2007\n"
#define MAX_BYTES (64u * 1024 * 1024)

/* The mails of an mbox with these bytes. */
static GPtrArray *read_mbox(const char *data, size_t size)
{
        struct error err = ERROR_INIT;
        struct mbox *mbox;
        int fd = memfd_create("mbox", MFD_CLOEXEC);
        fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t) size, "no memory");
        int r = mbox_open(fd, NULL, NULL, &mbox, &err);
        fuzz_require(r == 0, "%s", error_text(&err));
        GPtrArray *mails = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        char *mail;
        size_t length, total = 0;
        uint64_t position = 0;
        while ((r = mbox_next(mbox, MAX_BYTES, &mail, &length, &err)) > 0) {
                fuzz_require(mail && mail[length] == '\0', "a mail without its end");
                fuzz_require(mbox_position(mbox) >= position && mbox_position(mbox) <= size, "the position goes back");
                position = mbox_position(mbox);
                total += length;
                g_ptr_array_add(mails, g_bytes_new_take(mail, length));
        }
        fuzz_require(r == 0, "%s", error_text(&err));
        fuzz_require(total <= size, "%zu bytes out of %zu", total, size);
        fuzz_require(mbox_position(mbox) == size, "not read to the end");
        mbox_free(mbox);
        close(fd);
        return mails;
}

static void require_same(const char *form, const GPtrArray *expected, const GString *text)
{
        GPtrArray *found = read_mbox(text->str, text->len);
        fuzz_require(found->len == expected->len, "%s: %u mails, not %u", form, found->len, expected->len);
        for (guint i = 0; i < found->len; i++)
                fuzz_require(g_bytes_equal(g_ptr_array_index(found, i), g_ptr_array_index(expected, i)), "%s: mail %u differs", form, i);
        g_ptr_array_unref(found);
}

/* Mails as they are written into an mbox: with a header that counts nothing, with lines that end. */
static GPtrArray *make_mails(const char *data, size_t size)
{
        GPtrArray *mails = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        g_autofree char *text = g_strndup(data, size);
        g_auto(GStrv) parts = g_strsplit(text, "\f", 20);
        for (char **part = parts; *part; part++) {
                char *mail = g_strconcat("Subject: x\n\n", *part, "\n", NULL);
                g_ptr_array_add(mails, g_bytes_new_take(mail, strlen(mail)));
        }
        return mails;
}

static void append_mboxrd(GString *out, const char *mail)
{
        g_string_append(out, FROM);
        for (const char *line = mail; *line;) {
                const char *end = strchr(line, '\n') + 1;
                if (strncmp(line + strspn(line, ">"), "From ", 5) == 0)
                        g_string_append_c(out, '>');
                g_string_append_len(out, line, end - line);
                line = end;
        }
        g_string_append_c(out, '\n');
}

/* That nothing is quoted shows only where something is not: one more mail says so. */
static void require_counted(const GPtrArray *mails)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GPtrArray) counted = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        for (guint i = 0; i <= mails->len; i++) {
                const char *mail = i < mails->len ? g_bytes_get_data(g_ptr_array_index(mails, i), NULL) : "Subject: x\n\nFrom x\n";
                const char *body = mail + strlen("Subject: x\n\n");
                char *with = g_strdup_printf("Subject: x\nContent-Length: %zu\n\n%s", strlen(body), body);
                g_ptr_array_add(counted, g_bytes_new_take(with, strlen(with)));
                g_string_append_printf(text, FROM "%s\n", with);
        }
        require_same("mboxcl2", counted, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *bytes = g_malloc(size + 1); /* no byte behind the last may be read */
        memcpy(bytes, data, size);
        mail_kind_of(bytes, size, true);
        mail_kind_is_from_line(bytes, size);
        mail_kind_is_field(bytes, size);
        g_ptr_array_unref(read_mbox(bytes, size));
        g_autoptr(GString) text = g_string_new_len(FROM, strlen(FROM));
        g_string_append_len(text, bytes, (gssize) size);
        g_ptr_array_unref(read_mbox(text->str, text->len));

        GPtrArray *mails = make_mails(bytes, size);
        g_string_truncate(text, 0);
        for (guint i = 0; i < mails->len; i++)
                append_mboxrd(text, g_bytes_get_data(g_ptr_array_index(mails, i), NULL));
        require_same("mboxrd", mails, text);
        require_counted(mails);
        g_ptr_array_unref(mails);
        return 0;
}
