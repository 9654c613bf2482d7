/* SPDX-License-Identifier: MIT */
/*
 * The packed form of a bulletin: what its JSON says, in the order of the struct's description and without names. It is
 * only passed between processes of one program and never stored.
 */
#ifndef COMMON_BULLETIN_PACK_H
#define COMMON_BULLETIN_PACK_H

#include "common/bulletin.h"
#include "common/errors.h"
#include "common/pack.h"

/* What bulletin_to_text would cut or leave out is cut or left out here, too. */
void bulletin_pack(struct packer *p, const struct bulletin *b);

/* Takes one bulletin, and with it the unpacker's bytes and room: its texts and structs stay where they are. The bytes are
 * untrusted: what bulletin_from_json refuses is refused here. sha256 (or NULL) becomes the digest of its mail where it
 * states none. Errors: -ERR_MALFORMED with the path of what is wrong, -ERR_LIMIT for more values than the unpacker
 * allows. */
int bulletin_unpack(struct unpacker *u, const char *sha256, struct bulletin **ret_bulletin, struct error *err);

#endif
