#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Import from single mails, mboxes of every form, Maildirs, MH folders and folders: history, one summary, the same result
however the mails are kept, whether it is interrupted or not, and all known when done again."""
import mailbox
import os
import pty
import signal
import socket
import subprocess

from harness import BUILD, SAMPLES, alert, check_log, run, sample, wait_until

FROM = b"From somebody@test.example Wed Sep 12 09:15:00 2007\n"
LEVELS = (("critical", "immediate"), ("important", "early"), ("moderate", "consider"), ("low", "wait"))


def mbox(*mails):
    def entry(mail):
        lines = mail.replace(b"\r\n", b"\n").splitlines(True)
        return FROM + b"".join(b">" + line if line.startswith(b"From ") else line for line in lines) + b"\n"
    return b"".join(map(entry, mails))


def quoted(mail):
    """As mboxrd does it."""
    return b"".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in mail.splitlines(True))


def counted(mail):
    """With the size of the body in the header, as it stands in the mbox."""
    head, body = mail.split(b"\n\n", 1)
    return b"%s\nContent-Length: %d\n\n%s" % (head, len(body), body)


def many(count, text="中身。"):
    """Bulletins, and among them re-sent ones, later revisions, and mails that are none."""
    made = []
    for i in range(1, count + 1):
        number = f"MS08-{i:03}"
        made.append(alert(number, *LEVELS[i % 4], text=text))
        if i % 10 == 0:
            made.append(alert(number, *LEVELS[i % 4], text=text, message_id=f"again.{i}@lists.example"))
            made.append(alert(number, "low", "wait", updated="2008-02-20", text=text))
        if i % 15 == 0:
            made.append(sample("08").replace(b"Message-ID: <", f"Message-ID: <{i}.".encode()))
    return [mail.replace(b"\r\n", b"\n") for mail in made]


def with_letters(bulletins):
    """Long mails that are none behind each: more than fits into the queue between reading and storing."""
    letter = sample("08").replace(b"\r\n", b"\n") + b"x" * 72 * 400 + b"\n"
    return [mail for i, bulletin in enumerate(bulletins) for mail in
            (bulletin, *(letter.replace(b"Message-ID: <", f"Message-ID: <{i}.{k}.".encode()) for k in range(4)))]


def state_of(scene, name):
    """From now on the programs work in a state directory of this name."""
    scene.state = scene.path(name)
    scene.sections["daemon"]["state-dir"] = scene.state
    scene.write_config()


def what_stands(scene):
    """Everything that must not depend on how the mails were kept: no times, no places, no row numbers."""
    return {
        "list": scene.ctl("list", "--limit", "100000"),
        "mails": scene.rows("SELECT sha256, message_id, sender, subject, size_bytes, outcome, reason, event, history FROM mail ORDER BY id"),
        "bulletins": scene.rows("SELECT feed, key, archive_name, history, title, date, severity, urgency FROM bulletin ORDER BY feed, key"),
        "variants": scene.rows("SELECT fingerprint, packed FROM variant ORDER BY fingerprint, packed"),
        "decisions": scene.rows("SELECT bulletin.key, route, action, reason FROM decision JOIN bulletin ON bulletin.id = bulletin_id"
                                " ORDER BY decision.id"),
        "archive": scene.archive(),
    }


def assert_same(found, expected, what):
    for part, value in expected.items():
        assert found[part] == value, (what, part, [pair for pair in zip(found[part], value) if pair[0] != pair[1]][:2])


def write_folder(scene, name, mails):
    for i, mail in enumerate(mails):
        scene.write(f"{name}/{i:05}.eml", mail)
    return scene.path(name)


def everything_twice(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    eml = scene.write("in/one.eml", sample("01"))
    box = scene.write("in2/box", mbox(sample("03"), sample("05")))
    for leaf in ("tmp", "new", "cur"):
        os.makedirs(scene.path("Maildir", leaf))
    scene.write("Maildir/new/1.M1P1.test", sample("04"))
    scene.write("Maildir/cur/2.M2P1.test:2,S", sample("09"))
    folder = scene.path("folder")
    scene.write("folder/a.eml", sample("02"))
    scene.write("folder/deeper/b.eml", sample("07"))
    scene.write("folder/deeper/c.eml", sample("08"))
    paths = (eml, box, scene.path("Maildir"), folder)

    totals = scene.ctl("import", *paths)
    assert totals["mails"] == 8 and totals["known"] == 0 and totals["skipped"] == 0, totals
    assert totals["first"] == 6 and totals["later"] == 1 and totals["unrecognised"] == 1, totals
    assert {b["id"] for b in scene.ctl("list")} == {f"MS07-90{i}" for i in range(1, 7)}
    assert all(b["history"] for b in scene.ctl("list"))
    assert {d[0] for d in scene.rows("SELECT action FROM decision")} == {"none"}
    assert "alert/2007/ms07-906.json" in scene.archive()
    before, tree = scene.dump("mail", "bulletin", "revision", "decision", "outbox"), scene.archive()
    assert [row[0] for row in scene.rows("SELECT kind FROM outbox")] == ["summary"]

    again = scene.ctl("import", *paths)
    assert again["mails"] == again["known"] == 8, again
    assert scene.dump("mail", "bulletin", "revision", "decision", "outbox") == before and scene.archive() == tree

    assert slack.requests() == []  # import itself talks to nobody
    scene.once()
    scene.once()
    assert len(slack.requests()) == 1


def however_they_are_kept(scene):
    """Mails with lines that begin like those between the mails of an mbox."""
    scene.configure(imap=None)
    text = "\nFrom here on\nx\n\nFrom me to you\n\n" + FROM.decode() + "\nFrom\n From there\n"
    plain = many(20, text)
    odd = many(20, text + "\n>From a reply\n>>From another\n>" + FROM.decode())

    python_mbox = mailbox.mbox(scene.path("python-mbox"), create=True)
    maildir, mh = mailbox.Maildir(scene.path("maildir"), create=True), mailbox.MH(scene.path("mh"), create=True)
    for mail in plain:
        python_mbox.add(mail)
        mh.add(mail)
    python_mbox.close()
    maildir.close()
    for i, mail in enumerate(odd):
        leaf, flags = ("cur", ":2,S") if i < len(odd) // 2 else ("new", "")  # cur is read first
        scene.write(f"maildir/{leaf}/{1200000000 + i}.M{i}P1.test{flags}", mail)
    kept = {
        "plain": [("folder", write_folder(scene, "plain-eml", plain)), ("python's mbox", scene.path("python-mbox")),
                  ("mboxo", scene.write("mboxo", mbox(*plain))), ("MH", scene.path("mh"))],
        "odd": [("folder", write_folder(scene, "odd-eml", odd)),
                ("mboxrd", scene.write("mboxrd", b"".join(FROM + quoted(mail) + b"\n" for mail in odd))),
                ("Maildir", scene.path("maildir"))],
        "counted": [("folder", write_folder(scene, "counted-eml", [counted(mail) for mail in odd])),
                    ("mboxcl2", scene.write("mboxcl2", b"".join(FROM + counted(mail) + b"\n" for mail in odd))),
                    ("without empty lines", scene.write("mboxcl2b", b"".join(FROM + counted(mail) for mail in odd)))],
        "counted and quoted": [("mboxcl", scene.write("mboxcl", b"".join(FROM + counted(quoted(mail)) + b"\n" for mail in odd))),
                               ("folder", write_folder(scene, "mboxcl-eml", [
                                   counted(quoted(mail)).split(b"\n\n", 1)[0] + b"\n\n" + mail.split(b"\n\n", 1)[1] for mail in odd]))],
    }
    for name, sources in kept.items():
        expected = None
        for what, path in sources:
            state_of(scene, f"state {name} {what}")
            totals = scene.ctl("import", path)
            assert totals["mails"] == len(plain) and totals["quarantined"] == 0 and totals["skipped"] == 0, (name, what, totals)
            found = what_stands(scene)
            assert_same(found, expected or found, (name, what))
            expected = expected or found


def start_import(scene, path, **options):
    return scene.spawn([os.path.join(BUILD, "hotfixctl"), "-c", scene.config_file, "import", path], "import.log", **options)


def stored(scene):
    return scene.rows("SELECT count(*) FROM mail")[0][0] if os.path.exists(f"{scene.state}/hotfixd.db") else 0


def wait_stored(scene, process, count):
    def enough():
        assert process.is_running(), process.log()
        try:
            return stored(scene) >= count
        except Exception:  # the tables are not there yet
            return False
    wait_until(enough, f"{count} mails to be stored")


def interrupted(scene):
    """Killed, stopped, and started again: the same as if nothing had happened, with one summary for all of it."""
    scene.start_dovecot()
    scene.configure()
    mails = with_letters(many(300))
    path = scene.write("box", mbox(*mails))
    state_of(scene, "calm")
    scene.ctl("import", path)
    expected, summary = what_stands(scene), scene.rows("SELECT identity, kind, payload FROM outbox")
    assert len(summary) == 1 and summary[0][1] == "summary"

    state_of(scene, "disturbed")
    process = start_import(scene, path)
    wait_stored(scene, process, 100)
    process.kill()
    assert stored(scene) < len(mails), "too fast to be killed in the middle"
    process = start_import(scene, path)
    wait_stored(scene, process, 300)
    process.signal(signal.SIGINT)
    assert process.wait() == 1, process.log()
    assert "the same command goes on from there" in process.log() and "stopped after" in process.log(), process.log()
    check_log(process.log())
    before = stored(scene)
    assert 300 <= before < len(mails), before
    assert scene.rows("SELECT count(*) FROM outbox") == [(0,)]  # no summary of a part
    totals = scene.ctl("import", path)
    assert totals["mails"] == len(mails) and totals["known"] >= before and not totals["interrupted"], totals
    assert_same(what_stands(scene), expected, "resumed")
    assert scene.rows("SELECT identity, kind, payload FROM outbox") == summary
    scene.ctl("import", path)
    assert scene.rows("SELECT identity, kind, payload FROM outbox") == summary
    assert scene.rows("SELECT count(*) FROM import_todo") == [(0,)]


def on_a_terminal(scene):
    """How far it is, and nothing of the kind in a pipe."""
    scene.configure(imap=None)
    path = scene.write("box", mbox(*many(50)))
    master, slave = pty.openpty()
    command = [os.path.join(BUILD, "hotfixctl"), "-c", scene.config_file, "import", path]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave, env=scene.environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        shown += piece
    out = process.communicate()[0].decode()
    os.close(master)
    assert process.returncode == 0 and "known already" in out, (out, shown)
    assert b"\r\x1b[K" in shown and b" mail" in shown and b" % of " in shown and b"writing the archive" in shown, shown
    assert "\r" not in out and "\x1b" not in out, out
    result = scene.run("hotfixctl", "-c", scene.config_file, "import", path)
    assert result.stderr == "" and "59 known already" in result.stdout.replace(str(len(many(50))), "59"), result


def what_cannot_be_read(scene):
    """It is named, the rest goes on, and the exit status says so."""
    scene.configure(imap=None)
    scene.write("in/a.eml", sample("01"))
    scene.write("in/README", "Old mails of the old server.\n")
    scene.write("in/.hidden", "x")
    scene.write("in/logo.png", b"\x89PNG\r\n\x1a\n\0")
    scene.write("in/z.eml", sample("03"))
    os.mkfifo(scene.path("in", "pipe"))
    os.symlink("loop", scene.path("in", "loop"))
    os.symlink("..", scene.path("in", "up"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(scene.path("in", "sock"))
    result = scene.run("hotfixctl", "-c", scene.config_file, "import", scene.path("missing"), scene.path("in"),
                       scene.path("in", "pipe"), scene.write("notes", "no header at all\n"))
    listener.close()
    assert result.returncode == 1, result
    for name in ("missing: No such file", "in/pipe: neither", "in/loop: Too many levels", "in/up: a link to a directory",
                 "in/sock: neither", "notes: not a mail"):
        assert name in result.stderr, (name, result.stderr)
    assert "2 mails: 0 known already, 2 first" in result.stdout and "3 files left out: not a mail" in result.stdout, result.stdout
    assert "6 could not be read" in result.stdout or "7 could not be read" in result.stdout, result.stdout
    assert len(scene.ctl("list")) == 2


def without_permission(scene):
    """As somebody who may not read all of it."""
    if os.getuid() != 0:
        return
    scene.configure(imap=None)
    scene.write("in/a.eml", sample("01"))
    scene.write("in/b.eml", sample("03"))
    os.makedirs(scene.path("in", "c"))
    os.makedirs(scene.state)
    for path, mode in (("in", 0o755), ("in/a.eml", 0o644), ("in/c", 0o700), ("hotfixd.conf", 0o644), ("state", 0o700)):
        os.chmod(scene.path(path), mode)
    os.chown(scene.state, 65534, 65534)
    process = scene.spawn([os.path.join(BUILD, "hotfixctl"), "-c", scene.config_file, "import", scene.path("in")], "import.log",
                          preamble=lambda: (os.setgroups([]), os.setgid(65534), os.setuid(65534)))
    assert process.wait() == 1, process.log()
    assert "b.eml: Permission denied" in process.log() and "in/c: Permission denied" in process.log(), process.log()
    assert "1 mail: " in process.log(), process.log()


def as_root_for_the_service(scene):
    """What root imports belongs to the user of the service, whoever that is."""
    if os.getuid() != 0:
        return
    scene.configure(imap=None)
    os.makedirs(scene.state)
    os.chown(scene.state, 12345, 23456)
    secret = scene.write("in/a.eml", sample("01"))
    os.chmod(secret, 0o600)
    process = start_import(scene, scene.path("in"))
    assert process.wait() == 0, process.log()
    found = 0
    for folder, folders, names in os.walk(scene.state):
        for name in folders + names:
            st = os.lstat(os.path.join(folder, name))
            assert (st.st_uid, st.st_gid) == (12345, 23456), (folder, name, st)
            found += 1
    assert found > 5, found


def samples_of_the_repository(scene):
    scene.configure(imap=None)
    totals = scene.ctl("import", SAMPLES)
    assert totals["mails"] >= 9 and totals["duplicate"] == 1 and totals["quarantined"] == 0, totals


def nothing_there(scene):
    scene.configure(imap=None)
    os.makedirs(scene.path("empty"))
    scene.ctl("import", scene.path("empty"), expect=3)
    result = scene.run("hotfixctl", "-c", scene.config_file, "import", scene.path("missing"))
    assert result.returncode == 1 and "missing" in result.stderr, result


def beside_the_daemon(scene):
    """Both write. The daemon sends the summary of what is imported, keeps the archive, and is not kept from its own work."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    daemon = scene.daemon()
    daemon.wait_idle()
    mails = many(400)
    process = start_import(scene, scene.write("box", mbox(*mails)))
    wait_stored(scene, process, 50)
    scene.deliver(sample("03"))
    assert process.wait(120) == 0, process.log()
    texts = [request["text"] for request in slack.wait_requests(2)]  # of the summary nobody but the database told the daemon
    assert sorted("MS07-903" in text for text in texts) == sorted("an import of" in text for text in texts) == [False, True], texts
    state = scene.ctl("list", "--limit", "1000")
    assert len(state) == 401
    wait_until(lambda: sum(name.endswith(".json") for name in scene.archive()) == 401, "the daemon to write the archive")
    daemon.stop()
    kinds = scene.rows("SELECT kind, state FROM outbox ORDER BY kind")
    assert kinds == [("new", 1), ("summary", 1)], kinds
    check_log(process.log())


def two_at_once(scene):
    scene.configure(imap=None)
    path = scene.write("box", mbox(*many(400)))
    process = start_import(scene, path)
    wait_stored(scene, process, 20)
    second = scene.run("hotfixctl", "-c", scene.config_file, "import", path)
    assert second.returncode == 1 and "another import is running" in second.stderr, second
    assert process.wait(120) == 0, process.log()


run(everything_twice, however_they_are_kept, interrupted, on_a_terminal, what_cannot_be_read, without_permission,
    as_root_for_the_service, samples_of_the_repository, nothing_there, beside_the_daemon, two_at_once)
