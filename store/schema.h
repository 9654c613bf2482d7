/* SPDX-License-Identifier: MIT */
/* The schema as numbered migrations, each in its own transaction; PRAGMA user_version is the number of the last. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/database.h"

int schema_version_latest(void);
/* The SQL that leads to this version, 1 to the latest. */
const char *schema_migration(int version);
/* Brings the database to the latest version. Called by database_open in CREATE mode. */
int schema_migrate(struct database *db, struct error *err);

#endif
