#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""First contact with a mailbox: what lies there is history, and a second run changes nothing."""
from harness import run, sample

STATE_TABLES = ("mail", "mail_data", "sighting", "bulletin", "revision", "variant", "decision", "outbox", "attempt", "cursor")


def is_history(scene):
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.start_dovecot()
    scene.deliver(sample("01"), sample("02"), sample("05"))
    scene.configure(slack, mail)
    scene.once()

    bulletins = scene.ctl("list")
    assert [b["id"] for b in bulletins] == ["MS07-905", "MS07-901", "MS07-902"], bulletins
    assert all(b["history"] for b in bulletins)
    for b in bulletins:
        decisions = scene.decisions(b["id"])
        assert [(route, action) for route, action, _ in decisions] == [("urgent", "none")], decisions
        assert decisions[0][2].startswith("history: "), decisions
    return slack, mail


def first_contact_is_history_with_one_summary(scene):
    slack, mail = is_history(scene)
    requests = slack.requests()
    assert len(requests) == 1, [r["text"] for r in requests]
    assert "MS07-901" in requests[0]["body"] and "MS07-905" not in requests[0]["body"], requests[0]["body"]
    mails = mail.mails()
    assert len(mails) == 1, [m["Subject"] for m in mails]
    assert scene.rows("SELECT channel, kind, state FROM outbox ORDER BY channel") == \
        [("mail", "summary", 1), ("slack", "summary", 1)]
    tree = scene.archive()
    for name in ("ms07-901", "ms07-902", "ms07-905"):
        assert f"alert/2007/{name}.html" in tree and f"alert/2007/{name}.json" in tree, sorted(tree)


def second_run_changes_nothing(scene):
    slack, mail = is_history(scene)
    before, tree = scene.dump(*STATE_TABLES), scene.archive()
    cursor = before.pop("cursor")
    scene.once()
    after = scene.dump(*STATE_TABLES)
    assert [row[:-1] for row in after.pop("cursor")] == [row[:-1] for row in cursor]  # but for the time of the last sync
    assert after == before
    assert scene.archive() == tree
    assert len(slack.requests()) == 1 and len(mail.mails()) == 1


def mails_while_down_are_no_history(scene):
    slack, mail = is_history(scene)
    scene.deliver(sample("03"))
    scene.once()
    requests = slack.requests()
    assert len(requests) == 2, [r["text"] for r in requests]
    assert "MS07-903" in requests[1]["text"], requests[1]["text"]
    assert len(mail.mails()) == 2
    (_, action, reason), = scene.decisions("MS07-903")
    assert action == "new" and "severity critical" in reason, reason
    assert not next(b for b in scene.ctl("list") if b["id"] == "MS07-903")["history"]


def empty_at_first_contact(scene):
    """No mails, no summary; and the first one that comes afterwards is news."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.once()
    assert slack.requests() == []
    scene.deliver(sample("01"))
    scene.once()
    assert len(slack.requests()) == 1 and scene.decisions("MS07-901")[0][1] == "new"


run(first_contact_is_history_with_one_summary, second_run_changes_nothing, mails_while_down_are_no_history,
    empty_at_first_contact)
