/* SPDX-License-Identifier: MIT */
#include "daemon/transfer_p.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "daemon/credential.h"
#include "daemon/transfer.h"

static bool ipv4_is_loopback(uint32_t address_be)
{
        return ntohl(address_be) >> 24 == 127;
}

static bool ipv6_is_loopback(const struct in6_addr *address)
{
        if (IN6_IS_ADDR_V4MAPPED(address))
                return address->s6_addr[12] == 127;
        return IN6_IS_ADDR_LOOPBACK(address);
}

bool transfer_address_is_loopback(const struct sockaddr *address)
{
        if (address->sa_family == AF_INET)
                return ipv4_is_loopback(((const struct sockaddr_in *) address)->sin_addr.s_addr);
        if (address->sa_family == AF_INET6)
                return ipv6_is_loopback(&((const struct sockaddr_in6 *) address)->sin6_addr);
        return false;
}

bool transfer_host_is_loopback(const char *host)
{
        struct in_addr ipv4;
        struct in6_addr ipv6;
        if (g_ascii_strcasecmp(host, "localhost") == 0)
                return true;
        if (inet_pton(AF_INET, host, &ipv4) == 1)
                return ipv4_is_loopback(ipv4.s_addr);
        size_t length = strlen(host);
        bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
        g_autofree char *bare = bracketed ? g_strndup(host + 1, length - 2) : g_strdup(host);
        return inet_pton(AF_INET6, bare, &ipv6) == 1 && ipv6_is_loopback(&ipv6);
}

char *transfer_normalize_lines(const char *data, size_t size, size_t *ret_size)
{
        GString *out = g_string_sized_new(size + size / 16 + 2);
        for (size_t i = 0; i < size; i++) {
                if (data[i] == '\r' && i + 1 < size && data[i + 1] == '\n')
                        i++;
                else if (data[i] != '\r' && data[i] != '\n') {
                        g_string_append_c(out, data[i]);
                        continue;
                }
                g_string_append(out, "\r\n");
        }
        if (out->len > 0 && out->str[out->len - 1] != '\n')
                g_string_append(out, "\r\n");
        *ret_size = out->len;
        return g_string_free(out, FALSE);
}

bool transfer_lacks_sasl(const char *replies)
{
        g_autofree char *upper = g_ascii_strup(replies, -1);
        return strstr(upper, "CAPABILITY ") && !strstr(upper, "AUTH=PLAIN") && !strstr(upper, "AUTH=LOGIN");
}

char **transfer_secret_forms(const char *user, const char *password)
{
        GPtrArray *forms = g_ptr_array_new();
        if (password && *password) {
                g_ptr_array_add(forms, g_strdup(password));
                g_ptr_array_add(forms, g_base64_encode((const guchar *) password, strlen(password)));
                g_autoptr(GByteArray) plain = g_byte_array_new();
                g_byte_array_append(plain, (const guint8 *) "", 1);
                if (user)
                        g_byte_array_append(plain, (const guint8 *) user, (guint) strlen(user));
                g_byte_array_append(plain, (const guint8 *) "", 1);
                g_byte_array_append(plain, (const guint8 *) password, (guint) strlen(password));
                g_ptr_array_add(forms, g_base64_encode(plain->data, plain->len));
                explicit_bzero(plain->data, plain->len);
        }
        g_ptr_array_add(forms, NULL);
        return (char **) g_ptr_array_free(forms, FALSE);
}

void transfer_free_secrets(char **secrets)
{
        if (!secrets)
                return;
        for (size_t i = 0; secrets[i]; i++)
                credential_free(secrets[i]);
        g_free(secrets);
}

char *transfer_quote_reply(const char *bytes, size_t size, const char *const *secrets)
{
        g_autofree char *valid = text_make_valid(bytes, MIN(size, LIMIT_ANSWER_BYTES), NULL);
        g_strchomp(valid);
        const char *last = strrchr(valid, '\n');
        g_autofree char *line = text_normalize(last ? last + 1 : valid);
        if (*line == '\0')
                return NULL;
        for (size_t i = 0; secrets && secrets[i]; i++)
                if (memmem(bytes, size, secrets[i], strlen(secrets[i])) || strstr(line, secrets[i]))
                        return NULL;
        return text_cut_chars(line, 300);
}
