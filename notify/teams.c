/* SPDX-License-Identifier: MIT */
/*
 * Microsoft Teams, by a workflow ("Post to a channel when a webhook request is received") that posts an Adaptive Card.
 * All text stands in text runs, where no Markdown is read, so nothing of a bulletin is a link or a style there.
 */
#include <string.h>

#include "common/text.h"
#include "notify/http_report.h"

#define PAYLOAD_BYTES (24u * 1024) /* Teams takes 28 KB, and may count two bytes for each character */
#define FRAME_BYTES 4096u          /* of these for what is around the text, what stands at the end, and the links */
#define TEXT_CHARS_MAX 2000u
#define TEXT_CHARS_MIN 40u
#define ACTIONS_MAX 6u             /* Teams shows no more in one row */
#define TITLE_CHARS 60u
#define IDENTITY_SHOWN 8
#define JOINER "\xE2\x81\xA0" /* U+2060, without width */

struct card {
        json_t *body;
        size_t left;
        bool shortened;
};

enum look { LOOK_PLAIN, LOOK_HEADLINE, LOOK_SUBTLE };

/* Clients replace "{{DATE(…)}}" in every text: an invisible character keeps it what it is. */
static char *plain_text(const char *text, size_t max_chars)
{
        g_autofree char *cut = text_cut_chars(text, max_chars);
        GString *out = g_string_new(NULL);
        for (const char *p = cut; *p; p++) {
                g_string_append_c(out, *p);
                if (p[0] == '{' && p[1] == '{')
                        g_string_append(out, JOINER);
        }
        return g_string_free(out, FALSE);
}

static json_t *text_run(const char *text, bool bold, enum look look)
{
        json_t *run = json_pack("{s:s, s:s}", "type", "TextRun", "text", text);
        if (bold)
                json_object_set_new(run, "weight", json_string("Bolder"));
        if (look == LOOK_HEADLINE)
                json_object_set_new(run, "size", json_string("Medium"));
        if (look == LOOK_SUBTLE) {
                json_object_set_new(run, "size", json_string("Small"));
                json_object_set_new(run, "isSubtle", json_true());
        }
        return run;
}

/* How much of Teams' limit it takes: in UTF-8 and in UTF-16, whichever is more. */
static size_t cost_of(const json_t *json)
{
        size_t units = 0;
        char *dumped = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
        for (const char *p = dumped ? dumped : ""; *p; p = g_utf8_next_char(p))
                units += g_utf8_get_char(p) > 0xFFFF ? 2 : 1;
        size_t bytes = dumped ? strlen(dumped) : 0;
        free(dumped);
        return MAX(bytes, units * 2) + 2;
}

/* Takes the element over if there is room for it. */
static bool add(struct card *card, json_t *element)
{
        size_t cost = cost_of(element);
        bool fits = cost <= card->left;
        if (fits) {
                card->left -= cost;
                json_array_append(card->body, element);
        }
        json_decref(element);
        return fits;
}

/* {"type": "RichTextBlock", …}: a bold label, and a text of at most so many characters. */
static json_t *make_line(const char *label, const char *text, enum look look, bool apart, size_t max_chars)
{
        json_t *runs = json_array();
        g_autofree char *head = plain_text(label, TEXT_CHARS_MAX / 4), *rest = plain_text(text, max_chars);
        if (*head)
                json_array_append_new(runs, text_run(head, true, look));
        if (*rest)
                json_array_append_new(runs, text_run(rest, look == LOOK_HEADLINE, look));
        return json_pack("{s:s, s:o, s:s}", "type", "RichTextBlock", "inlines", runs, "spacing", apart ? "Medium" : "None");
}

/* One line, shortened as far as it has to be. */
static void add_line(struct card *card, const char *label, const char *text, enum look look, bool apart)
{
        if (*label == '\0' && *text == '\0')
                return;
        for (size_t chars = TEXT_CHARS_MAX; chars >= TEXT_CHARS_MIN; chars /= 2) {
                if (add(card, make_line(label, text, look, apart, chars)))
                        return;
                card->shortened = true;
        }
}

/* Several lines; a line feed inside a run is not shown everywhere as one. */
static void add_lines(struct card *card, const char *label, const char *text, bool apart)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        bool one = g_strv_length(lines) == 1;
        g_autofree char *head = one ? g_strdup_printf("%s: ", label) : g_strdup(label);
        if (*label)
                add_line(card, head, one ? lines[0] : "", LOOK_PLAIN, apart);
        for (char **line = lines; *line && !(*label && one); line++)
                add_line(card, "", *line, LOOK_PLAIN, apart && !*label && line == lines);
}

static void add_list(struct card *card, const char *heading, const GPtrArray *texts)
{
        if (texts->len > 0)
                add_line(card, heading, "", LOOK_PLAIN, true);
        for (guint i = 0; i < texts->len; i++) {
                g_autofree char *line = g_strdup_printf("• %s", (const char *) g_ptr_array_index(texts, i));
                add_line(card, "", line, LOOK_PLAIN, false);
        }
}

static void add_changes(struct card *card, const struct message *message)
{
        g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < message->changes->len; i++)
                g_ptr_array_add(texts, message_change_text(g_ptr_array_index(message->changes, i)));
        if (message->changes_left_out > 0)
                g_ptr_array_add(texts, g_strdup_printf("… and %u more", message->changes_left_out));
        add_list(card, "変更点 (changes)", texts);
}

static void add_facts(struct card *card, const struct message *message)
{
        for (guint i = 0; i < message->facts->len; i++) {
                const struct message_fact *fact = g_ptr_array_index(message->facts, i);
                add_lines(card, fact->label, fact->value, i == 0);
        }
}

static const char *style_of(const struct message *message)
{
        if (g_str_equal(message->kind, "acknowledged"))
                return "good";
        switch (message_weight(message)) {
        case WEIGHT_CRITICAL:
        case WEIGHT_PROBLEM:
                return "attention";
        case WEIGHT_IMPORTANT:
        case WEIGHT_MODERATE:
        case WEIGHT_UNKNOWN:
                return "warning";
        case WEIGHT_LOW:
                return "accent";
        case WEIGHT_RECOVERED:
                return "good";
        default:
                return "emphasis";
        }
}

/* The headline and what this is, on the colour of the severity. */
static void add_top(struct card *card, const struct message *message)
{
        g_autofree char *kind = g_ascii_strup(message->kind, -1), *label = g_strdup_printf("%s  ", kind);
        const char *lead = message->lead ? message->lead : "";
        json_t *items = json_pack("[o, o]", make_line("", message->headline, LOOK_HEADLINE, false, 400),
                                  make_line(label, lead, LOOK_PLAIN, true, TEXT_CHARS_MAX / 4));
        add(card, json_pack("{s:s, s:s, s:b, s:o}", "type", "Container", "style", style_of(message), "bleed", 1, "items",
                            items));
}

/* Buttons for the first links; the addresses of the others as text. */
static json_t *make_actions(struct card *card, const struct message *message)
{
        json_t *actions = json_array();
        for (guint i = 0; i < message->links->len; i++) {
                const struct link *link = g_ptr_array_index(message->links, i);
                g_autofree char *title = plain_text(link->text, TITLE_CHARS);
                json_t *action = json_pack("{s:s, s:s, s:s}", "type", "Action.OpenUrl", "title", title, "url", link->url);
                size_t cost = cost_of(action);
                if (i < ACTIONS_MAX && cost <= card->left) {
                        json_array_append(actions, action);
                        card->left -= cost;
                } else {
                        add_line(card, "", link->url, LOOK_PLAIN, false);
                }
                json_decref(action);
        }
        return actions;
}

/* What stands at the end has its own room, so that it is there whatever came before. */
static void add_tail(struct card *card, const struct message *message)
{
        const char *route = message->route ? message->route : "", *reason = message->reason ? message->reason : "";
        g_autofree char *why = *route ? g_strdup_printf("Route %s: %s", route, reason) : g_strdup(reason);
        card->left += FRAME_BYTES / 2;
        if (card->shortened)
                add_line(card, "", "一部を省略しました (shortened: hotfixctl show has all of it)", LOOK_SUBTLE, true);
        if (message->footer)
                add_line(card, "", message->footer, LOOK_SUBTLE, true);
        add_line(card, "", why, LOOK_SUBTLE, true);
}

static json_t *make_card(const struct message *message)
{
        struct card card = { .body = json_array(), .left = PAYLOAD_BYTES - FRAME_BYTES };
        g_autofree char *fallback = plain_text(message->headline, TEXT_CHARS_MAX / 4);
        add_top(&card, message);
        add_changes(&card, message);
        add_facts(&card, message);
        add_list(&card, message_lines_heading(message), message->lines);
        if (message->excerpt)
                add_lines(&card, "", message->excerpt, true);
        add_list(&card, "注意 (warnings)", message->warnings);
        json_t *actions = make_actions(&card, message);
        add_tail(&card, message);
        return json_pack("{s:s, s:s, s:s, s:{s:s}, s:s, s:o, s:o}", "$schema",
                         "http://adaptivecards.io/schemas/adaptive-card.json", "type", "AdaptiveCard", "version", "1.4",
                         "msteams", "width", "Full", "fallbackText", fallback, "body", card.body, "actions", actions);
}

static char *render(const struct channel *channel, const struct message *message)
{
        (void) channel;
        return channel_dump_json(json_pack("{s:s, s:[{s:s, s:n, s:o}]}", "type", "message", "attachments", "contentType",
                                           "application/vnd.microsoft.card.adaptive", "contentUrl", "content",
                                           make_card(message)));
}

static json_t *card_of(const json_t *payload)
{
        return json_object_get(json_array_get(json_object_get(payload, "attachments"), 0), "content");
}

/* With the number of the delivery, by which people can tell a repeat after a crash from a second event. */
static char *make_body(const json_t *payload, const char *identity)
{
        g_autofree char *shown = g_strdup_printf("delivery %.*s", IDENTITY_SHOWN, identity);
        json_t *copy = json_deep_copy(payload);
        json_t *line = make_line("", shown, LOOK_SUBTLE, false, TEXT_CHARS_MIN);
        json_array_append_new(json_object_get(card_of(copy), "body"), line);
        return channel_dump_json(copy);
}

/* What a person can do about the words of the service that runs workflows. */
static const struct http_meaning meanings[] = {
        { "WorkflowTriggerIsNotEnabled", "the workflow is turned off" },
        { "WorkflowNotFound", "the workflow was deleted" },
        { "DirectApiAuthorizationRequired", "the address lacks its signature: copy it from the workflow again" },
        { "DirectApiInvalidAuthorizationScheme", "the address lacks its signature: copy it from the workflow again" },
        { "InvalidSignature", "the address is not the workflow's present one: copy it from the workflow again" },
        { "TriggerInputSchemaMismatch", "the workflow expects a message of another form" },
        { NULL, NULL },
};

/* An address of the older kind says 200 when Teams itself said something else ("… returned HTTP error 429 with …"). */
static long hidden_status(const char *body)
{
        static const char words[] = "HTTP error ";
        const char *at = body ? strstr(body, words) : NULL;
        const char *digits = at ? at + strlen(words) : "";
        size_t length = strspn(digits, "0123456789");
        guint64 status = 0;
        g_autofree char *number = g_strndup(digits, length);
        return length == 3 && text_parse_uint64(number, 599, &status) == 0 && status >= 400 ? (long) status : 0;
}

static void send_payload(const struct channel *channel, const struct notify_transport *transport,
                         const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        if (!channel->url) {
                channel_report(channel, report, RESULT_TRY_AGAIN, "the workflow's address is not known");
                return;
        }
        g_autofree char *identity = http_safe_identity(request->identity);
        g_autofree char *body = make_body(payload, identity);
        g_autofree char *key = g_strdup_printf("Idempotency-Key: %s", identity);
        const char *const headers[] = { key, NULL };
        struct http_answer answer;
        if (http_report_post(channel, transport, channel->url, HTTP_JSON, body, headers, &answer, report)) {
                long hidden = answer.status >= 200 && answer.status < 300 ? hidden_status(answer.body) : 0;
                answer.status = hidden ? hidden : answer.status;
                http_report_answer(channel, report, &answer, meanings);
        }
        http_answer_clear(&answer);
}

static void append_inlines(GString *out, const json_t *element)
{
        size_t index;
        json_t *run;
        json_array_foreach(json_object_get(element, "inlines"), index, run) {
                const char *text = json_string_value(json_object_get(run, "text"));
                g_string_append(out, text ? text : "");
        }
        g_string_append_c(out, '\n');
}

static char *preview(const struct channel *channel, const json_t *payload)
{
        (void) channel;
        g_autoptr(GString) out = g_string_new("Microsoft Teams, by a workflow:\n\n");
        const json_t *card = card_of(payload);
        size_t index;
        json_t *element;
        json_array_foreach(json_object_get(card, "body"), index, element) {
                const json_t *items = json_object_get(element, "items");
                for (size_t i = 0; i < json_array_size(items); i++)
                        append_inlines(out, json_array_get(items, i));
                if (!items)
                        append_inlines(out, element);
        }
        json_array_foreach(json_object_get(card, "actions"), index, element)
                g_string_append_printf(out, "[%s] %s\n", channel_payload_text(element, "title"),
                                       channel_payload_text(element, "url"));
        g_string_replace(out, "{" JOINER, "{", 0);
        return g_string_free(g_steal_pointer(&out), FALSE);
}

const struct channel_driver teams_channel_driver = {
        .name = "teams",
        .payload_key = "attachments",
        .render = render,
        .send = send_payload,
        .wants = channel_wants_all,
        .preview = preview,
};
