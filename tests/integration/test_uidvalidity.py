#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A mailbox whose UIDs start anew: what was known stays known, what is new is told."""
import os

from harness import USER, run, sample


def forget_numbers(scene):
    """As after a restore from a backup: same mails, other UIDVALIDITY."""
    scene.run_dovecot("stop")
    maildir = scene.path("imap", "mail", USER)
    for name in os.listdir(maildir):
        if name.startswith("dovecot"):
            os.remove(os.path.join(maildir, name))
    scene.run_dovecot("start")
    with scene.imap() as imap:
        imap.select()
        validity = int(imap.response("UIDVALIDITY")[1][0])
    return validity


def renumbered(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.once()
    scene.deliver(sample("01"), sample("03"))
    scene.once()
    assert len(slack.requests()) == 2
    before, tree = scene.dump("bulletin", "revision", "decision", "outbox"), scene.archive()
    old = scene.status()["mailboxes"][0]["uid_validity"]
    new = forget_numbers(scene)
    for _ in range(3):  # Dovecot takes the clock's second
        if new != old:
            break
        new = forget_numbers(scene)
    result = scene.once()
    assert f"renumbered the mailbox (UIDVALIDITY {new})" in result.stderr, result.stderr
    assert scene.dump("bulletin", "revision", "decision", "outbox") == before and scene.archive() == tree
    assert scene.status()["mails"]["bulletin"] == 2
    forget_numbers(scene)
    scene.deliver(sample("07"))
    scene.once()
    requests = slack.requests()
    assert len(requests) == 3 and "MS07-904" in requests[2]["text"], [r["text"] for r in requests]


run(renumbered)
