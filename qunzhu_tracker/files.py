"""Where evidence is kept: in var/files on this machine, or in a bucket (S3 or alike)."""

from typing import Any

from qunzhu_tracker.environment import Environment, WrongSetting

IN_MEMORY = (
    1024 * 1024
)  # bytes of a file on its way out that are held in memory; the rest goes to a temporary file


def file_storage(env: Environment) -> dict[str, Any]:
    """The entry "default" of Django's STORAGES.

    Files never have an address of their own: views/files.py hands them out.
    """
    bucket, endpoint = env.str("FILES_S3_BUCKET", default=""), env.address("FILES_S3_ENDPOINT", "")
    region = env.str("FILES_S3_REGION", default="")
    key, secret = env.str("FILES_S3_KEY", default=""), env.str("FILES_S3_SECRET", default="")
    if not bucket:
        if key or secret:
            raise WrongSetting("FILES_S3_BUCKET", "", "there are keys, so a bucket was expected")
        return {"BACKEND": "directives.base.stored_files.WholeFileStorage"}
    if bool(key) != bool(secret):
        missing = "FILES_S3_SECRET" if key else "FILES_S3_KEY"
        raise WrongSetting(missing, "", "FILES_S3_KEY and FILES_S3_SECRET go together, or neither")
    options = {
        "bucket_name": bucket,
        "endpoint_url": endpoint or None,
        "region_name": region or None,
        "access_key": key or None,  # None: as the machine's own role allows
        "secret_key": secret or None,
        "addressing_style": "path",
        "signature_version": "s3v4",
        "default_acl": None,
        "file_overwrite": False,
        "max_memory_size": IN_MEMORY,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
