#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kill -9 while steps are being taken: none is lost, and none is repeated but with the same identity."""
import collections
import random
import signal
import time

from harness import alert, run, wait_until


def prepare(scene, **keys):
    """Route "urgent" to mail, steps to phone and boss (both Slack webhooks)."""
    scene.start_dovecot()
    mail, phone, boss = scene.start_smtp(), scene.start_slack(name="phone"), scene.start_slack(name="boss")
    scene.configure(None, mail)
    for sink in (phone, boss):
        scene.sections[f"channel {sink.name}"] = {"type": "slack", "insecure": "yes",
                                                  "url-file": scene.write(f"{sink.name}.url", sink.url + "\n")}
    scene.sections["route urgent"].update(keys)
    scene.write_config()
    scene.once()
    return mail, phone, boss


def killed_while_escalating(scene):
    """However often: each step of each alert once, or once more with the same identity for a kill in the middle of it."""
    count = 12
    mail, phone, boss = prepare(scene, escalate="1s phone; 2s boss")
    numbers = [f"MS08-{i:03}" for i in range(1, count + 1)]
    scene.deliver(*(alert(n) for n in numbers))
    daemon = scene.daemon()
    wait_until(lambda: len(mail.mails()) >= 1, "the first notification")
    chance, kills = random.Random(8), 6
    for _ in range(kills):
        end = time.monotonic() + chance.uniform(0.2, 1.5)
        wait_until(lambda: time.monotonic() > end or not daemon.is_running(), "a moment")
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        daemon = scene.daemon()
    wait_until(lambda: scene.rows("SELECT count(*) FROM alert WHERE step = 2") == [(count,)], "all steps to be taken", 60)
    wait_until(lambda: scene.status()["deliveries"]["pending"] == 0, "the deliveries to be settled", 60)
    for sink in (phone, boss):
        keys = collections.Counter(r["key"] for r in sink.requests())
        assert len(keys) == count, (sink.name, keys)
        assert sum(keys.values()) <= count + kills and max(keys.values()) <= 2, keys
        assert all(any(n in r["body"] for r in sink.requests()) for n in numbers)
    assert len({m["Message-ID"] for m in mail.mails()}) == count <= len(mail.mails()) <= count + kills
    daemon.stop()


run(killed_while_escalating)
