/* SPDX-License-Identifier: MIT */
/* What the two ways to read 予想適用時間, by cells and by plain lines, share. */
#ifndef INGEST_HOTFIX_DEPLOYMENTS_P_H
#define INGEST_HOTFIX_DEPLOYMENTS_P_H

#include "ingest/hotfix_p.h"

/* One time, also "約3分", or a dash for none (-1), at the start of the key: bytes, or 0. */
size_t hotfix_match_time(const char *key, gint64 *ret_minutes);

/* Four times parted by spaces, or, where there are more or fewer spaces, one behind the other. "4時間 1分" are two, and
 * only their spaces say so. */
bool hotfix_match_four_times(const char *normal, gint64 ret_minutes[4]);

/* "CAPICOM.exe" and "(CAPICOM)": the package's name and its product, or NULL. */
void hotfix_add_deployment(struct page *page, const char *name, const char *product, const gint64 minutes[4]);

/* The bracket behind the package's name, in either width, or NULL. */
const char *hotfix_find_bracket(const char *text);

/* The rows that are plain lines, from first on: the name, its products in brackets on lines of their own or not at all,
 * then the four times; or all of it on one line, which the mail may have wrapped. Returns where the rows end. */
guint hotfix_read_deployment_lines(struct page *page, guint first, guint end);

#endif
