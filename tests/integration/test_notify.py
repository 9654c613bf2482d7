#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""hotfixctl notify: what it foretells is what is sent then; a drill goes the way of every message."""
import json
import os
import time

from harness import BUILD, alert, run, sample, wait_until


def notify(scene, *arguments, expect=0):
    result = scene.run("hotfixctl", "-c", scene.config_file, "notify", *arguments)
    assert result.returncode == expect, f"{arguments}: {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout + result.stderr


def prepare(scene, *answers):
    scene.start_dovecot()
    slack = scene.start_slack(answers)
    mail = scene.start_smtp()
    scene.configure(slack, mail)
    scene.once()
    return slack, mail


def foretold_and_done(scene):
    """The payloads of a preview are those that the outbox was given, byte for byte as JSON; a preview changes nothing."""
    slack, mail = prepare(scene)
    scene.sections["route minor"] = {"severity": "low", "channels": "mail", "kinds": "news"}
    scene.write_config()
    scene.deliver(sample("01"))
    scene.once()
    slack.wait_requests(1)
    assert len(mail.mails()) == 1
    before = scene.dump("outbox", "decision", "route_state", "alert")
    preview = scene.ctl("notify", "preview", "ms07-901")
    urgent, minor = preview["routes"]
    (reason,) = [r for route, action, r in scene.decisions("MS07-901") if (route, action) == ("urgent", "new")]
    assert urgent["route"] == "urgent" and urgent["if_new"] == {"action": "new", "reason": reason}, urgent["if_new"]
    assert urgent["once_more"] == {"action": "none", "reason": "still above, and nothing that matters changed"}, urgent["once_more"]
    assert minor["if_new"] == {"action": "none", "reason": "kind alert is not among the route's kinds"}, minor
    assert minor["messages"] == [] and minor["due"] is None
    stored = {channel: json.loads(payload) for channel, payload in scene.rows("SELECT channel, payload FROM outbox WHERE kind = 'new'")}
    foretold = {m["channel"]: m["payload"] for m in urgent["messages"]}
    assert foretold == stored and sorted(stored) == ["mail", "slack"], (foretold, stored)

    text = notify(scene, "preview", "MS07-901")
    assert f"were it new: send as new: {reason}" in text and "to: slack (slack), mail (email)" in text, text
    assert "route urgent, channel mail (email): new" in text and "Subject: [緊急][至急適用] MS07-901" in text, text
    scene.sections["route twin"] = {"severity": "low", "channels": "slack"}
    scene.write_config()
    text = notify(scene, "preview", "MS07-901", "--channel", "slack")
    assert text.count("1(緊急)") == 1 and "one message tells it for route urgent and this one" in text, text
    page = scene.path("page.html")
    text = notify(scene, "preview", "MS07-901", "--route", "urgent", "--channel", "mail", "--html", page)
    assert "channel slack" not in text and "route minor" not in text, text
    with open(page, encoding="utf-8") as f:
        assert f.read() == stored["mail"]["html"]
    os.remove(page)
    assert "HTML" in notify(scene, "preview", "MS07-901", "--channel", "slack", "--html", page, expect=3)
    assert not os.path.exists(page)
    notify(scene, "preview", "MS07-999", expect=3)
    assert "no [route urgant]" in notify(scene, "preview", "MS07-901", "--route", "urgant", expect=3)
    assert scene.dump("outbox", "decision", "route_state", "alert") == before
    assert len(slack.requests()) == 1 and len(mail.mails()) == 1


def changed_thresholds(scene):
    """What the routes would do now, after the configuration was changed."""
    prepare(scene)
    scene.deliver(alert("MS08-001", severity="moderate", urgency="consider"), alert("MS08-002"))
    scene.once()
    scene.sections["route urgent"].update({"severity": "moderate", "software": "no such software"})
    scene.sections["route late"] = {"severity": "low", "channels": "mail"}
    scene.write_config()
    urgent, late = scene.ctl("notify", "preview", "MS08-001")["routes"]
    assert urgent["once_more"]["action"] == "raised" and "was not above before" in urgent["once_more"]["reason"], urgent["once_more"]
    assert "the affected software is undetermined" in urgent["once_more"]["reason"], urgent["once_more"]
    assert late["once_more"]["action"] == "new", late
    scene.sections["route urgent"].update({"feeds": "hotfix-report", "restart": "required", "software": ""})
    scene.write_config()
    urgent, _ = scene.ctl("notify", "preview", "MS08-002")["routes"]
    excluded = "restart not-required is not among the route's"
    assert urgent["if_new"] == {"action": "none", "reason": f"not above: {excluded}"}, urgent["if_new"]
    assert urgent["once_more"] == {"action": "lowered", "reason": f"no longer above: {excluded}"}, urgent["once_more"]
    assert [m["kind"] for m in urgent["messages"]] == ["lowered", "lowered"], urgent["messages"]
    assert "Not for this route any more: severity critical" in str(urgent["messages"]), urgent["messages"]


def unverified(scene):
    """No route would tell of it, whatever its thresholds."""
    prepare(scene)
    scene.sections["mailbox main"]["trusted-senders"] = "@elsewhere.example"
    scene.write_config()
    scene.deliver(alert("MS08-001"))
    scene.once()
    preview = scene.ctl("notify", "preview", "unverified:MS08-001")
    (urgent,) = preview["routes"]
    assert "elsewhere.example" in preview["unverified"] or "trusted" in preview["unverified"], preview["unverified"]
    for decision in (urgent["if_new"], urgent["once_more"]):
        assert decision == {"action": "none", "reason": f"sender not verified: {preview['unverified']}"}, decision
    assert urgent["messages"] == []
    assert "UNVERIFIED" in notify(scene, "preview", "MS08-001")


def clock(minutes):
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def held_back(scene):
    """In quiet hours, what is not severe enough waits until the time that the preview tells; the rest does not. Only the
    digest tells what a route keeps for it."""
    slack, _ = prepare(scene)
    now = time.gmtime()
    minute = now.tm_hour * 60 + now.tm_min
    scene.sections["daemon"]["time-zone"] = "UTC"
    scene.sections["route urgent"].update({"severity": "important", "channels": "slack", "escalate": "30m mail",
                                           "quiet-hours": f"{clock(minute - 60)}-{clock(minute + 120)}"})
    scene.sections["route later"] = {"channels": "mail", "digest": "daily", "immediate": "no",
                                     "digest-time": clock(minute + 300)}
    scene.write_config()
    scene.deliver(alert("MS08-001", severity="important", urgency="consider"), alert("MS08-002"))
    scene.once()
    assert [("MS08-002" in r["text"]) for r in slack.requests()] == [True], slack.requests()
    (state, due), = scene.rows("SELECT state, next_ms FROM outbox JOIN bulletin ON bulletin.id = bulletin_id WHERE key = 'MS08-001'")
    urgent, later = scene.ctl("notify", "preview", "MS08-001")["routes"]
    assert state == 0 and urgent["due"] == time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(due / 1000)), (due, urgent)
    assert urgent["steps"] == [{"at": time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(due / 1000 + 1800)), "channels": ["mail"]}]
    assert later["if_new"]["action"] == "new" and later["messages"] == [], later
    assert later["if_new"]["reason"].endswith("; only the route's digest tells it") and later["digest"], later
    assert scene.rows("SELECT count(*) FROM outbox WHERE channel = 'mail' AND kind IN ('new', 'raised')") == [(0,)]
    text = notify(scene, "preview", "MS08-001")
    assert "when: not before " in text and "unless acknowledged: " in text and "daily digest: next at " in text, text


def drill(scene):
    slack, mail = prepare(scene, "200", "404", "500")
    text = notify(scene, "test", "slack", expect=1)
    assert "hotfixd does not run" in text, text
    assert scene.rows("SELECT count(*) FROM outbox") == [(0,)] and not slack.requests()
    assert "no [channel slak]" in notify(scene, "test", "slak", expect=3)
    daemon = scene.daemon()
    daemon.wait_idle()
    assert notify(scene, "test", "slack").startswith("sent to channel slack (slack): 200"), text
    (request,) = slack.requests()
    assert "[訓練][test] hotfixd can reach channel slack" in request["text"], request
    answer = scene.ctl("notify", "test", "mail")
    assert answer["sent"] and answer["answer"] and answer["type"] == "email", answer
    (letter,) = mail.wait_mails(1)
    assert letter["Subject"].startswith("[訓練][test]"), letter["Subject"]

    # what fails is said at once, and is not tried again at night
    for status in ("404", "500"):
        text = notify(scene, "test", "slack", expect=1)
        assert f"channel slack (slack) failed: {status}" in text, text
    counts = scene.status()["deliveries"]
    assert counts["sent"] == 2 and counts["pending"] == counts["dead"] == 0, counts
    assert len(slack.requests()) == 3
    daemon.stop()


def drill_for_nobody(scene):
    """A channel that the running daemon does not know: whoever ends first, nothing is left to be sent at some later time."""
    prepare(scene)
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.sections["channel other"] = {"type": "log"}
    scene.write_config()
    waiting = scene.spawn([os.path.join(BUILD, "hotfixctl"), "-c", scene.config_file, "notify", "test", "other"], "waiting.log")
    wait_until(lambda: scene.rows("SELECT count(*) FROM outbox WHERE channel = 'other'") == [(1,)], "the drill in the outbox")
    waiting.popen.terminate()
    assert waiting.wait() == 1
    assert "stopped waiting; the test is not sent any more" in waiting.log(), waiting.log()
    waiting = scene.spawn([os.path.join(BUILD, "hotfixctl"), "-c", scene.config_file, "notify", "test", "other"], "left.log")
    wait_until(lambda: scene.rows("SELECT count(*) FROM outbox WHERE channel = 'other'") == [(2,)], "the drill in the outbox")
    daemon.stop()
    assert waiting.wait() == 1
    assert "hotfixd ended before it was sent; it is not sent any more" in waiting.log(), waiting.log()
    assert scene.status()["deliveries"]["pending"] == 0


run(foretold_and_done, changed_thresholds, unverified, held_back, drill, drill_for_nobody)
