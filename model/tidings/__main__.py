"""``python -m tidings`` is ``tidings``; an interrupt is quiet from the first import on."""

import gc
import sys


def main() -> None:
    """Start the command line."""
    # Modules and ledgers are many objects that stay: looking for rings among them is idle.
    gc.set_threshold(100_000, 20, 100)
    try:
        from tidings.cli import main as start

        start()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
