/* SPDX-License-Identifier: MIT */
/* Every limit on input from outside, in one place. Those a user may set have their default here. */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

#define KIB 1024u
#define MIB (1024u * 1024u)

/* Mail */
#define LIMIT_MESSAGE_BYTES_DEFAULT (25u * MIB) /* [daemon] max-message-size */
#define LIMIT_MESSAGE_BYTES_MAX (256u * MIB)    /* the largest value that setting takes */
#define LIMIT_MIME_DEPTH 32u                    /* nesting of multiparts and message/rfc822 */
#define LIMIT_MIME_PARTS 1000u
#define LIMIT_HEADER_BYTES (256u * KIB) /* the header block of one message or part */
#define LIMIT_HEADER_VALUE_BYTES (16u * KIB) /* one decoded header value that is kept */

/* Document */
#define LIMIT_TEXT_BYTES (8u * MIB) /* one text part after decoding */
#define LIMIT_HTML_DEPTH 200u
#define LIMIT_DOCUMENT_BLOCKS 200000u
#define LIMIT_TABLE_CELLS 100000u

/* Parser worker */
#define LIMIT_WORKER_WALL_MS 20000u  /* one mail, by the daemon's clock */
#define LIMIT_WORKER_CPU_SECONDS 10u /* one mail */
#define LIMIT_WORKER_MEMORY_BYTES (512ul * MIB) /* address space */
#define LIMIT_WORKER_REPLY_BYTES (32u * MIB)
#define LIMIT_WORKER_MAILS 10000u /* then a fresh process takes over */

/* IMAP */
#define LIMIT_IMAP_LINE_BYTES (64u * KIB)    /* one response without its literals */
#define LIMIT_IMAP_SEARCH_BYTES (16u * MIB)  /* an untagged SEARCH or ESEARCH line, which grows with the mailbox */
#define LIMIT_IMAP_DEPTH 32u                 /* nested parentheses */
#define LIMIT_IMAP_CHUNK_MESSAGES 200u       /* one UID FETCH command */
#define LIMIT_IMAP_CHUNK_BYTES (8u * MIB)    /* of RFC822.SIZE, likewise */
#define LIMIT_QUEUE_BYTES (16u * MIB)        /* mails fetched and not yet stored, all mailboxes together */

/* Store */
#define LIMIT_BATCH_MAILS 256u /* one transaction */
#define LIMIT_BATCH_WAIT_MS 20u

/* Configuration */
#define LIMIT_CONFIG_BYTES (1u * MIB)
#define LIMIT_CREDENTIAL_BYTES (64u * KIB)

/* Answers of notification peers that are kept */
#define LIMIT_ANSWER_BYTES (64u * KIB)
#define LIMIT_ANSWER_KEPT_BYTES 500u

#endif
