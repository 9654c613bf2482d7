#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Steps and reminders with the daemon, until somebody acknowledges; over restarts and times off."""
import signal
import time

from harness import alert, run, wait_until


def prepare(scene, **keys):
    """Route "urgent" to mail, steps to phone and boss (both Slack webhooks)."""
    scene.start_dovecot()
    mail, phone, boss = scene.start_smtp(), scene.start_slack(name="phone"), scene.start_slack(name="boss")
    scene.configure(None, mail)
    for sink in (phone, boss):
        scene.sections[f"channel {sink.name}"] = {"type": "slack", "insecure": "yes",
                                                  "url-file": scene.write(f"{sink.name}.url", sink.url + "\n")}
    scene.sections["daemon"]["time-zone"] = "Asia/Tokyo"
    scene.sections["route urgent"].update(keys)
    scene.write_config()
    scene.once()
    return mail, phone, boss


def wait_settled(scene):
    """Until what was sent is on record."""
    wait_until(lambda: scene.status()["deliveries"]["pending"] == 0, "the deliveries to be settled")


def kinds(scene, number):
    return [k for k, in scene.rows("""SELECT outbox.kind FROM outbox JOIN bulletin ON bulletin.id = bulletin_id WHERE key = ?
                                      ORDER BY outbox.id""", number)]


def steps_then_ack(scene):
    mail, phone, boss = prepare(scene, escalate="1s phone; 2s boss", **{"remind-after": "30s"})
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.deliver(alert("MS08-001"))
    (text,) = [r["body"] for r in phone.wait_requests(1)]
    assert "MS08-001" in text and "Nobody has acknowledged this since" in text and "hotfixctl ack MS08-001" in text, text
    wait_settled(scene)
    first = daemon
    daemon.kill()  # nothing is repeated, and nothing forgotten
    daemon = scene.daemon()
    boss.wait_requests(1)
    wait_until(lambda: "notice escalation: MS08-001, route urgent: step 2 of 2" in first.log(), "a line of both")
    wait_settled(scene)
    assert len(phone.requests()) == 1
    daemon.wait_idle()
    scene.sections["route urgent"]["escalate"] = "1s phone; 2s boss; 3s phone"
    scene.write_config()
    daemon.signal(signal.SIGHUP)  # the new step is taken, the others are not once more
    phone.wait_requests(2)
    wait_settled(scene)
    assert (len(phone.requests()), len(boss.requests())) == (2, 1)

    (opened,) = scene.ctl("list", "--open")
    (state,) = opened["alerts"]
    assert opened["id"] == "MS08-001" and state["state"] == "open" and state["steps_taken"] == 3 and state["next"], opened
    assert scene.status()["alerts"]["open"] == 1 and scene.status()["alerts"]["oldest"] == state["since"]
    answer = scene.ctl("ack", "ms08-001", "--by", "taro", "--comment", "on it\x1b[31m")
    assert answer["alerts"][0]["state"] == "acknowledged" and answer["alerts"][0]["acknowledgement"]["by"] == "taro", answer
    assert answer["alerts"][0]["acknowledgement"]["comment"].startswith("on it"), answer
    assert "\x1b" not in str(answer), answer
    assert scene.ctl("list", "--open", expect=3) == [] and scene.status()["alerts"] == {"open": 0, "overdue": 0, "oldest": None}

    # Nothing is left to be done by the clock, which has looked since: it has planned for what came later.
    scene.deliver(alert("MS08-002"))
    wait_until(lambda: "escalated" in kinds(scene, "MS08-002"), "the first step of the second one")
    wait_settled(scene)
    assert scene.rows("SELECT next_ms FROM alert JOIN bulletin ON bulletin.id = bulletin_id WHERE key = 'MS08-001'") == [(None,)]
    assert [k for k in kinds(scene, "MS08-001") if k != "acknowledged"] == ["new", *["escalated"] * 3], kinds(scene, "MS08-001")
    assert [("MS08-002" in m["Subject"]) for m in mail.mails()] == [False, True], [m["Subject"] for m in mail.mails()]
    trace = scene.ctl("trace", "MS08-001")
    assert [d["kind"] for d in trace["decisions"][0]["deliveries"]][:4] == ["new", *["escalated"] * 3], trace["decisions"]
    assert trace["acknowledgements"][0]["by"] == "taro" and trace["alerts"][0]["state"] == "acknowledged", trace
    text = scene.run("hotfixctl", "-c", scene.config_file, "trace", "MS08-001").stdout
    assert "escalated: sent to channel boss" in text and "acknowledged by taro" in text, text
    assert "route urgent: acknowledged by taro" in scene.run("hotfixctl", "-c", scene.config_file, "show", "MS08-001").stdout
    daemon.stop()


def down_when_it_was_due(scene):
    """Each step once, and whoever is in several hears it once; one reminder; and nothing at the next start."""
    mail, phone, boss = prepare(scene, escalate="3s phone; 4s phone, boss", **{"remind-after": "3s", "remind-limit": "5"})
    scene.deliver(alert("MS08-001"))
    scene.once()
    told = time.time()
    wait_until(lambda: time.time() > told + 4.5, "the steps to be due")
    scene.once()
    assert (len(phone.requests()), len(boss.requests()), len(mail.mails())) == (1, 1, 2), kinds(scene, "MS08-001")
    assert mail.mails()[1]["In-Reply-To"] == mail.mails()[0]["Message-ID"] and mail.mails()[0]["Subject"] in mail.mails()[1]["Subject"]
    scene.ctl("ack", "MS08-001")
    scene.once()
    scene.once()
    assert (len(phone.requests()) - 1, len(boss.requests()) - 1) in ((0, 0), (1, 1))  # they may be shown the acknowledgement
    assert len(mail.mails()) == 2


def one_run_says_what_it_could_not_do(scene):
    """What is to be done by the clock and fails is no success, also where the daemon does not stay."""
    prepare(scene, escalate="1d phone")
    scene.deliver(alert("MS08-001"))
    scene.once()
    scene.change("UPDATE variant SET packed = CAST(x'00' || packed AS BLOB)")
    scene.once(expect=1)
    scene.change("UPDATE variant SET packed = substr(packed, 2)")
    scene.once()


run(steps_then_ack, down_when_it_was_due, one_run_says_what_it_could_not_do)
