"""Handling uploads when the disk is full."""

from contextlib import suppress
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler

from directives.base.disk import says_full


class FullDiskHandler(TemporaryFileUploadHandler):
    """Django's handler of large files, which skips a file if the disk is full.

    The error is stored on the request, for UnstorableInputMiddleware to refuse the form. The other
    fields are still read, so that the form can be shown again with them.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        vars(self).pop("file", None)  # that of the previous upload
        try:
            super().new_file(*args, **kwargs)
        except OSError as error:
            self._note(error)
            raise SkipFile from error

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError as error:
            self._note(error)
            raise SkipFile from error

    def file_complete(self, file_size: int) -> UploadedFile | None:
        try:
            return super().file_complete(file_size)
        except OSError as error:  # flushing the buffer failed
            self._note(error)
            return None

    def _note(self, error: OSError) -> None:
        if not says_full(error):
            raise error
        # UnstorableInputMiddleware reads it.
        self.request.upload_failure = error  # type: ignore[union-attr]
        if hasattr(self, "file"):
            # Flushing the buffer fails again, and the file is deleted all the same.
            with suppress(OSError):
                self.file.close()
