#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A mail that the server cannot send, that cannot be read or cannot be stored: the ones behind it come, and it is never skipped
for good."""
import os
import re
import sqlite3

from harness import run, wait_until
from imap_servers import Proxy, check_stored, critical, digest, on_both, quiet, wait_stored, wait_told, watch


def spoil(server, path):
    """The server knows of the mail and cannot read it."""
    if server.kind == "cyrus":
        os.rename(path, path + ".away")
    else:
        os.chmod(path, 0)


def repair(server, path):
    if server.kind == "cyrus":
        os.rename(path + ".away", path)
    else:
        os.chmod(path, 0o600)


def file_is_unreadable(scene, start):
    """The server has two mails on a bad disk: those before, between and behind them are stored at once, and they as soon as they
    can be read. Cyrus leaves them out of its answer; Dovecot says goodbye in the midst of it."""
    slack, server = watch(scene, start)
    mails = [critical(i) if i == 3 else quiet(i) for i in range(1, 8)]
    server.append(*mails[:6])
    files = [server.mail_file(mails[i]) for i in (2, 4)]
    for file in files:
        spoil(server, file)
    daemon = scene.daemon()
    wait_stored(scene, 4, daemon)
    server.append(mails[6])
    wait_until(lambda: digest(mails[6]) in scene.stored_mails(), "what comes behind them")

    def reason():
        rows = scene.ctl("list", "--quarantined", expect=None)
        return next((b["error"] for b in scene.status()["mailboxes"] if b["error"]), None) or rows and rows[0]["reason"]
    wait_until(reason, "a reason in status or quarantine")
    assert slack.requests() == [], "told of what nobody has seen"
    daemon.stop()
    for file in files:
        repair(server, file)
    scene.once()
    wait_told(slack, "MS08-003")
    assert set(map(digest, mails)) <= set(scene.stored_mails())


def withheld(scene, start):
    """The server lists a mail and leaves it out of its answers: it is on record as such, and fetched when the server sends it."""
    held_back = [True]

    def after(line, connection):
        return not (held_back[0] and re.match(r"\* 3 FETCH .*BODY\[", line))
    slack, server = watch(scene, start)
    proxy = Proxy(scene, server, after=after)
    scene.sections["mailbox main"] = server.mailbox(how="plain", port=proxy.port)
    scene.write_config()
    scene.once()
    mails = [critical(i) if i == 3 else quiet(i) for i in range(1, 7)]
    server.append(*mails)
    scene.once()
    row, = scene.ctl("list", "--quarantined")
    assert "does not send" in row["reason"], row
    stored = scene.stored_mails()
    assert set(stored) >= {digest(mail) for mail in mails if mail is not mails[2]}
    held_back[0] = False
    scene.once()
    wait_told(slack, "MS08-003")
    assert digest(mails[2]) in scene.stored_mails()


def cannot_be_read(scene, start):
    """Nested too deeply, in no charset, cut off, empty: quarantined or unrecognised with their bytes, and moved like any other."""
    slack, server = watch(scene, start, after_ingest="move:Done")
    server.create("Done")
    head = b"From: report@hotfix.example\r\nSubject: HotFix Alert\r\nMessage-ID: <%s@test.example>\r\nMIME-Version: 1.0\r\n"
    deep = head % b"deep" + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(200))
    strange = [deep + b"\r\nx\r\n", head % b"cut" + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Ty",
               head % b"bytes" + b"Content-Type: text/html; charset=x-no\r\n\r\n" + bytes(range(128, 256)) * 20 + b"\r\n", b"\r\n\r\n"]
    mails = []
    for i, mail in enumerate(strange):
        mails += [mail, quiet(i)]
    mails.append(critical(100))
    server.append(*mails)
    scene.once()
    check_stored(scene, mails)
    wait_told(slack, "MS08-100")
    mails_status = scene.status()["mails"]
    assert mails_status["bulletin"] == 5 and mails_status["quarantined"] >= 1, mails_status
    assert server.contents() == [] and sorted(server.contents("Done")) == sorted(map(digest, mails))
    before = scene.dump("mail", "sighting", "quarantine")
    scene.once()
    assert scene.dump("mail", "sighting", "quarantine") == before


def cannot_be_stored(scene, start):
    """The database refuses the rows of one bulletin: its bytes are kept in quarantine with what the database said."""
    slack, server = watch(scene, start)
    with sqlite3.connect(os.path.join(scene.state, "hotfixd.db")) as db:
        db.execute("""CREATE TRIGGER no_such_bulletin BEFORE INSERT ON bulletin WHEN NEW.key LIKE '%MS08-003%'
                      BEGIN SELECT RAISE(ABORT, 'not this one'); END""")
    mails = [critical(i) if i in (3, 5) else quiet(i) for i in range(1, 7)]
    server.append(*mails)
    daemon = scene.daemon()
    wait_stored(scene, 6, daemon)
    daemon.wait_idle()
    wait_told(slack, "MS08-005")
    daemon.stop()
    check_stored(scene, mails)
    row, = scene.ctl("list", "--quarantined")
    assert row["sha256"] == digest(mails[2]) and "not this one" in row["reason"], row


run(*on_both(file_is_unreadable), *on_both(withheld), *on_both(cannot_be_read), *on_both(cannot_be_stored))
