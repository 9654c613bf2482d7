#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Heavy and hostile mails up to the size that the daemon takes: each ends as it should, within the memory that a parser has,
and storing what was read of them takes no more. What they cost in time is for tests/bench/hostile to say: here only the limit on
processor time, ten times the usual one, stands against rules that take far too long."""
import os
import subprocess

import heavy_mails
from harness import BUILD, run

MEMORY_MIB = 256
PLACES = ("_in_top", "_in_ids", "_in_middle", "_in_end")


def is_sanitized():
    with open(os.path.join(BUILD, "hotfixctl"), "rb") as f:
        return b"__asan_init" in f.read()


def measure(scene, *arguments):
    """Exit status, standard output and error of hotfixctl, and the peak memory of it and its parser in MiB."""
    with open(scene.path("out"), "wb") as out, open(scene.path("err"), "wb") as err:
        process = subprocess.Popen([os.path.join(BUILD, "hotfixctl"), "-c", scene.config_file, *arguments], stdout=out, stderr=err,
                                   stdin=subprocess.DEVNULL, env=scene.environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    with open(scene.path("out"), encoding="utf-8") as out, open(scene.path("err"), encoding="utf-8", errors="replace") as err:
        return process.returncode, out.read(), err.read(), usage.ru_maxrss / 1024


def configure(scene):
    scene.configure(imap=None)
    scene.sections["daemon"].update({"parser-cpu-time": "20s", "parser-timeout": "2m"})
    scene.write_config()


def outcome_of(status, out, err):
    if status == 0:
        assert '"id":"MS07-901"' in out or '"kind":"alert"' not in out or '"id":' in out, out[:300]
        return heavy_mails.BULLETIN
    if status == 3 and ": not recognised: " in err:
        return heavy_mails.OTHER
    assert status == 1 and ": refused: " in err, f"status {status}: {err[-500:]}"
    reason = err.split(": refused: ", 1)[1]
    assert "LIMIT_" in reason or "max-text-size" in reason or "no text in any charset" in reason, err
    return heavy_mails.REFUSED


def read_all(scene, mails):
    configure(scene)
    sanitized, path = is_sanitized(), scene.path("heavy.eml")
    assert mails
    for mail in mails:
        heavy_mails.write(mail, path)
        status, out, err, memory = measure(scene, "--json", "parse", path)
        try:
            outcome = outcome_of(status, out, err)
        except AssertionError as error:
            raise AssertionError(f"{mail.name}: {error}") from None
        assert mail.outcome in (outcome, heavy_mails.ANY), f"{mail.name}: {outcome} and not {mail.outcome}: {err[-300:]}"
        if mail.outcome == heavy_mails.BULLETIN:
            assert '"id":"MS07-901"' in out and '"value":"critical"' in out, f"{mail.name}: {out[:500]}"
        # The address space is limited to this; so it can only be the asking process that uses more.
        assert sanitized or memory < MEMORY_MIB, f"{mail.name}: {memory:.0f} MiB"


def named(*places):
    return [mail for mail in heavy_mails.MAILS if mail.name.endswith(places)]


def large_and_broken(scene):
    read_all(scene, [mail for mail in heavy_mails.MAILS if not mail.name.endswith(PLACES)])


def endless_in_top(scene):
    read_all(scene, named("_in_top"))


def endless_in_ids(scene):
    read_all(scene, named("_in_ids"))


def endless_in_middle(scene):
    read_all(scene, named("_in_middle"))


def endless_in_end(scene):
    read_all(scene, named("_in_end"))


def stored(scene):
    """What was read is compared, searched and archived in the daemon's own memory."""
    names = ("long_normal_form_in_lines", "long_normal_form", "combining_marks_in_lines", "longest_text_in_one_line", "weekly",
             "bulletin_with_a_large_attachment", "files_in_end", "headings_in_end", "affected_rows_in_end")
    mails = [mail for mail in heavy_mails.MAILS if mail.name in names]
    assert len(mails) == len(names)
    configure(scene)
    path, sanitized = scene.path("heavy.eml"), is_sanitized()
    for count, mail in enumerate(mails, 1):
        heavy_mails.write(mail, path)
        status, _, err, memory = measure(scene, "import", path)
        assert status == 0, f"{mail.name}: {status} {err[-500:]}"
        assert sanitized or memory < MEMORY_MIB, f"{mail.name}: {memory:.0f} MiB"
        assert scene.rows("SELECT count(*) FROM mail")[0][0] == count
    heavy_mails.write(next(mail for mail in heavy_mails.MAILS if mail.name == "random_bytes"), path)
    status, _, err, memory = measure(scene, "import", path)
    assert status == 1 and "not a mail" in err, f"{status} {err[-500:]}"
    assert sanitized or memory < MEMORY_MIB, f"random_bytes: {memory:.0f} MiB"
    assert scene.rows("SELECT count(*) FROM mail")[0][0] == len(mails)


run(large_and_broken, endless_in_top, endless_in_ids, endless_in_middle, endless_in_end, stored)
