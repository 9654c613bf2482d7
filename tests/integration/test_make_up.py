#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What an interruption left undone on the server is done later: to mails that are stored whole, and to no others."""
import re

from harness import alert, run
from small_imap import SmallImap, configure


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


def nothing_is_changed(scene):
    server = SmallImap(scene, {1: critical(1)})
    configure(scene, None, main=server.section(after_ingest="none"))
    scene.once()
    server.add(2, critical(2))
    scene.once()
    assert not [c for c in server.commands if re.match("SELECT|UID STORE|UID MOVE|UID COPY|UID EXPUNGE|EXPUNGE|CLOSE", c)]
    assert not [c for c in server.commands if "BODY[" in c]  # only BODY.PEEK[ leaves \Seen alone
    assert [c for c in server.commands if c.startswith("EXAMINE")]


run(marks_are_made_up_for, moves_are_made_up_for, nothing_is_changed)
