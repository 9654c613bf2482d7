/* SPDX-License-Identifier: MIT */
/* quarantine: the mails that could not be read, one of them in full, and another try. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/text.h"
#include "daemon/ctl_quarantine_p.h"
#include "daemon/table.h"
#include "ingest/worker.h"
#include "store/refetch.h"

#define SHOWN_BYTES (4u * KIB)
#define SHOWN_LINES 40u
#define HEAD_WALL_MS 2000
#define HEAD_CPU_MS 1000
#define HEAD_FAILURES_MAX 3u /* then it is left at that: a list is not to take minutes */

struct quarantine_options {
        const char *output;
        unsigned limit;
        bool all, unrecognised, unverified, accept;
};

enum { OPTION_LIMIT = 256, OPTION_OUTPUT, OPTION_ALL, OPTION_UNRECOGNISED, OPTION_UNVERIFIED, OPTION_ACCEPT };

static const struct option quarantine_options[] = {
        { "limit", required_argument, NULL, OPTION_LIMIT },
        { "output", required_argument, NULL, OPTION_OUTPUT },
        { "all", no_argument, NULL, OPTION_ALL },
        { "unrecognised", no_argument, NULL, OPTION_UNRECOGNISED },
        { "unverified", no_argument, NULL, OPTION_UNVERIFIED },
        { "accept", no_argument, NULL, OPTION_ACCEPT },
        { NULL, 0, NULL, 0 },
};

/* --- the head of what could not be read --- */

struct head_reader {
        struct database *db;
        struct worker *worker;
        unsigned failures;
};

struct head_reader *head_reader_new(struct database *db)
{
        struct head_reader *reader = g_new0(struct head_reader, 1);
        struct worker_options options = ctl.config->parser;
        options.wall_ms = HEAD_WALL_MS;
        options.cpu_ms = HEAD_CPU_MS;
        reader->db = db;
        reader->worker = worker_new(&options);
        return reader;
}

void head_reader_free(struct head_reader *reader)
{
        if (!reader)
                return;
        worker_free(reader->worker);
        g_free(reader);
}

/* Up to and with the empty line behind it. */
static size_t header_size(const char *data, size_t size)
{
        size = MIN(size, (size_t) LIMIT_HEADER_BYTES);
        for (size_t i = 0; i < size; i++)
                if (data[i] == '\n' && (i + 1 == size || data[i + 1] == '\n' ||
                                        (data[i + 1] == '\r' && i + 2 < size && data[i + 2] == '\n')))
                        return i + 1;
        return size;
}

void head_reader_complete(struct head_reader *reader, struct mail_row *mail)
{
        char *data;
        size_t size;
        if (mail->subject || mail->from || mail->message_id || reader->failures >= HEAD_FAILURES_MAX ||
            mails_read(reader->db, mail->id, &data, &size, NULL) < 0)
                return;
        struct reader_result result = { 0 };
        if (worker_read(reader->worker, data, header_size(data, size), READER_MAIL, -1, &result, NULL) < 0) {
                reader->failures++;
        } else {
                const struct mail_info *info = result.bulletin ? &result.bulletin->mail : NULL;
                mail->subject = info ? g_strdup(info->subject) : NULL;
                mail->from = info ? g_strdup(info->from) : NULL;
                mail->message_id = info ? g_strdup(info->message_id) : NULL;
                mail->date = info && !mail->date ? g_strdup(info->date) : mail->date;
                reader_result_clear(&result);
        }
        g_free(data);
}

/* --- list --- */

/* A mail with all that is known of it. */
struct entry {
        struct mail_row *mail;
        struct quarantine_row *quarantine; /* NULL: it is not there */
        GPtrArray *sightings, *requests;   /* struct sighting_row, struct refetch_row */
};

static void entry_clear(struct entry *entry)
{
        quarantine_row_free(entry->quarantine);
        g_clear_pointer(&entry->sightings, g_ptr_array_unref);
        g_clear_pointer(&entry->requests, g_ptr_array_unref);
}

static int entry_load(struct database *db, struct mail_row *mail, struct entry *ret_entry, struct error *err)
{
        struct entry entry = { .mail = mail };
        int r = quarantine_get(db, mail->id, &entry.quarantine, err);
        if (r == -ERR_NOT_FOUND) {
                error_clear(err);
                r = 0;
        }
        if (r == 0)
                r = mails_sightings(db, mail->id, &entry.sightings, err);
        if (r == 0)
                r = refetch_of_mail(db, mail->id, &entry.requests, err);
        if (r < 0)
                entry_clear(&entry);
        else
                *ret_entry = entry;
        return r;
}

static json_t *requests_to_json(const GPtrArray *requests)
{
        json_t *list = json_array();
        for (guint i = 0; i < requests->len; i++) {
                const struct refetch_row *row = g_ptr_array_index(requests, i);
                json_t *json = json_object();
                json_object_set_new(json, "source", json_string(row->source));
                json_object_set_new(json, "uid_validity", json_integer(row->uid_validity));
                json_object_set_new(json, "uid", json_integer(row->uid));
                json_object_set_new(json, "requested", ctl_json_time(row->requested_ms));
                json_object_set_new(json, "answer", ctl_json_text(row->answer));
                json_object_set_new(json, "answered", ctl_json_time(row->answered_ms));
                json_array_append_new(list, json);
        }
        return list;
}

static json_t *sightings_to_json(const GPtrArray *sightings)
{
        json_t *list = json_array();
        for (guint i = 0; i < sightings->len; i++) {
                const struct sighting_row *row = g_ptr_array_index(sightings, i);
                json_t *json = json_object();
                json_object_set_new(json, "source", json_string(row->source));
                json_object_set_new(json, "uid_validity", row->uid ? json_integer(row->uid_validity) : json_null());
                json_object_set_new(json, "uid", row->uid ? json_integer(row->uid) : json_null());
                json_object_set_new(json, "at", ctl_json_time(row->seen_ms));
                json_array_append_new(list, json);
        }
        return list;
}

static json_t *entry_to_json(const struct entry *entry)
{
        json_t *json = ctl_json_mail(entry->mail);
        const struct quarantine_row *quarantine = entry->quarantine;
        json_object_set_new(json, "attempts", quarantine ? json_integer(quarantine->attempts) : json_null());
        json_object_set_new(json, "since", ctl_json_time(quarantine ? quarantine->first_ms : 0));
        json_object_set_new(json, "last_attempt", ctl_json_time(quarantine ? quarantine->last_ms : 0));
        json_object_set_new(json, "incomplete", json_boolean(quarantine && refetch_is_needed(quarantine)));
        json_object_set_new(json, "sightings", sightings_to_json(entry->sightings));
        json_object_set_new(json, "requests", requests_to_json(entry->requests));
        return json;
}

static void add_row(struct table *table, const struct entry *entry, size_t width)
{
        const struct mail_row *mail = entry->mail;
        const struct sighting_row *first = entry->sightings->len > 0 ? g_ptr_array_index(entry->sightings, 0) : NULL;
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, mail->id);
        g_autofree char *size = g_format_size((guint64) mail->size_bytes);
        g_autofree char *since = ctl_time(entry->quarantine ? entry->quarantine->first_ms : mail->stored_ms);
        g_autofree char *attempts = g_strdup_printf("%u", entry->quarantine ? entry->quarantine->attempts : 0);
        g_autofree char *source = g_strdup(first ? first->source : NULL);
        g_autofree char *from = g_strdup(mail->from), *subject = g_strdup(mail->subject);
        char **const cells[] = { &source, &from, &subject };
        static const size_t widths[] = { 16, 18, 20 };
        for (size_t i = 0; width > 0 && i < G_N_ELEMENTS(cells); i++)
                if (*cells[i]) {
                        char *cut = text_cut_columns(*cells[i], widths[i]);
                        g_free(*cells[i]);
                        *cells[i] = cut;
                }
        table_add(table, number, since, size, attempts, source, from, subject, mail->reason);
}

static int print_list(struct database *db, GPtrArray *mails, struct error *err)
{
        json_t *list = ctl.json ? json_array() : NULL;
        size_t width = table_terminal_width(STDOUT_FILENO);
        struct table *table = table_new("MAIL", "SINCE", "SIZE", "TRIES", "SEEN AT", "FROM", "SUBJECT", "REASON", NULL);
        struct head_reader *heads = head_reader_new(db);
        int r = 0;
        for (guint i = 0; r == 0 && i < mails->len; i++) {
                struct entry entry;
                r = entry_load(db, g_ptr_array_index(mails, i), &entry, err);
                if (r < 0)
                        break;
                head_reader_complete(heads, entry.mail);
                if (list)
                        json_array_append_new(list, entry_to_json(&entry));
                else
                        add_row(table, &entry, width);
                entry_clear(&entry);
        }
        head_reader_free(heads);
        if (r == 0 && list)
                ctl_print_json(g_steal_pointer(&list));
        else if (r == 0 && mails->len > 0)
                table_print(table, stdout, width);
        else if (r == 0)
                fputs("no mail is in quarantine\n", stderr);
        json_decref(list);
        table_free(table);
        return r;
}

static int list(struct database *db, const struct quarantine_options *options)
{
        struct error err = ERROR_INIT;
        GPtrArray *mails = NULL;
        int r = mails_list(db, MAIL_QUARANTINED, options->limit, &mails, &err);
        if (r == 0)
                r = print_list(db, mails, &err);
        int status = r < 0 ? ctl_fail(&err) : mails->len > 0 ? CTL_DONE : CTL_NOTHING;
        g_clear_pointer(&mails, g_ptr_array_unref);
        return status;
}

/* --- show --- */

static void print_requests(const GPtrArray *requests)
{
        for (guint i = 0; i < requests->len; i++) {
                const struct refetch_row *row = g_ptr_array_index(requests, i);
                g_autofree char *asked = ctl_time(row->requested_ms), *answered = ctl_time(row->answered_ms);
                g_autofree char *place = g_strdup_printf("%s (UID %u)", row->source, row->uid);
                g_autofree char *text = row->answer ?
                        g_strdup_printf("%s: asked %s; %s (%s)", place, asked, row->answer, answered) :
                        g_strdup_printf("%s: asked %s; hotfixd has not answered yet", place, asked);
                ctl_print_fact("fetch again", text);
        }
}

static void print_entry(const struct entry *entry)
{
        const struct mail_row *mail = entry->mail;
        const struct quarantine_row *quarantine = entry->quarantine;
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT "%s", mail->id, mail->history ? " (history)" : "");
        g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT " bytes%s", mail->size_bytes, quarantine &&
                                                refetch_is_needed(quarantine) ? " are stored, which is not all of it" : "");
        g_autofree char *became = g_strdup_printf("%s%s%s", mail_outcome_name(mail->outcome), mail->reason ? ": " : "",
                                                  mail->reason ? mail->reason : "");
        ctl_print_fact("mail", number);
        ctl_print_fact("from", mail->from);
        ctl_print_fact("subject", mail->subject);
        ctl_print_fact("date", mail->date);
        ctl_print_fact("Message-ID", mail->message_id);
        ctl_print_fact("size", size);
        ctl_print_fact("SHA-256", mail->sha256);
        ctl_print_fact_time("received", mail->received_ms);
        ctl_print_fact_time("stored", mail->stored_ms);
        ctl_print_fact("became", became);
        ctl_print_fact("not verified", mail->unverified);
        if (quarantine) {
                g_autofree char *attempts = g_strdup_printf("%u", quarantine->attempts);
                ctl_print_fact("attempts", attempts);
                ctl_print_fact_time("since", quarantine->first_ms);
                ctl_print_fact_time("last attempt", quarantine->last_ms);
        }
        for (guint i = 0; i < entry->sightings->len; i++) {
                const struct sighting_row *row = g_ptr_array_index(entry->sightings, i);
                g_autofree char *at = ctl_time(row->seen_ms);
                g_autofree char *where = row->uid ? g_strdup_printf("%s (UID %u, UIDVALIDITY %u), %s", row->source, row->uid,
                                                                    row->uid_validity, at) :
                                         g_strdup_printf("%s, %s", row->source, at);
                ctl_print_fact("seen at", where);
        }
        print_requests(entry->requests);
}

/* The beginning, as text: what is no text in it shows as such, and steers nothing. */
static void print_beginning(const char *data, size_t size)
{
        size_t shown = 0;
        for (unsigned lines = 0; shown < MIN(size, (size_t) SHOWN_BYTES) && lines < SHOWN_LINES; shown++)
                lines += data[shown] == '\n';
        g_autofree char *text = text_make_valid(data, shown, NULL);
        printf("\n%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
        if (shown < size)
                printf("[%zu of %zu bytes; all of them: --output FILE]\n", shown, size);
}

/* Never over a file that is there. */
static int write_output(const char *path, const char *data, size_t size)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        int failed = fd < 0 ? errno : 0;
        for (size_t done = 0; failed == 0 && done < size;) {
                ssize_t n = write(fd, data + done, size - done);
                if (n < 0 && errno != EINTR)
                        failed = errno;
                done += n > 0 ? (size_t) n : 0;
        }
        if (fd >= 0 && (fsync(fd) < 0 || close(fd) < 0) && failed == 0)
                failed = errno;
        if (failed == 0)
                return CTL_DONE;
        fprintf(stderr, "hotfixctl: %s: %s\n", path, strerror(failed));
        return CTL_FAILED;
}

static int show_mail(struct database *db, struct mail_row *mail, const char *output, struct error *err)
{
        struct entry entry;
        char *data = NULL;
        size_t size = 0;
        int r = entry_load(db, mail, &entry, err);
        if (r < 0)
                return ctl_fail(err);
        int status = CTL_DONE;
        struct head_reader *heads = head_reader_new(db);
        head_reader_complete(heads, mail);
        head_reader_free(heads);
        r = mails_read(db, mail->id, &data, &size, err);
        if (r == 0 && output)
                status = write_output(output, data, size);
        if (ctl.json) {
                json_t *json = entry_to_json(&entry);
                g_autofree char *beginning = r == 0 ? text_make_valid(data, MIN(size, (size_t) SHOWN_BYTES), NULL) : NULL;
                json_object_set_new(json, "beginning", ctl_json_text(beginning));
                ctl_print_json(json);
        } else if (!output) {
                print_entry(&entry);
                if (r == 0)
                        print_beginning(data, size);
        }
        entry_clear(&entry);
        g_free(data);
        return r < 0 ? ctl_fail(err) : status;
}

/* The one mail that is meant; its number, Message-ID or digest. */
static int find_one(struct database *db, const char *what, GPtrArray **ret_mails, struct error *err)
{
        GPtrArray *mails;
        int r = mails_find(db, what, &mails, err);
        if (r < 0)
                return r;
        if (mails->len > 1) {
                r = error_set(err, -ERR_USAGE, "%s: that is what %u mails have; name one by its number, the last one is %"
                              G_GINT64_FORMAT, what, mails->len, ((struct mail_row *) g_ptr_array_index(mails, 0))->id);
                g_ptr_array_unref(mails);
                return r;
        }
        *ret_mails = mails;
        return 0;
}

static int show(struct database *db, const char *what, const struct quarantine_options *options)
{
        struct error err = ERROR_INIT;
        GPtrArray *mails;
        if (find_one(db, what, &mails, &err) < 0)
                return ctl_fail(&err);
        int status = show_mail(db, g_ptr_array_index(mails, 0), options->output, &err);
        g_ptr_array_unref(mails);
        return status;
}

/* --- retry --- */

/* In the order in which they came. */
static void move_reversed(GPtrArray *found, GPtrArray *mails)
{
        for (guint i = found->len; i > 0; i--)
                g_ptr_array_add(mails, g_ptr_array_steal_index(found, i - 1));
        g_ptr_array_unref(found);
}

static int add_all(struct database *db, const struct quarantine_options *options, GPtrArray *mails, struct error *err)
{
        GPtrArray *found;
        int r = 0;
        if (options->all && (r = mails_list(db, MAIL_QUARANTINED, 0, &found, err)) == 0)
                move_reversed(found, mails);
        if (r == 0 && options->unrecognised && (r = mails_list(db, MAIL_UNRECOGNISED, 0, &found, err)) == 0)
                move_reversed(found, mails);
        if (r == 0 && options->unverified && (r = mails_list_unverified(db, &found, err)) == 0)
                move_reversed(found, mails);
        return r;
}

static int add_named(struct database *db, char **names, int count, GPtrArray *mails, struct error *err)
{
        for (int i = 0; i < count; i++) {
                GPtrArray *found;
                int r = find_one(db, names[i], &found, err);
                if (r < 0)
                        return r;
                g_ptr_array_add(mails, g_ptr_array_steal_index(found, 0));
                g_ptr_array_unref(found);
        }
        return 0;
}

static int retry(struct database *db, const struct quarantine_options *options, char **names, int count)
{
        struct error err = ERROR_INIT;
        g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func((GDestroyNotify) mail_row_free);
        int r = add_named(db, names, count, mails, &err);
        if (r == 0)
                r = add_all(db, options, mails, &err);
        return r < 0 ? ctl_fail(&err) : quarantine_retry(mails, options->accept);
}

/* --- the command --- */

static int take_option(const struct ctl_command *command, int option, struct quarantine_options *options)
{
        guint64 number;
        switch (option) {
        case OPTION_LIMIT:
                if (text_parse_uint64(optarg, 1000000, &number) < 0 || number == 0)
                        return ctl_usage_error(command, "--limit: '%s' is no number from 1 to 1000000", optarg);
                options->limit = (unsigned) number;
                break;
        case OPTION_OUTPUT:
                options->output = optarg;
                break;
        case OPTION_ALL:
                options->all = true;
                break;
        case OPTION_UNRECOGNISED:
                options->unrecognised = true;
                break;
        case OPTION_ACCEPT:
                options->accept = true;
                break;
        default:
                options->unverified = true;
                break;
        }
        return 0;
}

enum { ACTION_LIST, ACTION_SHOW, ACTION_RETRY };
static const char *const actions[] = { "list", "show", "retry", NULL };

/* 0, or the exit status. */
static int check_usage(const struct ctl_command *command, const struct quarantine_options *options,
                       const struct ctl_action *what)
{
        bool several = options->all || options->unrecognised || options->unverified;
        int action = what->index, count = what->count;
        if (options->limit && action != ACTION_LIST)
                return ctl_usage_error(command, "--limit goes with list only");
        if (options->output && action != ACTION_SHOW)
                return ctl_usage_error(command, "--output goes with show only");
        if (several && action != ACTION_RETRY)
                return ctl_usage_error(command, "--all, --unrecognised and --unverified go with retry only");
        if (options->accept && (action != ACTION_RETRY || several)) /* each is to be looked at */
                return ctl_usage_error(command, "--accept goes with retry and MAIL only");
        if (action == ACTION_LIST && count > 0)
                return ctl_usage_error(command, "list takes no mails");
        if (action == ACTION_SHOW && count != 1)
                return ctl_usage_error(command, "one MAIL is needed");
        if (action == ACTION_RETRY && (count > 0) == several)
                return ctl_usage_error(command, "either a MAIL is needed, or --all, --unrecognised or --unverified");
        return 0;
}

int ctl_quarantine(const struct ctl_command *command, int argc, char **argv)
{
        struct quarantine_options options = { 0 };
        int status, c;
        while ((c = ctl_next_option(command, argc, argv, quarantine_options, &status)) >= 0)
                if ((status = take_option(command, c, &options)) != 0)
                        return status;
        if (c == -2)
                return status;
        struct ctl_action action;
        if ((status = ctl_take_action(command, argc, argv, actions, &action)) != 0 ||
            (status = check_usage(command, &options, &action)) != 0)
                return status;
        struct database *db;
        log_set_level(LOG_LEVEL_ERROR); /* what becomes of each mail is printed */
        if ((status = ctl_load_config()) != 0 || (status = ctl_open_database(DATABASE_READ, &db)) != 0)
                return status;
        if (action.index == ACTION_LIST)
                status = list(db, &options);
        else if (action.index == ACTION_SHOW)
                status = show(db, action.names[0], &options);
        else
                status = retry(db, &options, action.names, action.count);
        database_close(db);
        return status;
}
