/* SPDX-License-Identifier: MIT */
/* Every kind of message about a bulletin whose texts are all hostile, through every type of channel: what leaves is sound,
 * within the limits of the other side, and nothing in it is live or invisible. */
#include <glib.h>
#include <string.h>

#include "notify/message_alert.h"
#include "notify/message_digest.h"
#include "tests/notify_fake.h"

#define LONG_CHARS 700u

/* Characters that are seen by nobody, or that turn what is seen into something else. */
static const char invisible[] = "\xE2\x80\x8B\xC2\xAD\xE2\x80\xAE\xE2\x81\xA6\xEF\xBB\xBF\xE2\x81\xA0\xE2\x81\xA3\xF3\xA0\x81\xA8"
                                "\xF3\xA0\x80\x81\xE1\xA0\x8E\xEF\xBF\xB9\xE2\x81\xAA\xD8\x9C";

static const char *const texts[] = {
        "<!channel> <!here|x> <@U012345> <#C012345> <https://evil.example|bank> @here *b* _i_ ~s~ `c` ```d``` :tada: > q\n> r",
        "[x](javascript:alert(1)) **b** <at>all</at> {{DATE(2017-02-14T06:08:00Z,SHORT)}} # h\n---\n![i](https://evil.example/)",
        "<script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=x</td></table><style>*{display:none}</style>",
        "\",\"blocks\":[],\"text\":\"\\u0000\\\"}]}\n\\", "a\r\nBcc: mallory@example.net\r\n\r\n.\r\nQUIT\r\n",
        "\x1b[2J\x1b]0;owned\x07\x9b" "31m\xC2\x9b" "31m\xC2\x85\x7f\x08\x01",
        "\xED\xA0\xBD\xED\xB8\x80\xED\xBF\xBF\xFF\xFE\xC0\x80\xF8",
        " \t\n\xE3\x80\x80\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9 ", "", "$(reboot); `reboot` | reboot & %s%n%p",
        "http://user:pass@evil.example/ javascript:x",
};

/* The n-th hostile text; the last two are long, of wide characters and of ones that grow when they are escaped. */
static char *hostile(guint n)
{
        guint which = n % (G_N_ELEMENTS(texts) + 3);
        GString *text = g_string_new(NULL);
        if (which < G_N_ELEMENTS(texts))
                g_string_append_printf(text, "%s%s%s", texts[which], invisible, which % 2 ? texts[which] : "x");
        for (guint i = 0; which >= G_N_ELEMENTS(texts) && i < LONG_CHARS; i++)
                g_string_append(text, which == G_N_ELEMENTS(texts) ? "緊急" : which == G_N_ELEMENTS(texts) + 1 ? "&<>\"'" : "😀`{{");
        return g_string_free(text, FALSE);
}

static void put(char **at, guint *n)
{
        g_free(*at);
        *at = hostile((*n)++);
}

static struct bulletin *hostile_bulletin(guint n)
{
        struct bulletin *b = fake_bulletin();
        put(&b->id, &n);
        put(&b->title, &n);
        put(&b->vendor_title, &n);
        put(&b->mail.subject, &n);
        put(&b->mail.from, &n);
        for (int i = 0; i < FIELD_MAX; i++) {
                g_autofree char *text = hostile(n++), *reason = hostile(n++);
                if (n % 3)
                        bulletin_set_field(b, i, BASIS_STATED, 1, text, reason);
                else
                        bulletin_set_undetermined(b, i, text, reason);
        }
        for (guint i = 0; i < 5; i++) {
                g_autofree char *one = hostile(n++), *two = hostile(n++), *url = hostile(n++);
                g_autofree char *good = g_strdup_printf("https://example.com/%u?a=<b>&c=%s", i, i % 2 ? "d" : url);
                g_ptr_array_add(b->affected, affected_new(one, two));
                g_ptr_array_add(b->links, link_new(one, i % 3 ? good : url));
                g_ptr_array_add(b->warnings, g_strdup(two));
                g_ptr_array_add(b->cves, g_strdup(one));
                g_ptr_array_add(b->kbs, g_strdup(two));
        }
        g_autofree char *heading = g_strdup_printf("概要%s", texts[0]), *text = hostile(n);
        g_ptr_array_remove_range(b->sections, 0, b->sections->len);
        g_ptr_array_add(b->sections, section_new(heading, text));
        return b;
}

static struct message *alert_message(const struct bulletin *b, const char *kind, guint n)
{
        g_autofree char *comment = hostile(n), *person = hostile(n + 1), *route = hostile(n + 2);
        struct alert_report report = { .kind = kind, .route = route, .lead = person, .reason = comment, .person = person,
                                       .comment = comment, .until = person, .key = comment };
        return message_for_alert(b, &report);
}

static struct message *digest_message(const struct bulletin *b, guint n)
{
        g_autoptr(GPtrArray) actions = g_ptr_array_new(), entries = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *reason = hostile(n), *route = hostile(n + 1);
        for (guint i = 0; i < 40; i++) {
                struct digest_entry *entry = g_new0(struct digest_entry, 1);
                *entry = (struct digest_entry) { .action = i % 2 ? "raised" : NULL, .reason = reason, .bulletin = b,
                                                 .since = "2007-05-11 09:00" };
                g_ptr_array_add(entries, entry);
                g_ptr_array_add(actions, (gpointer) "raised");
        }
        struct digest_report report = { .route = route, .from = "2007-05-10", .to = "2007-05-11", .actions = actions,
                                        .entries = entries, .open = 40, .open_before = 40, .open_entries = entries };
        return message_for_digest(&report);
}

static struct message *health_message(bool recovered, guint n)
{
        g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func((GDestroyNotify) message_fact_free);
        g_autoptr(GPtrArray) advice = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < 30; i++) {
                g_autofree char *text = hostile(n + i);
                g_ptr_array_add(facts, message_fact_new(text, text));
                g_ptr_array_add(advice, g_strdup(text));
        }
        g_autofree char *text = hostile(n), *other = hostile(n + 1);
        struct health_report report = { .recovered = recovered, .condition = text, .headline = text, .lead = other,
                                        .reason = text, .facts = facts, .advice = advice, .bulletin_id = other };
        return message_for_health(&report);
}

static struct message *decided(const struct bulletin *b, enum route_action action, guint n)
{
        g_autofree char *reason = hostile(n), *route = hostile(n + 1), *from = hostile(n + 2), *to = hostile(n + 3);
        g_autoptr(GPtrArray) changes = g_ptr_array_new();
        struct bulletin_change change = { .path = (char *) "title", .label = reason, .from = from, .to = to, .matters = true };
        for (guint i = 0; i < 30; i++)
                g_ptr_array_add(changes, &change);
        struct route_decision decision = { .action = action, .reason = reason };
        struct message *message = message_for_bulletin(b, route, &decision, changes);
        message_set_footer(message, b, reason);
        return message;
}

#define MESSAGES 13u

static struct message *make_message(const struct bulletin *b, guint which, guint n)
{
        static const enum route_action actions[] = { ACTION_NEW, ACTION_RAISED, ACTION_UPDATED, ACTION_LOWERED };
        static const char *const kinds[] = { "escalated", "reminder", "overdue", "acknowledged" };
        g_autoptr(GPtrArray) top = g_ptr_array_new();
        g_autofree char *text = hostile(n);
        for (guint i = 0; i < 20; i++)
                g_ptr_array_add(top, (gpointer) b);
        if (which < 4)
                return decided(b, actions[which], n);
        if (which < 8)
                return alert_message(b, kinds[which - 4], n);
        switch (which) {
        case 8:
                return digest_message(b, n);
        case 9:
                return message_for_history(text, text, 4000, 3000, top);
        case 10:
                return message_for_test(text);
        default:
                return health_message(which == 12, n);
        }
}

static struct channel *make_channel(enum channel_type type)
{
        struct channel *channel = channel_new("ops", type);
        channel->url = g_strdup(FAKE_WEBHOOK);
        channel->mention = type == CHANNEL_SLACK ? g_strdup("<!subteam^S0CALL>") : NULL;
        channel->token = type == CHANNEL_PAGERDUTY ? g_strdup("0123456789abcdef0123456789abcdef") : NULL;
        channel->smtp_url = g_strdup("smtps://mail.example.com");
        channel->from = g_strdup("hotfixd@example.com");
        g_ptr_array_add(channel->to, g_strdup("ops@example.com"));
        return channel;
}

/* --- what must hold of every text --- */

static bool is_forbidden(gunichar c)
{
        if (c == 0x200C || c == 0x200D || c == 0x2060) /* joiners inside words; Teams' own mark against templates */
                return false;
        return (c < 0x20 && c != '\n') || (c >= 0x7F && c < 0xA0) || g_unichar_type(c) == G_UNICODE_FORMAT || c == 0x2028 ||
               c == 0x2029;
}

static void check_text(const char *text, const char *where)
{
        if (!g_utf8_validate(text, -1, NULL))
                ck_abort_msg("%s: not UTF-8", where);
        for (const char *p = text; *p; p = g_utf8_next_char(p))
                if (is_forbidden(g_utf8_get_char(p))) /* an assertion for each character would take minutes */
                        ck_abort_msg("%s: U+%04X in %.200s", where, g_utf8_get_char(p), text);
}

static size_t utf16_length(const char *text)
{
        size_t length = 0;
        for (const char *p = text; *p; p = g_utf8_next_char(p))
                length += g_utf8_get_char(p) > 0xFFFF ? 2 : 1;
        return length;
}

typedef void (*visitor)(const char *key, const char *text, const char *where);

static void visit(json_t *json, const char *key, visitor look, const char *where)
{
        const char *name;
        json_t *member;
        size_t index;
        if (json_is_string(json))
                look(key, json_string_value(json), where);
        json_object_foreach(json, name, member) {
                if (strcmp(name, "bulletin") == 0) /* the whole of it is data, for programs */
                        continue;
                look("", name, where);
                visit(member, name, look, where);
        }
        json_array_foreach(json, index, member)
                visit(member, key, look, where);
}

static void look_clean(const char *key, const char *text, const char *where)
{
        (void) key;
        check_text(text, where);
}

/* Of Slack's texts only the configured mention and links that we wrote are live. */
static void look_slack(const char *key, const char *text, const char *where)
{
        look_clean(key, text, where);
        for (const char *p = strchr(text, '<'); p; p = strchr(p + 1, '<'))
                ck_assert_msg(g_str_has_prefix(p, "<!subteam^S0CALL>") || g_str_has_prefix(p, "<https://") ||
                              g_str_has_prefix(p, "<http://"), "%s: live: %.80s", where, p);
        ck_assert_msg(utf16_length(text) <= 3500, "%s: %zu characters in one text", where, utf16_length(text));
}

static void check_slack(json_t *body, const char *where)
{
        json_t *blocks = json_object_get(body, "blocks"), *block;
        size_t index;
        visit(body, "", look_slack, where);
        ck_assert_uint_le(json_array_size(blocks), 50);
        json_array_foreach(blocks, index, block) {
                json_t *text = json_object_get(block, "text"), *fields = json_object_get(block, "fields"), *field;
                bool header = strcmp(json_string_value(json_object_get(block, "type")), "header") == 0;
                const char *words = json_string_value(json_object_get(text, "text"));
                if (words)
                        ck_assert_msg(*words && utf16_length(words) <= (header ? 150 : 3000), "%s: block %zu", where, index);
                ck_assert_uint_le(json_array_size(fields), 10);
                size_t i;
                json_array_foreach(fields, i, field)
                        ck_assert_uint_le(utf16_length(json_string_value(json_object_get(field, "text"))), 2000);
        }
}

static void check_email(const struct fake_peer *peer, const char *where)
{
        ck_assert_msg(*peer->subject && !strpbrk(peer->subject, "\r\n"), "%s: subject", where);
        check_text(peer->subject, where);
        check_text(peer->text, where);
        check_text(peer->html, where);
        ck_assert_msg(!strstr(peer->html, "<script") && !strstr(peer->html, "<img") && !strstr(peer->html, "href=\"j"),
                      "%s: live HTML", where);
        for (guint i = 0; i + 1 < peer->extra->len; i++) {
                const char *value = g_ptr_array_index(peer->extra, i);
                ck_assert_msg(!value || (!strpbrk(value, "\r\n") && strlen(value) <= 990), "%s: header %s", where, value);
        }
}

static void check_sent(const struct channel *channel, const struct fake_peer *peer, const char *where)
{
        if (channel->type == CHANNEL_EMAIL) {
                check_email(peer, where);
                return;
        }
        json_t *body = fake_parse(peer->body_sent);
        ck_assert_msg(json_object_size(body) >= 2, "%s: %.200s", where, peer->body_sent);
        if (channel->type == CHANNEL_SLACK)
                check_slack(body, where);
        else
                visit(body, "", look_clean, where);
        if (channel->type == CHANNEL_TEAMS)
                ck_assert_msg(strlen(peer->body_sent) <= 28 * 1024, "%s: %zu bytes", where, strlen(peer->body_sent));
        json_t *payload = json_object_get(body, "payload");
        if (channel->type == CHANNEL_PAGERDUTY) {
                const char *summary = json_string_value(json_object_get(payload, "summary"));
                ck_assert_msg(summary && *summary && utf16_length(summary) <= 1024, "%s: summary", where);
                ck_assert_uint_le(strlen(peer->body_sent), 512 * 1024);
                ck_assert_uint_le(strlen(json_string_value(json_object_get(body, "dedup_key"))), 255);
        }
        json_decref(body);
}

static void try_channel(enum channel_type type, const struct message *message, const char *where)
{
        struct channel *channel = make_channel(type);
        struct fake_peer peer = { .status = type == CHANNEL_EMAIL ? 250 : 202, .body = "ok", .retry_after_ms = -1 };
        g_autofree char *payload = channel_render(channel, message);
        ck_assert_msg(strlen(payload) > 20, "%s: %s", where, payload);
        g_autofree char *shown = channel_preview(channel, payload);
        check_text(shown, where);
        if (type != CHANNEL_LOG) {
                struct delivery_report report = fake_send(&peer, channel, NULL, payload);
                ck_assert_msg(report.result == RESULT_SENT, "%s: %s", where, report.answer);
                check_sent(channel, &peer, where);
                delivery_report_clear(&report);
        }
        fake_clear(&peer);
        channel_free(channel);
}

/* Every text stands once in every place. */
START_TEST(every_kind_through_every_channel)
{
        guint n = (guint) _i;
        g_autoptr(bulletin_t) b = hostile_bulletin(n);
        for (guint which = 0; which < MESSAGES; which++) {
                struct message *message = make_message(b, which, n + which);
                for (int type = 0; type < CHANNEL_TYPE_MAX; type++) {
                        g_autofree char *where = g_strdup_printf("%s by %s, text %u", message->kind, channel_type_name(type), n);
                        try_channel(type, message, where);
                }
                message_free(message);
        }
}
END_TEST

/* An answer that repeats our secrets, with what cleaning takes out between their letters, or as the other side reads them. */
START_TEST(answers_that_repeat_secrets)
{
        static const char *const answers[] = {
                "no: s3cretTokenOfTheHook", "no: s3cret\x01TokenOf\xE2\x80\x8BTheHook",
                "no: s3cret\xE2\x80\xAETokenOfTheHook\x7f",
                "no: sig/+=Secret0123456789", "no: sig%2F%2B%3DSecret0123456789",
                "no: the key is  two\tspaces", "no: the key is two spaces",
        };
        static const char *const secrets[] = { "s3cretToken", "TokenOfTheHook", "Secret0123456789", "two spaces", "two\tspaces" };
        g_autofree char *payload = g_strdup("{\"specversion\":\"1.0\"}");
        for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
                struct channel *channel = make_channel(CHANNEL_WEBHOOK);
                g_free(channel->url);
                channel->url = g_strdup(FAKE_WEBHOOK "?sig=sig%2F%2B%3DSecret0123456789");
                channel->signing_secret = g_strdup("two\tspaces");
                struct fake_peer peer = { .status = 400, .body = answers[i], .retry_after_ms = -1 };
                struct delivery_report report = fake_send(&peer, channel, NULL, payload);
                ck_assert_msg(g_str_has_prefix(report.answer, "400 no: "), "%s", report.answer);
                for (size_t k = 0; i < 6 && k < G_N_ELEMENTS(secrets); k++)
                        ck_assert_msg(!strstr(report.answer, secrets[k]), "answer %zu: %s", i, report.answer);
                delivery_report_clear(&report);
                fake_clear(&peer);
                channel_free(channel);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("hostile_message");
        TCase *t = tcase_create("channels");
        tcase_set_timeout(t, 120);
        tcase_add_loop_test(t, every_kind_through_every_channel, 0, (int) G_N_ELEMENTS(texts) + 3);
        tcase_add_test(t, answers_that_repeat_secrets);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return support_run(suite());
}
