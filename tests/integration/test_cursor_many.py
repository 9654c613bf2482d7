#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Several mailboxes, folders and accounts on both servers at once: each mail stored once, told once, seen as often as it is there."""
import itertools
import time

from harness import alert, run
from imap_servers import Cyrus, Dovecot, digest, on_both, wait_stored, wait_told
from small_imap import SmallImap, configure, critical, told


def two_folders_with_the_same_mail(scene, start):
    """One bulletin, two sightings, one notification: at once, one after the other, and sent again with other bytes."""
    slack, server = scene.start_slack(), start()
    server.create("Feed")
    scene.configure(slack, imap=None)
    scene.sections["mailbox inbox"] = server.mailbox()
    scene.sections["mailbox feed"] = server.mailbox("Feed")
    scene.write_config()
    daemon = scene.daemon()
    daemon.wait_idle()
    mails = [alert("MS08-001"), alert("MS08-002"), alert("MS08-003", "low", "wait")]
    again = alert("MS08-001", message_id="again@lists.example")
    for folder, mail in itertools.product(("INBOX", "Feed"), mails):
        server.append(mail, folder=folder)
    server.append(again, folder="Feed")
    wait_stored(scene, 4, daemon)
    daemon.wait_idle()
    daemon.stop()
    scene.once()
    wait_told(slack, "MS08-001", "MS08-002")
    assert scene.stored_mails() == {digest(again): 1, **{digest(mail): 2 for mail in mails}}
    assert sorted(b["id"] for b in scene.ctl("list")) == ["MS08-001", "MS08-002", "MS08-003"]
    sources = {source for source, in scene.rows("SELECT DISTINCT source FROM sighting")}
    assert sources == {"imap:inbox", "imap:feed"}, sources


def both_servers_and_accounts_at_once(scene):
    """Two servers, two accounts on each, two folders in each, nine mails everywhere and one more in each; a server goes down and
    comes back meanwhile."""
    slack = scene.start_slack()
    scene.configure(slack, imap=None)
    servers = [Dovecot(scene), Cyrus(scene)]
    boxes = []
    for server in servers:
        server.add_user("second")
        for user, folder in itertools.product(("hotfix", "second"), ("INBOX", "更新")):
            if folder != "INBOX":
                server.create(folder, user=user)
            boxes.append((server, user, folder))
            scene.sections[f"mailbox m{len(boxes)}"] = server.mailbox(folder, user=user)
    scene.write_config()
    daemon = scene.daemon()
    daemon.wait_idle()
    common = [alert(f"MS08-{i:03}", *(("critical", "early") if i == 5 else ("low", "wait"))) for i in range(1, 10)]
    own = [alert(f"MS08-{i:03}", "low", "wait") for i in range(101, 101 + len(boxes))]

    for (server, user, folder), mail in zip(boxes, own):
        server.append(*common[:5], mail, folder=folder, user=user)
    for server in servers:
        server.kill()
        server.start()
    for server, user, folder in boxes:
        server.append(*common[5:], folder=folder, user=user)
    wait_stored(scene, len(common) + len(own), daemon)
    daemon.wait_idle()
    daemon.stop()
    scene.once()
    wait_told(slack, "MS08-005")
    wanted = {**{digest(mail): len(boxes) for mail in common}, **{digest(mail): 1 for mail in own}}
    assert scene.stored_mails() == wanted, scene.rows("SELECT source, uid, mail_id FROM sighting ORDER BY 1, 2")
    for server, user, folder in boxes:
        flags = server.flags(folder, user)
        assert list(flags) == list(range(1, 11)) and not any(flags.values()), flags


def overtaken_by_a_new_mailbox(scene):
    """A mail comes while nobody looks, and is history of a mailbox that is configured meanwhile: told all the same, once, whether that
    has the very same bytes or a copy that went another way."""
    slack = scene.start_slack()
    watched = SmallImap(scene, {1: critical(1)}, [("UID FETCH", lambda connection, tag, command: time.sleep(1))])  # the other is first
    configure(scene, slack, watched=watched.section())
    scene.once()
    for i, copy in enumerate((critical(9), critical(8).replace(b"Message-ID: <", b"Received: by b.example\r\nMessage-ID: <")), 2):
        watched.mails[i] = critical(9 if i == 2 else 8)
        new = SmallImap(scene, {1: copy, 2: critical(1), 3: critical(7)})
        scene.sections[f"mailbox new{i}"] = {**new.section(), "password-file": scene.path("password")}
        scene.write_config()
        scene.once()
        assert told(slack) == ["MS08-009", "MS08-008"][:i - 1][::-1], (i, told(slack))
    watched.mails[4] = critical(7).replace(b"Message-ID: <", b"Message-ID: <again.")  # sent again long after it was history
    scene.once()
    scene.once()
    assert told(slack) == ["MS08-008", "MS08-009"]


run(overtaken_by_a_new_mailbox, *on_both(two_folders_with_the_same_mail), both_servers_and_accounts_at_once)
