/* SPDX-License-Identifier: MIT */
/* Configurations for tests: texts that are loaded from a directory of the test's own, and what came of it. */
#ifndef TESTS_CONFIG_KIT_H
#define TESTS_CONFIG_KIT_H

#include <check.h>
#include <glib.h>

#include "daemon/config.h"

#define VERIFIED "trusted-senders = @hotfix.example\nrequire-authentication = dmarc\nauthserv-id = mx\n"
#define PLACE "[mailbox m]\nurl = imaps://imap.example.org\nuser = u\n"
#define OPEN_MAILBOX PLACE "password-file = @/secret\n"
#define MAILBOX OPEN_MAILBOX VERIFIED
#define ENDPOINT "oauth2-token-url = https://login.example.org/t/token\noauth2-client-id = client\n"
#define TOKEN_MAILBOX PLACE VERIFIED "auth = xoauth2\n" ENDPOINT
/* With channels for routes. */
#define CHANNELS MAILBOX "[channel l]\ntype = log\n[channel oncall]\ntype = log\n[channel boss]\ntype = log\n"

/* The directory holds "secret", a password, and "hook", a URL that is a secret. */
extern char *conf_directory;
extern struct config *conf;             /* what was loaded, or NULL */
extern GPtrArray *conf_problems, *conf_warnings;

/* A checked fixture. */
void conf_setup(void);
void conf_teardown(void);

/* Writes a file of the test's directory; "@/" in the text stands for that directory. */
void conf_write_file(const char *name, const char *text);

/* Loads the file "test.conf"; the second writes it before. */
int conf_load_for(enum config_purpose purpose);
int conf_load_text(const char *text);

char *conf_join(GPtrArray *lines); /* newly allocated */

void conf_assert_loads(const char *text);
/* One line with this end; the lines start with the file's path. */
void conf_assert_has(GPtrArray *lines, const char *end);
/* This text beside a good mailbox gives exactly one problem, which ends so. */
void conf_assert_one_problem(const char *text, const char *end);

#endif
