#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""'hotfixctl replay': the same configuration and parser give the same, another one shows what differs, and nothing is sent,
changed or left behind."""
import json
import os
import re
import signal
import sqlite3
import time

from harness import PASSWORD, alert, compress, decompress, run, sample, wait_until
from small_imap import SmallImap, configure, critical, told

FORBIDDEN = "outbox", "attempt", "decision", "bulletin", "revision", "variant", "mail", "sighting", "cursor", "route_state"


def replay(scene, *arguments):
    """The differences and the totals."""
    scene.environment["TMPDIR"] = scene.path("tmp")
    os.makedirs(scene.environment["TMPDIR"], exist_ok=True)
    before = scene.dump(*FORBIDDEN)
    result = scene.run("hotfixctl", "-c", scene.config_file, "--json", "replay", *arguments)
    assert result.returncode == 0, result.stderr
    assert scene.dump(*FORBIDDEN) == before, "the database was changed"
    assert os.listdir(scene.environment["TMPDIR"]) == [], "something was left behind"
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return lines[:-1], lines[-1]["totals"]


def prepare(scene):
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.start_dovecot()
    scene.configure(slack, mail)
    scene.once()
    scene.deliver(sample("04"), alert("MS08-001"), alert("MS08-002", "low", "wait"), b"Subject: lunch\r\n\r\nat noon?\r\n")
    scene.once()
    scene.deliver(sample("07"))
    scene.once()
    slack.wait_requests(2)
    return slack, mail


def same_again(scene):
    slack, mail = prepare(scene)
    sent = len(slack.requests()), len(mail.mails())
    differences, totals = replay(scene)
    assert differences == [] and totals["mails"] == 5 and totals["left_out"] == 0, (differences, totals)
    assert (len(slack.requests()), len(mail.mails())) == sent


def other_thresholds(scene):
    slack, mail = prepare(scene)
    sent = len(slack.requests()), len(mail.mails())
    scene.sections["route urgent"].update({"severity": "low", "urgency": "wait"})
    scene.sections["route later"] = {"severity": "critical", "channels": "slack"}
    scene.write_config()
    differences, totals = replay(scene)
    by_bulletin = {}
    for difference in differences:
        assert difference["fields"] == [] and difference["outcome"] is None, difference
        for decision in difference["decisions"]:
            by_bulletin.setdefault(difference["bulletin"], []).append(
                (decision["route"], decision["from"]["action"], decision["to"]["action"]))
            assert decision["to"]["reason"], decision
    assert by_bulletin["MS08-002"] == [("urgent", "none", "new")], by_bulletin
    assert by_bulletin["MS08-001"] == [("later", "none", "new")], by_bulletin
    assert by_bulletin["MS07-904"] == [("urgent", "none", "new"), ("later", "none", "raised")], by_bulletin
    assert totals["decisions"] == len(differences), totals
    assert (len(slack.requests()), len(mail.mails())) == sent
    text = scene.run("hotfixctl", "-c", scene.config_file, "replay").stdout
    assert re.search(r"route urgent:\n +decided: +none \(not above: .*\)\n +now: +new \(", text), text
    assert text.endswith("Nothing was sent.\n"), text
    differences, totals = replay(scene, "--since", "2199-01-01")
    assert differences == [] and totals["mails"] == 0, totals


def another_parser(scene):
    """What an earlier version read otherwise: its content is put into the database by hand."""
    prepare(scene)
    with sqlite3.connect(os.path.join(scene.state, "hotfixd.db")) as db:
        (number, content), = db.execute("SELECT variant.id, packed FROM variant JOIN revision ON revision.id = revision_id JOIN"
                                        " bulletin ON bulletin.id = bulletin_id WHERE number = 'MS08-001'").fetchall()
        changed = json.loads(decompress(content))
        changed["severity"].update({"value": "moderate", "level": 3, "text": "3(警告)"})
        db.execute("UPDATE variant SET packed = ?, fingerprint = ? WHERE id = ?",
                   (compress(json.dumps(changed, ensure_ascii=False).encode()), "0" * 64, number))
        db.execute("UPDATE mail SET outcome = 1, reason = 'no feed knew it', revision_id = NULL WHERE id ="
                   " (SELECT mail_id FROM variant JOIN revision ON revision.id = revision_id JOIN bulletin ON bulletin.id ="
                   " bulletin_id WHERE number = 'MS08-002')")
    db.close()
    differences, totals = replay(scene)
    fields = [d for d in differences if d["fields"]]
    assert len(fields) == 1 and fields[0]["bulletin"] == "MS08-001", differences
    change, = [c for c in fields[0]["fields"] if c["path"] == "severity"]
    assert (change["label"], change["from"], change["to"]) == ("深刻度", "3(警告)", "1(緊急)"), change
    outcome, = [d["outcome"] for d in differences if d["outcome"]]
    assert outcome == {"from": "unrecognised: no feed knew it", "to": "bulletin MS08-002"}, outcome
    assert (totals["fields"], totals["outcomes"]) == (1, 1), totals


def as_news(scene):
    """A history tells nobody; what it would have been as news is what thresholds are chosen by."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.deliver(alert("MS08-001"), alert("MS08-002", "low", "wait"))
    scene.once()
    assert replay(scene)[0] == []
    differences, totals = replay(scene, "--news")
    (difference,), _ = [d for d in differences if d["decisions"]], totals
    assert difference["bulletin"] == "MS08-001" and difference["decisions"][0]["to"]["action"] == "new", difference
    assert len(slack.requests()) == 1  # the summary


def overtaken(scene):
    """Told by way of one mailbox although another, new one had brought it as history, whether with the very same bytes, as a
    copy that went another way, or with another content: all of that is the same again."""
    slack = scene.start_slack()
    slow = ("UID FETCH", lambda connection, tag, command: time.sleep(1))  # so that the other is first
    watched = SmallImap(scene, {1: critical(1)}, [slow])
    configure(scene, slack, watched=watched.section())
    scene.once()
    watched.mails.update({2: critical(2), 3: critical(3), 4: critical(4)})
    copy = critical(3).replace(b"Message-ID: <", b"Received: by b.example\r\nMessage-ID: <")
    new = SmallImap(scene, {1: critical(1), 2: critical(2), 3: copy, 4: alert("MS08-004", "low", "wait"), 5: critical(5)})
    scene.sections["mailbox new"] = {**new.section(), "password-file": scene.path("password")}
    scene.write_config()
    scene.once()
    assert told(slack) == ["MS08-002", "MS08-003", "MS08-004"], told(slack)
    events = scene.rows("SELECT event, count(*) FROM mail GROUP BY event ORDER BY event")
    assert events == [("duplicate", 1), ("first", 5), ("variant", 1)], events
    differences, totals = replay(scene)
    assert differences == [] and totals["mails"] == 7, differences
    differences, _ = replay(scene, "--news")
    decisions = {(d["bulletin"], d["decisions"][0]["from"]["action"], d["decisions"][0]["to"]["action"]) for d in differences}
    assert decisions == {("MS08-001", "none", "new"), ("MS08-005", "none", "new"), ("MS08-003", "none", "new"),
                         ("MS08-003", "new", "none"), ("MS08-004", "new", "raised")}, differences


def stopped(scene):
    """Ctrl-C ends it in good order."""
    scene.start_dovecot()
    scene.configure(scene.start_slack())
    scene.deliver(*(alert(f"MS08-{number:03}") for number in range(1, 200)))
    scene.once()
    scene.environment["TMPDIR"] = scene.path("tmp")
    os.makedirs(scene.environment["TMPDIR"])
    process = scene.spawn([os.path.join(os.environ.get("builddir", "."), "hotfixctl"), "-c", scene.config_file, "replay"],
                          "replay.log")
    wait_until(lambda: os.listdir(scene.environment["TMPDIR"]), "the replay's directory")
    process.signal(signal.SIGINT)
    assert process.wait() in (0, 1)
    wait_until(lambda: not os.listdir(scene.environment["TMPDIR"]), "an empty directory")
    assert PASSWORD not in process.log()


def wrong_use(scene):
    scene.start_dovecot()
    scene.configure(scene.start_slack())
    result = scene.run("hotfixctl", "-c", scene.config_file, "replay", "--since", "2026-02-30")
    assert result.returncode == 2 and "'2026-02-30' is not a date" in result.stderr, result
    result = scene.run("hotfixctl", "-c", scene.config_file, "replay", "MS08-001")
    assert result.returncode == 2 and "unexpected argument" in result.stderr, result
    result = scene.run("hotfixctl", "-c", scene.config_file, "replay")
    assert result.returncode == 1 and "there is no database yet" in result.stderr, result


run(same_again, other_thresholds, another_parser, as_news, overtaken, stopped, wrong_use)
