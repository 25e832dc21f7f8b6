"""The derived tables: makes their rows from a transcript, writes, refreshes and reads them."""
