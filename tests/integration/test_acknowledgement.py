#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""hotfixctl ack: for good, for a time, taken back; what opens it again; and wrong uses."""
from harness import alert, run


def prepare(scene, **keys):
    scene.start_dovecot()
    mail = scene.start_smtp()
    scene.configure(None, mail)
    scene.sections["route urgent"].update(keys)
    scene.write_config()
    scene.once()
    return mail


def open_again(scene):
    """By the end of --until, by a revision that is more severe, by --undo."""
    mail = prepare(scene, severity="important", urgency="immediate")
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.deliver(alert("MS08-001", severity="important", urgency="early"))
    mail.wait_mails(1)
    scene.ctl("ack", "MS08-001", "--until", "2s", "--by", "taro")
    subjects = [m["Subject"] for m in mail.wait_mails(2)]
    assert subjects[1].endswith(subjects[0]) and subjects[1] != subjects[0], subjects  # it says that it is a reminder
    assert "taro had acknowledged this until" in mail.mails()[1].get_body(("plain",)).get_content().replace("\n", " ")
    assert scene.ctl("trace", "MS08-001")["acknowledgements"][0]["ended"] == "expired"
    scene.ctl("ack", "MS08-001", "--until", "09:00")
    scene.deliver(alert("MS08-001", severity="critical", urgency="early", updated="2008-01-20"))
    mail.wait_mails(3)
    trace = scene.ctl("trace", "MS08-001")
    assert trace["acknowledgements"][1]["ended"] == "raised" and trace["alerts"][0]["state"] == "open", trace["alerts"]
    scene.ctl("ack", "MS08-001")
    scene.ctl("ack", "MS08-001", "--undo", "--by", "hanako")
    assert "hanako has withdrawn" in mail.wait_mails(4)[3].get_body(("plain",)).get_content().replace("\n", " ")
    assert scene.status()["alerts"]["open"] == 1
    daemon.stop()


def wrong_uses(scene):
    prepare(scene)
    scene.deliver(alert("MS08-001"), alert("MS08-002", severity="low", urgency="wait"))
    scene.once()
    for status, *arguments in ((2,), (2, "MS08-001", "--until", "yesterday"), (2, "MS08-001", "--until", "2008-01-01"),
                               (2, "MS08-001", "--until", "3"), (2, "MS08-001", "--by", "\n"),
                               (2, "MS08-001", "--undo", "--comment", "x"), (3, "MS08-009"), (3, "MS08-002"),
                               (3, "MS08-001", "--route", "nowhere"), (3, "MS08-001", "--undo")):
        result = scene.run("hotfixctl", "-c", scene.config_file, "ack", *arguments)
        assert result.returncode == status and result.stderr.startswith("hotfixctl"), (arguments, result)
    assert scene.rows("SELECT count(*) FROM acknowledgement") == [(0,)]
    scene.ctl("ack", "MS08-009", "MS08-001", expect=3)  # the rest is done
    assert scene.rows("SELECT state FROM alert") == [(1,)]


run(open_again, wrong_uses)
