#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The mail server is restarted while hotfixd idles: it comes back, and gets what was dropped meanwhile and afterwards."""
from harness import run, sample


def crash_while_idle(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.kill_dovecot()
    scene.deliver(sample("01"))
    daemon.wait_log("warning mailbox main: ")
    box, = scene.status()["mailboxes"]
    assert box["state"] in ("waiting to retry", "connecting") and not slack.requests(), box
    scene.run_dovecot("start")
    slack.wait_requests(1)
    daemon.wait_idle()
    scene.deliver(sample("03"))
    requests = slack.wait_requests(2)
    assert ["MS07-901" in requests[0]["text"], "MS07-903" in requests[1]["text"]] == [True, True]
    assert "connected" in daemon.log()
    daemon.stop()


def restart_in_good_order(scene):
    """Dovecot lets a client idle on for some seconds and then says goodbye."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.run_dovecot("restart")
    scene.deliver(sample("01"))
    slack.wait_requests(1)
    daemon.wait_log("warning mailbox main: .*goodbye")
    scene.deliver(sample("03"))
    slack.wait_requests(2)
    daemon.wait_idle()
    daemon.stop()
    assert len(slack.requests()) == 2


run(crash_while_idle, restart_in_good_order)
