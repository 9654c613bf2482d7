/* SPDX-License-Identifier: MIT */
/* Typed values of one section. The default of a key stands in config_keys.c, once. */
#include "daemon/config_p.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "daemon/credential.h"

#define KEY_CHARS_MIN 20u

static const struct config_key *known_key(const struct config_section *section, const char *key)
{
        const struct config_key *known = config_key_find(section->kind, key);
        g_assert(known); /* asking for a key that is not in the table is a bug of ours */
        return known;
}

bool config_is_set(const struct config_section *section, const char *key)
{
        const struct config_value *value = g_hash_table_lookup(section->values, key);
        return value && *value->text;
}

const char *config_text(const struct config_section *section, const char *key)
{
        const struct config_key *known = known_key(section, key);
        const struct config_value *value = g_hash_table_lookup(section->values, key);
        const char *text = value && *value->text ? value->text : known->default_value;
        return *text ? text : NULL;
}

static void bad_value(struct config_reader *reader, const struct config_section *section, const char *key)
{
        config_problem(reader, section, key, "bad value \"%s\"; it takes %s", config_text(section, key),
                       known_key(section, key)->values);
}

bool config_bool(struct config_reader *reader, const struct config_section *section, const char *key)
{
        static const char *const names[] = { "no", "yes", NULL };
        return config_choice(reader, section, key, names) == 1;
}

int config_choice(struct config_reader *reader, const struct config_section *section, const char *key,
                  const char *const *names)
{
        const char *text = config_text(section, key);
        for (int i = 0; text && names[i]; i++)
                if (strcmp(text, names[i]) == 0)
                        return i;
        if (!text)
                return 0;
        const char *suggestion = config_suggest(text, names);
        if (suggestion)
                config_problem(reader, section, key, "bad value \"%s\"; did you mean \"%s\"?", text, suggestion);
        else
                bad_value(reader, section, key);
        return 0;
}

unsigned config_number(struct config_reader *reader, const struct config_section *section, const char *key,
                       unsigned min, unsigned max)
{
        guint64 value = 0;
        if (text_parse_uint64(config_text(section, key), max, &value) == 0 && value >= min)
                return (unsigned) value;
        bad_value(reader, section, key);
        return min;
}

gint64 config_duration_ms(struct config_reader *reader, const struct config_section *section, const char *key,
                          gint64 min_ms, gint64 max_ms)
{
        gint64 value = 0;
        if (text_parse_duration_ms(config_text(section, key), &value) == 0 && value >= min_ms && value <= max_ms)
                return value;
        bad_value(reader, section, key);
        return min_ms;
}

guint64 config_size(struct config_reader *reader, const struct config_section *section, const char *key, guint64 min,
                    guint64 max)
{
        guint64 value = 0;
        if (text_parse_size(config_text(section, key), &value) == 0 && value >= min && value <= max)
                return value;
        bad_value(reader, section, key);
        return min;
}

char *config_path(struct config_reader *reader, const struct config_section *section, const char *key)
{
        const char *text = config_text(section, key);
        if (!text)
                return NULL;
        if (!g_path_is_absolute(text)) {
                config_problem(reader, section, key, "\"%s\" is not an absolute path", text);
                return NULL;
        }
        return g_canonicalize_filename(text, "/");
}

char *config_ca_file(struct config_reader *reader, const struct config_section *section, const char *key)
{
        char *path = config_path(reader, section, key);
        /* hotfixctl may run as a user who cannot read it, and opens no connection to the mailbox. */
        if (path && reader->purpose == CONFIG_FOR_DAEMON && access(path, R_OK) < 0)
                config_problem(reader, section, key, "\"%s\" cannot be read: %s", path, g_strerror(errno));
        return path;
}

GPtrArray *config_list(const struct config_section *section, const char *key)
{
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        const char *text = config_text(section, key);
        g_auto(GStrv) parts = g_strsplit_set(text ? text : "", ",;", -1);
        for (size_t i = 0; parts[i]; i++) {
                g_strstrip(parts[i]);
                if (*parts[i])
                        g_ptr_array_add(list, g_strdup(parts[i]));
        }
        return list;
}

bool config_has_control_characters(const char *text)
{
        for (const char *c = text; *c; c++)
                if (g_ascii_iscntrl(*c))
                        return true;
        return false;
}

bool config_is_printable(const char *text)
{
        for (const char *c = text; *c; c++)
                if (!g_ascii_isprint(*c))
                        return false;
        return true;
}

bool config_mail_address_is_valid(const char *address)
{
        const char *at = strchr(address, '@');
        if (!at || at == address || at[1] == '\0' || strlen(address) > 254)
                return false;
        for (const char *c = address; *c; c++)
                if (!g_ascii_isalnum(*c) && !strchr(c > at ? ".-" : "@.!#$%&'*+-/=?^_`{|}~", *c))
                        return false;
        return true;
}

static char *read_secret_file(struct config_reader *reader, const struct config_section *section, const char *key,
                              struct error *err)
{
        char *secret = NULL;
        const char *text = config_text(section, key);
        if (!g_path_is_absolute(text)) { /* not repeated: it may be the secret itself */
                config_problem(reader, section, key, "this is not the absolute path of a file");
                return NULL;
        }
        if (reader->purpose == CONFIG_FOR_CONTROL)
                return NULL;
        g_autofree char *path = g_canonicalize_filename(text, "/");
        if (credential_read_file(path, &secret, err) == 0 && credential_file_is_exposed(path))
                config_warning(reader, section, key, "every user of this machine can read %s", path);
        return secret;
}

/* Tokens of Slack, and keys: long, of letters and digits only. */
static bool looks_like_secret(const char *name)
{
        bool letters = false, digits = false;
        if (g_str_has_prefix(name, "xox"))
                return true;
        for (const char *c = name; *c; c++) {
                if (!g_ascii_isalnum(*c))
                        return false;
                letters |= g_ascii_isalpha(*c);
                digits |= g_ascii_isdigit(*c);
        }
        return letters && digits && strlen(name) >= KEY_CHARS_MIN;
}

static char *read_secret_named(struct config_reader *reader, const struct config_section *section, const char *key,
                               struct error *err)
{
        char *secret = NULL;
        const char *name = config_text(section, key);
        if (!credential_name_is_valid(name)) {
                config_problem(reader, section, key,
                               "this is not the name of a credential (a file name without \"/\")");
                return NULL;
        }
        int r = reader->purpose == CONFIG_FOR_DAEMON ? credential_read_named(name, &secret, err) : 0;
        if (r < 0 && looks_like_secret(name)) {
                error_clear(err); /* it repeats the name */
                config_problem(reader, section, key,
                               "there is no credential of this name, which looks like a secret itself; put that into a file "
                               "of its own, and name the file here");
        }
        return secret;
}

char *config_secret(struct config_reader *reader, const struct config_section *section, const char *key, bool required)
{
        g_autofree char *by_name = g_strconcat(key, "-credential", NULL), *by_file = g_strconcat(key, "-file", NULL);
        bool named = config_is_set(section, by_name), filed = config_is_set(section, by_file);
        if (named && filed)
                config_problem(reader, section, by_file, "%s is set as well; one of the two is enough", by_name);
        else if (!named && !filed && required)
                config_problem(reader, section, NULL, "needs %s or %s", by_name, by_file);
        if (named == filed)
                return NULL;

        struct error err = ERROR_INIT;
        char *secret = named ? read_secret_named(reader, section, by_name, &err)
                             : read_secret_file(reader, section, by_file, &err);
        if (err.code < 0)
                config_credential_problem(reader, section, named ? by_name : by_file, error_text(&err));
        error_clear(&err);
        return secret;
}
