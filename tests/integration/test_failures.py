#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whatever goes wrong with a mailbox has its own clear line, its own pause, and stands in 'hotfixctl status'; and no mailbox is
held up by another."""
import datetime
import re
import time

from harness import Listener, PASSWORD, alert, free_port, run, say_nothing, wait_until
from small_imap import SmallImap, configure

QUICK, SOON, SLOW = (0.7, 2), (3, 5.5), (44, 61)  # seconds to the next attempt


def seconds_between(box):
    return (datetime.datetime.fromisoformat(box["retry"].replace("Z", "+00:00"))
            - datetime.datetime.fromisoformat(box["since"].replace("Z", "+00:00"))).total_seconds()


def say_no_more(connection, tag, command):
    connection.input.read()
    return "* BYE"


def each_its_own(scene):
    """One daemon, many mailboxes, each with something else that is wrong from the beginning."""
    def imap(**keys):
        return SmallImap(scene, **keys)

    cases = {  # name: (keys, problem, pause, line)
        "name": ({"url": "imaps://no-such-host.invalid/INBOX", "user": "me"}, "dns", QUICK, "cannot be resolved"),
        "refused": (dict(imap().section(), url=f"imap://127.0.0.1:{free_port()}/INBOX"), "network", QUICK, "[Rr]efused"),
        "silent": (dict(imap().section(timeout="1s"), url=f"imap://127.0.0.1:{Listener(scene, say_nothing).port}/INBOX"), "timeout",
                   QUICK, "time|no answer"),
        "bye": (imap(greeting="* BYE we are closed").section(), "closed", QUICK, "we are closed"),
        "bye-unavailable": (imap(greeting="* BYE [UNAVAILABLE] maintenance").section(), "unavailable", SOON, "maintenance"),
        "password": (imap(rules=[("AUTH|LOGIN", "{tag} NO [AUTHENTICATIONFAILED] no such user")]).section(), "login", SLOW,
                     "no such user"),
        "later": (imap(rules=[("AUTH|LOGIN", "{tag} NO [UNAVAILABLE] directory is away")]).section(), "unavailable", SOON,
                  "directory is away"),
        "many": (imap(rules=[("AUTH|LOGIN", "{tag} NO [LIMIT] too many connections")]).section(), "limited", SLOW,
                 "too many connections"),
        "folder": (imap(rules=[("EXAMINE", "{tag} NO [NONEXISTENT] no such folder")]).section(), "folder", SOON,
                   "folder INBOX: .*refused EXAMINE: .NONEXISTENT. no such folder"),
        "busy": (imap(rules=[("EXAMINE", "{tag} NO [INUSE] locked")]).section(), "unavailable", SOON, "locked"),
        "bad-select": (imap(rules=[("EXAMINE", "{tag} BAD what?")]).section(), "protocol", SOON, "did not understand EXAMINE: what"),
        "no-search": (imap(rules=[("UID SEARCH", "{tag} NO not now")]).section(), "protocol", SOON, "refused UID SEARCH: not now"),
        "bad-fetch": (imap(mails={1: alert("MS08-001")}, rules=[("UID FETCH", "{tag} BAD what?")]).section(), "protocol", SOON,
                      "did not understand UID FETCH: what"),
        "no-fetch": (imap(mails={1: alert("MS08-001")}, rules=[("UID FETCH", "{tag} NO damaged")]).section(), "protocol", SOON,
                     "refused UID FETCH: damaged"),
        "bye-fetch": (imap(mails={1: alert("MS08-001")}, rules=[("UID FETCH", "* BYE going down")]).section(), "closed", QUICK,
                      "UID FETCH.*goodbye: going down|goodbye: going down"),
        "hung-up": (imap(rules=[("UID SEARCH", lambda connection, tag, command: connection.cut())]).section(), "closed", QUICK, "closed the connection"),
        "hangs": (imap(rules=[("UID SEARCH", say_no_more)]).section(timeout="1s"), "timeout", QUICK,
                  "no answer of the IMAP server to UID SEARCH for 1 s"),
    }
    good = SmallImap(scene)
    slack = scene.start_slack()
    configure(scene, slack, good=good.section(), **{name: case[0] for name, case in cases.items()})
    daemon = scene.daemon()
    lines = {}
    for name, (keys, problem, pause, line) in cases.items():
        lines[name] = daemon.wait_log(rf"(warning|error) mailbox {name}: (.*); next attempt in (\d+) s\n")
        place = re.sub(r"imaps?://([^/]*)/.*", r"\1", keys["url"])
        said = lines[name][2]
        assert place in said and re.search(line, said), (name, said)
        assert PASSWORD not in said
        if pause:
            assert int(pause[0]) <= int(lines[name][3]) <= pause[1], (name, lines[name][0])
        if problem in ("login", "folder"):
            assert lines[name][1] == "error", lines[name][0]
    # What does not come back at once is there to be seen, with all that one wants to know.
    boxes = {box["name"]: box for box in scene.status()["mailboxes"]}
    for name, (_, problem, pause, line) in cases.items():
        box = boxes[name]
        if pause == SLOW:
            assert box["state"] == "waiting to retry" and box["failures"] == 1 and pause[0] <= seconds_between(box) <= pause[1], box
        assert box["failures"] >= 1 and box["failing_since"] and re.search(line, box["error"]) and not box["synced"], box
        assert problem in (None, box["problem"]), box
    text = scene.run("hotfixctl", "-c", scene.config_file, "status").stdout
    assert re.search(r"password: 127.*no such user.*\n    1 failure in a row since .*\n    next attempt ", text), text
    # And the one that works is not disturbed.
    wait_until(lambda: {b["name"]: b["state"] for b in scene.status()["mailboxes"]}["good"] == "idle", "the good one")
    good.add(1, alert("MS08-009"))
    assert "MS08-009" in slack.wait_requests(1)[0]["text"]
    daemon.stop()


def no_idle(scene):
    """A server that lists IDLE and refuses it is polled, and so is one that does not list it."""
    no = SmallImap(scene, rules=[("IDLE", "{tag} NO not here")])
    bad = SmallImap(scene, rules=[("IDLE", "{tag} BAD what?")])
    none = SmallImap(scene, capabilities="IMAP4rev1 SASL-IR AUTH=PLAIN")
    slack = scene.start_slack()
    configure(scene, slack, no=no.section(poll_interval="5s"), bad=bad.section(poll_interval="5s"),
              none=none.section(poll_interval="5s"))
    daemon = scene.daemon()
    daemon.wait_idle()
    for number, server in enumerate((no, bad, none), 1):
        server.add(number, alert(f"MS08-{number:03}"), announce=False)
    told = {re.search(r"MS08-\d+", r["text"])[0] for r in slack.wait_requests(3, timeout=60)}
    assert told == {"MS08-001", "MS08-002", "MS08-003"}, told
    daemon.wait_idle()
    wait_until(lambda: {b["mode"] for b in scene.status()["mailboxes"]} == {"polling"}, "polling")
    assert [server.logins() for server in (no, bad, none)] == [1, 1, 1] and no.commands.count("IDLE") == 1
    assert "warning mailbox" not in daemon.log() and "error mailbox" not in daemon.log(), daemon.log()
    daemon.stop()


def goodbye_while_idle(scene):
    """Said, and connected again soon; what came meanwhile is fetched; and how long it was away is said."""
    server, slack = SmallImap(scene), scene.start_slack()
    configure(scene, slack, main=server.section())
    daemon = scene.daemon()
    daemon.wait_idle()
    wait_until(lambda: "IDLE" in server.commands, "IDLE")
    server.mails[1] = alert("MS08-001")
    server.say("* BYE restarting")
    server.hang_up()
    daemon.wait_log(r"warning mailbox main: 127\.0\.0\.1:\d+: .*goodbye: restarting")
    assert "MS08-001" in slack.wait_requests(1)[0]["text"]
    daemon.wait_log(r"mailbox main: connected: recovered after 1 failure in \d+s")
    daemon.wait_idle()
    box, = scene.status()["mailboxes"]
    assert box["failures"] == 0 and not box["error"] and not box["problem"] and not box["failing_since"], box
    daemon.stop()


def a_server_that_always_breaks_off(scene):
    """It lets us in, and ends the session after each pass: the pauses grow all the same."""
    server = SmallImap(scene, rules=[("IDLE", "* BYE no more")])
    configure(scene, None, main=server.section())
    daemon = scene.daemon()
    wait_until(lambda: server.logins() >= 3, "the third attempt")
    start = time.monotonic()
    wait_until(lambda: server.logins() >= 4, "the fourth attempt")
    assert time.monotonic() - start > 2.5  # 1, 2, then 4 s, less a quarter
    daemon.stop()


run(each_its_own, no_idle, goodbye_while_idle, a_server_that_always_breaks_off)
