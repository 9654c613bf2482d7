#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sessions end at messages, again and again: which of them are to blame is found out, and nothing else waits for them."""
from harness import run
from small_imap import SmallImap, configure, critical, told, uids_on_record


def hang_up_at(bad):
    """Sends what comes before, and hangs up at the bad ones."""
    def fetch(connection, tag, command):
        _, _, uids, items = command.split(" ", 3)
        wanted = connection.server.uids(uids)
        if not bad & set(wanted):
            return None
        for uid in wanted[:min(wanted.index(uid) for uid in bad & set(wanted))]:
            connection.send(connection.server.fetch(uid, items))
        return "* BYE damaged"
    return [("UID FETCH .*BODY", fetch)]


def neighbours_end_the_session(scene):
    """Two above the cursor, side by side: what is behind them comes, and they do when they can be sent."""
    server, slack = SmallImap(scene, {1: critical(1)}), scene.start_slack()
    configure(scene, slack, main=server.section())
    scene.once()  # with a summary of the first
    server.mails.update({uid: critical(uid) for uid in (2, 3, 4, 5)})
    server.rules = hang_up_at({3, 4})
    daemon = scene.daemon()
    slack.wait_requests(3)
    assert told(slack) == ["MS08-002", "MS08-005"]
    daemon.wait_log("UID 4: 3 sessions in a row have ended when it was asked for")
    daemon.wait_idle()
    assert uids_on_record(scene) == [1, 2, 3, 4, 5]
    daemon.stop()
    server.rules = []
    scene.once()
    assert told(slack) == ["MS08-002", "MS08-003", "MS08-004", "MS08-005"]


def innocent(scene):
    """Three sessions end at a message, and it was not the message: it comes with the others, not an hour later."""
    server, slack = SmallImap(scene, {1: critical(1)}), scene.start_slack()
    configure(scene, slack, main=server.section())
    scene.once()
    server.mails.update({uid: critical(uid) for uid in (2, 3)})
    breaks = []

    def outage(connection, tag, command):
        breaks.append(command)
        return "* BYE not now" if len(breaks) <= 3 else None
    server.rules = [("UID FETCH .*BODY", outage)]
    daemon = scene.daemon()
    slack.wait_requests(3)
    assert told(slack) == ["MS08-002", "MS08-003"]
    daemon.wait_idle()
    assert not scene.ctl("list", "--quarantined", expect=3), "still on record as withheld"
    daemon.stop()


run(neighbours_end_the_session, innocent)
