"""Recorded connections and HTTP requests to the service. Knows nothing of receipts or archives."""
