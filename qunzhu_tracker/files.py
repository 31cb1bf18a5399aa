"""Where evidence is kept: in var/files on this machine, or in a bucket that every machine reaches (S3 or what speaks like it)."""

from typing import Any

import environ

IN_MEMORY = 1024 * 1024  # bytes of a file on its way out that are held in memory; the rest goes to a temporary file


def file_storage(env: environ.Env) -> dict[str, Any]:
    """The entry "default" of Django's STORAGES. Files never have an address of their own: views/files.py hands them out."""
    bucket = env.str("FILES_S3_BUCKET", default="")
    if not bucket:
        return {"BACKEND": "directives.keeping.WholeFileStorage"}
    options = {
        "bucket_name": bucket,
        "endpoint_url": env.str("FILES_S3_ENDPOINT", default="") or None,
        "region_name": env.str("FILES_S3_REGION", default="") or None,
        "access_key": env.str("FILES_S3_KEY", default="") or None,  # None: as the machine's own role allows
        "secret_key": env.str("FILES_S3_SECRET", default="") or None,
        "addressing_style": "path",
        "signature_version": "s3v4",
        "default_acl": None,
        "file_overwrite": False,
        "max_memory_size": IN_MEMORY,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
