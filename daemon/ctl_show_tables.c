/* SPDX-License-Identifier: MIT */
/* The part of 'show' that prints a bulletin's tables, one line for each row. */
#include "daemon/ctl_show_p.h"

static const char *const no_label = "";

/* Puts a part behind what is there, with what parts the two; nothing for no part. */
static void append_part(GString *text, const char *between, const char *part)
{
        if (part && *part)
                g_string_append_printf(text, "%s%s", text->len > 0 ? between : "", part);
}

static void show_affected(const struct affected *affected, const char *label)
{
        g_autoptr(GString) text = g_string_new(affected->software);
        append_part(text, ": ", affected->platforms);
        show_fact(label, text->str);
}

static void show_test(const struct lab_test *test, const char *label)
{
        const struct choice *result = &test->result;
        g_autoptr(GString) text = g_string_new(test->platform);
        append_part(text, ": ", result->basis == BASIS_UNDETERMINED ? "undetermined" : test_result_name(result->value));
        append_part(text, "  ", result->text);
        if (result->reason)
                g_string_append_printf(text, "  (%s)", result->reason);
        show_fact(label, text->str);
}

static void show_download(const struct download *download, const char *label)
{
        g_autoptr(GString) text = g_string_new(download->platform), where = g_string_new(download->center);
        append_part(where, "; ", download->catalog);
        append_part(text, ": ", where->str);
        show_fact(label, text->str);
}

static char *file_text(const struct package_file *file)
{
        GString *text = g_string_new(file->name);
        g_autofree char *size = file->size >= 0 ? g_strdup_printf("%" G_GINT64_FORMAT " bytes", file->size) : NULL;
        append_part(text, "  ", file->date);
        append_part(text, "  ", file->version);
        append_part(text, "  ", size);
        append_part(text, "  ", file->description);
        append_part(text, "  ", file->folder);
        return g_string_free(text, FALSE);
}

static void show_package(const struct package *package, const char *label)
{
        g_autofree char *own = package->file ? file_text(package->file) : NULL;
        g_autoptr(GString) text = g_string_new(package->product);
        append_part(text, ": ", own);
        show_fact(label, text->len > 0 ? text->str : "(of no product)");
        for (guint i = 0; i < package->files->len; i++) {
                g_autofree char *file = file_text(g_ptr_array_index(package->files, i));
                g_autofree char *indented = g_strconcat("  ", file, NULL);
                show_fact(no_label, indented);
        }
}

static void show_deployment(const struct deployment *deployment, const char *label)
{
        static const unsigned hosts[] = { 50, 100, 250, 500 };
        g_autoptr(GString) text = g_string_new(deployment->package), minutes = g_string_new(NULL);
        if (deployment->product)
                g_string_append_printf(text, "%s(%s)", text->len > 0 ? " " : "", deployment->product);
        for (unsigned i = 0; i < G_N_ELEMENTS(hosts); i++)
                if (deployment->minutes[i] >= 0)
                        g_string_append_printf(minutes, "%s%" G_GINT64_FORMAT " for %u hosts",
                                               minutes->len > 0 ? ", " : "", deployment->minutes[i], hosts[i]);
        append_part(text, ": ", minutes->str);
        show_fact(label, text->str);
}

static void show_update_expert(const struct update_expert *entry, const char *label)
{
        g_autoptr(GString) text = g_string_new(entry->product);
        append_part(text, ": ", entry->text);
        show_fact(label, text->str);
}

void show_tables(const struct bulletin *b)
{
        for (guint i = 0; i < b->affected->len; i++)
                show_affected(g_ptr_array_index(b->affected, i), i == 0 ? "affected" : no_label);
        for (guint i = 0; i < b->tests->len; i++)
                show_test(g_ptr_array_index(b->tests, i), i == 0 ? "lab tests" : no_label);
        for (guint i = 0; i < b->downloads->len; i++)
                show_download(g_ptr_array_index(b->downloads, i), i == 0 ? "downloads" : no_label);
        for (guint i = 0; i < b->packages->len; i++)
                show_package(g_ptr_array_index(b->packages, i), i == 0 ? "packages" : no_label);
        for (guint i = 0; i < b->deployments->len; i++)
                show_deployment(g_ptr_array_index(b->deployments, i), i == 0 ? "deployment minutes" : no_label);
        for (guint i = 0; i < b->update_expert->len; i++)
                show_update_expert(g_ptr_array_index(b->update_expert, i), i == 0 ? "UpdateEXPERT" : no_label);
}
