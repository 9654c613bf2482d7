#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Messages below the cursor that a server lists and does not send, refuses, or ends the session at: nothing else waits for them,
and they are asked for again."""
from harness import run
from small_imap import SmallImap, configure, critical, told, uids_on_record


def withheld(scene):
    """Listed late, and never sent: on record as that, not asked for over and over, and what is refused keeps nothing out."""
    server, slack = SmallImap(scene, {1: critical(1), 9: critical(9)}), scene.start_slack()
    configure(scene, slack, main=server.section())
    scene.once()
    server.mails.update({3: critical(3), 4: critical(4), 5: critical(5)})
    server.withheld = {4}
    server.rules = [("UID FETCH .*BODY", lambda connection, tag, command: "{tag} NO [SERVERBUG] damaged"
                     if 5 in server.uids(command.split(" ")[2]) else None)]
    result = scene.once()
    assert "3 messages are below UID 10 not on record" in result.stderr and "UID 5: " in result.stderr, result.stderr
    assert uids_on_record(scene) == [1, 3, 9] and told(slack) == ["MS08-003"]
    server.rules = []
    scene.once()
    assert uids_on_record(scene) == [1, 3, 4, 5, 9] and told(slack) == ["MS08-003", "MS08-005"]
    assert [r["reason"] for r in scene.ctl("list", "--quarantined")] == ["the server lists this message and does not send it"]
    result = scene.once()
    assert "not on record" not in result.stderr


def ends_the_session(scene):
    """A message below the cursor at which the server hangs up, each time: on record after three, and the daemon idles."""
    server, slack = SmallImap(scene, {1: critical(1), 9: critical(9)}), scene.start_slack()
    configure(scene, slack, main=server.section())
    scene.once()
    server.mails.update({3: critical(3), 4: critical(4)})
    server.rules = [("UID FETCH .*BODY", lambda connection, tag, command: "* BYE damaged" if 3 in server.uids(command.split(" ")[2])
                     else None)]
    daemon = scene.daemon()
    daemon.wait_log(r"UID 3: 3 sessions in a row have ended when it was asked for")
    daemon.wait_idle()
    slack.wait_requests(2)
    assert told(slack) == ["MS08-004"] and uids_on_record(scene) == [1, 3, 4, 9]
    server.add(10, critical(10))
    slack.wait_requests(3)
    daemon.stop()
    server.rules = []
    scene.once()
    assert told(slack) == ["MS08-003", "MS08-004", "MS08-010"]


run(withheld, ends_the_session)
