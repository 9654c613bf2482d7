#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A bulletin that is sent again is a sighting, and nobody hears of it."""
from harness import run, sample


def resent_bulletin(scene):
    slack, mail = scene.start_slack(), scene.start_smtp()
    scene.start_dovecot()
    scene.configure(slack, mail)
    scene.once()
    scene.deliver(sample("01"))
    scene.once()
    assert len(slack.requests()) == 1 and len(mail.mails()) == 1
    scene.deliver(sample("06"))  # the same bulletin by way of another list
    scene.deliver(sample("01"))  # the very same mail
    scene.once()
    assert len(slack.requests()) == 1 and len(mail.mails()) == 1

    trace = scene.ctl("trace", "MS07-901")
    revision, = trace["revisions"]
    assert (revision["variants"], revision["sightings"]) == (1, 2), revision
    assert [m["event"] for m in trace["mails"]] == ["first", "duplicate"], trace["mails"]
    assert [len(m["sightings"]) for m in trace["mails"]] == [2, 1], trace["mails"]
    assert [d["action"] for d in trace["decisions"]] == ["new"], trace["decisions"]
    assert len(scene.ctl("list")) == 1


run(resent_bulletin)
