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


class Constructed:
    """A keyword that `__init__` does not have is a `TypeError` that names the class and the nearest argument."""

    if not TYPE_CHECKING:  # a type checker looks at `__init__`
        __signature__ = _OwnSignature()

        def __new__(cls, *arguments: Any, **options: Any) -> Any:
            if options:
                code = getattr(cls.__init__, "__code__", None)
                if code is not None and not code.co_flags & _TAKES_ANY_KEYWORD:
                    known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
                    if not options.keys() <= set(known):
                        from .spelling import unknown_argument

                        raise unknown_argument(cls, known, options)
            return super().__new__(cls)
