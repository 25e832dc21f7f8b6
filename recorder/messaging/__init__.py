"""LivePerson's messaging protocol (UMS). Knows JSON, not sockets; knows no frames, only their numbers."""
