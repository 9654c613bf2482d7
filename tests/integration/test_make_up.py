#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What an interruption left undone on the server is done later: to mails that are stored whole, and to no others."""
import re

from harness import alert, run, wait_until
from small_imap import CAPABILITIES, SmallImap, configure


def critical(number):
    return alert(f"MS08-{number:03}")


def prepare_after(scene, after):
    """Three that are stored whole, one too large, one withheld; and the connection breaks when the server is to be told."""
    big = alert("MS08-004", text=("行" * 60 + "\n ") * 1000)
    server = SmallImap(scene, {1: critical(1), 2: critical(2), 3: critical(3), 4: big, 5: critical(5)})
    server.withheld = {5}
    server.rules = [("UID (STORE|MOVE|COPY)", "* BYE not now")]
    configure(scene, None, main=server.section(after_ingest=after))
    scene.sections["daemon"]["max-message-size"] = "100K"
    scene.write_config()
    result = scene.once(expect=1)
    assert "goodbye: not now" in result.stderr, result.stderr
    assert scene.rows("SELECT uid FROM sighting ORDER BY uid") == [(uid,) for uid in range(1, 6)]
    assert not server.flags and not server.moved
    server.rules = []
    return server


def marks_are_made_up_for(scene):
    server = prepare_after(scene, "seen")
    result = scene.once()
    assert "3 stored mails were not marked as seen yet" in result.stderr, result.stderr
    assert server.flags == {uid: {"\\Seen"} for uid in (1, 2, 3)}, server.flags
    result = scene.once()
    assert "not marked" not in result.stderr
    server.add(7, critical(7))
    server.add(8, server.mails[4] + b"more\r\n")
    scene.once()
    assert set(server.flags) == {1, 2, 3, 7}


def moves_are_made_up_for(scene):
    server = prepare_after(scene, "move:Done")
    scene.once()
    assert set(server.moved) == {1, 2, 3} and set(server.mails) == {4, 5}, server.moved
    server.add(7, critical(7))
    server.add(8, server.mails[4] + b"more\r\n")
    scene.once()
    assert set(server.moved) == {1, 2, 3, 7} and set(server.mails) == {4, 5, 8}


def refuses(*refused):
    """A rule: every MOVE and STORE with one of these among its messages is refused as a whole."""
    def answer(connection, tag, command):
        uids = connection.server.uids(command.split(" ")[2])
        return f"{{tag}} NO not {sorted(set(uids) & set(refused))[0]}" if set(uids) & set(refused) else None
    return ("UID (STORE|MOVE)", answer)


def refused_ones_do_not_hold_the_others(scene, after):
    server = SmallImap(scene, {uid: critical(uid) for uid in range(1, 41)}, [refuses(17, 40)])
    configure(scene, None, main=server.section(after_ingest=after))
    result = scene.once(expect=1)
    assert "2 messages refused, the others taken: " in result.stderr and "not 40" in result.stderr, result.stderr
    done = server.flags if after == "seen" else server.moved
    assert set(done) == set(range(1, 41)) - {17, 40}, done
    tried = sum(c.startswith(("UID STORE", "UID MOVE")) for c in server.commands)
    assert tried < 25, server.commands
    server.rules = []
    result = scene.once()
    assert "2 stored mails were not" in result.stderr, result.stderr
    assert len(done) == 40


def refused_marks(scene):
    refused_ones_do_not_hold_the_others(scene, "seen")


def refused_moves(scene):
    refused_ones_do_not_hold_the_others(scene, "move:Done")


def refused_ones_may_lie_together(scene):
    """At both ends: that is not all of them."""
    refused = {1, 2, 3, 4, 38, 39, 40}
    server = SmallImap(scene, {uid: critical(uid) for uid in range(1, 41)}, [refuses(*refused)])
    configure(scene, None, main=server.section(after_ingest="move:Done"))
    result = scene.once(expect=1)
    assert "7 messages refused, the others taken: " in result.stderr, result.stderr
    assert set(server.mails) == refused, server.mails.keys()


def error_of(scene):
    return scene.status()["mailboxes"][0].get("error") or ""


def what_takes_nothing_is_left_in_peace(scene):
    server = SmallImap(scene, {uid: critical(uid) for uid in range(1, 41)}, [("UID MOVE", "{tag} NO no such folder")])
    configure(scene, None, main=server.section(after_ingest="move:Done"))
    daemon = scene.daemon()
    daemon.wait_idle()
    assert sum(c.startswith("UID MOVE") for c in server.commands) < 20 and len(server.mails) == 40, server.commands
    assert "no such folder" in error_of(scene)
    server.rules = []
    server.add(41, critical(41))
    wait_until(lambda: len(server.moved) == 41, "all to be moved with the next mail")
    wait_until(lambda: not error_of(scene), "the error to go")
    daemon.stop()


def mails_come_whatever_is_said_of_moves(scene):
    """BAD, to each try: they are fetched all the same, over one connection."""
    for i, capabilities in enumerate((CAPABILITIES, CAPABILITIES.replace(" MOVE", ""))):
        scene.state = scene.path(f"state{i}")
        server = SmallImap(scene, {1: critical(1)}, [("UID (MOVE|COPY)", "{tag} BAD what?")], capabilities=capabilities)
        configure(scene, None, main=server.section(after_ingest="move:Done"))
        daemon = scene.daemon()
        daemon.wait_idle()
        server.add(2, critical(2))
        wait_until(lambda: scene.rows("SELECT count(*) FROM mail") == [(2,)], "the next mail")
        wait_until(lambda: "did not understand UID" in error_of(scene), "the error")
        assert server.logins() == 1 and len(server.mails) == 2
        daemon.stop()


def what_was_refused_is_gone(scene):
    server = SmallImap(scene, {uid: critical(uid) for uid in range(1, 9)}, [refuses(5)])
    configure(scene, None, main=server.section(after_ingest="move:Done"))
    daemon = scene.daemon()
    daemon.wait_idle()
    assert "1 message refused, the others taken: " in error_of(scene)
    tried = sum(c.startswith("UID MOVE") for c in server.commands)
    server.add(9, critical(9))
    wait_until(lambda: 9 in server.moved, "the next one to be moved")
    assert sum(c.startswith("UID MOVE") for c in server.commands) == tried + 1  # the refused one is not tried again and again
    assert "1 message refused" in error_of(scene)
    del server.mails[5]
    server.hang_up()
    wait_until(lambda: not error_of(scene), "the error to go")
    daemon.stop()


def nothing_is_changed(scene):
    server = SmallImap(scene, {1: critical(1)})
    configure(scene, None, main=server.section(after_ingest="none"))
    scene.once()
    server.add(2, critical(2))
    scene.once()
    assert not [c for c in server.commands if re.match("SELECT|UID STORE|UID MOVE|UID COPY|UID EXPUNGE|EXPUNGE|CLOSE", c)]
    assert not [c for c in server.commands if "BODY[" in c]  # only BODY.PEEK[ leaves \Seen alone
    assert [c for c in server.commands if c.startswith("EXAMINE")]


run(marks_are_made_up_for, moves_are_made_up_for, refused_marks, refused_moves, refused_ones_may_lie_together,
    what_takes_nothing_is_left_in_peace, mails_come_whatever_is_said_of_moves, what_was_refused_is_gone, nothing_is_changed)
