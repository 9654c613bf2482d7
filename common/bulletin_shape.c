/* SPDX-License-Identifier: MIT */
#include "common/bulletin_p.h"

#include <stddef.h>

#include "common/limits.h"

/* Bounds on what one bulletin holds. They are above everything a parser makes of a real mail: their work is to stop a
 * worker process that was taken over. */
#define NAME_BYTES ((size_t) 1024)          /* ids, numbers, versions, names of charsets */
#define LINE_BYTES ((size_t) 64 * KIB)      /* titles, cells, addresses, reasons */
#define PROSE_BYTES ((size_t) LIMIT_TEXT_BYTES)
#define LIST_MEMBERS ((size_t) 10000)
#define WARNING_MEMBERS ((size_t) BULLETIN_WARNINGS_MAX)

#define KEY(name) \
        .key = (name), .key_size = sizeof(name) - 1, .json_key = ",\"" name "\":", .json_key_size = sizeof(name) + 3
#define TEXT(struct_name, name, bytes) \
        { KEY(#name), .type = MEMBER_TEXT, .offset = offsetof(struct struct_name, name), .max_bytes = (bytes) }
#define NUMBER(json_key, struct_name, name) \
        { KEY(json_key), .type = MEMBER_NUMBER, .offset = offsetof(struct struct_name, name) }
#define CHOICE(json_key, field) \
        { KEY(json_key), .type = MEMBER_CHOICE, .offset = offsetof(struct bulletin, fields[field]), \
          .values = (field), .max_bytes = LINE_BYTES, .matters = true }
#define SHAPE_BASE(name, of) \
        .members = name##_members, .count = G_N_ELEMENTS(name##_members), .size = sizeof(struct of), \
        .create = create_##of, .destroy = (GDestroyNotify) of##_free
#define SHAPE(name, of) static const struct shape name##_shape = { SHAPE_BASE(name, of) }
#define GROUP(name) static const struct shape name##_shape = { name##_members, .count = G_N_ELEMENTS(name##_members) }

static gpointer create_affected(void)
{
        return affected_new(NULL, NULL);
}

static const struct member affected_members[] = {
        TEXT(affected, software, LINE_BYTES),
        TEXT(affected, platforms, LINE_BYTES),
};
SHAPE(affected, affected);

static gpointer create_lab_test(void)
{
        return lab_test_new(NULL);
}

static const struct member test_members[] = {
        TEXT(lab_test, platform, LINE_BYTES),
        { KEY("result"), .type = MEMBER_CHOICE, .offset = offsetof(struct lab_test, result),
          .values = VALUES_OF_TESTS, .max_bytes = LINE_BYTES },
};
SHAPE(test, lab_test);

static gpointer create_download(void)
{
        return download_new(NULL, NULL, NULL);
}

static const struct member download_members[] = {
        TEXT(download, platform, LINE_BYTES),
        TEXT(download, center, LINE_BYTES),
        TEXT(download, catalog, LINE_BYTES),
};
SHAPE(download, download);

static gpointer create_package_file(void)
{
        return package_file_new(NULL, NULL, NULL, -1, NULL, NULL);
}

/* A package's own file comes without description and folder, so it has fewer keys. */
static const struct member package_own_file_members[] = {
        TEXT(package_file, name, LINE_BYTES),
        TEXT(package_file, date, NAME_BYTES),
        TEXT(package_file, version, NAME_BYTES),
        NUMBER("size", package_file, size),
};
SHAPE(package_own_file, package_file);

static const struct member file_members[] = {
        TEXT(package_file, name, LINE_BYTES),
        TEXT(package_file, date, NAME_BYTES),
        TEXT(package_file, version, NAME_BYTES),
        NUMBER("size", package_file, size),
        TEXT(package_file, description, LINE_BYTES),
        TEXT(package_file, folder, LINE_BYTES),
};
SHAPE(file, package_file);

static gpointer create_package(void)
{
        return package_new(NULL);
}

static const struct member package_members[] = {
        TEXT(package, product, LINE_BYTES),
        { KEY("file"), .type = MEMBER_REFERENCE, .offset = offsetof(struct package, file),
          .shape = &package_own_file_shape },
        { KEY("files"), .type = MEMBER_OBJECTS, .offset = offsetof(struct package, files), .shape = &file_shape,
          .max_members = LIST_MEMBERS },
};
SHAPE(package, package);

static gpointer create_deployment(void)
{
        return deployment_new(NULL, NULL);
}

static const struct member deployment_members[] = {
        TEXT(deployment, package, LINE_BYTES),
        TEXT(deployment, product, LINE_BYTES),
        NUMBER("50", deployment, minutes[0]),
        NUMBER("100", deployment, minutes[1]),
        NUMBER("250", deployment, minutes[2]),
        NUMBER("500", deployment, minutes[3]),
};
SHAPE(deployment, deployment);

static gpointer create_update_expert(void)
{
        return update_expert_new(NULL, NULL);
}

static const struct member update_expert_members[] = {
        TEXT(update_expert, product, LINE_BYTES),
        TEXT(update_expert, text, LINE_BYTES),
};
SHAPE(update_expert, update_expert);

static gpointer create_bulletin_entry(void)
{
        return bulletin_entry_new(NULL, NULL, NULL);
}

/* What it is about: its type is the same for many. */
static char *name_entry(const void *object)
{
        const struct bulletin_entry *entry = object;
        if (entry->id)
                return g_strdup(entry->id);
        if (entry->kbs->len > 0)
                return g_strconcat("KB", g_ptr_array_index(entry->kbs, 0), NULL);
        return g_strdup(entry->title ? entry->title : entry->type ? entry->type : "");
}

static const struct member entry_members[] = {
        TEXT(bulletin_entry, type, LINE_BYTES),
        TEXT(bulletin_entry, id, NAME_BYTES),
        { KEY("kbs"), .type = MEMBER_TEXTS, .offset = offsetof(struct bulletin_entry, kbs), .max_bytes = NAME_BYTES,
          .max_members = LIST_MEMBERS, .form = FORM_DIGITS },
        TEXT(bulletin_entry, title, LINE_BYTES),
};
static const struct shape entry_shape = { SHAPE_BASE(entry, bulletin_entry), .name = name_entry };

static gpointer create_section(void)
{
        return section_new(NULL, NULL);
}

static const struct member section_members[] = {
        TEXT(section, heading, LINE_BYTES),
        TEXT(section, text, PROSE_BYTES),
};
SHAPE(section, section);

static gpointer create_link(void)
{
        return link_new(NULL, NULL);
}

static const struct member link_members[] = {
        TEXT(link, text, LINE_BYTES),
        TEXT(link, url, LINE_BYTES),
};
SHAPE(link, link);

static gpointer create_charset_use(void)
{
        return charset_use_new(NULL, NULL, false);
}

static const struct member charset_members[] = {
        TEXT(charset_use, declared, NAME_BYTES),
        TEXT(charset_use, used, NAME_BYTES),
        { KEY("repaired"), .type = MEMBER_FLAG, .offset = offsetof(struct charset_use, repaired) },
};
SHAPE(charset, charset_use);

static const struct member mail_members[] = {
        TEXT(mail_info, message_id, LINE_BYTES),
        TEXT(mail_info, from, LINE_BYTES),
        TEXT(mail_info, subject, LINE_BYTES),
        { KEY("date"), .type = MEMBER_TEXT, .offset = offsetof(struct mail_info, date), .max_bytes = NAME_BYTES,
          .form = FORM_TIME },
        { KEY("sha256"), .type = MEMBER_TEXT, .offset = offsetof(struct mail_info, sha256), .max_bytes = NAME_BYTES,
          .form = FORM_SHA256 },
        { KEY("charsets"), .type = MEMBER_OBJECTS, .offset = offsetof(struct mail_info, charsets),
          .shape = &charset_shape, .max_members = LIST_MEMBERS },
};
GROUP(mail);

static const struct member environment_members[] = {
        CHOICE("server", FIELD_ENVIRONMENT_SERVER),
        CHOICE("client", FIELD_ENVIRONMENT_CLIENT),
};
GROUP(environment);

static const struct member attack_members[] = {
        CHOICE("remote", FIELD_ATTACK_REMOTE),
        CHOICE("worm", FIELD_ATTACK_WORM),
        CHOICE("email", FIELD_ATTACK_EMAIL),
        CHOICE("web", FIELD_ATTACK_WEB),
};
GROUP(attack);

static const struct member impact_members[] = {
        CHOICE("code_execution", FIELD_IMPACT_CODE_EXECUTION),
        CHOICE("privilege_elevation", FIELD_IMPACT_PRIVILEGE_ELEVATION),
        CHOICE("information_disclosure", FIELD_IMPACT_INFORMATION_DISCLOSURE),
        CHOICE("denial_of_service", FIELD_IMPACT_DENIAL_OF_SERVICE),
        CHOICE("spoofing", FIELD_IMPACT_SPOOFING),
};
GROUP(impact);

#define TOP_TEXT(name, bytes, text_form, text_label) \
        { KEY(#name), .type = MEMBER_TEXT, .offset = offsetof(struct bulletin, name), .max_bytes = (bytes), \
          .form = (text_form), .label = (text_label) }
#define TOP_DATE(name, date_label) \
        { KEY(#name), .type = MEMBER_DATE, .offset = offsetof(struct bulletin, name), .label = (date_label) }
#define TOP_IDS(name, text_form, list_label) \
        { KEY(#name), .type = MEMBER_TEXTS, .offset = offsetof(struct bulletin, name), .max_bytes = NAME_BYTES, \
          .max_members = LIST_MEMBERS, .form = (text_form), .label = (list_label), .matters = true }
#define TOP_LIST(json_key, name, list_shape, list_label, list_matters) \
        { KEY(json_key), .type = MEMBER_OBJECTS, .offset = offsetof(struct bulletin, name), .shape = (list_shape), \
          .max_members = LIST_MEMBERS, .label = (list_label), .matters = (list_matters) }
#define TOP_GROUP(json_key, group_shape) { KEY(json_key), .type = MEMBER_GROUP, .shape = (group_shape) }

/* The order is the order in JSON and of differences. */
static const struct member bulletin_members[] = {
        { KEY("schema"), .type = MEMBER_SCHEMA, .envelope = true },
        TOP_TEXT(feed, NAME_BYTES, FORM_FEED, "配信元"),
        { KEY("kind"), .type = MEMBER_KIND, .offset = offsetof(struct bulletin, kind), .label = "種類" },
        TOP_TEXT(id, NAME_BYTES, FORM_ANY, "セキュリティ番号"),
        TOP_IDS(kbs, FORM_DIGITS, "サポート技術情報"),
        TOP_DATE(edition, "版"),
        TOP_DATE(registered, "登録日"),
        TOP_DATE(updated, "更新日"),
        CHOICE("severity", FIELD_SEVERITY),
        CHOICE("urgency", FIELD_URGENCY),
        CHOICE("measure", FIELD_MEASURE),
        CHOICE("exploit_code", FIELD_EXPLOIT_CODE),
        CHOICE("exploit_published", FIELD_EXPLOIT_PUBLISHED),
        CHOICE("attacks_observed", FIELD_ATTACKS_OBSERVED),
        CHOICE("restart", FIELD_RESTART),
        CHOICE("uninstall", FIELD_UNINSTALL),
        TOP_GROUP("environments", &environment_shape),
        TOP_TEXT(title, LINE_BYTES, FORM_ANY, "タイトル"),
        TOP_TEXT(vendor_title, LINE_BYTES, FORM_ANY, "マイクロソフトのタイトル"),
        TOP_IDS(supersedes, FORM_ANY, "含まれる過去の修正"),
        TOP_IDS(cves, FORM_ANY, "脆弱性識別番号"),
        TOP_GROUP("attack_vectors", &attack_shape),
        TOP_GROUP("impacts", &impact_shape),
        TOP_LIST("affected", affected, &affected_shape, "対象プラットフォーム", true),
        TOP_LIST("tests", tests, &test_shape, "適用テストの結果", true),
        TOP_LIST("downloads", downloads, &download_shape, "ダウンロード先", true),
        TOP_LIST("packages", packages, &package_shape, "ファイル情報", true),
        TOP_LIST("deployment_minutes", deployments, &deployment_shape, "予想適用時間", false),
        TOP_LIST("update_expert", update_expert, &update_expert_shape, "UpdateEXPERT上の表示", false),
        { KEY("entries"), .type = MEMBER_OBJECTS, .offset = offsetof(struct bulletin, entries), .shape = &entry_shape,
          .max_members = LIST_MEMBERS, .label = "掲載情報", .matters = true, .added_later = true },
        TOP_LIST("sections", sections, &section_shape, NULL, false),
        TOP_LIST("links", links, &link_shape, "リンク", false),
        { KEY("mail"), .type = MEMBER_OBJECT, .offset = offsetof(struct bulletin, mail), .shape = &mail_shape,
          .envelope = true },
        { KEY("warnings"), .type = MEMBER_WARNINGS, .offset = offsetof(struct bulletin, warnings),
          .max_bytes = LINE_BYTES, .max_members = WARNING_MEMBERS, .envelope = true },
};

static gpointer create_bulletin(void)
{
        return bulletin_new();
}

const struct shape bulletin_shape = { SHAPE_BASE(bulletin, bulletin) };
