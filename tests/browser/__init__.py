"""The product as people meet it: Chromium against a live server."""
