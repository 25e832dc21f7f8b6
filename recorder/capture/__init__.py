"""Live sources of frames. Knows sockets and bytes; knows nothing of JSON, of receipts, or of archives."""
