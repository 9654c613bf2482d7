#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Mails that cannot be read are kept with a reason, and the next mail is processed."""
import hashlib
import os
import sqlite3

from harness import alert, run, sample, wait_until

HEAD = b"From: report@hotfix.example\r\nSubject: HotFix Alert\r\nMessage-ID: <%s@test.example>\r\nMIME-Version: 1.0\r\n"


def nested(depth):
    """One multipart in another in another."""
    mail = HEAD % b"nested"
    for i in range(depth):
        mail += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i)
    return mail + b"Content-Type: text/plain\r\n\r\nx\r\n" + b"".join(b"--b%d--\r\n" % i for i in reversed(range(depth)))


def oversize(size):
    return HEAD % b"large" + b"Content-Type: text/plain\r\n\r\n" + b"0123456789abcde\r\n" * (size // 17 + 1)


def both_and_the_next(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.sections["daemon"]["max-message-size"] = "64k"
    scene.write_config()
    scene.once()
    deep, large = nested(100), oversize(200 * 1024)
    scene.deliver(deep, large, sample("01"))
    result = scene.once()
    assert result.stderr.count("quarantined: ") == 2, result.stderr

    rows = {r["sha256"]: r for r in scene.ctl("list", "--quarantined")}
    row = rows.pop(hashlib.sha256(deep).hexdigest())
    assert "nest" in row["reason"] or "deep" in row["reason"], row
    assert row["size"] == len(deep)
    row, = rows.values()
    assert row["reason"].startswith("oversize: "), row
    for mail in scene.rows("SELECT mail.id FROM quarantine JOIN mail ON mail.id = mail_id"):
        trace = scene.ctl("trace", str(mail[0]))
        assert trace["mails"][0]["outcome"] == "quarantined" and trace["mails"][0]["reason"], trace
    assert scene.rows("SELECT count(*) FROM mail_data")[0][0] == 3

    request, = slack.requests()
    assert "MS07-901" in request["text"]
    # What is in quarantine is behind the cursor: it is not fetched again.
    scene.once()
    assert scene.status()["mails"] == {"bulletin": 1, "unrecognised": 0, "quarantined": 2}


def long_alert(number, size):
    """An alert that is larger than this."""
    mail = alert(number, text="中身。\n" + "長い説明が続く。\n" * (size // 20 + 1))
    assert len(mail) > size
    return mail


def limits(scene, **values):
    scene.sections["daemon"].update({key.replace("_", "-"): value for key, value in values.items()})
    scene.write_config()


def what_is_listed_and_shown(scene):
    scene.start_dovecot()
    scene.configure()
    limits(scene, max_message_size="64k")
    scene.once()
    wild = HEAD.replace(b"HotFix Alert", b"=?UTF-8?B?44GC44GE?= x") % b"wild" + \
        nested(100)[len(HEAD % b"nested"):].replace(b"x\r\n--b99--", b"\x1b[31m\x9b\xff\x07 red\r\n--b99--")
    scene.deliver(wild, long_alert("MS08-001", 100000))
    scene.once()
    listed = scene.ctl("quarantine", "list")
    assert [row["mail"] for row in listed] == [2, 1], listed
    assert len(scene.ctl("quarantine", "list", "--limit", "1")) == 1
    large, deep = listed
    assert deep["from"] == "report@hotfix.example" and deep["subject"] == "あい x" and not deep["incomplete"], deep
    assert large["subject"] == "HotFix Alert MS08-001" and large["incomplete"] and large["attempts"] == 1, large
    assert large["sightings"][0]["source"] == "imap:main" and large["requests"] == [], large

    shown = scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "show", "1")
    assert shown.returncode == 0 and "deeper" in shown.stdout and "imap:main (UID 1, UIDVALIDITY" in shown.stdout, shown
    assert not any(ord(c) < 32 and c not in "\n\t" or 0x7f <= ord(c) < 0xa0 for c in shown.stdout), ascii(shown.stdout)
    assert scene.ctl("quarantine", "show", deep["sha256"][:8])["mail"] == 1
    assert scene.ctl("quarantine", "show", "<wild@test.example>", expect=3) is None  # it could not be read
    out = scene.path("bytes")
    assert scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "show", "1", "--output", out).returncode == 0
    with open(out, "rb") as f:
        assert f.read() == wild
    assert os.stat(out).st_mode & 0o777 == 0o600
    again = scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "show", "1", "--output", out)
    assert again.returncode == 1 and "File exists" in again.stderr, again
    table = scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "list")
    assert table.stdout.splitlines()[0].split() == ["MAIL", "SINCE", "SIZE", "TRIES", "SEEN", "AT", "FROM", "SUBJECT", "REASON"], table
    status = scene.run("hotfixctl", "-c", scene.config_file, "status")
    assert "2 quarantined" in status.stdout and "quarantine retry --all" in status.stdout, status.stdout
    for wrong in ((), ("list", "1"), ("show",), ("retry",), ("retry", "1", "--all"), ("list", "--all"), ("steal",), ("retry", "--limit", "1", "1")):
        assert scene.run("hotfixctl", "-c", scene.config_file, "quarantine", *wrong).returncode == 2, wrong
    for action in ("show", "retry"):
        scene.ctl("quarantine", action, "99", expect=3)


def read_again_with_other_limits(scene):
    """What the parser's limits kept out is told of once they are raised; beside the daemon, which is told by the database."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    limits(scene, max_text_size="64k")
    scene.once()
    scene.deliver(long_alert("MS08-001", 100000), sample("08"))
    daemon = scene.daemon()
    wait_until(lambda: sum(scene.status()["mails"].values()) == 2, "the mails to be stored")
    assert scene.status()["mails"] == {"bulletin": 0, "unrecognised": 1, "quarantined": 1}, scene.ctl("quarantine", "list")
    told = len(slack.requests())

    result, = scene.ctl("quarantine", "retry", "1", expect=1)
    assert result["outcome"] == "quarantined" and result["attempts"] == 2, result
    result, = scene.ctl("quarantine", "retry", "--unrecognised", expect=3)
    assert result["mail"] == 2 and result["outcome"] == "unrecognised", result
    assert scene.rows("SELECT count(*) FROM sighting") == [(2,)] and len(slack.requests()) == told

    limits(scene, max_text_size="1M")
    text = scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "retry", "--all")
    assert text.returncode == 0 and text.stdout == "mail 1: bulletin MS08-001, first seen\n", text
    requests = slack.wait_requests(told + 1)  # by the running daemon, at once
    assert "MS08-001" in requests[-1]["text"], requests[-1]
    assert scene.status()["mails"] == {"bulletin": 1, "unrecognised": 1, "quarantined": 0}
    assert scene.rows("SELECT count(*) FROM quarantine") == [(0,)] and scene.ctl("quarantine", "list", expect=3) == []
    wait_until(lambda: "alert/2008/ms08-001.json" in scene.archive(), "the daemon to write the archive")
    # Nothing changes any more.
    before = scene.dump("mail", "bulletin", "decision", "outbox", "sighting")
    result, = scene.ctl("quarantine", "retry", "1")
    assert result["bulletin"] == "MS08-001" and result["event"] == "first", result
    assert scene.dump("mail", "bulletin", "decision", "outbox", "sighting") == before
    trace = scene.ctl("trace", "1")
    assert [d["action"] for d in trace["decisions"]] == ["new"] and trace["mails"][0]["subject"], trace
    daemon.stop()


def history_stays_history(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    limits(scene, max_text_size="64k")
    scene.ctl("import", scene.write("in/a.eml", long_alert("MS08-001", 100000)))
    limits(scene, max_text_size="1M")
    text = scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "retry", "--all")
    assert text.returncode == 0 and "history: nobody is told" in text.stdout, text
    assert scene.rows("SELECT action FROM decision") == [("none",)] and scene.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert "alert/2008/ms08-001.json" in scene.archive()  # no daemon runs that would write it
    scene.once()
    assert slack.requests() == []


def fetched_again(scene):
    """Of a mail that was too large only the beginning is stored. It is asked for, and the daemon fetches it."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    limits(scene, max_message_size="64k")
    scene.once()
    whole, gone = long_alert("MS08-001", 100000), long_alert("MS08-002", 90000)
    scene.deliver(whole, gone)
    scene.once()
    told = len(slack.requests())

    # Nobody is there to fetch it.
    text = scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "retry", "1")
    assert text.returncode == 1 and "hotfixd does not run: it is fetched when it does" in text.stdout, text
    shown = scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "show", "1")
    assert "hotfixd has not answered yet" in shown.stdout, shown.stdout
    scene.once()
    request, = scene.ctl("quarantine", "show", "1")["requests"]
    assert "max-message-size" in request["answer"] and request["answered"], request

    limits(scene, max_message_size="1M")
    connection = scene.imap()
    connection.select("INBOX")
    connection.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
    connection.expunge()
    connection.logout()
    daemon = scene.daemon()
    daemon.wait_idle()
    results = scene.ctl("quarantine", "retry", "--all", expect=1)
    first, second = results
    assert first["outcome"] == "replaced" and first["bulletin"] == "MS08-001" and not first["pending"], first
    new = first["replaced_by"]
    assert new["sha256"] == hashlib.sha256(whole).hexdigest() and new["event"] == "first" and not new["history"], new
    assert second["outcome"] == "quarantined" and "gone" in second["answer"], second
    requests = slack.wait_requests(told + 1)
    assert "MS08-001" in requests[-1]["text"], requests[-1]
    assert scene.status()["mails"] == {"bulletin": 1, "unrecognised": 0, "quarantined": 1}
    trace = scene.ctl("trace", "1")["mails"][0]
    assert trace["outcome"] == "replaced" and trace["reason"] == f"fetched again as mail {new['mail']}", trace
    daemon.stop()
    assert scene.rows("SELECT uid FROM sighting WHERE mail_id = ?", new["mail"]) == [(1,)]


def after_an_upgrade(scene):
    """What an earlier version did not understand is read again, once, and people are told of what turns out to be news."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    limits(scene, max_text_size="64k", max_message_size="128k")
    scene.once()
    scene.deliver(long_alert("MS08-001", 70000), sample("08"), long_alert("MS08-002", 200000), nested(100), long_alert("MS08-003", 70000))
    scene.ctl("import", scene.write("in/a.eml", long_alert("MS08-004", 70000)))
    scene.once()
    assert scene.status()["mails"] == {"bulletin": 0, "unrecognised": 1, "quarantined": 5}
    version = scene.rows("SELECT version, done FROM reread")
    assert version == [(scene.status()["version"], 1)], version

    def upgraded(last_mail_id):
        with sqlite3.connect(f"{scene.state}/hotfixd.db", timeout=30) as db:
            db.execute("DELETE FROM reread")
            if last_mail_id is None:
                db.execute("INSERT INTO reread VALUES ('0.0.1', 9, 1)")
            else:
                db.execute("INSERT INTO reread VALUES (?, ?, 0)", (version[0][0], last_mail_id))
            db.execute("UPDATE mail SET stored_ms = 0 WHERE sha256 = ?", (hashlib.sha256(long_alert("MS08-003", 70000)).hexdigest(),))
        db.close()
    limits(scene, max_text_size="1M")
    daemon = scene.daemon()
    daemon.wait_idle()
    assert scene.status()["mails"]["bulletin"] == 0  # the same version has nothing to do
    daemon.stop()
    upgraded(None)
    daemon = scene.daemon()
    daemon.wait_log("4 mails that an earlier version did not understand were read again: 2 of them are understood now")
    assert ["MS08-001" in request["text"] for request in slack.wait_requests(1)] == [True]  # MS08-004 is history
    assert {b["id"] for b in scene.ctl("list")} == {"MS08-001", "MS08-004"}  # MS08-002 is too large, MS08-003 too long ago
    assert scene.status()["mails"] == {"bulletin": 2, "unrecognised": 1, "quarantined": 3}
    wait_until(lambda: scene.rows("SELECT version, done FROM reread") == version, "the work to be done")
    assert [row["attempts"] for row in scene.ctl("quarantine", "list")] == [1, 1, 1]
    daemon.stop()
    # Broken off in the middle it goes on there: only the last one is left.
    upgraded(5)
    daemon = scene.daemon()
    wait_until(lambda: scene.rows("SELECT version, done FROM reread") == version, "the work to be done")
    daemon.stop()
    assert len(slack.requests()) == 1


def the_worker_is_confined(scene):
    """As the kernel sees it: system calls are filtered, nothing can be gained, started or written."""
    scene.start_dovecot()
    scene.deliver(sample("01"))
    scene.configure()
    daemon = scene.daemon()
    daemon.wait_idle()
    workers = wait_until(daemon.workers, "a worker")
    for pid in workers:
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), status
        with open(f"/proc/{pid}/limits", encoding="utf-8") as f:
            limits = {line[:26].strip(): line[26:].split()[:2] for line in f}
        assert limits["Max processes"] == limits["Max core file size"] == ["0", "0"], limits
    daemon.stop()


run(both_and_the_next, what_is_listed_and_shown, read_again_with_other_limits, history_stays_history, fetched_again,
    after_an_upgrade, the_worker_is_confined)
