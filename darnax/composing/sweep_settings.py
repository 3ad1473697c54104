"""The settings that each launcher has, and those of a search."""

SLURM_NUMBERS = "array_parallelism cpus_per_gpu gpus_per_task signal_delay_s max_num_timeout"
SUBMITIT = "timeout_min cpus_per_task gpus_per_node tasks_per_node mem_gb nodes stderr_to_stdout"
NUMBERS = {  # launcher -> settings that take a number, or true or false
    "basic": "",
    "batched": "lanes",
    "joblib": "n_jobs timeout batch_size verbose",
    "ray": "ray.init.num_cpus ray.remote.num_gpus",
    "submitit_local": SUBMITIT,
    "submitit_slurm": f"{SUBMITIT} {SLURM_NUMBERS}",
}
# launcher -> settings that take a name
NAMES = {"submitit_slurm": "partition account qos constraint gres mem_per_gpu mem_per_cpu"}
# Settings of a search; sweeps/search.py validates each of them.
SEARCH = (
    "n_trials",
    "n_jobs",
    "metric",
    "value",
    "direction",
    "seed",
    "params",
    "sampler",
    "pruner",
)
