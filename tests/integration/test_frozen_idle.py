#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Connections that die silently while hotfixd waits for news: noticed when IDLE is renewed, or when the server is polled."""
import os
import signal
import time

from harness import PEERS, PYTHON, USER, alert, run

TIMEOUT = 2
IDLE_RENEW = 10
POLL = 5


def start_proxy(scene, name):
    proxy = scene.spawn([PYTHON, os.path.join(PEERS, "freezing_proxy.py"), "--to", str(scene.port_plain())], f"{name}.log")
    proxy.port = int(proxy.wait_log(r"port (\d+)")[1])
    return proxy


def frozen_while_waiting(scene):
    """One mailbox by push, one by polling; in both a mail arrives that the dead connection does not tell of."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.make_maildir("other")
    scene.configure(slack)
    box = scene.sections["mailbox main"]
    del box["tls-ca-file"]
    proxies = {name: start_proxy(scene, name) for name in ("main", "other")}
    box.update({"insecure": "yes", "timeout": f"{TIMEOUT}s", "idle-renew": f"{IDLE_RENEW}s", "poll-interval": f"{POLL}s"})
    scene.sections["mailbox other"] = dict(box, user="other", idle="no")
    for name, proxy in proxies.items():
        scene.sections[f"mailbox {name}"]["url"] = f"imap://127.0.0.1:{proxy.port}/INBOX"
    scene.write_config()
    daemon = scene.daemon()
    daemon.wait_idle()
    assert {m["name"]: m["mode"] for m in scene.status()["mailboxes"]} == {"main": "push", "other": "polling"}
    start = time.monotonic()
    for proxy in proxies.values():
        proxy.signal(signal.SIGUSR1)
        proxy.wait_log("frozen 1")
    scene.deliver(alert("MS08-001"), user=USER)
    scene.deliver(alert("MS08-002"), user="other")
    for name, text, bound in (("other", "EXAMINE", POLL), ("main", "(IDLE|DONE)", IDLE_RENEW)):
        daemon.wait_log(f"mailbox {name}: 127.*no answer of the IMAP server to {text} for {TIMEOUT} s")
        noticed = time.monotonic() - start
        assert noticed < bound + TIMEOUT + 4, f"{name}: noticed after {noticed:.1f} s"  # with room for a loaded machine
    told = {text for request in slack.wait_requests(2) for text in ("MS08-001", "MS08-002") if text in request["text"]}
    assert told == {"MS08-001", "MS08-002"}, slack.requests()
    daemon.wait_idle()
    for name in proxies:
        assert f"mailbox {name}: connected: recovered after 1 failure" in daemon.log(), daemon.log()
    assert not any(m["error"] or m["failures"] for m in scene.status()["mailboxes"])
    daemon.stop()


run(frozen_while_waiting)
