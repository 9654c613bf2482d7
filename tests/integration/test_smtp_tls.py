#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Email by way of a real mail server with TLS and logins: nothing leaves without them."""
from harness import ADDRESS, run, sample
from smtp_servers import NAME, Postfix, answer, configure, delivery, due_now, make_certificate, prepare


def starttls_and_login(scene):
    server = Postfix(scene, [NAME], tls="starttls", login=True)
    prepare(scene, server.channel(NAME))
    scene.deliver(sample("01"))
    scene.once()
    mail, = server.box(NAME).wait_mails(1)
    assert delivery(scene)["state"] == "sent", delivery(scene)
    assert mail["To"] == ADDRESS and "MS07-901" in mail["Subject"] and not mail.defects, mail
    received = " ".join(mail.get_all("Received"))
    assert "using TLS" in received and "Authenticated sender: alerts@example.com" in received, received


def smtps(scene):
    server = Postfix(scene, [NAME], tls="smtps", login=True)
    prepare(scene, server.channel(NAME))
    scene.deliver(sample("01"))
    scene.once()
    server.box(NAME).wait_mails(1)
    assert delivery(scene)["state"] == "sent", delivery(scene)


def nothing_leaves_without_trust(scene):
    """A wrong certificate, a wrong password, no TLS at all: the mail stays due, and leaves once that is put right."""
    server = Postfix(scene, [NAME], tls="starttls", login=True)
    other, _ = make_certificate(scene, "other")
    prepare(scene, server.channel(NAME, tls_ca_file=other))
    scene.deliver(sample("01"))
    scene.once(expect=1)
    assert "certificate" in answer(scene), answer(scene)
    for keys, words in (({"password_file": scene.write("wrong", "no-such-word\n")}, "535"),
                        ({"smtp_url": f"smtps://localhost:{server.port}"}, "TLS")):
        configure(scene, server.channel(NAME, **keys))
        due_now(scene)
        scene.once(expect=1)
        assert words in answer(scene) and "no-such-word" not in answer(scene), answer(scene)
        assert delivery(scene)["state"] == "pending", delivery(scene)
    assert server.count() == {NAME: 0}
    configure(scene, server.channel(NAME))
    due_now(scene)
    scene.once()
    server.box(NAME).wait_mails(1)
    assert delivery(scene)["state"] == "sent", delivery(scene)


def no_encryption_no_mail(scene):
    server = Postfix(scene, [NAME])
    channel = server.channel(NAME)
    del channel["insecure"]
    prepare(scene, channel)
    scene.deliver(sample("01"))
    scene.once(expect=1)
    assert "does not encrypt" in answer(scene), answer(scene)
    assert server.count() == {NAME: 0}


run(starttls_and_login, smtps, nothing_leaves_without_trust, no_encryption_no_mail)
