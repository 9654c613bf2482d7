#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A later revision that raises, changes or lowers the severity: one notification each, in the thread of the first."""
from harness import alert, run, sample


def sent_so_far(scene, count, slack, mail):
    requests, mails = slack.requests(), mail.mails()
    assert len(requests) == count and len(mails) == count, ([r["text"] for r in requests], [m["Subject"] for m in mails])
    return requests, mails


def raised_from_below(scene):
    """Was moderate and so not told; then critical."""
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.start_dovecot()
    scene.configure(slack, mail)
    scene.once()
    scene.deliver(sample("04"))
    scene.once()
    sent_so_far(scene, 0, slack, mail)
    scene.deliver(sample("07"))
    scene.once()
    requests, mails = sent_so_far(scene, 1, slack, mail)
    assert "3(警告) → 1(緊急)" in requests[0]["body"], requests[0]["body"]
    assert "3(警告) → 1(緊急)" in mails[0].get_body(("plain",)).get_content()
    decisions = scene.decisions("MS07-904")
    assert [d[1] for d in decisions] == ["none", "raised"], decisions
    assert decisions[0][2].startswith("not above: "), decisions
    revisions = scene.ctl("trace", "MS07-904")["revisions"]
    assert [(r["updated"], r["severity"]) for r in sorted(revisions, key=lambda r: r["updated"])] == \
        [("2007-09-26", "moderate"), ("2007-10-02", "critical")]


def raised_after_the_first(scene):
    """Both are told, and the second mail answers the first."""
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.start_dovecot()
    scene.configure(slack, mail)
    scene.sections["route urgent"].update({"severity": "moderate", "updates": "yes"})
    scene.write_config()
    scene.once()
    scene.deliver(sample("04"))
    scene.once()
    sent_so_far(scene, 1, slack, mail)
    scene.deliver(sample("07"))
    scene.once()
    requests, (first, second) = sent_so_far(scene, 2, slack, mail)
    assert [d[1] for d in scene.decisions("MS07-904")] == ["new", "raised"]
    assert "severity was moderate, now critical" in scene.decisions("MS07-904")[1][2]
    assert second["In-Reply-To"] == first["Message-ID"], (second["In-Reply-To"], first["Message-ID"])
    assert first["Message-ID"] in second["References"].split(), second["References"]
    assert second["Message-ID"] != first["Message-ID"] and first["In-Reply-To"] is None
    text = second.get_body(("plain",)).get_content()
    assert "3(警告) → 1(緊急)" in text, text
    assert requests[0]["key"] != requests[1]["key"]


def updated_and_lowered(scene):
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.start_dovecot()
    scene.configure(slack, mail)
    scene.sections["route urgent"]["updates"] = "yes"
    scene.write_config()
    scene.once()
    scene.deliver(alert("MS08-001"))
    scene.once()
    scene.deliver(alert("MS08-001", urgency="early", updated="2008-01-20"))
    scene.once()
    scene.deliver(alert("MS08-001", severity="low", urgency="wait", updated="2008-02-01"))
    scene.once()
    scene.deliver(alert("MS08-001", updated="2008-01-18"))  # one between, late
    scene.once()
    actions = [d[1] for d in scene.decisions("MS08-001")]
    assert actions == ["new", "updated", "lowered", "none"], scene.decisions("MS08-001")
    assert scene.decisions("MS08-001")[3][2] == "an earlier revision arriving late"
    _, mails = sent_so_far(scene, 3, slack, mail)
    first = mails[0]["Message-ID"]
    assert [m["In-Reply-To"] for m in mails] == [None, first, first]
    assert scene.ctl("show", "ms08-001")["updated"] == "2008-02-01"


run(raised_from_below, raised_after_the_first, updated_and_lowered)
