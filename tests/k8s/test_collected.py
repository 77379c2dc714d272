"""`make test-k8s` runs what needs a cluster: its folder is left out elsewhere, so it must be let in there."""

import re
import shlex
import subprocess
import sys

from tests.tree import ROOT


def test_the_target_collects_every_test_that_needs_a_cluster():
    made = (ROOT / "Makefile").read_text()
    (words,) = re.findall(r"\n\t@\$\(BIN\)/python (-m pytest tests/k8s/cluster) \$\(ARGS\)$", made, re.MULTILINE)
    command = [sys.executable, *shlex.split(words), "--collect-only", "-q"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    collected = set(re.findall(r"^tests/k8s/cluster/(\w+)\.py", said, re.MULTILINE))
    assert collected == {path.stem for path in (ROOT / "tests" / "k8s" / "cluster").glob("test_*.py")}
