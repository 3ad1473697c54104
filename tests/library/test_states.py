"""Both classes of states. Oracle: a list of numpy arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darnax.states import PackedState, SequentialState

STATES = [SequentialState, PackedState]
SIZES = [(4,), (2, 3), (2, 2, 2), (3,)]
sizes_of_a_network = st.lists(
    st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), min_size=2, max_size=5
)

pytestmark = pytest.mark.parametrize("kind", STATES)


def numbered(sizes, batch):
    """Return one array per buffer; all numbers are different."""
    ends = np.cumsum([batch * np.prod(size) for size in sizes])
    return [
        np.arange(end - batch * np.prod(size), end, dtype=np.float32).reshape(batch, *size)
        for end, size in zip(ends, sizes, strict=True)
    ]


def filled(kind, batch=5):
    return kind(SIZES).replace(numbered(SIZES, batch))


def test_an_integer_is_the_size_of_a_vector(kind):
    assert kind(sizes=[4, 8, 3]).sizes == kind(sizes=[(4,), (8,), (3,)]).sizes


def test_the_tutorial_of_states_runs(kind):
    state = kind(sizes=[(4,), (8,), (3,)])
    x = jax.random.normal(jax.random.PRNGKey(0), (32, 4))
    y = jax.random.normal(jax.random.PRNGKey(1), (32, 3))

    s0 = state.init(x, y)

    assert s0[0].shape == (32, 4)  # input
    assert s0[1].shape == (32, 8)  # hidden
    assert s0[-1].shape == (32, 3)  # output


def test_a_new_state_holds_zeros_for_a_batch_of_one(kind):
    state = kind(SIZES)
    assert [state[i].shape for i in range(len(state))] == [(1, *size) for size in SIZES]
    assert not any(state[i].any() for i in range(len(state)))


def test_init_sets_the_input_and_the_output_and_clears_the_rest(kind):
    x, y = numbered([(4,), (3,)], 7)
    state = filled(kind).init(jnp.asarray(x), jnp.asarray(y))
    np.testing.assert_array_equal(state[0], x)
    np.testing.assert_array_equal(state[-1], y)
    assert [state[i].shape[0] for i in range(4)] == [7, 7, 7, 7]
    assert not state[1].any()
    assert not state[2].any()
    assert not filled(kind).init(jnp.asarray(x))[-1].any()


def test_every_change_makes_a_new_state(kind):
    old = filled(kind)
    before = [np.asarray(old[i]) for i in range(4)]
    old.init(jnp.ones((2, 4)), jnp.ones((2, 3)))
    old.replace([jnp.zeros((5, *size)) for size in SIZES])
    old.replace_val(2, jnp.zeros((5, 2, 2, 2)))
    for i in range(4):
        np.testing.assert_array_equal(old[i], before[i])


@pytest.mark.parametrize("index", range(-4, 4))
def test_replace_val_touches_one_buffer_counted_from_either_end(kind, index):
    expected = numbered(SIZES, 5)
    expected[index] = -expected[index]
    state = filled(kind).replace_val(index, jnp.asarray(expected[index]))
    for i in range(-4, 4):
        np.testing.assert_array_equal(state[i], expected[i])


@settings(max_examples=4, deadline=None)
@given(sizes=sizes_of_a_network, batch=st.integers(1, 4))
def test_written_values_are_read_back_for_any_sizes(kind, sizes, batch):
    expected = numbered(sizes, batch)
    state = kind(sizes).replace(expected)
    for i in range(-len(sizes), len(sizes)):
        np.testing.assert_array_equal(state[i], expected[i])


def test_states_pass_through_jax_transformations(kind):
    state = filled(kind)
    jitted = jax.jit(lambda s: s.replace_val(1, 2 * s[1]))(state)
    gradient = jax.grad(lambda s: jnp.sum(3 * s[1]) + jnp.sum(s[-1] ** 2))(state)
    mapped = jax.vmap(lambda s: s.replace_val(3, s[0][..., :3]))(state)
    scanned, _ = jax.lax.scan(lambda s, _: (s.replace_val(0, s[0] + 1), None), state, length=4)
    assert all(isinstance(s, kind) for s in (jitted, gradient, mapped, scanned))
    np.testing.assert_array_equal(jitted[1], 2 * state[1])
    np.testing.assert_array_equal(gradient[1], jnp.full((5, 2, 3), 3.0))
    np.testing.assert_array_equal(gradient[-1], 2 * state[-1])
    np.testing.assert_array_equal(mapped[3], state[0][:, :3])
    np.testing.assert_array_equal(scanned[0], state[0] + 4)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.int8])
def test_the_dtype_is_static_and_everything_is_cast_to_it(kind, dtype):
    state = (
        kind(SIZES, dtype)
        .init(jnp.ones((2, 4)), jnp.ones((2, 3), jnp.int32))
        .replace_val(1, jnp.ones((2, 2, 3)))
    )
    assert {state[i].dtype for i in range(4)} == {jnp.dtype(dtype)}
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(state))
    assert jax.tree.structure(state) != jax.tree.structure(kind(SIZES, jnp.float16))


def test_a_value_that_does_not_fit_is_refused_with_both_shapes(kind):
    state = filled(kind)
    with pytest.raises(ValueError, match=r"buffer 1: got shape \(5, 3, 2\), expected \(5, 2, 3\)"):
        state.replace_val(1, jnp.ones((5, 3, 2)))
    with pytest.raises(ValueError, match=r"x: got shape \(6, 5\), expected \(batch, 4\)"):
        state.init(jnp.ones((6, 5)))
    with pytest.raises(ValueError, match=r"batches of 6 for x, 5 for y"):
        state.init(jnp.ones((6, 4)), jnp.ones((5, 3)))
    with pytest.raises(ValueError, match=r"buffer 3: got shape \(1, 3\), expected \(2, 3\)"):
        state.replace([*numbered(SIZES, 2)[:3], jnp.ones((1, 3))])
    with pytest.raises(ValueError, match="got 3 buffers, expected the 4 of the state"):
        state.replace(numbered(SIZES, 2)[:3])


def test_buffers_of_different_batches_are_refused_by_the_first_that_differs(kind):
    values = [*numbered(SIZES, 5)[:1], *numbered(SIZES, 6)[1:]]
    with pytest.raises(ValueError, match=r"buffer 1: got shape \(6, 2, 3\), expected \(5, 2, 3\)"):
        kind(SIZES).replace(values)


def test_one_sample_needs_no_batch_axis(kind):
    values = [value[0] for value in numbered(SIZES, 1)]
    state = kind(SIZES).replace(values)
    for i, value in enumerate(values):
        np.testing.assert_array_equal(state[i], value)
    np.testing.assert_array_equal(state.init(jnp.ones((3, 4)))[1], np.zeros((3, 2, 3)))


@pytest.mark.parametrize("sizes", [[], [(4,)], [(4,), (0,)], [(4,), (-1, 2), (3,)], [4, -1]])
def test_sizes_of_no_network_are_refused(kind, sizes):
    with pytest.raises(ValueError, match=r"got (the size|sizes=)"):
        kind(sizes)


def test_packed_is_one_array(kind):
    leaves = jax.tree.leaves(kind(SIZES))
    assert len(leaves) == (1 if kind is PackedState else len(SIZES))


def test_a_buffer_is_not_found_by_a_name(kind):
    with pytest.raises(TypeError, match=r"got 'hidden1', expected the position .*, 0 .* to 3 "):
        kind(SIZES)["hidden1"]
