"""What is drawn beside a brain: a world with its agent, a pad for digits."""

from __future__ import annotations

from typing import Any

from engram.errors import InvalidValueError

Message = dict[str, Any]


class Views:
    """What stands beside a brain: here, nothing. `engram.live.world` and its like have more."""

    def described(self) -> Message:
        """For the message ``hello``.

        Returns
        -------
        dict
            Plain values.
        """
        return {"world": None, "digits": False}

    def messages(self) -> list[Message]:
        """What has changed since the last frame.

        Returns
        -------
        list of dict
            Messages of the type ``world``, and events.
        """
        return []

    def do(self, name: str, arguments: Message) -> Message:
        """Carry out a command that only some views know.

        Parameters
        ----------
        name : str
            Of the command.
        arguments : dict
            Its arguments.

        Returns
        -------
        dict
            Its result.

        Raises
        ------
        InvalidValueError
            There is no such view.
        """
        del arguments
        raise InvalidValueError(f"{name}: this page shows no world and no pad")
