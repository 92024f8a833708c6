"""The `annclust` command; also `python -m annclust`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    try:
        from annclust.cli.app import app

        app()
    except KeyboardInterrupt:  # before a command could hear it
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
