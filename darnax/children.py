"""Programs that this process starts, itself or through a library: nothing that lies in the working directory is theirs to load.

Who stands in a folder that came from elsewhere would run what was put there under the name of a module or of a library.
"""

import os
from pathlib import Path

LIBRARIES = "LD_LIBRARY_PATH"


def keep_to_installed_code() -> None:
    """Set the environment of programs to be started so that they load what is installed, and nothing of the working directory.

    `python -m` and `python -c`, as joblib and submitit start them, look for modules there before anywhere else. An empty place
    in LD_LIBRARY_PATH, which OpenCV leaves there when it is imported, is the working directory too.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    if places := os.environ.pop(LIBRARIES, ""):
        absolute = [place for place in places.split(os.pathsep) if Path(place).is_absolute()]
        os.environ |= {LIBRARIES: os.pathsep.join(absolute)} if absolute else {}
