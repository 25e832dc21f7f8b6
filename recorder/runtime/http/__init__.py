"""HTTP/1.1 on a socket of this machine: one request a connection, bounded in size and time."""
