#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every mail of the corpus, and the publisher's bulletins where they are there, through `hotfixctl parse --json`: one valid
JSON object a line, in the order of the arguments, as the schema says. And the schema does refuse what is wrong."""
import copy
import glob
import json
import os
import subprocess
import sys

import jsonschema

SOURCE = os.environ.get("srcdir", ".")
BUILD = os.environ.get("builddir", ".")
SEEDS = os.environ.get("HOTFIXD_SEEDS") or os.path.join(SOURCE, "..", "shared", "feed", "seeds")


def main():
    with open(os.path.join(SOURCE, "schema", "bulletin-1.schema.json"), encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    validator.check_schema(validator.schema)
    paths = sorted(glob.glob(os.path.join(SOURCE, "tests", "mail", "*", "*.eml"))) + sorted(glob.glob(os.path.join(SEEDS, "*.txt")))
    if len(paths) < 30:
        return f"only {len(paths)} mails were found"
    run = subprocess.run([os.path.join(BUILD, "hotfixctl"), "parse", "--json"] + paths, capture_output=True, check=False)
    if run.returncode not in (0, 3):
        return f"exit status {run.returncode}: {run.stderr.decode()}"
    lines = run.stdout.decode("utf-8").splitlines()
    if len(lines) != len(paths):
        return f"{len(lines)} lines for {len(paths)} mails"
    for path, line in zip(paths, lines):
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(line))]
        if errors:
            return f"{path}: " + "; ".join(errors)
    broken = json.loads(lines[0])
    for key, value in (("severity", "critical"), ("updated", "yesterday"), ("kbs", ["KB1"]), ("surplus", 1), ("kind", "alarm")):
        wrong = copy.deepcopy(broken)
        wrong[key] = value
        if validator.is_valid(wrong):
            return f"the schema takes {key} = {value!r}"
    print(f"{len(lines)} mails are as the schema says")
    return None


sys.exit(main())
