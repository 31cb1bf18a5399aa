"""Backups: folders with a copy of the database, every file of the storage and a manifest."""
