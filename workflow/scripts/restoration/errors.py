"""The one exception that a user is meant to read."""


class UserError(Exception):
    """Something a user can mend. Its message is one line: what is wrong, where, and what to do."""
