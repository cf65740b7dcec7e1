"""llama.cpp's HTTP server inside this process, on a free loopback port."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import importlib
import os
import socket
import stat
import threading
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any

from ...domain.errors import ModelportError, SettingsError

__all__ = ["LlamaEngine"]

_HOST = "127.0.0.1"
_READY_SECONDS = 60.0
_DRAIN_SECONDS = 5.0
_QUIET, _VERBOSE = -1, 3  # llama.cpp's log thresholds; 0 would still print some lines
_BATCH_TOKENS = 64  # a batch cannot be interrupted: 2048, the default, delays stop by 16 s and is not faster
_PROMPT_CACHE_MIB = 256  # llama.cpp's own default may take 8 GiB of the user's process


class LlamaEngine:
    """One model served by llama.cpp in this process, stopped at the latest when the process ends.

    Safe to use from several threads. llama.cpp loads the model while it holds Python's global lock, so
    `start` pauses every thread of the process (0.4 s for the 98 MB model; more from a cold disk).
    A forked child may call the server but must end as multiprocessing's children do, by `os._exit`: the
    library's own C++ teardown waits there for a thread the fork did not copy.

    Args:
        model_path: a GGUF file.
        context_size: tokens one request may hold, prompt and answer together.
        threads: computing threads; more than one loses on a busy small machine.
        parallel: requests answered at the same time, each with its own context.
        alias: the model name the server reports; by default the file's stem, never its path.
        verbose: let llama.cpp log to stderr. One threshold a process: the engine started last decides.
    """

    def __init__(
        self,
        model_path: Path,
        *,
        context_size: int = 4096,
        threads: int = 1,
        parallel: int = 1,
        alias: str | None = None,
        verbose: bool = False,
    ) -> None:
        self._model_path = Path(model_path)
        self._context_size = context_size
        self._threads = threads
        self._parallel = parallel
        self._alias = alias or self._model_path.stem
        self._verbose = verbose
        self._lock = threading.Lock()
        self._base_url: str | None = None
        self._release: weakref.finalize[Any, LlamaEngine] | None = None

    def start(self) -> str:
        """Load the model, wait until the server answers, and return its base URL, `http://127.0.0.1:PORT`.

        A started engine returns the same URL again. Blocks: asynchronous code calls it in a worker thread.

        Raises:
            SettingsError: xllamacpp is not installed, or the file is missing or no model llama.cpp can load.
            ModelportError: the server did not become healthy within 60 seconds.
        """
        with self._lock:
            if self._base_url is None:
                self._base_url = self._open()
            return self._base_url

    def stop(self) -> None:
        """Break running requests off, end the server and free the model. Does nothing when not started."""
        with self._lock:
            self._base_url = None
            if self._release is not None:
                self._release()
                self._release = None

    def __enter__(self) -> LlamaEngine:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _open(self) -> str:
        if not self._model_path.is_file():
            raise SettingsError(f"no model file at {self._model_path}")
        holder = [self._create_server(_load_library())]
        base_url = str(holder[0].listening_address)
        port = int(base_url.rpartition(":")[2])
        # The holder is the only reference to the server: its end is the server's end, and finalize also runs
        # at interpreter exit, while a server left to C++'s own teardown may crash the process there.
        self._release = weakref.finalize(self, _release, holder, port, os.getpid())
        if not _wait_healthy(port, _READY_SECONDS):
            self._release()
            raise ModelportError(f"the embedded llama.cpp server was not ready after {_READY_SECONDS:.0f} s")
        return base_url

    def _create_server(self, library: Any) -> Any:
        try:
            return library.Server(self._parameters(library))
        except RuntimeError as error:
            raise SettingsError(
                f"llama.cpp could not serve {self._model_path}: {error} "
                "The file may be damaged, or not be a GGUF model; verbose=True shows llama.cpp's own log."
            ) from error

    def _parameters(self, library: Any) -> Any:
        params = library.CommonParams()
        params.model.path = str(self._model_path)
        params.model_alias = {self._alias}
        params.hostnames = [_HOST]
        params.port = 0  # the kernel picks a free one: no race between looking and binding
        params.n_ctx = self._context_size * self._parallel  # shared out between the slots
        params.n_parallel = self._parallel
        params.n_batch = params.n_ubatch = _BATCH_TOKENS
        params.cpuparams.n_threads = self._threads
        params.cpuparams_batch.n_threads = self._threads
        params.use_jinja = True
        params.cache_ram_mib = _PROMPT_CACHE_MIB
        params.ui = False
        params.endpoint_slots = False
        params.cors_origins = "localhost"  # the default lets any web page in the user's browser read answers
        params.verbosity = _VERBOSE if self._verbose else _QUIET
        return params


def _load_library() -> Any:
    # Read once, when the OpenMP runtime loads: spinning threads on a busy machine cost a factor of ten.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise SettingsError(
            f"the embedded engine is not installed ({error}): run pip install 'modelport[embedded]'"
        ) from error


def _wait_healthy(port: int, seconds: float) -> bool:
    """Poll `/health` until it is 200; 503 means that the model is still loading."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _health_status(port) == 200:
            return True
        time.sleep(0.02)
    return False


def _health_status(port: int) -> int | None:
    # http.client and not urllib: a proxy from the environment must not see loopback calls.
    connection = http.client.HTTPConnection(_HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _release(holder: list[Any], port: int, owner: int) -> None:
    """End the server in `holder`, or keep it for the life of the process when ending it would hang.

    Its destructor waits for every request while it holds Python's global lock: a running answer would freeze
    the process, so requests are broken off first. After a fork the threads to wait for do not exist.
    """
    if os.getpid() != owner or not _drain(port, _DRAIN_SECONDS):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(holder[0]))
    holder.clear()


def _drain(port: int, seconds: float) -> bool:
    """Shut the server's sockets until its threads have let go of all of them; whether they did.

    A handler that finds its client gone cancels the generation and closes the socket within milliseconds.
    False also where the process cannot list its descriptors (Windows).
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            connections = _shut_sockets(port)
        except OSError:
            return False
        if connections == 0:
            return True
        time.sleep(0.01)
    return False


def _shut_sockets(port: int) -> int:
    """Shut listener and accepted connections of the server, which live in this process; count the latter."""
    connections = 0
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError), _duplicate(int(name)) as sock:
            if sock.getsockname() != (_HOST, port):
                continue
            # Some systems refuse to shut a listener; it then keeps listening, and is not counted.
            connections += not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            sock.shutdown(socket.SHUT_RDWR)
    return connections


def _duplicate(descriptor: int) -> socket.socket:
    """A second handle on a socket, whose closing leaves the first alone; `OSError` when it is not a socket."""
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        raise OSError("no socket")
    copy = os.dup(descriptor)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
