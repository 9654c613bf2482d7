#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Several folders of one account: a login that is refused is tried once for all of them, and one that is taken holds nobody up."""
import re
import signal
import threading
import time

from harness import PASSWORD, run, wait_until
from small_imap import SmallImap, configure, critical

FOLDERS = 6
NO = "{tag} NO [AUTHENTICATIONFAILED] wrong"
LOGIN = "(AUTHENTICATE|LOGIN)"


def sections(server, count=FOLDERS, prefix="b"):
    return {f"{prefix}{i}": {**server.section(), "url": f"imap://127.0.0.1:{server.port}/F{i}"} for i in range(count)}


def boxes(scene, state, prefix="b"):
    """All these mailboxes in the status, once they are in this state."""
    def look():
        found = [box for box in (scene.status() or {}).get("mailboxes", ()) if box["name"].startswith(prefix)]
        return found if found and all(box["state"] == state for box in found) else None
    return wait_until(look, f"all mailboxes {state}")


def refused_once_for_all(scene):
    server = SmallImap(scene, {1: critical(1)}, rules=[(LOGIN, NO)])
    configure(scene, **sections(server))
    daemon = scene.daemon()
    found = boxes(scene, "waiting to retry")
    tried = [box for box in found if "the server refuses the login" in box["error"]]
    assert len(found) == FOLDERS and len(tried) == 1 and server.logins() == 1, (found, server.commands)
    for box in found:
        assert box is tried[0] or f"the login was refused for mailbox {tried[0]['name']}," in box["error"], box
    # They share the time of the next attempt, up to the moment at which each was told.
    times = [retry for retry, in scene.rows("SELECT retry_ms FROM mailbox_state")]
    assert max(times) - min(times) < 5000 and min(times) > time.time() * 1000 + 30000, times
    # A reload starts anew, for all of them.
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: server.logins() == 2, "another login")
    boxes(scene, "waiting to retry")
    assert server.logins() == 2, server.commands
    server.rules.clear()
    daemon.signal(signal.SIGHUP)
    boxes(scene, "idle")
    assert server.logins() == 2 + FOLDERS, server.commands
    daemon.stop()
    assert PASSWORD not in daemon.log()


def once(scene):
    server = SmallImap(scene, rules=[(LOGIN, NO)])
    configure(scene, **sections(server))
    result = scene.once(expect=1)
    assert server.logins() == 1, server.commands
    assert len(re.findall(r"mailbox b\d: .*the login was refused for mailbox b\d,", result.stderr)) == FOLDERS - 1, result.stderr


def others_do_not_wait(scene):
    """The first login's answer is long in coming: the account's other folders wait for it, another account does not. Then all
    log in together."""
    go, asked = threading.Event(), threading.Barrier(FOLDERS - 1, timeout=30)

    def answer(connection, tag, command):
        if go.is_set():
            asked.wait()  # all others are here at the same time
        go.wait()
    slow, quick = SmallImap(scene, rules=[(LOGIN, answer)]), SmallImap(scene)
    configure(scene, **sections(slow), **sections(quick, 1, "quick"))
    daemon = scene.daemon()
    wait_until(lambda: slow.logins() == 1, "the first login")
    boxes(scene, "idle", "quick")
    boxes(scene, "connecting")
    assert slow.logins() == 1 and len(slow.connections) == 1, slow.commands
    go.set()
    boxes(scene, "idle")
    assert slow.logins() == FOLDERS, slow.commands
    daemon.stop()


run(refused_once_for_all, once, others_do_not_wait)
