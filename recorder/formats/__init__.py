"""Recorded sources and exports, one module per format, both directions. Knows no archive and no protocol."""
