"""Secrets out, joins kept. Knows texts and JSON values; knows no frames, sockets or archives. Pure."""
