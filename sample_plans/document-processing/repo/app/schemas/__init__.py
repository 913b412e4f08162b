"""Schemas: the shape of requests and responses."""
