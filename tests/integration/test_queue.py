#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""hotfixctl queue: what is to be sent, why it was not, and what a person can do about it."""
from harness import alert, run, wait_until


def queue(scene, *arguments, expect=0):
    return scene.ctl("queue", *arguments, expect=expect)


def prepare(scene, *answers):
    slack = scene.start_slack(answers)
    scene.start_dovecot()
    scene.configure(slack)
    scene.once()
    return slack


def text(scene, *arguments, expect=0):
    result = scene.run("hotfixctl", "-c", scene.config_file, "queue", *arguments)
    assert result.returncode == expect, (arguments, result.returncode, result.stderr)
    return result.stdout + result.stderr


def looked_at(scene):
    prepare(scene, "500", "404")
    assert queue(scene, "list", expect=3) == []
    assert "nothing waits" in text(scene, "list", expect=3)
    scene.deliver(alert("MS08-001"), alert("MS08-002"))
    scene.once(expect=1)
    dead, failing = queue(scene, "list")
    assert [dead["about"], dead["state"], failing["about"], failing["state"]] == ["MS08-002", "dead", "MS08-001", "failing"]
    assert dead["answer"].startswith("404") and failing["answer"].startswith("500"), (dead, failing)
    assert failing["unclear"] and not dead["unclear"]  # a server that broke down may have done its work before
    assert failing["next"] and not dead["next"] and failing["tries"] == dead["tries"] == 1
    assert queue(scene, "list", "--state", "dead") == [dead]
    assert queue(scene, "list", "--state", "failing") == [failing]
    assert queue(scene, "list", "--limit", "1") == [dead]
    assert queue(scene, "list", "--channel", "mail", expect=3) == []
    for state in ("waiting", "sent", "dropped"):
        assert queue(scene, "list", "--state", state, expect=3) == []
    table = text(scene, "list")
    assert "MS08-001" in table and "failing" in table and "404" in table, table
    shown = queue(scene, "show", dead["identity"][:12])
    assert {key: shown[key] for key in dead} == dead
    assert [a["result"] for a in shown["attempts"]] == ["dead"]
    assert [d["route"] for d in shown["decisions"]] == ["urgent"] and "critical" in shown["decisions"][0]["reason"]
    assert "MS08-002" in shown["preview"] and shown["payload"] and shown["schema"] == "hotfixd.delivery/1"
    page = text(scene, "show", str(failing["delivery"]))
    assert "MS08-001" in page and "asked for by" in page and "retry: 500" in page, page
    for secret in ("/services/", "T0/B0"):
        assert secret not in page + table + str(shown)


def asked_for_again(scene):
    slack = prepare(scene, "404", "404")
    scene.deliver(alert("MS08-001"), alert("MS08-002"))
    scene.once(expect=1)
    numbers = [d["delivery"] for d in queue(scene, "list")]
    assert "hotfixd is not running" in text(scene, "retry", str(numbers[0]))
    daemon = scene.daemon()
    slack.wait_requests(3)
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 1, "the first to be sent")
    # Beside the daemon, which hears of it by itself.
    assert queue(scene, "retry", "--all") == [{"delivery": numbers[1], "result": "due now", "error": None}]
    slack.wait_requests(4)
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 2, "the second to be sent")
    daemon.stop()
    requests = slack.requests()
    assert len({r["key"] for r in requests}) == 2 and len({r["body"] for r in requests}) == 2
    shown = queue(scene, "show", str(numbers[0]))
    assert [a["result"] for a in shown["attempts"]] == ["dead", "again", "sent"], shown["attempts"]
    assert queue(scene, "retry", "--all", expect=3) == []
    refused, = queue(scene, "retry", str(numbers[0]), expect=3)
    assert refused["result"] == "refused" and "sent" in refused["error"], refused


def dropped(scene):
    slack = prepare(scene, "500", "404", "500")
    scene.deliver(*(alert(f"MS08-00{i}") for i in (1, 2, 3)))
    scene.once(expect=1)
    third, second, first = (d["delivery"] for d in queue(scene, "list"))
    queue(scene, "drop", str(first), "--reason", "nobody's business")
    assert queue(scene, "list", "--state", "dropped")[0]["answer"] == "nobody's business"
    assert scene.status()["deliveries"] == {"pending": 1, "sent": 0, "dead": 1, "dropped": 1}
    done = queue(scene, "drop", "--all", "--channel", "slack")
    assert [d["delivery"] for d in done] == [second, third] and all(d["result"] == "dropped" for d in done), done
    assert queue(scene, "drop", "--all", "--channel", "slack", expect=3) == []
    assert "dropped by " in queue(scene, "show", str(second))["answer"]
    scene.once()
    assert len(slack.requests()) == 3
    queue(scene, "retry", str(first))  # a person may think better of it
    scene.once()
    assert len(slack.requests()) == 4 and queue(scene, "show", str(first))["state"] == "sent"
    assert [d["delivery"] for d in queue(scene, "list", "--all")] == [third, second, first]


def being_sent(scene):
    """Nobody takes a delivery out of the hands of a daemon that runs; what one that was killed held is free."""
    prepare(scene, "hang")
    scene.deliver(alert("MS08-001"))
    daemon = scene.daemon()
    wait_until(lambda: scene.rows("SELECT 1 FROM outbox WHERE owner IS NOT NULL"), "the delivery to be under way")
    refused, = queue(scene, "drop", "1", expect=1)
    assert "it is being sent right now" in refused["error"], refused
    queue(scene, "retry", "1")
    daemon.kill()
    assert queue(scene, "list")[0]["unclear"]
    assert queue(scene, "drop", "1")[0]["result"] == "dropped"


def wrong_usage(scene):
    prepare(scene)
    for arguments in ((), ("look",), ("list", "1"), ("show",), ("show", "1", "2"), ("retry",), ("retry", "1", "--all"), ("drop",),
                      ("drop", "--all"), ("list", "--limit", "0"), ("list", "--state", "pending"), ("retry", "1", "--reason", "x"),
                      ("drop", "1", "--reason", " "), ("drop", "1", "--channel", "slack"), ("list", "--all", "--state", "sent")):
        text(scene, *arguments, expect=2)
    for arguments in (("show", "1"), ("retry", "99"), ("drop", "abcdef"), ("show", "' OR 1=1 --")):
        assert "there is no delivery" in text(scene, *arguments, expect=3)


run(looked_at, asked_for_again, dropped, being_sent, wrong_usage)
