"""``python -m recorder`` is ``recorder``."""

from recorder.cli import main

main()
