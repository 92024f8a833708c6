"""The `annclust` command; also `python -m annclust`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from annclust.cli.app import app

    app()


if __name__ == "__main__":
    main()
