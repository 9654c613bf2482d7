/* SPDX-License-Identifier: MIT */
#include "tests/line_server.h"

#include <check.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void raise_event(int fd)
{
        uint64_t one = 1;
        ck_assert_int_eq(write(fd, &one, sizeof(one)), sizeof(one));
}

static bool hear_line(struct line_server *server, int fd)
{
        char c = '\0';
        while (c != '\n' && read(fd, &c, 1) == 1)
                g_string_append_c(server->heard, c);
        raise_event(server->heard_event);
        return c == '\n';
}

static void play(struct line_server *server, int fd, const char *const *steps)
{
        for (size_t i = 0; steps[i]; i++) {
                if (g_str_has_prefix(steps[i], "S: ")) {
                        g_autofree char *line = g_strconcat(steps[i] + 3, "\r\n", NULL);
                        if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
                                return;
                } else if (strcmp(steps[i], "stop") == 0) {
                        raise_event(server->stop_fd);
                } else if (strcmp(steps[i], "close") == 0 || (strcmp(steps[i], "C:") == 0 && !hear_line(server, fd)))
                        return;
        }
        while (hear_line(server, fd))
                ;
}

static void *serve(void *data)
{
        struct line_server *server = data;
        for (size_t i = 0; server->scripts[i]; i++) {
                int fd = accept(server->fd, NULL, NULL);
                if (fd < 0)
                        break;
                play(server, fd, server->scripts[i]);
                close(fd);
        }
        return NULL;
}

void line_server_start(struct line_server *server, const char *const *const *scripts, int stop_fd)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(server->fd, (struct sockaddr *) &address, length), 0);
        ck_assert_int_eq(listen(server->fd, 8), 0);
        ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *) &address, &length), 0);
        server->port = ntohs(address.sin_port);
        server->scripts = scripts;
        server->stop_fd = stop_fd;
        server->heard = g_string_new(NULL);
        server->heard_event = eventfd(0, EFD_CLOEXEC);
        server->thread = g_thread_new("server", serve, server);
}

void line_server_join(struct line_server *server)
{
        if (server->thread)
                g_thread_join(g_steal_pointer(&server->thread));
}

void line_server_stop(struct line_server *server)
{
        shutdown(server->fd, SHUT_RDWR); /* ends an accept that nobody came to */
        line_server_join(server);
        close(server->fd);
        close(server->heard_event);
        g_string_free(server->heard, TRUE);
}
