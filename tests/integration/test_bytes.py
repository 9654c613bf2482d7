#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is stored is what the server holds, to the byte: odd mails and many mails, from three servers at once."""
from harness import run
from imap_servers import Courier, Cyrus, Dovecot, quiet, wait_stored

HEAD = b"From: report@hotfix.example\r\nSubject: HotFix Alert\r\nMessage-ID: <%s@test.example>\r\n"


def odd_mails():
    """Each with what a client might take for the end of the mail, of a line or of an answer."""
    bodies = [
        b"", b"x", b"\r\n", b"no end of line", b"\r\n\r\n\r\n", b".\r\n..\r\n.\r\n",
        b"{50}\r\nx\r\n", b"* 1 EXISTS\r\n* 3 FETCH (UID 99 BODY[] {3}\r\nabc)\r\nh0007 OK done\r\n", b")\r\n* BYE\r\n" * 20,
        b"a\rb\rc\r\n", b"\x80\xff\xfe" * 100 + b"\r\n", bytes(range(1, 256)).replace(b"\n", b"").replace(b"\r", b"") + b"\r\n",
        b"x" * 70000 + b"\r\n", (b"y" * 76 + b"\r\n") * 20000, "一行".encode("utf-16-be") + b"\r\n", b"only\nlf\n", b"nul\0nul\r\n",
        b"From somebody Tue Jan 15 2008\r\n>From x\r\n"]
    mails = [HEAD % str(i).encode() + b"\r\n" + body for i, body in enumerate(bodies)]
    mails += [HEAD % b"head-only", HEAD % b"folded" + b"X-Long: " + b"z" * 5000 + b"\r\n " + b"z" * 5000 + b"\r\n\r\nx\r\n",
              b"\r\nbody without a head\r\n", b"X: y\r\n\r\n", b"no colon at all\r\n\r\nx\r\n"]
    return mails


def three_servers(scene, folder, **keys):
    servers = [Dovecot(scene), Cyrus(scene), Courier(scene)]
    scene.configure(imap=None)
    for server in servers:
        if folder != "INBOX":
            server.create(folder)
        scene.sections[f"mailbox {server.kind}"] = server.mailbox(folder, **keys)
    scene.write_config()
    return servers


def odd_bytes(scene):
    servers = three_servers(scene, "奇 妙")
    mails = odd_mails()
    held = set()
    for server in servers:
        taken = sum(server.try_append(mail, "奇 妙")[0] == "OK" for mail in mails)
        assert taken >= len(mails) - 4, (server.kind, taken)
        contents = server.contents("奇 妙")
        assert len(contents) == taken
        held |= set(contents)
    scene.once()
    stored = scene.stored_mails()
    assert set(stored) == held, (sorted(held - set(stored)), sorted(set(stored) - held))
    for server in servers:
        seen = [sha256 for sha256, in scene.rows(
            "SELECT sha256 FROM sighting JOIN mail ON mail.id = mail_id WHERE source = ? ORDER BY uid", f"imap:{server.kind}")]
        assert seen == server.contents("奇 妙"), server.kind


def many(scene):
    """More than several commands bring, with gaps in the UIDs; the same mails on each server, in another order."""
    servers = three_servers(scene, "INBOX", after_ingest="seen")
    mails = [quiet(i) for i in range(1, 261)]
    step = {"dovecot": 1, "cyrus": 7, "courier": 11}  # 260 has no divisor 7 or 11
    for server in servers:
        server.append(*(mails[i * step[server.kind] % len(mails)] for i in range(len(mails))))
        server.expunge("3,50:60,199:202,259")
    left = set()
    for server in servers:
        left |= set(server.contents())
    daemon = scene.daemon()
    wait_stored(scene, len(left), daemon)
    daemon.wait_idle()
    daemon.stop()
    assert set(scene.stored_mails()) == left
    for server in servers:
        seen = scene.rows("SELECT sha256 FROM sighting JOIN mail ON mail.id = mail_id WHERE source = ? ORDER BY uid",
                          f"imap:{server.kind}")
        assert [sha256 for sha256, in seen] == server.contents(), server.kind
        assert set(map(tuple, server.flags().values())) == {("\\Seen",)}, server.kind


run(odd_bytes, many)
