#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A wrong password is said clearly, without the password, and is not tried again and again."""
import time

from harness import USER, run, wait_until

WRONG = "wrong-and-secret-9"


def prepare(scene):
    scene.start_dovecot()
    scene.configure()
    scene.write("password", WRONG + "\n")


def attempts(scene):
    """Logins that Dovecot has seen."""
    return scene.dovecot_log().count(f"user=<{USER}>, method=")


def once_fails(scene):
    prepare(scene)
    result = scene.once(expect=1)
    assert "mailbox main" in result.stderr and "login" in result.stderr.lower(), result.stderr
    assert WRONG not in result.stderr and WRONG not in result.stdout
    wait_until(lambda: attempts(scene) == 1, "the attempt in Dovecot's log")


def daemon_does_not_hammer(scene):
    prepare(scene)
    daemon = scene.daemon()
    daemon.wait_log("mailbox main: .*[Ll]ogin")
    box, = wait_until(lambda: scene.status(), "a status")["mailboxes"]
    assert box["state"] == "waiting to retry" and "login" in box["error"].lower(), box
    assert WRONG not in str(box)
    (wait_ms,), = scene.rows("SELECT retry_ms - changed_ms FROM mailbox_state")
    assert wait_ms >= 40 * 1000, wait_ms
    # This is the one place where nothing can be waited for: that nothing happens.
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert attempts(scene) <= 1 and daemon.is_running()
        time.sleep(0.2)
    assert attempts(scene) == 1, scene.dovecot_log()
    daemon.stop()
    assert WRONG not in daemon.log()


run(once_fails, daemon_does_not_hammer)
