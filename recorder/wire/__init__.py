"""RFC 6455. Knows bytes, not JSON; knows nothing of sockets, files or what a payload means."""
