/* SPDX-License-Identifier: MIT */
#include "common/bulletin_fill.h"

#include <stddef.h>

#include "common/text.h"

enum form { FORM_CHOICE, FORM_TEXT, FORM_DATE, FORM_LIST };

#define MEMBER(name) offsetof(struct bulletin, name)

/* Rows are only added at the end: the database keeps their numbers. */
static const struct counted {
        enum form form;
        enum bulletin_field field; /* of a choice, which has its names from there where it has none here */
        size_t offset;             /* of all others */
        const char *path, *english;
} counted[] = {
        { FORM_CHOICE, FIELD_SEVERITY, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_URGENCY, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_MEASURE, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_EXPLOIT_CODE, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_EXPLOIT_PUBLISHED, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_ATTACKS_OBSERVED, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_RESTART, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_UNINSTALL, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_ENVIRONMENT_SERVER, 0, NULL, "environment: server" },
        { FORM_CHOICE, FIELD_ENVIRONMENT_CLIENT, 0, NULL, "environment: client" },
        { FORM_CHOICE, FIELD_ATTACK_REMOTE, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_ATTACK_WORM, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_ATTACK_EMAIL, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_ATTACK_WEB, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_IMPACT_CODE_EXECUTION, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_IMPACT_PRIVILEGE_ELEVATION, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_IMPACT_INFORMATION_DISCLOSURE, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_IMPACT_DENIAL_OF_SERVICE, 0, NULL, NULL },
        { FORM_CHOICE, FIELD_IMPACT_SPOOFING, 0, NULL, NULL },
        { FORM_TEXT, 0, MEMBER(id), "id", "id" },
        { FORM_LIST, 0, MEMBER(kbs), "kbs", "KB numbers" },
        { FORM_DATE, 0, MEMBER(edition), "edition", "edition" },
        { FORM_DATE, 0, MEMBER(registered), "registered", "registered" },
        { FORM_DATE, 0, MEMBER(updated), "updated", "updated" },
        { FORM_TEXT, 0, MEMBER(title), "title", "title" },
        { FORM_TEXT, 0, MEMBER(vendor_title), "vendor_title", "vendor's title" },
        { FORM_LIST, 0, MEMBER(cves), "cves", "CVE ids" },
        { FORM_LIST, 0, MEMBER(supersedes), "supersedes", "supersedes" },
        { FORM_LIST, 0, MEMBER(affected), "affected", "affected software" },
        { FORM_LIST, 0, MEMBER(tests), "tests", "lab tests" },
        { FORM_LIST, 0, MEMBER(downloads), "downloads", "downloads" },
        { FORM_LIST, 0, MEMBER(packages), "packages", "packages" },
        { FORM_LIST, 0, MEMBER(deployments), "deployment_minutes", "deployment minutes" },
        { FORM_LIST, 0, MEMBER(update_expert), "update_expert", "UpdateEXPERT" },
        { FORM_LIST, 0, MEMBER(sections), "sections", "sections" },
        { FORM_LIST, 0, MEMBER(links), "links", "links" },
        { FORM_LIST, 0, MEMBER(entries), "entries", "entries" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(counted) == BULLETIN_FILL_MAX);
G_STATIC_ASSERT(BULLETIN_FILL_MAX <= 63); /* the mask is a signed integer in the database */

static bool is_filled(const struct bulletin *bulletin, const struct counted *c)
{
        const void *member = (const char *) bulletin + c->offset;
        const struct choice *choice = &bulletin->fields[c->field];
        const char *text;
        switch (c->form) {
        case FORM_CHOICE:
                return choice->present && choice->basis != BASIS_UNDETERMINED && choice->value != 0;
        case FORM_TEXT:
                text = *(char *const *) member;
                return text && !text_is_blank(text);
        case FORM_DATE:
                return *(const char *) member != '\0';
        default:
                return (*(GPtrArray *const *) member)->len > 0;
        }
}

uint64_t bulletin_fill_mask(const struct bulletin *bulletin)
{
        uint64_t mask = 0;
        for (unsigned i = 0; i < BULLETIN_FILL_MAX; i++)
                if (is_filled(bulletin, &counted[i]))
                        mask |= UINT64_C(1) << i;
        return mask;
}

const char *bulletin_fill_path(unsigned field)
{
        if (field >= BULLETIN_FILL_MAX)
                return NULL;
        return counted[field].path ? counted[field].path : bulletin_field_path(counted[field].field);
}

const char *bulletin_fill_english(unsigned field)
{
        if (field >= BULLETIN_FILL_MAX)
                return NULL;
        return counted[field].english ? counted[field].english : bulletin_field_english(counted[field].field);
}
