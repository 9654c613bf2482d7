/* SPDX-License-Identifier: MIT */
#ifndef DAEMON_DESCRIPTORS_H
#define DAEMON_DESCRIPTORS_H

/* Opens /dev/null for each of standard input, output and error that whoever started this program has closed: else the next
 * file opened would take its number, and messages would be written into it. Called first of all by main. Returns 0 or a
 * negative errno value. */
int descriptors_complete(void);

#endif
