#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""after-ingest against servers that refuse, lie or fall silent in the middle: nothing is marked or moved that is not stored, no
mail of others is touched, and an interrupted move is finished without harm."""
import re

from harness import run
from hostile import Mailbox, assert_secret, assert_stored, check_log_line, mail, start_mailbox, stored

OLD_SERVER = "IMAP4rev1 UIDPLUS"
OLDER_SERVER = "IMAP4rev1"
NO_KEYWORDS = r"\Answered \Seen \Deleted"


def mails(name):
    return [mail(f"{name}-{n}", f"{name} {n}\n" * n) for n in (1, 2, 3)]


def start_all(scene, cases):
    """cases: name: (capabilities, after-ingest, instead)."""
    scene.configure(imap=None)
    boxes, peers = {}, {}
    for name, (capabilities, after, instead) in cases.items():
        boxes[name] = Mailbox(mails(name), capabilities=capabilities)
        boxes[name].instead = instead(boxes[name]) if callable(instead) else instead
        peers[name] = start_mailbox(scene, name, boxes[name], after_ingest=after)
    scene.write_config()
    return boxes, peers


def assert_moved(name, box, originals, copies=1):
    """Every mail is in the folder, once, or as often as it is to be."""
    moved = box.folders.get("Done", [])
    for original in originals:
        assert moved.count(original) == copies, f"{name}: {moved.count(original)} copies of {original[-20:]}"
    assert len(moved) == copies * len(originals), f"{name}: {len(moved)} mails in the folder"


def no_forbidden_commands(peers):
    for name, peer in peers.items():
        peer.check()
        for command in peer.commands():
            assert not re.match(r"(CLOSE|EXPUNGE|STORE|COPY|MOVE|UNSELECT)\b", command), f"{name}: {command}"


def honest_servers(scene):
    """With MOVE, with UIDPLUS, with neither; a second and a third run do nothing a second time."""
    cases = {"move": ("IMAP4rev1 UIDPLUS MOVE", "move:Done", {}), "uidplus": (OLD_SERVER, "move:Done", {}),
             "no-keywords": (OLD_SERVER, "move:Done", {}), "neither": (OLDER_SERVER, "move:Done", {}),
             "seen": (OLDER_SERVER, "seen", {}), "none": (OLD_SERVER, "none", {})}
    boxes, peers = start_all(scene, cases)
    boxes["no-keywords"].permanent_flags = NO_KEYWORDS
    originals = {name: dict(box.messages) for name, box in boxes.items()}
    for _ in range(3):
        scene.once()
    for name, box in boxes.items():
        assert_stored(scene, name, originals[name])
        if cases[name][1] == "move:Done":
            assert_moved(name, box, originals[name].values())
    assert not any(boxes[name].messages for name in ("move", "uidplus", "no-keywords"))
    assert all(flags == {"\\Deleted"} for flags in boxes["neither"].flags.values()), boxes["neither"].flags
    assert all(flags == {"\\Seen"} for flags in boxes["seen"].flags.values()), boxes["seen"].flags
    assert not any(boxes["none"].flags.values())
    changing = re.compile(r"UID (STORE|MOVE|COPY|EXPUNGE)|SELECT")
    assert not any(changing.match(command) for command in peers["none"].commands()), peers["none"].commands()
    no_forbidden_commands(peers)


def only_what_is_stored(scene):
    """A message that does not come, or comes under another UID, is neither marked nor moved."""
    def withhold(box):
        def fetch(c, tag, rest, honest):
            uids, _, items = rest.partition(" ")
            for uid in box.uids(uids):
                if uid == 2 and "BODY" in items:
                    c.send(box.fetched(uid, items).replace(b"UID 2 ", b"UID 77 "))
                else:
                    c.send(box.fetched(uid, items))
            c.say(f"{tag} OK done")
        return {"UID FETCH": fetch}
    cases = {"move": ("IMAP4rev1 UIDPLUS MOVE", "move:Done", withhold), "copy": (OLD_SERVER, "move:Done", withhold),
             "seen": (OLDER_SERVER, "seen", withhold)}
    boxes, peers = start_all(scene, cases)
    originals = {name: dict(box.messages) for name, box in boxes.items()}
    scene.run("hotfixd", "-c", scene.config_file, "--once", "--foreground")
    scene.run("hotfixd", "-c", scene.config_file, "--once", "--foreground")
    for name, box in boxes.items():
        found = stored(scene, name)
        assert 77 not in found and {1, 3} <= set(found), (name, found)
        assert 2 in box.messages and not box.flags[2], f"{name}: {box.flags.get(2)}"
        assert originals[name][2] not in box.folders.get("Done", []), name
    no_forbidden_commands(peers)


def refusals(scene):
    """Refused at each step: the mails are stored all the same, nothing is deleted, the folder does not fill with copies."""
    def no(text="NO not now"):
        return lambda c, tag, rest, honest: c.say(f"{tag} {text}")
    cases = {"move": ("IMAP4rev1 UIDPLUS MOVE", "move:Done", {"UID MOVE": no("NO [TRYCREATE] no folder {5}")}),
             "copy": (OLD_SERVER, "move:Done", {"UID COPY": no("NO [OVERQUOTA] full")}),
             "expunge": (OLD_SERVER, "move:Done", {"UID EXPUNGE": no()}), "seen": (OLD_SERVER, "seen", {"UID STORE": no()})}
    boxes, peers = start_all(scene, cases)
    originals = {name: dict(box.messages) for name, box in boxes.items()}
    for _ in range(2):
        result = scene.once(expect=1)
        for name, pattern in (("move", r"after-ingest.*UID MOVE: \[TRYCREATE\]"), ("copy", r"after-ingest.*UID COPY: \[OVERQUOTA\]"),
                              ("seen", "after-ingest.*UID STORE")):
            check_log_line(name, result.stderr, pattern)
    for name, box in boxes.items():
        assert box.messages == originals[name] and not box.expunged, name
        assert_stored(scene, name, originals[name])
    assert not boxes["copy"].folders.get("Done") and not any(boxes["copy"].flags.values())
    assert_moved("expunge", boxes["expunge"], originals["expunge"].values())
    for box in boxes.values():
        box.instead = {}
    scene.once()
    for name, box in boxes.items():
        if name != "seen":
            assert_moved(name, box, originals[name].values())
    assert not boxes["move"].messages and not boxes["copy"].messages, (boxes["move"].messages, boxes["copy"].messages)
    no_forbidden_commands(peers)


def cut(command, when):
    """The connection ends at this command: before it is done, or after it, before it is answered, or in the answer. Once."""
    def instead(box):
        def answer(c, tag, rest, honest):
            box.instead = {}
            if when == "before":
                c.close()
                return False

            class Silent:
                def say(self, *lines):
                    pass
            getattr(box, "do_" + command.lower().replace(" ", "_"))(Silent(), tag, rest)
            if when == "within":
                c.send(f"{tag} OK [COPYUID 1 1:")
            c.close()
            return False
        return {command: answer}
    return instead


def interruptions(scene):
    """Cut at every step of a move, by MOVE and by COPY: the next session finishes it. A second copy there may be only where the
    connection ended between COPY and the flag; and a server that takes no keyword keeps, flagged, what was cut before EXPUNGE."""
    cases, copies, kept = {}, {}, set()
    for when in ("before", "after", "within"):
        for command in ("UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE"):
            for keywords in ("", "-no-keywords")[:1 if command == "UID MOVE" else 2]:
                name = f"{when}-{command[4:].lower()}{keywords}"
                cases[name] = ("IMAP4rev1 UIDPLUS MOVE" if command == "UID MOVE" else OLD_SERVER, "move:Done", cut(command, when))
                twice = (("UID COPY", "after"), ("UID COPY", "within"), ("UID STORE", "before"))
                copies[name] = 2 if (command, when) in twice else 1
                if keywords and (command, when) in (("UID STORE", "after"), ("UID STORE", "within"), ("UID EXPUNGE", "before")):
                    kept.add(name)
    boxes, peers = start_all(scene, cases)
    for name, box in boxes.items():
        box.permanent_flags = NO_KEYWORDS if name.endswith("-no-keywords") else box.permanent_flags
    originals = {name: dict(box.messages) for name, box in boxes.items()}
    scene.once(expect=1)
    scene.once()
    scene.once()
    for name, box in boxes.items():
        assert_stored(scene, name, originals[name])
        assert_moved(name, box, originals[name].values(), copies[name])
        assert (name in kept) == bool(box.messages), f"{name}: {sorted(box.messages)} are left, flagged {box.flags}"
        assert all("\\Deleted" in flags for flags in box.flags.values()), f"{name}: {box.flags}"
    no_forbidden_commands(peers)


def lies(scene):
    """COPYUID for other messages, flags that do not last, mails of others that are flagged: those are left alone."""
    def copies_others(box):
        def copy(c, tag, rest, honest):
            c.say("* OK [COPYUID 1 50:60 1:11] others", f"{tag} OK [COPYUID 1 99 1] done")
        return {"UID COPY": copy}

    def no_flags(box):
        def select(c, tag, rest, honest):
            box.permanent_flags = "\\Answered"
            honest()
        return {"SELECT": select}

    def others_flagged(box):
        """Mail 3 is about to be thrown away by somebody else, mail 2 claims to have been moved by us and is not flagged."""
        box.flags[3].add("\\Deleted")
        box.flags[2].add("$HotfixdMoved")
        return {}
    cases = {"others": (OLD_SERVER, "move:Done", copies_others), "no-flags": (OLD_SERVER, "move:Done", no_flags),
             "no-seen": (OLD_SERVER, "seen", no_flags), "flagged": (OLD_SERVER, "move:Done", others_flagged)}
    boxes, peers = start_all(scene, cases)
    originals = {name: dict(box.messages) for name, box in boxes.items()}
    result = scene.once(expect=1)
    check_log_line("others", result.stderr, "copied other messages")
    check_log_line("no-flags", result.stderr, "nothing is copied")
    check_log_line("no-seen", result.stderr, r"\\Seen")
    for name in ("others", "no-flags", "no-seen"):
        assert boxes[name].messages == originals[name] and not any(boxes[name].flags.values()) and not boxes[name].folders, name
        assert_stored(scene, name, originals[name])
    assert set(boxes["flagged"].messages) == {3}, boxes["flagged"].messages.keys()
    assert boxes["flagged"].expunged == [1, 2] and len(boxes["flagged"].folders["Done"]) == 2
    assert_secret(scene, result.stderr)
    no_forbidden_commands(peers)


run(honest_servers, only_what_is_stored, refusals, interruptions, lies)
