/* SPDX-License-Identifier: MIT */
#include "daemon/memory.h"

#include <glib.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"

/* glibc gives each thread an arena of its own, eight for each processor, and keeps in each what was once needed there: of
 * all but the first one not even malloc_trim() gives back the free end. And with each large piece that is freed it raises
 * the size from which pieces are mapped by themselves. */
#define ARENAS_MAX 2
#define MAPPED_FROM_BYTES (256u * KIB)
#define KEPT_AT_TOP_BYTES (4u * MIB)
/* Free between pieces in use, where no new one fits; mails of all sizes pass through several threads. To count what is free
 * is to walk over all of it, and what is given back costs a page fault for each page when it is needed again. */
#define FREE_BYTES_MAX (8u * MIB)
#define BOUND_INTERVAL_MS 500

void memory_prepare(void)
{
        mallopt(M_ARENA_MAX, ARENAS_MAX);
        mallopt(M_MMAP_THRESHOLD, (int) MAPPED_FROM_BYTES);
        mallopt(M_TRIM_THRESHOLD, (int) KEPT_AT_TOP_BYTES);
}

/* Whether the loader has changed code in place: those changes would be lost. */
static bool has_changed_code(const struct dl_phdr_info *info)
{
        for (unsigned i = 0; i < info->dlpi_phnum; i++) {
                if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
                        continue;
                const ElfW(Dyn) *entry = (const ElfW(Dyn) *) (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
                for (; entry->d_tag != DT_NULL; entry++)
                        if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)))
                                return true;
                return false;
        }
        return true; /* unknown */
}

/* Code and constants of the program and its libraries, most of which were needed at the start only: what is used again is
 * mapped again, from the page cache. Segments that can be written, also those made read-only after relocation, keep what
 * is in them. (Breakpoints that a debugger has put are lost.) */
static int release_code(struct dl_phdr_info *info, size_t size, void *context)
{
        uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
        (void) size;
        (void) context;
        if (has_changed_code(info))
                return 0;
        for (unsigned i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
                if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W))
                        continue;
                uintptr_t start = (info->dlpi_addr + segment->p_vaddr) & ~(page - 1);
                uintptr_t end = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
                if (end > start)
                        madvise((void *) start, end - start, MADV_DONTNEED);
        }
        return 0;
}

void memory_bound(void)
{
        static gint released; /* what only the start needed */
        static int64_t bounded_ms;
        if (g_atomic_int_compare_and_exchange(&released, 0, 1))
                dl_iterate_phdr(release_code, NULL);
        int64_t now_ms = clock_monotonic_ms(), then_ms = __atomic_load_n(&bounded_ms, __ATOMIC_RELAXED);
        if (now_ms - then_ms < BOUND_INTERVAL_MS)
                return;
        __atomic_store_n(&bounded_ms, now_ms, __ATOMIC_RELAXED);
        if (mallinfo2().fordblks > FREE_BYTES_MAX)
                malloc_trim(0);
}

void memory_trim(void)
{
        malloc_trim(0);
        dl_iterate_phdr(release_code, NULL);
}
