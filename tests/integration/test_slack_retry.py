#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What does not get through is tried again, also by the next process; what is refused for good is on record."""
from harness import run, sample, wait_until


def delivery(scene, bulletin="MS07-901"):
    found, = scene.ctl("trace", bulletin)["decisions"][0]["deliveries"]
    return found


def prepare(scene, *answers):
    slack = scene.start_slack(answers)
    scene.start_dovecot()
    scene.configure(slack)
    scene.once()
    scene.deliver(sample("01"))
    return slack


def tried_again(scene):
    slack = prepare(scene, "500", "429 2")
    daemon = scene.daemon()
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 1, "the delivery to succeed")
    daemon.stop()
    requests = slack.requests()
    assert len(requests) == 3 and len({r["key"] for r in requests}) == 1, [r["key"] for r in requests]
    assert len({r["body"] for r in requests}) == 1
    attempts = delivery(scene)["attempts"]
    assert [a["answer"].split()[0] for a in attempts] == ["500", "429", "200"], attempts
    assert attempts[-1]["result"] == "sent", attempts
    assert requests[0]["key"] == delivery(scene)["identity"]
    assert requests[0]["json"]["metadata"]["event_payload"]["identity"] == delivery(scene)["identity"]


def next_process_goes_on(scene):
    slack = prepare(scene, "500")
    scene.once(expect=1)
    assert delivery(scene)["state"] == "pending" and len(delivery(scene)["attempts"]) == 1, delivery(scene)
    scene.once()  # not due yet: nothing is sent
    assert len(slack.requests()) == 1
    daemon = scene.daemon()
    slack.wait_requests(2)
    wait_until(lambda: delivery(scene)["state"] == "sent", "the record of the delivery")
    daemon.stop()
    assert len(delivery(scene)["attempts"]) == 2
    assert len({r["key"] for r in slack.requests()}) == 1


def refused_for_good(scene):
    slack = prepare(scene, "404")
    scene.once(expect=1)
    assert delivery(scene)["state"] == "dead", delivery(scene)
    attempt, = delivery(scene)["attempts"]
    assert attempt["answer"].startswith("404"), attempt
    assert scene.status()["deliveries"] == {"pending": 0, "sent": 0, "dead": 1, "dropped": 0}
    text = scene.run("hotfixctl", "-c", scene.config_file, "status").stdout
    assert "1 given up" in text, text
    scene.once()
    assert len(slack.requests()) == 1


def nobody_listens(scene):
    slack = prepare(scene)
    slack.stop()
    scene.once(expect=1)
    assert delivery(scene)["state"] == "pending"
    assert slack.url not in str(delivery(scene))  # the webhook's address is a secret
    slack.start()
    daemon = scene.daemon()
    slack.wait_requests(1)
    daemon.stop()


def asked_to_wait(scene):
    """Longer than it would have waited by itself."""
    prepare(scene, "429 3600")
    scene.once(expect=1)
    (wait_ms,), = scene.rows("SELECT next_ms - at_ms FROM outbox JOIN attempt ON delivery_id = outbox.id")
    assert wait_ms >= 3600 * 1000, wait_ms


def killed_while_sending(scene):
    """Whether it arrived nobody knows: the next process sends it again at once, as the same."""
    slack = prepare(scene, "hang")
    daemon = scene.daemon()
    slack.wait_requests(1)
    daemon.kill()
    daemon = scene.daemon()
    requests = slack.wait_requests(2)
    wait_until(lambda: delivery(scene)["state"] == "sent", "the record of the delivery")
    daemon.stop()
    assert len(slack.requests()) == 2 and requests[0]["key"] == requests[1]["key"], requests


run(tried_again, next_process_goes_on, refused_for_good, nobody_listens, asked_to_wait, killed_while_sending)
