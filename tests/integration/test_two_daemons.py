#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One state directory, one daemon."""
from harness import run


def second_is_refused(scene):
    scene.start_dovecot()
    scene.configure()
    daemon = scene.daemon()
    daemon.wait_idle()
    result = scene.once(expect=1)
    assert "another hotfixd is running on this state directory" in result.stderr, result.stderr
    status = scene.status()
    assert status["running"] and status["pid"] == daemon.pid
    daemon.kill()
    scene.once()  # whatever way the first one ended
    assert not scene.status()["running"]


run(second_is_refused)
