"""Bridges to tools of others, one module each. Knows recipes; nothing else here knows it."""
