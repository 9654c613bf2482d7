/* SPDX-License-Identifier: MIT */
/* What a mail server's replies mean: for each recipient, and for the delivery. */
#include "notify/email_p.h"

#include <string.h>

#define REPLY_CHARS 120u   /* of one recipient, where several are told of */
#define REFUSAL_CHARS 300u /* of one recipient, kept */

static bool is_positive(long status)
{
        return status >= 200 && status < 300;
}

/* The server does not refuse this mail but our account (RFC 4954): the mail stays due until that is put right. */
static bool is_about_account(long status)
{
        return status == 530 || status == 534 || status == 535 || status == 538;
}

static bool is_final_no(long status)
{
        return status >= 500 && status < 600 && !is_about_account(status);
}

bool email_is_refused_whole(const struct smtp_answer *answer)
{
        bool accepted = false;
        for (size_t i = 0; i < answer->recipient_count; i++)
                accepted |= is_positive(answer->recipients[i].status);
        if (answer->recipient_count == 0)
                return answer->status == 552; /* the sender's command told the size */
        return accepted && is_final_no(answer->status);
}

/* The reply starts with its own code. */
static char *full_reply(long status, const char *text)
{
        g_autofree char *code = g_strdup_printf("%ld", status);
        if (!text || g_str_has_prefix(text, code))
                return g_strdup(text ? text : code);
        return g_strdup_printf("%s %s", code, text);
}

/* What the server said that concerns this one: of him, or else of the whole mail. */
static struct smtp_reply reply_for(const struct smtp_answer *answer, size_t index)
{
        struct smtp_reply whole = { answer->status, answer->text };
        if (answer->recipient_count <= index)
                return whole;
        const struct smtp_reply *own = &answer->recipients[index];
        return is_positive(own->status) || own->status == 0 ? whole : *own;
}

static void append_one(GString *list, const char *address, const char *reply)
{
        g_autofree char *cut = message_clean_line(reply, REPLY_CHARS);
        g_string_append_printf(list, "%s%s (%s)", list->len ? ", " : "", address, cut);
}

struct outcome {
        guint all, done, refused, later;
        GString *refused_list, *later_list;
        char *done_reply; /* of the last one */
};

static void judge_one(const char *address, const struct smtp_reply *reply, bool failed, json_t *memo,
                      struct outcome *outcome)
{
        g_autofree char *text = failed ? g_strdup(reply->text) : full_reply(reply->status, reply->text);
        if (is_positive(reply->status)) {
                outcome->done++;
                email_memo_set_done(memo, address);
                g_free(outcome->done_reply);
                outcome->done_reply = g_steal_pointer(&text);
        } else if (is_final_no(reply->status)) {
                g_autofree char *kept = message_clean_line(text, REFUSAL_CHARS);
                email_memo_set_refused(memo, address, kept);
        } else {
                outcome->later++;
                append_one(outcome->later_list, address, text);
        }
}

/* Of everybody in the configuration: also who was refused, or has it, since an earlier try. */
static void count_standing(const struct channel *channel, const json_t *memo, struct outcome *outcome)
{
        g_autoptr(GPtrArray) all = email_recipients(channel);
        outcome->all = all->len;
        outcome->done = 0;
        for (guint i = 0; i < all->len; i++) {
                const char *address = g_ptr_array_index(all, i);
                const char *refusal = email_memo_refusal(memo, address);
                if (email_memo_is_done(memo, address)) {
                        outcome->done++;
                } else if (refusal) {
                        outcome->refused++;
                        append_one(outcome->refused_list, address, refusal);
                }
        }
}

/* "1 of 3 recipients has it: 250 ok; refused: …; to be tried again: …" */
static char *describe(const struct outcome *outcome)
{
        GString *text = g_string_new(NULL);
        g_string_append_printf(text, "%u of %u recipients ha%s it", outcome->done, outcome->all,
                               outcome->done == 1 ? "s" : "ve");
        if (outcome->done_reply)
                g_string_append_printf(text, ": %s", outcome->done_reply);
        if (outcome->refused > 0)
                g_string_append_printf(text, "; refused: %s", outcome->refused_list->str);
        if (outcome->later > 0)
                g_string_append_printf(text, "; to be tried again: %s", outcome->later_list->str);
        return g_string_free(text, FALSE);
}

static enum delivery_result result_of(const struct outcome *outcome, const struct smtp_answer *answer)
{
        if (outcome->later > 0)
                return answer->failure == -ERR_CANCELLED ? RESULT_CANCELLED : RESULT_TRY_AGAIN;
        return outcome->refused > 0 ? RESULT_REFUSED : RESULT_SENT;
}

/* One sentence for all where they all fared alike. */
static char *answer_text(const GPtrArray *left, const struct smtp_answer *answer, const struct outcome *outcome)
{
        struct smtp_reply reply = reply_for(answer, 0);
        guint asked = left->len - 1;
        bool alike = asked == outcome->all &&
                     (outcome->done == asked || outcome->later == asked || outcome->refused == asked);
        for (guint i = 1; alike && i < asked; i++)
                alike = reply_for(answer, i).text == reply.text;
        if (answer->failure < 0 && (alike || outcome->all == 1))
                return g_strdup_printf("%s%s", answer->text, answer->unclear ? "; the mail may have arrived" : "");
        if (alike || outcome->all == 1)
                return full_reply(reply.status, reply.text);
        return describe(outcome);
}

void email_judge(const struct channel *channel, const GPtrArray *left, const struct smtp_answer *answer, json_t *memo,
                 struct delivery_report *report)
{
        struct outcome outcome = { .refused_list = g_string_new(NULL), .later_list = g_string_new(NULL) };
        for (guint i = 0; i + 1 < left->len; i++) {
                struct smtp_reply reply = reply_for(answer, i);
                judge_one(g_ptr_array_index(left, i), &reply, answer->failure < 0 && reply.status == 0, memo, &outcome);
        }
        count_standing(channel, memo, &outcome);
        g_autofree char *text = answer_text(left, answer, &outcome);
        channel_report(channel, report, result_of(&outcome, answer), "%s", text);
        report->unclear = answer->unclear && outcome.later > 0;
        report->memo = email_memo_text(memo);
        g_free(outcome.done_reply);
        g_string_free(outcome.refused_list, TRUE);
        g_string_free(outcome.later_list, TRUE);
}
