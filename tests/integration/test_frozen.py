#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A connection that is dead and does not say so is noticed within the configured time, wherever it happens; hotfixd connects
again and gets everything. A stop does not wait for it."""
import os
import signal
import time

from harness import PEERS, PYTHON, alert, run, sample, wait_until

TIMEOUT = 2
BIG = alert("MS08-777", text="行\n " * 40000)


def prepare(scene, *freeze, mails=(), **keys):
    """A daemon, not started, that reaches its server through a proxy."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.deliver(*mails)
    scene.configure(slack)
    proxy = start_proxy(scene, *freeze)
    through(scene, proxy, **keys)
    scene.write_config()
    return slack, proxy


def start_proxy(scene, *freeze, log="proxy.log"):
    proxy = scene.spawn([PYTHON, os.path.join(PEERS, "freezing_proxy.py"), "--to", str(scene.port_plain()), *freeze], log)
    proxy.port = int(proxy.wait_log(r"port (\d+)")[1])
    return proxy


def through(scene, proxy, **keys):
    box = scene.sections["mailbox main"]
    del box["tls-ca-file"]
    box.update({"url": f"imap://127.0.0.1:{proxy.port}/INBOX", "insecure": "yes", "timeout": f"{TIMEOUT}s", **keys})


def comes_back(scene, *freeze, mails=(), complaint="mailbox main: .*"):
    """The first connection freezes; the second one brings everything. Returns the daemon."""
    slack, proxy = prepare(scene, *freeze, mails=mails)
    daemon = scene.daemon()
    proxy.wait_log("frozen 1")
    start = time.monotonic()
    daemon.wait_log(complaint)
    noticed = time.monotonic() - start
    assert noticed < TIMEOUT + 4, f"noticed after {noticed:.1f} s"  # with room for a loaded machine
    proxy.wait_log("accepted 2")
    daemon.wait_idle()
    assert scene.rows("SELECT count(*) FROM mail")[0][0] == len(mails)
    scene.deliver(sample("01"))
    slack.wait_requests(2 if mails else 1)  # with a history there is a summary of it
    assert "MS07-901" in slack.requests()[-1]["text"], slack.requests()
    daemon.stop()


def at_the_greeting(scene):
    comes_back(scene, "--at-once", complaint=r"warning mailbox main: 127\.0\.0\.1:\d+: ")


def at_the_login(scene):
    comes_back(scene, "--on", " AUTHENTICATE ", complaint=r"warning mailbox main: 127\.0\.0\.1:\d+: ")


def at_select(scene):
    comes_back(scene, "--on", " EXAMINE ", complaint="no answer of the IMAP server to EXAMINE for 2 s")


def in_the_middle_of_a_mail(scene):
    """What came before it is stored; what did not come is fetched anew, whole."""
    mails = (sample("08"), BIG, sample("03"))
    comes_back(scene, "--after", "BODY.PEEK", "60000", mails=mails, complaint="no answer of the IMAP server to UID FETCH")
    assert scene.rows("SELECT max(size_bytes) FROM mail")[0][0] == len(BIG)


def a_stop_does_not_wait(scene):
    """Neither for the answer to LOGOUT, nor for one that is owed."""
    _, proxy = prepare(scene, "--on", " LOGOUT", timeout="60s")
    daemon = scene.daemon()
    daemon.wait_idle()
    assert daemon.stop() < 2
    daemon = scene.daemon()
    daemon.wait_idle()
    proxy.signal(signal.SIGUSR1)
    proxy.wait_log("frozen 2")
    assert daemon.stop() < 2
    stuck = start_proxy(scene, "--on", " EXAMINE ", log="stuck.log")
    scene.sections["mailbox main"]["url"] = f"imap://127.0.0.1:{stuck.port}/INBOX"
    scene.write_config()
    daemon = scene.daemon()
    stuck.wait_log("frozen 1")
    assert daemon.stop() < 2
    wait_until(lambda: scene.status()["mailboxes"][0]["state"] == "stopped", "the state to be written")


run(at_the_greeting, at_the_login, at_select, in_the_middle_of_a_mail, a_stop_does_not_wait)
