/* SPDX-License-Identifier: MIT */
/* A server on loopback, in a thread, that plays one script for each connection. */
#ifndef TESTS_LINE_SERVER_H
#define TESTS_LINE_SERVER_H

#include <glib.h>

/* Steps: "S: text" says a line, "C:" hears one, "stop" raises stop_fd, "close" closes; after the last step the server
 * listens until the client goes. */
struct line_server {
        GThread *thread;
        int fd;
        unsigned port;
        const char *const *const *scripts; /* one list of steps for each connection, ended by NULL */
        GString *heard;                    /* all that the clients said */
        int heard_event;                   /* an eventfd, raised with each line heard */
        int stop_fd;                       /* an eventfd of the test's, or -1 */
};

void line_server_start(struct line_server *server, const char *const *const *scripts, int stop_fd);

/* Waits until all scripts are played. */
void line_server_join(struct line_server *server);

/* Ends it, also where a connection is still to come. */
void line_server_stop(struct line_server *server);

#endif
