"""The one exception that a user is meant to read."""


class UserError(Exception):
    """Something a user can mend. Its message is one line: what is wrong, where, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))
