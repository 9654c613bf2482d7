#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Mails that cannot be read are kept with a reason, and the next mail is processed."""
import hashlib

from harness import run, sample, wait_until

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


run(both_and_the_next, the_worker_is_confined)
