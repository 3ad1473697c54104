"""Rows of the map of classifiers: noise and load, with and without relaxation."""

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

from reproduction.rows.disturbed import OF_MNIST
from reproduction.rows.row import Section, add_overrides, name_rows
from reproduction.rows.rules import INPUTS


class Task(NamedTuple):
    """A data set with its networks.

    Args:
        relaxing: overrides of the network that relaxes.
        one_step: more overrides, for one step of inference and a readout that learns from it.
        others: name -> overrides of the networks without recurrence.
        noise: overrides that disturb the inputs, with a place for the share.
        shares: of the inputs that are disturbed.
        self_couplings: J_D of the network that relaxes.
        margins: κ of its couplings and of its input weights.
        loads: training images for each hidden unit -> overrides.
    """

    relaxing: str
    one_step: str
    others: Mapping[str, str]
    noise: str
    shares: tuple[float, ...]
    self_couplings: tuple[float, ...]
    margins: tuple[float, ...]
    loads: Mapping[int, str]


RELAXED, ONE_STEP_ONLY = "relaxed", "one step, with its own readout"
FREER, ONE_STEP_FREER = "relaxed, J_D smaller", "one step, J_D smaller, with its own readout"
FEATURES, ERROR, BACKPROPAGATION = "random features", "error feedback", "backpropagation"
NO_RULE = "+model.adapters.w_in.rule=null"


def task_of_images(data: str, backpropagation: str) -> Task:
    """Return the task of a set of images: 1000 hidden units of ten couplings each."""
    error = f"+experiment=mnist_error data={data}"
    sparse = "model.layers.hidden.sparsity=0.99 model.adapters.w_back.strength=1.62"
    return Task(
        f"+experiment=mnist_single data={data} model.features=1000 {sparse}",
        "dynamics.train.recall.steps=1 dynamics.infer.recall.steps=1",
        {FEATURES: f"{error} {NO_RULE}", ERROR: error, BACKPROPAGATION: backpropagation},
        "+data.disturb.noise.share={}",
        (0.0, 0.2, 0.4),
        (0.0, 0.5, 0.95),
        (0.89, 1.78, 3.56),
        {6: "data.per_class=600 runner.epochs=30", 60: "runner.epochs=10"},
    )


def task_of_signs() -> Task:
    """Return the task of entangled MNIST: 400 hidden units, all coupled."""
    error = "+experiment=entangled_error model.features=400"
    backpropagation = "+experiment=entangled_backprop model.features=400"
    return Task(
        "+experiment=entangled_mnist model.features=400",
        "dynamics.train.free.learn=[w_in,hidden] dynamics.infer.recall.steps=1 "
        "+dynamics.train.recall={start:blank,messages:forward,steps:1,learn:[w_out]}",
        {FEATURES: f"{error} {NO_RULE}", ERROR: error, BACKPROPAGATION: backpropagation},
        "+data.disturb.noise.kind=sign_flips +data.disturb.noise.share={}",
        (0.0, 0.1, 0.2),
        (0.0, 0.25, 0.5),
        (0.7, 1.4, 2.8),
        {6: "data.per_class=240 runner.epochs=24", 150: "runner.epochs=8"},
    )


TASKS = {
    "MNIST": task_of_images("mnist", f"+experiment=mnist_backprop {INPUTS}=1.4"),
    "Fashion-MNIST": task_of_images("fashion_mnist", f"+experiment=fashion_backprop {OF_MNIST}"),
    "entangled MNIST": task_of_signs(),
}


def disturbed_task(name: str, share: float, load: int) -> str:
    """Return the overrides of the data that all networks of a task have."""
    task = TASKS[name]
    always = "+data.disturb.noise.when=always data.validation=0"
    return f"{task.loads[load]} {task.noise.format(share)} {always}"


def relaxing_network(name: str, share: float, load: int, j_d: float, margin: float) -> str:
    """Return the overrides of the network that relaxes, with this J_D and this κ."""
    learned = couplings_of(j_d, margin)
    return f"{TASKS[name].relaxing} {disturbed_task(name, share, load)} {learned}"


def couplings_of(j_d: float, margin: float) -> str:
    """Return the overrides of this J_D and this κ."""
    hidden = f"model.layers.hidden.j_d={j_d} model.layers.hidden.threshold={margin}"
    return f"{hidden} model.adapters.w_in.threshold={margin}"


def contenders(name: str, share: float, load: int) -> dict[str, str]:
    """Return name -> overrides of the networks of a task.

    The network that relaxes has the J_D and the κ of its experiment, or the second largest J_D and
    the smallest κ of the map.
    """
    task = TASKS[name]
    strong = relaxing_network(name, share, load, task.self_couplings[-1], task.margins[1])
    freer = relaxing_network(name, share, load, task.self_couplings[1], task.margins[0])
    return {
        RELAXED: strong,
        ONE_STEP_ONLY: f"{strong} {task.one_step}",
        FREER: freer,
        ONE_STEP_FREER: f"{freer} {task.one_step}",
    } | add_overrides(task.others, disturbed_task(name, share, load))


def cases() -> list[tuple[str, float, int]]:
    """Return the tasks with their shares and loads."""
    found = []
    for name, task in TASKS.items():
        found += [(name, share, load) for load, share in product(task.loads, task.shares)]
    return found


def name_case(name: str, share: float, load: int) -> str:
    """Return a case in words."""
    return f"{name}, {100 * share:.0f} % disturbed, load {load}"


CLASSIFIERS = Section(
    "Classifiers over noise and load",
    "Networks of one hidden layer, of 1000 units for images and 400 for entangled MNIST, trained "
    "and tested on disturbed inputs: pixels black or white, or inputs flipped. The load is the "
    "number of training images for each hidden unit: of 60, and of 150 for entangled MNIST, these "
    "are all images (10 epochs, 8 for entangled MNIST), of 6 as many of every class (30 epochs, "
    "24). *Relaxed* is the perceptron that learns under the label, with six steps of inference, "
    "and the J_D and κ of its experiment, or a smaller J_D, 0.5 for images and 0.25 for entangled "
    "MNIST, and half of κ; settings of all networks are those of clean inputs and "
    "all images, on Fashion-MNIST those of MNIST.",
    name_rows({name_case(*case): contenders(*case) for case in cases()}),
)
