#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each channel for itself: a dead, a silent or a busy one delays no other, and one that comes back gets all at once."""
import json
import os
import sqlite3
import time

from harness import Listener, alert, free_port, run, say_nothing, wait_until


def prepare(scene, **urls):
    """A webhook channel for each URL."""
    scene.start_dovecot()
    scene.configure()
    del scene.sections["channel journal"]
    for name, url in urls.items():
        scene.sections[f"channel {name}"] = {"type": "webhook", "url-file": scene.write(name, url + "\n"), "insecure": "yes"}
    scene.sections["route urgent"]["channels"] = ", ".join(urls)
    scene.write_config()
    scene.once()


def posted(sink):
    """(number of the bulletin, client's port), in order; the harness's reader knows Slack's form only."""
    if not os.path.exists(sink.out):
        return []
    with open(sink.out, encoding="utf-8") as out:
        requests = [json.loads(line) for line in out.read().split("\n")[:-1]]
    return [json.loads(request["body"])["subject"] for request in requests]


def deliveries(scene, channel):
    return scene.rows("SELECT state, attempts, next_ms, created_ms FROM outbox WHERE channel = ? ORDER BY id", channel)


def none_delays_another(scene):
    fast = scene.start_slack(name="fast")
    silent = Listener(scene, say_nothing)
    broken = Listener(scene, lambda connection: connection.recv(1))
    prepare(scene, dead=f"http://127.0.0.1:{free_port()}/h", silent=f"http://127.0.0.1:{silent.port}/h", fast=fast.url,
            broken=f"http://127.0.0.1:{broken.port}/h")
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.deliver(alert("MS08-001"))
    wait_until(lambda: silent.accepted == 1 and posted(fast) == ["MS08-001"], "the first to be sent where it can be")
    scene.deliver(*(alert(f"MS08-{i:03}") for i in range(2, 12)))
    wait_until(lambda: len(posted(fast)) == 11, "the others to be sent")
    assert posted(fast) == [f"MS08-{i:03}" for i in range(1, 12)]
    assert silent.accepted == 1 and deliveries(scene, "silent")[0][:2] == (0, 0), "it still waits for its first answer"
    wait_until(lambda: all(attempts > 0 for _, attempts, *_ in deliveries(scene, "dead")), "the dead channel to be tried")
    assert all(state == 0 for channel in ("dead", "silent", "broken") for state, *_ in deliveries(scene, channel))
    daemon.stop()
    # What was broken off may have arrived, and what was refused at the door has not.
    assert scene.rows("SELECT DISTINCT tries FROM outbox WHERE channel = 'dead'") == [(0,)]
    (tries, attempts), = scene.rows("SELECT tries, attempts FROM outbox WHERE channel = 'silent' ORDER BY id LIMIT 1")
    assert (tries, attempts) == (1, 0), (tries, attempts)
    assert scene.ctl("queue", "list", "--channel", "silent")[-1]["unclear"]


def asked_to_be_silent(scene):
    """All of the channel is, not only the message that was told so."""
    sink = scene.start_slack(name="busy", answers=["429 2"])
    prepare(scene, busy=sink.url)
    scene.deliver(*(alert(f"MS08-{i:03}") for i in range(1, 4)))
    daemon = scene.daemon()
    wait_until(lambda: posted(sink), "the first attempt")
    start = time.monotonic()
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 3, "all to be sent")
    assert time.monotonic() - start >= 1.5
    daemon.stop()
    (refused, *_), = scene.rows("SELECT at_ms FROM attempt WHERE result = 'retry'")
    assert all(at >= refused + 1900 for at, in scene.rows("SELECT at_ms FROM attempt WHERE result = 'sent'"))
    assert len(posted(sink)) == 4


def comes_back(scene):
    """Then what was put off for long is not waited for."""
    sink = scene.start_slack(name="hook")
    prepare(scene, hook=sink.url)
    sink.stop()
    scene.deliver(*(alert(f"MS08-{i:03}") for i in range(1, 5)))
    daemon = scene.daemon()
    wait_until(lambda: len(deliveries(scene, "hook")) == 4 and all(attempts > 0 for _, attempts, *_ in deliveries(scene, "hook")),
               "all to fail")
    with sqlite3.connect(os.path.join(scene.state, "hotfixd.db"), timeout=30) as connection:  # an hour, but for one
        connection.execute("UPDATE outbox SET next_ms = next_ms + 3600000 WHERE id > 1")
    connection.close()
    sink.start()
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 4, "all to be sent")
    daemon.stop()
    assert sorted(posted(sink)) == [f"MS08-{i:03}" for i in range(1, 5)]


def clock_was_set_back(scene):
    """What was put off by a clock that ran ahead is not put off for years."""
    sink = scene.start_slack(name="hook", answers=["500"])
    prepare(scene, hook=sink.url)
    scene.deliver(alert("MS08-001"))
    scene.once(expect=1)
    with sqlite3.connect(os.path.join(scene.state, "hotfixd.db"), timeout=30) as connection:
        connection.execute("UPDATE outbox SET next_ms = next_ms + 100000000000")
    connection.close()
    scene.once()
    assert posted(sink) == ["MS08-001"] * 2 and scene.status()["deliveries"]["sent"] == 1


run(none_delays_another, asked_to_be_silent, comes_back, clock_was_set_back)
