#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A publisher who changes the format: a warning in the log, one message on the health channel, one when it is over, whatever
happens to the daemon in between."""
import re

from harness import alert, run, wait_until

CLEAN = 5
RENAMED = "危険度の目安"
ADDED = "公開日"


def renamed(number):
    """An alert whose label of the severity has another name."""
    return alert(number).replace("\r\n深刻度\r\n".encode(), f"\r\n{RENAMED}\r\n".encode())


def with_one_more(number):
    """An alert with a date that no alert ever had."""
    return alert(number).replace("\r\n【更新日】".encode(), f"\r\n【{ADDED}】2008/01/15\r\n【更新日】".encode())


def prepare(scene):
    scene.start_dovecot()
    slack, health = scene.start_slack(), scene.start_slack(name="health")
    scene.configure(slack)
    scene.sections["channel people"] = {"type": "slack", "url-file": scene.write("webhook-health", health.url + "\n"),
                                        "insecure": "yes"}
    scene.sections["route health"] = {"channels": "people"}
    scene.write_config()
    scene.once()  # the empty mailbox: what comes from now on is no history
    return slack, health


def numbers(first, count):
    return [f"MS08-{i:03}" for i in range(first, first + count)]


def wait_stored(scene, count):
    def stored():
        status = scene.status()
        return status and sum(status["mails"].values()) == count and status["deliveries"]["pending"] == 0 and status
    return wait_until(stored, f"{count} mails to be stored and told of")


def kinds(health):
    return [re.search(r"\*(PROBLEM|RECOVERED)\*", r["body"])[1] for r in health.requests()]


def conditions(scene):
    return [c["name"] for c in scene.status()["conditions"]]


def labels_change(scene):
    """Warned of, told once, shown by status; the very same mail and another one with the same label are no news; five good
    ones end it."""
    slack, health = prepare(scene)
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.deliver(*map(alert, numbers(1, 5)))
    assert wait_stored(scene, 5)["conditions"] == [] and kinds(health) == []

    strange = renamed("MS08-006")
    scene.deliver(strange)
    daemon.wait_log(rf"mail 6: alert MS08-006: .*{RENAMED}.*labels missing: .*深刻度")
    assert wait_stored(scene, 6)["conditions"][0]["name"] == "drift:hotfix-report"
    message, = health.wait_requests(1)
    assert kinds(health) == ["PROBLEM"] and RENAMED in message["text"] and "深刻度" in message["text"], message["text"]
    assert "MS08-006" in message["body"] and "hotfixctl show MS08-006" in message["body"]
    assert len(slack.wait_requests(6)) == 6  # and the bulletin itself was sent all the same

    scene.deliver(strange)  # the very same bytes under another UID
    wait_until(lambda: scene.rows("SELECT count(*) FROM sighting")[0][0] == 7, "the second sighting")
    scene.deliver(renamed("MS08-007"))
    wait_stored(scene, 7)
    assert kinds(health) == ["PROBLEM"]
    scene.deliver(with_one_more("MS08-008"))
    wait_stored(scene, 8)
    assert len(health.wait_requests(2)) == 2 and ADDED in health.requests()[1]["text"], health.requests()[1]["text"]
    assert kinds(health) == ["PROBLEM", "PROBLEM"]

    status = scene.status()
    feed, = status["feeds"]
    assert (feed["name"], feed["kind"], feed["bulletins"], feed["recent"]) == ("hotfix-report", "alert", 8, 8), feed
    severity = next(f for f in feed["fields"] if f["field"] == "severity")
    assert (severity["recent_rate"], severity["long_run_rate"], severity["deviates"]) == (0.75, 0.75, False), severity
    unknown = {label["label"]: label for label in feed["unknown_labels"]}
    assert unknown[RENAMED]["count"] == 2 and unknown[RENAMED]["bulletin"] == "MS08-007", unknown
    assert unknown[ADDED]["count"] == 1 and unknown[ADDED]["first"] == unknown[ADDED]["last"], unknown
    condition, = status["conditions"]
    assert condition["count"] == 3, condition
    assert condition["details"] == sorted(("label missing: 深刻度", f"label not recognised: {RENAMED}",
                                           f"label not recognised: {ADDED}")), condition
    page = scene.run("hotfixctl", "-c", scene.config_file, "status").stdout
    for text in ("drift:hotfix-report", RENAMED, ADDED, "severity", " 75 %", "of the last 8, and of all 8"):
        assert text in page, page

    scene.deliver(*map(alert, numbers(9, CLEAN - 1)))
    wait_stored(scene, 8 + CLEAN - 1)
    assert conditions(scene) == ["drift:hotfix-report"]
    scene.deliver(*map(alert, numbers(9 + CLEAN - 1, 3)))
    wait_stored(scene, 8 + CLEAN + 2)
    health.wait_requests(3)
    assert kinds(health) == ["PROBLEM", "PROBLEM", "RECOVERED"] and conditions(scene) == []
    assert daemon.log().count("labels missing") == 2, daemon.log()
    daemon.stop()
    assert len({r["key"] for r in health.requests()}) == 3


def stopped_and_killed_in_between(scene):
    """A condition outlives the daemon that found it, and is not told again by the next."""
    _, health = prepare(scene)
    daemon = scene.daemon()
    scene.deliver(alert("MS08-001"), renamed("MS08-002"))
    wait_stored(scene, 2)
    assert kinds(health) == ["PROBLEM"]
    daemon.stop()
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.deliver(renamed("MS08-003"), alert("MS08-004"), alert("MS08-005"))
    wait_stored(scene, 5)
    daemon.kill()
    daemon = scene.daemon()
    daemon.wait_idle()
    assert conditions(scene) == ["drift:hotfix-report"] and kinds(health) == ["PROBLEM"]
    scene.deliver(*map(alert, numbers(6, CLEAN - 2)))
    wait_stored(scene, 5 + CLEAN - 2)
    health.wait_requests(2)
    daemon.kill()
    scene.once()
    assert kinds(health) == ["PROBLEM", "RECOVERED"] and conditions(scene) == []


def old_mails_are_no_alarm(scene):
    """What was there before, and what is imported, is counted and nothing else."""
    scene.start_dovecot()
    health = scene.start_slack(name="health")
    scene.configure()
    scene.sections["channel health"] = {"type": "slack", "url-file": scene.write("webhook-health", health.url + "\n"),
                                        "insecure": "yes"}
    scene.write_config()
    check = scene.run("hotfixd", "-c", scene.config_file, "--check-config")
    assert check.returncode == 0 and "no route uses it" not in check.stderr, check.stderr
    scene.deliver(alert("MS08-001"), renamed("MS08-002"))
    log = scene.once().stderr
    assert re.search("history: 1 of [12] bulletins have labels that are not recognised", log), log
    assert "labels missing" not in log, log
    scene.ctl("import", scene.write("mails/a.eml", renamed("MS08-003")))
    status = scene.status()
    assert status["conditions"] == [] and status["feeds"][0]["bulletins"] == 3, status
    assert status["feeds"][0]["unknown_labels"][0]["count"] == 2, status["feeds"][0]["unknown_labels"]
    assert health.requests() == []


def the_title_line_changes(scene):
    """Mails that are not recognised at all, from the address that sent all the bulletins."""
    _, health = prepare(scene)
    scene.deliver(*map(alert, numbers(1, 3)))
    scene.once()
    strange = alert("MS08-004").replace(b"HotFix Alert", b"Security Bulletin").replace("【登録日】".encode(), "登録".encode())
    strange = strange[:strange.index("深刻度".encode())] + "本文はありません。\r\n".encode()
    scene.deliver(strange, strange.replace(b"From: HotFix Report <report@", b"From: Somebody <someone@"))
    result = scene.once()
    assert scene.status()["mails"]["unrecognised"] == 2, result.stderr
    assert "its sender report@hotfix.example has sent 3 bulletins of hotfix-report" in result.stderr, result.stderr
    message, = health.wait_requests(1)
    assert "a mail of the publisher is not recognised" in message["text"], message["text"]
    assert conditions(scene) == ["drift:hotfix-report"]


run(labels_change, stopped_and_killed_in_between, old_mails_are_no_alarm, the_title_line_changes)
