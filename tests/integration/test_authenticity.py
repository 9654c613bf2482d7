#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Forged bulletins are archived as unverified and never told; real ones are told whatever was forged before or after."""
import json
import os

import jsonschema

from forgeries import bulletin_texts, deliver, forged, real, scene_with_policy
from harness import SOURCE, run


def forged_first(scene):
    slack = scene_with_policy(scene)
    log = deliver(scene, forged("MS08-001")).stderr
    assert "archived as unverified, and nobody is told: mx.company.example says dkim=none; 1 more of that name stands below" in log, log
    assert slack.requests() == []
    (_, action, reason), = scene.decisions("MS08-001")
    assert action == "none" and reason.startswith("sender not verified: mx.company.example says dkim=none"), reason
    row, = scene.ctl("list")
    assert row["unverified"] and row["key"] == "unverified:MS08-001", row
    shown = scene.ctl("show", "MS08-001")
    assert shown["mail"]["authentication"]["verified"] is False, shown["mail"]
    with open(os.path.join(SOURCE, "schema", "bulletin-1.schema.json"), encoding="utf-8") as schema:
        jsonschema.validate(shown, json.load(schema))
    assert scene.status()["unverified"] == {"bulletins": 1, "mails": 1} and scene.status()["bulletins"] == 0

    deliver(scene, real("MS08-001"))
    text, = bulletin_texts(slack)
    assert "MS08-001" in text, text
    (_, action, reason), = scene.decisions("MS08-001")
    assert action == "new", reason
    assert "authentication" not in scene.ctl("show", "MS08-001")["mail"]
    trace = scene.ctl("trace", "MS08-001")
    assert not trace["unverified"] and trace["unverified_key"] == "unverified:MS08-001", trace
    mail, = trace["mails"]
    assert mail["event"] == "first" and mail["unverified"] is None, mail
    forgery = scene.ctl("trace", "unverified:MS08-001")
    assert forgery["unverified"] and "dkim=none" in forgery["mails"][0]["unverified"], forgery
    assert [r["unverified"] for r in scene.ctl("list", "--verified")] == [False]
    assert [r["unverified"] for r in scene.ctl("list", "--unverified")] == [True]
    assert {"alert/2008/ms08-001.html", "unverified/alert/2008/ms08-001.html"} <= set(scene.archive())

    for command, marks in (("list", ["unverified:MS08-001"]), ("show", ["hotfixctl show unverified:MS08-001"]),
                           ("trace", ["hotfixctl trace unverified:MS08-001"]), ("status", ["unverified  1 mail, kept apart as 1 bulletin"])):
        arguments = [command] + (["ms08-001"] if command in ("show", "trace") else [])
        out = scene.run("hotfixctl", "-c", scene.config_file, *arguments).stdout
        assert all(mark in out for mark in marks), out
    out = scene.run("hotfixctl", "-c", scene.config_file, "show", "unverified:ms08-001").stdout
    assert out.startswith("UNVERIFIED: ") and "dkim=none" in out, out


def forged_afterwards(scene):
    slack = scene_with_policy(scene)
    deliver(scene, real("MS08-001"))
    assert len(bulletin_texts(slack)) == 1
    before = scene.ctl("show", "MS08-001")
    deliver(scene, forged("MS08-001", severity="low", urgency="wait", updated="2008-01-20"), forged("MS08-001"),
            forged("MS08-001", severity="low", urgency="wait"))
    assert len(bulletin_texts(slack)) == 1, slack.requests()
    assert scene.ctl("show", "MS08-001") == before
    assert len(scene.ctl("trace", "MS08-001")["revisions"]) == 1
    # The feed's own next revision is compared with its own last one.
    deliver(scene, real("MS08-001", severity="moderate", urgency="wait", updated="2008-01-16"))
    assert [d[1] for d in scene.decisions("MS08-001")] == ["new", "lowered"]
    assert len(bulletin_texts(slack)) == 2


run(forged_first, forged_afterwards)
