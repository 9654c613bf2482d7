#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Email by way of a real mail server (OpenSMTPD): what arrives is what was meant."""
from harness import ADDRESS, alert, run, sample, wait_until


def arrives(scene):
    mail = scene.start_opensmtpd()
    scene.start_dovecot()
    scene.configure(mail=mail)
    scene.once()
    scene.deliver(sample("01"))
    scene.once()
    first, = mail.wait_mails(1)
    delivery, = scene.ctl("trace", "MS07-901")["decisions"][0]["deliveries"]
    assert delivery["state"] == "sent", delivery
    assert first["Message-ID"].strip("<>").split("@")[0] in delivery["identity"] or \
        delivery["identity"][:32] in first["Message-ID"], (first["Message-ID"], delivery)
    assert first["To"] == ADDRESS and first["Return-Path"] == "<hotfixd@example.com>", first
    assert "MS07-901" in first["Subject"] and "帳票サーバ" in first["Subject"], first["Subject"]
    assert first.get_content_type() == "multipart/alternative", first.get_content_type()
    assert [p.get_content_type() for p in first.iter_parts()] == ["text/plain", "text/html"]
    for kind in ("plain", "html"):
        text = first.get_body((kind,)).get_content()
        assert "MS07-901" in text and "帳票サーバ" in text, text
    assert not first.defects

    scene.deliver(alert("MS07-901", severity="low", urgency="wait", registered="2007-09-12", updated="2007-10-12"))
    scene.once()
    mails = mail.wait_mails(2)
    second = next(m for m in mails if m["Message-ID"] != first["Message-ID"])
    assert second["In-Reply-To"] == first["Message-ID"] and second["References"] == first["Message-ID"]


def server_is_down(scene):
    """Kept, and delivered when it is back."""
    mail = scene.start_smtp("--reject", "mail:421,data:451")
    scene.start_dovecot()
    scene.configure(mail=mail)
    scene.once()
    scene.deliver(sample("01"))
    daemon = scene.daemon()
    daemon.wait_log("421 mail refused as asked")
    delivery = lambda: scene.ctl("trace", "MS07-901")["decisions"][0]["deliveries"][0]
    wait_until(lambda: len(delivery()["attempts"]) == 2, "the next try, after 5 s")
    scene.ctl("queue", "retry", str(delivery()["delivery"]))
    mail.wait_mails(1)
    wait_until(lambda: delivery()["state"] == "sent", "the record of the delivery")
    attempts = delivery()["attempts"]
    assert [a["result"] for a in attempts] == ["retry", "retry", "again", "sent"], attempts
    assert "421" in attempts[0]["answer"] and "451" in attempts[1]["answer"], attempts
    daemon.stop()
    assert len(mail.mails()) == 1


run(arrives, server_is_down)
