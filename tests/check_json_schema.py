#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""All JSON of a bulletin against the schema: of every mail of the corpus, of the publisher's bulletins where they are there,
of inputs that nobody would send, of a database that took in the corpus, and of its archive. The members stand in the
schema's order. And the schema does refuse what is wrong, whatever member of a bulletin it is."""
import copy
import glob
import json
import os
import random
import subprocess
import sys
import tempfile

import jsonschema

SOURCE = os.environ.get("srcdir", ".")
BUILD = os.environ.get("builddir", ".")
SEEDS = os.environ.get("HOTFIXD_SEEDS") or os.path.join(SOURCE, "..", "shared", "feed", "seeds")
CTL = os.path.join(BUILD, "hotfixctl")
KINDS = {"unknown", "alert", "advance-notice", "weekly", "news", "tips"}

HEAD = b"From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
WEEKLY = "HotFix Weekly:2007/05/30日版\n情報の種類 セキュリティ番号 タイトル\n"
ODD = {
    "empty": b"",
    "blank": b" \r\n\r\n\t\n",
    "head-alone": HEAD + b"\r\n",
    "no-body": HEAD,
    "only-attachments": HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: image/png\r\nContent-Disposition: '
                               b'attachment; filename="a.png"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b\r\nContent-Type: '
                               b'application/octet-stream\r\n\r\n\x00\xff\xfe\r\n--b--\r\n',
    "no-parts": HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b--\r\n',
    "long-line": ("HotFix Alert:2007/05/11版 " + "あ" * 600000).encode(),
    "long-cell": ("<table><tr><td>深刻度</td><td>" + "→" * 200000 + "</td></tr></table>").encode(),
    "control-bytes": HEAD + b"\r\nHotFix Alert:2007/05/11\xe7\x89\x88\r\n" + bytes(range(1, 32)) + b"\r\n\xed\xa0\x80 \xf4\x90\x80\x80 \xc0\x80\r\n",
    "nul": HEAD + b"\r\nHotFix Alert:2007/05/11\xe7\x89\x88\r\n\x00\xe6\xb7\xb1\x00\r\n",
    "raw-headers": b"From: \xff\xfe\r\nSubject: \x1b$B%\r\nDate: never\r\nMessage-ID: <\x80>\r\n\r\nHotFix Alert:2007/05/11\xe7\x89\x88\r\n",
    "surrogates": HEAD + b"Content-Type: text/html\r\n\r\n<p>HotFix Alert:2007/05/11&#29256;</p><p>&#xD800;&#xDFFF;&#0;&#x110000;</p>",
    "no-dates": "HotFix Alert:2007/02/31版\n【登録日】2007/99/99\n【更新日】明日\n".encode(),
    "many-rows": (WEEKLY + "[情報] MS07-902/931906 甲\n" * 20000).encode(),
    "many-numbers": (WEEKLY + "[情報] " + "MS07-902、931906/" * 20000 + "\n").encode(),
    "many-warnings": ("HotFix Alert:2007/05/11版\n" + "MS07-901/990101\n欠陥\n" * 2000).encode(),
    "separators": "HotFix Alert:2007/05/11版\n深刻度\n\u2028\u2029\u0085\ufeff\ufffe\n".encode(),
}


class Wrong(Exception):
    pass


def check_order(schema, root, value, path="$"):
    """jsonschema does not look at the order of members, and readers of a text do."""
    while "$ref" in schema or "anyOf" in schema and "properties" not in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema["anyOf"][0]
    if isinstance(value, list):
        for item in value:
            check_order(schema["items"], root, item, path + "[]")
    elif isinstance(value, dict):
        known = [key for key in schema["properties"] if key in value]
        if list(value) != known:
            raise Wrong(f"{path}: the members are {list(value)}, not {known}")
        for key, member in value.items():
            check_order(schema["properties"][key], root, member, f"{path}.{key}")


def clean_text(value):
    """No NUL and no lone surrogate anywhere."""
    if isinstance(value, str):
        value.encode("utf-8")
        return "\0" not in value
    if isinstance(value, dict):
        return all(clean_text(member) for member in value.values())
    return all(clean_text(item) for item in value) if isinstance(value, list) else True


def check(validator, what, line):
    """line: bytes of one JSON text."""
    bulletin = json.loads(line.decode("utf-8"), object_pairs_hook=lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else 1 / 0)
    errors = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(bulletin)]
    if errors:
        raise Wrong(f"{what}: " + "; ".join(errors[:5]))
    check_order(validator.schema, validator.schema, bulletin)
    if not clean_text(bulletin):
        raise Wrong(f"{what}: a text holds NUL")
    if bulletin["kind"] != "alert" and any(bulletin[key] is not None for key in ("severity", "urgency", "environments", "impacts")):
        raise Wrong(f"{what}: a {bulletin['kind']} has a field of an alert")
    if bulletin["kind"] == "alert" and any(bulletin[key] is None for key in ("severity", "urgency", "environments", "impacts", "restart")):
        raise Wrong(f"{what}: an alert lacks a field")
    return bulletin


def run(*arguments):
    return subprocess.run([CTL, *arguments], capture_output=True, check=False)


def parse_all(validator, paths):
    done = run("parse", "--json", *paths)
    if done.returncode not in (0, 3):
        raise Wrong(f"exit status {done.returncode}: {done.stderr.decode()}")
    lines = done.stdout.splitlines()
    if len(lines) != len(paths):
        raise Wrong(f"{len(lines)} lines for {len(paths)} mails")
    bulletins = [check(validator, path, line) for path, line in zip(paths, lines)]
    missing = KINDS - {bulletin["kind"] for bulletin in bulletins}
    if missing:
        raise Wrong(f"the corpus has no {missing}")
    return bulletins


def parse_odd(validator, folder):
    chance = random.Random(31)
    odd = dict(ODD, **{f"random-{size}": bytes(chance.randrange(256) for _ in range(size)) for size in (1, 7, 100, 5000, 200000)})
    for name, data in odd.items():
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(data)
        for form in (), ("--form", "mail"), ("--form", "text"), ("--form", "html"):
            done = run("parse", "--json", *form, path)
            lines = done.stdout.splitlines()
            refused = done.returncode == 1 and not lines and b"refused: " in done.stderr
            if not refused and (done.returncode not in (0, 3) or len(lines) != 1):
                raise Wrong(f"{name} {form}: status {done.returncode}, {len(lines)} lines: {done.stderr.decode('utf-8', 'replace')[:300]}")
            for line in lines:
                check(validator, name, line)
    return len(odd)


def check_database(validator, folder, paths):
    """What import stores, show prints and the archive holds."""
    config = os.path.join(folder, "hotfixd.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"[daemon]\nstate-dir = {folder}/state\n")
    done = run("-c", config, "import", *paths)
    if done.returncode != 0:
        raise Wrong(f"import: {done.stderr.decode()}")
    rows = json.loads(run("-c", config, "--json", "list").stdout)
    if len(rows) < 30:
        raise Wrong(f"only {len(rows)} bulletins were stored")
    with_entries = 0
    for row in rows:
        key = row["key"]
        with_entries += bool(check(validator, key, run("-c", config, "--json", "show", key).stdout)["entries"])
        with open(os.path.join(folder, "state", "archive", row["archive"] + ".json"), "rb") as file:
            check(validator, row["archive"], file.read())
    if with_entries < 5:
        raise Wrong(f"only {with_entries} stored bulletins have entries")
    return len(rows)


def places(value, path=()):
    """Every place in a document, but of a list only its first member."""
    yield path
    if isinstance(value, dict):
        for key, member in value.items():
            yield from places(member, path + (key,))
    elif isinstance(value, list) and value:
        yield from places(value[0], path + (0,))


def changed(document, path, change):
    document = copy.deepcopy(document)
    at = document
    for step in path[:-1]:
        at = at[step]
    change(at, path[-1])
    return document


def mark_unverified(bulletin):
    """As hotfixctl and the archive mark what a mail without a verified sender says; nobody else writes that member."""
    if "authentication" in bulletin["mail"]:
        raise Wrong("a mail that nobody has judged is marked")
    marked = copy.deepcopy(bulletin)
    marked["mail"]["authentication"] = {"verified": False, "reason": "the mail has no From field"}
    return marked


def check_refusals(validator, bulletins):
    """Each member removed, each value of another type, a surplus member in each object, a wrong word for each enumeration."""
    rejected = 0

    def refuse(what, path, document):
        nonlocal rejected
        if validator.is_valid(document):
            raise Wrong(f"the schema takes {what} at {path}")
        rejected += 1

    seen = set()
    for bulletin in bulletins:
        if not validator.is_valid(bulletin):
            raise Wrong("not a valid document to begin with")
        for path in places(bulletin):
            value = bulletin
            for step in path:
                value = value[step]
            # One place with one kind of value is enough; but value and basis depend on one another, word by word.
            sight = (path, str(value) if path and path[-1] in ("value", "basis") else type(value))
            if sight in seen:
                continue
            seen.add(sight)
            if isinstance(value, dict):
                refuse("a surplus member", path, changed({"root": bulletin}, ("root",) + path + ("surplus",),
                                                         lambda at, key: at.update({key: None}))["root"])
            if not path:
                continue
            if isinstance(path[-1], str) and path[-1] not in ("reason", "authentication"):
                refuse("a missing member", path, changed(bulletin, path, lambda at, key: at.pop(key)))
            for other in (None, True, 1.5, -1, 7, "\u3042", [1], {"a": 1}):
                fits = other is None and "null" in str(type_of(validator, path)) or isinstance(value, type(other)) or \
                    isinstance(value, int) and other == 7 or other == "\u3042" and takes_text(validator, path) or \
                    value is None and not changes_kind(validator, path, other)
                if not fits:
                    refuse(f"{other!r}", path, changed(bulletin, path, lambda at, key: at.__setitem__(key, other)))
            if path[-1] in ("value", "basis", "kind", "schema"):
                for word in ("alarm", "", "Critical", 0):
                    refuse(f"the word {word!r}", path, changed(bulletin, path, lambda at, key: at.__setitem__(key, word)))
    return rejected


def choose_samples(bulletins):
    """A shortest bulletin for each list that has members, and the fullest of each kind."""
    samples = {kind: max((b for b in bulletins if b["kind"] == kind), key=lambda b: len(json.dumps(b))) for kind in KINDS}
    for key in [key for key, value in bulletins[0].items() if isinstance(value, list)]:
        having = [b for b in bulletins if b[key]]
        if key == "packages":
            having = [b for b in having if b[key][0]["file"] and b[key][0]["files"]]
        if not having:
            raise Wrong(f"no mail of the corpus has {key}")
        samples[key] = min(having, key=lambda b: len(json.dumps(b)))
    undetermined = [b for b in bulletins if b["severity"] and b["severity"]["value"] is None]
    samples["undetermined"] = min(undetermined, key=lambda b: len(json.dumps(b)))
    return list({id(b): b for b in samples.values()}.values())


def subschema(validator, path):
    root = validator.schema
    schema = root
    for step in path:
        while "$ref" in schema or "anyOf" in schema and "properties" not in schema:
            schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema["anyOf"][0]
        schema = schema["items"] if step == 0 else schema["properties"][step]
    return schema


def type_of(validator, path):
    """What the schema says of the place, references followed."""
    schema = subschema(validator, path)
    whole = json.dumps(schema)
    if "$ref" in schema:
        whole += json.dumps(validator.schema["$defs"][schema["$ref"].rsplit("/", 1)[1]].get("type", ""))
    return whole


def takes_text(validator, path):
    schema = subschema(validator, path)
    if "$ref" in schema:
        schema = validator.schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return "string" in str(schema.get("type", "")) and "pattern" not in schema


def changes_kind(validator, path, other):
    """Where null stands, whether the other value is one of a type that the schema has nowhere in this place."""
    words = {bool: "boolean", float: "number", int: "integer", str: "string", list: "array", dict: "object"}
    schema = subschema(validator, path)
    while "$ref" in schema:
        schema = validator.schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return other is not None and "type" in schema and words[type(other)] not in schema["type"]


def check_event_schema(bulletin):
    """The schema of what a webhook is sent: its examples are right, and it refuses what is not. The events themselves are
    checked where they are sent (integration/test_webhook.py)."""
    with open(os.path.join(SOURCE, "schema", "event-1.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    data = schema["properties"]["data"]["properties"]
    undescribed = [name for members in (schema["properties"], data) for name, member in members.items() if "description" not in member]
    if undescribed or data["bulletin"]["anyOf"][0]["$ref"] != bulletin["$id"]:
        raise Wrong(f"the schema of events does not describe {undescribed}, or does not name that of bulletins")
    data["bulletin"] = {"type": ["object", "null"]}
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    rejected = 0
    for example in schema["examples"]:
        errors = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(example)]
        if errors or list(example["data"]) != list(data):
            raise Wrong(f"an example of an event is wrong: {errors}")
        for path in [("id",), ("time",), *(("data", name) for name in data), *((name,) for name in schema["required"])]:
            for change in (lambda at, key: at.pop(key), lambda at, key: at.update({key: 1.5}), lambda at, key: at.update({key: {"a": 1}}),
                           lambda at, key: at.update({key + "x": None})):
                document = changed(example, path, change)
                if path == ("data", "bulletin") and document["data"].get("bulletin") == {"a": 1}:
                    continue
                if validator.is_valid(document):
                    raise Wrong(f"the schema of events takes a change of {path}: {document}")
                rejected += 1
        for wrong in ({"specversion": "0.3"}, {"id": "x"}, {"type": "other.new"}, {"source": ""}, {"time": "2026-11-22"}):
            if validator.is_valid({**example, **wrong}):
                raise Wrong(f"the schema of events takes {wrong}")
            rejected += 1
    return rejected


def main():
    with open(os.path.join(SOURCE, "schema", "bulletin-1.schema.json"), encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    validator.check_schema(validator.schema)
    undescribed = [name for name, member in {**validator.schema["properties"], **validator.schema["$defs"]}.items()
                   if "description" not in member]
    if undescribed:
        raise Wrong(f"the schema does not describe {undescribed}")
    mails = sorted(glob.glob(os.path.join(SOURCE, "tests", "mail", "*", "*.eml")))
    texts = sorted(glob.glob(os.path.join(SOURCE, "tests", "mail", "*", "*.txt"))) + sorted(glob.glob(os.path.join(SEEDS, "*.txt")))
    if len(mails) < 60:
        raise Wrong(f"only {len(mails)} mails were found")
    bulletins = parse_all(validator, mails + texts)
    samples = choose_samples(bulletins)
    samples.append(mark_unverified(samples[0]))
    rejected = check_refusals(validator, samples)
    for wrong in ({"verified": True, "reason": None}, {"verified": False}, {"reason": None}, None, []):
        samples[-1]["mail"]["authentication"] = wrong
        if validator.is_valid(samples[-1]):
            raise Wrong(f"the schema takes {wrong} as the mark of an unverified mail")
    rejected += check_event_schema(validator.schema)
    with tempfile.TemporaryDirectory() as folder:
        odd = parse_odd(validator, folder)
        stored = check_database(validator, folder, mails)
    print(f"{len(bulletins)} mails, {odd} odd inputs and {stored} stored bulletins are as the schema says; it refuses {rejected} wrong documents")


try:
    main()
except Wrong as error:
    sys.exit(str(error))
