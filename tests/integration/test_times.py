#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""All times of one table go by one clock, the configured one; and nothing is open since a time that is still to come."""
import datetime
import re

from harness import alert, run

JST = datetime.timezone(datetime.timedelta(hours=9))


def now():
    return datetime.datetime.now(JST).replace(tzinfo=None)


def text(scene, *arguments):
    return scene.run("hotfixctl", "-c", scene.config_file, *arguments).stdout


def moments(words, output):
    found = [datetime.datetime.fromisoformat(t) for t in re.findall(words + r"(\d{4}-\d\d-\d\d \d\d:\d\d)", output)]
    assert found, f"no time behind {words!r} in:\n{output}"
    return found


def one_clock_and_no_future(scene):
    scene.environment["TZ"] = "UTC"
    minutes = datetime.timedelta(minutes=1)
    scene.start_dovecot()
    scene.configure()
    scene.sections["daemon"]["time-zone"] = "Asia/Tokyo"
    quiet = [(now() + hours * 60 * minutes).strftime("%H:%M") for hours in (-1, 1)]
    scene.sections["route urgent"].update({"quiet-hours": "-".join(quiet), "quiet-except": "none", "escalate": "30m journal"})
    scene.write_config()
    scene.once()
    scene.deliver(alert("MS08-001"))
    scene.once()
    for arguments in (("trace", "MS08-001"), ("queue", "list"), ("list", "--open"), ("status",)):
        output = text(scene, *arguments)
        # What is to come is at most half an hour behind the end of the quiet hours.
        assert all(-10 * minutes < at - now() < 100 * minutes for at in moments("", output)), output

    # Held back until the quiet hours end: open since now all the same.
    output = text(scene, "trace", "MS08-001")
    (since,), (told,) = moments("open since ", output), moments("nobody is disturbed before ", output)
    assert since <= now() and told > now() + 50 * minutes, output
    assert moments("next ", output)[0] == told + 30 * minutes and ": step 1\n" in output, output
    assert moments("MS08-001  ", text(scene, "list", "--open"))[0] <= now()
    assert "since" not in re.search(r"^open .*", text(scene, "status"), re.M)[0]

    scene.ctl("ack", "MS08-001", "--by", "taro")
    output = text(scene, "trace", "MS08-001")
    assert re.search(r"\nacknowledgements\n    taro, ", output), output


run(one_clock_and_no_future)
