/* SPDX-License-Identifier: MIT */
/* Where a line or a word ends is looked for by blocks of bytes where the processor can; here that is compared with
 * looking at one byte after the other. */
#include "ingest/html_builder.c"
#include "ingest/text_lines.c"

#include "tests/support.h"

static const char *find_low_slowly(const char *p, const char *end)
{
        while (p < end && (unsigned char) *p > ' ')
                p++;
        return p;
}

/* exact: nothing behind it, so that reading beyond is seen; text: the same with a NUL behind it. */
static void compare(char *exact, char *text, size_t size, size_t at, unsigned byte)
{
        exact[at] = text[at] = (char) byte;
        if (find_low(exact, exact + size) != find_low_slowly(exact, exact + size))
                ck_abort_msg("0x%02X at %zu of %zu: find_low", byte, at, size);
        if (find_end_start(text, text + strlen(text)) != text + strcspn(text, END_STARTS))
                ck_abort_msg("0x%02X at %zu of %zu: find_end_start", byte, at, size);
}

/* Every byte at every place of texts of all lengths up to some blocks; alone, and with another one behind it. */
START_TEST(every_byte_everywhere)
{
        for (size_t size = 1; size < 52; size++) {
                g_autofree char *exact = g_malloc(size), *text = g_strnfill(size, 'x');
                memcpy(exact, text, size);
                for (size_t at = 0; at < size; at++) {
                        for (unsigned byte = 0; byte < 256; byte++)
                                compare(exact, text, size, at, byte);
                        compare(exact, text, size, size - 1, '\n');
                        for (unsigned byte = 0; at + 1 < size && byte < 256; byte++)
                                compare(exact, text, size, at, byte);
                        compare(exact, text, size, size - 1, 'x');
                        compare(exact, text, size, at, 'x');
                }
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("line_scans");
        TCase *t = tcase_create("line_scans");
        suite_add_tcase(s, t);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, every_byte_everywhere);
        return s;
}

int main(void)
{
        return support_run(suite());
}
