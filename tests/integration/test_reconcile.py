#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a cursor alone would miss: messages that appear late, below others, and servers that disagree with themselves."""
from harness import run
from small_imap import SmallImap, configure, critical, told, uids_on_record


def appears_late(scene):
    """A replicated server shows UID 3 only after UID 5 was fetched: it is fetched at the next connect, and is no history."""
    server, slack = SmallImap(scene, {1: critical(1), 2: critical(2)}), scene.start_slack()
    configure(scene, slack, main=server.section())
    scene.once()
    assert len(slack.requests()) == 1 and "2" in slack.requests()[0]["text"]  # the summary of the history
    server.add(5, critical(5))
    scene.once()
    assert told(slack) == ["MS08-005"]
    server.add(3, critical(3))
    result = scene.once()
    assert "1 message is below UID 6 not on record: fetching (the first is UID 3)" in result.stderr, result.stderr
    assert told(slack) == ["MS08-003", "MS08-005"] and uids_on_record(scene) == [1, 2, 3, 5]
    assert scene.rows("SELECT last_uid, history_done FROM cursor") == [(5, 1)]
    fetched = len([c for c in server.commands if "BODY" in c])
    result = scene.once()
    assert "not on record" not in result.stderr
    assert len([c for c in server.commands if "BODY" in c]) == fetched + 1  # the last one, to compare
    assert scene.status()["mailboxes"][0]["reconciled"]


def appears_late_in_an_unfinished_history(scene):
    """While the first sync has not come to its end, such a message belongs to what was there before."""
    server, slack = SmallImap(scene, {n: critical(n) for n in range(1, 7)}), scene.start_slack()
    late = server.mails.pop(2)
    server.rules = [("UID FETCH .*BODY", lambda connection, tag, command: "* BYE" if server.uids(command.split(" ")[2])[0] > 4
                     else None)]
    server.listed = {1, 3, 4}  # so that the cursor comes to 4
    configure(scene, slack, main=server.section())
    server.exists = 5
    scene.once()
    server.listed, server.exists, server.mails[2] = None, None, late
    assert scene.rows("SELECT last_uid, history_uid, history_done FROM cursor") == [(4, 6, 0)]
    scene.once(expect=1)
    assert not slack.requests() and uids_on_record(scene) == [1, 3, 4]
    server.rules = []
    scene.once()
    assert uids_on_record(scene) == [1, 2, 3, 4, 5, 6]
    assert scene.rows("SELECT last_uid, history_done FROM cursor") == [(6, 1)]


def announces_and_does_not_list(scene):
    """An empty answer to a search is not believed where the server says that there are messages: when they turn up they are the
    history they were."""
    for tells_uid_next in (True, False):
        server, slack = SmallImap(scene, {n: critical(n) for n in range(1, 4)}), scene.start_slack(name=f"slack{tells_uid_next}")
        server.listed, server.tells_uid_next = set(), tells_uid_next
        configure(scene, slack, **{f"box{tells_uid_next}": server.section()})
        result = scene.once(expect=0 if tells_uid_next else 1)
        assert "announces 3 messages and lists " in result.stderr, result.stderr
        server.listed = None
        scene.once()
        assert len(slack.requests()) == 1 and not told(slack), slack.requests()  # the summary
        assert scene.rows("SELECT history_done FROM cursor WHERE mailbox = ?", f"box{tells_uid_next}") == [(1,)]
    assert scene.rows("SELECT count(*), sum(history) FROM mail")[0] == (3, 3)


def far_apart(scene):
    """UIDs may lie anywhere up to the largest number: they are found with few searches."""
    mails = {1: critical(1), 70000: critical(2), 4000000000: critical(3), 4294967280: critical(4)}
    server = SmallImap(scene, mails)
    configure(scene, None, main=server.section())
    scene.once()
    assert uids_on_record(scene) == sorted(mails)
    assert scene.rows("SELECT last_uid, history_done FROM cursor") == [(4294967280, 1)]
    server.add(4294967290, critical(5))
    server.add(4000000001, critical(6))
    scene.once()
    assert uids_on_record(scene) == sorted(server.mails)
    searches = [c for c in server.commands if "UID SEARCH" in c]
    assert len(searches) < 60, searches


run(appears_late, appears_late_in_an_unfinished_history, announces_and_does_not_list, far_apart)
