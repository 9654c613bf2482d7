#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is done to mails on the server once they are stored, and what is not: on both servers, seen with another client's eyes."""
import re

from harness import alert, run, sample, wait_until
from imap_servers import Proxy, check_stored, digest, on_both, quiet, wait_stored, wait_told


def prepare(scene, start, after, folder="INBOX", **keys):
    slack, server = scene.start_slack(), start()
    scene.configure(slack, imap=None)
    scene.sections["mailbox main"] = server.mailbox(folder, after_ingest=after, **keys)
    scene.write_config()
    return slack, server


def crlf(mail):
    return mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def nothing(scene, start):
    """after-ingest = none: UIDs, flags, modification numbers and counts are as they were, whatever hotfixd did."""
    slack, server = prepare(scene, start, "none")
    proxy = Proxy(scene, server)
    scene.sections["mailbox main"] = server.mailbox(how="plain", port=proxy.port, after_ingest="none")
    scene.write_config()
    server.append(quiet(1), quiet(2))
    server.append(quiet(3), flags=r"(\Seen \Flagged)")
    server.append(quiet(4), flags=r"(\Deleted)")
    server.append(quiet(5), flags=r"(\Answered \Draft Work)")
    before = server.listing(), server.status()
    scene.once()
    assert (server.listing(), server.status()) == before
    daemon = scene.daemon()
    daemon.wait_idle()
    server.append(alert("MS08-006"))
    server.append(quiet(7), flags=r"(\Deleted \Flagged)")
    before = server.listing(), server.status()
    wait_stored(scene, 7, daemon)
    wait_told(slack, "MS08-006")
    daemon.wait_idle()
    assert (server.listing(), server.status()) == before
    daemon.stop()
    scene.once()
    assert (server.listing(), server.status()) == before
    check_stored(scene, [quiet(i) if i != 6 else alert("MS08-006") for i in range(1, 8)])
    said = {" ".join(command.upper().split()[:2]) for command in proxy.commands}
    assert not [c for c in said if c.split()[0] in ("SELECT", "CLOSE", "EXPUNGE", "STORE", "COPY", "MOVE")
                or c in ("UID STORE", "UID COPY", "UID MOVE", "UID EXPUNGE")], said
    assert "EXAMINE INBOX" in said or 'EXAMINE "INBOX"' in said, said


def marked_as_seen(scene, start):
    """after-ingest = seen: this one flag, no other, and only on what is stored."""
    slack, server = prepare(scene, start, "seen")
    server.append(quiet(1))
    server.append(quiet(2), flags=r"(\Flagged)")
    server.append(quiet(3), flags=r"(\Deleted)")
    scene.once()
    assert server.flags() == {1: ["\\Seen"], 2: ["\\Flagged", "\\Seen"], 3: ["\\Deleted", "\\Seen"]}, server.flags()
    daemon = scene.daemon()
    daemon.wait_idle()
    server.append(alert("MS08-004"))
    wait_until(lambda: server.flags().get(4) == ["\\Seen"], "the new mail to be marked")
    daemon.wait_idle()
    daemon.stop()
    before = server.listing()
    scene.once()
    assert server.listing() == before
    wait_told(slack, "MS08-004")


def moved(scene, start):
    """after-ingest = move: into a folder whose name needs encoding; history, what comes, and what is no bulletin."""
    slack, server = prepare(scene, start, "move:済み")
    server.create("済み")
    mails = [crlf(sample("01")), crlf(sample("08")), crlf(sample("03")), alert("MS08-001")]
    server.append(mails[1])  # history, and no bulletin: no summary
    scene.once()
    server.append(mails[0])
    scene.once()
    daemon = scene.daemon()
    daemon.wait_idle()
    server.append(*mails[2:])
    wait_until(lambda: server.status("済み")["MESSAGES"] == 4, "the mails in the folder")
    wait_told(slack, "MS07-901", "MS07-903", "MS08-001")
    daemon.wait_idle()
    daemon.stop()
    assert server.contents() == [] and server.contents("済み") == [digest(mails[i]) for i in (1, 0, 2, 3)]
    assert scene.status()["mails"] == {"bulletin": 3, "unrecognised": 1, "quarantined": 0}


def folder_is_missing(scene, start):
    """Said clearly; nothing is lost, nothing is told twice, and it is made up for when the folder is there."""
    slack, server = prepare(scene, start, "move:Done")
    scene.once()
    server.append(alert("MS08-001"))
    result = scene.once(expect=1)
    assert re.search("mailbox main: after-ingest: .*Done", result.stderr), result.stderr
    box, = scene.status()["mailboxes"]
    assert "Done" in box["error"], box
    daemon = scene.daemon()
    daemon.wait_log("error mailbox main: after-ingest: .*")
    server.append(quiet(2))
    wait_stored(scene, 2, daemon)
    daemon.wait_idle()
    assert len(server.contents()) == 2
    server.create("Done")
    server.append(quiet(3))
    wait_until(lambda: server.status("Done")["MESSAGES"] == 3, "what was left to be moved")
    daemon.wait_log("after-ingest works again")
    daemon.wait_idle()
    daemon.stop()
    assert server.contents() == [] and sorted(server.contents("Done")) == sorted(map(digest, [alert("MS08-001"), quiet(2), quiet(3)]))
    check_stored(scene, [alert("MS08-001"), quiet(2), quiet(3)])
    wait_told(slack, "MS08-001")


def moved_while_down(scene, start):
    """What a person flags, moves and deletes while hotfixd is down does not disturb it, and is left to that person."""
    slack, server = prepare(scene, start, "move:Done")
    server.create("Done", "Private")
    server.append(quiet(1))
    scene.once()
    server.append(quiet(2), quiet(3), quiet(4))
    server.transfer("MOVE", "2", "INBOX", "Private")
    server.expunge("3")
    server.append(quiet(5))
    scene.once()
    assert server.contents() == [] and server.contents("Private") == [digest(quiet(2))]
    assert server.contents("Done") == [digest(quiet(i)) for i in (1, 4, 5)]
    check_stored(scene, [quiet(1), quiet(4), quiet(5)])
    wait_told(slack)


run(*on_both(nothing), *on_both(marked_as_seen), *on_both(moved), *on_both(folder_is_missing), *on_both(moved_while_down))
