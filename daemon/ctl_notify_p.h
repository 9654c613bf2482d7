/* SPDX-License-Identifier: MIT */
/* The actions of "hotfixctl notify". Each returns the exit status; the configuration is loaded. */
#ifndef DAEMON_CTL_NOTIFY_P_H
#define DAEMON_CTL_NOTIFY_P_H

struct notify_options {
        const char *route, *channel; /* only these, or NULL */
        const char *html;            /* the file for the HTML part, or NULL */
};

int notify_preview(const char *id, const struct notify_options *options);
int notify_test(const char *channel);

#endif
