#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The commands as a person or a script meets them: help, exit codes, JSON."""
import glob
import json
import os
import subprocess

from harness import BUILD, SAMPLES, SOURCE, alert, run, sample

MAILS = sorted(glob.glob(os.path.join(SAMPLES, "*.eml")))
COMMANDS = ("status", "list", "show", "trace", "parse", "import", "archive")


def help_and_usage(scene):
    for program in ("hotfixd", "hotfixctl"):
        result = scene.run(program, "--help")
        assert result.returncode == 0 and result.stdout.startswith(f"Usage: {program}") and not result.stderr, result
        result = scene.run(program, "--version")
        assert result.returncode == 0 and result.stdout.startswith(f"{program} "), result
        result = scene.run(program, "--no-such-option")
        assert result.returncode == 2 and result.stderr and not result.stdout, result
    assert scene.run("hotfixd", "surplus").returncode == 2
    for command in COMMANDS:
        assert command in scene.run("hotfixctl", "--help").stdout
        result = scene.run("hotfixctl", command, "--help")
        assert result.returncode == 0 and result.stdout.startswith("Usage: ") and command in result.stdout, result
        result = scene.run("hotfixctl", command, "--no-such-option")
        assert result.returncode == 2 and not result.stdout, result


def wrong_usage(scene):
    for arguments in ((), ("no-such-command",), ("show",), ("show", "a", "b"), ("trace",), ("parse",), ("import",), ("archive",),
                      ("archive", "burn"), ("status", "x"), ("list", "--severity", "terrible"), ("list", "--since", "yesterday"),
                      ("list", "--limit", "0"), ("list", "--kind", "rumour"), ("parse", "--form", "tablet", "x"),
                      ("-c",)):
        result = scene.run("hotfixctl", *arguments)
        assert result.returncode == 2 and result.stderr and not result.stdout, (arguments, result)


def before_the_first_run(scene):
    scene.configure(imap=None)
    for arguments in (("status",), ("list",), ("show", "MS07-901"), ("archive", "rebuild")):
        result = scene.run("hotfixctl", "-c", scene.config_file, *arguments)
        assert result.returncode == 1 and "there is no database yet" in result.stderr, (arguments, result)
    result = scene.run("hotfixctl", "-c", scene.path("missing.conf"), "status")
    assert result.returncode == 1 and "missing.conf" in result.stderr, result


def answers(scene):
    scene.configure(imap=None)
    scene.ctl("import", *MAILS)
    assert len(scene.ctl("list")) == 6
    assert [b["id"] for b in scene.ctl("list", "--severity", "critical", "--since", "2007-10-01")] == ["MS07-906", "MS07-904"]
    assert len(scene.ctl("list", "--limit", "2")) == 2
    assert scene.ctl("list", "--kind", "weekly", expect=3) == []
    assert scene.ctl("list", "--quarantined", expect=3) == []
    assert len(scene.ctl("list", "--unrecognised")) == 1
    assert scene.ctl("show", "ms07-901")["id"] == scene.ctl("show", "hotfix-report:MS07-901")["id"] == "MS07-901"
    assert scene.ctl("show", "MS07-999", expect=3) is None
    assert scene.ctl("trace", "no-such-thing", expect=3) is None
    assert scene.ctl("trace", "20070912.1@hotfix.example")["key"] == "MS07-901"
    assert scene.ctl("status")["schema"] == "hotfixd.status/1"
    for arguments in (("status",), ("list",), ("list", "--unrecognised"), ("show", "MS07-901"), ("trace", "MS07-901"), ("trace", "1")):
        result = scene.run("hotfixctl", "-c", scene.config_file, *arguments)
        assert result.returncode == 0 and result.stdout and not result.stderr, (arguments, result)


def show_has_the_tables(scene):
    scene.configure(imap=None)
    scene.ctl("import", os.path.join(SOURCE, "tests", "mail", "text", "2005-columns-by-tabs.eml"))
    bulletin, = scene.ctl("list")
    page = scene.run("hotfixctl", "-c", scene.config_file, "show", bulletin["id"]).stdout
    for label in ("affected", "lab tests", "downloads", "packages", "deployment minutes", "UpdateEXPERT"):
        assert f"\n{label}  " in page, (label, page)
    for table, member in (("affected", "software"), ("tests", "platform"), ("downloads", "center"), ("update_expert", "text")):
        for row in scene.ctl("show", bulletin["id"])[table]:
            assert not row[member] or row[member] in page, (row, page)


def big_output_is_whole(scene):
    """Larger than any buffer on the way."""
    scene.configure(imap=None)
    scene.ctl("import", *MAILS)
    assert len(json.dumps(scene.ctl("show", "MS07-903"))) > 4096
    result = scene.run("hotfixctl", "--json", "parse", *(MAILS[:7] * 5))
    assert result.returncode == 0 and len([json.loads(line) for line in result.stdout.splitlines()]) == 35
    with open("/dev/full", "w", encoding="ascii") as full:
        status = subprocess.run([os.path.join(BUILD, "hotfixctl"), "--json", "parse", MAILS[2]], stdout=full,
                                stderr=subprocess.PIPE, env=scene.environment, check=False)
        assert status.returncode == 1 and b"standard output" in status.stderr, status


def nothing_moves_the_cursor(scene):
    """Escape sequences in a mail or a file's name are not for the terminal; in JSON they are escaped anyway."""
    title = "\x1b[31mMS08-001\x9b31m\x07 の欠陥"
    path = scene.write("mails/\x1b[31m\u009b.eml", alert("MS08-001", title=title))
    other = scene.write("mails/other.eml", sample("08").replace(b"Subject: ", b"Subject: =?utf-8?q?=1B[31m=C2=9B?= "))
    scene.configure(imap=None)
    scene.ctl("import", path, other)
    for arguments in (("parse", path), ("show", "MS08-001"), ("list",), ("list", "--unrecognised"), ("trace", "2")):
        for json_option in ((), ("--json",)):
            result = scene.run("hotfixctl", "-c", scene.config_file, *json_option, *arguments)
            assert result.returncode == 0 and result.stdout, (arguments, result)
            assert not set(result.stdout) & {"\x1b", "\x07"}, (arguments, result.stdout)
            assert json_option or "\x9b" not in result.stdout, (arguments, result.stdout)


def parse(scene):
    for path in MAILS:
        result = scene.run("hotfixctl", "--json", "parse", path)
        with open(path[:-4] + ".json", encoding="utf-8") as f:
            expected = json.load(f)
        bulletin = json.loads(result.stdout)
        assert result.returncode == (3 if expected["kind"] == "unknown" else 0), result
        assert bulletin["schema"] == "hotfixd.bulletin/1" and bulletin["kind"] == expected["kind"]
        assert bulletin["id"] == expected.get("id")
        for field in ("severity", "urgency"):
            if field in expected:
                assert bulletin[field]["value"] == expected[field], (path, bulletin[field])
    result = scene.run("hotfixctl", "--json", "parse", "-", stdin=sample("05").decode("latin-1"))
    assert result.returncode == 0 and json.loads(result.stdout)["id"] == "MS07-905", result
    assert scene.run("hotfixctl", "parse", scene.path("missing.eml")).returncode == 1


def seeds(scene):
    """The three real bulletins, where they are at hand (HOTFIXD_SEEDS names their folder)."""
    folder = os.environ.get("HOTFIXD_SEEDS")
    if not folder:
        print("seeds: HOTFIXD_SEEDS is not set")
        return
    expected = [("critical", "immediate"), ("moderate", "early"), ("critical", "immediate")]
    files = sorted(p for p in glob.glob(os.path.join(folder, "*")) if os.path.isfile(p))
    result = scene.run("hotfixctl", "--json", "parse", *files)
    assert result.returncode == 0, result.stderr
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(b["severity"]["value"], b["urgency"]["value"]) for b in found] == expected


run(help_and_usage, wrong_usage, before_the_first_run, answers, show_has_the_tables, big_output_is_whole,
    nothing_moves_the_cursor, parse, seeds)
