#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Answers to FETCH and SEARCH that are forged, odd or broken: what is stored is what was sent as the message, to the byte, and
nothing else."""
from harness import PASSWORD, run
from hostile import Case, Mailbox, assert_secret, assert_stored, check_log_line, mail, run_cases, start_mailbox
from scripted_imap import credentials

LINES = ["h1 OK done", "h5 OK done", "h9 BAD done", "h99999999999999999999 OK future", "* BYE go", "* SEARCH 1 2 3 4 5 6 7 8 9",
         "* ESEARCH (TAG \"h4\") UID ALL 1:99", "* 1 FETCH (UID 1 BODY[] {3}", "abc)",
         "* 2 FETCH (UID 77 RFC822.SIZE 3 BODY[] \"abc\")", "+ go on", "* OK [UIDVALIDITY 5]", "* 9 EXISTS", "* 1 EXPUNGE", "* CAPABILITY NOTHING",
         "{50}", "{4294967295}", "{50+}", "~{50}", ")", "A002 OK", "DONE"]
FORGED = "\n".join(LINES)


def bodies_are_bytes(scene):
    """Everything that looks like protocol, inside of mails: at the beginning, at the end, without line ends, with NULs."""
    box = Mailbox([
        mail(1, FORGED + "\n"), mail(2, ")\n" + FORGED + "\n)"), (FORGED.replace("\n", "\r\n") + "\r\n").encode(),
        b")\r\nh7 OK done\r\n",
        mail(3, FORGED.encode() + b"\r"), mail(4, FORGED.encode() + b"{50}"), mail(5, b"\0\0* BYE\0\r\n\0"),
        mail(6, bytes(range(256)) * 40), mail(7, FORGED.encode().replace(b"\n", b"\r")), b"", b"x", b"{50}", b'"',
        b"\r", b"\n", b"\r\n",
        mail(8, b"\xff\xfe" * 70000), mail(9, (FORGED + "\n") * 3000)])
    scene.configure(imap=None)
    peer = start_mailbox(scene, "main", box)
    scene.write_config()
    scene.once()
    peer.check()
    assert_stored(scene, "main", box.messages)


def every_cut(scene):
    """The same in pieces: cut between any two bytes of what is no mail, and one byte at a time."""
    def cut_everywhere(c, tag, rest, honest):
        uids, _, items = rest.partition(" ")
        data = b"".join(box.fetched(uid, items) for uid in box.uids(uids)) + f"{tag} OK done\r\n".encode()
        c.send(data, cuts=range(1, len(data)) if len(data) < 600 else range(7, len(data), 101), pause=0)
    box = Mailbox([mail(1, "h6 OK done\n)\n"), mail(2, FORGED), mail(3, ")")])
    box.instead = {"UID FETCH": cut_everywhere}
    scene.configure(imap=None)
    peer = start_mailbox(scene, "main", box)
    scene.write_config()
    scene.once()
    peer.check()
    assert_stored(scene, "main", box.messages)


NOISE = ("* OK [ALERT] Read this: {50}", "* NO [ALERT] h9 OK", "* BAD odd", "* CAPABILITY IMAP4rev1 IDLE UIDPLUS MOVE",
         "* FLAGS (\\Seen)", "* LIST (\\X) \"/\" \"a{3}b\"", "* STATUS \"INBOX\" (MESSAGES 99 UIDNEXT 999)", "* SEARCH 55 66 77",
         "* SEARCH", "* X-SOMETHING (((\"a\" {2}\r\n* ) NIL)) x", "* 77 X-NUMBERED y",
         "* ESEARCH (TAG \"h1\") UID ALL 55:77", "* VANISHED (EARLIER) 1:9", "* VANISHED 1:99", "* 1 RECENT", "* ENABLED X",
         "* 99999 EXISTS", "* 2 EXISTS", "* 0 EXISTS", "* 3 FETCH (FLAGS (\\Seen))",
         "* 3 FETCH (UID 3 FLAGS (\\Deleted))", "* 3 FETCH (UID 3 MODSEQ (5))", "* OK [REFERRAL imap://evil.example/] go there",
         "* OK [UIDVALIDITY 7] other", "* OK [UIDNEXT 1] other", "* OK a second greeting", "* PREAUTH a third")
FORGERIES = tuple(f"* {n} FETCH ({what})" for n, what in (
    (1, "UID 9 RFC822.SIZE 3 BODY[] \"bad\""), (1, "UID 0 RFC822.SIZE 3 BODY[] \"bad\""), (4, "UID 4294967295 BODY[] \"bad\""),
    (1, "BODY[] \"bad\""), (1, "UID 1 BODY[] NIL"), (1, "UID 1 BODY[TEXT] \"bad\""), (1, "UID 1 BODY[]<7> \"bad\""),
    (1, "UID 1 RFC822 \"bad\""), (1, "UID 1 RFC822.SIZE 3"), (1, "UID 1"), (1, "FLAGS ()")))


def unsolicited(scene):
    """Everything that nobody asked for, before, inside and behind each answer, changes nothing."""
    def with_noise(c, tag, rest, honest):
        c.say(*NOISE)
        honest()

    def with_forgeries(c, tag, rest, honest):
        c.say(*NOISE, *FORGERIES)
        uids, _, items = rest.partition(" ")
        for uid in box.uids(uids):
            c.send(box.fetched(uid, items))
            if "BODY" in items:  # again, with other bytes
                c.say(f"* 1 FETCH (UID {uid} RFC822.SIZE 3 BODY[] \"bad\")")
            c.say(*FORGERIES)
        c.say(f"{tag} OK [ALERT] done")

    def search(c, tag, rest, honest):
        c.say(*(line for line in NOISE if "SEARCH 5" not in line))
        honest()
    box = Mailbox([mail(n, f"number {n}\n" * 99) for n in (1, 2, 3)])
    box.instead = {"NOOP": with_noise, "CAPABILITY": with_noise, "UID FETCH": with_forgeries, "UID SEARCH": search}
    scene.configure(imap=None)
    peer = start_mailbox(scene, "main", box)
    scene.write_config()
    scene.once()
    peer.check()
    assert_stored(scene, "main", box.messages)
    assert not any("evil" in command for command in peer.commands())


def odd_forms(scene):
    """What real servers do in other ways, all of it allowed: a body as a quoted string, items in any order, lower case, literal8, a
    space too many, parts of an answer by themselves, searches unsorted, twice, in two lines, as ESEARCH."""
    def fetch(c, tag, rest, honest):
        uids, _, items = rest.partition(" ")
        for uid in reversed(box.uids(uids)):
            data, size = box.messages[uid], len(box.messages[uid])
            if "BODY" not in items:
                c.say(f"* {uid} fetch (rfc822.size {size} uid {uid})")
            elif uid == 1:
                c.send(b"* 1 FETCH (BODY[] \"" + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b"\" UID 1)\r\n")
            elif uid == 2:
                c.send(f"* 2 fetch ( body[]  {{{size:09}}}\r\n".encode() + data + b" UID 2 )\r\n")
            elif uid == 3:
                labels = '(a "b" {1}\r\n) {0}\r\n)'
                c.send(f"* 3 FETCH (UID 3 X-GM-LABELS {labels} BODY[] ~{{{size}}}\r\n".encode() + data + b")\r\n")
            else:
                c.say(f"* {uid} FETCH (UID {uid} RFC822.SIZE {size})",
                      f"* {uid} FETCH (UID {uid} INTERNALDATE \" 1-Jan-2007 00:00:00 +0000\")")
                c.send(f"* {uid} FETCH (UID {uid} INTERNALDATE \"never\" BODY[] {{{size}+}}\r\n".encode() + data + b")\r\n")
        c.say(f"{tag} ok")

    def search(c, tag, rest, honest):
        uids = [str(uid) for uid in reversed(box.uids(rest.split(" ")[1]))]
        c.say(f"* SEARCH {' '.join(uids[:2])}  ", "* 9 EXISTS", "* search", f"* SEARCH {' '.join(uids)} (MODSEQ 5)")
        if uids:
            c.say(f"* ESEARCH (TAG \"{tag}\") UID MIN 1 ALL {','.join(uids)} COUNT 9")
        c.say(f"{tag} OK")
    box = Mailbox([b"From: a \"quoted\" \\ string", mail(2, "two"), mail(3, b"\0three"), mail(4, "four"), mail(5, b"")])
    box.instead = {"UID FETCH": fetch, "UID SEARCH": search}
    scene.configure(imap=None)
    peer = start_mailbox(scene, "main", box)
    scene.write_config()
    scene.once()
    peer.check()
    assert_stored(scene, "main", box.messages)


def sends(*data, end="stall"):
    """An answer: these bytes, then silence, the end, or a reset."""
    def answer(c, tag, rest, honest):
        for part in data:
            c.send(part.replace("TAG", tag) if isinstance(part, str) else part)
        if end == "stall":
            c.stall()
        elif end == "close":
            c.close()
        else:
            c.reset()
        return False
    return answer


def body(announcement, data=b"", **how):
    """Answers a FETCH of bodies with such a literal; sizes are told honestly."""
    def answer(c, tag, rest, honest):
        if "BODY" not in rest:
            return honest()
        return sends(f"* 1 FETCH (UID 1 BODY[] {announcement}", data, **how)(c, tag, rest, honest)
    return {"UID FETCH": answer}


def broken_literals(scene):
    run_cases(scene, [
        Case("unending", "timed out|no answer|to an end", body("{9}\r\n", b"x")),
        Case("short", "closed the connection in the middle", body("{900}\r\n", b"x" * 100, end="close")),
        Case("reset", "closed|broke|reset", body("{900}\r\n", b"x" * 100, end="reset")),
        Case("no-crlf", "without a line end", body("{9} abcdefghi)\r\n")),
        Case("only-cr", "without a line end", body("{9}\rabcdefghi)\r\n")),
        Case("only-lf", "without a line end", body("{9}\nabcdefghi)\r\n")),
        Case("negative", "literal without a size", body("{-1}\r\nabcdefghi)\r\n")),
        Case("no-size", "literal without a size", body("{}\r\nabcdefghi)\r\n")),
        Case("no-number", "literal without a size", body("{abc}\r\n")),
        Case("hexadecimal", "literal without a size", body("{0x10}\r\n")),
        Case("spaced", "literal without a size", body("{ 9}\r\n")),
        Case("unclosed", "literal without a size", body("{9\r\n")),
        Case("max32", "largest size", body("{4294967295}\r\n", b"abc")),
        Case("max64", "largest size", body("{18446744073709551616}\r\n", b"abc")),
        Case("endless-number", "largest size", body("{" + "9" * 5000)),
        Case("glued", "inside an atom", body("x{9}\r\n")),
        Case("quoted-open", "quoted string that is not closed", body("\"abc\r\n)\r\n")),
        Case("quoted-nul", "quoted string", body("\"a", b"\0b\")\r\n")),
        Case("too-short", "unusable answer|closed", body("{2}\r\n", b"From: x\r\n\r\nlonger than said)\r\nTAG OK\r\n")),
        Case("too-long", "no answer|unusable answer", body("{60}\r\n", b"shorter than said)\r\nTAG OK\r\n")),
    ])


def broken_lines(scene):
    def fetch(*data, **how):
        return {"UID FETCH": sends(*data, **how)}
    run_cases(scene, [
        Case("tag-unsent", "was not sent", fetch("h77 OK done\r\n")),
        Case("tag-old", "was not sent", fetch("h1 OK done\r\n")),
        Case("tag-case", "was not sent", fetch("H5 OK done\r\n")),
        Case("tag-huge", "was not sent", fetch("h18446744073709551621 OK done\r\n")),
        Case("tag-zero", "was not sent", fetch("h05 OK done\r\n")),
        Case("tag-login", "was not sent", fetch("A002 OK done\r\n")),
        Case("tag-fetch", "not OK, NO or BAD", fetch("TAG FETCH (UID 1)\r\n")),
        Case("bad", "did not understand UID FETCH: what", fetch("TAG BAD what\r\n")),
        Case("bye", "goodbye: closing", fetch("* BYE closing\r\n")),
        Case("continuation", "asked for input", fetch("+ go on\r\n")),
        Case("continuation-empty", "asked for input", fetch("+\r\n")),
        Case("bare-lf", "line feed", fetch("* OK a\nTAG OK\r\n")),
        Case("bare-cr", "carriage return", fetch("* OK a\rTAG OK\r\n")),
        Case("nul", "NUL", fetch(b"* OK a\0b\r\n")),
        Case("empty-line", "begins with neither|without a response", fetch("\r\n")),
        Case("eight-bit-name", "not an atom", fetch(b"* \xff\xfe\r\n")),
        Case("binary", "unusable answer", fetch(bytes(range(256)))),
        Case("http", "unusable answer|not sent", fetch("HTTP/1.1 400 Bad Request\r\n\r\n")),
        Case("deep", "nested too deeply", fetch("* 1 FETCH " + "(" * 5000)),
        Case("unbalanced", "list closed that is not open", fetch("* 1 FETCH ())\r\n")),
        Case("no-list", "not a list of items", fetch("* 1 FETCH 5\r\n")),
        Case("odd-list", "not a list of items", fetch("* 1 FETCH (UID)\r\n")),
        Case("uid-text", "not a list of items", fetch("* 1 FETCH (UID x)\r\n")),
        Case("uid-large", "not a list of items", fetch("* 1 FETCH (UID 4294967296)\r\n")),
        Case("size-negative", "not a list of items", fetch("* 1 FETCH (UID 1 RFC822.SIZE -1)\r\n")),
        Case("number-large", "unusable answer", fetch("* 4294967296 FETCH (UID 1)\r\n")),
        Case("stalled", "no answer.*UID FETCH", fetch("* 1 FET")),
        Case("closed", "closed the connection in the middle", fetch("* 1 FET", end="close")),
        Case("text-of-server", r"goodbye: a.*b",
             fetch(b"* BYE a\x1b[31m\x07\x08b" + "\u202ec\u2028d".encode() + b"\xff\xc0" + b"z" * 5000 + b"\r\n")),
        Case("search-zero", "UID SEARCH: unusable answer.*number 0", {"UID SEARCH": sends("* SEARCH 0\r\n")}),
        Case("search-large", "UID SEARCH: unusable answer.*32 bits", {"UID SEARCH": sends("* SEARCH 4294967296\r\n")}),
        Case("search-negative", "UID SEARCH: unusable answer.*no number", {"UID SEARCH": sends("* SEARCH -1\r\n")}),
        Case("search-set", "UID SEARCH: unusable answer.*no number", {"UID SEARCH": sends("* SEARCH 1:9\r\n")}),
        Case("search-literal", "UID SEARCH: unusable answer.*no number", {"UID SEARCH": sends("* SEARCH {1}\r\n1\r\n")}),
        Case("esearch-all", "UID SEARCH: unusable answer.*set of numbers", {"UID SEARCH": sends("* ESEARCH UID ALL 1:*\r\n")}),
    ])


def refusals_are_quoted(scene):
    """What the server says in refusing is told, made harmless, and never with the password in it."""
    said = "no \x1b]0;x\x07 \u202e\u2066 [x] %s%n "
    case = Case("select", "refused EXAMINE",
                {"EXAMINE": lambda c, tag, rest, honest: c.send(f"{tag} NO [X\x01Y z] {said}{'w' * 9000}\r\n")})
    scene.configure(imap=None)
    start_mailbox(scene, case.name, case.mailbox)
    scene.write_config()
    result = scene.once(expect=1)
    check_log_line("select", result.stderr, r"refused EXAMINE: \[X.?Y z\] no .*%s%n")
    assert "\x1b" not in result.stderr and "\x07" not in result.stderr and "\u202e" not in result.stderr, repr(result.stderr)
    assert not scene.rows("SELECT * FROM sighting")
    for secret in (PASSWORD, credentials()):
        case.mailbox.instead = {"EXAMINE": lambda c, tag, rest, honest: c.say(f"{tag} NO [X] your password is {secret}, I think")}
        result = scene.once(expect=1)
        check_log_line("select", result.stderr, "refused EXAMINE")
        case.mailbox.instead = {"UID SEARCH": lambda c, tag, rest, honest: c.say(f"* BYE {secret}")}
        result = scene.once(expect=1)
        check_log_line("select", result.stderr, "goodbye")
        assert secret not in result.stderr
        assert_secret(scene, result.stderr, str(scene.status()))


run(bodies_are_bytes, every_cut, unsolicited, odd_forms, broken_literals, broken_lines, refusals_are_quoted)
