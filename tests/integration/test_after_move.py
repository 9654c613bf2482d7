#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Moving with MOVE, without it, and without UIDPLUS, and moves that are cut at each step: every mail ends up once where it
belongs, and nothing of others' is touched."""
import re

from harness import run, wait_until
from imap_servers import Proxy, check_stored, digest, on_all, on_both, quiet

CAPABILITIES = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE UNSELECT NAMESPACE CONDSTORE ESEARCH"


def without(*extensions):
    """The server's options that hide these of "MOVE" and "UIDPLUS"."""
    shown = " ".join(e for e in ("MOVE", "UIDPLUS") if e not in extensions)
    return {"dovecot": f"imap_capability = {CAPABILITIES} {shown}\n",
            "cyrus": "suppress_capabilities: " + " ".join(extensions) + "\n",
            "courier": "" if "UIDPLUS" in shown else f"IMAP_CAPABILITY={CAPABILITIES}\n"}


def prepare(scene, start, options=None, before=None, after=None):
    server = start(options=options[start.kind] if options else "")
    proxy = Proxy(scene, server, before, after)
    scene.configure(imap=None)
    scene.sections["mailbox main"] = server.mailbox(how="plain", port=proxy.port,
                                                     after_ingest="move:" + server.real_name("Done"))
    scene.write_config()
    server.create("Done")
    return server, proxy


def done(proxy):
    """The commands that change something, without their arguments' end."""
    return [re.sub(r"^(UID \w+) (\S+).*", r"\1 \2", c) for c in proxy.commands
            if re.match(r"(UID )?(MOVE|COPY|STORE|EXPUNGE|CLOSE|APPEND|DELETE)", c, re.I)]


def by_move(scene, start):
    """Where there is MOVE, it is the only command."""
    server, proxy = prepare(scene, start)
    mails = [quiet(i) for i in range(1, 6)]
    server.append(*mails)
    server.expunge("2,4")
    scene.once()
    assert {c.split()[1] for c in done(proxy)} == {"MOVE"}, done(proxy)
    assert server.contents() == [] and server.contents("Done") == [digest(mails[i]) for i in (0, 2, 4)]


def by_copy_and_expunge(scene, start):
    """Without MOVE: copied, flagged, and just these are expunged. What others have flagged \\Deleted stays on the server."""
    server, proxy = prepare(scene, start, without("MOVE"))
    mails = [quiet(i) for i in range(1, 6)]
    server.append(*mails[:2])
    server.append(mails[2], flags=r"(\Deleted)")
    scene.once()
    server.append(*mails[3:])
    scene.once()
    words = [c.split()[:2] for c in done(proxy)]
    assert [w for w in words if w[1] != "STORE"] == [["UID", "COPY"], ["UID", "EXPUNGE"]] * 2, done(proxy)
    here, there = server.contents(), server.contents("Done")
    assert set(here) <= {digest(mails[2])}, "not everything was moved"
    assert sorted(here + there) == sorted(map(digest, mails)), (len(here), len(there))
    check_stored(scene, mails)


def without_uidplus(scene, start):
    """Nothing can be expunged without taking others' mails along: copied once, flagged \\Deleted, and left, also the next times."""
    server, proxy = prepare(scene, start, without("MOVE", "UIDPLUS"))
    mails = [quiet(i) for i in range(1, 6)]
    server.append(*mails[:2])
    server.append(mails[2], flags=r"(\Deleted)")
    for _ in range(2):
        scene.once()
    server.append(*mails[3:])
    for _ in range(2):
        scene.once()
    assert not [c for c in done(proxy) if re.match("(UID )?EXPUNGE|CLOSE", c)], done(proxy)
    assert server.contents() == list(map(digest, mails))
    assert all("\\Deleted" in flags for flags in server.flags().values())
    there = server.contents("Done")
    assert set(there) >= {digest(mails[i]) for i in (0, 1, 3, 4)} and len(set(there)) == len(there), there
    check_stored(scene, mails)


class Cut:
    """Cuts the connection once, before or after a command has been answered."""

    def __init__(self, command, answered):
        self.command, self.answered, self.happened = command, answered, 0

    def before(self, command, connection):
        if not self.answered and not self.happened and command.startswith(self.command):
            self.happened += 1
            connection.cut()
            return False
        return True

    def after(self, line, connection):
        if self.answered and not self.happened and connection.commands and connection.commands[-1].startswith(self.command) and \
                re.match(r"\S+ OK ", line) and not line.startswith("*"):
            self.happened += 1
            connection.cut()
            return False
        return True


STEPS = (("UID MOVE", False), ("UID MOVE", True), ("UID COPY", False), ("UID COPY", True), ("UID STORE", False),
         ("UID STORE", True), ("UID EXPUNGE", False), ("UID EXPUNGE", True))


def cut_at_each_step(scene, start):
    """The line is cut before the server gets a command, and before its OK comes back. All that may be repeated is a COPY whose
    answer, or the flagging after it, was lost."""
    plain, hidden = start("with-move"), start("without-move", options=without("MOVE")[start.kind])
    scene.configure(imap=None)
    mails = [quiet(i) for i in range(1, 4)]
    cuts = []
    for i, (command, answered) in enumerate(STEPS):
        server = plain if "MOVE" in command else hidden
        cut = Cut(command, answered)
        proxy = Proxy(scene, server, cut.before, cut.after)
        cuts.append((server, cut))
        server.create(f"Feed{i}", f"Done{i}")
        server.append(*mails, folder=f"Feed{i}")
        scene.sections[f"mailbox m{i}"] = server.mailbox(f"Feed{i}", how="plain", port=proxy.port, after_ingest=f"move:Done{i}")
    scene.write_config()
    daemon = scene.daemon()
    for i, (server, cut) in enumerate(cuts):
        wait_until(lambda: cut.happened and server.contents(f"Feed{i}") == [], f"step {STEPS[i]} to be made up for")
        there = server.contents(f"Done{i}")
        once = sorted(map(digest, mails))
        repeatable = STEPS[i] in (("UID COPY", True), ("UID STORE", False))
        assert sorted(there) == once or repeatable and sorted(there) == sorted(once * 2), (STEPS[i], len(there))
    daemon.wait_idle()
    daemon.stop()
    check_stored(scene, mails, sightings=len(STEPS))


run(*on_both(by_move), *on_all(by_copy_and_expunge), *on_all(without_uidplus), *on_both(cut_at_each_step))
