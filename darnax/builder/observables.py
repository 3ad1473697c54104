"""From the section `observables` to what makes them, and whether each fits the network."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from darnax.builder.calls import Reader
from darnax.builder.deferred_call import DeferredCall
from darnax.builder.modules import construct
from darnax.builder.problems import Problems, format_value, nearest
from darnax.builder.trials import Evaluation, choose_traced_numbers
from darnax.errors import first_line
from darnax.observables import Observable, PhaseEnds, StepContext, measure, require_names
from darnax.observables.measuring import BUILT_IN
from darnax.relaxation import PhaseResult, Relaxation
from darnax.runner.experiment import Experiment

NAME = re.compile(r"[A-Za-z_][\w+-]{0,99}")  # part of a metric's name, and a key of the YAML
BATCH = 2


def read_observables(node: Mapping[str, Any], reader: Reader) -> dict[str, DeferredCall]:
    """Return what makes the observables; what is wrong is noted among the problems."""
    calls = {}
    for name, value in node.items():
        where = f"observables.{name}"
        if value is None:  # how an override takes one away
            continue
        if not isinstance(name, str) or not NAME.fullmatch(name):
            what = "expected a name of letters, digits, and _ + -"
            reader.problems.add(where, f"got {format_value(name)}, {what}")
            continue
        with reader.problems.at(where):
            require_names({name: value})
        call = reader.call(value, where, Observable)
        if call is not None:
            calls[name] = call
    return calls


def check_observables(experiment: Experiment, problems: Problems) -> Experiment:
    """Return the experiment with its observables as a program can make them.

    Their numbers are traced, or compiled in where a constructor decides by them. Every one that
    cannot be made, or does not return numbers, is noted; nothing is computed. So is a metric that
    is to be shown on the progress line and that no run logs.
    """
    checked: dict[str, DeferredCall] = {}
    metrics: list[str] = []
    for name, call in experiment.observables.items():
        with problems.at(f"observables.{name}"):
            checked[name] = choose(call, partial(trace, experiment, name))
            metrics += trace(experiment, name, checked[name])
    if len(checked) == len(experiment.observables):
        check_shown(experiment.tracking.show, metrics, problems)
    return replace(experiment, observables=checked)


def choose(call: Any, evaluate: Evaluation) -> DeferredCall:
    """Return a call with its numbers traced or compiled in; whatever goes wrong is a ValueError."""
    try:
        return choose_traced_numbers(call, evaluate, construct)
    except ValueError as error:
        raise ValueError(first_line(error)) from error
    except Exception as error:  # code of other packages may raise anything
        raise ValueError(f"{type(error).__name__}: {first_line(error)}") from error


def trace(experiment: Experiment, name: str, call: Any) -> dict[str, Any]:
    """Return the names of what an observable logs, by tracing it with arrays of the right shapes.

    Raises:
        ValueError: it is not an `Observable`, or does not return numbers.
    """

    def measure_abstract(call: Any, key: Any) -> Any:
        observable = call()
        if not isinstance(observable, Observable):
            raise ValueError(f"got a {type(observable).__name__}, expected an Observable")
        return measure({name: observable}, step_context(experiment, key))

    key = jax.eval_shape(lambda: jax.random.key(0))
    return dict(eqx.filter_eval_shape(measure_abstract, call, key))


def step_context(experiment: Experiment, key: Any) -> StepContext:
    """Return what a training step has, with zeros in the place of its results."""
    network = experiment.make_network(key)
    state = experiment.state
    x, y = (jnp.zeros((BATCH, *state[end].shape[1:]), jnp.float32) for end in (0, -1))
    state = state.init(x, y)
    fields = {i: jnp.zeros(state[i].shape, jnp.float32) for i in network.layer_map.rows()}
    zero = jnp.zeros((), jnp.float32)
    end = PhaseResult(state, fields, Relaxation(zero, zero, zero))
    ends = PhaseEnds(dict.fromkeys(experiment.train, end))
    return StepContext(network, experiment.train, ends, x, y)


def check_shown(show: Sequence[str], metrics: list[str], problems: Problems) -> None:
    """Note the names of metrics that no run has; of the built-in ones, the kind alone is known."""
    for name in show:
        if name not in metrics and name.partition("/")[0] not in BUILT_IN:
            known = nearest(name, [*metrics, *(f"{kind}/…" for kind in BUILT_IN[:-2])])
            problems.add("tracking.console.show", f"there is no metric {name}{known}")
