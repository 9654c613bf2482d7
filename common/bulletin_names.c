/* SPDX-License-Identifier: MIT */
/* The part of bulletin.h that names things: fields, values, kinds. */
#include <string.h>

#include "common/bulletin_p.h"
#include "common/errors.h"

#define VALUES_MAX 5 /* of the largest set, with 0 */

static const char *const severity_names[VALUES_MAX] = { NULL, "low", "moderate", "important", "critical" };
static const char *const urgency_names[VALUES_MAX] = { NULL, "wait", "consider", "early", "immediate" };
static const char *const exploit_names[VALUES_MAX] = { NULL, "none", "available" };
static const char *const answer_names[VALUES_MAX] = { NULL, "no", "yes" };
static const char *const restart_names[VALUES_MAX] = { NULL, "not-required", "conditional", "required" };
static const char *const uninstall_names[VALUES_MAX] = { NULL, "possible", "conditional", "not-possible" };
static const char *const test_names[VALUES_MAX] = { NULL, "ok", "partial", "fail" };

static const char *const severity_labels[VALUES_MAX] = { NULL, "注意", "警告", "重要", "緊急" };
static const char *const urgency_labels[VALUES_MAX] = { NULL, "SP待ち", "適用の検討", "早期適用", "至急適用" };

static const struct {
        const char *path, *label, *english;
        const char *const *names;
        const char *const *labels;
} fields[FIELD_MAX] = {
        [FIELD_SEVERITY] = { "severity", "深刻度", "severity", severity_names, severity_labels },
        [FIELD_URGENCY] = { "urgency", "対応の緊急性", "urgency", urgency_names, urgency_labels },
        [FIELD_MEASURE] = { "measure", "対策", "measure", urgency_names, urgency_labels },
        [FIELD_EXPLOIT_CODE] = { "exploit_code", "攻撃コードの有無", "exploit code", exploit_names, NULL },
        [FIELD_EXPLOIT_PUBLISHED] = { "exploit_published", "攻撃コードの公開", "exploit published", answer_names, NULL },
        [FIELD_ATTACKS_OBSERVED] = { "attacks_observed", "攻撃事例", "attacks observed", answer_names, NULL },
        [FIELD_RESTART] = { "restart", "再起動の必要性", "restart", restart_names, NULL },
        [FIELD_UNINSTALL] = { "uninstall", "アンインストール", "uninstall", uninstall_names, NULL },
        [FIELD_ENVIRONMENT_SERVER] = { "environments.server", "サーバ", "server", answer_names, NULL },
        [FIELD_ENVIRONMENT_CLIENT] = { "environments.client", "クライアント", "client", answer_names, NULL },
        [FIELD_ATTACK_REMOTE] = { "attack_vectors.remote", "リモート攻撃", "remote attack", answer_names, NULL },
        [FIELD_ATTACK_WORM] = { "attack_vectors.worm", "ウイルス/ワーム", "virus or worm", answer_names, NULL },
        [FIELD_ATTACK_EMAIL] = { "attack_vectors.email", "電子メール添付", "email attachment", answer_names, NULL },
        [FIELD_ATTACK_WEB] = { "attack_vectors.web", "Webサイトへの誘導", "web site", answer_names, NULL },
        [FIELD_IMPACT_CODE_EXECUTION] = { "impacts.code_execution", "コードの実行", "code execution", answer_names, NULL },
        [FIELD_IMPACT_PRIVILEGE_ELEVATION] = { "impacts.privilege_elevation", "特権の昇格", "privilege elevation",
                                               answer_names, NULL },
        [FIELD_IMPACT_INFORMATION_DISCLOSURE] = { "impacts.information_disclosure", "情報の漏えい",
                                                  "information disclosure", answer_names, NULL },
        [FIELD_IMPACT_DENIAL_OF_SERVICE] = { "impacts.denial_of_service", "サービス拒否", "denial of service", answer_names,
                                             NULL },
        [FIELD_IMPACT_SPOOFING] = { "impacts.spoofing", "なりすまし", "spoofing", answer_names, NULL },
};

static const char *const kinds[BULLETIN_KIND_MAX] = {
        [BULLETIN_UNKNOWN] = "unknown", [BULLETIN_ALERT] = "alert", [BULLETIN_ADVANCE_NOTICE] = "advance-notice",
        [BULLETIN_WEEKLY] = "weekly",   [BULLETIN_NEWS] = "news",   [BULLETIN_TIPS] = "tips",
};

static const char *const bases[BASIS_MAX] = {
        [BASIS_UNDETERMINED] = "undetermined",
        [BASIS_STATED] = "stated",
        [BASIS_INFERRED] = "inferred",
};

static bool is_field(int field)
{
        return field >= 0 && field < FIELD_MAX;
}

const char *bulletin_field_path(enum bulletin_field field)
{
        return is_field((int) field) ? fields[field].path : "unknown";
}

const char *bulletin_field_label(enum bulletin_field field)
{
        return is_field((int) field) ? fields[field].label : "unknown";
}

const char *bulletin_field_english(enum bulletin_field field)
{
        return is_field((int) field) ? fields[field].english : "unknown";
}

static const char *const *names_of(int values)
{
        if (values == VALUES_OF_TESTS)
                return test_names;
        return is_field(values) ? fields[values].names : NULL;
}

const char *choice_value_name(int values, int value)
{
        const char *const *names = names_of(values);
        return names && value > 0 && value < VALUES_MAX ? names[value] : NULL;
}

int choice_value_parse(int values, const char *name)
{
        const char *const *names = names_of(values);
        for (int value = 1; names && value < VALUES_MAX; value++)
                if (names[value] && strcmp(names[value], name) == 0)
                        return value;
        return 0;
}

const char *bulletin_value_name(enum bulletin_field field, int value)
{
        return is_field((int) field) ? choice_value_name((int) field, value) : NULL;
}

int bulletin_value_parse(enum bulletin_field field, const char *name)
{
        return is_field((int) field) ? choice_value_parse((int) field, name) : 0;
}

const char *bulletin_value_label(enum bulletin_field field, int value)
{
        if (!is_field((int) field) || !fields[field].labels || value <= 0 || value >= VALUES_MAX)
                return NULL;
        return fields[field].labels[value];
}

const char *test_result_name(int value)
{
        return choice_value_name(VALUES_OF_TESTS, value);
}

int test_result_parse(const char *name)
{
        return choice_value_parse(VALUES_OF_TESTS, name);
}

const char *bulletin_kind_name(enum bulletin_kind kind)
{
        return (int) kind >= 0 && kind < BULLETIN_KIND_MAX ? kinds[kind] : kinds[BULLETIN_UNKNOWN];
}

int bulletin_kind_parse(const char *name, enum bulletin_kind *ret_kind)
{
        for (int kind = 0; kind < BULLETIN_KIND_MAX; kind++) {
                if (strcmp(kinds[kind], name) == 0) {
                        *ret_kind = (enum bulletin_kind) kind;
                        return 0;
                }
        }
        return -ERR_NOT_FOUND;
}

const char *basis_name(enum basis basis)
{
        return (int) basis >= 0 && basis < BASIS_MAX ? bases[basis] : bases[BASIS_UNDETERMINED];
}

int basis_parse(const char *name, enum basis *ret_basis)
{
        for (int basis = 0; basis < BASIS_MAX; basis++) {
                if (strcmp(bases[basis], name) == 0) {
                        *ret_basis = (enum basis) basis;
                        return 0;
                }
        }
        return -ERR_NOT_FOUND;
}
