"""Measures all implementations in turns, so that a busy machine slows all of them alike."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np

from benchmarking import darnax_way, floor, plain
from benchmarking.case import Case, make_batches, make_network

Runs = Mapping[str, Callable[[], Any]]


def measure_fastest(runs: Runs, seconds: float) -> dict[str, float]:
    """Return the shortest time of each, in seconds; measured in turns.

    It stops after `seconds`, but not before three turns, or after 30 turns.
    """
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


def measure_compilation(function: Any, *arguments: Any) -> dict[str, float]:
    """Return the seconds to compile a program, and its peak memory in megabytes."""
    began = time.perf_counter()
    program = function.lower(*arguments).compile()
    memory = program.memory_analysis()
    peak = memory.temp_size_in_bytes + memory.argument_size_in_bytes + memory.output_size_in_bytes
    return {"compile_seconds": time.perf_counter() - began, "peak_mb": peak / 1e6}


def fraction_of_equal_weights(case: Case, network: Any, ours: Any, theirs: Any) -> float:
    """Return the fraction of all weights that agree to a millionth of their scale."""
    arrays = jax.tree.unflatten(jax.tree.structure(network), jax.tree.leaves(ours))
    mine, _, _ = plain.weights_of(case, arrays)
    others = {name: theirs[name] for name in mine}
    pairs = zip(jax.tree.leaves(mine), jax.tree.leaves(others), strict=True)
    close = [np.isclose(a, b, rtol=1e-5, atol=1e-6).ravel() for a, b in pairs]
    return float(np.mean(np.concatenate(close)))


def measure(case: Case, batches: int, seconds: float) -> dict[str, Any]:
    """Return images per second, ratios, memory, compile seconds, and how far the results agree."""
    network = eqx.filter_jit(make_network)(case, jax.random.key(0))
    xs, ys = make_batches(case, batches)
    w, train, evaluate = darnax_way.programs(case, network)
    pw, ptrain, pevaluate, pstep = plain.programs(case, network)
    fw, ftrain, fevaluate = floor.programs(case, network)
    costs = {
        "darnax": measure_compilation(train, w, xs, ys),
        "plain": measure_compilation(pstep, pw, xs[0], ys[0]),
    }
    costs["floor"] = measure_compilation(ftrain, fw, xs, ys)
    one = xs[:1], ys[:1]
    # Compared after one batch: then weights are no multiples of 1/256 any more (see `case`), and
    # sums depend on their order.
    ours, theirs = train(w, *one)[0][0], ptrain(pw, *one)
    answers_agree = np.argmax(evaluate(w, xs), -1) == np.argmax(pevaluate(pw, xs), -1)
    result: dict[str, Any] = {
        "case": str(case),
        "weights_agree": fraction_of_equal_weights(case, network, ours, theirs),
        "answers_agree": float(np.mean(answers_agree)),
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
        best = measure_fastest(runs, seconds)
        images = case.batch * batches
        result[what] = {name: images / value for name, value in best.items()}  # per second
        result[what] |= {
            "of_plain": best["plain"] / best["darnax"],
            "of_floor": best["darnax"] / best["floor"],
        }
    return result | {"costs": costs}
