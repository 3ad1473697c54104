"""Every public call refuses arrays of a wrong shape. Oracle: both shapes in the message.

Oracle: the list of shapes. As for a user, annotations are not checked here, unlike in other tests.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jaxtyping
import optax
import pytest

from darnax import modules, rules
from darnax.activations import Sign, Tanh
from darnax.connectivity import Convolved, Dense, Pooled, Sparse
from darnax.layer_map import LayerMap
from darnax.learning import evaluate_step, init_optimizer, train_step
from darnax.modules import (
    AveragePool,
    BinaryUnits,
    Constant,
    Convolution,
    DenseMemory,
    ErrorUnits,
    Feedback,
    Ferromagnetic,
    FullyConnected,
    Layer,
    MajorityPool,
    MaxPool,
    OutputLayer,
    PrototypeUnits,
    RecurrentConvolution,
    RecurrentDiscrete,
    RecurrentTanh,
    Units,
    Unpool,
    ValueUnits,
)
from darnax.observables import overlap
from darnax.orchestrators import (
    AsynchronousOrchestrator,
    ParallelOrchestrator,
    SequentialOrchestrator,
)
from darnax.phases import Phase, Phases
from darnax.rules import (
    Adatron,
    Delta,
    FeedbackAlignment,
    ForwardForward,
    Hebbian,
    Logistic,
    Oja,
    Perceptron,
    SoftHebb,
    SoftmaxDelta,
    ThreeFactorRule,
    ThreeThreshold,
    ZeroOne,
)
from darnax.states import PackedState, SequentialState

BATCH, KEY = 3, jax.random.key(1)
IMAGE, SMALL = (4, 4, 2), (2, 2, 3)
MODULES = {  # name -> module, size before it, size behind it; no size where a module takes any
    "recurrent": (partial(RecurrentDiscrete, 6, 0.5, key=KEY), (6,), (6,)),
    "prototype": (partial(PrototypeUnits, 6, 0.5, key=KEY), (6,), (6,)),
    "recurrent of two axes": (partial(RecurrentDiscrete, (2, 3), 0.5, key=KEY), (2, 3), (2, 3)),
    "recurrent sparse": (partial(RecurrentDiscrete, 8, 0.5, sparsity=0.5, key=KEY), (8,), (8,)),
    "tanh": (partial(RecurrentTanh, 6, 0.5, key=KEY), (6,), (6,)),
    "tanh sparse": (partial(RecurrentTanh, 6, 0.5, sparsity=0.5, key=KEY), (6,), (6,)),
    "recurrent convolution": (partial(RecurrentConvolution, IMAGE, 0.5, key=KEY), IMAGE, IMAGE),
    "fully connected": (partial(FullyConnected, (4, 3), 6, key=KEY), (4, 3), (6,)),
    "fully connected sparse": (
        partial(FullyConnected, 12, (2, 3), sparsity=0.5, key=KEY),
        (12,),
        (2, 3),
    ),
    "fully connected patch": (partial(FullyConnected, (4, 3), 6, patch=2, key=KEY), (4, 3), (6,)),
    "fully connected of a sign": (
        partial(FullyConnected, (4, 3), 6, presynaptic=Sign(), key=KEY),
        (4, 3),
        (6,),
    ),
    "fully connected frozen": (partial(FullyConnected, 5, 6, rule=None, key=KEY), (5,), (6,)),
    "convolution": (partial(Convolution, IMAGE, SMALL, stride=2, key=KEY), IMAGE, SMALL),
    "convolution transposed": (
        partial(Convolution, SMALL, IMAGE, stride=2, transposed=True, key=KEY),
        SMALL,
        IMAGE,
    ),
    "average pool": (partial(AveragePool, IMAGE, (2, 1, 2)), IMAGE, (2, 1, 2)),
    "max pool": (partial(MaxPool, IMAGE, (2, 2, 2)), IMAGE, (2, 2, 2)),
    "majority pool": (partial(MajorityPool, IMAGE, (1, 2, 2)), IMAGE, (1, 2, 2)),
    "unpool": (partial(Unpool, SMALL, (4, 6, 3)), SMALL, (4, 6, 3)),
    "feedback": (partial(Feedback, 5, (2, 3), key=KEY), (5,), (2, 3)),
    "constant": (partial(Constant, (4, 3), (2, 3)), (4, 3), (2, 3)),
    "ferromagnetic": (partial(Ferromagnetic, (2, 3)), (2, 3), (2, 3)),
    "binary units": (partial(BinaryUnits, (2, 3)), (2, 3), (2, 3)),
    "units": (partial(Units, (2, 3), bias=Hebbian()), (2, 3), (2, 3)),
    "units with couplings": (partial(Units, 6, connectivity=Dense, key=KEY), (6,), (6,)),
    "values": (partial(ValueUnits, (2, 3)), (2, 3), (2, 3)),
    "dense memory": (partial(DenseMemory, (2, 3), slots=4), (2, 3), (2, 3)),
    "output": (OutputLayer, None, None),
    "error units": (ErrorUnits, None, None),
}
CONNECTIVITIES = {
    "dense": (partial(Dense, (4, 3), (6,)), (4, 3), (6,)),
    "dense hollow": (partial(Dense, 6, 6, hollow=True), (6,), (6,)),
    "sparse": (partial(Sparse.uniform, KEY, (12,), (2, 3), 5), (12,), (2, 3)),
    "sparse hollow": (partial(Sparse.uniform, KEY, (6,), (6,), 3, hollow=True), (6,), (6,)),
    "patch": (partial(Sparse.patch, KEY, (4, 4, 2), (7,), 2), (4, 4, 2), (7,)),
    "pooled": (partial(Pooled, 2, IMAGE, (5,)), IMAGE, (5,)),
    "pooled receiver": (partial(Pooled, 2, (5,), IMAGE), (5,), IMAGE),
    "convolution": (partial(Convolved, 2, 3, 3, stride=2), IMAGE, SMALL),
    "convolution transposed": (
        partial(Convolved, 3, 2, 3, stride=2, transposed=True),
        SMALL,
        IMAGE,
    ),
}
RULES = {
    "perceptron": Perceptron(0.5),
    "softmax delta": SoftmaxDelta(),
    "hebbian": Hebbian(),
    "hebbian of tanh": Hebbian(Tanh()),
    "adatron": Adatron(0.5),
    "logistic": Logistic(0.5, 2.0),
    "delta": Delta(),
    "oja": Oja(),
    "softhebb": SoftHebb(),
    "three thresholds": ThreeThreshold(),
    "zero-one": ZeroOne(Adatron(0.5)),
    "feedback alignment": FeedbackAlignment(),
    "forward-forward": ForwardForward(),
}
STATES = [SequentialState, PackedState]
TOLD = re.compile(r"got (a state of|no message|batches of|shape|the size)[^,]*.*expected .")


@pytest.fixture(autouse=True)
def unchecked() -> Iterator[None]:
    """Disable the check of annotations, as outside of tests."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def abstract(make: Callable[[], Any]) -> Any:
    """Return the shapes of the result of `make`, without computing it."""
    return eqx.filter_eval_shape(make)


@pytest.fixture(params=MODULES)
def module(request):
    make, pre, post = MODULES[request.param]
    return abstract(make), pre or (5,), post or (5,)


@pytest.fixture(params=CONNECTIVITIES)
def connectivity(request):
    make, pre, post = CONNECTIVITIES[request.param]
    return abstract(make), pre, post


SIZES = [IMAGE, SMALL, (8,), (5,)]


def wired() -> LayerMap:
    """Return an image and a vector of hidden units, with modules of every connectivity between."""
    first = {
        0: Convolution(IMAGE, SMALL, stride=2, key=KEY),
        1: RecurrentConvolution(SMALL, 0.5, key=KEY),
        2: FullyConnected(8, SMALL, sparsity=0.5, key=KEY),
    }
    second = {
        1: FullyConnected(SMALL, 8, key=KEY),
        2: RecurrentDiscrete(8, 0.5, sparsity=0.5, key=KEY),
        3: Feedback(5, 8, key=KEY),
    }
    return LayerMap.from_dict(
        {1: first, 2: second, 3: {2: FullyConnected(8, 5, key=KEY), 3: OutputLayer()}}
    )


def shape(size: tuple[int, ...], batch: int = BATCH) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((batch, *size), jnp.float32)


def wrong(size: tuple[int, ...]) -> list[jax.ShapeDtypeStruct]:
    """Return arrays that are not a batch of `size`: no batch, two, other sizes, flat."""
    first, last = size[0], size[-1]
    sizes = [(*size[:-1], last - 1), (*size[:-1], last + 1), (1, *size), (*size[:-1], 1)]
    sizes += (
        [(first + 1, *size[1:]), (first * size[1], *size[2:])]
        if len(size) > 1
        else [(first // 2, 2)]
    )
    return [
        jax.ShapeDtypeStruct(size, jnp.float32),
        *(shape(other) for other in sizes if other != size),
    ]


def refused(function: Callable[..., Any], *arguments: Any) -> None:
    """Assert that a call is refused during tracing, with the shapes in the message."""
    with pytest.raises(ValueError, match=TOLD):
        eqx.filter_eval_shape(function, *arguments)


def accepted(function: Callable[..., Any], *arguments: Any) -> Any:
    return eqx.filter_eval_shape(function, *arguments)


def refused_in_turn(function: Callable[..., Any], **sizes: tuple[int, ...]) -> None:
    """Assert that `function` takes these sizes, and refuses any one array of another size."""
    right = {name: shape(size) for name, size in sizes.items()}
    accepted(function, *right.values())
    for name, size in sizes.items():
        others = [shape(size, BATCH + 1)] if len(sizes) > 1 else []
        for value in [*wrong(size), *others]:
            refused(function, *(right | {name: value}).values())


def test_every_module_and_every_rule_is_in_the_table():
    public = [getattr(modules, name) for name in modules.__all__]
    classes = [each for each in public if isinstance(each, type)]
    concrete = {
        each.__name__
        for each in classes
        if issubclass(each, modules.AbstractModule) and not inspect.isabstract(each)
    }
    bases = {"Weighted"}  # without a constructor of its own
    tested = {type(abstract(make)).__name__ for make, *_ in MODULES.values()}
    assert tested == concrete - bases
    interfaces = {"Rule", "ThreeFactorRule"}
    assert {type(rule).__name__ for rule in RULES.values()} == set(rules.__all__) - interfaces


def test_the_message_of_a_module(module):
    made, pre, _ = module
    if not isinstance(made, OutputLayer | ErrorUnits):  # their message is zero, for any size
        refused_in_turn(made, x=pre)


def test_the_update_of_a_module(module):
    made, pre, post = module
    refused_in_turn(made.backward, x=pre, y=post, y_hat=post)


def test_the_activation_and_the_reduction_of_a_layer(module):
    made, pre, _ = module
    if isinstance(made, Layer):
        refused_in_turn(lambda a, b: made.reduce([a, b]), first=pre, second=pre)
        refused(made.reduce, [])
        if not isinstance(made, OutputLayer | ErrorUnits):
            refused_in_turn(made.activation, x=pre)
            refused(made.next_state, shape(pre), shape((*pre[:-1], pre[-1] + 1)))
            refused(made.reduce, [shape((*pre[:-1], pre[-1] + 1))] * 2)


def test_the_message_and_the_correlation_of_a_connectivity(connectivity):
    made, pre, post = connectivity
    weight = accepted(made.init, KEY)
    images = isinstance(made, Convolved)
    sizes = [
        size
        for size in wrong(pre)
        if not (images and size.shape[3:] == pre[2:] and len(size.shape) == 4)
    ]
    for value in sizes:  # a convolution takes images of any height and width
        refused(made.message, weight, value)
        refused(made.correlate, value, shape(post))
    for value in [*wrong(post), shape(post, BATCH + 1)]:
        refused(made.correlate, shape(pre), value)
    for other in (
        (weight.shape[0] + 1, *weight.shape[1:]),
        (*weight.shape[:-1], 1),
        weight.shape[1:],
    ):
        refused(made.message, jax.ShapeDtypeStruct(other, jnp.float32), shape(pre))
    accepted(made.message, weight, shape(pre))
    accepted(made.correlate, shape(pre), shape(post))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_signal_of_a_rule(rule):
    count = 3 if isinstance(rule, ThreeFactorRule) else 2
    right = [shape((6,))] * count
    accepted(rule.signal, *right)
    for other in [*wrong((6,)), shape((6,), 1)]:
        for place in range(count):
            refused(rule.signal, *right[:place], other, *right[place + 1 :])
    if isinstance(rule, ThreeFactorRule):
        with pytest.raises(ValueError, match="got no third factor, expected one"):
            accepted(rule.signal, *right[:2])
    if isinstance(rule, Oja | SoftHebb):
        accepted(rule.forgetting, *right)
        refused(rule.forgetting, right[0], shape((5,)))


@pytest.mark.parametrize("rule", [Perceptron, Adatron, Logistic, partial(Logistic, 0.5)])
def test_a_number_for_each_unit_of_a_rule(rule):
    accepted(rule(jnp.ones(6)).signal, shape((6,)), shape((6,)))
    for count in (1, 5, 7):
        refused(rule(jnp.ones(count)).signal, shape((6,)), shape((6,)))
    refused(rule(jnp.ones((BATCH, 6))).signal, shape((6,)), shape((6,)))


NUMBERS = {  # name -> how it is given, and the size that it has to have
    "J_D": (lambda v: RecurrentDiscrete(6, v, key=KEY), (6,)),
    "J_D of tanh": (lambda v: RecurrentTanh((2, 3), v, key=KEY), (2, 3)),
    "J_D of an image": (lambda v: RecurrentConvolution(IMAGE, v, key=KEY), IMAGE),
    "threshold": (lambda v: RecurrentDiscrete(6, 0.5, v, key=KEY), (6,)),
    "threshold of an image": (lambda v: RecurrentConvolution(IMAGE, 0.5, v, key=KEY), IMAGE),
    "threshold of an adapter": (lambda v: FullyConnected(6, 4, 1.0, v, key=KEY), (4,)),
    "threshold of a convolution": (
        lambda v: Convolution(IMAGE, SMALL, 3, 1.0, v, stride=2, key=KEY),
        SMALL,
    ),
    "strength": (lambda v: FullyConnected(6, (2, 3), v, key=KEY), (2, 3)),
    "strength between equals": (lambda v: FullyConnected(6, 6, v, sparsity=0.5, key=KEY), (6,)),
    "strength of a convolution": (
        lambda v: Convolution(IMAGE, SMALL, 3, v, stride=2, key=KEY),
        SMALL[-1:],
    ),
    "strength of feedback": (lambda v: Feedback(4, 6, v, key=KEY), (6,)),
    "high": (lambda v: Feedback(4, 6, high=v, low=v, key=KEY), (4,)),
    "low": (lambda v: Feedback(4, 6, low=v, high=v, key=KEY), (4,)),
    "J_D of units": (lambda v: Units(6, j_d=v), (6,)),
    "strength of a pool": (lambda v: MaxPool(IMAGE, (2, 2, 2), v), (2, 2, 2)),
    "rate of values": (lambda v: ValueUnits(6, rate=v), (6,)),
    "rate": (lambda v: Units(IMAGE, rate=v), IMAGE),
    "strength of a ferromagnetic adapter": (lambda v: Ferromagnetic((2, 3), v), (2, 3)),
}


@pytest.mark.parametrize(("make", "size"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_for_each_unit_of_a_module(make, size):
    for right in ((), size, *([size[-1:]] if len(size) == 3 else [])):
        accepted(make, jax.ShapeDtypeStruct(right, jnp.float32))
    off = [(*size[:-1], size[-1] + more) for more in (-1, 1)]
    for shape_of in [*off, (1,), (*size, 1), (1, *size), (BATCH, *size)]:
        refused(make, jax.ShapeDtypeStruct(shape_of, jnp.float32))


def test_a_strength_for_each_unit_scales_its_input():
    strength = jnp.arange(1.0, 7.0).reshape(2, 3)
    for choice in ({}, {"sparsity": 0.5}):
        one, scaled = (FullyConnected(8, (2, 3), s, **choice, key=KEY).W for s in (1.0, strength))
        assert jnp.array_equal(scaled, one * strength.reshape(1, 6))


SIZED = {
    "recurrent": lambda n: RecurrentDiscrete(n, 0.5, key=KEY),
    "recurrent of two axes": lambda n: RecurrentTanh((3, n), 0.5, sparsity=0.5, key=KEY),
    "recurrent convolution": lambda n: RecurrentConvolution((4, n, 2), 0.5, key=KEY),
    "before": lambda n: FullyConnected(n, 4, key=KEY),
    "behind": lambda n: FullyConnected(4, (n, 2), key=KEY),
    "patch": lambda n: FullyConnected((6, 6), 4, patch=n, key=KEY),
    "window": lambda n: Convolution((6, 6, 1), (6, 6, 1), n, key=KEY),
    "feedback": lambda n: Feedback(n, 4, key=KEY),
    "pool": lambda n: AveragePool((n, n, 2), (1, 1, 2)),
    "values": lambda n: ValueUnits((2, n)),
    "units": lambda n: Units((2, n)),
    "pull": lambda n: Ferromagnetic((2, n)),
    "dense": lambda n: Dense((n,), (4,)),
    "channels": lambda n: Convolved(n, 1, 3),
    "stride": lambda n: Convolved(1, 1, 3, stride=n),
    "state": lambda n: SequentialState([(n,), (4,)]),
    "state by numbers": lambda n: PackedState([n, 4]),
}


@pytest.mark.parametrize("make", SIZED.values(), ids=SIZED)
def test_a_size_is_a_positive_integer(make):
    abstract(lambda: make(3))
    for size in (2.5, 3.0, 0, -1, "3"):
        with pytest.raises(ValueError, match=TOLD):
            make(size)


@pytest.mark.parametrize("kind", STATES)
def test_a_state_takes_sizes_as_numbers_too(kind):
    assert kind([4, (2, 3), [5]]).sizes == ((4,), (2, 3), (5,))


@pytest.mark.parametrize("kind", STATES)
def test_the_batch_of_a_state(kind):
    state = kind([(4,), (8,), (2, 3)])
    refused_in_turn(state.init, x=(4,))
    refused_in_turn(state.init, x=(4,), y=(2, 3))
    with pytest.raises(
        ValueError,
        match=r"x: got shape \(4,\), expected \(batch, 4\); for one sample write x\[None\]",
    ):
        state.init(jnp.ones(4))


@pytest.mark.parametrize(
    "kind", [SequentialOrchestrator, ParallelOrchestrator, AsynchronousOrchestrator]
)
def test_the_state_of_a_network(kind):
    network = abstract(lambda: kind(wired()))
    calls = (
        network.step,
        network.predict,
        network.fields,
        network.backward,
        network.clamped_messages,
    )
    one_more, one_sample = (
        SequentialState([*SIZES, (4,)]),
        SequentialState(SIZES).replace([jnp.ones(s) for s in SIZES]),
    )
    for call in calls:
        accepted(call, SequentialState(SIZES), KEY)
        refused(call, one_more, KEY)
        refused(call, one_sample, KEY)
    for index, size in enumerate(SIZES):
        other = [*SIZES[:index], (*size[:-1], size[-1] + 1), *SIZES[index + 1 :]]
        refused(network.backward, SequentialState(other), KEY)
        refused(network.step, SequentialState(other), KEY)


def test_a_readout_of_another_size_than_the_output():
    """Only the readout has its size: the scores would be of five classes, the state is of four."""
    readout = {0: FullyConnected(3, 5, key=KEY), 1: OutputLayer()}
    network, phases = (
        SequentialOrchestrator(LayerMap.from_dict({1: readout})),
        Phases(recall=Phase(steps=1)),
    )
    with pytest.raises(
        ValueError,
        match=r"the message from buffer 0 to buffer 1: got shape \(3, 5\), expected \(3, 4\)",
    ):
        accepted(evaluate_step, network, SequentialState([3, 4]), phases, shape((3,)), KEY)


def test_the_examples_of_a_step():
    network, state, optimizer = (
        abstract(lambda: SequentialOrchestrator(wired())),
        SequentialState(SIZES),
        optax.sgd(0.1),
    )
    phases = Phases(warmup=Phase(steps=1), free=Phase(steps=1, learn=("*",)))

    def train(network, x, y):
        opt_state = init_optimizer(network, optimizer, phases)
        return train_step(network, optimizer, opt_state, state, phases, x, y, KEY)

    def infer(network, x):
        return evaluate_step(network, state, phases, x, KEY)

    refused_in_turn(eqx.Partial(train, network), x=SIZES[0], y=SIZES[-1])
    refused_in_turn(eqx.Partial(infer, network), x=SIZES[0])


def test_phases_of_another_type_are_refused():
    with pytest.raises(TypeError, match="free: got a int, expected a Phase"):
        Phases(free=3)


def test_the_overlap_of_two_states():
    refused_in_turn(overlap, before=(6,), after=(6,))


def test_a_sparse_adapter_never_reads_out_of_bounds():
    """The two cases that once returned arbitrary values."""
    adapter = FullyConnected(784, 100, sparsity=0.9, key=KEY)
    with pytest.raises(ValueError, match=r"x: got shape \(2, 28\), expected \(batch, 784\)"):
        adapter(jnp.ones((2, 28)))
    with pytest.raises(
        ValueError,
        match=r"x: got shape \(8,\), expected \(batch, 8\); for one sample write x\[None\]",
    ):
        RecurrentDiscrete(8, 0.5, sparsity=0.5, key=KEY)(jnp.ones(8))


def test_shape_checks_add_no_operations_to_the_program():
    """Oracle: the operations of the arithmetic alone."""
    layer = RecurrentDiscrete(6, jnp.ones(6), key=KEY)

    def bare(j, j_d, x):
        message = jnp.matmul(x, j, precision=jax.lax.Precision.HIGHEST)
        return message + x * jnp.broadcast_to(j_d, x.shape)

    def count(function, *arrays):
        return [eqn.primitive.name for eqn in jax.make_jaxpr(function)(*arrays).eqns]

    x = jnp.ones((BATCH, 6))
    ours, theirs = count(lambda x: layer(x), x), count(partial(bare, layer.J, layer.J_D), x)
    assert [name for name in ours if name != "reshape"] == theirs


def test_one_sample_without_a_batch_axis_is_refused_by_the_output_layer() -> None:
    layer = OutputLayer()
    for call in (layer, layer.activation):
        with pytest.raises(ValueError, match=r"x: got shape \(50,\), expected \(batch, size\)"):
            call(jnp.ones((50,)))


@pytest.mark.parametrize("in_degree", [2.5, True, -1, "3"])
def test_an_in_degree_is_an_integer(in_degree: Any) -> None:
    with pytest.raises(ValueError, match=r"in_degree: got .*, expected an integer, 0 or more"):
        Sparse.uniform(KEY, (784,), (100,), in_degree)


@pytest.mark.parametrize("module", [RecurrentDiscrete, RecurrentTanh])
def test_a_truth_value_is_no_size(module: Any) -> None:
    with pytest.raises(ValueError, match="got the size True, expected positive integers"):
        module(True, 0.5, key=KEY)
