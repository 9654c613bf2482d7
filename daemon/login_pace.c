/* SPDX-License-Identifier: MIT */
#include "daemon/login_pace.h"

#include <errno.h>
#include <glib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/digest.h"
#include "daemon/mailbox_retry.h"
#include "daemon/oauth2_p.h"
#include "daemon/service_p.h"

struct login_account {
        GMutex lock;
        int changed_fd;         /* eventfd, readable unless somebody has to wait for the leader's answer */
        bool has_leader;
        bool taken;             /* the last answer */
        int64_t taken_ms;       /* monotonic */
        unsigned refusals;      /* in a row */
        unsigned refused_ever;
        int64_t not_before_ms;  /* monotonic: none tries until then */
        char *refused_mailbox;  /* the one that was refused last, or NULL */
};

struct login_pace {
        GMutex lock;
        GHashTable *accounts; /* digest → struct login_account, until the end */
};

static void account_free(void *data)
{
        struct login_account *account = data;
        close(account->changed_fd);
        g_free(account->refused_mailbox);
        g_mutex_clear(&account->lock);
        g_free(account);
}

struct login_pace *login_pace_new(void)
{
        struct login_pace *pace = g_new0(struct login_pace, 1);
        g_mutex_init(&pace->lock);
        pace->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, account_free);
        return pace;
}

void login_pace_free(struct login_pace *pace)
{
        if (!pace)
                return;
        g_hash_table_unref(pace->accounts);
        g_mutex_clear(&pace->lock);
        g_free(pace);
}

static struct login_account *find_account(struct login_pace *pace, const struct config_mailbox *mailbox)
{
        const struct config_oauth2 *oauth2 = mailbox->oauth2;
        g_autofree char *host = g_ascii_strdown(mailbox->host, -1), *port = g_strdup_printf("%u", mailbox->port);
        g_autofree char *grant = oauth2 ? oauth2_identity(oauth2) : NULL;
        const char *secret = oauth2 ? oauth2->client_secret : mailbox->password;
        char key[DIGEST_TEXT_SIZE];
        digest_sha256_strings(key, host, port, mailbox->user, mailbox->auth, secret ? secret : "", grant ? grant : "",
                              oauth2 && oauth2->scope ? oauth2->scope : "", NULL);
        g_mutex_lock(&pace->lock);
        struct login_account *account = g_hash_table_lookup(pace->accounts, key);
        if (!account) {
                account = g_new0(struct login_account, 1);
                g_mutex_init(&account->lock);
                account->changed_fd = wake_new();
                g_hash_table_insert(pace->accounts, g_strdup(key), account);
        }
        g_mutex_unlock(&pace->lock);
        return account;
}

/* 0: the attempt has begun. -EAGAIN: another one has to be waited for. */
static int try_begin(struct login_account *account, struct login_attempt *attempt, bool waits, int64_t *ret_pause_ms,
                     struct error *err)
{
        int r = 0;
        g_mutex_lock(&account->lock);
        int64_t pause_ms = account->not_before_ms - clock_monotonic_ms();
        if (account->refused_mailbox && pause_ms > 0) {
                *ret_pause_ms = pause_ms;
                r = error_set(err, -ERR_AUTH, "the login was refused for mailbox %s, which has the same account",
                              account->refused_mailbox);
        } else if (account->has_leader && !account->taken && waits) {
                wake_clear(account->changed_fd);
                r = -EAGAIN;
        } else {
                attempt->refused_ever = account->refused_ever;
                attempt->leads = !account->taken && !account->has_leader;
                account->has_leader |= attempt->leads;
        }
        g_mutex_unlock(&account->lock);
        return r;
}

int login_pace_begin(struct login_pace *pace, const struct config_mailbox *mailbox, int64_t wait_max_ms, int stop_fd,
                     struct login_attempt *attempt, int64_t *ret_pause_ms, struct error *err)
{
        struct login_account *account = find_account(pace, mailbox);
        int64_t deadline_ms = clock_monotonic_ms() + wait_max_ms;
        *attempt = (struct login_attempt) { .account = account, .mailbox = mailbox->name };
        for (;;) {
                int64_t left_ms = deadline_ms - clock_monotonic_ms();
                int r = try_begin(account, attempt, left_ms > 0, ret_pause_ms, err);
                if (r != -EAGAIN)
                        return r;
                wake_wait(stop_fd, account->changed_fd, left_ms);
                if (wake_is_set(stop_fd))
                        return error_set(err, -ERR_CANCELLED, "stopped");
        }
}

static void note_refusal(struct login_account *account, const struct login_attempt *attempt)
{
        int64_t now_ms = clock_monotonic_ms();
        /* Those that were under way together are one. */
        bool is_first = account->refused_ever == attempt->refused_ever;
        bool was_good = account->taken && now_ms - account->taken_ms >= MAILBOX_GOOD_SESSION_MS;
        if (is_first)
                account->refusals = was_good ? 1 : account->refusals + 1;
        if (is_first || account->not_before_ms <= now_ms)
                account->not_before_ms = now_ms + mailbox_retry_ms(MAILBOX_LOGIN, account->refusals, g_random_double());
        account->refused_ever++;
        account->taken = false;
        g_free(account->refused_mailbox);
        account->refused_mailbox = g_strdup(attempt->mailbox);
}

int64_t login_pace_end(struct login_attempt *attempt, enum login_answer answer)
{
        struct login_account *account = attempt->account;
        int64_t pause_ms = 0;
        g_mutex_lock(&account->lock);
        if (answer == LOGIN_ANSWER_TAKEN) {
                if (!account->taken)
                        account->taken_ms = clock_monotonic_ms();
                account->taken = true;
                g_clear_pointer(&account->refused_mailbox, g_free);
        } else if (answer == LOGIN_ANSWER_REFUSED) {
                note_refusal(account, attempt);
                pause_ms = MAX(account->not_before_ms - clock_monotonic_ms(), 1);
        }
        if (attempt->leads)
                account->has_leader = false;
        wake_signal(account->changed_fd);
        g_mutex_unlock(&account->lock);
        return pause_ms;
}
