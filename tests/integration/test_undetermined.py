#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Marks that were lost on the way: unknown stays unknown, is treated as above the threshold, and the message says so."""
from harness import alert, run, sample


def scene_with_route(scene, mail=None, **route):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack, mail)
    channels = scene.sections["route urgent"]["channels"]
    scene.sections["route urgent"] = dict(route, channels=channels)
    scene.write_config()
    scene.once()
    return slack


def severity_lost(scene):
    mail = scene.start_smtp()
    slack = scene_with_route(scene, mail, severity="critical")
    scene.deliver(sample("09"))
    scene.once()
    (_, action, reason), = scene.decisions("MS07-906")
    assert action == "new" and reason == "severity is undetermined, which counts as above every threshold", reason
    request, = slack.requests()
    assert "undetermined" in request["body"], request["body"]
    message, = mail.mails()
    assert "undetermined" in message.get_body(("plain",)).get_content()
    severity = scene.ctl("show", "MS07-906")["severity"]
    assert severity["value"] is None and severity["basis"] == "undetermined", severity


def both_lost(scene):
    slack = scene_with_route(scene, severity="critical", urgency="immediate")
    mail = alert("MS08-001").decode()
    mail = mail.replace("  2(重要)", "2(重要)").replace("至急適用", "？")
    scene.deliver(mail.encode())
    scene.once()
    (_, action, reason), = scene.decisions("MS08-001")
    assert action == "new", reason
    assert reason == "severity and urgency are both undetermined, which counts as above every threshold", reason
    assert "undetermined" in slack.requests()[0]["body"]


def route_may_decline(scene):
    slack = scene_with_route(scene, severity="critical", undetermined="no")
    scene.deliver(sample("09"))
    scene.once()
    assert slack.requests() == [] and scene.decisions("MS07-906")[0][1] == "none"


run(severity_lost, both_lost, route_may_decline)
