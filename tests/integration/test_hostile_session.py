#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Servers that talk without end: no amount of words takes more than a bounded amount of memory, and none keeps hotfixd from
stopping."""
import time

from harness import run, wait_until
from hostile import Mailbox, assert_stored, check_log_line, is_sanitized, mail, peak_mib, start_mailbox

PEAK_MIB = 48  # with sixteen such servers at once


def mails(name, count=3):
    return [mail(f"{name}-{n}", f"{name} {n}\n" * n) for n in range(1, count + 1)]


def flood(head, part=b"", count=64):
    """Says this and then that so often, without ever answering, as fast as it is taken."""
    def answer(c, tag, rest, honest):
        c.send(head)
        for _ in range(count):
            c.send(part)
        c.stall()
        return False
    return answer


MIB = 1 << 20


def body_of(size, announced=None):
    """A message of this size where a small one was promised."""
    def answer(c, tag, rest, honest):
        if "BODY" not in rest:
            return honest()
        c.send(f"* 1 FETCH (UID 1 BODY[] {{{announced or size}}}\r\n")
        for _ in range(size // MIB):
            c.send(b"x" * MIB)
        if announced:
            c.stall()
            return False
        c.say(")", f"{tag} OK done")
    return answer


def memory(scene):
    """Lines without end, lists without end, literals without end, a million of answers that nobody wants."""
    million = b"* SEARCH " + b" ".join(b"%d" % n for n in range(1000000, 2000000)) + b"\r\n"

    def search(c, tag, rest, honest):
        box = boxes["million"]
        box.instead = {}
        c.send(million)
        honest()

    def many_lines(c, tag, rest, honest):
        for _ in range(40):
            c.send(b"* OK x\r\n" * 10000 + b"* 1 FETCH (FLAGS ())\r\n" * 2000 + b"* SEARCH 1 2 3\r\n" * 1000)
        honest()

    def ranges(c, tag, rest, honest):
        c.send(b"* ESEARCH (TAG \"x\") UID ALL 1:4000000\r\n" * 20000)
        honest()

    def large_literals(c, tag, rest, honest):
        for _ in range(30):
            c.send(b"* X {2000000}\r\n" + b"y" * 2000000 + b"\r\n")
        honest()
    cases = {
        "line": ("too long", {"UID FETCH": flood(b"* OK ", b"x" * MIB)}),
        "tag": ("too long", {"UID FETCH": flood(b"", b"x" * MIB)}),
        "quoted": ("too long", {"UID FETCH": flood(b"* X \"", b"x" * MIB)}),
        "list": ("too long", {"UID FETCH": flood(b"* X (", b"a " * MIB)}),
        "lists": ("too long|too deeply", {"UID FETCH": flood(b"* X ", b"() " * MIB)}),
        "deep": ("too deeply", {"UID FETCH": flood(b"* X ", b"(" * MIB)}),
        "section": ("too long", {"UID FETCH": flood(b"* 1 FETCH (BODY[", b"x" * MIB)}),
        "digits": ("too long", {"UID SEARCH": flood(b"* SEARCH ", b"0" * MIB)}),
        "numbers": ("too many numbers|too many messages|too long", {"UID SEARCH": flood(b"* SEARCH ", b"7 " * MIB)}),
        "stalled": ("no answer", {"UID FETCH": body_of(0, 3 * MIB)}),
        "huge": ("largest size", {"UID FETCH": body_of(0, 4 << 30)}),
    }
    honest_cases = {"million": {"UID SEARCH": search}, "lines": {"UID FETCH": many_lines}, "ranges": {"UID SEARCH": ranges},
                    "literals": {"UID FETCH": large_literals}, "cut": {"UID FETCH": body_of(24 * MIB)}}
    boxes = {name: Mailbox(mails(name, 2)) for name in (*cases, *honest_cases)}
    scene.configure(imap=None)
    scene.sections["daemon"]["max-message-size"] = "1M"
    for name, box in boxes.items():
        box.instead = cases[name][1] if name in cases else honest_cases[name]
    peers = {name: start_mailbox(scene, name, box, timeout="5s") for name, box in boxes.items()}
    scene.write_config()
    daemon = scene.daemon()
    for name, (pattern, _) in cases.items():
        daemon.wait_log(f"mailbox {name}: .*({pattern})", 100)
        check_log_line(name, daemon.log(), pattern)
    wait_until(lambda: {row[0] for row in scene.rows("SELECT DISTINCT source FROM sighting")} >= {f"imap:{n}" for n in honest_cases},
               "the mails behind the floods", 100)
    peak = peak_mib(daemon.pid)
    assert is_sanitized() or peak < PEAK_MIB, f"{peak:.0f} MiB"
    for name in ("million", "lines", "ranges", "literals"):
        wait_until(lambda: len(scene.rows("SELECT * FROM sighting WHERE source = ?", f"imap:{name}")) == 2, name)
        assert_stored(scene, name, boxes[name].messages)
    daemon.stop()
    for peer in peers.values():
        peer.check()


def stop_in_a_flood(scene):
    """A server that never pauses, in whatever it says, does not keep hotfixd from stopping."""
    boxes = {"lines": Mailbox(mails("lines")), "literal": Mailbox(mails("literal"))}
    boxes["lines"].instead = {"IDLE": flood(b"+ idling\r\n", b"* OK still here\r\n" * 4096, 1 << 30)}
    boxes["literal"].instead = {"UID FETCH": flood(b"", b"* X {60000}\r\n" + b"x" * 60000 + b"\r\n", 1 << 30)}
    scene.configure(imap=None)
    peers = {name: start_mailbox(scene, name, box, timeout="1m") for name, box in boxes.items()}
    scene.write_config()
    daemon = scene.daemon()
    wait_until(lambda: any("IDLE" in c for c in peers["lines"].commands()) and
               any("UID FETCH" in c for c in peers["literal"].commands()), "the floods")
    time.sleep(0.2)  # so that they are under way
    daemon.stop(timeout=20)
    for peer in peers.values():
        peer.check()


run(memory, stop_in_a_flood)
