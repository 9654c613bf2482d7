# SPDX-License-Identifier: MIT
"""Mails with what a company's border found of their sender, true and forged, and a mailbox that asks for proof."""
from harness import alert

BORDER = "mx.company.example"
RECEIVED = b"Received: from client.example by mx.company.example; Tue, 15 Jan 2008 09:00:00 +0900\r\n"


def results(text, authserv_id=BORDER):
    return f"Authentication-Results: {authserv_id};\r\n\t{text}\r\n".encode()


GOOD = results("dkim=pass (2048-bit key) header.d=hotfix.example header.s=a;\r\n\tspf=pass smtp.mailfrom=hotfix.example")
# What the border found of a forgery, above what the forger wrote himself.
FORGED = results("dkim=none; spf=fail smtp.mailfrom=hotfix.example") + RECEIVED + GOOD


def real(*arguments, **keys):
    return GOOD + RECEIVED + alert(*arguments, **keys)


def forged(*arguments, **keys):
    return FORGED + alert(*arguments, **keys)


def scene_with_policy(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.sections["mailbox main"].update({"trusted-senders": "report@hotfix.example", "require-authentication": "dkim",
                                           "authserv-id": BORDER})
    scene.sections["route health"] = {"channels": "slack"}
    scene.write_config()
    scene.once()
    return slack


def deliver(scene, *mails):
    scene.deliver(*mails)
    return scene.once()


def bulletin_texts(slack):
    return [r["text"] for r in slack.requests() if "MS08-" in r["text"]]
