"""Scripted consumers: read the script, decide what to do when, and do it.

Knows nothing of frames, files or archives: it is handed a connection, and tells what came of it.
"""
