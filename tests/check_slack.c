/* SPDX-License-Identifier: MIT */
/* Slack: the payload against Slack's limits and against hostile bulletins, and what each answer means. */
#include <glib.h>

#include "notify/slack.h"
#include "notify/slack_p.h"
#include "tests/notify_fake.h"

static struct channel *slack(const char *mention)
{
        struct channel *channel = channel_new("ops-slack", CHANNEL_SLACK);
        channel->url = g_strdup(FAKE_WEBHOOK);
        channel->mention = g_strdup(mention);
        return channel;
}

static json_t *rendered(const struct channel *channel, const struct message *m)
{
        g_autofree char *payload = channel_render(channel, m);
        return fake_parse(payload);
}

static const char *golden =
        "{\"text\":\"<!here> [緊急][至急適用] MS07-099 見本エンジンの入力検査の誤りにより、遠隔から任意の命令が実行される危険性\\n"
        "New alert: severity critical, urgency immediate.\",\"blocks\":["
        "{\"type\":\"header\",\"text\":{\"type\":\"plain_text\",\"emoji\":false,\"text\":"
        "\"[緊急][至急適用] MS07-099 見本エンジンの入力検査の誤りにより、遠隔から任意の命令が実行される危険性\"}},"
        "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":"
        "\"<!here> 🔴 *NEW*  New alert: severity critical, urgency immediate.\"}},"
        "{\"type\":\"section\",\"fields\":["
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*深刻度*\\n1(緊急)\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*緊急性*\\n至急適用\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*対策*\\n至急適用\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*再起動*\\n不要(必要な場合あり)\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*アンインストール*\\nundetermined (the line is empty)\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*対象環境*\\nサーバ\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*攻撃コード*\\nなし / 攻撃コード未公開\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*攻撃事例*\\n攻撃事例なし\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":"
        "\"*影響を受けるソフトウェア*\\n見本エンジン 2.0 (Windows XP SP2)\\n見本エンジン 3.0\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*CVE*\\nCVE-2007-9999\"}]},"
        "{\"type\":\"section\",\"fields\":["
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*KB*\\nKB999999\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*登録日*\\n2007-05-11\"},"
        "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":\"*更新日*\\n2007-05-14\"}]},"
        "{\"type\":\"section\",\"text\":{\"type\":\"plain_text\",\"emoji\":false,\"text\":"
        "\"見本エンジンは、受け取った文字列の長さを確かめない。\\n細工されたページを開くと、命令が実行される。\"}},"
        "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":"
        "\"<https://www.example.com/ms07-099?a=1&amp;b=2|MS07-099(日本)>\"}},"
        "{\"type\":\"context\",\"elements\":[{\"type\":\"plain_text\",\"emoji\":false,\"text\":"
        "\"Route ops: severity critical is at or above important\"}]}],"
        "\"parse\":\"none\",\"link_names\":false,\"unfurl_links\":false,\"unfurl_media\":false,"
        "\"hotfixd\":{\"kind\":\"new\",\"mention\":\"<!here>\",\"broadcast\":true,\"head\":\"\",\"plain\":"
        "\"<!here> 🔴 *NEW*\\n```[緊急][至急適用] MS07-099 見本エンジンの入力検査の誤りにより、遠隔から任意の命令が実行される危険性\\n"
        "New alert: severity critical, urgency immediate.\\n深刻度: 1(緊急)\\n緊急性: 至急適用\\n対策: 至急適用\\n"
        "再起動: 不要(必要な場合あり)\\nアンインストール: undetermined (the line is empty)\\n対象環境: サーバ\\n"
        "攻撃コード: なし / 攻撃コード未公開\\n攻撃事例: 攻撃事例なし\\n"
        "影響を受けるソフトウェア: 見本エンジン 2.0 (Windows XP SP2)\\n見本エンジン 3.0\\nCVE: CVE-2007-9999\\nKB: KB999999\\n"
        "登録日: 2007-05-11\\n更新日: 2007-05-14\\nhttps://www.example.com/ms07-099?a=1&amp;b=2\\n"
        "Route ops: severity critical is at or above important```\"}}";

START_TEST(golden_payload)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = slack("<!here>");
        json_t *payload = rendered(channel, m), *want = fake_parse(golden);
        char *dumped = json_dumps(payload, JSON_INDENT(1));
        ck_assert_msg(json_equal(payload, want), "%s", dumped);
        free(dumped);
        json_decref(want);
        json_decref(payload);
        channel_free(channel);
        message_free(m);
}
END_TEST

/* Every text object of a payload, with the limit that holds where it stands. */
static void each_text(const json_t *json, const char *parent, void (*visit)(const char *, bool, const char *, void *),
                      void *data)
{
        if (json_is_object(json) && json_is_string(json_object_get(json, "text"))) {
                const char *type = json_string_value(json_object_get(json, "type"));
                visit(json_string_value(json_object_get(json, "text")), g_strcmp0(type, "plain_text") != 0, parent, data);
        }
        const char *key;
        json_t *value;
        json_object_foreach((json_t *) json, key, value)
                each_text(value, g_str_equal(key, "text") ? json_string_value(json_object_get(json, "type")) : key, visit,
                          data);
        for (size_t i = 0; json_is_array(json) && i < json_array_size(json); i++)
                each_text(json_array_get(json, i), parent, visit, data);
}

static void check_limit(const char *text, bool markup, const char *parent, void *data)
{
        (void) markup;
        glong chars = g_utf8_strlen(text, -1);
        glong limit = g_strcmp0(parent, "header") == 0 ? 150 : g_strcmp0(parent, "fields") == 0 ? 2000 : 3000;
        ck_assert_msg(chars > 0, "an empty text in %s", parent);
        ck_assert_msg(chars <= limit || !parent, "%ld characters in %s", chars, parent);
        ck_assert(g_utf8_validate(text, -1, NULL));
        ++*(unsigned *) data;
}

static void check_limits(const json_t *payload)
{
        unsigned texts = 0;
        each_text(payload, NULL, check_limit, &texts);
        ck_assert_uint_gt(texts, 3);
        json_t *blocks = json_object_get(payload, "blocks");
        ck_assert_uint_le(json_array_size(blocks), 48); /* one is added when it is sent, one as the mark of an edit */
        ck_assert_uint_le(slack_json_length(blocks), 11000);
        const char *plain = slack_own_text(payload, "plain");
        ck_assert_uint_le(slack_length(plain), 3500);
        ck_assert_ptr_eq(strstr(strstr(plain, "```") + 3, "```") + 3, plain + strlen(plain)); /* all of it is in one code block */
        for (size_t i = 0; i < json_array_size(blocks); i++) {
                const json_t *fields = json_object_get(json_array_get(blocks, i), "fields");
                ck_assert(!fields || (json_array_size(fields) >= 1 && json_array_size(fields) <= 10));
        }
}

/* Nothing but the channel's own mention and the links we made may stand in angle brackets. */
static void check_dead(const char *text, bool markup, const char *parent, void *data)
{
        (void) parent;
        static const char *const live[] = { "<!", "<@", "<#" };
        const char *mention = data;
        g_autoptr(GString) rest = g_string_new(text);
        if (mention && markup)
                g_string_replace(rest, mention, "", 1);
        for (size_t i = 0; i < G_N_ELEMENTS(live); i++)
                ck_assert_msg(!strstr(rest->str, live[i]), "live: %s", text);
        for (const char *open = strchr(rest->str, '<'); open; open = strchr(open + 1, '<'))
                ck_assert_msg(markup && g_str_has_prefix(open, "<https://www.example.com/"), "a link: %s", open);
}

static const char *const poison[] = {
        "<!channel>", "<!here>", "<@U012AB3CD>", "<#C012AB3CD>", "<https://evil.example.net|click>", "<!subteam^S1|x>",
        "&lt;!channel&gt;", "*bold* _it_ ~gone~ `code`", "> quoted", ":rotating_light: :x:", "```x```", "<<!channel>>",
        "&<!channel>&", "|<!channel>", "\xF0\x9F\x98\x80<!channel>",
};

static struct bulletin *poisoned(const char *text)
{
        struct bulletin *b = fake_bulletin();
        g_free(b->title);
        b->title = g_strdup(text);
        g_free(b->id);
        b->id = g_strdup(text);
        for (int i = 0; i < FIELD_MAX; i++)
                if (b->fields[i].present)
                        fake_field(b, i, b->fields[i].value ? b->fields[i].value : 1, text);
        bulletin_set_undetermined(b, FIELD_UNINSTALL, text, text);
        g_ptr_array_add(b->kbs, g_strdup(text));
        g_ptr_array_add(b->cves, g_strdup(text));
        g_ptr_array_add(b->affected, affected_new(text, text));
        g_ptr_array_set_size(b->sections, 0);
        fake_section(b, "概要", text);
        g_ptr_array_add(b->links, link_new(text, "https://www.example.com/x?<!channel>"));
        g_ptr_array_add(b->links, link_new(text, "https://www.example.com/y"));
        bulletin_add_warning(b, "%s", text);
        g_strlcpy(b->updated, text, sizeof b->updated);
        return b;
}

static void free_change(gpointer change)
{
        bulletin_change_free(change);
}

START_TEST(nothing_of_a_bulletin_is_live)
{
        g_autoptr(bulletin_t) b = poisoned(poison[_i]);
        g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(free_change);
        struct bulletin_change *change = g_new0(struct bulletin_change, 1);
        change->path = g_strdup(poison[_i]);
        change->label = g_strdup(poison[_i]);
        change->from = g_strdup(poison[_i]);
        change->to = g_strdup(poison[_i]);
        g_ptr_array_add(changes, change);
        struct route_decision decision = { .action = ACTION_RAISED, .reason = g_strdup(poison[_i]) };
        struct message *m = message_for_bulletin(b, poison[_i], &decision, changes);
        struct channel *channel = slack("<@U777>");
        json_t *payload = rendered(channel, m);
        each_text(payload, NULL, check_dead, channel->mention);
        check_limits(payload);
        ck_assert_ptr_eq(strstr(slack_own_text(payload, "plain") + 1, "<"), NULL); /* that before is the mention */
        json_decref(payload);
        channel_free(channel);
        route_decision_clear(&decision);
        message_free(m);
}
END_TEST

static void check_style(const char *text, bool markup, const char *parent, void *data)
{
        if (g_strcmp0(parent, "fields") == 0 && strstr(text, data))
                ck_assert_msg(!markup, "would be restyled: %s", text);
}

/* Text that mrkdwn would show differently from what it says is not given to it as mrkdwn. */
START_TEST(nothing_is_restyled)
{
        static const char *const texts[] = { "a_b_c.dll", "*x*", "~1~", "`q`", ":x: y" };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(bulletin_t) b = fake_bulletin();
                fake_field(b, FIELD_RESTART, RESTART_REQUIRED, texts[i]);
                struct message *m = fake_message(b, ACTION_NEW);
                struct channel *channel = slack(NULL);
                json_t *payload = rendered(channel, m);
                each_text(payload, NULL, check_style, (void *) texts[i]);
                json_decref(payload);
                channel_free(channel);
                message_free(m);
        }
}
END_TEST

START_TEST(limits_hold_for_long_text)
{
        static const char *const fills[] = { "&", "<", "字", "\xF0\x9F\x98\x80", "e\xCC\x81", "a" };
        g_autoptr(GString) text = g_string_new(NULL);
        for (int i = 0; i < 5000; i++)
                g_string_append(text, fills[_i]);
        g_autoptr(bulletin_t) b = poisoned(text->str);
        for (int i = 0; i < 60; i++) {
                g_autofree char *url = g_strdup_printf("https://www.example.com/%d/%0200d", i, i);
                g_ptr_array_add(b->links, link_new(text->str, url));
                bulletin_add_warning(b, "%s", text->str);
        }
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = slack("<!here>");
        json_t *payload = rendered(channel, m);
        check_limits(payload);
        each_text(payload, NULL, check_dead, channel->mention);
        json_decref(payload);
        message_free(m);

        g_autoptr(GPtrArray) top = g_ptr_array_new();
        for (int i = 0; i < 20; i++)
                g_ptr_array_add(top, b);
        m = message_for_history(text->str, "ops", 20, 20, top);
        payload = rendered(channel, m);
        check_limits(payload);
        json_decref(payload);
        message_free(m);
        channel_free(channel);
}
END_TEST

START_TEST(escaping_and_cutting)
{
        static const struct { const char *text; size_t max; const char *escaped; } rows[] = {
                { "a & b <c>", 100, "a &amp; b &lt;c&gt;" },
                { "abc", 3, "abc" },
                { "abcd", 3, "ab…" },
                { "a&b", 7, "a&amp;b" },
                { "a&b", 6, "a…" },
                { "&&", 10, "&amp;&amp;" },
                { "&&&", 10, "&amp;…" },
                { "a&", 5, "a…" },
                { "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80\xF0\x9F\x98\x80" },
                { "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 3, "\xF0\x9F\x98\x80…" },
                { "", 5, "" },
        };
        g_autofree char *escaped = slack_escape(rows[_i].text, rows[_i].max);
        ck_assert_str_eq(escaped, rows[_i].escaped);
}
END_TEST

/* What somebody is to do something about calls people, and is seen by those who do not follow the thread. */
START_TEST(who_is_called)
{
        static const struct { const char *kind; bool mentions, for_all; const char *head; } rows[] = {
                { "new", true, true, "" },           { "raised", true, true, "replace" },
                { "updated", false, false, "keep" }, { "lowered", false, false, "replace" },
                { "escalated", true, true, "replace" }, { "reminder", true, true, "replace" },
                { "overdue", true, true, "replace" }, { "acknowledged", false, false, "replace" },
        };
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct channel *channel = slack("<!here>");
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct message *m = fake_message(b, ACTION_NEW);
                g_free(m->kind);
                m->kind = g_strdup(rows[i].kind);
                json_t *payload = rendered(channel, m), *own = json_object_get(payload, "hotfixd");
                const char *text = json_string_value(json_object_get(payload, "text"));
                ck_assert_msg(g_str_has_prefix(text, "<!here> ") == rows[i].mentions, "%s", rows[i].kind);
                ck_assert_msg(json_is_true(json_object_get(own, "broadcast")) == rows[i].for_all, "%s", rows[i].kind);
                ck_assert_str_eq(slack_own_text(payload, "head"), rows[i].head);
                ck_assert(channel_wants(channel, rows[i].kind));
                json_decref(payload);
                message_free(m);
        }
        channel_free(channel);
}
END_TEST

/* A person's comment is shown as it was written, and how to acknowledge stands at the end. */
START_TEST(comments_and_footer)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = slack(NULL);
        g_free(m->kind);
        m->kind = g_strdup("acknowledged");
        g_free(m->lead);
        m->lead = g_strdup("Acknowledged by sato: *done* on <srv_1>, 10:30 to 11:00");
        m->footer = g_strdup("hotfixctl ack MS07-099");
        json_t *payload = rendered(channel, m), *blocks = json_object_get(payload, "blocks");
        json_t *lead = json_array_get(blocks, 1), *field = json_array_get(json_object_get(lead, "fields"), 0);
        ck_assert_str_eq(json_string_value(json_object_get(json_object_get(lead, "text"), "text")), "✅ *ACKNOWLEDGED*");
        ck_assert_str_eq(json_string_value(json_object_get(field, "type")), "plain_text");
        ck_assert_str_eq(json_string_value(json_object_get(field, "text")),
                         "Acknowledged by sato: *done* on &lt;srv_1&gt;, 10:30 to 11:00");
        json_t *footer = json_array_get(blocks, json_array_size(blocks) - 2);
        ck_assert_str_eq(json_string_value(json_object_get(json_array_get(json_object_get(footer, "elements"), 0), "text")),
                         "hotfixctl ack MS07-099");
        json_decref(payload);
        channel_free(channel);
        message_free(m);
}
END_TEST

START_TEST(previews)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_ptr_array_add(b->links, link_new("a_b", "https://www.example.com/x"));
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = slack("<!here>");
        g_autofree char *payload = channel_render(channel, m), *text = channel_preview(channel, payload);
        static const char *const parts[] = {
                "Slack, by incoming webhook:\n\n[緊急][至急適用] MS07-099 見本エンジンの",
                "\n<!here> 🔴 NEW  New alert: severity critical, urgency immediate.\n", "\n  深刻度: 1(緊急)\n",
                "\n  影響を受けるソフトウェア:\n    見本エンジン 2.0 (Windows XP SP2)\n    見本エンジン 3.0\n",
                "\nMS07-099(日本): https://www.example.com/ms07-099?a=1&b=2\nhttps://www.example.com/x\n",
                "\n-- Route ops: severity critical is at or above important\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
                ck_assert_msg(strstr(text, parts[i]), "%s is not in\n%s", parts[i], text);
        channel->slack_channel = g_strdup("#ops");
        g_autofree char *odd = channel_preview(channel, "{\"blocks\":[1,{},{\"text\":1},{\"fields\":[{\"text\":\"\"}]}]}");
        ck_assert(g_str_has_prefix(odd, "Slack, #ops:\n"));
        channel_free(channel);
        message_free(m);
}
END_TEST

/* Every change of a raised bulletin is shown, in order, over as many sections as they take. */
START_TEST(long_lists_go_on)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(free_change);
        g_autofree char *side = g_strnfill(115, '&');
        for (int i = 0; i < 12; i++) {
                struct bulletin_change *change = g_new0(struct bulletin_change, 1);
                change->path = g_strdup("severity");
                change->label = g_strdup_printf("<%02d>", i);
                change->from = g_strdup("3(警告)");
                change->to = g_strdup(side);
                change->matters = true;
                g_ptr_array_add(changes, change);
        }
        struct route_decision decision = { .action = ACTION_RAISED, .reason = (char *) "r" };
        struct message *m = message_for_bulletin(b, "ops", &decision, changes);
        struct channel *channel = slack(NULL);
        json_t *payload = rendered(channel, m), *blocks = json_object_get(payload, "blocks");
        check_limits(payload);
        unsigned sections = 0, next = 0;
        for (size_t i = 2; next < 12; i++, sections++) {
                const char *text = json_string_value(json_object_get(json_object_get(json_array_get(blocks, i), "text"), "text"));
                ck_assert_ptr_nonnull(text);
                ck_assert_int_eq(g_str_has_prefix(text, sections == 0 ? "変更点 (changes)\n• &lt;00&gt;: 3(警告) → &amp;" : "• &lt;"), 1);
                for (; next < 12; next++) {
                        g_autofree char *label = g_strdup_printf("• &lt;%02u&gt;: ", next);
                        if (!strstr(text, label))
                                break;
                }
        }
        ck_assert_uint_ge(sections, 3);
        json_decref(payload);
        channel_free(channel);
        message_free(m);
}
END_TEST

START_TEST(only_new_and_raised_mention)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        static const enum route_action actions[] = { ACTION_NEW, ACTION_RAISED, ACTION_UPDATED, ACTION_LOWERED, ACTION_NONE };
        struct channel *channel = slack("<!here>");
        for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
                struct message *m = fake_message(b, actions[i]);
                g_autofree char *payload = channel_render(channel, m);
                ck_assert((strstr(payload, "<!here>") != NULL) == (i < 2));
                message_free(m);
        }
        struct message *summary = message_for_history("mailbox work", "ops", 3, 1, NULL), *test = message_for_test("x");
        g_autofree char *a = channel_render(channel, summary), *c = channel_render(channel, test);
        ck_assert(!strstr(a, "<!here>") && !strstr(c, "<!here>"));
        ck_assert_ptr_nonnull(strstr(c, "\\n• Japanese text arrives whole: "));
        message_free(summary);
        message_free(test);
        struct health_report report = { .condition = "drift:x", .headline = "x: <!here> & *a*", .lead = "l", .reason = "r" };
        struct message *problem = message_for_health(&report);
        g_autofree char *p = channel_render(channel, problem);
        ck_assert(!strstr(p, "<!here>"));
        ck_assert_ptr_nonnull(strstr(p, "⚠️ *PROBLEM*  l"));
        ck_assert_ptr_nonnull(strstr(p, "[hotfixd] x: &lt;!here&gt; &amp; *a*"));
        report.recovered = true;
        struct message *recovered = message_for_health(&report);
        g_autofree char *q = channel_render(channel, recovered);
        ck_assert_ptr_nonnull(strstr(q, "✅ *RECOVERED*  l"));
        message_free(problem);
        message_free(recovered);
        channel_free(channel);
}
END_TEST

START_TEST(mentions)
{
        static const char *const good[] = { "<!here>", "<!channel>", "<!everyone>", "<@U012AB3CD>", "<@W1>",
                                            "<!subteam^S012AB3CD>", " <!here>  <@U1> ", "<@U1><@U2>" };
        static const char *const bad[] = { "", " ", "@here", "here", "<!here", "<!all>", "<@u1>", "<@>", "<@U>", "<@X12>",
                                           "<!subteam^>", "<!here> ops", "ops <!here>", "<!here|x>", "<https://x>", "<@U1\n>" };
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
                ck_assert_msg(slack_mention_is_valid(good[i]), "%s", good[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                ck_assert_msg(!slack_mention_is_valid(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(what_is_posted)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = slack(NULL);
        channel->ca_file = g_strdup("/ca.pem");
        channel->insecure = true;
        g_autofree char *payload = channel_render(channel, m);
        ck_assert_ptr_null(strstr(payload, "hooks.example.com"));
        struct fake_peer peer = { .status = 200, .body = "ok" };
        struct delivery_report report = fake_send(&peer, channel, NULL, payload);
        ck_assert_int_eq(report.result, RESULT_SENT);
        ck_assert_str_eq(report.answer, "200 ok");
        ck_assert_str_eq(peer.url, FAKE_WEBHOOK);
        ck_assert_str_eq(peer.content_type, "application/json; charset=utf-8");
        ck_assert_str_eq(peer.ca_file, "/ca.pem");
        ck_assert(peer.insecure);
        ck_assert_uint_eq(peer.headers->len, 1);
        ck_assert_str_eq(g_ptr_array_index(peer.headers, 0), "Idempotency-Key: " FAKE_IDENTITY);
        json_t *body = fake_parse(peer.body_sent), *stored = fake_parse(payload);
        const json_t *metadata = json_object_get(body, "metadata");
        ck_assert_str_eq(json_string_value(json_object_get(metadata, "event_type")), "hotfixd_delivery");
        ck_assert_str_eq(json_string_value(json_object_get(json_object_get(metadata, "event_payload"), "identity")),
                         FAKE_IDENTITY);
        json_t *blocks = json_object_get(body, "blocks"), *last = json_array_get(blocks, json_array_size(blocks) - 1);
        ck_assert_str_eq(json_string_value(json_object_get(json_array_get(json_object_get(last, "elements"), 0), "text")),
                         "delivery 00112233");
        ck_assert_str_eq(json_string_value(json_object_get(last, "block_id")), "hotfixd-" FAKE_IDENTITY);
        /* Apart from these two, and what is not for Slack, it is what was decided on. */
        json_object_del(stored, "hotfixd");
        json_object_del(body, "metadata");
        json_array_remove(blocks, json_array_size(blocks) - 1);
        ck_assert(json_equal(body, stored));
        json_decref(body);
        json_decref(stored);
        /* A retry posts the same bytes. */
        g_autofree char *first = g_strdup(peer.body_sent);
        delivery_report_clear(&report);
        report = fake_send(&peer, channel, NULL, payload);
        ck_assert_str_eq(peer.body_sent, first);
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
        message_free(m);
}
END_TEST

static const struct answer_row {
        int code;
        const char *error;
        long status;
        const char *body;
        int64_t retry_after_ms;
        enum delivery_result result;
        const char *answer;
} answers[] = {
        { 0, NULL, 200, "ok", -1, RESULT_SENT, "200 ok" },
        { 0, NULL, 200, "ok\r\n", -1, RESULT_SENT, "200 ok" },
        { 0, NULL, 204, NULL, -1, RESULT_SENT, "204 ok" },
        { 0, NULL, 200, "{\"success\":true}", -1, RESULT_SENT, "200 {\"success\":true}" },
        { 0, NULL, 200, " \n<html>please log in</html>", -1, RESULT_TRY_AGAIN,
          "answered 200 with a page instead of a receipt: <html>please log in</html>" },
        { 0, NULL, 200, "{\"ok\":false,\"error\":\"x\"}", -1, RESULT_TRY_AGAIN,
          "answered 200 and reported a failure: {\"ok\":false,\"error\":\"x\"}" },
        { 0, NULL, 302, "", -1, RESULT_TRY_AGAIN, "302" },
        { 0, NULL, 400, "invalid_token_type", -1, RESULT_REFUSED, "400 invalid_token_type: the webhook address is not valid" },
        { 0, NULL, 400, "invalid_payload", -1, RESULT_REFUSED, "400 invalid_payload" },
        { 0, NULL, 403, "action_prohibited", -1, RESULT_REFUSED,
          "403 action_prohibited: an administrator of the workspace forbids it" },
        { 0, NULL, 403, "invalid_token", -1, RESULT_REFUSED, "403 invalid_token: the webhook address is not valid" },
        { 0, NULL, 404, "no_service", -1, RESULT_REFUSED, "404 no_service: the webhook was removed or disabled" },
        { 0, NULL, 404, "channel_not_found", -1, RESULT_REFUSED, "404 channel_not_found: the channel was deleted" },
        { 0, NULL, 410, "channel_is_archived", -1, RESULT_REFUSED, "410 channel_is_archived: the channel is archived" },
        { 0, NULL, 408, "", -1, RESULT_TRY_AGAIN, "408" },
        { 0, NULL, 429, "rate_limited", 30000, RESULT_TRY_AGAIN, "429 rate_limited" },
        { 0, NULL, 429, NULL, -1, RESULT_TRY_AGAIN, "429" },
        { 0, NULL, 500, "rollup_error", -1, RESULT_TRY_AGAIN, "500 rollup_error" },
        { 0, NULL, 503, "a\r\nb\x1b[0m\tc", 5000, RESULT_TRY_AGAIN, "503 a b[0m c" },
        { 0, NULL, 0, NULL, -1, RESULT_TRY_AGAIN, "0" },
        { -ERR_CONNECTION, "hooks.example.com: refused", 0, NULL, -1, RESULT_TRY_AGAIN, "hooks.example.com: refused" },
        { -ERR_TIMEOUT, "nothing came in 30 s", 0, NULL, -1, RESULT_TRY_AGAIN, "nothing came in 30 s" },
        { -ERR_TLS, "the certificate ended", 0, NULL, -1, RESULT_TRY_AGAIN, "the certificate ended" },
        { -ERR_CANCELLED, "stopped", 0, NULL, -1, RESULT_CANCELLED, "stopped" },
        /* The address is a secret, whole and in parts. */
        { 0, NULL, 404, "no hook at " FAKE_WEBHOOK " here", -1, RESULT_REFUSED, "404 no hook at [secret] here" },
        { 0, NULL, 404, "/services/T0AAAA/B0BBBB/s3cretTokenOfTheHook?", -1, RESULT_REFUSED, "404 [secret]?" },
        { 0, NULL, 500, "token=s3cretTokenOfTheHook", -1, RESULT_TRY_AGAIN, "500 token=[secret]" },
        { -ERR_CONNECTION, "POST " FAKE_WEBHOOK, 0, NULL, -1, RESULT_TRY_AGAIN, "POST [secret]" },
};

START_TEST(answers_mean)
{
        const struct answer_row *row = &answers[_i];
        struct channel *channel = slack(NULL);
        struct fake_peer peer = { .code = row->code, .error = row->error, .status = row->status, .body = row->body,
                                  .retry_after_ms = row->retry_after_ms };
        struct delivery_report report = fake_send(&peer, channel, NULL, "{\"text\":\"x\",\"blocks\":[]}");
        ck_assert_str_eq(report.answer, row->answer);
        ck_assert_int_eq(report.result, row->result);
        ck_assert_int_eq(report.retry_after_ms, row->code == 0 && row->status >= 300 ? row->retry_after_ms : -1);
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

START_TEST(long_answers_are_cut)
{
        g_autoptr(GString) body = g_string_new(NULL);
        for (int i = 0; i < 20000; i++)
                g_string_append(body, "拒");
        struct channel *channel = slack(NULL);
        struct fake_peer peer = { .status = 400, .body = body->str };
        struct delivery_report report = fake_send(&peer, channel, NULL, "{\"blocks\":[]}");
        ck_assert_uint_le(strlen(report.answer), 500);
        ck_assert_uint_gt(strlen(report.answer), 490);
        ck_assert(g_utf8_validate(report.answer, -1, NULL));
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

/* hotfixctl loads channels without their secrets: such a channel can render, and sends nothing. */
START_TEST(without_an_address)
{
        struct channel *channel = slack(NULL);
        g_clear_pointer(&channel->url, g_free);
        struct fake_peer peer = { .status = 200, .body = "ok" };
        struct delivery_report report = fake_send(&peer, channel, NULL, "{\"blocks\":[]}");
        ck_assert_int_eq(report.result, RESULT_TRY_AGAIN);
        ck_assert_uint_eq(peer.calls, 0);
        delivery_report_clear(&report);
        channel_free(channel);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("slack");
        TCase *c = tcase_create("payload");
        tcase_add_test(c, golden_payload);
        tcase_add_loop_test(c, nothing_of_a_bulletin_is_live, 0, G_N_ELEMENTS(poison));
        tcase_add_test(c, nothing_is_restyled);
        tcase_add_loop_test(c, limits_hold_for_long_text, 0, 6);
        tcase_add_loop_test(c, escaping_and_cutting, 0, 11);
        tcase_add_test(c, only_new_and_raised_mention);
        tcase_add_test(c, long_lists_go_on);
        tcase_add_test(c, who_is_called);
        tcase_add_test(c, comments_and_footer);
        tcase_add_test(c, previews);
        tcase_add_test(c, mentions);
        suite_add_tcase(s, c);
        c = tcase_create("sending");
        tcase_add_test(c, what_is_posted);
        tcase_add_loop_test(c, answers_mean, 0, G_N_ELEMENTS(answers));
        tcase_add_test(c, long_answers_are_cut);
        tcase_add_test(c, without_an_address);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
