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

/* Authentication-Results of a mail */
#define LIMIT_AUTHENTICATION_FIELDS 20u      /* the topmost ones; the rest is not looked at */
#define LIMIT_AUTHENTICATION_RESULTS 32u     /* of one field; beyond this, and the next two, it states nothing */
#define LIMIT_AUTHENTICATION_PROPERTIES 16u  /* of one result */
#define LIMIT_AUTHENTICATION_VALUE_BYTES KIB /* one word or value; an address in From too */

/* Text of a mail */
#define LIMIT_TEXT_BYTES_DEFAULT (2u * MIB) /* [daemon] max-text-size: one text or HTML part */
#define LIMIT_TEXT_BYTES_MIN (64u * KIB)
#define LIMIT_TEXT_BYTES (8u * MIB)         /* the largest value that setting takes */
#define LIMIT_TEXT_PARTS_RATIO 4u           /* all parts that are read, as a multiple of that setting */
#define LIMIT_TEXT_READINGS 100u            /* ways to read the parts of one mail; most parts have one */

/* Document */
#define LIMIT_HTML_DEPTH 200u         /* elements that mean something (tables, cells, links, bold, …), one in another */
#define LIMIT_HTML_OPEN_ELEMENTS 512u /* of all kinds: libxml2's work for each tag grows with them */
#define LIMIT_HTML_ATTRIBUTES 256u    /* of one tag: libxml2 compares each with all before it */
#define LIMIT_URL_BYTES 8192u         /* a longer one is left out */
#define LIMIT_DOCUMENT_BLOCKS 50000u
#define LIMIT_TABLE_CELLS 50000u      /* of all tables, rows and tables counted too */
#define LIMIT_DOCUMENT_LINKS 5000u    /* further ones are left out */

/* Bulletin */
#define LIMIT_LIST_MEMBERS 2000u /* each list of a bulletin is cut at this many */
#define LIMIT_LINKS 500u         /* likewise its links */
#define LIMIT_IDS 200u           /* likewise superseded bulletins, CVE names */

/* Parser worker */
#define LIMIT_WORKER_WALL_MS 20000u   /* [daemon] parser-timeout: one mail, by the daemon's clock */
#define LIMIT_WORKER_WALL_MS_MIN 1000u
#define LIMIT_WORKER_WALL_MS_MAX 600000u
#define LIMIT_WORKER_CPU_MS 2000u     /* [daemon] parser-cpu-time: one mail */
#define LIMIT_WORKER_CPU_MS_MIN 1000u
#define LIMIT_WORKER_CPU_MS_MAX 600000u
#define LIMIT_WORKER_MEMORY_BYTES (256ul * MIB) /* [daemon] parser-memory: address space */
#define LIMIT_WORKER_MEMORY_BYTES_MIN (128ul * MIB)
#define LIMIT_WORKER_MEMORY_BYTES_MAX (4096ul * MIB)
#define LIMIT_WORKER_STACK_BYTES (64ul * MIB) /* GMime reads nested groups of addresses by recursion */
#define LIMIT_WORKER_REPLY_BYTES (24u * MIB)
#define LIMIT_WORKER_REPLY_VALUES 400000u /* texts, numbers and the like in a reply */
#define LIMIT_WORKER_MAILS 10000u /* then a fresh process takes over */

/* IMAP */
#define LIMIT_IMAP_LINE_BYTES (64u * KIB)    /* one response without its literals */
#define LIMIT_IMAP_SEARCH_BYTES (24u * MIB)  /* the numbers of an untagged SEARCH or ESEARCH; they are not kept as text */
#define LIMIT_IMAP_SEARCH_UIDS (2u * MIB)    /* how many numbers, and how many messages: 4 bytes each */
#define LIMIT_IMAP_DEPTH 32u                 /* nested parentheses */
#define LIMIT_IMAP_CHUNK_MESSAGES 200u       /* one UID FETCH command */
#define LIMIT_IMAP_CHUNK_BYTES (2u * MIB)    /* of RFC822.SIZE, likewise; two are under way at a time */
/* Of mails fetched and not yet stored, and what was made of them, all mailboxes together */
#define LIMIT_QUEUE_BYTES (10u * MIB)

/* Store */
#define LIMIT_FEED_BYTES (5u * MIB / 2) /* of what was just stored, on its way to the archive */
#define LIMIT_BATCH_MAILS 256u /* one transaction */
#define LIMIT_BATCH_WAIT_MS 100u /* how long a mail of a history waits for others to share its transaction */

/* Configuration */
#define LIMIT_CONFIG_BYTES (1u * MIB)
#define LIMIT_CREDENTIAL_BYTES (64u * KIB)
#define LIMIT_TOKEN_BYTES (16u * KIB) /* an access token or refresh token of OAuth2 */

/* Answers of notification peers that are kept */
#define LIMIT_ANSWER_BYTES (64u * KIB)
#define LIMIT_ANSWER_KEPT_BYTES 500u
#define LIMIT_HISTORY_BYTES (4u * MIB) /* Slack's Web API: a page of a channel's history; it repeats whole messages */

/* Mails of our own */
#define LIMIT_ATTACHMENT_BYTES (10u * MIB) /* a larger original is not attached */

#endif
