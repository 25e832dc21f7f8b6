"""A recording proxy: between a client and one service, every frame stored before its last byte goes on.

Bytes are forwarded as they came: nothing is encoded anew, and of a request's head only ``Host`` and an
``Origin`` that names the proxy itself are replaced. Knows nothing of what a payload means.
"""
