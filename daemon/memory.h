/* SPDX-License-Identifier: MIT */
/* How the daemon asks for memory, and when it gives it back. */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

/* Before the first thread. */
void memory_prepare(void);

/* In the middle of much work, now and then: does something only where much of what was needed is free again. */
void memory_bound(void);

/* After much work: what is free goes back to the system. Takes some milliseconds. */
void memory_trim(void);

#endif
