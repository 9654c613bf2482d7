#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is wrong with the service itself: told once when it begins and once when it is over, and shown by status meanwhile."""
import os
import re
import shutil
import signal

from harness import alert, run, wait_until


def prepare(scene, answers=(), **keys):
    """Bulletins to one Slack sink, what is wrong to another."""
    scene.start_dovecot()
    slack, health = scene.start_slack(answers), scene.start_slack(name="health")
    scene.configure(slack)
    scene.sections["channel people"] = {"type": "slack", "url-file": scene.write("webhook-health", health.url + "\n"),
                                        "insecure": "yes"}
    scene.sections["route health"] = {"channels": "people", **keys}
    scene.write_config()
    scene.once()  # the empty mailbox: what comes from now on is no history
    return slack, health


def told(health):
    """Kind and headline of each message."""
    return [(re.search(r"\*(PROBLEM|RECOVERED)\*", r["body"])[1], r["text"]) for r in health.requests()]


def wait_told(health, *expected):
    wait_until(lambda: len(health.requests()) >= len(expected), f"{len(expected)} messages on the health channel")
    found = told(health)
    assert len(found) == len(expected), found
    for (kind, text), (expected_kind, part) in zip(found, expected):
        assert kind == expected_kind and part in text, (found, expected)


def conditions(scene):
    return [c["name"] for c in scene.status()["conditions"]]


def a_mailbox_cannot_be_reached(scene):
    """Over a reload and a restart it is one problem; then it is read again."""
    _, health = prepare(scene, **{"unreachable-after": "1s"})
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.kill_dovecot()
    problem = ("PROBLEM", "mailbox main cannot be read: ")
    wait_told(health, problem)
    assert conditions(scene) == ["unreachable:main"]
    page = scene.run("hotfixctl", "-c", scene.config_file, "status").stdout
    assert "what is wrong:" in page and "mailbox main cannot be read" in page, page
    failures = len(re.findall("next attempt in", daemon.log()))
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("next attempt in", count=failures + 1)
    daemon.stop()
    daemon = scene.daemon()
    daemon.wait_log("next attempt in")
    assert conditions(scene) == ["unreachable:main"]
    wait_told(health, problem)
    scene.run_dovecot("start")
    daemon.stop()
    daemon = scene.daemon()
    wait_told(health, problem, ("RECOVERED", "mailbox main is read again"))
    assert conditions(scene) == []
    daemon.stop()


def a_channel_refuses(scene):
    """What was given up is told at once, however well others go, and stands until somebody has dealt with it."""
    slack, health = prepare(scene, answers=["404", "404"])
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.deliver(alert("MS08-001"))
    problem = ("PROBLEM", "channel slack did not take a message: ")
    wait_told(health, problem)
    scene.deliver(alert("MS08-002"), alert("MS08-003"))
    slack.wait_requests(3)
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 2, "the third bulletin to be sent")
    status = scene.status()
    condition, = status["conditions"]
    assert condition["name"] == "channel:slack" and status["deliveries"]["dead"] == 2, status
    body = health.requests()[0]["body"]
    assert "hotfixctl queue retry" in body and "404" in body, body
    wait_told(health, problem)
    for delivery, in scene.rows("SELECT id FROM outbox WHERE state = 2"):
        scene.ctl("queue", "retry", str(delivery))
    wait_told(health, problem, ("RECOVERED", "channel slack: nothing fails there any more"))
    assert len(slack.requests()) == 5 and conditions(scene) == []
    daemon.stop()


def the_archive_cannot_be_written(scene):
    """Bulletins are told all the same, and the archive is made up for."""
    slack, health = prepare(scene)
    daemon = scene.daemon()
    daemon.wait_idle()
    archive = os.path.join(scene.state, "archive")
    shutil.rmtree(archive, ignore_errors=True)
    with open(archive, "wb"):
        pass
    scene.deliver(alert("MS08-001"))
    slack.wait_requests(1)
    problem = ("PROBLEM", "the archive cannot be written: ")
    wait_told(health, problem)
    assert conditions(scene) == ["archive"]
    os.remove(archive)
    scene.deliver(alert("MS08-002"))
    wait_told(health, problem, ("RECOVERED", "the archive can be written again"))
    wait_until(lambda: {"alert/2008/ms08-001.html", "alert/2008/ms08-002.html"} <= set(scene.archive()), "both pages")
    assert conditions(scene) == []
    daemon.stop()


DAY_MS = 24 * 3600 * 1000


def silence_and_patch_day(scene):
    """Once the mailbox has been watched for long enough, by single passes too; and one bulletin ends both."""
    _, health = prepare(scene, **{"silence-after": "40d"})
    scene.once()
    assert told(health) == []
    scene.change(f"UPDATE watch SET since_ms = since_ms - {50 * DAY_MS}")
    scene.once()
    scene.once()
    silent, missing = ("PROBLEM", "mailbox main: no bulletin for 40 d"), ("PROBLEM", "no alert has come since Microsoft's patch day")
    wait_told(health, silent, missing)
    assert sorted(conditions(scene)) == ["patch-day", "silence:main"]
    scene.deliver(alert("MS08-001", severity="low", urgency="wait"))
    scene.once()
    scene.once()
    wait_told(health, silent, missing, ("RECOVERED", "mailbox main: a bulletin has come"), ("RECOVERED", "an alert has come"))


run(a_mailbox_cannot_be_reached, a_channel_refuses, the_archive_cannot_be_written, silence_and_patch_day)
