#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is done to mails on the server once they are stored."""
from harness import run, sample


def prepare(scene, after):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.sections["mailbox main"]["after-ingest"] = after
    scene.write_config()
    return slack


def flags(scene, folder="INBOX"):
    with scene.imap() as imap:
        imap.select(f'"{folder}"', readonly=True)
        _, lines = imap.fetch("1:*", "(FLAGS)")
        return [b"\\Seen" in line for line in lines if line]


def nothing(scene):
    slack = prepare(scene, "none")
    scene.deliver(sample("01"), sample("08"))
    scene.once()
    scene.deliver(sample("03"))
    scene.once()
    assert flags(scene) == [False, False, False] and len(slack.requests()) == 2


def marked_as_seen(scene):
    slack = prepare(scene, "seen")
    scene.deliver(sample("01"), sample("08"))
    scene.once()
    assert flags(scene) == [True, True]
    scene.deliver(sample("03"))
    scene.once()
    assert flags(scene) == [True, True, True] and len(slack.requests()) == 2


def moved(scene):
    slack = prepare(scene, "move:済み")
    with scene.imap() as imap:
        assert imap.create('"&bggwfw-"')[0] == "OK"
    scene.once()
    scene.deliver(sample("01"), sample("08"))
    scene.once()
    scene.deliver(sample("03"))
    scene.once()
    with scene.imap() as imap:
        assert imap.select("INBOX", readonly=True)[1] == [b"0"]
        assert imap.select('"&bggwfw-"', readonly=True)[1] == [b"3"]
    assert len(slack.requests()) == 2
    assert scene.status()["mails"] == {"bulletin": 2, "unrecognised": 1, "quarantined": 0}


def folder_is_missing(scene):
    """Said clearly; nothing is lost, nothing is told twice, and it is made up for when the folder is there."""
    slack = prepare(scene, "move:Done")
    scene.once()
    scene.deliver(sample("01"))
    assert "Done" in scene.once(expect=1).stderr
    scene.once(expect=1)
    with scene.imap() as imap:
        imap.create("Done")
    scene.once()
    with scene.imap() as imap:
        assert imap.select("Done", readonly=True)[1] == [b"1"]
    assert len(slack.requests()) == 1


run(nothing, marked_as_seen, moved, folder_is_missing)
