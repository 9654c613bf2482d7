#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What programs are told: the events are as their schema says, signed and repeatable; PagerDuty's incidents begin and end."""
import hashlib
import hmac
import json
import os

import jsonschema

from harness import SOURCE, alert, run, sample, wait_until

SECRET = "the key of the signature, 32 bytes"
ROUTING_KEY = "0123456789abcdef0123456789abcdef"


def posted(sink):
    """The requests as they came, with their bodies decoded."""
    if not os.path.exists(sink.out):
        return []
    with open(sink.out, encoding="utf-8") as out:
        requests = [json.loads(line) for line in out.read().split("\n")[:-1]]
    return [dict(request, json=json.loads(request["body"])) for request in requests]


def schema_of(name):
    with open(os.path.join(SOURCE, "schema", name), encoding="utf-8") as file:
        return json.load(file)


class Judge:
    """The event by its schema, and the bulletin in it by its own."""

    def __init__(self):
        schema, bulletin = schema_of("event-1.schema.json"), schema_of("bulletin-1.schema.json")
        assert schema["properties"]["data"]["properties"]["bulletin"]["anyOf"][0]["$ref"] == bulletin["$id"]
        schema["properties"]["data"]["properties"]["bulletin"] = {"type": ["object", "null"]}
        self.event, self.bulletin = (jsonschema.Draft202012Validator(s) for s in (schema, bulletin))
        self.order = list(schema["properties"]["data"]["properties"])

    def check(self, event):
        self.event.validate(event)
        assert list(event["data"]) == self.order, "the members stand in another order"
        if event["data"]["bulletin"]:
            self.bulletin.validate(event["data"]["bulletin"])


def prepare(scene, answers=(), **keys):
    sink = scene.start_slack(name="hook", answers=answers)
    scene.start_dovecot()
    scene.configure()
    del scene.sections["channel journal"]
    scene.sections["channel hook"] = {"type": "webhook", "url-file": scene.write("hook", sink.url + "\n"), "insecure": "yes",
                                      "secret-file": scene.write("secret", SECRET + "\n")}
    scene.sections["route urgent"].update({"channels": "hook", "updates": "yes", **keys})
    scene.write_config()
    scene.once()
    return sink


def events_are_as_the_schema_says(scene):
    sink = prepare(scene)
    scene.sections["route all"] = {"severity": "low", "kinds": "alert, news, weekly, tips, advance-notice", "channels": "hook"}
    scene.sections["route health"] = {"channels": "hook"}
    scene.write_config()
    scene.deliver(*(sample(f"{number:02}") for number in range(1, 9)))
    scene.deliver(alert("MS08-001", "moderate", "consider"))
    scene.deliver(alert("MS08-001", "critical", "immediate", updated="2008-02-20"))
    scene.deliver(alert("MS08-001", "low", "wait", updated="2008-02-21"))
    scene.once()
    events = [request["json"] for request in posted(sink)]
    judge = Judge()
    for event in events:
        judge.check(event)
    kinds = {event["data"]["event"] for event in events}
    assert {"new", "raised", "lowered"} <= kinds, kinds
    assert len({event["id"] for event in events}) == len(events)
    assert {event["id"] for event in events} == {row[0] for row in scene.rows("SELECT identity FROM outbox WHERE state = 1")}
    raised, = (e for e in events if e["type"] == "hotfixd.bulletin.raised" and e["subject"] == "MS08-001")
    assert raised["source"] == "/hotfixd/hotfix-report"
    change, = (c for c in raised["data"]["changes"] if c["field"].startswith("severity"))
    assert (change["label"], change["from"], change["to"]) == ("深刻度", "3(警告)", "1(緊急)"), change
    shown = scene.ctl("show", "MS08-001")
    last = events[-1]["data"]["bulletin"]
    assert {key: last[key] for key in ("id", "severity", "sections")} == {key: shown[key] for key in ("id", "severity", "sections")}


def signed_and_repeatable(scene):
    sink = prepare(scene, ("500", "drop"))
    scene.deliver(alert("MS08-001"))
    daemon = scene.daemon()
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 1, "the event to be taken")
    daemon.stop()
    first, second = posted(sink)
    assert first["body"] == second["body"] and first["headers"]["idempotency-key"] == first["json"]["id"]
    for request in (first, second):
        expected = hmac.new(SECRET.encode(), request["body"].encode(), hashlib.sha256).hexdigest()
        assert request["headers"]["x-hotfixd-signature"] == f"sha256={expected}"
        assert request["headers"]["content-type"] == "application/cloudevents+json; charset=utf-8"
    (since,), = scene.rows("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', since_ms / 1000, 'unixepoch') FROM outbox")
    assert first["json"]["time"] == since, (first["json"]["time"], since)
    shown = str(scene.ctl("queue", "show", "1")) + str(scene.ctl("trace", "MS08-001")) + daemon.log()
    assert SECRET not in shown and sink.url not in shown


def incidents_begin_and_end(scene):
    sink = prepare(scene)
    api = scene.start_slack(name="pager", answers=["202"] * 20)
    scene.sections["channel pager"] = {"type": "pagerduty", "api-url": f"http://127.0.0.1:{api.port}/v2/enqueue", "insecure": "yes",
                                       "routing-key-file": scene.write("routing", ROUTING_KEY + "\n")}
    scene.sections["route urgent"]["channels"] = "hook, pager"
    scene.write_config()
    scene.deliver(alert("MS08-001"), alert("MS08-002"))
    scene.deliver(alert("MS08-001", updated="2008-02-20", text="書き直し。"))
    scene.deliver(alert("MS08-001", "low", "wait", updated="2008-02-21"))
    scene.once()
    events = [request["json"] for request in posted(api)]
    assert all(event["routing_key"] == ROUTING_KEY for event in events)
    found = [(event["event_action"], event["dedup_key"], event["payload"]["class"]) for event in events]
    one, two = (f"hotfixd/pager/hotfix-report:MS08-00{i}" for i in (1, 2))
    assert found[:2] == [("trigger", one, "new"), ("trigger", two, "new")], found
    assert found[-1] == ("resolve", one, "lowered"), found
    assert all(event[2] != "updated" for event in found), found  # nobody is woken for a revision that is no worse
    assert events[0]["payload"]["severity"] == "critical" and "MS08-001" in events[0]["payload"]["summary"]
    assert ROUTING_KEY not in str(scene.dump("outbox", "attempt"))
    # Somebody takes care of the other one: the incident ends, and programs hear of it.
    scene.run("hotfixctl", "-c", scene.config_file, "ack", "MS08-002", "--by", "山田", "--comment", "適用中")
    scene.once()
    last = posted(api)[-1]["json"]
    assert (last["event_action"], last["dedup_key"]) == ("resolve", two), last
    event = posted(sink)[-1]["json"]
    Judge().check(event)
    assert event["type"] == "hotfixd.bulletin.acknowledged" and event["subject"] == "MS08-002", event
    assert "山田" in json.dumps(event["data"], ensure_ascii=False)


run(events_are_as_the_schema_says, signed_and_repeatable, incidents_begin_and_end)
