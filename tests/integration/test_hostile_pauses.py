#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Servers that end sessions, or break them: they are left and tried again with a pause, and nothing is lost."""
from harness import run, wait_until
from hostile import Mailbox, assert_secret, assert_stored, check_log_line, mail, start, start_mailbox


def mails(name, count=3):
    return [mail(f"{name}-{n}", f"{name} {n}\n" * n) for n in range(1, count + 1)]


def turn_honest_and_wait(scene, boxes):
    for box in boxes.values():
        box.instead = {}

    def all_there():
        return all(len(scene.rows("SELECT * FROM sighting WHERE source = ?", f"imap:{name}")) >= len(box.messages)
                   for name, box in boxes.items())
    wait_until(all_there, "all mails to be stored", 60)
    for name, box in boxes.items():
        assert_stored(scene, name, box.messages)


def grow(scene):
    """However a session ends, the next begins after a pause, and the pauses grow even where each session worked for a moment."""
    def close(c, tag, rest, honest):
        c.close()
        return False

    def reset(c, tag, rest, honest):
        c.send("* SEARCH 1 2")
        c.reset()
        return False

    def garbage(c, tag, rest, honest):
        c.send("* (((\r\n")
        c.stall()
        return False
    boxes = {"closes-idle": Mailbox(mails("a")), "resets-search": Mailbox(mails("b")), "talks-rubbish": Mailbox(mails("c"))}
    boxes["closes-idle"].instead = {"IDLE": close}
    boxes["resets-search"].instead = {"UID SEARCH": reset}
    boxes["talks-rubbish"].instead = {"UID SEARCH": garbage}
    scene.configure(imap=None)
    peers = {name: start_mailbox(scene, name, box) for name, box in boxes.items()}

    def refuse(c):
        c.say("* OK ready")
        c.expect("A001 CAPABILITY")
        c.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "A001 OK done")
        c.expect_like("A002 AUTHENTICATE PLAIN .*")
        c.say("A002 NO [AUTHENTICATIONFAILED] no entry")
        c.expect_end()
    peers["refuses"] = start(scene, "refuses", refuse)
    scene.write_config()
    daemon = scene.daemon()
    for name, pauses in (("resets-search", (0.7, 1.4)), ("closes-idle", (0.7, 1.4, 2.8))):
        wait_until(lambda: len(peers[name].connections) > len(pauses), f"the last session of {name}", 60)
        began = [c.began for c in peers[name].connections]
        for number, least in enumerate(pauses):
            assert began[number + 1] - began[number] >= least, f"{name}: sessions began at {[b - began[0] for b in began]}"
        boxes[name].instead = {}
    wait_until(lambda: len(peers["talks-rubbish"].connections) >= 2, "the second session of talks-rubbish", 60)
    began = [c.began for c in peers["talks-rubbish"].connections]
    assert began[1] - began[0] >= 0.7, began
    assert len(peers["refuses"].connections) == 1, "a refused login is tried again at once"
    turn_honest_and_wait(scene, boxes)
    daemon.stop()
    for peer in peers.values():
        peer.check()
    check_log_line("closes-idle", daemon.log(), "closed the connection")
    check_log_line("resets-search", daemon.log(), "closed|broke|reset")
    check_log_line("talks-rubbish", daemon.log(), "unusable answer")
    check_log_line("refuses", daemon.log(), "no entry")
    assert_secret(scene)


run(grow)
