"""Each option of each command by its three ways: command line, variable, configuration file."""
import os
import re
import subprocess

import pytest
from conftest import OAKUM

# they parse words of kaniko's, and say so in kaniko's words
FOREIGN = {"executor", "warmer", "debug"}


def told(*words, **more):
    return subprocess.run([OAKUM, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, **more)


def pages():
    """(words, options): option is (name, what it takes or "", its whole text)."""
    found = []
    for command in re.findall(r"^  (\w+)  ", told("--help").stdout, re.M):
        text = told(command, "--help").stdout
        verbs = re.findall(r"^  (\w+)\b", text.split("\nVerbs:\n")[1].split("\n\n")[0], re.M) if "\nVerbs:\n" in text else []
        for words in [(command, verb) for verb in verbs] or [(command,)]:
            text = told(*words, "--help").stdout
            rows = re.findall(r"^ {2}(?:    |-\w, )--([\w-]+)(?:\[?[ =](\S+?)\]?)?(?:  +|\n +)(.*(?:\n {26}.*)*)", text, re.M)
            found.append((words, [(name, word, " ".join(help.split())) for name, word, help in rows if name != "config"]))
    return [(words, options) for words, options in found if words[0] not in FOREIGN and options]


PAGES = pages()
OPTIONS = [(words, *option) for words, options in PAGES for option in options]
ONCE = list({o[1]: o for o in OPTIONS}.values())  # several commands have the same ones, by the same rows
FLAGS = [o for o in ONCE if not o[2]]
# `policy test` looks at the saved result first, which test_policy.py has
CHOICES = [o for o in OPTIONS if o[0] != ("policy", "test") and "|" in o[2] and "=" not in o[2] and "[" not in o[2] and not re.search(r"[A-Z]", o[2])]


def ids(option):
    return " ".join(option[0]) + " --" + option[1]


def run(words, options, tmp_path, variable=None, file=None):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "r").mkdir(exist_ok=True)
    env = {k: v for k, v in os.environ.items() if not k.startswith("OAKUM_")}
    if file is not None:
        (tmp_path / "oakum.yaml").write_text(file)
    # what the command itself wants in the end need not be there: values are looked at before
    return told(*words, *options, *({"scan": ["rootfs:r"], "build": ["."], "ship": ["."], "lint": ["Dockerfile"], "compare": ["a", "b"], "report": ["a"], "db": ["--db", "a"],
                                 "gitlab": ["rootfs:r"]}.get(words[0], [])),
                cwd=tmp_path, env={**env, "XDG_CACHE_HOME": str(tmp_path / "cache"), **(variable or {})})


def name_of(name):
    return "OAKUM_" + name.upper().replace("-", "_")


def test_what_is_looked_at():
    assert len(PAGES) > 20 and len(OPTIONS) > 200 and len(ONCE) > 100 and len(FLAGS) > 20 and len(CHOICES) > 20


@pytest.mark.parametrize("option", FLAGS, ids=ids)
def test_switch(option, tmp_path):
    """It is on or off, and nothing else, wherever that is said."""
    words, name = option[0], option[1]
    for done in (run(words, [f"--{name}=banana"], tmp_path), run(words, [], tmp_path, {name_of(name): "banana"})):
        assert done.returncode == 1 and f'takes true or false, not "banana"' in done.stderr and done.stdout == "", done.stderr
    if words[0] == "policy":
        return  # its section is the policy
    done = run(words, [], tmp_path, file=f"{words[0]}:\n  {name}: banana\n")
    assert done.returncode == 1 and f'oakum.yaml:2:{len(name) + 5}: "{name}" takes true or false' in done.stderr


@pytest.mark.parametrize("option", [o for o in ONCE if o[2]], ids=ids)
def test_empty_value(option, tmp_path):
    """Nothing is given where something was to be said: an error. An empty variable is none."""
    words, name = option[0], option[1]
    done = run(words, [f"--{name}="], tmp_path)
    assert done.returncode == 1 and f"option --{name} needs a value, not an empty one" in done.stderr and done.stdout == "", done.stderr
    assert "not an empty one" not in run(words, [], tmp_path, {name_of(name): ""}).stderr


@pytest.mark.parametrize("option", CHOICES, ids=ids)
def test_choice_that_there_is_not(option, tmp_path):
    """The same message by all three ways; it shows the value, and what is taken."""
    words, name = option[0], option[1]
    ways = (run(words, [f"--{name}=no-such-word"], tmp_path), run(words, [], tmp_path, {name_of(name): "no-such-word"}),
            *([run(words, [], tmp_path, file=f"{words[0]}: {{{name}: no-such-word}}\n")] if words[0] != "policy" else []))
    for done in ways:
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert done.returncode == 1 and "no-such-word" in done.stderr and len(errors) == 1, done.stderr
    assert len({done.stderr for done in ways}) == 1
