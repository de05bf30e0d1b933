"""How many processor cores there are to work on: counted here and nowhere else."""

import os


def cores() -> int:
    """Return the cores that this process may use, at least one."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1
