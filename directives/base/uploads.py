"""Uploads on their way into a form."""

from contextlib import suppress
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler

from directives.base.disk import says_full


class FullDiskHandler(TemporaryFileUploadHandler):
    """Django's handler of large files, which leaves out one for which the disk has no room.

    The failure is noted on the request. So the words of the form are still read, and can be given
    back; FullDiskMiddleware refuses the form.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        vars(self).pop("file", None)  # of the upload before, which has its own
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
        except OSError as error:  # what was held back in memory found no room
            self._note(error)
            return None

    def _note(self, error: OSError) -> None:
        if not says_full(error):
            raise error
        # FullDiskMiddleware reads it.
        self.request.upload_failure = error  # type: ignore[union-attr]
        if hasattr(self, "file"):
            # What is held back in memory finds no room now either; the file goes all the same.
            with suppress(OSError):
                self.file.close()
