#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A mail that is dropped into the mailbox shows at once: by IDLE, and by polling where IDLE is switched off. Several are told on
one connection."""
import time

from harness import run, sample, wait_until


def drop_and_wait(scene, slack, limit):
    daemon = scene.daemon()
    daemon.wait_idle()
    assert slack.requests() == []
    start = time.monotonic()
    scene.deliver(sample("01"))
    request, = slack.wait_requests(1)
    assert time.monotonic() - start < limit
    assert "MS07-901" in request["text"], request["text"]
    daemon.wait_log("delivery .*: sent: 200 ok")
    wait_until(lambda: "alert/2007/ms07-901.html" in scene.archive(), "the page in the archive", 5)
    daemon.stop()
    assert [d[1] for d in scene.decisions("MS07-901")] == ["new"]


def idle_pushes(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    # A poll could not be the one that finds it.
    scene.sections["mailbox main"]["poll-interval"] = "10m"
    scene.write_config()
    drop_and_wait(scene, slack, 5)


def polling_finds(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.sections["mailbox main"].update({"idle": "no", "poll-interval": "5s"})
    scene.write_config()
    drop_and_wait(scene, slack, 10)


def several_on_one_connection(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.deliver(sample("01"), sample("03"))
    first, second = slack.wait_requests(2)
    assert first["port"] == second["port"] and first["key"] != second["key"], (first, second)
    daemon.stop()


run(idle_pushes, polling_finds, several_on_one_connection)
