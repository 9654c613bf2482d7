/* SPDX-License-Identifier: MIT */
#include "daemon/transfer_p.h"

#include <arpa/inet.h>
#include <glib.h>
#include <jansson.h>
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

/* The words of the last capabilities the server told (after STARTTLS they can be others). */
static GStrv capabilities(const char *replies)
{
        g_autofree char *upper = g_ascii_strup(replies, -1);
        const char *last = g_strrstr(upper, "* CAPABILITY ");
        if (!last)
                return NULL;
        g_autofree char *line = g_strndup(last, strcspn(last, "\r\n"));
        return g_strsplit(line + strlen("* CAPABILITY "), " ", -1);
}

bool transfer_has_capability(const char *replies, const char *word)
{
        g_auto(GStrv) words = capabilities(replies);
        return words && g_strv_contains((const char *const *) words, word);
}

bool transfer_is_login(const char *command, size_t size)
{
        static const char *const words[] = { "AUTHENTICATE ", "LOGIN " };
        const char *space = memchr(command, ' ', size);
        size_t rest = space ? size - (size_t) (space + 1 - command) : 0;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (rest >= strlen(words[i]) && g_ascii_strncasecmp(space + 1, words[i], strlen(words[i])) == 0)
                        return true;
        return false;
}

char *transfer_offered_mechanisms(const char *replies)
{
        g_auto(GStrv) words = capabilities(replies);
        g_autoptr(GString) list = g_string_new(NULL);
        for (size_t i = 0; words && words[i]; i++)
                if (g_str_has_prefix(words[i], "AUTH="))
                        g_string_append_printf(list, "%s%s", list->len ? ", " : "", words[i] + strlen("AUTH="));
        g_autofree char *line = text_make_line(list->str, list->len);
        return *line ? text_cut_chars(line, 200) : g_strdup("no mechanism");
}

/* The bytes of the last line that starts with "+ ", decoded; NULL if it is not base64 of an object. */
static json_t *last_challenge(const char *replies)
{
        g_auto(GStrv) lines = g_strsplit(replies, "\n", -1);
        json_t *challenge = NULL;
        for (guint i = g_strv_length(lines); i > 0 && !challenge; i--) {
                gsize size = 0;
                if (!g_str_has_prefix(lines[i - 1], "+ "))
                        continue;
                g_autofree guchar *bytes = g_base64_decode(lines[i - 1] + 2, &size);
                challenge = json_loadb((const char *) bytes, size, 0, NULL);
        }
        return challenge;
}

char *transfer_explain_challenge(const char *replies, const char *const *secrets)
{
        static const char *const names[] = { "status", "scope" };
        g_autoptr(GString) text = g_string_new(NULL);
        json_t *challenge = last_challenge(replies);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                const char *value = json_string_value(json_object_get(challenge, names[i]));
                g_autofree char *line = value ? text_make_line(value, strlen(value)) : NULL;
                g_autofree char *cut = line ? text_cut_chars(line, 100) : NULL;
                if (cut && *cut && !transfer_repeats_secret(value, strlen(value), secrets))
                        g_string_append_printf(text, "%s%s %s", text->len ? ", " : "", names[i], cut);
        }
        json_decref(challenge);
        return text->len ? g_strdup(text->str) : NULL;
}

/* Servers cut what they repeat. Shorter pieces than this turn up by chance. */
#define PIECE_BYTES 16u

bool transfer_repeats_secret(const char *text, size_t size, const char *const *secrets)
{
        for (size_t i = 0; secrets && secrets[i]; i++) {
                size_t length = strlen(secrets[i]);
                if (length > 0 && memmem(text, size, secrets[i], length))
                        return true;
                for (size_t at = 0; length > PIECE_BYTES && at + PIECE_BYTES <= size; at++)
                        if (memmem(secrets[i], length, text + at, PIECE_BYTES))
                                return true;
        }
        return false;
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

/* user=U ^A auth=Bearer T ^A ^A; RFC 7628 section 3.1 */
#define XOAUTH2_FORM "user=%s\001auth=Bearer %s\001\001"
#define OAUTHBEARER_FORM "n,a=%s,\001host=%s\001port=%u\001auth=Bearer %s\001\001"

char *transfer_escape_name(const char *user)
{
        GString *name = g_string_new(NULL);
        for (const char *c = user; *c; c++) {
                if (*c == ',' || *c == '=')
                        g_string_append(name, *c == ',' ? "=2C" : "=3D");
                else
                        g_string_append_c(name, *c);
        }
        return g_string_free(name, FALSE);
}

static void add_base64(GPtrArray *forms, char *text)
{
        g_ptr_array_add(forms, g_base64_encode((const guchar *) text, strlen(text)));
        credential_free(text);
}

char **transfer_token_forms(const char *user, const char *host, unsigned port, const char *token)
{
        GPtrArray *forms = g_ptr_array_new();
        g_autofree char *name = transfer_escape_name(user);
        g_ptr_array_add(forms, g_strdup(token));
        add_base64(forms, g_strdup(token));
        add_base64(forms, g_strdup_printf(XOAUTH2_FORM, user, token));
        add_base64(forms, g_strdup_printf(OAUTHBEARER_FORM, name, host, port, token));
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
                if (memmem(bytes, size, secrets[i], strlen(secrets[i])))
                        return NULL;
        char *cut = text_cut_chars(line, 300);
        if (transfer_repeats_secret(cut, strlen(cut), secrets))
                g_clear_pointer(&cut, g_free);
        return cut;
}
