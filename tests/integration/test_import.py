#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Import from single mails, an mbox, a Maildir and a folder: history, one summary, and all known when done again."""
import os

from harness import SAMPLES, run, sample


def mbox(*mails):
    out = b""
    for mail in mails:
        lines = mail.replace(b"\r\n", b"\n").split(b"\n")
        out += b"From somebody@test.example Wed Sep 12 09:15:00 2007\n"
        out += b"\n".join(b">" + line if line.startswith(b"From ") else line for line in lines) + b"\n\n"
    return out


def everything_twice(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    eml = scene.write("in/one.eml", sample("01"))
    box = scene.write("in2/box", mbox(sample("03"), sample("05")))
    for leaf in ("tmp", "new", "cur"):
        os.makedirs(scene.path("Maildir", leaf))
    scene.write("Maildir/new/1.M1P1.test", sample("04"))
    scene.write("Maildir/cur/2.M2P1.test:2,S", sample("09"))
    folder = scene.path("folder")
    scene.write("folder/a.eml", sample("02"))
    scene.write("folder/deeper/b.eml", sample("07"))
    scene.write("folder/deeper/c.eml", sample("08"))
    paths = (eml, box, scene.path("Maildir"), folder)

    totals = scene.ctl("import", *paths)
    assert totals["mails"] == 8 and totals["known"] == 0 and totals["skipped"] == 0, totals
    assert totals["first"] == 6 and totals["later"] == 1 and totals["unrecognised"] == 1, totals
    assert {b["id"] for b in scene.ctl("list")} == {f"MS07-90{i}" for i in range(1, 7)}
    assert all(b["history"] for b in scene.ctl("list"))
    assert {d[0] for d in scene.rows("SELECT action FROM decision")} == {"none"}
    assert "alert/2007/ms07-906.json" in scene.archive()
    before, tree = scene.dump("mail", "bulletin", "revision", "decision", "outbox"), scene.archive()
    assert [row[0] for row in scene.rows("SELECT kind FROM outbox")] == ["summary"]

    again = scene.ctl("import", *paths)
    assert again["mails"] == again["known"] == 8, again
    assert scene.dump("mail", "bulletin", "revision", "decision", "outbox") == before and scene.archive() == tree

    assert slack.requests() == []  # import itself talks to nobody
    scene.once()
    scene.once()
    assert len(slack.requests()) == 1


def samples_of_the_repository(scene):
    scene.configure(imap=None)
    totals = scene.ctl("import", SAMPLES)
    assert totals["mails"] >= 9 and totals["duplicate"] == 1 and totals["quarantined"] == 0, totals


def nothing_there(scene):
    scene.configure(imap=None)
    os.makedirs(scene.path("empty"))
    scene.ctl("import", scene.path("empty"), expect=3)
    result = scene.run("hotfixctl", "-c", scene.config_file, "import", scene.path("missing"))
    assert result.returncode == 1 and "missing" in result.stderr, result


def beside_the_daemon(scene):
    """The daemon runs, and sends the summary of what is imported."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.ctl("import", scene.write("x.eml", sample("01")))
    scene.deliver(sample("03"))  # wakes the sender in any case
    slack.wait_requests(2)
    daemon.stop()
    kinds = scene.rows("SELECT kind, state FROM outbox ORDER BY kind")
    assert kinds == [("new", 1), ("summary", 1)], kinds


run(everything_twice, samples_of_the_repository, nothing_there, beside_the_daemon)
