#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Microsoft Teams: a card for each message through a workflow's address, which stays a secret."""
import json

from harness import alert, run, wait_until


def posted(slack):
    """The cards that were posted, as objects; the sink does not care who posts."""
    with open(slack.out, encoding="utf-8") as out:
        lines = out.read().split("\n")[:-1]
    return [(json.loads(line)["headers"]["idempotency-key"], json.loads(json.loads(line)["body"])) for line in lines]


def prepare(scene, *answers):
    sink = scene.start_slack(answers, name="teams")
    scene.start_dovecot()
    scene.configure()
    scene.sections["channel ops"] = {"type": "teams", "url-file": scene.write("workflow", f"{sink.url}?sig=s3cretSignature\n"),
                                     "insecure": "yes"}
    scene.sections["route urgent"]["channels"] = "ops"
    scene.write_config()
    scene.once()
    return sink


def texts(card):
    runs = [run["text"] for element in card["body"] for block in element.get("items", [element]) for run in block["inlines"]]
    return "\n".join(runs)


def tried_again(scene):
    sink = prepare(scene, "429 2", "202")
    scene.deliver(alert("MS08-001", title="<at>all</at> **見出し** {{DATE(2026-01-01)}}"))
    daemon = scene.daemon()
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 1, "the delivery to succeed", 40)
    daemon.stop()
    keys, messages = zip(*posted(sink))
    assert len(keys) == 2 and len(set(keys)) == 1 and messages[0] == messages[1], keys
    attachment, = messages[0]["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert card["type"] == "AdaptiveCard" and "[緊急][至急適用] MS08-001" in texts(card), texts(card)
    assert "<at>all</at> **見出し** {" in texts(card) and "{{" not in texts(card), texts(card)
    assert "entities" not in card.get("msteams", {})
    assert f"delivery {keys[0][:8]}" in texts(card)
    assert "s3cretSignature" not in daemon.log() + str(scene.dump("outbox", "attempt"))


def refused_for_good(scene):
    prepare(scene, "404")
    scene.deliver(alert("MS08-001"))
    scene.once(expect=1)
    assert scene.status()["deliveries"]["dead"] == 1, scene.status()["deliveries"]
    text = scene.run("hotfixctl", "-c", scene.config_file, "trace", "MS08-001").stdout
    assert "404 status 404" in text, text


run(tried_again, refused_for_good)
