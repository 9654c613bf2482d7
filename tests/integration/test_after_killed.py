#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The server dies in the middle of a move; hotfixd is killed at any moment: each mail is moved and told of in the end."""
import collections
import os
import random
import time

from harness import run, wait_until
from imap_servers import Proxy, check_stored, critical, digest, on_both, quiet, wait_stored, watch

ROUNDS = 6
HIDE_MOVE = {"dovecot": "imap_capability = IMAP4rev1 LITERAL+ SASL-IR ENABLE IDLE UNSELECT CONDSTORE UIDPLUS\n",
             "cyrus": "suppress_capabilities: MOVE\n"}


def server_dies_between_copy_and_expunge(scene, start):
    """Killed when it has copied, and started again."""
    moments = []

    def before(command, connection):
        if command.startswith("UID STORE") and not moments:
            moments.append(command)
            server.kill()
            return False
        return True
    server = start(options=HIDE_MOVE[start.kind])
    proxy = Proxy(scene, server, before)
    scene.configure(imap=None)
    scene.sections["mailbox main"] = server.mailbox(how="plain", port=proxy.port, after_ingest="move:Done")
    scene.write_config()
    server.create("Done")
    mails = [quiet(i) for i in range(1, 4)]
    server.append(*mails)
    daemon = scene.daemon()
    wait_until(lambda: moments, "the moment")
    server.start()
    wait_until(lambda: server.contents() == [], "the mails to be moved")
    daemon.wait_idle()
    daemon.stop()
    there = sorted(server.contents("Done"))
    assert there in (sorted(map(digest, mails)), sorted(list(map(digest, mails)) * 2)), len(there)
    check_stored(scene, mails)


def kill_again_and_again(scene, server, mails, chance):
    """While they come: at any moment after the start, or in the midst of the work."""
    for i in range(0, len(mails), 10):
        daemon = scene.daemon()
        server.append(*mails[i:i + 5])
        if i % 20:
            daemon.wait_log("first seen|on record already|moved yet")
        else:
            time.sleep(chance.uniform(0.0, 0.5))  # the moment is the point
        server.append(*mails[i + 5:i + 10])
        time.sleep(chance.uniform(0.0, 0.1))
        daemon.kill()


def killed(scene, start, repeats, options=""):
    """repeats: how often a mail may be in the folder."""
    slack, server = watch(scene, start, "Done", options=options, after_ingest="move:Done")
    mails = [quiet(i) if i % 20 else critical(i) for i in range(1, ROUNDS * 10 + 1)]
    seed = int(os.environ.get("HOTFIXD_SEED", time.time_ns() % 100000))
    print(f"HOTFIXD_SEED={seed}")
    kill_again_and_again(scene, server, mails, random.Random(seed))
    daemon = scene.daemon()
    wait_stored(scene, len(mails), daemon)
    wait_until(lambda: server.status()["MESSAGES"] == 0, "the mails to be moved")
    wait_until(lambda: len({r["key"] for r in slack.requests()}) >= 3, "the notifications")
    daemon.wait_idle()
    daemon.stop()
    scene.once()
    there = collections.Counter(server.contents("Done"))
    assert server.contents() == [] and set(there) == set(map(digest, mails)), (len(there), len(mails))
    assert max(there.values()) <= repeats, there
    check_stored(scene, mails)
    assert len({r["key"] for r in slack.requests()}) == 3


def killed_at_random_moments(scene, start):
    """kill -9 again and again while mails come: every mail is once in the folder and once on record, and told once at least."""
    killed(scene, start, 1)


def killed_without_move(scene, start):
    """The same where a move is a copy, a flag and an expunge: each kill between the first two gives one more copy."""
    killed(scene, start, 1 + ROUNDS, HIDE_MOVE[start.kind])


run(*on_both(server_dies_between_copy_and_expunge), *on_both(killed_at_random_moments), *on_both(killed_without_move))
