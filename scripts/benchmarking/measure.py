"""Take turns, keep the best: a busy machine then slows all contenders alike, or none."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np

from benchmarking import darnax_way, floor, plain
from benchmarking.case import Case, make_batches, make_network

Runs = Mapping[str, Callable[[], Any]]


def fastest(runs: Runs, seconds: float) -> dict[str, float]:
    """Return the least seconds of each, in turns, until `seconds` have passed or each has had 30 turns."""
    best = dict.fromkeys(runs, float("inf"))
    end = time.perf_counter() + seconds
    for turn in range(30):
        for name, run in runs.items():
            began = time.perf_counter()
            jax.block_until_ready(run())
            best[name] = min(best[name], time.perf_counter() - began)
        if turn >= 2 and time.perf_counter() > end:
            break
    return best


def compiled(function: Any, *arguments: Any) -> dict[str, float]:
    """Return what one program costs before and beside its running: seconds to compile, peak bytes."""
    began = time.perf_counter()
    program = function.lower(*arguments).compile()
    memory = program.memory_analysis()
    peak = memory.temp_size_in_bytes + memory.argument_size_in_bytes + memory.output_size_in_bytes
    return {"compile_seconds": time.perf_counter() - began, "peak_mb": peak / 1e6}


def agreement(case: Case, network: Any, ours: Any, theirs: Any) -> float:
    """Return the fraction of all weights that agree to a millionth of their scale."""
    arrays = jax.tree.unflatten(jax.tree.structure(network), jax.tree.leaves(ours))
    mine, _, _ = plain.weights_of(case, arrays)
    pairs = zip(
        jax.tree.leaves(mine), jax.tree.leaves({name: theirs[name] for name in mine}), strict=True
    )
    close = [np.isclose(a, b, rtol=1e-5, atol=1e-6).ravel() for a, b in pairs]
    return float(np.mean(np.concatenate(close)))


def measure(case: Case, batches: int, seconds: float) -> dict[str, Any]:
    """Return images per second, ratios, memory, compile seconds, and how far the results agree."""
    network = eqx.filter_jit(make_network)(case, jax.random.key(0))
    xs, ys = make_batches(case, batches)
    w, train, evaluate = darnax_way.programs(case, network)
    pw, ptrain, pevaluate, pstep = plain.programs(case, network)
    fw, ftrain, fevaluate = floor.programs(case, network)
    costs = {"darnax": compiled(train, w, xs, ys), "plain": compiled(pstep, pw, xs[0], ys[0])}
    costs["floor"] = compiled(ftrain, fw, xs, ys)
    one = xs[:1], ys[:1]
    result: dict[str, Any] = {
        "case": str(case),
        "weights_agree": agreement(case, network, train(w, *one)[0][0], ptrain(pw, *one)),
        "answers_agree": float(
            np.mean(np.argmax(evaluate(w, xs), -1) == np.argmax(pevaluate(pw, xs), -1))
        ),
    }
    trainings: Runs = {
        "darnax": lambda: train(w, xs, ys),
        "plain": lambda: ptrain(pw, xs, ys),
        "floor": lambda: ftrain(fw, xs, ys),
    }
    evaluations: Runs = {
        "darnax": lambda: evaluate(w, xs),
        "plain": lambda: pevaluate(pw, xs),
        "floor": lambda: fevaluate(fw, xs),
    }
    for what, runs in (("train", trainings), ("evaluate", evaluations)):
        took = fastest(runs, seconds)
        result[what] = {
            name: case.batch * batches / value for name, value in took.items()
        }  # images per second
        result[what] |= {
            "of_plain": took["plain"] / took["darnax"],
            "of_floor": took["darnax"] / took["floor"],
        }
    return result | {"costs": costs}
