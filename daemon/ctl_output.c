/* SPDX-License-Identifier: MIT */
/* Standard output behind a filter, so that no command can forget it. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/ctl.h"

#define CHUNK 4096

static bool after_c2; /* the byte before was 0xC2, with which U+0080 to U+009F begin in UTF-8 */

/* Control characters of ASCII and, behind 0xC2, of Latin-1 (0x9B is CSI on some terminals). */
static char filtered(unsigned char c)
{
        bool second = after_c2;
        after_c2 = c == 0xC2;
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
                return '?';
        /* U+00A0 stands in for it: the bytes stay UTF-8. */
        return second && c >= 0x80 && c <= 0x9F ? (char) 0xA0 : (char) c;
}

static bool write_all(const char *data, size_t size)
{
        while (size > 0) {
                ssize_t n = write(STDOUT_FILENO, data, size);
                if (n < 0 && errno != EINTR)
                        return false;
                if (n > 0) {
                        data += n;
                        size -= (size_t) n;
                }
        }
        return true;
}

/* Takes everything: to stdio a short count is an error. */
static ssize_t write_filtered(void *cookie, const char *data, size_t size)
{
        (void) cookie;
        for (size_t done = 0; done < size;) {
                char chunk[CHUNK];
                size_t count = MIN(size - done, sizeof chunk);
                for (size_t i = 0; i < count; i++)
                        chunk[i] = ctl.json ? data[done + i] : filtered((unsigned char) data[done + i]);
                if (!write_all(chunk, count))
                        return 0;
                done += count;
        }
        return (ssize_t) size;
}

void ctl_guard_output(void)
{
        cookie_io_functions_t functions = { .write = write_filtered };
        FILE *guarded = fopencookie(NULL, "w", functions);
        if (guarded)
                stdout = guarded;
}
