"""``python -m tidings`` is ``tidings``; an interrupt is quiet from the first import on."""

import sys


def main() -> None:
    """Start the command line."""
    try:
        from tidings.cli import main as start

        start()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
