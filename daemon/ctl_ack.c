/* SPDX-License-Identifier: MIT */
/* ack: somebody takes note of a bulletin, and its escalation ends. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/ctl.h"
#include "daemon/ctl_alerts_p.h"
#include "daemon/escalation.h"

#define COMMENT_CHARS 500u

enum { OPTION_UNTIL = 256, OPTION_BY, OPTION_COMMENT, OPTION_ROUTE, OPTION_UNDO };

static const struct option ack_options[] = {
        { "until", required_argument, NULL, OPTION_UNTIL },
        { "by", required_argument, NULL, OPTION_BY },
        { "comment", required_argument, NULL, OPTION_COMMENT },
        { "route", required_argument, NULL, OPTION_ROUTE },
        { "undo", no_argument, NULL, OPTION_UNDO },
        { NULL, 0, NULL, 0 },
};

struct ack {
        const char *until, *by, *comment, *route;
        bool undo;
        int64_t now_ms, until_ms;
        char *person, *said; /* cleaned; said: the comment or NULL */
};

static void take_option(int option, struct ack *ack)
{
        switch (option) {
        case OPTION_UNTIL:
                ack->until = optarg;
                break;
        case OPTION_BY:
                ack->by = optarg;
                break;
        case OPTION_COMMENT:
                ack->comment = optarg;
                break;
        case OPTION_ROUTE:
                ack->route = optarg;
                break;
        default:
                ack->undo = true;
                break;
        }
}

/* 0, or the exit status. Needs the configuration: times are those of its zone. */
static int prepare(const struct ctl_command *command, struct ack *ack)
{
        g_autofree char *person = ack->by ? g_strdup(ack->by) : ctl_person();
        ack->person = message_clean_line(person, CTL_PERSON_CHARS);
        ack->said = ack->comment ? message_clean_line(ack->comment, COMMENT_CHARS) : NULL;
        if (ack->said && !*ack->said)
                g_clear_pointer(&ack->said, g_free);
        if (!*ack->person)
                return ctl_usage_error(command, "--by: a name is needed");
        int r = ack->until ? calendar_parse(ctl.config->calendar, ack->until, ack->now_ms, &ack->until_ms) : 0;
        if (r == -ERR_LIMIT)
                return ctl_usage_error(command, "--until: '%s' is not in the future", ack->until);
        if (r < 0)
                return ctl_usage_error(command, "--until: '%s' is neither a duration such as 2h or 3d, nor HH:MM, "
                                       "YYYY-MM-DD or 'YYYY-MM-DD HH:MM'", ack->until);
        return 0;
}

static int print_result(struct database *db, const struct bulletin_row *row, const struct ack *ack, unsigned count,
                        struct error *err)
{
        struct ctl_alerts alerts;
        if (ctl_alerts_load(db, row->id, &alerts, err) < 0)
                return ctl_fail(err);
        int status = CTL_DONE;
        if (ctl.json) {
                json_t *json = json_object();
                json_object_set_new(json, "feed", json_string(row->feed));
                json_object_set_new(json, "id", ctl_json_text(row->number));
                json_object_set_new(json, "key", json_string(row->key));
                json_object_set_new(json, "alerts", ctl_alerts_to_json(&alerts));
                status = ctl_print_json(json);
        } else {
                printf("%s: %s for %u route%s\n", bulletin_row_name(row),
                       ack->undo ? "open again" : "acknowledged", count, count == 1 ? "" : "s");
                ctl_alerts_print(&alerts, "    ");
        }
        ctl_alerts_clear(&alerts);
        return status;
}

static int ack_one(struct database *db, const char *id, const struct ack *ack)
{
        struct error err = ERROR_INIT;
        struct bulletin_row *row = NULL;
        unsigned count = 0;
        int r = bulletins_find(db, id, &row, &err);
        if (r == 0) {
                struct acknowledgement said = { .bulletin_id = row->id, .route = (char *) ack->route, .person = ack->person,
                                                .comment = ack->said, .until_ms = ack->until_ms };
                r = ack->undo ? escalation_withdraw(db, ctl.config, &said, ack->now_ms, &count, &err) :
                                escalation_acknowledge(db, ctl.config, &said, ack->now_ms, &count, &err);
        }
        int status = r < 0 ? ctl_fail(&err) : print_result(db, row, ack, count, &err);
        bulletin_row_free(row);
        return status;
}

static int ack_all(struct ack *ack, char **ids, int count)
{
        struct database *db;
        int status = ctl_open_database(DATABASE_WRITE, &db);
        if (status != 0)
                return status;
        for (int i = 0; i < count; i++) {
                int one = ack_one(db, ids[i], ack);
                status = status == 0 || one == CTL_FAILED ? one : status;
        }
        database_close(db);
        return status;
}

int ctl_ack(const struct ctl_command *command, int argc, char **argv)
{
        struct ack ack = { .now_ms = clock_wall_ms() };
        int status, c;
        while ((c = ctl_next_option(command, argc, argv, ack_options, &status)) >= 0)
                take_option(c, &ack);
        if (c == -2)
                return status;
        if (optind >= argc)
                return ctl_usage_error(command, "an ID is needed");
        if (ack.undo && (ack.until || ack.comment))
                return ctl_usage_error(command, "--until and --comment do not go with --undo");
        if ((status = ctl_load_config()) == 0 && (status = prepare(command, &ack)) == 0)
                status = ack_all(&ack, argv + optind, argc - optind);
        g_free(ack.person);
        g_free(ack.said);
        return status;
}
