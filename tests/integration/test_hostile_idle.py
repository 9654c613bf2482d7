#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Servers that do IDLE wrongly, or announce without end: new mail still arrives, nothing spins, and a server that no longer
answers is left."""
import threading
import time

from harness import run, wait_until
from hostile import Mailbox, assert_secret, assert_stored, check_log_line, mail, start_mailbox, stored


def start_all(scene, cases, **keys):
    """A mailbox for each case, all in one hotfixd."""
    boxes = {name: Mailbox([mail(f"{name}-1", "history")]) for name in cases}
    for name, box in boxes.items():
        box.instead = cases[name](box)
    scene.configure(imap=None)
    peers = {name: start_mailbox(scene, name, box, **keys) for name, box in boxes.items()}
    scene.write_config()
    return boxes, peers, scene.daemon()


def wait_stored(scene, name, box):
    wait_until(lambda: set(stored(scene, name)) >= set(box.messages), f"the mails of {name}", 60)
    assert_stored(scene, name, box.messages)


def count(peer, command):
    return sum(text.startswith(command) for text in peer.commands())


def refusals(scene):
    """IDLE refused, ended at once, not understood: the mailbox is asked instead, at the poll interval and not all the time."""
    def ends(*lines):
        def answer(box):
            def idle(c, tag, rest, honest):
                box.add(mail(f"{lines[0]}-{len(lines)}-2", "new"))
                c.say(*(line.replace("TAG", tag) for line in lines))
            return {"IDLE": idle}
        return answer
    cases = {"ok-at-once": ends("TAG OK done"), "no": ends("TAG NO not here"), "bad": ends("TAG BAD what"),
             "continued-and-ended": ends("+ idling", "TAG OK done"), "announced-and-ended": ends("* 1 EXISTS", "TAG OK done"),
             "grown-and-ended": ends("* 7 EXISTS", "TAG OK done")}
    boxes, peers, daemon = start_all(scene, cases, poll_interval="5s")
    start = time.monotonic()
    for name, box in boxes.items():
        wait_until(lambda: len(box.messages) == 2, f"IDLE of {name}")
        wait_stored(scene, name, box)
        box.add(mail(f"{name}-3", "new"))
    for name, box in boxes.items():
        wait_stored(scene, name, box)
        commands = len(peers[name].commands())
        assert count(peers[name], "IDLE") == 1 and commands < 40, f"{name}: {commands} commands in {time.monotonic() - start:.1f} s"
        assert len(peers[name].connections) == 1, name
    daemon.stop()
    for peer in peers.values():
        peer.check()


def silences(scene):
    """IDLE never continued, DONE never answered, BYE and the end in the middle: another session follows, and the mail is there."""
    def once(box, answer):
        """Only the first time."""
        def idle(c, tag, rest, honest):
            box.instead = {}
            return answer(box, c, tag, honest)
        return {"IDLE": idle}

    def never_continued(box, c, tag, honest):
        box.add(mail("never-2", "new"))
        c.expect_end()
        return False

    def never_done(box, c, tag, honest):
        c.say("+ idling")
        box.add(mail("done-2", "new"))
        c.say(f"* {len(box.messages)} EXISTS")
        c.expect("DONE")
        c.expect_end()
        return False

    def bye(box, c, tag, honest):
        box.add(mail("bye-2", "new"))
        c.say("+ idling", "* BYE idle for too long {5}")
        c.expect_end()
        return False

    def cut(box, c, tag, honest):
        box.add(mail("cut-2", "new"))
        c.send("+ idling\r\n* 2 EXI")
        return False

    def two_continuations(box, c, tag, honest):
        box.add(mail("two-2", "new"))
        c.say("+ idling", "+ idling")
        c.expect_end()
        return False

    def other_tag(box, c, tag, honest):
        box.add(mail("tag-2", "new"))
        c.say("+ idling", "h1 OK done")
        c.expect_end()
        return False
    answers = {"never-continued": never_continued, "never-done": never_done, "bye": bye, "cut": cut,
               "two-continuations": two_continuations, "other-tag": other_tag}
    boxes, peers, daemon = start_all(scene, {name: lambda box, a=a: once(box, a) for name, a in answers.items()})
    for name, box in boxes.items():
        wait_until(lambda: len(box.messages) == 2, f"IDLE of {name}")
        wait_stored(scene, name, box)
        assert len(peers[name].connections) == 2, f"{name}: {len(peers[name].connections)}"
    daemon.stop()
    for peer in peers.values():
        peer.check()
    for name, pattern in (("never-continued", "no answer.*IDLE"), ("never-done", "no answer.*IDLE"), ("bye", "goodbye: idle"),
                          ("cut", "in the middle"), ("two-continuations", "asked for input"), ("other-tag", "not sent")):
        check_log_line(name, daemon.log(), pattern)
    assert_secret(scene)


def floods(scene):
    """Announcements without end: a bounded number of looks for them, and real news among them are found."""
    def spam(*lines):
        def idle(c, tag, rest, honest):
            ended = threading.Event()

            def talk():
                for number in range(10 ** 9):
                    if ended.is_set():
                        return
                    c.say(*(line.replace("N", str(2 + number % 2)) for line in lines))
                    time.sleep(0.001)
            c.say("+ idling")
            talker = threading.Thread(target=talk, daemon=True)
            talker.start()
            try:
                c.expect("DONE")
            finally:
                ended.set()
                talker.join()
            c.say(f"{tag} OK done")

        def search(c, tag, rest, honest):
            c.say(*(line.replace("N", "9") for line in lines))
            honest()
            c.say(*(line.replace("N", "10") for line in lines))
        return lambda box: {"IDLE": idle, "UID SEARCH": search, "NOOP": search}
    cases = {"exists": spam("* N EXISTS"), "flags": spam("* 1 FETCH (FLAGS (\\Seen))"), "expunge": spam("* 1 EXPUNGE", "* 2 EXISTS"),
             "vanished": spam("* VANISHED 9", "* N EXISTS", "* 0 RECENT")}
    boxes, peers, daemon = start_all(scene, cases)
    looks = 60
    for name, peer in peers.items():
        wait_until(lambda: count(peer, "UID SEARCH") >= looks, f"{looks} looks of {name}", 60)
        took = time.monotonic() - peer.connections[0].began
        # 30 at once, then five a second; a look takes one SEARCH, some take two.
        assert took >= 1.0, f"{name}: {looks} looks in {took:.2f} s"
        boxes[name].add(mail(f"{name}-2", "new"))
    for name, box in boxes.items():
        wait_stored(scene, name, box)
        assert len(peers[name].connections) == 1, name
    daemon.stop()
    for peer in peers.values():
        peer.check()


run(refusals, silences, floods)
