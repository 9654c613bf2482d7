/* SPDX-License-Identifier: MIT */
/* The schema as numbered migrations, each in its own transaction; PRAGMA user_version is the number of the last. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/database.h"

int schema_version_latest(void);
/* Takes the step to this version, 1 to the latest, in the running transaction. */
int schema_migration(struct database *db, int version, struct error *err);
/* Its SQL, all of it; newly allocated. */
char *schema_migration_sql(int version);
/* Brings the database to the latest version. Called by database_open in CREATE mode. */
int schema_migrate(struct database *db, struct error *err);

#endif
