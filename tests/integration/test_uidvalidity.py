#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A mailbox whose UIDs start anew, or go back: what was known stays known, what is new is told."""
import os
import shutil
import subprocess

from harness import USER, alert, run, sample
from imap_servers import digest, on_both, wait_told


def renumbered(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.once()
    scene.deliver(sample("01"), sample("03"))
    scene.once()
    assert len(slack.requests()) == 2
    before, tree = scene.dump("bulletin", "revision", "decision", "outbox"), scene.archive()
    new = scene.renumber_dovecot()
    result = scene.once()
    assert f"renumbered the mailbox (UIDVALIDITY {new})" in result.stderr, result.stderr
    assert scene.dump("bulletin", "revision", "decision", "outbox") == before and scene.archive() == tree
    assert scene.status()["mails"]["bulletin"] == 2
    scene.renumber_dovecot()
    scene.deliver(sample("07"))
    scene.once()
    requests = slack.requests()
    assert len(requests) == 3 and "MS07-904" in requests[2]["text"], [r["text"] for r in requests]


def copy(source, target):
    """With owners and links."""
    subprocess.run(["cp", "-a", source, target], check=True)


def restored_from_a_backup(scene, start):
    """The same UIDVALIDITY, and UIDs that were given before are given again, to other mails."""
    slack, server = scene.start_slack(), start()
    scene.configure(slack, imap=None)
    scene.sections["mailbox main"] = server.mailbox()
    scene.write_config()
    scene.once()
    first, lost, late = alert("MS08-001"), alert("MS08-002"), alert("MS08-003")
    server.append(first)
    scene.once()
    validity = server.status()["UIDVALIDITY"]
    server.stop()
    copy(server.directory, scene.path("backup"))
    server.start()
    server.append(lost, alert("MS08-009", "low", "wait"))
    scene.once()
    server.stop()
    shutil.rmtree(server.directory)
    copy(scene.path("backup"), server.directory)
    server.start()
    server.append(late)
    status = server.status()
    assert (status["UIDVALIDITY"], status["UIDNEXT"]) == (validity, 3), status
    result = scene.once()
    assert "UIDVALIDITY" in result.stderr, result.stderr
    wait_told(slack, "MS08-001", "MS08-002", "MS08-003")
    assert {digest(mail) for mail in (first, lost, late)} < set(scene.stored_mails())
    scene.once()
    wait_told(slack, "MS08-001", "MS08-002", "MS08-003")


def restored_and_filled_again(scene):
    """After a restore UIDs are given once more, past the cursor, before anybody looks: what has them now is fetched."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.once()
    maildir, backup = scene.path("imap", "mail", USER), scene.path("backup")
    scene.deliver(*(alert(f"MS08-{i:03}", "low", "wait") for i in (1, 2, 3)))
    scene.once()
    scene.run_dovecot("stop")
    subprocess.run(["cp", "-a", maildir, backup], check=True)
    scene.run_dovecot("start")
    scene.deliver(alert("MS08-004", "low", "wait"), alert("MS08-005", "low", "wait"))
    scene.once()
    scene.run_dovecot("stop")
    shutil.rmtree(maildir)
    os.rename(backup, maildir)
    scene.run_dovecot("start")
    scene.deliver(alert("MS08-011"), alert("MS08-012"), alert("MS08-013"))
    scene.once()
    scene.once()
    wait_told(slack, "MS08-011", "MS08-012", "MS08-013")


run(renumbered, restored_and_filled_again, *on_both(restored_from_a_backup))
