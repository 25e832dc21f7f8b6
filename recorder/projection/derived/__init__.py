"""The derived tables: their rows made from a transcript, written, kept up to date, and read."""
