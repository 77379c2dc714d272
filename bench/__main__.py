"""`make bench`: every measurement, one after the other."""

import subprocess
import sys

STEPS = (
    ["bench.core"],
    ["bench.core", "10000"],
    ["bench.core", "100000"],
    ["bench.core", "500000"],
    ["bench.judgement"],
    ["bench.judgement", "10000"],
    ["bench.judgement", "100000"],
    ["bench.flow"],
    ["bench.peers"],
    ["bench.gateway"],
    ["bench.through"],
    ["bench.courier"],
    ["bench.pages"],
    ["bench.kafka"],
    ["bench.whatif", "200000"],
    ["bench.rescale"],
    ["bench.rescale", "--open", "156000", "--rate", "15000", "--minutes", "10", "--backup-every", "60"],
)

for step in STEPS:
    print(f"== {' '.join(step)}", flush=True)
    subprocess.run([sys.executable, "-m", *step], check=True)
