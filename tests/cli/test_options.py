"""What is the same under every command."""

from __future__ import annotations

from recorder.cli.options import help_with


def test_help_ends_with_its_example():
    assert help_with("Do it.", "recorder do it").endswith("Example:\n\n    recorder do it")
