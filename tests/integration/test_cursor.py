#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What other clients do in a watched folder: nothing is lost, and nothing told twice, whatever becomes of the UIDs."""
from harness import run, wait_until
from imap_servers import Proxy, check_stored, critical, digest, on_both, quiet, wait_stored, wait_told, watch

FOLDER = "お知らせ/Feed"


def gaps_and_expunges_while_idling(scene, start):
    """UIDs that are gone before anybody saw them; mails that are stored and expunged while others come."""
    slack, server = watch(scene, start, FOLDER, "Other", watched=FOLDER)
    mails = [quiet(i) for i in range(1, 21)]
    server.append(*mails[:10], folder=FOLDER)
    server.expunge("1:3,5,8:9", FOLDER)
    daemon = scene.daemon()
    left = [mails[i] for i in (3, 5, 6, 9)]
    wait_stored(scene, len(left), daemon)
    daemon.wait_idle()
    check_stored(scene, left)
    # As many come as go: the number of messages is the same before and after.
    server.append(*mails[10:12], folder=FOLDER)
    server.expunge("4,7", FOLDER)
    wait_stored(scene, 6, daemon)
    server.expunge("1:*", FOLDER)
    server.append(critical(30), folder=FOLDER)
    wait_stored(scene, 7, daemon)
    server.append(*mails[12:], folder=FOLDER)
    wait_stored(scene, 15, daemon)
    daemon.wait_idle()
    daemon.stop()
    scene.once()
    check_stored(scene, [*left, *mails[10:12], critical(30), *mails[12:]])
    wait_told(slack, "MS08-030")


def expunged_during_the_fetch(scene, start):
    """Another client expunges when the daemon has found the mails and asks for them, and new ones come at the same time."""
    slack, server = watch(scene, start, FOLDER, "Other", watched=FOLDER)
    mails = [critical(i) if i == 20 else quiet(i) for i in range(1, 31)]
    server.append(*mails[:24], folder=FOLDER)
    moments = []

    def before(command, connection):
        if command.startswith("UID FETCH") and "BODY" in command and not moments:
            moments.append(command)
            server.expunge("1,7:9,24", FOLDER)
            server.append(*mails[24:], folder=FOLDER)
    proxy = Proxy(scene, server, before)
    scene.sections["mailbox main"] = server.mailbox(FOLDER, how="plain", port=proxy.port)
    # Another way to the same folder is another mailbox to hotfixd: first contact with nothing in it.
    server.rename(FOLDER, "Full")
    server.create(FOLDER)
    scene.write_config()
    scene.once()
    server.delete(FOLDER)
    server.rename("Full", FOLDER)
    daemon = scene.daemon()
    gone = {digest(mails[i - 1]) for i in (1, 7, 8, 9, 24)}
    wanted = {digest(mail) for mail in mails} - gone
    # Some of those expunged may have come before: their number says nothing.
    wait_until(lambda: wanted <= set(scene.stored_mails()), "all that is left")
    daemon.wait_idle()
    wait_told(slack, "MS08-020")
    daemon.stop()
    assert moments
    stored = scene.stored_mails()
    assert set(stored) - gone == wanted, sorted(wanted - set(stored))
    before_rows = scene.dump("mail", "sighting", "decision", "outbox")
    scene.once()
    assert scene.dump("mail", "sighting", "decision", "outbox") == before_rows


def moved_in_by_another_client(scene, start):
    """A rule or a person moves and copies mails into the watched folder; out of it and back in, they are known."""
    slack, server = watch(scene, start, FOLDER, "Other", watched=FOLDER)
    mails = [critical(1), quiet(2), quiet(3), quiet(4)]
    server.append(*mails, folder="Other")
    daemon = scene.daemon()
    daemon.wait_idle()
    server.transfer("MOVE", "3:4", "Other", FOLDER)
    wait_stored(scene, 2, daemon)
    server.transfer("COPY", "1:2", "Other", FOLDER)
    wait_stored(scene, 4, daemon)
    wait_told(slack, "MS08-001")
    server.transfer("MOVE", "1:*", FOLDER, "Other")
    server.transfer("MOVE", "1:*", "Other", FOLDER)
    wait_until(lambda: min(scene.stored_mails().values()) >= 2, "the mails to be seen again")
    daemon.stop()
    scene.once()
    wait_told(slack, "MS08-001")
    assert set(scene.stored_mails()) == set(map(digest, mails))


run(*on_both(gaps_and_expunges_while_idling), *on_both(expunged_during_the_fetch), *on_both(moved_in_by_another_client))
