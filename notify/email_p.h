/* SPDX-License-Identifier: MIT */
/* The two parts of an email, written from one message. */
#ifndef NOTIFY_EMAIL_P_H
#define NOTIFY_EMAIL_P_H

#include "notify/message.h"

#define EMAIL_COLUMNS 76u

/* Plain text, no line wider than EMAIL_COLUMNS except for addresses. Newly allocated. */
char *email_text_part(const struct message *message);

/* A whole HTML document with inline styles only, as mail readers want it; everything from the message is escaped. */
char *email_html_part(const struct message *message);

#endif
