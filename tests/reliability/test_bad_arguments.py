"""Invalid arguments of the command line. Oracle: exit code 2 with a message, no new files."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sampling import one_of
from small_experiments import check_message

from darnax.composing.composer import compose
from darnax.errors import RequestError

A, L = "model.adapters", "model.layers"
WORDS = """
=
==
a
a=
=a
+
~
++
~~seed
+=1
.=1
..=1
seed
seed=
seed==1
seed=1=2
seed=[
seed={
seed={a
seed=1,
seed=,1
seed=1 2
seed='1
seed="1
seed=$
seed=${
seed=${}
seed=${seed}
seed=${nope}
seed=${oc.env:}
seed=${oc.env:NOT_SET_AT_ALL}
seed=${nope:1}
seed=${hydra:}
seed=!!python/object/apply:os.system [ls]
seed=-1
seed=1e3
seed=true
seed=null
seed=99999999999999999999999999999999
seed.a=1
+seed=1
++seed.a=1
~seed
name=
name=..
name=../x
name=/x
name=a/b
name=null
name=[a]
name=-a
trust=os
trust=[os
trust=null
trust=[1]
trust={a: 1}
+experiment=
+experiment=..
+experiment=../config
+experiment=/etc/passwd
+experiment=null
+experiment=[a,b]
experiment=nope
+debug=nope
model=
model=null
model=nope
model=../config
model={}
model=[]
~model
model.depth=0
model.depth=-1
model.depth=1.5
model.depth=null
model.buffers={}
model.buffers.input=null
model.buffers.hidden=null
model.buffers.hidden.size=[]
model.buffers.hidden.size=[0]
model.buffers.hidden.repeat=x
+model.buffers.1=[3]
+model.buffers.a b=[3]
~model.buffers.output
model.layers=null
model.layers.hidden=null
model.layers.hidden._target_=null
model.layers.hidden._target_=
model.layers.hidden._target_=os.system
model.layers.hidden._target_=darnax
+model.layers.hidden._args_=[1]
+model.layers.hidden._convert_=all
+model.layers.hidden._partial_=true
+model.layers.hidden._recursive_=false
+model.layers.hidden.key=1
model.adapters.w_in={}
model.adapters.w_in.to=null
model.adapters.w_in.to=hidden[99999999999999999999]
model.adapters.w_in.to='hidden[i+1'
+model.adapters.x/y={from: input, to: 'hidden[2]', _target_: darnax.modules.FullyConnected}
+model.adapters.''={from: input, to: 'hidden[2]', _target_: darnax.modules.FullyConnected}
dynamics=nope
dynamics.train=null
dynamics.train={}
dynamics.train.free=null
dynamics.train.free.learn=null
dynamics.train.free.learn=[[]]
dynamics.train.free.learn=['[']
dynamics.train.free.steps=-1
dynamics.infer={a: {}}
dynamics.orchestrator=null
optimizer.default={}
optimizer.default=null
optimizer.default._target_=optax.chain
optimizer.default._target_=optax.nope
optimizer.groups=null
+optimizer.groups.nobody={_target_: optax.sgd, learning_rate: 1}
+optimizer.default.transition_steps=-1 epochs
data=nope
data.name=..
data.name=null
data.shape=[]
data.shape=[0]
data.shape=[28,28]
data.classes=0
data.batch_size=0
data.encode=null
data.encode.scale=null
data.encode.scale.factor=0
data.encode.scale.factor=null
data.labels=null
data.labels.high=null
data.only_classes=[1,1]
data.only_classes=[]
runner.epochs=-1
runner.epochs=1.5
runner.replicas=0
runner.keep=0
+runner.nope=1
~runner.epochs
tracking=nope
tracking.console=maybe
tracking.wandb.mode=loud
tracking.wandb.tags=a
paths.outputs=null
paths.outputs=[a]
paths.data=null
hydra.run.dir=/nope
hydra/launcher=nope
hydra/sweeper=nope
+hydra.callbacks.x._target_=os.system
hydra.job.name=x
hydra.sweeper=null
hydra.launcher=null
--nope
-x
""".strip("\n").split("\n")


@pytest.mark.parametrize("word", one_of(24, WORDS))
def test_an_argument(darnax, word):
    result = darnax("show", "+experiment=digits_smoke", "model.features=50", word)
    assert result.exit_code in (0, 2), result.output
    assert "Traceback" not in result.output
    assert result.exit_code == 0 or result.stderr.strip()
    assert list(Path().iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "word",
    [
        w
        for w in WORDS
        if w.split("=")[0].split(".")[0] in ("name", "paths", "seed", "+experiment", "hydra")
    ],
)
def test_an_argument_of_a_sweep(darnax, word, monkeypatch):
    from darnax.laboratory import training

    monkeypatch.setattr(
        training, "open_data", lambda *_, **__: pytest.fail("it went on to the data")
    )
    result = darnax(
        "train", "-m", "+experiment=digits_smoke", "model.features=50", "runner.keep=0,-1", word
    )
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert list(Path().iterdir()) == []


def compose_anything(words: list[str]) -> None:
    try:
        assert isinstance(compose(words), dict)
    except RequestError as error:
        check_message(error)


keys = st.sampled_from(
    [
        "seed",
        "model",
        "+a",
        "~seed",
        "data.name",
        "model.layers.hidden.j_d",
        "name",
        "++x.y",
        "hydra",
        "hydra.job",
    ]
)
values = st.text("ab01.,-+[]{}()'\"$:= \\\n\t!&*#|>%@`ß", max_size=10) | st.text(
    st.characters(exclude_characters="\x00", codec="utf-8"), max_size=6
)  # argv holds no NUL
anything = st.lists(
    st.one_of(st.builds("{}={}".format, keys, values), values), min_size=1, max_size=2
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(words=anything)
def test_random_arguments(words, cases):
    cases["words"] += 1
    compose_anything(words)
