"""How models are constructed: their signature, and a mistake in it answered with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect import Signature

__all__ = ["Constructed"]

_TAKES_ANY_KEYWORD = 0x08
"""The flag of a function's code object that stands for `**keywords` (`inspect.CO_VARKEYWORDS`)."""


class _OwnSignature:
    """The signature of a class's `__init__`, for `inspect` and `help`, which would else see that of `__new__`."""

    def __get__(self, instance: object, owner: type) -> Signature:
        import inspect

        if instance is not None:
            raise AttributeError("__signature__")
        signature = inspect.signature(owner.__init__)  # type: ignore[misc]  # of this class, not of a later one
        return signature.replace(parameters=list(signature.parameters.values())[1:])


def _argument_docs(written: str, inherited: str, init: Any) -> str:  # Any: a function
    """What a class says of its arguments, or its base, or the one and then the other."""
    if "Args:" not in written:
        return inherited
    names = init.__code__.co_varnames[1:2]
    if "Args:" not in inherited or any(f"    {name}: " in written for name in names):
        return written
    return f"{written.rstrip()}\n\n    Args:{inherited.partition('Args:')[2]}"


class Constructed:
    """A keyword that `__init__` does not have is a `TypeError` that names the class and the nearest argument.

    `help` shows at `__init__` what the arguments mean: by the class's docstring, else by that of its base.
    """

    if not TYPE_CHECKING:  # a type checker looks at `__init__`
        __signature__ = _OwnSignature()

        def __init_subclass__(cls, **options: Any) -> None:
            super().__init_subclass__(**options)
            own = cls.__dict__.get("__init__")
            if own is not None and not getattr(own, "__doc__", None) and hasattr(own, "__code__"):
                own.__doc__ = _argument_docs(cls.__doc__ or "", super(cls, cls).__init__.__doc__ or "", own)

        def __new__(cls, *arguments: Any, **options: Any) -> Any:
            if options:
                code = getattr(cls.__init__, "__code__", None)
                if code is not None and not code.co_flags & _TAKES_ANY_KEYWORD:
                    known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
                    if not options.keys() <= set(known):
                        from .spelling import unknown_argument

                        raise unknown_argument(cls, known, options)
            return super().__new__(cls)
