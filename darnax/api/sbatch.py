"""`darnax train … --sbatch`: a script that trains one run on several machines."""

from pathlib import Path

from darnax.api.composition import compose
from darnax.laboratory import machine
from darnax.sweeps import sbatch


def make_script(words: list[str], *, config: Path | None, resume: Path | None) -> list[str]:
    """Return the lines of a script for `sbatch` that trains or resumes a run.

    Args:
        words: overrides of the run and of the launcher `submitit_slurm`.
        config: a file to start from.
        resume: the folder of a run.

    Raises:
        RequestError: the run cannot be trained in this way.
    """
    from darnax.runner.run_folder import RunFolder

    of_run, of_launcher = sbatch.split_words(words)
    settings = sbatch.read_launcher(of_launcher)
    command = ["darnax", "train"]
    if resume is not None:
        machine.require_of_machine(of_run)
        settled = RunFolder.open(resume).config()
        command += ["--resume", str(resume)]
    else:
        settled = compose(*of_run, f"{machine.DISTRIBUTED}=auto", config=config)
        if config is not None:
            command += ["--config", str(config)]
    sbatch.require_even_shares(settled, settings)
    command += [*of_run, f"{machine.DISTRIBUTED}=auto"]
    return sbatch.write_script(settled["name"], command, settings)
