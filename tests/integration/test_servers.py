#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Dovecot, Cyrus and Courier by every way in: TLS, STARTTLS and plain on loopback, each login, folders of all names."""
import itertools
import re

from harness import USER, alert, run
from imap_servers import Courier, Cyrus, Proxy, check_stored, digest, on_all, on_both, quiet, wait_stored, wait_told

NAMES = {"dovecot": "It's \"done\" & \\ gone (50%) *", "cyrus": "It's 'done' & gone + 50 = @", "courier": "It's \"done\" & \\ gone (50%) *"}
WAYS = list(itertools.product(("imaps", "starttls", "plain"), ("auto", "plain", "login")))


def folders(kind):
    return ["INBOX", "緊急のお知らせ", NAMES[kind], "a/b/c", "二〇〇八年/一月 の分", "～&～", "Ünïcödé", "-", " leading and trailing "]


def every_way_in(scene, start):
    """Nine mailboxes, each by another way and in another folder: by IDLE, and what came while nobody looked."""
    slack, server = scene.start_slack(), start()
    scene.configure(slack, imap=None)
    proxies = {}
    names = folders(server.kind)
    for (how, auth), folder in zip(WAYS, names):
        if folder != "INBOX":
            server.create(folder)
        port = None
        if how == "plain":
            proxies[auth] = Proxy(scene, server)
            port = proxies[auth].port
        scene.sections[f"mailbox {how}-{auth}"] = server.mailbox(folder, how=how, port=port, auth=auth)
    scene.write_config()
    daemon = scene.daemon()
    daemon.wait_idle()
    first = [alert(f"MS08-{i:03}", *(("low", "wait") if i % 4 else ("critical", "immediate"))) for i in range(11, 20)]
    for mail, folder in zip(first, names):
        server.append(mail, folder=folder)
    wait_stored(scene, 9, daemon)
    wait_told(slack, "MS08-012", "MS08-016")
    daemon.stop()
    second = [alert(f"MS08-{i:03}", "low", "wait") for i in range(21, 30)]
    for mail, folder in zip(second, names):
        server.append(mail, folder=folder)
    scene.once()
    check_stored(scene, first + second)
    wait_told(slack, "MS08-012", "MS08-016")
    for auth, proxy in proxies.items():
        logins = {" ".join(c.split()[:2]) for c in proxy.commands if re.match("LOGIN |AUTHENT", c)}
        assert logins == {"AUTHENTICATE " + {"auto": "PLAIN", "plain": "PLAIN", "login": "LOGIN"}[auth]}, (auth, logins)
    if server.kind == "dovecot":
        log = server.read("log")
        for method in ("PLAIN", "LOGIN"):
            assert len(re.findall(f"Login: user=<{USER}>, method={method}.*TLS", log)) >= 4, log


def separators_and_prefixes(scene, start):
    """As servers are that name their folders INBOX.a.b; what is stored is moved to such a folder."""
    slack, server = scene.start_slack(), start(separator=".", prefix="INBOX.")
    scene.configure(slack, imap=None)
    server.create("発行/月例", "発行/済み/二〇〇八年")
    scene.sections["mailbox main"] = server.mailbox("発行/月例", after_ingest="move:" + server.real_name("発行/済み/二〇〇八年"))
    scene.sections["mailbox inbox"] = server.mailbox("INBOX", after_ingest="seen")
    scene.write_config()
    daemon = scene.daemon()
    daemon.wait_idle()
    mails = [alert("MS08-001"), alert("MS08-002", "low", "wait")]
    server.append(mails[0], folder="発行/月例")
    server.append(mails[1])
    wait_stored(scene, 2, daemon)
    daemon.wait_idle()
    daemon.stop()
    scene.once()
    assert server.contents("発行/月例") == [] and server.contents("発行/済み/二〇〇八年") == [digest(mails[0])]
    assert list(server.flags().values()) == [["\\Seen"]]
    check_stored(scene, mails)
    wait_told(slack, "MS08-001")


def login_command_alone(scene):
    """A server that offers no SASL mechanism of ours takes the command LOGIN."""
    server = Cyrus(scene, options="sasl_mech_list: EXTERNAL\n")
    scene.configure(imap=None)
    proxy = Proxy(scene, server)
    scene.sections["mailbox tls"] = server.mailbox()
    scene.sections["mailbox plain"] = server.mailbox(how="plain", port=proxy.port)
    scene.write_config()
    mail = alert("MS08-001")
    server.append(mail)
    scene.once()
    assert scene.stored_mails() == {digest(mail): 2}
    assert [c.split()[0] for c in proxy.commands if re.match("LOGIN |AUTHENT", c)] == ["LOGIN"], proxy.commands


def hard_passwords(scene):
    """Quotes, backslashes, spaces and what is not ASCII, by SASL and by LOGIN."""
    passwords = ["a \"b\\c\" %d {5}", "pässwörd 合言葉"]
    for name, options in (("sasl", ""), ("login", "sasl_mech_list: EXTERNAL\n")):
        server = Cyrus(scene, name, options)
        for i, password in enumerate(passwords):
            server.control("user", f"user{i}", password)
            for auth in ("plain", "login") if name == "sasl" else ("auto",):
                scene.configure(imap=None)
                scene.sections["mailbox main"] = server.mailbox(user=f"user{i}", auth=auth)
                scene.write("password", password + "\n")
                scene.write_config()
                scene.once()


def no_uidnext(scene):
    """Courier does not say which UID comes next: what is history is known all the same, and what comes behind it is not."""
    slack, server = scene.start_slack(), Courier(scene)
    scene.configure(slack, imap=None)
    scene.sections["mailbox main"] = server.mailbox()
    scene.sections["mailbox gaps"] = server.mailbox("Gaps")
    scene.write_config()
    server.create("Gaps")
    mails = [quiet(i) for i in range(1, 7)]
    server.append(*mails[:3])
    server.append(*mails[3:], folder="Gaps")
    server.expunge("2:3")
    server.expunge("1:3", "Gaps")  # empty at the first contact, and UIDs were given
    scene.once()
    assert [b["id"] for b in scene.ctl("list")] == ["MS08-001"] and scene.ctl("list")[0]["history"]
    server.append(alert("MS08-011"))
    server.append(alert("MS08-012"), folder="Gaps")
    scene.once()
    server.expunge("1:*")
    scene.once()
    server.append(alert("MS08-013"))
    scene.once()
    wait_told(slack, "MS08-011", "MS08-012", "MS08-013")
    check_stored(scene, [mails[0], *(alert(f"MS08-{i:03}") for i in (11, 12, 13))])


run(*on_all(every_way_in), *on_both(separators_and_prefixes), login_command_alone, hard_passwords, no_uidnext)
