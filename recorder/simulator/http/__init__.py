"""Plain HTTP beside the socket: domain lookup, signing up, tokens, files."""
