#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A border that stops writing its field is told of, what was missed can be mended, and the order of mails does not matter."""
from forgeries import BORDER, RECEIVED, bulletin_texts, deliver, forged, real, results, scene_with_policy
from harness import USER, alert, run


def border_falls_silent(scene):
    """Bulletins that nobody was told of: at the first, one message says so, and one that it is over."""
    slack = scene_with_policy(scene)
    deliver(scene, real("MS08-001"))
    deliver(scene, *(alert(f"MS08-01{i}") for i in range(5)))
    texts = [r["text"] for r in slack.requests()]
    assert len(texts) == 2 and "a mail of mailbox main was not verified" in texts[1], texts
    assert "no Authentication-Results of mx.company.example" in texts[1], texts
    condition, = scene.status()["conditions"]
    assert condition["name"] == "unverified:main:hotfix-report", condition
    deliver(scene, *(real(f"MS08-02{i}") for i in range(3)))
    texts = [r["text"] for r in slack.requests()]
    assert len(texts) == 6 and sum("verified again" in text for text in texts) == 1, texts
    assert scene.status()["conditions"] == []


def judged_again(scene):
    """A wrong authserv-id, mended: what is verified by then is told, and the forgery still is not."""
    slack = scene_with_policy(scene)
    scene.sections["mailbox main"]["authserv-id"] = "mx.compnay.example"
    scene.write_config()
    deliver(scene, real("MS08-001"), forged("MS08-002"), forged("MS08-001", severity="low", updated="2008-01-20"))
    assert bulletin_texts(slack) == [] and len(scene.ctl("list", "--unverified")) == 2
    scene.sections["mailbox main"]["authserv-id"] = BORDER
    scene.write_config()
    result = scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "retry", "--unverified")
    assert result.returncode == 0, result.stderr
    scene.once()
    text, = bulletin_texts(slack)
    assert "MS08-001" in text, text
    assert [d[1] for d in scene.decisions("MS08-001")] == ["none", "new"]
    assert [(r["key"], r["severity"]) for r in scene.ctl("list", "--unverified")] == \
        [("unverified:MS08-001", "low"), ("unverified:MS08-002", "critical")], scene.ctl("list")
    assert [r["key"] for r in scene.ctl("list", "--verified")] == ["MS08-001"]
    assert {"alert/2008/ms08-001.html", "unverified/alert/2008/ms08-001.html"} <= set(scene.archive())


def a_renamed_mailbox_believes_nobody(scene):
    slack = scene_with_policy(scene)
    deliver(scene, forged("MS08-001"))
    scene.sections["mailbox renamed"] = scene.sections.pop("mailbox main")
    scene.write_config()
    scene.ctl("quarantine", "retry", "--unverified")
    scene.once()
    assert bulletin_texts(slack) == [] and [r["key"] for r in scene.ctl("list")] == ["unverified:MS08-001"], scene.ctl("list")


def accepted_by_hand(scene):
    """A real one that the border could not check: told of, and accepted."""
    slack = scene_with_policy(scene)
    deliver(scene, results("dkim=temperror header.d=hotfix.example") + RECEIVED + alert("MS08-001"), forged("MS08-002"))
    text, = [r["text"] for r in slack.requests()]
    assert "a mail of mailbox main was not verified: mx.company.example says dkim=temperror" in text, text
    assert "unverified:MS08-001" in slack.requests()[0]["body"], slack.requests()
    number = str(scene.ctl("trace", "unverified:MS08-001")["mails"][0]["mail"])
    scene.ctl("quarantine", "retry", "--accept", "--unverified", expect=2)
    scene.ctl("quarantine", "retry", "--accept", number)
    scene.once()
    text, = bulletin_texts(slack)
    assert "MS08-001" in text, text
    assert [d[1] for d in scene.decisions("MS08-001")] == ["none", "new"]
    assert [r["key"] for r in scene.ctl("list", "--unverified")] == ["unverified:MS08-002"]


def any_order_gives_the_same(scene):
    """Also the archive, byte for byte, but for what tells the order of arrival."""
    mails = [forged("MS08-001"), real("MS08-001"), forged("MS08-001", severity="low", updated="2008-01-20"),
             real("MS08-001", title="MS08-001 の題名", updated="2008-01-18")]
    scene.start_dovecot()
    trees = []
    for state, order in (("state-a", mails), ("state-b", mails[::-1])):
        scene.state = scene.path(state)
        scene.make_maildir(folder=f".{state}")
        scene.configure()
        scene.sections["mailbox main"].update({"require-authentication": "dkim", "authserv-id": BORDER,
                                               "url": scene.sections["mailbox main"]["url"].replace("INBOX", state)})
        scene.write_config()
        scene.once()
        scene.deliver(*order, user=f"{USER}/.{state}")
        scene.once()
        trees.append(scene.archive())
    assert trees[0] == trees[1] and len(trees[0]) == 9, trees


run(border_falls_silent, judged_again, a_renamed_mailbox_believes_nobody, accepted_by_hand, any_order_gives_the_same)
