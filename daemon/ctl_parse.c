/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "common/file.h"
#include "common/limits.h"
#include "daemon/ctl.h"
#include "ingest/worker.h"

enum { OPTION_FORM = 256 };

static const struct option parse_options[] = {
        { "form", required_argument, NULL, OPTION_FORM },
        { NULL, 0, NULL, 0 },
};

static int take_form(const char *name, enum reader_form *ret_form)
{
        static const struct { const char *name; enum reader_form form; } forms[] = {
                { "mail", READER_MAIL }, { "text", READER_TEXT }, { "html", READER_HTML },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
                if (strcmp(forms[i].name, name) == 0) {
                        *ret_form = forms[i].form;
                        return 0;
                }
        return -ERR_USAGE;
}

/* A failure outweighs "not recognised", which outweighs success. */
static int worse(int a, int b)
{
        return a == CTL_FAILED || b == CTL_FAILED ? CTL_FAILED : MAX(a, b);
}

static int print_result(const char *path, const struct reader_result *result, bool first)
{
        if (result->outcome == READER_REFUSED) {
                fprintf(stderr, "hotfixctl: %s: refused: %s\n", path, result->reason);
                return CTL_FAILED;
        }
        int status = CTL_DONE;
        if (result->outcome == READER_UNRECOGNISED) {
                fprintf(stderr, "hotfixctl: %s: not recognised: %s\n", path, result->reason);
                status = CTL_NOTHING;
        }
        if (ctl.json)
                return worse(status, ctl_print_json(bulletin_to_json(result->bulletin)));
        if (!first)
                putchar('\n');
        printf("%s\n", path);
        ctl_print_bulletin(result->bulletin);
        return status;
}

/* The daemon's own limits where its configuration can be read; parse works without one too. */
static void load_limits(struct worker_options *ret_options, size_t *ret_max_bytes)
{
        GPtrArray *problems = NULL;
        int r = config_load(ctl.config_file, CONFIG_FOR_CONTROL, &ctl.config, &problems, NULL);
        bool absent = (r == -ENOENT || r == -EACCES) && strcmp(ctl.config_file, CONFIG_DEFAULT_FILE) == 0;
        for (guint i = 0; !absent && problems && i < problems->len; i++)
                fprintf(stderr, "hotfixctl: %s; the default limits hold\n", (const char *) g_ptr_array_index(problems, i));
        g_clear_pointer(&problems, g_ptr_array_unref);
        *ret_options = r < 0 ? (struct worker_options){ 0 } : ctl.config->parser;
        *ret_max_bytes = r < 0 ? LIMIT_MESSAGE_BYTES_DEFAULT : (size_t) ctl.config->max_message_bytes;
}

static int parse_file(struct worker *worker, const char *path, size_t max_bytes, enum reader_form form, bool first)
{
        struct error err = ERROR_INIT;
        char *data = NULL;
        size_t size;
        int r = file_read(path, max_bytes, &data, &size, &err);
        if (r < 0)
                return ctl_fail(&err);
        struct reader_result result;
        r = worker_read(worker, data, size, form, -1, &result, &err);
        g_free(data);
        if (r < 0) {
                error_prefix(&err, "%s", path);
                return ctl_fail(&err);
        }
        int status = print_result(path, &result, first);
        reader_result_clear(&result);
        return status;
}

int ctl_parse(const struct ctl_command *command, int argc, char **argv)
{
        enum reader_form form = READER_GUESS;
        int status = CTL_DONE, c;
        while ((c = ctl_next_option(command, argc, argv, parse_options, &status)) >= 0)
                if (take_form(optarg, &form) < 0)
                        return ctl_usage_error(command, "--form: unknown form '%s'; there are mail, text, html", optarg);
        if (c == -2)
                return status;
        if (optind >= argc)
                return ctl_usage_error(command, "at least one FILE is needed");
        struct worker_options options;
        size_t max_bytes;
        load_limits(&options, &max_bytes);
        struct worker *worker = worker_new(&options);
        for (int i = optind; i < argc; i++)
                status = worse(status, parse_file(worker, argv[i], max_bytes, form, i == optind));
        worker_free(worker);
        return status;
}
