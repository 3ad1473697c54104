"""Keeps programs that this process starts from loading code from the working directory.

In a folder from elsewhere, a file named like a module or a library would otherwise be executed.
"""

import os
from pathlib import Path

LIBRARIES = "LD_LIBRARY_PATH"


def keep_to_installed_code() -> None:
    """Set the environment so that started programs load installed code only.

    `python -m` and `python -c`, which joblib and submitit use, search the working directory for
    modules first. So does an empty entry in LD_LIBRARY_PATH for libraries; importing OpenCV leaves
    one there.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    entries = os.environ.pop(LIBRARIES, "").split(os.pathsep)
    absolute = [entry for entry in entries if Path(entry).is_absolute()]
    if absolute:
        os.environ[LIBRARIES] = os.pathsep.join(absolute)
