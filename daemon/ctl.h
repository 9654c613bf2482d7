/* SPDX-License-Identifier: MIT */
/* What hotfixctl's commands share. Each command is one function and one row in hotfixctl.c's table. */
#ifndef DAEMON_CTL_H
#define DAEMON_CTL_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>

#include "common/bulletin.h"
#include "common/errors.h"
#include "daemon/config.h"
#include "store/database.h"
#include "store/mails.h"

/* Exit statuses of the design. */
enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2, CTL_NOTHING = 3 };

struct ctl_command {
        const char *name;
        const char *arguments; /* "[OPTIONS] ID", for the usage line */
        const char *summary;   /* one line */
        const char *help;      /* options and details; may be "" */
        int (*run)(struct ctl_command const *command, int argc, char **argv);
};

/* The options every command takes, before or behind its name. */
struct ctl {
        const char *config_file;
        bool json;
        struct config *config; /* loaded by ctl_load_config */
};
extern struct ctl ctl;

/* getopt_long for a command: own (ended by a zero row) and the common options. Returns the option's val, -1 at the end;
 * handles --config, --json, --help itself. A wrong option or --help ends the command: *ret_status is then its exit
 * status and -2 is returned. */
int ctl_next_option(const struct ctl_command *command, int argc, char **argv, const struct option *own, int *ret_status);

/* Prints "hotfixctl COMMAND: text" and the way to the help; returns CTL_USAGE. */
int ctl_usage_error(const struct ctl_command *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What stands behind the name of a command that has actions: "show 12". */
struct ctl_action {
        int index;    /* of the action among those the command has */
        char **names; /* what it is to be done to; in argv */
        int count;
};

/* The action that getopt has left in argv, one of actions (ended by NULL). 0, or the exit status. */
int ctl_take_action(const struct ctl_command *command, int argc, char **argv, const char *const *actions,
                    struct ctl_action *ret_action);

/* Prints "hotfixctl: text" and clears the error; returns the exit status that goes with its code. */
int ctl_fail(struct error *err);

/* Each returns 0, or prints what is wrong and returns the exit status. */
int ctl_load_config(void);
int ctl_open_database(enum database_mode mode, struct database **ret_db);

/* The process of the hotfixd that runs on the state directory, or 0. */
guint64 ctl_daemon_pid(void);

/* From now on Ctrl-C and SIGTERM end a long work in good order: ctl_is_stopped is true then (its argument is not looked
 * at), and the event is readable. A second one ends the process. */
int ctl_catch_stop(void);
bool ctl_is_stopped(void *unused);

/* From now on standard output lets no control character through but tab and newline: what a mail says must not steer the
 * terminal it is shown on. For text; JSON escapes its own. Called once, by main. */
void ctl_guard_output(void);

/* Prints one JSON value on a line of its own; takes the reference. Returns CTL_DONE, or CTL_FAILED if standard output
 * can't be written. */
int ctl_print_json(json_t *json);
json_t *ctl_json_text(const char *text);  /* null for NULL */
json_t *ctl_json_time(int64_t wall_ms);   /* RFC 3339, null for 0 */
json_t *ctl_json_mail(const struct mail_row *mail);

/* "critical", "immediate" or "undetermined"; "-" where the kind has no such field. Static. */
const char *ctl_field_value(const struct bulletin *bulletin, enum bulletin_field field);

/* Local time for people, "-" for 0; newly allocated. */
char *ctl_time(int64_t wall_ms);

/* A line of what "show" shows: the label, and the value in a column. Nothing for NULL; a time of 0 is none. */
void ctl_print_fact(const char *label, const char *value);
void ctl_print_fact_time(const char *label, int64_t wall_ms);

/* Who is at the keyboard, also behind sudo: one line; newly allocated. */
#define CTL_PERSON_CHARS 100u
char *ctl_person(void);

/* One bulletin as a page for a person. */
void ctl_print_bulletin(const struct bulletin *bulletin);

/* A line where the row is unverified, or where unverified mails say something of the same bulletin (unverified_key, or
 * NULL), which the command would show. */
struct bulletin_row;
void ctl_print_trust(const struct bulletin_row *row, const char *unverified_key, const char *command);

int ctl_status(const struct ctl_command *command, int argc, char **argv);
int ctl_ack(const struct ctl_command *command, int argc, char **argv);
int ctl_list(const struct ctl_command *command, int argc, char **argv);
int ctl_show(const struct ctl_command *command, int argc, char **argv);
int ctl_trace(const struct ctl_command *command, int argc, char **argv);
int ctl_parse(const struct ctl_command *command, int argc, char **argv);
int ctl_import(const struct ctl_command *command, int argc, char **argv);
int ctl_archive(const struct ctl_command *command, int argc, char **argv);
int ctl_quarantine(const struct ctl_command *command, int argc, char **argv);
int ctl_queue(const struct ctl_command *command, int argc, char **argv);
int ctl_notify(const struct ctl_command *command, int argc, char **argv);
int ctl_replay(const struct ctl_command *command, int argc, char **argv);

#endif
