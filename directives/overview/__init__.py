"""Grouped reads that become frozen dataclasses: what a page, a sheet and a paper all print. Nothing here writes."""
