"""Numba's compiled functions, with their machine code kept by `engram.kernels.cache`."""

from __future__ import annotations

import hashlib
import itertools
import pickle
from typing import Any

from numba.core import config, types
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import CompileResultCacheImpl
from numba.core.ccallback import CFunc
from numba.core.registry import CPUDispatcher
from numba.core.serialize import dumps
from numba.core.sigutils import normalize_signature

from engram.kernels import cache
from engram.kernels.jit import FLAGS

_SETTINGS = ("OPT", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "LOOP_VECTORIZE", "SLP_VECTORIZE")
"""What machine code depends on beyond its source and the processor."""


class KernelCache:
    """What Numba asks for the machine code of a function before it compiles.

    It compiles itself if there is none: then it can do so while other processes wait, and a
    compilation that fails lets them go on.

    Parameters
    ----------
    label : str
        Name and key of the function.
    compiler : object
        Numba's, for this function.
    """

    def __init__(self, label: str, compiler: Any) -> None:
        self.label, self._compiler = label, compiler

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled function for a signature, from disk or compiled now.

        Parameters
        ----------
        signature : object
            Types of the arguments.
        context : object
            Numba's, of the target.

        Returns
        -------
        object
            Numba's result of a compilation.
        """
        context.refresh()
        folder = cache.cache_folder()
        if folder is None:
            made = self._compile(signature)
        else:
            settings = [str(getattr(config, name, None)) for name in _SETTINGS]
            processor = context.codegen().magic_tuple()
            key = repr((self.label, signature, processor, FLAGS, settings))
            file = cache.KernelFile(folder, self.label, key.encode())
            made = self._loaded(file, context)
            if made is None:
                with file.locked():
                    made = self._loaded(file, context) or self.compiled(signature, file)
        cache.complaint.tell()
        return made

    def _loaded(self, file: cache.KernelFile, context: Any) -> Any:
        code = file.read()
        if code is None:
            return None
        try:
            return CompileResultCacheImpl.rebuild(None, context, pickle.loads(code))
        except Exception as error:  # of whatever kind: it was written by another process
            file.refuse(f"{type(error).__name__}: {error}")
            return None

    def compiled(self, signature: Any, file: cache.KernelFile) -> Any:
        """Compile, and keep the machine code.

        Parameters
        ----------
        signature : object
            Types of the arguments.
        file : KernelFile
            Where to keep it.

        Returns
        -------
        object
            Numba's result of a compilation.
        """
        made = self._compile(signature)
        # Machine code with addresses of this process in it is of no use to another one.
        if not (made.library.has_dynamic_globals or any(not x.can_cache for x in made.lifted)):
            file.write(dumps(CompileResultCacheImpl.reduce(None, made)))
        return made

    def _compile(self, signature: Any) -> Any:
        arguments, result = normalize_signature(signature)
        # Symbols of machine code end in numbers that Numba counts up in each process. Where code of
        # two processes comes together, equal symbols would be taken for the same function.
        FunctionIdentity._unique_ids = itertools.count(_first_number(self.label))
        return self._compiler.compile(arguments, result)

    def save_overload(self, signature: Any, made: Any) -> None:
        """Nothing to do any more.

        Parameters
        ----------
        signature, made : object
            What was compiled.
        """


def _first_number(label: str) -> int:
    return int(hashlib.sha256(label.encode()).hexdigest()[:16], 16) << 16


def _kept(function: Any, label: str | None) -> Any:
    if label is not None:
        function._cache = KernelCache(label, function._compiler)
    return function


def entry_point(function: Any, label: str | None) -> Any:
    """A function of three numbers as machine code that a loop can call.

    Parameters
    ----------
    function : callable
        Takes and returns 64-bit integers.
    label : str or None
        Name and key of its machine code. None: it is not kept on disk.

    Returns
    -------
    CFunc
        Compiled.
    """
    word = types.int64
    made = _kept(CFunc(function, ((word, word, word), word), locals={}, options={}), label)
    made.compile()
    return made


def called_from_python(function: Any, label: str) -> Any:
    """A kernel that Python can call.

    Parameters
    ----------
    function : callable
        The kernel as Python.
    label : str
        Name and key of its machine code.

    Returns
    -------
    CPUDispatcher
        Compiled when it is called.
    """
    return _kept(CPUDispatcher(function, targetoptions={"nopython": True, **FLAGS}), label)
