"""A script played: who decides what to send and when (pure), and the driver that does it."""
