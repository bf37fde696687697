"""Texts of licences that hold most of each other, one behind the other in a file, and alone."""
import json
import os
import pathlib
import re
import subprocess

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
THREE = pathlib.Path("/usr/share/common-licenses/BSD").read_text()  # base-files of Debian
TWO = re.sub(r"\n3\..*?(?=\nTHIS SOFTWARE)", "\n", THREE, flags=re.S)
MIT_BEGIN = ("Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the \"Software\"), to deal in the "
             "Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the "
             "Software, and to permit persons to whom the Software is furnished to do so")
MIT_MIDDLE = ", subject to the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software"
MIT_END = (". THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A "
           "PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF "
           "CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n")
MIT, MIT0 = MIT_BEGIN + MIT_MIDDLE + MIT_END, MIT_BEGIN + MIT_END


def commented(text):
    return "/*\n" + "".join(f" * {line}\n" for line in text.splitlines()) + " */\n"


@pytest.mark.parametrize("text, told", [
    (TWO, {"BSD-2-Clause"}), (THREE, {"BSD-3-Clause"}), (TWO + "\n----\n" + THREE, {"BSD-2-Clause", "BSD-3-Clause"}), (THREE + "\n\n" + TWO, {"BSD-2-Clause", "BSD-3-Clause"}),
    (commented(THREE) + commented(TWO), {"BSD-2-Clause", "BSD-3-Clause"}), (THREE + THREE, {"BSD-3-Clause"}), (MIT, {"MIT"}), (MIT0, {"MIT-0"}), (MIT + MIT0, {"MIT", "MIT-0"}),
    (MIT + THREE, {"MIT", "BSD-3-Clause"}), (MIT + THREE + TWO, {"MIT", "BSD-2-Clause", "BSD-3-Clause"})])
def test_texts(tmp_path, text, told):
    """What is not allowed is told by its name: with nothing allowed, all of it."""
    (tmp_path / "root/srv").mkdir(parents=True)
    (tmp_path / "root/srv/LICENSE").write_text(text)
    out = tmp_path / "result.json"
    done = subprocess.run([os.environ["OAKUM"], "scan", "--no-cache", "--max-age", "0", "--fail-on", "none", "--checks", "licences", "--license-allow", "Zlib", "--format", "json", "-o", out,
                           f"rootfs:{tmp_path}/root"], capture_output=True)
    assert done.returncode in (0, 3), done.stderr
    assert {name for one in json.loads(out.read_text())["licenses"] for name in re.findall(r"[A-Z0-9]+-[0-9A-Za-z-]+|MIT\b", one["match"])} == told


def told_of(folder, text):
    (folder / "root/srv").mkdir(parents=True)
    (folder / "root/srv/LICENSE").write_text(text)
    done = subprocess.run([os.environ["OAKUM"], "scan", "--no-cache", "--max-age", "0", "--fail-on", "none", "--checks", "licences", "--license-allow", "Zlib", "--format", "json", "-o",
                           folder / "result.json", f"rootfs:{folder}/root"], capture_output=True)
    assert done.returncode in (0, 3), done.stderr
    return " AND ".join(one["match"] for one in json.loads((folder / "result.json").read_text())["licenses"]).split(" AND ")


def test_a_license_without_its_appendix(tmp_path):
    """Many leave out how the Apache License is applied; the one of ImageMagick, which holds the Apache License, is another."""
    apache = pathlib.Path("/usr/share/common-licenses/Apache-2.0").read_text()
    assert told_of(tmp_path, apache.split("To apply the Apache License to your work")[0]) == ["Apache-2.0"]


def test_many_texts_of_one_file(tmp_path):
    """As wheels have them for the libraries that they bring: the short ones are told, too."""
    common = [pathlib.Path(f"/usr/share/common-licenses/{name}").read_text() for name in ("Apache-2.0", "GPL-2", "LGPL-2.1", "GFDL-1.3", "MPL-1.1", "MPL-2.0")]
    found = told_of(tmp_path, "\n\n".join([MIT, THREE, *common]))
    assert {"MIT", "BSD-3-Clause", "Apache-2.0", "GPL-2.0-only", "LGPL-2.1-only", "GFDL-1.3-only", "MPL-1.1", "MPL-2.0"} <= set(found), found


def test_every_id_has_a_category(tmp_path):
    """Of ids of the SPDX list nobody has to say "nobody knows", but of these."""
    table = (pathlib.Path(__file__).parents[2] / "src/license/spdx.inc").read_text()
    ids = re.findall(r'"([^"]+)"', table)
    assert len(ids) > 690 and "blessing" in ids
    (tmp_path / "root/lib/apk/db").mkdir(parents=True)
    (tmp_path / "root/lib/apk/db/installed").write_text("".join(f"P:p{i}\nV:1\nA:x86_64\nL:{name}\n\n" for i, name in enumerate(ids)))
    out = tmp_path / "result.json"
    done = subprocess.run([os.environ["OAKUM"], "scan", "--no-cache", "--max-age", "0", "--fail-on", "none", "--checks", "licences", "--format", "json", "-o", out, f"rootfs:{tmp_path}/root"],
                          capture_output=True)
    assert done.returncode in (0, 3), done.stderr
    told = {}
    for one in json.loads(out.read_text())["licenses"]:
        told.setdefault(one["id"], set()).add(one["match"])
    assert told["OL1001"] == {"FDK-MPEG-H", "Informatica", "JPL-image", "MMPL-1.0.1", "MVT-1.1", "OSC-1.0", "any-OSI", "any-OSI-perl-modules", "atc-game"}
    assert {"CERN-OHL-S-2.0", "NGPL", "BSD-Protection"} <= told["OL1002"] and "NPOSL-3.0" in told["OL1003"]
    assert {"FSL-1.1-MIT", "SUL-1.0"} <= told["OL1005"] and not {"blessing", "ImageMagick", "Spencer-94"} & set().union(*told.values())


WITHIN = {"CAL-1.0", "Community-Spec-1.0", "FSL-1.1-ALv2", "FSL-1.1-MIT", "LGPL-3.0-only", "NPOSL-3.0"}  # hold another text, which is told as well
NEIGHBOURS = {"OLDAP-1.1": "NBPL-1.0", "QPL-1.0-INRIA-2004": "QPL-1.0", "SPL-1.0": "MPL-1.1", "TPL-1.0": "MPL-1.1"}  # of the same category, a name apart


def test_each_text_is_told_by_its_name(tmp_path):
    """The texts of the SPDX list, also those that are others but for a clause: of Creative Commons' NonCommercial and NoDerivatives, of Mozilla's first ones, of the BSD licences with an addition."""
    subprocess.run(["npm", "pack", "--silent", "spdx-license-list@6.12.0"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["tar", "xzf", "spdx-license-list-6.12.0.tgz"], cwd=tmp_path, check=True)
    ids = re.search(r'IDS = """(.*?)"""', (REPO / "tools/license-texts").read_text(), re.S).group(1).split()
    texts = [json.loads((tmp_path / f"package/licenses/{name}.json").read_text())["licenseText"] for name in ids]
    done = subprocess.run([os.environ["OAKUM"], "debug", "license", "--texts"], input="\n----\n".join(re.sub(r"(?m)^----\s*$", "", text) for text in texts) + "\n", capture_output=True, text=True)
    told = dict(zip(ids, done.stdout.splitlines(), strict=True))
    assert len(ids) > 280
    wrong = {name: line for name, line in told.items() if name not in (line.split(" AND ") if name in WITHIN else [line])}
    assert wrong == NEIGHBOURS


def test_a_clause_that_asks_for_more(tmp_path):
    """As in the licences of Sleepycat and TMate: what is the BSD licence but for that is told as none that asks for less."""
    clause = "Redistributions in any form must be accompanied by information on how to obtain complete source code for this software.\n\nTHIS SOFTWARE"
    assert "BSD-2-Clause" in told_of(tmp_path / "a", TWO)
    assert "BSD-2-Clause" not in told_of(tmp_path / "b", TWO.replace("THIS SOFTWARE", clause, 1))
