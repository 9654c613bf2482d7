#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Email by way of a real mail server: what it refuses, for whom, and what becomes of that."""
import os

from harness import alert, decompress, run, sample
from smtp_servers import NAME, Postfix, answer, delivery, due_now, prepare


def each_recipient_fares_for_himself(scene):
    """One is refused for good, one is put off, one has it: nobody gets it twice, and nobody is forgotten."""
    server = Postfix(scene, ["first", "second"])
    server.restart(later=["second@example.com"])
    prepare(scene, server.channel("first", "nobody-here", "second"))
    scene.deliver(sample("01"))
    scene.once(expect=1)
    first, = server.box("first").wait_mails(1)
    assert server.count() == {"first": 1, "second": 0}
    assert delivery(scene)["state"] == "pending", delivery(scene)
    text = answer(scene)
    assert text.startswith("1 of 3 recipients has it: 250") and "refused: nobody-here@example.com (550" in text and \
        "tried again: second@example.com (451 4.7.1" in text and "come back later)" in text, text

    server.restart()
    due_now(scene)
    scene.once(expect=1)
    second, = server.box("second").wait_mails(1)
    assert server.count() == {"first": 1, "second": 1}
    assert delivery(scene)["state"] == "dead", delivery(scene)  # for one of three
    assert answer(scene).startswith("2 of 3 recipients have it"), answer(scene)
    assert second["Message-ID"] == first["Message-ID"] and second["Date"] == first["Date"]
    assert second["To"] == first["To"] == "first@example.com, nobody-here@example.com, second@example.com", second["To"]

    # The administrator mends the address, and asks for another try: the one who has not got it gets it.
    server.known.append("nobody-here")
    server.restart()
    number, = scene.rows("SELECT id FROM outbox ORDER BY id DESC LIMIT 1")[0]
    scene.ctl("queue", "retry", str(number))
    scene.once()
    server.box("nobody-here").wait_mails(1)
    assert server.count() == {"first": 1, "second": 1, "nobody-here": 1}
    assert delivery(scene)["state"] == "sent", delivery(scene)


def all_are_refused(scene):
    server = Postfix(scene, [NAME])
    prepare(scene, server.channel("nobody-here"))
    scene.deliver(sample("01"))
    scene.once(expect=1)
    assert delivery(scene)["state"] == "dead" and answer(scene).startswith("550"), delivery(scene)


def attached(scene):
    """The original to the byte, and the CSAF document; without them where the server finds the mail too large."""
    server = Postfix(scene, [NAME])
    prepare(scene, server.channel(NAME, attach_original="yes", attach_csaf="yes"))
    scene.deliver(sample("01"))
    scene.once()
    mail, = server.box(NAME).wait_mails(1)
    assert not mail.defects and mail.get_content_type() == "multipart/mixed", mail
    original, csaf = mail.iter_attachments()
    assert (original.get_filename(), csaf.get_filename()) == ("ms07-901.eml", "ms07-901.json"), mail
    stored, = scene.rows("SELECT data FROM mail_data JOIN mail ON mail.id = mail_id")[0]
    assert original.get_content_type() == "message/rfc822", original.get_content_type()
    assert decompress(stored).replace(b"\r\n", b"\n") in server.bytes(NAME).replace(b"\r\n", b"\n")
    document = csaf.get_content()
    assert b'"category":"csaf_security_advisory"' in document and b'"id":"MS07-901"' in document, document
    assert "MS07-901" in mail.get_body(("plain",)).get_content()

    server.size = 60000
    server.restart()
    noise = os.urandom(40000).hex()
    scene.deliver(alert("MS08-001", text="\n".join(noise[i:i + 60] for i in range(0, len(noise), 60))))
    scene.once()
    mails = server.box(NAME).wait_mails(2)
    large = next(m for m in mails if "MS08-001" in m["Subject"])
    assert not list(large.iter_attachments()), large
    assert "Nothing is attached: the mail server refuses this mail" in large.get_body(("plain",)).get_content()
    assert delivery(scene, "MS08-001")["state"] == "sent", delivery(scene, "MS08-001")


run(each_recipient_fares_for_himself, all_are_refused, attached)
