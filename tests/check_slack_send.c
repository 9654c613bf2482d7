/* SPDX-License-Identifier: MIT */
/* Slack's Web API: threads, edits, the search for what may be there already, refusals, and what is left for the next try. */
#include <glib.h>

#include "notify/slack_p.h"
#include "tests/notify_fake.h"

#define TOKEN "xoxb-1234-the-bots-token"
#define API "https://slack.example.com/api"
#define HEAD_TS "1700000000.000100"
#define HEAD_MEMO "{\"channel\":\"C0OPS\",\"ts\":\"" HEAD_TS "\",\"to\":\"C0OPS\"}"
#define POSTED "{\"ok\":true,\"channel\":\"C0OPS\",\"ts\":\"1700000009.000200\"}"
#define POSTED_MEMO "{\"channel\":\"C0OPS\",\"ts\":\"1700000009.000200\",\"to\":\"C0OPS\"}"
#define UPDATED "{\"ok\":true,\"channel\":\"C0OPS\",\"ts\":\"" HEAD_TS "\"}"

/* One request that is expected, and its answer. */
struct step {
        const char *method;
        const char *answer;
        long status;   /* 0: 200 */
        int code;      /* a transport that fails */
        bool begun;
        int64_t retry_after_ms;
        const char *contains, *lacks; /* of the request's body */
};

struct script {
        const struct step *steps;
        unsigned count, at;
        GPtrArray *bodies;
};

static int scripted_post(void *context, const struct http_request *request, struct http_answer *ret_answer, struct error *err)
{
        struct script *script = context;
        ck_assert_msg(script->at < script->count, "request %u to %s: %s", script->at, request->url, request->body);
        const struct step *step = &script->steps[script->at++];
        g_autofree char *url = g_strdup_printf(API "/%s", step->method);
        ck_assert_str_eq(request->url, url);
        ck_assert_str_eq(request->headers[0], "Authorization: Bearer " TOKEN);
        bool form = g_str_has_prefix(step->method, "conversations.");
        ck_assert_str_eq(request->content_type,
                         form ? "application/x-www-form-urlencoded" : "application/json; charset=utf-8");
        ck_assert(!step->contains || strstr(request->body, step->contains));
        ck_assert(!step->lacks || !strstr(request->body, step->lacks));
        ck_assert_ptr_null(strstr(request->body, TOKEN));
        ck_assert_uint_ge(request->answer_bytes, 1024 * 1024); /* Slack repeats the message, every letter as \uXXXX */
        g_ptr_array_add(script->bodies, g_strdup(request->body));
        ret_answer->begun = step->begun;
        ret_answer->retry_after_ms = step->retry_after_ms ? step->retry_after_ms : -1;
        if (step->code < 0)
                return error_set(err, step->code, "slack.example.com:443: it failed");
        ret_answer->status = step->status ? step->status : 200;
        ret_answer->body = g_strdup(step->answer);
        return 0;
}

/* A delivery and how it ends. */
struct scene {
        struct channel *channel;
        char *payload;
        struct delivery_request request;
        struct delivery_report report;
        struct script script;
};

static void set_up(struct scene *scene, const char *kind, bool with_bulletin)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        *scene = (struct scene) { .channel = channel_new("ops", CHANNEL_SLACK) };
        scene->channel->url = g_strdup(API);
        scene->channel->token = g_strdup(TOKEN);
        scene->channel->slack_channel = g_strdup("C0OPS");
        scene->channel->mention = g_strdup("<!here>");
        struct message *m = fake_message(b, ACTION_NEW);
        g_free(m->kind);
        m->kind = g_strdup(kind);
        if (!with_bulletin)
                m->bulletin = NULL;
        scene->payload = channel_render(scene->channel, m);
        message_free(m);
        scene->request = (struct delivery_request) { .identity = FAKE_IDENTITY, .payload = scene->payload,
                                                     .created_ms = 1178852645000 };
        scene->script.bodies = g_ptr_array_new_with_free_func(g_free);
}

static void follow(struct scene *scene, const char *thread_memo)
{
        scene->request.thread = FAKE_THREAD;
        scene->request.thread_memo = thread_memo;
}

/* Sends, and wants these requests and no others. */
static void send(struct scene *scene, const struct step *steps, unsigned count)
{
        g_ptr_array_set_size(scene->script.bodies, 0);
        scene->script.steps = steps;
        scene->script.count = count;
        scene->script.at = 0;
        delivery_report_clear(&scene->report);
        struct notify_transport transport = { .context = &scene->script, .http_post = scripted_post };
        channel_send(scene->channel, &transport, &scene->request, &scene->report);
        ck_assert_msg(scene->script.at == count, "%u of %u requests: %s", scene->script.at, count, scene->report.answer);
        ck_assert_ptr_null(strstr(scene->report.answer, TOKEN));
}
#define SEND(scene, ...) do { const struct step steps_[] = { __VA_ARGS__ }; \
                send(&(scene), steps_, G_N_ELEMENTS(steps_)); } while (0)

static json_t *body_of(const struct scene *scene, unsigned number)
{
        return fake_parse(g_ptr_array_index(scene->script.bodies, number));
}

static const char *text_at(const json_t *json, const char *key)
{
        return json_string_value(json_object_get(json, key));
}

static const char *block_id(const json_t *body, size_t index)
{
        return text_at(json_array_get(json_object_get(body, "blocks"), index), "block_id");
}

static void tear_down(struct scene *scene)
{
        delivery_report_clear(&scene->report);
        g_ptr_array_unref(scene->script.bodies);
        g_free(scene->payload);
        channel_free(scene->channel);
}

static void check_result(const struct scene *scene, enum delivery_result result, const char *answer, const char *memo)
{
        ck_assert_str_eq(scene->report.answer, answer);
        ck_assert_int_eq(scene->report.result, result);
        ck_assert_pstr_eq(scene->report.memo, memo);
}

START_TEST(first_message)
{
        struct scene scene;
        set_up(&scene, "new", true);
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED, .lacks = "thread_ts" });
        check_result(&scene, RESULT_SENT, "ok C0OPS 1700000009.000200", POSTED_MEMO);
        ck_assert(!scene.report.unclear);
        json_t *body = body_of(&scene, 0), *metadata = json_object_get(body, "metadata");
        ck_assert_str_eq(text_at(body, "channel"), "C0OPS");
        ck_assert_str_eq(text_at(json_object_get(metadata, "event_payload"), "identity"), FAKE_IDENTITY);
        ck_assert_str_eq(text_at(metadata, "event_type"), "hotfixd_delivery");
        ck_assert_str_eq(block_id(body, json_array_size(json_object_get(body, "blocks")) - 1), "hotfixd-" FAKE_IDENTITY);
        ck_assert_ptr_null(json_object_get(body, "hotfixd"));
        ck_assert_str_eq(text_at(body, "parse"), "none");
        json_decref(body);
        /* A trailing slash in the configured address changes nothing, and Slack may say less than it does. */
        g_free(scene.channel->url);
        scene.channel->url = g_strdup(API "//");
        SEND(scene, { .method = "chat.postMessage", .answer = "{\"ok\":true,\"channel\":\"C0&x\",\"ts\":17}" });
        check_result(&scene, RESULT_SENT, "ok", NULL);
        tear_down(&scene);
}
END_TEST

/* A raised severity follows the first message, is shown to all, and the first message then says the same. */
START_TEST(raised_in_thread)
{
        struct scene scene;
        set_up(&scene, "raised", true);
        follow(&scene, HEAD_MEMO);
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED, .contains = "\"thread_ts\":\"" HEAD_TS "\"" },
             { .method = "chat.update", .answer = UPDATED, .lacks = "<!here>" });
        check_result(&scene, RESULT_SENT, "ok C0OPS 1700000009.000200", POSTED_MEMO);
        json_t *reply = body_of(&scene, 0), *edit = body_of(&scene, 1), *blocks = json_object_get(edit, "blocks");
        ck_assert(json_is_true(json_object_get(reply, "reply_broadcast")));
        ck_assert_str_eq(text_at(edit, "channel"), "C0OPS");
        ck_assert_str_eq(text_at(edit, "ts"), HEAD_TS);
        ck_assert_str_eq(block_id(edit, 1), "hotfixd-mark-raised-001122334455");
        ck_assert_str_eq(block_id(edit, json_array_size(blocks) - 1), "hotfixd-" FAKE_THREAD "-001122334455");
        ck_assert_str_eq(text_at(json_object_get(json_object_get(edit, "metadata"), "event_payload"), "identity"), FAKE_THREAD);
        ck_assert(json_equal(json_array_get(blocks, 2), json_array_get(json_object_get(reply, "blocks"), 2)));
        json_decref(reply);
        json_decref(edit);
        tear_down(&scene);
}
END_TEST

#define HEAD_WITH_MARK "{\"ok\":true,\"messages\":[{\"ts\":\"" HEAD_TS "\",\"text\":\"old\",\"blocks\":[" \
        "{\"type\":\"header\",\"block_id\":\"x1\"},{\"type\":\"section\",\"block_id\":\"hotfixd-mark-acknowledged-aa\"}," \
        "{\"type\":\"section\",\"block_id\":\"x2\"},{\"type\":\"context\",\"block_id\":\"hotfixd-" FAKE_THREAD "-aa\"}]}]}"

/* An update that raises nothing leaves the mark of an acknowledgement where it is, and the channel quiet. */
START_TEST(updated_keeps_the_mark)
{
        struct scene scene;
        set_up(&scene, "updated", true);
        follow(&scene, HEAD_MEMO);
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED, .contains = "\"reply_broadcast\":false" },
             { .method = "conversations.history", .answer = HEAD_WITH_MARK,
               .contains = "channel=C0OPS&latest=" HEAD_TS "&oldest=" HEAD_TS "&inclusive=true&limit=1" },
             { .method = "chat.update", .answer = UPDATED });
        json_t *edit = body_of(&scene, 2);
        ck_assert_str_eq(block_id(edit, 1), "hotfixd-mark-acknowledged-aa");
        ck_assert_str_eq(block_id(edit, 2), "hotfixd-mark-updated-001122334455");
        json_decref(edit);
        /* Where the head cannot be read it stays as it is: a mark must not be lost. */
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED },
             { .method = "conversations.history",
               .answer = "{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"channels:history\"}" });
        check_result(&scene, RESULT_SENT, "ok C0OPS 1700000009.000200; the first message of the thread stays as it was: "
                     "missing_scope (channels:history): the app needs this permission: add it and install the app again",
                     POSTED_MEMO);
        tear_down(&scene);
}
END_TEST

/* What comes without the bulletin (a recovery, say) puts its line into the first message as it stands there. */
START_TEST(marks_the_head)
{
        struct scene scene;
        set_up(&scene, "recovered", false);
        follow(&scene, HEAD_MEMO);
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED },
             { .method = "conversations.history", .answer = HEAD_WITH_MARK },
             { .method = "chat.update", .answer = UPDATED });
        json_t *edit = body_of(&scene, 2);
        static const char *const ids[] = { "x1", "hotfixd-mark-recovered-001122334455", "x2",
                                           "hotfixd-" FAKE_THREAD "-001122334455" };
        ck_assert_uint_eq(json_array_size(json_object_get(edit, "blocks")), G_N_ELEMENTS(ids));
        for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
                ck_assert_str_eq(block_id(edit, i), ids[i]);
        json_decref(edit);
        /* It was deleted meanwhile. */
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED },
             { .method = "conversations.history", .answer = "{\"ok\":true,\"messages\":[]}" });
        ck_assert(g_str_has_suffix(scene.report.answer, "message_not_found: the message was deleted"));
        ck_assert_int_eq(scene.report.result, RESULT_SENT);
        tear_down(&scene);
}
END_TEST

/* A thread is one of the channel that is configured now. */
START_TEST(thread_of_another_channel)
{
        static const struct { const char *memo, *now; bool threads; } rows[] = {
                { HEAD_MEMO, "C0OPS", true },
                { HEAD_MEMO, "C0NEW", false },
                { HEAD_MEMO, "#ops", false },
                { "{\"channel\":\"C0OPS\",\"ts\":\"" HEAD_TS "\",\"to\":\"#ops\"}", "#ops", true },
                { "{\"channel\":\"C0OPS\",\"ts\":\"" HEAD_TS "\",\"to\":\"#ops\"}", "C0OPS", true },
                { "{\"channel\":\"C0OPS\",\"ts\":\"1700000000\",\"to\":\"C0OPS\"}", "C0OPS", false },
                { "{\"channel\":\"C0OPS\",\"ts\":\"1.2&x=y\",\"to\":\"C0OPS\"}", "C0OPS", false },
                { "{\"channel\":\"c0ops\",\"ts\":\"" HEAD_TS "\",\"to\":\"C0OPS\"}", "C0OPS", false },
                { "{\"channel\":[],\"ts\":{},\"to\":7}", "C0OPS", false },
                { "{\"done\":[\"a@b\"]}", "C0OPS", false },
                { "[]", "C0OPS", false },
                { "{", "C0OPS", false },
                { "", "C0OPS", false },
                { NULL, "C0OPS", false },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct scene scene;
                set_up(&scene, "lowered", true);
                follow(&scene, rows[i].memo);
                g_free(scene.channel->slack_channel);
                scene.channel->slack_channel = g_strdup(rows[i].now);
                const struct step steps[] = { { .method = "chat.postMessage", .answer = POSTED },
                                              { .method = "chat.update", .answer = UPDATED } };
                send(&scene, steps, rows[i].threads ? 2 : 1);
                ck_assert_msg((strstr(g_ptr_array_index(scene.script.bodies, 0), "thread_ts") != NULL) == rows[i].threads,
                              "%s", rows[i].memo);
                ck_assert_int_eq(scene.report.result, RESULT_SENT);
                tear_down(&scene);
        }
}
END_TEST

#define OURS "{\"ts\":\"1700000009.000200\",\"metadata\":{\"event_type\":\"hotfixd_delivery\"," \
             "\"event_payload\":{\"identity\":\"" FAKE_IDENTITY "\"}}}"
#define OURS_BY_BLOCK "{\"ts\":\"1700000009.000200\",\"blocks\":[{\"block_id\":\"z\"},{\"block_id\":\"hotfixd-" FAKE_IDENTITY "\"}]}"
#define OTHERS "{\"ts\":\"1700000001.0\",\"metadata\":{\"event_payload\":{\"identity\":\"" FAKE_THREAD "\"}}}," \
               "{\"ts\":\"1700000002.0\",\"blocks\":[{\"block_id\":\"hotfixd-" FAKE_IDENTITY "0\"},{},7]},{},7"
#define FOUND_ANSWER "ok C0OPS 1700000009.000200; it was there already"

/* After an attempt whose end is not known nothing is posted before we have looked. */
START_TEST(finds_itself)
{
        static const char *const pages[] = { "{\"ok\":true,\"messages\":[" OURS "]}",
                                             "{\"ok\":true,\"messages\":[" OTHERS "," OURS_BY_BLOCK "]}" };
        for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
                struct scene scene;
                set_up(&scene, "new", true);
                scene.request.unclear = true;
                SEND(scene, { .method = "conversations.history", .answer = pages[i], .contains =
                              "channel=C0OPS&oldest=1178766245.000000&limit=15&include_all_metadata=true" });
                check_result(&scene, RESULT_SENT, FOUND_ANSWER, POSTED_MEMO);
                /* On the second page. */
                SEND(scene, { .method = "conversations.history", .lacks = "cursor",
                              .answer = "{\"ok\":true,\"messages\":[" OTHERS "],"
                                        "\"response_metadata\":{\"next_cursor\":\"a=b&c\"}}" },
                     { .method = "conversations.history", .contains = "&cursor=a%3Db%26c", .answer = pages[i] });
                check_result(&scene, RESULT_SENT, FOUND_ANSWER, POSTED_MEMO);
                tear_down(&scene);
        }
}
END_TEST

START_TEST(finds_itself_in_a_thread)
{
        struct scene scene;
        set_up(&scene, "lowered", true);
        follow(&scene, HEAD_MEMO);
        scene.request.unclear = true;
        SEND(scene, { .method = "conversations.replies", .answer = "{\"ok\":true,\"messages\":[" OTHERS "," OURS "]}",
                      .contains = "channel=C0OPS&ts=" HEAD_TS "&oldest=" },
             { .method = "chat.update", .answer = UPDATED });
        check_result(&scene, RESULT_SENT, FOUND_ANSWER, POSTED_MEMO);
        tear_down(&scene);
}
END_TEST

START_TEST(finds_a_channel_by_name)
{
        struct scene scene;
        set_up(&scene, "new", true);
        scene.request.unclear = true;
        g_free(scene.channel->slack_channel);
        scene.channel->slack_channel = g_strdup("#ops");
        SEND(scene, { .method = "conversations.list", .answer =
                      "{\"ok\":true,\"channels\":[7,{},{\"id\":\"C1\",\"name\":\"ops-2\"},{\"id\":\"C0OPS\",\"name\":\"ops\"}]}",
                      .contains = "types=public_channel%2Cprivate_channel&exclude_archived=true&limit=200" },
             { .method = "conversations.history", .answer = "{\"ok\":true,\"messages\":[" OURS "]}",
               .contains = "channel=C0OPS&" });
        check_result(&scene, RESULT_SENT, FOUND_ANSWER,
                     "{\"channel\":\"C0OPS\",\"ts\":\"1700000009.000200\",\"to\":\"#ops\"}");
        SEND(scene, { .method = "conversations.list", .answer = "{\"ok\":true,\"channels\":[]}" },
             { .method = "chat.postMessage", .answer = POSTED, .contains = "\"channel\":\"#ops\"" });
        ck_assert(g_str_has_suffix(scene.report.answer, "posted without knowing whether it was there already: the app sees no "
                                                        "channel of that name"));
        tear_down(&scene);
}
END_TEST

/* It is not there, or we may not look, or the looking fails for long: then it is posted. Twice is better than never. */
START_TEST(posts_what_is_not_found)
{
        struct scene scene;
        set_up(&scene, "new", true);
        scene.request.unclear = true;
        SEND(scene, { .method = "conversations.history", .answer = "{\"ok\":true,\"messages\":[" OTHERS "]}" },
             { .method = "chat.postMessage", .answer = POSTED });
        check_result(&scene, RESULT_SENT, "ok C0OPS 1700000009.000200", POSTED_MEMO);
        SEND(scene, { .method = "conversations.history", .answer = "{\"ok\":false,\"error\":\"not_in_channel\"}" },
             { .method = "chat.postMessage", .answer = POSTED });
        check_result(&scene, RESULT_SENT, "ok C0OPS 1700000009.000200; posted without knowing whether it was there already: "
                                          "not_in_channel", POSTED_MEMO);

        SEND(scene, { .method = "conversations.history", .status = 429, .answer = "{\"ok\":false,\"error\":\"ratelimited\"}",
                      .retry_after_ms = 20000 });
        check_result(&scene, RESULT_TRY_AGAIN, "conversations.history: 429 {\"ok\":false,\"error\":\"ratelimited\"}", "{\"looks\":1}");
        ck_assert_int_eq(scene.report.retry_after_ms, 20000);
        ck_assert(scene.report.unclear); /* still */
        scene.request.memo = "{\"looks\":2}";
        SEND(scene, { .method = "conversations.history", .code = -ERR_TIMEOUT, .begun = true });
        ck_assert_str_eq(scene.report.memo, "{\"looks\":3}");
        scene.request.memo = "{\"looks\":3}";
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED });
        ck_assert_int_eq(scene.report.result, RESULT_SENT);
        /* Stopped while looking: nothing is spent. */
        scene.request.memo = NULL;
        SEND(scene, { .method = "conversations.history", .code = -ERR_CANCELLED, .begun = true });
        ck_assert_int_eq(scene.report.result, RESULT_CANCELLED);
        ck_assert_ptr_null(scene.report.memo);
        tear_down(&scene);
}
END_TEST

/* A channel with a long history is not looked through for ever. */
START_TEST(search_is_bounded)
{
        struct scene scene;
        struct step steps[21];
        set_up(&scene, "new", true);
        scene.request.unclear = true;
        for (int i = 0; i < 20; i++)
                steps[i] = (struct step) { .method = "conversations.history", .answer =
                        "{\"ok\":true,\"messages\":[],\"response_metadata\":{\"next_cursor\":\"again\"}}" };
        steps[20] = (struct step) { .method = "chat.postMessage", .answer = POSTED };
        send(&scene, steps, 21);
        check_result(&scene, RESULT_SENT, "ok C0OPS 1700000009.000200; not all of the channel was looked through", POSTED_MEMO);
        tear_down(&scene);
}
END_TEST

static const struct refusal_row {
        struct step step;
        enum delivery_result result;
        bool unclear;
        const char *answer;
} refusals[] = {
        { { .answer = "{\"ok\":false,\"error\":\"invalid_auth\"}" }, RESULT_REFUSED, false,
          "invalid_auth: the token is not valid" },
        { { .answer = "{\"ok\":false,\"error\":\"channel_not_found\"}" }, RESULT_REFUSED, false,
          "channel_not_found: there is no such channel, or it is private and the app is not in it" },
        { { .answer = "{\"ok\":false,\"error\":\"not_in_channel\"}" }, RESULT_REFUSED, false,
          "not_in_channel: the app is not in the channel: invite it there" },
        { { .answer = "{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"chat:write\"}" }, RESULT_REFUSED, false,
          "missing_scope (chat:write): the app needs this permission: add it and install the app again" },
        { { .answer = "{\"ok\":false,\"error\":\"something_new\"}" }, RESULT_REFUSED, false, "something_new" },
        { { .answer = "{\"ok\":false,\"error\":\"a\\r\\nb\\u0000c" TOKEN "\"}" }, RESULT_TRY_AGAIN, true,
          "chat.postMessage: 200 and no answer of Slack's" },
        { { .answer = "{\"ok\":false,\"error\":\"a\\r\\nb " TOKEN "\"}" }, RESULT_REFUSED, false, "a b [secret]" },
        { { .answer = "{\"ok\":false,\"error\":7}" }, RESULT_REFUSED, false, "an error without a name" },
        { { .answer = "{\"ok\":false}" }, RESULT_REFUSED, false, "an error without a name" },
        { { .answer = "{\"ok\":false,\"error\":\"ratelimited\"}", .status = 429, .retry_after_ms = 30000 }, RESULT_TRY_AGAIN,
          false, "chat.postMessage: 429 {\"ok\":false,\"error\":\"ratelimited\"}" },
        { { .answer = "{\"ok\":false,\"error\":\"rate_limited\"}", .retry_after_ms = 7000 }, RESULT_TRY_AGAIN, false,
          "chat.postMessage: 200 rate_limited" },
        { { .answer = "{\"ok\":false,\"error\":\"fatal_error\"}" }, RESULT_TRY_AGAIN, true, "chat.postMessage: 200 fatal_error" },
        { { .answer = "{\"ok\":false,\"error\":\"service_unavailable\"}" }, RESULT_TRY_AGAIN, false,
          "chat.postMessage: 200 service_unavailable" },
        { { .answer = "{\"ok\":false,\"error\":\"access_denied\"}", .status = 403 }, RESULT_REFUSED, false,
          "access_denied: access is denied" },
        { { .answer = "not found", .status = 404 }, RESULT_REFUSED, false, "404 not found" },
        { { .answer = NULL, .status = 404 }, RESULT_REFUSED, false, "404" },
        { { .answer = "no /api at " API, .status = 404 }, RESULT_REFUSED, false, "404 no /api at " API }, /* no secret */
        { { .answer = "bad gateway", .status = 502 }, RESULT_TRY_AGAIN, true, "chat.postMessage: 502 bad gateway" },
        { { .answer = "", .status = 302 }, RESULT_TRY_AGAIN, false, "chat.postMessage: 302" },
        { { .answer = "<html>log in</html>" }, RESULT_TRY_AGAIN, true, "chat.postMessage: 200 and no answer of Slack's" },
        { { .answer = "ok" }, RESULT_TRY_AGAIN, true, "chat.postMessage: 200 and no answer of Slack's" },
        { { .answer = "{\"ok\":1}" }, RESULT_TRY_AGAIN, true, "chat.postMessage: 200 and no answer of Slack's" },
        { { .answer = NULL }, RESULT_TRY_AGAIN, true, "chat.postMessage: 200 and no answer of Slack's" },
        { { .code = -ERR_TIMEOUT, .begun = true }, RESULT_TRY_AGAIN, true, "slack.example.com:443: it failed" },
        { { .code = -ERR_CONNECTION, .begun = false }, RESULT_TRY_AGAIN, false, "slack.example.com:443: it failed" },
        { { .code = -ERR_CANCELLED, .begun = true }, RESULT_CANCELLED, true, "slack.example.com:443: it failed" },
};

START_TEST(answers_mean)
{
        const struct refusal_row *row = &refusals[_i];
        struct step step = row->step;
        struct scene scene;
        step.method = "chat.postMessage";
        set_up(&scene, "new", true);
        send(&scene, &step, 1);
        check_result(&scene, row->result, row->answer, NULL);
        ck_assert(scene.report.unclear == row->unclear);
        ck_assert_int_eq(scene.report.retry_after_ms, step.retry_after_ms ? step.retry_after_ms : -1);
        tear_down(&scene);
}
END_TEST

/* Where Slack does not take the form, it gets a simpler one: the message matters. */
START_TEST(simpler_forms)
{
        struct scene scene;
        set_up(&scene, "lowered", true);
        follow(&scene, HEAD_MEMO);
        SEND(scene, { .method = "chat.postMessage", .answer = "{\"ok\":false,\"error\":\"msg_blocks_too_long\"}" },
             { .method = "chat.postMessage", .answer = "{\"ok\":false,\"error\":\"metadata_must_be_sent_from_app\"}",
               .lacks = "\"blocks\"" },
             { .method = "chat.postMessage", .answer = "{\"ok\":false,\"error\":\"cannot_reply_to_message\"}",
               .lacks = "metadata" },
             { .method = "chat.postMessage", .answer = POSTED, .lacks = "thread_ts", .contains = "```\\ndelivery 00112233\"" });
        check_result(&scene, RESULT_SENT, "ok C0OPS 1700000009.000200"
                     "; in a simpler form, since Slack refused the other: msg_blocks_too_long"
                     "; in a simpler form, since Slack refused the other: metadata_must_be_sent_from_app"
                     "; in a simpler form, since Slack refused the other: cannot_reply_to_message", POSTED_MEMO);
        /* And there is an end to it. */
        scene.request.thread_memo = NULL;
        SEND(scene, { .method = "chat.postMessage", .answer = "{\"ok\":false,\"error\":\"invalid_blocks\"}" },
             { .method = "chat.postMessage", .answer = "{\"ok\":false,\"error\":\"invalid_blocks\"}" });
        ck_assert_int_eq(scene.report.result, RESULT_REFUSED);
        /* The edit too. */
        scene.request.thread_memo = HEAD_MEMO;
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED },
             { .method = "chat.update", .answer = "{\"ok\":false,\"error\":\"invalid_metadata_format\"}", .contains = "metadata" },
             { .method = "chat.update", .answer = UPDATED, .lacks = "metadata" });
        ck_assert_int_eq(scene.report.result, RESULT_SENT);
        tear_down(&scene);
}
END_TEST

/* Once it is posted it is not posted again, whatever becomes of the edit. */
START_TEST(edits_are_tried_again)
{
        struct scene scene;
        set_up(&scene, "lowered", true);
        follow(&scene, HEAD_MEMO);
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED },
             { .method = "chat.update", .status = 429, .answer = "slow down", .retry_after_ms = 9000 });
        check_result(&scene, RESULT_TRY_AGAIN, "posted; the first message of the thread is not edited yet: chat.update: 429 slow "
                     "down", "{\"channel\":\"C0OPS\",\"ts\":\"1700000009.000200\",\"to\":\"C0OPS\",\"updates\":1}");
        ck_assert_int_eq(scene.report.retry_after_ms, 9000);
        ck_assert(!scene.report.unclear);
        g_autofree char *memo = g_strdup(scene.report.memo);
        scene.request.memo = memo;
        scene.request.unclear = true; /* a crash in between changes nothing */
        SEND(scene, { .method = "chat.update", .code = -ERR_TIMEOUT, .begun = true });
        ck_assert_int_eq(scene.report.result, RESULT_TRY_AGAIN);
        g_autofree char *last = g_strdup(scene.report.memo);
        scene.request.memo = last;
        SEND(scene, { .method = "chat.update", .status = 500, .answer = "oh" });
        ck_assert_int_eq(scene.report.result, RESULT_SENT);
        ck_assert_str_eq(scene.report.answer, "ok C0OPS 1700000009.000200; the first message of the thread stays as it was: "
                                              "chat.update: 500 oh");
        ck_assert_int_eq(scene.report.retry_after_ms, -1);
        ck_assert(!scene.report.unclear);
        /* A refusal, or a stop, is no reason to try again. */
        scene.request.memo = NULL;
        scene.request.unclear = false;
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED },
             { .method = "chat.update", .answer = "{\"ok\":false,\"error\":\"cant_update_message\"}" });
        check_result(&scene, RESULT_SENT, "ok C0OPS 1700000009.000200; the first message of the thread stays as it was: "
                     "cant_update_message: the message was posted by somebody else", POSTED_MEMO);
        SEND(scene, { .method = "chat.postMessage", .answer = POSTED },
             { .method = "chat.update", .code = -ERR_CANCELLED, .begun = true });
        ck_assert_int_eq(scene.report.result, RESULT_SENT);
        ck_assert_str_eq(scene.report.memo, "{\"channel\":\"C0OPS\",\"ts\":\"1700000009.000200\",\"to\":\"C0OPS\",\"updates\":1}");
        tear_down(&scene);
}
END_TEST

/* Payloads of before, and damaged ones, are sent as far as they go. */
START_TEST(odd_payloads)
{
        static const char *const payloads[] = {
                "{\"text\":\"x\",\"blocks\":[]}", "{\"blocks\":{}}", "{\"blocks\":[1,2,3],\"hotfixd\":7}",
                "{\"blocks\":[{},{},{}],\"hotfixd\":{\"head\":\"replace\",\"kind\":7,\"mention\":[]}}",
                "{\"blocks\":[{},{\"text\":{\"text\":\"<!here> x\"}}],\"text\":7,\"hotfixd\":{\"head\":\"replace\"}}",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(payloads); i++) {
                struct scene scene;
                set_up(&scene, "new", true);
                follow(&scene, HEAD_MEMO);
                scene.request.payload = payloads[i];
                const struct step steps[] = { { .method = "chat.postMessage", .answer = POSTED },
                                              { .method = "chat.update", .answer = UPDATED } };
                send(&scene, steps, strstr(payloads[i], "replace") ? 2 : 1);
                ck_assert_int_eq(scene.report.result, RESULT_SENT);
                ck_assert_ptr_null(strstr(g_ptr_array_index(scene.script.bodies, 0), "\"hotfixd\":"));
                tear_down(&scene);
        }
}
END_TEST

/* hotfixctl loads channels without their secrets. */
START_TEST(without_a_token)
{
        struct scene scene;
        set_up(&scene, "new", true);
        g_clear_pointer(&scene.channel->token, g_free);
        send(&scene, NULL, 0);
        check_result(&scene, RESULT_TRY_AGAIN, "the token is not known", NULL);
        tear_down(&scene);
}
END_TEST

START_TEST(names)
{
        static const char *const ids[] = { "C0", "G01ABC", "D9" }, *const not_ids[] = { "", "C", "c0", "#ops", "U01", "C0 ", "C0&a" };
        static const char *const stamps[] = { "1.1", "1700000000.000100" };
        static const char *const not_stamps[] = { "", ".", "1", "1.", ".1", "1.1.1", "1.1x", "-1.1", "12345678901234567.1" };
        for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
                ck_assert(slack_is_id(ids[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(not_ids); i++)
                ck_assert(!slack_is_id(not_ids[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(stamps); i++)
                ck_assert(slack_is_timestamp(stamps[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(not_stamps); i++)
                ck_assert(!slack_is_timestamp(not_stamps[i]));
        ck_assert(!slack_is_id(NULL) && !slack_is_timestamp(NULL));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("slack_send");
        TCase *c = tcase_create("threads");
        tcase_add_test(c, first_message);
        tcase_add_test(c, raised_in_thread);
        tcase_add_test(c, updated_keeps_the_mark);
        tcase_add_test(c, marks_the_head);
        tcase_add_test(c, thread_of_another_channel);
        suite_add_tcase(s, c);
        c = tcase_create("unclear");
        tcase_add_test(c, finds_itself);
        tcase_add_test(c, finds_itself_in_a_thread);
        tcase_add_test(c, finds_a_channel_by_name);
        tcase_add_test(c, posts_what_is_not_found);
        tcase_add_test(c, search_is_bounded);
        suite_add_tcase(s, c);
        c = tcase_create("answers");
        tcase_add_loop_test(c, answers_mean, 0, G_N_ELEMENTS(refusals));
        tcase_add_test(c, simpler_forms);
        tcase_add_test(c, edits_are_tried_again);
        tcase_add_test(c, odd_payloads);
        tcase_add_test(c, without_a_token);
        tcase_add_test(c, names);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
