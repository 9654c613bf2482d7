#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The digest of a route: once for each time it is due, by what the route has told and kept back since the last one."""
import re

from harness import alert, run

DAY_MS = 24 * 3600 * 1000


def a_digest(scene):
    """Of a route that tells nothing at once; and the next one only when there is something again."""
    scene.start_dovecot()
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.configure(slack, mail)
    scene.sections["route urgent"].update({"immediate": "no", "digest": "daily", "digest-time": "00:00"})
    scene.write_config()
    scene.once()
    scene.deliver(alert("MS08-001"), alert("MS08-002", severity="low", urgency="wait"))
    scene.once()
    scene.deliver(alert("MS08-002", severity="critical", urgency="early", updated="2008-01-20"))
    scene.once()
    assert slack.requests() == [] and mail.mails() == []
    scene.change(f"UPDATE digest SET until_ms = until_ms - {2 * DAY_MS}")
    scene.once()
    request, = slack.wait_requests(1)
    message, = mail.wait_mails(1)
    text = message.get_body(("plain",)).get_content()
    assert "[daily digest] urgent: 2 bulletins" in request["text"] and "[daily digest] urgent: 2 bulletins" in message["Subject"]
    for part in ("new: [緊急][至急適用] MS08-001", "raised: [緊急][早期適用] MS08-002"):
        assert part in re.sub(r"\s+", " ", text) and part in request["body"], (part, text, request["body"])
    scene.once()
    assert len(slack.requests()) == 1 and len(mail.mails()) == 1


run(a_digest)
