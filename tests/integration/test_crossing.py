#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What rises is told, in the thread of the first message and with the difference; what only comes again is not, whatever has
happened to the daemon, the mailbox or the database."""
import os
import shutil
import signal

from harness import alert, run, wait_until

MANY = 300


def prepare(scene, **keys):
    """From important on, to Slack and by mail; nothing is in the mailbox yet."""
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.start_dovecot()
    scene.configure(slack, mail)
    scene.sections["route urgent"].update({"severity": "important"}, **keys)
    scene.write_config()
    scene.once()
    return slack, mail


def wait_seen(scene, count):
    """Until so many mails have been seen, and nothing waits to be sent."""
    def seen():
        return (scene.rows("SELECT count(*) FROM sighting")[0][0] == count and
                scene.rows("SELECT count(*) FROM outbox WHERE state = 0")[0][0] == 0)
    wait_until(seen, f"{count} sightings and an empty outbox")


def told(scene, slack, mail, count):
    """The last message on each channel; there are so many on each, each with an identity of its own."""
    requests, mails = slack.requests(), mail.mails()
    assert len(requests) == count and len(mails) == count, ([r["text"] for r in requests], [m["Subject"] for m in mails])
    assert len({r["key"] for r in requests}) == count and len({m["Message-ID"] for m in mails}) == count
    text = mails[-1].get_body(("plain",)).get_content() if mails else ""
    if count > 1:
        first, last = mails[0], mails[-1]
        assert last["In-Reply-To"] == first["Message-ID"] and first["Message-ID"] in last["References"].split(), last["References"]
    return requests[-1]["body"], text


def everything_happens(scene, daemon, seen, *mails):
    """These mails come again, as they are; the daemon is reloaded, killed and started; the mailbox gets other UIDs."""
    scene.deliver(*mails)
    seen += len(mails)
    wait_seen(scene, seen)
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("configuration", count=1)
    daemon.wait_idle()
    daemon.kill()
    daemon = scene.daemon()
    daemon.wait_idle()
    daemon.stop()
    scene.renumber_dovecot()
    daemon = scene.daemon()
    daemon.wait_log("renumbered the mailbox")
    daemon.wait_idle()
    return daemon


def rises_are_told_and_nothing_twice(scene):
    slack, mail = prepare(scene)
    daemon = scene.daemon()
    daemon.wait_idle()
    first = alert("MS08-001", severity="important", urgency="early")
    scene.deliver(first)
    wait_seen(scene, 1)
    told(scene, slack, mail, 1)

    # Another content under the same dates, which is more severe.
    variant = alert("MS08-001", severity="critical", urgency="early", message_id="variant@hotfix.example")
    scene.deliver(alert("MS08-001", severity="important", urgency="early", message_id="again@hotfix.example"), variant)
    wait_seen(scene, 3)
    for text in told(scene, slack, mail, 2):
        assert "深刻度: 2(重要) → 1(緊急)" in text, text
    daemon = everything_happens(scene, daemon, 3, first, variant)
    told(scene, slack, mail, 2)

    # A later revision, which is more urgent.
    later = alert("MS08-001", severity="critical", urgency="immediate", updated="2008-01-20")
    scene.deliver(later)
    wait_until(lambda: len(slack.requests()) == 3 and len(mail.mails()) == 3, "the third message")
    for text in told(scene, slack, mail, 3):
        assert "早期適用 → 至急適用" in text and "2008-01-15 → 2008-01-20" in text, text
    scene.deliver(later, first, variant)
    daemon.wait_idle()
    daemon.stop()
    scene.once()
    told(scene, slack, mail, 3)
    assert [action for _, action, _ in scene.decisions("MS08-001")] == ["new", "raised", "raised"]


def copy_database(scene, name):
    """What a backup holds; the file of what was sent is none of it."""
    os.mkdir(scene.path(name))
    for file in os.listdir(scene.state):
        if file.startswith("hotfixd.db"):
            shutil.copy2(os.path.join(scene.state, file), scene.path(name, file))


def restore_database(scene, name):
    for file in os.listdir(scene.state):
        if file.startswith("hotfixd.db"):
            os.remove(os.path.join(scene.state, file))
    for file in os.listdir(scene.path(name)):
        shutil.copy2(scene.path(name, file), os.path.join(scene.state, file))


def a_backup_is_restored(scene):
    """What was sent since then is asked for again, and not sent again; what rises afterwards is told in the old thread."""
    slack, mail = prepare(scene)
    scene.deliver(alert("MS08-001", severity="important", urgency="early"))
    scene.once()
    copy_database(scene, "backup")
    scene.deliver(alert("MS08-001", severity="critical", urgency="early", updated="2008-01-20"))
    scene.once()
    told(scene, slack, mail, 2)
    restore_database(scene, "backup")
    daemon = scene.daemon()
    daemon.wait_idle()
    wait_seen(scene, 2)
    told(scene, slack, mail, 2)
    answers = [answer for answer, in scene.rows("SELECT answer FROM outbox WHERE kind = 'raised'")]
    assert len(answers) == 2 and all("sent before" in answer for answer in answers), answers
    scene.deliver(alert("MS08-001", severity="critical", urgency="immediate", updated="2008-01-25"))
    wait_seen(scene, 3)
    told(scene, slack, mail, 3)
    daemon.stop()


def while_it_was_down(scene):
    """One that is new, one that rises, one that was told before, all of them once."""
    slack, mail = prepare(scene)
    first = alert("MS08-001", severity="important", urgency="early")
    scene.deliver(first)
    scene.once()
    scene.deliver(first, alert("MS08-001", severity="critical", urgency="early", updated="2008-01-20"), alert("MS08-002"))
    daemon = scene.daemon()
    wait_seen(scene, 4)
    daemon.stop()
    texts = [r["text"] for r in slack.requests()]
    assert len(texts) == 3 and "MS08-001" in texts[1] and "MS08-002" in texts[2], texts
    assert [m["In-Reply-To"] is None for m in mail.mails()] == [True, False, True]


def a_full_mailbox_at_first_contact(scene):
    """One summary for each channel, also if the first pass is broken off; and what comes then is told."""
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.start_dovecot()
    scene.configure(slack, mail)
    scene.sections["route all"] = {"severity": "low", "updates": "yes", "channels": "slack, mail", "remind-after": "1h"}
    scene.write_config()
    scene.deliver(*(alert(f"MS08-{i:03}", updated=f"2008-02-{i % 28 + 1:02}", registered="2008-01-15") for i in range(MANY)))
    daemon = scene.daemon()
    wait_until(lambda: os.path.exists(f"{scene.state}/hotfixd.db") and
               scene.status() and scene.rows("SELECT count(*) FROM mail")[0][0] > 0, "the first mails to be stored")
    daemon.kill()
    daemon = scene.daemon()
    wait_seen(scene, MANY)
    wait_until(lambda: scene.rows("SELECT history_done FROM cursor") == [(1,)], "the end of the history")
    scene.deliver(alert("MS08-900"))
    wait_seen(scene, MANY + 1)
    daemon.stop()
    kinds = scene.rows("SELECT channel, kind, count(*) FROM outbox GROUP BY channel, kind ORDER BY channel, kind")
    assert kinds == [("mail", "new", 1), ("mail", "summary", 1), ("slack", "new", 1), ("slack", "summary", 1)], kinds
    texts = [r["text"] for r in slack.requests()]
    assert len(texts) == 2 and f"{MANY} bulletins" in texts[0] and "MS08-900" in texts[1], texts
    assert len(mail.mails()) == 2
    assert scene.rows("SELECT count(*) FROM alert") == [(2,)]  # of both routes, of the one that came afterwards


run(rises_are_told_and_nothing_twice, a_backup_is_restored, while_it_was_down, a_full_mailbox_at_first_contact)
