"""The metrics that a run will log, to refuse a search for a misspelt one before its start."""

from typing import TYPE_CHECKING, Any

from darnax.errors import Problem, RequestError
from darnax.scores import ACCURACY, parse_score

if TYPE_CHECKING:
    from darnax.runner.experiment import Experiment

ALWAYS = (
    "eval/at_chance",
    "operations/dense",
    "operations/events",
    "time/images_per_second",
    "time/compile_seconds",
)
TRAIN, EVAL = "train/", "eval/"


def require_logged(metric: str, experiment: "Experiment") -> None:
    """Raise RequestError where no run of this experiment will log a metric."""
    known = logged_names(experiment)
    if known and metric not in known:
        what = f"got {metric}, which a run of this configuration does not log"
        what += alternatives(metric, known)
        raise RequestError(Problem("hydra.sweeper.metric", what))


def require_direction(metric: str, direction: str, experiment: "Experiment") -> None:
    """Raise RequestError where a label code says that the other direction is the better one."""
    score = parse_score(metric)
    if score is None or score.name == ACCURACY:
        return
    labels = experiment.data.labels
    better = "maximize" if labels.higher_is_better else "minimize"
    if score.name == labels.score_name and direction != better:
        what = f"got {direction}, expected {better}: of {metric} that is the better direction"
        raise RequestError(Problem("hydra.sweeper.direction", what))


def alternatives(metric: str, known: list[str]) -> str:
    """Name the metrics that were probably meant, or else those of the same kind, or the kinds."""
    from darnax.builder.problems import nearest

    alike = [name for name in known if name.startswith(f"{metric.partition('/')[0]}/")]
    kinds = dict.fromkeys(f"{name.partition('/')[0]}/…" for name in known)
    return nearest(metric, known) or f"; there are: {', '.join(alike or kinds)}"


def logged_names(experiment: "Experiment") -> list[str]:
    """Trace a training step to list what a run logs in every epoch; [] if that fails."""
    import equinox as eqx
    import jax

    from darnax.observables import norms
    from darnax.runner.train_program import TrainProgram

    program = TrainProgram(experiment, 1, None, is_stacked=False)
    key = jax.eval_shape(lambda: jax.random.key(0))
    batch = experiment.data.batch_size
    x, y = (
        jax.ShapeDtypeStruct((batch, *experiment.state[end].shape[1:]), "float32")
        for end in (0, -1)
    )

    def weight_norms(arrays: Any) -> dict[str, Any]:
        return norms("norm", program.network(arrays).layer_map)

    try:
        train_state = eqx.filter_eval_shape(program.initialise, key)
        _, metrics, _ = eqx.filter_eval_shape(program.step, train_state, x, y, key)
        sizes = eqx.filter_eval_shape(weight_norms, train_state.arrays)
    except Exception:  # modules of other packages may raise anything; the run will report it
        return []
    found = [*metrics, *sizes]
    found += [f"{EVAL}{name.removeprefix(TRAIN)}" for name in found if name.startswith(TRAIN)]
    if experiment.runner.replicas > 1:
        found += [f"{name}_sd" for name in found if parse_score(name)]
    return [*found, *ALWAYS]
