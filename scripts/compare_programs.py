"""Compares the compiled programs of this checkout with those of another one, without timing them.

    git worktree add ../before COMMIT
    python scripts/compare_programs.py ../before
    python scripts/compare_programs.py ../before --only convolution 'B=128'

The cases are those of `scripts/benchmark.py`. For each it prints which instructions, each with the
shape of its result, XLA's program has more often, or less often, than the other one. Programs with
the same instructions differ in speed by the noise of the machine alone, unless their order differs.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from benchmark import CASES
from benchmarking.case import Case
from benchmarking.checkouts import MAKE_PROGRAMS, environment_of

HERE = Path(__file__).resolve().parents[1]
# Runs in a process of its own, with the package of the checkout.
COUNT = (
    MAKE_PROGRAMS
    + r"""
import collections, re
counted = {}
for name, lowered in (("train", train.lower(w, xs, ys)), ("evaluate", evaluate.lower(w, xs))):
    text = re.sub(r"metadata=\{[^}]*\}", "", lowered.compile().as_text())
    found = re.findall(r" = (\(.*?\)|\S+) ([a-z-]+)\(", text)
    counted[name] = collections.Counter(f"{name} {shape}" for shape, name in found)
print(json.dumps(counted))
"""
)
BATCHES = "3"  # of the programs; their number changes no instruction


def count_instructions(checkout: Path, case: Case) -> dict[str, Counter[str]]:
    """Return how often each instruction is in a program: of training, and of evaluation."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT, json.dumps(list(case)), BATCHES],
        stdout=subprocess.PIPE,
        text=True,
        cwd=checkout / "scripts",
        env=environment_of(checkout),
        check=False,
    )
    if done.returncode:
        raise SystemExit("a checkout cannot compile the case; its message is above")
    return {name: Counter(counts) for name, counts in json.loads(done.stdout).items()}


def describe_difference(ours: Counter[str], theirs: Counter[str]) -> str:
    """Return by how many every instruction differs, as `+2 add, -1 while`, or `none`.

    Example:
        >>> describe_difference(Counter(add=3, dot=1), Counter(add=1, dot=1, copy=1))
        '+2 add, -1 copy'
    """
    changes = {name: ours[name] - theirs[name] for name in sorted({*ours, *theirs})}
    return ", ".join(f"{count:+} {name}" for name, count in changes.items() if count) or "none"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="the other checkout")
    parser.add_argument("--only", nargs="+", default=[""], help="as in scripts/benchmark.py")
    choice = parser.parse_args()
    print("| case | program | instructions | difference |")
    print("|---|---|---|---|", flush=True)
    for case in CASES:
        if any(part in str(case) for part in choice.only):
            ours = count_instructions(HERE, case)
            theirs = count_instructions(choice.before.resolve(), case)
            for name, counts in ours.items():
                changes = describe_difference(counts, theirs[name])
                print(f"| {case} | {name} | {counts.total()} | {changes} |", flush=True)


if __name__ == "__main__":
    main()
