/* SPDX-License-Identifier: MIT */
/* hotfixctl's main: the table of commands, the options they share, and what they use to answer. */
#include "build_config.h"

#include <errno.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon/ctl.h"
#include "daemon/descriptors.h"
#include "ingest/worker.h"

struct ctl ctl = { .config_file = CONFIG_DEFAULT_FILE };

static const struct ctl_command commands[] = {
        { "status", "", "what the daemon, its mailboxes and its outbox are doing", "", ctl_status },
        { "list", "[OPTIONS]", "the bulletins, newest first",
          "  --kind KIND          alert, advance-notice, weekly, news, tips\n"
          "  --severity LEVEL     at or above low, moderate, important, critical;\n"
          "                       undetermined ones too\n"
          "  --urgency LEVEL      at or above wait, consider, early, immediate;\n"
          "                       undetermined ones too\n"
          "  --since DATE         updated on or after YYYY-MM-DD\n"
          "  --limit N            at most N\n"
          "  --unrecognised       instead: the mails that no feed recognised\n"
          "  --quarantined        instead: the mails that could not be read\n"
          "  --verified           without those whose sender is not verified\n"
          "  --unverified         only those\n"
          "  --open               only what was told and nobody has acknowledged\n", ctl_list },
        { "show", "ID", "one bulletin as it stands",
          "ID is a bulletin's id in capitals or not (ms07-028), if need be with its feed\n"
          "(hotfix-report:MS07-028), or its key where it has no id ('list --json').\n", ctl_show },
        { "trace", "ID|MAIL", "everything on record about a bulletin or a mail, and why",
          "ID is as with 'show'. MAIL is a mail's number, its Message-ID, or the start of\n"
          "its SHA-256 (at least 6 digits).\n", ctl_trace },
        { "ack", "ID...", "take note of a bulletin: steps, reminders and deadline end",
          "ID is as with 'show'. A later revision that is more severe opens it again.\n"
          "  --until TIME         only until then: a duration (2h, 3d), HH:MM, YYYY-MM-DD,\n"
          "                       'YYYY-MM-DD HH:MM'; then it is open again\n"
          "  --by NAME            who takes note; else the user of this command\n"
          "  --comment TEXT       goes on record, and to those who are told\n"
          "  --route ROUTE        only what this route does\n"
          "  --undo               take it back: it is open again\n"
          "The exit status is 3 if there is nothing to acknowledge.\n", ctl_ack },
        { "parse", "FILE...", "what would be read out of mails, texts or pages",
          "Reads neither database nor configuration. '-' is standard input. The exit status\n"
          "is 3 if something was not recognised as a bulletin.\n"
          "  --form FORM          mail, text, html; else judged by the first lines\n", ctl_parse },
        { "import", "PATH...", "old mails from files, mboxes, Maildirs, folders, as history",
          "Nothing is sent for them but one summary for each channel. What is no mail is\n"
          "left out and counted. An import that was stopped, by Ctrl-C or otherwise, is\n"
          "started again and goes on where it was.\n", ctl_import },
        { "quarantine", "ACTION", "the mails that could not be read: list, show, retry",
          "  list                 all of them, with the reasons\n"
          "    --limit N          at most N, the newest\n"
          "  show MAIL            everything on record of one mail, and its beginning\n"
          "    --output FILE      write its bytes to a new file instead\n"
          "  retry MAIL...        read it again, as the program and the configuration are\n"
          "                       now; one that was too large is fetched again\n"
          "    --all              all that are in quarantine\n"
          "    --unrecognised     all that no feed recognised\n"
          "    --unverified       all whose sender was not verified\n"
          "    --accept           MAIL is real: count its sender as verified\n"
          "MAIL is a mail's number, its Message-ID, or the start of its SHA-256 (at least 6\n"
          "digits). The exit status of retry is 1 if a mail stays in quarantine, 3 if one\n"
          "is no bulletin.\n", ctl_quarantine },
        { "queue", "ACTION", "what is to be sent: list, show, retry, drop",
          "  list                 what waits to be sent, and what was given up\n"
          "    --all              also what was sent and what was dropped\n"
          "    --state STATE      instead: waiting, failing, sent, dead, dropped\n"
          "    --channel CHANNEL  only for this channel\n"
          "    --limit N          at most N, the newest\n"
          "  show DELIVERY        everything on record of one, and the message\n"
          "  retry DELIVERY...    send it now\n"
          "    --all              all that have failed; --channel CHANNEL: of this channel\n"
          "  drop DELIVERY...     never send it; of a dead one: it has been seen\n"
          "    --all --channel CHANNEL  all that wait or are dead for this channel\n"
          "    --reason TEXT      why, for the record\n"
          "DELIVERY is a number, or the start of an identity (at least 6 digits).\n", ctl_queue },
        { "notify", "ACTION", "preview ID: what would be sent; test CHANNEL: a drill",
          "  preview ID           what each route would do with a bulletin on record, why and\n"
          "                       when, and how the messages would look; nothing is sent\n"
          "    --route ROUTE      only this route\n"
          "    --channel CHANNEL  only this channel\n"
          "    --html FILE        also write the HTML part of the first mail to FILE\n"
          "  test CHANNEL         send a message marked as a drill through hotfixd, and wait for\n"
          "                       the answer; the exit status is 1 if it did not arrive\n", ctl_notify },
        { "replay", "[OPTIONS]", "what parser and configuration would make of everything today",
          "Reads every mail on record again, as the program and the configuration are now,\n"
          "into a database that is thrown away, and shows what differs in fields and in\n"
          "decisions. Nothing is sent and nothing is changed.\n"
          "  --since DATE         only what differs for mails stored on or after YYYY-MM-DD\n"
          "  --news               as if no mail had been history: what would have been told\n", ctl_replay },
        { "archive", "rebuild", "the whole archive mirror anew from the database",
          "Also removes files that belong to no bulletin.\n", ctl_archive },
};

static const struct option common_options[] = {
        { "config", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
};

static void print_usage(FILE *out)
{
        fputs("Usage: hotfixctl [-c FILE] [--json] COMMAND [ARGUMENTS]\n"
              "Shows what hotfixd knows, did, and why.\n\n", out);
        for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
                g_autofree char *call = g_strdup_printf("%s %s", commands[i].name, commands[i].arguments);
                fprintf(out, "  %-18s %s\n", call, commands[i].summary);
        }
        fputs("\n"
              "  -c, --config FILE    configuration file (" CONFIG_DEFAULT_FILE ")\n"
              "      --json           print JSON instead of tables\n"
              "  -h, --help           show this text, or that of a command\n"
              "  -V, --version        show the version\n"
              "\n"
              "Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing found or not recognised.\n"
              "See hotfixctl(1).\n", out);
}

static void print_command_help(const struct ctl_command *command)
{
        printf("Usage: hotfixctl [-c FILE] [--json] %s%s%s\n%s\n", command->name, command->arguments[0] ? " " : "",
               command->arguments, command->summary);
        if (command->help[0])
                printf("\n%s", command->help);
}

int ctl_next_option(const struct ctl_command *command, int argc, char **argv, const struct option *own, int *ret_status)
{
        size_t count = 0;
        while (own && own[count].name)
                count++;
        g_autofree struct option *all = g_new0(struct option, count + G_N_ELEMENTS(common_options) + 1);
        if (count > 0)
                memcpy(all, own, count * sizeof *own);
        memcpy(all + count, common_options, sizeof common_options);
        for (;;) {
                int c = getopt_long(argc, argv, "c:h", all, NULL);
                switch (c) {
                case 'c':
                        ctl.config_file = optarg;
                        break;
                case 'j':
                        ctl.json = true;
                        break;
                case 'h':
                        print_command_help(command);
                        *ret_status = CTL_DONE;
                        return -2;
                case '?': /* getopt has said what is wrong, in the name that main gave it */
                        fprintf(stderr, "Try 'hotfixctl %s --help'.\n", command->name);
                        *ret_status = CTL_USAGE;
                        return -2;
                default:
                        return c;
                }
        }
}

int ctl_usage_error(const struct ctl_command *command, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        fprintf(stderr, "hotfixctl %s: %s\nTry 'hotfixctl %s --help'.\n", command->name, text, command->name);
        return CTL_USAGE;
}

int ctl_take_action(const struct ctl_command *command, int argc, char **argv, const char *const *actions,
                    struct ctl_action *ret_action)
{
        for (int i = 0; optind < argc && actions[i]; i++) {
                if (strcmp(argv[optind], actions[i]) != 0)
                        continue;
                *ret_action = (struct ctl_action){ .index = i, .names = argv + optind + 1, .count = argc - optind - 1 };
                return 0;
        }
        g_autofree char *names = g_strjoinv(", ", (char **) actions);
        return ctl_usage_error(command, "the action is missing or unknown; there are: %s", names);
}

int ctl_fail(struct error *err)
{
        int status = err->code == -ERR_NOT_FOUND ? CTL_NOTHING : err->code == -ERR_USAGE ? CTL_USAGE : CTL_FAILED;
        fprintf(stderr, "hotfixctl: %s\n", error_text(err));
        error_clear(err);
        return status;
}

int ctl_load_config(void)
{
        GPtrArray *problems = NULL;
        int r = config_load(ctl.config_file, CONFIG_FOR_CONTROL, &ctl.config, &problems, NULL);
        for (guint i = 0; problems && i < problems->len; i++)
                fprintf(stderr, "hotfixctl: %s\n", (const char *) g_ptr_array_index(problems, i));
        g_clear_pointer(&problems, g_ptr_array_unref);
        return r < 0 ? CTL_FAILED : 0;
}

int ctl_open_database(enum database_mode mode, struct database **ret_db)
{
        struct error err = ERROR_INIT;
        int r = database_open(ctl.config->database_file, mode, ret_db, &err);
        if (r == -ENOENT) {
                fprintf(stderr, "hotfixctl: %s: there is no database yet: hotfixd has not run with this configuration\n",
                        ctl.config->database_file);
                error_clear(&err);
                return CTL_FAILED;
        }
        return r < 0 ? ctl_fail(&err) : 0;
}

int ctl_print_json(json_t *json)
{
        int r = json_dumpf(json, stdout, JSON_COMPACT);
        json_decref(json);
        if (r < 0 || fputc('\n', stdout) == EOF)
                return CTL_FAILED;
        return CTL_DONE;
}

json_t *ctl_json_text(const char *text)
{
        return text ? json_string(text) : json_null();
}

json_t *ctl_json_time(int64_t wall_ms)
{
        g_autofree char *text = wall_ms ? clock_format_utc(wall_ms) : NULL;
        return ctl_json_text(text);
}

json_t *ctl_json_mail(const struct mail_row *mail)
{
        json_t *json = json_object();
        json_object_set_new(json, "mail", json_integer(mail->id));
        json_object_set_new(json, "sha256", json_string(mail->sha256));
        json_object_set_new(json, "message_id", ctl_json_text(mail->message_id));
        json_object_set_new(json, "from", ctl_json_text(mail->from));
        json_object_set_new(json, "subject", ctl_json_text(mail->subject));
        json_object_set_new(json, "received", ctl_json_time(mail->received_ms));
        json_object_set_new(json, "stored", ctl_json_time(mail->stored_ms));
        json_object_set_new(json, "size", json_integer(mail->size_bytes));
        json_object_set_new(json, "history", json_boolean(mail->history));
        json_object_set_new(json, "outcome", json_string(mail_outcome_name(mail->outcome)));
        json_object_set_new(json, "event", ctl_json_text(mail->event));
        json_object_set_new(json, "reason", ctl_json_text(mail->reason));
        json_object_set_new(json, "unverified", ctl_json_text(mail->unverified));
        return json;
}

const char *ctl_field_value(const struct bulletin *bulletin, enum bulletin_field field)
{
        const struct choice *choice = &bulletin->fields[field];
        if (!choice->present)
                return "-";
        const char *name = bulletin_value_name(field, choice->value);
        return name ? name : "undetermined";
}

char *ctl_time(int64_t wall_ms)
{
        if (!wall_ms)
                return g_strdup("-");
        /* In the zone of the messages and of the times of escalation, which stand beside these. */
        return ctl.config ? calendar_format_exact(ctl.config->calendar, wall_ms) : clock_format_local(wall_ms);
}

void ctl_print_fact(const char *label, const char *value)
{
        if (value)
                printf("%-13s %s\n", label, value);
}

void ctl_print_fact_time(const char *label, int64_t wall_ms)
{
        g_autofree char *text = wall_ms ? ctl_time(wall_ms) : NULL;
        ctl_print_fact(label, text);
}

char *ctl_person(void)
{
        const char *sudo = geteuid() == 0 ? g_getenv("SUDO_USER") : NULL; /* anybody else could have set it */
        const struct passwd *user = sudo && *sudo ? NULL : getpwuid(getuid());
        const char *name = sudo && *sudo ? sudo : user ? user->pw_name : NULL;
        return name ? message_clean_line(name, CTL_PERSON_CHARS) : g_strdup_printf("user %u", (unsigned) getuid());
}

static const struct ctl_command *find_command(const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
                if (strcmp(commands[i].name, name) == 0)
                        return &commands[i];
        return NULL;
}

/* Options before the command's name. Returns -1 to go on. */
static int parse_global_options(int argc, char **argv)
{
        static const struct option longs[] = {
                { "config", required_argument, NULL, 'c' }, { "json", no_argument, NULL, 'j' },
                { "help", no_argument, NULL, 'h' },         { "version", no_argument, NULL, 'V' },
                { NULL, 0, NULL, 0 },
        };
        int c;
        while ((c = getopt_long(argc, argv, "+c:hV", longs, NULL)) != -1) {
                switch (c) {
                case 'c':
                        ctl.config_file = optarg;
                        break;
                case 'j':
                        ctl.json = true;
                        break;
                case 'h':
                        print_usage(stdout);
                        return CTL_DONE;
                case 'V':
                        puts("hotfixctl " PACKAGE_VERSION);
                        return CTL_DONE;
                default:
                        fputs("Try 'hotfixctl --help'.\n", stderr);
                        return CTL_USAGE;
                }
        }
        return -1;
}

/* What was printed is worth nothing if it could not be written. */
static int finish_output(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        fprintf(stderr, "hotfixctl: standard output: %s\n", strerror(errno));
        return status == CTL_DONE ? CTL_FAILED : status;
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], WORKER_ARGUMENT) == 0)
                return worker_main();
        if (descriptors_complete() < 0)
                return EXIT_FAILURE;
        setlocale(LC_CTYPE, "C.UTF-8");
        int status = parse_global_options(argc, argv);
        if (status >= 0)
                return finish_output(status);
        if (optind >= argc) {
                print_usage(stderr);
                return CTL_USAGE;
        }
        const struct ctl_command *command = find_command(argv[optind]);
        if (!command) {
                fprintf(stderr, "hotfixctl: unknown command '%s'\nTry 'hotfixctl --help'.\n", argv[optind]);
                return CTL_USAGE;
        }
        char **rest = argv + optind;
        int count = argc - optind;
        optind = 0; /* a new scan */
        g_autofree char *name = g_strdup_printf("hotfixctl %s", command->name);
        rest[0] = name;
        ctl_guard_output();
        status = command->run(command, count, rest);
        config_free(ctl.config);
        return finish_output(status);
}
